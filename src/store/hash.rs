//! Hashes: values by field.
//!
//! ```text
//!   packed   ┌─────┬───────┬───────┬───────┬───────┬───────┬───────┐
//!            │ key │ field │ value │ field │ value │ field │ value │    one allocation, gone through
//!            └─────┴───────┴───────┴───────┴───────┴───────┴───────┘    from the first field on
//!
//!   large    Table<Record>: field and value in one record, found by the field's hash
//! ```
//!
//! An object with a dozen fields is what hashes are used for most. Packed, it takes its bytes and
//! little more, and to find a field is to compare a dozen short strings that lie in two or three
//! cache lines. A large hash is the table that databases are made of: it grows a shard at a time, and
//! HSCAN walks it with the guarantee that SCAN gives.

use super::entry::{Contents, ContentsMut, Entry, Home};
use super::form::Form;
use super::pack::{Item, Pack, PackMut};
use super::packing::{MAX_PACKED_BYTES, Packing};
use super::record::Record;
use super::table::{Cursor, Table};
use super::value::Value;

/// A hash to be read.
#[derive(Debug, Clone, Copy)]
pub enum HashRef<'a> {
    /// A few fields.
    Packed(Pack<'a>),
    /// Many.
    Large(&'a Table<Record>),
}

/// A hash to be changed.
#[derive(Debug)]
pub struct HashMut<'a> {
    home: Home<'a>,
}

impl Entry {
    /// The value, where it is a hash.
    #[inline]
    #[must_use]
    pub fn as_hash(&self) -> Option<HashRef<'_>> {
        HashRef::of(self.contents())
    }

    /// The value to be changed, where it is a hash.
    #[inline]
    pub fn as_hash_mut(&mut self) -> Option<HashMut<'_>> {
        self.as_hash()?;
        Some(HashMut { home: self.home() })
    }
}

impl<'a> HashRef<'a> {
    #[inline]
    fn of(contents: Contents<'a>) -> Option<HashRef<'a>> {
        match contents {
            Contents::Packed(Form::Hash, bytes) => Some(HashRef::Packed(Pack::new(bytes))),
            Contents::Large(Value::Hash(table)) => Some(HashRef::Large(table)),
            _ => None,
        }
    }

    /// How many fields there are.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            HashRef::Packed(pack) => pack.len() / 2,
            HashRef::Large(table) => table.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The value of a field.
    #[inline]
    #[must_use]
    pub fn get(self, field: &[u8]) -> Option<Item<'a>> {
        match self {
            HashRef::Packed(pack) => pack.item(pack.next(pack.find(field, 2)?)?),
            HashRef::Large(table) => {
                let spot = table.find(table.hash(field), field)?;
                Some(Item::Bytes(table.at(spot).value()))
            }
        }
    }

    /// Every field with its value: as they were added where the hash is packed, in no order where it
    /// is large.
    pub fn iter(self) -> impl Iterator<Item = (Item<'a>, Item<'a>)> + 'a {
        let (pack, table) = match self {
            HashRef::Packed(pack) => (Some(pack), None),
            HashRef::Large(table) => (None, Some(table)),
        };
        let packed = pack.into_iter().flat_map(pairs);
        packed.chain(table.into_iter().flat_map(Table::iter).map(pair))
    }

    /// Visits a page of about `count` fields; see [`Table::scan`]. A packed hash is one page.
    pub fn scan(
        self,
        cursor: Cursor,
        count: usize,
        mut visit: impl FnMut(Item<'a>, Item<'a>),
    ) -> Cursor {
        match self {
            HashRef::Packed(pack) => {
                pairs(pack).for_each(|(field, value)| visit(field, value));
                0
            }
            HashRef::Large(table) => table.scan(cursor, count, |record| {
                let (field, value) = pair(record);
                visit(field, value);
            }),
        }
    }

    /// A field with its value, each as likely as any other; `random(n)` gives a number below `n`.
    pub fn random(self, mut random: impl FnMut(usize) -> usize) -> Option<(Item<'a>, Item<'a>)> {
        match self {
            HashRef::Packed(pack) if pack.is_empty() => None,
            HashRef::Packed(pack) => {
                let place = pack.place(2 * random(pack.len() / 2))?;
                Some((pack.item(place)?, pack.item(pack.next(place)?)?))
            }
            HashRef::Large(table) => table.random(random).map(pair),
        }
    }
}

impl HashMut<'_> {
    /// The hash, to be read.
    #[inline]
    #[must_use]
    pub fn as_ref(&self) -> HashRef<'_> {
        HashRef::of(self.home.contents()).expect("the home of a hash holds a hash")
    }

    /// Whether there is no field (left).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    /// Gives a field a value. Says whether it is a new one.
    pub fn set(&mut self, field: &[u8], value: &[u8], packing: &Packing) -> bool {
        let longest = field.len().max(value.len());
        if longest > packing.hash_bytes {
            self.enlarge(packing);
        }
        match self.home.contents_mut() {
            ContentsMut::Packed(_, tail) => {
                let mut pack = PackMut::new(tail.bytes, tail.head);
                let is_new = set_packed(&mut pack, field, value);
                let pack = pack.as_pack();
                if pack.len() / 2 > packing.hash_entries || pack.bytes_len() > MAX_PACKED_BYTES {
                    self.enlarge(packing);
                }
                is_new
            }
            ContentsMut::Large(Value::Hash(table)) => set_large(table, field, value),
            ContentsMut::Large(_) => unreachable!("the home of a hash holds a hash"),
        }
    }

    /// Removes a field. Says whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match self.home.contents_mut() {
            ContentsMut::Packed(_, tail) => {
                let mut pack = PackMut::new(tail.bytes, tail.head);
                let found = pack.as_pack().find(field, 2);
                if let Some(place) = found {
                    pack.splice(place, 2, &[]);
                }
                found.is_some()
            }
            ContentsMut::Large(Value::Hash(table)) => {
                let hash = table.hash(field);
                table.remove(hash, |record| record.key() == field).is_some()
            }
            ContentsMut::Large(_) => unreachable!("the home of a hash holds a hash"),
        }
    }

    /// Makes a packed hash a large one.
    #[cold]
    fn enlarge(&mut self, packing: &Packing) {
        let HashRef::Packed(pack) = self.as_ref() else {
            return;
        };
        let mut table = Table::new(packing.seed);
        for (field, value) in pairs(pack) {
            field.with_bytes(|field| {
                let record = value.with_bytes(|value| Record::new(field, value, 0));
                table.insert(table.hash(field), record);
            });
        }
        self.home.enlarge(Value::Hash(Box::new(table)));
    }
}

fn set_packed(pack: &mut PackMut, field: &[u8], value: &[u8]) -> bool {
    let read = pack.as_pack();
    match read.find(field, 2).and_then(|place| read.next(place)) {
        Some(place) => {
            pack.replace(place, value);
            false
        }
        None => {
            pack.extend_back(&[field, value]);
            true
        }
    }
}

fn set_large(table: &mut Table<Record>, field: &[u8], value: &[u8]) -> bool {
    let hash = table.hash(field);
    match table.find(hash, field) {
        Some(spot) => {
            table.at_mut(spot).set_value(value, 0);
            false
        }
        None => {
            table.insert(hash, Record::new(field, value, 0));
            true
        }
    }
}

/// The elements of a packed hash, two by two.
fn pairs(pack: Pack<'_>) -> impl Iterator<Item = (Item<'_>, Item<'_>)> {
    let mut items = pack.iter();
    std::iter::from_fn(move || Some((items.next()?, items.next()?)))
}

fn pair(record: &Record) -> (Item<'_>, Item<'_>) {
    (Item::Bytes(record.key()), Item::Bytes(record.value()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum Step {
        Set(Vec<u8>, Vec<u8>),
        Remove(Vec<u8>),
    }

    fn word() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            6 => (0..40u8).prop_map(|n| n.to_string().into_bytes()),
            1 => Just(Vec::new()),
            1 => (60..70usize).prop_map(|len| vec![b'x'; len]),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (word(), word()).prop_map(|(field, value)| Step::Set(field, value)),
            1 => word().prop_map(Step::Remove),
        ]
    }

    fn content(hash: HashRef) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let pairs = hash
            .iter()
            .map(|(field, value)| (field.to_vec(), value.to_vec()));
        pairs.collect()
    }

    proptest! {
        #[test]
        fn a_hash_is_a_map_whatever_its_form(
            steps in prop::collection::vec(step(), 0..300),
            hash_entries in 0..30usize,
        ) {
            let packing = Packing { hash_entries, ..Packing::default() };
            let mut entry = Entry::empty(b"key", Kind::Hash);
            let mut model = BTreeMap::new();
            for step in steps {
                let mut hash = entry.as_hash_mut().expect("it is a hash");
                match step {
                    Step::Set(field, value) => {
                        let is_new = hash.set(&field, &value, &packing);
                        prop_assert_eq!(is_new, model.insert(field, value).is_none());
                    }
                    Step::Remove(field) => {
                        prop_assert_eq!(hash.remove(&field), model.remove(&field).is_some());
                    }
                }
                let hash = hash.as_ref();
                prop_assert_eq!(hash.len(), model.len());
                prop_assert_eq!(hash.is_empty(), model.is_empty());
                if matches!(hash, HashRef::Packed(_)) {
                    prop_assert!(model.len() <= hash_entries);
                    prop_assert!(model.iter().all(|(k, v)| k.len().max(v.len()) <= 64));
                }
            }
            prop_assert_eq!(entry.key(), b"key");
            let hash = entry.as_hash().expect("it is a hash");
            prop_assert_eq!(content(hash), model.clone());
            for (field, value) in &model {
                prop_assert!(hash.get(field).is_some_and(|item| item.eq_bytes(value)));
            }
            prop_assert!(hash.get(b"missing").is_none());
            let mut scanned = BTreeMap::new();
            let mut cursor = 0;
            loop {
                cursor = hash.scan(cursor, 3, |field, value| {
                    scanned.insert(field.to_vec(), value.to_vec());
                });
                if cursor == 0 {
                    break;
                }
            }
            prop_assert_eq!(scanned, model);
        }
    }

    #[test]
    fn every_field_is_as_likely_as_any_other() {
        const DRAWS: usize = 20_000;
        for hash_entries in [0, 100] {
            let packing = Packing {
                hash_entries,
                ..Packing::default()
            };
            let mut entry = Entry::empty(b"key", Kind::Hash);
            let mut hash = entry.as_hash_mut().expect("it is a hash");
            for n in 0..20u8 {
                hash.set(&[n], &[n], &packing);
            }
            let mut random = crate::engine::Random::new(5);
            let mut drawn = [0f64; 20];
            for _ in 0..DRAWS {
                let (field, value) = hash
                    .as_ref()
                    .random(|n| random.below(n))
                    .expect("it is not empty");
                assert!(value.eq_bytes(&field.to_vec()));
                drawn[usize::from(field.to_vec()[0])] += 1.0;
            }
            let mean = DRAWS as f64 / 20.0;
            let chi: f64 = drawn.iter().map(|n| (n - mean).powi(2) / mean).sum();
            // 19 degrees of freedom: above this once in a thousand draws of another seed.
            assert!(chi < 43.8, "{chi} with {hash_entries} packed");
        }
    }
}
