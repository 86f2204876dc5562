//! Clients that wait in a blocking command, or for the end of a pause, as the server sees them.
//!
//! ```text
//!   A  BLPOP q 0    is suspended: what it sends is read and kept, nothing of it is run
//!   B  LPUSH q x ──▶ the pipeline has A served at once, before B's next request:
//!                    the reply goes to A's output, and A is noted as woken
//!      ...
//!   when B's turn is over, the woken are seen to: A's reply is sent before the loop sleeps, and
//!   if A has sent more meanwhile, its read handler runs in the next turn
//! ```

use super::Server;
use super::alarm::{SLICE_TIME, finish, repeat};
use super::client::{Gone, Queued};
use super::clients::Clients;
use super::pipeline::Traced;
use super::trace::Recording;
use crate::ae::{EventLoop, Mask, Next, TimeEventId, Token};
use crate::command::{Outputs, follow_up, pause};
use crate::engine::{Engine, SessionId, Slice};
use crate::resp::Output;
use std::collections::VecDeque;
use std::time::Instant;

/// Steps of the wheel of deadlines between two looks at the clock.
const TIMEOUT_STEPS: usize = 128;

/// All clients but the one whose turn it is: who waits is among them.
pub struct Others<'a> {
    /// The clients.
    pub clients: &'a mut Clients,
    /// Those that have been answered.
    pub woken: &'a mut Vec<Token>,
    /// Those that have been sent a message.
    pub messaged: &'a mut VecDeque<Token>,
}

impl Outputs for Others<'_> {
    fn output(&mut self, id: SessionId) -> Option<&mut Output> {
        let token = self.clients.token_of(id)?;
        let client = self.clients.get_mut(token)?;
        self.woken.push(token);
        Some(&mut client.output)
    }

    fn message(&mut self, id: SessionId) -> Option<&mut Output> {
        let token = self.clients.token_of(id)?;
        let client = self.clients.get_mut(token)?;
        if client.queued == Queued::Nowhere {
            client.queued = Queued::ForMessages;
            self.messaged.push_back(token);
        }
        Some(&mut client.output)
    }
}

impl Server {
    /// The engine, the outputs of all clients, and the trace while one is on, to be used side by side.
    pub(super) fn apart(&mut self) -> (&mut Engine, Others<'_>, Option<&mut Recording>) {
        let others = Others {
            clients: &mut self.clients,
            woken: &mut self.woken,
            messaged: &mut self.messaged,
        };
        (&mut self.engine, others, self.tracing.active())
    }

    /// Does for others what is left to be done, when that was not a client's command.
    fn follow_up(&mut self) {
        if !self.engine.has_follow_up() {
            return;
        }
        let (engine, mut others, trace) = self.apart();
        let others = &mut others;
        let mut traced = Traced { others, trace };
        follow_up(engine, None, &mut traced);
    }

    /// Tells who has asked for it which keys have changed in this turn.
    #[cold]
    pub(super) fn broadcast_invalidations(&mut self, event_loop: &mut EventLoop<Server>) {
        self.engine.broadcast_invalidations();
        self.serve_others(event_loop);
    }

    /// Does for others what is left to be done, and sees to those who were answered.
    pub(super) fn serve_others(&mut self, event_loop: &mut EventLoop<Server>) {
        self.follow_up();
        self.see_to_the_woken(event_loop);
    }

    /// Sees to the clients that were answered after they had waited.
    #[inline]
    pub(super) fn see_to_the_woken(&mut self, event_loop: &mut EventLoop<Server>) {
        if !self.woken.is_empty() {
            self.see_to_each_woken(event_loop);
        }
    }

    #[inline(never)]
    fn see_to_each_woken(&mut self, event_loop: &mut EventLoop<Server>) {
        let mut woken = std::mem::take(&mut self.woken);
        for token in woken.drain(..) {
            self.see_to(event_loop, token);
        }
        self.woken = woken;
    }

    fn see_to(&mut self, event_loop: &mut EventLoop<Server>, token: Token) {
        let Some(mut client) = self.clients.take(token) else {
            return;
        };
        if let Err(why) = self.check_output(event_loop, token, &mut client) {
            return self.free(event_loop, token, client, &why);
        }
        // It has waited with a command that ends its connection, and wants no reply.
        if self.engine.sessions[client.session].closing && client.output.is_empty() {
            return self.free(event_loop, token, client, &Gone::Dismissed);
        }
        // While it waited, `timeout` did not count. It counts from now on, not from when the reply is
        // sent: somebody may look after idle clients before that. (Redis loses the reply then.)
        let now_s = self.engine.clock.unix_s();
        self.engine.sessions[client.session].active_s = now_s;
        self.watch_client(event_loop, token, &mut client);
        if !self.engine.sessions[client.session].blocked && client.has_received() {
            event_loop.make_ready(token, Mask::READABLE);
        }
        self.send_later(token, &mut client);
        self.clients.put(token, client);
        if event_loop.is_control(token) {
            // The loop may be held, and then `before_sleep` is far away.
            super::send(event_loop, self, token);
        }
    }
}

/// Ends the waits whose deadline has come.
pub(super) fn time_out(
    event_loop: &mut EventLoop<Server>,
    server: &mut Server,
    _: TimeEventId,
) -> Next {
    server.engine.start_watch();
    let again = repeat(|| {
        let slice = server.engine.time_out(TIMEOUT_STEPS);
        server.follow_up();
        slice
    });
    server.see_to_the_woken(event_loop);
    finish(event_loop, &mut server.timers.timeouts, again)
}

/// Ends a pause whose time is over, and runs the requests that have waited for the end of one: for a
/// slice of time, and at least one.
pub(super) fn resume_paused(
    event_loop: &mut EventLoop<Server>,
    server: &mut Server,
    _: TimeEventId,
) -> Next {
    let start = Instant::now();
    server.engine.start_watch();
    server.engine.end_pause_if_due();
    let again = loop {
        if !server.resume_next(event_loop) {
            break Slice::Done;
        }
        if start.elapsed() >= SLICE_TIME {
            break Slice::More;
        }
    };
    finish(event_loop, &mut server.timers.pause, again)
}

impl Server {
    /// Runs the next request that has waited for the end of a pause, and what its client has sent behind
    /// it, which came before the next one's turn. Says whether there was one.
    fn resume_next(&mut self, event_loop: &mut EventLoop<Server>) -> bool {
        let (engine, mut others, trace) = self.apart();
        let others = &mut others;
        let mut traced = Traced { others, trace };
        let Some(id) = pause::resume(engine, &mut traced) else {
            return false;
        };
        self.see_to_the_woken(event_loop);
        if !self.engine.mail.is_empty() {
            self.deliver_mail(event_loop);
        }
        if let Some(token) = self.clients.token_of(id)
            && let Some(client) = self.clients.get_mut(token)
            && !self.engine.sessions[id].blocked
            && client.has_received()
        {
            super::receive(event_loop, self, token);
        }
        true
    }
}

#[cfg(test)]
mod tests;
