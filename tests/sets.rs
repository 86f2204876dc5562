//! Set commands over a socket: every option, every error text, the edges.
//!
//! Transcripts are explained in `common/transcript.rs`.

mod common;

use common::server;

/// What is new is counted; integers come sorted.
#[test]
fn add_and_look() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD s 3 1 2 3      => :3
            SADD s 1 10         => :1
            SMEMBERS s          => ["1" "2" "3" "10"]
            SCARD s             => :4
            SCARD none          => :0
            TYPE s              => +set
            SISMEMBER s 1       => :1
            SISMEMBER s 01      => :0
            SISMEMBER s nosuch  => :0
            SISMEMBER none 1    => :0
            SMISMEMBER s 1 7 10 => [:1 :0 :1]
            SMISMEMBER none a b => [:0 :0]
            SMEMBERS none       => []
            SADD w ""           => :1
            SISMEMBER w ""      => :1
            SADD w "\r\n\0\xff" => :1
            SMEMBERS w          => anyorder["\r\n\x00\xff" ""]
            HELLO 3
            SMEMBERS s          => ~["1" "2" "3" "10"]
            SMEMBERS none       => ~[]
            SISMEMBER s 1       => :1
            SMISMEMBER s 1 7    => [:1 :0]
        "#,
    );
}

/// Without a member there is no set.
#[test]
fn remove() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD s a b c 1    => :4
            SREM s a nosuch a => :1
            SREM s nosuch     => :0
            SREM none a       => :0
            SCARD s           => :3
            SREM s b c 1 d    => :3
            EXISTS s          => :0
            SADD i 1 2 3      => :3
            SREM i 2 x 02     => :1
            SMEMBERS i        => ["1" "3"]
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
            SADD            => -ERR wrong number of arguments for 'sadd' command
            SADD s          => -ERR wrong number of arguments for 'sadd' command
            SREM s          => -ERR wrong number of arguments for 'srem' command
            SCARD           => -ERR wrong number of arguments for 'scard' command
            SCARD a b       => -ERR wrong number of arguments for 'scard' command
            SISMEMBER s     => -ERR wrong number of arguments for 'sismember' command
            SISMEMBER s a b => -ERR wrong number of arguments for 'sismember' command
            SMISMEMBER s    => -ERR wrong number of arguments for 'smismember' command
            SMEMBERS        => -ERR wrong number of arguments for 'smembers' command
            SMEMBERS a b    => -ERR wrong number of arguments for 'smembers' command
            SMOVE a b       => -ERR wrong number of arguments for 'smove' command
            SINTER          => -ERR wrong number of arguments for 'sinter' command
            SUNION          => -ERR wrong number of arguments for 'sunion' command
            SDIFF           => -ERR wrong number of arguments for 'sdiff' command
            SINTERSTORE d   => -ERR wrong number of arguments for 'sinterstore' command
            SUNIONSTORE d   => -ERR wrong number of arguments for 'sunionstore' command
            SDIFFSTORE d    => -ERR wrong number of arguments for 'sdiffstore' command
            SPOP            => -ERR wrong number of arguments for 'spop' command
            SRANDMEMBER     => -ERR wrong number of arguments for 'srandmember' command
            SSCAN s         => -ERR wrong number of arguments for 'sscan' command
            EXISTS s        => :0
            SET k v         => +OK
            SADD k a        => -WRONGTYPE Operation against a key holding the wrong kind of value
            SREM k a        => -WRONGTYPE Operation against a key holding the wrong kind of value
            SCARD k         => -WRONGTYPE Operation against a key holding the wrong kind of value
            SISMEMBER k a   => -WRONGTYPE Operation against a key holding the wrong kind of value
            SMISMEMBER k a  => -WRONGTYPE Operation against a key holding the wrong kind of value
            SMEMBERS k      => -WRONGTYPE Operation against a key holding the wrong kind of value
            SPOP k          => -WRONGTYPE Operation against a key holding the wrong kind of value
            SPOP k 0        => -WRONGTYPE Operation against a key holding the wrong kind of value
            SPOP k -1       => -ERR value is out of range, must be positive
            SRANDMEMBER k   => -WRONGTYPE Operation against a key holding the wrong kind of value
            SRANDMEMBER k 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
            SSCAN k 0       => -WRONGTYPE Operation against a key holding the wrong kind of value
            SADD s a        => :1
            GET s           => -WRONGTYPE Operation against a key holding the wrong kind of value
            LPUSH s a       => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

/// From one set to another, or nowhere.
#[test]
fn move_between() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD a 1 2 x      => :3
            SADD b 3          => :1
            SMOVE a b x       => :1
            SMOVE a b nosuch  => :0
            SMOVE none b x    => :0
            SMOVE a a 1       => :1
            SMOVE a a nosuch  => :0
            SMEMBERS b        => anyorder["3" "x"]
            SMEMBERS a        => anyorder["1" "2"]
            OBJECT ENCODING b => "hashtable"
            SMOVE a c 1       => :1
            SMOVE a c 2       => :1
            EXISTS a          => :0
            SMEMBERS c        => ["1" "2"]
            SMOVE c b 1       => :1
            SMOVE c b 3       => :0
            SET k v           => +OK
            SMOVE k b 1       => -WRONGTYPE Operation against a key holding the wrong kind of value
            SMOVE b k 3       => -WRONGTYPE Operation against a key holding the wrong kind of value
            SMOVE none k 3    => :0
            SMOVE b k nosuch  => -WRONGTYPE Operation against a key holding the wrong kind of value
            SMOVE k k 1       => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

/// Union, intersection and difference, of sets that are there or not.
#[test]
fn combine() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD a 1 2 3 4       => :4
            SADD b 3 4 5         => :3
            SADD c 4             => :1
            SUNION a b           => anyorder["1" "2" "3" "4" "5"]
            SINTER a b           => anyorder["3" "4"]
            SDIFF a b            => anyorder["1" "2"]
            SDIFF b a c          => ["5"]
            SUNION a             => anyorder["1" "2" "3" "4"]
            SINTER a b c         => ["4"]
            SINTER a none        => []
            SUNION a none        => anyorder["1" "2" "3" "4"]
            SDIFF a none         => anyorder["1" "2" "3" "4"]
            SDIFF none a         => []
            SINTER none          => []
            SDIFF a a            => []
            SINTER a a           => anyorder["1" "2" "3" "4"]
            SUNIONSTORE d a b    => :5
            SMEMBERS d           => ["1" "2" "3" "4" "5"]
            SINTERSTORE d a b    => :2
            SMEMBERS d           => ["3" "4"]
            SDIFFSTORE d a b     => :2
            SMEMBERS d           => ["1" "2"]
            OBJECT ENCODING d    => "intset"
            SUNIONSTORE a a b    => :5
            SMEMBERS a           => ["1" "2" "3" "4" "5"]
            SINTERSTORE d a none => :0
            EXISTS d             => :0
            SET k v              => +OK
            SUNION a k           => -WRONGTYPE Operation against a key holding the wrong kind of value
            SINTER a k           => -WRONGTYPE Operation against a key holding the wrong kind of value
            SINTER none k        => -WRONGTYPE Operation against a key holding the wrong kind of value
            SINTER k none        => -WRONGTYPE Operation against a key holding the wrong kind of value
            SDIFF a k            => -WRONGTYPE Operation against a key holding the wrong kind of value
            SDIFF none k         => -WRONGTYPE Operation against a key holding the wrong kind of value
            SUNIONSTORE d a k    => -WRONGTYPE Operation against a key holding the wrong kind of value
            SINTERSTORE d none k => -WRONGTYPE Operation against a key holding the wrong kind of value
            SINTERSTORE k a b    => :3
            TYPE k               => +set
            SET k v              => +OK
            SDIFFSTORE k none a  => :0
            EXISTS k             => :0
            HELLO 3
            SUNION c c           => ~["4"]
            SINTER a c           => ~["4"]
            SDIFF c b none       => ~[]
            SDIFF none           => ~[]
            SINTER none          => ~[]
        "#,
    );
}

/// SINTERCARD and its limit.
#[test]
fn count_common() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD a 1 2 3 4                             => :4
            SADD b 2 3 4 5                             => :4
            SINTERCARD 2 a b                           => :3
            SINTERCARD 1 a                             => :4
            SINTERCARD 2 a none                        => :0
            SINTERCARD 2 a b LIMIT 2                   => :2
            SINTERCARD 2 a b limit 0                   => :3
            SINTERCARD 2 a b LIMIT 100                 => :3
            SINTERCARD 1 a LIMIT 3                     => :3
            SINTERCARD 2 a b LIMIT 9223372036854775807 => :3
            SINTERCARD 0 a                             => -ERR numkeys should be greater than 0
            SINTERCARD -1 a                            => -ERR numkeys should be greater than 0
            SINTERCARD abc a                           => -ERR numkeys should be greater than 0
            SINTERCARD 3 a b                           => -ERR Number of keys can't be greater than number of args
            SINTERCARD 9223372036854775807 a           => -ERR Number of keys can't be greater than number of args
            SINTERCARD 1 a b                           => -ERR syntax error
            SINTERCARD 1 a LIMIT                       => -ERR syntax error
            SINTERCARD 1 a LIMIT -1                    => -ERR LIMIT can't be negative
            SINTERCARD 1 a LIMIT abc                   => -ERR LIMIT can't be negative
            SINTERCARD 1 a BAD 1                       => -ERR syntax error
            SINTERCARD 1 a LIMIT 1 LIMIT 2             => :2
            SINTERCARD 1                               => -ERR wrong number of arguments for 'sintercard' command
            SINTERCARD                                 => -ERR wrong number of arguments for 'sintercard' command
            SET k v                                    => +OK
            SINTERCARD 1 k                             => -WRONGTYPE Operation against a key holding the wrong kind of value
            SINTERCARD 2 a k                           => -WRONGTYPE Operation against a key holding the wrong kind of value
            SINTERCARD 2 none k                        => -WRONGTYPE Operation against a key holding the wrong kind of value
            SINTERCARD 1 k LIMIT -1                    => -ERR LIMIT can't be negative
        "#,
    );
}

/// What SPOP takes where chance has no choice.
#[test]
fn pop() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD s 7                   => :1
            SPOP s                     => "7"
            EXISTS s                   => :0
            SPOP s                     => nil
            SPOP s 1                   => []
            SPOP none                  => nil
            SADD s 1 2 3               => :3
            SPOP s 0                   => []
            SPOP s 3                   => anyorder["1" "2" "3"]
            EXISTS s                   => :0
            SADD s 7                   => :1
            SPOP s 100                 => ["7"]
            SADD s 7                   => :1
            SPOP s 9223372036854775807 => ["7"]
            SPOP s -1                  => -ERR value is out of range, must be positive
            SPOP s abc                 => -ERR value is out of range, must be positive
            SPOP s 9223372036854775808 => -ERR value is out of range, must be positive
            SPOP s 1 2                 => -ERR syntax error
            SPOP none -1               => -ERR value is out of range, must be positive
            HELLO 3
            SPOP none                  => null
            SPOP none 1                => ~[]
            SPOP none 0                => ~[]
            SADD s 7                   => :1
            SPOP s 1                   => ~["7"]
            SADD s 7                   => :1
            SPOP s 0                   => ~[]
            SPOP s                     => "7"
        "#,
    );
}

/// What SRANDMEMBER gives where chance has no choice.
#[test]
fn random() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD s 7                           => :1
            SRANDMEMBER s                      => "7"
            SRANDMEMBER s 1                    => ["7"]
            SRANDMEMBER s 5                    => ["7"]
            SRANDMEMBER s 0                    => []
            SRANDMEMBER s -3                   => ["7" "7" "7"]
            SRANDMEMBER s 9223372036854775807  => ["7"]
            SRANDMEMBER none                   => nil
            SRANDMEMBER none 1                 => []
            SRANDMEMBER none -1                => []
            SRANDMEMBER s abc                  => -ERR value is not an integer or out of range
            SRANDMEMBER s -9223372036854775808 => -ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            SRANDMEMBER s 9223372036854775808  => -ERR value is not an integer or out of range
            SRANDMEMBER s 1 2                  => -ERR syntax error
            SRANDMEMBER none abc               => -ERR value is not an integer or out of range
            SCARD s                            => :1
            HELLO 3
            SRANDMEMBER s                      => "7"
            SRANDMEMBER s 1                    => ["7"]
            SRANDMEMBER s -2                   => ["7" "7"]
            SRANDMEMBER none                   => null
            SRANDMEMBER none 1                 => []
        "#,
    );
}

/// Small sets of integers come whole, whatever the count.
#[test]
fn scan() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD s 1 2 3 10     => :4
            SSCAN s 0           => ["0" ["1" "2" "3" "10"]]
            SSCAN s 0 COUNT 1   => ["0" ["1" "2" "3" "10"]]
            SSCAN s 0 MATCH 1*  => ["0" ["1" "10"]]
            SSCAN none 0        => ["0" []]
            SSCAN s 17          => ["0" ["1" "2" "3" "10"]]
            SSCAN s abc         => -ERR invalid cursor
            SSCAN none abc      => -ERR invalid cursor
            SSCAN s 0 COUNT 0   => -ERR syntax error
            SSCAN s 0 COUNT abc => -ERR value is not an integer or out of range
            SSCAN s 0 COUNT     => -ERR syntax error
            SSCAN s 0 BAD 1     => -ERR syntax error
            SSCAN s 0 TYPE set  => -ERR syntax error
            SADD w a            => :1
            SSCAN w 0           => ["0" ["a"]]
        "#,
    );
}

/// Integers are an intset up to the limit; one word, or one integer too many, and it is a hashtable for good.
#[test]
fn encodings() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SADD i 1 2 3                                         => :3
            OBJECT ENCODING i                                    => "intset"
            SADD i -9223372036854775808 9223372036854775807 32768 -2147483649 => :4
            OBJECT ENCODING i                                    => "intset"
            SMEMBERS i                                           => ["-9223372036854775808" "-2147483649" "1" "2" "3" "32768" "9223372036854775807"]
            SADD i 9223372036854775808                           => :1
            OBJECT ENCODING i                                    => "hashtable"
            SREM i 9223372036854775808                           => :1
            OBJECT ENCODING i                                    => "hashtable"
            SADD w 01                                            => :1
            OBJECT ENCODING w                                    => "hashtable"
            SADD x +1                                            => :1
            OBJECT ENCODING x                                    => "hashtable"
            SADD y -0                                            => :1
            OBJECT ENCODING y                                    => "hashtable"
            SADD z -1                                            => :1
            OBJECT ENCODING z                                    => "intset"
            CONFIG SET set-max-intset-entries 3                  => +OK
            SADD few 1 2 3                                       => :3
            OBJECT ENCODING few                                  => "intset"
            SADD few 3                                           => :0
            OBJECT ENCODING few                                  => "intset"
            SADD few 4                                           => :1
            OBJECT ENCODING few                                  => "hashtable"
            SINTERSTORE d few few                                => :4
            OBJECT ENCODING d                                    => "hashtable"
            CONFIG SET set-max-intset-entries 512                => +OK
            SUNIONSTORE d few                                    => :4
            OBJECT ENCODING d                                    => "intset"
            COPY few c                                           => :1
            OBJECT ENCODING c                                    => "hashtable"
            COPY z zz                                            => :1
            SADD zz 5                                            => :1
            SMEMBERS z                                           => ["-1"]
            SMEMBERS zz                                          => ["-1" "5"]
            OBJECT ENCODING zz                                   => "intset"
            EXPIRE z 100                                         => :1
            SADD z 2                                             => :1
            TTL z                                                => :99..100
            SUNIONSTORE z zz                                     => :2
            TTL z                                                => :-1
        "#,
    );
}
