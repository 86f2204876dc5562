//! A small blocking RESP client that is strict: a reply that is not written in RESP's one canonical way is a failure.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// No test waits longer for one read or one write.
pub const IO_LIMIT: Duration = Duration::from_secs(30);
/// Nothing that we ask for is bigger; a longer length is a broken reply.
const LENGTH_LIMIT: usize = 512 * 1024 * 1024;

/// One reply. Equal values are equal bytes on the wire: the three nulls differ, doubles keep their text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// `+OK`
    Simple(Vec<u8>),
    /// `-ERR text`
    Error(Vec<u8>),
    /// `:1`
    Int(i64),
    /// `$3 abc`
    Bulk(Vec<u8>),
    /// `$-1`, RESP2's missing string
    Nil,
    /// `*-1`, RESP2's missing array
    NilArray,
    /// `_`, RESP3's null
    Null,
    /// `*`
    Array(Vec<Value>),
    /// `%`, RESP3
    Map(Vec<(Value, Value)>),
    /// `~`, RESP3
    Set(Vec<Value>),
    /// `>`, RESP3
    Push(Vec<Value>),
    /// `,1.5`, RESP3; the text as it came
    Double(Vec<u8>),
    /// `#t`, RESP3
    Bool(bool),
    /// `(123`, RESP3
    BigNumber(Vec<u8>),
    /// `=7 txt:abc`, RESP3; the type prefix is part of it
    Verbatim(Vec<u8>),
}

impl Value {
    /// A simple string.
    pub fn simple(text: &str) -> Value {
        Value::Simple(text.into())
    }

    /// An error; the text without the `-`.
    pub fn error(text: &str) -> Value {
        Value::Error(text.into())
    }

    /// A bulk string.
    pub fn bulk(text: impl AsRef<[u8]>) -> Value {
        Value::Bulk(text.as_ref().to_vec())
    }

    /// The integer.
    ///
    /// # Panics
    /// When the reply is another one; so do the other accessors.
    #[track_caller]
    pub fn int(&self) -> i64 {
        match self {
            Value::Int(n) => *n,
            other => panic!("expected an integer, got {other:?}"),
        }
    }

    /// The text of a string, simple, bulk or verbatim (without `txt:`), or of an error.
    #[track_caller]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The bytes of what [`Value::text`] gives.
    #[track_caller]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Value::Simple(b) | Value::Bulk(b) | Value::Error(b) => b,
            Value::Verbatim(b) => b.get(4..).unwrap_or_default(),
            other => panic!("expected a string, got {other:?}"),
        }
    }

    /// The elements of an array, set or push.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        match self {
            Value::Array(items) | Value::Set(items) | Value::Push(items) => items,
            other => panic!("expected an array, got {other:?}"),
        }
    }

    /// The texts of the elements, sorted: for replies whose order is free.
    #[track_caller]
    pub fn sorted_texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.items().iter().map(Value::text).collect();
        texts.sort();
        texts
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Value::Error(_))
    }

    /// The one canonical way to write this reply.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out);
        out
    }

    fn encode_into(&self, out: &mut Vec<u8>) {
        let line = |out: &mut Vec<u8>, kind: u8, text: &[u8]| {
            out.push(kind);
            out.extend_from_slice(text);
            out.extend_from_slice(b"\r\n");
        };
        let count =
            |out: &mut Vec<u8>, kind: u8, n: usize| line(out, kind, n.to_string().as_bytes());
        let sized = |out: &mut Vec<u8>, kind: u8, bytes: &[u8]| {
            count(out, kind, bytes.len());
            out.extend_from_slice(bytes);
            out.extend_from_slice(b"\r\n");
        };
        let list = |out: &mut Vec<u8>, kind: u8, items: &[Value]| {
            count(out, kind, items.len());
            items.iter().for_each(|item| item.encode_into(out));
        };
        match self {
            Value::Simple(text) => line(out, b'+', text),
            Value::Error(text) => line(out, b'-', text),
            Value::Int(n) => line(out, b':', n.to_string().as_bytes()),
            Value::Double(text) => line(out, b',', text),
            Value::BigNumber(text) => line(out, b'(', text),
            Value::Bool(yes) => line(out, b'#', if *yes { b"t" } else { b"f" }),
            Value::Nil => line(out, b'$', b"-1"),
            Value::NilArray => line(out, b'*', b"-1"),
            Value::Null => line(out, b'_', b""),
            Value::Bulk(bytes) => sized(out, b'$', bytes),
            Value::Verbatim(bytes) => sized(out, b'=', bytes),
            Value::Array(items) => list(out, b'*', items),
            Value::Set(items) => list(out, b'~', items),
            Value::Push(items) => list(out, b'>', items),
            Value::Map(pairs) => {
                count(out, b'%', pairs.len());
                for (key, value) in pairs {
                    key.encode_into(out);
                    value.encode_into(out);
                }
            }
        }
    }
}

/// As transcripts write it.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, open: &str, items: &[Value]| {
            f.write_str(open)?;
            for (i, item) in items.iter().enumerate() {
                let gap = if i == 0 { "" } else { " " };
                f.write_str(gap)?;
                match item {
                    Value::Simple(text) => write!(f, "+{}", quoted(text))?,
                    Value::Error(text) => write!(f, "-{}", quoted(text))?,
                    other => write!(f, "{other:?}")?,
                }
            }
            f.write_str("]")
        };
        match self {
            Value::Simple(text) => write!(f, "+{}", escaped(text)),
            Value::Error(text) => write!(f, "-{}", escaped(text)),
            Value::Int(n) => write!(f, ":{n}"),
            Value::Double(text) => write!(f, ",{}", escaped(text)),
            Value::BigNumber(text) => write!(f, "({}", escaped(text)),
            Value::Bool(yes) => f.write_str(if *yes { "#t" } else { "#f" }),
            Value::Nil => f.write_str("nil"),
            Value::NilArray => f.write_str("nilarray"),
            Value::Null => f.write_str("null"),
            Value::Bulk(bytes) => f.write_str(&quoted(bytes)),
            Value::Verbatim(bytes) => write!(f, "={}", quoted(bytes)),
            Value::Array(items) => list(f, "[", items),
            Value::Set(items) => list(f, "~[", items),
            Value::Push(items) => list(f, ">[", items),
            Value::Map(pairs) => {
                f.write_str("%[")?;
                for (i, (key, value)) in pairs.iter().enumerate() {
                    let gap = if i == 0 { "" } else { " " };
                    write!(f, "{gap}{key:?} {value:?}")?;
                }
                f.write_str("]")
            }
        }
    }
}

/// Printable characters as they stand, the others as the transcripts' notation escapes them.
fn escaped(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\'", "'")
}

/// Bytes in quotes, escaped, and shortened when nobody would read them to the end.
pub fn quoted(bytes: &[u8]) -> String {
    const SHOWN: usize = 400;
    if bytes.len() <= SHOWN {
        return format!("\"{}\"", escaped(bytes));
    }
    let head = escaped(&bytes[..SHOWN / 2]);
    format!("\"{head}\" and so on, {} bytes", bytes.len())
}

/// One connection. Everything panics with a sentence on I/O errors, except the `try_` functions.
pub struct Conn {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Conn {
    /// Connects.
    #[track_caller]
    pub fn connect(addr: SocketAddr) -> Conn {
        match Conn::try_connect(addr) {
            Ok(conn) => conn,
            Err(error) => panic!("connect to {addr}: {error}"),
        }
    }

    /// Connects, with the timeouts of every test.
    pub fn try_connect(addr: SocketAddr) -> io::Result<Conn> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(IO_LIMIT))?;
        stream.set_write_timeout(Some(IO_LIMIT))?;
        let reader = BufReader::with_capacity(64 * 1024, stream.try_clone()?);
        Ok(Conn { stream, reader })
    }

    /// The socket itself, e.g. for `shutdown`, other timeouts, or to write from another thread.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Closes our writing half: the peer reads the end of the file.
    #[track_caller]
    pub fn shutdown_write(&mut self) {
        if let Err(error) = self.stream.shutdown(Shutdown::Write) {
            panic!("shutdown: {error}");
        }
    }

    /// Sends bytes as they are.
    #[track_caller]
    pub fn send_raw(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes) {
            panic!("sending {}: {error}", quoted(bytes));
        }
    }

    /// Sends one command as a multibulk request without waiting for the reply.
    #[track_caller]
    pub fn send(&mut self, args: &[&str]) {
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        self.send_raw(&request(&args));
    }

    /// Sends one command and reads its reply.
    #[track_caller]
    pub fn cmd(&mut self, args: &[&str]) -> Value {
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        self.cmd_bytes(&args)
    }

    /// Like [`Conn::cmd`] for arguments that are no text.
    #[track_caller]
    pub fn cmd_bytes(&mut self, args: &[&[u8]]) -> Value {
        match self.try_cmd(args) {
            Ok(value) => value,
            Err(error) => panic!("{}: {error}", show_args(args)),
        }
    }

    /// Like [`Conn::cmd_bytes`], for when the connection may end.
    pub fn try_cmd(&mut self, args: &[&[u8]]) -> io::Result<Value> {
        self.stream.write_all(&request(args))?;
        self.try_read_value()
    }

    /// Reads one reply.
    #[track_caller]
    pub fn read_value(&mut self) -> Value {
        match self.try_read_value() {
            Ok(value) => value,
            Err(error) => panic!("reading a reply: {error}"),
        }
    }

    /// Reads exactly the bytes of one reply.
    #[track_caller]
    pub fn read_raw_reply(&mut self) -> Vec<u8> {
        self.read_value().encode()
    }

    /// Reads one reply; an error of kind `InvalidData` when it is not canonical RESP, `UnexpectedEof` at the end.
    pub fn try_read_value(&mut self) -> io::Result<Value> {
        let mut raw = Vec::new();
        let value = read_value(&mut self.reader, &mut raw)?;
        if raw != value.encode() {
            return Err(malformed("not canonical", &raw));
        }
        Ok(value)
    }

    /// Fails unless exactly these bytes come next; says so at the first byte that differs.
    #[track_caller]
    pub fn expect_raw(&mut self, expected: &[u8]) {
        let mut got = Vec::new();
        while got.len() < expected.len() {
            let buffered = match fill(&mut self.reader) {
                Ok([]) => panic!(
                    "expected {}, got {} and the end",
                    quoted(expected),
                    quoted(&got)
                ),
                Ok(buffered) => buffered,
                Err(error) => panic!(
                    "expected {}, got {} and {error}",
                    quoted(expected),
                    quoted(&got)
                ),
            };
            let taken = buffered.len().min(expected.len() - got.len());
            let differs = buffered[..taken] != expected[got.len()..got.len() + taken];
            got.extend_from_slice(if differs {
                buffered
            } else {
                &buffered[..taken]
            });
            if differs {
                panic!("expected {}, got {}", quoted(expected), quoted(&got));
            }
            self.reader.consume(taken);
        }
    }

    /// Fails unless the peer closes now, with nothing more to read (a reset counts: bytes of ours may be unread).
    #[track_caller]
    pub fn expect_closed(&mut self) {
        let mut rest = Vec::new();
        match self.reader.by_ref().take(4096).read_to_end(&mut rest) {
            Ok(_) if rest.is_empty() => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset && rest.is_empty() => {}
            Ok(_) => panic!("expected the end of the connection, got {}", quoted(&rest)),
            Err(error) => panic!(
                "expected the end of the connection, got {} and {error}",
                quoted(&rest)
            ),
        }
    }

    /// Fails when anything comes within `wait`.
    #[track_caller]
    pub fn expect_silence(&mut self, wait: Duration) {
        let set = |limit| self.stream.set_read_timeout(Some(limit)).is_ok();
        assert!(set(wait), "cannot set a read timeout of {wait:?}");
        let outcome = fill(&mut self.reader).map(<[u8]>::to_vec);
        assert!(set(IO_LIMIT), "cannot set the read timeout back");
        match outcome {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) => {}
            Ok(bytes) => panic!("expected silence, got {}", quoted(&bytes)),
            Err(error) => panic!("expected silence, got {error}"),
        }
    }

    /// Runs a transcript; see [`super::transcript`].
    #[track_caller]
    pub fn transcript(&mut self, script: &str) {
        super::transcript::run(self, script);
    }

    /// Likewise with what is so until this moment: an answer that comes later, and is another one, is none.
    #[track_caller]
    pub fn transcript_before(&mut self, end: Instant, script: &str) {
        super::transcript::run_before(self, end, script);
    }
}

/// A multibulk request.
pub fn request(args: &[&[u8]]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The first value of some bytes, and how long it is; None where there is no whole one.
pub fn parse(bytes: &[u8]) -> Option<(Value, usize)> {
    let mut raw = Vec::new();
    let value = read_value(&mut &bytes[..], &mut raw).ok()?;
    (raw == value.encode()).then_some((value, raw.len()))
}

/// Arguments as a person reads them.
pub fn show_args(args: &[&[u8]]) -> String {
    let shown: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
    shown.join(" ")
}

fn malformed(what: &str, bytes: &[u8]) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("malformed reply ({what}): {}", quoted(bytes)),
    )
}

/// Reads one value and appends its very bytes to `raw`.
fn read_value(reader: &mut impl BufRead, raw: &mut Vec<u8>) -> io::Result<Value> {
    let line = read_line(reader, raw)?;
    let Some((kind, rest)) = line.split_first() else {
        return Err(malformed("empty line", &line));
    };
    let number = || {
        let text = std::str::from_utf8(rest).ok();
        text.and_then(|text| text.parse::<i64>().ok())
            .ok_or_else(|| malformed("number", &line))
    };
    let length = || {
        let n = usize::try_from(number()?).unwrap_or(usize::MAX);
        (n <= LENGTH_LIMIT)
            .then_some(n)
            .ok_or_else(|| malformed("length", &line))
    };
    Ok(match kind {
        b'+' => Value::Simple(rest.to_vec()),
        b'-' => Value::Error(rest.to_vec()),
        b':' => Value::Int(number()?),
        b',' => Value::Double(rest.to_vec()),
        b'(' => Value::BigNumber(rest.to_vec()),
        b'#' => Value::Bool(rest == b"t"),
        b'_' => Value::Null,
        b'$' if rest == b"-1" => Value::Nil,
        b'*' if rest == b"-1" => Value::NilArray,
        b'$' => Value::Bulk(read_body(reader, raw, length()?)?),
        b'=' => Value::Verbatim(read_body(reader, raw, length()?)?),
        b'*' => Value::Array(read_items(reader, raw, length()?)?),
        b'~' => Value::Set(read_items(reader, raw, length()?)?),
        b'>' => Value::Push(read_items(reader, raw, length()?)?),
        b'%' => {
            let mut items = read_items(reader, raw, length()? * 2)?.into_iter();
            let mut pairs = Vec::new();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                pairs.push((key, value));
            }
            Value::Map(pairs)
        }
        _ => return Err(malformed("type byte", &line)),
    })
}

/// Some bytes, or none at the end. A process that is stopped and continued finds its read interrupted.
fn fill(reader: &mut impl BufRead) -> io::Result<&[u8]> {
    while let Err(error) = reader.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    reader.fill_buf()
}

fn read_items(reader: &mut impl BufRead, raw: &mut Vec<u8>, n: usize) -> io::Result<Vec<Value>> {
    (0..n).map(|_| read_value(reader, raw)).collect()
}

/// A line without its CR LF.
fn read_line(reader: &mut impl BufRead, raw: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    raw.extend_from_slice(&line);
    if line.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the connection was closed",
        ));
    }
    match line.strip_suffix(b"\r\n") {
        Some(text) => Ok(text.to_vec()),
        None => Err(malformed("line without CR LF", &line)),
    }
}

fn read_body(reader: &mut impl BufRead, raw: &mut Vec<u8>, n: usize) -> io::Result<Vec<u8>> {
    let mut body = vec![0; n + 2];
    reader.read_exact(&mut body)?;
    raw.extend_from_slice(&body);
    if body.ends_with(b"\r\n") {
        body.truncate(n);
        Ok(body)
    } else {
        Err(malformed("string without CR LF", &body))
    }
}
