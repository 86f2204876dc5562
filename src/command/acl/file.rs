//! Users from the config file, and from the file with the users.
//!
//! Either declares users, a line each, in the words of ACL SETUSER. They come from one of the two: a
//! server that has both could be believed to be safer than it is, and does not start.
//!
//! ```text
//!   requirepass secret            the password of the user default
//!   user alice on >pw ~* +get     lines of the config file: read at the start, rewritten by CONFIG REWRITE
//!   aclfile users.acl             or such lines in a file of their own: ACL LOAD, ACL SAVE
//! ```

use super::describe;
use super::names::Names;
use super::rules::{self, Rules, Wrong};
use crate::command::echoed;
use crate::engine::acl::{self, User};
use crate::engine::{Config, Engine, SessionId};

/// What the start says of a server with users in both places.
const TWO_PLACES: &str = "Configuring Redis with users defined in redis.conf and at the same setting an \
     ACL file path is invalid. This setup is very likely to lead to configuration errors and security \
     holes, please define either an ACL file or declare users directly in your redis.conf, but not \
     both.";

/// What ACL LOAD says behind what is wrong.
const NOTHING_CHANGED: &str = "WARNING: ACL errors detected, no change to the previously active ACL \
     rules was performed";

/// Keeps the words behind `user` of a line of the config file, for when the server starts.
///
/// # Errors
/// What is wrong with them. (Whether there are such commands is found out at the start.)
pub fn declare(config: &mut Config, words: &[Vec<u8>]) -> Result<(), String> {
    let Some((name, rest)) = words.split_first() else {
        return Err("wrong number of arguments".to_owned());
    };
    let wrong = |reason: &str| {
        let name = String::from_utf8_lossy(name);
        Err(format!("Error in user declaration '{name}': {reason}"))
    };
    if rules::has_spaces(name) {
        return wrong("Usernames can't contain spaces or null characters");
    }
    if config.users.iter().any(|declared| declared[0] == *name) {
        return wrong("Duplicate user found. A user can only be defined once in config files");
    }
    let Ok(rules) = rules::merge(rest.iter().map(Vec::as_slice)) else {
        return wrong("Unmatched parenthesis in selector definition");
    };
    let names = Names::new();
    let reader = Rules {
        names: &names,
        all_channels: config.acl_pubsub_all,
    };
    let mut user = User::new(name, config.acl_pubsub_all);
    for rule in &rules {
        if let Err(error) = reader.apply(&mut user, rule) {
            return wrong(error.text());
        }
    }
    config.users.push([vec![name.clone()], rules].concat());
    Ok(())
}

/// Makes the users that the settings name. To be called once, when the server starts.
///
/// # Errors
/// What is wrong with them.
pub fn load_at_start(engine: &mut Engine) -> Result<(), String> {
    let declared = std::mem::take(&mut engine.config.users);
    let has_file = !engine.config.aclfile.is_empty();
    if has_file && !declared.is_empty() {
        return Err(TWO_PLACES.to_owned());
    }
    let names = Names::new();
    let rules = Rules {
        names: &names,
        all_channels: engine.config.acl_pubsub_all,
    };
    for words in declared {
        let mut user = User::new(&words[0], rules.all_channels);
        // Redis applies `reset`, which says so, to the user default before its line; the others are new.
        if *user.name == *acl::DEFAULT {
            user.sanitizes = Some(true);
        }
        for rule in &words[1..] {
            let wrong = |error: Wrong| {
                let name = String::from_utf8_lossy(&words[0]);
                let rule = String::from_utf8_lossy(rule);
                let error = error.text();
                format!("Error loading ACL rule '{rule}' for the user named '{name}': {error}")
            };
            rules.apply(&mut user, rule).map_err(wrong)?;
        }
        if !engine.set_user(user) {
            return Err("There are too many users".to_owned());
        }
    }
    if has_file {
        let users = read(engine)
            .map_err(|error| String::from_utf8_lossy(&error).into_owned())
            .map_err(|error| format!("Aborting startup because of ACL errors: {error}"))?;
        put_in_place(engine, users, None);
    }
    Ok(())
}

/// Reads the file with the users again: they replace those that there are, and whoever is one of
/// those is cut off. If anything is wrong, nothing is changed.
///
/// # Errors
/// What is wrong, line by line.
pub fn load(engine: &mut Engine, own: SessionId) -> Result<(), Vec<u8>> {
    let users = read(engine)?;
    put_in_place(engine, users, Some(own));
    Ok(())
}

/// What the file with the users is to hold.
#[must_use]
pub fn text(engine: &Engine) -> Vec<u8> {
    let mut text = lines(engine).join(&b'\n');
    text.push(b'\n');
    text
}

/// The lines that declare the users.
#[must_use]
pub fn lines(engine: &Engine) -> Vec<Vec<u8>> {
    let names = Names::new();
    let users = engine.acl.in_order();
    users.map(|user| describe::line(&names, user)).collect()
}

/// The users that the file declares.
fn read(engine: &Engine) -> Result<Vec<User>, Vec<u8>> {
    let path = &engine.config.aclfile;
    let text = (engine.host.read_users)(path).map_err(|error| {
        let reason = without_number(&error);
        format!("Error loading ACLs, opening file '{path}': {reason}").into_bytes()
    })?;
    let names = Names::new();
    let mut reader = Reader {
        path,
        rules: Rules {
            names: &names,
            all_channels: engine.config.acl_pubsub_all,
        },
        users: Vec::new(),
        seen: std::collections::HashSet::new(),
        errors: Vec::new(),
    };
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        reader.line(number, line.trim_ascii());
    }
    // Whichever were left out, the user default might be among them, and then everybody could do everything.
    let others = reader.users.iter();
    let others = others.filter(|user| *user.name != *acl::DEFAULT);
    if others.count() >= acl::MAX_USERS {
        reader.wrong(&format!("{path}: there are too many users. "));
    }
    if reader.errors.is_empty() {
        return Ok(reader.users);
    }
    reader.errors.extend_from_slice(NOTHING_CHANGED.as_bytes());
    Err(reader.errors)
}

/// What the system says of an error, as C programs print it.
fn without_number(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

/// The file, as far as it has been read.
struct Reader<'a> {
    path: &'a str,
    rules: Rules<'a>,
    users: Vec<User>,
    /// Their names.
    seen: std::collections::HashSet<Vec<u8>>,
    /// What is wrong with it, in one line.
    errors: Vec<u8>,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        let mut words = line.split(|&byte| byte == b' ');
        let name = match (words.next(), words.next()) {
            (Some(b"user"), Some(name)) => name,
            _ => {
                let text = "should start with user keyword followed by the username. ";
                return self.wrong(&format!("{}:{number} {text}", self.path));
            }
        };
        let shown = String::from_utf8_lossy(echoed(name, usize::MAX)).into_owned();
        if rules::has_spaces(name) {
            let text = format!("username '{shown}' contains invalid characters. ");
            return self.wrong(&format!("'{}:{number}: {text}", self.path));
        }
        if !self.seen.insert(name.to_vec()) {
            let text = format!("WARNING: Duplicate user '{shown}' found on line {number}. ");
            return self.wrong(&text);
        }
        match rules::merge(words) {
            Ok(rules) => self.user(number, name, &rules),
            Err(_) => {
                let text = "Unmatched parenthesis in selector definition.";
                self.wrong(&format!("{}:{number}: {text}", self.path));
            }
        }
    }

    fn user(&mut self, number: usize, name: &[u8], rules: &[Vec<u8>]) {
        let mut user = User::new(name, self.rules.all_channels);
        let mut is_told = false;
        for rule in rules {
            let rule = rule.trim_ascii();
            let Err(error) = self.rules.apply(&mut user, rule) else {
                continue;
            };
            let (path, reason) = (self.path, error.text());
            if error == Wrong::Unknown {
                let rule = String::from_utf8_lossy(echoed(rule, usize::MAX)).into_owned();
                let text = format!("Error in applying operation '{rule}': {reason}. ");
                self.wrong(&format!("{path}:{number}: {text}"));
            } else if !std::mem::replace(&mut is_told, true) {
                // The others may only follow from it.
                self.wrong(&format!("{path}:{number}: {reason}. "));
            }
        }
        self.users.push(user);
    }

    fn wrong(&mut self, text: &str) {
        self.errors.extend_from_slice(text.as_bytes());
    }
}

/// Puts these users in the place of those that there are. The user default is always there.
fn put_in_place(engine: &mut Engine, users: Vec<User>, own: Option<SessionId>) {
    let old: Vec<Box<[u8]>> = engine
        .acl
        .in_order()
        .map(|user| user.name.clone())
        .filter(|name| **name != *acl::DEFAULT)
        .collect();
    engine.delete_users(old.iter().map(|name| &**name), own);
    let default = User::all_powerful(acl::DEFAULT);
    let are_added = engine.set_users(std::iter::once(default).chain(users));
    assert!(are_added, "there were not too many when they were read");
}

#[cfg(test)]
mod tests;
