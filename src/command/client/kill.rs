//! CLIENT KILL: which clients are meant, and how they go.

use super::{ClientKind, parse_kind, parse_switch, present, quoting};
use crate::command::{Call, Done, Error};
use crate::engine::Session;
use crate::engine::acl::UserId;
use crate::number::parse_i64;

const NO_SUCH_CLIENT: Error = Error::new("ERR No such client");
const ID_NOT_POSITIVE: Error = Error::new("ERR client-id should be greater than 0");

/// Which clients CLIENT KILL means: those that every given filter lets through.
#[derive(Default)]
struct Filter<'a> {
    id: Option<u64>,
    addr: Option<&'a [u8]>,
    local_addr: Option<&'a [u8]>,
    kind: Option<ClientKind>,
    user: Option<UserId>,
    spares_self: bool,
}

impl Filter<'_> {
    fn lets_through(&self, session: &Session) -> bool {
        self.id.is_none_or(|id| id == session.id)
            && self.addr.is_none_or(|a| a == session.addr.as_bytes())
            && self
                .local_addr
                .is_none_or(|a| a == session.local_addr.as_bytes())
            && self.user.is_none_or(|user| user == session.user)
            && self.kind.is_none_or(|kind| kind.is_that_of(session))
    }
}

/// CLIENT KILL.
pub(super) fn client_kill(call: &mut Call) -> Done {
    let is_old_form = call.args.len() == 3;
    let filter = if is_old_form {
        Filter {
            addr: call.args.get(2),
            ..Filter::default()
        }
    } else {
        parse_filter(call)?
    };
    let mut victims = present(call.engine);
    victims.retain(|&id| {
        filter.lets_through(&call.engine.sessions[id]) && !(filter.spares_self && id == call.id)
    });
    if is_old_form && victims.is_empty() {
        return Err(NO_SUCH_CLIENT);
    }
    for &id in &victims {
        call.engine.cut_off(id, Some(call.id));
    }
    if is_old_form {
        call.reply.ok();
    } else {
        call.reply.integer(victims.len() as i64);
    }
    Ok(())
}

fn parse_filter<'a>(call: &'a Call) -> Result<Filter<'a>, Error> {
    let mut filter = Filter {
        spares_self: true,
        ..Filter::default()
    };
    for i in (2..call.args.len()).step_by(2) {
        let value = call.args.get(i + 1).ok_or(Error::SYNTAX)?;
        if call.is(i, "ID") {
            let number = parse_i64(value).and_then(|number| u64::try_from(number).ok());
            let number = number.filter(|&number| number > 0);
            filter.id = Some(number.ok_or(ID_NOT_POSITIVE)?);
        } else if call.is(i, "TYPE") {
            filter.kind = Some(parse_kind(value)?);
        } else if call.is(i, "ADDR") {
            filter.addr = Some(value);
        } else if call.is(i, "LADDR") {
            filter.local_addr = Some(value);
        } else if call.is(i, "USER") {
            let user = call.engine.acl.find(value);
            filter.user = Some(user.ok_or_else(|| quoting("ERR No such user '", value))?);
        } else if call.is(i, "SKIPME") {
            filter.spares_self = parse_switch(value, "YES", "NO")?;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok(filter)
}
