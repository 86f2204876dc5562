//! What rules call commands: their names, and the names of the categories that they are in.
//!
//! ```text
//!   number   0 ...            COUNT ...               1023
//!            ├────────────────┼─────────────────┬─────┤
//!            the table        commands that     no    what later versions bring
//!                             only Redis has    one
//! ```

use super::absent::ABSENT;
use crate::command::catalog::named::{CATEGORIES, Named, bit};
use crate::command::table::{self, Listed};
use crate::engine::acl::CommandSet;

const _: () = assert!(
    table::COUNT + ABSENT.len() < CommandSet::FUTURE as usize,
    "every command has a bit, and one is left"
);

/// Commands that came after this version of Redis are not counted where it counts those of a category.
const VERSION: (u32, u32) = (7, 0);

/// How many categories there are.
const CATEGORY_COUNT: usize = CATEGORIES.len();

/// A command as rules see it.
#[derive(Debug)]
pub struct Word {
    /// Its number.
    pub number: u16,
    /// Its full name: `get`, `config|get`.
    pub name: String,
    /// The number of its container.
    container: Option<u16>,
}

/// All that rules can name. Making one takes some tens of microseconds.
#[derive(Debug)]
pub struct Names {
    words: Vec<Word>,
    /// What a rule with a category means: its commands, and every subcommand of one that is a container.
    meant: [CommandSet; CATEGORY_COUNT],
    /// The commands of each category that Redis knows.
    counted: [CommandSet; CATEGORY_COUNT],
}

impl Names {
    /// Reads the table.
    #[must_use]
    pub fn new() -> Names {
        let mut names = Names {
            words: Vec::with_capacity(table::COUNT + ABSENT.len()),
            meant: [CommandSet::NONE; CATEGORY_COUNT],
            counted: [CommandSet::NONE; CATEGORY_COUNT],
        };
        let entries = Named::all_and_subcommands().zip(table::list_all());
        for (named, listed) in entries {
            let container = listed.container.and_then(|container| {
                table::find(container.name.as_bytes()).map(|found| found.number)
            });
            let word = Word {
                number: listed.number,
                name: listed.full_name(),
                container,
            };
            names.add(word, named.categories(), is_known(listed));
        }
        let first = table::COUNT as u16;
        for (number, &(name, categories)) in (first..).zip(ABSENT) {
            if find(name.as_bytes()) != Some(number) {
                continue;
            }
            let container = name.split_once('|').map(|(container, _)| container);
            let word = Word {
                number,
                name: name.to_owned(),
                container: container.and_then(|container| find(container.as_bytes())),
            };
            let categories = categories.split(' ').fold(0, |all, name| all | bit(name));
            names.add(word, categories, true);
        }
        names
    }

    fn add(&mut self, word: Word, categories: u32, is_known: bool) {
        for place in 0..CATEGORY_COUNT {
            let is_member = categories >> place & 1 == 1;
            if is_member && is_known {
                self.counted[place].set(word.number, true);
            }
            // A container is added before its subcommands.
            let meant = &mut self.meant[place];
            let goes_along = word.container.is_some_and(|number| meant.contains(number));
            if is_member || goes_along {
                meant.set(word.number, true);
            }
        }
        self.words.push(word);
    }

    /// All commands, each container before its subcommands.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// A command and its subcommands.
    #[must_use]
    pub fn with_subcommands(&self, number: u16) -> CommandSet {
        let mut set = CommandSet::NONE;
        set.set(number, true);
        let subcommands = self.words.iter();
        for word in subcommands.filter(|word| word.container == Some(number)) {
            set.set(word.number, true);
        }
        set
    }

    /// Whether a command has subcommands.
    #[must_use]
    pub fn is_container(&self, number: u16) -> bool {
        let mut words = self.words.iter();
        words.any(|word| word.container == Some(number))
    }

    /// Whether it is a subcommand.
    #[must_use]
    pub fn is_subcommand(&self, number: u16) -> bool {
        let mut words = self.words.iter();
        words.any(|word| word.number == number && word.container.is_some())
    }

    /// What a rule about a category is about.
    #[must_use]
    pub fn meant_by(&self, category: usize) -> &CommandSet {
        &self.meant[category]
    }

    /// The commands of a category that Redis knows.
    #[must_use]
    pub fn counted(&self, category: usize) -> &CommandSet {
        &self.counted[category]
    }
}

/// Whether Redis 7.0 knows a command of ours.
fn is_known(listed: &Listed) -> bool {
    let mut numbers = listed.command.since.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) <= VERSION,
        _ => false,
    }
}

/// The number of the command with this full name, whatever its case.
#[must_use]
pub fn find(name: &[u8]) -> Option<u16> {
    let mut parts = name.splitn(2, |&byte| byte == b'|');
    let named = parts.next().and_then(table::find);
    let found = match (named, parts.next()) {
        (Some(named), Some(sub)) => table::find_sub(named, sub),
        (named, None) => named,
        (None, Some(_)) => None,
    };
    found.map(|found| found.number).or_else(|| {
        let name = name.to_ascii_lowercase();
        let by_name = |&(known, _): &(&str, &str)| known.as_bytes().cmp(&name);
        let place = ABSENT.binary_search_by(by_name).ok()?;
        Some((table::COUNT + place) as u16)
    })
}

/// The place of the category with this name, whatever its case, among all; without an `@`.
#[must_use]
pub fn find_category(name: &[u8]) -> Option<usize> {
    let mut names = CATEGORIES.iter();
    names.position(|known| known.as_bytes()[1..].eq_ignore_ascii_case(name))
}
