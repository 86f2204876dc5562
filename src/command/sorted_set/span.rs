//! Which elements of a sorted set: those of some ranks, scores or strings.
//!
//! ```text
//!   words          Span                                       ranks in 1:a 2:b 2:c 7:d
//!   1 -1           Ranks      from one to another, -1 is the last        1..4
//!   (1 2           Scores     above 1, up to 2                           1..3
//!   -inf +inf      Scores     all                                        0..4
//!   [b (d          Members    from b on, below d                         1..3
//!   - +            Members    all                                        0..4
//! ```
//!
//! Whatever was said becomes a range of ranks, by two searches in the set at the most. Counting is
//! taking the difference then, and LIMIT is moving its ends: neither looks at an element.

use crate::command::collection::{existing, readable};
use crate::command::entry::{Command, FAST, Keys, READONLY, WRITE};
use crate::command::{Call, Done, Error};
use crate::engine::Classes;
use crate::number::{parse_f64_as_c, parse_i64};
use crate::store::zset::Side;
use crate::store::{ZsetMut, ZsetRef};
use std::ops::Range;

const NO_SCORE: Error = Error::new("ERR min or max is not a float");
const NO_MEMBER: Error = Error::new("ERR min or max not valid string range item");

/// The commands that count or remove a part of a set.
pub const COMMANDS: &[Command] = &[
    Command::new("ZCOUNT", 4, zcount)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.0.0",
            "O(log(N)) with N being the number of elements in the sorted set.",
            "Counts the members of a sorted set whose scores lie in a range",
        )
        .syntax("key min:double max:double"),
    Command::new("ZLEXCOUNT", 4, zlexcount)
        .flags(&[READONLY, FAST])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.8.9",
            "O(log(N)) with N being the number of elements in the sorted set.",
            "Counts the members of a sorted set that lie between two strings",
        )
        .syntax("key min max"),
    Command::new("ZREMRANGEBYLEX", 4, zremrangebylex)
        .flags(&[WRITE])
        .keys(&[Keys::one("RW delete")])
        .doc(
            "2.8.9",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements removed by the operation.",
            "Removes the members of a sorted set that lie between two strings",
        )
        .syntax("key min max"),
    Command::new("ZREMRANGEBYRANK", 4, zremrangebyrank)
        .flags(&[WRITE])
        .keys(&[Keys::one("RW delete")])
        .doc(
            "2.0.0",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements removed by the operation.",
            "Removes the members of a sorted set between two ranks",
        )
        .syntax("key start:integer stop:integer"),
    Command::new("ZREMRANGEBYSCORE", 4, zremrangebyscore)
        .flags(&[WRITE])
        .keys(&[Keys::one("RW delete")])
        .doc(
            "1.2.0",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements removed by the operation.",
            "Removes the members of a sorted set whose scores lie in a range",
        )
        .syntax("key min:double max:double"),
];

/// A part of a sorted set, as a client has said it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Span<'a> {
    /// From a rank to another; negative ones are counted from the end.
    Ranks(i64, i64),
    /// From a score to another.
    Scores(Bound<f64>, Bound<f64>),
    /// From a string to another, where all scores are equal.
    Members(LexBound<'a>, LexBound<'a>),
}

/// How the ends of a [`Span`] are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `0 -1`
    Rank,
    /// `(1 inf`
    Score,
    /// `[a +`
    Lex,
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound<T> {
    value: T,
    /// Whether what is equal to it lies outside.
    is_exclusive: bool,
}

/// An end of a range of strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// Before all strings.
    Lowest,
    /// At a string.
    At(Bound<&'a [u8]>),
    /// After all strings.
    Highest,
}

impl<T> Bound<T> {
    /// The side on which a range lies that begins here.
    fn side_of_start(&self) -> Side {
        if self.is_exclusive {
            Side::After
        } else {
            Side::Before
        }
    }

    /// The side on which a range lies that ends here.
    fn side_of_end(&self) -> Side {
        if self.is_exclusive {
            Side::Before
        } else {
            Side::After
        }
    }
}

impl<'a> Span<'a> {
    /// Reads the two ends of a span.
    ///
    /// # Errors
    /// Redis's, where one of them is none.
    pub fn parse(by: By, min: &'a [u8], max: &'a [u8]) -> Result<Span<'a>, Error> {
        Ok(match by {
            By::Rank => Span::Ranks(
                parse_i64(min).ok_or(Error::NOT_AN_INTEGER)?,
                parse_i64(max).ok_or(Error::NOT_AN_INTEGER)?,
            ),
            By::Score => Span::Scores(score_bound(min)?, score_bound(max)?),
            By::Lex => Span::Members(lex_bound(min)?, lex_bound(max)?),
        })
    }

    /// The ranks of its elements in a set. Neither end is beyond the last element, and the range is
    /// empty where the span ends before it begins.
    #[must_use]
    pub fn ranks(&self, set: ZsetRef) -> Range<usize> {
        let (start, end) = match self {
            Span::Ranks(first, last) => return ranks_between(*first, *last, set.len()),
            Span::Scores(min, max) => (
                set.rank_of_score(min.value, min.side_of_start()),
                set.rank_of_score(max.value, max.side_of_end()),
            ),
            Span::Members(min, max) => (
                min.rank(set, Bound::side_of_start),
                max.rank(set, Bound::side_of_end),
            ),
        };
        start..end.max(start)
    }
}

impl<'a> LexBound<'a> {
    /// The rank at which a range begins, or ends: `side` tells on which side of the bound it lies.
    fn rank(&self, set: ZsetRef, side: fn(&Bound<&'a [u8]>) -> Side) -> usize {
        match self {
            LexBound::Lowest => 0,
            LexBound::At(bound) => set.rank_of_member(bound.value, side(bound)),
            LexBound::Highest => set.len(),
        }
    }
}

/// Reads an end of a range of scores: `1.5`, `(1.5`, `-inf`.
fn score_bound(text: &[u8]) -> Result<Bound<f64>, Error> {
    let (digits, is_exclusive) = match text {
        [b'(', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    let value = parse_f64_as_c(digits).ok_or(NO_SCORE)?;
    Ok(Bound {
        value,
        is_exclusive,
    })
}

/// Reads an end of a range of strings: `[a`, `(a`, `-`, `+`. Redis compares the last two as C strings, so
/// that they may have a NUL and anything behind them.
fn lex_bound(text: &[u8]) -> Result<LexBound<'_>, Error> {
    let (value, is_exclusive) = match text {
        [b'-'] | [b'-', 0, ..] => return Ok(LexBound::Lowest),
        [b'+'] | [b'+', 0, ..] => return Ok(LexBound::Highest),
        [b'[', value @ ..] => (value, false),
        [b'(', value @ ..] => (value, true),
        _ => return Err(NO_MEMBER),
    };
    Ok(LexBound::At(Bound {
        value,
        is_exclusive,
    }))
}

/// The ranks from one to another, both included, in a set of some length.
fn ranks_between(first: i64, last: i64, len: usize) -> Range<usize> {
    // No set has more elements than an i64 can count.
    let signed = len as i64;
    let counted = |rank: i64| match rank {
        ..0 => rank.saturating_add(signed),
        _ => rank,
    };
    let start = counted(first).clamp(0, signed);
    let end = counted(last).saturating_add(1).clamp(start, signed);
    start as usize..end as usize
}

fn zcount(call: &mut Call) -> Done {
    count(call, By::Score)
}

fn zlexcount(call: &mut Call) -> Done {
    count(call, By::Lex)
}

fn count(call: &mut Call, by: By) -> Done {
    let (args, mut db, reply) = call.parts();
    let span = Span::parse(by, args.arg(2), args.arg(3))?;
    let set = readable::<ZsetRef>(&mut db, args.arg(1))?;
    let count = set.map_or(0, |set| span.ranks(set).len());
    reply.integer(count as i64);
    Ok(())
}

fn zremrangebyrank(call: &mut Call) -> Done {
    remove(call, By::Rank)
}

fn zremrangebyscore(call: &mut Call) -> Done {
    remove(call, By::Score)
}

fn zremrangebylex(call: &mut Call) -> Done {
    remove(call, By::Lex)
}

fn remove(call: &mut Call, by: By) -> Done {
    let (args, mut db, reply) = call.parts();
    let span = Span::parse(by, args.arg(2), args.arg(3))?;
    let key = args.arg(1);
    let event = match by {
        By::Rank => "zremrangebyrank",
        By::Score => "zremrangebyscore",
        By::Lex => "zremrangebylex",
    };
    let (mut removed, packing) = (0, db.packing);
    if let Some(mut set) = existing::<ZsetMut>(&mut db, key)? {
        let ranks = span.ranks(set.as_ref());
        removed = ranks.len();
        let is_all = removed == set.as_ref().len();
        if !is_all {
            let old = set.remove_ranks(ranks, packing);
            db.discard(old);
        }
        db.changes(removed, Classes::ZSET, event, key);
        if is_all {
            db.remove_empty(key);
        }
    }
    reply.integer(removed as i64);
    Ok(())
}
