//! Servers as processes of their own: started on a free port, placed on a core, asked for their
//! processor time, killed at the end.

use super::load;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Somebody may take a free port before the server does; so often another is tried.
const START_ATTEMPTS: usize = 5;

/// How long a server may take to answer its first PING.
const START_LIMIT: Duration = Duration::from_secs(30);

const START_POLL: Duration = Duration::from_millis(5);

/// How long a server that is asked for its processor time may take to fall asleep.
const ASLEEP_LIMIT: Duration = Duration::from_millis(100);

const ASLEEP_POLL: Duration = Duration::from_micros(100);

/// Nanoseconds of a tick, in which Linux tells programs their processor time.
const TICK_NS: u64 = 10_000_000;

/// Any is above all programs that have none.
const REAL_TIME_PRIORITY: &str = "10";

/// A program that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// This project's.
    Aerolite,
    /// Redis, where it is in PATH.
    Redis,
}

impl Program {
    /// Those that can be started here. Says so where one is missing.
    pub fn all() -> Vec<Program> {
        if is_installed("redis-server") {
            return vec![Program::Aerolite, Program::Redis];
        }
        println!("redis-server is not in PATH: no comparison with it");
        vec![Program::Aerolite]
    }

    /// A process of its own, with no data, that answers.
    pub fn start(self) -> io::Result<Process> {
        match self {
            Program::Aerolite => {
                Process::start("aerolite", Path::new(env!("CARGO_BIN_EXE_aerolite")), &[])
            }
            Program::Redis => {
                let arguments = ["--save", "", "--bind", "127.0.0.1"];
                Process::start("redis-server", Path::new("redis-server"), &arguments)
            }
        }
    }
}

/// A server, alive for as long as this value.
pub struct Process {
    /// For the table.
    pub name: &'static str,
    /// Where it listens.
    pub addr: SocketAddr,
    /// How it was started, with `{port}` for the port and without its program's folder.
    pub command: String,
    child: Child,
}

impl Process {
    /// Starts a program that is told its port by `--port`, and then these arguments.
    pub fn start(name: &'static str, program: &Path, arguments: &[&str]) -> io::Result<Process> {
        let mut attempt = Process::attempt(name, program, arguments);
        for _ in 1..START_ATTEMPTS {
            if attempt.is_ok() {
                break;
            }
            attempt = Process::attempt(name, program, arguments);
        }
        attempt
    }

    fn attempt(name: &'static str, program: &Path, arguments: &[&str]) -> io::Result<Process> {
        let port = free_port()?;
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string()]).args(arguments);
        let server = Process {
            name,
            addr: (Ipv4Addr::LOCALHOST, port).into(),
            command: spelled(name, arguments),
            child: quiet(&mut command).spawn()?,
        };
        server.wait_until_ready()
    }

    fn wait_until_ready(mut self) -> io::Result<Process> {
        let start = Instant::now();
        loop {
            match self.ping() {
                Ok(()) => return Ok(self),
                Err(error) if start.elapsed() > START_LIMIT => return Err(error),
                Err(_) => thread::sleep(START_POLL),
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("{}: {status}", self.name)));
            }
        }
    }

    fn ping(&self) -> io::Result<()> {
        let mut stream = load::connect(self.addr)?;
        stream.write_all(b"PING\r\n")?;
        let mut reply = [0; 7];
        stream.read_exact(&mut reply)?;
        if &reply != b"+PONG\r\n" {
            return Err(io::Error::other(format!(
                "{} does not answer PING",
                self.name
            )));
        }
        Ok(())
    }

    /// The processor time it has taken so far, in nanoseconds: to the nanosecond where the kernel
    /// counts so, else to the tick; `None` where there is no `/proc`. It is asked of a server that sleeps: what one that
    /// runs has taken since the last tick is not in the kernel's figure yet, which would be all of a short piece of work.
    pub fn cpu_ns(&self) -> Option<u64> {
        let pid = self.child.id();
        let patience = Instant::now() + ASLEEP_LIMIT;
        while !is_asleep(pid)? && Instant::now() < patience {
            thread::sleep(ASLEEP_POLL);
        }
        scheduled_ns(pid).or_else(|| ticks_ns(pid))
    }

    /// Its resident set, in bytes, counted page by page where the kernel does that: `VmRSS` adds up
    /// what each processor knew some time ago. `None` where there is no `/proc`.
    pub fn rss(&self) -> Option<u64> {
        let pid = self.child.id();
        kib(&format!("/proc/{pid}/smaps_rollup"), "Rss:")
            .or_else(|| kib(&format!("/proc/{pid}/status"), "VmRSS:"))
            .map(|kib| kib * 1024)
    }

    /// Keeps all its threads on one core.
    pub fn place(&self, core: usize, is_batch: bool) -> bool {
        place(self.child.id(), &["-a"], core, is_batch)
    }

    /// Keeps all its threads on one core, ahead of all that is not real-time: what else the machine does is no wait of
    /// this server's clients. Says whether it could be done.
    pub fn place_real_time(&self, core: usize) -> bool {
        place_real_time(&self.child.id().to_string(), &["-a"], core)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spelled(program: &str, arguments: &[&str]) -> String {
    let mut command = format!("{program} --port {{port}}");
    for argument in arguments {
        let word = if argument.is_empty() {
            "\"\""
        } else {
            argument
        };
        command.push(' ');
        command.push_str(word);
    }
    command
}

fn quiet(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

/// Another program could take it before it is used; then the server does not start.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// The number behind this word in a file of `/proc`.
fn kib(file: &str, word: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The sum over all threads of what the scheduler counted.
fn scheduled_ns(pid: u32) -> Option<u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let times = tasks.map(|task| {
        let path = task.ok()?.path().join("schedstat");
        let text = fs::read_to_string(path).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    times.sum()
}

/// User and system time, the 14th and 15th field of `stat`.
fn ticks_ns(pid: u32) -> Option<u64> {
    let fields = state_and_more(pid)?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * TICK_NS)
}

/// Whether its first thread, which is the one that serves, waits for something.
fn is_asleep(pid: u32) -> Option<bool> {
    state_and_more(pid).map(|fields| fields.trim_start().starts_with('S'))
}

/// The fields of `stat` from the third on; the second is a name in parentheses that may hold anything.
fn state_and_more(pid: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.to_string())
}

/// Keeps the thread that calls this (the only one there is, or the first) on one core.
pub fn place_self(core: usize, is_batch: bool) -> bool {
    place(std::process::id(), &[], core, is_batch)
}

/// Keeps the thread that calls this on one core, ahead of all that is not real-time; says whether it
/// could be done, which takes Linux, the programs of `place` and the right to it.
pub fn place_thread_real_time(core: usize) -> bool {
    let thread = fs::read_link("/proc/thread-self").ok();
    let id = thread
        .as_deref()
        .and_then(Path::file_name)
        .and_then(OsStr::to_str);
    let Some(id) = id else { return false };
    place_real_time(id, &[], core)
}

fn place_real_time(id: &str, threads: &[&str], core: usize) -> bool {
    let core = core.to_string();
    let placed = run(Command::new("taskset")
        .args(threads)
        .args(["-c", "-p", &core, id]));
    let chrt = ["--fifo", "-p", REAL_TIME_PRIORITY, id];
    placed && run(Command::new("chrt").args(threads).args(chrt))
}

/// Says whether it could be done: it takes the programs `taskset` and `chrt`, of util-linux.
fn place(pid: u32, threads: &[&str], core: usize, is_batch: bool) -> bool {
    let policy = if is_batch { "--batch" } else { "--other" };
    let (pid, core) = (pid.to_string(), core.to_string());
    let placed = run(Command::new("taskset")
        .args(threads)
        .args(["-c", "-p", &core, &pid]));
    placed
        && run(Command::new("chrt")
            .args(threads)
            .args([policy, "-p", "0", &pid]))
}

fn run(command: &mut Command) -> bool {
    quiet(command).status().is_ok_and(|status| status.success())
}

/// The cores that this process may use; empty where that is not known.
pub fn cores() -> Vec<usize> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .unwrap_or_default();
    let ranges = list.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<usize>().ok()?..=last.parse().ok()?)
    });
    ranges.flatten().collect()
}

/// Two cores that are not two threads of one core, if there are four: hyper-threads are
/// neighbours in number, or half of all cores apart.
pub fn two_cores(cores: &[usize]) -> (usize, usize) {
    match *cores {
        [] => (0, 0),
        [only] => (only, only),
        [first, second] | [first, second, _] => (first, second),
        [first, _, third, ..] => (first, third),
    }
}

/// How many files this process and those that it starts may have open, raised to as many as are wished for, or as near
/// to it as the system allows.
pub fn allow_open_files(wanted: usize) -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let reachable = limit.maximum.unwrap_or(u64::MAX).min(wanted as u64);
        let current = limit.current.unwrap_or(u64::MAX);
        let raised = Rlimit {
            current: Some(reachable),
            maximum: limit.maximum,
        };
        if current >= reachable || setrlimit(Resource::Nofile, raised).is_err() {
            return usize::try_from(current).unwrap_or(usize::MAX);
        }
        usize::try_from(reachable).unwrap_or(usize::MAX)
    }
    #[cfg(not(unix))]
    {
        wanted
    }
}

/// Whether there is such a program in PATH.
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_file(&folder.join(program)))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}
