//! The grammar of floating-point numbers, which is that of C's `strtod`, and rounding to binary.
//!
//! Redis hands its clients' numbers to `strtod` and `strtold` and wants every byte to be used. So it takes
//! more than it shows: `.5`, `5.`, `+5`, `1e5`, `0x1.8p3`, `INF`, `infinity`; and never a space.

/// A number as it was written, its value not yet computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal<'a> {
    pub negative: bool,
    pub magnitude: Magnitude<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Magnitude<'a> {
    Infinity,
    Nan,
    /// `whole.fraction` times ten to the `exponent`.
    Decimal(Positional<'a>),
    /// `whole.fraction` in base 16, times two to the `exponent`.
    Hex(Positional<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Positional<'a> {
    pub whole: &'a [u8],
    pub fraction: &'a [u8],
    pub exponent: i64,
}

/// Exponents are cut to this: any number with a greater one is beyond every format, however many digits it has.
const MAX_EXPONENT: i64 = 1 << 50;

/// Reads `text` to its last byte, or gives `None`.
pub(super) fn scan(text: &[u8]) -> Option<Literal<'_>> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let magnitude = match text {
        [b'0', b'x' | b'X', rest @ ..] => {
            Magnitude::Hex(positional(rest, b'p', u8::is_ascii_hexdigit)?)
        }
        [b'0'..=b'9' | b'.', ..] => Magnitude::Decimal(positional(text, b'e', u8::is_ascii_digit)?),
        word => named(word)?,
    };
    Some(Literal {
        negative,
        magnitude,
    })
}

fn named(word: &[u8]) -> Option<Magnitude<'static>> {
    if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") {
        return Some(Magnitude::Infinity);
    }
    let (name, rest) = word.split_at_checked(3)?;
    let payload = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let whole = match rest {
        [] => true,
        [b'(', payloads @ .., b')'] => payloads.iter().all(payload),
        _ => false,
    };
    (whole && name.eq_ignore_ascii_case(b"nan")).then_some(Magnitude::Nan)
}

/// Digits, perhaps a point and more digits (one digit at least), perhaps `mark` and an exponent.
fn positional(text: &[u8], mark: u8, is_digit: fn(&u8) -> bool) -> Option<Positional<'_>> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| is_digit(byte)).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => rest.split_at(digits(rest)),
        rest => (&[][..], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match rest {
        [] => 0,
        [first, rest @ ..] if first.eq_ignore_ascii_case(&mark) => exponent(rest)?,
        _ => return None,
    };
    Some(Positional {
        whole,
        fraction,
        exponent,
    })
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i64, |value, &digit| {
        (value * 10 + i64::from(digit - b'0')).min(MAX_EXPONENT)
    });
    Some(sign * value)
}

impl Positional<'_> {
    /// The value of hexadecimal digits.
    pub(super) fn hex_value(&self) -> Exact {
        // The bits that do not fit, 8 hexadecimal digits above what any format keeps, only say that there are some.
        const FULL: u128 = 1 << 96;
        let mut value = Exact {
            mantissa: 0,
            sticky: false,
            exponent: self.exponent - 4 * self.fraction.len() as i64,
        };
        for &digit in self.whole.iter().chain(self.fraction) {
            let digit = u128::from(char::from(digit).to_digit(16).unwrap_or(0));
            if value.mantissa < FULL {
                value.mantissa = value.mantissa << 4 | digit;
            } else {
                value.sticky |= digit != 0;
                value.exponent += 4;
            }
        }
        value
    }
}

/// `mantissa` times two to the `exponent`, and a little more if `sticky` (then the mantissa has bits enough
/// that the little more only decides ties).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact {
    pub mantissa: u128,
    pub sticky: bool,
    pub exponent: i64,
}

impl Exact {
    /// Rounds to the nearest number with at most `bits` (64 or fewer) bits whose lowest is worth at least two to
    /// the `lowest`; of two equally near ones to the even one. Gives the mantissa and its exponent.
    pub(super) fn round(self, bits: u32, lowest: i64) -> (u64, i64) {
        let used = u128::BITS - self.mantissa.leading_zeros();
        let for_bits = i64::from(used.saturating_sub(bits));
        let shift = for_bits.max(lowest.saturating_sub(self.exponent));
        if shift <= 0 {
            return (self.mantissa as u64, self.exponent);
        }
        if shift > i64::from(used) {
            // Less than half of the lowest bit.
            return (0, lowest);
        }
        let exponent = self.exponent + shift;
        let (kept, lost) = match self.mantissa.checked_shr(shift as u32) {
            Some(kept) => (kept, self.mantissa - (kept << shift)),
            None => (0, self.mantissa),
        };
        let half = 1u128 << (shift - 1);
        let up = lost > half || (lost == half && (self.sticky || kept & 1 == 1));
        let rounded = kept + u128::from(up);
        if rounded >> bits == 0 {
            (rounded as u64, exponent)
        } else {
            ((rounded >> 1) as u64, exponent + 1)
        }
    }
}
