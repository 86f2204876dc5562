//! The replies that describe an entry: COMMAND INFO's for programs, COMMAND DOCS's for people.
//!
//! In RESP3 they are made of maps and sets, in RESP2 of arrays; words that Redis chooses among a few
//! (flags, categories) are statuses, all other text is bulk strings.

use super::named::{CATEGORIES, Named};
use crate::command::docs;
use crate::command::entry::{self, Command, Keys, Place};
use crate::command::key_spec::KeyRange;
use crate::engine::renames::Renames;
use crate::resp::Reply;

/// What COMMAND INFO tells of an entry: name, arity, flags, three positions, categories, tips, key
/// specs, subcommands.
const INFO_FIELDS: usize = 10;

/// Writes what COMMAND INFO says about every command.
pub fn write_info_of_all(renames: &Renames, reply: &mut Reply) {
    reply.array(Named::callable(renames).count());
    for named in Named::callable(renames) {
        write_info(named, reply);
    }
}

/// Writes what COMMAND INFO says about one entry.
pub fn write_info(named: Named, reply: &mut Reply) {
    let command = named.command;
    reply.array(INFO_FIELDS);
    reply.bulk(named.full_name().as_bytes());
    reply.integer(i64::from(command.arity));
    let flags = entry::FLAG_NAMES.iter();
    write_statuses(
        flags.filter_map(|&(flag, name)| command.flags.has(flag).then_some(name)),
        reply,
    );
    let KeyRange { first, last, step } = command.key_range();
    reply.integer(first);
    reply.integer(last);
    reply.integer(step);
    let categories = CATEGORIES.into_iter();
    write_statuses(categories.filter(|category| named.is_in(category)), reply);
    reply.set(command.tips.len());
    for tip in command.tips {
        reply.bulk(tip.as_bytes());
    }
    reply.set(command.keys.len());
    for keys in command.keys {
        write_key_spec(keys, reply);
    }
    if command.subcommands.is_empty() {
        reply.set(0);
    } else {
        reply.array(command.subcommands.len());
        for subcommand in named.subcommands() {
            write_info(subcommand, reply);
        }
    }
}

/// Writes a set of words, each as a status.
fn write_statuses(words: impl Iterator<Item = &'static str> + Clone, reply: &mut Reply) {
    reply.set(words.clone().count());
    for word in words {
        reply.simple(word);
    }
}

/// Writes where some keys are: how the search for them begins, and how it goes on from there.
fn write_key_spec(keys: &Keys, reply: &mut Reply) {
    let has_notes = !keys.notes.is_empty();
    reply.map(3 + usize::from(has_notes));
    if has_notes {
        write_field("notes", keys.notes, reply);
    }
    reply.bulk(b"flags");
    write_statuses(keys.access.split(' '), reply);
    reply.bulk(b"begin_search");
    write_begin_search(keys.place, reply);
    reply.bulk(b"find_keys");
    write_find_keys(keys.place, reply);
}

fn write_begin_search(place: Place, reply: &mut Reply) {
    match place {
        Place::Range { first, .. } => {
            write_step("index", &[("index", first.into())], reply);
        }
        Place::Counted { number } => {
            write_step("index", &[("index", number.into())], reply);
        }
        Place::Behind { option, from } => {
            write_step_head("keyword", 2, reply);
            write_field("keyword", option, reply);
            write_number("startfrom", from.into(), reply);
        }
        Place::Unknown { .. } => write_step("unknown", &[], reply),
    }
}

fn write_find_keys(place: Place, reply: &mut Reply) {
    let range = |last: i8, step: u8| {
        [
            ("lastkey", last.into()),
            ("keystep", step.into()),
            ("limit", 0),
        ]
    };
    match place {
        Place::Range { last, step, .. } => write_step("range", &range(last, step), reply),
        Place::Behind { .. } => write_step("range", &range(0, 1), reply),
        Place::Counted { .. } => {
            let counted = [("keynumidx", 0), ("firstkey", 1), ("keystep", 1)];
            write_step("keynum", &counted, reply);
        }
        Place::Unknown { .. } => write_step("unknown", &[], reply),
    }
}

/// Writes one step of the search: its kind, and the numbers that belong to it.
fn write_step(kind: &str, numbers: &[(&str, i64)], reply: &mut Reply) {
    write_step_head(kind, numbers.len(), reply);
    for (name, value) in numbers {
        write_number(name, *value, reply);
    }
}

/// Begins one step of the search, to which `fields` fields belong.
fn write_step_head(kind: &str, fields: usize, reply: &mut Reply) {
    reply.map(2);
    write_field("type", kind, reply);
    reply.bulk(b"spec");
    reply.map(fields);
}

/// Writes what COMMAND DOCS says about these entries: a map from their names.
pub fn write_all_docs(entries: impl Iterator<Item = Named> + Clone, reply: &mut Reply) {
    reply.map(entries.clone().count());
    for named in entries {
        write_docs(named, reply);
    }
}

/// Writes an entry's name and what COMMAND DOCS says about it. Each of the parts gives back how many
/// fields it has written, since what is not there is left out.
pub fn write_docs(named: Named, reply: &mut Reply) {
    let command = named.command;
    reply.bulk(named.full_name().as_bytes());
    let map = reply.deferred_map();
    let mut fields = write_texts(
        &[
            ("summary", command.summary),
            ("since", command.since),
            ("group", named.group.name),
            ("complexity", command.complexity),
        ],
        reply,
    );
    fields += write_doc_flags(command, reply);
    fields += write_texts(
        &[
            ("deprecated_since", command.deprecated_since),
            ("replaced_by", command.replaced_by),
        ],
        reply,
    );
    fields += write_arguments(command, reply);
    fields += write_subcommands(named, reply);
    reply.finish(map, fields);
}

fn write_texts(texts: &[(&str, &str)], reply: &mut Reply) -> usize {
    let mut fields = 0;
    for (name, text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
        write_field(name, text, reply);
        fields += 1;
    }
    fields
}

fn write_doc_flags(command: &Command, reply: &mut Reply) -> usize {
    let is_deprecated = !command.deprecated_since.is_empty();
    let flags = [(is_deprecated, "deprecated"), (command.system, "syscmd")];
    let flags = flags
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name));
    if flags.clone().count() == 0 {
        return 0;
    }
    reply.bulk(b"doc_flags");
    write_statuses(flags, reply);
    1
}

fn write_arguments(command: &Command, reply: &mut Reply) -> usize {
    if command.syntax.is_empty() {
        return 0;
    }
    let arguments =
        docs::parse(command.syntax).expect("a test reads the syntax of every entry of the table");
    reply.bulk(b"arguments");
    docs::write(&arguments, reply);
    1
}

fn write_subcommands(named: Named, reply: &mut Reply) -> usize {
    if named.command.subcommands.is_empty() {
        return 0;
    }
    reply.bulk(b"subcommands");
    write_all_docs(named.subcommands(), reply);
    1
}

fn write_field(name: &str, value: &str, reply: &mut Reply) {
    reply.bulk(name.as_bytes());
    reply.bulk(value.as_bytes());
}

fn write_number(name: &str, value: i64, reply: &mut Reply) {
    reply.bulk(name.as_bytes());
    reply.integer(value);
}
