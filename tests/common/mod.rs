//! What every wire test shares: a server to talk to, a blocking RESP client, and transcripts.
//!
//! ```text
//!   AEROLITE_TEST_ADDR=host:port      one running server, shared: the tests take turns (a file lock), FLUSHALL first
//!   AEROLITE_TEST_SERVER=/path/to/it  each test spawns this program on a free port and kills it at the end
//!   AEROLITE_TEST_WATCHED=1           each test spawns our program with a trace running and the live page open
//!   neither                           each test embeds an aerolite server through `aerolite::spawn`
//! ```
//!
//! The very same tests run against `redis-server` and against ours: a test that the real one fails is a wrong test.
//!
//! Tests read as transcripts, one command a line, `=>` and the reply; the notation is explained in [`transcript`].
//!
//! ```text
//!   SET k 10      => +OK
//!   INCR k        => :11
//!   GET k         => "11"
//!   GET missing   => nil
//!   INCR k 3      => -ERR wrong number of arguments for 'incr' command
//! ```
// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

pub mod client;
pub mod ports;
pub mod target;
pub mod timing;
pub mod transcript;

#[allow(unused_imports)]
pub use client::{Conn, Value};
#[allow(unused_imports)]
pub use target::{Target, server, server_with};
