//! What a command's arguments are: the notation of [`Command::syntax`](super::Command::syntax), and
//! its reading into the nested form that COMMAND DOCS replies with.
//!
//! An entry of the table says its arguments in one line, as a help text would:
//!
//! ```text
//! key value [condition=NX|XX] [GET] [expiration=EX seconds:integer|PX milliseconds:integer|KEEPTTL]
//! ─── ─────  ───────────────   ───   ──────────────────────────────────────────────────────────────
//!  │    │        oneof       pure-                            oneof
//! key string                 token
//! ```
//!
//! | written                    | means                                                              |
//! |----------------------------|--------------------------------------------------------------------|
//! | `value`                    | an argument of that name, a string                                 |
//! | `seconds:integer`          | of another type: what follows the last colon                       |
//! | `key`, `pattern`           | a name that is a type's own has that type                          |
//! | `source:key`, `to:key@1`   | a key; the number of the entry's key spec follows (0 if none does) |
//! | `pattern:pattern@1`        | a pattern of keys: of those of a key spec                          |
//! | `EX seconds:integer`       | an argument behind a token: the word without small letters         |
//! | `KEEPTTL`                  | a token alone: a `pure-token`, named like it in small letters      |
//! | `* auto-id:pure-token`     | a token alone with another name                                    |
//! | `[...]`                    | optional                                                           |
//! | `[name=a\|b]`, `(name=a\|b)` | `oneof`: one of several, optional or not                           |
//! | `[name=a b]`, `(name=a b)` | `block`: all of them, one after the other                          |
//! | `TYPE (name=a\|b)`          | a token before either                                              |
//! | `key ...`                  | any number of times                                                |
//! | `[GET pattern ...]`        | any number of times behind one token                               |
//! | `[GET pattern] ...`        | any number of times, each behind a token of its own                |
//! | `[count:integer]#6.2.0`    | there since that version, later than the command                   |
//!
//! A token binds to the name that follows it; `(ON) key` keeps the two apart.
//!
//! The lines are part of the program, so a malformed one is a mistake of ours: a test reads every
//! line of the table, and COMMAND DOCS may rely on that.

use crate::resp::Reply;
use std::fmt;

/// How deep brackets may lie in one another.
const MAX_DEPTH: usize = 8;

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any bytes.
    String,
    /// A 64-bit integer in decimal.
    Integer,
    /// A floating point number.
    Double,
    /// The name of a key.
    Key,
    /// A glob pattern.
    Pattern,
    /// A moment, in seconds or milliseconds since 1970.
    UnixTime,
    /// A word that stands for itself.
    PureToken,
    /// One of several arguments.
    OneOf,
    /// Several arguments that belong together.
    Block,
}

impl Kind {
    /// The kinds that can be written after a colon.
    const WRITTEN: [Kind; 7] = [
        Kind::String,
        Kind::Integer,
        Kind::Double,
        Kind::Key,
        Kind::Pattern,
        Kind::UnixTime,
        Kind::PureToken,
    ];

    /// The word that COMMAND DOCS has for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Key => "key",
            Kind::Pattern => "pattern",
            Kind::UnixTime => "unix-time",
            Kind::PureToken => "pure-token",
            Kind::OneOf => "oneof",
            Kind::Block => "block",
        }
    }

    fn named(name: &str) -> Option<Kind> {
        Kind::WRITTEN.into_iter().find(|kind| kind.name() == name)
    }
}

/// One argument of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name, for people.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// For a key, or a pattern of keys: the number of the key spec that finds it.
    pub key_spec: Option<u8>,
    /// The word that announces it.
    pub token: Option<&'static str>,
    /// The version it came with, if the command is older.
    pub since: Option<&'static str>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it may come several times.
    pub multiple: bool,
    /// Whether each time has the token before it.
    pub multiple_token: bool,
    /// What a `oneof` or a `block` consists of.
    pub arguments: Vec<Argument>,
}

impl Argument {
    fn new(name: impl Into<String>, kind: Kind) -> Argument {
        Argument {
            name: name.into(),
            kind,
            key_spec: (kind == Kind::Key).then_some(0),
            token: None,
            since: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            arguments: Vec::new(),
        }
    }

    /// Writes it as COMMAND DOCS does: a map.
    fn write(&self, reply: &mut Reply) {
        let flags: Vec<&str> = [
            (self.optional, "optional"),
            (self.multiple, "multiple"),
            (self.multiple_token, "multiple_token"),
        ]
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name))
        .collect();
        let fields = 2
            + usize::from(self.key_spec.is_some())
            + usize::from(self.token.is_some())
            + usize::from(self.since.is_some())
            + usize::from(!flags.is_empty())
            + usize::from(!self.arguments.is_empty());
        reply.map(fields);
        reply.bulk(b"name");
        reply.bulk(self.name.as_bytes());
        reply.bulk(b"type");
        reply.bulk(self.kind.name().as_bytes());
        if let Some(key_spec) = self.key_spec {
            reply.bulk(b"key_spec_index");
            reply.integer(i64::from(key_spec));
        }
        if let Some(token) = self.token {
            reply.bulk(b"token");
            reply.bulk(token.as_bytes());
        }
        if let Some(since) = self.since {
            reply.bulk(b"since");
            reply.bulk(since.as_bytes());
        }
        if !flags.is_empty() {
            reply.bulk(b"flags");
            reply.set(flags.len());
            for flag in flags {
                reply.simple(flag);
            }
        }
        if !self.arguments.is_empty() {
            reply.bulk(b"arguments");
            write(&self.arguments, reply);
        }
    }
}

/// Writes `arguments` as COMMAND DOCS does: an array of maps.
pub fn write(arguments: &[Argument], reply: &mut Reply) {
    reply.array(arguments.len());
    for argument in arguments {
        argument.write(reply);
    }
}

/// Where and why a line is not in the notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// At which byte of the line.
    pub at: usize,
    /// Why.
    pub why: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.why)
    }
}

/// Reads a line in the notation that the module's text describes.
///
/// # Errors
/// The first place where the line is not in it.
pub fn parse(syntax: &'static str) -> Result<Vec<Argument>, Malformed> {
    let mut reader = Reader {
        text: syntax,
        at: 0,
        depth: 0,
    };
    let mut arguments = Vec::new();
    while reader.peek().is_some() {
        arguments.push(reader.argument()?);
    }
    Ok(arguments)
}

/// A line being read: one method for each thing that can stand there.
struct Reader {
    text: &'static str,
    at: usize,
    depth: usize,
}

impl Reader {
    /// An argument, with what says that it repeats and since when it is there.
    fn argument(&mut self) -> Result<Argument, Malformed> {
        let mut argument = match self.peek() {
            Some(b'[') => self.repeated(b'[', b']')?,
            Some(b'(') => self.repeated(b'(', b')')?,
            _ => self.plain()?,
        };
        if let Some(version) = self.since() {
            argument.since = Some(version);
        }
        Ok(argument)
    }

    /// What stands in brackets, with what says behind them that it repeats.
    fn repeated(&mut self, open: u8, close: u8) -> Result<Argument, Malformed> {
        let mut argument = self.bracketed(open, close)?;
        if self.repeats() {
            argument.multiple = true;
            argument.multiple_token = argument.token.is_some();
        }
        Ok(argument)
    }

    /// `[...]` or `(...)`: a named group, or a single argument.
    fn bracketed(&mut self, open: u8, close: u8) -> Result<Argument, Malformed> {
        self.expect(open, "an opening bracket is missing")?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.malformed("too many brackets in one another"));
        }
        let mut argument = match self.group_name() {
            Some(name) => self.group(name, close)?,
            None => self.argument()?,
        };
        self.expect(close, "a closing bracket is missing")?;
        self.depth -= 1;
        argument.optional |= open == b'[';
        Ok(argument)
    }

    /// What follows `name=` up to the closing bracket: alternatives, or a sequence.
    fn group(&mut self, name: &'static str, close: u8) -> Result<Argument, Malformed> {
        let mut arguments = vec![self.argument()?];
        let kind = if self.peek() == Some(b'|') {
            Kind::OneOf
        } else {
            Kind::Block
        };
        while self.peek() != Some(close) {
            if kind == Kind::OneOf {
                self.expect(b'|', "alternatives are parted by |")?;
            }
            arguments.push(self.argument()?);
        }
        let mut group = Argument::new(name, kind);
        group.arguments = arguments;
        Ok(group)
    }

    /// A token, a name, or a token and what it announces.
    fn plain(&mut self) -> Result<Argument, Malformed> {
        let word = self.word()?;
        let mut argument = if !is_token(word) {
            self.named(word)?
        } else {
            let mut announced = self.announced(word)?;
            announced.token = Some(word);
            announced
        };
        argument.multiple |= self.repeats();
        Ok(argument)
    }

    /// What stands behind the token `word`; the token itself when that is nothing.
    fn announced(&mut self, word: &'static str) -> Result<Argument, Malformed> {
        match self.peek() {
            Some(b'(') => {
                let argument = self.bracketed(b'(', b')')?;
                if argument.token.is_some() {
                    return Err(self.malformed("two tokens before one argument"));
                }
                Ok(argument)
            }
            Some(byte) if is_word(byte) && !is_token(self.next_word()) => {
                let word = self.word()?;
                self.named(word)
            }
            _ => Ok(Argument::new(word.to_ascii_lowercase(), Kind::PureToken)),
        }
    }

    /// The argument that `word` names: `name`, `name:type` or `name:key@n`.
    fn named(&self, word: &'static str) -> Result<Argument, Malformed> {
        let Some((name, kind)) = word.rsplit_once(':') else {
            let kind = Kind::named(word).unwrap_or(Kind::String);
            return Ok(Argument::new(word, kind));
        };
        let (kind, spec) = match kind.split_once('@') {
            Some((kind, spec)) => (kind, Some(spec)),
            None => (kind, None),
        };
        let kind = Kind::named(kind).ok_or_else(|| self.malformed("an unknown type"))?;
        let mut argument = Argument::new(name, kind);
        if let Some(spec) = spec {
            if !matches!(kind, Kind::Key | Kind::Pattern) {
                return Err(self.malformed("only a key or a pattern has a key spec"));
            }
            let spec = spec.parse();
            argument.key_spec = Some(spec.map_err(|_| self.malformed("a key spec is a number"))?);
        }
        Ok(argument)
    }

    /// The name of the group that begins here, if one does: a word up to its `=`.
    fn group_name(&mut self) -> Option<&'static str> {
        self.peek();
        let (name, _) = self.next_word().split_once('=')?;
        if name.is_empty() {
            return None;
        }
        self.at += name.len() + 1;
        Some(name)
    }

    /// Whether `...` stands here; it is read then.
    fn repeats(&mut self) -> bool {
        self.peek();
        let repeats = self.next_word() == "...";
        if repeats {
            self.at += self.next_word().len();
        }
        repeats
    }

    /// The version that stands here behind a `#`, if one does; it is read then.
    fn since(&mut self) -> Option<&'static str> {
        self.peek();
        let word = self.next_word();
        let version = word.strip_prefix('#')?;
        self.at += word.len();
        Some(version)
    }

    /// The next byte that is not a space, left where it is.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
        self.at += spaces;
        rest.get(spaces).copied()
    }

    fn expect(&mut self, byte: u8, why: &'static str) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(self.malformed(why));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self) -> Result<&'static str, Malformed> {
        self.peek();
        let word = self.next_word();
        if word.is_empty() || word == "..." {
            return Err(self.malformed("an argument is missing"));
        }
        self.at += word.len();
        Ok(word)
    }

    /// The word that begins exactly here, `""` if none does; it is not read yet.
    fn next_word(&self) -> &'static str {
        let rest = &self.text[self.at..];
        let end = rest.bytes().position(|byte| !is_word(byte));
        &rest[..end.unwrap_or(rest.len())]
    }

    fn malformed(&self, why: &'static str) -> Malformed {
        Malformed { at: self.at, why }
    }
}

fn is_word(byte: u8) -> bool {
    !b" []()|".contains(&byte)
}

/// A token has no small letter; `...` is none.
fn is_token(word: &str) -> bool {
    word != "..." && !word.bytes().any(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests;
