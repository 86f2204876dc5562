//! Where commands write what is for others than their own client.

use super::Prepared;
use crate::engine::{Engine, SessionId};
use crate::resp::{Output, Request};
use std::collections::HashMap;

/// Where the replies go of clients that have waited.
pub trait Outputs {
    /// The output of this client. `None` if it has none any more: then it waits no longer, and
    /// nothing is taken for it.
    fn output(&mut self, id: SessionId) -> Option<&mut Output>;

    /// The output of a client that is sent a message. `None` if it has none any more.
    fn message(&mut self, id: SessionId) -> Option<&mut Output> {
        self.output(id)
    }

    /// This client's request was run again, and answered: its output had the first of these lengths
    /// before, and has the second now.
    fn ran(
        &mut self,
        engine: &Engine,
        id: SessionId,
        (prepared, request): (&Prepared, &Request<'_>),
        (before, after): (usize, usize),
    ) {
        let _ = (engine, id, prepared, request, before, after);
    }

    /// This client has waited in vain, and was told so: its output has this length now.
    fn told(&mut self, engine: &Engine, id: SessionId, unsent: usize) {
        let _ = (engine, id, unsent);
    }
}

/// For those who use the engine without a server.
impl Outputs for HashMap<SessionId, Output> {
    fn output(&mut self, id: SessionId) -> Option<&mut Output> {
        self.get_mut(&id)
    }
}
