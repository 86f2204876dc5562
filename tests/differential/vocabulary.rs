//! The words that commands are made of: few keys, so that commands meet each other's work, and values and numbers from
//! around every border that the server treats differently.

use super::homes::Home;
use super::random::Random;
use super::step::{Args, Bytes, CONNECTIONS};

/// The keys of the stream.
pub const KEYS: &[&[u8]] = &[
    b"k1",
    b"k2",
    b"k3",
    b"k4",
    b"k5",
    b"k6",
    b"k7",
    b"K1",
    b"",
    b"a:b:c",
    b"k\r\n\0\xff",
    b"100",
    b"{tag}k",
    b"a key of more than sixty bytes, which no inline layout can hold, k",
];
/// The keys that LCS reads. Only short strings are stored there: its work and its memory grow with the product.
pub const LCS_KEYS: &[&[u8]] = &[b"lcs1", b"lcs2", b"lcs3"];

const PATTERNS: &[&[u8]] = &[
    b"*",
    b"k?",
    b"k[1-3]",
    b"k[^1]",
    b"k[3-1]",
    b"k[",
    b"k[1",
    b"\\k1",
    b"k\\",
    b"",
    b"**1",
    b"*:*",
    b"K*",
    b"[kK]1",
    b"?",
    b"*\xff",
    b"k\r*",
    b"{tag}*",
    b"nothing*",
    b"k[\\1]",
    b"[^",
    b"*k*",
    b"[lh]*",
    b"[^k]?",
    b"z*",
];
/// Whole numbers that are no surprise.
const NUMBERS: &[&[u8]] = &[
    b"0",
    b"1",
    b"-1",
    b"2",
    b"7",
    b"10",
    b"-10",
    b"100",
    b"9999",
    b"10000",
    b"-9999",
    b"4294967296",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775806",
    b"-9223372036854775807",
];
/// What looks like a number and is none, or none that fits. No small positive number may be among them: a mutation puts
/// these where a TTL stands, and a TTL that runs out during the test is a race.
const NASTY: &[&[u8]] = &[
    b"",
    b"0",
    b"-1",
    b"-0",
    b"00",
    b"+1",
    b" 1",
    b"1 ",
    b"01",
    b"1.0",
    b"1e3",
    b"0x10",
    b"abc",
    b"-",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551615",
    b"18446744073709551616",
    b"12345678901234567890123456789012345678901",
    b"nan",
    b"inf",
    b"\0",
    b"1\0",
    b"\xff\r\n",
];
/// Floats, some of them none.
const FLOATS: &[&[u8]] = &[
    b"0",
    b"1",
    b"-1",
    b"0.1",
    b"0.2",
    b"-0.3",
    b"1.5",
    b"3.0",
    b"3.14159",
    b"10.50",
    b".5",
    b"5.",
    b"-.25",
    b"1e3",
    b"5.0e3",
    b"1.5e-5",
    b"-2e2",
    b"0.00001",
    b"123456.789",
    b"1000000",
    b"99999999.25",
    b"+4",
    b"-0",
    b"-0.0",
    b"1E2",
    b"0010",
    b"inf",
    b"-inf",
    b"+infinity",
    b"nan",
    b"1e",
    b"1.2.3",
    b" 1",
    b"1 ",
    b"0x1p3",
    b"abc",
    b"",
    b"1e5000",
    b"1,5",
];
/// Lengths around inline, embstr (44), hexadecimal, shared-buffer and big-argument borders, in bytes.
const LENGTHS: &[usize] = &[
    1, 2, 7, 15, 16, 19, 20, 21, 22, 23, 24, 31, 32, 43, 44, 45, 46, 63, 64, 65, 100, 127, 128,
    255, 256,
];
/// The same for values that take longer to carry.
const BIG_LENGTHS: &[usize] = &[
    1000, 4096, 16383, 16384, 16385, 32767, 32768, 32769, 40000, 70000,
];
/// Seconds since 1970: long gone, or further away than any relative TTL of a stream reaches.
const PAST: &[&str] = &["1", "2", "1000", "1000000000"];
const FUTURE: &[&str] = &[
    "3000000000",
    "3000000001",
    "4000000000",
    "9999999999",
    "99999999999",
];
/// Relative TTLs are multiples of this many seconds, each used once in a stream: whichever of two commands came first,
/// GT and LT then decide alike on a slow machine and on a fast one.
const TTL_STEP_S: u64 = 1000;
/// The most TTLs in one stream, so that none reaches the fixed points in the future.
pub const TTL_LIMIT: u64 = 1 << 16;
/// Of 100 keys so many are of another home than that of the command.
const AWAY_PERCENT: u64 = 6;
/// A shorter TTL, in the unit of the command, might run out while the test does.
pub const SHORT_TTL: i64 = 999_999;

/// The words, in the order a seed gives them.
pub struct Vocabulary {
    /// Where all chance comes from.
    pub random: Random,
    /// Which connections are in a transaction, as far as the stream knows.
    pub in_transaction: [bool; CONNECTIONS],
    ttls: u64,
    homes: Vec<Home>,
    home: Option<Home>,
}

impl Vocabulary {
    /// The words of one seed, for commands on keys of these homes.
    pub fn new(seed: u64, homes: Vec<Home>) -> Vocabulary {
        Vocabulary {
            random: Random::new(seed),
            in_transaction: [false; CONNECTIONS],
            ttls: 0,
            homes,
            home: None,
        }
    }

    /// One of the words of a line.
    pub fn word(&mut self, line: &str) -> Bytes {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        self.random.pick(&words).into()
    }

    /// Whose keys the next command is about; None for those of all.
    pub fn at_home(&mut self, home: Option<Home>) {
        self.home = home;
    }

    /// One of the keys: mostly of the home, the first ones more often.
    pub fn key(&mut self) -> Bytes {
        let home = match self.home {
            None => self.any_home(),
            Some(home) if home.is_closed() || !self.random.chance(AWAY_PERCENT) => home,
            Some(home) => self.open_home(home),
        };
        self.key_of(home)
    }

    /// One of the keys of a home.
    pub fn key_of(&mut self, home: Home) -> Bytes {
        let keys = home.keys();
        let few = if self.random.chance(70) {
            keys.len().min(5)
        } else {
            keys.len()
        };
        keys[self.random.below(few)].to_vec()
    }

    /// A key that is short, for requests that lean on each other.
    pub fn short_key(&mut self) -> Bytes {
        loop {
            let key = self.key();
            if key.len() < 16 {
                return key;
            }
        }
    }

    /// Where something is taken from and where it goes to: mostly of one home.
    pub fn two_keys(&mut self) -> [Bytes; 2] {
        let from = self.home.unwrap_or_else(|| self.any_home());
        let to = match self.random.chance(85) {
            true => from,
            false => self.open_home(from),
        };
        [self.key_of(from), self.key_of(to)]
    }

    fn any_home(&mut self) -> Home {
        match self.homes.len() {
            0 => Home::Strings,
            _ => self.random.pick(&self.homes),
        }
    }

    /// Any home that takes what comes, or the one at hand.
    fn open_home(&mut self, or: Home) -> Home {
        match self.any_home() {
            home if home.is_closed() => or,
            home => home,
        }
    }

    /// One to `most` keys, which may be the same.
    pub fn keys(&mut self, most: usize) -> Args {
        (0..=self.random.below(most)).map(|_| self.key()).collect()
    }

    /// A glob pattern.
    pub fn pattern(&mut self) -> Bytes {
        self.random.pick(PATTERNS).to_vec()
    }

    /// A glob pattern for members.
    pub fn member_pattern(&mut self) -> Bytes {
        match self.random.below(3) {
            0 => self.pattern(),
            _ => self.word("* * * a* [ab]* n? n1* m* 1* ?? *1 -* x* 00*"),
        }
    }

    /// What a string may hold.
    pub fn value(&mut self) -> Bytes {
        match self.random.below(100) {
            0..30 => self.random.pick(NUMBERS).to_vec(),
            30..40 => self.random.pick(NASTY).to_vec(),
            40..55 => self.random.pick(FLOATS).to_vec(),
            55..60 => (self.random.next() as i64).to_string().into(),
            60..98 => {
                let length = self.random.pick(LENGTHS);
                self.bytes(length)
            }
            _ => {
                let length = self.random.pick(BIG_LENGTHS);
                self.bytes(length)
            }
        }
    }

    /// A short string, for what adds up.
    pub fn short(&mut self) -> Bytes {
        let length = self.random.below(24);
        self.bytes(length)
    }

    /// `length` bytes: letters, or digits, or anything at all.
    pub fn bytes(&mut self, length: usize) -> Bytes {
        let kind = self.random.below(4);
        let byte = |random: &mut Random| match kind {
            0 => b'a' + random.below(3) as u8,
            1 => b'0' + random.below(10) as u8,
            2 => random.pick(b"\r\n\0\xff\"' \\$*x"),
            _ => random.below(256) as u8,
        };
        (0..length).map(|_| byte(&mut self.random)).collect()
    }

    /// A whole number, now and then none.
    pub fn number(&mut self) -> Bytes {
        match self.random.below(10) {
            0 => self.nasty(),
            1..4 => self.random.pick(NUMBERS).to_vec(),
            _ => self.random.between(-100, 100).to_string().into(),
        }
    }

    /// What is hardly ever right.
    pub fn nasty(&mut self) -> Bytes {
        self.random.pick(NASTY).to_vec()
    }

    /// A float, now and then none.
    pub fn float(&mut self) -> Bytes {
        if self.random.chance(70) {
            return self.random.pick(FLOATS).to_vec();
        }
        let whole = self.random.between(-100_000, 100_000);
        let part = self.random.below(100_000);
        format!("{whole}.{part}").into()
    }

    /// An index into a string.
    pub fn index(&mut self) -> Bytes {
        match self.random.below(10) {
            0 => self.nasty(),
            1 => self.random.pick(NUMBERS).to_vec(),
            _ => self.random.between(-50, 50).to_string().into(),
        }
    }

    /// An offset to write at: small, or beyond what a string may hold.
    pub fn offset(&mut self) -> Bytes {
        match self.random.below(20) {
            0 => self.word(
                "-1 -0 abc 9223372036854775807 9223372036854775808 536870912 536870913 4294967296",
            ),
            1 => self.random.between(1000, 20_000).to_string().into(),
            _ => self.random.between(0, 120).to_string().into(),
        }
    }

    /// A database, mostly one of the first three.
    pub fn database(&mut self) -> Bytes {
        match self.random.below(12) {
            0 => self.word("-1 15 16 abc 4294967296 9223372036854775807 01 1.0"),
            1..7 => b"0".to_vec(),
            _ => self.random.between(0, 2).to_string().into(),
        }
    }

    /// A relative TTL of at least 1000 seconds, never the same twice.
    fn lasting(&mut self) -> u64 {
        self.ttls = (self.ttls + 1) % TTL_LIMIT;
        let block = self.random.below(8) as u64 * TTL_LIMIT;
        (block + self.ttls + 1) * TTL_STEP_S
    }

    /// A relative TTL in seconds: lasting, over at once, or none at all.
    pub fn seconds(&mut self) -> Bytes {
        match self.random.below(10) {
            // The last but one overflows when the clock is added to it in milliseconds, the last one before that.
            0 => self.word("0 -1 -1000 -9223372036854775808 9223372036854775 9223372036854776"),
            1 => self.nasty(),
            _ => self.lasting().to_string().into(),
        }
    }

    /// The same in milliseconds.
    pub fn milliseconds(&mut self) -> Bytes {
        match self.random.below(10) {
            0 | 1 => self.no_ttl(),
            _ => {
                let rest = self.random.below(1000) as u64;
                (self.lasting() * 1000 + rest).to_string().into()
            }
        }
    }

    /// What no command takes for a TTL, or what is over at once.
    fn no_ttl(&mut self) -> Bytes {
        if self.random.chance(50) {
            return self.nasty();
        }
        self.word("0 -1 -1000 -9223372036854775808")
    }

    /// Seconds since 1970, not in the past: now and then the last one that fits, or the one after it.
    pub fn later(&mut self) -> Bytes {
        match self.random.below(20) {
            0 | 1 => return self.no_ttl(),
            2 => return self.word("9223372036854775 9223372036854776"),
            _ => {}
        }
        self.random.pick(FUTURE).into()
    }

    /// Milliseconds since 1970, not in the past.
    pub fn later_ms(&mut self) -> Bytes {
        if self.random.chance(10) {
            return self.no_ttl();
        }
        let part = self.random.between(100, 999);
        format!("{}{part}", self.random.pick(FUTURE)).into()
    }

    /// Seconds, or milliseconds, since 1970 that are over.
    pub fn past(&mut self) -> Bytes {
        self.random.pick(PAST).into()
    }
}
