//! Requests of the connection and server commands, and what is no request at all.

use super::groups::Maker;
use super::step::{Args, Form, Request, Step, Work, words};
use super::strings::{self, line};
use super::vocabulary::Vocabulary;

/// What this group makes, in shares.
pub const MAKERS: &[(usize, Maker)] = &[
    (12, Maker::One(ping)),
    (35, Maker::One(select)),
    (6, Maker::Hello),
    (3, Maker::One(auth)),
    (20, Maker::One(client)),
    (8, Maker::Some(client_reply)),
    (2, Maker::Reset),
    (2, Maker::Some(quit)),
    (3, Maker::Some(garbage)),
    (4, Maker::Some(nothing)),
    (4, Maker::Some(odd)),
    (6, Maker::One(unknown)),
    (12, Maker::One(command)),
    (12, Maker::One(server)),
];

/// PING and ECHO.
pub fn ping(v: &mut Vocabulary) -> Args {
    let mut args = vec![v.word("PING PING ECHO")];
    for _ in 0..v.random.pick(&[0, 1, 1, 1, 2]) {
        args.push(v.value());
    }
    args
}

/// SELECT.
pub fn select(v: &mut Vocabulary) -> Args {
    line("SELECT", [v.database()])
}

/// HELLO: mostly with what keeps the protocol of the stream.
pub fn hello(v: &mut Vocabulary, home: &str) -> Args {
    let mut args = words("HELLO");
    match v.random.below(12) {
        0 => return args,
        1 => args.push(v.word("0 1 4 -1 abc 2.0 9223372036854775808")),
        2 => args.push(v.word("2 3")),
        _ => args.push(home.into()),
    }
    match v.random.below(8) {
        0 => args.extend([b"SETNAME".to_vec(), v.word("ann bob")]),
        1 => args.extend([b"SETNAME".to_vec(), v.short()]),
        2 => args.extend(words("AUTH default any")),
        3 => args.extend(words("AUTH nosuchuser any")),
        4 => args.extend(words("AUTH default any SETNAME eve")),
        5 => args.push(v.word("AUTH SETNAME bad")),
        _ => {}
    }
    args
}

/// AUTH, where no password is asked for.
pub fn auth(v: &mut Vocabulary) -> Args {
    let mut args = words("AUTH");
    args.push(v.word("default nosuchuser any"));
    for _ in 0..v.random.below(3) {
        args.push(v.word("default any"));
    }
    args
}

/// CLIENT, without what concerns other clients.
pub fn client(v: &mut Vocabulary) -> Args {
    const LINES: &[&str] = &[
        "CLIENT ID",
        "CLIENT GETNAME",
        "client getname",
        "CLIENT INFO",
        "CLIENT SETNAME ann",
        "CLIENT SETNAME bob",
        "CLIENT SETNAME a b",
        "CLIENT LIST TYPE pubsub",
        "CLIENT LIST TYPE master",
        "CLIENT LIST TYPE nosuch",
        "CLIENT LIST ID 999999999",
        "CLIENT LIST ID abc",
        "CLIENT LIST bad",
        "CLIENT LIST ID",
        "CLIENT KILL 1.2.3.4:5",
        "CLIENT KILL ADDR 1.2.3.4:5",
        "CLIENT KILL LADDR 1.2.3.4:5",
        "CLIENT KILL ID 999999999",
        "CLIENT KILL ID 0",
        "CLIENT KILL ID -1",
        "CLIENT KILL ID abc",
        "CLIENT KILL TYPE nosuch",
        "CLIENT KILL TYPE pubsub",
        "CLIENT KILL USER nosuch",
        "CLIENT KILL SKIPME maybe",
        "CLIENT KILL ID 999999999 SKIPME",
        "CLIENT KILL bad bad",
        "CLIENT KILL",
        "CLIENT NO-EVICT on",
        "CLIENT NO-EVICT OFF",
        "CLIENT NO-EVICT bad",
        "CLIENT NO-EVICT",
        "CLIENT REPLY ON",
        "CLIENT REPLY bad",
        "CLIENT REPLY",
        "CLIENT nosuch",
        "CLIENT",
    ];
    if v.random.chance(15) {
        return line("CLIENT SETNAME", [v.short()]);
    }
    words(v.random.pick(LINES))
}

/// CLIENT REPLY OFF, what nobody hears about, and ON; or SKIP and one command.
pub fn client_reply(v: &mut Vocabulary) -> Step {
    let mut requests = Vec::new();
    if v.random.chance(50) {
        requests.push(Request::silent(words("CLIENT REPLY SKIP")));
        requests.push(Request::silent(unheard(v)));
    } else {
        requests.push(Request::silent(words("CLIENT REPLY OFF")));
        for _ in 0..v.random.below(4) {
            requests.push(Request::silent(unheard(v)));
        }
        requests.push(Request::new(words("CLIENT REPLY ON")));
    }
    Step::pipeline(requests)
}

fn unheard(v: &mut Vocabulary) -> Args {
    match v.random.below(5) {
        0 => strings::append(v),
        1 => strings::count(v),
        2 => strings::read(v),
        3 => line("NOSUCH", [v.value()]),
        _ => strings::set(v),
    }
}

/// RESET, and back to the stream's protocol.
pub fn reset(_: &mut Vocabulary, home: &str) -> Step {
    let hello = line("HELLO", [home.into()]);
    Step::pipeline([words("RESET"), hello].map(Request::new).into())
}

/// QUIT, whose followers are not heard.
pub fn quit(v: &mut Vocabulary) -> Step {
    let mut requests = vec![Request::new(words("QUIT"))];
    if v.random.chance(50) {
        requests.push(Request::silent(strings::set(v)));
    }
    hangup(requests)
}

/// What is no request: an error, and the server closes. Each ends where the error is found, so nothing stays unread and
/// no reset can overtake the error.
pub fn garbage(v: &mut Vocabulary) -> Step {
    const PIECES: &[&[u8]] = &[
        b"*1\r\n+3\r\n",
        b"*1\r\n:\r\n",
        b"*2\r\n$3\r\nGET\r\n\r\n",
        b"*a\r\n",
        b"*+1\r\n",
        b"* 1\r\n",
        b"*01\r\n",
        b"*99999999999999999999\r\n",
        b"*9223372036854775807\r\n",
        b"*2147483648\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$\r\n",
        b"*1\r\n$a\r\n",
        b"*1\r\n$+4\r\n",
        b"*1\r\n$536870913\r\n",
        b"*1\r\n$99999999999999999999\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$-5\r\n",
        b"GET \"k\r\n",
        b"GET 'k\r\n",
        b"SET \"k\"v w\r\n",
        b"SET 'k'v w\n",
        b"\"\\x4\n",
    ];
    hangup(vec![Request::raw(v.random.pick(PIECES), false)])
}

fn hangup(requests: Vec<Request>) -> Step {
    Step {
        work: Work::Hangup,
        ends_batch: true,
        ..Step::pipeline(requests)
    }
}

/// What is a request without a command: no reply.
pub fn nothing(v: &mut Vocabulary) -> Step {
    let bytes: &[u8] = v.random.pick(&[
        &b"\r\n"[..],
        b"\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"*-10\r\n",
        b"   \r\n",
        b"\r\n\r\n",
        b"\t\n",
    ]);
    Step::pipeline(vec![Request::raw(bytes, true)])
}

/// Odd but valid ways to write a request.
pub fn odd(v: &mut Vocabulary) -> Step {
    let bytes: &[u8] = v.random.pick(&[
        &b"  PING  \r\n"[..],
        b"ping \"a\\x41\\n\\t\\a\\b\\q\"\n",
        b"ECHO 'it\\'s'\r\n",
        b"ECHO ''\r\n",
        b"echo \"\"\n",
        b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
        // The two bytes after a bulk are not looked at.
        b"*2\r\n$4\r\nECHOxx$1\r\na__",
        b"*1\r\n$0\r\n\r\n",
    ]);
    Step::pipeline(vec![Request::raw(bytes, false)])
}

/// Names that are none.
pub fn unknown(v: &mut Vocabulary) -> Args {
    let name = match v.random.below(4) {
        0 => v.short(),
        1 => v.bytes(150),
        _ => v.word("NOSUCH GETT SE foo|bar client|id *1 :1"),
    };
    let mut args = vec![name];
    for _ in 0..v.random.below(6) {
        args.push(v.value());
    }
    // A random name of letters could be a command, if a short one.
    args[0].insert(0, b'?');
    args
}

/// COMMAND, as far as a reply does not depend on which other commands exist.
pub fn command(v: &mut Vocabulary) -> Args {
    const LINES: &[&str] = &[
        "COMMAND INFO nosuch",
        "COMMAND INFO get nosuch",
        "COMMAND DOCS nosuch",
        "COMMAND LIST FILTERBY PATTERN nosuch*",
        "COMMAND LIST FILTERBY PATTERN incr*",
        "COMMAND LIST FILTERBY PATTERN INCR?Y",
        "COMMAND LIST FILTERBY PATTERN renam*",
        "COMMAND LIST FILTERBY MODULE nosuch",
        "COMMAND LIST FILTERBY ACLCAT nosuch",
        "COMMAND LIST FILTERBY bad bad",
        "COMMAND LIST bad",
        "COMMAND LIST FILTERBY PATTERN",
        "COMMAND nosuch",
        "COMMAND COUNT x",
        "COMMAND GETKEYS",
        "COMMAND GETKEYS nosuch k",
        "COMMAND GETKEYS PING",
        "COMMAND GETKEYS ECHO a",
        "COMMAND GETKEYS GET",
        "COMMAND GETKEYS GET k v",
        "COMMAND GETKEYS get k",
        "COMMAND GETKEYS SET k v EX 5 GET",
        "COMMAND GETKEYS MSET a 1 b 2 c 3",
        "COMMAND GETKEYS MSET a 1 b",
        "COMMAND GETKEYS MGET a b c",
        "COMMAND GETKEYS DEL a b a",
        "COMMAND GETKEYS LCS a b LEN",
        "COMMAND GETKEYS COPY a b DB 1",
        "COMMAND GETKEYS RENAME a b",
        "COMMAND GETKEYS OBJECT ENCODING a",
        "COMMAND GETKEYS OBJECT HELP",
        "COMMAND GETKEYS OBJECT",
        "COMMAND GETKEYS MEMORY USAGE a",
        "COMMAND GETKEYS CONFIG GET a",
    ];
    const NAMES: &str = "append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset msetnx psetex \
        set setex setnx setrange strlen substr copy del exists expire expireat expiretime keys move persist pexpire pexpireat \
        pexpiretime pttl randomkey rename renamenx scan touch ttl type unlink auth echo hello ping quit reset select dbsize \
        flushall flushdb swapdb time object|encoding client|id config|get memory|usage";
    if v.random.chance(40) {
        return line("COMMAND INFO", [v.word(NAMES)]);
    }
    words(v.random.pick(LINES))
}

/// CONFIG and the rest of the server's commands, where the reply does not depend on how the two were started.
pub fn server(v: &mut Vocabulary) -> Args {
    const LINES: &[&str] = &[
        "TIME",
        "TIME now",
        "CONFIG GET databases",
        "CONFIG GET timeout",
        "CONFIG GET TIMEOUT",
        "CONFIG GET tcp-keepalive",
        "CONFIG GET proto-max-bulk-len",
        "CONFIG GET requirepass",
        "CONFIG GET nosuch*",
        "CONFIG GET timeout timeout",
        "CONFIG GET timeou[st]",
        "CONFIG GET",
        "CONFIG SET timeout 0",
        "CONFIG SET timeout -1",
        "CONFIG SET timeout abc",
        "CONFIG SET timeout 99999999999",
        "CONFIG SET timeout 0 timeout 0",
        "CONFIG SET tcp-keepalive 300",
        "CONFIG SET tcp-keepalive",
        "CONFIG SET nosuch 1",
        "CONFIG SET databases 3",
        "CONFIG SET timeout 0 nosuch 1",
        "CONFIG SET proto-max-bulk-len 12",
        "CONFIG SET proto-max-bulk-len 512mb",
        "CONFIG SET proto-max-bulk-len 536870912",
        "CONFIG RESETSTAT",
        "CONFIG RESETSTAT now",
        "CONFIG REWRITE",
        "CONFIG HELP",
        "CONFIG nosuch",
        "CONFIG",
        "INFO nosuch",
        "SHUTDOWN ABORT",
        "SHUTDOWN bad",
        "SHUTDOWN SAVE NOSAVE",
        "SHUTDOWN NOSAVE ABORT",
        "SHUTDOWN ABORT NOW",
        "DEBUG SLEEP 0",
        "DEBUG SET-ACTIVE-EXPIRE 1",
        "DEBUG OBJECT nosuch",
        "DEBUG nosuch",
        "DEBUG",
    ];
    if v.random.chance(15) {
        return line("DEBUG OBJECT", [v.key()]);
    }
    words(v.random.pick(LINES))
}

/// The form a request is written in: mostly multibulk; a short one may be inline.
pub fn form(v: &mut Vocabulary, args: &Args) -> Form {
    /// Redis's limit for a line is 64 KiB, and an escaped byte takes four.
    const INLINE_LIMIT: usize = 8 * 1024;
    let size: usize = args.iter().map(Vec::len).sum();
    let named = args.first().is_some_and(|name| !name.is_empty());
    if named && size < INLINE_LIMIT && v.random.chance(8) {
        return Form::Inline(v.random.next());
    }
    Form::Multibulk
}

/// COMMAND INFO of one of the names, or one of the lines.
pub fn describe(v: &mut Vocabulary, names: &str, lines: &[&str]) -> Args {
    if v.random.chance(60) {
        return line("COMMAND INFO", [v.word(names)]);
    }
    words(v.random.pick(lines))
}
