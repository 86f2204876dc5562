//! Clients that keep copies of keys, and are told when these are out of date: CLIENT TRACKING.
//!
//! ```text
//!   A  GET k        "A may have k"                  by default: a table of what each client has read
//!   B  SET k x      k is out of date ──▶ A          (shares)
//!                   "nobody has k"                  told once, until A reads it again
//!
//!   C  BCAST PREFIX user:                           asked for: every key with this beginning
//!   B  SET user:1 x                                 (prefixes)
//!      before the loop sleeps ──▶ C                 told every time, all keys of a turn together
//! ```
//!
//! A key is its name here, whatever database it is in, as in Redis: who tracks `k` in one is told when another's
//! `k` changes. The message goes to the client itself, as a push of RESP3, or to the one that it has
//! named, as a push or as a published message (`invalidation`).
//!
//! - [`shares`]: which clients may have which keys.
//! - [`prefixes`]: which clients are told of all keys with a certain beginning.
//!
//! The table has at most `tracking-table-max-keys` keys. What is more is taken out of it, and told, as if
//! it had changed: some after each command of a tracking client, the rest in slices.

mod invalidation;
pub mod prefixes;
pub mod shares;

use super::SessionId;
use prefixes::Prefixes;
use shares::Shares;
use std::collections::BTreeSet;

/// Beginnings of keys that nobody asks for any more, which are removed in one step.
const PREFIXES_PER_STEP: usize = 64;

/// Who gets the messages instead of the client that tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redirect {
    /// Its place among the sessions. Another client may have it by now.
    pub id: SessionId,
    /// Its number.
    pub number: u64,
}

/// Which of the keys that it reads a client keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// All.
    #[default]
    All,
    /// Those of commands before which it says so.
    OptIn,
    /// All but those of commands before which it says so.
    OptOut,
}

/// What a client has asked for.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Who gets the messages, if not itself.
    pub redirect: Option<Redirect>,
    /// Whether it is told of keys with certain beginnings, not of those that it has read.
    pub broadcasts: bool,
    /// Otherwise: of which of those.
    pub choice: Choice,
    /// Whether it is not told of what it changes itself.
    pub no_loop: bool,
}

/// What is kept for a client that tracks keys, or has done so.
#[derive(Debug, Default)]
pub struct Tracker {
    /// Whether it does so now.
    pub is_on: bool,
    /// How.
    pub order: Order,
    /// Whether it has said CACHING for what comes next.
    pub caching: bool,
    /// Whether a message could not be sent since the client that it was for has gone.
    pub is_broken: bool,
    /// The beginnings of the keys that are broadcast to it.
    pub prefixes: BTreeSet<Box<[u8]>>,
    /// How long these are together.
    prefix_bytes: usize,
    /// The period in which it asks for them; 0 while it asks for none.
    period: u64,
    /// What it is called among the [`Shares`], once it has read something.
    holder: Option<u32>,
}

impl Tracker {
    /// The bytes of memory that it takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let prefixes = self.prefixes.len() * size_of::<Box<[u8]>>() + self.prefix_bytes;
        size_of_val(self) + prefixes
    }

    /// Whether the keys of what it runs now are remembered.
    #[must_use]
    pub fn remembers(&self) -> bool {
        let chosen = match self.order.choice {
            Choice::All => true,
            Choice::OptIn => self.caching,
            Choice::OptOut => !self.caching,
        };
        self.is_on && !self.order.broadcasts && chosen
    }
}

/// See the module's text.
#[derive(Debug, Default)]
pub struct Tracking {
    /// How many clients track keys.
    clients: usize,
    /// Made for the first key.
    shares: Option<Box<Shares>>,
    prefixes: Prefixes,
    /// How often in a row a step has left more keys than there may be.
    overruns: usize,
}

impl Tracking {
    /// How many clients track keys.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.shares.as_ref().map_or(0, |shares| shares.keys())
    }

    /// How many there are if each counts once for each client that may have it.
    #[must_use]
    pub fn items(&self) -> usize {
        self.shares.as_ref().map_or(0, |shares| shares.items())
    }

    /// How many beginnings of keys somebody has asked for.
    #[must_use]
    pub fn prefixes(&self) -> usize {
        self.prefixes.len()
    }

    /// Whether nothing is kept for anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let shares = self.shares.as_ref();
        self.clients == 0 && self.prefixes.is_empty() && shares.is_none_or(|s| s.is_empty())
    }

    /// Whether anybody could want to know that a key has changed.
    #[must_use]
    pub(super) fn is_interested(&self) -> bool {
        self.clients > 0 || self.items() > 0
    }

    /// Whether somebody is to be told that this key has changed.
    #[must_use]
    pub(super) fn concerns(&self, key: &[u8]) -> bool {
        let has = |shares: &Shares| shares.has(key);
        self.shares.as_deref().is_some_and(has) || self.prefixes.concern(key)
    }

    /// Whether there is a table of keys, or anything else that may have to be tidied.
    #[inline]
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.shares.is_some() | self.prefixes.has_remains()
    }

    /// Whether something is to be broadcast.
    #[inline]
    #[must_use]
    pub fn has_broadcasts(&self) -> bool {
        self.prefixes.has_changed()
    }

    /// Whether clients have left whose keys are still there, or a table is to be freed.
    fn has_remains(&self) -> bool {
        let shares = self.shares.as_ref();
        self.prefixes.has_remains() || shares.is_some_and(|shares| shares.has_work())
    }

    fn step(&mut self) {
        if self.prefixes.has_remains() {
            self.prefixes.tidy(PREFIXES_PER_STEP);
        } else if let Some(shares) = &mut self.shares {
            shares.step();
        }
    }
}

#[cfg(test)]
mod tests;
