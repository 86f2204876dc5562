//! The figures are redis-server's (7.0.15), asked for with `redis-cli`: `GEOADD g 13.361389 38.115556 Palermo ...`, then
//! `ZRANGE g 0 -1 WITHSCORES` for the scores, `GEOPOS g Palermo ...` for the places that they stand for, `GEOHASH` and
//! `GEODIST`; scores that are no place's were put there with ZADD.

use super::*;
use crate::number::format_decimals;
use proptest::prelude::*;

/// Longitude, latitude, score, GEOPOS, GEOHASH.
type Place = (f64, f64, u64, [&'static str; 2], &'static str);

const PLACES: &[Place] = &[
    (
        13.361389,
        38.115556,
        3479099956230698,
        ["13.36138933897018433", "38.11555639549629859"],
        "sqc8b49rny0",
    ),
    (
        15.087269,
        37.502669,
        3479447370796909,
        ["15.08726745843887329", "37.50266842333162032"],
        "sqdtr74hyu0",
    ),
    (
        -0.127758,
        51.507351,
        2163557714754256,
        ["-0.12775629758834839", "51.50735008547815141"],
        "gcpvj0dup10",
    ),
    (
        139.6917,
        35.6895,
        4171231230197045,
        ["139.69170123338699341", "35.68950126697937009"],
        "xn774c06kt0",
    ),
    (
        -179.5,
        -16.5,
        353297246803560,
        ["-179.50000137090682983", "-16.49999931370297901"],
        "2j065kk0dc0",
    ),
    (
        0.0,
        0.0,
        3377699720527872,
        ["0.00000268220901489", "0.00000126736058093"],
        "s0000000000",
    ),
    (
        -180.0,
        -85.05112878,
        0,
        ["-179.99999731779098511", "-85.05112751263942528"],
        "00bh0hbj200",
    ),
    (
        180.0,
        0.0,
        10133099161583616,
        ["180", "0.00000126736058093"],
        "80000000000",
    ),
    (
        0.0,
        85.05112878,
        6755399441055744,
        ["0.00000268220901489", "85.0511287799999991"],
        "up05b5048p0",
    ),
    (
        180.0,
        85.05112878,
        13510798882111488,
        ["180", "85.0511287799999991"],
        "bp05b5048p0",
    ),
    (
        179.0,
        85.0,
        4503562267371288,
        ["179.00000005960464478", "84.99999965213439168"],
        "zzp791zbfk0",
    ),
];

fn point(longitude: f64, latitude: f64) -> Point {
    Point::new(longitude, latitude).expect("a place on earth")
}

fn show(point: Point) -> [String; 2] {
    [point.longitude(), point.latitude()].map(format_decimals)
}

#[test]
fn scores_places_and_strings_are_those_of_redis() {
    for &(longitude, latitude, score, shown, string) in PLACES {
        let place = point(longitude, latitude);
        assert_eq!(place.score(), score as f64, "{longitude} {latitude}");
        let decoded = Point::of_score(place.score());
        assert_eq!(show(decoded), shown);
        assert_eq!(decoded.geohash(), string.as_bytes());
    }
}

#[test]
fn what_lies_beyond_the_map_is_no_place() {
    for (longitude, latitude) in [
        (180.000001, 0.0),
        (-180.000001, 0.0),
        (0.0, 85.05112879),
        (0.0, -85.05112879),
        (f64::NAN, 0.0),
        (0.0, f64::NAN),
        (f64::INFINITY, 0.0),
    ] {
        assert_eq!(Point::new(longitude, latitude), None);
    }
}

#[test]
fn every_score_is_some_place() {
    const LAST: [&str; 2] = ["180", "85.0511287799999991"];
    const FIRST: [&str; 2] = ["-179.99999731779098511", "-85.05112751263942528"];
    for (score, shown) in [
        (-1.0, LAST),
        (-1e300, ["180", FIRST[1]]),
        (1e300, FIRST),
        (f64::INFINITY, FIRST),
        (f64::NEG_INFINITY, ["180", FIRST[1]]),
        (1.5, [FIRST[0], "-85.05112497791824921"]),
        (18446744073709551615.0, FIRST),
        (9223372036854775808.0, ["180", FIRST[1]]),
        (4503599627370496.0, [FIRST[0], LAST[1]]),
        (1e19, LAST),
        (-9223372036854775808.0, ["180", FIRST[1]]),
    ] {
        assert_eq!(show(Point::of_score(score)), shown, "{score}");
    }
}

#[test]
fn distances_are_those_of_redis() {
    for (a, b, meters) in [
        (
            [13.361389, 38.115556],
            [15.087269, 37.502669],
            "166274.1516",
        ),
        ([-0.127758, 51.507351], [139.6917, 35.6895], "9561413.7114"),
        ([-179.5, -16.5], [179.5, -16.5], "106645.5703"),
        ([0.0, 85.0], [179.0, 85.0], "1112220.6178"),
        ([0.0, 0.0], [180.0, 0.0], "20020733.6202"),
        (
            [180.0, 85.05112878],
            [-180.0, -85.05112878],
            "18919844.5891",
        ),
        // Along a meridian.
        ([0.0, 0.0], [0.0, 85.05112878], "9459922.2241"),
    ] {
        let stored =
            |[longitude, latitude]: [f64; 2]| Point::of_score(point(longitude, latitude).score());
        assert_eq!(format!("{:.4}", distance_m(stored(a), stored(b))), meters);
    }
}

/// `GEORADIUSBYMEMBER ... STOREDIST` and ZRANGE show all digits: on a meridian the angle is taken as it is.
#[test]
fn distances_along_a_meridian_are_exact_to_the_last_digit() {
    let stored = |latitude| Point::of_score(point(10.0, latitude).score());
    for (from, to, kilometers) in [
        (10.0, 11.0, 111.22609887864708),
        (10.0, 12.3456, 260.8921878815143),
        (10.0, -33.333, 4819.769237357367),
        (10.0, 80.0, 7785.841017888162),
        // The haversine gives other digits for these.
        (66.0, -66.0, 14681.871835108863),
        (80.0, -80.0, 17796.20824226413),
    ] {
        let distance_m = distance_m(stored(from), stored(to));
        assert_eq!(distance_m / Unit::Kilometer.meters(), kilometers);
    }
}

#[test]
fn coordinates_have_seventeen_decimals_and_ties_go_to_even() {
    for (value, text) in [
        (1.0 / 262_144.0, "0.00000381469726562"),
        (3.0 / 262_144.0, "0.00001144409179688"),
        (-1.0 / 262_144.0, "-0.00000381469726562"),
        (-0.0, "0"),
        (-1e-18, "0"),
        (100.0, "100"),
        (0.5, "0.5"),
    ] {
        assert_eq!(format_decimals(value), text);
    }
}

/// What `GEOSEARCH ... BYRADIUS 1123 km` around this place in the Arctic does not find in redis-server, though it lies
/// within; with 1300 km it does.
#[test]
fn over_the_date_line_close_to_a_pole_places_are_missed() {
    let area = |radius| Area {
        center: Point::of_score(point(162.6, 79.95).score()),
        extent: Extent::Circle { radius },
        unit: Unit::Kilometer,
    };
    for (longitude, latitude) in [(-146.8, 85.0), (-173.0, 81.8)] {
        let place = point(longitude, latitude);
        for (radius, is_found) in [(1123.0, false), (1300.0, true)] {
            assert!(area(radius).distance_within_m(place).is_some());
            assert_eq!(
                times_found(&area(radius), place.score()),
                usize::from(is_found)
            );
        }
    }
}

/// Meridians come closer towards either pole, and a search has to reach as far to the east in the south as in the north.
#[test]
fn the_south_is_searched_as_the_north_is() {
    let mut within = 0;
    let centers = [65.0, 72.0, 80.0].map(|latitude| {
        (1..90)
            .step_by(11)
            .map(move |longitude| (f64::from(longitude), latitude))
    });
    for (longitude, latitude) in centers.into_iter().flatten() {
        for (east, up) in (-80..80)
            .step_by(3)
            .flat_map(|east| (-5..=5).map(move |up| (east, up)))
        {
            let found = |side: f64| {
                let area = Area {
                    center: point(longitude, latitude * side),
                    extent: Extent::Circle { radius: 1000.0 },
                    unit: Unit::Kilometer,
                };
                let (east, up) = (f64::from(east), f64::from(up));
                let place = point(longitude + east, (latitude + up) * side);
                area.distance_within_m(place)?;
                Some(times_found(&area, place.score()))
            };
            assert_eq!(
                found(1.0),
                found(-1.0),
                "{longitude} {latitude}: {east} {up}"
            );
            within += usize::from(found(1.0).is_some());
        }
    }
    assert!(within > 1000, "{within} places lie within");
}

#[test]
fn no_length_is_too_great_or_too_small() {
    let center = point(0.0, 0.0);
    let lengths = [0.0, 5e-324, 1e-300, 1.0, 1e300, f64::MAX, f64::INFINITY];
    for (width, height) in lengths
        .into_iter()
        .flat_map(|width| lengths.map(|height| (width, height)))
    {
        for extent in [
            Extent::Circle { radius: width },
            Extent::Box { width, height },
        ] {
            let area = Area {
                center,
                extent,
                unit: Unit::Mile,
            };
            assert_eq!(times_found(&area, center.score()), 1, "{extent:?}");
            assert_eq!(area.distance_within_m(center), Some(0.0));
        }
    }
}

/// How many of the ranges that are looked through have this score in them.
fn times_found(area: &Area, score: f64) -> usize {
    area.scores().filter(|range| range.contains(&score)).count()
}

/// The bits of both numbers in turn, one after the other.
fn interleaved_slowly(column: u32, row: u32) -> u64 {
    (0..u32::BITS).fold(0, |bits, at| {
        let bit = |value: u32| u64::from(value >> at & 1);
        bits | bit(row) << (2 * at) | bit(column) << (2 * at + 1)
    })
}

fn any_point() -> impl Strategy<Value = Point> {
    let longitude = -MAX_LONGITUDE..MAX_LONGITUDE;
    (longitude, -MAX_LATITUDE..MAX_LATITUDE).prop_map(|(x, y)| point(x, y))
}

/// An area away from the poles, of up to a thousand kilometers, often on the date line.
fn any_area() -> impl Strategy<Value = Area> {
    let longitude = prop_oneof![-180.0..180.0, -180.0..-179.0, 179.0..180.0];
    let length = || prop_oneof![0.0..1000.0, 0.0..10.0];
    let extent = prop_oneof![
        length().prop_map(|radius| Extent::Circle { radius }),
        (length(), length()).prop_map(|(width, height)| Extent::Box { width, height }),
    ];
    (longitude, -66.0..66.0, extent).prop_map(|(longitude, latitude, extent)| Area {
        center: point(longitude, latitude),
        extent,
        unit: Unit::Kilometer,
    })
}

/// A place so many parts of an area's size to the east and to the north of it, around the world.
fn near(area: &Area, east: f64, north: f64) -> Point {
    const KM_OF_A_DEGREE: f64 = 111.0;
    let size = match area.extent {
        Extent::Circle { radius } => radius,
        Extent::Box { width, height } => width.max(height) / 2.0,
    } / KM_OF_A_DEGREE;
    let latitude = (area.center.latitude() + north * size).clamp(-MAX_LATITUDE, MAX_LATITUDE);
    let longitude = area.center.longitude() + east * size / latitude.to_radians().cos();
    point((longitude + 180.0).rem_euclid(360.0) - 180.0, latitude)
}

proptest! {
    #[test]
    fn a_cells_number_interleaves_its_column_and_its_row(column: u32, row: u32) {
        let cell = Cell { column, row, step: FINEST };
        prop_assert_eq!(cell.bits(), interleaved_slowly(column, row));
        prop_assert_eq!(Cell::of_bits(cell.bits(), FINEST), cell);
    }

    #[test]
    fn a_place_comes_back_within_half_a_cell(place in any_point()) {
        let back = Point::of_score(place.score());
        let half_cell = |size: f64| size / (1u64 << FINEST) as f64 * 1.000_001;
        prop_assert!((back.longitude() - place.longitude()).abs() <= half_cell(MAX_LONGITUDE));
        prop_assert!((back.latitude() - place.latitude()).abs() <= half_cell(MAX_LATITUDE));
        prop_assert_eq!(back.score(), place.score());
    }

    #[test]
    fn every_score_of_52_bits_is_the_score_of_its_place(bits in 0u64..1 << 52) {
        prop_assert_eq!(Point::of_score(bits as f64).score(), bits as f64);
    }

    #[test]
    fn distances_are_the_same_both_ways_and_at_most_half_a_great_circle(a in any_point(), b in any_point()) {
        let distance_m = distance_m(a, b);
        prop_assert_eq!(distance_m, super::distance_m(b, a));
        prop_assert!((0.0..=std::f64::consts::PI * distance::EARTH_RADIUS_M).contains(&distance_m));
    }

    #[test]
    fn whatever_lies_within_is_found_once(
        area in any_area(),
        offsets in prop::collection::vec((-1.2..1.2, -1.2..1.2), 50),
    ) {
        for (east, north) in offsets {
            let score = near(&area, east, north).score();
            let times = times_found(&area, score);
            prop_assert!(times <= 1);
            if area.distance_within_m(Point::of_score(score)).is_some() {
                prop_assert_eq!(times, 1, "{} {}", east, north);
            }
        }
    }
}
