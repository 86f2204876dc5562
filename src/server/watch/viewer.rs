//! One connection to the page's listener: what it has asked, and what it is still to be sent.
//!
//! ```text
//!   Asking ──GET /events──▶ Streaming             its frames come until one of the two leaves
//!      │
//!      └── its last request ──▶ Leaving ──all sent──▶ Parting      the sending half is shut down, and what
//!                                                       │          still comes is thrown away, so that the
//!                                                       ▼          answer is not lost to a reset
//!                                                      gone
//! ```

use super::http::{self, MAX_HEAD_BYTES, Received};
use crate::server::stream::Stream;
use std::io::{ErrorKind, Read, Write};

/// The most responses, in bytes, that wait for a peer to take them before its next request is read.
const MAX_OWED_BYTES: usize = 256 * 1024;

/// Calls of `write` in one turn. One takes all there is, or what the socket has room for.
const MAX_WRITES: usize = 16;

/// Bytes that are thrown away at the end of a connection. Whoever goes on sending is reset.
const MAX_IGNORED_BYTES: usize = 1024 * 1024;

/// Where a connection has come to; see the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Asking,
    Streaming,
    Leaving,
    Parting,
}

/// Whether there is anything left to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Perhaps.
    More,
    /// Not before the kernel says so.
    Drained,
}

/// The connection is over.
#[derive(Debug)]
pub struct Gone;

/// See the module's text.
pub struct Viewer {
    /// Its socket.
    pub stream: Stream,
    /// Where it connects from.
    pub addr: Box<str>,
    /// Its number, counted up from 1.
    pub number: u64,
    /// How many requests it has made.
    pub requests: u64,
    /// Bytes that its socket has taken.
    pub taken: usize,
    /// When it last sent or took something, in milliseconds of the loop.
    pub active_ms: u64,
    /// Received, and not answered yet. At most one head's worth.
    pub input: Vec<u8>,
    output: Vec<u8>,
    /// How much of the output has been sent.
    sent: usize,
    state: State,
    /// Whether its sending half is at its end.
    is_over: bool,
    ignored: usize,
}

impl Viewer {
    /// One that has just connected.
    #[must_use]
    pub fn new(stream: Stream, addr: Box<str>, number: u64, now_ms: u64) -> Viewer {
        Viewer {
            stream,
            addr,
            number,
            requests: 0,
            taken: 0,
            active_ms: now_ms,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            state: State::Asking,
            is_over: false,
            ignored: 0,
        }
    }

    /// Whether it gets frames.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.state == State::Streaming
    }

    /// Whether the next request may be answered now.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        self.state == State::Asking && self.owed() < MAX_OWED_BYTES
    }

    /// Whether its socket takes no more for the moment.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.owed() > 0
    }

    /// Bytes received that are not answered yet.
    #[must_use]
    pub fn received(&self) -> usize {
        self.input.len()
    }

    /// Bytes that are still to be sent.
    #[must_use]
    pub fn owed(&self) -> usize {
        self.output.len() - self.sent
    }

    /// Where responses are written.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// From now on it gets frames, and asks no more.
    pub fn begin_streaming(&mut self) {
        self.state = State::Streaming;
        self.input = Vec::new();
    }

    /// No further request is answered.
    pub fn leave(&mut self) {
        self.state = State::Leaving;
        self.input = Vec::new();
    }

    /// Reads what has come, once. `is_ending` says that the kernel has hinted at the end of the stream, so that
    /// a short read proves nothing.
    ///
    /// # Errors
    /// The peer has left.
    pub fn receive(&mut self, now_ms: u64, is_ending: bool) -> Result<Progress, Gone> {
        let mut buffer = [0; MAX_HEAD_BYTES];
        let room = match self.state {
            State::Asking => MAX_HEAD_BYTES - self.input.len().min(MAX_HEAD_BYTES),
            _ => MAX_HEAD_BYTES,
        };
        if self.is_over {
            // Nothing more comes. To say otherwise would be to be asked again in every turn.
            return Ok(Progress::Drained);
        }
        if room == 0 {
            return Ok(Progress::More);
        }
        let read = match self.stream.read(&mut buffer[..room]) {
            Ok(0) => return self.end_of_stream(),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::Drained),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Progress::More),
            Err(_) => return Err(Gone),
        };
        if self.state == State::Asking {
            self.active_ms = now_ms;
            self.input.extend_from_slice(&buffer[..read]);
        } else {
            self.ignored += read;
            if self.ignored > MAX_IGNORED_BYTES {
                return Err(Gone);
            }
        }
        Ok(if read < room && !is_ending {
            Progress::Drained
        } else {
            Progress::More
        })
    }

    /// The peer sends no more. It still gets the answers to what it has asked.
    fn end_of_stream(&mut self) -> Result<Progress, Gone> {
        self.is_over = true;
        match self.state {
            State::Asking | State::Leaving => Ok(Progress::Drained),
            State::Streaming | State::Parting => Err(Gone),
        }
    }

    /// Sends what it is owed, as far as the socket takes it: [`Progress::Drained`] when it takes no more.
    ///
    /// # Errors
    /// The peer has left, or everything is sent and nothing more will be.
    pub fn send(&mut self, now_ms: u64) -> Result<Progress, Gone> {
        for _ in 0..MAX_WRITES {
            if self.owed() == 0 {
                break;
            }
            match write(&mut self.stream, &self.output[self.sent..])? {
                0 => return Ok(Progress::Drained),
                written => {
                    self.sent += written;
                    self.taken += written;
                    self.active_ms = now_ms;
                }
            }
        }
        if self.owed() == 0 {
            self.all_sent()?;
        }
        Ok(Progress::More)
    }

    fn all_sent(&mut self) -> Result<(), Gone> {
        self.output = Vec::new();
        self.sent = 0;
        if self.state == State::Leaving {
            self.part()?;
        }
        if self.is_over && !self.has_asked() {
            return Err(Gone);
        }
        Ok(())
    }

    /// Whether a request waits for its answer.
    #[must_use]
    pub fn has_asked(&self) -> bool {
        self.state == State::Asking && http::read(&self.input) != Received::More
    }

    /// Everything is sent. The peer is told so, and may need a moment to take it.
    fn part(&mut self) -> Result<(), Gone> {
        self.state = State::Parting;
        self.stream.shut_down_sending().map_err(|_| Gone)
    }

    /// Sends a frame, and keeps what the socket does not take; gives the bytes that it took. To be asked of
    /// a viewer that is not stuck.
    ///
    /// # Errors
    /// The peer has left.
    pub fn send_frame(&mut self, frame: &[u8], now_ms: u64) -> Result<usize, Gone> {
        let written = write(&mut self.stream, frame)?;
        self.taken += written;
        if written > 0 {
            self.active_ms = now_ms;
        }
        if written < frame.len() {
            self.output.clear();
            self.output.extend_from_slice(&frame[written..]);
            self.sent = 0;
        }
        Ok(written)
    }
}

/// Writes once; 0 when the socket takes nothing now.
fn write(stream: &mut Stream, bytes: &[u8]) -> Result<usize, Gone> {
    for _ in 0..MAX_WRITES {
        match stream.write(bytes) {
            Ok(written) => return Ok(written),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(_) => return Err(Gone),
        }
    }
    Err(Gone)
}
