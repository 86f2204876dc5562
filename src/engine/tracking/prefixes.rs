//! Clients that are told of every key with a certain beginning, whether they have read it or not.
//!
//! ```text
//!   SET user:1 x         "user:"  ──▶ clients A, B     changed: user:1 (by C), user:7 (by A)
//!   DEL user:7           ""       ──▶ client  D        changed: user:1 (by C), user:7 (by A)
//!        ...
//!   before the loop sleeps: one message for each beginning, with all that has changed
//! ```
//!
//! A key's own beginnings are looked up, of those lengths only that somebody has asked for: it costs what the key's
//! length allows, however many beginnings there are. (Redis compares the key with every one of them.)
//!
//! Clients stand there with a number for the *period* in which they ask, from CLIENT TRACKING ON to OFF. Who has
//! asked for very many and leaves is not taken away from all of them at once: what is told in a period that is
//! over reaches nobody, and the beginnings are looked after by and by ([`Prefixes::tidy`]).

use crate::engine::{SessionId, Slice};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So many beginnings are forgotten in the same breath as a period ends; more of them in slices.
const FORGOTTEN_AT_ONCE: usize = 512;

/// So many of periods that are over are removed by whoever asks for one more.
const PAID_FOR: usize = 2;

/// Keys that have changed, each with the number of the client that did it last; 0 for nobody.
pub type Changed = BTreeMap<Box<[u8]>, u64>;

/// A beginning that somebody has asked for.
#[derive(Debug, Default)]
struct Prefix {
    /// By their periods, those that are over too.
    clients: BTreeMap<u64, SessionId>,
    changed: Changed,
}

/// See the module's text.
#[derive(Debug, Default)]
pub struct Prefixes {
    by_text: BTreeMap<Box<[u8]>, Prefix>,
    /// How many there are of each length.
    lengths: BTreeMap<usize, usize>,
    /// Whether something has changed that nobody was told yet.
    has_changed: bool,
    last_period: u64,
    /// Periods that are over, the first to end first, with those beginnings that still name them.
    remains: VecDeque<(u64, BTreeSet<Box<[u8]>>)>,
}

impl Prefixes {
    /// How many beginnings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_text.len()
    }

    /// Whether there are none, and nothing to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_text.is_empty() && !self.has_remains()
    }

    /// The number of a period that begins.
    pub fn begin_period(&mut self) -> u64 {
        self.last_period += 1;
        self.last_period
    }

    /// Whether something has changed that nobody was told yet.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// A client asks for the keys with this beginning, in a period of its own.
    pub fn add(&mut self, text: &[u8], period: u64, client: SessionId) {
        let prefix = self.by_text.entry(text.into()).or_insert_with(|| {
            *self.lengths.entry(text.len()).or_default() += 1;
            Prefix::default()
        });
        prefix.clients.insert(period, client);
        self.remove_remains(PAID_FOR);
    }

    /// A period is over, in which a client has asked for these.
    pub fn end_period(&mut self, period: u64, texts: BTreeSet<Box<[u8]>>) {
        if !texts.is_empty() {
            self.remains.push_back((period, texts));
        }
        self.remove_remains(FORGOTTEN_AT_ONCE);
    }

    /// Whether there are beginnings that periods name which are over.
    #[inline]
    #[must_use]
    pub fn has_remains(&self) -> bool {
        !self.remains.is_empty()
    }

    /// Looks after so many of them.
    pub fn tidy(&mut self, texts: usize) -> Slice {
        self.remove_remains(texts);
        if self.has_remains() {
            Slice::More
        } else {
            Slice::Done
        }
    }

    fn remove_remains(&mut self, texts: usize) {
        for _ in 0..texts {
            let Some((period, left)) = self.remains.front_mut() else {
                return;
            };
            let (period, text) = (*period, left.pop_first());
            if left.is_empty() {
                self.remains.pop_front();
            }
            if let Some(text) = text {
                self.remove(&text, period);
            }
        }
    }

    /// Nobody asks for these in that period any more.
    fn remove(&mut self, text: &[u8], period: u64) {
        let Some(prefix) = self.by_text.get_mut(text) else {
            return;
        };
        prefix.clients.remove(&period);
        if !prefix.clients.is_empty() {
            return;
        }
        self.by_text.remove(text);
        if let Some(count) = self.lengths.get_mut(&text.len()) {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&text.len());
            }
        }
    }

    /// The lengths of the beginnings that a key can have.
    fn lengths_within(&self, key: &[u8]) -> impl Iterator<Item = usize> {
        self.lengths.range(..=key.len()).map(|(&length, _)| length)
    }

    /// Whether somebody asks for this key.
    #[must_use]
    pub fn concern(&self, key: &[u8]) -> bool {
        let mut lengths = self.lengths_within(key);
        lengths.any(|length| self.by_text.contains_key(&key[..length]))
    }

    /// A key has changed, by the client of this number or by nobody.
    pub fn note(&mut self, key: &[u8], by: u64) {
        for (&length, _) in self.lengths.range(..=key.len()) {
            if let Some(prefix) = self.by_text.get_mut(&key[..length]) {
                prefix.changed.insert(key.into(), by);
                self.has_changed = true;
            }
        }
    }

    /// Takes what has changed, in the order of the beginnings, with who is to be told: clients, with their
    /// periods, which may be over.
    pub fn take_changed(&mut self) -> Vec<(Vec<(u64, SessionId)>, Changed)> {
        if !std::mem::take(&mut self.has_changed) {
            return Vec::new();
        }
        self.by_text
            .values_mut()
            .filter(|prefix| !prefix.changed.is_empty())
            .map(|prefix| {
                let clients = prefix.clients.iter().map(|(&period, &id)| (period, id));
                (clients.collect(), std::mem::take(&mut prefix.changed))
            })
            .collect()
    }
}

/// Two beginnings of one client that some key could have both.
#[derive(Debug, PartialEq, Eq)]
pub enum Overlap<'a> {
    /// The first was asked for now, the second before.
    WithOld(&'a [u8], &'a [u8]),
    /// Both were asked for now.
    Among(&'a [u8], &'a [u8]),
}

/// The first overlap, in the order in which Redis looks for one: each new beginning is compared with the
/// old ones, which do not overlap, and then with the new ones behind it.
///
/// That there is none is found out by sorting them, so that a request full of beginnings holds nobody up.
#[must_use]
pub fn overlap<'a>(old: &'a BTreeSet<Box<[u8]>>, new: &[&'a [u8]]) -> Option<Overlap<'a>> {
    let overlaps = overlapping(new);
    for (i, text) in new.iter().enumerate() {
        if let Some(other) = overlapping_old(old, text) {
            return Some(Overlap::WithOld(text, other));
        }
        if overlaps[i] {
            let mut behind = new[i + 1..].iter();
            let other = behind.find(|other| overlap_each_other(text, other))?;
            return Some(Overlap::Among(text, other));
        }
    }
    None
}

fn overlap_each_other(one: &[u8], other: &[u8]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// The first of the old beginnings that overlaps. They do not overlap each other, so it is next to
/// where the new one would stand among them. Only the empty one, which is the beginning of all, can be there beside
/// others: whoever says BCAST and no PREFIX gets it in addition.
fn overlapping_old<'a>(old: &'a BTreeSet<Box<[u8]>>, text: &[u8]) -> Option<&'a [u8]> {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    let empty = old.first().filter(|other| other.is_empty());
    let before = old
        .range::<[u8], _>((Unbounded, Included(text)))
        .next_back();
    let behind = old.range::<[u8], _>((Excluded(text), Unbounded)).next();
    [empty, before, behind]
        .into_iter()
        .flatten()
        .map(|other| &**other)
        .find(|other| overlap_each_other(text, other))
}

/// For each of these beginnings whether it overlaps another one. In sorted order a beginning stands before
/// everything that it is the beginning of, and nothing else stands between.
fn overlapping(texts: &[&[u8]]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_unstable_by_key(|&i| texts[i]);
    let mut found = vec![false; texts.len()];
    let mut open: Vec<usize> = Vec::new();
    for i in order {
        while let Some(&outer) = open.last()
            && !texts[i].starts_with(texts[outer])
        {
            open.pop();
        }
        if let Some(&outer) = open.last() {
            found[outer] = true;
            found[i] = true;
        }
        open.push(i);
    }
    found
}
