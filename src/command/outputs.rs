//! Where commands write that have something for others than their own client, or something else than a reply.
//!
//! ```text
//!   the command of A   ──▶ Own       A's output, and where its reply begins: messages of its own go before it or behind it
//!                      ──▶ Outputs   B has waited, and is answered       output     it may go on then
//!                                    C has subscribed, and gets a message  message  it is no reply
//! ```
//!
//! The engine knows no sockets: who runs it lends it the outputs. For the server these are the clients (`Others`),
//! for tests a map.

use super::Prepared;
use crate::engine::{Engine, SessionId};
use crate::resp::{Mark, Output, Request};
use std::collections::HashMap;

/// A client, its output, and where the reply of its command begins.
#[derive(Debug)]
pub struct Own<'a> {
    /// The client.
    pub id: SessionId,
    /// Its output.
    pub out: &'a mut Output,
    /// Where the reply begins.
    pub mark: Mark,
    /// What is to stand before it, or in the midst of it, in order. A command may cause as many events as it has
    /// keys, and its reply may be long: it is moved once for all of them.
    pub(super) pieces: Vec<(Mark, Vec<u8>)>,
}

impl<'a> Own<'a> {
    /// A client whose reply begins at `mark`.
    pub fn new(id: SessionId, out: &'a mut Output, mark: Mark) -> Own<'a> {
        Own {
            id,
            out,
            mark,
            pieces: Vec::new(),
        }
    }

    /// Has bytes put at a mark, or behind what was put behind that already.
    pub fn put(&mut self, mark: Mark, bytes: &[u8]) {
        match self.pieces.last_mut() {
            Some((last, piece)) if *last >= mark => piece.extend_from_slice(bytes),
            _ => self.pieces.push((mark, bytes.to_vec())),
        }
    }

    /// Puts what there is between the replies.
    pub fn finish(self) {
        self.out.weave(&self.pieces);
    }
}

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

/// The outputs of all others and that of the client whose command it is, for what both get alike.
pub(super) struct Everybody<'a, 'o> {
    /// That client and its output.
    pub own: &'a mut Option<(SessionId, &'o mut Output)>,
    /// Those of the others.
    pub others: &'a mut dyn Outputs,
}

impl Outputs for Everybody<'_, '_> {
    fn output(&mut self, id: SessionId) -> Option<&mut Output> {
        self.others.output(id)
    }

    fn message(&mut self, id: SessionId) -> Option<&mut Output> {
        match self.own {
            Some((own, out)) if *own == id => Some(&mut **out),
            _ => self.others.message(id),
        }
    }

    fn ran(
        &mut self,
        engine: &Engine,
        id: SessionId,
        what: (&Prepared, &Request<'_>),
        unsent: (usize, usize),
    ) {
        self.others.ran(engine, id, what, unsent);
    }

    fn told(&mut self, engine: &Engine, id: SessionId, unsent: usize) {
        self.others.told(engine, id, unsent);
    }
}
