use super::prefixes::{Overlap, Prefixes, overlap};
use super::shares::Shares;
use crate::engine::{Random, SessionId, Slice};
use std::collections::{BTreeMap, BTreeSet};

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);

fn name(i: usize) -> Vec<u8> {
    format!("key:{i}").into_bytes()
}

#[test]
fn shares_are_what_a_map_of_sets_says() {
    let mut random = Random::new(3);
    let mut shares = Shares::new(7);
    let mut model: BTreeMap<Vec<u8>, BTreeSet<SessionId>> = BTreeMap::new();
    let mut holders: BTreeMap<SessionId, u32> = BTreeMap::new();
    for step in 0..20_000 {
        let session = SessionId(random.below(8) as u32);
        let key = name(random.below(300));
        match random.below(100) {
            0 => {
                if let Some(holder) = holders.remove(&session) {
                    shares.close(holder);
                }
                // As if it had been removed at once, though some of it is still there.
                for had in model.values_mut() {
                    had.remove(&session);
                }
                model.retain(|_, had| !had.is_empty());
            }
            1 if step % 7 == 0 => {
                shares.clear();
                model.clear();
            }
            2..20 => {
                let told = shares.take(&key);
                let set: BTreeSet<_> = told.iter().copied().collect();
                assert_eq!(set.len(), told.len(), "nobody is told twice");
                assert_eq!(set, model.remove(&key).unwrap_or_default());
                assert!(!shares.has(&key));
            }
            20..30 => drop(shares.step()),
            _ => {
                let holder = *holders
                    .entry(session)
                    .or_insert_with(|| shares.open(session));
                shares.add(&key, holder);
                assert!(shares.has(&key));
                model.entry(key).or_default().insert(session);
            }
        }
        assert!(shares.keys() >= model.len());
    }
    while shares.step() == Slice::More {}
    assert_eq!(shares.keys(), model.len());
    let items: usize = model.values().map(BTreeSet::len).sum();
    assert_eq!(shares.items(), items);
    for holder in holders.into_values() {
        shares.close(holder);
    }
    while shares.step() == Slice::More {}
    assert!(shares.is_empty());
}

#[test]
fn who_leaves_with_much_is_removed_in_steps() {
    let mut shares = Shares::new(7);
    let (a, b) = (shares.open(A), shares.open(B));
    for i in 0..1000 {
        shares.add(&name(i), a);
    }
    shares.add(&name(5), b);
    shares.close(a);
    assert_eq!(shares.items(), 1001, "not at once");
    assert_eq!(shares.take(&name(5)), [B]);
    assert_eq!(shares.take(&name(6)), []);
    // Its place is not given away before it is empty.
    let c = shares.open(A);
    shares.add(&name(7), c);
    let mut steps = 0;
    while shares.step() == Slice::More {
        steps += 1;
    }
    assert!(steps > 10, "{steps}");
    assert_eq!((shares.keys(), shares.items()), (1, 1));
    assert_eq!(shares.take(&name(7)), [A]);
    shares.close(b);
    shares.close(c);
    assert!(shares.is_empty(), "little is removed at once");
}

#[test]
fn what_is_cleared_is_freed_in_steps() {
    let mut shares = Shares::new(7);
    let a = shares.open(A);
    for i in 0..5000 {
        shares.add(&name(i), a);
    }
    shares.clear();
    assert_eq!((shares.keys(), shares.items()), (0, 0));
    assert!(shares.has_work());
    shares.add(&name(1), a);
    let mut steps = 0;
    while shares.step() == Slice::More {
        steps += 1;
    }
    assert!(steps > 10, "{steps}");
    assert_eq!(shares.take(&name(1)), [A]);
}

#[test]
fn any_key_can_be_the_one_that_goes() {
    let mut shares = Shares::new(7);
    let mut random = Random::new(3);
    assert_eq!(shares.any(|n| random.below(n)), None);
    let a = shares.open(A);
    for i in 0..10 {
        shares.add(&name(i), a);
    }
    let mut drawn = BTreeSet::new();
    for _ in 0..1000 {
        drawn.extend(shares.any(|n| random.below(n)).map(<[u8]>::to_vec));
    }
    assert_eq!(drawn.len(), 10);
}

#[test]
fn a_key_belongs_to_each_of_its_beginnings() {
    let mut prefixes = Prefixes::default();
    let (first, second, third) = (
        prefixes.begin_period(),
        prefixes.begin_period(),
        prefixes.begin_period(),
    );
    prefixes.add(b"", first, A);
    prefixes.add(b"us", second, A);
    prefixes.add(b"user:", third, B);
    let texts = |text: &[u8]| BTreeSet::from([text.into()]);
    assert!(prefixes.concern(b"x"));
    prefixes.end_period(first, texts(b""));
    for (key, concerns) in [("x", false), ("u", false), ("us", true), ("user:1", true)] {
        assert_eq!(prefixes.concern(key.as_bytes()), concerns, "{key}");
    }
    prefixes.note(b"x", 1);
    assert!(!prefixes.has_changed());
    prefixes.note(b"user:2", 1);
    prefixes.note(b"user:1", 1);
    prefixes.note(b"user:2", 9);
    prefixes.note(b"usage", 0);
    assert!(prefixes.has_changed());
    let changed = |keys: &[(&[u8], u64)]| keys.iter().map(|&(k, by)| (k.into(), by)).collect();
    let expected = vec![
        (
            vec![(second, A)],
            changed(&[(b"usage", 0), (b"user:1", 1), (b"user:2", 9)]),
        ),
        (vec![(third, B)], changed(&[(b"user:1", 1), (b"user:2", 9)])),
    ];
    assert_eq!(prefixes.take_changed(), expected);
    assert!(!prefixes.has_changed());
    assert_eq!(prefixes.take_changed(), []);
    prefixes.end_period(second, texts(b"us"));
    prefixes.end_period(second, BTreeSet::new());
    prefixes.end_period(third, texts(b"user:"));
    assert!(prefixes.is_empty());
    assert!(!prefixes.concern(b"user:1"));
}

#[test]
fn very_many_beginnings_are_forgotten_in_slices() {
    let mut prefixes = Prefixes::default();
    let period = prefixes.begin_period();
    let texts: BTreeSet<Box<[u8]>> = (0..20_000).map(|i| name(i).into()).collect();
    for text in &texts {
        prefixes.add(text, period, A);
    }
    prefixes.end_period(period, texts);
    assert!(prefixes.has_remains());
    let again = prefixes.begin_period();
    prefixes.add(&name(19_999), again, A);
    let slices = (1..).find(|_| prefixes.tidy(64) == Slice::Done);
    assert!(slices.is_some_and(|slices| slices > 250), "{slices:?}");
    assert_eq!(prefixes.len(), 1, "one is asked for again");
    prefixes.note(&name(19_999), 1);
    let clients = prefixes.take_changed().remove(0).0;
    assert_eq!(clients, [(again, A)]);
}

#[test]
fn the_first_overlap_is_found_as_if_all_were_compared() {
    let mut random = Random::new(3);
    for _ in 0..5000 {
        let mut word = |max: usize| -> Box<[u8]> {
            let len = random.below(max + 1);
            (0..len).map(|_| b'a' + random.below(3) as u8).collect()
        };
        let mut old: BTreeSet<Box<[u8]>> = BTreeSet::new();
        for _ in 0..3 {
            let text = word(4);
            let is_apart = |other: &[u8]| !other.starts_with(&text) && !text.starts_with(other);
            // The empty one may be there beside others.
            let mut others = old.iter().filter(|other| !other.is_empty());
            if text.is_empty() || others.all(|other| is_apart(other)) {
                old.insert(text);
            }
        }
        let new: Vec<Box<[u8]>> = (0..4).map(|_| word(5)).collect();
        let new: Vec<&[u8]> = new.iter().map(|text| &**text).collect();
        let overlaps = |a: &[u8], b: &[u8]| a.starts_with(b) || b.starts_with(a);
        let expected = (0..new.len()).find_map(|i| {
            let text = new[i];
            let with_old = old.iter().find(|other| overlaps(text, other));
            let behind = new[i + 1..].iter().find(|other| overlaps(text, other));
            with_old
                .map(|other| Overlap::WithOld(text, other))
                .or(behind.map(|other| Overlap::Among(text, other)))
        });
        assert_eq!(overlap(&old, &new), expected, "{old:?} {new:?}");
    }
}
