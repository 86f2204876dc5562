use super::super::tests::transcript;
use super::*;
use crate::command::testing::{engine, run};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn results_replace_whatever_there_was() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("SADD a 1 2 3", ":3"),
            ("SADD b 2 3 4", ":3"),
            ("SET d text EX 100", "+OK"),
            ("SINTERSTORE d a b", ":2"),
            ("OBJECT IDLETIME d", ":0"),
            ("SMEMBERS d", "*2 $1 2 $1 3"),
            ("TTL d", ":-1"),
            ("SUNIONSTORE a a b", ":4"),
            ("SMEMBERS a", "*4 $1 1 $1 2 $1 3 $1 4"),
            ("SDIFFSTORE b a b", ":1"),
            ("SMEMBERS b", "*1 $1 1"),
            ("SINTERSTORE d b none", ":0"),
            ("EXISTS d", ":0"),
            ("SUNIONSTORE b none", ":0"),
            ("SDIFFSTORE b a a", ":0"),
            ("EXISTS b", ":0"),
        ],
    );
    // Members, SET, the results stored, and the removals of `d` and `b`.
    assert_eq!(engine.stats.keys.dirty, 6 + 1 + 3 + 2);
}

#[test]
fn what_is_in_common_is_counted_up_to_a_limit() {
    let (mut engine, id) = engine();
    const NO_KEYS: &str = "-ERR numkeys should be greater than 0";
    const TOO_MANY: &str = "-ERR Number of keys can't be greater than number of args";
    const NEGATIVE: &str = "-ERR LIMIT can't be negative";
    transcript(
        &mut engine,
        id,
        &[
            ("SADD a 1 2 3", ":3"),
            ("SADD b 2 3 4 x", ":4"),
            ("SINTERCARD 2 a b", ":2"),
            ("SINTERCARD 2 a b LIMIT 1", ":1"),
            ("SINTERCARD 2 a b limit 0", ":2"),
            ("SINTERCARD 2 a b LIMIT 1 LIMIT 0", ":2"),
            ("SINTERCARD 2 a b LIMIT 9223372036854775807", ":2"),
            ("SINTERCARD 1 none", ":0"),
            ("SINTERCARD 0 a", NO_KEYS),
            ("SINTERCARD x a", NO_KEYS),
            ("SINTERCARD -1 a", NO_KEYS),
            ("SINTERCARD 3 a b", TOO_MANY),
            ("SINTERCARD 9223372036854775807 a", TOO_MANY),
            ("SINTERCARD 2 a b LIMIT -1", NEGATIVE),
            ("SINTERCARD 2 a b LIMIT x", NEGATIVE),
            ("SINTERCARD 2 a b LIMIT", "-ERR syntax error"),
            ("SINTERCARD 2 a b OTHER 1", "-ERR syntax error"),
            ("SINTERCARD 1 a b", "-ERR syntax error"),
        ],
    );
}

#[test]
fn a_result_of_integers_is_kept_as_such_where_redis_does_so() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("SADD a 1 2 3 x", ":4"),
            ("SADD b x", ":1"),
            ("SADD c 1 2 x y", ":4"),
            // The first set's members are asked for: the result is made of integers alone.
            ("SDIFFSTORE d a b", ":3"),
            ("OBJECT ENCODING d", "$6 intset"),
            // What is copied first has the first set's encoding: 4 × 6 / 2 is more than 9.
            ("SDIFFSTORE d a b b b b b", ":3"),
            ("OBJECT ENCODING d", "$9 hashtable"),
            ("SINTERSTORE d a a", ":4"),
            ("OBJECT ENCODING d", "$9 hashtable"),
            ("SREM c x y", ":2"),
            ("OBJECT ENCODING c", "$9 hashtable"),
            ("SINTERSTORE d a c", ":2"),
            ("OBJECT ENCODING d", "$6 intset"),
            ("SUNIONSTORE d c c", ":2"),
            ("OBJECT ENCODING d", "$6 intset"),
        ],
    );
}

type Members = BTreeSet<Vec<u8>>;

/// A set's members, many or few, and perhaps one that no intset takes.
fn members() -> impl Strategy<Value = Option<Members>> {
    let number = (0..60u16).prop_map(|n| n.to_string().into_bytes());
    let few = prop::collection::btree_set(number, 1..40);
    let extra = prop_oneof![
        3 => Just(Vec::new()),
        1 => Just(vec![b"x".to_vec()]),
        1 => Just(vec![vec![b'x'; 65]]),
    ];
    prop_oneof![
        1 => Just(None),
        6 => (few, extra).prop_map(|(mut few, extra)| { few.extend(extra); Some(few) }),
    ]
}

fn as_entry(members: &Members, packing: &Packing) -> Entry {
    let mut entry = empty(b"key");
    for member in members {
        members_of(&mut entry).insert(member, packing);
    }
    entry
}

fn collected<'a>(items: impl Iterator<Item = Item<'a>>) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = items.map(|item| item.to_vec()).collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn results_are_those_of_sets(models in prop::collection::vec(members(), 1..6)) {
        let packing = Packing::default();
        let entry = |model: &Option<Members>| model.as_ref().map(|model| as_entry(model, &packing));
        let entries: Vec<Option<Entry>> = models.iter().map(entry).collect();
        let mut sets: Vec<Option<SetRef>> = entries
            .iter()
            .map(|entry| entry.as_ref().and_then(Entry::as_set))
            .collect();
        let models: Vec<Members> = models.into_iter().map(Option::unwrap_or_default).collect();

        let in_all = models.iter().skip(1).fold(models[0].clone(), |a, b| &a & b);
        let union = models.iter().fold(Members::new(), |a, b| &a | b);
        let rest = models.iter().skip(1).fold(models[0].clone(), |a, b| &a - b);

        prop_assert_eq!(collected(common(&sets)), Vec::from_iter(in_all));
        let mut all = empty(b"");
        fill(&mut members_of(&mut all), in_any(&sets), &packing);
        let all = all.as_set().expect("it was made as a set");
        prop_assert_eq!(collected(all.iter()), Vec::from_iter(union));
        let mut left = empty(b"");
        subtract(&mut members_of(&mut left), &sets, &packing);
        let left = left.as_set().expect("it was made as a set");
        prop_assert_eq!(collected(left.iter()), Vec::from_iter(rest.clone()));
        prop_assert_eq!(collected(only_in_first(&mut sets)), Vec::from_iter(rest));
    }
}

#[test]
fn both_ways_of_subtracting_answer_the_same() {
    let (mut engine, id) = engine();
    transcript(
        &mut engine,
        id,
        &[
            ("SADD a 1 2 3 4", ":4"),
            ("SADD b 2", ":1"),
            ("SADD c 3", ":1"),
            ("SDIFF a b c", "*2 $1 1 $1 4"),
            ("SDIFF a b c none b c b c b c", "*2 $1 1 $1 4"),
            ("SDIFF none a", "*0"),
            ("SDIFF a", "*4 $1 1 $1 2 $1 3 $1 4"),
            ("SDIFF b b b b b b", "*0"),
        ],
    );
    assert_eq!(engine.stats.keys.hits, 3 + 9 + 1 + 1 + 6);
    assert_eq!(engine.stats.keys.misses, 2);
    run(&mut engine, id, &["SET", "str", "x"]);
    run(&mut engine, id, &["SINTER", "a", "str", "b"]);
    // What stands behind the one of another type is not looked up.
    assert_eq!(engine.stats.keys.hits, 20 + 2);
}
