//! HyperLogLog commands over a socket. Their strings can be read and written by clients, and so the bytes count.

mod common;

use common::{Conn, Value, server, server_with};

/// So many elements are added by one request.
const AT_ONCE: usize = 500;

/// Adds `element:from` and so on, up to but not including `element:to`.
fn add(conn: &mut Conn, key: &str, from: usize, to: usize) {
    let elements: Vec<String> = (from..to).map(|i| format!("element:{i}")).collect();
    for some in elements.chunks(AT_ONCE) {
        let mut words = vec!["PFADD", key];
        words.extend(some.iter().map(String::as_str));
        conn.cmd(&words);
    }
}

/// FNV-1a, which stands for twelve thousand bytes.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn strings_of_few_elements() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            PFADD h                => :1
            GET h                  => "HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff"
            PFADD h                => :0
            PFADD h a b c          => :1
            GET h                  => "HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80`\xf3\x80P\xb1\x84K\xfb\x80BZ"
            PFADD h b a            => :0
            PFCOUNT h              => :3
            GET h                  => "HYLL\x01\0\0\0\x03\0\0\0\0\0\0\0`\xf3\x80P\xb1\x84K\xfb\x80BZ"
            PFADD h c              => :0
            PFCOUNT h              => :3
            PFADD h d              => :1
            GET h                  => "HYLL\x01\0\0\0\x03\0\0\0\0\0\0\x80\\{\x80Dv\x80P\xb1\x84K\xfb\x80BZ"
            OBJECT ENCODING h      => "raw"
            TYPE h                 => +string
            COPY h copy            => :1
            PFCOUNT copy           => :4
            PFADD empty ""         => :1
            GET empty              => "HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80W1\x84h\xcc"
        "#,
    );
}

/// What redis 7.0.15 counts, and how its string looks, after so many elements.
#[test]
fn strings_and_estimates_of_many_elements() {
    const STEPS: &[(usize, i64, usize, u64)] = &[
        (1, 1, 21, 0xee0d_c2da_ee40_50ac),
        (2, 2, 24, 0x5d89_3b7a_822f_218c),
        (10, 10, 48, 0x911d_3109_64eb_aba7),
        (100, 99, 285, 0x033e_4e4e_6be9_ec79),
        (500, 502, 1050, 0xc9dc_690d_7dab_3bbd),
        (1000, 997, 1897, 0xb2a2_cc50_8fc5_ee31),
        (1500, 1500, 2722, 0xac1c_3b14_4623_00f7),
        (1600, 1604, 2886, 0x7a78_16c0_a209_ef12),
        (2000, 2004, 12304, 0x6f04_93b0_7f19_385c),
        (5000, 5005, 12304, 0x34cb_6bb2_d0f2_df6a),
        (10_000, 10_017, 12304, 0x3feb_9def_f73f_099f),
        (50_000, 49_716, 12304, 0x06b5_d431_499e_dd7d),
        (100_000, 100_039, 12304, 0xf9c0_1647_cea5_9fdd),
    ];
    let target = server();
    let mut conn = target.connect();
    let mut added = 0;
    for &(elements, count, len, bytes) in STEPS {
        add(&mut conn, "h", added, elements);
        added = elements;
        assert_eq!(conn.cmd(&["PFCOUNT", "h"]), Value::Int(count), "{elements}");
        let Value::Bulk(string) = conn.cmd(&["GET", "h"]) else {
            panic!("no string after {elements}");
        };
        assert_eq!(string.len(), len, "{elements}");
        assert_eq!(digest(&string), bytes, "{elements}");
    }
}

/// Registers that no set of a size that can be added in a test would leave behind.
#[test]
fn crafted_registers() {
    let target = server();
    let mut conn = target.connect();
    // Runs that lie side by side unjoined: how far does joining look?
    conn.transcript(
        r#"
            SET h "HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x71\xa5\x02\x80\x80\x80\x4e\x53" => +OK
            PFADD h a  => :1
            GET h      => "HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x71\xa5\x00\x84\x00\x81\x80\x4e\x53"
            PFCOUNT h  => :4
        "#,
    );
    // Every nth register at the highest rank there is, the others at 40 or at 0.
    for (n, others, count) in [
        (2, 40, 25_981_675_153_099_444),
        (3, 40, 19_490_165_237_514_108),
        (16, 40, 13_860_653_127_188_688),
        (5, 0, 3731),
    ] {
        let mut string = b"HYLL\0\0\0\0\0\0\0\0\0\0\0\x80".to_vec();
        for first in (0..16384).step_by(4) {
            let value = |i: u32| if i.is_multiple_of(n) { 51 } else { others };
            let word = (0..4).fold(0, |word, i| word | value(first + i) << (6 * i));
            string.extend_from_slice(&u32::to_le_bytes(word)[..3]);
        }
        conn.cmd_bytes(&[b"SET", b"h", &string]);
        let counted = conn.cmd(&["PFCOUNT", "h"]);
        assert_eq!(counted, Value::Int(count), "every {n}th");
    }
}

#[test]
fn several_keys_are_united() {
    let target = server();
    let mut conn = target.connect();
    add(&mut conn, "a", 0, 600);
    add(&mut conn, "b", 300, 900);
    add(&mut conn, "large", 0, 5000);
    conn.transcript(
        r#"
            PFADD few x y z         => :1
            PFCOUNT few none        => :3
            PFCOUNT none            => :0
            PFCOUNT none none       => :0
            PFMERGE both a b none   => +OK
            PFMERGE both few        => +OK
            PFMERGE alone           => +OK
            GET alone               => "HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff"
            PFMERGE alone few few   => +OK
            PFCOUNT alone           => :3
            STRLEN alone            => :26
            PFMERGE few large       => +OK
            STRLEN few              => :12304
            EXPIRE both 100         => :1
            PFMERGE both few        => +OK
            TTL both                => :99..100
            STRLEN both             => :12304
            PFCOUNT                 => -ERR wrong number of arguments for 'pfcount' command
            PFADD                   => -ERR wrong number of arguments for 'pfadd' command
            PFMERGE                 => -ERR wrong number of arguments for 'pfmerge' command
        "#,
    );
    let united = conn.cmd(&["PFCOUNT", "a", "b"]);
    conn.transcript("DEL both\nPFMERGE both a b");
    assert_eq!(conn.cmd(&["PFCOUNT", "both"]), united);
}

#[test]
fn what_is_no_hyperloglog_is_refused() {
    const REFUSED: &str = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
    const CORRUPT: &str = "-INVALIDOBJ Corrupted HLL object detected";
    let target = server();
    let mut conn = target.connect();
    conn.transcript("PFADD good a => :1");
    for (string, error) in [
        (r#""""#, REFUSED),
        (r#""text""#, REFUSED),
        (r#""12""#, REFUSED),
        (r#""HYLL\x01\0\0\0\0\0\0\0\0\0\0""#, REFUSED),
        (r#""HYLM\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff""#, REFUSED),
        (r#""HYLL\x02\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff""#, REFUSED),
        (r#""HYLL\x00\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff""#, REFUSED),
        (r#""HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80""#, CORRUPT),
    ] {
        conn.transcript(&format!(
            "
            SET bad {string}      => +OK
            PFADD bad a           => {error}
            PFCOUNT bad           => {error}
            PFCOUNT good bad      => {error}
            PFMERGE bad good      => {error}
            PFMERGE good bad      => {error}
            PFMERGE new bad       => {error}
            GET bad               => {string}
            EXISTS new            => :0
            "
        ));
    }
    // Runs of one register too few and too many: some commands do not look so far.
    for runs in [r"\x7f\xfe", r"\x7f\xff\0", r"\x7f\xff\x7f\xff"] {
        conn.transcript(&format!(
            r#"
            SET bad "HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80{runs}" => +OK
            PFADD bad               => :0
            PFCOUNT bad             => {CORRUPT}
            PFCOUNT bad bad         => {CORRUPT}
            PFMERGE good bad        => {CORRUPT}
            PFADD bad a             => :1
            PFCOUNT bad             => {CORRUPT}
            "#
        ));
    }
    // The count beside the registers is believed.
    conn.transcript(
        r#"
            SET k "HYLL\x01\0\0\0\x07\0\0\0\0\0\0\0\x7f\xff" => +OK
            PFCOUNT k              => :7
            OBJECT ENCODING k      => "raw"
            PFCOUNT k k            => :0
            PFADD k a              => :1
            PFCOUNT k              => :1
        "#,
    );
}

#[test]
fn the_length_of_the_sparse_form_is_a_setting() {
    let Some(target) = server_with(&[("hll-sparse-max-bytes", "100")]) else {
        return;
    };
    let mut conn = target.connect();
    add(&mut conn, "h", 0, 15);
    conn.transcript("STRLEN h => :50..100");
    add(&mut conn, "h", 15, 50);
    conn.transcript(
        r#"
            STRLEN h                                 => :12304
            CONFIG SET hll-sparse-max-bytes 1kb      => +OK
            CONFIG GET hll-sparse-max-bytes          => ["hll-sparse-max-bytes" "1024"]
            CONFIG SET hll-sparse-max-bytes -1       => -ERR CONFIG SET failed (possibly related to argument 'hll-sparse-max-bytes') - argument must be a memory value
        "#,
    );
    add(&mut conn, "other", 0, 50);
    conn.transcript("STRLEN other => :100..1024\nCONFIG SET hll-sparse-max-bytes 0\nPFADD zero");
    conn.transcript("STRLEN zero => :18\nPFADD zero a => :1\nSTRLEN zero => :12304");
}
