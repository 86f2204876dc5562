//! Users as rules: what ACL LIST, ACL GETUSER and the files show.
//!
//! The commands of a selector are a set of bits, and the rules are found again from it. They begin with
//! all commands or with none. Then come the categories that fit best, one after the other: each time
//! the one that says most of what is still to be said and least that is wrong. Single commands put right
//! what is left.
//!
//! ```text
//!   the set      get set mget incr ... (all of @string), keys, not getdel
//!   rules        -@all  +@string  -getdel  +keys
//! ```
//!
//! Redis finds them in this way, and people compare the texts. The order of the single commands is that
//! of the table here; in Redis it is that of a hash table, and another one in every process.

use super::names::Names;
use crate::command::catalog::named::CATEGORIES;
use crate::engine::acl::{Access, CommandSet, Selector, User};

/// `user alice on #... ~* &* +@all`: the line that declares a user.
#[must_use]
pub fn line(names: &Names, user: &User) -> Vec<u8> {
    let mut line = [b"user ", &*user.name].concat();
    for flag in flags(user) {
        line.push(b' ');
        line.extend_from_slice(flag.as_bytes());
    }
    for password in user.passwords() {
        line.extend_from_slice(b" #");
        line.extend_from_slice(&hex(password));
    }
    line.push(b' ');
    line.extend_from_slice(&selector(names, &user.root));
    for other in &user.selectors {
        line.extend_from_slice(b" (");
        line.extend_from_slice(&selector(names, other));
        line.push(b')');
    }
    line
}

/// What is said of a user besides its passwords and what it may do.
pub fn flags(user: &User) -> impl Iterator<Item = &'static str> + Clone {
    let on = if user.is_on { "on" } else { "off" };
    let sanitizes = user.sanitizes.map(|sanitizes| {
        if sanitizes {
            "sanitize-payload"
        } else {
            "skip-sanitize-payload"
        }
    });
    let no_password = user.needs_no_password.then_some("nopass");
    [Some(on), no_password, sanitizes].into_iter().flatten()
}

/// Bytes in hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| DIGITS[usize::from(digit)]).collect()
}

fn selector(names: &Names, selector: &Selector) -> Vec<u8> {
    let mut text = keys(selector);
    if !text.is_empty() {
        text.push(b' ');
    }
    if !selector.all_channels {
        text.extend_from_slice(b"resetchannels ");
    }
    let channels = channels(selector);
    text.extend_from_slice(&channels);
    if !channels.is_empty() {
        text.push(b' ');
    }
    text.extend_from_slice(&commands(names, selector));
    text
}

/// The rules of a selector about keys.
#[must_use]
pub fn keys(selector: &Selector) -> Vec<u8> {
    if selector.all_keys {
        return b"~*".to_vec();
    }
    let patterns = selector.key_patterns().iter().map(|known| {
        let sign: &[u8] = match known.access {
            Access::ALL => b"~",
            Access::READ => b"%R~",
            _ => b"%W~",
        };
        [sign, &known.pattern].concat()
    });
    patterns.collect::<Vec<_>>().join(&b' ')
}

/// The rules of a selector about channels.
#[must_use]
pub fn channels(selector: &Selector) -> Vec<u8> {
    if selector.all_channels {
        return b"&*".to_vec();
    }
    let patterns = selector.channels().iter();
    let patterns = patterns.map(|pattern| [b"&", &**pattern].concat());
    patterns.collect::<Vec<_>>().join(&b' ')
}

/// The rules of a selector about commands.
#[must_use]
pub fn commands(names: &Names, selector: &Selector) -> Vec<u8> {
    let wanted = selector.commands();
    let adds = !wanted.contains(CommandSet::FUTURE);
    let (mut said, mut rules) = if adds {
        (CommandSet::NONE, b"-@all".to_vec())
    } else {
        (CommandSet::ALL, b"+@all".to_vec())
    };
    for category in categories(names, wanted, adds) {
        said.set_all(names.meant_by(category), adds);
        let sign: &[u8] = if adds { b" +" } else { b" -" };
        rules.extend_from_slice(sign);
        rules.extend_from_slice(CATEGORIES[category].as_bytes());
    }
    for word in names.words() {
        let is_wanted = wanted.contains(word.number);
        if is_wanted != said.contains(word.number) {
            said.set_all(&names.with_subcommands(word.number), is_wanted);
            rules.extend_from_slice(if is_wanted { b" +" } else { b" -" });
            rules.extend_from_slice(word.name.as_bytes());
        }
        // Where the whole command is allowed, they say nothing.
        let first_args = selector.first_args(word.number).iter();
        for arg in first_args.filter(|_| !is_wanted) {
            rules.extend_from_slice(b" +");
            rules.extend_from_slice(word.name.as_bytes());
            rules.push(b'|');
            rules.extend_from_slice(arg);
        }
    }
    rules
}

/// The categories to be added to no command, or else taken away from all, in the order in which they are
/// found.
fn categories(names: &Names, wanted: &CommandSet, adds: bool) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut left = *wanted;
    loop {
        let open = (0..CATEGORIES.len()).filter(|category| !found.contains(category));
        let scored = open.filter_map(|category| {
            let members = names.counted(category);
            let on = members.count_common(&left);
            let off = members.count_common(&CommandSet::ALL) - on;
            let (right, wrong) = if adds { (on, off) } else { (off, on) };
            (right > wrong).then_some((category, wrong, right))
        });
        // The fewest wrong ones; of equals the most right ones; of those the first.
        let best = scored.min_by_key(|&(_, wrong, right)| (wrong, std::cmp::Reverse(right)));
        let Some((best, ..)) = best else {
            return found;
        };
        left.set_all(names.meant_by(best), !adds);
        found.push(best);
    }
}
