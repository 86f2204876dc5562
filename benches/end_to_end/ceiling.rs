//! The ceiling: what a server costs that does nothing with its requests.
//!
//! It is on the same event loop, reads and writes the same bytes, and knows nothing: the first
//! request of a connection tells how long a request is and what the answer looks like, and from
//! then on bytes are counted. No parsing, no table, no statistics. What it takes is the kernel's, so
//! the distance to it is all that a server could still save.
//!
//! ```text
//! cargo run --release --example ceiling -- --port 7003
//! redis-benchmark -p 7003 -t set,get,incr,ping -c 50 -P 16 -r 100000      requests of one length each
//! ```
//!
//! A GET is answered with as many bytes as the last SET stored under such a key, where keys are
//! alike that have the same letters before their first digit. What would need a table to answer is
//! refused, so that nobody takes the answer for a measurement: SET with a TTL, and all commands
//! not named here. DBSIZE is always 0, since that is the truth.

use aerolite::ae::{EventLoop, Io, Mask, Token};
use aerolite::resp::{Limits, Parser, Progress, Request};
use mio::net::{TcpListener, TcpStream};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Ipv4Addr;

/// As many as Aerolite reads at a time.
const READ_BYTES: usize = 64 * 1024;

const EVENTS_PER_POLL: usize = 1024;

const ACCEPTS_PER_TURN: usize = 100;

/// How much of a first request may be needed to know its length.
const MAX_FIRST: usize = READ_BYTES;

/// The longest value.
const MAX_VALUE: usize = 16 * 1024 * 1024;

/// The longest reply.
const MAX_REPLY: usize = 2 * MAX_VALUE;

/// Replies that are ready to be sent with one write, if there are more than one in so many bytes.
const READY_BYTES: usize = 1024 * 1024;

/// The most kinds of requests, and of keys, that are told apart.
const MAX_SHAPES: usize = 64;

/// The length of a value that nobody has set.
const DEFAULT_VALUE: usize = 3;

struct Ceiling {
    listener: TcpListener,
    clients: HashMap<Token, Client, foldhash::fast::FixedState>,
    known: Known,
    scratch: Vec<u8>,
}

/// What first requests have told.
#[derive(Default)]
struct Known {
    shapes: Vec<Shape>,
    /// How long the values are, by the letters that their keys begin with.
    values: HashMap<Vec<u8>, usize>,
}

struct Client {
    stream: TcpStream,
    /// What has come of the first request.
    first: Vec<u8>,
    /// Which of the shapes its requests have, once it is known.
    shape: Option<usize>,
    /// Bytes of a request whose end has not come.
    partial: usize,
    /// Bytes of replies that have not been sent. The last of them ends a reply.
    due: usize,
}

/// What a connection's requests are like.
struct Shape {
    request_bytes: usize,
    reply_bytes: usize,
    /// The reply, over and over.
    replies: Vec<u8>,
}

/// Serves on the port that follows `--port`, any free one for 0, until the process is killed. Its
/// first line on the standard output is the address.
pub fn run(arguments: &[String]) -> io::Result<()> {
    let flag = arguments.iter().position(|word| word == "--port");
    let port = flag.and_then(|flag| arguments.get(flag + 1)?.parse::<u16>().ok());
    let Some(port) = port else {
        let text = "the ceiling needs --port and a number";
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port).into())?;
    println!("{}", listener.local_addr()?);
    serve(listener)
}

/// Serves whoever connects there.
pub fn serve(mut listener: TcpListener) -> io::Result<()> {
    let mut event_loop = EventLoop::new(EVENTS_PER_POLL)?;
    event_loop.create_file_event(&mut listener, Mask::READABLE, accept)?;
    let mut ceiling = Ceiling {
        listener,
        clients: HashMap::default(),
        known: Known::default(),
        scratch: vec![0; READ_BYTES],
    };
    event_loop.run(&mut ceiling)
}

fn accept(event_loop: &mut EventLoop<Ceiling>, ceiling: &mut Ceiling, _: Token) -> Io {
    for _ in 0..ACCEPTS_PER_TURN {
        let mut stream = match ceiling.listener.accept() {
            Ok((stream, _)) => stream,
            Err(_) => return Io::Drained,
        };
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        if let Ok(token) = event_loop.create_file_event(&mut stream, Mask::READABLE, read) {
            let client = Client {
                stream,
                first: Vec::new(),
                shape: None,
                partial: 0,
                due: 0,
            };
            ceiling.clients.insert(token, client);
        }
    }
    Io::More
}

fn read(event_loop: &mut EventLoop<Ceiling>, ceiling: &mut Ceiling, token: Token) -> Io {
    let Ceiling {
        clients,
        known,
        scratch,
        ..
    } = ceiling;
    let Some(client) = clients.get_mut(&token) else {
        return Io::Drained;
    };
    let read = match client.stream.read(scratch) {
        Ok(read) if read > 0 => read,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
        Err(error) if error.kind() == ErrorKind::Interrupted => return Io::More,
        _ => return close(event_loop, ceiling, token),
    };
    if client.shape.is_none() && !client.learn(known, &scratch[..read]) {
        return close(event_loop, ceiling, token);
    }
    if client.answer(&known.shapes, read).is_err() {
        return close(event_loop, ceiling, token);
    }
    if client.due > 0 {
        event_loop.unset_file_event(token, Mask::READABLE);
        event_loop.set_file_event(token, Mask::WRITABLE, write);
        return Io::More;
    }
    if read < scratch.len() && !event_loop.hangup_hinted(token) {
        Io::Drained
    } else {
        Io::More
    }
}

/// Goes on sending to who did not take all replies at once.
fn write(event_loop: &mut EventLoop<Ceiling>, ceiling: &mut Ceiling, token: Token) -> Io {
    let Some(client) = ceiling.clients.get_mut(&token) else {
        return Io::Drained;
    };
    if client.send(&ceiling.known.shapes).is_err() {
        return close(event_loop, ceiling, token);
    }
    if client.due > 0 {
        return Io::Drained;
    }
    event_loop.unset_file_event(token, Mask::WRITABLE);
    event_loop.set_file_event(token, Mask::READABLE, read);
    Io::More
}

fn close(event_loop: &mut EventLoop<Ceiling>, ceiling: &mut Ceiling, token: Token) -> Io {
    if let Some(mut client) = ceiling.clients.remove(&token) {
        // Dropping the stream ends what the kernel may still know of it.
        let _ = event_loop.delete_file_event(token, &mut client.stream);
    }
    Io::Drained
}

impl Client {
    /// Finds out what this connection's requests are like; `false` when that cannot be.
    fn learn(&mut self, known: &mut Known, received: &[u8]) -> bool {
        self.partial = self.first.len();
        self.first.extend_from_slice(received);
        let limits = Limits {
            max_bulk_len: MAX_VALUE,
            ..Limits::default()
        };
        let mut parser = Parser::new();
        let mut progress = parser.parse(&self.first, &limits);
        if progress == Ok(Progress::Big) {
            // Of a long value only the length matters, so its end is made up.
            let missing = parser.big_mut().map_or(0, |value| value.missing);
            self.first.resize(self.first.len() + missing, b'x');
            self.first.extend_from_slice(b"\r\n");
            parser = Parser::new();
            progress = parser.parse(&self.first, &limits);
        }
        match progress {
            Ok(Progress::Complete { len }) => {
                let reply = known.reply_to(&parser.request(&self.first));
                self.shape = known.shape(len, &reply);
                self.first = Vec::new();
                self.shape.is_some()
            }
            Ok(Progress::Incomplete) => self.first.len() <= MAX_FIRST,
            Ok(Progress::Big) | Err(_) => false,
        }
    }

    /// Replies to every request that is complete with these bytes.
    fn answer(&mut self, shapes: &[Shape], received: usize) -> io::Result<()> {
        let Some(shape) = self.shape.map(|shape| &shapes[shape]) else {
            return Ok(());
        };
        let bytes = self.partial + received;
        self.partial = bytes % shape.request_bytes;
        self.due += bytes / shape.request_bytes * shape.reply_bytes;
        self.send(shapes)
    }

    /// Sends as much of what is due as the socket takes.
    fn send(&mut self, shapes: &[Shape]) -> io::Result<()> {
        let Some(shape) = self.shape.map(|shape| &shapes[shape]) else {
            return Ok(());
        };
        while self.due > 0 {
            let replies = shape.replies_from(self.due);
            match self.stream.write(replies) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => self.due -= sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Shape {
    /// What goes out next when so many bytes are due: from within a reply if its beginning is sent.
    fn replies_from(&self, due: usize) -> &[u8] {
        let sent = (self.reply_bytes - due % self.reply_bytes) % self.reply_bytes;
        let replies = &self.replies[sent..];
        &replies[..replies.len().min(due)]
    }
}

impl Known {
    fn reply_to(&mut self, request: &Request<'_>) -> Vec<u8> {
        let argument = |i| request.get(i).unwrap_or_default();
        let name = argument(0).to_ascii_uppercase();
        match (name.as_slice(), request.len()) {
            (b"GET", 2) => self.value(argument(1)),
            (b"MGET", 2..) => {
                let mut reply = format!("*{}\r\n", request.len() - 1).into_bytes();
                for i in 1..request.len() {
                    // One that is too long is not sent, so nothing is lost by what is missing.
                    if reply.len() <= MAX_REPLY {
                        reply.extend(self.value(argument(i)));
                    }
                }
                reply
            }
            (b"SET", 3) => {
                self.set(argument(1), argument(2).len());
                b"+OK\r\n".to_vec()
            }
            (b"MSET", 3..) => b"+OK\r\n".to_vec(),
            (b"INCR", 2) => b":1000000\r\n".to_vec(),
            (b"PING", 1) => b"+PONG\r\n".to_vec(),
            (b"DBSIZE", 1) => b":0\r\n".to_vec(),
            _ => b"-ERR the ceiling knows GET, SET, MGET, MSET, INCR, PING and DBSIZE\r\n".to_vec(),
        }
    }

    fn set(&mut self, key: &[u8], value_bytes: usize) {
        if self.values.len() < MAX_SHAPES || self.values.contains_key(letters(key)) {
            self.values.insert(letters(key).to_vec(), value_bytes);
        }
    }

    /// As a reply.
    fn value(&self, key: &[u8]) -> Vec<u8> {
        let bytes = self.values.get(letters(key)).unwrap_or(&DEFAULT_VALUE);
        format!("${bytes}\r\n{}\r\n", "x".repeat(*bytes)).into_bytes()
    }

    /// The number of this shape, a new one if need be; `None` when there are too many.
    fn shape(&mut self, request_bytes: usize, reply: &[u8]) -> Option<usize> {
        let is_it = |shape: &Shape| {
            shape.request_bytes == request_bytes
                && shape.reply_bytes == reply.len()
                && shape.replies.starts_with(reply)
        };
        if let Some(known) = self.shapes.iter().position(is_it) {
            return Some(known);
        }
        if self.shapes.len() == MAX_SHAPES || request_bytes == 0 || reply.len() > MAX_REPLY {
            return None;
        }
        self.shapes.push(Shape {
            request_bytes,
            reply_bytes: reply.len(),
            replies: reply.repeat((READY_BYTES / reply.len()).max(1)),
        });
        Some(self.shapes.len() - 1)
    }
}

/// What a key begins with, up to its first digit.
fn letters(key: &[u8]) -> &[u8] {
    let end = key.iter().position(u8::is_ascii_digit);
    &key[..end.unwrap_or(key.len())]
}
