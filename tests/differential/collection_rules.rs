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
