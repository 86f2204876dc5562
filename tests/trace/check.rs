//! Holds a trace against what one has to be: every event's fields, the nesting on every track, the arrows, and
//! that the phases of a turn are the turn.

use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

/// What the clock may be wrong by, in nanoseconds, between two that are read for the same moment.
const CLOCK_ERROR_NS: u64 = 1000;

const PHASES: [&str; 5] = [
    "before_sleep",
    "poll",
    "after_sleep",
    "file_events",
    "time_events",
];

/// A track: group and number.
type Track = (u64, u64);

/// The loop's.
const LOOP: Track = (1, 1);

/// The group of the clients' tracks.
const CLIENTS: u64 = 2;

/// A slice of a track.
#[derive(Debug, Clone)]
pub struct Slice {
    pub name: String,
    pub start: u64,
    pub end: u64,
    pub args: Value,
}

/// One end of an arrow.
#[derive(Debug)]
struct Tip {
    track: Track,
    at: u64,
    requests: u64,
}

/// A trace that has been found right.
#[derive(Debug, Default)]
pub struct Trace {
    pub events: usize,
    pub slices: BTreeMap<Track, Vec<Slice>>,
    pub names: BTreeMap<Track, String>,
    /// The values of each counter, in order.
    pub counters: BTreeMap<String, Vec<u64>>,
    /// Client, from, to, requests.
    pub arrows: Vec<(u64, u64, u64, u64)>,
    pub turns: usize,
    starts: HashMap<u64, Tip>,
    ends: HashMap<u64, Tip>,
}

impl Trace {
    /// Reads and checks the trace in a file.
    #[track_caller]
    pub fn check(path: &Path) -> Trace {
        let trace = Trace::read(path);
        trace.check_tracks();
        trace.check_loop();
        trace.check_clients();
        trace.checked_arrows()
    }

    /// The slices of all clients.
    pub fn of_clients(&self) -> impl Iterator<Item = (u64, &Slice)> {
        self.slices
            .iter()
            .filter(|((group, _), _)| *group == CLIENTS)
            .flat_map(|((_, client), slices)| slices.iter().map(|slice| (*client, slice)))
    }

    /// The commands of all clients.
    pub fn commands(&self) -> impl Iterator<Item = &Slice> {
        self.of_clients()
            .map(|(_, slice)| slice)
            .filter(|slice| slice.name != "read" && slice.name != "write")
    }

    /// How often commands of this name were run.
    pub fn count(&self, name: &str) -> usize {
        self.commands().filter(|slice| slice.name == name).count()
    }

    /// The keys that are shown with commands of this name.
    pub fn keys(&self, name: &str) -> Vec<String> {
        self.commands()
            .filter(|slice| slice.name == name)
            .filter_map(|slice| slice.args["key"].as_str().map(str::to_owned))
            .collect()
    }

    #[track_caller]
    fn read(path: &Path) -> Trace {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = str::from_utf8(&bytes).expect("a trace is UTF-8");
        // Each event is a line, and the lines around them are the rest of the JSON: a trace of a hundred
        // megabytes is not held in memory as values.
        let (first, rest) = text.split_once('\n').expect("a first line");
        let events = rest.strip_suffix("\n]}\n").expect("the end of a trace");
        let outside: Value =
            serde_json::from_str(&format!("{first}]}}")).expect("the outside is JSON");
        assert_eq!(outside["displayTimeUnit"], "ns");
        assert!(outside["otherData"]["writer"].is_string());
        assert_eq!(outside["traceEvents"], Value::Array(Vec::new()));
        let mut trace = Trace::default();
        for line in events.split(",\n") {
            let event: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            trace.take(&event, line);
        }
        trace
    }

    /// Takes one event, with all its fields and no others.
    #[track_caller]
    fn take(&mut self, event: &Value, line: &str) {
        self.events += 1;
        let number = |name: &str| {
            let value = event[name].as_u64();
            value.unwrap_or_else(|| panic!("{name} is no number in {line}"))
        };
        let text = |name: &str| {
            let value = event[name].as_str();
            value.unwrap_or_else(|| panic!("{name} is no text in {line}"))
        };
        let fields = |wanted: &[&str]| {
            let object = event.as_object().expect("an event is an object");
            let common = ["ph", "pid", "tid", "ts", "name"];
            for name in common.iter().chain(wanted) {
                assert!(object.contains_key(*name), "{name} is not in {line}");
            }
            for name in object.keys().map(String::as_str) {
                let is_known = common.contains(&name) || wanted.contains(&name) || name == "args";
                assert!(is_known, "{name} is in {line}");
            }
        };
        let track = (number("pid"), number("tid"));
        let at = nanoseconds(&event["ts"], line);
        let name = text("name").to_owned();
        let args = &event["args"];
        match text("ph") {
            "X" => {
                fields(&["dur"]);
                let slice = Slice {
                    name,
                    start: at,
                    end: at + nanoseconds(&event["dur"], line),
                    args: args.clone(),
                };
                self.slices.entry(track).or_default().push(slice);
            }
            "M" => {
                fields(&["args"]);
                assert_eq!(at, 0, "{line}");
                match name.as_str() {
                    "process_name" => assert!(args["name"].is_string(), "{line}"),
                    "thread_name" => {
                        let name = args["name"].as_str().expect("a name").to_owned();
                        self.names.insert(track, name);
                    }
                    "process_sort_index" | "thread_sort_index" => {
                        assert!(args["sort_index"].is_u64(), "{line}");
                    }
                    _ => panic!("what is {line}"),
                }
            }
            "C" => {
                fields(&["args"]);
                assert_eq!(track, LOOP, "{line}");
                let value = args[&name].as_u64().expect("a counter's value");
                assert_eq!(
                    args.as_object().map(serde_json::Map::len),
                    Some(1),
                    "{line}"
                );
                self.counters.entry(name).or_default().push(value);
            }
            "i" => {
                fields(&["s"]);
                assert_eq!((track, text("s")), (LOOP, "t"), "{line}");
                assert!(["grow", "events lost"].contains(&&*name), "{line}");
            }
            kind @ ("s" | "f") => {
                assert_eq!((text("cat"), &*name), ("request", "reply"), "{line}");
                let (ends, requests) = if kind == "s" {
                    fields(&["id", "cat", "args"]);
                    let requests = args["requests"].as_u64().expect("how many requests");
                    assert!(requests > 0, "{line}");
                    (&mut self.starts, requests)
                } else {
                    fields(&["id", "cat", "bp"]);
                    assert_eq!(text("bp"), "e", "{line}");
                    (&mut self.ends, 0)
                };
                let tip = Tip {
                    track,
                    at,
                    requests,
                };
                let other = ends.insert(number("id"), tip);
                assert!(other.is_none(), "an id is used twice: {line}");
            }
            _ => panic!("what is {line}"),
        }
    }

    /// Every track has a name, and what is in it is nested.
    fn check_tracks(&self) {
        for (track, slices) in &self.slices {
            let name = self.names.get(track);
            let begins = if *track == LOOP {
                "loop".to_owned()
            } else {
                format!("client {} ", track.1)
            };
            let is_named = name.is_some_and(|name| name.starts_with(&begins));
            assert!(is_named, "track {track:?} is called {name:?}");
            if *track != LOOP {
                assert_eq!(track.0, CLIENTS, "{track:?}");
                let mut sorted: Vec<&Slice> = slices.iter().collect();
                sorted.sort_by_key(|slice| (slice.start, slice.end));
                for pair in sorted.windows(2) {
                    assert!(pair[0].end <= pair[1].start, "{track:?}: {pair:?}");
                }
            }
        }
    }

    /// The loop's track: each slice where it belongs, and the five phases of each turn are the turn.
    fn check_loop(&self) {
        let Some(slices) = self.slices.get(&LOOP) else {
            return;
        };
        let mut order: Vec<usize> = (0..slices.len()).collect();
        // Of two that begin at once the outer one has to come first in the file: viewers want that.
        order.sort_by_key(|&i| (slices[i].start, i));
        assert!(order.is_sorted(), "the loop's slices are in order");
        let mut open: Vec<usize> = Vec::new();
        let mut phases: Vec<usize> = Vec::new();
        let mut last_turn = None;
        for i in order {
            let slice = &slices[i];
            while open
                .last()
                .is_some_and(|&top| slices[top].end <= slice.start)
            {
                open.pop();
            }
            let parent = open.last().map(|&top| &slices[top]);
            if let Some(parent) = parent {
                assert!(slice.end <= parent.end, "{slice:?} is not in {parent:?}");
            }
            let parent_name = parent.map_or("", |parent| parent.name.as_str());
            let belongs: &[&str] = match slice.name.as_str() {
                "turn" => &[""],
                name if PHASES.contains(&name) => &["turn"],
                "watch" => &["before_sleep"],
                "accept" | "read" | "parse" | "execute" => &["file_events"],
                "write" => &["before_sleep", "file_events"],
                "time_event" => &["time_events"],
                "wheel" | "free" => &["time_event"],
                _ => panic!("what is {slice:?}"),
            };
            assert!(belongs.contains(&parent_name), "{slice:?} is in {parent:?}");
            if slice.name == "turn" {
                if let Some(last) = last_turn {
                    check_turn(&slices[last], &phases, slices);
                    let number = |i: usize| slices[i].args["turn"].as_u64().expect("a number");
                    assert_eq!(number(last) + 1, number(i), "no turn is missing");
                }
                phases.clear();
                last_turn = Some(i);
            } else if belongs == ["turn"] {
                phases.push(i);
            }
            open.push(i);
        }
        if let Some(last) = last_turn {
            check_turn(&slices[last], &phases, slices);
        }
    }

    /// The clients' tracks tell the same story as the loop's.
    fn check_clients(&self) {
        let mut starts: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (client, slice) in self.of_clients() {
            // One that was refused took no time, and is not counted as run.
            let is_run = slice.end > slice.start;
            if slice.name != "read" && slice.name != "write" && is_run {
                starts.entry(client).or_default().push(slice.start);
            }
        }
        starts
            .values_mut()
            .for_each(|starts| starts.sort_unstable());
        let loops = self.slices.get(&LOOP).map_or(&[][..], Vec::as_slice);
        let mut found = 0;
        for slice in loops {
            let Some(client) = slice.args["client"].as_u64() else {
                continue;
            };
            let track = &self.slices[&(CLIENTS, client)];
            if slice.name == "read" || slice.name == "write" {
                let twin = track.binary_search_by_key(&slice.start, |twin| twin.start);
                let bytes = twin.ok().map(|twin| &track[twin].args["bytes"]);
                assert_eq!(bytes, Some(&slice.args["bytes"]), "{slice:?}");
            } else if slice.name == "execute" {
                let starts = starts.get(&client).map_or(&[][..], Vec::as_slice);
                let first = starts.partition_point(|&at| at < slice.start);
                let next = starts.partition_point(|&at| at < slice.end);
                let commands = slice.args["commands"].as_u64().expect("how many") as usize;
                assert_eq!(next - first, commands, "commands within {slice:?}");
                found += commands;
            }
        }
        assert_eq!(
            found,
            starts.values().map(Vec::len).sum::<usize>(),
            "commands in all"
        );
        for command in self.commands() {
            // A wrong clock shows as years, a machine that others use as seconds.
            assert!(command.end - command.start < 10_000_000_000, "{command:?}");
        }
    }

    /// Each arrow has both its ends, from a read to a later write of the same client.
    fn checked_arrows(mut self) -> Trace {
        self.turns = self
            .slices
            .get(&LOOP)
            .map_or(0, |all| all.iter().filter(|s| s.name == "turn").count());
        assert_eq!(self.starts.len(), self.ends.len(), "arrows with two ends");
        for (id, start) in &self.starts {
            let end = self.ends.get(id);
            let end = end.unwrap_or_else(|| panic!("arrow {id} does not end"));
            assert_eq!(start.track, end.track, "arrow {id}");
            assert!(start.at <= end.at, "arrow {id}: {start:?} {end:?}");
            for (tip, name) in [(start, "read"), (end, "write")] {
                let slices = &self.slices[&tip.track];
                let next = slices.partition_point(|slice| slice.start <= tip.at);
                let slice = next.checked_sub(1).map(|at| &slices[at]);
                let is_in = slice.is_some_and(|slice| slice.name == name && tip.at <= slice.end);
                assert!(is_in, "arrow {id}: {tip:?} is in {slice:?}");
            }
            let client = start.track.1;
            self.arrows.push((client, start.at, end.at, start.requests));
        }
        self.arrows.sort_unstable();
        self
    }
}

/// The five phases of a turn follow each other, and together they are the turn.
fn check_turn(turn: &Slice, phases: &[usize], slices: &[Slice]) {
    let phases: Vec<&Slice> = phases.iter().map(|&i| &slices[i]).collect();
    let names: Vec<&str> = phases.iter().map(|slice| slice.name.as_str()).collect();
    assert_eq!(names, PHASES, "in {turn:?}");
    let sum: u64 = phases.iter().map(|slice| slice.end - slice.start).sum();
    let whole = turn.end - turn.start;
    assert!(
        whole.abs_diff(sum) <= CLOCK_ERROR_NS,
        "the phases of {turn:?} are {sum} ns"
    );
    for pair in phases.windows(2) {
        let gap = pair[1].start - pair[0].end;
        assert!(gap <= CLOCK_ERROR_NS, "{gap} ns between {pair:?}");
    }
}

/// Microseconds with three decimals.
#[track_caller]
fn nanoseconds(value: &Value, line: &str) -> u64 {
    let us = value.as_f64().unwrap_or(-1.0);
    assert!(us >= 0.0, "no time: {line}");
    (us * 1000.0).round() as u64
}
