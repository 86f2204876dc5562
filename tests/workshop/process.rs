//! What can be seen of the server's process from outside, on Linux: how much processor time and memory it has used. Elsewhere
//! there is nothing to see, and the lessons that want to know do without.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

/// How the kernel counts processor time in `/proc`: a hundred times a second on every Linux that people use.
const TICK: Duration = Duration::from_millis(10);
/// A listening socket, in the column `st` of `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// Processor time that a process has used, of all its threads.
pub fn processor_time(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may have spaces in it.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

/// The process that listens at an address of this machine, if it is one whose descriptors we may see.
pub fn pid_listening_at(addr: SocketAddr) -> Option<u32> {
    if !addr.ip().is_loopback() {
        return None;
    }
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_at(&table, addr.port()))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(|pid| has_one_of(*pid, &sockets))
}

/// The inodes of the sockets that listen at a port, from the table of all sockets.
fn listening_at(table: &str, port: u16) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    let lines = table.lines().skip(1);
    lines
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let is_it = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTENING;
            is_it.then(|| fields.get(9).map(ToString::to_string))?
        })
        .collect()
}

fn has_one_of(pid: u32, sockets: &[String]) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    let mut links = descriptors
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok());
    links.any(|link| {
        sockets
            .iter()
            .any(|socket| link.as_os_str() == socket.as_str())
    })
}
