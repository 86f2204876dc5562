//! The program `aerolite` as a process: started with arguments, asked, signalled, killed at the end.
// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use crate::common::{Conn, ports};
use crate::tools::{wait_exit, wait_until};

use std::env;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// The bound for what has to happen soon, on a machine that is busy with other tests.
pub const SOON: Duration = Duration::from_secs(30);

/// Whether the program that this crate builds is what is being tested.
pub fn is_ours() -> bool {
    for name in ["AEROLITE_TEST_ADDR", "AEROLITE_TEST_SERVER"] {
        if env::var_os(name).is_some() {
            eprintln!("skipped: {name} is set, this is about the program aerolite itself");
            return false;
        }
    }
    true
}

pub fn aerolite() -> Command {
    Command::new(env!("CARGO_BIN_EXE_aerolite"))
}

/// An address on which nobody listens just now.
pub fn free_address() -> SocketAddr {
    match ports::free_address() {
        Ok(addr) => addr,
        Err(error) => panic!("no free address: {error}"),
    }
}

pub fn temporary_directory() -> tempfile::TempDir {
    match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => panic!("no temporary directory: {error}"),
    }
}

pub fn write(path: &Path, text: &str) {
    if let Err(error) = fs::write(path, text) {
        panic!("{}: {error}", path.display());
    }
}

/// A running program, killed at the end.
pub struct Running {
    pub child: Child,
    pub addr: SocketAddr,
    log: PathBuf,
    _dir: tempfile::TempDir,
}

impl Running {
    /// Starts the program on a free port.
    #[track_caller]
    pub fn start(args: &[&str]) -> Running {
        Running::start_command(aerolite(), args)
    }

    /// Likewise a command that is the program with or without something around it.
    #[track_caller]
    pub fn start_command(mut command: Command, args: &[&str]) -> Running {
        let addr = free_address();
        command.args(args);
        command.args(["--port", &addr.port().to_string()]);
        Running::spawn(command, addr, "")
    }

    /// Starts a command that is to listen on `addr`, and waits until it answers. It runs in a directory of its own
    /// unless it was given one.
    #[track_caller]
    pub fn spawn(mut command: Command, addr: SocketAddr, input: &str) -> Running {
        let dir = temporary_directory();
        let log = dir.path().join("log");
        let files = File::create(&log).and_then(|out| Ok((out.try_clone()?, out)));
        let (out, err) = match files {
            Ok(files) => files,
            Err(error) => panic!("{}: {error}", log.display()),
        };
        let stdin = dir.path().join("stdin");
        write(&stdin, input);
        let stdin = match File::open(&stdin) {
            Ok(file) => file,
            Err(error) => panic!("{}: {error}", stdin.display()),
        };
        command.stdin(stdin).stdout(out).stderr(err);
        if command.get_current_dir().is_none() {
            command.current_dir(dir.path());
        }
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("{command:?}: {error}"),
        };
        let mut running = Running {
            child,
            addr,
            log,
            _dir: dir,
        };
        let answers = wait_until(SOON, || {
            Conn::try_connect(addr).is_ok_and(|mut conn| conn.try_cmd(&[b"PING"]).is_ok())
                || matches!(running.child.try_wait(), Ok(Some(_)))
        });
        let alive = matches!(running.child.try_wait(), Ok(None));
        assert!(answers && alive, "{command:?} said\n{}", running.said());
        running
    }

    pub fn connect(&self) -> Conn {
        Conn::connect(self.addr)
    }

    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.as_ref().is_ok_and(|s| s.success()), "{sent:?}");
    }

    /// Asserts that the process ends by itself, with exit code 0.
    #[track_caller]
    pub fn ends_well(&mut self) {
        let status = wait_exit(&mut self.child, SOON);
        let code = status.and_then(|status| status.code());
        assert_eq!(code, Some(0), "{status:?}, it said\n{}", self.said());
        assert!(!self.said().contains("panicked"), "{}", self.said());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
