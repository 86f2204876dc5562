//! Several sorted sets at once: what is in any, what they have in common, what one has and the others
//! have not.
//!
//! ```text
//!   ZUNION 2 a b WEIGHTS 2 1                                        a member in several operands:
//!
//!     a  (anna 1) (bert 3)   ── × 2 ──▶ (anna 2) (bert 6) ─┐          SUM  ▶ (bert 7)
//!                                                          ├──▶       MIN  ▶ (bert 1)
//!     b  (bert 1) (carl 5)   ── × 1 ──▶ (bert 1) (carl 5) ─┘          MAX  ▶ (bert 6)
//! ```
//!
//! An operand is a sorted set or a plain one, whose members all have the score 1; a missing key is an
//! empty one. The elements of a result are gathered first and put in order then, once: that takes less
//! than to keep a growing sorted set in order, and where the result is stored, it is built in order.
//!
//! Operands of a union or an intersection are gone through from the smallest to the largest. That is
//! less work for an intersection, and it can be seen in both: a sum of floating point numbers depends on
//! the order of its terms. `inf - inf` and `inf × 0` are no numbers; they count as 0, since a
//! score must have a place in the order.

use super::{Element, reply_elements};
use crate::command::count;
use crate::command::entry::{Command, DENY_OOM, Keys, READONLY, WRITE};
use crate::command::{Call, Done, Error, is_word};
use crate::engine::{Classes, Db, Storing};
use crate::number::{parse_f64, parse_i64};
use crate::resp::Request;
use crate::store::{Entry, Item, Kind, Packing, SetRef, ZsetRef};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

const NO_FLOAT: Error = Error::new("ERR weight value is not a float");
const NEGATIVE_LIMIT: Error = Error::new("ERR LIMIT can't be negative");

/// The commands on several sorted sets.
pub const COMMANDS: &[Command] = &[
    Command::new("ZDIFF", -3, zdiff)
        .flags(&[READONLY])
        .keys(&[Keys::counted("RO access", 1)])
        .doc(
            "6.2.0",
            "O(L + (N-K)log(N)) worst case where L is the total number of elements in all \
             the sets, N is the size of the first set, and K is the size of the result set.",
            "Finds the members of a sorted set that are in none of the others",
        )
        .syntax("numkeys:integer key ... [WITHSCORES]"),
    Command::new("ZDIFFSTORE", -4, zdiffstore)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update"), Keys::counted("RO access", 2)])
        .doc(
            "6.2.0",
            "O(L + (N-K)log(N)) worst case where L is the total number of elements in all \
             the sets, N is the size of the first set, and K is the size of the result set.",
            "Stores the members of a sorted set that are in none of the others",
        )
        .syntax("destination:key numkeys:integer key:key@1 ..."),
    Command::new("ZINTER", -3, zinter)
        .flags(&[READONLY])
        .keys(&[Keys::counted("RO access", 1)])
        .doc(
            "6.2.0",
            "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K \
             being the number of input sorted sets and M being the number of elements in the \
             resulting sorted set.",
            "Finds the members that several sorted sets have in common, scores combined",
        )
        .syntax(
            "numkeys:integer key ... [WEIGHTS weight:integer ...] [AGGREGATE \
             (aggregate=SUM|MIN|MAX)] [WITHSCORES]",
        ),
    Command::new("ZINTERCARD", -3, zintercard)
        .flags(&[READONLY])
        .keys(&[Keys::counted("RO access", 1)])
        .doc(
            "7.0.0",
            "O(N*K) worst case with N being the smallest input sorted set, K being the \
             number of input sorted sets.",
            "Counts the members that several sorted sets have in common",
        )
        .syntax("numkeys:integer key ... [LIMIT limit:integer]"),
    Command::new("ZINTERSTORE", -4, zinterstore)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update"), Keys::counted("RO access", 2)])
        .doc(
            "2.0.0",
            "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K \
             being the number of input sorted sets and M being the number of elements in the \
             resulting sorted set.",
            "Stores the members that several sorted sets have in common, scores combined",
        )
        .syntax(
            "destination:key numkeys:integer key:key@1 ... [WEIGHTS weight:integer ...] \
             [AGGREGATE (aggregate=SUM|MIN|MAX)]",
        ),
    Command::new("ZUNION", -3, zunion)
        .flags(&[READONLY])
        .keys(&[Keys::counted("RO access", 1)])
        .doc(
            "6.2.0",
            "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, \
             and M being the number of elements in the resulting sorted set.",
            "Finds the members of any of several sorted sets, scores combined",
        )
        .syntax(
            "numkeys:integer key ... [WEIGHTS weight:integer ...] [AGGREGATE \
             (aggregate=SUM|MIN|MAX)] [WITHSCORES]",
        ),
    Command::new("ZUNIONSTORE", -4, zunionstore)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update"), Keys::counted("RO access", 2)])
        .doc(
            "2.0.0",
            "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, \
             and M being the number of elements in the resulting sorted set.",
            "Stores the members of any of several sorted sets, scores combined",
        )
        .syntax(
            "destination:key numkeys:integer key:key@1 ... [WEIGHTS weight:integer ...] \
             [AGGREGATE (aggregate=SUM|MIN|MAX)]",
        ),
];

/// A sorted set, or a plain one.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Sorted(ZsetRef<'a>),
    Plain(SetRef<'a>),
    Missing,
}

/// The score of the members of a plain set.
const PLAIN_SCORE: f64 = 1.0;

impl<'a> Source<'a> {
    fn of(entry: &'a Entry) -> Result<Source<'a>, Error> {
        let sorted = entry.as_zset().map(Source::Sorted);
        let source = sorted.or_else(|| entry.as_set().map(Source::Plain));
        source.ok_or(Error::WRONG_TYPE)
    }

    fn len(self) -> usize {
        match self {
            Source::Sorted(set) => set.len(),
            Source::Plain(set) => set.len(),
            Source::Missing => 0,
        }
    }

    /// Every element. A member that reads as an integer is one, in whatever form its set is kept:
    /// so members are equal where their items are.
    fn elements(self) -> impl Iterator<Item = Element<'a>> {
        let (sorted, plain) = match self {
            Source::Sorted(set) => (Some(set), None),
            Source::Plain(set) => (None, Some(set)),
            Source::Missing => (None, None),
        };
        let plain = plain.into_iter().flat_map(SetRef::iter);
        let elements = sorted.into_iter().flat_map(ZsetRef::iter);
        let elements = elements.chain(plain.map(|member| (member, PLAIN_SCORE)));
        elements.map(|(member, score)| match member {
            Item::Bytes(bytes) => (Item::of(bytes), score),
            Item::Int(_) => (member, score),
        })
    }

    fn score(self, member: Item) -> Option<f64> {
        match self {
            Source::Sorted(set) => member.with_bytes(|member| set.score(member)),
            Source::Plain(set) => set.contains_item(member).then_some(PLAIN_SCORE),
            Source::Missing => None,
        }
    }
}

/// A source and what its scores are multiplied by.
#[derive(Debug, Clone, Copy)]
struct Operand<'a> {
    source: Source<'a>,
    weight: f64,
}

impl<'a> Operand<'a> {
    /// Every element with its weighted score.
    fn elements(self) -> impl Iterator<Item = Element<'a>> {
        let weighted = move |(member, score): Element<'a>| (member, number(score * self.weight));
        self.source.elements().map(weighted)
    }

    /// A member's weighted score, which may be no number.
    fn score(self, member: Item) -> Option<f64> {
        Some(self.source.score(member)? * self.weight)
    }
}

/// 0 for what is no number.
fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// How the scores of a member that is in several operands become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn parse(word: &[u8]) -> Result<Aggregate, Error> {
        let words = [
            ("SUM", Aggregate::Sum),
            ("MIN", Aggregate::Min),
            ("MAX", Aggregate::Max),
        ];
        let found = words.iter().find(|(name, _)| is_word(word, name));
        found.map(|&(_, aggregate)| aggregate).ok_or(Error::SYNTAX)
    }

    /// One score of two. The first is a number; where the second is none, MIN and MAX leave the
    /// first.
    fn of(self, first: f64, second: f64) -> f64 {
        match self {
            Aggregate::Sum => number(first + second),
            Aggregate::Min if second < first => second,
            Aggregate::Max if second > first => second,
            Aggregate::Min | Aggregate::Max => first,
        }
    }
}

/// What is made of the operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

impl Operation {
    /// What Redis calls it when its result is stored.
    fn stored(self) -> &'static str {
        match self {
            Operation::Union => "zunionstore",
            Operation::Intersection => "zinterstore",
            Operation::Difference => "zdiffstore",
        }
    }
}

/// What a command has behind its keys.
#[derive(Debug, Clone, PartialEq)]
struct Options {
    /// One for each key, or none at all: then each is 1.
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
    limit: usize,
}

/// Which options a command has.
#[derive(Debug, Clone, Copy)]
struct Allowed {
    /// WEIGHTS and AGGREGATE.
    scores: bool,
    /// WITHSCORES.
    with_scores: bool,
    /// LIMIT.
    limit: bool,
}

impl Options {
    /// Reads the options from argument `at` on, of a command with so many keys.
    fn parse(
        args: &Request,
        mut at: usize,
        keys: usize,
        allowed: Allowed,
    ) -> Result<Options, Error> {
        let mut options = Options {
            weights: Vec::new(),
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: usize::MAX,
        };
        while let Some(word) = args.get(at) {
            let values = args.len() - at - 1;
            if allowed.scores && values >= keys && is_word(word, "WEIGHTS") {
                options.weights = weights(args, at + 1..at + 1 + keys)?;
                at += keys;
            } else if allowed.scores && values >= 1 && is_word(word, "AGGREGATE") {
                options.aggregate = Aggregate::parse(args.arg(at + 1))?;
                at += 1;
            } else if allowed.with_scores && is_word(word, "WITHSCORES") {
                options.with_scores = true;
            } else if allowed.limit && values >= 1 && is_word(word, "LIMIT") {
                options.limit = count::limit(args.arg(at + 1)).ok_or(NEGATIVE_LIMIT)?;
                at += 1;
            } else {
                return Err(Error::SYNTAX);
            }
            at += 1;
        }
        Ok(options)
    }
}

fn weights(args: &Request, places: Range<usize>) -> Result<Vec<f64>, Error> {
    places
        .map(|place| parse_f64(args.arg(place)).ok_or(NO_FLOAT))
        .collect()
}

/// The positions of the keys of `numkeys key ...`, where `numkeys` is argument `at`.
fn counted_keys(call: &Call, at: usize) -> Result<Range<usize>, Error> {
    let count = parse_i64(call.args.arg(at)).ok_or(Error::NOT_AN_INTEGER)?;
    if count < 1 {
        let name = call.command.name.to_ascii_lowercase();
        return Err(Error::text(format!(
            "ERR at least 1 input key is needed for '{name}' command"
        )));
    }
    let first = at + 1;
    let count = usize::try_from(count).ok();
    let count = count.filter(|&count| count <= call.args.len() - first);
    let count = count.ok_or(Error::SYNTAX)?;
    Ok(first..first + count)
}

/// The sets of the keys at these positions, side by side.
fn sources<'d>(
    db: &'d mut Db,
    args: &Request,
    keys: Range<usize>,
) -> Result<Vec<Source<'d>>, Error> {
    for key in keys.clone() {
        db.read(args.arg(key)).map(Source::of).transpose()?;
    }
    let keyspace = db.keyspace();
    keys.map(|key| match keyspace.peek(args.arg(key)) {
        Some(entry) => Source::of(entry),
        None => Ok(Source::Missing),
    })
    .collect()
}

/// The operands of a command: its sources with their weights.
fn operands<'a>(sources: Vec<Source<'a>>, weights: &[f64]) -> Vec<Operand<'a>> {
    let weights = weights.iter().copied().chain(std::iter::repeat(1.0));
    let weighted = sources.into_iter().zip(weights);
    weighted
        .map(|(source, weight)| Operand { source, weight })
        .collect()
}

impl Operation {
    /// The elements of the result, in their order.
    fn apply<'a>(self, mut operands: Vec<Operand<'a>>, aggregate: Aggregate) -> Vec<Element<'a>> {
        if self != Operation::Difference {
            operands.sort_by_key(|operand| operand.source.len());
        }
        let mut elements: Vec<Element> = match self {
            Operation::Union => union(&operands, aggregate),
            Operation::Intersection => common(&operands, aggregate).collect(),
            Operation::Difference => only_in_first(&operands).collect(),
        };
        elements.sort_unstable_by(in_order);
        elements
    }
}

/// By score, and where that is the same, by member.
fn in_order((a, a_score): &Element, (b, b_score): &Element) -> Ordering {
    let by_score = a_score.partial_cmp(b_score);
    let by_score = by_score.expect("what is no number has become 0");
    by_score.then_with(|| b.with_bytes(|b| a.cmp_bytes(b)))
}

/// Every member of the operands.
fn union<'a>(operands: &[Operand<'a>], aggregate: Aggregate) -> Vec<Element<'a>> {
    // They come from the smallest to the largest, and there are at least as many members.
    let least = operands.last().map_or(0, |operand| operand.source.len());
    let mut scores: HashMap<Item, f64> = HashMap::with_capacity(least);
    for (member, score) in operands.iter().flat_map(|operand| operand.elements()) {
        let combine = |old: &mut f64| *old = aggregate.of(*old, score);
        scores.entry(member).and_modify(combine).or_insert(score);
    }
    scores.into_iter().collect()
}

/// The members that all operands have.
fn common<'a>(operands: &[Operand<'a>], aggregate: Aggregate) -> impl Iterator<Item = Element<'a>> {
    let (first, others) = operands.split_at(operands.len().min(1));
    let elements = first.iter().flat_map(|operand| operand.elements());
    elements.filter_map(move |(member, score)| {
        let mut others = others.iter();
        let combined = others.try_fold(score, |score, other| {
            Some(aggregate.of(score, other.score(member)?))
        });
        Some((member, combined?))
    })
}

/// The elements of the first operand whose members no other has.
fn only_in_first<'a>(operands: &[Operand<'a>]) -> impl Iterator<Item = Element<'a>> {
    let (first, others) = operands.split_at(operands.len().min(1));
    let elements = first.iter().flat_map(|operand| operand.elements());
    elements.filter(|(member, _)| {
        let mut others = others.iter();
        !others.any(|other| other.score(*member).is_some())
    })
}

fn zunion(call: &mut Call) -> Done {
    reply_with(call, Operation::Union)
}

fn zinter(call: &mut Call) -> Done {
    reply_with(call, Operation::Intersection)
}

fn zdiff(call: &mut Call) -> Done {
    reply_with(call, Operation::Difference)
}

fn zunionstore(call: &mut Call) -> Done {
    store(call, Operation::Union)
}

fn zinterstore(call: &mut Call) -> Done {
    store(call, Operation::Intersection)
}

fn zdiffstore(call: &mut Call) -> Done {
    store(call, Operation::Difference)
}

/// `ZUNION numkeys key ...` and its like.
fn reply_with(call: &mut Call, operation: Operation) -> Done {
    let keys = counted_keys(call, 1)?;
    let allowed = Allowed {
        scores: operation != Operation::Difference,
        with_scores: true,
        limit: false,
    };
    let (args, mut db, reply) = call.parts();
    let sources = sources(&mut db, args, keys.clone())?;
    let options = Options::parse(args, keys.end, keys.len(), allowed)?;
    let operands = operands(sources, &options.weights);
    let elements = operation.apply(operands, options.aggregate);
    reply_elements(reply, elements.into_iter(), options.with_scores);
    Ok(())
}

/// `ZUNIONSTORE destination numkeys key ...` and its like.
fn store(call: &mut Call, operation: Operation) -> Done {
    let keys = counted_keys(call, 2)?;
    let allowed = Allowed {
        scores: operation != Operation::Difference,
        with_scores: false,
        limit: false,
    };
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let sources = sources(&mut db, args, keys.clone())?;
    let options = Options::parse(args, keys.end, keys.len(), allowed)?;
    let operands = operands(sources, &options.weights);
    let elements = operation.apply(operands, options.aggregate);
    let len = elements.len();
    let key = args.arg(1);
    let result = (len > 0).then(|| sorted_set(key, &elements, packing));
    let storing = Storing {
        class: Classes::ZSET,
        name: operation.stored(),
        changes: 1,
        replies_first: true,
    };
    db.store_result(key, result, storing);
    reply.integer(len as i64);
    Ok(())
}

/// A sorted set of these elements under a key.
fn sorted_set(key: &[u8], elements: &[Element], packing: &Packing) -> Entry {
    let mut entry = Entry::empty(key, Kind::Zset);
    let mut set = entry.as_zset_mut().expect("it was made as a sorted set");
    let longest = elements.iter().map(|(member, _)| member.len()).max();
    set.prepare_for(elements.len(), longest.unwrap_or(0), packing);
    for (member, score) in elements {
        member.with_bytes(|member| set.insert(member, *score, packing));
    }
    entry
}

fn zintercard(call: &mut Call) -> Done {
    let keys = counted_keys(call, 1)?;
    let allowed = Allowed {
        scores: false,
        with_scores: false,
        limit: true,
    };
    let (args, mut db, reply) = call.parts();
    let sources = sources(&mut db, args, keys.clone())?;
    let options = Options::parse(args, keys.end, keys.len(), allowed)?;
    let mut operands = operands(sources, &options.weights);
    operands.sort_by_key(|operand| operand.source.len());
    let counted = common(&operands, options.aggregate).take(options.limit);
    reply.integer(counted.count() as i64);
    Ok(())
}

#[cfg(test)]
mod tests;
