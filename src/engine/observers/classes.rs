//! The classes of events, and how the setting `notify-keyspace-events` writes them.
//!
//! ```text
//!   KEA     ──▶ every class of A, told on both channels       written AKE
//!   Elg     ──▶ lists and keys of any type, by event          written glE
//! ```

use std::ops::{BitAnd, BitOr};

/// The letters, in the order in which they are written. `A` stands for those before `n`; then `n`
/// is not written.
const LETTERS: [(char, Classes); 14] = [
    ('g', Classes::GENERIC),
    ('$', Classes::STRING),
    ('l', Classes::LIST),
    ('s', Classes::SET),
    ('h', Classes::HASH),
    ('z', Classes::ZSET),
    ('x', Classes::EXPIRED),
    ('e', Classes::EVICTED),
    ('t', Classes::STREAM),
    ('d', Classes::MODULE),
    ('n', Classes::NEW),
    ('K', Classes::KEYSPACE),
    ('E', Classes::KEYEVENT),
    ('m', Classes::KEY_MISS),
];

const NO_CLASS: &str = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";

/// How many letters `A` stands for.
const IN_ALL: usize = 10;

/// Classes of events, as the setting `notify-keyspace-events` selects them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Classes(pub u32);

impl Classes {
    /// `K`: told on the channel of the key.
    pub const KEYSPACE: Classes = Classes(1 << 0);
    /// `E`: told on the channel of the event.
    pub const KEYEVENT: Classes = Classes(1 << 1);
    /// `g`: commands for keys of any type.
    pub const GENERIC: Classes = Classes(1 << 2);
    /// `$`: strings.
    pub const STRING: Classes = Classes(1 << 3);
    /// `l`: lists.
    pub const LIST: Classes = Classes(1 << 4);
    /// `s`: sets.
    pub const SET: Classes = Classes(1 << 5);
    /// `h`: hashes.
    pub const HASH: Classes = Classes(1 << 6);
    /// `z`: sorted sets.
    pub const ZSET: Classes = Classes(1 << 7);
    /// `x`: keys that have expired.
    pub const EXPIRED: Classes = Classes(1 << 8);
    /// `e`: keys that were evicted.
    pub const EVICTED: Classes = Classes(1 << 9);
    /// `t`: streams.
    pub const STREAM: Classes = Classes(1 << 10);
    /// `m`: reads of keys that are not there.
    pub const KEY_MISS: Classes = Classes(1 << 11);
    /// `d`: keys of modules.
    pub const MODULE: Classes = Classes(1 << 13);
    /// `n`: keys that have come into being.
    pub const NEW: Classes = Classes(1 << 14);

    /// Reads the letters of a setting.
    ///
    /// # Errors
    /// One of them stands for no class.
    pub fn parse(text: &[u8]) -> Result<Classes, String> {
        let mut classes = Classes::default();
        // To Redis the text ends at a NUL.
        for &byte in text.iter().take_while(|&&byte| byte != 0) {
            let selected = match char::from(byte) {
                'A' => Some(Classes::all()),
                letter => find(letter),
            };
            classes = classes | selected.ok_or(NO_CLASS)?;
        }
        Ok(classes)
    }

    /// What `A` stands for.
    fn all() -> Classes {
        let letters = LETTERS[..IN_ALL].iter();
        letters.fold(Classes::default(), |all, &(_, class)| all | class)
    }

    /// The letters, as Redis writes them.
    #[must_use]
    pub fn text(self) -> String {
        let all = Classes::all();
        let has_all = self & all == all;
        let begin = if has_all { "A" } else { "" };
        // Behind an `A` Redis does not write `n`.
        let skipped = if has_all { IN_ALL + 1 } else { 0 };
        let letters = LETTERS[skipped..].iter();
        let selected = letters.filter(|&&(_, class)| self.has(class));
        begin
            .chars()
            .chain(selected.map(|&(letter, _)| letter))
            .collect()
    }

    /// Whether one of these is selected.
    #[inline]
    #[must_use]
    pub fn has(self, classes: Classes) -> bool {
        self.0 & classes.0 != 0
    }
}

fn find(letter: char) -> Option<Classes> {
    let mut letters = LETTERS.iter();
    letters
        .find(|(other, _)| *other == letter)
        .map(|&(_, class)| class)
}

impl BitOr for Classes {
    type Output = Classes;
    fn bitor(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }
}

impl BitAnd for Classes {
    type Output = Classes;
    fn bitand(self, other: Classes) -> Classes {
        Classes(self.0 & other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Classes;

    #[test]
    fn letters_are_read_and_written_as_redis_does() {
        for (text, written) in [
            ("", ""),
            ("KEA", "AKE"),
            ("KEAmn", "AKEm"),
            ("nm", "nm"),
            ("KEg$lshzxetd", "AKE"),
            ("KEg$lshzxet", "g$lshzxetKE"),
            ("mKEn", "nKEm"),
            ("dK", "dK"),
            ("$lKE", "$lKE"),
            ("lshzxetdg$m", "Am"),
            ("KEe\0q", "eKE"),
        ] {
            let classes = Classes::parse(text.as_bytes()).expect(text);
            assert_eq!(classes.text(), written, "{text}");
        }
        for wrong in ["Kq", "KE A", " ", "KEa", "k"] {
            assert!(Classes::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
