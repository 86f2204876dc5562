//! RESP, the Redis serialization protocol: requests in, replies out.
//!
//! Nothing here knows a socket or a command. Bytes arrive in a client's input buffer, [`Parser`] marks
//! where the arguments of one [`Request`] lie in it ([`Batch`] those of all complete ones), a command reads them there and writes its [`Reply`]
//! into the client's [`Output`], and the output goes to the socket in as few system calls as it can.
//!
//! ```text
//!  socket ──> input buffer ──> Parser ──> Request ──> (a command) ──> Reply ──> Output ──> socket
//!                  ▲                         │
//!                  └── arguments are slices ─┘        big values travel as shared blobs, uncopied
//! ```
//!
//! The protocol is described at <https://redis.io/docs/latest/develop/reference/protocol-spec/>; where that
//! page is silent, `redis-server` 7.0.15 was asked over a socket and its answer is what this does.

mod batch;
mod error;
mod inline;
mod output;
mod parser;
mod queue;
mod reply;
mod request;

pub use batch::{Batch, Next};
pub use error::ProtocolError;
pub use inline::split_words;
pub use output::{Mark, Output, Sent, Stop};
pub use parser::{BIG_ARG, BIG_RESERVE, BigArg, Limits, MAX_LINE, Parser, Progress};
pub use queue::RequestQueue;
pub use reply::{Deferred, Protocol, Reply};
pub use request::{OwnedRequest, Request, Span};
