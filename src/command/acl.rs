//! ACL: who may do what.
//!
//! ```text
//!   acl.rs       the subcommands
//!   names.rs     what commands and categories are called          (absent.rs: those that only Redis has)
//!   rules.rs     the text of a rule ─▶ a change of a user
//!   describe.rs  a user ─▶ the text of its rules
//!   check.rs     may this user run this request?                   asked by gate.rs
//!   file.rs      users from files
//! ```
//!
//! What a user is stands in `engine/acl`.

mod absent;
pub(super) use absent::is_absent;
pub(super) mod check;
mod describe;
pub mod file;
mod names;
mod rules;

use self::check::{Denied, check};
use self::names::Names;
use self::rules::Rules;
use super::entry::{ADMIN, Command, LOADING, NO_SCRIPT, STALE};
use super::{Call, Done, Error, MAX_ECHO_BYTES, echoed, find_sub, help, rename, wrong_arity};
use crate::engine::acl::log::Entry;
use crate::engine::acl::{self, Reason, Selector, User};
use crate::number::parse_i64;
use crate::resp::{OwnedRequest, Reply};

/// How many entries ACL LOG shows if it is not told.
const SHOWN_ENTRIES: usize = 10;

/// The strength of a password of ACL GENPASS if it is not told, and the most that it can be; in bits.
const PASSWORD_BITS: (i64, i64) = (256, 4096);

/// Where the full command begins in ACL DRYRUN.
const CALLED_AT: usize = 3;

const NO_FILE: Error = Error::new(
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users \
     via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis \
     configuration file set) in order to store users in the Redis configuration.",
);
const NOT_SAVED: Error = Error::new(
    "ERR There was an error trying to save the ACLs. Please check the server logs for more \
     information",
);
const BAD_BITS: Error = Error::new(
    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive \
     number up to 4096",
);
const BAD_NAME: Error = Error::new("ERR Usernames can't contain spaces or null characters");
const NOT_DEFAULT: Error = Error::new("ERR The 'default' user cannot be removed");
const TOO_MANY: Error = Error::new("ERR There are too many users");
const NO_SECRETS: Error = Error::new("ERR The operating system has no randomness to give");

/// The command ACL.
pub const COMMANDS: &[Command] = &[Command::container("ACL", SUBCOMMANDS).doc(
    "6.0.0",
    "Depends on subcommand.",
    "Looks at and manages the users and what they may do",
)];

/// The subcommands of ACL.
const SUBCOMMANDS: &[Command] = &[
    Command::new("CAT", -2, acl_cat)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(1) since the categories and commands are a fixed set.",
            "Lists the categories of commands, or the commands of one",
        )
        .syntax("[categoryname]"),
    Command::new("DELUSER", -3, acl_deluser)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(1) amortized time considering the typical user.",
            "Deletes users and closes their connections",
        )
        .syntax("username ..."),
    Command::new("DRYRUN", -4, acl_dryrun)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "7.0.0",
            "O(1).",
            "Tells whether a user may run a command, without running it",
        )
        .syntax("username command [arg ...]"),
    Command::new("GENPASS", -2, acl_genpass)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc("6.0.0", "O(1)", "Makes a password that nobody can guess")
        .syntax("[bits:integer]"),
    Command::new("GETUSER", 3, acl_getuser)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(N). Where N is the number of password, command and pattern rules that the user \
             has.",
            "Describes a user",
        )
        .syntax("username"),
    Command::new("HELP", 2, acl_help)
        .flags(&[LOADING, STALE])
        .doc(
            "6.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("LIST", 2, acl_list)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(N). Where N is the number of configured users.",
            "Lists the users as lines of the configuration",
        ),
    Command::new("LOAD", 2, acl_load)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(N). Where N is the number of configured users.",
            "Reads the users from their file again",
        ),
    Command::new("LOG", -2, acl_log)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(N) with N being the number of entries shown.",
            "Lists what was denied to whom, or forgets it",
        )
        .syntax("[operation=count:integer|RESET]"),
    Command::new("SAVE", 2, acl_save)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(N). Where N is the number of configured users.",
            "Writes the users into their file",
        ),
    Command::new("SETUSER", -3, acl_setuser)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(N). Where N is the number of rules provided.",
            "Makes a user, or changes what it may do",
        )
        .syntax("username [rule ...]"),
    Command::new("USERS", 2, acl_users)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "6.0.0",
            "O(N). Where N is the number of configured users.",
            "Lists the names of the users",
        ),
    Command::new("WHOAMI", 2, acl_whoami)
        .flags(&[NO_SCRIPT, LOADING, STALE])
        .doc("6.0.0", "O(1)", "Names the user of the connection"),
];

fn acl_cat(call: &mut Call) -> Done {
    use super::catalog::named::{CATEGORIES, Named};
    let Some(name) = call.args.get(2) else {
        call.reply.array(CATEGORIES.len());
        for name in CATEGORIES {
            call.reply.bulk(&name.as_bytes()[1..]);
        }
        return Ok(());
    };
    if call.args.len() > 3 {
        return Err(help::wrong_use(call, "ACL"));
    }
    let name = echoed(name, usize::MAX);
    let category = names::find_category(name).ok_or_else(|| {
        let shown = echoed(name, MAX_ECHO_BYTES);
        Error::text([b"ERR Unknown category '", shown, b"'"].concat())
    })?;
    let all = Named::all_and_subcommands();
    let listed: Vec<Named> = all
        .filter(|named| named.is_in(CATEGORIES[category]))
        .collect();
    call.reply.array(listed.len());
    for named in listed {
        call.reply.bulk(named.full_name().as_bytes());
    }
    Ok(())
}

fn acl_whoami(call: &mut Call) -> Done {
    call.reply.bulk(&call.engine.user_of(call.id).name);
    Ok(())
}

fn acl_users(call: &mut Call) -> Done {
    let users = call.engine.acl.in_order();
    call.reply.array(users.len());
    for user in users {
        call.reply.bulk(&user.name);
    }
    Ok(())
}

fn acl_list(call: &mut Call) -> Done {
    let lines = file::lines(call.engine);
    call.reply.array(lines.len());
    for line in lines {
        call.reply.bulk(&line);
    }
    Ok(())
}

fn acl_getuser(call: &mut Call) -> Done {
    let Some(id) = call.engine.acl.find(call.args.arg(2)) else {
        call.reply.null();
        return Ok(());
    };
    let (user, reply) = (call.engine.acl.user(id), &mut call.reply);
    let names = Names::new();
    reply.map(6);
    reply.bulk(b"flags");
    let flags = describe::flags(user);
    reply.set(flags.clone().count());
    for flag in flags {
        reply.bulk(flag.as_bytes());
    }
    reply.bulk(b"passwords");
    reply.array(user.passwords().len());
    for password in user.passwords() {
        reply.bulk(&describe::hex(password));
    }
    write_selector(&names, &user.root, reply);
    reply.bulk(b"selectors");
    reply.array(user.selectors.len());
    for selector in &user.selectors {
        reply.map(3);
        write_selector(&names, selector, reply);
    }
    Ok(())
}

/// Three entries of a map.
fn write_selector(names: &Names, selector: &Selector, reply: &mut Reply) {
    reply.bulk(b"commands");
    reply.bulk(&describe::commands(names, selector));
    reply.bulk(b"keys");
    reply.bulk(&describe::keys(selector));
    reply.bulk(b"channels");
    reply.bulk(&describe::channels(selector));
}

/// All rules are applied, or none of them.
fn acl_setuser(call: &mut Call) -> Done {
    let name = call.args.arg(2);
    if rules::has_spaces(name) {
        return Err(BAD_NAME);
    }
    let words = rules::merge(call.args.iter().skip(3)).map_err(|open| {
        let open = echoed(open, usize::MAX);
        let text = b"ERR Unmatched parenthesis in acl selector starting at '";
        Error::text([text, open, b"'."].concat())
    })?;
    let names = Names::new();
    let rules = Rules {
        names: &names,
        all_channels: call.engine.config.acl_pubsub_all,
    };
    let known = call.engine.acl.find(name);
    let before = known.map(|id| call.engine.acl.user(id).clone());
    let mut user = match &before {
        Some(user) => user.clone(),
        None => User::new(name, rules.all_channels),
    };
    for rule in words {
        rules.apply(&mut user, &rule).map_err(|wrong| {
            let rule = echoed(&rule, usize::MAX);
            let text = b"ERR Error in ACL SETUSER modifier '";
            Error::text([text, rule, b"': ", wrong.text().as_bytes()].concat())
        })?;
    }
    if !call.engine.set_user(user) {
        return Err(TOO_MANY);
    }
    if let Some(before) = before {
        check::cut_off_subscribers(call.engine, &before, call.id);
    }
    call.reply.ok();
    Ok(())
}

fn acl_deluser(call: &mut Call) -> Done {
    let mut names = call.args.iter().skip(2);
    // Before any of them is deleted.
    if names.any(|name| name == acl::DEFAULT) {
        return Err(NOT_DEFAULT);
    }
    let names = call.args.iter().skip(2);
    let deleted = call.engine.delete_users(names, Some(call.id));
    call.reply.integer(deleted as i64);
    Ok(())
}

fn acl_dryrun(call: &mut Call) -> Done {
    let name = call.args.arg(2);
    let id = call.engine.acl.find(name).ok_or_else(|| {
        let name = echoed(name, usize::MAX);
        Error::text([b"ERR User '", name, b"' not found"].concat())
    })?;
    let words: Vec<&[u8]> = call.args.iter().skip(CALLED_AT).collect();
    let mut called = OwnedRequest::from_args(&words);
    let named = rename::find(&call.engine.config.renames, words[0]);
    let found = named.and_then(|named| find_sub(named, &called.request()));
    let found = found.ok_or_else(|| {
        let name = echoed(words[0], usize::MAX);
        Error::text([b"ERR Command '", name, b"' not found"].concat())
    })?;
    if !found.command.accepts(words.len()) {
        return Err(wrong_arity(found));
    }
    let may_not = |what: &[&[u8]]| {
        let text: &[u8] = b"This user has no permissions to ";
        [text, &what.concat()].concat()
    };
    let denied = match check(call.engine.acl.user(id), found, &words) {
        Ok(()) => {
            call.reply.ok();
            return Ok(());
        }
        Err(Denied::Command) => {
            may_not(&[b"run the '", found.full_name().as_bytes(), b"' command"])
        }
        Err(Denied::Key(at)) => {
            may_not(&[b"access the '", echoed(words[at], usize::MAX), b"' key"])
        }
        Err(Denied::Channel(at)) => {
            may_not(&[b"access the '", echoed(words[at], usize::MAX), b"' channel"])
        }
    };
    call.reply.bulk(&denied);
    Ok(())
}

fn acl_genpass(call: &mut Call) -> Done {
    let (usual, most) = PASSWORD_BITS;
    let bits = match call.args.get(2) {
        _ if call.args.len() > 3 => return Err(help::wrong_use(call, "ACL")),
        None => usual,
        Some(bits) => parse_i64(bits).ok_or(Error::NOT_AN_INTEGER)?,
    };
    if !(1..=most).contains(&bits) {
        return Err(BAD_BITS);
    }
    // Four bits a digit.
    let digits = (bits as usize).div_ceil(4);
    let mut secret = vec![0; digits.div_ceil(2)];
    (call.engine.host.fill_with_secrets)(&mut secret).map_err(|_| NO_SECRETS)?;
    call.reply.bulk(&describe::hex(&secret)[..digits]);
    Ok(())
}

fn acl_load(call: &mut Call) -> Done {
    if call.engine.config.aclfile.is_empty() {
        return Err(NO_FILE);
    }
    file::load(call.engine, call.id).map_err(|error| Error::text([b"ERR ", &*error].concat()))?;
    call.reply.ok();
    Ok(())
}

fn acl_save(call: &mut Call) -> Done {
    let path = &call.engine.config.aclfile;
    if path.is_empty() {
        return Err(NO_FILE);
    }
    let text = file::text(call.engine);
    (call.engine.host.write_users)(path, &text).map_err(|error| {
        log::warn!("the users cannot be written into {path}: {error}");
        NOT_SAVED
    })?;
    call.reply.ok();
    Ok(())
}

fn acl_log(call: &mut Call) -> Done {
    if call.args.len() > 3 {
        return Err(help::wrong_use(call, "ACL"));
    }
    if call.is(2, "RESET") {
        call.engine.acl.log.clear();
        call.reply.ok();
        return Ok(());
    }
    let count = match call.args.get(2) {
        None => SHOWN_ENTRIES,
        Some(count) => {
            let count = parse_i64(count).ok_or(Error::NOT_AN_INTEGER)?;
            usize::try_from(count).unwrap_or(0)
        }
    };
    let now_ms = call.engine.clock.unix_ms();
    let entries = call.engine.acl.log.entries();
    call.reply.array(entries.len().min(count));
    for entry in entries.take(count) {
        write_entry(entry, now_ms, &mut call.reply);
    }
    Ok(())
}

fn write_entry(entry: &Entry, now_ms: u64, reply: &mut Reply) {
    reply.map(7);
    reply.bulk(b"count");
    reply.integer(entry.count as i64);
    reply.bulk(b"reason");
    reply.bulk(entry.event.reason.name().as_bytes());
    reply.bulk(b"context");
    reply.bulk(entry.event.context.name().as_bytes());
    reply.bulk(b"object");
    reply.bulk(&entry.event.object);
    reply.bulk(b"username");
    reply.bulk(&entry.event.user);
    reply.bulk(b"age-seconds");
    reply.double(now_ms.saturating_sub(entry.at_ms) as f64 / 1000.0);
    reply.bulk(b"client-info");
    reply.bulk(entry.client.as_bytes());
}

fn acl_help(call: &mut Call) -> Done {
    help::help(call, help::ACL)
}

/// Logs a client in with the user and the password that are arguments at these places; without a user as
/// `default`. Where that fails it stays who it was, and the attempt is logged.
pub(super) fn log_in(call: &mut Call, user: Option<usize>, password: usize) -> bool {
    let name = user.map_or(acl::DEFAULT, |at| call.args.arg(at));
    let is_in = call.engine.log_in(call.id, name, call.args.arg(password));
    if !is_in {
        let name = check::cut(name);
        let object = check::cut(call.args.arg(0));
        check::log(call, Reason::Auth, object, name);
    }
    is_in
}

#[cfg(test)]
mod tests;
