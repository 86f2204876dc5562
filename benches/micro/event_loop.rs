//! A turn of the event loop: what it costs by itself, and with something to do.
//!
//! Most of each figure is the kernel's, which is the point: `looking` is one `epoll_wait`, `woken`
//! that and the `write` of the waker, `50 bytes read` that and fifty `read`s. `50 ready` has no
//! system call but the look, so what it has more than `looking` is the loop's own cost.

use aerolite::ae::{EventLoop, Io, Mask, Next, TimeEventId, Token};
use criterion::{Bencher, Criterion, Throughput};
use mio::net::TcpStream;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

const SOCKETS: usize = 50;

const EVENTS: usize = 1024;

/// What handlers work on.
#[derive(Default)]
struct Context {
    /// By token.
    streams: Vec<TcpStream>,
    calls: usize,
}

/// A loop with sockets, and the other ends of these.
struct Bench {
    event_loop: EventLoop<Context>,
    context: Context,
    peers: Vec<std::net::TcpStream>,
}

impl Bench {
    fn new(sockets: usize, mask: Mask, proc: Proc) -> io::Result<Bench> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut event_loop = EventLoop::new(EVENTS)?;
        let mut context = Context::default();
        let mut peers = Vec::new();
        for i in 0..sockets {
            let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
            peer.set_nodelay(true)?;
            peers.push(peer);
            let (stream, _) = listener.accept()?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let token = event_loop.create_file_event(&mut stream, mask, proc)?;
            assert_eq!(token, Token(i), "a new loop gives its tokens in order");
            context.streams.push(stream);
        }
        // The first look finds every socket writable; that is over when the clock starts.
        event_loop.wake_now();
        event_loop.turn(&mut context)?;
        context.calls = 0;
        Ok(Bench {
            event_loop,
            context,
            peers,
        })
    }

    fn turn(&mut self) -> io::Result<()> {
        self.event_loop.turn(&mut self.context)
    }

    /// Turns until the handlers have been called so many times.
    fn turn_until(&mut self, calls: usize) -> io::Result<()> {
        self.context.calls = 0;
        while self.context.calls < calls {
            self.turn()?;
        }
        Ok(())
    }
}

type Proc = fn(&mut EventLoop<Context>, &mut Context, Token) -> Io;

fn read(_: &mut EventLoop<Context>, context: &mut Context, token: Token) -> Io {
    let mut buffer = [0; 16];
    match context.streams[token.0].read(&mut buffer) {
        Ok(1) => context.calls += 1,
        other => panic!("one byte was sent, {other:?} was read"),
    }
    Io::Drained
}

/// A handler that is never done.
fn count(_: &mut EventLoop<Context>, context: &mut Context, _: Token) -> Io {
    context.calls += 1;
    Io::More
}

fn woken(_: &mut EventLoop<Context>, context: &mut Context, _: Token) -> Io {
    context.calls += 1;
    Io::Drained
}

fn timed(_: &mut EventLoop<Context>, context: &mut Context, _: TimeEventId) -> Next {
    context.calls += 1;
    Next::NoMore
}

/// Each a turn; where there are sockets, the figure per second counts their handlers.
pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event_loop");
    let mut bench = |name: &str, elements, run: fn(&mut Bencher<'_>) -> io::Result<()>| {
        group.throughput(Throughput::Elements(elements as u64));
        group.bench_function(name, |bencher| run(bencher).expect("the loopback works"));
    };
    bench("looking", 1, looking);
    bench("woken", 1, waking);
    bench("time event", 1, timing);
    bench("50 ready", SOCKETS, ready);
    bench("50 bytes read", SOCKETS, reading);
    group.finish();
}

fn looking(bencher: &mut Bencher<'_>) -> io::Result<()> {
    let mut bench = Bench::new(0, Mask::NONE, count)?;
    bencher.iter(|| {
        bench.event_loop.wake_now();
        bench.turn()
    });
    Ok(())
}

fn waking(bencher: &mut Bencher<'_>) -> io::Result<()> {
    let mut bench = Bench::new(0, Mask::NONE, count)?;
    let waker = bench.event_loop.create_waker(woken)?;
    bencher.iter(|| {
        waker.wake()?;
        bench.turn_until(1)
    });
    Ok(())
}

fn timing(bencher: &mut Bencher<'_>) -> io::Result<()> {
    let mut bench = Bench::new(0, Mask::NONE, count)?;
    bencher.iter(|| {
        bench.event_loop.create_time_event(Duration::ZERO, timed);
        bench.turn_until(1)
    });
    Ok(())
}

fn ready(bencher: &mut Bencher<'_>) -> io::Result<()> {
    let mut bench = Bench::new(SOCKETS, Mask::WRITABLE, count)?;
    bencher.iter(|| bench.turn_until(SOCKETS));
    Ok(())
}

fn reading(bencher: &mut Bencher<'_>) -> io::Result<()> {
    let mut bench = Bench::new(SOCKETS, Mask::READABLE, read)?;
    let mut round = || -> io::Result<Duration> {
        for peer in &mut bench.peers {
            peer.write_all(b"x")?;
        }
        let start = Instant::now();
        bench.turn_until(SOCKETS)?;
        Ok(start.elapsed())
    };
    bencher.iter_custom(|iterations| {
        let times = (0..iterations).map(|_| round());
        times
            .sum::<io::Result<Duration>>()
            .expect("the loopback works")
    });
    Ok(())
}
