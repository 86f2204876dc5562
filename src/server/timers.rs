//! What happens at a time rather than at an event of a socket: keys that are due, clients to be
//! looked after, large things to be freed, keys to be evicted.
//!
//! Each is a time event that exists only while it has work. Those that follow a wheel (the
//! keys' deadlines, those of clients that wait, the end of a pause, the clients' timers) are `Alarm`s: in `before_sleep` each is set to its
//! wheel's `next_due`, and taken away when that is `None`. So a server with nothing due sleeps
//! without a timeout.

use super::Server;
use super::client::{Client, Gone};
use super::messages::deliver_messages;
use super::waiting::{resume_paused, time_out};
use crate::ae::{EventLoop, Next, Phase, TimeEventId, TimeProc, Token};
use crate::engine::Slice;
use crate::engine::config::BufferLimit;
use crate::wheel::{Step, Wheel};
use std::time::{Duration, Instant};

/// The time that one piece of background work may take of a turn.
pub(super) const SLICE_TIME: Duration = Duration::from_micros(500);

/// Steps of active expiry between two looks at the clock.
const EXPIRE_STEPS: usize = 128;

/// Steps of active expiry that each command pays for, whatever time they take: to set a deadline is
/// to make that much work (a few moves towards its moment, and the removal), so busy clients can
/// never make keys faster than they leave.
const EXPIRE_STEPS_PER_COMMAND: usize = 8;

/// Clients that are looked after in one turn.
const CLIENTS_PER_TURN: usize = 256;

/// Clients that are closed in one turn because all take too much memory.
const EVICTIONS_PER_TURN: usize = 64;

/// A time event that is due when a wheel says so.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    event: Option<(TimeEventId, u64)>,
}

impl Alarm {
    /// Sets it to a time of the loop, or switches it off.
    #[inline]
    fn set(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        at_ms: Option<u64>,
        proc: TimeProc<Server>,
    ) {
        if at_ms.is_some() || self.event.is_some() {
            self.set_anew(event_loop, at_ms, proc);
        }
    }

    #[inline(never)]
    fn set_anew(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        at_ms: Option<u64>,
        proc: TimeProc<Server>,
    ) {
        match (at_ms, self.event) {
            (Some(at_ms), Some((id, armed_ms))) => {
                if at_ms == armed_ms {
                    return;
                }
                let is_there = event_loop.reschedule(id, at_ms);
                let id = if is_there {
                    id
                } else {
                    event_loop.create_time_event_at(at_ms, proc)
                };
                self.event = Some((id, at_ms));
            }
            (Some(at_ms), None) => {
                self.event = Some((event_loop.create_time_event_at(at_ms, proc), at_ms));
            }
            (None, Some((id, _))) => {
                event_loop.delete_time_event(id);
                self.event = None;
            }
            (None, None) => {}
        }
    }

    /// Its time event has fired and is gone.
    pub(super) fn fired(&mut self) {
        self.event = None;
    }
}

/// The server's time events.
pub struct Timers {
    expiry: Alarm,
    freeing: Alarm,
    eviction: Alarm,
    /// The deadlines of clients that wait.
    pub(super) timeouts: Alarm,
    /// The end of a pause.
    pub(super) pause: Alarm,
    clients: Alarm,
    /// Clients that have left, and what is too much, in the table of tracked keys.
    tracking: Alarm,
    /// Messages that are still to be delivered or sent: it is always due.
    pub(super) messages: Alarm,
    /// Output that is shorter concerns no limit.
    least_output: u64,
    /// How many commands had been run when this turn began.
    commands_before: u64,
    /// When to look after which client, in milliseconds of the loop.
    due_clients: Wheel<Token>,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            expiry: Alarm::default(),
            freeing: Alarm::default(),
            eviction: Alarm::default(),
            timeouts: Alarm::default(),
            pause: Alarm::default(),
            clients: Alarm::default(),
            tracking: Alarm::default(),
            messages: Alarm::default(),
            least_output: 0,
            commands_before: 0,
            due_clients: Wheel::new(0),
        }
    }
}

impl Timers {
    /// A client is being freed.
    pub fn forget_client(&mut self, client: &mut Client) {
        if let Some(timer) = client.timer.take() {
            self.due_clients.cancel(timer);
        }
    }
}

impl Server {
    /// Sets each alarm to when its work is due.
    pub(super) fn arm_alarms(&mut self, event_loop: &mut EventLoop<Server>) {
        self.timers.commands_before = self.engine.stats.commands;
        let (expiry, freeing) = (self.engine.next_due(), self.engine.trash.due_ms());
        let timeouts = self.engine.blocked.next_due();
        let eviction = self.engine.eviction.is_due().then(|| event_loop.now_ms());
        let pause = self.engine.pause.next_due();
        if expiry.is_some() || freeing.is_some() || timeouts.is_some() || pause.is_some() {
            // The two clocks are compared, so both are read now: a turn may have been long.
            event_loop.refresh_clock();
            self.engine.start_watch();
        }
        let (now_ms, unix_ms) = (event_loop.now_ms(), self.engine.clock.unix_ms());
        let of_the_loop = |due_ms: u64| now_ms + due_ms.saturating_sub(unix_ms);
        self.timers
            .expiry
            .set(event_loop, expiry.map(of_the_loop), expire);
        self.timers
            .freeing
            .set(event_loop, freeing.map(of_the_loop), free_trash);
        self.timers.eviction.set(event_loop, eviction, evict);
        self.timers
            .timeouts
            .set(event_loop, timeouts.map(of_the_loop), time_out);
        let tidying = self.engine.has_tracking_to_tidy();
        self.timers
            .tracking
            .set(event_loop, tidying.then_some(now_ms), tidy_tracking);
        self.timers
            .pause
            .set(event_loop, pause.map(of_the_loop), resume_paused);
        self.timers.clients.set(
            event_loop,
            self.timers.due_clients.next_due(),
            look_after_clients,
        );
        let messages = self.has_messages().then_some(now_ms);
        self.timers
            .messages
            .set(event_loop, messages, deliver_messages);
    }

    /// How many commands this turn has run.
    fn commands_this_turn(&self) -> usize {
        // CONFIG RESETSTAT sets the counter back.
        let commands = self
            .engine
            .stats
            .commands
            .saturating_sub(self.timers.commands_before);
        usize::try_from(commands).unwrap_or(usize::MAX)
    }

    /// Keeps the counters from which INFO tells rates.
    pub(super) fn note_rates(&mut self) {
        let stats = &mut self.engine.stats;
        let sample = stats.sample(self.engine.clock.unix_us());
        stats.rates.sample(sample);
    }

    /// Looks after a client when it is time to: see [`Server::next_look`].
    pub(super) fn watch_client(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        token: Token,
        client: &mut Client,
    ) {
        self.timers.forget_client(client);
        if let Some(at_ms) = self.next_look(event_loop.now_ms(), client) {
            client.timer = Some(self.timers.due_clients.insert(at_ms, token));
        }
    }

    /// The limits of what clients take have changed, or are there for the first time.
    pub(super) fn settle_limits(&mut self) {
        self.engine.settle_client_memory();
        let limits = self.engine.config.client_output_buffer_limit;
        let bytes = limits
            .into_iter()
            .flat_map(|limit| [limit.hard_bytes, limit.soft_bytes]);
        self.timers.least_output = if self.engine.client_memory.is_limited() {
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
        if len < self.timers.least_output && client.over_soft_limit_since_ms.is_none() {
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
        if limit.hard_bytes > 0 && len > limit.hard_bytes {
            return Err(Gone::OutputTooLarge);
        }
        let is_over = limit.soft_bytes > 0 && len > limit.soft_bytes;
        if is_over == client.over_soft_limit_since_ms.is_some() {
            return Ok(());
        }
        client.over_soft_limit_since_ms = is_over.then(|| event_loop.now_ms());
        self.watch_client(event_loop, token, client);
        Ok(())
    }
}

impl Server {
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

/// Removes keys that are due: what this turn's commands pay for, and then for a slice of time.
fn expire(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    server.engine.start_watch();
    let since_ns = server.engine.watch_ns;
    let begun = event_loop.recorder().begin();
    let before = (
        server.engine.stats.keys.expired,
        server.engine.stats.timers_moved,
    );
    let steps = server
        .commands_this_turn()
        .saturating_mul(EXPIRE_STEPS_PER_COMMAND);
    let paid_for = server.engine.expire(steps);
    let again = match paid_for {
        Slice::Done => Slice::Done,
        Slice::More => repeat(|| server.engine.expire(EXPIRE_STEPS)),
    };
    server.engine.look_at_watch();
    let taken_ns = server.engine.watch_ns.saturating_sub(since_ns);
    server.engine.note_latency("expire-cycle", taken_ns);
    server.follow_up();
    server.see_to_the_woken(event_loop);
    let stats = &server.engine.stats;
    let fired = stats.keys.expired.saturating_sub(before.0) as usize;
    let moved = stats.timers_moved.saturating_sub(before.1) as usize;
    event_loop
        .recorder()
        .lap_with(begun, Phase::Wheel, None, fired, moved);
    finish(event_loop, &mut server.timers.expiry, again)
}

/// Frees what is too large to be freed at once: as many pieces as commands were run, since each
/// may have made one, and then for a slice of time.
fn free_trash(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    let begun = event_loop.recorder().begin();
    let mut slices = 0;
    for _ in 0..server.commands_this_turn() {
        slices += 1;
        if server.engine.free() == Slice::Done {
            break;
        }
    }
    let again = repeat(|| {
        slices += 1;
        server.engine.free()
    });
    event_loop.recorder().lap(begun, Phase::Free, None, slices);
    finish(event_loop, &mut server.timers.freeing, again)
}

/// Evicts keys while memory is over its limit: a slice in each turn.
fn evict(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    server.engine.start_watch();
    let begun = event_loop.recorder().begin();
    let before = server.engine.stats.evicted_keys;
    let again = server.engine.go_on_evicting();
    server.follow_up();
    server.see_to_the_woken(event_loop);
    let evicted = server.engine.stats.evicted_keys.saturating_sub(before);
    event_loop
        .recorder()
        .lap(begun, Phase::Free, None, evicted as usize);
    finish(event_loop, &mut server.timers.eviction, again)
}

/// Goes on with what is left to be done in the table of tracked keys, for a slice of time.
fn tidy_tracking(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    let again = repeat(|| server.engine.tidy_tracking());
    server.follow_up();
    server.see_to_the_woken(event_loop);
    finish(event_loop, &mut server.timers.tracking, again)
}

/// Repeats a piece of work until it is done or the slice is used up.
pub(super) fn repeat(mut work: impl FnMut() -> Slice) -> Slice {
    let start = Instant::now();
    loop {
        if work() == Slice::Done {
            return Slice::Done;
        }
        if start.elapsed() >= SLICE_TIME {
            return Slice::More;
        }
    }
}

/// More to do: the event runs again in the next turn, after everybody else. Otherwise
/// `before_sleep` sets the alarm anew.
pub(super) fn finish(
    event_loop: &mut EventLoop<Server>,
    alarm: &mut Alarm,
    progress: Slice,
) -> Next {
    match progress {
        Slice::More => Next::At(event_loop.now_ms()),
        Slice::Done => {
            alarm.fired();
            Next::NoMore
        }
    }
}

/// Looks after the clients that are due.
fn look_after_clients(
    event_loop: &mut EventLoop<Server>,
    server: &mut Server,
    _: TimeEventId,
) -> Next {
    let now_ms = event_loop.now_ms();
    for _ in 0..CLIENTS_PER_TURN {
        match server.timers.due_clients.step(now_ms) {
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
