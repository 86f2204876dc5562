//! How the loop goes when somebody wants to see it: DEBUG LOOP, and the buttons of the live page.
//!
//! While the loop is paused only control connections are served: the signals, the page and its
//! viewers, whoever has paused it, and whoever connects while it is paused. So `redis-cli DEBUG LOOP STEP`
//! works from a shell, and the server can be ended. When the loop goes on they are clients like any other.

use super::Server;
use crate::ae::{EventLoop, Pace, Token};
use crate::engine::{LoopOrder, SessionId};
use std::time::Duration;

impl Server {
    /// Makes the loop go as it is told to. `client` is whoever says so, where that is a client.
    pub(super) fn set_pace(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        order: LoopOrder,
        client: Option<SessionId>,
    ) {
        if self.ending.has_begun() {
            // Held, it would never end.
            return;
        }
        match order {
            LoopOrder::Pause => event_loop.pause(),
            LoopOrder::Step(turns) => event_loop.step(turns),
            LoopOrder::Slow(ms) => event_loop.slow(Duration::from_millis(ms)),
            LoopOrder::Resume => event_loop.resume(),
        }
        if event_loop.pace() == Pace::Paused {
            self.open_control(event_loop, client);
        } else {
            self.close_control(event_loop);
        }
    }

    /// A connection was taken, or is to be: while the loop is paused it is one for control.
    pub(super) fn note_connection(&mut self, event_loop: &mut EventLoop<Server>, token: Token) {
        if event_loop.pace() == Pace::Paused {
            event_loop.set_control(token, true);
        }
    }

    fn open_control(&mut self, event_loop: &mut EventLoop<Server>, client: Option<SessionId>) {
        for listening in &self.listeners {
            event_loop.set_control(listening.token, true);
        }
        if let Some(token) = client.and_then(|client| self.clients.token_of(client)) {
            event_loop.set_control(token, true);
        }
    }

    fn close_control(&mut self, event_loop: &mut EventLoop<Server>) {
        for listening in &self.listeners {
            event_loop.set_control(listening.token, false);
        }
        for token in self.clients.tokens() {
            event_loop.set_control(token, false);
        }
    }
}
