//! New connections: listening, accepting a bounded number a turn, turning away who is too many,
//! and running out of descriptors without falling over.
//!
//! The last is the interesting one. `accept` fails with `EMFILE`, the connection stays in the
//! kernel's queue, and the listener stays ready: a loop that goes on trying spins at full speed,
//! and one that waits for the next edge leaves the waiting client hanging. Here the listener keeps
//! its ready bit and loses its handler, which costs nothing, and gets the handler back when a
//! client leaves, or after half a second at the latest (the descriptor may have been somebody else's).

use super::client::Client;
use super::stream::{Accepted, Listener, Stream};
use super::{Server, receive};
use crate::ae::{EventLoop, Io, Mask, Next, Phase, TimeEventId, Token};
use crate::command;
use crate::engine::Config;
use crate::engine::session::Peer;
use std::io::{self, ErrorKind, Write};
use std::net::ToSocketAddrs;
use std::path::Path;
use std::time::Duration;

/// Connections accepted in one turn.
const ACCEPTS_PER_TURN: usize = 128;

/// How long after running out of descriptors accepting is tried again at the latest.
const RETRY: Duration = Duration::from_millis(500);

/// What a client is told that is not let in because the server is not protected by a password.
const DENIED: &str = "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n";

/// What a client is told that is one too many.
const FULL: &str = "-ERR max number of clients reached\r\n";

/// A listener and its file event.
pub struct Listening {
    /// The socket.
    pub listener: Listener,
    /// Its file event.
    pub token: Token,
}

/// Whether new connections are taken.
#[derive(Debug, Default)]
pub struct State {
    /// The time event that tries again, while descriptors have run out.
    retry: Option<TimeEventId>,
    /// Whether that has been logged already.
    is_told: bool,
}

/// Opens every address and path that the settings name.
///
/// # Errors
/// An address that cannot be listened on, unless it is marked as one that may fail (`-::1`).
pub fn open(config: &Config) -> io::Result<Vec<Listener>> {
    let mut listeners: Vec<Listener> = Vec::new();
    let mut port = config.port;
    if port != 0 || config.any_port {
        for name in &config.bind {
            let may_fail = name.starts_with('-');
            match listen_on(name.trim_start_matches('-'), port, config.tcp_backlog) {
                Ok(listener) => {
                    // With any port, the first address decides which one it is.
                    port = listener.local_addr().map_or(port, |addr| addr.port());
                    listeners.push(listener);
                }
                Err(error) if may_fail && is_missing(&error) => {
                    log::debug!("not listening on {name}:{port}: {error}");
                }
                Err(error) => {
                    let text = format!("cannot listen on {name}:{port}: {error}");
                    return Err(io::Error::new(error.kind(), text));
                }
            }
        }
    }
    #[cfg(unix)]
    if !config.unixsocket.is_empty() {
        let path = Path::new(&config.unixsocket);
        let listener = Listener::unix(path, config.unixsocketperm).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot listen on {}: {error}", path.display()),
            )
        })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Whether this machine does not have such an address at all.
fn is_missing(error: &io::Error) -> bool {
    if error.kind() == ErrorKind::AddrNotAvailable {
        return true;
    }
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let lacking = [Errno::AFNOSUPPORT, Errno::PROTONOSUPPORT, Errno::NOPROTOOPT];
        lacking
            .iter()
            .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
    }
    #[cfg(not(unix))]
    false
}

/// What CONFIG SET answers when the addresses that it was given cannot be listened on.
pub fn refusal(setting: &str) -> &'static str {
    match setting {
        "port" => "Unable to listen on this port. Check server logs.",
        _ => "Failed to bind to specified addresses.",
    }
}

fn listen_on(name: &str, port: u16, backlog: u32) -> io::Result<Listener> {
    let name = match name {
        "*" => "0.0.0.0",
        "::*" => "::",
        name => name,
    };
    let mut last_error = ErrorKind::AddrNotAvailable.into();
    for addr in (name, port).to_socket_addrs()? {
        match Listener::tcp(addr, backlog) {
            Ok(listener) => return Ok(listener),
            Err(error) => last_error = error,
        }
    }
    Err(last_error)
}

/// The read handler of listeners.
pub fn accept(event_loop: &mut EventLoop<Server>, server: &mut Server, token: Token) -> Io {
    for _ in 0..ACCEPTS_PER_TURN {
        let Some(listening) = server
            .listeners
            .iter()
            .find(|listening| listening.token == token)
        else {
            return Io::Drained;
        };
        match listening.listener.accept() {
            Ok(accepted) => {
                server.accepting.is_told = false;
                let begun = event_loop.recorder().begin();
                admit(event_loop, server, accepted);
                let place = u32::try_from(token.0).ok();
                event_loop.recorder().lap(begun, Phase::Accept, place, 1);
            }
            // ANCHOR: accept-errors
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => return Io::Drained,
                // The peer has left before it was its turn, or a signal came: on to the next.
                ErrorKind::ConnectionAborted
                | ErrorKind::Interrupted
                | ErrorKind::ConnectionReset => {}
                _ => {
                    pause(event_loop, server, &error);
                    return Io::More;
                }
            },
            // ANCHOR_END: accept-errors
        }
    }
    Io::More
}

/// Makes a client of a connection, or turns it away.
fn admit(event_loop: &mut EventLoop<Server>, server: &mut Server, accepted: Accepted) {
    let Accepted {
        stream,
        addr,
        local_addr,
    } = accepted;
    let engine = &mut server.engine;
    engine.stats.connections += 1;
    if engine.sessions.len() >= engine.config.maxclients as usize {
        engine.stats.rejected_connections += 1;
        return turn_away(stream, FULL);
    }
    let is_open_to_all = engine.config.protected_mode && !engine.has_password();
    let is_local = stream.is_local();
    if is_open_to_all && !is_local {
        engine.stats.rejected_connections += 1;
        return turn_away(stream, DENIED);
    }
    stream.tune(engine.config.tcp_keepalive_s);
    let mut stream = stream;
    let token = match event_loop.create_file_event(&mut stream, Mask::READABLE, receive) {
        Ok(token) => token,
        Err(error) => return log::warn!("cannot watch a new connection, it is closed: {error}"),
    };
    let peer = Peer {
        addr,
        local_addr,
        unix_socket: stream.is_unix(),
        is_local,
        fd: stream.fd(),
    };
    let session = engine.open_session(peer);
    log::debug!(
        "client {} ({}) connects",
        engine.sessions[session].id,
        engine.sessions[session].addr
    );
    let mut client = Box::new(Client::new(stream, session));
    server.note_connection(event_loop, token);
    server.watch_client(event_loop, token, &mut client);
    if server.engine.client_memory.is_limited() {
        client.note_memory(&mut server.engine);
    }
    server.clients.admit(token, client);
}

/// Says why not, if the socket takes it at once, and closes.
fn turn_away(mut stream: Stream, text: &str) {
    let _ = stream.write(text.as_bytes());
}

/// Stops accepting, since there is no descriptor left.
fn pause(event_loop: &mut EventLoop<Server>, server: &mut Server, error: &io::Error) {
    if server.accepting.retry.is_some() {
        return;
    }
    if !std::mem::replace(&mut server.accepting.is_told, true) {
        log::warn!(
            "cannot accept connections: {error}; those who are connected are served, new ones wait. \
         Raise the limit of open files (ulimit -n), or lower maxclients"
        );
    }
    // ANCHOR: stop-accepting
    for listening in &server.listeners {
        event_loop.unset_file_event(listening.token, Mask::READABLE);
    }
    server.accepting.retry = Some(event_loop.create_time_event(RETRY, retry));
    // ANCHOR_END: stop-accepting
}

/// Accepts again, if that was paused: a descriptor may be free now.
// ANCHOR: resume
pub fn resume(event_loop: &mut EventLoop<Server>, server: &mut Server) {
    if let Some(id) = server.accepting.retry.take() {
        event_loop.delete_time_event(id);
        for listening in &server.listeners {
            event_loop.set_file_event(listening.token, Mask::READABLE, accept);
        }
    }
}
// ANCHOR_END: resume

fn retry(event_loop: &mut EventLoop<Server>, server: &mut Server, _: TimeEventId) -> Next {
    resume(event_loop, server);
    Next::NoMore
}

impl Server {
    /// Listens on everything that the settings name.
    pub(super) fn listen(&mut self, event_loop: &mut EventLoop<Server>) -> io::Result<()> {
        for mut listener in open(&self.engine.config)? {
            let token = event_loop.create_file_event(&mut listener, Mask::READABLE, accept)?;
            self.note_connection(event_loop, token);
            self.listeners.push(Listening { listener, token });
        }
        self.engine.host.port = self.local_addr().map_or(0, |addr| addr.port());
        Ok(())
    }

    /// Any port was asked for: from now on it is the one that was found.
    pub(super) fn settle_port(&mut self) {
        if std::mem::take(&mut self.engine.config.any_port) {
            self.engine.config.port = self.engine.host.port;
        }
    }

    /// Closes every listener.
    pub(super) fn stop_listening(&mut self, event_loop: &mut EventLoop<Server>) {
        for mut listening in self.listeners.drain(..) {
            // An error changes nothing: the socket is closed here.
            let _ = event_loop.delete_file_event(listening.token, &mut listening.listener);
        }
        if let Some(id) = self.accepting.retry.take() {
            event_loop.delete_time_event(id);
        }
    }

    /// CONFIG SET of `bind` or `port`: listens on the new addresses, or else on the old ones again.
    ///
    /// # Errors
    /// What CONFIG SET answers when the new ones cannot be had.
    pub(super) fn listen_anew(
        &mut self,
        event_loop: &mut EventLoop<Server>,
        setting: &'static str,
        before: Config,
    ) -> Result<(), command::Error> {
        self.stop_listening(event_loop);
        let Err(error) = self.listen(event_loop) else {
            return Ok(());
        };
        log::warn!("{error}");
        self.stop_listening(event_loop);
        let password = std::mem::take(&mut self.engine.config.requirepass);
        self.engine.config = before;
        self.engine.heed_settings();
        if self.engine.config.requirepass != password {
            self.engine.set_default_password();
        }
        if let Err(error) = self.listen(event_loop) {
            log::error!("not listening any more: {error}");
        }
        Err(command::config::failed(
            setting.as_bytes(),
            refusal(setting),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_port_is_the_same_for_all_addresses() {
        let config = Config {
            any_port: true,
            port: 0,
            ..Config::default()
        };
        let listeners = open(&config).expect("the loopback is there");
        let ports: Vec<_> = listeners
            .iter()
            .filter_map(Listener::local_addr)
            .map(|a| a.port())
            .collect();
        assert!(ports.iter().all(|&port| port == ports[0] && port != 0));
        assert!(
            listeners[0]
                .local_addr()
                .is_some_and(|a| a.ip().is_loopback())
        );
    }

    #[test]
    fn an_address_in_use_is_named_in_the_error() {
        let config = Config {
            any_port: true,
            port: 0,
            ..Config::default()
        };
        let first = open(&config).expect("the loopback is there");
        let port = first[0].local_addr().map_or(0, |addr| addr.port());
        let error = open(&Config {
            port,
            ..Config::default()
        })
        .err()
        .map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains(&format!("127.0.0.1:{port}"))));
    }
}
