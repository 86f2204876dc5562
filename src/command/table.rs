//! The table of commands: the groups, and finding an entry by its name.

use super::entry::Command;
use super::{
    catalog, client, config, connection, debug, expire, info, key, lolwut, object, scan, server,
    string,
};

/// The longest command name looked up; a longer one is unknown without looking.
pub const MAX_NAME_BYTES: usize = 32;

/// The commands of one file.
#[derive(Debug)]
pub struct Group {
    /// The group's name in COMMAND DOCS (`string`, `generic`, `connection`, `server`).
    pub name: &'static str,
    /// The ACL category that its commands have beyond those that flags give, or `""`. A container
    /// by itself is not in it (only its subcommands are).
    pub category: &'static str,
    /// The entries.
    pub commands: &'static [Command],
}

/// Every group there is. A new file of commands is one line here.
pub const GROUPS: &[Group] = &[
    Group {
        name: "string",
        category: "@string",
        commands: string::COMMANDS,
    },
    Group {
        name: "string",
        category: "@string",
        commands: string::set::COMMANDS,
    },
    Group {
        name: "string",
        category: "@string",
        commands: string::range::COMMANDS,
    },
    Group {
        name: "string",
        category: "@string",
        commands: string::counter::COMMANDS,
    },
    Group {
        name: "string",
        category: "@string",
        commands: string::lcs::COMMANDS,
    },
    Group {
        name: "generic",
        category: "@keyspace",
        commands: key::COMMANDS,
    },
    Group {
        name: "generic",
        category: "@keyspace",
        commands: expire::COMMANDS,
    },
    Group {
        name: "generic",
        category: "@keyspace",
        commands: scan::COMMANDS,
    },
    Group {
        name: "generic",
        category: "@keyspace",
        commands: object::COMMANDS,
    },
    Group {
        name: "connection",
        category: "@connection",
        commands: connection::COMMANDS,
    },
    Group {
        name: "connection",
        category: "@connection",
        commands: client::COMMANDS,
    },
    Group {
        name: "server",
        category: "",
        commands: server::COMMANDS,
    },
    Group {
        name: "server",
        category: "",
        commands: config::COMMANDS,
    },
    Group {
        name: "server",
        category: "",
        commands: debug::COMMANDS,
    },
    Group {
        name: "server",
        category: "",
        commands: info::COMMANDS,
    },
    Group {
        name: "server",
        category: "",
        commands: lolwut::COMMANDS,
    },
    Group {
        name: "server",
        category: "@connection",
        commands: catalog::COMMANDS,
    },
];

/// Every command with its group, in table order; subcommands are in their containers.
pub fn all() -> impl Iterator<Item = (&'static Group, &'static Command)> + Clone {
    GROUPS
        .iter()
        .flat_map(|group| group.commands.iter().map(move |command| (group, command)))
}

/// Every entry with the container it is in, if it is: each command, followed by its subcommands.
/// An entry's place in this order is its number.
pub fn flat() -> impl Iterator<Item = (Option<&'static Command>, &'static Command)> {
    all().flat_map(|(_, command)| {
        let subcommands = command
            .subcommands
            .iter()
            .map(move |entry| (Some(command), entry));
        std::iter::once((None, command)).chain(subcommands)
    })
}

/// An entry that was found, the container it is in, and its number in the order of [`flat`].
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// The container of a subcommand.
    pub container: Option<&'static Command>,
    /// The entry.
    pub command: &'static Command,
    /// Its number.
    pub number: usize,
}

impl Found {
    /// `get`, or `config|get`.
    #[must_use]
    pub fn full_name(&self) -> String {
        match self.container {
            Some(container) => format!("{}|{}", container.name, self.command.name),
            None => self.command.name.to_owned(),
        }
        .to_ascii_lowercase()
    }
}

/// Places in the index of names: a power of two, several times as many as there are commands.
const PLACES: usize = 1024;

/// Where a command stands in [`GROUPS`], and its number in the order of [`flat`].
#[derive(Clone, Copy)]
struct Place {
    group: u8,
    command: u8,
    number: u16,
}

/// The index of names: an open hash table with linear probing, made by the compiler.
static INDEX: [Option<Place>; PLACES] = index();

const fn index() -> [Option<Place>; PLACES] {
    let mut places = [None; PLACES];
    let (mut group, mut number) = (0, 0);
    while group < GROUPS.len() {
        let commands = GROUPS[group].commands;
        let mut command = 0;
        while command < commands.len() {
            let mut at = hash(commands[command].name.as_bytes());
            while places[at].is_some() {
                at = (at + 1) % PLACES;
            }
            places[at] = Some(Place {
                group: group as u8,
                command: command as u8,
                number,
            });
            number += 1 + commands[command].subcommands.len() as u16;
            command += 1;
        }
        group += 1;
    }
    places
}

/// Where to begin looking for a name, whatever its case. (FNV-1a, by G. Fowler, L. C. Noll and
/// K.-P. Vo: the names are ours, so nobody can choose them to collide.)
const fn hash(name: &[u8]) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    let mut i = 0;
    while i < name.len() {
        hash = (hash ^ name[i].to_ascii_uppercase() as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    (hash ^ hash >> 15) as usize % PLACES
}

/// The command called `name`, whatever its case.
#[inline]
#[must_use]
pub fn find(name: &[u8]) -> Option<Found> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let mut at = hash(name);
    while let Some(place) = INDEX[at] {
        let command = &GROUPS[place.group as usize].commands[place.command as usize];
        if command.name.as_bytes().eq_ignore_ascii_case(name) {
            return Some(Found {
                container: None,
                command,
                number: place.number.into(),
            });
        }
        at = (at + 1) % PLACES;
    }
    None
}

/// The subcommand of `container` called `name`, whatever its case.
#[must_use]
pub fn find_sub(container: Found, name: &[u8]) -> Option<Found> {
    let subcommands = container.command.subcommands;
    let place = subcommands
        .iter()
        .position(|entry| entry.name.as_bytes().eq_ignore_ascii_case(name))?;
    Some(Found {
        container: Some(container.command),
        command: &subcommands[place],
        number: container.number + 1 + place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_by_its_name_and_has_its_own_number() {
        for (number, (container, command)) in flat().enumerate() {
            let name = command.name.to_ascii_lowercase();
            let found = match container {
                None => find(name.as_bytes()),
                Some(container) => find(container.name.as_bytes())
                    .and_then(|found| find_sub(found, name.as_bytes())),
            };
            let found = found.unwrap_or_else(|| panic!("{name} is not found"));
            assert!(std::ptr::eq(found.command, command), "{name}");
            assert_eq!(found.number, number, "{name}");
        }
        assert!(flat().count() * 2 < PLACES, "the index is not crowded");
        for unknown in ["", "GE", "GETS", &"X".repeat(1000)] {
            assert!(find(unknown.as_bytes()).is_none(), "{unknown}");
        }
    }
}
