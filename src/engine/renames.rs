//! Commands that this server knows by other names than Redis's, or not at all: what `rename-command` has said.
//!
//! An administrator takes CONFIG or FLUSHALL away from clients, or gives it a name that nobody guesses. Users with
//! permissions do that better, and many a config file still does it so.

/// The new names. Empty in nearly every server, and read only while it is not.
#[derive(Debug, Clone, Default)]
pub struct Renames {
    /// The names, as the table has them, that no longer mean their commands.
    gone: Vec<&'static str>,
    /// New names, with those that the table has.
    given: Vec<(Vec<u8>, &'static str)>,
}

impl Renames {
    /// Whether every command has its own name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty()
    }

    /// The table's name of the command that was given this one.
    #[must_use]
    pub fn given(&self, name: &[u8]) -> Option<&'static str> {
        let mut given = self.given.iter();
        let (_, own) = given.find(|(new, _)| new.eq_ignore_ascii_case(name))?;
        Some(own)
    }

    /// Whether the table's name no longer means its command.
    #[must_use]
    pub fn is_gone(&self, own: &str) -> bool {
        self.gone.contains(&own)
    }

    /// Whether the command can be called, by whatever name.
    #[must_use]
    pub fn can_be_called(&self, own: &str) -> bool {
        !self.is_gone(own) || self.given.iter().any(|(_, given)| *given == own)
    }

    /// Takes from the command that the table calls `own` the name that it has now.
    pub fn take_away(&mut self, own: &'static str) {
        self.given.retain(|(_, given)| *given != own);
        if !self.is_gone(own) {
            self.gone.push(own);
        }
    }

    /// Gives a command a name. It has none then: see [`take_away`](Renames::take_away).
    pub fn give(&mut self, name: &[u8], own: &'static str) {
        self.given.push((name.to_vec(), own));
    }
}
