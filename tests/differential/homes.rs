//! Where keys live: each type has some of its own, so that its commands mostly meet their own type, and now and then
//! those of another.

use super::vocabulary::KEYS;

/// The keys of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Strings
    Strings,
    /// Lists
    Lists,
    /// Hashes
    Hashes,
    /// Sets; the first half of them mostly hold integers
    Sets,
    /// Sorted sets
    SortedSets,
    /// Sorted sets all of whose scores are equal, so that their members are in the order of strings
    LexSets,
    /// Sorted sets of places
    Geo,
    /// Strings of bits
    Bits,
    /// HyperLogLogs, which are strings too
    HyperLogLogs,
    /// Lists, sets and sorted sets of what SORT can sort
    Sortable,
}

impl Home {
    /// Its keys.
    pub fn keys(self) -> &'static [&'static [u8]] {
        match self {
            Home::Strings => KEYS,
            Home::Lists => &[
                b"l1",
                b"l2",
                b"l3",
                b"l\r\n\0\xff",
                b"a list's key of more than sixty bytes, which no inline layout holds",
            ],
            Home::Hashes => &[
                b"h1",
                b"h2",
                b"h3",
                b"h\r\n\0\xff",
                b"a hash's key of more than sixty bytes, which no inline layout holds",
            ],
            Home::Sets => &[
                b"s1",
                b"s2",
                b"s3",
                b"s4",
                b"s\r\n\0\xff",
                b"a set's key of more than sixty bytes, which no inline layout holds!",
            ],
            Home::SortedSets => &[
                b"z1",
                b"z2",
                b"z3",
                b"a sorted set's key of more than sixty bytes, as no inline layout holds",
                b"z\r\n\0\xff",
            ],
            Home::LexSets => &[b"x1", b"x2", b"x3", b"x\r\n\0\xff"],
            Home::Geo => &[b"g1", b"g2", b"g3"],
            Home::Bits => &[b"b1", b"b2", b"b3", b"b\r\n\0\xff"],
            Home::HyperLogLogs => &[b"p1", b"p2", b"p3", b"p4"],
            Home::Sortable => &[b"o1", b"o2", b"o3", b"o4"],
        }
    }

    /// Whether keys of other homes never come here: what is there must keep a property that only this home's commands keep.
    /// A lexical range over unequal scores, and the order of places at equal distances, are whatever a server makes of them.
    pub fn is_closed(self) -> bool {
        matches!(self, Home::LexSets | Home::Geo)
    }
}
