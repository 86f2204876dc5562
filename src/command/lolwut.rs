//! LOLWUT: a small picture, for no reason, and the version.
//!
//! It is the event loop turning: a ring, sparks for the events that it hands out as it goes, and
//! the stations of one turn around it. Dots are those of Braille characters, two wide and four
//! high, and all arithmetic is in integers, so that the same seed draws the same picture anywhere.

use super::entry::{Command, FAST, READONLY};
use super::info::REDIS_VERSION;
use super::{Call, Done, Error};
use crate::engine::Random;
use crate::number::parse_i64;

/// How many characters wide the picture is, unless an argument says so.
const COLUMNS: i64 = 66;

/// The narrowest and the widest picture.
const MIN_COLUMNS: i64 = 40;
const MAX_COLUMNS: i64 = 160;

/// The dots of one Braille character, and the first such character.
const DOTS_WIDE: usize = 2;
const DOTS_HIGH: usize = 4;
const BRAILLE: u32 = 0x2800;

/// Distances from the centre are in units of which the ring's radius has this many.
const RADIUS: i64 = 1000;

/// The command LOLWUT.
pub const COMMANDS: &[Command] = &[Command::new("LOLWUT", -1, lolwut)
    .flags(&[READONLY, FAST])
    .doc("5.0.0", "", "Draws a small picture and tells the version")
    .syntax("[VERSION version:integer]")];

/// `LOLWUT [VERSION version] [columns]`. Redis draws something else with each version; there is one
/// picture here, so a version has only to be a number.
fn lolwut(call: &mut Call) -> Done {
    let mut columns_at = 1;
    if call.args.len() > 2 && call.is(1, "VERSION") {
        parse_i64(call.args.arg(2)).ok_or(Error::NOT_AN_INTEGER)?;
        columns_at = 3;
    }
    let columns = call.args.get(columns_at).and_then(parse_i64);
    let columns = columns.unwrap_or(COLUMNS).clamp(MIN_COLUMNS, MAX_COLUMNS);
    let mut text = draw(columns as usize, &mut call.engine.random);
    text.push_str(concat!(
        "\nAerolite ver. ",
        env!("CARGO_PKG_VERSION"),
        ", like Redis ver. "
    ));
    text.push_str(REDIS_VERSION);
    text.push('\n');
    call.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// The picture, `columns` characters wide and about a third as many lines high.
fn draw(columns: usize, random: &mut Random) -> String {
    let lines = columns / 3;
    let mut canvas = vec![vec!['\u{2800}'; columns]; lines];
    for (y, row) in canvas.iter_mut().enumerate() {
        for (x, cell) in row.iter_mut().enumerate() {
            *cell = braille(|dot_x, dot_y| {
                let (x, y) = (x * DOTS_WIDE + dot_x, y * DOTS_HIGH + dot_y);
                let distance = distance(x, columns * DOTS_WIDE, y, lines * DOTS_HIGH);
                is_lit(distance, random)
            });
        }
    }
    let middle = lines / 2;
    write_centred(
        &mut canvas[lines / 6 + 1],
        columns / 2,
        "before_sleep \u{25b6}",
    );
    write_centred(&mut canvas[middle], columns * 7 / 10, "poll \u{25bc}");
    write_centred(
        &mut canvas[lines * 5 / 6 - 1],
        columns / 2,
        "\u{25c0} file events",
    );
    write_centred(
        &mut canvas[middle],
        columns * 3 / 10,
        "\u{25b2} time events",
    );
    let mut text = String::new();
    for row in canvas {
        text.extend(row);
        text.push('\n');
    }
    text
}

/// The character whose dots are those that `is_lit` says are.
fn braille(mut is_lit: impl FnMut(usize, usize) -> bool) -> char {
    /// The bit of each dot, line by line.
    const BITS: [[u32; DOTS_WIDE]; DOTS_HIGH] = [[0, 3], [1, 4], [2, 5], [6, 7]];
    let mut dots = 0;
    for (y, line) in BITS.iter().enumerate() {
        for (x, bit) in line.iter().enumerate() {
            dots |= u32::from(is_lit(x, y)) << bit;
        }
    }
    char::from_u32(BRAILLE + dots).unwrap_or(' ')
}

/// How far a dot is from the centre of an area of dots. The ellipse that reaches three quarters of
/// the way to its sides is at [`RADIUS`].
fn distance(x: usize, width: usize, y: usize, height: usize) -> i64 {
    let along = |at: usize, size: usize| {
        let (at, size) = (at as i64, size as i64);
        (2 * at + 1 - size) * RADIUS * 4 / (size * 3)
    };
    let (x, y) = (along(x, width), along(y, height));
    (x * x + y * y).isqrt()
}

/// The ring is a frayed line; outside, sparks fly, fewer the farther away.
fn is_lit(distance: i64, random: &mut Random) -> bool {
    /// Half the thickness of the ring.
    const HALF_RING: i64 = 45;
    /// How far the sparks fly.
    const REACH: i64 = 450;
    /// One of so many dots is lit beside the ring.
    const SPARSENESS: i64 = 6;
    let outside = distance - RADIUS;
    let chance = if outside.abs() <= HALF_RING {
        REACH * (SPARSENESS - 1)
    } else if outside > 0 {
        (REACH - outside).max(0)
    } else {
        0
    };
    (random.below((REACH * SPARSENESS) as usize) as i64) < chance
}

/// Writes a word over a line of the picture, as far as it fits.
fn write_centred(row: &mut [char], centre: usize, word: &str) {
    let start = centre.saturating_sub(word.chars().count() / 2);
    for (cell, letter) in row.iter_mut().skip(start).zip(word.chars()) {
        *cell = letter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::testing;

    #[test]
    fn the_picture_has_the_size_asked_for() {
        for (columns, lines) in [(40, 13), (66, 22), (160, 53)] {
            let text = draw(columns, &mut Random::new(1));
            assert_eq!(text.lines().count(), lines);
            assert!(text.lines().all(|line| line.chars().count() == columns));
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_picture() {
        let picture = |seed| draw(66, &mut Random::new(seed));
        assert_eq!(picture(1), picture(1));
        assert_ne!(picture(1), picture(2));
    }

    #[test]
    fn it_tells_the_version_and_wants_numbers() {
        let (mut engine, id) = testing::engine();
        let mut run = |args: &[&str]| testing::run(&mut engine, id, args);
        let end = format!(
            "\nAerolite ver. {}, like Redis ver. {REDIS_VERSION}\n\r\n",
            env!("CARGO_PKG_VERSION")
        );
        for args in [
            &["LOLWUT"][..],
            &["LOLWUT", "foo"],
            &["LOLWUT", "VERSION"],
            &["lolwut", "version", "5", "80", "1"],
            &["LOLWUT", "9223372036854775807"],
        ] {
            let reply = run(args);
            assert!(reply.starts_with('$') && reply.ends_with(&end), "{reply}");
        }
        let refused = "-ERR value is not an integer or out of range\r\n";
        assert_eq!(run(&["LOLWUT", "VERSION", "x"]), refused);
        run(&["HELLO", "3"]);
        let reply = run(&["LOLWUT"]);
        assert!(
            reply.starts_with('=') && reply.contains("\r\ntxt:"),
            "{reply}"
        );
    }
}
