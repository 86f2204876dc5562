//! Watching the server: MONITOR, SLOWLOG, LATENCY, MEMORY, and what INFO tells of commands.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Target, Value, server};
use tools::{
    attribute, client_id, entry, field, field_names, info, is_connected, pairs, wait_until,
};

use std::thread;
use std::time::Duration;

/// A new connection that is a monitor.
fn monitor(target: &Target) -> Conn {
    let mut conn = target.connect();
    assert_eq!(conn.cmd(&["MONITOR"]), Value::simple("OK"));
    conn
}

/// The next line of a monitor, without its time, and without the port of who sent the command.
#[track_caller]
fn line(monitor: &mut Conn) -> String {
    let Value::Simple(line) = monitor.read_value() else {
        panic!("a line is a simple string, in RESP3 too");
    };
    let line = String::from_utf8(line).expect("a line is ASCII");
    let (time, rest) = line.split_once(' ').expect("a time, and the rest");
    let (seconds, micros) = time.split_once('.').expect("microseconds");
    assert!(seconds.len() == 10 && micros.len() == 6, "{time}");
    let (head, words) = rest.split_once("] ").expect("who, and what");
    let (db, addr) = head.split_once(' ').expect("a database and an address");
    assert!(addr.starts_with("127.0.0.1:"), "{rest}");
    format!("{db}] {words}")
}

#[test]
fn monitor_shows_what_is_run() {
    let target = server();
    let mut monitor = monitor(&target);
    let mut conn = target.connect();
    let bytes = b"\0\x01\x07\x08\t\n\r \"\\'~\x7f\x80\xff";
    conn.cmd_bytes(&[b"SET", b"k", bytes]);
    let shown = r#"[0] "SET" "k" "\x00\x01\a\b\t\n\r \"\\'~\x7f\x80\xff""#;
    assert_eq!(line(&mut monitor), shown);
    for (words, shown) in [
        (&["get", "nosuch"][..], r#""get" "nosuch""#),
        (&["LPUSH", "k", "wrong-type"], r#""LPUSH" "k" "wrong-type""#),
        (&["PING"], r#""PING""#),
        (&["CONFIG", "HELP"], r#""CONFIG" "HELP""#),
        (&["SLOWLOG", "HELP"], r#""SLOWLOG" "HELP""#),
        (&["MEMORY", "DOCTOR"], r#""MEMORY" "DOCTOR""#),
        (&["INFO", "cluster"], r#""INFO" "cluster""#),
        (&["AUTH", "secret"], r#""AUTH" "(redacted)""#),
        (
            &["AUTH", "u", "secret"],
            r#""AUTH" "(redacted)" "(redacted)""#,
        ),
        (&["HELLO", "2"], r#""HELLO" "2""#),
        (
            &["HELLO", "2", "AUTH", "u", "secret"],
            r#""HELLO" "2" "AUTH" "(redacted)" "(redacted)""#,
        ),
        (&["BLPOP", "nosuch", "0.01"], r#""BLPOP" "nosuch" "0.01""#),
        (&["RESET"], r#""RESET""#),
    ] {
        conn.cmd(words);
        assert_eq!(line(&mut monitor), format!("[0] {shown}"));
    }
    conn.cmd(&["SELECT", "3"]);
    assert_eq!(line(&mut monitor), r#"[3] "SELECT" "3""#);
    let big = "x".repeat(100_000);
    conn.cmd(&["SET", "big", &big]);
    assert_eq!(line(&mut monitor), format!(r#"[3] "SET" "big" "{big}""#));
}

#[test]
fn monitor_does_not_show_administrators_and_refusals() {
    let target = server();
    let mut monitor = monitor(&target);
    let mut conn = target.connect();
    for words in [
        &["CONFIG", "GET", "port"][..],
        &["CLIENT", "LIST"],
        &["SLOWLOG", "LEN"],
        &["LATENCY", "LATEST"],
        &["DEBUG", "SLEEP", "0"],
        &["nosuch", "x"],
        &["GET"],
        &["GET", "a", "b"],
    ] {
        conn.cmd(words);
    }
    conn.cmd(&["PING"]);
    assert_eq!(line(&mut monitor), r#"[0] "PING""#);
}

#[test]
fn a_monitor_sees_itself_and_touches_no_keys() {
    let target = server();
    let mut first = monitor(&target);
    let mut second = monitor(&target);
    second.transcript("HELLO 3");
    assert_eq!(line(&mut first), r#"[0] "HELLO" "3""#);
    assert_eq!(line(&mut second), r#"[0] "HELLO" "3""#);
    for words in [
        &["GET", "k"][..],
        &["SET", "k", "v"],
        &["DBSIZE"],
        &["PUBLISH", "c", "m"],
    ] {
        // (PUBLISH may be of another part of the server.)
        let reply = first.cmd(words).text();
        let unknown = reply.starts_with("ERR unknown command 'PUBLISH'");
        assert!(
            unknown || reply == "ERR Replica can't interact with the keyspace",
            "{reply}"
        );
    }
    // Again: there is no answer, and nothing to see.
    first.send(&["MONITOR"]);
    assert_eq!(first.cmd(&["PING"]), Value::simple("PONG"));
    assert_eq!(line(&mut first), r#"[0] "PING""#);
    assert_eq!(line(&mut second), r#"[0] "PING""#);
    let about = second.cmd(&["CLIENT", "INFO"]).text();
    assert_eq!(attribute(&about, "flags"), Some("O"), "{about}");
    assert_eq!(line(&mut second), r#"[0] "CLIENT" "INFO""#);
    assert_eq!(line(&mut first), r#"[0] "CLIENT" "INFO""#);
    // RESET ends it, unseen by itself.
    assert_eq!(second.cmd(&["RESET"]), Value::simple("RESET"));
    assert_eq!(line(&mut first), r#"[0] "RESET""#);
    second.transcript("GET k => nil");
    assert_eq!(line(&mut first), r#"[0] "GET" "k""#);
    second.expect_silence(Duration::from_millis(50));
    assert_eq!(first.cmd(&["QUIT"]), Value::simple("OK"));
    first.expect_closed();
}

#[test]
fn a_monitor_sees_its_own_transaction_as_it_is_run() {
    let target = server();
    let (mut first, mut second) = (monitor(&target), monitor(&target));
    let requests = ["MULTI", "ECHO a", "PING", "EXEC", "PING"];
    first.send_raw((requests.join("\r\n") + "\r\n").as_bytes());
    let expected = [
        "+OK",
        r#"+"MULTI""#,
        "+QUEUED",
        "+QUEUED",
        "*2",
        "$1 a",
        r#"+"ECHO" "a""#,
        "+PONG",
        r#"+"PING""#,
        r#"+"EXEC""#,
        "+PONG",
        r#"+"PING""#,
    ];
    for expected in expected {
        match expected.strip_prefix("+\"") {
            Some(words) => assert_eq!(line(&mut first), format!("[0] \"{words}")),
            None => first.expect_raw((expected.replace(' ', "\r\n") + "\r\n").as_bytes()),
        }
    }
    for words in [
        r#""MULTI""#,
        r#""ECHO" "a""#,
        r#""PING""#,
        r#""EXEC""#,
        r#""PING""#,
    ] {
        assert_eq!(line(&mut second), format!("[0] {words}"));
    }
}

#[test]
fn monitor_and_client_reply() {
    let target = server();
    let mut monitor = monitor(&target);
    let mut conn = target.connect();
    monitor.send(&["CLIENT", "REPLY", "OFF"]);
    let deaf = wait_until(Duration::from_secs(2), || {
        conn.cmd(&["PING"]);
        let list = conn.cmd(&["CLIENT", "LIST"]).text();
        list.lines()
            .any(|line| line.contains(" flags=O ") && line.contains("cmd=client|reply"))
    });
    assert!(deaf);
    conn.cmd(&["ECHO", "unseen"]);
    monitor.send(&["CLIENT", "REPLY", "ON"]);
    // Whatever was seen before it went deaf is PINGs.
    let first = loop {
        match monitor.read_value() {
            Value::Simple(text) if text.ends_with(b"\"PING\"") => {}
            other => break other,
        }
    };
    assert_eq!(first, Value::simple("OK"));
    assert_eq!(line(&mut monitor), r#"[0] "CLIENT" "REPLY" "ON""#);
}

#[test]
fn a_blocked_command_is_shown_once() {
    let target = server();
    let mut monitor = monitor(&target);
    let (mut waiter, mut conn) = (target.connect(), target.connect());
    waiter.send(&["BLPOP", "q", "0"]);
    assert_eq!(line(&mut monitor), r#"[0] "BLPOP" "q" "0""#);
    conn.cmd(&["RPUSH", "q", "x"]);
    waiter.read_value();
    conn.cmd(&["PING"]);
    assert_eq!(line(&mut monitor), r#"[0] "RPUSH" "q" "x""#);
    assert_eq!(line(&mut monitor), r#"[0] "PING""#);
}

#[test]
fn a_monitor_that_never_reads_is_cut_off_and_harms_nobody() {
    let target = server();
    let mut conn = target.connect();
    let limit = "client-output-buffer-limit";
    let before = conn.cmd(&["CONFIG", "GET", limit]).items()[1].text();
    let set = conn.cmd(&["CONFIG", "SET", limit, "normal 1mb 0 0"]);
    assert_eq!(set, Value::simple("OK"));
    let mut monitor = target.connect();
    let id = client_id(&mut monitor);
    assert_eq!(monitor.cmd(&["MONITOR"]), Value::simple("OK"));
    let value = "x".repeat(20_000);
    let gone = wait_until(Duration::from_secs(20), || {
        for _ in 0..50 {
            assert_eq!(conn.cmd(&["SET", "k", &value]), Value::simple("OK"));
        }
        !is_connected(&mut conn, &id)
    });
    assert!(gone, "it is still connected");
    let list = conn.cmd(&["CLIENT", "LIST"]).text();
    assert!(!list.contains(" flags=O "), "{list}");
    conn.cmd(&["CONFIG", "SET", limit, &before]);
}

/// The entries of the slow log, without id and times.
fn slow_log(conn: &mut Conn) -> Vec<Vec<String>> {
    let entries = conn.cmd(&["SLOWLOG", "GET", "-1"]);
    let words = |entry: &Value| entry.items()[3].items().iter().map(Value::text).collect();
    entries.items().iter().map(words).collect()
}

#[test]
fn slowlog_keeps_what_is_slow() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CONFIG SET slowlog-log-slower-than 500000 slowlog-max-len 128 => +OK
        SLOWLOG RESET   => +OK
        CLIENT SETNAME me => +OK
        DEBUG SLEEP 0.6 => +OK
        PING            => +PONG
        SLOWLOG LEN     => :1
        "#,
    );
    let reply = conn.cmd(&["SLOWLOG", "GET"]);
    let [slow] = reply.items() else {
        panic!("{reply:?}");
    };
    let [_, unix_s, us, words, addr, name] = slow.items() else {
        panic!("{slow:?}");
    };
    assert!(unix_s.int() > 1_700_000_000);
    assert!((600_000..30_000_000).contains(&us.int()), "{us:?}");
    assert_eq!(words.sorted_texts(), ["0.6", "DEBUG", "SLEEP"]);
    assert!(addr.text().starts_with("127.0.0.1:"));
    assert_eq!(name.text(), "me");
    conn.transcript("SLOWLOG RESET => +OK\nSLOWLOG LEN => :0\nSLOWLOG GET => []");
}

#[test]
fn slowlog_shortens_and_hides() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 128 => +OK");
    let long = "x".repeat(200);
    let big = "y".repeat(100_000);
    let numbers: Vec<String> = (0..32).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    conn.cmd(&["SET", "long", &long]);
    conn.cmd(&["SET", "big", &big]);
    conn.cmd(&["GET", "long", "refused"]);
    conn.cmd(&[&["DEL"], &numbers[..31]].concat());
    conn.cmd(&[&["DEL"], &numbers[..]].concat());
    conn.cmd(&["AUTH", "u", "secret"]);
    conn.cmd(&["CONFIG", "SET", "requirepass", ""]);
    conn.cmd(&["LPUSH", "long", "fails"]);
    conn.cmd(&["SLOWLOG", "LEN"]);
    let log = slow_log(&mut conn);
    let trimmed = |text: &str, more: usize| format!("{}... ({more} more bytes)", &text[..128]);
    let mut cut: Vec<&str> = [&["DEL"], &numbers[..30]].concat();
    cut.push("... (2 more arguments)");
    assert_eq!(log[0], ["SLOWLOG", "LEN"]);
    assert_eq!(log[1], ["LPUSH", "long", "fails"]);
    assert_eq!(log[2], ["CONFIG", "SET", "requirepass", "(redacted)"]);
    assert_eq!(log[3], ["AUTH", "(redacted)", "(redacted)"]);
    assert_eq!(log[4], cut);
    assert_eq!(log[5].len(), 32);
    assert_eq!(log[6], ["SET", "big", &trimmed(&big, 100_000 - 128)]);
    assert_eq!(log[7], ["SET", "long", &trimmed(&long, 72)]);
    conn.transcript(
        r#"
        CONFIG SET slowlog-max-len 2 => +OK
        SLOWLOG LEN     => :2
        CONFIG SET slowlog-log-slower-than -1 => +OK
        SLOWLOG RESET   => +OK
        PING            => +PONG
        SLOWLOG LEN     => :0
        CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 0 => +OK
        PING            => +PONG
        SLOWLOG LEN     => :0
        CONFIG SET slowlog-log-slower-than 10000 slowlog-max-len 128 => +OK
        "#,
    );
}

#[test]
fn slowlog_of_who_waits() {
    let target = server();
    let (mut conn, mut waiter) = (target.connect(), target.connect());
    conn.transcript("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 128 => +OK");
    waiter.send(&["BLPOP", "q", "0"]);
    let waits = wait_until(Duration::from_secs(20), || {
        info(&mut conn, &["clients"]).contains("blocked_clients:1")
    });
    assert!(waits);
    assert!(slow_log(&mut conn).iter().all(|words| words[0] != "BLPOP"));
    conn.cmd(&["RPUSH", "q", "x"]);
    waiter.read_value();
    let log = slow_log(&mut conn);
    assert_eq!(log[0], ["BLPOP", "q", "0"]);
    assert_eq!(log[1], ["RPUSH", "q", "x"]);
    conn.transcript("CONFIG SET slowlog-log-slower-than 10000 => +OK");
}

#[test]
fn slowlog_and_its_settings_refuse() {
    let target = server();
    target.connect().transcript(
        r#"
        SLOWLOG          => -ERR wrong number of arguments for 'slowlog' command
        SLOWLOG FOO      => -ERR unknown subcommand 'FOO'. Try SLOWLOG HELP.
        SLOWLOG LEN x    => -ERR wrong number of arguments for 'slowlog|len' command
        SLOWLOG GET 0    => []
        SLOWLOG GET -2   => -ERR count should be greater than or equal to -1
        SLOWLOG GET abc  => -ERR count should be greater than or equal to -1
        SLOWLOG GET 1 2  => -ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.
        CONFIG SET slowlog-max-len -1 => -ERR CONFIG SET failed (possibly related to argument 'slowlog-max-len') - argument must be between 0 and 9223372036854775807 inclusive
        CONFIG SET slowlog-log-slower-than -2 => -ERR CONFIG SET failed (possibly related to argument 'slowlog-log-slower-than') - argument must be between -1 and 9223372036854775807 inclusive
        CONFIG GET slowlog-log-slower-than => ["slowlog-log-slower-than" "10000"]
        CONFIG GET slowlog-max-len => ["slowlog-max-len" "128"]
        SLOWLOG HELP     => [+"SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" +"GET [<count>]" +"    Return top <count> entries from the slowlog (default: 10, -1 mean all)." +"    Entries are made of:" +"    id, timestamp, time in microseconds, arguments array, client IP and port," +"    client name" +LEN +"    Return the length of the slowlog." +RESET +"    Reset the slowlog." +HELP +"    Prints this help."]
        "#,
    );
}

#[test]
fn latency_events() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CONFIG SET latency-monitor-threshold 0 => +OK
        LATENCY RESET
        LATENCY LATEST  => []
        LATENCY HISTORY command => []
        LATENCY GRAPH command => -ERR No samples available for event 'command'
        LATENCY RESET   => :0
        # So much that nothing else takes as long on a busy machine.
        CONFIG SET latency-monitor-threshold 500 => +OK
        DEBUG SLEEP 0.001 => +OK
        LATENCY LATEST  => []
        DEBUG SLEEP 0.6 => +OK
        "#,
    );
    for protocol in ["2", "3"] {
        conn.cmd(&["HELLO", protocol]);
        let latest = conn.cmd(&["LATENCY", "LATEST"]);
        let [event] = latest.items() else {
            panic!("{latest:?}");
        };
        let [name, unix_s, ms, max_ms] = event.items() else {
            panic!("{event:?}");
        };
        assert_eq!(name, &Value::bulk("command"));
        assert!(
            (600..30_000).contains(&ms.int()) && ms == max_ms,
            "{event:?}"
        );
        let history = conn.cmd(&["LATENCY", "HISTORY", "command"]);
        let sample = Value::Array(vec![unix_s.clone(), ms.clone()]);
        assert_eq!(history, Value::Array(vec![sample]));
        let graph = conn.cmd(&["LATENCY", "GRAPH", "command"]).text();
        let ms = ms.int();
        let head = format!("command - high {ms} ms, low {ms} ms (all time high {ms} ms)\n");
        let dashes = "-".repeat(80);
        assert!(
            graph.starts_with(&format!("{head}{dashes}\n \n \n \n_\n \n")),
            "{graph}"
        );
        let report = conn.cmd(&["LATENCY", "DOCTOR"]).text();
        let event =
            format!("1. command: 1 latency spikes (average {ms}ms, mean deviation 0ms, period ");
        assert!(report.starts_with("Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n"), "{report}");
        assert!(report.contains(&event), "{report}");
        assert!(
            report.contains("\nI have a few advices for you:\n\n- "),
            "{report}"
        );
    }
    conn.transcript(
        r#"
        HELLO 2
        LATENCY RESET nosuch command => :1
        LATENCY RESET command => :0
        DEBUG SLEEP 0.6 => +OK
        LATENCY RESET   => :1
        CONFIG SET latency-monitor-threshold 0 => +OK
        "#,
    );
}

#[test]
fn a_fast_command_has_an_event_of_its_own() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("LATENCY RESET\nCONFIG SET latency-monitor-threshold 1 => +OK");
    // RPUSH is flagged fast; so many elements take longer than a millisecond all the same.
    let values = vec!["x"; 200_000];
    conn.cmd(&[&["RPUSH", "k"], &values[..]].concat());
    let latest = conn.cmd(&["LATENCY", "LATEST"]);
    let names: Vec<String> = latest.items().iter().map(|e| e.items()[0].text()).collect();
    assert!(names.contains(&"fast-command".to_owned()), "{names:?}");
    conn.transcript("CONFIG SET latency-monitor-threshold 0 => +OK");
}

#[test]
fn latency_texts_and_refusals() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        LATENCY RESET
        CONFIG SET latency-monitor-threshold 0 => +OK
        LATENCY DOCTOR  => "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n"
        CONFIG SET latency-monitor-threshold 10000 => +OK
        LATENCY DOCTOR  => "Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n"
        CONFIG SET latency-monitor-threshold 0 => +OK
        LATENCY         => -ERR wrong number of arguments for 'latency' command
        LATENCY FOO     => -ERR unknown subcommand 'FOO'. Try LATENCY HELP.
        LATENCY LATEST x => -ERR wrong number of arguments for 'latency|latest' command
        CONFIG SET latency-monitor-threshold -1 => -ERR CONFIG SET failed (possibly related to argument 'latency-monitor-threshold') - argument must be between 0 and 9223372036854775807 inclusive
        "#,
    );
    let help = conn.cmd(&["LATENCY", "HELP"]);
    assert_eq!(help.items().len(), 17);
    assert_eq!(
        help.items()[13],
        Value::simple(
            "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names."
        )
    );
}

#[test]
fn latency_histograms() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("CONFIG RESETSTAT => +OK\nGET a => nil\nGET b => nil\nDEBUG SLEEP 1.1 => +OK\nCONFIG GET port");
    conn.transcript(
        r#"
        LATENCY HISTOGRAM debug => ["debug" ["calls" :1 "histogram_usec" [:1073741 :1]]]
        LATENCY HISTOGRAM nosuch set => []
        HELLO 3
        LATENCY HISTOGRAM debug => %["debug" %["calls" :1 "histogram_usec" %[:1073741 :1]]]
        LATENCY HISTOGRAM nosuch set config|nosuch => %[]
        "#,
    );
    let named = conn.cmd(&[
        "LATENCY",
        "HISTOGRAM",
        "config",
        "nosuch",
        "GET",
        "CONFIG|GET",
    ]);
    let names: Vec<String> = pairs(&named).iter().map(|pair| pair.0.text()).collect();
    // CONFIG RESETSTAT counts itself in Redis, whose order of subcommands is any.
    let kept: Vec<&String> = names
        .iter()
        .filter(|name| !name.contains("resetstat"))
        .collect();
    assert_eq!(kept, ["config|get", "get", "config|get"]);
    let get = entry(&named, "get").expect("it has run");
    assert_eq!(entry(&get, "calls"), Some(Value::Int(2)));
    let counts = pairs(&entry(&get, "histogram_usec").expect("a histogram"));
    assert_eq!(counts.last().map(|pair| pair.1.int()), Some(2));
    let all = conn.cmd(&["LATENCY", "HISTOGRAM"]);
    assert!(entry(&all, "hello").is_some() && entry(&all, "set").is_none());
    conn.transcript(
        r##"
        HELLO 2
        CONFIG SET latency-tracking no => +OK
        GET a           => nil
        INFO latencystats => "# Latencystats\r\n"
        "##,
    );
    let get = |conn: &mut Conn| entry(&conn.cmd(&["LATENCY", "HISTOGRAM", "get"]), "get");
    let calls = |conn: &mut Conn| get(conn).and_then(|get| entry(&get, "calls"));
    assert_eq!(calls(&mut conn), Some(Value::Int(2)));
    conn.transcript("CONFIG SET latency-tracking yes => +OK\nGET a => nil");
    assert_eq!(calls(&mut conn), Some(Value::Int(3)));
}

#[test]
fn info_tells_percentiles_that_are_asked_for() {
    let target = server();
    let mut conn = target.connect();
    let name = "latency-tracking-info-percentiles";
    let refused = |why: &str| {
        let text = format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}");
        Value::error(&text)
    };
    let range = format!("{name} parameters should sit between [0.0,100.0]");
    for (value, told, shown) in [
        ("50 99 99.9", "50 99 99.9", "p50=#,p99=#,p99.9=#"),
        ("0 100", "0 100", "p0=#,p100=#"),
        (
            "50.0 1e1 33.333333",
            "50 10 33.333333",
            "p50=#,p10=#,p33.333333=#",
        ),
        ("", "", ""),
        ("50 99 99.9", "50 99 99.9", "p50=#,p99=#,p99.9=#"),
    ] {
        assert_eq!(
            conn.cmd(&["CONFIG", "SET", name, value]),
            Value::simple("OK")
        );
        let reply = conn.cmd(&["CONFIG", "GET", name]);
        assert_eq!(reply.items()[1].text(), told);
        conn.cmd(&["GET", "k"]);
        let text = info(&mut conn, &["latencystats"]);
        let found = field(&text, "latency_percentiles_usec_get").expect("GET has run");
        let plain: Vec<String> = found
            .split_terminator(',')
            .map(|part| {
                let (name, us) = part.split_once('=').expect("a percentile");
                assert!(
                    us.split_once('.')
                        .is_some_and(|(_, digits)| digits.len() == 3),
                    "{us}"
                );
                format!("{name}=#")
            })
            .collect();
        assert_eq!(plain.join(","), shown);
    }
    assert_eq!(conn.cmd(&["CONFIG", "SET", name, "-1"]), refused(&range));
    assert_eq!(
        conn.cmd(&["CONFIG", "SET", name, "50 101"]),
        refused(&range)
    );
    let invalid = format!("Invalid {name} parameters");
    assert_eq!(conn.cmd(&["CONFIG", "SET", name, "abc"]), refused(&invalid));
}

#[test]
fn info_counts_commands_errors_and_keys() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        FLUSHALL         => +OK
        SET s 1          => +OK
        CONFIG RESETSTAT => +OK
        GET s            => "1"
        GET nosuch       => nil
        GET              => -ERR wrong number of arguments for 'get' command
        LPUSH s x        => -WRONGTYPE Operation against a key holding the wrong kind of value
        CONFIG SET port  => -ERR wrong number of arguments for 'config|set' command
        CONFIG GET port
        "#,
    );
    let text = info(&mut conn, &["commandstats", "errorstats", "stats"]);
    let stat = |name: &str| field(&text, name).unwrap_or_else(|| panic!("{name}: {text}"));
    let get = stat("cmdstat_get");
    assert!(get.starts_with("calls=2,usec="), "{get}");
    assert!(get.ends_with(",rejected_calls=1,failed_calls=0"), "{get}");
    let parts: Vec<&str> = get.split(',').collect();
    let mean = parts[2].strip_prefix("usec_per_call=").expect(get);
    assert!(
        mean.split_once('.')
            .is_some_and(|(_, digits)| digits.len() == 2),
        "{mean}"
    );
    assert!(stat("cmdstat_lpush").ends_with(",rejected_calls=0,failed_calls=1"));
    assert!(stat("cmdstat_config|get").starts_with("calls=1,"));
    assert_eq!(stat("errorstat_ERR"), "count=2");
    assert_eq!(stat("errorstat_WRONGTYPE"), "count=1");
    assert_eq!(stat("keyspace_hits"), "1");
    assert_eq!(stat("keyspace_misses"), "1");
    assert_eq!(stat("total_error_replies"), "3");
}

#[test]
fn memory_stats_have_redis_names_in_redis_order() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("SET a 1 => +OK\nSELECT 7 => +OK\nSET b 1 EX 1000 => +OK");
    let wanted = "peak.allocated total.allocated startup.allocated replication.backlog \
         clients.slaves clients.normal cluster.links aof.buffer lua.caches functions.caches db.0 \
         db.7 overhead.total keys.count keys.bytes-per-key dataset.bytes dataset.percentage \
         peak.percentage allocator.allocated allocator.active allocator.resident \
         allocator-fragmentation.ratio allocator-fragmentation.bytes allocator-rss.ratio \
         allocator-rss.bytes rss-overhead.ratio rss-overhead.bytes fragmentation \
         fragmentation.bytes";
    for protocol in ["2", "3"] {
        conn.cmd(&["HELLO", protocol]);
        let stats = conn.cmd(&["MEMORY", "STATS"]);
        let names: Vec<String> = pairs(&stats).iter().map(|pair| pair.0.text()).collect();
        assert_eq!(names.join(" "), wanted);
        let get = |name: &str| entry(&stats, name).expect(name);
        assert_eq!(get("keys.count"), Value::Int(2));
        // Redis has added it up at its last tick.
        assert!(get("clients.normal").int() >= 0);
        let database: Vec<String> = pairs(&get("db.7")).iter().map(|p| p.0.text()).collect();
        assert_eq!(
            database,
            [
                "overhead.hashtable.main",
                "overhead.hashtable.expires",
                "overhead.hashtable.slot-to-keys"
            ]
        );
        for name in ["dataset.percentage", "peak.percentage", "fragmentation"] {
            let is_double = matches!(get(name), Value::Double(_));
            assert_eq!(is_double, protocol == "3", "{name}");
        }
        let whole = get("total.allocated").int();
        let parts = get("overhead.total").int() + get("dataset.bytes").int();
        assert_eq!(whole, parts);
    }
}

#[test]
fn memory_purge_doctor_and_malloc_stats() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        MEMORY PURGE     => +OK
        MEMORY PURGE x   => -ERR wrong number of arguments for 'memory|purge' command
        MEMORY STATS x   => -ERR wrong number of arguments for 'memory|stats' command
        MEMORY DOCTOR x  => -ERR wrong number of arguments for 'memory|doctor' command
        MEMORY FOO       => -ERR unknown subcommand 'FOO'. Try MEMORY HELP.
        "#,
    );
    let report = conn.cmd(&["MEMORY", "DOCTOR"]).text();
    assert!(
        ["Hi Sam, ", "Sam, I "]
            .iter()
            .any(|head| report.starts_with(head)),
        "{report}"
    );
    let report = conn.cmd(&["MEMORY", "MALLOC-STATS"]).text();
    assert!(!report.is_empty());
    conn.cmd(&["HELLO", "3"]);
    assert!(matches!(
        conn.cmd(&["MEMORY", "DOCTOR"]),
        Value::Verbatim(_)
    ));
    assert!(matches!(
        conn.cmd(&["MEMORY", "MALLOC-STATS"]),
        Value::Verbatim(_)
    ));
    let text = info(&mut conn, &["memory"]);
    assert_eq!(field_names(&text).first(), Some(&"used_memory"));
}

#[test]
fn monitors_that_leave_leave_nothing_behind() {
    let target = server();
    let mut conn = target.connect();
    for _ in 0..20 {
        drop(monitor(&target));
    }
    let gone = wait_until(Duration::from_secs(5), || {
        let list = conn.cmd(&["CLIENT", "LIST"]).text();
        !list.contains(" flags=O ")
    });
    assert!(gone);
    thread::sleep(Duration::from_millis(1));
    conn.transcript("PING => +PONG");
}
