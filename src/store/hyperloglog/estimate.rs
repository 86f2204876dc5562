//! From the registers to a number: Otmar Ertl's estimator, "New cardinality estimation algorithms for HyperLogLog
//! sketches" (arXiv:1702.01284), section 4, which is right for few elements and for many without corrections measured
//! in experiments.
//!
//! It needs to know only how many registers have each value. With m registers, of which Cₖ have value k, and q the
//! number of bits of a hash that make the rank:
//!
//! ```text
//!   estimate = α m² / ( m σ(C₀/m)  +  Σ Cₖ 2⁻ᵏ  +  m τ(1 - C₍q+1₎/m) 2⁻q )       α = 1 / (2 ln 2)
//!                        ▲             ▲               ▲
//!                   registers       k = 1..q      registers at the
//!                   still empty                   highest rank there is
//! ```
//!
//! σ and τ are sums of infinitely many terms that shrink fast; the last term is the one that changes nothing any more. The operations
//! are those of Redis in its order, since the number is to be the same to the last digit.

use super::{RANK_BITS, REGISTERS};

/// 1 / (2 ln 2).
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// A register has six bits.
const VALUES: usize = 64;

/// After so many terms every sum has come to its end long ago: with x a number of 16384ths, some thirty are enough.
const MAX_TERMS: usize = 100;

/// How many registers have each value.
#[derive(Debug, Clone)]
pub struct Histogram([u32; VALUES]);

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram([0; VALUES])
    }
}

impl Histogram {
    /// Counts `len` registers that have this value, one of six bits.
    pub fn add(&mut self, value: u8, len: usize) {
        self.0[usize::from(value) % VALUES] += len as u32;
    }

    /// The number of different elements that have left such registers behind; all of them have been counted.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        const HIGHEST: usize = RANK_BITS as usize + 1;
        let m = REGISTERS as f64;
        let share = |value: usize| f64::from(self.0[value]) / m;
        let mut sum = m * tau((m - f64::from(self.0[HIGHEST])) / m);
        for &count in self.0[1..HIGHEST].iter().rev() {
            sum += f64::from(count);
            sum *= 0.5;
        }
        sum += m * sigma(share(0));
        as_count(ALPHA * m * m / sum)
    }
}

/// The nearest integer. One that no 63 bits can hold, which only crafted registers lead to, is what the processor
/// makes of it for Redis.
fn as_count(estimate: f64) -> u64 {
    const LIMIT: u64 = 1 << 63;
    let rounded = estimate.round();
    if rounded < LIMIT as f64 {
        rounded as u64
    } else {
        LIMIT
    }
}

/// x + Σ x^(2ᵏ) 2ᵏ⁻¹ over k = 1, 2, ...; infinite for 1.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut factor, mut sum) = (1.0, x);
    for _ in 0..MAX_TERMS {
        x *= x;
        let before = sum;
        sum += x * factor;
        factor += factor;
        if sum == before {
            break;
        }
    }
    sum
}

/// (1 - x - Σ (1 - x^(2⁻ᵏ))² 2⁻ᵏ) / 3 over k = 1, 2, ...; 0 for 0 and for 1.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut factor, mut sum) = (1.0, 1.0 - x);
    for _ in 0..MAX_TERMS {
        x = x.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * factor;
        if sum == before {
            break;
        }
    }
    sum / 3.0
}
