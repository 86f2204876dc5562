//! JSON, written straight into a buffer. It is only ever written here, and of a few shapes, so a
//! page of code stands for a dependency.
//!
//! Commas come by themselves. Text may be any bytes: what is no UTF-8 is replaced, what JSON forbids
//! is escaped, and what is long is cut. So nothing a client calls itself can break out of its string, or
//! out of the line of an event stream that holds it.

/// The most bytes of a text that are written.
const MAX_TEXT_BYTES: usize = 128;

/// A JSON value being written.
///
/// ```
/// use aerolite::server::watch::json::Json;
///
/// let mut json = Json::default();
/// json.open('{');
/// json.key("name").text(b"a \"b\"\n");
/// json.key("took_us").thousandths(1_250);
/// json.key("tokens").open('[');
/// json.int(7).int(-1);
/// json.close(']').close('}');
/// assert_eq!(json.as_str(), r#"{"name":"a \"b\"\u000a","took_us":1.250,"tokens":[7,-1]}"#);
/// ```
#[derive(Debug, Default)]
pub struct Json {
    text: String,
    /// Whether the next key or value stands behind another one.
    is_next: bool,
}

impl Json {
    /// What has been written so far.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same, with nothing more to be written.
    #[must_use]
    pub fn into_string(self) -> String {
        self.text
    }

    /// Begins an object or an array.
    pub fn open(&mut self, bracket: char) -> &mut Json {
        self.separate();
        self.text.push(bracket);
        self.is_next = false;
        self
    }

    /// Ends it.
    pub fn close(&mut self, bracket: char) -> &mut Json {
        self.text.push(bracket);
        self.is_next = true;
        self
    }

    /// The name of the value that comes next. It is one of ours, without anything to escape.
    pub fn key(&mut self, name: &str) -> &mut Json {
        self.separate();
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
        self.is_next = false;
        self
    }

    /// A whole number.
    pub fn int(&mut self, number: impl itoa::Integer) -> &mut Json {
        self.raw(itoa::Buffer::new().format(number))
    }

    /// A number of thousandths, as a decimal fraction: nanoseconds as microseconds.
    pub fn thousandths(&mut self, number: u64) -> &mut Json {
        self.int(number / 1000);
        let rest = number % 1000;
        self.text.push('.');
        for digit in [rest / 100, rest / 10 % 10, rest % 10] {
            self.text.push(char::from(b'0' + digit as u8));
        }
        self
    }

    /// True or false.
    pub fn bool(&mut self, is_so: bool) -> &mut Json {
        self.raw(if is_so { "true" } else { "false" })
    }

    /// A whole number, or null.
    pub fn maybe(&mut self, number: Option<u64>) -> &mut Json {
        match number {
            Some(number) => self.int(number),
            None => self.raw("null"),
        }
    }

    /// A text of any bytes, cut to its first hundred or so.
    pub fn text(&mut self, bytes: &[u8]) -> &mut Json {
        self.separate();
        self.text.push('"');
        let shown = cut(bytes);
        for letter in String::from_utf8_lossy(shown).chars() {
            self.letter(letter);
        }
        if shown.len() < bytes.len() {
            self.text.push('…');
        }
        self.text.push('"');
        self
    }

    /// The name of something, or null.
    pub fn maybe_text(&mut self, text: Option<&str>) -> &mut Json {
        match text {
            Some(text) => self.text(text.as_bytes()),
            None => self.raw("null"),
        }
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '"' | '\\' => {
                self.text.push('\\');
                self.text.push(letter);
            }
            '\0'..' ' => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let code = letter as usize;
                self.text.push_str("\\u00");
                self.text.push(char::from(DIGITS[code >> 4]));
                self.text.push(char::from(DIGITS[code & 15]));
            }
            _ => self.text.push(letter),
        }
    }

    fn raw(&mut self, value: &str) -> &mut Json {
        self.separate();
        self.text.push_str(value);
        self
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.is_next, true) {
            self.text.push(',');
        }
    }
}

/// The beginning of a text, cut between two letters where it is cut.
fn cut(bytes: &[u8]) -> &[u8] {
    if bytes.len() <= MAX_TEXT_BYTES {
        return bytes;
    }
    /// Bytes of a letter of UTF-8 behind its first.
    const MAX_FOLLOWING: usize = 3;
    let is_following = |end: usize| bytes[end] & 0xc0 == 0x80;
    let end = (MAX_TEXT_BYTES - MAX_FOLLOWING..=MAX_TEXT_BYTES)
        .rev()
        .find(|&end| !is_following(end));
    &bytes[..end.unwrap_or(MAX_TEXT_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn text(bytes: &[u8]) -> String {
        let mut json = Json::default();
        json.text(bytes);
        json.as_str().to_owned()
    }

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let mut json = Json::default();
        json.open('[').open('[').close(']').open('{');
        json.key("a").int(1).key("b").open('[').close(']');
        json.key("c").maybe(None).key("d").bool(true);
        json.close('}').maybe(Some(3)).maybe_text(None).close(']');
        let expected = r#"[[],{"a":1,"b":[],"c":null,"d":true},3,null]"#;
        assert_eq!(json.as_str(), expected);
    }

    #[test]
    fn fractions_have_three_digits() {
        let mut json = Json::default();
        json.open('[');
        for number in [0, 5, 50, 999, 1000, 1_234_567] {
            json.thousandths(number);
        }
        json.close(']');
        assert_eq!(json.as_str(), "[0.000,0.005,0.050,0.999,1.000,1234.567]");
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        for lead in 0..4 {
            let long = [vec![b'x'; lead], "🙂".repeat(100).into_bytes()].concat();
            let shown: String = serde_json::from_str(&text(&long)).expect("it is JSON");
            assert!(
                shown.ends_with("🙂…") && !shown.contains('\u{fffd}'),
                "{shown}"
            );
            assert!(shown.len() <= MAX_TEXT_BYTES + '…'.len_utf8());
        }
        let exact = vec![b'x'; MAX_TEXT_BYTES];
        assert_eq!(text(&exact).len(), MAX_TEXT_BYTES + 2);
        assert!(text(&vec![0xbf; 1000]).len() < 1000, "no letter to be seen");
    }

    proptest! {
        #[test]
        fn any_bytes_are_one_line_of_json(bytes in prop::collection::vec(any::<u8>(), 0..MAX_TEXT_BYTES)) {
            let written = text(&bytes);
            let read: Value = serde_json::from_str(&written).expect("it is JSON");
            prop_assert_eq!(read.as_str(), Some(&*String::from_utf8_lossy(&bytes)));
            prop_assert!(!written.contains(['\n', '\r']));
        }
    }
}
