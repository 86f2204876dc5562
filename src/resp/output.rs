//! What a client is still to be sent.
//!
//! Replies are bytes in one vector. A big value or a published message is not copied there: its shared blob is
//! spliced in, and goes to the socket from where it lies.
//!
//! ```text
//!  bytes    $100000\r\n \r\n $5\r\nhello\r\n
//!                      ▲                    ▲
//!              splice ─┘ { at: 9, blob }    │
//!                                           │
//!  sent     $100000\r\n <blob> \r\n $5\r\nhello\r\n
//! ```
//!
//! Positions count from the first byte that was ever written into `bytes`, so a [`Mark`] and a splice stay
//! true when what has been sent is dropped. Nothing is moved after a partial write; the sent part is dropped when it
//! is most of a large vector, which costs O(1) for each byte in the long run.

mod splices;

use splices::{Splice, Splices};
use std::io::{self, IoSlice, Write};
use std::sync::Arc;

/// The most pieces handed to one `write_vectored`; the kernel's own limit (`IOV_MAX`) is 1024.
const MAX_SLICES: usize = 64;

/// A vector with fewer sent bytes than this in front is left as it is.
const COMPACT_FROM: usize = 64 * 1024;

/// Where there is something before it already, a blob that is shorter than this is copied: that costs less
/// than one more piece in every write.
const COPY_BELOW: usize = 256;

/// Replies of more bytes than this are not moved any more: see [`Output::seal`].
const SEAL_BYTES: usize = 1024 * 1024;

/// The output of one client: replies and messages, in order, less what has been sent.
///
/// ```
/// use aerolite::resp::{Output, Protocol, Reply, Stop};
/// let mut output = Output::new();
/// Reply::new(&mut output, Protocol::Resp2).bulk(b"hi");
/// let mut socket = Vec::new();
/// let sent = output.write_to(&mut socket, 1024).unwrap();
/// assert_eq!((socket.as_slice(), sent.bytes, sent.stop), (&b"$2\r\nhi\r\n"[..], 8, Stop::Drained));
/// ```
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    /// The position of `bytes[0]`.
    base: u64,
    /// How many bytes at the front of `bytes` have been sent.
    sent: usize,
    splices: Splices,
    /// How many splices were ever pushed, but for those that were taken back.
    splices_pushed: u64,
    /// How many bytes of the first splice's blob have been sent.
    blob_sent: usize,
    /// The bytes of all blobs still to send.
    shared: usize,
    /// The last long blob of which all is sent.
    spent: Option<Arc<Vec<u8>>>,
}

/// A blob of more bytes than this is not dropped when it is sent.
const LONG_BLOB_BYTES: usize = 1024 * 1024;

/// So many splices are dropped at a time, or as many as have that many bytes together.
const FREED_SPLICES: usize = 256;

/// Where a reply began; see [`Output::truncate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    at: u64,
    /// How many splices had ever been pushed.
    splices: u64,
}

/// What a write achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Bytes taken by the writer.
    pub bytes: usize,
    /// Why it stopped.
    pub stop: Stop,
}

/// Why a write stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Everything is sent.
    Drained,
    /// The writer takes no more (`WouldBlock`).
    Full,
    /// The budget is used up.
    Budget,
}

impl Output {
    /// An empty output without memory of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lends the output a buffer, whose capacity is used and whose content is dropped.
    ///
    /// # Panics
    /// When something is still to be sent.
    #[inline]
    pub fn lend_buffer(&mut self, mut buffer: Vec<u8>) {
        assert!(self.is_empty(), "a buffer is lent only to an empty output");
        buffer.clear();
        self.forget_sent();
        self.bytes = buffer;
    }

    /// Gives the buffer back, for a pool, and leaves the output without memory.
    ///
    /// # Panics
    /// When something is still to be sent.
    pub fn take_buffer(&mut self) -> Vec<u8> {
        assert!(
            self.is_empty(),
            "a buffer is taken back only when all of it is sent"
        );
        self.forget_sent();
        std::mem::take(&mut self.bytes)
    }

    /// Bytes still to be sent, those of shared blobs included.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.sent + self.shared
    }

    /// Whether nothing is still to be sent.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of memory it holds; shared blobs count in full, since this client may be the last to hold them.
    pub fn memory(&self) -> usize {
        let blobs: usize = self
            .splices
            .iter()
            .map(|splice| splice.blob.capacity())
            .sum();
        self.bytes.capacity() + self.splices.memory() + blobs
    }

    /// Where the output ends now.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark {
            at: self.end(),
            splices: self.splices_pushed,
        }
    }

    /// Takes back everything written since `mark`.
    ///
    /// # Panics
    /// When some of it has been sent already.
    pub fn truncate(&mut self, mark: Mark) {
        assert!(
            mark.at >= self.base + self.sent as u64 && mark.splices >= self.splices_sent(),
            "what has been sent cannot be taken back"
        );
        self.bytes.truncate((mark.at - self.base) as usize);
        while self.splices_pushed > mark.splices {
            let Some(splice) = self.splices.pop_back() else {
                break;
            };
            self.splices_pushed -= 1;
            let sent = if self.splices.is_empty() {
                self.blob_sent
            } else {
                0
            };
            assert!(sent == 0, "what has been sent cannot be taken back");
            self.shared -= splice.blob.len();
        }
    }

    /// Appends bytes as they are.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends a shared blob without copying it; or copies it, if it is short and there is room, or other
    /// bytes to which it can be joined.
    #[inline]
    pub fn push_shared(&mut self, blob: Arc<Vec<u8>>) {
        let is_joined = blob.len() < COPY_BELOW
            && (!self.is_empty() || self.bytes.capacity() - self.bytes.len() >= blob.len());
        if is_joined || blob.is_empty() {
            return self.push(&blob);
        }
        self.splice(blob);
    }

    fn splice(&mut self, blob: Arc<Vec<u8>>) {
        self.shared += blob.len();
        self.splices_pushed += 1;
        self.splices.push_back(Splice {
            at: self.end(),
            blob,
        });
    }

    /// The vector to append to; what is in it already is not to be touched.
    #[inline]
    pub(super) fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Replaces the `old` bytes behind `mark` with `new`. Everything after them moves, splices too.
    pub(super) fn patch(&mut self, mark: Mark, old: usize, new: &[u8]) {
        assert!(
            mark.at >= self.base + self.sent as u64,
            "what has been sent cannot be changed"
        );
        let start = (mark.at - self.base) as usize;
        if old == new.len() {
            self.bytes[start..start + old].copy_from_slice(new);
            return;
        }
        self.bytes.splice(start..start + old, new.iter().copied());
        // Those before the mark stay, even one that lies exactly at it.
        let stay = mark.splices.saturating_sub(self.splices_sent()) as usize;
        for splice in self.splices.iter_mut().skip(stay) {
            splice.at = splice.at + new.len() as u64 - old as u64;
        }
    }

    /// Puts each of these pieces where its mark is; the marks are in order. What was written since the first one is
    /// moved once.
    ///
    /// # Panics
    /// When some of that has been sent already.
    pub fn weave(&mut self, pieces: &[(Mark, Vec<u8>)]) {
        let Some(&(first, _)) = pieces.first() else {
            return;
        };
        assert!(
            first.at >= self.base + self.sent as u64,
            "what has been sent cannot be changed"
        );
        let rest = self.bytes.split_off((first.at - self.base) as usize);
        let mut from = 0;
        for (mark, piece) in pieces {
            let to = (mark.at - first.at) as usize;
            self.bytes.extend_from_slice(&rest[from..to]);
            self.bytes.extend_from_slice(piece);
            from = to;
        }
        self.bytes.extend_from_slice(&rest[from..]);
        self.move_splices(pieces);
    }

    /// Moves each splice by what was put before it. One that was there when a mark was made stays before that, even
    /// where it lies exactly at it.
    fn move_splices(&mut self, pieces: &[(Mark, Vec<u8>)]) {
        let numbers = self.splices_sent()..;
        let (mut pieces, mut moved) = (pieces.iter().peekable(), 0);
        for (number, splice) in numbers.zip(self.splices.iter_mut()) {
            while let Some((_, piece)) = pieces.next_if(|(mark, _)| mark.splices <= number) {
                moved += piece.len() as u64;
            }
            splice.at += moved;
        }
    }

    /// Writes what `writer` takes, at most about `budget` bytes of it: one `write` for plain replies, one
    /// `write_vectored` for a run of pieces when there are blobs.
    ///
    /// # Errors
    /// Whatever `writer` says except `WouldBlock` and `Interrupted`; `WriteZero` when it takes nothing
    /// and gives no reason. The client is lost then.
    pub fn write_to(&mut self, writer: &mut impl Write, budget: usize) -> io::Result<Sent> {
        let mut bytes = 0;
        // ANCHOR: write-to
        let stop = loop {
            if self.is_empty() {
                break Stop::Drained;
            }
            if bytes >= budget {
                break Stop::Budget;
            }
            match self.write_once(writer, budget - bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.advance(n);
                    bytes += n;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Stop::Full,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        // ANCHOR_END: write-to
        self.forget_sent();
        Ok(Sent { bytes, stop })
    }

    fn write_once(&self, writer: &mut impl Write, budget: usize) -> io::Result<usize> {
        let plain = &self.bytes[self.sent..];
        if self.splices.is_empty() {
            return writer.write(&plain[..plain.len().min(budget)]);
        }
        if let (true, Splices::One(Splice { blob, .. })) = (plain.is_empty(), &self.splices) {
            let blob = &blob[self.blob_sent..];
            return writer.write(&blob[..blob.len().min(budget)]);
        }
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let mut used = 0;
        let mut left = budget;
        for piece in self.pieces().take(MAX_SLICES) {
            let piece = &piece[..piece.len().min(left)];
            if piece.is_empty() {
                break;
            }
            slices[used] = IoSlice::new(piece);
            used += 1;
            left -= piece.len();
        }
        writer.write_vectored(&slices[..used])
    }

    /// What is to be sent, in order, without empty pieces.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = self.sent;
        let mut blob_sent = self.blob_sent;
        let spliced = self.splices.iter().flat_map(move |splice| {
            let at = (splice.at - self.base) as usize;
            let plain = &self.bytes[from..at];
            let blob = &splice.blob[blob_sent..];
            (from, blob_sent) = (at, 0);
            [plain, blob]
        });
        let last = match self.splices.back() {
            Some(splice) => (splice.at - self.base) as usize,
            None => self.sent,
        };
        spliced
            .chain([&self.bytes[last..]])
            .filter(|piece| !piece.is_empty())
    }

    /// The last long blob of which all is sent: whoever has it may be the last, and is not to free it in one go.
    /// (A turn sends less than two of them.)
    #[inline]
    pub fn take_spent(&mut self) -> Option<Arc<Vec<u8>>> {
        self.spent.take()
    }

    /// Whether to drop it takes no time to speak of.
    #[must_use]
    pub fn is_light(&self) -> bool {
        self.bytes.capacity() <= COMPACT_FROM && self.splices.is_empty() && self.spent.is_none()
    }

    /// Frees some of what nobody gets any more; `false` when nothing is left. What is long is given away. The output
    /// must not be used for anything else after the first call.
    pub fn free_some(&mut self, mut long: impl FnMut(Arc<Vec<u8>>)) -> bool {
        let mut freed = 0;
        for _ in 0..FREED_SPLICES {
            let Some(Splice { blob, .. }) = self.splices.pop_front() else {
                long(Arc::new(std::mem::take(&mut self.bytes)));
                self.spent.take().into_iter().for_each(long);
                return false;
            };
            if blob.capacity() > LONG_BLOB_BYTES {
                long(blob);
            } else if Arc::strong_count(&blob) == 1 {
                freed += blob.capacity();
            }
            if freed > LONG_BLOB_BYTES {
                break;
            }
        }
        true
    }

    /// Goes `n` bytes on: they have been sent.
    #[inline(always)]
    fn advance(&mut self, n: usize) {
        if self.splices.is_empty() {
            self.advance_bytes(n);
        } else {
            self.advance_splices(n);
        }
    }

    fn advance_bytes(&mut self, n: usize) {
        self.sent += n;
        assert!(
            self.sent <= self.bytes.len(),
            "a writer takes no more than it is given"
        );
    }

    #[inline(never)]
    fn advance_splices(&mut self, mut n: usize) {
        while let Some(splice) = self.splices.front() {
            let at = (splice.at - self.base) as usize;
            let plain = n.min(at - self.sent);
            self.sent += plain;
            n -= plain;
            let blob = n.min(splice.blob.len() - self.blob_sent);
            self.blob_sent += blob;
            self.shared -= blob;
            n -= blob;
            if self.sent < at || self.blob_sent < splice.blob.len() {
                return;
            }
            let splice = self.splices.pop_front();
            self.spent = splice
                .map(|splice| splice.blob)
                .filter(|blob| blob.capacity() > LONG_BLOB_BYTES)
                .or(self.spent.take());
            self.blob_sent = 0;
        }
        self.advance_bytes(n);
    }

    /// To be called between replies: puts a long run of them aside as a blob, whose memory goes when
    /// it is sent. In one growing vector the rest would have to be moved to the front again and again.
    #[inline]
    pub fn seal(&mut self) {
        if self.bytes.len() > SEAL_BYTES && self.splices.is_empty() {
            self.seal_bytes();
        }
    }

    #[cold]
    fn seal_bytes(&mut self) {
        self.base = self.end();
        let blob = Arc::new(std::mem::take(&mut self.bytes));
        self.blob_sent = std::mem::take(&mut self.sent);
        self.shared += blob.len() - self.blob_sent;
        self.splices_pushed += 1;
        self.splices.push_back(Splice {
            at: self.base,
            blob,
        });
    }

    /// Drops sent bytes from `bytes` where that is cheap.
    fn forget_sent(&mut self) {
        if self.sent == self.bytes.len() {
            self.bytes.clear();
        } else if self.sent >= COMPACT_FROM && self.bytes.len() - self.sent <= SEAL_BYTES {
            self.bytes.drain(..self.sent);
        } else {
            return;
        }
        self.base += self.sent as u64;
        self.sent = 0;
    }

    fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    fn splices_sent(&self) -> u64 {
        self.splices_pushed - self.splices.len() as u64
    }
}

#[cfg(test)]
mod tests;
