//! The keyspace against a plain map with deadlines, and against what SCAN and RANDOMKEY promise.
//!
//! Two kinds of state matter beside what the keys hold: keys that are past their deadline and not
//! removed yet, and a table that has just grown or shrunk. So time passes in the midst of
//! everything, expiry gets budgets that are too small, and keys come and go by the hundred.

use super::*;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

const START_MS: u64 = 1_700_000_000_000;

/// Single changes happen to the first of these keys, so that they meet each other often.
const FEW_KEYS: u32 = 24;

/// Keys that come and go by the hundred: enough for a dozen shards.
const MANY_KEYS: u32 = 2500;

/// More steps and pages than any of these tests needs: what never ends is a failure, not a hang.
const MANY_STEPS: usize = 200_000;

fn name(n: u32) -> Vec<u8> {
    // Some fit into their entry with a value, some do not.
    if n.is_multiple_of(3) {
        format!("a key with a longer name: {n}").into_bytes()
    } else {
        format!("k{n}").into_bytes()
    }
}

/// A key as it should be.
#[derive(Debug, Clone, PartialEq)]
struct Expected {
    value: Vec<u8>,
    deadline_ms: Option<u64>,
}

/// A walk with SCAN that is under way.
struct Walk {
    cursor: Cursor,
    /// The keys that have been there since the walk began and have not been met yet.
    owed: HashSet<Vec<u8>>,
    pages: usize,
}

/// The keyspace, and what it should hold, kept in the plainest way.
struct Model {
    keyspace: Keyspace,
    keys: HashMap<Vec<u8>, Expected>,
    walk: Option<Walk>,
    now_ms: u64,
    random: u64,
}

impl Model {
    fn new(seed: u64) -> Model {
        Model {
            keyspace: Keyspace::new(seed, START_MS),
            keys: HashMap::new(),
            walk: None,
            now_ms: START_MS,
            random: seed,
        }
    }

    fn is_due(&self, key: &Expected) -> bool {
        key.deadline_ms.is_some_and(|at_ms| at_ms <= self.now_ms)
    }

    /// The key has left, whichever way.
    fn forget(&mut self, key: &[u8]) -> Option<Expected> {
        if let Some(walk) = &mut self.walk {
            walk.owed.remove(key);
        }
        self.keys.remove(key)
    }

    fn set(&mut self, key: &[u8], value: &[u8], deadline: Deadline, owned: bool) {
        let new = if owned {
            NewString::Owned(value.to_vec(), Encoding::Natural)
        } else {
            NewString::Copied(value, Encoding::Natural)
        };
        let hash = self.keyspace.hash(key);
        let stored = self
            .keyspace
            .set_string(hash, key, new, deadline, self.now_ms, 7);
        let before = self.keys.get(key);
        let was_due = before.is_some_and(|before| self.is_due(before));
        assert_eq!(stored.was_expired, was_due);
        let kept = before.filter(|_| !was_due).and_then(|key| key.deadline_ms);
        let expected = Expected {
            value: value.to_vec(),
            deadline_ms: match deadline {
                Deadline::Keep => kept,
                Deadline::Never => None,
                Deadline::At(at_ms) => Some(at_ms),
            },
        };
        self.keys.insert(key.to_vec(), expected);
    }

    fn set_deadline(&mut self, key: &[u8], at_ms: Option<u64>) {
        let is_there = self.keyspace.set_deadline(key, at_ms);
        assert_eq!(is_there, self.keys.contains_key(key));
        if let Some(expected) = self.keys.get_mut(key) {
            expected.deadline_ms = at_ms;
        }
    }

    fn lookup(&mut self, key: &[u8]) {
        let expected = self.keys.get(key).cloned();
        let is_due = expected.as_ref().is_some_and(|key| self.is_due(key));
        let hash = self.keyspace.hash(key);
        let mut expired = None;
        let spot = self
            .keyspace
            .lookup(hash, key, self.now_ms, |entry| expired = Some(entry));
        assert_eq!(expired.is_some(), is_due, "a key goes at its deadline");
        if let Some(entry) = expired {
            assert_eq!((entry.key(), entry.timer(), spot), (key, None, None));
            self.forget(key);
        } else {
            let found = spot.map(|spot| self.keyspace.entry_mut(spot).as_string());
            let expected = expected.as_ref().map(|expected| Some(&expected.value[..]));
            assert_eq!(found, expected);
        }
    }

    fn remove(&mut self, key: &[u8]) {
        let expected = self.forget(key);
        let removed = self.keyspace.remove(key).map(|(entry, deadline_ms)| {
            assert_eq!((entry.key(), entry.timer()), (key, None));
            let value = entry.as_string().unwrap_or_default().to_vec();
            Expected { value, deadline_ms }
        });
        assert_eq!(removed, expected);
    }

    /// As RENAME does it; the destination may be there, and be due.
    fn rename(&mut self, from: &[u8], to: &[u8]) {
        if from == to {
            return;
        }
        let Some((entry, deadline_ms)) = self.keyspace.remove(from) else {
            assert!(!self.keys.contains_key(from));
            return;
        };
        self.keyspace.remove(to);
        self.keyspace.insert(entry.rename_to(to), deadline_ms);
        let expected = self.forget(from).expect("a key that was renamed was there");
        assert_eq!(expected.deadline_ms, deadline_ms);
        self.replace(to, expected);
    }

    /// As COPY does it.
    fn copy(&mut self, from: &[u8], to: &[u8]) {
        let Some(entry) = self.keyspace.peek(from).filter(|_| from != to) else {
            return;
        };
        let (copy, deadline_ms) = (entry.copy_to(to), self.keyspace.deadline(entry));
        self.keyspace.remove(to);
        self.keyspace.insert(copy, deadline_ms);
        let expected = self.keys[from].clone();
        assert_eq!(expected.deadline_ms, deadline_ms);
        self.replace(to, expected);
    }

    /// Another key has come in place of `key`: a walk under way need not meet it.
    fn replace(&mut self, key: &[u8], expected: Expected) {
        self.forget(key);
        self.keys.insert(key.to_vec(), expected);
    }

    /// Active expiry with a budget of steps; whether that was enough.
    fn expire(&mut self, budget: usize) -> bool {
        for _ in 0..budget {
            let due_ms = self.keyspace.next_due();
            match self.keyspace.expire_step(self.now_ms) {
                Expired::Key { entry, late_ms } => {
                    let expected = self.forget(entry.key()).expect("a key expires once");
                    assert!(self.is_due(&expected), "a key expired early");
                    assert_eq!(expected.deadline_ms, Some(self.now_ms - late_ms));
                    assert_eq!(entry.timer(), None);
                }
                Expired::Moved => {}
                Expired::Idle => {
                    assert!(due_ms.is_none_or(|due_ms| due_ms > self.now_ms));
                    assert!(!self.keys.values().any(|key| self.is_due(key)));
                    return true;
                }
            }
        }
        false
    }

    fn draw(&mut self) {
        let state = &mut self.random;
        let drawn = self.keyspace.random(|n| draw_below(state, n));
        assert_eq!(drawn.is_none(), self.keys.is_empty());
        assert!(drawn.is_none_or(|entry| self.keys.contains_key(entry.key())));
    }

    /// One page of a walk, the first of a new one where none is under way.
    fn scan(&mut self, count: usize) {
        let mut walk = self.walk.take().unwrap_or_else(|| Walk {
            cursor: 0,
            owed: self.keys.keys().cloned().collect(),
            pages: 0,
        });
        walk.pages += 1;
        assert!(walk.pages < MANY_STEPS, "a walk comes to its end");
        walk.cursor = self.keyspace.scan(walk.cursor, count, |entry| {
            assert!(self.keys.contains_key(entry.key()), "SCAN invents a key");
            walk.owed.remove(entry.key());
        });
        if walk.cursor != 0 {
            self.walk = Some(walk);
        } else if let Some(missed) = walk.owed.iter().next() {
            panic!("SCAN missed {}", missed.escape_ascii());
        }
    }

    /// What can be asked at any moment.
    fn check(&self) {
        assert_eq!(self.keyspace.len(), self.keys.len());
        assert_eq!(self.keyspace.is_empty(), self.keys.is_empty());
        let deadlines = self.keys.values().filter_map(|key| key.deadline_ms);
        assert_eq!(self.keyspace.deadline_count(), deadlines.clone().count());
        match (self.keyspace.next_due(), deadlines.min()) {
            (None, None) => {}
            (Some(due_ms), Some(earliest_ms)) => assert!(due_ms <= earliest_ms),
            (due_ms, earliest_ms) => panic!("{earliest_ms:?} is waited for until {due_ms:?}"),
        }
    }

    /// Every key, one by one and all together.
    fn check_all(&self) {
        self.check();
        let look = |entry: &Entry| Expected {
            value: entry.as_string().unwrap_or_default().to_vec(),
            deadline_ms: self.keyspace.deadline(entry),
        };
        for (key, expected) in &self.keys {
            assert_eq!(self.keyspace.peek(key).map(look).as_ref(), Some(expected));
        }
        let listed: HashMap<Vec<u8>, Expected> = self
            .keyspace
            .iter()
            .map(|entry| (entry.key().to_vec(), look(entry)))
            .collect();
        assert_eq!(listed, self.keys);
    }

    fn act(&mut self, action: Action) {
        let now_ms = self.now_ms;
        match action {
            Action::Set(n, len, When::Keep, owned) => {
                self.set(&name(n), &vec![b'v'; len], Deadline::Keep, owned);
            }
            Action::Set(n, len, When::Never, owned) => {
                self.set(&name(n), &vec![b'w'; len], Deadline::Never, owned);
            }
            Action::Set(n, len, When::In(ms), owned) => {
                let at_ms = now_ms.saturating_add_signed(ms);
                self.set(&name(n), &vec![b'x'; len], Deadline::At(at_ms), owned);
            }
            Action::SetDeadline(n, ms) => {
                let at_ms = ms.map(|ms| now_ms.saturating_add_signed(ms));
                self.set_deadline(&name(n), at_ms);
            }
            Action::Lookup(n) => self.lookup(&name(n)),
            Action::Remove(n) => self.remove(&name(n)),
            Action::Rename(from, to) => self.rename(&name(from), &name(to)),
            Action::Copy(from, to) => self.copy(&name(from), &name(to)),
            Action::Fill { from, count, every } => {
                for n in from..from + count {
                    let deadline = match every {
                        0 => Deadline::Never,
                        every => Deadline::At(now_ms + 1 + u64::from(n % every)),
                    };
                    self.set(&name(n), b"v", deadline, false);
                }
            }
            Action::Clear { from, count } => {
                (from..from + count).for_each(|n| self.remove(&name(n)));
            }
            Action::LookUpMany { from, count } => {
                (from..from + count).for_each(|n| self.lookup(&name(n)));
            }
            Action::Pass(ms) => self.now_ms += ms,
            Action::GoBack(ms) => self.now_ms -= ms,
            Action::Expire(budget) => {
                self.expire(budget);
            }
            Action::Draw => self.draw(),
            Action::Scan(count, pages) => (0..pages).for_each(|_| self.scan(count)),
        }
    }
}

/// SplitMix64's step, as good as any.
fn draw_below(state: &mut u64, n: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((u128::from(mixed ^ (mixed >> 27)) * n as u128) >> 64) as usize
}

#[derive(Clone, Copy, Debug)]
enum When {
    Keep,
    Never,
    In(i64),
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Set(u32, usize, When, bool),
    SetDeadline(u32, Option<i64>),
    Lookup(u32),
    Remove(u32),
    Rename(u32, u32),
    Copy(u32, u32),
    /// Sets many keys, with deadlines spread over `every` milliseconds, or without if that is 0.
    Fill {
        from: u32,
        count: u32,
        every: u32,
    },
    Clear {
        from: u32,
        count: u32,
    },
    LookUpMany {
        from: u32,
        count: u32,
    },
    Pass(u64),
    GoBack(u64),
    Expire(usize),
    Draw,
    Scan(usize, usize),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let few = || 0..FEW_KEYS;
    let many = || (0..MANY_KEYS / 2, 1..MANY_KEYS / 2);
    // Inline, sharing an allocation with the key, and with one of their own.
    let len = prop_oneof![4 => 0_usize..20, 2 => 20_usize..100, 1 => 4000_usize..5000];
    let span_ms = || prop_oneof![4 => -3_i64..200, 1 => 0_i64..10_000_000, 1 => Just(i64::MAX)];
    let when = prop_oneof![2 => Just(When::Keep), 1 => Just(When::Never), 4 => span_ms().prop_map(When::In)];
    let budget = prop_oneof![3 => 0_usize..40, 1 => Just(MANY_STEPS)];
    let count = prop_oneof![3 => 1_usize..30, 1 => 30_usize..1000];
    let action = prop_oneof![
        8 => (few(), len, when, any::<bool>()).prop_map(|(n, len, when, owned)| Action::Set(n, len, when, owned)),
        4 => (few(), prop::option::of(span_ms())).prop_map(|(n, ms)| Action::SetDeadline(n, ms)),
        5 => few().prop_map(Action::Lookup),
        3 => few().prop_map(Action::Remove),
        3 => (few(), few()).prop_map(|(from, to)| Action::Rename(from, to)),
        2 => (few(), few()).prop_map(|(from, to)| Action::Copy(from, to)),
        4 => (many(), 0_u32..300).prop_map(|((from, count), every)| Action::Fill { from, count, every }),
        2 => many().prop_map(|(from, count)| Action::Clear { from, count }),
        2 => many().prop_map(|(from, count)| Action::LookUpMany { from, count }),
        6 => prop_oneof![4 => 0_u64..100, 1 => 0_u64..100_000].prop_map(Action::Pass),
        1 => (1_u64..500).prop_map(Action::GoBack),
        5 => budget.prop_map(Action::Expire),
        2 => Just(Action::Draw),
        8 => (count, 1_usize..20).prop_map(|(count, pages)| Action::Scan(count, pages)),
    ];
    prop::collection::vec(action, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn like_a_map_with_deadlines(seed in any::<u64>(), actions in actions()) {
        let mut model = Model::new(seed);
        for action in actions {
            model.act(action);
            model.check();
        }
        model.check_all();
        while model.walk.is_some() {
            model.scan(10);
        }
        model.now_ms = u64::MAX;
        prop_assert!(model.expire(MANY_STEPS), "expiry comes to its end");
        model.check_all();
        prop_assert_eq!(model.keyspace.deadline_count(), 0);
        prop_assert_eq!(model.keyspace.next_due(), None);
    }
}

/// A thousand keys are left of twenty thousand, which `leave` has removed; is each of those as
/// likely as any other?
fn assert_fair_after(leave: impl Fn(&mut Keyspace, &[u8])) {
    const LEFT: u32 = 1000;
    const DRAWS_EACH: u32 = 200;
    let mut keyspace = Keyspace::new(11, START_MS);
    for n in 0..20 * LEFT {
        let deadline_ms = (n >= LEFT).then_some(START_MS + 1);
        keyspace.insert(
            Entry::string(&name(n), b"v", Encoding::Natural),
            deadline_ms,
        );
    }
    (LEFT..20 * LEFT).for_each(|n| leave(&mut keyspace, &name(n)));
    assert_eq!(keyspace.len(), LEFT as usize);

    let (mut state, mut asked) = (5, 0);
    let mut drawn: HashMap<Vec<u8>, u32> = HashMap::new();
    for _ in 0..LEFT * DRAWS_EACH {
        let entry = keyspace.random(|n| {
            asked += 1;
            draw_below(&mut state, n)
        });
        let key = entry.expect("there are keys").key().to_vec();
        *drawn.entry(key).or_default() += 1;
    }
    let expected = f64::from(DRAWS_EACH);
    let chi_square: f64 = (0..LEFT)
        .map(|n| f64::from(drawn.get(&name(n)).copied().unwrap_or(0)))
        .map(|times| (times - expected).powi(2) / expected)
        .sum();
    // 999 degrees of freedom: mean 999, standard deviation 45.
    assert!(chi_square < 999.0 + 6.0 * 45.0, "chi square {chi_square}");
    let tries = asked / 2 / (LEFT * DRAWS_EACH);
    assert!(tries < 20, "{tries} tries for each key drawn");
}

#[test]
fn random_is_fair_when_most_keys_were_removed() {
    assert_fair_after(|keyspace, key| assert!(keyspace.remove(key).is_some()));
}

#[test]
fn random_is_fair_when_most_keys_were_found_to_be_due() {
    assert_fair_after(|keyspace, key| {
        let mut was_due = false;
        let found = keyspace.lookup(keyspace.hash(key), key, START_MS + 1, |_| was_due = true);
        assert_eq!((found, was_due), (None, true));
    });
}

#[test]
fn a_budget_is_kept_when_a_mass_of_keys_is_due_at_one_moment() {
    let mut model = Model::new(3);
    model.act(Action::Fill {
        from: 0,
        count: 5000,
        every: 1,
    });
    model.now_ms += 1000;
    let mut rounds = 0;
    while !model.expire(100) {
        rounds += 1;
        assert!(rounds < 1000, "each key is moved a few times at the most");
    }
    assert!(rounds >= 50, "100 steps expire no more than 100 keys");
    model.check_all();
    assert!(model.keyspace.is_empty());
}

#[test]
fn a_keyspace_emptied_by_its_deadlines_gives_its_tables_back() {
    let mut model = Model::new(4);
    model.act(Action::Fill {
        from: 0,
        count: 20_000,
        every: 50,
    });
    let full = model.keyspace.table.table_bytes();
    model.now_ms += 50;
    assert!(model.expire(MANY_STEPS));
    let empty = model.keyspace.table.table_bytes();
    assert!(empty * 10 < full, "{empty} bytes are left of {full}");
}

#[test]
fn remains_hand_every_entry_over_in_pieces() {
    let mut keyspace = Keyspace::new(9, START_MS);
    for n in 0..6000u32 {
        let deadline_ms = n.is_multiple_of(2).then_some(START_MS + u64::from(n));
        keyspace.insert(
            Entry::string(&name(n), b"v", Encoding::Natural),
            deadline_ms,
        );
    }
    let mut remains = keyspace.into_remains();
    let mut left: HashSet<Vec<u8>> = (0..6000).map(name).collect();
    let mut pieces = 0;
    loop {
        let before = left.len();
        let is_more = remains.free_one(|entry| {
            assert!(left.remove(entry.key()), "an entry is handed over once");
        });
        assert!(before - left.len() < 1000, "a piece is a shard");
        if !is_more {
            break;
        }
        pieces += 1;
        assert!(pieces < 1000, "the pieces come to their end");
    }
    assert!(left.is_empty() && remains.is_empty());
}

#[test]
fn samples_are_uniform_over_keys_whatever_shard_they_are_in() {
    const KEYS: usize = 1300;
    const ROUNDS: usize = 100 * KEYS / 5;
    let mut keyspace = Keyspace::new(3, 0);
    for n in 0..KEYS as u64 {
        let entry = Entry::string(n.to_string().as_bytes(), b"v", Encoding::Natural);
        keyspace.insert(entry, n.is_multiple_of(4).then_some(1000 + n * 997));
    }
    let mut state = 1_u64;
    let mut random = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for (sampled, keys) in [(Sampled::All, KEYS), (Sampled::WithDeadline, KEYS / 4)] {
        let mut times = std::collections::HashMap::new();
        for _ in 0..ROUNDS {
            keyspace.sample(sampled, 5, &mut random, |entry| {
                *times.entry(entry.key().to_vec()).or_insert(0_usize) += 1;
            });
        }
        assert_eq!(times.len(), keys);
        let mean = ROUNDS * 5 / keys;
        let is_fair = |&n: &usize| (mean / 2..mean * 2).contains(&n);
        assert!(times.values().all(is_fair), "{sampled:?}");
    }
}

#[test]
fn a_sample_is_spread_over_its_shard_and_has_nothing_twice() {
    let mut keyspace = Keyspace::new(3, 0);
    for n in 0..100u64 {
        keyspace.insert(
            Entry::string(n.to_string().as_bytes(), b"v", Encoding::Natural),
            None,
        );
    }
    for (count, expected) in [(1, 1), (5, 5), (100, 100), (1000, 100)] {
        let mut ages = Vec::new();
        keyspace.sample(
            Sampled::All,
            count,
            |n| n / 2,
            |entry| {
                let age: u64 = String::from_utf8_lossy(entry.key())
                    .parse()
                    .expect("a number");
                ages.push(age);
            },
        );
        ages.sort_unstable();
        ages.dedup();
        assert_eq!(ages.len(), expected);
        let is_wide = |pair: &[u64]| pair[1] - pair[0] >= 100 / expected as u64;
        assert!(ages.windows(2).all(is_wide), "{ages:?}");
    }
}
