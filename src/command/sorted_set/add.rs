//! ZADD and ZINCRBY: giving members their scores.

use super::reply_score;
use crate::command::collection::{existing, writable};
use crate::command::entry::{Command, DENY_OOM, FAST, Keys, WRITE};
use crate::command::{Call, Done, Error, is_word};
use crate::engine::Classes;
use crate::number::parse_f64;
use crate::resp::Request;
use crate::store::ZsetMut;

const NX_AND_XX: Error = Error::new("ERR XX and NX options at the same time are not compatible");
const GT_LT_AND_NX: Error =
    Error::new("ERR GT, LT, and/or NX options at the same time are not compatible");
const ONE_INCREMENT: Error = Error::new("ERR INCR option supports a single increment-element pair");
const NOT_A_NUMBER: Error = Error::new("ERR resulting score is not a number (NaN)");

/// The commands that give scores.
pub const COMMANDS: &[Command] = &[
    Command::new("ZADD", -4, zadd)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW update")])
        .doc(
            "1.2.0",
            "O(log(N)) for each item added, where N is the number of elements in the sorted \
             set.",
            "Adds members with their scores to a sorted set, or changes their scores",
        )
        .syntax(
            "key [condition=NX|XX]#3.0.2 [comparison=GT|LT]#6.2.0 [CH \
             change:pure-token]#3.0.2 [INCR increment:pure-token]#3.0.2 \
             (score_member=score:double member) ...",
        ),
    Command::new("ZINCRBY", 4, zincrby)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW access update")])
        .doc(
            "1.2.0",
            "O(log(N)) where N is the number of elements in the sorted set.",
            "Adds a number to the score of a member of a sorted set",
        )
        .syntax("key increment:integer member"),
];

/// The options of ZADD.
#[derive(Debug, Clone, Copy, Default)]
struct Options {
    /// Only members that are not there yet.
    nx: bool,
    /// Only members that are there already.
    xx: bool,
    /// A member that is there gets only a greater score.
    gt: bool,
    /// A member that is there gets only a lower score.
    lt: bool,
    /// Those with another score count like those that are new.
    ch: bool,
    /// The score is added to the one that the member has.
    incr: bool,
}

impl Options {
    /// Reads the options of ZADD, up to the first word that is none. Gives its position, too.
    fn parse(args: &Request) -> (Options, usize) {
        let mut options = Options::default();
        for (i, word) in args.iter().enumerate().skip(2) {
            let Some(option) = options.option(word) else {
                return (options, i);
            };
            *option = true;
        }
        (options, args.len())
    }

    fn option(&mut self, word: &[u8]) -> Option<&mut bool> {
        let options = [
            ("NX", &mut self.nx),
            ("XX", &mut self.xx),
            ("GT", &mut self.gt),
            ("LT", &mut self.lt),
            ("CH", &mut self.ch),
            ("INCR", &mut self.incr),
        ];
        let mut options = options.into_iter();
        options
            .find(|(name, _)| is_word(word, name))
            .map(|(_, option)| option)
    }

    /// Checks that they fit together, and with so many pairs of a score and a member.
    fn check(self, pairs: usize) -> Result<(), Error> {
        match self {
            Options {
                nx: true, xx: true, ..
            } => Err(NX_AND_XX),
            Options {
                gt: true, nx: true, ..
            }
            | Options {
                lt: true, nx: true, ..
            }
            | Options {
                gt: true, lt: true, ..
            } => Err(GT_LT_AND_NX),
            Options { incr: true, .. } if pairs > 1 => Err(ONE_INCREMENT),
            _ => Ok(()),
        }
    }

    /// The score that a member gets which has an `old` one and is given another; `None` where it is
    /// to keep what it has. NaN where that is the sum.
    fn decide(self, old: Option<f64>, given: f64) -> Option<f64> {
        let Some(old) = old else {
            return (!self.xx).then_some(given);
        };
        if self.nx {
            return None;
        }
        let score = if self.incr { old + given } else { given };
        let is_refused = (self.gt && score <= old) || (self.lt && score >= old);
        (!is_refused).then_some(score)
    }
}

fn zadd(call: &mut Call) -> Done {
    let (options, first) = Options::parse(&call.args);
    add(call, options, first)
}

fn zincrby(call: &mut Call) -> Done {
    let options = Options {
        incr: true,
        ..Options::default()
    };
    add(call, options, 2)
}

/// Gives members the scores before them, from argument `first` on.
fn add(call: &mut Call, options: Options, first: usize) -> Done {
    let (args, mut db, reply) = call.parts();
    let words = args.len() - first;
    if words == 0 || !words.is_multiple_of(2) {
        return Err(Error::SYNTAX);
    }
    options.check(words / 2)?;
    // All of them are read before the first is given to anybody.
    let scores = (first..args.len())
        .step_by(2)
        .map(|i| parse_f64(args.arg(i)));
    let scores: Vec<f64> = scores.collect::<Option<_>>().ok_or(Error::NOT_A_FLOAT)?;
    let key = args.arg(1);
    let packing = db.packing;
    let set = if options.xx {
        existing::<ZsetMut>(&mut db, key)?
    } else {
        Some(writable::<ZsetMut>(&mut db, key)?)
    };
    let (mut added, mut changed) = (0, 0);
    let mut last = None;
    if let Some(mut set) = set {
        for (member, given) in (first + 1..).step_by(2).zip(scores) {
            let old = set.update(args.arg(member), packing, |old| {
                last = options.decide(old, given);
                last.filter(|score| !score.is_nan())
            });
            match last {
                Some(score) if score.is_nan() => return Err(NOT_A_NUMBER),
                Some(_) if old.is_none() => added += 1,
                Some(score) if old != Some(score) => changed += 1,
                _ => {}
            }
        }
    }
    let event = if options.incr { "zincr" } else { "zadd" };
    db.replied();
    db.changes(added + changed, Classes::ZSET, event, key);
    if options.incr {
        reply_score(reply, last);
    } else if options.ch {
        reply.integer((added + changed) as i64);
    } else {
        reply.integer(added as i64);
    }
    Ok(())
}
