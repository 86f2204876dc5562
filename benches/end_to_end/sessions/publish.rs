//! One client tells thousands something: messages of PUBLISH, and keys that they hold no longer.
//!
//! ```text
//!   one at a time   PUBLISH ── everybody has read it ── PUBLISH ── everybody has read it ──
//!   back to back    PUBLISH PUBLISH PUBLISH ...  in one pipeline, everybody reads meanwhile
//! ```
//!
//! Both servers do the same in the first: a message is written to every socket at once. In the second one that is not
//! written yet may travel with the next.

use super::Extent;
use super::cases::{
    CPU_NS, DELIVERY, DELIVERY_PING, INVALIDATION, INVALIDATION_CASE, PING_MAX, PING_P99, RSS,
    STREAMS, Stream, UNREAD, UNREAD_CASE, USED,
};
use super::crowd::Crowd;
use crate::client::Client;
use crate::load::{self, encode};
use crate::pinger::Waits;
use crate::process::{self, Process};
use crate::side_by_side::{Contender, Samples, cpu_of, share_core, unsupported};
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

const CHANNEL: &str = "news";

/// Connections beside those of the crowd.
const OTHER_CLIENTS: usize = 100;

/// Messages for those that do not read, and the bytes of each.
const UNREAD_MESSAGES: usize = 1000;
const UNREAD_BYTES: usize = 1024;

/// What the socket of one of them takes, and the bytes of a segment, as on an Ethernet.
const SLEEPER_BUFFER: usize = 4096;
#[cfg(unix)]
const SLEEPER_SEGMENT: u32 = 1460;

/// Keys that each client holds.
const HELD_KEYS: usize = 50;

/// From the first PING to the first message.
const LEAD: Duration = Duration::from_millis(50);

/// Before memory is looked at.
const SETTLE: Duration = Duration::from_millis(300);

/// Processor time per message and per invalidation; leaves this process on the core.
pub fn cpu(
    contenders: &[Contender],
    extent: Extent,
    core: usize,
    round: usize,
    samples: &mut Samples,
) -> io::Result<()> {
    for contender in contenders {
        let server = contender.program.start()?;
        share_core(core, std::slice::from_ref(&server));
        let mut crowd = subscribers(&server, extent.subscribers)?;
        for stream in STREAMS {
            let taken = cpu_of(&server, || {
                publish(&server, &mut crowd, stream, extent.messages)
            })?;
            let per_message = taken / (crowd.len() * extent.messages) as f64;
            let metrics = [(CPU_NS, per_message)];
            samples.add((DELIVERY, stream.name), contender.name, round, &metrics);
        }
        drop(crowd);
        let metrics = [(CPU_NS, per_invalidation(&server, extent.holders)?)];
        samples.add(
            (INVALIDATION, INVALIDATION_CASE),
            contender.name,
            round,
            &metrics,
        );
    }
    Ok(())
}

/// What another client waits. The server is on the first of the two cores, ahead of what else runs there, everybody
/// else on the second.
pub fn pauses(
    contenders: &[Contender],
    extent: Extent,
    cores: (usize, usize),
    round: usize,
    samples: &mut Samples,
) -> io::Result<()> {
    process::place_self(cores.1, false);
    for contender in contenders {
        let server = contender.program.start()?;
        server.place_real_time(cores.0);
        let mut crowd = subscribers(&server, extent.subscribers)?;
        for stream in STREAMS {
            let waits = Waits::during(server.addr, cores.1, LEAD / extent.divisor, || {
                publish(&server, &mut crowd, stream, extent.messages)
            })?;
            let metrics = [
                (PING_P99, waits.per_mille(990)),
                (PING_MAX, waits.longest()),
            ];
            let case = (DELIVERY_PING, stream.name);
            samples.add(case, contender.name, round, &metrics);
        }
    }
    Ok(())
}

/// What the server keeps for subscribers that do not read.
pub fn memory(
    contenders: &[Contender],
    extent: Extent,
    round: usize,
    samples: &mut Samples,
) -> io::Result<()> {
    for contender in contenders {
        let server = contender.program.start()?;
        let mut client = Client::connect(server.addr)?;
        client.ask(&[
            "CONFIG",
            "SET",
            "client-output-buffer-limit",
            "pubsub 0 0 0",
        ])?;
        let sleepers = (0..extent.sleepers).map(|_| sleeper(server.addr));
        let sleepers: Vec<TcpStream> = sleepers.collect::<io::Result<_>>()?;
        let before = used(&server, extent)?;
        let request = publishing(UNREAD_BYTES);
        let all = std::iter::repeat_n(request, UNREAD_MESSAGES);
        load::send(server.addr, all, 1)?;
        let after = used(&server, extent)?;
        let each =
            |before: u64, after: u64| after.saturating_sub(before) as f64 / sleepers.len() as f64;
        let metrics = [
            (RSS, each(before.0, after.0)),
            (USED, each(before.1, after.1)),
        ];
        samples.add((UNREAD, UNREAD_CASE), contender.name, round, &metrics);
    }
    Ok(())
}

/// Resident set and `used_memory`.
fn used(server: &Process, extent: Extent) -> io::Result<(u64, u64)> {
    thread::sleep(SETTLE / extent.divisor);
    let used = Client::connect(server.addr)?.info("memory", "used_memory")?;
    let rss = server.rss();
    Ok((rss.ok_or_else(|| unsupported("the resident set"))?, used))
}

fn subscribers(server: &Process, members: usize) -> io::Result<Crowd> {
    let most = (members + OTHER_CLIENTS).to_string();
    Client::connect(server.addr)?.ask(&["CONFIG", "SET", "maxclients", &most])?;
    Crowd::connect(server.addr, members, &subscribing(), b":1\r\n")
}

/// A subscriber for whom the kernel holds little. Over the loopback segments have 64 KB, and the kernel would keep
/// megabytes for each connection before the server has to.
fn sleeper(addr: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_recv_buffer_size(SLEEPER_BUFFER)?;
    #[cfg(unix)]
    socket.set_tcp_mss(SLEEPER_SEGMENT)?;
    socket.connect(&addr.into())?;
    let mut stream = TcpStream::from(socket);
    load::introduce(&mut stream, &subscribing(), b":1\r\n")?;
    Ok(stream)
}

fn subscribing() -> Vec<u8> {
    encode(&[b"SUBSCRIBE", CHANNEL.as_bytes()])
}

fn publishing(bytes: usize) -> Vec<u8> {
    encode(&[b"PUBLISH", CHANNEL.as_bytes(), &vec![b'x'; bytes]])
}

/// Until everybody has every message.
fn publish(server: &Process, crowd: &mut Crowd, stream: Stream, messages: usize) -> io::Result<()> {
    let mut publisher = load::connect(server.addr)?;
    // In RESP2 a message is an array, as a request is.
    let message = encode(&[b"message", CHANNEL.as_bytes(), &vec![b'x'; stream.bytes]]);
    let requests = vec![publishing(stream.bytes); messages];
    let at_a_time = if stream.waits { 1 } else { messages };
    crowd.hear(&mut publisher, &requests, at_a_time, message.len())
}

/// Clients read the same keys, and one after the other is set.
fn per_invalidation(server: &Process, holders: usize) -> io::Result<f64> {
    let keys: Vec<String> = (0..HELD_KEYS).map(|key| format!("key:{key:012}")).collect();
    let setting = keys
        .iter()
        .map(|key| encode(&[b"SET", key.as_bytes(), b"xxx"]));
    let setting: Vec<Vec<u8>> = setting.collect();
    load::send(server.addr, setting.iter().cloned(), 1)?;
    let mut crowd = Crowd::connect(server.addr, holders, &tracking(), b"+OK\r\n")?;
    let getting = keys.iter().map(|key| encode(&[b"GET", key.as_bytes()]));
    let getting: Vec<u8> = getting.flatten().collect();
    crowd.ask(&getting, keys.len() * "$3\r\nxxx\r\n".len())?;
    let push = format!(">2\r\n$10\r\ninvalidate\r\n*1\r\n$16\r\n{}\r\n", keys[0]);
    let mut setter = load::connect(server.addr)?;
    let taken = cpu_of(server, || crowd.hear(&mut setter, &setting, 1, push.len()))?;
    Ok(taken / (holders * keys.len()) as f64)
}

/// What a client sends that wants to hear of keys it has read. Its last reply is `OK`.
pub fn tracking() -> Vec<u8> {
    [
        encode(&[b"HELLO", b"3"]),
        encode(&[b"CLIENT", b"TRACKING", b"ON"]),
    ]
    .concat()
}
