//! What a check of the book has found: each finding names file and line, and says what to do.

// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use std::fmt::Display;

#[derive(Default)]
pub struct Findings(Vec<String>);

impl Findings {
    pub fn add(&mut self, file: &str, line: usize, what: impl Display) {
        self.0.push(format!("{file}:{line}: {what}"));
    }

    /// Adds a finding unless something holds.
    pub fn unless(&mut self, holds: bool, file: &str, line: usize, what: impl Display) {
        if !holds {
            self.add(file, line, what);
        }
    }

    /// The end of a check: fails when something was found.
    #[track_caller]
    pub fn none(self) {
        assert!(
            self.0.is_empty(),
            "{} findings in the book:\n\n{}\n",
            self.0.len(),
            self.0.join("\n")
        );
    }

    /// What was found so far.
    pub fn all(&self) -> &[String] {
        &self.0
    }
}
