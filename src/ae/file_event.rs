//! File events: which sockets there are, which handlers they have, and which of them are ready.
//!
//! The kernel tells of *edges* (mio registers edge-triggered), handlers want *levels*. The two meet
//! in the ready bits of a slot:
//!
//! ```text
//!   edge from the kernel --> ready bit on           ready & armed != 0   <=>   in the ready queue
//!   handler: Drained     --> ready bit off
//!   handler: More        --> stays, back of the queue
//! ```
//!
//! The queue is a list linked through the slots, so that a socket can leave it from the middle (it
//! was deleted, or its handler was taken away) without a search and without leaving a stale entry
//! behind. Nothing here allocates once the slab has grown to the number of sockets.

use std::ops::BitOr;

use mio::Token;
use mio::event::Event;
use slab::Slab;

use super::FileProc;

/// "No file event" in the links of the ready queue.
const NIL: usize = usize::MAX;

/// One or both directions of a file event.
///
/// ```
/// use aerolite::ae::Mask;
///
/// let both = Mask::READABLE | Mask::WRITABLE;
/// assert!(both.contains(Mask::WRITABLE));
/// assert!(!Mask::READABLE.contains(both));
/// assert!(Mask::NONE.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mask(u8);

impl Mask {
    /// Neither direction.
    pub const NONE: Self = Self(0);
    /// There is something to read, to accept, or the end of the stream to be seen.
    pub const READABLE: Self = Self(1);
    /// There is room to write, a connection was made, or a write would fail.
    pub const WRITABLE: Self = Self(2);

    /// Whether every direction of `other` is in this one.
    ///
    /// See the example of [`Mask`].
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether this is neither direction.
    ///
    /// See the example of [`Mask`].
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Mask {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

// ANCHOR: slot
/// One registered source.
struct FileEvent<C> {
    read: Option<FileProc<C>>,
    write: Option<FileProc<C>>,
    /// Directions the kernel reported and no handler has drained since.
    ready: Mask,
    hangup: bool,
    queued: bool,
    /// Whether it is served while the loop is held.
    control: bool,
    /// The time of the loop when it was queued.
    since_ns: u64,
    /// The round of serving in which this was queued: it is served in a later one.
    round: u64,
    /// Tells this file event from others that had the same token.
    serial: u64,
    prev: usize,
    next: usize,
}
// ANCHOR_END: slot

impl<C> FileEvent<C> {
    fn armed(&self) -> Mask {
        let read = self.read.map_or(Mask::NONE, |_| Mask::READABLE);
        let write = self.write.map_or(Mask::NONE, |_| Mask::WRITABLE);
        read | write
    }

    fn proc(&self, direction: Mask) -> Option<FileProc<C>> {
        if direction == Mask::READABLE {
            self.read
        } else {
            self.write
        }
    }
}

// ANCHOR: served
/// A file event as it was when its turn came: after a handler has run, the same
/// token may be another one's.
#[derive(Clone, Copy)]
pub(super) struct Served {
    pub(super) token: Token,
    serial: u64,
}
// ANCHOR_END: served

/// All file events of a loop, and the queue of those that are ready.
pub(super) struct FileEvents<C> {
    slots: Slab<FileEvent<C>>,
    head: usize,
    tail: usize,
    queue_len: usize,
    /// The time of the loop, in nanoseconds, as it was last read.
    pub(super) now_ns: u64,
    round: u64,
    serials: u64,
}

impl<C> FileEvents<C> {
    pub(super) const fn new() -> Self {
        Self {
            slots: Slab::new(),
            head: NIL,
            tail: NIL,
            queue_len: 0,
            now_ns: 0,
            round: 0,
            serials: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn ready_len(&self) -> usize {
        self.queue_len
    }

    /// The token that the next [`insert`](Self::insert) will use.
    pub(super) fn next_token(&self) -> Token {
        Token(self.slots.vacant_key())
    }

    pub(super) fn insert(&mut self, mask: Mask, proc: FileProc<C>) -> Token {
        self.serials += 1;
        let index = self.slots.insert(FileEvent {
            read: mask.contains(Mask::READABLE).then_some(proc),
            write: mask.contains(Mask::WRITABLE).then_some(proc),
            ready: Mask::NONE,
            hangup: false,
            queued: false,
            control: false,
            since_ns: 0,
            round: 0,
            serial: self.serials,
            prev: NIL,
            next: NIL,
        });
        Token(index)
    }

    /// Forgets a file event and all its readiness; `false` when there is none of this token.
    pub(super) fn remove(&mut self, token: Token) -> bool {
        if !self.slots.contains(token.0) {
            return false;
        }
        self.unqueue(token.0);
        self.slots.remove(token.0);
        true
    }

    /// Sets (or with `None` removes) the handlers of the directions in `mask`.
    pub(super) fn set(&mut self, token: Token, mask: Mask, proc: Option<FileProc<C>>) -> bool {
        let Some(event) = self.slots.get_mut(token.0) else {
            return false;
        };
        if proc.is_none() && event.armed().and(mask).is_empty() {
            // As nearly always when a reply was sent: nobody had to ask for room.
            return true;
        }
        if mask.contains(Mask::READABLE) {
            event.read = proc;
        }
        if mask.contains(Mask::WRITABLE) {
            event.write = proc;
        }
        self.requeue(token.0);
        true
    }

    pub(super) fn armed(&self, token: Token) -> Mask {
        let event = self.slots.get(token.0);
        event.map_or(Mask::NONE, FileEvent::armed)
    }

    pub(super) fn hangup(&self, token: Token) -> bool {
        self.slots.get(token.0).is_some_and(|event| event.hangup)
    }

    // ANCHOR: land
    /// Lands an edge in its slot. An edge for a token that is gone has nobody to go to.
    pub(super) fn land(&mut self, edge: &Event) {
        let Token(index) = edge.token();
        let Some(event) = self.slots.get_mut(index) else {
            return;
        };
        let hangup = edge.is_read_closed() || edge.is_write_closed() || edge.is_error();
        if edge.is_readable() || edge.is_read_closed() || edge.is_error() {
            event.ready = event.ready | Mask::READABLE;
        }
        if edge.is_writable() || edge.is_write_closed() || edge.is_error() {
            event.ready = event.ready | Mask::WRITABLE;
        }
        event.hangup |= hangup;
        self.requeue(index);
    }
    // ANCHOR_END: land

    /// Directions are ready, though the kernel has not said so.
    pub(super) fn make_ready(&mut self, token: Token, mask: Mask) -> bool {
        let Some(event) = self.slots.get_mut(token.0) else {
            return false;
        };
        event.ready = event.ready | mask;
        self.requeue(token.0);
        true
    }

    /// Begins a round of serving: what is queued from here on waits for the next one.
    pub(super) fn begin_round(&mut self) {
        self.round += 1;
    }

    // ANCHOR: next-served
    /// Takes the next file event of this round off the queue.
    pub(super) fn next_served(&mut self) -> Option<Served> {
        let event = self.slots.get(self.head)?;
        if event.round >= self.round {
            return None;
        }
        let served = Served {
            token: Token(self.head),
            serial: event.serial,
        };
        self.unqueue(self.head);
        Some(served)
    }
    // ANCHOR_END: next-served

    /// Takes the next file event of this round that is for control off the queue.
    pub(super) fn next_control(&mut self) -> Option<Served> {
        let mut at = self.head;
        while let Some(event) = self.slots.get(at) {
            if event.control && event.round < self.round {
                let served = Served {
                    token: Token(at),
                    serial: event.serial,
                };
                self.unqueue(at);
                return Some(served);
            }
            at = event.next;
        }
        None
    }

    /// Whether one that is for control waits for its handlers.
    pub(super) fn is_control_ready(&self) -> bool {
        self.ready().any(|token| self.is_control(token))
    }

    pub(super) fn set_control(&mut self, token: Token, is_control: bool) -> bool {
        let event = self.slots.get_mut(token.0);
        event.map(|event| event.control = is_control).is_some()
    }

    pub(super) fn is_control(&self, token: Token) -> bool {
        self.slots.get(token.0).is_some_and(|event| event.control)
    }

    /// When a file event was last queued, by the time of the loop.
    pub(super) fn ready_since_ns(&self, token: Token) -> u64 {
        self.slots.get(token.0).map_or(0, |event| event.since_ns)
    }

    /// Those in the queue, in order.
    pub(super) fn ready(&self) -> impl Iterator<Item = Token> {
        // NIL is no slot.
        let exists = |at: &usize| self.slots.contains(*at);
        std::iter::successors(Some(self.head).filter(exists), move |&at| {
            Some(self.slots[at].next).filter(exists)
        })
        .map(Token)
    }

    // ANCHOR: due
    /// The handler of a direction, if it is to run now.
    pub(super) fn due(&self, served: Served, direction: Mask) -> Option<FileProc<C>> {
        let event = self.slots.get(served.token.0)?;
        if event.serial != served.serial || !event.ready.contains(direction) {
            return None;
        }
        event.proc(direction)
    }
    // ANCHOR_END: due

    /// Notes that the handler of a direction came to the end of what there was. It may have deleted
    /// its file event.
    pub(super) fn drained(&mut self, served: Served, direction: Mask) {
        // ANCHOR: same-serial
        if let Some(event) = self.slots.get_mut(served.token.0)
            && event.serial == served.serial
        {
            event.ready = event.ready.without(direction);
        }
        // ANCHOR_END: same-serial
    }

    /// Queues a file event that is ready for one of its handlers, and takes one that is not off the
    /// queue.
    // ANCHOR: requeue
    pub(super) fn requeue(&mut self, index: usize) {
        let Some(event) = self.slots.get(index) else {
            return;
        };
        let wanted = !event.ready.and(event.armed()).is_empty();
        match (wanted, event.queued) {
            (true, false) => self.queue(index),
            (false, true) => self.unqueue(index),
            _ => {}
        }
    }
    // ANCHOR_END: requeue

    fn queue(&mut self, index: usize) {
        let tail = self.tail;
        let event = &mut self.slots[index];
        event.queued = true;
        event.since_ns = self.now_ns;
        event.round = self.round;
        event.prev = tail;
        event.next = NIL;
        match self.slots.get_mut(tail) {
            Some(last) => last.next = index,
            None => self.head = index,
        }
        self.tail = index;
        self.queue_len += 1;
    }

    fn unqueue(&mut self, index: usize) {
        let event = &mut self.slots[index];
        if !event.queued {
            return;
        }
        event.queued = false;
        let (prev, next) = (event.prev, event.next);
        match self.slots.get_mut(prev) {
            Some(before) => before.next = next,
            None => self.head = next,
        }
        match self.slots.get_mut(next) {
            Some(after) => after.prev = prev,
            None => self.tail = prev,
        }
        self.queue_len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ae::{EventLoop, Io};

    fn nothing(_: &mut EventLoop<()>, (): &mut (), _: Token) -> Io {
        Io::Drained
    }

    fn ready(events: &mut FileEvents<()>, token: Token, mask: Mask) {
        events.slots[token.0].ready = mask;
        events.requeue(token.0);
    }

    fn round(events: &mut FileEvents<()>) -> Vec<usize> {
        events.begin_round();
        std::iter::from_fn(|| events.next_served().map(|served| served.token.0)).collect()
    }

    #[test]
    fn the_queue_is_first_come_first_served_and_can_be_left_from_anywhere() {
        let mut events = FileEvents::new();
        let tokens: Vec<Token> = (0..5)
            .map(|_| events.insert(Mask::READABLE, nothing))
            .collect();
        for &token in &tokens {
            ready(&mut events, token, Mask::READABLE);
            ready(&mut events, token, Mask::READABLE);
        }
        assert_eq!(events.ready_len(), 5, "nobody is queued twice");
        assert!(events.remove(tokens[2]), "from the middle");
        assert!(events.set(tokens[0], Mask::READABLE, None), "from the head");
        assert!(events.remove(tokens[4]), "from the tail");
        assert_eq!(events.ready_len(), 2);
        assert_eq!(round(&mut events), [1, 3]);
        assert_eq!(events.ready_len(), 0);
        assert_eq!((events.head, events.tail), (NIL, NIL));
    }

    #[test]
    fn who_is_made_ready_is_served_once_and_in_its_turn() {
        let mut events = FileEvents::new();
        let tokens: Vec<Token> = (0..2)
            .map(|_| events.insert(Mask::READABLE, nothing))
            .collect();
        ready(&mut events, tokens[1], Mask::READABLE);
        for _ in 0..2 {
            assert!(events.make_ready(tokens[0], Mask::READABLE));
        }
        assert_eq!(round(&mut events), [1, 0]);
        assert_eq!(events.ready_len(), 0);
        assert!(events.remove(tokens[0]));
        assert!(!events.make_ready(tokens[0], Mask::READABLE), "it is gone");
    }

    #[test]
    fn readiness_without_a_handler_waits_for_one() {
        let mut events = FileEvents::new();
        let token = events.insert(Mask::READABLE, nothing);
        ready(&mut events, token, Mask::WRITABLE);
        assert!(round(&mut events).is_empty());
        assert!(events.set(token, Mask::WRITABLE, Some(nothing)));
        assert_eq!(events.armed(token), Mask::READABLE | Mask::WRITABLE);
        assert_eq!(round(&mut events), [token.0]);
    }

    #[test]
    fn what_is_queued_during_a_round_waits_for_the_next() {
        let mut events = FileEvents::new();
        let first = events.insert(Mask::READABLE, nothing);
        let second = events.insert(Mask::READABLE, nothing);
        ready(&mut events, first, Mask::READABLE);
        events.begin_round();
        let served = events.next_served().expect("the first is ready");
        events.requeue(served.token.0);
        ready(&mut events, second, Mask::READABLE);
        assert!(events.next_served().is_none());
        assert_eq!(round(&mut events), [first.0, second.0]);
    }

    #[test]
    fn what_a_handler_said_does_not_reach_the_next_owner_of_its_token() {
        let mut events = FileEvents::new();
        let token = events.insert(Mask::READABLE, nothing);
        ready(&mut events, token, Mask::READABLE);
        events.begin_round();
        let served = events.next_served().expect("it is ready");
        assert!(events.remove(token));
        assert_eq!(
            events.insert(Mask::READABLE, nothing),
            token,
            "the token is reused"
        );
        ready(&mut events, token, Mask::READABLE);
        assert!(events.due(served, Mask::READABLE).is_none());
        events.drained(served, Mask::READABLE);
        events.requeue(token.0);
        assert_eq!(round(&mut events), [token.0], "the new one is still ready");
    }

    #[test]
    fn a_token_that_is_gone_is_refused() {
        let mut events = FileEvents::new();
        let token = events.insert(Mask::READABLE, nothing);
        assert!(events.remove(token));
        assert!(!events.remove(token));
        assert!(!events.set(token, Mask::READABLE, Some(nothing)));
        assert_eq!(events.armed(token), Mask::NONE);
    }
}
