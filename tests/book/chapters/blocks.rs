//! What holds for every page, whatever its shape: its length, its blocks of HTML, its figures.

use super::Chapter;
use crate::findings::Findings;

/// A longer chapter answers more than one question.
const PAGE_LINES: usize = 300;
/// A longer line is hard to read in a diff; tables and what is in fences cannot be wrapped. Lines are wrapped at the first
/// number, and a few letters more are no failure.
const WRAP_AT: usize = 120;
const LINE_CHARS: usize = 140;

impl Chapter<'_> {
    pub fn check_lines(&self, findings: &mut Findings) {
        let what = format!(
            "{} lines; a chapter has at most {PAGE_LINES} and answers one question",
            self.length
        );
        findings.unless(self.length <= PAGE_LINES, self.name, PAGE_LINES + 1, what);
        for (number, line) in &self.lines {
            let long = line.chars().count();
            let is_table = line.trim_start().starts_with('|');
            // A line break between two kana would be seen as a space.
            let is_japanese = line.chars().any(|letter| letter >= '\u{3000}');
            let what = format!("a line of {long} characters; wrap it at {WRAP_AT}");
            findings.unless(
                long <= LINE_CHARS || is_table || is_japanese,
                self.name,
                *number,
                what,
            );
        }
    }

    /// Blocks of HTML end, and are apart from the Markdown in them: without a blank line it is not read as Markdown.
    pub fn check_blocks(&self, findings: &mut Findings) {
        for tag in ["div", "details", "figure"] {
            let count = |start: &str| {
                self.lines
                    .iter()
                    .map(|(_, line)| line.matches(start).count())
                    .sum::<usize>()
            };
            let (opened, closed) = (
                count(&format!("<{tag}>")) + count(&format!("<{tag} ")),
                count(&format!("</{tag}>")),
            );
            findings.unless(
                opened == closed,
                self.name,
                1,
                format!("{opened} times <{tag}>, {closed} times </{tag}>"),
            );
        }
        for pair in self.lines.windows(2) {
            let [(number, line), (_, next)] = pair else {
                continue;
            };
            let opens = line.starts_with("<div ") || line.ends_with("</summary>");
            let what = "a blank line has to follow, or what comes is not read as Markdown";
            findings.unless(!opens || next.is_empty(), self.name, *number, what);
            let closes =
                ["</details>", "</div>"].contains(next) && !["</details>", "</div>"].contains(line);
            findings.unless(
                !closes || line.is_empty(),
                self.name,
                number + 1,
                "put a blank line before this",
            );
        }
    }

    pub fn check_figures(&self, findings: &mut Findings) {
        for (at, (number, _)) in self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, (_, line))| *line == "<figure>")
        {
            let rest: Vec<&str> = self.lines[at + 1..]
                .iter()
                .map(|(_, line)| *line)
                .take_while(|line| *line != "</figure>")
                .collect();
            let captions = rest.iter().any(|line| {
                line.starts_with("<figcaption>") && line.len() > "<figcaption></figcaption>".len()
            });
            findings.unless(
                captions,
                self.name,
                *number,
                "a figure has a <figcaption> that says what to see",
            );
            let blank = rest.iter().any(|line| line.trim().is_empty());
            findings.unless(
                !blank,
                self.name,
                *number,
                "no blank lines between <figure> and </figure>",
            );
        }
    }
}
