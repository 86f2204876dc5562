//! What one client's command has other clients be sent: messages, invalidations, lines for monitors.
//!
//! A command cannot reach another client's output. It leaves a letter, and when the command is over
//! whoever holds the outputs delivers it, before the next command of anybody. The bytes of a letter
//! are made once and shared by all who get them.

use super::SessionId;
use std::sync::Arc;

/// Bytes for a client.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who gets it.
    pub to: SessionId,
    /// What, in the protocol that the client speaks.
    pub bytes: Arc<Vec<u8>>,
}

/// Letters that are not delivered yet, in the order in which they were written.
#[derive(Debug, Default)]
pub struct Outbox {
    letters: Vec<Letter>,
}

impl Outbox {
    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// Whether there is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// Writes one.
    pub fn send(&mut self, to: SessionId, bytes: Arc<Vec<u8>>) {
        self.letters.push(Letter { to, bytes });
    }

    /// Takes all of them.
    pub fn take(&mut self) -> Vec<Letter> {
        std::mem::take(&mut self.letters)
    }

    /// A client has left: what it was to be sent is thrown away, so that its successor in the same
    /// place does not get it.
    pub fn forget(&mut self, id: SessionId) {
        self.letters.retain(|letter| letter.to != id);
    }
}
