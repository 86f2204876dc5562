//! Which figures there are, and what is in each.

use crate::chart::{Figure, Group, Panel};
use crate::measured::{Case, Measured, Query, SUBJECT, display_name};
use crate::sessions;
use crate::units::{self, Format};

const NS_PER_US: f64 = 1e3;
const DEPTHS: [u64; 3] = [1, 16, 100];
const COMMANDS: [&str; 4] = ["GET", "SET", "INCR", "PING"];
/// The places of a figure of percentiles.
const PERCENTILES: [&str; 4] = ["p50", "p99", "p99.9", "max"];
/// Their metrics, as the load generator reports them.
const LATENCIES: [&str; 4] = ["p50_us", "p99_us", "p999_us", "max_us"];
/// Their metrics, as the client that sends PING reports them.
const PINGS: [&str; 4] = ["ping_p50_us", "ping_p99_us", "ping_p999_us", "ping_max_us"];

/// A figure and the file it goes to.
pub struct Plot {
    /// The file's name.
    pub file: &'static str,
    /// The figure.
    pub figure: Figure,
}

/// All figures that the samples have something for.
pub fn all(data: &Measured) -> Vec<Plot> {
    let plots = [
        Plot {
            file: "cpu.svg",
            figure: cpu(data),
        },
        Plot {
            file: "throughput.svg",
            figure: throughput(data),
        },
        Plot {
            file: "latency.svg",
            figure: latency(data),
        },
        Plot {
            file: "pause.svg",
            figure: pause(data),
        },
        Plot {
            file: "memory.svg",
            figure: memory(data),
        },
        Plot {
            file: "publish.svg",
            figure: publish(data),
        },
    ];
    plots
        .into_iter()
        .filter(|plot| !plot.figure.panels.is_empty())
        .collect()
}

fn cpu(data: &Measured) -> Figure {
    let panels = depth_panels(data, "cpu", "cpu_ns");
    let subtitle =
        "50 connections, 3-byte values; server and load generator share one core. Less is better.";
    figure(
        data,
        "Processor time of the server per request",
        subtitle,
        units::time,
        panels,
    )
}

fn throughput(data: &Measured) -> Figure {
    let (measure, how) = generator(data);
    let panels = depth_panels(data, measure, "rps");
    let subtitle = format!("50 connections, 3-byte values; {how}. More is better.");
    figure(data, "Requests per second", &subtitle, units::rate, panels)
}

fn latency(data: &Measured) -> Figure {
    let (measure, how) = generator(data);
    let mut panels = Vec::new();
    for (command, depth) in [("GET", 1), ("SET", 1), ("GET", 16), ("SET", 16)] {
        let case = request(command, depth, false);
        let title = if depth == 1 {
            format!("{command}, one at a time")
        } else {
            format!("{command}, pipelines of {depth}")
        };
        panels.extend(percentile_panel(data, &title, measure, LATENCIES, case));
    }
    let subtitle = format!(
        "redis-benchmark with 50 connections that always have a request under way; {how}. Less is better."
    );
    figure(
        data,
        "Latency under full load",
        &subtitle,
        units::time,
        panels,
    )
}

fn pause(data: &Measured) -> Figure {
    let growth = Case::Named("PING while inserting");
    let storm = Case::Named("PING during the storm");
    let keys = |measure, case| {
        let query = Query {
            measure,
            metric: "keys",
            scale: 1.0,
            case,
        };
        units::thousands(data.median(&query, SUBJECT).unwrap_or(0.0) as u64)
    };
    let titles = (
        format!("while {} keys are inserted", keys("growth", growth)),
        format!("while {} keys expire within 1 s", keys("expiry", storm)),
    );
    let panels = [
        percentile_panel(data, &titles.0, "growth", PINGS, growth),
        percentile_panel(data, &titles.1, "expiry", PINGS, storm),
    ];
    let subtitle = "One PING every 0.5 ms on a connection of its own; those that a pause makes late are counted. \
                    Less is better.";
    figure(
        data,
        "What another client waits for its PONG",
        subtitle,
        units::time,
        panels.into_iter().flatten().collect(),
    )
}

fn memory(data: &Measured) -> Figure {
    let query = |metric, case| Query {
        measure: "memory",
        metric,
        scale: 1.0,
        case: Case::Named(case),
    };
    let mut keys = Vec::new();
    for (case, heading) in [("no TTL", "without a TTL"), ("with TTL", "with a TTL")] {
        keys.extend(data.bars(
            heading,
            &query("octave_mean", case),
            Some(&query("octave_max", case)),
        ));
    }
    let idle = Query {
        measure: "conns",
        metric: "per_conn",
        scale: 1.0,
        case: Case::Named("10000 connections"),
    };
    let idle: Vec<Group> = data
        .bars("10,000 connections", &idle, None)
        .into_iter()
        .collect();
    let panels = [("Bytes per key", keys), ("Bytes per idle connection", idle)];
    let panels = panels.into_iter().filter(|(_, groups)| !groups.is_empty());
    let panels = panels
        .map(|(title, groups)| Panel::Bars {
            title: title.to_owned(),
            groups,
        })
        .collect();
    let subtitle = "Growth of the resident set. Keys of 16 bytes with 3-byte values: bar, the mean while their number \
                    doubles; whisker, the worst.";
    figure(data, "Memory", subtitle, units::bytes, panels)
}

fn publish(data: &Measured) -> Figure {
    let subtitle = "Ten messages to 10,000 subscribers of one channel, each after everybody has the one before, or all \
                    in one pipeline. Less is better.";
    let panels = sessions::panels(data);
    let title = "Publishing to many subscribers";
    figure(data, title, subtitle, units::time, panels)
}

/// The measure that rates and latencies are read from, and its conditions: with a core each if that was measured.
fn generator(data: &Measured) -> (&'static str, &'static str) {
    let query = Query {
        measure: "throughput",
        metric: "rps",
        scale: 1.0,
        case: request("GET", 1, false),
    };
    if data.has(&query) {
        ("throughput", "server and load generator have a core each")
    } else {
        ("cpu", "server and load generator share one core")
    }
}

fn figure(
    data: &Measured,
    title: &str,
    subtitle: &str,
    format: Format,
    panels: Vec<Panel>,
) -> Figure {
    let run = data
        .runs
        .last()
        .expect("there is a run: an empty input was refused");
    let day = run.date.split('T').next().unwrap_or_default();
    Figure {
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        note: format!(
            "Medians of alternating rounds. {}, {} processors, Linux {}, {day}.",
            run.cpu, run.cpus, run.kernel
        ),
        servers: data
            .servers
            .iter()
            .map(|name| display_name(name).to_owned())
            .collect(),
        format,
        panels,
    }
}

fn request(command: &'static str, depth: u64, large_keyspace: bool) -> Case {
    Case::Request {
        command,
        depth,
        value_bytes: 3,
        large_keyspace,
    }
}

/// One panel a command over the pipeline's depth; commands with two depths or more, large keyspaces apart.
fn depth_panels(data: &Measured, measure: &'static str, metric: &'static str) -> Vec<Panel> {
    let mut panels = Vec::new();
    for large in [false, true] {
        for command in COMMANDS {
            let query = |depth| Query {
                measure,
                metric,
                scale: 1.0,
                case: request(command, depth, large),
            };
            let depths: Vec<u64> = DEPTHS
                .into_iter()
                .filter(|depth| data.has(&query(*depth)))
                .collect();
            if depths.len() < 2 {
                continue;
            }
            let title = if large {
                format!("{command}, millions of keys")
            } else {
                command.to_owned()
            };
            let line = |server: &String| {
                depths
                    .iter()
                    .map(|depth| data.median(&query(*depth), server))
                    .collect()
            };
            let lines = data.servers.iter().map(line).collect();
            let x_labels = depths.iter().map(u64::to_string).collect();
            panels.push(Panel::Points {
                title,
                x_title: "requests in a pipeline".to_owned(),
                x_labels,
                lines,
            });
        }
    }
    panels
}

fn percentile_panel(
    data: &Measured,
    title: &str,
    measure: &'static str,
    metrics: [&'static str; 4],
    case: Case,
) -> Option<Panel> {
    let queries = metrics.map(|metric| Query {
        measure,
        metric,
        scale: NS_PER_US,
        case,
    });
    if !queries.iter().any(|query| data.has(query)) {
        return None;
    }
    let line = |server: &String| {
        queries
            .iter()
            .map(|query| data.median(query, server))
            .collect()
    };
    Some(Panel::Points {
        title: title.to_owned(),
        x_title: "percentile".to_owned(),
        x_labels: PERCENTILES.map(str::to_owned).to_vec(),
        lines: data.servers.iter().map(line).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::tests::{document, measured};

    #[test]
    fn only_what_was_measured_gets_a_figure() {
        let samples = [
            ("conns", "10000 connections", "redis", 0, "per_conn", 8866.0),
            ("conns", "10000 connections", "aero", 0, "per_conn", 483.0),
        ];
        let plots = all(&measured(&[document(1, &samples)]));
        assert_eq!(
            plots.iter().map(|p| p.file).collect::<Vec<_>>(),
            ["memory.svg"]
        );
        let drawn = plots[0].figure.draw();
        assert!(drawn.contains(">8866 B<") && drawn.contains(">483 B<"));
        assert!(!drawn.contains("Bytes per key"));
    }

    #[test]
    fn percentiles_are_drawn_in_order_and_in_their_unit() {
        let sample =
            |round, metric, us| ("growth", "PING while inserting", "aero", round, metric, us);
        let samples = [
            sample(0, PINGS[0], 1.0),
            sample(1, PINGS[1], 10.0),
            sample(2, PINGS[3], 1000.0),
            sample(0, "keys", 3000.0),
        ];
        let plots = all(&measured(&[document(1, &samples)]));
        let [Panel::Points { title, lines, .. }] = &plots[0].figure.panels[..] else {
            panic!("one panel")
        };
        assert_eq!(lines[0], [Some(1e3), Some(1e4), None, Some(1e6)]);
        assert_eq!(title, "while 3,000 keys are inserted");
    }

    #[test]
    fn rates_come_from_a_core_each_where_that_was_measured() {
        let of = |measure, rps| {
            ["GET P1 c50", "GET P16 c50"].map(|case| (measure, case, "aero", 0, "rps", rps))
        };
        let both = [of("cpu", 5.0), of("throughput", 7.0)].concat();
        let find = |samples: &[_]| {
            let plots = all(&measured(&[document(1, samples)]));
            let plot = plots
                .into_iter()
                .find(|p| p.file == "throughput.svg")
                .expect("it is drawn");
            let Panel::Points { lines, .. } = &plot.figure.panels[0] else {
                panic!("points")
            };
            (lines[0][0], plot.figure.subtitle.contains("a core each"))
        };
        assert_eq!(find(&both), (Some(7.0), true));
        assert_eq!(find(&of("cpu", 5.0)), (Some(5.0), false));
    }
}
