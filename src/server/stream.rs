//! The two kinds of sockets, TCP and Unix, behind one type each.

use mio::event::Source;
use mio::{Interest, Registry, Token};
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A connected client's socket.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP.
    Tcp(mio::net::TcpStream),
    /// Over a Unix socket.
    #[cfg(unix)]
    Unix(mio::net::UnixStream),
}

/// A socket that clients connect to.
#[derive(Debug)]
pub enum Listener {
    /// On a TCP address.
    Tcp(mio::net::TcpListener),
    /// On a path.
    #[cfg(unix)]
    Unix(mio::net::UnixListener, PathBuf),
}

/// Calls a method of whichever socket it is.
macro_rules! either {
    ($self:ident, $socket:ident => $call:expr) => {
        match $self {
            Stream::Tcp($socket) => $call,
            #[cfg(unix)]
            Stream::Unix($socket) => $call,
        }
    };
}

impl Stream {
    /// Switches off the kernel's waiting for more to send, and on its probing of silent peers.
    ///
    /// A failure is no reason to refuse a client: the connection works without.
    pub fn tune(&self, keepalive_s: u64) {
        let Stream::Tcp(stream) = self else {
            return;
        };
        let _ = stream.set_nodelay(true);
        if keepalive_s > 0 {
            let keepalive = socket2::TcpKeepalive::new()
                .with_time(Duration::from_secs(keepalive_s))
                .with_interval(Duration::from_secs((keepalive_s / 3).max(1)))
                .with_retries(3);
            let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive);
        }
    }

    /// Bounds what the kernel keeps of what was sent and not taken, to about this many bytes. (It takes
    /// another number where it knows better.)
    pub fn limit_send_buffer(&self, bytes: usize) {
        if let Stream::Tcp(stream) = self {
            let _ = socket2::SockRef::from(stream).set_send_buffer_size(bytes);
        }
    }

    /// Tells the peer that nothing more comes. It can still be read from.
    ///
    /// # Errors
    /// What the kernel says when there is no peer any more.
    pub fn shut_down_sending(&self) -> io::Result<()> {
        either!(self, socket => socket.shutdown(std::net::Shutdown::Write))
    }

    /// Whether the peer is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Stream::Tcp(stream) => stream.peer_addr().is_ok_and(|addr| is_loopback(&addr)),
            #[cfg(unix)]
            Stream::Unix(_) => true,
        }
    }

    /// Whether it is a Unix socket.
    #[must_use]
    pub fn is_unix(&self) -> bool {
        !matches!(self, Stream::Tcp(_))
    }

    /// The descriptor, for people to see.
    #[must_use]
    pub fn fd(&self) -> i32 {
        #[cfg(unix)]
        {
            use std::os::fd::AsRawFd;
            either!(self, socket => socket.as_raw_fd())
        }
        #[cfg(not(unix))]
        -1
    }
}

fn is_loopback(addr: &SocketAddr) -> bool {
    match addr {
        SocketAddr::V4(addr) => addr.ip().is_loopback(),
        SocketAddr::V6(addr) => addr
            .ip()
            .to_ipv4_mapped()
            .map_or(addr.ip().is_loopback(), |ip| ip.is_loopback()),
    }
}

impl Read for Stream {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(self, socket => socket.read(buffer))
    }
}

impl Write for Stream {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        either!(self, socket => socket.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, socket => socket.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Stream {
    fn register(&mut self, to: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        either!(self, socket => socket.register(to, token, interest))
    }

    fn reregister(&mut self, to: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        either!(self, socket => socket.reregister(to, token, interest))
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        either!(self, socket => socket.deregister(from))
    }
}

/// Who connected: where from, where to, in the form CLIENT LIST shows.
pub struct Accepted {
    /// The socket.
    pub stream: Stream,
    /// The peer's address.
    pub addr: Box<str>,
    /// Our own.
    pub local_addr: Box<str>,
}

impl Listener {
    /// Listens on a TCP address.
    ///
    /// # Errors
    /// What the kernel says, `AddrInUse` above all.
    pub fn tcp(addr: SocketAddr, backlog: u32) -> io::Result<Listener> {
        let domain = socket2::Domain::for_address(addr);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
        if addr.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        Ok(Listener::Tcp(mio::net::TcpListener::from_std(
            socket.into(),
        )))
    }

    /// Listens on a path, in place of whatever socket was left there.
    ///
    /// # Errors
    /// What the kernel says.
    #[cfg(unix)]
    pub fn unix(path: &Path, permissions: u32) -> io::Result<Listener> {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};
        if std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket()) {
            std::fs::remove_file(path)?;
        }
        let listener = mio::net::UnixListener::bind(path)?;
        if permissions != 0 {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(permissions))?;
        }
        Ok(Listener::Unix(listener, path.to_path_buf()))
    }

    /// The address, where it is TCP.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Listener::Unix(..) => None,
        }
    }

    /// The address or the path, for people to read.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Listener::Tcp(_) => self
                .local_addr()
                .map_or_else(|| "?".into(), |addr| addr.to_string()),
            #[cfg(unix)]
            Listener::Unix(_, path) => path.display().to_string(),
        }
    }

    /// Takes one connection that waits.
    ///
    /// # Errors
    /// `WouldBlock` when none does; otherwise what the kernel says.
    pub fn accept(&self) -> io::Result<Accepted> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                let local = stream
                    .local_addr()
                    .map_or_else(|_| "?:0".into(), |a| a.to_string());
                let addr = peer.to_string().into();
                Ok(Accepted {
                    stream: Stream::Tcp(stream),
                    addr,
                    local_addr: local.into(),
                })
            }
            #[cfg(unix)]
            Listener::Unix(listener, path) => {
                let (stream, _) = listener.accept()?;
                let addr: Box<str> = format!("{}:0", path.display()).into();
                Ok(Accepted {
                    stream: Stream::Unix(stream),
                    addr: addr.clone(),
                    local_addr: addr,
                })
            }
        }
    }
}

impl Source for Listener {
    fn register(&mut self, to: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.register(to, token, interest),
            #[cfg(unix)]
            Listener::Unix(listener, _) => listener.register(to, token, interest),
        }
    }

    fn reregister(&mut self, to: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.reregister(to, token, interest),
            #[cfg(unix)]
            Listener::Unix(listener, _) => listener.reregister(to, token, interest),
        }
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.deregister(from),
            #[cfg(unix)]
            Listener::Unix(listener, _) => listener.deregister(from),
        }
    }
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}
