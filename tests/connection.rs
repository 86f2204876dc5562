//! Connection commands except CLIENT: AUTH, ECHO, HELLO, PING, QUIT, RESET, SELECT; unknown commands; life before AUTH.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Target, Value, server, server_with};
use tools::attribute;

/// A server with a password, and a connection that has not given it.
fn locked() -> Option<(Target, Conn)> {
    let target = server_with(&[("requirepass", "secret")])?;
    let conn = target.connect();
    Some((target, conn))
}

#[test]
fn ping_and_echo() {
    let target = server();
    target.connect().transcript(
        r#"
        PING              => +PONG
        ping              => +PONG
        PING "two words"  => "two words"
        PING ""           => ""
        PING a b          => -ERR wrong number of arguments for 'ping' command
        ECHO "a\r\n\0\xff" => "a\r\n\0\xff"
        ECHO ""           => ""
        ECHO              => -ERR wrong number of arguments for 'echo' command
        eChO a b          => -ERR wrong number of arguments for 'echo' command
        HELLO 3
        PING              => +PONG
        PING x            => "x"
        ECHO x            => "x"
        "#,
    );
}

#[test]
fn auth_without_a_password_configured() {
    let target = server();
    target.connect().transcript(
        r#"
        AUTH                => -ERR wrong number of arguments for 'auth' command
        AUTH foo            => -ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?
        AUTH default foo    => +OK
        AUTH default ""     => +OK
        AUTH nobody foo     => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH DEFAULT foo    => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH a b c          => -ERR syntax error
        PING                => +PONG
        "#,
    );
}

#[test]
fn nothing_but_auth_hello_quit_and_reset_before_the_password() {
    let Some((_target, mut conn)) = locked() else {
        return;
    };
    conn.transcript(
        r#"
        PING              => -NOAUTH Authentication required.
        PING a b c        => -NOAUTH Authentication required.
        GET x             => -NOAUTH Authentication required.
        CLIENT ID         => -NOAUTH Authentication required.
        COMMAND COUNT     => -NOAUTH Authentication required.
        # that a command exists and its number of arguments are looked at first
        GET               => -ERR wrong number of arguments for 'get' command
        CLIENT FOO        => -ERR unknown subcommand 'FOO'. Try CLIENT HELP.
        nosuch            => -"ERR unknown command 'nosuch', with args beginning with: "
        nosuch a b        => -"ERR unknown command 'nosuch', with args beginning with: 'a' 'b' "
        RESET             => +RESET
        PING              => -NOAUTH Authentication required.
        AUTH              => -ERR wrong number of arguments for 'auth' command
        AUTH a b c        => -ERR syntax error
        AUTH bad          => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH secretx      => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH secre        => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH ""           => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH default bad  => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH nobody secret => -WRONGPASS invalid username-password pair or user is disabled.
        PING              => -NOAUTH Authentication required.
        AUTH secret       => +OK
        PING              => +PONG
        # a failed AUTH does not take away what an earlier one gave
        AUTH bad          => -WRONGPASS invalid username-password pair or user is disabled.
        PING              => +PONG
        RESET             => +RESET
        PING              => -NOAUTH Authentication required.
        AUTH default secret => +OK
        PING              => +PONG
        RESET             => +RESET
        QUIT              => +OK
        "#,
    );
    conn.expect_closed();
}

#[test]
fn hello_before_the_password() {
    let Some((_target, mut conn)) = locked() else {
        return;
    };
    let noauth = "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
                  HELLO AUTH <user> <pass> option can be used to authenticate the client and select \
                  the RESP protocol version at the same time";
    for args in [
        &["HELLO"][..],
        &["HELLO", "2"],
        &["HELLO", "3"],
        &["HELLO", "3", "SETNAME", "x"],
    ] {
        assert_eq!(conn.cmd(args), Value::error(noauth), "{args:?}");
    }
    conn.transcript(
        r#"
        HELLO 9                        => -NOPROTO unsupported protocol version
        HELLO x                        => -ERR Protocol version is not an integer or out of range
        HELLO 3 AUTH default bad       => -WRONGPASS invalid username-password pair or user is disabled.
        GET k                          => -NOAUTH Authentication required.
        HELLO 3 AUTH default secret SETNAME me => %["server" ? "version" ? "proto" :3 "id" :? "mode" "standalone" "role" "master" "modules" []]
        PING                           => +PONG
        CLIENT GETNAME                 => "me"
        GET k                          => null
        "#,
    );
}

#[test]
fn requirepass_can_change_at_run_time() {
    let Some((target, mut conn)) = locked() else {
        return;
    };
    let mut other = target.connect();
    conn.transcript(
        r#"
        AUTH secret                 => +OK
        CONFIG GET requirepass      => ["requirepass" "secret"]
        CONFIG SET requirepass ""   => +OK
        "#,
    );
    // Without a password nobody has to give one, and with one again whoever never gave it is out.
    other.transcript("PING => +PONG");
    conn.transcript(
        r#"
        CONFIG SET requirepass other => +OK
        PING                         => +PONG
        RESET                        => +RESET
        PING                         => -NOAUTH Authentication required.
        AUTH secret                  => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH other                   => +OK
        "#,
    );
    other.transcript("PING => -NOAUTH Authentication required.");
    target
        .connect()
        .transcript("PING => -NOAUTH Authentication required.");
}

#[test]
fn before_the_password_requests_must_be_small() {
    let Some((target, mut conn)) = locked() else {
        return;
    };
    conn.send_raw(b"*11\r\n");
    assert_eq!(
        conn.read_value(),
        Value::error("ERR Protocol error: unauthenticated multibulk length")
    );
    conn.expect_closed();
    let mut conn = target.connect();
    conn.send_raw(b"*1\r\n$16385\r\n");
    assert_eq!(
        conn.read_value(),
        Value::error("ERR Protocol error: unauthenticated bulk length")
    );
    conn.expect_closed();
    let mut conn = target.connect();
    conn.transcript(r#"ECHO "x"*16384 => -NOAUTH Authentication required."#);
    conn.transcript("AUTH secret => +OK");
    conn.transcript(r#"ECHO "x"*16385 => "x"*16385"#);
}

#[test]
fn hello() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        HELLO           => ["server" "redis" "version" ? "proto" :2 "id" :? "mode" "standalone" "role" "master" "modules" []]
        HELLO 2         => ["server" "redis" "version" ? "proto" :2 "id" :? "mode" "standalone" "role" "master" "modules" []]
        HELLO 1         => -NOPROTO unsupported protocol version
        HELLO 4         => -NOPROTO unsupported protocol version
        HELLO 0         => -NOPROTO unsupported protocol version
        HELLO -3        => -NOPROTO unsupported protocol version
        HELLO abc       => -ERR Protocol version is not an integer or out of range
        HELLO ""        => -ERR Protocol version is not an integer or out of range
        HELLO 2.0       => -ERR Protocol version is not an integer or out of range
        HELLO 99999999999999999999 => -ERR Protocol version is not an integer or out of range
        HELLO AUTH a b  => -ERR Protocol version is not an integer or out of range
        HELLO 3 AUTH    => -ERR Syntax error in HELLO option 'AUTH'
        HELLO 3 auth a  => -ERR Syntax error in HELLO option 'auth'
        HELLO 3 SETNAME => -ERR Syntax error in HELLO option 'SETNAME'
        HELLO 3 FOO     => -ERR Syntax error in HELLO option 'FOO'
        HELLO 3 FOO BAR => -ERR Syntax error in HELLO option 'FOO'
        HELLO 3 AUTH a b => -WRONGPASS invalid username-password pair or user is disabled.
        HELLO 3 SETNAME "a b" => -ERR Client names cannot contain spaces, newlines or special characters.
        # whatever failed changed nothing
        GET missing     => nil
        CLIENT GETNAME  => nil
        HELLO 3         => %["server" "redis" "version" ? "proto" :3 "id" :? "mode" "standalone" "role" "master" "modules" []]
        GET missing     => null
        CLIENT GETNAME  => null
        HELLO           => %["server" "redis" "version" ? "proto" :3 "id" :? "mode" "standalone" "role" "master" "modules" []]
        HELLO 3 setname b auth default x => %["server" ? "version" ? "proto" :3 "id" :? "mode" "standalone" "role" "master" "modules" []]
        CLIENT GETNAME  => "b"
        HELLO 2 SETNAME c SETNAME d => ["server" ? "version" ? "proto" :2 "id" :? "mode" "standalone" "role" "master" "modules" []]
        CLIENT GETNAME  => "d"
        GET missing     => nil
        "#,
    );
}

#[test]
fn hello_tells_the_truth() {
    let target = server();
    let mut conn = target.connect();
    let hello = conn.cmd(&["HELLO", "3"]);
    let id = conn.cmd(&["CLIENT", "ID"]);
    assert_eq!(tools::entry(&hello, "id"), Some(id));
    let version = tools::entry(&hello, "version").map(|value| value.text());
    let info = tools::info(&mut conn, &["server"]);
    assert_eq!(tools::field(&info, "redis_version"), version.as_deref());
}

#[test]
fn quit_answers_ok_and_closes() {
    let target = server();
    let mut conn = target.connect();
    conn.send_raw(b"QUIT\r\nPING\r\nSET after quit\r\n");
    assert_eq!(conn.read_value(), Value::simple("OK"));
    conn.expect_closed();
    let mut conn = target.connect();
    conn.transcript("EXISTS after => :0");
    conn.transcript("QUIT with arguments => +OK");
    conn.expect_closed();
}

#[test]
fn reset_makes_a_connection_as_new() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        CLIENT SETNAME me => +OK
        CLIENT NO-EVICT ON => +OK
        SELECT 3          => +OK
        SET k 3           => +OK
        HELLO 3
        RESET x           => -ERR wrong number of arguments for 'reset' command
        RESET             => +RESET
        CLIENT GETNAME    => nil
        GET k             => nil
        "#,
    );
    let line = conn.cmd(&["CLIENT", "INFO"]).text();
    assert_eq!(attribute(&line, "db"), Some("0"), "{line}");
    assert_eq!(attribute(&line, "resp"), Some("2"), "{line}");
    assert_eq!(attribute(&line, "name"), Some(""), "{line}");
    // RESET also turns replies on again, and is itself the first to be answered.
    conn.send(&["CLIENT", "REPLY", "OFF"]);
    conn.send(&["PING"]);
    conn.send(&["RESET"]);
    assert_eq!(conn.read_value(), Value::simple("RESET"));
    conn.transcript("PING => +PONG");
}

#[test]
fn select() {
    let target = server();
    target.connect().transcript(
        r#"
        SET k 0       => +OK
        SELECT 15     => +OK
        GET k         => nil
        SET k 15      => +OK
        SELECT 0      => +OK
        GET k         => "0"
        SELECT 16     => -ERR DB index is out of range
        SELECT -1     => -ERR DB index is out of range
        SELECT 2147483647 => -ERR DB index is out of range
        SELECT 2147483648 => -ERR value is out of range, value must between -2147483648 and 2147483647
        SELECT -2147483649 => -ERR value is out of range, value must between -2147483648 and 2147483647
        SELECT 99999999999999999999 => -ERR value is not an integer or out of range
        SELECT abc    => -ERR value is not an integer or out of range
        SELECT ""     => -ERR value is not an integer or out of range
        SELECT " 1"   => -ERR value is not an integer or out of range
        SELECT 01     => -ERR value is not an integer or out of range
        SELECT        => -ERR wrong number of arguments for 'select' command
        SELECT 1 2    => -ERR wrong number of arguments for 'select' command
        # errors leave the database as it was
        GET k         => "0"
        "#,
    );
}

#[test]
fn unknown_commands() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        nosuch            => -"ERR unknown command 'nosuch', with args beginning with: "
        NoSuch bar        => -"ERR unknown command 'NoSuch', with args beginning with: 'bar' "
        nosuch a "" "q'r" => -"ERR unknown command 'nosuch', with args beginning with: 'a' '' 'q'r' "
        ""                => -"ERR unknown command '', with args beginning with: "
        "" a              => -"ERR unknown command '', with args beginning with: 'a' "
        # an error is one line, and what Redis prints ends at the first NUL
        "f\r\noo"         => -"ERR unknown command 'f  oo', with args beginning with: "
        nosuch "a\r\nb" d => -"ERR unknown command 'nosuch', with args beginning with: 'a  b' 'd' "
        "f\0oo"           => -"ERR unknown command 'f', with args beginning with: "
        nosuch "\0c" d    => -"ERR unknown command 'nosuch', with args beginning with: '' 'd' "
        CLIENT foo        => -ERR unknown subcommand 'foo'. Try CLIENT HELP.
        client foo bar    => -ERR unknown subcommand 'foo'. Try CLIENT HELP.
        CONFIG foo        => -ERR unknown subcommand 'foo'. Try CONFIG HELP.
        Config FOO bar    => -ERR unknown subcommand 'FOO'. Try CONFIG HELP.
        MEMORY foo        => -ERR unknown subcommand 'foo'. Try MEMORY HELP.
        COMMAND foo x     => -ERR unknown subcommand 'foo'. Try COMMAND HELP.
        OBJECT foo        => -ERR unknown subcommand 'foo'. Try OBJECT HELP.
        OBJECT foo bar    => -ERR unknown subcommand 'foo'. Try OBJECT HELP.
        CLIENT            => -ERR wrong number of arguments for 'client' command
        CONFIG            => -ERR wrong number of arguments for 'config' command
        MEMORY            => -ERR wrong number of arguments for 'memory' command
        OBJECT            => -ERR wrong number of arguments for 'object' command
        PING              => +PONG
        "#,
    );
}

#[test]
fn unknown_commands_are_quoted_up_to_128_bytes() {
    let target = server();
    let mut conn = target.connect();
    let long = |c: &str, n: usize| c.repeat(n);
    let error = |name: &str, args: &str| {
        Value::error(&format!(
            "ERR unknown command '{name}', with args beginning with: {args}"
        ))
    };
    assert_eq!(
        conn.cmd(&[&long("n", 200), "x"]),
        error(&long("n", 128), "'x' ")
    );
    assert_eq!(
        conn.cmd(&["nosuch", &long("a", 200), "b"]),
        error("nosuch", &format!("'{}' ", long("a", 128)))
    );
    // The quotes and blanks of those before count too.
    assert_eq!(
        conn.cmd(&["nosuch", &long("a", 100), &long("b", 100), "c"]),
        error(
            "nosuch",
            &format!("'{}' '{}' ", long("a", 100), long("b", 128 - 103))
        )
    );
    let many: Vec<&str> = std::iter::once("nosuch")
        .chain(std::iter::repeat_n("a", 100))
        .collect();
    assert_eq!(conn.cmd(&many), error("nosuch", &long("'a' ", 32)));
    // The unknown subcommand likewise.
    assert_eq!(
        conn.cmd(&["CLIENT", &long("s", 200)]),
        Value::error(&format!(
            "ERR unknown subcommand '{}'. Try CLIENT HELP.",
            long("s", 128)
        ))
    );
}
