//! Waiting until a program that was put into the background listens, without connecting to it: it may be one that serves a
//! single client, or stops for each.

use std::fs;
use std::thread;
use std::time::Duration;

use super::ports::Ports;
use crate::tools::wait_until;

/// Those that listen do so soon, on a machine that is busy with other tests.
const LISTENS_WITHIN: Duration = Duration::from_secs(8);
/// What else is in the background gets so long to begin.
const BEGINS_WITHIN: Duration = Duration::from_millis(500);
/// What begins programs that listen.
const SERVERS: &[&str] = &[
    "cargo run",
    "aerolite",
    "redis-server",
    "python3",
    "ruby",
    "nc -l",
];
/// The state `LISTEN` in /proc/net/tcp.
const LISTEN: &str = "0A";

/// Which of the ports are listened on.
pub fn listening(ports: &Ports) -> Vec<u16> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let taken: Vec<u16> = tables
        .iter()
        .flat_map(|table| table.lines())
        .filter_map(listened_port)
        .collect();
    ports
        .all_real()
        .filter(|port| taken.contains(port))
        .collect()
}

/// A line is `0: 0100007F:18EB 00000000:0000 0A ...`.
fn listened_port(line: &str) -> Option<u16> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (_, port) = words.next()?.rsplit_once(':')?;
    let state = words.nth(1)?;
    (state == LISTEN).then(|| u16::from_str_radix(port, 16).ok())?
}

/// Gives a command that was put into the background the time to begin: until one more port is listened on than were `before`.
pub fn let_begin(command: &str, ports: &Ports, before: &[u16]) {
    if SERVERS.iter().any(|server| command.contains(server)) {
        wait_until(LISTENS_WITHIN, || {
            listening(ports).iter().any(|port| !before.contains(port))
        });
    } else {
        thread::sleep(BEGINS_WITHIN);
    }
}
