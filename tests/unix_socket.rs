//! Unix sockets: `unixsocket` and `unixsocketperm`.
#![cfg(unix)]
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Value, server_with};
use tools::attribute;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

/// A connection through a Unix socket; small, since all that differs from TCP is how it is made.
struct UnixConn(BufReader<UnixStream>);

impl UnixConn {
    fn connect(path: &Path) -> UnixConn {
        let stream = match UnixStream::connect(path) {
            Ok(stream) => stream,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        let set = stream.set_read_timeout(Some(Duration::from_secs(10)));
        assert!(set.is_ok(), "{set:?}");
        UnixConn(BufReader::new(stream))
    }

    fn send(&mut self, request: &str) {
        let sent = self.0.get_mut().write_all(request.as_bytes());
        assert!(sent.is_ok(), "{request:?}: {sent:?}");
    }

    /// One line of a reply, without its CR LF.
    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.0.read_line(&mut line);
        assert!(read.is_ok(), "{read:?}");
        line.trim_end().to_string()
    }
}

/// A directory and the path of a socket in it, as text.
fn socket_path() -> (tempfile::TempDir, String) {
    let dir = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => panic!("a directory for the socket: {error}"),
    };
    let path = dir.path().join("s").display().to_string();
    (dir, path)
}

#[test]
fn commands_come_through_a_unix_socket() {
    let (_dir, path) = socket_path();
    let Some(target) = server_with(&[("unixsocket", &path), ("unixsocketperm", "700")]) else {
        return;
    };
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) => panic!("{path}: {error}"),
    };
    assert!(metadata.file_type().is_socket(), "{path} is no socket");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
    let mut unix = UnixConn::connect(Path::new(&path));
    unix.send("SET k through-unix\r\n");
    assert_eq!(unix.line(), "+OK");
    let mut tcp = target.connect();
    tcp.transcript(
        r#"
        GET k => "through-unix"
        CONFIG GET unixsocketperm => ["unixsocketperm" "700"]
        "#,
    );
    assert_eq!(
        tools::config_get(&mut tcp, "unixsocket").as_deref(),
        Some(path.as_str())
    );
    // A big pipeline goes the same way.
    unix.send(&"INCR n\r\n".repeat(5000));
    for n in 1..=5000 {
        assert_eq!(unix.line(), format!(":{n}"));
    }
    unix.send("QUIT\r\n");
    assert_eq!(unix.line(), "+OK");
    let mut rest = Vec::new();
    let end = unix.0.read_to_end(&mut rest);
    assert!(end.is_ok() && rest.is_empty(), "{end:?} {rest:?}");
}

#[test]
fn client_list_names_the_socket() {
    let (_dir, path) = socket_path();
    let Some(target) = server_with(&[("unixsocket", &path)]) else {
        return;
    };
    let mut unix = UnixConn::connect(Path::new(&path));
    unix.send("CLIENT ID\r\n");
    let id = unix.line().trim_start_matches(':').to_string();
    let mut tcp = target.connect();
    let line = tcp.cmd(&["CLIENT", "LIST", "ID", &id]).text();
    let name = format!("{path}:0");
    assert_eq!(attribute(&line, "addr"), Some(name.as_str()), "{line}");
    assert_eq!(attribute(&line, "laddr"), Some(name.as_str()), "{line}");
    assert_eq!(attribute(&line, "flags"), Some("U"), "{line}");
    assert_eq!(tcp.cmd(&["CLIENT", "KILL", "ADDR", &name]), Value::Int(1));
    let mut rest = Vec::new();
    let end = unix.0.read_to_end(&mut rest);
    assert!(end.is_ok() && rest.is_empty(), "{end:?} {rest:?}");
}

#[test]
fn a_socket_left_behind_is_replaced() {
    let (_dir, path) = socket_path();
    drop(UnixListener::bind(&path));
    assert!(Path::new(&path).exists(), "nothing was left behind");
    let Some(_target) = server_with(&[("unixsocket", &path)]) else {
        return;
    };
    let mut unix = UnixConn::connect(Path::new(&path));
    unix.send("PING\r\n");
    assert_eq!(unix.line(), "+PONG");
}

#[test]
fn a_password_is_wanted_here_too() {
    let (_dir, path) = socket_path();
    let directives = [("unixsocket", path.as_str()), ("requirepass", "secret")];
    let Some(_target) = server_with(&directives) else {
        return;
    };
    let mut unix = UnixConn::connect(Path::new(&path));
    unix.send("PING\r\nAUTH secret\r\nPING\r\n");
    assert_eq!(unix.line(), "-NOAUTH Authentication required.");
    assert_eq!(unix.line(), "+OK");
    assert_eq!(unix.line(), "+PONG");
}

#[test]
fn protected_mode_trusts_a_unix_socket() {
    let (_dir, path) = socket_path();
    let directives = [
        ("unixsocket", path.as_str()),
        ("bind", "0.0.0.0"),
        ("protected-mode", "yes"),
    ];
    let Some(_target) = server_with(&directives) else {
        return;
    };
    let mut unix = UnixConn::connect(Path::new(&path));
    unix.send("PING\r\n");
    assert_eq!(unix.line(), "+PONG");
}
