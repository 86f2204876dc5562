//! Collections that are filled: what their elements look like, and the requests that add them.
//!
//! | collection | element |
//! | --- | --- |
//! | list, set of strings | `element:000000000042`, 20 bytes |
//! | hash | a field of these 20 bytes, with the value `xxx` |
//! | set of integers | nine digits, from 100000000 on |
//! | sorted set | a member of these 20 bytes, with an integer below the collection's size as its score, in no order |

use super::cases::Kind;
use crate::load::{self, encode};
use std::io;
use std::net::SocketAddr;

/// Requests under way while elements are added one by one.
const BATCH_SINGLE: usize = 100;

/// Elements that one request adds where it does not matter how they come.
const ELEMENTS_AT_ONCE: usize = 500;

/// Requests under way then.
const BATCH_MANY: usize = 4;

/// The first integer of a set of them.
const FIRST_INTEGER: usize = 100_000_000;

/// Has no divisor in common with the sizes of the collections, so that the scores of one are all
/// different.
const SCORE_STEP: usize = 611_953;

/// The value of every field.
pub const VALUE: &str = "xxx";

/// The name of the element of this number.
pub fn element(number: usize) -> String {
    format!("element:{number:012}")
}

impl Kind {
    /// The command that adds elements.
    fn adding(self) -> &'static str {
        match self {
            Kind::List => "RPUSH",
            Kind::Hash => "HSET",
            Kind::Set | Kind::Integers => "SADD",
            Kind::SortedSet => "ZADD",
        }
    }

    /// The command that counts them.
    pub fn counting(self) -> &'static str {
        match self {
            Kind::List => "LLEN",
            Kind::Hash => "HLEN",
            Kind::Set | Kind::Integers => "SCARD",
            Kind::SortedSet => "ZCARD",
        }
    }

    /// Element `number` of `size`, as arguments.
    fn arguments(self, number: usize, size: usize) -> Vec<String> {
        match self {
            Kind::List | Kind::Set => vec![element(number)],
            Kind::Hash => vec![element(number), VALUE.to_owned()],
            Kind::Integers => vec![(FIRST_INTEGER + number).to_string()],
            Kind::SortedSet => {
                let score = number * SCORE_STEP % size;
                vec![score.to_string(), element(number)]
            }
        }
    }

    /// A request that looks for element `number`; lists have none that is quick.
    fn looking_up(self, key: &str, number: usize) -> Option<Vec<u8>> {
        let words = match self {
            Kind::List => return None,
            Kind::Hash => ["HEXISTS", key, &element(number)].map(str::to_owned),
            Kind::Set => ["SISMEMBER", key, &element(number)].map(str::to_owned),
            Kind::Integers => {
                ["SISMEMBER", key, &(FIRST_INTEGER + number).to_string()].map(str::to_owned)
            }
            Kind::SortedSet => ["ZRANK", key, &element(number)].map(str::to_owned),
        };
        Some(request(&words))
    }
}

/// Adds elements one by one, as they come in a server's life: all of `key`, in pipelines of
/// [`BATCH_SINGLE`].
pub fn one_by_one(addr: SocketAddr, kind: Kind, keys: &[String], size: usize) -> io::Result<()> {
    let adding = &|key: &String, number| {
        let mut words = vec![kind.adding().to_owned(), key.clone()];
        words.extend(kind.arguments(number, size));
        request(&words)
    };
    let all = keys
        .iter()
        .flat_map(|key| (0..size).map(move |number| adding(key, number)));
    load::send(addr, all, BATCH_SINGLE)
}

/// Adds them the quickest way, where only the result matters.
pub fn at_once(addr: SocketAddr, kind: Kind, key: &str, size: usize) -> io::Result<()> {
    let firsts = (0..size).step_by(ELEMENTS_AT_ONCE);
    let all = firsts.map(|first| {
        let mut words = vec![kind.adding().to_owned(), key.to_owned()];
        let numbers = first..size.min(first + ELEMENTS_AT_ONCE);
        words.extend(numbers.flat_map(|number| kind.arguments(number, size)));
        request(&words)
    });
    load::send(addr, all, BATCH_MANY)
}

/// Adds so many 3-byte values to a list.
pub fn values(addr: SocketAddr, key: &str, count: usize) -> io::Result<()> {
    let firsts = (0..count).step_by(ELEMENTS_AT_ONCE);
    let all = firsts.map(|first| {
        let mut words = vec![Kind::List.adding(), key];
        words.resize(2 + ELEMENTS_AT_ONCE.min(count - first), VALUE);
        request(&words)
    });
    load::send(addr, all, BATCH_MANY)
}

/// Looks elements up, so many of each key. A table that grows step by step, a step with each
/// command, gets on with it.
pub fn look_up(
    addr: SocketAddr,
    kind: Kind,
    keys: &[String],
    size: usize,
    lookups: usize,
) -> io::Result<()> {
    let each = (lookups / keys.len()).min(size);
    let all = keys
        .iter()
        .flat_map(|key| (0..each).filter_map(move |number| kind.looking_up(key, number)));
    load::send(addr, all, BATCH_SINGLE)
}

fn request(words: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let arguments: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
    encode(&arguments)
}
