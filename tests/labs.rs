//! The labs show their faults, and the fixed versions are well.
//!
//! Each test runs a lab's program twice, as a reader does, and looks at the numbers of its last line:
//!
//! ```text
//! result: broken  sent 32768 B  back 4096 B  turns 7 in 1.4 s  busy 0 %  longest turn 0.1 ms
//! ```

mod common;
#[path = "common/examples.rs"]
mod examples;
#[path = "labs/run.rs"]
mod run;
#[path = "common/tools.rs"]
mod tools;

#[path = "labs/client_labs.rs"]
mod client_labs;
#[path = "labs/loop_labs.rs"]
mod loop_labs;
#[path = "labs/traces.rs"]
mod traces;
