//! The words of collections: few members, so that commands meet each other's, around the borders between encodings, and
//! the numbers that are counts, scores and bounds.

use super::step::{Args, Bytes};
use super::vocabulary::Vocabulary;

/// Members that are no numbers, or are integers in a spelling of their own.
const MEMBERS: &[&[u8]] = &[
    b"a",
    b"b",
    b"c",
    b"d",
    b"aa",
    b"ab",
    b"A",
    b"",
    b"foo",
    b"007",
    b"+1",
    b"-0",
    b"1.5",
    b" 1",
    b"1e3",
    b"a\r\n\0\xff",
    b"a\0b",
    b"\xff",
];
/// Integers at the borders of an intset's widths and of a listpack's, and a little beyond what is one.
const INTEGERS: &[&str] = &[
    "0",
    "-1",
    "63",
    "64",
    "127",
    "128",
    "-128",
    "-129",
    "4095",
    "-4096",
    "4096",
    "32767",
    "-32768",
    "32768",
    "-32769",
    "8388607",
    "-8388609",
    "2147483647",
    "-2147483648",
    "2147483648",
    "-2147483649",
    "9223372036854775807",
    "-9223372036854775808",
];
/// Around the greatest value that a listpack takes by default, and around a listpack's own borders.
const MEMBER_LENGTHS: &[usize] = &[2, 3, 8, 9, 63, 64, 65, 66, 127, 128, 300, 4095, 4096];
/// Scores, some of them none.
const SCORES: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3",
    "1.5",
    "-2.25",
    "inf",
    "-inf",
    "+inf",
    "infinity",
    "1e3",
    "1e300",
    "-1e300",
    "1.7976931348623157e308",
    "5e-324",
    "3.0000000000000004",
    "0.1",
    "0.30000000000000004",
    "123456789.12345678",
    "12345678901234567",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e17",
    "1e21",
    "1e-5",
    "100000000000000000000",
    "0x1p3",
];
const BAD_SCORES: &[&str] = &[
    "nan", "-nan", "1e400", "-1e400", "1e-400", "abc", "", " 1", "1 ", "1x", "1,5", "(1", "--1",
];
/// Counts and limits that are too great for anything, or no counts.
const ODD_COUNTS: &[&str] = &[
    "0",
    "-1",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "2147483648",
    "abc",
    "",
    "1.0",
    "01",
];

impl Vocabulary {
    /// A member, element or field.
    pub fn member(&mut self) -> Bytes {
        match self.random.below(100) {
            0..50 => self.random.pick(MEMBERS).to_vec(),
            50..70 => self.random.between(0, 20).to_string().into(),
            70..85 => self.integer(),
            85..97 => self.long_member(),
            _ => self.short(),
        }
    }

    /// The same again and again, so that commands about one member meet it.
    pub fn usual_member(&mut self) -> Bytes {
        match self.random.below(10) {
            0..6 => self.random.pick(&MEMBERS[..8]).to_vec(),
            6..8 => self.random.between(0, 9).to_string().into(),
            _ => self.member(),
        }
    }

    /// A member of a length that matters; equal ones come often.
    fn long_member(&mut self) -> Bytes {
        let length = match self.random.below(20) {
            0 => self.random.pick(&[4095, 4096, 8191, 8192]),
            _ => self.random.pick(&MEMBER_LENGTHS[..10]),
        };
        vec![self.random.pick(b"xy"); length]
    }

    /// An integer that an intset takes.
    pub fn integer(&mut self) -> Bytes {
        match self.random.below(10) {
            0..7 => self.random.between(-10, 40).to_string().into(),
            7 => self.random.between(-40_000, 40_000).to_string().into(),
            _ => self.random.pick(INTEGERS).into(),
        }
    }

    /// One to `most` of what `one` gives.
    pub fn some(&mut self, most: usize, one: impl Fn(&mut Vocabulary) -> Bytes) -> Args {
        (0..=self.random.below(most)).map(|_| one(self)).collect()
    }

    /// An index into a collection, from either end.
    pub fn position(&mut self) -> Bytes {
        match self.random.below(30) {
            0 => self.nasty(),
            1 => self.odd_count(),
            2..6 => self.random.between(-300, 300).to_string().into(),
            _ => self.random.between(-8, 8).to_string().into(),
        }
    }

    /// How many are asked for: few, too many, or no number.
    pub fn count(&mut self) -> Bytes {
        match self.random.below(12) {
            0 => self.odd_count(),
            1 => self.word("100 1000"),
            _ => self.random.between(1, 6).to_string().into(),
        }
    }

    /// A count at the edge of the numbers, or none.
    pub fn odd_count(&mut self) -> Bytes {
        self.random.pick(ODD_COUNTS).into()
    }

    /// A score, now and then none.
    pub fn score(&mut self) -> Bytes {
        match self.random.below(100) {
            0..2 => self.random.pick(BAD_SCORES).into(),
            2..30 => self.random.pick(SCORES).into(),
            30..80 => self.random.between(-5, 20).to_string().into(),
            _ => {
                let whole = self.random.between(-1000, 1000);
                let part = self.random.below(1_000_000);
                format!("{whole}.{part}").into()
            }
        }
    }

    /// What HINCRBY and its like are given.
    pub fn increment(&mut self) -> Bytes {
        match self.random.below(20) {
            0 => self.nasty(),
            1 => self.random.pick(INTEGERS).into(),
            _ => self.random.between(-100, 100).to_string().into(),
        }
    }

    /// A keyword in any case.
    pub fn keyword(&mut self, word: &str) -> Bytes {
        match self.random.below(4) {
            0 => word.to_ascii_lowercase().into(),
            1 => {
                let bits = self.random.next();
                let cased = |(index, c): (usize, char)| match (bits >> (index % 64)) & 1 {
                    0 => c.to_ascii_lowercase(),
                    _ => c,
                };
                word.chars()
                    .enumerate()
                    .map(cased)
                    .collect::<String>()
                    .into()
            }
            _ => word.into(),
        }
    }

    /// One of the keywords of a line, in any case.
    pub fn keyword_of(&mut self, line: &str) -> Bytes {
        let word = self.word(line);
        self.keyword(&String::from_utf8_lossy(&word))
    }

    /// `numkeys` and the keys, from one to `most`; now and then the number is another one.
    pub fn counted_keys(&mut self, most: usize) -> Args {
        let keys = self.keys(most);
        let number = match self.random.below(40) {
            0 => self.odd_count(),
            1 => (keys.len() + 1).to_string().into(),
            2 => self.random.between(-1, 3).to_string().into(),
            _ => keys.len().to_string().into(),
        };
        std::iter::once(number).chain(keys).collect()
    }

    /// The options, in any order.
    pub fn shuffled(&mut self, mut options: Vec<Args>) -> Args {
        for last in (1..options.len()).rev() {
            let other = self.random.below(last + 1);
            options.swap(last, other);
        }
        options.into_iter().flatten().collect()
    }

    /// A timeout after which the stream goes on: short, or none at all. Not `-0.001`, which `redis-server` rounds up to 0.
    pub fn timeout(&mut self) -> Bytes {
        match self.random.below(5) {
            0 => self.word("-1 -2.5 abc nan 1e400 1e18 9223372036854775807 0.01x 1,5 -inf"),
            _ => self.word("0.001 0.002 1e-3 .001"),
        }
    }

    /// A timeout of somebody who is served at once; 0 is for ever.
    pub fn any_timeout(&mut self) -> Bytes {
        match self.random.below(10) {
            0 => self.timeout(),
            _ => self.word("0 0 1 0.5 100 0.0 1e2"),
        }
    }
}
