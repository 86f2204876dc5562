//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{Command, DENY_OOM, FAST, Keys, READONLY, WRITE};

/// The commands on strings.
pub const COMMANDS: &[Command] = &[
    Command::new("APPEND", 3, append)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "2.0.0",
            "O(1) amortized: the room doubles when it runs out",
            "Adds bytes to the end of a string, creating it when missing",
        )
        .syntax("key value"),
    Command::new("DECR", 2, decr)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("1.0.0", "O(1)", "Subtracts one from the integer in a key")
        .syntax("key"),
    Command::new("DECRBY", 3, decrby)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc(
            "1.0.0",
            "O(1)",
            "Subtracts a number from the integer in a key",
        )
        .syntax("key decrement:integer"),
    Command::new("GET", 2, get)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc("1.0.0", "O(1)", "Reads the string in a key")
        .syntax("key"),
    Command::new("GETDEL", 2, getdel)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access delete")])
        .doc(
            "6.2.0",
            "O(1)",
            "Reads the string in a key and deletes the key",
        )
        .syntax("key"),
    Command::new("GETEX", -2, getex)
        .flags(&[WRITE, FAST])
        .keys(&[Keys::one("RW access update").notes("RW and UPDATE because it changes the TTL")])
        .doc(
            "6.2.0",
            "O(1)",
            "Reads the string in a key and changes or removes its expiry",
        )
        .syntax(
            "key [expiration=EX seconds:integer|PX milliseconds:integer|\
             EXAT unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|\
             PERSIST]",
        ),
    Command::new("GETRANGE", 4, getrange)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.4.0",
            "O(N) where N is the length of the returned string",
            "Reads the bytes of a string between two offsets",
        )
        .syntax("key start:integer end:integer"),
    Command::new("GETSET", 3, getset)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc(
            "1.0.0",
            "O(1)",
            "Stores a string and answers with the one that was there before",
        )
        .deprecated("6.2.0", "`SET` with the `!GET` argument")
        .syntax("key value"),
    Command::new("INCR", 2, incr)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("1.0.0", "O(1)", "Adds one to the integer in a key")
        .syntax("key"),
    Command::new("INCRBY", 3, incrby)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("1.0.0", "O(1)", "Adds a number to the integer in a key")
        .syntax("key increment:integer"),
    Command::new("INCRBYFLOAT", 3, incrbyfloat)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc("2.6.0", "O(1)", "Adds a decimal number to the one in a key")
        .syntax("key increment:double"),
    Command::new("LCS", -3, lcs)
        .flags(&[READONLY])
        .keys(&[Keys::range("RO access", 1, 1, 1)])
        .doc(
            "7.0.0",
            "O(N*M) where N and M are the lengths of the two strings",
            "Finds the longest subsequence that two strings share",
        )
        .syntax("key1:key key2:key [LEN] [IDX] [MINMATCHLEN len:integer] [WITHMATCHLEN]"),
    Command::new("MGET", -2, mget)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::range("RO access", 1, -1, 1)])
        .tips(&["request_policy:multi_shard"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys to retrieve",
            "Reads the strings in several keys at once",
        )
        .syntax("key ..."),
    Command::new("MSET", -3, mset)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::range("OW update", 1, -1, 2)])
        .tips(&[
            "request_policy:multi_shard",
            "response_policy:all_succeeded",
        ])
        .doc(
            "1.0.1",
            "O(N) where N is the number of keys to set",
            "Stores strings in several keys at once",
        )
        .syntax("(key_value=key value) ..."),
    Command::new("MSETNX", -3, msetnx)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::range("OW insert", 1, -1, 2)])
        .tips(&["request_policy:multi_shard", "response_policy:agg_min"])
        .doc(
            "1.0.1",
            "O(N) where N is the number of keys to set",
            "Stores strings in several keys at once, or in none if any of them exists",
        )
        .syntax("(key_value=key value) ..."),
    Command::new("PSETEX", 4, psetex)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update")])
        .doc(
            "2.6.0",
            "O(1)",
            "Stores a string that expires after so many milliseconds",
        )
        .syntax("key milliseconds:integer value"),
    Command::new("SET", -3, set)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW access update variable_flags")
            .notes("RW and ACCESS due to the optional `GET` argument")
            .without("GET", "OW update")])
        .doc(
            "1.0.0",
            "O(1)",
            "Stores a string in a key, whatever the key held before",
        )
        .syntax(
            "key value [condition=NX|XX] [GET] [expiration=EX seconds:integer|\
             PX milliseconds:integer|EXAT unix-time-seconds:unix-time|\
             PXAT unix-time-milliseconds:unix-time|KEEPTTL]",
        ),
    Command::new("SETEX", 4, setex)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update")])
        .doc(
            "2.0.0",
            "O(1)",
            "Stores a string that expires after so many seconds",
        )
        .syntax("key seconds:integer value"),
    Command::new("SETNX", 3, setnx)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("OW insert")])
        .doc(
            "1.0.0",
            "O(1)",
            "Stores a string only in a key that does not exist yet",
        )
        .syntax("key value"),
    Command::new("SETRANGE", 4, setrange)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW update")])
        .doc(
            "2.2.0",
            "O(M) where M is the length of the value; O(1) for a short one",
            "\
             Writes bytes into a string from an offset on, padding with zero bytes up to it",
        )
        .syntax("key offset:integer value"),
    Command::new("STRLEN", 2, strlen)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO")])
        .doc(
            "2.2.0",
            "O(1)",
            "Tells how many bytes the string in a key has",
        )
        .syntax("key"),
    Command::new("SUBSTR", 4, substr)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.0.0",
            "O(N) where N is the length of the returned string",
            "Reads the bytes of a string between two offsets, under its oldest name",
        )
        .deprecated("2.0.0", "`GETRANGE`")
        .syntax("key start:integer end:integer"),
];

fn append(_: &mut Call) -> Done {
    Ok(())
}
fn decr(_: &mut Call) -> Done {
    Ok(())
}
fn decrby(_: &mut Call) -> Done {
    Ok(())
}
fn get(_: &mut Call) -> Done {
    Ok(())
}
fn getdel(_: &mut Call) -> Done {
    Ok(())
}
fn getex(_: &mut Call) -> Done {
    Ok(())
}
fn getrange(_: &mut Call) -> Done {
    Ok(())
}
fn getset(_: &mut Call) -> Done {
    Ok(())
}
fn incr(_: &mut Call) -> Done {
    Ok(())
}
fn incrby(_: &mut Call) -> Done {
    Ok(())
}
fn incrbyfloat(_: &mut Call) -> Done {
    Ok(())
}
fn lcs(_: &mut Call) -> Done {
    Ok(())
}
fn mget(_: &mut Call) -> Done {
    Ok(())
}
fn mset(_: &mut Call) -> Done {
    Ok(())
}
fn msetnx(_: &mut Call) -> Done {
    Ok(())
}
fn psetex(_: &mut Call) -> Done {
    Ok(())
}
fn set(_: &mut Call) -> Done {
    Ok(())
}
fn setex(_: &mut Call) -> Done {
    Ok(())
}
fn setnx(_: &mut Call) -> Done {
    Ok(())
}
fn setrange(_: &mut Call) -> Done {
    Ok(())
}
fn strlen(_: &mut Call) -> Done {
    Ok(())
}
fn substr(_: &mut Call) -> Done {
    Ok(())
}
