//! The server that the steps talk to: one that runs already, or one that is started for a lesson.

use std::env;
use std::fs::{File, OpenOptions};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process;

use super::chapters::WORKSHOP;
use super::process::pid_listening_at;
use super::report::Topic;
use crate::common::{self, Target};

/// Where a server that runs already is.
const ADDR: &str = "AEROLITE_TEST_ADDR";

/// The server while one lesson uses it.
pub enum Server {
    /// The learner's: as it is, with what is in it. The lock makes the lessons take turns.
    Given {
        /// Where it listens.
        addr: SocketAddr,
        /// Closing the file releases it.
        _lock: File,
    },
    /// One of the lesson's own, Aerolite or the program of `AEROLITE_TEST_SERVER`.
    Own(Target),
}

impl Server {
    /// Takes the server, waiting for those lessons that use a given one.
    #[track_caller]
    pub fn take(topic: Topic) -> Server {
        let Ok(given) = env::var(ADDR) else {
            return Server::Own(common::server());
        };
        let addr = match given.to_socket_addrs().map(|mut addrs| addrs.next()) {
            Ok(Some(addr)) => addr,
            found => {
                let why = found
                    .err()
                    .map_or(String::new(), |error| format!("   ({error})"));
                let topic = Topic {
                    hint: "give the address at which your server listens: a host and a port, with a colon between",
                    read: WORKSHOP,
                    ..topic
                };
                topic.fail(
                    "",
                    "(nothing yet)",
                    &format!("{ADDR}=host:port, as 127.0.0.1:16379"),
                    &format!("{ADDR}={given}{why}"),
                )
            }
        };
        Server::Given {
            addr,
            _lock: lock_for(addr),
        }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        match self {
            Server::Given { addr, .. } => *addr,
            Server::Own(target) => target.addr(),
        }
    }

    /// Whether the learner has started it.
    pub fn is_given(&self) -> bool {
        matches!(self, Server::Given { .. })
    }

    /// Its process, if that is on this machine and can be found.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Server::Given { addr, .. } => pid_listening_at(*addr),
            // An embedded one is a thread of this process.
            Server::Own(target) => Some(target.pid().unwrap_or_else(process::id)),
        }
    }
}

fn lock_for(addr: SocketAddr) -> File {
    let name: String = addr
        .to_string()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let path = env::temp_dir().join(format!("aerolite-workshop-{name}.lock"));
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .and_then(|file| file.lock().map(|()| file));
    lock.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
