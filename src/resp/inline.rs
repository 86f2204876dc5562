//! Inline requests: a line of words, as a person types it into `telnet` or `nc`.
//!
//! The rules for words are those of Redis's `sdssplitargs`, found out by asking `redis-server`:
//!
//! - words are separated by space, tab, CR; vertical tab and form feed separate only before a word;
//! - `"..."` may hold `\n \r \t \b \a`, `\xHH`, and a backslash before any other byte stands for that byte;
//! - `'...'` may hold `\'`, and nothing else is special;
//! - a quote may open in the middle of a word, but after the closing one the word must end.
//!
//! A word without quotes is a span of the line; one with quotes is unescaped into a vector of its own.

use super::error::ProtocolError;
use super::request::{Request, Span};

/// Splits `line` (without its end of line) into words, appended to `spans` and `owned`; the positions
/// of the spans are those of the line.
///
/// # Errors
/// [`ProtocolError::UnbalancedQuotes`] when a quote is not closed or is followed by more of the word.
pub(super) fn split(
    line: &[u8],
    spans: &mut Vec<Span>,
    owned: &mut Vec<Vec<u8>>,
) -> Result<(), ProtocolError> {
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(|&&b| is_space(b)).count();
        if at == line.len() {
            return Ok(());
        }
        let plain = line[at..].iter().take_while(|&&b| !ends_plain(b)).count();
        let end = at + plain;
        if matches!(line.get(end), Some(b'"' | b'\'')) {
            let (word, after) = quoted(line, end, line[at..end].to_vec())?;
            spans.push(Span::of_owned(owned.len()));
            owned.push(word);
            at = after;
        } else {
            spans.push(Span::of_input(at, plain));
            at = end;
        }
    }
}

/// Splits a line into words by the same rules: what lines of the config file and selectors in ACL rules go by.
/// `None` when a quote is not closed or is followed by more of the word.
#[must_use]
pub fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut spans, mut owned) = (Vec::new(), Vec::new());
    split(line, &mut spans, &mut owned).ok()?;
    let request = Request::new(&spans, &mut owned, line);
    Some(request.iter().map(<[u8]>::to_vec).collect())
}

/// C's `isspace`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// The end of a word outside quotes, or of its part before a quote.
fn ends_plain(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'')
}

/// Unescapes the quoted part that opens at `open` and appends it to `word`; gives the word and where the
/// line goes on behind it.
fn quoted(line: &[u8], open: usize, mut word: Vec<u8>) -> Result<(Vec<u8>, usize), ProtocolError> {
    let quote = line[open];
    let mut at = open + 1;
    loop {
        let rest = &line[at..];
        let (byte, used) = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [first, after @ ..] if *first == quote => {
                return match after {
                    [next, ..] if !is_space(*next) => Err(ProtocolError::UnbalancedQuotes),
                    _ => Ok((word, at + 1)),
                };
            }
            [b'\\', ..] => escape(quote, rest),
            [first, ..] => (*first, 1),
        };
        word.push(byte);
        at += used;
    }
}

/// What the backslash at the start of `rest` stands for, and how many bytes it takes.
fn escape(quote: u8, rest: &[u8]) -> (u8, usize) {
    match (quote, rest) {
        (b'"', [_, b'x', high, low, ..]) => match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => (high << 4 | low, 4),
            _ => (b'x', 2),
        },
        (b'"', [_, b'n', ..]) => (b'\n', 2),
        (b'"', [_, b'r', ..]) => (b'\r', 2),
        (b'"', [_, b't', ..]) => (b'\t', 2),
        (b'"', [_, b'b', ..]) => (0x08, 2),
        (b'"', [_, b'a', ..]) => (0x07, 2),
        (b'"', [_, byte, ..]) => (*byte, 2),
        (b'\'', [_, b'\'', ..]) => (b'\'', 2),
        _ => (b'\\', 1),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::super::request::Request;
    use super::*;

    fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
        let (mut spans, mut owned) = (Vec::new(), Vec::new());
        split(line, &mut spans, &mut owned)?;
        let request = Request::new(&spans, &mut owned, line);
        Ok(request.iter().map(<[u8]>::to_vec).collect())
    }

    /// Each answer is what `redis-server` 7.0.15 made of the line.
    #[test]
    fn words_are_split_as_redis_splits_them() {
        let table: &[(&[u8], &[&[u8]])] = &[
            (b"", &[]),
            (b" \t\x0b\x0c\r ", &[]),
            (b"PING", &[b"PING"]),
            (b"  echo   a ", &[b"echo", b"a"]),
            (b"echo a\rb", &[b"echo", b"a", b"b"]),
            (b"echo a\x0bb", &[b"echo", b"a\x0bb"]),
            (b"\x0becho\x0c", &[b"echo\x0c"]),
            (b"echo \"a\rb\"", &[b"echo", b"a\rb"]),
            (b"echo \"\" ''", &[b"echo", b"", b""]),
            (b"echo foo\"bar\" x", &[b"echo", b"foobar", b"x"]),
            (b"echo \"a\"\x0bb", &[b"echo", b"a", b"b"]),
            (
                b"echo \"\\x41\\xfF\\n\\r\\t\\b\\a\\q\\\"\\\\\"",
                &[b"echo", b"A\xff\n\r\t\x08\x07q\"\\"],
            ),
            (b"echo \"a\\xg1\"", &[b"echo", b"axg1"]),
            (b"echo \"\\x4\"", &[b"echo", b"x4"]),
            (b"echo 'a\\'b\\n\"'", &[b"echo", b"a'b\\n\""]),
            (b"echo a\\nb", &[b"echo", b"a\\nb"]),
        ];
        for (line, expected) in table {
            let got = words(line);
            assert_eq!(
                got.as_deref(),
                Ok(&expected.iter().map(|w| w.to_vec()).collect::<Vec<_>>()[..]),
                "{}",
                line.escape_ascii()
            );
        }
    }

    #[test]
    fn quotes_must_close_and_end_the_word() {
        for line in [
            &b"echo \"a"[..],
            b"echo 'a",
            b"\"",
            b"'",
            b"echo \"a\"b",
            b"echo 'a'b",
            b"echo \"a\"\"b\"",
            b"echo \"a\\",
            b"echo \"a\\\"",
            b"echo 'a\\'",
            b"echo a'b",
        ] {
            assert_eq!(
                words(line),
                Err(ProtocolError::UnbalancedQuotes),
                "{}",
                line.escape_ascii()
            );
        }
    }
}
