//! One key with its value.
//!
//! ```text
//!              4        4        1    1    1    1              20
//!          ┌────────┬────────┬─────┬─────┬─────┬────┬──────────────────────┐
//!   Inline │ timer  │  used  │ tag │ klen│ vlen│ enc│ key bytes, value bytes│   32 bytes in the table, that is all
//!          └────────┴────────┴─────┴─────┴─────┴────┴──────────────────────┘
//!   Packed │ timer  │  used  │ tag │ enc │   klen   │ Box<[u8]> ───────────┼──▶ key bytes, value bytes
//!   Boxed  │ timer  │  used  │ tag │               │ Box<Pair> ───────────┼──▶ key, Value (long strings, collections)
//! ```
//!
//! Most keys and values in a Redis-like store are short, and what a lookup costs is cache misses:
//! an entry whose key and value lie in the table's own slot is found, compared and answered with
//! no further one. Longer strings up to [`PACKED_MAX`] share one allocation with their key; beyond
//! that a string is a vector of its own, which can grow in place and can be shared with a reply.
//!
//! Numbers are kept as their text. `INCR` reads twenty digits at the most, and `GET`, which is far
//! more common, need not print.

use crate::wheel::TimerId;
use std::sync::Arc;

/// Bytes of key and value together that fit into the entry itself.
pub const INLINE_MAX: usize = 20;

/// Bytes of key and value together up to which they share one allocation.
pub const PACKED_MAX: usize = 4096;

/// Strings up to this long are `embstr`, longer ones `raw`: Redis's border.
const EMBEDDED_MAX: usize = 44;

/// Integers from 0 up to this one are shared objects in Redis.
const SHARED_INTEGERS: i64 = 10_000;

/// What type a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string of bytes.
    String,
}

impl Kind {
    /// The name TYPE replies with.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
        }
    }
}

/// A value that has an allocation of its own.
#[derive(Debug, Clone)]
pub enum Value {
    /// A long string, shared with replies that are on their way.
    String(Arc<Vec<u8>>),
}

/// How a string came to be, which is what `OBJECT ENCODING` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As stored: `int` when it reads as one, else by its length.
    Natural,
    /// The same, made by COPY: Redis has an object of its own for it, never a shared integer.
    Unshared,
    /// The result of a float computation: never `int`.
    Text,
    /// Modified in place (APPEND, SETRANGE): always `raw`.
    Raw,
}

/// One key, its value, its timer and when it was last used.
#[derive(Debug)]
pub struct Entry {
    timer: Option<TimerId>,
    used_s: u32,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Inline {
        encoding: Encoding,
        key_len: u8,
        value_len: u8,
        bytes: [u8; INLINE_MAX],
    },
    Packed {
        encoding: Encoding,
        key_len: u16,
        bytes: Box<[u8]>,
    },
    Boxed {
        encoding: Encoding,
        pair: Box<Pair>,
    },
}

#[derive(Debug)]
struct Pair {
    key: Box<[u8]>,
    value: Value,
}

impl Body {
    /// The most compact body for a key and a string.
    fn string(key: &[u8], value: &[u8], encoding: Encoding) -> Body {
        let len = key.len() + value.len();
        if len <= INLINE_MAX {
            let mut bytes = [0; INLINE_MAX];
            bytes[..key.len()].copy_from_slice(key);
            bytes[key.len()..len].copy_from_slice(value);
            // Both are at most INLINE_MAX, so neither is cut.
            Body::Inline {
                encoding,
                key_len: key.len() as u8,
                value_len: value.len() as u8,
                bytes,
            }
        } else if len <= PACKED_MAX {
            let mut bytes = Vec::with_capacity(len);
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(value);
            Body::Packed {
                encoding,
                key_len: key.len() as u16,
                bytes: bytes.into_boxed_slice(),
            }
        } else {
            Body::boxed(
                key.into(),
                Value::String(Arc::new(value.to_vec())),
                encoding,
            )
        }
    }

    fn boxed(key: Box<[u8]>, value: Value, encoding: Encoding) -> Body {
        Body::Boxed {
            encoding,
            pair: Box::new(Pair { key, value }),
        }
    }
}

impl Entry {
    /// An entry for `key` holding the string `value`, without a deadline.
    #[must_use]
    pub fn string(key: &[u8], value: &[u8], encoding: Encoding) -> Entry {
        Entry {
            timer: None,
            used_s: 0,
            body: Body::string(key, value, encoding),
        }
    }

    /// The key.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &[u8] {
        match &self.body {
            Body::Inline { key_len, bytes, .. } => &bytes[..usize::from(*key_len)],
            Body::Packed { key_len, bytes, .. } => &bytes[..usize::from(*key_len)],
            Body::Boxed { pair, .. } => &pair.key,
        }
    }

    /// The type of the value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.body {
            Body::Inline { .. } | Body::Packed { .. } => Kind::String,
            Body::Boxed { pair, .. } => match pair.value {
                Value::String(_) => Kind::String,
            },
        }
    }

    /// The value, where it is a string.
    #[inline]
    #[must_use]
    pub fn as_string(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Inline {
                key_len,
                value_len,
                bytes,
                ..
            } => {
                let start = usize::from(*key_len);
                Some(&bytes[start..start + usize::from(*value_len)])
            }
            Body::Packed { key_len, bytes, .. } => Some(&bytes[usize::from(*key_len)..]),
            Body::Boxed { pair, .. } => match &pair.value {
                Value::String(bytes) => Some(bytes),
            },
        }
    }

    /// The value to be shared with a reply, where it is a string with an allocation of its own.
    #[inline]
    #[must_use]
    pub fn as_shared(&self) -> Option<&Arc<Vec<u8>>> {
        match &self.body {
            Body::Boxed { pair, .. } => match &pair.value {
                Value::String(bytes) => Some(bytes),
            },
            _ => None,
        }
    }

    /// Stores a string in place of the value, and gives back what stood there if it had an
    /// allocation worth freeing with care.
    #[inline]
    pub fn set_string(&mut self, value: &[u8], encoding: Encoding) -> Option<Value> {
        match &mut self.body {
            Body::Inline {
                encoding: how,
                key_len,
                value_len,
                bytes,
            } if usize::from(*key_len) + value.len() <= INLINE_MAX => {
                let start = usize::from(*key_len);
                bytes[start..start + value.len()].copy_from_slice(value);
                *value_len = value.len() as u8;
                *how = encoding;
                None
            }
            Body::Packed {
                encoding: how,
                key_len,
                bytes,
            } if bytes.len() == usize::from(*key_len) + value.len() => {
                bytes[usize::from(*key_len)..].copy_from_slice(value);
                *how = encoding;
                None
            }
            _ => self.replace_string(value, encoding),
        }
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
        self.replace_body(Body::boxed(key, Value::String(Arc::new(value)), encoding))
    }

    /// Lets `edit` change the string, in place where it has an allocation of its own.
    ///
    /// Does nothing, and says so with `None`, where the value is no string.
    pub fn edit_string<R>(
        &mut self,
        encoding: Encoding,
        edit: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Option<R> {
        if let Body::Boxed {
            encoding: how,
            pair,
        } = &mut self.body
        {
            let Value::String(bytes) = &mut pair.value;
            *how = encoding;
            return Some(edit(Arc::make_mut(bytes)));
        }
        let mut bytes = self.as_string()?.to_vec();
        let result = edit(&mut bytes);
        self.set_owned_string(bytes, encoding);
        Some(result)
    }

    /// A copy of the value under another key, without a deadline.
    #[must_use]
    pub fn copy_to(&self, key: &[u8]) -> Entry {
        match self.string_encoding() {
            Encoding::Natural => self.duplicate(key, Encoding::Unshared),
            encoding => self.duplicate(key, encoding),
        }
    }

    fn duplicate(&self, key: &[u8], encoding: Encoding) -> Entry {
        let body = match &self.body {
            Body::Inline { .. } | Body::Packed { .. } => {
                Body::string(key, self.as_string().unwrap_or_default(), encoding)
            }
            Body::Boxed { pair, .. } => Body::boxed(key.into(), pair.value.clone(), encoding),
        };
        Entry {
            timer: None,
            used_s: self.used_s,
            body,
        }
    }

    /// The same value under another key, without a deadline: what RENAME does.
    #[must_use]
    pub fn rename_to(self, key: &[u8]) -> Entry {
        match self.body {
            Body::Boxed { encoding, mut pair } => {
                pair.key = key.into();
                let body = Body::Boxed { encoding, pair };
                Entry {
                    timer: None,
                    used_s: self.used_s,
                    body,
                }
            }
            _ => self.duplicate(key, self.string_encoding()),
        }
    }

    /// The value alone, where it has an allocation of its own.
    #[must_use]
    pub fn into_value(self) -> Option<Value> {
        match self.body {
            Body::Boxed { pair, .. } => Some(pair.value),
            _ => None,
        }
    }

    /// The name `OBJECT ENCODING` has for how the value is kept.
    #[must_use]
    pub fn encoding_name(&self) -> &'static str {
        let text = self.as_string().unwrap_or_default();
        match self.string_encoding() {
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
        self.string_encoding() == Encoding::Natural
            && self
                .as_string()
                .and_then(crate::number::parse_i64)
                .is_some_and(|n| (0..SHARED_INTEGERS).contains(&n))
    }

    fn string_encoding(&self) -> Encoding {
        match self.body {
            Body::Inline { encoding, .. }
            | Body::Packed { encoding, .. }
            | Body::Boxed { encoding, .. } => encoding,
        }
    }

    /// Bytes that the entry takes beside its slot in the table.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match &self.body {
            Body::Inline { .. } => 0,
            Body::Packed { bytes, .. } => bytes.len(),
            Body::Boxed { pair, .. } => {
                let value = match &pair.value {
                    Value::String(bytes) => size_of::<Vec<u8>>() + bytes.capacity(),
                };
                size_of::<Pair>() + pair.key.len() + value
            }
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

    /// When it was last read or written, in unix seconds.
    #[must_use]
    pub fn used_s(&self) -> u32 {
        self.used_s
    }

    /// Notes that it is used now.
    #[inline]
    pub fn touch(&mut self, now_s: u32) {
        self.used_s = now_s;
    }

    /// Takes the key out of a body that is about to be replaced.
    fn take_key(&mut self) -> Box<[u8]> {
        match &mut self.body {
            Body::Boxed { pair, .. } => std::mem::take(&mut pair.key),
            _ => self.key().into(),
        }
    }

    fn replace_body(&mut self, body: Body) -> Option<Value> {
        match std::mem::replace(&mut self.body, body) {
            Body::Boxed { pair, .. } => Some(pair.value),
            _ => None,
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
