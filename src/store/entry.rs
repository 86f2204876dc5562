//! One key with its value.
//!
//! ```text
//!            4        4                     24
//!        ┌────────┬────────┬──────────────────────────────────┐
//!        │ timer  │  used  │ Record: key and short string     │     32 bytes in the table
//!        │        │        │ Record: key and packed bytes ────┼──▶ one allocation: a string of medium
//!        │        │        │                                  │    length, or a small collection
//!        │        │        │ Box<Large> ──────────────────────┼──▶ key, Value ──▶ a long string,
//!        └────────┴────────┴──────────────────────────────────┘                  a large collection
//! ```
//!
//! Short strings lie in the entry itself, and so does their key (see [`super::record`]). Longer ones up
//! to [`PACKED_MAX`] share one allocation with their key; beyond that a string is a vector of its own,
//! which can grow in place and can be shared with a reply. A small list, hash, set or sorted set is
//! *packed*: its elements stand one after the other behind the key, and are gone through from the
//! first to the last, which is the fastest way there is as long as they are few. When it grows it
//! becomes a [`Value`], a structure with the right bounds for many. It does not go back when elements
//! go, as in Redis (but for SPOP, which may make a new set of the few that it leaves).
//!
//! What is packed how, and when it becomes large, is known by the file of its type (`list.rs`, `hash.rs`, ...):
//! it finds the bytes through [`Contents`] and edits them through [`Home`].
//!
//! Numbers are kept as their text. `INCR` reads twenty digits at the most, and `GET`, which is far
//! more common, need not print.

use super::form::{Encoding, Form, Kind, STRING_MARKS};
use super::intset::IntSetMut;
use super::pack::PackMut;
use super::record::{Record, Tail};
use super::value::Value;
use crate::wheel::TimerId;
use std::sync::Arc;

/// Bytes of key and string together up to which they share one allocation.
pub const PACKED_MAX: usize = 4096;

/// Strings up to this long are `embstr`, longer ones `raw`: Redis's border.
const EMBEDDED_MAX: usize = 44;

/// Integers from 0 up to this one are shared objects in Redis.
const SHARED_INTEGERS: i64 = 10_000;

/// One key, its value, its timer and when it was last used.
#[derive(Debug)]
pub struct Entry {
    timer: Option<TimerId>,
    used_s: u32,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// A string up to [`PACKED_MAX`], or a packed collection.
    Record(Record),
    /// A value with an allocation of its own. The encoding is that of a string.
    Large { encoding: Encoding, pair: Box<Pair> },
}

#[derive(Debug)]
struct Pair {
    key: Box<[u8]>,
    value: Value,
}

/// What an entry holds, for the file of its type.
#[derive(Debug, Clone, Copy)]
pub enum Contents<'a> {
    /// Bytes of this form.
    Packed(Form, &'a [u8]),
    /// A large value.
    Large(&'a Value),
}

/// Where a collection lives: an entry, while its collection is being changed. It may move from the
/// packed form to the large one, not back.
#[derive(Debug)]
pub struct Home<'a> {
    body: &'a mut Body,
}

/// What a [`Home`] holds, to be changed.
#[derive(Debug)]
pub enum ContentsMut<'a> {
    /// Bytes of this form.
    Packed(Form, Tail<'a>),
    /// A large value.
    Large(&'a mut Value),
}

impl<'a> Home<'a> {
    /// What is there now.
    #[inline]
    pub fn contents(&self) -> Contents<'_> {
        self.body.contents()
    }

    /// What is there now, to be changed.
    #[inline]
    pub fn contents_mut(&mut self) -> ContentsMut<'_> {
        self.body.contents_mut()
    }

    /// The same, for as long as the home itself lasts.
    #[inline]
    pub fn into_contents_mut(self) -> ContentsMut<'a> {
        self.body.contents_mut()
    }

    /// Replaces the packed bytes by others of another form.
    pub fn repack(&mut self, form: Form, bytes: &[u8]) {
        let record = Record::on_heap(self.body.key(), bytes, form.mark());
        *self.body = Body::Record(record);
    }

    /// Replaces the collection by that of another entry of the same key, which is dissolved. Gives
    /// back what stood there if it had an allocation of its own.
    ///
    /// # Panics
    /// Where the other entry has another key.
    pub fn take_over(&mut self, other: Entry) -> Option<Value> {
        assert!(other.key() == self.key(), "a key keeps its name");
        match std::mem::replace(self.body, other.body) {
            Body::Large { pair, .. } => Some(pair.value),
            Body::Record(_) => None,
        }
    }

    /// The entry's key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.body.key()
    }

    /// The packed collection is too large for that: this value stands in its place from now on.
    pub fn enlarge(&mut self, value: Value) {
        *self.body = Body::large(self.body.key().into(), value, Encoding::Natural);
    }
}

impl Body {
    /// The most compact body for a key and a string.
    #[inline]
    fn string(key: &[u8], value: &[u8], encoding: Encoding) -> Body {
        if key.len() + value.len() <= PACKED_MAX {
            Body::Record(Record::new(key, value, encoding as u8))
        } else {
            Body::large(
                key.into(),
                Value::String(Arc::new(value.to_vec())),
                encoding,
            )
        }
    }

    fn large(key: Box<[u8]>, value: Value, encoding: Encoding) -> Body {
        Body::Large {
            encoding,
            pair: Box::new(Pair { key, value }),
        }
    }

    #[inline]
    fn key(&self) -> &[u8] {
        match self {
            Body::Record(record) => record.key(),
            Body::Large { pair, .. } => &pair.key,
        }
    }

    #[inline]
    fn contents(&self) -> Contents<'_> {
        match self {
            Body::Record(record) => Contents::Packed(Form::marked(record.mark()), record.value()),
            Body::Large { pair, .. } => Contents::Large(&pair.value),
        }
    }

    #[inline]
    fn contents_mut(&mut self) -> ContentsMut<'_> {
        match self {
            Body::Record(record) => {
                let form = Form::marked(record.mark());
                let tail = record.tail();
                ContentsMut::Packed(form, tail.expect("a collection has an allocation"))
            }
            Body::Large { pair, .. } => ContentsMut::Large(&mut pair.value),
        }
    }
}

impl Entry {
    fn new(body: Body) -> Entry {
        Entry {
            timer: None,
            used_s: 0,
            body,
        }
    }

    /// An entry for `key` holding the string `value`, without a deadline.
    #[must_use]
    pub fn string(key: &[u8], value: &[u8], encoding: Encoding) -> Entry {
        Entry::new(Body::string(key, value, encoding))
    }

    /// An entry for `key` holding a collection without elements (or the empty string), without a
    /// deadline.
    #[must_use]
    pub fn empty(key: &[u8], kind: Kind) -> Entry {
        let form = Form::of_new(kind);
        let mut record = Record::on_heap(key, b"", form.mark());
        match (form, record.tail()) {
            (Form::IntSet, Some(Tail { bytes, head })) => {
                let _ = IntSetMut::init(bytes, head);
            }
            (Form::List | Form::Hash | Form::Set | Form::Zset, Some(Tail { bytes, head })) => {
                let _ = PackMut::init(bytes, head);
            }
            (Form::String(_), _) | (_, None) => {}
        }
        Entry::new(Body::Record(record))
    }

    /// The key.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.body.key()
    }

    /// The type of the value.
    #[inline]
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.body.contents() {
            Contents::Packed(form, _) => form.kind(),
            Contents::Large(value) => value.kind(),
        }
    }

    /// What it holds, for the file of its type.
    #[inline]
    #[must_use]
    pub fn contents(&self) -> Contents<'_> {
        self.body.contents()
    }

    /// Where its collection lives, for the file of its type, which has seen that it is of its type.
    #[inline]
    pub fn home(&mut self) -> Home<'_> {
        Home {
            body: &mut self.body,
        }
    }

    /// The value, where it is a string.
    #[inline]
    #[must_use]
    pub fn as_string(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Record(record) if record.mark() < STRING_MARKS => Some(record.value()),
            Body::Record(_) => None,
            Body::Large { pair, .. } => pair.value.as_string().map(|bytes| &bytes[..]),
        }
    }

    /// The value to be shared with a reply, where it is a string with an allocation of its own.
    #[inline]
    #[must_use]
    pub fn as_shared(&self) -> Option<&Arc<Vec<u8>>> {
        match &self.body {
            Body::Record(_) => None,
            Body::Large { pair, .. } => pair.value.as_string(),
        }
    }

    /// Stores a string in place of the value, and gives back what stood there if it had an
    /// allocation worth freeing with care.
    #[inline(always)]
    pub fn set_string(&mut self, value: &[u8], encoding: Encoding) -> Option<Value> {
        if let Body::Record(record) = &mut self.body
            && record.set_in_place(value, encoding as u8)
        {
            return None;
        }
        self.replace_string(value, encoding)
    }

    /// Stores a string that does not fit where the old one is.
    #[inline(never)]
    fn replace_string(&mut self, value: &[u8], encoding: Encoding) -> Option<Value> {
        let body = Body::string(self.key(), value, encoding);
        self.replace_body(body)
    }

    /// Stores a string that already has an allocation, without copying it if it is long.
    pub fn set_owned_string(&mut self, value: Vec<u8>, encoding: Encoding) -> Option<Value> {
        if self.key().len() + value.len() <= PACKED_MAX {
            return self.set_string(&value, encoding);
        }
        let key = self.take_key();
        self.replace_body(Body::large(key, Value::String(Arc::new(value)), encoding))
    }

    /// Lets `edit` change the string, in place where it has an allocation of its own.
    ///
    /// Does nothing, and says so with `None`, where the value is no string.
    pub fn edit_string<R>(
        &mut self,
        encoding: Encoding,
        edit: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Option<R> {
        if let Body::Large {
            encoding: how,
            pair,
        } = &mut self.body
        {
            let Value::String(bytes) = &mut pair.value else {
                return None;
            };
            *how = encoding;
            return Some(edit(Arc::make_mut(bytes)));
        }
        let mut bytes = self.as_string()?.to_vec();
        let result = edit(&mut bytes);
        self.set_owned_string(bytes, encoding);
        Some(result)
    }

    /// A copy of the value under another key, without a deadline, which nobody has used yet.
    #[must_use]
    pub fn copy_to(&self, key: &[u8]) -> Entry {
        let copy = match self.form() {
            Form::String(Encoding::Natural) => Form::String(Encoding::Unshared),
            form => form,
        };
        let mut entry = self.duplicate(key, copy);
        entry.used_s = 0;
        entry
    }

    /// The same value under another key, without a deadline: what RENAME does.
    #[must_use]
    pub fn rename_to(mut self, key: &[u8]) -> Entry {
        if let Body::Large { pair, .. } = &mut self.body {
            pair.key = key.into();
            self.timer = None;
            return self;
        }
        self.duplicate(key, self.form())
    }

    fn duplicate(&self, key: &[u8], form: Form) -> Entry {
        let body = match (&self.body, form) {
            (Body::Large { pair, .. }, Form::String(encoding)) => {
                Body::large(key.into(), pair.value.clone(), encoding)
            }
            (Body::Large { pair, encoding }, _) => {
                Body::large(key.into(), pair.value.clone(), *encoding)
            }
            (Body::Record(record), Form::String(encoding)) => {
                Body::string(key, record.value(), encoding)
            }
            (Body::Record(record), form) => {
                Body::Record(Record::on_heap(key, record.value(), form.mark()))
            }
        };
        Entry {
            timer: None,
            used_s: self.used_s,
            body,
        }
    }

    /// The value alone, where it has an allocation of its own.
    #[must_use]
    pub fn into_value(self) -> Option<Value> {
        match self.body {
            Body::Large { pair, .. } => Some(pair.value),
            Body::Record(_) => None,
        }
    }

    /// The name `OBJECT ENCODING` has for how the value is kept: Redis's name for its own way of keeping
    /// such a value.
    #[must_use]
    pub fn encoding_name(&self) -> &'static str {
        match (self.form(), &self.body) {
            (Form::String(encoding), _) => self.string_encoding_name(encoding),
            (Form::List, _) => "quicklist",
            (Form::IntSet, _) => "intset",
            // Redis 7.0 knows no packed sets.
            (Form::Set, _) => "hashtable",
            (Form::Hash | Form::Zset, Body::Record(_)) => "listpack",
            (Form::Hash, Body::Large { .. }) => "hashtable",
            (Form::Zset, Body::Large { .. }) => "skiplist",
        }
    }

    fn string_encoding_name(&self, encoding: Encoding) -> &'static str {
        let text = self.as_string().unwrap_or_default();
        match encoding {
            Encoding::Raw => "raw",
            Encoding::Natural | Encoding::Unshared if crate::number::parse_i64(text).is_some() => {
                "int"
            }
            _ if text.len() <= EMBEDDED_MAX => "embstr",
            _ => "raw",
        }
    }

    /// Whether Redis would keep this value as one of its shared integers.
    #[must_use]
    pub fn is_shared_integer(&self) -> bool {
        self.form() == Form::String(Encoding::Natural)
            && self
                .as_string()
                .and_then(crate::number::parse_i64)
                .is_some_and(|n| (0..SHARED_INTEGERS).contains(&n))
    }

    /// What the value is, packed or large.
    fn form(&self) -> Form {
        match &self.body {
            Body::Record(record) => Form::marked(record.mark()),
            Body::Large { encoding, pair } => pair.value.form(*encoding),
        }
    }

    /// Bytes that the entry takes beside its slot in the table. For a large collection it is an
    /// estimate from its first elements.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match &self.body {
            Body::Record(record) => record.heap_bytes(),
            Body::Large { pair, .. } => {
                size_of::<Pair>() + pair.key.len() + pair.value.heap_bytes()
            }
        }
    }

    /// The value, if freeing it takes so long that it is to be done in slices.
    #[inline]
    #[must_use]
    pub fn into_weighty(self) -> Option<Value> {
        match self.body {
            Body::Large { pair, .. } if pair.value.is_weighty() => Some(pair.value),
            _ => None,
        }
    }

    /// The timer of its deadline.
    #[inline]
    #[must_use]
    pub fn timer(&self) -> Option<TimerId> {
        self.timer
    }

    /// Sets the timer of its deadline. The keyspace alone does so.
    pub(super) fn set_timer(&mut self, timer: Option<TimerId>) {
        self.timer = timer;
    }

    /// Its word of use: when it was last read or written, in unix seconds; while an LFU policy is
    /// selected, how often. (What the words mean is known by [`uses`](super::uses).)
    #[must_use]
    pub fn used_s(&self) -> u32 {
        self.used_s
    }

    /// Notes that it is used: the word of use is this one from now on.
    #[inline]
    pub fn touch(&mut self, used: u32) {
        self.used_s = used;
    }

    /// Takes the key out of a body that is about to be replaced.
    fn take_key(&mut self) -> Box<[u8]> {
        match &mut self.body {
            Body::Large { pair, .. } => std::mem::take(&mut pair.key),
            Body::Record(record) => record.key().into(),
        }
    }

    fn replace_body(&mut self, body: Body) -> Option<Value> {
        match std::mem::replace(&mut self.body, body) {
            Body::Large { pair, .. } => Some(pair.value),
            Body::Record(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_32_bytes() {
        assert_eq!(size_of::<Entry>(), 32);
    }

    #[test]
    fn strings_of_every_size_keep_key_and_value() {
        for key_len in [0, 1, 16, 20, 21, 300, 5000] {
            for value_len in [0, 1, 4, 20, 21, 4000, 4096, 5000] {
                let (key, value) = (vec![b'k'; key_len], vec![b'v'; value_len]);
                let mut entry = Entry::string(&key, b"first", Encoding::Natural);
                entry.set_string(&value, Encoding::Natural);
                assert_eq!(
                    (entry.key(), entry.as_string()),
                    (&key[..], Some(&value[..]))
                );
                entry.edit_string(Encoding::Raw, |bytes| bytes.push(b'!'));
                assert_eq!(entry.as_string().map(<[u8]>::len), Some(value_len + 1));
                assert_eq!(entry.key(), &key[..]);
                entry.set_owned_string(value.clone(), Encoding::Natural);
                let renamed = entry.rename_to(b"other");
                assert_eq!(
                    (renamed.key(), renamed.as_string()),
                    (&b"other"[..], Some(&value[..]))
                );
            }
        }
    }

    #[test]
    fn a_long_value_that_is_replaced_comes_back_to_be_freed() {
        let mut entry = Entry::string(b"k", &[0; 10_000], Encoding::Natural);
        let Some(Value::String(old)) = entry.set_string(b"short", Encoding::Natural) else {
            panic!("the long string was dropped on the spot");
        };
        assert_eq!(old.len(), 10_000);
    }

    #[test]
    fn encodings_follow_content_length_and_history() {
        let mut entry = Entry::string(b"k", b"123", Encoding::Natural);
        assert_eq!(entry.encoding_name(), "int");
        assert!(entry.is_shared_integer());
        entry.set_string(b"123", Encoding::Text);
        assert_eq!(entry.encoding_name(), "embstr");
        entry.set_string(b"123", Encoding::Raw);
        assert_eq!(entry.encoding_name(), "raw");
        entry.set_string(&[b'x'; 45], Encoding::Natural);
        assert_eq!(entry.encoding_name(), "raw");
        entry.set_string(b"10000", Encoding::Natural);
        assert!(!entry.is_shared_integer());
    }

    #[test]
    fn a_copied_integer_is_not_shared_but_a_renamed_one_is() {
        let entry = Entry::string(b"k", b"123", Encoding::Natural);
        let copy = entry.copy_to(b"copy");
        assert_eq!(copy.encoding_name(), "int");
        assert!(!copy.is_shared_integer());
        assert!(entry.rename_to(b"other").is_shared_integer());
    }
}
