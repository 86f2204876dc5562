//! What one client's command has other clients be sent: messages, invalidations, lines for monitors.
//!
//! A command cannot reach another client's output. It leaves a letter, and when the command is over
//! whoever holds the outputs delivers it, before the next command of anybody. The bytes of a letter
//! are made once and shared by all who get them.

use super::SessionId;
use super::pubsub::Delivery;
use std::sync::Arc;

/// Something to be sent.
#[derive(Debug)]
pub enum Letter {
    /// Bytes for one client.
    To {
        /// Who gets them.
        id: SessionId,
        /// In the protocol that the client speaks.
        bytes: Arc<Vec<u8>>,
    },
    /// A message for all who have subscribed.
    Published(Delivery),
}

/// Letters that are not delivered yet, in the order in which they were written.
#[derive(Debug, Default)]
pub struct Outbox {
    letters: Vec<Letter>,
    /// Clients, and keys that they have read and changed themselves; `None` is all keys. They are told behind all
    /// letters of the command, in the way that they have asked for by then.
    known: Vec<(SessionId, Option<Box<[u8]>>)>,
    /// What the client is to be sent whose command runs.
    own: Vec<Arc<Vec<u8>>>,
}

impl Outbox {
    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.letters.len() + self.known.len()
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty() && self.known.is_empty()
    }

    /// Writes one.
    pub fn send(&mut self, to: SessionId, bytes: Arc<Vec<u8>>) {
        self.letters.push(Letter::To { id: to, bytes });
    }

    /// A client is to be told, behind all letters of the command, that a key which it has read is out of date, or all are.
    pub fn tell_last(&mut self, id: SessionId, key: Option<&[u8]>) {
        self.known.push((id, key.map(Box::from)));
    }

    /// Takes these, to write the letters about them.
    pub fn take_known(&mut self) -> Vec<(SessionId, Option<Box<[u8]>>)> {
        std::mem::take(&mut self.known)
    }

    /// Writes one for the client whose command runs: it stands beside the reply, where it was caused.
    pub fn send_own(&mut self, bytes: Arc<Vec<u8>>) {
        self.own.push(bytes);
    }

    /// Takes what that client is to be sent. Whoever holds its output asks for it at once.
    pub fn take_own(&mut self) -> Vec<Arc<Vec<u8>>> {
        std::mem::take(&mut self.own)
    }

    /// Has a message sent to all who have subscribed.
    pub fn publish(&mut self, delivery: Delivery) {
        self.letters.push(Letter::Published(delivery));
    }

    /// Takes all of them, in the order in which they are to be delivered.
    pub fn take(&mut self) -> Vec<Letter> {
        std::mem::take(&mut self.letters)
    }

    /// A client has left: what it was to be sent is thrown away, so that its successor in the same
    /// place does not get it.
    pub fn forget(&mut self, id: SessionId) {
        let is_for = |letter: &Letter| matches!(letter, Letter::To { id: to, .. } if *to == id);
        self.letters.retain(|letter| !is_for(letter));
        self.known.retain(|(about, _)| *about != id);
    }
}
