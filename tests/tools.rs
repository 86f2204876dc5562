//! The tool that people use: `redis-cli` as Debian packages it.
//!
//! Without the program these tests print one line and pass; with `CI` set their absence is a failure.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Target, server, server_with};
use tools::{Finished, have_program, run_program, tool};

use std::process::Command;
use std::time::Duration;

/// No run of a tool that ends by itself takes longer.
const RUN_LIMIT: Duration = Duration::from_secs(240);

/// A server and whether `redis-cli` is here to talk to it.
fn target_for_cli() -> Option<Target> {
    have_program("redis-cli").then(server)
}

/// Runs `redis-cli` with arguments and standard input until it ends by itself.
#[track_caller]
fn cli_with_input(target: &Target, args: &[&str], input: &[u8]) -> Finished {
    let finished = run_program(tool("redis-cli", target).args(args), input, RUN_LIMIT);
    assert!(
        finished.status.is_some(),
        "redis-cli {args:?} did not end: {finished:?}"
    );
    finished
}

/// What `redis-cli` with these arguments prints; it has to succeed and to have no complaint.
#[track_caller]
fn cli(target: &Target, args: &[&str]) -> String {
    let finished = cli_with_input(target, args, b"");
    assert!(
        finished.code() == Some(0) && finished.stderr.is_empty(),
        "redis-cli {args:?}: {finished:?}"
    );
    finished.stdout
}

/// Runs `redis-cli` in a mode that goes on for ever, and ends it after `limit`.
#[track_caller]
fn cli_for(target: &Target, args: &[&str], limit: Duration) -> Finished {
    let finished = run_program(tool("redis-cli", target).args(args), b"", limit);
    assert!(
        finished.status.is_none(),
        "redis-cli {args:?} was to go on: {finished:?}"
    );
    finished
}

#[test]
fn one_shot() {
    let Some(target) = target_for_cli() else {
        return;
    };
    for (args, printed) in [
        (&["PING"][..], "PONG\n"),
        (&["SET", "foo", "two words"], "OK\n"),
        (&["GET", "foo"], "two words\n"),
        (&["GET", "missing"], "\n"),
        (&["INCR", "n"], "1\n"),
        (&["MGET", "foo", "missing", "n"], "two words\n\n1\n"),
        (&["KEYS", "nothing*"], "\n"),
        (
            &["INCR", "foo"],
            "ERR value is not an integer or out of range\n\n",
        ),
        (&["--no-raw", "GET", "foo"], "\"two words\"\n"),
        (&["--no-raw", "GET", "missing"], "(nil)\n"),
        (&["--no-raw", "INCR", "n"], "(integer) 2\n"),
        (
            &["--no-raw", "INCR", "foo"],
            "(error) ERR value is not an integer or out of range\n",
        ),
        (
            &["--no-raw", "MGET", "n", "missing"],
            "1) \"2\"\n2) (nil)\n",
        ),
        (&["--no-raw", "KEYS", "nothing*"], "(empty array)\n"),
        (&["-d", ",", "MGET", "n", "foo"], "2,two words\n"),
        (&["--quoted-input", "SET", r#""\x00\r\n""#, "v"], "OK\n"),
        (&["STRLEN", "foo"], "9\n"),
        (
            &["--no-raw", "--quoted-input", "GET", r#""\x00\r\n""#],
            "\"v\"\n",
        ),
        (&["-r", "3", "-i", "0.01", "INCR", "n"], "3\n4\n5\n"),
    ] {
        assert_eq!(cli(&target, args), printed, "redis-cli {args:?}");
    }
    target.connect().transcript(r#"GET "\0\r\n" => "v""#);
}

#[test]
fn standard_input() {
    let Some(target) = target_for_cli() else {
        return;
    };
    let piped = cli_with_input(
        &target,
        &[],
        b"SET a \"x\\r\\ny\"\nSTRLEN a\n\nINCR a\nSELECT 3\nSET b 1\nnosuch 1\n",
    );
    assert_eq!(
        piped.stdout,
        "OK\n4\nERR value is not an integer or out of range\n\nOK\nOK\n\
         ERR unknown command 'nosuch', with args beginning with: '1' \n\n"
    );
    let last = cli_with_input(&target, &["-x", "SET", "bin"], b"a\0b\r\n");
    assert_eq!(last.stdout, "OK\n");
    let tagged = cli_with_input(
        &target,
        &["-X", "it", "SET", "tagged", "it", "EX", "100"],
        b"v",
    );
    assert_eq!(tagged.stdout, "OK\n");
    target.connect().transcript(
        r#"
        GET bin    => "a\0b\r\n"
        GET tagged => "v"
        TTL tagged => :99..100
        SELECT 3   => +OK
        GET b      => "1"
        "#,
    );
}

#[test]
fn exit_codes() {
    let Some(target) = target_for_cli() else {
        return;
    };
    let code = |args: &[&str]| cli_with_input(&target, args, b"").code();
    assert_eq!(code(&["nosuch"]), Some(0));
    assert_eq!(code(&["-e", "nosuch"]), Some(1));
    assert_eq!(code(&["-e", "GET"]), Some(1));
    assert_eq!(code(&["-e", "GET", "missing"]), Some(0));
    let failed = cli_with_input(&target, &["-e", "nosuch"], b"");
    let said = format!("{}{}", failed.stdout, failed.stderr);
    assert!(said.contains("ERR unknown command 'nosuch'"), "{failed:?}");
}

#[test]
fn pipe_mode_inserts_a_mass() {
    const KEYS: usize = 20_000;
    let Some(target) = target_for_cli() else {
        return;
    };
    let commands: String = (0..KEYS)
        .map(|n| {
            let key = format!("key:{n:06}");
            format!("*3\r\n$3\r\nSET\r\n$10\r\n{key}\r\n$5\r\nvalue\r\n")
        })
        .collect();
    let piped = cli_with_input(&target, &["--pipe"], commands.as_bytes());
    assert_eq!(piped.code(), Some(0), "{piped:?}");
    assert!(
        piped
            .stdout
            .contains(&format!("errors: 0, replies: {KEYS}\n")),
        "{piped:?}"
    );
    target.connect().transcript(&format!("DBSIZE => :{KEYS}"));
    // Inline commands and errors.
    let piped = cli_with_input(&target, &["--pipe"], b"SET a b\r\nINCR a\r\nGET a\r\n");
    assert_eq!(piped.code(), Some(1), "{piped:?}");
    assert!(
        piped.stdout.contains("errors: 1, replies: 3\n"),
        "{piped:?}"
    );
    assert!(
        piped
            .stderr
            .contains("ERR value is not an integer or out of range"),
        "{piped:?}"
    );
}

#[test]
fn scan() {
    let Some(target) = target_for_cli() else {
        return;
    };
    let mut conn = target.connect();
    for n in 0..1000 {
        conn.cmd(&["SET", &format!("user:{n}"), "v"]);
        conn.cmd(&["SET", &format!("other:{n}"), "v"]);
    }
    let lines = |args: &[&str]| {
        let mut found: Vec<String> = cli(&target, args).lines().map(str::to_string).collect();
        found.sort();
        found.dedup();
        found
    };
    let mut wanted: Vec<String> = (100..200).map(|n| format!("user:{n}")).collect();
    wanted.sort();
    assert_eq!(lines(&["--scan", "--pattern", "user:1??"]), wanted);
    assert_eq!(lines(&["--scan"]).len(), 2000);
    assert_eq!(lines(&["--scan", "--pattern", "nothing*"]).len(), 0);
}

#[test]
fn big_keys_and_memory_keys() {
    let Some(target) = target_for_cli() else {
        return;
    };
    let mut conn = target.connect();
    for n in 0..300 {
        conn.cmd(&["SET", &format!("key:{n}"), "v"]);
    }
    conn.transcript(r#"SET big "x"*50000 => +OK"#);
    let printed = cli(&target, &["--bigkeys"]);
    for line in [
        "Sampled 301 keys in the keyspace!",
        "Biggest string found '\"big\"' has 50000 bytes",
        "301 strings with 50300 bytes (100.00% of keys, avg size 167.11)",
    ] {
        assert!(printed.contains(line), "{line:?} is not in\n{printed}");
    }
    let printed = cli(&target, &["--memkeys"]);
    let found = printed
        .lines()
        .find_map(|line| line.strip_prefix("Biggest string found '\"big\"' has "));
    let bytes = found.and_then(|rest| rest.strip_suffix(" bytes"));
    let bytes: usize = bytes.and_then(|text| text.parse().ok()).unwrap_or(0);
    assert!((50_000..150_000).contains(&bytes), "{printed}");
    let printed = cli(&target, &["--memkeys-samples", "2"]);
    assert!(printed.contains("Sampled 301 keys"), "{printed}");
}

#[test]
fn every_type_is_seen() {
    let Some(target) = target_for_cli() else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET string "x"*100
            RPUSH list 1 2 3 4
            SADD ints 1 2 3
            SADD set a b 3 4 5
            HSET hash a 1 b 2
            ZADD zset 1 a 2 b 3 c
        "#,
    );
    for n in 0..1000 {
        let (n, member) = (n.to_string(), format!("member:{n}"));
        conn.cmd(&["RPUSH", "longlist", &member]);
        conn.cmd(&["SADD", "bigset", &member]);
        conn.cmd(&["HSET", "bighash", &member, &n]);
        conn.cmd(&["ZADD", "bigzset", &n, &member]);
    }
    let printed = cli(&target, &["--bigkeys"]);
    for line in [
        "Sampled 10 keys in the keyspace!",
        "Biggest string found '\"string\"' has 100 bytes",
        "Biggest   list found '\"longlist\"' has 1000 items",
        "Biggest    set found '\"bigset\"' has 1000 members",
        "Biggest   hash found '\"bighash\"' has 1000 fields",
        "Biggest   zset found '\"bigzset\"' has 1000 members",
        "2 lists with 1004 items",
        "3 sets with 1008 members",
        "2 hashs with 1002 fields",
        "2 zsets with 1003 members",
    ] {
        assert!(printed.contains(line), "{line:?} is not in\n{printed}");
    }
    let printed = cli(&target, &["--memkeys"]);
    for (kind, key) in [
        ("  list", "longlist"),
        ("   set", "bigset"),
        ("  hash", "bighash"),
        ("  zset", "bigzset"),
    ] {
        let begin = format!("Biggest {kind} found '\"{key}\"' has ");
        let found = printed.lines().find_map(|line| line.strip_prefix(&begin));
        let bytes = found.and_then(|rest| rest.strip_suffix(" bytes"));
        let bytes: usize = bytes.and_then(|text| text.parse().ok()).unwrap_or(0);
        assert!((8_000..200_000).contains(&bytes), "{key}: {printed}");
    }
    assert_eq!(cli(&target, &["--scan"]).lines().count(), 10);
    assert_eq!(
        cli(&target, &["--scan", "--pattern", "big*"])
            .lines()
            .count(),
        3
    );
}

#[test]
fn collections_are_printed() {
    let Some(target) = target_for_cli() else {
        return;
    };
    for (args, printed) in [
        (&["RPUSH", "l", "a", "b"][..], "2\n"),
        (&["LRANGE", "l", "0", "-1"], "a\nb\n"),
        (
            &["--no-raw", "LRANGE", "l", "0", "-1"],
            "1) \"a\"\n2) \"b\"\n",
        ),
        (&["--no-raw", "BLPOP", "none", "0.01"], "(nil)\n"),
        (&["ZADD", "z", "1", "a", "2.5", "b"], "2\n"),
        (
            &["--no-raw", "ZRANGE", "z", "0", "-1", "WITHSCORES"],
            "1) \"a\"\n2) \"1\"\n3) \"b\"\n4) \"2.5\"\n",
        ),
        (
            &["-3", "--no-raw", "ZRANGE", "z", "0", "-1", "WITHSCORES"],
            "1) 1) \"a\"\n   2) (double) 1\n2) 1) \"b\"\n   2) (double) 2.5\n",
        ),
        (&["HSET", "h", "f", "v"], "1\n"),
        (&["-3", "--no-raw", "HGETALL", "h"], "1# \"f\" => \"v\"\n"),
        (&["--json", "HGETALL", "h"], "{\"f\":\"v\"}\n"),
        (&["SADD", "s", "a"], "1\n"),
        (&["-3", "--no-raw", "SMEMBERS", "s"], "1~ \"a\"\n"),
        (&["-3", "--no-raw", "SMEMBERS", "none"], "(empty set)\n"),
        (&["-3", "--no-raw", "HGETALL", "none"], "(empty hash)\n"),
        (
            &[
                "--no-raw", "SORT", "l", "ALPHA", "DESC", "GET", "#", "GET", "x_*",
            ],
            "1) \"b\"\n2) (nil)\n3) \"a\"\n4) (nil)\n",
        ),
    ] {
        assert_eq!(cli(&target, args), printed, "redis-cli {args:?}");
    }
}

#[test]
fn stat() {
    let Some(target) = target_for_cli() else {
        return;
    };
    target.connect().transcript("MSET a 1 b 2 c 3 => +OK");
    // What it prints comes in blocks of some kilobytes, hence the short interval.
    let run = cli_for(
        &target,
        &["--stat", "-i", "0.005"],
        Duration::from_millis(1500),
    );
    assert!(
        run.stdout
            .contains("keys       mem      clients blocked requests            connections"),
        "{run:?}"
    );
    let counted: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("3  "))
        .collect();
    assert!(counted.len() > 10, "{run:?}");
    let columns: Vec<&str> = counted[5].split_ascii_whitespace().collect();
    let [_, memory, clients, blocked, requests, ..] = columns.as_slice() else {
        panic!("{columns:?}");
    };
    assert!(
        memory.ends_with(['B', 'K', 'M', 'G']) && *memory != "0B",
        "{columns:?}"
    );
    assert!(clients.parse::<u32>().is_ok_and(|n| n >= 1), "{columns:?}");
    assert_eq!(*blocked, "0", "{columns:?}");
    assert!(requests.parse::<u64>().is_ok_and(|n| n > 1), "{columns:?}");
}

#[test]
fn latency() {
    let Some(target) = target_for_cli() else {
        return;
    };
    // Ends by itself after one interval when its output is no terminal: min, max, average in ms, samples.
    for (args, separator) in [
        (&["--latency", "--raw", "-i", "0.3"], ' '),
        (&["--latency", "--csv", "-i", "0.3"], ','),
    ] {
        let printed = cli(&target, args);
        let numbers: Vec<f64> = printed
            .trim()
            .split(separator)
            .filter_map(|text| text.parse().ok())
            .collect();
        let [min, max, average, samples] = numbers.as_slice() else {
            panic!("{args:?}: {printed:?}");
        };
        assert!(min <= average && *average <= max + 1.0, "{printed:?}");
        assert!(*samples >= 5.0, "{printed:?}");
    }
}

#[test]
fn lru_test() {
    let Some(target) = target_for_cli() else {
        return;
    };
    cli_for(&target, &["--lru-test", "100"], Duration::from_secs(1));
    let mut conn = target.connect();
    let keys = conn.cmd(&["DBSIZE"]).int();
    assert!((20..=100).contains(&keys), "{keys} keys");
    let names = conn.cmd(&["KEYS", "lru:*"]);
    assert_eq!(names.items().len() as i64, keys, "{names:?}");
}

#[test]
fn resp3_and_formats() {
    let Some(target) = target_for_cli() else {
        return;
    };
    for (args, printed) in [
        (&["SET", "foo", "b\"ar"][..], "OK\n"),
        (&["-3", "PING"], "PONG\n"),
        (&["-3", "GET", "missing"], "\n"),
        (&["-3", "CONFIG", "GET", "timeout"], "timeout 0\n"),
        (
            &["-3", "--no-raw", "CONFIG", "GET", "timeout"],
            "1# \"timeout\" => \"0\"\n",
        ),
        (&["-3", "--no-raw", "GET", "missing"], "(nil)\n"),
        (&["--csv", "MGET", "foo", "missing"], "\"b\\\"ar\",NULL\n"),
        (&["--csv", "GET", "missing"], "NULL\n"),
        (
            &["--csv", "INCR", "foo"],
            "ERROR,\"ERR value is not an integer or out of range\"\n",
        ),
        (
            &["--json", "MGET", "foo", "missing"],
            "[\"b\\\"ar\",null]\n",
        ),
        (
            &["--json", "CONFIG", "GET", "timeout"],
            "{\"timeout\":\"0\"}\n",
        ),
        (&["--json", "GET", "missing"], "null\n"),
        (&["--json", "DBSIZE"], "1\n"),
    ] {
        assert_eq!(cli(&target, args), printed, "redis-cli {args:?}");
    }
    let hello = cli(&target, &["-3", "--no-raw", "HELLO"]);
    assert!(hello.starts_with("1# \"server\" => \"redis\"\n"), "{hello}");
    assert!(hello.contains("\"proto\" => (integer) 3"), "{hello}");
    let help = cli(&target, &["HELP", "GET"]);
    assert!(help.contains("GET") && help.contains("summary:"), "{help}");
}

#[test]
fn databases() {
    let Some(target) = target_for_cli() else {
        return;
    };
    assert_eq!(cli(&target, &["-n", "3", "SET", "k", "three"]), "OK\n");
    assert_eq!(cli(&target, &["GET", "k"]), "\n");
    assert_eq!(cli(&target, &["-n", "3", "--scan"]), "k\n");
    let uri = format!("redis://{}/3", target.addr());
    assert_eq!(cli(&target, &["-u", &uri, "GET", "k"]), "three\n");
    let wrong = cli_with_input(&target, &["-n", "99", "PING"], b"");
    assert!(
        wrong
            .stderr
            .contains("SELECT 99 failed: ERR DB index is out of range"),
        "{wrong:?}"
    );
}

#[test]
fn passwords() {
    if !have_program("redis-cli") {
        return;
    }
    let Some(target) = server_with(&[("requirepass", "secret")]) else {
        return;
    };
    let noauth = cli_with_input(&target, &["PING"], b"");
    assert_eq!(noauth.stdout, "NOAUTH Authentication required.\n\n");
    let given = cli_with_input(&target, &["-a", "secret", "PING"], b"");
    assert_eq!(given.stdout, "PONG\n");
    assert!(given.stderr.starts_with("Warning: "), "{given:?}");
    let quiet = ["--no-auth-warning", "-a", "secret"];
    assert_eq!(cli(&target, &[&quiet[..], &["PING"]].concat()), "PONG\n");
    assert_eq!(
        cli(&target, &[&quiet[..], &["-3", "PING"]].concat()),
        "PONG\n"
    );
    let user = [
        "--user",
        "default",
        "--no-auth-warning",
        "--pass",
        "secret",
        "PING",
    ];
    assert_eq!(cli(&target, &user), "PONG\n");
    let by_env = run_program(
        tool("redis-cli", &target)
            .env("REDISCLI_AUTH", "secret")
            .arg("PING"),
        b"",
        RUN_LIMIT,
    );
    assert_eq!(by_env.stdout, "PONG\n");
    let wrong = cli_with_input(&target, &["-a", "wrong", "PING"], b"");
    assert!(
        wrong
            .stderr
            .contains("AUTH failed: WRONGPASS invalid username-password pair or user is disabled."),
        "{wrong:?}"
    );
}

#[cfg(unix)]
#[test]
fn unix_socket() {
    if !have_program("redis-cli") {
        return;
    }
    let dir = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => panic!("a directory for the socket: {error}"),
    };
    let path = dir.path().join("s").display().to_string();
    let Some(target) = server_with(&[("unixsocket", &path)]) else {
        return;
    };
    assert_eq!(cli(&target, &["-s", &path, "SET", "k", "v"]), "OK\n");
    assert_eq!(cli(&target, &["GET", "k"]), "v\n");
    let address = cli(&target, &["-s", &path, "CLIENT", "INFO"]);
    assert!(address.contains(&format!("addr={path}:0")), "{address}");
}

#[test]
fn nobody_listens() {
    if !have_program("redis-cli") {
        return;
    }
    let mut command = Command::new("redis-cli");
    let finished = run_program(command.args(["-p", "1", "PING"]), b"", RUN_LIMIT);
    assert_eq!(finished.code(), Some(1), "{finished:?}");
}
