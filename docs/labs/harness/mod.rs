//! What every lab stands on: its arguments, a listener, a clock that ends it, and *the number*.
//!
//! ```text
//! cargo run --example lab_undrained_edge -- broken                  shows the fault, by itself, in a few seconds
//! cargo run --example lab_undrained_edge -- fixed                   the same without it
//! cargo run --example lab_undrained_edge -- broken 7010 --seconds 60 --no-client    yours to try: nc 127.0.0.1 7010
//! cargo run --example lab_undrained_edge -- broken --trace lab.json                 for ui.perfetto.dev
//! ```
//!
//! A lab is a server on the event loop, and a client in a thread of its own that does what brings the fault out and
//! tells what it saw. Once a second a time event prints what the loop did; the last line says it of the whole run, as
//! names and numbers two spaces apart, for `tests/labs.rs`:
//!
//! ```text
//! turns/s 3  busy 0 %  longest turn 0.1 ms  accepted 1  echoed 8192 B
//! result: broken  sent 32768 B  back 4096 B  turns 7 in 1.4 s  busy 0 %  longest turn 0.1 ms  accepted 1  echoed 8192 B
//! ```

// Each lab compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

pub mod arguments;
pub mod meter;
mod trace;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use aerolite::ae::{EventLoop, FileProc, Io, Mask, Next, Phase, TimeEventId, Token};
use mio::net::{TcpListener, TcpStream};

use arguments::Arguments;
pub use arguments::Variant;
use meter::Meter;
use trace::TraceFile;

/// Edges that a lab's loop takes from the kernel in a turn.
const EVENTS: usize = 1024;

/// Connections that [`accept_all`] takes in a turn.
const ACCEPTS_PER_TURN: usize = 100;

/// How often the number is printed.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// A lab whose client does not come to an end is over after this long.
const AT_MOST: Duration = Duration::from_secs(20);

/// How long a client waits for anything before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// A lab: the context of its handlers.
pub trait Lab: Sized {
    /// What it stands on.
    fn bench(&mut self) -> &mut Bench;

    /// A connection was accepted, by [`accept_all`].
    fn welcome(&mut self, event_loop: &mut EventLoop<Self>, stream: TcpStream) -> io::Result<()>;

    /// The loop is made and does not turn yet.
    fn begin(&mut self, _event_loop: &mut EventLoop<Self>) {}
}

/// What a lab stands on.
pub struct Bench {
    /// Where clients come in.
    pub listener: TcpListener,
    /// The number.
    pub meter: Meter,
    arguments: Arguments,
    trace: Option<TraceFile>,
    has_lines: bool,
}

impl Bench {
    /// As the command line says; tells where it listens.
    ///
    /// # Errors
    /// Arguments that make no sense, a port or a file that cannot be had.
    pub fn from_command_line() -> io::Result<Bench> {
        let arguments = Arguments::parse(std::env::args().skip(1))?;
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
        let listener = TcpListener::bind(addr)?;
        println!("listening on {}", listener.local_addr()?);
        let trace = arguments.trace.as_deref().map(TraceFile::create);
        Ok(Bench {
            listener,
            meter: Meter::default(),
            trace: trace.transpose()?,
            arguments,
            has_lines: true,
        })
    }

    /// The one of two that was asked for.
    pub fn choose<T>(&self, broken: T, fixed: T) -> T {
        match self.arguments.variant {
            Variant::Broken => broken,
            Variant::Fixed => fixed,
        }
    }

    /// Without a line each second: for a lab that must not be woken by that.
    pub fn without_lines(&mut self) {
        self.has_lines = false;
    }
}

/// The end of a lab's `main`: an error as a sentence, and not as Rust shows it.
pub fn report(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until the client, which runs in a thread of its own, has told what it saw (with `--seconds`,
/// for that long), and prints the result. `accept` is the read handler of the listener.
///
/// # Errors
/// What the system says. What goes wrong in the client is a part of the result.
pub fn run<L: Lab>(
    mut lab: L,
    accept: FileProc<L>,
    client: fn(SocketAddr) -> io::Result<String>,
) -> io::Result<()> {
    let mut event_loop = EventLoop::new(EVENTS)?;
    event_loop.recorder().switch_on();
    event_loop.set_before_sleep(Some(note_turn));
    let bench = lab.bench();
    event_loop.create_file_event(&mut bench.listener, Mask::READABLE, accept)?;
    if bench.has_lines {
        event_loop.create_time_event(LINE_EVERY, print_line);
    }
    event_loop.create_time_event(bench.arguments.seconds.unwrap_or(AT_MOST), end);
    let seen = start_client(&mut event_loop, bench, client)?;
    lab.begin(&mut event_loop);

    event_loop.run(&mut lab)?;
    note_turn(&mut event_loop, &mut lab);
    let bench = lab.bench();
    let without = match bench.arguments.has_client {
        true => "the client saw no end",
        false => "no client of the lab's own",
    };
    let seen = seen.try_recv().unwrap_or_else(|_| without.to_owned());
    let variant = bench.arguments.variant.name();
    println!("result: {variant}  {seen}  {}", bench.meter.of_all());
    match bench.trace.take() {
        Some(trace) => trace.finish(),
        None => Ok(()),
    }
}

/// Starts the client's thread; what it saw comes out of the receiver, and ends the lab.
fn start_client<L: Lab>(
    event_loop: &mut EventLoop<L>,
    bench: &Bench,
    client: fn(SocketAddr) -> io::Result<String>,
) -> io::Result<Receiver<String>> {
    let (tell, seen): (Sender<String>, _) = mpsc::channel();
    if !bench.arguments.has_client {
        return Ok(seen);
    }
    let addr = bench.listener.local_addr()?;
    let waker = event_loop.create_waker(client_is_done)?;
    thread::Builder::new()
        .name("client".to_owned())
        .spawn(move || {
            let saw = client(addr).unwrap_or_else(|error| format!("the client failed: {error}"));
            // Nobody listens any more when the lab is over.
            let _ = tell.send(saw);
            if let Err(error) = waker.wake() {
                eprintln!("the loop cannot be woken: {error}");
            }
            // A waker works for as long as it lives, and the loop may not have heard of it yet.
            thread::sleep(AT_MOST);
        })?;
    Ok(seen)
}

fn client_is_done<L: Lab>(event_loop: &mut EventLoop<L>, lab: &mut L, _: Token) -> Io {
    if lab.bench().arguments.seconds.is_none() {
        event_loop.stop();
    }
    Io::Drained
}

fn end<L: Lab>(event_loop: &mut EventLoop<L>, _: &mut L, _: TimeEventId) -> Next {
    event_loop.stop();
    Next::NoMore
}

fn print_line<L: Lab>(event_loop: &mut EventLoop<L>, lab: &mut L, _: TimeEventId) -> Next {
    let meter = &mut lab.bench().meter;
    meter.note(event_loop.recorder());
    println!("{}", meter.since_last_line());
    Next::After(LINE_EVERY)
}

/// Before the loop sleeps: what did the turn before this do?
fn note_turn<L: Lab>(event_loop: &mut EventLoop<L>, lab: &mut L) {
    let bench = lab.bench();
    bench.meter.note(event_loop.recorder());
    if let Some(trace) = &mut bench.trace {
        trace.note(event_loop.recorder());
    }
}

/// A read handler for listeners: takes all connections that wait, a bounded number in a turn.
pub fn accept_all<L: Lab>(event_loop: &mut EventLoop<L>, lab: &mut L, _: Token) -> Io {
    for _ in 0..ACCEPTS_PER_TURN {
        match accept_one(event_loop, lab) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Out of descriptors, most likely. A lab has few clients: it gives up.
                eprintln!("accept: {error}");
                event_loop.stop();
                return Io::Drained;
            }
        }
    }
    Io::More
}

/// Takes one of the connections that wait.
///
/// # Errors
/// What `accept` says; `WouldBlock`, if none waits.
pub fn accept_one<L: Lab>(event_loop: &mut EventLoop<L>, lab: &mut L) -> io::Result<()> {
    let begun = event_loop.recorder().begin();
    let (stream, _) = lab.bench().listener.accept()?;
    lab.bench().meter.add("accepted", 1);
    lab.welcome(event_loop, stream)?;
    event_loop.recorder().lap(begun, Phase::Accept, None, 1);
    Ok(())
}

/// Reads, and leaves that in the trace.
///
/// # Errors
/// What `read` says.
pub fn read<C>(
    event_loop: &mut EventLoop<C>,
    token: Token,
    mut stream: impl Read,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let begun = event_loop.recorder().begin();
    let len = stream.read(buffer)?;
    let token = u32::try_from(token.0).ok();
    event_loop.recorder().lap(begun, Phase::Read, token, len);
    Ok(len)
}

/// Writes, and leaves that in the trace.
///
/// # Errors
/// What `write` says.
pub fn write<C>(
    event_loop: &mut EventLoop<C>,
    token: Token,
    mut stream: impl Write,
    bytes: &[u8],
) -> io::Result<usize> {
    let begun = event_loop.recorder().begin();
    let len = stream.write(bytes)?;
    let token = u32::try_from(token.0).ok();
    event_loop.recorder().lap(begun, Phase::Write, token, len);
    Ok(len)
}

/// For clients: a connection that does not wait for ever.
///
/// # Errors
/// What the system says.
pub fn connect(addr: SocketAddr) -> io::Result<std::net::TcpStream> {
    let stream = std::net::TcpStream::connect_timeout(&addr, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether a client's read or write failed only because its patience ended.
pub fn is_timeout(error: &io::Error) -> bool {
    // Which of the two it is depends on the system.
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
