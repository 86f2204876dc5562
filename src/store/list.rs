//! Lists: elements in the order in which they were pushed.
//!
//! ```text
//!   packed   ┌─────┬───────────┬───┬───┬───┬───┐
//!            │ key │ how many  │ a │ b │ c │ d │     one allocation, elements side by side
//!            └─────┴───────────┴───┴───┴───┴───┘
//!
//!   large    List: a deque of chunks, each of some hundred elements side by side
//! ```
//!
//! Most lists are short: the last ten events of a user, the jobs that wait at this moment. Packed,
//! such a list takes the bytes of its elements and a handful more. But its memory is always exactly as
//! long as what is in it, so each push and each pop asks for other memory and, at the front, moves all
//! of the elements. Up to some thousand bytes that takes the same 50 ns whatever the length; at eight
//! thousand the moving is most of it. A large list has memory to spare at its ends, and pushes and
//! pops in half of the time and less. Therefore a list becomes large long before a chunk of it would be
//! full.
//!
//! Redis tells none of this: the name of the encoding is `quicklist` for any list, so where the
//! border lies is ours to choose.

pub mod chunks;

pub use chunks::{End, Fill, List};

use super::entry::{Contents, ContentsMut, Entry, Home};
use super::form::Form;
use super::pack::{self, Item, Pack, PackMut, Place};
use super::packing::Packing;
use super::value::Value;

/// A packed list has no more bytes than this, nor more than one chunk may have.
const PACKED_BYTES: usize = 2048;

/// A list to be read.
#[derive(Debug, Clone, Copy)]
pub enum ListRef<'a> {
    /// A few elements.
    Packed(Pack<'a>),
    /// Many, or long ones.
    Large(&'a List),
}

/// A list to be changed.
#[derive(Debug)]
pub struct ListMut<'a> {
    home: Home<'a>,
}

/// What a [`ListMut`] changes.
enum Edit<'a> {
    Packed(PackMut<'a>),
    Large(&'a mut List),
}

impl Entry {
    /// The value, where it is a list.
    #[inline]
    #[must_use]
    pub fn as_list(&self) -> Option<ListRef<'_>> {
        ListRef::of(self.contents())
    }

    /// The value to be changed, where it is a list.
    #[inline]
    pub fn as_list_mut(&mut self) -> Option<ListMut<'_>> {
        self.as_list()?;
        Some(ListMut { home: self.home() })
    }
}

impl<'a> ListRef<'a> {
    #[inline]
    fn of(contents: Contents<'a>) -> Option<ListRef<'a>> {
        match contents {
            Contents::Packed(Form::List, bytes) => Some(ListRef::Packed(Pack::new(bytes))),
            Contents::Large(Value::List(list)) => Some(ListRef::Large(list)),
            _ => None,
        }
    }

    /// How many elements there are. No walk.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            ListRef::Packed(pack) => pack.len(),
            ListRef::Large(list) => list.len(),
        }
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at an index, from 0 on. Whole chunks are skipped on the way there, from
    /// whichever end is nearer.
    #[must_use]
    pub fn get(self, index: usize) -> Option<Item<'a>> {
        match self {
            ListRef::Packed(pack) => pack.get(index),
            ListRef::Large(list) => list.get(index),
        }
    }

    /// Every element, from either end.
    #[must_use]
    pub fn iter(self) -> Iter<'a> {
        self.range(0, self.len())
    }

    /// `count` elements from an index on, or as many as there are, from either end of them.
    #[must_use]
    pub fn range(self, index: usize, count: usize) -> Iter<'a> {
        match self {
            ListRef::Packed(pack) => Iter::Packed(pack.range_iter(index, count)),
            ListRef::Large(list) => Iter::Large(list.range(index, count)),
        }
    }

    /// The index of the first element that is this byte string.
    #[must_use]
    pub fn find(self, needle: &[u8]) -> Option<usize> {
        match self {
            ListRef::Packed(pack) => pack.find(needle, 1).map(Place::index),
            ListRef::Large(list) => list.find(needle),
        }
    }
}

impl<'a> IntoIterator for ListRef<'a> {
    type Item = Item<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Elements of a list, in order or backward.
#[derive(Debug, Clone)]
pub enum Iter<'a> {
    /// Of a packed one.
    Packed(pack::Iter<'a>),
    /// Of a large one.
    Large(chunks::Iter<'a>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        match self {
            Iter::Packed(items) => items.next(),
            Iter::Large(items) => items.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Iter::Packed(items) => items.size_hint(),
            Iter::Large(items) => items.size_hint(),
        }
    }

    /// What `for_each` comes to: the form is asked for once, not for each element.
    #[inline]
    fn fold<B, F: FnMut(B, Item<'a>) -> B>(self, init: B, fold: F) -> B {
        match self {
            Iter::Packed(items) => items.fold(init, fold),
            Iter::Large(items) => items.fold(init, fold),
        }
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Item<'a>> {
        match self {
            Iter::Packed(items) => items.next_back(),
            Iter::Large(items) => items.next_back(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl ListMut<'_> {
    /// The list, to be read.
    #[inline]
    #[must_use]
    pub fn as_ref(&self) -> ListRef<'_> {
        ListRef::of(self.home.contents()).expect("the home of a list holds a list")
    }

    /// How many elements there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    /// Whether there is no element (left).
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an element at one of the ends.
    #[inline]
    pub fn push(&mut self, end: End, element: &[u8], packing: &Packing) {
        self.extend(end, std::iter::once(element), packing);
    }

    /// Adds elements at one of the ends, one after the other: the last of them is then the outermost.
    pub fn extend<'e>(
        &mut self,
        end: End,
        elements: impl DoubleEndedIterator<Item = &'e [u8]> + Clone,
        packing: &Packing,
    ) {
        self.make_room(elements.clone(), packing);
        match (self.edit(), end) {
            (Edit::Packed(mut pack), End::Front) => {
                pack.splice_iter(pack.as_pack().first(), 0, elements.rev());
            }
            (Edit::Packed(mut pack), End::Back) => {
                pack.splice_iter(pack.as_pack().end(), 0, elements);
            }
            (Edit::Large(list), _) => elements.for_each(|element| list.push(end, element)),
        }
    }

    /// Removes the element at one of the ends after `read` has seen it, and gives what `read` made
    /// of it; `None` where the list is empty.
    #[inline]
    pub fn pop<R>(&mut self, end: End, read: impl FnOnce(Item) -> R) -> Option<R> {
        match self.edit() {
            Edit::Packed(mut pack) => {
                let view = pack.as_pack();
                let place = match end {
                    End::Front => view.first(),
                    End::Back => view.previous(view.end())?,
                };
                let result = read(view.item(place)?);
                pack.remove(place);
                Some(result)
            }
            Edit::Large(list) => list.pop(end, read),
        }
    }

    /// Puts an element in the place of another; `false` where the list is not so long.
    pub fn set(&mut self, index: usize, element: &[u8], packing: &Packing) -> bool {
        self.make_room(std::iter::once(element), packing);
        match self.edit() {
            Edit::Packed(mut pack) => {
                let place = pack.as_pack().place(index);
                if let Some(place) = place {
                    pack.replace(place, element);
                }
                place.is_some()
            }
            Edit::Large(list) => list.set(index, element),
        }
    }

    /// Adds an element before the one at `index`; at the end where `index` is the length. `false`
    /// where the list is not so long.
    pub fn insert(&mut self, index: usize, element: &[u8], packing: &Packing) -> bool {
        self.make_room(std::iter::once(element), packing);
        match self.edit() {
            Edit::Packed(mut pack) => {
                let view = pack.as_pack();
                let place = match view.place(index) {
                    None if index == view.len() => Some(view.end()),
                    place => place,
                };
                if let Some(place) = place {
                    pack.insert(place, element);
                }
                place.is_some()
            }
            Edit::Large(list) => list.insert(index, element),
        }
    }

    /// Removes `count` elements from an index on, or as many as there are.
    ///
    /// Gives what there is still to be freed, which may take long.
    #[must_use]
    pub fn remove_range(&mut self, index: usize, count: usize) -> Option<Value> {
        match self.edit() {
            Edit::Packed(mut pack) => {
                pack.remove_range(index, count);
                None
            }
            Edit::Large(list) => {
                let removed = list.remove_range(index, count);
                (!removed.is_empty()).then(|| Value::List(Box::new(removed)))
            }
        }
    }

    /// Removes the elements that are this byte string, `count` at the most, beginning at one of the
    /// ends; gives how many there were.
    pub fn remove_equal(&mut self, needle: &[u8], count: usize, from: End) -> usize {
        match self.edit() {
            Edit::Packed(pack) => remove_equal_packed(pack, needle, count, from),
            Edit::Large(list) => list.remove_equal(needle, count, from),
        }
    }

    #[inline]
    fn edit(&mut self) -> Edit<'_> {
        match self.home.contents_mut() {
            ContentsMut::Packed(_, tail) => Edit::Packed(PackMut::new(tail.bytes, tail.head)),
            ContentsMut::Large(Value::List(list)) => Edit::Large(list),
            ContentsMut::Large(_) => unreachable!("the home of a list holds a list"),
        }
    }

    /// Makes a packed list large if it could not take these elements as well.
    #[inline]
    fn make_room<'e>(&mut self, elements: impl Iterator<Item = &'e [u8]>, packing: &Packing) {
        let ListRef::Packed(pack) = self.as_ref() else {
            return;
        };
        let (count, bytes) = elements.fold((0, 0), |(count, bytes), element| {
            (count + 1, bytes + pack::max_size(element.len()))
        });
        let fill = Fill::from_setting(packing.list_chunk.into());
        let (count, bytes) = (pack.len() + count, pack.bytes_len() + bytes);
        if bytes > PACKED_BYTES || !fill.allows(count, bytes) {
            self.enlarge(fill);
        }
    }

    #[cold]
    fn enlarge(&mut self, fill: Fill) {
        if let ListRef::Packed(pack) = self.as_ref() {
            let list = List::from_pack(pack, fill);
            self.home.enlarge(Value::List(Box::new(list)));
        }
    }
}

/// As [`ListMut::remove_equal`]. Each one that is removed moves what lies behind it, which is little.
fn remove_equal_packed(mut pack: PackMut, needle: &[u8], count: usize, from: End) -> usize {
    let needle = Item::of(needle);
    let mut removed = 0;
    // Before it, or behind it when it goes backward, everything has been looked at.
    let mut border = match from {
        End::Front => pack.as_pack().first(),
        End::Back => pack.as_pack().end(),
    };
    while removed < count {
        let view = pack.as_pack();
        let place = match from {
            End::Front => Some(border),
            End::Back => view.previous(border),
        };
        let Some((place, item)) = place.and_then(|place| Some((place, view.item(place)?))) else {
            break;
        };
        border = match from {
            End::Front if item != needle => view.next(place).expect("an element has an end"),
            _ => place,
        };
        if item == needle {
            pack.remove(place);
            removed += 1;
        }
    }
    removed
}

#[cfg(test)]
mod tests;
