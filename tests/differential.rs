//! Random commands, the same to both: ours and `redis-server`. Every reply must be the same bytes.
//!
//! ```text
//!   seed -> generator -> steps -> runner -+-> aerolite      -+-> equal, or allowed to differ by a named rule
//!                                         +-> redis-server  -+     or: shrink, report
//! ```
//!
//! | environment | is |
//! |---|---|
//! | `AEROLITE_DIFF_SEED` | run this seed alone |
//! | `AEROLITE_DIFF_STEPS` | steps of each stream |
//! | `AEROLITE_DIFF_RESP` | 2 or 3: this protocol alone |
//! | `AEROLITE_DIFF_SECONDS` | after the fixed seeds go on with new ones, for so long in each protocol |
//! | `AEROLITE_TEST_ADDR`, `AEROLITE_TEST_SERVER` | what is tested, see `common` |
//! | `CI` | the absence of `redis-server` is a failure |
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod common;

/// The parts, each in a file of its own.
mod differential {
    pub mod generator;
    pub mod keys;
    pub mod oracle;
    pub mod random;
    pub mod report;
    pub mod rules;
    pub mod runner;
    pub mod sessions;
    pub mod shrink;
    pub mod step;
    pub mod strings;
    pub mod vocabulary;
}

use std::env;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::Value;
use differential::generator::{Protocol, generate};
use differential::report::{Stream, found, reproducer};
use differential::runner::{Servers, Tamper};
use differential::shrink::shrink;
use differential::step::{Request, Step, upper, words};
use differential::vocabulary::TTL_LIMIT;

/// Seeds that every run begins with; one from the clock follows.
const SEEDS: &[u64] = &[1, 2, 3, 4];
/// Steps of a stream; each stream begins on empty databases.
const STEPS: usize = 4000;
/// A stream uses no TTL twice.
const STEPS_LIMIT: usize = TTL_LIMIT as usize / 2;
/// No reply takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn replies_are_those_of_redis_in_resp2() {
    compare(Protocol::Resp2);
}

#[test]
fn replies_are_those_of_redis_in_resp3() {
    compare(Protocol::Resp3);
}

/// Where a string may not grow further, with a limit of 1 MiB instead of 512 MB.
#[test]
fn the_limit_of_a_string_is_that_of_redis() {
    const DIRECTIVES: &[(&str, &str)] = &[("proto-max-bulk-len", "1048576")];
    const LINES: &[&str] = &[
        "SETRANGE k 1048575 x",
        "STRLEN k",
        "SETRANGE k 1048576 x",
        "SETRANGE k 1048575 xy",
        "SETRANGE k 0 xy",
        "APPEND k y",
        "STRLEN k",
        "SETRANGE other 1048576 x",
        "EXISTS other",
        "GETRANGE k -1 -1",
        "SETRANGE l 1048570 x",
        "APPEND l 12345",
        "APPEND l 1",
        "STRLEN l",
        "LCS k l LEN",
        "LCS k l",
        "OBJECT ENCODING l",
        "CONFIG SET proto-max-bulk-len 2mb",
        "APPEND l 1",
        "STRLEN l",
    ];
    let Some(target) = common::server_with(DIRECTIVES) else {
        return;
    };
    let Some(servers) = Servers::with(target, DIRECTIVES) else {
        return;
    };
    let steps: Vec<Step> = LINES
        .iter()
        .map(|line| Step::pipeline(vec![Request::new(words(line))]))
        .collect();
    let outcome = servers.run(&steps, Protocol::Resp2, PATIENCE);
    assert!(outcome.is_ok(), "{outcome:#?}");
}

/// The test of the test: a server with one wrong reply is found, and the reproducer is what a person would have written.
#[test]
fn a_wrong_server_is_found_and_its_stream_shrunk() {
    let lie: Tamper = |request, reply| {
        let asks = request.name() == "OBJECT" && upper(&request.args, 1) == "ENCODING";
        if asks && *reply == Value::bulk("embstr") {
            *reply = Value::bulk("raw");
        }
    };
    let Some(servers) = Servers::with_liar(lie) else {
        return;
    };
    let steps = generate(1, STEPS, Protocol::Resp2);
    let found = servers.run(&steps, Protocol::Resp2, PATIENCE);
    assert!(found.is_err(), "a wrong OBJECT ENCODING went unseen");
    let shrunk = shrink(servers, &steps, Protocol::Resp2).expect("the lie is told each time");
    // Something that stores a short string, and the question.
    assert_eq!(shrunk.steps.len(), 2, "{:#?}", shrunk.steps);
    assert_eq!(shrunk.difference.a, Ok(Value::bulk("raw")));
    assert_eq!(shrunk.difference.b, Ok(Value::bulk("embstr")));
}

/// A seed that is printed is worth something only when it gives the same stream again.
#[test]
fn a_stream_follows_from_its_seed() {
    let stream = generate(7, 500, Protocol::Resp2);
    assert_eq!(stream, generate(7, 500, Protocol::Resp2));
    assert_eq!(stream[..200], generate(7, 200, Protocol::Resp2));
    assert_ne!(stream, generate(8, 500, Protocol::Resp2));
}

fn compare(protocol: Protocol) {
    if let Some(wanted) = variable::<String>("AEROLITE_DIFF_RESP") {
        assert!(
            ["2", "3"].contains(&wanted.as_str()),
            "AEROLITE_DIFF_RESP={wanted} is neither 2 nor 3"
        );
        if wanted != protocol.number() {
            return;
        }
    }
    let Some(mut servers) = Servers::start() else {
        return;
    };
    let steps = variable("AEROLITE_DIFF_STEPS").unwrap_or(STEPS);
    assert!(
        steps <= STEPS_LIMIT,
        "AEROLITE_DIFF_STEPS={steps}: longer streams than {STEPS_LIMIT} would use a TTL twice"
    );
    let alone: Option<u64> = variable("AEROLITE_DIFF_SEED");
    let longer = Duration::from_secs(variable("AEROLITE_DIFF_SECONDS").unwrap_or(0));
    let began = Instant::now();
    let fresh = clock_seed();
    let seeds: Vec<u64> = match alone {
        Some(seed) => vec![seed],
        None => SEEDS.iter().copied().chain([fresh]).collect(),
    };
    println!("{protocol:?}: seeds {seeds:?}, {steps} steps each");
    let mut compared = 0;
    let mut runs = 0;
    let more = (fresh + 1..).take_while(|_| alone.is_none() && began.elapsed() < longer);
    for seed in seeds.into_iter().chain(more) {
        let stream = Stream {
            seed,
            steps,
            protocol,
        };
        (servers, compared) = compare_one(servers, &stream, compared);
        runs += 1;
    }
    println!(
        "{protocol:?}: {compared} commands in {runs} streams, {:.1?}",
        began.elapsed()
    );
}

/// One stream: the servers again and the commands compared so far, or a panic with the report.
fn compare_one(servers: Servers, stream: &Stream, compared: usize) -> (Servers, usize) {
    let steps = generate(stream.seed, stream.steps, stream.protocol);
    match servers.run(&steps, stream.protocol, PATIENCE) {
        Ok(commands) => (servers, compared + commands),
        Err(difference) => {
            eprintln!("{}", found(stream, &steps, &difference));
            let shrunk = shrink(servers, &steps, stream.protocol);
            panic!("{}", reproducer(stream, shrunk.as_ref()));
        }
    }
}

/// A seed that nobody has tried yet.
fn clock_seed() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    // Short enough to be typed.
    since.as_millis() as u64 % 1_000_000_000_000
}

/// A setting from the environment.
fn variable<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(_) => panic!("{name}={text} is not understood"),
    }
}
