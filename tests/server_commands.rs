//! Server commands except COMMAND and INFO (`introspection.rs`) and CONFIG (`config_command.rs`): DBSIZE, DEBUG,
//! FLUSHALL, FLUSHDB, LOLWUT, MEMORY, SHUTDOWN, SWAPDB, TIME.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Value, server, server_with};
use tools::{wait_exit, wait_until};

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[test]
fn dbsize_and_flushing() {
    let target = server();
    target.connect().transcript(
        r#"
        DBSIZE           => :0
        DBSIZE x         => -ERR wrong number of arguments for 'dbsize' command
        MSET a 1 b 2 c 3 => +OK
        SET d 1 EX 100   => +OK
        DBSIZE           => :4
        SELECT 2         => +OK
        DBSIZE           => :0
        SET a 2          => +OK
        DBSIZE           => :1
        FLUSHDB FOO      => -ERR syntax error
        FLUSHDB SYNC x   => -ERR syntax error
        FLUSHALL FOO     => -ERR syntax error
        FLUSHALL SYNC ASYNC => -ERR syntax error
        DBSIZE           => :1
        FLUSHDB          => +OK
        DBSIZE           => :0
        SET a 2          => +OK
        FLUSHDB sync     => +OK
        GET a            => nil
        SET a 2          => +OK
        FLUSHDB ASYNC    => +OK
        DBSIZE           => :0
        SET a 2          => +OK
        SELECT 0         => +OK
        # the other database kept its keys, and now nobody keeps any
        DBSIZE           => :4
        FLUSHALL         => +OK
        DBSIZE           => :0
        TTL d            => :-2
        SELECT 2         => +OK
        DBSIZE           => :0
        SET a 2 EX 100   => +OK
        FLUSHALL async   => +OK
        DBSIZE           => :0
        SET a 2          => +OK
        TTL a            => :-1
        FLUSHALL SYNC    => +OK
        EXISTS a         => :0
        "#,
    );
}

#[test]
fn swapdb() {
    let target = server();
    let mut conn = target.connect();
    let mut other = target.connect();
    other.transcript("SELECT 1 => +OK");
    conn.transcript(
        r#"
        SET k zero EX 100 => +OK
        SWAPDB 0 1      => +OK
        GET k           => nil
        "#,
    );
    // Who had selected a database sees the new contents at once.
    other.transcript(
        r#"
        GET k           => "zero"
        TTL k           => :99..100
        DBSIZE          => :1
        "#,
    );
    conn.transcript(
        r#"
        SWAPDB 1 0      => +OK
        GET k           => "zero"
        SWAPDB 3 3      => +OK
        SWAPDB 0 16     => -ERR DB index is out of range
        SWAPDB 0 -1     => -ERR DB index is out of range
        SWAPDB 16 0     => -ERR DB index is out of range
        SWAPDB a 0      => -ERR invalid first DB index
        SWAPDB 0 a      => -ERR invalid second DB index
        SWAPDB a b      => -ERR invalid first DB index
        SWAPDB 99 a     => -ERR invalid second DB index
        SWAPDB 1 2147483648 => -ERR invalid second DB index
        SWAPDB 0        => -ERR wrong number of arguments for 'swapdb' command
        SWAPDB 0 1 2    => -ERR wrong number of arguments for 'swapdb' command
        SET short v PX 60 => +OK
        SWAPDB 0 5      => +OK
        DBSIZE          => :0
        SELECT 5        => +OK
        "#,
    );
    // Deadlines travel with their database.
    let gone = wait_until(Duration::from_secs(20), || {
        conn.cmd(&["DBSIZE"]) == Value::Int(1)
    });
    assert!(gone, "a key that was swapped away did not expire");
}

#[test]
fn time() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("TIME x => -ERR wrong number of arguments for 'time' command");
    let reply = conn.cmd(&["TIME"]);
    let [seconds, micros] = reply.items() else {
        panic!("TIME: {reply:?}");
    };
    let number = |value: &Value| match value.text().parse::<u64>() {
        Ok(number) => number,
        Err(error) => panic!("TIME: {value:?}: {error}"),
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    assert!(now.abs_diff(number(seconds)) <= 2, "{reply:?} at {now}");
    assert!(number(micros) < 1_000_000, "{reply:?}");
    assert!(matches!(seconds, Value::Bulk(_)) && matches!(micros, Value::Bulk(_)));
}

#[test]
fn lolwut() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        LOLWUT VERSION abc => -ERR value is not an integer or out of range
        LOLWUT VERSION 99999999999999999999 => -ERR value is not an integer or out of range
        LOLWUT VERSION 99  => ?
        LOLWUT foo         => ?
        "#,
    );
    let art = conn.cmd(&["LOLWUT"]);
    assert!(matches!(art, Value::Bulk(_)), "{art:?}");
    let text = art.text();
    assert!(text.contains(" ver. ") && text.ends_with('\n'), "{text}");
    conn.cmd(&["HELLO", "3"]);
    let art = conn.cmd(&["LOLWUT"]);
    assert!(matches!(art, Value::Verbatim(_)), "{art:?}");
}

#[test]
fn memory_usage() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        SET small v                       => +OK
        SET number 12345                  => +OK
        SET big "x"*100000                => +OK
        MEMORY USAGE missing              => nil
        MEMORY USAGE small                => :8..512
        MEMORY USAGE number               => :8..512
        MEMORY USAGE big                  => :100000..300000
        memory usage small samples 0      => :8..512
        MEMORY USAGE small SAMPLES 5 SAMPLES 4 => :8..512
        MEMORY USAGE small SAMPLES -1     => -ERR syntax error
        MEMORY USAGE small SAMPLES        => -ERR syntax error
        MEMORY USAGE small SAMPLES abc    => -ERR value is not an integer or out of range
        MEMORY USAGE small FOO 1          => -ERR syntax error
        MEMORY USAGE missing FOO 1        => -ERR syntax error
        MEMORY USAGE                      => -ERR wrong number of arguments for 'memory|usage' command
        MEMORY HELP x                     => -ERR wrong number of arguments for 'memory|help' command
        "#,
    );
    let help = conn.cmd(&["MEMORY", "HELP"]);
    let lines: Vec<String> = help.items().iter().map(Value::text).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let wanted = [
        "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "USAGE <key> [SAMPLES <count>]",
        "    Return memory in bytes used by <key> and its value. Nested values are",
        "    sampled up to <count> times (default: 5, 0 means sample all).",
        "HELP",
        "    Prints this help.",
    ];
    assert_eq!(tools::missing_from(&wanted, &lines), None, "{lines:#?}");
    conn.transcript("HELLO 3\nMEMORY USAGE missing => null");
}

#[test]
fn debug_has_to_be_enabled() {
    let Some(target) = server_with(&[("enable-debug-command", "no")]) else {
        return;
    };
    let refused = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", \
                   you can run it from a local connection, otherwise you need to set this option in the \
                   configuration file, and then restart the server.";
    let mut conn = target.connect();
    for args in [
        &["DEBUG", "SLEEP", "0"][..],
        &["DEBUG", "HELP"],
        &["DEBUG", "OBJECT", "k"],
        &["DEBUG", "nosuch"],
    ] {
        assert_eq!(conn.cmd(args), Value::error(refused), "{args:?}");
    }
    conn.transcript("DEBUG => -ERR wrong number of arguments for 'debug' command");
}

#[test]
fn debug_may_be_enabled_for_local_connections() {
    let Some(target) = server_with(&[("enable-debug-command", "local")]) else {
        return;
    };
    target.connect().transcript(
        r#"
        DEBUG SLEEP 0 => +OK
        CONFIG GET enable-debug-command => ["enable-debug-command" "local"]
        "#,
    );
}

#[test]
fn debug() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
        DEBUG                      => -ERR wrong number of arguments for 'debug' command
        DEBUG FOO                  => -ERR unknown subcommand or wrong number of arguments for 'FOO'. Try DEBUG HELP.
        DEBUG SLEEP                => -ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG HELP.
        DEBUG sleep 0 1            => -ERR unknown subcommand or wrong number of arguments for 'sleep'. Try DEBUG HELP.
        DEBUG SLEEP 0              => +OK
        DEBUG SLEEP abc            => +OK
        DEBUG SET-ACTIVE-EXPIRE    => -ERR unknown subcommand or wrong number of arguments for 'SET-ACTIVE-EXPIRE'. Try DEBUG HELP.
        DEBUG SET-ACTIVE-EXPIRE abc => +OK
        DEBUG SET-ACTIVE-EXPIRE 1  => +OK
        DEBUG OBJECT               => -ERR unknown subcommand or wrong number of arguments for 'OBJECT'. Try DEBUG HELP.
        DEBUG OBJECT missing       => -ERR no such key
        DEBUG HELP x               => -ERR unknown subcommand or wrong number of arguments for 'HELP'. Try DEBUG HELP.
        SET int 123                => +OK
        SET text abc               => +OK
        SET long "x"*45            => +OK
        "#,
    );
    for (key, encoding) in [("int", "int"), ("text", "embstr"), ("long", "raw")] {
        let reply = conn.cmd(&["DEBUG", "OBJECT", key]);
        assert!(matches!(reply, Value::Simple(_)), "{reply:?}");
        let text = reply.text();
        let names: Vec<&str> = text
            .split_whitespace()
            .filter_map(|word| word.split_once(':'))
            .map(|(name, _)| name)
            .collect();
        assert!(text.starts_with("Value at:0x"), "{text}");
        assert!(text.contains(&format!(" encoding:{encoding} ")), "{text}");
        let wanted = [
            "at",
            "refcount",
            "encoding",
            "serializedlength",
            "lru",
            "lru_seconds_idle",
        ];
        assert_eq!(tools::missing_from(&wanted, &names), None, "{text}");
    }
    let help = conn.cmd(&["DEBUG", "HELP"]);
    let lines: Vec<String> = help.items().iter().map(Value::text).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let wanted = [
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "OBJECT <key>",
        "SET-ACTIVE-EXPIRE <0|1>",
        "SLEEP <seconds>",
        "HELP",
    ];
    let found = |line: &&str| lines.contains(line);
    assert!(wanted.iter().all(found), "{lines:#?}");
}

#[test]
fn debug_error_and_protocol() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    target.connect().transcript(
        r#"
        DEBUG ERROR "LOADING soon"  => -LOADING soon
        DEBUG error "a\r\nb"        => -a  b
        DEBUG ERROR                 => -ERR unknown subcommand or wrong number of arguments for 'ERROR'. Try DEBUG HELP.
        DEBUG PROTOCOL string       => "Hello World"
        DEBUG PROTOCOL Integer      => :12345
        DEBUG PROTOCOL double       => "3.141"
        DEBUG PROTOCOL bignum       => "1234567999999999999999999999999999999"
        DEBUG PROTOCOL null         => nil
        DEBUG PROTOCOL array        => [:0 :1 :2]
        DEBUG PROTOCOL set          => [:0 :1 :2]
        DEBUG PROTOCOL map          => [:0 :0 :1 :1 :2 :0]
        DEBUG PROTOCOL attrib       => "Some real reply following the attribute"
        DEBUG PROTOCOL push         => -ERR RESP2 is not supported by this command
        DEBUG PROTOCOL verbatim     => "This is a verbatim\nstring"
        DEBUG PROTOCOL true         => :1
        DEBUG PROTOCOL false        => :0
        DEBUG PROTOCOL other        => -ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false
        HELLO 3
        DEBUG PROTOCOL bignum       => (1234567999999999999999999999999999999
        DEBUG PROTOCOL null         => null
        DEBUG PROTOCOL set          => ~[:0 :1 :2]
        DEBUG PROTOCOL map          => %[:0 #f :1 #t :2 #f]
        DEBUG PROTOCOL true         => #t
        DEBUG PROTOCOL false        => #f
        "#,
    );
}

#[test]
fn debug_sleep_holds_everybody() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    let mut other = target.connect();
    other.transcript("PING => +PONG");
    let started = Instant::now();
    conn.send(&["DEBUG", "SLEEP", "1.5"]);
    // It has begun to sleep, and goes on.
    thread::sleep(Duration::from_millis(500));
    other.transcript("PING => +PONG");
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(1490), "{waited:?}");
    assert_eq!(conn.read_value(), Value::simple("OK"));
}

#[test]
fn debug_set_active_expire() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
        DEBUG SET-ACTIVE-EXPIRE 0 => +OK
        SET k v PX 20             => +OK
        SET l v PX 20             => +OK
        "#,
    );
    thread::sleep(Duration::from_millis(300));
    conn.transcript(
        r#"
        DBSIZE                    => :2
        # whoever looks at a key still finds it gone
        GET k                     => nil
        DBSIZE                    => :1
        DEBUG SET-ACTIVE-EXPIRE 1 => +OK
        "#,
    );
    let gone = wait_until(Duration::from_secs(20), || {
        conn.cmd(&["DBSIZE"]) == Value::Int(0)
    });
    assert!(gone, "active expiry did not come back");
}

#[test]
fn shutdown_errors() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    target.connect().transcript(
        r#"
        SHUTDOWN FOO             => -ERR syntax error
        SHUTDOWN NOSAVE SAVE     => -ERR syntax error
        SHUTDOWN SAVE NOSAVE     => -ERR syntax error
        SHUTDOWN ABORT NOSAVE    => -ERR syntax error
        SHUTDOWN NOSAVE NOW ABORT => -ERR syntax error
        SHUTDOWN NOSAVE NOW FORCE FOO => -ERR syntax error
        SHUTDOWN ABORT           => -ERR No shutdown in progress.
        SHUTDOWN ABORT ABORT     => -ERR No shutdown in progress.
        PING                     => +PONG
        "#,
    );
}

#[test]
fn shutdown() {
    for args in [
        &["SHUTDOWN"][..],
        &["SHUTDOWN", "NOSAVE"],
        &["shutdown", "nosave", "now", "force"],
    ] {
        let Some(mut target) = server_with(&[]) else {
            return;
        };
        let mut conn = target.connect();
        let mut other = target.connect();
        other.transcript("PING => +PONG");
        conn.send(args);
        conn.expect_closed();
        other.expect_closed();
        let addr = target.addr();
        let refused = wait_until(Duration::from_secs(5), || TcpStream::connect(addr).is_err());
        assert!(refused, "{args:?}: somebody still listens");
        if let Some(child) = target.child() {
            let status = wait_exit(child, Duration::from_secs(5));
            assert_eq!(status.and_then(|s| s.code()), Some(0), "{args:?}");
        }
    }
}
