//! Bitmap commands over a socket: every option, every error text and the order of the errors, the edges.

mod common;

use common::{Value, server, server_with};

#[test]
fn setbit_and_getbit() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GETBIT k 0                 => :0
            SETBIT k 7 1               => :0
            GET k                      => "\x01"
            SETBIT k 7 1               => :1
            SETBIT k 0 1               => :0
            SETBIT k 7 0               => :1
            GET k                      => "\x80"
            OBJECT ENCODING k          => "raw"
            SETBIT k 20 0              => :0
            GET k                      => "\x80\0\0"
            GETBIT k 0                 => :1
            GETBIT k 1                 => :0
            GETBIT k 4294967295        => :0
            SET n 12                   => +OK
            GETBIT n 3                 => :1
            SETBIT n 6 1               => :0
            GET n                      => "32"
            OBJECT ENCODING n          => "raw"
            SETBIT k                   => -ERR wrong number of arguments for 'setbit' command
            SETBIT k 0 2               => -ERR bit is not an integer or out of range
            SETBIT k 0 x               => -ERR bit is not an integer or out of range
            SETBIT k 0 01              => -ERR bit is not an integer or out of range
            SETBIT k -1 x              => -ERR bit offset is not an integer or out of range
            SETBIT k x x               => -ERR bit offset is not an integer or out of range
            SETBIT k #1 1            => -ERR bit offset is not an integer or out of range
            SETBIT k 4294967296 1      => -ERR bit offset is not an integer or out of range
            GETBIT k 4294967296        => -ERR bit offset is not an integer or out of range
            GETBIT k 9223372036854775808 => -ERR bit offset is not an integer or out of range
            EXPIRE k 100               => :1
            SETBIT k 400 1             => :0
            STRLEN k                   => :51
            TTL k                      => :99..100
        "#,
    );
}

#[test]
fn bitcount() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            BITCOUNT none              => :0
            SET k foobar               => +OK
            BITCOUNT k                 => :26
            BITCOUNT k 0 0             => :4
            BITCOUNT k 1 1             => :6
            BITCOUNT k 1 1 BYTE        => :6
            BITCOUNT k 0 -1            => :26
            BITCOUNT k -2 -1           => :7
            BITCOUNT k -100 100        => :26
            BITCOUNT k 3 2             => :0
            BITCOUNT k 5 30 BIT        => :17
            BITCOUNT k 5 30 bit        => :17
            BITCOUNT k 0 0 BIT         => :0
            BITCOUNT k 1 1 BIT         => :1
            BITCOUNT k -1 -1 BIT       => :0
            BITCOUNT k 47 100 BIT      => :0
            BITCOUNT k 48 100 BIT      => :0
            BITCOUNT k -50 -49         => :4
            SET e ""                   => +OK
            BITCOUNT e                 => :0
            BITCOUNT e 0 -1            => :0
            BITCOUNT e 0 0 BIT         => :0
            # a key that is not there is looked for before the rest is read
            BITCOUNT none x            => :0
            BITCOUNT none x y z w      => :0
            BITCOUNT k 0               => -ERR syntax error
            BITCOUNT k 0 1 BIT x       => -ERR syntax error
            BITCOUNT k 0 1 foo         => -ERR syntax error
            BITCOUNT k x 1 foo         => -ERR value is not an integer or out of range
            BITCOUNT k 0 x foo         => -ERR value is not an integer or out of range
            # an empty range of two negative numbers has no unit
            BITCOUNT k -1 -2 foo       => :0
            BITCOUNT                   => -ERR wrong number of arguments for 'bitcount' command
        "#,
    );
}

#[test]
fn bitpos() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            BITPOS none 0              => :0
            BITPOS none 1              => :-1
            BITPOS none 0 x y z w      => :0
            SET k "\xff\xf0\x00"       => +OK
            BITPOS k 0                 => :12
            BITPOS k 1                 => :0
            BITPOS k 1 1               => :8
            BITPOS k 1 2               => :-1
            BITPOS k 0 1 1             => :12
            BITPOS k 0 0 0             => :-1
            BITPOS k 0 -1              => :16
            BITPOS k 1 -2 -1           => :8
            BITPOS k 1 3               => :-1
            BITPOS k 0 3               => :-1
            BITPOS k 1 7 15 BIT        => :7
            BITPOS k 0 7 11 BIT        => :-1
            BITPOS k 0 7 12 BIT        => :12
            BITPOS k 1 12 -1 BIT       => :-1
            BITPOS k 1 -13 -1 BIT      => :11
            BITPOS k 1 -200 -300       => :0
            SET ones "\xff\xff\xff"    => +OK
            # without an end the string goes on in zeros
            BITPOS ones 0              => :24
            BITPOS ones 0 1            => :24
            BITPOS ones 0 0 -1         => :-1
            BITPOS ones 0 0 -1 BYTE    => :-1
            BITPOS ones 0 3            => :-1
            SET e ""                   => +OK
            BITPOS e 0                 => :-1
            BITPOS e 1                 => :-1
            BITPOS k 2                 => -ERR The bit argument must be 1 or 0.
            BITPOS k x                 => -ERR value is not an integer or out of range
            BITPOS none 2              => -ERR The bit argument must be 1 or 0.
            BITPOS k 0 x               => -ERR value is not an integer or out of range
            BITPOS k 0 0 x             => -ERR value is not an integer or out of range
            BITPOS k 0 x 0 foo         => -ERR value is not an integer or out of range
            BITPOS k 0 0 x foo         => -ERR syntax error
            BITPOS k 0 0 0 BIT x       => -ERR syntax error
        "#,
    );
    // Long runs, with the one bit that differs at each place of a word.
    for (fill, bit) in [(0x00_u8, "1"), (0xff, "0")] {
        for at in 300..340 {
            let mut bytes = vec![fill; 345];
            bytes[at / 8] ^= 0x80 >> (at % 8);
            conn.cmd_bytes(&[b"SET", b"long", &bytes]);
            let found = conn.cmd(&["BITPOS", "long", bit]);
            assert_eq!(found, Value::Int(at as i64), "{at}");
        }
    }
}

#[test]
fn bitop() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET a "\xff\x0f\x33"       => +OK
            SET b "\x55\xff"           => +OK
            BITOP AND d a b            => :3
            GET d                      => "\x55\x0f\x00"
            BITOP OR d a b             => :3
            GET d                      => "\xff\xff\x33"
            BITOP XOR d b a            => :3
            GET d                      => "\xaa\xf0\x33"
            BITOP NOT d b              => :2
            GET d                      => "\xaa\x00"
            OBJECT ENCODING d          => "raw"
            BITOP and d a              => :3
            GET d                      => "\xff\x0f\x33"
            BITOP and d none a         => :3
            GET d                      => "\0\0\0"
            BITOP or d none b a none   => :3
            GET d                      => "\xff\xff\x33"
            # a target among the sources
            BITOP XOR a a b b          => :3
            GET a                      => "\xff\x0f\x33"
            EXPIRE a 100               => :1
            BITOP NOT a a              => :3
            TTL a                      => :-1
            # nothing in, nothing out
            BITOP AND a none none      => :0
            EXISTS a                   => :0
            BITOP NOT none2 none       => :0
            EXISTS none2               => :0
            BITOP NOT d a b            => -ERR BITOP NOT must be called with a single source key.
            BITOP NAND d a b           => -ERR syntax error
            BITOP AND d                => -ERR wrong number of arguments for 'bitop' command
        "#,
    );
}

#[test]
fn bitfield() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            BITFIELD none                              => []
            BITFIELD none GET u8 0 GET i64 1000        => [:0 :0]
            EXISTS none                                => :0
            BITFIELD k SET u4 0 9 INCRBY i5 4 -3 GET u8 #1 => [:0 :-3 :128]
            GET k                                      => "\x9e\x80"
            BITFIELD k get i4 0 get u4 0 get u1 0 get i1 0 => [:-7 :9 :1 :-1]
            BITFIELD k SET i64 3 -1                    => [:-864691128455135232]
            BITFIELD k GET i64 3 GET u63 3 GET u63 4   => [:-1 :9223372036854775807 :9223372036854775807]
            STRLEN k                                   => :9
            DEL k                                      => :1
            BITFIELD k SET i64 0 9223372036854775807 INCRBY i64 0 1 => [:0 :-9223372036854775808]
            # what does not fit wraps around, stays at the end, or is not written
            BITFIELD u SET u8 0 255 INCRBY u8 0 10     => [:0 :9]
            BITFIELD u SET u8 0 300 GET u8 0           => [:9 :44]
            BITFIELD u SET u8 0 -1 GET u8 0            => [:44 :255]
            BITFIELD u OVERFLOW SAT INCRBY u8 0 10     => [:255]
            BITFIELD u OVERFLOW SAT INCRBY u8 0 -300   => [:0]
            BITFIELD u OVERFLOW SAT SET u8 0 -1 GET u8 0 => [:0 :255]
            BITFIELD u OVERFLOW FAIL INCRBY u8 0 1 GET u8 0 => [nil :255]
            BITFIELD u OVERFLOW FAIL INCRBY u8 0 1 OVERFLOW WRAP INCRBY u8 0 1 => [nil :0]
            BITFIELD i SET i8 0 127 INCRBY i8 0 1      => [:0 :-128]
            BITFIELD i OVERFLOW SAT INCRBY i8 0 -1     => [:-128]
            BITFIELD i OVERFLOW SAT INCRBY i8 0 1000   => [:127]
            BITFIELD i OVERFLOW FAIL SET i8 0 128      => [nil]
            BITFIELD i OVERFLOW SAT SET i8 0 -129 GET i8 0 => [:127 :-128]
            # so far below that its distance from the greatest overflows
            BITFIELD i OVERFLOW SAT SET i8 0 -9223372036854775808 GET i8 0 => [:-128 :127]
            BITFIELD i SET i8 0 -9223372036854775808 GET i8 0 => [:127 :0]
            BITFIELD new OVERFLOW FAIL SET u8 0 256    => [nil]
            STRLEN new                                 => :1
            SET n 12                                   => +OK
            BITFIELD n GET u8 0 SET u8 8 51            => [:49 :50]
            GET n                                      => "13"
            OBJECT ENCODING n                          => "raw"
            HELLO 3
            BITFIELD u OVERFLOW FAIL SET u8 0 256      => [null]
        "#,
    );
}

#[test]
fn bitfield_errors() {
    const TYPE: &str = "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
    let target = server();
    let mut conn = target.connect();
    for kind in ["u64", "i65", "u0", "i0", "i", "8", "U8", "u08", "\"\""] {
        conn.transcript(&format!("BITFIELD k GET {kind} 0 => {TYPE}"));
    }
    for offset in ["-1", "x", "#", "#-1", "4294967296", "#536870912"] {
        conn.transcript(&format!(
            r#"BITFIELD k GET u8 "{offset}" => -ERR bit offset is not an integer or out of range"#
        ));
    }
    conn.transcript(
        r#"
            BITFIELD k GET                     => -ERR syntax error
            BITFIELD k GET u8                  => -ERR syntax error
            BITFIELD k SET u8 0                => -ERR syntax error
            BITFIELD k FOO u8 0                => -ERR syntax error
            BITFIELD k OVERFLOW                => -ERR syntax error
            BITFIELD k OVERFLOW foo            => -ERR Invalid OVERFLOW type specified
            BITFIELD k SET u8 x y              => -ERR bit offset is not an integer or out of range
            BITFIELD k SET u8 0 y              => -ERR value is not an integer or out of range
            # nothing is done before all is read
            BITFIELD k SET u8 0 1 GET u8       => -ERR syntax error
            EXISTS k                           => :0
            BITFIELD_RO k                      => []
            BITFIELD_RO k GET u8 0             => [:0]
            BITFIELD_RO k OVERFLOW WRAP        => []
            BITFIELD_RO k SET u8 0 1           => -ERR BITFIELD_RO only supports the GET subcommand
            BITFIELD_RO k GET u8 0 INCRBY u8 0 1 => -ERR BITFIELD_RO only supports the GET subcommand
            BITFIELD_RO k SET u8 0 1 GET u0 0  => -ERR Invalid bitfield...
            EXISTS k                           => :0
            BITFIELD                           => -ERR wrong number of arguments for 'bitfield' command
        "#
        .replace("-ERR Invalid bitfield...", TYPE)
        .as_str(),
    );
}

#[test]
fn bitmaps_are_no_longer_than_strings() {
    let Some(target) = server_with(&[("proto-max-bulk-len", "1mb")]) else {
        return;
    };
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SETBIT k 8388608 1             => -ERR bit offset is not an integer or out of range
            GETBIT k 8388608               => -ERR bit offset is not an integer or out of range
            BITFIELD k SET u8 8388608 1    => -ERR bit offset is not an integer or out of range
            EXISTS k                       => :0
            SETBIT k 8388607 1             => :0
            STRLEN k                       => :1048576
            BITFIELD k SET u8 8388607 255  => [:128]
            STRLEN k                       => :1048577
        "#,
    );
}
