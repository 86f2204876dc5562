//! HyperLogLogs: estimates of how many different elements there are. What one is stands in
//! [`store::hyperloglog`](crate::store::hyperloglog); to all other commands it is a string.
//!
//! ```text
//!   PFADD visitors:monday alice bob     ─▶ [registers] ─┐
//!                                                       ├─ the higher of each pair ─▶ PFCOUNT monday tuesday
//!   PFADD visitors:tuesday bob carol    ─▶ [registers] ─┘                             PFMERGE both monday tuesday
//! ```

use super::entry::{Command, DENY_OOM, FAST, Keys, MAY_REPLICATE, READONLY, WRITE};
use super::string::string_of;
use super::{Call, Done, Error};
use crate::engine::{Classes, Db};
use crate::store::hyperloglog::{self, Corrupt, HyperLogLog, HyperLogLogMut, Union};
use crate::store::keyspace::{Deadline, NewString};
use crate::store::{Encoding, Entry};

/// What Redis calls it when a HyperLogLog changes.
const PFADD: &str = "pfadd";

const NO_HYPERLOGLOG: Error = Error::new("WRONGTYPE Key is not a valid HyperLogLog string value.");
const CORRUPT: Error = Error::new("INVALIDOBJ Corrupted HLL object detected");

/// What OBJECT ENCODING tells of a string that can be changed in place.
const CHANGEABLE: &str = "raw";

impl From<Corrupt> for Error {
    fn from(_: Corrupt) -> Error {
        CORRUPT
    }
}

/// The commands on HyperLogLogs.
pub const COMMANDS: &[Command] = &[
    Command::new("PFADD", -2, pfadd)
        .flags(&[WRITE, DENY_OOM, FAST])
        .keys(&[Keys::one("RW insert")])
        .doc(
            "2.8.9",
            "O(1) for each element",
            "Adds elements to a HyperLogLog, creating it when missing",
        )
        .syntax("key [element ...]"),
    Command::new("PFCOUNT", -2, pfcount)
        .flags(&[READONLY, MAY_REPLICATE])
        .keys(&[Keys::range("RW access", 1, -1, 1).notes(
            "RW because it may change the internal representation of the key, and propagate to replicas",
        )])
        .doc(
            "2.8.9",
            "O(1) for one key, in most cases without looking at the registers; O(N) for N keys",
            "Estimates how many different elements HyperLogLogs have seen, taken together",
        )
        .syntax("key ..."),
    Command::new("PFMERGE", -2, pfmerge)
        .flags(&[WRITE, DENY_OOM])
        .keys(&[
            Keys::one("RW access insert"),
            Keys::range("RO access", 2, -1, 1),
        ])
        .doc(
            "2.8.9",
            "O(N) where N is the number of keys",
            "Adds to a HyperLogLog what others have seen",
        )
        .syntax("destkey:key sourcekey:key@1 ..."),
];

/// The HyperLogLog in an entry.
fn hyperloglog_of(entry: &Entry) -> Result<HyperLogLog<'_>, Error> {
    HyperLogLog::open(string_of(entry)?).ok_or(NO_HYPERLOGLOG)
}

/// Lets `edit` change the HyperLogLog in an entry.
fn edit<R>(
    entry: &mut Entry,
    sparse_max_bytes: usize,
    edit: impl FnOnce(&mut HyperLogLogMut) -> R,
) -> Result<R, Error> {
    entry
        .edit_string(Encoding::Raw, |bytes| {
            HyperLogLogMut::open(bytes, sparse_max_bytes).map(|mut found| edit(&mut found))
        })
        .ok_or(Error::WRONG_TYPE)?
        .ok_or(NO_HYPERLOGLOG)
}

/// Stores, under a key that is not there, a new HyperLogLog that `fill` has filled.
fn create<R>(
    db: &mut Db,
    key: &[u8],
    sparse_max_bytes: usize,
    fill: impl FnOnce(&mut HyperLogLogMut) -> R,
) -> R {
    let mut bytes = hyperloglog::empty();
    let mut new = HyperLogLogMut::open(&mut bytes, sparse_max_bytes)
        .expect("an empty HyperLogLog is a HyperLogLog");
    new.forget_count();
    let result = fill(&mut new);
    let string = NewString::Owned(bytes, Encoding::Raw);
    db.store(key, string, Deadline::Never, PFADD);
    result
}

fn pfadd(call: &mut Call) -> Done {
    let sparse_max_bytes = call.engine.config.hll_sparse_max_bytes;
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let add_all = |target: &mut HyperLogLogMut| {
        let mut raised = 0;
        for element in args.iter().skip(2) {
            raised += usize::from(target.add(element)?);
        }
        Ok::<usize, Corrupt>(raised)
    };
    let (raised, is_new) = if let Some(entry) = db.write(key) {
        hyperloglog_of(entry)?;
        let raised = edit(entry, sparse_max_bytes, add_all)??;
        db.changes(raised, Classes::STRING, PFADD, key);
        (raised, false)
    } else {
        let raised = create(&mut db, key, sparse_max_bytes, add_all)?;
        // That there is one now counts for itself.
        db.count_changes(raised);
        (raised, true)
    };
    reply.integer(i64::from(is_new || raised > 0));
    Ok(())
}

fn pfcount(call: &mut Call) -> Done {
    if call.args.len() == 2 {
        return pfcount_one(call);
    }
    let (args, mut db, reply) = call.parts();
    let union = unite(&mut db, args.iter().skip(1))?;
    reply.integer(union.count() as i64);
    Ok(())
}

/// Counts what one key has seen, and keeps the count beside the registers.
fn pfcount_one(call: &mut Call) -> Done {
    let sparse_max_bytes = call.engine.config.hll_sparse_max_bytes;
    let (args, mut db, reply) = call.parts();
    let key = args.arg(1);
    let Some(entry) = db.read(key) else {
        reply.integer(0);
        return Ok(());
    };
    let found = hyperloglog_of(entry)?;
    let (cached, is_changeable) = (found.cached(), entry.encoding_name() == CHANGEABLE);
    let counted = match cached {
        Some(count) => Ok(count),
        None => found.count(),
    };
    if (cached.is_none() || !is_changeable)
        && let Some(entry) = db.write(key)
    {
        edit(entry, sparse_max_bytes, |target| {
            if let Ok(count) = counted {
                target.cache(count);
            }
        })?;
    }
    let count = counted?;
    if cached.is_none() {
        db.count_changes(1);
        db.modified(key);
    }
    reply.integer(count as i64);
    Ok(())
}

/// The HyperLogLogs in some keys united; a key that is not there adds nothing.
fn unite<'k>(db: &mut Db, keys: impl Iterator<Item = &'k [u8]> + Clone) -> Result<Union, Error> {
    let mut union = Union::default();
    db.expect(keys.clone());
    for key in keys {
        if let Some(entry) = db.read(key) {
            union.add(hyperloglog_of(entry)?)?;
        }
    }
    Ok(union)
}

fn pfmerge(call: &mut Call) -> Done {
    let sparse_max_bytes = call.engine.config.hll_sparse_max_bytes;
    let (args, mut db, reply) = call.parts();
    let union = unite(&mut db, args.iter().skip(1))?;
    let key = args.arg(1);
    let fill = |target: &mut HyperLogLogMut| union.write_to(target);
    if let Some(entry) = db.write(key) {
        edit(entry, sparse_max_bytes, fill)??;
        db.changed(Classes::STRING, PFADD, key);
    } else {
        create(&mut db, key, sparse_max_bytes, fill)?;
    }
    reply.ok();
    Ok(())
}

#[cfg(test)]
mod tests;
