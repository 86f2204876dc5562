//! Samples as a JSON document, in the format that `benches/plots/measured.rs` reads.

use super::compare::Line;
use super::process::{self, Process};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

/// Where samples come from.
pub struct Machine {
    date: String,
    kernel: String,
    cpu: String,
    cpus: usize,
}

impl Machine {
    /// This one, now. To be asked before the process is bound to a core.
    pub fn read() -> Machine {
        let unknown = || "unknown".to_owned();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
        let cpu_info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu_info.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| Some(line.split_once(": ")?.1.to_owned()));
        Machine {
            date: date().unwrap_or_else(unknown),
            kernel: kernel.map_or_else(|_| unknown(), |text| text.trim().to_owned()),
            cpu: model.unwrap_or_else(unknown),
            cpus: process::cores().len(),
        }
    }
}

/// As ISO 8601, by the program of that name.
fn date() -> Option<String> {
    let output = Command::new("date").arg("+%Y-%m-%dT%H:%M:%S").output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    Some(text.trim().to_owned())
}

/// Writes what was measured of each server in each round.
pub fn write(
    file: &Path,
    machine: &Machine,
    keys: usize,
    servers: &[Process],
    lines: &[Line],
) -> io::Result<()> {
    let samples: Vec<Value> = lines
        .iter()
        .flat_map(|line| samples(line, servers))
        .collect();
    let rounds = lines.iter().map(|line| line.rounds.len()).max();
    let specs = servers
        .iter()
        .map(|server| format!("{}={}", name(server), server.command));
    let document = json!({
        "date": machine.date,
        "kernel": machine.kernel,
        "cpu": machine.cpu,
        "cpus": machine.cpus,
        "args": { "only": "cpu", "keyspace": keys, "rounds": rounds },
        "specs": specs.collect::<Vec<_>>(),
        "ref": "redis",
        "servers": servers.iter().map(name).collect::<Vec<_>>(),
        "samples": samples,
    });
    let text = serde_json::to_string_pretty(&document).map_err(io::Error::other)?;
    fs::write(file, text + "\n")
}

fn samples(line: &Line, servers: &[Process]) -> Vec<Value> {
    let mut samples = Vec::new();
    for (number, round) in line.rounds.iter().enumerate() {
        for (server, cpu_ns) in servers.iter().zip(round) {
            samples.push(json!({
                "measure": "cpu",
                "case": line.name(),
                "server": name(server),
                "round": number,
                "cpu_ns": cpu_ns,
            }));
        }
    }
    samples
}

/// As the samples name it.
fn name(server: &Process) -> &'static str {
    match server.name {
        "aerolite" => "aero",
        "redis-server" => "redis",
        name => name,
    }
}
