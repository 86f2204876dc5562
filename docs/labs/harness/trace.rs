//! What the loop did, as a file in Chrome's trace-event format: <https://ui.perfetto.dev> opens it, and
//! `cargo run --example draw_trace -- FILE PICTURE.svg` draws a turn of it. The server's own trace
//! (`aerolite --trace`) is of the same form and has the clients' tracks as well.

use std::cmp::Reverse;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use aerolite::ae::recorder::{Event, WITHOUT_END};
use aerolite::ae::{Phase, Recorder};

/// A lab that spins makes a million events a second: a few turns of that say it all.
const MAX_EVENTS: usize = 50_000;

const HEADER: &str = concat!(
    "{\"otherData\":{\"writer\":\"aerolite lab\"},\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n",
    "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"ts\":0,\"name\":\"process_name\",\"args\":{\"name\":\"event loop\"}},\n",
    "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"ts\":0,\"name\":\"thread_name\",\"args\":{\"name\":\"loop\"}}",
);

/// A trace being written.
pub struct TraceFile {
    file: BufWriter<File>,
    /// The sequence number of the first event that is not in it yet.
    from: u64,
    /// The events of a turn.
    turn: Vec<Event>,
    events: usize,
    /// The first thing that went wrong.
    result: io::Result<()>,
}

impl TraceFile {
    /// An empty one.
    ///
    /// # Errors
    /// The file cannot be had.
    pub fn create(path: &Path) -> io::Result<TraceFile> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(HEADER.as_bytes())?;
        Ok(TraceFile {
            file,
            from: 0,
            turn: Vec::new(),
            events: 0,
            result: Ok(()),
        })
    }

    /// A turn is over: adds what was recorded in it.
    pub fn note(&mut self, recorder: &Recorder) {
        if self.events >= MAX_EVENTS || self.result.is_err() {
            return;
        }
        // What is within another is recorded before it, and a viewer wants it behind it.
        let mut turn = std::mem::take(&mut self.turn);
        turn.extend(recorder.since(self.from).copied());
        turn.reverse();
        turn.sort_by_key(|event| (event.start_ns, Reverse(event.duration_ns)));
        self.result = turn.iter().try_for_each(|event| self.put(event));
        self.events += turn.len();
        self.from = recorder.recorded();
        turn.clear();
        self.turn = turn;
    }

    fn put(&mut self, event: &Event) -> io::Result<()> {
        let us = |ns: u64| format!("{}.{:03}", ns / 1000, ns % 1000);
        let name = event.phase.name();
        let (start, duration) = (us(event.start_ns), us(event.duration_ns));
        write!(
            self.file,
            ",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":{start},\"dur\":{duration},\"name\":\"{name}\",\"args\":{{"
        )?;
        let count = event.count;
        match event.phase {
            Phase::Turn => write!(self.file, "\"turn\":{},\"sockets\":{count}", event.turn),
            Phase::Poll if count == WITHOUT_END => write!(self.file, "\"timeout_ms\":\"none\""),
            Phase::Poll => write!(self.file, "\"timeout_ms\":{count}"),
            _ => write!(self.file, "\"count\":{count}"),
        }?;
        if let Some(token) = event.token {
            write!(self.file, ",\"token\":{token}")?;
        }
        write!(self.file, "}}}}")
    }

    /// It is complete.
    ///
    /// # Errors
    /// What went wrong while it was written.
    pub fn finish(mut self) -> io::Result<()> {
        self.result?;
        self.file.write_all(b"\n]}\n")?;
        self.file.flush()
    }
}
