//! The settings that decide where an encoding ends. Small limits make the switch between them an everyday event.

use super::groups::Maker;
use super::step::{Args, words};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (10, Maker::One(set)),
    (4, Maker::One(get)),
    (2, Maker::One(wrong)),
];

/// What every stream begins with, and what a shared server is left with.
pub const DEFAULTS: &[(&str, &str)] = &[
    ("hash-max-listpack-entries", "512"),
    ("hash-max-listpack-value", "64"),
    ("list-max-listpack-size", "-2"),
    ("set-max-intset-entries", "512"),
    ("zset-max-listpack-entries", "128"),
    ("zset-max-listpack-value", "64"),
    ("hll-sparse-max-bytes", "3000"),
];

/// One setting to another value, now and then by its old name.
fn set(v: &mut Vocabulary) -> Args {
    let (name, default) = v.random.pick(DEFAULTS);
    let name = match v.random.chance(15) {
        true => name.replace("listpack", "ziplist"),
        false => name.to_owned(),
    };
    let value = match default {
        "-2" => v.word("-1 -2 -5 1 2 3 16"),
        "3000" => v.word("0 20 100 3000"),
        "64" => v.word("0 1 2 8 64 64 64"),
        _ => v.word("0 1 2 4 8 8 16 64 512").to_vec(),
    };
    let value = if v.random.chance(35) {
        default.into()
    } else {
        value
    };
    line("CONFIG SET", [name.into(), value])
}

fn get(v: &mut Vocabulary) -> Args {
    let (name, _) = v.random.pick(DEFAULTS);
    line("CONFIG GET", [name.into()])
}

fn wrong(v: &mut Vocabulary) -> Args {
    const LINES: &[&str] = &[
        "CONFIG SET hash-max-listpack-entries -1",
        "CONFIG SET hash-max-listpack-entries abc",
        "CONFIG SET hash-max-listpack-entries 9223372036854775808",
        "CONFIG SET hash-max-listpack-value 1k2",
        "CONFIG SET set-max-intset-entries 1.5",
        "CONFIG SET zset-max-listpack-entries -5",
        "CONFIG SET list-max-listpack-size abc",
        "CONFIG SET list-max-listpack-size 9999999999",
        "CONFIG SET hll-sparse-max-bytes -1",
    ];
    words(v.random.pick(LINES))
}
