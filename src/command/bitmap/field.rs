//! BITFIELD: a string as a row of integers, each of any width from 1 to 64 bits, anywhere.
//!
//! ```text
//!   BITFIELD k  SET u4 0 9   INCRBY i5 4 -3   GET u8 #1
//!
//!   offset      0       4         9      12   ...  16
//!              ┌───────┬─────────┬─────────────────┬─
//!              │1 0 0 1│1 1 1 0 1│0 0 0 0 0 0 0 ...│        #1 with u8: the second field of eight bits
//!              └───────┴─────────┴─────────────────┴─
//!                9        -3
//! ```
//!
//! The operations of a request are all read before the first is done, so that a mistake in the last one leaves
//! nothing half done; and the string grows once, to hold the last bit that any of them writes.
//!
//! A number that does not fit its field is an *overflow*, and the client chooses what becomes of it: its low bits
//! (`WRAP`), the nearest number that fits (`SAT`), or nothing, with a null for an answer (`FAIL`).

use super::{bits, bytes_of, grow, offset_of};
use crate::command::entry::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};
use crate::command::string::string_of;
use crate::command::{Call, Done, Error, is_word, until_nul};
use crate::engine::Classes;
use crate::number::parse_i64;
use crate::resp::{Reply, Request};
use crate::store::{Encoding, Kind};

const NO_TYPE: Error = Error::new(
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
);
const NO_OVERFLOW: Error = Error::new("ERR Invalid OVERFLOW type specified");
const ONLY_GET: Error = Error::new("ERR BITFIELD_RO only supports the GET subcommand");

/// The commands on fields.
pub const COMMANDS: &[Command] = &[
    Command::new("BITFIELD", -2, bitfield)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW access update variable_flags")
            .notes("This command allows both access and modification of the key")
            .when(only_reads, "RO access")])
        .doc(
            "3.2.0",
            "O(1) for each operation",
            "Reads and writes integers of any width anywhere in a string",
        )
        .syntax(
            "key [operation=GET (encoding_offset=encoding offset:integer)|\
             (write=[OVERFLOW (wrap_sat_fail=WRAP|SAT|FAIL)] (write_operation=\
             SET (encoding_offset_value=encoding offset:integer value:integer)|\
             INCRBY (encoding_offset_increment=encoding offset:integer increment:integer)))] ...",
        ),
    Command::new("BITFIELD_RO", -2, bitfield_ro)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "6.0.0",
            "O(1) for each operation",
            "Reads integers of any width anywhere in a string",
        )
        .syntax("key [GET (encoding_offset=encoding offset:integer)] ..."),
];

/// Whether the words of a BITFIELD ask for nothing but numbers, as COMMAND GETKEYSANDFLAGS sees them.
fn only_reads(words: &[&[u8]]) -> bool {
    let mut rest = words.get(2..).unwrap_or_default();
    loop {
        rest = match rest {
            [] => return true,
            [word, _, _, rest @ ..] if is_word(word, "GET") => rest,
            [word, _, rest @ ..] if is_word(word, "OVERFLOW") => rest,
            _ => return false,
        }
    }
}

/// What becomes of a number that does not fit.
#[derive(Clone, Copy)]
enum Overflow {
    /// Its low bits are written.
    Wrap,
    /// The nearest number that fits is written.
    Saturate,
    /// Nothing is written.
    Fail,
}

impl Overflow {
    fn named(word: &[u8]) -> Option<Overflow> {
        [
            ("WRAP", Overflow::Wrap),
            ("SAT", Overflow::Saturate),
            ("FAIL", Overflow::Fail),
        ]
        .into_iter()
        .find_map(|(name, overflow)| is_word(word, name).then_some(overflow))
    }
}

/// What numbers a field holds. All of them fit into an i64: there is no `u64`.
#[derive(Clone, Copy)]
struct Type {
    is_signed: bool,
    width: u32,
}

impl Type {
    /// Reads `i5` or `u4`.
    fn parse(text: &[u8]) -> Result<Type, Error> {
        let (is_signed, digits, max_width) = match text {
            [b'i', digits @ ..] => (true, digits, bits::MAX_WIDTH),
            [b'u', digits @ ..] => (false, digits, bits::MAX_WIDTH - 1),
            _ => return Err(NO_TYPE),
        };
        let width = parse_i64(until_nul(digits)).and_then(|width| u32::try_from(width).ok());
        match width {
            Some(width) if (1..=max_width).contains(&width) => Ok(Type { is_signed, width }),
            _ => Err(NO_TYPE),
        }
    }

    fn min(self) -> i128 {
        if self.is_signed {
            -(1 << (self.width - 1))
        } else {
            0
        }
    }

    fn max(self) -> i128 {
        (1 << (self.width - u32::from(self.is_signed))) - 1
    }

    /// The number that some bits, the lowest of these, stand for.
    fn number(self, bits: u64) -> i64 {
        let unused = bits::MAX_WIDTH - self.width;
        if self.is_signed {
            (bits << unused) as i64 >> unused
        } else {
            (bits << unused >> unused) as i64
        }
    }

    /// The number to write for one that may not fit; `None` where none is to be written.
    fn fit(self, number: i128, overflow: Overflow) -> Option<i64> {
        let fitting = number.clamp(self.min(), self.max());
        match overflow {
            _ if fitting == number => Some(number as i64),
            Overflow::Wrap => Some(self.number(number as u64)),
            Overflow::Saturate => Some(fitting as i64),
            Overflow::Fail => None,
        }
    }

    /// A number that a client wants to be written. Redis takes one that is below all that fit for one above them, if
    /// the field has no sign, or if it is further from the greatest than an i64 can say: `SAT` turns both into the greatest.
    fn as_redis_reads(self, number: i64) -> i128 {
        let number = i128::from(number);
        let is_far = !self.is_signed || self.max() - number > i128::from(i64::MAX);
        if number < self.min() && is_far {
            number + (1 << u64::BITS)
        } else {
            number
        }
    }
}

/// What is done with a field.
#[derive(Clone, Copy)]
enum Action {
    Get,
    Set(i64),
    IncrBy(i64),
}

/// One operation of a request.
struct Operation {
    action: Action,
    field: Type,
    offset: u64,
    overflow: Overflow,
}

impl Operation {
    /// Behind the last bit that it may write; `None` where it writes none.
    fn written_to(&self) -> Option<u64> {
        match self.action {
            Action::Get => None,
            Action::Set(_) | Action::IncrBy(_) => Some(self.offset + u64::from(self.field.width)),
        }
    }

    fn read(&self, bytes: &[u8]) -> i64 {
        let bits = bits::field(bytes, self.offset, self.field.width);
        self.field.number(bits)
    }

    /// Does it to a string that is long enough, and replies. Says whether it wrote a number, and whether that is another
    /// than before.
    fn run(&self, bytes: &mut [u8], reply: &mut Reply) -> Written {
        let before = self.read(bytes);
        let wanted = match self.action {
            Action::Get => {
                reply.integer(before);
                return Written::Nothing;
            }
            Action::Set(number) => self.field.as_redis_reads(number),
            Action::IncrBy(by) => i128::from(before) + i128::from(by),
        };
        let Some(after) = self.field.fit(wanted, self.overflow) else {
            reply.null();
            return Written::Nothing;
        };
        bits::set_field(bytes, self.offset, self.field.width, after as u64);
        reply.integer(match self.action {
            Action::Set(_) => before,
            _ => after,
        });
        if after == before {
            Written::Same
        } else {
            Written::Other
        }
    }
}

/// What an operation wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// No number.
    Nothing,
    /// The number that was there.
    Same,
    /// Another one.
    Other,
}

/// Reads the operations of a request.
fn operations(args: &Request, max_len: usize) -> Result<Vec<Operation>, Error> {
    let mut operations = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut at = 2;
    while let Some(word) = args.get(at) {
        // The words that follow.
        let left = args.len() - at - 1;
        let words = if is_word(word, "GET") && left >= 2 {
            3
        } else if (is_word(word, "SET") || is_word(word, "INCRBY")) && left >= 3 {
            4
        } else if is_word(word, "OVERFLOW") && left >= 1 {
            overflow = Overflow::named(args.arg(at + 1)).ok_or(NO_OVERFLOW)?;
            at += 2;
            continue;
        } else {
            return Err(Error::SYNTAX);
        };
        let field = Type::parse(args.arg(at + 1))?;
        let offset = offset_of(args.arg(at + 2), Some(field.width.into()), max_len)?;
        let number = |at: usize| parse_i64(args.arg(at)).ok_or(Error::NOT_AN_INTEGER);
        let action = if words == 3 {
            Action::Get
        } else if is_word(word, "SET") {
            Action::Set(number(at + 3)?)
        } else {
            Action::IncrBy(number(at + 3)?)
        };
        operations.push(Operation {
            action,
            field,
            offset,
            overflow,
        });
        at += words;
    }
    Ok(operations)
}

fn bitfield(call: &mut Call) -> Done {
    let operations = operations(&call.args, call.engine.config.proto_max_bulk_len)?;
    match operations.iter().filter_map(Operation::written_to).max() {
        None => read_all(call, &operations),
        Some(end) => run_all(call, &operations, bytes_of(end)),
    }
}

fn bitfield_ro(call: &mut Call) -> Done {
    let operations = operations(&call.args, call.engine.config.proto_max_bulk_len)?;
    if operations.iter().any(|one| one.written_to().is_some()) {
        return Err(ONLY_GET);
    }
    read_all(call, &operations)
}

/// Does operations none of which writes.
fn read_all(call: &mut Call, operations: &[Operation]) -> Done {
    let (args, mut db, reply) = call.parts();
    let string = match db.read(args.arg(1)) {
        Some(entry) => string_of(entry)?,
        None => b"",
    };
    reply.array(operations.len());
    for operation in operations {
        reply.integer(operation.read(string));
    }
    Ok(())
}

/// Does operations some of which write, to a string that has `len` bytes at least.
fn run_all(call: &mut Call, operations: &[Operation], len: usize) -> Done {
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let run = |bytes: &mut Vec<u8>| {
        let has_grown = grow(bytes, len);
        reply.array(operations.len());
        let written = operations.iter().map(|one| one.run(bytes, reply));
        written
            .filter(|&written| written == Written::Other || has_grown && written == Written::Same)
            .count()
    };
    let entry = db.write_or_create(key, Kind::String);
    string_of(entry)?;
    let changes = entry
        .edit_string(Encoding::Raw, run)
        .ok_or(Error::WRONG_TYPE)?;
    db.replied();
    db.changes(changes, Classes::STRING, "setbit", key);
    Ok(())
}
