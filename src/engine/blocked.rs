//! Clients that wait: who waits for which key, first come first served, and until when.
//!
//! BLPOP and its like look first; what is there they take at once. Where nothing is, the client
//! *waits*: its request is kept here, none of its later requests is run, and when one of its keys
//! comes into being the same command is run again for it.
//!
//! ```text
//!   lines, by database and key           waiters, by client              timers
//!   0  "jobs"   list  [3 → A, 7 → B]     A  BLPOP jobs 0                 a wheel of deadlines:
//!      "mail"   list  [7 → B]            B  BLPOP jobs mail 5  ◀───────  B at ...
//!      "score"  zset  [4 → C]            C  BZPOPMIN score 0
//!                      │
//!                      └ the ticket: a number that counts up, drawn when a client begins to wait
//! ```
//!
//! A line is ordered by tickets, and a client has one ticket for all of its keys. So a client leaves
//! each of its lines in O(log n), from the middle too, and nothing of it stays behind: there may be
//! thousands in front of one key, and any of them may hang up. One that was woken for nothing goes
//! back into its old place.
//!
//! Lines are also apart by the kind of value that is waited for. Who waits for a list is not
//! looked at when a sorted set appears.
//!
//! A key that comes into being only leaves a note ([`Work`]): it is in the midst of somebody's
//! command. When that command is over, and before the next one of anybody,
//! [`serve_blocked`](crate::command::serve_blocked) goes through the notes. Clients whose deadline
//! has come, and those that CLIENT UNBLOCK names, go the same way, since the engine cannot reach their
//! outputs by itself.

use super::{Engine, SessionId, Slice};
use crate::resp::OwnedRequest;
use crate::store::Kind;
use crate::wheel::{Step, TimerId, Wheel};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;

/// Room for so many clients and keys is kept when nobody waits any more.
const KEPT_ROOM: usize = 1024;

/// What a client waits for.
#[derive(Debug)]
pub struct Waiter {
    /// Its request, to be run again.
    pub request: OwnedRequest,
    /// How long its arguments are, for CLIENT LIST.
    pub argument_bytes: usize,
    /// The number of the request's command.
    pub command: u16,
    /// The number of the database in which the keys are.
    pub db: usize,
    /// The positions of the keys among the arguments.
    pub keys: Range<usize>,
    /// What the keys must hold.
    pub kind: Kind,
    /// Until when, in unix milliseconds; `None` for ever.
    pub deadline_ms: Option<u64>,
}

/// One who waits, with its place.
#[derive(Debug)]
struct Place {
    waiter: Waiter,
    ticket: u64,
    timer: Option<TimerId>,
}

/// A client that waited and has been taken out of its lines, to be run, and perhaps to be put back.
#[derive(Debug)]
pub struct Woken(Box<Place>);

impl Woken {
    /// What it waited for.
    pub fn waiter(&mut self) -> &mut Waiter {
        &mut self.0.waiter
    }
}

/// Why a wait is over although nothing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Its deadline has come.
    TimedOut,
    /// CLIENT UNBLOCK TIMEOUT.
    Released,
    /// CLIENT UNBLOCK ERROR.
    Refused,
}

/// What is to be done for clients that wait, when the command that is being run is over.
#[derive(Debug)]
pub enum Work {
    /// A key has come into being.
    Ready {
        /// The number of its database.
        db: usize,
        /// The key.
        key: Box<[u8]>,
    },
    /// A client waits no more, and is to be told.
    Over {
        /// The client.
        id: SessionId,
        /// What it has waited for.
        woken: Woken,
        /// Why.
        why: Over,
    },
}

/// Everybody in front of one key.
#[derive(Debug, Default)]
struct Line {
    /// Whether the key is noted in the work already.
    is_noted: bool,
    /// By the kind of value that is waited for; there are few.
    queues: Vec<Queue>,
}

/// Those who wait for the same kind of value, by their tickets.
#[derive(Debug)]
struct Queue {
    kind: Kind,
    tickets: BTreeMap<u64, SessionId>,
}

impl Line {
    fn insert(&mut self, kind: Kind, ticket: u64, id: SessionId) {
        let at = self.queues.iter().position(|queue| queue.kind == kind);
        let at = at.unwrap_or_else(|| {
            self.queues.push(Queue {
                kind,
                tickets: BTreeMap::new(),
            });
            self.queues.len() - 1
        });
        self.queues[at].tickets.insert(ticket, id);
    }

    /// Says whether nobody is left.
    fn remove(&mut self, ticket: u64) -> bool {
        for queue in &mut self.queues {
            queue.tickets.remove(&ticket);
        }
        self.queues.retain(|queue| !queue.tickets.is_empty());
        self.queues.is_empty()
    }

    /// The ticket of who has waited longest.
    fn oldest(&self) -> Option<u64> {
        let first = |queue: &Queue| queue.tickets.keys().next().copied();
        self.queues.iter().filter_map(first).min()
    }
}

/// All clients that wait; see the module's text.
#[derive(Debug)]
pub struct Blocked {
    waiters: HashMap<SessionId, Box<Place>>,
    /// By the number of the database; as many as were needed yet.
    lines: Vec<HashMap<Box<[u8]>, Line>>,
    timers: Wheel<SessionId>,
    work: VecDeque<Work>,
    last_ticket: u64,
}

impl Blocked {
    /// Nobody, at this moment in unix milliseconds.
    #[must_use]
    pub fn new(now_ms: u64) -> Blocked {
        Blocked {
            waiters: HashMap::new(),
            lines: Vec::new(),
            timers: Wheel::new(now_ms),
            work: VecDeque::new(),
            last_ticket: 0,
        }
    }

    /// How many clients wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// How many of them have a deadline.
    #[must_use]
    pub fn deadline_count(&self) -> usize {
        self.timers.len()
    }

    /// When the next deadline has to be looked at, in unix milliseconds.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        self.timers.next_due()
    }

    /// How many keys are waited for, in all databases.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.lines.iter().map(HashMap::len).sum()
    }

    /// What this client waits for.
    #[must_use]
    pub fn waiter(&self, id: SessionId) -> Option<&Waiter> {
        self.waiters.get(&id).map(|place| &place.waiter)
    }

    /// Whether [`serve_blocked`](crate::command::serve_blocked) has something to do.
    #[inline]
    #[must_use]
    pub fn has_work(&self) -> bool {
        !self.work.is_empty()
    }

    /// How much that is.
    #[inline]
    #[must_use]
    pub fn work_len(&self) -> usize {
        self.work.len()
    }

    /// A key holds a value that it did not hold before. To be called for every new key that
    /// somebody may wait for: it is cheap while nobody waits.
    #[inline]
    pub fn key_added(&mut self, db: usize, key: &[u8]) {
        if !self.waiters.is_empty() {
            self.note_key(db, key);
        }
    }

    #[inline(never)]
    fn note_key(&mut self, db: usize, key: &[u8]) {
        let Some(line) = self.lines.get_mut(db).and_then(|lines| lines.get_mut(key)) else {
            return;
        };
        if !std::mem::replace(&mut line.is_noted, true) {
            let key = key.into();
            self.work.push_back(Work::Ready { db, key });
        }
    }

    /// The keys of a database that are waited for, who has waited longest first.
    fn keys(&self, db: usize) -> Vec<Box<[u8]>> {
        let lines = self.lines.get(db).into_iter().flatten();
        let mut keys: Vec<_> = lines.map(|(key, line)| (line.oldest(), key)).collect();
        keys.sort_unstable();
        keys.into_iter().map(|(_, key)| key.clone()).collect()
    }

    /// The next thing to be done for those who wait.
    pub fn next_work(&mut self) -> Option<Work> {
        let work = self.work.pop_front()?;
        if let Work::Ready { db, key } = &work
            && let Some(line) = self.lines.get_mut(*db).and_then(|lines| lines.get_mut(key))
        {
            line.is_noted = false;
        }
        Some(work)
    }

    /// Who is the next in front of a key that holds a value of this kind, behind the ticket `after`;
    /// 0 is before the first one. Gives its ticket as well.
    #[must_use]
    pub fn next_in_line(
        &self,
        db: usize,
        key: &[u8],
        kind: Kind,
        after: u64,
    ) -> Option<(u64, SessionId)> {
        let line = self.lines.get(db)?.get(key)?;
        let queue = line.queues.iter().find(|queue| queue.kind == kind)?;
        let (ticket, id) = queue.tickets.range(after + 1..).next()?;
        Some((*ticket, *id))
    }

    fn add(&mut self, id: SessionId, waiter: Waiter) {
        self.last_ticket += 1;
        let place = Place {
            waiter,
            ticket: self.last_ticket,
            timer: None,
        };
        self.put(id, Box::new(place));
    }

    /// Puts a client into its lines, at the place that its ticket says.
    fn put(&mut self, id: SessionId, mut place: Box<Place>) {
        let Place { waiter, ticket, .. } = &mut *place;
        let (db, kind) = (waiter.db, waiter.kind);
        if self.lines.len() <= db {
            self.lines.resize_with(db + 1, HashMap::new);
        }
        let request = waiter.request.request();
        for key in waiter.keys.clone().map(|i| request.arg(i)) {
            // A key that the request names twice is waited for once.
            match self.lines[db].get_mut(key) {
                Some(line) => line.insert(kind, *ticket, id),
                None => {
                    let mut line = Line::default();
                    line.insert(kind, *ticket, id);
                    self.lines[db].insert(key.into(), line);
                }
            }
        }
        place.timer = waiter.deadline_ms.map(|at| self.timers.insert(at, id));
        self.waiters.insert(id, place);
    }

    /// Takes a client out of all of its lines.
    fn remove(&mut self, id: SessionId) -> Option<Woken> {
        let mut place = self.waiters.remove(&id)?;
        if let Some(timer) = place.timer.take() {
            self.timers.cancel(timer);
        }
        let Place { waiter, ticket, .. } = &mut *place;
        let lines = &mut self.lines[waiter.db];
        let request = waiter.request.request();
        for key in waiter.keys.clone().map(|i| request.arg(i)) {
            if let Some(line) = lines.get_mut(key)
                && line.remove(*ticket)
            {
                lines.remove(key);
            }
        }
        if self.waiters.is_empty() {
            self.give_back();
        }
        Some(Woken(place))
    }

    /// Nobody waits any more. Where many did, the room for them is given back.
    fn give_back(&mut self) {
        let has_much = |lines: &HashMap<_, _>| lines.capacity() > KEPT_ROOM;
        if self.waiters.capacity() > KEPT_ROOM {
            self.waiters = HashMap::new();
        }
        if self.lines.iter().any(has_much) {
            self.lines = Vec::new();
        }
    }
}

impl Engine {
    /// Lets a client wait, which does not yet.
    pub fn block(&mut self, id: SessionId, waiter: Waiter) {
        debug_assert!(!self.sessions[id].blocked, "a client waits once at a time");
        self.sessions[id].blocked = true;
        self.blocked.add(id, waiter);
    }

    /// Takes a client out of its lines, to run its command again.
    pub fn wake(&mut self, id: SessionId) -> Option<Woken> {
        let woken = self.blocked.remove(id)?;
        self.sessions[id].blocked = false;
        Some(woken)
    }

    /// Puts a client back into its old place: its command has found nothing.
    pub fn block_again(&mut self, id: SessionId, woken: Woken) {
        self.sessions[id].blocked = true;
        self.blocked.put(id, woken.0);
    }

    /// Ends a client's wait, and has it told. Says whether it did wait.
    pub fn unblock(&mut self, id: SessionId, why: Over) -> bool {
        let Some(woken) = self.wake(id) else {
            return false;
        };
        self.blocked.work.push_back(Work::Over { id, woken, why });
        true
    }

    /// A client waits no more, and is told nothing: it is leaving.
    pub fn stop_waiting(&mut self, id: SessionId) {
        self.forget_parked(id);
        if self.wake(id).is_none() && self.blocked.has_work() {
            let is_of = |work: &Work| matches!(work, Work::Over { id: of, .. } if *of == id);
            self.blocked.work.retain(|work| !is_of(work));
        }
    }

    /// Ends the waits whose deadline has come, in at most `steps` steps of bounded work. Then
    /// [`serve_blocked`](crate::command::serve_blocked) is to be called.
    pub fn time_out(&mut self, steps: usize) -> Slice {
        let now_ms = self.clock.unix_ms();
        for _ in 0..steps {
            match self.blocked.timers.step(now_ms) {
                Step::Idle => return Slice::Done,
                Step::Moved => {}
                Step::Fired { item: id, .. } => {
                    if let Some(place) = self.blocked.waiters.get_mut(&id) {
                        // It is out of the wheel.
                        place.timer = None;
                    }
                    self.unblock(id, Over::TimedOut);
                }
            }
        }
        Slice::More
    }

    /// Notes the keys of a database that are waited for and are there: its contents have been
    /// exchanged for others.
    pub(super) fn note_ready_keys(&mut self, db: usize) {
        for key in self.blocked.keys(db) {
            if self.db(db).exists(&key) {
                self.blocked.key_added(db, &key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
