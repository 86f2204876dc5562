//! The slow log: the last commands that took long, each as short as it can be told.
//!
//! It is bounded twice: it keeps at most `slowlog-max-len` entries, and an entry at most
//! [`MAX_ARGS`] arguments of [`MAX_ARG_BYTES`] bytes, whatever the command was given, and no more of its
//! client's name.

use std::collections::VecDeque;

/// The most arguments of an entry. If there were more, the last one says how many.
pub const MAX_ARGS: usize = 32;

/// The most bytes of one argument; behind them stands how many there were.
pub const MAX_ARG_BYTES: usize = 128;

/// A command that took long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Counted up from 0, never used twice.
    pub id: u64,
    /// When it was over, in unix seconds.
    pub unix_s: u64,
    /// How long it took, in microseconds.
    pub us: u64,
    /// Its words, shortened.
    pub args: Summary,
    /// Who sent it, `ip:port` or `path:0`.
    pub addr: Box<str>,
    /// The name of that client.
    pub name: Box<[u8]>,
}

/// The words of a request, shortened.
pub type Summary = Vec<Box<[u8]>>;

/// See the module's text.
#[derive(Debug, Default)]
pub struct SlowLog {
    /// The youngest first.
    entries: VecDeque<Entry>,
    next_id: u64,
    /// The words of the request that is being run, told before that: where it has arguments that its
    /// command may take away.
    pub beforehand: Option<Summary>,
}

impl SlowLog {
    /// The entries, the youngest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry, whose id is given here, and forgets the oldest beyond `max_len`.
    pub fn push(&mut self, entry: Entry, max_len: usize) {
        let id = self.next_id;
        self.next_id += 1;
        self.entries.push_front(Entry { id, ..entry });
        self.entries.truncate(max_len);
    }

    /// `slowlog-max-len` has another value.
    pub fn shorten(&mut self, max_len: usize) {
        if self.entries.len() > max_len {
            self.entries.truncate(max_len);
            self.entries.shrink_to_fit();
        }
    }

    /// Forgets all entries.
    pub fn clear(&mut self) {
        self.entries = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(us: u64) -> Entry {
        Entry {
            id: 0,
            unix_s: 1,
            us,
            args: vec![b"GET".as_slice().into()],
            addr: "a:1".into(),
            name: Box::default(),
        }
    }

    fn ids(log: &SlowLog) -> Vec<(u64, u64)> {
        log.iter().map(|entry| (entry.id, entry.us)).collect()
    }

    #[test]
    fn the_youngest_is_first_and_the_oldest_goes() {
        let mut log = SlowLog::default();
        for us in 10..15 {
            log.push(entry(us), 3);
        }
        assert_eq!(ids(&log), [(4, 14), (3, 13), (2, 12)]);
        log.shorten(1);
        assert_eq!(ids(&log), [(4, 14)]);
        log.clear();
        assert!(log.is_empty());
        log.push(entry(20), 3);
        assert_eq!(ids(&log), [(5, 20)], "ids go on");
        log.push(entry(21), 0);
        assert_eq!(log.len(), 0);
    }
}
