use super::names::{find, find_category};
use super::*;
use crate::command::table;
use crate::command::testing::{engine, run};
use crate::engine::acl::CommandSet;

#[test]
fn every_command_has_a_bit_of_its_own() {
    let names = Names::new();
    let mut seen = CommandSet::NONE;
    for word in names.words() {
        assert!(!seen.contains(word.number), "{}", word.name);
        seen.set(word.number, true);
        assert_eq!(
            find(word.name.as_bytes()),
            Some(word.number),
            "{}",
            word.name
        );
        assert_eq!(names.is_subcommand(word.number), word.name.contains('|'));
    }
    assert!(!seen.contains(CommandSet::FUTURE));
    assert!(absent::ABSENT.is_sorted_by_key(|(name, _)| *name));
    for listed in table::list_all() {
        let name = listed.full_name();
        assert_eq!(find(name.as_bytes()), Some(listed.number), "{name}");
    }
    for unknown in [
        "",
        "|",
        "get|",
        "get|x",
        "config|nosuch",
        "nosuch|get",
        "config|get|x",
    ] {
        assert_eq!(find(unknown.as_bytes()), None, "{unknown}");
    }
    assert_eq!(find(b"EvalSha"), find(b"evalsha"));
    assert!(find(b"evalsha").is_some());
}

#[test]
fn a_category_brings_the_subcommands_of_its_containers() {
    let names = Names::new();
    let slow = find_category(b"SLOW").expect("it is one");
    let config_get = find(b"config|get").expect("it is a command");
    assert!(names.meant_by(slow).contains(config_get));
    let string = find_category(b"string").expect("it is one");
    assert!(!names.meant_by(string).contains(config_get));
    assert_eq!(find_category(b"@string"), None);
    let all = names.with_subcommands(find(b"client").expect("it is a command"));
    assert!(all.contains(find(b"client|kill").expect("a subcommand")));
    assert!(!all.contains(config_get));
}

#[test]
fn passwords_are_made_of_what_the_system_gives() {
    let (mut engine, id) = engine();
    assert!(
        run(&mut engine, id, &["ACL", "GENPASS"]).starts_with("-ERR"),
        "it gives nothing"
    );
    engine.host.fill_with_secrets = |bytes| {
        bytes.fill(0xa5);
        Ok(())
    };
    assert_eq!(
        run(&mut engine, id, &["ACL", "GENPASS", "5"]),
        "$2\r\na5\r\n"
    );
    assert_eq!(
        run(&mut engine, id, &["ACL", "GENPASS", "9"]),
        "$3\r\na5a\r\n"
    );
    let whole = run(&mut engine, id, &["ACL", "GENPASS"]);
    assert_eq!(whole, format!("$64\r\n{}\r\n", "a5".repeat(32)));
}

#[test]
fn a_wrong_rule_changes_nothing() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["ACL", "SETUSER", "u", "on", "+get"]);
    let before = run(&mut engine, id, &["ACL", "LIST"]);
    let error = run(
        &mut engine,
        id,
        &["ACL", "SETUSER", "u", "off", "-get", "zork"],
    );
    assert_eq!(
        error,
        "-ERR Error in ACL SETUSER modifier 'zork': Syntax error\r\n"
    );
    assert_eq!(run(&mut engine, id, &["ACL", "LIST"]), before);
}
