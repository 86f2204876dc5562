//! Geo commands over a socket: every option, every error text, the edges.
//!
//! Transcripts are explained in `common/transcript.rs`.

mod common;

use common::server;

/// Members and their places; a key that is not there, and members that are not.
#[test]
fn places() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania => :2
            TYPE g                                                           => +zset
            OBJECT ENCODING g                                                => "listpack"
            ZRANGE g 0 -1 WITHSCORES                                         => ["Palermo" "3479099956230698" "Catania" "3479447370796909"]
            GEOPOS g Palermo nosuch Catania                                  => [["13.36138933897018433" "38.11555639549629859"] nilarray ["15.08726745843887329" "37.50266842333162032"]]
            GEOPOS g                                                         => []
            GEOPOS none a b                                                  => [nilarray nilarray]
            GEOHASH g Palermo nosuch Catania                                 => ["sqc8b49rny0" nil "sqdtr74hyu0"]
            GEOHASH g                                                        => []
            GEOHASH none a b                                                 => [nil nil]
            GEODIST g Palermo Catania                                        => "166274.1516"
            GEODIST g Palermo Catania m                                      => "166274.1516"
            GEODIST g Palermo Catania KM                                     => "166.2742"
            GEODIST g Palermo Catania ft                                     => "545518.8700"
            GEODIST g Palermo Catania Mi                                     => "103.3182"
            GEODIST g Palermo Palermo                                        => "0.0000"
            GEODIST g Palermo nosuch                                         => nil
            GEODIST none a b                                                 => nil
            ZREM g Palermo                                                   => :1
            GEOPOS g Palermo Catania                                         => [nilarray ["15.08726745843887329" "37.50266842333162032"]]
            ZREM g Catania                                                   => :1
            EXISTS g                                                         => :0
        "#,
    );
}

/// The last longitude and the last latitude, and scores that are no places.
#[test]
fn ends_of_the_world() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEOADD g 180 85.05112878 ne -180 -85.05112878 sw 0 0 null 180 0 e 0 85.05112878 n => :5
            ZRANGE g 0 -1 WITHSCORES                                 => ["sw" "0" "null" "3377699720527872" "n" "6755399441055744" "e" "10133099161583616" "ne" "13510798882111488"]
            GEOPOS g ne sw null e n                                  => [["180" "85.0511287799999991"] ["-179.99999731779098511" "-85.05112751263942528"] ["0.00000268220901489" "0.00000126736058093"] ["180" "0.00000126736058093"] ["0.00000268220901489" "85.0511287799999991"]]
            GEOHASH g ne sw null e n                                 => ["bp05b5048p0" "00bh0hbj200" "s0000000000" "80000000000" "up05b5048p0"]
            GEODIST g null e                                         => "20020733.6202"
            GEODIST g ne sw                                          => "18919844.5891"
            GEOSEARCH g FROMMEMBER ne BYRADIUS 1 m                   => ["ne"]
            GEOSEARCH g FROMLONLAT 180 0 BYRADIUS 1 m                => ["e"]
            GEOSEARCH g FROMLONLAT 179.999 0 BYRADIUS 1 km           => []
            GEOSEARCH g FROMLONLAT 0 0 BYRADIUS 30000 km             => ["null" "sw"]
            ZADD z -1 a inf b -inf c 1.5 d 1e19 e 4503599627370496 f => :6
            GEOPOS z a b c d e f                                     => [["180" "85.0511287799999991"] ["-179.99999731779098511" "-85.05112751263942528"] ["180" "-85.05112751263942528"] ["-179.99999731779098511" "-85.05112497791824921"] ["180" "85.0511287799999991"] ["-179.99999731779098511" "85.0511287799999991"]]
            GEOHASH z a b c d e f                                    => ["bp05b5048p0" "00bh0hbj200" "00bh0hbj200" "00bh0hbj210" "bp05b5048p0" "bp05b5048p0"]
            GEODIST z a b                                            => "18919844.5891"
            ZADD tie 267256177190812 a                               => :1
            GEOSEARCH tie FROMLONLAT 19.7465991 -8.3787742 BYRADIUS 20000000 m WITHDIST => [["a" "11757148.9850"]]
            GEOSEARCH z FROMMEMBER d BYRADIUS 1 km WITHHASH          => [["d" :1]]
        "#,
    );
}

/// NX, XX and CH, in any number and order before the first place.
#[test]
fn add_options() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEOADD g XX 1 1 a                => :0
            EXISTS g                         => :0
            GEOADD g 1 1 a 2 2 b 1 1 a       => :2
            GEOADD g NX 5 5 a 3 3 c          => :1
            GEOADD g XX CH 5 5 a 4 4 d       => :1
            GEOADD g ch ch 5 5 a 6 6 b 7 7 e => :2
            GEOADD g XX 8 8 a                => :0
            GEOADD g nx CH 9 9 a 9 9 f       => :1
            GEOPOS g a f                     => [["8.00000220537185669" "7.99999947522560007"] ["8.99999946355819702" "9.00000020172915782"]]
            GEOADD g 0x10 1e1 hex            => :1
            GEOPOS g hex                     => [["16.00000172853469849" "10.00000092823272979"]]
        "#,
    );
}

/// Circles and boxes, around places and members, in every order.
#[test]
fn search() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1 17.241510 38.788135 edge2 => :4
            GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC               => ["Catania" "Palermo"]
            GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC              => ["Catania" "Palermo" "edge2" "edge1"]
            GEOSEARCH g BYBOX 400 400 km DESC FROMLONLAT 15 37             => ["edge1" "edge2" "Palermo" "Catania"]
            GEOSEARCH g frommember Catania byradius 100 mi asc withdist    => [["Catania" "0.0000"]]
            GEOSEARCH g FROMMEMBER Catania BYRADIUS 300 km ASC COUNT 2     => ["Catania" "Palermo"]
            GEOSEARCH g FROMMEMBER Catania BYRADIUS 300 km COUNT 2         => ["Catania" "Palermo"]
            GEOSEARCH g FROMMEMBER Catania BYRADIUS 300 km DESC COUNT 2    => ["edge1" "edge2"]
            GEOSEARCH g FROMMEMBER Catania BYRADIUS 300 km COUNT 9223372036854775807 DESC => ["edge1" "edge2" "Palermo" "Catania"]
            GEOSEARCH g FROMMEMBER Catania BYRADIUS 300 km ANY COUNT 4 ASC => ["Catania" "Palermo" "edge2" "edge1"]
            GEOSEARCH g FROMMEMBER Catania BYRADIUS 0 m                    => ["Catania"]
            GEOSEARCH g FROMMEMBER Catania BYBOX 0 0 m                     => ["Catania"]
            GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHCOORD WITHDIST WITHHASH => [["Catania" "56.4413" :3479447370796909 ["15.08726745843887329" "37.50266842333162032"]] ["Palermo" "190.4424" :3479099956230698 ["13.36138933897018433" "38.11555639549629859"]]]
            GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 656168 ft ASC WITHDIST   => [["Catania" "185174.7305"] ["Palermo" "624811.1215"]]
            GEOSEARCH g FROMLONLAT 15 37 BYRADIUS inf m COUNT 1            => ["Catania"]
            GEOSEARCH g FROMLONLAT -100 -37 BYRADIUS 10 km                 => []
            GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km                => []
            GEOSEARCH none FROMMEMBER a BYRADIUS 200 km                    => []
            GEOSEARCH g FROMMEMBER Catania FROMMEMBER Palermo BYRADIUS 1 km BYRADIUS 2 m ASC DESC COUNT 1 COUNT 2 => ["Palermo"]
            GEORADIUS g 15 37 200 km ASC                                   => ["Catania" "Palermo"]
            GEORADIUS g 15 37 200 km WITHDIST DESC                         => [["Palermo" "190.4424"] ["Catania" "56.4413"]]
            GEORADIUS_RO g 15 37 200 km WITHHASH COUNT 1                   => [["Catania" :3479447370796909]]
            GEORADIUSBYMEMBER g Palermo 100 mi ASC                         => ["Palermo" "edge1"]
            GEORADIUSBYMEMBER_RO g Palermo 100 mi ASC WITHCOORD COUNT 1    => [["Palermo" ["13.36138933897018433" "38.11555639549629859"]]]
            GEORADIUS none 15 37 200 km                                    => []
            GEORADIUSBYMEMBER none a 200 km                                => []
        "#,
    );
}

/// Over the date line; and close to a pole, where not all are found.
#[test]
fn around_the_world() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEOADD g -179.5 -16.5 west 179.5 -16.5 east                 => :2
            GEOSEARCH g FROMMEMBER west BYRADIUS 200 km ASC WITHDIST    => [["west" "0.0000"] ["east" "106.6456"]]
            GEOSEARCH g FROMMEMBER east BYBOX 400 1 km ASC WITHDIST     => [["east" "0.0000"] ["west" "106.6456"]]
            GEOADD p 162.6 79.95 center -146.8 85 near -173 81.8 nearer 150 79 other => :4
            GEOSEARCH p FROMMEMBER center BYRADIUS 1123 km ASC WITHDIST => [["center" "0.0000"] ["other" "276.2469"]]
            GEODIST p center near km                                    => "876.2132"
            GEOSEARCH p FROMMEMBER center BYRADIUS 1300 km ASC WITHDIST => [["center" "0.0000"] ["other" "276.2469"] ["nearer" "472.2372"] ["near" "876.2132"]]
        "#,
    );
}

/// What is found becomes a sorted set, whatever was there before.
#[test]
fn store() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania    => :2
            SET d text EX 100                                                   => +OK
            GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km                 => :2
            TTL d                                                               => :-1
            ZRANGE d 0 -1 WITHSCORES                                            => ["Palermo" "3479099956230698" "Catania" "3479447370796909"]
            GEOSEARCHSTORE d g FROMMEMBER Palermo BYBOX 400 400 km STOREDIST    => :2
            ZRANGE d 0 -1 WITHSCORES                                            => ["Palermo" "0" "Catania" "166.27415156960032"]
            GEOSEARCHSTORE d g STOREDIST FROMMEMBER Catania BYBOX 400 400 km COUNT 1 DESC STOREDIST => :1
            ZRANGE d 0 -1 WITHSCORES                                            => ["Palermo" "166.27415156960032"]
            GEORADIUS g 15 37 200 km STORE d                                    => :2
            ZRANGE d 0 -1 WITHSCORES                                            => ["Palermo" "3479099956230698" "Catania" "3479447370796909"]
            GEORADIUS d 15 37 100 km STORE d                                    => :1
            ZRANGE d 0 -1                                                       => ["Catania"]
            GEORADIUSBYMEMBER g Palermo 200 km STORE x STOREDIST d COUNT 1 DESC => :1
            ZRANGE d 0 -1 WITHSCORES                                            => ["Catania" "166.27415156960032"]
            GEORADIUSBYMEMBER g Palermo 200 mi STOREDIST x STORE d              => :2
            ZRANGE d 0 -1 WITHSCORES                                            => ["Palermo" "3479099956230698" "Catania" "3479447370796909"]
            EXISTS x                                                            => :0
            GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 m                      => :0
            EXISTS d                                                            => :0
            SET d text                                                          => +OK
            GEOSEARCHSTORE d none FROMLONLAT 0 0 BYRADIUS 1 m                   => :0
            EXISTS d                                                            => :0
            SET d text                                                          => +OK
            GEORADIUSBYMEMBER none a nonsense league STORE d                    => :0
            EXISTS d                                                            => :0
        "#,
    );
}

/// Coordinates are doubles in RESP3; distances stay strings.
#[test]
fn resp3() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania => :2
            HELLO 3
            GEOPOS g Palermo nosuch                                          => [[,13.36138933897018433 ,38.11555639549629859] null]
            GEOHASH g Palermo nosuch                                         => ["sqc8b49rny0" null]
            GEODIST g Palermo Catania                                        => "166274.1516"
            GEODIST g Palermo nosuch                                         => null
            GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHCOORD WITHDIST WITHHASH => [["Catania" "56.4413" :3479447370796909 [,15.08726745843887329 ,37.50266842333162032]] ["Palermo" "190.4424" :3479099956230698 [,13.36138933897018433 ,38.11555639549629859]]]
            GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km                  => []
        "#,
    );
}

/// Arity and options, then every coordinate, then the type of the key.
#[test]
fn add_errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEOADD g 1 1             => -ERR wrong number of arguments for 'geoadd' command
            GEOADD g NX 1 1          => -ERR syntax error
            GEOADD g NX XX 1 1 a     => -ERR syntax error
            GEOADD g CH CH CH        => -ERR syntax error
            GEOADD g 1 1 a 1         => -ERR syntax error
            GEOADD g GT 1 1 a        => -ERR syntax error
            GEOADD g abc 1 a         => -ERR value is not a valid float
            GEOADD g 1 nan a         => -ERR value is not a valid float
            GEOADD g 200 abc a       => -ERR value is not a valid float
            GEOADD g 1 1 a 200 100 b => -ERR invalid longitude,latitude pair 200.000000,100.000000
            GEOADD g -180.5 -0 a     => -ERR invalid longitude,latitude pair -180.500000,-0.000000
            GEOADD g inf 1 a         => -ERR invalid longitude,latitude pair inf,1.000000
            GEOADD g 1 -1e25 a       => -ERR invalid longitude,latitude pair 1.000000,-10000000000000000905969664.000000
            EXISTS g                 => :0
            SET s v                  => +OK
            GEOADD s 1 1 a           => -WRONGTYPE Operation against a key holding the wrong kind of value
            GEOADD s 1 100 a         => -ERR invalid longitude,latitude pair 1.000000,100.000000
            GEOADD s XX 1 1 a        => -WRONGTYPE Operation against a key holding the wrong kind of value
            GEOADD s NX XX 1 1 a     => -ERR syntax error
        "#,
    );
}

/// Arity, then the unit, then the type of the key.
#[test]
fn ask_errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            GEODIST g a          => -ERR wrong number of arguments for 'geodist' command
            GEODIST g a b m m    => -ERR syntax error
            GEODIST g a b league => -ERR unsupported unit provided. please use M, KM, FT, MI
            GEOHASH              => -ERR wrong number of arguments for 'geohash' command
            GEOPOS               => -ERR wrong number of arguments for 'geopos' command
            SET s v              => +OK
            GEODIST s a b        => -WRONGTYPE Operation against a key holding the wrong kind of value
            GEODIST s a b league => -ERR unsupported unit provided. please use M, KM, FT, MI
            GEOHASH s a          => -WRONGTYPE Operation against a key holding the wrong kind of value
            GEOPOS s a           => -WRONGTYPE Operation against a key holding the wrong kind of value
        "#,
    );
}

/// The type of the key comes first, then word for word, in the end what does not go together.
#[test]
fn search_errors() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
            SET s v                                                         => +OK
            GEOADD g 1 1 a                                                  => :1
            GEOSEARCH g FROMMEMBER a BYRADIUS 1                             => -ERR wrong number of arguments for 'geosearch' command
            GEOSEARCH s nonsense 1 2 3 4                                    => -WRONGTYPE Operation against a key holding the wrong kind of value
            GEOSEARCHSTORE d s nonsense 1 2 3 4                             => -WRONGTYPE Operation against a key holding the wrong kind of value
            GEORADIUS s abc 1 1 m                                           => -WRONGTYPE Operation against a key holding the wrong kind of value
            GEORADIUS none abc 1 1 m                                        => -ERR value is not a valid float
            GEORADIUS none 1 100 1 m                                        => -ERR invalid longitude,latitude pair 1.000000,100.000000
            GEORADIUS none 1 1 abc league                                   => -ERR need numeric radius
            GEORADIUS none 1 1 -1 league                                    => -ERR radius cannot be negative
            GEORADIUS none 1 1 1 league                                     => -ERR unsupported unit provided. please use M, KM, FT, MI
            GEORADIUS none 1 1 1 m nonsense                                 => -ERR syntax error
            GEORADIUS g 1 1 1 m FROMMEMBER a                                => -ERR syntax error
            GEORADIUS g 1 1 1 m STORE                                       => -ERR syntax error
            GEORADIUS_RO g 1 1 1 m STORE d                                  => -ERR syntax error
            GEORADIUSBYMEMBER_RO g a 1 m STOREDIST d                        => -ERR syntax error
            GEORADIUSBYMEMBER none a abc league                             => []
            GEORADIUSBYMEMBER none a abc league COUNT 0                     => -ERR COUNT must be > 0
            GEORADIUSBYMEMBER g nosuch abc league                           => -ERR could not decode requested zset member
            GEORADIUSBYMEMBER g a abc league                                => -ERR need numeric radius
            GEOSEARCH g FROMMEMBER nosuch BYRADIUS abc m                    => -ERR could not decode requested zset member
            GEOSEARCH none FROMMEMBER nosuch BYRADIUS abc m                 => -ERR need numeric radius
            GEOSEARCH g FROMMEMBER a FROMLONLAT 1 1 BYRADIUS 1 m            => -ERR syntax error
            GEOSEARCH g FROMLONLAT 1 1 FROMMEMBER a BYRADIUS 1 m            => -ERR syntax error
            GEOSEARCH g FROMMEMBER a BYRADIUS 1 m BYBOX 1 1 m               => -ERR syntax error
            GEOSEARCH g FROMMEMBER a BYBOX 1 1 m BYRADIUS 1 m               => -ERR syntax error
            GEOSEARCH g FROMMEMBER a BYBOX abc abc league                   => -ERR need numeric width
            GEOSEARCH g FROMMEMBER a BYBOX 1 abc league                     => -ERR need numeric height
            GEOSEARCH g FROMMEMBER a BYBOX -1 1 league                      => -ERR height or width cannot be negative
            GEOSEARCH g FROMMEMBER a BYBOX 1 1 league                       => -ERR unsupported unit provided. please use M, KM, FT, MI
            GEOSEARCH g FROMMEMBER a BYBOX 1 1                              => -ERR syntax error
            GEOSEARCH g FROMMEMBER a ASC ASC ASC ASC                        => -ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH
            GEOSEARCH g BYRADIUS 1 m ASC ASC ASC                            => -ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH
            geosearch g ASC ASC ASC ASC ASC                                 => -ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch
            GEOSEARCHSTORE d g FROMMEMBER a ASC ASC ASC ASC                 => -ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCHSTORE
            GEOSEARCH g FROMMEMBER a BYRADIUS 1 m COUNT 0                   => -ERR COUNT must be > 0
            GEOSEARCH g FROMMEMBER a BYRADIUS 1 m COUNT -1                  => -ERR COUNT must be > 0
            GEOSEARCH g FROMMEMBER a BYRADIUS 1 m COUNT abc                 => -ERR value is not an integer or out of range
            GEOSEARCH g FROMMEMBER a BYRADIUS 1 m COUNT                     => -ERR syntax error
            GEOSEARCH g FROMMEMBER a BYRADIUS 1 m ANY                       => -ERR the ANY argument requires COUNT argument
            GEOSEARCH none FROMMEMBER a BYRADIUS 1 m ANY                    => -ERR the ANY argument requires COUNT argument
            GEOSEARCH g FROMMEMBER a BYRADIUS 1 m STOREDIST                 => -ERR syntax error
            GEOSEARCH g FROMMEMBER a BYRADIUS 1 m STORE d                   => -ERR syntax error
            GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 1 m STORE d            => -ERR syntax error
            GEOSEARCHSTORE d g WITHDIST WITHDIST WITHDIST WITHDIST WITHDIST => -ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options
            GEORADIUS g 1 1 1 m STORE d WITHCOORD                           => -ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options
            GEORADIUSBYMEMBER g a 1 m WITHHASH STOREDIST d ANY              => -ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options
            EXISTS d                                                        => :0
        "#,
    );
}
