//! What was denied, and to whom: ACL LOG.
//!
//! A program that does not have the right to what it does tries again and again. So an event like one
//! of the last few does not make an entry of its own, but counts up that one, which becomes the first.

use std::collections::VecDeque;

/// Of how many entries, the newest first, each is looked at for whether an event is like it.
const LOOK_AT: usize = 10;

/// An event this long after another like it is a new one. In milliseconds.
const SAME_EVENT_MS: u64 = 60_000;

/// Why something was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The user must not run the command.
    Command,
    /// It must not use one of the keys.
    Key,
    /// It must not use one of the channels.
    Channel,
    /// There is no such user with such a password.
    Auth,
}

impl Reason {
    /// As ACL LOG says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
            Reason::Auth => "auth",
        }
    }
}

/// Where something was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// By itself.
    TopLevel,
    /// In a transaction.
    Multi,
}

impl Context {
    /// As ACL LOG says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Context::TopLevel => "toplevel",
            Context::Multi => "multi",
        }
    }
}

/// Something that was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Why.
    pub reason: Reason,
    /// Where.
    pub context: Context,
    /// The command, the key or the channel.
    pub object: Vec<u8>,
    /// The name of the user; the one that was tried, where logging in was denied.
    pub user: Vec<u8>,
}

/// An entry of the log: an event that may have happened several times.
#[derive(Debug)]
pub struct Entry {
    /// How often.
    pub count: u64,
    /// What.
    pub event: Event,
    /// When it happened last, in unix milliseconds.
    pub at_ms: u64,
    /// The client to which it happened last, in the words of CLIENT LIST.
    pub client: String,
}

/// The entries, the newest first.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
}

impl Log {
    /// An event has happened at a moment in unix milliseconds to a client. At most `max_len` entries are
    /// kept.
    pub fn add(&mut self, event: Event, at_ms: u64, client: String, max_len: usize) {
        let is_like =
            |entry: &Entry| entry.event == event && entry.at_ms.abs_diff(at_ms) <= SAME_EVENT_MS;
        let place = self.entries.iter().take(LOOK_AT).position(is_like);
        let known = place.and_then(|place| self.entries.remove(place));
        let count = known.as_ref().map_or(0, |entry| entry.count) + 1;
        self.entries.push_front(Entry {
            count,
            event,
            at_ms,
            client,
        });
        // As in Redis: a log that was made shorter keeps its entries until a new one comes.
        if known.is_none() {
            self.entries.truncate(max_len);
        }
    }

    /// The entries, the newest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
