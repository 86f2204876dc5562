//! The clients that see every command: MONITOR.
//!
//! While there is one, the gate [`Gates::MONITORED`] is shut for everybody, and each command that is run is
//! written down for them. Without one nobody asks. A monitor itself has the gate [`Gates::MONITORING`]:
//! Redis counts it among the replicas, which must not touch keys.

use super::gates::Gates;
use super::{Engine, SessionId};

/// Who they are, in the order in which they began.
#[derive(Debug, Default)]
pub struct Monitors {
    ids: Vec<SessionId>,
}

impl Monitors {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// All of them, who began first is first.
    pub fn iter(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.ids.iter().copied()
    }
}

impl Engine {
    /// A client is a monitor from now on. Says whether it was none before.
    pub fn start_monitoring(&mut self, id: SessionId) -> bool {
        if self.sessions[id].gates.has(Gates::MONITORING) {
            return false;
        }
        self.sessions[id].gates.set(Gates::MONITORING, true);
        self.gates.set(Gates::MONITORED, true);
        self.monitors.ids.push(id);
        true
    }

    /// A client is no monitor any more, if it was one.
    pub fn stop_monitoring(&mut self, id: SessionId) {
        if !self.sessions[id].gates.has(Gates::MONITORING) {
            return;
        }
        self.sessions[id].gates.set(Gates::MONITORING, false);
        self.monitors.ids.retain(|monitor| *monitor != id);
        self.gates.set(Gates::MONITORED, !self.monitors.is_empty());
    }
}
