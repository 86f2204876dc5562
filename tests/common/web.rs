//! The live page's server as a test sees it: HTTP by hand, over a socket, so that it can be wrong.
// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use crate::common::Conn;
use crate::program::{Running, SOON, aerolite, free_address};

use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// The program with its page.
pub struct Watched {
    pub running: Running,
    pub web: SocketAddr,
}

impl Watched {
    /// Starts the program with a page, on two free ports.
    #[track_caller]
    pub fn start(args: &[&str]) -> Watched {
        let (addr, web) = (free_address(), free_address());
        let mut command = aerolite();
        command.args(["--port", &addr.port().to_string()]);
        command.args(["--watch", &web.port().to_string()]);
        command.args(args);
        let running = Running::spawn(command, addr, "");
        Watched { running, web }
    }

    /// The same, and the page may change how the loop goes.
    #[track_caller]
    pub fn start_with_control() -> Watched {
        Watched::start(&["--enable-debug-command", "local"])
    }

    #[track_caller]
    pub fn client(&self) -> Conn {
        self.running.connect()
    }

    #[track_caller]
    pub fn open(&self) -> Web {
        Web::open(self.web)
    }

    /// A viewer, and its first frame.
    #[track_caller]
    pub fn view(&self) -> (Web, Value) {
        let mut web = self.open();
        web.get("/events", "");
        let head = web.head();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(
            head.contains("Content-Type: text/event-stream\r\n"),
            "{head}"
        );
        let frame = web.frame();
        (web, frame)
    }

    /// One frame.
    #[track_caller]
    pub fn state(&self) -> Value {
        let response = self.open().ask("/state", "");
        assert_eq!(response.status, 200);
        response.json()
    }

    /// Asks for frames until one is as it should be.
    #[track_caller]
    pub fn state_with(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let state = self.state();
            if is_it(&state) {
                return state;
            }
            assert!(
                started.elapsed() < SOON,
                "no frame with {what}: {}",
                short(&state)
            );
        }
    }

    /// Sends an order as the page does; gives the status.
    #[track_caller]
    pub fn control(&self, order: &str) -> u16 {
        let target = format!("/control/{order}");
        let mut web = self.open();
        web.ask(&target, "X-Aerolite-Watch: 1\r\n").status
    }
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn has(&self, header: &str) -> bool {
        self.head.contains(&format!("\r\n{header}\r\n"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {}", self.text()),
        }
    }
}

/// A connection.
pub struct Web {
    pub stream: TcpStream,
    received: Vec<u8>,
}

impl Web {
    #[track_caller]
    pub fn open(addr: SocketAddr) -> Web {
        let stream = TcpStream::connect(addr).and_then(|stream| {
            stream.set_read_timeout(Some(SOON))?;
            stream.set_write_timeout(Some(SOON))?;
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        match stream {
            Ok(stream) => Web::on(stream),
            Err(error) => panic!("{addr}: {error}"),
        }
    }

    pub fn on(stream: TcpStream) -> Web {
        Web {
            stream,
            received: Vec::new(),
        }
    }

    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        if let Err(error) = self.stream.write_all(bytes.as_ref()) {
            panic!("sending: {error}");
        }
    }

    /// Sends a GET with a good Host and these headers.
    #[track_caller]
    pub fn get(&mut self, target: &str, headers: &str) {
        self.send(get(target, headers));
    }

    #[track_caller]
    pub fn ask(&mut self, target: &str, headers: &str) -> Response {
        self.get(target, headers);
        self.response()
    }

    /// Everything up to and including `end`.
    #[track_caller]
    fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            let found = self
                .received
                .windows(end.len())
                .position(|part| part == end);
            if let Some(at) = found {
                return self.received.drain(..at + end.len()).collect();
            }
            assert!(self.more() > 0, "closed after {:?}", self.seen());
        }
    }

    #[track_caller]
    fn more(&mut self) -> usize {
        match self.try_more() {
            Ok(read) => read,
            Err(error) => panic!("{error} after {:?}", self.seen()),
        }
    }

    fn try_more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 4096];
        let read = loop {
            match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.received.extend_from_slice(&buffer[..read]);
        Ok(read)
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// The head of a response.
    #[track_caller]
    pub fn head(&mut self) -> String {
        String::from_utf8_lossy(&self.until(b"\r\n\r\n")).into_owned()
    }

    #[track_caller]
    pub fn response(&mut self) -> Response {
        let head = self.head();
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |digits| digits.parse().unwrap_or(0));
        while self.received.len() < length {
            assert!(self.more() > 0, "half a body: {:?}", self.seen());
        }
        Response {
            status: status.unwrap_or_else(|| panic!("no status: {head}")),
            head,
            body: self.received.drain(..length).collect(),
        }
    }

    /// The next frame of a stream.
    #[track_caller]
    pub fn frame(&mut self) -> Value {
        loop {
            let event = self.until(b"\n\n");
            let Some(json) = event.strip_prefix(b"data: ") else {
                continue;
            };
            return match serde_json::from_slice(json) {
                Ok(frame) => frame,
                Err(error) => panic!("{error}: {}", String::from_utf8_lossy(json)),
            };
        }
    }

    /// The first frame that is as it should be.
    #[track_caller]
    pub fn frame_with(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let frame = self.frame();
            if is_it(&frame) {
                return frame;
            }
            assert!(
                started.elapsed() < SOON,
                "no frame with {what}: {}",
                short(&frame)
            );
        }
    }

    /// Asserts that the server closes the connection, in good order, with nothing more to say.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        assert_eq!(self.more(), 0, "{:?}", self.seen());
    }

    /// Whether the server has closed the connection, however, within the time to wait.
    pub fn is_closed(&mut self) -> bool {
        loop {
            match self.try_more() {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == io::ErrorKind::ConnectionReset,
            }
        }
    }
}

/// The beginning of a frame, for people to read.
fn short(frame: &Value) -> String {
    frame.to_string().chars().take(2000).collect()
}

/// The bytes of a GET.
pub fn get(target: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}
