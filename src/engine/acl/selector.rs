//! What may be done: which commands, with which keys, on which channels.
//!
//! Commands are a set of bits, one for each command and each subcommand, by number. The last bit
//! belongs to no command. It tells whether the set was made by taking away from all commands or by adding to
//! none: in the first case a command that a later version brings is allowed.

use super::listed::Listed;
use crate::glob;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many commands a set can hold, the one that is none included.
pub const COMMAND_BITS: usize = 1024;

/// A set of commands, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandSet([u64; COMMAND_BITS / 64]);

impl CommandSet {
    /// No command.
    pub const NONE: CommandSet = CommandSet([0; COMMAND_BITS / 64]);
    /// All commands, also those that there are not yet.
    pub const ALL: CommandSet = CommandSet([u64::MAX; COMMAND_BITS / 64]);
    /// The number that stands for commands that there are not yet.
    pub const FUTURE: u16 = COMMAND_BITS as u16 - 1;

    /// Whether a command is in it.
    ///
    /// # Panics
    /// When there can be no such number.
    #[inline]
    #[must_use]
    pub fn contains(&self, number: u16) -> bool {
        self.0[usize::from(number) / 64] >> (number % 64) & 1 == 1
    }

    /// Puts a command in, or takes it out.
    ///
    /// # Panics
    /// When there can be no such number.
    pub fn set(&mut self, number: u16, is_in: bool) {
        let (word, bit) = (usize::from(number) / 64, 1 << (number % 64));
        if is_in {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    /// Puts all commands of another set in, or takes them out.
    pub fn set_all(&mut self, others: &CommandSet, are_in: bool) {
        for (own, other) in self.0.iter_mut().zip(others.0) {
            if are_in {
                *own |= other;
            } else {
                *own &= !other;
            }
        }
    }

    /// How many commands are in both.
    #[must_use]
    pub fn count_common(&self, other: &CommandSet) -> u32 {
        let words = self.0.iter().zip(other.0);
        words.map(|(own, other)| (own & other).count_ones()).sum()
    }
}

/// What is done with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// What it holds is read.
    pub read: bool,
    /// It is changed, made or removed.
    pub write: bool,
}

impl Access {
    /// Reading and writing.
    pub const ALL: Access = Access {
        read: true,
        write: true,
    };
    /// Reading alone.
    pub const READ: Access = Access {
        read: true,
        write: false,
    };

    /// Whether all of `other` is in it.
    #[must_use]
    pub fn covers(self, other: Access) -> bool {
        (self.read || !other.read) && (self.write || !other.write)
    }
}

/// Keys, and what may be done with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPattern {
    /// What matches the keys, as a glob pattern.
    pub pattern: Arc<[u8]>,
    /// What may be done.
    pub access: Access,
}

/// See the module's text.
#[derive(Debug, Clone)]
pub struct Selector {
    commands: CommandSet,
    /// Of commands that are not in the set: with which first arguments they are allowed nevertheless.
    first_args: BTreeMap<u16, Listed<Vec<u8>>>,
    /// Whether every key may be used; there are no patterns then.
    pub all_keys: bool,
    key_patterns: Listed<KeyPattern>,
    /// Whether every channel may be used; there are no patterns then.
    pub all_channels: bool,
    channels: Listed<Arc<[u8]>>,
}

impl Selector {
    /// Allows nothing; but the use of all channels, if so it says.
    #[must_use]
    pub fn new(all_channels: bool) -> Selector {
        Selector {
            commands: CommandSet::NONE,
            first_args: BTreeMap::new(),
            all_keys: false,
            key_patterns: Listed::default(),
            all_channels,
            channels: Listed::default(),
        }
    }

    /// Allows everything.
    #[must_use]
    pub fn unrestricted() -> Selector {
        Selector {
            commands: CommandSet::ALL,
            all_keys: true,
            ..Selector::new(true)
        }
    }

    /// Whether there is nothing that it does not allow.
    #[must_use]
    pub fn is_unrestricted(&self) -> bool {
        self.commands == CommandSet::ALL && self.all_keys && self.all_channels
    }

    /// The commands that are allowed, whatever their arguments.
    #[must_use]
    pub fn commands(&self) -> &CommandSet {
        &self.commands
    }

    /// Allows all commands, also those to come, or none.
    pub fn set_every_command(&mut self, allowed: bool) {
        self.first_args.clear();
        self.commands = if allowed {
            CommandSet::ALL
        } else {
            CommandSet::NONE
        };
    }

    /// Allows these commands, or forbids them.
    pub fn set_commands(&mut self, commands: &CommandSet, allowed: bool) {
        self.first_args
            .retain(|&number, _| !commands.contains(number));
        self.commands.set_all(commands, allowed);
    }

    /// Allows a command where its first argument is this word, whatever its case.
    pub fn allow_first_arg(&mut self, number: u16, word: &[u8]) {
        let words = self.first_args.entry(number).or_default();
        words.get_or_add(&word.to_ascii_lowercase(), |_| word.to_vec());
    }

    /// The first arguments with which a command is allowed that is not in the set.
    #[must_use]
    pub fn first_args(&self, number: u16) -> &[Vec<u8>] {
        self.first_args.get(&number).map_or(&[], Listed::as_slice)
    }

    /// Whether a command is allowed with this first argument.
    #[must_use]
    pub fn allows_command(&self, number: u16, first_arg: Option<&[u8]>) -> bool {
        self.commands.contains(number)
            || first_arg.is_some_and(|arg| {
                let words = self.first_args(number);
                words.iter().any(|word| word.eq_ignore_ascii_case(arg))
            })
    }

    /// Allows every key.
    pub fn allow_all_keys(&mut self) {
        self.reset_keys();
        self.all_keys = true;
    }

    /// Allows no key.
    pub fn reset_keys(&mut self) {
        self.all_keys = false;
        self.key_patterns.clear();
    }

    /// Allows something with the keys that match a pattern.
    pub fn allow_keys(&mut self, pattern: &[u8], access: Access) {
        let none = Access::default();
        let new = |pattern| KeyPattern {
            pattern,
            access: none,
        };
        let known = self.key_patterns.get_or_add(pattern, new);
        known.access.read |= access.read;
        known.access.write |= access.write;
    }

    /// The patterns of the keys that may be used, in the order in which they came.
    #[must_use]
    pub fn key_patterns(&self) -> &[KeyPattern] {
        self.key_patterns.as_slice()
    }

    /// Whether this may be done with a key.
    #[must_use]
    pub fn allows_key(&self, key: &[u8], access: Access) -> bool {
        self.all_keys
            || self
                .key_patterns()
                .iter()
                .any(|known| known.access.covers(access) && glob::matches(&known.pattern, key))
    }

    /// Whether this may be done with every key there can be.
    #[must_use]
    pub fn allows_every_key(&self, access: Access) -> bool {
        let mut patterns = self.key_patterns().iter();
        self.all_keys
            || patterns.any(|known| known.access.covers(access) && *known.pattern == *b"*")
    }

    /// Allows every channel.
    pub fn allow_all_channels(&mut self) {
        self.reset_channels();
        self.all_channels = true;
    }

    /// Allows no channel.
    pub fn reset_channels(&mut self) {
        self.all_channels = false;
        self.channels.clear();
    }

    /// Allows the channels that match a pattern.
    pub fn allow_channels(&mut self, pattern: &[u8]) {
        self.channels.get_or_add(pattern, |pattern| pattern);
    }

    /// The patterns of the channels that may be used, in the order in which they came.
    #[must_use]
    pub fn channels(&self) -> &[Arc<[u8]>] {
        self.channels.as_slice()
    }

    /// Whether a channel may be used, or a pattern of channels: that has to be among those allowed as
    /// it is, since there is no telling whether what it matches is a part of what they match.
    #[must_use]
    pub fn allows_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        let fits = |known: &Arc<[u8]>| {
            if is_pattern {
                **known == *channel
            } else {
                glob::matches(known, channel)
            }
        };
        self.all_channels || self.channels().iter().any(fits)
    }
}
