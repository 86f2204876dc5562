//! One request, cut where you like: what the parser knows after each piece.
//!
//! ```text
//! cargo run --example pieces -- 10 21      (one request of 31 bytes: 10, then 11, then the last 10)
//! cargo run --example pieces -- 1 2 3      (a byte, a byte, a byte, and the rest)
//! ```
//!
//! The input grows, as a client's buffer does; the parser is asked after each piece, and tells how far it has
//! come. It never looks again at what it has understood.

use std::error::Error;

use aerolite::resp::{Limits, Parser, Progress};

const REQUEST: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n";

fn feed(cuts: &[usize]) -> Result<(), Box<dyn Error>> {
    let (mut parser, limits) = (Parser::new(), Limits::default());
    for &received in cuts {
        let input = &REQUEST[..received];
        let progress = parser.parse(input, &limits)?;
        println!("{received:2} bytes: {progress:?}\n  {}", in_lines(&parser));
        if let Progress::Complete { .. } = progress {
            for argument in parser.request(input).iter() {
                print!("  {}", argument.escape_ascii());
            }
            println!();
        }
    }
    Ok(())
}

/// The parser's fields, in lines that fit on a page.
fn in_lines(parser: &Parser) -> String {
    let text = format!("{parser:?}");
    text.replace("Span {", "{").replace(", spans", ",\n  spans")
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut cuts = Vec::new();
    for argument in std::env::args().skip(1) {
        let cut: usize = argument.parse()?;
        cuts.push(cut.min(REQUEST.len()));
    }
    cuts.push(REQUEST.len());
    cuts.sort_unstable();
    cuts.dedup();
    feed(&cuts)
}
