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

/// Records that are freed at a time, and bytes of them after which it is enough.
const FREED_RECORDS: usize = 256;
const FREED_BYTES: usize = 1024 * 1024;

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
            Value::Hash(table) | Value::Set(table) => {
                let bytes = || table.iter().map(Record::heap_bytes).sum::<usize>();
                table.len() > WEIGHTY_LEN || bytes() > WEIGHTY_BYTES
            }
            Value::Zset(zset) => zset.len() > WEIGHTY_LEN || zset.heap_bytes() > WEIGHTY_BYTES,
        }
    }

    /// Frees a bounded part of a collection that nobody needs any more; `false` when the rest is
    /// small enough to be dropped. A string has no such parts.
    pub fn free_some(&mut self) -> bool {
        match self {
            Value::String(_) => false,
            Value::List(list) => list.free_some(),
            Value::Hash(table) | Value::Set(table) => free_records(table),
            Value::Zset(zset) => zset.free_some(),
        }
    }
}

/// Frees some records of a table; `false` when none is left.
fn free_records(table: &mut Table<Record>) -> bool {
    let mut bytes = 0;
    for _ in 0..FREED_RECORDS {
        match table.take_item() {
            Some(record) => bytes += record.heap_bytes(),
            None => return false,
        }
        if bytes > FREED_BYTES {
            break;
        }
    }
    true
}

/// What `len` elements take if the first [`SAMPLES`] of them take `sampled` bytes.
fn extrapolate(sampled: usize, len: usize) -> usize {
    sampled * len / SAMPLES.min(len).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(len: u32, bytes: usize) -> Value {
        let mut table = Table::new(1);
        for n in 0..len {
            let record = Record::new(&n.to_le_bytes(), &vec![0; bytes], 0);
            table.insert(table.hash(record.key()), record);
        }
        Value::Hash(Box::new(table))
    }

    fn slices(mut value: Value) -> usize {
        (1..).find(|_| !value.free_some()).unwrap_or_default()
    }

    #[test]
    fn few_fields_of_many_bytes_are_weighty_too() {
        assert!(!hash(100, 10).is_weighty());
        assert!(hash(100, 10_000).is_weighty());
        assert!(hash(1000, 10).is_weighty());
    }

    #[test]
    fn a_slice_is_bounded_by_records_and_by_bytes() {
        let few = slices(hash(2000, 10));
        assert!((8..=10).contains(&few), "{few}");
        let many = slices(hash(100, 300_000));
        assert!((25..=30).contains(&many), "{many}");
    }
}
