//! Rules: the words of ACL SETUSER, of a `user` line, of the file with the users.
//!
//! ```text
//!   user alice   on >secret      ~app:* %R~ref:*    &news    +@read -keys     (~tmp:* +@all)
//!                └── login ──┘   └─── keys ────┘   channels  └ commands ┘     └─ a selector ┘
//! ```
//!
//! Each is applied to what the ones before it have made of the user. They come from outside and may be
//! wrong, so they are applied to a copy, which takes the user's place if all went well.

use super::names::{self, Names};
use crate::command::{is_word, until_nul};
use crate::engine::acl::user::{Digest, digest};
use crate::engine::acl::{Access, Selector, User};
use crate::resp::split_words;

/// How many hexadecimal digits a digest has.
const DIGEST_DIGITS: usize = 2 * size_of::<Digest>();

/// What is wrong with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// There is no such command, or no such category.
    Unknown,
    /// It is no rule.
    Syntax,
    /// A pattern of keys where all are allowed.
    AfterAllKeys,
    /// A pattern of channels where all are allowed.
    AfterAllChannels,
    /// Not the digest of a password.
    Digest,
    /// A password that the user does not have.
    Password,
    /// A first argument of a subcommand.
    FirstArg,
}

impl Wrong {
    /// In Redis's words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Wrong::Unknown => "Unknown command or category name in ACL",
            Wrong::Syntax => "Syntax error",
            Wrong::AfterAllKeys => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and \
                 does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            Wrong::AfterAllChannels => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and \
                 does not have any effect. Try 'resetchannels' to start with an empty list of \
                 channels"
            }
            Wrong::Digest => {
                "The password hash must be exactly 64 characters and contain only lowercase \
                 hexadecimal characters"
            }
            Wrong::Password => "The password you are trying to remove from the user does not exist",
            Wrong::FirstArg => "Allowing first-arg of a subcommand is not supported",
        }
    }
}

/// Reads rules.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What they can name.
    pub names: &'a Names,
    /// Whether a new selector allows all channels.
    pub all_channels: bool,
}

impl Rules<'_> {
    /// Applies one rule to a user. Words may be written in any case.
    ///
    /// # Errors
    /// What is wrong with it; the user may be changed in part.
    pub fn apply(&self, user: &mut User, rule: &[u8]) -> Result<(), Wrong> {
        match rule {
            [] => {}
            _ if is_word(rule, "on") => user.is_on = true,
            _ if is_word(rule, "off") => user.is_on = false,
            _ if is_word(rule, "nopass") => user.need_no_password(),
            _ if is_word(rule, "resetpass") => user.forget_passwords(),
            _ if is_word(rule, "sanitize-payload") => user.sanitizes = Some(true),
            _ if is_word(rule, "skip-sanitize-payload") => user.sanitizes = Some(false),
            _ if is_word(rule, "clearselectors") => user.selectors.clear(),
            _ if is_word(rule, "reset") => {
                let name = std::mem::take(&mut user.name);
                *user = User::new(&name, self.all_channels);
                user.sanitizes = Some(true);
            }
            [b'>', password @ ..] => user.add_password(digest(password)),
            [b'#', digits @ ..] => user.add_password(parse_digest(digits)?),
            [b'<', password @ ..] => remove_password(user, &digest(password))?,
            [b'!', digits @ ..] => remove_password(user, &parse_digest(digits)?)?,
            [b'(', inner @ .., b')'] => user.selectors.push(self.selector(inner)?),
            _ => self.apply_to_selector(&mut user.root, rule)?,
        }
        Ok(())
    }

    /// What stands between the parentheses of a selector. (Where quotes are not closed it has no rules, as
    /// in Redis.)
    fn selector(&self, rules: &[u8]) -> Result<Selector, Wrong> {
        let mut selector = Selector::new(self.all_channels);
        for rule in split_words(rules).unwrap_or_default() {
            self.apply_to_selector(&mut selector, &rule)?;
        }
        Ok(selector)
    }

    fn apply_to_selector(&self, selector: &mut Selector, rule: &[u8]) -> Result<(), Wrong> {
        let is = |word| is_word(rule, word);
        match rule {
            _ if is("allkeys") || is("~*") => selector.allow_all_keys(),
            _ if is("resetkeys") => selector.reset_keys(),
            _ if is("allchannels") || is("&*") => selector.allow_all_channels(),
            _ if is("resetchannels") => selector.reset_channels(),
            _ if is("allcommands") || is("+@all") => selector.set_every_command(true),
            _ if is("nocommands") || is("-@all") => selector.set_every_command(false),
            [b'~' | b'%', ..] => add_keys(selector, rule)?,
            [b'&', pattern @ ..] => add_channels(selector, pattern)?,
            [sign @ (b'+' | b'-'), b'@', category @ ..] => {
                let place = names::find_category(until_nul(category)).ok_or(Wrong::Unknown)?;
                selector.set_commands(self.names.meant_by(place), *sign == b'+');
            }
            [b'+', name @ ..] => self.allow(selector, until_nul(name))?,
            [b'-', name @ ..] => self.set(selector, until_nul(name), false)?,
            _ => return Err(Wrong::Syntax),
        }
        Ok(())
    }

    /// Allows a command or a subcommand, or forbids it.
    fn set(&self, selector: &mut Selector, name: &[u8], allowed: bool) -> Result<(), Wrong> {
        let number = names::find(name).ok_or(Wrong::Unknown)?;
        selector.set_commands(&self.names.with_subcommands(number), allowed);
        Ok(())
    }

    /// `+get`, `+config|get`, and the old `+select|0`, which allows a command with one first argument.
    fn allow(&self, selector: &mut Selector, name: &[u8]) -> Result<(), Wrong> {
        let Some(bar) = memchr::memrchr(b'|', name) else {
            return self.set(selector, name, true);
        };
        let (before, word) = (&name[..bar], &name[bar + 1..]);
        let number = names::find(before).ok_or(Wrong::Unknown)?;
        if self.names.is_subcommand(number) {
            return Err(Wrong::FirstArg);
        }
        if word.is_empty() {
            return Err(Wrong::Syntax);
        }
        if self.names.is_container(number) {
            return self.set(selector, name, true);
        }
        selector.allow_first_arg(number, word);
        Ok(())
    }
}

/// `~pattern`, `%R~pattern`, `%W~pattern`, `%RW~pattern`.
fn add_keys(selector: &mut Selector, rule: &[u8]) -> Result<(), Wrong> {
    if selector.all_keys {
        return Err(Wrong::AfterAllKeys);
    }
    let (access, pattern) = match rule {
        [b'%', rest @ ..] => parse_access(rest)?,
        _ => (Access::ALL, &rule[1..]),
    };
    if has_spaces(pattern) {
        return Err(Wrong::Syntax);
    }
    selector.allow_keys(pattern, access);
    Ok(())
}

/// The letters up to the `~`, and what follows it.
fn parse_access(text: &[u8]) -> Result<(Access, &[u8]), Wrong> {
    let mut access = Access::default();
    let mut rest = text;
    while let [letter, behind @ ..] = rest {
        rest = behind;
        match letter.to_ascii_uppercase() {
            b'R' if !access.read => access.read = true,
            b'W' if !access.write => access.write = true,
            b'~' => break,
            _ => return Err(Wrong::Syntax),
        }
    }
    if access == Access::default() {
        return Err(Wrong::Syntax);
    }
    Ok((access, rest))
}

fn add_channels(selector: &mut Selector, pattern: &[u8]) -> Result<(), Wrong> {
    if selector.all_channels {
        return Err(Wrong::AfterAllChannels);
    }
    if has_spaces(pattern) {
        return Err(Wrong::Syntax);
    }
    selector.allow_channels(pattern);
    Ok(())
}

fn remove_password(user: &mut User, digest: &Digest) -> Result<(), Wrong> {
    if user.remove_password(digest) {
        Ok(())
    } else {
        Err(Wrong::Password)
    }
}

/// The digest that 64 hexadecimal digits, none of them a capital letter, say.
fn parse_digest(digits: &[u8]) -> Result<Digest, Wrong> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(Wrong::Digest),
    };
    if digits.len() != DIGEST_DIGITS {
        return Err(Wrong::Digest);
    }
    let mut digest = Digest::default();
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Ok(digest)
}

/// Whether there is white space in it, or a NUL: it could not be read back then.
#[must_use]
pub fn has_spaces(text: &[u8]) -> bool {
    text.iter()
        .any(|byte| matches!(byte, b' ' | b'\t'..=b'\r' | 0))
}

/// Puts selectors together whose rules came as several words. A second opening parenthesis begins anew, as
/// in Redis.
///
/// # Errors
/// The word with the parenthesis that is never closed.
pub fn merge<'a>(words: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Vec<u8>>, &'a [u8]> {
    let mut merged = Vec::new();
    let mut open: Option<(&[u8], Vec<u8>)> = None;
    for word in words {
        let closes = word.ends_with(b")");
        if word.starts_with(b"(") && !closes {
            open = Some((word, word.to_vec()));
            continue;
        }
        match open.take() {
            None => merged.push(word.to_vec()),
            Some((first, mut selector)) => {
                selector.push(b' ');
                selector.extend_from_slice(word);
                if closes {
                    merged.push(selector);
                } else {
                    open = Some((first, selector));
                }
            }
        }
    }
    match open {
        None => Ok(merged),
        Some((first, _)) => Err(first),
    }
}

#[cfg(test)]
mod tests;
