//! Values with names: an arena whose names are `u32`, half a pointer, and which never grows all
//! at once.
//!
//! ```text
//!   segments    0                  1                  2
//!            [ a b c d e f g h ][ i j . l m . o p ][ q r s          room is made step by step ]
//!                                     ▲     ▲
//!                                     └─────┴─ free places are linked, both ways
//! ```
//!
//! Places that were given back are taken first. Where more than half of them are free, the owner
//! may have the arena made shorter, one place at a time: what lies in the last place is moved to a
//! free one, and the owner, who alone knows who uses its name, tells them the new name. (The arena
//! of the timing wheel never moves a value, since names of timers are in other hands.)

/// About how many bytes a segment has when it is full.
const SEGMENT_BYTES: usize = 64 * 1024;

/// A segment that has to grow does so by a quarter, or by this many bytes if that is more.
const MIN_GROWTH_BYTES: usize = 128;

/// So many places may be free whatever the rest is: a few that come and go move nothing.
const FREE_PLACES: usize = 64;

/// How many values are dropped at the most when an arena is freed in slices.
const FREED_AT_ONCE: usize = 512;

/// "No place" in the links.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone)]
enum Slot<T> {
    Live(T),
    Free { prev: u32, next: u32 },
}

/// Values with `u32` names; adding, removing and finding are O(1).
#[derive(Debug, Clone)]
pub struct Arena<T> {
    segments: Vec<Vec<Slot<T>>>,
    /// The first of the free places.
    free: u32,
    len: usize,
}

impl<T> Default for Arena<T> {
    fn default() -> Arena<T> {
        Arena {
            segments: Vec::new(),
            free: NONE,
            len: 0,
        }
    }
}

impl<T> Arena<T> {
    /// Places in a segment: a power of two, so that finding one takes no division.
    const SEGMENT: usize = 1 << (SEGMENT_BYTES / size_of::<Slot<T>>()).ilog2();

    const GROWTH: usize = MIN_GROWTH_BYTES.div_ceil(size_of::<Slot<T>>());

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keeps a value, and names it.
    ///
    /// # Panics
    /// When there are 2^32 - 1 values already.
    pub fn add(&mut self, value: T) -> u32 {
        let name = if self.free == NONE {
            self.push(Slot::Live(value))
        } else {
            let name = self.free;
            self.unlink(name);
            *self.slot_mut(name) = Slot::Live(value);
            name
        };
        self.len += 1;
        name
    }

    /// Takes a value out; its name may be given to another one from now on.
    ///
    /// # Panics
    /// When there is no value of this name.
    pub fn remove(&mut self, name: u32) -> T {
        let link = Slot::Free {
            prev: NONE,
            next: self.free,
        };
        let Slot::Live(value) = std::mem::replace(self.slot_mut(name), link) else {
            dead();
        };
        self.len -= 1;
        if self.len == 0 {
            *self = Arena::default();
            return value;
        }
        self.set_prev(self.free, name);
        self.free = name;
        value
    }

    /// The value of this name.
    ///
    /// # Panics
    /// When there is none.
    #[inline]
    #[must_use]
    pub fn get(&self, name: u32) -> &T {
        let name = name as usize;
        match &self.segments[name / Self::SEGMENT][name % Self::SEGMENT] {
            Slot::Live(value) => value,
            Slot::Free { .. } => dead(),
        }
    }

    /// The value of this name, to be changed.
    ///
    /// # Panics
    /// When there is none.
    #[inline]
    pub fn get_mut(&mut self, name: u32) -> &mut T {
        match self.slot_mut(name) {
            Slot::Live(value) => value,
            Slot::Free { .. } => dead(),
        }
    }

    /// Every value, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.segments
            .iter()
            .flatten()
            .filter_map(|slot| match slot {
                Slot::Live(value) => Some(value),
                Slot::Free { .. } => None,
            })
    }

    /// Whether it is worth while to make the arena shorter.
    #[inline]
    #[must_use]
    pub fn is_sparse(&self) -> bool {
        self.places() > 2 * self.len + FREE_PLACES
    }

    /// What [`Arena::shorten`] will do to a value: the name it has, and the one that it will have.
    /// `None` where the last place is free.
    #[must_use]
    pub fn next_move(&self) -> Option<(u32, u32)> {
        let slot = self.segments.last()?.last()?;
        let is_live = matches!(slot, Slot::Live(_));
        (is_live && self.free != NONE).then(|| (self.places() as u32 - 1, self.free))
    }

    /// Does away with the last place, if one is free. The value in it is moved as
    /// [`Arena::next_move`] said.
    pub fn shorten(&mut self) {
        if self.free == NONE {
            return;
        }
        let last = self.places() as u32 - 1;
        if let Some((_, to)) = self.next_move() {
            self.unlink(to);
            if let Some(value) = self.pop() {
                *self.slot_mut(to) = value;
            }
        } else {
            self.unlink(last);
            self.pop();
        }
    }

    /// Drops some of the values; `false` when nothing is left. The arena must not be used for
    /// anything else after the first call.
    pub fn free_some(&mut self) -> bool {
        let Some(segment) = self.segments.last_mut() else {
            return false;
        };
        segment.truncate(segment.len().saturating_sub(FREED_AT_ONCE));
        if segment.is_empty() {
            self.segments.pop();
        }
        true
    }

    /// Bytes of the places, without what values point to.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let Some(last) = self.segments.last() else {
            return 0;
        };
        // All but the last are as long as any may be.
        let places = (self.segments.len() - 1) * Self::SEGMENT + last.capacity();
        places * size_of::<Slot<T>>() + self.segments.capacity() * size_of::<Vec<Slot<T>>>()
    }

    /// How many places there are, free ones included.
    fn places(&self) -> usize {
        match self.segments.last() {
            Some(last) => (self.segments.len() - 1) * Self::SEGMENT + last.len(),
            None => 0,
        }
    }

    fn push(&mut self, slot: Slot<T>) -> u32 {
        let place = self.places();
        assert!(
            place < NONE as usize,
            "a sorted set has fewer than 2^32 members"
        );
        if place.is_multiple_of(Self::SEGMENT) {
            self.segments.push(Vec::new());
        }
        if let Some(segment) = self.segments.last_mut() {
            if segment.len() == segment.capacity() {
                let growth = (segment.len() / 4).max(Self::GROWTH);
                segment.reserve_exact(growth.min(Self::SEGMENT - segment.len()));
            }
            segment.push(slot);
        }
        place as u32
    }

    fn pop(&mut self) -> Option<Slot<T>> {
        let segment = self.segments.last_mut()?;
        let slot = segment.pop();
        let len = segment.len();
        if len == 0 {
            self.segments.pop();
        } else if len < segment.capacity() / 2 {
            segment.shrink_to(len + (len / 4).max(Self::GROWTH));
        }
        slot
    }

    /// Takes a place out of the list of those that are free.
    fn unlink(&mut self, name: u32) {
        let &mut Slot::Free { prev, next } = self.slot_mut(name) else {
            unreachable!("the list of free places leads only to free places");
        };
        self.set_prev(next, prev);
        if prev == NONE {
            self.free = next;
        } else if let Slot::Free { next: link, .. } = self.slot_mut(prev) {
            *link = next;
        }
    }

    fn set_prev(&mut self, name: u32, value: u32) {
        if name != NONE
            && let Slot::Free { prev, .. } = self.slot_mut(name)
        {
            *prev = value;
        }
    }

    #[inline]
    fn slot_mut(&mut self, name: u32) -> &mut Slot<T> {
        let name = name as usize;
        &mut self.segments[name / Self::SEGMENT][name % Self::SEGMENT]
    }
}

#[cold]
fn dead() -> ! {
    panic!("a name was used after it was given back");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    #[should_panic(expected = "after it was given back")]
    fn a_name_given_back_twice_is_a_broken_invariant() {
        let mut arena = Arena::default();
        let name = arena.add('a');
        arena.add('b');
        arena.remove(name);
        arena.remove(name);
    }

    #[test]
    fn segments_grow_in_steps_and_go_when_they_are_empty() {
        let mut arena = Arena::default();
        let names: Vec<u32> = (0..20_000u64).map(|n| arena.add(n)).collect();
        assert!(arena.segments.len() > 2);
        assert!(arena.heap_bytes() < 20_000 * 16 * 5 / 4);
        for &name in &names[1..] {
            arena.remove(name);
        }
        let mut steps = 0;
        while arena.is_sparse() {
            arena.shorten();
            steps += 1;
        }
        assert_eq!(steps, 20_000 - FREE_PLACES - 2);
        let places = FREE_PLACES + 2;
        assert!(
            arena.heap_bytes() < 2 * places * 16 + 256,
            "{}",
            arena.heap_bytes()
        );
        assert_eq!((arena.remove(0), arena.heap_bytes()), (0, 0));
    }

    #[test]
    fn freeing_in_slices_ends() {
        let mut arena = Arena::default();
        (0..10_000u64).for_each(|n| {
            arena.add(n);
        });
        let slices = (0..).take_while(|_| arena.free_some()).count();
        assert!((10_000 / FREED_AT_ONCE..40).contains(&slices), "{slices}");
    }

    proptest! {
        #[test]
        fn it_does_what_a_map_does(steps in prop::collection::vec((0u8..3, any::<usize>()), 1..2000)) {
            let mut arena = Arena::default();
            let mut map = BTreeMap::new();
            for (value, (step, at)) in steps.into_iter().enumerate() {
                let names: Vec<u32> = map.keys().copied().collect();
                if names.is_empty() || step == 0 {
                    prop_assert_eq!(map.insert(arena.add(value), value), None);
                } else if step == 1 {
                    let name = names[at % names.len()];
                    prop_assert_eq!(Some(arena.remove(name)), map.remove(&name));
                } else {
                    let places = arena.places();
                    if let Some((from, to)) = arena.next_move() {
                        let value = map.remove(&from).expect("a value that there is");
                        prop_assert_eq!(map.insert(to, value), None);
                    }
                    arena.shorten();
                    prop_assert!(arena.places() == places.max(map.len() + 1) - 1 || places == map.len());
                }
                prop_assert_eq!(arena.len(), map.len());
                prop_assert!(map.iter().all(|(&name, value)| arena.get(name) == value));
                prop_assert!(arena.iter().eq(map.values()));
            }
        }
    }
}
