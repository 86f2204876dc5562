//! Commands by the names that this server has for them (`rename-command`).
//!
//! The table's own lookup knows nothing of it, so that no request pays for it. A name that the table does not have is
//! looked up here before it is refused, and where there are new names at all a [gate](crate::engine::gates) is shut,
//! behind which a name that was taken away is refused.

use super::acl::is_absent;
use super::table::{self, Listed};
use super::{Error, find_sub, unknown_command, unknown_subcommand};
use crate::engine::renames::Renames;
use crate::resp::Request;

/// The command that goes by this name here.
#[must_use]
pub fn find(renames: &Renames, name: &[u8]) -> Option<&'static Listed> {
    match renames.given(name) {
        Some(own) => table::find(own.as_bytes()),
        None => table::find(name).filter(|found| !renames.is_gone(found.command.name)),
    }
}

/// The entry to run for a request.
///
/// # Errors
/// There is no such command, or no such subcommand.
pub(super) fn resolve(renames: &Renames, request: &Request<'_>) -> Result<&'static Listed, Error> {
    let named = find(renames, request.arg(0)).ok_or_else(|| unknown_command(request))?;
    find_sub(named, request).ok_or_else(|| {
        let name = String::from_utf8_lossy(request.arg(0)).to_ascii_uppercase();
        unknown_subcommand(&name, request.arg(1))
    })
}

/// Does what `rename-command` asks for: the command that goes by `old` now has the name `new`, or none if
/// that is empty. What only Redis has need not be taken away.
///
/// # Errors
/// There is no such command, or another one has the new name.
pub fn rename(renames: &mut Renames, old: &[u8], new: &[u8]) -> Result<(), &'static str> {
    let Some(found) = find(renames, old) else {
        return match is_absent(old) {
            true => Ok(()),
            false => Err("No such command in rename-command"),
        };
    };
    let own = found.command.name;
    renames.take_away(own);
    if new.is_empty() {
        return Ok(());
    }
    if find(renames, new).is_some() {
        return Err("Target command name already exists");
    }
    renames.give(new, own);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_name(renames: &Renames, name: &str) -> Option<&'static str> {
        find(renames, name.as_bytes()).map(|found| found.command.name)
    }

    #[test]
    fn names_are_taken_away_given_and_given_on() {
        let mut renames = Renames::default();
        assert_eq!(rename(&mut renames, b"flushall", b""), Ok(()));
        assert_eq!(rename(&mut renames, b"CONFIG", b"Secret"), Ok(()));
        assert_eq!(rename(&mut renames, b"secret", b"Other"), Ok(()));
        assert_eq!(rename(&mut renames, b"GET", b"CONFIG"), Ok(()));
        assert_eq!(
            rename(&mut renames, b"eval", b""),
            Ok(()),
            "only Redis has it"
        );
        for (name, own) in [
            ("FLUSHALL", None),
            ("SECRET", None),
            ("oTHER", Some("CONFIG")),
            ("config", Some("GET")),
            ("get", None),
            ("set", Some("SET")),
        ] {
            assert_eq!(own_name(&renames, name), own, "{name}");
        }
        assert!(renames.can_be_called("CONFIG") && !renames.can_be_called("FLUSHALL"));
    }

    #[test]
    fn mistakes_are_refused() {
        let mut renames = Renames::default();
        let no_such = Err("No such command in rename-command");
        assert_eq!(rename(&mut renames, b"nosuch", b""), no_such);
        assert_eq!(rename(&mut renames, b"config|get", b""), no_such);
        assert_eq!(
            rename(&mut renames, b"GET", b"set"),
            Err("Target command name already exists")
        );
        assert_eq!(rename(&mut renames, b"DEL", b""), Ok(()));
        assert_eq!(rename(&mut renames, b"DEL", b""), no_such);
    }
}
