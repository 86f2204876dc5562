//! Time on a machine that now and then stands still, for a tenth of a second or for a whole one: what a test may still
//! hold a server to.
//!
//! - What has to happen soon is waited for, with a limit that is only reached by what never happens.
//! - What takes long on a busy machine takes long *sometimes*: [`shortest`] of some attempts tells the server's own doing.
//! - What is so until a moment is asked for before it, and the answer counts only if it came before it: [`in_time`] makes
//!   something ready while a key lives, and [`Conn::transcript_before`](super::Conn::transcript_before) compares.
// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use std::thread;
use std::time::{Duration, Instant};

/// So often is done again what a busy machine spoilt.
const ATTEMPTS: usize = 8;
/// A server's clock has whole milliseconds, and ours is another one.
const CLOCKS_APART: Duration = Duration::from_millis(2);

/// The shortest of some times that the same thing takes, or the first that is shorter than `enough`: a busy machine makes
/// some of them long, a server that is slow all of them.
pub fn shortest(enough: Duration, mut attempt: impl FnMut() -> Duration) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..ATTEMPTS {
        shortest = shortest.min(attempt());
        if shortest < enough {
            break;
        }
    }
    shortest
}

/// Does the same thing until it goes as it should: a busy machine spoils some attempts, a server that is wrong all of them.
///
/// # Panics
/// When none of them did, with what was wrong with each.
#[track_caller]
pub fn goes_well(mut attempt: impl FnMut() -> Result<(), String>) {
    let mut wrong = Vec::new();
    for _ in 0..ATTEMPTS {
        match attempt() {
            Ok(()) => return,
            Err(what) => wrong.push(what),
        }
    }
    panic!("{ATTEMPTS} attempts:\n{}", wrong.join("\n"));
}

/// How long the keys live that a test makes, and until when the first of them does.
#[derive(Clone, Copy)]
pub struct Life {
    /// From the moment at which a key is made.
    pub lasts: Duration,
    /// A key that is made now or later lives until then at least.
    pub until: Instant,
}

impl Life {
    /// As `PX` wants it.
    pub fn ms(&self) -> String {
        self.lasts.as_millis().to_string()
    }

    /// Sleeps until whatever was made before this has reached its end.
    pub fn outlive(&self) {
        thread::sleep(self.lasts + 5 * CLOCKS_APART);
    }
}

/// Does what has to be done while the keys live that it makes; and again, with longer lives each time, when it took too
/// long. Gives the life that was enough.
///
/// # Panics
/// When not even the longest was.
#[track_caller]
pub fn in_time(lasts: Duration, mut attempt: impl FnMut(&Life)) -> Life {
    let mut lasts = lasts;
    for _ in 0..ATTEMPTS {
        let life = Life {
            lasts,
            until: Instant::now() + lasts - CLOCKS_APART,
        };
        attempt(&life);
        if Instant::now() < life.until {
            return life;
        }
        lasts *= 2;
    }
    panic!("this machine is too slow for keys that live {lasts:?}");
}
