//! Looking for keys: all of a kind (KEYS), a few at a time (SCAN), any one (RANDOMKEY); and the options
//! and pages that SCAN shares with HSCAN, SSCAN and ZSCAN.
//!
//! The keyspace still holds keys that are past their deadline for as long as their timers wait
//! for their turn; none of these commands shows them.

use super::entry::{Command, READONLY};
use super::{Call, Done, Error, is_word, reply_item};
use crate::glob;
use crate::number::parse_i64;
use crate::resp::{Reply, Request};
use crate::store::{Cursor, Entry, Item};

/// A cursor that is no unsigned number of 64 bits.
const INVALID_CURSOR: Error = Error::new("ERR invalid cursor");

/// How many keys a page of SCAN has without COUNT.
const DEFAULT_COUNT: usize = 10;

/// How often RANDOMKEY draws, while what it draws is past its deadline, before it goes along the
/// table instead.
const MAX_DRAWS: usize = 100;

/// The commands that look for keys.
pub const COMMANDS: &[Command] = &[
    Command::new("KEYS", 2, keys)
        .flags(&[READONLY])
        .categories(&["@dangerous"])
        .tips(&["request_policy:all_shards", "nondeterministic_output_order"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys in the database",
            "Lists every key whose name matches a glob pattern",
        )
        .syntax("pattern"),
    Command::new("RANDOMKEY", 1, randomkey)
        .flags(&[READONLY])
        .tips(&["request_policy:all_shards", "nondeterministic_output"])
        .doc("1.0.0", "O(1)", "Picks a key at random"),
    Command::new("SCAN", -2, scan)
        .flags(&[READONLY])
        .tips(&["nondeterministic_output", "request_policy:special"])
        .doc(
            "2.8.0",
            "O(1) a call, O(N) for the whole walk over N keys",
            "Walks over the keys a few at a time, with a cursor",
        )
        .syntax("cursor:integer [MATCH pattern] [COUNT count:integer] [TYPE type]"),
];

/// Which keys a pattern asks for.
#[derive(Clone, Copy)]
enum Names<'a> {
    /// Every key, the empty one too, which `*` does not match.
    All,
    Matching(&'a [u8]),
}

impl<'a> Names<'a> {
    fn of(pattern: &'a [u8]) -> Names<'a> {
        match pattern {
            b"*" => Names::All,
            pattern => Names::Matching(pattern),
        }
    }

    fn include(self, key: &[u8]) -> bool {
        match self {
            Names::All => true,
            Names::Matching(pattern) => glob::matches(pattern, key),
        }
    }
}

fn keys(call: &mut Call) -> Done {
    let (args, db, reply) = call.parts();
    let names = Names::of(args.arg(1));
    let list = reply.deferred_array();
    let mut len = 0;
    for entry in db.keyspace().iter() {
        if names.include(entry.key()) && !db.is_expired(entry) {
            reply.bulk(entry.key());
            len += 1;
        }
    }
    reply.finish(list, len);
    Ok(())
}

/// Draws until a key is alive; one that is not is removed, so it cannot be drawn again. Should
/// nearly all keys be due at the same moment, the first one alive is taken: null is the reply
/// only where there is none.
fn randomkey(call: &mut Call) -> Done {
    let index = call.session().db as usize;
    let engine = &mut *call.engine;
    for _ in 0..MAX_DRAWS {
        let random = &mut engine.random;
        let Some(entry) = engine.databases[index].random(|n| random.below(n)) else {
            call.reply.null();
            return Ok(());
        };
        let key = entry.key().to_vec();
        if engine.db(index).exists(&key) {
            call.reply.bulk(&key);
            return Ok(());
        }
    }
    let db = engine.db(index);
    match db.keyspace().iter().find(|entry| !db.is_expired(entry)) {
        Some(entry) => call.reply.bulk(entry.key()),
        None => call.reply.null(),
    }
    Ok(())
}

/// The options of SCAN, HSCAN, SSCAN and ZSCAN.
pub(super) struct Page<'a> {
    /// About how many elements there are to be on it.
    pub count: usize,
    names: Names<'a>,
    /// The type's name in whatever case; one that does not exist is the type of no key.
    kind: Option<&'a [u8]>,
    /// Whether TYPE is an option, which it is where keys are looked for.
    has_kind: bool,
}

impl<'a> Page<'a> {
    /// Reads the options of HSCAN, SSCAN or ZSCAN from argument `first` on.
    pub fn parse(args: &'a Request, first: usize) -> Result<Page<'a>, Error> {
        Page::parse_options(args, first, false)
    }

    fn parse_options(args: &'a Request, first: usize, has_kind: bool) -> Result<Page<'a>, Error> {
        let mut page = Page {
            count: DEFAULT_COUNT,
            names: Names::All,
            kind: None,
            has_kind,
        };
        for i in (first..args.len()).step_by(2) {
            let (option, value) = (args.arg(i), args.get(i + 1).ok_or(Error::SYNTAX)?);
            if is_word(option, "COUNT") {
                page.count = parse_count(value)?;
            } else if is_word(option, "MATCH") {
                page.names = Names::of(value);
            } else if page.has_kind && is_word(option, "TYPE") {
                page.kind = Some(value);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(page)
    }

    /// Whether an element of this name is asked for.
    pub fn includes_name(&self, name: Item) -> bool {
        name.with_bytes(|name| self.names.include(name))
    }

    fn includes(&self, entry: &Entry) -> bool {
        self.names.include(entry.key())
            && self
                .kind
                .is_none_or(|kind| is_word(kind, entry.kind().name()))
    }
}

fn parse_count(text: &[u8]) -> Result<usize, Error> {
    match parse_i64(text) {
        None => Err(Error::NOT_AN_INTEGER),
        Some(count) if count < 1 => Err(Error::SYNTAX),
        Some(count) => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
    }
}

/// The cursor in an argument.
pub(super) fn cursor(text: &[u8]) -> Result<Cursor, Error> {
    parse_cursor(text).ok_or(INVALID_CURSOR)
}

/// Replies with a page of elements.
pub(super) fn reply_page(reply: &mut Reply, next: Cursor, elements: &[Item]) {
    begin_page(reply, next, elements.len());
    for &element in elements {
        reply_item(reply, element);
    }
}

/// Replies with the head of a page; its elements, so many of them, follow.
pub(super) fn begin_page(reply: &mut Reply, next: Cursor, len: usize) {
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    reply.array(len);
}

/// A cursor, as C's `strtoul` reads one: with a sign if it has one (a negative number counts down
/// from 2^64), up to a NUL, and nothing at all is 0.
fn parse_cursor(text: &[u8]) -> Option<Cursor> {
    let end = memchr::memchr(0, text).unwrap_or(text.len());
    let (is_negative, digits) = match &text[..end] {
        [] => return Some(0),
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    // `from_str_radix` would take a second sign.
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if is_negative {
        magnitude.wrapping_neg()
    } else {
        magnitude
    })
}

/// One page. Keys on it that are past their deadline are removed rather than returned.
fn scan(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let cursor = cursor(args.arg(1))?;
    let page = Page::parse_options(args, 2, true)?;
    let mut found: Vec<Item> = Vec::new();
    let mut due: Vec<Vec<u8>> = Vec::new();
    let next = db.keyspace().scan(cursor, page.count, |entry| {
        if db.is_expired(entry) {
            due.push(entry.key().to_vec());
        } else if page.includes(entry) {
            found.push(Item::Bytes(entry.key()));
        }
    });
    reply_page(reply, next, &found);
    for key in due {
        db.exists(&key);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse_cursor;
    use crate::command::testing::{engine, run};
    use crate::engine::{Clock, Engine, SessionId};
    use std::collections::BTreeMap;

    /// A deadline of the tests' keys, in unix milliseconds, and the moment it is over.
    const DEADLINE: &str = "1700000000300";
    const BEHIND_DEADLINE: u64 = 1_700_000_000_300_000;

    /// The bulk strings of a reply, in order.
    fn bulks(reply: &str) -> Vec<String> {
        let lines: Vec<&str> = reply.split("\r\n").collect();
        let heads = lines.windows(2).filter(|pair| pair[0].starts_with('$'));
        heads.map(|pair| pair[1].to_owned()).collect()
    }

    /// A whole walk: how often each key came.
    fn walk(engine: &mut Engine, id: SessionId, options: &[&str]) -> BTreeMap<String, u32> {
        let mut found = BTreeMap::new();
        let mut cursor = "0".to_owned();
        for _ in 0..100_000 {
            let args: Vec<&str> = ["SCAN", &cursor].iter().chain(options).copied().collect();
            let mut page = bulks(&run(engine, id, &args));
            let next = page.remove(0);
            for key in page {
                *found.entry(key).or_default() += 1;
            }
            if next == "0" {
                return found;
            }
            cursor = next;
        }
        panic!("SCAN with {options:?} does not come to its end");
    }

    #[test]
    fn cursors_are_read_as_c_reads_them() {
        for (text, cursor) in [
            ("", Some(0)),
            ("0", Some(0)),
            ("00", Some(0)),
            ("+7", Some(7)),
            ("-1", Some(u64::MAX)),
            ("-0", Some(0)),
            ("5\0x", Some(5)),
            ("18446744073709551615", Some(u64::MAX)),
            ("-18446744073709551615", Some(1)),
            ("18446744073709551616", None),
            ("-18446744073709551616", None),
            ("-", None),
            ("+", None),
            ("+-1", None),
            ("++1", None),
            ("-+1", None),
            ("--1", None),
            (" 0", None),
            ("0 ", None),
            ("1.5", None),
            ("x", None),
        ] {
            assert_eq!(parse_cursor(text.as_bytes()), cursor, "{text:?}");
        }
    }

    #[test]
    fn a_walk_returns_every_key_that_is_asked_for() {
        let (mut engine, id) = engine();
        for i in 0..5000 {
            run(&mut engine, id, &["SET", &format!("key:{i}"), "v"]);
        }
        run(&mut engine, id, &["SET", "", "v"]);
        for (options, len) in [
            (&[][..], 5001),
            (&["MATCH", "*", "COUNT", "1"], 5001),
            (&["COUNT", "1000000"], 5001),
            (&["count", "7", "match", "key:1??"], 100),
            (&["TYPE", "STRING", "MATCH", "**"], 5000),
            (&["TYPE", "hash"], 0),
            (&["MATCH", "key:1", "MATCH", ""], 1),
        ] {
            let found = walk(&mut engine, id, options);
            assert_eq!(found.len(), len, "{options:?}");
            assert!(found.values().all(|&times| times == 1), "{options:?}");
        }
        let first = run(&mut engine, id, &["SCAN", "0", "COUNT", "20"]);
        assert!((20..100).contains(&bulks(&first).len()), "{first}");
    }

    #[test]
    fn cursors_that_nobody_gave_out_come_to_an_end() {
        let (mut engine, id) = engine();
        for i in 0..1000 {
            run(&mut engine, id, &["SET", &format!("key:{i}"), "v"]);
        }
        for cursor in ["1", "4294967295", "-1", "9223372036854775808"] {
            let mut at = cursor.to_owned();
            let mut pages = 0;
            while at != "0" {
                at = bulks(&run(&mut engine, id, &["SCAN", &at])).remove(0);
                pages += 1;
                assert!(pages < 1000, "from {cursor}");
            }
        }
    }

    #[test]
    fn errors_come_in_the_order_of_redis() {
        let (mut engine, id) = engine();
        for (args, error) in [
            (&["x", "BAD"][..], "ERR invalid cursor"),
            (&["0", "COUNT"], "ERR syntax error"),
            (&["0", "MATCH", "*", "TYPE"], "ERR syntax error"),
            (&["0", "BAD", "x"], "ERR syntax error"),
            (&["0", "COUNT", "0", "COUNT", "x"], "ERR syntax error"),
            (
                &["0", "COUNT", "x", "BAD"],
                "ERR value is not an integer or out of range",
            ),
        ] {
            let args: Vec<&str> = ["SCAN"].iter().chain(args).copied().collect();
            assert_eq!(run(&mut engine, id, &args), format!("-{error}\r\n"));
        }
    }

    #[test]
    fn keys_lists_what_matches() {
        let (mut engine, id) = engine();
        run(&mut engine, id, &["MSET", "", "1", "a", "2", "ab", "3"]);
        for (pattern, wanted) in [
            ("*", &["", "a", "ab"][..]),
            ("**", &["a", "ab"]),
            ("", &[""]),
            ("a", &["a"]),
            ("x*", &[]),
        ] {
            let mut found = bulks(&run(&mut engine, id, &["KEYS", pattern]));
            found.sort();
            assert_eq!(found, wanted, "{pattern}");
        }
    }

    /// 300 keys that are due, and one that is not.
    fn engine_with_due_keys() -> (Engine, SessionId) {
        let (mut engine, id) = engine();
        for i in 0..300 {
            let key = format!("due:{i}");
            run(&mut engine, id, &["SET", &key, "v", "PXAT", DEADLINE]);
        }
        run(&mut engine, id, &["SET", "stays", "v"]);
        engine.clock = Clock::at_us(BEHIND_DEADLINE);
        (engine, id)
    }

    #[test]
    fn keys_and_scan_pass_over_what_is_due() {
        let (mut engine, id) = engine_with_due_keys();
        assert_eq!(bulks(&run(&mut engine, id, &["KEYS", "*"])), ["stays"]);
        assert_eq!(engine.databases[0].len(), 301, "KEYS only looks");
        let found = walk(&mut engine, id, &[]);
        assert_eq!(Vec::from_iter(found), [("stays".to_owned(), 1)]);
        assert_eq!(engine.databases[0].len(), 1, "SCAN removes what is due");
        assert_eq!(engine.stats.keys.expired, 300);
    }

    #[test]
    fn randomkey_finds_the_only_key_that_is_alive() {
        let (mut engine, id) = engine_with_due_keys();
        for _ in 0..10 {
            assert_eq!(run(&mut engine, id, &["RANDOMKEY"]), "$5\r\nstays\r\n");
        }
        let left = engine.databases[0].len() as u64;
        assert!(left < 301, "what was drawn is removed");
        assert_eq!(engine.stats.keys.expired, 301 - left);
    }

    #[test]
    fn randomkey_draws_every_key_or_nothing() {
        let (mut engine, id) = engine();
        assert_eq!(run(&mut engine, id, &["RANDOMKEY"]), "$-1\r\n");
        let mut drawn: BTreeMap<String, u32> = BTreeMap::new();
        for i in 0..10 {
            run(&mut engine, id, &["SET", &i.to_string(), "v"]);
        }
        for _ in 0..1000 {
            let key = bulks(&run(&mut engine, id, &["RANDOMKEY"])).remove(0);
            *drawn.entry(key).or_default() += 1;
        }
        assert_eq!(drawn.len(), 10);
        assert!(drawn.values().all(|&times| times > 50), "{drawn:?}");
        for i in 0..10 {
            let key = i.to_string();
            run(&mut engine, id, &["PEXPIREAT", &key, DEADLINE]);
        }
        engine.clock = Clock::at_us(BEHIND_DEADLINE);
        assert_eq!(run(&mut engine, id, &["RANDOMKEY"]), "$-1\r\n");
        assert_eq!(engine.databases[0].len(), 0);
    }
}
