//! The text of INFO as it grows, and how it writes its figures.

use crate::engine::Engine;
use crate::engine::stats::Usage;
use std::fmt::{Display, Write};

/// The text so far, and what it is made from.
pub(super) struct Report<'a> {
    /// Where the figures come from.
    pub engine: &'a Engine,
    /// Memory and processor time at this moment.
    pub usage: Usage,
    text: String,
}

impl<'a> Report<'a> {
    pub fn new(engine: &'a Engine, usage: Usage) -> Report<'a> {
        Report {
            engine,
            usage,
            text: String::new(),
        }
    }

    /// Begins a section.
    pub fn title(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\r\n");
        }
        self.push(format_args!("# {title}"));
    }

    /// Adds a line.
    pub fn field(&mut self, name: impl Display, value: impl Display) {
        self.push(format_args!("{name}:{value}"));
    }

    /// Adds a line for people, which programs skip.
    pub fn remark(&mut self, text: impl Display) {
        self.push(format_args!("# {text}"));
    }

    /// Adds lines with what is there to be zero.
    pub fn zeros(&mut self, names: &[&str]) {
        for name in names {
            self.field(name, 0);
        }
    }

    /// Adds a number of bytes, and again in a form for people.
    pub fn bytes(&mut self, name: &str, bytes: u64) {
        self.field(name, bytes);
        self.field(format_args!("{name}_human"), human(bytes));
    }

    /// Adds how many times one is of the other, and how many bytes more.
    pub fn overhead(&mut self, ratio: &str, excess: &str, whole: u64, part: u64) {
        let times = if part == 0 {
            0.0
        } else {
            whole as f64 / part as f64
        };
        self.field(ratio, format_args!("{times:.2}"));
        self.field(excess, i128::from(whole) - i128::from(part));
    }

    pub fn into_text(self) -> String {
        self.text
    }

    fn push(&mut self, line: impl Display) {
        write!(self.text, "{line}\r\n").expect("a String takes any text");
    }
}

/// A number of bytes with a unit, as Redis writes it: `1.44M`.
pub(super) fn human(bytes: u64) -> String {
    const UNITS: [char; 5] = ['K', 'M', 'G', 'T', 'P'];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.2}{}", UNITS[unit])
}

/// A share in per cent: `99.97%`.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let share = if whole == 0 {
        0.0
    } else {
        part as f64 * 100.0 / whole as f64
    };
    format!("{share:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units_of_1024() {
        let cases = [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1_508_688, "1.44M"),
            (25_274_793_984, "23.54G"),
            (u64::MAX, "16384.00P"),
        ];
        for (bytes, text) in cases {
            assert_eq!(human(bytes), text);
        }
    }

    #[test]
    fn shares_of_nothing_are_nothing() {
        assert_eq!(percent(632_464, 632_664), "99.97%");
        assert_eq!(percent(0, 0), "0.00%");
    }
}
