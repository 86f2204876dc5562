//! The request parser: resumable, and it copies nothing.
//!
//! A client's bytes come in pieces of any size. The parser keeps its place in the request that is being
//! received, so more bytes never mean starting again; and all positions count from the request's first
//! byte, so the caller may move what it has of a request to the front of its buffer between two calls.
//!
//! ```text
//!            ┌─────────── input: everything received of this request ───────────┐
//!            *2 \r\n  $3 \r\n GET \r\n   $5 \r\n hel
//!                             └─┬─┘              ▲
//!  spans: [ {8, 3} ] ───────────┘                └ pos: here it goes on when more has come
//! ```
//!
//! # Big arguments
//!
//! A value of megabytes should not grow the input buffer only to be copied out of it. So an argument of at
//! least [`BIG_ARG`] bytes that has not arrived whole is received into a vector of its own:
//!
//! ```text
//!  parse    *3..$3..SET..$1..k..$100000\r\n xxxxxxxx        -> Big: the parser has copied the x's
//!                                          ▲
//!  caller   keeps input[..kept_len()] ─────┘, drops the rest of what it has received
//!  caller   reads the socket into big_mut() until `missing` is 0
//!  caller   reads the socket into the input again, behind kept_len()
//!  parse    *3..$3..SET..$1..k..$100000\r\n \r\n *1..       -> Complete { len }, up to the second ▲
//! ```
//!
//! # What is refused
//!
//! The rules are those of `redis-server` 7.0.15, found out by asking it: numbers are strict (no sign `+`,
//! no leading zero, no space), a line must end within [`MAX_LINE`] bytes, the byte after a CR is not
//! looked at, nor are the two bytes after an argument. A NUL hides the end of its line, because
//! Redis looks for it with `strchr`. One rule is made sharper: when a line is too long, Redis lets it pass if its
//! end happens to arrive in the same read; here the answer does not depend on how the bytes were cut.

use std::io::{self, Read};

use super::error::ProtocolError;
use super::inline;
use super::request::{MAX_POSITION, Request, Span};
use crate::number::parse_i64;

/// The most bytes before the end of a line: of an inline request, or of the header of a bulk.
pub const MAX_LINE: usize = 64 * 1024;

/// From this length on an argument that has not arrived whole is received into its own vector, in bytes.
pub const BIG_ARG: usize = 32 * 1024;

/// The most memory asked for because a client *claims* an argument's length, in bytes. What goes beyond
/// grows as the bytes really come.
pub const BIG_RESERVE: usize = 1024 * 1024;

/// The most spans asked for because a client claims a number of arguments.
const RESERVE_SPANS: usize = 64;

/// A parser keeps room for at most this many spans between two requests, so that one `MSET` of a million
/// keys does not stay in memory for as long as its client stays connected.
const KEEP_SPANS: usize = 256;

/// The most digits of a length that [`plain_header`] reads; longer ones take the careful path.
const PLAIN_DIGITS: usize = 8;

/// The most arguments of a request before the client has authenticated.
const UNAUTHENTICATED_ARGS: usize = 10;

/// The longest argument before the client has authenticated, in bytes.
const UNAUTHENTICATED_BULK: usize = 16 * 1024;

/// What a client may send. Checked before any memory is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest argument, in bytes: the setting `proto-max-bulk-len`.
    pub max_bulk_len: usize,
    /// The most arguments of one request.
    pub max_multibulk: usize,
    /// Whether the client has yet to authenticate: then 10 arguments of 16 KiB are the most.
    pub unauthenticated: bool,
}

/// Redis's own limits for a client that need not authenticate. A claimed number of arguments costs nothing
/// (spans are kept only for arguments that came), so the number itself may be large.
impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bulk_len: 512 * 1024 * 1024,
            max_multibulk: i32::MAX as usize,
            unauthenticated: false,
        }
    }
}

impl Limits {
    fn check_count(&self, count: i64) -> Result<usize, ProtocolError> {
        let count = usize::try_from(count).unwrap_or(0);
        if count > self.max_multibulk {
            Err(ProtocolError::InvalidMultibulkLength)
        } else if self.unauthenticated && count > UNAUTHENTICATED_ARGS {
            Err(ProtocolError::UnauthenticatedMultibulkLength)
        } else {
            Ok(count)
        }
    }

    fn check_bulk(&self, len: i64) -> Result<usize, ProtocolError> {
        match usize::try_from(len) {
            Ok(len) if len <= self.max_bulk_len => {
                if self.unauthenticated && len > UNAUTHENTICATED_BULK {
                    Err(ProtocolError::UnauthenticatedBulkLength)
                } else {
                    Ok(len)
                }
            }
            _ => Err(ProtocolError::InvalidBulkLength),
        }
    }

    /// The longest argument that needs no further check.
    fn longest_bulk(&self) -> usize {
        if self.unauthenticated {
            self.max_bulk_len.min(UNAUTHENTICATED_BULK)
        } else {
            self.max_bulk_len
        }
    }
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is whole and used the first `len` bytes of the input. It may have no arguments at all (an empty line,
    /// `*0`); then it is skipped without a reply.
    Complete {
        /// Bytes of the input that belong to this request.
        len: usize,
    },
    /// More bytes are needed, appended to the input.
    Incomplete,
    /// An argument is being received into its own vector: cut the input to [`Parser::kept_len`] and fill
    /// [`Parser::big_mut`] first.
    Big,
}

/// What the bytes at `pos` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// ANCHOR: stages
enum Stage {
    /// Nothing has been looked at.
    Fresh,
    /// A line of words.
    Inline,
    /// The `*count` line.
    Count,
    /// A `$length` line.
    BulkHeader,
    /// `len` bytes of an argument, and two more.
    BulkBody { len: usize },
    /// `len` bytes that go to the last owned argument; at `pos` are the two bytes behind them.
    BigBody { len: usize },
    /// The end of the request.
    Complete,
}
// ANCHOR_END: stages

/// The state of the request that is being received.
///
/// ```
/// use aerolite::resp::{Limits, Parser, Progress};
/// let mut parser = Parser::new();
/// let limits = Limits::default();
/// assert_eq!(parser.parse(b"*2\r\n$3\r\nGE", &limits), Ok(Progress::Incomplete));
/// let input = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n+more";
/// assert_eq!(parser.parse(input, &limits), Ok(Progress::Complete { len: 20 }));
/// let request = parser.request(input);
/// assert_eq!((request.len(), &request[0], &request[1]), (2, &b"GET"[..], &b"k"[..]));
/// parser.reset();
/// ```
#[derive(Debug)]
// ANCHOR: state
pub struct Parser {
    stage: Stage,
    /// Everything before it is done with.
    pos: usize,
    /// Everything between `pos` and it has been searched for the end of the line, in vain.
    searched: usize,
    args_left: usize,
    spans: Vec<Span>,
    owned: Vec<Vec<u8>>,
}
// ANCHOR_END: state

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// A parser that has seen nothing. It owns no memory until the first request.
    pub fn new() -> Self {
        Self {
            stage: Stage::Fresh,
            pos: 0,
            searched: 0,
            args_left: 0,
            spans: Vec::new(),
            owned: Vec::new(),
        }
    }

    /// Goes on with the request that begins at the first byte of `input`.
    ///
    /// `input` is everything received of it (and what came after it), less the bytes that went into big
    /// arguments; between two calls it may grow and may lie elsewhere, but what was there stays the same.
    /// After `Complete` the answer stays until [`reset`](Self::reset).
    ///
    /// # Errors
    /// What the client did wrong. The connection cannot be used any further.
    pub fn parse(&mut self, input: &[u8], limits: &Limits) -> Result<Progress, ProtocolError> {
        if self.stage == Stage::Fresh {
            self.stage = match input.first() {
                None => return Ok(Progress::Incomplete),
                Some(b'*') => Stage::Count,
                Some(_) => Stage::Inline,
            };
        }
        match self.stage {
            Stage::Complete => Ok(Progress::Complete { len: self.pos }),
            Stage::Inline => self.inline(input),
            Stage::Count => match self.count(input, limits)? {
                false => Ok(Progress::Incomplete),
                true => self.bulks(input, limits),
            },
            _ => self.bulks(input, limits),
        }
    }

    /// The request that [`parse`](Self::parse) found complete in the same `input`.
    ///
    /// # Panics
    /// When the request is not complete.
    #[inline]
    pub fn request<'a>(&'a mut self, input: &'a [u8]) -> Request<'a> {
        assert!(
            self.stage == Stage::Complete,
            "a request is looked at only when parse says that it is complete"
        );
        Request::new(&self.spans, &mut self.owned, input)
    }

    /// Makes the parser ready for the next request, whose first byte is the input's first from now on.
    #[inline]
    pub fn reset(&mut self) {
        self.stage = Stage::Fresh;
        self.pos = 0;
        self.searched = 0;
        self.args_left = 0;
        self.spans.clear();
        if self.spans.capacity() > KEEP_SPANS {
            self.spans = Vec::new();
        }
        if self.owned.capacity() > 0 {
            self.owned = Vec::new();
        }
    }

    /// Moves the arguments of a complete request behind others, and is ready for the next request.
    pub(super) fn move_arguments(&mut self, spans: &mut Vec<Span>, owned: &mut Vec<Vec<u8>>) {
        if spans.is_empty() {
            std::mem::swap(spans, &mut self.spans);
        } else {
            spans.append(&mut self.spans);
        }
        owned.append(&mut self.owned);
        self.reset();
    }

    /// Whether nothing of a request has been seen: the parser holds no state then, and may be thrown away.
    #[inline]
    pub fn is_fresh(&self) -> bool {
        self.stage == Stage::Fresh
    }

    /// After [`Progress::Big`]: how many bytes of the input stay. The others are in the big argument.
    pub fn kept_len(&self) -> usize {
        self.pos
    }

    /// The big argument that is being received, `None` when there is none or it has all its bytes.
    pub fn big_mut(&mut self) -> Option<BigArg<'_>> {
        let Stage::BigBody { len } = self.stage else {
            return None;
        };
        let bytes = self.owned.last_mut()?;
        let missing = len
            .checked_sub(bytes.len())
            .expect("nobody reads more into a big argument than is missing");
        (missing > 0).then_some(BigArg { bytes, missing })
    }

    /// The bytes that have been received into big arguments.
    pub fn received(&self) -> usize {
        self.owned.iter().map(Vec::len).sum()
    }

    /// Gives away the big arguments of a request that will not be run, to be freed. The parser is to be
    /// [reset](Parser::reset), or dropped.
    #[must_use]
    pub fn take_owned(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.owned)
    }

    /// The bytes of memory the parser holds, big arguments included.
    pub fn memory(&self) -> usize {
        let owned: usize = self.owned.iter().map(Vec::capacity).sum();
        self.spans.capacity() * size_of::<Span>()
            + self.owned.capacity() * size_of::<Vec<u8>>()
            + owned
    }

    fn complete(&mut self) -> Progress {
        self.stage = Stage::Complete;
        Progress::Complete { len: self.pos }
    }

    fn inline(&mut self, input: &[u8]) -> Result<Progress, ProtocolError> {
        let Some(line_feed) = self.line_end(input, b'\n', ProtocolError::TooBigInline)? else {
            return Ok(Progress::Incomplete);
        };
        let line = &input[..line_feed];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        inline::split(line, &mut self.spans, &mut self.owned)?;
        self.pos = line_feed + 1;
        Ok(self.complete())
    }

    /// Reads the `*count` line; says whether it was there.
    fn count(&mut self, input: &[u8], limits: &Limits) -> Result<bool, ProtocolError> {
        let (count, after) = if let Some((count, after)) = plain_header(input, b'*') {
            (count as i64, after)
        } else {
            let Some(end) = self.line_end(input, b'\r', ProtocolError::TooBigMultibulkCount)?
            else {
                return Ok(false);
            };
            let count = parse_i64(&input[1..end]).ok_or(ProtocolError::InvalidMultibulkLength)?;
            (count, end + 2)
        };
        self.args_left = limits.check_count(count)?;
        self.spans.reserve(self.args_left.min(RESERVE_SPANS));
        self.pos = after;
        self.stage = Stage::BulkHeader;
        Ok(true)
    }

    fn bulks(&mut self, input: &[u8], limits: &Limits) -> Result<Progress, ProtocolError> {
        loop {
            if self.stage == Stage::BulkHeader {
                self.whole_bulks(input, limits.longest_bulk());
            }
            if self.args_left == 0 {
                return Ok(self.complete());
            }
            if let Some(stopped) = self.next_bulk(input, limits)? {
                return Ok(stopped);
            }
        }
    }

    /// Arguments with a plain header that lie whole in the input. Whatever is not so is left
    /// to [`next_bulk`](Self::next_bulk).
    fn whole_bulks(&mut self, input: &[u8], longest: usize) {
        let input = &input[..input.len().min(MAX_POSITION)];
        let mut pos = self.pos;
        let mut args_left = self.args_left;
        while args_left > 0 {
            let rest = &input[pos..];
            let Some((len, body)) = plain_header(rest, b'$') else {
                break;
            };
            if len > longest || rest.len() < body + len + 2 {
                break;
            }
            self.spans.push(Span::of_input(pos + body, len));
            pos += body + len + 2;
            args_left -= 1;
        }
        self.pos = pos;
        self.args_left = args_left;
    }

    /// One argument, with every check; what stopped it, if it is not whole.
    fn next_bulk(
        &mut self,
        input: &[u8],
        limits: &Limits,
    ) -> Result<Option<Progress>, ProtocolError> {
        if self.stage == Stage::BulkHeader {
            let Some((len, after)) = self.bulk_header(input, limits)? else {
                return Ok(Some(Progress::Incomplete));
            };
            self.pos = after;
            self.stage = Stage::BulkBody { len };
            self.begin_big(&input[after..], len);
        }
        let (span, end) = match self.stage {
            Stage::BigBody { len } => {
                if self.owned.last().is_none_or(|bytes| bytes.len() < len) {
                    return Ok(Some(Progress::Big));
                }
                (Span::of_owned(self.owned.len() - 1), self.pos)
            }
            Stage::BulkBody { len } => {
                let end = self.pos.saturating_add(len);
                if end > MAX_POSITION - 2 {
                    return Err(ProtocolError::TooBigRequest);
                }
                (Span::of_input(self.pos, len), end)
            }
            _ => unreachable!("a bulk's header is followed by its body"),
        };
        // ANCHOR: body-arrived
        if input.len() < end + 2 {
            return Ok(Some(Progress::Incomplete));
        }
        self.spans.push(span);
        self.pos = end + 2;
        self.args_left -= 1;
        self.stage = Stage::BulkHeader;
        Ok(None)
        // ANCHOR_END: body-arrived
    }

    /// Reads the `$length` line at `pos`: the length, and the position of the argument's first byte.
    fn bulk_header(
        &mut self,
        input: &[u8],
        limits: &Limits,
    ) -> Result<Option<(usize, usize)>, ProtocolError> {
        let Some(end) = self.line_end(input, b'\r', ProtocolError::TooBigBulkCount)? else {
            return Ok(None);
        };
        let header = &input[self.pos..end];
        let digits = match input[self.pos] {
            b'$' => &header[1..],
            other => return Err(ProtocolError::ExpectedDollar(other)),
        };
        let len = parse_i64(digits).ok_or(ProtocolError::InvalidBulkLength)?;
        if end > MAX_POSITION - 2 {
            return Err(ProtocolError::TooBigRequest);
        }
        Ok(Some((limits.check_bulk(len)?, end + 2)))
    }

    /// Gives an argument of `len` bytes a vector of its own, if it is big and `arrived` is not all of it.
    fn begin_big(&mut self, arrived: &[u8], len: usize) {
        // ANCHOR: begin-big
        if len < BIG_ARG || arrived.len() >= len {
            return;
        }
        let mut bytes = Vec::with_capacity(len.min(BIG_RESERVE));
        bytes.extend_from_slice(arrived);
        self.owned.push(bytes);
        self.stage = Stage::BigBody { len };
        // ANCHOR_END: begin-big
    }

    /// Where the line at `pos` ends: the position of `end`, once the byte after a CR is there too.
    /// `too_big` when it is not among the first [`MAX_LINE`] bytes.
    fn line_end(
        &mut self,
        input: &[u8],
        end: u8,
        too_big: ProtocolError,
    ) -> Result<Option<usize>, ProtocolError> {
        let past_limit = self.pos + MAX_LINE + 1;
        // ANCHOR: search-on
        let from = self.searched.max(self.pos);
        let until = input.len().min(past_limit);
        // A NUL stops the search for good: see the module's text.
        let found = memchr::memchr2(end, 0, &input[from..until]).map(|i| from + i);
        self.searched = found.unwrap_or(until);
        // ANCHOR_END: search-on
        match found {
            Some(at) if input[at] == end => {
                let wanted = if end == b'\r' { at + 2 } else { at + 1 };
                Ok((input.len() >= wanted).then_some(at))
            }
            _ if input.len() >= past_limit => Err(too_big),
            _ => Ok(None),
        }
    }
}

/// The number in the header at the start of `input` and the header's length, if `input` begins with `kind`, one to
/// [`PLAIN_DIGITS`] digits in canonical form, and two bytes of which the first is a CR.
#[inline]
pub(super) fn plain_header(input: &[u8], kind: u8) -> Option<(usize, usize)> {
    let [first, digit, rest @ ..] = input else {
        return None;
    };
    let mut value = usize::from(digit.wrapping_sub(b'0'));
    if *first != kind || value > 9 {
        return None;
    }
    for (i, &byte) in rest.iter().take(PLAIN_DIGITS).enumerate() {
        if byte == b'\r' {
            return (rest.len() > i + 1).then_some((value, i + 4));
        }
        let digit = usize::from(byte.wrapping_sub(b'0'));
        if digit > 9 || value == 0 {
            return None;
        }
        value = value * 10 + digit;
    }
    None
}

/// A big argument on its way.
#[derive(Debug)]
pub struct BigArg<'a> {
    /// What has come of it. The caller appends, at most `missing` bytes.
    pub bytes: &'a mut Vec<u8>,
    /// Bytes still to come; never 0.
    pub missing: usize,
}

impl BigArg<'_> {
    /// How many bytes fit where it is. There is room for [`BIG_RESERVE`] from the beginning.
    pub fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    /// Receives it into this memory from now on, which is empty and has room for all of it.
    pub fn move_to(&mut self, mut memory: Vec<u8>) {
        memory.extend_from_slice(self.bytes);
        *self.bytes = memory;
    }

    /// Reads up to `budget` bytes of it from `stream`, and gives how many came. Fewer than
    /// `min(budget, missing)` mean that the stream has ended.
    ///
    /// The vector doubles as it fills, but never beyond the argument's length, so a stored value wastes nothing.
    ///
    /// # Errors
    /// What `stream` says, `WouldBlock` too; bytes that came before stay in `bytes`.
    pub fn read_from(mut self, stream: &mut impl Read, budget: usize) -> io::Result<usize> {
        let wanted = self.missing.min(budget);
        let before = self.bytes.len();
        while self.bytes.len() < before + wanted {
            if self.bytes.len() == self.bytes.capacity() {
                self.make_room(before + self.missing)?;
            }
            let room = self.bytes.capacity() - self.bytes.len();
            let part = room.min(before + wanted - self.bytes.len());
            if stream.by_ref().take(part as u64).read_to_end(self.bytes)? < part {
                break;
            }
        }
        Ok(self.bytes.len() - before)
    }

    /// Makes room for more of the `len` bytes that the argument has in all. The vector doubles until a
    /// megabyte has really come, then it is as long as it will be: what is only claimed to come is no
    /// more than address space, and nothing large is copied.
    fn make_room(&mut self, len: usize) -> io::Result<()> {
        let has = self.bytes.len();
        let more = if has < BIG_RESERVE {
            has.max(BIG_ARG)
        } else {
            usize::MAX
        };
        self.bytes
            .try_reserve_exact(more.min(len - has))
            .map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests;
