//! Keys that clients watch: who is to know, at EXEC, that one of them has changed.
//!
//! ```text
//!   keys, by database                        clients                         remains
//!   0  "stock" ─▶ period 4: A (was there)    A  period 4  "stock" "price"    period 2  "stock" ...
//!                 period 7: B                B  period 7  "stock"
//!                 period 2: A, over          C  touched: one of its keys has changed
//!      "price" ─▶ period 4: A
//! ```
//!
//! A modified key is looked up once. Whoever watches it is marked *touched*, and there is nothing more to
//! find out for that client: its other keys are forgotten at once, so that a client is touched once, however
//! many of its keys change and how often.
//!
//! To forget is to say that a *period* of watching is over. It takes no time, however many keys there were: who
//! stands at a key with a period that is over does not count. What is left of it is removed by and by
//! (`Watched::tidy`), the first of it at once, and some by everybody who goes on watching, so that such work is
//! never made faster than it is done.
//!
//! Of a key is remembered whether it *was there* when the client began to watch it. One that was not, or that
//! was past its deadline with no one having removed it yet, does not change when it is removed for that deadline:
//! it was gone for this client from the start. What a command does with a key always counts. And as a command
//! that changes a deadline does touch, the earliest of the deadlines that the keys had when they were first
//! watched says at EXEC whether one of them has expired, removed or not.

mod keys;

use super::{Engine, SessionId, Slice};
use crate::store::Keyspace;
use crate::store::table::Table;
use keys::{Key, KeyList, Watcher};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Room for so many clients is kept when nobody watches any more.
const KEPT_ROOM: usize = 1024;

/// So many keys are forgotten in the same breath as a period of watching ends; more of them in slices.
const FORGOTTEN_AT_ONCE: usize = 512;

/// So many keys of periods that are over are removed by whoever begins to watch one more.
const PAID_FOR: usize = 2;

/// See the module's text.
#[derive(Debug, Default)]
pub struct Watched {
    /// What the hashes of keys depend on.
    seed: u64,
    /// Who watches a key, by the number of the database.
    keys: Vec<Table<Key>>,
    clients: HashMap<SessionId, Watching>,
    /// How many keys all clients watch, each client's counted for itself.
    watches: usize,
    last_period: u64,
    /// Periods that are over, the first to end first, with those of their keys that still name them.
    remains: VecDeque<(u64, KeyList)>,
}

/// What one client watches.
#[derive(Debug, Default)]
struct Watching {
    /// Counts up from 1; it is over when the client is touched.
    period: u64,
    /// Whether one of its keys has changed. Then there are no more keys.
    is_touched: bool,
    /// The keys.
    keys: KeyList,
    /// How many of them were there, by the number of the database; no entry for none.
    present: BTreeMap<usize, usize>,
    /// When the first of those expires, in unix milliseconds.
    due_ms: Option<u64>,
}

/// A key as it is when a client begins to watch it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Whether there is one that is not past its deadline.
    pub was_there: bool,
    /// Its deadline then, in unix milliseconds.
    pub due_ms: Option<u64>,
}

impl Watched {
    /// Nobody watches anything; hashes depend on `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Watched {
        Watched {
            seed,
            ..Watched::default()
        }
    }

    /// Whether no key is watched by anybody.
    #[must_use]
    pub fn has_no_keys(&self) -> bool {
        self.watches == 0
    }

    /// Whether nothing is remembered of any client.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.key_count() == 0 && !self.has_remains()
    }

    /// How many clients watch something, or have watched what has changed.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.clients.len()
    }

    /// How many keys are in the tables of all databases: those that are watched, and those of periods that are
    /// over which have not been removed yet.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.keys.iter().map(Table::len).sum()
    }

    /// Whether a key that the client watches has changed.
    #[must_use]
    pub fn is_touched(&self, id: SessionId) -> bool {
        self.clients
            .get(&id)
            .is_some_and(|watching| watching.is_touched)
    }

    /// Whether the deadline of a key has come that the client watches, and that was there.
    fn is_due(&self, id: SessionId, now_ms: u64) -> bool {
        let due_ms = self.clients.get(&id).and_then(|watching| watching.due_ms);
        due_ms.is_some_and(|due_ms| due_ms <= now_ms)
    }

    /// How many keys the client watches; none once it is touched.
    #[must_use]
    pub fn count(&self, id: SessionId) -> usize {
        self.clients
            .get(&id)
            .map_or(0, |watching| watching.keys.len())
    }

    /// The bytes of memory that the client's keys take here. A key that several watch counts for each.
    #[must_use]
    pub fn memory(&self, id: SessionId) -> usize {
        /// A key's place in either table, and a client's among its watchers.
        const PLACE: usize =
            size_of::<Key>() + size_of::<(usize, Arc<[u8]>)>() + size_of::<(u64, Watcher)>();
        self.clients.get(&id).map_or(0, |watching| {
            watching.keys.len() * PLACE + watching.keys.name_bytes()
        })
    }

    /// The client watches a key from now on, which is as it was `found`.
    pub(super) fn watch(&mut self, id: SessionId, db: usize, key: &[u8], found: Found) {
        let watching = self.clients.entry(id).or_default();
        if watching.is_touched {
            return;
        }
        if watching.period == 0 {
            self.last_period += 1;
            watching.period = self.last_period;
        }
        while self.keys.len() <= db {
            self.keys.push(Table::new(self.seed));
        }
        let keys = &mut self.keys[db];
        let watcher = Watcher {
            id,
            was_there: found.was_there,
        };
        let Some(name) = keys::enter(keys, key, watching.period, watcher) else {
            return;
        };
        watching.keys.push(db, name);
        if found.was_there {
            *watching.present.entry(db).or_default() += 1;
            watching.due_ms = watching.due_ms.into_iter().chain(found.due_ms).min();
        }
        self.watches += 1;
        self.remove_remains(PAID_FOR);
    }

    /// The client watches nothing any more, and is not touched.
    pub(super) fn unwatch(&mut self, id: SessionId) {
        if let Some(watching) = self.clients.remove(&id) {
            self.leave_behind(watching);
        }
        if self.clients.is_empty() && self.clients.capacity() > KEPT_ROOM {
            self.clients = HashMap::new();
        }
        self.remove_remains(FORGOTTEN_AT_ONCE);
    }

    /// A key has another value, or none; `by_command` is false where its deadline has come.
    pub(super) fn touch(&mut self, db: usize, key: &[u8], by_command: bool) {
        let Some(keys) = self.keys.get(db).filter(|keys| !keys.is_empty()) else {
            return;
        };
        let Some(spot) = keys.find(keys.hash(key), key) else {
            return;
        };
        let watchers = keys.at(spot).watchers();
        let touched: Vec<SessionId> = watchers
            .filter(|(period, watcher)| {
                let watching = self.clients.get(&watcher.id);
                let is_now = watching.is_some_and(|watching| watching.period == *period);
                is_now && (by_command || watcher.was_there)
            })
            .map(|(_, watcher)| watcher.id)
            .collect();
        self.touch_clients(touched);
    }

    /// All keys of a database are gone. Those that were not there have not changed.
    pub(super) fn flush(&mut self, db: usize) {
        self.touch_where(db, |_| false);
    }

    /// The contents of a database are exchanged for those of another one, in which `comes` says whether a
    /// key is there, and not past its deadline. That is asked of all watched keys that are not there now.
    pub(super) fn exchange(&mut self, db: usize, comes: impl Fn(&[u8]) -> bool) {
        self.touch_where(db, |watching| watching.keys.names_of(db).any(&comes));
    }

    /// Touches who watches a key of a database that was there, and of whom else this holds.
    fn touch_where(&mut self, db: usize, holds: impl Fn(&Watching) -> bool) {
        if self.keys.get(db).is_none_or(Table::is_empty) {
            return;
        }
        let touched = self
            .clients
            .iter()
            .filter(|(_, watching)| watching.present.contains_key(&db) || holds(watching))
            .map(|(&id, _)| id)
            .collect();
        self.touch_clients(touched);
    }

    fn touch_clients(&mut self, ids: Vec<SessionId>) {
        for id in ids {
            let touched = Watching {
                is_touched: true,
                ..Watching::default()
            };
            if let Some(watching) = self.clients.insert(id, touched) {
                self.leave_behind(watching);
            }
        }
        self.remove_remains(FORGOTTEN_AT_ONCE);
    }

    /// A period of watching is over.
    fn leave_behind(&mut self, watching: Watching) {
        self.watches -= watching.keys.len();
        if watching.keys.len() > 0 {
            self.remains.push_back((watching.period, watching.keys));
        }
    }

    /// Whether keys of periods that are over are still to be removed.
    #[inline]
    #[must_use]
    pub fn has_remains(&self) -> bool {
        !self.remains.is_empty()
    }

    /// Removes so many keys of periods that are over.
    pub(super) fn tidy(&mut self, keys: usize) -> Slice {
        self.remove_remains(keys);
        if self.has_remains() {
            Slice::More
        } else {
            Slice::Done
        }
    }

    fn remove_remains(&mut self, keys: usize) {
        for _ in 0..keys {
            let Some((period, list)) = self.remains.front_mut() else {
                return;
            };
            let period = *period;
            match list.pop() {
                Some((db, name)) => keys::leave(&mut self.keys[db], &name, period),
                None => {
                    self.remains.pop_front();
                }
            }
        }
        // An empty list at the front is nothing that remains.
        if self
            .remains
            .front()
            .is_some_and(|(_, list)| list.len() == 0)
        {
            self.remains.pop_front();
        }
    }
}

impl Engine {
    /// The client watches a key of its database from now on. It changes nothing if it does so already.
    pub fn watch(&mut self, id: SessionId, key: &[u8]) {
        let db = self.sessions[id].db as usize;
        let found = find(&self.databases[db], key, self.clock.unix_ms());
        self.observers.watch(id, db, key, found);
    }

    /// Whether a key that the client watches has changed, or is gone because its deadline has come, be it
    /// removed or not.
    #[must_use]
    pub fn is_touched(&self, id: SessionId) -> bool {
        let watched = self.observers.watched();
        watched.is_touched(id) || watched.is_due(id, self.clock.unix_ms())
    }

    /// Two databases are about to exchange their contents.
    pub(super) fn touch_exchanged(&mut self, first: usize, second: usize) {
        if first == second || self.observers.watched().has_no_keys() {
            return;
        }
        let now_ms = self.clock.unix_ms();
        let (databases, observers) = (&self.databases, &mut self.observers);
        let comes = |db: usize, key: &[u8]| find(&databases[db], key, now_ms).was_there;
        observers.exchanged(first, |key| comes(second, key));
        observers.exchanged(second, |key| comes(first, key));
    }
}

/// How a key is at this moment. It is left as it is.
fn find(keys: &Keyspace, key: &[u8], now_ms: u64) -> Found {
    let deadline = keys.peek(key).map(|entry| keys.deadline(entry));
    let was_there = deadline.is_some_and(|at_ms| at_ms.is_none_or(|at_ms| at_ms > now_ms));
    Found {
        was_there,
        due_ms: deadline.flatten().filter(|_| was_there),
    }
}

#[cfg(test)]
mod tests;
