//! Reading a part of a sorted set: ZRANGE, and the older commands that each do one of the things that it
//! does.
//!
//! ```text
//!   ZRANGE key min max  BYSCORE | BYLEX   REV   LIMIT offset count   WITHSCORES
//!                       │                 │     │
//!                       ▼                 ▼     ▼
//!                       Span ──▶ ranks ──▶ from which end ──▶ fewer ranks ──▶ elements
//! ```
//!
//! ZRANGEBYSCORE is ZRANGE with the sorting said by its name, ZREVRANGE is ZRANGE with the direction
//! said, and so on: what a name says is no option any more.

use super::span::{By, Span};
use super::{Element, reply_elements};
use crate::command::collection::readable;
use crate::command::entry::{Command, DENY_OOM, Keys, READONLY, WRITE};
use crate::command::{Call, Done, Error, is_word};
use crate::engine::{Classes, Storing};
use crate::number::parse_i64;
use crate::resp::Request;
use crate::store::zset::Elements;
use crate::store::{Entry, Kind, Packing, ZsetRef};
use std::ops::Range;

const LIMIT_OF_RANKS: Error = Error::new(
    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
);
const SCORES_OF_STRINGS: Error =
    Error::new("ERR syntax error, WITHSCORES not supported in combination with BYLEX");

/// The commands that read a part of a set.
pub const COMMANDS: &[Command] = &[
    Command::new("ZRANGE", -4, zrange)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.2.0",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements returned.",
            "Reads a range of a sorted set: by rank, by score or by string",
        )
        .syntax(
            "key start stop [sortby=BYSCORE|BYLEX]#6.2.0 [REV]#6.2.0 [LIMIT \
             (offset_count=offset:integer count:integer)]#6.2.0 [WITHSCORES]",
        ),
    Command::new("ZRANGEBYLEX", -4, zrangebylex)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.8.9",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements being returned. If M is constant (e.g. always asking for the \
             first 10 elements with LIMIT), you can consider it O(log(N)).",
            "Reads the members of a sorted set that lie between two strings",
        )
        .deprecated("6.2.0", "`ZRANGE` with the `BYLEX` argument")
        .syntax("key min max [LIMIT (offset_count=offset:integer count:integer)]"),
    Command::new("ZRANGEBYSCORE", -4, zrangebyscore)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.0.5",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements being returned. If M is constant (e.g. always asking for the \
             first 10 elements with LIMIT), you can consider it O(log(N)).",
            "Reads the members of a sorted set whose scores lie in a range",
        )
        .deprecated("6.2.0", "`ZRANGE` with the `BYSCORE` argument")
        .syntax(
            "key min:double max:double [WITHSCORES]#2.0.0 [LIMIT \
             (offset_count=offset:integer count:integer)]",
        ),
    Command::new("ZRANGESTORE", -5, zrangestore)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update"), Keys::range("RO access", 2, 0, 1)])
        .doc(
            "6.2.0",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements stored into the destination key.",
            "Stores a range of one sorted set as another",
        )
        .syntax(
            "dst:key src:key@1 min max [sortby=BYSCORE|BYLEX] [REV] [LIMIT \
             (offset_count=offset:integer count:integer)]",
        ),
    Command::new("ZREVRANGE", -4, zrevrange)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "1.2.0",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements returned.",
            "Reads the members of a sorted set between two ranks, highest scores first",
        )
        .deprecated("6.2.0", "`ZRANGE` with the `REV` argument")
        .syntax("key start:integer stop:integer [WITHSCORES]"),
    Command::new("ZREVRANGEBYLEX", -4, zrevrangebylex)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.8.9",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements being returned. If M is constant (e.g. always asking for the \
             first 10 elements with LIMIT), you can consider it O(log(N)).",
            "Reads the members of a sorted set between two strings, last ones first",
        )
        .deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments")
        .syntax("key max min [LIMIT (offset_count=offset:integer count:integer)]"),
    Command::new("ZREVRANGEBYSCORE", -4, zrevrangebyscore)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "2.2.0",
            "O(log(N)+M) with N being the number of elements in the sorted set and M the \
             number of elements being returned. If M is constant (e.g. always asking for the \
             first 10 elements with LIMIT), you can consider it O(log(N)).",
            "Reads the members whose scores lie in a range, highest scores first",
        )
        .deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments")
        .syntax(
            "key max:double min:double [WITHSCORES] [LIMIT (offset_count=offset:integer \
             count:integer)]",
        ),
];

/// Which end a range is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// Lowest scores first.
    Forward,
    /// Highest scores first; then the higher bound is said first, too.
    Reverse,
}

/// What the name of a command says of a range; the rest is said by options.
#[derive(Debug, Clone, Copy)]
struct Spelling {
    by: Option<By>,
    direction: Option<Direction>,
    /// Where the key is; the bounds follow, then the options.
    key: usize,
    has_scores: bool,
}

/// A range as a request asks for it.
#[derive(Debug)]
struct Asked<'a> {
    span: Span<'a>,
    direction: Direction,
    /// How many elements are skipped, and how many are wanted; negative: none, and all.
    limit: (i64, i64),
    with_scores: bool,
}

/// The limit of who wants everything.
const NO_LIMIT: (i64, i64) = (0, -1);

impl Spelling {
    const fn new(by: Option<By>, direction: Option<Direction>) -> Spelling {
        Spelling {
            by,
            direction,
            key: 1,
            has_scores: true,
        }
    }
}

impl<'a> Asked<'a> {
    fn parse(args: &'a Request, spelling: Spelling) -> Result<Asked<'a>, Error> {
        let Spelling {
            mut by,
            mut direction,
            ..
        } = spelling;
        let mut limit = NO_LIMIT;
        let mut with_scores = false;
        let mut i = spelling.key + 3;
        while let Some(option) = args.get(i) {
            i += 1;
            if spelling.has_scores && is_word(option, "WITHSCORES") {
                with_scores = true;
            } else if is_word(option, "LIMIT") && i + 2 <= args.len() {
                let number = |i| parse_i64(args.arg(i)).ok_or(Error::NOT_AN_INTEGER);
                limit = (number(i)?, number(i + 1)?);
                i += 2;
            } else if direction.is_none() && is_word(option, "REV") {
                direction = Some(Direction::Reverse);
            } else if by.is_none() && is_word(option, "BYLEX") {
                by = Some(By::Lex);
            } else if by.is_none() && is_word(option, "BYSCORE") {
                by = Some(By::Score);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        let by = by.unwrap_or(By::Rank);
        let direction = direction.unwrap_or(Direction::Forward);
        if by == By::Rank && limit.1 != NO_LIMIT.1 {
            return Err(LIMIT_OF_RANKS);
        }
        if by == By::Lex && with_scores {
            return Err(SCORES_OF_STRINGS);
        }
        let (mut min, mut max) = (args.arg(spelling.key + 1), args.arg(spelling.key + 2));
        if by != By::Rank && direction == Direction::Reverse {
            (min, max) = (max, min);
        }
        Ok(Asked {
            span: Span::parse(by, min, max)?,
            direction,
            limit: if by == By::Rank { NO_LIMIT } else { limit },
            with_scores,
        })
    }

    /// The ranks that are asked for in a set.
    fn ranks(&self, set: ZsetRef) -> Range<usize> {
        match (self.span, self.direction) {
            (Span::Ranks(..), Direction::Reverse) => mirrored(self.span.ranks(set), set.len()),
            (_, Direction::Forward) => limited(self.span.ranks(set), self.limit),
            (_, Direction::Reverse) => {
                let len = set.len();
                let from_end = mirrored(self.span.ranks(set), len);
                mirrored(limited(from_end, self.limit), len)
            }
        }
    }
}

/// The same elements with their ranks counted from the other end of a set.
fn mirrored(ranks: Range<usize>, len: usize) -> Range<usize> {
    len - ranks.end..len - ranks.start
}

/// What LIMIT leaves of a range.
fn limited(ranks: Range<usize>, (offset, count): (i64, i64)) -> Range<usize> {
    let Ok(offset) = usize::try_from(offset) else {
        return ranks.start..ranks.start;
    };
    let start = ranks.start.saturating_add(offset).min(ranks.end);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    start..start.saturating_add(count).min(ranks.end)
}

/// Elements of consecutive ranks, in the direction in which they are wanted.
enum Found<'a> {
    Forward(Elements<'a>),
    Reverse(std::iter::Rev<Elements<'a>>),
}

impl<'a> Found<'a> {
    fn new(set: ZsetRef<'a>, asked: &Asked) -> Found<'a> {
        let elements = set.range(asked.ranks(set));
        match asked.direction {
            Direction::Forward => Found::Forward(elements),
            Direction::Reverse => Found::Reverse(elements.rev()),
        }
    }
}

impl<'a> Iterator for Found<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        match self {
            Found::Forward(elements) => elements.next(),
            Found::Reverse(elements) => elements.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Found::Forward(elements) => elements.size_hint(),
            Found::Reverse(elements) => elements.size_hint(),
        }
    }
}

impl ExactSizeIterator for Found<'_> {}

fn zrange(call: &mut Call) -> Done {
    read(call, Spelling::new(None, None))
}

fn zrangebyscore(call: &mut Call) -> Done {
    read(
        call,
        Spelling::new(Some(By::Score), Some(Direction::Forward)),
    )
}

fn zrangebylex(call: &mut Call) -> Done {
    read(call, Spelling::new(Some(By::Lex), Some(Direction::Forward)))
}

fn zrevrange(call: &mut Call) -> Done {
    read(
        call,
        Spelling::new(Some(By::Rank), Some(Direction::Reverse)),
    )
}

fn zrevrangebyscore(call: &mut Call) -> Done {
    read(
        call,
        Spelling::new(Some(By::Score), Some(Direction::Reverse)),
    )
}

fn zrevrangebylex(call: &mut Call) -> Done {
    read(call, Spelling::new(Some(By::Lex), Some(Direction::Reverse)))
}

fn read(call: &mut Call, spelling: Spelling) -> Done {
    let (args, mut db, reply) = call.parts();
    let asked = Asked::parse(args, spelling)?;
    match readable::<ZsetRef>(&mut db, args.arg(spelling.key))? {
        Some(set) => reply_elements(reply, Found::new(set, &asked), asked.with_scores),
        None => reply.array(0),
    }
    Ok(())
}

fn zrangestore(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let spelling = Spelling {
        key: 2,
        has_scores: false,
        ..Spelling::new(None, None)
    };
    let asked = Asked::parse(args, spelling)?;
    let packing = db.packing;
    let (destination, source) = (args.arg(1), args.arg(spelling.key));
    let set = readable::<ZsetRef>(&mut db, source)?;
    let part = set.map(|set| Found::new(set, &asked));
    let len = part.as_ref().map_or(0, ExactSizeIterator::len);
    let part = part.filter(|_| len > 0);
    let result = part.map(|part| entry_of(destination, part, &asked, packing));
    let storing = Storing {
        class: Classes::ZSET,
        name: "zrangestore",
        changes: 1,
        replies_first: true,
    };
    db.store_result(destination, result, storing);
    reply.integer(len as i64);
    Ok(())
}

/// An entry with these elements, added one by one as they come: it decides which of them are 0 and which
/// -0, if the set is large in the end. Redis knows beforehand how many there will be where they are
/// ranks, and not otherwise.
fn entry_of(key: &[u8], elements: Found, asked: &Asked, packing: &Packing) -> Entry {
    let mut entry = Entry::empty(key, Kind::Zset);
    let mut set = entry.as_zset_mut().expect("it was made as a sorted set");
    if let Span::Ranks(..) = asked.span {
        set.prepare_for(elements.len(), 0, packing);
    }
    for (member, score) in elements {
        member.with_bytes(|member| set.insert(member, score, packing));
    }
    entry
}
