//! Sorted set commands over a socket: every option, every error text, the edges.
//!
//! Transcripts are explained in `common/transcript.rs`.

mod common;

use common::server;

/// Scores and ranks; equal scores are in the order of the members.
#[test]
fn add_and_look() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a 3 c 2 b                       => :3
            ZADD z 2 a 4 d                           => :1
            ZRANGE z 0 -1 WITHSCORES                 => ["a" "2" "b" "2" "c" "3" "d" "4"]
            ZCARD z                                  => :4
            ZCARD none                               => :0
            TYPE z                                   => +zset
            OBJECT ENCODING z                        => "listpack"
            ZSCORE z a                               => "2"
            ZSCORE z nosuch                          => nil
            ZSCORE none a                            => nil
            ZRANK z a                                => :0
            ZRANK z d                                => :3
            ZRANK z nosuch                           => nil
            ZRANK none a                             => nil
            ZREVRANK z a                             => :3
            ZREVRANK z d                             => :0
            ZREVRANK none a                          => nil
            ZMSCORE z a nosuch d                     => ["2" nil "4"]
            ZMSCORE none a b                         => [nil nil]
            ZREM z a nosuch a                        => :1
            ZREM none a                              => :0
            ZREM z b c d                             => :3
            EXISTS z                                 => :0
            ZADD e 0 "" 0 "\0" 0 "\xff" 0 A 0 a 0 aa => :6
            ZRANGE e 0 -1                            => ["" "\x00" "A" "a" "aa" "\xff"]
            HELLO 3
            ZADD z 1.5 a                             => :1
            ZSCORE z a                               => ,1.5
            ZSCORE z nosuch                          => null
            ZMSCORE z a nosuch                       => [,1.5 null]
            ZRANK z nosuch                           => null
            ZRANGE z 0 -1 WITHSCORES                 => [["a" ,1.5]]
            ZRANGE z 0 -1                            => ["a"]
            ZINCRBY z 1 a                            => ,2.5
        "#,
    );
}

/// How a score is read and written.
#[test]
fn scores() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 int -0 nzero 0.1 tenth 1e3 kilo 1e17 big 1e21 bigger 3.0000000000000004 close inf inf -inf minf 5e-324 tiny => :10
            ZRANGE z 0 -1 WITHSCORES                             => ["minf" "-inf" "nzero" "0" "tiny" num:5e-324 "tenth" num:0.1 "int" "1" "close" "3.0000000000000004" "kilo" "1000" "big" num:1e17 "bigger" "1e+21" "inf" "inf"]
            ZADD z 12345678901234567 digits 1.7976931348623157e308 max 0x10 hex +5 plus .5 half 5. five => :6
            ZMSCORE z digits max hex plus half five              => ["12345678901234568" "1.7976931348623157e+308" "16" "5" "0.5" "5"]
            ZADD z nan a                                         => -ERR value is not a valid float
            ZADD z abc a                                         => -ERR value is not a valid float
            ZADD z "" a                                          => -ERR value is not a valid float
            ZADD z " 1" a                                        => -ERR value is not a valid float
            ZADD z "1 " a                                        => -ERR value is not a valid float
            ZADD z 1e400 a                                       => -ERR value is not a valid float
            ZADD z -1e400 a                                      => -ERR value is not a valid float
            ZADD z 1,5 a                                         => -ERR value is not a valid float
            ZADD z 1 b abc a                                     => -ERR value is not a valid float
            ZSCORE z b                                           => nil
            ZADD z infinity a                                    => :1
            ZADD z +inf a                                        => :0
            ZADD z -Infinity a                                   => :0
            ZSCORE z a                                           => "-inf"
            HELLO 3
            ZSCORE z inf                                         => ,inf
            ZSCORE z a                                           => ,-inf
            ZSCORE z nzero                                       => ,0
            ZSCORE z big                                         => num:1e17
            ZSCORE z tenth                                       => num:0.1
        "#,
    );
}

/// NX XX GT LT CH INCR, alone and together.
#[test]
fn add_options() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z NX 1 a 2 b             => :2
            ZADD z NX 5 a 3 c             => :1
            ZADD z XX 10 a 4 d            => :0
            ZADD z XX CH 11 a 4 d         => :1
            ZADD z CH 12 a 4 d 3 c        => :2
            ZADD z GT 5 a 13 b            => :0
            ZADD z GT CH 5 a 14 b 1 new   => :2
            ZADD z LT CH 5 a 20 b 1 newer => :2
            ZADD z XX GT CH 6 a 1 newest  => :1
            ZADD z xx lt ch 1 a           => :1
            ZADD z INCR 5 a               => "6"
            ZADD z NX INCR 5 a            => nil
            ZADD z XX INCR 5 nosuch       => nil
            ZADD z GT INCR -1 a           => nil
            ZADD z LT INCR -1 a           => "5"
            ZADD z CH INCR 1 fresh        => "1"
            ZRANGE z 0 -1 WITHSCORES      => ["fresh" "1" "new" "1" "newer" "1" "c" "3" "d" "4" "a" "5" "b" "14"]
            ZADD z XX NX 1 a              => -ERR XX and NX options at the same time are not compatible
            ZADD z NX GT 1 a              => -ERR GT, LT, and/or NX options at the same time are not compatible
            ZADD z NX LT 1 a              => -ERR GT, LT, and/or NX options at the same time are not compatible
            ZADD z GT LT 1 a              => -ERR GT, LT, and/or NX options at the same time are not compatible
            ZADD z GT LT NX 1 a           => -ERR GT, LT, and/or NX options at the same time are not compatible
            ZADD z INCR 1 a 2 b           => -ERR INCR option supports a single increment-element pair
            ZADD z INCR                   => -ERR wrong number of arguments for 'zadd' command
            ZADD z NX                     => -ERR wrong number of arguments for 'zadd' command
            ZADD z NX 1                   => -ERR syntax error
            ZADD z 1                      => -ERR wrong number of arguments for 'zadd' command
            ZADD z                        => -ERR wrong number of arguments for 'zadd' command
            ZADD z 1 a 2                  => -ERR syntax error
            ZADD z BAD 1 a                => -ERR syntax error
            ZADD z NX XX abc a            => -ERR XX and NX options at the same time are not compatible
            ZADD z INCR abc a             => -ERR value is not a valid float
            ZADD z XX 1 a CH              => -ERR syntax error
            ZADD none XX 1 a              => :0
            EXISTS none                   => :0
            ZADD i inf a                  => :1
            ZADD i INCR -inf a            => -ERR resulting score is not a number (NaN)
            ZADD i INCR inf a             => "inf"
            HELLO 3
            ZADD z INCR 1 a               => ,6
            ZADD z NX INCR 1 a            => null
        "#,
    );
}

/// ZINCRBY: missing counts as 0; the number is looked at before the key.
#[test]
fn increment() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZINCRBY z 5 a    => "5"
            ZINCRBY z -7.5 a => "-2.5"
            ZINCRBY z 0.1 b  => num:0.1
            ZINCRBY z 0.2 b  => "0.30000000000000004"
            ZINCRBY z inf c  => "inf"
            ZINCRBY z -inf c => -ERR resulting score is not a number (NaN)
            ZINCRBY z abc a  => -ERR value is not a valid float
            ZINCRBY z nan a  => -ERR value is not a valid float
            ZINCRBY z 1      => -ERR wrong number of arguments for 'zincrby' command
            SET s v          => +OK
            ZINCRBY s 1 a    => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZINCRBY s abc a  => -ERR value is not a valid float
        "#,
    );
}

/// Arity, then the type of the key.
#[test]
fn errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZCARD                  => -ERR wrong number of arguments for 'zcard' command
            ZSCORE z               => -ERR wrong number of arguments for 'zscore' command
            ZMSCORE z              => -ERR wrong number of arguments for 'zmscore' command
            ZRANK z                => -ERR wrong number of arguments for 'zrank' command
            ZREM z                 => -ERR wrong number of arguments for 'zrem' command
            ZCOUNT z 1             => -ERR wrong number of arguments for 'zcount' command
            ZLEXCOUNT z -          => -ERR wrong number of arguments for 'zlexcount' command
            ZRANGE z 0             => -ERR wrong number of arguments for 'zrange' command
            ZRANGEBYSCORE z 0      => -ERR wrong number of arguments for 'zrangebyscore' command
            ZRANGEBYLEX z -        => -ERR wrong number of arguments for 'zrangebylex' command
            ZPOPMIN                => -ERR wrong number of arguments for 'zpopmin' command
            SET s v                => +OK
            ZADD s 1 a             => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZADD s abc a           => -ERR value is not a valid float
            ZADD s NX XX 1 a       => -ERR XX and NX options at the same time are not compatible
            ZCARD s                => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZSCORE s a             => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZMSCORE s a            => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANK s a              => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZREVRANK s a           => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZREM s a               => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZCOUNT s 0 1           => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZCOUNT s a b           => -ERR min or max is not a float
            ZLEXCOUNT s - +        => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZLEXCOUNT s a b        => -ERR min or max not valid string range item
            ZRANGE s 0 -1          => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANGE s a b           => -ERR value is not an integer or out of range
            ZREVRANGE s 0 -1       => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANGEBYSCORE s 0 1    => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANGEBYSCORE s a b    => -ERR min or max is not a float
            ZRANGEBYLEX s - +      => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANGEBYLEX s a b      => -ERR min or max not valid string range item
            ZREMRANGEBYRANK s 0 1  => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZREMRANGEBYRANK s a b  => -ERR value is not an integer or out of range
            ZREMRANGEBYSCORE s 0 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZREMRANGEBYLEX s - +   => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANGESTORE d s 0 1    => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZPOPMIN s              => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZPOPMAX s 1            => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZPOPMIN s -1           => -ERR value is out of range, must be positive
            ZMPOP 1 s MIN          => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANDMEMBER s          => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANDMEMBER s 1        => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZSCAN s 0              => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZUNION 1 s             => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZINTER 1 s             => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZDIFF 1 s              => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZINTERCARD 1 s         => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZUNIONSTORE d 1 s      => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZADD z 1 a             => :1
            GET z                  => -WRONGTYPE Operation against a key holding the wrong kind of value
            SADD z a               => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

/// ZRANGE by rank, score and member, either way around, with a limit.
#[test]
fn range() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a 2 b 3 c 4 d 5 e                       => :5
            ZRANGE z 0 1                                     => ["a" "b"]
            ZRANGE z -2 -1 WITHSCORES                        => ["d" "4" "e" "5"]
            ZRANGE z 0 1 REV                                 => ["e" "d"]
            ZRANGE z 3 1                                     => []
            ZRANGE z 5 9                                     => []
            ZRANGE z -100 100                                => ["a" "b" "c" "d" "e"]
            ZRANGE z 2 4 BYSCORE                             => ["b" "c" "d"]
            ZRANGE z (2 (4 BYSCORE                           => ["c"]
            ZRANGE z -inf +inf BYSCORE LIMIT 1 2             => ["b" "c"]
            ZRANGE z -inf +inf byscore limit 1 -1 withscores => ["b" "2" "c" "3" "d" "4" "e" "5"]
            ZRANGE z 4 2 BYSCORE REV                         => ["d" "c" "b"]
            ZRANGE z +inf (3 REV BYSCORE WITHSCORES          => ["e" "5" "d" "4"]
            ZRANGE z 2 4 BYSCORE REV                         => []
            ZRANGE z 1 2 BYSCORE LIMIT 5 1                   => []
            ZRANGE z 1 2 BYSCORE LIMIT -1 1                  => []
            ZRANGE z 1 2 BYSCORE LIMIT 0 0                   => []
            ZADD l 0 a 0 b 0 c 0 d                           => :4
            ZRANGE l [b [c BYLEX                             => ["b" "c"]
            ZRANGE l (b + BYLEX                              => ["c" "d"]
            ZRANGE l - (c BYLEX                              => ["a" "b"]
            ZRANGE l + - BYLEX REV LIMIT 1 2                 => ["c" "b"]
            ZRANGE l [c [b BYLEX                             => []
            ZRANGE l [c [b BYLEX REV                         => ["c" "b"]
            ZRANGE l + - BYLEX                               => []
            ZRANGE l [ [z BYLEX                              => ["a" "b" "c" "d"]
            ZRANGE none 0 -1                                 => []
            ZRANGE none 0 1 BYSCORE                          => []
            ZRANGE z 0 1 LIMIT 0 1                           => -ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
            ZRANGE z 0 -1 LIMIT 0 -1                         => ["a" "b" "c" "d" "e"]
            ZRANGE z - + BYLEX WITHSCORES                    => -ERR syntax error, WITHSCORES not supported in combination with BYLEX
            ZRANGE z 0 1 BYSCORE BYLEX                       => -ERR syntax error
            ZRANGE z 0 1 BAD                                 => -ERR syntax error
            ZRANGE z 0 1 BYSCORE LIMIT 0                     => -ERR syntax error
            ZRANGE z 0 1 BYSCORE LIMIT a 1                   => -ERR value is not an integer or out of range
            ZRANGE z a 1                                     => -ERR value is not an integer or out of range
            ZRANGE z 0 b                                     => -ERR value is not an integer or out of range
            ZRANGE none a 1                                  => -ERR value is not an integer or out of range
            ZRANGE z a 1 BYSCORE                             => -ERR min or max is not a float
            ZRANGE z 1 ( BYSCORE                             => []
            ZRANGE z 1 nan BYSCORE                           => -ERR min or max is not a float
            ZRANGE z a [b BYLEX                              => -ERR min or max not valid string range item
            ZRANGE z [a b BYLEX                              => -ERR min or max not valid string range item
            ZRANGE z "" + BYLEX                              => -ERR min or max not valid string range item
            ZRANGE z -x + BYLEX                              => -ERR min or max not valid string range item
            ZRANGE none "-\x00x" "+\x00" BYLEX               => []
            ZRANGE none "\x00-" + BYLEX                      => -ERR min or max not valid string range item
            ZRANGE none a b BYLEX                            => -ERR min or max not valid string range item
            HELLO 3
            ZRANGE z 0 1 WITHSCORES                          => [["a" ,1] ["b" ,2]]
            ZRANGE z 4 3 BYSCORE REV WITHSCORES              => [["d" ,4] ["c" ,3]]
            ZRANGE none 0 -1 WITHSCORES                      => []
        "#,
    );
}

/// ZREVRANGE, ZRANGEBYSCORE, ZRANGEBYLEX and their kin.
#[test]
fn older_ranges() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a 2 b 3 c 4 d                       => :4
            ZREVRANGE z 0 1                              => ["d" "c"]
            ZREVRANGE z 0 -1 WITHSCORES                  => ["d" "4" "c" "3" "b" "2" "a" "1"]
            ZREVRANGE z 0 1 BYSCORE                      => -ERR syntax error
            ZREVRANGE z 0 1 REV                          => -ERR syntax error
            ZREVRANGE z a 1                              => -ERR value is not an integer or out of range
            ZRANGEBYSCORE z 2 3                          => ["b" "c"]
            ZRANGEBYSCORE z (1 +inf WITHSCORES LIMIT 1 1 => ["c" "3"]
            ZRANGEBYSCORE z (1 +inf LIMIT 1 1 WITHSCORES => ["c" "3"]
            ZRANGEBYSCORE z 3 2                          => []
            ZREVRANGEBYSCORE z 3 2                       => ["c" "b"]
            ZREVRANGEBYSCORE z +inf (1 LIMIT 0 2         => ["d" "c"]
            ZREVRANGEBYSCORE z 2 3                       => []
            ZRANGEBYSCORE z a b                          => -ERR min or max is not a float
            ZRANGEBYSCORE z 1 2 LIMIT 0                  => -ERR syntax error
            ZRANGEBYSCORE z 1 2 LIMIT a b                => -ERR value is not an integer or out of range
            ZRANGEBYSCORE z 1 2 BAD                      => -ERR syntax error
            ZRANGEBYSCORE z 1 2 REV                      => -ERR syntax error
            ZADD l 0 a 0 b 0 c                           => :3
            ZRANGEBYLEX l - +                            => ["a" "b" "c"]
            ZRANGEBYLEX l [a (c LIMIT 1 1                => ["b"]
            ZREVRANGEBYLEX l + -                         => ["c" "b" "a"]
            ZREVRANGEBYLEX l (c [a                       => ["b" "a"]
            ZRANGEBYLEX l a b                            => -ERR min or max not valid string range item
            ZRANGEBYLEX l - + WITHSCORES                 => -ERR syntax error, WITHSCORES not supported in combination with BYLEX
            ZCOUNT z 2 3                                 => :2
            ZCOUNT z (2 +inf                             => :2
            ZCOUNT z 3 2                                 => :0
            ZCOUNT none 0 1                              => :0
            ZCOUNT z a 1                                 => -ERR min or max is not a float
            ZCOUNT z 1 nan                               => -ERR min or max is not a float
            ZLEXCOUNT l - +                              => :3
            ZLEXCOUNT l (a [c                            => :2
            ZLEXCOUNT l [c [a                            => :0
            ZLEXCOUNT none - +                           => :0
            ZLEXCOUNT l a b                              => -ERR min or max not valid string range item
        "#,
    );
}

/// By rank, score and member.
#[test]
fn remove_range() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a 2 b 3 c 4 d 5 e 6 f => :6
            ZREMRANGEBYRANK z 0 1          => :2
            ZREMRANGEBYRANK z -1 -1        => :1
            ZREMRANGEBYRANK z 5 9          => :0
            ZREMRANGEBYRANK z 1 0          => :0
            ZRANGE z 0 -1                  => ["c" "d" "e"]
            ZREMRANGEBYSCORE z (3 4        => :1
            ZREMRANGEBYSCORE z 10 20       => :0
            ZREMRANGEBYSCORE z a b         => -ERR min or max is not a float
            ZREMRANGEBYRANK z a b          => -ERR value is not an integer or out of range
            ZREMRANGEBYSCORE none 1 2      => :0
            ZREMRANGEBYSCORE z -inf inf    => :2
            EXISTS z                       => :0
            ZADD l 0 a 0 b 0 c             => :3
            ZREMRANGEBYLEX l [b [b         => :1
            ZREMRANGEBYLEX l a b           => -ERR min or max not valid string range item
            ZREMRANGEBYLEX l - +           => :2
            EXISTS l                       => :0
        "#,
    );
}

/// ZRANGESTORE.
#[test]
fn range_into() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a 2 b 3 c 4 d                    => :4
            ZRANGESTORE d z 1 2                       => :2
            ZRANGE d 0 -1 WITHSCORES                  => ["b" "2" "c" "3"]
            ZRANGESTORE d z (1 +inf BYSCORE LIMIT 1 1 => :1
            ZRANGE d 0 -1 WITHSCORES                  => ["c" "3"]
            ZRANGESTORE d z 0 0 REV                   => :1
            ZRANGE d 0 -1 WITHSCORES                  => ["d" "4"]
            ZRANGESTORE d z 9 10                      => :0
            EXISTS d                                  => :0
            SET d v                                   => +OK
            ZRANGESTORE d z 0 -1                      => :4
            TYPE d                                    => +zset
            ZRANGESTORE d none 0 -1                   => :0
            EXISTS d                                  => :0
            ZRANGESTORE z z 0 1                       => :2
            ZRANGE z 0 -1                             => ["a" "b"]
            ZRANGESTORE d z 0 1 WITHSCORES            => -ERR syntax error
            ZRANGESTORE d z 0 1 LIMIT 0 1             => -ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
            ZRANGESTORE d z a b                       => -ERR value is not an integer or out of range
            ZRANGESTORE d z 0                         => -ERR wrong number of arguments for 'zrangestore' command
        "#,
    );
}

/// From either end.
#[test]
fn pop() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a 2 b 3 c 4 d 5 e 6 f => :6
            ZPOPMIN z                      => ["a" "1"]
            ZPOPMAX z                      => ["f" "6"]
            ZPOPMIN z 2                    => ["b" "2" "c" "3"]
            ZPOPMAX z 0                    => []
            ZPOPMAX z 100                  => ["e" "5" "d" "4"]
            EXISTS z                       => :0
            ZPOPMIN z                      => []
            ZPOPMIN z 1                    => []
            ZPOPMIN z -1                   => -ERR value is out of range, must be positive
            ZPOPMIN z abc                  => -ERR value is out of range, must be positive
            ZPOPMIN z 9223372036854775808  => -ERR value is out of range, must be positive
            ZPOPMIN z 1 2                  => -ERR syntax error
            ZADD z 1 a                     => :1
            ZPOPMIN z 4611686018427387904  => ["a" "1"]
            ZADD z 1 a 2 b 3 c             => :3
            ZMPOP 2 none z MIN             => ["z" [["a" "1"]]]
            ZMPOP 2 z none MAX COUNT 5     => ["z" [["c" "3"] ["b" "2"]]]
            ZMPOP 1 z MIN                  => nilarray
            ZMPOP 0 z MIN                  => -ERR numkeys should be greater than 0
            ZMPOP abc z MIN                => -ERR numkeys should be greater than 0
            ZMPOP 2 z MIN                  => -ERR syntax error
            ZMPOP 1 z UP                   => -ERR syntax error
            ZMPOP 1 z MIN COUNT 0          => -ERR count should be greater than 0
            ZMPOP 1 z MIN COUNT abc        => -ERR count should be greater than 0
            ZMPOP 1 z MIN COUNT 1 COUNT 1  => -ERR syntax error
            ZMPOP 1 z MIN BAD 1            => -ERR syntax error
            ZADD z 1 a 2 b                 => :2
            BZPOPMIN none z 0              => ["z" "a" "1"]
            BZPOPMAX z 0.5                 => ["z" "b" "2"]
            BZPOPMIN z 0.01                => nilarray
            BZMPOP 0.01 1 z MIN            => nilarray
            ZADD z 1 a 2 b                 => :2
            BZMPOP 0 2 none z MAX COUNT 2  => ["z" [["b" "2"] ["a" "1"]]]
            BZPOPMIN z -1                  => -ERR timeout is negative
            BZPOPMIN z abc                 => -ERR timeout is not a float or out of range
            BZMPOP abc 0 z MIN             => -ERR numkeys should be greater than 0
            BZMPOP 0 0 z MIN               => -ERR numkeys should be greater than 0
            BZMPOP -1 1 z MIN              => -ERR timeout is negative
            HELLO 3
            ZADD z 1 a 2 b 3 c 4 d         => :4
            ZPOPMIN z                      => ["a" ,1]
            ZPOPMIN z 1                    => [["b" ,2]]
            ZMPOP 1 z MIN                  => ["z" [["c" ,3]]]
            BZPOPMIN z 0                   => ["z" "d" ,4]
            ZPOPMIN z                      => []
            ZPOPMIN z 1                    => []
            ZMPOP 1 z MIN                  => null
            BZPOPMIN z 0.01                => null
        "#,
    );
}

/// ZUNION, ZINTER, ZDIFF and what stores them.
#[test]
fn combine() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD a 1 x 2 y 3 z                                 => :3
            ZADD b 10 y 20 z 30 w                              => :3
            SADD s x z                                         => :2
            ZUNION 2 a b                                       => ["x" "y" "z" "w"]
            ZUNION 2 a b WITHSCORES                            => ["x" "1" "y" "12" "z" "23" "w" "30"]
            ZINTER 2 a b WITHSCORES                            => ["y" "12" "z" "23"]
            ZDIFF 2 a b WITHSCORES                             => ["x" "1"]
            ZDIFF 1 a                                          => ["x" "y" "z"]
            ZUNION 2 a s WITHSCORES                            => ["x" "2" "y" "2" "z" "4"]
            ZINTER 2 a b WEIGHTS 2 0.5 WITHSCORES              => ["y" "9" "z" "16"]
            ZINTER 2 a b AGGREGATE MIN WITHSCORES              => ["y" "2" "z" "3"]
            ZINTER 2 a b aggregate max weights 1 -1 withscores => ["y" "2" "z" "3"]
            ZUNION 2 a a WITHSCORES                            => ["x" "2" "y" "4" "z" "6"]
            ZUNION 2 none a                                    => ["x" "y" "z"]
            ZINTER 2 none a                                    => []
            ZDIFF 2 none a                                     => []
            ZUNIONSTORE d 2 a b                                => :4
            ZRANGE d 0 -1 WITHSCORES                           => ["x" "1" "y" "12" "z" "23" "w" "30"]
            ZINTERSTORE d 2 a s WEIGHTS 1 10                   => :2
            ZRANGE d 0 -1 WITHSCORES                           => ["x" "11" "z" "13"]
            ZDIFFSTORE d 2 a s                                 => :1
            ZRANGE d 0 -1 WITHSCORES                           => ["y" "2"]
            ZDIFFSTORE d 2 a a                                 => :0
            EXISTS d                                           => :0
            SET d v                                            => +OK
            ZUNIONSTORE d 1 a                                  => :3
            TYPE d                                             => +zset
            ZINTERSTORE d 2 a none                             => :0
            EXISTS d                                           => :0
            ZINTERCARD 2 a b                                   => :2
            ZINTERCARD 2 a b LIMIT 1                           => :1
            ZINTERCARD 2 a b LIMIT 0                           => :2
            ZINTERCARD 2 a s                                   => :2
            ZADD p inf m                                       => :1
            ZADD n -inf m                                      => :1
            ZUNION 2 p n WITHSCORES                            => ["m" "0"]
            ZUNION 1 p WEIGHTS 0 WITHSCORES                    => ["m" "0"]
            ZUNION 0 a                                         => -ERR at least 1 input key is needed for 'zunion' command
            ZUNION -1 a                                        => -ERR at least 1 input key is needed for 'zunion' command
            ZUNION abc a                                       => -ERR value is not an integer or out of range
            ZUNION 3 a b                                       => -ERR syntax error
            ZUNIONSTORE d 0 a                                  => -ERR at least 1 input key is needed for 'zunionstore' command
            ZUNIONSTORE d 3 a b                                => -ERR syntax error
            ZINTERCARD 0 a                                     => -ERR at least 1 input key is needed for 'zintercard' command
            ZINTERCARD 3 a b                                   => -ERR syntax error
            ZINTERCARD 1 a LIMIT -1                            => -ERR LIMIT can't be negative
            ZINTERCARD 1 a LIMIT                               => -ERR syntax error
            ZINTERCARD 1 a BAD 1                               => -ERR syntax error
            ZUNION 2 a b WEIGHTS 1                             => -ERR syntax error
            ZUNION 2 a b WEIGHTS 1 x                           => -ERR weight value is not a float
            ZUNION 2 a b WEIGHTS 1 nan                         => -ERR weight value is not a float
            ZUNION 2 a b AGGREGATE                             => -ERR syntax error
            ZUNION 2 a b AGGREGATE AVG                         => -ERR syntax error
            ZUNION 2 a b BAD                                   => -ERR syntax error
            ZDIFF 2 a b WEIGHTS 1 2                            => -ERR syntax error
            ZDIFFSTORE d 2 a b WITHSCORES                      => -ERR syntax error
            ZUNIONSTORE d 2 a b WITHSCORES                     => -ERR syntax error
            SET k v                                            => +OK
            ZUNION 2 a k                                       => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZUNION 2 k a BAD                                   => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZINTER 2 none k                                    => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZDIFF 2 none k                                     => -WRONGTYPE Operation against a key holding the wrong kind of value
            HELLO 3
            ZUNION 2 a b WITHSCORES                            => [["x" ,1] ["y" ,12] ["z" ,23] ["w" ,30]]
            ZDIFF 2 a b                                        => ["x"]
            ZINTER 1 none WITHSCORES                           => []
        "#,
    );
}

/// What ZRANDMEMBER gives where chance has no choice.
#[test]
fn random() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1.5 a                                  => :1
            ZRANDMEMBER z                                 => "a"
            ZRANDMEMBER z 1                               => ["a"]
            ZRANDMEMBER z 5                               => ["a"]
            ZRANDMEMBER z 0                               => []
            ZRANDMEMBER z -3                              => ["a" "a" "a"]
            ZRANDMEMBER z 1 WITHSCORES                    => ["a" "1.5"]
            ZRANDMEMBER z -2 withscores                   => ["a" "1.5" "a" "1.5"]
            ZRANDMEMBER none                              => nil
            ZRANDMEMBER none 1                            => []
            ZRANDMEMBER z abc                             => -ERR value is not an integer or out of range
            ZRANDMEMBER z -9223372036854775808            => -ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            ZRANDMEMBER z -9223372036854775807 WITHSCORES => -ERR value is out of range
            ZRANDMEMBER z 1 BAD                           => -ERR syntax error
            ZRANDMEMBER z 1 WITHSCORES 2                  => -ERR syntax error
            ZRANDMEMBER                                   => -ERR wrong number of arguments for 'zrandmember' command
            HELLO 3
            ZRANDMEMBER z 1 WITHSCORES                    => [["a" ,1.5]]
            ZRANDMEMBER z -2 WITHSCORES                   => [["a" ,1.5] ["a" ,1.5]]
            ZRANDMEMBER none                              => null
            ZRANDMEMBER none 1                            => []
        "#,
    );
}

/// Small sorted sets come whole, whatever the count.
#[test]
fn scan() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a 2.5 b 3 c => :3
            ZSCAN z 0            => ["0" ["a" "1" "b" "2.5" "c" "3"]]
            ZSCAN z 0 COUNT 1    => ["0" ["a" "1" "b" "2.5" "c" "3"]]
            ZSCAN z 0 MATCH [ab] => ["0" ["a" "1" "b" "2.5"]]
            ZSCAN none 0         => ["0" []]
            ZSCAN z abc          => -ERR invalid cursor
            ZSCAN none abc       => -ERR invalid cursor
            ZSCAN z 0 COUNT 0    => -ERR syntax error
            ZSCAN z 0 BAD 1      => -ERR syntax error
            ZSCAN z 0 MATCH      => -ERR syntax error
            ZSCAN z              => -ERR wrong number of arguments for 'zscan' command
            HELLO 3
            ZSCAN z 0            => ["0" ["a" "1" "b" "2.5" "c" "3"]]
        "#,
    );
}

/// A listpack up to the limits, then a skiplist, and never back.
#[test]
fn encodings() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a                               => :1
            OBJECT ENCODING z                        => "listpack"
            ZADD z 1 "x"*64                          => :1
            OBJECT ENCODING z                        => "listpack"
            ZADD z 1 "x"*65                          => :1
            OBJECT ENCODING z                        => "skiplist"
            ZREM z "x"*65                            => :1
            OBJECT ENCODING z                        => "skiplist"
            ZADD long 1 "x"*65                       => :1
            OBJECT ENCODING long                     => "skiplist"
            COPY z c                                 => :1
            OBJECT ENCODING c                        => "skiplist"
            CONFIG SET zset-max-listpack-entries 2   => +OK
            ZADD few 1 a 2 b                         => :2
            OBJECT ENCODING few                      => "listpack"
            ZADD few 3 b                             => :0
            OBJECT ENCODING few                      => "listpack"
            ZADD few 3 c                             => :1
            OBJECT ENCODING few                      => "skiplist"
            ZUNIONSTORE d 1 few                      => :3
            OBJECT ENCODING d                        => "skiplist"
            ZRANGESTORE d few 0 1                    => :2
            OBJECT ENCODING d                        => "listpack"
            CONFIG SET zset-max-listpack-entries 128 => +OK
            ZUNIONSTORE d 1 few                      => :3
            OBJECT ENCODING d                        => "listpack"
            EXPIRE few 100                           => :1
            ZADD few 9 z                             => :1
            TTL few                                  => :99..100
            RENAME few g                             => +OK
            ZRANGE g 0 -1 WITHSCORES                 => ["a" "1" "b" "3" "c" "3" "z" "9"]
            ZPOPMIN g 100                            => ["a" "1" "b" "3" "c" "3" "z" "9"]
            TTL g                                    => :-2
        "#,
    );
}

/// WITHSCORE of ZRANK and ZREVRANK, which `redis-server` has had since 7.2.
#[test]
fn rank_with_score() {
    let target = server();
    if !target.is_aerolite_or_skip("ZRANK WITHSCORE, newer than redis-server 7.0") {
        return;
    }
    let mut conn = target.connect();
    conn.transcript(
        r#"
            ZADD z 1 a 2.5 b            => :2
            ZRANK z b WITHSCORE         => [:1 "2.5"]
            ZREVRANK z b withscore      => [:0 "2.5"]
            ZRANK z nosuch WITHSCORE    => nilarray
            ZREVRANK none a WITHSCORE   => nilarray
            ZRANK z b WITHSCORES        => -ERR syntax error
            ZRANK none b BAD            => -ERR syntax error
            ZRANK z b WITHSCORE 1       => -ERR wrong number of arguments for 'zrank' command
            ZREVRANK z b WITHSCORE 1    => -ERR wrong number of arguments for 'zrevrank' command
            SET s v                     => +OK
            ZRANK s a WITHSCORE         => -WRONGTYPE Operation against a key holding the wrong kind of value
            ZRANK s a BAD               => -ERR syntax error
            HELLO 3
            ZRANK z b WITHSCORE         => [:1 ,2.5]
            ZRANK z nosuch WITHSCORE    => null
        "#,
    );
}
