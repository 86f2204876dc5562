//! Code in the book is never pasted: it is an excerpt of a file that is compiled, or that another test runs.

use std::collections::BTreeSet;
use std::path::Path;

use crate::anchors::{Excerpts, excerpts};
use crate::compiled::{compiled_files, tidy};
use crate::findings::Findings;
use crate::markdown::{Page, ROOT, SOURCES, fences, files_below, pages};

/// A longer excerpt is not read.
const EXCERPT_LINES: usize = 30;
const OPENING: &str = "{{#";
const INCLUDE: &str = "{{#include ";
/// Languages of which the book shows excerpts only, with the end of their files' names.
const CODE: &[(&str, &str)] = &[("rust", ".rs"), ("python", ".py"), ("ruby", ".rb")];
/// What else a fence may hold.
const OTHER: &[&str] = &["console", "redis", "sh", "text", "json"];
/// Where Python and Ruby come from.
const STARTS: &str = "docs/starts/";
const FIGURES: &str = "docs/src/figures/";

/// One include: where it is, and what it asks for. The file is seen from the root of the tree.
#[derive(Debug, PartialEq, Eq)]
struct Include {
    line: usize,
    file: String,
    anchor: Option<String>,
}

#[test]
fn every_excerpt_is_there_and_of_a_file_that_is_compiled() {
    let mut findings = Findings::default();
    let excerpts = excerpts(&mut findings);
    let compiled = compiled_files();
    for page in pages() {
        check_fences(&page, &mut findings);
        for include in includes(&page, &mut findings) {
            check_include(&page, &include, &excerpts, &mut findings);
            check_source(&page, &include, &compiled, &mut findings);
        }
    }
    findings.none();
}

#[test]
fn every_anchor_in_the_sources_is_shown_by_a_page() {
    let mut findings = Findings::default();
    // What is wrong with an anchor or an include is the other test's finding.
    let excerpts = excerpts(&mut Findings::default());
    let used: BTreeSet<(String, String)> = pages()
        .iter()
        .flat_map(|page| includes(page, &mut Findings::default()))
        .map(|include| (include.file, include.anchor.unwrap_or_default()))
        .collect();
    for ((file, name), excerpt) in &excerpts {
        let is_used = used.contains(&(file.clone(), name.clone()));
        findings.unless(
            is_used,
            file,
            excerpt.line,
            format!("no page shows the anchor {name}; remove its two marks"),
        );
    }
    findings.none();
}

#[test]
fn every_program_of_the_book_is_compiled() {
    let mut findings = Findings::default();
    let compiled = compiled_files();
    for file in files_below("docs")
        .iter()
        .filter(|file| file.ends_with(".rs"))
    {
        let what =
            "cargo does not compile this; make it an [[example]] of Cargo.toml or a module of one";
        findings.unless(compiled.contains(file), file, 1, what);
    }
    findings.none();
}

fn includes(page: &Page, findings: &mut Findings) -> Vec<Include> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(page.text.lines()) {
        let Some(start) = line.find(OPENING) else {
            continue;
        };
        let asked = line[start..]
            .strip_prefix(INCLUDE)
            .and_then(|rest| rest.strip_suffix("}}"));
        let Some(asked) = asked.filter(|_| line[..start].trim().is_empty()) else {
            findings.add(
                &page.name,
                number,
                "an include stands on a line of its own: `{{#include path:anchor}}`",
            );
            continue;
        };
        let (path, anchor) = match asked.trim().split_once(':') {
            Some((path, anchor)) => (path, Some(anchor.to_owned())),
            None => (asked.trim(), None),
        };
        let directory = Path::new(&page.name).parent().unwrap_or(Path::new(""));
        let file = tidy(&directory.join(path)).to_string_lossy().into_owned();
        found.push(Include {
            line: number,
            file,
            anchor,
        });
    }
    found
}

/// What is included exists, and is short.
fn check_include(page: &Page, include: &Include, excerpts: &Excerpts, findings: &mut Findings) {
    let (name, line) = (&page.name, include.line);
    let file = &include.file;
    if !Path::new(ROOT).join(file).is_file() {
        findings.add(
            name,
            line,
            format!("there is no file {file}; the path goes from the page's own directory"),
        );
        return;
    }
    let Some(anchor) = &include.anchor else {
        let is_figure = file.starts_with(FIGURES) && file.ends_with(".svg");
        findings.unless(
            is_figure,
            name,
            line,
            "only figures/*.svg are included whole; name an anchor",
        );
        return;
    };
    let Some(excerpt) = excerpts.get(&(file.clone(), anchor.clone())) else {
        findings.add(name, line, format!("{file} has no anchor {anchor}: put `// ANCHOR: {anchor}` and `// ANCHOR_END: {anchor}` around the lines"));
        return;
    };
    let long = excerpt.lines.len();
    let what = format!(
        "the excerpt {anchor} of {file}:{} has {long} lines; show at most {EXCERPT_LINES}",
        excerpt.line
    );
    findings.unless(long <= EXCERPT_LINES, name, line, what);
    let empty = excerpt.lines.iter().all(|line| line.trim().is_empty());
    findings.unless(
        !empty,
        name,
        line,
        format!("the excerpt {anchor} of {file}:{} is empty", excerpt.line),
    );
}

/// What is included as code comes from a file that is compiled or run.
fn check_source(
    page: &Page,
    include: &Include,
    compiled: &BTreeSet<String>,
    findings: &mut Findings,
) {
    if include.anchor.is_none() {
        return;
    }
    let file = &include.file;
    let holds = if file.ends_with(".rs") {
        compiled.contains(file)
    } else {
        file.starts_with(STARTS)
    };
    let what = format!(
        "{file} is not compiled by cargo, and not under {STARTS}; show what is compiled or run"
    );
    findings.unless(holds, &page.name, include.line, what);
}

/// A fence of code holds includes of that language, and every fence says what it holds.
fn check_fences(page: &Page, findings: &mut Findings) {
    let fences = match fences(&page.text) {
        Ok(fences) => fences,
        Err(line) => {
            findings.add(&page.name, line, "this fence does not end");
            return;
        }
    };
    for fence in fences {
        let info = fence.info.as_str();
        let Some((_, ending)) = CODE.iter().find(|(language, _)| *language == info) else {
            let known: Vec<&str> = CODE
                .iter()
                .map(|(language, _)| *language)
                .chain(OTHER.iter().copied())
                .collect();
            let what = format!(
                "a fence of `{info}`; it has to be one of {}",
                known.join(", ")
            );
            findings.unless(OTHER.contains(&info), &page.name, fence.line, what);
            continue;
        };
        findings.unless(
            fence.body.iter().any(|(_, text)| !text.is_empty()),
            &page.name,
            fence.line,
            "an empty fence",
        );
        for (line, text) in fence.body.iter().filter(|(_, text)| !text.is_empty()) {
            let text = text.trim();
            let path = text
                .strip_prefix(INCLUDE)
                .and_then(|rest| rest.strip_suffix("}}"));
            let file = path.and_then(|path| path.split(':').next());
            let what = format!(
                "code is not pasted: a fence of {info} holds nothing but `{{{{#include some/file{ending}:anchor}}}}`"
            );
            findings.unless(
                file.is_some_and(|file| file.ends_with(ending)),
                &page.name,
                *line,
                what,
            );
        }
    }
}

#[test]
fn an_include_is_read_from_its_page() {
    let page = Page {
        name: format!("{SOURCES}/ja/x.md"),
        text: "a\n{{#include ../../../src/ae/mod.rs:turn}}\n{{#include ../figures/a.svg}}\nb {{#include x}}\n{{#rustdoc_include y:z}}\n".to_owned(),
    };
    let mut findings = Findings::default();
    let found = includes(&page, &mut findings);
    let files: Vec<_> = found
        .iter()
        .map(|i| (i.line, i.file.as_str(), i.anchor.as_deref()))
        .collect();
    assert_eq!(
        files,
        [
            (2, "src/ae/mod.rs", Some("turn")),
            (3, "docs/src/figures/a.svg", None)
        ]
    );
    assert_eq!(findings.all().len(), 2, "{:?}", findings.all());
}

#[test]
fn code_is_not_pasted() {
    let findings = |text: &str| {
        let page = Page {
            name: "p.md".to_owned(),
            text: text.to_owned(),
        };
        let mut findings = Findings::default();
        check_fences(&page, &mut findings);
        findings.all().len()
    };
    assert_eq!(
        findings("```rust\n{{#include a.rs:b}}\n```\n```text\nx\n```\n"),
        0
    );
    for wrong in [
        "```rust\nfn x() {}\n```\n",
        "```rust\n```\n",
        "```c\nint x;\n```\n",
        "```\nx\n```\n",
        "```python\n{{#include a.rb:b}}\n```\n",
        "```text\n",
    ] {
        assert_eq!(findings(wrong), 1, "{wrong}");
    }
}
