//! Requests of the geo commands. Places are unlike each other, so that no two distances are equal: who comes first of two
//! at the same distance is up to a server's sort.

use super::groups::Maker;
use super::sessions;
use super::step::{Args, Bytes, Request, Step, upper};
use super::strings::line;
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (80, Maker::One(add)),
    (4, Maker::One(fill)),
    (25, Maker::One(distance)),
    (15, Maker::One(hash)),
    (15, Maker::One(position)),
    (50, Maker::One(search)),
    (25, Maker::Some(search_into)),
    (40, Maker::One(radius)),
    (15, Maker::One(radius_by_member)),
    (25, Maker::Some(radius_of_a_member)),
    (20, Maker::Some(radius_into)),
    (10, Maker::Some(wrong_type)),
    (10, Maker::One(remove)),
    (3, Maker::One(delete)),
    (4, Maker::One(describe)),
];

/// Members that are always in the same place, at the borders of what is one.
const LANDMARKS: &[(&str, &str, &str)] = &[
    ("north", "0", "85.05112878"),
    ("south", "10", "-85.05112878"),
    ("east", "180", "0.5"),
    ("west", "-180", "-1"),
    ("null", "0", "0"),
    ("Palermo", "13.361389", "38.115556"),
    ("Catania", "15.087269", "37.502669"),
];
const MEMBERS: &str = "a b c d e f g h i j north south east west null Palermo Catania nowhere";
const BAD_COORDINATES: &[(&str, &str)] = &[
    ("180.0001", "0"),
    ("-180.1", "0"),
    ("0", "85.0512"),
    ("0", "-85.06"),
    ("nan", "0"),
    ("0", "inf"),
    ("abc", "0"),
    ("0", "abc"),
    ("", "0"),
    ("1e400", "0"),
    ("200", "abc"),
    ("abc", "200"),
];

fn member(v: &mut Vocabulary) -> Bytes {
    match v.random.below(20) {
        0 => v.member(),
        _ => v.word(MEMBERS),
    }
}

/// Anywhere, or around Sicily.
fn coordinates(v: &mut Vocabulary) -> [Bytes; 2] {
    let part = |v: &mut Vocabulary| v.random.below(1_000_000);
    if v.random.chance(2) {
        let (longitude, latitude) = v.random.pick(BAD_COORDINATES);
        return [longitude.into(), latitude.into()];
    }
    let (longitude, latitude) = match v.random.below(10) {
        0..3 => (v.random.between(-179, 179), v.random.between(-84, 84)),
        _ => (v.random.between(12, 16), v.random.between(36, 38)),
    };
    [longitude, latitude].map(|whole| format!("{whole}.{:06}", part(v)).into())
}

fn push_place(v: &mut Vocabulary, args: &mut Args) {
    let member = member(v);
    let landmark = LANDMARKS
        .iter()
        .find(|(name, ..)| name.as_bytes() == member);
    match landmark {
        Some((_, longitude, latitude)) => args.extend([(*longitude).into(), (*latitude).into()]),
        None => args.extend(coordinates(v)),
    }
    args.push(member);
}

fn add(v: &mut Vocabulary) -> Args {
    let mut args = line("GEOADD", [v.key()]);
    if v.random.chance(40) {
        let options = v
            .random
            .pick(&["NX", "XX", "CH", "CH XX", "NX CH", "NX XX", "bad"]);
        for option in options.split(' ') {
            args.push(v.keyword(option));
        }
    }
    for _ in 0..=v.random.below(4) {
        push_place(v, &mut args);
    }
    args
}

fn fill(v: &mut Vocabulary) -> Args {
    let mut args = line("GEOADD", [v.key()]);
    for number in 0..v.random.pick(&[20, 130, 200]) {
        args.extend(coordinates(v));
        args.push(format!("m{number}").into());
    }
    args
}

fn unit(v: &mut Vocabulary) -> Bytes {
    v.keyword_of("m km ft mi m km ft mi m km ft mi m km ft mi m km ft mi m km ft mi league")
}

fn distance(v: &mut Vocabulary) -> Args {
    let mut args = line("GEODIST", [v.key(), member(v), member(v)]);
    if v.random.chance(60) {
        args.push(unit(v));
    }
    args
}

fn hash(v: &mut Vocabulary) -> Args {
    let mut args = line("GEOHASH", [v.key()]);
    if !v.random.chance(5) {
        args.extend(v.some(4, member));
    }
    args
}

fn position(v: &mut Vocabulary) -> Args {
    let mut args = line("GEOPOS", [v.key()]);
    if !v.random.chance(5) {
        args.extend(v.some(4, member));
    }
    args
}

/// A length and its unit.
fn length(v: &mut Vocabulary) -> [Bytes; 2] {
    match v.random.below(20) {
        0 => [v.word("-1 abc nan 1e400 1,5 -0"), unit(v)],
        1 => [v.word("0 0.5 1e7 1e-5"), unit(v)],
        2 => [
            v.random.between(1000, 22_000).to_string().into(),
            b"km".to_vec(),
        ],
        3..8 => {
            let length = v.random.between(1000, 900_000).to_string().into();
            [length, v.word("m ft")]
        }
        _ => {
            let length = format!("{}.{}", v.random.between(1, 500), v.random.below(100));
            [length.into(), v.word("km km mi KM")]
        }
    }
}

/// COUNT, the order and what is told of each place. `any` allows COUNT's ANY, which is anybody's choice.
fn options(v: &mut Vocabulary, any: bool, with: bool) -> Vec<Args> {
    let mut options = Vec::new();
    if v.random.chance(40) {
        let mut count = vec![v.keyword("COUNT"), v.count()];
        if any && v.random.chance(20) {
            count.push(v.keyword("ANY"));
        }
        options.push(count);
    }
    if v.random.chance(50) {
        options.push(vec![v.keyword_of("ASC DESC")]);
    }
    for name in ["WITHCOORD", "WITHDIST", "WITHHASH"] {
        if with && v.random.chance(35) {
            options.push(vec![v.keyword(name)]);
        }
    }
    if v.random.chance(2) {
        options.push(vec![v.word("bad ANY COUNT STORE STOREDIST")]);
    }
    options
}

/// From where and how far: what GEOSEARCH asks for.
fn area(v: &mut Vocabulary) -> Vec<Args> {
    let mut area = Vec::new();
    if v.random.chance(50) {
        area.push(vec![v.keyword("FROMMEMBER"), member(v)]);
    } else {
        let [longitude, latitude] = coordinates(v);
        area.push(vec![v.keyword("FROMLONLAT"), longitude, latitude]);
    }
    if v.random.chance(50) {
        let [radius, unit] = length(v);
        area.push(vec![v.keyword("BYRADIUS"), radius, unit]);
    } else {
        let [width, _] = length(v);
        let [height, unit] = length(v);
        area.push(vec![v.keyword("BYBOX"), width, height, unit]);
    }
    if v.random.chance(2) {
        area.pop();
    }
    if v.random.chance(2) {
        area.push(vec![v.keyword("FROMMEMBER"), member(v)]);
    }
    area
}

fn search(v: &mut Vocabulary) -> Args {
    let mut args = line("GEOSEARCH", [v.key()]);
    let mut rest = area(v);
    rest.extend(options(v, true, true));
    args.extend(v.shuffled(rest));
    args
}

/// What is stored, looked at. Distances are removed again: scores as small as they are all stand for a few places,
/// and whatever is searched from there is at one distance.
fn and_look(into: Bytes, args: Args) -> Step {
    let mut look = line("ZRANGE", [into.clone()]);
    look.extend(["0", "-1", "WITHSCORES"].map(Bytes::from));
    let stores_distances = (0..args.len()).any(|index| upper(&args, index) == "STOREDIST");
    let mut requests = vec![args, look];
    if stores_distances {
        requests.push(line("DEL", [into]));
    }
    Step::whole(requests.into_iter().map(Request::new).collect())
}

fn search_into(v: &mut Vocabulary) -> Step {
    let into = v.key();
    let mut args = line("GEOSEARCHSTORE", [into.clone(), v.key()]);
    let mut rest = area(v);
    let with = v.random.chance(3);
    rest.extend(options(v, false, with));
    if v.random.chance(30) {
        rest.push(vec![v.keyword("STOREDIST")]);
    }
    args.extend(v.shuffled(rest));
    and_look(into, args)
}

fn radius(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("GEORADIUS GEORADIUS_RO"), v.key()];
    args.extend(coordinates(v));
    args.extend(length(v));
    let options = options(v, true, true);
    args.extend(v.shuffled(options));
    args
}

fn radius_by_member(v: &mut Vocabulary) -> Args {
    let name = v.word("GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO");
    let mut args = vec![name, v.key(), member(v)];
    args.extend(length(v));
    let options = options(v, true, true);
    args.extend(v.shuffled(options));
    args
}

/// The same of a member that is there.
fn radius_of_a_member(v: &mut Vocabulary) -> Step {
    let mut ask = radius_by_member(v);
    let mut put = line("GEOADD", [ask[1].clone()]);
    push_place(v, &mut put);
    ask[2] = put[4].clone();
    Step::whole([put, ask].map(Request::new).into())
}

fn radius_into(v: &mut Vocabulary) -> Step {
    let read_only = if v.random.chance(5) { "_RO" } else { "" };
    let mut args = if v.random.chance(50) {
        let mut args = line(&format!("GEORADIUS{read_only}"), [v.key()]);
        args.extend(coordinates(v));
        args
    } else {
        line(
            &format!("GEORADIUSBYMEMBER{read_only}"),
            [v.key(), member(v)],
        )
    };
    args.extend(length(v));
    let with = v.random.chance(5);
    let mut options = options(v, false, with);
    let into = v.key();
    options.push(vec![v.keyword_of("STORE STOREDIST"), into.clone()]);
    args.extend(v.shuffled(options));
    and_look(into, args)
}

/// A key that is something else for sure.
fn wrong_type(v: &mut Vocabulary) -> Step {
    let key = v.key();
    let set = line("SET", [key.clone(), v.short()]);
    let mut asked = match v.random.below(6) {
        0 => add(v),
        1 => distance(v),
        2 => hash(v),
        3 => position(v),
        4 => search(v),
        _ => radius(v),
    };
    asked[1] = key.clone();
    let delete = line("DEL", [key]);
    Step::whole([set, asked, delete].map(Request::new).into())
}

fn remove(v: &mut Vocabulary) -> Args {
    line("ZREM", [v.key(), member(v)])
}

fn delete(v: &mut Vocabulary) -> Args {
    line("DEL", [v.key()])
}

fn describe(v: &mut Vocabulary) -> Args {
    const NAMES: &str = "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch \
        geosearchstore";
    const LINES: &[&str] = &[
        "COMMAND GETKEYS GEOADD k 0 0 a",
        "COMMAND GETKEYS GEORADIUS k 0 0 1 km STORE d",
        "COMMAND GETKEYS GEORADIUS k 0 0 1 km STORE d STOREDIST e",
        "COMMAND GETKEYS GEORADIUSBYMEMBER k a 1 km",
        "COMMAND GETKEYS GEOSEARCHSTORE d k FROMMEMBER a BYRADIUS 1 km",
        "COMMAND GETKEYS GEOSEARCH k FROMMEMBER a BYRADIUS 1 km",
    ];
    sessions::describe(v, NAMES, LINES)
}
