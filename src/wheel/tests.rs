//! The edges by hand, and everything else against a `BTreeMap`.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// More steps than any of these tests needs: a wheel that never comes to rest is a failure, not a
/// hang.
const STEPS: usize = 200_000;

/// Steps until idle; the deadlines and items in the order they fired.
fn drain<T>(wheel: &mut Wheel<T>, now: u64) -> Vec<(u64, T)> {
    let mut fired = Vec::new();
    for _ in 0..STEPS {
        match wheel.step(now) {
            Step::Fired { at, item, .. } => fired.push((at, item)),
            Step::Moved => {}
            Step::Idle => return fired,
        }
    }
    panic!("the wheel does not come to rest at {now}");
}

#[test]
fn sizes() {
    assert_eq!(size_of::<TimerId>(), 4);
    assert_eq!(size_of::<Option<TimerId>>(), 4);
    assert_eq!(size_of::<arena::Entry<Timer<u64>>>(), 32);
}

#[test]
fn every_boundary_of_every_level_fires_on_its_tick_and_not_before() {
    for now in [
        0,
        1,
        63,
        64,
        4095,
        1 << 47,
        (1 << 48) - 1,
        1 << 48,
        1_700_000_000_000,
    ] {
        for bit in 0..63 {
            for at in [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1] {
                let at = now + at;
                let mut wheel = Wheel::new(now);
                wheel.insert(at, ());
                if at > now {
                    assert_eq!(drain(&mut wheel, at - 1), [], "{now} {at}");
                }
                assert_eq!(drain(&mut wheel, at), [(at, ())], "{now} {at}");
                assert_eq!(wheel.next_due(), None);
            }
        }
    }
}

#[test]
fn the_last_tick_there_is() {
    let mut wheel = Wheel::new(0);
    wheel.insert(u64::MAX, 'z');
    wheel.insert(u64::MAX - 1, 'y');
    wheel.insert(3, 'a');
    assert_eq!(drain(&mut wheel, u64::MAX - 2), [(3, 'a')]);
    assert_eq!(wheel.next_due(), Some(u64::MAX - 1));
    let rest = [(u64::MAX - 1, 'y'), (u64::MAX, 'z')];
    assert_eq!(drain(&mut wheel, u64::MAX), rest);
}

#[test]
fn deadlines_beyond_the_span_keep_their_order_with_those_within() {
    let span = 1_u64 << 48;
    let mut wheel = Wheel::new(span - 10);
    let far = wheel.insert(3 * span + 5, 'd');
    wheel.insert(span + 7, 'c');
    wheel.insert(span - 1, 'a');
    wheel.insert(span, 'b');
    assert_eq!(
        wheel.deadline(far),
        3 * span + 5,
        "the true deadline is kept"
    );
    assert_eq!(drain(&mut wheel, span - 1), [(span - 1, 'a')]);
    // From here on the far timers share the span of the cursor, and so do new ones, which are
    // later.
    assert_eq!(drain(&mut wheel, span - 1), []);
    wheel.insert(span + 9, 'e');
    let rest = [
        (span, 'b'),
        (span + 7, 'c'),
        (span + 9, 'e'),
        (3 * span + 5, 'd'),
    ];
    assert_eq!(drain(&mut wheel, u64::MAX), rest);
}

#[test]
fn a_past_deadline_is_due_at_once_and_before_the_others() {
    let mut wheel = Wheel::new(1_000);
    wheel.insert(1_000, 'n');
    wheel.insert(7, 'x');
    wheel.insert(3, 'y');
    assert_eq!(wheel.next_due(), Some(3));
    assert_eq!(drain(&mut wheel, 1_000), [(7, 'x'), (3, 'y'), (1_000, 'n')]);
}

#[test]
fn inserts_in_the_midst_of_a_cascade_fire_in_order() {
    let mut wheel = Wheel::new(0);
    for at in 4096..4106 {
        wheel.insert(at, at);
    }
    assert_eq!(
        wheel.step(4105),
        Step::Moved,
        "the first of ten is placed anew"
    );
    wheel.insert(4096, 1); // at the cursor, while nine timers of this block are still to be moved
    wheel.insert(4097, 2);
    wheel.insert(4095, 3); // behind the cursor
    let fired: Vec<u64> = drain(&mut wheel, 4105)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(fired[0], 4095);
    assert!(fired[1..].is_sorted(), "{fired:?}");
    assert_eq!(fired.len(), 13);
}

#[test]
fn the_first_level_in_use_is_not_always_next() {
    let mut wheel = Wheel::new(0);
    wheel.insert(64 + 30, 'b');
    wheel.insert(64 + 1, 'a');
    assert_eq!(wheel.step(64 + 30), Step::Moved);
    assert!(
        matches!(wheel.step(64 + 30), Step::Moved),
        "'a' is moved before 'b' fires"
    );
    assert_eq!(drain(&mut wheel, 94), [(65, 'a'), (94, 'b')]);
}

#[test]
fn cancelling_in_the_midst_of_a_cascade_and_of_a_rebase() {
    let mut wheel = Wheel::new(0);
    let ids: Vec<TimerId> = (0..6).map(|n| wheel.insert(200, n)).collect();
    assert_eq!(wheel.step(200), Step::Moved);
    assert_eq!(wheel.cancel(ids[0]), 0, "moved already");
    assert_eq!(wheel.cancel(ids[1]), 1, "head of those not moved");
    assert_eq!(wheel.cancel(ids[5]), 5, "tail of those not moved");
    wheel.insert(100, 9); // the clock went back: behind the cursor, but not over
    assert_eq!(wheel.step(99), Step::Idle);
    wheel.insert(98, 8);
    wheel.cancel(ids[2]);
    assert_eq!(drain(&mut wheel, 99), [(98, 8)]);
    assert_eq!(wheel.next_due(), Some(100));
    assert_eq!(drain(&mut wheel, 200), [(100, 9), (200, 3), (200, 4)]);
    assert!(wheel.is_empty());
}

#[test]
fn a_clock_that_steps_back_fires_nothing_early_and_nothing_late() {
    let mut wheel = Wheel::new(10_000);
    assert_eq!(drain(&mut wheel, 20_000), []);
    wheel.insert(30_000, 'c');
    assert_eq!(drain(&mut wheel, 20_000), []);
    wheel.insert(10_500, 'b'); // the clock says 10 000 again
    wheel.insert(10_100, 'a');
    assert_eq!(drain(&mut wheel, 10_099), []);
    assert_eq!(drain(&mut wheel, 10_100), [(10_100, 'a')]);
    assert_eq!(drain(&mut wheel, 10_499), []);
    assert_eq!(drain(&mut wheel, 10_500), [(10_500, 'b')]);
    assert_eq!(drain(&mut wheel, 29_999), []);
    assert_eq!(drain(&mut wheel, 30_000), [(30_000, 'c')]);
}

#[test]
fn a_silence_of_a_year_costs_no_more_than_a_level_each() {
    let year = 365 * 24 * 3600 * 1000;
    let mut wheel = Wheel::new(0);
    wheel.insert(year, ());
    let steps = (0..STEPS).take_while(|_| !matches!(wheel.step(year), Step::Fired { .. }));
    assert!(steps.count() < LEVELS);
    assert_eq!(wheel.step(100 * year), Step::Idle);
}

#[test]
fn items_can_be_read_and_changed() {
    let mut wheel = Wheel::new(0);
    let id = wheel.insert(50, String::from("a"));
    wheel.get_mut(id).push('b');
    assert_eq!(
        (wheel.get(id).as_str(), wheel.deadline(id), wheel.len()),
        ("ab", 50, 1)
    );
    assert_eq!(wheel.cancel(id), "ab");
    assert!(wheel.is_empty());
}

#[test]
fn a_look_at_it_shows_where_timers_are_and_moves_none() {
    let mut wheel = Wheel::new(1 << 20);
    assert_eq!(wheel.earliest(9), None);
    let base = 1 << 20;
    for at in [base + 1, base + 63, base + 63, base + 64, base + 4096 * 5] {
        wheel.insert(at, ());
    }
    let look = |wheel: &Wheel<()>| -> Vec<Vec<(usize, usize)>> {
        (0..LEVELS)
            .map(|level| wheel.slots(level, 9).collect())
            .collect()
    };
    let seen = look(&wheel);
    assert_eq!(seen[0], [(1, 1), (63, 2)]);
    assert_eq!((&seen[1][..], &seen[2][..]), (&[(1, 1)][..], &[(5, 1)][..]));
    assert!(seen[3..].iter().all(Vec::is_empty));
    assert_eq!(drain(&mut wheel, base + 64).len(), 4);
    assert_eq!(look(&wheel)[2], [(5, 1)]);
    assert_eq!(wheel.earliest(9), Some(base + 4096 * 5));
    for _ in 0..100 {
        wheel.insert(base + 4096 * 5, ());
    }
    assert_eq!(look(&wheel)[2], [(5, 9)], "no more are counted");
    wheel.insert(3, ()); // over
    assert_eq!(wheel.earliest(9), Some(3));
    assert_eq!(look(&wheel).concat().len(), 1, "it is in no slot");
}

#[test]
#[should_panic(expected = "used after its timer")]
fn cancelling_twice_is_a_broken_invariant() {
    let mut wheel = Wheel::new(0);
    let id = wheel.insert(1, ());
    wheel.cancel(id);
    wheel.cancel(id);
}

/// The wheel, and what it should hold, kept in the plainest way.
struct Model {
    wheel: Wheel<u64>,
    /// Item -> its timer. The item of a timer is its serial number.
    live: BTreeMap<u64, Expected>,
    serial: u64,
    now: u64,
    /// The latest tick the wheel has been told of.
    seen: u64,
}

struct Expected {
    id: TimerId,
    at: u64,
    /// Inserted for a tick that may have been over, so its place in the order is not promised.
    late: bool,
}

impl Model {
    fn new(now: u64) -> Self {
        Self {
            wheel: Wheel::new(now),
            live: BTreeMap::new(),
            serial: 0,
            now,
            seen: now,
        }
    }

    fn insert(&mut self, at: u64) {
        let (item, late) = (self.serial, at < self.seen);
        self.serial += 1;
        let id = self.wheel.insert(at, item);
        assert!(
            self.live.values().all(|timer| timer.id != id),
            "ids of live timers differ"
        );
        self.live.insert(item, Expected { id, at, late });
    }

    fn cancel(&mut self, pick: usize) {
        let Some((&item, _)) = self.live.iter().nth(pick % self.live.len().max(1)) else {
            return;
        };
        let timer = self.live.remove(&item).expect("it was found there");
        assert_eq!(
            (self.wheel.deadline(timer.id), *self.wheel.get(timer.id)),
            (timer.at, item)
        );
        assert_eq!(self.wheel.cancel(timer.id), item);
    }

    /// Steps at `now`, at most `budget` times; `true` when that was enough.
    fn run(&mut self, now: u64, budget: usize) -> bool {
        self.now = now;
        for _ in 0..budget {
            self.check_next_due();
            let step = self.wheel.step(now);
            self.seen = self.seen.max(now);
            match step {
                Step::Fired { id, at, item } => self.check_fired(id, at, item),
                Step::Moved => {}
                Step::Idle => {
                    let left = self.live.values().find(|timer| timer.at <= now);
                    assert!(left.is_none(), "idle at {now} with a deadline before");
                    return true;
                }
            }
        }
        false
    }

    fn check_fired(&mut self, id: TimerId, at: u64, item: u64) {
        let timer = self.live.remove(&item).expect("what fires was live");
        assert_eq!((id, at), (timer.id, timer.at));
        assert!(at <= self.now, "{at} fired early, at {}", self.now);
        if !timer.late {
            let earlier = self
                .live
                .values()
                .find(|other| !other.late && other.at < at);
            assert!(earlier.is_none(), "{at} fired before an earlier one");
        }
    }

    fn check_next_due(&self) {
        assert_eq!(self.wheel.len(), self.live.len());
        let Some(due) = self.wheel.next_due() else {
            assert!(self.live.is_empty(), "timers are left, and none is due");
            assert_eq!(self.wheel.earliest(1), None);
            return;
        };
        let earliest = self.live.values().map(|timer| timer.at).min();
        assert_eq!(self.wheel.earliest(usize::MAX), earliest);
        let slots = (0..LEVELS).flat_map(|level| self.wheel.slots(level, usize::MAX));
        assert!(slots.map(|(_, count)| count).sum::<usize>() <= self.live.len());
        assert!(
            earliest.is_some_and(|at| due <= at),
            "{due} is after {earliest:?}"
        );
        assert_ne!(
            self.wheel.clone().step(due),
            Step::Idle,
            "nothing to do at {due}"
        );
        if let Some(before) = due.checked_sub(1) {
            assert_eq!(
                self.wheel.clone().step(before),
                Step::Idle,
                "work before {due}"
            );
        }
    }
}

#[derive(Clone, Debug)]
enum Action {
    Insert { ahead: u64 },
    InsertPast { ago: u64 },
    Cancel(usize),
    Advance { by: u64, budget: usize },
    AdvanceToNextDue { budget: usize },
    GoBack { by: u64, budget: usize },
}

/// Distances of every size, the powers of 64 and their neighbours among them.
fn distance() -> impl Strategy<Value = u64> {
    let any_size = (0_u32..50, any::<u64>()).prop_map(|(bits, n)| n & ((1 << bits) - 1));
    let edges = (0_u32..=8, 0_u64..3).prop_map(|(level, n)| (1_u64 << (6 * level)) + n - 1);
    prop_oneof![8 => any_size, 3 => edges, 6 => 0_u64..200, 1 => any::<u64>().prop_map(|n| n >> 12)]
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let budget = || prop_oneof![1 => Just(STEPS), 2 => 0_usize..5];
    let action = prop_oneof![
        10 => distance().prop_map(|ahead| Action::Insert { ahead }),
        1 => distance().prop_map(|ago| Action::InsertPast { ago }),
        4 => any::<usize>().prop_map(Action::Cancel),
        5 => (distance(), budget()).prop_map(|(by, budget)| Action::Advance { by, budget }),
        4 => budget().prop_map(|budget| Action::AdvanceToNextDue { budget }),
        1 => (distance(), budget()).prop_map(|(by, budget)| Action::GoBack { by, budget }),
    ];
    prop::collection::vec(action, 1..80)
}

fn play(start: u64, actions: Vec<Action>) {
    let mut model = Model::new(start);
    for action in actions {
        match action {
            Action::Insert { ahead } => model.insert(model.now.saturating_add(ahead)),
            Action::InsertPast { ago } => model.insert(model.now.saturating_sub(ago)),
            Action::Cancel(pick) => model.cancel(pick),
            Action::Advance { by, budget } => {
                model.run(model.now.saturating_add(by), budget);
            }
            Action::AdvanceToNextDue { budget } => {
                let due = model.wheel.next_due().unwrap_or(0);
                model.run(model.now.max(due), budget);
            }
            Action::GoBack { by, budget } => {
                model.run(model.now.saturating_sub(by), budget);
            }
        }
    }
    assert!(
        model.run(u64::MAX, STEPS),
        "the wheel does not come to rest"
    );
    assert!(model.live.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn like_a_sorted_map(start in distance(), actions in actions()) {
        play(start, actions);
    }
}
