//! One event of a trace as text: a line of JSON in Chrome's trace-event format.
//!
//! ```text
//!   ,\n{"ph":"X","pid":2,"tid":5,"ts":1204.117,"name":"get","dur":0.412,"args":{"key":"user:7"}}
//!   └┬┘      └┬┘ └──────┬──────┘ └─────┬─────┘              └────┬────┘
//!   each     what it is the track      microseconds, to the      microseconds too
//!   follows  (slice, arrow, ...)       nanosecond
//!   another
//! ```
//!
//! Keys and names may be any bytes. What is UTF-8 stays, control characters are escaped as JSON
//! wants it, and a byte that belongs to no character is shown as `\xff`, as `redis-cli` does.

/// Bytes of a key, or of a client's name, that are shown.
pub const MAX_TEXT_BYTES: usize = 128;

/// What stands behind a text that was cut.
const CUT: &str = "…";

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A track of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Track {
    /// The group it is in, which the format calls a process.
    pub group: u64,
    /// Its number in the group, which the format calls a thread.
    pub number: u64,
}

/// The loop's own track.
pub const LOOP: Track = Track {
    group: 1,
    number: 1,
};

/// The group of the clients' tracks.
const CLIENTS: u64 = 2;

impl Track {
    /// The track of the client with this number.
    pub const fn client(number: u64) -> Track {
        Track {
            group: CLIENTS,
            number,
        }
    }
}

/// One event in the making. It is written over by the next.
#[derive(Debug, Default)]
pub struct Line {
    bytes: Vec<u8>,
    has_args: bool,
}

impl Line {
    /// Begins an event of this kind (`X`, `C`, ...) at a time of the loop, in nanoseconds.
    pub fn begin(&mut self, kind: &str, track: Track, at_ns: u64) -> &mut Line {
        self.bytes.clear();
        self.also(kind, track, at_ns)
    }

    /// Begins another event behind the one that was [ended](Self::end): both are kept, or neither.
    pub fn also(&mut self, kind: &str, track: Track, at_ns: u64) -> &mut Line {
        self.has_args = false;
        self.push(",\n{\"ph\":\"");
        self.push(kind);
        self.push("\",\"pid\":");
        self.push_number(track.group);
        self.push(",\"tid\":");
        self.push_number(track.number);
        self.push(",\"ts\":");
        self.push_us(at_ns);
        self
    }

    /// Its name, which needs no escape.
    pub fn name(&mut self, name: &str) -> &mut Line {
        self.push(",\"name\":\"");
        self.push(name);
        self.push("\"");
        self
    }

    /// The name of a command, in small letters: `get`, or `config|get`.
    pub fn command_name(&mut self, container: Option<&str>, name: &str) -> &mut Line {
        self.push(",\"name\":\"");
        if let Some(container) = container {
            self.push_lower(container);
            self.push("|");
        }
        self.push_lower(name);
        self.push("\"");
        self
    }

    /// How long it took, in nanoseconds.
    pub fn lasting(&mut self, ns: u64) -> &mut Line {
        self.push(",\"dur\":");
        self.push_us(ns);
        self
    }

    /// A field with a text that needs no escape.
    pub fn field(&mut self, name: &str, value: &str) -> &mut Line {
        self.push(",\"");
        self.push(name);
        self.push("\":\"");
        self.push(value);
        self.push("\"");
        self
    }

    /// A field with a number.
    pub fn number_field(&mut self, name: &str, value: u64) -> &mut Line {
        self.push(",\"");
        self.push(name);
        self.push("\":");
        self.push_number(value);
        self
    }

    /// An argument that is a number. Arguments come last.
    pub fn number(&mut self, name: &str, value: u64) -> &mut Line {
        self.arg(name);
        self.push_number(value);
        self
    }

    /// An argument that is a text of any bytes, behind a prefix that needs no escape. No more than
    /// [`MAX_TEXT_BYTES`] of it are shown.
    pub fn text(&mut self, name: &str, prefix: &str, value: &[u8]) -> &mut Line {
        self.arg(name);
        self.push("\"");
        self.push(prefix);
        self.push_escaped(value);
        self.push("\"");
        self
    }

    /// The event is complete.
    pub fn end(&mut self) -> &mut Line {
        if self.has_args {
            self.push("}");
        }
        self.push("}");
        self
    }

    /// What was written since [`begin`](Self::begin).
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn arg(&mut self, name: &str) {
        self.push(if self.has_args {
            ",\""
        } else {
            ",\"args\":{\""
        });
        self.has_args = true;
        self.push(name);
        self.push("\":");
    }

    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn push_lower(&mut self, name: &str) {
        self.bytes
            .extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
    }

    fn push_number(&mut self, number: u64) {
        self.push(itoa::Buffer::new().format(number));
    }

    /// Nanoseconds, as microseconds with three decimals: no nanosecond is lost, as it would be in a
    /// floating point number.
    fn push_us(&mut self, ns: u64) {
        self.push_number(ns / 1000);
        let rest = (ns % 1000) as u16;
        let digits = [rest / 100, rest / 10 % 10, rest % 10].map(|digit| b'0' + digit as u8);
        self.push(".");
        self.bytes.extend_from_slice(&digits);
    }

    fn push_escaped(&mut self, value: &[u8]) {
        let shown = &value[..value.len().min(MAX_TEXT_BYTES)];
        let is_cut = shown.len() < value.len();
        let mut chunks = shown.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.push_text(chunk.valid());
            // A character that the cut has gone through is not shown as broken bytes.
            let is_last = chunks.peek().is_none();
            if !(is_cut && is_last && is_begun(chunk.invalid())) {
                chunk.invalid().iter().for_each(|&byte| self.push_hex(byte));
            }
        }
        if is_cut {
            self.push(CUT);
        }
    }

    fn push_text(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'"' => self.push("\\\""),
                b'\\' => self.push("\\\\"),
                b'\n' => self.push("\\n"),
                b'\r' => self.push("\\r"),
                b'\t' => self.push("\\t"),
                0..0x20 | 0x7f => {
                    self.push("\\u00");
                    self.push_digits(byte);
                }
                _ => self.bytes.push(byte),
            }
        }
    }

    fn push_hex(&mut self, byte: u8) {
        self.push("\\\\x");
        self.push_digits(byte);
    }

    fn push_digits(&mut self, byte: u8) {
        let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
        self.bytes.extend_from_slice(&digits);
    }
}

/// Whether these bytes could be the beginning of a character.
fn is_begun(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(line: &Line) -> Value {
        let text = line.as_bytes().strip_prefix(b",\n").expect("it follows");
        assert!(!text.contains(&b'\n'), "an event is one line");
        serde_json::from_slice(text).expect("it is JSON")
    }

    fn shown(value: &[u8]) -> String {
        let mut line = Line::default();
        line.begin("X", LOOP, 0).text("key", "", value).end();
        let event = parse(&line);
        event["args"]["key"].as_str().expect("a text").to_owned()
    }

    #[test]
    fn an_event_has_its_fields() {
        let mut line = Line::default();
        line.begin("i", LOOP, 1).name("of another").end();
        line.begin("X", Track::client(5), 1_204_007)
            .command_name(Some("CONFIG"), "GET")
            .lasting(1_000_040)
            .field("cat", "command")
            .number_field("id", u64::MAX)
            .text("key", "k ", b"a")
            .number("n", 7)
            .end();
        let expected = json!({
            "ph": "X", "pid": 2, "tid": 5, "ts": 1204.007, "dur": 1000.040, "name": "config|get",
            "cat": "command", "id": u64::MAX, "args": {"key": "k a", "n": 7},
        });
        assert_eq!(parse(&line), expected);
    }

    #[test]
    fn times_keep_every_nanosecond() {
        for (ns, text) in [
            (0, "0.000"),
            (7, "0.007"),
            (1_000, "1.000"),
            (1_020, "1.020"),
            (u64::MAX, "18446744073709551.615"),
        ] {
            let mut line = Line::default();
            line.begin("X", LOOP, ns);
            let written = String::from_utf8_lossy(line.as_bytes()).into_owned();
            assert!(written.ends_with(&format!("\"ts\":{text}")), "{written}");
        }
    }

    #[test]
    fn any_bytes_are_shown_and_never_break_the_json() {
        assert_eq!(shown("user:7 häß 漢".as_bytes()), "user:7 häß 漢");
        assert_eq!(
            shown(b"a\"b\\c\n\r\t\x00\x1f\x7f"),
            "a\"b\\c\n\r\t\0\x1f\x7f"
        );
        assert_eq!(shown(b"\xff\xfea\xc3"), "\\xff\\xfea\\xc3");
        let all: Vec<u8> = (0..=255).collect();
        for bytes in all.chunks(16) {
            shown(bytes);
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let exact = "x".repeat(MAX_TEXT_BYTES);
        assert_eq!(shown(exact.as_bytes()), exact);
        assert_eq!(shown(format!("{exact}y").as_bytes()), exact.clone() + CUT);
        let wide = "x".repeat(MAX_TEXT_BYTES - 1) + "漢y";
        assert_eq!(shown(wide.as_bytes()), "x".repeat(MAX_TEXT_BYTES - 1) + CUT);
        let broken = ["x".repeat(MAX_TEXT_BYTES - 1).as_bytes(), b"\xff\xff"].concat();
        assert!(shown(&broken).ends_with("x\\xff…"));
    }
}
