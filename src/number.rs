//! Numbers as Redis reads and writes them: a client sees these digits, so each is Redis's own.
//!
//! | what                          | reads                | writes              |
//! |-------------------------------|----------------------|---------------------|
//! | integers                      | [`parse_i64`]        | [`push_i64`]        |
//! | doubles (scores, timeouts)    | [`parse_f64`]        | [`format_f64`]      |
//! | bounds of scores              | [`parse_f64_as_c`]   |                     |
//! | long doubles (`INCRBYFLOAT`)  | [`incr_by_float`]    | [`incr_by_float`]   |
//! | coordinates (`GEOPOS`)        | [`parse_f64`]        | [`format_decimals`] |

mod big;
mod extended;
mod literal;

pub use extended::{FloatError, incr_by_float};

use literal::{Exact, Magnitude, scan};

/// Reads an integer as Redis does (`string2ll`): an optional `-`, then digits without leading zeros,
/// nothing else. `None` when it is not one, or does not fit in 64 bits.
///
/// ```
/// use aerolite::number::parse_i64;
/// assert_eq!(parse_i64(b"-42"), Some(-42));
/// for refused in [&b""[..], b"+1", b"01", b"-0", b" 1", b"1 ", b"9223372036854775808"] {
///     assert_eq!(parse_i64(refused), None);
/// }
/// ```
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= MAX_I64_DIGITS => {}
        _ => return None,
    }
    // 19 digits always fit in a u64.
    let mut magnitude: u64 = 0;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit);
    }
    if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// The digits of `i64::MAX`.
const MAX_I64_DIGITS: usize = 19;

/// Appends `value` in decimal.
///
/// ```
/// let mut out = b"n=".to_vec();
/// aerolite::number::push_i64(&mut out, i64::MIN);
/// assert_eq!(out, b"n=-9223372036854775808");
/// ```
#[inline]
pub fn push_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Reads a double as Redis does: all that C's `strtod` takes (hexadecimal and `inf` too), to the last byte,
/// rounded to the nearest. `None` for NaN, for spaces, and for what is beyond a double's range: finite but too great,
/// or not 0 but too small.
///
/// ```
/// use aerolite::number::parse_f64;
/// assert_eq!(parse_f64(b"+1.5e3"), Some(1500.0));
/// assert_eq!(parse_f64(b"-Infinity"), Some(f64::NEG_INFINITY));
/// assert_eq!(parse_f64(b"0x1.8p1"), Some(3.0));
/// for refused in [&b""[..], b" 1", b"1 ", b"nan", b"1e400", b"1e-400", b"1e", b"0x"] {
///     assert_eq!(parse_f64(refused), None);
/// }
/// ```
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let (value, is_in_range) = nearest_f64(text)?;
    is_in_range.then_some(value)
}

/// Reads a double as those of Redis's commands do that take whatever C's `strtod` gives them: white space before
/// it does not count, nor does what follows a NUL; nothing at all is 0; what is too great is infinite, and what
/// is too small is 0. `None` for NaN, and where something follows.
///
/// ```
/// use aerolite::number::parse_f64_as_c;
/// assert_eq!(parse_f64_as_c(b" 1e400"), Some(f64::INFINITY));
/// assert_eq!(parse_f64_as_c(b"1e-400"), Some(0.0));
/// assert_eq!(parse_f64_as_c(b"3\0x"), Some(3.0));
/// assert_eq!(parse_f64_as_c(b""), Some(0.0));
/// for refused in [&b" "[..], b"1 ", b"nan", b"x"] {
///     assert_eq!(parse_f64_as_c(refused), None);
/// }
/// ```
pub fn parse_f64_as_c(text: &[u8]) -> Option<f64> {
    let text = &text[..memchr::memchr(0, text).unwrap_or(text.len())];
    if text.is_empty() {
        return Some(0.0);
    }
    // The vertical tab is white space to C alone.
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let spaces = text.iter().take_while(|byte| is_space(byte)).count();
    nearest_f64(&text[spaces..]).map(|(value, _)| value)
}

/// The double nearest to a number, and whether it is within a double's range: not infinite though the number is
/// finite, nor 0 though it is not.
fn nearest_f64(text: &[u8]) -> Option<(f64, bool)> {
    let literal = scan(text)?;
    let (magnitude, digits) = match literal.magnitude {
        Magnitude::Nan => return None,
        Magnitude::Infinity => (f64::INFINITY, None),
        Magnitude::Hex(hex) => (exact_f64(hex.hex_value()), Some(hex)),
        Magnitude::Decimal(decimal) => {
            // The grammar has been checked; the standard library rounds correctly.
            let unsigned = text.strip_prefix(b"-").unwrap_or(text);
            let value = std::str::from_utf8(unsigned).ok()?.parse().ok()?;
            (value, Some(decimal))
        }
    };
    let is_in_range = digits.is_none_or(|digits| {
        let mut all = digits.whole.iter().chain(digits.fraction);
        magnitude != f64::INFINITY && (magnitude != 0.0 || all.all(|&digit| digit == b'0'))
    });
    let value = if literal.negative {
        -magnitude
    } else {
        magnitude
    };
    Some((value, is_in_range))
}

/// The nearest double; infinity when it is too great.
fn exact_f64(exact: Exact) -> f64 {
    /// The exponent of the lowest bit of the smallest double, and an exponent at which even the lowest bit is infinite.
    const LOWEST: i64 = -1074;
    const INFINITE: i64 = 1100;
    let (mantissa, exponent) = exact.round(f64::MANTISSA_DIGITS, LOWEST);
    // In two steps, because two to the -1074 is not a normal double; each step is exact.
    let exponent = exponent.clamp(LOWEST, INFINITE) as i32;
    let half = exponent / 2;
    mantissa as f64 * 2f64.powi(half) * 2f64.powi(exponent - half)
}

/// Writes a double in the shortest form that reads back as the same, laid out as Redis 7.2 does.
///
/// Integers up to half of 2^63 have no exponent; see the tests for the rest of the layout.
///
/// ```
/// use aerolite::number::format_f64;
/// assert_eq!(format_f64(0.1), "0.1");
/// assert_eq!(format_f64(3.0), "3");
/// assert_eq!(format_f64(1e20), "1e+20");
/// assert_eq!(format_f64(f64::NEG_INFINITY), "-inf");
/// ```
pub fn format_f64(value: f64) -> String {
    /// Up to here (half of `i64::MAX`) a double without a fraction prints as an integer.
    const INTEGER_LIMIT: f64 = (i64::MAX / 2) as f64;
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    if value.abs() <= INTEGER_LIMIT && value.trunc() == value {
        return itoa::Buffer::new().format(value as i64).to_owned();
    }
    let (digits, exponent) = shortest_digits(value.abs());
    let mut text = String::with_capacity(24);
    if value < 0.0 {
        text.push('-');
    }
    lay_out(&mut text, &digits, exponent);
    text
}

/// Writes a finite double with up to 17 decimals, never an exponent: what is behind them is rounded to the nearest, and
/// to even on a tie. It is what [`incr_by_float`] would print of it.
///
/// ```
/// use aerolite::number::format_decimals;
/// assert_eq!(format_decimals(0.1), "0.10000000000000001");
/// assert_eq!(format_decimals(180.0), "180");
/// assert_eq!(format_decimals(-1e-20), "0");
/// ```
pub fn format_decimals(value: f64) -> String {
    const DECIMALS: usize = 17;
    let text = format!("{value:.DECIMALS$}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" => "0".to_owned(),
        digits => digits.to_owned(),
    }
}

/// The shortest decimal digits that read back as `value`, and the power of ten of the last one.
fn shortest_digits(value: f64) -> (String, i32) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent
        .parse()
        .expect("a printed exponent is a small integer");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let mut last = exponent - fraction.len() as i32;
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    last += (digits.len() - significant.len()) as i32;
    (significant.to_owned(), last)
}

/// Lays out `digits` times ten to the `last` as Redis 7.2 does (the rules of its `fpconv`): plain when it stays
/// short, else with an exponent of no more digits than it needs.
fn lay_out(text: &mut String, digits: &str, last: i32) {
    let count = digits.len() as i32;
    let exponent = last + count - 1;
    if last >= 0 && exponent < count + 7 {
        text.push_str(digits);
        text.extend(std::iter::repeat_n('0', last as usize));
    } else if last < 0 && (last > -7 || exponent.abs() < 4) {
        let whole = count + last;
        if whole > 0 {
            let (whole, fraction) = digits.split_at(whole as usize);
            text.extend([whole, ".", fraction]);
        } else {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', -whole as usize));
            text.push_str(digits);
        }
    } else {
        let (first, rest) = digits.split_at(1);
        text.push_str(first);
        if !rest.is_empty() {
            text.extend([".", rest]);
        }
        text.push_str(if exponent < 0 { "e-" } else { "e+" });
        text.push_str(itoa::Buffer::new().format(exponent.abs()));
    }
}

#[cfg(test)]
mod tests;
