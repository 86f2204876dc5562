//! Latency events: what held the loop for `latency-monitor-threshold` or longer, by kind and second.
//!
//! ```text
//!   "command"   ┌──────┬──────┬──────┬─ ... ─┐
//!               │ s,ms │ s,ms │ s,ms │       │   the last 160 seconds in which there was one,
//!               └──────┴──────┴──────┴───────┘   each with its worst
//!               all time high
//! ```
//!
//! The kinds are those of Redis as far as Aerolite does such things: `command`, `fast-command` (one that is
//! flagged `fast`), `command-unblocking` (one that has waited), `expire-cycle`, `eviction-cycle`. A kind
//! is a name in the program, so there are only so many.

use std::collections::VecDeque;

/// How many samples are kept of a kind of event.
pub const MAX_SAMPLES: usize = 160;

/// The worst event of one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The second, in unix time.
    pub unix_s: u64,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// The events of one kind.
#[derive(Debug)]
pub struct Series {
    /// Their kind.
    pub event: &'static str,
    /// The longest that there was since the beginning, or since they were forgotten, in milliseconds.
    pub max_ms: u64,
    /// The oldest first; never empty, and at most [`MAX_SAMPLES`].
    samples: VecDeque<Sample>,
}

impl Series {
    /// The samples, the oldest first. There is at least one.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Sample> + '_ {
        self.samples.iter().copied()
    }

    /// The latest sample.
    #[must_use]
    pub fn latest(&self) -> Sample {
        *self.samples.back().expect("a series begins with a sample")
    }

    fn add(&mut self, sample: Sample) {
        self.max_ms = self.max_ms.max(sample.ms);
        match self.samples.back_mut() {
            Some(last) if last.unix_s == sample.unix_s => last.ms = last.ms.max(sample.ms),
            _ => {
                if self.samples.len() == MAX_SAMPLES {
                    self.samples.pop_front();
                }
                self.samples.push_back(sample);
            }
        }
    }
}

/// Every kind of event that there was.
#[derive(Debug, Default)]
pub struct Latency {
    /// In the order in which each first happened.
    series: Vec<Series>,
}

impl Latency {
    /// Every kind.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Series> {
        self.series.iter()
    }

    /// The events of this kind, if there were any.
    #[must_use]
    pub fn find(&self, event: &[u8]) -> Option<&Series> {
        self.iter().find(|series| series.event.as_bytes() == event)
    }

    /// Adds one that took so long.
    pub fn add(&mut self, event: &'static str, sample: Sample) {
        if let Some(series) = self.series.iter_mut().find(|series| series.event == event) {
            return series.add(sample);
        }
        let mut series = Series {
            event,
            max_ms: 0,
            samples: VecDeque::new(),
        };
        series.add(sample);
        self.series.push(series);
    }

    /// Forgets the events of this kind. Says whether there were any.
    pub fn forget(&mut self, event: &[u8]) -> bool {
        let before = self.series.len();
        self.series
            .retain(|series| series.event.as_bytes() != event);
        self.series.len() < before
    }

    /// Forgets all. Says of how many kinds there were any.
    pub fn clear(&mut self) -> usize {
        std::mem::take(&mut self.series).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(latency: &mut Latency, unix_s: u64, ms: u64) {
        latency.add("command", Sample { unix_s, ms });
    }

    fn all(latency: &Latency) -> Vec<(u64, u64)> {
        let series = latency.find(b"command").expect("there are some");
        series.samples().map(|s| (s.unix_s, s.ms)).collect()
    }

    #[test]
    fn a_second_keeps_its_worst() {
        let mut latency = Latency::default();
        add(&mut latency, 100, 5);
        add(&mut latency, 100, 9);
        add(&mut latency, 100, 7);
        add(&mut latency, 101, 3);
        assert_eq!(all(&latency), [(100, 9), (101, 3)]);
        let series = latency.find(b"command").expect("there are some");
        assert_eq!((series.max_ms, series.latest().ms), (9, 3));
    }

    #[test]
    fn the_oldest_goes_and_the_maximum_stays() {
        let mut latency = Latency::default();
        add(&mut latency, 1, 1000);
        for second in 2..=200 {
            add(&mut latency, second, second);
        }
        let samples = all(&latency);
        assert_eq!(samples.len(), MAX_SAMPLES);
        assert_eq!((samples[0], samples[159]), ((41, 41), (200, 200)));
        assert_eq!(latency.find(b"command").map(|s| s.max_ms), Some(1000));
    }

    #[test]
    fn kinds_are_forgotten_one_by_one_or_all() {
        let mut latency = Latency::default();
        add(&mut latency, 1, 10);
        let sample = Sample { unix_s: 1, ms: 4 };
        latency.add("expire-cycle", sample);
        assert!(latency.forget(b"command"));
        assert!(!latency.forget(b"command"));
        assert!(latency.find(b"COMMAND").is_none());
        assert_eq!(latency.clear(), 1);
        assert_eq!(latency.iter().len(), 0);
    }
}
