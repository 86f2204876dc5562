//! Requests of SORT and SORT_RO, and the lists, sets, sorted sets and weights that they work on.

use super::groups::Maker;
use super::sessions;
use super::step::{Args, Bytes, Request, Step};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (30, Maker::One(put)),
    (15, Maker::One(weigh)),
    (6, Maker::One(delete)),
    (100, Maker::Some(sort)),
    (3, Maker::One(describe)),
];

/// Elements that are no numbers at all, or not in `strtod`'s eyes.
const ODD: &[&str] = &[
    "a", "b", "B", "aa", "", "nan", "1e400", "1x", " 1", "1 ", "0x10", "inf", "-inf", "1e-400",
    "-0",
];

/// Mostly numbers: a single word spoils a sort by number.
fn element(v: &mut Vocabulary) -> Bytes {
    match v.random.below(100) {
        0..3 => v.random.pick(ODD).into(),
        3..10 => v.word("1.5 -2.25 1e2 10 100 9007199254740993 9007199254740992"),
        _ => v.random.between(-3, 12).to_string().into(),
    }
}

fn put(v: &mut Vocabulary) -> Args {
    // In the last two keys are words, for ALPHA.
    let key = v.key();
    let words = key == b"o3" || key == b"o4";
    let element = |v: &mut Vocabulary| match words && v.random.chance(70) {
        true => v.usual_member(),
        false => element(v),
    };
    match v.random.below(4) {
        0 => {
            let mut args = line("ZADD", [key]);
            for element in v.some(5, element) {
                args.extend([v.random.between(0, 5).to_string().into(), element]);
            }
            args
        }
        1 => [line("SADD", [key]), v.some(6, element)].concat(),
        _ => [line("RPUSH", [key]), v.some(6, element)].concat(),
    }
}

/// Strings and hash fields to sort by and to get.
fn weigh(v: &mut Vocabulary) -> Args {
    let number = |v: &mut Vocabulary| -> Bytes {
        match v.random.below(60) {
            0 => v.random.pick(ODD).into(),
            _ => v.random.between(-20, 20).to_string().into(),
        }
    };
    let at = v.random.between(-3, 12);
    match v.random.below(3) {
        0 => line(
            "HSET",
            [format!("wh_{at}").into(), b"f".to_vec(), number(v)],
        ),
        _ => {
            let mut args = line("MSET", []);
            for at in at..at + 3 {
                args.extend([format!("w_{at}").into(), number(v)]);
            }
            args
        }
    }
}

fn delete(v: &mut Vocabulary) -> Args {
    line("DEL", [v.key()])
}

/// SORT, and what type of key it was: where there is no order, any will do.
fn sort(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let store = v.random.chance(25);
    let name = match !store && v.random.chance(30) {
        true => "SORT_RO",
        false => "SORT",
    };
    let alpha = v.random.chance(35);
    let mut options = Vec::new();
    if v.random.chance(40) {
        // By equal strings there is no order, which must not be stored.
        let patterns = match alpha && store {
            true => "nosort",
            false => "w_* w_* wh_*->f wh_*->f nosort nosort * wh_*-> w_*->f wh_1->f none_*",
        };
        options.push(vec![v.keyword("BY"), v.word(patterns)]);
    }
    for _ in 0..v.random.pick(&[0, 0, 0, 1, 1, 2]) {
        let pattern = v.word("# # w_* wh_*->f wh_*->g none_* w_1 wh_* l* h*->n1 ** #x");
        options.push(vec![v.keyword("GET"), pattern]);
    }
    if v.random.chance(30) {
        let offset = match v.random.below(8) {
            0 => v.odd_count(),
            _ => v.random.between(-1, 4).to_string().into(),
        };
        let count = match v.random.below(8) {
            0 => v.odd_count(),
            _ => v.random.between(-1, 5).to_string().into(),
        };
        options.push(vec![v.keyword("LIMIT"), offset, count]);
    }
    if v.random.chance(50) {
        options.push(vec![v.keyword_of("ASC DESC DESC")]);
    }
    if alpha {
        options.push(vec![v.keyword("ALPHA")]);
    }
    let into = v.key();
    if store || (name == "SORT_RO" && v.random.chance(3)) {
        options.push(vec![v.keyword("STORE"), into.clone()]);
    }
    if v.random.chance(3) {
        options.push(vec![v.word("bad BY GET LIMIT STORE")]);
    }
    let mut args = line(name, [key.clone()]);
    args.extend(v.shuffled(options));
    let kind = line("TYPE", [key]);
    // Redis 7.0 reads numbers without forgetting an overflow that some command before has left in `errno`, and takes it
    // for one of its own. A cursor is read with a clean one.
    let forget = line("SSCAN", [b"no set".to_vec(), b"0".to_vec()]);
    let mut requests = vec![forget, kind, args];
    if store {
        requests.push(line("LRANGE", [into, b"0".to_vec(), b"-1".to_vec()]));
    }
    Step::whole(requests.into_iter().map(Request::new).collect())
}

fn describe(v: &mut Vocabulary) -> Args {
    const LINES: &[&str] = &[
        "COMMAND GETKEYS SORT k",
        "COMMAND GETKEYS SORT k STORE d",
        "COMMAND GETKEYS SORT k BY w_* GET # STORE d STORE e",
        "COMMAND GETKEYS SORT k BY STORE GET d",
        "COMMAND GETKEYS SORT_RO k BY w_*",
    ];
    sessions::describe(v, "sort sort_ro", LINES)
}
