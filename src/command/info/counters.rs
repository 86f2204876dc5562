//! The sections about what was done: counters, by command and by error, and what the keys are.

use super::report::Report;
use crate::command::table;
use crate::engine::pubsub::Kind;
use crate::engine::settings::percentile_text;
use crate::engine::stats::CommandStats;

pub(super) fn stats(report: &mut Report) {
    let (engine, stats) = (report.engine, &report.engine.stats);
    let now = stats.sample(engine.clock.unix_us());
    let (commands, input, output) = stats.rates.per_second(now);
    let kilobytes = |bytes: f64| format!("{:.2}", bytes / 1024.0);
    report.field("total_connections_received", stats.connections);
    report.field("total_commands_processed", stats.commands);
    report.field("instantaneous_ops_per_sec", commands as u64);
    report.field("total_net_input_bytes", stats.net_input);
    report.field("total_net_output_bytes", stats.net_output);
    report.zeros(&["total_net_repl_input_bytes", "total_net_repl_output_bytes"]);
    report.field("instantaneous_input_kbps", kilobytes(input));
    report.field("instantaneous_output_kbps", kilobytes(output));
    report.field("instantaneous_input_repl_kbps", kilobytes(0.0));
    report.field("instantaneous_output_repl_kbps", kilobytes(0.0));
    report.field("rejected_connections", stats.rejected_connections);
    report.zeros(&["sync_full", "sync_partial_ok", "sync_partial_err"]);
    report.field("expired_keys", stats.keys.expired);
    // No key outlives its deadline by more than it takes to serve the others.
    report.field("expired_stale_perc", "0.00");
    report.zeros(&[
        "expired_time_cap_reached_count",
        "expire_cycle_cpu_milliseconds",
    ]);
    report.field("evicted_keys", stats.evicted_keys);
    report.field("evicted_clients", stats.evicted_clients);
    let (over, now_ns) = (stats.over_limit, (engine.host.stopwatch_ns)());
    let ms = |ns: u64| ns / 1_000_000;
    report.field("total_eviction_exceeded_time", ms(over.total_ns(now_ns)));
    report.field("current_eviction_exceeded_time", ms(over.now_ns(now_ns)));
    report.field("keyspace_hits", stats.keys.hits);
    report.field("keyspace_misses", stats.keys.misses);
    for (name, kind) in TOPICS {
        report.field(name, engine.pubsub.topic_count(*kind));
    }
    report.zeros(ABSENT);
    let tracking = engine.observers.tracking();
    report.field("tracking_total_keys", tracking.keys());
    report.field("tracking_total_items", tracking.items());
    report.field("tracking_total_prefixes", tracking.prefixes());
    report.zeros(&["unexpected_error_replies"]);
    report.field("total_error_replies", stats.errors);
    report.field("dump_payload_sanitizations", 0);
    report.field("total_reads_processed", stats.reads);
    report.field("total_writes_processed", stats.writes);
    report.zeros(&[
        "io_threaded_reads_processed",
        "io_threaded_writes_processed",
    ]);
    let cut_off = stats.query_limit_disconnections;
    report.field("client_query_buffer_limit_disconnections", cut_off);
    let cut_off = stats.output_limit_disconnections;
    report.field("client_output_buffer_limit_disconnections", cut_off);
    report.zeros(&["reply_buffer_shrinks", "reply_buffer_expands"]);
    event_loop(report);
}

/// How many different things clients have subscribed to.
const TOPICS: &[(&str, Kind)] = &[
    ("pubsub_channels", Kind::Channel),
    ("pubsub_patterns", Kind::Pattern),
    ("pubsubshard_channels", Kind::Shard),
];

/// Counters of what Aerolite does not do.
const ABSENT: &[&str] = &[
    "latest_fork_usec",
    "total_forks",
    "migrate_cached_sockets",
    "slave_expires_tracked_keys",
    "active_defrag_hits",
    "active_defrag_misses",
    "active_defrag_key_hits",
    "active_defrag_key_misses",
    "total_active_defrag_time",
    "current_active_defrag_time",
];

/// The loop's turns, in the names of Redis 7.2, its worst one, and how late active expiry was.
fn event_loop(report: &mut Report) {
    let stats = &report.engine.stats;
    let command_ns: u64 = stats.by_command.iter().map(|command| command.ns).sum();
    let now = stats.sample(report.engine.clock.unix_us());
    let (turns_per_s, us_per_turn) = stats.rates.turns(now);
    report.field("eventloop_cycles", stats.event_loop.turns);
    report.field("eventloop_duration_sum", stats.event_loop.busy_ns / 1000);
    report.field("eventloop_duration_cmd_sum", command_ns / 1000);
    let name = "instantaneous_eventloop_cycles_per_sec";
    report.field(name, turns_per_s as u64);
    let name = "instantaneous_eventloop_duration_usec";
    report.field(name, us_per_turn as u64);
    let longest_ns = stats.event_loop.turn_ns.max();
    report.field("eventloop_duration_max", longest_ns / 1000);
    let lateness = &stats.expiry_lateness_ms;
    report.field("expiry_lateness_ms_p50", lateness.quantile(0.5));
    report.field("expiry_lateness_ms_p99", lateness.quantile(0.99));
    report.field("expiry_lateness_ms_max", lateness.max());
}

/// Visits every command and subcommand that was counted, with its counters.
fn each_command(report: &mut Report, mut visit: impl FnMut(&mut Report, &str, &CommandStats)) {
    let counted = &report.engine.stats.by_command;
    for (listed, stats) in table::list_all().iter().zip(counted) {
        visit(report, &listed.full_name(), stats);
    }
}

pub(super) fn commands(report: &mut Report) {
    each_command(report, |report, name, stats| {
        if stats.calls == 0 && stats.rejected == 0 && stats.failed == 0 {
            return;
        }
        let us = stats.ns / 1000;
        let us_per_call = us as f64 / stats.calls.max(1) as f64;
        report.field(
            format_args!("cmdstat_{name}"),
            format_args!(
                "calls={},usec={us},usec_per_call={us_per_call:.2},\
                 rejected_calls={},failed_calls={}",
                stats.calls, stats.rejected, stats.failed
            ),
        );
    });
}

pub(super) fn errors(report: &mut Report) {
    for (code, count) in &report.engine.stats.by_error {
        let name = format_args!("errorstat_{code}");
        report.field(name, format_args!("count={count}"));
    }
}

pub(super) fn latencies(report: &mut Report) {
    if !report.engine.config.latency_tracking {
        return;
    }
    each_command(report, |report, name, stats| {
        let latency = &stats.latency_ns;
        if latency.count() == 0 {
            return;
        }
        let quantile = |&percentile: &f64| {
            let us = latency.quantile(percentile / 100.0) as f64 / 1000.0;
            format!("p{}={us:.3}", percentile_text(percentile))
        };
        let percentiles = report.engine.config.latency_percentiles.iter();
        let texts: Vec<String> = percentiles.map(quantile).collect();
        report.field(
            format_args!("latency_percentiles_usec_{name}"),
            texts.join(","),
        );
    });
}

pub(super) fn keyspace(report: &mut Report) {
    let engine = report.engine;
    for (number, keys) in engine.databases.iter().enumerate() {
        if keys.is_empty() {
            continue;
        }
        let name = format_args!("db{number}");
        let (count, expires) = (keys.len(), keys.deadline_count());
        let mean_ms = keys.mean_ttl_ms(engine.clock.unix_ms());
        report.field(
            name,
            format_args!("keys={count},expires={expires},avg_ttl={mean_ms}"),
        );
    }
}
