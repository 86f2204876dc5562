//! Key commands over a socket: existence, names, types, encodings, databases. Deadlines are in `expiry.rs`, SCAN in `scan.rs`.

mod common;

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use common::server;

#[test]
fn del_unlink_exists_touch() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            MSET a 1 b 2 c 3 "" 4  => +OK
            EXISTS a               => :1
            EXISTS a a b missing a => :4
            EXISTS missing         => :0
            TOUCH a b missing a    => :3
            TOUCH missing          => :0
            DEL a missing a        => :1
            DEL a                  => :0
            DEL b c ""             => :3
            DBSIZE                 => :0
            MSET a 1 b 2           => +OK
            UNLINK a a missing b   => :2
            UNLINK a               => :0
            DBSIZE                 => :0
            DEL                    => -ERR wrong number of arguments for 'del' command
            UNLINK                 => -ERR wrong number of arguments for 'unlink' command
            EXISTS                 => -ERR wrong number of arguments for 'exists' command
            TOUCH                  => -ERR wrong number of arguments for 'touch' command
        "#,
    );
}

#[test]
fn type_of_keys() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            TYPE k   => +none
            SET k v  => +OK
            TYPE k   => +string
            SET n 1  => +OK
            TYPE n   => +string
            TYPE     => -ERR wrong number of arguments for 'type' command
            TYPE a b => -ERR wrong number of arguments for 'type' command
        "#,
    );
}

#[test]
fn rename_and_renamenx() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET a 1                  => +OK
            RENAME a b               => +OK
            EXISTS a                 => :0
            GET b                    => "1"
            RENAME missing x         => -ERR no such key
            RENAMENX missing x       => -ERR no such key
            SET c 3                  => +OK
            RENAME b c               => +OK
            GET c                    => "1"
            EXISTS b                 => :0
            RENAME c c               => +OK
            GET c                    => "1"
            RENAMENX c c             => :0
            SET d 4                  => +OK
            RENAMENX c d             => :0
            MGET c d                 => ["1" "4"]
            RENAMENX c e             => :1
            MGET c e                 => [nil "1"]
            RENAME missing missing   => -ERR no such key
            RENAMENX missing missing => -ERR no such key
            DBSIZE                   => :2
            RENAME a                 => -ERR wrong number of arguments for 'rename' command
            RENAME a b c             => -ERR wrong number of arguments for 'rename' command
            RENAMENX a               => -ERR wrong number of arguments for 'renamenx' command
            RENAMENX a b c           => -ERR wrong number of arguments for 'renamenx' command
        "#,
    );
}

/// RENAME takes the deadline along, and a deadline of the key it replaces goes with that key.
#[test]
fn rename_carries_the_deadline() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET a 1 EX 100  => +OK
            RENAME a b      => +OK
            TTL b           => :99..100
            SET c 3         => +OK
            RENAME c b      => +OK
            TTL b           => :-1
            GET b           => "3"
            SET a 1 EX 100  => +OK
            SET t 2 EX 5000 => +OK
            RENAME a t      => +OK
            TTL t           => :99..100
            SET f 1 EX 100  => +OK
            RENAMENX f g    => :1
            TTL g           => :99..100
            TTL f           => :-2
        "#,
    );
}

#[test]
fn copy() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET a 1                         => +OK
            COPY a b                        => :1
            GET b                           => "1"
            COPY a b                        => :0
            SET a 2                         => +OK
            COPY a b                        => :0
            GET b                           => "1"
            COPY a b REPLACE                => :1
            GET b                           => "2"
            COPY missing x                  => :0
            COPY missing b REPLACE          => :0
            GET b                           => "2"
            COPY a a                        => -ERR source and destination objects are the same
            COPY a a REPLACE                => -ERR source and destination objects are the same
            COPY a a DB 0                   => -ERR source and destination objects are the same
            COPY a a DB 1                   => :1
            COPY a a DB 1                   => :0
            COPY a z DB 1 REPLACE           => :1
            COPY a z REPLACE DB 1           => :1
            EXISTS z                        => :0
            SELECT 1                        => +OK
            MGET a z                        => ["2" "2"]
            COPY a fromone DB 0             => :1
            SELECT 0                        => +OK
            GET fromone                     => "2"
            SET t 1 EX 100                  => +OK
            COPY t u                        => :1
            TTL u                           => :99..100
            COPY a u REPLACE                => :1
            TTL u                           => :-1
            COPY t u REPLACE DB 1 REPLACE   => :1
            SELECT 1                        => +OK
            TTL u                           => :99..100
            SELECT 0                        => +OK
            APPEND a x                      => :2
            GET b                           => "2"
            COPY a b DB 16                  => -ERR DB index is out of range
            COPY a b DB -1                  => -ERR DB index is out of range
            COPY a b DB abc                 => -ERR value is not an integer or out of range
            COPY a b DB 9223372036854775808 => -ERR value is not an integer or out of range
            COPY a b DB                     => -ERR syntax error
            COPY a b BAD                    => -ERR syntax error
            COPY a b REPLACE BAD            => -ERR syntax error
            COPY missing b DB 99            => -ERR DB index is out of range
            COPY a                          => -ERR wrong number of arguments for 'copy' command
            COPY                            => -ERR wrong number of arguments for 'copy' command
        "#,
    );
}

#[test]
fn move_between_databases() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET a 1                    => +OK
            MOVE a 1                   => :1
            EXISTS a                   => :0
            MOVE a 1                   => :0
            SELECT 1                   => +OK
            GET a                      => "1"
            SELECT 0                   => +OK
            SET a 2                    => +OK
            MOVE a 1                   => :0
            GET a                      => "2"
            SET t 1 EX 100             => +OK
            MOVE t 1                   => :1
            TTL t                      => :-2
            SELECT 1                   => +OK
            TTL t                      => :99..100
            MGET a t                   => ["1" "1"]
            MOVE t 15                  => :1
            SELECT 15                  => +OK
            TTL t                      => :99..100
            SELECT 0                   => +OK
            MOVE a 0                   => -ERR source and destination objects are the same
            MOVE missing 0             => -ERR source and destination objects are the same
            MOVE a 16                  => -ERR DB index is out of range
            MOVE a -1                  => -ERR DB index is out of range
            MOVE a abc                 => -ERR value is not an integer or out of range
            MOVE missing 16            => -ERR DB index is out of range
            MOVE a 9223372036854775808 => -ERR value is not an integer or out of range
            MOVE a                     => -ERR wrong number of arguments for 'move' command
            MOVE a 1 2                 => -ERR wrong number of arguments for 'move' command
            DBSIZE                     => :1
        "#,
    );
}

#[test]
fn databases_are_apart() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET k zero         => +OK
            SELECT 3           => +OK
            GET k              => nil
            SET k three EX 100 => +OK
            SWAPDB 0 3         => +OK
            GET k              => "zero"
            TTL k              => :-1
            SELECT 0           => +OK
            GET k              => "three"
            TTL k              => :99..100
            DBSIZE             => :1
            SWAPDB 0 0         => +OK
            FLUSHDB            => +OK
            DBSIZE             => :0
            SELECT 3           => +OK
            DBSIZE             => :1
            FLUSHALL           => +OK
            DBSIZE             => :0
        "#,
    );
}

#[test]
fn keys_patterns() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            KEYS *              => []
            MSET hello 1 hallo 2 hxllo 3 hllo 4 heello 5 "h[llo" 6 "h*llo" 7 "h\\llo" 8 "h?llo" 9 "h-llo" 10 "h^llo" 11 => +OK
            KEYS h?llo          => anyorder["hello" "hallo" "hxllo" "h[llo" "h*llo" "h\\llo" "h?llo" "h-llo" "h^llo"]
            KEYS h*llo          => anyorder["hello" "hallo" "hxllo" "hllo" "heello" "h[llo" "h*llo" "h\\llo" "h?llo" "h-llo" "h^llo"]
            KEYS h[ae]llo       => anyorder["hello" "hallo"]
            KEYS h[^e]llo       => anyorder["hallo" "hxllo" "h[llo" "h*llo" "h\\llo" "h?llo" "h-llo" "h^llo"]
            KEYS h[a-e]llo      => anyorder["hello" "hallo"]
            KEYS h[e-a]llo      => anyorder["hello" "hallo"]
            KEYS h[a-bx]llo     => anyorder["hallo" "hxllo"]
            KEYS h[a-]llo       => anyorder[]
            KEYS 'h[\-]llo'     => ["h-llo"]
            KEYS 'h\*llo'       => ["h*llo"]
            KEYS 'h\?llo'       => ["h?llo"]
            KEYS 'h\[llo'       => ["h[llo"]
            KEYS 'h\\llo'       => ["h\\llo"]
            KEYS 'h[\^]llo'     => ["h^llo"]
            KEYS 'h[*]llo'      => ["h*llo"]
            KEYS 'h[?]llo'      => ["h?llo"]
            KEYS h[e            => []
            KEYS h[ello         => []
            KEYS hello          => ["hello"]
            KEYS HELLO          => []
            KEYS hell           => []
            KEYS helloo         => []
            KEYS hello*         => ["hello"]
            KEYS *hello         => ["hello"]
            KEYS **hello**      => ["hello"]
            KEYS h**lo          => anyorder["hello" "hallo" "hxllo" "hllo" "heello" "h[llo" "h*llo" "h\\llo" "h?llo" "h-llo" "h^llo"]
            KEYS *ee*           => ["heello"]
            KEYS *x*o           => ["hxllo"]
            KEYS ????           => ["hllo"]
            KEYS ""             => []
            KEYS 'hello\'       => []
            KEYS h[]llo         => []
            KEYS                => -ERR wrong number of arguments for 'keys' command
            KEYS a b            => -ERR wrong number of arguments for 'keys' command
            FLUSHALL            => +OK
            SET "" empty        => +OK
            KEYS ""             => [""]
            KEYS *              => [""]
            KEYS ?              => []
            SET "a\0b\r\n" 1    => +OK
            KEYS "a\0*"         => ["a\x00b\r\n"]
            KEYS "a?b??"        => ["a\x00b\r\n"]
            KEYS "a[\0]b*"      => ["a\x00b\r\n"]
            SET "\xff\xfe" 1    => +OK
            KEYS "\xff*"        => ["\xff\xfe"]
            KEYS "[\xf0-\xff]?" => ["\xff\xfe"]
        "#,
    );
}

#[test]
fn randomkey() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RANDOMKEY   => nil
            RANDOMKEY x => -ERR wrong number of arguments for 'randomkey' command
            SET only 1  => +OK
            RANDOMKEY   => "only"
            HELLO 3     => ?
            DEL only    => :1
            RANDOMKEY   => null
        "#,
    );
    let keys = 10;
    for i in 0..keys {
        conn.cmd(&["SET", &format!("key:{i}"), "v"]);
    }
    let mut seen: HashMap<String, u32> = HashMap::new();
    for _ in 0..1000 {
        *seen.entry(conn.cmd(&["RANDOMKEY"]).text()).or_default() += 1;
    }
    assert_eq!(
        seen.len(),
        keys,
        "every key comes up in 1000 draws: {seen:?}"
    );
    assert!(seen.keys().all(|key| key.starts_with("key:")), "{seen:?}");
}

#[test]
fn object_encoding() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            OBJECT ENCODING missing    => nil
            SET k 1                    => +OK
            OBJECT ENCODING k          => "int"
            SET k 9223372036854775807  => +OK
            OBJECT ENCODING k          => "int"
            SET k -9223372036854775808 => +OK
            OBJECT ENCODING k          => "int"
            SET k 9223372036854775808  => +OK
            OBJECT ENCODING k          => "embstr"
            SET k 01                   => +OK
            OBJECT ENCODING k          => "embstr"
            SET k " 1"                 => +OK
            OBJECT ENCODING k          => "embstr"
            SET k -0                   => +OK
            OBJECT ENCODING k          => "embstr"
            SET k 1.5                  => +OK
            OBJECT ENCODING k          => "embstr"
            SET k ""                   => +OK
            OBJECT ENCODING k          => "embstr"
            SET k "x"*44               => +OK
            OBJECT ENCODING k          => "embstr"
            SET k "x"*45               => +OK
            OBJECT ENCODING k          => "raw"
            SET k "1"*44               => +OK
            OBJECT ENCODING k          => "embstr"
            MSET a 5 b abc c "x"*45    => +OK
            OBJECT ENCODING a          => "int"
            OBJECT ENCODING b          => "embstr"
            OBJECT ENCODING c          => "raw"
            SETNX d 5                  => :1
            OBJECT ENCODING d          => "int"
            GETSET d "x"*44            => "5"
            OBJECT ENCODING d          => "embstr"
            SETEX d 100 7              => +OK
            OBJECT ENCODING d          => "int"
            MSETNX e 5 f "x"*45        => :1
            OBJECT ENCODING e          => "int"
            OBJECT ENCODING f          => "raw"
        "#,
    );
}

/// What a command leaves behind, not only what SET makes.
#[test]
fn object_encoding_after_changes() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            APPEND k 12                 => :2
            OBJECT ENCODING k           => "int"
            APPEND k 3                  => :3
            OBJECT ENCODING k           => "raw"
            INCR k                      => :124
            OBJECT ENCODING k           => "int"
            APPEND s abc                => :3
            OBJECT ENCODING s           => "embstr"
            APPEND s def                => :6
            OBJECT ENCODING s           => "raw"
            APPEND l "x"*45             => :45
            OBJECT ENCODING l           => "raw"
            APPEND e ""                 => :0
            OBJECT ENCODING e           => "embstr"
            SET k 12                    => +OK
            APPEND k ""                 => :2
            OBJECT ENCODING k           => "raw"
            SET k 12                    => +OK
            SETRANGE k 0 3              => :2
            GET k                       => "32"
            OBJECT ENCODING k           => "raw"
            DECR k                      => :31
            OBJECT ENCODING k           => "int"
            SETRANGE fresh 0 5          => :1
            OBJECT ENCODING fresh       => "raw"
            SETRANGE long 3 a           => :4
            OBJECT ENCODING long        => "raw"
            SET k 12                    => +OK
            SETRANGE k 0 ""             => :2
            OBJECT ENCODING k           => "int"
            SET k abc                   => +OK
            SETRANGE k 0 ""             => :3
            OBJECT ENCODING k           => "embstr"
            SET f 1                     => +OK
            INCRBYFLOAT f 0.5           => "1.5"
            OBJECT ENCODING f           => "embstr"
            INCRBYFLOAT f 0.5           => "2"
            GET f                       => "2"
            OBJECT ENCODING f           => "embstr"
            INCRBYFLOAT g 3             => "3"
            OBJECT ENCODING g           => "embstr"
            SET k 12                    => +OK
            GETEX k EX 100              => "12"
            OBJECT ENCODING k           => "int"
            GETEX s                     => "abcdef"
            OBJECT ENCODING s           => "raw"
            STRLEN k                    => :2
            OBJECT ENCODING k           => "int"
            GETRANGE k 0 0              => "1"
            OBJECT ENCODING k           => "int"
            COPY k k2                   => :1
            OBJECT ENCODING k2          => "int"
            SET short abc               => +OK
            APPEND short d              => :4
            OBJECT ENCODING short       => "raw"
            COPY short short2           => :1
            OBJECT ENCODING short2      => "raw"
            SET short abc               => +OK
            COPY short short3           => :1
            OBJECT ENCODING short3      => "embstr"
            RENAME s s2                 => +OK
            OBJECT ENCODING s2          => "raw"
            MOVE s2 1                   => :1
            SELECT 1                    => +OK
            OBJECT ENCODING s2          => "raw"
            SET n 5                     => +OK
            INCRBY n 100000             => :100005
            OBJECT ENCODING n           => "int"
            INCR fresh                  => :1
            OBJECT ENCODING fresh       => "int"
            DECRBY brandnew 5           => :-5
            OBJECT ENCODING brandnew    => "int"
            SET ov 20000000000000000000 => +OK
            OBJECT ENCODING ov          => "embstr"
            SET keep "x"*100 EX 100     => +OK
            SET keep abc KEEPTTL        => +OK
            OBJECT ENCODING keep        => "embstr"
        "#,
    );
}

#[test]
fn object_refcount_idletime_freq() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            OBJECT REFCOUNT missing => nil
            OBJECT IDLETIME missing => nil
            OBJECT FREQ missing     => nil
            SET k abc               => +OK
            OBJECT REFCOUNT k       => :1
            SET k "x"*100           => +OK
            OBJECT REFCOUNT k       => :1
            SET k 0                 => +OK
            OBJECT REFCOUNT k       => :2147483647
            SET k 9999              => +OK
            OBJECT REFCOUNT k       => :2147483647
            SET k 10000             => +OK
            OBJECT REFCOUNT k       => :1
            SET k -1                => +OK
            OBJECT REFCOUNT k       => :1
            SET k 9999              => +OK
            INCR k                  => :10000
            OBJECT REFCOUNT k       => :1
            OBJECT IDLETIME k       => :0..2
            OBJECT FREQ k           => -ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
            object encoding k       => "int"
            Object Refcount k       => :1
            HELLO 3                 => ?
            OBJECT REFCOUNT missing => null
            OBJECT ENCODING missing => null
            OBJECT IDLETIME missing => null
            OBJECT FREQ missing     => null
        "#,
    );
}

/// Looking at a key does not touch it; reading it does.
#[test]
fn object_idletime_counts_seconds() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("SET k v\nSET touched v");
    thread::sleep(Duration::from_millis(4200));
    conn.transcript(
        r#"
            OBJECT IDLETIME k       => :3..60
            TTL k                   => :-1
            TYPE k                  => +string
            EXISTS k                => :1
            OBJECT ENCODING k       => "embstr"
            OBJECT IDLETIME k       => :3..60
            TOUCH touched           => :1
            OBJECT IDLETIME touched => :0..2
            GET k                   => "v"
            OBJECT IDLETIME k       => :0..2
        "#,
    );
}

#[test]
fn object_errors_and_help() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            OBJECT              => -ERR wrong number of arguments for 'object' command
            OBJECT ENCODING     => -ERR wrong number of arguments for 'object|encoding' command
            OBJECT ENCODING a b => -ERR wrong number of arguments for 'object|encoding' command
            OBJECT REFCOUNT     => -ERR wrong number of arguments for 'object|refcount' command
            OBJECT IDLETIME a b => -ERR wrong number of arguments for 'object|idletime' command
            OBJECT FREQ         => -ERR wrong number of arguments for 'object|freq' command
            OBJECT BAD k        => -ERR unknown subcommand 'BAD'. Try OBJECT HELP.
            OBJECT BAD          => -ERR unknown subcommand 'BAD'. Try OBJECT HELP.
            OBJECT HELP x       => -ERR wrong number of arguments for 'object|help' command
            OBJECT HELP         => [+"OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" +"ENCODING <key>" +"    Return the kind of internal representation used in order to store the value" +"    associated with a <key>." +"FREQ <key>" +"    Return the access frequency index of the <key>. The returned integer is" +"    proportional to the logarithm of the recent access frequency of the key." +"IDLETIME <key>" +"    Return the idle time of the <key>, that is the approximated number of" +"    seconds elapsed since the last access to the key." +"REFCOUNT <key>" +"    Return the number of references of the value associated with the specified" +"    <key>." +HELP +"    Prints this help."]
        "#,
    );
}
