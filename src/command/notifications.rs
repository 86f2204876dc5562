//! Who is told what has happened to keys: events become messages (notify-keyspace-events), and clients that have
//! copies are told to forget them.
//!
//! ```text
//!   LPUSH q x in database 0
//!      │  the event `lpush`, of class `l`
//!      ├── K ──▶  channel __keyspace@0__:q        message lpush       who wants to know about q
//!      └── E ──▶  channel __keyevent@0__:lpush    message q           who wants to know of each LPUSH
//! ```
//!
//! Which events there are and in which order is told by the commands themselves, word for word as Redis has
//! them. A client that causes an event and has subscribed to it finds it where Redis writes it: before the
//! reply of its command, behind it, or in the midst of it, such as those of the keys that MGET misses.

use super::outputs::Own;
use super::pubsub::deliver::{give_own, publish};
use crate::engine::observers::Happened;
use crate::engine::pubsub::Kind;
use crate::engine::{Classes, Engine, Place};

/// An event of a key.
#[derive(Debug, Clone, Copy)]
struct Event<'a> {
    /// The number of the database.
    db: usize,
    /// The key.
    key: &'a [u8],
    /// What happened to it.
    name: &'static str,
    /// Where the client finds it whose command it was.
    place: Place,
}

/// Tells what has happened to keys; `own` is whose command it was. Others get letters.
#[cold]
pub fn tell(engine: &mut Engine, mut own: Option<Own<'_>>) {
    let by = own.as_ref().map(|own| own.id);
    for happened in engine.observers.take() {
        match happened {
            Happened::Event {
                db,
                key,
                name,
                place,
                ..
            } => {
                let event = Event {
                    db,
                    key: &key,
                    name,
                    place,
                };
                publish_event(engine, event, own.as_mut());
            }
            Happened::Modified {
                key, cause, place, ..
            } => {
                engine.invalidate(&key, by, cause);
                give_told(engine, own.as_mut(), place);
            }
            Happened::Flushed { .. } => {
                engine.invalidate_all(by);
                give_told(engine, own.as_mut(), Place::Before);
            }
        }
    }
    if let Some(own) = own {
        own.finish();
    }
}

/// Gives a client what it is told of keys that another has read, and that its own command has changed.
fn give_told(engine: &mut Engine, own: Option<&mut Own>, place: Place) {
    let Some(own) = own else { return };
    for bytes in engine.outbox.take_own() {
        give_own(engine, own, place, &bytes);
    }
}

/// Publishes an event; `own` is whose command caused it, if any's.
fn publish_event(engine: &mut Engine, event: Event, mut own: Option<&mut Own>) {
    let listens = |kind| engine.pubsub.topic_count(kind) > 0;
    if !listens(Kind::Channel) && !listens(Kind::Pattern) {
        return;
    }
    let Event {
        db,
        key,
        name,
        place,
    } = event;
    let classes = engine.config.notify_keyspace_events;
    let mut tell = |space: &str, of: &[u8], message: &[u8]| {
        let channel = [format!("__{space}@{db}__:").as_bytes(), of].concat();
        let own = own.as_mut().map(|own| (&mut **own, place));
        publish(engine, &channel, message, own);
    };
    if classes.has(Classes::KEYSPACE) {
        tell("keyspace", key, name.as_bytes());
    }
    if classes.has(Classes::KEYEVENT) {
        tell("keyevent", name.as_bytes(), key);
    }
}

#[cfg(test)]
mod tests {
    use crate::command::testing::{engine, pass_ms, run};

    #[test]
    fn what_nobody_listens_to_is_not_kept() {
        let (mut engine, id) = engine();
        let classes = ["CONFIG", "SET", "notify-keyspace-events", "KEAmn"];
        run(&mut engine, id, &classes);
        for request in [
            &["SET", "k", "v", "PX", "5"][..],
            &["RPUSH", "l", "a", "b"],
            &["LPOP", "l", "2"],
            &["GET", "missing"],
        ] {
            run(&mut engine, id, request);
            assert_eq!(engine.observers.noted(), 0, "{request:?}");
        }
        pass_ms(&mut engine, 10);
        run(&mut engine, id, &["GET", "k"]);
        assert_eq!(engine.stats.keys.expired, 1);
        assert!(!engine.has_follow_up());
    }

    #[test]
    fn without_the_setting_nothing_is_noted_and_with_it_what_it_selects() {
        let (mut engine, id) = engine();
        let noted = |engine: &mut crate::engine::Engine, letters: &str| {
            let set = ["CONFIG", "SET", "notify-keyspace-events", letters];
            run(engine, id, &set);
            let mut db = engine.db(0);
            db.changed(crate::engine::Classes::LIST, "lpush", b"l");
            let noted = engine.observers.noted();
            engine.observers.take();
            noted
        };
        for (letters, count) in [
            ("", 0),
            ("A", 0),
            ("K", 0),
            ("Kl", 1),
            ("EA", 1),
            ("KE$", 0),
        ] {
            assert_eq!(noted(&mut engine, letters), count, "{letters}");
        }
    }
}
