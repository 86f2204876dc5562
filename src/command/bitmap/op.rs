//! BITOP: bitmaps combined bit by bit.
//!
//! ```text
//!   BITOP AND both monday tuesday      monday    1 1 0 1 1 0 0 0
//!                                      tuesday   0 1 1 1             shorter ones are filled up with zeros
//!                                      both      0 1 0 1 0 0 0 0
//! ```
//!
//! The sources are taken one after the other into one result, which is as long as the longest of them.

use crate::command::entry::{Command, DENY_OOM, Keys, WRITE};
use crate::command::string::{SET, string_of};
use crate::command::{Call, Done, Error, is_word};
use crate::store::Encoding;
use crate::store::keyspace::{Deadline, NewString};

const NOT_TAKES_ONE: Error = Error::new("ERR BITOP NOT must be called with a single source key.");

/// The command BITOP.
pub const COMMANDS: &[Command] = &[Command::new("BITOP", -4, bitop)
    .flags(&[WRITE, DENY_OOM])
    .keys(&[
        Keys::range("OW update", 2, 0, 1),
        Keys::range("RO access", 3, -1, 1),
    ])
    .doc(
        "2.6.0",
        "O(N) where N is the number of bytes in all sources",
        "Combines the bits of strings and stores the result",
    )
    .syntax("operation destkey:key key:key@1 ...")];

/// What is done with the bits of two sources, or of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

impl Operation {
    fn named(word: &[u8]) -> Option<Operation> {
        [
            ("AND", Operation::And),
            ("OR", Operation::Or),
            ("XOR", Operation::Xor),
            ("NOT", Operation::Not),
        ]
        .into_iter()
        .find_map(|(name, operation)| is_word(word, name).then_some(operation))
    }

    /// Takes one more source into the result of those before.
    fn combine(self, result: &mut Vec<u8>, source: &[u8]) {
        let common = result.len().min(source.len());
        let pairs = result.iter_mut().zip(source);
        match self {
            Operation::And => {
                pairs.for_each(|(result, source)| *result &= source);
                result[common..].fill(0);
                result.resize(result.len().max(source.len()), 0);
                return;
            }
            Operation::Or => pairs.for_each(|(result, source)| *result |= source),
            Operation::Xor => pairs.for_each(|(result, source)| *result ^= source),
            // It has one source, and nothing comes before that.
            Operation::Not => {}
        }
        result.extend_from_slice(&source[common..]);
    }
}

fn bitop(call: &mut Call) -> Done {
    let operation = Operation::named(call.args.arg(1)).ok_or(Error::SYNTAX)?;
    if operation == Operation::Not && call.args.len() != 4 {
        return Err(NOT_TAKES_ONE);
    }
    let (args, mut db, reply) = call.parts();
    let sources = args.iter().skip(3);
    db.expect(sources.clone());
    let mut result: Vec<u8> = Vec::new();
    for (i, key) in sources.enumerate() {
        let source = match db.read(key) {
            Some(entry) => string_of(entry)?,
            None => b"",
        };
        if i == 0 {
            result = source.to_vec();
        } else {
            operation.combine(&mut result, source);
        }
    }
    if operation == Operation::Not {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    let (target, len) = (args.arg(2), result.len());
    if result.is_empty() {
        db.clear(target);
    } else {
        let string = NewString::Owned(result, Encoding::Raw);
        db.store(target, string, Deadline::Never, SET);
    }
    reply.integer(len as i64);
    Ok(())
}
