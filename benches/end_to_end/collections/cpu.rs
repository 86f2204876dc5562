//! Processor time of the server per request. Server and generator share one core as batch jobs, so that each runs until
//! it has to wait.
//!
//! The commands of `redis-benchmark` are sent by that program, with the keys and arguments that it has for them:
//! `mylist`, `myset`, `element:__rand_int__` with one of 100,000 numbers, values of 3 bytes, 50 connections. The server
//! is emptied before each run, and filled again where a command needs something:
//!
//! | command | finds |
//! | --- | --- |
//! | LPUSH RPUSH SADD HSET ZADD | nothing: the collection grows from its first element on |
//! | LPOP RPOP SPOP ZPOPMIN | more elements than are popped, so it never runs empty |
//! | LRANGE | a list of 100,000 values |
//! | MSET | the keys it sets |
//!
//! Those on a million elements are sent by the load of `load.rs`, for `redis-benchmark` cannot ask for ten elements from
//! a random rank on. All of them find the member or field that they name; ZADD gives it another score.

use super::cases::{BENCHMARK, BENCHMARK_AT, CPU_NS, Kind, ON_LARGE, ON_LARGE_AT};
use super::{Extent, fill};
use crate::client::Client;
use crate::load::{self, CONNECTIONS, Load, encode};
use crate::process::{self, Process};
use crate::side_by_side::{Contender, Samples, cpu_of, drive, share_core};
use std::io;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Numbers that the commands of `redis-benchmark` choose among.
pub const KEYSPACE: usize = 100_000;

/// Requests of one run without pipelines, and of one with.
const REQUESTS: [usize; 2] = [60_000, 400_000];

/// Elements of the list that LRANGE reads.
const RANGE_LIST: usize = 100_000;

/// More elements than pops: `redis-benchmark` may send a batch more on each connection.
const MARGIN: usize = 2000;

/// Twelve zeros, for a number.
const ANY_NUMBER: &str = "000000000000";

/// From the filling to the run, so that nothing of it is left to be done.
const SETTLE: Duration = Duration::from_millis(100);

/// How long a command on a large collection is asked for.
const SLICE: Duration = Duration::from_millis(500);

/// What a server has before a run.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    /// As many elements as requests, and some.
    Enough(Kind, &'static str),
    List,
    Keys,
}

/// All of it; leaves this process on the core.
pub fn measure(
    contenders: &[Contender],
    extent: Extent,
    core: usize,
    samples: &mut Samples,
) -> io::Result<()> {
    let started = contenders.iter().map(|contender| contender.program.start());
    let servers: Vec<Process> = started.collect::<io::Result<_>>()?;
    share_core(core, &servers);
    let all: Vec<(&Contender, &Process)> = contenders.iter().zip(&servers).collect();
    if process::is_installed("redis-benchmark") {
        with_redis_benchmark(&all, extent, samples)?;
    } else {
        println!("redis-benchmark is not in PATH: its commands are not measured");
    }
    on_large(&all, extent, samples)
}

fn with_redis_benchmark(
    servers: &[(&Contender, &Process)],
    extent: Extent,
    samples: &mut Samples,
) -> io::Result<()> {
    for ((measure, depth), requests) in BENCHMARK_AT.into_iter().zip(REQUESTS) {
        for (name, text) in BENCHMARK {
            let before = Before::of(name);
            let requests = requests / fewer(name) / extent.divisor;
            for round in 0..extent.cpu_rounds {
                for (contender, server) in servers {
                    prepare(server.addr, before, requests)?;
                    thread::sleep(SETTLE / extent.divisor as u32);
                    let cpu = cpu_of(server, || benchmark(server.addr, text, depth, requests))?;
                    check(server.addr, before)?;
                    let metrics = [(CPU_NS, cpu / requests as f64)];
                    samples.add((measure, name), contender.name, round, &metrics);
                }
            }
        }
    }
    Ok(())
}

/// There are fewer requests of what takes longer.
fn fewer(name: &str) -> usize {
    match name {
        "LRANGE_100" | "MSET" => 4,
        "LRANGE_300" => 8,
        "LRANGE_500" | "LRANGE_600" => 12,
        _ => 1,
    }
}

impl Before {
    fn of(name: &str) -> Before {
        match name {
            "LPOP" | "RPOP" => Before::Enough(Kind::List, "mylist"),
            "SPOP" => Before::Enough(Kind::Set, "myset"),
            "ZPOPMIN" => Before::Enough(Kind::SortedSet, "myzset"),
            "MSET" => Before::Keys,
            name if name.starts_with("LRANGE") => Before::List,
            _ => Before::Nothing,
        }
    }
}

fn prepare(addr: SocketAddr, before: Before, requests: usize) -> io::Result<()> {
    Client::connect(addr)?.ask(&["FLUSHALL"])?;
    match before {
        Before::Nothing => {}
        Before::Enough(Kind::List, key) => fill::values(addr, key, requests + MARGIN)?,
        Before::Enough(kind, key) => fill::at_once(addr, kind, key, requests + MARGIN)?,
        Before::List => fill::values(addr, "mylist", RANGE_LIST)?,
        Before::Keys => load::fill(addr, KEYSPACE)?,
    }
    Ok(())
}

/// What pops take from must not have run empty.
fn check(addr: SocketAddr, before: Before) -> io::Result<()> {
    let Before::Enough(kind, key) = before else {
        return Ok(());
    };
    match Client::connect(addr)?.number(&[kind.counting(), key])? {
        1.. => Ok(()),
        _ => Err(io::Error::other(format!("{key} ran empty"))),
    }
}

/// One run of `redis-benchmark`.
fn benchmark(addr: SocketAddr, text: &str, depth: usize, requests: usize) -> io::Result<()> {
    let number = |number: usize| number.to_string();
    let output = Command::new("redis-benchmark")
        .args(["-q", "-e", "-p", &addr.port().to_string()])
        .args(["-c", &number(CONNECTIONS), "-P", &number(depth)])
        .args(["-n", &number(requests), "-r", &number(KEYSPACE)])
        .args(text.split_whitespace())
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && !said.contains("Error from server") {
        return Ok(());
    }
    Err(io::Error::other(format!("redis-benchmark {text}: {said}")))
}

fn on_large(
    servers: &[(&Contender, &Process)],
    extent: Extent,
    samples: &mut Samples,
) -> io::Result<()> {
    for (_, server) in servers {
        Client::connect(server.addr)?.ask(&["FLUSHALL"])?;
        for kind in [Kind::Hash, Kind::Set, Kind::SortedSet] {
            fill::at_once(server.addr, kind, kind.name(), extent.large)?;
        }
    }
    thread::sleep(SETTLE);
    let slice = SLICE / extent.divisor as u32;
    for (measure, depth) in ON_LARGE_AT {
        for name in ON_LARGE {
            for round in 0..extent.cpu_rounds {
                for (contender, server) in servers {
                    let mut load = load_of(name, server.addr, depth, extent.large)?;
                    let cpu_ns = drive(server, &mut load, slice, |_| Ok(()))?;
                    let metrics = [(CPU_NS, cpu_ns)];
                    samples.add((measure, name), contender.name, round, &metrics);
                }
            }
        }
    }
    Ok(())
}

/// The load of one of [`ON_LARGE`].
fn load_of(name: &str, addr: SocketAddr, depth: usize, size: usize) -> io::Result<Load> {
    let kind = match &name[..1] {
        "Z" => Kind::SortedSet,
        "H" => Kind::Hash,
        _ => Kind::Set,
    };
    if name == "ZRANGE" {
        return Load::of_ranks(addr, kind.name().as_bytes(), depth, size);
    }
    let any = fill::element(0);
    let words = match name {
        "ZADD" => vec![name, kind.name(), ANY_NUMBER, &any],
        "HSET" => vec![name, kind.name(), &any, fill::VALUE],
        _ => vec![name, kind.name(), &any],
    };
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let lines = if name == "HGET" { 2 } else { 1 };
    Load::of_request(addr, &encode(&words), lines, depth, size)
}
