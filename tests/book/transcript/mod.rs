//! One page's transcript, run: each command in its turn, what it printed beside what the page shows.

pub mod built;
mod compare;
mod listening;
pub mod parse;
mod ports;
mod shell;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use crate::program::{Running, aerolite};
use built::Built;
use compare::{agree, tidy};
use parse::{Line, Step};
use ports::Ports;
use shell::{Ended, Shell};

/// A page's command should be done in ten seconds for a reader; a machine that is busy with other tests gets more.
const COMMAND_LIMIT: Duration = Duration::from_secs(40);
/// A line that redis-cli refuses by itself: it tells where a command's reply ends, and the server never hears of it.
const MARK: (&str, &str) = ("\"", "Invalid argument(s)");
/// These print until somebody stops them: at the end of a session they get two seconds.
const ENDLESS: &[&str] = &["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR"];

/// Runs the steps; what is returned says, for each command that did not print what the page shows, what it did print.
#[track_caller]
pub fn run(page: &str, steps: &[Step], built: &Built) -> Vec<String> {
    let ports = Ports::free();
    let mut shell = Shell::start(&ports, built);
    let _server = (!page_starts_server(steps)).then(|| start_server(&ports, &shell));
    let mut failures = Vec::new();
    for step in steps {
        let told = match step {
            Step::Shell(line) => run_line(&mut shell, &ports, line),
            Step::Session(opened, lines) => run_session(&mut shell, &ports, opened, lines),
        };
        let gone = told.iter().any(|told| told.fatal);
        failures.extend(told.into_iter().map(|told| format!("{page}:{}", told.text)));
        if gone {
            failures.push(format!("{page}: what follows was not run"));
            break;
        }
    }
    failures
}

/// Something that is not as the page shows it; after what is fatal nothing more can be run.
struct Told {
    text: String,
    fatal: bool,
}

/// Whether the server is started by a command of the page itself.
fn page_starts_server(steps: &[Step]) -> bool {
    steps.iter().any(|step| {
        let Step::Shell(line) = step else {
            return false;
        };
        let command = &line.command;
        let runs = command.contains("cargo run") && !command.contains("--example")
            || command.contains("release/aerolite");
        let elsewhere = command.contains("--port") && !command.contains("--port 6379");
        runs && !elsewhere && !command.contains("--help") && !command.contains("--version")
    })
}

#[track_caller]
fn start_server(ports: &Ports, shell: &Shell) -> Running {
    let port = ports.real(6379);
    let mut command = aerolite();
    command
        .args([
            "--port",
            &port.to_string(),
            "--watch",
            &ports.real(8080).to_string(),
        ])
        .args(["--enable-debug-command", "local"])
        .current_dir(shell.directory.path());
    Running::spawn(command, SocketAddr::from(([127, 0, 0, 1], port)), "")
}

fn run_line(shell: &mut Shell, ports: &Ports, line: &Line) -> Vec<Told> {
    let command = ports.with_real(&line.command);
    let before = listening::listening(ports);
    let (mut printed, ended) = shell.run(&command, COMMAND_LIMIT);
    let in_background = line.command.trim_end().ends_with('&');
    if in_background && matches!(ended, Ended::Well) {
        listening::let_begin(&line.command, ports, &before);
        printed.push_str(&shell.also_printed());
    }
    let got = tidy(&ports.with_named(&printed));
    let mut told = Vec::new();
    if let Some(why) = why_fatal(&ended) {
        told.push(tell(line, &got, why, true));
    } else if !agree(&tidy(&line.expected.join("\n")), &got) {
        told.push(tell(
            line,
            &got,
            "does not print what the page shows",
            false,
        ));
    }
    told
}

fn run_session(shell: &mut Shell, ports: &Ports, opened: &str, lines: &[Line]) -> Vec<Told> {
    let mut typed = String::new();
    for line in lines {
        let _ = writeln!(typed, "{}\n{}", ports.with_real(&line.command), MARK.0);
    }
    let input = shell.input(&typed);
    let last = lines
        .last()
        .and_then(|line| line.command.split_ascii_whitespace().next());
    let endless = last.is_some_and(|word| ENDLESS.contains(&word.to_ascii_uppercase().as_str()));
    let before = if endless {
        "timeout --foreground 2 "
    } else {
        ""
    };
    let command = format!("{before}{} <'{}'", ports.with_real(opened), input.display());
    let limit = COMMAND_LIMIT.saturating_mul(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let (printed, ended) = shell.run(&command, limit);
    let printed = tidy(&ports.with_named(&printed));
    let mut replies = printed.split(|line| line == MARK.1);
    let mut told = Vec::new();
    for line in lines {
        let got = tidy(&replies.next().unwrap_or_default().join("\n"));
        if !agree(&tidy(&line.expected.join("\n")), &got) {
            told.push(tell(
                line,
                &got,
                "does not reply what the page shows",
                false,
            ));
        }
    }
    if let (Some(why), Some(line)) = (why_fatal(&ended), lines.last()) {
        told.push(tell(line, &printed, why, true));
    }
    told
}

fn why_fatal(ended: &Ended) -> Option<&'static str> {
    match ended {
        Ended::Well => None,
        Ended::TimedOut => Some(
            "does not end, or takes far longer than 10 seconds, or prints without end; put `&` behind what does not end",
        ),
        Ended::ShellGone => Some("ended the shell"),
    }
}

fn tell(line: &Line, got: &[String], what: &str, fatal: bool) -> Told {
    let mut text = format!(
        "{}: `{}{}` {what}\n",
        line.number, line.prompt, line.command
    );
    text.push_str("  the page shows:\n");
    for expected in &line.expected {
        let _ = writeln!(text, "    |{expected}");
    }
    text.push_str("  it printed:\n");
    for got in got {
        let _ = writeln!(text, "    |{got}");
    }
    Told { text, fatal }
}
