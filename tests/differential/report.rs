//! What a person needs to see of a difference.

use std::fmt::Write as _;

use super::generator::Protocol;
use super::rules::rule_for;
use super::runner::{Difference, Outcome};
use super::shrink::Shrunk;
use super::step::{Step, Work};

/// So many commands before the difference are shown.
const HISTORY: usize = 30;
/// So many lines of a reproducer; one that could not be made shorter is better replayed than read.
const REPRODUCER: usize = 100;
/// An argument of the history is cut after so many bytes; one of the reproducer is not, unless it is huge.
const HISTORY_ARG: usize = 60;
const REPRODUCER_ARG: usize = 4096;

/// Which stream it was.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The test that makes it.
    pub test: &'static str,
    /// The seed.
    pub seed: u64,
    /// How many steps were to be sent.
    pub steps: usize,
    /// The protocol.
    pub protocol: Protocol,
    /// Of these groups alone.
    pub only: Option<String>,
}

impl Stream {
    /// The line that runs it again.
    pub fn replay(&self) -> String {
        let Stream {
            test,
            seed,
            steps,
            protocol,
            only,
        } = self;
        let only = match only {
            Some(only) => format!("AEROLITE_DIFF_ONLY={only} "),
            None => String::new(),
        };
        let resp = protocol.number();
        format!(
            "{only}AEROLITE_DIFF_SEED={seed} AEROLITE_DIFF_STEPS={steps} AEROLITE_DIFF_RESP={resp} cargo test --test differential {test}"
        )
    }
}

/// What differed and how to see it again; told before shrinking begins.
pub fn found(stream: &Stream, steps: &[Step], difference: &Difference) -> String {
    let mut out = String::new();
    let Stream { seed, protocol, .. } = stream;
    let _ = writeln!(
        out,
        "the servers differ: seed {seed}, step {}, {protocol:?}",
        difference.step
    );
    let lost = difference.a.is_err() || difference.b.is_err();
    let end = if lost {
        difference.sent
    } else {
        difference.step + 1
    };
    let upto = &steps[..steps.len().min(end)];
    let lines: Vec<String> = upto
        .iter()
        .flat_map(|step| step.show(HISTORY_ARG))
        .collect();
    let _ = writeln!(
        out,
        "\nthe last commands, up to the end of that step (when a reply is missing, of that pipeline):"
    );
    for line in &lines[lines.len().saturating_sub(HISTORY)..] {
        let _ = writeln!(out, "    {line}");
    }
    push_difference(&mut out, difference);
    let _ = writeln!(out, "\nto replay:\n    {}", stream.replay());
    out
}

/// What was left after shrinking.
pub fn reproducer(stream: &Stream, shrunk: Option<&Shrunk>) -> String {
    let mut out = String::from("the servers differ");
    match shrunk {
        Some(shrunk) => push_shrunk(&mut out, shrunk),
        None => out.push_str(" (see above), and run again they did not: it depends on timing\n"),
    }
    let _ = writeln!(
        out,
        "\nto replay the whole stream:\n    {}",
        stream.replay()
    );
    out
}

fn push_difference(out: &mut String, difference: &Difference) {
    let _ = writeln!(out, "\n    {}", difference.request.show(REPRODUCER_ARG));
    let _ = writeln!(out, "    ours:         {}", show(&difference.a));
    let _ = writeln!(out, "    redis-server: {}", show(&difference.b));
    let judged = |outcome: &Outcome| outcome.as_ref().is_ok_and(|value| !value.is_error());
    if judged(&difference.a)
        && judged(&difference.b)
        && let Some(rule) = rule_for(&difference.request)
    {
        let _ = writeln!(out, "    beyond what this rule allows: {}", rule.name);
    }
}

fn push_shrunk(out: &mut String, shrunk: &Shrunk) {
    let Shrunk { steps, runs, .. } = shrunk;
    let _ = writeln!(
        out,
        "; steps left after {runs} runs: {}, beginning with empty databases",
        steps.len()
    );
    let lines: Vec<String> = steps.iter().flat_map(show_travelling).collect();
    let hidden = lines.len().saturating_sub(REPRODUCER);
    if hidden > 0 {
        let _ = writeln!(out, "    ({hidden} lines before these)");
    }
    for line in &lines[hidden..] {
        let _ = writeln!(out, "    {line}");
    }
    push_difference(out, &shrunk.difference);
}

/// The lines of a step, with how it is sent where that is out of the ordinary.
fn show_travelling(step: &Step) -> Vec<String> {
    let travel = match (
        step.cuts.is_empty(),
        step.ends_batch || step.work != Work::Pipeline,
    ) {
        (true, true) => "",
        (true, false) => "   (pipelined with the next)",
        (false, true) => "   (cut)",
        (false, false) => "   (cut, pipelined with the next)",
    };
    let lines = step.show(REPRODUCER_ARG).into_iter();
    lines.map(|line| line + travel).collect()
}

fn show(outcome: &Outcome) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(why) => format!("({why})"),
    }
}
