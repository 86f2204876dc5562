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
    /// Those that go behind all others of the command.
    last: Vec<Letter>,
}

impl Outbox {
    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.letters.len() + self.last.len()
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty() && self.last.is_empty()
    }

    /// Writes one.
    pub fn send(&mut self, to: SessionId, bytes: Arc<Vec<u8>>) {
        self.letters.push(Letter::To { id: to, bytes });
    }

    /// Writes one that is delivered behind all others that the command leaves.
    pub fn send_last(&mut self, to: SessionId, bytes: Arc<Vec<u8>>) {
        self.last.push(Letter::To { id: to, bytes });
    }

    /// Has a message sent to all who have subscribed.
    pub fn publish(&mut self, delivery: Delivery) {
        self.letters.push(Letter::Published(delivery));
    }

    /// Takes all of them, in the order in which they are to be delivered.
    pub fn take(&mut self) -> Vec<Letter> {
        let mut letters = std::mem::take(&mut self.letters);
        letters.append(&mut self.last);
        letters
    }

    /// A client has left: what it was to be sent is thrown away, so that its successor in the same
    /// place does not get it.
    pub fn forget(&mut self, id: SessionId) {
        let is_for = |letter: &Letter| matches!(letter, Letter::To { id: to, .. } if *to == id);
        self.letters.retain(|letter| !is_for(letter));
        self.last.retain(|letter| !is_for(letter));
    }
}
