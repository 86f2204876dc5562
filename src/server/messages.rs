//! Messages: what clients are sent that have not asked for it at this moment.
//!
//! A reply goes out before the loop sleeps, whoever else there is: a client gets no more of them than it
//! asks for. A message goes to as many as have subscribed, and ten thousand writes take tens of
//! milliseconds. So who has nothing but messages coming stands in a line of its own, and each turn sends for
//! half a millisecond, after the replies:
//!
//! ```text
//!   a turn:   replies │ messages, 500 us │ poll │ requests of anybody │ messages into outputs, 500 us
//!             all     │ A B C D ...      │      │                     │ (only where very many listen)
//! ```
//!
//! Nobody is left out, since the line is served from its front. A client whose socket is full is not tried
//! again and again: its write handler will send when there is room. What it leaves unread is held against
//! its limit whenever it gets a message.

use super::alarm::{SLICE_TIME, repeat};
use super::client::Queued;
use super::{Server, send};
use crate::ae::{EventLoop, Mask, Next, TimeEventId, Token};
use crate::command::pubsub::deliver;
use std::time::Instant;

/// Clients that are sent their messages between two looks at the clock.
const SENDS: usize = 8;

/// Links of clients that have gone which are cut between two looks at the clock.
const LINKS: usize = 128;

/// Outputs that get a message between two looks at the clock.
const RECEIVERS: usize = 256;

impl Server {
    /// Whether there are messages that have not gone as far as they can.
    #[inline]
    pub(super) fn has_messages(&self) -> bool {
        let pubsub = &self.engine.pubsub;
        !self.messaged.is_empty() || pubsub.has_pending() || pubsub.has_remains()
    }

    /// Sends messages, for a slice of time.
    #[inline]
    pub(super) fn send_messages(&mut self, event_loop: &mut EventLoop<Server>) {
        if !self.messaged.is_empty() {
            self.send_some_messages(event_loop);
        }
    }

    #[inline(never)]
    fn send_some_messages(&mut self, event_loop: &mut EventLoop<Server>) {
        let begun = Instant::now();
        while !self.messaged.is_empty() {
            for _ in 0..SENDS {
                let Some(token) = self.messaged.pop_front() else {
                    break;
                };
                self.send_message(event_loop, token);
            }
            if begun.elapsed() >= SLICE_TIME {
                break;
            }
        }
    }

    fn send_message(&mut self, event_loop: &mut EventLoop<Server>, token: Token) {
        let is_due = self.clients.get_mut(token).is_some_and(|client| {
            let is_due = client.queued == Queued::ForMessages;
            if is_due {
                client.queued = Queued::Nowhere;
            }
            is_due
        });
        // Otherwise its messages have gone with its replies, or it is not the client that it was.
        if !is_due {
            return;
        }
        let Some(mut client) = self.clients.take(token) else {
            return;
        };
        // What waits for a subscriber that does not read is for everybody to see in CLIENT LIST.
        let waiting = u32::try_from(client.output.len()).unwrap_or(u32::MAX);
        self.engine.sessions[client.session].buffers.output = waiting;
        match self.check_output(event_loop, token, &mut client) {
            Ok(()) => self.clients.put(token, client),
            Err(why) => return self.free(event_loop, token, client, &why),
        }
        if !event_loop.file_event_mask(token).contains(Mask::WRITABLE) {
            send(event_loop, self, token);
        }
    }
}

/// Puts messages into outputs, and cuts the links of clients that have gone, for a slice of time each. (Even
/// with nothing to do it keeps the loop from sleeping while messages are to be sent.)
pub(super) fn deliver_messages(
    _: &mut EventLoop<Server>,
    server: &mut Server,
    _: TimeEventId,
) -> Next {
    let (engine, mut others, _) = server.apart();
    repeat(|| deliver::deliver(engine, RECEIVERS, &mut others));
    repeat(|| engine.pubsub.tidy(LINKS));
    server.timers.messages.fired();
    Next::NoMore
}
