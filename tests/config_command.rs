//! CONFIG: GET, SET, RESETSTAT, REWRITE without a file, HELP. What a file does is in `process.rs`.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Value, server_with};
use tools::{config_get, counter, pairs};

/// The pairs of a CONFIG GET reply, sorted: their order is the server's own business.
fn sorted_pairs(value: &Value) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = pairs(value)
        .iter()
        .map(|(name, value)| (name.text(), value.text()))
        .collect();
    found.sort();
    found
}

fn config_get_sorted(conn: &mut Conn, patterns: &[&str]) -> Vec<(String, String)> {
    let args: Vec<&str> = ["CONFIG", "GET"].iter().chain(patterns).copied().collect();
    sorted_pairs(&conn.cmd(&args))
}

#[test]
fn config_get_patterns() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CONFIG GET                    => -ERR wrong number of arguments for 'config|get' command
        CONFIG GET nosuch             => []
        CONFIG GET ""                 => []
        CONFIG GET maxclients         => ["maxclients" "10000"]
        # the name comes back as it was asked for, unless by a pattern
        CONFIG GET MaxClients         => ["MaxClients" "10000"]
        CONFIG GET [mM]axclient[s]    => ["maxclients" "10000"]
        CONFIG GET TIMEOU?            => ["timeout" "0"]
        CONFIG GET timeout timeout    => ["timeout" "0"]
        CONFIG GET databases          => ["databases" "16"]
        CONFIG GET save               => ["save" ""]
        CONFIG GET appendonly         => ["appendonly" "no"]
        CONFIG GET daemonize          => ["daemonize" "no"]
        CONFIG GET protected-mode     => ["protected-mode" "yes"]
        CONFIG GET requirepass        => ["requirepass" ""]
        CONFIG GET tcp-backlog        => ["tcp-backlog" "511"]
        CONFIG GET tcp-keepalive      => ["tcp-keepalive" "300"]
        CONFIG GET proto-max-bulk-len => ["proto-max-bulk-len" "536870912"]
        CONFIG GET unixsocket         => ["unixsocket" ""]
        CONFIG GET unixsocketperm     => ["unixsocketperm" "0"]
        CONFIG GET enable-debug-command => ["enable-debug-command" "yes"]
        CONFIG GET client-query-buffer-limit => ["client-query-buffer-limit" "1073741824"]
        CONFIG GET client-output-buffer-limit => ["client-output-buffer-limit" "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"]
        "#,
    );
    let text = |a: &str, b: &str| (a.to_string(), b.to_string());
    let expected = vec![
        text("proto-max-bulk-len", "536870912"),
        text("tcp-backlog", "511"),
        text("tcp-keepalive", "300"),
        text("timeout", "0"),
    ];
    let patterns = ["tcp-[bk]*", "timeout", "proto-max-*", "nosuch", "TIMEOUT"];
    assert_eq!(config_get_sorted(&mut conn, &patterns), expected);
    let all = config_get_sorted(&mut conn, &["*"]);
    for (name, _) in &expected {
        assert!(
            all.iter().any(|(found, _)| found == name),
            "{name}: {all:?}"
        );
    }
    conn.cmd(&["HELLO", "3"]);
    conn.transcript(r#"CONFIG GET timeout => %["timeout" "0"]"#);
    conn.transcript("CONFIG GET nosuch => %[]");
    assert_eq!(config_get_sorted(&mut conn, &patterns), expected);
}

#[test]
fn config_set() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    target.connect().transcript(
        r#"
        CONFIG SET timeout 10                  => +OK
        CONFIG GET timeout                     => ["timeout" "10"]
        CONFIG SET TimeOut 0 tcp-keepalive 60  => +OK
        CONFIG GET timeout                     => ["timeout" "0"]
        CONFIG GET tcp-keepalive               => ["tcp-keepalive" "60"]
        CONFIG SET proto-max-bulk-len 2mb      => +OK
        CONFIG GET proto-max-bulk-len          => ["proto-max-bulk-len" "2097152"]
        CONFIG SET proto-max-bulk-len 3M       => +OK
        CONFIG GET proto-max-bulk-len          => ["proto-max-bulk-len" "3000000"]
        CONFIG SET proto-max-bulk-len 2000KB   => +OK
        CONFIG GET proto-max-bulk-len          => ["proto-max-bulk-len" "2048000"]
        CONFIG SET proto-max-bulk-len 1g       => +OK
        CONFIG GET proto-max-bulk-len          => ["proto-max-bulk-len" "1000000000"]
        CONFIG SET client-query-buffer-limit 1gb => +OK
        CONFIG GET client-query-buffer-limit   => ["client-query-buffer-limit" "1073741824"]
        CONFIG SET protected-mode no           => +OK
        CONFIG GET protected-mode              => ["protected-mode" "no"]
        CONFIG SET protected-mode YES          => +OK
        CONFIG GET protected-mode              => ["protected-mode" "yes"]
        CONFIG SET client-output-buffer-limit "normal 1mb 2mb 10" => +OK
        CONFIG GET client-output-buffer-limit  => ["client-output-buffer-limit" "normal 1048576 2097152 10 slave 268435456 67108864 60 pubsub 33554432 8388608 60"]
        CONFIG SET client-output-buffer-limit "Normal 0 0 0 replica 1 2 3 pubsub 4 5 6" => +OK
        CONFIG GET client-output-buffer-limit  => ["client-output-buffer-limit" "normal 0 0 0 slave 1 2 3 pubsub 4 5 6"]
        # a blank too many is around an empty word
        CONFIG SET client-output-buffer-limit "normal  0 0 0" => -ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Wrong number of arguments in buffer limit configuration.
        CONFIG SET client-output-buffer-limit "normal 0 0 0 " => -ERR CONFIG SET failed (possibly related to argument 'client-output-buffer-limit') - Wrong number of arguments in buffer limit configuration.
        CONFIG SET client-output-buffer-limit "" => +OK
        CONFIG SET latency-tracking-info-percentiles " 50" => -ERR CONFIG SET failed (possibly related to argument 'latency-tracking-info-percentiles') - Invalid latency-tracking-info-percentiles parameters
        CONFIG GET client-output-buffer-limit  => ["client-output-buffer-limit" "normal 0 0 0 slave 1 2 3 pubsub 4 5 6"]
        # what asks for nothing is accepted
        CONFIG SET save ""                     => +OK
        CONFIG SET appendonly no               => +OK
        CONFIG SET loglevel warning            => +OK
        CONFIG GET loglevel                    => ["loglevel" "warning"]
        "#,
    );
}

#[test]
fn config_set_errors() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CONFIG SET                   => -ERR wrong number of arguments for 'config|set' command
        CONFIG SET a                 => -ERR wrong number of arguments for 'config|set' command
        CONFIG SET timeout 1 b       => -ERR syntax error
        CONFIG SET a b               => -ERR Unknown option or number of arguments for CONFIG SET - 'a'
        CONFIG SET timeout 10 NoSuch 1 => -ERR Unknown option or number of arguments for CONFIG SET - 'NoSuch'
        CONFIG SET NoSuch 1 timeout x  => -ERR Unknown option or number of arguments for CONFIG SET - 'NoSuch'
        "#,
    );
    let failures = [
        (
            "timeout",
            "abc",
            "argument couldn't be parsed into an integer",
        ),
        ("timeout", "", "argument couldn't be parsed into an integer"),
        (
            "timeout",
            "1.5",
            "argument couldn't be parsed into an integer",
        ),
        (
            "timeout",
            " 1",
            "argument couldn't be parsed into an integer",
        ),
        (
            "timeout",
            "01",
            "argument couldn't be parsed into an integer",
        ),
        (
            "timeout",
            "+1",
            "argument couldn't be parsed into an integer",
        ),
        (
            "timeout",
            "-1",
            "argument must be between 0 and 2147483647 inclusive",
        ),
        (
            "timeout",
            "2147483648",
            "argument must be between 0 and 2147483647 inclusive",
        ),
        (
            "tcp-keepalive",
            "-3",
            "argument must be between 0 and 2147483647 inclusive",
        ),
        (
            "maxclients",
            "0",
            "argument must be between 1 and 4294967295 inclusive",
        ),
        (
            "maxclients",
            "abc",
            "argument couldn't be parsed into an integer",
        ),
        (
            "port",
            "99999",
            "argument must be between 0 and 65535 inclusive",
        ),
        ("port", "abc", "argument couldn't be parsed into an integer"),
        (
            "proto-max-bulk-len",
            "1k",
            "argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        (
            "proto-max-bulk-len",
            "2xb",
            "argument must be a memory value",
        ),
        (
            "proto-max-bulk-len",
            "-1",
            "argument must be a memory value",
        ),
        (
            "proto-max-bulk-len",
            "1.5gb",
            "argument must be a memory value",
        ),
        (
            "client-query-buffer-limit",
            "1",
            "argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        ("protected-mode", "foo", "argument must be 'yes' or 'no'"),
        (
            "loglevel",
            "foo",
            "argument(s) must be one of the following: debug, verbose, notice, warning",
        ),
        (
            "client-output-buffer-limit",
            "foo 1 2 3",
            "Invalid client class specified in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            "normal 1",
            "Wrong number of arguments in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            "normal -1 a 10",
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ),
        ("databases", "16", "can't set immutable config"),
        ("unixsocket", "/tmp/x", "can't set immutable config"),
        ("unixsocketperm", "700", "can't set immutable config"),
        ("tcp-backlog", "10", "can't set immutable config"),
        ("daemonize", "yes", "can't set immutable config"),
        ("enable-debug-command", "no", "can't set immutable config"),
    ];
    for (name, value, reason) in failures {
        let before = config_get(&mut conn, name);
        let expected =
            format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}");
        assert_eq!(
            conn.cmd(&["CONFIG", "SET", name, value]),
            Value::error(&expected),
            "{name} {value:?}"
        );
        assert_eq!(config_get(&mut conn, name), before, "{name} {value:?}");
    }
}

#[test]
fn config_set_of_several_is_all_or_nothing() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    target.connect().transcript(
        r#"
        CONFIG SET timeout 10 maxclients 0  => -ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive
        CONFIG SET timeout 10 databases 3   => -ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config
        CONFIG SET timeout 10 timeout 11    => -ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter
        CONFIG SET timeout 10 Timeout 11    => -ERR CONFIG SET failed (possibly related to argument 'Timeout') - duplicate parameter
        CONFIG SET timeout 10 nosuch 1      => -ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'
        CONFIG GET timeout                  => ["timeout" "0"]
        "#,
    );
}

#[test]
fn config_rewrite_help_and_resetstat() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CONFIG REWRITE     => -ERR The server is running without a config file
        CONFIG REWRITE x   => -ERR wrong number of arguments for 'config|rewrite' command
        CONFIG RESETSTAT x => -ERR wrong number of arguments for 'config|resetstat' command
        CONFIG HELP x      => -ERR wrong number of arguments for 'config|help' command
        SET k v            => +OK
        GET k              => "v"
        GET missing        => nil
        "#,
    );
    let expected = [
        "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>",
        "    Set the configuration <directive> to <value>.",
        "RESETSTAT",
        "    Reset statistics reported by the INFO command.",
        "REWRITE",
        "    Rewrite the configuration file.",
        "HELP",
        "    Prints this help.",
    ]
    .map(Value::simple);
    assert_eq!(
        conn.cmd(&["CONFIG", "HELP"]),
        Value::Array(expected.to_vec())
    );
    let stats = ["keyspace_hits", "keyspace_misses", "total_error_replies"];
    for name in stats {
        assert!(counter(&mut conn, "stats", name) > 0, "{name}");
    }
    conn.transcript("CONFIG RESETSTAT => +OK");
    for name in stats {
        assert_eq!(counter(&mut conn, "stats", name), 0, "{name}");
    }
    assert!(counter(&mut conn, "stats", "total_commands_processed") < 10);
}
