use super::MAX_LOGGED_BYTES;
use crate::command::testing::{engine, run};

const OK: &str = "+OK\r\n";
const NO_KEY: &str =
    "-NOPERM this user has no permissions to access one of the keys used as arguments\r\n";

#[test]
fn what_is_not_allowed_is_refused_and_logged() {
    let (mut engine, id) = engine();
    let set = [
        "ACL", "SETUSER", "u", "on", "nopass", "+@all", "-keys", "%R~r*", "&c",
    ];
    assert_eq!(run(&mut engine, id, &set), OK);
    assert_eq!(run(&mut engine, id, &["AUTH", "u", "x"]), OK);
    let mut ask = |words: &[&str]| run(&mut engine, id, words);
    assert_eq!(ask(&["GET", "r1"]), "$-1\r\n");
    assert_eq!(ask(&["SET", "r1", "v"]), NO_KEY);
    assert_eq!(ask(&["MGET", "r1", "x"]), NO_KEY);
    let no_command = "-NOPERM this user has no permissions to run the 'keys' command\r\n";
    assert_eq!(ask(&["KEYS", "*"]), no_command);
    assert_eq!(
        ask(&["SORT", "r1", "BY", "w*"]),
        "-ERR BY option of SORT denied due to insufficient ACL permissions.\r\n"
    );
    assert_eq!(
        ask(&["SORT", "r1", "GET", "#"]),
        "-ERR GET option of SORT denied due to insufficient ACL permissions.\r\n"
    );
    assert_eq!(ask(&["SORT", "r1", "BY", "constant"]), "*0\r\n");
    let log: Vec<_> = engine.acl.log.entries().collect();
    let told: Vec<_> = log
        .iter()
        .map(|entry| (entry.event.reason.name(), entry.event.object.as_slice()))
        .collect();
    let wanted: [(&str, &[u8]); 3] = [("command", b"keys"), ("key", b"x"), ("key", b"r1")];
    assert_eq!(told, wanted);
    assert!(
        log[0].client.contains("cmd=keys user=u"),
        "{}",
        log[0].client
    );
    let rejected = engine
        .stats
        .command(
            crate::command::table::find(b"KEYS")
                .expect("KEYS")
                .number
                .into(),
        )
        .rejected;
    assert_eq!(rejected, 1);
}

#[test]
fn an_option_given_twice_hides_no_key() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["GEOADD", "k", "1", "1", "m"]);
    let set = ["ACL", "SETUSER", "u", "on", "nopass", "+@all", "~k", "~d"];
    run(&mut engine, id, &set);
    run(&mut engine, id, &["AUTH", "u", "x"]);
    for (options, reply) in [
        ("STORE d", ":1\r\n"),
        ("STORE d STORE d", ":1\r\n"),
        ("STORE d STORE x", NO_KEY),
        ("STORE x STORE d", NO_KEY),
        ("STOREDIST d ASC STOREDIST x", NO_KEY),
        ("STORE d STOREDIST x", NO_KEY),
    ] {
        for request in ["GEORADIUS k 1 1 9 km", "GEORADIUSBYMEMBER k m 9 km"] {
            let words: Vec<&str> = request.split(' ').chain(options.split(' ')).collect();
            assert_eq!(run(&mut engine, id, &words), reply, "{request} {options}");
        }
    }
}

#[test]
fn what_is_logged_is_cut() {
    let (mut engine, id) = engine();
    run(
        &mut engine,
        id,
        &["CLIENT", "SETNAME", &"n".repeat(100_000)],
    );
    let set = ["ACL", "SETUSER", "u", "on", "nopass", "+@all", "~k"];
    run(&mut engine, id, &set);
    run(&mut engine, id, &["AUTH", "u", "x"]);
    let long = "x".repeat(100_000);
    assert_eq!(run(&mut engine, id, &["GET", &long]), NO_KEY);
    run(&mut engine, id, &["AUTH", &long, &long]);
    for entry in engine.acl.log.entries() {
        let event = &entry.event;
        let lengths = [event.object.len(), event.user.len(), entry.client.len()];
        assert!(
            lengths.iter().all(|&len| len <= MAX_LOGGED_BYTES),
            "{lengths:?}"
        );
    }
    assert_eq!(engine.acl.log.entries().len(), 2);
}

#[test]
fn of_several_selectors_the_one_that_gets_furthest_decides() {
    let (mut engine, id) = engine();
    let set = [
        "ACL",
        "SETUSER",
        "u",
        "+get",
        "~a",
        "(+mget ~b)",
        "(+mget ~c ~b)",
    ];
    assert_eq!(run(&mut engine, id, &set), OK);
    let mut ask = |words: &[&str]| run(&mut engine, id, &[&["ACL", "DRYRUN", "u"], words].concat());
    assert_eq!(ask(&["GET", "a"]), OK);
    assert_eq!(ask(&["MGET", "b", "c"]), OK);
    assert!(ask(&["GET", "b"]).contains("access the 'b' key"));
    assert!(ask(&["MGET", "c", "b", "a"]).contains("access the 'a' key"));
    assert!(ask(&["SET", "a", "b"]).contains("run the 'set' command"));
    assert!(ask(&["NOSUCH"]).contains("Command 'NOSUCH' not found"));
}

#[test]
fn a_request_of_many_words_is_looked_at_whole() {
    let (mut engine, id) = engine();
    run(
        &mut engine,
        id,
        &["ACL", "SETUSER", "u", "on", "nopass", "+@all", "~k"],
    );
    run(&mut engine, id, &["AUTH", "u", ""]);
    let mut words = vec!["DEL"];
    words.extend(["k"; 40]);
    assert_eq!(run(&mut engine, id, &words), ":0\r\n");
    words.push("x");
    assert_eq!(run(&mut engine, id, &words), NO_KEY);
}
