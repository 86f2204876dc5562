//! An echo server without a loop, as it is written first: it waits for one client, in `read`, and for nobody else.
//!
//! ```text
//! cargo run --example blocking_echo [port]             (7007 if not given, 0 for any free one)
//! cargo run --example blocking_echo [port] threads     a thread for each client
//! nc 127.0.0.1 7007
//! ```
//!
//! What it shows: while one client is silent, nobody else is served; and what threads do about it. The same
//! server on the event loop is in `echo.rs`.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const DEFAULT_PORT: u16 = 7007;
const BUFFER_BYTES: usize = 16 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Threads at a time: whoever comes when there are so many is turned away.
const MAX_THREADS: usize = 1000;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = match arguments.next() {
        Some(text) => text
            .parse()
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?,
        None => DEFAULT_PORT,
    };
    let has_threads = arguments.next().is_some_and(|word| word == "threads");
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("echoing on {}", listener.local_addr()?);
    if has_threads {
        serve_in_threads(&listener)
    } else {
        serve_one_by_one(&listener)
    }
}

// ANCHOR: one-by-one
fn serve_one_by_one(listener: &TcpListener) -> ! {
    loop {
        if let Some(stream) = accept(listener) {
            echo(stream);
        }
    }
}
// ANCHOR_END: one-by-one

/// Waits for the next client. Without descriptors there is none, and asking again at once would spin.
fn accept(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept() {
        Ok((stream, _)) => Some(stream),
        Err(error) => {
            eprintln!("accept: {error}");
            thread::sleep(ACCEPT_PAUSE);
            None
        }
    }
}

/// Serves a client until it leaves, however long that takes.
// ANCHOR: echo
fn echo(mut stream: TcpStream) {
    let mut buffer = [0; BUFFER_BYTES];
    while let Ok(len @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..len]).is_err() {
            return;
        }
    }
}
// ANCHOR_END: echo

// ANCHOR: threads
fn serve_in_threads(listener: &TcpListener) -> ! {
    // Each thread holds a copy: how many copies there are says how many threads.
    let served = Arc::new(());
    loop {
        let Some(stream) = accept(listener) else {
            continue;
        };
        if Arc::strong_count(&served) > MAX_THREADS {
            eprintln!("a client is turned away: there are {MAX_THREADS} threads");
            continue;
        }
        let held = Arc::clone(&served);
        let serve = move || {
            echo(stream);
            drop(held);
        };
        if let Err(error) = thread::Builder::new().spawn(serve) {
            eprintln!("a client is turned away: {error}");
        }
    }
}
// ANCHOR_END: threads
