//! Patterns, as `KEYS`, `SCAN MATCH` and `PSUBSCRIBE` take them.
//!
//! ```text
//!  *        any bytes, none too          [abc]   one of these
//!  ?        one byte                     [^a]    one byte that is none of these
//!  \x       the byte x                   [a-z]   one of a range; [z-a] is the same
//! ```
//!
//! The corners are Redis's, found out by asking it: a class that is never closed ends with the pattern; `[]` matches
//! nothing and `[^]` any byte; bytes in ranges are compared as *signed* (what `char` is on x86-64); an escaped byte in a
//! class keeps its case even where case does not count; and no pattern but the empty one matches an empty text, not even `*`
//! (`KEYS *` and `SCAN MATCH *` do not ask: they know that it means everything).
//!
//! # Cost
//!
//! A pattern with many stars is an old way to stop a server. Every element but `*` takes exactly one byte, so
//! when the part behind a star fails, no *earlier* star can help: only the last one has to be taken back, and the time is at
//! most `pattern.len() * text.len()`. The algorithm is the well-known one with one place to go back to.

/// Whether `pattern` describes the whole of `text`.
///
/// ```
/// use aerolite::glob::matches;
/// assert!(matches(b"user:*:[a-c]?", b"user:17:b9"));
/// assert!(!matches(b"user:*:[a-c]?", b"user:17:d9"));
/// assert!(matches(br"\*", b"*"));
/// ```
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    glob::<false>(pattern, text)
}

/// The same where the case of ASCII letters does not count.
///
/// ```
/// use aerolite::glob::matches_nocase;
/// assert!(matches_nocase(b"maxmemory*", b"MaxMemory-Policy"));
/// ```
pub fn matches_nocase(pattern: &[u8], text: &[u8]) -> bool {
    glob::<true>(pattern, text)
}

/// What is left of the pattern behind a star and of the text from where the star's end is tried.
type GoBack<'a> = (&'a [u8], &'a [u8]);

fn glob<'a, const NOCASE: bool>(mut pattern: &'a [u8], mut text: &'a [u8]) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let mut star: Option<GoBack<'a>> = None;
    while let Some(&byte) = text.first() {
        if let [b'*', behind @ ..] = pattern {
            if behind.is_empty() {
                return true;
            }
            star = Some((behind, text));
            pattern = behind;
        } else if let Some(behind) = one::<NOCASE>(pattern, byte) {
            pattern = behind;
            text = &text[1..];
        } else if let Some((behind, from)) = star {
            // The star takes one more byte; the text's end is met before this runs out of them.
            star = Some((behind, &from[1..]));
            pattern = behind;
            text = &from[1..];
        } else {
            return false;
        }
    }
    pattern.iter().all(|&byte| byte == b'*')
}

/// Matches `byte` with the first element of `pattern`, which is no star; what is left of the pattern if it fits.
fn one<const NOCASE: bool>(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', behind @ ..] => Some(behind),
        [b'[', class @ ..] => {
            let (fits, behind) = in_class::<NOCASE>(class, byte);
            fits.then_some(behind)
        }
        [b'\\', literal, behind @ ..] | [literal, behind @ ..] => {
            (fold::<NOCASE>(*literal) == fold::<NOCASE>(byte)).then_some(behind)
        }
    }
}

/// Whether `byte` is in the class that `class` begins with (behind its `[`), and what follows the class.
fn in_class<const NOCASE: bool>(class: &[u8], byte: u8) -> (bool, &[u8]) {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut found = false;
    loop {
        let (fits, rest) = match class {
            [] => return (found != negated, class),
            [b'\\', escaped, rest @ ..] => (*escaped == byte, rest),
            [b']', rest @ ..] => return (found != negated, rest),
            [low, b'-', high, rest @ ..] => (in_range::<NOCASE>(*low, *high, byte), rest),
            [single, rest @ ..] => (fold::<NOCASE>(*single) == fold::<NOCASE>(byte), rest),
        };
        found |= fits;
        class = rest;
    }
}

fn in_range<const NOCASE: bool>(low: u8, high: u8, byte: u8) -> bool {
    // The ends are put in order before their case is folded, as Redis does: [Z-a] is not [a-z] then.
    let (low, high) = if (low as i8) <= (high as i8) {
        (low, high)
    } else {
        (high, low)
    };
    let [low, high, byte] = [low, high, byte].map(|b| fold::<NOCASE>(b) as i8);
    (low..=high).contains(&byte)
}

fn fold<const NOCASE: bool>(byte: u8) -> u8 {
    if NOCASE {
        byte.to_ascii_lowercase()
    } else {
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    /// Every answer is that of `redis-server` 7.0.15.
    #[test]
    fn corners_are_those_of_redis() {
        let table: &[(&[u8], &[u8], bool)] = &[
            (b"", b"", true),
            (b"", b"a", false),
            (b"a", b"", false),
            (b"**", b"", false),
            (b"*", b"a", true),
            (b"a*", b"a", true),
            (b"a**", b"a", true),
            (b"a**b", b"ab", true),
            (b"*a*b*", b"xxaxxbxx", true),
            (b"*a*b", b"xxaxxbx", false),
            (b"a?c", b"abc", true),
            (b"?", b"ab", false),
            (b"[abc]", b"b", true),
            (b"[^abc]", b"b", false),
            (b"[^abc]", b"d", true),
            (b"[a-c]", b"b", true),
            (b"[c-a]", b"b", true),
            (b"[a-]", b"a", true),
            (b"[a-]", b"]", true),
            (b"[a-", b"-", true),
            (b"[abc", b"c", true),
            (b"[", b"[", false),
            (b"[^", b"x", true),
            (b"[]", b"]", false),
            (b"[^]", b"x", true),
            (b"[\\]]", b"]", true),
            (b"[\\", b"\\", true),
            (b"\\", b"\\", true),
            (b"\\*", b"*", true),
            (b"\\*", b"a", false),
            (b"\\a", b"a", true),
            (b"[\x80-\x05]", b"\x00", true),
            (b"[\x80-\x05]", b"\x06", false),
            (b"[\x80-\x05]", b"\xff", true),
            (b"[!a]", b"!", true),
            (b"\0*", b"\0x", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(
                matches(pattern, text),
                *expected,
                "{} on {}",
                pattern.escape_ascii(),
                text.escape_ascii()
            );
        }
    }

    #[test]
    fn case_is_folded_except_behind_a_backslash_in_a_class() {
        assert!(matches_nocase(b"AbC[D-F]\\g", b"aBcEG"));
        assert!(!matches(b"AbC", b"abc"));
        assert!(!matches_nocase(b"[\\A]", b"a"));
        assert!(!matches_nocase(b"[Z-a]", b"m"));
    }

    #[test]
    fn many_stars_cost_no_more_than_a_product() {
        let pattern = b"a*".repeat(1000);
        let pattern = [&pattern[..], b"b"].concat();
        let text = vec![b'a'; 20_000];
        let before = Instant::now();
        assert!(!matches(&pattern, &text));
        assert!(
            before.elapsed() < Duration::from_secs(5),
            "2 * 10^7 steps, not 10^1000"
        );
    }

    /// The definition, with every way tried.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            (_, []) => pattern.iter().all(|&b| b == b'*'),
            ([b'*', behind @ ..], [_, rest @ ..]) => naive(behind, text) || naive(pattern, rest),
            (_, [byte, rest @ ..]) => one::<false>(pattern, *byte).is_some_and(|p| naive(p, rest)),
        }
    }

    proptest! {
        #[test]
        fn one_place_to_go_back_to_is_enough(pattern in "[ab*?\\\\\\[\\]^-]{0,10}", text in "[ab]{1,10}") {
            prop_assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                naive(pattern.as_bytes(), text.as_bytes())
            );
        }

        #[test]
        fn any_bytes_do(pattern in any::<Vec<u8>>(), text in any::<Vec<u8>>()) {
            matches_nocase(&pattern, &text);
            prop_assert_eq!(matches(&pattern, &text), text.is_empty() && pattern.is_empty() || !text.is_empty() && naive(&pattern, &text));
        }
    }
}
