//! Values with an allocation of their own: long strings and large collections.
//!
//! Small ones lie with their key in the entry (see [`super::entry`]). What all types have in common
//! stands here, each type in the file of its name.

use super::form::{Encoding, Form, Kind};
use super::list::chunks::List;
use super::record::Record;
use super::table::Table;
use super::zset::large::Zset;
use std::sync::Arc;

/// A string of more bytes than this is not freed on the spot.
const WEIGHTY_BYTES: usize = 64 * 1024;

/// A collection of more elements than this is not either.
const WEIGHTY_LEN: usize = 512;

/// Elements that are looked at to estimate what all of them take.
const SAMPLES: usize = 32;

/// A value that has an allocation of its own.
#[derive(Debug, Clone)]
pub enum Value {
    /// A long string, shared with replies that are on their way.
    String(Arc<Vec<u8>>),
    /// A large list.
    List(Box<List>),
    /// The fields of a large hash.
    Hash(Box<Table<Record>>),
    /// The members of a large set: records with nothing behind their keys.
    Set(Box<Table<Record>>),
    /// A large sorted set.
    Zset(Box<Zset>),
}

impl Value {
    /// Its type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Value::String(_) => Kind::String,
            Value::List(_) => Kind::List,
            Value::Hash(_) => Kind::Hash,
            Value::Set(_) => Kind::Set,
            Value::Zset(_) => Kind::Zset,
        }
    }

    /// The form that it would have if it were packed; a string's encoding is known by its entry.
    #[must_use]
    pub fn form(&self, encoding: Encoding) -> Form {
        match self {
            Value::String(_) => Form::String(encoding),
            Value::List(_) => Form::List,
            Value::Hash(_) => Form::Hash,
            Value::Set(_) => Form::Set,
            Value::Zset(_) => Form::Zset,
        }
    }

    /// The bytes, where it is a string.
    #[inline]
    #[must_use]
    pub fn as_string(&self) -> Option<&Arc<Vec<u8>>> {
        match self {
            Value::String(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Bytes that it takes; of a collection, an estimate from some of its elements.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Value::String(bytes) => size_of::<Vec<u8>>() + bytes.capacity(),
            Value::List(list) => size_of::<List>() + list.heap_bytes(),
            Value::Zset(zset) => size_of::<Zset>() + zset.heap_bytes(),
            Value::Hash(table) | Value::Set(table) => {
                let sampled = table.iter().take(SAMPLES).map(Record::heap_bytes).sum();
                size_of_val(&**table) + table.table_bytes() + extrapolate(sampled, table.len())
            }
        }
    }

    /// Whether freeing it takes so long that it is to be done in slices.
    #[inline]
    #[must_use]
    pub fn is_weighty(&self) -> bool {
        match self {
            Value::String(bytes) => bytes.capacity() > WEIGHTY_BYTES,
            Value::List(list) => list.len() > WEIGHTY_LEN || list.heap_bytes() > WEIGHTY_BYTES,
            Value::Hash(table) | Value::Set(table) => table.len() > WEIGHTY_LEN,
            Value::Zset(zset) => zset.len() > WEIGHTY_LEN,
        }
    }

    /// Frees a bounded part of a collection that nobody needs any more; `false` when the rest is
    /// small enough to be dropped. A string has no such parts.
    pub fn free_some(&mut self) -> bool {
        match self {
            Value::String(_) => false,
            Value::List(list) => list.free_some(),
            Value::Hash(table) | Value::Set(table) => table.take_shard().is_some(),
            Value::Zset(zset) => zset.free_some(),
        }
    }
}

/// What `len` elements take if the first [`SAMPLES`] of them take `sampled` bytes.
fn extrapolate(sampled: usize, len: usize) -> usize {
    sampled * len / SAMPLES.min(len).max(1)
}
