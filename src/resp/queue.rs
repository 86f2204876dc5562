//! Requests that are to be run later, one behind the other: what a transaction has queued.
//!
//! A queue of a thousand small requests must not be thousands of small allocations. All bytes lie in one
//! arena, all spans in another, and a request is a place in both:
//!
//! ```text
//!  bytes     S E T k v G E T k
//!            └─ first ─┘└second┘
//!  spans     {0,3} {3,1} {4,1}   {0,3} {3,1}       counted from the request's first byte
//!            └───── first ────┘  └─ second ┘
//!  owned     big arguments, moved and not copied
//! ```

use super::request::{Request, Span};

/// See the module's text.
///
/// ```
/// use aerolite::resp::{OwnedRequest, RequestQueue};
/// let mut queue = RequestQueue::default();
/// queue.push(&mut OwnedRequest::from_args(["GET", "key"]).request());
/// assert_eq!(&queue.request(0)[1], b"key");
/// ```
#[derive(Debug, Default)]
pub struct RequestQueue {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    owned: Vec<Vec<u8>>,
    /// The length of all owned arguments together.
    owned_bytes: usize,
    places: Vec<Place>,
}

/// Where a request begins in each of the arenas; it ends where the next one begins.
#[derive(Debug, Clone, Copy)]
struct Place {
    bytes: usize,
    spans: usize,
    owned: usize,
}

impl RequestQueue {
    /// How many requests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Appends a request. Its owned arguments move, so they are empty in `request` from then on.
    pub fn push(&mut self, request: &mut Request<'_>) {
        let place = self.end();
        self.places.push(place);
        request.move_to(&mut self.bytes, &mut self.spans, &mut self.owned);
        let moved = self.owned[place.owned..].iter().map(Vec::len);
        self.owned_bytes += moved.sum::<usize>();
    }

    /// Argument `arg` of request `i`, to be looked at. `None` where there is none.
    #[must_use]
    pub fn peek(&self, i: usize, arg: usize) -> Option<&[u8]> {
        let start = self.places.get(i)?;
        let end = self.places.get(i + 1).copied().unwrap_or(self.end());
        let span = self.spans[start.spans..end.spans].get(arg)?;
        let (bytes, owned) = (&self.bytes[start.bytes..], &self.owned[start.owned..]);
        Some(span.slice(bytes, owned))
    }

    /// Request `i`, to be run. What a command takes out of it is gone.
    ///
    /// # Panics
    /// When there is no such request.
    pub fn request(&mut self, i: usize) -> Request<'_> {
        let start = self.places[i];
        let end = self.places.get(i + 1).copied().unwrap_or(self.end());
        Request::new(
            &self.spans[start.spans..end.spans],
            &mut self.owned[start.owned..end.owned],
            &self.bytes[start.bytes..end.bytes],
        )
    }

    /// The length of what has been queued: the arguments, and for each of them what is needed to find it, so
    /// that empty ones do not come for nothing.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.bytes.len() + self.owned_bytes + size_of_val(&*self.spans)
    }

    /// The bytes of memory it holds. A big argument counts until the queue is dropped, even when it has been
    /// taken.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
            + self.spans.capacity() * size_of::<Span>()
            + self.owned.capacity() * size_of::<Vec<u8>>()
            + self.owned_bytes
            + self.places.capacity() * size_of::<Place>()
    }

    fn end(&self) -> Place {
        Place {
            bytes: self.bytes.len(),
            spans: self.spans.len(),
            owned: self.owned.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    fn raw(request: &Request<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        request.append_raw(&mut bytes);
        bytes
    }

    #[test]
    fn requests_come_out_as_they_went_in() {
        let spans = [
            Span::of_input(2, 3),
            Span::of_owned(0),
            Span::of_input(9, 1),
        ];
        let mut queue = RequestQueue::default();
        let mut expected = Vec::new();
        for value in ["first", "", "third"] {
            let mut owned = [value.as_bytes().to_vec()];
            let mut request = Request::new(&spans, &mut owned, b"..SET....k");
            expected.push(raw(&request));
            queue.push(&mut request);
        }
        let mut words = OwnedRequest::from_args(["ONE", "", "three"]);
        // None of its arguments is owned when it has been detached from an input.
        expected.push(raw(&words.request()));
        queue.push(&mut words.request());
        assert_eq!(queue.len(), expected.len());
        assert_eq!(queue.peek(expected.len(), 0), None);
        for (i, expected) in expected.iter().enumerate().rev() {
            assert_eq!(raw(&queue.request(i)), *expected);
            let (request, last) = (raw(&queue.request(i)), queue.peek(i, 2));
            assert!(request.ends_with(&[last.expect("three"), b"\r\n"].concat()));
            assert_eq!(queue.peek(i, 3), None);
        }
    }

    #[test]
    fn a_big_argument_is_moved_in_and_out() {
        let mut big = OwnedRequest::from_args([&[b'x'; 1000][..]]);
        let place = big.request().arg(0).as_ptr();
        let mut queue = RequestQueue::default();
        queue.push(&mut big.request());
        assert!(queue.queued_bytes() >= 1000 && queue.memory() >= 1000);
        let taken = queue.request(0).take(0);
        assert_eq!((taken.len(), taken.as_ptr()), (1000, place));
    }

    #[test]
    fn empty_arguments_are_counted_too() {
        let spans = [Span::of_input(0, 0); 1000];
        let mut queue = RequestQueue::default();
        queue.push(&mut Request::new(&spans, &mut [], b""));
        assert!(queue.queued_bytes() >= 1000);
    }
}
