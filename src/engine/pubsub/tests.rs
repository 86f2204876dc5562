//! Tests of topics, links and deliveries; and that a delivery in slices looks like one at once.

use super::*;
use crate::engine::session::Peer;
use crate::engine::{Clock, Config};
use crate::resp::Protocol;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn engine(clients: usize) -> (Engine, Vec<SessionId>) {
    let mut engine = Engine::new(Config::default(), 7, Clock::at_us(0));
    let open = |_| engine.sessions.open(Peer::default(), 0);
    let ids = (0..clients).map(open).collect();
    (engine, ids)
}

/// What each client has got, as text.
type Got = BTreeMap<SessionId, Vec<String>>;

fn text(message: &mut Message) -> String {
    String::from_utf8_lossy(message.bytes(Protocol::Resp2)).into_owned()
}

/// Publishes, and says how many get it.
fn post(engine: &mut Engine, own: Option<SessionId>, name: &str, got: &mut Got) -> usize {
    let number = engine.pubsub.last_delivery;
    let message = || Message::new(&[number.to_string().as_bytes()]);
    let addressed = engine
        .pubsub
        .address(Kind::Channel, name.as_bytes(), own, message);
    let Some(mut addressed) = addressed else {
        return 0;
    };
    if let (Some(own), Some(message)) = (own, addressed.delivery.for_publisher()) {
        got.entry(own).or_default().push(text(message));
    }
    if addressed.delivery.is_for_others() {
        engine.pubsub.post(addressed.delivery);
    }
    addressed.receivers
}

fn slice(engine: &mut Engine, receivers: usize, got: &mut Got) -> Slice {
    engine.pubsub.deliver(receivers, |id, message| {
        got.entry(id).or_default().push(text(message));
    })
}

fn catch_up(engine: &mut Engine, id: SessionId, got: &mut Got) {
    engine.pubsub.catch_up(id, |message| {
        got.entry(id).or_default().push(text(message));
    });
}

#[test]
fn a_message_is_made_once_for_each_protocol() {
    let mut message = Message::new(&[b"message", b"", b"\r\n"]);
    let bytes = b"*3\r\n$7\r\nmessage\r\n$0\r\n\r\n$2\r\n\r\n\r\n";
    assert_eq!(message.bytes(Protocol::Resp2).as_slice(), bytes);
    let push = message.bytes(Protocol::Resp3).clone();
    assert_eq!((push[0], &push[1..]), (b'>', &bytes[1..]));
    assert!(Arc::ptr_eq(&push, message.bytes(Protocol::Resp3)));
}

#[test]
fn replies_count_channels_and_patterns_together() {
    let (mut engine, ids) = engine(1);
    let id = ids[0];
    assert!(!engine.sessions[id].is_subscriber());
    assert_eq!(engine.subscribe(id, Kind::Channel, b"a"), 1);
    assert_eq!(engine.subscribe(id, Kind::Channel, b"a"), 1);
    assert_eq!(engine.subscribe(id, Kind::Pattern, b"a"), 2);
    assert_eq!(engine.subscribe(id, Kind::Shard, b"a"), 1);
    assert!(
        engine.sessions[id]
            .gates
            .has(crate::engine::Gates::SUBSCRIBED)
    );
    assert_eq!(engine.unsubscribe(id, Kind::Channel, b"b"), 2);
    assert_eq!(engine.unsubscribe(id, Kind::Channel, b"a"), 1);
    assert_eq!(engine.unsubscribe(id, Kind::Pattern, b"a"), 0);
    assert_eq!(engine.unsubscribe(id, Kind::Shard, b"a"), 0);
    assert!(engine.sessions[id].gates.are_open());
    assert!(engine.pubsub.is_empty());
}

#[test]
fn who_leaves_leaves_nothing_behind() {
    let (mut engine, ids) = engine(3);
    for &id in &ids {
        for name in [b"a", b"b", b"c"] {
            engine.subscribe(id, Kind::Channel, name);
            engine.subscribe(id, Kind::Pattern, name);
            engine.subscribe(id, Kind::Shard, name);
        }
    }
    let mut got = Got::new();
    assert_eq!(post(&mut engine, None, "a", &mut got), 3);
    assert_eq!(slice(&mut engine, 1, &mut got), Slice::More);
    catch_up(&mut engine, ids[1], &mut got);
    for &id in &ids {
        engine.close_session(id);
    }
    assert_eq!(slice(&mut engine, 1, &mut got), Slice::Done);
    assert!(engine.pubsub.is_empty());
    assert_eq!(engine.pubsub.receivers_left(), 0);
    assert_eq!(got.len(), 2);
}

#[test]
fn patterns_are_in_the_order_in_which_they_came() {
    let (mut engine, ids) = engine(1);
    for name in ["n*", "*", "x*", "?ews"] {
        engine.subscribe(ids[0], Kind::Pattern, name.as_bytes());
    }
    let names = engine.pubsub.patterns_of(b"news");
    assert_eq!(names, [&b"n*"[..], b"*", b"?ews"].map(Arc::from));
    let names = engine.pubsub.names_of(ids[0], Kind::Pattern);
    assert_eq!(names, [&b"n*"[..], b"*", b"x*", b"?ews"].map(Arc::from));
}

#[test]
fn a_topic_that_takes_the_place_of_another_gets_none_of_its_messages() {
    let (mut engine, ids) = engine(3);
    let mut got = Got::new();
    engine.subscribe(ids[0], Kind::Channel, b"a");
    post(&mut engine, None, "a", &mut got);
    engine.unsubscribe(ids[0], Kind::Channel, b"a");
    engine.subscribe(ids[1], Kind::Channel, b"b");
    catch_up(&mut engine, ids[1], &mut got);
    slice(&mut engine, 10, &mut got);
    assert!(got.is_empty(), "{got:?}");
}

#[derive(Debug, Clone)]
enum Step {
    Subscribe(usize, usize),
    Unsubscribe(usize, usize),
    Publish(Option<usize>, usize),
    Slice(usize),
    Leave(usize),
    Tidy,
}

fn step() -> impl Strategy<Value = Step> {
    let (client, topic) = (0..6usize, 0..3usize);
    prop_oneof![
        3 => (client.clone(), topic.clone()).prop_map(|(c, t)| Step::Subscribe(c, t)),
        2 => (client.clone(), topic.clone()).prop_map(|(c, t)| Step::Unsubscribe(c, t)),
        3 => (prop::option::of(client.clone()), topic).prop_map(|(c, t)| Step::Publish(c, t)),
        3 => (1..4usize).prop_map(Step::Slice),
        1 => client.prop_map(Step::Leave),
        1 => Just(Step::Tidy),
    ]
}

proptest! {
    #[test]
    fn slices_look_like_one_delivery_at_once(steps in prop::collection::vec(step(), 1..80)) {
        const TOPICS: [&str; 3] = ["a", "b", "c"];
        let (mut engine, mut ids) = engine(6);
        let mut got = Got::new();
        // Who has subscribed in which order, and what they should have got.
        let mut model: [Vec<usize>; 3] = Default::default();
        let mut wanted: Vec<Vec<String>> = vec![Vec::new(); 6];
        for step in steps {
            match step {
                Step::Subscribe(client, topic) => {
                    catch_up(&mut engine, ids[client], &mut got);
                    engine.subscribe(ids[client], Kind::Channel, TOPICS[topic].as_bytes());
                    if !model[topic].contains(&client) {
                        model[topic].push(client);
                    }
                }
                Step::Unsubscribe(client, topic) => {
                    catch_up(&mut engine, ids[client], &mut got);
                    engine.unsubscribe(ids[client], Kind::Channel, TOPICS[topic].as_bytes());
                    model[topic].retain(|&other| other != client);
                }
                Step::Publish(own, topic) => {
                    let number = engine.pubsub.last_delivery;
                    let own = own.map(|client| ids[client]);
                    if let Some(own) = own {
                        catch_up(&mut engine, own, &mut got);
                    }
                    let receivers = post(&mut engine, own, TOPICS[topic], &mut got);
                    // Who has gone may be counted for a while.
                    prop_assert!(receivers >= model[topic].len());
                    if !engine.pubsub.has_remains() {
                        prop_assert_eq!(receivers, model[topic].len());
                    }
                    for &client in &model[topic] {
                        let mut message = Message::new(&[number.to_string().as_bytes()]);
                        wanted[client].push(text(&mut message));
                    }
                }
                Step::Slice(receivers) => {
                    slice(&mut engine, receivers, &mut got);
                }
                Step::Tidy => {
                    engine.pubsub.tidy(1);
                }
                Step::Leave(client) => {
                    // As if it had very many subscriptions.
                    engine.pubsub.forget(ids[client], 1);
                    engine.sessions[ids[client]].extras().subscriptions = Subscriptions::default();
                    engine.close_session(ids[client]);
                    got.remove(&ids[client]);
                    wanted[client].clear();
                    model.iter_mut().for_each(|line| line.retain(|&other| other != client));
                    // Its place is taken at once.
                    ids[client] = engine.sessions.open(Peer::default(), 0);
                }
            }
        }
        while slice(&mut engine, 2, &mut got) == Slice::More {}
        prop_assert_eq!(engine.pubsub.receivers_left(), 0);
        for (client, id) in ids.iter().enumerate() {
            prop_assert_eq!(got.remove(id).unwrap_or_default(), std::mem::take(&mut wanted[client]));
        }
        for &id in &ids {
            engine.close_session(id);
        }
        while engine.pubsub.tidy(1) == Slice::More {}
        prop_assert!(engine.pubsub.is_empty());
    }
}
