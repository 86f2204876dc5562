//! GEOSEARCH and its elders: what lies in a circle or a box.
//!
//! ```text
//!   Query ──▶ Area ──▶ ranges of scores ──▶ places within ──▶ by distance ──▶ the first COUNT ──▶ reply
//!                                                                                             └──▶ STORE
//! ```
//!
//! The six commands are one: what differs is which words a [`Query`] takes, and where they begin.

use super::query::{Query, Store, Told, Variant};
use super::{reply_distance, reply_point};
use crate::command::collection::readable;
use crate::command::entry::{Command, DENY_OOM, Keys, READONLY, WRITE};
use crate::command::{Call, Done, reply_item};
use crate::engine::{Classes, Storing};
use crate::geo::{Area, Point, Unit};
use crate::resp::Reply;
use crate::store::{Entry, Item, Kind, Packing, Side, ZsetRef};

/// The commands on geospatial indices that search.
pub const COMMANDS: &[Command] = &[
    Command::new("GEORADIUS", -6, georadius)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[
            Keys::one("RO access"),
            Keys::behind("OW update", "STORE", 6),
            Keys::behind("OW update", "STOREDIST", 6),
        ])
        .doc(
            "3.2.0",
            "O(N+log(M)) where N is the number of elements inside the bounding box of the \
             circular area delimited by center and radius and M is the number of items \
             inside the index.",
            "Finds the places within a distance of a point, and may store them",
        )
        .deprecated(
            "6.2.0",
            "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
        )
        .syntax(
            "key longitude:double latitude:double radius:double (unit=M|KM|FT|MI) \
             [WITHCOORD] [WITHDIST] [WITHHASH] [count=COUNT count:integer [ANY]#6.2.0] \
             [order=ASC|DESC] [STORE key:key@1] [STOREDIST key:key@2]",
        ),
    Command::new("GEORADIUSBYMEMBER", -5, georadiusbymember)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[
            Keys::one("RO access"),
            Keys::behind("OW update", "STORE", 5),
            Keys::behind("OW update", "STOREDIST", 5),
        ])
        .doc(
            "3.2.0",
            "O(N+log(M)) where N is the number of elements inside the bounding box of the \
             circular area delimited by center and radius and M is the number of items \
             inside the index.",
            "Finds the places within a distance of another one, and may store them",
        )
        .deprecated(
            "6.2.0",
            "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
        )
        .syntax(
            "key member radius:double (unit=M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] \
             [count=COUNT count:integer [ANY]] [order=ASC|DESC] [STORE key:key@1] [STOREDIST \
             key:key@2]",
        ),
    Command::new("GEORADIUSBYMEMBER_RO", -5, georadiusbymember_ro)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "3.2.10",
            "O(N+log(M)) where N is the number of elements inside the bounding box of the \
             circular area delimited by center and radius and M is the number of items \
             inside the index.",
            "Finds the places within a distance of another one, and stores nothing",
        )
        .deprecated(
            "6.2.0",
            "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
        )
        .syntax(
            "key member radius:double (unit=M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] \
             [count=COUNT count:integer [ANY]] [order=ASC|DESC]",
        ),
    Command::new("GEORADIUS_RO", -6, georadius_ro)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "3.2.10",
            "O(N+log(M)) where N is the number of elements inside the bounding box of the \
             circular area delimited by center and radius and M is the number of items \
             inside the index.",
            "Finds the places within a distance of a point, and stores nothing",
        )
        .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument")
        .syntax(
            "key longitude:double latitude:double radius:double (unit=M|KM|FT|MI) \
             [WITHCOORD] [WITHDIST] [WITHHASH] [count=COUNT count:integer [ANY]#6.2.0] \
             [order=ASC|DESC]",
        ),
    Command::new("GEOSEARCH", -7, geosearch)
        .flags(&[READONLY])
        .keys(&[Keys::one("RO access")])
        .doc(
            "6.2.0",
            "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box \
             area around the shape provided as the filter and M is the number of items \
             inside the shape",
            "Finds the places of a geospatial index in a circle or a box",
        )
        .syntax(
            "key (from=FROMMEMBER member|FROMLONLAT (longitude_latitude=longitude:double \
             latitude:double)) (by=(circle=BYRADIUS radius:double \
             (unit=M|KM|FT|MI))|(box=BYBOX width:double height:double (unit=M|KM|FT|MI))) \
             [order=ASC|DESC] [count=COUNT count:integer [ANY]] [WITHCOORD] [WITHDIST] \
             [WITHHASH]",
        ),
    Command::new("GEOSEARCHSTORE", -8, geosearchstore)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[Keys::one("OW update"), Keys::range("RO access", 2, 0, 1)])
        .doc(
            "6.2.0",
            "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box \
             area around the shape provided as the filter and M is the number of items \
             inside the shape",
            "Stores the places of a geospatial index that are in a circle or a box",
        )
        .syntax(
            "destination:key source:key@1 (from=FROMMEMBER member|FROMLONLAT \
             (longitude_latitude=longitude:double latitude:double)) (by=(circle=BYRADIUS \
             radius:double (unit=M|KM|FT|MI))|(box=BYBOX width:double height:double \
             (unit=M|KM|FT|MI))) [order=ASC|DESC] [count=COUNT count:integer [ANY]] \
             [STOREDIST]",
        ),
];

/// A place that lies within the area.
struct Found<'z> {
    member: Item<'z>,
    score: f64,
    point: Point,
    distance_m: f64,
}

fn georadius(call: &mut Call) -> Done {
    search(call, Variant::Radius { may_store: true })
}

fn georadius_ro(call: &mut Call) -> Done {
    search(call, Variant::Radius { may_store: false })
}

fn georadiusbymember(call: &mut Call) -> Done {
    search(call, Variant::RadiusByMember { may_store: true })
}

fn georadiusbymember_ro(call: &mut Call) -> Done {
    search(call, Variant::RadiusByMember { may_store: false })
}

fn geosearch(call: &mut Call) -> Done {
    search(call, Variant::Search)
}

fn geosearchstore(call: &mut Call) -> Done {
    search(call, Variant::SearchStore)
}

fn search(call: &mut Call, variant: Variant) -> Done {
    let (args, mut db, reply) = call.parts();
    let packing = db.packing;
    let zset = readable::<ZsetRef>(&mut db, args.arg(variant.source()))?;
    let query = Query::parse(args, variant, zset)?;
    let (found, unit) = match (zset, query.area()) {
        (Some(zset), Some(area)) => (find(zset, &area, &query), area.unit),
        // Without a source the area may be unknown, and nothing is in it.
        _ => (Vec::new(), Unit::Meter),
    };
    match query.store {
        None => reply_found(reply, &found, query.told, unit),
        Some(Store { key, distances }) => {
            let key = args.arg(key);
            let score = |found: &Found| match distances {
                true => found.distance_m / unit.meters(),
                false => found.score,
            };
            let count = found.len();
            let entry = (count > 0).then(|| index_of(key, &found, score, packing));
            let storing = Storing {
                class: Classes::ZSET,
                name: variant.stored(),
                changes: count,
                replies_first: false,
            };
            db.store_result(key, entry, storing);
            reply.integer(count as i64);
        }
    }
    Ok(())
}

/// The places of an index within an area: in the wanted order, and as many as are wanted.
fn find<'z>(zset: ZsetRef<'z>, area: &Area, query: &Query) -> Vec<Found<'z>> {
    let wanted = query.count.unwrap_or(usize::MAX);
    let enough = if query.any { wanted } else { usize::MAX };
    let mut found: Vec<Found> = elements_near(zset, area)
        .filter_map(|(member, score)| {
            let point = Point::of_score(score);
            let distance_m = area.distance_within_m(point)?;
            Some(Found {
                member,
                score,
                point,
                distance_m,
            })
        })
        .take(enough)
        .collect();
    let Some(order) = query.order() else {
        return found;
    };
    let compare = |a: &Found, b: &Found| order.of(a.distance_m.total_cmp(&b.distance_m));
    if wanted < found.len() {
        // Only those that are wanted are worth sorting.
        found.select_nth_unstable_by(wanted, compare);
        found.truncate(wanted);
    }
    found.sort_by(compare);
    found
}

/// The elements whose scores are those of the area's cells.
fn elements_near<'z>(zset: ZsetRef<'z>, area: &Area) -> impl Iterator<Item = (Item<'z>, f64)> {
    area.scores().flat_map(move |scores| {
        let rank = |score| zset.rank_of_score(score, Side::Before);
        zset.range(rank(scores.start)..rank(scores.end))
    })
}

fn reply_found(reply: &mut Reply, found: &[Found], told: Told, unit: Unit) {
    let items = told.items();
    reply.array(found.len());
    for place in found {
        if items > 0 {
            reply.array(1 + items);
        }
        reply_item(reply, place.member);
        if told.distance {
            reply_distance(reply, place.distance_m, unit);
        }
        if told.hash {
            reply.integer(place.score as i64);
        }
        if told.coordinates {
            reply_point(reply, place.point);
        }
    }
}

/// A sorted set of what has been found.
fn index_of(
    key: &[u8],
    found: &[Found],
    score: impl Fn(&Found) -> f64,
    packing: &Packing,
) -> Entry {
    let longest = found.iter().map(|place| place.member.len()).max();
    let mut entry = Entry::empty(key, Kind::Zset);
    let mut zset = entry
        .as_zset_mut()
        .expect("an entry made as a sorted set is one");
    zset.prepare_for(found.len(), longest.unwrap_or(0), packing);
    for place in found {
        let score = score(place);
        place
            .member
            .with_bytes(|member| zset.insert(member, score, packing));
    }
    entry
}
