use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

type Args = Vec<Vec<u8>>;

/// A client as the server has it: an input buffer, a parser, and bytes that arrive piece by piece.
struct Client {
    parser: Parser,
    limits: Limits,
    input: Vec<u8>,
    requests: Vec<Args>,
    big_reads: usize,
}

impl Client {
    fn new(limits: Limits) -> Self {
        Self {
            parser: Parser::new(),
            limits,
            input: Vec::new(),
            requests: Vec::new(),
            big_reads: 0,
        }
    }

    fn receive(&mut self, mut piece: &[u8]) -> Result<(), ProtocolError> {
        while !piece.is_empty() {
            if let Some(big) = self.parser.big_mut() {
                let came = big.read_from(&mut piece, usize::MAX);
                assert!(came.is_ok_and(|came| came > 0), "a slice always gives");
                self.big_reads += 1;
            } else {
                self.input.extend_from_slice(piece);
                piece = &[];
            }
            self.execute()?;
        }
        Ok(())
    }

    fn execute(&mut self) -> Result<(), ProtocolError> {
        loop {
            match self.parser.parse(&self.input, &self.limits)? {
                Progress::Complete { len } => {
                    let request = self.parser.request(&self.input);
                    self.requests
                        .push(request.iter().map(<[u8]>::to_vec).collect());
                    self.parser.reset();
                    self.input.drain(..len);
                }
                Progress::Incomplete => return Ok(()),
                Progress::Big => {
                    self.input.truncate(self.parser.kept_len());
                    return Ok(());
                }
            }
        }
    }
}

/// Everything that `pieces` say to a new client.
fn requests<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Args>, ProtocolError> {
    let mut client = Client::new(Limits::default());
    for piece in pieces {
        client.receive(piece)?;
    }
    assert!(client.parser.is_fresh(), "the messages were whole");
    Ok(client.requests)
}

fn refusal(input: &[u8], limits: Limits) -> Option<ProtocolError> {
    Client::new(limits).receive(input).err()
}

fn multibulk(args: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    super::super::OwnedRequest::from_args(args)
        .request()
        .append_raw(&mut out);
    out
}

fn strings(words: &[&str]) -> Args {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// Whole requests, and what `redis-server` 7.0.15 takes them for.
fn corpus() -> Vec<(Vec<u8>, Args)> {
    let plain: [(&[u8], &[&str]); 13] = [
        (b"*1\r\n$4\r\nPING\r\n", &["PING"]),
        (
            b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n",
            &["SET", "k", ""],
        ),
        (
            b"*2\r\n$3\r\nGET\r\n$12\r\na\r\nb\0*1\r\n$1z\r\n",
            &["GET", "a\r\nb\0*1\r\n$1z"],
        ),
        (b"*0\r\n", &[]),
        (b"*-5\r\n", &[]),
        (b"*-1\r\n", &[]),
        // Only the CR of a line's end is looked at, and nothing of an argument's.
        (b"*1\rX$4\rYPINGab", &["PING"]),
        (b"PING\r\n", &["PING"]),
        (b"PING\n", &["PING"]),
        (b"\r\n", &[]),
        (
            b"  echo 'a b'  \"\\x41\\n\"\tc\r\n",
            &["echo", "a b", "A\n", "c"],
        ),
        (b"+PING\n", &["+PING"]),
        (b"$4\r\n", &["$4"]),
    ];
    let mut corpus: Vec<_> = plain
        .iter()
        .map(|(raw, words)| (raw.to_vec(), strings(words)))
        .collect();
    let wide = strings(&["x"; 100]);
    corpus.push((multibulk(&wide), wide));
    corpus
}

#[test]
fn every_split_gives_the_same_requests() {
    let (mut raw, mut expected) = (Vec::new(), Vec::new());
    for (message, args) in corpus() {
        for cut in 0..=message.len() {
            let (front, back) = message.split_at(cut);
            assert_eq!(
                requests([front, back]),
                Ok(vec![args.clone()]),
                "{}",
                message.escape_ascii()
            );
        }
        raw.extend(message);
        expected.push(args);
    }
    for size in 1..=raw.len() {
        assert_eq!(
            requests(raw.chunks(size)).as_ref(),
            Ok(&expected),
            "{size} at a time"
        );
    }
}

#[test]
fn every_prefix_is_incomplete() {
    for (message, _) in corpus() {
        for cut in 0..message.len() {
            let mut parser = Parser::new();
            let got = parser.parse(&message[..cut], &Limits::default());
            assert_eq!(
                got,
                Ok(Progress::Incomplete),
                "{}",
                message[..cut].escape_ascii()
            );
            assert_eq!(parser.is_fresh(), cut == 0);
        }
    }
}

#[test]
fn big_arguments_survive_every_split_around_their_ends() {
    let big = |len: usize, byte: u8| vec![byte; len];
    let args = vec![
        b"MSET".to_vec(),
        b"a".to_vec(),
        big(BIG_ARG, b'1'),
        big(BIG_ARG - 1, b'2'),
        big(BIG_ARG + 1, b'3'),
        b"tail".to_vec(),
    ];
    let mut raw = multibulk(&args);
    raw.extend(b"PING\n");
    let expected = vec![args, strings(&["PING"])];
    let near = (0..80).chain((1..5).flat_map(|n| n * BIG_ARG - 40..n * BIG_ARG + 80));
    for cut in near.filter(|&cut| cut <= raw.len()) {
        let (front, back) = raw.split_at(cut);
        let middle = back.len() / 2;
        let pieces = [front, &back[..middle], &back[middle..]];
        assert!(requests(pieces).as_ref() == Ok(&expected), "cut at {cut}");
    }
    for size in [1, 2, 7, 1000, 16 * 1024, 65537] {
        assert!(
            requests(raw.chunks(size)).as_ref() == Ok(&expected),
            "{size} at a time"
        );
    }
}

#[test]
fn a_big_argument_goes_into_its_vector_and_out_of_it_uncopied() {
    let value = vec![b'v'; 3 * BIG_ARG];
    let raw = multibulk(&[b"SET".to_vec(), b"k".to_vec(), value.clone()]);
    let mut parser = Parser::new();
    let mut input = raw[..1000].to_vec();
    let limits = Limits::default();
    assert_eq!(parser.parse(&input, &limits), Ok(Progress::Big));
    let kept = parser.kept_len();
    assert_eq!(&input[..kept], b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$98304\r\n");
    input.truncate(kept);
    let mut stream = &raw[1000..];
    let big = parser.big_mut().expect("it is on its way");
    assert_eq!(big.missing, value.len() - (1000 - kept));
    assert_eq!(big.read_from(&mut stream, 5000).ok(), Some(5000));
    assert_eq!(
        parser.parse(&input, &limits),
        Ok(Progress::Big),
        "asking again is harmless"
    );
    let big = parser.big_mut().expect("it is on its way");
    assert!(big.read_from(&mut stream, usize::MAX).is_ok());
    assert!(parser.big_mut().is_none());
    assert_eq!(stream, b"\r\n", "not a byte too many");
    assert_eq!(parser.parse(&input, &limits), Ok(Progress::Incomplete));
    input.extend_from_slice(stream);
    assert_eq!(
        parser.parse(&input, &limits),
        Ok(Progress::Complete { len: kept + 2 })
    );
    let mut request = parser.request(&input);
    let place = request.arg(2).as_ptr();
    let taken = request.take(2);
    assert!(taken == value);
    assert_eq!(taken.as_ptr(), place, "moved");
    assert_eq!(taken.capacity(), value.len(), "nothing wasted");
}

#[test]
fn only_arguments_from_32_kib_on_are_big() {
    for (len, progress) in [
        (BIG_ARG - 1, Progress::Incomplete),
        (BIG_ARG, Progress::Big),
    ] {
        let input = format!("*1\r\n${len}\r\nx");
        let mut parser = Parser::new();
        assert_eq!(
            parser.parse(input.as_bytes(), &Limits::default()),
            Ok(progress)
        );
    }
}

#[test]
fn a_claimed_length_asks_for_little() {
    let mut client = Client::new(Limits::default());
    client
        .receive(b"*1000000000\r\n$536870912\r\nx")
        .expect("within the limits");
    assert!(
        client.parser.memory() <= BIG_RESERVE + 4096,
        "{}",
        client.parser.memory()
    );
    let small = Limits {
        max_bulk_len: 100_000,
        ..Limits::default()
    };
    let mut client = Client::new(small);
    client
        .receive(b"*2\r\n$100000\r\nx")
        .expect("within the limits");
    assert!(client.parser.memory() <= 110_000);
}

#[test]
fn a_value_beyond_the_reserve_grows_to_its_length_only() {
    let len = BIG_RESERVE + BIG_RESERVE / 4;
    let mut client = Client::new(Limits::default());
    client
        .receive(format!("*1\r\n${len}\r\n").as_bytes())
        .expect("within the limits");
    client.receive(&vec![b'x'; len]).expect("it is a value");
    assert!(client.parser.big_mut().is_none());
    assert!(
        client.parser.memory() < len + 4096,
        "{}",
        client.parser.memory()
    );
}

#[test]
fn spans_of_a_wide_request_are_not_kept() {
    let mut parser = Parser::new();
    let input = multibulk(&vec![b"x".to_vec(); 100_000]);
    assert_eq!(
        parser.parse(&input, &Limits::default()),
        Ok(Progress::Complete { len: input.len() })
    );
    parser.reset();
    assert!(parser.memory() <= KEEP_SPANS * size_of::<Span>());
    assert_eq!(size_of::<Span>(), 8);
}

/// What `redis-server` 7.0.15 answers, and what it goes on waiting for.
#[test]
fn refusals_are_those_of_redis() {
    use ProtocolError::*;
    let refused: &[(&[u8], ProtocolError)] = &[
        (b"*+1\r\n", InvalidMultibulkLength),
        (b"*01\r\n", InvalidMultibulkLength),
        (b"*00\r\n", InvalidMultibulkLength),
        (b"*-0\r\n", InvalidMultibulkLength),
        (b"*\r\n", InvalidMultibulkLength),
        (b"*-\r\n", InvalidMultibulkLength),
        (b"*1 \r\n", InvalidMultibulkLength),
        (b"* 1\r\n", InvalidMultibulkLength),
        (b"*1\n$4\r\n", InvalidMultibulkLength),
        (b"*2147483648\r\n", InvalidMultibulkLength),
        (b"*9223372036854775808\r\n", InvalidMultibulkLength),
        (b"*1\r\n$-1\r\n", InvalidBulkLength),
        (b"*1\r\n$+4\r\n", InvalidBulkLength),
        (b"*1\r\n$04\r\n", InvalidBulkLength),
        (b"*1\r\n$\r\n", InvalidBulkLength),
        (b"*1\r\n$536870913\r\n", InvalidBulkLength),
        (b"*1\r\n$9223372036854775807\r\n", InvalidBulkLength),
        (b"*1\r\n\r\n", ExpectedDollar(b'\r')),
        (b"*1\r\nXYZ\r\n", ExpectedDollar(b'X')),
        (b"*1\r\n:4\r\nPING\r\n", ExpectedDollar(b':')),
        (b"*1\r\n\xffYZ\r\n", ExpectedDollar(0xff)),
        (b"*2\r\n$1\r\nxabc$1\r\n", ExpectedDollar(b'c')),
        (b"echo \"a\r\n", UnbalancedQuotes),
    ];
    for (input, error) in refused {
        assert_eq!(
            refusal(input, Limits::default()),
            Some(*error),
            "{}",
            input.escape_ascii()
        );
    }
    let waiting: &[&[u8]] = &[
        b"*1\r\nX",
        b"*1\r\nXYZ\r",
        b"*2147483647\r\n",
        b"*1\r\n$536870912\r\n",
        b"PI\0NG\r\nPING\r\n",
        b"*1\0\r\n$4\r\nPING\r\n",
        b"*1\r\n\0YZ\r\n",
        b"*1\r\n$4\0\r\nPING\r\n",
    ];
    for input in waiting {
        assert_eq!(
            refusal(input, Limits::default()),
            None,
            "{}",
            input.escape_ascii()
        );
    }
    assert_eq!(
        ExpectedDollar(b'\r').to_string(),
        "Protocol error: expected '$', got ' '"
    );
}

#[test]
fn lines_end_within_64_kib_however_they_are_cut() {
    use ProtocolError::*;
    let lines: [(&[u8], u8, &[u8], ProtocolError); 3] = [
        (b"", b'a', b"\n", TooBigInline),
        (b"*", b'1', b"\r\n", TooBigMultibulkCount),
        (b"*1\r\n$", b'1', b"\r\n", TooBigBulkCount),
    ];
    for (head, filling, end, error) in lines {
        // The `*1\r\n` of the last one is a line of its own.
        let on_line = head.len().min(1);
        for len in [MAX_LINE, MAX_LINE + 1] {
            let mut line = head.to_vec();
            line.extend(vec![filling; len - on_line]);
            let too_big = (len > MAX_LINE).then_some(error);
            assert_eq!(
                refusal(&line, Limits::default()),
                too_big,
                "{len} without an end"
            );
            line.extend_from_slice(end);
            for size in [line.len(), 1000, 1] {
                let mut client = Client::new(Limits::default());
                let got = line
                    .chunks(size)
                    .try_for_each(|piece| client.receive(piece));
                let whole = match error {
                    TooBigInline => Ok(()),
                    TooBigMultibulkCount => Err(InvalidMultibulkLength),
                    _ => Err(InvalidBulkLength),
                };
                assert_eq!(got, too_big.map_or(whole, Err), "{len} in pieces of {size}");
            }
        }
    }
}

#[test]
fn little_is_taken_before_authentication() {
    use ProtocolError::*;
    let limits = Limits {
        unauthenticated: true,
        ..Limits::default()
    };
    let bulk = |len: usize| multibulk(&[vec![b'x'; len]]);
    assert_eq!(refusal(b"*10\r\n", limits), None);
    assert_eq!(
        refusal(b"*11\r\n", limits),
        Some(UnauthenticatedMultibulkLength)
    );
    assert_eq!(
        refusal(b"*2147483648\r\n", limits),
        Some(InvalidMultibulkLength)
    );
    assert_eq!(refusal(&bulk(16384), limits), None);
    assert_eq!(
        refusal(&bulk(16385), limits),
        Some(UnauthenticatedBulkLength)
    );
    assert_eq!(
        refusal(b"*1\r\n$536870913\r\n", limits),
        Some(InvalidBulkLength)
    );
}

fn arg() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => vec(any::<u8>(), 0..20),
        1 => vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(0), Just(b'$')], 0..20),
        1 => (0..3usize, any::<u8>()).prop_map(|(more, byte)| vec![byte; BIG_ARG - 1 + more]),
    ]
}

/// Bytes that look like requests more often than noise does.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"*",
        b"$",
        b"\r\n",
        b"\r",
        b"\n",
        b"\0",
        b"1",
        b"3",
        b"-",
        b"32768",
        b"0",
        b"\"",
        b"'",
        b"\\x",
        b"PING",
        b"*1\r\n$",
        b" ",
        b"999999999999999999999",
    ];
    let piece = prop_oneof![
        4 => proptest::sample::select(pieces).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..8),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pipelines_come_out_as_they_went_in(
        pipeline in vec(vec(arg(), 1..8), 1..6),
        sizes in vec(1..70_000usize, 1..8),
    ) {
        let raw: Vec<u8> = pipeline.iter().flat_map(|args| multibulk(args)).collect();
        let mut client = Client::new(Limits::default());
        let mut rest = &raw[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(rest.len().min(*size));
            client.receive(piece).expect("requests are well formed");
            rest = after;
        }
        prop_assert!(client.requests == pipeline);
        prop_assert!(client.parser.is_fresh());
    }

    #[test]
    fn the_cuts_of_garbage_do_not_matter(input in garbage(), size in 1..40usize) {
        let mut whole = Client::new(Limits::default());
        let expected = whole.receive(&input);
        let mut cut = Client::new(Limits::default());
        let got = input.chunks(size).try_for_each(|piece| cut.receive(piece));
        prop_assert_eq!(got, expected);
        prop_assert_eq!(&cut.requests, &whole.requests);
        prop_assert!(cut.parser.memory() <= BIG_RESERVE + 64 * 1024);
    }
}
