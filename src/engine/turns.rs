//! What the event loop's turns were like, as the server tells: always counted, since it costs next
//! to nothing. (What each turn did in detail is the [recorder](crate::ae::recorder)'s, which is off unless
//! somebody watches.)

use super::histogram::Histogram;

/// Turns that INFO can draw.
pub const RECENT: usize = 32;

/// One turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Nanoseconds asleep before it.
    pub slept_ns: u64,
    /// Nanoseconds at work.
    pub busy_ns: u64,
    /// Commands run.
    pub commands: u64,
}

/// Counters and histograms of all turns.
#[derive(Debug, Default)]
pub struct LoopStats {
    /// How many there were.
    pub turns: u64,
    /// Nanoseconds that they took, without the time asleep.
    pub busy_ns: u64,
    /// How long each took, in nanoseconds, without the time asleep.
    pub turn_ns: Histogram,
    /// How long a socket was ready until its handler ran, in nanoseconds.
    pub queue_delay_ns: Histogram,
    /// How many commands the turns ran, of those that ran any.
    pub commands: Histogram,
    /// The last turns, the newest at `turns - 1` modulo their number.
    recent: [Turn; RECENT],
}

impl LoopStats {
    /// Counts a turn.
    pub fn count(&mut self, turn: Turn) {
        self.recent[self.turns as usize % RECENT] = turn;
        self.turns += 1;
        self.busy_ns += turn.busy_ns;
        self.turn_ns.record(turn.busy_ns);
        if turn.commands > 0 {
            self.commands.record(turn.commands);
        }
    }

    /// The last turns with their numbers, oldest first.
    pub fn recent(&self) -> impl Iterator<Item = (u64, Turn)> {
        let oldest = self.turns.saturating_sub(RECENT as u64);
        (oldest..self.turns).map(|number| (number + 1, self.recent[number as usize % RECENT]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_turns_are_remembered_in_order() {
        let mut stats = LoopStats::default();
        assert_eq!(stats.recent().count(), 0);
        for commands in 0..50 {
            stats.count(Turn {
                commands,
                busy_ns: 10,
                ..Turn::default()
            });
        }
        let recent: Vec<_> = stats.recent().collect();
        assert_eq!(recent.len(), RECENT);
        assert_eq!((recent[0].0, recent[0].1.commands), (19, 18));
        assert_eq!((recent[31].0, recent[31].1.commands), (50, 49));
        assert_eq!((stats.busy_ns, stats.commands.count()), (500, 49));
    }
}
