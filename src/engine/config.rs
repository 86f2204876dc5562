//! The values of the settings. What may be said about them stands in `settings.rs`.

use super::eviction::Policy;
use super::observers::Classes;
use super::renames::Renames;
use crate::store::Packing;
use crate::store::uses::Scale;
use std::collections::BTreeMap;

/// The classes of clients that have output limits of their own, in the order of the setting.
pub const BUFFER_CLASSES: [&str; 3] = ["normal", "slave", "pubsub"];

/// How much output a client may leave unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BufferLimit {
    /// Bytes past which it is cut off at once; 0: never.
    pub hard_bytes: u64,
    /// Bytes past which it is cut off after a while; 0: never.
    pub soft_bytes: u64,
    /// How long the while is, in seconds.
    pub soft_s: u64,
}

/// Who may use DEBUG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Nobody.
    #[default]
    No,
    /// Everybody.
    Yes,
    /// Clients on the same machine.
    Local,
}

/// Every setting's value.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses to listen on; one that begins with `-` may fail.
    pub bind: Vec<String>,
    /// The TCP port; 0: none is listened on.
    pub port: u16,
    /// Whether, with `port` 0, any free port is listened on (for embedding).
    pub any_port: bool,
    /// The path of a Unix socket to listen on, or empty.
    pub unixsocket: String,
    /// The permissions of that socket; 0: as they come.
    pub unixsocketperm: u32,
    /// The length of the kernel's queue of connections that wait to be accepted.
    pub tcp_backlog: u32,
    /// Seconds after which a silent client is cut off; 0: never.
    pub timeout_s: u64,
    /// Seconds between the kernel's probes of silent connections; 0: no probes.
    pub tcp_keepalive_s: u64,
    /// Whether, without a password, only clients on the same machine are served.
    pub protected_mode: bool,
    /// The password, or empty.
    pub requirepass: Vec<u8>,
    /// The file with the users, or empty.
    pub aclfile: String,
    /// The users that the config file declares: the words of each line behind `user`. Empty once they are
    /// there.
    pub users: Vec<Vec<Vec<u8>>>,
    /// Whether what is said of a new user allows all channels.
    pub acl_pubsub_all: bool,
    /// The most entries of the log of what was denied.
    pub acllog_max_len: usize,
    /// The most clients at a time.
    pub maxclients: u32,
    /// How many databases there are.
    pub databases: usize,
    /// What is logged: an index into [`LOG_LEVELS`](super::settings::LOG_LEVELS).
    pub loglevel: usize,
    /// The file to log to, or empty for the terminal.
    pub logfile: String,
    /// The longest string.
    pub proto_max_bulk_len: usize,
    /// The longest sparse HyperLogLog, in bytes; a longer one is dense.
    pub hll_sparse_max_bytes: usize,
    /// The most keys that are remembered for clients that have copies of them; 0: no limit.
    pub tracking_table_max_keys: usize,
    /// The most bytes of a request that is not complete yet.
    pub client_query_buffer_limit: usize,
    /// Output limits, by class as in [`BUFFER_CLASSES`].
    pub client_output_buffer_limit: [BufferLimit; 3],
    /// How much memory all clients together may take: bytes, or, where negative, percent of `maxmemory`;
    /// 0: as much as they like.
    pub maxmemory_clients: i64,
    /// Who may use DEBUG.
    pub enable_debug_command: Access,
    /// The file that a trace is written to from the start, or empty.
    pub trace: String,
    /// Whether keys stand in a trace.
    pub trace_keys: bool,
    /// The length at which a trace ends.
    pub trace_max_bytes: u64,
    /// The port of the loopback at which the live page is served; 0: it is not.
    pub watch: u16,
    /// Bytes of memory from which on keys are evicted, or commands refused; 0: none.
    pub maxmemory: u64,
    /// Which keys are evicted.
    pub maxmemory_policy: Policy,
    /// How many keys are looked at for each that is evicted.
    pub maxmemory_samples: u32,
    /// How long a command may be held up by eviction: 0 is not at all, 10 half a millisecond, 100 for ever.
    pub maxmemory_eviction_tenacity: u32,
    /// How uses of keys are counted.
    pub lfu: Scale,
    /// Microseconds from which on a command comes into the slow log; -1: none does.
    pub slowlog_log_slower_than: i64,
    /// The most entries of the slow log; 0: there is none.
    pub slowlog_max_len: usize,
    /// Milliseconds from which on something is a latency event; 0: nothing is.
    pub latency_monitor_threshold_ms: u64,
    /// Whether it is told how long commands take.
    pub latency_tracking: bool,
    /// Which percentiles of that INFO tells, each from 0 to 100.
    pub latency_percentiles: Vec<f64>,
    /// The classes of events that are told.
    pub notify_keyspace_events: Classes,
    /// The commands that have other names.
    pub renames: Renames,
    /// The file that the process's number is written to, or empty.
    pub pidfile: String,
    /// How collections are kept.
    pub packing: Packing,
    /// Settings without effect that were given a value.
    pub inert: BTreeMap<&'static str, Vec<u8>>,
}

impl Config {
    /// How many bytes all clients together may take; `None` where that is not limited. A part of
    /// `maxmemory` is none where there is no `maxmemory`.
    #[must_use]
    pub fn max_client_bytes(&self) -> Option<usize> {
        let bytes = match self.maxmemory_clients {
            percent @ ..0 => self.maxmemory / 100 * percent.unsigned_abs(),
            bytes => bytes.unsigned_abs(),
        };
        (bytes > 0).then(|| usize::try_from(bytes).unwrap_or(usize::MAX))
    }
}

impl Default for Config {
    fn default() -> Config {
        const MIB: u64 = 1024 * 1024;
        let limit = |hard_bytes, soft_bytes, soft_s| BufferLimit {
            hard_bytes,
            soft_bytes,
            soft_s,
        };
        Config {
            bind: vec!["127.0.0.1".to_owned(), "-::1".to_owned()],
            port: 6379,
            any_port: false,
            unixsocket: String::new(),
            unixsocketperm: 0,
            tcp_backlog: 511,
            timeout_s: 0,
            tcp_keepalive_s: 300,
            protected_mode: true,
            requirepass: Vec::new(),
            aclfile: String::new(),
            users: Vec::new(),
            acl_pubsub_all: false,
            acllog_max_len: 128,
            maxclients: 10_000,
            databases: 16,
            loglevel: 2,
            logfile: String::new(),
            proto_max_bulk_len: 512 * 1024 * 1024,
            hll_sparse_max_bytes: 3000,
            tracking_table_max_keys: 1_000_000,
            client_query_buffer_limit: 1024 * 1024 * 1024,
            client_output_buffer_limit: [
                limit(0, 0, 0),
                limit(256 * MIB, 64 * MIB, 60),
                limit(32 * MIB, 8 * MIB, 60),
            ],
            maxmemory_clients: 0,
            enable_debug_command: Access::No,
            trace: String::new(),
            trace_keys: true,
            trace_max_bytes: 256 * MIB,
            watch: 0,
            maxmemory: 0,
            maxmemory_policy: Policy::NoEviction,
            maxmemory_samples: 5,
            maxmemory_eviction_tenacity: 10,
            lfu: Scale {
                log_factor: 10,
                decay_minutes: 1,
            },
            slowlog_log_slower_than: 10_000,
            slowlog_max_len: 128,
            latency_monitor_threshold_ms: 0,
            latency_tracking: true,
            latency_percentiles: vec![50.0, 99.0, 99.9],
            notify_keyspace_events: Classes::default(),
            renames: Renames::default(),
            pidfile: String::new(),
            packing: Packing::default(),
            inert: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Microseconds from which on a command comes into the slow log; `None` while there is no such log.
    #[must_use]
    pub fn slow_us(&self) -> Option<u64> {
        let us = u64::try_from(self.slowlog_log_slower_than).ok();
        us.filter(|_| self.slowlog_max_len > 0)
    }

    /// Whether a command that took so many microseconds comes into the slow log.
    #[must_use]
    pub fn is_slow_us(&self, us: u64) -> bool {
        self.slow_us().is_some_and(|slow_us| us >= slow_us)
    }
}
