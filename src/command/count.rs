//! Arguments that say how many.
//!
//! Each kind of number has one reader here; what is said to a client that got it wrong is the command's
//! own text.

use super::{Error, is_word};
use crate::number::parse_i64;
use crate::resp::Request;
use std::ops::Range;

const NUMKEYS: Error = Error::new("ERR numkeys should be greater than 0");
const COUNT: Error = Error::new("ERR count should be greater than 0");

/// Reads a number of things, perhaps none.
pub(super) fn count(text: &[u8]) -> Option<usize> {
    usize::try_from(parse_i64(text)?).ok()
}

/// Reads a number of things of which there must be one.
pub(super) fn at_least_one(text: &[u8]) -> Option<usize> {
    count(text).filter(|&count| count > 0)
}

/// Reads a limit, of which 0 is none.
pub(super) fn limit(text: &[u8]) -> Option<usize> {
    match count(text)? {
        0 => Some(usize::MAX),
        limit => Some(limit),
    }
}

/// Reads how many are to be taken off.
///
/// # Errors
/// It is negative, or no number.
pub(super) fn to_take(text: &[u8]) -> Result<usize, Error> {
    count(text).ok_or(Error::MUST_BE_POSITIVE)
}

/// What is taken from the first of several keys that has any: by LMPOP, ZMPOP, and those of them that wait.
pub(super) struct MultiPop<End> {
    /// Where the keys are among the arguments.
    pub keys: Range<usize>,
    /// Where it is taken from.
    pub end: End,
    /// How many.
    pub count: usize,
}

impl<End> MultiPop<End> {
    /// Reads `numkeys key ... end [COUNT count]` from argument `first` on; `end` reads the word in the
    /// middle.
    ///
    /// # Errors
    /// The first thing that is wrong. A count is refused before what stands behind it is.
    pub fn parse(
        args: &Request,
        first: usize,
        end: fn(&[u8]) -> Result<End, Error>,
    ) -> Result<MultiPop<End>, Error> {
        let number = at_least_one(args.arg(first)).ok_or(NUMKEYS)?;
        let keys = first + 1..number.saturating_add(first + 1);
        let end = end(args.get(keys.end).ok_or(Error::SYNTAX)?)?;
        let options = keys.end + 1;
        let count = match (args.get(options), args.get(options + 1)) {
            (None, _) => 1,
            (Some(word), Some(count)) if is_word(word, "COUNT") => {
                at_least_one(count).ok_or(COUNT)?
            }
            _ => return Err(Error::SYNTAX),
        };
        if args.len() > options + 2 {
            return Err(Error::SYNTAX);
        }
        Ok(MultiPop { keys, end, count })
    }
}
