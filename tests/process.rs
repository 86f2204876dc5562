//! The program itself: arguments, configuration file, signals, ports and sockets.
//!
//! These are about `aerolite` and nothing else: they are skipped when the tests are given another server.
#![cfg(unix)]
mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;

use common::{Value, ports};
use program::{Running, SOON, aerolite, free_address, is_ours, temporary_directory, write};
use tools::{Finished, config_get, run_program, wait_exit, wait_until};

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Runs the program with arguments that make it end at once.
#[track_caller]
fn run(args: &[&str], input: &str) -> Finished {
    let dir = temporary_directory();
    let mut command = aerolite();
    command.current_dir(dir.path()).args(args);
    let finished = run_program(&mut command, input.as_bytes(), SOON);
    assert!(finished.status.is_some(), "{args:?} went on: {finished:?}");
    finished
}

/// Asserts that the program refuses to start, with exit code 1 and all of `words` in what it says. A file comes first;
/// the port is a free one, so that nothing is disturbed when it starts after all.
#[track_caller]
fn refuses(args: &[&str], input: &str, words: &[&str]) {
    let port = free_address().port().to_string();
    let (file, options) = match args.split_first() {
        Some((first, rest)) if !first.starts_with("--") => (vec![*first], rest),
        _ => (Vec::new(), args),
    };
    let args = [&file[..], &["--port", &port], options].concat();
    let finished = run(&args, input);
    assert_eq!(finished.code(), Some(1), "{args:?}: {finished:?}");
    let said = format!("{}{}", finished.stdout, finished.stderr);
    for word in words {
        assert!(said.contains(word), "{args:?}: {word:?} is not in\n{said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn signals_end_it_with_exit_code_0() {
    if !is_ours() {
        return;
    }
    for name in ["-TERM", "-INT"] {
        let mut running = Running::start(&[]);
        let mut conn = running.connect();
        conn.transcript("SET k v => +OK");
        let started = Instant::now();
        running.signal(name);
        conn.expect_closed();
        running.ends_well();
        let took = started.elapsed();
        assert!(took < Duration::from_secs(10), "{name} took {took:?}");
    }
}

#[test]
fn a_signal_comes_after_the_replies() {
    if !is_ours() {
        return;
    }
    let mut running = Running::start(&["--enable-debug-command", "yes"]);
    let mut conn = running.connect();
    conn.send_raw(b"DEBUG SLEEP 2\r\n");
    // It has begun to sleep, and goes on.
    thread::sleep(Duration::from_millis(1000));
    running.signal("-TERM");
    assert_eq!(conn.read_value(), Value::simple("OK"));
    conn.expect_closed();
    running.ends_well();
}

#[test]
fn it_can_be_started_again_on_the_same_port_at_once() {
    if !is_ours() {
        return;
    }
    let mut running = Running::start(&[]);
    let addr = running.addr;
    let mut conn = running.connect();
    conn.transcript("PING => +PONG");
    // Closed by the server first, so that its end of the connection stays in TIME_WAIT.
    running.signal("-TERM");
    conn.expect_closed();
    running.ends_well();
    let mut command = aerolite();
    command.args(["--port", &addr.port().to_string()]);
    let again = Running::spawn(command, addr, "");
    again.connect().transcript("PING => +PONG");
}

#[test]
fn version_and_help() {
    if !is_ours() {
        return;
    }
    for flag in ["--version", "-v"] {
        let finished = run(&[flag], "");
        assert_eq!(finished.code(), Some(0), "{finished:?}");
        let said = finished.stdout.to_lowercase();
        assert!(said.contains("aerolite"), "{finished:?}");
        assert!(said.contains(env!("CARGO_PKG_VERSION")), "{finished:?}");
    }
    for flag in ["--help", "-h"] {
        let finished = run(&[flag], "");
        assert_eq!(finished.code(), Some(0), "{finished:?}");
        let said = format!("{}{}", finished.stdout, finished.stderr);
        for word in ["Usage", "aerolite", "redis.conf", "--port", "--version"] {
            assert!(said.contains(word), "{word} is not in\n{said}");
        }
    }
}

#[test]
fn a_configuration_file_and_what_overrides_it() {
    if !is_ours() {
        return;
    }
    let dir = temporary_directory();
    let path = dir.path().join("redis.conf");
    write(
        &path,
        "# a comment\n\nport 1\n  maxclients 55\nrequirepass \"se \\x63ret\"\nTimeout 0\n\
         save \"\"\nappendonly no\ndaemonize no\nproto-max-bulk-len 2mb\n\
         client-output-buffer-limit normal 1mb 2mb 10\nbind 127.0.0.1\nloglevel notice\n",
    );
    let path = path.display().to_string();
    let running = Running::start(&[&path, "--maxclients", "66", "--tcp-keepalive", "60"]);
    let mut conn = running.connect();
    conn.transcript("PING => -NOAUTH Authentication required.");
    conn.transcript(r#"AUTH "se cret" => +OK"#);
    for (name, value) in [
        ("maxclients", "66"),
        ("tcp-keepalive", "60"),
        ("proto-max-bulk-len", "2097152"),
        ("bind", "127.0.0.1"),
    ] {
        assert_eq!(
            config_get(&mut conn, name).as_deref(),
            Some(value),
            "{name}"
        );
    }
    let limits = config_get(&mut conn, "client-output-buffer-limit").unwrap_or_default();
    assert!(limits.starts_with("normal 1048576 2097152 10 "), "{limits}");
    let info = tools::info(&mut conn, &["server"]);
    let file = tools::field(&info, "config_file").unwrap_or_default();
    assert!(file.ends_with("redis.conf"), "{info}");
}

#[test]
fn configuration_from_standard_input() {
    if !is_ours() {
        return;
    }
    let addr = free_address();
    let mut command = aerolite();
    command.arg("-");
    let input = format!("port {}\nmaxclients 44\n", addr.port());
    let running = Running::spawn(command, addr, &input);
    let mut conn = running.connect();
    assert_eq!(config_get(&mut conn, "maxclients").as_deref(), Some("44"));
    refuses(&["-"], "foo bar\n", &["foo bar", "line 1"]);
}

#[test]
fn what_asks_for_nothing_is_accepted() {
    if !is_ours() {
        return;
    }
    let running = Running::start(&["--save", "", "--appendonly", "no", "--daemonize", "no"]);
    running.connect().transcript(
        r#"
        CONFIG GET save       => ["save" ""]
        CONFIG GET appendonly => ["appendonly" "no"]
        CONFIG GET daemonize  => ["daemonize" "no"]
        "#,
    );
}

#[test]
fn what_it_cannot_do_is_refused() {
    if !is_ours() {
        return;
    }
    refuses(&["--appendonly", "yes"], "", &["appendonly"]);
    refuses(&["--daemonize", "yes"], "", &["daemonize"]);
    refuses(&["--save", "900 1"], "", &["save"]);
}

#[test]
fn mistakes_in_the_file_are_named() {
    if !is_ours() {
        return;
    }
    let dir = temporary_directory();
    let path = dir.path().join("wrong.conf");
    let name = path.display().to_string();
    for (text, words) in [
        ("maxclients 10\nfoo bar\n", &["line 2", "foo bar"][..]),
        ("\n\n# x\nport abc\n", &["line 4", "port abc"]),
        ("port\n", &["line 1", "port"]),
        ("port 1 2\n", &["line 1", "port 1 2"]),
        ("port 99999\n", &["line 1", "port 99999"]),
        ("timeout 0\nmaxclients 0\n", &["line 2", "maxclients 0"]),
        (
            "protected-mode maybe\n",
            &["line 1", "protected-mode maybe"],
        ),
        ("requirepass \"abc\n", &["line 1", "requirepass \"abc"]),
        (
            "proto-max-bulk-len 1xb\n",
            &["line 1", "proto-max-bulk-len 1xb"],
        ),
    ] {
        write(&path, text);
        refuses(&[&name], "", words);
    }
    // Which file it was is told too.
    refuses(&[&name], "", &["wrong.conf"]);
}

#[test]
fn mistakes_in_the_arguments_are_named() {
    if !is_ours() {
        return;
    }
    refuses(&["--foo", "bar"], "", &["foo"]);
    refuses(&["--port", "abc"], "", &["port", "abc"]);
    refuses(&["--port"], "", &["port"]);
    refuses(
        &["/no/such/file.conf"],
        "",
        &["/no/such/file.conf", "No such file"],
    );
    let dir = temporary_directory();
    refuses(&[&dir.path().display().to_string()], "", &[]);
}

#[test]
fn a_port_in_use_is_named() {
    if !is_ours() {
        return;
    }
    let taken = match TcpListener::bind("127.0.0.1:0") {
        Ok(listener) => listener,
        Err(error) => panic!("no free address: {error}"),
    };
    let port = match taken.local_addr() {
        Ok(addr) => addr.port().to_string(),
        Err(error) => panic!("no address: {error}"),
    };
    refuses(&["--port", &port], "", &[&port, "in use"]);
}

#[test]
fn unix_socket_without_a_port() {
    if !is_ours() {
        return;
    }
    let dir = temporary_directory();
    let path = dir.path().join("s");
    let mut child = match aerolite()
        .current_dir(dir.path())
        .args(["--port", "0", "--unixsocket", &path.display().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
    {
        Ok(child) => child,
        Err(error) => panic!("{error}"),
    };
    let connected = wait_until(SOON, || UnixStream::connect(&path).is_ok());
    let pid = child.id().to_string();
    let signalled = Command::new("kill").args(["-TERM", &pid]).status();
    let status = wait_exit(&mut child, SOON);
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    assert!(connected, "nobody listens on {}", path.display());
    assert!(signalled.is_ok() && status.and_then(|s| s.code()) == Some(0));
    assert!(!path.exists(), "the socket was left behind");
}

/// The program with this config file, in the folder of the file.
fn start_with(config: &Path) -> Running {
    let mut command = aerolite();
    command.current_dir(config.parent().expect("a file is in a folder"));
    Running::start_command(command, &[&config.display().to_string()])
}

#[test]
fn config_rewrite() {
    if !is_ours() {
        return;
    }
    let dir = temporary_directory();
    let path = dir.path().join("redis.conf");
    write(
        &path,
        "# my comment\nmaxclients 55\n\n# another\ntimeout 7\n",
    );
    let start = || start_with(&path);
    let running = start();
    running.connect().transcript(
        r#"
        CONFIG SET timeout 9 requirepass "a b\"c" tcp-keepalive 61 => +OK
        AUTH "a b\"c"  => +OK
        CONFIG REWRITE => +OK
        CONFIG REWRITE => +OK
        "#,
    );
    drop(running);
    let text = fs::read_to_string(&path).unwrap_or_default();
    for line in ["# my comment", "maxclients 55", "# another", "timeout 9"] {
        assert_eq!(
            text.lines().filter(|found| *found == line).count(),
            1,
            "{line:?} in\n{text}"
        );
    }
    let running = start();
    running.connect().transcript(
        r#"
        AUTH "a b\"c"            => +OK
        CONFIG GET timeout       => ["timeout" "9"]
        CONFIG GET tcp-keepalive => ["tcp-keepalive" "61"]
        CONFIG GET maxclients    => ["maxclients" "55"]
        "#,
    );
}

/// `dir` is where relative paths begin, as in Redis.
#[test]
fn it_goes_to_its_directory() {
    if !is_ours() {
        return;
    }
    let (here, there) = (temporary_directory(), temporary_directory());
    write(
        &there.path().join("users.acl"),
        "user ann on nopass +ping\n",
    );
    let config = here.path().join("redis.conf");
    let dir = there.path().display().to_string();
    write(&config, &format!("aclfile users.acl\ndir {dir}\n"));
    let running = start_with(&config);
    let mut conn = running.connect();
    assert_eq!(config_get(&mut conn, "dir"), Some(dir));
    conn.transcript(
        r#"
        CONFIG SET dir / => -ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config
        CONFIG REWRITE   => +OK
        AUTH ann x       => +OK
        "#,
    );
    refuses(&["--dir", "/no/such/place"], "", &["/no/such/place"]);
}

#[test]
fn config_rewrite_keeps_the_users() {
    if !is_ours() {
        return;
    }
    let dir = temporary_directory();
    let path = dir.path().join("redis.conf");
    write(
        &path,
        "user a on nopass +@all ~*\ntimeout 7\nuser \"b\" on +get (+set ~x)\n",
    );
    let start = || start_with(&path);
    let users = r#"["user b on resetchannels -@all +get (~x resetchannels -@all +set)" "user c off resetchannels -@all" "user default on nopass ~* &* +@all"]"#;
    let running = start();
    running.connect().transcript(&format!(
        "AUTH a x => +OK\nACL SETUSER c => +OK\nAUTH default x => +OK\nACL DELUSER a => :1\n\
         ACL LIST => {users}\nCONFIG REWRITE => +OK\nCONFIG REWRITE => +OK"
    ));
    drop(running);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let (first, rest) = text.split_once('\n').unwrap_or_default();
    assert!(first.starts_with("user b on"), "{text}");
    assert!(rest.starts_with("timeout 7\nuser c off"), "{text}");
    assert!(text.contains("\nuser default on nopass"), "{text}");
    // As in Redis, the user default of the lines has been reset.
    let users = users.replace("on nopass", "on nopass sanitize-payload");
    start()
        .connect()
        .transcript(&format!("ACL LIST => {users}"));
}

/// What the other tests here start listens there.
#[test]
fn a_free_port_is_given_to_one_test_and_to_no_connection() {
    let end = ports::end();
    let mut given = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let port = free_address().port();
        assert!(given.insert(port), "{port} was given twice");
        let is_ours = (ports::FIRST..end).contains(&port);
        assert!(is_ours || end < ports::FIRST + 1024, "{port} of {end}");
    }
}
