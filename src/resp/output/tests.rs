use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A socket that takes `sizes` bytes in turn; 0 stands for `WouldBlock`.
struct Socket {
    taken: Vec<u8>,
    sizes: Vec<usize>,
    calls: usize,
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = self.sizes[self.calls % self.sizes.len()];
        self.calls += 1;
        if size == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let size = size.min(bytes.len());
        self.taken.extend_from_slice(&bytes[..size]);
        Ok(size)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(slices.len() <= MAX_SLICES);
        assert!(slices.iter().all(|slice| !slice.is_empty()));
        let all: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        self.write(&all)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn blob(len: usize, byte: u8) -> Arc<Vec<u8>> {
    Arc::new(vec![byte; len])
}

fn drain(output: &mut Output) -> Vec<u8> {
    let mut taken = Vec::new();
    let sent = output
        .write_to(&mut taken, usize::MAX)
        .expect("a vector takes all");
    assert_eq!((sent.bytes, sent.stop), (taken.len(), Stop::Drained));
    taken
}

#[test]
fn plain_replies_are_one_write() {
    let mut output = Output::new();
    output.lend_buffer(Vec::with_capacity(64));
    output.push(b"+OK\r\n");
    output.push(b":1\r\n");
    let mut socket = Socket {
        taken: Vec::new(),
        sizes: vec![1000],
        calls: 0,
    };
    let sent = output.write_to(&mut socket, 1000).expect("it takes");
    assert_eq!(
        sent,
        Sent {
            bytes: 9,
            stop: Stop::Drained
        }
    );
    assert_eq!(
        (socket.calls, socket.taken.as_slice()),
        (1, &b"+OK\r\n:1\r\n"[..])
    );
    assert_eq!(output.take_buffer().capacity(), 64);
}

#[test]
fn a_blob_is_sent_from_where_it_lies() {
    let mut output = Output::new();
    let shared = blob(COPY_BELOW, b'x');
    output.push(b"<");
    output.push_shared(Arc::clone(&shared));
    output.push(b">");
    assert_eq!(output.len(), COPY_BELOW + 2);
    assert_eq!(Arc::strong_count(&shared), 2);
    let all = [&b"<"[..], &[b'x'; COPY_BELOW], b">"].concat();
    assert_eq!(drain(&mut output), all);
    assert_eq!(Arc::strong_count(&shared), 1, "a sent blob is let go");
}

#[test]
fn a_budget_and_a_full_socket_stop_it_in_place() {
    let mut output = Output::new();
    output.push(b"abc");
    output.push_shared(blob(5, b'x'));
    output.push(b"def");
    let mut socket = Socket {
        taken: Vec::new(),
        sizes: vec![2, 0],
        calls: 0,
    };
    let sent = output.write_to(&mut socket, 100).expect("it takes");
    assert_eq!(
        sent,
        Sent {
            bytes: 2,
            stop: Stop::Full
        }
    );
    socket.sizes = vec![100];
    let sent = output.write_to(&mut socket, 4).expect("it takes");
    assert_eq!(
        sent,
        Sent {
            bytes: 4,
            stop: Stop::Budget
        }
    );
    assert_eq!(output.len(), 5);
    assert_eq!(drain(&mut output), b"xxdef");
    assert_eq!(socket.taken, b"abcxxx");
}

#[test]
fn a_socket_that_takes_nothing_is_an_error() {
    struct Shut;
    impl Write for Shut {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Ok(0)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut output = Output::new();
    output.push(b"x");
    let error = output.write_to(&mut Shut, 10).expect_err("no progress");
    assert_eq!(error.kind(), io::ErrorKind::WriteZero);
}

#[test]
fn truncate_takes_back_blobs_too() {
    let mut output = Output::new();
    output.push(b"kept");
    output.push_shared(blob(COPY_BELOW, b'k'));
    let mark = output.mark();
    output.push_shared(blob(COPY_BELOW, b'x'));
    output.push(b"gone");
    output.push_shared(blob(COPY_BELOW, b'y'));
    output.truncate(mark);
    assert_eq!(output.len(), 4 + COPY_BELOW);
    output.push(b"!");
    let kept = [&b"kept"[..], &[b'k'; COPY_BELOW], b"!"].concat();
    assert_eq!(drain(&mut output), kept);
}

#[test]
fn one_message_for_who_has_nothing_else_coming_needs_no_memory() {
    let mut output = Output::new();
    let message = blob(20, b'm');
    output.push_shared(Arc::clone(&message));
    assert_eq!(output.memory(), message.capacity());
    assert_eq!(Arc::strong_count(&message), 2);
    output.push_shared(Arc::clone(&message));
    assert_eq!(Arc::strong_count(&message), 2, "a short one is copied");
    output.push(b"!");
    assert_eq!(
        drain(&mut output),
        b"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm!"
    );
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn what_is_woven_in_stands_before_what_was_written_since_its_mark() {
    let mut output = Output::new();
    output.push(b"a");
    output.push_shared(blob(COPY_BELOW, b'b'));
    let first = output.mark();
    output.push_shared(blob(COPY_BELOW, b'c'));
    let second = output.mark();
    output.push(b"+OK");
    let third = output.mark();
    output.push_shared(blob(COPY_BELOW, b'd'));
    let pieces = [(first, "one"), (second, "two"), (third, "three")];
    output.weave(&pieces.map(|(mark, piece)| (mark, piece.into())));
    output.push(b"end");
    let [b, c, d] = [b'b', b'c', b'd'].map(|byte| [byte; COPY_BELOW]);
    let all = [
        &b"a"[..],
        &b,
        b"one",
        &c,
        b"two",
        b"+OK",
        b"three",
        &d,
        b"end",
    ];
    assert_eq!(drain(&mut output), all.concat());
}

#[test]
fn a_slow_reader_costs_no_more_memory_than_it_has_to_come() {
    let mut output = Output::new();
    let mut socket = Socket {
        taken: Vec::new(),
        sizes: vec![1000],
        calls: 0,
    };
    for _ in 0..10_000 {
        output.push(&[b'x'; 1000]);
        if output.len() > 10_000 {
            output.write_to(&mut socket, 1000).expect("it takes");
        }
    }
    assert!(output.memory() < 8 * COMPACT_FROM, "{}", output.memory());
}

#[derive(Clone, Debug)]
enum Step {
    Push(Vec<u8>),
    Blob(usize, u8),
    Undone(Vec<u8>, usize),
    Write(Vec<usize>, usize),
    Patch(Vec<u8>, usize, Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || vec(any::<u8>(), 0..10);
    prop_oneof![
        bytes().prop_map(Step::Push),
        Just(Step::Push(vec![b'z'; COMPACT_FROM])),
        (0..2 * COPY_BELOW, any::<u8>()).prop_map(|(len, byte)| Step::Blob(len, byte)),
        (bytes(), 0..2 * COPY_BELOW).prop_map(|(bytes, len)| Step::Undone(bytes, len)),
        (vec(0..60_000usize, 1..5), 0..100_000usize).prop_map(|(s, b)| Step::Write(s, b)),
        (bytes(), 0..2 * COPY_BELOW, vec(any::<u8>(), 1..12))
            .prop_map(|(b, l, n)| Step::Patch(b, l, n)),
    ]
}

proptest! {
    /// Whatever is pushed, undone, patched and partially written: what arrives is what one vector would hold.
    #[test]
    fn behaves_like_one_vector(steps in vec(step(), 0..60)) {
        let (mut output, mut model) = (Output::new(), Vec::new());
        let mut socket = Socket { taken: Vec::new(), sizes: vec![1], calls: 0 };
        for step in steps {
            match step {
                Step::Push(bytes) => {
                    output.push(&bytes);
                    model.extend(bytes);
                }
                Step::Blob(len, byte) => {
                    output.push_shared(blob(len, byte));
                    model.extend(vec![byte; len]);
                }
                Step::Undone(bytes, len) => {
                    let mark = output.mark();
                    output.push(&bytes);
                    output.push_shared(blob(len, 1));
                    output.push(&bytes);
                    output.truncate(mark);
                }
                Step::Write(sizes, budget) => {
                    (socket.sizes, socket.calls) = (sizes, 0);
                    let before = socket.taken.len();
                    let sent = output.write_to(&mut socket, budget).expect("it takes");
                    prop_assert_eq!(sent.bytes, socket.taken.len() - before);
                    prop_assert!(sent.bytes <= budget);
                    prop_assert_eq!(sent.stop == Stop::Drained, output.is_empty());
                }
                Step::Patch(bytes, len, new) => {
                    let mark = output.mark();
                    output.push(b"hole");
                    output.push_shared(blob(len, 2));
                    output.push(&bytes);
                    output.patch(mark, 4, &new);
                    model.extend(new);
                    model.extend(vec![2; len]);
                    model.extend(bytes);
                }
            }
            prop_assert_eq!(output.len(), model.len() - socket.taken.len());
        }
        socket.taken.extend(drain(&mut output));
        prop_assert!(socket.taken == model);
        prop_assert_eq!(output.shared, 0);
    }
}

#[test]
fn a_long_blob_is_handed_over_when_it_is_sent() {
    let mut output = Output::new();
    let long = Arc::new(vec![b'x'; LONG_BLOB_BYTES + 1]);
    output.push(b"head");
    output.push_shared(Arc::clone(&long));
    output.push_shared(Arc::new(vec![b'y'; 1000]));
    while output.take_spent().is_none() {
        output
            .write_to(&mut io::sink(), 300_000)
            .expect("it takes everything");
    }
    assert!(output.take_spent().is_none(), "once");
    output
        .write_to(&mut io::sink(), usize::MAX)
        .expect("it takes everything");
    assert!(output.is_empty() && output.take_spent().is_none());
}

#[test]
fn what_nobody_reads_is_freed_in_slices() {
    let mut output = Output::new();
    assert!(output.is_light());
    for i in 0..10_000 {
        output.push_shared(Arc::new(vec![i as u8; COPY_BELOW]));
    }
    let long = Arc::new(vec![0; LONG_BLOB_BYTES + 1]);
    output.push_shared(Arc::clone(&long));
    output.push(&vec![0; 100_000]);
    assert!(!output.is_light());
    let (mut slices, mut given) = (1, Vec::new());
    while output.free_some(|blob| given.push(blob.len())) {
        slices += 1;
    }
    assert_eq!(
        slices,
        10_000usize.div_ceil(FREED_SPLICES) + usize::from(10_001 % FREED_SPLICES == 0)
    );
    assert_eq!(given, [LONG_BLOB_BYTES + 1, 100_000]);
    assert_eq!(Arc::strong_count(&long), 1);
}

#[test]
fn blobs_of_many_bytes_make_more_slices() {
    let mut output = Output::new();
    for _ in 0..20 {
        output.push_shared(Arc::new(vec![0; LONG_BLOB_BYTES / 2]));
    }
    let slices = (1..).find(|_| !output.free_some(drop));
    assert!(slices >= Some(7), "{slices:?}");
}
