//! A server inside a program: in a thread of its own, stopped when its handle is dropped.

use crate::ae::{EventLoop, Io, Token};
use crate::command::acl::file::declare;
use crate::command::rename::rename;
use crate::engine::{Config, settings};
use crate::resp::split_words;
use crate::server::Server;
use mio::Waker;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long clients may take their last replies once the handle is dropped.
const PATIENCE: Duration = Duration::from_millis(100);

/// A running server. It ends when this is dropped, after it has sent the replies that it owes.
///
/// See the example of [`spawn`].
#[derive(Debug)]
pub struct Handle {
    addr: SocketAddr,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// Where it listens.
    ///
    /// See the example of [`spawn`].
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Should the waker fail, the thread is left to itself: waiting for it could take for ever.
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// Starts a server in a thread of its own, on a free port of the loopback unless `port` says
/// otherwise. `settings` are directives of the config file, by name and value.
///
/// The process's limit of open files is raised to what `maxclients` needs, as far as it may be.
///
/// # Errors
/// A setting that is not known or has a bad value (`InvalidInput`, the text says which); an
/// address that cannot be listened on; no thread or no descriptors to be had.
///
/// # Example
///
/// ```
/// use std::io::{ErrorKind, Read, Write};
/// use std::net::TcpStream;
///
/// let server = aerolite::spawn(&[("maxclients", "100"), ("timeout", "300")])?;
/// let mut client = TcpStream::connect(server.addr())?;
/// client.write_all(b"SET greeting hello PX 60000\r\nGET greeting\r\n")?;
/// let mut replies = [0; 16];
/// client.read_exact(&mut replies)?;
/// assert_eq!(&replies, b"+OK\r\n$5\r\nhello\r\n");
/// drop(server);
///
/// let error = aerolite::spawn(&[("maxclients", "many")]).expect_err("no number");
/// assert_eq!(error.kind(), ErrorKind::InvalidInput);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn spawn(settings: &[(&str, &str)]) -> io::Result<Handle> {
    let config = configure(settings)?;
    let (ready, started) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("aerolite".to_owned())
        .spawn(move || {
            serve(config, &ready);
        })?;
    let gone = || io::Error::other("the server's thread ended before it listened");
    let (addr, waker) = started.recv().map_err(|_| gone())??;
    Ok(Handle {
        addr,
        waker,
        thread: Some(thread),
    })
}

fn configure(settings: &[(&str, &str)]) -> io::Result<Config> {
    let mut config = Config {
        any_port: true,
        port: 0,
        ..Config::default()
    };
    for (name, value) in settings {
        let wrong = |reason: String| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{name} {value}: {reason}"),
            )
        };
        let words =
            || split_words(value.as_bytes()).ok_or_else(|| wrong("unbalanced quotes".into()));
        if *name == "user" {
            declare(&mut config, &words()?).map_err(wrong)?;
            continue;
        }
        if *name == "rename-command" {
            let words = words()?;
            let [old, new] = words.as_slice() else {
                return Err(wrong("wrong number of arguments".into()));
            };
            let renamed = rename(&mut config.renames, old, new);
            renamed.map_err(|reason| wrong(reason.into()))?;
            continue;
        }
        let setting =
            settings::find(name.as_bytes()).ok_or_else(|| wrong("no such setting".into()))?;
        let value = value.as_bytes().to_vec();
        setting.set_words(&mut config, &[value]).map_err(wrong)?;
    }
    Ok(config)
}

/// The thread: tells where it listens, then serves until it is woken.
fn serve(config: Config, ready: &mpsc::Sender<io::Result<(SocketAddr, Waker)>>) {
    match start(config) {
        Err(error) => {
            let _ = ready.send(Err(error));
        }
        Ok((mut event_loop, mut server, addr, waker)) => {
            if ready.send(Ok((addr, waker))).is_err() {
                return;
            }
            if let Err(error) = event_loop.run(&mut server) {
                log::error!("the event loop ended: {error}");
            }
            server.end_trace(&mut event_loop);
        }
    }
}

fn start(config: Config) -> io::Result<(EventLoop<Server>, Server, SocketAddr, Waker)> {
    let (mut event_loop, server) = Server::new(config)?;
    let waker = event_loop.create_waker(stop)?;
    let addr = server
        .local_addr()
        .ok_or_else(|| io::Error::other("no TCP address is listened on"))?;
    Ok((event_loop, server, addr, waker))
}

/// The handler of the handle's waker.
fn stop(event_loop: &mut EventLoop<Server>, server: &mut Server, _: Token) -> Io {
    server.shut_down(event_loop, "the end of its handle", PATIENCE);
    Io::Drained
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_parted_as_in_the_config_file() {
        let settings = [
            ("client-output-buffer-limit", "normal  7 0 0 "),
            ("bind", "\"127.0.0.1\" -::1"),
        ];
        let config = configure(&settings).expect("they are fine");
        assert_eq!(config.client_output_buffer_limit[0].hard_bytes, 7);
        assert_eq!(config.bind, ["127.0.0.1", "-::1"]);
    }
}
