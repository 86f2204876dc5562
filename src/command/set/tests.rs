use crate::command::testing::{engine, run};
use crate::engine::{Engine, SessionId};
use std::collections::BTreeSet;

/// Runs each request and compares its reply, in which `\r\n` is written as a space.
pub fn transcript(engine: &mut Engine, id: SessionId, lines: &[(&str, &str)]) {
    for (request, wanted) in lines {
        let words: Vec<&str> = request.split(' ').collect();
        let reply = run(engine, id, &words);
        assert_eq!(reply.trim_end().replace("\r\n", " "), *wanted, "{request}");
    }
}

/// The elements of a reply that is a list of strings, and what it says how many they are.
fn elements(reply: &str) -> (usize, Vec<String>) {
    let mut lines = reply.split("\r\n");
    let len = lines.next().and_then(|line| line[1..].parse().ok());
    let elements = lines.skip(1).step_by(2).map(str::to_owned).collect();
    (len.expect("a list says how long it is"), elements)
}

/// Makes a set of the numbers below `len`, with `first` having been a member of it.
fn fill(engine: &mut Engine, id: SessionId, key: &str, first: &str, len: usize) {
    let mut words = vec!["SADD".to_owned(), key.to_owned(), first.to_owned()];
    words.extend((0..len).map(|n| n.to_string()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    run(engine, id, &words);
    run(engine, id, &["SREM", key, first]);
}

#[test]
fn members_come_and_go_and_the_key_with_them() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("SADD s b a b", ":2"),
            ("SADD s a", ":0"),
            ("SCARD s", ":2"),
            ("SMEMBERS s", "*2 $1 b $1 a"),
            ("SISMEMBER s a", ":1"),
            ("SISMEMBER s x", ":0"),
            ("SMISMEMBER s x a", "*2 :0 :1"),
            ("TYPE s", "+set"),
            ("SREM s a x a", ":1"),
            ("SREM s b", ":1"),
            ("EXISTS s", ":0"),
            ("SREM s b", ":0"),
            ("SCARD s", ":0"),
            ("SMEMBERS s", "*0"),
            ("SMISMEMBER s a b", "*2 :0 :0"),
        ],
    );
    // SADD counts each member that is new, SREM each that was there.
    assert_eq!(engine.stats.keys.dirty, 2 + 1 + 1);
}

#[test]
fn integers_are_kept_as_such_up_to_a_border() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("CONFIG SET set-max-intset-entries 3", "+OK"),
            ("SADD s 3 -1 70000", ":3"),
            ("SMEMBERS s", "*3 $2 -1 $1 3 $5 70000"),
            ("OBJECT ENCODING s", "$6 intset"),
            ("COPY s copy", ":1"),
            ("SADD s 4", ":1"),
            ("OBJECT ENCODING s", "$9 hashtable"),
            ("SREM s 4 3", ":2"),
            ("OBJECT ENCODING s", "$9 hashtable"),
            ("COPY s copied", ":1"),
            ("OBJECT ENCODING copied", "$9 hashtable"),
            ("OBJECT ENCODING copy", "$6 intset"),
            ("SADD copy 03", ":1"),
            ("OBJECT ENCODING copy", "$9 hashtable"),
            ("SISMEMBER copy 3", ":1"),
            ("SISMEMBER copy +3", ":0"),
            ("CONFIG SET set-max-intset-entries 0", "+OK"),
            ("SADD one 1", ":1"),
            ("OBJECT ENCODING one", "$9 hashtable"),
        ],
    );
}

#[test]
fn a_set_is_nothing_else_and_nothing_else_is_a_set() {
    let (mut engine, id) = engine();
    const WRONG: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    transcript(&mut engine, id, &[("SET str 1", "+OK"), ("SADD s 1", ":1")]);
    for ask in [
        "SADD str 1",
        "SREM str 1",
        "SCARD str",
        "SISMEMBER str 1",
        "SMISMEMBER str 1",
        "SMEMBERS str",
        "SMOVE str s 1",
        "SMOVE s str 1",
        "SMOVE s str 2",
        "SPOP str",
        "SPOP str 0",
        "SRANDMEMBER str",
        "SRANDMEMBER str 0",
        "SSCAN str 0",
        "SINTER s str",
        "SINTER none str",
        "SINTERSTORE d none str",
        "SINTERCARD 2 none str",
        "SUNION none str",
        "SUNIONSTORE d s str",
        "SDIFF none str",
        "SDIFFSTORE d s str",
        "GET s",
        "HGET s f",
        "APPEND s x",
    ] {
        let words: Vec<&str> = ask.split(' ').collect();
        assert_eq!(run(&mut engine, id, &words).trim_end(), WRONG, "{ask}");
    }
    transcript(
        &mut engine,
        id,
        &[("EXISTS d", ":0"), ("SMEMBERS s", "*1 $1 1")],
    );
}

#[test]
fn a_member_moves() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("SADD a 1 2", ":2"),
            ("SADD b 2 x", ":2"),
            ("SMOVE a b 3", ":0"),
            ("SMOVE a b 2", ":1"),
            ("SMOVE a a 1", ":1"),
            ("SMOVE a a 2", ":0"),
            ("SMOVE a new 1", ":1"),
            ("EXISTS a", ":0"),
            ("OBJECT ENCODING new", "$6 intset"),
            ("SCARD b", ":2"),
            ("SET str 1", "+OK"),
            ("SMOVE none str 1", ":0"),
        ],
    );
    // Four were added; then one change in `a` alone, then one in each of two sets; and SET.
    assert_eq!(engine.stats.keys.dirty, 4 + 1 + 2 + 1);
}

#[test]
fn errors_of_counts_come_before_the_key() {
    let (mut engine, id) = engine();
    const POSITIVE: &str = "-ERR value is out of range, must be positive";
    transcript(
        &mut engine,
        id,
        &[
            ("SET str 1", "+OK"),
            ("SADD s 1", ":1"),
            ("SPOP str x", POSITIVE),
            ("SPOP none -1", POSITIVE),
            ("SPOP s 1 2", "-ERR syntax error"),
            ("SPOP none", "$-1"),
            ("SPOP none 3", "*0"),
            ("SPOP s 0", "*0"),
            ("SRANDMEMBER none", "$-1"),
            ("SRANDMEMBER none -3", "*0"),
            ("SRANDMEMBER s 1 2", "-ERR syntax error"),
            (
                "SRANDMEMBER str x",
                "-ERR value is not an integer or out of range",
            ),
            (
                "SRANDMEMBER s -9223372036854775808",
                "-ERR value is out of range, value must between -9223372036854775807 and \
                 9223372036854775807",
            ),
            ("SSCAN none x", "-ERR invalid cursor"),
            ("SSCAN none 0 BAD", "*2 $1 0 *0"),
            ("SSCAN s 0 TYPE set", "-ERR syntax error"),
            ("SSCAN s 0 MATCH 2", "*2 $1 0 *0"),
        ],
    );
}

/// Sets of 100 numbers in the three forms, and one of 1000 in a table.
const SETS: [(&str, usize); 4] = [("0", 100), ("x", 100), ("0", 1000), (LONG, 100)];

const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

#[test]
fn what_is_popped_is_gone_and_the_rest_is_left() {
    for (first, len) in SETS {
        for count in [
            0,
            1,
            2,
            9,
            50,
            len - 20,
            len - 1,
            len,
            len + 1,
            usize::MAX / 2,
        ] {
            let (mut engine, id) = engine();
            fill(&mut engine, id, "s", first, len);
            let before: BTreeSet<String> = elements(&run(&mut engine, id, &["SMEMBERS", "s"]))
                .1
                .into_iter()
                .collect();
            let dirty = engine.stats.keys.dirty;
            let reply = run(&mut engine, id, &["SPOP", "s", &count.to_string()]);
            let (told, popped) = elements(&reply);
            let taken = count.min(before.len());
            assert_eq!((told, popped.len()), (taken, taken), "{first} {count}");
            assert_eq!(engine.stats.keys.dirty - dirty, taken as u64);
            let (_, rest) = elements(&run(&mut engine, id, &["SMEMBERS", "s"]));
            let both: BTreeSet<String> = popped.iter().chain(&rest).cloned().collect();
            assert_eq!(popped.len() + rest.len(), before.len(), "{first} {count}");
            assert_eq!(both, before, "{first} {count}");
            let exists = run(&mut engine, id, &["EXISTS", "s"]);
            assert_eq!(exists == ":1\r\n", !rest.is_empty());
        }
    }
}

#[test]
fn a_key_keeps_its_deadline_while_members_are_popped() {
    let (mut engine, id) = engine();
    fill(&mut engine, id, "s", "x", 1000);
    transcript(&mut engine, id, &[("EXPIRE s 100", ":1")]);
    run(&mut engine, id, &["SPOP", "s", "10"]);
    transcript(
        &mut engine,
        id,
        &[("TTL s", ":100"), ("OBJECT ENCODING s", "$9 hashtable")],
    );
    // 90 are left of 990: they become a set of their own, as in Redis.
    run(&mut engine, id, &["SPOP", "s", "900"]);
    transcript(
        &mut engine,
        id,
        &[
            ("TTL s", ":100"),
            ("SCARD s", ":90"),
            ("OBJECT ENCODING s", "$6 intset"),
        ],
    );
    assert_eq!(
        engine.trash.pending(),
        1,
        "the old table is freed in slices"
    );
    run(&mut engine, id, &["SPOP", "s"]);
    transcript(&mut engine, id, &[("SCARD s", ":89")]);
}

#[test]
fn a_large_set_that_goes_is_freed_in_slices() {
    for request in [
        "SPOP s 10000",
        "SINTERSTORE s none s",
        "SUNIONSTORE s other",
        "SDIFFSTORE s s s",
        "DEL s",
    ] {
        let (mut engine, id) = engine();
        fill(&mut engine, id, "s", "x", 1000);
        run(&mut engine, id, &["SADD", "other", "1"]);
        let words: Vec<&str> = request.split(' ').collect();
        run(&mut engine, id, &words);
        assert_eq!(engine.trash.pending(), 1, "{request}");
    }
}

#[test]
fn random_members_are_as_many_as_asked_for_and_stay() {
    for (first, len) in SETS {
        let (mut engine, id) = engine();
        fill(&mut engine, id, "s", first, len);
        let len = elements(&run(&mut engine, id, &["SMEMBERS", "s"])).0;
        for count in [0, 1, 10, len - 1, len, len + 1] {
            let reply = run(&mut engine, id, &["SRANDMEMBER", "s", &count.to_string()]);
            let (told, drawn) = elements(&reply);
            let unlike: BTreeSet<&String> = drawn.iter().collect();
            assert_eq!((told, unlike.len()), (drawn.len(), drawn.len()));
            assert_eq!(drawn.len(), count.min(len), "{first} {count}");
            let draws = run(
                &mut engine,
                id,
                &["SRANDMEMBER", "s", &format!("-1{count}")],
            );
            assert_eq!(format!("1{count}"), elements(&draws).0.to_string());
        }
        let (one, two) = (
            run(&mut engine, id, &["SRANDMEMBER", "s"]),
            run(&mut engine, id, &["SCARD", "s"]),
        );
        assert!(one.starts_with('$') && one != "$-1\r\n", "{one}");
        assert_eq!(two, format!(":{len}\r\n"));
    }
}

#[test]
fn sets_are_told_as_sets_to_who_knows_them() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["HELLO", "3"]);
    transcript(
        &mut engine,
        id,
        &[
            ("SADD s 1 2", ":2"),
            ("SADD t 2 3", ":2"),
            ("SMEMBERS s", "~2 $1 1 $1 2"),
            ("SMEMBERS none", "~0"),
            ("SINTER s t", "~1 $1 2"),
            ("SDIFF s t", "~1 $1 1"),
            ("SUNION s t", "~3 $1 1 $1 2 $1 3"),
            ("SMISMEMBER s 1 3", "*2 :1 :0"),
            ("SRANDMEMBER s 5", "*2 $1 1 $1 2"),
            ("SRANDMEMBER none", "_"),
            ("SRANDMEMBER none 5", "*0"),
            ("SPOP none", "_"),
            ("SPOP none 1", "~0"),
            ("SPOP s 0", "~0"),
            ("SPOP s 5", "~2 $1 1 $1 2"),
            ("SSCAN t 0", "*2 $1 0 *2 $1 2 $1 3"),
        ],
    );
}

#[test]
fn a_walk_returns_every_member() {
    let (mut engine, id) = engine();
    fill(&mut engine, id, "s", "x", 3000);
    let mut cursor = "0".to_owned();
    let mut members = BTreeSet::new();
    loop {
        let page = run(&mut engine, id, &["SSCAN", "s", &cursor, "COUNT", "50"]);
        let (head, rest) = page.split_at(page.rfind('*').unwrap_or(0));
        cursor = head.split("\r\n").nth(2).unwrap_or("0").to_owned();
        let (len, found) = elements(rest);
        assert!(len < 500 && len == found.len(), "{page}");
        members.extend(found);
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(members.len(), 3000);
}
