//! Users, and what each of them may do.
//!
//! Every connection belongs to a user. A fresh one is the user `default`, which may do everything and
//! needs no password unless somebody has said otherwise; AUTH makes it another.
//!
//! ```text
//!   session.user ─▶ users[2] ─▶ User  on  #5e88..   passwords, as SHA-256
//!        │                        root    ~app:*  &news  -@all +get +set      what it may do ...
//!        │                        (       %R~ref:*  -@all +mget       )       ... or this instead
//!        ▼
//!   session.gates: RESTRICTED shut, if there is anything that the user may not do
//! ```
//!
//! Asking all of that about each request of each client would cost more than a GET. So the answer to "is
//! there anything at all that this client must not do" is kept as one gate of its session, and every
//! function here that changes users, or the user of a session, sets the gates anew. A client that is not
//! logged in although it has to be is restricted, too.
//!
//! The engine knows commands by their numbers only. What a rule like `+@read` means is known a layer
//! above, where the table of commands is.

pub mod listed;
pub mod log;
pub mod selector;
pub mod user;

use super::gates::Gates;
use super::session::Peer;
use super::{Engine, Mail, SessionId};
pub use log::{Context, Log, Reason};
pub use selector::{Access, CommandSet, Selector};
use slab::Slab;
use std::collections::{BTreeMap, HashMap};
pub use user::{User, UserId};

/// The name of the user that every connection begins as. It cannot be deleted.
pub const DEFAULT: &[u8] = b"default";

/// The most users there can be: a session names its own in two bytes.
pub const MAX_USERS: usize = 1 << 16;

/// All users, and the log of what was denied.
#[derive(Debug)]
pub struct Acl {
    users: Slab<User>,
    /// By name, in the order in which they are listed.
    names: BTreeMap<Box<[u8]>, UserId>,
    /// What was denied, and to whom.
    pub log: Log,
}

impl Default for Acl {
    fn default() -> Acl {
        Acl::new()
    }
}

impl Acl {
    /// With the one user `default`, who may do everything.
    #[must_use]
    pub fn new() -> Acl {
        let mut acl = Acl {
            users: Slab::new(),
            names: BTreeMap::new(),
            log: Log::default(),
        };
        acl.add(User::all_powerful(DEFAULT));
        acl
    }

    /// The user with this name.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<UserId> {
        self.names.get(name).copied()
    }

    /// All users in the order of their names.
    pub fn in_order(&self) -> impl ExactSizeIterator<Item = &User> {
        self.names.values().map(|&id| self.user(id))
    }

    /// A user.
    #[must_use]
    pub fn user(&self, id: UserId) -> &User {
        &self.users[usize::from(id.0)]
    }

    fn default_user(&self) -> &User {
        self.user(UserId::DEFAULT)
    }

    /// Whether nobody is served who has not logged in.
    fn is_locked(&self) -> bool {
        let user = self.default_user();
        !user.needs_no_password || !user.is_on
    }

    /// Adds a user, or puts it in the place of the one with its name; `false` when there is no room.
    fn add(&mut self, user: User) -> bool {
        if let Some(id) = self.find(&user.name) {
            self.users[usize::from(id.0)] = user;
            return true;
        }
        if self.users.len() >= MAX_USERS {
            return false;
        }
        let name = user.name.clone();
        let slot = self.users.insert(user);
        self.names.insert(name, UserId(slot as u16));
        true
    }

    fn remove(&mut self, id: UserId) {
        assert_ne!(id, UserId::DEFAULT, "the user default is always there");
        let user = self.users.remove(usize::from(id.0));
        self.names.remove(&user.name);
    }
}

impl Engine {
    /// Whether the user `default` needs a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        !self.acl.default_user().needs_no_password
    }

    /// Whether everybody who can connect may do everything.
    #[must_use]
    pub fn is_open_to_all(&self) -> bool {
        !self.acl.is_locked() && self.acl.default_user().is_unrestricted()
    }

    /// Whether this client is refused until it has logged in.
    #[inline]
    #[must_use]
    pub fn must_authenticate(&self, id: SessionId) -> bool {
        !self.sessions[id].authenticated && self.acl.is_locked()
    }

    /// The user that a client is.
    #[must_use]
    pub fn user_of(&self, id: SessionId) -> &User {
        self.acl.user(self.sessions[id].user)
    }

    /// A client has connected.
    pub fn open_session(&mut self, peer: Peer) -> SessionId {
        let id = self.sessions.open(peer, self.clock.unix_s());
        self.log_out(id);
        id
    }

    /// Makes a client the user `default`, as it was when it connected. Whoever comes while nobody
    /// needs to log in stays in when a password is set later, as in Redis.
    pub fn log_out(&mut self, id: SessionId) {
        self.become_user(id, UserId::DEFAULT, !self.acl.is_locked());
    }

    /// Makes a client the user `name`, if that one is on and the password right. If not, it stays who it
    /// was.
    pub fn log_in(&mut self, id: SessionId, name: &[u8], password: &[u8]) -> bool {
        // Hashed whoever it is, so that the time does not tell which names there are.
        let digest = user::digest(password);
        let found = self.acl.find(name);
        let Some(found) = found.filter(|&found| self.acl.user(found).admits(&digest)) else {
            return false;
        };
        self.become_user(id, found, true);
        true
    }

    fn become_user(&mut self, id: SessionId, user: UserId, authenticated: bool) {
        let session = &mut self.sessions[id];
        session.user = user;
        session.authenticated = authenticated;
        self.set_gate(id);
    }

    /// Adds a user, or changes the one with its name: what its clients may do changes with it. `false`
    /// when there are too many.
    pub fn set_user(&mut self, user: User) -> bool {
        let is_added = self.acl.add(user);
        self.set_all_gates();
        is_added
    }

    /// The same for many at once: the clients are looked at once.
    pub fn set_users(&mut self, users: impl IntoIterator<Item = User>) -> bool {
        let are_added = users.into_iter().all(|user| self.acl.add(user));
        self.set_all_gates();
        are_added
    }

    /// Deletes the users with these names, and tells how many there were. Their clients are cut off; `own`,
    /// whose command it is, once it has its reply.
    ///
    /// # Panics
    /// When one is the user `default`.
    pub fn delete_users<'a>(
        &mut self,
        names: impl Iterator<Item = &'a [u8]>,
        own: Option<SessionId>,
    ) -> usize {
        let mut users: Vec<UserId> = names.filter_map(|name| self.acl.find(name)).collect();
        users.sort_unstable();
        users.dedup();
        let sessions = self.sessions.in_order().into_iter();
        let theirs: Vec<SessionId> = sessions
            .filter(|(_, session)| users.binary_search(&session.user).is_ok())
            .map(|(id, _)| id)
            .collect();
        for id in theirs {
            // Should anything still run for it, it must not be with what it was allowed before.
            self.become_user(id, UserId::DEFAULT, false);
            self.cut_off(id, own);
        }
        for &user in &users {
            self.acl.remove(user);
        }
        users.len()
    }

    /// The clients that are this user.
    #[must_use]
    pub fn sessions_of(&self, user: UserId) -> Vec<SessionId> {
        let all = self.sessions.in_order().into_iter();
        all.filter(|(_, session)| session.user == user)
            .map(|(id, _)| id)
            .collect()
    }

    /// Closes a client's connection; that of `own`, whose command it is, once it has its reply.
    pub fn cut_off(&mut self, id: SessionId, own: Option<SessionId>) {
        if Some(id) == own {
            self.sessions[id].closing = true;
        } else {
            // What comes into being from now on is not for it, and nobody counts it any more.
            self.stop_waiting(id);
            self.stop_monitoring(id);
            self.stop_tracking(id);
            self.unsubscribe_all(id);
            self.mail.push(Mail::Close(id));
        }
    }

    /// Gives the user `default` the password that the setting `requirepass` says, and no other; none
    /// where that is empty.
    pub fn set_default_password(&mut self) {
        let mut user = self.acl.default_user().clone();
        user.forget_passwords();
        match &*self.config.requirepass {
            [] => user.needs_no_password = true,
            password => user.add_password(user::digest(password)),
        }
        self.set_user(user);
    }

    /// Shuts or opens the gate of a client, by what it may do.
    fn set_gate(&mut self, id: SessionId) {
        let is_restricted = self.must_authenticate(id) || !self.user_of(id).is_unrestricted();
        let gates = &mut self.sessions[id].gates;
        gates.set(Gates::RESTRICTED, is_restricted);
    }

    /// The same for all clients. Each user is looked at once: one can have thousands of selectors.
    fn set_all_gates(&mut self) {
        let mut is_restricted = HashMap::new();
        let ids: Vec<SessionId> = self.sessions.ids().collect();
        for id in ids {
            let user = self.sessions[id].user;
            let by_user = *is_restricted
                .entry(user)
                .or_insert_with(|| !self.acl.user(user).is_unrestricted());
            let must_log_in = self.must_authenticate(id);
            let gates = &mut self.sessions[id].gates;
            gates.set(Gates::RESTRICTED, must_log_in || by_user);
        }
    }
}

#[cfg(test)]
mod tests;
