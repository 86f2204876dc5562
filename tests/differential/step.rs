//! What is sent: requests in one of the forms a client may write them, gathered in steps.
//!
//! ```text
//!   stream   = step step step ...            what a seed gives, and what shrinking drops pieces of
//!   step     = request [request ...]         requests that only make sense together, e.g. RANDOMKEY and then KEYS *
//!   batch    = the steps up to one that ends it; sent whole before the first reply is read (a pipeline)
//!   chunk    = what one write() sends; cuts fall anywhere in a step, and a step without a cut joins its neighbours
//! ```

use std::fmt::Write as _;

/// An argument, any bytes.
pub type Bytes = Vec<u8>;
/// A command and its arguments.
pub type Args = Vec<Bytes>;

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`
    Multibulk,
    /// `GET k`; the bits choose how each argument is quoted and how the line ends.
    Inline(u64),
    /// The one argument as it is.
    Raw,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The command's name and its arguments.
    pub args: Args,
    /// How they are written.
    pub form: Form,
    /// No reply will come.
    pub silent: bool,
    /// The reply follows from chance (what is left after SPOP): only its kind and its size are compared.
    pub loose: bool,
}

/// How many clients there are. Most groups have the first one to themselves.
pub const CONNECTIONS: usize = 3;

/// What the runner does with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Sends the requests and compares the replies.
    Pipeline,
    /// Sends the one request again and again, each time with the cursor of the page before as argument `cursor`, until it
    /// is 0, and compares what was found.
    ScanToTheEnd {
        /// Index of the argument.
        cursor: usize,
    },
    /// Like `Pipeline`; then the server must close, and both sides connect anew.
    Hangup,
    /// Sends the requests and leaves the server some time, in which keys expire. In a crowd only.
    Rest,
}

/// Where a step is cut in two writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The place, in 65536ths of the step's bytes (a step may be shortened by shrinking, and the place stays inside).
    pub at: u16,
    /// Wait a little there, so that the server sees the first piece alone.
    pub pause: bool,
}

/// Requests that belong together, and how they travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// In the order they are sent.
    pub requests: Vec<Request>,
    /// On which connection, below [`CONNECTIONS`]. What one of them is sent is answered before another is sent more.
    pub connection: usize,
    /// What to do with them.
    pub work: Work,
    /// The requests lean on each other's arguments: shrinking takes all of them as they are, or none.
    pub whole: bool,
    /// The replies are read after this step.
    pub ends_batch: bool,
    /// In any order.
    pub cuts: Vec<Cut>,
}

impl Request {
    /// A multibulk request that gets a reply.
    pub fn new(args: Args) -> Request {
        Request {
            args,
            form: Form::Multibulk,
            silent: false,
            loose: false,
        }
    }

    /// The same without a reply.
    pub fn silent(args: Args) -> Request {
        Request {
            silent: true,
            ..Request::new(args)
        }
    }

    /// The same with a reply that follows from chance.
    pub fn loose(args: Args) -> Request {
        Request {
            loose: true,
            ..Request::new(args)
        }
    }

    /// Bytes as they are.
    pub fn raw(bytes: &[u8], silent: bool) -> Request {
        Request {
            args: vec![bytes.to_vec()],
            form: Form::Raw,
            silent,
            loose: false,
        }
    }

    /// The upper-case name; empty when there is none.
    pub fn name(&self) -> String {
        upper(&self.args, 0)
    }

    /// Appends what is sent.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self.form {
            Form::Multibulk => {
                let args: Vec<&[u8]> = self.args.iter().map(Vec::as_slice).collect();
                out.extend_from_slice(&crate::common::client::request(&args));
            }
            Form::Inline(quotes) => encode_inline(&self.args, quotes, out),
            Form::Raw => self.args.iter().for_each(|arg| out.extend_from_slice(arg)),
        }
    }

    /// As one would type it in `redis-cli`; arguments longer than `shown` bytes are cut short.
    pub fn show(&self, shown: usize) -> String {
        let words: Vec<String> = self.args.iter().map(|arg| show_word(arg, shown)).collect();
        let note = match self.form {
            Form::Multibulk => "",
            Form::Inline(_) => "   (inline)",
            Form::Raw => "   (raw bytes)",
        };
        words.join(" ") + note
    }
}

impl Step {
    /// A step of requests that are sent and answered.
    pub fn pipeline(requests: Vec<Request>) -> Step {
        Step {
            requests,
            connection: 0,
            work: Work::Pipeline,
            whole: false,
            ends_batch: false,
            cuts: Vec::new(),
        }
    }

    /// The same of requests that make no sense one without the other.
    pub fn whole(requests: Vec<Request>) -> Step {
        Step {
            whole: true,
            ..Step::pipeline(requests)
        }
    }

    /// The same on another connection than the first.
    pub fn on(self, connection: usize) -> Step {
        assert!(connection < CONNECTIONS, "there are no more connections");
        Step { connection, ..self }
    }

    /// One line a request.
    pub fn show(&self, shown: usize) -> Vec<String> {
        let after = match self.work {
            Work::Pipeline => "",
            Work::Rest => "   (then some time passes)",
            Work::ScanToTheEnd { .. } => "   (until the cursor is 0)",
            Work::Hangup => "   (then the server closes)",
        };
        let who = match self.connection {
            0 => String::new(),
            other => format!("[{other}] "),
        };
        let line = |request: &Request| format!("{who}{}{after}", request.show(shown));
        self.requests.iter().map(line).collect()
    }
}

/// Upper case of argument `index`; empty when there is none.
pub fn upper(args: &[Bytes], index: usize) -> String {
    let arg = args.get(index).map(Vec::as_slice).unwrap_or_default();
    String::from_utf8_lossy(arg).to_ascii_uppercase()
}

/// Arguments from words without spaces.
pub fn words(line: &str) -> Args {
    line.split_ascii_whitespace().map(Bytes::from).collect()
}

/// One argument in `redis-cli`'s notation, in quotes where it needs them.
fn show_word(arg: &[u8], shown: usize) -> String {
    let part = &arg[..arg.len().min(shown)];
    let mut out = String::new();
    if is_bare(part) {
        out.push_str(&String::from_utf8_lossy(part));
    } else {
        out.push_str(&String::from_utf8_lossy(&double_quoted(part)));
    }
    if part.len() < arg.len() {
        let _ = write!(out, "...({} bytes)", arg.len());
    }
    out
}

/// Whether an argument needs no quotes in a line.
fn is_bare(arg: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'');
    !arg.is_empty() && arg.iter().all(plain)
}

/// In double quotes, everything unusual as `\xHH`.
fn double_quoted(arg: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in arg {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b' '..=b'~' => out.push(byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
    out
}

/// In single quotes, where only the quote itself is escaped: not for a backslash before it, nor for line ends.
fn single_quoted(arg: &[u8]) -> Vec<u8> {
    let mut out = vec![b'\''];
    for &byte in arg {
        if byte == b'\'' {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'\'');
    out
}

fn encode_inline(args: &[Bytes], quotes: u64, out: &mut Vec<u8>) {
    let may_be_single = |arg: &[u8]| arg.iter().all(|b| (b' '..=b'~').contains(b) && *b != b'\\');
    for (index, arg) in args.iter().enumerate() {
        let choice = (quotes >> (2 * (index % 24))) & 3;
        // A line that begins with a star is a multibulk request.
        let bare = is_bare(arg) && !(index == 0 && arg[0] == b'*');
        if index > 0 {
            out.extend_from_slice(if choice == 3 { b"  " } else { b" " });
        }
        match choice {
            0 | 1 if bare => out.extend_from_slice(arg),
            2 if may_be_single(arg) => out.extend_from_slice(&single_quoted(arg)),
            _ => out.extend_from_slice(&double_quoted(arg)),
        }
    }
    out.extend_from_slice(if quotes >> 63 == 0 { b"\r\n" } else { b"\n" });
}
