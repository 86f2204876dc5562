//! The chapters of the book that lessons send their readers to. `tests/workshop_reports.rs` holds them against the pages.

/// A page of the book.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// As it stands at the head of the page.
    pub title: &'static str,
    /// Below `docs/src`.
    pub file: &'static str,
}

const fn chapter(title: &'static str, file: &'static str) -> Chapter {
    Chapter { title, file }
}

pub const BLOCKING: Chapter = chapter("A blocking echo, and why it stalls", "blocking-echo.md");
pub const POLL: Chapter = chapter("Poll and tokens", "poll-and-tokens.md");
pub const EDGES: Chapter = chapter("Edges, levels and draining", "edges-and-levels.md");
pub const FAIRNESS: Chapter = chapter("Fairness and budgets", "fairness.md");
pub const PIECES: Chapter = chapter("Requests in pieces: RESP", "requests-in-pieces.md");
pub const COMMANDS: Chapter = chapter("Commands and the table", "commands.md");
pub const OUTPUT: Chapter = chapter(
    "Output buffers, and when to ask for writability",
    "output-buffers.md",
);
pub const WHEEL: Chapter = chapter("Time events and the wheel", "wheel.md");
pub const EXPIRY: Chapter = chapter("Expiry: passive, sampled, exact", "expiry.md");
pub const FAULTS: Chapter = chapter("Accept storms, EMFILE and half-closed peers", "faults.md");
pub const PIPELINING: Chapter = chapter("Pipelining, and how to measure", "pipelining.md");
pub const WORKSHOP: Chapter = chapter("The workshop: bring your own server", "workshop.md");

/// All of them.
pub const ALL: &[Chapter] = &[
    BLOCKING, POLL, EDGES, FAIRNESS, PIECES, COMMANDS, OUTPUT, WHEEL, EXPIRY, FAULTS, PIPELINING,
    WORKSHOP,
];
