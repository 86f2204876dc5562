use super::*;
use crate::command::testing::{engine, run};
use crate::engine::{Engine, SessionId};
use crate::store::Entry;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Runs each request and compares its reply, in which `\r\n` is written as a space.
fn transcript(engine: &mut Engine, id: SessionId, lines: &[(&str, &str)]) {
    for (request, wanted) in lines {
        let words: Vec<&str> = request.split(' ').collect();
        let reply = run(engine, id, &words);
        assert_eq!(reply.trim_end().replace("\r\n", " "), *wanted, "{request}");
    }
}

/// An engine with the sorted sets a, b and inf, the set s and the string str.
fn filled() -> (Engine, SessionId) {
    let (mut engine, id) = engine();
    for request in [
        "ZADD a 1 anna 3 bert",
        "ZADD b 1 bert 5 carl -2 5",
        "ZADD inf inf anna -inf bert 0 carl",
        "SADD s anna carl 5",
        "SADD n 5 6",
        "SET str x",
    ] {
        let words: Vec<&str> = request.split(' ').collect();
        run(&mut engine, id, &words);
    }
    (engine, id)
}

#[test]
fn scores_are_weighted_and_combined() {
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("ZUNION 2 a b", "*4 $1 5 $4 anna $4 bert $4 carl"),
            (
                "ZUNION 2 a b WEIGHTS 2 1 WITHSCORES",
                "*8 $1 5 $2 -2 $4 anna $1 2 $4 carl $1 5 $4 bert $1 7",
            ),
            (
                "ZUNION 2 a b withscores aggregate min",
                "*8 $1 5 $2 -2 $4 anna $1 1 $4 bert $1 1 $4 carl $1 5",
            ),
            (
                "ZUNION 2 a b AGGREGATE MIN AGGREGATE MAX WITHSCORES WITHSCORES",
                "*8 $1 5 $2 -2 $4 anna $1 1 $4 bert $1 3 $4 carl $1 5",
            ),
            (
                "ZUNION 3 b s n WITHSCORES",
                "*10 $1 5 $1 0 $1 6 $1 1 $4 anna $1 1 $4 bert $1 1 $4 carl $1 6",
            ),
            ("ZINTER 2 a b WITHSCORES", "*2 $4 bert $1 4"),
            ("ZINTER 2 a a WITHSCORES", "*4 $4 anna $1 2 $4 bert $1 6"),
            ("ZINTER 3 b s n WITHSCORES", "*2 $1 5 $1 0"),
            ("ZINTER 2 a missing", "*0"),
            ("ZDIFF 2 b a WITHSCORES", "*4 $1 5 $2 -2 $4 carl $1 5"),
            ("ZDIFF 3 b a n WITHSCORES", "*2 $4 carl $1 5"),
            ("ZDIFF 2 s a WITHSCORES", "*4 $1 5 $1 1 $4 carl $1 1"),
            ("ZDIFF 2 missing a", "*0"),
            ("ZINTERCARD 2 b s", ":2"),
            ("ZINTERCARD 2 b s LIMIT 0", ":2"),
            ("ZINTERCARD 2 b s LIMIT 1", ":1"),
            ("ZINTERCARD 2 b missing", ":0"),
        ],
    );
}

#[test]
fn what_is_no_number_counts_as_zero() {
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            (
                "ZUNION 2 inf inf WEIGHTS 1 -1 WITHSCORES",
                "*6 $4 anna $1 0 $4 bert $1 0 $4 carl $1 0",
            ),
            (
                "ZUNION 1 inf WEIGHTS inf WITHSCORES",
                "*6 $4 bert $4 -inf $4 carl $1 0 $4 anna $3 inf",
            ),
            // Of 0 and no number, MAX takes the first.
            (
                "ZINTER 2 inf inf WEIGHTS 1 inf AGGREGATE MAX WITHSCORES",
                "*6 $4 bert $4 -inf $4 carl $1 0 $4 anna $3 inf",
            ),
            (
                "ZUNION 1 inf WEIGHTS -1 WITHSCORES",
                "*6 $4 anna $4 -inf $4 carl $2 -0 $4 bert $3 inf",
            ),
            ("ZUNIONSTORE d 1 inf WEIGHTS -1", ":3"),
            ("ZSCORE d carl", "$1 0"),
        ],
    );
}

#[test]
fn a_result_replaces_what_was_there() {
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("EXPIRE str 100", ":1"),
            ("ZUNIONSTORE str 2 a s", ":4"),
            ("TYPE str", "+zset"),
            ("TTL str", ":-1"),
            (
                "ZRANGE str 0 -1 WITHSCORES",
                "*8 $1 5 $1 1 $4 carl $1 1 $4 anna $1 2 $4 bert $1 3",
            ),
            ("OBJECT ENCODING str", "$8 listpack"),
            ("ZINTERSTORE a 2 a b", ":1"),
            ("ZRANGE a 0 -1 WITHSCORES", "*2 $4 bert $1 4"),
            ("ZDIFFSTORE a 2 a b", ":0"),
            ("EXISTS a", ":0"),
            ("ZDIFFSTORE a 2 a b", ":0"),
            ("CONFIG SET zset-max-listpack-entries 2", "+OK"),
            ("ZUNIONSTORE d 1 b", ":3"),
            ("OBJECT ENCODING d", "$8 skiplist"),
            ("ZUNIONSTORE d 1 n", ":2"),
            ("OBJECT ENCODING d", "$8 listpack"),
            ("CONFIG SET zset-max-listpack-value 3", "+OK"),
            ("ZINTERSTORE d 2 b s WEIGHTS 1 0.5", ":2"),
            ("OBJECT ENCODING d", "$8 skiplist"),
            ("ZRANGE d 0 -1 WITHSCORES", "*4 $1 5 $4 -1.5 $4 carl $3 5.5"),
        ],
    );
    let before = engine.stats.keys.dirty;
    run(&mut engine, id, &["ZUNIONSTORE", "d", "1", "b"]);
    assert_eq!(engine.stats.keys.dirty, before + 1);
    run(&mut engine, id, &["ZUNIONSTORE", "d", "1", "missing"]);
    assert_eq!(engine.stats.keys.dirty, before + 2);
    run(&mut engine, id, &["ZUNIONSTORE", "d", "1", "missing"]);
    assert_eq!(engine.stats.keys.dirty, before + 2);
}

#[test]
fn mistakes_are_found_in_the_order_of_redis() {
    const SYNTAX: &str = "-ERR syntax error";
    const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    const NO_INTEGER: &str = "-ERR value is not an integer or out of range";
    const NO_FLOAT: &str = "-ERR weight value is not a float";
    const NEGATIVE: &str = "-ERR LIMIT can't be negative";
    let (mut engine, id) = filled();
    transcript(
        &mut engine,
        id,
        &[
            ("ZUNION x a", NO_INTEGER),
            ("ZUNION 9223372036854775808 a", NO_INTEGER),
            (
                "ZUNION 0 a",
                "-ERR at least 1 input key is needed for 'zunion' command",
            ),
            (
                "ZINTERCARD -1 a",
                "-ERR at least 1 input key is needed for 'zintercard' command",
            ),
            (
                "ZUNIONSTORE d 0 a",
                "-ERR at least 1 input key is needed for 'zunionstore' command",
            ),
            ("ZUNION 2 a", SYNTAX),
            ("ZUNION 9223372036854775807 a", SYNTAX),
            ("ZUNION 2 a str WEIGHTS x x", WRONG_TYPE),
            ("ZINTERCARD 2 missing str LIMIT x", WRONG_TYPE),
            ("ZUNION 2 a b WEIGHTS 1", SYNTAX),
            ("ZUNION 2 a b WEIGHTS 1 x", NO_FLOAT),
            ("ZUNION 1 a WEIGHTS nan", NO_FLOAT),
            ("ZUNION 1 a AGGREGATE", SYNTAX),
            ("ZUNION 1 a AGGREGATE AVG", SYNTAX),
            ("ZUNION 1 a LIMIT 1", SYNTAX),
            ("ZUNIONSTORE d 1 a WITHSCORES", SYNTAX),
            ("ZINTERSTORE d 1 a WITHSCORES", SYNTAX),
            ("ZDIFF 1 a WEIGHTS 1", SYNTAX),
            ("ZDIFF 1 a AGGREGATE SUM", SYNTAX),
            ("ZDIFFSTORE d 1 a WITHSCORES", SYNTAX),
            ("ZINTERCARD 1 a WITHSCORES", SYNTAX),
            ("ZINTERCARD 1 a LIMIT", SYNTAX),
            ("ZINTERCARD 1 a LIMIT -1", NEGATIVE),
            ("ZINTERCARD 1 a LIMIT x", NEGATIVE),
        ],
    );
}

/// A sorted set, or a plain one, and its weight.
#[derive(Debug, Clone)]
struct Given {
    is_plain: bool,
    weight: f64,
    elements: BTreeMap<Vec<u8>, f64>,
}

impl Given {
    fn entry(&self, packing: &Packing) -> Entry {
        if self.is_plain {
            let mut entry = Entry::empty(b"key", Kind::Set);
            let mut set = entry.as_set_mut().expect("it is a set");
            for member in self.elements.keys() {
                set.insert(member, packing);
            }
            return entry;
        }
        let elements: Vec<Element> = self
            .elements
            .iter()
            .map(|(member, score)| (Item::of(member), *score))
            .collect();
        sorted_set(b"key", &elements, packing)
    }

    fn score(&self, member: &[u8]) -> Option<f64> {
        let score = *self.elements.get(member)?;
        Some(if self.is_plain { 1.0 } else { score } * self.weight)
    }
}

fn given() -> impl Strategy<Value = Given> {
    let member = prop_oneof![
        4 => (0..30u8).prop_map(|n| n.to_string().into_bytes()),
        1 => (b'a'..b'f').prop_map(|byte| vec![byte]),
    ];
    let score = prop_oneof![(-4..5i8).prop_map(f64::from), Just(f64::INFINITY)];
    let weight = prop_oneof![(-2..3i8).prop_map(f64::from), Just(f64::NEG_INFINITY)];
    let elements = prop::collection::btree_map(member, score, 0..25);
    (any::<bool>(), weight, elements).prop_map(|(is_plain, weight, elements)| Given {
        is_plain,
        weight,
        elements,
    })
}

/// What the text of this module says, member by member.
fn naive(operation: Operation, given: &[Given], aggregate: Aggregate) -> Vec<(Vec<u8>, f64)> {
    let mut given: Vec<&Given> = given.iter().collect();
    if operation != Operation::Difference {
        given.sort_by_key(|given| given.elements.len());
    }
    let mut members: Vec<&Vec<u8>> = given.iter().flat_map(|g| g.elements.keys()).collect();
    members.sort();
    members.dedup();
    let mut result = Vec::new();
    for member in members {
        let scores: Vec<f64> = given.iter().filter_map(|g| g.score(member)).collect();
        let is_in_first = given[0].elements.contains_key(member);
        let is_wanted = match operation {
            Operation::Union => true,
            Operation::Intersection => scores.len() == given.len(),
            Operation::Difference => is_in_first && scores.len() == 1,
        };
        let zeroed = |score: f64| if score.is_nan() { 0.0 } else { score };
        let combined = scores.into_iter().reduce(|a, b| {
            // Sums are the only place where a NaN that is not the first makes a difference.
            zeroed(match aggregate {
                Aggregate::Sum if operation == Operation::Union => zeroed(a) + zeroed(b),
                Aggregate::Sum => zeroed(a) + b,
                Aggregate::Min if operation == Operation::Union => zeroed(a).min(zeroed(b)),
                Aggregate::Min => zeroed(a).min(b),
                Aggregate::Max if operation == Operation::Union => zeroed(a).max(zeroed(b)),
                Aggregate::Max => zeroed(a).max(b),
            })
        });
        if is_wanted {
            let score = zeroed(combined.expect("it is in one of them"));
            result.push((member.clone(), score));
        }
    }
    result.sort_by(|a, b| a.1.partial_cmp(&b.1).expect("no NaN").then(a.0.cmp(&b.0)));
    result
}

proptest! {
    #[test]
    fn results_are_what_they_are_member_by_member(
        given in prop::collection::vec(given(), 1..5),
        operation in prop_oneof![
            Just(Operation::Union), Just(Operation::Intersection), Just(Operation::Difference),
        ],
        aggregate in prop_oneof![Just(Aggregate::Sum), Just(Aggregate::Min), Just(Aggregate::Max)],
        most_packed in 0..30usize,
    ) {
        let packing = Packing {
            zset_entries: most_packed, intset_entries: most_packed, ..Packing::default()
        };
        let mut given = given;
        if operation == Operation::Difference {
            given.iter_mut().for_each(|given| given.weight = 1.0);
        }
        let entries: Vec<Entry> = given.iter().map(|given| given.entry(&packing)).collect();
        let sources = entries.iter().map(|entry| match entry.as_zset().map(ZsetRef::is_empty) {
            Some(true) => Source::Missing,
            _ => Source::of(entry).expect("it is a set of some kind"),
        });
        let weights: Vec<f64> = given.iter().map(|given| given.weight).collect();
        let elements = operation.apply(operands(sources.collect(), &weights), aggregate);
        let wanted = naive(operation, &given, aggregate);
        let found: Vec<(Vec<u8>, f64)> = elements
            .iter()
            .map(|(member, score)| (member.to_vec(), *score))
            .collect();
        prop_assert_eq!(&found, &wanted);
        let stored = sorted_set(b"d", &elements, &packing);
        let stored = stored.as_zset().expect("it is a sorted set");
        prop_assert_eq!(matches!(stored, ZsetRef::Packed(_)), wanted.len() <= most_packed);
        let stored: Vec<(Vec<u8>, f64)> = stored
            .iter()
            .map(|(member, score)| (member.to_vec(), score))
            .collect();
        prop_assert_eq!(stored, wanted);
    }
}
