//! Errors as clients see them.

use std::borrow::Cow;
use std::fmt;

/// Why a command failed: the text that goes to the client, its code first (`ERR`, `WRONGTYPE`,
/// ...), without the leading `-`.
///
/// Texts are Redis's to the letter, since client libraries match on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub Cow<'static, [u8]>);

impl Error {
    /// A value of another type than the command works on.
    pub const WRONG_TYPE: Error =
        Error::new("WRONGTYPE Operation against a key holding the wrong kind of value");
    /// Options that do not fit together, or are not there.
    pub const SYNTAX: Error = Error::new("ERR syntax error");
    /// Not a 64-bit integer in decimal.
    pub const NOT_AN_INTEGER: Error = Error::new("ERR value is not an integer or out of range");
    /// Not a floating point number.
    pub const NOT_A_FLOAT: Error = Error::new("ERR value is not a valid float");
    /// A count below zero where none may be.
    pub const MUST_BE_POSITIVE: Error = Error::new("ERR value is out of range, must be positive");
    /// The key that the command needs is not there.
    pub const NO_SUCH_KEY: Error = Error::new("ERR no such key");
    /// A string would grow past `proto-max-bulk-len`.
    pub const STRING_TOO_LONG: Error =
        Error::new("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    /// INCR and its like past the ends of a 64-bit integer.
    pub const OVERFLOW: Error = Error::new("ERR increment or decrement would overflow");
    /// A database number that is not one.
    pub const DB_OUT_OF_RANGE: Error = Error::new("ERR DB index is out of range");

    /// An error with a fixed text.
    #[must_use]
    pub const fn new(text: &'static str) -> Error {
        Error(Cow::Borrowed(text.as_bytes()))
    }

    /// The error with this text.
    #[must_use]
    pub fn text(text: impl Into<Vec<u8>>) -> Error {
        Error(Cow::Owned(text.into()))
    }

    /// Its code: the text up to the first space.
    #[must_use]
    pub fn code(&self) -> Cow<'_, str> {
        let end = memchr::memchr(b' ', &self.0).unwrap_or(self.0.len());
        String::from_utf8_lossy(&self.0[..end])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl std::error::Error for Error {}
