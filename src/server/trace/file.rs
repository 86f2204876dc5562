//! The file of a trace, which is valid JSON whenever nobody is just writing it.
//!
//! ```text
//!   {"traceEvents":[ event, event, event ]}
//!                                        ▲ the end, which every write overwrites
//!   {"traceEvents":[ event, event, event, event, event ]}      and brings along
//! ```
//!
//! So there is nothing that has to be done at the end, and a process that is killed leaves a
//! trace of what it did until its last write.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::Path;

/// What every trace of ours begins with. Only such a file, or an empty one, is overwritten.
const MAGIC: &str = "{\"otherData\":{\"writer\":\"aerolite";

/// The first events, to which others can be added with a comma.
const HEADER: &str = concat!(
    "{\"otherData\":{\"writer\":\"aerolite ",
    env!("CARGO_PKG_VERSION"),
    "\"},\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n",
    "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"ts\":0.000,\"name\":\"process_name\",\"args\":{\"name\":\"event loop\"}},\n",
    "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"ts\":0.000,\"name\":\"thread_name\",\"args\":{\"name\":\"loop\"}},\n",
    "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"ts\":0.000,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":1}},\n",
    "{\"ph\":\"M\",\"pid\":2,\"tid\":1,\"ts\":0.000,\"name\":\"process_name\",\"args\":{\"name\":\"clients\"}},\n",
    "{\"ph\":\"M\",\"pid\":2,\"tid\":1,\"ts\":0.000,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":2}}",
);

/// How many events the header has.
pub const HEADER_EVENTS: u64 = 5;

/// What ends the file.
const TAIL: &[u8] = b"\n]}\n";

/// The file of a trace.
#[derive(Debug)]
pub struct TraceFile {
    file: File,
    /// How long it is without its end.
    len: u64,
}

impl TraceFile {
    /// Makes the file, with no events yet.
    ///
    /// # Errors
    /// It cannot be had, or there is something else of that name, which is left alone: a pipe, a
    /// device, a directory, a file that is no trace, or one that somebody else is writing.
    pub fn create(path: &Path) -> io::Result<TraceFile> {
        // To open a pipe would be to wait for its other end.
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return Err(refused("it is not a regular file"));
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let there = file.metadata()?;
        if !there.is_file() {
            return Err(refused("it is not a regular file"));
        }
        if there.len() > 0 && !is_trace(&mut file) {
            return Err(refused("that file is no trace, and is not overwritten"));
        }
        // Two servers that write to one file would make nonsense of it. A file system that knows no locks
        // is no reason to have no trace.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(refused("another trace is being written to it"));
        }
        file.set_len(0)?;
        let mut trace = TraceFile { file, len: 0 };
        trace.append(&mut HEADER.into())?;
        Ok(trace)
    }

    /// Adds events. The chunk is used up.
    ///
    /// # Errors
    /// What the system says. As far as possible the file is what it was before.
    pub fn append(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        let bytes = chunk.len() as u64;
        chunk.extend_from_slice(TAIL);
        let written = self.write_at(chunk, self.len);
        match &written {
            Ok(()) => self.len += bytes,
            Err(_) => self.restore(),
        }
        chunk.clear();
        written
    }

    /// How long the file is, its end included.
    pub fn len(&self) -> u64 {
        self.len + TAIL.len() as u64
    }

    /// Puts the end back behind the events that are whole. It needs no room that is not there, so
    /// this works on a full disk; if it does not, nothing more can be done.
    fn restore(&self) {
        if self.len > 0 {
            let _ = self.write_at(TAIL, self.len);
            let _ = self.file.set_len(self.len());
        }
    }

    #[cfg(unix)]
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.file, bytes, at)
    }

    #[cfg(not(unix))]
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};
        let mut file = &self.file;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }
}

fn is_trace(file: &mut File) -> bool {
    let mut beginning = [0; MAGIC.len()];
    file.read_exact(&mut beginning).is_ok() && beginning == *MAGIC.as_bytes()
}

fn refused(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::fs;

    fn events(path: &Path) -> usize {
        let text = fs::read(path).expect("the file is there");
        let trace: Value = serde_json::from_slice(&text).expect("it is JSON");
        trace["traceEvents"].as_array().expect("a list").len()
    }

    #[test]
    fn it_is_json_after_every_write() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("t");
        let mut trace = TraceFile::create(&path).expect("it can be made");
        assert!(HEADER.starts_with(MAGIC));
        assert_eq!(events(&path) as u64, HEADER_EVENTS);
        for n in 1..=3 {
            trace
                .append(&mut b",\n{\"ph\":\"X\"}".to_vec())
                .expect("there is room");
            assert_eq!(events(&path) as u64, HEADER_EVENTS + n);
            assert_eq!(fs::metadata(&path).expect("there").len(), trace.len());
        }
        let error = TraceFile::create(&path).expect_err("it is being written");
        assert!(error.to_string().contains("another trace"), "{error}");
        drop(trace);
        TraceFile::create(&path).expect("a trace may be overwritten");
        assert_eq!(events(&path) as u64, HEADER_EVENTS);
    }

    #[test]
    fn a_half_written_chunk_is_taken_back() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("t");
        let mut trace = TraceFile::create(&path).expect("it can be made");
        // As a full disk leaves it: the end overwritten, the event not whole.
        trace
            .write_at(b",\n{\"ph\":\"X\",\"na", trace.len)
            .expect("written");
        assert!(serde_json::from_slice::<Value>(&fs::read(&path).expect("there")).is_err());
        trace.restore();
        assert_eq!(events(&path) as u64, HEADER_EVENTS);
        // And a write that fails does that by itself.
        trace.file = File::open(&path).expect("it can be read");
        assert!(trace.append(&mut b",\n{}".to_vec()).is_err());
        assert_eq!(events(&path) as u64, HEADER_EVENTS);
    }

    #[test]
    fn nothing_else_is_overwritten() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("notes");
        for text in ["dear diary", "{\"otherData\":{\"writer\":\"somebody"] {
            fs::write(&path, text).expect("written");
            let error = TraceFile::create(&path).expect_err("it is no trace");
            assert!(error.to_string().contains("is no trace"), "{error}");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
        let error = TraceFile::create(dir.path()).expect_err("a directory");
        assert!(error.to_string().contains("not a regular file"), "{error}");
        fs::write(&path, "").expect("written");
        TraceFile::create(&path).expect("an empty file may be used");
    }
}
