//! Keys whatever their values: whether they are there, their names, their places.
//!
//! None of these looks into a value. A key that gets another name (RENAME), goes to another
//! database (MOVE) or is doubled (COPY) takes its deadline along, and a long value is handed over
//! rather than copied: COPY shares it until one of the two is changed.
//!
//! What concerns deadlines alone is in `expire.rs`, what looks for keys in `scan.rs`, and OBJECT
//! in `object.rs`.

use super::entry::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};
use super::{Call, Done, Error};
use crate::engine::Classes;
use crate::number::parse_i64;

/// The same key as source and as destination, where that can only be a mistake.
const SAME_OBJECT: Error = Error::new("ERR source and destination objects are the same");

/// A database number that does not even fit into a C `int`, with Redis's grammar.
const NOT_AN_INT: Error =
    Error::new("ERR value is out of range, value must between -2147483648 and 2147483647");

/// The commands on keys of any type.
pub const COMMANDS: &[Command] = &[
    Command::new("COPY", -3, copy)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RO access"), Keys::range("OW update", 2, 0, 1)])
        .doc(
            "6.2.0",
            "O(N) where N is the number of nested items; O(1) for a string",
            "Copies the value and the expiry of one key to another",
        )
        .syntax("source:key destination:key@1 [DB destination-db:integer] [REPLACE]"),
    Command::new("DEL", -2, del)
        .flags(&[WRITE])
        .keys(&[Keys::range("RM delete", 1, -1, 1)])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys; O(M) more for a value of M elements",
            "Deletes keys with their values",
        )
        .syntax("key ..."),
    Command::new("EXISTS", -2, exists)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::range("RO", 1, -1, 1)])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys to check",
            "Counts how many of the given keys exist",
        )
        .syntax("key ..."),
    Command::new("MOVE", 3, move_)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("1.0.0", "O(1)", "Moves a key to another database")
        .syntax("key db:integer"),
    Command::new("RENAME", 3, rename)
        .flags(&[WRITE])
        .keys(&[
            Keys::one("RW access delete"),
            Keys::range("OW update", 2, 0, 1),
        ])
        .doc(
            "1.0.0",
            "O(1)",
            "Gives a key another name, replacing whatever has that name",
        )
        .syntax("key newkey:key@1"),
    Command::new("RENAMENX", 3, renamenx)
        .flags(&[WRITE, FAST])
        .keys(&[
            Keys::one("RW access delete"),
            Keys::range("OW insert", 2, 0, 1),
        ])
        .doc(
            "1.0.0",
            "O(1)",
            "Gives a key another name, unless that name is taken",
        )
        .syntax("key newkey:key@1"),
    Command::new("TOUCH", -2, touch)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::range("RO", 1, -1, 1)])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .doc(
            "3.2.1",
            "O(N) where N is the number of keys that will be touched",
            "Marks keys as just used and counts those that exist",
        )
        .syntax("key ..."),
    Command::new("TYPE", 2, type_)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc("1.0.0", "O(1)", "Names the type of the value in a key")
        .syntax("key"),
    Command::new("UNLINK", -2, unlink)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::range("RM delete", 1, -1, 1)])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .doc(
            "4.0.0",
            "O(1) a key, then O(N) in slices where N is the number of allocations to free",
            "Deletes keys at once and frees what they held a little at a time",
        )
        .syntax("key ..."),
];

fn copy(call: &mut Call) -> Done {
    let source = call.session().db as usize;
    let options = copy_options(call)?;
    let target = options.database.unwrap_or(source);
    let (key, new_key) = (call.args.arg(1), call.args.arg(2));
    if source == target && key == new_key {
        return Err(SAME_OBJECT);
    }
    let engine = &mut *call.engine;
    let is_wanted = engine.db(source).read(key).is_some()
        && (engine.db(target).write(new_key).is_none() || options.replace);
    if is_wanted {
        let keyspace = &engine.databases[source];
        let entry = keyspace
            .peek(key)
            .expect("a key just read is there, and it is not the one that is replaced");
        let (copy, deadline) = (entry.copy_to(new_key), keyspace.deadline(entry));
        let mut db = engine.db(target);
        db.put(copy, deadline);
        db.changed(Classes::GENERIC, "copy_to", new_key);
    }
    call.reply.integer(i64::from(is_wanted));
    Ok(())
}

/// What follows the two keys of COPY.
#[derive(Default)]
struct CopyOptions {
    database: Option<usize>,
    replace: bool,
}

fn copy_options(call: &Call) -> Result<CopyOptions, Error> {
    let mut options = CopyOptions::default();
    let mut i = 3;
    while i < call.args.len() {
        if call.is(i, "REPLACE") {
            options.replace = true;
            i += 1;
        } else if call.is(i, "DB") && i + 1 < call.args.len() {
            options.database = Some(database_at(call, i + 1)?);
            i += 2;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok(options)
}

/// The database whose number argument `i` is.
pub(super) fn database_at(call: &Call, i: usize) -> Result<usize, Error> {
    let number = parse_i64(call.args.arg(i)).ok_or(Error::NOT_AN_INTEGER)?;
    let number = i32::try_from(number).map_err(|_| NOT_AN_INT)?;
    usize::try_from(number)
        .ok()
        .filter(|&index| index < call.engine.databases.len())
        .ok_or(Error::DB_OUT_OF_RANGE)
}

fn del(call: &mut Call) -> Done {
    remove_all(call)
}

fn exists(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let found = args.iter().skip(1).filter(|key| db.inspect(key).is_some());
    reply.integer(found.count() as i64);
    Ok(())
}

fn move_(call: &mut Call) -> Done {
    let source = call.session().db as usize;
    let target = database_at(call, 2)?;
    if source == target {
        return Err(SAME_OBJECT);
    }
    let key = call.args.arg(1);
    let engine = &mut *call.engine;
    let can_move = engine.db(source).write(key).is_some() && engine.db(target).write(key).is_none();
    if can_move && let Some((entry, deadline)) = engine.db(source).take(key) {
        engine.db(target).put(entry, deadline);
        engine.db(source).modified(key);
        engine.db(target).modified(key);
        engine.db(source).notify(Classes::GENERIC, "move_from", key);
        engine.db(target).notify(Classes::GENERIC, "move_to", key);
    }
    call.reply.integer(i64::from(can_move));
    Ok(())
}

fn rename(call: &mut Call) -> Done {
    rename_key(call, Taken::Replace)?;
    call.reply.ok();
    Ok(())
}

fn renamenx(call: &mut Call) -> Done {
    let is_renamed = rename_key(call, Taken::Keep)?;
    call.reply.integer(i64::from(is_renamed));
    Ok(())
}

/// What happens when the new name is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// The key that has it goes.
    Replace,
    /// Nothing.
    Keep,
}

/// Gives the key in argument 1 the name in argument 2. Says whether it did.
fn rename_key(call: &mut Call, taken: Taken) -> Result<bool, Error> {
    let (args, mut db, _) = call.parts();
    let (key, new_key) = (args.arg(1), args.arg(2));
    if db.write(key).is_none() {
        return Err(Error::NO_SUCH_KEY);
    }
    if key == new_key || (db.write(new_key).is_some() && taken == Taken::Keep) {
        return Ok(false);
    }
    let Some((entry, deadline)) = db.take(key) else {
        return Err(Error::NO_SUCH_KEY);
    };
    db.put(entry.rename_to(new_key), deadline);
    db.modified(key);
    db.modified(new_key);
    db.notify(Classes::GENERIC, "rename_from", key);
    db.notify(Classes::GENERIC, "rename_to", new_key);
    Ok(true)
}

fn touch(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    db.count_uses();
    let found = args.iter().skip(1).filter(|key| db.read(key).is_some());
    reply.integer(found.count() as i64);
    Ok(())
}

fn type_(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let entry = db.inspect(args.arg(1));
    reply.simple(entry.map_or("none", |entry| entry.kind().name()));
    Ok(())
}

fn unlink(call: &mut Call) -> Done {
    remove_all(call)
}

/// Removes the keys in the arguments. What is long is freed in slices afterwards, so DEL and
/// UNLINK are the same.
fn remove_all(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let removed = args.iter().skip(1).filter(|key| db.remove(key));
    reply.integer(removed.count() as i64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::command::testing::{engine, run};
    use crate::engine::{Clock, Engine, SessionId};

    /// Runs the lines' words as requests and compares the replies, their ends of line aside.
    fn transcript(engine: &mut Engine, id: SessionId, lines: &[(&str, &str)]) {
        for (line, expected) in lines {
            let args: Vec<&str> = line.split(' ').collect();
            let reply = run(engine, id, &args);
            assert_eq!(reply.trim_end().replace("\r\n", " "), *expected, "{line}");
        }
    }

    #[test]
    fn copies_have_their_own_fate() {
        let (mut engine, id) = engine();
        let missing_db = "-ERR DB index is out of range";
        let same = "-ERR source and destination objects are the same";
        transcript(
            &mut engine,
            id,
            &[
                ("SET a 1 PXAT 1700000010000", "+OK"),
                ("COPY a b", ":1"),
                ("PEXPIRETIME b", ":1700000010000"),
                ("PERSIST b", ":1"),
                ("PEXPIRETIME a", ":1700000010000"),
                ("COPY a b", ":0"),
                ("COPY a b REPLACE", ":1"),
                ("PEXPIRETIME b", ":1700000010000"),
                ("OBJECT REFCOUNT a", ":2147483647"),
                ("OBJECT REFCOUNT b", ":1"),
                ("COPY missing c", ":0"),
                ("COPY a a", same),
                ("COPY a a DB 0", same),
                ("COPY missing missing", same),
                ("COPY a a DB 15", ":1"),
                ("COPY a a DB 16", missing_db),
                ("COPY a a DB -1", missing_db),
                (
                    "COPY a a DB 2147483648",
                    "-ERR value is out of range, value must between -2147483648 and 2147483647",
                ),
                (
                    "COPY a b DB x",
                    "-ERR value is not an integer or out of range",
                ),
                ("COPY a b DB", "-ERR syntax error"),
                ("COPY a b x DB x", "-ERR syntax error"),
            ],
        );
        assert_eq!(engine.databases[15].len(), 1);
        let dirty = engine.stats.keys.dirty;
        run(&mut engine, id, &["COPY", "a", "b", "REPLACE"]);
        assert_eq!(engine.stats.keys.dirty, dirty + 1);
    }

    #[test]
    fn a_long_value_is_copied_only_when_it_is_changed() {
        let (mut engine, id) = engine();
        let long = "x".repeat(100_000);
        run(&mut engine, id, &["SET", "a", &long]);
        run(&mut engine, id, &["COPY", "a", "b"]);
        let shared = |engine: &Engine, key: &[u8]| {
            let entry = engine.databases[0].peek(key).expect("it was set");
            entry.as_shared().expect("it is long").as_ptr()
        };
        assert_eq!(shared(&engine, b"a"), shared(&engine, b"b"));
        run(&mut engine, id, &["APPEND", "a", "y"]);
        assert_eq!(run(&mut engine, id, &["STRLEN", "a"]), ":100001\r\n");
        assert_eq!(run(&mut engine, id, &["STRLEN", "b"]), ":100000\r\n");
    }

    #[test]
    fn moves_take_the_deadline_along_and_replace_nothing() {
        let (mut engine, id) = engine();
        transcript(
            &mut engine,
            id,
            &[
                ("SET a 1 PXAT 1700000010000", "+OK"),
                (
                    "MOVE a 0",
                    "-ERR source and destination objects are the same",
                ),
                ("MOVE missing 16", "-ERR DB index is out of range"),
                (
                    "MOVE missing x",
                    "-ERR value is not an integer or out of range",
                ),
                ("MOVE missing 1", ":0"),
                ("MOVE a 1", ":1"),
                ("EXISTS a", ":0"),
                ("SET a 2", "+OK"),
                ("MOVE a 1", ":0"),
                ("SELECT 1", "+OK"),
                ("GET a", "$1 1"),
                ("PEXPIRETIME a", ":1700000010000"),
            ],
        );
        assert_eq!(engine.stats.keys.dirty, 3, "SET, MOVE, SET");
    }

    #[test]
    fn a_key_that_is_due_is_in_nobodys_way() {
        let (mut engine, id) = engine();
        transcript(
            &mut engine,
            id,
            &[
                ("SET due 1 PXAT 1700000000300", "+OK"),
                ("COPY due due DB 1", ":1"),
                ("SET a 2", "+OK"),
                ("COPY a b", ":1"),
            ],
        );
        engine.clock = Clock::at_us(1_700_000_000_300_000);
        transcript(
            &mut engine,
            id,
            &[
                ("RENAMENX a due", ":1"),
                ("MOVE due 1", ":1"),
                ("EXISTS a due b b", ":2"),
            ],
        );
        assert_eq!(engine.stats.keys.expired, 2);
        assert_eq!(engine.databases[1].deadline_count(), 0);
    }

    #[test]
    fn renamed_keys_keep_what_they_have() {
        let (mut engine, id) = engine();
        transcript(
            &mut engine,
            id,
            &[
                ("RENAME a a", "-ERR no such key"),
                ("RENAMENX a b", "-ERR no such key"),
                ("SET a 1 PXAT 1700000010000", "+OK"),
                ("SET b 2", "+OK"),
                ("RENAMENX a b", ":0"),
                ("RENAMENX a a", ":0"),
                ("RENAME a a", "+OK"),
                ("RENAME a b", "+OK"),
                ("PEXPIRETIME b", ":1700000010000"),
                ("OBJECT REFCOUNT b", ":2147483647"),
                ("GET b", "$1 1"),
                ("RENAMENX b a", ":1"),
                ("EXISTS a b", ":1"),
            ],
        );
        assert_eq!(engine.stats.keys.dirty, 4, "SET, SET, RENAME, RENAMENX");
    }

    #[test]
    fn keys_are_counted_as_often_as_they_are_named() {
        let (mut engine, id) = engine();
        transcript(
            &mut engine,
            id,
            &[
                ("MSET a 1 b 2 c 3", "+OK"),
                ("EXISTS a a x b", ":3"),
                ("TOUCH a a x b", ":3"),
                ("TYPE a", "+string"),
                ("TYPE x", "+none"),
                ("DEL a a x", ":1"),
                ("UNLINK b b c", ":2"),
                ("EXISTS a b c", ":0"),
            ],
        );
        let stats = engine.stats.keys;
        assert_eq!((stats.hits, stats.misses), (7, 6));
    }
}
