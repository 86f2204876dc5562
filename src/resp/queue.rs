//! Requests that are to be run later, one behind the other: what a transaction has queued.
//!
//! A queue of a thousand small requests must not be thousands of small allocations. The bytes of many lie in one
//! arena, their spans in another, and a request is a place in both:
//!
//! ```text
//!  bytes     S E T k v G E T k
//!            └─ first ─┘└second┘
//!  spans     {0,3} {3,1} {4,1}   {0,3} {3,1}       counted from the request's first byte
//!            └───── first ────┘  └─ second ┘
//!  owned     big arguments, moved and not copied
//! ```
//!
//! Nor must a queue of a million be one arena, which would be moved as a whole whenever it grows, and freed as a whole
//! in the end. So it is a row of *segments*; one that is full is never touched again, and they are freed one
//! after the other ([`RequestQueue::free_some`]).

use super::request::{Request, Span};

/// A segment is full when it has so many bytes, or so many spans.
const SEGMENT_BYTES: usize = 64 * 1024;
const SEGMENT_SPANS: usize = 8 * 1024;

/// It is full, too, when its big arguments are as long as this together.
const SEGMENT_OWNED_BYTES: usize = 1024 * 1024;

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
    /// Those that are full.
    full: Vec<Segment>,
    /// That which the next request goes to.
    last: Segment,
    /// The length of what is in the full ones, and their memory.
    full_bytes: usize,
    full_memory: usize,
}

/// Some requests, one behind the other.
#[derive(Debug, Default)]
struct Segment {
    /// The number of its first request.
    first: usize,
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

impl Segment {
    fn is_full(&self) -> bool {
        self.bytes.len() >= SEGMENT_BYTES
            || self.spans.len() >= SEGMENT_SPANS
            || self.owned_bytes >= SEGMENT_OWNED_BYTES
    }

    fn push(&mut self, request: &mut Request<'_>) {
        let place = self.end();
        self.places.push(place);
        request.move_to(&mut self.bytes, &mut self.spans, &mut self.owned);
        let moved = self.owned[place.owned..].iter().map(Vec::len);
        self.owned_bytes += moved.sum::<usize>();
    }

    /// Where a request begins, by its place among these, and where it ends.
    fn bounds(&self, i: usize) -> Option<(Place, Place)> {
        let start = *self.places.get(i)?;
        let end = self.places.get(i + 1).copied().unwrap_or(self.end());
        Some((start, end))
    }

    fn end(&self) -> Place {
        Place {
            bytes: self.bytes.len(),
            spans: self.spans.len(),
            owned: self.owned.len(),
        }
    }

    fn queued_bytes(&self) -> usize {
        self.bytes.len() + self.owned_bytes + size_of_val(&*self.spans)
    }

    fn memory(&self) -> usize {
        self.bytes.capacity()
            + self.spans.capacity() * size_of::<Span>()
            + self.owned.capacity() * size_of::<Vec<u8>>()
            + self.owned_bytes
            + self.places.capacity() * size_of::<Place>()
    }

    /// Frees all but what is long: that is given away.
    fn free(self, mut long: impl FnMut(Vec<u8>)) {
        let buffers = self.owned.into_iter().chain([self.bytes]);
        buffers
            .filter(|bytes| bytes.capacity() > SEGMENT_BYTES)
            .for_each(&mut long);
    }
}

impl RequestQueue {
    /// How many requests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.last.first + self.last.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a request. Its owned arguments move, so they are empty in `request` from then on.
    pub fn push(&mut self, request: &mut Request<'_>) {
        if self.last.is_full() {
            let next = Segment {
                first: self.len(),
                ..Segment::default()
            };
            let full = std::mem::replace(&mut self.last, next);
            self.full_bytes += full.queued_bytes();
            self.full_memory += full.memory();
            self.full.push(full);
        }
        self.last.push(request);
    }

    /// The segment in which request `i` is; `None` if that is the last.
    fn full_with(&self, i: usize) -> Option<usize> {
        let behind = self.full.partition_point(|segment| segment.first <= i);
        (i < self.last.first).then(|| behind - 1)
    }

    /// Argument `arg` of request `i`, to be looked at. `None` where there is none.
    #[must_use]
    pub fn peek(&self, i: usize, arg: usize) -> Option<&[u8]> {
        let segment = self.full_with(i).map_or(&self.last, |at| &self.full[at]);
        let (start, end) = segment.bounds(i - segment.first)?;
        let span = segment.spans[start.spans..end.spans].get(arg)?;
        let (bytes, owned) = (&segment.bytes[start.bytes..], &segment.owned[start.owned..]);
        Some(span.slice(bytes, owned))
    }

    /// Request `i`, to be run. What a command takes out of it is gone.
    ///
    /// # Panics
    /// When there is no such request.
    pub fn request(&mut self, i: usize) -> Request<'_> {
        let segment = match self.full_with(i) {
            Some(at) => &mut self.full[at],
            None => &mut self.last,
        };
        let bounds = segment.bounds(i - segment.first);
        let (start, end) = bounds.expect("a request that is there");
        Request::new(
            &segment.spans[start.spans..end.spans],
            &mut segment.owned[start.owned..end.owned],
            &segment.bytes[start.bytes..end.bytes],
        )
    }

    /// The length of what has been queued: the arguments, and for each of them what is needed to find it, so
    /// that empty ones do not come for nothing.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.full_bytes + self.last.queued_bytes()
    }

    /// The bytes of memory it holds. A big argument counts until the queue is dropped, even when it has been
    /// taken.
    #[must_use]
    pub fn memory(&self) -> usize {
        let segments = self.full.capacity() * size_of::<Segment>();
        self.full_memory + segments + self.last.memory()
    }

    /// Whether to drop it takes no time to speak of.
    #[must_use]
    pub fn is_light(&self) -> bool {
        self.full.is_empty() && !self.last.is_full()
    }

    /// Frees one segment; `false` when nothing is left. What is long in it is given away instead. The queue must not
    /// be used for anything else after the first call.
    pub fn free_some(&mut self, long: impl FnMut(Vec<u8>)) -> bool {
        let segment = self.full.pop();
        let is_more = segment.is_some();
        segment
            .unwrap_or_else(|| std::mem::take(&mut self.last))
            .free(long);
        is_more
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

    /// A queue of so many requests: `ECHO`, a number, and something as long as `len`, which is owned.
    fn long_queue(requests: usize, len: usize) -> RequestQueue {
        let spans = [
            Span::of_input(0, 4),
            Span::of_input(4, 6),
            Span::of_owned(0),
        ];
        let mut queue = RequestQueue::default();
        for i in 0..requests {
            let mut owned = [vec![b'x'; len]];
            let input = format!("ECHO{i:06}");
            queue.push(&mut Request::new(&spans, &mut owned, input.as_bytes()));
        }
        queue
    }

    #[test]
    fn a_long_queue_is_one_queue() {
        let mut queue = long_queue(30_000, 0);
        assert!(queue.full.len() > 5 && !queue.is_light());
        assert_eq!(queue.len(), 30_000);
        for i in (0..30_000).rev() {
            let number = format!("{i:06}").into_bytes();
            assert_eq!(queue.peek(i, 1), Some(&*number));
            assert_eq!(queue.request(i)[1], *number);
        }
        assert_eq!(queue.peek(30_000, 0), None);
        assert_eq!(queue.queued_bytes(), 30_000 * (10 + 3 * size_of::<Span>()));
        assert!(queue.memory() >= queue.queued_bytes());
    }

    #[test]
    fn no_segment_is_much_larger_than_the_others_and_each_is_freed_by_itself() {
        let mut queue = long_queue(30_000, 0);
        let segments = queue.full.len() + 1;
        let largest = queue.full.iter().map(Segment::queued_bytes).max();
        assert!(largest < Some(3 * SEGMENT_BYTES));
        let slices = (1..).find(|_| !queue.free_some(|_| panic!("nothing is long")));
        assert_eq!(slices, Some(segments));
    }

    #[test]
    fn what_is_long_is_given_away() {
        let mut queue = long_queue(10, SEGMENT_BYTES + 1);
        let mut long = Vec::new();
        while queue.free_some(|bytes| long.push(bytes.len())) {}
        assert_eq!(long, [SEGMENT_BYTES + 1; 10]);
    }

    #[test]
    fn big_arguments_fill_a_segment_too() {
        assert_eq!(long_queue(100, SEGMENT_OWNED_BYTES / 10).full.len(), 9);
    }
}
