//! Natural numbers of any size: just enough to read and print long doubles exactly.
//!
//! The schoolbook algorithms are enough: the numbers have at most about a thousand limbs, and ordinary
//! ones never get here.

/// A natural number, its 32-bit limbs from the lowest to the highest, the highest not 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Big {
    limbs: Vec<u32>,
}

/// Decimal digits that fit in one limb.
const LIMB_DIGITS: usize = 9;
const LIMB_POWER: u32 = 1_000_000_000;

/// The greatest power of five in one limb.
const FIVES: u32 = 13;

impl Big {
    /// The number with these decimal digits.
    pub(super) fn from_decimal<'a>(digits: impl Iterator<Item = &'a u8>) -> Self {
        let mut big = Self { limbs: Vec::new() };
        let (mut part, mut power) = (0, 1);
        for digit in digits {
            part = part * 10 + u32::from(digit - b'0');
            power *= 10;
            if power == LIMB_POWER {
                big.mul_add(power, part);
                (part, power) = (0, 1);
            }
        }
        big.mul_add(power, part);
        big
    }

    pub(super) fn from_u64(value: u64) -> Self {
        let mut big = Self {
            limbs: vec![value as u32, (value >> 32) as u32],
        };
        big.trim();
        big
    }

    fn mul_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for limb in &mut self.limbs {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.limbs.push(carry as u32);
        }
    }

    /// Times ten to the `power`.
    pub(super) fn mul_pow10(&mut self, power: u32) {
        for _ in 0..power / FIVES {
            self.mul_add(5u32.pow(FIVES), 0);
        }
        self.mul_add(5u32.pow(power % FIVES), 0);
        self.shift_left(power);
    }

    /// Times two to the `bits`.
    pub(super) fn shift_left(&mut self, bits: u32) {
        if !bits.is_multiple_of(32) {
            self.mul_add(1 << (bits % 32), 0);
        }
        if !self.limbs.is_empty() {
            let zeros = (bits / 32) as usize;
            self.limbs.splice(0..0, std::iter::repeat_n(0, zeros));
        }
    }

    /// How many bits it has; 0 for zero.
    pub(super) fn bits(&self) -> u32 {
        match self.limbs.last() {
            Some(top) => 32 * self.limbs.len() as u32 - top.leading_zeros(),
            None => 0,
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    /// Whether it is at least `other`.
    fn reaches(&self, other: &Self) -> bool {
        let by_size = self.limbs.len().cmp(&other.limbs.len());
        let by_limbs = || self.limbs.iter().rev().cmp(other.limbs.iter().rev());
        by_size.then_with(by_limbs).is_ge()
    }

    /// Less `other`, which it reaches.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        let padded = other.limbs.iter().copied().chain(std::iter::repeat(0));
        for (limb, less) in self.limbs.iter_mut().zip(padded) {
            let (once, first) = limb.overflowing_sub(less);
            let (twice, second) = once.overflowing_sub(u32::from(borrow));
            *limb = twice;
            borrow = first || second;
        }
        assert!(
            !borrow,
            "only a number that reaches the other is lessened by it"
        );
        self.trim();
    }

    fn trim(&mut self) {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }

    /// The highest 128 bits, whether lower ones are set, and how many lower ones there are.
    pub(super) fn top(&self) -> (u128, bool, u32) {
        let bits = self.bits();
        let below = bits.saturating_sub(u128::BITS);
        let (limb, shift) = ((below / 32) as usize, below % 32);
        let lost = self.limbs.iter().take(limb).any(|&limb| limb != 0);
        let mut top = 0u128;
        for (i, &part) in self.limbs.iter().skip(limb).take(5).enumerate() {
            let part = u128::from(part);
            top |= match 32 * i as u32 {
                0 => part >> shift,
                // The fifth limb's bits above the 128th do not exist: `below` is counted from the highest.
                place => part << (place - shift),
            };
        }
        let cut = self
            .limbs
            .get(limb)
            .is_some_and(|low| low & ((1 << shift) - 1) != 0);
        (top, lost || cut, below)
    }

    /// The `bits` highest bits of `self / divisor`, which is less than two to the `bits`, and whether something is left.
    pub(super) fn divide(mut self, mut divisor: Self, bits: u32) -> (u128, bool) {
        divisor.shift_left(bits - 1);
        let mut quotient = 0;
        for _ in 0..bits {
            quotient <<= 1;
            if self.reaches(&divisor) {
                self.subtract(&divisor);
                quotient |= 1;
            }
            self.mul_add(2, 0);
        }
        (quotient, !self.is_zero())
    }

    /// In decimal.
    pub(super) fn into_decimal(mut self) -> String {
        let mut parts = Vec::new();
        while !self.is_zero() {
            let mut rest = 0u64;
            for limb in self.limbs.iter_mut().rev() {
                let value = rest << 32 | u64::from(*limb);
                *limb = (value / u64::from(LIMB_POWER)) as u32;
                rest = value % u64::from(LIMB_POWER);
            }
            self.trim();
            parts.push(rest);
        }
        let Some(first) = parts.pop() else {
            return "0".to_owned();
        };
        let mut text = first.to_string();
        for part in parts.iter().rev() {
            text.push_str(&format!("{part:0LIMB_DIGITS$}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn big(value: u128) -> Big {
        let mut big = Big::from_decimal(value.to_string().as_bytes().iter());
        big.trim();
        big
    }

    proptest! {
        #[test]
        fn agrees_with_the_machine(a: u128, b in 1..u128::MAX, shift in 0..200u32) {
            prop_assert_eq!(big(a).into_decimal(), a.to_string());
            prop_assert_eq!(big(a).bits(), 128 - a.leading_zeros());
            let (dividend, divisor) = (a.min(b), a.max(b) >> 60 | 1 << 67);
            let quotient = big(dividend).divide(big(divisor), 61);
            prop_assert_eq!(quotient, (dividend / divisor, dividend % divisor != 0));
            let mut shifted = big(a | 1 << 127);
            shifted.shift_left(shift);
            prop_assert_eq!(shifted.top(), (a | 1 << 127, false, shift));
            shifted.mul_add(1, 1);
            prop_assert_eq!(shifted.top().1, shift > 0);
            let mut tens = Big::from_u64(b as u64);
            tens.mul_pow10(shift);
            let zeros = "0".repeat(shift as usize);
            match b as u64 {
                0 => prop_assert!(tens.is_zero()),
                some => prop_assert_eq!(tens.into_decimal(), format!("{some}{zeros}")),
            }
        }
    }
}
