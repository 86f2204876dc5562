//! As much of XML as a figure needs: elements, attributes, text. What is not well formed is an error that names its line.

/// Elements within elements, no deeper.
const DEPTH_LIMIT: usize = 32;

/// An element in the order in which they begin: its line, name and attributes, and the text right inside of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Element {
    pub line: usize,
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// All elements of a document that is one element; or the line of what is wrong, and what.
pub fn elements(text: &str) -> Result<Vec<Element>, (usize, String)> {
    let mut found: Vec<Element> = Vec::new();
    // The elements that are open, as indices of `found`.
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    let line_at = |at: usize| 1 + text[..at].matches('\n').count();
    while let Some(start) = text[at..].find('<').map(|offset| at + offset) {
        let between = &text[at..start];
        match open.last() {
            Some(&element) => found[element].text.push_str(between.trim()),
            None if between.trim().is_empty() => {}
            None => return Err((line_at(at), "text outside of <svg>".to_owned())),
        }
        check_entities(between).map_err(|what| (line_at(at), what))?;
        let line = line_at(start);
        let rest = &text[start..];
        if rest.starts_with("<!--") {
            let length = rest
                .find("-->")
                .ok_or((line, "a comment that does not end".to_owned()))?;
            at = start + length + 3;
            continue;
        }
        let length = tag_length(rest).ok_or((line, "a tag that does not end".to_owned()))?;
        let tag = &rest[1..length];
        at = start + length + 1;
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop().map(|element| found[element].name.as_str());
            if last != Some(name.trim()) {
                return Err((
                    line,
                    format!("</{name}> ends {}", last.unwrap_or("nothing")),
                ));
            }
            continue;
        }
        if open.is_empty() && !found.is_empty() {
            return Err((
                line,
                "a second element after the first has ended".to_owned(),
            ));
        }
        let (tag, is_empty) = tag
            .strip_suffix('/')
            .map_or((tag, false), |tag| (tag, true));
        found.push(element(line, tag).map_err(|what| (line, what))?);
        if !is_empty {
            open.push(found.len() - 1);
        }
        if open.len() > DEPTH_LIMIT {
            return Err((line, "elements too deep within each other".to_owned()));
        }
    }
    match open.last() {
        Some(&element) => Err((
            found[element].line,
            format!("<{}> does not end", found[element].name),
        )),
        None if !text[at..].trim().is_empty() => {
            Err((line_at(at), "text after the end".to_owned()))
        }
        None => Ok(found),
    }
}

/// How long a tag is up to its `>`, which may also be in an attribute.
fn tag_length(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, letter)| {
        quoted ^= letter == '"';
        (letter == '>' && !quoted).then_some(at)
    })
}

fn element(line: usize, tag: &str) -> Result<Element, String> {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(format!("<{name}> is no element"));
    }
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !rest.trim().is_empty() {
        let wrong = || {
            format!(
                "<{name}>: attributes are written name=\"value\", here is {}",
                rest.trim()
            )
        };
        let (attribute, after) = rest.trim_start().split_once("=\"").ok_or_else(wrong)?;
        let (value, after) = after.split_once('"').ok_or_else(wrong)?;
        if attribute.contains(char::is_whitespace) || value.contains('<') {
            return Err(wrong());
        }
        if attributes.iter().any(|(found, _)| found == attribute) {
            return Err(format!("<{name}> has two attributes {attribute}"));
        }
        check_entities(value)?;
        attributes.push((attribute.to_owned(), value.to_owned()));
        rest = after;
    }
    Ok(Element {
        line,
        name: name.to_owned(),
        attributes,
        text: String::new(),
    })
}

fn check_entities(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#"];
        if !known.iter().any(|entity| text[at..].starts_with(entity)) {
            return Err("a bare `&`; write &amp;".to_owned());
        }
    }
    Ok(())
}

#[test]
fn what_is_well_formed_is_read() {
    let text = "<svg a=\"1>2\"><title id=\"t\">A &amp; b</title>\n<!-- <x> --><g><path d=\"M0\" /></g></svg>\n";
    let found = elements(text).expect("it is well formed");
    let names: Vec<_> = found.iter().map(|e| (e.line, e.name.as_str())).collect();
    assert_eq!(names, [(1, "svg"), (1, "title"), (2, "g"), (2, "path")]);
    assert_eq!(found[0].attribute("a"), Some("1>2"));
    assert_eq!(found[1].text, "A &amp; b");
}

#[test]
fn what_is_not_well_formed_is_told_with_its_line() {
    for (text, line) in [
        ("<svg>\n<g></svg>", 2),
        ("<svg>\n<g>\n</g>", 1),
        ("<svg a=1></svg>", 1),
        ("<svg a=\"1\" a=\"2\"/>", 1),
        ("<svg>\nA & b</svg>", 1),
        ("<svg/>\n<svg/>", 2),
        ("<svg>", 1),
        ("<svg/>\nx", 1),
        ("<svg\n", 1),
    ] {
        let found = elements(text).map_err(|(line, _)| line);
        assert_eq!(found, Err(line), "{text}");
    }
}
