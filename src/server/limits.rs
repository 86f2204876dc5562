//! What clients may take: how long they may be silent, how much they may leave unread, how much memory all of
//! them may take together. Who takes too much is closed.
//!
//! Silence (`timeout`) and the soft limits are held against the clock. Each client that either may concern has
//! a timer on a wheel, and is looked at when that fires; nobody goes through all clients. The hard limits and
//! `maxmemory-clients` are looked at whenever an output has grown.

use super::Server;
use super::client::{Client, Gone};
use crate::ae::{EventLoop, Next, TimeEventId, Token};
use crate::engine::config::BufferLimit;
use crate::wheel::{Step, Wheel};

/// Clients that are looked after in one turn.
const CLIENTS_PER_TURN: usize = 256;

/// Clients that are closed in one turn because all take too much memory.
const EVICTIONS_PER_TURN: usize = 64;

/// When to look after whom, and what need not be looked at.
pub(super) struct Limits {
    /// Output that is shorter concerns no limit.
    least_output: u64,
    /// When to look after which client, in milliseconds of the loop.
    due: Wheel<Token>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            least_output: 0,
            due: Wheel::new(0),
        }
    }
}

impl Limits {
    /// When somebody is to be looked after next, in milliseconds of the loop.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.due.next_due()
    }

    /// A client is being freed.
    pub(super) fn forget_client(&mut self, client: &mut Client) {
        if let Some(timer) = client.timer.take() {
            self.due.cancel(timer);
        }
    }
}

impl Server {
    /// Looks after a client when it is time to: see [`Server::next_look`].
    pub(super) fn watch_client(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        token: Token,
        client: &mut Client,
    ) {
        self.limits.forget_client(client);
        if let Some(at_ms) = self.next_look(event_loop.now_ms(), client) {
            client.timer = Some(self.limits.due.insert(at_ms, token));
        }
    }

    /// The limits of what clients take have changed, or are there for the first time.
    pub(super) fn settle_limits(&mut self) {
        self.engine.settle_client_memory();
        let limits = self.engine.config.client_output_buffer_limit;
        let bytes = limits
            .into_iter()
            .flat_map(|limit| [limit.hard_bytes, limit.soft_bytes]);
        self.limits.least_output = if self.engine.client_memory.is_limited() {
            0
        } else {
            bytes.filter(|&bytes| bytes > 0).min().unwrap_or(u64::MAX)
        };
    }

    /// `timeout` or the output limits have changed: every client is looked at anew.
    pub(super) fn watch_all_clients(&mut self, event_loop: &mut EventLoop<Server>) {
        self.for_each_client(event_loop, |server, event_loop, token, client| {
            server.check_output(event_loop, token, client)?;
            server.watch_client(event_loop, token, client);
            Ok(())
        });
    }

    /// When a client may have to go: it is silent for `timeout`, or its output stays over the
    /// soft limit for the time that it may. In milliseconds of the loop.
    fn next_look(&self, now_ms: u64, client: &Client) -> Option<u64> {
        let session = &self.engine.sessions[client.session];
        let timeout_s = self.engine.config.timeout_s;
        let idle_s = self.engine.clock.unix_s().saturating_sub(session.active_s);
        // Who waits may be silent. Others who may be, too, may cease to be what they are.
        let only_listens = !session.blocked && session.may_be_silent();
        let idle_s = if only_listens { 0 } else { idle_s };
        let silent = (timeout_s > 0 && !session.blocked)
            .then(|| now_ms + (timeout_s + 1).saturating_sub(idle_s).saturating_mul(1000));
        let soft_s = self.output_limit(client).soft_s;
        let too_full = client
            .over_soft_limit_since_ms
            .map(|since_ms| since_ms + soft_s.saturating_mul(1000) + 1);
        silent.into_iter().chain(too_full).min()
    }

    /// Whether a client has to go now, by the clock.
    fn is_overdue(&self, now_ms: u64, client: &Client) -> Option<Gone> {
        let config = &self.engine.config;
        let session = &self.engine.sessions[client.session];
        let idle_s = self.engine.clock.unix_s().saturating_sub(session.active_s);
        if config.timeout_s > 0 && idle_s > config.timeout_s && !session.may_be_silent() {
            return Some(Gone::Dismissed);
        }
        let soft_ms = self.output_limit(client).soft_s.saturating_mul(1000);
        let since_ms = client.over_soft_limit_since_ms?;
        (now_ms.saturating_sub(since_ms) > soft_ms).then_some(Gone::OutputTooLarge)
    }

    /// How much a client may leave unread.
    fn output_limit(&self, client: &Client) -> BufferLimit {
        let session = &self.engine.sessions[client.session];
        let class = if session.is_subscriber() { 2 } else { 0 };
        self.engine.config.client_output_buffer_limit[class]
    }

    /// Holds a client's unread replies against the limits.
    ///
    /// # Errors
    /// They are over the hard limit.
    #[inline]
    pub(super) fn check_output(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        token: Token,
        client: &mut Client,
    ) -> Result<(), Gone> {
        let len = client.output.len() as u64;
        if len < self.limits.least_output && client.over_soft_limit_since_ms.is_none() {
            return Ok(());
        }
        self.hold_against_limits(event_loop, token, client)
    }

    #[inline(never)]
    fn hold_against_limits(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        token: Token,
        client: &mut Client,
    ) -> Result<(), Gone> {
        let len = client.output.len() as u64;
        if self.engine.client_memory.is_limited() {
            client.note_memory(&mut self.engine);
        }
        let limit = self.output_limit(client);
        // ANCHOR: hard-limit
        if limit.hard_bytes > 0 && len > limit.hard_bytes {
            return Err(Gone::OutputTooLarge);
        }
        // ANCHOR_END: hard-limit
        let is_over = limit.soft_bytes > 0 && len > limit.soft_bytes;
        if is_over == client.over_soft_limit_since_ms.is_some() {
            return Ok(());
        }
        client.over_soft_limit_since_ms = is_over.then(|| event_loop.now_ms());
        self.watch_client(event_loop, token, client);
        Ok(())
    }

    /// Closes clients while all together take more memory than they may (`maxmemory-clients`), the largest
    /// first, some in each turn.
    pub(super) fn evict_clients(&mut self, event_loop: &mut EventLoop<Server>) {
        for _ in 0..EVICTIONS_PER_TURN {
            let Some(id) = self.engine.client_memory.first_to_go() else {
                return;
            };
            let token = self.clients.token_of(id);
            let token = token.expect("a client that takes memory is connected");
            let client = self.clients.take(token);
            let client = client.expect("between two turns every client is in its place");
            self.free(event_loop, token, client, &Gone::Evicted);
        }
        event_loop.wake_now();
    }
}

/// Looks after the clients that are due.
pub(super) fn look_after_clients(
    event_loop: &mut EventLoop<Server>,
    server: &mut Server,
    _: TimeEventId,
) -> Next {
    let now_ms = event_loop.now_ms();
    for _ in 0..CLIENTS_PER_TURN {
        match server.limits.due.step(now_ms) {
            Step::Idle => break,
            Step::Moved => {}
            Step::Fired { item: token, .. } => {
                let Some(mut client) = server.clients.take(token) else {
                    continue;
                };
                client.timer = None;
                if let Some(why) = server.is_overdue(now_ms, &client) {
                    server.free(event_loop, token, client, &why);
                } else {
                    server.watch_client(event_loop, token, &mut client);
                    server.clients.put(token, client);
                }
            }
        }
    }
    server.timers.clients.fired();
    Next::NoMore
}
