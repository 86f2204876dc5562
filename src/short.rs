//! Copying and comparing short byte strings.
//!
//! The functions of the standard library do so with any, and to call them takes more instructions
//! than most keys and values have bytes. Here a string of up to 32 bytes is two loads of a known
//! size, the first part and the last part, which overlap where they must:
//!
//! ```text
//!   13 bytes    ├──── first 8 ────┤
//!                         ├──── last 8 ─────┤
//! ```

/// The longest string that is copied or compared in two parts.
const SHORT: usize = 32;

/// Whether two byte strings are the same.
///
/// ```
/// use aerolite::short;
/// assert!(short::equal(b"session:17", b"session:17"));
/// assert!(!short::equal(b"session:17", b"session:18"));
/// ```
#[inline]
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() > SHORT {
        return a == b;
    }
    let parts = |bytes: &[u8]| Some((*bytes.first_chunk::<16>()?, *bytes.last_chunk::<16>()?));
    if let (Some(a), Some(b)) = (parts(a), parts(b)) {
        return a == b;
    }
    let parts = |bytes: &[u8]| Some((*bytes.first_chunk::<8>()?, *bytes.last_chunk::<8>()?));
    match (parts(a), parts(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Copies one byte string over another of the same length.
///
/// # Panics
/// When they are not of the same length.
///
/// ```
/// let mut to = *b"..........";
/// aerolite::short::copy(&mut to[3..7], b"four");
/// assert_eq!(&to, b"...four...");
/// ```
#[inline(always)]
pub fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        1 if to.len() == 1 => to[0] = from[0],
        2..4 => copy_parts::<2>(to, from),
        4..8 => copy_parts::<4>(to, from),
        8..16 => copy_parts::<8>(to, from),
        16..=SHORT => copy_parts::<16>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// Copies `N` to `2 * N` bytes: the first `N` and the last.
#[inline(always)]
fn copy_parts<const N: usize>(to: &mut [u8], from: &[u8]) {
    assert_eq!(to.len(), from.len(), "one is copied over the other");
    if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        if let Some(to) = to.first_chunk_mut() {
            *to = *first;
        }
        if let Some(to) = to.last_chunk_mut() {
            *to = *last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_any_length_are_the_same_only_if_every_byte_is() {
        for len in 0..50 {
            let bytes: Vec<u8> = (0..len).collect();
            assert!(equal(&bytes, &bytes.clone()));
            assert!(!equal(&bytes, &[&bytes[..], b"x"].concat()));
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 0x80;
                assert!(!equal(&bytes, &other), "{len} {at}");
            }
        }
    }

    #[test]
    fn strings_of_any_length_are_copied_to_the_last_byte() {
        for len in 0..50 {
            let bytes: Vec<u8> = (1..=len).collect();
            let mut to = vec![0xff; bytes.len() + 2];
            copy(&mut to[1..=bytes.len()], &bytes);
            assert_eq!(to, [&[0xff][..], &bytes, &[0xff]].concat());
        }
    }
}
