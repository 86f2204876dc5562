//! What a trace is told and what it tells: the file itself is the server's.

/// DEBUG TRACE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceOrder {
    /// Into the file of this name.
    Start(Vec<u8>),
    /// No more.
    Stop,
}

/// How a trace is, or how the last one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TraceState {
    /// There was none yet.
    #[default]
    None,
    /// It is being written.
    On,
    /// It ended because it was told to.
    Stopped,
    /// It ended at `trace-max-bytes`.
    Full,
    /// It ended because the file could not be written.
    Failed,
}

impl TraceState {
    /// Its name in INFO.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TraceState::None => "none",
            TraceState::On => "on",
            TraceState::Stopped => "stopped",
            TraceState::Full => "full",
            TraceState::Failed => "failed",
        }
    }
}

/// What INFO tells about the trace: of the one that is being written, or else of the last one.
#[derive(Debug, Clone, Default)]
pub struct TraceStatus {
    /// How it is.
    pub state: TraceState,
    /// The name of its file.
    pub file: String,
    /// How long the file is, with what waits to be written.
    pub bytes: u64,
    /// Events in it.
    pub events: u64,
    /// Events that there was no room for in memory.
    pub dropped: u64,
}
