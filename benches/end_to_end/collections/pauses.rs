//! What another client waits while a large collection grows, is deleted, is overwritten, expires; and the pages of a
//! scan through one.

use super::cases::{Event, Kind, LONGEST_PAGE, PAGES, PING_MAX, PING_P999};
use super::{Extent, fill};
use crate::client::{Client, Reply};
use crate::pinger::Waits;
use crate::process::{self, Process};
use crate::side_by_side::{Contender, Samples};
use std::io;
use std::thread;
use std::time::Duration;

/// From the first PING to what may hold it up.
const LEAD: Duration = Duration::from_millis(100);

/// From DEL, SET, or the deadline, to the last PING.
const AFTER: Duration = Duration::from_millis(900);

/// From PEXPIRE to the deadline.
const TIME_TO_LIVE: Duration = Duration::from_millis(200);

const GROWN: &str = "grown";
const VICTIM: &str = "victim";

/// Takes turns: one type of each server, before the next type. The server is on the first of the two
/// cores, everybody else on the second.
pub fn measure(
    contenders: &[Contender],
    extent: Extent,
    cores: (usize, usize),
    samples: &mut Samples,
) -> io::Result<()> {
    process::place_self(cores.1, false);
    for round in 0..extent.pause_rounds {
        for kind in Kind::TYPES {
            for contender in contenders {
                let server = contender.program.start()?;
                server.place(cores.0, false);
                let run = Watched {
                    server: &server,
                    kind,
                    size: extent.large,
                    core: cores.1,
                    divisor: extent.divisor as u32,
                };
                for event in Event::ALL {
                    let waits = run.event(event)?;
                    samples.add(
                        (event.measure(), kind.name()),
                        contender.name,
                        round,
                        &waits,
                    );
                }
                if round == 0 && Kind::SCANNED.contains(&kind) {
                    let longest = longest_page(&server, kind, extent.large)?;
                    let metrics = [(LONGEST_PAGE, longest as f64)];
                    samples.add((PAGES, kind.name()), contender.name, round, &metrics);
                }
            }
        }
    }
    Ok(())
}

/// A server that one client holds up and another asks.
struct Watched<'a> {
    server: &'a Process,
    kind: Kind,
    size: usize,
    core: usize,
    divisor: u32,
}

impl Watched<'_> {
    fn event(&self, event: Event) -> io::Result<[(&'static str, f64); 2]> {
        let ttl = TIME_TO_LIVE.as_millis().to_string();
        match event {
            Event::Growth => self.waits(|| {
                let keys = [GROWN.to_owned()];
                fill::one_by_one(self.server.addr, self.kind, &keys, self.size)
            }),
            Event::Delete => self.waits_after(&["DEL", VICTIM]),
            Event::Overwrite => self.waits_after(&["SET", VICTIM, fill::VALUE]),
            Event::Expiry => self.waits_after(&["PEXPIRE", VICTIM, &ttl]),
        }
    }

    /// While this request is served and for a while after, with a copy of what grew as its victim.
    fn waits_after(&self, request: &[&str]) -> io::Result<[(&'static str, f64); 2]> {
        let mut client = Client::connect(self.server.addr)?;
        if client.number(&["COPY", GROWN, VICTIM, "REPLACE"])? != 1 {
            return Err(io::Error::other("there is nothing to be copied"));
        }
        self.waits(|| {
            client.ask(request)?;
            thread::sleep((AFTER + TIME_TO_LIVE) / self.divisor);
            Ok(())
        })
    }

    fn waits(
        &self,
        happening: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<[(&'static str, f64); 2]> {
        let waits = Waits::during(self.server.addr, self.core, LEAD / self.divisor, happening)?;
        Ok([
            (PING_P999, waits.per_mille(999)),
            (PING_MAX, waits.longest()),
        ])
    }
}

/// From the first page to the last, with COUNT 10; each element has to be on one.
fn longest_page(server: &Process, kind: Kind, size: usize) -> io::Result<usize> {
    let command = match kind {
        Kind::Hash => "HSCAN",
        Kind::SortedSet => "ZSCAN",
        _ => "SSCAN",
    };
    // Fields have values, members have scores.
    let words = if command == "SSCAN" { 1 } else { 2 };
    let mut client = Client::connect(server.addr)?;
    let (mut cursor, mut longest, mut found) = ("0".to_owned(), 0, 0);
    loop {
        let reply = client.ask(&[command, GROWN, &cursor, "COUNT", "10"])?;
        let Reply::Array(reply) = reply else {
            return Err(io::Error::other("a page is an array"));
        };
        let [Reply::Text(next), Reply::Array(page)] = &reply[..] else {
            return Err(io::Error::other("a page is a cursor and elements"));
        };
        let elements = page.len() / words;
        longest = longest.max(elements);
        found += elements;
        if next == "0" {
            break;
        }
        if found > 2 * size {
            return Err(io::Error::other("the scan does not end"));
        }
        cursor.clone_from(next);
    }
    if found < size {
        let text = format!("{command} found {found} elements of {size}");
        return Err(io::Error::other(text));
    }
    Ok(longest)
}
