//! Areas that are searched: which cells to look through, and what lies within.
//!
//! ```text
//!  extent ──▶ its bounding box on the map ──┐
//!                                           ├──▶ the step: how large the nine cells are ──▶ ranges of scores
//!  extent ──▶ its radius, in meters ────────┘
//! ```
//!
//! Which cells are taken follows Redis exactly, because it shows: it is the order in which places are found, and
//! close to the poles some are not found at all.

use super::cell::{Bounds, Cell, FINEST, WORLD};
use super::distance::{EARTH_RADIUS_M, along_meridian_m, degrees, distance_m, radians};
use super::{Point, Unit};
use std::ops::Range;

/// Half the length of the equator on the web's maps, in meters.
const HALF_EQUATOR_M: f64 = 20_037_726.37;

/// From these latitudes on, north or south, cells are so narrow that larger ones are taken.
const FAR_FROM_EQUATOR: [f64; 2] = [66.0, 80.0];

/// The cell of the center and those around it, in the order they are looked through: columns to the east,
/// rows to the north.
const NINE: [(i32, i32); 9] = [
    (0, 0),
    (0, 1),
    (0, -1),
    (1, 0),
    (-1, 0),
    (1, 1),
    (-1, 1),
    (1, -1),
    (-1, -1),
];

/// The form of an area and its size, which is not negative, in the area's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent {
    /// Everything within a distance.
    Circle {
        /// That distance.
        radius: f64,
    },
    /// Everything in a box whose sides go north and east.
    Box {
        /// From its western side to its eastern one.
        width: f64,
        /// From its southern side to its northern one.
        height: f64,
    },
}

/// An area around a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The place in the middle.
    pub center: Point,
    /// The form and the size.
    pub extent: Extent,
    /// What the size is measured in.
    pub unit: Unit,
}

impl Area {
    /// The distance of a place from the center in meters, if it lies within.
    #[must_use]
    pub fn distance_within_m(&self, point: Point) -> Option<f64> {
        let distance = distance_m(self.center, point);
        let meters = |length: f64| length * self.unit.meters();
        let is_within = match self.extent {
            Extent::Circle { radius } => distance <= meters(radius),
            Extent::Box { width, height } => {
                let (center, level) = (self.center, point.latitude);
                let beside = Point {
                    latitude: level,
                    ..center
                };
                along_meridian_m(level, center.latitude) <= meters(height) / 2.0
                    && distance_m(point, beside) <= meters(width) / 2.0
            }
        };
        is_within.then_some(distance)
    }

    /// The ranges of scores that every place within is in: nine at most, and no score is in two.
    pub fn scores(&self) -> impl Iterator<Item = Range<f64>> {
        let reach = self.bounds();
        let mut center = self.center_cell(self.step());
        if center.step > 1 && is_beyond_the_nine(&reach, center) {
            center = self.center_cell(center.step - 1);
        }
        let sides = center.bounds(&WORLD);
        let is_reached = move |&(east, north): &(i32, i32)| {
            // With four cells on the map one is on two sides of another.
            center.step < 2
                || !(east < 0 && sides.west < reach.west
                    || east > 0 && sides.east > reach.east
                    || north < 0 && sides.south < reach.south
                    || north > 0 && sides.north > reach.north)
        };
        let mut last = None;
        NINE.into_iter()
            .filter(is_reached)
            .map(move |(east, north)| center.neighbor(east, north))
            .filter(move |cell| last.replace(*cell) != Some(*cell))
            .map(Cell::scores)
    }

    fn center_cell(&self, step: u32) -> Cell {
        Cell::at(self.center, &WORLD, step)
    }

    /// Half its width and half its height, in meters.
    fn half_sides_m(&self) -> (f64, f64) {
        let meters = |length: f64| self.unit.meters() * length;
        match self.extent {
            Extent::Circle { radius } => (meters(radius), meters(radius)),
            Extent::Box { width, height } => (meters(width / 2.0), meters(height / 2.0)),
        }
    }

    /// From the center to the farthest place, in meters.
    fn radius_m(&self) -> f64 {
        let radius = match self.extent {
            Extent::Circle { radius } => radius,
            Extent::Box { width, height } => {
                let (width, height) = (width / 2.0, height / 2.0);
                (width * width + height * height).sqrt()
            }
        };
        radius * self.unit.meters()
    }

    /// Its sides on the map, and beyond it. Towards a pole meridians come closer: the width is taken at the side that
    /// is farther from the equator.
    fn bounds(&self) -> Bounds {
        let (half_width, half_height) = self.half_sides_m();
        let Point {
            longitude,
            latitude,
        } = self.center;
        let up = degrees(half_height / EARTH_RADIUS_M);
        let far_side = if latitude < 0.0 {
            latitude - up
        } else {
            latitude + up
        };
        let aside = degrees(half_width / EARTH_RADIUS_M / radians(far_side).cos());
        Bounds {
            west: longitude - aside,
            east: longitude + aside,
            south: latitude - up,
            north: latitude + up,
        }
    }

    /// How large its cells should be: the step at which one is about as large as the area.
    fn step(&self) -> u32 {
        let mut radius_m = self.radius_m();
        if radius_m == 0.0 {
            return FINEST;
        }
        // One less than the doublings, so that the area seldom reaches beyond the nine. No double can be doubled more
        // than some two thousand times before it is infinite.
        let mut step = -1;
        while radius_m < HALF_EQUATOR_M {
            radius_m *= 2.0;
            step += 1;
        }
        for far in FAR_FROM_EQUATOR {
            step -= i32::from(self.center.latitude.abs() > far);
        }
        step.clamp(1, FINEST as i32) as u32
    }
}

/// Whether something reaches beyond the nine cells around a center.
fn is_beyond_the_nine(reach: &Bounds, center: Cell) -> bool {
    let side = |east, north| center.neighbor(east, north).bounds(&WORLD);
    side(0, 1).north < reach.north
        || side(0, -1).south > reach.south
        || side(1, 0).east < reach.east
        || side(-1, 0).west > reach.west
}
