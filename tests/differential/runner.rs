//! Sends one stream to both servers and says where they first differ.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::generator::Protocol;
use super::limits;
use super::oracle::Oracle;
use super::rules::{self, Pair};
use super::step::{Bytes, CONNECTIONS, Request, Step, Work, words};
use super::tally::Tally;
use crate::common::{Conn, Target, Value, server};

/// A batch is sent whole before a reply is read; below this size both sockets' buffers hold it, so nobody waits for us.
const BATCH_BYTES: usize = 128 * 1024;
/// How long the server is left alone with the first piece of a request.
const PAUSE: Duration = Duration::from_micros(150);
/// A SCAN that has not come to its end after so many calls never will.
const SCAN_CALLS: usize = 10_000;

/// What came, or why nothing did.
pub type Outcome = Result<Value, String>;
/// Falsifies a reply of ours: shows that a wrong server is found.
pub type Tamper = fn(&Request, &mut Value);

/// The first difference of a stream.
#[derive(Debug)]
pub struct Difference {
    /// Index of the step.
    pub step: usize,
    /// Index after the last step that was sent before its replies were read. When a reply is missing, what silenced the
    /// server may be any of these.
    pub sent: usize,
    /// The request within the step.
    pub request: Request,
    /// Ours.
    pub a: Outcome,
    /// The oracle's.
    pub b: Outcome,
}

/// Both servers.
pub struct Servers {
    a: Subject,
    b: Oracle,
    tamper: Option<Tamper>,
    /// Whether ours lets us use DEBUG; a shared server may not.
    debug: bool,
}

/// What is compared with the oracle.
enum Subject {
    Target(Target),
    Oracle(Oracle),
}

impl Subject {
    fn addr(&self) -> SocketAddr {
        match self {
            Subject::Target(target) => target.addr(),
            Subject::Oracle(oracle) => oracle.addr(),
        }
    }
}

impl Servers {
    /// Ours and the oracle; None where there is no oracle.
    pub fn start() -> Option<Servers> {
        let b = Oracle::start(&[])?;
        Some(Servers::of(Subject::Target(server()), b, None))
    }

    /// A given server and an oracle with the same directives.
    pub fn with(target: Target, directives: &[(&str, &str)]) -> Option<Servers> {
        let b = Oracle::start(directives)?;
        Some(Servers::of(Subject::Target(target), b, None))
    }

    /// Two oracles, one of which lies.
    pub fn with_liar(tamper: Tamper) -> Option<Servers> {
        let (a, b) = (Oracle::start(&[])?, Oracle::start(&[])?);
        Some(Servers::of(Subject::Oracle(a), b, Some(tamper)))
    }

    /// Two oracles: what differs then is the stream's fault.
    pub fn of_two_oracles() -> Option<Servers> {
        let (a, b) = (Oracle::start(&[])?, Oracle::start(&[])?);
        Some(Servers::of(Subject::Oracle(a), b, None))
    }

    fn of(a: Subject, b: Oracle, tamper: Option<Tamper>) -> Servers {
        let may_debug =
            Conn::connect(a.addr()).cmd(&["DEBUG", "SLEEP", "0"]) == Value::simple("OK");
        if !may_debug {
            eprintln!("skipped: the server under test does not allow DEBUG");
        }
        Servers {
            a,
            b,
            tamper,
            debug: may_debug,
        }
    }

    /// Where both listen, ours first.
    pub fn addrs(&self) -> [SocketAddr; 2] {
        [self.a.addr(), self.b.addr()]
    }

    /// Whether ours still takes connections.
    pub fn is_alive(&self) -> bool {
        Conn::try_connect(self.a.addr())
            .and_then(|mut conn| conn.try_cmd(&[b"PING"]))
            .is_ok()
    }

    /// Starts ours anew, after a crash.
    pub fn revive(mut self) -> Servers {
        match self.a {
            Subject::Oracle(_) => return self,
            // It may hold the lock that the new one waits for.
            Subject::Target(old) if old.is_shared() || old.pid().is_some() => drop(old),
            // Waiting for the end of a thread that hangs would be for ever.
            Subject::Target(old) => std::mem::forget(old),
        }
        self.a = Subject::Target(server());
        self
    }

    /// Sends the stream to both, on empty databases. What was compared, or the first difference; no reply is waited for
    /// longer than `patience`.
    pub fn run(
        &self,
        steps: &[Step],
        protocol: Protocol,
        patience: Duration,
    ) -> Result<Tally, Box<Difference>> {
        let outcome = self.run_to_the_end(steps, protocol, patience);
        // Whoever uses the servers next finds them as they were.
        for addr in [self.a.addr(), self.b.addr()] {
            let _ = Conn::try_connect(addr).and_then(|mut conn| set_limits(&mut conn));
        }
        outcome
    }

    fn run_to_the_end(
        &self,
        steps: &[Step],
        protocol: Protocol,
        patience: Duration,
    ) -> Result<Tally, Box<Difference>> {
        let mut run = match Run::start(self, protocol, patience) {
            Ok(run) => run,
            Err((side, error)) => return Err(Box::new(no_connection(side, &error))),
        };
        let mut first = 0;
        let mut bytes = 0;
        for (index, step) in steps.iter().enumerate() {
            let size: usize = step
                .requests
                .iter()
                .flat_map(|request| &request.args)
                .map(Vec::len)
                .sum();
            let alone = step.work != Work::Pipeline;
            let is_another = steps[first].connection != step.connection;
            if (alone || is_another || bytes + size > BATCH_BYTES) && first < index {
                run.batch(&steps[first..index], first)?;
                first = index;
                bytes = 0;
            }
            bytes += size;
            if let Work::ScanToTheEnd { cursor } = step.work {
                run.scan(index, step, cursor)?;
            } else if alone || step.ends_batch {
                run.batch(&steps[first..=index], first)?;
                if step.work == Work::Hangup {
                    run.hangup(index, step)?;
                }
            } else {
                continue;
            }
            first = index + 1;
            bytes = 0;
        }
        run.batch(&steps[first..], first)?;
        Ok(run.tally)
    }
}

fn no_connection(side: &str, error: &io::Error) -> Difference {
    let text = format!("{side}: {error}");
    Difference {
        step: 0,
        sent: 0,
        request: Request::new(words("FLUSHALL")),
        a: Err(text.clone()),
        b: Err(text),
    }
}

/// One run of a stream.
struct Run<'s> {
    servers: &'s Servers,
    protocol: Protocol,
    patience: Duration,
    /// The connections to ours, and those to the oracle.
    a: Vec<Conn>,
    b: Vec<Conn>,
    /// The longest batch so far: nothing both servers did in one batch was further apart.
    lag: Duration,
    /// What was compared so far.
    tally: Tally,
}

impl<'s> Run<'s> {
    fn start(
        servers: &'s Servers,
        protocol: Protocol,
        patience: Duration,
    ) -> Result<Run<'s>, (&'static str, io::Error)> {
        let began = Instant::now();
        let open = |addr| -> io::Result<Vec<Conn>> {
            let mut all: Vec<Conn> = (0..CONNECTIONS)
                .map(|_| connect(addr, protocol, patience))
                .collect::<io::Result<_>>()?;
            all[0].try_cmd(&[b"FLUSHALL"])?;
            // Ours may not know all of them yet.
            let _ = set_limits(&mut all[0]);
            Ok(all)
        };
        let a = open(servers.a.addr()).map_err(|error| ("ours", error))?;
        let b = open(servers.b.addr()).map_err(|error| ("redis-server", error))?;
        Ok(Run {
            servers,
            protocol,
            patience,
            a,
            b,
            lag: began.elapsed(),
            tally: Tally::default(),
        })
    }

    fn is_sent(&self, request: &Request) -> bool {
        self.servers.debug || request.name() != "DEBUG"
    }

    /// Sends some steps of one connection to both in the same pieces, reads all replies and compares.
    fn batch(&mut self, steps: &[Step], first: usize) -> Result<(), Box<Difference>> {
        let Some(connection) = steps.first().map(|step| step.connection) else {
            return Ok(());
        };
        let began = Instant::now();
        for (chunk, pause) in self.chunks(steps) {
            // A side that has closed shows when its reply is read.
            for side in [&self.a[connection], &self.b[connection]] {
                let _ = io::Write::write_all(&mut side.stream(), &chunk);
            }
            if pause {
                thread::sleep(PAUSE);
            }
        }
        let mut replies = Vec::new();
        for step in steps {
            let (pairs, lost) = self.replies(step);
            replies.push(pairs);
            if lost {
                break;
            }
        }
        self.lag = self.lag.max(began.elapsed());
        for (index, pairs) in replies.into_iter().enumerate() {
            self.compare(first + index, first + steps.len(), pairs)?;
        }
        Ok(())
    }

    /// Both replies to every request of a step, up to one that a side does not give; true where it ended so.
    fn replies<'r>(&mut self, step: &'r Step) -> (Vec<(&'r Request, Outcome, Outcome)>, bool) {
        let mut pairs = Vec::new();
        for request in &step.requests {
            if request.silent || !self.is_sent(request) {
                continue;
            }
            let mut a = read(&mut self.a[step.connection]);
            if let (Ok(value), Some(tamper)) = (&mut a, self.servers.tamper) {
                tamper(request, value);
            }
            let b = read(&mut self.b[step.connection]);
            let lost = a.is_err() || b.is_err();
            pairs.push((request, a, b));
            if lost {
                return (pairs, true);
            }
        }
        (pairs, false)
    }

    fn compare(
        &mut self,
        step: usize,
        sent: usize,
        pairs: Vec<(&Request, Outcome, Outcome)>,
    ) -> Result<(), Box<Difference>> {
        for (index, (request, a, b)) in pairs.iter().enumerate() {
            let beside = |index: Option<usize>| match index.and_then(|index| pairs.get(index)) {
                Some((_, a, b)) => (a.as_ref().ok(), b.as_ref().ok()),
                None => (None, None),
            };
            let (before_a, before_b) = beside(index.checked_sub(1));
            let (next_a, next_b) = beside(Some(index + 1));
            let same = match (a, b) {
                (Ok(a), Ok(b)) => {
                    self.tally.add(request, b);
                    rules::agree(&Pair {
                        request,
                        a,
                        b,
                        before_a,
                        before_b,
                        next_a,
                        next_b,
                        lag: self.lag,
                    })
                }
                _ => false,
            };
            if !same {
                let request = (*request).clone();
                return Err(Box::new(Difference {
                    step,
                    sent,
                    request,
                    a: a.clone(),
                    b: b.clone(),
                }));
            }
        }
        Ok(())
    }

    /// The bytes of some steps, cut where the steps say; true where the server is left alone with what it has.
    fn chunks(&self, steps: &[Step]) -> Vec<(Vec<u8>, bool)> {
        let mut bytes = Vec::new();
        let mut cuts = Vec::new();
        for step in steps {
            let start = bytes.len();
            let sent = step.requests.iter().filter(|request| self.is_sent(request));
            sent.for_each(|request| request.encode(&mut bytes));
            let size = bytes.len() - start;
            cuts.extend(
                step.cuts
                    .iter()
                    .map(|cut| (start + size * usize::from(cut.at) / 65536, cut.pause)),
            );
        }
        cuts.sort_unstable();
        cuts.push((bytes.len(), false));
        let mut chunks = Vec::new();
        let mut done = 0;
        for (at, pause) in cuts {
            if at > done {
                chunks.push((bytes[done..at].to_vec(), pause));
                done = at;
            }
        }
        chunks
    }

    /// Both have to close now, and say nothing more.
    fn hangup(&mut self, step: usize, of: &Step) -> Result<(), Box<Difference>> {
        let last = |conn: &mut Conn| match conn.try_read_value() {
            Ok(value) => Ok(value),
            Err(error) if is_end(&error) => Err("closed".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let at = of.connection;
        let (a, b) = (last(&mut self.a[at]), last(&mut self.b[at]));
        if a != b || a.is_ok() {
            let request = of.requests[0].clone();
            return Err(Box::new(Difference {
                step,
                sent: step + 1,
                request,
                a,
                b,
            }));
        }
        let again = |addr| connect(addr, self.protocol, self.patience);
        let servers = self.servers;
        match (again(servers.a.addr()), again(servers.b.addr())) {
            (Ok(a), Ok(b)) => (self.a[at], self.b[at]) = (a, b),
            (Err(error), _) => return Err(Box::new(no_connection("ours", &error))),
            (_, Err(error)) => return Err(Box::new(no_connection("redis-server", &error))),
        }
        Ok(())
    }

    /// Iterates on both sides, each with its own cursors, and compares what there was.
    fn scan(&mut self, step: usize, of: &Step, cursor: usize) -> Result<(), Box<Difference>> {
        let request = of.requests[0].clone();
        let (a, b) = (
            scan_all(&mut self.a[of.connection], &request.args, cursor),
            scan_all(&mut self.b[of.connection], &request.args, cursor),
        );
        if let (Ok(ours), Ok(theirs)) = (&a, &b)
            && rules::same_numbers(&request, ours, theirs)
        {
            self.tally.add(&request, theirs);
            return Ok(());
        }
        Err(Box::new(Difference {
            step,
            sent: step + 1,
            request,
            a,
            b,
        }))
    }
}

fn connect(addr: SocketAddr, protocol: Protocol, patience: Duration) -> io::Result<Conn> {
    let mut conn = Conn::try_connect(addr)?;
    conn.stream().set_read_timeout(Some(patience))?;
    if protocol == Protocol::Resp3 {
        conn.try_cmd(&[b"HELLO", b"3"])?;
    }
    Ok(conn)
}

fn read(conn: &mut Conn) -> Outcome {
    conn.try_read_value().map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no reply in time".to_owned(),
        _ => error.to_string(),
    })
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
    )
}

/// All that a whole iteration gives, sorted and each once; or the first error reply. `args` are those of the first call.
fn scan_all(conn: &mut Conn, args: &[Bytes], cursor: usize) -> Outcome {
    let size = match args[0].as_slice() {
        b"HSCAN" | b"ZSCAN" => 2,
        _ => 1,
    };
    let mut args = args.to_vec();
    let mut found = BTreeSet::new();
    for _ in 0..SCAN_CALLS {
        let slices: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let reply = conn.try_cmd(&slices).map_err(|error| error.to_string())?;
        args[cursor] = match reply {
            Value::Array(mut parts) if parts.len() == 2 => match (parts.remove(0), parts.remove(0))
            {
                (Value::Bulk(next), Value::Array(page)) => {
                    found.extend(page.chunks(size).map(<[Value]>::to_vec));
                    next
                }
                other => return Err(format!("not a page of a scan: {other:?}")),
            },
            other => return Ok(other),
        };
        if args[cursor] == b"0" {
            return Ok(Value::Array(found.into_iter().flatten().collect()));
        }
    }
    Err(format!("the cursor was never 0 in {SCAN_CALLS} calls"))
}

fn set_limits(conn: &mut Conn) -> io::Result<()> {
    for (name, value) in limits::DEFAULTS {
        conn.try_cmd(&[b"CONFIG", b"SET", name.as_bytes(), value.as_bytes()])?;
    }
    Ok(())
}
