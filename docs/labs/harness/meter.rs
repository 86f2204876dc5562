//! *The number*: what the loop did, in one line.
//!
//! ```text
//! turns/s 214332  busy 100 %  longest turn 0.1 ms  accepted 1  echoed 0 B
//! ```
//!
//! The first three come from the loop's recorder. *Busy* is the part of the time in which the loop was not asleep in
//! `poll`; a `poll` that was told not to sleep is work. The others are what the lab counts itself.

use std::fmt::Write;
use std::time::{Duration, Instant};

use aerolite::ae::{Phase, Recorder};

/// What was seen from a moment on.
struct Span {
    since: Instant,
    turns: u64,
    asleep: Duration,
    longest: Duration,
}

impl Span {
    fn new() -> Span {
        Span {
            since: Instant::now(),
            turns: 0,
            asleep: Duration::ZERO,
            longest: Duration::ZERO,
        }
    }

    fn add_turn(&mut self, awake: Duration) {
        self.turns += 1;
        self.longest = self.longest.max(awake);
    }

    fn seconds(&self) -> f64 {
        self.since.elapsed().as_secs_f64()
    }

    /// What follows how many turns there were.
    fn text(&self) -> String {
        let awake = 1.0 - self.asleep.as_secs_f64() / self.seconds().max(f64::EPSILON);
        let busy = 100.0 * awake.clamp(0.0, 1.0);
        let longest_ms = self.longest.as_secs_f64() * 1e3;
        format!("busy {busy:.0} %  longest turn {longest_ms:.1} ms")
    }
}

/// What a loop did, and what its lab counts.
pub struct Meter {
    /// The sequence number of the first event that was not looked at yet.
    from: u64,
    /// How long the turn slept that is being looked at.
    asleep: Duration,
    all: Span,
    line: Span,
    counts: Vec<(&'static str, u64, &'static str)>,
}

impl Default for Meter {
    fn default() -> Meter {
        Meter {
            from: 0,
            asleep: Duration::ZERO,
            all: Span::new(),
            line: Span::new(),
            counts: Vec::new(),
        }
    }
}

impl Meter {
    /// Counts something of this name.
    pub fn add(&mut self, name: &'static str, more: u64) {
        self.add_in(name, more, "");
    }

    /// Counts bytes.
    pub fn add_bytes(&mut self, name: &'static str, more: usize) {
        self.add_in(name, more as u64, " B");
    }

    fn add_in(&mut self, name: &'static str, more: u64, unit: &'static str) {
        match self.counts.iter_mut().find(|count| count.0 == name) {
            Some(count) => count.1 += more,
            None => self.counts.push((name, more, unit)),
        }
    }

    /// How many of this name were counted.
    pub fn count(&self, name: &str) -> u64 {
        let found = self.counts.iter().find(|count| count.0 == name);
        found.map_or(0, |count| count.1)
    }

    /// Looks at what was recorded since it last looked.
    pub fn note(&mut self, recorder: &Recorder) {
        for event in recorder.since(self.from) {
            let took = Duration::from_nanos(event.duration_ns);
            match event.phase {
                // Its count is how long it was to sleep.
                Phase::Poll if event.count > 0 => {
                    self.asleep = took;
                    self.all.asleep += took;
                    self.line.asleep += took;
                }
                Phase::Turn => {
                    let awake = took.saturating_sub(std::mem::take(&mut self.asleep));
                    self.all.add_turn(awake);
                    self.line.add_turn(awake);
                }
                _ => {}
            }
        }
        self.from = recorder.recorded();
    }

    /// What happened since this was last asked. What the lab counts is counted from its beginning.
    pub fn since_last_line(&mut self) -> String {
        let line = std::mem::replace(&mut self.line, Span::new());
        let rate = line.turns as f64 / line.seconds().max(f64::EPSILON);
        self.with_counts(format!("turns/s {rate:.0}  {}", line.text()))
    }

    /// What happened since the beginning.
    pub fn of_all(&self) -> String {
        let (turns, seconds) = (self.all.turns, self.all.seconds());
        let text = self.all.text();
        self.with_counts(format!("turns {turns} in {seconds:.1} s  {text}"))
    }

    fn with_counts(&self, mut text: String) -> String {
        for (name, number, unit) in &self.counts {
            // Writing to a string does not fail.
            let _ = write!(text, "  {name} {number}{unit}");
        }
        text
    }
}
