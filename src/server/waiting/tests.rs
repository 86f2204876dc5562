//! Tests of waiting over sockets, with the commands of `command/blocking/tests.rs`.

use crate::embed::{Handle, spawn};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// However busy the machine is, this is enough.
const PATIENCE: Duration = Duration::from_secs(10);

fn server(settings: &[(&str, &str)]) -> Handle {
    let mut all = vec![("enable-debug-command", "yes")];
    all.extend(settings);
    spawn(&all).expect("a server on a free port")
}

struct Conn(TcpStream);

impl Conn {
    fn connect(server: &Handle) -> Conn {
        let stream = TcpStream::connect(server.addr()).expect("a connection");
        let limit = Some(PATIENCE);
        stream.set_read_timeout(limit).expect("a timeout");
        Conn(stream)
    }

    fn send(&mut self, requests: &str) {
        let bytes = requests.as_bytes();
        self.0.write_all(bytes).expect("the server reads");
    }

    #[track_caller]
    fn expect(&mut self, reply: &str) {
        let mut bytes = vec![0; reply.len()];
        let read = self.0.read_exact(&mut bytes);
        let got = String::from_utf8_lossy(&bytes);
        assert!(read.is_ok(), "{read:?} instead of {reply:?}, {got:?}");
        assert_eq!(got, reply);
    }

    #[track_caller]
    fn ask(&mut self, request: &str, reply: &str) {
        self.send(request);
        self.expect(reply);
    }

    #[track_caller]
    fn expect_closed(&mut self) {
        let read = self.0.read(&mut [0]);
        assert!(!matches!(read, Ok(1)), "expected the end: {read:?}");
    }

    fn is_silent(&mut self) -> bool {
        let set = |limit| self.0.set_read_timeout(Some(limit)).expect("a timeout");
        set(Duration::from_millis(20));
        let peeked = self.0.peek(&mut [0]);
        set(PATIENCE);
        peeked.is_err()
    }

    /// A bulk reply's text.
    fn text(&mut self, request: &str) -> String {
        self.send(request);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("a reply");
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        let len: usize = head[1..].trim().parse().expect("a length");
        let mut body = vec![0; len + 2];
        self.0.read_exact(&mut body).expect("a reply");
        String::from_utf8_lossy(&body).into_owned()
    }

    /// Waits until so many clients wait.
    #[track_caller]
    fn await_blocked(&mut self, count: usize) {
        let begun = Instant::now();
        let wanted = format!("blocked_clients:{count}\r\n");
        loop {
            let info = self.text("INFO clients\r\n");
            if info.contains(&wanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{count} in {info}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn who_waits_is_served_before_the_next_request() {
    let server = server(&[]);
    let (mut first, mut second) = (Conn::connect(&server), Conn::connect(&server));
    let mut conn = Conn::connect(&server);
    first.send("TESTTAKE k 0\r\n");
    conn.await_blocked(1);
    second.send("TESTTAKE k 0\r\n");
    conn.await_blocked(2);
    conn.ask(
        "TESTPUT k a\r\nEXISTS k\r\nTESTPUT k bc\r\nGET k\r\n",
        "+OK\r\n:0\r\n+OK\r\n$1\r\nc\r\n",
    );
    first.expect("*2\r\n$1\r\nk\r\n$1\r\na\r\n");
    second.expect("*2\r\n$1\r\nk\r\n$1\r\nb\r\n");
    conn.await_blocked(0);
}

#[test]
fn what_is_sent_meanwhile_is_run_afterwards() {
    let server = server(&[]);
    let (mut client, mut conn) = (Conn::connect(&server), Conn::connect(&server));
    client.ask(
        "PING\r\nTESTTAKE k 0\r\nSET done 1\r\n*2\r\n$4\r\nEC",
        "+PONG\r\n",
    );
    conn.await_blocked(1);
    client.send("HO\r\n$3\r\ntwo\r\nECHO thr");
    assert!(client.is_silent());
    conn.ask("EXISTS done\r\nTESTPUT k x\r\n", ":0\r\n+OK\r\n");
    client.expect("*2\r\n$1\r\nk\r\n$1\r\nx\r\n+OK\r\n$3\r\ntwo\r\n");
    client.ask("ee\r\n", "$5\r\nthree\r\n");
}

#[test]
fn a_large_argument_behind_a_wait_is_kept() {
    let server = server(&[]);
    let (mut client, mut conn) = (Conn::connect(&server), Conn::connect(&server));
    let large = "x".repeat(1_000_000);
    client.send(&format!(
        "TESTTAKE k 0\r\n*3\r\n$3\r\nSET\r\n$1\r\nl\r\n$1000000\r\n{large}\r\nSTRLEN l\r\n"
    ));
    conn.await_blocked(1);
    conn.ask("TESTPUT k x\r\n", "+OK\r\n");
    client.expect("*2\r\n$1\r\nk\r\n$1\r\nx\r\n+OK\r\n:1000000\r\n");
}

#[test]
fn one_wait_follows_upon_another() {
    let server = server(&[]);
    let (mut client, mut conn) = (Conn::connect(&server), Conn::connect(&server));
    client.ask(
        "TESTTAKE k 0.02\r\nTESTMOVE k l 0.02\r\nTESTTAKE k 0\r\nPING\r\n",
        "*-1\r\n*-1\r\n",
    );
    conn.await_blocked(1);
    conn.ask("TESTPUT k x\r\n", "+OK\r\n");
    client.expect("*2\r\n$1\r\nk\r\n$1\r\nx\r\n+PONG\r\n");
}

#[test]
fn timeouts_are_not_early() {
    let server = server(&[]);
    let mut client = Conn::connect(&server);
    for ms in [1, 7, 10, 23] {
        let begun = Instant::now();
        client.ask(&format!("TESTTAKE k {}e-3\r\n", ms), "*-1\r\n");
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(ms), "{ms} ms: {took:?}");
    }
}

#[test]
fn whoever_hangs_up_is_noticed() {
    let server = server(&[]);
    let mut conn = Conn::connect(&server);
    let mut clients: Vec<Conn> = (0..4).map(|_| Conn::connect(&server)).collect();
    for (i, client) in clients.iter_mut().enumerate() {
        client.ask("PING\r\nTESTTAKE k 0\r\n", "+PONG\r\n");
        conn.await_blocked(i + 1);
    }
    clients[1].send("SET done 1\r\n");
    drop(clients.remove(1));
    conn.await_blocked(3);
    let half = &clients[0].0;
    half.shutdown(Shutdown::Write).expect("half of it");
    conn.await_blocked(2);
    clients[0].expect_closed();
    conn.ask("TESTPUT k abc\r\nGET k\r\n", "+OK\r\n$1\r\nc\r\n");
    clients[1].expect("*2\r\n$1\r\nk\r\n$1\r\na\r\n");
    clients[2].expect("*2\r\n$1\r\nk\r\n$1\r\nb\r\n");
    conn.ask("EXISTS done\r\n", ":0\r\n");
}

#[test]
fn a_killed_client_and_an_unblocked_one() {
    let server = server(&[]);
    let mut conn = Conn::connect(&server);
    let (mut victim, mut client) = (Conn::connect(&server), Conn::connect(&server));
    victim.ask("CLIENT ID\r\n", ":2\r\n");
    client.ask("CLIENT ID\r\n", ":3\r\n");
    for waiting in [&mut victim, &mut client] {
        waiting.send("TESTTAKE k 0\r\nPING\r\n");
    }
    conn.await_blocked(2);
    conn.ask("CLIENT KILL ID 2\r\nTESTPUT k x\r\n", ":1\r\n+OK\r\n");
    victim.expect_closed();
    client.expect("*2\r\n$1\r\nk\r\n$1\r\nx\r\n+PONG\r\n");
    for (reason, reply) in [
        ("", "*-1\r\n"),
        (
            " ERROR",
            "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n",
        ),
    ] {
        client.send("TESTTAKE k 0\r\nPING\r\n");
        conn.await_blocked(1);
        let request = format!("CLIENT UNBLOCK 3{reason}\r\nCLIENT UNBLOCK 3\r\n");
        conn.ask(&request, ":1\r\n:0\r\n");
        client.expect(reply);
        client.expect("+PONG\r\n");
    }
}

#[test]
fn what_is_sent_while_waiting_is_limited() {
    let server = server(&[("client-query-buffer-limit", "1mb")]);
    let (mut client, mut conn) = (Conn::connect(&server), Conn::connect(&server));
    client.send("TESTTAKE k 0\r\n");
    conn.await_blocked(1);
    let pings = b"PING\r\n".repeat(10_000);
    let begun = Instant::now();
    while client.0.write_all(&pings).is_ok() {
        assert!(begun.elapsed() < PATIENCE);
    }
    conn.await_blocked(0);
}

#[test]
fn who_waits_is_not_idle() {
    let server = server(&[("timeout", "1")]);
    let (mut client, mut conn) = (Conn::connect(&server), Conn::connect(&server));
    client.send("TESTTAKE k 0\r\n");
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(3200) {
        conn.await_blocked(1);
        std::thread::sleep(Duration::from_millis(50));
    }
    conn.ask("TESTPUT k x\r\n", "+OK\r\n");
    client.expect("*2\r\n$1\r\nk\r\n$1\r\nx\r\n");
    // From now on it is.
    client.expect_closed();
}

#[test]
fn an_idle_server_with_waiting_clients_sleeps() {
    let server = server(&[]);
    let (mut client, mut conn) = (Conn::connect(&server), Conn::connect(&server));
    client.send("TESTTAKE k 0\r\nPING\r\nPING\r\n");
    let mut other = Conn::connect(&server);
    other.send("TESTTAKE k 1000\r\n");
    conn.await_blocked(2);
    let turns = |conn: &mut Conn| -> u64 {
        let info = conn.text("INFO stats\r\n");
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("eventloop_cycles:"));
        line.expect("the field").parse().expect("a number")
    };
    let before = turns(&mut conn);
    std::thread::sleep(Duration::from_millis(300));
    let after = turns(&mut conn);
    assert!(after - before < 10, "{} turns", after - before);
}

#[test]
fn a_held_loop_serves_those_who_are_served_while_it_is_held() {
    let server = server(&[]);
    let (mut conn, mut before) = (Conn::connect(&server), Conn::connect(&server));
    before.send("TESTTAKE k 0\r\n");
    conn.await_blocked(1);
    conn.ask("DEBUG LOOP PAUSE\r\n", "+OK\r\n");
    let mut during = Conn::connect(&server);
    during.send("TESTTAKE k 0\r\nPING\r\n");
    conn.await_blocked(2);
    conn.ask("TESTPUT k ab\r\n", "+OK\r\n");
    during.expect("*2\r\n$1\r\nk\r\n$1\r\nb\r\n+PONG\r\n");
    assert!(before.is_silent(), "its turn comes when the loop goes on");
    conn.ask("DEBUG LOOP RESUME\r\n", "+OK\r\n");
    before.expect("*2\r\n$1\r\nk\r\n$1\r\na\r\n");
}

#[test]
fn a_trace_has_the_served_command_on_its_own_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trace.json");
    let server = server(&[]);
    let (mut conn, mut client) = (Conn::connect(&server), Conn::connect(&server));
    let start = format!("DEBUG TRACE START {}\r\n", path.display());
    conn.ask(&start, "+OK\r\n");
    conn.ask("PING\r\n", "+PONG\r\n");
    client.ask("CLIENT ID\r\nTESTTAKE k 0\r\n", ":2\r\n");
    conn.await_blocked(1);
    conn.ask("TESTPUT k x\r\nGET k\r\n", "+OK\r\n$-1\r\n");
    client.expect("*2\r\n$1\r\nk\r\n$1\r\nx\r\n");
    client.ask("TESTTAKE k 0.01\r\n", "*-1\r\n");
    client.send("TESTTAKE k 0\r\n");
    conn.await_blocked(1);
    conn.ask("CLIENT UNBLOCK 2\r\nPING\r\n", ":1\r\n+PONG\r\n");
    client.expect("*-1\r\n");
    conn.ask("DEBUG TRACE STOP\r\n", "+OK\r\n");
    let text = std::fs::read_to_string(&path).expect("the trace");
    let runs = |name: &str, client: u64| {
        let is_it = |line: &&str| {
            line.contains(&format!("\"{name}\"")) && line.contains(&format!("\"tid\":{client}"))
        };
        text.lines().filter(is_it).count()
    };
    let runs_of_two = runs("testtake", 2);
    assert_eq!(runs_of_two, 4, "three requests, one of them run again");
    assert_eq!((runs("testput", 1), runs("get", 1)), (1, 1));
    assert_eq!(runs("testput", 2), 0, "{text}");
    assert_eq!(runs("get", 2), 0);
    assert_eq!(runs("testtake", 1), 0);
}

#[test]
fn a_thousand_wait_for_one_key() {
    const MANY: usize = 1000;
    let server = server(&[]);
    let mut conn = Conn::connect(&server);
    let mut clients: Vec<Conn> = (0..MANY).map(|_| Conn::connect(&server)).collect();
    for client in &mut clients {
        client.send("TESTTAKE j k l 0\r\n");
    }
    conn.await_blocked(MANY);
    let bytes = "x".repeat(MANY);
    conn.ask(
        &format!("TESTPUT k {bytes}\r\nEXISTS k\r\n"),
        "+OK\r\n:0\r\n",
    );
    for client in &mut clients {
        client.expect("*2\r\n$1\r\nk\r\n$1\r\nx\r\n");
        client.send("TESTTAKE j k l 0.1\r\n");
    }
    for client in &mut clients {
        client.expect("*-1\r\n");
    }
    conn.await_blocked(0);
}
