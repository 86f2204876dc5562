//! The server under test: shared, spawned or embedded, and how long it lives.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Conn, Value};
use super::ports::free_address;

/// How long a spawned server may take until it answers PING.
const START_LIMIT: Duration = Duration::from_secs(30);
/// A free port may be taken by somebody else between finding and using it; so often we try another.
const START_ATTEMPTS: usize = 5;
/// What every server that we start ourselves is given.
const BASE_DIRECTIVES: &[(&str, &str)] = &[("enable-debug-command", "yes")];

/// A server to test, alive for as long as this value is.
///
/// Take ONE per test: with `AEROLITE_TEST_ADDR` it holds the lock that makes the tests take turns, so a second one
/// in the same test would wait for the first for ever.
pub struct Target {
    addr: SocketAddr,
    aerolite: bool,
    keeper: Keeper,
}

/// What ends with the target.
enum Keeper {
    /// The lock on the shared server; closing the file releases it.
    Shared { _lock: File },
    /// A process of ours and the directory it runs in.
    Spawned {
        child: Child,
        dir: tempfile::TempDir,
    },
    /// Stopped by being dropped.
    Embedded { _handle: aerolite::Handle },
}

/// The server to test, freshly started or freshly flushed.
pub fn server() -> Target {
    match env::var("AEROLITE_TEST_ADDR") {
        Ok(addr) => Target::shared(&addr),
        Err(_) => Target::own(&[]),
    }
}

/// Like [`server`], with directives of `redis.conf` as `(name, value)`.
/// None, after saying so, when the tests were given one running server: that one cannot be started differently.
pub fn server_with(directives: &[(&str, &str)]) -> Option<Target> {
    if env::var_os("AEROLITE_TEST_ADDR").is_some() {
        eprintln!(
            "skipped: a shared server (AEROLITE_TEST_ADDR) cannot be started with {directives:?}"
        );
        return None;
    }
    Some(Target::own(directives))
}

impl Target {
    /// A new connection, RESP2, database 0, with read and write timeouts.
    #[track_caller]
    pub fn connect(&self) -> Conn {
        Conn::connect(self.addr)
    }

    /// Where the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Whether this is ours, for the few tests of what only ours promises.
    pub fn is_aerolite(&self) -> bool {
        self.aerolite
    }

    /// Like [`Target::is_aerolite`], and says in one line that `what` is skipped when it is not.
    pub fn is_aerolite_or_skip(&self, what: &str) -> bool {
        if !self.aerolite {
            eprintln!("skipped: only aerolite promises this: {what}");
        }
        self.aerolite
    }

    /// Whether others may use this server too (`AEROLITE_TEST_ADDR`).
    pub fn is_shared(&self) -> bool {
        matches!(self.keeper, Keeper::Shared { .. })
    }

    /// The process id, when the server is a process that this test spawned.
    pub fn pid(&self) -> Option<u32> {
        match &self.keeper {
            Keeper::Spawned { child, .. } => Some(child.id()),
            _ => None,
        }
    }

    /// The spawned process itself, e.g. to wait for its exit status.
    pub fn child(&mut self) -> Option<&mut Child> {
        match &mut self.keeper {
            Keeper::Spawned { child, .. } => Some(child),
            _ => None,
        }
    }

    fn shared(addr: &str) -> Target {
        let lock = lock_for(addr);
        let addr = addr
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next())
            .unwrap_or_else(|| panic!("AEROLITE_TEST_ADDR={addr} is not host:port"));
        let mut conn = Conn::connect(addr);
        assert_eq!(conn.cmd(&["FLUSHALL"]), Value::simple("OK"));
        Target {
            addr,
            aerolite: is_aerolite(&mut conn),
            keeper: Keeper::Shared { _lock: lock },
        }
    }

    fn own(directives: &[(&str, &str)]) -> Target {
        let directives: Vec<(&str, &str)> =
            BASE_DIRECTIVES.iter().chain(directives).copied().collect();
        if env::var_os("AEROLITE_TEST_WATCHED").is_some() {
            return Target::watched(&directives);
        }
        match env::var("AEROLITE_TEST_SERVER") {
            Ok(program) => Target::spawned(&program, &directives),
            Err(_) => Target::embedded(&directives),
        }
    }

    fn embedded(directives: &[(&str, &str)]) -> Target {
        let handle = aerolite::spawn(directives)
            .unwrap_or_else(|error| panic!("aerolite::spawn({directives:?}): {error}"));
        Target {
            addr: handle.addr(),
            aerolite: true,
            keeper: Keeper::Embedded { _handle: handle },
        }
    }

    /// Our program, with a trace running and somebody who looks at the live page.
    fn watched(directives: &[(&str, &str)]) -> Target {
        let page = free_address().unwrap_or_else(|error| panic!("no free address: {error}"));
        let port = page.port().to_string();
        let mut directives = directives.to_vec();
        directives.extend([("watch", &*port), ("trace", "trace.json")]);
        let target = Target::spawned(env!("CARGO_BIN_EXE_aerolite"), &directives);
        let mut viewer =
            TcpStream::connect(page).unwrap_or_else(|error| panic!("the page at {page}: {error}"));
        let request = format!("GET /events HTTP/1.1\r\nHost: {page}\r\n\r\n");
        viewer
            .write_all(request.as_bytes())
            .unwrap_or_else(|error| panic!("the page at {page}: {error}"));
        // Until the server is killed.
        thread::spawn(move || io::copy(&mut viewer, &mut io::sink()));
        target
    }

    fn spawned(program: &str, directives: &[(&str, &str)]) -> Target {
        let mut log = String::new();
        for _ in 0..START_ATTEMPTS {
            match Target::try_spawned(program, directives) {
                Ok(target) => return target,
                Err(text) => log = text,
            }
        }
        panic!("{program} with {directives:?} did not start; its last words:\n{log}");
    }

    /// One attempt; on failure what the process printed.
    fn try_spawned(program: &str, directives: &[(&str, &str)]) -> Result<Target, String> {
        let say = |error: io::Error| error.to_string();
        let dir = tempfile::tempdir().map_err(say)?;
        let log = dir.path().join("server.log");
        let addr = free_address().map_err(say)?;
        let mut command = Command::new(absolute(program));
        command.current_dir(dir.path());
        command.args(["--port", &addr.port().to_string(), "--save", ""]);
        for (name, value) in directives {
            command.arg(format!("--{name}")).arg(value);
        }
        let out = File::create(&log).map_err(say)?;
        let err = out.try_clone().map_err(say)?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let mut child = command.spawn().map_err(say)?;
        if !answers(addr, &mut child) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(fs::read_to_string(&log).unwrap_or_default());
        }
        let version = Command::new(absolute(program)).arg("--version").output();
        let aerolite = version.is_ok_and(|out| {
            String::from_utf8_lossy(&out.stdout)
                .to_lowercase()
                .contains("aerolite")
        });
        Ok(Target {
            addr,
            aerolite,
            keeper: Keeper::Spawned { child, dir },
        })
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Keeper::Spawned { child, .. } = &mut self.keeper {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The lock of one shared server; waits for its turn.
fn lock_for(addr: &str) -> File {
    let name: String = addr
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let path = env::temp_dir().join(format!("aerolite-test-{name}.lock"));
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    lock.lock()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    lock
}

/// A program given by a relative path must be found although it runs in a directory of its own.
/// Links stay as they are: `redis-server` is one, and looks at the name that it was called by.
fn absolute(program: &str) -> PathBuf {
    if program.contains('/') {
        std::path::absolute(program).unwrap_or_else(|_| PathBuf::from(program))
    } else {
        PathBuf::from(program)
    }
}

/// Whether the process lives and answers (whatever it answers: it may want a password) within the limit.
fn answers(addr: SocketAddr, child: &mut Child) -> bool {
    let started = Instant::now();
    while started.elapsed() < START_LIMIT {
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        if TcpStream::connect(addr).is_ok() {
            let replied = Conn::try_connect(addr).and_then(|mut conn| conn.try_cmd(&[b"PING"]));
            return replied.is_ok() && matches!(child.try_wait(), Ok(None));
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

/// `INFO server` tells: only ours has the field.
fn is_aerolite(conn: &mut Conn) -> bool {
    conn.cmd(&["INFO", "server"])
        .text()
        .contains("aerolite_version")
}
