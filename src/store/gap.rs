//! Room in the middle of bytes: what every edit of a packed collection comes down to.
//!
//! ```text
//!   ┌──────────┬───────┬────────┐  range    ┌──────────┬────────────┬────────┐
//!   │  stays   │ range │  moves │ ───────▶  │  stays   │ len bytes  │  moves │
//!   └──────────┴───────┴────────┘           └──────────┴────────────┴────────┘
//! ```

use std::ops::Range;

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
