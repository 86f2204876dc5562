//! A frame: what the page shows at one moment, as one line of JSON.
//!
//! Building one is bounded whatever the server holds: so many clients, so many timers of a slot, so many
//! databases, and so on, each a constant of this file or of [`recent`](super::recent). The field names are what
//! `page.html` reads.

use super::json::Json;
use super::recent::{Recent, Turn, number_of};
use crate::ae::recorder::Event;
use crate::ae::{EventLoop, Pace, Token};
use crate::command::{self, table};
use crate::engine::histogram::Histogram;
use crate::server::Server;
use crate::server::client::Client;
use crate::wheel::LEVELS;

/// Ready sockets that are listed.
const MAX_READY: usize = 64;

/// Clients that are listed, the page's viewers included.
const MAX_CLIENTS: usize = 64;

/// Of these, so many are kept for viewers, if there are as many.
const VIEWERS_SHOWN: usize = 8;

/// Timers of one slot that are counted.
const MAX_IN_SLOT: usize = 9;

/// Timers of one slot that are looked at for the earliest one.
const EARLIEST_LOOKS: usize = 64;

/// Databases whose keys are counted. There may be a hundred thousand.
const MAX_DATABASES: usize = 1024;

/// The phases of a turn, as a frame names them.
const PHASES: [&str; 5] = [
    "before_sleep_us",
    "poll_us",
    "after_sleep_us",
    "files_us",
    "times_us",
];

/// Writes a frame of this moment.
pub fn write(
    json: &mut Json,
    event_loop: &EventLoop<Server>,
    server: &Server,
    now_ns: u64,
    recent: &Recent,
) {
    json.open('{').key("v").int(1);
    json.key("at_us").int(now_ns / 1000);
    pace(json, event_loop);
    json.key("can_control").bool(server.may_control().is_ok());
    turns(json, recent);
    events(json, recent);
    ready(json, event_loop);
    clients(json, server);
    wheel(json, server);
    totals(json, server);
    histograms(json, server);
    json.close('}');
}

fn pace(json: &mut Json, event_loop: &EventLoop<Server>) {
    let (mode, slow_ms) = match event_loop.pace() {
        Pace::Free => ("free", 0),
        Pace::Slow(gap) => ("slow", gap.as_millis() as u64),
        Pace::Paused => ("paused", 0),
    };
    json.key("turn").int(event_loop.turn_count());
    json.key("mode").text(mode.as_bytes());
    json.key("slow_ms").int(slow_ms);
    let held = event_loop.held_before().map(|phase| phase.name());
    json.key("phase").maybe_text(held);
}

fn turns(json: &mut Json, recent: &Recent) {
    json.key("turns").open('[');
    for turn in &recent.turns {
        one_turn(json, turn);
    }
    json.close(']');
    json.key("turns_skipped").int(recent.turns_skipped);
}

fn one_turn(json: &mut Json, turn: &Turn) {
    json.open('{').key("turn").int(turn.number);
    json.key("start_us").int(turn.start_ns / 1000);
    for (name, ns) in PHASES.into_iter().zip(turn.phases_ns) {
        json.key(name).thousandths(ns);
    }
    json.key("slept").bool(turn.slept);
    json.key("files").int(turn.files);
    json.key("commands").int(turn.commands);
    json.key("watch").bool(turn.watch).close('}');
}

fn events(json: &mut Json, recent: &Recent) {
    json.key("events").open('[');
    for event in &recent.events {
        one_event(json, event);
    }
    json.close(']');
    json.key("events_skipped").int(recent.events_skipped);
}

fn one_event(json: &mut Json, event: &Event) {
    json.open('[').text(event.phase.name().as_bytes());
    json.int(event.token.map_or(-1, i64::from));
    json.thousandths(event.start_ns);
    json.thousandths(event.duration_ns);
    json.int(event.count).close(']');
}

fn ready(json: &mut Json, event_loop: &EventLoop<Server>) {
    json.key("ready").open('[');
    for token in event_loop.ready().take(MAX_READY) {
        place(json, token);
    }
    json.close(']');
    json.key("ready_total").int(event_loop.ready_count());
}

fn place(json: &mut Json, token: Token) {
    json.int(number_of(token).map_or(-1, i64::from));
}

/// The clients with the lowest tokens, and then viewers. Which they are changes only when somebody comes or
/// leaves.
fn clients(json: &mut Json, server: &Server) {
    let viewers = server.watch.viewers.len();
    let most = MAX_CLIENTS - viewers.min(VIEWERS_SHOWN);
    json.key("clients").open('[');
    let mut shown = 0;
    for (token, client) in server.clients.by_token().take(most) {
        one_client(json, server, token, client);
        shown += 1;
    }
    for (&token, viewer) in server.watch.viewers.iter().take(MAX_CLIENTS - shown) {
        json.open('{');
        // The engine knows nothing of viewers: they have no number of its.
        let id = i64::try_from(viewer.number).unwrap_or(i64::MAX);
        json.key("id").int(-id);
        json.key("token");
        place(json, Token(token));
        json.key("name").text(b"");
        json.key("addr").text(viewer.addr.as_bytes());
        json.key("in").int(viewer.received());
        json.key("out").int(viewer.owed());
        let doing = if viewer.is_streaming() { "events" } else { "" };
        json.key("doing").text(doing.as_bytes());
        json.key("commands").int(viewer.requests);
        let idle_ms = server.watch.now_ms.saturating_sub(viewer.active_ms);
        json.key("idle_s").int(idle_ms / 1000);
        json.key("flags").text(b"N");
        json.key("watch").bool(true).close('}');
    }
    json.close(']');
    let total = server.engine.sessions.len() + viewers;
    json.key("clients_total").int(total);
}

fn one_client(json: &mut Json, server: &Server, token: Token, client: &Client) {
    let session = &server.engine.sessions[client.session];
    let last = session.last_command.and_then(table::numbered);
    let now_s = server.engine.clock.unix_s();
    json.open('{').key("id").int(session.id);
    json.key("token");
    place(json, token);
    json.key("name").text(&session.name);
    json.key("addr").text(session.addr.as_bytes());
    json.key("in").int(session.buffers.query);
    json.key("out").int(client.output.len());
    let doing = last.map(|found| found.full_name()).unwrap_or_default();
    json.key("doing").text(doing.as_bytes());
    json.key("commands").int(session.commands);
    let idle_s = now_s.saturating_sub(session.active_s);
    json.key("idle_s").int(idle_s);
    let flags = command::client_flags(&server.engine, client.session);
    json.key("flags").text(flags.as_bytes());
    json.key("watch").bool(false).close('}');
}

/// The wheel of the first database that has timers.
fn wheel(json: &mut Json, server: &Server) {
    let engine = &server.engine;
    let used = engine.used_databases().iter().take(MAX_DATABASES);
    let shown = used.clone().position(|keys| keys.deadline_count() > 0);
    let shown = shown.unwrap_or(0);
    let keys = engine.databases.get(shown);
    let wheel = keys.and_then(|keys| keys.wheel());
    let now_ms = engine.clock.unix_ms();
    let earliest = wheel.and_then(|wheel| wheel.earliest(EARLIEST_LOOKS));
    json.key("wheel").open('{').key("db").int(shown);
    json.key("now_ms").int(now_ms);
    json.key("levels").open('[');
    for level in 0..LEVELS {
        json.open('[');
        for (slot, count) in wheel.iter().flat_map(|w| w.slots(level, MAX_IN_SLOT)) {
            json.open('[').int(slot).int(count).close(']');
        }
        json.close(']');
    }
    json.close(']');
    json.key("timers").int(wheel.map_or(0, |wheel| wheel.len()));
    json.key("next_in_ms")
        .maybe(earliest.map(|at_ms| at_ms.saturating_sub(now_ms)));
    json.key("fired")
        .int(engine.stats.expiry_lateness_ms.count());
    json.key("moved").int(engine.stats.timers_moved).close('}');
    json.key("timer_late_ms")
        .int(earliest.map_or(0, |at_ms| now_ms.saturating_sub(at_ms)));
    json.key("keys")
        .int(used.clone().map(|keys| keys.len()).sum::<usize>());
    json.key("keys_with_ttl")
        .int(used.map(|keys| keys.deadline_count()).sum::<usize>());
}

fn totals(json: &mut Json, server: &Server) {
    let stats = &server.engine.stats;
    json.key("totals").open('{');
    for (name, total) in [
        ("commands", stats.commands),
        ("net_in", stats.net_input),
        ("net_out", stats.net_output),
        ("expired", stats.keys.expired),
        ("turns", stats.event_loop.turns),
        ("busy_us", stats.event_loop.busy_ns / 1000),
        ("connections", stats.connections),
    ] {
        json.key(name).int(total);
    }
    json.close('}');
}

fn histograms(json: &mut Json, server: &Server) {
    let stats = &server.engine.stats;
    let turns = &stats.event_loop;
    histogram(json, "turn_us", &turns.turn_ns, 1000);
    histogram(json, "queue_us", &turns.queue_delay_ns, 1000);
    histogram(json, "commands_per_turn", &turns.commands, 1);
    histogram(json, "late_ms", &stats.expiry_lateness_ms, 1);
}

fn histogram(json: &mut Json, name: &str, histogram: &Histogram, unit: u64) {
    json.key(name).open('{');
    for (name, q) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
        let value = histogram.quantile(q);
        json.key(name).int(rounded(value, unit));
    }
    let max = rounded(histogram.max(), unit);
    json.key("max").int(max).close('}');
}

/// A value in a larger unit, to the nearest whole number.
fn rounded(value: u64, unit: u64) -> u64 {
    value.saturating_add(unit / 2) / unit
}
