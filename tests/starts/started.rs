//! A program of `docs/starts` as a process: as it stands there or with a change that a chapter asks for, killed at the end.

use std::env;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Conn, Value, ports};
use crate::tools::{have_program, wait_exit};

/// How long a program may take until it listens, and until it has ended once it has to.
const SOON: Duration = Duration::from_secs(20);

/// A piece of a program's text, and what takes its place.
pub type Change<'a> = (&'a str, &'a str);

/// A running server.
pub struct Started {
    child: Child,
    addr: SocketAddr,
    dir: tempfile::TempDir,
    /// The connection that saw it listening. It stays open, since one of these servers ends when a client leaves.
    pub first: Conn,
}

impl Started {
    /// Starts `docs/starts/FILE PORT WORDS` with changes to that file. None, after one line, where its language is not
    /// installed; with `CI` set that is a failure.
    #[track_caller]
    pub fn new(file: &str, words: &[&str], changes: &[Change]) -> Option<Started> {
        let language = match file.rsplit_once('.') {
            Some((_, "rb")) => "ruby",
            _ => "python3",
        };
        have_program(language).then(|| Started::start(language, file, words, changes))
    }

    #[track_caller]
    fn start(language: &str, file: &str, words: &[&str], changes: &[Change]) -> Started {
        let dir = tempfile::tempdir().expect("a temporary directory");
        copy_starts(dir.path());
        let path = dir.path().join(file);
        change(&path, changes);
        let addr = ports::free_address().expect("a free address");
        let log = File::create(dir.path().join("log")).expect("a log");
        let mut child = Command::new(language)
            .arg(&path)
            .arg(addr.port().to_string())
            .args(words)
            .env("LANG", "C.UTF-8")
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{language}: {error}"));
        let Some(first) = connect(addr) else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{file} does not listen:\n{}", read_log(dir.path()));
        };
        Started {
            child,
            addr,
            dir,
            first,
        }
    }

    /// Another connection.
    #[track_caller]
    pub fn connect(&self) -> Conn {
        Conn::connect(self.addr)
    }

    /// Fails unless the program ends by itself, and tells of `why`.
    #[track_caller]
    pub fn expect_end(&mut self, why: &str) {
        let ended = wait_exit(&mut self.child, SOON);
        let log = self.log();
        assert!(ended.is_some(), "it still runs, and was to end of {why}");
        assert!(
            log.contains(why),
            "it was to end of {why}, and ended of:\n{log}"
        );
    }

    /// Fails unless a new client is served.
    #[track_caller]
    pub fn expect_alive(&self) {
        let answer = self.connect().cmd(&["PING"]);
        assert_eq!(answer, Value::simple("PONG"), "{}", self.log());
    }

    /// The process's id.
    #[cfg(target_os = "linux")]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to its standard error.
    pub fn log(&self) -> String {
        read_log(self.dir.path())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every program, since one may use another.
/// Runs a program of `docs/starts` in Ruby that ends by itself, with changes to it: whether it ends well, and what it says.
#[track_caller]
pub fn run(file: &str, changes: &[Change]) -> Option<(bool, String)> {
    if !have_program("ruby") {
        return None;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    copy_starts(dir.path());
    let path = dir.path().join(file);
    change(&path, changes);
    let ended = Command::new("ruby")
        .arg(&path)
        .env("LANG", "C.UTF-8")
        .output()
        .expect("ruby");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    Some((ended.status.success(), said))
}

fn copy_starts(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/starts");
    for entry in fs::read_dir(from).expect("docs/starts") {
        let entry = entry.expect("a file of docs/starts");
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy of it");
        }
    }
}

#[track_caller]
fn change(path: &Path, changes: &[Change]) {
    let mut text = fs::read_to_string(path).expect("the program's text");
    for (old, new) in changes {
        let found = text.matches(old).count();
        assert_eq!(found, 1, "{}: {old:?} is there so often", path.display());
        text = text.replace(old, new);
    }
    fs::write(path, text).expect("the changed text");
}

fn connect(addr: SocketAddr) -> Option<Conn> {
    let started = Instant::now();
    while started.elapsed() < SOON {
        if let Ok(conn) = Conn::try_connect(addr) {
            return Some(conn);
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}

fn read_log(dir: &Path) -> String {
    fs::read_to_string(dir.join("log")).unwrap_or_default()
}

/// How long a request takes to be answered.
#[track_caller]
pub fn time_of(conn: &mut Conn, args: &[&str]) -> Duration {
    let started = Instant::now();
    let answer = conn.cmd(args);
    assert!(!answer.is_error(), "{args:?}: {answer:?}");
    started.elapsed()
}
