//! The time, as the engine is told it.

/// A moment: unix time in microseconds. The server reads it once a turn, tests make it up.
///
/// The coarser units are worked out when it is made: every command asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Clock {
    unix_us: u64,
    unix_ms: u64,
    unix_s: u64,
}

impl Clock {
    /// The moment so many microseconds after 1970.
    #[must_use]
    pub fn at_us(unix_us: u64) -> Clock {
        Clock {
            unix_us,
            unix_ms: unix_us / 1000,
            unix_s: unix_us / 1_000_000,
        }
    }

    /// The moment so many nanoseconds later.
    #[must_use]
    pub fn after_ns(self, ns: u64) -> Clock {
        Clock::at_us(self.unix_us.saturating_add(ns / 1000))
    }

    /// Unix time in microseconds.
    #[must_use]
    pub fn unix_us(self) -> u64 {
        self.unix_us
    }

    /// Unix time in milliseconds.
    #[inline]
    #[must_use]
    pub fn unix_ms(self) -> u64 {
        self.unix_ms
    }

    /// Unix time in seconds.
    #[must_use]
    pub fn unix_s(self) -> u64 {
        self.unix_s
    }

    /// The same in the 32 bits that an entry has for it (until 2106).
    #[inline]
    #[must_use]
    pub fn unix_s32(self) -> u32 {
        self.unix_s() as u32
    }
}
