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
    Named::find(name.as_bytes()).expect("an entry of the table")
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
        let costs = name == "lolwut" || !command.complexity.is_empty();
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
        assert!(Named::find(name.as_bytes()).is_none(), "{name}");
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
        let (_, keys) = keys_of_called(&args)?;
        let words = keys.iter().map(|key| args.arg(key.position));
        Ok(words
            .map(|word| String::from_utf8_lossy(word).into_owned())
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
fn lists_are_filtered() {
    let count = |kind: &[u8], value: &[u8]| {
        let filter = Filter::parse(b"filterby", kind, value).expect("a filter");
        Named::all_and_subcommands()
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
