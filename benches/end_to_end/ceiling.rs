//! The ceiling: what a server costs that does nothing with its requests.
//!
//! It is on the same event loop, reads and writes the same bytes, and knows nothing: the first
//! request of a connection tells how long a request is and what the answer looks like, and from
//! then on bytes are counted. No parsing, no table, no statistics. What it takes is the kernel's, so
//! the distance to it is all that a server could still save.
//!
//! ```text
//! cargo bench --bench end_to_end -- --ceiling 7003
//! redis-benchmark -p 7003 -t set,get,incr,ping -c 50 -P 16 -r 100000      requests of one length each
//! ```

use aerolite::ae::{EventLoop, Io, Mask, Token};
use aerolite::resp::{Limits, Parser, Progress, Request};
use mio::net::{TcpListener, TcpStream};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};

/// As many as Aerolite reads at a time.
const READ_BYTES: usize = 64 * 1024;

const EVENTS_PER_POLL: usize = 1024;

const ACCEPTS_PER_TURN: usize = 100;

/// The longest first request.
const MAX_REQUEST: usize = READ_BYTES;

/// The most kinds of requests that are told apart.
const MAX_SHAPES: usize = 64;

struct Ceiling {
    listener: TcpListener,
    clients: HashMap<Token, Client, foldhash::fast::FixedState>,
    shapes: Vec<Shape>,
    scratch: Vec<u8>,
}

struct Client {
    stream: TcpStream,
    /// What has come of the first request.
    first: Vec<u8>,
    /// Which of the shapes its requests have, once it is known.
    shape: Option<usize>,
    /// Bytes of a request whose end has not come.
    partial: usize,
    unsent: Vec<u8>,
}

/// What a connection's requests are like.
struct Shape {
    request_bytes: usize,
    reply: &'static [u8],
    /// The reply, as often as one read can ask for it.
    replies: Vec<u8>,
}

/// Serves on this port, any free one for 0, until the process is killed. Its first line on the
/// standard output is the address.
pub fn serve(port: u16) -> io::Result<()> {
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port).into())?;
    println!("{}", listener.local_addr()?);
    let mut event_loop = EventLoop::new(EVENTS_PER_POLL)?;
    event_loop.create_file_event(&mut listener, Mask::READABLE, accept)?;
    let mut ceiling = Ceiling {
        listener,
        clients: HashMap::default(),
        shapes: Vec::new(),
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
                unsent: Vec::new(),
            };
            ceiling.clients.insert(token, client);
        }
    }
    Io::More
}

fn read(event_loop: &mut EventLoop<Ceiling>, ceiling: &mut Ceiling, token: Token) -> Io {
    let Ceiling {
        clients,
        shapes,
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
    if client.shape.is_none() && !client.learn(shapes, &scratch[..read]) {
        return close(event_loop, ceiling, token);
    }
    if client.answer(shapes, read).is_err() {
        return close(event_loop, ceiling, token);
    }
    if !client.unsent.is_empty() {
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
    match client.stream.write(&client.unsent) {
        Ok(sent) => drop(client.unsent.drain(..sent)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Io::Drained,
        Err(error) if error.kind() == ErrorKind::Interrupted => return Io::More,
        Err(_) => return close(event_loop, ceiling, token),
    }
    if client.unsent.is_empty() {
        event_loop.unset_file_event(token, Mask::WRITABLE);
        event_loop.set_file_event(token, Mask::READABLE, read);
    }
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
    fn learn(&mut self, shapes: &mut Vec<Shape>, received: &[u8]) -> bool {
        self.first.extend_from_slice(received);
        let mut parser = Parser::new();
        match parser.parse(&self.first, &Limits::default()) {
            Ok(Progress::Complete { len }) => {
                let reply = reply_to(&parser.request(&self.first));
                self.shape = shape(shapes, len, reply);
                self.partial = self.first.len() - received.len();
                self.first = Vec::new();
                self.shape.is_some()
            }
            Ok(Progress::Incomplete) => self.first.len() <= MAX_REQUEST,
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
        let replies = &shape.replies[..bytes / shape.request_bytes * shape.reply.len()];
        if replies.is_empty() {
            return Ok(());
        }
        let sent = match self.stream.write(replies) {
            Ok(sent) => sent,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        self.unsent.extend_from_slice(&replies[sent..]);
        Ok(())
    }
}

fn reply_to(request: &Request<'_>) -> &'static [u8] {
    let name = request.get(0).unwrap_or_default().to_ascii_uppercase();
    match name.as_slice() {
        b"GET" => b"$3\r\nxxx\r\n",
        b"SET" => b"+OK\r\n",
        b"INCR" => b":1000000\r\n",
        b"PING" => b"+PONG\r\n",
        _ => b"-ERR the ceiling knows GET, SET, INCR and PING\r\n",
    }
}

/// The number of this shape, a new one if need be; `None` when there are too many.
fn shape(shapes: &mut Vec<Shape>, request_bytes: usize, reply: &'static [u8]) -> Option<usize> {
    let is_it = |shape: &Shape| shape.request_bytes == request_bytes && shape.reply == reply;
    if let Some(known) = shapes.iter().position(is_it) {
        return Some(known);
    }
    if shapes.len() == MAX_SHAPES || request_bytes == 0 {
        return None;
    }
    // A read may complete a request that began in reads before it, hence one more.
    let most = (READ_BYTES + MAX_REQUEST) / request_bytes + 1;
    shapes.push(Shape {
        request_bytes,
        reply,
        replies: reply.repeat(most),
    });
    Some(shapes.len() - 1)
}
