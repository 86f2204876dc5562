use crate::command::testing::{engine, run};
use crate::engine::{Engine, SessionId};
use proptest::prelude::*;

/// Runs each request and compares its reply, in which `\r\n` is written as a space.
fn transcript(engine: &mut Engine, id: SessionId, lines: &[(&str, &str)]) {
    for (request, wanted) in lines {
        assert_eq!(ask(engine, id, request), *wanted, "{request}");
    }
}

fn ask(engine: &mut Engine, id: SessionId, request: &str) -> String {
    let words: Vec<&str> = request.split(' ').collect();
    let reply = run(engine, id, &words);
    reply.trim_end().replace("\r\n", " ")
}

const SICILY: &str = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";

#[test]
fn options_of_geoadd_decide_who_is_added_who_moves_and_who_counts() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("GEOADD g XX 1 1 a", ":0"),
            ("EXISTS g", ":0"),
            ("GEOADD g 1 1 a 2 2 b 1 1 a", ":2"),
            ("GEOADD g NX 5 5 a 3 3 c", ":1"),
            ("GEOADD g XX CH 5 5 a 4 4 d", ":1"),
            ("GEOADD g CH 5 5 a 6 6 b 7 7 e", ":2"),
            ("GEOADD g XX 8 8 a", ":0"),
            ("GEOADD g nx ch 9 9 a 9 9 f", ":1"),
            ("ZCARD g", ":5"),
            ("GEODIST g a f km", "$8 156.4350"),
            ("GEOADD g NX XX 1 1 a", "-ERR syntax error"),
            ("GEOADD g CH CH CH", "-ERR syntax error"),
            ("GEOADD g 1 1 a 1", "-ERR syntax error"),
            (
                "GEOADD g 1 1 z 2 200 b",
                "-ERR invalid longitude,latitude pair 2.000000,200.000000",
            ),
            ("ZSCORE g z", "$-1"),
        ],
    );
    // Those that were added and those that moved, whether they count or not.
    assert_eq!(engine.stats.keys.dirty, 2 + 1 + 1 + 2 + 1 + 1);
}

#[test]
fn a_search_that_stores_puts_what_it_finds_in_the_place_of_what_was_there() {
    let (mut engine, id) = engine();
    ask(&mut engine, id, SICILY);
    let before = engine.stats.keys.dirty;
    transcript(
        &mut engine,
        id,
        &[
            ("SET d text EX 100", "+OK"),
            ("GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km", ":2"),
            ("TTL d", ":-1"),
            (
                "ZRANGE d 0 -1 WITHSCORES",
                "*4 $7 Palermo $16 3479099956230698 $7 Catania $16 3479447370796909",
            ),
            ("GEORADIUS d 15 37 100 km STORE d", ":1"),
            ("ZCARD d", ":1"),
            (
                "GEORADIUSBYMEMBER g Palermo 200 km STORE x STOREDIST d COUNT 1 DESC",
                ":1",
            ),
            (
                "ZRANGE d 0 -1 WITHSCORES",
                "*2 $7 Catania $18 166.27415156960032",
            ),
            ("EXISTS x", ":0"),
            ("GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 m", ":0"),
            ("EXISTS d", ":0"),
            ("GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 m", ":0"),
        ],
    );
    // SET, two, one, one, and what is removed.
    assert_eq!(engine.stats.keys.dirty - before, 1 + 2 + 1 + 1 + 1);
}

#[test]
fn any_takes_the_first_that_come_and_count_alone_the_nearest() {
    let (mut engine, id) = engine();
    for n in 1..=300 {
        let place = format!("GEOADD g {} 0 m{n}", f64::from(n) / 100.0);
        ask(&mut engine, id, &place);
    }
    transcript(
        &mut engine,
        id,
        &[
            ("OBJECT ENCODING g", "$8 skiplist"),
            (
                "GEOSEARCH g FROMLONLAT 0 0 BYRADIUS 500 km COUNT 3",
                "*3 $2 m1 $2 m2 $2 m3",
            ),
            (
                "GEOSEARCH g FROMLONLAT 0 0 BYRADIUS 500 km COUNT 2 DESC",
                "*2 $4 m300 $4 m299",
            ),
            (
                "GEOSEARCH g FROMLONLAT 3 0 BYRADIUS 500 km COUNT 2 ANY ASC WITHDIST",
                "*2 *2 $2 m2 $8 331.4542 *2 $2 m1 $8 332.5664",
            ),
            ("GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 500 km", ":300"),
            ("OBJECT ENCODING d", "$8 skiplist"),
        ],
    );
}

#[test]
fn a_count_takes_no_memory() {
    let (mut engine, id) = engine();
    ask(&mut engine, id, SICILY);
    for any in ["", " ANY"] {
        let request = format!(
            "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km DESC COUNT 9223372036854775807{any}"
        );
        let reply = ask(&mut engine, id, &request);
        assert_eq!(reply, "*2 $7 Palermo $7 Catania");
    }
}

/// What the reply of a search says: `*2 $1 a $1 b` is a and b.
fn names(reply: &str) -> Vec<String> {
    let mut names: Vec<String> = reply
        .split(' ')
        .filter(|word| word.starts_with('m'))
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The cells are a way to look at fewer members, and must not show: the same comes out when GEODIST is asked of each.
    #[test]
    fn a_search_finds_what_a_look_at_every_member_finds(
        places in prop::collection::vec((-180.0f64..180.0, -66.0f64..66.0), 1..200),
        longitude in prop_oneof![-180.0f64..180.0, 179.0..180.0, -180.0..-179.0],
        latitude in -66.0f64..66.0,
        radius in 0.0f64..1000.0,
        spread in prop_oneof![Just(1.0f64), Just(0.1), Just(0.01)],
    ) {
        let (mut engine, id) = engine();
        ask(&mut engine, id, &format!("GEOADD g {longitude} {latitude} center"));
        for (n, (x, y)) in places.iter().enumerate() {
            let x = (longitude + x * spread + 540.0) % 360.0 - 180.0;
            let y = (latitude + y * spread).clamp(-66.0, 66.0);
            ask(&mut engine, id, &format!("GEOADD g {x} {y} m{n}"));
        }
        let found = ask(&mut engine, id, &format!("GEOSEARCH g FROMMEMBER center BYRADIUS {radius} km"));
        let mut wanted = Vec::new();
        for n in 0..places.len() {
            let reply = ask(&mut engine, id, &format!("GEODIST g center m{n} km"));
            let (_, distance) = reply.split_once(' ').expect("a bulk string");
            if distance.parse::<f64>().expect("a distance") <= radius {
                wanted.push(format!("m{n}"));
            }
        }
        wanted.sort();
        prop_assert_eq!(names(&found), wanted);
    }
}
