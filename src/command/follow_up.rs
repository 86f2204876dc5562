//! What a command has others be told, when it is over and before the next one of anybody.
//!
//! ```text
//!   A  LPUSH q x     the command runs: its reply, and notes of what has happened
//!                       │
//!      tell             who watches q, who has it cached, who has subscribed to such events?
//!                       │   letters for them
//!      follow_up        the letters are put into their outputs; a client that waits for q is
//!                       │   served, and what its command does is told in the same way
//!                       ▼
//!   (the next command of anybody)
//! ```

use super::Prepared;
use super::blocking::serve_blocked;
use super::notifications::{Event, publish_event};
use super::outputs::Outputs;
use super::pubsub::deliver;
use crate::engine::observers::Happened;
use crate::engine::outbox::Letter;
use crate::engine::{Engine, SessionId};
use crate::resp::{Mark, Output, Request};

/// A client, its output, and where the reply of its command begins.
#[derive(Debug)]
pub struct Own<'a> {
    /// The client.
    pub id: SessionId,
    /// Its output.
    pub out: &'a mut Output,
    /// Where the reply begins.
    pub mark: Mark,
    /// What is to stand before it. A command may cause as many events as it has keys, and its reply may be long:
    /// it is moved once for all of them.
    pub before: Vec<u8>,
}

impl<'a> Own<'a> {
    /// A client whose reply begins at `mark`.
    pub fn new(id: SessionId, out: &'a mut Output, mark: Mark) -> Own<'a> {
        Own {
            id,
            out,
            mark,
            before: Vec::new(),
        }
    }

    /// Puts before the reply what is to stand there.
    pub fn finish(self) {
        self.out.insert(self.mark, &self.before);
    }
}

/// Tells what has happened to keys; `own` is whose command it was. Others get letters.
#[cold]
pub fn tell(engine: &mut Engine, mut own: Option<Own<'_>>) {
    let by = own.as_ref().map(|own| own.id);
    for happened in engine.observers.take() {
        match happened {
            Happened::Event {
                db,
                key,
                name,
                is_after_reply,
                ..
            } => {
                let event = Event {
                    db,
                    key: &key,
                    name,
                    is_after_reply,
                };
                publish_event(engine, event, own.as_mut());
            }
            Happened::Modified {
                key, by_command, ..
            } => engine.invalidate(&key, by, by_command),
            Happened::Flushed { .. } => engine.invalidate_all(),
        }
    }
    if let Some(own) = own {
        own.finish();
    }
}

/// The outputs of all others and that of the client whose command it is, for what both get alike.
struct Everybody<'a, 'o> {
    own: &'a mut Option<(SessionId, &'o mut Output)>,
    others: &'a mut dyn Outputs,
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

/// Does everything that a command, or a moment, has left to be done for others than its client; `own` is
/// the client and its output. To be called whenever [`Engine::has_follow_up`].
#[cold]
pub fn follow_up(
    engine: &mut Engine,
    mut own: Option<(SessionId, &mut Output)>,
    outputs: &mut dyn Outputs,
) {
    while engine.has_follow_up() {
        if engine.observers.has_happened() {
            tell(engine, None);
        }
        let mut everybody = Everybody {
            own: &mut own,
            others: outputs,
        };
        deliver_letters(engine, &mut everybody);
        serve_blocked(engine, &mut everybody);
    }
    if let Some((id, out)) = own {
        deliver::catch_up(engine, id, out);
    }
}

/// Puts all letters into the outputs of those that they are for.
pub(super) fn deliver_letters(engine: &mut Engine, outputs: &mut dyn Outputs) {
    for letter in engine.outbox.take() {
        match letter {
            Letter::Published(delivery) => {
                deliver::publish_now(engine, delivery, outputs);
            }
            Letter::To { id, bytes } => {
                if let Some(out) = outputs.message(id) {
                    deliver::catch_up(engine, id, out);
                    out.push_shared(bytes);
                }
            }
        }
    }
}
