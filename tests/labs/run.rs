//! Running a lab, and finding the numbers in what it prints.

use crate::examples::example;
use std::process::{Command, Stdio};

/// What a lab's last line says.
pub struct Outcome {
    /// The whole of what it printed, for failures.
    printed: String,
    result: String,
}

/// Tries at showing a fault that shows only if the lab's client is not held up at the wrong moment.
const TRIES: usize = 3;

/// Runs the lab until its outcome is as expected, but no more than a few times; gives the last one.
#[track_caller]
pub fn run_until(lab: &str, variant: &str, expected: impl Fn(&Outcome) -> bool) -> Outcome {
    let mut outcome = run(lab, variant);
    for _ in 1..TRIES {
        if expected(&outcome) {
            break;
        }
        outcome = run(lab, variant);
    }
    outcome
}

/// Runs the lab (`one_accept`) in one of its versions (`broken`) to its end.
#[track_caller]
pub fn run(lab: &str, variant: &str) -> Outcome {
    run_with(lab, variant, &[])
}

/// The same with more arguments.
#[track_caller]
pub fn run_with(lab: &str, variant: &str, arguments: &[&str]) -> Outcome {
    let output = Command::new(example(&format!("lab_{lab}")))
        .arg(variant)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("the lab can be started");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{lab} {variant}: {}\n{printed}",
        output.status
    );
    let begin = format!("result: {variant}  ");
    let last = printed.lines().last().unwrap_or_default();
    let Some(result) = last.strip_prefix(&begin) else {
        panic!("{lab} {variant} has no result:\n{printed}");
    };
    let result = result.to_owned();
    Outcome { printed, result }
}

impl Outcome {
    /// The number that stands behind this name: `longest turn` of `busy 0 %  longest turn 0.1 ms` is 0.1.
    #[track_caller]
    pub fn number(&self, name: &str) -> f64 {
        let begin = format!("{name} ");
        let value = self.result.split("  ").find_map(|pair| {
            let text = pair.strip_prefix(&begin)?;
            text.split(' ').next()?.parse().ok()
        });
        value.unwrap_or_else(|| panic!("the lab tells no number of {name}:\n{}", self.printed))
    }

    /// For the message of an assertion.
    pub fn printed(&self) -> &str {
        &self.printed
    }
}
