//! A lab: a time event that sleeps.
//!
//! ```text
//! cargo run --example lab_sleeping_timer -- broken
//! cargo run --example lab_sleeping_timer -- fixed
//! ```
//!
//! A server with one key, which lives for a second: `s` sets it, `g` asks whether it is there (1 or 0), `p` is answered
//! with `p`. A time event deletes the key. The broken one waits for the end of that second *in its handler*: the key
//! goes in time, and nobody is answered until then.

mod harness;

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use aerolite::ae::{EventLoop, Io, Mask, Next, TimeEventId, TimeProc, Token};
use harness::{Bench, Lab};
use mio::net::TcpStream;

/// How long the key lives.
const LIFE: Duration = Duration::from_millis(1000);

/// Questions that a client gets answered in a turn.
const QUESTIONS_PER_TURN: usize = 64;

/// The client asks this often.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// How long the client asks.
const ASK_FOR: Duration = Duration::from_millis(1600);

struct Store {
    bench: Bench,
    clients: HashMap<Token, TcpStream>,
    expire: TimeProc<Store>,
    /// The key's end, while there is a key.
    ends_at: Option<Instant>,
}

impl Lab for Store {
    fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    fn welcome(
        &mut self,
        event_loop: &mut EventLoop<Store>,
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
    let expire = bench.choose(expire_broken as TimeProc<Store>, expire_fixed);
    let store = Store {
        bench,
        clients: HashMap::new(),
        expire,
        ends_at: None,
    };
    harness::run(store, harness::accept_all, client)
}

// ANCHOR: fault
fn expire_broken(_: &mut EventLoop<Store>, store: &mut Store, _: TimeEventId) -> Next {
    if let Some(left) = store.time_left() {
        thread::sleep(left);
    }
    store.ends_at = None;
    Next::NoMore
}
// ANCHOR_END: fault

// ANCHOR: fix
fn expire_fixed(_: &mut EventLoop<Store>, store: &mut Store, _: TimeEventId) -> Next {
    if let Some(left) = store.time_left() {
        return Next::After(left);
    }
    store.ends_at = None;
    Next::NoMore
}
// ANCHOR_END: fix

impl Store {
    /// How long the key has to live; `None` when its time is over.
    fn time_left(&self) -> Option<Duration> {
        let left = self.ends_at?.checked_duration_since(Instant::now());
        left.filter(|left| !left.is_zero())
    }

    /// The answer to a question of one letter; none to a newline, as `nc` sends it.
    fn answer(&mut self, event_loop: &mut EventLoop<Store>, question: u8) -> Option<u8> {
        match question {
            b'\n' => None,
            b's' => {
                self.ends_at = Some(Instant::now() + LIFE);
                event_loop.create_time_event(Duration::ZERO, self.expire);
                Some(b's')
            }
            b'g' if self.ends_at.is_some() => Some(b'1'),
            b'g' => Some(b'0'),
            other => Some(other),
        }
    }
}

fn read(event_loop: &mut EventLoop<Store>, store: &mut Store, token: Token) -> Io {
    match answer_some(event_loop, store, token) {
        Ok(0) => close(event_loop, store, token),
        Ok(_) => Io::More,
        Err(error) if error.kind() == ErrorKind::WouldBlock => Io::Drained,
        Err(_) => close(event_loop, store, token),
    }
}

/// Reads and answers; gives how many bytes were read.
fn answer_some(
    event_loop: &mut EventLoop<Store>,
    store: &mut Store,
    token: Token,
) -> io::Result<usize> {
    let Some(mut stream) = store.clients.get(&token) else {
        return Ok(0);
    };
    let mut questions = [0; QUESTIONS_PER_TURN];
    let len = harness::read(event_loop, token, &mut stream, &mut questions)?;
    let asked = questions[..len].iter();
    let answers: Vec<u8> = asked
        .filter_map(|&question| store.answer(event_loop, question))
        .collect();
    if let Some(mut stream) = store.clients.get(&token) {
        stream.write_all(&answers)?;
    }
    store.bench.meter.add("answered", answers.len() as u64);
    Ok(len)
}

fn close(event_loop: &mut EventLoop<Store>, store: &mut Store, token: Token) -> Io {
    if let Some(mut stream) = store.clients.remove(&token)
        && let Err(error) = event_loop.delete_file_event(token, &mut stream)
    {
        eprintln!("close: {error}");
    }
    Io::Drained
}

/// One connection sets the key; the other asks for something else all the time.
fn client(addr: SocketAddr) -> io::Result<String> {
    let (mut setter, mut pinger) = (harness::connect(addr)?, harness::connect(addr)?);
    ask(&mut setter, b's')?;
    let set = Instant::now();
    let mut worst = Duration::ZERO;
    let mut gone_after = None;
    while set.elapsed() < ASK_FOR {
        let asked = Instant::now();
        ask(&mut pinger, b'p')?;
        worst = worst.max(asked.elapsed());
        if gone_after.is_none() && ask(&mut setter, b'g')? == b'0' {
            gone_after = Some(set.elapsed());
        }
        thread::sleep(ASK_EVERY);
    }
    let worst_ms = worst.as_millis();
    let gone_ms = gone_after.unwrap_or(ASK_FOR).as_millis();
    println!(
        "client: the key was gone after {gone_ms} ms; the longest wait for a PING was {worst_ms} ms"
    );
    Ok(format!(
        "gone after {gone_ms} ms  longest wait {worst_ms} ms"
    ))
}

fn ask(stream: &mut std::net::TcpStream, question: u8) -> io::Result<u8> {
    let mut answer = [0];
    stream.write_all(&[question])?;
    stream.read_exact(&mut answer)?;
    Ok(answer[0])
}
