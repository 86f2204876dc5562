//! LCS: the longest common subsequence of two strings.
//!
//! The textbook's dynamic programming. A cell holds the length of the LCS of a beginning of one
//! string and a beginning of the other; each follows from its three neighbours above and to the
//! left. Walking back from the last cell along the lengths meets every byte of one LCS (there may
//! be several of that length), the last byte first:
//!
//! ```text
//!            m  y  t  e  x  t
//!         0  0  0  0  0  0  0
//!      m  0 ╲1  1  1  1  1  1      equal bytes:   one more than the cell at the upper left
//!      y  0  1 ╲2──2  2  2  2      other bytes:   the greater of the cells above and to the left
//!      e  0  1  2  2 ╲3  3  3
//!      x  0  1  2  2  3 ╲4  4      the walk: up where the cell above is greater than the one to
//!      t  0  1  2  3  3  4 ╲5      the left, else left
//! ```
//!
//! Which of several equal subsequences is found, and in what order its matches are listed, is
//! decided by the walk, and clients see it: it takes the turns that Redis's takes.

use crate::command::entry::{Command, Keys, READONLY};
use crate::command::{Call, Done, Error};
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::store::Keyspace;

/// A string of this length or more is refused: positions are told apart in 32 bits.
const TOO_LONG: u64 = u32::MAX as u64 - 1;

const NOT_STRINGS: Error = Error::new("ERR The specified keys must contain string values");
const LEN_AND_IDX: Error =
    Error::new("ERR If you want both the length and indexes, please just use IDX.");
const STRING_TOO_LONG: Error = Error::new("ERR String too long for LCS");
const TABLE_TOO_BIG: Error =
    Error::new("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
const NO_MEMORY: Error =
    Error::new("ERR Insufficient memory, failed allocating transient memory for LCS");

/// The command on two strings.
pub const COMMANDS: &[Command] = &[Command::new("LCS", -3, lcs)
    .flags(&[READONLY])
    .keys(&[Keys::range("RO access", 1, 1, 1)])
    .doc(
        "7.0.0",
        "O(N*M) where N and M are the lengths of the two strings",
        "Finds the longest subsequence that two strings share",
    )
    .syntax("key1:key key2:key [LEN] [IDX] [MINMATCHLEN len:integer] [WITHMATCHLEN]")];

fn lcs(call: &mut Call) -> Done {
    let (args, mut db, _) = call.parts();
    for key in [args.arg(1), args.arg(2)] {
        db.read(key);
    }
    let (a, b) = (
        string_in(db.keyspace(), args.arg(1))?,
        string_in(db.keyspace(), args.arg(2))?,
    );
    let (a_len, b_len) = (a.len(), b.len());
    let options = Options::parse(call)?;
    if [a_len, b_len].iter().any(|&len| len as u64 >= TOO_LONG) {
        return Err(STRING_TOO_LONG);
    }
    let max_bytes = call.engine.config.proto_max_bulk_len;
    let mut lengths = Lengths::reserve(a_len, b_len, max_bytes)?;

    let (args, db, reply) = call.parts();
    let a = string_in(db.keyspace(), args.arg(1))?;
    let b = string_in(db.keyspace(), args.arg(2))?;
    lengths.fill(a, b);
    match options.wanted {
        Wanted::Length => reply.integer(i64::from(lengths.last())),
        Wanted::Text => reply.bulk(&lengths.text(a, b)),
        Wanted::Matches => write_matches(reply, &lengths, a, b, &options),
    }
    Ok(())
}

/// The string in a key that has been looked up before; a missing one is empty.
fn string_in<'a>(keys: &'a Keyspace, key: &[u8]) -> Result<&'a [u8], Error> {
    match keys.peek(key) {
        Some(entry) => entry.as_string().ok_or(NOT_STRINGS),
        None => Ok(b""),
    }
}

/// What the reply is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Text,
    Length,
    Matches,
}

struct Options {
    wanted: Wanted,
    /// Shorter matches are not listed.
    min_match_len: i64,
    /// Whether each match is listed with its length.
    with_match_len: bool,
}

impl Options {
    fn parse(call: &Call) -> Result<Options, Error> {
        let (mut len, mut idx, mut with_match_len) = (false, false, false);
        let mut min_match_len = 0;
        let mut i = 3;
        while i < call.args.len() {
            if call.is(i, "IDX") {
                idx = true;
            } else if call.is(i, "LEN") {
                len = true;
            } else if call.is(i, "WITHMATCHLEN") {
                with_match_len = true;
            } else if call.is(i, "MINMATCHLEN")
                && let Some(number) = call.args.get(i + 1)
            {
                min_match_len = parse_i64(number).ok_or(Error::NOT_AN_INTEGER)?;
                i += 1;
            } else {
                return Err(Error::SYNTAX);
            }
            i += 1;
        }
        let wanted = match (idx, len) {
            (true, true) => return Err(LEN_AND_IDX),
            (true, false) => Wanted::Matches,
            (false, true) => Wanted::Length,
            (false, false) => Wanted::Text,
        };
        Ok(Options {
            wanted,
            min_match_len,
            with_match_len,
        })
    }
}

/// The table of lengths: a row for each beginning of the first string, a column for each of the
/// second's.
struct Lengths {
    cells: Vec<u32>,
    columns: usize,
}

impl Lengths {
    /// An empty table with room for two strings, if it takes no more than `max_bytes`.
    fn reserve(a_len: usize, b_len: usize, max_bytes: usize) -> Result<Lengths, Error> {
        let columns = b_len + 1;
        let count = (a_len + 1).checked_mul(columns).ok_or(NO_MEMORY)?;
        let bytes = count.checked_mul(size_of::<u32>()).ok_or(NO_MEMORY)?;
        if bytes > max_bytes {
            return Err(TABLE_TOO_BIG);
        }
        let mut cells = Vec::new();
        cells.try_reserve_exact(count).map_err(|_| NO_MEMORY)?;
        Ok(Lengths { cells, columns })
    }

    /// Computes every cell.
    fn fill(&mut self, a: &[u8], b: &[u8]) {
        self.cells.resize((a.len() + 1) * self.columns, 0);
        for (i, &byte) in a.iter().enumerate() {
            let (above, rest) = self.cells[i * self.columns..].split_at_mut(self.columns);
            let row = &mut rest[..self.columns];
            for (j, &other) in b.iter().enumerate() {
                row[j + 1] = if byte == other {
                    above[j] + 1
                } else {
                    above[j + 1].max(row[j])
                };
            }
        }
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * self.columns + j]
    }

    /// The length of the LCS of both whole strings.
    fn last(&self) -> u32 {
        *self.cells.last().expect("a table has a cell at least")
    }

    /// Visits the positions of every byte of the LCS in both strings, the last byte first.
    fn walk(&self, a: &[u8], b: &[u8], mut visit: impl FnMut(usize, usize)) {
        let (mut i, mut j) = (a.len(), b.len());
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                (i, j) = (i - 1, j - 1);
                visit(i, j);
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
    }

    /// The LCS itself.
    fn text(&self, a: &[u8], b: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.last() as usize);
        self.walk(a, b, |i, _| text.push(a[i]));
        text.reverse();
        text
    }

    /// The stretches that are next to each other in both strings, the last one first.
    fn matches(&self, a: &[u8], b: &[u8]) -> Vec<Match> {
        let mut matches: Vec<Match> = Vec::new();
        self.walk(a, b, |i, j| match matches.last_mut() {
            Some(last) if last.start == [i + 1, j + 1] => {
                last.start = [i, j];
                last.len += 1;
            }
            _ => matches.push(Match {
                start: [i, j],
                len: 1,
            }),
        });
        matches
    }
}

/// A stretch that both strings have.
struct Match {
    /// Where it begins in either.
    start: [usize; 2],
    len: usize,
}

fn write_matches(reply: &mut Reply, lengths: &Lengths, a: &[u8], b: &[u8], options: &Options) {
    let mut matches = lengths.matches(a, b);
    matches.retain(|found| found.len as i64 >= options.min_match_len);
    reply.map(2);
    reply.bulk(b"matches");
    reply.array(matches.len());
    for found in &matches {
        reply.array(2 + usize::from(options.with_match_len));
        for start in found.start {
            reply.array(2);
            reply.integer(start as i64);
            reply.integer((start + found.len - 1) as i64);
        }
        if options.with_match_len {
            reply.integer(found.len as i64);
        }
    }
    reply.bulk(b"len");
    reply.integer(i64::from(lengths.last()));
}
