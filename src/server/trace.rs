//! The trace: what the loop and its clients did, as a file that <https://ui.perfetto.dev> and
//! `chrome://tracing` open.
//!
//! ```text
//!   event loop  loop      │ turn                                                        │
//!                         │ before_sleep │ poll │ after_sleep │ file_events │ time_events│
//!                         │  write write │      │             │ read parse  │  wheel     │
//!                         │              │      │             │     execute │            │
//!   clients     client 5  │  write       │      │             │ read get set│            │
//!                         │      ▲────────── arrow ──────────── of the turn before       │
//!   counters              clients, ready queue, commands per turn, timers, keys
//! ```
//!
//! It is begun with `--trace loop.json` or `DEBUG TRACE START file`, and ended by `DEBUG TRACE STOP`, by
//! `trace-max-bytes`, by a disk that is full, or with the server. The names of commands are in it and, with
//! `trace-keys yes`, the first key of each; values never.
//!
//! - `recording`: the loop's track, from the ring of the [recorder](crate::ae::recorder).
//! - `clients`: the clients' tracks and the arrows.
//! - `text`: an event as JSON.
//! - `sink`: what waits to be written, and the limits.
//! - `file`: the file, which is valid JSON whenever nobody is just writing it.
//!
//! It lives in whole turns: begun in one, it records from the next on, and the turn in which it is told to stop
//! is its last. What it does happens in `before_sleep` (the slices called `watch` are the trace itself): the
//! turn before is made into text, and one slice of text goes to the file. Writing to a file
//! cannot be waited for in `poll`, so the slice is what bounds how long the loop is held; while more than a slice is
//! there the loop does not sleep, and DEBUG TRACE STOP is answered when the file is complete.

mod clients;
mod file;
mod recording;
mod sink;
mod text;

use super::{Server, receive};
use crate::ae::{EventLoop, Mask, Phase, Token};
use crate::command::Error;
use crate::engine::trace::{TraceOrder, TraceState};
use crate::engine::{Engine, SessionId};
use file::TraceFile;
pub use recording::Recording;
use sink::Sink;
use std::io;
use std::path::{Path, PathBuf};

/// How often the two clocks are compared: the best of so many tries counts.
const CLOCK_TRIES: usize = 16;

const NOT_ON: Error = Error::new("ERR no trace is being written");

/// The state of the trace.
#[derive(Debug, Default)]
pub struct Tracing {
    /// The trace, while it is on.
    active: Option<Box<Recording>>,
    /// The trace, while it is coming, or over and not written yet.
    resting: Option<Box<Recording>>,
    stage: Stage,
    stopper: Option<Stopper>,
}

/// Who waits for the answer to DEBUG TRACE STOP. Until then its socket has no read handler, so that no
/// other request of it is run and answered first.
#[derive(Debug)]
struct Stopper {
    client: SessionId,
    token: Token,
    /// Whether it wants an answer.
    replies: bool,
}

/// How far a trace has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// There is none.
    #[default]
    Off,
    /// It begins with the next turn.
    Coming,
    /// It is on.
    On,
    /// It ends with this turn.
    Last,
    /// It is over, and what was recorded is still to be written.
    Over(TraceState),
}

impl Tracing {
    /// What is to be told of everything that clients do, while a trace is on.
    #[inline]
    pub fn active(&mut self) -> Option<&mut Recording> {
        self.active.as_deref_mut()
    }

    /// The trace, whatever its stage.
    fn recording(&mut self) -> Option<&mut Recording> {
        let recording = self.active.as_deref_mut();
        recording.or(self.resting.as_deref_mut())
    }
}

/// What the engine's stopwatch shows when the loop's clock is at 0. Both run on the same clock of the
/// system; of several looks at both the one that took least time is right to some ten nanoseconds.
pub(super) fn stopwatch_offset<C>(event_loop: &EventLoop<C>, engine: &Engine) -> u64 {
    let look = || {
        let before_ns = event_loop.clock_ns();
        let watch_ns = (engine.host.stopwatch_ns)();
        let took_ns = event_loop.clock_ns() - before_ns;
        (took_ns, watch_ns.wrapping_sub(before_ns + took_ns / 2))
    };
    let looks = (0..CLOCK_TRIES).map(|_| look());
    looks.min().map_or(0, |(_, offset_ns)| offset_ns)
}

impl Server {
    /// Begins the trace that the settings name, if they do.
    ///
    /// # Errors
    /// The file cannot be had; the text names it.
    pub(super) fn trace_from_start(
        &mut self,
        event_loop: &mut EventLoop<Server>,
    ) -> io::Result<()> {
        let name = self.engine.config.trace.clone();
        if name.is_empty() {
            return Ok(());
        }
        self.start_trace(event_loop, Path::new(&name))
    }

    /// DEBUG TRACE, of this client.
    pub(super) fn set_trace(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        order: TraceOrder,
        client: SessionId,
        replies: bool,
    ) {
        let done = match order {
            TraceOrder::Start(name) => self.start_trace_asked(event_loop, &name),
            TraceOrder::Stop => match self.tracing.stage {
                Stage::Coming | Stage::On => {
                    return self.stop_trace_asked(event_loop, client, replies);
                }
                _ => Err(NOT_ON),
            },
        };
        if replies {
            self.answer(client, done.err());
        }
    }

    fn start_trace_asked(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        name: &[u8],
    ) -> Result<(), Error> {
        if self.tracing.stage != Stage::Off {
            let text = format!("ERR a trace is being written to {}", self.engine.trace.file);
            return Err(Error::text(text));
        }
        self.start_trace(event_loop, &path(name))
            .map_err(|error| Error::text(format!("ERR {error}")))
    }

    fn start_trace(&mut self, event_loop: &mut EventLoop<Server>, path: &Path) -> io::Result<()> {
        let name = path.display();
        let file = TraceFile::create(path).map_err(|error| {
            let text = format!("cannot write a trace to {name}: {error}");
            io::Error::new(error.kind(), text)
        })?;
        log::info!(
            "a trace is being written to {}",
            name.to_string().escape_debug()
        );
        let sink = Sink::new(file, self.engine.config.trace_max_bytes);
        let recording = Recording::new(sink, self.stopwatch_offset_ns);
        self.engine.trace.state = TraceState::On;
        self.engine.trace.file = name.to_string();
        recording.tell(&mut self.engine.trace);
        self.tracing.resting = Some(Box::new(recording));
        self.tracing.stage = Stage::Coming;
        event_loop.recorder().switch_on();
        Ok(())
    }

    fn stop_trace_asked(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        client: SessionId,
        replies: bool,
    ) {
        if let Some(token) = self.clients.token_of(client) {
            event_loop.unset_file_event(token, Mask::READABLE);
            self.tracing.stopper = Some(Stopper {
                client,
                token,
                replies,
            });
        }
        self.stop_trace(event_loop);
    }

    /// This turn is the last of the trace. But a loop that is held is in no hurry, and it may be
    /// long until its turn is over: then the trace ends at once.
    fn stop_trace(&mut self, event_loop: &mut EventLoop<Server>) {
        if event_loop.held_before().is_some() {
            self.end_trace(event_loop);
        } else if self.tracing.stage == Stage::On {
            self.tracing.stage = Stage::Last;
        } else {
            self.trace_is_over(event_loop, TraceState::Stopped);
        }
    }

    /// Before the loop sleeps: records the turn that is over, and writes a slice.
    #[inline]
    pub(super) fn trace_turn(&mut self, event_loop: &mut EventLoop<Server>) {
        if self.tracing.stage != Stage::Off {
            self.trace_one_turn(event_loop);
        }
    }

    fn trace_one_turn(&mut self, event_loop: &mut EventLoop<Server>) {
        let begun = event_loop.recorder().begin();
        self.record_turn(event_loop);
        let written = self.write_trace(event_loop);
        event_loop
            .recorder()
            .lap(begun, Phase::Watch, None, written);
        if self.is_trace_pending() {
            event_loop.wake_now();
        } else if let Stage::Over(state) = self.tracing.stage {
            self.close_trace(event_loop, state, None);
        }
    }

    /// Ends the trace, if there is one, and writes all that is left of it: for a server that ends.
    pub fn end_trace(&mut self, event_loop: &mut EventLoop<Server>) {
        if self.tracing.stage == Stage::On {
            self.tracing.stage = Stage::Last;
        }
        self.record_turn(event_loop);
        self.trace_is_over(event_loop, TraceState::Stopped);
        while self.is_trace_pending() {
            self.write_trace(event_loop);
        }
        if let Stage::Over(state) = self.tracing.stage {
            self.close_trace(event_loop, state, None);
        }
    }

    fn record_turn(&mut self, event_loop: &mut EventLoop<Server>) {
        let time_events = event_loop.time_event_count();
        let recorder = event_loop.recorder();
        let stage = self.tracing.stage;
        let Some(recording) = self.tracing.recording() else {
            return;
        };
        match stage {
            Stage::Coming => {
                recording.begin(recorder);
                self.tracing.active = self.tracing.resting.take();
                self.tracing.stage = Stage::On;
            }
            Stage::On | Stage::Last => {
                recording.end_turn(recorder, &self.engine, time_events);
                if recording.is_full() {
                    self.trace_is_over(event_loop, TraceState::Full);
                } else if stage == Stage::Last {
                    self.trace_is_over(event_loop, TraceState::Stopped);
                }
            }
            Stage::Off | Stage::Over(_) => {}
        }
    }

    /// Nothing more is recorded, if anything was.
    fn trace_is_over(&mut self, event_loop: &mut EventLoop<Server>, state: TraceState) {
        if let Stage::Coming | Stage::On | Stage::Last = self.tracing.stage {
            event_loop.recorder().switch_off();
            let tracing = &mut self.tracing;
            tracing.resting = tracing.active.take().or(tracing.resting.take());
            tracing.stage = Stage::Over(state);
        }
    }

    fn is_trace_pending(&mut self) -> bool {
        let recording = self.tracing.recording();
        recording.is_some_and(|recording| recording.is_pending())
    }

    /// Writes a slice; gives how many bytes. A file that cannot be written ends the trace.
    fn write_trace(&mut self, event_loop: &mut EventLoop<Server>) -> usize {
        let Some(recording) = self.tracing.recording() else {
            return 0;
        };
        let written = recording.write_slice();
        recording.tell(&mut self.engine.trace);
        written.unwrap_or_else(|error| {
            self.trace_is_over(event_loop, TraceState::Failed);
            self.close_trace(event_loop, TraceState::Failed, Some(&error));
            0
        })
    }

    /// Closes the file, and tells whoever waits for it.
    fn close_trace(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        state: TraceState,
        error: Option<&io::Error>,
    ) {
        self.tracing.resting = None;
        self.tracing.stage = Stage::Off;
        let trace = &mut self.engine.trace;
        trace.state = state;
        let (file, bytes) = (trace.file.escape_debug(), trace.bytes);
        let figures = format!(
            "{} events in {bytes} bytes, {} dropped",
            trace.events, trace.dropped
        );
        let answer = match (state, error) {
            (_, Some(error)) => {
                log::warn!("the trace {file} ends, it cannot be written: {error}");
                let text = format!("ERR the trace {file} is not complete: {error}");
                Some(Error::text(text))
            }
            (TraceState::Full, _) => {
                log::warn!("the trace {file} ends, it has reached trace-max-bytes: {figures}");
                None
            }
            _ => {
                log::info!("the trace {file} ends: {figures}");
                None
            }
        };
        if let Some(stopper) = self.tracing.stopper.take() {
            event_loop.set_file_event(stopper.token, Mask::READABLE, receive);
            if stopper.replies {
                self.answer(stopper.client, answer);
            }
        }
    }

    /// A client leaves.
    pub(super) fn trace_client_left(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        client: SessionId,
        token: Token,
    ) {
        self.tracing
            .stopper
            .take_if(|stopper| stopper.client == client);
        if let Some(recording) = self.tracing.active() {
            let sessions = &self.engine.sessions;
            recording.left(sessions, client, token.0, event_loop.recorder());
        }
    }
}

/// The path that these bytes are on this system.
fn path(name: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        PathBuf::from(std::ffi::OsStr::from_bytes(name))
    }
    #[cfg(not(unix))]
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}
