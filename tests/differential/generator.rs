//! From a seed to a stream: which command comes next, what is wrong with it, how it is cut and when the replies are read.
//!
//! A stream is the same for the same seed, and a shorter stream is the beginning of a longer one.

use super::groups::{Groups, Maker};
use super::sessions;
use super::step::{Args, Cut, Form, Request, Step, Work, upper};
use super::vocabulary::{SHORT_TTL, Vocabulary};

/// The protocol that a stream mostly speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RESP2
    Resp2,
    /// RESP3
    Resp3,
}

impl Protocol {
    /// The argument of HELLO.
    pub fn number(self) -> &'static str {
        match self {
            Protocol::Resp2 => "2",
            Protocol::Resp3 => "3",
        }
    }
}

/// In 1 of so many steps, what is pending is sent and its replies read: the mean depth of a pipeline.
const BATCH_STEPS: usize = 12;
/// Of 100 lone requests so many are bent out of shape.
const MUTATED_PERCENT: u64 = 12;

/// Commands that are dangerous, or no longer comparable, with one argument more or less.
const NEVER_MUTATED: &[&str] = &[
    "SHUTDOWN", "DEBUG", "CONFIG", "CLIENT", "COMMAND", "INFO", "SCAN", "SETBIT", "BITFIELD",
    "HSCAN", "SSCAN", "ZSCAN",
];

/// The first `steps` steps of a seed's stream of these groups.
pub fn generate(seed: u64, steps: usize, protocol: Protocol, groups: &Groups) -> Vec<Step> {
    let salt = if protocol == Protocol::Resp3 { 3 } else { 2 };
    let mut v = Vocabulary::new(seed.rotate_left(8) ^ salt, groups.homes());
    (0..steps)
        .map(|_| {
            let mut step = make(&mut v, groups, protocol);
            dress(&mut v, &mut step);
            step
        })
        .collect()
}

fn make(v: &mut Vocabulary, groups: &Groups, protocol: Protocol) -> Step {
    match groups.pick(v) {
        Maker::One(one) => {
            let args = one(v);
            lone(v, args)
        }
        Maker::Plain(one) => Step::pipeline(vec![Request::new(one(v))]),
        Maker::Some(some) => some(v),
        Maker::Hello => {
            let args = sessions::hello(v, protocol.number());
            lone(v, args)
        }
        Maker::Reset => sessions::reset(v, protocol.number()),
    }
}

/// A step of one request, which may be bent.
fn lone(v: &mut Vocabulary, args: Args) -> Step {
    let args = if v.random.chance(MUTATED_PERCENT) {
        let bent = mutate(v, args.clone());
        if is_comparable(&args, &bent) {
            bent
        } else {
            args
        }
    } else {
        args
    };
    Step::pipeline(vec![Request::new(args)])
}

/// Case of the names, form of the requests, cuts, and the end of the batch.
fn dress(v: &mut Vocabulary, step: &mut Step) {
    if matches!(step.work, Work::ScanToTheEnd { .. }) {
        return;
    }
    for request in &mut step.requests {
        if request.form == Form::Raw {
            continue;
        }
        if v.random.chance(20)
            && let Some(name) = request.args.first_mut()
        {
            let bits = v.random.next();
            for (index, byte) in name.iter_mut().enumerate() {
                if (bits >> (index % 64)) & 1 == 1 {
                    *byte = byte.to_ascii_lowercase();
                }
            }
        }
        request.form = sessions::form(v, &request.args);
    }
    if step.work == Work::Hangup {
        return;
    }
    step.ends_batch = v.random.below(BATCH_STEPS) == 0;
    if v.random.chance(30) {
        for _ in 0..=v.random.below(3) {
            let at = v.random.below(1 << 16) as u16;
            let pause = v.random.chance(10);
            step.cuts.push(Cut { at, pause });
        }
    }
}

/// One small thing goes wrong.
fn mutate(v: &mut Vocabulary, mut args: Args) -> Args {
    let count = args.len();
    let some = |v: &mut Vocabulary| 1 + v.random.below(count - 1);
    match v.random.below(6) {
        0 if count > 1 => {
            args.pop();
        }
        1 if count > 1 => {
            let index = some(v);
            args.remove(index);
        }
        2 if count > 1 => {
            let index = some(v);
            args[index] = v.nasty();
        }
        3 if count > 2 => {
            let (i, j) = (some(v), some(v));
            args.swap(i, j);
        }
        4 if count > 1 => {
            let index = some(v);
            let again = args[index].clone();
            args.insert(index, again);
        }
        _ => {
            let extra = if v.random.chance(50) {
                v.value()
            } else {
                v.word("NX XX GET EX PX KEEPTTL REPLACE DB GT")
            };
            args.push(extra);
        }
    }
    args
}

/// Whether both servers must still reply alike: no TTL that runs out while the test does, no key that is over without
/// being looked at, no string of megabytes.
fn is_comparable(before: &Args, args: &Args) -> bool {
    let name = upper(args, 0);
    if NEVER_MUTATED.contains(&name.as_str()) {
        return false;
    }
    let number = |arg: &Vec<u8>| std::str::from_utf8(arg).ok()?.parse::<i64>().ok();
    let within = |from: usize, low: i64, high: i64| {
        args.iter()
            .skip(from)
            .filter_map(number)
            .any(|n| (low..=high).contains(&n))
    };
    match name.as_str() {
        // An EXAT of such a number would be over; a PXAT of a lasting TTL in seconds would be over too.
        "SET" => before.len() == args.len() && before[3..] == args[3..] || !within(3, 1, i64::MAX),
        "SETEX" | "PSETEX" | "EXPIRE" | "PEXPIRE" | "GETEX" => !within(2, 1, SHORT_TTL),
        "SETRANGE" => !within(2, 100_000, 536_870_911),
        // A place under another name makes two at one distance, of which COUNT may take either.
        "GEOADD" => before.len() != args.len(),
        // A third argument is WITHSCORE, which came later than the oracle.
        "ZRANK" | "ZREVRANK" => args.len() <= 3,
        // The oracle negates a RANK of -2^63, which is no number.
        "LPOS" => !args.contains(&b"-9223372036854775808".to_vec()),
        _ => true,
    }
}
