//! Distances on a ball of the earth's size.
//!
//! The earth is no ball, so distances are wrong by up to half a percent; they are the ones that
//! Redis tells. The formula is the haversine, which stays exact where two places are near each other:
//!
//! ```text
//!   a = sin²(Δlat/2) + cos(lat1) · cos(lat2) · sin²(Δlon/2)         distance = 2 · radius · asin(√a)
//! ```

use super::Point;
use std::f64::consts::PI;

/// The radius of the ball, in meters.
pub(super) const EARTH_RADIUS_M: f64 = 6_372_797.560_856;

/// Radians of a degree.
const DEGREE: f64 = PI / 180.0;

/// Degrees as radians.
pub(super) fn radians(degrees: f64) -> f64 {
    degrees * DEGREE
}

/// Radians as degrees. A quotient, because the product with the inverse rounds differently.
pub(super) fn degrees(radians: f64) -> f64 {
    radians / DEGREE
}

/// The distance between two places along the surface, in meters.
///
/// ```
/// use aerolite::geo::{Point, distance_m};
/// let point = |longitude, latitude| Point::new(longitude, latitude).expect("a place on earth");
/// let (palermo, catania) = (point(13.361389, 38.115556), point(15.087269, 37.502669));
/// assert_eq!(distance_m(palermo, catania).round(), 166_274.0);
/// ```
#[must_use]
pub fn distance_m(a: Point, b: Point) -> f64 {
    let sine_of_half = |from: f64, to: f64| ((to - from) / 2.0).sin();
    let by_longitude = sine_of_half(radians(a.longitude), radians(b.longitude));
    if by_longitude == 0.0 {
        return along_meridian_m(a.latitude, b.latitude);
    }
    let (from, to) = (radians(a.latitude), radians(b.latitude));
    let by_latitude = sine_of_half(from, to);
    let chord = by_latitude * by_latitude + from.cos() * to.cos() * by_longitude * by_longitude;
    // Rounding may bring it above 1, and no angle has such a sine.
    2.0 * EARTH_RADIUS_M * chord.min(1.0).sqrt().asin()
}

/// The distance between two latitudes, in meters.
pub(super) fn along_meridian_m(a: f64, b: f64) -> f64 {
    EARTH_RADIUS_M * (radians(b) - radians(a)).abs()
}

/// What distances are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `m`
    Meter,
    /// `km`
    Kilometer,
    /// `ft`
    Foot,
    /// `mi`
    Mile,
}

impl Unit {
    /// Every unit with its name.
    pub const NAMES: [(&'static str, Unit); 4] = [
        ("m", Unit::Meter),
        ("km", Unit::Kilometer),
        ("ft", Unit::Foot),
        ("mi", Unit::Mile),
    ];

    /// One of it in meters.
    #[must_use]
    pub fn meters(self) -> f64 {
        match self {
            Unit::Meter => 1.0,
            Unit::Kilometer => 1000.0,
            Unit::Foot => 0.3048,
            Unit::Mile => 1609.34,
        }
    }
}
