//! The sparse form: runs of equal registers, in their order, from the first to the last.
//!
//! ```text
//!   00llllll             a run of 1 to 64 zeros                        (the length less one)
//!   01llllll llllllll    a run of 1 to 16384 zeros                     (the length less one, high byte first)
//!   1vvvvvll             a run of 1 to 4 registers with value 1 to 32  (both less one)
//! ```
//!
//! An empty HyperLogLog is two bytes. Raising a register in the middle of a run splits the run:
//!
//! ```text
//!   7f ff                  16384 zeros
//!
//!   60 f2 80 5f 0b         243 zeros, one 1, 7948 zeros ...     register 243 is raised to 1
//! ```
//!
//! and where runs of one value then lie side by side, they are joined. Which of them are is part of the format, if
//! the same elements are to give the same bytes as Redis does: it looks at no more than five runs, beginning with the
//! one before.

use super::{Corrupt, HEADER, REGISTERS};

/// The runs of an empty HyperLogLog: 16384 zeros.
pub const ALL_ZERO: [u8; 2] = [0x7f, 0xff];

/// The highest value that a run can have; for a higher one the dense form is needed.
const MAX_VALUE: u8 = 32;

/// The most registers of a run with a value.
const MAX_VALUES: usize = 4;

/// The most zeros in a run of one byte.
const MAX_SHORT_ZEROS: usize = 64;

/// So many runs are looked at when runs are joined.
const JOINED: usize = 5;

/// The most bytes that a run is replaced by: zeros, a value, zeros.
const MAX_SPLIT: usize = 5;

/// What became of raising a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It was lower and is raised.
    Yes,
    /// It was not lower.
    No,
    /// It is lower, but what it should be cannot be written, or not within the allowed length.
    NoRoom,
}

/// A run of equal registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    len: usize,
    value: u8,
    /// The bytes that it is written in.
    size: usize,
}

impl Run {
    /// The run that begins at `at`; `None` where no whole one does.
    fn read(bytes: &[u8], at: usize) -> Option<Run> {
        let byte = *bytes.get(at)?;
        let low = usize::from(byte & 0x3f);
        Some(match byte >> 6 {
            0 => Run {
                len: low + 1,
                value: 0,
                size: 1,
            },
            1 => Run {
                len: (low << 8 | usize::from(*bytes.get(at + 1)?)) + 1,
                value: 0,
                size: 2,
            },
            _ => Run {
                len: usize::from(byte & 3) + 1,
                value: (byte >> 2 & 0x1f) + 1,
                size: 1,
            },
        })
    }
}

/// A run with a value, as it is written.
fn values(value: u8, len: usize) -> u8 {
    0x80 | (value - 1) << 2 | (len - 1) as u8
}

/// Runs being written in place of one.
#[derive(Default)]
struct Split {
    bytes: [u8; MAX_SPLIT],
    len: usize,
}

impl Split {
    /// `len` registers of a value; nothing where there are none of them.
    fn push(&mut self, value: u8, len: usize) {
        if len == 0 {
            return;
        }
        if value > 0 {
            self.push_byte(values(value, len));
        } else if len <= MAX_SHORT_ZEROS {
            self.push_byte((len - 1) as u8);
        } else {
            self.push_byte(0x40 | ((len - 1) >> 8) as u8);
            self.push_byte((len - 1) as u8);
        }
    }

    fn push_byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }
}

/// Calls `visit` for each run, with its first register, its length and its value.
///
/// # Errors
/// The runs do not hold exactly as many registers as there are. `visit` has seen those before the fault, all of them
/// within that number.
pub fn visit(runs: &[u8], mut visit: impl FnMut(usize, usize, u8)) -> Result<(), Corrupt> {
    let (mut at, mut first) = (0, 0);
    // Every run holds a register, so there are no more rounds than registers.
    while first < REGISTERS {
        let run = Run::read(runs, at).ok_or(Corrupt)?;
        if run.len > REGISTERS - first {
            return Err(Corrupt);
        }
        visit(first, run.len, run.value);
        at += run.size;
        first += run.len;
    }
    if at == runs.len() {
        Ok(())
    } else {
        Err(Corrupt)
    }
}

/// Raises register `index` to `rank` in the string of a sparse HyperLogLog, which grows to `max_bytes` at the most.
///
/// # Errors
/// There is no such register.
///
/// # Panics
/// When the string is shorter than the head of a HyperLogLog, or `rank` is 0.
pub fn raise(
    bytes: &mut Vec<u8>,
    index: usize,
    rank: u8,
    max_bytes: usize,
) -> Result<Raised, Corrupt> {
    if rank > MAX_VALUE {
        return Ok(Raised::NoRoom);
    }
    let Place {
        at,
        before,
        first,
        run,
    } = find(bytes, index)?;
    if run.value >= rank {
        return Ok(Raised::No);
    }
    let mut split = Split::default();
    split.push(run.value, index - first);
    split.push(rank, 1);
    split.push(run.value, first + run.len - 1 - index);
    if split.len > run.size && bytes.len() + (split.len - run.size) > max_bytes {
        return Ok(Raised::NoRoom);
    }
    let written = split.bytes.into_iter().take(split.len);
    bytes.splice(at..at + run.size, written);
    join(bytes, before);
    Ok(Raised::Yes)
}

/// Where a register is.
struct Place {
    /// Where its run begins.
    at: usize,
    /// Where the run before begins; the same where there is none.
    before: usize,
    /// The first register of its run.
    first: usize,
    run: Run,
}

fn find(bytes: &[u8], index: usize) -> Result<Place, Corrupt> {
    let (mut at, mut before, mut first) = (HEADER, HEADER, 0);
    // Every run holds a register, so there are no more rounds than registers.
    loop {
        let run = Run::read(bytes, at).ok_or(Corrupt)?;
        if index < first + run.len {
            return Ok(Place {
                at,
                before,
                first,
                run,
            });
        }
        before = at;
        at += run.size;
        first += run.len;
    }
}

/// Joins runs of one value that lie side by side, among the first few from `at` on.
fn join(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOINED {
        let Some(run) = Run::read(bytes, at) else {
            return;
        };
        let next = Run::read(bytes, at + run.size);
        match next {
            Some(next)
                if run.value > 0 && next.value == run.value && run.len + next.len <= MAX_VALUES =>
            {
                bytes[at] = values(run.value, run.len + next.len);
                bytes.remove(at + 1);
            }
            _ => at += run.size,
        }
    }
}
