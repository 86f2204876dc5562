//! What the benches with samples for the page share: servers that take turns, and the processor time that each takes.

use crate::load::Load;
use crate::process::{self, Process, Program};
use crate::samples::{self, Machine, Run};
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Rounds of the load before the clock starts.
const WARM_UP_ROUNDS: usize = 3;

/// A server that takes part.
#[derive(Clone, Copy)]
pub struct Contender {
    /// What is started.
    pub program: Program,
    /// As samples name it.
    pub name: &'static str,
}

/// What was measured so far.
#[derive(Default)]
pub struct Samples {
    all: Vec<Value>,
}

impl Samples {
    /// Adds one, and shows it.
    pub fn add(
        &mut self,
        (measure, case): (&str, &str),
        server: &str,
        round: usize,
        metrics: &[(&str, f64)],
    ) {
        let mut sample =
            json!({ "measure": measure, "case": case, "server": server, "round": round });
        let mut shown = String::new();
        for (metric, value) in metrics {
            sample[*metric] = json!(value);
            shown.push_str(&format!("  {metric} {value:.1}"));
        }
        println!("{measure:<26} {case:<16} {server:<6} round {round}{shown}");
        self.all.push(sample);
    }

    /// Writes them, with what is said of the run.
    pub fn write(self, file: &Path, machine: &Machine, run: &Run) -> io::Result<()> {
        samples::write(file, machine, run, self.all)?;
        println!("\nThe samples are in {}", file.display());
        Ok(())
    }
}

/// Who takes part, and how each is started.
pub fn contenders() -> io::Result<(Vec<Contender>, Vec<String>)> {
    let programs = Program::all();
    let started = programs.iter().map(|program| program.start());
    let servers: Vec<Process> = started.collect::<io::Result<_>>()?;
    let named = programs.iter().zip(samples::names(&servers));
    let contenders = named.map(|(program, name)| Contender {
        program: *program,
        name,
    });
    Ok((contenders.collect(), samples::specs(&servers)))
}

/// The error where the system does not tell this.
pub fn unsupported(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("{what} is not to be had on this system"),
    )
}

/// Keeps this process and the servers on one core, as batch jobs, so that each runs until it has to wait. What is
/// started from here on is there, too.
pub fn share_core(core: usize, servers: &[Process]) {
    let mut is_placed = process::place_self(core, true);
    for server in servers {
        is_placed &= server.place(core, true);
    }
    if !is_placed {
        println!("taskset and chrt do not work here: no core is shared, mind the figures");
    }
}

/// What the server takes for this, in nanoseconds.
pub fn cpu_of(server: &Process, work: impl FnOnce() -> io::Result<()>) -> io::Result<f64> {
    let time = || {
        server
            .cpu_ns()
            .ok_or_else(|| unsupported("processor time of a process"))
    };
    let before = time()?;
    work()?;
    Ok(time()?.saturating_sub(before) as f64)
}

/// Nanoseconds of the server's processor time per request. `finished` is told how many requests there were in all, and
/// waits for what else the server has to do for them.
pub fn drive(
    server: &Process,
    load: &mut Load,
    slice: Duration,
    finished: impl FnOnce(usize) -> io::Result<()>,
) -> io::Result<f64> {
    for _ in 0..WARM_UP_ROUNDS {
        load.round()?;
    }
    let mut requests = 0;
    let taken = cpu_of(server, || {
        let start = Instant::now();
        while requests == 0 || start.elapsed() < slice {
            load.round()?;
            requests += load.requests_per_round();
        }
        finished(WARM_UP_ROUNDS * load.requests_per_round() + requests)
    })?;
    Ok(taken / requests as f64)
}
