//! What a search is asked for, read from the words of a request.
//!
//! The order of the checks is Redis's: the type of the source first, then word for word, so that a member
//! that is not there is an error at the moment it is named, and in the end what does not go together.

use super::{place_of, point, unit};
use crate::command::{Error, is_word};
use crate::geo::{Area, Extent, Point, Unit};
use crate::number::{parse_f64, parse_i64};
use crate::resp::Request;
use crate::store::ZsetRef;
use std::cmp::Ordering;

const NO_SUCH_MEMBER: Error = Error::new("ERR could not decode requested zset member");
const NEGATIVE_RADIUS: Error = Error::new("ERR radius cannot be negative");
const NEGATIVE_BOX: Error = Error::new("ERR height or width cannot be negative");
const COUNT_NOT_POSITIVE: Error = Error::new("ERR COUNT must be > 0");
const ANY_WITHOUT_COUNT: Error = Error::new("ERR the ANY argument requires COUNT argument");

/// Which of the commands it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// `GEORADIUS key longitude latitude radius unit ...`; the `_RO` one may not store.
    Radius {
        /// Whether STORE and STOREDIST are options of it.
        may_store: bool,
    },
    /// `GEORADIUSBYMEMBER key member radius unit ...`, or the `_RO` one.
    RadiusByMember {
        /// Whether STORE and STOREDIST are options of it.
        may_store: bool,
    },
    /// `GEOSEARCH key ...`
    Search,
    /// `GEOSEARCHSTORE destination key ...`
    SearchStore,
}

impl Variant {
    /// What Redis calls it when what was found is stored.
    pub fn stored(self) -> &'static str {
        match self {
            Variant::SearchStore => "geosearchstore",
            _ => "georadiusstore",
        }
    }

    /// The position of the key that is searched.
    pub fn source(self) -> usize {
        match self {
            Variant::SearchStore => 2,
            _ => 1,
        }
    }

    /// The position of the first option.
    fn options(self) -> usize {
        match self {
            Variant::Radius { .. } => 6,
            Variant::RadiusByMember { .. } => 5,
            Variant::Search => 2,
            Variant::SearchStore => 3,
        }
    }

    fn is_search(self) -> bool {
        matches!(self, Variant::Search | Variant::SearchStore)
    }

    /// Whether it takes STORE and STOREDIST, each with a key behind it.
    fn takes_store(self) -> bool {
        matches!(
            self,
            Variant::Radius { may_store: true } | Variant::RadiusByMember { may_store: true }
        )
    }
}

/// Where the middle of the area is.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// Where a member is; without a source nobody knows.
    Member(Option<Point>),
    Given(Point),
}

/// By distance, in which direction.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    /// The nearest first.
    Ascending,
    /// The farthest first.
    Descending,
}

impl Order {
    /// Turns round what is to be.
    pub fn of(self, ordering: Ordering) -> Ordering {
        match self {
            Order::Ascending => ordering,
            Order::Descending => ordering.reverse(),
        }
    }
}

/// What is told of each place beside its name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told {
    /// WITHDIST
    pub distance: bool,
    /// WITHHASH
    pub hash: bool,
    /// WITHCOORD
    pub coordinates: bool,
}

impl Told {
    /// How many things that is.
    pub fn items(self) -> usize {
        usize::from(self.distance) + usize::from(self.hash) + usize::from(self.coordinates)
    }
}

/// Where the result goes, if not to the client.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// The position of the key.
    pub key: usize,
    /// Whether the scores are distances.
    pub distances: bool,
}

/// What is asked for.
#[derive(Debug)]
pub struct Query {
    variant: Variant,
    origin: Option<Origin>,
    extent: Option<(Extent, Unit)>,
    order: Option<Order>,
    /// The most places that are wanted; above 0.
    pub count: Option<usize>,
    /// Whether any places will do, not only the nearest.
    pub any: bool,
    /// What is told.
    pub told: Told,
    /// Where it goes.
    pub store: Option<Store>,
}

/// The words that begin an option.
#[derive(Debug, Clone, Copy)]
enum Word {
    WithDist,
    WithHash,
    WithCoord,
    Any,
    Asc,
    Desc,
    Count,
    Store,
    StoreDist,
    FromMember,
    FromLonLat,
    ByRadius,
    ByBox,
}

const WORDS: &[(&str, Word)] = &[
    ("WITHDIST", Word::WithDist),
    ("WITHHASH", Word::WithHash),
    ("WITHCOORD", Word::WithCoord),
    ("ANY", Word::Any),
    ("ASC", Word::Asc),
    ("DESC", Word::Desc),
    ("COUNT", Word::Count),
    ("STORE", Word::Store),
    ("STOREDIST", Word::StoreDist),
    ("FROMMEMBER", Word::FromMember),
    ("FROMLONLAT", Word::FromLonLat),
    ("BYRADIUS", Word::ByRadius),
    ("BYBOX", Word::ByBox),
];

impl Query {
    /// Reads a request whose source is `zset`, if there is one.
    pub fn parse(args: &Request, variant: Variant, zset: Option<ZsetRef>) -> Result<Query, Error> {
        let mut query = Query::positional(args, variant, zset)?;
        let mut at = variant.options();
        while at < args.len() {
            at += 1 + query.option(args, at, zset)?;
        }
        query.check(args)?;
        Ok(query)
    }

    /// What is asked for before the first option.
    fn positional(args: &Request, variant: Variant, zset: Option<ZsetRef>) -> Result<Query, Error> {
        let (origin, extent) = match (variant, zset) {
            (Variant::Radius { .. }, _) => {
                let center = point(args, 2)?;
                (Some(Origin::Given(center)), Some(circle(args, 4)?))
            }
            (Variant::RadiusByMember { .. }, Some(zset)) => {
                (Some(member(zset, args.arg(2))?), Some(circle(args, 3)?))
            }
            // Without a source the radius is not even looked at.
            (Variant::RadiusByMember { .. }, None) => (Some(Origin::Member(None)), None),
            (Variant::Search | Variant::SearchStore, _) => (None, None),
        };
        let store = (variant == Variant::SearchStore).then_some(Store {
            key: 1,
            distances: false,
        });
        Ok(Query {
            variant,
            origin,
            extent,
            order: None,
            count: None,
            any: false,
            told: Told::default(),
            store,
        })
    }

    /// Reads the option at a position. Gives how many words behind it belong to it.
    fn option(&mut self, args: &Request, at: usize, zset: Option<ZsetRef>) -> Result<usize, Error> {
        let named = WORDS.iter().find(|(text, _)| is_word(args.arg(at), text));
        let (_, word) = named.ok_or(Error::SYNTAX)?;
        let behind = args.len() - at - 1;
        match (word, behind) {
            (Word::WithDist, _) => self.told.distance = true,
            (Word::WithHash, _) => self.told.hash = true,
            (Word::WithCoord, _) => self.told.coordinates = true,
            (Word::Any, _) => self.any = true,
            (Word::Asc, _) => self.order = Some(Order::Ascending),
            (Word::Desc, _) => self.order = Some(Order::Descending),
            (Word::Count, 1..) => {
                self.count = Some(count(args.arg(at + 1))?);
                return Ok(1);
            }
            (Word::Store | Word::StoreDist, 1..) if self.variant.takes_store() => {
                self.store = Some(Store {
                    key: at + 1,
                    distances: matches!(word, Word::StoreDist),
                });
                return Ok(1);
            }
            (Word::StoreDist, _) if self.variant == Variant::SearchStore => {
                self.store = Some(Store {
                    key: 1,
                    distances: true,
                });
            }
            _ if self.variant.is_search() => return self.area_option(*word, args, at, zset),
            _ => return Err(Error::SYNTAX),
        }
        Ok(0)
    }

    /// The same of what says where the area is. Either way to say it may be repeated, but not be followed by the other.
    fn area_option(
        &mut self,
        word: Word,
        args: &Request,
        at: usize,
        zset: Option<ZsetRef>,
    ) -> Result<usize, Error> {
        match (word, args.len() - at - 1) {
            (Word::FromMember, 1..) if !matches!(self.origin, Some(Origin::Given(_))) => {
                self.origin = Some(match zset {
                    Some(zset) => member(zset, args.arg(at + 1))?,
                    None => Origin::Member(None),
                });
                Ok(1)
            }
            (Word::FromLonLat, 2..) if !matches!(self.origin, Some(Origin::Member(_))) => {
                self.origin = Some(Origin::Given(point(args, at + 1)?));
                Ok(2)
            }
            (Word::ByRadius, 2..) if !matches!(self.extent, Some((Extent::Box { .. }, _))) => {
                self.extent = Some(circle(args, at + 1)?);
                Ok(2)
            }
            (Word::ByBox, 3..) if !matches!(self.extent, Some((Extent::Circle { .. }, _))) => {
                self.extent = Some(rectangle(args, at + 1)?);
                Ok(3)
            }
            _ => Err(Error::SYNTAX),
        }
    }

    /// Checks what goes together.
    fn check(&self, args: &Request) -> Result<(), Error> {
        if self.store.is_some() && self.told.items() > 0 {
            let who = match self.variant {
                Variant::SearchStore => "GEOSEARCHSTORE",
                _ => "STORE option in GEORADIUS",
            };
            return Err(Error::text(format!(
                "ERR {who} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        let missing = |what: &str| {
            let text = format!("ERR exactly one of {what} can be specified for ");
            Err(Error::text([text.as_bytes(), args.arg(0)].concat()))
        };
        if self.variant.is_search() && self.origin.is_none() {
            return missing("FROMMEMBER or FROMLONLAT");
        }
        if self.variant.is_search() && self.extent.is_none() {
            return missing("BYRADIUS and BYBOX");
        }
        if self.any && self.count.is_none() {
            return Err(ANY_WITHOUT_COUNT);
        }
        Ok(())
    }

    /// The area, if it is known: always where there is a source.
    pub fn area(&self) -> Option<Area> {
        let center = match self.origin? {
            Origin::Member(point) => point?,
            Origin::Given(point) => point,
        };
        let (extent, unit) = self.extent?;
        Some(Area {
            center,
            extent,
            unit,
        })
    }

    /// The order of the result. Some places out of many are the nearest unless it says otherwise.
    pub fn order(&self) -> Option<Order> {
        let nearest = self.count.is_some() && !self.any;
        self.order.or(nearest.then_some(Order::Ascending))
    }
}

/// Where a member is that must be there.
fn member(zset: ZsetRef, name: &[u8]) -> Result<Origin, Error> {
    let place = place_of(zset, name).ok_or(NO_SUCH_MEMBER)?;
    Ok(Origin::Member(Some(place)))
}

/// The radius at a position, and its unit behind it.
fn circle(args: &Request, at: usize) -> Result<(Extent, Unit), Error> {
    let radius = length(args.arg(at), "radius")?;
    if radius < 0.0 {
        return Err(NEGATIVE_RADIUS);
    }
    Ok((Extent::Circle { radius }, unit(args.arg(at + 1))?))
}

/// The width at a position, and the height and the unit behind it.
fn rectangle(args: &Request, at: usize) -> Result<(Extent, Unit), Error> {
    let width = length(args.arg(at), "width")?;
    let height = length(args.arg(at + 1), "height")?;
    if width < 0.0 || height < 0.0 {
        return Err(NEGATIVE_BOX);
    }
    Ok((Extent::Box { width, height }, unit(args.arg(at + 2))?))
}

fn length(text: &[u8], what: &str) -> Result<f64, Error> {
    parse_f64(text).ok_or_else(|| Error::text(format!("ERR need numeric {what}")))
}

fn count(text: &[u8]) -> Result<usize, Error> {
    let count = parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?;
    if count <= 0 {
        return Err(COUNT_NOT_POSITIVE);
    }
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
