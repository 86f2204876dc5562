use super::*;
use crate::command::testing::{engine, run, run_bytes};
use crate::engine::outbox::Letter;
use crate::engine::session::Peer;
use crate::engine::{Engine, Gates, SessionId};

fn join(engine: &mut Engine) -> SessionId {
    let peer = Peer {
        addr: "10.0.0.1:5000".into(),
        ..Peer::default()
    };
    engine.sessions.open(peer, 0)
}

/// What was sent, and to whom.
fn sent(engine: &mut Engine) -> Vec<(SessionId, Arc<Vec<u8>>)> {
    let letters = engine.outbox.take().into_iter();
    letters
        .map(|letter| match letter {
            Letter::To { id, bytes } => (id, bytes),
            other @ Letter::Published(_) => panic!("nobody has published {other:?}"),
        })
        .collect()
}

/// The lines that are written to a client, and nobody else's.
fn lines(engine: &mut Engine, id: SessionId) -> Vec<String> {
    let own = sent(engine).into_iter().filter(|(to, _)| *to == id);
    own.map(|(_, line)| String::from_utf8_lossy(&line).into_owned())
        .collect()
}

#[test]
fn a_line_says_when_who_and_what() {
    let (mut engine, monitor) = engine();
    let other = join(&mut engine);
    run(&mut engine, other, &["GET", "before"]);
    assert!(engine.outbox.is_empty(), "nobody watches yet");
    assert_eq!(run(&mut engine, monitor, &["MONITOR"]), "+OK\r\n");
    assert_eq!(run(&mut engine, monitor, &["MONITOR"]), "");
    let words: [&[u8]; 3] = [b"set", b"k\"\\", b"\0\x07\x08\n\r\t \x7f~\xff"];
    run_bytes(&mut engine, other, &words);
    assert_eq!(
        lines(&mut engine, monitor),
        [
            "+1700000000.000000 [0 10.0.0.1:5000] \"set\" \"k\\\"\\\\\" \
             \"\\x00\\a\\b\\n\\r\\t \\x7f~\\xff\"\r\n"
        ]
    );
    run(&mut engine, other, &["SELECT", "3"]);
    assert!(lines(&mut engine, monitor)[0].contains(" [3 10.0.0.1:5000] \"SELECT\" \"3\""));
}

#[test]
fn what_is_refused_or_for_administrators_is_not_shown() {
    let (mut engine, monitor) = engine();
    let other = join(&mut engine);
    run(&mut engine, monitor, &["MONITOR"]);
    for hidden in [
        &["GET"][..],
        &["nosuch"],
        &["CONFIG", "GET", "port"],
        &["SLOWLOG", "LEN"],
        &["MONITOR"],
    ] {
        run(&mut engine, other, hidden);
        assert!(lines(&mut engine, monitor).is_empty(), "{hidden:?}");
    }
    run(&mut engine, other, &["AUTH", "secret"]);
    run(&mut engine, other, &["CONFIG", "HELP"]);
    let shown = lines(&mut engine, monitor);
    assert!(
        shown[0].ends_with("\"AUTH\" \"(redacted)\"\r\n"),
        "{shown:?}"
    );
    assert!(shown[1].ends_with("\"CONFIG\" \"HELP\"\r\n"), "{shown:?}");
}

#[test]
fn all_share_one_line_and_those_without_replies_get_none() {
    let (mut engine, sender) = engine();
    let first = join(&mut engine);
    let [second, silent, leaving] = [0; 3].map(|_| join(&mut engine));
    for id in [first, second, silent, leaving] {
        run(&mut engine, id, &["MONITOR"]);
    }
    run(&mut engine, silent, &["CLIENT", "REPLY", "OFF"]);
    run(&mut engine, leaving, &["QUIT"]);
    engine.outbox.take();
    run(&mut engine, sender, &["PING"]);
    let letters = sent(&mut engine);
    let to: Vec<SessionId> = letters.iter().map(|(to, _)| *to).collect();
    assert_eq!(to, [first, second]);
    assert!(Arc::ptr_eq(&letters[0].1, &letters[1].1));
}

#[test]
fn a_monitor_touches_no_keys_until_reset() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["MONITOR"]);
    for words in [&["GET", "k"][..], &["SET", "k", "v"], &["DBSIZE"]] {
        let reply = run(&mut engine, id, words);
        assert_eq!(reply, "-ERR Replica can't interact with the keyspace\r\n");
    }
    assert!(engine.outbox.is_empty());
    let reply = run(&mut engine, id, &["PING"]);
    assert!(reply.starts_with("+PONG\r\n+"), "its own line: {reply}");
    assert!(run(&mut engine, id, &["CLIENT", "INFO"]).contains(" flags=O "));
    engine.outbox.take();
    assert_eq!(run(&mut engine, id, &["RESET"]), "+RESET\r\n");
    assert_eq!(run(&mut engine, id, &["GET", "k"]), "$-1\r\n");
    assert!(engine.outbox.is_empty() && engine.monitors.is_empty());
    assert!(!engine.gates.has(Gates::MONITORED));
}

#[test]
fn who_leaves_leaves_nothing_behind() {
    let (mut engine, first) = engine();
    let second = join(&mut engine);
    run(&mut engine, first, &["MONITOR"]);
    run(&mut engine, second, &["MONITOR"]);
    engine.close_session(first);
    assert_eq!(engine.monitors.len(), 1);
    assert!(engine.gates.has(Gates::MONITORED));
    engine.close_session(second);
    assert!(engine.monitors.is_empty());
    assert!(!engine.gates.has(Gates::MONITORED));
}

#[test]
fn arguments_that_are_taken_are_shown() {
    let (mut engine, monitor) = engine();
    let other = join(&mut engine);
    run(&mut engine, monitor, &["MONITOR"]);
    let big = "x".repeat(100_000);
    run(&mut engine, other, &["SET", "k", &big]);
    let shown = lines(&mut engine, monitor);
    assert!(shown[0].contains(&big));
}
