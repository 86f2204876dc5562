//! The shape of a chapter: one question, a figure, a prediction, what to look at, exercises with answers, where to go next.
//! Whoever has read one chapter knows where things are in all the others.

mod blocks;
#[cfg(test)]
mod tests;

use crate::findings::Findings;
use crate::markdown::{Page, SOURCES, pages};

/// A stub is a page with a title and no more.
const STUB_LINES: usize = 3;
/// Pages with a shape of their own.
const FREE: &[&str] = &[
    "about.md",
    "workshop.md",
    "labs/index.md",
    "glossary.md",
    "teachers-notes.md",
];
const LAB_SECTIONS: &[&str] = &["What you see", "Why", "The fix"];

/// The fixed words of a chapter, in the two languages.
struct Words {
    predict: &'static str,
    answer: &'static str,
    look: &'static str,
    exercises: &'static str,
    next: &'static str,
}

/// A Japanese page is one block in its language.
const IN_JAPANESE: &str = "<div lang=\"ja\">";

const ENGLISH: Words = Words {
    predict: "**Predict first.**",
    answer: "Answer",
    look: "Look at it",
    exercises: "Exercises",
    next: "Where to go next",
};
const JAPANESE: Words = Words {
    predict: "**まず予想してください。**",
    answer: "答え",
    look: "見てみる",
    exercises: "練習問題",
    next: "次に読むもの",
};

#[test]
fn no_page_is_a_stub() {
    let mut findings = Findings::default();
    for page in pages().iter().filter(|page| is_stub(page)) {
        findings.add(&page.name, 1, "this page has only a title; write it");
    }
    findings.none();
}

#[test]
fn every_chapter_has_its_parts_in_their_order() {
    let mut findings = Findings::default();
    for page in pages().iter().filter(|page| !is_stub(page)) {
        check_page(page, &mut findings);
    }
    findings.none();
}

fn is_stub(page: &Page) -> bool {
    page.text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .count()
        < STUB_LINES
}

fn check_page(page: &Page, findings: &mut Findings) {
    let short = page
        .name
        .strip_prefix(SOURCES)
        .unwrap_or(&page.name)
        .trim_start_matches('/');
    let chapter = Chapter::new(page);
    chapter.check_lines(findings);
    chapter.check_blocks(findings);
    chapter.check_figures(findings);
    if FREE.contains(&short) {
        return;
    }
    chapter.check_question(findings);
    if short.starts_with("labs/") {
        chapter.check_sections(LAB_SECTIONS, findings);
        return;
    }
    let words = if short.starts_with("ja/") {
        &JAPANESE
    } else {
        &ENGLISH
    };
    let figure = chapter.lines.iter().any(|(_, line)| *line == "<figure>");
    findings.unless(
        figure,
        &page.name,
        1,
        "no figure: a chapter has at least one `<figure>` … `</figure>`",
    );
    chapter.check_sections(&[words.look, words.exercises, words.next], findings);
    chapter.check_prediction(words, findings);
    chapter.check_look(words, findings);
    chapter.check_exercises(words, findings);
    chapter.check_next(words, findings);
}

/// A page's lines outside of fences, with their numbers.
struct Chapter<'a> {
    name: &'a str,
    length: usize,
    lines: Vec<(usize, &'a str)>,
}

impl<'a> Chapter<'a> {
    fn new(page: &'a Page) -> Chapter<'a> {
        let mut fence = None;
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(page.text.lines()) {
            let bare = line.trim_start();
            let ticks = bare.len() - bare.trim_start_matches('`').len();
            match fence {
                None if ticks >= 3 => fence = Some(ticks),
                Some(opened) if ticks >= opened => fence = None,
                None => lines.push((number, line)),
                Some(_) => {}
            }
        }
        Chapter {
            name: &page.name,
            length: page.text.lines().count(),
            lines,
        }
    }

    fn check_question(&self, findings: &mut Findings) {
        let mut lines = self
            .lines
            .iter()
            .filter(|(_, line)| !line.is_empty() && *line != IN_JAPANESE);
        let title = lines
            .next()
            .is_some_and(|(number, line)| *number == 1 && line.starts_with("# "));
        findings.unless(title, self.name, 1, "a page begins with `# Title`");
        let text: Vec<&str> = lines
            .map(|(_, line)| *line)
            .take_while(|line| !line.starts_with("## "))
            .collect();
        let text = text.join("\n");
        let question = text
            .strip_prefix("<p class=\"question\">")
            .and_then(|rest| rest.split_once("</p>"));
        let asks = question.is_some_and(|(question, _)| {
            question.trim_end().ends_with(['?', '？', '。']) && question.contains(['?', '？', 'か'])
        });
        findings.unless(
            asks,
            self.name,
            2,
            "after the title comes `<p class=\"question\">The one question that it answers?</p>`",
        );
    }

    /// The lines of a `## ` section, with the number of its heading.
    fn section(&self, title: &str) -> Option<(usize, &[(usize, &'a str)])> {
        let heading = |line: &str| {
            line.strip_prefix("## ")
                .is_some_and(|found| found.trim() == title)
        };
        let start = self.lines.iter().position(|(_, line)| heading(line))?;
        let rest = &self.lines[start + 1..];
        let length = rest
            .iter()
            .position(|(_, line)| line.starts_with("## "))
            .unwrap_or(rest.len());
        Some((self.lines[start].0, &rest[..length]))
    }

    fn check_sections(&self, wanted: &[&str], findings: &mut Findings) {
        let mut last = 0;
        for title in wanted {
            match self.section(title) {
                None => findings.add(
                    self.name,
                    self.length,
                    format!("there is no section `## {title}`"),
                ),
                Some((line, _)) => {
                    let what = format!("the sections are in this order: {}", wanted.join(", "));
                    findings.unless(line > last, self.name, line, what);
                    last = line;
                }
            }
        }
    }

    /// The prediction stands before what to look at, and has an answer that is not seen at once.
    fn check_prediction(&self, words: &Words, findings: &mut Findings) {
        let Some(at) = self
            .lines
            .iter()
            .position(|(_, line)| *line == "<div class=\"predict\">")
        else {
            findings.add(
                self.name,
                1,
                "no prediction: `<div class=\"predict\">` … `</div>`",
            );
            return;
        };
        let number = self.lines[at].0;
        let end = self.lines[at..]
            .iter()
            .position(|(_, line)| *line == "</div>")
            .unwrap_or(self.lines.len() - at);
        let block: Vec<&str> = self.lines[at..at + end]
            .iter()
            .map(|(_, line)| *line)
            .collect();
        let asks = block.iter().any(|line| line.starts_with(words.predict));
        findings.unless(
            asks,
            self.name,
            number,
            format!("a prediction begins with {}", words.predict),
        );
        findings.unless(
            has_answer(&block, words),
            self.name,
            number,
            answer_missing(words),
        );
        let look = self
            .section(words.look)
            .map_or(usize::MAX, |(line, _)| line);
        findings.unless(
            number < look,
            self.name,
            number,
            format!("the prediction stands before `## {}`", words.look),
        );
    }

    fn check_look(&self, words: &Words, findings: &mut Findings) {
        let Some((number, lines)) = self.section(words.look) else {
            return;
        };
        // The block begins right before the heading or in the section.
        let before = self
            .lines
            .iter()
            .rev()
            .find(|(at, line)| *at < number && !line.is_empty());
        let mut near = before.into_iter().chain(lines);
        let wrapped = near.any(|(_, line)| *line == "<div class=\"look\">");
        findings.unless(
            wrapped,
            self.name,
            number,
            "wrap what to look at in `<div class=\"look\">` … `</div>`",
        );
    }

    fn check_exercises(&self, words: &Words, findings: &mut Findings) {
        let Some((number, lines)) = self.section(words.exercises) else {
            return;
        };
        let summary = summary(words);
        let answers: Vec<usize> = (0..lines.len())
            .filter(|at| lines[*at].1.trim_start().starts_with(&summary))
            .collect();
        let what = format!(
            "{} exercises with an answer; write 3 to 5, each with `{summary}`",
            answers.len()
        );
        findings.unless((3..=5).contains(&answers.len()), self.name, number, what);
        for at in answers {
            let block: Vec<&str> = lines[at..].iter().map(|(_, line)| line.trim()).collect();
            findings.unless(
                has_answer(&block, words),
                self.name,
                lines[at].0,
                answer_missing(words),
            );
        }
    }

    fn check_next(&self, words: &Words, findings: &mut Findings) {
        let Some((number, lines)) = self.section(words.next) else {
            return;
        };
        let links: usize = lines
            .iter()
            .map(|(_, line)| line.matches("](").count())
            .sum();
        findings.unless(
            (1..=3).contains(&links),
            self.name,
            number,
            format!("{links} links; give one to three"),
        );
        let last = self
            .lines
            .iter()
            .rfind(|(_, line)| line.starts_with("## "))
            .map(|(line, _)| *line);
        findings.unless(
            last == Some(number),
            self.name,
            number,
            format!("`## {}` is the last section", words.next),
        );
    }
}

fn summary(words: &Words) -> String {
    format!("<details><summary>{}</summary>", words.answer)
}

fn answer_missing(words: &Words) -> String {
    format!(
        "the answer stands between `{}` and `</details>`",
        summary(words)
    )
}

/// Whether lines hold an answer that says something. What is in fences is not among the lines, so one of words is enough.
fn has_answer(block: &[&str], words: &Words) -> bool {
    let summary = summary(words);
    let Some(at) = block
        .iter()
        .position(|line| line.trim_start().starts_with(&summary))
    else {
        return false;
    };
    let length = block[at..]
        .iter()
        .position(|line| line.trim() == "</details>");
    length.is_some_and(|length| {
        block[at + 1..at + length]
            .iter()
            .any(|line| !line.trim().is_empty())
    })
}
