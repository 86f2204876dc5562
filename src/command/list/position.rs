//! LPOS: at which indices of a list an element stands.

use super::super::collection::readable;
use super::super::count;
use super::super::entry::{Command, Keys, READONLY};
use super::super::{Call, Done, Error, is_word};
use super::integer;
use crate::resp::Request;
use crate::store::{Item, ListRef};

const NO_RANK: Error = Error::new(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use \
     negative to start from the end of the list",
);
const NEGATIVE_COUNT: Error = Error::new("ERR COUNT can't be negative");
const NEGATIVE_MAXLEN: Error = Error::new("ERR MAXLEN can't be negative");

/// The command that looks for elements.
pub const COMMANDS: &[Command] = &[Command::new("LPOS", -3, lpos)
    .flags(&[READONLY])
    .keys(&[Keys::one("RO access")])
    .doc(
        "6.0.6",
        "O(N) where N is the number of elements in the list, for the average case. When \
             searching for elements near the head or the tail of the list, or when the \
             MAXLEN option is provided, the command may run in constant time.",
        "Finds the indices of the elements of a list that equal a given one",
    )
    .syntax("key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]")];

/// Which of the elements that are equal are wanted.
struct Search {
    /// So many come first that are not.
    skipped: usize,
    is_backward: bool,
    /// As many as these, in an array; just one where it is not said.
    count: Option<usize>,
    /// No more elements than these are looked at.
    max_len: usize,
}

impl Search {
    fn parse(args: &Request, first: usize) -> Result<Search, Error> {
        let mut search = Search {
            skipped: 0,
            is_backward: false,
            count: None,
            max_len: usize::MAX,
        };
        // Redis's count wraps around with the lowest rank, and is never reached.
        let mut is_endless = false;
        for option in (first..args.len()).step_by(2) {
            let (name, value) = (args.arg(option), args.get(option + 1));
            let value = value.ok_or(Error::SYNTAX)?;
            if is_word(name, "RANK") {
                let rank = integer(value)?;
                is_endless = rank == i64::MIN;
                search.is_backward = rank < 0;
                search.skipped = skipped(rank)?;
            } else if is_word(name, "COUNT") {
                search.count = Some(count::limit(value).ok_or(NEGATIVE_COUNT)?);
            } else if is_word(name, "MAXLEN") {
                search.max_len = count::limit(value).ok_or(NEGATIVE_MAXLEN)?;
            } else {
                return Err(Error::SYNTAX);
            }
        }
        if is_endless {
            search.count = search.count.map(|_| usize::MAX);
        }
        Ok(search)
    }

    /// The indices at which the element stands, in the order of the search.
    fn run<'a>(
        &self,
        list: ListRef<'a>,
        element: &'a [u8],
    ) -> Box<dyn Iterator<Item = usize> + 'a> {
        let (needle, last) = (Item::of(element), list.len().saturating_sub(1));
        let is_equal = move |(index, item)| (item == needle).then_some(index);
        let (skipped, max_len) = (self.skipped, self.max_len);
        if self.is_backward {
            let items = list.iter().rev().take(max_len).enumerate();
            let found = items.filter_map(is_equal).map(move |index| last - index);
            Box::new(found.skip(skipped))
        } else {
            let items = list.iter().take(max_len).enumerate();
            Box::new(items.filter_map(is_equal).skip(skipped))
        }
    }
}

/// How many elements a rank passes over.
fn skipped(rank: i64) -> Result<usize, Error> {
    if rank == i64::MIN {
        return Ok(0);
    }
    let rank = rank.unsigned_abs().checked_sub(1).ok_or(NO_RANK)?;
    Ok(usize::try_from(rank).unwrap_or(usize::MAX))
}

fn lpos(call: &mut Call) -> Done {
    let (args, mut db, reply) = call.parts();
    let search = Search::parse(args, 3)?;
    let list = readable::<ListRef>(&mut db, args.arg(1))?;
    let mut found = list
        .into_iter()
        .flat_map(|list| search.run(list, args.arg(2)));
    match search.count {
        Some(count) => {
            let array = reply.deferred_array();
            let mut len = 0;
            for index in found.take(count) {
                reply.integer(index as i64);
                len += 1;
            }
            reply.finish(array, len);
        }
        None => match found.next() {
            Some(index) => reply.integer(index as i64),
            None => reply.null(),
        },
    }
    Ok(())
}
