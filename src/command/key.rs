//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{Command, DENY_OOM, FAST, Keys, LOADING, READONLY, STALE, WRITE};

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
    Command::new("EXPIRE", -3, expire)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW update")])
        .doc("1.0.0", "O(1)", "Lets a key expire after so many seconds")
        .syntax("key seconds:integer [condition=NX|XX|GT|LT]"),
    Command::new("EXPIREAT", -3, expireat)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW update")])
        .doc(
            "1.2.0",
            "O(1)",
            "Lets a key expire at a moment given in Unix seconds",
        )
        .syntax("key unix-time-seconds:unix-time [condition=NX|XX|GT|LT]"),
    Command::new("EXPIRETIME", 2, expiretime)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc("7.0.0", "O(1)", "Tells when a key expires, in Unix seconds")
        .syntax("key"),
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
    Command::new("MOVE", 3, move_)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("1.0.0", "O(1)", "Moves a key to another database")
        .syntax("key db:integer"),
    Command::container("OBJECT", OBJECT_SUBCOMMANDS).doc(
        "2.2.3",
        "Depends on subcommand",
        "Looks at how values are kept inside the server",
    ),
    Command::new("PERSIST", 2, persist)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW update")])
        .doc(
            "2.2.0",
            "O(1)",
            "Takes the expiry off a key, so that it stays",
        )
        .syntax("key"),
    Command::new("PEXPIRE", -3, pexpire)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW update")])
        .doc(
            "2.6.0",
            "O(1)",
            "Lets a key expire after so many milliseconds",
        )
        .syntax("key milliseconds:integer [condition=NX|XX|GT|LT]"),
    Command::new("PEXPIREAT", -3, pexpireat)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW update")])
        .doc(
            "2.6.0",
            "O(1)",
            "Lets a key expire at a moment given in Unix milliseconds",
        )
        .syntax("key unix-time-milliseconds:unix-time [condition=NX|XX|GT|LT]"),
    Command::new("PEXPIRETIME", 2, pexpiretime)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "7.0.0",
            "O(1)",
            "Tells when a key expires, in Unix milliseconds",
        )
        .syntax("key"),
    Command::new("PTTL", 2, pttl)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.6.0",
            "O(1)",
            "Tells how many milliseconds a key has left",
        )
        .syntax("key"),
    Command::new("RANDOMKEY", 1, randomkey)
        .flags(&[READONLY])
        .tips(&["request_policy:all_shards", "nondeterministic_output"])
        .doc("1.0.0", "O(1)", "Picks a key at random"),
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
    Command::new("SCAN", -2, scan)
        .flags(&[READONLY])
        .tips(&["nondeterministic_output", "request_policy:special"])
        .doc(
            "2.8.0",
            "O(1) a call, O(N) for the whole walk over N keys",
            "Walks over the keys a few at a time, with a cursor",
        )
        .syntax("cursor:integer [MATCH pattern] [COUNT count:integer] [TYPE type]"),
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
    Command::new("TTL", 2, ttl)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc("1.0.0", "O(1)", "Tells how many seconds a key has left")
        .syntax("key"),
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

/// The subcommands of OBJECT.
const OBJECT_SUBCOMMANDS: &[Command] = &[
    Command::new("ENCODING", 3, object_encoding)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO", 2, 0, 1)])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.2.3",
            "O(1)",
            "Names the internal form a value is kept in",
        )
        .syntax("key"),
    Command::new("FREQ", 3, object_freq)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO", 2, 0, 1)])
        .tips(&["nondeterministic_output"])
        .doc(
            "4.0.0",
            "O(1)",
            "Reads a key's logarithmic counter of accesses",
        )
        .syntax("key"),
    Command::new("HELP", 2, object_help)
        .flags(&[LOADING, STALE])
        .doc(
            "6.2.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("IDLETIME", 3, object_idletime)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO", 2, 0, 1)])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.2.3",
            "O(1)",
            "Tells for how many seconds nobody has used a key",
        )
        .syntax("key"),
    Command::new("REFCOUNT", 3, object_refcount)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO", 2, 0, 1)])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.2.3",
            "O(1)",
            "Counts the references to the value of a key",
        )
        .syntax("key"),
];

fn copy(_: &mut Call) -> Done {
    Ok(())
}
fn del(_: &mut Call) -> Done {
    Ok(())
}
fn exists(_: &mut Call) -> Done {
    Ok(())
}
fn expire(_: &mut Call) -> Done {
    Ok(())
}
fn expireat(_: &mut Call) -> Done {
    Ok(())
}
fn expiretime(_: &mut Call) -> Done {
    Ok(())
}
fn keys(_: &mut Call) -> Done {
    Ok(())
}
fn move_(_: &mut Call) -> Done {
    Ok(())
}
fn persist(_: &mut Call) -> Done {
    Ok(())
}
fn pexpire(_: &mut Call) -> Done {
    Ok(())
}
fn pexpireat(_: &mut Call) -> Done {
    Ok(())
}
fn pexpiretime(_: &mut Call) -> Done {
    Ok(())
}
fn pttl(_: &mut Call) -> Done {
    Ok(())
}
fn randomkey(_: &mut Call) -> Done {
    Ok(())
}
fn rename(_: &mut Call) -> Done {
    Ok(())
}
fn renamenx(_: &mut Call) -> Done {
    Ok(())
}
fn scan(_: &mut Call) -> Done {
    Ok(())
}
fn touch(_: &mut Call) -> Done {
    Ok(())
}
fn ttl(_: &mut Call) -> Done {
    Ok(())
}
fn type_(_: &mut Call) -> Done {
    Ok(())
}
fn unlink(_: &mut Call) -> Done {
    Ok(())
}
fn object_encoding(_: &mut Call) -> Done {
    Ok(())
}
fn object_freq(_: &mut Call) -> Done {
    Ok(())
}
fn object_help(_: &mut Call) -> Done {
    Ok(())
}
fn object_idletime(_: &mut Call) -> Done {
    Ok(())
}
fn object_refcount(_: &mut Call) -> Done {
    Ok(())
}
