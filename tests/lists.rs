//! List commands over a socket: every option, every error text, the edges.
//!
//! Transcripts are explained in `common/transcript.rs`.

mod common;

use common::server;

/// Both ends, the order of many, what is pushed only onto what exists.
#[test]
fn push_and_read() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b c                              => :3
            LPUSH l x y                                => :5
            LRANGE l 0 -1                              => ["y" "x" "a" "b" "c"]
            LLEN l                                     => :5
            TYPE l                                     => +list
            OBJECT ENCODING l                          => "quicklist"
            LPUSHX l first                             => :6
            RPUSHX l last "" "\r\n\0\xff"              => :9
            LRANGE l -3 -1                             => ["last" "" "\r\n\x00\xff"]
            LPUSHX none a                              => :0
            RPUSHX none a b                            => :0
            EXISTS none                                => :0
            LLEN none                                  => :0
            LINDEX l 0                                 => "first"
            LINDEX l -1                                => "\r\n\x00\xff"
            LINDEX l 7                                 => ""
            LINDEX l 9                                 => nil
            LINDEX l -10                               => nil
            LINDEX l 9223372036854775807               => nil
            LINDEX l -9223372036854775808              => nil
            LINDEX none 0                              => nil
            RPUSH n 12 -7 0012 9223372036854775807 1.0 => :5
            LRANGE n 0 -1                              => ["12" "-7" "0012" "9223372036854775807" "1.0"]
        "#,
    );
}

/// Arity before type, and nothing is pushed.
#[test]
fn push_errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            LPUSH                        => -ERR wrong number of arguments for 'lpush' command
            LPUSH l                      => -ERR wrong number of arguments for 'lpush' command
            RPUSH l                      => -ERR wrong number of arguments for 'rpush' command
            LPUSHX l                     => -ERR wrong number of arguments for 'lpushx' command
            RPUSHX l                     => -ERR wrong number of arguments for 'rpushx' command
            LLEN                         => -ERR wrong number of arguments for 'llen' command
            LLEN a b                     => -ERR wrong number of arguments for 'llen' command
            LINDEX l                     => -ERR wrong number of arguments for 'lindex' command
            LINDEX l 0 0                 => -ERR wrong number of arguments for 'lindex' command
            LINDEX l abc                 => nil
            LINDEX l 9223372036854775808 => nil
            LINDEX l 1.0                 => nil
            LINDEX l ""                  => nil
            EXISTS l                     => :0
            SET s v                      => +OK
            LPUSH s a                    => -WRONGTYPE Operation against a key holding the wrong kind of value
            RPUSH s a                    => -WRONGTYPE Operation against a key holding the wrong kind of value
            LPUSHX s a                   => -WRONGTYPE Operation against a key holding the wrong kind of value
            RPUSHX s a                   => -WRONGTYPE Operation against a key holding the wrong kind of value
            LLEN s                       => -WRONGTYPE Operation against a key holding the wrong kind of value
            LINDEX s 0                   => -WRONGTYPE Operation against a key holding the wrong kind of value
            LINDEX s abc                 => -WRONGTYPE Operation against a key holding the wrong kind of value
            LRANGE s 0 -1                => -WRONGTYPE Operation against a key holding the wrong kind of value
            LRANGE s a b                 => -ERR value is not an integer or out of range
            GET s                        => "v"
            RPUSH l a                    => :1
            GET l                        => -WRONGTYPE Operation against a key holding the wrong kind of value
            INCR l                       => -WRONGTYPE Operation against a key holding the wrong kind of value
            APPEND l x                   => -WRONGTYPE Operation against a key holding the wrong kind of value
            STRLEN l                     => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

/// Ends from either side, cut to what is there; the number is looked at before the key.
#[test]
fn range() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b c d e                                 => :5
            LRANGE l 0 0                                      => ["a"]
            LRANGE l 1 3                                      => ["b" "c" "d"]
            LRANGE l -2 -1                                    => ["d" "e"]
            LRANGE l -100 100                                 => ["a" "b" "c" "d" "e"]
            LRANGE l 3 1                                      => []
            LRANGE l 5 9                                      => []
            LRANGE l -1 -5                                    => []
            LRANGE l -9223372036854775808 9223372036854775807 => ["a" "b" "c" "d" "e"]
            LRANGE none 0 -1                                  => []
            LRANGE l 0 x                                      => -ERR value is not an integer or out of range
            LRANGE l x 0                                      => -ERR value is not an integer or out of range
            LRANGE l 0 9223372036854775808                    => -ERR value is not an integer or out of range
            LRANGE none x 0                                   => -ERR value is not an integer or out of range
            LRANGE l 0                                        => -ERR wrong number of arguments for 'lrange' command
            LRANGE l 0 1 2                                    => -ERR wrong number of arguments for 'lrange' command
        "#,
    );
}

/// What is outside goes, and a list of nothing is no list.
#[test]
fn trim() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b c d e => :5
            LTRIM l 1 3       => +OK
            LRANGE l 0 -1     => ["b" "c" "d"]
            LTRIM l -100 100  => +OK
            LTRIM l 0 -2      => +OK
            LRANGE l 0 -1     => ["b" "c"]
            LTRIM l 5 9       => +OK
            EXISTS l          => :0
            LTRIM none 0 1    => +OK
            RPUSH l a         => :1
            LTRIM l 1 0       => +OK
            EXISTS l          => :0
            LTRIM none a b    => -ERR value is not an integer or out of range
            LTRIM l 0         => -ERR wrong number of arguments for 'ltrim' command
            SET s v           => +OK
            LTRIM s 0 1       => -WRONGTYPE Operation against a key holding the wrong kind of value
            LTRIM s x 1       => -ERR value is not an integer or out of range
        "#,
    );
}

/// One, or as many as there are; no count, a count of 0 and a missing key are three replies.
#[test]
fn pop() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b c d e f        => :6
            LPOP l                     => "a"
            RPOP l                     => "f"
            LPOP l 2                   => ["b" "c"]
            RPOP l 1                   => ["e"]
            LPOP l 0                   => []
            RPOP l 100                 => ["d"]
            EXISTS l                   => :0
            LPOP l                     => nil
            LPOP l 1                   => nilarray
            LPOP l 0                   => nilarray
            RPUSH l a b                => :2
            LPOP l 4611686018427387904 => ["a" "b"]
            RPUSH l a b                => :2
            RPOP l 9223372036854775807 => ["b" "a"]
            LPOP l -1                  => -ERR value is out of range, must be positive
            LPOP l abc                 => -ERR value is out of range, must be positive
            LPOP l 9223372036854775808 => -ERR value is out of range, must be positive
            LPOP none -1               => -ERR value is out of range, must be positive
            LPOP l ""                  => -ERR value is out of range, must be positive
            LPOP l 1 2                 => -ERR wrong number of arguments for 'lpop' command
            LPOP                       => -ERR wrong number of arguments for 'lpop' command
            RPOP                       => -ERR wrong number of arguments for 'rpop' command
            SET s v                    => +OK
            LPOP s                     => -WRONGTYPE Operation against a key holding the wrong kind of value
            RPOP s 1                   => -WRONGTYPE Operation against a key holding the wrong kind of value
            LPOP s -1                  => -ERR value is out of range, must be positive
            LPOP s 0                   => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

/// Before or after the first that is the pivot.
#[test]
fn insert() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b a c           => :4
            LINSERT l BEFORE a x      => :5
            LINSERT l after a y       => :6
            LINSERT l AFTER c z       => :7
            LRANGE l 0 -1             => ["x" "a" "y" "b" "a" "c" "z"]
            LINSERT l BEFORE nosuch v => :-1
            LINSERT none BEFORE a b   => :0
            EXISTS none               => :0
            RPUSH n 1 2 3             => :3
            LINSERT n BEFORE 2 10     => :4
            LINSERT n BEFORE 02 10    => :-1
            LRANGE n 0 -1             => ["1" "10" "2" "3"]
            LINSERT l MIDDLE a x      => -ERR syntax error
            LINSERT none MIDDLE a x   => -ERR syntax error
            LINSERT l BEFORE a        => -ERR wrong number of arguments for 'linsert' command
            LINSERT l BEFORE a b c    => -ERR wrong number of arguments for 'linsert' command
            SET s v                   => +OK
            LINSERT s BEFORE a b      => -WRONGTYPE Operation against a key holding the wrong kind of value
            LINSERT s MIDDLE a b      => -ERR syntax error
        "#,
    );
}

/// By index; the key is looked at before the number.
#[test]
fn set() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b c    => :3
            LSET l 0 x       => +OK
            LSET l -1 z      => +OK
            LSET l 1 "y"*100 => +OK
            LRANGE l 0 -1    => ["x" "y"*100 "z"]
            LSET l 3 v       => -ERR index out of range
            LSET l -4 v      => -ERR index out of range
            LSET l abc v     => -ERR value is not an integer or out of range
            LSET none 0 v    => -ERR no such key
            LSET none abc v  => -ERR no such key
            SET s v          => +OK
            LSET s 0 v       => -WRONGTYPE Operation against a key holding the wrong kind of value
            LSET s abc v     => -WRONGTYPE Operation against a key holding the wrong kind of value
            LSET l 0         => -ERR wrong number of arguments for 'lset' command
            LSET l 0 a b     => -ERR wrong number of arguments for 'lset' command
        "#,
    );
}

/// From the front, from the back, or all.
#[test]
fn remove() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b a c a b a        => :7
            LREM l 1 a                   => :1
            LRANGE l 0 -1                => ["b" "a" "c" "a" "b" "a"]
            LREM l -1 a                  => :1
            LRANGE l 0 -1                => ["b" "a" "c" "a" "b"]
            LREM l -100 b                => :2
            LRANGE l 0 -1                => ["a" "c" "a"]
            LREM l 0 nosuch              => :0
            LREM l 0 a                   => :2
            LRANGE l 0 -1                => ["c"]
            LREM l 9223372036854775807 c => :1
            EXISTS l                     => :0
            LREM none 0 a                => :0
            RPUSH n 1 01 1               => :3
            LREM n 0 1                   => :2
            LRANGE n 0 -1                => ["01"]
            LREM n abc 1                 => -ERR value is not an integer or out of range
            LREM none abc 1              => -ERR value is not an integer or out of range
            LREM n 0                     => -ERR wrong number of arguments for 'lrem' command
            SET s v                      => +OK
            LREM s 0 a                   => -WRONGTYPE Operation against a key holding the wrong kind of value
            LREM s abc a                 => -ERR value is not an integer or out of range
        "#,
    );
}

/// LPOS: which one, how many, how far.
#[test]
fn find() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b c 1 2 3 c c            => :8
            LPOS l c                           => :2
            LPOS l c RANK 2                    => :6
            LPOS l c RANK -1                   => :7
            LPOS l c RANK 4                    => nil
            LPOS l c COUNT 2                   => [:2 :6]
            LPOS l c COUNT 0                   => [:2 :6 :7]
            LPOS l c RANK -1 COUNT 2           => [:7 :6]
            LPOS l c rank 2 count 0            => [:6 :7]
            LPOS l c COUNT 0 MAXLEN 3          => [:2]
            LPOS l c MAXLEN 2                  => nil
            LPOS l c MAXLEN 0                  => :2
            LPOS l c COUNT 0 RANK -2 MAXLEN 2  => [:6]
            LPOS l 1                           => :3
            LPOS l 01                          => nil
            LPOS l nosuch                      => nil
            LPOS l nosuch COUNT 1              => []
            LPOS none a                        => nil
            LPOS none a COUNT 0                => []
            LPOS l c RANK 0                    => -ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list
            LPOS l c RANK abc                  => -ERR value is not an integer or out of range
            LPOS l c RANK -9223372036854775807 => nil
            LPOS l c COUNT -1                  => -ERR COUNT can't be negative
            LPOS l c COUNT abc                 => -ERR COUNT can't be negative
            LPOS l c MAXLEN -1                 => -ERR MAXLEN can't be negative
            LPOS l c RANK                      => -ERR syntax error
            LPOS l c BAD 1                     => -ERR syntax error
            LPOS l c BAD                       => -ERR syntax error
            LPOS none c RANK 0                 => -ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list
            LPOS l                             => -ERR wrong number of arguments for 'lpos' command
            SET s v                            => +OK
            LPOS s a                           => -WRONGTYPE Operation against a key holding the wrong kind of value
            LPOS s a RANK 0                    => -ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list
            HELLO 3
            LPOS l nosuch                      => null
            LPOS l nosuch COUNT 1              => []
            LPOS none a                        => null
        "#,
    );
}

/// From one end to another, of two lists or of one.
#[test]
fn move_between() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH a 1 2 3           => :3
            LMOVE a b LEFT RIGHT    => "1"
            LMOVE a b RIGHT LEFT    => "3"
            LRANGE b 0 -1           => ["3" "1"]
            LMOVE b b left right    => "3"
            LRANGE b 0 -1           => ["1" "3"]
            LMOVE a b LEFT LEFT     => "2"
            EXISTS a                => :0
            LMOVE a b LEFT LEFT     => nil
            LMOVE none b LEFT LEFT  => nil
            RPOPLPUSH b c           => "3"
            RPOPLPUSH b b           => "1"
            LRANGE b 0 -1           => ["1" "2"]
            LRANGE c 0 -1           => ["3"]
            RPOPLPUSH none c        => nil
            RPUSH one x             => :1
            RPOPLPUSH one one       => "x"
            LMOVE one one LEFT LEFT => "x"
            LRANGE one 0 -1         => ["x"]
            LMOVE a b LEFT UP       => -ERR syntax error
            LMOVE a b UP LEFT       => -ERR syntax error
            LMOVE a b LEFT          => -ERR wrong number of arguments for 'lmove' command
            RPOPLPUSH a             => -ERR wrong number of arguments for 'rpoplpush' command
            RPOPLPUSH a b c         => -ERR wrong number of arguments for 'rpoplpush' command
            SET s v                 => +OK
            LMOVE s b LEFT UP       => -ERR syntax error
            LMOVE s b LEFT LEFT     => -WRONGTYPE Operation against a key holding the wrong kind of value
            LMOVE b s LEFT LEFT     => -WRONGTYPE Operation against a key holding the wrong kind of value
            LMOVE none s LEFT LEFT  => nil
            RPOPLPUSH b s           => -WRONGTYPE Operation against a key holding the wrong kind of value
            RPOPLPUSH none s        => nil
            RPOPLPUSH s b           => -WRONGTYPE Operation against a key holding the wrong kind of value
            LRANGE b 0 -1           => ["1" "2"]
            HELLO 3
            LMOVE none b LEFT LEFT  => null
            RPOPLPUSH none b        => null
        "#,
    );
}

/// LMPOP: the first key that has something.
#[test]
fn pop_from_many() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH a 1 2 3                               => :3
            RPUSH b x y                                 => :2
            LMPOP 2 none a LEFT                         => ["a" ["1"]]
            LMPOP 2 a b RIGHT COUNT 5                   => ["a" ["3" "2"]]
            EXISTS a                                    => :0
            LMPOP 2 a b left count 1                    => ["b" ["x"]]
            LMPOP 1 none LEFT                           => nilarray
            LMPOP 1 none LEFT COUNT 9223372036854775807 => nilarray
            LMPOP 1 b LEFT COUNT 4611686018427387904    => ["b" ["y"]]
            LMPOP 0 a LEFT                              => -ERR numkeys should be greater than 0
            LMPOP -1 a LEFT                             => -ERR numkeys should be greater than 0
            LMPOP abc a LEFT                            => -ERR numkeys should be greater than 0
            LMPOP 9223372036854775808 a LEFT            => -ERR numkeys should be greater than 0
            LMPOP 2 a LEFT                              => -ERR syntax error
            LMPOP 3 a b LEFT                            => -ERR syntax error
            LMPOP 1 a UP                                => -ERR syntax error
            LMPOP 1 a LEFT COUNT                        => -ERR syntax error
            LMPOP 1 a LEFT COUNT 0                      => -ERR count should be greater than 0
            LMPOP 1 a LEFT COUNT -1                     => -ERR count should be greater than 0
            LMPOP 1 a LEFT COUNT abc                    => -ERR count should be greater than 0
            LMPOP 1 a LEFT COUNT 1 COUNT 2              => -ERR syntax error
            LMPOP 1 a LEFT BAD 1                        => -ERR syntax error
            LMPOP 1 a LEFT RIGHT                        => -ERR syntax error
            LMPOP 1 a                                   => -ERR wrong number of arguments for 'lmpop' command
            LMPOP                                       => -ERR wrong number of arguments for 'lmpop' command
            SET s v                                     => +OK
            LMPOP 1 s LEFT                              => -WRONGTYPE Operation against a key holding the wrong kind of value
            LMPOP 2 none s LEFT                         => -WRONGTYPE Operation against a key holding the wrong kind of value
            LMPOP 1 s LEFT COUNT 0                      => -ERR count should be greater than 0
            RPUSH a 1                                   => :1
            LMPOP 2 a s LEFT                            => ["a" ["1"]]
            HELLO 3
            LMPOP 1 none LEFT                           => null
            RPUSH a 1                                   => :1
            LMPOP 1 a LEFT                              => ["a" ["1"]]
        "#,
    );
}

/// Blocking commands that need not wait: somebody is there, or the request is wrong.
#[test]
fn blocking_at_once() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH a 1 2 3 4 5 6 7 8        => :8
            BLPOP a 0                      => ["a" "1"]
            BRPOP none a 0                 => ["a" "8"]
            BLPOP a none 0.5               => ["a" "2"]
            BLMOVE a b LEFT RIGHT 0        => "3"
            BRPOPLPUSH a b 0               => "7"
            BLMPOP 0 2 none a LEFT COUNT 2 => ["a" ["4" "5"]]
            LRANGE b 0 -1                  => ["7" "3"]
            BLPOP none 0.01                => nilarray
            BRPOP none none 0.01           => nilarray
            BLMOVE none b LEFT LEFT 0.01   => nilarray
            BRPOPLPUSH none b 0.01         => nilarray
            BLMPOP 0.01 1 none LEFT        => nilarray
            BLPOP a -1                     => -ERR timeout is negative
            BLPOP a abc                    => -ERR timeout is not a float or out of range
            BLPOP a ""                     => -ERR timeout is not a float or out of range
            BLPOP a nan                    => -ERR timeout is not a float or out of range
            # What does not fit overflows before it is compared with 0.
            BLPOP a inf                    => -ERR timeout is negative
            BLPOP a 1e18                   => -ERR timeout is negative
            BLPOP a 9223372036854775807    => -ERR timeout is negative
            BLPOP a                        => -ERR wrong number of arguments for 'blpop' command
            BLPOP                          => -ERR wrong number of arguments for 'blpop' command
            BLMOVE a b LEFT RIGHT -1       => -ERR timeout is negative
            BLMOVE a b UP RIGHT -1         => -ERR syntax error
            BLMOVE a b LEFT RIGHT abc      => -ERR timeout is not a float or out of range
            BLMOVE a b LEFT RIGHT          => -ERR wrong number of arguments for 'blmove' command
            BRPOPLPUSH a b -1              => -ERR timeout is negative
            BRPOPLPUSH a b                 => -ERR wrong number of arguments for 'brpoplpush' command
            BLMPOP -1 1 a LEFT             => -ERR timeout is negative
            BLMPOP abc 1 a LEFT            => -ERR timeout is not a float or out of range
            BLMPOP abc 0 a LEFT            => -ERR numkeys should be greater than 0
            BLMPOP 0 0 a LEFT              => -ERR numkeys should be greater than 0
            BLMPOP 0 1 a UP                => -ERR syntax error
            BLMPOP 0 1 a LEFT COUNT 0      => -ERR count should be greater than 0
            SET s v                        => +OK
            BLPOP s 0                      => -WRONGTYPE Operation against a key holding the wrong kind of value
            BLPOP none s 0                 => -WRONGTYPE Operation against a key holding the wrong kind of value
            BLPOP s -1                     => -ERR timeout is negative
            BLMOVE s b LEFT RIGHT 0        => -WRONGTYPE Operation against a key holding the wrong kind of value
            BRPOPLPUSH a s 0               => -WRONGTYPE Operation against a key holding the wrong kind of value
            BLMPOP 0 1 s LEFT              => -WRONGTYPE Operation against a key holding the wrong kind of value
            HELLO 3
            BLPOP none 0.01                => null
            BLMOVE none b LEFT LEFT 0.01   => null
            BRPOPLPUSH none b 0.01         => null
            BLMPOP 0.01 1 none LEFT        => null
        "#,
    );
}

/// What holds for every key holds for a list.
#[test]
fn as_a_key() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            RPUSH l a b c                 => :3
            COPY l m                      => :1
            RPUSH m d                     => :4
            LRANGE l 0 -1                 => ["a" "b" "c"]
            LRANGE m 0 -1                 => ["a" "b" "c" "d"]
            OBJECT ENCODING m             => "quicklist"
            RENAME m n                    => +OK
            TYPE m                        => +none
            TYPE n                        => +list
            EXPIRE n 100                  => :1
            RPUSH n e                     => :5
            TTL n                         => :99..100
            LPOP n 100                    => ["a" "b" "c" "d" "e"]
            TTL n                         => :-2
            SET l v                       => +OK
            TYPE l                        => +string
            DEL l n                       => :1
            RPUSH big "x"*9000 "y"*9000 z => :3
            OBJECT ENCODING big           => "quicklist"
            LINDEX big 1                  => "y"*9000
            LSET big 2 "z"*9000           => +OK
            LRANGE big 2 -1               => ["z"*9000]
            OBJECT REFCOUNT big           => :1
        "#,
    );
}
