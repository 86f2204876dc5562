//! Cells: the squares of a map that has been halved so many times in each direction.
//!
//! ```text
//!    step 1       step 2
//!   ┌───┬───┐    ┌─┬─┬─┬─┐      A cell's number interleaves its column and its row:
//!   │   │   │    ├─┼─┼─┼─┤
//!   ├───┼───┤    ├─┼─┼─┼─┤        column 1 0 = 2 ──▶ 1   0
//!   │   │   │    ├─┼─┼─┼─┤        row    0 1 = 1 ──▶   0   1
//!   └───┴───┘    └─┴─┴─┴─┘        number              1 0 0 1 = 9
//!    4 cells      16 cells
//! ```
//!
//! To the east of the last column is the first again, as it should be; to the north of the last row is the
//! first too, which is wrong on a globe and does no harm: there the area that is searched has been left.

use super::{MAX_LATITUDE, MAX_LONGITUDE, Point};
use std::ops::Range;

/// The halvings of each direction that make the smallest cells: their numbers have 52 bits.
pub(super) const FINEST: u32 = 26;

/// The whole map.
pub(super) const WORLD: Bounds = Bounds {
    west: -MAX_LONGITUDE,
    east: MAX_LONGITUDE,
    south: -MAX_LATITUDE,
    north: MAX_LATITUDE,
};

/// How far north and south the map of geohash strings goes, in degrees.
pub(super) const LATITUDES_OF_GEOHASHES: f64 = 90.0;

/// The four sides of a part of the map, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub west: f64,
    pub east: f64,
    pub south: f64,
    pub north: f64,
}

impl Bounds {
    /// The point in the middle, or the nearest one that there is.
    pub fn middle(&self) -> Point {
        let middle = |low: f64, high: f64, most: f64| ((low + high) / 2.0).clamp(-most, most);
        Point {
            longitude: middle(self.west, self.east, MAX_LONGITUDE),
            latitude: middle(self.south, self.north, MAX_LATITUDE),
        }
    }
}

/// A square of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// Counted from the west.
    pub column: u32,
    /// Counted from the south.
    pub row: u32,
    /// How many times each direction has been halved: there are two to the `step` columns and rows.
    pub step: u32,
}

impl Cell {
    /// The cell that a point of `map` is in. A point on the map's last border gets the column or row behind the last.
    pub fn at(point: Point, map: &Bounds, step: u32) -> Cell {
        let place = |value: f64, low: f64, high: f64| {
            ((value - low) / (high - low) * (1u64 << step) as f64) as u32
        };
        Cell {
            column: place(point.longitude, map.west, map.east),
            row: place(point.latitude, map.south, map.north),
            step,
        }
    }

    /// The cell with this number.
    pub fn of_bits(bits: u64, step: u32) -> Cell {
        Cell {
            column: gather(bits >> 1),
            row: gather(bits),
            step,
        }
    }

    /// Its number.
    pub fn bits(self) -> u64 {
        spread(self.column) << 1 | spread(self.row)
    }

    /// The scores of the places in it.
    pub fn scores(self) -> Range<f64> {
        let below = 2 * (FINEST - self.step);
        let score = |bits: u64| (bits << below) as f64;
        score(self.bits())..score(self.bits() + 1)
    }

    /// Its sides on `map`. A number that is no cell's of this map has sides beyond the map's.
    pub fn bounds(self, map: &Bounds) -> Bounds {
        let count = (1u64 << self.step) as f64;
        let side = |place: u32, low: f64, high: f64| low + f64::from(place) / count * (high - low);
        Bounds {
            west: side(self.column, map.west, map.east),
            east: side(self.column.wrapping_add(1), map.west, map.east),
            south: side(self.row, map.south, map.north),
            north: side(self.row.wrapping_add(1), map.south, map.north),
        }
    }

    /// The cell so many columns to the east and rows to the north, around the map where it ends.
    pub fn neighbor(self, east: i32, north: i32) -> Cell {
        let last = (1u32 << self.step) - 1;
        // Who does not move stays, be it behind the last one.
        let moved = |place: u32, by: i32| match by {
            0 => place,
            by => place.wrapping_add_signed(by) & last,
        };
        Cell {
            column: moved(self.column, east),
            row: moved(self.row, north),
            ..self
        }
    }
}

/// For 1, 2, 4, 8 and 16 adjacent bits: which bits of 64 they take when as many zeros follow them.
const GROUPS: [(u32, u64); 5] = [
    (1, 0x5555_5555_5555_5555),
    (2, 0x3333_3333_3333_3333),
    (4, 0x0f0f_0f0f_0f0f_0f0f),
    (8, 0x00ff_00ff_00ff_00ff),
    (16, 0x0000_ffff_0000_ffff),
];

/// Puts a zero above every bit: halves the number again and again, and draws the halves apart.
fn spread(value: u32) -> u64 {
    GROUPS.iter().rev().fold(u64::from(value), |bits, group| {
        let (by, mask) = group;
        (bits | bits << by) & mask
    })
}

/// Takes every second bit, from the lowest on: undoes [`spread`].
fn gather(bits: u64) -> u32 {
    let lowest = bits & GROUPS[0].1;
    let together = GROUPS.windows(2).fold(lowest, |bits, pair| {
        let (by, mask) = (pair[0].0, pair[1].1);
        (bits | bits >> by) & mask
    });
    let (by, _) = GROUPS[GROUPS.len() - 1];
    (together | together >> by) as u32
}
