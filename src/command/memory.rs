//! MEMORY: where the server's memory is.
//!
//! The figures are those of the allocator, of the tables and of the clients' buffers, counted, not guessed;
//! what Aerolite does not have (replicas, scripts, files) takes nothing.

mod doctor;

use super::entry::{Command, Keys, LOADING, READONLY, STALE};
use super::{Call, Done, Error, help};
use crate::engine::Engine;
use crate::engine::stats::Usage;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::store::{Entry, Keyspace};

/// What an entry takes in its table. The tables of a keyspace are between 7/16 and 7/8 full, two
/// thirds on the average, and each place has a control byte beside it.
const SLOT_BYTES: usize = (size_of::<Entry>() + 1) * 3 / 2;

/// How many fields MEMORY STATS has, without those of databases.
const FIELDS: usize = 27;

/// What is the same for no two servers.
const NOT_THE_SAME_EVERYWHERE: &[&str] = &[
    "nondeterministic_output",
    "request_policy:all_shards",
    "response_policy:special",
];

/// The command MEMORY.
pub const COMMANDS: &[Command] = &[Command::container("MEMORY", SUBCOMMANDS).doc(
    "4.0.0",
    "Depends on subcommand",
    "Looks at where memory goes",
)];

/// The subcommands of MEMORY.
const SUBCOMMANDS: &[Command] = &[
    Command::new("DOCTOR", 2, memory_doctor)
        .tips(NOT_THE_SAME_EVERYWHERE)
        .doc(
            "4.0.0",
            "O(1)",
            "Says in words what is wrong with the memory, if anything is",
        ),
    Command::new("HELP", 2, memory_help)
        .flags(&[LOADING, STALE])
        .doc(
            "4.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("MALLOC-STATS", 2, memory_malloc_stats)
        .tips(NOT_THE_SAME_EVERYWHERE)
        .doc(
            "4.0.0",
            "Depends on how much memory is allocated, could be slow",
            "Shows the allocator's own report",
        ),
    Command::new("PURGE", 2, memory_purge)
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .doc(
            "4.0.0",
            "Depends on how much memory is allocated, could be slow",
            "Has the allocator give free pages back to the system",
        ),
    Command::new("STATS", 2, memory_stats)
        .tips(NOT_THE_SAME_EVERYWHERE)
        .doc(
            "4.0.0",
            "O(1)",
            "Tells what the server's memory is used for",
        ),
    Command::new("USAGE", -3, memory_usage)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO", 2, 0, 1)])
        .doc(
            "4.0.0",
            "O(N) where N is the number of elements sampled",
            "Estimates how many bytes a key and its value take",
        )
        .syntax("key [SAMPLES count:integer]"),
];

/// What the memory is used for, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Overview {
    /// What the allocator and the kernel say.
    pub usage: Usage,
    /// The most that was ever allocated when somebody looked.
    pub peak: u64,
    /// Allocated when the server began to serve.
    pub at_start: u64,
    /// The clients: their sessions and buffers.
    pub clients: u64,
    /// The tables of keys, and the wheels of their deadlines.
    pub tables: u64,
}

impl Overview {
    /// As it is now.
    pub fn of(engine: &Engine, usage: Usage) -> Overview {
        let sessions = engine.sessions.in_order();
        let used = engine.used_databases();
        let tables = used
            .iter()
            .map(|keys| keys.table_bytes() + keys.deadline_bytes());
        Overview {
            usage,
            peak: engine.stats.peak_allocated.max(usage.allocated),
            at_start: engine.host.allocated_at_start,
            clients: sessions
                .iter()
                .map(|(id, _)| engine.memory_of_client(*id) as u64)
                .sum(),
            tables: tables.sum::<usize>() as u64,
        }
    }

    /// All that is not the data.
    pub fn overhead(&self) -> u64 {
        let overhead = self.at_start + self.clients + self.tables;
        overhead.min(self.usage.allocated)
    }

    /// The data: keys and values.
    pub fn dataset(&self) -> u64 {
        self.usage.allocated - self.overhead()
    }

    /// What has been allocated since the server began to serve.
    pub fn since_start(&self) -> u64 {
        self.usage.allocated.saturating_sub(self.at_start)
    }

    /// Names for what is held beyond what is used, with the whole and its part: of the allocator's pages
    /// through what it keeps to what the process has, and all of it.
    pub fn overheads(&self) -> [(u64, u64); 4] {
        let Usage {
            allocated,
            active,
            resident,
            rss,
            ..
        } = self.usage;
        [
            (active, allocated),
            (resident, active),
            (rss, resident),
            (rss, allocated),
        ]
    }
}

/// How many times one is of the other; 0 of nothing.
pub fn ratio(whole: u64, part: u64) -> f64 {
    if part == 0 {
        0.0
    } else {
        whole as f64 / part as f64
    }
}

fn overview(call: &mut Call) -> Overview {
    let usage = (call.engine.host.usage)();
    let overview = Overview::of(call.engine, usage);
    call.engine.stats.peak_allocated = overview.peak;
    overview
}

fn memory_doctor(call: &mut Call) -> Done {
    let overview = overview(call);
    let report = doctor::report(&overview, call.engine.sessions.len() as u64);
    call.reply.verbatim("txt", report.as_bytes());
    Ok(())
}

fn memory_help(call: &mut Call) -> Done {
    help::help(call, help::MEMORY)
}

fn memory_malloc_stats(call: &mut Call) -> Done {
    let report = (call.engine.host.malloc_stats)();
    call.reply.verbatim("txt", &report);
    Ok(())
}

fn memory_purge(call: &mut Call) -> Done {
    (call.engine.host.purge)();
    call.reply.ok();
    Ok(())
}

fn memory_stats(call: &mut Call) -> Done {
    let overview = overview(call);
    let databases = call.engine.used_databases();
    let filled = databases
        .iter()
        .enumerate()
        .filter(|(_, keys)| !keys.is_empty());
    let reply = &mut call.reply;
    reply.map(FIELDS + filled.clone().count());
    write_allocated(reply, &overview);
    for (number, keys) in filled {
        write_database(reply, number, keys);
    }
    let key_count = call.engine.key_counts().0 as u64;
    write_shares(reply, &overview, key_count);
    write_overheads(reply, &overview);
    Ok(())
}

fn write_figure(reply: &mut Reply, name: &str, bytes: u64) {
    reply.bulk(name.as_bytes());
    reply.integer(i64::try_from(bytes).unwrap_or(i64::MAX));
}

fn write_share(reply: &mut Reply, name: &str, part: u64, whole: u64) {
    reply.bulk(name.as_bytes());
    reply.double(ratio(part, whole) * 100.0);
}

fn write_allocated(reply: &mut Reply, overview: &Overview) {
    write_figure(reply, "peak.allocated", overview.peak);
    write_figure(reply, "total.allocated", overview.usage.allocated);
    write_figure(reply, "startup.allocated", overview.at_start);
    write_figure(reply, "replication.backlog", 0);
    write_figure(reply, "clients.slaves", 0);
    write_figure(reply, "clients.normal", overview.clients);
    for absent in [
        "cluster.links",
        "aof.buffer",
        "lua.caches",
        "functions.caches",
    ] {
        write_figure(reply, absent, 0);
    }
}

fn write_database(reply: &mut Reply, number: usize, keys: &Keyspace) {
    reply.bulk(format!("db.{number}").as_bytes());
    reply.map(3);
    let (main, deadlines) = (keys.table_bytes(), keys.deadline_bytes());
    write_figure(reply, "overhead.hashtable.main", main as u64);
    write_figure(reply, "overhead.hashtable.expires", deadlines as u64);
    write_figure(reply, "overhead.hashtable.slot-to-keys", 0);
}

fn write_shares(reply: &mut Reply, overview: &Overview, key_count: u64) {
    let (allocated, since_start) = (overview.usage.allocated, overview.since_start());
    let each = since_start.checked_div(key_count).unwrap_or(0);
    write_figure(reply, "overhead.total", overview.overhead());
    write_figure(reply, "keys.count", key_count);
    write_figure(reply, "keys.bytes-per-key", each);
    write_figure(reply, "dataset.bytes", overview.dataset());
    write_share(reply, "dataset.percentage", overview.dataset(), since_start);
    write_share(reply, "peak.percentage", allocated, overview.peak);
    write_figure(reply, "allocator.allocated", allocated);
    write_figure(reply, "allocator.active", overview.usage.active);
    write_figure(reply, "allocator.resident", overview.usage.resident);
}

fn write_overheads(reply: &mut Reply, overview: &Overview) {
    let names = [
        [
            "allocator-fragmentation.ratio",
            "allocator-fragmentation.bytes",
        ],
        ["allocator-rss.ratio", "allocator-rss.bytes"],
        ["rss-overhead.ratio", "rss-overhead.bytes"],
        ["fragmentation", "fragmentation.bytes"],
    ];
    for ([times, excess], (whole, part)) in names.into_iter().zip(overview.overheads()) {
        reply.bulk(times.as_bytes());
        reply.double(ratio(whole, part));
        reply.bulk(excess.as_bytes());
        reply.integer(whole.wrapping_sub(part) as i64);
    }
}

/// The bytes of the key's place in its table and of what hangs on it. SAMPLES is for nested
/// values and changes nothing for a string.
fn memory_usage(call: &mut Call) -> Done {
    let mut i = 3;
    while i < call.args.len() {
        let Some(samples) = call.args.get(i + 1).filter(|_| call.is(i, "SAMPLES")) else {
            return Err(Error::SYNTAX);
        };
        if parse_i64(samples).ok_or(Error::NOT_AN_INTEGER)? < 0 {
            return Err(Error::SYNTAX);
        }
        i += 2;
    }
    let (args, mut db, reply) = call.parts();
    let key = args.arg(2);
    let is_there = db.exists(key);
    match db.keyspace().peek(key).filter(|_| is_there) {
        Some(entry) => reply.integer((SLOT_BYTES + entry.heap_bytes()) as i64),
        None => reply.null(),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
