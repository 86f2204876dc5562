//! The event loop's file events and its sleep through the public door, on real sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream as Peer};
use std::thread;
use std::time::{Duration, Instant};

use aerolite::ae::{EventLoop, Io, Mask, Next, TimeEventId, Token};
use mio::net::{TcpListener, TcpStream};

const MS: Duration = Duration::from_millis(1);

/// What the handlers of these tests work on: some sockets, and a diary.
#[derive(Default)]
struct Bench {
    sockets: Vec<(Token, TcpStream)>,
    /// Bytes a handler reads at a time.
    portion: usize,
    reads: Vec<(Token, Vec<u8>)>,
    ends: Vec<Token>,
    writes: Vec<Token>,
    spare: Option<TcpStream>,
}

impl Bench {
    fn token(&self, index: usize) -> Token {
        self.sockets[index].0
    }

    fn stream(&mut self, token: Token) -> &mut TcpStream {
        let found = self.sockets.iter_mut().find(|(t, _)| *t == token);
        &mut found.expect("the token is of a socket of this test").1
    }

    fn read_by(&self, token: Token) -> usize {
        self.reads.iter().filter(|(t, _)| *t == token).count()
    }
}

/// A connection over loopback: our end, and the peer's.
fn connection() -> (TcpStream, Peer) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("an address");
    let peer = Peer::connect(address).expect("connect");
    let (ours, _) = listener.accept().expect("accept");
    ours.set_nonblocking(true).expect("nonblocking");
    (TcpStream::from_std(ours), peer)
}

/// A loop with so many connections, whose first edges (room to write) are over.
fn bench(connections: usize, mask: Mask, portion: usize) -> (EventLoop<Bench>, Bench, Vec<Peer>) {
    let mut event_loop = EventLoop::new(64).expect("a loop");
    let mut bench = Bench {
        portion,
        ..Bench::default()
    };
    let mut peers = Vec::new();
    for _ in 0..connections {
        let (mut ours, peer) = connection();
        let created = event_loop.create_file_event(&mut ours, mask, read);
        bench.sockets.push((created.expect("registered"), ours));
        peers.push(peer);
    }
    look(&mut event_loop, &mut bench);
    (event_loop, bench, peers)
}

/// A turn that does not sleep.
fn look<C>(event_loop: &mut EventLoop<C>, context: &mut C) {
    event_loop.wake_now();
    event_loop.turn(context).expect("a turn");
}

fn read(event_loop: &mut EventLoop<Bench>, bench: &mut Bench, token: Token) -> Io {
    let mut buffer = vec![0; bench.portion];
    match bench.stream(token).read(&mut buffer) {
        Ok(0) => {
            bench.ends.push(token);
            Io::Drained
        }
        Ok(len) => {
            bench.reads.push((token, buffer[..len].to_vec()));
            if len < buffer.len() && !event_loop.hangup_hinted(token) {
                Io::Drained
            } else {
                Io::More
            }
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            Io::Drained
        }
    }
}

fn write(_: &mut EventLoop<Bench>, bench: &mut Bench, token: Token) -> Io {
    bench.writes.push(token);
    Io::More
}

// ---- edges become levels ----

#[test]
fn a_socket_that_is_read_in_portions_is_read_to_the_end() {
    let (mut event_loop, mut bench, mut peers) = bench(1, Mask::READABLE, 3);
    peers[0].write_all(b"0123456789").expect("sent");
    event_loop.turn(&mut bench).expect("a turn");
    assert_eq!(bench.reads.len(), 1, "one portion a turn");
    assert_eq!(event_loop.ready_count(), 1);
    for _ in 0..3 {
        event_loop.turn(&mut bench).expect("a turn"); // does not sleep: there is more
    }
    let bytes: Vec<u8> = bench
        .reads
        .iter()
        .flat_map(|(_, bytes)| bytes.clone())
        .collect();
    assert_eq!(bytes, b"0123456789");
    assert_eq!(event_loop.ready_count(), 0, "the short read drained it");
}

#[test]
fn a_handler_that_comes_late_finds_the_readiness_remembered() {
    let (mut event_loop, mut bench, mut peers) = bench(1, Mask::NONE, 100);
    peers[0].write_all(b"early").expect("sent");
    event_loop
        .turn(&mut bench)
        .expect("the edge comes, and nobody is there");
    assert!(bench.reads.is_empty());
    let token = bench.token(0);
    assert_eq!(event_loop.file_event_mask(token), Mask::NONE);
    assert!(event_loop.set_file_event(token, Mask::READABLE, read));
    event_loop.turn(&mut bench).expect("no sleep, no edge");
    assert_eq!(bench.reads, [(token, b"early".to_vec())]);

    assert!(event_loop.unset_file_event(token, Mask::READABLE));
    peers[0].write_all(b"more").expect("sent");
    thread::sleep(5 * MS);
    look(&mut event_loop, &mut bench);
    assert_eq!(
        (bench.reads.len(), event_loop.ready_count()),
        (1, 0),
        "nobody listens again"
    );
}

#[test]
fn read_comes_before_write_and_both_come_in_one_turn() {
    let (mut event_loop, mut bench, mut peers) = bench(1, Mask::READABLE, 100);
    let token = bench.token(0);
    fn read_first(_: &mut EventLoop<Bench>, bench: &mut Bench, token: Token) -> Io {
        assert!(bench.writes.is_empty(), "the write handler ran first");
        bench.ends.push(token);
        Io::Drained
    }
    event_loop.set_file_event(token, Mask::READABLE, read_first);
    peers[0].write_all(b"x").expect("sent");
    thread::sleep(5 * MS);
    event_loop.set_file_event(token, Mask::WRITABLE, write);
    look(&mut event_loop, &mut bench);
    assert_eq!(
        (bench.ends.as_slice(), bench.writes.as_slice()),
        (&[token][..], &[token][..])
    );
}

#[test]
fn a_full_socket_is_writable_again_when_its_peer_has_read() {
    fn fill(_: &mut EventLoop<Bench>, bench: &mut Bench, token: Token) -> Io {
        bench.writes.push(token);
        loop {
            match bench.stream(token).write(&[7; 64 * 1024]) {
                Ok(len) => assert_ne!(len, 0),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    return Io::Drained;
                }
            }
        }
    }
    let (mut event_loop, mut bench, mut peers) = bench(1, Mask::NONE, 0);
    event_loop.set_file_event(bench.token(0), Mask::WRITABLE, fill);
    look(&mut event_loop, &mut bench);
    look(&mut event_loop, &mut bench);
    assert_eq!(bench.writes.len(), 1, "a full socket is not ready");
    let mut peer = peers.remove(0);
    let reader = thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(1..) = peer.read(&mut buffer) {}
    });
    event_loop
        .turn(&mut bench)
        .expect("sleeps until there is room");
    assert_eq!(bench.writes.len(), 2);
    drop(bench);
    reader.join().expect("the reader comes to the end");
}

// ---- fairness ----

#[test]
fn who_always_has_more_does_not_starve_the_others() {
    let (mut event_loop, mut bench, mut peers) = bench(3, Mask::READABLE, 1);
    let tokens = [bench.token(0), bench.token(1), bench.token(2)];
    peers[0].write_all(&[0; 100]).expect("sent");
    peers[1].write_all(&[1; 100]).expect("sent");
    thread::sleep(5 * MS);
    for _ in 0..10 {
        event_loop.turn(&mut bench).expect("a turn");
    }
    peers[2].write_all(&[2; 2]).expect("sent");
    thread::sleep(5 * MS);
    event_loop.turn(&mut bench).expect("a turn");
    assert_eq!(tokens.map(|token| bench.read_by(token)), [11, 11, 1]);
}

#[test]
fn edges_beyond_the_capacity_come_in_the_next_turns() {
    let mut event_loop = EventLoop::new(2).expect("a loop");
    let mut bench = Bench {
        portion: 10,
        ..Bench::default()
    };
    let mut peers = Vec::new();
    for _ in 0..5 {
        let (mut ours, mut peer) = connection();
        let created = event_loop.create_file_event(&mut ours, Mask::READABLE, read);
        bench.sockets.push((created.expect("registered"), ours));
        peer.write_all(b"x").expect("sent");
        peers.push(peer);
    }
    thread::sleep(5 * MS);
    let mut seen = Vec::new();
    for _ in 0..3 {
        look(&mut event_loop, &mut bench);
        seen.push(bench.reads.len());
    }
    assert_eq!(seen, [2, 4, 5]);
}

// ---- deleting ----

/// Deletes every socket, its own too, and lets the spare one in, which gets one of the tokens.
fn replace_all(event_loop: &mut EventLoop<Bench>, bench: &mut Bench, token: Token) -> Io {
    bench.ends.push(token);
    for (token, mut stream) in bench.sockets.drain(..) {
        event_loop
            .delete_file_event(token, &mut stream)
            .expect("deleted");
    }
    let mut spare = bench
        .spare
        .take()
        .expect("only the first of the batch comes here");
    let both = Mask::READABLE | Mask::WRITABLE;
    let created = event_loop.create_file_event(&mut spare, both, write);
    bench.sockets.push((created.expect("registered"), spare));
    Io::More
}

#[test]
fn what_was_for_the_dead_does_not_reach_who_got_their_token() {
    let (mut event_loop, mut bench, mut peers) = bench(4, Mask::READABLE, 10);
    let old: Vec<Token> = bench.sockets.iter().map(|(token, _)| *token).collect();
    for (index, peer) in peers.iter_mut().enumerate() {
        event_loop.set_file_event(bench.token(index), Mask::READABLE, replace_all);
        peer.write_all(b"x").expect("sent");
    }
    let (spare, _spare_peer) = connection();
    bench.spare = Some(spare);
    thread::sleep(5 * MS);
    look(&mut event_loop, &mut bench);
    assert_eq!(
        bench.ends.len(),
        1,
        "the other three were deleted before their turn"
    );
    assert!(old.contains(&bench.token(0)), "the token is a used one");
    assert_eq!(bench.writes, [], "the new one had no edge yet");
    assert_eq!(
        (event_loop.file_event_count(), event_loop.ready_count()),
        (1, 0)
    );
    look(&mut event_loop, &mut bench);
    assert_eq!(
        bench.writes,
        [bench.token(0)],
        "now it has its own: room to write"
    );
}

#[test]
fn a_token_that_is_gone_is_refused() {
    let (mut event_loop, mut bench, _peers) = bench(1, Mask::READABLE, 10);
    let (token, mut stream) = bench.sockets.remove(0);
    event_loop
        .delete_file_event(token, &mut stream)
        .expect("deleted");
    let again = event_loop.delete_file_event(token, &mut stream);
    assert_eq!(
        again.map_err(|error| error.kind()),
        Err(ErrorKind::NotFound)
    );
    assert!(!event_loop.set_file_event(token, Mask::READABLE, read));
    assert!(!event_loop.unset_file_event(token, Mask::READABLE));
    assert!(!event_loop.hangup_hinted(token));
    assert_eq!(event_loop.file_event_count(), 0);
}

#[test]
fn a_source_that_cannot_be_registered_leaves_nothing_behind() {
    let mut event_loop: EventLoop<Bench> = EventLoop::new(8).expect("a loop");
    let (mut ours, _peer) = connection();
    event_loop
        .create_file_event(&mut ours, Mask::READABLE, read)
        .expect("registered");
    assert!(
        event_loop
            .create_file_event(&mut ours, Mask::READABLE, read)
            .is_err()
    );
    assert_eq!(event_loop.file_event_count(), 1);
}

// ---- hanging up ----

#[test]
fn the_end_behind_the_data_is_seen_and_a_half_closed_peer_gets_its_reply() {
    let (mut event_loop, mut bench, mut peers) = bench(1, Mask::READABLE, 100);
    let token = bench.token(0);
    assert!(!event_loop.hangup_hinted(token));
    peers[0].write_all(b"last words").expect("sent");
    peers[0].shutdown(Shutdown::Write).expect("shut down");
    thread::sleep(5 * MS);
    event_loop.turn(&mut bench).expect("a turn");
    assert!(event_loop.hangup_hinted(token));
    assert_eq!((bench.reads.len(), bench.ends.len()), (1, 0));
    event_loop
        .turn(&mut bench)
        .expect("no sleep: a short read was not the end");
    assert_eq!(bench.ends, [token]);
    bench.stream(token).write_all(b"reply").expect("half open");
    let mut reply = [0; 5];
    peers[0].read_exact(&mut reply).expect("a reply");
    assert_eq!(&reply, b"reply");
}

#[test]
fn a_reset_reaches_whoever_only_wants_to_write() {
    let (mut event_loop, mut bench, mut peers) = bench(1, Mask::NONE, 0);
    let token = bench.token(0);
    bench.stream(token).write_all(b"never read").expect("sent");
    thread::sleep(5 * MS);
    drop(peers.remove(0)); // with unread data: a reset
    thread::sleep(5 * MS);
    look(&mut event_loop, &mut bench);
    event_loop.set_file_event(token, Mask::WRITABLE, write);
    look(&mut event_loop, &mut bench);
    assert_eq!(bench.writes, [token]);
    assert!(event_loop.hangup_hinted(token));
    assert!(
        bench.stream(token).write_all(b"x").is_err(),
        "the write tells the truth"
    );
}

// ---- other sources ----

#[test]
fn listeners_wakers_and_signals_are_file_events() {
    #[derive(Default)]
    struct Doors {
        listener: Option<TcpListener>,
        accepted: usize,
        woken: usize,
        signals: Option<signal_hook_mio::v1_0::Signals>,
        signalled: Vec<i32>,
    }
    fn accept(_: &mut EventLoop<Doors>, doors: &mut Doors, _: Token) -> Io {
        let listener = doors.listener.as_ref().expect("it listens");
        match listener.accept() {
            Ok(_) => doors.accepted += 1,
            Err(_) => return Io::Drained,
        }
        Io::More
    }
    fn woken(event_loop: &mut EventLoop<Doors>, doors: &mut Doors, _: Token) -> Io {
        doors.woken += 1;
        event_loop.stop();
        Io::Drained
    }
    fn signalled(_: &mut EventLoop<Doors>, doors: &mut Doors, _: Token) -> Io {
        let signals = doors.signals.as_mut().expect("registered");
        doors.signalled.extend(signals.pending());
        Io::Drained
    }
    let mut event_loop = EventLoop::new(8).expect("a loop");
    let mut doors = Doors::default();
    let mut listener =
        TcpListener::bind("127.0.0.1:0".parse().expect("an address")).expect("bound");
    let address = listener.local_addr().expect("an address");
    let usr1 = signal_hook::consts::SIGUSR1;
    let mut signals = signal_hook_mio::v1_0::Signals::new([usr1]).expect("a handler");
    let readable = Mask::READABLE;
    event_loop
        .create_file_event(&mut listener, readable, accept)
        .expect("registered");
    event_loop
        .create_file_event(&mut signals, readable, signalled)
        .expect("registered");
    let waker = event_loop.create_waker(woken).expect("a waker");
    assert!(
        event_loop.create_waker(woken).is_err(),
        "one is all there can be"
    );
    doors.listener = Some(listener);
    doors.signals = Some(signals);

    let _peers = (Peer::connect(address), Peer::connect(address));
    signal_hook::low_level::raise(usr1).expect("raised");
    let thread = thread::spawn(move || {
        thread::sleep(30 * MS);
        waker.wake().expect("woken");
        waker
    });
    event_loop.run(&mut doors).expect("runs until it is woken");
    assert_eq!((doors.accepted, doors.woken), (2, 1));
    assert_eq!(doors.signalled, [usr1]);
    thread.join().expect("the waker did its work");
}

// ---- sleeping ----

#[test]
fn nothing_to_do_is_no_turn_at_all() {
    let (mut event_loop, mut bench, mut peers) = bench(1, Mask::READABLE, 10);
    let before = (event_loop.turn_count(), Instant::now());
    let mut peer = peers.remove(0);
    let thread = thread::spawn(move || {
        thread::sleep(100 * MS);
        peer.write_all(b"x").map(|()| peer)
    });
    event_loop.turn(&mut bench).expect("a turn");
    assert!(before.1.elapsed() >= 95 * MS);
    assert_eq!(bench.reads.len(), 1, "the very turn that slept has it");
    assert_eq!(event_loop.turn_count(), before.0 + 1);
    thread.join().expect("the peer lives").expect("sent");
}

#[test]
fn before_and_after_sleep_and_stop() {
    #[derive(Default)]
    struct Diary(Vec<&'static str>);
    fn before(event_loop: &mut EventLoop<Diary>, diary: &mut Diary) {
        diary.0.push("before");
        event_loop.stop(); // nothing else would ever end this sleep
    }
    fn after(_: &mut EventLoop<Diary>, diary: &mut Diary) {
        diary.0.push("after");
    }
    fn timer(_: &mut EventLoop<Diary>, diary: &mut Diary, _: TimeEventId) -> Next {
        diary.0.push("time");
        Next::NoMore
    }
    let mut event_loop = EventLoop::new(0).expect("a capacity of none is one");
    event_loop.set_before_sleep(Some(before));
    event_loop.set_after_sleep(Some(after));
    event_loop.create_time_event(Duration::ZERO, timer);
    let mut diary = Diary::default();
    event_loop.run(&mut diary).expect("runs");
    assert_eq!(diary.0, ["before", "after", "time"]);
    event_loop.set_before_sleep(None);
    event_loop.stop();
    event_loop.run(&mut diary).expect("does not run");
    assert_eq!(diary.0.len(), 3);
    event_loop.set_before_sleep(Some(before));
    event_loop.run(&mut diary).expect("runs again");
    assert_eq!(diary.0.len(), 5);
}

// ---- beside time events ----

#[test]
fn sockets_are_served_between_time_events_that_are_always_due() {
    struct Both(Vec<&'static str>, TcpStream);
    fn always(_: &mut EventLoop<Both>, both: &mut Both, _: TimeEventId) -> Next {
        both.0.push("time");
        Next::After(Duration::ZERO)
    }
    fn socket(_: &mut EventLoop<Both>, both: &mut Both, _: Token) -> Io {
        both.0.push("file");
        match both.1.read(&mut [0; 1]) {
            Ok(1) => Io::More,
            _ => Io::Drained,
        }
    }
    let mut event_loop = EventLoop::new(8).expect("a loop");
    let (mut ours, mut peer) = connection();
    peer.write_all(b"ab").expect("sent");
    thread::sleep(5 * MS);
    let created = event_loop.create_file_event(&mut ours, Mask::READABLE, socket);
    created.expect("registered");
    event_loop.create_time_event(Duration::ZERO, always);
    let mut both = Both(Vec::new(), ours);
    for _ in 0..3 {
        event_loop.turn(&mut both).expect("a turn");
    }
    assert_eq!(both.0, ["file", "time", "file", "time", "file", "time"]);
}

// ---- watching ----

#[test]
fn the_phases_of_a_turn_follow_each_other_and_add_up() {
    use aerolite::ae::Phase::{self, AfterSleep, BeforeSleep, FileEvents, Poll, TimeEvents, Turn};
    let (mut event_loop, mut bench, mut peers) = bench(2, Mask::READABLE, 64);
    event_loop.recorder().switch_on();
    for _ in 0..10 {
        peers[0].write_all(b"hello").expect("it is sent");
        event_loop.create_time_event(Duration::ZERO, |_, _, _| Next::NoMore);
        look(&mut event_loop, &mut bench);
    }
    let events: Vec<_> = event_loop.recorder().since(0).copied().collect();
    let turns: Vec<_> = events.iter().filter(|event| event.phase == Turn).collect();
    assert!(turns.len() >= 10);
    for turn in turns {
        let is_phase =
            |phase: Phase| [BeforeSleep, Poll, AfterSleep, FileEvents, TimeEvents].contains(&phase);
        let phases: Vec<_> = events
            .iter()
            .filter(|event| event.turn == turn.turn && is_phase(event.phase))
            .collect();
        assert_eq!(phases.len(), 5);
        let sum: u64 = phases.iter().map(|phase| phase.duration_ns).sum();
        assert_eq!(sum, turn.duration_ns);
        assert_eq!(phases[0].start_ns, turn.start_ns);
        for pair in phases.windows(2) {
            assert_eq!(pair[0].start_ns + pair[0].duration_ns, pair[1].start_ns);
        }
    }
    let run = events
        .iter()
        .filter(|event| event.phase == Phase::TimeEvent);
    assert_eq!(run.count(), 10);
}
