//! The host's clock.

use crate::engine::Clock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Unix time that does not jump within a turn: the system's clock is read once a turn, and what
/// has passed since is added.
#[derive(Debug, Clone, Copy)]
pub struct HostClock {
    unix_us: u64,
    read_at: Instant,
}

impl HostClock {
    /// Reads the system's clock.
    #[must_use]
    pub fn read() -> HostClock {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        HostClock {
            unix_us: u64::try_from(unix.as_micros()).unwrap_or(u64::MAX),
            read_at: Instant::now(),
        }
    }

    /// The time by now.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Clock {
        let passed_us = u64::try_from(self.read_at.elapsed().as_micros()).unwrap_or(0);
        Clock::at_us(self.unix_us.saturating_add(passed_us))
    }

    /// How long ago it was read.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.read_at.elapsed()
    }
}
