//! The whole server over the loopback: an embedded one under Criterion, then a comparison of
//! processes.
//!
//! ```text
//! cargo bench --bench end_to_end                         both
//! cargo bench --bench end_to_end -- compare              the comparison only
//! cargo bench --bench end_to_end -- embedded/GET         one part of the embedded server's
//! cargo bench --bench end_to_end -- --json FILE          MGET and values of 10 MB, as samples for the plots
//! cargo bench --bench end_to_end -- --json FILE --only collections [--quick] [--rounds N]
//!                                                        lists, hashes, sets and sorted sets, the same way
//! cargo bench --bench end_to_end -- --json FILE --only sessions [--quick] [--rounds N]
//!                                                        publishing, transactions, tracking, eviction, the same way
//! AEROLITE_BENCH_KEYS=2000000 cargo bench ...            more keys than a processor caches
//! ```

mod ceiling;
mod client;
mod collections;
mod compare;
mod load;
mod metrics;
mod pinger;
mod process;
mod samples;
mod sessions;
mod side_by_side;

use compare::DEPTHS;
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use load::{Load, Op};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// As in the program, since the embedded server allocates with it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const KEYS_VARIABLE: &str = "AEROLITE_BENCH_KEYS";
const DEFAULT_KEYS: usize = 100_000;
/// More would not fit into the digits that the load writes.
const MAX_KEYS: usize = 100_000_000;

const MAX_ROUNDS: usize = 100;

const WARM_UP: Duration = Duration::from_millis(200);
const MEASUREMENT: Duration = Duration::from_millis(600);
const SAMPLES: usize = 20;
const RESAMPLES: usize = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // With a port it is the ceiling, as the comparison starts it.
    let done = if argument_of(&arguments, "--port").is_some() {
        ceiling::run(&arguments)
    } else if let Some(file) = argument_of(&arguments, "--json") {
        write_samples(file, &arguments)
    } else {
        bench(&arguments)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("end_to_end: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_samples(file: Option<&str>, arguments: &[String]) -> io::Result<()> {
    let file = match file {
        Some(file) if !file.starts_with('-') => Path::new(file),
        _ => return Err(invalid("--json takes the name of a file".to_owned())),
    };
    match argument_of(arguments, "--only") {
        None => compare::sample(keys()?, file),
        Some(Some("collections")) => {
            use collections::Extent;
            let extent = extent(arguments, Extent::FULL, Extent::QUICK, Extent::with_rounds)?;
            collections::sample(file, extent)
        }
        Some(Some("sessions")) => {
            use sessions::Extent;
            let extent = extent(arguments, Extent::FULL, Extent::QUICK, Extent::with_rounds)?;
            sessions::sample(file, extent)
        }
        Some(_) => Err(invalid("--only knows collections and sessions".to_owned())),
    }
}

/// How much is measured.
fn extent<E>(
    arguments: &[String],
    full: E,
    quick: E,
    with_rounds: fn(E, usize) -> E,
) -> io::Result<E> {
    let is_quick = arguments.iter().any(|word| word == "--quick");
    let extent = if is_quick { quick } else { full };
    let Some(rounds) = argument_of(arguments, "--rounds") else {
        return Ok(extent);
    };
    match rounds.unwrap_or_default().parse() {
        Ok(rounds) if (1..=MAX_ROUNDS).contains(&rounds) => Ok(with_rounds(extent, rounds)),
        _ => Err(invalid(format!("--rounds takes 1 to {MAX_ROUNDS}"))),
    }
}

/// What follows a flag that was given: `Some(None)` when nothing does.
fn argument_of<'a>(arguments: &'a [String], flag: &str) -> Option<Option<&'a str>> {
    let at = arguments.iter().position(|word| word == flag)?;
    Some(arguments.get(at + 1).map(String::as_str))
}

/// How many keys are wished for.
fn keys() -> io::Result<usize> {
    let Ok(text) = std::env::var(KEYS_VARIABLE) else {
        return Ok(DEFAULT_KEYS);
    };
    match text.parse() {
        Ok(keys) if (1..=MAX_KEYS).contains(&keys) => Ok(keys),
        _ => Err(invalid(format!("{KEYS_VARIABLE} is not 1 to {MAX_KEYS}"))),
    }
}

fn bench(arguments: &[String]) -> io::Result<()> {
    let keys = keys()?;
    let mut criterion = Criterion::default()
        .warm_up_time(WARM_UP)
        .measurement_time(MEASUREMENT)
        .sample_size(SAMPLES)
        .nresamples(RESAMPLES)
        .configure_from_args();
    embedded(&mut criterion, keys)?;
    criterion.final_summary();
    if wants_comparison(arguments) {
        compare::run(keys)?;
    }
    Ok(())
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// The server in a thread of this process; the figure per second is that of requests.
fn embedded(criterion: &mut Criterion, keys: usize) -> io::Result<()> {
    let server = aerolite::spawn(&[])?;
    let mut is_filled = false;
    let mut group = criterion.benchmark_group("embedded");
    // A deep round takes milliseconds; more and more rounds in each sample would take too long.
    group.sampling_mode(SamplingMode::Flat);
    for op in Op::SMALL {
        for depth in DEPTHS {
            group.throughput(Throughput::Elements((load::CONNECTIONS * depth) as u64));
            group.bench_function(BenchmarkId::new(op.name(), depth), |bencher| {
                let addr = server.addr();
                if !is_filled {
                    load::fill(addr, keys).expect("the embedded server stores the keys");
                    is_filled = true;
                }
                let load = Load::connect(addr, op, depth, keys);
                let mut load = load.expect("the embedded server takes connections");
                bencher.iter(|| load.round().expect("the embedded server answers"));
            });
        }
    }
    group.finish();
    Ok(())
}

/// Under `cargo bench` (not when Criterion only lists or tests), unless something else is picked.
fn wants_comparison(arguments: &[String]) -> bool {
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let mut picked = arguments.iter().filter(|word| !word.starts_with('-'));
    has("--bench") && !has("--list") && !has("--test") && picked.all(|word| word == "compare")
}
