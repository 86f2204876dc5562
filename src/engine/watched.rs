//! Keys that clients watch: who is to know, at EXEC, that one of them has changed.
//!
//! ```text
//!   keys, by database                      clients
//!   0  "stock" ─▶ A (was there), B         A  "stock" "price"
//!      "price" ─▶ A                        B  "stock"
//!                                          C  touched: one of its keys has changed
//! ```
//!
//! A modified key is looked up once. Whoever watches it is marked *touched*, and there is nothing more to
//! find out for that client: its other keys are forgotten at once, so that a client is touched once, however
//! many of its keys change and how often.
//!
//! Of a key is remembered whether it *was there* when the client began to watch it. One that was not, or that
//! was past its deadline with no one having removed it yet, does not change when it is removed for that deadline:
//! it was gone for this client from the start. What a command does with a key always counts.

use super::{Engine, SessionId};
use crate::store::Keyspace;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Room for so many clients and keys is kept when nobody watches any more.
const KEPT_ROOM: usize = 1024;

/// The clients that watch one key, and for each of them whether the key was there.
type Watchers = BTreeMap<SessionId, bool>;

/// See the module's text.
#[derive(Debug, Default)]
pub struct Watched {
    /// Who watches a key, by the number of the database.
    keys: Vec<HashMap<Arc<[u8]>, Watchers>>,
    clients: HashMap<SessionId, Watching>,
    /// How many keys all clients watch, each client's counted for itself.
    watches: usize,
}

/// What one client watches.
#[derive(Debug, Default)]
struct Watching {
    /// Whether one of its keys has changed. Then there are no more keys.
    is_touched: bool,
    /// The keys, each with the number of its database.
    keys: Vec<(usize, Arc<[u8]>)>,
    /// The length of all keys together.
    key_bytes: usize,
}

impl Watched {
    /// Whether no key is watched by anybody.
    #[must_use]
    pub fn has_no_keys(&self) -> bool {
        self.watches == 0
    }

    /// Whether nothing is remembered of any client.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.has_no_keys()
    }

    /// How many clients watch something, or have watched what has changed.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.clients.len()
    }

    /// How many keys are watched, in all databases.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.keys.iter().map(HashMap::len).sum()
    }

    /// Whether a key that the client watches has changed.
    #[must_use]
    pub fn is_touched(&self, id: SessionId) -> bool {
        self.clients
            .get(&id)
            .is_some_and(|watching| watching.is_touched)
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
        const PLACE: usize = size_of::<(Arc<[u8]>, Watchers)>()
            + size_of::<(usize, Arc<[u8]>)>()
            + size_of::<(SessionId, bool)>();
        self.clients.get(&id).map_or(0, |watching| {
            watching.keys.len() * PLACE + watching.key_bytes
        })
    }

    /// The client watches a key from now on; `was_there` says whether there is one that is not past its deadline.
    pub(super) fn watch(&mut self, id: SessionId, db: usize, key: &[u8], was_there: bool) {
        let watching = self.clients.entry(id).or_default();
        if watching.is_touched {
            return;
        }
        if self.keys.len() <= db {
            self.keys.resize_with(db + 1, HashMap::new);
        }
        let keys = &mut self.keys[db];
        let shared = match keys.get_key_value(key) {
            Some((_, watchers)) if watchers.contains_key(&id) => return,
            Some((shared, _)) => Arc::clone(shared),
            None => Arc::from(key),
        };
        watching.keys.push((db, Arc::clone(&shared)));
        watching.key_bytes += key.len();
        self.watches += 1;
        keys.entry(shared).or_default().insert(id, was_there);
    }

    /// The client watches nothing any more, and is not touched.
    pub(super) fn unwatch(&mut self, id: SessionId) {
        if let Some(watching) = self.clients.remove(&id) {
            self.forget(id, watching.keys);
        }
        if self.clients.is_empty() {
            self.give_back();
        }
    }

    /// A key has another value, or none; `by_command` is false where its deadline has come.
    pub(super) fn touch(&mut self, db: usize, key: &[u8], by_command: bool) {
        let Some(watchers) = self.keys.get(db).and_then(|keys| keys.get(key)) else {
            return;
        };
        let concerned = |(&id, &was_there)| (by_command || was_there).then_some(id);
        let touched: Vec<SessionId> = watchers.iter().filter_map(concerned).collect();
        self.touch_clients(touched);
    }

    /// All keys of a database are gone. Those that were not there have not changed.
    pub(super) fn flush(&mut self, db: usize) {
        self.touch_where(db, |_, was_there| was_there);
    }

    /// The contents of a database are exchanged for those of another one, in which `comes` says whether a
    /// key is there, and not past its deadline.
    pub(super) fn exchange(&mut self, db: usize, comes: impl Fn(&[u8]) -> bool) {
        self.touch_where(db, |key, was_there| was_there || comes(key));
    }

    /// The keys of a client that were there when it began to watch them, each with the number of its database.
    fn present_keys(&self, id: SessionId) -> impl Iterator<Item = (usize, &[u8])> {
        let keys = self.clients.get(&id).into_iter();
        let keys = keys.flat_map(|watching| watching.keys.iter());
        let was_there = move |db: usize, key: &[u8]| self.keys[db][key].get(&id) == Some(&true);
        keys.filter(move |(db, key)| was_there(*db, key))
            .map(|(db, key)| (*db, &**key))
    }

    /// Touches who watches a key of a database of which this holds: of the key, and whether it was there.
    fn touch_where(&mut self, db: usize, holds: impl Fn(&[u8], bool) -> bool) {
        let Some(keys) = self.keys.get(db) else {
            return;
        };
        let each = keys.iter().flat_map(|(key, watchers)| {
            let watchers = watchers.iter();
            watchers.map(move |(&id, &was_there)| (id, &**key, was_there))
        });
        let touched = each
            .filter(|&(_, key, was_there)| holds(key, was_there))
            .map(|(id, _, _)| id)
            .collect();
        self.touch_clients(touched);
    }

    fn touch_clients(&mut self, ids: Vec<SessionId>) {
        for id in ids {
            let watching = self.clients.entry(id).or_default();
            watching.is_touched = true;
            watching.key_bytes = 0;
            let keys = std::mem::take(&mut watching.keys);
            self.forget(id, keys);
        }
    }

    /// Takes a client away from these keys.
    fn forget(&mut self, id: SessionId, keys: Vec<(usize, Arc<[u8]>)>) {
        self.watches -= keys.len();
        for (db, key) in keys {
            let watched = &mut self.keys[db];
            if let Some(watchers) = watched.get_mut(&key) {
                watchers.remove(&id);
                if watchers.is_empty() {
                    watched.remove(&key);
                }
            }
        }
    }

    /// Nobody watches any more. Where many did, the room for them is given back.
    fn give_back(&mut self) {
        if self.clients.capacity() > KEPT_ROOM {
            self.clients = HashMap::new();
        }
        if self.keys.iter().any(|keys| keys.capacity() > KEPT_ROOM) {
            self.keys = Vec::new();
        }
    }
}

impl Engine {
    /// The client watches a key of its database from now on. It changes nothing if it does so already.
    pub fn watch(&mut self, id: SessionId, key: &[u8]) {
        let db = self.sessions[id].db as usize;
        let was_there = is_there(&self.databases[db], key, self.clock.unix_ms());
        self.observers.watch(id, db, key, was_there);
    }

    /// Whether a key that the client watches has changed, or is gone because its deadline has come, be it
    /// removed or not.
    #[must_use]
    pub fn is_touched(&self, id: SessionId) -> bool {
        let now_ms = self.clock.unix_ms();
        let watched = self.observers.watched();
        let mut keys = watched.present_keys(id);
        watched.is_touched(id) || keys.any(|(db, key)| !is_there(&self.databases[db], key, now_ms))
    }

    /// Two databases are about to exchange their contents.
    pub(super) fn touch_exchanged(&mut self, first: usize, second: usize) {
        if first == second || self.observers.watched().has_no_keys() {
            return;
        }
        let now_ms = self.clock.unix_ms();
        let (databases, observers) = (&self.databases, &mut self.observers);
        observers.exchanged(first, |key| is_there(&databases[second], key, now_ms));
        observers.exchanged(second, |key| is_there(&databases[first], key, now_ms));
    }
}

/// Whether a key is there and not past its deadline. It is left as it is.
fn is_there(keys: &Keyspace, key: &[u8], now_ms: u64) -> bool {
    let deadline = keys.peek(key).map(|entry| keys.deadline(entry));
    deadline.is_some_and(|at_ms| at_ms.is_none_or(|at_ms| at_ms > now_ms))
}

#[cfg(test)]
mod tests;
