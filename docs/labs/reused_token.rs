//! A lab: a token that is kept in a list, and used again before its turn comes.
//!
//! ```text
//! cargo run --example lab_reused_token -- broken
//! cargo run --example lab_reused_token -- fixed
//! ```
//!
//! A bank whose answers take a while: `balance alice` is looked up for half a second, and the token of who asked is
//! kept in a list meanwhile. Alice asks and hangs up. Bob comes, gets the token that she had, and asks nothing. When
//! the answer is there, the broken bank gives it to whoever sits at the token.

mod harness;

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use aerolite::ae::{EventLoop, Io, Mask, Next, TimeEventId, Token};
use harness::{Bench, Lab};
use mio::net::TcpStream;

/// How long a balance is looked up.
const LOOKUP: Duration = Duration::from_millis(500);

/// How long Bob listens.
const LISTEN: Duration = Duration::from_millis(800);

const ROUNDS: usize = 3;
const HELLO: &[u8] = b"hello\n";
const WELCOME: &[u8] = b"welcome\n";
const READS_PER_TURN: usize = 4;
const MAX_LINE: usize = 64;

/// Clients whose steps are printed: those of the first round.
const TOLD: u64 = 2;

struct Bank {
    bench: Bench,
    clients: HashMap<Token, Client>,
    /// How many clients there were.
    numbers: u64,
    /// Who asked, in order: each look-up takes the same time.
    waiting: VecDeque<Question>,
    whose: Whose,
}

struct Client {
    stream: TcpStream,
    /// No other client has this, ever.
    number: u64,
    line: Vec<u8>,
}

struct Question {
    token: Token,
    number: u64,
    name: String,
}

/// Whose is the answer to a question?
type Whose = for<'a> fn(&'a mut Bank, &Question) -> Option<&'a mut Client>;

impl Lab for Bank {
    fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    fn welcome(
        &mut self,
        event_loop: &mut EventLoop<Bank>,
        mut stream: TcpStream,
    ) -> io::Result<()> {
        let token = event_loop.create_file_event(&mut stream, Mask::READABLE, read)?;
        self.numbers += 1;
        let number = self.numbers;
        tell(number, &format!("comes, token {}", token.0));
        let line = Vec::new();
        let client = Client {
            stream,
            number,
            line,
        };
        self.clients.insert(token, client);
        Ok(())
    }
}

fn main() -> ExitCode {
    harness::report(start())
}

fn start() -> io::Result<()> {
    let bench = Bench::from_command_line()?;
    let whose = bench.choose(whose_broken as Whose, whose_fixed);
    let bank = Bank {
        bench,
        clients: HashMap::new(),
        numbers: 0,
        waiting: VecDeque::new(),
        whose,
    };
    harness::run(bank, harness::accept_all, client)
}

/// A line `hello` is answered at once, and any other by and by.
fn read(event_loop: &mut EventLoop<Bank>, bank: &mut Bank, token: Token) -> Io {
    let mut buffer = [0; MAX_LINE];
    for _ in 0..READS_PER_TURN {
        let Some(client) = bank.clients.get_mut(&token) else {
            return Io::Drained;
        };
        match harness::read(event_loop, token, &client.stream, &mut buffer) {
            Ok(0) => return close(event_loop, bank, token),
            Ok(len) => client.line.extend_from_slice(&buffer[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
            Err(_) => return close(event_loop, bank, token),
        }
        if client.line == HELLO {
            client.line.clear();
            if client.stream.write_all(WELCOME).is_err() {
                return close(event_loop, bank, token);
            }
        } else if client.line.ends_with(b"\n") {
            ask(event_loop, bank, token);
        } else if client.line.len() > MAX_LINE {
            return close(event_loop, bank, token);
        }
    }
    Io::More
}

fn ask(event_loop: &mut EventLoop<Bank>, bank: &mut Bank, token: Token) {
    let Some(client) = bank.clients.get_mut(&token) else {
        return;
    };
    let line = std::mem::take(&mut client.line);
    let line = String::from_utf8_lossy(&line).trim().to_owned();
    tell(client.number, &format!("asks: {line}"));
    let number = client.number;
    let name = line.trim_start_matches("balance ").to_owned();
    bank.waiting.push_back(Question {
        token,
        number,
        name,
    });
    event_loop.create_time_event(LOOKUP, answer);
}

fn answer(event_loop: &mut EventLoop<Bank>, bank: &mut Bank, _: TimeEventId) -> Next {
    let Some(question) = bank.waiting.pop_front() else {
        return Next::NoMore;
    };
    let text = format!("{} has 1000\n", question.name);
    match (bank.whose)(bank, &question) {
        Some(client) => {
            tell(client.number, &format!("is sent: {}", text.trim()));
            // Who has left meanwhile is seen by the read handler.
            let _ = harness::write(event_loop, question.token, &client.stream, text.as_bytes());
        }
        None => bank.bench.meter.add("thrown away", 1),
    }
    Next::NoMore
}

// ANCHOR: fault
fn whose_broken<'a>(bank: &'a mut Bank, asked: &Question) -> Option<&'a mut Client> {
    bank.clients.get_mut(&asked.token)
}
// ANCHOR_END: fault

// ANCHOR: fix
fn whose_fixed<'a>(bank: &'a mut Bank, asked: &Question) -> Option<&'a mut Client> {
    let client = bank.clients.get_mut(&asked.token)?;
    (client.number == asked.number).then_some(client)
}
// ANCHOR_END: fix

fn close(event_loop: &mut EventLoop<Bank>, bank: &mut Bank, token: Token) -> Io {
    if let Some(mut client) = bank.clients.remove(&token) {
        tell(client.number, &format!("leaves, token {} is free", token.0));
        if let Err(error) = event_loop.delete_file_event(token, &mut client.stream) {
            eprintln!("close: {error}");
        }
    }
    Io::Drained
}

fn tell(number: u64, what: &str) {
    if number <= TOLD {
        println!("client {number} {what}");
    }
}

/// Counts the Bobs who got an answer that was not theirs.
fn client(addr: SocketAddr) -> io::Result<String> {
    let mut wrong = 0;
    for _ in 0..ROUNDS {
        let mut alice = enter(addr)?;
        alice.write_all(b"balance alice\n")?;
        drop(alice);
        let mut bob = enter(addr)?;
        bob.set_read_timeout(Some(LISTEN))?;
        match bob.read(&mut [0; MAX_LINE]) {
            Ok(_) => wrong += 1,
            Err(error) if harness::is_timeout(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(format!("wrong answers {wrong} of {ROUNDS}"))
}

/// A connection that the bank has answered: it has a token.
fn enter(addr: SocketAddr) -> io::Result<std::net::TcpStream> {
    let mut stream = harness::connect(addr)?;
    stream.write_all(HELLO)?;
    stream.read_exact(&mut [0; WELCOME.len()])?;
    Ok(stream)
}
