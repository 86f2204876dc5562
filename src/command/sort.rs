//! SORT: the elements of a list, a set or a sorted set in order.
//!
//! ```text
//!   SORT key BY w_*->rank GET name_* GET # LIMIT 0 2 STORE dest
//!
//!   elements            weights                  order           what is answered, or stored
//!   ┌───┐   w_1 rank    ┌─────┐                  ┌───┐  name_2   ┌──────┬───┬──────┬───┐
//!   │ 1 │ ────────────▶ │ 5.0 │ ──┐              │ 2 │ ────────▶ │ bert │ 2 │ anna │ 1 │
//!   │ 2 │ ────────────▶ │ 1.5 │ ──┼──▶ sort ──▶  │ 1 │ ────────▶ └──────┴───┴──────┴───┘
//!   │ 3 │ ────────────▶ │ 9.0 │ ──┘              │ 3 │  beyond the limit
//!   └───┘               └─────┘                  └───┘
//! ```
//!
//! The elements are copied first, all into one piece of memory: to look other keys up is to change the
//! database (a key past its deadline goes, the others have been used), and nothing that lies in it
//! stays in place meanwhile. Then each gets its weight: the element itself, or what a pattern
//! leads to (see [`pattern`]). Numbers are compared as doubles and equal ones by their elements; with
//! ALPHA strings are compared byte by byte, and equal ones stay in the order in which they were. Of a LIMIT only what
//! is asked for is sorted: the rest is told apart from it, which takes linear time.
//!
//! Redis compares strings with C's `strcoll`, which ends at a NUL, and only for STORE to their ends. So
//! does this, with the order of bytes, which is that of the locale `C`.

pub mod pattern;

use super::entry::{Command, DENY_OOM, Keys, READONLY, WRITE};
use super::{Call, Done, Error, acl, is_word, until_nul};
use crate::engine::{Classes, Db, Storing};
use crate::number::{parse_f64, parse_i64};
use crate::resp::{Reply, Request};
use crate::store::{End, Entry, Item, Kind, ListMut, ListRef, Packing, SetRef, ZsetRef};
use pattern::{Found, Pattern};
use std::cmp::Ordering;
use std::ops::Range;

const NO_DOUBLE: Error = Error::new("ERR One or more scores can't be converted into double");

const BY_DENIED: Error =
    Error::new("ERR BY option of SORT denied due to insufficient ACL permissions.");
const GET_DENIED: Error =
    Error::new("ERR GET option of SORT denied due to insufficient ACL permissions.");

/// The commands on lists, sets and sorted sets that put their elements in order.
pub const COMMANDS: &[Command] = &[
    Command::new("SORT", -2, sort)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[
            Keys::one("RO access"),
            Keys::unknown("RO access").notes(
                "For the optional BY/GET keyword. It is marked 'unknown' because the key \
                 names derive from the content of the key we sort",
            ),
            Keys::found("OW update", stored_key).notes(
                "For the optional STORE keyword. It is marked 'unknown' because the keyword \
                 can appear anywhere in the argument array",
            ),
        ])
        .categories(&["@set", "@sortedset", "@list", "@dangerous"])
        .doc(
            "1.0.0",
            "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and \
             M the number of returned elements. When the elements are not sorted, complexity \
             is O(N).",
            "Sorts the elements of a list, a set or a sorted set, and may store the result",
        )
        .syntax(
            "key [BY pattern:pattern@1] [LIMIT (offset_count=offset:integer count:integer)] \
             [GET pattern:pattern@1] ... [order=ASC|DESC] [ALPHA sorting:pure-token] [STORE \
             destination:key@2]",
        ),
    Command::new("SORT_RO", -2, sort_ro)
        .flags(&[READONLY])
        .keys(&[
            Keys::one("RO access"),
            Keys::unknown("RO access").notes(
                "For the optional BY/GET keyword. It is marked 'unknown' because the key \
                 names derive from the content of the key we sort",
            ),
        ])
        .categories(&["@set", "@sortedset", "@list", "@dangerous"])
        .doc(
            "7.0.0",
            "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and \
             M the number of returned elements. When the elements are not sorted, complexity \
             is O(N).",
            "Sorts the elements of a list, a set or a sorted set, and stores nothing",
        )
        .syntax(
            "key [BY pattern:pattern@1] [LIMIT (offset_count=offset:integer count:integer)] \
             [GET pattern:pattern@1] ... [order=ASC|DESC] [ALPHA sorting:pure-token]",
        ),
];

/// The position of the key that SORT stores in: behind the last STORE that is not another option's
/// value.
fn stored_key(words: &[&[u8]]) -> Option<usize> {
    let (mut at, mut found) = (2, None);
    while let Some(word) = words.get(at) {
        if is_word(word, "STORE") && at + 1 < words.len() {
            found = Some(at + 1);
        }
        at += 1 + values_of(word);
    }
    found
}

/// How many values an option of SORT has that are skipped in looking for STORE.
fn values_of(option: &[u8]) -> usize {
    let valued = [("LIMIT", 2), ("BY", 1), ("GET", 1)];
    let found = valued.iter().find(|(word, _)| is_word(option, word));
    found.map_or(0, |&(_, values)| values)
}

/// What a SORT asks for.
#[derive(Debug)]
struct Options<'a> {
    /// Whether the client may read every key: which ones BY and GET read is found out from elements.
    may_look_up: bool,
    is_descending: bool,
    is_alpha: bool,
    /// Where in the order to begin, and how many elements; a negative count is all.
    limit: (i64, i64),
    by: Option<Pattern<'a>>,
    /// Whether a BY has named what is the same for all elements: then they are not sorted.
    is_unsorted: bool,
    gets: Vec<Pattern<'a>>,
    store: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn parse(args: &'a Request, may_store: bool, may_look_up: bool) -> Result<Options<'a>, Error> {
        let mut options = Options {
            may_look_up,
            is_descending: false,
            is_alpha: false,
            limit: (0, -1),
            by: None,
            is_unsorted: false,
            gets: Vec::new(),
            store: None,
        };
        let mut at = 2;
        while let Some(word) = args.get(at) {
            at += 1 + options.take(word, args, at + 1, may_store)?;
        }
        Ok(options)
    }

    /// Takes one option, whose values are the arguments from `at` on. Gives how many it has.
    fn take(
        &mut self,
        word: &[u8],
        args: &'a Request,
        at: usize,
        may_store: bool,
    ) -> Result<usize, Error> {
        let (first, second) = (args.get(at), args.get(at + 1));
        if is_word(word, "ASC") {
            self.is_descending = false;
            return Ok(0);
        }
        if is_word(word, "DESC") {
            self.is_descending = true;
            return Ok(0);
        }
        if is_word(word, "ALPHA") {
            self.is_alpha = true;
            return Ok(0);
        }
        match (first, second) {
            (Some(start), Some(count)) if is_word(word, "LIMIT") => {
                let number = |text| parse_i64(text).ok_or(Error::NOT_AN_INTEGER);
                self.limit = (number(start)?, number(count)?);
                return Ok(2);
            }
            (Some(key), _) if may_store && is_word(word, "STORE") => self.store = Some(key),
            (Some(text), _) if is_word(word, "BY") => {
                let by = Pattern::parse(text);
                if !by.is_constant() && !self.may_look_up {
                    return Err(BY_DENIED);
                }
                self.is_unsorted |= by.is_constant();
                self.by = Some(by);
            }
            (Some(_), _) if is_word(word, "GET") && !self.may_look_up => return Err(GET_DENIED),
            (Some(text), _) if is_word(word, "GET") => self.gets.push(Pattern::parse(text)),
            _ => return Err(Error::SYNTAX),
        }
        Ok(1)
    }

    /// The places in an order of `len` elements that are asked for.
    fn places(&self, len: usize) -> Range<usize> {
        let at_most_len = |number: i64| usize::try_from(number.max(0)).map_or(len, |n| n.min(len));
        let start = at_most_len(self.limit.0);
        let count = match self.limit.1 {
            ..0 => len,
            count => at_most_len(count),
        };
        start..(start + count).min(len)
    }
}

/// A list, a set or a sorted set.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    List(ListRef<'a>),
    Set(SetRef<'a>),
    Sorted(ZsetRef<'a>),
}

impl<'a> Source<'a> {
    fn of(entry: &'a Entry) -> Result<Source<'a>, Error> {
        let list = entry.as_list().map(Source::List);
        let set = || entry.as_set().map(Source::Set);
        let sorted = || entry.as_zset().map(Source::Sorted);
        list.or_else(set).or_else(sorted).ok_or(Error::WRONG_TYPE)
    }

    fn len(self) -> usize {
        match self {
            Source::List(list) => list.len(),
            Source::Set(set) => set.len(),
            Source::Sorted(set) => set.len(),
        }
    }

    /// Copies the elements at some places, in the order that they have by themselves; from the last
    /// one on where that is asked for and there is an order.
    fn copy(self, places: Range<usize>, is_backward: bool) -> Elements {
        let mut elements = Elements::default();
        let mut push = |item: Item| item.with_bytes(|bytes| elements.push(bytes));
        // Counted from the last element on, these are the same places.
        let mirrored = self.len() - places.end..self.len() - places.start;
        match self {
            Source::List(list) if is_backward => {
                let range = list.range(mirrored.start, mirrored.len());
                range.rev().for_each(&mut push);
            }
            Source::List(list) => {
                let range = list.range(places.start, places.len());
                range.for_each(&mut push);
            }
            Source::Sorted(set) if is_backward => {
                let range = set.range(mirrored).rev();
                range.for_each(|(member, _)| push(member));
            }
            Source::Sorted(set) => set.range(places).for_each(|(member, _)| push(member)),
            Source::Set(set) => {
                let range = set.iter().skip(places.start).take(places.len());
                range.for_each(&mut push);
            }
        }
        elements
    }
}

/// Byte strings in one piece of memory, with numbers from 0 on.
#[derive(Debug, Default)]
struct Elements {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Elements {
    fn push(&mut self, element: &[u8]) {
        self.bytes.extend_from_slice(element);
        self.ends.push(self.bytes.len());
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[number]]
    }
}

fn sort(call: &mut Call) -> Done {
    run(call, true)
}

fn sort_ro(call: &mut Call) -> Done {
    run(call, false)
}

fn run(call: &mut Call, may_store: bool) -> Done {
    let may_look_up = acl::check::reads_every_key(call);
    let (args, mut db, reply) = call.parts();
    let options = Options::parse(args, may_store, may_look_up)?;
    let elements = in_order(&mut db, args.arg(1), &options)?;
    match options.store {
        None => answer(&mut db, reply, &elements, &options),
        Some(key) => store(&mut db, reply, key, &elements, &options),
    }
    Ok(())
}

/// The elements of a key that are asked for, in the order that is asked for.
fn in_order(db: &mut Db, key: &[u8], options: &Options) -> Result<Elements, Error> {
    let packing = db.packing;
    let Some(entry) = db.read(key) else {
        return Ok(Elements::default());
    };
    if matches!(Source::of(entry)?, Source::Sorted(ZsetRef::Packed(_))) {
        unpack(db, key, packing);
    }
    let source = db.keyspace().peek(key).map(Source::of).transpose()?;
    let source = source.expect("it has just been read");
    let places = options.places(source.len());
    // What is stored must not depend on how a set lies in memory.
    let is_set = matches!(source, Source::Set(_));
    let is_forced = options.is_unsorted && is_set && options.store.is_some();
    if options.is_unsorted && !is_forced {
        return Ok(source.copy(places, options.is_descending));
    }
    let elements = source.copy(0..source.len(), false);
    let by = options.by.as_ref().filter(|_| !is_forced);
    let wanted = (places, options.is_descending);
    let order = if options.is_alpha || is_forced {
        let whole = options.store.is_some();
        by_strings(db, &elements, by, whole, wanted)
    } else {
        by_numbers(db, &elements, by, wanted)?
    };
    let mut sorted = Elements::default();
    for number in order {
        sorted.push(elements.get(number));
    }
    Ok(sorted)
}

/// What would lie at these places if all were sorted. No two compare as equal.
fn sort_some<T>(all: &mut [T], places: Range<usize>, compare: impl Fn(&T, &T) -> Ordering) -> &[T] {
    if places.is_empty() {
        return &[];
    }
    if places.end < all.len() {
        all.select_nth_unstable_by(places.end, &compare);
    }
    let before_end = &mut all[..places.end];
    if places.start > 0 {
        before_end.select_nth_unstable_by(places.start, &compare);
    }
    let some = &mut before_end[places.start..];
    some.sort_unstable_by(&compare);
    some
}

/// Makes a packed sorted set a large one. Redis takes the elements from no other form and does not go
/// back, which OBJECT ENCODING tells.
fn unpack(db: &mut Db, key: &[u8], packing: &Packing) {
    if let Some(mut set) = db.write(key).and_then(Entry::as_zset_mut) {
        set.prepare_for(usize::MAX, 0, packing);
    }
}

/// The numbers of the elements at these places in the order of their weights as numbers, which may be descending. An
/// element whose pattern leads nowhere weighs 0.
fn by_numbers(
    db: &mut Db,
    elements: &Elements,
    by: Option<&Pattern>,
    (places, is_descending): (Range<usize>, bool),
) -> Result<Vec<usize>, Error> {
    let mut weights = Vec::with_capacity(elements.len());
    for number in 0..elements.len() {
        let element = elements.get(number);
        let weight = match by {
            None => weight(element),
            Some(by) => match by.look_up(db, element) {
                Found::Nothing => Some(0.0),
                found => found.with_bytes(weight),
            },
        };
        weights.push((weight.ok_or(NO_DOUBLE)?, number));
    }
    let sorted = sort_some(&mut weights, places, |(a, a_number), (b, b_number)| {
        let by_weight = a.partial_cmp(b).expect("a weight is never NaN");
        let order = by_weight.then_with(|| elements.get(*a_number).cmp(elements.get(*b_number)));
        directed(order, is_descending).then(a_number.cmp(b_number))
    });
    Ok(sorted.iter().map(|&(_, number)| number).collect())
}

/// The number that a text is for C's `strtod`: nothing is 0, there may be spaces before it, and what
/// follows a NUL does not count. `None` where it is none, and where a double does not hold it.
fn weight(text: &[u8]) -> Option<f64> {
    /// What C's `isspace` says yes to.
    const SPACES: &[u8] = b" \t\n\x0b\x0c\r";
    let text = until_nul(text);
    if text.is_empty() {
        return Some(0.0);
    }
    let spaces = text.iter().take_while(|byte| SPACES.contains(byte)).count();
    // Below the normal numbers digits are lost, which `strtod` reports.
    parse_f64(&text[spaces..]).filter(|number| !number.is_subnormal())
}

/// The numbers of the elements at these places in the order of their weights as strings, which may be descending. An
/// element whose pattern leads nowhere comes before all others. Strings are compared as a whole, or up to a NUL.
fn by_strings(
    db: &mut Db,
    elements: &Elements,
    by: Option<&Pattern>,
    whole: bool,
    (places, is_descending): (Range<usize>, bool),
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..elements.len()).collect();
    let Some(by) = by else {
        let string = |number: usize| compared(elements.get(number), whole);
        let sorted = sort_some(&mut order, places, |a, b| {
            let order = string(*a).cmp(string(*b));
            directed(order, is_descending).then(a.cmp(b))
        });
        return sorted.to_vec();
    };
    let mut weights = Elements::default();
    let mut is_there = Vec::with_capacity(elements.len());
    for number in 0..elements.len() {
        let found = by.look_up(db, elements.get(number));
        is_there.push(!matches!(found, Found::Nothing));
        found.with_bytes(|bytes| weights.push(compared(bytes, whole)));
    }
    let weight = |number: usize| is_there[number].then(|| weights.get(number));
    let sorted = sort_some(&mut order, places, |a, b| {
        let order = weight(*a).cmp(&weight(*b));
        directed(order, is_descending).then(a.cmp(b))
    });
    sorted.to_vec()
}

/// What of a string is compared.
fn compared(bytes: &[u8], whole: bool) -> &[u8] {
    if whole { bytes } else { until_nul(bytes) }
}

fn directed(order: Ordering, is_descending: bool) -> Ordering {
    if is_descending {
        order.reverse()
    } else {
        order
    }
}

/// How many things are answered for each element.
fn answers_each(options: &Options) -> usize {
    options.gets.len().max(1)
}

fn answer(db: &mut Db, reply: &mut Reply, elements: &Elements, options: &Options) {
    reply.array(elements.len() * answers_each(options));
    for number in 0..elements.len() {
        let element = elements.get(number);
        if options.gets.is_empty() {
            reply.bulk(element);
        }
        for get in &options.gets {
            db.replying(reply.output().mark());
            get.look_up(db, element).write(reply);
        }
    }
}

/// Stores what would have been answered as a list, the empty string for what is not there; or
/// removes the key where it is nothing. Replies with how many elements the list has.
fn store(db: &mut Db, reply: &mut Reply, key: &[u8], elements: &Elements, options: &Options) {
    let packing: &Packing = db.packing;
    let mut result = Entry::empty(key, Kind::List);
    let mut list: ListMut = result.as_list_mut().expect("it was made as a list");
    for number in 0..elements.len() {
        let element = elements.get(number);
        if options.gets.is_empty() {
            list.push(End::Back, element, packing);
        }
        for get in &options.gets {
            let found = get.look_up(db, element);
            found.with_bytes(|bytes| list.push(End::Back, bytes, packing));
        }
    }
    let len = elements.len() * answers_each(options);
    let storing = Storing {
        class: Classes::LIST,
        name: "sortstore",
        changes: len,
        replies_first: false,
    };
    db.store_result(key, (len > 0).then_some(result), storing);
    reply.integer(len as i64);
}

#[cfg(test)]
mod tests;
