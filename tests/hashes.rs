//! Hash commands over a socket: every option, every error text, the edges.
//!
//! Transcripts are explained in `common/transcript.rs`.

mod common;

use common::server;

/// One field, many, the same twice; what is new is counted.
#[test]
fn set_and_get() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HSET h f v                   => :1
            HSET h f w                   => :0
            HGET h f                     => "w"
            HSET h a 1 b 2 f 3           => :2
            HSET h x 1 x 2               => :1
            HGET h x                     => "2"
            HMSET h a 10 c 30            => +OK
            HGET h nosuch                => nil
            HGET none f                  => nil
            HMGET h a nosuch c a         => ["10" nil "30" "10"]
            HMGET none a b               => [nil nil]
            HLEN h                       => :5
            HLEN none                    => :0
            TYPE h                       => +hash
            HEXISTS h a                  => :1
            HEXISTS h nosuch             => :0
            HEXISTS none a               => :0
            HSTRLEN h a                  => :2
            HSTRLEN h nosuch             => :0
            HSTRLEN none a               => :0
            HSETNX h a 1                 => :0
            HSETNX h new 1               => :1
            HSETNX fresh f v             => :1
            HGET h a                     => "10"
            HSET e "" ""                 => :1
            HGET e ""                    => ""
            HSTRLEN e ""                 => :0
            HSET e "\r\n\0\xff" "\0\xff" => :1
            HGETALL e                    => ["" "" "\r\n\x00\xff" "\x00\xff"]
        "#,
    );
}

/// Everything, in the order of insertion while the hash is small.
#[test]
fn whole() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HSET h a 1 b 2 c 3 => :3
            HGETALL h          => ["a" "1" "b" "2" "c" "3"]
            HKEYS h            => ["a" "b" "c"]
            HVALS h            => ["1" "2" "3"]
            HSET h a 9         => :0
            HDEL h b           => :1
            HSET h b 8         => :1
            HGETALL h          => ["a" "9" "c" "3" "b" "8"]
            HGETALL none       => []
            HKEYS none         => []
            HVALS none         => []
            HELLO 3
            HGETALL h          => %["a" "9" "c" "3" "b" "8"]
            HKEYS h            => ["a" "c" "b"]
            HVALS h            => ["9" "3" "8"]
            HGETALL none       => %[]
            HKEYS none         => []
            HGET none f        => null
            HMGET h a nosuch   => ["9" null]
        "#,
    );
}

/// Fields that are there count; without a field there is no hash.
#[test]
fn remove() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HSET h a 1 b 2 c 3 => :3
            HDEL h a nosuch a  => :1
            HDEL h nosuch      => :0
            HDEL none a        => :0
            HGETALL h          => ["b" "2" "c" "3"]
            HDEL h b c d       => :2
            EXISTS h           => :0
            TYPE h             => +none
            HLEN h             => :0
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
            HSET                 => -ERR wrong number of arguments for 'hset' command
            HSET h               => -ERR wrong number of arguments for 'hset' command
            HSET h f             => -ERR wrong number of arguments for 'hset' command
            HSET h f v g         => -ERR wrong number of arguments for 'hset' command
            HMSET h f            => -ERR wrong number of arguments for 'hmset' command
            HMSET h f v g        => -ERR wrong number of arguments for 'hmset' command
            HSETNX h f           => -ERR wrong number of arguments for 'hsetnx' command
            HSETNX h f v w       => -ERR wrong number of arguments for 'hsetnx' command
            HGET h               => -ERR wrong number of arguments for 'hget' command
            HGET h f g           => -ERR wrong number of arguments for 'hget' command
            HMGET h              => -ERR wrong number of arguments for 'hmget' command
            HDEL h               => -ERR wrong number of arguments for 'hdel' command
            HLEN                 => -ERR wrong number of arguments for 'hlen' command
            HEXISTS h            => -ERR wrong number of arguments for 'hexists' command
            HSTRLEN h            => -ERR wrong number of arguments for 'hstrlen' command
            HGETALL              => -ERR wrong number of arguments for 'hgetall' command
            HGETALL h i          => -ERR wrong number of arguments for 'hgetall' command
            HINCRBY h f          => -ERR wrong number of arguments for 'hincrby' command
            HINCRBYFLOAT h f     => -ERR wrong number of arguments for 'hincrbyfloat' command
            EXISTS h             => :0
            SET s v              => +OK
            HSET s f v           => -WRONGTYPE Operation against a key holding the wrong kind of value
            HSET s f v g         => -ERR wrong number of arguments for 'hset' command
            HMSET s f v          => -WRONGTYPE Operation against a key holding the wrong kind of value
            HSETNX s f v         => -WRONGTYPE Operation against a key holding the wrong kind of value
            HGET s f             => -WRONGTYPE Operation against a key holding the wrong kind of value
            HMGET s f            => -WRONGTYPE Operation against a key holding the wrong kind of value
            HDEL s f             => -WRONGTYPE Operation against a key holding the wrong kind of value
            HLEN s               => -WRONGTYPE Operation against a key holding the wrong kind of value
            HEXISTS s f          => -WRONGTYPE Operation against a key holding the wrong kind of value
            HSTRLEN s f          => -WRONGTYPE Operation against a key holding the wrong kind of value
            HGETALL s            => -WRONGTYPE Operation against a key holding the wrong kind of value
            HKEYS s              => -WRONGTYPE Operation against a key holding the wrong kind of value
            HVALS s              => -WRONGTYPE Operation against a key holding the wrong kind of value
            HINCRBY s f 1        => -WRONGTYPE Operation against a key holding the wrong kind of value
            HINCRBY s f abc      => -ERR value is not an integer or out of range
            HINCRBYFLOAT s f 1   => -WRONGTYPE Operation against a key holding the wrong kind of value
            HINCRBYFLOAT s f abc => -ERR value is not a valid float
            HRANDFIELD s         => -WRONGTYPE Operation against a key holding the wrong kind of value
            HRANDFIELD s 1       => -WRONGTYPE Operation against a key holding the wrong kind of value
            HSCAN s 0            => -WRONGTYPE Operation against a key holding the wrong kind of value
            HSET h f v           => :1
            GET h                => -WRONGTYPE Operation against a key holding the wrong kind of value
            INCR h               => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

/// HINCRBY: missing counts as 0; the increment is looked at first, then the key, then the value.
#[test]
fn count_by() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HINCRBY h n 5                        => :5
            HINCRBY h n -7                       => :-2
            HINCRBY h n 0                        => :-2
            HGET h n                             => "-2"
            HINCRBY h max 9223372036854775807    => :9223372036854775807
            HINCRBY h max 1                      => -ERR increment or decrement would overflow
            HINCRBY h max -1                     => :9223372036854775806
            HSET h min -9223372036854775808      => :1
            HINCRBY h min -1                     => -ERR increment or decrement would overflow
            HINCRBY h min 9223372036854775807    => :-1
            HINCRBY h n 9223372036854775808      => -ERR value is not an integer or out of range
            HINCRBY h n 1.0                      => -ERR value is not an integer or out of range
            HINCRBY h n abc                      => -ERR value is not an integer or out of range
            HINCRBY h n ""                       => -ERR value is not an integer or out of range
            HINCRBY h n " 1"                     => -ERR value is not an integer or out of range
            HSET h s abc f 1.5 sp " 1" z 01 e "" => :5
            HINCRBY h s 1                        => -ERR hash value is not an integer
            HINCRBY h f 1                        => -ERR hash value is not an integer
            HINCRBY h sp 1                       => -ERR hash value is not an integer
            HINCRBY h z 1                        => -ERR hash value is not an integer
            HINCRBY h e 1                        => -ERR hash value is not an integer
            HINCRBY h s abc                      => -ERR value is not an integer or out of range
            HGET h s                             => "abc"
        "#,
    );
}

/// HINCRBYFLOAT: 17 digits without an exponent.
#[test]
fn count_by_float() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HINCRBYFLOAT h f 10.50              => "10.5"
            HINCRBYFLOAT h f 0.1                => "10.6"
            HINCRBYFLOAT h f -5                 => "5.6"
            HINCRBYFLOAT h f 5.0e3              => "5005.60000000000000009"
            HINCRBYFLOAT h t 3.0                => "3"
            HINCRBYFLOAT h t -3                 => "0"
            HINCRBYFLOAT h sum 0.1              => "0.1"
            HINCRBYFLOAT h sum 0.2              => "0.3"
            HINCRBYFLOAT h big 1e17             => "100000000000000000"
            HINCRBYFLOAT h big 1                => "100000000000000001"
            HSET h n 5 s abc sp " 1" e "" i inf => :5
            HINCRBYFLOAT h n 0.25               => "5.25"
            HINCRBYFLOAT h s 1                  => -ERR hash value is not a float
            HINCRBYFLOAT h sp 1                 => -ERR hash value is not a float
            HINCRBYFLOAT h e 1                  => -ERR hash value is not a float
            HINCRBYFLOAT h n abc                => -ERR value is not a valid float
            HINCRBYFLOAT h n ""                 => -ERR value is not a valid float
            HINCRBYFLOAT h n nan                => -ERR value is not a valid float
            HINCRBYFLOAT h n inf                => -ERR value is NaN or Infinity
            HINCRBYFLOAT h n -inf               => -ERR value is NaN or Infinity
            HINCRBYFLOAT h n 1e5000             => -ERR value is not a valid float
            HGET h n                            => "5.25"
            HINCRBY h f 1                       => -ERR hash value is not an integer
            EXISTS none                         => :0
            HINCRBYFLOAT none f abc             => -ERR value is not a valid float
            EXISTS none                         => :0
        "#,
    );
}

/// What HRANDFIELD gives where chance has no choice.
#[test]
fn random() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HSET h f v                                   => :1
            HRANDFIELD h                                 => "f"
            HRANDFIELD h 1                               => ["f"]
            HRANDFIELD h 5                               => ["f"]
            HRANDFIELD h 0                               => []
            HRANDFIELD h -3                              => ["f" "f" "f"]
            HRANDFIELD h 1 WITHVALUES                    => ["f" "v"]
            HRANDFIELD h -2 withvalues                   => ["f" "v" "f" "v"]
            HRANDFIELD h 9223372036854775807             => ["f"]
            HRANDFIELD none                              => nil
            HRANDFIELD none 1                            => []
            HRANDFIELD none -1 WITHVALUES                => []
            HRANDFIELD h abc                             => -ERR value is not an integer or out of range
            HRANDFIELD h -9223372036854775808            => -ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
            HRANDFIELD h 9223372036854775808             => -ERR value is not an integer or out of range
            HRANDFIELD h -9223372036854775807 WITHVALUES => -ERR value is out of range
            HRANDFIELD h 4611686018427387904 WITHVALUES  => -ERR value is out of range
            HRANDFIELD h 1 BAD                           => -ERR syntax error
            HRANDFIELD h 1 WITHVALUES 2                  => -ERR syntax error
            HRANDFIELD h abc BAD                         => -ERR value is not an integer or out of range
            HRANDFIELD                                   => -ERR wrong number of arguments for 'hrandfield' command
            HELLO 3
            HRANDFIELD h 1 WITHVALUES                    => [["f" "v"]]
            HRANDFIELD h -2 WITHVALUES                   => [["f" "v"] ["f" "v"]]
            HRANDFIELD h -2                              => ["f" "f"]
            HRANDFIELD none                              => null
            HRANDFIELD none 1                            => []
            HRANDFIELD h 0 WITHVALUES                    => []
        "#,
    );
}

/// Small hashes come whole, whatever the count.
#[test]
fn scan() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HSET h a 1 b 2 c 3        => :3
            HSCAN h 0                 => ["0" ["a" "1" "b" "2" "c" "3"]]
            HSCAN h 0 COUNT 1         => ["0" ["a" "1" "b" "2" "c" "3"]]
            HSCAN h 0 MATCH [ab]      => ["0" ["a" "1" "b" "2"]]
            HSCAN h 0 match a COUNT 2 => ["0" ["a" "1"]]
            HSCAN none 0              => ["0" []]
            HSCAN h 17                => ["0" ["a" "1" "b" "2" "c" "3"]]
            HSCAN h abc               => -ERR invalid cursor
            HSCAN none abc            => -ERR invalid cursor
            HSCAN h ""                => ["0" ["a" "1" "b" "2" "c" "3"]]
            HSCAN h 0 COUNT 0         => -ERR syntax error
            HSCAN h 0 COUNT -1        => -ERR syntax error
            HSCAN h 0 COUNT abc       => -ERR value is not an integer or out of range
            HSCAN h 0 COUNT           => -ERR syntax error
            HSCAN h 0 MATCH           => -ERR syntax error
            HSCAN h 0 BAD 1           => -ERR syntax error
            HSCAN h 0 TYPE hash       => -ERR syntax error
            HSCAN h 0 NOVALUES        => -ERR syntax error
            HSCAN none 0 COUNT 0      => ["0" []]
            HSCAN h                   => -ERR wrong number of arguments for 'hscan' command
            HELLO 3
            HSCAN h 0                 => ["0" ["a" "1" "b" "2" "c" "3"]]
            HSCAN none 0              => ["0" []]
        "#,
    );
}

/// A listpack up to the limits, then a hashtable, and never back.
#[test]
fn encodings() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            HSET h f v                               => :1
            OBJECT ENCODING h                        => "listpack"
            HSET h f "x"*64                          => :0
            OBJECT ENCODING h                        => "listpack"
            HSET h f "x"*65                          => :0
            OBJECT ENCODING h                        => "hashtable"
            HSET h f v                               => :0
            OBJECT ENCODING h                        => "hashtable"
            HSET g "f"*65 v                          => :1
            OBJECT ENCODING g                        => "hashtable"
            COPY h c                                 => :1
            OBJECT ENCODING c                        => "hashtable"
            CONFIG SET hash-max-listpack-entries 2   => +OK
            HSET few a 1 b 2                         => :2
            OBJECT ENCODING few                      => "listpack"
            HSET few a 3                             => :0
            OBJECT ENCODING few                      => "listpack"
            HSET few c 3                             => :1
            OBJECT ENCODING few                      => "hashtable"
            HDEL few c b                             => :2
            OBJECT ENCODING few                      => "hashtable"
            HGETALL few                              => ["a" "3"]
            CONFIG SET hash-max-listpack-entries 512 => +OK
            CONFIG SET hash-max-listpack-value 4     => +OK
            HSET short f 12345                       => :1
            OBJECT ENCODING short                    => "hashtable"
            HSETNX short2 abcde 1                    => :1
            OBJECT ENCODING short2                   => "hashtable"
            HINCRBY short3 f 12345                   => :12345
            OBJECT ENCODING short3                   => "hashtable"
            CONFIG SET hash-max-listpack-value 64    => +OK
            HSET l a 1                               => :1
            EXPIRE l 100                             => :1
            HSET l b 2                               => :1
            TTL l                                    => :99..100
            RENAME l m                               => +OK
            HGETALL m                                => ["a" "1" "b" "2"]
            HDEL m a b                               => :2
            TTL m                                    => :-2
        "#,
    );
}
