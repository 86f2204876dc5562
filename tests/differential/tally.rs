//! What a stream came to: a stream of errors compares next to nothing.

use std::collections::BTreeMap;
use std::fmt;

use super::step::{Request, upper};
use crate::common::Value;

/// Replies to a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replies {
    /// All of them.
    pub all: usize,
    /// The errors among them.
    pub errors: usize,
}

/// The replies of a stream, by command and by encoding.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By the upper-case name.
    pub commands: BTreeMap<String, Replies>,
    /// How often OBJECT ENCODING gave each name.
    pub encodings: BTreeMap<String, usize>,
}

impl Tally {
    /// Counts a reply.
    pub fn add(&mut self, request: &Request, reply: &Value) {
        let replies = self.commands.entry(request.name()).or_default();
        replies.all += 1;
        replies.errors += usize::from(reply.is_error());
        if request.name() == "OBJECT"
            && upper(&request.args, 1) == "ENCODING"
            && let Value::Bulk(encoding) = reply
        {
            let encoding = String::from_utf8_lossy(encoding).into_owned();
            *self.encodings.entry(encoding).or_default() += 1;
        }
    }

    /// Adds what another stream came to.
    pub fn join(&mut self, other: Tally) {
        for (name, replies) in other.commands {
            let mine = self.commands.entry(name).or_default();
            mine.all += replies.all;
            mine.errors += replies.errors;
        }
        for (encoding, count) in other.encodings {
            *self.encodings.entry(encoding).or_default() += count;
        }
    }

    /// The sum over the commands that `counts` takes.
    pub fn sum(&self, counts: impl Fn(&str) -> bool) -> Replies {
        let mut sum = Replies::default();
        for (_, replies) in self.commands.iter().filter(|(name, _)| counts(name)) {
            sum.all += replies.all;
            sum.errors += replies.errors;
        }
        sum
    }
}

/// A line for each command: replies, errors among them.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printable =
            |name: &&String| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        for (name, replies) in self.commands.iter().filter(|(name, _)| printable(name)) {
            let Replies { all, errors } = replies;
            writeln!(f, "{name:20} {all:7} {errors:7} errors")?;
        }
        writeln!(f, "encodings: {:?}", self.encodings)
    }
}
