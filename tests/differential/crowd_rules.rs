//! What may differ between what a client of ours sees and one of the oracle's; see `rules` for the other streams.
//!
//! First what is no difference at all is made the same in the bytes: addresses, the time in a monitor's lines, and the
//! usher, whom nobody is to see. If they still differ, values are compared under the rules.

use std::collections::BTreeSet;

use crate::common::Value;
use crate::common::client::parse;

/// What has come to a client.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// Values.
    pub values: Vec<Value>,
    /// Bytes that are none.
    pub rest: Vec<u8>,
    /// Whether the server has closed.
    pub is_closed: bool,
}

/// A rewriting after which two right answers are the same.
struct Rule {
    /// Why they may differ.
    _name: &'static str,
    /// Applied to every value, inner ones first.
    rewrite: fn(&mut Value),
}

const RULES: &[Rule] = &[
    Rule {
        _name: "CLIENT LIST, CLIENT INFO: what a session is; the rest is this connection's",
        rewrite: client_lines,
    },
    Rule {
        _name: "ACL LOG: how long ago it was",
        rewrite: log_age,
    },
    Rule {
        _name: "ACL LIST, ACL GETUSER: single commands stand in the order of the table",
        rewrite: in_any_order,
    },
    Rule {
        _name: "SLOWLOG GET: when, how long it took, and how many there were before this stream",
        rewrite: slow_entry,
    },
    Rule {
        _name: "SLOWLOG GET: ours may look after the usher between two requests of one write",
        rewrite: no_usher,
    },
];

/// The bytes with everybody's address replaced by what stands for it, without times and without the usher's lines.
pub fn tidy(came: &[u8], addresses: &[(String, String)]) -> Vec<u8> {
    let mut out = came.to_vec();
    for (address, name) in addresses {
        let port = address.rfind(':').map_or(0, |at| at + 1);
        // Every port has five digits, or the lengths of strings would not fit any more.
        let to = format!("{}{name}", &address[..port]);
        if to.len() == address.len() {
            replace(&mut out, address.as_bytes(), to.as_bytes());
        }
    }
    let mut at = 0;
    while at < out.len() {
        if let Some(size) = monitor_head(&out[at..]) {
            out[at + 1..at + size].fill(b'0');
            let line = out[at..].windows(2).position(|two| two == b"\r\n");
            let size = line.map_or(out.len() - at, |line| line + 2);
            let head = out[at..at + size].splitn(2, |byte| *byte == b']').next();
            if head.is_some_and(|head| head.ends_with(b":usher")) {
                out.drain(at..at + size);
                continue;
            }
        }
        at += 1;
    }
    sort_patterns(&mut out);
    out
}

/// A message that several patterns of a client match comes once for each, in the order of a hash table. (In an array of
/// EXEC it is no element, so this is done before values are read.)
fn sort_patterns(bytes: &mut [u8]) {
    const HEADS: &[&[u8]] = &[b">4\r\n$8\r\npmessage\r\n", b"*4\r\n$8\r\npmessage\r\n"];
    let message = |bytes: &[u8]| {
        let is_one = HEADS.iter().any(|head| bytes.starts_with(head));
        let (value, size) = parse(bytes).filter(|_| is_one)?;
        match parts(&value) {
            Some((_, [_, channel, text])) => Some(((channel.clone(), text.clone()), size)),
            _ => None,
        }
    };
    let mut at = 0;
    while at < bytes.len() {
        let Some((about, _)) = message(&bytes[at..]) else {
            at += 1;
            continue;
        };
        let mut same = Vec::new();
        let mut end = at;
        while let Some((_, size)) = message(&bytes[end..]).filter(|found| found.0 == about) {
            same.push(bytes[end..end + size].to_vec());
            end += size;
        }
        same.sort();
        bytes[at..end].copy_from_slice(&same.concat());
        at = end;
    }
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let mut at = 0;
    while at + from.len() <= bytes.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        at += 1;
    }
}

/// The length of `+1700000000.123456`, where a line of a monitor begins.
fn monitor_head(bytes: &[u8]) -> Option<usize> {
    const HEAD: &[u8] = b"+dddddddddd.dddddd [";
    let fits = |(byte, kind): (&u8, &u8)| match kind {
        b'd' => byte.is_ascii_digit(),
        _ => byte == kind,
    };
    let is_head = bytes.len() >= HEAD.len() && bytes.iter().zip(HEAD).all(fits);
    is_head.then_some(HEAD.len() - 2)
}

impl Seen {
    /// From what has come.
    pub fn new(came: &[u8], is_closed: bool) -> Seen {
        let mut bytes = came;
        let mut values = Vec::new();
        loop {
            if let Some((value, size)) = parse(bytes) {
                values.push(value);
                bytes = &bytes[size..];
            } else if let Some(end) = bytes.windows(2).position(|two| two == b"\r\n")
                && bytes.starts_with(b"*")
            {
                // Who is killed in a transaction gets less than all of its array, or who wants no more replies.
                values.push(Value::Simple(bytes[..end].to_vec()));
                bytes = &bytes[end + 2..];
            } else {
                break;
            }
        }
        Seen {
            values,
            rest: bytes.to_vec(),
            is_closed,
        }
    }

    /// With all invalidations in one, each key once. Who has waited goes on in the next turn of our loop, in the same turn of
    /// the oracle's; a key may expire in the turn that it came in, or later; and BCAST tells all keys of a turn together.
    fn merged(&self) -> (Vec<Value>, BTreeSet<Value>) {
        let keys = |value: &Value| match parts(value) {
            Some((b"invalidate", [Value::Array(keys)])) => Some(keys.clone()),
            Some((b"message", [_, Value::Array(keys)])) => Some(keys.clone()),
            // One for each of them.
            Some((b"tracking-redir-broken", [id])) => Some(vec![id.clone()]),
            _ => None,
        };
        let all: BTreeSet<Value> = self.values.iter().filter_map(keys).flatten().collect();
        let rest = self.values.iter().filter(|value| keys(value).is_none());
        (rest.cloned().collect(), all)
    }

    /// Whether the same has come but for that.
    pub fn tells_all_of(&self, theirs: &Seen) -> bool {
        let same_end = self.rest == theirs.rest && self.is_closed == theirs.is_closed;
        same_end && self.merged() == theirs.merged()
    }

    /// What is left when everything that may differ is made the same.
    /// `lists_channels` is for the client that may have asked for a list of them.
    pub fn even(mut self, lists_channels: bool) -> Seen {
        self.values.iter_mut().for_each(rewrite);
        if lists_channels {
            unordered_channels(&mut self.values);
        }
        unordered_leave(&mut self.values);
        unordered_messages(&mut self.values);
        self
    }
}

/// The same of what is left in a server: names stand in the order of hash tables.
pub fn state(mut value: Value) -> Value {
    rewrite(&mut value);
    if let Value::Array(items) = &mut value {
        items.sort();
    }
    value
}

fn rewrite(value: &mut Value) {
    match value {
        Value::Array(items) | Value::Push(items) | Value::Set(items) => {
            items.iter_mut().for_each(rewrite);
        }
        Value::Map(pairs) => {
            for (key, value) in pairs {
                rewrite(key);
                rewrite(value);
            }
        }
        _ => {}
    }
    for rule in RULES {
        (rule.rewrite)(value);
    }
}

fn client_lines(value: &mut Value) {
    const SESSION: &[&str] = &[
        "id", "addr", "name", "flags", "db", "sub", "psub", "ssub", "multi", "cmd", "user",
        "redir", "resp",
    ];
    let (Value::Bulk(text) | Value::Verbatim(text)) = value else {
        return;
    };
    let Ok(all) = std::str::from_utf8(text) else {
        return;
    };
    let all = all.strip_prefix("txt:").unwrap_or(all);
    if !all.starts_with("id=") {
        return;
    }
    let is_session = |word: &&str| SESSION.contains(&word.split('=').next().unwrap_or_default());
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').filter(is_session).collect();
        words.join(" ")
    };
    let lines = all.lines().filter(|line| !line.contains(":usher "));
    let mut lines: Vec<String> = lines.map(line).collect();
    // The oracle's list turns while its timer goes through it.
    lines.sort();
    *text = lines.join("\n").into();
}

fn log_age(value: &mut Value) {
    let is_age = |value: &Value| *value == Value::bulk("age-seconds");
    match value {
        Value::Array(items) => {
            for at in 1..items.len() {
                if is_age(&items[at - 1]) {
                    items[at] = Value::Nil;
                }
            }
        }
        Value::Map(pairs) => {
            for (_, age) in pairs.iter_mut().filter(|(key, _)| is_age(key)) {
                *age = Value::Nil;
            }
        }
        _ => {}
    }
}

fn in_any_order(value: &mut Value) {
    let Value::Bulk(text) = value else { return };
    let is_rules = text.starts_with(b"user ") || text.starts_with(b"-@") || text.starts_with(b"+@");
    if is_rules {
        let mut words: Vec<&[u8]> = text.split(|byte| *byte == b' ').collect();
        words.sort_unstable();
        *text = words.join(&b' ');
    }
}

/// Id, unix time, microseconds, words, address, name.
fn slow_entry(value: &mut Value) {
    let Value::Array(fields) = value else { return };
    if let [
        number @ Value::Int(_),
        time @ Value::Int(_),
        took @ Value::Int(_),
        Value::Array(_),
        _,
        _,
    ] = fields.as_mut_slice()
    {
        (*number, *time, *took) = (Value::Nil, Value::Nil, Value::Nil);
    }
}

/// In a log, entries are arrays whose fifth field is an address.
fn no_usher(value: &mut Value) {
    let Value::Array(items) = value else { return };
    let is_ushers = |entry: &Value| {
        let Value::Array(fields) = entry else {
            return false;
        };
        matches!(&fields[..], [_, _, _, Value::Array(_), Value::Bulk(from), _] if from.ends_with(b":usher"))
    };
    items.retain(|entry| !is_ushers(entry));
}

/// The kind of a message and what it is about.
fn parts(value: &Value) -> Option<(&[u8], &[Value])> {
    let (Value::Array(items) | Value::Push(items)) = value else {
        return None;
    };
    match items.split_first() {
        Some((Value::Bulk(kind), rest)) => Some((kind, rest)),
        _ => None,
    }
}

/// PUBSUB CHANNELS lists them in the order of a hash table, in a transaction, too.
fn unordered_channels(values: &mut [Value]) {
    for value in values {
        if let Value::Array(items) = value {
            if items.iter().all(|item| matches!(item, Value::Bulk(_))) {
                items.sort();
            }
            unordered_channels(items);
        }
    }
}

/// Who leaves all channels at once leaves them in the order of a hash table.
fn unordered_leave(values: &mut [Value]) {
    const KINDS: &[&[u8]] = &[b"unsubscribe", b"sunsubscribe"];
    let is_leave = |value: &Value| parts(value).is_some_and(|(kind, _)| KINDS.contains(&kind));
    let mut names: Vec<Value> = Vec::new();
    for value in values.iter_mut() {
        let leaves = is_leave(value);
        if let Value::Array(items) | Value::Push(items) = value
            && leaves
            && items.len() == 3
        {
            names.push(std::mem::replace(&mut items[1], Value::Nil));
        }
    }
    names.sort();
    let mut names = names.into_iter();
    for value in values.iter_mut() {
        if !is_leave(value) {
            continue;
        }
        if let Value::Array(items) | Value::Push(items) = value
            && items.len() == 3
            && let Some(name) = names.next()
        {
            items[1] = name;
        }
    }
}

/// A client whom several others have named is told of a flush once for each, in an order that turns with the oracle's list
/// of clients (and each time in the protocol of the other one).
fn unordered_messages(values: &mut [Value]) {
    let about = |value: &Value| match parts(value) {
        Some((b"message", [channel, Value::Nil | Value::Null | Value::NilArray])) => {
            Some((channel.clone(), Value::Nil))
        }
        Some((b"invalidate", [Value::Nil | Value::Null | Value::NilArray])) => {
            Some((Value::Nil, Value::Nil))
        }
        _ => None,
    };
    let mut start = 0;
    while start < values.len() {
        let same = |value: &&Value| about(value).is_some() && about(value) == about(&values[start]);
        let size = values[start..].iter().take_while(same).count().max(1);
        values[start..start + size].sort();
        start += size;
    }
}
