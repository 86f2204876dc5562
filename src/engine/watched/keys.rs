//! A watched key with those who watch it, and the list of one client's keys.

use crate::engine::SessionId;
use crate::store::shard::Keyed;
use crate::store::table::Table;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A list of keys grows by so many places. (In one vector all of them would be moved whenever it grows.)
const CHUNK: usize = 512;

/// Who watches a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watcher {
    pub(super) id: SessionId,
    /// Whether the key was there.
    pub(super) was_there: bool,
}

/// A key that is watched.
#[derive(Debug)]
pub(super) struct Key {
    name: Arc<[u8]>,
    /// By their periods of watching, those that are over too.
    watchers: BTreeMap<u64, Watcher>,
}

impl Keyed for Key {
    fn key(&self) -> &[u8] {
        &self.name
    }

    fn fetch(&self) -> u8 {
        self.name.first().copied().unwrap_or_default()
    }
}

impl Key {
    /// Who watches it, or did in a period that is over.
    pub(super) fn watchers(&self) -> impl Iterator<Item = (u64, Watcher)> {
        let watchers = self.watchers.iter();
        watchers.map(|(&period, &watcher)| (period, watcher))
    }
}

/// Enters somebody at a key, and gives the name that the key is kept by; `None` if it stands there already.
pub(super) fn enter(
    keys: &mut Table<Key>,
    key: &[u8],
    period: u64,
    watcher: Watcher,
) -> Option<Arc<[u8]>> {
    let hash = keys.hash(key);
    if let Some(spot) = keys.find(hash, key) {
        let found = keys.at_mut(spot);
        let is_new = found.watchers.insert(period, watcher).is_none();
        return is_new.then(|| Arc::clone(&found.name));
    }
    let name: Arc<[u8]> = Arc::from(key);
    let watchers = BTreeMap::from([(period, watcher)]);
    let item = Key {
        name: Arc::clone(&name),
        watchers,
    };
    keys.insert(hash, item);
    Some(name)
}

/// Takes a period away from a key, and the key from the table if it was the last.
pub(super) fn leave(keys: &mut Table<Key>, name: &[u8], period: u64) {
    let hash = keys.hash(name);
    let Some(spot) = keys.find(hash, name) else {
        return;
    };
    let key = keys.at_mut(spot);
    key.watchers.remove(&period);
    if key.watchers.is_empty() {
        keys.remove(hash, |other| *other.name == *name);
    }
}

/// The keys of one client, each with the number of its database.
#[derive(Debug, Default)]
pub(super) struct KeyList {
    /// All but the last are full; none is empty.
    chunks: Vec<Vec<(usize, Arc<[u8]>)>>,
    len: usize,
    name_bytes: usize,
}

impl KeyList {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The length of all names together.
    pub(super) fn name_bytes(&self) -> usize {
        self.name_bytes
    }

    pub(super) fn push(&mut self, db: usize, name: Arc<[u8]>) {
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::new());
        }
        self.len += 1;
        self.name_bytes += name.len();
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push((db, name));
        }
    }

    /// Takes out the last one.
    pub(super) fn pop(&mut self) -> Option<(usize, Arc<[u8]>)> {
        let chunk = self.chunks.last_mut()?;
        let (db, name) = chunk.pop()?;
        if chunk.is_empty() {
            self.chunks.pop();
        }
        self.len -= 1;
        self.name_bytes -= name.len();
        Some((db, name))
    }

    /// The names of those of one database.
    pub(super) fn names_of(&self, db: usize) -> impl Iterator<Item = &[u8]> {
        let keys = self.chunks.iter().flatten();
        keys.filter(move |(own, _)| *own == db)
            .map(|(_, name)| &**name)
    }
}
