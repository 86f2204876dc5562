//! Where a command's keys are among its arguments, as its entry says it.

use std::num::NonZeroU8;

/// Where some of a command's keys are among its arguments, and what is done with them: what Redis
/// calls a key spec.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    /// What the command does with them, in COMMAND INFO's words: `"RW access update"`.
    pub access: &'static str,
    /// Where they are.
    pub place: Place,
    /// A remark that COMMAND INFO carries, or `""`.
    pub notes: &'static str,
    /// Where `access` holds for some requests only: what holds for the others.
    pub unless: Option<Unless>,
}

/// What is "done with keys" that are none.
pub const NOT_KEYS: &str = "not_key";

/// Where keys are in a request, whose words are counted from 0, the command's name.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// At fixed positions.
    Range {
        /// The first key's position.
        first: u8,
        /// The last key's: counted from `first`, or, where negative, from the end.
        last: i8,
        /// From one key to the next.
        step: u8,
    },
    /// Behind a word that says how many there are.
    Counted {
        /// That word's position; the first key is the word after it.
        number: u8,
    },
    /// One key behind an option.
    Behind {
        /// The option's word, in capitals.
        option: &'static str,
        /// The first position at which it may stand.
        from: u8,
    },
    /// Where COMMAND INFO has no words to say it.
    Unknown {
        /// Finds the key in the words of a request; `None` where even that cannot be, because keys
        /// are made from what other keys hold.
        find: Option<FindKey>,
    },
}

/// Finds the position of a key among the words of a request, if it is there.
pub type FindKey = fn(&[&[u8]]) -> Option<usize>;

/// For which requests of a command something else is done with its keys, and what.
#[derive(Debug, Clone, Copy)]
pub struct Unless {
    /// For which.
    pub condition: Condition,
    /// What the command does with the keys then.
    pub access: &'static str,
}

/// Something about the words of a request.
#[derive(Debug, Clone, Copy)]
pub enum Condition {
    /// This option, in capitals, is not among the words after those that every request has.
    Without(&'static str),
    /// This function says so of all the words.
    When(fn(&[&[u8]]) -> bool),
}

impl Keys {
    const fn at(access: &'static str, place: Place) -> Keys {
        Keys {
            access,
            place,
            notes: "",
            unless: None,
        }
    }

    /// One key, at position 1.
    #[must_use]
    pub const fn one(access: &'static str) -> Keys {
        Keys::range(access, 1, 0, 1)
    }

    /// Keys from `first` to `last` (as in [`Place::Range`]), each `step` from the one before.
    #[must_use]
    pub const fn range(access: &'static str, first: u8, last: i8, step: u8) -> Keys {
        Keys::at(access, Place::Range { first, last, step })
    }

    /// As many keys as the word at position `number` says, right behind it: `numkeys key ...`.
    #[must_use]
    pub const fn counted(access: &'static str, number: u8) -> Keys {
        Keys::at(access, Place::Counted { number })
    }

    /// One key behind the first `option` at position `from` or later, where there is one.
    #[must_use]
    pub const fn behind(access: &'static str, option: &'static str, from: u8) -> Keys {
        Keys::at(access, Place::Behind { option, from })
    }

    /// Keys that the request does not show: they are made from what other keys hold.
    #[must_use]
    pub const fn unknown(access: &'static str) -> Keys {
        Keys::at(access, Place::Unknown { find: None })
    }

    /// A key in a place that COMMAND INFO cannot describe; `find` finds it.
    #[must_use]
    pub const fn found(access: &'static str, find: FindKey) -> Keys {
        Keys::at(access, Place::Unknown { find: Some(find) })
    }

    /// The same with a remark.
    #[must_use]
    pub const fn notes(self, notes: &'static str) -> Keys {
        Keys { notes, ..self }
    }

    /// The same where, without `option` in the request, only `access` happens to the keys. COMMAND
    /// INFO shows the most that can happen, and `variable_flags` with it.
    #[must_use]
    pub const fn without(self, option: &'static str, access: &'static str) -> Keys {
        self.unless(Condition::Without(option), access)
    }

    /// The same where only `access` happens to the keys when `holds` says so of a request's words.
    #[must_use]
    pub const fn when(self, holds: fn(&[&[u8]]) -> bool, access: &'static str) -> Keys {
        self.unless(Condition::When(holds), access)
    }

    const fn unless(self, condition: Condition, access: &'static str) -> Keys {
        let unless = Some(Unless { condition, access });
        Keys { unless, ..self }
    }

    /// Whether they are keys: sharded channels stand where keys do, so that a cluster finds their shard.
    #[must_use]
    pub fn are_keys(&self) -> bool {
        self.access != NOT_KEYS
    }

    /// The position of the first of them, where every request has it at the same one.
    pub(super) const fn first(&self) -> Option<NonZeroU8> {
        match self.place {
            Place::Range { first, .. } => NonZeroU8::new(first),
            Place::Counted { number } => NonZeroU8::new(number + 1),
            Place::Behind { .. } | Place::Unknown { .. } => None,
        }
    }
}
