//! Quantiles of many values in little memory.

/// A histogram with buckets of powers of two, each divided in eight: every figure is right to
/// within an eighth, in 4 KiB, whatever the range.
#[derive(Debug, Clone)]
pub struct Histogram {
    buckets: Option<Box<[u32; BUCKETS]>>,
    max: u64,
}

/// Buckets for every value there is.
const BUCKETS: usize = (64 - SUB_BITS as usize + 1) << SUB_BITS;

/// Sub-buckets of one power of two, as a power of two.
const SUB_BITS: u32 = 3;

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram::new()
    }
}

impl Histogram {
    /// An empty one. Its memory is asked for at the first value.
    #[must_use]
    pub const fn new() -> Histogram {
        Histogram {
            buckets: None,
            max: 0,
        }
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let buckets = self.buckets.get_or_insert_with(no_values);
        let bucket = &mut buckets[bucket_of(value)];
        *bucket = bucket.saturating_add(1);
        self.max = self.max.max(value);
    }

    /// How many values there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        sum(self.counts())
    }

    /// How many values were less than two to this power, which is at least 2^3.
    #[must_use]
    pub fn count_below(&self, power: u32) -> u64 {
        let counts = self.counts();
        sum(&counts[..bucket_of(1 << power).min(counts.len())])
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The value that a share of `q` (0 to 1) of all values do not exceed, rounded up to its
    /// bucket's upper end; 0 if there were none.
    #[must_use]
    pub fn quantile(&self, q: f64) -> u64 {
        let rank = (q * self.count() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, &count) in self.counts().iter().enumerate() {
            seen += u64::from(count);
            if seen >= rank {
                return upper_end(bucket).min(self.max);
            }
        }
        0
    }

    /// What each bucket has counted; nothing where there was no value yet.
    fn counts(&self) -> &[u32] {
        self.buckets.as_deref().map_or(&[], |buckets| buckets)
    }
}

#[cold]
fn no_values() -> Box<[u32; BUCKETS]> {
    Box::new([0; BUCKETS])
}

fn sum(counts: &[u32]) -> u64 {
    counts.iter().copied().map(u64::from).sum()
}

/// A value keeps its four highest bits, of which the first is set unless it is small; what is cut off is counted in steps
/// of eight buckets. Small values (below 16) are their own buckets.
#[inline]
fn bucket_of(value: u64) -> usize {
    let cut = (value | 1 << SUB_BITS).ilog2() - SUB_BITS;
    ((cut as usize) << SUB_BITS) + (value >> cut) as usize
}

fn upper_end(bucket: usize) -> u64 {
    if bucket < 1 << SUB_BITS {
        return bucket as u64;
    }
    let power = (bucket >> SUB_BITS) as u32 + SUB_BITS - 1;
    let sub = (bucket & ((1 << SUB_BITS) - 1)) as u128;
    let end = ((sub + 1 + (1 << SUB_BITS)) << (power - SUB_BITS)) - 1;
    u64::try_from(end).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_order_and_hold_their_values() {
        let mut last = 0;
        for value in (0..2000).chain((11..64).map(|p| 1 << p)).chain([u64::MAX]) {
            let bucket = bucket_of(value);
            assert!(bucket >= last, "{value}");
            assert!(upper_end(bucket) >= value);
            assert!(bucket == 0 || upper_end(bucket - 1) < value);
            last = bucket;
        }
    }

    #[test]
    fn what_is_below_a_power_of_two_is_counted_exactly() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.count_below(10), 0);
        for value in [0, 1, 1023, 1024, 2047, 2048, u64::MAX] {
            histogram.record(value);
        }
        let counts = [3, 10, 11, 12, 63].map(|power| histogram.count_below(power));
        assert_eq!(counts, [2, 3, 5, 6, 6]);
    }

    #[test]
    fn quantiles_are_right_to_within_an_eighth() {
        let mut histogram = Histogram::new();
        (1..=10_000).for_each(|value| histogram.record(value));
        for (q, exact) in [(0.5, 5000.0), (0.99, 9900.0), (1.0, 10_000.0)] {
            let got = histogram.quantile(q) as f64;
            assert!(got >= exact && got <= exact * 1.125, "{q}: {got}");
        }
        assert_eq!(histogram.max(), 10_000);
        assert_eq!(Histogram::new().quantile(0.5), 0);
    }
}
