//! The same seed, the same requests and the same times give the same bytes.
//!
//! No sockets: requests go through [`execute`], the one door into the engine, and the test plays
//! the server, which tells the time, lets keys expire and frees what is large. What would break
//! the promise is a clock that is read, a hash map of the standard library that is iterated, an
//! address that decides an order, a seed that a process draws for itself. The first three show
//! between two runs in one process, the last one between two processes.

use aerolite::command::execute;
use aerolite::engine::session::Peer;
use aerolite::engine::{Clock, Config, Engine, Random, SessionId, Slice};
use aerolite::resp::{Output, OwnedRequest};
use std::process::Command;

/// Where a run begins, in unix microseconds.
const START_US: u64 = 1_700_000_000_000_000;

const CLIENTS: usize = 3;

const REQUESTS: usize = 20_000;

/// Keys that the requests are about: enough to grow and shrink the table many times.
const KEYS: usize = 4000;

/// Set for the other process: it prints its digest.
const CHILD: &str = "AEROLITE_DETERMINISM_CHILD";

/// How the other process marks its line among those of the test harness.
const MARK: &str = "digest of the other process: ";

/// An engine with its clients, and what chooses the requests and the times.
struct Run {
    engine: Engine,
    clients: Vec<SessionId>,
    script: Random,
    replies: Vec<u8>,
}

impl Run {
    fn new(engine_seed: u64, script_seed: u64) -> Run {
        let clock = Clock::at_us(START_US);
        let mut engine = Engine::new(Config::default(), engine_seed, clock);
        let clients = (0..CLIENTS)
            .map(|_| engine.sessions.open(Peer::default(), clock.unix_s()))
            .collect();
        Run {
            engine,
            clients,
            script: Random::new(script_seed),
            replies: Vec::new(),
        }
    }

    fn play(mut self) -> Vec<u8> {
        for _ in 0..REQUESTS {
            let request = self.request();
            let client = self.clients[self.script.below(CLIENTS)];
            self.execute(client, &request);
            self.let_time_pass();
        }
        for last in ["KEYS *", "DBSIZE", "INFO everything", "CLIENT LIST"] {
            self.execute(self.clients[0], last);
        }
        self.replies
    }

    /// Runs one request, its words separated by spaces, and keeps the reply.
    fn execute(&mut self, client: SessionId, request: &str) {
        let mut output = Output::new();
        let mut request = OwnedRequest::from_args(request.split(' '));
        execute(&mut self.engine, client, request.request(), &mut output);
        output
            .write_to(&mut self.replies, usize::MAX)
            .expect("a vector takes everything");
        self.engine.mail.clear();
    }

    /// What the server does between requests, in portions of any size.
    fn let_time_pass(&mut self) {
        let passed_us = match self.script.below(10) {
            0 => self.script.below(3_000_000),
            1..5 => self.script.below(5000),
            _ => 0,
        };
        let now_us = self.engine.clock.unix_us() + passed_us as u64;
        self.engine.clock = Clock::at_us(now_us);
        if self.script.below(3) == 0 {
            let budget = self.script.below(200);
            let is_done = self.engine.expire(budget) == Slice::Done;
            self.replies.extend(format!("({is_done})").as_bytes());
            self.engine.free();
        }
        let due_ms = self.engine.next_due();
        self.replies.extend(format!("({due_ms:?})").as_bytes());
    }

    fn request(&mut self) -> String {
        let script = &mut self.script;
        let (key, other) = (script.below(KEYS), script.below(KEYS));
        let number = script.below(100_000);
        let value = "v".repeat(script.below(60));
        match script.below(40) {
            0..8 => format!("SET {key} {value}"),
            8..14 => format!("SET {key} {number} PX {}", number + 1),
            14 => format!("SET {key} {value} KEEPTTL GET"),
            15 => format!("MSET {key} 1 {other} {value} k{key} 3 k{other} 4"),
            16 => format!("DEL {key} {other} k{number}"),
            17 => format!("RENAME {key} {other}"),
            18 => format!("COPY {key} {other} REPLACE"),
            19 => format!("PEXPIRE {key} {number} GT"),
            20 => format!("PERSIST {key}"),
            21 => format!("INCRBY {key} {number}"),
            22 => format!("APPEND {key} {value}"),
            23 => format!("SCAN {number} COUNT 30"),
            24 => format!("SCAN {} MATCH *7* TYPE string", key << 30),
            25..28 => "RANDOMKEY".to_owned(),
            28 => format!("KEYS *{}*", number % 1000),
            29 => format!("SELECT {}", number % 3),
            30 => "SWAPDB 0 2".to_owned(),
            31 if number < 3000 => "FLUSHALL".to_owned(),
            31 => format!("MOVE {key} 1"),
            32 => format!("PTTL {key}"),
            33 => format!("OBJECT IDLETIME {key}"),
            34 => "INFO everything".to_owned(),
            35 => "LOLWUT VERSION 5".to_owned(),
            36 => "CLIENT LIST".to_owned(),
            37 => format!("HELLO {}", 2 + number % 2),
            38 => "TIME".to_owned(),
            _ => format!("GET {key}"),
        }
    }
}

/// FNV-1a: it only has to be the same in both processes, which the standard hasher does not promise.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |digest, &byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn two_engines_give_the_same_bytes() {
    let first = Run::new(1, 2).play();
    let second = Run::new(1, 2).play();
    let differs = first.iter().zip(&second).position(|(a, b)| a != b);
    if let Some(at) = differs {
        let around = |bytes: &[u8]| {
            let part = &bytes[at.saturating_sub(200)..bytes.len().min(at + 50)];
            part.escape_ascii().to_string()
        };
        panic!(
            "from byte {at}: {}\nand: {}",
            around(&first),
            around(&second)
        );
    }
    assert_eq!(first.len(), second.len());
    assert!(first.len() > REQUESTS, "the replies are looked at");
}

/// Otherwise the other tests would prove nothing.
#[test]
fn another_seed_gives_other_bytes() {
    assert_ne!(Run::new(1, 2).play(), Run::new(3, 2).play());
}

#[test]
fn another_process_gives_the_same_bytes() {
    let own = digest(&Run::new(1, 2).play());
    if std::env::var_os(CHILD).is_some() {
        println!("\n{MARK}{own:x}");
        return;
    }
    let program = std::env::current_exe().expect("a test knows its own path");
    let output = Command::new(program)
        .args([
            "--exact",
            "another_process_gives_the_same_bytes",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .output()
        .expect("a test can be started again");
    let text = String::from_utf8_lossy(&output.stdout);
    let other = text.lines().find_map(|line| line.strip_prefix(MARK));
    assert_eq!(other, Some(&*format!("{own:x}")), "{text}");
}
