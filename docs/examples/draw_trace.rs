//! Draws one turn of a trace: from waking up, through reading and running, to the replies leaving in the next
//! `before_sleep`.
//!
//! ```text
//! aerolite --trace loop.json --port 7000 &
//! redis-benchmark -p 7000 -c 4 -P 8 -t get -n 20000 -r 1000; kill %1
//! cargo run --example draw_trace -- loop.json docs/img/trace.svg          # a typical busy turn
//! cargo run --example draw_trace -- loop.json docs/img/trace.svg 812      # this turn
//! ```
//!
//! <https://ui.perfetto.dev> shows the whole file, and lets one move about in it. This is for a page that
//! cannot.

#![forbid(unsafe_code)]

#[allow(dead_code)]
#[path = "../../benches/plots/svg.rs"]
mod svg;

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::{env, fs};
use svg::{Anchor, Svg, WIDTH, text_width};

const USAGE: &str = "usage: draw_trace TRACE.json PICTURE.svg [TURN]";
const LEFT: f64 = 150.0;
const RIGHT: f64 = 28.0;
const TOP: f64 = 96.0;
const BAR: f64 = 22.0;
const ROW: f64 = 26.0;
const BETWEEN_TRACKS: f64 = 16.0;
const FOOTER: f64 = 74.0;
const SWATCH: f64 = 11.0;
/// What the colours mean: a slice's name, and what stands beside its colour.
const LEGEND: [(&str, &str); 5] = [
    ("read", "read"),
    ("parse", "parse"),
    ("execute", "execute, and each command"),
    ("write", "write"),
    ("watch", "writing this trace"),
];
/// Clients that are drawn.
const CLIENTS: usize = 5;
/// A typical turn has so many clients, if there are such.
const TYPICAL: std::ops::RangeInclusive<u64> = 3..=CLIENTS as u64;
/// A slice narrower than this has no name in it.
const NAME_ROOM: f64 = 8.0;

/// The group of the loop's track, and of the clients'.
const LOOP: u64 = 1;
const OF_CLIENTS: u64 = 2;

struct Slice {
    group: u64,
    track: u64,
    name: String,
    start: f64,
    end: f64,
    args: Value,
}

/// One turn, awake: from the end of its sleep to the beginning of the next.
struct Turn {
    number: u64,
    sockets: u64,
    from: f64,
    to: f64,
}

/// One end of an arrow: its client, and when.
type Tip = (u64, f64);

#[derive(Default)]
struct Trace {
    slices: Vec<Slice>,
    names: BTreeMap<u64, String>,
    starts: BTreeMap<u64, Tip>,
    ends: BTreeMap<u64, Tip>,
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let result = match &args[..] {
        [trace, picture] => run(trace, picture, None),
        [trace, picture, turn] => run(trace, picture, turn.parse().ok()),
        _ => Err(USAGE.to_owned()),
    };
    if let Err(error) = result {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(trace: &str, picture: &str, number: Option<u64>) -> Result<(), String> {
    let text = fs::read_to_string(trace).map_err(|error| format!("{trace}: {error}"))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| format!("{trace}: {error}"))?;
    let events = json["traceEvents"].as_array();
    let trace = Trace::new(events.ok_or("there are no traceEvents")?);
    let turns = trace.turns();
    let turn = match number {
        Some(number) => turns.iter().find(|turn| turn.number == number),
        None => typical(&turns),
    };
    let turn = turn.ok_or("no such turn is in the trace, with one after it")?;
    fs::write(picture, trace.draw(turn)).map_err(|error| format!("{picture}: {error}"))?;
    println!("{picture}: turn {}", turn.number);
    Ok(())
}

impl Trace {
    fn new(events: &[Value]) -> Trace {
        let mut trace = Trace::default();
        for event in events {
            let number = |name: &str| event[name].as_u64().unwrap_or(0);
            // In whole nanoseconds, so that what ends and what begins at one moment have the same number.
            let ns = |name: &str| (event[name].as_f64().unwrap_or(0.0) * 1000.0).round();
            let at = ns("ts") / 1000.0;
            let (group, track) = (number("pid"), number("tid"));
            match event["ph"].as_str().unwrap_or("") {
                "X" => trace.slices.push(Slice {
                    group,
                    track,
                    name: event["name"].as_str().unwrap_or("").to_owned(),
                    start: at,
                    end: (ns("ts") + ns("dur")) / 1000.0,
                    args: event["args"].clone(),
                }),
                "M" if event["name"] == "thread_name" && group == OF_CLIENTS => {
                    let name = event["args"]["name"].as_str().unwrap_or("").to_owned();
                    trace.names.insert(track, name);
                }
                "s" => _ = trace.starts.insert(number("id"), (track, at)),
                "f" => _ = trace.ends.insert(number("id"), (track, at)),
                _ => {}
            }
        }
        trace
    }

    /// All turns but the last.
    fn turns(&self) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        for slice in self.slices.iter().filter(|slice| slice.group == LOOP) {
            match (slice.name.as_str(), turns.last_mut()) {
                ("turn", _) => turns.push(Turn {
                    number: slice.args["turn"].as_u64().unwrap_or(0),
                    sockets: slice.args["sockets"].as_u64().unwrap_or(0),
                    from: slice.start,
                    to: slice.end,
                }),
                ("after_sleep", Some(turn)) => turn.from = slice.start,
                ("before_sleep", Some(_)) => {
                    // Of the turn that has just begun; the one before it ends with it.
                    if let [.., before, _] = &mut turns[..] {
                        before.to = slice.end;
                    }
                }
                _ => {}
            }
        }
        turns.pop();
        turns
    }

    fn draw(&self, turn: &Turn) -> String {
        let is_seen =
            |slice: &&Slice| slice.end > turn.from && slice.start < turn.to && slice.name != "poll";
        let seen: Vec<&Slice> = self.slices.iter().filter(is_seen).collect();
        let mut clients: Vec<u64> = seen
            .iter()
            .filter(|slice| slice.group == OF_CLIENTS)
            .map(|slice| slice.track)
            .collect();
        clients.sort_unstable();
        clients.dedup();
        clients.truncate(CLIENTS);
        let mut picture = Picture {
            svg: Svg::new(),
            from: turn.from,
            scale: (WIDTH - LEFT - RIGHT) / (turn.to - turn.from),
        };
        let last = picture.draw_loop(&seen);
        let top = |client: u64| {
            let place = clients.iter().position(|&other| other == client)?;
            Some(last + BETWEEN_TRACKS + place as f64 * (ROW + BETWEEN_TRACKS / 2.0))
        };
        for &client in &clients {
            let name = self.names.get(&client).map_or("", String::as_str);
            let name = name.split_inclusive(' ').take(2).collect::<String>();
            let y = top(client).unwrap_or(last);
            picture.track(&name, y);
            for slice in seen
                .iter()
                .filter(|s| s.group == OF_CLIENTS && s.track == client)
            {
                picture.slice(slice, y);
            }
        }
        let mut replies = 0;
        for (id, &(client, from)) in &self.starts {
            let (Some(y), Some(&(_, to))) = (top(client), self.ends.get(id)) else {
                continue;
            };
            if from >= turn.from && to <= turn.to {
                replies += 1;
                picture.arrow(from, to, y);
            }
        }
        let bottom = last + BETWEEN_TRACKS + clients.len() as f64 * (ROW + BETWEEN_TRACKS / 2.0);
        picture.finish(turn, bottom, replies)
    }
}

/// The turn of median length of those that serve a few clients; of all, where none does.
fn typical(turns: &[Turn]) -> Option<&Turn> {
    let mut some: Vec<&Turn> = turns
        .iter()
        .filter(|turn| TYPICAL.contains(&turn.sockets))
        .collect();
    if some.is_empty() {
        some = turns.iter().collect();
    }
    some.sort_by(|a, b| (a.to - a.from).total_cmp(&(b.to - b.from)));
    some.get(some.len() / 2).copied()
}

struct Picture {
    svg: Svg,
    /// The time at the left end, in microseconds.
    from: f64,
    /// Pixels for a microsecond.
    scale: f64,
}

impl Picture {
    fn x(&self, at: f64) -> f64 {
        LEFT + ((at - self.from) * self.scale).clamp(0.0, WIDTH - LEFT - RIGHT)
    }

    /// The loop's track, one row for each level; gives where it ends.
    fn draw_loop(&mut self, seen: &[&Slice]) -> f64 {
        self.track("loop", TOP);
        let mut ends: Vec<f64> = Vec::new();
        let mut depth = 0;
        for slice in seen.iter().filter(|slice| slice.group == LOOP) {
            while ends.last().is_some_and(|end| *end <= slice.start) {
                ends.pop();
            }
            self.slice(slice, TOP + ends.len() as f64 * ROW);
            ends.push(slice.end);
            depth = depth.max(ends.len());
        }
        TOP + depth as f64 * ROW
    }

    fn track(&mut self, name: &str, y: f64) {
        self.svg
            .text(LEFT - 12.0, y + 15.0, "panel", Anchor::End, name.trim());
        self.svg
            .line((LEFT, y + BAR), (WIDTH - RIGHT, y + BAR), "grid");
    }

    fn slice(&mut self, slice: &Slice, y: f64) {
        let (left, right) = (self.x(slice.start), self.x(slice.end));
        let width = (right - left - 0.6).max(0.6);
        self.svg.bar(left, y, width, BAR, colour(&slice.name));
        if text_width(&slice.name) + NAME_ROOM <= width {
            let middle = (left + right) / 2.0;
            self.svg
                .text(middle, y + 15.0, "value", Anchor::Middle, &slice.name);
        }
    }

    fn arrow(&mut self, from: f64, to: f64, y: f64) {
        let (left, right) = (self.x(from), self.x(to));
        let base = y + BAR + 5.0;
        let path = [
            (left, y + BAR),
            (left + 4.0, base),
            (right - 4.0, base),
            (right, y + BAR),
        ];
        self.svg.polyline(&path, "line l5");
        let tip = [
            (right - 5.0, y + BAR + 4.0),
            (right, y + BAR),
            (right + 1.0, y + BAR + 6.0),
        ];
        self.svg.polyline(&tip, "line l5");
    }

    fn finish(self, turn: &Turn, bottom: f64, replies: usize) -> String {
        let mut picture = self;
        let whole = turn.to - turn.from;
        let step = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]
            .into_iter()
            .find(|step| whole / step <= 10.0)
            .unwrap_or(whole);
        let axis = bottom + 8.0;
        for i in 0..=(whole / step) as usize {
            let x = picture.x(turn.from + i as f64 * step);
            picture.svg.line((x, axis), (x, axis + 5.0), "axis");
            let label = format!("{} µs", i as f64 * step);
            picture
                .svg
                .text(x, axis + 20.0, "soft", Anchor::Middle, &label);
        }
        picture
            .svg
            .line((LEFT, axis), (WIDTH - RIGHT, axis), "axis");
        let mut x = LEFT;
        for (name, meaning) in LEGEND {
            let y = axis + 36.0;
            picture.svg.bar(x, y, SWATCH, SWATCH, colour(name));
            picture
                .svg
                .text(x + SWATCH + 6.0, y + 10.0, "soft", Anchor::Start, meaning);
            x += SWATCH + 28.0 + text_width(meaning);
        }
        let title = format!(
            "Turn {} of the event loop, awake for {whole:.0} µs",
            turn.number
        );
        let subtitle = format!(
            "{} sockets were ready. Arrows lead from the read that brought requests to the write that took their replies.",
            turn.sockets
        );
        let svg = &mut picture.svg;
        svg.text(28.0, 40.0, "title", Anchor::Start, &title);
        svg.text(28.0, 64.0, "soft", Anchor::Start, &subtitle);
        let description = format!(
            "The loop's phases and below them each client's reads, commands and writes; {replies} arrows."
        );
        picture.svg.finish(bottom + FOOTER, &title, &description)
    }
}

/// One colour for each kind of work, on the loop's track and on the clients'.
fn colour(name: &str) -> &'static str {
    match name {
        "turn" | "before_sleep" | "after_sleep" | "file_events" | "time_events" | "poll" => {
            "grid s5"
        }
        "read" | "accept" => "s3",
        "parse" => "s4",
        "write" => "s1",
        "watch" | "time_event" | "wheel" | "free" => "s2",
        _ => "s0",
    }
}
