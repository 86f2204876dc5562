//! What a learner gets to read when something does not hold.
//!
//! ```text
//!   step 02, protocol: a request that arrives in two pieces
//!     sent      *1\r\n$4\r\nPI   (20 ms later)   NG\r\n
//!     expected  +PONG\r\n
//!     came      -ERR Invalid RESP type\r\n
//!     hint      a read gives you some bytes, not a request: keep what is incomplete until the rest comes
//!     read      "Requests in pieces: RESP" (docs/src/requests-in-pieces.md)
//!     test      tests/step02_protocol.rs:92
//! ```

use std::fmt::Write;
use std::panic::{Location, resume_unwind};

use super::Chapter;

/// Bytes that are longer than this are shown by their beginning and their end.
const SHOWN_WHOLE: usize = 120;
/// So much of either.
const SHOWN_ENDS: usize = 48;
/// Where lines of prose are broken.
const LINE_WIDTH: usize = 88;
/// Continued lines begin here.
const INDENT: &str = "\n            ";

/// What a lesson is about. It goes along with each of its clients.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// The number of the step.
    pub step: u8,
    /// Its name.
    pub name: &'static str,
    /// What is being tried, in a few words.
    pub about: &'static str,
    /// What most often is the reason when it fails.
    pub hint: &'static str,
    /// Where it is explained.
    pub read: Chapter,
}

impl Topic {
    /// Ends the test with a report. `scene` is what else is going on, if it is not empty.
    #[track_caller]
    pub fn fail(&self, scene: &str, sent: &str, expected: &str, came: &str) -> ! {
        let report = self.text(scene, sent, expected, came);
        let line = Location::caller();
        // Not `panic`: the report is all that there is to say, and a backtrace through these tests tells a learner nothing.
        println!("{report}  {:<8}  {}:{}", "test", line.file(), line.line());
        resume_unwind(Box::new(report))
    }

    /// The report.
    pub fn text(&self, scene: &str, sent: &str, expected: &str, came: &str) -> String {
        let mut text = format!("step {:02}, {}: {}\n", self.step, self.name, self.about);
        let read = format!("\"{}\" (docs/src/{})", self.read.title, self.read.file);
        let lines = [
            ("while", scene),
            ("sent", sent),
            ("expected", expected),
            ("came", came),
            ("hint", self.hint),
            ("read", &read),
        ];
        for (name, line) in lines {
            if !line.is_empty() {
                let is_prose = ["while", "hint"].contains(&name);
                let line = if is_prose {
                    wrapped(line)
                } else {
                    line.to_string()
                };
                let line = line.replace('\n', INDENT);
                // Writing to a string does not fail.
                let _ = writeln!(text, "  {name:<8}  {line}");
            }
        }
        text
    }
}

/// Prose in lines that are not too long.
fn wrapped(text: &str) -> String {
    let (mut lines, mut width) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 {
            let is_full = width + 1 + length > LINE_WIDTH;
            lines.push(if is_full { '\n' } else { ' ' });
            width = if is_full { 0 } else { width + 1 };
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

/// Bytes as text: what can be printed as it is, the rest escaped, and the middle left out if there is much of it.
pub fn shown(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "(nothing)".to_string();
    }
    if bytes.len() <= SHOWN_WHOLE {
        return escaped(bytes);
    }
    let (head, tail) = (&bytes[..SHOWN_ENDS], &bytes[bytes.len() - SHOWN_ENDS..]);
    format!(
        "{} ... {}   ({} bytes)",
        escaped(head),
        escaped(tail),
        bytes.len()
    )
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\r' => text.push_str("\\r"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\0' => text.push_str("\\0"),
                '\\' => text.push_str("\\\\"),
                control if control.is_control() => {
                    let _ = write!(text, "\\x{:02x}", u32::from(control));
                }
                plain => text.push(plain),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}
