//! Places on the earth as numbers that sort: geohashes, distances, and what to look through for
//! everything near a place.
//!
//! A sorted set knows one order, and the earth has two directions. A *geohash* makes one number of
//! both: it halves the longitudes and asks in which half the place lies, then the latitudes, and so on
//! in turn. Each answer is a bit:
//!
//! ```text
//!    latitude ▲                        26 halvings of the longitude:  l l l l ...
//!         85° ├─────┬─────┐            26 halvings of the latitude:    b b b b ...
//!             │ 01  │ 11  │                                           ─────────────
//!             ├─────┼─────┤            the score, 52 bits:            lblblblb ...
//!             │ 00  │ 10  │
//!        -85° └─────┴─────┘            a double holds 53 bits: it is exact
//!          -180°   0°   180° longitude
//! ```
//!
//! Numbers that begin with the same bits lie in the same *cell*; with two bits less the cell is twice
//! as wide and twice as high. So every cell, of whatever size, is one range of scores, and the elements
//! of a range of scores are what a sorted set finds quickest. But places side by side need not have
//! scores side by side: the border between two cells may be the border between 0111... and 1000... That
//! is why a search looks through a cell as large as the searched area and the eight around it:
//!
//! ```text
//!    ┌────┬────┬────┐
//!    │ nw │ n  │ ne │      each is one range of scores; in each every place is asked
//!    ├────┼────┼────┤      for its exact distance
//!    │ w ┌┼────┼┐ e │
//!    ├───┼┼─ × ┼┼───┤      cells that the area does not reach are left out
//!    │ sw└┼────┼┘se │
//!    └────┴────┴────┘
//! ```
//!
//! Latitudes end at about 85 degrees, where the web's maps end: there a map of all longitudes is as high as
//! it is wide. The scores are Redis's to the last bit, and so are the distances: both are seen by clients,
//! and old data have to be found again. The tests tell how redis-server was asked for them.

mod area;
mod cell;
mod distance;
#[cfg(test)]
mod tests;

pub use area::{Area, Extent};
pub use distance::{Unit, distance_m};

use cell::{Bounds, Cell, FINEST, LATITUDES_OF_GEOHASHES, WORLD};

/// The greatest longitude, east or west, in degrees.
pub const MAX_LONGITUDE: f64 = 180.0;

/// The greatest latitude, north or south, in degrees.
pub const MAX_LATITUDE: f64 = 85.051_128_78;

/// The letters of a geohash string.
pub const GEOHASH_LEN: usize = 11;

/// What a letter of a geohash string stands for, by its place: no `a`, `i`, `l` and `o`, which look like others.
const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// A place on the earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    longitude: f64,
    latitude: f64,
}

impl Point {
    /// The place with these coordinates, in degrees. `None` beyond [`MAX_LONGITUDE`] and [`MAX_LATITUDE`].
    ///
    /// ```
    /// use aerolite::geo::Point;
    /// assert!(Point::new(13.361389, 38.115556).is_some());
    /// assert!(Point::new(0.0, 90.0).is_none());
    /// ```
    #[must_use]
    pub fn new(longitude: f64, latitude: f64) -> Option<Point> {
        let is_within = longitude.abs() <= MAX_LONGITUDE && latitude.abs() <= MAX_LATITUDE;
        is_within.then_some(Point {
            longitude,
            latitude,
        })
    }

    /// Degrees east, negative to the west.
    #[must_use]
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// Degrees north, negative to the south.
    #[must_use]
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// The score under which a sorted set keeps the place: the number of its smallest cell.
    ///
    /// The last longitude and the last latitude begin a cell of their own beyond all others, whose number has
    /// more than 52 bits. It is Redis's number, and like there no search comes to that cell from others.
    ///
    /// ```
    /// use aerolite::geo::Point;
    /// let palermo = Point::new(13.361389, 38.115556).expect("a place on earth");
    /// assert_eq!(palermo.score(), 3_479_099_956_230_698.0);
    /// ```
    #[must_use]
    pub fn score(self) -> f64 {
        Cell::at(self, &WORLD, FINEST).bits() as f64
    }

    /// The place of a score: the middle of its cell, at most 30 centimeters from where the score came
    /// from. Scores that are no place's give one too, the same as in Redis.
    #[must_use]
    pub fn of_score(score: f64) -> Point {
        Cell::of_bits(bits_of(score), FINEST)
            .bounds(&WORLD)
            .middle()
    }

    /// The geohash as the web writes it, in letters of 5 bits. There latitudes go to 90 degrees, and the halvings
    /// are others therefore. 52 bits are ten letters and two bits; the last letter is always `0`.
    #[must_use]
    pub fn geohash(self) -> [u8; GEOHASH_LEN] {
        const LETTER_BITS: usize = 5;
        let world = Bounds {
            south: -LATITUDES_OF_GEOHASHES,
            north: LATITUDES_OF_GEOHASHES,
            ..WORLD
        };
        let bits = Cell::at(self, &world, FINEST).bits();
        let mut text = [LETTERS[0]; GEOHASH_LEN];
        for (at, letter) in text[..GEOHASH_LEN - 1].iter_mut().enumerate() {
            let below = 2 * FINEST as usize - (at + 1) * LETTER_BITS;
            *letter = LETTERS[(bits >> below) as usize % LETTERS.len()];
        }
        text
    }
}

/// A score's bits. What is negative or has a fraction, or is too great, cannot come from a place, but ZADD
/// takes it: then the bits are those that a 64-bit Intel processor makes of it, as with Redis.
fn bits_of(score: f64) -> u64 {
    const HALF: f64 = (1u64 << 63) as f64;
    let convert = |score: f64| {
        if (-HALF..HALF).contains(&score) {
            score as i64 as u64
        } else {
            1 << 63
        }
    };
    if score < HALF {
        convert(score)
    } else {
        convert(score - HALF) ^ (1 << 63)
    }
}
