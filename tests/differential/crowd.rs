//! A crowd: seven clients that hear from each other, by messages, events, invalidations, and lines for monitors.
//!
//! ```text
//!   clients 0 to 4   anything at all: they subscribe, track, watch, wait, become somebody else, are killed
//!   client 5         only what helps the others on: an element for who waits, another setting
//!   client 6         only what ends a pause, a wait, or a client
//!   the usher        asks PING between two steps, so that the runner knows that all has arrived
//! ```
//!
//! The other streams know how many replies a request has; here nobody does. A step is sent to both servers, and then
//! everything that has come to any of the clients has to be the same bytes (`crowd_runner`), but for what the named rules of
//! `crowd_rules` allow. So a line of this stream may do whatever it likes, if only two right servers do it alike.
//!
//! To add something: write a line, with its share, in one of the parts. `A | B` are two requests in one write, a line
//! that begins with `~` is left some time to expire, and what is in braces is replaced ([`word`]).

use super::step::{Args, Bytes, Request, Step, Work, words};
use super::vocabulary::Vocabulary;
use super::{access, clients, data, pubsub, tracking, waiting, watching};

/// How many clients there are, without the usher.
pub const CROWD: usize = 7;
/// So many of them do anything at all; then come the helper and the one who ends things.
const FREE: usize = 5;
const HELPER: usize = 5;
const ENDER: usize = 6;
/// Of 100 steps of a client in a transaction so many end it.
const END_PERCENT: u64 = 25;
/// After one of these most of what a client sends may be refused; of 100 steps so many end it.
const ODD: &[&str] = &["SUBSCRIBE", "MONITOR", "AUTH"];
const ODD_PERCENT: u64 = 12;

/// Lines of one kind, each with its share.
pub type Lines = &'static [(usize, &'static str)];

/// What the free clients send, each part with its share and the name that `AEROLITE_DIFF_ONLY` calls it by.
const PARTS: &[(&str, usize, Lines)] = &[
    ("data", 40, data::LINES),
    ("pubsub", 18, pubsub::LINES),
    ("tracking", 18, tracking::LINES),
    ("access", 10, access::LINES),
    ("clients", 16, clients::LINES),
    ("watching", 6, watching::LINES),
    ("waiting", 12, waiting::LINES),
    (MEMORY, 10, data::MEMORY),
];
/// The part that has to be named.
const MEMORY: &str = "memory";

/// The first `steps` steps of a seed's stream; of some parts alone, where a list names them.
pub fn generate(seed: u64, steps: usize, only: Option<&str>) -> Vec<Step> {
    let mut v = Vocabulary::new(seed.rotate_left(16), Vec::new());
    let named = |name: &str| match only {
        None => name != MEMORY,
        Some(only) => only.split(',').any(|one| one == name),
    };
    let parts: Vec<_> = PARTS.iter().filter(|part| named(part.0)).collect();
    let shares: usize = parts.iter().map(|part| part.1).sum();
    assert!(shares > 0, "no part of the crowd is called {only:?}");
    let pauses = seed.is_multiple_of(2);
    let swaps = (seed / 2).is_multiple_of(2);
    let mut in_transaction = [false; FREE];
    let mut is_odd = [false; FREE];
    let step = |_| {
        let (who, line) = match v.random.below(100) {
            0..4 => (HELPER, pick(&mut v, waiting::HELP)),
            4..8 => (ENDER, pick(&mut v, clients::ENDS)),
            _ => {
                let who = v.random.below(FREE);
                let mut point = v.random.below(shares);
                let part = parts.iter().find(|part| {
                    let found = point < part.1;
                    point = point.wrapping_sub(part.1);
                    found
                });
                let line = pick(&mut v, part.expect("the point lies within the shares").2);
                (who, line)
            }
        };
        let (mut who, mut line) = (who, line);
        // The oracle ends itself where a user's own command takes away the channels that it listens to.
        if line.contains("ACL SETUSER {u}") {
            who = HELPER;
        }
        if let Some(queues) = in_transaction.get_mut(who) {
            if *queues && v.random.chance(END_PERCENT) {
                line = "EXEC";
            }
            // What expires must do so while the runner waits for it.
            if *queues && line.starts_with('~') {
                line = "DISCARD";
            }
            // Who may do little is no more so after a while.
            let odd = &mut is_odd[who];
            if *odd && v.random.chance(ODD_PERCENT) {
                line = "RESET | HELLO 3";
            }
            *odd = (*odd || ODD.iter().any(|name| line.contains(name))) && !line.contains("RESET");
            let has = |name: &str| line.split(' ').any(|word| word == name);
            *queues =
                (*queues || has("MULTI")) && !["EXEC", "DISCARD", "RESET"].iter().any(|n| has(n));
        }
        // The oracle ends itself where CLIENT UNBLOCK meets a client that waits for the end of a pause.
        line = match (pauses, line) {
            (true, line) if line.contains("CLIENT UNBLOCK") => "~CLIENT UNPAUSE",
            (false, line) if line.contains("CLIENT PAUSE") => "CLIENT UNPAUSE",
            (_, line) => line,
        };
        // After SWAPDB the oracle looks for keys that somebody waits for in the order of a hash table.
        line = match swaps {
            true if line.contains("BL") || line.contains("BRPOP") || line.contains("BZ") => "PING",
            false if line.contains("SWAPDB") => "SELECT 0",
            _ => line,
        };
        make(&mut v, who, line)
    };
    (0..steps).map(step).collect()
}

fn pick(v: &mut Vocabulary, lines: Lines) -> &'static str {
    let mut point = v.random.below(lines.iter().map(|(share, _)| share).sum());
    for (share, line) in lines {
        if point < *share {
            return line;
        }
        point -= share;
    }
    unreachable!("the point lies within the sum of the shares");
}

/// A step from a line.
fn make(v: &mut Vocabulary, who: usize, line: &str) -> Step {
    let (work, line) = match line.strip_prefix('~') {
        Some(rest) => (Work::Rest, rest),
        None => (Work::Pipeline, line),
    };
    let requests = line.split('|').map(|request| {
        let args: Args = words(request).iter().map(|arg| word(v, arg)).collect();
        Request::new(args)
    });
    Step {
        connection: who,
        work,
        ends_batch: true,
        ..Step::pipeline(requests.collect())
    }
}

/// What a word in braces stands for: a key of a type, a channel, a pattern, a client (`@id2` and `@addr2` are replaced
/// by the runner, since the two servers give other addresses), a user, and so on.
fn word(v: &mut Vocabulary, arg: &[u8]) -> Bytes {
    let who = v.random.below(FREE);
    let choices = match arg {
        b"{k}" => "k1 k1 k2 k2 k3 a1",
        b"{l}" => "l1 l1 l2",
        b"{s}" => "s1 s2",
        b"{h}" => "h1 h2",
        b"{z}" => "z1 z2",
        b"{any}" => "k1 k2 k3 a1 l1 l2 s1 h1 z1 none",
        b"{v}" => "a b 1 2 10 abc",
        b"{m}" => "a b c 1",
        b"{n}" => "1 2 3 -1",
        b"{db}" => "0 0 0 1 2",
        b"{end}" => "LEFT RIGHT",
        b"{c}" => "c1 c1 c2 d1 a1",
        b"{event}" => {
            "__keyspace@0__:k1 __keyspace@0__:l1 __keyspace@1__:k1 __keyevent@0__:set \
             __keyevent@0__:del __keyevent@0__:lpush __keyevent@0__:expired __keyevent@0__:rpop"
        }
        b"{p}" => {
            "* c* ?1 d1 c[12] __key*__:* __keyspace@0__:* __keyevent@*:* __keyevent@0__:s* nothing"
        }
        b"{classes}" => {
            "KEA KEA KEA KA EA Kg$ El Kx KEAm KEAm KEAn KEmnx Es Kh Ez Kt Ed Ke KEgxe ''"
        }
        b"{prefix}" => "k k1 l a1 b z h s e ''",
        b"{u}" => "alice alice bob",
        b"{rule}" => {
            "+@all -@all +get -get +@read -@write +@pubsub -@pubsub +set +client +client|id -client|kill \
             ~* ~k* %R~k* %W~l* allkeys resetkeys &* &c* resetchannels allchannels reset on off nopass >pw <pw resetpass \
             +multi +exec -exec +@transaction +bad ~ (~k1&c1)+get (~l*)+@list clearselectors +@connection -@dangerous \
             +publish +subscribe +psubscribe +monitor +select +@blocking"
        }
        b"{id}" => return format!("@id{who}").into(),
        b"{addr}" => return format!("@addr{who}").into(),
        b"''" => return Bytes::new(),
        other => return other.to_vec(),
    };
    match v.word(choices).as_slice() {
        b"''" => Bytes::new(),
        word => word.to_vec(),
    }
}
