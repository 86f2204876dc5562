//! What two right servers may answer differently about collections: the order of what has none, and chance.

use std::collections::BTreeSet;

use super::rules::{Pair, Rule, items, name, sorted, text};
use super::step::{Bytes, upper};
use crate::common::Value;

/// All of them, see [`super::rules`].
pub const RULES: &[Rule] = &[
    Rule {
        name: "all of a set or a hash: in any order, but of a listpack or an intset in its own",
        applies: |args| {
            matches!(
                name(args).as_str(),
                "SMEMBERS" | "HKEYS" | "HVALS" | "HGETALL"
            )
        },
        agree: same_members,
    },
    Rule {
        name: "SUNION, SINTER, SDIFF: in any order",
        applies: |args| matches!(name(args).as_str(), "SUNION" | "SINTER" | "SDIFF"),
        agree: |pair| sorted(pair.a).is_some() && sorted(pair.a) == sorted(pair.b),
    },
    Rule {
        name: "HSCAN, SSCAN, ZSCAN: the same at once in any order; packed, in its own order; else any page",
        applies: |args| matches!(name(args).as_str(), "HSCAN" | "SSCAN" | "ZSCAN"),
        agree: same_collection_page,
    },
    Rule {
        name: "SPOP and members at random: as many on both, each from what there was before",
        applies: is_drawn,
        agree: same_draw,
    },
    Rule {
        name: "SORT: what has no order, or the same place in it, in any order",
        applies: |args| matches!(name(args).as_str(), "SORT" | "SORT_RO"),
        agree: same_sorted,
    },
    Rule {
        name: "GEOSEARCH, GEORADIUS: unsorted in any order, COUNT ANY any places, sorted those at one distance",
        applies: |args| name(args) == "GEOSEARCH" || name(args).starts_with("GEORADIUS"),
        agree: same_places,
    },
];

/// Whether a request's reply follows from chance.
fn is_drawn(args: &[Bytes]) -> bool {
    matches!(
        name(args).as_str(),
        "SPOP" | "SRANDMEMBER" | "HRANDFIELD" | "ZRANDMEMBER"
    )
}

/// What OBJECT ENCODING says right after the request, when the step asks for it.
fn encoding<'a>(pair: &Pair<'a>) -> Option<&'a [u8]> {
    pair.next_b.and_then(text)
}

fn same_members(pair: &Pair) -> bool {
    if matches!(encoding(pair), Some(b"listpack" | b"intset")) {
        return false;
    }
    let same_kind = std::mem::discriminant(pair.a) == std::mem::discriminant(pair.b);
    let in_order = |value| {
        let mut all = match name(&pair.request.args).as_str() {
            "HGETALL" => entries(value, true)?,
            _ => entries(value, false)?,
        };
        all.sort();
        Some(all)
    };
    same_kind && in_order(pair.a).is_some() && in_order(pair.a) == in_order(pair.b)
}

fn same_collection_page(pair: &Pair) -> bool {
    let pairs = name(&pair.request.args) != "SSCAN";
    let page = |value| match items(value)? {
        [cursor, Value::Array(found)] => {
            let found = entries(&Value::Array(found.clone()), pairs)?;
            Some((
                text(cursor)?.to_vec(),
                found.into_iter().collect::<BTreeSet<_>>(),
            ))
        }
        _ => None,
    };
    let (Some(a), Some(b)) = (page(pair.a), page(pair.b)) else {
        return false;
    };
    match encoding(pair) {
        Some(b"hashtable" | b"skiplist") => true,
        Some(_) => false,
        None => a == b,
    }
}

/// Drawn on each side from what was there before; as many on both; the same one twice only where that was asked for.
/// What SPOP leaves is the rest.
fn same_draw(pair: &Pair) -> bool {
    let args = &pair.request.args;
    let with = |option: &str| (2..args.len()).any(|index| upper(args, index) == option);
    let pairs = with("WITHVALUES") || with("WITHSCORES");
    let count = args.get(2);
    let may_repeat = count.is_some_and(|count| count.starts_with(b"-"));
    let sets = ["SPOP", "SRANDMEMBER"].contains(&name(args).as_str());
    let drawn = |value: &Value| match count {
        Some(_) => entries(value, pairs),
        None => text(value).map(|one| vec![(Value::bulk(one), None)]),
    };
    let is_right = |value: &Value, before: Option<&Value>, next: Option<&Value>| {
        let drawn = drawn(value)?;
        let before = entries(before?, !sets)?;
        let holds = |one: &Entry| match pairs {
            true => before.contains(one),
            false => before.iter().any(|(member, _)| *member == one.0),
        };
        let unlike: BTreeSet<&Entry> = drawn.iter().collect();
        let mut right = drawn.iter().all(holds) && (may_repeat || unlike.len() == drawn.len());
        if name(args) == "SPOP" {
            let left = entries(next?, false)?;
            let rest: BTreeSet<&Entry> =
                before.iter().filter(|one| !unlike.contains(one)).collect();
            right &= left.len() == rest.len() && left.iter().collect::<BTreeSet<_>>() == rest;
        }
        right.then_some(drawn.len())
    };
    let a = is_right(pair.a, pair.before_a, pair.next_a);
    let b = is_right(pair.b, pair.before_b, pair.next_b);
    same_shape(pair.a, pair.b) && a.is_some() && a == b
}

/// Where elements are equal to the sort, or the set was not sorted at all, the order is the server's; after a LIMIT even
/// which of them are shown. The step asked for the key's type before.
fn same_sorted(pair: &Pair) -> bool {
    let args = &pair.request.args;
    let at = |option: &str| (2..args.len()).find(|index| upper(args, *index) == option);
    let by = at("BY").and_then(|index| args.get(index + 1));
    let is_set = pair
        .before_b
        .is_none_or(|kind| *kind == Value::simple("set"));
    let has_nul = |value| {
        let all = items(value).unwrap_or_default();
        all.iter().filter_map(text).any(|one| one.contains(&0))
    };
    let unordered = match by {
        Some(by) if by.contains(&b'*') => at("ALPHA").is_some(),
        Some(_) => is_set,
        // The oracle compares up to the first zero byte.
        None => at("ALPHA").is_some() && (has_nul(pair.a) || has_nul(pair.b)),
    };
    let shown = match at("LIMIT") {
        Some(_) => items(pair.a).map(<[Value]>::len) == items(pair.b).map(<[Value]>::len),
        None => sorted(pair.a).is_some() && sorted(pair.a) == sorted(pair.b),
    };
    unordered && shown
}

fn same_places(pair: &Pair) -> bool {
    let args = &pair.request.args;
    let with = |option: &str| (2..args.len()).any(|index| upper(args, index) == option);
    if with("ANY") {
        return same_shape(pair.a, pair.b);
    }
    let same = sorted(pair.a).is_some() && sorted(pair.a) == sorted(pair.b);
    if !["ASC", "DESC", "COUNT"].into_iter().any(with) {
        return same;
    }
    let distances = |value| -> Option<Vec<&Value>> {
        items(value)?
            .iter()
            .map(|place| items(place)?.get(1))
            .collect()
    };
    same && with("WITHDIST")
        && distances(pair.a).is_some()
        && distances(pair.a) == distances(pair.b)
}

/// A member, and its value or score.
type Entry = (Value, Option<Value>);

/// The elements of a list, set or map in order, in twos where `pairs` says so, be they nested or flat.
fn entries(value: &Value, pairs: bool) -> Option<Vec<Entry>> {
    let flat: Vec<Value> = match value {
        Value::Map(pairs) => pairs.iter().cloned().flat_map(|(k, v)| [k, v]).collect(),
        other => items(other)?
            .iter()
            .flat_map(|item| match item {
                Value::Array(two) => two.clone(),
                one => vec![one.clone()],
            })
            .collect(),
    };
    if !pairs {
        return Some(flat.into_iter().map(|one| (one, None)).collect());
    }
    let two = |two: &[Value]| Some((two.first()?.clone(), Some(two.get(1)?.clone())));
    flat.chunks(2).map(two).collect()
}

/// The same kind of reply, and of a list as many elements, each of the same kind.
pub fn same_shape(a: &Value, b: &Value) -> bool {
    let lists = match (a, b) {
        (Value::Map(a), Value::Map(b)) => return a.len() == b.len(),
        (Value::Error(_), Value::Error(_)) => return a == b,
        _ => items(a).zip(items(b)),
    };
    std::mem::discriminant(a) == std::mem::discriminant(b)
        && lists.is_none_or(|(a, b)| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_shape(a, b))
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::rules::agree;
    use super::super::step::{Request, words};
    use super::*;

    /// What each side said before, then, and after.
    type Side<'a> = [Option<&'a Value>; 3];

    fn judge_step(command: &str, a: Side, b: Side) -> bool {
        agree(&Pair {
            request: &Request::new(words(command)),
            a: a[1].expect("a reply"),
            b: b[1].expect("a reply"),
            before_a: a[0],
            before_b: b[0],
            next_a: a[2],
            next_b: b[2],
            lag: Duration::ZERO,
        })
    }

    fn judge(command: &str, a: &Value, b: &Value) -> bool {
        judge_step(command, [None, Some(a), None], [None, Some(b), None])
    }

    fn judge_then(command: &str, a: &Value, b: &Value, encoding: &str) -> bool {
        let encoding = Value::bulk(encoding);
        let side = |value| [None, Some(value), Some(&encoding)];
        judge_step(command, side(a), side(b))
    }

    fn list(line: &str) -> Value {
        Value::Array(words(line).iter().map(Value::bulk).collect())
    }

    #[test]
    fn members_may_be_in_any_order_where_the_encoding_has_none() {
        let [ab, ba, ac] = ["a b", "b a", "a c"].map(list);
        assert!(judge("SMEMBERS k", &ab, &ba) && judge("sunion k l", &ab, &ba));
        assert!(!judge("SMEMBERS k", &ab, &ac) && !judge("SUNION k l", &ab, &list("a a b")));
        assert!(!judge("LRANGE k 0 -1", &ab, &ba) && !judge("ZRANGE k 0 -1", &ab, &ba));
        assert!(judge_then("SMEMBERS k", &ab, &ba, "hashtable"));
        assert!(!judge_then("SMEMBERS k", &ab, &ba, "intset"));
        assert!(!judge_then("HVALS k", &ab, &ba, "listpack"));
        assert!(!judge(
            "SMEMBERS k",
            &Value::Set(Vec::new()),
            &Value::Array(Vec::new())
        ));
    }

    #[test]
    fn a_field_stays_with_its_value() {
        let [a, b, c] = ["f 1 g 2", "g 2 f 1", "g 1 f 2"].map(list);
        assert!(judge("HGETALL k", &a, &b) && !judge("HGETALL k", &a, &c));
        assert!(judge("HKEYS k", &a, &c));
        let map = |value: &Value| match entries(value, true) {
            Some(all) => Value::Map(all.into_iter().map(|(k, v)| (k, v.expect("two"))).collect()),
            None => panic!("not in twos"),
        };
        assert!(judge("HGETALL k", &map(&a), &map(&b)) && !judge("HGETALL k", &map(&a), &map(&c)));
    }

    #[test]
    fn a_page_is_compared_as_far_as_it_must_be_the_same() {
        let page = |cursor: &str, found| Value::Array(vec![Value::bulk(cursor), list(found)]);
        let [a, b] = [page("0", "f 1 g 2"), page("0", "g 2 f 1")];
        assert!(judge("HSCAN k 0", &a, &b) && !judge("HSCAN k 0", &a, &page("0", "g 1 f 2")));
        assert!(!judge("HSCAN k 0", &a, &page("8", "f 1 g 2")));
        assert!(!judge_then("HSCAN k 0", &a, &b, "listpack"));
        assert!(judge_then("HSCAN k 0", &a, &page("8", "x 1"), "hashtable"));
        assert!(!judge_then("HSCAN k 0", &a, &list("0 1"), "hashtable"));
    }

    #[test]
    fn what_is_drawn_was_there() {
        let all = list("a b c");
        let draw = |command: &str, a: &Value, b: &Value| {
            judge_step(
                command,
                [Some(&all), Some(a), None],
                [Some(&all), Some(b), None],
            )
        };
        assert!(draw("SRANDMEMBER k", &Value::bulk("a"), &Value::bulk("b")));
        assert!(!draw("SRANDMEMBER k", &Value::bulk("x"), &Value::bulk("b")));
        assert!(!draw("SRANDMEMBER k", &Value::Nil, &Value::bulk("b")));
        assert!(draw("SRANDMEMBER k 2", &list("a b"), &list("c a")));
        assert!(!draw("SRANDMEMBER k 2", &list("a"), &list("c a")));
        assert!(!draw("SRANDMEMBER k 2", &list("a a"), &list("c a")));
        assert!(draw("SRANDMEMBER k -2", &list("a a"), &list("c a")));
        let all = list("f 1 g 2");
        let draw = |command: &str, a: &Value, b: &Value| {
            judge_step(
                command,
                [Some(&all), Some(a), None],
                [Some(&all), Some(b), None],
            )
        };
        assert!(draw(
            "HRANDFIELD k 1 withvalues",
            &list("f 1"),
            &list("g 2")
        ));
        assert!(!draw(
            "HRANDFIELD k 1 WITHVALUES",
            &list("f 2"),
            &list("g 2")
        ));
        let nested = Value::Array(vec![list("g 2")]);
        assert!(!draw("HRANDFIELD k 1 WITHVALUES", &list("f 1"), &nested));
        assert!(draw("HRANDFIELD k 1", &list("f"), &list("g")));
        assert!(!draw("HRANDFIELD k 1", &list("1"), &list("g")));
    }

    #[test]
    fn what_is_popped_is_gone_and_nothing_else() {
        let all = list("a b c");
        let theirs = (list("c"), list("a b"));
        let pop = |popped: &str, left: &str| {
            let (popped, left) = (list(popped), list(left));
            let a = [Some(&all), Some(&popped), Some(&left)];
            judge_step(
                "SPOP k 1",
                a,
                [Some(&all), Some(&theirs.0), Some(&theirs.1)],
            )
        };
        assert!(pop("a", "b c"));
        assert!(!pop("a", "a b c") && !pop("a", "b") && !pop("a b", "c") && !pop("x", "a b c"));
    }

    #[test]
    fn only_what_sort_cannot_order_may_be_in_any_order() {
        let [ab, ba] = ["a b", "b a"].map(list);
        let after = |kind: &str, command: &str| {
            let kind = Value::simple(kind);
            judge_step(
                command,
                [Some(&kind), Some(&ab), None],
                [Some(&kind), Some(&ba), None],
            )
        };
        assert!(after("set", "SORT k BY nosort") && !after("list", "SORT k BY nosort"));
        assert!(
            !after("set", "SORT k")
                && !after("set", "SORT k ALPHA")
                && !after("set", "SORT k BY w_*")
        );
        assert!(after("list", "SORT k BY w_* ALPHA"));
        assert!(!judge("SORT k BY nosort", &ab, &list("a c")));
        assert!(judge("SORT k BY nosort LIMIT 0 2", &ab, &list("a c")));
        assert!(!judge("SORT k BY nosort LIMIT 0 2", &ab, &list("a")));
    }

    #[test]
    fn places_are_in_order_where_one_was_asked_for() {
        let [ab, ba, ac] = ["a b", "b a", "a c"].map(list);
        let search =
            |options: &str, a: &Value, b: &Value| judge(&format!("GEOSEARCH k {options}"), a, b);
        assert!(search("", &ab, &ba) && !search("", &ab, &ac));
        assert!(!search("ASC", &ab, &ba) && !search("COUNT 2", &ab, &ba));
        assert!(search("COUNT 2 ANY", &ab, &ac) && !search("COUNT 2 ANY", &ab, &list("a")));
        let places =
            |places: &[&str]| Value::Array(places.iter().map(|place| list(place)).collect());
        let [near, swapped] = [places(&["a 1", "b 1"]), places(&["b 1", "a 1"])];
        assert!(search("ASC WITHDIST", &near, &swapped) && !search("ASC", &near, &swapped));
        let [near, swapped] = [places(&["a 1", "b 2"]), places(&["b 2", "a 1"])];
        assert!(!search("ASC WITHDIST", &near, &swapped));
    }

    #[test]
    fn shapes_are_kinds_and_sizes() {
        assert!(same_shape(&list("a b"), &list("c d")) && !same_shape(&list("a"), &list("c d")));
        assert!(!same_shape(&Value::Nil, &Value::bulk("a")));
        assert!(!same_shape(&Value::error("ERR a"), &Value::error("ERR b")));
    }
}
