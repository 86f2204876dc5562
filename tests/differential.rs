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
//! | `AEROLITE_DIFF_ONLY` | streams of these groups alone, e.g. `lists,keys,limits`: see below |
//! | `AEROLITE_DIFF_RESP` | 2 or 3: this protocol alone |
//! | `AEROLITE_DIFF_SECONDS` | after the fixed seeds go on with new ones, for so long in each protocol |
//! | `AEROLITE_TEST_ADDR`, `AEROLITE_TEST_SERVER` | what is tested, see `common` |
//! | `CI` | the absence of `redis-server` is a failure |
//!
//! The groups are `strings keys sessions limits lists hashes sets sorted_sets geo bits hyperloglog sort transactions`. A group's commands
//! are about keys of its own, and now and then about those of the other groups of the stream (`WRONGTYPE`); `keys` takes
//! the keys of all; `transactions` is what two clients more do while the others go on; `limits` sets where encodings end, so that they change often. Whoever builds the lists begins with
//! `AEROLITE_DIFF_ONLY=lists`, goes on with `lists,keys,limits` and with `lists,strings,keys,limits,sessions`.
//!
//! A stream of another kind is the crowd's: several clients that hear from each other, of whom every byte is compared (see
//! [`differential::crowd`]). Its parts are `data pubsub tracking access clients watching waiting` and, only where it is named, `memory`, and the same variables hold for
//! it: `AEROLITE_DIFF_SECONDS=600 AEROLITE_DIFF_STEPS=300 cargo test --test differential crowd`.
//!
//! With `AEROLITE_TEST_ADDR` at a `redis-server` (started with `--enable-debug-command yes`) the stream itself is tested:
//! whatever differs then is a fault of a generator or of a rule.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod common;

/// The parts, each in a file of its own.
mod differential {
    pub mod access;
    pub mod bits;
    pub mod clients;
    pub mod collection_rules;
    pub mod crowd;
    pub mod crowd_rules;
    pub mod crowd_runner;
    pub mod data;
    pub mod generator;
    pub mod geo;
    pub mod groups;
    pub mod hashes;
    pub mod homes;
    pub mod hyperloglog;
    pub mod keys;
    pub mod lex_sets;
    pub mod limits;
    pub mod lists;
    pub mod members;
    pub mod oracle;
    pub mod pubsub;
    pub mod random;
    pub mod report;
    pub mod rules;
    pub mod runner;
    pub mod sessions;
    pub mod sets;
    pub mod shrink;
    pub mod sort;
    pub mod sorted_sets;
    pub mod step;
    pub mod strings;
    pub mod tally;
    pub mod tracking;
    pub mod transactions;
    pub mod vocabulary;
    pub mod waiting;
    pub mod watching;
}

use std::env;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::Value;
use differential::generator::{Protocol, generate};
use differential::groups::Groups;
use differential::report::{Stream, found, reproducer};
use differential::runner::{Servers, Tamper};
use differential::shrink::{PATIENCE as SHRINK, shrink};
use differential::step::{Request, Step, upper, words};
use differential::tally::Tally;
use differential::vocabulary::TTL_LIMIT;
use differential::{crowd, crowd_runner};

/// Seeds that every run begins with; one from the clock follows.
const SEEDS: &[u64] = &[1, 2, 3, 4];
/// Steps of a stream; each stream begins on empty databases.
const STEPS: usize = 15_000;
/// The same of crowds, which are slower.
const CROWD_SEEDS: &[u64] = &[1, 2, 3, 4];
const CROWD_STEPS: usize = 600;
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
    let steps = generate(1, STEPS, Protocol::Resp2, &Groups::named("strings,keys"));
    let found = servers.run(&steps, Protocol::Resp2, PATIENCE);
    assert!(found.is_err(), "a wrong OBJECT ENCODING went unseen");
    let again = |servers: &Servers, steps: &[Step]| servers.run(steps, Protocol::Resp2, SHRINK);
    let shrunk = shrink(servers, &steps, &again).expect("the lie is told each time");
    // Something that stores a short string, and the question.
    assert_eq!(shrunk.steps.len(), 2, "{:#?}", shrunk.steps);
    assert_eq!(shrunk.difference.a, Ok(Value::bulk("raw")));
    assert_eq!(shrunk.difference.b, Ok(Value::bulk("embstr")));
}

/// A seed that is printed is worth something only when it gives the same stream again.
#[test]
fn a_stream_follows_from_its_seed() {
    let of = |seed, steps| generate(seed, steps, Protocol::Resp2, &Groups::all());
    let stream = of(7, 500);
    assert_eq!(stream, of(7, 500));
    assert_eq!(stream[..200], of(7, 200));
    assert_ne!(stream, of(8, 500));
}

/// The test of the stream: it reaches every command and every encoding, and mostly does something.
#[test]
fn a_stream_mostly_does_something() {
    const COMMANDS: &str = "LINDEX LINSERT LLEN LMOVE LMPOP LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM RPOP RPOPLPUSH RPUSH \
        RPUSHX BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH \
        HDEL HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HRANDFIELD HSCAN HSET HSETNX HSTRLEN HVALS \
        SADD SCARD SDIFF SDIFFSTORE SINTER SINTERCARD SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE SPOP SRANDMEMBER SREM \
        SSCAN SUNION SUNIONSTORE \
        ZADD ZCARD ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERCARD ZINTERSTORE ZLEXCOUNT ZMPOP ZMSCORE ZPOPMAX ZPOPMIN \
        ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE \
        ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION ZUNIONSTORE BZMPOP BZPOPMAX BZPOPMIN \
        GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUS_RO GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEOSEARCH \
        GEOSEARCHSTORE BITCOUNT BITFIELD BITFIELD_RO BITOP BITPOS GETBIT SETBIT PFADD PFCOUNT PFMERGE SORT SORT_RO \
        MULTI EXEC DISCARD WATCH UNWATCH";
    const ENCODINGS: &str = "int embstr raw quicklist listpack hashtable intset skiplist";
    /// Of 100 replies so many may be errors.
    const ERRORS: usize = 20;
    /// A command does its work at least so often.
    const OFTEN: usize = 10;
    let Some(servers) = Servers::of_two_oracles() else {
        return;
    };
    let mut tally = Tally::default();
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let stream = Stream {
            test: "",
            seed: SEEDS[0],
            steps: STEPS,
            protocol,
            only: None,
        };
        let steps = generate(stream.seed, stream.steps, protocol, &Groups::all());
        match servers.run(&steps, protocol, PATIENCE) {
            Ok(one) => tally.join(one),
            Err(difference) => panic!("{}", found(&stream, &steps, &difference)),
        }
    }
    println!("{tally}");
    for name in COMMANDS.split_ascii_whitespace() {
        let replies = tally.sum(|each| each == name);
        let right = replies.all - replies.errors;
        assert!(right >= OFTEN, "{name}: {replies:?}");
        assert!(right * 2 > replies.all, "{name} mostly fails: {replies:?}");
    }
    for name in ENCODINGS.split_ascii_whitespace() {
        let seen = tally.encodings.get(name).copied().unwrap_or_default();
        assert!(seen >= OFTEN, "{name}: seen {seen} times");
    }
    let replies = tally.sum(|name| COMMANDS.split_ascii_whitespace().any(|each| each == name));
    assert!(replies.errors * 100 < replies.all * ERRORS, "{replies:?}");
}

/// Several clients that hear from each other: see `crowd`.
#[test]
fn what_a_crowd_hears_is_that_of_redis() {
    let Some(mut servers) = Servers::start() else {
        return;
    };
    let count = variable("AEROLITE_DIFF_STEPS").unwrap_or(CROWD_STEPS);
    let only: Option<String> = variable("AEROLITE_DIFF_ONLY");
    let alone: Option<u64> = variable("AEROLITE_DIFF_SEED");
    let longer = Duration::from_secs(variable("AEROLITE_DIFF_SECONDS").unwrap_or(0));
    let (began, fresh) = (Instant::now(), clock_seed());
    let seeds: Vec<u64> = match alone {
        Some(seed) => vec![seed],
        // New ones only where they are asked for: the rules of a crowd are many, and some are not known yet.
        None => CROWD_SEEDS.to_vec(),
    };
    let more = (fresh..).take_while(|_| alone.is_none() && began.elapsed() < longer);
    let mut tally = Tally::default();
    for seed in seeds.into_iter().chain(more) {
        let stream = Stream {
            test: "crowd",
            seed,
            steps: count,
            protocol: Protocol::Resp2,
            only: only.clone(),
        };
        let steps = crowd::generate(seed, count, only.as_deref());
        match crowd_runner::run(&servers, &steps) {
            Ok(one) => {
                println!("seed {seed}: {count} steps, alike");
                tally.join(one);
            }
            Err(difference) => {
                eprintln!("{}", found(&stream, &steps, &difference));
                // Where a message goes between two others may depend on when a thread got its turn.
                if crowd_runner::run(&servers, &steps).is_ok() {
                    eprintln!("seed {seed} differed once, and not again");
                    continue;
                }
                let shrunk = shrink(servers, &steps, &crowd_runner::run);
                panic!("{}", reproducer(&stream, shrunk.as_ref()));
            }
        }
        if !servers.is_alive() {
            servers = servers.revive();
        }
    }
    println!("{tally}");
    println!("{:.1?}", began.elapsed());
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
    let only: Option<String> = variable("AEROLITE_DIFF_ONLY");
    let alone: Option<u64> = variable("AEROLITE_DIFF_SEED");
    let longer = Duration::from_secs(variable("AEROLITE_DIFF_SECONDS").unwrap_or(0));
    let began = Instant::now();
    let fresh = clock_seed();
    let seeds: Vec<u64> = match alone {
        Some(seed) => vec![seed],
        None => SEEDS.iter().copied().chain([fresh]).collect(),
    };
    println!("{protocol:?}: seeds {seeds:?}, {steps} steps each");
    let mut tally = Tally::default();
    let mut runs = 0;
    let more = (fresh + 1..).take_while(|_| alone.is_none() && began.elapsed() < longer);
    for seed in seeds.into_iter().chain(more) {
        let stream = Stream {
            test: "replies",
            seed,
            steps,
            protocol,
            only: only.clone(),
        };
        servers = compare_one(servers, &stream, &mut tally);
        runs += 1;
    }
    let compared = tally.sum(|_| true);
    println!(
        "{protocol:?}: {} commands, {} of them errors, in {runs} streams, {:.1?}",
        compared.all,
        compared.errors,
        began.elapsed()
    );
}

/// One stream: the servers again, or a panic with the report.
fn compare_one(servers: Servers, stream: &Stream, tally: &mut Tally) -> Servers {
    let groups = stream.only.as_deref().map(Groups::named);
    let groups = groups.unwrap_or_else(Groups::all);
    let steps = generate(stream.seed, stream.steps, stream.protocol, &groups);
    match servers.run(&steps, stream.protocol, PATIENCE) {
        Ok(commands) => {
            tally.join(commands);
            servers
        }
        Err(difference) => {
            eprintln!("{}", found(stream, &steps, &difference));
            let again =
                |servers: &Servers, steps: &[Step]| servers.run(steps, stream.protocol, SHRINK);
            let shrunk = shrink(servers, &steps, &again);
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
