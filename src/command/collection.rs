//! What the commands on lists, hashes, sets and sorted sets have in common: how they come to what a key
//! holds, and how pairs are replied with.
//!
//! A command says what it wants to see, and gets it, or `WRONGTYPE`, or learns that there is no such key:
//!
//! ```text
//!   readable::<HashRef>(db, key)?    Option<HashRef>    to be read: a hit or a miss
//!   existing::<HashMut>(db, key)?    Option<HashMut>    to be changed, where it is there
//!   writable::<HashMut>(db, key)?    HashMut            to be changed; made where it is not there
//! ```

use super::{Error, reply_item};
use crate::engine::Db;
use crate::resp::{Protocol, Reply};
use crate::store::{
    Entry, HashMut, HashRef, Item, Kind, ListMut, ListRef, SetMut, SetRef, ZsetMut, ZsetRef,
};

/// A collection to be read.
pub(super) trait View<'a>: Sized {
    /// The collection in an entry; `None` where the entry holds something else.
    fn of(entry: &'a Entry) -> Option<Self>;
}

/// A collection to be changed.
pub(super) trait ViewMut<'a>: Sized {
    /// What it is.
    const KIND: Kind;

    /// The collection in an entry; `None` where the entry holds something else.
    fn of(entry: &'a mut Entry) -> Option<Self>;
}

impl<'a> View<'a> for ListRef<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        entry.as_list()
    }
}

impl<'a> View<'a> for HashRef<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        entry.as_hash()
    }
}

impl<'a> View<'a> for SetRef<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        entry.as_set()
    }
}

impl<'a> View<'a> for ZsetRef<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        entry.as_zset()
    }
}

impl<'a> ViewMut<'a> for ListMut<'a> {
    const KIND: Kind = Kind::List;

    fn of(entry: &'a mut Entry) -> Option<Self> {
        entry.as_list_mut()
    }
}

impl<'a> ViewMut<'a> for HashMut<'a> {
    const KIND: Kind = Kind::Hash;

    fn of(entry: &'a mut Entry) -> Option<Self> {
        entry.as_hash_mut()
    }
}

impl<'a> ViewMut<'a> for SetMut<'a> {
    const KIND: Kind = Kind::Set;

    fn of(entry: &'a mut Entry) -> Option<Self> {
        entry.as_set_mut()
    }
}

impl<'a> ViewMut<'a> for ZsetMut<'a> {
    const KIND: Kind = Kind::Zset;

    fn of(entry: &'a mut Entry) -> Option<Self> {
        entry.as_zset_mut()
    }
}

/// The collection in a key, to be read; `None` where there is no such key.
///
/// # Errors
/// The key holds something else.
pub(super) fn readable<'d, V: View<'d>>(db: &'d mut Db, key: &[u8]) -> Result<Option<V>, Error> {
    let view = |entry: &'d Entry| V::of(entry).ok_or(Error::WRONG_TYPE);
    db.read(key).map(view).transpose()
}

/// The collection in a key, to be changed; `None` where there is no such key.
///
/// # Errors
/// The key holds something else.
pub(super) fn existing<'d, V: ViewMut<'d>>(db: &'d mut Db, key: &[u8]) -> Result<Option<V>, Error> {
    let view = |entry: &'d mut Entry| V::of(entry).ok_or(Error::WRONG_TYPE);
    db.write(key).map(view).transpose()
}

/// The collection in a key, to be changed. Where there is no such key an empty one is made, which must not be
/// left empty.
///
/// # Errors
/// The key holds something else.
pub(super) fn writable<'d, V: ViewMut<'d>>(db: &'d mut Db, key: &[u8]) -> Result<V, Error> {
    let entry = db.write_or_create(key, V::KIND);
    V::of(entry).ok_or(Error::WRONG_TYPE)
}

/// Replies with pairs of which the first is an element, and the second is written by `reply_second`: one
/// behind the other, or in twos for who speaks RESP3.
pub(super) fn reply_pairs<'a, S>(
    reply: &mut Reply,
    pairs: impl ExactSizeIterator<Item = (Item<'a>, S)>,
    reply_second: impl Fn(&mut Reply, S),
) {
    let is_nested = reply.protocol() == Protocol::Resp3;
    reply.array(if is_nested {
        pairs.len()
    } else {
        2 * pairs.len()
    });
    for (first, second) in pairs {
        if is_nested {
            reply.array(2);
        }
        reply_item(reply, first);
        reply_second(reply, second);
    }
}

/// Replies with the first half of each pair.
pub(super) fn reply_firsts<'a, S>(
    reply: &mut Reply,
    pairs: impl ExactSizeIterator<Item = (Item<'a>, S)>,
) {
    reply.array(pairs.len());
    pairs.for_each(|(first, _)| reply_item(reply, first));
}
