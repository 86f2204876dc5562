//! Where the keys of a request are, by what the table says.
//!
//! ```text
//!   Keys::range("OW update", 1, -1, 2)       first 1, last 1 from the end, every second word
//!
//!   MSET   a   1   b   2
//!    0     1   2   3   4
//!          ▲       ▲
//!
//!   Keys::counted("RO access", 1)            as many as word 1 says
//!
//!   ZUNION   2   a   b   WITHSCORES
//!     0      1   2   3   4
//!            #   ▲   ▲
//!
//!   Keys::behind("OW update", "STORE", 6)    behind the option, looked for from word 6 on
//!
//!   GEORADIUS  k  13.4  52.5  9   km  STORE  d
//!      0       1   2     3    4   5   6      7
//!                                            ▲
//! ```
//!
//! Any words come here, those of COMMAND GETKEYS among them: no request is too short, and a number of
//! keys is compared with how many words there are before it counts for anything.

use super::entry::{Command, Condition, Keys, Place};
use super::is_word;
use crate::number::parse_i64;
use std::iter::StepBy;
use std::ops::Range;

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
    /// The positions of these keys in a request of these words, none where an option that brings
    /// them is not there; `None` when the request cannot have the keys that it should have.
    #[must_use]
    pub fn positions(&self, words: &[&[u8]]) -> Option<StepBy<Range<usize>>> {
        let (keys, step) = match self.place {
            Place::Range { first, last, step } => (range(words.len(), first, last)?, step),
            Place::Counted { number } => (counted(words, number)?, 1),
            Place::Behind { option, from } => (only(behind(words, option, from)), 1),
            Place::Unknown { find } => (only(find.and_then(|find| find(words))), 1),
        };
        Some(keys.step_by(usize::from(step)))
    }

    /// What is done with these keys by a request of these words, of which the first `least` are
    /// those that every such request has: words like `RW` and `update`.
    pub fn access_by(
        &self,
        words: &[&[u8]],
        least: usize,
    ) -> impl ExactSizeIterator<Item = &'static str> {
        let access = self.access_text(words, least).split(' ');
        let words: Vec<&str> = access.filter(|&word| word != VARIABLE).collect();
        words.into_iter()
    }

    /// Whatever else stands behind the option that brings a key. Redis describes the first place only, while
    /// GEORADIUS with two of them stores in the last.
    pub fn further<'a>(&self, words: &'a [&'a [u8]]) -> impl Iterator<Item = usize> + use<'a> {
        let (option, from) = match self.place {
            Place::Behind { option, from } => (option, usize::from(from)),
            _ => ("", usize::MAX),
        };
        let end = words.len().saturating_sub(1);
        let places = from.saturating_add(1).min(end)..end;
        places
            .filter(move |&at| is_word(words[at], option))
            .map(|at| at + 1)
    }

    /// The same as one text, in which the word may stand that says that it depends on the request.
    #[must_use]
    pub fn access_text(&self, words: &[&[u8]], least: usize) -> &'static str {
        match self.unless {
            Some(unless) if unless.condition.holds(words, least) => unless.access,
            _ => self.access,
        }
    }
}

/// The words of a range among `words` of them; `None` when it does not lie among them.
fn range(words: usize, first: u8, last: i8) -> Option<Range<usize>> {
    let first = usize::from(first);
    let distance = usize::from(last.unsigned_abs());
    let last = if last < 0 {
        words.checked_sub(distance)?
    } else {
        first + distance
    };
    (first <= last && last < words).then_some(first..last + 1)
}

/// The words that the one at `number` counts. There is at least one such word.
fn counted(words: &[&[u8]], number: u8) -> Option<Range<usize>> {
    let number = usize::from(number);
    let count = usize::try_from(parse_i64(words.get(number)?)?).ok()?;
    let first = number + 1;
    let there = words.len() - first;
    (1..=there).contains(&count).then(|| first..first + count)
}

/// The position behind the first `option`, looked for from `from` on.
fn behind(words: &[&[u8]], option: &str, from: u8) -> Option<usize> {
    let from = usize::from(from);
    let places = words.get(from..words.len().saturating_sub(1))?;
    let at = places.iter().position(|word| is_word(word, option))?;
    Some(from + at + 1)
}

/// One position or none, as a range.
fn only(position: Option<usize>) -> Range<usize> {
    position.map_or(0..0, |position| position..position + 1)
}

impl Condition {
    /// Whether it holds for a request of these words, the first `least` of which every request has.
    fn holds(self, words: &[&[u8]], least: usize) -> bool {
        match self {
            Condition::Without(option) => {
                let mut options = words.iter().skip(least);
                !options.any(|word| is_word(word, option))
            }
            Condition::When(holds) => holds(words),
        }
    }
}

impl Command {
    /// The one range that spans all of its keys at fixed positions.
    #[must_use]
    pub fn key_range(&self) -> KeyRange {
        let mut ranges = self.keys.iter().filter_map(|keys| legacy_range(keys.place));
        let Some(mut whole) = ranges.next() else {
            return KeyRange::default();
        };
        for range in ranges {
            whole.first = whole.first.min(range.first);
            whole.last = later(whole.last, range.last);
        }
        whole
    }
}

/// A range as it was said before there were key specs.
fn legacy_range(place: Place) -> Option<KeyRange> {
    let Place::Range { first, last, step } = place else {
        return None;
    };
    let (first, last) = (i64::from(first), i64::from(last));
    Some(KeyRange {
        first,
        last: if last < 0 { last } else { first + last },
        step: i64::from(step),
    })
}

/// The later of two positions; those that are counted from the end are behind all others.
fn later(a: i64, b: i64) -> i64 {
    if (a < 0) == (b < 0) {
        a.max(b)
    } else {
        a.min(b)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::MOVABLE_KEYS;
    use super::super::table;
    use super::*;

    fn positions(keys: Keys, request: &str) -> Option<Vec<usize>> {
        let words: Vec<&[u8]> = request.split_whitespace().map(str::as_bytes).collect();
        keys.positions(&words).map(Iterator::collect)
    }

    #[test]
    fn positions_count_from_either_end() {
        let one = Keys::one("RO");
        assert_eq!(positions(one, "GET a"), Some(vec![1]));
        assert_eq!(positions(one, "GET"), None);
        let all = Keys::range("RO", 1, -1, 1);
        assert_eq!(positions(all, "MGET a b c"), Some(vec![1, 2, 3]));
        assert_eq!(positions(all, "MGET"), None);
        assert_eq!(positions(all, ""), None);
        let pairs = Keys::range("OW", 1, -1, 2);
        assert_eq!(positions(pairs, "MSET a 1 b 2"), Some(vec![1, 3]));
        let two = Keys::range("RO", 1, 1, 1);
        assert_eq!(positions(two, "LCS a b"), Some(vec![1, 2]));
        assert_eq!(positions(two, "LCS a"), None);
        let all_but_one = Keys::range("RO", 1, -2, 1);
        assert_eq!(positions(all_but_one, "BLPOP a b 0"), Some(vec![1, 2]));
        assert_eq!(positions(all_but_one, "BLPOP 0"), None);
    }

    #[test]
    fn a_number_says_how_many_keys_follow_it() {
        let keys = Keys::counted("RO", 1);
        assert_eq!(positions(keys, "ZUNION 2 a b"), Some(vec![2, 3]));
        assert_eq!(positions(keys, "ZUNION 1 a b"), Some(vec![2]));
        assert_eq!(positions(Keys::counted("RO", 2), "X 0 1 a"), Some(vec![3]));
        let wrong = ["0", "3", "-1", "x", "", "1.0", "+1", "4294967297"];
        let huge = [i64::MAX.to_string(), i64::MIN.to_string(), "9".repeat(40)];
        for number in wrong.iter().map(|&text| text.to_owned()).chain(huge) {
            let words = [b"ZUNION".as_slice(), number.as_bytes(), b"a", b"b"];
            assert!(keys.positions(&words).is_none(), "{number}");
        }
        assert_eq!(positions(keys, "ZUNION 1"), None);
        assert_eq!(positions(keys, "ZUNION"), None);
    }

    #[test]
    fn an_option_brings_a_key() {
        let keys = Keys::behind("OW", "STORE", 2);
        assert_eq!(positions(keys, "X k STORE a"), Some(vec![3]));
        assert_eq!(positions(keys, "X k a sTore a store b"), Some(vec![4]));
        for without in ["", "X", "X k", "X k STORE", "X k a", "X STORE a STORED b"] {
            assert_eq!(positions(keys, without), Some(vec![]), "{without}");
        }
    }

    #[test]
    fn a_function_finds_a_key_that_cannot_be_described() {
        assert_eq!(positions(Keys::unknown("RO"), "SORT a"), Some(vec![]));
        let last = Keys::found("OW", |words| words.len().checked_sub(3));
        assert_eq!(positions(last, "SORT a b c"), Some(vec![1]));
        assert_eq!(positions(last, "SORT a"), Some(vec![]));
    }

    #[test]
    fn an_option_or_a_function_changes_the_access() {
        let access = |keys: Keys, request: &str| -> Vec<&str> {
            let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
            keys.access_by(&words, 3).collect()
        };
        let keys = Keys::one("RW access variable_flags").without("GET", "OW update");
        assert_eq!(access(keys, "SET k v EX gEt"), ["RW", "access"]);
        assert_eq!(access(keys, "SET k v EX 10"), ["OW", "update"]);
        assert_eq!(access(keys, "SET GET GET"), ["OW", "update"]);
        let keys = Keys::one("RW variable_flags").when(|words| words.len() == 4, "RO");
        assert_eq!(access(keys, "X k a b"), ["RO"]);
        assert_eq!(access(keys, "X k a"), ["RW"]);
    }

    fn entry(keys: &'static [Keys]) -> Command {
        Command::new("X", -2, |_| Ok(())).keys(keys)
    }

    const ONE: Keys = Keys::one("RW");
    const SECOND: Keys = Keys::range("RO", 2, 0, 1);
    const REST: Keys = Keys::range("RO", 2, -1, 1);
    const COUNTED: Keys = Keys::counted("RO", 2);
    const BEHIND: Keys = Keys::behind("OW", "STORE", 2);
    const UNKNOWN: Keys = Keys::unknown("RO");

    #[test]
    fn one_range_spans_all_specs_at_fixed_positions() {
        const CASES: &[(&[Keys], [i64; 3])] = &[
            (&[], [0, 0, 0]),
            (&[ONE], [1, 1, 1]),
            (&[Keys::range("OW", 1, -1, 2)], [1, -1, 2]),
            (&[Keys::range("OW", 1, -2, 1)], [1, -2, 1]),
            (&[ONE, SECOND], [1, 2, 1]),
            (&[ONE, REST], [1, -1, 1]),
            (&[REST, SECOND], [2, -1, 1]),
            (&[COUNTED], [0, 0, 0]),
            (&[ONE, COUNTED], [1, 1, 1]),
            (&[ONE, BEHIND, UNKNOWN], [1, 1, 1]),
        ];
        for (keys, whole) in CASES {
            let KeyRange { first, last, step } = entry(keys).key_range();
            assert_eq!([first, last, step], *whole, "{keys:?}");
        }
    }

    #[test]
    fn the_first_key_is_known_where_it_does_not_move() {
        const CASES: &[(&[Keys], Option<u8>, bool)] = &[
            (&[], None, false),
            (&[SECOND], Some(2), false),
            (&[ONE, REST], Some(1), false),
            (&[COUNTED], Some(3), true),
            (&[ONE, COUNTED], Some(1), true),
            (&[BEHIND, ONE], None, true),
            (&[ONE, UNKNOWN], Some(1), true),
        ];
        for &(keys, first, moves) in CASES {
            let entry = entry(keys);
            assert_eq!(entry.first_key.map(|at| at.get()), first, "{keys:?}");
            assert_eq!(entry.flags.has(MOVABLE_KEYS), moves, "{keys:?}");
        }
    }

    #[test]
    fn every_shortest_request_has_its_first_keys() {
        for (_, command) in table::all() {
            for entry in command.subcommands.iter().chain([command]) {
                let words = usize::from(entry.arity.unsigned_abs());
                // A number of keys is 1 there.
                let words = vec![b"1".as_slice(); words];
                if let Some(first) = entry.keys.first().filter(|keys| keys.are_keys()) {
                    let there = first
                        .positions(&words)
                        .is_some_and(|mut at| at.next().is_some());
                    // SUNSUBSCRIBE alone means all channels.
                    assert!(there || words.len() == 1, "{}", entry.name);
                }
                for keys in entry.keys {
                    let steps = !matches!(keys.place, Place::Range { step: 0, .. });
                    assert!(steps, "{}", entry.name);
                    let varies = keys.access.split(' ').any(|word| word == VARIABLE);
                    assert_eq!(varies, keys.unless.is_some(), "{}", entry.name);
                }
            }
        }
    }
}
