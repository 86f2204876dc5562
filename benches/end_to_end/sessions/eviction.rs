//! What another client waits while keys have to go: because others come when memory is full, and because `maxmemory`
//! was lowered to a tenth.

use super::Extent;
use super::cases::{EVICTION_PING, LOWERED, LOWERED_CASE, PING_MAX, PING_P99, POLICIES, SECONDS};
use crate::client::Client;
use crate::load::{self, PATIENCE, encode};
use crate::pinger::Waits;
use crate::process;
use crate::side_by_side::{Contender, Samples};
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// The lower `maxmemory`, divided by the keys that there are under the higher one.
const LOW_BYTES_PER_KEY: usize = 50;

/// The value of what is evicted for its like.
const VALUE_BYTES: usize = 100;

/// The value of what is there when `maxmemory` is lowered: with all that is around it less than ten times
/// [`LOW_BYTES_PER_KEY`].
const LARGE_VALUE_BYTES: usize = 350;

/// New keys that come in one pipeline.
const BATCH: usize = 100;

/// INFO counts what its own reply takes, and a server that is below its limit by less than that evicts nothing for it.
const OF_INFO: u64 = 16 * 1024;

/// From the first PING to what may hold it up.
const LEAD: Duration = Duration::from_millis(50);

/// From one look at `used_memory` to the next.
const POLL: Duration = Duration::from_millis(5);

/// The server is on the first of the two cores, ahead of what else runs there, everybody else on the
/// second.
pub fn measure(
    contenders: &[Contender],
    extent: Extent,
    cores: (usize, usize),
    round: usize,
    samples: &mut Samples,
) -> io::Result<()> {
    process::place_self(cores.1, false);
    for policy in POLICIES {
        for contender in contenders {
            let server = contender.program.start()?;
            server.place_real_time(cores.0);
            fill(server.addr, policy, extent)?;
            let waits = Waits::during(server.addr, cores.1, LEAD / extent.divisor, || {
                let keys = (0..filling(extent)).map(|number| format!("new:{number:012}"));
                let all = keys.map(|key| setting(key.as_bytes()));
                load::send(server.addr, all, BATCH)
            })?;
            let metrics = [
                (PING_P99, waits.per_mille(990)),
                (PING_MAX, waits.longest()),
            ];
            samples.add((EVICTION_PING, policy), contender.name, round, &metrics);
        }
    }
    for contender in contenders {
        let server = contender.program.start()?;
        server.place_real_time(cores.0);
        let metrics = lower(server.addr, cores.1, extent)?;
        samples.add((LOWERED, LOWERED_CASE), contender.name, round, &metrics);
    }
    Ok(())
}

/// The lower `maxmemory`, with this policy, and more keys than it has room for.
pub fn fill(addr: SocketAddr, policy: &str, extent: Extent) -> io::Result<()> {
    limit(addr, policy, extent.keys * LOW_BYTES_PER_KEY)?;
    load::fill_with(addr, filling(extent), &setting(b"old:000000000000"))
}

/// Keys that would take twice as much, or nearly.
fn filling(extent: Extent) -> usize {
    extent.keys * LOW_BYTES_PER_KEY / VALUE_BYTES
}

/// A request that adds a key when memory is full.
pub fn setting(key: &[u8]) -> Vec<u8> {
    encode(&[b"SET", key, &[b'x'; VALUE_BYTES]])
}

fn limit(addr: SocketAddr, policy: &str, bytes: usize) -> io::Result<()> {
    let mut client = Client::connect(addr)?;
    client.ask(&["CONFIG", "SET", "maxmemory-policy", policy])?;
    client.ask(&["CONFIG", "SET", "maxmemory", &bytes.to_string()])?;
    Ok(())
}

fn lower(addr: SocketAddr, core: usize, extent: Extent) -> io::Result<[(&'static str, f64); 3]> {
    let low = extent.keys * LOW_BYTES_PER_KEY;
    limit(addr, POLICIES[0], 10 * low)?;
    let request = encode(&[b"SET", b"key:000000000000", &[b'x'; LARGE_VALUE_BYTES]]);
    load::fill_with(addr, extent.keys, &request)?;
    let mut client = Client::connect(addr)?;
    if client.number(&["DBSIZE"])? != extent.keys as i64 {
        return Err(io::Error::other(
            "the keys do not fit below the higher limit",
        ));
    }
    let mut seconds = 0.0;
    let waits = Waits::during(addr, core, LEAD / extent.divisor, || {
        let start = Instant::now();
        client.ask(&["CONFIG", "SET", "maxmemory", &low.to_string()])?;
        while client.info("memory", "used_memory")? > low as u64 + OF_INFO {
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other("memory stays above the lower limit"));
            }
            thread::sleep(POLL);
        }
        seconds = start.elapsed().as_secs_f64();
        Ok(())
    })?;
    Ok([
        (PING_P99, waits.per_mille(990)),
        (PING_MAX, waits.longest()),
        (SECONDS, seconds),
    ])
}
