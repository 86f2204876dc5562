//! CLIENT TRACKING and what belongs to it: clients that keep copies of keys.
//!
//! What is remembered and who is told is in [`tracking`](crate::engine::tracking). Here is what a client may ask for,
//! and what each of its commands means for it:
//!
//! ```text
//!   CLIENT CACHING YES   its mark is set
//!   GET k                ran: the command reads, so its keys are remembered, if the mark says so
//!                        is_over: the mark is taken away; keys that are too many are taken out
//! ```
//!
//! CLIENT commands leave the mark, and so does everything in a transaction up to EXEC.

use crate::command::entry::READONLY;
use crate::command::table::Listed;
use crate::command::{Call, Done, Error, is_word, until_nul};
use crate::engine::tracking::prefixes::{Overlap, overlap};
use crate::engine::tracking::{Choice, Order, Redirect, Tracker};
use crate::engine::{Gates, Session, Sessions};
use crate::number::parse_i64;
use std::collections::BTreeSet;

const TWO_REDIRECTS: Error = Error::new("ERR A client can only redirect to a single other client");
const NO_SUCH_REDIRECT: Error = Error::new("ERR The client ID you want redirect to does not exist");
const PREFIX_WITHOUT_BCAST: Error =
    Error::new("ERR PREFIX option requires BCAST mode to be enabled");
const BCAST_SWITCHED: Error = Error::new(
    "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then \
     re-enabling it with a different mode.",
);
const CHOICE_WITH_BCAST: Error = Error::new("ERR OPTIN and OPTOUT are not compatible with BCAST");
const BOTH_CHOICES: Error = Error::new("ERR You can't specify both OPTIN mode and OPTOUT mode");
const CHOICE_SWITCHED: Error = Error::new(
    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then \
     re-enabling it with a different mode.",
);
const CACHING_WITHOUT_TRACKING: Error = Error::new(
    "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or \
     OPTOUT mode enabled",
);
const YES_WITHOUT_OPTIN: Error =
    Error::new("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
const NO_WITHOUT_OPTOUT: Error =
    Error::new("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");

/// The options of CLIENT TRACKING.
#[derive(Default)]
struct Options<'a> {
    order: Order,
    opts_in: bool,
    opts_out: bool,
    prefixes: Vec<&'a [u8]>,
}

pub(super) fn client_tracking(call: &mut Call) -> Done {
    let words = call.args.iter().skip(3);
    let options = parse(&call.engine.sessions, words)?;
    if call.is(2, "ON") {
        check(call.engine.sessions[call.id].tracker(), &options)?;
        let Options {
            order, prefixes, ..
        } = options;
        call.engine.start_tracking(call.id, order, &prefixes);
    } else if call.is(2, "OFF") {
        call.engine.stop_tracking(call.id);
    } else {
        return Err(Error::SYNTAX);
    }
    call.reply.ok();
    Ok(())
}

fn parse<'a>(
    sessions: &Sessions,
    words: impl ExactSizeIterator<Item = &'a [u8]>,
) -> Result<Options<'a>, Error> {
    let mut options = Options::default();
    let mut rest = words;
    while let Some(option) = rest.next() {
        let has_more = rest.len() > 0;
        if is_word(option, "REDIRECT") && has_more {
            if options.order.redirect.is_some() {
                return Err(TWO_REDIRECTS);
            }
            let number = rest.next().unwrap_or_default();
            options.order.redirect = Some(parse_redirect(sessions, number)?);
        } else if is_word(option, "BCAST") {
            options.order.broadcasts = true;
        } else if is_word(option, "OPTIN") {
            options.opts_in = true;
            options.order.choice = Choice::OptIn;
        } else if is_word(option, "OPTOUT") {
            options.opts_out = true;
            options.order.choice = Choice::OptOut;
        } else if is_word(option, "NOLOOP") {
            options.order.no_loop = true;
        } else if is_word(option, "PREFIX") && has_more {
            options.prefixes.extend(rest.next());
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok(options)
}

/// The client that a number names, which must be there now; it may leave later.
fn parse_redirect(sessions: &Sessions, number: &[u8]) -> Result<Redirect, Error> {
    let number = parse_i64(number).ok_or(Error::NOT_AN_INTEGER)?;
    let number = u64::try_from(number).map_err(|_| NO_SUCH_REDIRECT)?;
    let id = sessions.numbered(number);
    let id = id.ok_or(NO_SUCH_REDIRECT)?;
    Ok(Redirect { id, number })
}

/// Whether the options go together, and with what the client does already.
fn check(tracker: Option<&Tracker>, options: &Options) -> Done {
    let order = &options.order;
    if !order.broadcasts && !options.prefixes.is_empty() {
        return Err(PREFIX_WITHOUT_BCAST);
    }
    let now = tracker.filter(|tracker| tracker.is_on);
    if now.is_some_and(|now| now.order.broadcasts != order.broadcasts) {
        return Err(BCAST_SWITCHED);
    }
    if order.broadcasts && (options.opts_in || options.opts_out) {
        return Err(CHOICE_WITH_BCAST);
    }
    if options.opts_in && options.opts_out {
        return Err(BOTH_CHOICES);
    }
    let is_other = |now: &Tracker| {
        let (before, after) = (now.order.choice, order.choice);
        before != Choice::All && after != Choice::All && before != after
    };
    if now.is_some_and(is_other) {
        return Err(CHOICE_SWITCHED);
    }
    let none = BTreeSet::new();
    let old = now.map_or(&none, |now| &now.prefixes);
    overlap(old, &options.prefixes).map_or(Ok(()), |overlap| Err(refusal(&overlap)))
}

fn refusal(overlap: &Overlap) -> Error {
    let (text, with, other) = match *overlap {
        Overlap::WithOld(text, other) => (text, "an existing", other),
        Overlap::Among(text, other) => (text, "another provided", other),
    };
    let text = [
        b"ERR Prefix '",
        until_nul(text),
        b"' overlaps with ",
        with.as_bytes(),
        b" prefix '",
        until_nul(other),
        b"'. Prefixes for a single client must not overlap.",
    ];
    Error::text(text.concat())
}

pub(super) fn client_caching(call: &mut Call) -> Done {
    let (yes, no) = (call.is(2, "YES"), call.is(2, "NO"));
    let tracker = call.engine.tracker_mut(call.id);
    let tracker = tracker.filter(|tracker| tracker.is_on);
    let tracker = tracker.ok_or(CACHING_WITHOUT_TRACKING)?;
    let (choice, refusal) = match (yes, no) {
        (true, _) => (Choice::OptIn, YES_WITHOUT_OPTIN),
        (_, true) => (Choice::OptOut, NO_WITHOUT_OPTOUT),
        (false, false) => return Err(Error::SYNTAX),
    };
    if tracker.order.choice != choice {
        return Err(refusal);
    }
    tracker.caching = true;
    call.reply.ok();
    Ok(())
}

/// The number of the client that gets another's messages; 0 where that is itself, -1 where there are none.
pub(super) fn redirection(session: &Session) -> i64 {
    let tracker = session.tracker().filter(|tracker| tracker.is_on);
    tracker.map_or(-1, |tracker| {
        let redirect = tracker.order.redirect;
        redirect.map_or(0, |redirect| redirect.number as i64)
    })
}

pub(super) fn client_getredir(call: &mut Call) -> Done {
    let number = redirection(&call.engine.sessions[call.id]);
    call.reply.integer(number);
    Ok(())
}

pub(super) fn client_trackinginfo(call: &mut Call) -> Done {
    let session = &call.engine.sessions[call.id];
    let flags = flags(session.tracker());
    let reply = &mut call.reply;
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(flags.len());
    for flag in flags {
        reply.bulk(flag.as_bytes());
    }
    reply.bulk(b"redirect");
    reply.integer(redirection(session));
    reply.bulk(b"prefixes");
    let prefixes = session.tracker().map(|tracker| &tracker.prefixes);
    reply.array(prefixes.map_or(0, BTreeSet::len));
    for prefix in prefixes.into_iter().flatten() {
        reply.bulk(prefix);
    }
    Ok(())
}

/// What CLIENT TRACKINGINFO says of a client.
fn flags(tracker: Option<&Tracker>) -> Vec<&'static str> {
    let Some(tracker) = tracker.filter(|tracker| tracker.is_on) else {
        return vec!["off"];
    };
    let order = &tracker.order;
    let choice = order.choice;
    [
        (true, "on"),
        (order.broadcasts, "bcast"),
        (choice == Choice::OptIn, "optin"),
        (choice == Choice::OptIn && tracker.caching, "caching-yes"),
        (choice == Choice::OptOut, "optout"),
        (choice == Choice::OptOut && tracker.caching, "caching-no"),
        (order.no_loop, "noloop"),
        (tracker.is_broken, "broken_redirect"),
    ]
    .into_iter()
    .filter_map(|(is_so, flag)| is_so.then_some(flag))
    .collect()
}

/// A client that tracks keys has run a command, perhaps in EXEC: if it reads, its keys are remembered.
pub(in crate::command) fn ran(call: &mut Call, found: &'static Listed) {
    let command = found.command;
    let tracker = call.engine.sessions[call.id].tracker();
    if !command.flags.has(READONLY) || !tracker.is_some_and(Tracker::remembers) {
        return;
    }
    let words: Vec<&[u8]> = call.args.iter().collect();
    let positions = command
        .keys
        .iter()
        .filter_map(|keys| keys.positions(&words));
    let keys = positions.flatten().map(|position| words[position]);
    call.engine.remember(call.id, keys);
}

/// What such a client has sent is done with. Not for what EXEC runs, but for EXEC.
pub(in crate::command) fn is_over(call: &mut Call, found: &'static Listed) {
    let is_about_clients = found.container.is_some_and(|of| of.name == "CLIENT");
    if !is_about_clients {
        forget_mark(&mut call.engine.sessions[call.id]);
    }
    call.engine.limit_tracked_keys();
}

/// What a client has sent is not even run.
pub(in crate::command) fn was_refused(session: &mut Session) {
    if session.gates.has(Gates::TRACKING) {
        forget_mark(session);
    }
}

/// CACHING is for one command, or for one transaction.
fn forget_mark(session: &mut Session) {
    if session.gates.has(Gates::QUEUEING) {
        return;
    }
    let extras = session.extras.as_deref_mut();
    if let Some(tracker) = extras.and_then(|extras| extras.tracking.as_deref_mut()) {
        tracker.caching = false;
    }
}
