//! SORT and SORT_RO over a socket: every option, every error text, the edges.
//!
//! Transcripts are explained in `common/transcript.rs`.

mod common;

use common::server;

/// By themselves: as numbers, as strings, from either end.
#[test]
fn order() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l 3 10 1.5 -2 1e1      => :5
            SORT l                       => ["-2" "1.5" "3" "10" "1e1"]
            SORT l ASC                   => ["-2" "1.5" "3" "10" "1e1"]
            SORT l DESC                  => ["1e1" "10" "3" "1.5" "-2"]
            SORT l DESC asc              => ["-2" "1.5" "3" "10" "1e1"]
            SORT l ALPHA                 => ["-2" "1.5" "10" "1e1" "3"]
            SORT l alpha desc            => ["3" "1e1" "10" "1.5" "-2"]
            SORT_RO l                    => ["-2" "1.5" "3" "10" "1e1"]
            SADD s 3 1 2                 => :3
            SORT s DESC                  => ["3" "2" "1"]
            ZADD z 1 c 2 a 3 b           => :3
            SORT z ALPHA                 => ["a" "b" "c"]
            SORT none                    => []
            SORT_RO none                 => []
            RPUSH odd inf -inf 0x10 " 1" => :4
            SORT odd                     => ["-inf" " 1" "0x10" "inf"]
            RPUSH e "" 1 -1              => :3
            SORT e                       => ["-1" "" "1"]
            HELLO 3
            SORT s                       => ["1" "2" "3"]
            SORT s GET none_* LIMIT 0 1  => [null]
        "#,
    );
}

/// LIMIT, and what is not sorted at all.
#[test]
fn limit_and_nosort() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l 3 1 2                => :3
            ZADD z 1 c 2 a 3 b           => :3
            SORT l LIMIT 0 2             => ["1" "2"]
            SORT l LIMIT 1 1             => ["2"]
            SORT l LIMIT -3 2            => ["1" "2"]
            SORT l LIMIT 1 -1            => ["2" "3"]
            SORT l LIMIT 0 0             => []
            SORT l LIMIT 3 1             => []
            SORT l LIMIT 9223372036854775807 9223372036854775807 => []
            SORT l LIMIT 2 9223372036854775807 => ["3"]
            SORT l BY nosort             => ["3" "1" "2"]
            SORT l BY nosort DESC        => ["2" "1" "3"]
            SORT l BY nosort LIMIT 1 5   => ["1" "2"]
            SORT l BY nosort DESC LIMIT 0 2 => ["2" "1"]
            SORT z BY nosort             => ["c" "a" "b"]
            SORT z BY nosort DESC        => ["b" "a" "c"]
            SORT z BY nosort DESC LIMIT 1 1 => ["a"]
            SORT l BY # LIMIT 0 1        => ["3"]
        "#,
    );
}

/// BY and GET.
#[test]
fn patterns() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l 1 2 3                              => :3
            MSET w_1 20 w_2 10 name_1 anna name_3 carl => +OK
            HSET o_1 rank 5 name x                     => :2
            HSET o_2 rank 7                            => :1
            SORT l BY w_*                              => ["3" "2" "1"]
            SORT l BY w_* DESC                         => ["1" "2" "3"]
            SORT l BY w_* LIMIT 0 2                    => ["3" "2"]
            SORT l BY o_*->rank                        => ["3" "1" "2"]
            SORT l BY o_*                              => ["1" "2" "3"]
            SORT l BY o_*->                            => ["1" "2" "3"]
            SORT l BY name_*                           => -ERR One or more scores can't be converted into double
            SORT l BY name_* ALPHA                     => ["2" "1" "3"]
            SORT l BY name_* ALPHA DESC                => ["3" "1" "2"]
            SORT l GET name_*                          => ["anna" nil "carl"]
            SORT l GET # GET o_*->name GET o_*->none   => ["1" "x" nil "2" nil nil "3" nil nil]
            SORT l GET fixed GET #                     => [nil "1" nil "2" nil "3"]
            SORT_RO l BY w_* GET name_* GET #          => ["carl" "3" nil "2" "anna" "1"]
            SET *_1 star                               => +OK
            SORT l GET *_1 LIMIT 0 1                   => [nil]
        "#,
    );
}

/// STORE makes a list of it.
#[test]
fn store() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l 3 1 2                       => :3
            SET d string EX 100                 => +OK
            SORT l STORE d                      => :3
            TTL d                               => :-1
            TYPE d                              => +list
            LRANGE d 0 -1                       => ["1" "2" "3"]
            SET name_1 anna                     => +OK
            SORT l GET # GET name_* STORE d     => :6
            LRANGE d 0 -1                       => ["1" "anna" "2" "" "3" ""]
            SORT l STORE l DESC                 => :3
            LRANGE l 0 -1                       => ["3" "2" "1"]
            SADD s b c a                        => :3
            SORT s BY nosort STORE d            => :3
            LRANGE d 0 -1                       => ["a" "b" "c"]
            SORT l LIMIT 3 1 STORE d            => :0
            EXISTS d                            => :0
            SORT none STORE l                   => :0
            EXISTS l                            => :0
        "#,
    );
}

/// What is refused, and in which order it is found.
#[test]
fn errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET str x              => +OK
            HSET h f v             => :1
            RPUSH l b a            => :2
            SORT str               => -WRONGTYPE Operation against a key holding the wrong kind of value
            SORT_RO h              => -WRONGTYPE Operation against a key holding the wrong kind of value
            SORT l                 => -ERR One or more scores can't be converted into double
            SORT l STORE str       => -ERR One or more scores can't be converted into double
            GET str                => "x"
            SORT str LIMIT x 1     => -ERR value is not an integer or out of range
            SORT l LIMIT 0 1.5     => -ERR value is not an integer or out of range
            SORT str LIMIT 1       => -ERR syntax error
            SORT l LIMIT x 1 wrong => -ERR value is not an integer or out of range
            SORT l wrong LIMIT x 1 => -ERR syntax error
            SORT l GET             => -ERR syntax error
            SORT l BY              => -ERR syntax error
            SORT l STORE           => -ERR syntax error
            SORT_RO l STORE d      => -ERR syntax error
            SORT                   => -ERR wrong number of arguments for 'sort' command
            SORT_RO                => -ERR wrong number of arguments for 'sort_ro' command
        "#,
    );
}
