//! What a client can do wrong before it has said a whole request.

use std::borrow::Cow;
use std::fmt;

/// A request that breaks the protocol. The server answers with [`text`](ProtocolError::text) behind
/// `-ERR ` and closes the connection, since nobody can say where the next request would begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// More than [`MAX_LINE`](crate::resp::MAX_LINE) bytes after a `*` and no end of line.
    TooBigMultibulkCount,
    /// More than [`MAX_LINE`](crate::resp::MAX_LINE) bytes where a `$` line should be, and no end of it.
    TooBigBulkCount,
    /// An inline request longer than [`MAX_LINE`](crate::resp::MAX_LINE) bytes.
    TooBigInline,
    /// The number of arguments is not a number, or above the limit.
    InvalidMultibulkLength,
    /// More arguments than a client may send before it has authenticated.
    UnauthenticatedMultibulkLength,
    /// The length of an argument is not a number, negative, or above the limit.
    InvalidBulkLength,
    /// A longer argument than a client may send before it has authenticated.
    UnauthenticatedBulkLength,
    /// An argument's header begins with this byte instead of `$`.
    ExpectedDollar(u8),
    /// A quote in an inline request is never closed, or something follows the closing quote.
    UnbalancedQuotes,
    /// The arguments that lie in the input buffer pass 4 GiB. Redis has no such text: there
    /// `client-query-buffer-limit` ends the client long before, and here it should too.
    TooBigRequest,
}

impl ProtocolError {
    /// The text behind `-ERR `, as bytes: the one that quotes the client's byte may not be UTF-8.
    ///
    /// ```
    /// use aerolite::resp::ProtocolError;
    /// let error = ProtocolError::ExpectedDollar(0xff);
    /// assert_eq!(*error.text(), *b"Protocol error: expected '$', got '\xff'");
    /// ```
    pub fn text(&self) -> Cow<'static, [u8]> {
        let text: &'static str = match self {
            Self::TooBigMultibulkCount => "Protocol error: too big mbulk count string",
            Self::TooBigBulkCount => "Protocol error: too big bulk count string",
            Self::TooBigInline => "Protocol error: too big inline request",
            Self::InvalidMultibulkLength => "Protocol error: invalid multibulk length",
            Self::UnauthenticatedMultibulkLength => {
                "Protocol error: unauthenticated multibulk length"
            }
            Self::InvalidBulkLength => "Protocol error: invalid bulk length",
            Self::UnauthenticatedBulkLength => "Protocol error: unauthenticated bulk length",
            Self::UnbalancedQuotes => "Protocol error: unbalanced quotes in request",
            Self::TooBigRequest => "Protocol error: too big request",
            Self::ExpectedDollar(got) => {
                // Such a byte would end the error's own line.
                let shown = if matches!(got, b'\r' | b'\n') {
                    b' '
                } else {
                    *got
                };
                let mut text = b"Protocol error: expected '$', got '".to_vec();
                text.extend([shown, b'\'']);
                return Cow::Owned(text);
            }
        };
        Cow::Borrowed(text.as_bytes())
    }
}

/// The text behind `-ERR `; a byte that is not UTF-8 shows as the replacement character.
impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

impl std::error::Error for ProtocolError {}
