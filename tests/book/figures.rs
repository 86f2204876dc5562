//! The figures: each is an SVG file that can be included into a page, takes its colours from the page, and can be read.
//! Whether its parts overlap is seen only in a browser: `tests/book_pages.rs`.

use std::collections::{BTreeMap, BTreeSet};

use crate::findings::Findings;
use crate::markdown::{files_below, pages, read};
use crate::svg::{Element, elements};

const FIGURES: &str = "docs/src/figures";
const STYLE: &str = "docs/theme/book.css";
/// The width that a page gives to a figure: a wider picture would be shrunk, and its text with it.
const WIDTH: f64 = 720.0;
/// The smallest text.
const TEXT_PX: f64 = 12.0;
const KNOWN_ELEMENTS: &[&str] = &[
    "svg", "title", "desc", "g", "rect", "circle", "ellipse", "line", "polyline", "polygon",
    "path", "text", "tspan", "defs", "marker", "use", "clipPath",
];
/// Geometry, names, and nothing that decides about colours or letters: that is what classes are for.
const KNOWN_ATTRIBUTES: &[&str] = &[
    "id",
    "class",
    "viewBox",
    "role",
    "aria-labelledby",
    "aria-hidden",
    "x",
    "y",
    "dx",
    "dy",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "width",
    "height",
    "d",
    "points",
    "transform",
    "href",
    "clip-path",
    "marker-start",
    "marker-mid",
    "marker-end",
    "markerWidth",
    "markerHeight",
    "markerUnits",
    "refX",
    "refY",
    "orient",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "textLength",
    "lengthAdjust",
    "preserveAspectRatio",
    "lang",
    "xml:space",
];

#[test]
fn every_figure_can_be_included_and_takes_its_colours_from_the_page() {
    let mut findings = Findings::default();
    let classes = classes_of_figures(&read(STYLE).text);
    assert!(
        classes.contains("box"),
        "{STYLE} has no classes for figures: {classes:?}"
    );
    let pages: String = pages().into_iter().map(|page| page.text).collect();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for name in files_below(FIGURES) {
        let Some(stem) = name
            .rsplit('/')
            .next()
            .and_then(|file| file.strip_suffix(".svg"))
        else {
            findings.add(&name, 1, "figures are SVG files");
            continue;
        };
        findings.unless(
            pages.contains(&format!("figures/{stem}.svg}}}}")),
            &name,
            1,
            "no page includes this figure; remove it",
        );
        let text = read(&name).text;
        check_figure(&name, stem, &text, &classes, &mut findings);
        for element in elements(&text).unwrap_or_default() {
            let Some(id) = element.attribute("id") else {
                continue;
            };
            if let Some(other) = ids.insert(id.to_owned(), name.clone()) {
                findings.add(
                    &name,
                    element.line,
                    format!("the id {id} is also in {other}; ids are unique across the book"),
                );
            }
        }
    }
    findings.none();
}

#[test]
fn no_text_of_a_figure_is_too_small() {
    let mut findings = Findings::default();
    let style = read(STYLE).text;
    for (number, size) in font_sizes(&style) {
        findings.unless(
            size >= TEXT_PX,
            STYLE,
            number,
            format!("{size}px is too small for a figure's text"),
        );
    }
    assert!(
        font_sizes(&style).len() >= 2,
        "{STYLE} has the sizes of a figure's text"
    );
    findings.none();
}

fn check_figure(
    name: &str,
    stem: &str,
    text: &str,
    classes: &BTreeSet<String>,
    findings: &mut Findings,
) {
    for (number, line) in (1..).zip(text.lines()) {
        findings.unless(
            !line.trim().is_empty(),
            name,
            number,
            "a blank line ends the HTML block in Markdown; remove it",
        );
    }
    let found = match elements(text) {
        Ok(found) => found,
        Err((line, what)) => {
            findings.add(name, line, format!("not well formed: {what}"));
            return;
        }
    };
    check_head(name, stem, &found, findings);
    let ids: BTreeSet<&str> = found
        .iter()
        .filter_map(|element| element.attribute("id"))
        .collect();
    for element in &found {
        check_element(name, stem, element, classes, findings);
        for target in references(element) {
            findings.unless(
                ids.contains(target),
                name,
                element.line,
                format!("there is no id {target} in this figure"),
            );
        }
    }
}

/// `<svg viewBox="0 0 720 H" role="img" aria-labelledby="ID-title"><title id="ID-title">`.
fn check_head(name: &str, stem: &str, found: &[Element], findings: &mut Findings) {
    let Some(svg) = found.first().filter(|element| element.name == "svg") else {
        findings.add(name, 1, "a figure begins with <svg");
        return;
    };
    let box_of_view: Vec<f64> = svg
        .attribute("viewBox")
        .unwrap_or_default()
        .split(' ')
        .filter_map(|n| n.parse().ok())
        .collect();
    let fits =
        matches!(box_of_view[..], [0.0, 0.0, width, height] if width <= WIDTH && height > 0.0);
    findings.unless(
        fits,
        name,
        svg.line,
        "write viewBox=\"0 0 720 H\": wider figures are shrunk, and their text with them",
    );
    findings.unless(
        svg.attribute("role") == Some("img"),
        name,
        svg.line,
        "write role=\"img\"",
    );
    let id = format!("{stem}-title");
    let title = found
        .get(1)
        .filter(|element| element.name == "title" && !element.text.is_empty());
    let named = svg.attribute("aria-labelledby") == Some(&id)
        && title.is_some_and(|title| title.attribute("id") == Some(&id));
    let what = format!(
        "begin with <svg … aria-labelledby=\"{id}\"><title id=\"{id}\">what it shows</title>"
    );
    findings.unless(named, name, svg.line, what);
}

fn check_element(
    name: &str,
    stem: &str,
    element: &Element,
    classes: &BTreeSet<String>,
    findings: &mut Findings,
) {
    let tag = &element.name;
    findings.unless(
        KNOWN_ELEMENTS.contains(&tag.as_str()),
        name,
        element.line,
        format!("<{tag}> does not belong in a figure"),
    );
    for (attribute, value) in &element.attributes {
        let known = KNOWN_ATTRIBUTES.contains(&attribute.as_str());
        let what = format!(
            "{attribute}=\"{value}\": colours and letters come from the classes of {STYLE}"
        );
        findings.unless(known, name, element.line, what);
    }
    for class in element
        .attribute("class")
        .unwrap_or_default()
        .split_ascii_whitespace()
    {
        findings.unless(
            classes.contains(class),
            name,
            element.line,
            format!("{STYLE} has no class {class} for figures"),
        );
    }
    let id = element.attribute("id").unwrap_or(stem);
    findings.unless(
        id.starts_with(stem),
        name,
        element.line,
        format!("let the id {id} begin with {stem}-, so that it is unique in the book"),
    );
    let scales = element
        .attribute("transform")
        .is_some_and(|value| value.contains("scale") || value.contains("matrix"));
    findings.unless(
        !scales,
        name,
        element.line,
        "nothing is scaled: text would be smaller than it says",
    );
}

/// The ids that an element refers to.
fn references(element: &Element) -> impl Iterator<Item = &str> {
    element.attributes.iter().filter_map(|(name, value)| {
        if name == "href" {
            return Some(value.strip_prefix('#').unwrap_or(value));
        }
        value.strip_prefix("url(#")?.strip_suffix(')')
    })
}

/// The classes that the rules for `figure svg` name.
fn classes_of_figures(style: &str) -> BTreeSet<String> {
    let rules = style.lines().filter(|line| line.starts_with("figure svg"));
    let selectors = rules.filter_map(|line| line.split('{').next());
    let dotted = selectors.flat_map(|selector| selector.split('.').skip(1));
    dotted
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect()
        })
        .collect()
}

/// The sizes of text in the rules for `figure svg`, with their lines.
fn font_sizes(style: &str) -> Vec<(usize, f64)> {
    let mut found = Vec::new();
    let mut within = false;
    for (number, line) in (1..).zip(style.lines()) {
        within = line.starts_with("figure svg") || within && !line.starts_with('}');
        let size = line
            .split("font-size:")
            .nth(1)
            .and_then(|rest| rest.split("px").next());
        if let (true, Some(size)) = (within, size.and_then(|size| size.trim().parse().ok())) {
            found.push((number, size));
        }
    }
    found
}

#[test]
fn what_is_wrong_with_a_figure_is_found() {
    let classes =
        classes_of_figures("figure svg .box { }\nfigure svg text.small { font-size: 12px; }\n");
    assert_eq!(
        classes.iter().map(String::as_str).collect::<Vec<_>>(),
        ["box", "small"]
    );
    let head = "<svg viewBox=\"0 0 720 90\" role=\"img\" aria-labelledby=\"f-title\"><title id=\"f-title\">T</title>";
    let findings = |text: &str| {
        let mut findings = Findings::default();
        check_figure("f.svg", "f", text, &classes, &mut findings);
        findings.all().len()
    };
    assert_eq!(findings(&format!("{head}<rect class=\"box\"/></svg>")), 0);
    for wrong in [
        "\n\n<g/></svg>",
        "<rect fill=\"red\"/></svg>",
        "<rect style=\"x\"/></svg>",
        "<rect class=\"bix\"/></svg>",
        "<script/></svg>",
        "<g transform=\"scale(2)\"/></svg>",
        "<g id=\"other\"/></svg>",
        "<path marker-end=\"url(#none)\"/></svg>",
        "<use href=\"http://x\"/></svg>",
        "<g></svg>",
    ] {
        assert_eq!(findings(&format!("{head}{wrong}")), 1, "{wrong}");
    }
    assert_eq!(
        findings("<svg viewBox=\"0 0 900 90\"><title>T</title></svg>"),
        3
    );
}
