//! The live page: the event loop, watched from a browser, served by the very loop that it shows.
//!
//! ```text
//!   browser ──GET /───────────▶ page.html             one file, in the program
//!           ──GET /events─────▶ a frame every 100 ms  text/event-stream
//!           ──GET /state──────▶ one frame             for curl
//!           ──GET /control/..─▶ set_pace              pause, step, slow, resume
//! ```
//!
//! There is no second thread and no second loop: the listener and each viewer are file events, and frames are a
//! time event, which is there while somebody looks. So the page shows itself too; what is its own is marked
//! ([`Phase::Watch`]), and drawn apart.
//!
//! Its sockets are for [control](EventLoop::set_control), so they are served while the loop is held. Then there
//! are no time events, and the loop asks for frames every now and then
//! ([`set_while_held`](EventLoop::set_while_held)).
//!
//! It asks for no password: whoever is on this machine may look (at names and addresses of clients, and numbers of keys;
//! never at keys or values). Where there is a password, the page controls nothing.
//!
//! # What it may cost
//!
//! - A frame is built once, whoever looks, and its size is bounded ([`frame`]).
//! - A viewer that has not taken its last frame does not get the next one: it loses frames, never the
//!   server's time. One that takes nothing for five seconds is cut off.
//! - With nobody looking there is no time event, and the recorder is off.
//! - [`MAX_CONNECTIONS`] at most. For one more, whoever has been silent for longest has to go.
//!
//! # The parts
//!
//! - [`http`]: requests in, responses out, and who may ask.
//! - [`viewer`]: one connection.
//! - [`recent`]: what the recorder has seen since the last frame.
//! - [`frame`]: all of it, as [`json`].

pub mod frame;
pub mod http;
pub mod json;
pub mod recent;
pub mod viewer;

use super::Server;
use super::accept::Listening;
use super::stream::{Accepted, Listener};
use crate::ae::{EventLoop, Io, Mask, Next, Phase, TimeEventId, Token};
use crate::engine::LoopOrder;
use crate::engine::config::Access;
use http::{Content, Received, Refusal, Route, Status};
use json::Json;
use recent::{Reader, Recent, number_of};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use viewer::{Gone, Progress, Viewer};

/// Connections at a time, viewers and others.
pub const MAX_CONNECTIONS: usize = 128;

/// Descriptors that the page may take.
pub const DESCRIPTORS: u64 = MAX_CONNECTIONS as u64 + 2;

/// Viewers at a time: each costs a system call for every frame.
const MAX_STREAMS: usize = 32;

/// Connections accepted in one turn.
const ACCEPTS_PER_TURN: usize = 16;

/// The kernel's queue of connections that wait to be accepted.
const BACKLOG: u32 = 128;

/// Requests of one connection that are answered in one turn.
const REQUESTS_PER_TURN: usize = 16;

/// From one frame to the next, in milliseconds.
const FRAME_MS: u64 = 100;

/// How long a viewer may take nothing, in milliseconds, while frames wait for it.
const STALLED_MS: u64 = 5_000;

/// How long a connection without a stream may be silent, in milliseconds.
const IDLE_MS: u64 = 60_000;

/// How long after running out of descriptors accepting is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// What the kernel keeps of frames that a viewer does not take: enough for one and the page, not for minutes
/// of the past.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

const PAGE: &[u8] = include_bytes!("page.html");

const FORBIDDEN: Refusal = Refusal(
    Status::Forbidden,
    "Control is switched off: start the server with --enable-debug-command local (or yes).",
);

/// Nobody gives the page a password, so it must not be a way around it.
const PASSWORD: Refusal = Refusal(
    Status::Forbidden,
    "Control is switched off: this server has a password. Use redis-cli and DEBUG LOOP.",
);

/// The page's listener and connections, and what they are shown.
#[derive(Default)]
pub struct Watch {
    listening: Option<Listening>,
    /// The connections, by token.
    viewers: BTreeMap<usize, Viewer>,
    /// How many there ever were.
    connections: u64,
    /// The time event of the frames, while somebody looks.
    frames: Option<TimeEventId>,
    /// The time event that closes silent connections, while there are any.
    sweep: Option<TimeEventId>,
    /// The time event that accepts again, while descriptors have run out.
    retry: Option<TimeEventId>,
    /// What the recorder has been read for, while somebody looks.
    reader: Option<Reader>,
    /// The frame that this turn has made for whoever asks for one, and the number of the turn.
    state: Option<(u64, String)>,
    /// When the last frame was made, in milliseconds of the loop.
    last_frame_ms: Option<u64>,
    /// The time of the loop when the page was last served.
    now_ms: u64,
}

impl Watch {
    /// Where it listens, if it does.
    #[must_use]
    pub fn addr(&self) -> Option<SocketAddr> {
        self.listening.as_ref()?.listener.local_addr()
    }

    fn streams(&self) -> usize {
        self.viewers.values().filter(|v| v.is_streaming()).count()
    }
}

impl Server {
    /// Listens for viewers, if the settings say so.
    ///
    /// # Errors
    /// The port cannot be had; the text names it.
    pub(super) fn serve_watchers(&mut self, event_loop: &mut EventLoop<Server>) -> io::Result<()> {
        let port = self.engine.config.watch;
        if port == 0 {
            return Ok(());
        }
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut listener = Listener::tcp(addr, BACKLOG).map_err(|error| {
            let text = format!("cannot serve the live page on {addr} (setting 'watch'): {error}");
            io::Error::new(error.kind(), text)
        })?;
        let token = event_loop.create_file_event(&mut listener, Mask::READABLE, accept)?;
        event_loop.set_control(token, true);
        self.watch.listening = Some(Listening { listener, token });
        Ok(())
    }

    /// Closes the page's listener and all of its connections, at once.
    pub(super) fn stop_watching(&mut self, event_loop: &mut EventLoop<Server>) {
        if let Some(mut listening) = self.watch.listening.take() {
            // An error changes nothing: the socket is closed here.
            let _ = event_loop.delete_file_event(listening.token, &mut listening.listener);
        }
        for (token, viewer) in std::mem::take(&mut self.watch.viewers) {
            close(event_loop, token, viewer);
        }
        self.note_streams(event_loop);
        let events = [self.watch.sweep.take(), self.watch.retry.take()];
        for id in events.into_iter().flatten() {
            event_loop.delete_time_event(id);
        }
    }

    /// Switches the recorder and the frames on with the first stream, and off with the last.
    fn note_streams(&mut self, event_loop: &mut EventLoop<Server>) {
        let is_watched = self.watch.streams() > 0;
        if is_watched == self.watch.reader.is_some() {
            return;
        }
        if is_watched {
            event_loop.recorder().switch_on();
            let reader = Reader::starting_now(event_loop.recorder());
            self.watch.reader = Some(reader);
            self.watch.frames = Some(event_loop.create_time_event(Duration::ZERO, next_frame));
            event_loop.set_while_held(Some(while_held));
        } else {
            event_loop.recorder().switch_off();
            self.watch.reader = None;
            if let Some(id) = self.watch.frames.take() {
                event_loop.delete_time_event(id);
            }
            event_loop.set_while_held(None);
        }
    }

    /// Reads a viewer's requests and answers them.
    fn serve_viewer(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        token: Token,
        viewer: &mut Viewer,
    ) -> Result<Io, Gone> {
        let now_ms = event_loop.now_ms();
        let progress = viewer.receive(now_ms, event_loop.hangup_hinted(token))?;
        for _ in 0..REQUESTS_PER_TURN {
            if !viewer.may_ask() {
                break;
            }
            match http::read(&viewer.input) {
                Received::More => break,
                Received::Request(request, len) => {
                    viewer.input.drain(..len);
                    self.answer_viewer(event_loop, viewer, &request);
                }
                Received::Wrong(refusal) => {
                    http::refuse(viewer.output(), refusal, false);
                    viewer.leave();
                }
            }
        }
        viewer.send(now_ms)?;
        if viewer.is_stuck() {
            event_loop.set_file_event(token, Mask::WRITABLE, send_more);
        }
        if viewer.is_stuck() && !viewer.is_streaming() {
            // What it asks next can wait until it has taken its answers.
            event_loop.unset_file_event(token, Mask::READABLE);
            return Ok(Io::More);
        }
        let is_done = progress == Progress::Drained && !viewer.has_asked();
        Ok(if is_done { Io::Drained } else { Io::More })
    }

    fn answer_viewer(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        viewer: &mut Viewer,
        request: &http::Request,
    ) {
        viewer.requests += 1;
        let stays = request.stays;
        let served = match request.route {
            Ok(Route::Events) => return self.begin_stream(viewer),
            Ok(Route::Page) => Ok((Status::Ok, Content::Html, Cow::Borrowed(PAGE))),
            Ok(Route::State) => {
                let frame = self.state(event_loop).into_bytes();
                Ok((Status::Ok, Content::Json, Cow::Owned(frame)))
            }
            Ok(Route::Control(order)) => self
                .control(event_loop, order)
                .map(|()| (Status::NoContent, Content::Text, Cow::Borrowed(&b""[..]))),
            Err(refusal) => Err(refusal),
        };
        match served {
            Ok((status, content, body)) => {
                http::respond(viewer.output(), status, content, &body, stays);
            }
            Err(refusal) => http::refuse(viewer.output(), refusal, stays),
        }
        if !stays {
            viewer.leave();
        }
    }

    fn begin_stream(&mut self, viewer: &mut Viewer) {
        if self.watch.streams() >= MAX_STREAMS {
            let refusal = Refusal(Status::Unavailable, "Too many are looking already.");
            http::refuse(viewer.output(), refusal, false);
            viewer.leave();
        } else {
            http::begin_stream(viewer.output());
            viewer.begin_streaming();
        }
    }

    /// Makes the loop go as the page wants it to, where DEBUG could do the same.
    fn control(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        order: LoopOrder,
    ) -> Result<(), Refusal> {
        self.may_control()?;
        self.set_pace(event_loop, order, None);
        self.watch.state = None;
        Ok(())
    }

    /// Whether the page may do what DEBUG LOOP does.
    fn may_control(&self) -> Result<(), Refusal> {
        if self.engine.config.enable_debug_command == Access::No {
            Err(FORBIDDEN)
        } else if !self.engine.is_open_to_all() {
            Err(PASSWORD)
        } else {
            Ok(())
        }
    }

    /// One frame for who asks for one. It takes nothing away from the streams': while the recorder is on, it shows
    /// the last of what that remembers.
    ///
    /// All who ask in one turn get the same one, so that they cannot hold the loop by asking a thousand times.
    fn state(&mut self, event_loop: &mut EventLoop<Server>) -> String {
        let turn = event_loop.turn_count();
        if let Some((made_in, frame)) = &self.watch.state
            && *made_in == turn
            && event_loop.held_before().is_none()
        {
            return frame.clone();
        }
        let recorder = event_loop.recorder();
        let recent = Reader::starting_early(recorder).read(recorder);
        let frame = self.frame(event_loop, &recent);
        self.watch.state = Some((turn, frame.clone()));
        frame
    }

    fn frame(&mut self, event_loop: &mut EventLoop<Server>, recent: &Recent) -> String {
        // The time of day, as it is now.
        self.engine.start_watch();
        let now_ns = event_loop.clock_ns();
        self.watch.now_ms = now_ns / 1_000_000;
        let mut json = Json::default();
        frame::write(&mut json, event_loop, self, now_ns, recent);
        json.into_string()
    }

    /// Sends a frame to every stream that has taken the last one, and cuts off who takes none.
    fn send_frame(&mut self, event_loop: &mut EventLoop<Server>) {
        let now_ms = event_loop.now_ms();
        let is_too_soon = |last_ms: u64| now_ms.saturating_sub(last_ms) < FRAME_MS;
        if self.watch.last_frame_ms.is_some_and(is_too_soon) {
            return;
        }
        self.watch.last_frame_ms = Some(now_ms);
        let begun = event_loop.recorder().begin();
        let mut bytes = 0;
        let is_wanted = |viewer: &Viewer| viewer.is_streaming() && !viewer.is_stuck();
        if self.watch.viewers.values().any(is_wanted) {
            let frame = self.next_frame(event_loop);
            bytes = self.send_to_streams(event_loop, frame.as_bytes());
        }
        let is_stalled = |viewer: &Viewer| {
            let silent_ms = now_ms.saturating_sub(viewer.active_ms);
            viewer.is_streaming() && viewer.is_stuck() && silent_ms > STALLED_MS
        };
        self.drop_viewers(event_loop, "it does not take its frames", is_stalled);
        event_loop.recorder().lap(begun, Phase::Watch, None, bytes);
        self.note_streams(event_loop);
    }

    /// The next frame, as an event of the streams.
    fn next_frame(&mut self, event_loop: &mut EventLoop<Server>) -> String {
        let reader = self.watch.reader.as_mut();
        let recent = reader.map(|reader| reader.read(event_loop.recorder()));
        let frame = self.frame(event_loop, &recent.unwrap_or_default());
        ["data: ", &frame, "\n\n"].concat()
    }

    fn send_to_streams(&mut self, event_loop: &mut EventLoop<Server>, frame: &[u8]) -> usize {
        let now_ms = event_loop.now_ms();
        let mut bytes = 0;
        let mut gone = Vec::new();
        for (&token, viewer) in &mut self.watch.viewers {
            if !viewer.is_streaming() || viewer.is_stuck() {
                continue;
            }
            match viewer.send_frame(frame, now_ms) {
                Ok(written) => bytes += written,
                Err(Gone) => gone.push(token),
            }
            if viewer.is_stuck() {
                event_loop.set_file_event(Token(token), Mask::WRITABLE, send_more);
            }
        }
        for token in gone {
            if let Some(viewer) = self.watch.viewers.remove(&token) {
                close(event_loop, token, viewer);
            }
        }
        bytes
    }

    /// Closes the connections that have to go.
    fn drop_viewers(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        why: &str,
        has_to_go: impl Fn(&Viewer) -> bool,
    ) {
        let all = self.watch.viewers.iter();
        let tokens: Vec<usize> = all
            .filter_map(|(&token, viewer)| has_to_go(viewer).then_some(token))
            .collect();
        for token in tokens {
            if let Some(viewer) = self.watch.viewers.remove(&token) {
                log::debug!("viewer {} is cut off: {why}", viewer.addr);
                close(event_loop, token, viewer);
            }
        }
    }

    /// Makes room for one more connection. `false` when all of them are streams.
    fn make_room(&mut self, event_loop: &mut EventLoop<Server>) -> bool {
        if self.watch.viewers.len() < MAX_CONNECTIONS {
            return true;
        }
        let others = self.watch.viewers.iter().filter(|(_, v)| !v.is_streaming());
        let silent = others.min_by_key(|(_, viewer)| viewer.active_ms);
        let Some(token) = silent.map(|(&token, _)| token) else {
            return false;
        };
        if let Some(viewer) = self.watch.viewers.remove(&token) {
            close(event_loop, token, viewer);
        }
        true
    }

    fn admit_viewer(&mut self, event_loop: &mut EventLoop<Server>, accepted: Accepted) {
        let mut stream = accepted.stream;
        if !self.make_room(event_loop) {
            let mut refused = Vec::new();
            let refusal = Refusal(Status::Unavailable, "Too many are connected already.");
            http::refuse(&mut refused, refusal, false);
            let _ = stream.write(&refused);
            return;
        }
        stream.tune(self.engine.config.tcp_keepalive_s);
        stream.limit_send_buffer(SEND_BUFFER_BYTES);
        let token = match event_loop.create_file_event(&mut stream, Mask::READABLE, receive) {
            Ok(token) => token,
            Err(error) => return log::warn!("cannot watch a viewer, it is closed: {error}"),
        };
        event_loop.set_control(token, true);
        self.watch.connections += 1;
        let number = self.watch.connections;
        let viewer = Viewer::new(stream, accepted.addr, number, event_loop.now_ms());
        self.watch.viewers.insert(token.0, viewer);
        if self.watch.sweep.is_none() {
            let after = Duration::from_millis(IDLE_MS);
            self.watch.sweep = Some(event_loop.create_time_event(after, sweep));
        }
    }

    /// Has a connection looked after, or closed, after something was done for it.
    fn put_back(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        token: Token,
        viewer: Viewer,
        done: Result<Io, Gone>,
    ) -> Io {
        let io = match done {
            Ok(io) => {
                self.watch.viewers.insert(token.0, viewer);
                io
            }
            Err(Gone) => {
                close(event_loop, token.0, viewer);
                Io::Drained
            }
        };
        self.note_streams(event_loop);
        io
    }
}

fn close(event_loop: &mut EventLoop<Server>, token: usize, viewer: Viewer) {
    let mut viewer = viewer;
    // An error changes nothing: dropping the socket ends it for the kernel as well.
    let _ = event_loop.delete_file_event(Token(token), &mut viewer.stream);
}

/// The read handler of the page's listener.
fn accept(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    let begun = event_loop.recorder().begin();
    let io = accept_some(event_loop, server);
    let place = number_of(token);
    event_loop.recorder().lap(begun, Phase::Watch, place, 0);
    io
}

fn accept_some(event_loop: &mut EventLoop<Server>, server: &mut Server) -> Io {
    for _ in 0..ACCEPTS_PER_TURN {
        let Some(listening) = &server.watch.listening else {
            return Io::Drained;
        };
        match listening.listener.accept() {
            Ok(accepted) => server.admit_viewer(event_loop, accepted),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => return Io::Drained,
                // The peer has left before it was its turn, or a signal came: on to the next.
                ErrorKind::ConnectionAborted
                | ErrorKind::Interrupted
                | ErrorKind::ConnectionReset => {}
                _ => {
                    log::debug!("cannot accept viewers: {error}");
                    event_loop.unset_file_event(listening.token, Mask::READABLE);
                    server.watch.retry = Some(event_loop.create_time_event(RETRY, retry));
                    return Io::More;
                }
            },
        }
    }
    Io::More
}

/// Accepts again: a descriptor may be free now.
fn retry(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    let begun = event_loop.recorder().begin();
    server.watch.retry = None;
    if let Some(listening) = &server.watch.listening {
        event_loop.set_file_event(listening.token, Mask::READABLE, accept);
    }
    event_loop.recorder().lap(begun, Phase::Watch, None, 0);
    Next::NoMore
}

/// The read handler of viewers.
fn receive(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    let Some(mut viewer) = server.watch.viewers.remove(&token.0) else {
        return Io::Drained;
    };
    let begun = event_loop.recorder().begin();
    let before = viewer.taken;
    let done = server.serve_viewer(event_loop, token, &mut viewer);
    let (place, bytes) = (number_of(token), viewer.taken - before);
    event_loop.recorder().lap(begun, Phase::Watch, place, bytes);
    server.put_back(event_loop, token, viewer, done)
}

/// The write handler of viewers whose socket was full.
fn send_more(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    let Some(mut viewer) = server.watch.viewers.remove(&token.0) else {
        return Io::Drained;
    };
    let begun = event_loop.recorder().begin();
    let before = viewer.taken;
    let sent = viewer.send(event_loop.now_ms());
    if !viewer.is_stuck() {
        event_loop.unset_file_event(token, Mask::WRITABLE);
        event_loop.set_file_event(token, Mask::READABLE, receive);
    }
    let (place, bytes) = (number_of(token), viewer.taken - before);
    event_loop.recorder().lap(begun, Phase::Watch, place, bytes);
    let done = sent.map(|progress| match progress {
        Progress::Drained => Io::Drained,
        Progress::More => Io::More,
    });
    server.put_back(event_loop, token, viewer, done)
}

/// The time event of the frames.
fn next_frame(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    server.send_frame(event_loop);
    let last_ms = server.watch.last_frame_ms;
    // With the last viewer the event was deleted, whatever is said here.
    Next::At(last_ms.unwrap_or(event_loop.now_ms()) + FRAME_MS)
}

/// The same while the loop is held, when time events do not run.
fn while_held(event_loop: &mut EventLoop<Server>, server: &mut Server) {
    server.send_frame(event_loop);
}

/// Closes connections that have been silent for too long. Streams are looked after by their frames.
fn sweep(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    let begun = event_loop.recorder().begin();
    let now_ms = event_loop.now_ms();
    let is_silent = |viewer: &Viewer| {
        !viewer.is_streaming() && now_ms.saturating_sub(viewer.active_ms) >= IDLE_MS
    };
    server.drop_viewers(event_loop, "it is silent", is_silent);
    let others = server.watch.viewers.values().filter(|v| !v.is_streaming());
    let oldest_ms = others.map(|viewer| viewer.active_ms).min();
    event_loop.recorder().lap(begun, Phase::Watch, None, 0);
    match oldest_ms {
        Some(active_ms) => Next::At(active_ms + IDLE_MS),
        None => {
            server.watch.sweep = None;
            Next::NoMore
        }
    }
}
