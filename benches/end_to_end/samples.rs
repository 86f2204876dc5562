//! Samples as a JSON document, in the format that `benches/plots/measured.rs` reads.

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

/// What is said of a run beside its samples.
pub struct Run {
    /// The measures.
    pub only: &'static str,
    /// Keys that requests choose among.
    pub keyspace: usize,
    /// How many there are of what memory and pauses are about, where these were measured.
    pub keys: Option<usize>,
    /// Rounds.
    pub rounds: usize,
    /// The servers' names.
    pub servers: Vec<&'static str>,
    /// How they were started.
    pub specs: Vec<String>,
}

/// Writes a run.
pub fn write(file: &Path, machine: &Machine, run: &Run, samples: Vec<Value>) -> io::Result<()> {
    let mut args = json!({ "only": run.only, "keyspace": run.keyspace, "rounds": run.rounds });
    if let Some(keys) = run.keys {
        args["keys"] = keys.into();
    }
    let document = json!({
        "date": machine.date,
        "kernel": machine.kernel,
        "cpu": machine.cpu,
        "cpus": machine.cpus,
        "args": args,
        "specs": run.specs,
        "ref": "redis",
        "servers": run.servers,
        "samples": samples,
    });
    let text = serde_json::to_string_pretty(&document).map_err(io::Error::other)?;
    fs::write(file, text + "\n")
}

/// As samples name the servers.
pub fn names(servers: &[Process]) -> Vec<&'static str> {
    servers.iter().map(name).collect()
}

/// `NAME=COMMAND` of each server.
pub fn specs(servers: &[Process]) -> Vec<String> {
    let spec = |server: &Process| format!("{}={}", name(server), server.command);
    servers.iter().map(spec).collect()
}

/// As the samples name it.
pub fn name(server: &Process) -> &'static str {
    match server.name {
        "aerolite" => "aero",
        "redis-server" => "redis",
        name => name,
    }
}
