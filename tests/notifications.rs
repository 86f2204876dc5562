//! notify-keyspace-events over a socket: which events there are, in which order, who is told and when.

mod common;

#[path = "common/tools.rs"]
mod tools;

use std::time::{Duration, Instant};

use common::timing::{Life, in_time, shortest};
use common::{Conn, Target, Value, server, server_with};
use tools::wait_until;

/// The bound for what has to happen soon, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// How late a key's own timer may be here; what is promised is 10 ms, the rest is for a busy machine.
const LATENESS_LIMIT: Duration = Duration::from_millis(150);

/// The table of events; its head explains it.
const EVENTS: &str = include_str!("notifications/events.txt");

/// The table of where among them, and the reply, those are told who have copies of the keys.
const COPIES: &str = include_str!("notifications/copies.txt");

/// What a line of the table says.
struct Case<'a> {
    before: Vec<&'a str>,
    command: &'a str,
    events: &'a str,
    /// The keys that WATCH sees change; `None` where that is not asked.
    touched: Option<&'a str>,
}

impl Case<'_> {
    fn parse(line: &str) -> Option<Case<'_>> {
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (before, rest) = line.split_once(" | ").expect("what is before | ...");
        let (command, rest) = rest.split_once(" => ").expect("a command => its events");
        let (events, touched) = match rest.split_once(" | ") {
            Some((events, touched)) => (events, Some(touched)),
            None => (rest, None),
        };
        let before = before.split("; ").filter(|&step| step != "-").collect();
        Some(Case {
            before,
            command,
            events,
            touched,
        })
    }
}

/// The words of a command; `""` is an empty one.
fn words(line: &str) -> Vec<&str> {
    let word = |word| if word == "\"\"" { "" } else { word };
    line.split(' ').map(word).collect()
}

/// One client that prepares, and one that has subscribed to every event and sends the commands.
struct Stage {
    target: Target,
    others: Conn,
    subscriber: Conn,
    waiting: Vec<Conn>,
    /// One that has copies of the keys, if there is any.
    reader: Option<Conn>,
}

impl Stage {
    fn new() -> Option<Stage> {
        let target = server_with(&[("enable-debug-command", "yes")])?;
        let mut others = target.connect();
        others.transcript(
            r#"
                CONFIG SET notify-keyspace-events KEAmn => +OK
                DEBUG SET-ACTIVE-EXPIRE 0               => +OK
            "#,
        );
        let mut subscriber = target.connect();
        subscriber.cmd(&["HELLO", "3"]);
        subscriber.cmd(&["PSUBSCRIBE", "__key*__:*"]);
        Some(Stage {
            target,
            others,
            subscriber,
            waiting: Vec::new(),
            reader: None,
        })
    }

    fn await_waiting(&mut self, count: usize) {
        let wanted = format!("blocked_clients:{count}\r\n");
        let is_so = wait_until(PATIENCE, || {
            let info = self.others.cmd(&["INFO", "clients"]).text();
            info.contains(&wanted)
        });
        assert!(is_so, "{count} clients wait");
    }

    /// Says whether the subscriber waits then.
    fn prepare(&mut self, step: &str) -> bool {
        let words = words(step);
        match words[0] {
            "DUE" => {
                self.others.cmd(&["SET", words[1], "v", "PX", "1"]);
                std::thread::sleep(Duration::from_millis(3));
            }
            "WAIT" => {
                let mut conn = self.target.connect();
                conn.send(&words[1..]);
                self.waiting.push(conn);
                self.await_waiting(self.waiting.len());
            }
            "SELF" => {
                self.subscriber.send(&words[1..]);
                self.await_waiting(1);
                return true;
            }
            _ => {
                let reply = self.others.cmd(&words);
                assert!(!reply.is_error(), "{step}: {reply:?}");
            }
        }
        false
    }

    /// What the subscriber reads up to the reply of a PING that it sends now.
    fn read_all(&mut self) -> Vec<Value> {
        self.subscriber.send(&["PING", "no more"]);
        let end = Value::bulk("no more");
        let read = || self.subscriber.read_value();
        std::iter::repeat_with(read)
            .take_while(|value| *value != end)
            .collect()
    }

    fn run(&mut self, case: &Case) -> String {
        self.waiting.clear();
        self.await_waiting(0);
        self.others.cmd(&["FLUSHALL"]);
        let mut subscriber_waits = false;
        for step in &case.before {
            if !subscriber_waits {
                self.read_all();
            }
            subscriber_waits |= self.prepare(step);
        }
        if let Some(reader) = &mut self.reader {
            reader.cmd(&["EXISTS", "k", "j", "d", "a", "b", "x"]);
        }
        let command = words(case.command);
        if subscriber_waits {
            self.others.cmd(&command);
            self.await_waiting(0);
        } else {
            self.read_all();
            self.subscriber.send(&command);
        }
        describe(&self.read_all())
    }
}

/// The events and the place of the reply, as the table has them.
///
/// Redis writes some messages in the middle of a reply, whose last elements are then read as values
/// of their own: the reply is where its last piece is.
fn describe(values: &[Value]) -> String {
    let mut pieces = Vec::new();
    for value in values {
        take_apart(value, &mut pieces);
    }
    let mut seen: Vec<String> = Vec::new();
    let mut pushes = Vec::new();
    for piece in pieces {
        match piece {
            Value::Push(items) if items[0] == Value::bulk("invalidate") => {
                let key = match &items[1] {
                    Value::Array(keys) => keys[0].text(),
                    _ => "all".to_owned(),
                };
                seen.push(format!("({key})"));
            }
            Value::Push(items) => pushes.push(items),
            _ => {
                seen.retain(|other| other != "REPLY");
                seen.push("REPLY".to_owned());
            }
        }
        if let [by_key, by_event] = &pushes[..] {
            seen.push(event(by_key, by_event));
            pushes.clear();
        }
    }
    assert!(pushes.is_empty(), "each event is told twice: {pushes:?}");
    seen.join(", ")
}

/// The messages within a value one by one, and then the value.
fn take_apart<'a>(value: &'a Value, pieces: &mut Vec<&'a Value>) {
    if let Value::Array(items) | Value::Set(items) = value {
        for item in items {
            take_apart(item, pieces);
        }
    }
    pieces.push(value);
}

/// The event of its two messages, the one on the key's channel first.
fn event(by_key: &[Value], by_event: &[Value]) -> String {
    let parts = |message: &[Value]| (message[2].text(), message[3].text());
    let ((key_channel, name), (event_channel, key)) = (parts(by_key), parts(by_event));
    let db = key_channel
        .strip_prefix("__keyspace@")
        .and_then(|rest| rest.split_once("__:"))
        .map(|(db, _)| db.to_owned())
        .unwrap_or_else(|| panic!("{key_channel} is the channel of a key"));
    assert_eq!(key_channel, format!("__keyspace@{db}__:{key}"));
    assert_eq!(event_channel, format!("__keyevent@{db}__:{name}"));
    match db.as_str() {
        "0" => format!("{name} {key}"),
        _ => format!("{name} {key}@{db}"),
    }
}

#[test]
fn every_command_has_the_events_of_redis_around_its_reply() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let mut wrong = Vec::new();
    for line in EVENTS.lines() {
        let Some(case) = Case::parse(line) else {
            continue;
        };
        let events = stage.run(&case);
        if events != case.events {
            wrong.push(format!("{line}\n    but: {events}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn who_has_copies_is_told_among_the_events_as_redis_does() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    stage.subscriber.send(&["CLIENT", "ID"]);
    let values = stage.read_all();
    let [Value::Int(id)] = values[..] else {
        panic!("CLIENT ID: {values:?}");
    };
    // The subscriber is told of what another client has read.
    let mut reader = stage.target.connect();
    let id = id.to_string();
    reader.cmd(&["CLIENT", "TRACKING", "ON", "REDIRECT", &id]);
    stage.reader = Some(reader);
    let mut wrong = Vec::new();
    for line in COPIES.lines() {
        let Some(case) = Case::parse(line) else {
            continue;
        };
        let told = stage.run(&case);
        if told != case.events {
            wrong.push(format!("{line}\n    but: {told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The keys that are watched.
const WATCHED: [&str; 6] = ["k", "j", "d", "a", "b", "x"];

/// How long a key that is to be due lives: long enough to be watched before, as a rule.
const SHORT_LIFE: Duration = Duration::from_millis(30);

impl Stage {
    /// Makes what has to be there before a command, and has all keys watched.
    fn make_ready(&mut self, case: &Case, watchers: &mut [Conn], life: &Life) {
        self.waiting.clear();
        self.await_waiting(0);
        self.others.cmd(&["FLUSHALL"]);
        for step in &case.before {
            match step.strip_prefix("DUE ") {
                Some(key) => {
                    self.others.cmd(&["SET", key, "v", "PX", &life.ms()]);
                }
                None => {
                    self.prepare(step);
                }
            }
        }
        for (conn, key) in watchers.iter_mut().zip(WATCHED) {
            conn.cmd(&["UNWATCH"]);
            conn.cmd(&["WATCH", key]);
        }
    }

    /// Which of the watched keys a command touches.
    fn touched_by(&mut self, case: &Case, watchers: &mut [Conn]) -> String {
        let is_due = case.before.iter().any(|step| step.starts_with("DUE "));
        let lasts = if is_due { SHORT_LIFE } else { PATIENCE };
        let life = in_time(lasts, |life| self.make_ready(case, watchers, life));
        if is_due {
            life.outlive();
        }
        self.others.cmd(&words(case.command));
        let mut touched = Vec::new();
        for (conn, key) in watchers.iter_mut().zip(WATCHED) {
            conn.cmd(&["MULTI"]);
            if conn.cmd(&["EXEC"]) == Value::NilArray {
                touched.push(key);
            }
        }
        match touched[..] {
            [] => "-".to_owned(),
            _ => touched.join(" "),
        }
    }
}

#[test]
fn every_command_touches_the_keys_of_redis() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let mut watchers = WATCHED.map(|_| stage.target.connect());
    let mut wrong = Vec::new();
    for line in EVENTS.lines() {
        let Some(case) = Case::parse(line) else {
            continue;
        };
        let Some(expected) = case.touched else {
            continue;
        };
        let touched = stage.touched_by(&case, &mut watchers);
        if touched != expected {
            wrong.push(format!("{line}\n    but: {touched}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is read up to a PONG, one after the other: events as `name key`, replies as they are. The lengths of
/// arrays are left out, so that it does not matter what stands within them.
fn in_order(conn: &mut Conn) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let value = conn.read_value();
        let mut pieces = Vec::new();
        take_apart(&value, &mut pieces);
        for piece in pieces {
            match piece {
                Value::Push(items) => {
                    let (channel, key) = (items[2].text(), items[3].text());
                    let name = channel.rsplit(':').next().unwrap_or_default();
                    seen.push(format!("{name} {key}"));
                }
                Value::Array(_) => {}
                Value::Simple(text) if text == b"PONG" => return seen,
                Value::Int(number) => seen.push(number.to_string()),
                other => seen.push(other.text()),
            }
        }
    }
}

/// Switches it off again: the server may be one that other tests use too.
fn switch_off(conn: &mut Conn) {
    let set = conn.cmd(&["CONFIG", "SET", "notify-keyspace-events", ""]);
    assert_eq!(set, Value::simple("OK"));
}

/// A RESP3 client that has subscribed to every event, by event.
fn subscriber_of_its_own(target: &Target) -> Conn {
    let mut conn = target.connect();
    conn.cmd(&["CONFIG", "SET", "notify-keyspace-events", "EA"]);
    conn.cmd(&["HELLO", "3"]);
    conn.cmd(&["PSUBSCRIBE", "__keyevent@*"]);
    conn
}

#[test]
fn within_a_transaction_events_stand_among_the_replies() {
    let target = server();
    let mut conn = subscriber_of_its_own(&target);
    for command in [
        &["MULTI"][..],
        &["SET", "k", "v", "EX", "100"],
        &["LPUSH", "l", "a"],
        &["SADD", "s", "a"],
        &["SPOP", "s"],
        &["SADD", "l", "x"],
        &["GET", "k"],
        &["EXEC"],
        &["PING"],
    ] {
        conn.send(command);
    }
    let expected = [
        "OK",
        "QUEUED",
        "QUEUED",
        "QUEUED",
        "QUEUED",
        "QUEUED",
        "QUEUED", // so much for MULTI
        "set k",
        "expire k",
        "OK", // SET
        "1",
        "lpush l", // LPUSH
        "sadd s",
        "1", // SADD
        "spop s",
        "a",
        "del s", // SPOP
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "v",
    ];
    assert_eq!(in_order(&mut conn), expected);
    switch_off(&mut conn);
}

/// What follows is not read as values: Redis writes these where they happen, and the array is no shorter for it.
#[test]
fn some_events_stand_in_the_midst_of_a_reply() {
    let target = server();
    let mut conn = subscriber_of_its_own(&target);
    switch_off(&mut conn);
    conn.transcript("SET k v\nSET w1 v\nRPUSH l 1 2 3\nZADD z 1 a 2 b");
    conn.cmd(&["CONFIG", "SET", "notify-keyspace-events", "Emz"]);
    let event = |name: &str, key: &str| {
        let channel = format!("__keyevent@0__:{name}");
        let (length, size) = (channel.len(), key.len());
        let head = ">4\r\n$8\r\npmessage\r\n$12\r\n__keyevent@*\r\n";
        format!("{head}${length}\r\n{channel}\r\n${size}\r\n{key}\r\n")
    };
    let miss = |key| event("keymiss", key);
    let cases = [
        (
            &["MGET", "a", "k", "b"][..],
            [
                "*3\r\n",
                &miss("a"),
                "_\r\n$1\r\nv\r\n",
                &miss("b"),
                "_\r\n",
            ]
            .concat(),
        ),
        (
            &["SORT", "l", "GET", "w*", "GET", "#"],
            [
                "*6\r\n$1\r\nv\r\n$1\r\n1\r\n",
                &miss("w2"),
                "_\r\n$1\r\n2\r\n",
                &miss("w3"),
                "_\r\n$1\r\n3\r\n",
            ]
            .concat(),
        ),
        (
            &["ZPOPMIN", "z"],
            ["*2\r\n", &event("zpopmin", "z"), "$1\r\na\r\n,1\r\n"].concat(),
        ),
        (
            &["ZMPOP", "1", "z", "MAX"],
            [
                "*2\r\n$1\r\nz\r\n*1\r\n",
                &event("zpopmax", "z"),
                "*2\r\n$1\r\nb\r\n,2\r\n",
            ]
            .concat(),
        ),
    ];
    for (request, bytes) in cases {
        conn.send(request);
        conn.expect_raw(bytes.as_bytes());
    }
    switch_off(&mut conn);
}

#[test]
fn who_wants_no_replies_is_told_of_events() {
    let target = server();
    let mut conn = subscriber_of_its_own(&target);
    for command in [
        &["CLIENT", "REPLY", "OFF"][..],
        &["SET", "k", "v"],
        &["LPUSH", "k", "v"],
        &["RPUSH", "l", "v"],
        &["CLIENT", "REPLY", "ON"],
        &["CLIENT", "REPLY", "SKIP"],
        &["RPUSH", "l", "w"],
        &["RPUSH", "l", "x"],
        &["PING"],
    ] {
        conn.send(command);
    }
    let expected = ["set k", "rpush l", "OK", "rpush l", "3", "rpush l"];
    assert_eq!(in_order(&mut conn), expected);
    switch_off(&mut conn);
}

/// A client that has subscribed to these channels, in RESP2.
fn subscriber(target: &Target, pattern: &str) -> Conn {
    let mut conn = target.connect();
    conn.cmd(&["PSUBSCRIBE", pattern]);
    conn
}

/// Reads so many messages: the channel and the text of each.
fn messages(conn: &mut Conn, count: usize) -> Vec<String> {
    let read = || {
        let message = conn.read_value();
        let items = message.items();
        format!("{} {}", items[2].text(), items[3].text())
    };
    std::iter::repeat_with(read).take(count).collect()
}

#[test]
fn the_setting_selects_channels_and_classes() {
    let target = server();
    let mut conn = target.connect();
    let mut all = subscriber(&target, "*");
    for (classes, told) in [
        (
            "KEA",
            &[
                "__keyspace@0__:l lpush",
                "__keyevent@0__:lpush l",
                "__keyspace@0__:s set",
                "__keyevent@0__:set s",
            ][..],
        ),
        ("KA", &["__keyspace@0__:l lpush", "__keyspace@0__:s set"]),
        ("EA", &["__keyevent@0__:lpush l", "__keyevent@0__:set s"]),
        ("El", &["__keyevent@0__:lpush l"]),
        ("K$", &["__keyspace@0__:s set"]),
        ("Kn", &["__keyspace@0__:l new", "__keyspace@0__:s new"]),
        ("Km", &["__keyspace@0__:nothing keymiss"]),
        ("Eg", &["__keyevent@0__:del l", "__keyevent@0__:del s"]),
        ("A", &[]),
        ("KE", &[]),
        ("", &[]),
    ] {
        let set = conn.cmd(&["CONFIG", "SET", "notify-keyspace-events", classes]);
        assert_eq!(set, Value::simple("OK"));
        for command in [
            &["LPUSH", "l", "a"][..],
            &["SET", "s", "v"],
            &["GET", "nothing"],
        ] {
            conn.cmd(command);
        }
        if classes != "Eg" {
            conn.cmd(&["CONFIG", "SET", "notify-keyspace-events", ""]);
        }
        conn.cmd(&["DEL", "l", "s"]);
        conn.cmd(&["PUBLISH", "end", classes]);
        let mut expected: Vec<String> = told.iter().map(|&text| text.to_owned()).collect();
        expected.push(format!("end {classes}"));
        assert_eq!(messages(&mut all, expected.len()), expected, "{classes}");
    }
}

#[test]
fn the_setting_is_read_and_written_as_redis_does() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            CONFIG SET notify-keyspace-events KEA           => +OK
            CONFIG GET notify-keyspace-events               => ["notify-keyspace-events" "AKE"]
            CONFIG SET notify-keyspace-events KEAmn         => +OK
            CONFIG GET notify-keyspace-events               => ["notify-keyspace-events" "AKEm"]
            CONFIG SET notify-keyspace-events mn            => +OK
            CONFIG GET notify-keyspace-events               => ["notify-keyspace-events" "nm"]
            CONFIG SET notify-keyspace-events lshzxetdg$m   => +OK
            CONFIG GET notify-keyspace-events               => ["notify-keyspace-events" "Am"]
            CONFIG SET notify-keyspace-events nEtexzhsl$gK  => +OK
            CONFIG GET notify-keyspace-events               => ["notify-keyspace-events" "g$lshzxetnKE"]
            CONFIG SET notify-keyspace-events Kq            => -ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.
            CONFIG SET notify-keyspace-events "KE A"        => -ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.
            CONFIG GET notify-keyspace-events               => ["notify-keyspace-events" "g$lshzxetnKE"]
            CONFIG SET notify-keyspace-events ""            => +OK
            CONFIG GET notify-keyspace-events               => ["notify-keyspace-events" ""]
        "#,
    );
}

/// Redis reads it back from its text, which has no `n` beside an `A`.
#[test]
fn a_wrong_value_costs_the_events_of_new_keys() {
    let target = server();
    let mut conn = subscriber_of_its_own(&target);
    let told = |conn: &mut Conn| {
        for request in [&["SET", "k", "v"][..], &["DEL", "k"], &["PING"]] {
            conn.send(request);
        }
        in_order(conn)
    };
    let all = ["new k", "set k", "OK", "del k", "1"];
    conn.cmd(&["CONFIG", "SET", "notify-keyspace-events", "KEAn"]);
    assert_eq!(told(&mut conn), all);
    let wrong = ["CONFIG", "SET", "maxmemory-samples", "0"];
    assert!(conn.cmd(&wrong).is_error());
    assert_eq!(told(&mut conn), all);
    for wrong in [&["Q"][..], &["KEAn", "maxmemory-samples", "0"]] {
        conn.cmd(&["CONFIG", "SET", "notify-keyspace-events", "KEAn"]);
        let request = [&["CONFIG", "SET", "notify-keyspace-events"], wrong].concat();
        assert!(conn.cmd(&request).is_error());
        assert_eq!(told(&mut conn), all[1..], "{wrong:?}");
    }
    switch_off(&mut conn);
}

#[test]
fn it_can_be_set_from_the_start() {
    let Some(target) = server_with(&[("notify-keyspace-events", "Kx$")]) else {
        return;
    };
    let mut all = subscriber(&target, "__key*");
    let mut conn = target.connect();
    conn.cmd(&["SELECT", "3"]);
    conn.cmd(&["SET", "k", "v"]);
    assert_eq!(messages(&mut all, 1), ["__keyspace@3__:k set"]);
}

/// Nobody touches the key: its own timer removes it, and says so. (In Redis that is a matter of chance.)
#[test]
fn a_key_that_expires_is_told_at_once() {
    let target = server();
    if !target.is_aerolite_or_skip("that each key has a timer of its own") {
        return;
    }
    let mut conn = target.connect();
    conn.cmd(&["CONFIG", "SET", "notify-keyspace-events", "Ex"]);
    let mut all = subscriber(&target, "__keyevent@*__:expired");
    let latest = Duration::from_millis(100) + LATENESS_LIMIT;
    let took = shortest(latest, || {
        let begin = Instant::now();
        for key in ["a", "b", "c"] {
            conn.cmd(&["SET", key, "v", "PX", "100"]);
        }
        let mut keys = messages(&mut all, 3);
        let took = begin.elapsed();
        keys.sort();
        assert_eq!(
            keys,
            ["a", "b", "c"].map(|key| format!("__keyevent@0__:expired {key}"))
        );
        // Both clocks tell whole milliseconds.
        assert!(took >= Duration::from_millis(99), "{took:?}");
        took
    });
    assert!(took < latest, "{took:?}");
    switch_off(&mut conn);
}
