//! What happens at a time rather than at an event of a socket: keys that are due, large things to be freed,
//! memory that is over its limit, and what the other files here do at a time.
//!
//! Each is a time event that exists only while it has work. In `before_sleep` each alarm is set to when its work
//! is due (the keys' deadlines, those of clients that wait, and the clients' timers are wheels, which know that),
//! and taken away when there is none. So a server with nothing due sleeps without a timeout.

use super::Server;
use super::alarm::{Alarm, finish, repeat};
use super::limits::look_after_clients;
use super::messages::deliver_messages;
use super::waiting::{resume_paused, time_out};
use crate::ae::{EventLoop, Next, Phase, TimeEventId};
use crate::engine::Slice;

/// Steps of active expiry between two looks at the clock.
const EXPIRE_STEPS: usize = 128;

/// Steps of active expiry that each command pays for, whatever time they take: to set a deadline is
/// to make that much work (a few moves towards its moment, and the removal), so busy clients can
/// never make keys faster than they leave.
const EXPIRE_STEPS_PER_COMMAND: usize = 8;

/// The server's time events.
#[derive(Default)]
pub(super) struct Timers {
    expiry: Alarm,
    freeing: Alarm,
    eviction: Alarm,
    /// The deadlines of clients that wait.
    pub(super) timeouts: Alarm,
    /// The end of a pause.
    pub(super) pause: Alarm,
    /// Clients that are to be looked after.
    pub(super) clients: Alarm,
    /// What clients have left behind, and what is too much, in the tables of watched and of tracked keys.
    tidying: Alarm,
    /// Messages that are still to be delivered or sent: it is always due.
    pub(super) messages: Alarm,
    /// Whether one of the alarms for seldom work is armed, or was when they were last looked at.
    has_seldom: bool,
    /// How many commands had been run when this turn began.
    commands_before: u64,
}

impl Server {
    /// Sets each alarm to when its work is due.
    pub(super) fn arm_alarms(&mut self, event_loop: &mut EventLoop<Server>) {
        self.timers.commands_before = self.engine.stats.commands;
        let (expiry, freeing) = (self.engine.next_due(), self.engine.trash.due_ms());
        let timeouts = self.engine.blocked.next_due();
        if expiry.is_some() || freeing.is_some() || timeouts.is_some() {
            self.read_both_clocks(event_loop);
        }
        let (now_ms, unix_ms) = (event_loop.now_ms(), self.engine.clock.unix_ms());
        let of_the_loop = |due_ms: u64| now_ms + due_ms.saturating_sub(unix_ms);
        let clients = self.limits.next_due();
        let timers = &mut self.timers;
        timers
            .expiry
            .set(event_loop, expiry.map(of_the_loop), expire);
        timers
            .freeing
            .set(event_loop, freeing.map(of_the_loop), free_trash);
        timers
            .timeouts
            .set(event_loop, timeouts.map(of_the_loop), time_out);
        timers.clients.set(event_loop, clients, look_after_clients);
        if self.timers.has_seldom | self.engine.has_seldom_work() | self.has_messages() {
            self.arm_seldom_alarms(event_loop);
        }
    }

    /// The same for what most servers have most of the time nothing of: a turn without it shall not pay for it.
    #[inline(never)]
    fn arm_seldom_alarms(&mut self, event_loop: &mut EventLoop<Server>) {
        let pause = self.engine.pause.next_due();
        if pause.is_some() {
            self.read_both_clocks(event_loop);
        }
        let (now_ms, unix_ms) = (event_loop.now_ms(), self.engine.clock.unix_ms());
        let pause = pause.map(|due_ms| now_ms + due_ms.saturating_sub(unix_ms));
        let eviction = self.engine.eviction.is_due().then_some(now_ms);
        let tidying = self.engine.has_to_tidy().then_some(now_ms);
        let messages = self.has_messages().then_some(now_ms);
        let timers = &mut self.timers;
        timers.pause.set(event_loop, pause, resume_paused);
        timers.eviction.set(event_loop, eviction, evict);
        timers.tidying.set(event_loop, tidying, tidy);
        timers.messages.set(event_loop, messages, deliver_messages);
        let alarms = [
            &timers.pause,
            &timers.eviction,
            &timers.tidying,
            &timers.messages,
        ];
        timers.has_seldom = alarms.iter().any(|alarm| alarm.is_armed());
    }

    /// The two clocks are compared, so both are read at the same moment: a turn may have been long.
    fn read_both_clocks(&mut self, event_loop: &mut EventLoop<Server>) {
        event_loop.refresh_clock();
        self.engine.start_watch();
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
        let at_us = self.engine.clock.unix_us();
        if stats.rates.is_due(at_us) {
            let sample = stats.sample(at_us);
            stats.rates.keep(sample);
        }
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
    // ANCHOR: paid
    let steps = server
        .commands_this_turn()
        .saturating_mul(EXPIRE_STEPS_PER_COMMAND);
    let paid_for = server.engine.expire(steps);
    let again = match paid_for {
        Slice::Done => Slice::Done,
        Slice::More => repeat(|| server.engine.expire(EXPIRE_STEPS)),
    };
    // ANCHOR_END: paid
    server.engine.look_at_watch();
    let taken_ns = server.engine.watch_ns.saturating_sub(since_ns);
    server.engine.note_latency("expire-cycle", taken_ns);
    server.serve_others(event_loop);
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
    server.serve_others(event_loop);
    let evicted = server.engine.stats.evicted_keys.saturating_sub(before);
    event_loop
        .recorder()
        .lap(begun, Phase::Free, None, evicted as usize);
    finish(event_loop, &mut server.timers.eviction, again)
}

/// Goes on with what is left to be done in the tables of watched and of tracked keys, for a slice of time.
fn tidy(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    let again = repeat(|| server.engine.tidy());
    server.serve_others(event_loop);
    finish(event_loop, &mut server.timers.tidying, again)
}
