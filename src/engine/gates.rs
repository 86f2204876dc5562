//! What may stand between a request and its command.
//!
//! A transaction queues what it is sent; a subscriber may send few commands; a server that is paused
//! lets them wait. Most clients, most of the time, have nothing of the kind, and asking each of these
//! things about each request would cost more than a GET. So each is one bit, a *gate*, in one of two words:
//!
//! ```text
//!   session.gates   what holds for this client      queueing, subscribed, ...  ─┐
//!                                                                               ├─ or ─▶ 0: run it
//!   engine.gates    what holds for everybody        paused, monitored, ...     ─┘      else: look
//! ```
//!
//! Whoever changes what a gate stands for opens or shuts it in the same breath. What a shut gate means is
//! said in [`command::gate`](crate::command).

use std::ops::BitOr;

/// A set of gates that are shut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gates(u16);

impl Gates {
    /// None is shut.
    pub const OPEN: Gates = Gates(0);

    /// The client is in MULTI: what it sends is queued.
    pub const QUEUEING: Gates = Gates(1 << 0);
    /// The client has subscriptions and speaks RESP2: there is little else that it may send.
    pub const SUBSCRIBED: Gates = Gates(1 << 1);
    /// There are commands, keys or channels that the client's user must not use.
    pub const RESTRICTED: Gates = Gates(1 << 2);
    /// The client is told when the keys change that it reads.
    pub const TRACKING: Gates = Gates(1 << 3);

    /// The client is a monitor: it must not touch keys.
    pub const MONITORING: Gates = Gates(1 << 4);

    /// Commands wait: CLIENT PAUSE.
    pub const PAUSED: Gates = Gates(1 << 8);
    /// Memory is limited: `maxmemory`, `maxmemory-clients`.
    pub const LIMITED: Gates = Gates(1 << 9);
    /// Somebody sees every command: MONITOR.
    pub const MONITORED: Gates = Gates(1 << 10);
    /// Commands have other names: `rename-command`.
    pub const RENAMED: Gates = Gates(1 << 11);

    /// Whether none is shut.
    #[inline]
    #[must_use]
    pub fn are_open(self) -> bool {
        self == Gates::OPEN
    }

    /// Whether one of these is shut.
    #[inline]
    #[must_use]
    pub fn has(self, gates: Gates) -> bool {
        self.0 & gates.0 != 0
    }

    /// Shuts these, or opens them.
    pub fn set(&mut self, gates: Gates, shut: bool) {
        if shut {
            self.0 |= gates.0;
        } else {
            self.0 &= !gates.0;
        }
    }
}

impl BitOr for Gates {
    type Output = Gates;
    #[inline]
    fn bitor(self, other: Gates) -> Gates {
        Gates(self.0 | other.0)
    }
}
