//! Labs about when a loop is woken: edges, writability, time.

use crate::run::compare;

#[test]
fn an_edge_that_is_not_drained_leaves_bytes_waiting_and_a_knock_gets_only_the_next_portion() {
    compare("undrained_edge", |broken, fixed| {
        let (sent, back) = (broken.number("sent"), broken.number("back"));
        assert!(back > 0.0 && back < sent, "{}", broken.printed());
        let knocked = broken.number("after a knock");
        assert!(knocked > back && knocked < sent, "{}", broken.printed());

        assert_eq!(fixed.number("back"), sent, "{}", fixed.printed());
        let knocked = fixed.number("after a knock");
        assert_eq!(knocked, sent + 1.0, "{}", fixed.printed());
    });
}

#[test]
fn one_accept_for_each_edge_leaves_most_of_a_crowd_at_the_door() {
    let is_left = |greeted: f64, came: f64| greeted > 0.0 && greeted < came;
    compare("one_accept", |broken, fixed| {
        let (came, greeted) = (broken.number("came"), broken.number("greeted"));
        assert!(is_left(greeted, came), "{}", broken.printed());
        let knocked = broken.number("after a knock");
        assert_eq!(knocked, greeted + 1.0, "{}", broken.printed());

        assert_eq!(fixed.number("greeted"), came, "{}", fixed.printed());
        let knocked = fixed.number("after a knock");
        assert_eq!(knocked, came + 1.0, "{}", fixed.printed());
    });
}

#[test]
fn a_write_handler_with_nothing_to_write_keeps_the_loop_from_sleeping() {
    compare("always_writable", |broken, fixed| {
        assert!(broken.number("turns") > 10_000.0, "{}", broken.printed());
        assert!(broken.number("busy") > 90.0, "{}", broken.printed());

        assert!(fixed.number("turns") < 1000.0, "{}", fixed.printed());
        assert_eq!(fixed.number("back"), broken.number("back"));
    });
}

#[test]
fn a_time_event_that_sleeps_holds_the_turn_and_one_that_says_when_does_not() {
    compare("sleeping_timer", |broken, fixed| {
        let life_ms = 1000.0;
        let longest_ms = broken.number("longest turn");
        assert!(longest_ms > 0.9 * life_ms, "{}", broken.printed());

        let longest_ms = fixed.number("longest turn");
        assert!(longest_ms < life_ms / 2.0, "{}", fixed.printed());
        // And it waits as long as it should.
        for outcome in [broken, fixed] {
            let gone_ms = outcome.number("gone after");
            assert!(gone_ms > 0.9 * life_ms, "{}", outcome.printed());
        }
    });
}

#[test]
fn a_deadline_that_poll_knows_nothing_of_passes_until_somebody_knocks() {
    compare("deaf_timeout", |broken, fixed| {
        assert_eq!(broken.number("knocks"), 1.0, "{}", broken.printed());
        assert_eq!(broken.number("closed"), 1.0, "{}", broken.printed());

        assert_eq!(fixed.number("knocks"), 0.0, "{}", fixed.printed());
        assert_eq!(fixed.number("closed"), 1.0, "{}", fixed.printed());
        let (late_ms, in_time_ms) = (broken.number("closed after"), fixed.number("closed after"));
        assert!(in_time_ms < late_ms, "{}", fixed.printed());
    });
}
