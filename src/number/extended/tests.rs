use super::*;
use proptest::prelude::*;

/// Every sum is what `redis-server` 7.0.15 gives.
#[test]
fn sums_are_those_of_redis() {
    let table = [
        ("0.1", "0.2", "0.3"),
        ("3.0", "0", "3"),
        ("5.0e3", "2.0e2", "5200"),
        ("10.50", "0.1", "10.6"),
        ("3", "1.1", "4.1"),
        ("-5", "5", "0"),
        ("-0.1", "0.1", "0"),
        ("1e20", "0", "100000000000000000000"),
        ("1e18", "1e-17", "1000000000000000000"),
        ("0.00000000000000001", "0", "0.00000000000000001"),
        ("0.000000000000000005", "0", "0"),
        ("0.000000000000000015", "0", "0.00000000000000002"),
        ("-0.000000000000000004", "0", "0"),
        ("0.99999999999999999999", "0", "1"),
        ("9223372036854775807", "1", "9223372036854775808"),
        ("18446744073709551615", "1", "18446744073709551616"),
        ("18446744073709551615", "0.5", "18446744073709551616"),
        ("0.1", "1e17", "100000000000000000.1015625"),
        ("1e4000", "-1e4000", "0"),
        (
            "123456789.123456789",
            "987654321.987654321",
            "1111111111.11111110995989293",
        ),
        ("0x1.8p1", "0x1p-4", "3.0625"),
        ("0x1p-16445", "0x1p-16445", "0"),
        ("1", "1e-4950", "1"),
        ("1", "-0x1p-66", "1"),
        // A tie but for a bit that is far below: it must be borrowed.
        ("0x1p63", "-0x0.4000000000000001p0", "9223372036854775807.5"),
        ("1", "-0x1p-64", "1"),
        ("1", "-1e-4950", "1"),
        ("1.9e-4951", "0", "0"),
    ];
    for (old, by, expected) in table {
        let got = incr_by_float(old.as_bytes(), by.as_bytes());
        assert_eq!(got.as_deref(), Ok(expected), "{old} + {by}");
    }
}

#[test]
fn refusals_are_those_of_redis() {
    use FloatError::*;
    let table = [
        (
            "1.18973149535723176502126385303e4932",
            "1.18973149535723176502126385303e4932",
            NanOrInfinity,
        ),
        ("1e5000", "1", NotAFloat),
        ("inf", "1", NanOrInfinity),
        ("inf", "-inf", NanOrInfinity),
        ("nan", "1", NotAFloat),
        ("1e-5000", "1", NotAFloat),
        ("1.8e-4951", "0", NotAFloat),
        ("", "1", NotAFloat),
        ("1", "", NotAFloat),
        ("abc", "inf", NotAFloat),
        ("1", "1 ", NotAFloat),
    ];
    for (old, by, expected) in table {
        let got = incr_by_float(old.as_bytes(), by.as_bytes());
        assert_eq!(got, Err(expected), "{old} + {by}");
    }
}

#[test]
fn the_greatest_number_is_printed_whole() {
    let text = incr_by_float(b"0x1p16383", b"0").expect("it is in range");
    assert_eq!(text.len(), 4932);
    assert!(text.starts_with("5948657476786158825428796633140035653817"));
    assert!(text.ends_with("8"), "a power of two");
    assert_eq!(
        incr_by_float(b"0x1p16383", b"0x1p16383"),
        Err(FloatError::NanOrInfinity)
    );
}

#[test]
fn texts_longer_than_a_buffer_of_redis_are_refused() {
    let zeros = "0".repeat(MAX_TEXT - 2);
    assert_eq!(
        incr_by_float(format!("1.{}", &zeros[1..]).as_bytes(), b"1").as_deref(),
        Ok("2")
    );
    let long = format!("1.{zeros}");
    assert_eq!(
        incr_by_float(long.as_bytes(), b"1"),
        Err(FloatError::NotAFloat)
    );
}

proptest! {
    /// Where doubles are exact, so is this.
    #[test]
    fn agrees_with_exact_sums(a in -1i64 << 40..1 << 40, b in -1i64 << 40..1 << 40, down in 0..12i32) {
        let scale = 2f64.powi(-down);
        let [x, y] = [a as f64 * scale, b as f64 * scale];
        let sum = incr_by_float(format!("{x:.12}").as_bytes(), format!("{y:.20}").as_bytes());
        let expected = format!("{:.17}", x + y);
        let expected = expected.trim_end_matches('0').trim_end_matches('.');
        prop_assert_eq!(sum.as_deref(), Ok(if expected == "-0" { "0" } else { expected }));
    }

    /// The way through big numbers gives the same as the short one.
    #[test]
    fn both_ways_of_reading_agree(number in 1u128..1 << 100, power in -18..8i64) {
        let digits = number.to_string();
        let digits = digits.as_bytes();
        prop_assume!(digits.len() as i64 + power.max(0) <= 38);
        let short = short_value(digits.iter(), digits.len(), power).map(|e| e.round(BITS, LOWEST));
        let long = long_value(Big::from_decimal(digits.iter()), power).round(BITS, LOWEST);
        let value = |(m, e): (u64, i64)| (m >> m.trailing_zeros(), e + i64::from(m.trailing_zeros()));
        prop_assert_eq!(short.map(value), Some(value(long)));
    }

    #[test]
    fn any_bytes_do(old in "[-+0-9a-fxp. ]{0,12}", by in "[-0-9.e]{0,30}") {
        if let Ok(sum) = incr_by_float(old.as_bytes(), by.as_bytes()) {
            prop_assert_eq!(incr_by_float(sum.as_bytes(), b"0").map(|s| s.len() <= sum.len() + 1), Ok(true));
        }
    }
}
