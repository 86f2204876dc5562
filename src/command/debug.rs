//! DEBUG: a look inside, and switches that tests need.
//!
//! It can hold the loop at will, so it is refused unless the setting `enable-debug-command` allows
//! it, to everybody or to clients on the same machine. Redis knows some forty subcommands; here
//! are those that mean something.

mod protocol;

use super::entry::{ADMIN, Command, LOADING, NO_SCRIPT, STALE};
use super::{Call, Done, Error, Waiting, help};
use crate::ae::slow_motion::{MAX_GAP, MAX_STEPS};
use crate::engine::config::Access;
use crate::engine::histogram::Histogram;
use crate::engine::trace::TraceOrder;
use crate::engine::turns::LoopStats;
use crate::engine::{Clock, LoopOrder, Mail};
use crate::number::parse_i64;
use crate::store::{Entry, Item, uses};
use std::time::Duration;

/// The longest that DEBUG SLEEP holds the server; whoever asks for more gets this.
const MAX_SLEEP_S: f64 = 24.0 * 3600.0;

/// The longest number that DEBUG reads at the beginning of an argument.
const MAX_NUMBER_BYTES: usize = 64;

/// Redis keeps the time of last use in 24 bits, in seconds.
pub(super) const LRU_MASK: u64 = (1 << 24) - 1;

const NOT_ALLOWED: Error = Error::new(
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", \
     you can run it from a local connection, otherwise you need to set this option in the \
     configuration file, and then restart the server.",
);

const LOOP_SYNTAX: Error =
    Error::new("ERR DEBUG LOOP takes PAUSE, STEP [turns], SLOW milliseconds, RESUME or RESET");

const TRACE_INSIDE: Error = Error::new("ERR DEBUG TRACE is not possible inside a transaction");
const TRACE_SYNTAX: Error = Error::new("ERR DEBUG TRACE takes START file or STOP");

const LOOP_RANGE: Error =
    Error::new("ERR DEBUG LOOP STEP takes 1 to 1000000 turns, SLOW 0 to 2000 milliseconds");

const NEGATIVE: Error = Error::new("ERR value is out of range, must be positive");

/// The command DEBUG.
pub const COMMANDS: &[Command] = &[Command::new("DEBUG", -2, debug)
    .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
    .doc(
        "1.0.0",
        "Depends on subcommand",
        "Looks inside the server and changes how it behaves, for tests",
    )
    .system()];

fn debug(call: &mut Call) -> Done {
    let is_allowed = match call.engine.config.enable_debug_command {
        Access::Yes => true,
        Access::No => false,
        Access::Local => call.session().is_local,
    };
    if !is_allowed {
        return Err(NOT_ALLOWED);
    }
    let subcommand = call.args.arg(1).to_ascii_uppercase();
    match (subcommand.as_slice(), call.args.len()) {
        (b"HELP", 2) => help::help(call, help::DEBUG),
        (b"OBJECT", 3) => object(call),
        (b"SLEEP", 3) => sleep(call),
        (b"SET-ACTIVE-EXPIRE", 3) => set_active_expire(call),
        (b"ERROR", 3) => error(call),
        (b"PROTOCOL", 3) => protocol::protocol(call),
        (b"LOOP", 3 | 4) => event_loop(call),
        (b"TRACE", 3 | 4) => trace(call),
        _ => Err(help::wrong_use(call, "DEBUG")),
    }
}

/// Replies with an error of this text: libraries test with it what they do about LOADING or READONLY. The
/// command has not failed, and is not counted as if it had.
fn error(call: &mut Call) -> Done {
    call.reply.error(call.args.arg(2));
    Ok(())
}

/// Holds the whole server, which is what it is for.
fn sleep(call: &mut Call) -> Done {
    let seconds = leading_number(call.args.arg(2)).clamp(0.0, MAX_SLEEP_S);
    std::thread::sleep(Duration::from_secs_f64(seconds));
    call.reply.ok();
    Ok(())
}

/// The decimal number that the text begins with, as C reads it; 0 if there is none.
fn leading_number(text: &[u8]) -> f64 {
    let text = &text[..text.len().min(MAX_NUMBER_BYTES)];
    (1..=text.len())
        .rev()
        .filter_map(|len| str::from_utf8(&text[..len]).ok())
        .find_map(|prefix| prefix.parse().ok())
        .filter(|number: &f64| !number.is_nan())
        .unwrap_or(0.0)
}

fn set_active_expire(call: &mut Call) -> Done {
    call.engine.active_expire = leading_number(call.args.arg(2)) as i64 != 0;
    call.reply.ok();
    Ok(())
}

/// DEBUG LOOP PAUSE, STEP [turns], SLOW ms, RESUME: how the event loop goes. RESET: its statistics.
fn event_loop(call: &mut Call) -> Done {
    let number = match call.args.get(3) {
        Some(text) => {
            let number = parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?;
            Some(u64::try_from(number).map_err(|_| NEGATIVE)?)
        }
        None => None,
    };
    let word = call.args.arg(2).to_ascii_uppercase();
    let order = match (word.as_slice(), number) {
        (b"PAUSE", None) => LoopOrder::Pause,
        (b"STEP", None) => LoopOrder::Step(1),
        (b"STEP", Some(turns @ 1..=MAX_STEPS)) => LoopOrder::Step(turns),
        (b"SLOW", Some(ms)) if Duration::from_millis(ms) <= MAX_GAP => LoopOrder::Slow(ms),
        (b"STEP" | b"SLOW", Some(_)) => return Err(LOOP_RANGE),
        (b"RESUME", None) => LoopOrder::Resume,
        (b"RESET", None) => {
            call.engine.stats.event_loop = LoopStats::default();
            call.engine.stats.expiry_lateness_ms = Histogram::new();
            call.reply.ok();
            return Ok(());
        }
        _ => return Err(LOOP_SYNTAX),
    };
    let client = call.id;
    call.engine.mail.push(Mail::Loop { client, order });
    call.reply.ok();
    Ok(())
}

/// DEBUG TRACE START file, STOP: what the loop does, written to a file. The server answers, when it
/// knows whether the file can be had, and when it is complete; so not in the midst of EXEC.
fn trace(call: &mut Call) -> Done {
    if matches!(call.waiting, Waiting::Never) {
        return Err(TRACE_INSIDE);
    }
    let word = call.args.arg(2).to_ascii_uppercase();
    let order = match (word.as_slice(), call.args.get(3)) {
        (b"START", Some(name)) => TraceOrder::Start(name.to_vec()),
        (b"STOP", None) => TraceOrder::Stop,
        _ => return Err(TRACE_SYNTAX),
    };
    let replies = call.session().reply_mode.replies();
    call.engine.mail.push(Mail::Trace {
        client: call.id,
        order,
        replies,
    });
    Ok(())
}

/// An entry has no address worth telling, since it moves when its table grows: it is always 0.
fn object(call: &mut Call) -> Done {
    let clock = call.engine.clock;
    let (args, mut db, reply) = call.parts();
    let key = args.arg(2);
    let is_there = db.exists(key);
    let entry = db.keyspace().peek(key).filter(|_| is_there);
    let entry = entry.ok_or(Error::NO_SUCH_KEY)?;
    reply.simple(&describe(entry, clock));
    Ok(())
}

fn describe(entry: &Entry, clock: Clock) -> String {
    let references = if entry.is_shared_integer() {
        i32::MAX
    } else {
        1
    };
    let (word, now_s) = (entry.used_s(), clock.unix_s32());
    let used_s = uses::used_s(word, now_s);
    format!(
        "Value at:0x0 refcount:{references} encoding:{} serializedlength:{} lru:{} \
         lru_seconds_idle:{}",
        entry.encoding_name(),
        serialized_len_of(entry),
        u64::from(word) & LRU_MASK,
        now_s.saturating_sub(used_s),
    )
}

/// How many bytes a value takes in an RDB file without compression; of a collection, as a run of
/// strings, a score as eight bytes.
fn serialized_len_of(entry: &Entry) -> usize {
    const SCORE_BYTES: usize = 8;
    let item = |item: Item| item.with_bytes(serialized_len);
    if let Some(list) = entry.as_list() {
        length_bytes(list.len()) + list.iter().map(item).sum::<usize>()
    } else if let Some(set) = entry.as_set() {
        length_bytes(set.len()) + set.iter().map(item).sum::<usize>()
    } else if let Some(hash) = entry.as_hash() {
        let pairs = hash.iter().map(|(field, value)| item(field) + item(value));
        length_bytes(hash.len()) + pairs.sum::<usize>()
    } else if let Some(set) = entry.as_zset() {
        let elements = set.iter().map(|(member, _)| item(member) + SCORE_BYTES);
        length_bytes(set.len()) + elements.sum::<usize>()
    } else {
        serialized_len(entry.as_string().unwrap_or_default())
    }
}

/// How many bytes a length takes.
fn length_bytes(len: usize) -> usize {
    match len {
        0..0x40 => 1,
        0x40..0x4000 => 2,
        0x4000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// How many bytes a string takes in an RDB file without compression: small integers are kept in
/// 1, 2 or 4 bytes behind a byte that says so, everything else behind its length.
fn serialized_len(text: &[u8]) -> usize {
    /// The length of `i32::MIN`: Redis does not try longer texts.
    const MAX_INTEGER_BYTES: usize = 11;
    let integer = parse_i64(text).filter(|_| text.len() <= MAX_INTEGER_BYTES);
    match integer {
        Some(number) if i8::try_from(number).is_ok() => 2,
        Some(number) if i16::try_from(number).is_ok() => 3,
        Some(number) if i32::try_from(number).is_ok() => 5,
        _ => length_bytes(text.len()) + text.len(),
    }
}

#[cfg(test)]
mod tests;
