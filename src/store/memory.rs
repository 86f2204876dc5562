//! What several values do with their bytes: make room in the middle, which is what every edit of a
//! packed collection comes down to, and give memory back in parts.
//!
//! ```text
//!   ┌──────────┬───────┬────────┐  range    ┌──────────┬────────────┬────────┐
//!   │  stays   │ range │  moves │ ───────▶  │  stays   │ len bytes  │  moves │
//!   └──────────┴───────┴────────┘           └──────────┴────────────┴────────┘
//! ```

use std::ops::Range;

/// A string of more bytes than this is given back in parts.
const SLICE_BYTES: usize = 4 * 1024 * 1024;

/// The part of a long string that is given back at a time: an eighth, so that a few dozen slices
/// are enough for any, and allocators that work in size classes have a smaller one to go to.
const PARTS: usize = 8;

/// Makes `range` of exact memory `len` bytes long, with one reallocation at the most. What these
/// bytes are then is the caller's to write.
pub(super) fn resize_exact(bytes: &mut Box<[u8]>, range: Range<usize>, len: usize) {
    if range.len() == len {
        return;
    }
    let mut vec = std::mem::take(bytes).into_vec();
    vec.reserve_exact(len.saturating_sub(range.len()));
    resize(&mut vec, range, len);
    *bytes = vec.into_boxed_slice();
}

/// The same in a vector, which grows as vectors do where the caller has reserved nothing.
pub(super) fn resize(vec: &mut Vec<u8>, range: Range<usize>, len: usize) {
    let old_len = vec.len();
    let new_len = old_len - range.len() + len;
    if new_len > old_len {
        vec.resize(new_len, 0);
    }
    vec.copy_within(range.end..old_len, range.start + len);
    vec.truncate(new_len);
}

/// Gives back a part of a long string's memory; `false` where it is short enough to be freed at once.
///
/// Unmapping hundreds of megabytes takes the kernel many milliseconds.
pub(super) fn shrink(memory: &mut Vec<u8>) -> bool {
    let capacity = memory.capacity();
    if capacity <= SLICE_BYTES {
        return false;
    }
    let kept = capacity - capacity / PARTS;
    memory.truncate(kept);
    memory.shrink_to(kept);
    true
}
