//! The table of commands: the groups, and finding an entry by its name.

use super::entry::Command;
use super::{
    acl, bitmap, catalog, client, cluster, config, connection, debug, expire, geo, hash,
    hyperloglog, info, key, latency, list, lolwut, memory, module, monitor, object, pubsub,
    replication, scan, server, set, slowlog, sort, sorted_set, string, transaction,
};

/// The commands of one kind.
#[derive(Debug)]
pub struct Group {
    /// The group's name in COMMAND DOCS (`string`, `generic`, `connection`, `server`).
    pub name: &'static str,
    /// The ACL category that its commands have beyond those that flags give, or `""`. A container
    /// by itself is not in it (only its subcommands are).
    pub category: &'static str,
    /// The entries, file by file.
    pub files: &'static [&'static [Command]],
}

/// Every group there is. A new file of commands is one word here.
pub const GROUPS: &[Group] = &[
    Group {
        name: "string",
        category: "@string",
        files: &[
            string::COMMANDS,
            string::set::COMMANDS,
            string::range::COMMANDS,
            string::counter::COMMANDS,
            string::lcs::COMMANDS,
        ],
    },
    Group {
        name: "bitmap",
        category: "@bitmap",
        files: &[
            bitmap::COMMANDS,
            bitmap::op::COMMANDS,
            bitmap::field::COMMANDS,
        ],
    },
    Group {
        name: "hash",
        category: "@hash",
        files: &[hash::COMMANDS],
    },
    Group {
        name: "list",
        category: "@list",
        files: &[
            list::COMMANDS,
            list::pop::COMMANDS,
            list::transfer::COMMANDS,
            list::position::COMMANDS,
        ],
    },
    Group {
        name: "set",
        category: "@set",
        files: &[set::COMMANDS, set::algebra::COMMANDS],
    },
    Group {
        name: "sorted-set",
        category: "@sortedset",
        files: &[
            sorted_set::COMMANDS,
            sorted_set::add::COMMANDS,
            sorted_set::algebra::COMMANDS,
            sorted_set::span::COMMANDS,
            sorted_set::range::COMMANDS,
            sorted_set::pop::COMMANDS,
        ],
    },
    Group {
        name: "geo",
        category: "@geo",
        files: &[geo::COMMANDS, geo::search::COMMANDS],
    },
    Group {
        name: "hyperloglog",
        category: "@hyperloglog",
        files: &[hyperloglog::COMMANDS],
    },
    Group {
        name: "generic",
        category: "@keyspace",
        files: &[
            key::COMMANDS,
            expire::COMMANDS,
            scan::COMMANDS,
            object::COMMANDS,
        ],
    },
    Group {
        name: "generic",
        category: "",
        files: &[sort::COMMANDS],
    },
    Group {
        name: "generic",
        category: "@connection",
        files: &[replication::WAITS],
    },
    Group {
        name: "transactions",
        category: "@transaction",
        files: &[transaction::COMMANDS],
    },
    Group {
        name: "pubsub",
        category: "",
        files: &[pubsub::COMMANDS, pubsub::look::COMMANDS],
    },
    Group {
        name: "connection",
        category: "@connection",
        files: &[connection::COMMANDS, client::COMMANDS],
    },
    Group {
        name: "server",
        category: "",
        files: &[
            server::COMMANDS,
            acl::COMMANDS,
            config::COMMANDS,
            debug::COMMANDS,
            info::COMMANDS,
            latency::COMMANDS,
            lolwut::COMMANDS,
            memory::COMMANDS,
            module::COMMANDS,
            monitor::COMMANDS,
            replication::COMMANDS,
            slowlog::COMMANDS,
        ],
    },
    Group {
        name: "server",
        category: "@connection",
        files: &[catalog::COMMANDS],
    },
    Group {
        name: "cluster",
        category: "@connection",
        files: &[cluster::MODES],
    },
    Group {
        name: "cluster",
        category: "",
        files: &[cluster::COMMANDS],
    },
    #[cfg(test)]
    Group {
        name: "generic",
        category: "",
        files: &[super::blocking::tests::COMMANDS],
    },
];

/// Every command with its group, in table order; subcommands are in their containers.
pub fn all() -> impl Iterator<Item = (&'static Group, &'static Command)> + Clone {
    GROUPS
        .iter()
        .flat_map(|group| group.files.iter().map(move |file| (group, file)))
        .flat_map(|(group, file)| file.iter().map(move |command| (group, command)))
}

/// An entry in the list of all, with the container it is in, and its number.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    /// The container of a subcommand.
    pub container: Option<&'static Command>,
    /// The entry.
    pub command: &'static Command,
    /// Its number: its place in the list.
    pub number: u16,
}

impl Listed {
    /// The name of the command; of a subcommand, that of its container.
    #[must_use]
    pub fn own_name(&self) -> &'static str {
        self.container.unwrap_or(self.command).name
    }

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

/// How many entries there are.
pub const COUNT: usize = count();

/// Every command in table order, each followed by its subcommands; made by the compiler.
static LIST: [Listed; COUNT] = list();

const fn count() -> usize {
    let (mut group, mut count) = (0, 0);
    while group < GROUPS.len() {
        let files = GROUPS[group].files;
        let mut file = 0;
        while file < files.len() {
            count += count_in(files[file]);
            file += 1;
        }
        group += 1;
    }
    count
}

const fn count_in(commands: &[Command]) -> usize {
    let (mut command, mut count) = (0, 0);
    while command < commands.len() {
        count += 1 + commands[command].subcommands.len();
        command += 1;
    }
    count
}

const fn list() -> [Listed; COUNT] {
    let mut list = [Listed {
        container: None,
        command: &GROUPS[0].files[0][0],
        number: 0,
    }; COUNT];
    let (mut group, mut number) = (0, 0);
    while group < GROUPS.len() {
        let files = GROUPS[group].files;
        let mut file = 0;
        while file < files.len() {
            number = list_file(&mut list, number, files[file], None);
            file += 1;
        }
        group += 1;
    }
    list
}

/// Lists the commands of a file, or the subcommands of a container, from a number on; gives the number
/// behind them.
const fn list_file(
    list: &mut [Listed; COUNT],
    from: usize,
    commands: &'static [Command],
    container: Option<&'static Command>,
) -> usize {
    let (mut at, mut number) = (0, from);
    while at < commands.len() {
        let command = &commands[at];
        list[number] = Listed {
            container,
            command,
            number: number as u16,
        };
        number = list_file(list, number + 1, command.subcommands, Some(command));
        at += 1;
    }
    number
}

/// Places in the index of names: a power of two, several times as many as there are commands.
const PLACES: usize = 1024;

/// A name in capitals, as numbers: its first eight bytes and its last eight, and its length.
/// Names that it [`holds`](Folded::holds) are equal when their numbers are, and comparing two numbers
/// takes a few instructions.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Folded {
    low: u64,
    high: u64,
    len: usize,
}

/// The longest name that its [`Folded`] form holds all of.
const MAX_FOLDED: usize = 16;

/// Bit 5 of every byte, which is all that tells small letters from capital ones.
const CASE: u64 = 0x2020_2020_2020_2020;

impl Folded {
    #[inline]
    const fn of(name: &[u8]) -> Folded {
        let len = name.len();
        // Where two loads overlap, they cover every length between one and both of them.
        let (low, high) = match len {
            0 => (0, 0),
            1..4 => (three(name[0], name[len / 2], name[len - 1]), 0),
            4..8 => (four(name, 0) | four(name, len - 4) << 32, 0),
            _ => (
                four(name, 0) | four(name, 4) << 32,
                four(name, len - 8) | four(name, len - 4) << 32,
            ),
        };
        Folded {
            low: low & !CASE,
            high: high & !CASE,
            len,
        }
    }

    /// Whether a name's numbers say all about it: it is short, and nothing but letters. (In `SORT_RO`
    /// bit 5 tells `_` from DEL.)
    const fn holds(name: &[u8]) -> bool {
        let mut letters = 0;
        while letters < name.len() && name[letters].is_ascii_alphabetic() {
            letters += 1;
        }
        letters == name.len() && letters <= MAX_FOLDED
    }

    #[inline]
    const fn hash(self) -> usize {
        let mixed = (self.low ^ self.high.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 40) as usize % PLACES
    }
}

const fn three(first: u8, middle: u8, last: u8) -> u64 {
    u32::from_le_bytes([first, middle, last, 0]) as u64
}

/// The four bytes of `name` from `at` on.
#[inline]
const fn four(name: &[u8], at: usize) -> u64 {
    u32::from_le_bytes([name[at], name[at + 1], name[at + 2], name[at + 3]]) as u64
}

/// A name, and the number of its entry.
#[derive(Clone, Copy)]
struct Place {
    name: Folded,
    /// Whether `name` says all about the entry's name.
    is_whole: bool,
    number: u16,
}

/// The index of names: an open hash table with linear probing, made by the compiler.
static INDEX: [Option<Place>; PLACES] = index();

const fn index() -> [Option<Place>; PLACES] {
    let mut places = [None; PLACES];
    let mut number = 0;
    while number < COUNT {
        let listed = &LIST[number];
        if listed.container.is_none() {
            let bytes = listed.command.name.as_bytes();
            let name = Folded::of(bytes);
            let mut at = name.hash();
            while places[at].is_some() {
                at = (at + 1) % PLACES;
            }
            places[at] = Some(Place {
                name,
                is_whole: Folded::holds(bytes),
                number: listed.number,
            });
        }
        number += 1;
    }
    places
}

/// The command called `name`, whatever its case.
#[inline]
#[must_use]
pub fn find(name: &[u8]) -> Option<&'static Listed> {
    let folded = Folded::of(name);
    let mut at = folded.hash();
    while let Some(place) = &INDEX[at] {
        if place.name == folded {
            let listed = &LIST[usize::from(place.number)];
            if place.is_whole || listed.command.name.as_bytes().eq_ignore_ascii_case(name) {
                return Some(listed);
            }
        }
        at = (at + 1) % PLACES;
    }
    None
}

/// Every entry, in the order of their numbers: commands in table order, each followed by its
/// subcommands.
#[must_use]
pub fn list_all() -> &'static [Listed] {
    &LIST
}

/// The entry with this number.
#[must_use]
pub fn numbered(number: u16) -> Option<&'static Listed> {
    LIST.get(usize::from(number))
}

/// The subcommand of `container` called `name`, whatever its case.
#[must_use]
pub fn find_sub(container: &Listed, name: &[u8]) -> Option<&'static Listed> {
    let subcommands = container.command.subcommands;
    let place = subcommands
        .iter()
        .position(|entry| entry.name.as_bytes().eq_ignore_ascii_case(name))?;
    LIST.get(usize::from(container.number) + 1 + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_by_its_name_and_has_its_own_number() {
        for (number, listed) in list_all().iter().enumerate() {
            let (container, command) = (listed.container, listed.command);
            let name = command.name.to_ascii_lowercase();
            let found = match container {
                None => find(name.as_bytes()),
                Some(container) => find(container.name.as_bytes())
                    .and_then(|found| find_sub(found, name.as_bytes())),
            };
            let found = found.unwrap_or_else(|| panic!("{name} is not found"));
            assert!(std::ptr::eq(found.command, command), "{name}");
            assert_eq!(listed.number, found.number, "{name}");
            assert_eq!(usize::from(found.number), number, "{name}");
        }
        const { assert!(COUNT * 2 < PLACES, "the index is not crowded") };
        let long = "X".repeat(1000);
        for unknown in ["", "GE", "GETS", "GET\0", "\0GET", "SORT\x7fRO", &long] {
            assert!(find(unknown.as_bytes()).is_none(), "{unknown}");
        }
        let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
        assert!(all().all(|(_, command)| command.name.bytes().all(is_capital)));
    }

    #[test]
    fn short_names_of_letters_are_told_apart_by_their_numbers() {
        assert!(Folded::of(b"Get") == Folded::of(b"gEt"));
        assert!(Folded::of(b"GET") != Folded::of(b"SET"));
        assert!(Folded::holds(b"GET") && Folded::holds(b"ZREMRANGEBYSCORE"));
        assert!(!Folded::holds(b"ZREVRANGEBYSCOREX"), "too long");
        assert!(Folded::of(b"SORT_RO") == Folded::of(b"SORT\x7fRO"));
        assert!(!Folded::holds(b"SORT_RO"));
    }
}
