//! Where the events of a trace go: into chunks in memory, and from there into the file, one chunk a turn.
//!
//! ```text
//!                     PENDING_BYTES at most
//!   event ──▶ [ chunk, being filled ][ full ][ full ] ──▶ one a turn ──▶ file ──▶ max_bytes at most
//!     │                                                                              │
//!     └─ no room: dropped, whole, and counted                    no room: the trace is full, and ends
//! ```
//!
//! A chunk holds whole events, so the file does too. Of a burst that is more than memory is meant
//! for, the loop's turns are kept longer than the details within them: they have some room for
//! themselves.

use super::file::{HEADER_EVENTS, TraceFile};
use super::text::Line;
use crate::engine::trace::TraceStatus;
use std::collections::VecDeque;
use std::io;

/// Bytes written in one turn: what the kernel copies in well under a millisecond.
pub const SLICE_BYTES: usize = 256 * 1024;

/// Bytes of events that wait to be written.
const PENDING_BYTES: usize = 8 * 1024 * 1024;

/// Bytes beyond that which only the [frame](Part::Frame) of a trace may take.
const RESERVED_BYTES: usize = 1024 * 1024;

/// What an event is of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What the rest hangs on: turns and their phases, names of tracks, what was lost.
    Frame,
    /// What can be missing.
    Detail,
}

/// Whole events that wait to be written, and how many they are.
#[derive(Debug, Default)]
struct Chunk {
    bytes: Vec<u8>,
    events: u64,
}

/// See the module's text.
#[derive(Debug)]
pub struct Sink {
    file: TraceFile,
    /// The one being filled is the last.
    chunks: VecDeque<Chunk>,
    /// A chunk's memory for the next.
    spare: Vec<u8>,
    pending_bytes: usize,
    max_bytes: u64,
    is_full: bool,
    events: u64,
    dropped: u64,
}

impl Sink {
    /// Into this file, which is to grow no longer than `max_bytes`.
    pub fn new(file: TraceFile, max_bytes: u64) -> Sink {
        Sink {
            file,
            chunks: VecDeque::new(),
            spare: Vec::new(),
            pending_bytes: 0,
            max_bytes,
            is_full: false,
            events: HEADER_EVENTS,
            dropped: 0,
        }
    }

    /// Takes what the line holds, which are so many events, or drops it.
    pub fn push(&mut self, line: &Line, events: u64, part: Part) {
        let bytes = line.as_bytes();
        if self.is_full {
            return;
        }
        let room = match part {
            Part::Detail => PENDING_BYTES,
            Part::Frame => PENDING_BYTES + RESERVED_BYTES,
        };
        let pending_bytes = self.pending_bytes + bytes.len();
        if self.file.len() + pending_bytes as u64 > self.max_bytes {
            self.is_full = true;
        } else if pending_bytes > room {
            self.dropped += events;
        } else {
            self.pending_bytes = pending_bytes;
            self.events += events;
            let chunk = self.chunk_for(bytes.len());
            chunk.bytes.extend_from_slice(bytes);
            chunk.events += events;
        }
    }

    /// The chunk that has room for so many bytes.
    fn chunk_for(&mut self, bytes: usize) -> &mut Chunk {
        let has_room = |chunk: &Chunk| chunk.bytes.len() + bytes <= SLICE_BYTES;
        if !self.chunks.back().is_some_and(has_room) {
            let bytes = std::mem::take(&mut self.spare);
            self.chunks.push_back(Chunk { bytes, events: 0 });
        }
        let last = self.chunks.len() - 1;
        &mut self.chunks[last]
    }

    /// Counts events that were lost on the way here.
    pub fn note_dropped(&mut self, events: u64) {
        self.dropped += events;
    }

    /// Writes a chunk: no more than [`SLICE_BYTES`]. Gives how many bytes it was.
    ///
    /// # Errors
    /// What the system says. The file holds what was written before, and nothing waits any more.
    pub fn write_slice(&mut self) -> io::Result<usize> {
        let Some(chunk) = self.chunks.front_mut() else {
            return Ok(0);
        };
        let bytes = chunk.bytes.len();
        if let Err(error) = self.file.append(&mut chunk.bytes) {
            let lost: u64 = self.chunks.drain(..).map(|chunk| chunk.events).sum();
            self.events -= lost;
            self.dropped += lost;
            self.pending_bytes = 0;
            return Err(error);
        }
        self.pending_bytes -= bytes;
        self.spare = self.chunks.pop_front().unwrap_or_default().bytes;
        Ok(bytes)
    }

    /// Whether something waits to be written.
    pub fn is_pending(&self) -> bool {
        !self.chunks.is_empty()
    }

    /// Whether an event has come for which the file may not grow.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Sets how long the file may grow.
    pub fn set_max_bytes(&mut self, max_bytes: u64) {
        self.max_bytes = max_bytes;
    }

    /// How many events were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Leaves the figures where INFO finds them.
    pub fn tell(&self, status: &mut TraceStatus) {
        status.bytes = self.file.len() + self.pending_bytes as u64;
        status.events = self.events;
        status.dropped = self.dropped;
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::LOOP;
    use super::*;
    use serde_json::Value;
    use std::fs;
    use std::path::PathBuf;

    struct Bench {
        sink: Sink,
        path: PathBuf,
        _dir: tempfile::TempDir,
    }

    fn bench(max_bytes: u64) -> Bench {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("t");
        let file = TraceFile::create(&path).expect("it can be made");
        Bench {
            sink: Sink::new(file, max_bytes),
            path,
            _dir: dir,
        }
    }

    fn line() -> Line {
        let mut line = Line::default();
        line.begin("X", LOOP, 1).name("read").lasting(1).end();
        line
    }

    impl Bench {
        /// What is in the file in the end.
        fn finish(&mut self) -> (Vec<Value>, TraceStatus) {
            while self.sink.is_pending() {
                let bytes = self.sink.write_slice().expect("there is room");
                assert!((1..=SLICE_BYTES).contains(&bytes), "{bytes}");
            }
            let text = fs::read(&self.path).expect("the file is there");
            let trace: Value = serde_json::from_slice(&text).expect("it is JSON");
            let events = trace["traceEvents"].as_array().expect("a list").clone();
            let mut status = TraceStatus::default();
            self.sink.tell(&mut status);
            assert_eq!(status.bytes, text.len() as u64);
            assert_eq!(status.events, events.len() as u64);
            (events, status)
        }
    }

    #[test]
    fn the_file_grows_up_to_its_limit_and_no_event_is_split() {
        let mut bench = bench(2000);
        for _ in 0..100 {
            bench.sink.push(&line(), 1, Part::Detail);
        }
        assert!(bench.sink.is_full());
        let (events, status) = bench.finish();
        let left = 2000 - status.bytes;
        assert!(left < line().as_bytes().len() as u64, "{left} bytes left");
        assert!(events.len() > 10 && status.dropped == 0);
    }

    #[test]
    fn more_than_memory_is_meant_for_is_dropped_whole_and_the_frame_last() {
        let mut bench = bench(u64::MAX);
        let per_line = line().as_bytes().len();
        let wanted = PENDING_BYTES / per_line + 10;
        for _ in 0..wanted {
            bench.sink.push(&line(), 2, Part::Detail);
        }
        let dropped = bench.sink.dropped();
        assert!((2..=40).contains(&dropped), "{dropped}");
        bench.sink.push(&line(), 1, Part::Frame);
        assert_eq!(bench.sink.dropped(), dropped, "the frame has room");
        for _ in 0..RESERVED_BYTES / per_line + 1 {
            bench.sink.push(&line(), 1, Part::Frame);
        }
        assert!(bench.sink.dropped() > dropped, "but not without end");
        assert!(bench.sink.pending_bytes <= PENDING_BYTES + RESERVED_BYTES);
        while bench.sink.is_pending() {
            bench.sink.write_slice().expect("there is room");
        }
        bench.sink.push(&line(), 1, Part::Detail);
        assert!(bench.sink.is_pending(), "what is written makes room");
        assert!(!bench.sink.is_full());
    }
}
