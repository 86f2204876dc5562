//! A lab: no descriptor left, and a listener that tries again at once.
//!
//! ```text
//! cargo run --example lab_emfile_spin -- broken
//! cargo run --example lab_emfile_spin -- fixed
//! ```
//!
//! An echo server that may have few descriptors. Its clients (in the same process, so they need descriptors too) use
//! them up, and one connection more waits in the kernel's queue. `accept` fails with `EMFILE`, the connection stays
//! where it is, and the listener stays ready.

mod harness;

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream as Connection};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use aerolite::ae::{EventLoop, FileProc, Io, Mask, Next, TimeEventId, Token};
use harness::{Bench, Lab};
use mio::net::TcpStream;

/// How long accepting is left alone when it has failed.
const PAUSE: Duration = Duration::from_millis(100);

/// How long one client waits while the others stay.
const STAY: Duration = Duration::from_secs(1);

/// Clients that are let in. Each costs two descriptors: the client's end and the server's.
const CLIENTS: usize = 4;

/// Descriptors that are left when the lab begins: for those clients, and for one that waits.
const ROOM: usize = 2 * CLIENTS + 1;

const ACCEPTS_PER_TURN: usize = 100;
const BYTES_PER_TURN: usize = 1024;

struct Door {
    bench: Bench,
    clients: HashMap<Token, TcpStream>,
    on_error: FileProc<Door>,
    /// The listener, while it has no handler.
    paused: Option<Token>,
}

impl Lab for Door {
    fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    fn welcome(
        &mut self,
        event_loop: &mut EventLoop<Door>,
        mut stream: TcpStream,
    ) -> io::Result<()> {
        let token = event_loop.create_file_event(&mut stream, Mask::READABLE, read)?;
        self.clients.insert(token, stream);
        Ok(())
    }
}

fn main() -> ExitCode {
    harness::report(start())
}

fn start() -> io::Result<()> {
    let bench = Bench::from_command_line()?;
    let on_error = bench.choose(on_error_broken as FileProc<Door>, on_error_fixed);
    let door = Door {
        bench,
        clients: HashMap::new(),
        on_error,
        paused: None,
    };
    harness::run(door, accept, client)
}

fn accept(event_loop: &mut EventLoop<Door>, door: &mut Door, listening: Token) -> Io {
    for _ in 0..ACCEPTS_PER_TURN {
        match harness::accept_one(event_loop, door) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                door.tell_once(&error);
                return (door.on_error)(event_loop, door, listening);
            }
        }
    }
    Io::More
}

// ANCHOR: fault
fn on_error_broken(_: &mut EventLoop<Door>, _: &mut Door, _: Token) -> Io {
    // The connection still waits, so there is more to do.
    Io::More
}
// ANCHOR_END: fault

// ANCHOR: fix
fn on_error_fixed(event_loop: &mut EventLoop<Door>, door: &mut Door, listening: Token) -> Io {
    // The connection still waits, and only time or a client that leaves can help it.
    event_loop.unset_file_event(listening, Mask::READABLE);
    event_loop.create_time_event(PAUSE, accept_again);
    door.paused = Some(listening);
    Io::More
}

fn accept_again(event_loop: &mut EventLoop<Door>, door: &mut Door, _: TimeEventId) -> Next {
    if let Some(listening) = door.paused.take() {
        event_loop.set_file_event(listening, Mask::READABLE, accept);
    }
    Next::NoMore
}
// ANCHOR_END: fix

impl Door {
    /// A line for each failure would fill a disk: that is how some have learnt of this fault.
    fn tell_once(&mut self, error: &io::Error) {
        if self.bench.meter.count("failed") == 0 {
            println!("accept: {error}");
        }
        self.bench.meter.add("failed", 1);
    }
}

fn read(event_loop: &mut EventLoop<Door>, door: &mut Door, token: Token) -> Io {
    let Some(stream) = door.clients.get_mut(&token) else {
        return Io::Drained;
    };
    let mut buffer = [0; BYTES_PER_TURN];
    match harness::read(event_loop, token, &mut *stream, &mut buffer) {
        Ok(0) => close(event_loop, door, token),
        Ok(len) => match stream.write_all(&buffer[..len]) {
            Ok(()) => Io::More,
            Err(_) => close(event_loop, door, token),
        },
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(_) => close(event_loop, door, token),
    }
}

fn close(event_loop: &mut EventLoop<Door>, door: &mut Door, token: Token) -> Io {
    if let Some(mut stream) = door.clients.remove(&token)
        && let Err(error) = event_loop.delete_file_event(token, &mut stream)
    {
        eprintln!("close: {error}");
    }
    Io::Drained
}

/// Fills the server, waits in front of it, and makes room.
fn client(addr: SocketAddr) -> io::Result<String> {
    leave_room(ROOM)?;
    let mut inside = Vec::new();
    for _ in 0..CLIENTS {
        let mut connection = harness::connect(addr)?;
        echo(&mut connection)?;
        inside.push(connection);
    }
    // It gets the last descriptor; the server has none for its own end.
    let mut outside = harness::connect(addr)?;
    outside.write_all(b"x")?;
    thread::sleep(STAY);
    let served = echo(&mut inside[0])?;
    inside.pop();
    let left = Instant::now();
    outside.read_exact(&mut [0])?;
    let (served, waited) = (ms(served), ms(left.elapsed()));
    Ok(format!(
        "echo for one inside {served}  let in after {waited}"
    ))
}

/// Sends a byte; gives how long it took to come back.
fn echo(connection: &mut Connection) -> io::Result<Duration> {
    let sent = Instant::now();
    connection.write_all(b"x")?;
    connection.read_exact(&mut [0])?;
    Ok(sent.elapsed())
}

/// Lowers this process's limit of descriptors so that it can open so many more and no other. The kernel
/// gives the lowest number that is free, and the limit is the first number that it does not give.
#[cfg(unix)]
fn leave_room(room: usize) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    let taken = (0..room).map(|_| UdpSocket::bind("127.0.0.1:0"));
    let taken: Vec<UdpSocket> = taken.collect::<io::Result<_>>()?;
    let highest = taken.iter().map(AsRawFd::as_raw_fd).max().unwrap_or(0);
    let current = u64::try_from(highest + 1).map_err(io::Error::other)?;
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: Some(current),
        maximum,
    };
    Ok(setrlimit(Resource::Nofile, limit)?)
}

#[cfg(not(unix))]
fn leave_room(_: usize) -> io::Result<()> {
    Err(io::Error::new(
        ErrorKind::Unsupported,
        "this system has no limit of descriptors to lower",
    ))
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
