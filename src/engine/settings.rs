//! The settings: one table, which the config file, the command line, CONFIG GET, CONFIG SET and
//! CONFIG REWRITE all read.
//!
//! A setting is one entry of [`SETTINGS`]: its name, whether it can change while the server runs,
//! and how its text becomes a field of [`Config`] and back. Directives of Redis that ask for
//! something Aerolite does not have (files, replicas, clusters) are known too, and accepted at the
//! one value that asks for nothing; those that only tune such a thing are remembered and have no
//! effect.

mod text;

use super::config::{Access, Config};
use super::eviction::Policy;
use super::observers::Classes;
use crate::resp::split_words;
pub use text::percentile_text;
use text::{
    buffer_limits_text, must_be_one_of, parse_number, parse_yes_no, percentiles_text, set_bind,
    set_buffer_limits, set_percentiles, yes_no,
};

/// The most words that CONFIG SET takes for one setting.
const MAX_WORDS: usize = 1024;

/// The most databases there may be.
const MAX_DATABASES: i64 = 100_000;

/// The least that the limits on single values and on query buffers can be set to.
const MIN_BYTES: i64 = 1024 * 1024;

/// The shortest trace that is worth opening.
const MIN_TRACE_BYTES: i64 = 16 * 1024;

/// The names of the log levels, the most talkative first.
pub const LOG_LEVELS: &[&str] = &["debug", "verbose", "notice", "warning"];

const YES_NO_LOCAL: &[&str] = &["no", "yes", "local"];
const ACCESS: [Access; 3] = [Access::No, Access::Yes, Access::Local];

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// In decimal.
    Plain,
    /// In decimal, or with a unit: `64mb`.
    Memory,
    /// The same, or a part of something: `10%`, which is -10.
    MemoryOrPercent,
    /// In octal.
    Octal,
}

/// Where a value is kept.
#[derive(Debug)]
pub struct Field<T> {
    /// Reads it.
    pub get: fn(&Config) -> T,
    /// Writes it.
    pub set: fn(&mut Config, T),
}

// Not derived: two functions can be copied whatever `T` is.
impl<T> Clone for Field<T> {
    fn clone(&self) -> Field<T> {
        *self
    }
}

impl<T> Copy for Field<T> {}

/// Where a list of words is kept; not every list will do.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// Reads it.
    pub get: fn(&Config) -> String,
    /// Writes it, or says what is wrong.
    pub set: fn(&mut Config, &[Vec<u8>]) -> Result<(), String>,
}

/// Where a text is kept that means something; not every text will do.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// Reads it.
    pub get: fn(&Config) -> String,
    /// Writes it, or says what is wrong.
    pub set: fn(&mut Config, &[u8]) -> Result<(), String>,
}

/// How a setting's text becomes a value.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `yes` or `no`.
    Bool(Field<bool>),
    /// A number from the first to the second, both included.
    Number(Field<i64>, i64, i64, Unit),
    /// One of some words, by its place among them.
    Choice(Field<usize>, &'static [&'static str]),
    /// Any text.
    Text(Field<Vec<u8>>),
    /// A text that means something.
    Code(Code),
    /// Several words.
    Words(List),
    /// Something that Aerolite does not have: only the first value, which does not ask for it.
    /// The second says what is lacking.
    Only(&'static str, &'static str),
    /// Something that tunes what Aerolite does not have: remembered, without effect. This is the
    /// value until another is given.
    Inert(&'static str),
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Whether CONFIG SET may change it.
    pub is_mutable: bool,
    /// What it is.
    pub kind: Kind,
}

const fn fixed(name: &'static str, kind: Kind) -> Setting {
    Setting {
        name,
        is_mutable: false,
        kind,
    }
}

const fn mutable(name: &'static str, kind: Kind) -> Setting {
    Setting {
        name,
        is_mutable: true,
        kind,
    }
}

const fn only(name: &'static str, value: &'static str, lacking: &'static str) -> Setting {
    mutable(name, Kind::Only(value, lacking))
}

/// The same, and CONFIG SET may not even name it.
const fn never(name: &'static str, value: &'static str, lacking: &'static str) -> Setting {
    fixed(name, Kind::Only(value, lacking))
}

/// Where the process works: the program goes there at its start, and relative paths begin there.
pub const DIR: &str = "dir";

const fn inert(name: &'static str, default: &'static str) -> Setting {
    mutable(name, Kind::Inert(default))
}

/// A number in a field of an integer type.
macro_rules! number {
    ($($field:ident).+: $type:ty, $min:expr, $max:expr, $unit:expr) => {
        Kind::Number(
            Field {
                get: |config| i64::try_from(config.$($field).+).unwrap_or(i64::MAX),
                set: |config, value| {
                    config.$($field).+ = <$type>::try_from(value).unwrap_or(<$type>::MAX)
                },
            },
            $min,
            $max,
            $unit,
        )
    };
}

/// A text in a field of type `String`.
macro_rules! text {
    ($field:ident) => {
        Kind::Text(Field {
            get: |config| config.$field.clone().into_bytes(),
            set: |config, value| config.$field = String::from_utf8_lossy(&value).into_owned(),
        })
    };
}

const NO_FILES: &str = "Aerolite keeps its data in memory only and writes none to disk";
const NO_REPLICAS: &str = "Aerolite has no replicas";
const NO_CLUSTER: &str = "Aerolite is no cluster";
const NO_DAEMON: &str = "Aerolite stays in the foreground; let a service manager start it";
const ONE_THREAD: &str = "Aerolite does everything in one thread";

// Those that decide how collections are kept have an older name each, which is still in use.
const HASH_ENTRIES: Kind = number!(packing.hash_entries: usize, 0, i64::MAX, Unit::Plain);
const HASH_BYTES: Kind = number!(packing.hash_bytes: usize, 0, i64::MAX, Unit::Memory);
const ZSET_ENTRIES: Kind = number!(packing.zset_entries: usize, 0, i64::MAX, Unit::Plain);
const ZSET_BYTES: Kind = number!(packing.zset_bytes: usize, 0, i64::MAX, Unit::Memory);
const LIST_CHUNK: Kind = number!(
    packing.list_chunk: i32,
    i32::MIN as i64,
    i32::MAX as i64,
    Unit::Plain
);

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    mutable(
        "bind",
        Kind::Words(List {
            get: |config| config.bind.join(" "),
            set: set_bind,
        }),
    ),
    mutable("port", number!(port: u16, 0, 65535, Unit::Plain)),
    fixed("unixsocket", text!(unixsocket)),
    fixed(
        "unixsocketperm",
        number!(unixsocketperm: u32, 0, 0o777, Unit::Octal),
    ),
    fixed(
        "tcp-backlog",
        number!(tcp_backlog: u32, 0, i32::MAX as i64, Unit::Plain),
    ),
    mutable(
        "timeout",
        number!(timeout_s: u64, 0, i32::MAX as i64, Unit::Plain),
    ),
    mutable(
        "tcp-keepalive",
        number!(tcp_keepalive_s: u64, 0, i32::MAX as i64, Unit::Plain),
    ),
    mutable(
        "protected-mode",
        Kind::Bool(Field {
            get: |config| config.protected_mode,
            set: |config, on| config.protected_mode = on,
        }),
    ),
    mutable(
        "requirepass",
        Kind::Text(Field {
            get: |config| config.requirepass.clone(),
            set: |config, text| config.requirepass = text,
        }),
    ),
    fixed("aclfile", text!(aclfile)),
    mutable(
        "acl-pubsub-default",
        Kind::Choice(
            Field {
                get: |config| usize::from(!config.acl_pubsub_all),
                set: |config, index| config.acl_pubsub_all = index == 0,
            },
            &["allchannels", "resetchannels"],
        ),
    ),
    mutable(
        "acllog-max-len",
        number!(acllog_max_len: usize, 0, i64::MAX, Unit::Plain),
    ),
    mutable(
        "maxclients",
        number!(maxclients: u32, 1, u32::MAX as i64, Unit::Plain),
    ),
    fixed(
        "databases",
        number!(databases: usize, 1, MAX_DATABASES, Unit::Plain),
    ),
    mutable(
        "loglevel",
        Kind::Choice(
            Field {
                get: |config| config.loglevel,
                set: |config, level| config.loglevel = level,
            },
            LOG_LEVELS,
        ),
    ),
    fixed("logfile", text!(logfile)),
    fixed("pidfile", text!(pidfile)),
    mutable(
        "proto-max-bulk-len",
        number!(proto_max_bulk_len: usize, MIN_BYTES, i64::MAX, Unit::Memory),
    ),
    mutable(
        "hll-sparse-max-bytes",
        number!(hll_sparse_max_bytes: usize, 0, i64::MAX, Unit::Memory),
    ),
    mutable(
        "client-query-buffer-limit",
        number!(client_query_buffer_limit: usize, MIN_BYTES, i64::MAX, Unit::Memory),
    ),
    mutable(
        "maxmemory-clients",
        number!(maxmemory_clients: i64, -100, i64::MAX, Unit::MemoryOrPercent),
    ),
    mutable(
        "client-output-buffer-limit",
        Kind::Words(List {
            get: buffer_limits_text,
            set: set_buffer_limits,
        }),
    ),
    fixed(
        "enable-debug-command",
        Kind::Choice(
            Field {
                get: |config| config.enable_debug_command as usize,
                set: |config, index| config.enable_debug_command = ACCESS[index],
            },
            YES_NO_LOCAL,
        ),
    ),
    fixed("trace", text!(trace)),
    mutable(
        "trace-keys",
        Kind::Bool(Field {
            get: |config| config.trace_keys,
            set: |config, on| config.trace_keys = on,
        }),
    ),
    mutable(
        "trace-max-bytes",
        number!(trace_max_bytes: u64, MIN_TRACE_BYTES, i64::MAX, Unit::Memory),
    ),
    fixed("watch", number!(watch: u16, 0, 65535, Unit::Plain)),
    mutable(
        "maxmemory",
        number!(maxmemory: u64, 0, i64::MAX, Unit::Memory),
    ),
    mutable(
        "maxmemory-policy",
        Kind::Choice(
            Field {
                get: |config| config.maxmemory_policy as usize,
                set: |config, index| config.maxmemory_policy = Policy::ALL[index],
            },
            Policy::NAMES,
        ),
    ),
    mutable(
        "maxmemory-samples",
        number!(maxmemory_samples: u32, 1, i32::MAX as i64, Unit::Plain),
    ),
    mutable(
        "maxmemory-eviction-tenacity",
        number!(maxmemory_eviction_tenacity: u32, 0, 100, Unit::Plain),
    ),
    mutable(
        "lfu-log-factor",
        number!(lfu.log_factor: u32, 0, i32::MAX as i64, Unit::Plain),
    ),
    mutable(
        "lfu-decay-time",
        number!(lfu.decay_minutes: u32, 0, i32::MAX as i64, Unit::Plain),
    ),
    mutable("hash-max-listpack-entries", HASH_ENTRIES),
    mutable("hash-max-ziplist-entries", HASH_ENTRIES),
    mutable("hash-max-listpack-value", HASH_BYTES),
    mutable("hash-max-ziplist-value", HASH_BYTES),
    mutable("zset-max-listpack-entries", ZSET_ENTRIES),
    mutable("zset-max-ziplist-entries", ZSET_ENTRIES),
    mutable("zset-max-listpack-value", ZSET_BYTES),
    mutable("zset-max-ziplist-value", ZSET_BYTES),
    mutable("list-max-listpack-size", LIST_CHUNK),
    mutable("list-max-ziplist-size", LIST_CHUNK),
    mutable(
        "set-max-intset-entries",
        number!(packing.intset_entries: usize, 0, i64::MAX, Unit::Plain),
    ),
    mutable(
        "slowlog-log-slower-than",
        Kind::Number(
            Field {
                get: |config| config.slowlog_log_slower_than,
                set: |config, us| config.slowlog_log_slower_than = us,
            },
            -1,
            i64::MAX,
            Unit::Plain,
        ),
    ),
    mutable(
        "slowlog-max-len",
        number!(slowlog_max_len: usize, 0, i64::MAX, Unit::Plain),
    ),
    mutable(
        "latency-monitor-threshold",
        number!(latency_monitor_threshold_ms: u64, 0, i64::MAX, Unit::Plain),
    ),
    mutable(
        "latency-tracking",
        Kind::Bool(Field {
            get: |config| config.latency_tracking,
            set: |config, on| config.latency_tracking = on,
        }),
    ),
    mutable(
        "latency-tracking-info-percentiles",
        Kind::Words(List {
            get: percentiles_text,
            set: set_percentiles,
        }),
    ),
    only("save", "", NO_FILES),
    only("appendonly", "no", NO_FILES),
    never("daemonize", "no", NO_DAEMON),
    never("supervised", "no", NO_DAEMON),
    never("cluster-enabled", "no", NO_CLUSTER),
    never("replicaof", "", NO_REPLICAS),
    never("slaveof", "", NO_REPLICAS),
    never("io-threads", "1", ONE_THREAD),
    mutable(
        "notify-keyspace-events",
        Kind::Code(Code {
            get: |config| config.notify_keyspace_events.text(),
            set: |config, text| {
                config.notify_keyspace_events = Classes::parse(text)?;
                Ok(())
            },
        }),
    ),
    only("tls-port", "0", "Aerolite speaks no TLS"),
    inert("active-expire-effort", "1"),
    inert("activedefrag", "no"),
    inert("activerehashing", "yes"),
    inert("always-show-logo", "no"),
    inert("aof-disable-auto-gc", "no"),
    inert("aof-load-truncated", "yes"),
    inert("aof-rewrite-incremental-fsync", "yes"),
    inert("aof-timestamp-enabled", "no"),
    inert("aof-use-rdb-preamble", "yes"),
    inert("appenddirname", "appendonlydir"),
    inert("appendfilename", "appendonly.aof"),
    inert("appendfsync", "everysec"),
    inert("auto-aof-rewrite-min-size", "67108864"),
    inert("auto-aof-rewrite-percentage", "100"),
    inert("busy-reply-threshold", "5000"),
    inert("crash-log-enabled", "yes"),
    inert("dbfilename", "dump.rdb"),
    fixed(DIR, Kind::Inert(".")),
    inert("disable-thp", "yes"),
    inert("dynamic-hz", "yes"),
    inert("enable-module-command", "no"),
    inert("enable-protected-configs", "no"),
    inert("hz", "10"),
    inert("ignore-warnings", ""),
    inert("io-threads-do-reads", "no"),
    inert("jemalloc-bg-thread", "no"),
    inert("lazyfree-lazy-eviction", "yes"),
    inert("lazyfree-lazy-expire", "yes"),
    inert("lazyfree-lazy-server-del", "yes"),
    inert("lazyfree-lazy-user-del", "yes"),
    inert("lazyfree-lazy-user-flush", "yes"),
    inert("list-compress-depth", "0"),
    inert("locale-collate", ""),
    inert("lua-time-limit", "5000"),
    inert("no-appendfsync-on-rewrite", "no"),
    inert("oom-score-adj", "no"),
    inert("oom-score-adj-values", "0 200 800"),
    inert("proc-title-template", "{title} {listen-addr} {server-mode}"),
    inert("rdb-del-sync-files", "no"),
    inert("rdb-save-incremental-fsync", "yes"),
    inert("rdbchecksum", "yes"),
    inert("rdbcompression", "yes"),
    inert("repl-backlog-size", "1048576"),
    inert("repl-backlog-ttl", "3600"),
    inert("repl-disable-tcp-nodelay", "no"),
    inert("repl-diskless-load", "disabled"),
    inert("repl-diskless-sync", "yes"),
    inert("repl-diskless-sync-delay", "5"),
    inert("repl-diskless-sync-max-replicas", "0"),
    inert("repl-ping-replica-period", "10"),
    inert("repl-timeout", "60"),
    inert("replica-announced", "yes"),
    inert("replica-lazy-flush", "yes"),
    inert("replica-priority", "100"),
    inert("replica-read-only", "yes"),
    inert("replica-serve-stale-data", "yes"),
    inert("sanitize-dump-payload", "no"),
    inert("set-proc-title", "yes"),
    inert("shutdown-timeout", "10"),
    inert("stop-writes-on-bgsave-error", "yes"),
    inert("stream-node-max-bytes", "4096"),
    inert("stream-node-max-entries", "100"),
    inert("syslog-enabled", "no"),
    inert("syslog-facility", "local0"),
    inert("syslog-ident", "redis"),
    mutable(
        "tracking-table-max-keys",
        number!(tracking_table_max_keys: usize, 0, i64::MAX, Unit::Plain),
    ),
];

/// The setting called `name`, whatever its case.
#[must_use]
pub fn find(name: &[u8]) -> Option<&'static Setting> {
    SETTINGS
        .iter()
        .find(|setting| setting.name.as_bytes().eq_ignore_ascii_case(name))
}

impl Setting {
    /// Its value as CONFIG GET shows it.
    #[must_use]
    pub fn get(&self, config: &Config) -> Vec<u8> {
        match self.kind {
            Kind::Bool(field) => yes_no((field.get)(config)).into(),
            Kind::Number(field, _, _, Unit::Octal) => format!("{:o}", (field.get)(config)).into(),
            Kind::Number(field, _, _, Unit::MemoryOrPercent) => match (field.get)(config) {
                percent @ ..0 => format!("{}%", -percent),
                bytes => bytes.to_string(),
            }
            .into(),
            Kind::Number(field, ..) => (field.get)(config).to_string().into(),
            Kind::Choice(field, words) => words[(field.get)(config)].into(),
            Kind::Text(field) => (field.get)(config),
            Kind::Code(code) => (code.get)(config).into(),
            Kind::Words(list) => (list.get)(config).into(),
            Kind::Only(value, _) => value.into(),
            Kind::Inert(default) => config
                .inert
                .get(self.name)
                .cloned()
                .unwrap_or_else(|| default.into()),
        }
    }

    /// Gives it the value of one text, as CONFIG SET does.
    ///
    /// # Errors
    /// What is wrong with the text, in Redis's words where it has any.
    pub fn set(&self, config: &mut Config, text: &[u8]) -> Result<(), String> {
        match self.kind {
            Kind::Words(list) => {
                // As Redis splits this value: at each single blank, without quotes.
                let words = text.split(|byte| *byte == b' ').take(MAX_WORDS + 1);
                let words = words.filter(|_| !text.is_empty()).map(<[u8]>::to_vec);
                let words: Vec<Vec<u8>> = words.collect();
                if words.len() > MAX_WORDS {
                    return Err(format!("there may be {MAX_WORDS} words"));
                }
                (list.set)(config, &words)
            }
            _ => self.set_word(config, text),
        }
    }

    /// Gives it the value of the words of a line of the config file, or of the command line.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn set_words(&self, config: &mut Config, words: &[Vec<u8>]) -> Result<(), String> {
        match (self.kind, words) {
            // One argument that holds several words, as shells hand over what stands in quotes.
            (Kind::Words(list), [text]) => {
                let words = split_words(text).ok_or("Unbalanced quotes in configuration line")?;
                (list.set)(config, &words)
            }
            (Kind::Words(_), []) => Err("wrong number of arguments".to_owned()),
            (Kind::Words(list), _) => (list.set)(config, words),
            (Kind::Only(..) | Kind::Inert(_), _) => self.set_word(config, &words.join(&b' ')),
            (_, [word]) => self.set_word(config, word),
            _ => Err("wrong number of arguments".to_owned()),
        }
    }

    fn set_word(&self, config: &mut Config, text: &[u8]) -> Result<(), String> {
        match self.kind {
            Kind::Bool(field) => (field.set)(config, parse_yes_no(text)?),
            Kind::Number(field, min, max, unit) => {
                (field.set)(config, parse_number(text, min, max, unit)?);
            }
            Kind::Choice(field, words) => {
                let index = words
                    .iter()
                    .position(|word| word.as_bytes().eq_ignore_ascii_case(text));
                (field.set)(config, index.ok_or_else(|| must_be_one_of(words))?);
            }
            Kind::Text(field) => (field.set)(config, text.to_vec()),
            Kind::Code(code) => return (code.set)(config, text),
            Kind::Words(list) => return (list.set)(config, &[text.to_vec()]),
            Kind::Only(value, lacking) => {
                if !text.eq_ignore_ascii_case(value.as_bytes()) {
                    return Err(format!("{lacking}; only '{value}' is accepted"));
                }
            }
            Kind::Inert(_) => {
                config.inert.insert(self.name, text.to_vec());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
