//! String commands over a socket: every option, every error text, the edges.
//!
//! Transcripts are explained in `common/transcript.rs`.

mod common;

use common::{Value, server};

/// `SET`, plain: replies, overwriting, binary safety, the empty string and key.
#[test]
fn set_and_get() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GET k                                  => nil
            SET k v                                => +OK
            GET k                                  => "v"
            set k w                                => +OK
            gEt k                                  => "w"
            SET k ""                               => +OK
            GET k                                  => ""
            STRLEN k                               => :0
            SET "" empty                           => +OK
            GET ""                                 => "empty"
            SET "a\r\n\0\xff" "\r\n\0\xff $-1\r\n" => +OK
            GET "a\r\n\0\xff"                      => "\r\n\x00\xff $-1\r\n"
            SET n 0012                             => +OK
            GET n                                  => "0012"
            SET n -0                               => +OK
            GET n                                  => "-0"
            SET n " 12"                            => +OK
            GET n                                  => " 12"
        "#,
    );
}

/// NX and XX, with and without GET.
#[test]
fn set_conditions() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k v XX               => nil
            EXISTS k                 => :0
            SET k v NX               => +OK
            SET k w NX               => nil
            GET k                    => "v"
            SET k x xx               => +OK
            GET k                    => "x"
            SET k y GET              => "x"
            SET k z NX GET           => "y"
            GET k                    => "y"
            SET k z XX GET           => "y"
            GET k                    => "z"
            SET fresh 1 GET          => nil
            GET fresh                => "1"
            SET other 1 NX GET       => nil
            GET other                => "1"
            SET none 1 XX GET        => nil
            EXISTS none              => :0
            SET none 1 GET XX EX 100 => nil
            EXISTS none              => :0
        "#,
    );
}

/// EX PX EXAT PXAT KEEPTTL, alone and with the other options in any order.
#[test]
fn set_with_expiry() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k v EX 100             => +OK
            TTL k                      => :99..100
            SET k v PX 100000          => +OK
            PTTL k                     => :99000..100000
            SET k v ex 100 nx          => nil
            TTL k                      => :99..100
            SET k v EXAT 4102444800    => +OK
            EXPIRETIME k               => :4102444800
            SET k v PXAT 4102444800123 => +OK
            PEXPIRETIME k              => :4102444800123
            EXPIRETIME k               => :4102444800
            SET k w KEEPTTL            => +OK
            PEXPIRETIME k              => :4102444800123
            SET k x XX KEEPTTL GET     => "w"
            PEXPIRETIME k              => :4102444800123
            SET k y                    => +OK
            TTL k                      => :-1
            SET k y KEEPTTL            => +OK
            TTL k                      => :-1
            SET k z GET PX 4000000 XX  => "y"
            PTTL k                     => :3990000..4000000
            SET k z NX EX 5            => nil
            PTTL k                     => :3990000..4000000
            SET k z NX GET EX 5        => "z"
            PTTL k                     => :3990000..4000000
            SET k v EXAT 1             => +OK
            GET k                      => nil
            EXISTS k                   => :0
            SET k v                    => +OK
            SET k v PXAT 1 GET         => "v"
            EXISTS k                   => :0
            DBSIZE                     => :0
            SET m v KEEPTTL            => +OK
            TTL m                      => :-1
        "#,
    );
}

#[test]
fn set_errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET                              => -ERR wrong number of arguments for 'set' command
            SET k                            => -ERR wrong number of arguments for 'set' command
            GET                              => -ERR wrong number of arguments for 'get' command
            GET a b                          => -ERR wrong number of arguments for 'get' command
            SET k v EX                       => -ERR syntax error
            SET k v PX                       => -ERR syntax error
            SET k v EXAT                     => -ERR syntax error
            SET k v PXAT                     => -ERR syntax error
            SET k v NX XX                    => -ERR syntax error
            SET k v XX NX                    => -ERR syntax error
            SET k v BAD                      => -ERR syntax error
            SET k v ""                       => -ERR syntax error
            SET k v EX 1 PX 1                => -ERR syntax error
            SET k v EX 100 EX 200            => +OK
            SET k v PX 1 EX 1                => -ERR syntax error
            SET k v EX 1 KEEPTTL             => -ERR syntax error
            SET k v KEEPTTL EX 1             => -ERR syntax error
            SET k v KEEPTTL PXAT 1           => -ERR syntax error
            SET k v EXAT 1 PXAT 1            => -ERR syntax error
            SET k v PERSIST                  => -ERR syntax error
            SET k v GET GET                  => "v"
            SET k v KEEPTTL KEEPTTL          => +OK
            SET k v NX NX                    => nil
            SET k2 v XX XX                   => nil
            SET k v EX NX                    => -ERR value is not an integer or out of range
            SET k v EX 0                     => -ERR invalid expire time in 'set' command
            SET k v EX -1                    => -ERR invalid expire time in 'set' command
            SET k v PX 0                     => -ERR invalid expire time in 'set' command
            SET k v PX -5                    => -ERR invalid expire time in 'set' command
            SET k v EXAT 0                   => -ERR invalid expire time in 'set' command
            SET k v EXAT -1                  => -ERR invalid expire time in 'set' command
            SET k v PXAT 0                   => -ERR invalid expire time in 'set' command
            SET k v PXAT -1                  => -ERR invalid expire time in 'set' command
            SET k v EX abc                   => -ERR value is not an integer or out of range
            SET k v EX 1.5                   => -ERR value is not an integer or out of range
            SET k v EX ""                    => -ERR value is not an integer or out of range
            SET k v EX " 1"                  => -ERR value is not an integer or out of range
            SET k v EX 01                    => -ERR value is not an integer or out of range
            SET k v EX +1                    => -ERR value is not an integer or out of range
            SET k v EX 9223372036854775807   => -ERR invalid expire time in 'set' command
            SET k v EX 9223372036854775808   => -ERR value is not an integer or out of range
            SET k v EX -9223372036854775808  => -ERR invalid expire time in 'set' command
            SET k v EX 9223372036854776      => -ERR invalid expire time in 'set' command
            SET k v EX 9223372036854775      => -ERR invalid expire time in 'set' command
            SET k v EXAT 9223372036854775    => +OK
            SET k v EXAT 9223372036854776    => -ERR invalid expire time in 'set' command
            SET k v PX 9223372036854775807   => -ERR invalid expire time in 'set' command
            SET k v PXAT 9223372036854775807 => +OK
            PEXPIRETIME k                    => :9223372036854775807
            SET k v PX 9223372036854775000   => -ERR invalid expire time in 'set' command
            SET k v EX 10 KEEPTTLX           => -ERR syntax error
            SET k v EX abc NX XX             => -ERR syntax error
            GET k                            => "v"
        "#,
    );
}

#[test]
fn setnx_setex_psetex_getset() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SETNX k v                      => :1
            SETNX k w                      => :0
            GET k                          => "v"
            SETEX k 100 x                  => +OK
            TTL k                          => :99..100
            GET k                          => "x"
            SETNX k y                      => :0
            TTL k                          => :99..100
            PSETEX k 100000 z              => +OK
            PTTL k                         => :99000..100000
            GETSET k new                   => "z"
            TTL k                          => :-1
            GETSET missing v               => nil
            GET missing                    => "v"
            SETEX k 0 v                    => -ERR invalid expire time in 'setex' command
            SETEX k -1 v                   => -ERR invalid expire time in 'setex' command
            PSETEX k 0 v                   => -ERR invalid expire time in 'psetex' command
            PSETEX k -1 v                  => -ERR invalid expire time in 'psetex' command
            SETEX k abc v                  => -ERR value is not an integer or out of range
            PSETEX k abc v                 => -ERR value is not an integer or out of range
            SETEX k 9223372036854775807 v  => -ERR invalid expire time in 'setex' command
            SETEX k 9223372036854776 v     => -ERR invalid expire time in 'setex' command
            PSETEX k 9223372036854775807 v => -ERR invalid expire time in 'psetex' command
            SETEX k 9223372036854775808 v  => -ERR value is not an integer or out of range
            GET k                          => "new"
            SETNX                          => -ERR wrong number of arguments for 'setnx' command
            SETNX k                        => -ERR wrong number of arguments for 'setnx' command
            SETNX k v w                    => -ERR wrong number of arguments for 'setnx' command
            SETEX k 1                      => -ERR wrong number of arguments for 'setex' command
            SETEX k 1 v w                  => -ERR wrong number of arguments for 'setex' command
            PSETEX k 1                     => -ERR wrong number of arguments for 'psetex' command
            PSETEX k 1 v w                 => -ERR wrong number of arguments for 'psetex' command
            GETSET k                       => -ERR wrong number of arguments for 'getset' command
            GETSET k a b                   => -ERR wrong number of arguments for 'getset' command
        "#,
    );
}

#[test]
fn mset_mget_msetnx() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            MSET a 1 b 2   => +OK
            MGET a b c     => ["1" "2" nil]
            MGET c         => [nil]
            MGET a a "" b  => ["1" "1" nil "2"]
            MSET a x a y   => +OK
            GET a          => "y"
            MSETNX c 1 a 2 => :0
            EXISTS c       => :0
            MSETNX c 1 d 2 => :1
            MGET c d       => ["1" "2"]
            MSETNX e 1 e 2 => :1
            GET e          => "2"
            SET t v EX 100 => +OK
            MSET t w       => +OK
            TTL t          => :-1
            SET t v EX 100 => +OK
            MSETNX t w     => :0
            TTL t          => :99..100
            MSET           => -ERR wrong number of arguments for 'mset' command
            MSET a         => -ERR wrong number of arguments for 'mset' command
            MSET a 1 b     => -ERR wrong number of arguments for 'mset' command
            MSET a 1 b 2 c => -ERR wrong number of arguments for 'mset' command
            MSETNX         => -ERR wrong number of arguments for 'msetnx' command
            MSETNX a       => -ERR wrong number of arguments for 'msetnx' command
            MSETNX a 1 b   => -ERR wrong number of arguments for 'msetnx' command
            MGET           => -ERR wrong number of arguments for 'mget' command
            GET b          => "2"
        "#,
    );
}

#[test]
fn append_and_strlen() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            APPEND k hello    => :5
            APPEND k " world" => :11
            GET k             => "hello world"
            STRLEN k          => :11
            STRLEN missing    => :0
            APPEND k ""       => :11
            APPEND empty ""   => :0
            EXISTS empty      => :1
            GET empty         => ""
            SET n 10          => +OK
            STRLEN n          => :2
            APPEND n 5        => :3
            GET n             => "105"
            INCR n            => :106
            SET m -123456     => +OK
            STRLEN m          => :7
            APPEND m "\0\r\n" => :10
            GET m             => "-123456\x00\r\n"
            SET t v EX 100    => +OK
            APPEND t w        => :2
            TTL t             => :99..100
            APPEND k          => -ERR wrong number of arguments for 'append' command
            APPEND k a b      => -ERR wrong number of arguments for 'append' command
            APPEND            => -ERR wrong number of arguments for 'append' command
            STRLEN            => -ERR wrong number of arguments for 'strlen' command
            STRLEN a b        => -ERR wrong number of arguments for 'strlen' command
        "#,
    );
}

/// GETRANGE and its old name SUBSTR.
#[test]
fn getrange_and_substr() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k "Hello World"              => +OK
            GETRANGE k 0 4                   => "Hello"
            GETRANGE k 0 -1                  => "Hello World"
            GETRANGE k -5 -1                 => "World"
            GETRANGE k -5 -7                 => ""
            GETRANGE k 3 1                   => ""
            GETRANGE k 0 0                   => "H"
            GETRANGE k 10 10                 => "d"
            GETRANGE k 11 11                 => ""
            GETRANGE k 5 100                 => " World"
            GETRANGE k -100 4                => "Hello"
            GETRANGE k -100 -50              => "H"
            GETRANGE k -100 -100             => "H"
            GETRANGE k 0 -100                => "H"
            GETRANGE k 100 200               => ""
            GETRANGE k -1 0                  => ""
            GETRANGE k -1 100                => "d"
            GETRANGE k -9223372036854775808 9223372036854775807 => "Hello World"
            GETRANGE k 9223372036854775807 9223372036854775807 => ""
            GETRANGE k -9223372036854775808 -9223372036854775808 => "H"
            GETRANGE missing 0 -1            => ""
            SET n 123456                     => +OK
            GETRANGE n 1 3                   => "234"
            GETRANGE n -2 -1                 => "56"
            SET e ""                         => +OK
            GETRANGE e 0 -1                  => ""
            SUBSTR k 0 4                     => "Hello"
            SUBSTR k -5 -1                   => "World"
            SUBSTR missing 0 1               => ""
            GETRANGE k a 1                   => -ERR value is not an integer or out of range
            GETRANGE k 1 b                   => -ERR value is not an integer or out of range
            GETRANGE k 1 9223372036854775808 => -ERR value is not an integer or out of range
            GETRANGE k 1.0 2                 => -ERR value is not an integer or out of range
            GETRANGE missing a 1             => -ERR value is not an integer or out of range
            SUBSTR k a 1                     => -ERR value is not an integer or out of range
            GETRANGE k 0                     => -ERR wrong number of arguments for 'getrange' command
            GETRANGE k 0 1 2                 => -ERR wrong number of arguments for 'getrange' command
            SUBSTR k 0                       => -ERR wrong number of arguments for 'substr' command
            SUBSTR k 0 1 2                   => -ERR wrong number of arguments for 'substr' command
            GETRANGE                         => -ERR wrong number of arguments for 'getrange' command
        "#,
    );
}

#[test]
fn setrange() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SETRANGE k 0 foo                 => :3
            GET k                            => "foo"
            SETRANGE k 1 b                   => :3
            GET k                            => "fbo"
            SETRANGE k 5 "\0x"               => :7
            GET k                            => "fbo\x00\x00\x00x"
            SETRANGE pad 3 foo               => :6
            GET pad                          => "\x00\x00\x00foo"
            SETRANGE missing 0 ""            => :0
            EXISTS missing                   => :0
            SETRANGE missing 5 ""            => :0
            EXISTS missing                   => :0
            SET s hello                      => +OK
            SETRANGE s 2 ""                  => :5
            SETRANGE s 100 ""                => :5
            GET s                            => "hello"
            SET n 1234                       => +OK
            SETRANGE n 0 2                   => :4
            GET n                            => "2234"
            INCR n                           => :2235
            SETRANGE n 4 x                   => :5
            GET n                            => "2235x"
            SET t v EX 100                   => +OK
            SETRANGE t 1 w                   => :2
            TTL t                            => :99..100
            SETRANGE k -1 x                  => -ERR offset is out of range
            SETRANGE missing -1 x            => -ERR offset is out of range
            SETRANGE missing -1 ""           => -ERR offset is out of range
            SETRANGE s -1 ""                 => -ERR offset is out of range
            SETRANGE k abc x                 => -ERR value is not an integer or out of range
            SETRANGE k 1.5 x                 => -ERR value is not an integer or out of range
            SETRANGE k 536870911 xx          => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
            SETRANGE k 536870912 x           => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
            SETRANGE missing 536870912 x     => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
            SETRANGE missing 536870912 ""    => :0
            SETRANGE k 4294967295 x          => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
            SETRANGE k 9223372036854775807 x => -ERR string exceeds maximum allowed size (proto-max-bulk-len)
            SETRANGE k 9223372036854775808 x => -ERR value is not an integer or out of range
            EXISTS missing                   => :0
            STRLEN k                         => :7
            SETRANGE                         => -ERR wrong number of arguments for 'setrange' command
            SETRANGE k 0                     => -ERR wrong number of arguments for 'setrange' command
            SETRANGE k 0 a b                 => -ERR wrong number of arguments for 'setrange' command
        "#,
    );
}

#[test]
fn incr_and_decr() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            INCR n                              => :1
            INCR n                              => :2
            INCRBY n 40                         => :42
            DECR n                              => :41
            DECRBY n 50                         => :-9
            GET n                               => "-9"
            INCRBY n -1                         => :-10
            DECRBY n -10                        => :0
            INCRBY n 0                          => :0
            SET counter 10                      => +OK
            INCR counter                        => :11
            GET counter                         => "11"
            SET t 1 EX 100                      => +OK
            INCR t                              => :2
            TTL t                               => :99..100
            SET max 9223372036854775806         => +OK
            INCR max                            => :9223372036854775807
            INCR max                            => -ERR increment or decrement would overflow
            GET max                             => "9223372036854775807"
            INCRBY max -1                       => :9223372036854775806
            INCRBY max 2                        => -ERR increment or decrement would overflow
            SET min -9223372036854775807        => +OK
            DECR min                            => :-9223372036854775808
            DECR min                            => -ERR increment or decrement would overflow
            DECRBY min 1                        => -ERR increment or decrement would overflow
            INCRBY min -1                       => -ERR increment or decrement would overflow
            INCRBY min 1                        => :-9223372036854775807
            GET min                             => "-9223372036854775807"
            DECRBY n -9223372036854775808       => -ERR decrement would overflow
            DECRBY missing -9223372036854775808 => -ERR decrement would overflow
            DECRBY missing 9223372036854775807  => :-9223372036854775807
            INCRBY m2 -9223372036854775808      => :-9223372036854775808
            INCRBY n abc                        => -ERR value is not an integer or out of range
            INCRBY n 1.5                        => -ERR value is not an integer or out of range
            INCRBY n 9223372036854775808        => -ERR value is not an integer or out of range
            INCRBY n ""                         => -ERR value is not an integer or out of range
            INCRBY n " 1"                       => -ERR value is not an integer or out of range
            INCRBY n 01                         => -ERR value is not an integer or out of range
            INCRBY n +1                         => -ERR value is not an integer or out of range
            DECRBY n abc                        => -ERR value is not an integer or out of range
            INCRBY n -0                         => -ERR value is not an integer or out of range
            GET n                               => "0"
        "#,
    );
    conn.transcript(
        r#"
            SET bad abc                  => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            DECR bad                     => -ERR value is not an integer or out of range
            INCRBY bad 1                 => -ERR value is not an integer or out of range
            DECRBY bad 1                 => -ERR value is not an integer or out of range
            SET bad " 1"                 => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            SET bad "1 "                 => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            SET bad 01                   => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            SET bad -0                   => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            SET bad +1                   => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            SET bad 1.0                  => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            SET bad ""                   => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            SET bad "1\0"                => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            SET bad 9223372036854775808  => +OK
            INCR bad                     => -ERR value is not an integer or out of range
            GET bad                      => "9223372036854775808"
            SET big -9223372036854775808 => +OK
            INCR big                     => :-9223372036854775807
            INCR                         => -ERR wrong number of arguments for 'incr' command
            INCR a b                     => -ERR wrong number of arguments for 'incr' command
            DECR                         => -ERR wrong number of arguments for 'decr' command
            DECR a b                     => -ERR wrong number of arguments for 'decr' command
            INCRBY a                     => -ERR wrong number of arguments for 'incrby' command
            INCRBY a 1 2                 => -ERR wrong number of arguments for 'incrby' command
            DECRBY a                     => -ERR wrong number of arguments for 'decrby' command
            DECRBY a 1 2                 => -ERR wrong number of arguments for 'decrby' command
        "#,
    );
}

/// Sums are made and printed with 17 decimals, trailing zeros cut: `0.1 + 0.2` is `0.3`.
#[test]
fn incrbyfloat() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            INCRBYFLOAT f 1        => "1"
            INCRBYFLOAT f 0.25     => "1.25"
            GET f                  => "1.25"
            INCRBYFLOAT f -1.25    => "0"
            GET f                  => "0"
            SET f 3                => +OK
            INCRBYFLOAT f 1.1      => "4.1"
            SET f 0.1              => +OK
            INCRBYFLOAT f 0.2      => "0.3"
            SET f 1.1              => +OK
            INCRBYFLOAT f 2.2      => "3.3"
            SET f 10.50            => +OK
            INCRBYFLOAT f 0.1      => "10.6"
            INCRBYFLOAT f -5       => "5.6"
            SET f 5.0e3            => +OK
            INCRBYFLOAT f 2.0e2    => "5200"
            SET f 1                => +OK
            INCRBYFLOAT f 1.5      => "2.5"
            INCRBYFLOAT f 1.5      => "4"
            INCR f                 => :5
            INCRBYFLOAT f 0.5      => "5.5"
            INCR f                 => -ERR value is not an integer or out of range
            INCRBYFLOAT f -4.5     => "1"
            INCRBYFLOAT f -0.0     => "1"
            SET f 17179869184      => +OK
            INCRBYFLOAT f 1.5      => "17179869185.5"
            INCRBYFLOAT f 0x10     => "17179869201.5"
            SET f 1e10             => +OK
            INCRBYFLOAT f 1        => "10000000001"
            INCRBYFLOAT f +1       => "10000000002"
            INCRBYFLOAT f .5       => "10000000002.5"
            INCRBYFLOAT f 5.       => "10000000007.5"
            SET t 1 EX 100         => +OK
            INCRBYFLOAT t 1        => "2"
            TTL t                  => :99..100
            SET f 1                => +OK
            INCRBYFLOAT f abc      => -ERR value is not a valid float
            INCRBYFLOAT f ""       => -ERR value is not a valid float
            INCRBYFLOAT f " 1"     => -ERR value is not a valid float
            INCRBYFLOAT f "1 "     => -ERR value is not a valid float
            INCRBYFLOAT f 1x       => -ERR value is not a valid float
            INCRBYFLOAT f nan      => -ERR value is not a valid float
            INCRBYFLOAT f inf      => -ERR increment would produce NaN or Infinity
            INCRBYFLOAT f -inf     => -ERR increment would produce NaN or Infinity
            INCRBYFLOAT f +inf     => -ERR increment would produce NaN or Infinity
            INCRBYFLOAT f infinity => -ERR increment would produce NaN or Infinity
            INCRBYFLOAT f "1\0"    => -ERR value is not a valid float
            GET f                  => "1"
            SET f abc              => +OK
            INCRBYFLOAT f 1        => -ERR value is not a valid float
            SET f " 1"             => +OK
            INCRBYFLOAT f 1        => -ERR value is not a valid float
            SET f "1 "             => +OK
            INCRBYFLOAT f 1        => -ERR value is not a valid float
            SET f ""               => +OK
            INCRBYFLOAT f 1        => -ERR value is not a valid float
            SET f 1                => +OK
            INCRBYFLOAT missing x  => -ERR value is not a valid float
            EXISTS missing         => :0
            INCRBYFLOAT            => -ERR wrong number of arguments for 'incrbyfloat' command
            INCRBYFLOAT f          => -ERR wrong number of arguments for 'incrbyfloat' command
            INCRBYFLOAT f 1 2      => -ERR wrong number of arguments for 'incrbyfloat' command
        "#,
    );
}

#[test]
fn getdel() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k v EX 100 => +OK
            GETDEL k       => "v"
            GETDEL k       => nil
            EXISTS k       => :0
            SET k w        => +OK
            TTL k          => :-1
            SET n 42       => +OK
            GETDEL n       => "42"
            DBSIZE         => :1
            GETDEL         => -ERR wrong number of arguments for 'getdel' command
            GETDEL k w     => -ERR wrong number of arguments for 'getdel' command
        "#,
    );
}

#[test]
fn getex() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GETEX missing              => nil
            GETEX missing EX 10        => nil
            GETEX missing PERSIST      => nil
            SET k v                    => +OK
            GETEX k                    => "v"
            TTL k                      => :-1
            GETEX k EX 100             => "v"
            TTL k                      => :99..100
            GETEX k                    => "v"
            TTL k                      => :99..100
            GETEX k px 200000          => "v"
            PTTL k                     => :199000..200000
            GETEX k EXAT 4102444800    => "v"
            EXPIRETIME k               => :4102444800
            GETEX k PXAT 4102444800123 => "v"
            PEXPIRETIME k              => :4102444800123
            GETEX k PERSIST            => "v"
            TTL k                      => :-1
            GETEX k persist            => "v"
            GETEX k EXAT 1             => "v"
            EXISTS k                   => :0
            SET k v                    => +OK
            GETEX k PXAT 1             => "v"
            GETEX k                    => nil
            DBSIZE                     => :0
        "#,
    );
    conn.transcript(
        r#"
            SET k v                        => +OK
            GETEX                          => -ERR wrong number of arguments for 'getex' command
            GETEX k EX                     => -ERR syntax error
            GETEX k BAD                    => -ERR syntax error
            GETEX k NX                     => -ERR syntax error
            GETEX k KEEPTTL                => -ERR syntax error
            GETEX k GET                    => -ERR syntax error
            GETEX k EX 1 PX 1              => -ERR syntax error
            GETEX k EX 1 PERSIST           => -ERR syntax error
            GETEX k PERSIST EX 1           => -ERR syntax error
            GETEX k PERSIST PERSIST        => "v"
            GETEX k EX 0                   => -ERR invalid expire time in 'getex' command
            GETEX k EX -1                  => -ERR invalid expire time in 'getex' command
            GETEX k PX 0                   => -ERR invalid expire time in 'getex' command
            GETEX k EXAT 0                 => -ERR invalid expire time in 'getex' command
            GETEX k PXAT -1                => -ERR invalid expire time in 'getex' command
            GETEX k EX abc                 => -ERR value is not an integer or out of range
            GETEX k EX 1.5                 => -ERR value is not an integer or out of range
            GETEX k EX 9223372036854775807 => -ERR invalid expire time in 'getex' command
            GETEX k PX 9223372036854775807 => -ERR invalid expire time in 'getex' command
            GETEX k EX 9223372036854775808 => -ERR value is not an integer or out of range
            GETEX missing EX 0             => nil
            GETEX missing EX abc           => nil
            GETEX missing BAD              => -ERR syntax error
            TTL k                          => :-1
            GET k                          => "v"
        "#,
    );
}

#[test]
fn lcs() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            MSET key1 ohmytext key2 mynewtext            => +OK
            LCS key1 key2                                => "mytext"
            LCS key1 key2 LEN                            => :6
            LCS key2 key1 len                            => :6
            LCS key1 key1                                => "ohmytext"
            LCS key1 missing                             => ""
            LCS missing key1 LEN                         => :0
            LCS m1 m2                                    => ""
            LCS m1 m2 LEN                                => :0
            LCS key1 key2 IDX                            => ["matches" [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] "len" :6]
            LCS key1 key2 IDX MINMATCHLEN 4              => ["matches" [[[:4 :7] [:5 :8]]] "len" :6]
            LCS key1 key2 IDX MINMATCHLEN 4 WITHMATCHLEN => ["matches" [[[:4 :7] [:5 :8] :4]] "len" :6]
            LCS key1 key2 IDX WITHMATCHLEN               => ["matches" [[[:4 :7] [:5 :8] :4] [[:2 :3] [:0 :1] :2]] "len" :6]
            LCS key1 key2 WITHMATCHLEN                   => "mytext"
            LCS key1 key2 MINMATCHLEN 2                  => "mytext"
            LCS key1 key2 IDX MINMATCHLEN 0              => ["matches" [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] "len" :6]
            LCS key1 key2 IDX MINMATCHLEN -3             => ["matches" [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] "len" :6]
            LCS key1 key2 IDX MINMATCHLEN 100            => ["matches" [] "len" :6]
            LCS m1 m2 IDX                                => ["matches" [] "len" :0]
            LCS key1 m2 IDX WITHMATCHLEN                 => ["matches" [] "len" :0]
            SET n 12345                                  => +OK
            SET m 1x3x5                                  => +OK
            LCS n m                                      => "135"
            LCS n m IDX                                  => ["matches" [[[:4 :4] [:4 :4]] [[:2 :2] [:2 :2]] [[:0 :0] [:0 :0]]] "len" :3]
            SET u "a\0b\r\nc"                            => +OK
            SET v "\0\r\n"                               => +OK
            LCS u v                                      => "\x00\r\n"
            LCS u v LEN                                  => :3
            MSET p abcabc q cba                          => +OK
            LCS p q                                      => "cb"
            LCS p q IDX                                  => ["matches" [[[:4 :4] [:1 :1]] [[:2 :2] [:0 :0]]] "len" :2]
            LCS                                          => -ERR wrong number of arguments for 'lcs' command
            LCS key1                                     => -ERR wrong number of arguments for 'lcs' command
            LCS key1 key2 LEN IDX                        => -ERR If you want both the length and indexes, please just use IDX.
            LCS key1 key2 IDX LEN                        => -ERR If you want both the length and indexes, please just use IDX.
            LCS key1 key2 BAD                            => -ERR syntax error
            LCS key1 key2 MINMATCHLEN                    => -ERR syntax error
            LCS key1 key2 MINMATCHLEN abc                => -ERR value is not an integer or out of range
            LCS key1 key2 IDX MINMATCHLEN 9223372036854775808 => -ERR value is not an integer or out of range
        "#,
    );
    conn.transcript(
        r#"
            HELLO 3                        => ?
            LCS key1 key2                  => "mytext"
            LCS key1 key2 LEN              => :6
            LCS key1 key2 IDX              => %["matches" [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] "len" :6]
            LCS key1 key2 IDX WITHMATCHLEN => %["matches" [[[:4 :7] [:5 :8] :4] [[:2 :3] [:0 :1] :2]] "len" :6]
            LCS m1 m2 IDX                  => %["matches" [] "len" :0]
        "#,
    );
}

/// The nulls of RESP3.
#[test]
fn nulls_in_resp3() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HELLO 3              => ?
            GET k                => null
            MGET k k             => [null null]
            SET k v XX           => null
            SET k v GET          => null
            SET k w NX           => null
            GETSET missing v     => null
            GETDEL nothing       => null
            GETEX nothing        => null
            GETRANGE nothing 0 1 => ""
            INCRBYFLOAT f 0.5    => "0.5"
            STRLEN k             => :1
        "#,
    );
}

/// A whole session as a newcomer types it.
#[test]
fn a_counter_that_expires() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET counter 10    => +OK
            INCR counter      => :11
            INCR counter      => :12
            EXPIRE counter 10 => :1
            TTL counter       => :9..10
            INCR counter      => :13
            TTL counter       => :9..10
            GET counter       => "13"
        "#,
    );
}

/// Every byte there is, as key and as value, one at a time and all at once.
#[test]
fn binary_keys_and_values() {
    let target = server();
    let mut conn = target.connect();
    let all: Vec<u8> = (0..=255).collect();
    for byte in &all {
        let value = [*byte, b'v', *byte];
        assert_eq!(
            conn.cmd_bytes(&[b"SET", &[*byte], &value]),
            Value::simple("OK")
        );
    }
    for byte in &all {
        let value = [*byte, b'v', *byte];
        assert_eq!(
            conn.cmd_bytes(&[b"GET", &[*byte]]),
            Value::bulk(value),
            "byte {byte}"
        );
    }
    assert_eq!(conn.cmd_bytes(&[b"SET", &all, &all]), Value::simple("OK"));
    assert_eq!(conn.cmd_bytes(&[b"GET", &all]), Value::bulk(&all));
    assert_eq!(conn.cmd(&["DBSIZE"]), Value::Int(257));
}

/// Lengths around the borders at which implementations change how they store a string.
#[test]
fn lengths_around_every_border() {
    let target = server();
    let mut conn = target.connect();
    let mut lengths: Vec<usize> = (0..=130).collect();
    for power in [8, 10, 12, 14, 15, 16] {
        lengths.extend([(1 << power) - 1, 1 << power, (1 << power) + 1]);
    }
    for length in lengths {
        let value: Vec<u8> = (0..length).map(|i| b'a' + (i % 23) as u8).collect();
        let key = format!("k{length}");
        assert_eq!(
            conn.cmd_bytes(&[b"SET", key.as_bytes(), &value]),
            Value::simple("OK")
        );
        assert_eq!(
            conn.cmd(&["GET", &key]),
            Value::bulk(&value),
            "length {length}"
        );
        assert_eq!(conn.cmd(&["STRLEN", &key]), Value::Int(length as i64));
        assert_eq!(
            conn.cmd_bytes(&[b"SET", &value, b"as a key"]),
            Value::simple("OK")
        );
        assert_eq!(
            conn.cmd_bytes(&[b"GET", &value]),
            Value::bulk("as a key"),
            "length {length}"
        );
        let grown = [value.as_slice(), b"+"].concat();
        assert_eq!(
            conn.cmd(&["APPEND", &key, "+"]),
            Value::Int(grown.len() as i64)
        );
        assert_eq!(
            conn.cmd(&["GET", &key]),
            Value::bulk(&grown),
            "length {length} and one"
        );
    }
}
