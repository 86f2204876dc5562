//! Running a lab, and finding the numbers in what it prints.

use crate::examples::example;
use crate::tools::run_program;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::Duration;

/// What a lab's last line says.
pub struct Outcome {
    /// The whole of what it printed, for failures.
    printed: String,
    result: String,
}

/// A lab ends by itself after 20 seconds at the latest, unless its loop does not turn any more.
const LIMIT: Duration = Duration::from_secs(90);

/// A lab shows what it shows by the clock, and a busy machine may hold up its client, or it, at the wrong moment.
const TRIES: usize = 4;

/// Runs the lab's two versions, the broken one first, and checks what came of them; again, a few times at most, while it
/// is not as it should be.
#[track_caller]
pub fn compare(lab: &str, check: impl Fn(&Outcome, &Outcome)) {
    tried(|| check(&run(lab, "broken"), &run(lab, "fixed")));
}

/// Does something until it does not fail, a few times at most.
#[track_caller]
pub fn tried(attempt: impl Fn()) {
    for _ in 1..TRIES {
        if catch_unwind(AssertUnwindSafe(&attempt)).is_ok() {
            return;
        }
    }
    attempt();
}

/// Runs the lab (`one_accept`) in one of its versions (`broken`) to its end.
#[track_caller]
pub fn run(lab: &str, variant: &str) -> Outcome {
    run_with(lab, variant, &[])
}

/// The same with more arguments.
#[track_caller]
pub fn run_with(lab: &str, variant: &str, arguments: &[&str]) -> Outcome {
    let mut command = Command::new(example(&format!("lab_{lab}")));
    command.arg(variant).args(arguments);
    let finished = run_program(&mut command, b"", LIMIT);
    let printed = finished.stdout;
    let how = match finished.status {
        Some(status) => status.to_string(),
        None => format!("did not end within {LIMIT:?}"),
    };
    assert!(
        finished.status.is_some_and(|status| status.success()),
        "{lab} {variant}: {how}\n{printed}{}",
        finished.stderr
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
