//! Whether what came is what a page shows, where `…` stands for any text within a line, and a line that is only `…` for any lines.

/// Stands for what varies: a time, an address, a number of the machine.
const ANYTHING: char = '…';

/// What is compared: without carriage returns (INFO has them), trailing blanks and trailing empty lines.
pub fn tidy(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().into()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Whether the lines that came are those that were expected.
pub fn agree(expected: &[String], got: &[String]) -> bool {
    matches(
        expected,
        got,
        |line| is_anything(line),
        |e, g| line_agrees(e, g),
    )
}

fn is_anything(line: &str) -> bool {
    line.trim() == "…"
}

fn line_agrees(expected: &str, got: &str) -> bool {
    let expected: Vec<char> = expected.chars().collect();
    let got: Vec<char> = got.chars().collect();
    matches(&expected, &got, |letter| *letter == ANYTHING, |e, g| e == g)
}

/// Whether a pattern fits, some of whose items stand for any number of items. The usual way: go on as long as it fits,
/// and when it does not, let the last wildcard take one more.
fn matches<T>(
    pattern: &[T],
    given: &[T],
    wild: impl Fn(&T) -> bool,
    same: impl Fn(&T, &T) -> bool,
) -> bool {
    let (mut at, mut reached) = (0, 0);
    let mut last_wild: Option<(usize, usize)> = None;
    while reached < given.len() {
        match pattern.get(at) {
            Some(item) if wild(item) => {
                last_wild = Some((at, reached));
                at += 1;
            }
            Some(item) if same(item, &given[reached]) => {
                at += 1;
                reached += 1;
            }
            _ => {
                let Some((wild_at, taken)) = last_wild else {
                    return false;
                };
                last_wild = Some((wild_at, taken + 1));
                at = wild_at + 1;
                reached = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(wild)
}

#[test]
fn the_ellipsis_stands_for_what_varies_and_for_nothing_else() {
    let agrees = |expected: &str, got: &str| agree(&tidy(expected), &tidy(got));
    assert!(agrees("a 1\nb", "a 1\r\nb  \n\n"));
    assert!(!agrees("a 1\nb", "a 1\nc"));
    assert!(!agrees("a", "a\nb"));
    assert!(!agrees("a\nb", "a"));
    assert!(agrees("id=… addr=… x", "id=5 addr=1.2.3.4:5 x"));
    assert!(!agrees("id=… addr=… x", "id=5 addr=1.2.3.4:5 y"));
    assert!(agrees("a\n…\nz", "a\nb\nc\nz"));
    assert!(agrees("a\n…\nz", "a\nz"));
    assert!(!agrees("a\n…\nz", "a\nb\ny"));
    assert!(!agrees("id=…", ""));
}
