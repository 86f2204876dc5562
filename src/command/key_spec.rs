//! Where the keys of a request are, by what the table says.
//!
//! ```text
//!   Keys::range("OW update", 1, -1, 2)       first 1, last 1 from the end, every second word
//!
//!   MSET   a   1   b   2
//!    0     1   2   3   4
//!          ▲       ▲
//! ```

use super::entry::{Command, Keys, Unless};
use std::ops::RangeInclusive;

/// The word of an access that says that the others depend on the request.
const VARIABLE: &str = "variable_flags";

/// The keys as COMMAND has shown them from the beginning, before there were key specs: one range
/// that spans them all. All zero for a command without keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key's position.
    pub first: i64,
    /// The last key's; counted from the end where negative.
    pub last: i64,
    /// From one key to the next.
    pub step: i64,
}

impl Keys {
    /// The positions of these keys in a request of `words` words, `None` when it is too short to
    /// have them.
    pub fn positions(&self, words: usize) -> Option<std::iter::StepBy<RangeInclusive<usize>>> {
        let first = usize::from(self.first);
        let distance = usize::from(self.last.unsigned_abs());
        let last = if self.last < 0 {
            words.checked_sub(distance)?
        } else {
            first + distance
        };
        let there = first <= last && last < words;
        there.then(|| (first..=last).step_by(usize::from(self.step)))
    }

    /// What is done with these keys by a request whose words after those that every such request has
    /// are `options`: words like `RW` and `update`.
    pub fn access_with<'a>(
        &self,
        mut options: impl Iterator<Item = &'a [u8]>,
    ) -> impl ExactSizeIterator<Item = &'static str> {
        let access = match self.unless {
            Some(unless) if !options.any(|word| unless.is_option(word)) => unless.access,
            _ => self.access,
        };
        let words: Vec<&str> = access.split(' ').filter(|&word| word != VARIABLE).collect();
        words.into_iter()
    }
}

impl Unless {
    /// Whether this is one of the words that decide.
    fn is_option(&self, word: &[u8]) -> bool {
        let mut options = self.option.split('|');
        options.any(|option| word.eq_ignore_ascii_case(option.as_bytes()))
    }
}

impl Command {
    /// The one range that spans all of its keys.
    #[must_use]
    pub fn key_range(&self) -> KeyRange {
        let mut ranges = self.keys.iter().map(|keys| {
            let first = i64::from(keys.first);
            let last = i64::from(keys.last);
            KeyRange {
                first,
                last: if last < 0 { last } else { first + last },
                step: i64::from(keys.step),
            }
        });
        let Some(mut whole) = ranges.next() else {
            return KeyRange::default();
        };
        for range in ranges {
            whole.first = whole.first.min(range.first);
            // One that is counted from the end is behind those that are not.
            whole.last = match (whole.last < 0, range.last < 0) {
                (true, false) => whole.last,
                (false, true) => range.last,
                _ => whole.last.max(range.last),
            };
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;

    fn positions(keys: Keys, words: usize) -> Option<Vec<usize>> {
        keys.positions(words).map(Iterator::collect)
    }

    #[test]
    fn positions_count_from_either_end() {
        let one = Keys::one("RO");
        assert_eq!(positions(one, 2), Some(vec![1]));
        assert_eq!(positions(one, 1), None);
        let all = Keys::range("RO", 1, -1, 1);
        assert_eq!(positions(all, 4), Some(vec![1, 2, 3]));
        assert_eq!(positions(all, 1), None);
        assert_eq!(positions(all, 0), None);
        let pairs = Keys::range("OW", 1, -1, 2);
        assert_eq!(positions(pairs, 5), Some(vec![1, 3]));
        let two = Keys::range("RO", 1, 1, 1);
        assert_eq!(positions(two, 3), Some(vec![1, 2]));
        assert_eq!(positions(two, 2), None);
    }

    #[test]
    fn an_option_changes_the_access() {
        let keys = Keys::one("RW access variable_flags").without("GET", "OW update");
        let access = |options: &[&str]| -> Vec<&str> {
            let options = options.iter().map(|word| word.as_bytes());
            keys.access_with(options).collect()
        };
        assert_eq!(access(&["EX", "gEt"]), ["RW", "access"]);
        assert_eq!(access(&["EX", "10"]), ["OW", "update"]);
        let keys = Keys::one("RW variable_flags").without("SET|INCRBY", "RO");
        let access = |options: &[&str]| -> Vec<&str> {
            let options = options.iter().map(|word| word.as_bytes());
            keys.access_with(options).collect()
        };
        assert_eq!(access(&["incrby", "u8"]), ["RW"]);
        assert_eq!(access(&["SET|INCRBY"]), ["RO"]);
    }

    #[test]
    fn one_range_spans_all_specs() {
        let range = |name: &[u8]| {
            let command = table::find(name).expect("a command of the table").command;
            let range = command.key_range();
            (range.first, range.last, range.step)
        };
        assert_eq!(range(b"ping"), (0, 0, 0));
        assert_eq!(range(b"get"), (1, 1, 1));
        assert_eq!(range(b"lcs"), (1, 2, 1));
        assert_eq!(range(b"mset"), (1, -1, 2));
        assert_eq!(range(b"copy"), (1, 2, 1));
        assert_eq!(range(b"bitop"), (2, -1, 1));
        assert_eq!(range(b"pfmerge"), (1, -1, 1));
    }

    #[test]
    fn every_shortest_request_has_its_first_keys() {
        for (_, command) in table::all() {
            for entry in command.subcommands.iter().chain([command]) {
                let words = usize::from(entry.arity.unsigned_abs());
                for (i, keys) in entry.keys.iter().enumerate() {
                    assert!(keys.step > 0, "{}", entry.name);
                    // PFMERGE may come without sources.
                    let may_lack = i > 0 && keys.last < 0;
                    let is_there = keys.positions(words).is_some();
                    assert!(is_there || may_lack, "{}", entry.name);
                    let varies = keys.access.split(' ').any(|word| word == VARIABLE);
                    assert_eq!(varies, keys.unless.is_some(), "{}", entry.name);
                }
            }
        }
    }
}
