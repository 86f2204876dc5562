//! Sockets and the process: the only place that joins the event loop to the engine.
//!
//! ```text
//!              ┌────────────────────── EventLoop<Server> ───────────────────────┐
//!              │ before_sleep      poll      file events        time events     │
//!              │  send replies,   (sleep)    accept, receive,   expire, evict,  │
//!              │  arm alarms                 send, signals      free, deliver   │
//!              └───────┬────────────────────────┬───────────────────┬───────────┘
//!                      ▼                        ▼                   ▼
//!                   Client.send            Client.receive       Engine.expire
//!                                               │
//!                              Pipeline.run ──▶ command::run ──▶ Engine
//! ```
//!
//! - [`client`]: one connection, from bytes received to bytes sent.
//! - [`clients`]: all of them.
//! - [`pipeline`]: several requests at a time.
//! - [`accept`]: new connections, and running out of descriptors.
//! - `alarm`: time events that exist only while they are due, and work in slices.
//! - `timers`: what happens at a time: keys that are due, freeing, evicting.
//! - `limits`: what clients may take, and who has to go.
//! - `mail`: what commands ask of the server.
//! - `messages`: what clients are sent that have not asked.
//! - `pace`: pausing the loop and slowing it down, for people who watch.
//! - [`watch`]: the live page, for people with a browser.
//! - [`shutdown`]: ending without losing replies.
//! - [`config_file`]: the command line and the config file.
//! - [`pid_file`]: the file with the number of the process.
//! - [`host`]: what the process asks of the operating system.
//! - [`stream`]: TCP and Unix sockets behind one type.
//! - [`trace`]: what the loop does, written to a file.
//! - `waiting`: clients that wait in a blocking command, or for the end of a pause.

pub mod accept;
mod alarm;
pub mod client;
pub mod clients;
pub mod config_file;
pub mod host;
mod limits;
mod mail;
mod messages;
mod pace;
pub mod pid_file;
pub mod pipeline;
pub mod shutdown;
pub mod stream;
mod timers;
pub mod trace;
mod waiting;
pub mod watch;

use crate::ae::{EventLoop, Io, Mask, Phase, Token};
use crate::command;
use crate::command::pubsub::deliver;
use crate::engine::turns::Turn;
use crate::engine::{Config, Engine};
use crate::resp::Stop;
use accept::Listening;
use client::{Client, Connection, Gone, Queued, Shared};
use clients::Clients;
use limits::Limits;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::sync::{Arc, atomic::AtomicBool};
use timers::Timers;
use trace::Tracing;
use waiting::Others;
use watch::Watch;

/// Events taken from the kernel in one turn.
const EVENTS_PER_POLL: usize = 1024;

/// The server: listeners, clients, engine. It is the context of its own event loop.
pub struct Server {
    /// Redis without sockets.
    pub engine: Engine,
    clients: Clients,
    listeners: Vec<Listening>,
    shared: Shared,
    timers: Timers,
    limits: Limits,
    watch: Watch,
    /// Those with replies to be sent before the loop sleeps.
    owing: Vec<Token>,
    /// Those that were answered after they had waited, and have to be seen to.
    woken: Vec<Token>,
    /// Those with messages, and perhaps no replies.
    messaged: VecDeque<Token>,
    /// The kernel's signals, while somebody listens to them.
    #[cfg(unix)]
    signals: Option<signal_hook_mio::v1_0::Signals>,
    accepting: accept::State,
    ending: shutdown::Ending,
    tracing: Tracing,
    /// The engine's stopwatch when the loop's clock was at 0.
    stopwatch_offset_ns: u64,
    /// Where the last turn ended: commands run until then, and the stopwatch.
    last_turn: (u64, u64),
    /// Nanoseconds that this turn was at work before it was held.
    worked_ns: u64,
}

impl Server {
    /// A server with these settings, listening, and its event loop. Nothing is served before
    /// [`EventLoop::run`].
    ///
    /// # Errors
    /// An address that cannot be listened on, or a trace that cannot be written, named in the error's
    /// text; `maxmemory` where nobody can tell how much is used; or no descriptors.
    pub fn new(config: Config) -> io::Result<(EventLoop<Server>, Server)> {
        let mut event_loop = EventLoop::new(EVENTS_PER_POLL)?;
        host::allows("maxmemory", &config)
            .map_err(|reason| io::Error::new(io::ErrorKind::InvalidInput, reason))?;
        let now = host::now();
        let mut engine = Engine::new(config, host::seed(), now);
        engine.host = host::describe(now);
        engine.tell_time(now, (engine.host.stopwatch_ns)());
        let stopwatch_offset_ns = trace::stopwatch_offset(&event_loop, &engine);
        let last_turn = (0, engine.watch_ns);
        let mut server = Server {
            engine,
            clients: Clients::default(),
            listeners: Vec::new(),
            shared: Shared::default(),
            timers: Timers::default(),
            limits: Limits::default(),
            watch: Watch::default(),
            owing: Vec::new(),
            woken: Vec::new(),
            messaged: VecDeque::new(),
            #[cfg(unix)]
            signals: None,
            accepting: accept::State::default(),
            ending: shutdown::Ending::default(),
            tracing: Tracing::default(),
            stopwatch_offset_ns,
            last_turn,
            worked_ns: 0,
        };
        command::acl::file::load_at_start(&mut server.engine)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        host::raise_descriptor_limit(&mut server.engine.config);
        server.settle_limits();
        server.listen(&mut event_loop)?;
        server.settle_port();
        if server.listeners.is_empty() {
            let text = "nothing to listen on: neither 'port' with 'bind' nor 'unixsocket' names an address";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        server.serve_watchers(&mut event_loop)?;
        // Last: a server that does not start leaves the trace of another run alone.
        server.trace_from_start(&mut event_loop)?;
        event_loop.set_before_sleep(Some(before_sleep));
        event_loop.set_after_sleep(Some(after_sleep));
        // What it takes to be ready is no client's and no key's.
        let host = &mut server.engine.host;
        host.allocated_at_start = (host.usage)().allocated;
        Ok((event_loop, server))
    }

    /// The TCP address that is listened on; the first where there are several.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.listeners
            .iter()
            .find_map(|listening| listening.listener.local_addr())
    }

    /// The address at which the live page is served, if it is.
    #[must_use]
    pub fn watch_addr(&self) -> Option<SocketAddr> {
        self.watch.addr()
    }

    /// Every address and path that is listened on.
    pub fn listening(&self) -> impl Iterator<Item = String> + '_ {
        self.listeners
            .iter()
            .map(|listening| listening.listener.name())
    }

    /// Lets SIGINT and SIGTERM end the loop. They arrive as a file event like any other.
    ///
    /// # Errors
    /// What the system says when a handler cannot be installed.
    #[cfg(unix)]
    pub fn handle_signals(&mut self, event_loop: &mut EventLoop<Server>) -> io::Result<()> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
        use signal_hook::flag;
        // A trace that grows past the limit of file sizes (ulimit -f) ends, and the server goes on:
        // with a handler, whatever it does, the write fails instead.
        flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        // Ctrl-C once more, perhaps because a command takes for ever, ends the process at once.
        let is_second = Arc::new(AtomicBool::new(false));
        flag::register_conditional_shutdown(SIGINT, 1, Arc::clone(&is_second))?;
        flag::register(SIGINT, is_second)?;
        let mut signals = signal_hook_mio::v1_0::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        let token = event_loop.create_file_event(&mut signals, Mask::READABLE, signalled)?;
        event_loop.set_control(token, true);
        self.signals = Some(signals);
        Ok(())
    }

    /// Frees a client: its socket, its session, its timer, and its place.
    fn free(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        token: Token,
        client: Box<Client>,
        why: &Gone,
    ) {
        let mut client = client;
        let session = &self.engine.sessions[client.session];
        match why {
            Gone::QueryTooLarge | Gone::OutputTooLarge | Gone::Evicted => {
                log::warn!(
                    "client {} ({}) is cut off: {}",
                    session.id,
                    session.addr,
                    why.text()
                );
            }
            _ => log::debug!(
                "client {} ({}) leaves: {}",
                session.id,
                session.addr,
                why.text()
            ),
        }
        match why {
            Gone::QueryTooLarge => self.engine.stats.query_limit_disconnections += 1,
            Gone::OutputTooLarge => self.engine.stats.output_limit_disconnections += 1,
            Gone::Evicted => self.engine.stats.evicted_clients += 1,
            _ => {}
        }
        // An error here changes nothing: dropping the socket ends it for the kernel as well.
        let _ = event_loop.delete_file_event(token, &mut client.stream);
        self.trace_client_left(event_loop, client.session, token);
        self.engine.close_session(client.session);
        self.limits.forget_client(&mut client);
        client.leave_behind(&mut self.engine.trash);
        accept::resume(event_loop, self);
    }

    /// Has a client's replies sent before the loop sleeps.
    #[inline]
    fn send_later(&mut self, token: Token, client: &mut Client) {
        if !client.output.is_empty() && client.queued != Queued::ForReplies {
            client.queued = Queued::ForReplies;
            self.owing.push(token);
        }
    }

    /// Counts the turn that ends here.
    fn note_turn(&mut self) {
        self.engine.look_at_watch();
        let busy_ns = self.engine.awake_ns() + std::mem::take(&mut self.worked_ns);
        let (commands_before, since_ns) = self.last_turn;
        let turn_ns = self.engine.watch_ns.saturating_sub(since_ns);
        let commands = self.engine.stats.commands;
        self.engine.stats.event_loop.count(Turn {
            slept_ns: turn_ns.saturating_sub(busy_ns),
            busy_ns,
            // CONFIG RESETSTAT sets the counter back.
            commands: commands.saturating_sub(commands_before),
        });
        self.last_turn = (commands, self.engine.watch_ns);
    }

    /// Counts how long a socket waited for its handler, which begins now: where the last one ended.
    #[inline]
    fn note_delay(&mut self, event_loop: &EventLoop<Server>, token: Token) {
        let now_ns = self.engine.watch_ns.wrapping_sub(self.stopwatch_offset_ns);
        let since_ns = event_loop.ready_since_ns(token);
        let delay = &mut self.engine.stats.event_loop.queue_delay_ns;
        delay.record(now_ns.saturating_sub(since_ns));
    }

    /// Does something with every client; one for which it fails has to go.
    fn for_each_client(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        mut visit: impl FnMut(
            &mut Server,
            &mut EventLoop<Server>,
            Token,
            &mut Client,
        ) -> Result<(), Gone>,
    ) {
        for token in self.clients.tokens() {
            let Some(mut client) = self.clients.take(token) else {
                continue;
            };
            match visit(self, event_loop, token, &mut client) {
                Ok(()) => self.clients.put(token, client),
                Err(why) => self.free(event_loop, token, client, &why),
            }
        }
    }
}

/// Sends all replies of the turn, arms what is due later.
fn before_sleep(event_loop: &mut EventLoop<Server>, server: &mut Server) {
    server.trace_turn(event_loop);
    if server.engine.observers.tracking().has_broadcasts() {
        server.broadcast_invalidations(event_loop);
    }
    // ANCHOR: send-owing
    let mut owing = std::mem::take(&mut server.owing);
    for token in owing.drain(..) {
        if let Some(client) = server.clients.get_mut(token) {
            client.queued = Queued::Nowhere;
            send(event_loop, server, token);
        }
    }
    server.owing = owing;
    // ANCHOR_END: send-owing
    server.send_messages(event_loop);
    if server.engine.client_memory.is_limited() {
        server.evict_clients(event_loop);
    }
    server.arm_alarms(event_loop);
    server.end_if_all_is_done(event_loop);
    server.note_turn();
    server.note_rates();
}

/// Tells the engine the time: after the sleep, and in a loop that is held again and again.
fn after_sleep(event_loop: &mut EventLoop<Server>, server: &mut Server) {
    if event_loop.held_before().is_some() {
        server.worked_ns += server.engine.awake_ns();
    }
    // The loop has just read the clock that the stopwatch goes by.
    let watch_ns = event_loop.now_ns().wrapping_add(server.stopwatch_offset_ns);
    server.engine.tell_time(host::now(), watch_ns);
}

/// The read handler of clients.
fn receive(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    let Some(mut client) = server.clients.take(token) else {
        return Io::Drained;
    };
    server.note_delay(event_loop, token);
    let was_control = event_loop.is_control(token);
    if was_control {
        // In a loop that it holds itself nothing would ever be delivered.
        server.engine.sessions[client.session].held_back = None;
    }
    deliver::catch_up(&mut server.engine, client.session, &mut client.output);
    let mut others = Others {
        clients: &mut server.clients,
        woken: &mut server.woken,
        messaged: &mut server.messaged,
    };
    let connection = Connection {
        token,
        is_ending: event_loop.hangup_hinted(token),
        recorder: event_loop.recorder(),
        trace: server.tracing.active(),
        others: &mut others,
    };
    let received = client
        .receive(&mut server.engine, &mut server.shared, connection)
        .and_then(|io| {
            server
                .check_output(event_loop, token, &mut client)
                .map(|()| io)
        });
    let io = match received {
        Ok(io) => {
            if !was_control {
                server.send_later(token, &mut client);
            }
            server.clients.put(token, client);
            io
        }
        Err(why) => {
            server.free(event_loop, token, client, &why);
            Io::Drained
        }
    };
    server.see_to_the_woken(event_loop);
    if !server.engine.mail.is_empty() {
        server.deliver_mail(event_loop);
    }
    if was_control || event_loop.is_control(token) {
        // The loop may be held, and then `before_sleep` is far away.
        send(event_loop, server, token);
    }
    io
}

/// The write handler of clients whose socket was full.
fn send_more(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    send(event_loop, server, token)
}

/// Sends what a client has coming; what does not fit waits for the socket to have room.
fn send(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    let Some(mut client) = server.clients.take(token) else {
        return Io::Drained;
    };
    let begun = event_loop.recorder().begin();
    let before = server.engine.stats.net_output;
    let sent = client.send(&mut server.engine, &mut server.shared);
    let bytes = server.engine.stats.net_output.saturating_sub(before) as usize;
    let place = u32::try_from(token.0).ok();
    event_loop.recorder().lap(begun, Phase::Write, place, bytes);
    if let Some(trace) = server.tracing.active() {
        let sessions = &server.engine.sessions;
        trace.wrote(sessions, client.session, event_loop.recorder());
    }
    let sent = sent.and_then(|stop| {
        server
            .check_output(event_loop, token, &mut client)
            .map(|()| stop)
    });
    match sent {
        Ok(_) => server.clients.put(token, client),
        Err(ref why) => server.free(event_loop, token, client, why),
    }
    // ANCHOR: ask-for-room
    match sent {
        Ok(Stop::Drained) => {
            event_loop.unset_file_event(token, Mask::WRITABLE);
            Io::More
        }
        Ok(stop) => {
            event_loop.set_file_event(token, Mask::WRITABLE, send_more);
            if stop == Stop::Full {
                Io::Drained
            } else {
                Io::More
            }
        }
        Err(_) => Io::Drained,
    }
    // ANCHOR_END: ask-for-room
}

/// The handler of signals. SIGHUP, which a closed terminal sends, is of no importance.
#[cfg(unix)]
fn signalled(event_loop: &mut EventLoop<Server>, server: &mut Server, _: Token) -> Io {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let pending: Vec<i32> = match &mut server.signals {
        Some(signals) => signals.pending().collect(),
        None => Vec::new(),
    };
    for (signal, name) in [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")] {
        if pending.contains(&signal) {
            server.shut_down(event_loop, name, shutdown::PATIENCE);
        }
    }
    Io::Drained
}
