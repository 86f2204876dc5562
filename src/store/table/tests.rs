//! Tests of the hash table.

use super::*;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

struct Item(Vec<u8>);

impl Keyed for Item {
    fn key(&self) -> &[u8] {
        &self.0
    }

    fn fetch(&self) -> u8 {
        self.0.len() as u8
    }
}

fn key(n: u32) -> Vec<u8> {
    format!("key:{n}").into_bytes()
}

fn filled(n: u32) -> Table<Item> {
    let mut table = Table::new(7);
    (0..n).for_each(|i| add(&mut table, i));
    table
}

fn add(table: &mut Table<Item>, n: u32) {
    let hash = table.hash(&key(n));
    table.insert(hash, Item(key(n)));
}

fn remove(table: &mut Table<Item>, n: u32) -> bool {
    let hash = table.hash(&key(n));
    table.remove(hash, |item| item.0 == key(n)).is_some()
}

fn has(table: &Table<Item>, n: u32) -> bool {
    table.find(table.hash(&key(n)), &key(n)).is_some()
}

#[test]
fn finds_everything_while_it_grows_and_shrinks() {
    let mut table = filled(50_000);
    assert_eq!(table.len(), 50_000);
    assert_eq!(table.shard_count(), 250);
    assert!((0..50_000).all(|n| has(&table, n)));
    for n in 0..50_000 {
        assert!(remove(&mut table, n));
        assert!(!has(&table, n));
        if n % 5000 == 0 {
            assert!((n + 1..50_000).all(|n| has(&table, n)));
        }
    }
    assert_eq!((table.len(), table.shard_count()), (0, 1));
    assert_eq!(table.shard(0).bytes(), 0, "an empty table holds no memory");
}

#[test]
fn a_table_with_room_is_filled_without_a_division_and_goes_on_like_any_other() {
    const FULL_SEGMENT: u32 = (SEGMENT * TARGET) as u32;
    for count in [
        0,
        1,
        200,
        201,
        399,
        50_000,
        50_199,
        FULL_SEGMENT,
        FULL_SEGMENT + 1,
    ] {
        let mut table = Table::with_room(7, count as usize);
        let (shards, bytes) = (table.shard_count(), table.table_bytes());
        (0..count).for_each(|n| add(&mut table, n));
        assert_eq!(table.shard_count(), shards, "{count} items");
        // Half of the shards get more than their mean, and some of them grow.
        assert!(table.table_bytes() <= bytes + bytes / 4, "{count} items");
        (count..count + 1000).for_each(|n| add(&mut table, n));
        assert_eq!(table.shard_count(), filled(count + 1000).shard_count());
        assert!((0..count + 1000).all(|n| has(&table, n)), "{count} items");
        (0..count + 1000).for_each(|n| assert!(remove(&mut table, n)));
        assert_eq!((table.len(), table.shard_count()), (0, 1), "{count} items");
    }
}

/// Keys that foldhash gives one and the same hash where its shared seed is the crate's fixed
/// one: the second half is the word that this seed turns into a factor of zero.
#[test]
fn keys_cannot_be_aimed_at_a_shard_by_who_knows_the_hash_function() {
    const SECOND_WORD: u64 = 0x3f84_d5b5_b547_0917;
    let mut table: Table<Item> = Table::new(7);
    for n in 0..10_000u64 {
        let key = [n.to_le_bytes(), SECOND_WORD.to_le_bytes()].concat();
        table.insert(table.hash(&key), Item(key));
    }
    let largest = table.segments.iter().flatten().map(Shard::len).max();
    assert!(largest < Some(3 * TARGET), "{largest:?}");
}

#[test]
fn no_shard_is_much_larger_than_twice_the_target() {
    let table = filled(300_000);
    let largest = table.segments.iter().flatten().map(Shard::len).max();
    assert!(largest < Some(3 * TARGET), "{largest:?}");
}

#[test]
fn a_page_is_about_as_large_as_asked_for() {
    let table = filled(100_000);
    for count in [1, 10, 100, 1000] {
        let (mut cursor, mut pages, mut most) = (0, 0, 0);
        loop {
            let mut page = 0;
            cursor = table.scan(cursor, count, |_| page += 1);
            most = most.max(page);
            pages += 1;
            if cursor == 0 {
                break;
            }
        }
        assert!(most <= 4 * count + 10, "a page of {most} for COUNT {count}");
        assert!(
            pages >= 100_000 / (4 * count + 10),
            "{pages} pages for COUNT {count}"
        );
    }
}

#[test]
fn a_scan_of_a_table_at_rest_visits_each_item_once() {
    let table = filled(30_000);
    let (mut cursor, mut seen) = (0, HashMap::new());
    loop {
        cursor = table.scan(cursor, 10, |item| {
            *seen.entry(item.0.clone()).or_insert(0) += 1
        });
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(seen.len(), 30_000);
    assert!(seen.values().all(|&times| times == 1));
}

#[test]
fn any_cursor_at_all_is_harmless() {
    let table = filled(5000);
    for cursor in [u64::MAX, 1 << 63, (1 << 41) - 1, 12345678901234567] {
        let mut cursor = cursor;
        for _ in 0..100_000 {
            cursor = table.scan(cursor, 10, |_| {});
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(cursor, 0, "the scan ends");
    }
}

#[test]
fn random_is_fair_although_shards_differ_in_size() {
    // 1500 items over 8 shards, of which some are twice as large as others; 300 draws each.
    let table = filled(1500);
    let mut state = 1u64;
    let mut random = |n: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 33) as usize) % n
    };
    let mut drawn: HashMap<Vec<u8>, u32> = HashMap::new();
    for _ in 0..450_000 {
        let item = table
            .random(&mut random)
            .map(|item| item.0.clone())
            .unwrap_or_default();
        *drawn.entry(item).or_insert(0) += 1;
    }
    let chi_square: f64 = (0..1500)
        .map(|n| (f64::from(drawn[&key(n)]) - 300.0).powi(2) / 300.0)
        .sum();
    // 1499 degrees of freedom: mean 1499, standard deviation 55.
    assert!(chi_square < 1499.0 + 6.0 * 55.0, "chi square {chi_square}");
}

#[test]
fn taking_shards_gives_back_every_item() {
    let mut table = filled(10_000);
    let mut seen = HashSet::new();
    while let Some(items) = table.take_shard() {
        seen.extend(items.map(|item| item.0));
    }
    assert_eq!((seen.len(), table.len()), (10_000, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The SCAN guarantee: what is there from the first call to the last is returned, through
    /// any growing and shrinking between the calls.
    #[test]
    fn a_scan_misses_nothing_that_stays(
        stays in 1u32..3000,
        changes in prop::collection::vec((0u32..6000, any::<bool>(), 1usize..400), 1..200),
    ) {
        let mut table = filled(stays);
        let mut others = HashSet::new();
        let mut seen = HashSet::new();
        let mut changes = changes.into_iter().cycle();
        let mut cursor = 0;
        for call in 0.. {
            prop_assert!(call < 100_000, "the scan ends");
            cursor = table.scan(cursor, 10, |item| { seen.insert(item.0.clone()); });
            if cursor == 0 {
                break;
            }
            if call >= 2000 {
                continue;
            }
            let (first, is_insert, n) = changes.next().unwrap_or_default();
            for other in (0..n as u32).map(|i| 1_000_000 + first + i) {
                if is_insert && others.insert(other) {
                    add(&mut table, other);
                } else if !is_insert && others.remove(&other) {
                    remove(&mut table, other);
                }
            }
        }
        for n in 0..stays {
            prop_assert!(seen.contains(&key(n)), "key:{} was missed", n);
        }
    }
}
