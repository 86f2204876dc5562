//! One client's transaction: the requests that wait for EXEC.
//!
//! ```text
//!   MULTI      a transaction begins: the client's gate `QUEUEING` is shut
//!   SET k v    is queued                                             ─┐
//!   GTE k      refused: the transaction is aborted, nothing more of    │ Transaction
//!              it is kept, and EXEC will say so                      ─┘
//!   EXEC       all of them are run, or none
//! ```
//!
//! It lies in the client's [`Extras`](super::session::Extras), and its memory is counted as the client's.

use super::{Engine, Gates, Session, SessionId};
use crate::resp::{Request, RequestQueue};

/// See the module's text.
#[derive(Debug, Default)]
pub struct Transaction {
    queue: RequestQueue,
    /// The number of each request's command.
    commands: Vec<u16>,
    /// Whether a request was refused: none of the others is run.
    pub is_aborted: bool,
    /// How many requests are being run by EXEC, and their memory.
    running: (usize, usize),
}

impl Transaction {
    /// Queues a request of the command with this number.
    pub fn push(&mut self, command: u16, request: &mut Request<'_>) {
        self.queue.push(request);
        self.commands.push(command);
    }

    /// How many requests it has, for CLIENT LIST; those that EXEC is running are among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.running.0 + self.queue.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of memory that its requests take.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.running.1 + self.queue.memory() + self.commands.capacity() * size_of::<u16>()
    }

    /// The numbers of the queued commands.
    #[must_use]
    pub fn commands(&self) -> &[u16] {
        &self.commands
    }

    /// The length of what is queued, to be held against `client-query-buffer-limit`.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.queue.queued_bytes()
    }

    /// What is left of it, to be freed.
    fn into_queue(self) -> RequestQueue {
        self.queue
    }

    /// Takes the requests out, to be run, with the numbers of their commands. They go on being counted.
    pub fn take(&mut self) -> (RequestQueue, Vec<u16>) {
        self.running = (self.len(), self.memory());
        let queue = std::mem::take(&mut self.queue);
        (queue, std::mem::take(&mut self.commands))
    }
}

impl Session {
    /// The client's transaction, while it is in one.
    #[must_use]
    pub fn transaction(&self) -> Option<&Transaction> {
        self.extras.as_deref()?.transaction.as_deref()
    }

    /// The same, to be changed.
    pub fn transaction_mut(&mut self) -> Option<&mut Transaction> {
        self.extras.as_deref_mut()?.transaction.as_deref_mut()
    }

    /// The length of what the client has queued: it has been received and not been run.
    #[inline]
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        if self.gates.has(Gates::QUEUEING) {
            self.transaction().map_or(0, Transaction::queued_bytes)
        } else {
            0
        }
    }
}

impl Engine {
    /// The client is in a transaction from now on.
    pub fn begin_transaction(&mut self, id: SessionId) {
        let session = &mut self.sessions[id];
        session.extras().transaction = Some(Box::default());
        session.gates.set(Gates::QUEUEING, true);
    }

    /// The client is in no transaction any more, and watches nothing.
    pub fn end_transaction(&mut self, id: SessionId) {
        let session = &mut self.sessions[id];
        let extras = session.extras.as_deref_mut();
        if let Some(transaction) = extras.and_then(|extras| extras.transaction.take()) {
            self.trash.requests(transaction.into_queue());
        }
        session.gates.set(Gates::QUEUEING, false);
        self.observers.unwatch(id);
    }

    /// The bytes of memory that the client's transaction takes, and the keys that it watches.
    #[must_use]
    pub fn transaction_memory(&self, id: SessionId) -> usize {
        let transaction = self.sessions[id].transaction();
        transaction.map_or(0, Transaction::memory) + self.observers.watched().memory(id)
    }
}
