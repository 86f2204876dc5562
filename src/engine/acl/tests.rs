use super::log::Event;
use super::user::digest;
use super::*;
use crate::engine::{Clock, Config};

fn engine() -> (Engine, SessionId) {
    let mut engine = Engine::new(Config::default(), 7, Clock::at_us(1_700_000_000_000_000));
    let id = engine.open_session(Peer::default());
    (engine, id)
}

fn is_restricted(engine: &Engine, id: SessionId) -> bool {
    engine.sessions[id].gates.has(Gates::RESTRICTED)
}

/// A user who can log in with `pw`.
fn alice() -> User {
    let mut user = User::new(b"alice", false);
    user.is_on = true;
    user.add_password(digest(b"pw"));
    user
}

#[test]
fn the_gate_follows_the_user() {
    let (mut engine, id) = engine();
    assert!(!is_restricted(&engine, id));
    engine.set_user(alice());
    assert!(!engine.log_in(id, b"alice", b"pq"));
    assert!(!is_restricted(&engine, id), "it stays who it was");
    assert!(engine.log_in(id, b"alice", b"pw"));
    assert!(is_restricted(&engine, id));
    let mut user = alice();
    user.root = Selector::unrestricted();
    engine.set_user(user);
    assert!(!is_restricted(&engine, id), "a change reaches who is there");
    let mut user = alice();
    user.selectors.push(Selector::unrestricted());
    engine.set_user(user);
    assert!(!is_restricted(&engine, id), "one selector is enough");
    engine.set_user(alice());
    assert!(is_restricted(&engine, id));
    engine.log_out(id);
    assert!(!is_restricted(&engine, id));
}

#[test]
fn a_password_locks_out_those_who_come_later() {
    let (mut engine, early) = engine();
    engine.config.requirepass = b"pw".to_vec();
    engine.set_default_password();
    let late = engine.open_session(Peer::default());
    assert!(!is_restricted(&engine, early) && is_restricted(&engine, late));
    assert!(engine.must_authenticate(late) && engine.has_password());
    assert!(engine.log_in(late, DEFAULT, b"pw"));
    assert!(!is_restricted(&engine, late));
    engine.log_out(early);
    assert!(is_restricted(&engine, early));
    engine.config.requirepass.clear();
    engine.set_default_password();
    assert!(!is_restricted(&engine, early) && engine.is_open_to_all());
}

#[test]
fn whoever_is_deleted_is_cut_off_and_is_nobody_any_more() {
    let (mut engine, own) = engine();
    let other = engine.open_session(Peer::default());
    let third = engine.open_session(Peer::default());
    engine.set_user(alice());
    assert!(engine.log_in(own, b"alice", b"pw") && engine.log_in(other, b"alice", b"pw"));
    let names = [&b"alice"[..], b"nobody", b"alice"];
    assert_eq!(engine.delete_users(names.into_iter(), Some(own)), 1);
    assert_eq!(engine.delete_users(names.into_iter(), Some(own)), 0);
    assert!(engine.sessions[own].closing);
    assert!(matches!(&engine.mail[..], [Mail::Close(id)] if *id == other));
    assert!(!engine.sessions[third].closing);
    for id in [own, other] {
        assert_eq!(engine.sessions[id].user, UserId::DEFAULT);
        assert!(!engine.sessions[id].authenticated);
    }
    assert_eq!(engine.acl.in_order().len(), 1);
}

#[test]
fn a_user_that_is_off_cannot_log_in() {
    let mut user = alice();
    assert!(user.admits(&digest(b"pw")) && !user.admits(&digest(b"")));
    user.add_password(digest(b"other"));
    assert!(user.admits(&digest(b"pw")) && user.admits(&digest(b"other")));
    assert!(user.remove_password(&digest(b"pw")) && !user.remove_password(&digest(b"pw")));
    assert!(!user.admits(&digest(b"pw")) && user.admits(&digest(b"other")));
    user.need_no_password();
    assert!(user.admits(&digest(b"anything")));
    user.is_on = false;
    assert!(!user.admits(&digest(b"anything")));
    // What `printf pw | sha256sum` says.
    assert_eq!(digest(b"pw")[..4], [0x30, 0xc9, 0x52, 0xfa]);
}

#[test]
fn two_digests_are_the_same_only_when_every_byte_is() {
    let one = digest(b"pw");
    for at in 0..one.len() {
        let mut other = one;
        other[at] ^= 1;
        let mut user = alice();
        assert!(user.admits(&one) && !user.admits(&other), "byte {at}");
        user.remove_password(&one);
        assert!(!user.admits(&one));
    }
}

#[test]
fn keys_are_allowed_by_pattern_and_access() {
    let mut selector = Selector::new(false);
    let write = Access {
        read: false,
        write: true,
    };
    selector.allow_keys(b"r*", Access::READ);
    selector.allow_keys(b"w*", write);
    selector.allow_keys(b"a", Access::READ);
    selector.allow_keys(b"a", write);
    assert!(selector.allows_key(b"r1", Access::READ) && !selector.allows_key(b"r1", write));
    assert!(!selector.allows_key(b"w1", Access::READ) && selector.allows_key(b"w1", write));
    assert!(selector.allows_key(b"a", Access::ALL) && !selector.allows_key(b"r1", Access::ALL));
    assert!(selector.allows_key(b"w1", Access::default()) && !selector.allows_key(b"x", write));
    assert!(!selector.allows_every_key(Access::READ));
    selector.allow_keys(b"*", Access::READ);
    assert!(selector.allows_every_key(Access::READ) && !selector.allows_every_key(write));
    selector.reset_keys();
    assert!(!selector.allows_key(b"a", Access::default()));
}

#[test]
fn patterns_of_channels_are_allowed_as_they_are() {
    let mut selector = Selector::new(false);
    selector.allow_channels(b"n*");
    assert!(selector.allows_channel(b"news", false) && !selector.allows_channel(b"old", false));
    assert!(selector.allows_channel(b"n*", true) && !selector.allows_channel(b"ne*", true));
    selector.allow_all_channels();
    assert!(selector.allows_channel(b"ne*", true) && selector.channels().is_empty());
}

#[test]
fn first_arguments_count_until_the_command_is_set() {
    let mut selector = Selector::new(false);
    selector.allow_first_arg(5, b"a");
    selector.allow_first_arg(5, b"A");
    assert_eq!(selector.first_args(5).len(), 1);
    assert!(selector.allows_command(5, Some(b"A")) && !selector.allows_command(5, Some(b"b")));
    assert!(!selector.allows_command(5, None) && !selector.allows_command(6, Some(b"a")));
    let mut five = CommandSet::NONE;
    five.set(5, true);
    selector.set_commands(&five, false);
    assert!(!selector.allows_command(5, Some(b"a")));
}

#[test]
fn like_events_make_one_entry() {
    let event = |object: &str| Event {
        reason: Reason::Key,
        context: Context::TopLevel,
        object: object.into(),
        user: b"u".to_vec(),
    };
    let mut log = Log::default();
    let shown = |log: &Log| -> Vec<(String, u64)> {
        let text = |object: &[u8]| String::from_utf8_lossy(object).into_owned();
        let entries = log.entries();
        entries
            .map(|entry| (text(&entry.event.object), entry.count))
            .collect()
    };
    log.add(event("a"), 0, "first".into(), 3);
    log.add(event("b"), 1, String::new(), 3);
    log.add(event("a"), 60_000, "second".into(), 3);
    assert_eq!(shown(&log), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    assert_eq!(log.entries().next().map(|e| &*e.client), Some("second"));
    log.add(event("a"), 120_001, String::new(), 3);
    log.add(event("c"), 120_001, String::new(), 3);
    let names = ["c", "a", "a"].map(str::to_owned);
    assert_eq!(
        shown(&log)
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>(),
        names
    );
    for n in 0..LOOK_FAR {
        log.add(event(&n.to_string()), 200_000, String::new(), 100);
    }
    log.add(event("0"), 200_000, String::new(), 100);
    assert_eq!(
        shown(&log)[0],
        ("0".to_owned(), 1),
        "ten entries are looked at"
    );
    log.add(event("d"), 200_000, String::new(), 0);
    assert_eq!(log.entries().len(), 0);
}

/// One more entry than are looked at.
const LOOK_FAR: usize = 11;
