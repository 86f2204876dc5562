//! What tests of commands share: an engine with one client, and requests as words.

use super::execute;
use crate::engine::session::Peer;
use crate::engine::{Clock, Config, Engine, SessionId};
use crate::resp::{Output, OwnedRequest};

/// The moment at which every test begins, in unix microseconds.
const START_US: u64 = 1_700_000_000_000_000;

/// Any seed does; the same one every time makes a failure come back.
const SEED: u64 = 7;

/// An engine with one client, as they are when the server has just started.
pub fn engine() -> (Engine, SessionId) {
    let mut engine = Engine::new(Config::default(), SEED, Clock::at_us(START_US));
    let id = engine.open_session(Peer::default());
    (engine, id)
}

/// Runs one request and gives the bytes of its reply; what is not UTF-8 is replaced.
pub fn run(engine: &mut Engine, id: SessionId, words: &[&str]) -> String {
    String::from_utf8_lossy(&run_bytes(engine, id, words)).into_owned()
}

/// The same with words and a reply of any bytes.
pub fn run_bytes<A: AsRef<[u8]>>(engine: &mut Engine, id: SessionId, words: &[A]) -> Vec<u8> {
    let mut output = Output::new();
    let mut request = OwnedRequest::from_args(words);
    execute(engine, id, request.request(), &mut output);
    let mut bytes = Vec::new();
    output
        .write_to(&mut bytes, usize::MAX)
        .expect("a vector takes everything");
    bytes
}

/// Lets time pass.
pub fn pass_ms(engine: &mut Engine, ms: u64) {
    engine.clock = Clock::at_us(engine.clock.unix_us() + ms * 1000);
}
