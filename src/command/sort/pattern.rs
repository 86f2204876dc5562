//! The patterns of SORT's BY and GET: where, for an element, to look.
//!
//! ```text
//!   weight_*          the string in the key  weight_<element>
//!   object_*->name    the field  name  of the hash in  object_<element>
//!   #                 the element itself
//!   without a *       nothing: it would be the same for all
//! ```
//!
//! The element stands for the first `*`; `->` counts only behind it, and only with a field behind
//! itself. A key of another type is as good as none. Patterns are C strings in Redis, so its `*` and
//! `->` are not found behind a NUL.

use crate::command::{reply_item, until_nul};
use crate::engine::Db;
use crate::resp::Reply;
use crate::store::{Entry, Item};

/// Where to look for each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern<'a> {
    /// At the element itself.
    Element,
    /// Nowhere.
    Nowhere,
    /// In the key that is these two with the element between them: its string, or a field of its
    /// hash.
    Key {
        /// What comes before the element.
        before: &'a [u8],
        /// What comes behind it.
        after: &'a [u8],
        /// The field of the hash.
        field: Option<&'a [u8]>,
    },
}

/// What a pattern leads to.
#[derive(Debug)]
pub enum Found<'a> {
    /// Nothing.
    Nothing,
    /// The element itself, or a field.
    Item(Item<'a>),
    /// The entry of a string.
    String(&'a Entry),
}

impl<'a> Pattern<'a> {
    /// Reads a pattern; there is no wrong one.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Pattern<'a> {
        if until_nul(text) == b"#" {
            return Pattern::Element;
        }
        let Some(star) = memchr::memchr(b'*', until_nul(text)) else {
            return Pattern::Nowhere;
        };
        let (before, behind) = (&text[..star], &text[star + 1..]);
        let arrow = memchr::memmem::find(until_nul(behind), b"->");
        // What C sees behind the arrow must not be empty.
        let arrow = arrow.filter(|arrow| !until_nul(&behind[arrow + 2..]).is_empty());
        let (after, field) = match arrow {
            Some(arrow) => (&behind[..arrow], Some(&behind[arrow + 2..])),
            None => (behind, None),
        };
        Pattern::Key {
            before,
            after,
            field,
        }
    }

    /// Whether it is the same for all elements, as SORT sees it: whether it has no `*`.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        !matches!(self, Pattern::Key { .. })
    }

    /// What it leads to for an element.
    pub fn look_up<'d>(&self, db: &'d mut Db, element: &'d [u8]) -> Found<'d> {
        let (before, after, field) = match *self {
            Pattern::Element => return Found::Item(Item::Bytes(element)),
            Pattern::Nowhere => return Found::Nothing,
            Pattern::Key {
                before,
                after,
                field,
            } => (before, after, field),
        };
        let key = [before, element, after].concat();
        let Some(entry) = db.read(&key) else {
            return Found::Nothing;
        };
        match field {
            Some(field) => {
                let value = entry.as_hash().and_then(|hash| hash.get(field));
                value.map_or(Found::Nothing, Found::Item)
            }
            None if entry.as_string().is_some() => Found::String(entry),
            None => Found::Nothing,
        }
    }
}

impl Found<'_> {
    /// Hands the bytes to `read`, none where there is nothing, and gives back what it gives.
    pub fn with_bytes<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Found::Nothing => read(b""),
            Found::Item(item) => item.with_bytes(read),
            Found::String(entry) => read(entry.as_string().unwrap_or_default()),
        }
    }

    /// Replies with it, or with null.
    pub fn write(&self, reply: &mut Reply) {
        match self {
            Found::Nothing => reply.null(),
            Found::Item(item) => reply_item(reply, *item),
            Found::String(entry) => match entry.as_shared() {
                Some(shared) => reply.bulk_shared(shared),
                None => reply.bulk(entry.as_string().unwrap_or_default()),
            },
        }
    }
}
