//! The ports that pages name, and the free ones that stand for them while a test runs.

use crate::program::free_address;

/// The server, its live page, the examples `echo` and `chat`, the learner's own server.
pub const NAMED: [u16; 5] = [6379, 8080, 7007, 7008, 16379];

/// Each port that pages name, with the free one that stands for it.
pub struct Ports([(u16, u16); NAMED.len()]);

impl Ports {
    #[track_caller]
    pub fn free() -> Ports {
        Ports(NAMED.map(|named| (named, free_address().port())))
    }

    /// What stands for a port that pages name.
    pub fn real(&self, named: u16) -> u16 {
        let pair = self.0.iter().find(|(found, _)| *found == named);
        pair.map_or(named, |(_, real)| *real)
    }

    pub fn all_real(&self) -> impl Iterator<Item = u16> {
        self.0.iter().map(|(_, real)| *real)
    }

    /// A page's text as it is run here.
    pub fn with_real(&self, text: &str) -> String {
        replace_numbers(text, |number| {
            self.0
                .iter()
                .find(|(named, _)| *named == number)
                .map(|(_, real)| *real)
        })
    }

    /// What came back as a page shows it.
    pub fn with_named(&self, text: &str) -> String {
        replace_numbers(text, |number| {
            self.0
                .iter()
                .find(|(_, real)| *real == number)
                .map(|(named, _)| *named)
        })
    }
}

/// Replaces numbers, each taken whole: 6379 within 163790 is none.
fn replace_numbers(text: &str, other: impl Fn(u16) -> Option<u16>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[start..].find(|c: char| !c.is_ascii_digit());
        let end = digits.map_or(rest.len(), |length| start + length);
        replaced.push_str(&rest[..start]);
        match rest[start..end].parse().ok().and_then(&other) {
            Some(number) => replaced.push_str(&number.to_string()),
            None => replaced.push_str(&rest[start..end]),
        }
        rest = &rest[end..];
    }
    replaced + rest
}

#[test]
fn only_whole_numbers_are_ports() {
    let twice = |number: u16| (number == 6379).then_some(7);
    assert_eq!(
        replace_numbers("nc h 6379 16379 63790 :6379>", twice),
        "nc h 7 16379 63790 :7>"
    );
}
