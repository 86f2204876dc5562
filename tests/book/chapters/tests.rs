//! Each part that a chapter can lack, taken from one that has them all.

use super::*;

const WELL: &str = "# T\n\n<p class=\"question\">Why?</p>\n\n## A\n\n<figure>\nx\n<figcaption>See.</figcaption>\n</figure>\n
<div class=\"predict\">\n\n**Predict first.** What?\n\n<details><summary>Answer</summary>\n\nThis.\n\n</details>\n</div>\n
## Look at it\n\n<div class=\"look\">\n\nhere\n\n</div>\n\n## Exercises\n
1. A\n\n<details><summary>Answer</summary>\n\nThis.\n\n</details>\n
2. B\n\n<details><summary>Answer</summary>\n\nThis.\n\n</details>\n
3. C\n\n<details><summary>Answer</summary>\n\nThis.\n\n</details>\n\n## Where to go next\n\n[On](on.md)\n";

fn findings(text: String) -> Vec<String> {
    let page = Page {
        name: format!("{SOURCES}/x.md"),
        text,
    };
    let mut findings = Findings::default();
    check_page(&page, &mut findings);
    findings.all().to_vec()
}

#[test]
fn a_chapter_as_it_should_be_has_no_findings() {
    assert_eq!(findings(WELL.to_owned()), [""; 0]);
}

#[test]
fn what_a_chapter_lacks_is_found() {
    for (from, to) in [
        ("# T\n", "T\n"),
        ("<p class=\"question\">Why?</p>\n", ""),
        ("Why?", "Because."),
        ("<figcaption>See.</figcaption>\n", ""),
        ("<figcaption>See.", "\n<figcaption>See."),
        ("**Predict first.**", "Guess."),
        ("<div class=\"predict\">\n\n", "<div class=\"predict\">\n"),
        (
            "<details><summary>Answer</summary>\n\nThis.\n\n</details>\n</div>",
            "</div>",
        ),
        ("This.\n\n</details>\n</div>", "</details>\n</div>"),
        ("## Look at it", "## Look"),
        ("<div class=\"look\">\n\nhere\n\n</div>", "here"),
        (
            "3. C\n\n<details><summary>Answer</summary>\n\nThis.\n\n</details>",
            "3. C",
        ),
        ("This.\n\n</details>\n\n## Where", "</details>\n\n## Where"),
        ("[On](on.md)", "On"),
        ("[On](on.md)", "[On](on.md)\n\n## More"),
        ("## A", &format!("## A\n\n{}", "x".repeat(141))),
        ("## A", &format!("## A{}", "\n".repeat(301))),
        ("here\n\n</div>", "here\n</div>"),
    ] {
        assert!(WELL.contains(from), "{from}");
        let found = findings(WELL.replacen(from, to, 1));
        assert_eq!(found.len(), 1, "{from} -> {to}: {found:?}");
    }
}
