//! The request parser, in bytes per second, by the shape of the requests.

use aerolite::resp::{Batch, Limits, Next, OwnedRequest};
use criterion::{Criterion, Throughput};
use std::hint::black_box;

/// About as many bytes as a pipelining client's `read` brings.
const INPUT_BYTES: usize = 16 * 1024;

const KEY: &str = "key:000000012345";

/// Parses every request of the input.
pub fn benches(criterion: &mut Criterion) {
    let kib = "x".repeat(1024);
    let mut mset = vec!["MSET"];
    mset.extend([KEY, "xxx"].repeat(10));
    let shapes = [
        ("GET", encode(&["GET", KEY])),
        ("SET 3 B", encode(&["SET", KEY, "xxx"])),
        ("SET 1 KiB", encode(&["SET", KEY, &kib])),
        ("MSET of 10", encode(&mset)),
        ("inline PING", b"PING\r\n".to_vec()),
    ];
    let mut group = criterion.benchmark_group("parser");
    for (name, request) in shapes {
        let count = INPUT_BYTES / request.len();
        let input = request.repeat(count);
        group.throughput(Throughput::Bytes(input.len() as u64));
        let mut batch = Batch::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| assert_eq!(parse_all(&mut batch, &input), count));
        });
    }
    group.finish();
}

fn encode(words: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    OwnedRequest::from_args(words)
        .request()
        .append_raw(&mut bytes);
    bytes
}

/// The number of complete requests.
fn parse_all(batch: &mut Batch, input: &[u8]) -> usize {
    let limits = Limits::default();
    let input = black_box(input);
    batch.begin(0);
    while let Ok(Next::Request { .. }) = batch.parse_next(input, &limits) {
        black_box(batch.request(batch.len() - 1, input));
    }
    batch.len()
}
