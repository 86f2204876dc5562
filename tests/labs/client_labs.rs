//! Labs about what clients do to a server: they leave, they flood, they are too many, they send in pieces.

use crate::run::{compare, run};

#[test]
fn a_token_in_a_list_gives_one_client_the_answer_of_another_and_a_number_beside_it_does_not() {
    let fixed = run("reused_token", "fixed");
    assert_eq!(
        fixed.number("wrong answers"),
        0.0,
        "an answer came to somebody else:\n{}",
        fixed.printed()
    );
    compare("reused_token", |broken, fixed| {
        assert!(broken.number("wrong answers") > 0.0, "{}", broken.printed());
        assert!(fixed.number("thrown away") > 0.0, "{}", fixed.printed());
    });
}

#[test]
fn a_client_that_is_read_until_it_is_dry_keeps_the_others_waiting_and_a_budget_does_not() {
    compare("until_dry", |broken, fixed| {
        let (long, short) = (broken.number("median"), fixed.number("median"));
        let both = format!("{}{}", broken.printed(), fixed.printed());
        assert!(long > 10.0 * short, "{both}");
        let answers = "answers during the flood";
        assert!(
            fixed.number(answers) > 3.0 * broken.number(answers),
            "{both}"
        );
        assert!(
            broken.number("longest turn") > 3.0 * fixed.number("longest turn"),
            "{both}"
        );
    });
}

#[test]
fn no_descriptors_make_a_listener_spin_and_a_pause_ends_that() {
    compare("emfile_spin", |broken, fixed| {
        let both = format!("{}{}", broken.printed(), fixed.printed());
        assert!(broken.number("failed") > 1_000.0, "{both}");
        assert!(
            broken.number("turns") > 20.0 * fixed.number("turns"),
            "{both}"
        );
        assert!(
            broken.number("busy") > 2.0 * fixed.number("busy") && broken.number("busy") > 80.0,
            "{both}"
        );
        // Nobody is forgotten: the one that waited was let in when another had left.
        for outcome in [broken, fixed] {
            assert_eq!(outcome.number("accepted"), 5.0, "{both}");
            assert!(outcome.number("let in after") >= 0.0, "{both}");
        }
    });
}

#[test]
fn a_parser_that_begins_anew_looks_at_a_request_a_hundred_times_and_one_that_goes_on_once() {
    let fixed = run("from_byte_zero", "fixed");
    let len = fixed.number("request");
    assert_eq!(fixed.number("looked at"), len, "{}", fixed.printed());
    compare("from_byte_zero", |broken, fixed| {
        assert!(
            broken.number("looked at") > 100.0 * len,
            "{}",
            broken.printed()
        );
        assert!(
            broken.number("searched") > 10.0 * fixed.number("searched"),
            "{}{}",
            broken.printed(),
            fixed.printed()
        );
    });
}
