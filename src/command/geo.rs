//! Places: a geospatial index is a sorted set whose scores are [geohashes](crate::geo).
//!
//! ```text
//!   GEOADD key 13.36 38.11 Palermo ──▶ Point ──▶ its score ──▶ the sorted set in key
//!   GEOPOS key Palermo             ◀── Point ◀── its score ◀──┘
//! ```
//!
//! There is no type beside: `ZREM` removes a place, `ZRANGE` lists them, and what ZADD has put there is a
//! place too, wherever its score says. What is near what is found by [`search`].

mod query;
pub mod search;

use super::collection::{existing, readable, writable};
use super::entry::{Command, DENY_OOM, Keys, READONLY, WRITE};
use super::{Call, Done, Error, is_word};
use crate::engine::Classes;
use crate::geo::{Point, Unit, distance_m};
use crate::number::{format_decimals, parse_f64};
use crate::resp::{Reply, Request};
use crate::store::{ZsetMut, ZsetRef};

const UNKNOWN_UNIT: Error = Error::new("ERR unsupported unit provided. please use M, KM, FT, MI");

/// The words of a place in GEOADD: longitude, latitude, member.
const WORDS_OF_A_PLACE: usize = 3;

/// The commands on geospatial indices that do not search.
pub const COMMANDS: &[Command] = &[
    Command::new("GEOADD", -5, geoadd)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("RW update")])
        .doc(
            "3.2.0",
            "O(log(N)) for each item added, where N is the number of elements in the sorted \
             set.",
            "Adds places, each with its coordinates, to a geospatial index",
        )
        .syntax(
            "key [condition=NX|XX]#6.2.0 [CH change:pure-token]#6.2.0 \
             (longitude_latitude_member=longitude:double latitude:double member) ...",
        ),
    Command::new("GEODIST", -4, geodist)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "3.2.0",
            "O(log(N))",
            "Measures the distance between two places of a geospatial index",
        )
        .syntax("key member1 member2 [unit=M|KM|FT|MI]"),
    Command::new("GEOHASH", -2, geohash)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "3.2.0",
            "O(log(N)) for each member requested, where N is the number of elements in the \
             sorted set.",
            "Writes the positions of places as geohash strings",
        )
        .syntax("key member ..."),
    Command::new("GEOPOS", -2, geopos)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "3.2.0",
            "O(N) where N is the number of members requested.",
            "Reads the coordinates of places in a geospatial index",
        )
        .syntax("key member ..."),
];

/// The place with the longitude in word `at` of a request, and the latitude in the one behind it.
fn point(args: &Request, at: usize) -> Result<Point, Error> {
    let coordinate = |at| parse_f64(args.arg(at)).ok_or(Error::NOT_A_FLOAT);
    let (longitude, latitude) = (coordinate(at)?, coordinate(at + 1)?);
    Point::new(longitude, latitude).ok_or_else(|| {
        Error::text(format!(
            "ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}"
        ))
    })
}

/// The unit that a word names.
fn unit(name: &[u8]) -> Result<Unit, Error> {
    let named = Unit::NAMES.iter().find(|(text, _)| is_word(name, text));
    named.map(|(_, unit)| *unit).ok_or(UNKNOWN_UNIT)
}

/// Where a member is.
fn place_of(zset: ZsetRef, member: &[u8]) -> Option<Point> {
    zset.score(member).map(Point::of_score)
}

/// Replies with a distance: in either protocol a string.
///
/// What is rounded is the distance times 10,000, which may already lie in the middle of two integers
/// where the distance itself lies just above or below: then it goes to the even one, as in Redis.
fn reply_distance(reply: &mut Reply, meters: f64, unit: Unit) {
    const PARTS: u64 = 10_000;
    let distance = meters / unit.meters();
    // Half the equator in feet has eight digits, and four more fit.
    let parts = (distance * PARTS as f64).round_ties_even() as u64;
    reply.bulk(format!("{}.{:04}", parts / PARTS, parts % PARTS).as_bytes());
}

fn reply_point(reply: &mut Reply, point: Point) {
    reply.array(2);
    reply.double_text(&format_decimals(point.longitude()));
    reply.double_text(&format_decimals(point.latitude()));
}

/// The options of GEOADD.
#[derive(Debug, Clone, Copy, Default)]
struct Adding {
    /// NX: only members that are not there.
    only_new: bool,
    /// XX: only members that are there.
    only_old: bool,
    /// CH: those that move count too.
    count_moved: bool,
}

impl Adding {
    /// Reads the options, and gives the position of the first word that is none.
    fn parse(args: &Request) -> (Adding, usize) {
        let mut adding = Adding::default();
        for at in 2..args.len() {
            let word = args.arg(at);
            if is_word(word, "NX") {
                adding.only_new = true;
            } else if is_word(word, "XX") {
                adding.only_old = true;
            } else if is_word(word, "CH") {
                adding.count_moved = true;
            } else {
                return (adding, at);
            }
        }
        (adding, args.len())
    }

    /// The score that a member gets, if any.
    fn decide(self, old: Option<f64>, new: f64) -> Option<f64> {
        let is_wanted = match old {
            None => !self.only_old,
            Some(_) => !self.only_new,
        };
        is_wanted.then_some(new)
    }
}

fn geoadd(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let (adding, first) = Adding::parse(args);
    let words = args.len() - first;
    if words == 0 || !words.is_multiple_of(WORDS_OF_A_PLACE) || adding.only_new && adding.only_old {
        return Err(Error::SYNTAX);
    }
    // All of them are checked before the first is added.
    let starts = (first..args.len()).step_by(WORDS_OF_A_PLACE);
    let scores: Vec<f64> = starts
        .clone()
        .map(|at| point(args, at).map(Point::score))
        .collect::<Result<_, Error>>()?;
    let key = args.arg(1);
    let packing = db.packing;
    let zset = if adding.only_old {
        existing::<ZsetMut>(&mut db, key)?
    } else {
        Some(writable::<ZsetMut>(&mut db, key)?)
    };
    let (mut added, mut moved) = (0, 0);
    if let Some(mut zset) = zset {
        for (at, score) in starts.zip(scores) {
            let old = zset.update(args.arg(at + 2), packing, |old| adding.decide(old, score));
            match old {
                None => added += usize::from(!adding.only_old),
                Some(old) => moved += usize::from(!adding.only_new && old != score),
            }
        }
    }
    db.replied();
    db.changes(added + moved, Classes::ZSET, "zadd", key);
    let counted = if adding.count_moved {
        added + moved
    } else {
        added
    };
    reply.integer(counted as i64);
    Ok(())
}

fn geodist(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let unit = match args.len() {
        4 => Unit::Meter,
        5 => unit(args.arg(4))?,
        _ => return Err(Error::SYNTAX),
    };
    let zset = readable::<ZsetRef>(&mut db, args.arg(1))?;
    let place = |at| zset.and_then(|zset| place_of(zset, args.arg(at)));
    match (place(2), place(3)) {
        (Some(a), Some(b)) => reply_distance(reply, distance_m(a, b), unit),
        _ => reply.null(),
    }
    Ok(())
}

fn geohash(call: &mut Call) -> Done {
    reply_each(call, |reply, place| match place {
        Some(place) => reply.bulk(&place.geohash()),
        None => reply.null(),
    })
}

fn geopos(call: &mut Call) -> Done {
    reply_each(call, |reply, place| match place {
        Some(place) => reply_point(reply, place),
        None => reply.null_array(),
    })
}

/// Replies with something about the place of every member that the request names.
fn reply_each(call: &mut Call, tell: fn(&mut Reply, Option<Point>)) -> Done {
    let (args, mut db, reply) = call.parts();
    let zset = readable::<ZsetRef>(&mut db, args.arg(1))?;
    reply.array(args.len() - 2);
    for member in args.iter().skip(2) {
        tell(reply, zset.and_then(|zset| place_of(zset, member)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
