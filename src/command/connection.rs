//! The commands about the connection itself: who is there, which protocol, which database.
//!
//! Every connection begins as the user `default`. AUTH, or HELLO with AUTH, makes it another, or tells that
//! it knows the password; a later change of the password does not take that away.

use super::entry::{ALLOW_BUSY, Command, FAST, LOADING, NO_AUTH, NO_SCRIPT, STALE};
use super::{Call, Done, Error, acl, client, echoed, info};
use crate::engine::{Engine, Gates, ReplyMode};
use crate::number::parse_i64;
use crate::resp::Protocol;

const WRONG_PASSWORD: Error =
    Error::new("WRONGPASS invalid username-password pair or user is disabled.");
const NO_PASSWORD_SET: Error = Error::new(
    "ERR AUTH <password> called without any password configured for the default user. \
     Are you sure your configuration is correct?",
);
const BAD_PROTOCOL: Error = Error::new("ERR Protocol version is not an integer or out of range");
const NO_PROTOCOL: Error = Error::new("NOPROTO unsupported protocol version");
const HELLO_BEFORE_AUTH: Error = Error::new(
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
     HELLO AUTH <user> <pass> option can be used to authenticate the client and \
     select the RESP protocol version at the same time",
);

/// The commands about the connection itself.
pub const COMMANDS: &[Command] = &[
    Command::new("AUTH", -2, auth)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .doc(
            "1.0.0",
            "O(N) where N is the number of passwords defined for the user",
            "Logs the connection in with a password",
        )
        .syntax("[username] password"),
    Command::new("ECHO", 2, echo)
        .flags(&[LOADING, STALE, FAST])
        .doc("1.0.0", "O(1)", "Answers with the message it was sent")
        .syntax("message"),
    Command::new("HELLO", -1, hello)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .doc(
            "6.0.0",
            "O(1)",
            "Chooses the protocol, and may log in and name the connection on the way",
        )
        .syntax(
            "[arguments=protover:integer [AUTH (username_password=username password)] \
             [SETNAME clientname]]",
        ),
    Command::new("PING", -1, ping)
        .flags(&[FAST])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .doc("1.0.0", "O(1)", "Answers PONG, or the message it was sent")
        .syntax("[message]"),
    Command::new("QUIT", -1, quit)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .doc("1.0.0", "O(1)", "Answers OK and closes the connection"),
    Command::new("RESET", 1, reset)
        .flags(&[NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .doc(
            "6.2.0",
            "O(1)",
            "Brings the connection back to the state of a new one",
        ),
    Command::new("SELECT", 2, select)
        .flags(&[LOADING, STALE, FAST])
        .doc(
            "1.0.0",
            "O(1)",
            "Chooses the database that the connection works on",
        )
        .syntax("index:integer"),
];

fn auth(call: &mut Call) -> Done {
    let (user, password) = match call.args.len() {
        2 if !call.engine.has_password() => return Err(NO_PASSWORD_SET),
        2 => (None, 1),
        3 => (Some(1), 2),
        _ => return Err(Error::SYNTAX),
    };
    log_in(call, user, password)?;
    call.reply.ok();
    Ok(())
}

/// Logs in with the arguments at these places; without a user as `default`.
fn log_in(call: &mut Call, user: Option<usize>, password: usize) -> Done {
    if acl::log_in(call, user, password) {
        Ok(())
    } else {
        Err(WRONG_PASSWORD)
    }
}

fn echo(call: &mut Call) -> Done {
    call.reply.bulk(call.args.arg(1));
    Ok(())
}

/// Options take effect one by one, in their order; where one fails, those before it have had theirs.
fn hello(call: &mut Call) -> Done {
    let protocol = match call.args.get(1).map(parse_i64) {
        None => None,
        Some(None) => return Err(BAD_PROTOCOL),
        Some(Some(2)) => Some(Protocol::Resp2),
        Some(Some(3)) => Some(Protocol::Resp3),
        Some(Some(_)) => return Err(NO_PROTOCOL),
    };
    let mut i = 2;
    while let Some(option) = call.args.get(i) {
        let more = call.args.len() - i - 1;
        if call.is(i, "AUTH") && more >= 2 {
            log_in(call, Some(i + 1), i + 2)?;
            i += 3;
        } else if call.is(i, "SETNAME") && more >= 1 {
            client::set_name(call, i + 1)?;
            i += 2;
        } else {
            let option = echoed(option, usize::MAX);
            let text = [b"ERR Syntax error in HELLO option '", option, b"'"].concat();
            return Err(Error::text(text));
        }
    }
    // Redis asks whether it has logged in, not whether it has to.
    if !call.session().authenticated {
        return Err(HELLO_BEFORE_AUTH);
    }
    if let Some(protocol) = protocol {
        call.session().protocol = protocol;
        call.session().settle_gates();
        call.reply.set_protocol(protocol);
    }
    greet(call);
    Ok(())
}

fn greet(call: &mut Call) {
    let session = &call.engine.sessions[call.id];
    let reply = &mut call.reply;
    reply.map(7);
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(info::REDIS_VERSION.as_bytes());
    reply.bulk(b"proto");
    reply.integer(match session.protocol {
        Protocol::Resp2 => 2,
        Protocol::Resp3 => 3,
    });
    reply.bulk(b"id");
    reply.integer(session.id as i64);
    reply.bulk(b"mode");
    reply.bulk(b"standalone");
    reply.bulk(b"role");
    reply.bulk(b"master");
    reply.bulk(b"modules");
    reply.array(0);
}

/// To a subscriber in RESP2 everything comes as an array, its answer too.
fn ping(call: &mut Call) -> Done {
    if call.session().gates.has(Gates::SUBSCRIBED) && call.args.len() <= 2 {
        call.reply.array(2);
        call.reply.bulk(b"pong");
        call.reply.bulk(call.args.get(1).unwrap_or_default());
        return Ok(());
    }
    match call.args.len() {
        1 => call.reply.simple("PONG"),
        2 => call.reply.bulk(call.args.arg(1)),
        _ => return Err(call.wrong_arity()),
    }
    Ok(())
}

fn quit(call: &mut Call) -> Done {
    call.session().closing = true;
    call.reply.ok();
    Ok(())
}

/// CLIENT NO-EVICT survives, as in Redis 7.0.
fn reset(call: &mut Call) -> Done {
    call.engine.log_out(call.id);
    call.engine.end_all_of(call.id);
    let uses = call.engine.observers.uses();
    let session = call.session();
    session.db = 0;
    session.protocol = Protocol::Resp2;
    // A skipped reply is skipped, also this one.
    if session.reply_mode == ReplyMode::Off {
        session.reply_mode = ReplyMode::On;
    }
    session.take_pushed();
    session.uses = uses;
    session.name = Box::default();
    call.reply.set_protocol(Protocol::Resp2);
    call.reply.simple("RESET");
    Ok(())
}

fn select(call: &mut Call) -> Done {
    let number = parse_i64(call.args.arg(1)).ok_or(Error::NOT_AN_INTEGER)?;
    let number = i32::try_from(number).map_err(|_| {
        let (min, max) = (i32::MIN, i32::MAX);
        Error::text(format!(
            "ERR value is out of range, value must between {min} and {max}"
        ))
    })?;
    let index = database_index(call.engine, number)?;
    call.engine.select(call.id, index);
    call.reply.ok();
    Ok(())
}

/// The database with this number, if there is one.
pub(super) fn database_index(engine: &Engine, number: i32) -> Result<usize, Error> {
    usize::try_from(number)
        .ok()
        .filter(|&index| index < engine.databases.len())
        .ok_or(Error::DB_OUT_OF_RANGE)
}

#[cfg(test)]
mod tests;
