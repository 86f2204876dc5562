//! Publish/subscribe: who gets what, in which order, and what a subscriber may send.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Target, Value, server, server_with};
use tools::{attribute, client_id, connection_budget, counter, info, is_connected, wait_until};

use std::time::{Duration, Instant};

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for a message that should not come.
const SILENCE: Duration = Duration::from_millis(30);

/// What a subscriber reads: an array in RESP2, a push in RESP3. Numbers are written `:1`, null `_`.
fn told(proto: &str, words: &[&str]) -> Value {
    let value = |word: &&str| match *word {
        "_" if proto == "3" => Value::Null,
        "_" => Value::Nil,
        word => match word.strip_prefix(':') {
            Some(number) => Value::Int(number.parse().expect("a number")),
            None => Value::bulk(word),
        },
    };
    let items = words.iter().map(value).collect();
    match proto {
        "3" => Value::Push(items),
        _ => Value::Array(items),
    }
}

#[track_caller]
fn expect(conn: &mut Conn, proto: &str, lines: &[&str]) {
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(conn.read_value(), told(proto, &words), "{line}");
    }
}

/// A request of words, and what its client is told about it.
#[track_caller]
fn ask(conn: &mut Conn, proto: &str, request: &str, lines: &[&str]) {
    let words: Vec<&str> = request.split(' ').collect();
    conn.send(&words);
    expect(conn, proto, lines);
}

fn connect(target: &Target, proto: &str) -> Conn {
    let mut conn = target.connect();
    conn.cmd(&["HELLO", proto]);
    conn
}

#[test]
fn confirmations_count() {
    let target = server();
    for proto in ["2", "3"] {
        let mut conn = connect(&target, proto);
        ask(&mut conn, proto, "UNSUBSCRIBE", &["unsubscribe _ :0"]);
        ask(&mut conn, proto, "PUNSUBSCRIBE", &["punsubscribe _ :0"]);
        ask(&mut conn, proto, "SUNSUBSCRIBE", &["sunsubscribe _ :0"]);
        let lines = ["unsubscribe x :0", "unsubscribe y :0"];
        ask(&mut conn, proto, "UNSUBSCRIBE x y", &lines);
        let lines = ["subscribe a :1", "subscribe b :2", "subscribe a :2"];
        ask(&mut conn, proto, "SUBSCRIBE a b a", &lines);
        let lines = ["psubscribe a :3", "psubscribe x* :4"];
        ask(&mut conn, proto, "PSUBSCRIBE a x*", &lines);
        ask(&mut conn, proto, "SSUBSCRIBE a", &["ssubscribe a :1"]);
        ask(&mut conn, proto, "UNSUBSCRIBE x*", &["unsubscribe x* :4"]);
        ask(&mut conn, proto, "SUNSUBSCRIBE b", &["sunsubscribe b :1"]);
        ask(&mut conn, proto, "UNSUBSCRIBE b", &["unsubscribe b :3"]);
        ask(&mut conn, proto, "UNSUBSCRIBE", &["unsubscribe a :2"]);
        ask(&mut conn, proto, "UNSUBSCRIBE", &["unsubscribe _ :2"]);
        let lines = ["punsubscribe a :1", "punsubscribe x* :0"];
        ask(&mut conn, proto, "PUNSUBSCRIBE", &lines);
        ask(&mut conn, proto, "SUNSUBSCRIBE", &["sunsubscribe a :0"]);
        assert_eq!(conn.cmd(&["PING"]), Value::simple("PONG"));
    }
}

#[test]
fn all_is_unsubscribed_patterns_in_their_order() {
    let target = server();
    let mut conn = connect(&target, "3");
    ask(
        &mut conn,
        "3",
        "PSUBSCRIBE z a* m",
        &["psubscribe z :1", "psubscribe a* :2", "psubscribe m :3"],
    );
    conn.send(&["SUBSCRIBE", "c", "a", "b"]);
    for _ in 0..3 {
        conn.read_value();
    }
    conn.send(&["UNSUBSCRIBE"]);
    let mut names = Vec::new();
    for left in (3..6).rev() {
        let line = conn.read_value();
        assert_eq!(line.items()[2], Value::Int(left));
        names.push(line.items()[1].text());
    }
    // Redis has channels in an order that means nothing.
    names.sort();
    assert_eq!(names, ["a", "b", "c"]);
    ask(
        &mut conn,
        "3",
        "PUNSUBSCRIBE",
        &[
            "punsubscribe z :2",
            "punsubscribe a* :1",
            "punsubscribe m :0",
        ],
    );
}

#[test]
fn a_message_comes_once_for_each_subscription() {
    let target = server();
    let mut publisher = target.connect();
    let mut subscribers = Vec::new();
    for proto in ["2", "3"] {
        let mut conn = connect(&target, proto);
        ask(&mut conn, proto, "PSUBSCRIBE n*", &["psubscribe n* :1"]);
        ask(&mut conn, proto, "SUBSCRIBE news", &["subscribe news :2"]);
        ask(&mut conn, proto, "SSUBSCRIBE news", &["ssubscribe news :1"]);
        subscribers.push((proto, conn));
    }
    publisher.transcript(
        r#"
        PUBLISH news one          => :4
        PUBLISH nothing two       => :2
        PUBLISH elsewhere three   => :0
        SPUBLISH news four        => :2
        SPUBLISH nothing five     => :0
        PUBLISH "" six            => :0
        "#,
    );
    for (proto, conn) in &mut subscribers {
        let lines = [
            "message news one",
            "pmessage n* news one",
            "pmessage n* nothing two",
            "smessage news four",
        ];
        expect(conn, proto, &lines);
        conn.expect_silence(SILENCE);
    }
}

#[test]
fn names_and_messages_are_any_bytes() {
    let target = server();
    let mut publisher = target.connect();
    let mut conn = target.connect();
    conn.cmd_bytes(&[b"SUBSCRIBE", b""]);
    conn.cmd_bytes(&[b"SUBSCRIBE", b"\r\n\0"]);
    conn.cmd_bytes(&[b"PSUBSCRIBE", b"*"]);
    conn.cmd_bytes(&[b"PSUBSCRIBE", b""]);
    let receivers = |publisher: &mut Conn, channel: &[u8], message: &[u8]| {
        publisher.cmd_bytes(&[b"PUBLISH", channel, message]).int()
    };
    // No pattern but the empty one matches the empty name.
    assert_eq!(receivers(&mut publisher, b"", b""), 2);
    conn.expect_raw(b"*3\r\n$7\r\nmessage\r\n$0\r\n\r\n$0\r\n\r\n");
    conn.expect_raw(b"*4\r\n$8\r\npmessage\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n");
    assert_eq!(receivers(&mut publisher, b"\r\n\0", b"\xff\n"), 2);
    conn.expect_raw(b"*3\r\n$7\r\nmessage\r\n$3\r\n\r\n\0\r\n$2\r\n\xff\n\r\n");
    conn.expect_raw(b"*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$3\r\n\r\n\0\r\n$2\r\n\xff\n\r\n");
    let large = vec![b'x'; 1_000_000];
    assert_eq!(receivers(&mut publisher, b"c", &large), 1);
    let message = conn.read_value();
    assert!(message.items()[3].bytes() == large);
}

#[test]
fn a_subscriber_in_resp2_may_send_little() {
    let target = server();
    let mut conn = target.connect();
    let refusal = |name: &str| {
        Value::error(&format!(
            "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET \
             are allowed in this context"
        ))
    };
    for (subscribe, unsubscribe) in [
        ("SUBSCRIBE", "UNSUBSCRIBE"),
        ("PSUBSCRIBE", "PUNSUBSCRIBE"),
        ("SSUBSCRIBE", "SUNSUBSCRIBE"),
    ] {
        conn.cmd(&[subscribe, "c"]);
        assert_eq!(conn.cmd(&["get", "k"]), refusal("get"));
        assert_eq!(conn.cmd(&["PUBLISH", "c", "m"]), refusal("publish"));
        assert_eq!(conn.cmd(&["HELLO", "3"]), refusal("hello"));
        assert_eq!(conn.cmd(&["CLIENT", "ID"]), refusal("client|id"));
        assert_eq!(conn.cmd(&["PUBSUB", "NUMPAT"]), refusal("pubsub|numpat"));
        assert_eq!(conn.cmd(&["MULTI"]), refusal("multi"));
        conn.transcript(
            r#"
            PING             => ["pong" ""]
            PING hello       => ["pong" "hello"]
            PING a b         => -ERR wrong number of arguments for 'ping' command
            GET              => -ERR wrong number of arguments for 'get' command
            nosuch           => -ERR unknown command 'nosuch'...
            SUBSCRIBE        => -ERR wrong number of arguments for 'subscribe' command
            "#,
        );
        conn.cmd(&[unsubscribe]);
        conn.transcript("GET k => nil");
    }
    conn.transcript(
        r#"
        SUBSCRIBE c   => ["subscribe" "c" :1]
        RESET         => +RESET
        PING          => +PONG
        PUBLISH c m   => :0
        SUBSCRIBE c   => ["subscribe" "c" :1]
        QUIT          => +OK
        "#,
    );
    conn.expect_closed();
}

#[test]
fn a_refused_request_is_counted() {
    let target = server();
    let mut observer = target.connect();
    let mut conn = target.connect();
    observer.cmd(&["CONFIG", "RESETSTAT"]);
    conn.cmd(&["SUBSCRIBE", "c"]);
    assert!(conn.cmd(&["GETDEL", "k"]).is_error());
    let stats = info(&mut observer, &["commandstats"]);
    let line = tools::field(&stats, "cmdstat_getdel").unwrap_or_default();
    assert!(line.ends_with("rejected_calls=1,failed_calls=0"), "{line}");
}

#[test]
fn in_resp3_all_is_allowed_and_the_protocol_may_change() {
    let target = server();
    let mut publisher = target.connect();
    let mut conn = connect(&target, "3");
    ask(&mut conn, "3", "SUBSCRIBE c", &["subscribe c :1"]);
    conn.transcript(
        r#"
        PING       => +PONG
        PING x     => "x"
        GET k      => null
        "#,
    );
    conn.cmd(&["HELLO", "2"]);
    conn.transcript(
        r#"
        PING       => ["pong" ""]
        GET k      => -ERR Can't execute 'get'...
        "#,
    );
    assert_eq!(publisher.cmd(&["PUBLISH", "c", "m"]), Value::Int(1));
    expect(&mut conn, "2", &["message c m"]);
}

#[test]
fn its_own_message_comes_before_the_reply() {
    let target = server();
    let mut other = connect(&target, "2");
    ask(&mut other, "2", "SUBSCRIBE c", &["subscribe c :1"]);
    let mut conn = connect(&target, "3");
    ask(&mut conn, "3", "SUBSCRIBE c", &["subscribe c :1"]);
    ask(&mut conn, "3", "PSUBSCRIBE *", &["psubscribe * :2"]);
    ask(&mut conn, "3", "SSUBSCRIBE c", &["ssubscribe c :1"]);
    for text in ["1", "2"] {
        let lines = [format!("message c {text}"), format!("pmessage * c {text}")];
        let lines = [lines[0].as_str(), lines[1].as_str()];
        ask(&mut conn, "3", &format!("PUBLISH c {text}"), &lines);
        assert_eq!(conn.read_value(), Value::Int(3));
    }
    ask(&mut conn, "3", "SPUBLISH c s", &["smessage c s"]);
    assert_eq!(conn.read_value(), Value::Int(1));
    // A whole pipeline.
    conn.send_raw(b"PUBLISH c a\r\nPING\r\nUNSUBSCRIBE c\r\nPUBLISH c b\r\n");
    expect(&mut conn, "3", &["message c a", "pmessage * c a"]);
    assert_eq!(conn.read_value(), Value::Int(3));
    assert_eq!(conn.read_value(), Value::simple("PONG"));
    expect(&mut conn, "3", &["unsubscribe c :1", "pmessage * c b"]);
    assert_eq!(conn.read_value(), Value::Int(2));
    let lines = ["message c 1", "message c 2", "message c a", "message c b"];
    expect(&mut other, "2", &lines);
}

#[test]
fn in_a_transaction_messages_stand_among_the_replies() {
    let target = server();
    let mut conn = target.connect();
    let queued = |conn: &mut Conn, requests: &[&str]| {
        conn.cmd(&["MULTI"]);
        for request in requests {
            let words: Vec<&str> = request.split(' ').collect();
            assert_eq!(conn.cmd(&words), Value::simple("QUEUED"), "{request}");
        }
        conn.send(&["EXEC"]);
    };
    // In RESP2 too, and nobody is asked whether a subscriber may do that.
    queued(&mut conn, &["SUBSCRIBE a", "GET x", "PUBLISH a m"]);
    conn.expect_raw(
        b"*3\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n$-1\r\n\
          *3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n:1\r\n",
    );
    conn.cmd(&["RESET"]);
    conn.cmd(&["HELLO", "3"]);
    queued(
        &mut conn,
        &["SUBSCRIBE a b", "PUBLISH a m", "UNSUBSCRIBE b", "GET x"],
    );
    conn.expect_raw(
        b"*4\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n\
          >3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nm\r\n:1\r\n\
          >3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:1\r\n_\r\n",
    );
    queued(&mut conn, &["SSUBSCRIBE a", "SPUBLISH a m"]);
    conn.expect_raw(b"*2\r\n-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client\r\n:0\r\n");
}

#[test]
fn client_reply_is_about_replies() {
    let target = server();
    let mut publisher = target.connect();
    for proto in ["2", "3"] {
        let mut conn = connect(&target, proto);
        conn.send(&["CLIENT", "REPLY", "OFF"]);
        ask(&mut conn, proto, "SUBSCRIBE a", &["subscribe a :1"]);
        assert_eq!(publisher.cmd(&["PUBLISH", "a", "m"]), Value::Int(1));
        expect(&mut conn, proto, &["message a m"]);
        conn.send(&["PING"]);
        ask(&mut conn, proto, "UNSUBSCRIBE", &["unsubscribe a :0"]);
        ask(&mut conn, proto, "PUNSUBSCRIBE", &["punsubscribe _ :0"]);
        conn.send(&["PUBLISH", "a", "m"]);
        conn.transcript("CLIENT REPLY ON => +OK");
        conn.send(&["CLIENT", "REPLY", "SKIP"]);
        ask(&mut conn, proto, "SUBSCRIBE a", &["subscribe a :1"]);
    }
    let mut conn = connect(&target, "3");
    ask(&mut conn, "3", "SUBSCRIBE b", &["subscribe b :1"]);
    conn.send(&["CLIENT", "REPLY", "SKIP"]);
    ask(&mut conn, "3", "PUBLISH b 1", &["message b 1"]);
    conn.transcript("PING => +PONG");
    conn.send(&["CLIENT", "REPLY", "OFF"]);
    ask(&mut conn, "3", "PUBLISH b 2", &["message b 2"]);
    // In a transaction, too.
    conn.send_raw(b"MULTI\r\nPUBLISH b 3\r\nPING\r\nPUBLISH b 4\r\nEXEC\r\n");
    expect(&mut conn, "3", &["message b 3", "message b 4"]);
    conn.transcript("CLIENT REPLY ON => +OK");
    ask(&mut conn, "3", "PUBLISH b 5", &["message b 5"]);
    assert_eq!(conn.read_value(), Value::Int(1));
}

#[test]
fn pubsub_tells_who_listens() {
    let target = server();
    let mut conn = connect(&target, "3");
    let mut observer = target.connect();
    observer.transcript(
        r#"
        PUBSUB CHANNELS           => []
        PUBSUB SHARDCHANNELS      => []
        PUBSUB NUMSUB             => []
        PUBSUB SHARDNUMSUB        => []
        PUBSUB NUMPAT             => :0
        PUBSUB                    => -ERR wrong number of arguments for 'pubsub' command
        PUBSUB NOSUCH             => -ERR unknown subcommand 'NOSUCH'. Try PUBSUB HELP.
        PUBSUB NUMPAT x           => -ERR wrong number of arguments for 'pubsub|numpat' command
        PUBSUB chaNNels a b       => -ERR unknown subcommand or wrong number of arguments for 'chaNNels'. Try PUBSUB HELP.
        PUBSUB SHARDCHANNELS a b  => -ERR unknown subcommand or wrong number of arguments for 'SHARDCHANNELS'. Try PUBSUB HELP.
        PUBSUB HELP               => [+"PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" +"CHANNELS [<pattern>]" +"    Return the currently active channels matching a <pattern> (default: '*')." +NUMPAT +"    Return number of subscriptions to patterns." +"NUMSUB [<channel> ...]" +"    Return the number of subscribers for the specified channels, excluding" +"    pattern subscriptions(default: no channels)." +"SHARDCHANNELS [<pattern>]" +"    Return the currently active shard level channels matching a <pattern> (default: '*')." +"SHARDNUMSUB [<shardchannel> ...]" +"    Return the number of subscribers for the specified shard level channel(s)" +HELP +"    Prints this help."]
        COMMAND GETKEYS SSUBSCRIBE a   => -ERR The command has no key arguments
        COMMAND GETKEYS SPUBLISH a b   => -ERR The command has no key arguments
        "#,
    );
    conn.send(&["SUBSCRIBE", "a", "b", "ab"]);
    conn.send(&["PSUBSCRIBE", "a*", "b*"]);
    conn.send(&["SSUBSCRIBE", "s", "t"]);
    for _ in 0..7 {
        conn.read_value();
    }
    let mut second = connect(&target, "2");
    ask(&mut second, "2", "SUBSCRIBE a", &["subscribe a :1"]);
    ask(&mut second, "2", "PSUBSCRIBE a*", &["psubscribe a* :2"]);
    observer.transcript(
        r#"
        PUBSUB CHANNELS              => anyorder["a" "b" "ab"]
        PUBSUB CHANNELS a*           => anyorder["a" "ab"]
        PUBSUB CHANNELS x            => []
        PUBSUB SHARDCHANNELS         => anyorder["s" "t"]
        PUBSUB SHARDCHANNELS [s]     => ["s"]
        PUBSUB NUMSUB a b nosuch a s => ["a" :2 "b" :1 "nosuch" :0 "a" :2 "s" :0]
        PUBSUB SHARDNUMSUB s a       => ["s" :1 "a" :0]
        PUBSUB NUMPAT                => :2
        "#,
    );
    assert_eq!(counter(&mut observer, "stats", "pubsub_channels"), 3);
    assert_eq!(counter(&mut observer, "stats", "pubsub_patterns"), 2);
    assert_eq!(counter(&mut observer, "stats", "pubsubshard_channels"), 2);
    let line = conn.cmd(&["CLIENT", "INFO"]).text();
    for (name, value) in [("flags", "P"), ("sub", "3"), ("psub", "2"), ("ssub", "2")] {
        assert_eq!(attribute(&line, name), Some(value), "{name}");
    }
    // Who hangs up leaves nothing behind.
    drop(conn);
    drop(second);
    let is_over = wait_until(PATIENCE, || {
        observer.cmd(&["PUBSUB", "NUMPAT"]) == Value::Int(0)
    });
    assert!(is_over, "patterns are left");
    observer.transcript(
        r#"
        PUBSUB CHANNELS         => []
        PUBSUB SHARDCHANNELS    => []
        PUBLISH a x             => :0
        "#,
    );
}

#[test]
fn a_subscriber_may_be_silent() {
    let Some(target) = server_with(&[("timeout", "1")]) else {
        return;
    };
    let (mut subscriber, mut idle) = (target.connect(), target.connect());
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    idle.cmd(&["PING"]);
    std::thread::sleep(Duration::from_millis(3500));
    idle.expect_closed();
    let mut publisher = target.connect();
    assert_eq!(publisher.cmd(&["PUBLISH", "c", "m"]), Value::Int(1));
    expect(&mut subscriber, "2", &["message c m"]);
    // It is one like any other when it has unsubscribed.
    subscriber.cmd(&["UNSUBSCRIBE", "c"]);
    std::thread::sleep(Duration::from_millis(3500));
    subscriber.expect_closed();
}

#[test]
fn who_does_not_read_is_cut_off_and_harms_nobody() {
    let directives = [("client-output-buffer-limit", "pubsub 1000000 0 0")];
    let Some(target) = server_with(&directives) else {
        return;
    };
    let mut publisher = target.connect();
    let mut slow = target.connect();
    let slow_id = client_id(&mut slow);
    slow.cmd(&["SUBSCRIBE", "c"]);
    let mut good = target.connect();
    good.cmd(&["SUBSCRIBE", "c"]);
    let text = "x".repeat(100_000);
    let mut published = 0;
    let begun = Instant::now();
    while is_connected(&mut publisher, &slow_id) {
        publisher.cmd(&["PUBLISH", "c", &text]);
        published += 1;
        assert_eq!(good.read_value().items()[2].bytes().len(), text.len());
        assert!(begun.elapsed() < PATIENCE, "{published} messages");
    }
    assert_eq!(publisher.cmd(&["PUBLISH", "c", "end"]), Value::Int(1));
    expect(&mut good, "2", &["message c end"]);
    if target.is_aerolite() {
        let name = "client_output_buffer_limit_disconnections";
        assert_eq!(counter(&mut publisher, "stats", name), 1);
    }
}

#[test]
fn the_limit_is_that_of_subscribers() {
    let directives = [("client-output-buffer-limit", "pubsub 10000 0 0")];
    let Some(target) = server_with(&directives) else {
        return;
    };
    let mut publisher = target.connect();
    let mut conn = target.connect();
    let text = "x".repeat(100_000);
    assert_eq!(conn.cmd(&["ECHO", &text]).text().len(), text.len());
    let id = client_id(&mut conn);
    conn.cmd(&["SUBSCRIBE", "c"]);
    // One message over the limit is enough, however fast its client reads.
    assert_eq!(publisher.cmd(&["PUBLISH", "c", &text]), Value::Int(1));
    assert!(wait_until(PATIENCE, || !is_connected(&mut publisher, &id)));
}

#[test]
fn very_many_listen_to_one_channel() {
    let target = server();
    // Each is three descriptors here.
    let count = connection_budget(3300) * 2 / 3;
    let mut publisher = connect(&target, "3");
    let mut subscribers = Vec::new();
    for i in 0..count {
        let proto = if i % 3 == 0 { "3" } else { "2" };
        let mut conn = target.connect();
        if proto == "3" {
            conn.cmd(&["HELLO", "3"]);
        }
        conn.cmd(&["SUBSCRIBE", "news"]);
        subscribers.push((proto, conn));
    }
    let all = count as i64;
    assert_eq!(publisher.cmd(&["PUBLISH", "news", "1"]), Value::Int(all));
    // The last one sends something before it has read the message, and the one before leaves.
    let (_, last) = &mut subscribers[count - 1];
    last.send(&["UNSUBSCRIBE", "news"]);
    let (_, leaving) = subscribers.swap_remove(count - 2);
    drop(leaving);
    let mut late = target.connect();
    late.cmd(&["SUBSCRIBE", "news"]);
    // A pipeline of messages, so many that its client has to wait, and another client that is served meanwhile.
    let texts: Vec<String> = (2..60).map(|i| i.to_string()).collect();
    let requests: String = texts
        .iter()
        .map(|text| format!("PUBLISH news {text}\r\n"))
        .collect();
    publisher.send_raw(requests.as_bytes());
    let mut other = target.connect();
    assert_eq!(other.cmd(&["PING"]), Value::simple("PONG"));
    for _ in &texts {
        publisher.read_value();
    }
    for (at, (proto, conn)) in subscribers.iter_mut().enumerate() {
        expect(conn, proto, &["message news 1"]);
        if at == count - 2 {
            expect(conn, proto, &["unsubscribe news :0"]);
            conn.expect_silence(SILENCE);
            continue;
        }
        for text in &texts {
            expect(conn, proto, &[&format!("message news {text}")]);
        }
    }
    for text in &texts {
        expect(&mut late, "2", &[&format!("message news {text}")]);
    }
    late.expect_silence(SILENCE);
}
