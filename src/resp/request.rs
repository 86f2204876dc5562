//! One request: its arguments, wherever they lie.
//!
//! ```text
//!  input   *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n\r\n
//!                      ▲▲▲          ▲
//!  spans             {8, 3}      {17, 1}     {owned, 0}
//!                                                 │
//!  owned                                  [ Vec of 100000 bytes ]
//! ```
//!
//! Most arguments are slices of the client's input buffer. The few that are not (big ones, which are
//! received straight into a vector of their own, and quoted inline ones, which had to be unescaped) are
//! owned by the request, and a command that stores one takes it away instead of copying it.

use std::ops::Index;

/// The `len` of a span whose `start` counts owned arguments instead of bytes.
const OWNED: u32 = u32::MAX;

/// The largest position a span can point at.
pub(super) const MAX_POSITION: usize = (u32::MAX - 1) as usize;

/// Where one argument lies: in the input, counted from the request's first byte, or among the owned ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// `len` bytes of the input at `start`. Both together are at most [`MAX_POSITION`].
    #[inline]
    pub(super) fn of_input(start: usize, len: usize) -> Self {
        debug_assert!(start + len <= MAX_POSITION, "a span holds 32-bit positions");
        Self {
            start: start as u32,
            len: len as u32,
        }
    }

    /// The `nth` owned argument. There are never more of them than bytes of input.
    pub(super) fn of_owned(nth: usize) -> Self {
        debug_assert!(nth <= MAX_POSITION, "a span holds 32-bit positions");
        Self {
            start: nth as u32,
            len: OWNED,
        }
    }

    /// The argument itself, in its request's input, or among its owned arguments.
    #[inline]
    pub(super) fn slice<'a>(self, input: &'a [u8], owned: &'a [Vec<u8>]) -> &'a [u8] {
        let start = self.start as usize;
        if self.len == OWNED {
            &owned[start]
        } else {
            &input[start..start + self.len as usize]
        }
    }
}

/// The arguments of one request, the command's name first. Cheap to make: it borrows everything.
#[derive(Debug)]
pub struct Request<'a> {
    spans: &'a [Span],
    owned: &'a mut [Vec<u8>],
    input: &'a [u8],
}

impl<'a> Request<'a> {
    /// `input` holds at least every byte that `spans` point at.
    pub(super) fn new(spans: &'a [Span], owned: &'a mut [Vec<u8>], input: &'a [u8]) -> Self {
        Self {
            spans,
            owned,
            input,
        }
    }

    /// How many arguments, with the command's name; 0 for an empty line or `*0`.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is not even a command's name: such a request is skipped without a reply.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether arguments of it can be [taken](Request::take) without a copy, and are gone then.
    #[inline]
    pub fn owns_any(&self) -> bool {
        !self.owned.is_empty()
    }

    /// Argument `i`, counted from 0 for the command's name.
    ///
    /// # Panics
    /// When there is no such argument: the caller has checked the arity.
    #[inline]
    pub fn arg(&self, i: usize) -> &[u8] {
        self.slice(self.spans[i])
    }

    /// Argument `i`, or `None` when there is none.
    #[inline]
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        self.spans.get(i).map(|&span| self.slice(span))
    }

    #[inline]
    fn slice(&self, span: Span) -> &[u8] {
        span.slice(self.input, self.owned)
    }

    /// Argument `i` as a vector: moved when it is owned (it is empty from then on), copied when not.
    /// Take before borrowing other arguments.
    ///
    /// # Panics
    /// When there is no such argument.
    pub fn take(&mut self, i: usize) -> Vec<u8> {
        let span = self.spans[i];
        if span.len == OWNED {
            std::mem::take(&mut self.owned[span.start as usize])
        } else {
            self.slice(span).to_vec()
        }
    }

    /// The arguments in order, the command's name first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + DoubleEndedIterator + Clone {
        self.spans.iter().map(|&span| self.slice(span))
    }

    /// The same request, free of the input buffer, for a transaction's queue. Owned arguments move, so
    /// they are empty in `self` from then on; the others are copied, in one piece.
    pub fn detach(&mut self) -> OwnedRequest {
        let (mut bytes, mut spans, mut owned) = (Vec::new(), Vec::new(), Vec::new());
        self.move_to(&mut bytes, &mut spans, &mut owned);
        OwnedRequest {
            spans: spans.into_boxed_slice(),
            owned: owned.into_boxed_slice(),
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Appends what is needed to say the same request again: its bytes without what lies between them,
    /// where they lie from the end of `bytes` on, and the owned arguments, which are moved.
    pub(super) fn move_to(
        &mut self,
        bytes: &mut Vec<u8>,
        spans: &mut Vec<Span>,
        owned: &mut Vec<Vec<u8>>,
    ) {
        let start = bytes.len();
        spans.extend(self.spans.iter().map(|&span| {
            if span.len == OWNED {
                return span;
            }
            let moved = Span::of_input(bytes.len() - start, span.len as usize);
            bytes.extend_from_slice(self.slice(span));
            moved
        }));
        owned.extend(self.owned.iter_mut().map(std::mem::take));
    }

    /// Appends the request in its canonical form (a multibulk), as a log or a replica wants it.
    pub fn append_raw(&self, out: &mut Vec<u8>) {
        out.push(b'*');
        crate::number::push_i64(out, self.len() as i64);
        out.extend_from_slice(b"\r\n");
        for arg in self.iter() {
            out.push(b'$');
            crate::number::push_i64(out, arg.len() as i64);
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(arg);
            out.extend_from_slice(b"\r\n");
        }
    }
}

impl Index<usize> for Request<'_> {
    type Output = [u8];

    #[inline]
    fn index(&self, i: usize) -> &[u8] {
        self.arg(i)
    }
}

/// A request that owns its bytes: one that waits in a transaction, or one that never came from a socket.
///
/// ```
/// use aerolite::resp::OwnedRequest;
/// let mut owned = OwnedRequest::from_args(["SET", "key", "value"]);
/// let request = owned.request();
/// assert_eq!(&request[1], b"key");
/// ```
#[derive(Debug, Default)]
pub struct OwnedRequest {
    spans: Box<[Span]>,
    owned: Box<[Vec<u8>]>,
    bytes: Box<[u8]>,
}

impl OwnedRequest {
    /// A request with these arguments, the command's name first.
    pub fn from_args<A: AsRef<[u8]>>(args: impl IntoIterator<Item = A>) -> Self {
        let owned: Box<[Vec<u8>]> = args.into_iter().map(|arg| arg.as_ref().to_vec()).collect();
        Self {
            spans: (0..owned.len()).map(Span::of_owned).collect(),
            owned,
            bytes: Box::default(),
        }
    }

    /// The request to execute.
    pub fn request(&mut self) -> Request<'_> {
        Request::new(&self.spans, &mut self.owned, &self.bytes)
    }

    /// The bytes of memory it holds, for the accounting of a transaction's queue.
    pub fn memory(&self) -> usize {
        let owned: usize = self.owned.iter().map(Vec::capacity).sum();
        size_of_val(&*self.spans) + size_of_val(&*self.owned) + owned + self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_moves_owned_arguments_and_copies_the_others() {
        let spans = [
            Span::of_input(0, 3),
            Span::of_owned(0),
            Span::of_input(3, 0),
        ];
        let mut owned = [b"big".to_vec()];
        let place = owned[0].as_ptr();
        let mut request = Request::new(&spans, &mut owned, b"SET");
        assert_eq!(
            request.iter().collect::<Vec<_>>(),
            [&b"SET"[..], b"big", b""]
        );
        assert_eq!(request.get(3), None);
        let taken = request.take(1);
        assert_eq!((taken.as_slice(), taken.as_ptr()), (&b"big"[..], place));
        assert_eq!(&request[1], b"");
        assert_eq!(request.take(0), b"SET");
        assert_eq!(request.arg(0), b"SET", "a slice of the input stays");
    }

    #[test]
    fn detached_requests_say_the_same() {
        let spans = [
            Span::of_input(2, 3),
            Span::of_owned(0),
            Span::of_input(9, 1),
        ];
        let mut owned = [b"big".to_vec()];
        let mut request = Request::new(&spans, &mut owned, b"..SET....k");
        let mut before = Vec::new();
        request.append_raw(&mut before);
        let mut detached = request.detach();
        let mut after = Vec::new();
        detached.request().append_raw(&mut after);
        assert_eq!(after, b"*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$1\r\nk\r\n");
        assert_eq!(before, after);
        assert!(detached.memory() >= 7);
    }
}
