//! The sections about the process: what it is, who is connected, where its memory and time go.

use super::REDIS_VERSION;
use super::report::{Report, human, percent};
use crate::command::debug::LRU_MASK;
use crate::command::memory::Overview;
use crate::engine::{Config, settings};

/// The name of what stands for a replication ID that is not used.
const NO_REPLICATION_ID: &str = "0000000000000000000000000000000000000000";

/// A setting as CONFIG GET shows it.
fn setting(config: &Config, name: &str) -> String {
    let value = settings::find(name.as_bytes()).map(|setting| setting.get(config));
    String::from_utf8_lossy(&value.unwrap_or_default()).into_owned()
}

pub(super) fn server(report: &mut Report) {
    let (engine, host) = (report.engine, &report.engine.host);
    let now_s = engine.clock.unix_s();
    let uptime_s = now_s.saturating_sub(host.started_s);
    // It is the rate at which Redis's timer ticks; ours ticks only when it has work.
    let hz = setting(&engine.config, "hz");
    report.field("redis_version", REDIS_VERSION);
    report.field("redis_git_sha1", "00000000");
    report.field("redis_git_dirty", 0);
    report.field("redis_build_id", 0);
    report.field("aerolite_version", env!("CARGO_PKG_VERSION"));
    report.field("redis_mode", "standalone");
    report.field("os", &host.os);
    report.field("arch_bits", usize::BITS);
    report.field("monotonic_clock", "POSIX clock_gettime");
    report.field("multiplexing_api", host.polling);
    report.field("atomicvar_api", "none");
    report.field("gcc_version", "0.0.0");
    report.field("process_id", host.pid);
    report.field("process_supervised", "no");
    report.field("run_id", &host.run_id);
    report.field("tcp_port", host.port);
    report.field("server_time_usec", engine.clock.unix_us());
    report.field("uptime_in_seconds", uptime_s);
    report.field("uptime_in_days", uptime_s / (24 * 3600));
    report.field("hz", &hz);
    report.field("configured_hz", &hz);
    report.field("lru_clock", now_s & LRU_MASK);
    report.field("executable", &host.executable);
    report.field("config_file", &host.config_file);
    report.field("io_threads_active", 0);
}

pub(super) fn clients(report: &mut Report) {
    let engine = report.engine;
    report.field("connected_clients", engine.sessions.len());
    report.field("cluster_connections", 0);
    report.field("maxclients", engine.config.maxclients);
    let stats = &engine.stats;
    report.field("client_recent_max_input_buffer", stats.recent_max_input);
    report.field("client_recent_max_output_buffer", stats.recent_max_output);
    let waiting = engine.blocked.len() + engine.pause.len();
    report.field("blocked_clients", waiting);
    let tracking = engine.observers.tracking();
    report.field("tracking_clients", tracking.clients());
    let with_deadline = engine.blocked.deadline_count();
    report.field("clients_in_timeout_table", with_deadline);
    // Those of later versions, and at last our own.
    let watched = engine.observers.watched();
    let subscribers = engine
        .sessions
        .iter()
        .filter(|session| session.is_subscriber());
    report.field("pubsub_clients", subscribers.count());
    report.field("watching_clients", watched.client_count());
    report.field("total_watched_keys", watched.key_count());
    report.field("total_blocking_keys", engine.blocked.key_count());
    report.field("total_blocking_keys_on_nokey", 0);
    report.field("paused_clients", engine.pause.len());
    report.field("monitoring_clients", engine.monitors.len());
}

pub(super) fn memory(report: &mut Report) {
    let (engine, usage) = (report.engine, report.usage);
    let overview = Overview::of(engine, usage);
    let (used, peak) = (usage.allocated, overview.peak);
    let dataset = overview.dataset();
    report.bytes("used_memory", used);
    report.bytes("used_memory_rss", usage.rss);
    report.bytes("used_memory_peak", peak);
    report.field("used_memory_peak_perc", percent(used, peak));
    report.field("used_memory_overhead", overview.overhead());
    report.field("used_memory_startup", overview.at_start);
    report.field("used_memory_dataset", dataset);
    let share = percent(dataset, overview.since_start());
    report.field("used_memory_dataset_perc", share);
    report.field("allocator_allocated", usage.allocated);
    report.field("allocator_active", usage.active);
    report.field("allocator_resident", usage.resident);
    report.bytes("total_system_memory", usage.total_memory);
    scripts(report);
    report.bytes("maxmemory", engine.config.maxmemory);
    let policy = engine.config.maxmemory_policy;
    report.field("maxmemory_policy", policy.name());
    fragmentation(report, &overview);
    report.zeros(&[
        "mem_not_counted_for_evict",
        "mem_replication_backlog",
        "mem_total_replication_buffers",
        "mem_clients_slaves",
    ]);
    report.field("mem_clients_normal", overview.clients);
    report.zeros(&["mem_cluster_links", "mem_aof_buffer"]);
    report.field("mem_allocator", engine.host.allocator);
    report.field("active_defrag_running", 0);
    report.field("lazyfree_pending_objects", engine.trash.pending());
    report.field("lazyfreed_objects", engine.trash.freed());
}

/// Memory of scripts, of which there are none.
fn scripts(report: &mut Report) {
    report.zeros(&["used_memory_lua", "used_memory_vm_eval"]);
    report.field("used_memory_lua_human", human(0));
    report.zeros(&[
        "used_memory_scripts_eval",
        "number_of_cached_scripts",
        "number_of_functions",
        "number_of_libraries",
        "used_memory_vm_functions",
    ]);
    report.bytes("used_memory_vm_total", 0);
    report.field("used_memory_functions", 0);
    report.bytes("used_memory_scripts", 0);
}

fn fragmentation(report: &mut Report, overview: &Overview) {
    let names = [
        "allocator_frag",
        "allocator_rss",
        "rss_overhead",
        "mem_fragmentation",
    ];
    for (name, (whole, part)) in names.into_iter().zip(overview.overheads()) {
        let (ratio, excess) = (format!("{name}_ratio"), format!("{name}_bytes"));
        report.overhead(&ratio, &excess, whole, part);
    }
}

/// There are no files: what changes is counted, and never saved.
pub(super) fn persistence(report: &mut Report) {
    let engine = report.engine;
    report.zeros(&[
        "loading",
        "async_loading",
        "current_cow_peak",
        "current_cow_size",
        "current_cow_size_age",
    ]);
    report.field("current_fork_perc", "0.00");
    report.zeros(&["current_save_keys_processed", "current_save_keys_total"]);
    report.field("rdb_changes_since_last_save", engine.stats.keys.dirty);
    report.field("rdb_bgsave_in_progress", 0);
    report.field("rdb_last_save_time", engine.host.started_s);
    report.field("rdb_last_bgsave_status", "ok");
    report.field("rdb_last_bgsave_time_sec", -1);
    report.field("rdb_current_bgsave_time_sec", -1);
    report.zeros(&[
        "rdb_saves",
        "rdb_last_cow_size",
        "rdb_last_load_keys_expired",
        "rdb_last_load_keys_loaded",
        "aof_enabled",
        "aof_rewrite_in_progress",
        "aof_rewrite_scheduled",
    ]);
    report.field("aof_last_rewrite_time_sec", -1);
    report.field("aof_current_rewrite_time_sec", -1);
    report.field("aof_last_bgrewrite_status", "ok");
    report.zeros(&["aof_rewrites", "aof_rewrites_consecutive_failures"]);
    report.field("aof_last_write_status", "ok");
    report.zeros(&[
        "aof_last_cow_size",
        "module_fork_in_progress",
        "module_fork_last_cow_size",
    ]);
}

pub(super) fn replication(report: &mut Report) {
    let engine = report.engine;
    report.field("role", "master");
    report.field("connected_slaves", 0);
    report.field("master_failover_state", "no-failover");
    report.field("master_replid", &engine.host.run_id);
    report.field("master_replid2", NO_REPLICATION_ID);
    report.field("master_repl_offset", 0);
    report.field("second_repl_offset", -1);
    report.field("repl_backlog_active", 0);
    let size = setting(&engine.config, "repl-backlog-size");
    report.field("repl_backlog_size", size);
    report.zeros(&["repl_backlog_first_byte_offset", "repl_backlog_histlen"]);
}

/// All that is done is done by the main thread.
pub(super) fn cpu(report: &mut Report) {
    let seconds = |s: f64| format!("{s:.6}");
    let system = seconds(report.usage.cpu_system);
    let user = seconds(report.usage.cpu_user);
    report.field("used_cpu_sys", &system);
    report.field("used_cpu_user", &user);
    report.field("used_cpu_sys_children", seconds(0.0));
    report.field("used_cpu_user_children", seconds(0.0));
    report.field("used_cpu_sys_main_thread", &system);
    report.field("used_cpu_user_main_thread", &user);
}
