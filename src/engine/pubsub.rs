//! Who listens to what: channels, patterns and sharded channels, and messages on their way.
//!
//! ```text
//!   names            topics                                   links, by client
//!   "news"  ──▶  3   "news"  subscribers  4 → A, 9 → B        A: topic 3, ticket 4
//!   "n*"    ──▶  5   "n*"    subscribers  7 → A                  topic 5, ticket 7
//!                                         ▲                   B: topic 3, ticket 9
//!                                         └ the ticket: a number that counts up, one for each subscription
//! ```
//!
//! A *topic* is whatever somebody has subscribed to; it comes and goes with its subscribers. They stand in the
//! order of their tickets, which is the order in which they subscribed and in which they get messages.
//! The link says with which ticket a client is there, so that it leaves in O(log n), from the middle too.
//! No table here ever grows all at once. And where a client with very many subscriptions leaves, its links
//! are cut in slices: what is left of them is known by its tickets, which are older than those of whoever
//! takes the client's place ([`PubSub::tidy`]).
//!
//! A message to ten thousand clients is half a millisecond's work or more, so it is a [`Delivery`] that can be
//! interrupted. It remembers tickets, not clients:
//!
//! ```text
//!   delivery  { topic 3, next: 9, end: 12, message }
//!
//!             4 → A     9 → B    11 → C  │  12 → D  15 → E
//!             has it    ▲ next           │ end: they came after it was published
//! ```
//!
//! Who leaves is not met any more, who comes later is behind the end, and if the topic goes and
//! another takes its place, all of its tickets are behind the end too. It looks to everybody as if all
//! messages had been delivered at once: what is pending for a client is given to it before
//! anything else is written for it ([`PubSub::catch_up`]).
//!
//! Where publishers make messages faster than they are delivered they wait: while it is *crowded* here, whoever's
//! command has something delivered runs no other ([`PubSub::is_crowded`]).

mod delivery;

use super::{Engine, SessionId, Slice};
use crate::store::Table;
use crate::store::shard::Keyed;
pub use delivery::{Addressed, Delivery, Message};
use slab::Slab;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a subscription is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One channel: SUBSCRIBE.
    Channel,
    /// All channels whose names match: PSUBSCRIBE.
    Pattern,
    /// One channel of a cluster's shard, a world of its own: SSUBSCRIBE.
    Shard,
}

/// How many subscriptions of each kind a client has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u32; 3]);

impl Counts {
    /// How many of this kind.
    #[must_use]
    pub fn of(self, kind: Kind) -> usize {
        self.0[kind as usize] as usize
    }

    /// The bytes of memory that so many take in the tables, without the names.
    #[must_use]
    pub fn memory(self) -> usize {
        const EACH: usize = size_of::<(Link, u64)>() + size_of::<(u64, SessionId)>();
        self.total() * EACH
    }

    /// How many altogether.
    #[must_use]
    pub fn total(self) -> usize {
        self.0.iter().map(|&count| count as usize).sum()
    }

    /// The number that replies tell after one of this kind was added or taken away: channels and
    /// patterns are counted together, sharded channels by themselves.
    #[must_use]
    pub fn told(self, kind: Kind) -> usize {
        match kind {
            Kind::Channel | Kind::Pattern => self.of(Kind::Channel) + self.of(Kind::Pattern),
            Kind::Shard => self.of(Kind::Shard),
        }
    }
}

/// How much a client has subscribed to. (To what, [`PubSub`] knows.)
#[derive(Debug, Clone, Copy, Default)]
pub struct Subscriptions {
    /// How many they are.
    pub counts: Counts,
    /// How long their names are.
    pub name_bytes: usize,
}

impl Subscriptions {
    /// Bytes of memory that they take.
    #[must_use]
    pub fn memory(self) -> usize {
        self.counts.memory() + self.name_bytes
    }
}

/// What somebody has subscribed to.
#[derive(Debug)]
struct Topic {
    kind: Kind,
    name: Arc<[u8]>,
    /// The ticket of who was the first.
    since: u64,
    /// By ticket.
    subscribers: BTreeMap<u64, SessionId>,
}

/// A topic's name, and its place.
#[derive(Debug)]
struct Named {
    name: Arc<[u8]>,
    topic: u32,
}

impl Keyed for Named {
    fn key(&self) -> &[u8] {
        &self.name
    }

    fn fetch(&self) -> u8 {
        self.name.first().copied().unwrap_or_default()
    }
}

/// That a client has subscribed to a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    id: SessionId,
    kind: Kind,
    topic: u32,
}

/// Receivers that are still to be given their messages, from which on publishers wait.
pub const CROWD: usize = 65_536;

/// So many links are cut at once when a client leaves; more of them in slices.
const CUTS_AT_ONCE: usize = 512;

/// So many links of clients that have gone are cut by whoever subscribes, so that they never come faster than
/// they go.
const PAID_FOR: usize = 2;

/// What is left of a client that has gone.
#[derive(Debug)]
struct Remains {
    /// Its tickets are below this.
    until: u64,
    /// The first of its links that has not been looked at.
    next: Link,
}

/// See the module's text.
#[derive(Debug)]
pub struct PubSub {
    topics: Slab<Box<Topic>>,
    /// By kind and name.
    names: [Table<Named>; 3],
    /// The patterns, in the order in which they were first subscribed to.
    patterns: BTreeMap<u64, u32>,
    /// With which ticket a client has subscribed.
    links: BTreeMap<Link, u64>,
    last_ticket: u64,
    /// Messages on their way, the oldest first.
    pending: VecDeque<Delivery>,
    /// The sum of what is left of them.
    receivers_left: usize,
    /// How often that was too much, and is no more.
    times_cleared: u64,
    last_delivery: u64,
    /// Who has been given what was pending, up to the delivery with this number.
    caught_up: BTreeMap<SessionId, u64>,
    /// Clients that have gone, and whose links are still to be cut.
    gone: BTreeMap<SessionId, Remains>,
}

impl PubSub {
    /// Nobody listens. The seed is that of the tables of names.
    #[must_use]
    pub fn new(seed: u64) -> PubSub {
        PubSub {
            topics: Slab::new(),
            names: [Table::new(seed), Table::new(seed), Table::new(seed)],
            patterns: BTreeMap::new(),
            links: BTreeMap::new(),
            last_ticket: 0,
            pending: VecDeque::new(),
            receivers_left: 0,
            times_cleared: 0,
            last_delivery: 0,
            caught_up: BTreeMap::new(),
            gone: BTreeMap::new(),
        }
    }

    /// Whether nobody listens to anything, and nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
            && self.names.iter().all(Table::is_empty)
            && self.patterns.is_empty()
            && self.links.is_empty()
            && self.caught_up.is_empty()
            && self.gone.is_empty()
            && self.pending.is_empty()
    }

    /// How many topics of a kind there are.
    #[must_use]
    pub fn topic_count(&self, kind: Kind) -> usize {
        self.names[kind as usize].len()
    }

    /// The names of all topics of a kind, in no order that means anything.
    pub fn names(&self, kind: Kind) -> impl Iterator<Item = &[u8]> {
        self.names[kind as usize].iter().map(|named| &*named.name)
    }

    /// How many clients have subscribed to a topic.
    #[must_use]
    pub fn subscriber_count(&self, kind: Kind, name: &[u8]) -> usize {
        let topic = self.find(kind, name);
        topic.map_or(0, |topic| self.topics[topic as usize].subscribers.len())
    }

    fn find(&self, kind: Kind, name: &[u8]) -> Option<u32> {
        let names = &self.names[kind as usize];
        let spot = names.find(names.hash(name), name)?;
        Some(names.at(spot).topic)
    }

    fn find_or_create(&mut self, kind: Kind, name: &[u8]) -> u32 {
        if let Some(topic) = self.find(kind, name) {
            return topic;
        }
        let name: Arc<[u8]> = name.into();
        let since = self.last_ticket + 1;
        // Each has a subscriber, and needs memory: there are far fewer than 2^32.
        let topic = self.topics.insert(Box::new(Topic {
            kind,
            name: Arc::clone(&name),
            since,
            subscribers: BTreeMap::new(),
        })) as u32;
        let names = &mut self.names[kind as usize];
        names.insert(names.hash(&name), Named { name, topic });
        if kind == Kind::Pattern {
            self.patterns.insert(since, topic);
        }
        topic
    }

    /// Says whether that is new.
    fn subscribe(&mut self, id: SessionId, kind: Kind, name: &[u8]) -> bool {
        let topic = self.find_or_create(kind, name);
        let link = Link { id, kind, topic };
        let ticket = self.last_ticket + 1;
        if let Some(&earlier) = self.links.get(&link) {
            if !is_of_the_gone(&self.gone, id, earlier) {
                return false;
            }
            // The topic stays: whoever has left must not take it along.
            self.topics[topic as usize].subscribers.remove(&earlier);
        }
        self.last_ticket = ticket;
        self.links.insert(link, ticket);
        let topic = &mut self.topics[topic as usize];
        topic.subscribers.insert(ticket, id);
        if self.has_remains() {
            self.tidy(PAID_FOR);
        }
        true
    }

    /// Says whether it had subscribed.
    fn unsubscribe(&mut self, id: SessionId, kind: Kind, name: &[u8]) -> bool {
        let Some(topic) = self.find(kind, name) else {
            return false;
        };
        let link = Link { id, kind, topic };
        let ticket = self.links.get(&link);
        if ticket.is_none_or(|&ticket| is_of_the_gone(&self.gone, id, ticket)) {
            return false;
        }
        self.cut(link);
        true
    }

    fn cut(&mut self, link: Link) {
        let Some(ticket) = self.links.remove(&link) else {
            return;
        };
        let topic = &mut self.topics[link.topic as usize];
        topic.subscribers.remove(&ticket);
        if topic.subscribers.is_empty() {
            self.remove_topic(link.topic);
        }
    }

    fn remove_topic(&mut self, topic: u32) {
        let gone = self.topics.remove(topic as usize);
        let names = &mut self.names[gone.kind as usize];
        names.remove(names.hash(&gone.name), |named| named.topic == topic);
        if gone.kind == Kind::Pattern {
            self.patterns.remove(&gone.since);
        }
    }

    /// A client's links of these kinds, in no order that means anything.
    fn links_of(&self, id: SessionId, from: Kind, to: Kind) -> impl Iterator<Item = (Link, u64)> {
        let [from, to] = [(from, 0), (to, u32::MAX)].map(|(kind, topic)| Link { id, kind, topic });
        let links = self.links.range(from..=to);
        links.map(|(&link, &ticket)| (link, ticket))
    }

    /// What a client has subscribed to, in the order in which it did.
    #[must_use]
    pub fn names_of(&self, id: SessionId, kind: Kind) -> Vec<Arc<[u8]>> {
        let links = self.links_of(id, kind, kind);
        let mut links: Vec<_> = links
            .filter(|&(_, ticket)| !is_of_the_gone(&self.gone, id, ticket))
            .collect();
        links.sort_unstable_by_key(|&(_, ticket)| ticket);
        let name = |(link, _): (Link, u64)| Arc::clone(&self.topics[link.topic as usize].name);
        links.into_iter().map(name).collect()
    }

    /// A client has left, or wants no more messages. So many of its links are cut now.
    fn forget(&mut self, id: SessionId, cuts: usize) {
        self.caught_up.remove(&id);
        let remains = Remains {
            until: self.last_ticket + 1,
            next: Link {
                id,
                kind: Kind::Channel,
                topic: 0,
            },
        };
        self.gone.insert(id, remains);
        self.tidy_after(id, cuts);
    }

    /// Whether links of clients that have gone are still to be cut.
    #[must_use]
    pub fn has_remains(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Looks at so many links of a client that has gone, and cuts them.
    pub fn tidy(&mut self, links: usize) -> Slice {
        if let Some((&id, _)) = self.gone.first_key_value() {
            self.tidy_after(id, links);
        }
        if self.has_remains() {
            Slice::More
        } else {
            Slice::Done
        }
    }

    fn tidy_after(&mut self, id: SessionId, links: usize) {
        let Some(remains) = self.gone.get_mut(&id) else {
            return;
        };
        let until = remains.until;
        let end = Link {
            id,
            kind: Kind::Shard,
            topic: u32::MAX,
        };
        let mut looked_at = self.links.range(remains.next..=end);
        let some: Vec<_> = looked_at
            .by_ref()
            .take(links)
            .map(|(&link, &ticket)| (link, ticket))
            .collect();
        match looked_at.next() {
            Some((&next, _)) => remains.next = next,
            None => {
                self.gone.remove(&id);
            }
        }
        for (link, ticket) in some {
            if ticket < until {
                self.cut(link);
            }
        }
    }

    /// The patterns that a channel matches, in the order in which they were first subscribed to. Every
    /// pattern is tried.
    #[must_use]
    pub fn patterns_of(&self, channel: &[u8]) -> Vec<Arc<[u8]>> {
        let names = self
            .patterns
            .values()
            .map(|&topic| &self.topics[topic as usize].name);
        let matching = names.filter(|name| crate::glob::matches(name, channel));
        matching.map(Arc::clone).collect()
    }
}

/// Whether a ticket was drawn by a client that has gone, whose place this is.
#[inline]
fn is_of_the_gone(gone: &BTreeMap<SessionId, Remains>, id: SessionId, ticket: u64) -> bool {
    !gone.is_empty() && gone.get(&id).is_some_and(|remains| ticket < remains.until)
}

impl Engine {
    /// A client subscribes. Says how many subscriptions it has then, as replies tell it.
    pub fn subscribe(&mut self, id: SessionId, kind: Kind, name: &[u8]) -> usize {
        let is_new = self.pubsub.subscribe(id, kind, name);
        let session = &mut self.sessions[id];
        let subscriptions = &mut session.extras().subscriptions;
        if is_new {
            subscriptions.counts.0[kind as usize] += 1;
            subscriptions.name_bytes += name.len();
        }
        let told = subscriptions.counts.told(kind);
        session.settle_gates();
        told
    }

    /// A client does not want the messages of a topic any more. Says how many subscriptions it has
    /// then, as replies tell it.
    pub fn unsubscribe(&mut self, id: SessionId, kind: Kind, name: &[u8]) -> usize {
        let was_there = self.pubsub.unsubscribe(id, kind, name);
        let session = &mut self.sessions[id];
        if was_there {
            let subscriptions = &mut session.extras().subscriptions;
            subscriptions.counts.0[kind as usize] -= 1;
            subscriptions.name_bytes -= name.len();
            session.settle_gates();
        }
        session.subscriptions().told(kind)
    }

    /// A client does not want any messages any more; or it has left.
    pub fn unsubscribe_all(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.is_subscriber() {
            session.extras().subscriptions = Subscriptions::default();
            session.settle_gates();
            self.pubsub.forget(id, CUTS_AT_ONCE);
        }
    }
}

#[cfg(test)]
mod tests;
