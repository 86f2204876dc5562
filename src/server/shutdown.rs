//! Ending without losing replies.
//!
//! Told to end, by a signal or by SHUTDOWN, the server listens no more but goes on turning: what
//! has been received is run, what has been run is answered, and when nobody has anything coming it
//! stops, or when its patience is over. After SHUTDOWN nothing is run any more, as in Redis.

use super::Server;
use crate::ae::{EventLoop, Next, TimeEventId};
use std::time::Duration;

/// How long after a signal clients may still take their replies.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the server is about to end.
#[derive(Debug, Default)]
pub struct Ending {
    /// The turn in which that began.
    since_turn: Option<u64>,
}

impl Ending {
    /// Whether it has begun.
    pub fn has_begun(&self) -> bool {
        self.since_turn.is_some()
    }
}

impl Server {
    /// Begins to end: see the module's text. `patience` bounds how long that takes.
    pub fn shut_down(&mut self, event_loop: &mut EventLoop<Server>, why: &str, patience: Duration) {
        if self.ending.has_begun() {
            return;
        }
        log::info!("{why} received, ending");
        self.ending.since_turn = Some(event_loop.turn_count());
        self.stop_listening(event_loop);
        self.stop_watching(event_loop);
        // Whoever has held the loop to look at it has seen it.
        event_loop.resume();
        event_loop.create_time_event(patience, out_of_patience);
        event_loop.wake_now();
    }

    /// SHUTDOWN: the same, but no command is run any more.
    pub(super) fn shut_down_at_once(&mut self, event_loop: &mut EventLoop<Server>) {
        for client in self.clients.iter() {
            self.engine.sessions[client.session].closing = true;
        }
        self.shut_down(event_loop, "SHUTDOWN", PATIENCE);
    }

    /// Stops the loop if the end has begun and nobody has anything coming.
    pub(super) fn end_if_all_is_done(&mut self, event_loop: &mut EventLoop<Server>) {
        let Some(since) = self.ending.since_turn else {
            return;
        };
        // One more poll, for what had come by then.
        let has_polled = event_loop.turn_count() > since + 1;
        let is_done = || self.clients.iter().all(|client| !client.is_owed_anything());
        if !has_polled {
            event_loop.wake_now();
        } else if event_loop.ready_count() == 0 && is_done() {
            event_loop.stop();
        }
    }
}

fn out_of_patience(event_loop: &mut EventLoop<Server>, _: &mut Server, _: TimeEventId) -> Next {
    log::warn!("some clients have not taken their replies in time");
    event_loop.stop();
    Next::NoMore
}
