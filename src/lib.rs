//! Aerolite: a Redis-compatible server in which one thread does everything, on a hand-written
//! event loop in the style of Redis's `ae`.
//!
//! # The map of the house
//!
//! Imports go only downward in this list.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`server`] | sockets and the process; joins the loop to the engine |
//! | [`command`] | what a request means: one table entry and one function per command |
//! | [`engine`] | Redis without sockets: databases, sessions, settings, time |
//! | [`store`] | keys, values, deadlines |
//! | [`resp`] | requests in, replies out |
//! | [`ae`] | the event loop. It has never heard of Redis |
//! | [`wheel`] | a hierarchical timing wheel |
//! | [`geo`], [`glob`], [`number`], [`short`] | small pure pieces |
//!
//! `docs/ARCHITECTURE.md` tells how they work together.
//!
//! # A server inside a program
//!
//! One line starts a server on a free port of the loopback, in a thread of its own; dropping the
//! handle stops it.
//!
//! ```
//! use std::io::{Read, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let server = aerolite::spawn(&[("maxclients", "100")])?;
//!
//! let mut client = std::net::TcpStream::connect(server.addr())?;
//! client.write_all(b"PING\r\n")?;
//! let mut reply = [0; 7];
//! client.read_exact(&mut reply)?;
//! assert_eq!(&reply, b"+PONG\r\n");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod ae;
pub mod command;
mod embed;
pub mod engine;
pub mod geo;
pub mod glob;
pub mod number;
pub mod resp;
pub mod server;
pub mod short;
pub mod store;
pub mod wheel;

pub use embed::{Handle, spawn};
