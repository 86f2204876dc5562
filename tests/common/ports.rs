//! Ports for the programs that tests start, which nobody takes between the moment when one is found and its use.
//!
//! ```text
//!   16384 ........ 32767 | 32768 ......................... 60999
//!   found here, in turn  | the kernel's own: every connection that a test opens gets one of these,
//!                        | and so does whoever binds port 0
//! ```
//!
//! A port that is found by binding port 0, and given up again for a program to listen there, is the kernel's again: it
//! may be one end of somebody's connection by the time that the program wants it, and so it does now and then where
//! thousands of connections are opened at the same time.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Programs that listen somewhere by custom do so below this.
pub const FIRST: u16 = 16_384;
/// Where the kernel's own begin on Linux, unless it was told otherwise. Elsewhere they begin above this.
const USUAL_END: u16 = 32_768;
/// With fewer than this to choose from, the kernel chooses.
const FEWEST: u16 = 1024;
/// So many may be taken one after the other before something is wrong.
const ATTEMPTS: usize = 100;

/// An address of this machine on which nobody listens just now. No test of this process has had it, unless it had
/// thousands.
pub fn free_address() -> io::Result<SocketAddr> {
    let end = end();
    if end < FIRST + FEWEST {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr();
    }
    let mut found = Err(io::ErrorKind::AddrInUse.into());
    for _ in 0..ATTEMPTS {
        let turn = next() % u64::from(end - FIRST);
        let port = FIRST + u16::try_from(turn).unwrap_or_default();
        // Everywhere, as a program that is told nothing else listens.
        found = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
            .map(|_| (Ipv4Addr::LOCALHOST, port).into());
        if found.is_ok() {
            break;
        }
    }
    found
}

/// The first port that the kernel gives out by itself.
pub fn end() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = range.split_whitespace().next();
    first
        .and_then(|first| first.parse().ok())
        .unwrap_or(USUAL_END)
}

/// Counts up from where no other process that runs tests does.
fn next() -> u64 {
    static NEXT: OnceLock<AtomicU64> = OnceLock::new();
    // No more than 32 bits: it must not wrap.
    let from = || AtomicU64::new(RandomState::new().hash_one(0) >> 32);
    NEXT.get_or_init(from).fetch_add(1, Ordering::Relaxed)
}
