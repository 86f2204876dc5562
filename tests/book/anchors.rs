//! The marks in the sources between which an excerpt for the book lies: `// ANCHOR: name` and `// ANCHOR_END: name`.

use std::collections::BTreeMap;

use crate::findings::Findings;
use crate::markdown::{files_below, read};

/// Where marks may be. The tests of the book speak of them without having any.
const DIRECTORIES: &[&str] = &[
    "src",
    "docs/labs",
    "docs/examples",
    "docs/starts",
    "tests",
    "benches",
];
const WITHOUT: &str = "tests/book";
const BEGIN: &str = "ANCHOR:";
const END: &str = "ANCHOR_END:";

/// An excerpt: where it begins, and its lines without the marks in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    pub line: usize,
    pub lines: Vec<String>,
    ended: bool,
}

/// By file and name.
pub type Excerpts = BTreeMap<(String, String), Excerpt>;

/// All excerpts of the tree; what is wrong with their marks is a finding.
#[track_caller]
pub fn excerpts(findings: &mut Findings) -> Excerpts {
    let mut found = Excerpts::new();
    for directory in DIRECTORIES {
        for file in files_below(directory) {
            let source = [".rs", ".py", ".rb"].iter().any(|end| file.ends_with(end));
            if source && !file.starts_with(WITHOUT) {
                for (name, excerpt) in in_text(&file, &read(&file).text, findings) {
                    found.insert((file.clone(), name), excerpt);
                }
            }
        }
    }
    found
}

fn in_text(file: &str, text: &str, findings: &mut Findings) -> BTreeMap<String, Excerpt> {
    let mut found: BTreeMap<String, Excerpt> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(name) = mark(line, BEGIN) {
            let excerpt = Excerpt {
                line: number,
                ..Excerpt::default()
            };
            let second = found.insert(name.to_owned(), excerpt);
            findings.unless(
                second.is_none(),
                file,
                number,
                format!("the anchor {name} begins twice; rename one"),
            );
        } else if let Some(name) = mark(line, END) {
            match found.get_mut(name) {
                Some(excerpt) if !excerpt.ended => excerpt.ended = true,
                _ => findings.add(
                    file,
                    number,
                    format!("the anchor {name} ends here and has not begun"),
                ),
            }
        } else if line.contains(BEGIN) || line.contains(END) {
            let what = "a mark stands on a line of its own: `// ANCHOR: name`, the name in small letters, digits and `-`";
            findings.add(file, number, what);
        } else {
            let open = found.values_mut().filter(|excerpt| !excerpt.ended);
            open.for_each(|excerpt| excerpt.lines.push(line.to_owned()));
        }
    }
    for (name, excerpt) in &found {
        findings.unless(
            excerpt.ended,
            file,
            excerpt.line,
            format!("the anchor {name} has no ANCHOR_END"),
        );
    }
    found
}

/// The name on a line that is a mark of a kind.
fn mark<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    let comment = line.trim();
    let text = comment
        .strip_prefix("// ")
        .or_else(|| comment.strip_prefix("# "))?;
    let name = text.strip_prefix(kind)?.strip_prefix(' ')?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (!name.is_empty() && name.chars().all(letters)).then_some(name)
}

#[test]
fn marks_come_in_pairs() {
    let (open, close) = (
        |name: &str| format!("  // {BEGIN} {name}\n"),
        |name: &str| format!("# {END} {name}\n"),
    );
    let mut findings = Findings::default();
    let text = open("a") + "x\n" + &open("b") + "y\n" + &close("b") + &close("a") + "z\n";
    let found = in_text("f", &text, &mut findings);
    assert_eq!(found["a"].lines, ["x", "y"]);
    assert_eq!(found["b"].lines, ["y"]);
    assert_eq!(found["b"].line, 3);
    assert!(findings.all().is_empty());
    for wrong in [
        open("a"),
        close("a"),
        open("a") + &close("a") + &open("a") + &close("a"),
        open("A"),
        format!("x(); // {BEGIN} a\n"),
    ] {
        let mut findings = Findings::default();
        in_text("f", &wrong, &mut findings);
        assert_eq!(findings.all().len(), 1, "{wrong}: {:?}", findings.all());
    }
}
