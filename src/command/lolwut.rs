//! TODO-HEADER

use super::Call;
use super::Done;
use super::table::{Command, FAST, READONLY};

/// The command LOLWUT.
pub const COMMANDS: &[Command] = &[Command::new("LOLWUT", -1, lolwut)
    .flags(&[READONLY, FAST])
    .doc("5.0.0", "", "Draws a small picture and tells the version")
    .syntax("[VERSION version:integer]")];

fn lolwut(_: &mut Call) -> Done {
    Ok(())
}
