//! CLIENT PAUSE: clients whose requests wait until the pause is over.
//!
//! ```text
//!   PAUSE 5000 WRITE      gates: PAUSED is shut, until 12:00:05
//!
//!   A  SET a 1            goes into the line      1  A  SET a 1
//!   B  GET a              answered                2  C  DEL b
//!   C  DEL b              goes into the line      ▲
//!   C  GET a              stays in C's input      the ticket: a number that counts up
//!
//!   12:00:05, or UNPAUSE  the gate is open; who stands in the line is released, from the front
//! ```
//!
//! A client has one request in the line at the most: it counts as blocked, so nothing more of it is run,
//! and what it sends meanwhile stays where it was received. A released request goes the way of any other,
//! from the beginning: users, settings and a new pause may forbid by then what was allowed before. One that
//! finds a new pause goes into the line again, behind all who were released with it, so the order
//! in which the requests came is kept.
//!
//! While a pause is on no key leaves by itself, so that whoever copies the data set finds it still: keys
//! whose time has come are not found any more, but they are there until it is over.

use super::{Engine, Gates, SessionId};
use crate::resp::OwnedRequest;
use std::collections::{BTreeMap, HashMap};

/// Room for so many clients is kept when none waits any more.
const KEPT_ROOM: usize = 1024;

/// Which commands wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pausing {
    /// Those that may change data.
    Writes,
    /// All.
    All,
}

/// A request that waits.
#[derive(Debug)]
pub struct Parked {
    /// Whose it is.
    pub id: SessionId,
    /// The request.
    pub request: OwnedRequest,
    /// How long its arguments are, for CLIENT LIST.
    pub argument_bytes: usize,
}

/// See the module's text.
#[derive(Debug, Default)]
pub struct Pause {
    /// What waits, and until when, in unix milliseconds.
    current: Option<(Pausing, u64)>,
    /// Whether the keyspaces keep keys whose time has come.
    keeps_due_keys: bool,
    /// The requests by their tickets.
    line: BTreeMap<u64, Parked>,
    tickets: HashMap<SessionId, u64>,
    last_ticket: u64,
    /// Tickets up to this one may go.
    released: u64,
}

impl Pause {
    /// Which commands wait at the moment.
    #[inline]
    #[must_use]
    pub fn current(&self) -> Option<Pausing> {
        self.current.map(|(pausing, _)| pausing)
    }

    /// How many clients wait, those included that may go.
    #[must_use]
    pub fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Whether there is neither a pause nor anybody who still waits because of one.
    #[inline]
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.current.is_none() & self.line.is_empty()
    }

    /// The request of a client that waits.
    #[must_use]
    pub fn parked(&self, id: SessionId) -> Option<&Parked> {
        self.line.get(self.tickets.get(&id)?)
    }

    /// Whether somebody may go.
    #[inline]
    #[must_use]
    pub fn has_released(&self) -> bool {
        let first = self.line.first_key_value();
        first.is_some_and(|(&ticket, _)| ticket <= self.released)
    }

    /// When there is something to be done, in unix milliseconds: 0, which is at once, if somebody may go,
    /// or the end of the pause.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        if self.has_released() {
            return Some(0);
        }
        self.current.map(|(_, until_ms)| until_ms)
    }

    fn remove(&mut self, ticket: u64) -> Option<Parked> {
        let parked = self.line.remove(&ticket)?;
        self.tickets.remove(&parked.id);
        if self.tickets.is_empty() && self.tickets.capacity() > KEPT_ROOM {
            self.tickets = HashMap::new();
        }
        Some(parked)
    }
}

impl Engine {
    /// Lets commands wait until a moment in unix milliseconds. Where a pause is on already, the longer
    /// time and the stricter kind hold from now on, as in Redis.
    pub fn pause(&mut self, pausing: Pausing, until_ms: u64) {
        let (before, before_ms) = self.pause.current.unwrap_or((pausing, until_ms));
        self.pause.current = Some((pausing.max(before), until_ms.max(before_ms)));
        self.gates.set(Gates::PAUSED, true);
    }

    /// Ends the pause. Who waits may go: [`Engine::next_released`].
    pub fn unpause(&mut self) {
        self.pause.current = None;
        self.pause.released = self.pause.last_ticket;
        self.gates.set(Gates::PAUSED, false);
        self.keep_due_keys(false);
    }

    /// Ends the pause if its time is over.
    pub fn end_pause_if_due(&mut self) {
        let now_ms = self.clock.unix_ms();
        if self.pause.current.is_some_and(|(_, at_ms)| at_ms <= now_ms) {
            self.unpause();
        }
    }

    /// Puts a client's request into the line, and runs no other of it.
    pub fn park(&mut self, parked: Parked) {
        let id = parked.id;
        debug_assert!(!self.sessions[id].blocked, "a client waits once at a time");
        self.sessions[id].blocked = true;
        let pause = &mut self.pause;
        pause.last_ticket += 1;
        pause.tickets.insert(id, pause.last_ticket);
        pause.line.insert(pause.last_ticket, parked);
    }

    /// The next request that may go, in the order in which they came. Its client is free again.
    pub fn next_released(&mut self) -> Option<Parked> {
        if !self.pause.has_released() {
            return None;
        }
        let (&ticket, _) = self.pause.line.first_key_value()?;
        let parked = self.pause.remove(ticket)?;
        self.sessions[parked.id].blocked = false;
        Some(parked)
    }

    /// A client's request is thrown away, if it has one in the line: the client is leaving.
    pub(super) fn forget_parked(&mut self, id: SessionId) {
        if let Some(&ticket) = self.pause.tickets.get(&id) {
            self.pause.remove(ticket);
            self.sessions[id].blocked = false;
        }
    }

    /// Whether keys whose time has come stay where they are, although nobody finds them. To be called
    /// with `true` before a command that runs during a pause. (Not when the pause begins: that may be in
    /// the midst of a transaction, whose other commands may write, and who writes must not find
    /// the place taken.)
    pub fn keep_due_keys(&mut self, keep: bool) {
        if self.pause.keeps_due_keys == keep {
            return;
        }
        self.pause.keeps_due_keys = keep;
        for keyspace in &mut self.databases {
            keyspace.keeps_due_keys = keep;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::session::Peer;
    use crate::engine::{Clock, Config};

    fn engine_with(clients: usize) -> (Engine, Vec<SessionId>) {
        let mut engine = Engine::new(Config::default(), 1, Clock::at_us(1_000_000));
        let open = |_| engine.sessions.open(Peer::default(), 0);
        let ids = (0..clients).map(open).collect();
        (engine, ids)
    }

    fn parked(id: SessionId) -> Parked {
        Parked {
            id,
            request: OwnedRequest::from_args(["SET", "k", "v"]),
            argument_bytes: 5,
        }
    }

    #[test]
    fn the_longer_time_and_the_stricter_kind_win() {
        let (mut engine, _) = engine_with(0);
        engine.pause(Pausing::Writes, 5000);
        engine.pause(Pausing::All, 2000);
        engine.pause(Pausing::Writes, 3000);
        assert_eq!(engine.pause.current(), Some(Pausing::All));
        assert_eq!(engine.pause.next_due(), Some(5000));
        engine.clock = Clock::at_us(4_999_000);
        engine.end_pause_if_due();
        assert!(engine.gates.has(Gates::PAUSED));
        engine.clock = Clock::at_us(5_000_000);
        engine.end_pause_if_due();
        assert_eq!((engine.pause.current(), engine.gates), (None, Gates::OPEN));
        assert_eq!(engine.pause.next_due(), None);
    }

    #[test]
    fn who_waits_goes_in_order_and_who_comes_back_goes_behind() {
        let (mut engine, ids) = engine_with(4);
        engine.pause(Pausing::All, 5000);
        for &id in &ids[..3] {
            engine.park(parked(id));
        }
        assert!(engine.next_released().is_none(), "the pause is on");
        engine.unpause();
        assert_eq!(engine.pause.next_due(), Some(0));
        assert_eq!(engine.next_released().map(|p| p.id), Some(ids[0]));
        assert!(!engine.sessions[ids[0]].blocked);
        engine.pause(Pausing::All, 6000);
        engine.park(parked(ids[3]));
        engine.park(parked(ids[0]));
        assert_eq!(engine.next_released().map(|p| p.id), Some(ids[1]));
        assert_eq!(engine.next_released().map(|p| p.id), Some(ids[2]));
        assert!(engine.next_released().is_none(), "these came after it");
        assert_eq!(engine.pause.len(), 2);
    }

    #[test]
    fn who_leaves_leaves_nothing() {
        let (mut engine, ids) = engine_with(2);
        engine.pause(Pausing::All, 5000);
        for &id in &ids {
            engine.park(parked(id));
        }
        assert!(engine.pause.parked(ids[0]).is_some());
        for &id in &ids {
            engine.close_session(id);
        }
        assert!(engine.pause.is_empty() && engine.pause.tickets.is_empty());
    }

    #[test]
    fn no_key_leaves_during_a_pause() {
        let (mut engine, _) = engine_with(0);
        let deadline = crate::store::keyspace::Deadline::At(1500);
        engine.db(0).set_string(b"k", b"v", deadline, "set");
        engine.pause(Pausing::Writes, 5000);
        engine.keep_due_keys(true);
        engine.clock = Clock::at_us(2_000_000);
        assert_eq!(engine.next_due(), None);
        assert!(!engine.db(0).exists(b"k"));
        engine.expire(100);
        assert_eq!(engine.databases[0].len(), 1);
        engine.unpause();
        assert!(engine.next_due().is_some());
        engine.expire(100);
        assert_eq!(
            (engine.databases[0].len(), engine.stats.keys.expired),
            (0, 1)
        );
    }
}
