//! Entries of the table by the names that clients have for them: `get`, `config|get`.

use crate::command::entry::{self, Command};
use crate::command::table::Group;
use crate::command::{rename, table};
use crate::engine::renames::Renames;

/// The ACL categories, in the order in which COMMAND INFO lists them.
pub const CATEGORIES: [&str; 21] = [
    "@keyspace",
    "@read",
    "@write",
    "@set",
    "@sortedset",
    "@list",
    "@hash",
    "@string",
    "@bitmap",
    "@hyperloglog",
    "@geo",
    "@stream",
    "@pubsub",
    "@admin",
    "@fast",
    "@slow",
    "@blocking",
    "@dangerous",
    "@connection",
    "@transaction",
    "@scripting",
];

/// An entry of the table with what it belongs to.
#[derive(Clone, Copy)]
pub struct Named {
    pub group: &'static Group,
    pub container: Option<&'static Command>,
    pub command: &'static Command,
}

impl Named {
    /// The entries of the commands that can be called, without subcommands, in table order.
    pub fn callable(renames: &Renames) -> impl Iterator<Item = Named> + Clone {
        Named::all().filter(|named| renames.can_be_called(named.command.name))
    }

    /// The entries of all commands, without subcommands, in table order.
    pub fn all() -> impl Iterator<Item = Named> + Clone {
        table::all().map(|(group, command)| Named {
            group,
            container: None,
            command,
        })
    }

    /// The entries of all commands with each container's subcommands after it.
    pub fn all_and_subcommands() -> impl Iterator<Item = Named> {
        Named::all().flat_map(Named::and_subcommands)
    }

    /// Itself, and the entries of its subcommands.
    pub fn and_subcommands(self) -> impl Iterator<Item = Named> {
        std::iter::once(self).chain(self.subcommands())
    }

    /// The entries of its subcommands.
    pub fn subcommands(self) -> impl Iterator<Item = Named> + Clone {
        let subcommands = self.command.subcommands.iter();
        subcommands.map(move |subcommand| self.with(subcommand))
    }

    /// Its subcommand `command`.
    fn with(self, command: &'static Command) -> Named {
        Named {
            group: self.group,
            container: Some(self.command),
            command,
        }
    }

    /// The command called `get`, or the subcommand called `config|get`.
    pub fn find(renames: &Renames, name: &[u8]) -> Option<Named> {
        let mut words = name.splitn(2, |&byte| byte == b'|');
        let named = Named::find_command(renames, words.next()?)?;
        match words.next() {
            Some(word) => Some(named.with(named.command.subcommand(word)?)),
            None => Some(named),
        }
    }

    /// What a full command runs: a subcommand where its second word is there to choose one.
    pub fn find_called<'a>(
        renames: &Renames,
        mut words: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Named> {
        let named = Named::find_command(renames, words.next()?)?;
        match words.next() {
            Some(word) if !named.command.subcommands.is_empty() => {
                Some(named.with(named.command.subcommand(word)?))
            }
            _ => Some(named),
        }
    }

    fn find_command(renames: &Renames, name: &[u8]) -> Option<Named> {
        let found = rename::find(renames, name)?;
        Named::all().find(|named| std::ptr::eq(named.command, found.command))
    }

    /// `get`, `config|get`: its name as replies have it.
    pub fn full_name(self) -> String {
        let name = match self.container {
            Some(container) => format!("{}|{}", container.name, self.command.name),
            None => self.command.name.to_owned(),
        };
        name.to_ascii_lowercase()
    }

    /// Whether it is in an ACL category.
    pub fn is_in(self, category: &str) -> bool {
        self.categories() & bit(category) != 0
    }

    /// The ACL categories that it is in, by its flags, by its group, or by its own entry: a bit for each
    /// place in [`CATEGORIES`].
    pub fn categories(self) -> u32 {
        const BY_FLAGS: [(entry::Flags, u32); 7] = [
            (entry::READONLY, bit("@read")),
            (entry::WRITE, bit("@write")),
            (entry::PUBSUB, bit("@pubsub")),
            (entry::ADMIN, bit("@admin")),
            (entry::ADMIN, bit("@dangerous")),
            (entry::FAST, bit("@fast")),
            (entry::BLOCKING, bit("@blocking")),
        ];
        let flags = self.command.flags;
        let by_flags = BY_FLAGS.iter().filter(|(flag, _)| flags.has(*flag));
        let mut found = by_flags.fold(0, |found, (_, bit)| found | bit);
        if !flags.has(entry::FAST) {
            found |= bit("@slow");
        }
        if self.command.subcommands.is_empty() {
            found |= bit(self.group.category);
        }
        let own = self.command.categories.iter();
        own.fold(found, |found, category| found | bit(category))
    }
}

/// The bit of a category, 0 for what is none.
pub const fn bit(category: &str) -> u32 {
    let mut place = 0;
    while place < CATEGORIES.len() {
        if is_equal(CATEGORIES[place].as_bytes(), category.as_bytes()) {
            return 1 << place;
        }
        place += 1;
    }
    0
}

/// `==`, which the compiler cannot use in constants.
const fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}
