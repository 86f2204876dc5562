//! What is said about a command: its name, arity and function, its flags, where its keys are, and
//! its documentation. An entry is made with a chain of `const` methods beside its function.

mod keys;

use super::{Call, Done};
pub use keys::{Condition, FindKey, Keys, NOT_KEYS, Place, Unless};
use std::num::NonZeroU8;

/// A property of a command, as COMMAND INFO shows it. Several are combined with `|`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(pub u32);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:expr, $text:expr;)*) => {
        $($(#[$doc])* pub const $name: Flags = Flags(1 << $bit);)*
        /// Every flag with the word COMMAND INFO has for it, in the order it lists them.
        pub const FLAG_NAMES: &[(Flags, &str)] = &[$(($name, $text)),*];
    };
}

flags! {
    /// May change data.
    WRITE = 0, "write";
    /// Reads data and changes none.
    READONLY = 1, "readonly";
    /// Refused when memory is full.
    DENY_OOM = 2, "denyoom";
    /// An administrator's command.
    ADMIN = 3, "admin";
    /// Concerns publish/subscribe.
    PUBSUB = 4, "pubsub";
    /// Not to be called from scripts.
    NO_SCRIPT = 5, "noscript";
    /// May wait for other clients.
    BLOCKING = 6, "blocking";
    /// Allowed while a data set is loading.
    LOADING = 7, "loading";
    /// Allowed on a stale replica.
    STALE = 8, "stale";
    /// Not shown to MONITOR.
    SKIP_MONITOR = 9, "skip_monitor";
    /// Not kept in the slow log.
    SKIP_SLOWLOG = 10, "skip_slowlog";
    /// O(1), or O(log n) at the most.
    FAST = 11, "fast";
    /// Allowed before AUTH.
    NO_AUTH = 12, "no_auth";
    /// Not allowed while a data set is loading from a master.
    NO_ASYNC_LOADING = 16, "no_async_loading";
    /// Not allowed inside a transaction.
    NO_MULTI = 13, "no_multi";
    /// Keys cannot be found by position alone; [`Command::keys`] sets it.
    MOVABLE_KEYS = 14, "movablekeys";
    /// May be run while a script is being timed out.
    ALLOW_BUSY = 15, "allow_busy";
}

/// May concern replicas although it changes no data: it waits during a pause of writes. COMMAND INFO has
/// no word for it.
pub const MAY_REPLICATE: Flags = Flags(1 << 31);

impl Flags {
    /// No flag at all.
    pub const NONE: Flags = Flags(0);

    /// Whether all of `other` is in `self`.
    #[must_use]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// One command, or one subcommand: an entry of a table.
#[derive(Debug)]
pub struct Command {
    /// Its name in capitals; a subcommand's own word only (`GET`, not `CONFIG|GET`).
    pub name: &'static str,
    /// How many words a request has, the name (and the container's) included; `-n`: at least n.
    pub arity: i8,
    /// What it does.
    pub run: fn(&mut Call) -> Done,
    /// What it is like.
    pub flags: Flags,
    /// Where its keys are.
    pub keys: &'static [Keys],
    /// Where its first key is, as far as that does not depend on the request. It follows from `keys`,
    /// and is kept apart because every request asks for it.
    pub first_key: Option<NonZeroU8>,
    /// ACL categories beyond those that follow from flags and group (`@keyspace`, `@dangerous`).
    pub categories: &'static [&'static str],
    /// Hints for clients and proxies (`nondeterministic_output`, ...).
    pub tips: &'static [&'static str],
    /// The Redis version it came with.
    pub since: &'static str,
    /// The Redis version from which on something else is recommended, or `""`.
    pub deprecated_since: &'static str,
    /// What is recommended instead, or `""`.
    pub replaced_by: &'static str,
    /// Whether it is for the server's own people rather than for programs (`syscmd`).
    pub system: bool,
    /// What it costs, or `""`.
    pub complexity: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its arguments in the notation of `docs.rs`.
    pub syntax: &'static str,
    /// Its subcommands; empty unless it is a container.
    pub subcommands: &'static [Command],
}

impl Command {
    /// An entry with a name, an arity and a function; the rest is said with the methods below.
    #[must_use]
    pub const fn new(name: &'static str, arity: i8, run: fn(&mut Call) -> Done) -> Command {
        Command {
            name,
            arity,
            run,
            flags: Flags::NONE,
            keys: &[],
            first_key: None,
            categories: &[],
            tips: &[],
            since: "",
            deprecated_since: "",
            replaced_by: "",
            system: false,
            complexity: "",
            summary: "",
            syntax: "",
            subcommands: &[],
        }
    }

    /// A command whose first argument chooses one of `subcommands`. Called without one, or with
    /// an unknown one, it answers with an error by itself.
    #[must_use]
    pub const fn container(name: &'static str, subcommands: &'static [Command]) -> Command {
        Command::new(name, -2, super::missing_subcommand).subcommands(subcommands)
    }

    /// With these subcommands, and a meaning of its own where none is given.
    #[must_use]
    pub const fn subcommands(mut self, subcommands: &'static [Command]) -> Command {
        self.subcommands = subcommands;
        self
    }

    /// With these flags.
    #[must_use]
    pub const fn flags(mut self, flags: &[Flags]) -> Command {
        let mut i = 0;
        while i < flags.len() {
            self.flags.0 |= flags[i].0;
            i += 1;
        }
        self
    }

    /// With its keys there. Where some of them are not at fixed positions, it has [`MOVABLE_KEYS`] too.
    #[must_use]
    pub const fn keys(mut self, keys: &'static [Keys]) -> Command {
        self.keys = keys;
        self.first_key = match keys {
            [first, ..] => first.first(),
            [] => None,
        };
        let mut i = 0;
        while i < keys.len() {
            if !matches!(keys[i].place, Place::Range { .. }) {
                self.flags.0 |= MOVABLE_KEYS.0;
            }
            i += 1;
        }
        self
    }

    /// In these further ACL categories.
    #[must_use]
    pub const fn categories(mut self, categories: &'static [&'static str]) -> Command {
        self.categories = categories;
        self
    }

    /// With these tips.
    #[must_use]
    pub const fn tips(mut self, tips: &'static [&'static str]) -> Command {
        self.tips = tips;
        self
    }

    /// Documented: the version it came with, its cost, what it does.
    #[must_use]
    pub const fn doc(
        mut self,
        since: &'static str,
        complexity: &'static str,
        summary: &'static str,
    ) -> Command {
        self.since = since;
        self.complexity = complexity;
        self.summary = summary;
        self
    }

    /// Deprecated since that version in favour of something else, which is said in the form that
    /// COMMAND DOCS has it: "`SET` with ...".
    #[must_use]
    pub const fn deprecated(mut self, since: &'static str, instead: &'static str) -> Command {
        self.deprecated_since = since;
        self.replaced_by = instead;
        self
    }

    /// For the server's own people rather than for programs.
    #[must_use]
    pub const fn system(mut self) -> Command {
        self.system = true;
        self
    }

    /// Its arguments, in the notation of `docs.rs`.
    #[must_use]
    pub const fn syntax(mut self, syntax: &'static str) -> Command {
        self.syntax = syntax;
        self
    }

    /// Whether a request of `words` words has the right number of them.
    #[must_use]
    pub fn accepts(&self, words: usize) -> bool {
        let arity = usize::from(self.arity.unsigned_abs());
        if self.arity < 0 {
            words >= arity
        } else {
            words == arity
        }
    }

    /// The subcommand called `name`, whatever its case.
    #[must_use]
    pub fn subcommand(&self, name: &[u8]) -> Option<&'static Command> {
        self.subcommands
            .iter()
            .find(|entry| entry.name.as_bytes().eq_ignore_ascii_case(name))
    }
}
