//! A lab: a read handler that reads one client until it is dry.
//!
//! ```text
//! cargo run --example lab_until_dry -- broken
//! cargo run --example lab_until_dry -- fixed
//! ```
//!
//! A server that takes measurements, a byte each, and answers the byte `?` with `!`. One client floods it for a
//! second, faster than it works: that client's socket is never dry. Another one asks `?` meanwhile, as one would send
//! PING, and looks how long the answer takes.

mod harness;

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use aerolite::ae::{EventLoop, FileProc, Io, Mask, Token};
use harness::{Bench, Lab};
use mio::net::TcpStream;

/// Bytes of one `read`.
const PORTION: usize = 16 * 1024;

/// Portions that a client gets read in a turn.
const PORTIONS_PER_TURN: usize = 4;

/// What a portion costs, as if there were commands to run: the flood is always faster.
const WORK_PER_PORTION: Duration = Duration::from_micros(500);

const FLOOD: Duration = Duration::from_secs(1);

/// How long after the beginning of the flood the first question is asked.
const HEAD_START: Duration = Duration::from_millis(100);

/// From an answer to the next question.
const BETWEEN: Duration = Duration::from_millis(10);

/// Longer than the flood can last on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(15);

struct Sink {
    bench: Bench,
    clients: HashMap<Token, TcpStream>,
    read: FileProc<Sink>,
}

impl Lab for Sink {
    fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    fn welcome(
        &mut self,
        event_loop: &mut EventLoop<Sink>,
        mut stream: TcpStream,
    ) -> io::Result<()> {
        let token = event_loop.create_file_event(&mut stream, Mask::READABLE, self.read)?;
        self.clients.insert(token, stream);
        Ok(())
    }
}

fn main() -> ExitCode {
    harness::report(start())
}

fn start() -> io::Result<()> {
    let bench = Bench::from_command_line()?;
    let read = bench.choose(read_broken as FileProc<Sink>, read_fixed);
    let sink = Sink {
        bench,
        clients: HashMap::new(),
        read,
    };
    harness::run(sink, harness::accept_all, client)
}

// ANCHOR: fault
fn read_broken(event_loop: &mut EventLoop<Sink>, sink: &mut Sink, token: Token) -> Io {
    loop {
        match take_portion(event_loop, sink, token) {
            Ok(0) => return close(event_loop, sink, token),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
            Err(_) => return close(event_loop, sink, token),
        }
    }
}
// ANCHOR_END: fault

// ANCHOR: fix
fn read_fixed(event_loop: &mut EventLoop<Sink>, sink: &mut Sink, token: Token) -> Io {
    for _ in 0..PORTIONS_PER_TURN {
        match take_portion(event_loop, sink, token) {
            Ok(0) => return close(event_loop, sink, token),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
            Err(_) => return close(event_loop, sink, token),
        }
    }
    Io::More
}
// ANCHOR_END: fix

/// Reads once and works on what there was; gives how many bytes.
fn take_portion(
    event_loop: &mut EventLoop<Sink>,
    sink: &mut Sink,
    token: Token,
) -> io::Result<usize> {
    let Some(stream) = sink.clients.get_mut(&token) else {
        return Ok(0);
    };
    let mut buffer = [0; PORTION];
    let len = harness::read(event_loop, token, &mut *stream, &mut buffer)?;
    let questions = work(&buffer[..len]);
    if questions > 0 {
        stream.write_all(&b"!".repeat(questions))?;
    }
    Ok(len)
}

/// Gives the number of questions, after as long as it takes to add up the measurements.
fn work(bytes: &[u8]) -> usize {
    let share = bytes.len() as f64 / PORTION as f64;
    let until = Instant::now() + WORK_PER_PORTION.mul_f64(share);
    let questions = bytes.iter().filter(|&&byte| byte == b'?').count();
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    questions
}

fn close(event_loop: &mut EventLoop<Sink>, sink: &mut Sink, token: Token) -> Io {
    if let Some(mut stream) = sink.clients.remove(&token)
        && let Err(error) = event_loop.delete_file_event(token, &mut stream)
    {
        eprintln!("close: {error}");
    }
    Io::Drained
}

/// Asks while another floods.
fn client(addr: SocketAddr) -> io::Result<String> {
    let mut quiet = harness::connect(addr)?;
    quiet.set_read_timeout(Some(PATIENCE))?;
    let mut waits = vec![ask(&mut quiet)?];
    println!("client: alone, an answer takes {}", ms(waits[0]));
    waits.clear();
    let flood = start_flood(addr)?;
    thread::sleep(HEAD_START);
    while !flood.is_finished() {
        waits.push(ask(&mut quiet)?);
        thread::sleep(BETWEEN);
    }
    waits.sort();
    let (median, slowest) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    let (median, slowest) = (ms(median), ms(slowest));
    let answers = waits.len();
    Ok(format!(
        "answers during the flood {answers}  median {median}  slowest {slowest}"
    ))
}

/// One question; gives how long the answer took.
fn ask(stream: &mut std::net::TcpStream) -> io::Result<Duration> {
    let asked = Instant::now();
    stream.write_all(b"?")?;
    stream.read_exact(&mut [0])?;
    Ok(asked.elapsed())
}

/// Sends measurements as fast as they are taken, in a thread of its own.
fn start_flood(addr: SocketAddr) -> io::Result<JoinHandle<()>> {
    let mut stream = harness::connect(addr)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    thread::Builder::new()
        .name("flood".to_owned())
        .spawn(move || {
            let begun = Instant::now();
            while begun.elapsed() < FLOOD && stream.write_all(&[b'.'; PORTION]).is_ok() {}
        })
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
