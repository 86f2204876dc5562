use super::*;
use proptest::prelude::*;

#[test]
fn integers_are_strict() {
    let table: &[(&[u8], Option<i64>)] = &[
        (b"0", Some(0)),
        (b"9", Some(9)),
        (b"-1", Some(-1)),
        (b"9223372036854775807", Some(i64::MAX)),
        (b"-9223372036854775808", Some(i64::MIN)),
        (b"9223372036854775808", None),
        (b"-9223372036854775809", None),
        (b"99999999999999999999", None),
        (b"18446744073709551617", None),
        (b"", None),
        (b"-", None),
        (b"-0", None),
        (b"00", None),
        (b"01", None),
        (b"+1", None),
        (b" 1", None),
        (b"1 ", None),
        (b"1\0", None),
        (b"0x1", None),
        (b"1.0", None),
        (b"--1", None),
    ];
    for (text, expected) in table {
        assert_eq!(parse_i64(text), *expected, "{}", text.escape_ascii());
    }
}

/// What ZADD takes on `redis-server` 7.0.15, and the score that it stores.
#[test]
fn doubles_are_read_as_strtod_reads_them() {
    let inf = f64::INFINITY;
    let table: &[(&str, Option<f64>)] = &[
        ("1", Some(1.0)),
        ("+1.5", Some(1.5)),
        ("-.5", Some(-0.5)),
        ("5.", Some(5.0)),
        ("1e5", Some(1e5)),
        ("1E+5", Some(1e5)),
        ("1e-5", Some(1e-5)),
        ("0001", Some(1.0)),
        ("0e99999999999999999999", Some(0.0)),
        ("-0", Some(-0.0)),
        ("inf", Some(inf)),
        ("+INF", Some(inf)),
        ("-infinity", Some(-inf)),
        ("0x10", Some(16.0)),
        ("-0X1.8P-1", Some(-0.75)),
        ("0x.8", Some(0.5)),
        ("0x1.fffffffffffff8p0", Some(2.0)),
        (
            "0x1.fffffffffffff7ffffffffffffffffffffp0",
            Some(1.9999999999999998),
        ),
        ("0x1.00000000000008p0", Some(1.0)),
        (
            "0x1.000000000000080000000000000000000001p0",
            Some(1.0000000000000002),
        ),
        ("0x1p1023", Some(2f64.powi(1023))),
        ("0x1p1024", None),
        ("0x1p-1074", Some(5e-324)),
        ("0x1p-1075", None),
        ("0x1.8p-1075", Some(5e-324)),
        ("0x0p99999", Some(0.0)),
        ("4.9e-324", Some(5e-324)),
        ("2e-324", None),
        ("1.7976931348623157e308", Some(f64::MAX)),
        ("1.8e308", None),
        ("1e99999999999999999999", None),
        ("1e-99999999999999999999", None),
        ("", None),
        ("+", None),
        (".", None),
        ("e5", None),
        ("1e", None),
        ("1e+", None),
        (" 1", None),
        ("1 ", None),
        ("1_0", None),
        ("--1", None),
        ("0x", None),
        ("0x.", None),
        ("0xp1", None),
        ("0x1p", None),
        ("infinit", None),
        ("infinityy", None),
        ("nan", None),
        ("-nan(1)", None),
        ("1\0", None),
    ];
    for (text, expected) in table {
        let got = parse_f64(text.as_bytes());
        assert_eq!(got.map(f64::to_bits), expected.map(f64::to_bits), "{text}");
    }
}

#[test]
fn doubles_are_laid_out_as_redis_7_2_does() {
    let table = [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-17.0, "-17"),
        (0.1, "0.1"),
        (1.5, "1.5"),
        (-123.456, "-123.456"),
        (3.0e17, "300000000000000000"),
        (4611686018427387904.0, "4611686018427387904"),
        (4.7e18, "4.7e+18"),
        (1e19, "1e+19"),
        (-1e20, "-1e+20"),
        (1.5e300, "1.5e+300"),
        (12345678901234567890.0, "12345678901234567000"),
        (0.0001, "0.0001"),
        (0.000001, "0.000001"),
        (0.0000001, "1e-7"),
        (1.23e-5, "1.23e-5"),
        (0.00012345678, "1.2345678e-4"),
        (0.0012345678, "0.0012345678"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "nan"),
    ];
    for (value, expected) in table {
        assert_eq!(format_f64(value), expected);
    }
}

proptest! {
    #[test]
    fn integers_read_back(value: i64) {
        let mut text = Vec::new();
        push_i64(&mut text, value);
        prop_assert_eq!(parse_i64(&text), Some(value));
    }

    #[test]
    fn doubles_read_back(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(!value.is_nan());
        let back = parse_f64(format_f64(value).as_bytes());
        prop_assert_eq!(back.map(f64::to_bits), Some(bits));
    }

    #[test]
    fn any_bytes_do(text in "[-+0-9a-fxpinty. ]{0,12}") {
        let (bytes, plain) = (text.as_bytes(), text.parse::<f64>().ok().filter(|v| v.is_finite()));
        if let (Some(plain), Some(ours)) = (plain, parse_f64(bytes)) {
            prop_assert_eq!(ours, plain);
        }
        prop_assert!(parse_i64(bytes).is_none_or(|n| n.to_string() == text));
    }
}
