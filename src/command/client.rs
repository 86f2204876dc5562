//! CLIENT: looking at the connected clients, closing them, and what a client says about itself.
//!
//! ```text
//!   client.rs            ID INFO LIST, names, SETINFO, REPLY, NO-EVICT, NO-TOUCH, UNBLOCK
//!   client/line.rs       a line of CLIENT LIST
//!   client/kill.rs       KILL
//!   client/tracking.rs   TRACKING TRACKINGINFO CACHING GETREDIR
//!   pause.rs             PAUSE UNPAUSE
//! ```
//!
//! A client that is killed is not closed here, since its socket is the server's: it is asked for
//! that ([`Mail::Close`]). Until it is delivered the client's session is still in the
//! table, but whoever lists or kills clients does not see it any more.

mod kill;
pub(super) mod line;
pub(super) mod tracking;

use super::entry::{ADMIN, Command, LOADING, NO_SCRIPT, STALE};
use super::{Call, Done, Error, echoed, help, pause};
use crate::engine::blocked::Over;
use crate::engine::session::Library;
use crate::engine::uses::Uses;
use crate::engine::{Engine, Mail, ReplyMode, Session, SessionId};
use crate::number::parse_i64;
use std::collections::HashSet;

const BAD_NAME: Error =
    Error::new("ERR Client names cannot contain spaces, newlines or special characters.");
const BAD_ID: Error = Error::new("ERR Invalid client ID");
const BAD_REASON: Error = Error::new("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");

/// The command CLIENT.
pub const COMMANDS: &[Command] = &[Command::container("CLIENT", SUBCOMMANDS).doc(
    "2.4.0",
    "Depends on subcommand",
    "Looks at and manages client connections",
)];

/// The subcommands of CLIENT.
const SUBCOMMANDS: &[Command] = &[
    Command::new("CACHING", 3, tracking::client_caching)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(1)",
            "Says whether the keys of the next command are tracked",
        )
        .syntax("(mode=YES|NO)"),
    Command::new("GETNAME", 2, client_getname)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc("2.6.9", "O(1)", "Reads the connection's name"),
    Command::new("GETREDIR", 2, tracking::client_getredir)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(1)",
            "Reads the number of the client that gets this one's invalidations",
        ),
    Command::new("HELP", 2, client_help)
        .flags(&[LOADING, STALE])
        .doc(
            "5.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("ID", 2, client_id)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc("5.0.0", "O(1)", "Reads the connection's number"),
    Command::new("INFO", 2, client_info)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .tips(&["nondeterministic_output"])
        .doc("6.2.0", "O(1)", "Describes this connection in one line"),
    Command::new("KILL", -3, kill::client_kill)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.4.0",
            "O(N) where N is the number of client connections",
            "Closes the connections that match an address or filters",
        )
        .syntax(
            "(filter=ip:port:string|(new-format=[ID client-id:integer]|\
             [TYPE (normal_master_slave_pubsub=NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)]|\
             [USER username]|[ADDR ip:port:string]|[LADDR ip:port:string]|\
             [SKIPME yes/no]) ...)",
        ),
    Command::new("LIST", -2, client_list)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .tips(&["nondeterministic_output"])
        .doc(
            "2.4.0",
            "O(N) where N is the number of client connections",
            "Describes every connection, one a line",
        )
        .syntax(
            "[TYPE (normal_master_replica_pubsub=NORMAL|MASTER|REPLICA|PUBSUB)] \
             [ID (id=client-id:integer ...)]",
        ),
    Command::new("NO-EVICT", 3, client_no_evict)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "7.0.0",
            "O(1)",
            "Protects this connection from being closed to save memory, or stops doing so",
        )
        .syntax("(enabled=ON|OFF)"),
    Command::new("NO-TOUCH", 3, client_no_touch)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "7.2.0",
            "O(1)",
            "Lets this connection read keys without counting as use of them",
        )
        .syntax("(enabled=ON|OFF)"),
    Command::new("PAUSE", -3, pause::client_pause)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.9.50",
            "O(1)",
            "Lets the commands of all clients wait for some time, or only those that write",
        )
        .syntax("timeout:integer [mode=WRITE|ALL]"),
    Command::new("REPLY", 3, client_reply)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "3.2.0",
            "O(1)",
            "Switches replies to this connection on or off, or leaves the next one out",
        )
        .syntax("(on_off_skip=ON|OFF|SKIP)"),
    Command::new("SETINFO", 4, client_setinfo)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
        .doc(
            "7.2.0",
            "O(1)",
            "Records which client library the connection uses, and its version",
        )
        .syntax("(attr=LIB-NAME libname|LIB-VER libver)"),
    Command::new("SETNAME", 3, client_setname)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc("2.6.9", "O(1)", "Gives the connection a name")
        .syntax("connection-name"),
    Command::new("TRACKING", -3, tracking::client_tracking)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(1). Some options may introduce additional complexity.",
            "Has the connection told when keys change that it has read, or stops that",
        )
        .syntax(
            "(status=ON|OFF) [REDIRECT client-id:integer] [PREFIX prefix] ... [BCAST] [OPTIN] \
             [OPTOUT] [NOLOOP]",
        ),
    Command::new("TRACKINGINFO", 2, tracking::client_trackinginfo)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.2.0",
            "O(1)",
            "Tells how the connection tracks keys, if it does",
        ),
    Command::new("UNBLOCK", -3, client_unblock)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "5.0.0",
            "O(log N) where N is the number of client connections",
            "Ends the waiting of a connection that waits in a blocking command",
        )
        .syntax("client-id:integer [timeout_error=TIMEOUT|ERROR]"),
    Command::new("UNPAUSE", 2, pause::client_unpause)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.2.0",
            "O(N) where N is the number of clients that wait",
            "Ends a pause that CLIENT PAUSE began",
        ),
];

fn client_getname(call: &mut Call) -> Done {
    match &*call.engine.sessions[call.id].name {
        [] => call.reply.null(),
        name => call.reply.bulk(name),
    }
    Ok(())
}

fn client_setname(call: &mut Call) -> Done {
    set_name(call, 2)?;
    call.reply.ok();
    Ok(())
}

/// Names the connection after argument `i`; an empty one takes the name away.
pub(super) fn set_name(call: &mut Call, i: usize) -> Done {
    let name = call.args.arg(i);
    if !is_printable(name) {
        return Err(BAD_NAME);
    }
    call.engine.sessions[call.id].name = name.into();
    Ok(())
}

/// Whether it can stand in a line of CLIENT LIST.
fn is_printable(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
}

fn client_setinfo(call: &mut Call) -> Done {
    let (option, value) = (call.args.arg(2), call.args.arg(3));
    let field: fn(&mut Library) -> &mut Vec<u8> = if call.is(2, "LIB-NAME") {
        |library| &mut library.name
    } else if call.is(2, "LIB-VER") {
        |library| &mut library.version
    } else {
        return Err(quoting("ERR Unrecognized option '", option));
    };
    if !is_printable(value) {
        let why = b" cannot contain spaces, newlines or special characters.";
        return Err(Error::text([b"ERR ", option, why].concat()));
    }
    let session = &mut call.engine.sessions[call.id];
    *field(&mut session.extras().library) = value.to_vec();
    call.reply.ok();
    Ok(())
}

/// An error that ends in what the client said, in quotes.
fn quoting(text: &str, said: &[u8]) -> Error {
    Error::text([text.as_bytes(), echoed(said, usize::MAX), b"'"].concat())
}

fn client_id(call: &mut Call) -> Done {
    let id = call.session().id;
    call.reply.integer(id as i64);
    Ok(())
}

fn client_help(call: &mut Call) -> Done {
    help::help(call, help::CLIENT)
}

fn client_info(call: &mut Call) -> Done {
    let text = describe(call, call.id);
    call.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// The line about one session.
pub(super) fn describe(call: &Call, id: SessionId) -> String {
    let argument_bytes = if id == call.id {
        call.args.iter().map(<[u8]>::len).sum()
    } else {
        call.engine.waiting_bytes(id)
    };
    line::line(call.engine, id, argument_bytes)
}

fn client_list(call: &mut Call) -> Done {
    let listed = if call.args.len() == 4 && call.is(2, "TYPE") {
        let kind = parse_kind(call.args.arg(3))?;
        let mut listed = present(call.engine);
        listed.retain(|&id| kind.is_that_of(&call.engine.sessions[id]));
        listed
    } else if call.args.len() > 3 && call.is(2, "ID") {
        by_numbers(call)?
    } else if call.args.len() == 2 {
        present(call.engine)
    } else {
        return Err(Error::SYNTAX);
    };
    let text: String = listed.into_iter().map(|id| describe(call, id)).collect();
    call.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// The clients that CLIENT LIST ID asks for, in the order in which it does.
fn by_numbers(call: &Call) -> Result<Vec<SessionId>, Error> {
    let present = present(call.engine);
    let sessions = &call.engine.sessions;
    let mut found = Vec::new();
    for arg in call.args.iter().skip(3) {
        let number = parse_i64(arg).ok_or(BAD_ID)?;
        let place = u64::try_from(number).ok().and_then(|number| {
            // They are in the order of their numbers.
            present
                .binary_search_by_key(&number, |&id| sessions[id].id)
                .ok()
        });
        found.extend(place.map(|place| present[place]));
    }
    Ok(found)
}

/// The connected clients in the order of their numbers, without those that are being closed.
fn present(engine: &Engine) -> Vec<SessionId> {
    let closed: HashSet<SessionId> = engine
        .mail
        .iter()
        .filter_map(|letter| match letter {
            Mail::Close(id) => Some(*id),
            _ => None,
        })
        .collect();
    let sessions = engine.sessions.in_order().into_iter();
    sessions
        .map(|(id, _)| id)
        .filter(|id| !closed.contains(id))
        .collect()
}

/// What kind of client one is. There are no replicas; a monitor is a normal client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientKind {
    Normal,
    Replica,
    PubSub,
    Master,
}

impl ClientKind {
    fn is_that_of(self, session: &Session) -> bool {
        match self {
            ClientKind::Normal => !session.is_subscriber(),
            ClientKind::PubSub => session.is_subscriber(),
            ClientKind::Replica | ClientKind::Master => false,
        }
    }
}

fn parse_kind(name: &[u8]) -> Result<ClientKind, Error> {
    const KINDS: [(&str, ClientKind); 5] = [
        ("normal", ClientKind::Normal),
        ("slave", ClientKind::Replica),
        ("replica", ClientKind::Replica),
        ("pubsub", ClientKind::PubSub),
        ("master", ClientKind::Master),
    ];
    KINDS
        .iter()
        .find(|(word, _)| name.eq_ignore_ascii_case(word.as_bytes()))
        .map(|(_, kind)| *kind)
        .ok_or_else(|| quoting("ERR Unknown client type '", name))
}

/// Reads one of two words, whatever their case.
fn parse_switch(word: &[u8], yes: &str, no: &str) -> Result<bool, Error> {
    if word.eq_ignore_ascii_case(yes.as_bytes()) {
        Ok(true)
    } else if word.eq_ignore_ascii_case(no.as_bytes()) {
        Ok(false)
    } else {
        Err(Error::SYNTAX)
    }
}

/// The client is told by the server, like one whose deadline has come.
fn client_unblock(call: &mut Call) -> Done {
    let why = match call.args.get(3) {
        None => Over::Released,
        Some(_) if call.args.len() > 4 => return Err(help::wrong_use(call, "CLIENT")),
        Some(_) if call.is(3, "TIMEOUT") => Over::Released,
        Some(_) if call.is(3, "ERROR") => Over::Refused,
        Some(_) => return Err(BAD_REASON),
    };
    let number = parse_i64(call.args.arg(2)).ok_or(Error::NOT_AN_INTEGER)?;
    let number = u64::try_from(number).unwrap_or(0);
    let client = call.engine.sessions.numbered(number);
    let waited = client.is_some_and(|id| call.engine.unblock(id, why));
    call.reply.integer(waited.into());
    Ok(())
}

fn client_no_evict(call: &mut Call) -> Done {
    call.session().no_evict = parse_switch(call.args.arg(2), "ON", "OFF")?;
    call.reply.ok();
    Ok(())
}

fn client_no_touch(call: &mut Call) -> Done {
    call.session().uses = if parse_switch(call.args.arg(2), "ON", "OFF")? {
        Uses::Ignored
    } else {
        call.engine.observers.uses()
    };
    call.reply.ok();
    Ok(())
}

/// OFF and SKIP are not answered: the mode they set is in force for themselves already.
fn client_reply(call: &mut Call) -> Done {
    if call.is(2, "ON") {
        call.session().reply_mode = ReplyMode::On;
        call.session().take_pushed();
        call.reply.ok();
    } else if call.is(2, "OFF") {
        call.session().reply_mode = ReplyMode::Off;
    } else if call.is(2, "SKIP") {
        let mode = &mut call.session().reply_mode;
        if *mode != ReplyMode::Off {
            *mode = ReplyMode::SkipNext;
        }
    } else {
        return Err(Error::SYNTAX);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
