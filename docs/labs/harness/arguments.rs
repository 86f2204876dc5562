//! The command line of a lab.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

const USAGE: &str = "\
usage: broken|fixed [PORT] [--seconds N] [--no-client] [--trace FILE]

  broken, fixed   the lab with its fault, or without
  PORT            where to listen on 127.0.0.1; any free port, if not given
  --seconds N     ends after N seconds, and not when the lab's own client is done
  --no-client     without that client: connect by yourself (ends after 20 seconds, if nothing else is said)
  --trace FILE    writes what the loop did, for ui.perfetto.dev";

/// The longest time that a lab can be asked to run, in seconds.
const MAX_SECONDS: u64 = 24 * 60 * 60;

/// Which of its two versions a lab runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// With the fault.
    Broken,
    /// Without.
    Fixed,
}

impl Variant {
    /// As it is on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Broken => "broken",
            Variant::Fixed => "fixed",
        }
    }
}

/// What was asked for.
pub struct Arguments {
    pub variant: Variant,
    pub port: u16,
    pub seconds: Option<Duration>,
    pub has_client: bool,
    pub trace: Option<PathBuf>,
}

impl Arguments {
    /// From the words behind the program's name.
    ///
    /// # Errors
    /// They make no sense; the text says how they would.
    pub fn parse(mut words: impl Iterator<Item = String>) -> io::Result<Arguments> {
        let mut variant = None;
        let mut arguments = Arguments {
            variant: Variant::Broken,
            port: 0,
            seconds: None,
            has_client: true,
            trace: None,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "broken" => variant = Some(Variant::Broken),
                "fixed" => variant = Some(Variant::Fixed),
                "--no-client" => arguments.has_client = false,
                "--seconds" => arguments.seconds = Some(seconds(words.next())?),
                "--trace" => arguments.trace = Some(words.next().ok_or_else(usage)?.into()),
                port => arguments.port = port.parse().map_err(|_| usage())?,
            }
        }
        arguments.variant = variant.ok_or_else(usage)?;
        Ok(arguments)
    }
}

fn seconds(word: Option<String>) -> io::Result<Duration> {
    let number = word.and_then(|word| word.parse().ok());
    let number = number.filter(|number| (1..=MAX_SECONDS).contains(number));
    number.map(Duration::from_secs).ok_or_else(usage)
}

fn usage() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, USAGE)
}
