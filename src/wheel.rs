//! A hierarchical timing wheel: very many deadlines, each put in, taken out and reached in O(1).
//!
//! It is pure: it reads no clock, calls nobody back and does no input or output. Ticks are whatever
//! the caller counts in (Aerolite counts milliseconds). The idea is Varghese and Lauck's ("Hashed
//! and Hierarchical Timing Wheels", SOSP 1987, scheme 7), with the levels chosen by comparing
//! digits, so that nothing ever wraps around.
//!
//! # Where a timer is
//!
//! Write the deadline and the wheel's *cursor* (the tick it has come to) as numbers of base 64. The
//! highest digit in which they differ is the level, the deadline's digit there is the slot:
//!
//! ```text
//!             digit  7 ......  3   2   1   0        level 2   [.|.|.|.|.|.|#|.| ... |.]   slots of 4096 ticks
//! cursor             0 ......  0   5  17  40        level 1   [.|.|#|.|.|#|.|.| ... |.]   slots of   64 ticks
//! deadline           0 ......  0   6   2  63        level 0   [.|#|.|.|.|.|.|#| ... |.]   slots of    1 tick
//!                                  ^
//!                       level 2, slot 6             behind    deadlines before the cursor
//!                                                   far       deadlines in another 2^48 ticks
//! ```
//!
//! So a slot of level 0 holds one deadline, and the slots that are in use lie ahead of the cursor's
//! own digit. One word a level says which are in use, and the next one is a count of trailing
//! zeros: a silence of a year costs as much to cross as a silence of a tick.
//!
//! When the cursor reaches a slot of a higher level, the slot's timers *cascade*: each is placed
//! anew, at a lower level. One [`step`](Wheel::step) moves one timer, since a slot may hold a
//! million of them. While a cascade is under way its slot lies at the cursor while lower levels may
//! be in use already, so "the first level in use" is not where the next thing happens; the minimum
//! over the levels is.
//!
//! # What is not ahead
//!
//! - A deadline before the cursor goes to the list `behind` and is due at once.
//! - A deadline that differs from the cursor above digit 7 goes to the list `far`.
//! - A caller that follows the wall clock may see it step *back*. Then a deadline behind the cursor
//!   may lie in the caller's future, and firing it would be a lie.
//!
//! The last two have one answer, *rebasing*: the wheel has two banks of slots. It switches to the
//! empty one, sets the cursor where it has to be and places the timers of the old bank anew, one a
//! step, before anything else. No timer is ever early or late by this; it happens once in 2^48
//! ticks, or when somebody sets the clock back.

use std::num::{NonZeroU16, NonZeroU32};

use arena::Arena;

mod arena;
#[cfg(test)]
mod tests;

/// Levels of a wheel.
pub const LEVELS: usize = 8;
/// Bits of a digit: a level has 2^6 slots, as many as its word has bits.
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// The ticks the levels span together; deadlines in another span are far.
const SPAN_BITS: u32 = DIGIT_BITS * LEVELS as u32;

/// The two lists that are no slot of a level are kept as if they were slots of one more.
const BEHIND: usize = LEVELS * SLOTS;
const FAR: usize = BEHIND + 1;
const LISTS: usize = FAR + 1;
const WORDS: usize = LEVELS + 1;

/// "No timer" at the head of a list.
const NIL: u32 = u32::MAX;

/// Names a timer that is in a [`Wheel`].
///
/// It is four bytes, and so is an `Option` of it, because every key with a deadline stores one.
/// When its timer has fired or was cancelled, the id may be given to another timer: whoever keeps
/// an id forgets it then.
///
/// ```
/// use aerolite::wheel::TimerId;
///
/// assert_eq!(size_of::<Option<TimerId>>(), 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId(NonZeroU32);

impl TimerId {
    fn new(index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index))
    }

    fn index(self) -> u32 {
        self.0.get() - 1
    }
}

/// What one unit of work came to.
///
/// ```
/// use aerolite::wheel::{Step, Wheel};
///
/// let mut wheel = Wheel::new(0);
/// let id = wheel.insert(70, "tea");
/// assert_eq!(wheel.step(70), Step::Moved, "from its slot of 64 ticks to one of a single tick");
/// assert_eq!(wheel.step(70), Step::Fired { id, at: 70, item: "tea" });
/// assert_eq!(wheel.step(70), Step::Idle);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// A deadline was reached, and its timer has left the wheel.
    Fired {
        /// The id the timer had; from now on another one may get it.
        id: TimerId,
        /// The deadline, in ticks: the true one, however late this is.
        at: u64,
        /// What was inserted with it.
        item: T,
    },
    /// The wheel put its own house in order; there may be more to do at this same time.
    Moved,
    /// There is nothing to do before [`Wheel::next_due`].
    Idle,
}

#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
struct Timer<T> {
    at: u64,
    item: T,
    prev: u32,
    next: u32,
    /// The list this timer is in, so that it can be taken out of the right one in the midst of a
    /// cascade.
    place: Place,
}

/// A list of one of the banks. Never zero, which is where the arena's tag for free entries fits in.
#[derive(Clone, Copy, Debug)]
struct Place(NonZeroU16);

impl Place {
    fn new(bank: usize, list: usize) -> Self {
        Self(NonZeroU16::MIN.saturating_add((bank * LISTS + list) as u16))
    }

    fn bank_and_list(self) -> (usize, usize) {
        let number = usize::from(self.0.get() - 1);
        (number / LISTS, number % LISTS)
    }
}

/// One set of lists. Each is a ring, so its head leads to its tail and timers leave in the order
/// they came.
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
struct Bank {
    /// Bit `s` of word `l` is set while list `64 * l + s` has timers.
    occupied: [u64; WORDS],
    /// Bit `l` is set while word `l` is not zero.
    words: u16,
    heads: [u32; LISTS],
}

impl Bank {
    const EMPTY: Self = Self {
        occupied: [0; WORDS],
        words: 0,
        heads: [NIL; LISTS],
    };

    fn set_head(&mut self, list: usize, head: u32) {
        self.heads[list] = head;
        let (word, bit) = (list / SLOTS, 1 << (list % SLOTS));
        if head == NIL {
            self.occupied[word] &= !bit;
        } else {
            self.occupied[word] |= bit;
        }
        if self.occupied[word] == 0 {
            self.words &= !(1 << word);
        } else {
            self.words |= 1 << word;
        }
    }

    /// The first list in use of a word that has one.
    fn first_list(&self, word: usize) -> usize {
        word * SLOTS + self.occupied[word].trailing_zeros() as usize
    }
}

/// The next thing to be done, and which it is.
#[derive(Clone, Copy)]
enum Task {
    /// A timer of the old bank has to be placed anew.
    Rehouse { list: usize },
    /// A deadline behind the cursor is due, or turns out to be ahead of a clock that went back.
    Behind,
    /// The earliest far deadline is reached.
    Far,
    /// The cursor reaches this slot of level 0: a deadline.
    Fire { list: usize },
    /// The cursor reaches this slot of a higher level.
    Cascade { list: usize },
}

/// Timers by deadline. See the [module](self) for how it works.
///
/// Ticks are `u64` and their unit is the caller's. Items of a type without `Drop` make dropping a
/// wheel cheap: it is a few frees, one for every 4096 timers.
///
/// ```
/// use aerolite::wheel::{Step, Wheel};
///
/// let mut wheel = Wheel::new(1_000);
/// let tea = wheel.insert(1_180, "tea");
/// let eggs = wheel.insert(1_240, "eggs");
/// assert_eq!(wheel.cancel(eggs), "eggs");
///
/// // The caller decides how many steps it takes at a time; each is O(1).
/// let mut ready = Vec::new();
/// loop {
///     match wheel.step(1_200) {
///         Step::Fired { at, item, .. } => ready.push((at, item)),
///         Step::Moved => {}
///         Step::Idle => break,
///     }
/// }
/// assert_eq!(ready, [(1_180, "tea")]);
/// assert_eq!(wheel.next_due(), None);
/// # let _ = tea;
/// ```
#[cfg_attr(test, derive(Clone))]
#[derive(Debug)]
pub struct Wheel<T> {
    timers: Arena<Timer<T>>,
    len: usize,
    /// All ticks before this one have been dealt with. It moves back only by rebasing.
    cursor: u64,
    /// Which of the banks takes new timers; the other one is empty but while rebasing.
    bank: usize,
    banks: [Bank; 2],
    /// No deadline in `BEHIND` of the current bank is earlier than this.
    behind_floor: u64,
    /// No deadline in `FAR` of the current bank is earlier than this.
    far_floor: u64,
}

impl<T> Wheel<T> {
    /// An empty wheel whose first tick is `now`. It asks for no memory before the first insert.
    ///
    /// See the example of [`Wheel`].
    #[must_use]
    pub const fn new(now: u64) -> Self {
        Self {
            timers: Arena::new(),
            len: 0,
            cursor: now,
            bank: 0,
            banks: [Bank::EMPTY; 2],
            behind_floor: 0,
            far_floor: 0,
        }
    }

    /// The bytes of memory it takes.
    ///
    /// ```
    /// use aerolite::wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new(0);
    /// let empty = wheel.bytes();
    /// wheel.insert(5, ());
    /// assert!(wheel.bytes() > empty, "the first timer asks for memory");
    /// ```
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.timers.bytes()
    }

    /// How many timers there are.
    ///
    /// See the example of [`insert`](Self::insert).
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no timer.
    ///
    /// See the example of [`insert`](Self::insert).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a timer that is due at tick `at`, in O(1). One whose tick is over is due at once; there
    /// is no upper bound.
    ///
    /// # Panics
    ///
    /// When there are 2^32 - 4097 timers or more: the caller's memory limit comes long before.
    ///
    /// # Example
    ///
    /// ```
    /// use aerolite::wheel::{Step, Wheel};
    ///
    /// let mut wheel = Wheel::new(1_000);
    /// assert!(wheel.is_empty());
    /// wheel.insert(u64::MAX, "at the end of time");
    /// wheel.insert(3, "long over");
    /// assert_eq!(wheel.len(), 2);
    /// assert!(matches!(wheel.step(1_000), Step::Fired { at: 3, .. }));
    /// ```
    pub fn insert(&mut self, at: u64, item: T) -> TimerId {
        let index = self.timers.take(Timer {
            at,
            item,
            prev: NIL,
            next: NIL,
            place: Place::new(0, BEHIND),
        });
        self.len += 1;
        self.place(index, at);
        TimerId::new(index)
    }

    /// Removes a timer before it fires and gives its item back, in O(1).
    ///
    /// # Panics
    ///
    /// When `id` is of no live timer. An id kept too long may also be another timer's by now, which
    /// cannot be noticed.
    ///
    /// # Example
    ///
    /// ```
    /// use aerolite::wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new(0);
    /// let id = wheel.insert(180, "tea");
    /// assert_eq!((wheel.deadline(id), *wheel.get(id)), (180, "tea"));
    /// *wheel.get_mut(id) = "green tea";
    /// assert_eq!(wheel.cancel(id), "green tea");
    /// assert_eq!(wheel.next_due(), None);
    /// ```
    pub fn cancel(&mut self, id: TimerId) -> T {
        self.remove(id.index()).item
    }

    /// The tick a timer is due at.
    ///
    /// # Panics
    ///
    /// As [`cancel`](Self::cancel).
    ///
    /// # Example
    ///
    /// See the example of [`cancel`](Self::cancel).
    #[must_use]
    pub fn deadline(&self, id: TimerId) -> u64 {
        self.timers.get(id.index()).at
    }

    /// The item of a timer.
    ///
    /// # Panics
    ///
    /// As [`cancel`](Self::cancel).
    ///
    /// # Example
    ///
    /// See the example of [`cancel`](Self::cancel).
    #[must_use]
    pub fn get(&self, id: TimerId) -> &T {
        &self.timers.get(id.index()).item
    }

    /// The item of a timer, to be changed.
    ///
    /// # Panics
    ///
    /// As [`cancel`](Self::cancel).
    ///
    /// # Example
    ///
    /// See the example of [`cancel`](Self::cancel).
    pub fn get_mut(&mut self, id: TimerId) -> &mut T {
        &mut self.timers.get_mut(id.index()).item
    }

    /// The earliest tick `t` at which `step(t)` has something to do; `None` for an empty wheel.
    /// O(levels).
    ///
    /// It is exact: before this tick a step is [`Step::Idle`], and at it, it is not. It is never
    /// later than the earliest deadline; it is earlier when timers have to be moved on the way
    /// there, which happens to each timer at most once a level. When something is due already it is
    /// some tick in the past.
    ///
    /// See the examples of [`Wheel`] and [`earliest`](Self::earliest).
    #[must_use]
    #[inline]
    pub fn next_due(&self) -> Option<u64> {
        // Whoever has nothing on the wheel asks as often as others.
        if self.is_empty() {
            return None;
        }
        self.next_task().map(|(due, _)| due)
    }

    /// Does one O(1) unit of the work that is due at `now`.
    ///
    /// Deadlines fire in the order of their ticks, none before its tick, and when a step at `now`
    /// is `Idle` no deadline at or before `now` is left. Timers inserted when their tick was
    /// already over fire before the others, in the order of insertion. `now` may jump ahead as far
    /// as it likes; it may also go back, as wall clocks do, and then timers wait for `now` to come
    /// to them again.
    ///
    /// ```
    /// use aerolite::wheel::{Step, Wheel};
    ///
    /// /// The items that are due, in no more than so many steps.
    /// fn due(wheel: &mut Wheel<u32>, now: u64, steps: usize) -> Vec<u32> {
    ///     let mut items = Vec::new();
    ///     for _ in 0..steps {
    ///         match wheel.step(now) {
    ///             Step::Fired { item, .. } => items.push(item),
    ///             Step::Moved => {}
    ///             Step::Idle => break,
    ///         }
    ///     }
    ///     items
    /// }
    ///
    /// let mut wheel = Wheel::new(0);
    /// for (at, item) in [(30, 3), (10, 1), (20, 2)] {
    ///     wheel.insert(at, item);
    /// }
    /// assert_eq!(due(&mut wheel, 20, 1), [1], "a budget of one step");
    /// assert_eq!(due(&mut wheel, 20, 100), [2]);
    /// assert_eq!(due(&mut wheel, 30, 100), [3]);
    /// ```
    pub fn step(&mut self, now: u64) -> Step<T> {
        let Some((due, task)) = self.next_task() else {
            self.cursor = now;
            return Step::Idle;
        };
        if due > now {
            self.cursor = self.cursor.max(now);
            return Step::Idle;
        }
        match task {
            Task::Fire { list } => {
                self.cursor = due;
                self.fire(self.banks[self.bank].heads[list])
            }
            Task::Cascade { list } => {
                self.cursor = due;
                self.move_first(self.bank, list)
            }
            Task::Behind => {
                let first = self.banks[self.bank].heads[BEHIND];
                if self.timers.get(first).at <= now {
                    self.fire(first)
                } else {
                    self.rebase(now)
                }
            }
            Task::Far => self.rebase(due),
            Task::Rehouse { list } => self.move_first(1 - self.bank, list),
        }
    }

    /// What has to be done next, and the tick from which on it can be.
    fn next_task(&self) -> Option<(u64, Task)> {
        let old = &self.banks[1 - self.bank];
        if old.words != 0 {
            let list = old.first_list(old.words.trailing_zeros() as usize);
            return Some((0, Task::Rehouse { list }));
        }
        let bank = &self.banks[self.bank];
        if bank.heads[BEHIND] != NIL {
            return Some((self.behind_floor, Task::Behind));
        }
        let mut next = None;
        if bank.heads[FAR] != NIL {
            next = Some((self.far_floor, Task::Far));
        }
        // ANCHOR: nearest
        for level in 0..LEVELS {
            if bank.occupied[level] == 0 {
                continue;
            }
            let list = bank.first_list(level);
            let start = slot_start(self.cursor, level, list % SLOTS);
            if next.is_none_or(|(due, _)| start < due) {
                let task = if level == 0 {
                    Task::Fire { list }
                } else {
                    Task::Cascade { list }
                };
                next = Some((start, task));
            }
        }
        next
        // ANCHOR_END: nearest
    }

    /// The slots of a level (0 is the finest) that hold timers, each with how many: counted up to
    /// `most`, so that looking takes at most 64 times that many steps. A slot of level `l` holds deadlines
    /// whose digit `l` in base 64 is its number.
    ///
    /// Deadlines that are over, those in another 2^48 ticks, and those that are still to be placed anew
    /// after the clock went back are in no slot.
    ///
    /// # Panics
    ///
    /// When there is no such level.
    ///
    /// # Example
    ///
    /// ```
    /// use aerolite::wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new(0);
    /// for at in [3, 3, 3, 5, 64 * 7 + 1] {
    ///     wheel.insert(at, ());
    /// }
    /// assert_eq!(wheel.slots(0, 2).collect::<Vec<_>>(), [(3, 2), (5, 1)]);
    /// assert_eq!(wheel.slots(1, 2).collect::<Vec<_>>(), [(7, 1)]);
    /// ```
    pub fn slots(&self, level: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
        assert!(level < LEVELS, "a wheel has {LEVELS} levels");
        let bank = &self.banks[self.bank];
        let word = bank.occupied[level];
        (0..SLOTS)
            .filter(move |slot| word >> slot & 1 == 1)
            .map(move |slot| {
                let head = bank.heads[level * SLOTS + slot];
                (slot, self.indices(head).take(most).count())
            })
    }

    /// The earliest deadline, where [`next_due`](Self::next_due) may be earlier. In each of some ten lists
    /// it looks at the first `looks` timers only: among more of them an earlier one may be missed.
    ///
    /// ```
    /// use aerolite::wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new(0);
    /// wheel.insert(100, ());
    /// wheel.insert(90, ());
    /// assert_eq!(wheel.next_due(), Some(64), "they have to be moved on the way");
    /// assert_eq!(wheel.earliest(8), Some(90));
    /// ```
    #[must_use]
    pub fn earliest(&self, looks: usize) -> Option<u64> {
        self.soonest(looks).map(|id| self.deadline(id))
    }

    /// The timer with the earliest deadline, as far as [`earliest`](Self::earliest) finds it.
    ///
    /// ```
    /// use aerolite::wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new(0);
    /// wheel.insert(100, "later");
    /// let sooner = wheel.insert(90, "sooner");
    /// assert_eq!(wheel.soonest(8), Some(sooner));
    /// ```
    #[must_use]
    pub fn soonest(&self, looks: usize) -> Option<TimerId> {
        let of_list = |bank: &Bank, list: usize| {
            let timers = self.indices(bank.heads[list]).take(looks);
            timers.map(|index| (self.timers.get(index).at, index)).min()
        };
        let of_bank = |bank: &Bank| {
            let of_levels = (0..LEVELS)
                .filter(|&level| bank.occupied[level] != 0)
                .filter_map(|level| of_list(bank, bank.first_list(level)))
                .min();
            let of_others = [BEHIND, FAR]
                .into_iter()
                .filter_map(|list| of_list(bank, list))
                .min();
            of_levels.into_iter().chain(of_others).min()
        };
        let first = self.banks.iter().filter_map(of_bank).min();
        first.map(|(_, index)| TimerId::new(index))
    }

    /// A timer, each about as likely as any other; `random(n)` gives a number below `n`.
    ///
    /// ```
    /// use aerolite::wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new(0);
    /// assert_eq!(wheel.random(|_| 0), None);
    /// let only = wheel.insert(5, ());
    /// assert_eq!(wheel.random(|n| n - 1), Some(only));
    /// ```
    #[must_use]
    pub fn random(&self, random: impl FnMut(usize) -> usize) -> Option<TimerId> {
        self.timers.random(random).map(TimerId::new)
    }

    /// The timers of a list, from its head on.
    fn indices(&self, head: u32) -> impl Iterator<Item = u32> {
        let first = (head != NIL).then_some(head);
        std::iter::successors(first, move |&index| {
            Some(self.timers.get(index).next).filter(|&next| next != head)
        })
    }

    /// Gives up all timers at once and the memory in pieces, where one big free would take too long.
    ///
    /// ```
    /// use aerolite::wheel::Wheel;
    ///
    /// let mut wheel = Wheel::new(0);
    /// for at in 0..10_000 {
    ///     wheel.insert(at, at);
    /// }
    /// let mut remains = std::mem::replace(&mut wheel, Wheel::new(0)).into_remains();
    /// let pieces = std::iter::from_fn(|| remains.free_one().then_some(())).count();
    /// assert_eq!(pieces, 3);
    /// ```
    #[must_use]
    pub fn into_remains(self) -> Remains<T> {
        Remains {
            timers: self.timers,
        }
    }

    fn fire(&mut self, index: u32) -> Step<T> {
        let timer = self.remove(index);
        Step::Fired {
            id: TimerId::new(index),
            at: timer.at,
            item: timer.item,
        }
    }

    fn move_first(&mut self, bank: usize, list: usize) -> Step<T> {
        let index = self.banks[bank].heads[list];
        self.unlink(index);
        let at = self.timers.get(index).at;
        self.place(index, at);
        Step::Moved
    }

    /// Makes `to` the cursor, whatever the timers' places have to do with it; they are placed anew
    /// by the next steps.
    fn rebase(&mut self, to: u64) -> Step<T> {
        assert!(
            self.banks[1 - self.bank].words == 0,
            "a wheel rebases only when it has finished the rebasing before"
        );
        self.bank = 1 - self.bank;
        self.cursor = to;
        Step::Moved
    }

    fn remove(&mut self, index: u32) -> Timer<T> {
        self.unlink(index);
        self.len -= 1;
        self.timers.give_back(index)
    }

    /// Puts a timer that is in no list where its deadline belongs as seen from the cursor.
    fn place(&mut self, index: u32, at: u64) {
        let list = list_of(self.cursor, at);
        let head = self.banks[self.bank].heads[list];
        let floor = match list {
            BEHIND => Some(&mut self.behind_floor),
            FAR => Some(&mut self.far_floor),
            _ => None,
        };
        if let Some(floor) = floor {
            *floor = if head == NIL { at } else { at.min(*floor) };
        }
        let (prev, next) = if head == NIL {
            self.banks[self.bank].set_head(list, index);
            (index, index)
        } else {
            let tail = self.timers.get(head).prev;
            self.timers.get_mut(head).prev = index;
            self.timers.get_mut(tail).next = index;
            (tail, head)
        };
        let timer = self.timers.get_mut(index);
        timer.prev = prev;
        timer.next = next;
        timer.place = Place::new(self.bank, list);
    }

    /// Takes a timer out of its list.
    fn unlink(&mut self, index: u32) {
        let timer = self.timers.get(index);
        let (prev, next) = (timer.prev, timer.next);
        let (bank, list) = timer.place.bank_and_list();
        if next == index {
            self.banks[bank].set_head(list, NIL);
            return;
        }
        self.timers.get_mut(prev).next = next;
        self.timers.get_mut(next).prev = prev;
        if self.banks[bank].heads[list] == index {
            self.banks[bank].set_head(list, next);
        }
    }
}

/// The memory of a wheel that is no more: see [`Wheel::into_remains`].
#[derive(Debug)]
pub struct Remains<T> {
    timers: Arena<Timer<T>>,
}

impl<T> Remains<T> {
    /// Frees one piece, with the items of at most 4096 timers; `false` when there was none left.
    ///
    /// See the example of [`Wheel::into_remains`].
    pub fn free_one(&mut self) -> bool {
        self.timers.free_chunk()
    }
}

/// Where a deadline belongs: see the picture of the [module](self).
// ANCHOR: list-of
fn list_of(cursor: u64, at: u64) -> usize {
    if at < cursor {
        return BEHIND;
    }
    let differing = at ^ cursor;
    if differing >> SPAN_BITS != 0 {
        return FAR;
    }
    let level = (differing | 1).ilog2() / DIGIT_BITS;
    let digit = (at >> (level * DIGIT_BITS)) as usize % SLOTS;
    level as usize * SLOTS + digit
}
// ANCHOR_END: list-of

/// The first tick of a slot in which there are timers.
fn slot_start(cursor: u64, level: usize, digit: usize) -> u64 {
    let shift = level as u32 * DIGIT_BITS;
    let level_mask = (1_u64 << (shift + DIGIT_BITS)) - 1;
    (cursor & !level_mask) | ((digit as u64) << shift)
}
