//! `INCRBYFLOAT`, to the last digit.
//!
//! Redis adds with C's `long double`, which on x86-64 is the x87's 80-bit format: 64 bits of mantissa and an exponent of 15.
//! It prints the sum with `%.17Lf` and cuts the zeros at the end. That is what makes `0.1 + 0.2` come out as `0.3`, and
//! neither `f64` nor exact decimal arithmetic gives the same digits. So the format itself is computed with here:
//!
//! ```text
//!  value = ± mantissa * 2^exponent        mantissa: 64 bits, the highest set
//!                                         exponent: -16445 ..= 16320; at -16445 the highest may be 0 (denormal)
//!
//!  text ──> exact binary ──> round to 64 bits ─┐
//!                                              ├─> exact sum ──> round ──> 17 decimals, round
//!  text ──> exact binary ──> round to 64 bits ─┘
//! ```
//!
//! Every rounding is to the nearest and to even on a tie, as IEEE 754 wants it. Ordinary numbers are exact in 128 bits;
//! long ones and those with great exponents go through [`Big`].

use std::fmt;

use super::big::Big;
use super::literal::{Exact, Magnitude, Positional, scan};

/// Bits of a mantissa.
const BITS: u32 = 64;

/// The exponent of the lowest bit of the smallest number.
const LOWEST: i64 = -16445;

/// The greatest exponent.
const HIGHEST: i64 = 16383 - 63;

/// Redis copies such a number into a buffer of this size first, and refuses one that does not fit with its NUL, in bytes.
const MAX_TEXT: usize = 5 * 1024;

/// The decimals that `%.17Lf` prints.
const DECIMALS: usize = 17;
const DECIMALS_POWER: u128 = 10u128.pow(DECIMALS as u32);

/// A number with its point behind more than this many digits is infinite; the greatest has 4933.
const MOST_WHOLE_DIGITS: i64 = 4933;

/// A number with more than this many zeros behind its point is 0; the smallest has 4950.
const MOST_LEADING_ZEROS: i64 = 4951;

/// Why there is no sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatError {
    /// One of the two is not a number, or beyond a long double's range.
    NotAFloat,
    /// The sum is beyond the range, or one of the two is infinite.
    NanOrInfinity,
}

/// Redis's words, without `ERR `.
impl fmt::Display for FloatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAFloat => "value is not a valid float",
            Self::NanOrInfinity => "increment would produce NaN or Infinity",
        })
    }
}

impl std::error::Error for FloatError {}

/// `old + by` as `INCRBYFLOAT` and `HINCRBYFLOAT` compute and print it: with up to 17 decimals, never an exponent.
///
/// # Errors
/// [`FloatError`], with the words that Redis has for it.
///
/// ```
/// use aerolite::number::{FloatError, incr_by_float};
/// assert_eq!(incr_by_float(b"0.1", b"0.2").as_deref(), Ok("0.3"));
/// assert_eq!(incr_by_float(b"5.0e3", b"2.0e2").as_deref(), Ok("5200"));
/// assert_eq!(incr_by_float(b"3", b" 1"), Err(FloatError::NotAFloat));
/// assert_eq!(incr_by_float(b"3", b"inf"), Err(FloatError::NanOrInfinity));
/// ```
pub fn incr_by_float(old: &[u8], by: &[u8]) -> Result<String, FloatError> {
    let old = Extended::parse(old).ok_or(FloatError::NotAFloat)?;
    let by = Extended::parse(by).ok_or(FloatError::NotAFloat)?;
    let sum = old.add(by).ok_or(FloatError::NanOrInfinity)?;
    Ok(sum.print())
}

/// A number of the 80-bit format; there is no NaN, since none is ever let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extended {
    Infinite,
    Finite(Finite),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Finite {
    negative: bool,
    mantissa: u64,
    exponent: i64,
}

impl Extended {
    fn parse(text: &[u8]) -> Option<Self> {
        if text.len() >= MAX_TEXT {
            return None;
        }
        let literal = scan(text)?;
        let (exact, digits) = match literal.magnitude {
            Magnitude::Nan => return None,
            Magnitude::Infinity => return Some(Self::Infinite),
            Magnitude::Hex(hex) => (hex.hex_value(), hex),
            Magnitude::Decimal(decimal) => (decimal_value(&decimal)?, decimal),
        };
        let finite = Finite::round(literal.negative, exact)?;
        let mut all = digits.whole.iter().chain(digits.fraction);
        let vanished = finite.mantissa == 0 && all.any(|&digit| digit != b'0');
        (!vanished).then_some(Self::Finite(finite))
    }

    fn add(self, other: Self) -> Option<Finite> {
        match (self, other) {
            (Self::Finite(a), Self::Finite(b)) => a.add(b),
            _ => None,
        }
    }
}

/// The value of decimal digits; `None` when it is too great or too small for the format by far.
fn decimal_value(decimal: &Positional<'_>) -> Option<Exact> {
    let digits = || decimal.whole.iter().chain(decimal.fraction);
    let leading = digits().take_while(|&&digit| digit == b'0').count();
    let all = decimal.whole.len() + decimal.fraction.len();
    if leading == all {
        return Some(Exact {
            mantissa: 0,
            sticky: false,
            exponent: LOWEST,
        });
    }
    let trailing = digits().rev().take_while(|&&digit| digit == b'0').count();
    let count = all - leading - trailing;
    let power = decimal.exponent - decimal.fraction.len() as i64 + trailing as i64;
    let point = power + count as i64;
    if !(-MOST_LEADING_ZEROS..=MOST_WHOLE_DIGITS).contains(&point) {
        return None;
    }
    let significant = digits().skip(leading).take(count);
    Some(
        short_value(significant.clone(), count, power).unwrap_or_else(|| {
            let digits = Big::from_decimal(significant);
            long_value(digits, power)
        }),
    )
}

/// The value of `count` digits times ten to the `power`, if 128 bits are enough for it.
fn short_value<'a>(
    digits: impl Iterator<Item = &'a u8>,
    count: usize,
    power: i64,
) -> Option<Exact> {
    /// Ten to this is the greatest power of ten in 128 bits.
    const MOST_DIGITS: i64 = 38;
    /// A quotient by ten to this still has 68 bits.
    const MOST_DECIMALS: i64 = 18;
    if power < -MOST_DECIMALS || count as i64 + power.max(0) > MOST_DIGITS {
        return None;
    }
    let number = digits.fold(0u128, |value, digit| value * 10 + u128::from(digit - b'0'));
    let ten_to = 10u128.pow(power.unsigned_abs() as u32);
    if power >= 0 {
        return Some(Exact {
            mantissa: number * ten_to,
            sticky: false,
            exponent: 0,
        });
    }
    let shift = number.leading_zeros();
    let aligned = number << shift;
    Some(Exact {
        mantissa: aligned / ten_to,
        sticky: aligned % ten_to != 0,
        exponent: -i64::from(shift),
    })
}

/// The value of `digits` times ten to the `power`, both of any size.
fn long_value(mut digits: Big, power: i64) -> Exact {
    /// Two more than are kept, so that the quotient has one bit below them at least.
    const QUOTIENT_BITS: u32 = BITS + 2;
    let ten_to = power.unsigned_abs() as u32;
    if power >= 0 {
        digits.mul_pow10(ten_to);
        let (mantissa, sticky, exponent) = digits.top();
        return Exact {
            mantissa,
            sticky,
            exponent: i64::from(exponent),
        };
    }
    let mut divisor = Big::from_u64(1);
    divisor.mul_pow10(ten_to);
    let shift = i64::from(divisor.bits()) + i64::from(QUOTIENT_BITS) - 1 - i64::from(digits.bits());
    if shift >= 0 {
        digits.shift_left(shift as u32);
    } else {
        divisor.shift_left(shift.unsigned_abs() as u32);
    }
    let (mantissa, sticky) = digits.divide(divisor, QUOTIENT_BITS);
    Exact {
        mantissa,
        sticky,
        exponent: -shift,
    }
}

impl Finite {
    /// The nearest number of the format, its mantissa's highest bit set if it can be; `None` when it is infinite.
    fn round(negative: bool, exact: Exact) -> Option<Self> {
        let (mantissa, exponent) = exact.round(BITS, LOWEST);
        if mantissa == 0 {
            return Some(Self {
                negative,
                mantissa,
                exponent: LOWEST,
            });
        }
        let up = i64::from(mantissa.leading_zeros()).min(exponent - LOWEST);
        let finite = Self {
            negative,
            mantissa: mantissa << up,
            exponent: exponent - up,
        };
        (finite.exponent <= HIGHEST).then_some(finite)
    }

    /// The rounded sum; `None` when it is infinite.
    fn add(self, other: Self) -> Option<Self> {
        /// Room below a mantissa; with the carry it makes 127 bits.
        const ROOM: u32 = 62;
        let (high, low) = if self.exponent >= other.exponent {
            (self, other)
        } else {
            (other, self)
        };
        let down = (high.exponent - low.exponent) as u32;
        let aligned = u128::from(low.mantissa) << ROOM;
        let shifted = aligned.checked_shr(down).unwrap_or(0);
        let sticky = shifted.checked_shl(down).unwrap_or(0) != aligned;
        let wide = u128::from(high.mantissa) << ROOM;
        let (negative, mantissa) = if high.negative == low.negative {
            (high.negative, wide + shifted)
        } else if wide >= shifted {
            // What was lost of the subtrahend is borrowed, and comes back as the sticky bit.
            (high.negative, wide - shifted - u128::from(sticky))
        } else {
            (low.negative, shifted - wide)
        };
        let exact = Exact {
            mantissa,
            sticky,
            exponent: high.exponent - i64::from(ROOM),
        };
        Self::round(negative, exact)
    }

    /// As `%.17Lf` prints it, without the zeros at the end.
    fn print(self) -> String {
        if self.exponent >= 0 {
            let mut whole = Big::from_u64(self.mantissa);
            whole.shift_left(self.exponent as u32);
            let sign = if self.negative { "-" } else { "" };
            return format!("{sign}{}", whole.into_decimal());
        }
        let down = self.exponent.unsigned_abs() as u32;
        let mut whole = self.mantissa.checked_shr(down).unwrap_or(0);
        let fraction = self.mantissa - whole.checked_shl(down).unwrap_or(0);
        let scaled = Exact {
            mantissa: u128::from(fraction) * DECIMALS_POWER,
            sticky: false,
            exponent: self.exponent,
        };
        let (mut decimals, _) = scaled.round(BITS, 0);
        if u128::from(decimals) == DECIMALS_POWER {
            (whole, decimals) = (whole + 1, 0);
        }
        let sign = if self.negative && (whole, decimals) != (0, 0) {
            "-"
        } else {
            ""
        };
        let text = format!("{sign}{whole}.{decimals:0DECIMALS$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests;
