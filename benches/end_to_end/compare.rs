//! The comparison: Aerolite, redis-server where there is one, and the ceiling, each in a process of
//! its own, driven by the same client.
//!
//! Servers take turns, A B C, A B C, ..., so that the machine's drift hits all alike; each ratio is
//! the median of the rounds' own ratios. There are two tables:
//!
//! - *requests per second*, the server on one core and the client on another. Mind the ceiling
//!   beside it: the client needs time too, and where a server is near the ceiling it is the
//!   client that is measured.
//! - *processor time of the server per request*, both on one core and scheduled as batch jobs, so
//!   that each runs until it has to wait. Then a server finds all its clients ready at a time and no
//!   wake-up across cores is charged to it. This is the figure that repeats, within a few per cent.
//!
//! What other load generators do not ask for, MGET and values of 10 MB, can be measured by itself
//! and written down for the plots.

use super::load::{self, CONNECTIONS, Load, Op};
use super::process::{self, Process, Program};
use super::samples::{self, Machine, Run};
use serde_json::{Value, json};
use std::env;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Requests that a client has under way.
pub const DEPTHS: [usize; 3] = [1, 16, 100];

/// What the load asks for beside the small operations at all depths, each with its depth.
const BULK: [(Op, usize); 6] = [
    (Op::Mget(10), 1),
    (Op::Mget(10), 16),
    (Op::Mget(100), 1),
    (Op::Mget(100), 16),
    (Op::GetLarge, 1),
    (Op::SetLarge, 1),
];

const ROUNDS: usize = 5;

/// How long a server is driven for one figure of a table.
const SLICE: Duration = Duration::from_millis(100);

/// The same for a sample that is written down: a hundred or so requests with 10 MB.
const SAMPLE_SLICE: Duration = Duration::from_millis(500);

/// Rounds of the load before the clock starts.
const WARM_UP_ROUNDS: usize = 3;

/// What one slice came to.
#[derive(Clone, Copy)]
struct Figures {
    requests_per_second: f64,
    cpu_ns_per_request: Option<f64>,
}

/// How server and client share the machine.
struct Placement {
    title: &'static str,
    server: usize,
    client: usize,
    is_batch: bool,
    slice: Duration,
}

/// One line of a table: a command at a depth, and in each round the figure of every server.
struct Line {
    op: Op,
    depth: usize,
    rounds: Vec<Vec<f64>>,
}

/// Measures everything and prints the tables.
pub fn run(keys: usize) -> io::Result<()> {
    let servers = start(keys)?;
    let cores = process::cores();
    let (first, second) = process::two_cores(&cores);
    let apart = Placement {
        title: "on a core each",
        server: second,
        client: first,
        is_batch: false,
        slice: SLICE,
    };
    let small = Op::SMALL.iter();
    let mut cases: Vec<_> = small
        .flat_map(|op| DEPTHS.map(|depth| (*op, depth)))
        .collect();
    cases.extend(BULK);
    let lines = measure(&servers, &apart, &cases, keys, |figures| {
        Some(figures.requests_per_second)
    })?;
    print("requests per second", &servers, &lines, true);
    match measure_cpu(&servers, &sharing(first, SLICE), &cases, keys) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            println!("\n{error}");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Measures the processor time of what other load generators do not ask for, prints it, and writes
/// the samples to this file.
pub fn sample(keys: usize, file: &Path) -> io::Result<()> {
    let machine = Machine::read();
    let servers = start(keys)?;
    let (core, _) = process::two_cores(&process::cores());
    let lines = measure_cpu(&servers, &sharing(core, SAMPLE_SLICE), &BULK, keys)?;
    let run = Run {
        only: "cpu",
        keyspace: keys,
        keys: None,
        rounds: ROUNDS,
        servers: samples::names(&servers),
        specs: samples::specs(&servers),
    };
    let all = lines.iter().flat_map(|line| line.samples(&servers));
    samples::write(file, &machine, &run, all.collect())?;
    println!("\nThe samples are in {}", file.display());
    Ok(())
}

fn sharing(core: usize, slice: Duration) -> Placement {
    Placement {
        title: "sharing a core",
        server: core,
        client: core,
        is_batch: true,
        slice,
    }
}

fn measure_cpu(
    servers: &[Process],
    placement: &Placement,
    cases: &[(Op, usize)],
    keys: usize,
) -> io::Result<Vec<Line>> {
    let lines = measure(servers, placement, cases, keys, |figures| {
        figures.cpu_ns_per_request
    })?;
    if lines.iter().any(|line| line.rounds.is_empty()) {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "The processor time of a process is not to be had on this system.",
        ));
    }
    let title = "processor time of the server per request, ns";
    print(title, servers, &lines, false);
    Ok(lines)
}

/// Aerolite first, the ceiling last, each with its keys.
fn start(keys: usize) -> io::Result<Vec<Process>> {
    let mut servers = Vec::new();
    for program in Program::all() {
        servers.push(program.start()?);
    }
    servers.push(Process::start("ceiling", &env::current_exe()?, &[])?);
    for server in &servers {
        load::fill(server.addr, keys)?;
        load::fill_large(server.addr)?;
    }
    println!(
        "\nComparison: {CONNECTIONS} connections, 3-byte values, {keys} keys (c1: one connection, \
         d: bytes of a value), medians of {ROUNDS} rounds"
    );
    Ok(servers)
}

fn measure(
    servers: &[Process],
    placement: &Placement,
    cases: &[(Op, usize)],
    keys: usize,
    figure: impl Fn(Figures) -> Option<f64>,
) -> io::Result<Vec<Line>> {
    let mut is_placed = process::place_self(placement.client, placement.is_batch);
    for server in servers {
        is_placed &= server.place(placement.server, placement.is_batch);
    }
    let placed = if is_placed {
        placement.title
    } else {
        "wherever the system puts them (taskset and chrt do not work here)"
    };
    println!("\nServer and client {placed}:");
    let mut lines = Vec::new();
    for &(op, depth) in cases {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut round = Vec::new();
            for server in servers {
                let mut load = Load::connect(server.addr, op, depth, keys)?;
                let figures = drive(server, &mut load, placement.slice)?;
                round.extend(figure(figures));
            }
            if round.len() == servers.len() {
                rounds.push(round);
            }
        }
        lines.push(Line { op, depth, rounds });
    }
    Ok(lines)
}

/// One slice.
fn drive(server: &Process, load: &mut Load, slice: Duration) -> io::Result<Figures> {
    for _ in 0..WARM_UP_ROUNDS {
        load.round()?;
    }
    let mut requests = 0;
    let cpu_before = server.cpu_ns();
    let start = Instant::now();
    while start.elapsed() < slice {
        load.round()?;
        requests += load.requests_per_round();
    }
    let taken = start.elapsed();
    let cpu = server
        .cpu_ns()
        .zip(cpu_before)
        .map(|(after, before)| after.saturating_sub(before));
    Ok(Figures {
        requests_per_second: requests as f64 / taken.as_secs_f64(),
        cpu_ns_per_request: cpu.map(|ns| ns as f64 / requests as f64),
    })
}

impl Line {
    /// In the way of `redis-benchmark`'s options, such as `GET P16 c50`.
    fn name(&self) -> String {
        let (op, connections) = (self.op.name(), self.op.connections());
        let name = format!("{op:<10} P{:<3} c{connections}", self.depth);
        match self.op.value_bytes() {
            3 => name,
            bytes => format!("{name} d{bytes}"),
        }
    }

    /// As processor time, of each server in each round.
    fn samples(&self, servers: &[Process]) -> Vec<Value> {
        let mut samples = Vec::new();
        for (number, round) in self.rounds.iter().enumerate() {
            for (server, cpu_ns) in servers.iter().zip(round) {
                samples.push(json!({
                    "measure": "cpu",
                    "case": self.name(),
                    "server": samples::name(server),
                    "round": number,
                    "cpu_ns": cpu_ns,
                }));
            }
        }
        samples
    }
}

/// Prints a table. A ratio above 1 says that Aerolite is better than redis-server; "of the ceiling"
/// is how much of what is possible Aerolite reaches.
fn print(title: &str, servers: &[Process], lines: &[Line], more_is_better: bool) {
    let name_of = |i: usize| servers[i].name;
    let ceiling = servers.len() - 1;
    print!("{title:<46}");
    for i in 0..servers.len() {
        print!("{:>13}", name_of(i));
    }
    for i in 1..servers.len() {
        print!(
            "{:>16}",
            if i == ceiling {
                "of the ceiling"
            } else {
                "x redis-server"
            }
        );
    }
    println!();
    for line in lines {
        print!("{:<46}", line.name());
        for i in 0..servers.len() {
            let figures = line.rounds.iter().map(|round| round[i]);
            print!("{:>13.0}", median(figures.collect()));
        }
        for i in 1..servers.len() {
            let ratios = line.rounds.iter().map(|round| {
                if more_is_better {
                    round[0] / round[i]
                } else {
                    round[i] / round[0]
                }
            });
            print!("{:>16.2}", median(ratios.collect()));
        }
        println!();
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => values[n / 2 - 1].midpoint(values[n / 2]),
    }
}
