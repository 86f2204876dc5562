//! Sets: members, each once.
//!
//! ```text
//!   integers   ┌─────┬───────┬────┬───┬────┬──────┐
//!              │ key │ width │ -5 │ 3 │ 17 │ 2900 │    sorted, 2, 4 or 8 bytes each: found by halving
//!              └─────┴───────┴────┴───┴────┴──────┘
//!   packed     ┌─────┬──────┬────────┬────────┬────────┐
//!              │ key │ many │ member │ member │ member │    as they came: found by going through
//!              └─────┴──────┴────────┴────────┴────────┘
//!   large      Table<Record>: members with nothing behind them, found by their hashes
//! ```
//!
//! Sets of identifiers are what sets are used for most, and identifiers are numbers. As long as every
//! member is one and there are not too many, the set is an [intset](super::intset): a follower's
//! number takes four bytes there, and more than forty in a hash table, which has a slot and a tag for
//! it and keeps a part of its places free. Nothing is lost by it: halving 512 numbers takes nine comparisons
//! in a kilobyte or two of memory, about what it takes to hash a member and look it up.
//!
//! The first member that is no number ends that, and so does one too many; what has ended never
//! comes back, or a set at the border would be rewritten with every step. Redis 7.0 makes a hash table of
//! such a set. Here a small one is packed first, as a small hash is: a dozen tags of an article are
//! compared faster than hashed. OBJECT ENCODING says `hashtable` of both.

use super::entry::{Contents, ContentsMut, Entry, Home};
use super::form::{Form, Kind};
use super::intset::{IntSet, IntSetMut};
use super::pack::{Item, Pack, PackMut};
use super::packing::{MAX_PACKED_BYTES, Packing};
use super::record::Record;
use super::table::{Cursor, Table};
use super::value::Value;

/// The most members of a packed set. There is no setting for it, since Redis 7.0 has no such form.
const PACKED_MEMBERS: usize = 128;

/// The longest member of a packed set, in bytes.
const PACKED_MEMBER_BYTES: usize = 64;

/// When so many times what is left is not more than what is taken out, a set is made anew of what
/// is left. It can be seen (as an encoding), so it is Redis's border.
const FEW_ARE_LEFT: usize = 5;

/// To take this many integers out of an intset one by one, and to move what is behind each, is quicker
/// than to go through all of them.
const ONE_BY_ONE: usize = 8;

/// A set to be read.
#[derive(Debug, Clone, Copy)]
pub enum SetRef<'a> {
    /// Integers, and not too many.
    Integers(IntSet<'a>),
    /// A few members of any kind.
    Packed(Pack<'a>),
    /// Many.
    Large(&'a Table<Record>),
}

/// A set to be changed.
#[derive(Debug)]
pub struct SetMut<'a> {
    home: Home<'a>,
}

impl Entry {
    /// The value, where it is a set.
    #[inline]
    #[must_use]
    pub fn as_set(&self) -> Option<SetRef<'_>> {
        SetRef::of(self.contents())
    }

    /// The value to be changed, where it is a set.
    #[inline]
    pub fn as_set_mut(&mut self) -> Option<SetMut<'_>> {
        self.as_set()?;
        Some(SetMut { home: self.home() })
    }
}

impl<'a> SetRef<'a> {
    #[inline]
    fn of(contents: Contents<'a>) -> Option<SetRef<'a>> {
        match contents {
            Contents::Packed(Form::IntSet, bytes) => Some(SetRef::Integers(IntSet::new(bytes))),
            Contents::Packed(Form::Set, bytes) => Some(SetRef::Packed(Pack::new(bytes))),
            Contents::Large(Value::Set(table)) => Some(SetRef::Large(table)),
            _ => None,
        }
    }

    /// How many members there are.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            SetRef::Integers(set) => set.len(),
            SetRef::Packed(pack) => pack.len(),
            SetRef::Large(table) => table.len(),
        }
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether these bytes are a member.
    #[inline]
    #[must_use]
    pub fn contains(self, member: &[u8]) -> bool {
        match self {
            SetRef::Integers(set) => Item::Bytes(member)
                .as_i64()
                .is_some_and(|value| set.contains(value)),
            SetRef::Packed(pack) => pack.find(member, 1).is_some(),
            SetRef::Large(table) => table.find(table.hash(member), member).is_some(),
        }
    }

    /// Whether a member of another set is one of this one too.
    #[inline]
    #[must_use]
    pub fn contains_item(self, member: Item) -> bool {
        match (self, member) {
            (SetRef::Integers(set), Item::Int(value)) => set.contains(value),
            _ => member.with_bytes(|member| self.contains(member)),
        }
    }

    /// Every member: integers ascending, packed ones as they were added, those of a large set in no
    /// order, and as bytes, whatever they read as.
    pub fn iter(self) -> impl Iterator<Item = Item<'a>> + 'a {
        let (integers, pack, table) = match self {
            SetRef::Integers(set) => (Some(set), None, None),
            SetRef::Packed(pack) => (None, Some(pack), None),
            SetRef::Large(table) => (None, None, Some(table)),
        };
        let integers = integers.into_iter().flat_map(IntSet::iter).map(Item::Int);
        let packed = pack.into_iter().flatten();
        let large = table.into_iter().flat_map(Table::iter).map(member);
        integers.chain(packed).chain(large)
    }

    /// Visits a page of about `count` members; see [`Table::scan`]. What is not large is one page.
    pub fn scan(self, cursor: Cursor, count: usize, mut visit: impl FnMut(Item<'a>)) -> Cursor {
        if let SetRef::Large(table) = self {
            return table.scan(cursor, count, |record| visit(member(record)));
        }
        self.iter().for_each(visit);
        0
    }

    /// A member, each as likely as any other; `random(n)` gives a number below `n`.
    pub fn random(self, mut random: impl FnMut(usize) -> usize) -> Option<Item<'a>> {
        match self {
            SetRef::Large(table) => table.random(random).map(member),
            SetRef::Integers(set) if !set.is_empty() => set.get(random(set.len())).map(Item::Int),
            SetRef::Packed(pack) if !pack.is_empty() => pack.get(random(pack.len())),
            SetRef::Integers(_) | SetRef::Packed(_) => None,
        }
    }
}

impl SetMut<'_> {
    /// The set, to be read.
    #[inline]
    #[must_use]
    pub fn as_ref(&self) -> SetRef<'_> {
        SetRef::of(self.home.contents()).expect("the home of a set holds a set")
    }

    /// Whether there is no member (left).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    /// Adds a member. Says whether it is a new one.
    pub fn insert(&mut self, member: &[u8], packing: &Packing) -> bool {
        match self.home.contents_mut() {
            ContentsMut::Packed(Form::IntSet, _) => match Item::Bytes(member).as_i64() {
                Some(value) => self.insert_integer(value, packing),
                None => {
                    self.leave_integers(packing);
                    self.insert(member, packing)
                }
            },
            ContentsMut::Packed(..) if member.len() > PACKED_MEMBER_BYTES => {
                self.enlarge(packing);
                self.insert(member, packing)
            }
            ContentsMut::Packed(_, tail) => {
                let mut pack = PackMut::new(tail.bytes, tail.head);
                let is_new = insert_packed(&mut pack, member);
                if pack.as_pack().len() > PACKED_MEMBERS {
                    self.enlarge(packing);
                }
                is_new
            }
            ContentsMut::Large(Value::Set(table)) => insert_large(table, member),
            ContentsMut::Large(_) => unreachable!("the home of a set holds a set"),
        }
    }

    /// Adds a member of another set. Says whether it is a new one.
    pub fn insert_item(&mut self, member: Item, packing: &Packing) -> bool {
        match (self.as_ref(), member) {
            (SetRef::Integers(_), Item::Int(value)) => self.insert_integer(value, packing),
            _ => member.with_bytes(|member| self.insert(member, packing)),
        }
    }

    /// Adds a member to a set of integers.
    fn insert_integer(&mut self, value: i64, packing: &Packing) -> bool {
        let ContentsMut::Packed(Form::IntSet, tail) = self.home.contents_mut() else {
            unreachable!("the caller has seen a set of integers");
        };
        let mut set = IntSetMut::new(tail.bytes, tail.head);
        let is_new = set.insert(value);
        let set = set.as_set();
        let is_too_large = set.len() > packing.intset_entries || set.bytes_len() > MAX_PACKED_BYTES;
        if is_new && is_too_large {
            self.leave_integers(packing);
        }
        is_new
    }

    /// Removes a member. Says whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self.home.contents_mut() {
            ContentsMut::Packed(Form::IntSet, tail) => {
                let mut set = IntSetMut::new(tail.bytes, tail.head);
                let value = Item::Bytes(member).as_i64();
                value.is_some_and(|value| set.remove(value))
            }
            ContentsMut::Packed(_, tail) => {
                let mut pack = PackMut::new(tail.bytes, tail.head);
                let found = pack.as_pack().find(member, 1);
                if let Some(place) = found {
                    pack.remove(place);
                }
                found.is_some()
            }
            ContentsMut::Large(Value::Set(table)) => {
                let hash = table.hash(member);
                table
                    .remove(hash, |record| record.key() == member)
                    .is_some()
            }
            ContentsMut::Large(_) => unreachable!("the home of a set holds a set"),
        }
    }

    /// Takes out a member, each as likely as any other, and shows it to `read`; `random(n)` gives a
    /// number below `n`. `None` where there is none.
    pub fn pop<R>(
        &mut self,
        mut random: impl FnMut(usize) -> usize,
        read: impl FnOnce(Item) -> R,
    ) -> Option<R> {
        match self.home.contents_mut() {
            ContentsMut::Packed(Form::IntSet, tail) => {
                let mut set = IntSetMut::new(tail.bytes, tail.head);
                let index = random(set.as_set().len());
                set.remove_at(index).map(|value| read(Item::Int(value)))
            }
            ContentsMut::Packed(_, tail) => {
                let mut pack = PackMut::new(tail.bytes, tail.head);
                let members = pack.as_pack();
                let place = members.place(random(members.len()))?;
                let result = read(members.item(place)?);
                pack.remove(place);
                Some(result)
            }
            ContentsMut::Large(Value::Set(table)) => {
                let record = table.random(random)?.clone();
                let hash = table.hash(record.key());
                table.remove(hash, |other| other.key() == record.key());
                Some(read(member(&record)))
            }
            ContentsMut::Large(_) => unreachable!("the home of a set holds a set"),
        }
    }

    /// Takes out `count` members, or all, and shows them to `read`; each choice of so many is as likely
    /// as any other.
    ///
    /// Where few are left, these are what is chosen, and they become a set as if it had just been
    /// made of them: so does Redis, and it is the one case where a hash table becomes an intset again.
    /// The old value is given back then, to be freed with care.
    pub fn pop_many(
        &mut self,
        count: usize,
        packing: &Packing,
        mut random: impl FnMut(usize) -> usize,
        mut read: impl FnMut(Item),
    ) -> Option<Value> {
        let mut selection = Selection {
            unseen: self.as_ref().len(),
            left: self.as_ref().len().saturating_sub(count),
        };
        if selection.left.saturating_mul(FEW_ARE_LEFT) <= count {
            return self.keep_few(packing, |member| {
                let is_left = selection.leaves(&mut random);
                if !is_left {
                    read(member);
                }
                is_left
            });
        }
        match self.home.contents_mut() {
            ContentsMut::Packed(Form::IntSet, tail) if count > ONE_BY_ONE => {
                IntSetMut::new(tail.bytes, tail.head).retain(|value| {
                    let is_left = selection.leaves(&mut random);
                    if !is_left {
                        read(Item::Int(value));
                    }
                    is_left
                });
            }
            _ => {
                for _ in 0..count {
                    self.pop(&mut random, &mut read);
                }
            }
        }
        None
    }

    /// Makes a new set of the members of which `keep` says so, and gives back what there was.
    fn keep_few(&mut self, packing: &Packing, mut keep: impl FnMut(Item) -> bool) -> Option<Value> {
        let mut rest = Entry::empty(self.home.key(), Kind::Set);
        let mut kept = rest.as_set_mut().expect("it was made as a set");
        for member in self.as_ref().iter() {
            if keep(member) {
                kept.insert_item(member, packing);
            }
        }
        self.home.take_over(rest)
    }

    /// Gives a set of integers another form.
    #[cold]
    fn leave_integers(&mut self, packing: &Packing) {
        let SetRef::Integers(set) = self.as_ref() else {
            return;
        };
        if set.len() > PACKED_MEMBERS {
            return self.enlarge(packing);
        }
        let texts: Vec<Vec<u8>> = set.iter().map(|value| Item::Int(value).to_vec()).collect();
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let mut bytes = Box::default();
        PackMut::init(&mut bytes, 0).extend_back(&texts);
        self.home.repack(Form::Set, &bytes);
    }

    /// Makes a small set a large one.
    #[cold]
    fn enlarge(&mut self, packing: &Packing) {
        let mut table = Table::new(packing.seed);
        for member in self.as_ref().iter() {
            member.with_bytes(|member| {
                table.insert(table.hash(member), Record::new(member, b"", 0));
            });
        }
        self.home.enlarge(Value::Set(Box::new(table)));
    }
}

/// Choosing what is left of a set by going through it: selection sampling (see the commands' `sample`
/// module, which chooses what is taken).
struct Selection {
    unseen: usize,
    left: usize,
}

impl Selection {
    /// Whether the next member is left in the set.
    fn leaves(&mut self, random: &mut impl FnMut(usize) -> usize) -> bool {
        let is_left = random(self.unseen) < self.left;
        self.unseen -= 1;
        self.left -= usize::from(is_left);
        is_left
    }
}

fn insert_packed(pack: &mut PackMut, member: &[u8]) -> bool {
    let is_new = pack.as_pack().find(member, 1).is_none();
    if is_new {
        pack.push_back(member);
    }
    is_new
}

fn insert_large(table: &mut Table<Record>, member: &[u8]) -> bool {
    let hash = table.hash(member);
    let is_new = table.find(hash, member).is_none();
    if is_new {
        table.insert(hash, Record::new(member, b"", 0));
    }
    is_new
}

fn member(record: &Record) -> Item<'_> {
    Item::Bytes(record.key())
}

#[cfg(test)]
mod tests;
