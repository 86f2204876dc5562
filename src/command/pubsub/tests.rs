//! Tests of subscribing and publishing without a server: outputs are vectors, and slices are asked for.

use super::*;
use crate::command::testing::{engine, run};
use crate::command::{execute, follow_up};
use crate::engine::session::Peer;
use crate::engine::{Engine, SessionId, Slice};
use crate::resp::{OwnedRequest, Protocol};
use deliver::AT_ONCE;
use std::collections::HashMap;

type Outputs = HashMap<SessionId, Output>;

/// Runs a request, and what follows it; gives what its client has got.
fn ask(engine: &mut Engine, id: SessionId, words: &[&str], outputs: &mut Outputs) -> String {
    let mut out = outputs.remove(&id).unwrap_or_default();
    deliver::catch_up(engine, id, &mut out);
    let mut request = OwnedRequest::from_args(words);
    execute(engine, id, request.request(), &mut out);
    if engine.has_follow_up() {
        follow_up(engine, Some((id, &mut out)), outputs);
    }
    let text = drain(&mut out);
    outputs.insert(id, out);
    text
}

fn drain(out: &mut Output) -> String {
    let mut bytes = Vec::new();
    out.write_to(&mut bytes, usize::MAX)
        .expect("a vector takes everything");
    String::from_utf8(bytes).expect("text")
}

fn message(channel: &str, text: &str) -> String {
    let (channel_len, len) = (channel.len(), text.len());
    format!("*3\r\n$7\r\nmessage\r\n${channel_len}\r\n{channel}\r\n${len}\r\n{text}\r\n")
}

/// So many clients that have subscribed to `news`, and the outputs of all.
fn subscribers(engine: &mut Engine, count: usize) -> (Vec<SessionId>, Outputs) {
    let mut outputs = Outputs::new();
    let mut ids = Vec::new();
    for _ in 0..count {
        let id = engine.sessions.open(Peer::default(), 0);
        ask(engine, id, &["SUBSCRIBE", "news"], &mut outputs);
        ids.push(id);
    }
    (ids, outputs)
}

#[test]
fn very_many_get_a_message_in_slices() {
    let (mut engine, publisher) = engine();
    let (ids, mut outputs) = subscribers(&mut engine, AT_ONCE + 300);
    outputs.insert(publisher, Output::new());
    let reply = ask(
        &mut engine,
        publisher,
        &["PUBLISH", "news", "1"],
        &mut outputs,
    );
    assert_eq!(reply, format!(":{}\r\n", ids.len()));
    let with_message = |outputs: &Outputs| outputs.values().filter(|out| !out.is_empty()).count();
    assert_eq!(
        with_message(&outputs),
        AT_ONCE,
        "the others are left for later"
    );
    assert!(!engine.has_follow_up(), "others come first");
    // The last of them sends something: it has its message first.
    let last = ids[ids.len() - 1];
    let pong = "*2\r\n$4\r\npong\r\n$0\r\n\r\n";
    let got = ask(&mut engine, last, &["PING"], &mut outputs);
    assert_eq!(got, message("news", "1") + pong);
    // Who subscribes now gets nothing of it.
    let late = engine.sessions.open(Peer::default(), 0);
    ask(&mut engine, late, &["SUBSCRIBE", "news"], &mut outputs);
    // A second message is behind the first.
    ask(
        &mut engine,
        publisher,
        &["PUBLISH", "news", "2"],
        &mut outputs,
    );
    while deliver::deliver(&mut engine, 100, &mut outputs) == Slice::More {}
    for &id in &ids[..ids.len() - 1] {
        let got = drain(outputs.get_mut(&id).expect("an output"));
        assert_eq!(got, message("news", "1") + &message("news", "2"));
    }
    for id in [last, late] {
        let got = drain(outputs.get_mut(&id).expect("an output"));
        assert_eq!(got, message("news", "2"));
    }
    assert!(!engine.pubsub.has_pending());
}

#[test]
fn publishers_do_not_make_work_faster_than_it_is_done() {
    let (mut engine, publisher) = engine();
    let (ids, mut outputs) = subscribers(&mut engine, 3000);
    let (mut most, mut crowded_from) = (0, None);
    for n in 0..450 {
        ask(
            &mut engine,
            publisher,
            &["PUBLISH", "news", "x"],
            &mut outputs,
        );
        most = most.max(engine.pubsub.receivers_left());
        if engine.pubsub.is_crowded() {
            crowded_from.get_or_insert(n);
        }
    }
    // Each leaves 3000 less those that it does itself.
    assert_eq!(crowded_from, Some(65_536 / (3000 - AT_ONCE)));
    assert_eq!(most, deliver::MAX_RECEIVERS_LEFT);
    while deliver::deliver(&mut engine, 1000, &mut outputs) == Slice::More {}
    for id in &ids {
        let got = drain(outputs.get_mut(id).expect("an output"));
        assert_eq!(got, message("news", "x").repeat(450));
    }
}

#[test]
fn own_messages_stand_where_they_were_published() {
    let (mut engine, id) = engine();
    engine.sessions[id].protocol = Protocol::Resp3;
    engine.subscribe(id, Kind::Channel, b"c");
    let push = |text: &str| message("c", text).replacen('*', ">", 1);
    let mut out = Output::new();
    out.push(b"+BEFORE\r\n");
    let mark = out.mark();
    out.push(b"+OK\r\n");
    let mut own = Own::new(id, &mut out, mark);
    for (text, place) in [
        ("1", Place::Before),
        ("2", Place::Behind),
        ("3", Place::Before),
    ] {
        let text = text.as_bytes();
        let receivers = deliver::publish(&mut engine, b"c", text, Some((&mut own, place)));
        assert_eq!(receivers, 1);
    }
    assert!(!engine.has_follow_up(), "there is nobody else");
    let before = [push("1"), push("3")].concat();
    let pieces = [(mark, before.into_bytes())];
    assert_eq!(own.pieces, pieces, "moves the reply only once");
    own.finish();
    let wanted = format!("+BEFORE\r\n{}{}+OK\r\n{}", push("1"), push("3"), push("2"));
    assert_eq!(drain(&mut out), wanted);
}

#[test]
fn replies_that_are_not_wanted_leave_messages_alone() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["HELLO", "3"]);
    run(&mut engine, id, &["CLIENT", "REPLY", "OFF"]);
    let confirmation = ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
    assert_eq!(run(&mut engine, id, &["SUBSCRIBE", "c"]), confirmation);
    let push = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n";
    assert_eq!(run(&mut engine, id, &["PUBLISH", "c", "x"]), push);
    assert_eq!(run(&mut engine, id, &["PING"]), "");
    assert_eq!(run(&mut engine, id, &["CLIENT", "REPLY", "ON"]), "+OK\r\n");
    assert_eq!(
        run(&mut engine, id, &["PUBLISH", "c", "x"]),
        format!("{push}:1\r\n")
    );
}

#[test]
fn who_is_served_without_a_reply_gets_its_event_once() {
    let (mut engine, id) = engine();
    let other = engine.sessions.open(Peer::default(), 0);
    let mut outputs = Outputs::from([(id, Output::new())]);
    for words in [
        &["CONFIG", "SET", "notify-keyspace-events", "El"][..],
        &["HELLO", "3"],
        &["SUBSCRIBE", "__keyevent@0__:lpop"],
        &["CLIENT", "REPLY", "OFF"],
        &["BLPOP", "q", "0"],
    ] {
        ask(&mut engine, id, words, &mut outputs);
    }
    ask(&mut engine, other, &["RPUSH", "q", "x"], &mut outputs);
    let got = drain(outputs.get_mut(&id).expect("it was put there"));
    let push = message("__keyevent@0__:lpop", "q").replacen('*', ">", 1);
    assert_eq!(got, push);
    assert_eq!(ask(&mut engine, id, &["PING"], &mut outputs), "");
}

#[test]
fn reset_ends_all_subscriptions() {
    let (mut engine, id) = engine();
    for command in ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"] {
        run(&mut engine, id, &[command, "a", "b"]);
    }
    assert!(run(&mut engine, id, &["GET", "a"]).starts_with("-ERR Can't execute 'get'"));
    assert_eq!(run(&mut engine, id, &["RESET"]), "+RESET\r\n");
    assert!(engine.pubsub.is_empty());
    assert_eq!(run(&mut engine, id, &["GET", "a"]), "$-1\r\n");
}
