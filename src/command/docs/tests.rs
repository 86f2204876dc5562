//! Tests of the notation and of every line in it.

use super::super::entry::Command;
use super::super::table;
use super::*;

fn one(syntax: &'static str) -> Argument {
    let mut arguments = parse(syntax).expect("a line of the notation");
    assert_eq!(arguments.len(), 1, "{syntax}");
    arguments.remove(0)
}

fn why(syntax: &'static str) -> (usize, &'static str) {
    let malformed = parse(syntax).expect_err("a malformed line");
    (malformed.at, malformed.why)
}

#[test]
fn names_carry_types() {
    for (syntax, name, kind) in [
        ("value", "value", Kind::String),
        ("key", "key", Kind::Key),
        ("pattern", "pattern", Kind::Pattern),
        ("seconds:integer", "seconds", Kind::Integer),
        ("at:unix-time", "at", Kind::UnixTime),
        ("ip:port:string", "ip:port", Kind::String),
        ("yes/no", "yes/no", Kind::String),
    ] {
        assert_eq!(one(syntax), Argument::new(name, kind));
    }
    assert_eq!(one("to:key@1").key_spec, 1);
}

#[test]
fn tokens_stand_alone_or_announce() {
    let alone = one("KEEPTTL");
    assert_eq!(
        (alone.name.as_str(), alone.kind),
        ("keepttl", Kind::PureToken)
    );
    assert_eq!(alone.token, Some("KEEPTTL"));
    let announcing = one("EX seconds:integer");
    assert_eq!(announcing.kind, Kind::Integer);
    assert_eq!(announcing.token, Some("EX"));
    let renamed = one("* auto-id:pure-token");
    assert_eq!(
        (renamed.name.as_str(), renamed.token),
        ("auto-id", Some("*"))
    );
    let apart = parse("(ON) key").expect("two arguments");
    assert_eq!(apart[0].kind, Kind::PureToken);
    assert_eq!((apart[1].kind, apart[1].token), (Kind::Key, None));
    let two = parse("NOW FORCE").expect("two tokens");
    assert_eq!(two.len(), 2);
}

#[test]
fn groups_are_alternatives_or_sequences() {
    let condition = one("[condition=NX|XX]");
    assert_eq!(condition.kind, Kind::OneOf);
    assert!(condition.optional);
    assert_eq!(condition.arguments.len(), 2);
    let pair = one("(pair=key value) ...");
    assert_eq!(
        (pair.kind, pair.optional, pair.multiple),
        (Kind::Block, false, true)
    );
    assert_eq!(pair.arguments[1], Argument::new("value", Kind::String));
    let typed = one("[TYPE (type=NORMAL|PUBSUB)]");
    assert_eq!((typed.token, typed.optional), (Some("TYPE"), true));
    assert!(!typed.arguments[0].optional);
    let nested = one("(a=x|(b=[C d]|[E]) ...)");
    assert_eq!(nested.arguments[1].arguments[0].token, Some("C"));
    assert!(nested.arguments[1].multiple && !nested.multiple);
}

#[test]
fn repetition_is_inside_or_outside_of_the_token() {
    let inside = one("[GET pattern ...]");
    assert!(inside.optional && inside.multiple && !inside.multiple_token);
    let outside = one("[GET pattern] ...");
    assert!(outside.optional && outside.multiple && outside.multiple_token);
    let required = one("(GET pattern) ...");
    assert!(!required.optional && required.multiple && required.multiple_token);
    assert!(one("key ...").multiple);
}

#[test]
fn mistakes_are_found() {
    assert_eq!(why("[key"), (4, "a closing bracket is missing"));
    assert_eq!(why("key]"), (3, "an argument is missing"));
    assert_eq!(why("a|b"), (1, "an argument is missing"));
    assert_eq!(why("(a=b|)"), (5, "an argument is missing"));
    assert_eq!(why("(a=b|c d)"), (7, "alternatives are parted by |"));
    assert_eq!(why("a:int"), (5, "an unknown type"));
    assert_eq!(why("a:key@x"), (7, "a key spec is a number"));
    assert_eq!(why("a:integer@1"), (11, "only a key has a key spec"));
    assert_eq!(why("A (B c)"), (7, "two tokens before one argument"));
    assert_eq!(why("..."), (0, "an argument is missing"));
    let deep = parse("(((((((((a)))))))))").expect_err("nine deep");
    assert_eq!(deep.why, "too many brackets in one another");
    assert_eq!(
        deep.to_string(),
        "at byte 9: too many brackets in one another"
    );
}

/// How many arguments a request has at least by `argument`, a key of a wrong number refused.
fn least(argument: &Argument, command: &Command) -> usize {
    if argument.kind == Kind::Key {
        let spec = usize::from(argument.key_spec);
        assert!(
            spec < command.keys.len(),
            "{}: no key spec {spec}",
            command.name
        );
    }
    let token = usize::from(argument.token.is_some());
    let inner = argument.arguments.iter().map(|inner| least(inner, command));
    let words = match argument.kind {
        Kind::PureToken => 0,
        Kind::OneOf => inner.min().expect("a oneof has alternatives"),
        Kind::Block => inner.sum(),
        _ => 1,
    };
    if argument.optional { 0 } else { token + words }
}

#[test]
fn every_line_of_the_table_parses_and_fits_its_arity() {
    for (_, command) in table::all() {
        fits(command, 1);
        for subcommand in command.subcommands {
            fits(subcommand, 2);
        }
    }
}

/// Checks an entry that is called with `name_words` words: its line asks for no more words than
/// its arity, and for just as many where that is exact.
fn fits(command: &'static Command, name_words: usize) {
    let name = command.name;
    let arguments = parse(command.syntax).unwrap_or_else(|why| panic!("{name} {why}"));
    let least: usize = arguments
        .iter()
        .map(|argument| least(argument, command))
        .sum();
    let words = i64::try_from(name_words + least).expect("a handful of words");
    let arity = i64::from(command.arity);
    // Redis documents that PFMERGE has a source, and runs it without.
    let spared = i64::from(name == "PFMERGE");
    let needed = words - spared;
    assert!(
        needed <= arity.abs(),
        "{name}: {words} words, arity {arity}"
    );
    assert!(
        arity < 0 || words == arity,
        "{name}: {words} words, arity {arity}"
    );
}
