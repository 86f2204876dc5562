//! A client that knows bytes and nothing else. It remembers what it has sent since the last reply that was right, so that
//! whatever goes wrong can be reported whole.
//!
//! `tests/common/client.rs` parses replies into values and fails in the terms of our tests. A learner's server writes what is
//! no reply at all; it has to be shown byte for byte, so nothing here depends on what is parsed.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use super::chapters::{BLOCKING, WORKSHOP};
use super::report::{Topic, shown};
use super::{SLOW, silence};

/// No connection and no reply may take longer, and no write; where nothing comes at all, `silence.rs` has less for the next.
pub const LIMIT: Duration = Duration::from_secs(5);
/// Nor may it take longer until all of very many replies have come.
const ALL_LIMIT: Duration = Duration::from_secs(60);
/// So long all late replies of a connection may take together, unless the lesson says otherwise. Each for itself is in time:
/// a server that sleeps for a second before each of a thousand replies would hold the test for a quarter of an hour.
pub const PATIENCE: Duration = ALL_LIMIT;
/// When something wrong has come, so long is waited for the rest of it.
const REST_OF_WRONG: Duration = Duration::from_millis(100);
/// So long nothing may come where nothing is expected.
const SILENCE: Duration = Duration::from_millis(50);
/// The most that is read at once.
const READ_SIZE: usize = 64 * 1024;
/// Of more pieces than this only the first and the last are shown.
const PIECES_SHOWN: usize = 6;

/// What to do when nobody listens; a hint of the lesson would be about something else.
const NOBODY_LISTENS: &str = "start your server in a terminal of its own. If it did run, an earlier lesson has ended it: its last words are in \
    that terminal";
/// What to do when the replies are right and late; a hint of the lesson would be about something else.
const LATE: &str = "nothing may sleep in the thread that serves, no command and no timer: note what is to happen later (at a key's \
    deadline, say), answer at once, and let the wait for the sockets end in time";
/// A server that has ended closes its connections and its listener one after the other.
const ENDING: Duration = Duration::from_millis(50);

/// One connection.
pub struct Client {
    stream: TcpStream,
    addr: SocketAddr,
    topic: Topic,
    scene: String,
    /// What it sent last, ready to be shown.
    did: Vec<String>,
    /// What it sent before that, which was answered as it should be.
    before: String,
    /// How many right replies to that have come.
    right: usize,
    /// What has been read and not yet been compared.
    came: Vec<u8>,
    ended: Option<End>,
    /// How long the late replies have taken together, and how long they may.
    late: Duration,
    patience: Duration,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Closed,
    Reset(ErrorKind),
}

impl End {
    fn text(self) -> String {
        match self {
            End::Closed => "the server closed the connection".to_string(),
            End::Reset(kind) => format!("the connection broke: {kind}"),
        }
    }
}

/// What came of waiting for bytes.
#[derive(PartialEq, Eq)]
enum Waited {
    Bytes,
    Nothing,
    End,
}

/// A request as clients write it: an array of bulk strings.
pub fn request<A: AsRef<[u8]>>(args: &[A]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        bytes.extend(bulk(arg));
    }
    bytes
}

/// A bulk string.
pub fn bulk(content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut bytes = format!("${}\r\n", content.len()).into_bytes();
    bytes.extend_from_slice(content);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

impl Client {
    #[track_caller]
    pub fn connect(addr: SocketAddr, topic: Topic, scene: &str) -> Client {
        let stream = match Client::try_connect(addr) {
            Ok(stream) => stream,
            Err(error) => {
                let topic = match error.kind() {
                    ErrorKind::ConnectionRefused => Topic {
                        hint: NOBODY_LISTENS,
                        read: WORKSHOP,
                        ..topic
                    },
                    _ => topic,
                };
                let came = match error.kind() {
                    ErrorKind::ConnectionRefused => format!("nobody listens on {addr}"),
                    ErrorKind::TimedOut => waited_in_vain(addr),
                    _ => error.to_string(),
                };
                topic.fail(
                    scene,
                    &format!("(a connection to {addr})"),
                    "it is accepted",
                    &came,
                )
            }
        };
        Client {
            stream,
            addr,
            topic,
            scene: scene.to_string(),
            did: Vec::new(),
            before: String::new(),
            right: 0,
            came: Vec::new(),
            ended: None,
            late: Duration::ZERO,
            patience: PATIENCE,
        }
    }

    fn try_connect(addr: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&addr, silence::limit(addr))?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(LIMIT))?;
        Ok(stream)
    }

    /// What else is going on, for the report.
    pub fn scene(&mut self, scene: &str) {
        self.scene = scene.to_string();
    }

    /// What most often is the reason for what has been seen by now, in place of the lesson's own hint.
    pub fn hint(&mut self, hint: &'static str) {
        self.topic.hint = hint;
    }

    /// So long all late replies that come from now on may take together.
    pub fn patience(&mut self, patience: Duration) {
        self.late = Duration::ZERO;
        self.patience = patience;
    }

    /// Says what it did, for the report, in place of what was sent.
    pub fn tell(&mut self, what: &str) {
        self.did = vec![what.to_string()];
        self.before.clear();
        self.right = 0;
    }

    /// What it sends next is shown without that which has been answered.
    fn note(&mut self, what: String) {
        if self.right > 0 {
            self.before = joined(&self.did);
            self.did.clear();
            self.right = 0;
        }
        self.did.push(what);
    }

    // ---- sending ----

    /// Sends bytes as they are.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.note(shown(bytes));
        if let Err(error) = self.stream.write_all(bytes) {
            let came = match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                    format!("the server took nothing for {LIMIT:?}")
                }
                _ => format!("{error}, after {}{}", shown(&self.came), self.is_gone()),
            };
            self.fail("the server reads it", &came);
        }
    }

    /// Sends bytes to a server that may have closed the connection, or may not read; how many it has taken.
    pub fn offer(&mut self, bytes: &[u8], limit: Duration) -> usize {
        self.note(shown(bytes));
        let began = Instant::now();
        let mut sent = 0;
        let _ = self
            .stream
            .set_write_timeout(Some(limit.max(Duration::from_millis(1))));
        while sent < bytes.len() && began.elapsed() < limit {
            match self.stream.write(&bytes[sent..]) {
                Ok(some) if some > 0 => sent += some,
                _ => break,
            }
        }
        let _ = self.stream.set_write_timeout(Some(LIMIT));
        sent
    }

    /// Sends a request.
    #[track_caller]
    pub fn send_request<A: AsRef<[u8]>>(&mut self, args: &[A]) {
        self.send(request(args));
    }

    /// Lets some time pass, so that what was sent before arrives on its own.
    pub fn pause(&mut self, lasting: Duration) {
        self.note(format!("({} ms later)", lasting.as_millis()));
        thread::sleep(lasting);
    }

    /// Sends bytes one after the other.
    #[track_caller]
    pub fn send_byte_by_byte(&mut self, bytes: &[u8], between: Duration) {
        for byte in bytes {
            self.send([*byte]);
            thread::sleep(between);
        }
        self.tell(&format!("{}   (byte by byte)", shown(bytes)));
    }

    /// Shuts the writing half: it will say nothing more, and still listens.
    pub fn finish(&mut self) {
        self.note("(and no more: it shuts its writing half)".to_string());
        // A connection that is gone shows at the next read.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Ends the connection with a reset: what is under way is thrown away.
    pub fn reset(self) {
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// Asks the kernel for a small buffer, so that a client that does not read is noticed early.
    pub fn take_little(&self) {
        let _ = socket2::SockRef::from(&self.stream).set_recv_buffer_size(32 * 1024);
    }

    // ---- receiving ----

    /// Sends a request and wants exactly this reply.
    #[track_caller]
    pub fn ask<A: AsRef<[u8]>>(&mut self, args: &[A], reply: impl AsRef<[u8]>) {
        self.send_request(args);
        self.expect(reply);
    }

    /// Wants exactly these bytes next.
    #[track_caller]
    pub fn expect(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let (began, limit) = (Instant::now(), self.limit());
        while self.came.len() < expected.len() && expected.starts_with(&self.came) {
            if self.wait(limit) != Waited::Bytes {
                break;
            }
        }
        if !self.came.starts_with(expected) {
            self.read_the_rest();
            let came = self.what_came(expected);
            self.fail(&shown(expected), &came);
        }
        self.came.drain(..expected.len());
        self.count_right(began);
    }

    /// Sends a request and wants an integer in a range; gives it.
    #[track_caller]
    pub fn ask_integer<A: AsRef<[u8]>>(&mut self, args: &[A], range: RangeInclusive<i64>) -> i64 {
        self.send_request(args);
        self.take_integer(range)
    }

    /// Wants an integer in a range next; gives it.
    #[track_caller]
    pub fn take_integer(&mut self, range: RangeInclusive<i64>) -> i64 {
        let (began, limit) = (Instant::now(), self.limit());
        while !self.came.contains(&b'\n') && self.wait(limit) == Waited::Bytes {}
        let line = self.came.split_inclusive(|byte| *byte == b'\n').next();
        let line = line.unwrap_or_default().to_vec();
        let number = line
            .strip_prefix(b":")
            .and_then(|rest| rest.strip_suffix(b"\r\n"))
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        match number {
            Some(number) if range.contains(&number) => {
                self.came.drain(..line.len());
                self.count_right(began);
                number
            }
            _ => {
                self.read_the_rest();
                let came = self.what_came(b"");
                let expected = match (*range.start(), *range.end()) {
                    (low, i64::MAX) => format!("an integer, {low} or more, as :{low}\\r\\n"),
                    (low, high) => format!("an integer from {low} to {high}, as :{high}\\r\\n"),
                };
                self.fail(&expected, &came)
            }
        }
    }

    /// A right reply has come, which has been waited for since then.
    #[track_caller]
    fn count_right(&mut self, began: Instant) {
        self.right += 1;
        let took = began.elapsed();
        if took > SLOW {
            self.late += took;
        }
        if self.late > self.patience {
            self.topic.hint = LATE;
            self.topic.read = BLOCKING;
            self.fail(
                &format!("each reply soon: after {SLOW:?} it is late"),
                &format!("right replies, the late ones in {:.1?} together", self.late),
            );
        }
    }

    /// Wants the server to have nothing more to say.
    #[track_caller]
    pub fn expect_nothing_more(&mut self) {
        self.wait(Instant::now() + SILENCE);
        if !self.came.is_empty() || self.ended.is_some() {
            let came = self.what_came(b"");
            self.fail("nothing more: each request has one reply", &came);
        }
    }

    /// Wants the server to close the connection, without another byte.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        let limit = self.limit();
        if self.came.is_empty() {
            self.wait(limit);
        }
        if self.ended.is_none() || !self.came.is_empty() {
            let came = self.what_came(b"");
            self.fail("the server closes the connection", &came);
        }
    }

    /// Wants these bytes, in full or as far as the server goes until it closes the connection; whether they came in full.
    #[track_caller]
    pub fn expect_all_or_end(&mut self, expected: &[u8]) -> bool {
        let (mut at, began) = (0, Instant::now());
        while at < expected.len() && began.elapsed() < ALL_LIMIT {
            if self.came.is_empty() && self.wait(self.limit()) != Waited::Bytes {
                break;
            }
            let some = self.came.len().min(expected.len() - at);
            if self.came[..some] != expected[at..at + some] {
                let wanted = shown(&expected[at..at + some]);
                let came = format!("{} after {at} right bytes", shown(&self.came[..some]));
                self.fail(&wanted, &came);
            }
            self.came.drain(..some);
            at += some;
        }
        if at < expected.len() && self.ended.is_none() {
            let wanted = format!(
                "{} bytes of replies, or the end of the connection",
                expected.len()
            );
            let came = format!(
                "{at} of these bytes in {:.0?}, then nothing",
                began.elapsed()
            );
            self.fail(&wanted, &came);
        }
        at == expected.len()
    }

    /// Reads a little, however little is there.
    pub fn sip(&mut self, most: usize) -> usize {
        let before = self.came.len();
        self.wait_for(self.limit(), most);
        self.came.len() - before
    }

    /// Until when a reply may come that is wanted now.
    fn limit(&self) -> Instant {
        Instant::now() + silence::limit(self.addr)
    }

    fn wait(&mut self, limit: Instant) -> Waited {
        self.wait_for(limit, READ_SIZE)
    }

    /// Reads once, at most until the limit.
    fn wait_for(&mut self, limit: Instant, most: usize) -> Waited {
        if self.ended.is_some() {
            return Waited::End;
        }
        let mut bytes = vec![0; most];
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Waited::Nothing;
            }
            let asked = self.stream.set_read_timeout(Some(left));
            match asked.and_then(|()| self.stream.read(&mut bytes)) {
                Ok(0) => self.ended = Some(End::Closed),
                Ok(some) => {
                    silence::note_life(self.addr);
                    self.came.extend_from_slice(&bytes[..some]);
                    return Waited::Bytes;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Waited::Nothing;
                }
                Err(error) => self.ended = Some(End::Reset(error.kind())),
            }
            return Waited::End;
        }
    }

    /// So that a wrong reply is shown in full.
    fn read_the_rest(&mut self) {
        let limit = Instant::now() + REST_OF_WRONG;
        if !self.came.is_empty() {
            while self.wait(limit) == Waited::Bytes {}
        }
    }

    /// What came, in words, when `expected` was wanted.
    fn what_came(&self, expected: &[u8]) -> String {
        let end = match self.ended {
            Some(end) => end.text() + self.is_gone(),
            None if self.came.is_empty() => waited_in_vain(self.addr),
            None => format!("nothing within {LIMIT:?}"),
        };
        if self.came.is_empty() {
            return end;
        }
        let came = shown(&self.came);
        let is_cut = !expected.is_empty() && expected.starts_with(&self.came);
        if is_cut || self.ended.is_some() {
            format!("{came}   and then {end}")
        } else {
            came
        }
    }

    // ---- reporting ----

    /// Ends the test with a report of what was sent last.
    #[track_caller]
    pub fn fail(&self, expected: &str, came: &str) -> ! {
        self.topic.fail(&self.scene, &self.sent(), expected, came)
    }

    /// A server that closes this connection, or one that has ended as a whole: that is what the reader has to know first.
    fn is_gone(&self) -> &'static str {
        thread::sleep(ENDING);
        match TcpStream::connect_timeout(&self.addr, LIMIT) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                "\nand nobody listens any more: the server has ended, its last words are in its terminal"
            }
            _ => "",
        }
    }

    fn sent(&self) -> String {
        let also = match self.right {
            // A scene says it in words.
            0 if self.before.is_empty() || !self.scene.is_empty() => String::new(),
            0 => format!("\n(before that, answered rightly: {})", self.before),
            1 => "\n(one right reply has come)".to_string(),
            many => format!("\n({many} right replies have come)"),
        };
        joined(&self.did) + &also
    }
}

/// What came of a server that was waited for in vain: said, and remembered for the lessons after this one.
fn waited_in_vain(addr: SocketAddr) -> String {
    let waited = silence::limit(addr);
    silence::note_silence(addr);
    silence::nothing_within(waited)
}

/// What was sent, in one line.
fn joined(pieces: &[String]) -> String {
    if pieces.is_empty() {
        return "(nothing)".to_string();
    }
    if pieces.len() <= PIECES_SHOWN {
        return pieces.join("   ");
    }
    let first = pieces[..3].join("   ");
    format!(
        "{first}   ... {} in all ...   {}",
        pieces.len(),
        pieces[pieces.len() - 1]
    )
}
