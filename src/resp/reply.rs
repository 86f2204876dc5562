//! The reply writer: Redis's types in the client's protocol.
//!
//! RESP3 has types of its own for what RESP2 says with arrays and strings. A command says what it means and
//! the writer says it in the protocol that the client has chosen (`HELLO`):
//!
//! ```text
//!             RESP2              RESP3
//!  null       $-1                _
//!  bool       :1  :0             #t  #f
//!  double     $3 0.1             ,0.1
//!  map(n)     *2n                %n
//!  set(n)     *n                 ~n
//!  push(n)    *n                 >n
//!  verbatim   $len text          =len+4 txt:text
//! ```

use std::sync::Arc;

use super::output::{Mark, Output};
use crate::number::{format_f64, parse_f64, parse_i64, push_i64};
use crate::short;

/// Bulk strings from this length on are worth sharing rather than copying: below it the copy is cheaper than
/// another piece in the write.
const SHARE_FROM: usize = 16 * 1024;

/// The version of the protocol that a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// The one every client begins with.
    #[default]
    Resp2,
    /// Chosen with `HELLO 3`.
    Resp3,
}

/// Writes one reply (or one pushed message) at the end of an output.
///
/// ```
/// use aerolite::resp::{Output, Protocol, Reply};
/// let mut output = Output::new();
/// let mut reply = Reply::new(&mut output, Protocol::Resp2);
/// reply.map(1);
/// reply.bulk(b"proto");
/// reply.integer(2);
/// assert_eq!(output.len(), b"*2\r\n$5\r\nproto\r\n:2\r\n".len());
/// ```
#[derive(Debug)]
pub struct Reply<'a> {
    out: &'a mut Output,
    protocol: Protocol,
}

/// An aggregate whose length is written when its items are. Finish the inner one first.
#[derive(Debug)]
#[must_use = "an aggregate without its length is not a reply"]
pub struct Deferred {
    mark: Mark,
    kind: u8,
    /// How many items of the protocol stand for one of the caller's.
    items_each: usize,
}

/// What stands for the header of a deferred aggregate until it is finished: the most common one by length, so
/// that up to nine items nothing has to move.
const DEFERRED_HEADER: &[u8] = b"*0\r\n";

/// Redis's own extension names have three letters, and clients split there.
const VERBATIM_FORMAT_LEN: usize = 3;

impl<'a> Reply<'a> {
    /// A writer at the end of `out`.
    #[inline]
    pub fn new(out: &'a mut Output, protocol: Protocol) -> Self {
        Self { out, protocol }
    }

    /// The client's protocol.
    #[inline]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Changes the protocol from here on, as `HELLO` does before it answers.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// The output behind, to mark and truncate.
    #[inline]
    pub fn output(&mut self) -> &mut Output {
        self.out
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.out.push(b"+OK\r\n");
    }

    /// A status, such as `QUEUED`. It must have no CR or LF in it: it is the server's own word.
    pub fn simple(&mut self, status: &str) {
        debug_assert!(!status.contains(['\r', '\n']), "a status is one line");
        let bytes = self.out.tail();
        bytes.push(b'+');
        bytes.extend_from_slice(status.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }

    /// An error; `text` begins with its code, `ERR ...` or `WRONGTYPE ...`, without the `-`. It may quote
    /// what a client sent: CR and LF become spaces, and are dropped at both ends.
    pub fn error(&mut self, text: impl AsRef<[u8]>) {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let text = text.as_ref();
        let from = text.iter().take_while(|b| is_break(b)).count();
        let text = &text[from..];
        let behind = text.iter().rev().take_while(|b| is_break(b)).count();
        let text = &text[..text.len() - behind];
        let bytes = self.out.tail();
        bytes.push(b'-');
        bytes.extend(text.iter().map(|b| if is_break(b) { b' ' } else { *b }));
        bytes.extend_from_slice(b"\r\n");
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        match value {
            0 => self.out.push(b":0\r\n"),
            1 => self.out.push(b":1\r\n"),
            _ => self.header(b':', value),
        }
    }

    /// An integer that has been printed already, by [`itoa`] or in the same form.
    #[inline]
    pub fn integer_text(&mut self, digits: &[u8]) {
        debug_assert!(parse_i64(digits).is_some(), "an integer is sent");
        let bytes = self.out.tail();
        match *digits {
            // Most of them.
            [ones] => bytes.extend_from_slice(&[b':', ones, b'\r', b'\n']),
            [tens, ones] => bytes.extend_from_slice(&[b':', tens, ones, b'\r', b'\n']),
            _ => self.line(b':', digits),
        }
    }

    /// A string of any bytes.
    #[inline]
    pub fn bulk(&mut self, value: &[u8]) {
        let bytes = self.out.tail();
        bytes.reserve(value.len() + MAX_HEADER + 2);
        push_header(bytes, b'$', value.len() as i64);
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }

    /// A string that somebody else holds too: a big one is not copied.
    pub fn bulk_shared(&mut self, value: &Arc<Vec<u8>>) {
        if value.len() < SHARE_FROM {
            return self.bulk(value);
        }
        self.header(b'$', value.len() as i64);
        self.out.push_shared(Arc::clone(value));
        self.out.push(b"\r\n");
    }

    /// An integer as a string, as `GET` gives a counter.
    pub fn bulk_integer(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// A floating-point number: a string in RESP2.
    pub fn double(&mut self, value: f64) {
        self.double_text(&format_f64(value));
    }

    /// The same of one that has been printed already, with the digits that it is to have.
    pub fn double_text(&mut self, digits: &str) {
        debug_assert!(
            parse_f64(digits.as_bytes()).is_some(),
            "a floating-point number is sent"
        );
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits.as_bytes()),
            Protocol::Resp3 => self.line(b',', digits.as_bytes()),
        }
    }

    /// Yes or no: 1 or 0 in RESP2.
    pub fn bool(&mut self, value: bool) {
        self.out.push(match (self.protocol, value) {
            (Protocol::Resp2, true) => b":1\r\n",
            (Protocol::Resp2, false) => b":0\r\n",
            (Protocol::Resp3, true) => b"#t\r\n",
            (Protocol::Resp3, false) => b"#f\r\n",
        });
    }

    /// Nothing, where a string could be.
    #[inline]
    pub fn null(&mut self) {
        self.out.push(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// Nothing, where an array could be.
    pub fn null_array(&mut self) {
        self.out.push(match self.protocol {
            Protocol::Resp2 => b"*-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// The head of an array; `len` replies follow.
    #[inline]
    pub fn array(&mut self, len: usize) {
        self.header(b'*', len as i64);
    }

    /// The head of a map; `pairs` times a key and a value follow.
    pub fn map(&mut self, pairs: usize) {
        let (kind, items_each) = self.map_kind();
        self.header(kind, (pairs * items_each) as i64);
    }

    /// The head of a set; `len` replies follow.
    pub fn set(&mut self, len: usize) {
        let kind = self.resp3_kind(b'~');
        self.header(kind, len as i64);
    }

    /// The head of a message that answers no request; `len` replies follow.
    pub fn push(&mut self, len: usize) {
        let kind = self.resp3_kind(b'>');
        self.header(kind, len as i64);
    }

    /// The head of attributes, `pairs` times a key and a value, in front of the reply they speak of.
    /// Says whether to write them: RESP2 has no such thing, and nothing is written there.
    #[must_use = "in RESP2 the pairs must not follow"]
    pub fn attribute(&mut self, pairs: usize) -> bool {
        let possible = self.protocol == Protocol::Resp3;
        if possible {
            self.header(b'|', pairs as i64);
        }
        possible
    }

    /// Text for people; `format` is `txt` or `mkd`. A string in RESP2.
    ///
    /// # Panics
    /// When `format` has not three bytes.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        assert!(
            format.len() == VERBATIM_FORMAT_LEN,
            "a verbatim string's format has three letters"
        );
        if self.protocol == Protocol::Resp2 {
            return self.bulk(text);
        }
        self.header(b'=', (text.len() + VERBATIM_FORMAT_LEN + 1) as i64);
        let bytes = self.out.tail();
        bytes.extend_from_slice(format.as_bytes());
        bytes.push(b':');
        bytes.extend_from_slice(text);
        bytes.extend_from_slice(b"\r\n");
    }

    /// An integer of any size, in decimal. A string in RESP2.
    pub fn big_number(&mut self, decimal: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(decimal.as_bytes()),
            Protocol::Resp3 => self.line(b'(', decimal.as_bytes()),
        }
    }

    /// Begins an array whose length comes with [`finish`](Self::finish).
    pub fn deferred_array(&mut self) -> Deferred {
        self.deferred(b'*', 1)
    }

    /// Begins a set whose length comes with [`finish`](Self::finish).
    pub fn deferred_set(&mut self) -> Deferred {
        let kind = self.resp3_kind(b'~');
        self.deferred(kind, 1)
    }

    /// Begins a map whose number of pairs comes with [`finish`](Self::finish).
    pub fn deferred_map(&mut self) -> Deferred {
        let (kind, items_each) = self.map_kind();
        self.deferred(kind, items_each)
    }

    /// Writes the length of `aggregate`: `len` items, or pairs of a map, have been written since it began. Costs
    /// a move of what follows its header when there are more than nine.
    pub fn finish(&mut self, aggregate: Deferred, len: usize) {
        let mut header = Vec::with_capacity(MAX_HEADER);
        push_header(
            &mut header,
            aggregate.kind,
            (len * aggregate.items_each) as i64,
        );
        self.out
            .patch(aggregate.mark, DEFERRED_HEADER.len(), &header);
    }

    /// Bytes that are a reply already.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.push(bytes);
    }

    fn deferred(&mut self, kind: u8, items_each: usize) -> Deferred {
        let mark = self.out.mark();
        self.out.push(DEFERRED_HEADER);
        Deferred {
            mark,
            kind,
            items_each,
        }
    }

    /// How a map is headed, and how many items of that head make a pair.
    fn map_kind(&self) -> (u8, usize) {
        match self.protocol {
            Protocol::Resp2 => (b'*', 2),
            Protocol::Resp3 => (b'%', 1),
        }
    }

    fn resp3_kind(&self, kind: u8) -> u8 {
        match self.protocol {
            Protocol::Resp2 => b'*',
            Protocol::Resp3 => kind,
        }
    }

    #[inline]
    fn header(&mut self, kind: u8, number: i64) {
        push_header(self.out.tail(), kind, number);
    }

    #[inline]
    fn line(&mut self, kind: u8, text: &[u8]) {
        let bytes = self.out.tail();
        let len = text.len() + 3;
        if len <= SHORT_LINE {
            // Put together here and copied with a length that is known: what is too much is cut off.
            let mut line = [kind; SHORT_LINE];
            short::copy(&mut line[1..=text.len()], text);
            line[len - 2] = b'\r';
            line[len - 1] = b'\n';
            bytes.extend_from_slice(&line);
            bytes.truncate(bytes.len() - (SHORT_LINE - len));
        } else {
            bytes.reserve(len);
            bytes.push(kind);
            bytes.extend_from_slice(text);
            bytes.extend_from_slice(b"\r\n");
        }
    }
}

/// Lines up to this long are put together before they are appended: numbers are.
const SHORT_LINE: usize = 24;

/// The longest header: a type, the digits of `i64::MIN`, CR LF.
const MAX_HEADER: usize = 23;

/// A type byte, a number and the end of the line. Numbers of one digit are most of them.
#[inline(always)]
fn push_header(bytes: &mut Vec<u8>, kind: u8, number: i64) {
    if (0..=9).contains(&number) {
        bytes.extend_from_slice(&[kind, b'0' + number as u8, b'\r', b'\n']);
    } else {
        push_long_header(bytes, kind, number);
    }
}

fn push_long_header(bytes: &mut Vec<u8>, kind: u8, number: i64) {
    bytes.push(kind);
    push_i64(bytes, number);
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
