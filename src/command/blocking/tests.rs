//! Tests of waiting, with commands of their own: a string is taken from byte by byte, as lists are
//! element by element.

use super::*;
use crate::command::entry::{BLOCKING, Command, Keys, WRITE};
use crate::command::{self, execute, testing};
use crate::engine::session::Peer;
use crate::engine::{Db, Slice};
use crate::resp::{Output, OwnedRequest, Protocol};
use crate::store::keyspace::Deadline;
use std::collections::{BTreeMap, HashMap};

/// The commands of the tests.
pub const COMMANDS: &[Command] = &[
    Command::new("TESTPUT", 3, put)
        .flags(&[WRITE])
        .keys(&[Keys::one("OW update")])
        .doc("0.0.0", "O(1)", "Puts bytes under a key")
        .syntax("key value"),
    Command::new("TESTTAKE", -3, take)
        .flags(&[WRITE, BLOCKING])
        .keys(&[Keys::range("RW access delete", 1, -2, 1)])
        .doc("0.0.0", "O(N)", "Takes the first byte of the first key")
        .syntax("key ... timeout:double"),
    Command::new("TESTMOVE", 4, relay)
        .flags(&[WRITE, BLOCKING])
        .keys(&[Keys::range("RW access delete", 1, 1, 1)])
        .doc(
            "0.0.0",
            "O(1)",
            "Moves the first byte of one key to another",
        )
        .syntax("source:key destination timeout:double"),
    Command::new("TESTNEVER", -3, never)
        .flags(&[WRITE, BLOCKING])
        .keys(&[Keys::range("RW access delete", 1, -2, 1)])
        .doc("0.0.0", "O(1)", "Finds nothing, whatever there is")
        .syntax("key ... timeout:double"),
];

fn put(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    put_bytes(&mut db, args.arg(1), args.arg(2));
    reply.ok();
    Ok(())
}

/// A new key, as lists come into being.
fn put_bytes(db: &mut Db, key: &[u8], bytes: &[u8]) {
    db.set_string(key, bytes, Deadline::Never, "set");
    let (entry, deadline) = db.take(key).expect("it was stored just now");
    db.put(entry, deadline);
}

/// Takes the first byte; with the last one the key goes.
fn take_byte(db: &mut Db, key: &[u8]) -> Option<Vec<u8>> {
    let bytes = db.write(key)?.as_string()?.to_vec();
    db.remove(key);
    let (first, rest) = bytes.split_at(1);
    if !rest.is_empty() {
        db.set_string(key, rest, Deadline::Never, "set");
    }
    Some(first.to_vec())
}

fn take(call: &mut Call) -> Done {
    let last = call.args.len() - 1;
    let deadline = call.timeout(last)?;
    for i in call.keys_to_try(1..last) {
        let (args, mut db, reply) = call.parts();
        if let Some(byte) = take_byte(&mut db, args.arg(i)) {
            reply.array(2);
            reply.bulk(args.arg(i));
            reply.bulk(&byte);
            return Ok(());
        }
    }
    call.block(Kind::String, 1..last, deadline, Null::Array)
}

fn relay(call: &mut Call) -> Done {
    let deadline = call.timeout(3)?;
    let (args, mut db, reply) = call.parts();
    if args.arg(2) == b"forbidden" {
        if db.exists(args.arg(1)) {
            return Err(Error::WRONG_TYPE);
        }
    } else if let Some(byte) = take_byte(&mut db, args.arg(1)) {
        let there = db.write(args.arg(2)).and_then(|entry| entry.as_string());
        let bytes = [there.unwrap_or_default(), &byte].concat();
        put_bytes(&mut db, args.arg(2), &bytes);
        reply.bulk(&byte);
        return Ok(());
    }
    call.block(Kind::String, 1..2, deadline, Null::Bulk)
}

fn never(call: &mut Call) -> Done {
    let last = call.args.len() - 1;
    let deadline = call.timeout(last)?;
    call.reply.ok();
    call.block(Kind::String, 1..last, deadline, Null::Array)
}

/// An engine with clients, each with its output.
struct Bench {
    engine: Engine,
    outputs: HashMap<SessionId, Output>,
    clients: Vec<SessionId>,
}

impl Bench {
    fn new(clients: usize) -> Bench {
        let (engine, first) = testing::engine();
        let mut bench = Bench {
            engine,
            outputs: HashMap::from([(first, Output::new())]),
            clients: vec![first],
        };
        while bench.clients.len() < clients {
            bench.connect();
        }
        bench
    }

    fn connect(&mut self) {
        let id = self.engine.open_session(Peer::default());
        self.outputs.insert(id, Output::new());
        self.clients.push(id);
    }

    /// Runs a request of a client, and serves who waits.
    fn run(&mut self, client: usize, request: &str) -> String {
        let id = self.clients[client];
        let words = request.split(' ');
        let mut request = OwnedRequest::from_args(words);
        let out = self.outputs.get_mut(&id).expect("a client");
        execute(&mut self.engine, id, request.request(), out);
        self.serve();
        self.sent(client)
    }

    fn serve(&mut self) {
        let mut outputs = std::mem::take(&mut self.outputs);
        serve_blocked(&mut self.engine, &mut outputs);
        self.outputs = outputs;
    }

    /// What a client was sent since this was last asked.
    fn sent(&mut self, client: usize) -> String {
        let out = self.outputs.get_mut(&self.clients[client]);
        let mut bytes = Vec::new();
        out.expect("a client")
            .write_to(&mut bytes, usize::MAX)
            .expect("a vector takes everything");
        String::from_utf8_lossy(&bytes).replace("\r\n", " ")
    }

    fn waits(&self, client: usize) -> bool {
        self.engine.sessions[self.clients[client]].blocked
    }

    fn pass_ms(&mut self, ms: u64) {
        testing::pass_ms(&mut self.engine, ms);
        while self.engine.time_out(16) == Slice::More {}
        self.serve();
    }

    fn number(&self, client: usize) -> u64 {
        self.engine.sessions[self.clients[client]].id
    }

    /// Nobody waits, and nothing is left of those who did.
    #[track_caller]
    fn assert_nothing_is_left(&self) {
        let blocked = &self.engine.blocked;
        let left = (blocked.len(), blocked.key_count(), blocked.deadline_count());
        assert_eq!(left, (0, 0, 0));
        assert!(!blocked.has_work());
        let (sessions, clients) = (&self.engine.sessions, &self.clients);
        let waits = |id: &&SessionId| sessions.get(**id).is_some_and(|session| session.blocked);
        assert_eq!(clients.iter().find(waits), None);
    }
}

#[test]
fn what_is_there_is_taken_at_once() {
    let mut bench = Bench::new(1);
    bench.run(0, "TESTPUT k ab");
    assert_eq!(bench.run(0, "TESTTAKE none k 0"), "*2 $1 k $1 a ");
    assert_eq!(bench.run(0, "TESTTAKE none k 0"), "*2 $1 k $1 b ");
    bench.assert_nothing_is_left();
}

#[test]
fn who_waits_is_served_first_come_first_served() {
    let mut bench = Bench::new(6);
    for client in [3, 1, 5, 2, 4] {
        assert_eq!(bench.run(client, "TESTTAKE k 0"), "");
        assert!(bench.waits(client));
    }
    assert_eq!(bench.run(0, "TESTPUT k abc"), "+OK ");
    assert_eq!(bench.sent(3), "*2 $1 k $1 a ");
    assert_eq!(bench.sent(1), "*2 $1 k $1 b ");
    assert_eq!(bench.sent(5), "*2 $1 k $1 c ");
    assert_eq!(bench.sent(2), "");
    assert!(!bench.waits(3) && bench.waits(2) && bench.waits(4));
    assert_eq!(bench.run(0, "EXISTS k"), ":0 ");
    // Who waits again is behind those who still do.
    bench.run(3, "TESTTAKE k 0");
    bench.run(0, "TESTPUT k xyz!");
    assert_eq!(bench.sent(2), "*2 $1 k $1 x ");
    assert_eq!(bench.sent(4), "*2 $1 k $1 y ");
    assert_eq!(bench.sent(3), "*2 $1 k $1 z ");
    assert_eq!(bench.run(0, "GET k"), "$1 ! ");
    bench.assert_nothing_is_left();
}

#[test]
fn one_waits_for_several_keys_and_leaves_all_of_their_lines() {
    let mut bench = Bench::new(3);
    bench.run(1, "TESTTAKE a b a 0");
    bench.run(2, "TESTTAKE b c 0");
    assert_eq!(bench.engine.blocked.key_count(), 3);
    bench.run(0, "TESTPUT b 12");
    assert_eq!(bench.sent(1), "*2 $1 b $1 1 ");
    assert_eq!(bench.sent(2), "*2 $1 b $1 2 ");
    bench.assert_nothing_is_left();
    bench.run(0, "TESTPUT a 1");
    assert_eq!(bench.run(0, "GET a"), "$1 1 ");
}

#[test]
fn a_key_that_is_renamed_copied_moved_or_swapped_in_wakes() {
    for (db, request) in [
        (0, "RENAME other k"),
        (0, "RENAMENX other k"),
        (0, "COPY other k"),
        (2, "COPY other k DB 2"),
        (2, "MOVE k 2"),
        (2, "SWAPDB 0 2"),
        (2, "SWAPDB 2 0"),
    ] {
        let mut bench = Bench::new(2);
        bench.run(1, &format!("SELECT {db}"));
        bench.run(1, "TESTTAKE k 0");
        for key in ["other", "k"].iter().take(if db == 0 { 1 } else { 2 }) {
            bench.run(0, &format!("SET {key} x"));
        }
        assert!(bench.waits(1), "{request}");
        bench.run(0, request);
        assert_eq!(bench.sent(1), "*2 $1 k $1 x ", "{request}");
        bench.assert_nothing_is_left();
    }
}

#[test]
fn who_is_woken_takes_from_the_key_that_woke_it() {
    let mut bench = Bench::new(2);
    bench.run(0, "SELECT 1");
    bench.run(0, "SET a 1");
    bench.run(0, "SET b 2");
    bench.run(1, "TESTTAKE b a 0");
    // Both are there at the same time; of two keys with the same line it is the order of bytes.
    bench.run(0, "SWAPDB 0 1");
    assert_eq!(bench.sent(1), "*2 $1 a $1 1 ");
    bench.assert_nothing_is_left();
}

#[test]
fn a_key_of_another_database_wakes_nobody() {
    let mut bench = Bench::new(2);
    bench.run(1, "SELECT 1");
    bench.run(1, "TESTTAKE k 0");
    bench.run(0, "TESTPUT k x");
    assert!(bench.waits(1));
    bench.run(0, "SELECT 1");
    bench.run(0, "TESTPUT k y");
    assert_eq!(bench.sent(1), "*2 $1 k $1 y ");
}

#[test]
fn a_key_that_is_gone_before_the_command_is_over_wakes_nobody() {
    let mut bench = Bench::new(2);
    bench.run(1, "TESTTAKE k 0");
    bench.run(0, "SET other x PX 1");
    testing::pass_ms(&mut bench.engine, 5);
    bench.engine.blocked.key_added(0, b"k");
    bench.serve();
    assert!(bench.waits(1));
    assert_eq!(bench.run(0, "RENAME other k"), "-ERR no such key ");
    assert!(bench.waits(1));
}

#[test]
fn relays_and_circles_come_to_an_end() {
    let mut bench = Bench::new(5);
    bench.run(1, "TESTMOVE a b 0");
    bench.run(2, "TESTMOVE b c 0");
    bench.run(3, "TESTMOVE c a 0");
    bench.run(4, "TESTMOVE a a 0");
    assert_eq!(bench.run(0, "TESTPUT a x"), "+OK ");
    for client in 1..5 {
        assert_eq!(bench.sent(client), "$1 x ", "client {client}");
    }
    assert_eq!(bench.run(0, "GET a"), "$1 x ");
    bench.assert_nothing_is_left();
}

#[test]
fn an_error_is_an_answer() {
    let mut bench = Bench::new(3);
    bench.run(1, "TESTMOVE k forbidden 0");
    bench.run(2, "TESTTAKE k 0");
    bench.run(0, "TESTPUT k x");
    let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value ";
    assert_eq!(bench.sent(1), wrong);
    assert_eq!(bench.sent(2), "*2 $1 k $1 x ");
    assert_eq!(bench.engine.stats.by_error["WRONGTYPE"], 1);
    bench.assert_nothing_is_left();
}

#[test]
fn who_was_woken_for_nothing_keeps_its_place_and_its_deadline() {
    let mut bench = Bench::new(4);
    bench.run(1, "TESTTAKE k 0");
    bench.run(2, "TESTNEVER k 1");
    bench.run(3, "TESTTAKE k 0");
    bench.run(0, "TESTPUT k abc");
    assert_eq!(bench.sent(1), "*2 $1 k $1 a ");
    assert_eq!(bench.sent(2), "", "what it wrote is taken back");
    assert_eq!(bench.sent(3), "*2 $1 k $1 b ");
    let place = bench.engine.blocked.next_in_line(0, b"k", Kind::String, 0);
    assert_eq!(place, Some((2, bench.clients[2])));
    bench.pass_ms(999);
    assert!(bench.waits(2));
    bench.pass_ms(1);
    assert_eq!(bench.sent(2), "*-1 ");
    bench.assert_nothing_is_left();
}

#[test]
fn deadlines_are_told_in_time() {
    let mut bench = Bench::new(4);
    bench.run(0, "TESTTAKE k 0.5");
    bench.run(1, "TESTMOVE k l 0.0001");
    bench.run(2, "HELLO 3");
    bench.sent(2);
    bench.run(2, "TESTMOVE k l 0.25");
    bench.run(3, "TESTTAKE k 0");
    assert_eq!(bench.engine.blocked.deadline_count(), 3);
    bench.pass_ms(0);
    assert!(bench.waits(1));
    bench.pass_ms(1);
    assert_eq!(bench.sent(1), "*-1 ", "as in Redis, for all commands");
    bench.pass_ms(248);
    assert!(bench.waits(2));
    bench.pass_ms(1);
    assert_eq!(bench.sent(2), "_ ");
    bench.pass_ms(1_000_000);
    assert_eq!(bench.sent(0), "*-1 ");
    assert!(bench.waits(3) && bench.engine.blocked.deadline_count() == 0);
    bench.engine.close_session(bench.clients[3]);
    bench.assert_nothing_is_left();
}

#[test]
fn timeouts_are_read_as_redis_reads_them() {
    let negative = Err(NEGATIVE);
    for (text, ms) in [
        ("0", Ok(0)),
        ("-0", Ok(0)),
        ("-0.0001", Ok(0)),
        ("1", Ok(1000)),
        ("0.01", Ok(10)),
        ("0.0001", Ok(1)),
        ("1e-400", Ok(1)),
        ("-1e-400", Ok(0)),
        ("0x1", Ok(1000)),
        ("-1", negative.clone()),
        ("-0.0011", negative.clone()),
        ("9223372036854776", negative.clone()),
        ("1e400", negative.clone()),
        ("inf", negative.clone()),
        ("-inf", negative),
        ("nan", Err(NOT_A_TIMEOUT)),
        ("1e5000", Err(NOT_A_TIMEOUT)),
        ("1e-5000", Err(NOT_A_TIMEOUT)),
        ("", Err(NOT_A_TIMEOUT)),
        (" 1", Err(NOT_A_TIMEOUT)),
        ("1 ", Err(NOT_A_TIMEOUT)),
        ("x", Err(NOT_A_TIMEOUT)),
    ] {
        assert_eq!(timeout_ms(text.as_bytes()), ms, "{text:?}");
    }
}

#[test]
fn whoever_leaves_leaves_nothing_behind() {
    let mut bench = Bench::new(4);
    for client in 1..4 {
        bench.run(client, "TESTTAKE a b c 10");
    }
    bench.engine.close_session(bench.clients[2]);
    bench.run(0, "TESTPUT b xy");
    assert_eq!(bench.sent(1), "*2 $1 b $1 x ");
    assert_eq!(bench.sent(3), "*2 $1 b $1 y ");
    bench.assert_nothing_is_left();
}

#[test]
fn nothing_is_taken_for_a_client_without_an_output() {
    let mut bench = Bench::new(3);
    bench.run(1, "TESTTAKE k 0");
    bench.run(2, "TESTTAKE k 0");
    bench.outputs.remove(&bench.clients[1]);
    bench.run(0, "TESTPUT k x");
    assert_eq!(bench.sent(2), "*2 $1 k $1 x ");
    bench.assert_nothing_is_left();
}

#[test]
fn client_unblock_ends_a_wait_one_way_or_the_other() {
    let mut bench = Bench::new(3);
    let number = bench.number(1);
    assert_eq!(bench.run(0, &format!("CLIENT UNBLOCK {number}")), ":0 ");
    for (reason, reply) in [
        ("", "*-1 "),
        (" timeout", "*-1 "),
        (" ERROR", "-UNBLOCKED client unblocked via CLIENT UNBLOCK "),
    ] {
        bench.run(1, "TESTTAKE k 5");
        let request = format!("CLIENT UNBLOCK {number}{reason}");
        assert_eq!(bench.run(0, &request), ":1 ");
        assert_eq!(bench.sent(1), reply);
        bench.assert_nothing_is_left();
    }
    let own = format!("CLIENT UNBLOCK {}", bench.number(0));
    assert_eq!(bench.run(0, &own), ":0 ");
    for (words, error) in [
        (
            "99 x",
            "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
        ),
        ("x", "ERR value is not an integer or out of range"),
        (
            "1 TIMEOUT x",
            "ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP.",
        ),
    ] {
        let reply = bench.run(0, &format!("CLIENT UNBLOCK {words}"));
        assert_eq!(reply, format!("-{error} "));
    }
    assert_eq!(bench.run(0, "CLIENT UNBLOCK -1"), ":0 ");
}

#[test]
fn who_was_unblocked_and_leaves_before_it_is_told_is_forgotten() {
    let mut bench = Bench::new(2);
    let id = bench.clients[1];
    bench.run(1, "TESTTAKE k 5");
    assert!(bench.engine.unblock(id, Over::Released));
    bench.engine.close_session(id);
    bench.assert_nothing_is_left();
}

#[test]
fn a_killed_client_gets_nothing_any_more() {
    let mut bench = Bench::new(3);
    bench.run(1, "TESTTAKE k 0");
    bench.run(2, "TESTTAKE k 0");
    let kill = format!("CLIENT KILL ID {}", bench.number(1));
    assert_eq!(bench.run(0, &kill), ":1 ");
    bench.run(0, "TESTPUT k x");
    assert_eq!(bench.sent(1), "");
    assert_eq!(bench.sent(2), "*2 $1 k $1 x ");
}

#[test]
fn client_reply_holds_for_the_reply_that_was_waited_for() {
    let mut bench = Bench::new(2);
    bench.run(1, "CLIENT REPLY SKIP");
    bench.run(1, "TESTTAKE k 0");
    bench.run(0, "TESTPUT k x");
    assert_eq!(bench.sent(1), "", "skipped");
    bench.run(1, "TESTTAKE k 0");
    bench.run(0, "TESTPUT k y");
    assert_eq!(bench.sent(1), "*2 $1 k $1 y ", "and only that one");
    bench.run(1, "CLIENT REPLY OFF");
    bench.run(1, "TESTTAKE k 0.01");
    bench.pass_ms(10);
    assert_eq!(bench.sent(1), "");
    assert!(!bench.waits(1));
}

#[test]
fn in_a_transaction_nobody_waits() {
    let mut bench = Bench::new(1);
    let id = bench.clients[0];
    for (words, null) in [("TESTTAKE k l 0", "*-1 "), ("TESTMOVE k l 0", "$-1 ")] {
        let mut request = OwnedRequest::from_args(words.split(' '));
        let out = bench.outputs.get_mut(&id).expect("a client");
        let found = command::find(&request.request()).expect("an entry of the table");
        let mut call = Call {
            command: found.command,
            args: request.request(),
            reply: Reply::new(out, Protocol::Resp2),
            engine: &mut bench.engine,
            id,
            known: &KnownHash::NONE,
            waiting: Waiting::Never,
        };
        assert_eq!((found.command.run)(&mut call), Ok(()));
        assert_eq!(bench.sent(0), null);
        bench.assert_nothing_is_left();
    }
}

#[test]
fn one_call_is_counted_however_often_it_is_run() {
    let mut bench = Bench::new(2);
    bench.run(1, "TESTTAKE k 0");
    let before = bench.engine.stats.commands;
    bench.run(0, "TESTPUT k x");
    assert_eq!(bench.engine.stats.commands, before + 1, "the other's own");
    let found = table::find(b"TESTTAKE").expect("an entry of the table");
    let stats = bench.engine.stats.command(found.number.into());
    assert_eq!((stats.calls, stats.failed), (1, 0));
}

#[test]
fn those_who_wait_are_seen_in_info_and_client_list() {
    let mut bench = Bench::new(3);
    bench.run(1, "TESTTAKE key 0");
    bench.run(2, "TESTTAKE key 7");
    let info = bench.run(0, "INFO clients");
    assert!(info.contains("blocked_clients:2 "), "{info}");
    assert!(info.contains("clients_in_timeout_table:1 "), "{info}");
    let list = bench.run(0, &format!("CLIENT LIST ID {}", bench.number(1)));
    for field in [" flags=b ", " argv-mem=12 ", " cmd=testtake "] {
        assert!(list.contains(field), "{field} in {list}");
    }
}

/// Ten thousand in front of one key: each leaves in little time, from wherever it stands.
#[test]
fn many_wait_for_one_key() {
    const MANY: usize = 10_000;
    let mut bench = Bench::new(MANY);
    for client in 1..MANY {
        bench.run(client, "TESTTAKE k 100");
    }
    // Every third hangs up.
    for client in (1..MANY).filter(|client| client % 3 == 0) {
        bench.engine.close_session(bench.clients[client]);
        bench.outputs.remove(&bench.clients[client]);
    }
    let bytes = "x".repeat(MANY);
    bench.run(0, &format!("TESTPUT k {bytes}"));
    for client in (1..MANY).filter(|client| client % 3 != 0) {
        assert_eq!(bench.sent(client), "*2 $1 k $1 x ");
    }
    bench.assert_nothing_is_left();
}

#[test]
fn the_same_requests_are_served_in_the_same_order_every_time() {
    let orders: Vec<BTreeMap<usize, String>> = (0..4)
        .map(|_| {
            let mut bench = Bench::new(20);
            bench.run(0, "SELECT 1");
            for client in 1..20 {
                let (a, b) = (client % 7, client % 5);
                bench.run(client, &format!("TESTMOVE k{a} k{b} 0"));
            }
            for key in 0..7 {
                bench.run(0, &format!("SET k{key} {key}"));
            }
            bench.run(0, "SWAPDB 0 1");
            (1..20).map(|client| (client, bench.sent(client))).collect()
        })
        .collect();
    assert!(orders.iter().all(|order| *order == orders[0]));
    assert!(orders[0].values().any(|sent| !sent.is_empty()));
}
