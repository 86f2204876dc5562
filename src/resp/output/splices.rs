//! The blobs that are spliced into an output, in order.
//!
//! Most outputs have none. One that has only a message has exactly one, and ten thousand subscribers have ten
//! thousand of those: it needs no memory of its own. Only from the second on there is a queue.

use std::collections::VecDeque;
use std::sync::Arc;

/// A blob that is sent before the byte at position `at`.
#[derive(Debug)]
pub(super) struct Splice {
    pub at: u64,
    pub blob: Arc<Vec<u8>>,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(super) enum Splices {
    #[default]
    None,
    One(Splice),
    #[expect(
        clippy::box_collection,
        reason = "every client has one of these, and few have many splices"
    )]
    Many(Box<VecDeque<Splice>>),
}

impl Splices {
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Splices::None => 0,
            Splices::One(_) => 1,
            Splices::Many(queue) => queue.len(),
        }
    }

    #[inline]
    pub fn front(&self) -> Option<&Splice> {
        match self {
            Splices::None => None,
            Splices::One(splice) => Some(splice),
            Splices::Many(queue) => queue.front(),
        }
    }

    pub fn back(&self) -> Option<&Splice> {
        match self {
            Splices::None => None,
            Splices::One(splice) => Some(splice),
            Splices::Many(queue) => queue.back(),
        }
    }

    pub fn push_back(&mut self, splice: Splice) {
        *self = match std::mem::take(self) {
            Splices::None => Splices::One(splice),
            Splices::One(first) => Splices::Many(Box::new(VecDeque::from([first, splice]))),
            Splices::Many(mut queue) => {
                queue.push_back(splice);
                Splices::Many(queue)
            }
        };
    }

    pub fn pop_front(&mut self) -> Option<Splice> {
        self.pop(VecDeque::pop_front)
    }

    pub fn pop_back(&mut self) -> Option<Splice> {
        self.pop(VecDeque::pop_back)
    }

    /// Takes one out. With the last one the queue's memory goes.
    fn pop(&mut self, from: fn(&mut VecDeque<Splice>) -> Option<Splice>) -> Option<Splice> {
        match std::mem::take(self) {
            Splices::None => None,
            Splices::One(splice) => Some(splice),
            Splices::Many(mut queue) => {
                let splice = from(&mut queue);
                if !queue.is_empty() {
                    *self = Splices::Many(queue);
                }
                splice
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Splice> {
        let (one, many) = match self {
            Splices::None => (None, None),
            Splices::One(splice) => (Some(splice), None),
            Splices::Many(queue) => (None, Some(queue.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Splice> {
        let (one, many) = match self {
            Splices::None => (None, None),
            Splices::One(splice) => (Some(splice), None),
            Splices::Many(queue) => (None, Some(queue.iter_mut())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// The bytes of memory of its own, without the blobs.
    pub fn memory(&self) -> usize {
        match self {
            Splices::None | Splices::One(_) => 0,
            Splices::Many(queue) => {
                size_of::<VecDeque<Splice>>() + queue.capacity() * size_of::<Splice>()
            }
        }
    }
}
