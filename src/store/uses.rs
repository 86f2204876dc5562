//! When a key was used, or how often: one word of its entry, read in one of two ways.
//!
//! ```text
//!               31      24 23                8 7        0
//!              ┌──────────────────────────────────────────┐
//!   a time     │              unix seconds                │     for LRU, and what is there by default
//!              ├──────────┬───────────────────┬───────────┤
//!   a count    │    0     │   unix minutes    │  counter  │     while an LFU policy is selected
//!              └──────────┴───────────────────┴───────────┘
//! ```
//!
//! Eight bits count to a million because they count logarithmically (R. Morris, "Counting large numbers of
//! events in small registers", 1978): from `c` the counter goes on to `c + 1` in one of
//! `(c - INITIAL) * factor + 1` uses. And what was popular once must not stay so for ever: for each
//! `decay` minutes without a use it goes down by one. The formulas are Redis's, so that its settings mean
//! the same here, and so does what OBJECT FREQ tells.
//!
//! When the policy changes, words of the other kind are there for a while. Redis reads them as what they
//! are not. Here they are told apart: seconds have had something in the upper eight bits since July 1970.
//! A time read as a count is a key used once, then; a count read as a time is its minute.

/// The counter of a new key: above 0, so that it is not the first to go.
pub const INITIAL: u8 = 5;

/// Bits of the counter.
const COUNTER_BITS: u32 = 8;

/// Bits of the word that a count leaves at 0 and a time does not.
const TIME_BITS: u32 = 24;

/// Seconds in a minute.
const MINUTE_S: u32 = 60;

/// How the counter goes up and down: the settings `lfu-log-factor` and `lfu-decay-time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// The larger, the more uses it takes to go up.
    pub log_factor: u32,
    /// Minutes without a use in which it goes down by one; 0: it never does.
    pub decay_minutes: u32,
}

impl Scale {
    /// The word of a key that is new at a moment in unix seconds.
    #[must_use]
    pub fn fresh(now_s: u32) -> u32 {
        pack(minute(now_s), INITIAL)
    }

    /// The counter as it is at a moment.
    #[must_use]
    pub fn count(self, word: u32, now_s: u32) -> u8 {
        let (_, counter) = unpack(word);
        let periods = u32::from(idle_minutes(word, now_s)).checked_div(self.decay_minutes);
        let periods = u8::try_from(periods.unwrap_or(0)).unwrap_or(u8::MAX);
        counter.saturating_sub(periods)
    }

    /// The word after one more use; `random(n)` gives a number below `n`.
    pub fn again(self, word: u32, now_s: u32, random: impl FnOnce(usize) -> usize) -> u32 {
        let counter = self.count(word, now_s);
        let over = usize::from(counter.saturating_sub(INITIAL));
        let one_in = over.saturating_mul(self.log_factor as usize) + 1;
        let goes_up = counter < u8::MAX && random(one_in) == 0;
        pack(minute(now_s), counter + u8::from(goes_up))
    }
}

/// When the key was used last, in unix seconds, whichever kind of word it has.
#[must_use]
pub fn used_s(word: u32, now_s: u32) -> u32 {
    if is_time(word) || !is_time(now_s) {
        return word;
    }
    let idle_s = u32::from(idle_minutes(word, now_s)) * MINUTE_S;
    now_s.saturating_sub(idle_s)
}

/// For how many minutes it was not used, as far as 16 bits can tell.
#[must_use]
pub fn idle_minutes(word: u32, now_s: u32) -> u16 {
    minute(now_s).wrapping_sub(unpack(word).0)
}

fn is_time(word: u32) -> bool {
    word >> TIME_BITS != 0
}

fn minute(s: u32) -> u16 {
    (s / MINUTE_S) as u16
}

fn pack(minute: u16, counter: u8) -> u32 {
    u32::from(minute) << COUNTER_BITS | u32::from(counter)
}

fn unpack(word: u32) -> (u16, u8) {
    if is_time(word) {
        return (minute(word), INITIAL);
    }
    ((word >> COUNTER_BITS) as u16, word as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u32 = 1_700_000_000;
    const SCALE: Scale = Scale {
        log_factor: 10,
        decay_minutes: 1,
    };

    #[test]
    fn a_new_key_has_5_and_its_next_use_always_counts() {
        let word = Scale::fresh(NOW_S);
        assert_eq!(SCALE.count(word, NOW_S), 5);
        let word = SCALE.again(word, NOW_S, |n| n - 1);
        assert_eq!(SCALE.count(word, NOW_S), 6);
    }

    #[test]
    fn each_count_is_harder_to_leave_by_the_factor() {
        for counter in [0, 5, 6, 100, 254] {
            let word = pack(minute(NOW_S), counter);
            let one_in = usize::from(counter.saturating_sub(5)) * 10 + 1;
            let up = SCALE.again(word, NOW_S, |n| {
                assert_eq!(n, one_in);
                0
            });
            assert_eq!(SCALE.count(up, NOW_S), counter + 1);
            let same = SCALE.again(word, NOW_S, |n| usize::from(n > 1));
            assert_eq!(SCALE.count(same, NOW_S), counter + u8::from(one_in == 1));
        }
        let full = pack(minute(NOW_S), 255);
        assert_eq!(SCALE.again(full, NOW_S, |_| 0), full);
    }

    /// The table in the comments of redis.conf: what so many hits bring the counter to.
    #[test]
    fn hits_bring_the_counter_where_redis_says_they_do() {
        let mut state = 1_u64;
        let mut random = |n: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % n
        };
        for (log_factor, hits, expected) in [
            (0, 100, 104),
            (1, 1000, 49),
            (10, 1000, 18),
            (10, 100_000, 142),
            (100, 100_000, 49),
            (100, 1_000_000, 143),
        ] {
            let scale = Scale {
                log_factor,
                decay_minutes: 1,
            };
            let word = (0..hits).fold(Scale::fresh(NOW_S), |word, _| {
                scale.again(word, NOW_S, &mut random)
            });
            let count = i32::from(scale.count(word, NOW_S));
            let about = expected / 8 + 2;
            assert!(
                (count - expected).abs() <= about,
                "{log_factor} {hits}: {count}"
            );
        }
    }

    #[test]
    fn it_goes_down_with_time_and_not_below_0() {
        let word = pack(minute(NOW_S), 20);
        let slow = Scale {
            decay_minutes: 10,
            ..SCALE
        };
        let never = Scale {
            decay_minutes: 0,
            ..SCALE
        };
        for (minutes, count, slowly) in [(0, 20, 20), (7, 13, 20), (19, 1, 19), (400, 0, 0)] {
            let then_s = NOW_S + minutes * 60;
            assert_eq!(SCALE.count(word, then_s), count);
            assert_eq!(slow.count(word, then_s), slowly);
            assert_eq!(never.count(word, then_s), 20);
        }
    }

    #[test]
    fn words_of_the_other_kind_are_told_apart() {
        let then_s = NOW_S - 3 * 60;
        assert_eq!(
            SCALE.count(then_s, NOW_S),
            2,
            "used once, three minutes ago"
        );
        let word = SCALE.again(Scale::fresh(then_s), then_s, |_| 0);
        let read_s = used_s(word, NOW_S);
        assert!((then_s - 59..=then_s + 59).contains(&read_s), "{read_s}");
        assert_eq!(used_s(then_s, NOW_S), then_s);
    }
}
