//! The built book in a browser: every page, in the light and the dark theme, in a wide window and a narrow one.
//!
//! ```text
//!   cargo test --test book_pages
//!   AEROLITE_BOOK_ONLY=tour cargo test --test book_pages             the pages with `tour` in their names
//!   AEROLITE_BOOK_SHOTS=/some/dir cargo test --test book_pages       and a picture of each, PAGE-THEME-WIDTH.png
//! ```
//!
//! What is looked at is in `tests/book/look.js`: nothing is wider than the window, nothing comes from the network, and in each figure
//! every text is within the picture, beside the others, and well seen on what is behind it. Needs `mdbook` and a browser; without them one line says so, and with `CI` set
//! that is a failure.
mod common;
#[path = "book/findings.rs"]
mod findings;
#[path = "book/markdown.rs"]
mod markdown;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;
#[path = "common/webdriver.rs"]
mod webdriver;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use findings::Findings;
use markdown::{ROOT, SOURCES, pages};
use program::{is_ours, temporary_directory};
use serde_json::json;
use tools::have_program;
use webdriver::{Browser, Scheme};

const LOOK: &str = include_str!("book/look.js");
const THEMES: &[&str] = &["light", "navy"];
/// A desk's window and a phone's.
const WINDOWS: &[(u32, u32)] = &[(1280, 900), (420, 900)];
/// The highlighter of mdBook knows no sessions of redis-cli, says so, and leaves them as they are.
const NO_LANGUAGE: &[&str] = &[
    "Could not find the language 'redis'",
    "Falling back to no-highlight mode",
];
/// How often a page in which something is amiss is looked at again, and when.
const SECOND_LOOKS: usize = 5;
const SECOND_LOOK_AFTER: Duration = Duration::from_millis(300);
/// No page is longer; a picture of more would be too large.
const PICTURE_HEIGHT: u32 = 16_000;

/// The book, built into a directory of its own. None when there is no mdBook here.
fn built_book() -> Option<tempfile::TempDir> {
    if !is_ours() || !have_program("mdbook") {
        return None;
    }
    let directory = temporary_directory();
    let mut command = Command::new("mdbook");
    command
        .args(["build", "docs", "--dest-dir"])
        .arg(directory.path())
        .current_dir(ROOT)
        .stdin(Stdio::null());
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    let well = output.status.success() && !said.contains("WARN") && !said.contains("ERROR");
    assert!(well, "mdbook build docs: {}\n{said}", output.status);
    Some(directory)
}

/// The name of each page with its file in the built book.
fn built_pages(book: &Path) -> Vec<(String, PathBuf)> {
    let only = env::var("AEROLITE_BOOK_ONLY").unwrap_or_default();
    let chosen = pages().into_iter().filter(|page| page.name.contains(&only));
    let built = chosen.filter_map(|page| {
        let name = page
            .name
            .strip_prefix(SOURCES)?
            .trim_start_matches('/')
            .strip_suffix(".md")?
            .to_owned();
        let file = book.join(&name).with_extension("html");
        Some((name, file))
    });
    let built: Vec<_> = built.collect();
    assert!(
        !built.is_empty(),
        "AEROLITE_BOOK_ONLY={only}: there is no such page"
    );
    built
}

#[test]
fn no_page_loads_anything_from_the_network() {
    let Some(book) = built_book() else {
        return;
    };
    let mut findings = Findings::default();
    let mut files: Vec<(String, PathBuf)> = built_pages(book.path());
    for shared in ["index.html", "404.html", "toc.html"] {
        files.push((shared.to_owned(), book.path().join(shared)));
    }
    let styles = fs::read_dir(book.path().join("css")).expect("the book has styles");
    for style in styles.map_while(Result::ok) {
        files.push((
            style.file_name().to_string_lossy().into_owned(),
            style.path(),
        ));
    }
    for (name, file) in files {
        let text =
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for (number, line) in (1..).zip(text.lines()) {
            for address in loaded_from_network(line) {
                findings.add(
                    &name,
                    number,
                    format!("loads {address}; keep it in the book"),
                );
            }
        }
    }
    findings.none();
}

/// Addresses on the network that a line of HTML or CSS loads by itself. A link that a reader may follow is none.
fn loaded_from_network(line: &str) -> Vec<&str> {
    const BEGINNINGS: &[&str] = &[
        "src=\"",
        "srcset=\"",
        "url(",
        "url(\"",
        "url('",
        "@import \"",
        "data=\"",
        "poster=\"",
    ];
    let mut starts: Vec<usize> = BEGINNINGS
        .iter()
        .flat_map(|b| line.match_indices(b).map(|(at, _)| at + b.len()))
        .collect();
    for (at, _) in line.match_indices("<link ") {
        let tag = line[at..].split('>').next().unwrap_or_default();
        starts.extend(tag.find("href=\"").map(|href| at + href + "href=\"".len()));
    }
    let addresses = starts.into_iter().map(|start| {
        let rest = &line[start..];
        rest.split(['"', '\'', ')', ' ']).next().unwrap_or_default()
    });
    addresses
        .filter(|address| address.contains("://") || address.starts_with("//"))
        .filter(|a| !a.starts_with("data:"))
        .collect()
}

#[test]
fn every_page_is_well_to_look_at() {
    let Some(book) = built_book() else {
        return;
    };
    let Some(browser) = Browser::start() else {
        return;
    };
    let shots = env::var_os("AEROLITE_BOOK_SHOTS").map(PathBuf::from);
    let mut findings = Findings::default();
    browser.prefer(Scheme::Light, true);
    for (name, file) in built_pages(book.path()) {
        // What is seen amiss, and in which themes and windows.
        let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (width, height) in WINDOWS {
            browser.resize(*width, *height);
            browser.open(&format!("file://{}", file.display()));
            for theme in THEMES {
                // As a reader does it: the page's own menu.
                browser.run(&format!(
                    "document.getElementById('mdbook-theme-{theme}').click()"
                ));
                for what in look_until_settled(&browser) {
                    seen.entry(what)
                        .or_default()
                        .push(format!("{theme} {width}"));
                }
                if let Some(directory) = &shots {
                    let picture = format!("{}-{theme}-{width}.png", name.replace('/', "-"));
                    shoot(&browser, *width, &directory.join(picture));
                    browser.resize(*width, *height);
                }
            }
        }
        for (what, places) in seen {
            let what = format!("{what} ({})", places.join(", "));
            findings.add(&format!("{SOURCES}/{name}.md"), 1, what);
        }
        let unknown = |message: &String| NO_LANGUAGE.iter().any(|known| message.contains(known));
        for message in browser
            .console()
            .into_iter()
            .filter(|message| !unknown(message))
        {
            findings.add(
                &format!("{SOURCES}/{name}.md"),
                1,
                format!("the console says {message}"),
            );
        }
    }
    findings.none();
}

/// `docs/theme/japanese.js`, and `code.js`.
#[test]
fn a_japanese_page_has_a_japanese_frame_and_its_words_are_found() {
    let Some(book) = built_book() else {
        return;
    };
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.resize(1280, 900);
    let results = "document.querySelectorAll('#mdbook-searchresults > li').length";
    for (page, language, placeholder) in [
        ("ja/expiry.html", "ja", "この本を検索…"),
        ("expiry.html", "en", "Search this book ..."),
    ] {
        browser.open(&format!("file://{}", book.path().join(page).display()));
        let frame = browser.run(
            "return [document.documentElement.lang, document.querySelector('#mdbook-searchbar').placeholder]",
        );
        assert_eq!(frame, json!([language, placeholder]), "{page}");
        browser.click("#mdbook-search-toggle");
        for (asked, is_found) in [
            ("有効期限", true),
            ("cascade", true),
            ("存在しない言葉", false),
        ] {
            browser.fill("#mdbook-searchbar", asked);
            let header = "document.querySelector('#mdbook-searchresults-header').textContent";
            browser.wait_for(&format!("{header}.includes('{asked}')"));
            browser.wait_for(&format!("({results} > 0) === {is_found}"));
        }
    }
    let broken = "return [...document.querySelectorAll(':not(pre) > code')] \
        .filter(code => code.textContent.length <= 24 && code.getClientRects().length > 1).length";
    browser.resize(420, 900);
    assert_eq!(browser.run(broken), json!(0), "short code is broken");
}

/// What is still amiss when the page has come to rest: after the window has changed, mdBook's side bar slides away.
fn look_until_settled(browser: &Browser) -> Vec<String> {
    let mut amiss = look_at(browser);
    for _ in 0..SECOND_LOOKS {
        if amiss.is_empty() {
            break;
        }
        thread::sleep(SECOND_LOOK_AFTER);
        amiss = look_at(browser);
    }
    amiss
}

/// What a reader would see amiss on the page that is open.
fn look_at(browser: &Browser) -> Vec<String> {
    let found = browser.run(LOOK);
    let Some(found) = found.as_array() else {
        panic!("look.js returns a list, and not {found}");
    };
    found
        .iter()
        .map(|what| what.as_str().unwrap_or("?").to_owned())
        .collect()
}

/// A picture of the whole page.
fn shoot(browser: &Browser, width: u32, to: &Path) {
    let height = browser
        .run("return document.scrollingElement.scrollHeight")
        .as_u64();
    let height = height
        .and_then(|height| u32::try_from(height).ok())
        .unwrap_or(PICTURE_HEIGHT);
    browser.resize(width, height.min(PICTURE_HEIGHT));
    browser.screenshot(to);
}

#[test]
fn what_a_page_would_load_is_found() {
    for (line, found) in [
        ("<img src=\"https://x/y.png\">", 1),
        ("<script src=\"//x/y.js\"></script>", 1),
        ("<link rel=\"stylesheet\" href=\"https://x/y.css\">", 1),
        ("@import \"http://x\";", 1),
        ("a { background: url('http://x') }", 1),
        ("<a href=\"https://x\">x</a> <link href=\"css/a.css\">", 0),
        ("<img src=\"img/x.png\"> url(\"fonts/x\")", 0),
    ] {
        assert_eq!(loaded_from_network(line).len(), found, "{line}");
    }
}
