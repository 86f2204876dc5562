//! What counts as a use of a key, and the counting where an LFU policy is selected.
//!
//! Every lookup of a key has always noted the time in its entry, which is one store. Counting takes a
//! random number and a division: so that nobody pays for it who does not count, it hides behind
//! tests that are made anyway.
//!
//! ```text
//!   lookups   session.uses: Timed?    the test that CLIENT NO-TOUCH needs     yes ─▶ the time is stored
//!   SET       observers.is_on()?      the test that notifications need        no  ─▶ the time is stored
//! ```

use super::random::Random;
use crate::store::uses::Scale;

/// What a lookup leaves in a key's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Uses {
    /// The time.
    #[default]
    Timed,
    /// One more use: an LFU policy is selected.
    Counted,
    /// Nothing: CLIENT NO-TOUCH.
    Ignored,
}

/// Counts uses of keys.
#[derive(Debug, Clone)]
pub struct UseCounter {
    /// How counters go up and down.
    pub scale: Scale,
    random: Random,
}

impl UseCounter {
    /// One that counts on this scale, with randomness of its own.
    #[must_use]
    pub fn new(scale: Scale, random: Random) -> UseCounter {
        UseCounter { scale, random }
    }

    /// The word of use of an entry that had `word`, after one more use at a moment in unix seconds.
    pub fn again(&mut self, word: u32, now_s: u32) -> u32 {
        self.scale.again(word, now_s, |n| self.random.below(n))
    }
}
