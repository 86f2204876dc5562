//! A key with the bytes that belong to it, in 24 bytes, and with one allocation at the most.
//!
//! ```text
//!              1     1                22
//!          ┌─────┬──────┬──────────────────────────────┬─────┐
//!   Inline │ tag │ head │ key bytes, value bytes       │spare│    up to 22 bytes: that is all there is
//!          └─────┴──────┴──────────────────────────────┴─────┘
//!   Heap   │ tag │ mark │   │ key length │ Box<[u8]> ─────────┼──▶ key bytes, value bytes
//!          └─────┴──────┴───┴────────────┴────────────────────┘
//!             1     1     2       4               16
//!
//!   head:  key length (5 bits) │ mark (2 bits) │ full (1 bit)
//! ```
//!
//! Most keys and values in a Redis-like store are short, and what a lookup costs is cache misses: a
//! record whose bytes lie in the table's own slot is found, compared and answered with no further
//! one. Where key and value fill all 22 bytes, `full` is set; else the last byte counts those that
//! are spare, so that no byte is spent on a length that the others tell.
//!
//! The same record is an [`Entry`](super::Entry) of a database, a field of a hash and, with no bytes
//! behind its key, a member of a set. What the bytes are is the *mark*'s business, a number that
//! the record keeps for its owner.

use super::shard::Keyed;
use crate::short;

/// Bytes of key and value together that fit into the record itself.
pub const INLINE_MAX: usize = 22;

/// The marks that a record without an allocation has room for are below this.
const INLINE_MARKS: u8 = 4;

const KEY_LEN: u8 = 0b0001_1111;
const MARK_SHIFT: u32 = 5;
const FULL: u8 = 0b1000_0000;

/// A key with its bytes; see the module's text.
#[derive(Debug, Clone)]
pub struct Record(Body);

#[derive(Debug, Clone)]
enum Body {
    Inline {
        head: u8,
        bytes: [u8; INLINE_MAX],
    },
    Heap {
        mark: u8,
        key_len: u32,
        bytes: Box<[u8]>,
    },
}

/// The bytes of a record behind its key, to be edited by one who knows what they are.
#[derive(Debug)]
pub struct Tail<'a> {
    /// Key and tail in one piece.
    pub bytes: &'a mut Box<[u8]>,
    /// Where the tail begins.
    pub head: usize,
}

impl Record {
    /// A record of this key and these bytes.
    ///
    /// # Panics
    /// When the key has 4 GiB or more, which no argument of a request has.
    #[inline]
    #[must_use]
    pub fn new(key: &[u8], value: &[u8], mark: u8) -> Record {
        if key.len() + value.len() <= INLINE_MAX && mark < INLINE_MARKS {
            let mut bytes = [0; INLINE_MAX];
            bytes[..key.len()].copy_from_slice(key);
            let head = fill(key.len(), mark, &mut bytes, value);
            Record(Body::Inline { head, bytes })
        } else {
            Record::on_heap(key, value, mark)
        }
    }

    /// The same with an allocation, however short they are: for bytes that are going to grow.
    ///
    /// # Panics
    /// As [`Record::new`].
    #[must_use]
    pub fn on_heap(key: &[u8], value: &[u8], mark: u8) -> Record {
        let mut bytes = Vec::with_capacity(key.len() + value.len());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(value);
        Record(Body::Heap {
            mark,
            key_len: u32::try_from(key.len()).expect("no argument is as long as 4 GiB"),
            bytes: bytes.into_boxed_slice(),
        })
    }

    /// The key.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &[u8] {
        match &self.0 {
            Body::Inline { head, bytes } => &bytes[..key_len(*head)],
            Body::Heap { key_len, bytes, .. } => &bytes[..*key_len as usize],
        }
    }

    /// What lies behind the key.
    #[inline]
    #[must_use]
    pub fn value(&self) -> &[u8] {
        match &self.0 {
            Body::Inline { head, bytes } => {
                &bytes[key_len(*head)..INLINE_MAX - spare(*head, bytes)]
            }
            Body::Heap { key_len, bytes, .. } => &bytes[*key_len as usize..],
        }
    }

    /// What the owner noted about the bytes.
    #[inline]
    #[must_use]
    pub fn mark(&self) -> u8 {
        match &self.0 {
            Body::Inline { head, .. } => *head >> MARK_SHIFT & (INLINE_MARKS - 1),
            Body::Heap { mark, .. } => *mark,
        }
    }

    /// Notes something else. Only a mark below four fits into a record without an allocation.
    pub fn set_mark(&mut self, new: u8) {
        match &mut self.0 {
            Body::Heap { mark, .. } => *mark = new,
            Body::Inline { .. } => *self = Record::new(self.key(), self.value(), new),
        }
    }

    /// Puts other bytes behind the key.
    #[inline]
    pub fn set_value(&mut self, value: &[u8], mark: u8) {
        if !self.set_in_place(value, mark) {
            self.replace_value(value, mark);
        }
    }

    /// Puts other bytes in the place of those that are there; `false` where they do not fit.
    #[inline(always)]
    pub fn set_in_place(&mut self, value: &[u8], new_mark: u8) -> bool {
        match &mut self.0 {
            Body::Inline { head, bytes } => {
                let fits = key_len(*head) + value.len() <= INLINE_MAX && new_mark < INLINE_MARKS;
                if fits {
                    *head = fill(key_len(*head), new_mark, bytes, value);
                }
                fits
            }
            Body::Heap {
                mark,
                key_len,
                bytes,
            } => {
                let old = &mut bytes[*key_len as usize..];
                let fits = old.len() == value.len();
                if fits {
                    old.copy_from_slice(value);
                    *mark = new_mark;
                }
                fits
            }
        }
    }

    #[inline(never)]
    fn replace_value(&mut self, value: &[u8], mark: u8) {
        *self = Record::new(self.key(), value, mark);
    }

    /// The bytes behind the key, to be edited; `None` where they have no allocation.
    #[inline]
    pub fn tail(&mut self) -> Option<Tail<'_>> {
        match &mut self.0 {
            Body::Inline { .. } => None,
            Body::Heap { key_len, bytes, .. } => Some(Tail {
                bytes,
                head: *key_len as usize,
            }),
        }
    }

    /// Bytes that the record takes beside its 24.
    #[inline]
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Body::Inline { .. } => 0,
            Body::Heap { bytes, .. } => bytes.len(),
        }
    }
}

impl Keyed for Record {
    #[inline]
    fn key(&self) -> &[u8] {
        Record::key(self)
    }

    #[inline]
    fn fetch(&self) -> u8 {
        match &self.0 {
            Body::Inline { head, .. } => *head,
            Body::Heap { mark, .. } => *mark,
        }
    }
}

#[inline]
fn key_len(head: u8) -> usize {
    usize::from(head & KEY_LEN)
}

/// How many of the bytes mean nothing.
#[inline]
fn spare(head: u8, bytes: &[u8; INLINE_MAX]) -> usize {
    if head & FULL != 0 {
        0
    } else {
        usize::from(bytes[INLINE_MAX - 1])
    }
}

/// Writes a value behind a key, where both fit, and gives the head that says so.
#[inline]
fn fill(key_len: usize, mark: u8, bytes: &mut [u8; INLINE_MAX], value: &[u8]) -> u8 {
    let end = key_len + value.len();
    short::copy(&mut bytes[key_len..end], value);
    // All of these are below 32.
    let head = key_len as u8 | mark << MARK_SHIFT;
    if end == INLINE_MAX {
        return head | FULL;
    }
    bytes[INLINE_MAX - 1] = (INLINE_MAX - end) as u8;
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_24_bytes_and_leaves_room_for_a_tag() {
        assert_eq!(size_of::<Record>(), 24);
        assert_eq!(size_of::<Option<Record>>(), 24);
    }

    #[test]
    fn records_of_every_size_keep_key_value_and_mark() {
        for key_len in [0, 1, 16, 20, 21, 22, 23, 300] {
            for value_len in [0, 1, 2, 4, 6, 20, 21, 22, 23, 4000] {
                for mark in [0, 1, 3, 4, 7] {
                    let (key, value) = (vec![b'k'; key_len], vec![b'v'; value_len]);
                    let made = Record::new(&key, &value, mark);
                    let mut changed = Record::new(&key, b"first", 0);
                    changed.set_value(&value, mark);
                    let heaped = Record::on_heap(&key, &value, mark);
                    for record in [&made, &changed, &heaped] {
                        assert_eq!(
                            (record.key(), record.value(), record.mark()),
                            (&key[..], &value[..], mark),
                            "{key_len} {value_len}"
                        );
                    }
                    let fits = key_len + value_len <= INLINE_MAX && mark < INLINE_MARKS;
                    assert_eq!(made.heap_bytes() == 0, fits || key_len + value_len == 0);
                    assert_eq!(heaped.heap_bytes(), key_len + value_len);
                }
            }
        }
    }

    #[test]
    fn a_mark_changes_without_the_bytes() {
        for mark in 0..8 {
            let mut record = Record::new(b"key", b"value", 1);
            record.set_mark(mark);
            assert_eq!(
                (record.key(), record.value(), record.mark()),
                (&b"key"[..], &b"value"[..], mark)
            );
        }
    }

    #[test]
    fn the_tail_is_edited_behind_the_key() {
        let mut record = Record::on_heap(b"key", b"a", 0);
        let tail = record.tail().expect("it has an allocation");
        assert_eq!(tail.head, 3);
        *tail.bytes = b"keylonger"[..].into();
        assert_eq!(
            (record.key(), record.value()),
            (&b"key"[..], &b"longer"[..])
        );
        assert!(Record::new(b"key", b"a", 0).tail().is_none());
    }
}
