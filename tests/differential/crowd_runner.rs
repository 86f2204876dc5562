//! Sends the steps of a crowd to both servers, and after each of them compares all that has come to any client.
//!
//! ```text
//!   a step      [2] SET k v     to both servers, in one write
//!   the usher   PING, PING, PING: when the last one is answered, whatever the step has caused is written
//!   everybody   reads all there is; on both sides it has to be the same
//! ```
//!
//! The two give clients other addresses, so those are replaced by serial numbers of the same length; ids are made the same
//! by letting the server that is behind see some clients more. The usher has a user of its own, so that nothing that
//! happens to the others keeps it from its work.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::crowd::CROWD;
use super::crowd_rules::{self, Seen};
use super::runner::{Difference, Servers};
use super::step::{Request, Step, Work, words};
use super::tally::Tally;
use crate::common::{Conn, Value};

/// So many turns of the server's loop may lie between a request and what it causes: a client that is killed, or that has been
/// waiting, has its turn in the next one.
const TURNS: usize = 3;
/// What is to expire does so in half of it.
const REST: Duration = Duration::from_millis(45);
/// Where the two differ, what is missing may be late.
const LATE: Duration = Duration::from_millis(120);
const LATE_LOOK: Duration = Duration::from_millis(5);
/// How many clients it may take until both servers give the same id.
const ID_ATTEMPTS: usize = 100_000;
/// What a run begins with, and leaves behind.
const CLEAN: &[&str] = &[
    "ACL SETUSER usher reset on nopass +@all ~* &*",
    "AUTH usher any",
    "ACL SETUSER default reset on nopass +@all ~* &*",
    "ACL DELUSER alice bob me",
    "CONFIG SET slowlog-log-slower-than -1",
    "CONFIG SET requirepass any",
    "CONFIG SET requirepass none",
    "ACL SETUSER default nopass",
    "CLIENT UNPAUSE",
    "FLUSHALL",
    "ACL LOG RESET",
    "SLOWLOG RESET",
];

/// What is compared in the end, since much is done by clients that want no replies.
const STATE: &[&str] = &[
    "CLIENT UNPAUSE",
    "ACL LIST",
    "CONFIG GET requirepass",
    "CONFIG GET notify-keyspace-events",
    "PUBSUB NUMPAT",
    "SELECT 1",
    "KEYS *",
    "SELECT 2",
    "KEYS *",
    "SELECT 0",
    "KEYS *",
];

/// Runs the stream on both servers. What was compared, or the first difference.
pub fn run(servers: &Servers, steps: &[Step]) -> Result<Tally, Box<Difference>> {
    let [a, b] = servers.addrs();
    let lost = |error: io::Error| {
        let text = Err(error.to_string());
        Box::new(Difference {
            step: 0,
            sent: steps.len(),
            request: Request::new(words("PING")),
            a: text.clone(),
            b: text,
        })
    };
    let mut crowd = Crowd::gather(a, b).map_err(lost)?;
    let outcome = crowd.play(steps);
    for side in [&mut crowd.a, &mut crowd.b] {
        let _ = side.clean();
    }
    outcome
}

/// A client of one server.
struct Client {
    stream: TcpStream,
    id: i64,
    /// What has come and is not yet compared.
    came: Vec<u8>,
    is_closed: bool,
}

/// All clients of one server.
struct Side {
    addr: SocketAddr,
    usher: Conn,
    clients: Vec<Client>,
    /// Whoever there was: the address and what stands for it.
    addresses: Vec<(String, String)>,
}

struct Crowd {
    a: Side,
    b: Side,
    /// Whether somebody may have waited so far, for a key or for the end of a pause.
    has_waited: bool,
    tally: Tally,
}

impl Side {
    fn open(addr: SocketAddr) -> io::Result<Side> {
        let usher = Conn::try_connect(addr)?;
        let mut side = Side {
            addr,
            usher,
            clients: Vec::new(),
            addresses: Vec::new(),
        };
        side.clean()?;
        side.usher
            .try_cmd(&[b"CONFIG", b"SET", b"notify-keyspace-events", b""])?;
        // Who was here before may not have been noticed to have left.
        let began = Instant::now();
        while side.list()?.lines().count() > 1 && began.elapsed() < LATE {
            thread::sleep(LATE_LOOK);
        }
        let here = side.usher.stream().local_addr()?;
        side.addresses.push((here.to_string(), "usher".into()));
        side.addresses.push((addr.to_string(), "serve".into()));
        Ok(side)
    }

    fn clean(&mut self) -> io::Result<()> {
        for line in CLEAN {
            let args = words(line);
            let slices: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            self.usher.try_cmd(&slices)?;
        }
        self.usher
            .try_cmd(&[b"CONFIG", b"SET", b"notify-keyspace-events", b""])?;
        Ok(())
    }

    fn list(&mut self) -> io::Result<String> {
        match self.usher.try_cmd(&[b"CLIENT", b"LIST"])? {
            Value::Bulk(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
            other => Err(io::Error::other(format!("CLIENT LIST: {other:?}"))),
        }
    }

    /// One client more. Its id is asked of the usher, since it may itself not be allowed to.
    fn connect(&mut self) -> io::Result<Client> {
        let stream = TcpStream::connect(self.addr)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let addr = format!("addr={} ", stream.local_addr()?);
        for _ in 0..TURNS {
            let list = self.list()?;
            let line = list.lines().find(|line| line.contains(&addr));
            let id =
                line.and_then(|line| line.strip_prefix("id=")?.split(' ').next()?.parse().ok());
            if let Some(id) = id {
                return Ok(Client {
                    stream,
                    id,
                    came: Vec::new(),
                    is_closed: false,
                });
            }
        }
        Err(io::Error::other("a new client is not in CLIENT LIST"))
    }

    fn know(&mut self, client: &Client, serial: usize) -> io::Result<()> {
        let address = client.stream.local_addr()?.to_string();
        // An address may come again; the last one counts.
        self.addresses.retain(|(known, _)| *known != address);
        self.addresses.push((address, format!("{serial:05}")));
        Ok(())
    }

    /// Whether a client waits, for a key or for the end of a pause.
    fn waits(&mut self, who: usize) -> io::Result<bool> {
        let id = self.clients[who].id.to_string();
        match self
            .usher
            .try_cmd(&[b"CLIENT", b"LIST", b"ID", id.as_bytes()])?
        {
            Value::Bulk(text) => {
                let line = String::from_utf8_lossy(&text).into_owned();
                let mut words = line.split(' ');
                Ok(words.any(|word| word.starts_with("flags=") && word.contains('b')))
            }
            other => Err(io::Error::other(format!("CLIENT LIST: {other:?}"))),
        }
    }

    /// Until everything that was sent has had its effect.
    fn settle(&mut self) -> io::Result<()> {
        for _ in 0..TURNS {
            self.usher.try_cmd(&[b"PING"])?;
        }
        Ok(())
    }

    fn send(&mut self, who: usize, step: &Step) {
        let mut bytes = Vec::new();
        for request in &step.requests {
            let mut request = request.clone();
            for arg in &mut request.args {
                self.name(arg);
            }
            request.encode(&mut bytes);
        }
        // Where a server has closed, that is seen when it is read.
        let _ = self.clients[who].stream.write_all(&bytes);
    }

    /// Puts in a client's id for `@id2`, its address for `@addr2`, the server's for `@laddr`.
    fn name(&self, arg: &mut Vec<u8>) {
        let of = |prefix: &[u8]| {
            let digits = std::str::from_utf8(arg.strip_prefix(prefix)?).ok()?;
            self.clients.get(digits.parse::<usize>().ok()?)
        };
        if arg == b"@laddr" {
            *arg = self.addr.to_string().into();
        } else if let Some(client) = of(b"@id") {
            *arg = client.id.to_string().into();
        } else if let Some(client) = of(b"@addr") {
            let addr = client.stream.local_addr();
            *arg = addr.map_or_else(|_| b"?".to_vec(), |addr| addr.to_string().into());
        }
    }

    /// Takes what has come to everybody.
    fn look(&mut self) {
        let mut buffer = vec![0; 64 * 1024];
        for client in &mut self.clients {
            loop {
                match client.stream.read(&mut buffer) {
                    Ok(0) => client.is_closed = true,
                    Ok(n) => {
                        client.came.extend_from_slice(&buffer[..n]);
                        continue;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => client.is_closed = true,
                }
                break;
            }
        }
    }
}

impl Crowd {
    fn gather(a: SocketAddr, b: SocketAddr) -> io::Result<Crowd> {
        let mut crowd = Crowd {
            a: Side::open(a)?,
            b: Side::open(b)?,
            has_waited: false,
            tally: Tally::default(),
        };
        for who in 0..CROWD {
            let [a, b] = crowd.two(who)?;
            crowd.a.clients.push(a);
            crowd.b.clients.push(b);
        }
        Ok(crowd)
    }

    /// A client of each server, both with the same id.
    fn two(&mut self, serial: usize) -> io::Result<[Client; 2]> {
        let (mut a, mut b) = (self.a.connect()?, self.b.connect()?);
        for _ in 0..ID_ATTEMPTS {
            match a.id.cmp(&b.id) {
                std::cmp::Ordering::Less => a = self.a.connect()?,
                std::cmp::Ordering::Greater => b = self.b.connect()?,
                std::cmp::Ordering::Equal => {
                    self.a.know(&a, serial)?;
                    self.b.know(&b, serial)?;
                    return Ok([a, b]);
                }
            }
        }
        Err(io::Error::other("the servers never give the same id"))
    }

    fn play(&mut self, steps: &[Step]) -> Result<Tally, Box<Difference>> {
        let mut serial = CROWD;
        for (index, step) in steps.iter().enumerate() {
            let differs = |what: (String, String)| {
                Box::new(Difference {
                    step: index,
                    sent: index + 1,
                    request: step.requests[0].clone(),
                    a: Err(what.0),
                    b: Err(what.1),
                })
            };
            self.take(step).map_err(|error| {
                let text = error.to_string();
                differs((text.clone(), text))
            })?;
            self.compare(step).map_err(differs)?;
            for who in 0..CROWD {
                if self.a.clients[who].is_closed {
                    let [a, b] = self.two(serial).map_err(|error| {
                        let text = error.to_string();
                        differs((text.clone(), text))
                    })?;
                    serial += 1;
                    (self.a.clients[who], self.b.clients[who]) = (a, b);
                }
            }
        }
        self.compare_state(steps)?;
        Ok(std::mem::take(&mut self.tally))
    }

    /// Whether the same is left in both servers.
    fn compare_state(&mut self, steps: &[Step]) -> Result<(), Box<Difference>> {
        for line in STATE {
            let args = words(line);
            let slices: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            let [a, b] = [&mut self.a, &mut self.b].map(|side| {
                let reply = side.usher.try_cmd(&slices);
                reply.map(crowd_rules::state).map_err(|e| e.to_string())
            });
            if a != b {
                return Err(Box::new(Difference {
                    step: steps.len().saturating_sub(1),
                    sent: steps.len(),
                    request: Request::new(args),
                    a,
                    b,
                }));
            }
        }
        Ok(())
    }

    fn take(&mut self, step: &Step) -> io::Result<()> {
        // In which order several clients go on who have waited, and have sent more meanwhile, is not compared.
        let (_, waits) = (
            self.a.waits(step.connection)?,
            self.b.waits(step.connection)?,
        );
        if waits {
            return Ok(());
        }
        let waits = |request: &Request| {
            matches!(request.args[0].as_slice(), [b'B', b'L' | b'R' | b'Z', ..])
        };
        let pauses = |request: &Request| request.args.get(1).is_some_and(|arg| arg == b"PAUSE");
        self.has_waited |= step
            .requests
            .iter()
            .any(|request| waits(request) || pauses(request));
        self.a.send(step.connection, step);
        self.b.send(step.connection, step);
        if step.work == Work::Rest {
            thread::sleep(REST);
        }
        for side in [&mut self.a, &mut self.b] {
            side.settle()?;
            side.look();
        }
        Ok(())
    }

    /// Whether the same has come to everybody; what is late is waited for.
    fn compare(&mut self, step: &Step) -> Result<(), (String, String)> {
        let began = Instant::now();
        loop {
            match self.compare_now(step) {
                Err(_) if began.elapsed() < LATE => thread::sleep(LATE_LOOK),
                outcome => {
                    for side in [&mut self.a, &mut self.b] {
                        side.clients
                            .iter_mut()
                            .for_each(|client| client.came.clear());
                    }
                    return outcome;
                }
            }
            self.a.look();
            self.b.look();
        }
    }

    fn compare_now(&mut self, step: &Step) -> Result<(), (String, String)> {
        let lists = |request: &Request| ["PUBSUB", "EXEC"].contains(&&*request.name());
        let lists = step.requests.iter().any(lists);
        let leaves = |request: &Request| {
            request.name() == "QUIT" || request.args.get(1).is_some_and(|arg| arg == b"KILL")
        };
        let leaves = step.requests.iter().any(leaves);
        // Ours may sleep between two requests of one write, where one has taken long.
        let may_be_cut = self.has_waited || step.requests.len() > 1 || step.work == Work::Rest;
        for who in 0..CROWD {
            let [a, b] = [&self.a, &self.b].map(|side| {
                let client = &side.clients[who];
                let came = crowd_rules::tidy(&client.came, &side.addresses);
                (came, client.is_closed)
            });
            let is_own = who == step.connection;
            // The oracle closes behind a reply, and where none is wanted it never does.
            let is_left = is_own && leaves && a.1 && a.0 == b.0;
            if a == b || is_left {
                if is_own {
                    self.count(step, &a.0);
                }
                continue;
            }
            let [ours, theirs] =
                [&a, &b].map(|(came, is_closed)| Seen::new(came, *is_closed).even(is_own && lists));
            let is_allowed = may_be_cut && ours.tells_all_of(&theirs);
            if ours != theirs && !is_allowed {
                return Err((show(who, &ours), show(who, &theirs)));
            }
        }
        Ok(())
    }

    /// For the tally, one reply for each request will do.
    fn count(&mut self, step: &Step, came: &[u8]) {
        let values = Seen::new(came, false).values;
        let mut replies = values
            .iter()
            .filter(|value| !matches!(value, Value::Push(_)));
        for request in &step.requests {
            if let Some(reply) = replies.next() {
                self.tally.add(request, reply);
            }
        }
    }
}

fn show(who: usize, seen: &Seen) -> String {
    let mut text = format!("client {who} gets");
    for value in &seen.values {
        let _ = match value {
            Value::Bulk(bytes) => write!(text, " \"{}\"", bytes.escape_ascii()),
            other => write!(text, " {other:?}"),
        };
    }
    if !seen.rest.is_empty() {
        let _ = write!(text, " and the bytes {}", seen.rest.escape_ascii());
    }
    if seen.is_closed {
        text.push_str(" and the end");
    }
    text
}
