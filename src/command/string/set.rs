//! SET and its family: storing a string under a condition, and with a deadline.
//!
//! ```text
//!   SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
//!   GETEX key                     [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
//!                   condition                      expiry
//! ```
//!
//! Options come in any order. One may be said twice (the last one counts), two that exclude each
//! other are a syntax error. All of them are read before anything else is looked at, then the
//! time, and only then the key: what Redis answers to a request with several faults depends on it.

use super::{SET, reply_string, store_argument};
use crate::command::entry::{Command, DENY_OOM, FAST, Keys, WRITE};
use crate::command::{Call, Done, Error, is_word};
use crate::number::parse_i64;
use crate::resp::Request;
use crate::store::keyspace::Deadline;

/// The commands that store with a condition or a deadline.
pub const COMMANDS: &[Command] = &[
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
];

fn set(call: &mut Call) -> Done {
    let options = Options::parse(&call.args, Dialect::Set)?;
    let deadline = match options.expiry {
        Expiry::At { unit, argument } => Deadline::At(moment_ms(call, unit, argument)?),
        Expiry::Keep => Deadline::Keep,
        Expiry::Unsaid | Expiry::Persist => Deadline::Never,
    };
    let (args, mut db, reply) = call.parts();
    if options.get {
        reply_string(&mut db, args.arg(1), reply)?;
    }
    let stores = match options.condition {
        Condition::Always => true,
        Condition::Missing => !db.exists(args.arg(1)),
        Condition::Present => db.exists(args.arg(1)),
    };
    // ANCHOR: store-and-reply
    if stores {
        if options.get {
            db.replied();
        }
        store_argument(args, &mut db, 2, deadline, SET);
    }
    match (options.get, stores) {
        (true, _) => {}
        (false, true) => reply.ok(),
        (false, false) => reply.null(),
    }
    // ANCHOR_END: store-and-reply
    Ok(())
}

fn setnx(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let exists = db.exists(args.arg(1));
    if !exists {
        store_argument(args, &mut db, 2, Deadline::Never, SET);
    }
    reply.integer(i64::from(!exists));
    Ok(())
}

fn setex(call: &mut Call) -> Done {
    set_for(call, &EX)
}

fn psetex(call: &mut Call) -> Done {
    set_for(call, &PX)
}

/// `SETEX key time value`.
fn set_for(call: &mut Call, unit: &Unit) -> Done {
    let deadline = Deadline::At(moment_ms(call, unit, 2)?);
    let (args, mut db, reply) = call.parts();
    store_argument(args, &mut db, 3, deadline, SET);
    reply.ok();
    Ok(())
}

fn getex(call: &mut Call) -> Done {
    let options = Options::parse(&call.args, Dialect::GetEx)?;
    let (args, mut db, reply) = call.parts();
    if !reply_string(&mut db, args.arg(1), reply)? {
        return Ok(());
    }
    match options.expiry {
        Expiry::Unsaid | Expiry::Keep => {}
        Expiry::Persist => {
            let has_deadline = |entry: &mut crate::store::Entry| entry.timer().is_some();
            if db.write(args.arg(1)).is_some_and(has_deadline) {
                db.replied();
                db.set_deadline(args.arg(1), None);
            }
        }
        Expiry::At { unit, argument } => {
            let at_ms = moment_ms(call, unit, argument)?;
            let (args, mut db, _) = call.parts();
            db.replied();
            if at_ms <= db.now_ms() {
                db.remove(args.arg(1));
            } else {
                db.set_deadline(args.arg(1), Some(at_ms));
            }
        }
    }
    Ok(())
}

/// What the number behind an option such as `EX` counts.
#[derive(Debug, PartialEq, Eq)]
struct Unit {
    /// The option.
    word: &'static str,
    /// Milliseconds in one of it.
    ms: u64,
    /// Whether it is counted from now, or else from 1970.
    from_now: bool,
}

const fn unit(word: &'static str, ms: u64, from_now: bool) -> Unit {
    Unit { word, ms, from_now }
}

static EX: Unit = unit("EX", 1000, true);
static PX: Unit = unit("PX", 1, true);
static EXAT: Unit = unit("EXAT", 1000, false);
static PXAT: Unit = unit("PXAT", 1, false);

impl Unit {
    fn named(word: &[u8]) -> Option<&'static Unit> {
        let units = [&EX, &PX, &EXAT, &PXAT];
        let named = |unit: &&Unit| is_word(word, unit.word);
        units.into_iter().find(named)
    }
}

/// Whether the value is to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    Missing,
    Present,
}

/// What is to become of the key's deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expiry {
    Unsaid,
    Keep,
    Persist,
    At {
        unit: &'static Unit,
        /// Where the number stands among the arguments.
        argument: usize,
    },
}

impl Expiry {
    /// Whether it may be said after what has been said already.
    fn fits(self, before: Expiry) -> bool {
        match (self, before) {
            (_, Expiry::Unsaid) => true,
            (Expiry::At { unit, .. }, Expiry::At { unit: other, .. }) => unit == other,
            _ => self == before,
        }
    }
}

/// Whose options they are: each of the two has some that the other has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Set,
    GetEx,
}

/// The options of SET and of GETEX.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    condition: Condition,
    get: bool,
    expiry: Expiry,
}

impl Options {
    /// Reads everything behind the words that the command must have.
    fn parse(args: &Request, dialect: Dialect) -> Result<Options, Error> {
        let mut options = Options {
            condition: Condition::Always,
            get: false,
            expiry: Expiry::Unsaid,
        };
        let mut i = match dialect {
            Dialect::Set => 3,
            Dialect::GetEx => 2,
        };
        while let Some(word) = args.get(i) {
            let understood = match dialect {
                Dialect::Set => options.condition(word) || options.keep(word),
                Dialect::GetEx => options.persist(word),
            };
            if understood {
                i += 1;
            } else if i + 1 < args.len() && options.time(word, i + 1) {
                i += 2;
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }

    fn condition(&mut self, word: &[u8]) -> bool {
        if is_word(word, "NX") && self.condition != Condition::Present {
            self.condition = Condition::Missing;
        } else if is_word(word, "XX") && self.condition != Condition::Missing {
            self.condition = Condition::Present;
        } else if is_word(word, "GET") {
            self.get = true;
        } else {
            return false;
        }
        true
    }

    fn keep(&mut self, word: &[u8]) -> bool {
        is_word(word, "KEEPTTL") && self.expire(Expiry::Keep)
    }

    fn persist(&mut self, word: &[u8]) -> bool {
        is_word(word, "PERSIST") && self.expire(Expiry::Persist)
    }

    fn time(&mut self, word: &[u8], argument: usize) -> bool {
        Unit::named(word).is_some_and(|unit| self.expire(Expiry::At { unit, argument }))
    }

    fn expire(&mut self, expiry: Expiry) -> bool {
        let fits = expiry.fits(self.expiry);
        if fits {
            self.expiry = expiry;
        }
        fits
    }
}

/// The moment that a time among the arguments means, in unix milliseconds.
fn moment_ms(call: &Call, unit: &Unit, argument: usize) -> Result<u64, Error> {
    let number = parse_i64(call.args.arg(argument)).ok_or(Error::NOT_AN_INTEGER)?;
    let base_ms = if unit.from_now {
        call.engine.clock.unix_ms()
    } else {
        0
    };
    u64::try_from(number)
        .ok()
        .filter(|&number| number > 0)
        .and_then(|number| number.checked_mul(unit.ms))
        .and_then(|ms| ms.checked_add(base_ms))
        .filter(|&at_ms| i64::try_from(at_ms).is_ok())
        .ok_or_else(|| invalid_expire_time(call))
}

fn invalid_expire_time(call: &Call) -> Error {
    let name = call.command.name.to_ascii_lowercase();
    Error::text(format!("ERR invalid expire time in '{name}' command"))
}
