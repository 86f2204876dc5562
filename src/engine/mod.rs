//! Redis without sockets: everything that a command can read or change.
//!
//! The engine holds the databases, the sessions of the connected clients and their users, who listens to what,
//! watches what, waits for what and has what in its cache, the settings, the
//! statistics, the time (which it is told, it reads no clock) and a seeded source of randomness.
//! With the same seed, the same requests and the same times, it gives the same bytes. Sockets,
//! tests and simulations all go through [`command::execute`](crate::command::execute), from the
//! bytes of a request to the bytes of its reply.

pub mod acl;
pub mod blocked;
pub mod client_memory;
pub mod clock;
pub mod config;
pub mod database;
pub mod eviction;
pub mod gates;
pub mod histogram;
pub mod latency;
pub mod mail;
pub mod monitors;
pub mod observers;
pub mod outbox;
pub mod pause;
pub mod pubsub;
pub mod random;
pub mod renames;
pub mod session;
pub mod settings;
pub mod slowlog;
pub mod stats;
pub mod trace;
pub mod tracking;
pub mod transaction;
pub mod turns;
pub mod uses;
pub mod watched;

use crate::store::{Expired, Keyspace, Trash};
use acl::Acl;
pub use blocked::Blocked;
use client_memory::ClientMemory;
pub use clock::Clock;
pub use config::Config;
pub use database::{Db, KnownHash, Storing};
use eviction::Eviction;
pub use gates::Gates;
pub use latency::Latency;
pub use mail::{LoopOrder, Mail};
pub use monitors::Monitors;
pub use observers::{Cause, Classes, Observers, Place};
pub use outbox::Outbox;
pub use pause::Pause;
pub use pubsub::PubSub;
pub use random::Random;
pub use session::{ReplyMode, Session, SessionId, Sessions};
pub use slowlog::SlowLog;
pub use stats::{Host, Stats};
use trace::TraceStatus;
pub use transaction::Transaction;
use uses::Uses;
pub use watched::Watched;

/// What a bounded piece of work has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slice {
    /// Nothing was left to do.
    Done,
    /// The budget was used up first.
    More,
}

/// After a command that took as long as this the clock is put forward, so that those behind it in
/// the same pipeline see that time has passed. In nanoseconds.
const CLOCK_NS: u64 = 50_000;

/// Keys that nobody watches any more, which are removed in one step.
const WATCHED_PER_STEP: usize = 64;

/// See the module's text.
pub struct Engine {
    /// The databases, by number.
    pub databases: Vec<Keyspace>,
    /// Databases from this number on have never been selected or named, and need not be looked after.
    used_databases: usize,
    /// What the hashes of keys depend on.
    hash_seed: u64,
    /// The connected clients.
    pub sessions: Sessions,
    /// Who they are, and what they may do.
    pub acl: Acl,
    /// Those of them that wait for keys.
    pub blocked: Blocked,
    /// Who wants to know that a key has changed.
    pub observers: Observers,
    /// What clients are to be sent because of what others do.
    pub outbox: Outbox,
    /// Who listens to what.
    pub pubsub: PubSub,
    /// What stands between every client and its commands.
    pub gates: Gates,
    /// Whether commands wait, and those that do.
    pub pause: Pause,
    /// How much memory the clients take, while that is limited.
    pub client_memory: ClientMemory,
    /// The settings.
    pub config: Config,
    /// The time, as last told.
    pub clock: Clock,
    /// Counters for INFO.
    pub stats: Stats,
    /// The clients that see every command.
    pub monitors: Monitors,
    /// The commands that took long.
    pub slow_log: SlowLog,
    /// What held the loop.
    pub latency: Latency,
    /// Whatever takes as long as this is told to somebody: the clock, the slow log, the latency events. In
    /// nanoseconds.
    pub slow_ns: u64,
    /// What INFO says about the process.
    pub host: Host,
    /// What INFO says about the trace.
    pub trace: TraceStatus,
    /// What is too big to be freed at once.
    pub trash: Trash,
    /// Which keys may go when memory is short.
    pub eviction: Eviction,
    /// Randomness.
    pub random: Random,
    /// What is to be done by the server.
    pub mail: Vec<Mail>,
    /// Whether keys are removed at their deadlines with no one asking (DEBUG SET-ACTIVE-EXPIRE).
    pub active_expire: bool,
    /// The time as it was last told, and the stopwatch at that moment.
    told: (Clock, u64),
    /// When the last command ended, by [`Host::stopwatch_ns`].
    pub watch_ns: u64,
}

impl Engine {
    /// An engine with these settings, this seed and this time.
    #[must_use]
    pub fn new(config: Config, seed: u64, clock: Clock) -> Engine {
        let mut random = Random::new(seed);
        let count = config.databases;
        // One for all: a hash stays right when databases are exchanged or flushed.
        let hash_seed = random.next_u64();
        let databases = (0..count)
            .map(|_| Keyspace::new(hash_seed, clock.unix_ms()))
            .collect();
        let mut config = config;
        config.packing.seed = hash_seed;
        let mut engine = Engine {
            databases,
            // The first is selected in every new session.
            used_databases: 1,
            hash_seed,
            sessions: Sessions::new(),
            acl: Acl::new(),
            blocked: Blocked::new(clock.unix_ms()),
            observers: Observers::new(hash_seed),
            outbox: Outbox::default(),
            pubsub: PubSub::new(hash_seed),
            gates: Gates::OPEN,
            pause: Pause::default(),
            client_memory: ClientMemory::default(),
            config,
            clock,
            stats: Stats::new(),
            monitors: Monitors::default(),
            slow_log: SlowLog::default(),
            latency: Latency::default(),
            slow_ns: CLOCK_NS,
            host: Host::default(),
            trace: TraceStatus::default(),
            trash: Trash::new(),
            eviction: Eviction::default(),
            random,
            mail: Vec::new(),
            active_expire: true,
            told: (clock, 0),
            watch_ns: 0,
        };
        let has_new_names = !engine.config.renames.is_empty();
        engine.gates.set(Gates::RENAMED, has_new_names);
        engine.set_default_password();
        engine.heed_settings();
        engine
    }

    /// Brings in line with the settings what follows from them. To be called whenever they have changed.
    pub fn heed_settings(&mut self) {
        let classes = self.config.notify_keyspace_events;
        self.observers.set_classes(classes);
        self.heed_memory_settings();
        let config = &self.config;
        let slow_log_ns = config.slow_us().map(|us| us.saturating_mul(1000));
        let threshold_ms = config.latency_monitor_threshold_ms;
        let event_ns = (threshold_ms > 0).then(|| threshold_ms.saturating_mul(1_000_000));
        let slow_ns = slow_log_ns.into_iter().chain(event_ns);
        self.slow_ns = slow_ns.fold(CLOCK_NS, u64::min);
        self.slow_log.shorten(config.slowlog_max_len);
        self.stats.track_latency(config.latency_tracking);
    }

    /// Something has taken so long: notes a latency event of this kind if that is long enough.
    #[inline]
    pub fn note_latency(&mut self, event: &'static str, ns: u64) {
        if ns >= self.slow_ns {
            self.add_latency(event, ns);
        }
    }

    #[cold]
    fn add_latency(&mut self, event: &'static str, ns: u64) {
        let (ms, threshold_ms) = (ns / 1_000_000, self.config.latency_monitor_threshold_ms);
        if threshold_ms > 0 && ms >= threshold_ms {
            let unix_s = self.clock.unix_s();
            self.latency.add(event, latency::Sample { unix_s, ms });
        }
    }

    /// A command has taken so long: if that is long, the clock is put forward.
    pub fn put_clock_forward(&mut self, ns: u64) {
        if ns >= CLOCK_NS {
            self.clock = self.clock.after_ns(ns);
        }
    }

    /// A client selects the database with this number.
    pub fn select(&mut self, id: SessionId, index: usize) {
        self.note_use(index);
        self.sessions[id].db = index as u32;
    }

    /// The database that a client has selected, for its command to work on.
    #[inline]
    pub fn selected_db(&mut self, id: SessionId) -> Db<'_> {
        let session = &self.sessions[id];
        let (index, uses) = (session.db as usize, session.uses);
        self.view(index, uses)
    }

    /// The database with this number, for a command to work on.
    pub fn db(&mut self, index: usize) -> Db<'_> {
        self.note_use(index);
        let uses = self.observers.uses();
        self.view(index, uses)
    }

    /// The database with this number is used from now on.
    fn note_use(&mut self, index: usize) {
        self.used_databases = self.used_databases.max(index + 1);
    }

    #[inline]
    fn view(&mut self, index: usize, uses: Uses) -> Db<'_> {
        Db {
            keys: &mut self.databases[index],
            index,
            blocked: &mut self.blocked,
            uses,
            observers: &mut self.observers,
            trash: &mut self.trash,
            stats: &mut self.stats.keys,
            clock: &self.clock,
            packing: &self.config.packing,
            place: Place::Before,
            known: &KnownHash::NONE,
        }
    }

    /// How many keys there are, and how many of them have a deadline. Databases that were never used
    /// are not looked at.
    #[must_use]
    pub fn key_counts(&self) -> (usize, usize) {
        let used = &self.databases[..self.used_databases];
        let add = |(keys, deadlines), keyspace: &Keyspace| {
            (keys + keyspace.len(), deadlines + keyspace.deadline_count())
        };
        used.iter().fold((0, 0), add)
    }

    /// The databases up to the last one that was ever used.
    #[must_use]
    pub fn used_databases(&self) -> &[Keyspace] {
        &self.databases[..self.used_databases]
    }

    /// When the next key is due, in unix milliseconds; `None` when no key has a deadline,
    /// active expiry is switched off, or a pause is on.
    #[must_use]
    pub fn next_due(&self) -> Option<u64> {
        if !self.active_expire || self.pause.current().is_some() {
            return None;
        }
        let used = &self.databases[..self.used_databases];
        used.iter().filter_map(Keyspace::next_due).min()
    }

    /// Whether there is work of a kind that most servers never have: eviction, a pause to be ended, tables to be
    /// tidied.
    #[inline]
    #[must_use]
    pub fn has_seldom_work(&self) -> bool {
        let tables = self.observers.watched().has_remains() | self.observers.tracking().is_in_use();
        self.eviction.is_due() || !self.pause.is_idle() || tables && self.has_to_tidy()
    }

    /// Whether there is something for [`Engine::tidy`].
    #[must_use]
    pub fn has_to_tidy(&self) -> bool {
        self.observers.watched().has_remains() || self.has_tracking_to_tidy()
    }

    /// Does some of what is left to be done for clients that have left or do not want something any more: in the
    /// tables of watched and of tracked keys.
    pub fn tidy(&mut self) -> Slice {
        if self.observers.watched().has_remains() {
            self.observers.tidy_watched(WATCHED_PER_STEP);
        } else {
            self.tidy_tracking();
        }
        if self.has_to_tidy() {
            Slice::More
        } else {
            Slice::Done
        }
    }

    /// Removes keys that are due, in at most `steps` steps of bounded work.
    pub fn expire(&mut self, steps: usize) -> Slice {
        if self.pause.current().is_some() {
            return Slice::Done;
        }
        let now_ms = self.clock.unix_ms();
        let mut left = steps;
        let used = self.databases[..self.used_databases].iter_mut();
        for (index, keyspace) in used.enumerate() {
            loop {
                if left == 0 {
                    return Slice::More;
                }
                match keyspace.expire_step(now_ms) {
                    Expired::Idle => break,
                    Expired::Moved => self.stats.timers_moved += 1,
                    Expired::Key { entry, late_ms } => {
                        self.stats.keys.expired += 1;
                        self.stats.expiry_lateness_ms.record(late_ms);
                        if self.observers.is_on() {
                            self.observers.expired(index, entry.key(), Place::Before);
                        }
                        self.trash.entry(entry);
                    }
                }
                left -= 1;
            }
        }
        Slice::Done
    }

    /// Frees one slice of what waits to be freed, if it is time to.
    pub fn free(&mut self) -> Slice {
        let now_ms = self.clock.unix_ms();
        self.trash.free_slice(now_ms);
        match self.trash.due_ms() {
            Some(due_ms) if due_ms <= now_ms => Slice::More,
            _ => Slice::Done,
        }
    }

    /// Ends whatever a client has begun that lasts longer than a command: because it starts anew, or because
    /// it has left.
    pub fn end_all_of(&mut self, id: SessionId) {
        self.stop_monitoring(id);
        self.stop_tracking(id);
        self.end_transaction(id);
        self.unsubscribe_all(id);
    }

    /// A client has left.
    pub fn close_session(&mut self, id: SessionId) {
        self.stop_waiting(id);
        self.end_all_of(id);
        self.forget_tracker(id);
        self.outbox.forget(id);
        self.client_memory.forget(id);
        self.sessions.close(id);
    }

    /// Exchanges the contents of two databases. Who waits for a key of one of them goes on to do so,
    /// and may find it now.
    pub fn swap(&mut self, first: usize, second: usize) {
        self.touch_exchanged(first, second);
        self.databases.swap(first, second);
        self.note_use(first.max(second));
        self.note_ready_keys(first);
        self.note_ready_keys(second);
    }

    /// Removes every key of a database.
    pub fn flush(&mut self, index: usize) {
        self.observers.watched_flushed(index);
        let fresh = Keyspace::new(self.hash_seed, self.clock.unix_ms());
        let old = std::mem::replace(&mut self.databases[index], fresh);
        self.stats.keys.dirty += old.len() as u64;
        self.trash.keyspace(old);
    }

    /// Whether something is to be done for others before anybody's next command:
    /// [`follow_up`](crate::command::follow_up()).
    #[inline]
    #[must_use]
    pub fn has_follow_up(&self) -> bool {
        self.observers.noted() | self.outbox.len() | self.blocked.work_len() != 0
    }

    /// Whether a command has left anything to be done at all. It is one comparison, after every
    /// command.
    #[inline]
    #[must_use]
    pub fn has_business(&self) -> bool {
        let noted = self.observers.noted() | self.outbox.len();
        noted | self.blocked.work_len() | self.mail.len() != 0
    }

    /// Tells the time, and what the stopwatch shows now.
    pub fn tell_time(&mut self, now: Clock, watch_ns: u64) {
        self.watch_ns = watch_ns;
        self.told = (now, watch_ns);
        self.clock = now;
    }

    /// Starts timing: what comes next is charged to the next command. The time goes on with it:
    /// the stopwatch has been running since the time was told.
    #[inline]
    pub fn start_watch(&mut self) {
        let (told, at_ns) = self.told;
        self.watch_ns = (self.host.stopwatch_ns)();
        self.clock = told.after_ns(self.watch_ns.saturating_sub(at_ns));
    }

    /// Reads the stopwatch, and no more than that.
    pub fn look_at_watch(&mut self) {
        self.watch_ns = (self.host.stopwatch_ns)();
    }

    /// Nanoseconds from when the time was told to when the stopwatch was last looked at.
    #[must_use]
    pub fn awake_ns(&self) -> u64 {
        self.watch_ns.saturating_sub(self.told.1)
    }
}
