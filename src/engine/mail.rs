//! What a command wants done that only whoever holds the sockets can do.

use super::trace::TraceOrder;
use super::{Config, SessionId};

/// What a command wants done by whoever holds the sockets, before the client's next command.
#[derive(Debug)]
pub enum Mail {
    /// Close this client's connection.
    Close(SessionId),
    /// A setting has a new value.
    SettingChanged(&'static str),
    /// Listen on what `bind` and `port` say now. Whether that works decides the reply to the
    /// command, which has not been written; if not, the settings are to be `before` again.
    Listen {
        /// Whose command it is.
        client: SessionId,
        /// The setting that it named.
        setting: &'static str,
        /// Whether the client wants a reply.
        replies: bool,
        /// All settings as they were.
        before: Box<Config>,
    },
    /// Change how the loop goes.
    Loop {
        /// Who wants it; this client is served even while the loop is paused.
        client: SessionId,
        /// How it shall go.
        order: LoopOrder,
    },
    /// Begin or end a trace. Whether that works decides the reply to the command, which has not
    /// been written.
    Trace {
        /// Whose command it is.
        client: SessionId,
        /// What it wants.
        order: TraceOrder,
        /// Whether the client wants a reply.
        replies: bool,
    },
    /// End the process.
    Shutdown,
}

/// How the event loop is to go: DEBUG LOOP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoopOrder {
    /// Not at all, until told otherwise.
    Pause,
    /// So many turns, then not at all.
    Step(u64),
    /// With so many milliseconds between its phases; 0 for none.
    Slow(u64),
    /// As fast as it can.
    Resume,
}
