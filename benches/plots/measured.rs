//! What was measured: the samples of one or more comparison runs, and the two questions asked of them.
//!
//! A run is a JSON document: an array `samples`, each of one round of one measure of one server, and around it what
//! the machine was. A sample is an object with the texts `measure`, `case` and `server`, the number `round`, and one
//! number per metric. Every figure that is shown is computed here from the samples:
//!
//! ```text
//!   round      0      1      2
//!   redis    4608   4394   4702      median of its own rounds: 4608
//!   aero     3143   3863   3910      median of its own rounds: 3863
//!   ratio    1.47   1.14   1.20      median of the ratios: 1.20, from 1.14 to 1.47
//! ```
//!
//! The ratio is taken round by round because the servers took turns: what disturbed the machine for a while disturbed
//! both, and cancels. It therefore need not be the ratio of the two medians.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use crate::chart::Group;
use serde_json::Value;

/// The server this project makes, as runs name it.
pub const SUBJECT: &str = "aero";

/// Names that a server of constant replies goes by: it shows what the kernel allows.
const LIMITS: [&str; 2] = ["limit", "ceiling"];

/// Runs read from one folder, at most.
const FILES_MAX: usize = 32;
/// Size of one run's document, at most.
const FILE_BYTES_MAX: u64 = 32 << 20;
/// Samples of all runs together, at most.
const SAMPLES_MAX: usize = 200_000;
/// Servers that a figure can tell apart.
const SERVERS_MAX: usize = 6;
/// From so many keys on, the table is far larger than the caches.
const LARGE_KEYSPACE: u64 = 1_000_000;
/// A value of at least so many bytes counts as "10 MB".
const HUGE_VALUE_BYTES: u64 = 10_000_000;

/// Where and how one run was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// When it ended, as ISO 8601.
    pub date: String,
    /// The processor's name, or "unknown".
    pub cpu: String,
    /// How many processors there were.
    pub cpus: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The measures that were taken, separated by commas; empty means all.
    pub only: String,
    /// Random keys of the request measures.
    pub keyspace: u64,
    /// Base count of keys of the memory, growth and expiry measures; 0 if there were none of these.
    pub keys: u64,
    /// Rounds.
    pub rounds: u64,
    /// `NAME=COMMAND` of each server.
    pub specs: Vec<String>,
}

struct Sample {
    run: usize,
    round: u64,
    measure: String,
    case: String,
    server: String,
    metrics: BTreeMap<String, f64>,
}

/// All runs together.
pub struct Measured {
    /// The runs, in the order given.
    pub runs: Vec<Run>,
    /// The servers: the subject first, then the reference, then the others as they came.
    pub servers: Vec<String>,
    /// The server that ratios are taken against.
    pub reference: String,
    samples: Vec<Sample>,
}

/// Which cases of a measure are meant.
#[derive(Debug, Clone, Copy)]
pub enum Case {
    /// The one of this name.
    Named(&'static str),
    /// A request of the load generator.
    Request {
        /// The command, as the case's name begins.
        command: &'static str,
        /// Requests sent before waiting for replies.
        depth: u64,
        /// Size of the value.
        value_bytes: u64,
        /// Whether the keys are millions, or fit the caches.
        large_keyspace: bool,
    },
}

/// One column of the samples.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// The measure, such as `cpu`.
    pub measure: &'static str,
    /// The metric, such as `cpu_ns`.
    pub metric: &'static str,
    /// What turns the metric into the program's unit.
    pub scale: f64,
    /// The cases.
    pub case: Case,
}

/// The median of per-round ratios, and the least and greatest of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The median; above 1 is better than the reference.
    pub median: f64,
    /// The worst round.
    pub low: f64,
    /// The best round.
    pub high: f64,
}

impl Measured {
    /// Reads the run at `path`, or every `.json` in it by name if it is a folder.
    ///
    /// # Errors
    ///
    /// A sentence that names the file, when it cannot be read, is too large or is not a run.
    pub fn read(path: &Path) -> Result<Measured, String> {
        let mut texts = Vec::new();
        for file in files(path).map_err(|e| format!("{}: {e}", path.display()))? {
            let text = read_bounded(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            texts.push((file.display().to_string(), text));
        }
        Measured::parse(&texts)
    }

    /// Takes `(name, document)` pairs.
    ///
    /// # Errors
    ///
    /// A sentence with the name of the document that is not a run.
    pub fn parse(documents: &[(String, String)]) -> Result<Measured, String> {
        let mut all = Measured {
            runs: Vec::new(),
            servers: Vec::new(),
            reference: String::new(),
            samples: Vec::new(),
        };
        for (name, text) in documents {
            let value: Value = serde_json::from_str(text).map_err(|e| format!("{name}: {e}"))?;
            all.add(&value).map_err(|e| format!("{name}: {e}"))?;
        }
        if all.samples.is_empty() {
            return Err("there are no samples".to_owned());
        }
        let reference = all.reference.clone();
        let place = |name: &String| (*name != SUBJECT, *name != reference);
        all.servers.sort_by_key(place);
        Ok(all)
    }

    fn add(&mut self, document: &Value) -> Result<(), String> {
        let reference = text(document, "ref").ok_or("there is no `ref`")?;
        if !self.reference.is_empty() && self.reference != reference {
            return Err(format!(
                "its reference is {reference}, that of the others {}",
                self.reference
            ));
        }
        self.reference = reference;
        let samples = document["samples"]
            .as_array()
            .ok_or("there is no array `samples`")?;
        if self.samples.len() + samples.len() > SAMPLES_MAX {
            return Err(format!("there are more than {SAMPLES_MAX} samples"));
        }
        for (i, value) in samples.iter().enumerate() {
            let sample = sample(self.runs.len(), value)
                .ok_or_else(|| format!("sample {i} lacks a field"))?;
            if !self.servers.contains(&sample.server) {
                self.servers.push(sample.server.clone());
            }
            self.samples.push(sample);
        }
        if self.servers.len() > SERVERS_MAX {
            return Err(format!("there are more than {SERVERS_MAX} servers"));
        }
        self.runs.push(run(document));
        Ok(())
    }

    /// Bars under a heading, one for each server that was measured.
    pub fn bars(&self, heading: &str, query: &Query, worst: Option<&Query>) -> Option<Group> {
        let bar = |(number, server): (usize, &String)| {
            let worst = worst.and_then(|worst| self.median(worst, server));
            Some((number, self.median(query, server)?, worst))
        };
        let bars: Vec<_> = self.servers.iter().enumerate().filter_map(bar).collect();
        (!bars.is_empty()).then(|| Group {
            heading: heading.to_owned(),
            bars,
        })
    }

    /// The median of `server` over all rounds, if it was measured.
    pub fn median(&self, query: &Query, server: &str) -> Option<f64> {
        median(self.rounds(query, server).into_values().collect())
    }

    /// How many times `server` is better than `other` in what is better the smaller it is.
    /// Nothing if no round has both, or if one of the two is zero.
    pub fn times_better(&self, query: &Query, server: &str, other: &str) -> Option<Ratio> {
        let others = self.rounds(query, other);
        let own = self.rounds(query, server);
        let pairs = own
            .iter()
            .filter_map(|(round, value)| Some((*others.get(round)?, *value)));
        let ratios: Vec<f64> = pairs
            .filter(|(o, v)| *o > 0.0 && *v > 0.0)
            .map(|(o, v)| o / v)
            .collect();
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(0.0, f64::max);
        Some(Ratio {
            median: median(ratios)?,
            low,
            high,
        })
    }

    /// Whether any server has a value.
    pub fn has(&self, query: &Query) -> bool {
        self.servers
            .iter()
            .any(|server| self.median(query, server).is_some())
    }

    /// The server of constant replies, if one took part.
    pub fn limit(&self) -> Option<&str> {
        self.servers
            .iter()
            .map(String::as_str)
            .find(|name| LIMITS.contains(name))
    }

    fn rounds(&self, query: &Query, server: &str) -> BTreeMap<(usize, u64), f64> {
        let wanted = self
            .samples
            .iter()
            .filter(|s| s.server == server && s.measure == query.measure && self.matches(s, query));
        wanted
            .filter_map(|s| Some(((s.run, s.round), s.metrics.get(query.metric)? * query.scale)))
            .collect()
    }

    fn matches(&self, sample: &Sample, query: &Query) -> bool {
        match query.case {
            Case::Named(name) => sample.case == name,
            Case::Request {
                command,
                depth,
                value_bytes,
                large_keyspace,
            } => {
                let Some(request) = Request::of(&sample.case) else {
                    return false;
                };
                let large = self.runs[sample.run].keyspace >= LARGE_KEYSPACE;
                let huge = value_bytes >= HUGE_VALUE_BYTES;
                // A huge value is asked for over as few connections as the run liked.
                let as_usual = request.connections == 50 && request.value_bytes == value_bytes;
                request.command == command
                    && request.depth == depth
                    && large == large_keyspace
                    && if huge {
                        request.value_bytes >= HUGE_VALUE_BYTES
                    } else {
                        as_usual
                    }
            }
        }
    }
}

/// A server's name for readers.
pub fn display_name(server: &str) -> &str {
    match server {
        SUBJECT => "Aerolite",
        "redis" => "redis-server",
        name if LIMITS.contains(&name) => "constant replies",
        name => name,
    }
}

/// What the name of a case says, such as `SET        P16  c50 d1024`.
struct Request<'a> {
    command: &'a str,
    depth: u64,
    connections: u64,
    value_bytes: u64,
}

impl Request<'_> {
    fn of(case: &str) -> Option<Request<'_>> {
        let mut words = case.split_whitespace();
        let command = words.next()?;
        let depth = words.next()?.strip_prefix('P')?.parse().ok()?;
        let connections = words.next()?.strip_prefix('c')?.parse().ok()?;
        let value_bytes = match words.next() {
            Some(word) => word.strip_prefix('d')?.parse().ok()?,
            None => 3,
        };
        Some(Request {
            command,
            depth,
            connections,
            value_bytes,
        })
    }
}

fn files(path: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|e| e == "json") {
            files.push(file);
        }
        if files.len() > FILES_MAX {
            return Err(io::Error::other(format!("more than {FILES_MAX} runs")));
        }
    }
    files.sort();
    Ok(files)
}

fn read_bounded(file: &Path) -> io::Result<String> {
    if fs::metadata(file)?.len() > FILE_BYTES_MAX {
        return Err(io::Error::other(format!(
            "larger than {FILE_BYTES_MAX} bytes"
        )));
    }
    fs::read_to_string(file)
}

fn run(document: &Value) -> Run {
    let args = &document["args"];
    let specs = document["specs"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    Run {
        date: text(document, "date").unwrap_or_default(),
        cpu: text(document, "cpu").unwrap_or_else(|| "unknown".to_owned()),
        cpus: document["cpus"].as_u64().unwrap_or(0),
        kernel: text(document, "kernel").unwrap_or_default(),
        only: text(args, "only").unwrap_or_default(),
        keyspace: args["keyspace"].as_u64().unwrap_or(0),
        keys: args["keys"].as_u64().unwrap_or(0),
        rounds: args["rounds"].as_u64().unwrap_or(0),
        specs: specs
            .iter()
            .filter_map(|s| Some(s.as_str()?.to_owned()))
            .collect(),
    }
}

fn sample(run: usize, value: &Value) -> Option<Sample> {
    let numbers = value
        .as_object()?
        .iter()
        .filter_map(|(name, v)| Some((name.clone(), v.as_f64()?)));
    Some(Sample {
        run,
        round: value["round"].as_u64()?,
        measure: text(value, "measure")?,
        case: text(value, "case")?,
        server: text(value, "server")?,
        metrics: numbers.filter(|(_, n)| n.is_finite()).collect(),
    })
}

fn text(value: &Value, field: &str) -> Option<String> {
    Some(value.get(field)?.as_str()?.to_owned())
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 {
        upper
    } else {
        f64::midpoint(values[middle - 1], upper)
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A run with the given samples, each `measure, case, server, round, metric, value`.
    pub fn document(keyspace: u64, samples: &[(&str, &str, &str, u64, &str, f64)]) -> String {
        let samples: Vec<Value> = samples
            .iter()
            .map(|(measure, case, server, round, metric, value)| {
                serde_json::json!({ "measure": measure, "case": case, "server": server, "round": round, *metric: value })
            })
            .collect();
        let args = serde_json::json!({ "keyspace": keyspace, "keys": 1000, "rounds": 3 });
        serde_json::json!({ "ref": "redis", "args": args, "samples": samples }).to_string()
    }

    /// The runs as one.
    pub fn measured(documents: &[String]) -> Measured {
        let named: Vec<_> = documents
            .iter()
            .map(|d| ("test".to_owned(), d.clone()))
            .collect();
        Measured::parse(&named).expect("the document is a run")
    }

    /// CPU time per `SET` at depth 16.
    pub fn set16(large_keyspace: bool) -> Query {
        let case = Case::Request {
            command: "SET",
            depth: 16,
            value_bytes: 3,
            large_keyspace,
        };
        Query {
            measure: "cpu",
            metric: "cpu_ns",
            scale: 1.0,
            case,
        }
    }

    const SET: &str = "SET        P16  c50";

    #[test]
    fn ratios_are_taken_round_by_round() {
        let rounds = [
            (0, 4608.0, 3143.0),
            (1, 4394.0, 3863.0),
            (2, 4702.0, 3910.0),
        ];
        let mut samples = Vec::new();
        for (round, redis, aero) in rounds {
            samples.push(("cpu", SET, "redis", round, "cpu_ns", redis));
            samples.push(("cpu", SET, "aero", round, "cpu_ns", aero));
        }
        let data = measured(&[document(1000, &samples)]);
        assert_eq!(data.median(&set16(false), "redis"), Some(4608.0));
        let ratio = data
            .times_better(&set16(false), "aero", "redis")
            .expect("both were measured");
        assert_eq!(
            ratio,
            Ratio {
                median: 4702.0 / 3910.0,
                low: 4394.0 / 3863.0,
                high: 4608.0 / 3143.0
            }
        );
    }

    #[test]
    fn rounds_of_different_runs_are_not_paired() {
        let a = document(1000, &[("cpu", SET, "redis", 0, "cpu_ns", 8.0)]);
        let b = document(1000, &[("cpu", SET, "aero", 0, "cpu_ns", 2.0)]);
        let data = measured(&[a, b]);
        assert_eq!(data.times_better(&set16(false), "aero", "redis"), None);
        assert_eq!(data.median(&set16(false), "aero"), Some(2.0));
    }

    #[test]
    fn keyspaces_values_and_connections_are_kept_apart() {
        let small = [
            ("cpu", SET, "redis", 0, "cpu_ns", 10.0),
            (
                "cpu",
                "SET        P16  c50 d1024",
                "redis",
                0,
                "cpu_ns",
                99.0,
            ),
            ("cpu", "SET        P16  c1", "redis", 0, "cpu_ns", 98.0),
        ];
        let data = measured(&[
            document(100_000, &small),
            document(2_000_000, &[("cpu", SET, "redis", 0, "cpu_ns", 20.0)]),
        ]);
        assert_eq!(data.median(&set16(false), "redis"), Some(10.0));
        assert_eq!(data.median(&set16(true), "redis"), Some(20.0));
    }

    #[test]
    fn the_subject_comes_first_and_the_reference_second() {
        let samples =
            ["other", "redis", "aero"].map(|server| ("cpu", SET, server, 0, "cpu_ns", 1.0));
        assert_eq!(
            measured(&[document(1, &samples)]).servers,
            ["aero", "redis", "other"]
        );
    }

    #[test]
    fn what_is_not_a_run_is_refused_by_name() {
        for text in [
            "",
            "[]",
            "{\"ref\": \"redis\"}",
            "{\"ref\": \"redis\", \"samples\": [{\"case\": 1}]}",
        ] {
            let error = Measured::parse(&[("x.json".to_owned(), text.to_owned())])
                .err()
                .expect("it is refused");
            assert!(error.starts_with("x.json: "), "{error}");
        }
        assert!(Measured::parse(&[]).is_err());
    }

    #[test]
    fn a_zero_has_no_ratio() {
        let samples = [
            ("idle", "x", "redis", 0, "wakeups_per_s", 10.0),
            ("idle", "x", "aero", 0, "wakeups_per_s", 0.0),
        ];
        let query = Query {
            measure: "idle",
            metric: "wakeups_per_s",
            scale: 1.0,
            case: Case::Named("x"),
        };
        assert_eq!(
            measured(&[document(1, &samples)]).times_better(&query, "aero", "redis"),
            None
        );
    }
}
