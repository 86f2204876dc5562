//! Labs about when a loop is woken: edges, writability, time.

use crate::run::run;

#[test]
fn an_edge_that_is_not_drained_leaves_bytes_waiting_and_a_knock_gets_only_the_next_portion() {
    let broken = run("undrained_edge", "broken");
    let fixed = run("undrained_edge", "fixed");
    let (sent, back) = (broken.number("sent"), broken.number("back"));
    assert!(back > 0.0 && back < sent, "{}", broken.printed());
    let knocked = broken.number("after a knock");
    assert!(knocked > back && knocked < sent, "{}", broken.printed());
    assert_eq!(
        fixed.number("back"),
        fixed.number("sent"),
        "{}",
        fixed.printed()
    );
    assert_eq!(fixed.number("after a knock"), fixed.number("sent") + 1.0);
}
