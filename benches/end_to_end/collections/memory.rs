//! Bytes per element, with all that is around it: keys, tables, what the allocator rounds up.
//!
//! Each size of each type has a process of its own. So many collections are filled that together they have a million
//! elements, and the growth of the resident set and of INFO's `used_memory` is divided by that million. Elements
//! are added one by one. A hundred thousand lookups follow, because redis-server moves to a larger table a step with
//! each command, and would be charged for two tables if nobody asked for anything any more.

use super::cases::{Kind, RSS, SIZES, USED};
use super::{Extent, fill};
use crate::client::Client;
use crate::process::Process;
use crate::side_by_side::{Contender, Samples, unsupported};
use std::io;
use std::thread;
use std::time::Duration;

/// Lookups after the last element.
const LOOKUPS: usize = 100_000;

/// So few that what they took does not count beside a million.
const WARM_UP_ELEMENTS: usize = 200;

/// After the start, and after the last lookup, before memory is looked at.
const SETTLE: Duration = Duration::from_millis(300);

/// Resident set and `used_memory`.
#[derive(Clone, Copy)]
struct Taken {
    rss: u64,
    used: u64,
}

impl Taken {
    fn of(server: &Process, extent: Extent) -> io::Result<Taken> {
        thread::sleep(SETTLE / extent.divisor as u32);
        let used = Client::connect(server.addr)?.info("memory", "used_memory")?;
        let rss = server
            .rss()
            .ok_or_else(|| unsupported("the resident set"))?;
        Ok(Taken { rss, used })
    }
}

/// Takes turns: one size of one type of each server, before the next size.
pub fn measure(contenders: &[Contender], extent: Extent, samples: &mut Samples) -> io::Result<()> {
    for round in 0..extent.memory_rounds {
        for kind in Kind::ALL {
            for (measure, size) in SIZES {
                for contender in contenders {
                    let taken = per_element(contender, kind, size, extent)?;
                    samples.add((measure, kind.name()), contender.name, round, &taken);
                }
            }
        }
    }
    Ok(())
}

fn per_element(
    contender: &Contender,
    kind: Kind,
    size: usize,
    extent: Extent,
) -> io::Result<[(&'static str, f64); 2]> {
    let size = size.min(extent.large);
    let count = (extent.total / size).max(1);
    let keys: Vec<String> = (0..count).map(|key| format!("key:{key:012}")).collect();
    let server = contender.program.start()?;
    warm_up(&server, kind)?;
    let before = Taken::of(&server, extent)?;
    fill::one_by_one(server.addr, kind, &keys, size)?;
    fill::look_up(server.addr, kind, &keys, size, LOOKUPS)?;
    let after = Taken::of(&server, extent)?;
    check(&server, kind, &keys, size)?;
    let per_element = |before: u64, after: u64| {
        let grown = after.saturating_sub(before);
        grown as f64 / (count * size) as f64
    };
    Ok([
        (RSS, per_element(before.rss, after.rss)),
        (USED, per_element(before.used, after.used)),
    ])
}

/// What runs for the first time touches pages of the program, which are no part of an element.
fn warm_up(server: &Process, kind: Kind) -> io::Result<()> {
    let keys = [String::from("warm-up")];
    fill::one_by_one(server.addr, kind, &keys, WARM_UP_ELEMENTS)?;
    fill::look_up(server.addr, kind, &keys, WARM_UP_ELEMENTS, WARM_UP_ELEMENTS)?;
    Client::connect(server.addr)?.ask(&["DEL", &keys[0]])?;
    Ok(())
}

/// All of it has to be there.
fn check(server: &Process, kind: Kind, keys: &[String], size: usize) -> io::Result<()> {
    let mut client = Client::connect(server.addr)?;
    let last = keys.last().map_or("", String::as_str);
    let found = [
        client.number(&["DBSIZE"])?,
        client.number(&[kind.counting(), last])?,
    ];
    if found == [keys.len() as i64, size as i64] {
        return Ok(());
    }
    let text = format!("{found:?} keys and elements of {} and {size}", keys.len());
    Err(io::Error::other(text))
}
