//! Directives that decide something at the start: rename-command, pidfile. The server is a process, ours or the one that
//! `AEROLITE_TEST_SERVER` names.
mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;

use common::Value;
use program::{Running, SOON, aerolite, temporary_directory};
use tools::{info, wait_exit};

use std::fs;
use std::path::Path;
use std::process::Command;

/// The server under test with these arguments; none, after saying so, where it runs already.
fn start(args: &[&str]) -> Option<Running> {
    if std::env::var_os("AEROLITE_TEST_ADDR").is_some() {
        eprintln!("skipped: a shared server (AEROLITE_TEST_ADDR) cannot be started with {args:?}");
        return None;
    }
    Some(Running::start_command(program(), args))
}

fn program() -> Command {
    std::env::var_os("AEROLITE_TEST_SERVER").map_or_else(aerolite, Command::new)
}

#[test]
fn renamed_commands_have_their_new_names_only() {
    let Some(running) = start(&[
        "--rename-command",
        "CONFIG",
        "",
        "--rename-command",
        "get",
        "Fetch",
        "--rename-command",
        "CLIENT",
        "Customer",
        "--rename-command",
        "STRLEN",
        "CLIENT",
        // Nobody has to know whether there are scripts.
        "--rename-command",
        "EVAL",
        "",
    ]) else {
        return;
    };
    let mut conn = running.connect();
    conn.transcript(
        r#"
        SET k v               => +OK
        FETCH k               => "v"
        fetch k               => "v"
        GET k                 => -"ERR unknown command 'GET', with args beginning with: 'k' "
        get                   => -"ERR unknown command 'get', with args beginning with: "
        FETCH                 => -ERR wrong number of arguments for 'get' command
        CONFIG GET maxclients => -"ERR unknown command 'CONFIG', with args beginning with: 'GET' 'maxclients' "
        CONFIG NOSUCH         => -"ERR unknown command 'CONFIG', with args beginning with: 'NOSUCH' "
        CONFIG                => -"ERR unknown command 'CONFIG', with args beginning with: "
        Customer SETNAME me   => +OK
        customer GETNAME      => "me"
        customer NOSUCH       => -ERR unknown subcommand 'NOSUCH'. Try CUSTOMER HELP.
        customer              => -ERR wrong number of arguments for 'client' command
        # another command has its name, with another number of words
        CLIENT k              => :1
        CLIENT GETNAME x      => -ERR wrong number of arguments for 'strlen' command
        STRLEN k              => -"ERR unknown command 'STRLEN', with args beginning with: 'k' "
        EVAL "return 1" 0     => -"ERR unknown command 'EVAL', with args beginning with: 'return 1' '0' "
        MULTI                 => +OK
        FETCH k               => +QUEUED
        CLIENT k              => +QUEUED
        EXEC                  => ["v" :1]
        MULTI                 => +OK
        GET k                 => -"ERR unknown command 'GET', with args beginning with: 'k' "
        EXEC                  => -EXECABORT Transaction discarded because of previous errors.
        COMMAND GETKEYS fetch k => ["k"]
        COMMAND GETKEYS get k   => -ERR Invalid command specified
        COMMAND INFO get        => [nil]
        COMMAND DOCS get        => []
        COMMAND LIST FILTERBY PATTERN config* => []
        COMMAND LIST FILTERBY PATTERN get     => ["get"]
        COMMAND LIST FILTERBY PATTERN fetch   => []
        # users are told of by the names that everybody knows
        ACL SETUSER ann on nopass ~k +get +config +fetch => -ERR Error in ACL SETUSER modifier '+fetch': Unknown command or category name in ACL
        ACL SETUSER ann on nopass ~k +get => +OK
        ACL DRYRUN ann fetch k  => +OK
        ACL DRYRUN ann get k    => -ERR Command 'get' not found
        AUTH ann x              => +OK
        FETCH k                 => "v"
        FETCH other             => -NOPERM this user has no permissions to access one of the keys used as arguments
        CLIENT k                => -NOPERM this user has no permissions to run the 'strlen' command
        GET k                   => -"ERR unknown command 'GET', with args beginning with: 'k' "
        "#,
    );
    // Many in one packet, and some of them under a name that was taken away.
    conn.send_raw(b"FETCH k\r\nGET k\r\nGET k\r\nFETCH k\r\n");
    let replies: Vec<bool> = (0..4)
        .map(|_| conn.read_value() == Value::bulk("v"))
        .collect();
    assert_eq!(replies, [true, false, false, true]);
}

#[test]
fn a_renamed_password_is_hidden_all_the_same() {
    let Some(running) = start(&[
        "--rename-command",
        "AUTH",
        "Login",
        "--slowlog-log-slower-than",
        "0",
    ]) else {
        return;
    };
    let mut conn = running.connect();
    conn.transcript(
        r#"
        LOGIN default secret   => +OK
        SLOWLOG GET 1          => [[:? :? :? ["LOGIN" "(redacted)" "(redacted)"] ? ""]]
        "#,
    );
}

#[test]
fn what_cannot_be_renamed_is_refused() {
    if std::env::var_os("AEROLITE_TEST_ADDR").is_some() {
        return;
    }
    let no_such = "No such command in rename-command";
    let taken = "Target command name already exists";
    let count = "Bad directive or wrong number of arguments";
    for (words, reason) in [
        (&["NOSUCH", "x"][..], no_such),
        (&["GET", "SET"], taken),
        (&["GET"], count),
        (&["GET", "a", "b"], count),
    ] {
        let mut command = program();
        command
            .args(["--port", "0", "--rename-command"])
            .args(words);
        let output = command.output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(reason), "{words:?}: {said}");
        assert!(!output.status.success(), "{words:?}");
    }
}

#[test]
fn the_user_default_of_a_file_begins_anew() {
    let dir = temporary_directory();
    let path = dir.path().join("users.conf");
    program::write(
        &path,
        "user default on nopass ~* +@all\nuser a skip-sanitize-payload\nuser b on\n",
    );
    let Some(running) = start(&[&path.display().to_string()]) else {
        return;
    };
    running.connect().transcript(
        r#"
        ACL LIST => ["user a off skip-sanitize-payload resetchannels -@all" "user b on resetchannels -@all" "user default on nopass sanitize-payload ~* resetchannels +@all"]
        ACL GETUSER default => ["flags" ["on" "nopass" "sanitize-payload"] "passwords" [] "commands" "+@all" "keys" "~*" "channels" "" "selectors" []]
        "#,
    );
}

#[test]
fn the_pidfile_is_there_while_the_server_is() {
    let dir = temporary_directory();
    let path = dir.path().join("server.pid");
    let name = path.display().to_string();
    let Some(mut running) = start(&["--pidfile", &name]) else {
        return;
    };
    let text = fs::read_to_string(&path).expect("the file is there");
    assert_eq!(text, format!("{}\n", running.child.id()));
    let mut conn = running.connect();
    conn.transcript(&format!(r#"CONFIG GET pidfile => ["pidfile" "{name}"]"#));
    running.signal("-TERM");
    assert!(wait_exit(&mut running.child, SOON).is_some(), "it went on");
    assert!(!Path::new(&path).exists(), "it was left behind");
}

#[test]
fn a_server_without_a_writable_pidfile_serves() {
    if let Some(running) = start(&["--pidfile", "/no/such/folder/server.pid"]) {
        running.connect().transcript("PING => +PONG");
    }
}

#[test]
fn memory_at_the_start_is_nearly_all_there_is() {
    let Some(running) = start(&[]) else {
        return;
    };
    let text = info(&mut running.connect(), &["memory"]);
    let bytes = |name| -> u64 {
        let value = tools::field(&text, name).and_then(|value| value.parse().ok());
        value.expect("a number")
    };
    let (used, at_start) = (bytes("used_memory"), bytes("used_memory_startup"));
    // One client, and what answers it.
    assert!(used - at_start < 300_000, "{used} {at_start}");
}
