use crate::command::testing::{engine, run};
use crate::command::{execute, serve_blocked};
use crate::engine::session::Peer;
use crate::engine::{Engine, SessionId};
use crate::resp::{Output, OwnedRequest};
use std::collections::HashMap;

/// Runs each request and compares its reply, in which `\r\n` is written as a space.
fn transcript(engine: &mut Engine, id: SessionId, lines: &[(&str, &str)]) {
    for (request, wanted) in lines {
        let words: Vec<&str> = request.split(' ').collect();
        let reply = run(engine, id, &words);
        assert_eq!(reply.trim_end().replace("\r\n", " "), *wanted, "{request}");
    }
}

/// The bulk strings of a reply, one behind the other; of nested arrays, too.
fn bulks(reply: &str) -> String {
    let lines: Vec<&str> = reply.split("\r\n").collect();
    let heads = lines.windows(2).filter(|pair| pair[0].starts_with('$'));
    let texts: Vec<&str> = heads.map(|pair| pair[1]).collect();
    texts.join(" ")
}

/// Runs each request, on a packed set and on a large one, and compares the strings in its reply.
fn finds(members: &str, lines: &[(&str, &str)]) {
    for entries in ["128", "0"] {
        let (mut engine, id) = engine();
        let set = ["CONFIG", "SET", "zset-max-listpack-entries", entries];
        run(&mut engine, id, &set);
        let words: Vec<&str> = members.split(' ').collect();
        run(&mut engine, id, &words);
        for (request, wanted) in lines {
            let words: Vec<&str> = request.split(' ').collect();
            let reply = run(&mut engine, id, &words);
            assert_eq!(bulks(&reply), *wanted, "{request} with {entries} packed");
        }
    }
}

#[test]
fn members_come_and_go_and_the_key_with_them() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("ZADD z 1 a 2.5 b 1 c", ":3"),
            ("ZADD z 3 a 3 d", ":1"),
            ("ZADD z CH 4 a 3 d 5 e", ":2"),
            ("ZCARD z", ":5"),
            ("ZSCORE z b", "$3 2.5"),
            ("ZSCORE z x", "$-1"),
            ("ZMSCORE z a x e", "*3 $1 4 $-1 $1 5"),
            ("ZMSCORE none a", "*1 $-1"),
            ("ZRANK z a", ":3"),
            ("ZREVRANK z a", ":1"),
            ("ZRANK z x", "$-1"),
            ("ZRANK z a WITHSCORE", "*2 :3 $1 4"),
            ("ZREVRANK z x WITHSCORE", "*-1"),
            ("ZRANK z a SCORE", "-ERR syntax error"),
            (
                "ZRANK z a WITHSCORE x",
                "-ERR wrong number of arguments for 'zrank' command",
            ),
            ("TYPE z", "+zset"),
            ("ZREM z a x b a", ":2"),
            ("ZREM z c d e", ":3"),
            ("EXISTS z", ":0"),
            ("ZCARD z", ":0"),
            ("ZREM z a", ":0"),
        ],
    );
    // ZADD counts what is new and what is changed, ZREM what was there.
    assert_eq!(engine.stats.keys.dirty, 3 + 2 + 2 + 5);
}

#[test]
fn conditions_decide_who_gets_a_score() {
    const BOTH: &str = "-ERR XX and NX options at the same time are not compatible";
    const MANY: &str = "-ERR GT, LT, and/or NX options at the same time are not compatible";
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("ZADD z XX 1 a", ":0"),
            ("EXISTS z", ":0"),
            ("ZADD z NX 1 a 2 b", ":2"),
            ("ZADD z NX CH 9 a 3 c", ":1"),
            ("ZADD z XX CH 5 a 9 x", ":1"),
            ("ZADD z GT CH 4 a 7 b 1 d", ":2"),
            ("ZADD z LT CH 6 a 6 b 2 e", ":2"),
            ("ZMSCORE z a b c d e x", "*6 $1 5 $1 6 $1 3 $1 1 $1 2 $-1"),
            ("ZADD z INCR 1.5 a", "$3 6.5"),
            ("ZADD z NX INCR 1 a", "$-1"),
            ("ZADD z XX INCR 1 x", "$-1"),
            ("ZADD z GT INCR -1 a", "$-1"),
            ("ZADD z GT INCR 0 a", "$-1"),
            ("ZADD z LT INCR -1 a", "$3 5.5"),
            ("ZINCRBY z 2 new", "$1 2"),
            ("ZADD z nx xx 1 a", BOTH),
            ("ZADD z NX GT 1 a", MANY),
            ("ZADD z LT NX 1 a", MANY),
            ("ZADD z GT LT 1 a", MANY),
            ("ZADD z NX XX 1", "-ERR syntax error"),
            ("ZADD z XX CH", "-ERR syntax error"),
            (
                "ZADD z INCR 1 a 2 b",
                "-ERR INCR option supports a single increment-element pair",
            ),
            ("ZADD z 1 p x q", "-ERR value is not a valid float"),
            ("ZSCORE z p", "$-1"),
            ("ZADD z nan a", "-ERR value is not a valid float"),
            ("ZINCRBY z inf a", "$3 inf"),
            (
                "ZINCRBY z -inf a",
                "-ERR resulting score is not a number (NaN)",
            ),
            ("ZSCORE z a", "$3 inf"),
        ],
    );
}

#[test]
fn ranges_of_ranks() {
    finds(
        "ZADD z 1 a 2 b 3 c 4 d 5 e",
        &[
            ("ZRANGE z 0 -1", "a b c d e"),
            ("ZRANGE z 1 2", "b c"),
            ("ZRANGE z -2 -1 WITHSCORES", "d 4 e 5"),
            ("ZRANGE z 3 1", ""),
            ("ZRANGE z 5 9", ""),
            ("ZRANGE z -100 -50", ""),
            ("ZRANGE z -100 100", "a b c d e"),
            (
                "ZRANGE z -9223372036854775808 9223372036854775807",
                "a b c d e",
            ),
            ("ZRANGE z 0 1 REV", "e d"),
            ("ZREVRANGE z 1 2 WITHSCORES", "d 4 c 3"),
            ("ZRANGE none 0 -1", ""),
        ],
    );
}

#[test]
fn ranges_of_scores() {
    finds(
        "ZADD z 1 a 2 b 2 c 4 d inf e",
        &[
            ("ZRANGE z 2 4 BYSCORE", "b c d"),
            ("ZRANGE z (2 (4 BYSCORE", ""),
            ("ZRANGE z (1 (4 BYSCORE", "b c"),
            ("ZRANGE z 4 2 BYSCORE", ""),
            ("ZRANGE z 4 2 BYSCORE REV", "d c b"),
            ("ZRANGE z -inf +inf BYSCORE", "a b c d e"),
            ("ZRANGE z (4 (inf BYSCORE", ""),
            ("ZRANGE z 1 inf BYSCORE LIMIT 1 2", "b c"),
            ("ZRANGE z 1 inf BYSCORE LIMIT 3 -1", "d e"),
            ("ZRANGE z 1 inf BYSCORE LIMIT 9 9", ""),
            ("ZRANGE z 1 inf BYSCORE LIMIT -1 9", ""),
            ("ZRANGE z 1 inf BYSCORE LIMIT 1 0", ""),
            ("ZRANGE z 4 1 BYSCORE REV LIMIT 1 2", "c b"),
            ("ZRANGEBYSCORE z 1 2 WITHSCORES LIMIT 0 1", "a 1"),
            ("ZREVRANGEBYSCORE z 2 1 LIMIT 0 2 WITHSCORES", "c 2 b 2"),
            // As C reads them: nothing is 0, and what is too great is infinite.
            ("ZRANGE z ( 1e400 BYSCORE", "a b c d e"),
        ],
    );
}

#[test]
fn ranges_of_strings() {
    finds(
        "ZADD z 0 a 0 b 0 bb 0 c 0 d",
        &[
            ("ZRANGE z - + BYLEX", "a b bb c d"),
            ("ZRANGE z + - BYLEX", ""),
            ("ZRANGE z + - BYLEX REV", "d c bb b a"),
            ("ZRANGE z [b (c BYLEX", "b bb"),
            ("ZRANGE z (b [c BYLEX", "bb c"),
            ("ZRANGE z [ba + BYLEX LIMIT 1 1", "c"),
            ("ZRANGE z [ + BYLEX", "a b bb c d"),
            ("ZRANGEBYLEX z - (b", "a"),
            ("ZREVRANGEBYLEX z [c (a LIMIT 1 -1", "bb b"),
        ],
    );
}

#[test]
fn ranges_are_checked_before_the_key() {
    const SCORE: &str = "-ERR min or max is not a float";
    const LEX: &str = "-ERR min or max not valid string range item";
    const LIMIT: &str = "-ERR syntax error, LIMIT is only supported in combination with either \
                         BYSCORE or BYLEX";
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("SET s 1", "+OK"),
            (
                "ZRANGE s x 1",
                "-ERR value is not an integer or out of range",
            ),
            ("ZRANGE s 1 x BYSCORE", SCORE),
            ("ZRANGE s nan 1 BYSCORE", SCORE),
            ("ZRANGE s ((1 1 BYSCORE", SCORE),
            ("ZRANGE s a + BYLEX", LEX),
            ("ZRANGE s -x + BYLEX", LEX),
            ("ZRANGE s 0 -1 BYLEX BYSCORE", "-ERR syntax error"),
            ("ZRANGE s 0 -1 REV REV", "-ERR syntax error"),
            ("ZRANGE s 0 -1 BYSCORE LIMIT 1", "-ERR syntax error"),
            ("ZRANGE s 0 -1 LIMIT 0 1", LIMIT),
            (
                "ZRANGE s 0 -1 BYSCORE LIMIT 0 x",
                "-ERR value is not an integer or out of range",
            ),
            (
                "ZRANGE s - + BYLEX WITHSCORES",
                "-ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ),
            ("ZREVRANGE s 0 -1 REV", "-ERR syntax error"),
            ("ZRANGEBYSCORE s 0 -1 BYSCORE", "-ERR syntax error"),
            ("ZRANGESTORE d s 0 -1 WITHSCORES", "-ERR syntax error"),
            ("ZCOUNT s 1 x", SCORE),
            ("ZLEXCOUNT s a b", LEX),
            ("ZREMRANGEBYSCORE none 1 x", SCORE),
            (
                "ZREMRANGEBYRANK s 0 x",
                "-ERR value is not an integer or out of range",
            ),
        ],
    );
}

#[test]
fn parts_are_counted_removed_and_stored() {
    for entries in ["128", "0"] {
        let (mut engine, id) = engine();
        let set = ["CONFIG", "SET", "zset-max-listpack-entries", entries];
        run(&mut engine, id, &set);
        transcript(
            &mut engine,
            id,
            &[
                ("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f", ":6"),
                ("ZCOUNT z (1 3", ":2"),
                ("ZCOUNT z 3 1", ":0"),
                ("ZCOUNT none 1 3", ":0"),
                ("ZADD l 0 a 0 b 0 c", ":3"),
                ("ZLEXCOUNT l [b +", ":2"),
                ("SET d x PX 100000", "+OK"),
                ("ZRANGESTORE d z (6 2 BYSCORE REV LIMIT 1 2", ":2"),
                ("ZRANGE d 0 -1 WITHSCORES", "*4 $1 c $1 3 $1 d $1 4"),
                ("TTL d", ":-1"),
                ("ZRANGESTORE d none 0 -1", ":0"),
                ("EXISTS d", ":0"),
                ("ZRANGESTORE z z 0 4", ":5"),
                ("ZREMRANGEBYSCORE z (1 2", ":1"),
                ("ZREMRANGEBYRANK z -1 -1", ":1"),
                ("ZREMRANGEBYRANK z 5 9", ":0"),
                ("ZRANGE z 0 -1", "*3 $1 a $1 c $1 d"),
                ("ZREMRANGEBYLEX l - (c", ":2"),
                ("ZREMRANGEBYRANK z 0 -1", ":3"),
                ("EXISTS z", ":0"),
                ("ZREMRANGEBYSCORE none 0 1", ":0"),
            ],
        );
        let added = 6 + 3 + 1;
        let stored = 1 + 1 + 1;
        let removed = 1 + 1 + 2 + 3;
        assert_eq!(engine.stats.keys.dirty, added + stored + removed);
    }
}

#[test]
fn elements_are_taken_from_either_end() {
    const POSITIVE: &str = "-ERR value is out of range, must be positive";
    for entries in ["128", "0"] {
        let (mut engine, id) = engine();
        let set = ["CONFIG", "SET", "zset-max-listpack-entries", entries];
        run(&mut engine, id, &set);
        transcript(
            &mut engine,
            id,
            &[
                ("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f", ":6"),
                ("ZPOPMIN z", "*2 $1 a $1 1"),
                ("ZPOPMAX z 2", "*4 $1 f $1 6 $1 e $1 5"),
                ("ZPOPMIN z 0", "*0"),
                ("ZPOPMIN z -1", POSITIVE),
                ("ZPOPMIN z 9223372036854775808", POSITIVE),
                ("ZPOPMIN z 1 2", "-ERR syntax error"),
                (
                    "ZPOPMAX z 9223372036854775807",
                    "*6 $1 d $1 4 $1 c $1 3 $1 b $1 2",
                ),
                ("EXISTS z", ":0"),
                ("ZPOPMAX z", "*0"),
                ("ZADD z 1 a 2 b 3 c", ":3"),
                ("ZMPOP 2 none z MAX", "*2 $1 z *1 *2 $1 c $1 3"),
                (
                    "ZMPOP 1 z MIN COUNT 9",
                    "*2 $1 z *2 *2 $1 a $1 1 *2 $1 b $1 2",
                ),
                ("ZMPOP 1 z MIN", "*-1"),
                ("ZADD z 1 a 2 b 3 c", ":3"),
                ("BZPOPMIN none z 0", "*3 $1 z $1 a $1 1"),
                ("BZPOPMAX z 0", "*3 $1 z $1 c $1 3"),
                ("BZMPOP 0 1 z MIN COUNT 2", "*2 $1 z *1 *2 $1 b $1 2"),
            ],
        );
        assert_eq!(engine.stats.keys.dirty, 6 + 6 + 3 + 3 + 3 + 3);
    }
}

#[test]
fn requests_to_take_are_checked_in_the_order_of_redis() {
    const NUMKEYS: &str = "-ERR numkeys should be greater than 0";
    const COUNT: &str = "-ERR count should be greater than 0";
    const TIMEOUT: &str = "-ERR timeout is not a float or out of range";
    const WRONG: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("SET s 1", "+OK"),
            ("ZMPOP 0 s MIN", NUMKEYS),
            ("ZMPOP x s MIN", NUMKEYS),
            ("ZMPOP 2 s MIN", "-ERR syntax error"),
            ("ZMPOP 9223372036854775807 s MIN", "-ERR syntax error"),
            ("ZMPOP 1 s FOO", "-ERR syntax error"),
            ("ZMPOP 1 s MIN COUNT", "-ERR syntax error"),
            ("ZMPOP 1 s MIN COUNT 0", COUNT),
            ("ZMPOP 1 s MIN COUNT 1 COUNT 1", "-ERR syntax error"),
            ("ZMPOP 1 s MIN FOO 1", "-ERR syntax error"),
            ("ZMPOP 1 s MIN", WRONG),
            ("BZMPOP x 1 s FOO", "-ERR syntax error"),
            ("BZMPOP x 1 s MIN", TIMEOUT),
            ("BZMPOP 0 1 s MIN", WRONG),
            ("BZPOPMIN s x", TIMEOUT),
            ("BZPOPMIN s -1", "-ERR timeout is negative"),
            ("BZPOPMIN none s 0", WRONG),
            ("ZPOPMIN s 0", WRONG),
        ],
    );
}

#[test]
fn resp3_has_doubles_and_pairs() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["HELLO", "3"]);
    transcript(
        &mut engine,
        id,
        &[
            ("ZADD z 1.5 a 2 b 3 c 4 d", ":4"),
            ("ZSCORE z a", ",1.5"),
            ("ZINCRBY z 1 d", ",5"),
            ("ZRANGE z 0 1 WITHSCORES", "*2 *2 $1 a ,1.5 *2 $1 b ,2"),
            ("ZRANDMEMBER none 1 WITHSCORES", "*0"),
            ("ZSCAN z 0 MATCH a", "*2 $1 0 *2 $1 a $3 1.5"),
            ("ZRANK z a WITHSCORE", "*2 :0 ,1.5"),
            ("ZPOPMIN z", "*2 $1 a ,1.5"),
            ("ZPOPMIN z 1", "*1 *2 $1 b ,2"),
            ("ZMPOP 1 z MIN", "*2 $1 z *1 *2 $1 c ,3"),
            ("BZPOPMIN z 0", "*3 $1 z $1 d ,5"),
            ("ZMPOP 1 z MIN", "_"),
        ],
    );
}

#[test]
fn a_sorted_set_is_no_string_and_no_string_is_a_sorted_set() {
    const WRONG: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    let (mut engine, id) = engine();
    run(&mut engine, id, &["SET", "s", "1"]);
    run(&mut engine, id, &["ZADD", "z", "1", "a"]);
    for ask in [
        "ZADD s 1 a",
        "ZADD s XX 1 a",
        "ZINCRBY s 1 a",
        "ZCARD s",
        "ZSCORE s a",
        "ZMSCORE s a",
        "ZRANK s a",
        "ZREVRANK s a",
        "ZREM s a",
        "ZCOUNT s 0 1",
        "ZLEXCOUNT s - +",
        "ZRANGE s 0 -1",
        "ZRANGESTORE d s 0 -1",
        "ZREMRANGEBYRANK s 0 -1",
        "ZRANDMEMBER s",
        "ZSCAN s 0",
        "ZPOPMIN s",
        "GET z",
        "HGET z a",
    ] {
        let words: Vec<&str> = ask.split(' ').collect();
        assert_eq!(run(&mut engine, id, &words).trim_end(), WRONG, "{ask}");
    }
}

#[test]
fn the_settings_decide_when_a_sorted_set_grows() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("CONFIG SET zset-max-listpack-entries 3", "+OK"),
            ("ZADD z 1 a -0 b 3 c", ":3"),
            ("OBJECT ENCODING z", "$8 listpack"),
            ("COPY z packed", ":1"),
            ("ZADD z -0 d", ":1"),
            ("OBJECT ENCODING z", "$8 skiplist"),
            // Packed, -0 is 0; large, it stays what it is.
            ("ZMSCORE z b d", "*2 $1 0 $2 -0"),
            ("ZREM z d", ":1"),
            ("OBJECT ENCODING z", "$8 skiplist"),
            ("RENAME z large", "+OK"),
            ("COPY large copy", ":1"),
            ("ZADD copy 9 a", ":0"),
            ("ZSCORE large a", "$1 1"),
            ("ZSCORE packed c", "$1 3"),
        ],
    );
    let long = "x".repeat(65);
    run(&mut engine, id, &["ZADD", "l", "1", &long]);
    transcript(&mut engine, id, &[("OBJECT ENCODING l", "$8 skiplist")]);
}

#[test]
fn random_members_are_as_many_as_asked_for() {
    let (mut engine, id) = engine();
    for entries in ["0", "128"] {
        let set = ["CONFIG", "SET", "zset-max-listpack-entries", entries];
        run(&mut engine, id, &set);
        run(&mut engine, id, &["DEL", "z"]);
        for i in 0..50 {
            let member = format!("m{i}");
            run(&mut engine, id, &["ZADD", "z", &i.to_string(), &member]);
        }
        for (count, len) in [("0", 0), ("10", 10), ("49", 49), ("60", 50), ("-60", 60)] {
            let reply = run(&mut engine, id, &["ZRANDMEMBER", "z", count]);
            assert!(
                reply.starts_with(&format!("*{len}\r\n")),
                "{count}: {reply}"
            );
            let pairs = run(&mut engine, id, &["ZRANDMEMBER", "z", count, "withscores"]);
            let words = bulks(&pairs);
            let words: Vec<&str> = words.split_terminator(' ').collect();
            assert_eq!(words.len(), 2 * len, "{count}: {pairs}");
            assert!(
                words.chunks(2).all(|pair| pair[0][1..] == *pair[1]),
                "{pairs}"
            );
        }
    }
    transcript(
        &mut engine,
        id,
        &[
            ("ZRANDMEMBER none", "$-1"),
            ("ZRANDMEMBER none 3", "*0"),
            ("ZRANDMEMBER z 1 x", "-ERR syntax error"),
            ("ZRANDMEMBER z 1 WITHSCORES x", "-ERR syntax error"),
            (
                "ZRANDMEMBER z 4611686018427387904 WITHSCORES",
                "-ERR value is out of range",
            ),
        ],
    );
}

#[test]
fn a_walk_returns_every_member_with_its_score() {
    let (mut engine, id) = engine();
    for i in 0..3000 {
        let member = format!("m{i}");
        run(&mut engine, id, &["ZADD", "z", &format!("{i}.5"), &member]);
    }
    let mut cursor = "0".to_owned();
    let mut members = std::collections::BTreeSet::new();
    loop {
        let page = run(&mut engine, id, &["ZSCAN", "z", &cursor, "COUNT", "50"]);
        let words = bulks(&page);
        let mut words = words.split(' ');
        cursor = words.next().expect("a page has a cursor").to_owned();
        while let (Some(member), Some(score)) = (words.next(), words.next()) {
            assert_eq!(format!("{}.5", &member[1..]), score);
            members.insert(member.to_owned());
        }
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(members.len(), 3000);
    transcript(
        &mut engine,
        id,
        &[
            ("ZSCAN none 0 BAD", "*2 $1 0 *0"),
            ("ZSCAN z x", "-ERR invalid cursor"),
            ("ZSCAN z 0 TYPE zset", "-ERR syntax error"),
        ],
    );
}

/// A large set that goes as a whole is freed in slices, by whoever has nothing better to do.
#[test]
fn what_goes_as_a_whole_goes_to_the_trash() {
    for take in [
        "ZREMRANGEBYRANK z 0 -1",
        "ZPOPMIN z 5000",
        "ZMPOP 1 z MAX COUNT 5000",
    ] {
        let (mut engine, id) = engine();
        for i in 0..3000 {
            let member = format!("m{i}");
            run(&mut engine, id, &["ZADD", "z", "1", &member]);
        }
        assert!(engine.trash.is_empty());
        let words: Vec<&str> = take.split(' ').collect();
        run(&mut engine, id, &words);
        assert!(!engine.trash.is_empty(), "{take}");
        assert_eq!(run(&mut engine, id, &["EXISTS", "z"]), ":0\r\n");
    }
}

/// Writes a request of a client to its output, as the server does.
fn send(engine: &mut Engine, outputs: &mut HashMap<SessionId, Output>, id: SessionId, ask: &str) {
    let mut request = OwnedRequest::from_args(ask.split(' '));
    let output = outputs.entry(id).or_default();
    execute(engine, id, request.request(), output);
    serve_blocked(engine, outputs);
}

/// Takes what a client has been answered, `\r\n` as a space.
fn answers(outputs: &mut HashMap<SessionId, Output>, id: SessionId) -> String {
    let mut bytes = Vec::new();
    let output = outputs.entry(id).or_default();
    output
        .write_to(&mut bytes, usize::MAX)
        .expect("a vector takes everything");
    let text = String::from_utf8_lossy(&bytes);
    text.trim_end().replace("\r\n", " ")
}

#[test]
fn who_waits_is_served_as_soon_as_there_is_something() {
    for (wait, answer, left) in [
        ("BZPOPMIN other z 0", "*3 $1 z $1 a $1 1", ":2"),
        ("BZPOPMAX z other 0", "*3 $1 z $1 c $1 3", ":2"),
        (
            "BZMPOP 0 2 other z MAX COUNT 2",
            "*2 $1 z *2 *2 $1 c $1 3 *2 $1 b $1 2",
            ":1",
        ),
        (
            "BZMPOP 0 1 z MIN COUNT 9",
            "*2 $1 z *3 *2 $1 a $1 1 *2 $1 b $1 2 *2 $1 c $1 3",
            ":0",
        ),
    ] {
        let (mut engine, id) = engine();
        let now_s = engine.clock.unix_s();
        let waiting = engine.sessions.open(Peer::default(), now_s);
        let mut outputs = HashMap::new();
        send(&mut engine, &mut outputs, waiting, wait);
        // A string is not what it waits for.
        send(&mut engine, &mut outputs, id, "SET z x");
        send(&mut engine, &mut outputs, id, "DEL z");
        assert_eq!(answers(&mut outputs, waiting), "", "{wait}");
        send(&mut engine, &mut outputs, id, "ZADD z 1 a 2 b 3 c");
        assert_eq!(answers(&mut outputs, waiting), answer, "{wait}");
        send(&mut engine, &mut outputs, id, "ZCARD z");
        let all = answers(&mut outputs, id);
        assert_eq!(all, format!("+OK :1 :3 {left}"), "{wait}");
    }
}

#[test]
fn who_waits_is_served_by_what_is_stored() {
    let (mut engine, id) = engine();
    let now_s = engine.clock.unix_s();
    let waiting = engine.sessions.open(Peer::default(), now_s);
    let mut outputs = HashMap::new();
    send(&mut engine, &mut outputs, id, "ZADD z 1 a 2 b");
    send(&mut engine, &mut outputs, waiting, "BZPOPMIN d 0");
    send(&mut engine, &mut outputs, id, "ZRANGESTORE d z 0 -1");
    assert_eq!(answers(&mut outputs, waiting), "*3 $1 d $1 a $1 1");
}
