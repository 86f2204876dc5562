//! The workshop's steps: what they share. A step is a test file of black-box *lessons* over a socket; the server behind it may
//! be written in any language.
//!
//! ```text
//!   AEROLITE_TEST_ADDR=127.0.0.1:16379 cargo test --test step03_commands     your server, which runs already
//!   AEROLITE_TEST_SERVER=/path/to/it   cargo test --test step03_commands     a program with redis-server's command line
//!                                      cargo test --test step03_commands     Aerolite
//! ```
//!
//! A lesson knows what it is about, a hint, and the chapter of the book that explains it. Whatever goes wrong becomes a
//! [report](report): what was sent, what was expected, what came. No wait is without a limit.
//!
//! A learner's server has the commands of the steps so far and nothing else, so no lesson asks for more: no CONFIG, no
//! FLUSHALL. Names of keys are different in each run, and with a given server the lessons take turns.
// Each step compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub mod chapters;
pub mod client;
pub mod process;
pub mod report;
pub mod server;
pub mod silence;

pub use chapters::Chapter;
#[allow(unused_imports)]
pub use client::{Client, request};
pub use report::Topic;

use server::Server;

/// A reply that takes longer than this is a slow one. A healthy server answers a PING a thousand times faster.
pub const SLOW: Duration = Duration::from_millis(300);
/// So many slow ones are forgiven, since the machine may have been busy with something else.
const SLOW_FORGIVEN: usize = 2;
/// Between two PINGs of [`Lesson::stays_quick`].
const BETWEEN_PINGS: Duration = Duration::from_millis(5);

/// One step of the workshop: a test file.
pub struct Step {
    /// 1 for `step01_...`.
    pub number: u8,
    /// As the reports have it.
    pub name: &'static str,
    /// What to run when all of it holds.
    pub next: &'static str,
    /// The text of the test file, in which the lessons are counted.
    pub source: &'static str,
}

/// Lessons of this process that held.
static HELD: AtomicUsize = AtomicUsize::new(0);

impl Step {
    /// Begins a lesson: takes the server, and holds it until the lesson is over.
    #[track_caller]
    pub fn lesson(&self, about: &'static str, hint: &'static str, read: Chapter) -> Lesson<'_> {
        let topic = Topic {
            step: self.number,
            name: self.name,
            about,
            hint,
            read,
        };
        Lesson {
            step: self,
            topic,
            server: Server::take(topic),
            tag: format!("{:08x}", RandomState::new().hash_one(about) as u32),
        }
    }

    /// Says that the whole step holds, to a learner, once.
    fn count_one(&self, server: &Server) {
        let held = HELD.fetch_add(1, Ordering::Relaxed) + 1;
        let lessons = self.source.matches("#[test]").count();
        if held == lessons && server.is_given() {
            // Not `eprintln`: a test that passes keeps that to itself.
            let _ = writeln!(
                std::io::stderr(),
                "\n  Step {:02}, {}: all {lessons} lessons hold for the server at {}.\n  Next: {}\n",
                self.number,
                self.name,
                server.addr(),
                self.next
            );
        }
    }
}

/// One test: a topic, and the server while it lasts.
pub struct Lesson<'a> {
    step: &'a Step,
    topic: Topic,
    server: Server,
    tag: String,
}

impl Lesson<'_> {
    /// A new connection.
    #[track_caller]
    pub fn connect(&self) -> Client {
        self.connect_while("")
    }

    /// A new connection while something else is going on.
    #[track_caller]
    pub fn connect_while(&self, scene: &str) -> Client {
        Client::connect(self.addr(), self.topic, scene)
    }

    /// Where the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// What this is about, for reports.
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Whether this is a server that the learner has started.
    pub fn is_given(&self) -> bool {
        self.server.is_given()
    }

    /// The server's process, where that can be found out.
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// A name that no other lesson and no other run uses.
    pub fn key(&self, name: &str) -> String {
        format!("{name}:{}", self.tag)
    }

    /// PINGs for some time, on a connection of its own: a server that does something else for long meanwhile is seen.
    #[track_caller]
    pub fn stays_quick(&self, lasting: Duration, scene: &str) {
        let mut client = self.connect();
        client.scene(scene);
        let (began, mut all, mut slow, mut slowest) = (Instant::now(), 0, 0, Duration::ZERO);
        while began.elapsed() < lasting {
            let asked = Instant::now();
            client.ask(&["PING"], "+PONG\r\n");
            let took = asked.elapsed();
            all += 1;
            slow += usize::from(took > SLOW);
            slowest = slowest.max(took);
            thread::sleep(BETWEEN_PINGS);
        }
        if slow > SLOW_FORGIVEN {
            client.fail(
                &format!("each +PONG\\r\\n within {SLOW:?}"),
                &format!("{slow} of {all} came later, the slowest after {slowest:.1?}"),
            );
        }
    }
}

impl Drop for Lesson<'_> {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.step.count_one(&self.server);
        }
    }
}
