//! Deadlines: setting them, asking for them, taking them away.
//!
//! A deadline is a moment in unix milliseconds, whatever unit it was given in; the keyspace keeps
//! it as a timer. One that is over already is no deadline: EXPIRE removes the key on the spot.
//!
//! ```text
//!            a span from now      a moment
//!  seconds   EXPIRE   TTL         EXPIREAT   EXPIRETIME
//!  ms        PEXPIRE  PTTL        PEXPIREAT  PEXPIRETIME
//! ```

use super::entry::{Command, FAST, Keys, READONLY, WRITE};
use super::{Call, Done, Error};
use crate::number::parse_i64;

/// Milliseconds in a second.
const MS_PER_S: u64 = 1000;

/// What TTL and its like reply where there is no such key.
const NO_KEY: i64 = -2;

/// What they reply where the key has no deadline.
const NO_DEADLINE: i64 = -1;

/// The commands on deadlines.
pub const COMMANDS: &[Command] = &[
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
    Command::new("TTL", 2, ttl)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .tips(&["nondeterministic_output"])
        .doc("1.0.0", "O(1)", "Tells how many seconds a key has left")
        .syntax("key"),
];

/// The unit of a time.
#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Milliseconds,
}

/// What a time counts from.
#[derive(Clone, Copy)]
enum Since {
    Now,
    Epoch,
}

fn expire(call: &mut Call) -> Done {
    set_deadline(call, Unit::Seconds, Since::Now)
}

fn expireat(call: &mut Call) -> Done {
    set_deadline(call, Unit::Seconds, Since::Epoch)
}

fn pexpire(call: &mut Call) -> Done {
    set_deadline(call, Unit::Milliseconds, Since::Now)
}

fn pexpireat(call: &mut Call) -> Done {
    set_deadline(call, Unit::Milliseconds, Since::Epoch)
}

fn set_deadline(call: &mut Call, unit: Unit, since: Since) -> Done {
    let condition = Condition::parse(call)?;
    let at_ms = deadline_ms(call, unit, since)?;
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let Some(current) = db.deadline_to_change(key) else {
        reply.integer(0);
        return Ok(());
    };
    let is_met = condition.is_met(current, at_ms);
    if is_met {
        match u64::try_from(at_ms) {
            Ok(at_ms) if at_ms > db.now_ms() => {
                db.replied();
                db.set_deadline(key, Some(at_ms));
            }
            _ => {
                db.remove(key);
            }
        }
    }
    reply.integer(i64::from(is_met));
    Ok(())
}

/// The moment that argument 2 means, in unix milliseconds; it may be long ago, even before 1970.
fn deadline_ms(call: &Call, unit: Unit, since: Since) -> Result<i64, Error> {
    let time = parse_i64(call.args.arg(2)).ok_or(Error::NOT_AN_INTEGER)?;
    let ms = match unit {
        Unit::Seconds => time.checked_mul(MS_PER_S as i64),
        Unit::Milliseconds => Some(time),
    };
    let at_ms = match since {
        Since::Now => ms.and_then(|ms| ms.checked_add_unsigned(call.engine.clock.unix_ms())),
        Since::Epoch => ms,
    };
    at_ms.ok_or_else(|| {
        let name = call.command.name.to_ascii_lowercase();
        Error::text(format!("ERR invalid expire time in '{name}' command"))
    })
}

/// NX, XX, GT and LT: what must hold for the present deadline.
#[derive(Clone, Copy, Default)]
struct Condition {
    /// There is none.
    nx: bool,
    /// There is one.
    xx: bool,
    /// It is before the new one.
    gt: bool,
    /// It is after the new one, or there is none.
    lt: bool,
}

impl Condition {
    /// The options from argument 3 on.
    fn parse(call: &Call) -> Result<Condition, Error> {
        let mut condition = Condition::default();
        for (i, option) in call.args.iter().enumerate().skip(3) {
            if call.is(i, "NX") {
                condition.nx = true;
            } else if call.is(i, "XX") {
                condition.xx = true;
            } else if call.is(i, "GT") {
                condition.gt = true;
            } else if call.is(i, "LT") {
                condition.lt = true;
            } else {
                return Err(unsupported(option));
            }
        }
        let Condition { nx, xx, gt, lt } = condition;
        if nx && (xx || gt || lt) {
            return Err(Error::new(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if gt && lt {
            return Err(Error::new(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(condition)
    }

    /// Whether a key with the deadline `current`, in unix milliseconds, may get `at_ms`.
    fn is_met(self, current: Option<u64>, at_ms: i64) -> bool {
        let at_ms = i128::from(at_ms);
        let current = current.map(i128::from);
        (!self.nx || current.is_none())
            && (!self.xx || current.is_some())
            && (!self.gt || current.is_some_and(|current| at_ms > current))
            && (!self.lt || current.is_none_or(|current| at_ms < current))
    }
}

/// The error about an option there is not. A C program prints it up to a NUL.
fn unsupported(option: &[u8]) -> Error {
    let end = memchr::memchr(0, option).unwrap_or(option.len());
    Error::text([b"ERR Unsupported option ", &option[..end]].concat())
}

fn persist(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let has_deadline = matches!(db.deadline_to_change(key), Some(Some(_)));
    if has_deadline {
        db.set_deadline(key, None);
    }
    reply.integer(i64::from(has_deadline));
    Ok(())
}

fn expiretime(call: &mut Call) -> Done {
    tell_deadline(call, Unit::Seconds, Since::Epoch)
}

fn pexpiretime(call: &mut Call) -> Done {
    tell_deadline(call, Unit::Milliseconds, Since::Epoch)
}

fn pttl(call: &mut Call) -> Done {
    tell_deadline(call, Unit::Milliseconds, Since::Now)
}

fn ttl(call: &mut Call) -> Done {
    tell_deadline(call, Unit::Seconds, Since::Now)
}

fn tell_deadline(call: &mut Call, unit: Unit, since: Since) -> Done {
    let (args, mut db, reply) = call.parts();
    let time = match db.deadline(args.arg(1)) {
        None => NO_KEY,
        Some(None) => NO_DEADLINE,
        Some(Some(at_ms)) => {
            let ms = match since {
                Since::Now => at_ms.saturating_sub(db.now_ms()),
                Since::Epoch => at_ms,
            };
            // Deadlines were given as an i64, so they fit into one again.
            match unit {
                Unit::Milliseconds => ms as i64,
                Unit::Seconds => ((ms + MS_PER_S / 2) / MS_PER_S) as i64,
            }
        }
    };
    reply.integer(time);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::command::testing::{engine, run};
    use crate::engine::{Clock, Engine, SessionId};

    /// The moment at which the tests' engine begins, in unix milliseconds.
    const NOW_MS: i64 = 1_700_000_000_000;

    fn expect(engine: &mut Engine, id: SessionId, line: &str, reply: impl AsRef<str>) {
        let args: Vec<&str> = line.split(' ').collect();
        let expected = format!("{}\r\n", reply.as_ref());
        assert_eq!(run(engine, id, &args), expected, "{line}");
    }

    #[test]
    fn every_unit_and_origin_means_the_same_moment() {
        let (mut engine, id) = engine();
        assert_eq!(engine.clock.unix_ms() as i64, NOW_MS);
        run(&mut engine, id, &["SET", "k", "v"]);
        for (set, ms) in [
            ("EXPIRE k 100", NOW_MS + 100_000),
            ("PEXPIRE k 100", NOW_MS + 100),
            ("EXPIREAT k 1700000100", 1_700_000_100_000),
            ("PEXPIREAT k 1700000100499", 1_700_000_100_499),
            ("PEXPIREAT k 1700000100500", 1_700_000_100_500),
            ("PEXPIREAT k 9223372036854775807", i64::MAX),
            ("EXPIREAT k 9223372036854775", 9_223_372_036_854_775_000),
        ] {
            let nearest = |ms: i64| (i128::from(ms) + 500) / 1000;
            expect(&mut engine, id, set, ":1");
            expect(&mut engine, id, "PEXPIRETIME k", format!(":{ms}"));
            expect(&mut engine, id, "EXPIRETIME k", format!(":{}", nearest(ms)));
            expect(&mut engine, id, "PTTL k", format!(":{}", ms - NOW_MS));
            expect(
                &mut engine,
                id,
                "TTL k",
                format!(":{}", nearest(ms - NOW_MS)),
            );
        }
        for ask in ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"] {
            expect(&mut engine, id, &format!("{ask} missing"), ":-2");
        }
        expect(&mut engine, id, "PERSIST k", ":1");
        expect(&mut engine, id, "PERSIST k", ":0");
        expect(&mut engine, id, "PERSIST missing", ":0");
        for ask in ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"] {
            expect(&mut engine, id, &format!("{ask} k"), ":-1");
        }
    }

    #[test]
    fn a_deadline_that_is_over_removes_the_key() {
        for set in [
            "EXPIRE k 0",
            "EXPIRE k -9223372036854775",
            "PEXPIRE k -9223372036854775808",
            "PEXPIREAT k 1700000000000",
            "EXPIREAT k -1",
            "EXPIRE k -1 LT",
        ] {
            let (mut engine, id) = engine();
            run(&mut engine, id, &["SET", "k", "v", "EX", "100"]);
            expect(&mut engine, id, set, ":1");
            assert_eq!(engine.databases[0].len(), 0, "{set}");
            assert_eq!(engine.stats.keys.expired, 0, "{set} is a removal");
            assert_eq!(engine.stats.keys.dirty, 2, "{set}");
        }
        let (mut engine, id) = engine();
        run(&mut engine, id, &["SET", "k", "v"]);
        expect(&mut engine, id, "PEXPIREAT k 1700000000001", ":1");
        expect(&mut engine, id, "PTTL k", ":1");
        engine.clock = Clock::at_us(1_700_000_000_001_000);
        expect(&mut engine, id, "PTTL k", ":-2");
        assert_eq!(engine.stats.keys.expired, 1);
    }

    #[test]
    fn conditions_compare_with_the_present_deadline() {
        // The deadline is 100 seconds away, or there is none.
        for (options, with, without) in [
            ("100 NX", 0, 1),
            ("100 XX", 1, 0),
            ("99 GT", 0, 0),
            ("100 GT", 0, 0),
            ("101 gt", 1, 0),
            ("99 LT", 1, 1),
            ("100 LT", 0, 1),
            ("101 LT", 0, 1),
            ("99 LT XX", 1, 0),
            ("101 XX GT", 1, 0),
            ("-1 GT", 0, 0),
            ("-1 LT", 1, 1),
            ("99 LT LT", 1, 1),
        ] {
            let (mut engine, id) = engine();
            run(&mut engine, id, &["SET", "with", "v", "EX", "100"]);
            run(&mut engine, id, &["SET", "without", "v"]);
            for (key, is_set) in [("with", with), ("without", without)] {
                let line = format!("EXPIRE {key} {options}");
                expect(&mut engine, id, &line, format!(":{is_set}"));
            }
            expect(&mut engine, id, &format!("EXPIRE missing {options}"), ":0");
        }
    }

    #[test]
    fn errors_come_in_the_order_of_redis() {
        let (mut engine, id) = engine();
        let not_with_nx = "-ERR NX and XX, GT or LT options at the same time are not compatible";
        let not_both = "-ERR GT and LT options at the same time are not compatible";
        let no_integer = "-ERR value is not an integer or out of range";
        for (line, error) in [
            ("EXPIRE k x NX XX y", "-ERR Unsupported option y"),
            ("EXPIRE k x a\r\nb\0c", "-ERR Unsupported option a  b"),
            ("EXPIRE k x NX XX", not_with_nx),
            ("EXPIRE k x NX GT LT", not_with_nx),
            ("EXPIRE k x GT LT XX", not_both),
            ("EXPIRE k x GT", no_integer),
            (
                "EXPIRE k 9223372036854776",
                "-ERR invalid expire time in 'expire' command",
            ),
            (
                "EXPIRE k 9223372036854775",
                "-ERR invalid expire time in 'expire' command",
            ),
            (
                "PEXPIRE k 9223372036854775807",
                "-ERR invalid expire time in 'pexpire' command",
            ),
            (
                "EXPIREAT k -9223372036854776",
                "-ERR invalid expire time in 'expireat' command",
            ),
        ] {
            expect(&mut engine, id, line, error);
        }
    }
}
