//! A user: whether it may log in, with which passwords, and what it may do then.
//!
//! A password is kept as its SHA-256, so that whoever reads the memory, the config file or ACL LIST cannot
//! log in with what he finds. Whether one is right is found out in a time that does not depend on how
//! much of it is: every byte of every digest is compared.

use super::selector::Selector;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::hint::black_box;

/// The SHA-256 of a password.
pub type Digest = [u8; 32];

/// The digest of a password.
#[must_use]
pub fn digest(password: &[u8]) -> Digest {
    Sha256::digest(password).into()
}

/// Whether two digests are equal, in the same time wherever they differ. (The compiler must not see that the
/// rest does not matter after the first difference.)
fn is_same(a: &Digest, b: &Digest) -> bool {
    let differences = a.iter().zip(b);
    differences.fold(0, |sum, (a, b)| black_box(sum | (a ^ b))) == 0
}

/// Names a user: its place among the users. Free again once the user is deleted, when no session is
/// its any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UserId(pub(super) u16);

impl UserId {
    /// The user `default`.
    pub const DEFAULT: UserId = UserId(0);
}

/// See the module's text.
#[derive(Debug, Clone)]
pub struct User {
    /// Its name.
    pub name: Box<[u8]>,
    /// Whether one can log in as this user.
    pub is_on: bool,
    /// Whether any password is right.
    pub needs_no_password: bool,
    /// What was said about checking what RESTORE is given, if anything; there is no RESTORE here.
    pub sanitizes: Option<bool>,
    /// The digests of its passwords, by number, in the order in which they came.
    passwords: BTreeMap<u64, Digest>,
    /// The number of each of them.
    numbers: BTreeMap<Digest, u64>,
    /// What it may do.
    pub root: Selector,
    /// What else it may do: a command is allowed if one selector allows all of it.
    pub selectors: Vec<Selector>,
}

impl User {
    /// A new user, who cannot log in, and who may do nothing then; but use all channels, if so it says.
    #[must_use]
    pub fn new(name: &[u8], all_channels: bool) -> User {
        User {
            name: name.into(),
            is_on: false,
            needs_no_password: false,
            sanitizes: None,
            passwords: BTreeMap::new(),
            numbers: BTreeMap::new(),
            root: Selector::new(all_channels),
            selectors: Vec::new(),
        }
    }

    /// A user who needs no password and may do everything.
    #[must_use]
    pub fn all_powerful(name: &[u8]) -> User {
        User {
            is_on: true,
            needs_no_password: true,
            root: Selector::unrestricted(),
            ..User::new(name, true)
        }
    }

    /// Whether one can log in with the password that has this digest. (All passwords are compared with it.)
    #[must_use]
    pub fn admits(&self, digest: &Digest) -> bool {
        let passwords = self.passwords.values();
        let is_one = passwords.fold(false, |found, own| found | is_same(own, digest));
        self.is_on && (self.needs_no_password || is_one)
    }

    /// The digests of its passwords, in the order in which they came.
    #[must_use]
    pub fn passwords(&self) -> impl ExactSizeIterator<Item = &Digest> {
        self.passwords.values()
    }

    /// One more password; without one it cannot log in any more.
    pub fn add_password(&mut self, digest: Digest) {
        if !self.numbers.contains_key(&digest) {
            let last = self.passwords.last_key_value();
            let number = last.map_or(0, |(&number, _)| number + 1);
            self.passwords.insert(number, digest);
            self.numbers.insert(digest, number);
        }
        self.needs_no_password = false;
    }

    /// One password less; `false` if it is not one.
    pub fn remove_password(&mut self, digest: &Digest) -> bool {
        let number = self.numbers.remove(digest);
        number.is_some_and(|number| self.passwords.remove(&number).is_some())
    }

    /// No password at all: it cannot log in any more.
    pub fn forget_passwords(&mut self) {
        self.passwords.clear();
        self.numbers.clear();
        self.needs_no_password = false;
    }

    /// Any password will do.
    pub fn need_no_password(&mut self) {
        self.passwords.clear();
        self.numbers.clear();
        self.needs_no_password = true;
    }

    /// Its selectors, the root first.
    pub fn all_selectors(&self) -> impl Iterator<Item = &Selector> + Clone {
        std::iter::once(&self.root).chain(&self.selectors)
    }

    /// Whether there is nothing that it must not do.
    #[must_use]
    pub fn is_unrestricted(&self) -> bool {
        self.all_selectors().any(Selector::is_unrestricted)
    }
}
