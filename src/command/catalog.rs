//! COMMAND: what the table says, told to clients.
//!
//! Tools ask for it when they connect: `redis-cli` reads COMMAND DOCS for its help and hints, client
//! libraries COMMAND INFO to learn which words are keys. Everything is read from the table; nothing
//! here knows a command by name.
//!
//! ```text
//!   COMMAND INFO get config|get      one array of ten each, nil for what is not there
//!   COMMAND DOCS get config|get      a map from names to maps; what is not there is left out
//!   COMMAND GETKEYS SET k v          the words of a full command that its entry says are keys
//! ```

mod describe;
pub(super) mod named;

use self::describe::{write_all_docs, write_info, write_info_of_all};
use self::named::Named;
use super::entry::{Command, Keys, LOADING, STALE};
use super::{Call, Done, Error, help};
use crate::engine::renames::Renames;
use crate::glob;
use crate::resp::Request;

/// The command COMMAND.
pub const COMMANDS: &[Command] = &[Command::new("COMMAND", -1, command)
    .flags(&[LOADING, STALE])
    .categories(&["@connection"])
    .tips(&["nondeterministic_output_order"])
    .doc(
        "2.8.13",
        "O(N) where N is the number of commands",
        "Describes every command of the server",
    )
    .subcommands(SUBCOMMANDS)];

/// The subcommands of COMMAND.
const SUBCOMMANDS: &[Command] = &[
    Command::new("COUNT", 2, command_count)
        .flags(&[LOADING, STALE])
        .doc("2.8.13", "O(1)", "Counts the commands of the server"),
    Command::new("DOCS", -2, command_docs)
        .flags(&[LOADING, STALE])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "7.0.0",
            "O(N) where N is the number of commands to look up",
            "Documents commands for people: summary, arguments, cost",
        )
        .syntax("[command-name ...]"),
    Command::new("GETKEYS", -4, command_getkeys)
        .flags(&[LOADING, STALE])
        .doc(
            "2.8.13",
            "O(N) where N is the number of arguments to the command",
            "Finds the keys in a full command",
        ),
    Command::new("GETKEYSANDFLAGS", -4, command_getkeysandflags)
        .flags(&[LOADING, STALE])
        .doc(
            "7.0.0",
            "O(N) where N is the number of arguments to the command",
            "Finds the keys in a full command and what would be done with each",
        ),
    Command::new("HELP", 2, command_help)
        .flags(&[LOADING, STALE])
        .doc(
            "5.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("INFO", -2, command_info)
        .flags(&[LOADING, STALE])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "2.8.13",
            "O(N) where N is the number of commands to look up",
            "Describes commands for programs: arity, flags, where the keys are",
        )
        .syntax("[command-name ...]"),
    Command::new("LIST", -2, command_list)
        .flags(&[LOADING, STALE])
        .tips(&["nondeterministic_output_order"])
        .doc(
            "7.0.0",
            "O(N) where N is the number of commands",
            "Lists the names of commands, all or filtered",
        )
        .syntax("[FILTERBY (filterby=MODULE module-name|ACLCAT category|PATTERN pattern)]"),
];

/// COMMAND without a subcommand: everything about every command.
fn command(call: &mut Call) -> Done {
    write_info_of_all(&call.engine.config.renames, &mut call.reply);
    Ok(())
}

fn command_count(call: &mut Call) -> Done {
    let count = Named::callable(&call.engine.config.renames).count();
    call.reply.integer(count as i64);
    Ok(())
}

fn command_help(call: &mut Call) -> Done {
    help::help(call, help::COMMAND)
}

fn command_info(call: &mut Call) -> Done {
    let names = call.args.iter().skip(2);
    if names.len() == 0 {
        write_info_of_all(&call.engine.config.renames, &mut call.reply);
        return Ok(());
    }
    call.reply.array(names.len());
    for name in names {
        match Named::find(&call.engine.config.renames, name) {
            Some(named) => write_info(named, &mut call.reply),
            None => call.reply.null(),
        }
    }
    Ok(())
}

fn command_docs(call: &mut Call) -> Done {
    let names = call.args.iter().skip(2);
    let renames = &call.engine.config.renames;
    if names.len() == 0 {
        write_all_docs(Named::callable(renames), &mut call.reply);
    } else {
        let named = names.filter_map(|name| Named::find(renames, name));
        write_all_docs(named, &mut call.reply);
    }
    Ok(())
}

fn command_list(call: &mut Call) -> Done {
    let args = &call.args;
    let filter = match args.len() {
        2 => Filter::None,
        5 => Filter::parse(args.arg(2), args.arg(3), args.arg(4))?,
        _ => return Err(Error::SYNTAX),
    };
    let listed: Vec<Named> = Named::callable(&call.engine.config.renames)
        .flat_map(Named::and_subcommands)
        .filter(|&named| filter.lets_through(named))
        .collect();
    call.reply.array(listed.len());
    for named in listed {
        call.reply.bulk(named.full_name().as_bytes());
    }
    Ok(())
}

/// In COMMAND GETKEYS the full command begins at this word.
const CALLED_AT: usize = 2;

fn command_getkeys(call: &mut Call) -> Done {
    let called = Called::find(&call.engine.config.renames, &call.args)?;
    let keys = called.keys()?;
    call.reply.array(keys.len());
    for key in keys {
        call.reply.bulk(key.name);
    }
    Ok(())
}

fn command_getkeysandflags(call: &mut Call) -> Done {
    let called = Called::find(&call.engine.config.renames, &call.args)?;
    let keys = called.keys()?;
    let least = usize::from(called.command.arity.unsigned_abs());
    call.reply.array(keys.len());
    for key in keys {
        let access = key.spec.access_by(&called.words, least);
        call.reply.array(2);
        call.reply.bulk(key.name);
        call.reply.set(access.len());
        access.for_each(|word| call.reply.simple(word));
    }
    Ok(())
}

/// A full command that is an argument of COMMAND GETKEYS.
struct Called<'a> {
    command: &'static Command,
    /// Its words, its name first.
    words: Vec<&'a [u8]>,
}

/// A key found in a full command.
struct FoundKey<'a> {
    name: &'a [u8],
    /// What the table says about it.
    spec: &'static Keys,
}

impl<'a> Called<'a> {
    /// The full command in the words from [`CALLED_AT`] on.
    fn find(renames: &Renames, args: &'a Request) -> Result<Called<'a>, Error> {
        let words: Vec<&[u8]> = args.iter().skip(CALLED_AT).collect();
        let command = Named::find_called(renames, words.iter().copied())
            .ok_or(Error::new("ERR Invalid command specified"))?
            .command;
        if !command.keys.iter().any(Keys::are_keys) {
            return Err(Error::new("ERR The command has no key arguments"));
        }
        if !command.accepts(words.len()) {
            return Err(Error::new(
                "ERR Invalid number of arguments specified for command",
            ));
        }
        Ok(Called { command, words })
    }

    /// Its keys, those of its first key spec first.
    fn keys(&self) -> Result<Vec<FoundKey<'a>>, Error> {
        let mut keys = Vec::new();
        for spec in self.command.keys {
            let positions = spec
                .positions(&self.words)
                .ok_or(Error::new("ERR Invalid arguments specified for command"))?;
            keys.extend(positions.map(|position| FoundKey {
                name: self.words[position],
                spec,
            }));
        }
        Ok(keys)
    }
}

/// Which names COMMAND LIST gives.
enum Filter<'a> {
    /// All of them.
    None,
    /// Those of a module; there are no modules.
    Module,
    /// Those in an ACL category, whose name comes without its `@`.
    Category(String),
    /// Those that match a glob pattern, whatever their case.
    Pattern(&'a [u8]),
}

impl<'a> Filter<'a> {
    /// `FILTERBY kind value`.
    fn parse(filter_by: &[u8], kind: &[u8], value: &'a [u8]) -> Result<Filter<'a>, Error> {
        if !filter_by.eq_ignore_ascii_case(b"FILTERBY") {
            return Err(Error::SYNTAX);
        }
        if kind.eq_ignore_ascii_case(b"MODULE") {
            Ok(Filter::Module)
        } else if kind.eq_ignore_ascii_case(b"ACLCAT") {
            let name = String::from_utf8_lossy(value).to_ascii_lowercase();
            Ok(Filter::Category(format!("@{name}")))
        } else if kind.eq_ignore_ascii_case(b"PATTERN") {
            Ok(Filter::Pattern(value))
        } else {
            Err(Error::SYNTAX)
        }
    }

    fn lets_through(&self, named: Named) -> bool {
        match self {
            Filter::None => true,
            Filter::Module => false,
            Filter::Category(category) => named.is_in(category),
            Filter::Pattern(pattern) => glob::matches_nocase(pattern, named.full_name().as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests;
