//! Transcripts: what was typed and what must come back, one command a line.
//!
//! ```text
//!   # a comment
//!   SET k "two words\r\n" EX 10      no arrow: any reply will do unless it is an error
//!   TTL k          => :9..10         an integer within bounds
//!   GET k          => "two words\r\n"
//!   GET missing    => nil
//!   MGET a b       => ["1" nil]
//!   KEYS *         => anyorder["k" "l"]
//!   TIME           => [? ?]
//! ```
//!
//! A word of a command is bare, or in double quotes with the escapes `\r \n \t \0 \\ \" \xHH`, or in single quotes as it
//! stands; `"x"*44` is 44 times x. A reply is one of
//!
//! | written | is |
//! |---|---|
//! | `+OK`, `-ERR text` | simple string, error; to the end of the line, inside brackets one word; or `-"text "` |
//! | `-ERR te...` | an error that begins so |
//! | `:5`, `:5..9`, `:?` | integer, integer within (inclusive), any integer |
//! | `"text"` | bulk string; `"x"*44` as in commands |
//! | `num:0.1` | bulk string or double that is this number, however it is written: 7.0 prints 17 digits, 7.2 and we the shortest |
//! | `nil`, `nilarray`, `null` | `$-1`, `*-1`, and RESP3's `_` |
//! | `["a" :1 [nil]]` | array; `~[..]` set, `>[..]` push, `%[k v k v]` map |
//! | `anyorder[..]` | array of exactly these, in any order |
//! | `,1.5` `#t` `(12` `="txt:a"` | RESP3's double, bool, big number, verbatim string |
//! | `?` | any reply at all |
//! | `closed` | the peer closes |

use super::client::{Conn, Value, quoted, show_args};

use std::time::Instant;

/// What a line asks for.
#[derive(Debug)]
enum Want {
    Exactly(Value),
    Any,
    AnythingButAnError,
    ErrorPrefix(Vec<u8>),
    Between(i64, i64),
    Number(f64),
    List(Value, Vec<Want>),
    AnyOrder(Vec<Want>),
    Closed,
}

/// Runs every line; the first that differs panics with what was sent, expected and received.
#[track_caller]
pub fn run(conn: &mut Conn, script: &str) {
    run_while(conn, script, &|| true);
}

/// Likewise; but whatever differs once `end` has come is passed over.
#[track_caller]
pub fn run_before(conn: &mut Conn, end: Instant, script: &str) {
    run_while(conn, script, &|| Instant::now() < end);
}

/// A difference counts if `counts` holds when it is seen.
#[track_caller]
fn run_while(conn: &mut Conn, script: &str, counts: &dyn Fn() -> bool) {
    for (index, line) in script.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (command, wanted) = split_arrow(line);
        let words = Scanner::new(command, line).words();
        let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let want = match wanted {
            Some(text) => Scanner::new(text, line).reply(),
            None => Want::AnythingButAnError,
        };
        check(conn, index + 1, &args, &want, counts);
    }
}

/// Sends one command and compares.
#[track_caller]
fn check(
    conn: &mut Conn,
    line_number: usize,
    args: &[&[u8]],
    want: &Want,
    counts: &dyn Fn() -> bool,
) {
    if matches!(want, Want::Closed) {
        conn.send_raw(&super::client::request(args));
        conn.expect_closed();
        return;
    }
    let got = conn.try_cmd(args);
    if matches!(&got, Ok(value) if want.matches(value)) {
        return;
    }
    if got.is_ok() && !counts() {
        eprintln!("note: too late for {}: {got:?}", show_args(args));
        return;
    }
    let received = match &got {
        Ok(value) => format!("{value:?}\n       raw: {}", quoted(&value.encode())),
        Err(error) => error.to_string(),
    };
    panic!(
        "line {line_number} of the transcript\n      sent: {}\n  expected: {}\n  received: {received}\n",
        show_args(args),
        want.show(),
    );
}

impl Want {
    fn matches(&self, got: &Value) -> bool {
        match (self, got) {
            (Want::Exactly(value), _) => value == got,
            (Want::Any, _) => true,
            (Want::AnythingButAnError, _) => !got.is_error(),
            (Want::ErrorPrefix(prefix), Value::Error(text)) => text.starts_with(prefix),
            (Want::Between(low, high), Value::Int(n)) => (low..=high).contains(&n),
            (Want::Number(number), Value::Bulk(text) | Value::Double(text)) => {
                std::str::from_utf8(text).is_ok_and(|text| text.parse() == Ok(*number))
            }
            (Want::List(Value::Array(_), wants), Value::Array(items))
            | (Want::List(Value::Set(_), wants), Value::Set(items))
            | (Want::List(Value::Push(_), wants), Value::Push(items)) => all_match(wants, items),
            (Want::List(Value::Map(_), wants), Value::Map(pairs)) => {
                let flat: Vec<Value> = pairs.iter().cloned().flat_map(|(k, v)| [k, v]).collect();
                all_match(wants, &flat)
            }
            (Want::AnyOrder(wants), Value::Array(items)) => {
                let mut left: Vec<&Value> = items.iter().collect();
                let took_each = wants.iter().all(|want| {
                    let at = left.iter().position(|item| want.matches(item));
                    at.map(|at| left.swap_remove(at)).is_some()
                });
                took_each && left.is_empty()
            }
            _ => false,
        }
    }

    fn show(&self) -> String {
        match self {
            Want::Exactly(value) => format!("{value:?}\n       raw: {}", quoted(&value.encode())),
            Want::AnythingButAnError => "anything but an error".to_string(),
            other => format!("{other:?}"),
        }
    }
}

fn all_match(wants: &[Want], items: &[Value]) -> bool {
    wants.len() == items.len()
        && wants
            .iter()
            .zip(items)
            .all(|(want, item)| want.matches(item))
}

/// Cuts at the first arrow that stands outside quotes.
fn split_arrow(line: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if line[at..].starts_with(" => ") => return (&line[..at], Some(&line[at + 4..])),
            None => {}
        }
    }
    (line, None)
}

/// Reads the notation. Panics on a mistake in a test, with the line.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    line: &'a str,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, line: &'a str) -> Self {
        Scanner {
            text: text.trim().as_bytes(),
            at: 0,
            line,
        }
    }

    fn wrong(&self, what: &str) -> ! {
        panic!(
            "mistake in the transcript: {what} at column {} of: {}",
            self.at, self.line
        );
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// All words of a command.
    fn words(mut self) -> Vec<Vec<u8>> {
        let mut words = Vec::new();
        loop {
            self.skip_spaces();
            match self.peek() {
                None => return words,
                Some(b'"' | b'\'') => words.push(self.string()),
                Some(_) => words.push(self.until(|c| c.is_ascii_whitespace()).to_vec()),
            }
        }
    }

    /// The one reply of a line.
    fn reply(mut self) -> Want {
        let line_text = |scanner: &mut Self| {
            scanner.at += 1;
            match scanner.peek() {
                Some(b'"') => scanner.string(),
                _ => scanner.until(|_| false).to_vec(),
            }
        };
        let want = match self.peek() {
            Some(b'+') => Want::Exactly(Value::Simple(line_text(&mut self))),
            Some(b'-') => {
                let text = line_text(&mut self);
                match text.strip_suffix(b"...") {
                    Some(prefix) => Want::ErrorPrefix(prefix.to_vec()),
                    None => Want::Exactly(Value::Error(text)),
                }
            }
            _ => self.value(),
        };
        self.skip_spaces();
        if self.peek().is_some() {
            self.wrong("something behind the reply");
        }
        want
    }

    fn value(&mut self) -> Want {
        self.skip_spaces();
        let exactly = Want::Exactly;
        match self.peek() {
            Some(b'"' | b'\'') => exactly(Value::Bulk(self.string())),
            Some(b'[') => self.list(Value::Array(Vec::new())),
            Some(b'~') => self.marked_list(Value::Set(Vec::new())),
            Some(b'>') => self.marked_list(Value::Push(Vec::new())),
            Some(b'%') => self.marked_list(Value::Map(Vec::new())),
            Some(kind @ (b'=' | b'+' | b'-')) if self.text.get(self.at + 1) == Some(&b'"') => {
                self.at += 1;
                let text = self.string();
                exactly(match kind {
                    b'=' => Value::Verbatim(text),
                    b'+' => Value::Simple(text),
                    _ => Value::Error(text),
                })
            }
            Some(_) => self.word_value(),
            None => self.wrong("a reply is missing"),
        }
    }

    /// Replies that are one word.
    fn word_value(&mut self) -> Want {
        let word = self
            .until(|c| c.is_ascii_whitespace() || c == b'[' || c == b']')
            .to_vec();
        let rest = word.get(1..).unwrap_or_default().to_vec();
        match word.as_slice() {
            b"?" => Want::Any,
            b":?" => Want::Between(i64::MIN, i64::MAX),
            b"nil" => Want::Exactly(Value::Nil),
            b"nilarray" => Want::Exactly(Value::NilArray),
            b"null" => Want::Exactly(Value::Null),
            b"#t" => Want::Exactly(Value::Bool(true)),
            b"#f" => Want::Exactly(Value::Bool(false)),
            b"closed" => Want::Closed,
            b"anyorder" => Want::AnyOrder(self.items()),
            [b'n', b'u', b'm', b':', number @ ..] => self.number(number),
            [b':', ..] => self.integer(&rest),
            [b'+', ..] => Want::Exactly(Value::Simple(rest)),
            [b'-', ..] => Want::Exactly(Value::Error(rest)),
            [b',', ..] => Want::Exactly(Value::Double(rest)),
            [b'(', ..] => Want::Exactly(Value::BigNumber(rest)),
            _ => self.wrong("no such reply"),
        }
    }

    /// `5` or `5..9`.
    fn integer(&self, text: &[u8]) -> Want {
        let text = String::from_utf8_lossy(text);
        let number = |text: &str| match text.parse::<i64>() {
            Ok(n) => n,
            Err(_) => self.wrong("no integer"),
        };
        match text.split_once("..") {
            Some((low, high)) => Want::Between(number(low), number(high)),
            None => Want::Exactly(Value::Int(number(&text))),
        }
    }

    fn number(&self, text: &[u8]) -> Want {
        match String::from_utf8_lossy(text).parse() {
            Ok(number) => Want::Number(number),
            Err(_) => self.wrong("no number"),
        }
    }

    fn marked_list(&mut self, kind: Value) -> Want {
        self.at += 1;
        self.list(kind)
    }

    fn list(&mut self, kind: Value) -> Want {
        Want::List(kind, self.items())
    }

    fn items(&mut self) -> Vec<Want> {
        if self.peek() != Some(b'[') {
            self.wrong("[ is missing");
        }
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_spaces();
            match self.peek() {
                Some(b']') => break,
                None => self.wrong("] is missing"),
                Some(_) => items.push(self.value()),
            }
        }
        self.at += 1;
        items
    }

    fn until(&mut self, stop: impl Fn(u8) -> bool) -> &'a [u8] {
        let from = self.at;
        while self.peek().is_some_and(|c| !stop(c)) {
            self.at += 1;
        }
        &self.text[from..self.at]
    }

    /// A quoted string and its `*N`.
    fn string(&mut self) -> Vec<u8> {
        let quote = self.peek();
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let c = self.peek();
            self.at += 1;
            match c {
                None => self.wrong("a quote is missing"),
                c if c == quote => break,
                Some(b'\\') if quote == Some(b'"') => out.push(self.escape()),
                Some(c) => out.push(c),
            }
        }
        if self.peek() != Some(b'*') {
            return out;
        }
        self.at += 1;
        let digits = self.until(|c| !c.is_ascii_digit());
        match String::from_utf8_lossy(digits).parse() {
            Ok(times) => out.repeat(times),
            Err(_) => self.wrong("no number behind *"),
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> u8 {
        let c = self.peek();
        self.at += 1;
        match c {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'0') => 0,
            Some(c @ (b'\\' | b'"')) => c,
            Some(b'x') => {
                let digits = self.text.get(self.at..self.at + 2).unwrap_or_default();
                self.at += 2;
                match u8::from_str_radix(&String::from_utf8_lossy(digits), 16) {
                    Ok(byte) => byte,
                    Err(_) => self.wrong("two hex digits are missing"),
                }
            }
            _ => self.wrong("no such escape"),
        }
    }
}
