//! Messages on their way to those who have subscribed: see the text of the module above.

use super::{CROWD, Kind, Link, PubSub, is_of_the_gone};
use crate::engine::{SessionId, Slice};
use crate::resp::Protocol;
use std::sync::Arc;

/// A message as it is sent. It is made once for each protocol, and shared by all who get it.
#[derive(Debug, Clone)]
pub struct Message {
    resp2: Arc<Vec<u8>>,
    resp3: Option<Arc<Vec<u8>>>,
}

impl Message {
    /// The message of these bulk strings: `message`, the channel, the text.
    #[must_use]
    pub fn new(parts: &[&[u8]]) -> Message {
        /// The longest header of an array or a string.
        const HEADER_BYTES: usize = 23;
        let len: usize = parts.iter().map(|part| part.len() + HEADER_BYTES + 2).sum();
        let mut bytes = Vec::with_capacity(HEADER_BYTES + len);
        let header = |bytes: &mut Vec<u8>, kind: u8, len: usize| {
            bytes.push(kind);
            bytes.extend_from_slice(itoa::Buffer::new().format(len).as_bytes());
            bytes.extend_from_slice(b"\r\n");
        };
        header(&mut bytes, b'*', parts.len());
        for part in parts {
            header(&mut bytes, b'$', part.len());
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(b"\r\n");
        }
        Message {
            resp2: Arc::new(bytes),
            resp3: None,
        }
    }

    /// Its bytes for a client that speaks this protocol.
    pub fn bytes(&mut self, protocol: Protocol) -> &Arc<Vec<u8>> {
        match protocol {
            Protocol::Resp2 => &self.resp2,
            Protocol::Resp3 => self.resp3.get_or_insert_with(|| {
                // The same, as a push instead of an array.
                let mut bytes = Vec::clone(&self.resp2);
                bytes[0] = b'>';
                Arc::new(bytes)
            }),
        }
    }
}

/// A message on its way to a topic's subscribers.
#[derive(Debug)]
pub struct Delivery {
    topic: u32,
    /// The first ticket that has not been looked at.
    next: u64,
    /// The first ticket that was drawn after the message was published.
    end: u64,
    /// How many subscribers are still to be looked at, if none of them has left.
    left: usize,
    /// Counts up from 1.
    number: u64,
    /// Who has got it already: its publisher.
    except: Option<SessionId>,
    message: Message,
}

/// A message that is to be sent on its way, and to how many.
#[derive(Debug)]
pub struct Addressed {
    /// How many get it, its publisher counted.
    pub receivers: usize,
    /// The rest.
    pub delivery: Delivery,
}

impl Delivery {
    /// The message, if its publisher is one of those who get it.
    pub fn for_publisher(&mut self) -> Option<&mut Message> {
        self.except.is_some().then_some(&mut self.message)
    }

    /// Whether there is anybody but the publisher.
    #[must_use]
    pub fn is_for_others(&self) -> bool {
        self.left > usize::from(self.except.is_some())
    }
}

impl PubSub {
    /// Has a message delivered to a topic's subscribers, of whom there is at least one. `own` is its
    /// publisher; says whether that is one of them, and it is to be given the message at once by
    /// the caller. `None` if nobody has subscribed.
    #[must_use]
    pub fn address(
        &mut self,
        kind: Kind,
        name: &[u8],
        own: Option<SessionId>,
        message: impl FnOnce() -> Message,
    ) -> Option<Addressed> {
        let topic = self.find(kind, name)?;
        let is_link = |&id: &SessionId| {
            let ticket = self.links.get(&Link { id, kind, topic });
            ticket.is_some_and(|&ticket| !is_of_the_gone(&self.gone, id, ticket))
        };
        let except = own.filter(is_link);
        let receivers = self.topics[topic as usize].subscribers.len();
        self.last_delivery += 1;
        Some(Addressed {
            receivers,
            delivery: Delivery {
                topic,
                next: 0,
                end: self.last_ticket + 1,
                left: receivers,
                number: self.last_delivery,
                except,
                message: message(),
            },
        })
    }

    /// Sends a message on its way, behind those that are.
    pub fn post(&mut self, delivery: Delivery) {
        self.receivers_left += delivery.left;
        self.pending.push_back(delivery);
    }

    /// Whether messages are on their way.
    #[inline]
    #[must_use]
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// How many outputs they are still to be put into.
    #[must_use]
    pub fn receivers_left(&self) -> usize {
        self.receivers_left
    }

    /// Whether so many are left that nobody should make more of them.
    #[inline]
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.receivers_left > CROWD
    }

    /// How often there was a crowd, and is no more. Who has added to one may go on when this has changed, even if there
    /// is another by then: so each gets its turn.
    #[must_use]
    pub fn times_cleared(&self) -> u64 {
        self.times_cleared
    }

    /// Looks at so many subscribers, and gives each its message.
    pub fn deliver(
        &mut self,
        receivers: usize,
        give: impl FnMut(SessionId, &mut Message),
    ) -> Slice {
        let was_crowded = self.is_crowded();
        let slice = self.deliver_some(receivers, give);
        if was_crowded && !self.is_crowded() {
            self.times_cleared += 1;
        }
        slice
    }

    fn deliver_some(
        &mut self,
        receivers: usize,
        mut give: impl FnMut(SessionId, &mut Message),
    ) -> Slice {
        let mut budget = receivers;
        while let Some(delivery) = self.pending.front_mut() {
            if let Some(topic) = self.topics.get(delivery.topic as usize) {
                for (&ticket, &id) in topic.subscribers.range(delivery.next..delivery.end) {
                    if budget == 0 {
                        delivery.next = ticket;
                        return Slice::More;
                    }
                    budget -= 1;
                    if delivery.left > 0 {
                        delivery.left -= 1;
                        self.receivers_left -= 1;
                    }
                    let has_it = delivery.except == Some(id)
                        || is_of_the_gone(&self.gone, id, ticket)
                        || (!self.caught_up.is_empty()
                            && self.caught_up.get(&id) >= Some(&delivery.number));
                    if !has_it {
                        give(id, &mut delivery.message);
                    }
                }
            }
            self.receivers_left -= delivery.left;
            self.pending.pop_front();
        }
        self.caught_up.clear();
        Slice::Done
    }

    /// Gives a subscriber what is pending for it, before anything else happens to it.
    pub fn catch_up(&mut self, id: SessionId, mut give: impl FnMut(&mut Message)) {
        let caught_up = self.caught_up.get(&id).copied().unwrap_or(0);
        let last = self.pending.back().map_or(0, |delivery| delivery.number);
        if last <= caught_up {
            return;
        }
        for delivery in &mut self.pending {
            let Some(topic) = self.topics.get(delivery.topic as usize) else {
                continue;
            };
            let link = Link {
                id,
                kind: topic.kind,
                topic: delivery.topic,
            };
            let is_due = self.links.get(&link).is_some_and(|ticket| {
                (delivery.next..delivery.end).contains(ticket)
                    && !is_of_the_gone(&self.gone, id, *ticket)
                    && delivery.number > caught_up
                    && delivery.except != Some(id)
            });
            if is_due {
                give(&mut delivery.message);
            }
        }
        self.caught_up.insert(id, last);
    }
}
