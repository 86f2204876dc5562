//! Who is told that a key is out of date, and in which words.
//!
//! ```text
//!   RESP3      >2  invalidate                          *1 k        to the client itself, or to the one that it named
//!   RESP2      *3  message  __redis__:invalidate       *1 k        to the one that it named, if that is a subscriber
//!                                                      null        everything: FLUSHALL, FLUSHDB
//! ```
//!
//! The words are put together once for each protocol, and shared by all who get them. They are letters in the
//! outbox. What a client changes that it has read itself is told behind the reply, and behind that of the whole EXEC,
//! in the way that it has asked for by then. Who changes a key that another has read, and has named it, hears of it beside the reply,
//! where an event would stand.

use super::prefixes::Changed;
use super::{Order, Tracker};
use crate::engine::gates::Gates;
use crate::engine::{Cause, Engine, SessionId, Slice};
use crate::resp::Protocol;
use std::collections::HashMap;
use std::sync::Arc;

/// Keys that are taken out of a table with too many of them, in one step. (As many more the next time as
/// it was in vain before, so that it is in vain for a few times only. That is Redis's rule.)
const KEYS_PER_STEP: usize = 100;

/// What begins a push of RESP3.
const PUSH: &[u8] = b">2\r\n$10\r\ninvalidate\r\n";

/// What begins a published message of RESP2.
const PUBLISHED: &[u8] = b"*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";

/// A message, in the words that were asked for so far.
#[derive(Debug)]
struct Message {
    body: Vec<u8>,
    push: Option<Arc<Vec<u8>>>,
    published: Option<Arc<Vec<u8>>>,
}

impl Message {
    fn new(body: Vec<u8>) -> Message {
        Message {
            body,
            push: None,
            published: None,
        }
    }

    /// That this key is out of date.
    fn about(key: &[u8]) -> Message {
        Message::new(Encoded::new([key].into_iter()).without(&[]))
    }

    /// That everything is: a null of this protocol.
    fn everything(protocol: Protocol) -> Message {
        let null: &[u8] = match protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        };
        Message::new(null.to_vec())
    }

    /// The words of a protocol.
    fn words(&mut self, protocol: Protocol) -> Arc<Vec<u8>> {
        let (begin, words) = match protocol {
            Protocol::Resp2 => (PUBLISHED, &mut self.published),
            Protocol::Resp3 => (PUSH, &mut self.push),
        };
        let body = &self.body;
        let words = words.get_or_insert_with(|| Arc::new([begin, body].concat()));
        Arc::clone(words)
    }
}

/// Keys as they stand in a message, written once for all who are told of them. A thousand clients that have
/// each changed a key, and do not want to hear of their own, get a thousand messages of a thousand keys less one.
#[derive(Debug)]
struct Encoded {
    bytes: Vec<u8>,
    /// Where each key ends.
    ends: Vec<usize>,
}

impl Encoded {
    fn new<'k>(keys: impl Iterator<Item = &'k [u8]>) -> Encoded {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for key in keys {
            bytes.push(b'$');
            bytes.extend_from_slice(itoa::Buffer::new().format(key.len()).as_bytes());
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(b"\r\n");
            ends.push(bytes.len());
        }
        Encoded { bytes, ends }
    }

    /// An array of all of them but those at these places, which are in order.
    fn without(&self, places: &[usize]) -> Vec<u8> {
        let count = self.ends.len() - places.len();
        let mut array = format!("*{count}\r\n").into_bytes();
        array.reserve(self.bytes.len());
        let mut from = 0;
        for &place in places {
            let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
            array.extend_from_slice(&self.bytes[from..start]);
            from = self.ends[place];
        }
        array.extend_from_slice(&self.bytes[from..]);
        array
    }
}

impl Engine {
    /// A client tracks keys from now on, or in another way than before.
    pub fn start_tracking(&mut self, id: SessionId, order: Order, prefixes: &[&[u8]]) {
        let is_all = order.broadcasts && prefixes.is_empty();
        let prefixes = if is_all { &[b"".as_slice()] } else { prefixes };
        let session = &mut self.sessions[id];
        session.gates.set(Gates::TRACKING, !order.broadcasts);
        let tracker = session.extras().tracking.get_or_insert_default();
        let was_on = std::mem::replace(&mut tracker.is_on, true);
        tracker.is_broken = false;
        if order.broadcasts {
            for &prefix in prefixes {
                let is_new = tracker.prefixes.insert(prefix.into());
                tracker.prefix_bytes += if is_new { prefix.len() } else { 0 };
            }
        }
        let broadcasts = order.broadcasts;
        tracker.order = order;
        let period = &mut tracker.period;
        self.observers.change_tracking(|tracking| {
            tracking.clients += usize::from(!was_on);
            if broadcasts && *period == 0 {
                *period = tracking.prefixes.begin_period();
            }
            for prefix in prefixes.iter().filter(|_| broadcasts) {
                tracking.prefixes.add(prefix, *period, id);
            }
        });
    }

    /// A client does so no more. What it has read is remembered as long as it is there, since it may begin again.
    pub fn stop_tracking(&mut self, id: SessionId) {
        let session = &mut self.sessions[id];
        session.gates.set(Gates::TRACKING, false);
        let extras = session.extras.as_deref_mut();
        let Some(tracker) = extras.and_then(|extras| extras.tracking.as_deref_mut()) else {
            return;
        };
        let was_on = std::mem::replace(&mut tracker.is_on, false);
        // Of what has happened already it is told in the way of before.
        let redirect = tracker.order.redirect;
        tracker.order = Order {
            redirect,
            ..Order::default()
        };
        tracker.caching = false;
        tracker.is_broken = false;
        let prefixes = std::mem::take(&mut tracker.prefixes);
        tracker.prefix_bytes = 0;
        let period = std::mem::take(&mut tracker.period);
        self.observers.change_tracking(|tracking| {
            tracking.clients -= usize::from(was_on);
            tracking.prefixes.end_period(period, prefixes);
        });
    }

    /// A client leaves, and what it has read is to be forgotten.
    pub(in crate::engine) fn forget_tracker(&mut self, id: SessionId) {
        if self.tracker(id).is_none() {
            return;
        }
        self.stop_tracking(id);
        let holder = self.tracker(id).and_then(|tracker| tracker.holder);
        self.observers.change_tracking(|tracking| {
            if let (Some(shares), Some(holder)) = (&mut tracking.shares, holder) {
                shares.close(holder);
            }
        });
    }

    /// What is kept for a client that tracks keys, or has done so.
    #[must_use]
    pub fn tracker(&self, id: SessionId) -> Option<&Tracker> {
        self.sessions.get(id)?.tracker()
    }

    /// The same, to be changed.
    #[must_use]
    pub fn tracker_mut(&mut self, id: SessionId) -> Option<&mut Tracker> {
        let extras = self.sessions[id].extras.as_deref_mut()?;
        extras.tracking.as_deref_mut()
    }

    /// A client has read these keys.
    pub fn remember<'k>(&mut self, id: SessionId, keys: impl Iterator<Item = &'k [u8]>) {
        let seed = self.hash_seed;
        let extras = self.sessions[id].extras.as_deref_mut();
        let Some(tracker) = extras.and_then(|extras| extras.tracking.as_deref_mut()) else {
            return;
        };
        self.observers.change_tracking(|tracking| {
            let new = || Box::new(super::Shares::new(seed));
            let shares = tracking.shares.get_or_insert_with(new);
            let holder = *tracker.holder.get_or_insert_with(|| shares.open(id));
            for key in keys {
                shares.add(key, holder);
            }
        });
    }

    /// A key has another value, or none. `by` is whose command it happened in, and `cause` whether that
    /// command did it. What that client is to be told beside its reply is in the [outbox](super::super::outbox::Outbox::take_own).
    pub fn invalidate(&mut self, key: &[u8], by: Option<SessionId>, cause: Cause) {
        let changer = by.filter(|_| cause != Cause::Itself);
        let number = changer.map_or(0, |id| self.number(id));
        let holders = self.observers.change_tracking(|tracking| {
            tracking.prefixes.note(key, number);
            tracking.shares.as_mut().map_or(Vec::new(), |s| s.take(key))
        });
        self.tell_holders(key, &holders, by);
    }

    /// Tells clients that a key which they had is out of date, but not the one that knows, if it wants it so.
    fn tell_holders(&mut self, key: &[u8], holders: &[SessionId], who_knows: Option<SessionId>) {
        if holders.is_empty() {
            return;
        }
        let mut message = Message::about(key);
        for &id in holders {
            let wants_it = self.tracker(id).is_some_and(|tracker| {
                let knows = tracker.order.no_loop && who_knows == Some(id);
                tracker.is_on && !tracker.order.broadcasts && !knows
            });
            if wants_it && who_knows == Some(id) {
                self.outbox.tell_last(id, Some(key));
            } else if wants_it {
                self.send_invalidation(id, &mut message, who_knows);
            }
        }
    }

    /// All keys are gone, of one database or of all, by the command of `by`: everybody is told that nothing is up
    /// to date.
    pub fn invalidate_all(&mut self, by: Option<SessionId>) {
        if self.observers.tracking().clients > 0 {
            // The null is that of the client that tracks, whoever gets it: so it is in Redis.
            let mut resp2 = Message::everything(Protocol::Resp2);
            let mut resp3 = Message::everything(Protocol::Resp3);
            let in_order = self.sessions.in_order().into_iter();
            let tracks = |tracker: &Tracker| tracker.is_on;
            let told: Vec<_> = in_order
                .filter(|(_, session)| session.tracker().is_some_and(tracks))
                .map(|(id, session)| (id, session.protocol))
                .collect();
            for (id, protocol) in told {
                if by == Some(id) {
                    self.outbox.tell_last(id, None);
                    continue;
                }
                let message = match protocol {
                    Protocol::Resp2 => &mut resp2,
                    Protocol::Resp3 => &mut resp3,
                };
                self.send_invalidation(id, message, by);
            }
        }
        self.observers.change_tracking(|tracking| {
            if let Some(shares) = &mut tracking.shares {
                shares.clear();
            }
        });
    }

    /// Writes the letters to clients that have changed what they have read themselves. To be called when a command is
    /// over.
    pub fn tell_who_knows(&mut self) {
        for (id, key) in self.outbox.take_known() {
            let mut message = match (key, self.sessions[id].protocol) {
                (Some(key), _) => Message::about(&key),
                (None, protocol) => Message::everything(protocol),
            };
            self.send_invalidation(id, &mut message, None);
        }
    }

    /// Tells who has asked for keys with certain beginnings which of them have changed. To be called before the
    /// loop sleeps, if [`Tracking::has_broadcasts`](super::Tracking::has_broadcasts).
    pub fn broadcast_invalidations(&mut self) {
        let changed = self
            .observers
            .change_tracking(|tracking| tracking.prefixes.take_changed());
        for (clients, changed) in changed {
            self.broadcast(&clients, &changed);
        }
    }

    fn broadcast(&mut self, clients: &[(u64, SessionId)], changed: &Changed) {
        let keys = Encoded::new(changed.keys().map(|key| &**key));
        let mut message = Message::new(keys.without(&[]));
        let mut by_changer: HashMap<u64, Vec<usize>> = HashMap::new();
        for (place, &changer) in changed.values().enumerate() {
            by_changer.entry(changer).or_default().push(place);
        }
        for &(period, id) in clients {
            // Another client may have its place by now.
            if self
                .tracker(id)
                .is_none_or(|tracker| tracker.period != period)
            {
                continue;
            }
            let has_no_loop = |tracker: &Tracker| tracker.order.no_loop;
            let own = by_changer.get(&self.number(id));
            match own.filter(|_| self.tracker(id).is_some_and(has_no_loop)) {
                None => self.send_invalidation(id, &mut message, None),
                Some(own) if own.len() == changed.len() => {}
                Some(own) => self.send_invalidation(id, &mut Message::new(keys.without(own)), None),
            }
        }
    }

    /// Takes keys out of the table if it has too many, a bounded number of them, and tells who had them.
    pub fn limit_tracked_keys(&mut self) -> Slice {
        let overruns = self.observers.tracking().overruns;
        for _ in 0..KEYS_PER_STEP * (overruns + 1) {
            let Some(key) = self.surplus_key() else {
                self.observers
                    .change_tracking(|tracking| tracking.overruns = 0);
                return Slice::Done;
            };
            let holders = self.observers.change_tracking(|tracking| {
                let shares = tracking.shares.as_mut();
                shares.map_or(Vec::new(), |shares| shares.take(&key))
            });
            self.tell_holders(&key, &holders, None);
        }
        if !self.has_surplus_keys() {
            self.observers
                .change_tracking(|tracking| tracking.overruns = 0);
            return Slice::Done;
        }
        self.observers
            .change_tracking(|tracking| tracking.overruns += 1);
        Slice::More
    }

    #[inline]
    fn has_surplus_keys(&self) -> bool {
        let max = self.config.tracking_table_max_keys;
        max > 0 && self.observers.tracking().keys() > max
    }

    /// A key that has to go; any of them, since which client needs which nobody knows.
    fn surplus_key(&mut self) -> Option<Box<[u8]>> {
        if !self.has_surplus_keys() {
            return None;
        }
        let shares = self.observers.tracking().shares.as_ref()?;
        let key = shares.any(|n| self.random.below(n))?;
        Some(key.into())
    }

    /// Whether there is something for [`Engine::tidy_tracking`].
    #[inline]
    #[must_use]
    pub fn has_tracking_to_tidy(&self) -> bool {
        self.observers.tracking().has_remains() || self.has_surplus_keys()
    }

    /// Does some of what is left to be done: for clients that have left, tables that were flushed, and tables
    /// with too many keys.
    pub fn tidy_tracking(&mut self) -> Slice {
        if self.observers.tracking().has_remains() {
            self.observers.change_tracking(|tracking| tracking.step());
        } else {
            self.limit_tracked_keys();
        }
        if self.has_tracking_to_tidy() {
            Slice::More
        } else {
            Slice::Done
        }
    }

    /// The number of a client; 0 if it has gone.
    fn number(&self, id: SessionId) -> u64 {
        self.sessions.get(id).map_or(0, |session| session.id)
    }

    /// Sends a message to a client that tracks, or to whom it has named instead; if that is the one whose command runs,
    /// beside its reply.
    fn send_invalidation(&mut self, id: SessionId, message: &mut Message, by: Option<SessionId>) {
        let Some(redirect) = self.tracker(id).map(|tracker| tracker.order.redirect) else {
            return;
        };
        let to = match redirect {
            None => id,
            Some(named) if self.number(named.id) == named.number => named.id,
            Some(named) => return self.say_that_it_is_broken(id, named.number),
        };
        let receiver = &self.sessions[to];
        let is_told = match receiver.protocol {
            Protocol::Resp3 => true,
            // It would take anything else for a reply.
            Protocol::Resp2 => redirect.is_some() && receiver.gates.has(Gates::SUBSCRIBED),
        };
        if is_told {
            let words = message.words(receiver.protocol);
            if by == Some(to) {
                self.outbox.send_own(words);
            } else {
                self.outbox.send(to, words);
            }
        }
    }

    /// The client that was to get the messages has gone.
    fn say_that_it_is_broken(&mut self, id: SessionId, number: u64) {
        if let Some(tracker) = self.tracker_mut(id) {
            tracker.is_broken = true;
        }
        if self.sessions[id].protocol == Protocol::Resp3 {
            let words = format!(">2\r\n$21\r\ntracking-redir-broken\r\n:{number}\r\n");
            self.outbox.send(id, Arc::new(words.into_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Encoded;

    #[test]
    fn any_keys_can_be_left_out_of_a_message() {
        let keys: [&[u8]; 4] = [b"a", b"", b"long key", b"d"];
        let encoded = Encoded::new(keys.into_iter());
        for mask in 0..1 << keys.len() {
            let is_out = |place: &usize| mask >> place & 1 == 1;
            let out: Vec<usize> = (0..keys.len()).filter(is_out).collect();
            let left = keys
                .iter()
                .enumerate()
                .filter(|(place, _)| !out.contains(place));
            let left: Vec<&[u8]> = left.map(|(_, key)| *key).collect();
            let mut wanted = format!("*{}\r\n", left.len());
            for key in left {
                let text = String::from_utf8_lossy(key);
                wanted += &format!("${}\r\n{text}\r\n", key.len());
            }
            assert_eq!(encoded.without(&out), wanted.as_bytes(), "without {out:?}");
        }
    }
}
