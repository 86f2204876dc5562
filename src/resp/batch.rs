//! The complete requests of what was received, parsed one after the other before the first is run.
//!
//! Nearly all requests of a pipeline are *plain*: short, whole, in canonical form. They are marked here
//! directly, and the resumable [`Parser`] is asked only about the others. And most begin like the
//! one before them, up to their first key:
//!
//! ```text
//!   *2\r\n$3\r\nGET\r\n$5\r\nfirst\r\n  *2\r\n$3\r\nGET\r\n$6\r\nsecond\r\n
//!   └──── opening ────┘                 └──── the same ───┘
//! ```
//!
//! One comparison of sixteen bytes then says how many arguments there are, where the name lies, and
//! that it is the same name, so that nobody need look the command up again.

use super::error::ProtocolError;
use super::parser::{Limits, Parser, Progress, plain_header};
use super::request::{MAX_POSITION, Request, Span};

/// A batch keeps room for at most this many spans, so that one `MSET` of a million keys does not
/// stay in memory.
const KEEP_SPANS: usize = 1024;

/// The most bytes of an opening: what one comparison takes.
const OPENING_BYTES: usize = size_of::<u128>();

/// What [`Batch::parse_next`] came upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// One more complete request.
    Request {
        /// Whether its name is that of the request before it, to the letter.
        same_name: bool,
    },
    /// The next request is not complete. Its state is in [`Batch::parser`].
    Incomplete,
    /// The same, and an argument of it is being received into its own vector.
    Big,
}

/// Complete requests, where they lie in what was received, and the one behind them that is not complete.
///
/// ```
/// use aerolite::resp::{Batch, Limits, Next};
/// let received = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n*2\r\n$3\r\nGE";
/// let (mut batch, limits) = (Batch::default(), Limits::default());
/// batch.begin(0);
/// assert_eq!(batch.parse_next(received, &limits), Ok(Next::Request { same_name: false }));
/// assert_eq!(batch.parse_next(received, &limits), Ok(Next::Request { same_name: true }));
/// assert_eq!(batch.parse_next(received, &limits), Ok(Next::Incomplete));
/// assert_eq!(&batch.request(0, received)[1], b"a");
/// assert_eq!(&batch.request(1, received)[1], b"b");
/// assert_eq!(batch.end(), 40);
/// ```
#[derive(Debug, Default)]
pub struct Batch {
    /// The state of the request behind the last complete one.
    parser: Parser,
    /// The arguments of all requests, each counted from its request's first byte.
    spans: Vec<Span>,
    /// The arguments that are not in what was received.
    owned: Vec<Vec<u8>>,
    requests: Vec<Place>,
    /// Where the last complete request ends.
    end: usize,
    opening: Opening,
}

/// One complete request.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Its first byte in what was received.
    start: usize,
    /// Its arguments among those of all.
    spans: (u32, u32),
    /// Its owned arguments among those of all.
    owned: (u32, u32),
}

impl Batch {
    /// Forgets all complete requests. The next one begins at `start` of what was received.
    #[inline]
    pub fn begin(&mut self, start: usize) {
        self.end = start;
        self.requests.clear();
        self.spans.clear();
        if self.spans.capacity() > KEEP_SPANS {
            self.spans = Vec::new();
        }
    }

    /// Whether there are big arguments, taken or not.
    #[inline]
    #[must_use]
    pub fn owns_any(&self) -> bool {
        self.owned.capacity() > 0
    }

    /// Gives away the big arguments, when all requests have been run, to be freed: the next request may be a day
    /// away.
    #[must_use]
    pub fn take_owned(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.owned)
    }

    /// Parses the next request of `received`.
    ///
    /// # Errors
    /// What follows is no request. The connection cannot be used any further.
    #[inline(always)]
    pub fn parse_next(&mut self, received: &[u8], limits: &Limits) -> Result<Next, ProtocolError> {
        // ANCHOR: plain-or-careful
        let input = &received[self.end..];
        if input.is_empty() {
            return Ok(Next::Incomplete);
        }
        let spans = self.spans.len() as u32;
        if self.parser.is_fresh()
            && let Some((len, same_name)) = self.plain(input, limits)
        {
            self.requests.push(Place {
                start: self.end,
                spans: (spans, self.spans.len() as u32),
                owned: (0, 0),
            });
            self.end += len;
            return Ok(Next::Request { same_name });
        }
        self.parse_with_care(input, limits)
        // ANCHOR_END: plain-or-careful
    }

    #[inline(never)]
    fn parse_with_care(&mut self, input: &[u8], limits: &Limits) -> Result<Next, ProtocolError> {
        let len = match self.parser.parse(input, limits)? {
            Progress::Incomplete => return Ok(Next::Incomplete),
            Progress::Big => return Ok(Next::Big),
            Progress::Complete { len } => len,
        };
        let (spans, owned) = (self.spans.len() as u32, self.owned.len() as u32);
        self.parser.move_arguments(&mut self.spans, &mut self.owned);
        self.requests.push(Place {
            start: self.end,
            // There are no more arguments than positions in what was received.
            spans: (spans, self.spans.len() as u32),
            owned: (owned, self.owned.len() as u32),
        });
        self.end += len;
        self.opening = Opening::default();
        Ok(Next::Request { same_name: false })
    }

    /// How many complete requests there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Request `i` of the batch, in the `received` that it was parsed from.
    ///
    /// # Panics
    /// When there is no such request.
    #[inline]
    pub fn request<'a>(&'a mut self, i: usize, received: &'a [u8]) -> Request<'a> {
        let place = self.requests[i];
        let (spans, owned) = (place.spans, place.owned);
        Request::new(
            &self.spans[spans.0 as usize..spans.1 as usize],
            &mut self.owned[owned.0 as usize..owned.1 as usize],
            &received[place.start..],
        )
    }

    /// Argument `n` of the request that was parsed last, in the `received` that it was parsed from.
    #[inline]
    pub fn arg_of_last<'a>(&'a self, n: usize, received: &'a [u8]) -> Option<&'a [u8]> {
        let place = self.requests.last()?;
        // Its arguments are the last of all.
        let span = self.spans.get(place.spans.0 as usize + n)?;
        let owned = self.owned.get(place.owned.0 as usize..)?;
        Some(span.slice(&received[place.start..], owned))
    }

    /// Where request `i` begins in what was received; behind the last one, where that ends.
    #[inline]
    pub fn start(&self, i: usize) -> usize {
        self.requests.get(i).map_or(self.end, |place| place.start)
    }

    /// Where the last complete request ends.
    #[inline]
    pub fn end(&self) -> usize {
        self.end
    }

    /// The state of the request that is not complete.
    #[inline]
    pub fn parser(&mut self) -> &mut Parser {
        &mut self.parser
    }

    /// The hot path: a request of at most 99 arguments that lies whole in the input, with nothing
    /// about it that needs thought. Gives its length, and whether its name is the same as before.
    /// `None`, and nothing has happened, where it is not so.
    #[inline(always)]
    fn plain(&mut self, input: &[u8], limits: &Limits) -> Option<(usize, bool)> {
        if limits.unauthenticated {
            return None;
        }
        let input = &input[..input.len().min(MAX_POSITION)];
        let same_name = self.opening.begins(input);
        if !same_name {
            self.opening = Opening::read(input)?;
        }
        let before = self.spans.len();
        self.spans.push(self.opening.name);
        let mut pos = self.opening.len;
        for _ in 1..self.opening.args {
            let rest = &input[pos..];
            let header = match short_header(rest, b'$') {
                None => plain_header(rest, b'$'),
                short => short,
            };
            match header {
                Some((len, body)) if len <= limits.max_bulk_len && body + len + 2 <= rest.len() => {
                    self.spans.push(Span::of_input(pos + body, len));
                    pos += body + len + 2;
                }
                _ => {
                    self.spans.truncate(before);
                    // Only a request that was handed out is "the one before".
                    self.opening = Opening::default();
                    return None;
                }
            }
        }
        Some((pos, same_name))
    }
}

/// How the last plain request began: the number of its arguments, and the first of them.
#[derive(Clone, Copy, Debug)]
struct Opening {
    /// Its bytes, where there are few enough, and a mask of as many; else what nothing can match.
    bytes: u128,
    mask: u128,
    args: usize,
    name: Span,
    len: usize,
}

/// Begins nothing.
impl Default for Opening {
    fn default() -> Opening {
        Opening {
            bytes: 1,
            mask: 0,
            args: 0,
            name: Span::of_input(0, 0),
            len: 0,
        }
    }
}

impl Opening {
    #[inline(always)]
    fn begins(&self, input: &[u8]) -> bool {
        let Some(first) = input.first_chunk() else {
            return false;
        };
        u128::from_le_bytes(*first) & self.mask == self.bytes
    }

    #[inline]
    fn read(input: &[u8]) -> Option<Opening> {
        let (args, count_len) = short_header(input, b'*')?;
        let (name_len, name) = short_header(&input[count_len..], b'$')?;
        let start = count_len + name;
        let len = start + name_len + 2;
        if args == 0 || len > input.len() {
            return None;
        }
        let mut opening = Opening {
            args,
            name: Span::of_input(start, name_len),
            len,
            ..Opening::default()
        };
        if let Some(first) = input.first_chunk::<OPENING_BYTES>()
            && len <= OPENING_BYTES
        {
            opening.mask = u128::MAX >> (8 * (OPENING_BYTES - len));
            opening.bytes = u128::from_le_bytes(*first) & opening.mask;
        }
        Some(opening)
    }
}

/// The same as [`plain_header`] for the headers that nearly all are: `kind` and one or two digits.
#[inline(always)]
fn short_header(input: &[u8], kind: u8) -> Option<(usize, usize)> {
    let [start, first, second, third, _, ..] = input else {
        return None;
    };
    if *start != kind {
        return None;
    }
    let tens = usize::from(first.wrapping_sub(b'0'));
    if *second == b'\r' && tens <= 9 {
        return Some((tens, 4));
    }
    let ones = usize::from(second.wrapping_sub(b'0'));
    let is_canonical = (1..=9).contains(&tens) && ones <= 9;
    (*third == b'\r' && is_canonical).then_some((tens * 10 + ones, 5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    type Args = Vec<Vec<u8>>;

    /// What a parser says that is asked about one request after the other.
    fn one_by_one(received: &[u8], limits: &Limits) -> (Vec<Args>, usize, Option<ProtocolError>) {
        let (mut parser, mut requests, mut end) = (Parser::new(), Vec::new(), 0);
        loop {
            match parser.parse(&received[end..], limits) {
                Ok(Progress::Complete { len }) => {
                    let request = parser.request(&received[end..]);
                    requests.push(request.iter().map(<[u8]>::to_vec).collect());
                    parser.reset();
                    end += len;
                }
                Ok(_) => return (requests, end, None),
                Err(error) => return (requests, end, Some(error)),
            }
        }
    }

    fn together(received: &[u8], limits: &Limits) -> (Vec<Args>, usize, Option<ProtocolError>) {
        let mut batch = Batch::default();
        let mut same_name = Vec::new();
        batch.begin(0);
        let error = loop {
            match batch.parse_next(received, limits) {
                Ok(Next::Request { same_name: same }) => same_name.push(same),
                Ok(_) => break None,
                Err(error) => break Some(error),
            }
        };
        let requests: Vec<Args> = (0..batch.len())
            .map(|i| {
                batch
                    .request(i, received)
                    .iter()
                    .map(<[u8]>::to_vec)
                    .collect()
            })
            .collect();
        for (i, _) in same_name.iter().enumerate().filter(|(_, same)| **same) {
            assert_eq!(requests[i][0], requests[i - 1][0], "the name is the same");
        }
        (requests, batch.end(), error)
    }

    /// Pieces of requests: whole ones of few names, and what may go wrong between them.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            Just(b"GET".to_vec()),
            Just(b"SET".to_vec()),
            Just(b"PING".to_vec()),
            Just(b"ZRANGEBYSCORE".to_vec()),
            vec(any::<u8>(), 0..120),
        ];
        let request = vec(word, 1..4).prop_map(|args| {
            let mut bytes = Vec::new();
            super::super::OwnedRequest::from_args(args)
                .request()
                .append_raw(&mut bytes);
            bytes
        });
        prop_oneof![
            20 => request,
            1 => Just(b"*0\r\n".to_vec()),
            1 => Just(b"GET 'a b'\r\n".to_vec()),
            1 => Just(b"*2\r\n$3\r\nGET\r\n$-1\r\n".to_vec()),
            1 => vec(any::<u8>(), 0..20),
        ]
    }

    proptest! {
        #[test]
        fn a_batch_says_what_the_parser_says(
            pieces in vec(piece(), 0..12),
            cut in 0usize..40,
            unauthenticated in any::<bool>(),
        ) {
            let mut received = pieces.concat();
            received.truncate(received.len().saturating_sub(cut));
            let limits = Limits { unauthenticated, ..Limits::default() };
            prop_assert_eq!(together(&received, &limits), one_by_one(&received, &limits));
        }
    }

    #[test]
    fn a_request_that_was_given_up_is_not_the_one_before() {
        let limits = Limits::default();
        let mut batch = Batch::default();
        batch.begin(0);
        let get = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
        let set = b"*2\r\n$3\r\nSET\r\n$1\r\nk\r\n";
        let received = [&get[..], set].concat();
        let cut = &received[..received.len() - 1];
        assert_eq!(
            batch.parse_next(cut, &limits),
            Ok(Next::Request { same_name: false })
        );
        assert_eq!(batch.parse_next(cut, &limits), Ok(Next::Incomplete));
        batch.parser().reset();
        batch.begin(get.len());
        let again = batch.parse_next(&received, &limits);
        assert_eq!(
            again,
            Ok(Next::Request { same_name: false }),
            "it was never handed out"
        );
    }
}
