//! HyperLogLog: how many different elements a set has, estimated from a few thousand small numbers
//! instead of the elements themselves.
//!
//! An element is hashed. The low 14 bits of the hash choose one of 16384 *registers*; in the rest, the
//! number of trailing zeros plus one is the element's *rank*. Half of all hashes have rank 1, a quarter
//! rank 2, and so on: whoever has seen rank 20 has probably seen about a million elements. Each register keeps the
//! highest rank that it has met, and [`estimate`] makes one number of all of them, which is off by
//! 0.81 % (1.04 / √16384) in the mean. The same element always meets the same register with the same rank, so
//! adding it again changes nothing, and two sets are united by taking the higher of each pair of registers.
//!
//! The registers lie in an ordinary string, so that GET, SET and COPY move a whole HyperLogLog about. The
//! format is that of Redis, byte for byte:
//!
//! ```text
//!    0      4    5        8                            16
//!   ┌──────┬────┬────────┬────────────────────────────┬──────────────────────────────────
//!   │ HYLL │ 01 │  free  │ cached count, 64 bits (LE) │ registers: dense (00) or sparse (01)
//!   └──────┴────┴────────┴────────────────────────────┴──────────────────────────────────
//!                          the highest bit set: the count is out of date
//! ```
//!
//! - [`dense`]: six bits for every register, 12 KB in all.
//! - [`sparse`]: runs of equal registers, a few bytes as long as most are zero.
//! - [`estimate`]: from the registers to a number.
//! - [`murmur`]: the hash.
//!
//! Any client can store any bytes under a key, so nothing in here trusts what it reads: a string with the
//! right head whose registers make no sense is [`Corrupt`], and never more than that.

pub mod dense;
pub mod estimate;
pub mod murmur;
pub mod sparse;
#[cfg(test)]
mod tests;

use estimate::Histogram;

/// The bits of a hash that choose the register.
const INDEX_BITS: u32 = 14;

/// How many registers there are.
pub const REGISTERS: usize = 1 << INDEX_BITS;

/// The bits of a hash that make the rank; one more than these is the highest rank there is.
pub const RANK_BITS: u32 = 64 - INDEX_BITS;

/// The bytes before the registers.
pub const HEADER: usize = 16;

const MAGIC: &[u8] = b"HYLL";
const ENCODING_AT: usize = 4;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;

/// Where the cached count is.
const COUNT_AT: std::ops::Range<usize> = 8..HEADER;

/// The bit in the last byte of the cached count that says that it is out of date.
const STALE: u8 = 0x80;

/// The registers of a HyperLogLog make no sense: a client has stored such bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt;

/// The register that an element belongs to, and its rank.
#[must_use]
pub fn place_of(element: &[u8]) -> (usize, u8) {
    let hash = murmur::hash(element);
    // The bit behind the last ends the zeros where there is no other one.
    let rest = hash >> INDEX_BITS | 1 << RANK_BITS;
    (hash as usize % REGISTERS, rest.trailing_zeros() as u8 + 1)
}

/// The string of a HyperLogLog that has seen nothing: sparse, its count known to be 0.
#[must_use]
pub fn empty() -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes[ENCODING_AT] = SPARSE;
    bytes.extend_from_slice(&sparse::ALL_ZERO);
    bytes
}

/// A string that has the head of a HyperLogLog, to be read.
#[derive(Debug, Clone, Copy)]
pub struct HyperLogLog<'a>(&'a [u8]);

impl<'a> HyperLogLog<'a> {
    /// Takes a string for a HyperLogLog. `None` where already its head, or the length of a dense one, says that
    /// it is none; its registers are looked at when they are used.
    #[must_use]
    pub fn open(bytes: &'a [u8]) -> Option<HyperLogLog<'a>> {
        let is_one = bytes.len() >= HEADER
            && bytes.starts_with(MAGIC)
            && match bytes[ENCODING_AT] {
                DENSE => bytes.len() == HEADER + dense::BYTES,
                encoding => encoding == SPARSE,
            };
        is_one.then_some(HyperLogLog(bytes))
    }

    /// Whether every register has its six bits.
    #[must_use]
    pub fn is_dense(self) -> bool {
        self.0[ENCODING_AT] == DENSE
    }

    /// The count that was stored by [`HyperLogLogMut::cache`], where nothing has changed since.
    #[must_use]
    pub fn cached(self) -> Option<u64> {
        let mut count = [0; 8];
        count.copy_from_slice(&self.0[COUNT_AT]);
        (count[7] & STALE == 0).then(|| u64::from_le_bytes(count))
    }

    /// Estimates how many different elements were added.
    ///
    /// # Errors
    /// The registers make no sense.
    pub fn count(self) -> Result<u64, Corrupt> {
        let mut histogram = Histogram::default();
        let registers = &self.0[HEADER..];
        if self.is_dense() {
            dense::values(registers).for_each(|value| histogram.add(value, 1));
        } else {
            sparse::visit(registers, |_, len, value| histogram.add(value, len))?;
        }
        Ok(histogram.estimate())
    }
}

/// A string that has the head of a HyperLogLog, to be changed.
#[derive(Debug)]
pub struct HyperLogLogMut<'a> {
    bytes: &'a mut Vec<u8>,
    sparse_max_bytes: usize,
}

impl<'a> HyperLogLogMut<'a> {
    /// The same as [`HyperLogLog::open`]. A sparse one that would grow longer than `sparse_max_bytes`, its head
    /// included, becomes dense.
    #[must_use]
    pub fn open(bytes: &'a mut Vec<u8>, sparse_max_bytes: usize) -> Option<HyperLogLogMut<'a>> {
        HyperLogLog::open(bytes)?;
        Some(HyperLogLogMut {
            bytes,
            sparse_max_bytes,
        })
    }

    /// Adds an element. Says whether that changed a register.
    ///
    /// # Errors
    /// The registers make no sense. They are as they were.
    pub fn add(&mut self, element: &[u8]) -> Result<bool, Corrupt> {
        let (index, rank) = place_of(element);
        self.raise(index, rank)
    }

    /// Raises register `index` to `rank` where it is lower. Says whether it was.
    ///
    /// # Errors
    /// The registers make no sense. They are as they were.
    ///
    /// # Panics
    /// When there is no such register, or no such rank.
    fn raise(&mut self, index: usize, rank: u8) -> Result<bool, Corrupt> {
        if self.bytes[ENCODING_AT] == SPARSE {
            match sparse::raise(self.bytes, index, rank, self.sparse_max_bytes)? {
                sparse::Raised::Yes => {
                    self.forget_count();
                    return Ok(true);
                }
                sparse::Raised::No => return Ok(false),
                sparse::Raised::NoRoom => self.make_dense()?,
            }
        }
        let is_raised = dense::raise(&mut self.bytes[HEADER..], index, rank);
        if is_raised {
            self.forget_count();
        }
        Ok(is_raised)
    }

    /// Gives every register its six bits. What the head says stays.
    ///
    /// # Errors
    /// The registers make no sense. They are as they were.
    pub fn make_dense(&mut self) -> Result<(), Corrupt> {
        if self.bytes[ENCODING_AT] == DENSE {
            return Ok(());
        }
        let mut dense = vec![0; HEADER + dense::BYTES];
        let (head, registers) = dense.split_at_mut(HEADER);
        sparse::visit(&self.bytes[HEADER..], |first, len, value| {
            for index in first..first + len {
                dense::raise(registers, index, value);
            }
        })?;
        head.copy_from_slice(&self.bytes[..HEADER]);
        head[ENCODING_AT] = DENSE;
        *self.bytes = dense;
        Ok(())
    }

    /// Says that the cached count is out of date.
    pub fn forget_count(&mut self) {
        self.bytes[COUNT_AT.end - 1] |= STALE;
    }

    /// Stores the count. One so great that it reaches the bit that says "out of date" is not kept by that.
    pub fn cache(&mut self, count: u64) {
        self.bytes[COUNT_AT].copy_from_slice(&count.to_le_bytes());
    }
}

/// The registers of several HyperLogLogs united: the highest of each.
#[derive(Debug)]
pub struct Union {
    registers: Box<[u8]>,
    has_dense: bool,
}

impl Default for Union {
    fn default() -> Union {
        Union {
            registers: vec![0; REGISTERS].into_boxed_slice(),
            has_dense: false,
        }
    }
}

impl Union {
    /// Adds one.
    ///
    /// # Errors
    /// Its registers make no sense. Some of them may have been added.
    pub fn add(&mut self, one: HyperLogLog) -> Result<(), Corrupt> {
        let registers = &one.0[HEADER..];
        if one.is_dense() {
            self.has_dense = true;
            let values = dense::values(registers);
            for (highest, value) in self.registers.iter_mut().zip(values) {
                *highest = value.max(*highest);
            }
            return Ok(());
        }
        sparse::visit(registers, |first, len, value| {
            for highest in &mut self.registers[first..first + len] {
                *highest = value.max(*highest);
            }
        })
    }

    /// Estimates how many different elements were added to any of them.
    #[must_use]
    pub fn count(&self) -> u64 {
        let mut histogram = Histogram::default();
        for &value in &self.registers {
            histogram.add(value, 1);
        }
        histogram.estimate()
    }

    /// Raises the registers of `target` to these; if any that was added is dense, it becomes so too.
    ///
    /// # Errors
    /// The registers of `target` make no sense.
    pub fn write_to(&self, target: &mut HyperLogLogMut) -> Result<(), Corrupt> {
        if self.has_dense {
            target.make_dense()?;
        }
        for (index, &value) in self.registers.iter().enumerate() {
            if value > 0 {
                target.raise(index, value)?;
            }
        }
        target.forget_count();
        Ok(())
    }
}
