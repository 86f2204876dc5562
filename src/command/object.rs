//! OBJECT: how a value is kept, and when, or how often, it was used.
//!
//! None of its subcommands is a use of the key, or asking would change the answer. Encodings are
//! told by Redis's names; what they stand for here is in [`crate::store::entry`].

use super::entry::{Command, Keys, LOADING, READONLY, STALE};
use super::help::{self, help};
use super::{Call, Done, Error};
use crate::store::uses;

/// What Redis replies as the reference count of an integer that all keys share.
const SHARED_REFCOUNT: i64 = i32::MAX as i64;

/// Accesses are counted for two policies of eviction only.
const NO_LFU: Error = Error::new(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that \
     when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

/// And while they are, nobody notes the time.
const LFU: Error = Error::new(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching \
     between policies at runtime LRU and LFU data will take some time to adjust.",
);

/// OBJECT.
pub const COMMANDS: &[Command] = &[Command::container("OBJECT", OBJECT_SUBCOMMANDS).doc(
    "2.2.3",
    "Depends on subcommand",
    "Looks at how values are kept inside the server",
)];

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

fn object_encoding(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    match db.examine(args.arg(2)) {
        Some(entry) => reply.bulk(entry.encoding_name().as_bytes()),
        None => reply.null(),
    }
    Ok(())
}

fn object_freq(call: &mut Call) -> Done {
    let config = &call.engine.config;
    let (counts, scale) = (config.maxmemory_policy.counts_uses(), config.lfu);
    let now_s = call.engine.clock.unix_s32();
    let (args, mut db, reply) = call.parts();
    match db.examine(args.arg(2)) {
        Some(entry) if counts => reply.integer(scale.count(entry.used_s(), now_s).into()),
        Some(_) => return Err(NO_LFU),
        None => reply.null(),
    }
    Ok(())
}

fn object_help(call: &mut Call) -> Done {
    help(call, help::OBJECT)
}

fn object_idletime(call: &mut Call) -> Done {
    let counts = call.engine.config.maxmemory_policy.counts_uses();
    let now_s = call.engine.clock.unix_s32();
    let (args, mut db, reply) = call.parts();
    match db.examine(args.arg(2)) {
        Some(_) if counts => return Err(LFU),
        Some(entry) => {
            let used_s = uses::used_s(entry.used_s(), now_s);
            reply.integer(now_s.saturating_sub(used_s).into());
        }
        None => reply.null(),
    }
    Ok(())
}

fn object_refcount(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    match db.examine(args.arg(2)) {
        Some(entry) if entry.is_shared_integer() => reply.integer(SHARED_REFCOUNT),
        Some(_) => reply.integer(1),
        None => reply.null(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::command::testing::{engine, run};
    use crate::engine::Clock;

    #[test]
    fn encodings_and_references_are_told_as_redis_does() {
        let long = "x".repeat(45);
        for (value, encoding, references) in [
            ("0", "int", 2_147_483_647),
            ("9999", "int", 2_147_483_647),
            ("10000", "int", 1),
            ("-1", "int", 1),
            ("01", "embstr", 1),
            (&long[1..], "embstr", 1),
            (&long, "raw", 1),
        ] {
            let (mut engine, id) = engine();
            run(&mut engine, id, &["SET", "k", value]);
            let reply = run(&mut engine, id, &["OBJECT", "ENCODING", "k"]);
            assert_eq!(
                reply,
                format!("${}\r\n{encoding}\r\n", encoding.len()),
                "{value}"
            );
            let reply = run(&mut engine, id, &["OBJECT", "refcount", "k"]);
            assert_eq!(reply, format!(":{references}\r\n"), "{value}");
        }
    }

    #[test]
    fn asking_is_no_use_of_the_key() {
        let (mut engine, id) = engine();
        run(&mut engine, id, &["SET", "k", "v"]);
        engine.clock = Clock::at_us(engine.clock.unix_us() + 30_000_000);
        for ask in [
            &["OBJECT", "ENCODING", "k"][..],
            &["OBJECT", "FREQ", "k"],
            &["OBJECT", "REFCOUNT", "k"],
            &["TTL", "k"],
            &["TYPE", "k"],
            &["EXISTS", "k"],
        ] {
            run(&mut engine, id, ask);
            let idle = run(&mut engine, id, &["OBJECT", "IDLETIME", "k"]);
            assert_eq!(idle, ":30\r\n", "{ask:?}");
        }
        run(&mut engine, id, &["TOUCH", "k"]);
        let idle = run(&mut engine, id, &["OBJECT", "IDLETIME", "k"]);
        assert_eq!(idle, ":0\r\n");
    }

    #[test]
    fn a_missing_key_comes_before_the_missing_policy() {
        let (mut engine, id) = engine();
        for ask in ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"] {
            assert_eq!(run(&mut engine, id, &["OBJECT", ask, "k"]), "$-1\r\n");
        }
        run(&mut engine, id, &["SET", "k", "v"]);
        assert_eq!(
            run(&mut engine, id, &["OBJECT", "FREQ", "k"]),
            "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please \
             note that when switching between policies at runtime LRU and LFU data will take some \
             time to adjust.\r\n"
        );
    }

    #[test]
    fn help_lists_the_subcommands() {
        let (mut engine, id) = engine();
        let reply = run(&mut engine, id, &["OBJECT", "help"]);
        assert!(reply.starts_with("*15\r\n+OBJECT <subcommand>"), "{reply}");
    }
}
