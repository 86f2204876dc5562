//! Tests of COMMAND, and of what every entry of the table has to say.

use super::describe::write_docs;
use super::named::CATEGORIES;
use super::*;
use crate::resp::{Output, OwnedRequest, Protocol, Reply};
use std::collections::HashSet;

fn written(protocol: Protocol, write: impl FnOnce(&mut Reply)) -> String {
    let mut output = Output::new();
    write(&mut Reply::new(&mut output, protocol));
    let mut bytes = Vec::new();
    output
        .write_to(&mut bytes, usize::MAX)
        .expect("a Vec takes all");
    String::from_utf8(bytes).expect("ASCII")
}

fn find(name: &str) -> Named {
    Named::find(&Renames::default(), name.as_bytes()).expect("an entry of the table")
}

#[test]
fn every_entry_is_documented_and_unique() {
    let mut names = HashSet::new();
    for named in Named::all_and_subcommands() {
        let name = named.full_name();
        let command = named.command;
        assert!(names.insert(name.clone()), "{name} is there twice");
        assert_eq!(command.name, command.name.to_ascii_uppercase());
        assert!(command.since.split('.').count() == 3, "{name}: since");
        assert!(!command.summary.is_empty(), "{name}: no summary");
        assert!(!command.summary.ends_with('.'), "{name}: a final period");
        assert!(command.summary.len() <= 80, "{name}: a long summary");
        let costs = ["lolwut", "monitor"].contains(&&*name) || !command.complexity.is_empty();
        assert!(costs, "{name}: no complexity");
        let known = |category| CATEGORIES.contains(category);
        assert!(command.categories.iter().all(known), "{name}: category");
        assert!(command.arity != 0, "{name}: arity");
    }
    assert!(names.contains("get") && names.contains("config|get"));
}

#[test]
fn names_are_found_in_any_case_and_subcommands_behind_a_bar() {
    assert_eq!(find("GeT").full_name(), "get");
    assert_eq!(find("Config|get").full_name(), "config|get");
    for name in [
        "",
        "|",
        "nosuch",
        "get|",
        "get|x",
        "config|",
        "|get",
        "config|get|x",
    ] {
        assert!(
            Named::find(&Renames::default(), name.as_bytes()).is_none(),
            "{name}"
        );
    }
}

#[test]
fn categories_follow_from_flags_group_and_entry() {
    let categories = |name: &str| -> Vec<&str> {
        let named = find(name);
        let all = CATEGORIES.into_iter();
        all.filter(|category| named.is_in(category)).collect()
    };
    assert_eq!(categories("get"), ["@read", "@string", "@fast"]);
    assert_eq!(categories("object"), ["@slow"], "a container by itself");
    assert_eq!(categories("object|freq"), ["@keyspace", "@read", "@slow"]);
    assert_eq!(
        categories("client|kill"),
        ["@admin", "@slow", "@dangerous", "@connection"]
    );
    assert_eq!(
        categories("swapdb"),
        ["@keyspace", "@write", "@fast", "@dangerous"]
    );
}

#[test]
fn info_speaks_the_types_of_the_protocol() {
    let info = |protocol| written(protocol, |reply| write_info(find("strlen"), reply));
    let resp2 = "*10\r\n$6\r\nstrlen\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n\
        *3\r\n+@read\r\n+@string\r\n+@fast\r\n*0\r\n*1\r\n*6\r\n$5\r\nflags\r\n*1\r\n+RO\r\n\
        $12\r\nbegin_search\r\n*4\r\n$4\r\ntype\r\n$5\r\nindex\r\n$4\r\nspec\r\n*2\r\n\
        $5\r\nindex\r\n:1\r\n$9\r\nfind_keys\r\n*4\r\n$4\r\ntype\r\n$5\r\nrange\r\n\
        $4\r\nspec\r\n*6\r\n$7\r\nlastkey\r\n:0\r\n$7\r\nkeystep\r\n:1\r\n$5\r\nlimit\r\n:0\r\n\
        *0\r\n";
    assert_eq!(info(Protocol::Resp2), resp2);
    let resp3 = "*10\r\n$6\r\nstrlen\r\n:2\r\n~2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n\
        ~3\r\n+@read\r\n+@string\r\n+@fast\r\n~0\r\n~1\r\n%3\r\n$5\r\nflags\r\n~1\r\n+RO\r\n\
        $12\r\nbegin_search\r\n%2\r\n$4\r\ntype\r\n$5\r\nindex\r\n$4\r\nspec\r\n%1\r\n\
        $5\r\nindex\r\n:1\r\n$9\r\nfind_keys\r\n%2\r\n$4\r\ntype\r\n$5\r\nrange\r\n\
        $4\r\nspec\r\n%3\r\n$7\r\nlastkey\r\n:0\r\n$7\r\nkeystep\r\n:1\r\n$5\r\nlimit\r\n:0\r\n\
        ~0\r\n";
    assert_eq!(info(Protocol::Resp3), resp3);
}

/// A command with a key of each kind, as it could be in the table.
static SAMPLE: Command = Command::new("SAMPLE", -4, |_| Ok(())).keys(&[
    Keys::counted("RO access", 2),
    Keys::behind("OW update", "STORE", 4),
    Keys::found("OW", |_| Some(1)).notes("note"),
]);

#[test]
fn info_describes_each_kind_of_key() {
    let named = Named {
        command: &SAMPLE,
        ..find("get")
    };
    let info = written(Protocol::Resp3, |reply| write_info(named, reply));
    let number = |name: &str, value| format!("${}\r\n{name}\r\n:{value}\r\n", name.len());
    let head = |name: &str, kind: &str, fields| {
        let (name_len, kind_len) = (name.len(), kind.len());
        format!(
            "${name_len}\r\n{name}\r\n%2\r\n$4\r\ntype\r\n${kind_len}\r\n{kind}\r\n\
             $4\r\nspec\r\n%{fields}\r\n"
        )
    };
    let specs = [
        "~3\r\n%3\r\n$5\r\nflags\r\n~2\r\n+RO\r\n+access\r\n".to_owned(),
        head("begin_search", "index", 1) + &number("index", 2),
        head("find_keys", "keynum", 3),
        number("keynumidx", 0) + &number("firstkey", 1) + &number("keystep", 1),
        "%3\r\n$5\r\nflags\r\n~2\r\n+OW\r\n+update\r\n".to_owned(),
        head("begin_search", "keyword", 2),
        "$7\r\nkeyword\r\n$5\r\nSTORE\r\n".to_owned() + &number("startfrom", 4),
        head("find_keys", "range", 3),
        number("lastkey", 0) + &number("keystep", 1) + &number("limit", 0),
        "%4\r\n$5\r\nnotes\r\n$4\r\nnote\r\n$5\r\nflags\r\n~1\r\n+OW\r\n".to_owned(),
        head("begin_search", "unknown", 0) + &head("find_keys", "unknown", 0),
        "~0\r\n".to_owned(),
    ];
    assert!(info.ends_with(&specs.concat()), "{info}");
    let flags = "*10\r\n$6\r\nsample\r\n:-4\r\n~1\r\n+movablekeys\r\n:0\r\n:0\r\n:0\r\n";
    assert!(info.starts_with(flags), "{info}");
}

#[test]
fn docs_say_what_replaces_a_deprecated_command() {
    let docs = written(Protocol::Resp3, |reply| write_docs(find("substr"), reply));
    assert!(docs.starts_with("$6\r\nsubstr\r\n%8\r\n$7\r\nsummary\r\n"));
    assert!(docs.contains(
        "$9\r\ndoc_flags\r\n~1\r\n+deprecated\r\n$16\r\ndeprecated_since\r\n$5\r\n2.0.0\r\n\
         $11\r\nreplaced_by\r\n$10\r\n`GETRANGE`\r\n$9\r\narguments\r\n*3\r\n"
    ));
}

#[test]
fn keys_are_found_in_a_full_command() {
    let keys = |called: &str| -> Result<Vec<String>, Error> {
        let words = ["COMMAND", "GETKEYS"].into_iter().chain(called.split(' '));
        let mut request = OwnedRequest::from_args(words);
        let args = request.request();
        let keys = Called::find(&Renames::default(), &args)?.keys()?;
        let names = keys.iter().map(|key| key.name);
        Ok(names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect())
    };
    let found = |called| keys(called).expect("a command with keys");
    assert_eq!(found("get a"), ["a"]);
    assert_eq!(found("mset a 1 b 2"), ["a", "b"]);
    assert_eq!(found("copy a b"), ["a", "b"]);
    assert_eq!(found("object freq a"), ["a"]);
    let refused = |called| keys(called).expect_err("no keys").to_string();
    assert_eq!(refused("nosuch a"), "ERR Invalid command specified");
    assert_eq!(refused("object x"), "ERR Invalid command specified");
    assert_eq!(refused("config|get x"), "ERR Invalid command specified");
    assert_eq!(
        refused("ping a b c"),
        "ERR The command has no key arguments"
    );
    assert_eq!(
        refused("object freq a b"),
        "ERR Invalid number of arguments specified for command"
    );
}

#[test]
fn keys_that_move_are_found_and_counted_with_care() {
    let keys = |words: &'static str| {
        let called = Called {
            command: &SAMPLE,
            words: words.split(' ').map(str::as_bytes).collect(),
        };
        let keys = called.keys().map_err(|error| error.to_string())?;
        let names = keys.iter().map(|key| String::from_utf8_lossy(key.name));
        Ok(names.collect::<Vec<_>>().join(" "))
    };
    assert_eq!(keys("SAMPLE x 2 a b"), Ok("a b x".to_owned()));
    let stored = keys("SAMPLE x 1 a store d store e");
    assert_eq!(stored, Ok("a d x".to_owned()));
    for number in ["0", "3", "-1", "y", "9223372036854775807"] {
        let words = format!("SAMPLE x {number} a b").leak();
        let refused = Err("ERR Invalid arguments specified for command".to_owned());
        assert_eq!(keys(words), refused, "{number}");
    }
}

#[test]
fn lists_are_filtered() {
    let count = |kind: &[u8], value: &[u8]| {
        let filter = Filter::parse(b"filterby", kind, value).expect("a filter");
        Named::all()
            .flat_map(Named::and_subcommands)
            .filter(|&named| filter.lets_through(named))
            .count()
    };
    assert_eq!(count(b"pattern", b"CONFIG|*"), 5);
    assert!(count(b"aclcat", b"STRING") > 0);
    assert_eq!(count(b"aclcat", b"@string"), 0);
    assert_eq!(count(b"module", b"any"), 0);
    assert!(Filter::parse(b"filterby", b"name", b"x").is_err());
    assert!(Filter::parse(b"filter", b"module", b"x").is_err());
}
