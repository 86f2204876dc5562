//! Links within the book lead somewhere: to a page, a heading of it, a picture. And nothing is fetched from the network.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::compiled::tidy;
use crate::findings::Findings;
use crate::markdown::{Page, ROOT, SOURCES, files_below, pages, read};

/// No picture of the screen need be larger.
const PICTURE_BYTES: u64 = 200_000;

/// What a page holds, as far as links go.
#[derive(Debug, Default)]
struct Outline {
    /// The text of the first `# ` heading.
    title: String,
    /// The ids that can be linked to.
    ids: BTreeSet<String>,
    /// Links by their line.
    links: Vec<(usize, String)>,
    /// Pictures, and whatever else the page loads by itself.
    loaded: Vec<(usize, String)>,
    /// `[text][label]` without such a label.
    unresolved: Vec<(usize, String)>,
    /// For the table of contents: the text of each link.
    link_texts: Vec<String>,
}

#[test]
fn every_link_within_the_book_is_alive() {
    let mut findings = Findings::default();
    let outlines: BTreeMap<String, Outline> = pages()
        .iter()
        .map(|page| (page.name.clone(), outline(page)))
        .collect();
    let mut seen = BTreeSet::new();
    for (name, outline) in &outlines {
        for (line, label) in &outline.unresolved {
            findings.add(
                name,
                *line,
                format!("the link's label [{label}] is defined nowhere on the page"),
            );
        }
        for (line, target) in &outline.links {
            if !goes_to_the_network(target) {
                check_link(name, *line, target, &outlines, &mut seen, &mut findings);
            }
        }
        for (line, target) in &outline.loaded {
            if goes_to_the_network(target) {
                findings.add(
                    name,
                    *line,
                    format!("{target} is loaded from the network; keep it in {SOURCES}"),
                );
            } else {
                check_link(name, *line, target, &outlines, &mut seen, &mut findings);
            }
        }
    }
    for picture in files_below(SOURCES)
        .iter()
        .filter(|file| file.ends_with(".png"))
    {
        findings.unless(
            seen.contains(picture),
            picture,
            1,
            "no page shows this picture; remove it",
        );
        let bytes = std::fs::metadata(Path::new(ROOT).join(picture)).map_or(0, |data| data.len());
        findings.unless(
            bytes <= PICTURE_BYTES,
            picture,
            1,
            format!("{bytes} bytes; at most {PICTURE_BYTES}"),
        );
    }
    findings.none();
}

#[test]
fn the_table_of_contents_has_every_page_by_its_title() {
    let mut findings = Findings::default();
    let summary = read(&format!("{SOURCES}/SUMMARY.md"));
    let contents = outline(&summary);
    let mut listed = BTreeSet::new();
    let titles: BTreeMap<String, String> = pages()
        .iter()
        .map(|page| (page.name.clone(), outline(page).title))
        .collect();
    for ((line, target), text) in contents.links.iter().zip(&contents.link_texts) {
        let page = format!("{SOURCES}/{target}");
        let first = listed.insert(page.clone());
        findings.unless(
            first,
            &summary.name,
            *line,
            format!("{target} is listed twice"),
        );
        match titles.get(&page) {
            None => findings.add(&summary.name, *line, format!("there is no page {target}")),
            Some(title) => {
                let what = format!(
                    "the title is {title:?}, and in the table of contents {text:?}; make them the same"
                );
                findings.unless(title == text, &page, 1, what);
            }
        }
    }
    for page in titles.keys().filter(|page| !listed.contains(*page)) {
        findings.add(
            page,
            1,
            format!("this page is not in {}; add it", summary.name),
        );
    }
    findings.none();
}

fn goes_to_the_network(target: &str) -> bool {
    target.contains("://") || target.starts_with("//")
}

fn check_link(
    page: &str,
    line: usize,
    target: &str,
    outlines: &BTreeMap<String, Outline>,
    seen: &mut BTreeSet<String>,
    findings: &mut Findings,
) {
    let (path, id) = target
        .split_once('#')
        .map_or((target, None), |(path, id)| (path, Some(id)));
    let directory = Path::new(page).parent().unwrap_or(Path::new(""));
    let file = if path.is_empty() {
        page.to_owned()
    } else {
        tidy(&directory.join(path)).to_string_lossy().into_owned()
    };
    seen.insert(file.clone());
    if !file.starts_with(SOURCES) {
        findings.add(page, line, format!("{target} is outside of the book, where a reader has nothing; name it as code: `{path}`"));
    } else if let Some(other) = outlines.get(&file) {
        if let Some(id) = id.filter(|id| !other.ids.contains(*id)) {
            let near: Vec<&str> = other.ids.iter().map(String::as_str).collect();
            findings.add(
                page,
                line,
                format!("{file} has no heading #{id}; it has #{}", near.join(" #")),
            );
        }
    } else if file.ends_with(".md") || !Path::new(ROOT).join(&file).is_file() {
        findings.add(page, line, format!("{target}: there is no {file}"));
    }
}

/// Reads a page as mdBook does: the same parser with the same extensions.
fn outline(page: &Page) -> Outline {
    let text = page.text.as_str();
    let line_at = |offset: usize| 1 + text[..offset].matches('\n').count();
    let mut unresolved = Vec::new();
    let mut broken = |link: BrokenLink| -> Option<(CowStr<'_>, CowStr<'_>)> {
        if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
            unresolved.push((line_at(link.span.start), link.reference.to_string()));
        }
        None
    };
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_SMART_PUNCTUATION
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM;
    let parser = Parser::new_with_broken_link_callback(text, options, Some(&mut broken));
    let mut outline = Outline::default();
    let mut used = HashSet::new();
    let mut heading: Option<(Option<String>, String)> = None;
    let mut link: Option<String> = None;
    for (event, span) in parser.into_offset_iter() {
        let line = line_at(span.start);
        match event {
            Event::Start(Tag::Heading { id, .. }) => {
                heading = Some((id.map(|id| id.to_string()), String::new()))
            }
            Event::Start(Tag::DefinitionListTitle) => heading = Some((None, String::new())),
            Event::End(TagEnd::Heading(_) | TagEnd::DefinitionListTitle) => {
                if let Some((id, text)) = heading.take() {
                    let id = id.unwrap_or_else(|| unique_id(&id_from_content(&text), &mut used));
                    outline.ids.insert(id);
                    if outline.title.is_empty() {
                        outline.title = text;
                    }
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                outline.links.push((line, dest_url.to_string()));
                link = Some(String::new());
            }
            Event::End(TagEnd::Link) => outline.link_texts.extend(link.take()),
            Event::Start(Tag::Image { dest_url, .. }) => {
                outline.loaded.push((line, dest_url.to_string()))
            }
            Event::Text(text) | Event::Code(text) => {
                let wanted = heading
                    .as_mut()
                    .map(|(_, text)| text)
                    .into_iter()
                    .chain(link.as_mut());
                wanted.for_each(|wanted| wanted.push_str(&text));
            }
            Event::Html(html) | Event::InlineHtml(html) => read_html(&html, line, &mut outline),
            _ => {}
        }
    }
    outline.unresolved = unresolved;
    outline
}

/// The ids and addresses in a piece of HTML within a page.
fn read_html(html: &str, line: usize, outline: &mut Outline) {
    outline.ids.extend(attributes(html, "id"));
    let is_link = html.trim_start().starts_with("<a ");
    for target in attributes(html, "href") {
        let list = if is_link {
            &mut outline.links
        } else {
            &mut outline.loaded
        };
        list.push((line, target));
    }
    outline
        .loaded
        .extend(attributes(html, "src").map(|target| (line, target)));
}

fn attributes<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let pieces = html
        .match_indices(name)
        .map(move |(at, _)| (&html[..at], &html[at + name.len()..]));
    pieces.filter_map(|(before, after)| {
        let value = after.strip_prefix("=\"")?;
        let whole_word = before.ends_with(char::is_whitespace);
        whole_word.then(|| value.split('"').next().unwrap_or_default().to_owned())
    })
}

/// The id that mdBook 0.5 gives to a heading (`id_from_content` and `unique_id` in its crate mdbook-html).
fn id_from_content(text: &str) -> String {
    let letters = text.trim().to_lowercase();
    let letters = letters.chars().filter_map(|letter| match letter {
        letter if letter.is_alphanumeric() || letter == '_' || letter == '-' => Some(letter),
        letter if letter.is_whitespace() => Some('-'),
        _ => None,
    });
    letters.collect()
}

fn unique_id(id: &str, used: &mut HashSet<String>) -> String {
    let numbered = (1_u32..).map(|number| format!("{id}-{number}"));
    let mut candidates = std::iter::once(id.to_owned()).chain(numbered);
    candidates
        .find(|candidate| used.insert(candidate.clone()))
        .unwrap_or_default()
}

#[test]
fn headings_have_the_ids_that_mdbook_gives_them() {
    let page = Page {
        name: "p.md".to_owned(),
        text: "# `ae.c` beside it\n\n## Why?\n\n## Why?\n\n## 見てみる: 有効期限\n\n## X {#own}\n\n<a id=\"here\"></a> [a](b.md#c) ![p](q.png)\n\n[x][gone] array[0]\n"
            .to_owned(),
    };
    let outline = outline(&page);
    assert_eq!(outline.title, "ae.c beside it");
    let ids: Vec<&str> = outline.ids.iter().map(String::as_str).collect();
    assert_eq!(
        ids,
        [
            "aec-beside-it",
            "here",
            "own",
            "why",
            "why-1",
            "見てみる-有効期限"
        ]
    );
    assert_eq!(outline.links, [(11, "b.md#c".to_owned())]);
    assert_eq!(outline.loaded, [(11, "q.png".to_owned())]);
    assert_eq!(outline.unresolved, [(13, "gone".to_owned())]);
}

#[test]
fn a_dead_link_is_found() {
    let page = |name: &str, text: &str| Page {
        name: format!("{SOURCES}/{name}"),
        text: text.to_owned(),
    };
    let pages = [page("a.md", "# A\n\n## One\n"), page("ja/b.md", "# B\n")];
    let outlines = pages
        .iter()
        .map(|page| (page.name.clone(), outline(page)))
        .collect();
    for (target, findings) in [
        ("../a.md", 0),
        ("../a.md#one", 0),
        ("#b", 0),
        ("../a.md#two", 1),
        ("a.md", 1),
        ("../../../src/main.rs", 1),
        ("../img/none.png", 1),
    ] {
        let mut found = Findings::default();
        check_link(
            &pages[1].name,
            1,
            target,
            &outlines,
            &mut BTreeSet::new(),
            &mut found,
        );
        assert_eq!(found.all().len(), findings, "{target}: {:?}", found.all());
    }
}
