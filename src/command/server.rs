//! The commands about the server as a whole and about whole databases.
//!
//! A database that is flushed is put aside in one piece, whatever its size, and freed in slices
//! when the loop has nothing better to do; so FLUSHALL SYNC is as quick as FLUSHALL ASYNC.

use super::connection::database_index;
use super::entry::{
    ADMIN, ALLOW_BUSY, Command, FAST, LOADING, NO_MULTI, NO_SCRIPT, READONLY, STALE, WRITE,
};
use super::{Call, Done, Error};
use crate::engine::Mail;
use crate::number::parse_i64;

/// The commands about the server and its databases.
pub const COMMANDS: &[Command] = &[
    Command::new("DBSIZE", 1, dbsize)
        .flags(&[READONLY, FAST])
        .categories(&["@keyspace"])
        .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
        .doc("1.0.0", "O(1)", "Counts the keys in the database"),
    Command::new("FLUSHALL", -1, flushall)
        .flags(&[WRITE])
        .categories(&["@keyspace", "@dangerous"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys in all databases",
            "Deletes every key in every database",
        )
        .syntax("[async=ASYNC|SYNC]"),
    Command::new("FLUSHDB", -1, flushdb)
        .flags(&[WRITE])
        .categories(&["@keyspace", "@dangerous"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .doc(
            "1.0.0",
            "O(N) where N is the number of keys in the database",
            "Deletes every key in the database",
        )
        .syntax("[async=ASYNC|SYNC]"),
    Command::new("LASTSAVE", 1, lastsave)
        .flags(&[LOADING, STALE, FAST])
        .categories(&["@admin", "@dangerous"])
        .tips(&["nondeterministic_output"])
        .doc(
            "1.0.0",
            "O(1)",
            "Tells the Unix time of the last save: that of the start",
        ),
    Command::new("SHUTDOWN", -1, shutdown)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE, NO_MULTI, ALLOW_BUSY])
        .doc(
            "1.0.0",
            "O(1), or O(N) when N keys are saved first",
            "Stops the server",
        )
        .syntax("[nosave_save=NOSAVE|SAVE] [NOW] [FORCE] [ABORT]"),
    Command::new("SWAPDB", 3, swapdb)
        .flags(&[WRITE, FAST])
        .categories(&["@keyspace", "@dangerous"])
        .doc(
            "4.0.0",
            "O(N) where N is the number of clients that watch or wait for keys in them",
            "Exchanges the contents of two databases",
        )
        .syntax("index1:integer index2:integer"),
    Command::new("TIME", 1, time)
        .flags(&[LOADING, STALE, FAST])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.6.0",
            "O(1)",
            "Reads the server's clock: Unix seconds, and microseconds within the second",
        ),
];

fn dbsize(call: &mut Call) -> Done {
    let (_, db, reply) = call.parts();
    reply.integer(db.keyspace().len() as i64);
    Ok(())
}

fn flushall(call: &mut Call) -> Done {
    check_flush_mode(call)?;
    for index in 0..call.engine.databases.len() {
        if !call.engine.databases[index].is_empty() {
            call.engine.flush(index);
        }
    }
    call.engine.observers.flushed(None);
    call.reply.ok();
    Ok(())
}

fn flushdb(call: &mut Call) -> Done {
    check_flush_mode(call)?;
    let index = call.session().db as usize;
    call.engine.flush(index);
    call.engine.observers.flushed(Some(index));
    call.reply.ok();
    Ok(())
}

/// Nothing is ever saved. Redis, too, begins with the time of its start.
fn lastsave(call: &mut Call) -> Done {
    call.reply.integer(call.engine.host.started_s as i64);
    Ok(())
}

fn check_flush_mode(call: &Call) -> Done {
    match call.args.len() {
        1 => Ok(()),
        2 if call.is(1, "SYNC") || call.is(1, "ASYNC") => Ok(()),
        _ => Err(Error::SYNTAX),
    }
}

/// Asks the server to end the process. There is no reply: the connection closes. SAVE demands that
/// the data outlive it, which cannot be had, so only FORCE makes that an end.
fn shutdown(call: &mut Call) -> Done {
    let [mut saves, mut drops, mut now, mut forced, mut aborts] = [false; 5];
    for i in 1..call.args.len() {
        match call.args.arg(i).to_ascii_uppercase().as_slice() {
            b"SAVE" => saves = true,
            b"NOSAVE" => drops = true,
            b"NOW" => now = true,
            b"FORCE" => forced = true,
            b"ABORT" => aborts = true,
            _ => return Err(Error::SYNTAX),
        }
    }
    if saves && drops || aborts && (saves || drops || now || forced) {
        return Err(Error::SYNTAX);
    }
    if aborts {
        return Err(Error::new("ERR No shutdown in progress."));
    }
    if saves && !forced {
        log::warn!("SHUTDOWN SAVE refused: nothing can be saved, all data would be lost");
        return Err(Error::new("ERR Errors trying to SHUTDOWN. Check logs."));
    }
    call.engine.mail.push(Mail::Shutdown);
    Ok(())
}

fn swapdb(call: &mut Call) -> Done {
    let number = |i, error| {
        let number = parse_i64(call.args.arg(i)).and_then(|number| i32::try_from(number).ok());
        number.ok_or(Error::new(error))
    };
    let first = number(1, "ERR invalid first DB index")?;
    let second = number(2, "ERR invalid second DB index")?;
    let first = database_index(call.engine, first)?;
    let second = database_index(call.engine, second)?;
    call.engine.swap(first, second);
    call.engine.stats.keys.dirty += 1;
    call.reply.ok();
    Ok(())
}

fn time(call: &mut Call) -> Done {
    let now_us = call.engine.clock.unix_us();
    call.reply.array(2);
    call.reply.bulk_integer((now_us / 1_000_000) as i64);
    call.reply.bulk_integer((now_us % 1_000_000) as i64);
    Ok(())
}

#[cfg(test)]
mod tests;
