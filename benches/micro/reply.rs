//! The reply writer, in replies per second, by their kind.

use aerolite::resp::{Output, Protocol, Reply, Stop};
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use std::io;

/// Replies that are written before they are sent: those of one deep pipeline.
const REPLIES: usize = 100;

/// What a shape does to write one reply.
type Write = fn(&mut Reply<'_>, &[u8]);

/// Writes so many replies and sends them to nowhere.
pub fn benches(criterion: &mut Criterion) {
    let kib = vec![b'x'; 1024];
    let bulk: Write = |reply, value| reply.bulk(value);
    let shapes: [(&str, &[u8], Write); 6] = [
        ("OK", b"", |reply, _| reply.ok()),
        ("integer", b"", |reply, _| reply.integer(1_234_567)),
        ("null", b"", |reply, _| reply.null()),
        ("bulk 3 B", b"xxx", bulk),
        ("bulk 1 KiB", &kib, bulk),
        ("array of 10", b"xxx", |reply, value| {
            reply.array(10);
            for _ in 0..10 {
                reply.bulk(value);
            }
        }),
    ];
    let mut group = criterion.benchmark_group("reply");
    group.throughput(Throughput::Elements(REPLIES as u64));
    for (name, value, write) in shapes {
        let mut output = Output::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for _ in 0..REPLIES {
                    let mut reply = Reply::new(&mut output, Protocol::Resp2);
                    write(&mut reply, black_box(value));
                }
                let sent = output.write_to(&mut io::sink(), usize::MAX);
                assert!(sent.is_ok_and(|sent| sent.stop == Stop::Drained));
            });
        });
    }
    group.finish();
}
