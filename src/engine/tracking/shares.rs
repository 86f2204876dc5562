//! Which clients may have which keys in their caches.
//!
//! ```text
//!   by name      keys                     items                             holders
//!   ┌─────┐     ┌──────────────┐
//!   │ "k" │────▶│ k   first ───┼──▶ [ k, A ] ◀──▶ [ k, B ]      across: all who may have k
//!   │ "l" │──┐  └──────────────┘       ▲              ▲
//!   └─────┘  │  ┌──────────────┐       │              │
//!            └─▶│ l   first ───┼──▶ [ l, A ]           │          down: all that A may have
//!               └──────────────┘       ▲              │
//!                                      A first        B first
//! ```
//!
//! An item says that one client may have one key. It is a link of two chains, so both questions have
//! an answer without a search: who is told when a key changes, and what is removed when a
//! client leaves. Redis keeps the first chain only and lets a vanished client's items lie until their keys
//! change. Here they are removed, some at a time, so that a storm of clients leaves nothing behind.
//!
//! Names are numbers of arenas, half a pointer each. What one key of one client costs, beside the bytes of its
//! name and the allocator's share: 4 + 24 bytes for the key and 4 + 32 for the item, and a few for
//! the indices of the two tables. (In Redis: a node of a radix tree, a tree of its own for each key, and a node
//! there, some 150 bytes.) Both tables grow one shard at a time, so nobody waits for a million keys to be moved.

use crate::engine::{SessionId, Slice};
use crate::store::arena::Arena;
use crate::store::shard::Keys;
use crate::store::table::Table;
use slab::Slab;
use std::collections::VecDeque;

/// "Nothing" in the links.
const NONE: u32 = u32::MAX;

/// Items that are removed at a time, when their client has left.
const REMOVED_AT_ONCE: usize = 64;

/// So many of them are removed by whoever adds one, so that they never come faster than they go.
const PAID_FOR: usize = 2;

/// A key that somebody may have.
#[derive(Debug)]
struct Key {
    name: Box<[u8]>,
    /// The first of its items. There is always one.
    first: u32,
}

/// Before and behind a link.
#[derive(Debug, Clone, Copy)]
struct Links {
    prev: u32,
    next: u32,
}

/// One key of one client.
#[derive(Debug, Clone, Copy)]
struct Item {
    /// The key and the holder, by which the item is found.
    pair: [u8; 8],
    of_key: Links,
    of_holder: Links,
}

impl Item {
    fn key(&self) -> u32 {
        let [a, b, c, d, ..] = self.pair;
        u32::from_ne_bytes([a, b, c, d])
    }

    fn holder(&self) -> usize {
        let [.., a, b, c, d] = self.pair;
        u32::from_ne_bytes([a, b, c, d]) as usize
    }
}

fn pair(key: u32, holder: u32) -> [u8; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (key.to_ne_bytes(), holder.to_ne_bytes());
    [a, b, c, d, e, f, g, h]
}

impl Keys<u32> for Arena<Key> {
    fn key<'a>(&'a self, id: &'a u32) -> &'a [u8] {
        &self.get(*id).name
    }
}

impl Keys<u32> for Arena<Item> {
    fn key<'a>(&'a self, id: &'a u32) -> &'a [u8] {
        &self.get(*id).pair
    }
}

/// A client that may have keys.
#[derive(Debug)]
struct Holder {
    /// `None` when it has left, and its items are being removed.
    session: Option<SessionId>,
    /// The first of its items.
    first: u32,
    /// How many there are.
    items: usize,
}

/// The keys and the items.
#[derive(Debug)]
struct Content {
    keys: Arena<Key>,
    by_name: Table<u32>,
    items: Arena<Item>,
    by_pair: Table<u32>,
}

impl Content {
    fn new(seed: u64) -> Content {
        Content {
            keys: Arena::default(),
            by_name: Table::new(seed),
            items: Arena::default(),
            by_pair: Table::new(seed),
        }
    }

    /// Drops some of it; `false` when nothing is left. It must not be used for anything else after the first call.
    fn free_some(&mut self) -> bool {
        self.keys.free_some()
            || self.items.free_some()
            || self.by_name.take_shard().is_some()
            || self.by_pair.take_shard().is_some()
    }
}

/// See the module's text.
#[derive(Debug)]
pub struct Shares {
    seed: u64,
    content: Content,
    holders: Slab<Holder>,
    /// Holders that have left.
    leaving: VecDeque<usize>,
    /// What was forgotten as a whole, to be freed.
    forgotten: VecDeque<Content>,
}

impl Shares {
    /// Nobody has anything; hashes depend on `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Shares {
        Shares {
            seed,
            content: Content::new(seed),
            holders: Slab::new(),
            leaving: VecDeque::new(),
            forgotten: VecDeque::new(),
        }
    }

    /// How many keys somebody may have.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.content.keys.len()
    }

    /// How many there are if each counts once for each client that may have it.
    #[must_use]
    pub fn items(&self) -> usize {
        self.content.items.len()
    }

    /// Whether there is nothing in it and nothing to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items() == 0 && self.holders.is_empty() && !self.has_work()
    }

    /// Whether there is something for [`Shares::step`].
    #[must_use]
    pub fn has_work(&self) -> bool {
        !self.leaving.is_empty() || !self.forgotten.is_empty()
    }

    /// A client that may have keys from now on; what it is called here.
    ///
    /// # Panics
    /// When there are 2^32 of them.
    pub fn open(&mut self, session: SessionId) -> u32 {
        let holder = self.holders.insert(Holder {
            session: Some(session),
            first: NONE,
            items: 0,
        });
        u32::try_from(holder).expect("there are fewer clients than that")
    }

    /// A client has left. What it had is removed, at once if that is little.
    pub fn close(&mut self, holder: u32) {
        let holder = holder as usize;
        self.holders[holder].session = None;
        self.leaving.push_back(holder);
        if self.holders[holder].items <= REMOVED_AT_ONCE && self.leaving.len() == 1 {
            self.remove_of_leaving(REMOVED_AT_ONCE);
        }
    }

    /// Whether somebody may have this key.
    #[must_use]
    pub fn has(&self, name: &[u8]) -> bool {
        self.items() > 0 && self.find(name).is_some()
    }

    fn find(&self, name: &[u8]) -> Option<u32> {
        let Content { keys, by_name, .. } = &self.content;
        let spot = by_name.find_by(keys, by_name.hash(name), name)?;
        Some(*by_name.at(spot))
    }

    /// A client may have a key from now on.
    pub fn add(&mut self, name: &[u8], holder: u32) {
        let key = self.find(name).unwrap_or_else(|| self.add_key(name));
        let pair = pair(key, holder);
        let Content { items, by_pair, .. } = &self.content;
        let hash = by_pair.hash(&pair);
        if by_pair.find_by(items, hash, &pair).is_none() {
            self.add_item(pair, hash);
            self.remove_of_leaving(PAID_FOR);
        }
    }

    fn add_key(&mut self, name: &[u8]) -> u32 {
        let Content { keys, by_name, .. } = &mut self.content;
        let key = keys.add(Key {
            name: name.into(),
            first: NONE,
        });
        by_name.insert_by(keys, by_name.hash(name), key);
        key
    }

    /// Puts an item at the front of both of its chains.
    fn add_item(&mut self, pair: [u8; 8], hash: u64) {
        let Content {
            keys,
            items,
            by_pair,
            ..
        } = &mut self.content;
        let before = |next| Links { prev: NONE, next };
        let mut item = Item {
            pair,
            of_key: before(NONE),
            of_holder: before(NONE),
        };
        let key = keys.get_mut(item.key());
        let holder = &mut self.holders[item.holder()];
        item.of_key = before(key.first);
        item.of_holder = before(holder.first);
        let name = items.add(item);
        if key.first != NONE {
            items.get_mut(key.first).of_key.prev = name;
        }
        if holder.first != NONE {
            items.get_mut(holder.first).of_holder.prev = name;
        }
        key.first = name;
        holder.first = name;
        holder.items += 1;
        by_pair.insert_by(items, hash, name);
    }

    /// Nobody has this key any more; who had it.
    pub fn take(&mut self, name: &[u8]) -> Vec<SessionId> {
        if self.items() == 0 {
            return Vec::new();
        }
        let Some(key) = self.find(name) else {
            return Vec::new();
        };
        let mut had = Vec::new();
        let mut next = self.content.keys.get(key).first;
        while next != NONE {
            let item = self.remove_item(next);
            had.extend(self.holders[item.holder()].session);
            next = item.of_key.next;
        }
        self.remove_key(key);
        had
    }

    /// Any key at all; `random(n)` gives a number below `n`.
    pub fn any(&self, random: impl FnMut(usize) -> usize) -> Option<&[u8]> {
        let key = self.content.by_name.random(random)?;
        Some(&self.content.keys.get(*key).name)
    }

    /// Nobody has anything any more.
    pub fn clear(&mut self) {
        if self.items() == 0 {
            return;
        }
        let fresh = Content::new(self.seed);
        let old = std::mem::replace(&mut self.content, fresh);
        self.forgotten.push_back(old);
        for (_, holder) in &mut self.holders {
            holder.first = NONE;
            holder.items = 0;
        }
    }

    /// Does some of what is left to be done for clients that have left and for what was forgotten.
    pub fn step(&mut self) -> Slice {
        if !self.leaving.is_empty() {
            self.remove_of_leaving(REMOVED_AT_ONCE);
        } else if let Some(content) = self.forgotten.front_mut()
            && !content.free_some()
        {
            self.forgotten.pop_front();
        }
        if self.has_work() {
            Slice::More
        } else {
            Slice::Done
        }
    }

    /// Removes so many items of the client that was the first to leave, and at last the client.
    fn remove_of_leaving(&mut self, items: usize) {
        let Some(&holder) = self.leaving.front() else {
            return;
        };
        for _ in 0..items {
            let first = self.holders[holder].first;
            if first == NONE {
                break;
            }
            self.remove_of_key(first);
        }
        if self.holders[holder].first == NONE {
            self.leaving.pop_front();
            self.holders.remove(holder);
        }
    }

    /// Removes an item, and its key if it was the only one.
    fn remove_of_key(&mut self, name: u32) {
        let item = self.remove_item(name);
        let Links { prev, next } = item.of_key;
        let Content { keys, items, .. } = &mut self.content;
        if next != NONE {
            items.get_mut(next).of_key.prev = prev;
        }
        if prev != NONE {
            items.get_mut(prev).of_key.next = next;
        } else if next != NONE {
            keys.get_mut(item.key()).first = next;
        } else {
            self.remove_key(item.key());
        }
    }

    /// Removes an item, but not from the chain of its key.
    fn remove_item(&mut self, name: u32) -> Item {
        let Content { items, by_pair, .. } = &mut self.content;
        let hash = by_pair.hash(&items.get(name).pair);
        by_pair
            .remove_by(items, hash, |&other| other == name)
            .expect("every item is found by its pair");
        let item = items.remove(name);
        let holder = &mut self.holders[item.holder()];
        holder.items -= 1;
        let Links { prev, next } = item.of_holder;
        if next != NONE {
            items.get_mut(next).of_holder.prev = prev;
        }
        if prev == NONE {
            holder.first = next;
        } else {
            items.get_mut(prev).of_holder.next = next;
        }
        item
    }

    fn remove_key(&mut self, key: u32) {
        let Content { keys, by_name, .. } = &mut self.content;
        let hash = by_name.hash(&keys.get(key).name);
        by_name
            .remove_by(keys, hash, |&other| other == key)
            .expect("every key is found by its name");
        keys.remove(key);
    }
}
