//! One timer, falling through the wheel.
//!
//! ```text
//! cargo run --example fall -- CURSOR DEADLINE        (21608 and 24767 if not given)
//! ```
//!
//! What it shows: in which slot of which level a timer waits, when it falls to a finer one, and that nothing
//! happens in between: each line is one [`step`](Wheel::step), taken at the tick that
//! [`next_due`](Wheel::next_due) named.

use std::env;
use std::io::{self, ErrorKind};
use std::num::ParseIntError;

use aerolite::wheel::{LEVELS, Step, Wheel};

/// The tick the wheel has come to, and the deadline, of the picture at the head of `src/wheel.rs`.
const CURSOR: &str = "21608";
const DEADLINE: &str = "24767";

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let mut tick = |default: &str| parse(&arguments.next().unwrap_or(default.to_owned()));
    let (cursor, deadline) = (tick(CURSOR)?, tick(DEADLINE)?);
    fall(cursor, deadline);
    Ok(())
}

fn parse(text: &str) -> io::Result<u64> {
    let invalid = |error: ParseIntError| io::Error::new(ErrorKind::InvalidInput, error);
    text.parse().map_err(invalid)
}

// ANCHOR: fall
/// A server's loop, but that its clock jumps to where there is something to do.
fn fall(cursor: u64, deadline: u64) {
    let mut wheel = Wheel::new(cursor);
    wheel.insert(deadline, ());
    println!("tick {cursor}: the timer is put in at {}", place(&wheel));
    let mut now = cursor;
    while let Some(due) = wheel.next_due() {
        now = now.max(due);
        match wheel.step(now) {
            Step::Moved => println!("tick {now}: it falls to {}", place(&wheel)),
            Step::Fired { at, .. } => println!("tick {now}: it fires, {} ms late", now - at),
            Step::Idle => println!("tick {now}: nothing to do"),
        }
    }
}
// ANCHOR_END: fall

/// The slot in which there is something.
fn place(wheel: &Wheel<()>) -> String {
    let mut slots =
        (0..LEVELS).flat_map(|level| wheel.slots(level, 1).map(move |(slot, _)| (level, slot)));
    match slots.next() {
        Some((level, slot)) => format!("level {level}, slot {slot}"),
        None => "no slot of a level".to_owned(),
    }
}
