//! The book's sources: excerpts, links, the shape of chapters, figures. Needs nothing that has to be installed.
//!
//! `cargo test --test book`: every failure names file and line, and says what to do. What the transcripts show is run by
//! `tests/book_transcripts.rs`, and the built pages are looked at in a browser by `tests/book_pages.rs`.
#[path = "book/anchors.rs"]
mod anchors;
#[path = "book/chapters/mod.rs"]
mod chapters;
#[path = "book/compiled.rs"]
mod compiled;
#[path = "book/figures.rs"]
mod figures;
#[path = "book/findings.rs"]
mod findings;
#[path = "book/includes.rs"]
mod includes;
#[path = "book/links.rs"]
mod links;
#[path = "book/markdown.rs"]
mod markdown;
#[path = "book/svg.rs"]
mod svg;
