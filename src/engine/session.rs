//! What the server remembers of each connected client, apart from its socket and buffers.

use super::acl::user::UserId;
use super::gates::Gates;
use super::pubsub::{Counts, Subscriptions};
use super::tracking::Tracker;
use super::transaction::Transaction;
use super::uses::Uses;
use crate::resp::Protocol;
use slab::Slab;

/// Names a connected client: its place among the sessions. Free again once it has left; the
/// number that clients see, [`Session::id`], is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u32);

/// Which of its replies a client wants (CLIENT REPLY).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyMode {
    /// All. (It is 0: see [`Session::is_plain`].)
    #[default]
    On,
    /// None.
    Off,
    /// All but the next command's.
    SkipNext,
    /// All but this command's.
    Skip,
}

impl ReplyMode {
    /// Whether the command that is being run is answered.
    #[must_use]
    pub fn replies(self) -> bool {
        matches!(self, ReplyMode::On | ReplyMode::SkipNext)
    }
}

/// What the server last saw of a client's buffers, for CLIENT LIST.
#[derive(Debug, Clone, Copy, Default)]
pub struct BufferSizes {
    /// Bytes received that no command has used yet.
    pub query: u32,
    /// Bytes of the query buffer that are free.
    pub query_free: u32,
    /// Bytes of replies that wait to be sent.
    pub output: u32,
}

/// One client's state.
#[derive(Debug)]
pub struct Session {
    /// Its number, counted up from 1.
    pub id: u64,
    /// The number of the selected database.
    pub db: u32,
    /// The protocol its replies are written in.
    pub protocol: Protocol,
    /// The user that it is.
    pub user: UserId,
    /// Whether it has logged in, or came while nobody had to.
    pub authenticated: bool,
    /// Which replies it wants.
    pub reply_mode: ReplyMode,
    /// Whether its connection is to be closed once its replies are sent.
    pub closing: bool,
    /// Whether it waits for a key: its next request is run when that is over.
    pub blocked: bool,
    /// That its command has made messages while they came faster than they were delivered, and how often
    /// [that was over](crate::engine::PubSub::times_cleared) by then: its next request is run when it is over once more.
    pub held_back: Option<u64>,
    /// CLIENT NO-EVICT.
    pub no_evict: bool,
    /// What its lookups leave in the keys' entries: CLIENT NO-TOUCH, or as the policy of eviction wants.
    pub uses: Uses,
    /// Whether it came through a Unix socket.
    pub unix_socket: bool,
    /// Whether it is on this machine.
    pub is_local: bool,
    /// The descriptor of its socket, for people to see.
    pub fd: i32,
    /// The name that CLIENT SETNAME gave it.
    pub name: Box<[u8]>,
    /// What stands between this client and its commands.
    pub gates: Gates,
    /// What only few clients have.
    pub extras: Option<Box<Extras>>,
    /// Where it connects from, `ip:port` or `path:0`.
    pub addr: Box<str>,
    /// Where it connected to.
    pub local_addr: Box<str>,
    /// When it connected, in unix seconds.
    pub created_s: u64,
    /// When it last sent or took something, in unix seconds.
    pub active_s: u64,
    /// The number of the command it ran last, in the table of commands.
    pub last_command: Option<u16>,
    /// How many commands it has run.
    pub commands: u64,
    /// Its buffers.
    pub buffers: BufferSizes,
}

impl Session {
    /// Whether it may be silent for longer than `timeout`: it waits, or it only listens.
    #[must_use]
    pub fn may_be_silent(&self) -> bool {
        self.blocked || self.is_subscriber() || self.gates.has(Gates::MONITORING)
    }

    /// Whether its next request may be run: not if it is leaving, and not while it waits.
    #[inline]
    #[must_use]
    pub fn may_go_on(&self) -> bool {
        !(self.closing | self.blocked)
    }

    /// Whether nothing is special about the end of its requests: it wants its replies, is not leaving, and
    /// does not wait.
    #[inline]
    #[must_use]
    pub fn is_plain(&self) -> bool {
        (self.reply_mode as u8 | u8::from(self.closing) | u8::from(self.blocked)) == 0
    }

    /// What only few clients have, made if it is not there.
    pub fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// Bytes of memory that it takes, its buffers included as they were last noted.
    #[must_use]
    pub fn memory(&self) -> usize {
        let extras = self.extras.as_deref().map_or(0, Extras::memory);
        let texts = self.name.len() + self.addr.len() + self.local_addr.len();
        let buffers = [
            self.buffers.query,
            self.buffers.query_free,
            self.buffers.output,
        ];
        let buffers: usize = buffers.iter().map(|&bytes| bytes as usize).sum();
        size_of::<Session>() + texts + extras + buffers
    }

    /// What is kept for a client that tracks keys, or has done so.
    #[must_use]
    pub fn tracker(&self) -> Option<&Tracker> {
        self.extras.as_deref()?.tracking.as_deref()
    }

    /// How many subscriptions it has.
    #[must_use]
    pub fn subscriptions(&self) -> Counts {
        let extras = self.extras.as_deref();
        extras.map_or(Counts::default(), |extras| extras.subscriptions.counts)
    }

    /// Whether it has any: it is of the class `pubsub` then, and may be silent for as long as it likes.
    #[must_use]
    pub fn is_subscriber(&self) -> bool {
        self.subscriptions().total() > 0
    }

    /// Its protocol or its subscriptions have changed.
    pub fn settle_gates(&mut self) {
        let is_shut = self.protocol == Protocol::Resp2 && self.is_subscriber();
        self.gates.set(Gates::SUBSCRIBED, is_shut);
    }

    /// Remembers bytes that its own command has pushed to it, where its replies are not wanted:
    /// these are not replies. (CLIENT REPLY takes the others back when the command is over.)
    pub fn note_pushed(&mut self, bytes: &[u8]) {
        if self.reply_mode != ReplyMode::On {
            self.extras().unwanted.pushed.extend_from_slice(bytes);
        }
    }

    /// What was noted so. It is to be written again when replies have been taken back; and to be
    /// forgotten when they are wanted after all.
    pub fn take_pushed(&mut self) -> Vec<u8> {
        let extras = self.extras.as_deref_mut();
        extras.map_or(Vec::new(), |extras| {
            std::mem::take(&mut extras.unwanted.pushed)
        })
    }
}

/// What only few clients have; the others do not pay for it.
#[derive(Debug, Default)]
pub struct Extras {
    /// The library that CLIENT SETINFO named, and its version.
    pub library: Library,
    /// Which keys it keeps copies of, and how it is told that they change.
    pub tracking: Option<Box<Tracker>>,
    /// What MULTI has begun.
    pub transaction: Option<Box<Transaction>>,
    /// What it has subscribed to.
    pub subscriptions: Subscriptions,
    /// What is beside the replies that it does not want.
    pub unwanted: Unwanted,
}

/// What is to be known when the replies of a client are taken back that does not want them.
#[derive(Debug, Default)]
pub struct Unwanted {
    /// EXEC has left out its replies by itself.
    pub is_done: bool,
    /// What its command has pushed to it meanwhile.
    pub pushed: Vec<u8>,
}

impl Extras {
    /// Bytes of memory that they take.
    fn memory(&self) -> usize {
        let library = &self.library;
        let library = library.name.capacity() + library.version.capacity();
        let subscriptions = self.subscriptions.memory();
        let tracking = self.tracking.as_deref().map_or(0, Tracker::memory);
        size_of_val(self) + library + subscriptions + tracking + self.unwanted.pushed.capacity()
    }
}

/// What CLIENT SETINFO said.
#[derive(Debug, Default)]
pub struct Library {
    /// `lib-name`.
    pub name: Vec<u8>,
    /// `lib-ver`.
    pub version: Vec<u8>,
}

/// Who is connecting.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// Where from.
    pub addr: Box<str>,
    /// Where to.
    pub local_addr: Box<str>,
    /// Whether through a Unix socket.
    pub unix_socket: bool,
    /// Whether from this machine.
    pub is_local: bool,
    /// The socket's descriptor.
    pub fd: i32,
}

/// Every connected client's session.
#[derive(Debug, Default)]
pub struct Sessions {
    slots: Slab<Box<Session>>,
    last_id: u64,
    /// What lookups leave in the keys' entries, where a client has not said otherwise.
    uses: Uses,
}

impl Sessions {
    /// None yet.
    #[must_use]
    pub fn new() -> Sessions {
        Sessions::default()
    }

    /// How many clients are connected.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nobody is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// A client has connected at `now_s`, in unix seconds.
    pub fn open(&mut self, peer: Peer, now_s: u64) -> SessionId {
        self.last_id += 1;
        let session = Session {
            id: self.last_id,
            db: 0,
            protocol: Protocol::Resp2,
            user: UserId::DEFAULT,
            authenticated: false,
            reply_mode: ReplyMode::On,
            closing: false,
            blocked: false,
            held_back: None,
            no_evict: false,
            uses: self.uses,
            unix_socket: peer.unix_socket,
            is_local: peer.is_local,
            fd: peer.fd,
            name: Box::default(),
            gates: Gates::OPEN,
            extras: None,
            addr: peer.addr,
            local_addr: peer.local_addr,
            created_s: now_s,
            active_s: now_s,
            last_command: None,
            commands: 0,
            buffers: BufferSizes::default(),
        };
        // There are at most `maxclients` sessions, far fewer than 2^32.
        SessionId(self.slots.insert(Box::new(session)) as u32)
    }

    /// From now on lookups leave this in the keys' entries, but those of clients that said CLIENT NO-TOUCH.
    pub(super) fn set_uses(&mut self, uses: Uses) {
        self.uses = uses;
        for (_, session) in &mut self.slots {
            if session.uses != Uses::Ignored {
                session.uses = uses;
            }
        }
    }

    /// A client has left. (The engine's [`close_session`](super::Engine::close_session) takes it out of
    /// where it may be waiting, too.)
    pub(super) fn close(&mut self, id: SessionId) {
        self.slots.try_remove(id.0 as usize);
    }

    /// The client's session, if it is still connected.
    #[must_use]
    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.slots.get(id.0 as usize).map(|session| &**session)
    }

    /// The same, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.slots
            .get_mut(id.0 as usize)
            .map(|session| &mut **session)
    }

    /// The client with this number. (Every client is looked at; few commands ask.)
    #[must_use]
    pub fn numbered(&self, number: u64) -> Option<SessionId> {
        let mut slots = self.slots.iter();
        slots
            .find(|(_, session)| session.id == number)
            .map(|(slot, _)| SessionId(slot as u32))
    }

    /// Every session, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().map(|(_, session)| &**session)
    }

    /// The place of every session, in no order that means anything.
    pub fn ids(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.slots.iter().map(|(slot, _)| SessionId(slot as u32))
    }

    /// Every session with its place, in the order in which the clients connected.
    #[must_use]
    pub fn in_order(&self) -> Vec<(SessionId, &Session)> {
        let mut all: Vec<_> = self
            .slots
            .iter()
            .map(|(slot, session)| (SessionId(slot as u32), &**session))
            .collect();
        all.sort_unstable_by_key(|(_, session)| session.id);
        all
    }
}

impl std::ops::Index<SessionId> for Sessions {
    type Output = Session;
    #[inline]
    fn index(&self, id: SessionId) -> &Session {
        &self.slots[id.0 as usize]
    }
}

impl std::ops::IndexMut<SessionId> for Sessions {
    #[inline]
    fn index_mut(&mut self, id: SessionId) -> &mut Session {
        &mut self.slots[id.0 as usize]
    }
}
