//! Sockets and the process: the only place that joins the event loop to the engine.
//!
//! ```text
//!              ┌────────────────────── EventLoop<Server> ───────────────────────┐
//!              │ before_sleep      poll      file events        time events     │
//!              │  send replies    (sleep)    accept, receive,   expire keys,    │
//!              │  arm alarms                 send, signals      free, timeouts  │
//!              └───────┬────────────────────────┬───────────────────┬───────────┘
//!                      ▼                        ▼                   ▼
//!                   Client.send            Client.receive       Engine.expire
//!                                               │
//!                                       command::execute ──▶ Engine
//! ```
//!
//! - [`client`]: one connection, from bytes received to bytes sent.
//! - [`pipeline`]: several requests at a time.
//! - [`accept`]: new connections, and running out of descriptors.
//! - [`timers`]: what happens at a time: keys and clients that are due, freeing.
//! - [`config_file`]: the command line and the config file.
//! - [`host`]: what the process asks of the operating system.
//! - [`stream`]: TCP and Unix sockets behind one type.

pub mod accept;
pub mod client;
pub mod config_file;
pub mod host;
pub mod pipeline;
pub mod stream;
pub mod timers;

use crate::ae::{EventLoop, Io, Mask, Token};
use crate::command;
use crate::engine::{Clock, Config, Engine, Mail, SessionId};
use crate::resp::Stop;
use accept::Listening;
use client::{Client, Gone, Shared};
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use timers::Timers;

/// Events taken from the kernel in one turn.
const EVENTS_PER_POLL: usize = 1024;

/// How often the sockets are tried for the last replies at shutdown.
const FLUSH_TRIES: usize = 100;

/// The server: listeners, clients, engine. It is the context of its own event loop.
pub struct Server {
    /// Redis without sockets.
    pub engine: Engine,
    clients: Clients,
    listeners: Vec<Listening>,
    shared: Shared,
    timers: Timers,
    /// Those with replies to be sent before the loop sleeps.
    queue: Vec<Token>,
    /// The kernel's signals, while somebody listens to them.
    #[cfg(unix)]
    signals: Option<signal_hook_mio::v1_0::Signals>,
    clock: HostClock,
    accepting: accept::State,
}

/// Clients by the token of their file event.
#[derive(Default)]
pub struct Clients {
    slots: Vec<Option<Box<Client>>>,
}

impl Clients {
    fn put(&mut self, token: Token, client: Box<Client>) {
        if self.slots.len() <= token.0 {
            self.slots.resize_with(token.0 + 1, || None);
        }
        self.slots[token.0] = Some(client);
    }

    /// The client itself, so that it and the server can be used side by side. It is put back
    /// unless it has to go.
    #[inline]
    fn take(&mut self, token: Token) -> Option<Box<Client>> {
        self.slots.get_mut(token.0)?.take()
    }

    fn get_mut(&mut self, token: Token) -> Option<&mut Client> {
        self.slots.get_mut(token.0)?.as_deref_mut()
    }

    /// Where the client with this session is. (Every client is looked at; few commands ask.)
    fn token_of(&self, session: SessionId) -> Option<Token> {
        let is_it =
            |slot: &Option<Box<Client>>| slot.as_ref().is_some_and(|c| c.session == session);
        self.slots.iter().position(is_it).map(Token)
    }

    fn tokens(&self) -> Vec<Token> {
        (0..self.slots.len())
            .filter(|&i| self.slots[i].is_some())
            .map(Token)
            .collect()
    }
}

/// Unix time that cannot disagree with the loop's own time within a turn: the system's clock is
/// read once a turn, and what has passed since is added.
#[derive(Debug, Clone, Copy)]
struct HostClock {
    unix_us: u64,
    read_at: Instant,
}

impl HostClock {
    fn read() -> HostClock {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        HostClock {
            unix_us: u64::try_from(unix.as_micros()).unwrap_or(u64::MAX),
            read_at: Instant::now(),
        }
    }

    /// The time when the poll returned.
    fn at_poll(&self) -> Clock {
        Clock::at_us(self.unix_us)
    }

    /// The time by now.
    fn now(&self) -> Clock {
        let passed_us = u64::try_from(self.read_at.elapsed().as_micros()).unwrap_or(0);
        Clock::at_us(self.unix_us + passed_us)
    }
}

impl Server {
    /// A server with these settings, listening, and its event loop. Nothing is served before
    /// [`EventLoop::run`].
    ///
    /// # Errors
    /// An address that cannot be listened on, named in the error's text; or no descriptors.
    pub fn new(config: Config) -> io::Result<(EventLoop<Server>, Server)> {
        let mut event_loop = EventLoop::new(EVENTS_PER_POLL)?;
        let clock = HostClock::read();
        let mut engine = Engine::new(config, host::random_seed(), clock.now());
        engine.host = host::describe(clock.now());
        let mut server = Server {
            engine,
            clients: Clients::default(),
            listeners: Vec::new(),
            shared: Shared::default(),
            timers: Timers::default(),
            queue: Vec::new(),
            #[cfg(unix)]
            signals: None,
            clock,
            accepting: accept::State::default(),
        };
        host::raise_descriptor_limit(&mut server.engine.config);
        server.listen(&mut event_loop)?;
        if server.listeners.is_empty() {
            let text = "nothing to listen on: neither 'port' with 'bind' nor 'unixsocket' names an address";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        event_loop.set_before_sleep(Some(before_sleep));
        event_loop.set_after_sleep(Some(after_sleep));
        Ok((event_loop, server))
    }

    /// The TCP address that is listened on; the first where there are several.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.listeners
            .iter()
            .find_map(|listening| listening.listener.local_addr())
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
        use signal_hook::consts::{SIGINT, SIGTERM};
        let mut signals = signal_hook_mio::v1_0::Signals::new([SIGINT, SIGTERM])?;
        event_loop.create_file_event(&mut signals, Mask::READABLE, signalled)?;
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
            Gone::QueryTooLarge | Gone::OutputTooLarge => {
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
            _ => {}
        }
        // An error here changes nothing: dropping the socket ends it for the kernel as well.
        let _ = event_loop.delete_file_event(token, &mut client.stream);
        self.engine.sessions.close(client.session);
        self.timers.forget_client(&mut client);
        drop(client);
        accept::resume(event_loop, self);
    }

    /// Has a client's replies sent before the loop sleeps.
    #[inline]
    fn queue(&mut self, token: Token, client: &mut Client) {
        if !client.output.is_empty() && !client.is_queued {
            client.is_queued = true;
            self.queue.push(token);
        }
    }

    /// Does what commands have asked for.
    fn deliver_mail(&mut self, event_loop: &mut EventLoop<Server>) {
        let mail = std::mem::take(&mut self.engine.mail);
        let mut leaving: HashSet<SessionId> = HashSet::new();
        for letter in mail {
            match letter {
                Mail::Close(session) => {
                    leaving.insert(session);
                }
                Mail::SettingChanged(name) => self.setting_changed(event_loop, name),
                Mail::Listen {
                    client,
                    setting,
                    before,
                } => self.listen_anew(event_loop, client, setting, *before),
                Mail::Shutdown => self.shut_down(event_loop, "SHUTDOWN"),
            }
        }
        if leaving.is_empty() {
            return;
        }
        for token in self.clients.tokens() {
            let Some(client) = self.clients.take(token) else {
                continue;
            };
            if leaving.contains(&client.session) {
                self.free(event_loop, token, client, &Gone::Dismissed);
            } else {
                self.clients.put(token, client);
            }
        }
    }

    fn setting_changed(&mut self, event_loop: &mut EventLoop<Server>, name: &str) {
        match name {
            "timeout" => self.watch_all_clients(event_loop),
            "client-output-buffer-limit" => self.check_all_outputs(event_loop),
            "loglevel" => log::set_max_level(host::level_filter(self.engine.config.loglevel)),
            _ => {}
        }
    }

    /// Sends what can still be sent, and ends the loop.
    pub(crate) fn shut_down(&mut self, event_loop: &mut EventLoop<Server>, why: &str) {
        log::info!("{why} received, ending");
        for token in self.clients.tokens() {
            let Some(mut client) = self.clients.take(token) else {
                continue;
            };
            for _ in 0..FLUSH_TRIES {
                match client.send(&mut self.engine, &mut self.shared) {
                    Ok(Stop::Budget) => {}
                    _ => break,
                }
            }
            self.clients.put(token, client);
        }
        self.stop_listening(event_loop);
        event_loop.stop();
    }
}

impl Gone {
    fn text(&self) -> String {
        match self {
            Gone::Closed => "it closed the connection".into(),
            Gone::Failed(error) => error.to_string(),
            Gone::Dismissed => "it was told to".into(),
            Gone::QueryTooLarge => "its request grows past client-query-buffer-limit".into(),
            Gone::OutputTooLarge => {
                "its unread replies grew past client-output-buffer-limit".into()
            }
        }
    }
}

/// Sends all replies of the turn, arms what is due later.
fn before_sleep(event_loop: &mut EventLoop<Server>, server: &mut Server) {
    let mut queue = std::mem::take(&mut server.queue);
    for token in queue.drain(..) {
        if let Some(client) = server.clients.get_mut(token) {
            client.is_queued = false;
            send(event_loop, server, token);
        }
    }
    server.queue = queue;
    server.arm_alarms(event_loop);
    let awake = server.clock.read_at.elapsed();
    let awake_us = u64::try_from(awake.as_micros()).unwrap_or(u64::MAX);
    server.engine.stats.event_loop.count(awake_us);
    server.note_rates();
}

fn after_sleep(_: &mut EventLoop<Server>, server: &mut Server) {
    server.clock = HostClock::read();
    server.engine.clock = server.clock.now();
}

/// The read handler of clients.
fn receive(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    let Some(mut client) = server.clients.take(token) else {
        return Io::Drained;
    };
    server.engine.clock = server.clock.now();
    let is_ending = event_loop.hangup_hinted(token);
    let received = client
        .receive(&mut server.engine, &mut server.shared, is_ending)
        .and_then(|io| {
            server
                .check_output(event_loop, token, &mut client)
                .map(|()| io)
        });
    let io = match received {
        Ok(io) => {
            server.queue(token, &mut client);
            server.clients.put(token, client);
            io
        }
        Err(why) => {
            server.free(event_loop, token, client, &why);
            Io::Drained
        }
    };
    if !server.engine.mail.is_empty() {
        server.deliver_mail(event_loop);
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
    let sent = client
        .send(&mut server.engine, &mut server.shared)
        .and_then(|stop| {
            server
                .check_output(event_loop, token, &mut client)
                .map(|()| stop)
        });
    match sent {
        Ok(_) => server.clients.put(token, client),
        Err(ref why) => server.free(event_loop, token, client, why),
    }
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
}

/// The handler of SIGINT and SIGTERM.
#[cfg(unix)]
fn signalled(event_loop: &mut EventLoop<Server>, server: &mut Server, _: Token) -> Io {
    let name = server
        .signals
        .as_mut()
        .and_then(|signals| signals.pending().next())
        .map(|signal| {
            if signal == signal_hook::consts::SIGINT {
                "SIGINT"
            } else {
                "SIGTERM"
            }
        });
    if let Some(name) = name {
        server.shut_down(event_loop, name);
    }
    Io::Drained
}

impl Server {
    /// Listens on everything that the settings name.
    fn listen(&mut self, event_loop: &mut EventLoop<Server>) -> io::Result<()> {
        for mut listener in accept::open(&self.engine.config)? {
            let token =
                event_loop.create_file_event(&mut listener, Mask::READABLE, accept::accept)?;
            self.listeners.push(Listening { listener, token });
        }
        self.engine.host.port = self.local_addr().map_or(0, |addr| addr.port());
        Ok(())
    }

    fn stop_listening(&mut self, event_loop: &mut EventLoop<Server>) {
        for mut listening in self.listeners.drain(..) {
            // An error changes nothing: the socket is closed here.
            let _ = event_loop.delete_file_event(listening.token, &mut listening.listener);
        }
    }

    /// CONFIG SET of `bind` or `port`: listens on the new addresses, or else on the old ones
    /// again, and answers accordingly.
    fn listen_anew(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        session: SessionId,
        setting: &'static str,
        before: Config,
    ) {
        self.stop_listening(event_loop);
        self.engine.config.any_port = false;
        let error = self.listen(event_loop).err().map(|error| {
            log::warn!("{error}");
            self.stop_listening(event_loop);
            self.engine.config = before;
            if let Err(error) = self.listen(event_loop) {
                log::error!("not listening any more: {error}");
            }
            command::config::failed(setting.as_bytes(), accept::refusal(setting))
        });
        let Some(token) = self.clients.token_of(session) else {
            return;
        };
        let Some(mut client) = self.clients.take(token) else {
            return;
        };
        command::answer(&mut self.engine, session, error, &mut client.output);
        self.queue(token, &mut client);
        self.clients.put(token, client);
    }
}
