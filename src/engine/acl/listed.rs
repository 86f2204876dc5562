//! Things in the order in which they came, each there once, and found by its name without a search.
//!
//! One ACL SETUSER can bring thousands of patterns. To compare each with all before it would hold the loop for
//! seconds.

use std::collections::BTreeMap;
use std::sync::Arc;

/// See the module's text.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    items: Vec<T>,
    /// The place of each, by its name.
    places: BTreeMap<Arc<[u8]>, usize>,
}

impl<T> Default for Listed<T> {
    fn default() -> Listed<T> {
        Listed {
            items: Vec::new(),
            places: BTreeMap::new(),
        }
    }
}

impl<T> Listed<T> {
    /// All of them, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }

    /// The one with this name; made, as the last one, if it is not there.
    pub fn get_or_add(&mut self, name: &[u8], make: impl FnOnce(Arc<[u8]>) -> T) -> &mut T {
        let place = match self.places.get(name) {
            Some(&place) => place,
            None => {
                let name: Arc<[u8]> = name.into();
                self.places.insert(Arc::clone(&name), self.items.len());
                self.items.push(make(name));
                self.items.len() - 1
            }
        };
        &mut self.items[place]
    }

    /// None of them any more.
    pub fn clear(&mut self) {
        *self = Listed::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_in_the_order_in_which_they_came() {
        let mut listed: Listed<(Arc<[u8]>, u32)> = Listed::default();
        for name in [b"b".as_slice(), b"", b"b", b"a", b"", b"b"] {
            listed.get_or_add(name, |name| (name, 0)).1 += 1;
        }
        let found: Vec<_> = listed.as_slice().iter().map(|(n, c)| (&**n, *c)).collect();
        assert_eq!(found, [(b"b".as_slice(), 3), (b"", 2), (b"a", 1)]);
        listed.clear();
        assert!(listed.as_slice().is_empty());
        listed.get_or_add(b"a", |name| (name, 0));
        assert_eq!(listed.as_slice().len(), 1);
    }
}
