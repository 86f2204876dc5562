//! Whether a user may do what a request asks for.

use crate::command::entry::{Keys, NO_AUTH};
use crate::command::table::Listed;
use crate::command::{Call, Error, Waiting, client};
use crate::engine::acl::log::Event;
use crate::engine::acl::{Access, Context, Reason, Selector, User};
use crate::engine::pubsub::Kind;
use crate::engine::{Engine, Gates, SessionId};
use crate::resp::Request;

const NO_AUTH_YET: Error = Error::new("NOAUTH Authentication required.");
const NO_KEY: Error =
    Error::new("NOPERM this user has no permissions to access one of the keys used as arguments");
const NO_CHANNEL: Error = Error::new(
    "NOPERM this user has no permissions to access one of the channels used as arguments",
);

/// The most bytes of a name that ACL LOG keeps: keys and names of users are as long as whoever is denied wants.
const MAX_LOGGED_BYTES: usize = 4096;

/// Requests of so many words are looked at without asking for memory.
const SHORT_WORDS: usize = 16;

/// What it is that a user must not do. The later ones tell more, and go before where several selectors
/// forbid something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// To run the command.
    Command,
    /// To use the key that is this word of the request.
    Key(usize),
    /// To use the channel that is this word of the request.
    Channel(usize),
}

/// Lets a request through whose client is logged in, and may do what it asks for; what it must not do is
/// logged.
///
/// # Errors
/// `NOAUTH` or `NOPERM`.
pub fn permit(call: &mut Call, found: &'static Listed) -> Result<(), Error> {
    if found.command.flags.has(NO_AUTH) {
        return Ok(());
    }
    if call.engine.must_authenticate(call.id) {
        return Err(NO_AUTH_YET);
    }
    match ask(call, found) {
        Ok(()) => Ok(()),
        Err(Denied::Command) => {
            let name = found.full_name();
            let text = format!("NOPERM this user has no permissions to run the '{name}' command");
            Err(Error::text(text))
        }
        Err(Denied::Key(_)) => Err(NO_KEY),
        Err(Denied::Channel(_)) => Err(NO_CHANNEL),
    }
}

/// The same for a request that was queued in a transaction and is to be run now: what the user may do can
/// have changed since.
///
/// # Errors
/// `NOPERM`, in other words than at first.
pub fn permit_queued(call: &mut Call, found: &'static Listed) -> Result<(), Error> {
    ask(call, found).map_err(|denied| {
        let reason = match denied {
            Denied::Command => "no permission to execute the command or subcommand",
            Denied::Key(_) => "no permission to touch the specified keys",
            Denied::Channel(_) => "no permission to access one of the channels used as arguments",
        };
        Error::text(format!(
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the \
             EXEC call. This command is no longer allowed for the following reason: {reason}"
        ))
    })
}

/// Checks a request, and logs it if it is denied.
fn ask(call: &mut Call, found: &'static Listed) -> Result<(), Denied> {
    let user = call.engine.user_of(call.id);
    let denied = match with_words(&call.args, |words| check(user, found, words)) {
        Ok(()) => return Ok(()),
        Err(denied) => denied,
    };
    let (reason, object) = match denied {
        Denied::Command => (Reason::Command, found.full_name().into_bytes()),
        Denied::Key(at) => (Reason::Key, cut(call.args.arg(at))),
        Denied::Channel(at) => (Reason::Channel, cut(call.args.arg(at))),
    };
    let user = cut(&user.name);
    log(call, reason, object, user);
    Err(denied)
}

/// As much of a name as is logged.
pub fn cut(name: &[u8]) -> Vec<u8> {
    name[..name.len().min(MAX_LOGGED_BYTES)].to_vec()
}

/// Notes in the log that something was denied.
pub fn log(call: &mut Call, reason: Reason, object: Vec<u8>, user: Vec<u8>) {
    let line = client::describe(call, call.id);
    // Its name may be long, too.
    let line = cut(line.trim_end().as_bytes());
    let client = String::from_utf8_lossy(&line).into_owned();
    let in_transaction =
        call.session().gates.has(Gates::QUEUEING) || matches!(call.waiting, Waiting::Never);
    let context = if in_transaction {
        Context::Multi
    } else {
        Context::TopLevel
    };
    let event = Event {
        reason,
        context,
        object,
        user,
    };
    let now_ms = call.engine.clock.unix_ms();
    let max_len = call.engine.config.acllog_max_len;
    call.engine.acl.log.add(event, now_ms, client, max_len);
}

/// Whether one of a user's selectors allows all of a request.
///
/// # Errors
/// What none of them allows: of several things the one that tells most, and that comes last.
pub fn check(user: &User, found: &Listed, words: &[&[u8]]) -> Result<(), Denied> {
    let mut worst = Denied::Command;
    for selector in user.all_selectors() {
        match check_selector(selector, found, words) {
            Ok(()) => return Ok(()),
            Err(denied) => worst = worst.max(denied),
        }
    }
    Err(worst)
}

fn check_selector(selector: &Selector, found: &Listed, words: &[&[u8]]) -> Result<(), Denied> {
    let command = found.command;
    let first_arg = words.get(1).copied();
    if !command.flags.has(NO_AUTH) && !selector.allows_command(found.number, first_arg) {
        return Err(Denied::Command);
    }
    if !selector.all_keys {
        for (at, access) in keys(found, words) {
            if !selector.allows_key(words[at], access) {
                return Err(Denied::Key(at));
            }
        }
    }
    if !selector.all_channels
        && let Some((last, are_patterns)) = channels(command.name)
    {
        for (at, channel) in words.iter().enumerate().take(last).skip(1) {
            if !selector.allows_channel(channel, are_patterns) {
                return Err(Denied::Channel(at));
            }
        }
    }
    Ok(())
}

/// The positions of the keys in a request, and what would be done with each. None at all where one of
/// the key specs does not fit the request: it is going to be refused.
fn keys<'a>(
    found: &Listed,
    words: &'a [&'a [u8]],
) -> impl Iterator<Item = (usize, Access)> + use<'a> {
    let command = found.command;
    let least = usize::from(command.arity.unsigned_abs());
    let fits = command
        .keys
        .iter()
        .all(|keys| keys.positions(words).is_some());
    let specs = if fits { command.keys } else { &[] };
    specs.iter().flat_map(move |keys| {
        let access = access(keys, words, least);
        let positions = keys.positions(words).into_iter().flatten();
        let positions = positions.chain(keys.further(words));
        positions.filter_map(move |at| access.map(|access| (at, access)))
    })
}

/// What is done with the keys of a spec; `None` where they are no keys but something that is distributed
/// like them.
fn access(keys: &Keys, words: &[&[u8]], least: usize) -> Option<Access> {
    let mut access = Access::default();
    for word in keys.access_text(words, least).split(' ') {
        match word {
            "not_key" => return None,
            "access" => access.read = true,
            "insert" | "delete" | "update" => access.write = true,
            _ => {}
        }
    }
    Some(access)
}

/// Whether a command's words are channels: up to which word, and whether they are patterns of channels.
/// Whoever wants to be rid of a channel may name any.
fn channels(name: &str) -> Option<(usize, bool)> {
    match name {
        "PUBLISH" | "SPUBLISH" => Some((2, false)),
        "SUBSCRIBE" | "SSUBSCRIBE" => Some((usize::MAX, false)),
        "PSUBSCRIBE" => Some((usize::MAX, true)),
        _ => None,
    }
}

/// Whether a client may run its command and read every key there is: needed for commands that find out
/// from what keys hold which others they read.
pub fn reads_every_key(call: &Call) -> bool {
    let engine: &Engine = call.engine;
    let session = &engine.sessions[call.id];
    let Some(found) = session
        .gates
        .has(Gates::RESTRICTED)
        .then(|| crate::command::table::find(call.command.name.as_bytes()))
        .flatten()
    else {
        return true;
    };
    let user = engine.user_of(call.id);
    with_words(&call.args, |words| {
        user.all_selectors().any(|selector| {
            check_selector(selector, found, words).is_ok()
                && selector.allows_every_key(Access::READ)
        })
    })
}

/// Hands over the words of a request side by side.
fn with_words<R>(args: &Request, use_words: impl FnOnce(&[&[u8]]) -> R) -> R {
    if args.len() > SHORT_WORDS {
        return use_words(&args.iter().collect::<Vec<_>>());
    }
    let mut words: [&[u8]; SHORT_WORDS] = [&[]; SHORT_WORDS];
    for (place, word) in words.iter_mut().zip(args.iter()) {
        *place = word;
    }
    use_words(&words[..args.len()])
}

/// Cuts off those clients of a user who are subscribed to what is not allowed, if the user was `before`.
pub fn cut_off_subscribers(engine: &mut Engine, before: &User, own: SessionId) {
    let Some(id) = engine.acl.find(&before.name) else {
        return;
    };
    if !may_have_lost_channels(before, engine.acl.user(id)) {
        return;
    }
    for session in engine.sessions_of(id) {
        let user = engine.acl.user(id);
        let is_allowed = |kind| {
            let names = engine.pubsub.names_of(session, kind);
            names.iter().all(|name| {
                let mut selectors = user.all_selectors();
                selectors.any(|selector| selector.allows_channel(name, kind == Kind::Pattern))
            })
        };
        let kinds = [Kind::Channel, Kind::Pattern, Kind::Shard];
        if !kinds.into_iter().all(is_allowed) {
            engine.cut_off(session, Some(own));
        }
    }
}

/// Whether subscriptions are to be looked at: some channels were allowed, and not all of them are now. (Redis means to
/// spare a user who has lost none, compares the places of the patterns instead of the patterns, and finds each
/// of them lost. So whoever subscribed as somebody else, and logged in then, is cut off by any change of its user.)
fn may_have_lost_channels(before: &User, now: &User) -> bool {
    let has_some = |selector: &Selector| selector.all_channels || !selector.channels().is_empty();
    !now.all_selectors().any(|selector| selector.all_channels)
        && before.all_selectors().any(has_some)
}

#[cfg(test)]
mod tests;
