//! Users and what they may do: ACL, AUTH and HELLO with users, NOPERM, ACL LOG; a stream of random rules, compared
//! with `redis-server`.
mod common;
#[path = "differential/oracle.rs"]
mod oracle;
// The streams of `differential` use the rest of it.
#[allow(dead_code)]
#[path = "differential/random.rs"]
mod random;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Target, Value, server, server_with};
use oracle::Oracle;
use random::Random;
use std::collections::BTreeSet;
use tools::{attribute, entry};

/// What the fuzz of rules begins with; another one is another stream.
const SEED: u64 = 6_0_0;
/// How many times the fuzz changes a user.
const FUZZ_STEPS: usize = 600;

/// A connection that is the user `name` with these rules.
fn connect_as(target: &Target, name: &str, rules: &[&str]) -> Conn {
    let args = [&["ACL", "SETUSER", name, "reset", "on", "nopass"], rules].concat();
    assert_eq!(target.connect().cmd(&args), Value::simple("OK"));
    let mut conn = target.connect();
    assert_eq!(conn.cmd(&["AUTH", name, "x"]), Value::simple("OK"));
    conn
}

/// Deletes the users of a test, who would stay in a server that tests share.
fn delete_users(target: &Target) {
    let mut conn = target.connect();
    let users = conn.cmd(&["ACL", "USERS"]);
    for user in users
        .items()
        .iter()
        .map(Value::text)
        .filter(|user| user != "default")
    {
        conn.cmd(&["ACL", "DELUSER", &user]);
    }
    conn.cmd(&["ACL", "LOG", "RESET"]);
}

#[test]
fn users_are_made_shown_and_deleted() {
    let target = server();
    delete_users(&target);
    target.connect().transcript(
        r##"
        ACL WHOAMI       => "default"
        ACL LIST         => ["user default on nopass ~* &* +@all"]
        ACL SETUSER u    => +OK
        ACL GETUSER u    => ["flags" ["off"] "passwords" [] "commands" "-@all" "keys" "" "channels" "" "selectors" []]
        ACL SETUSER u on >pw ~a* %R~b* %W~c* %RW~d* &ch* +set|x => +OK
        ACL GETUSER u    => ["flags" ["on"] "passwords" ["30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4"] "commands" "-@all +set|x" "keys" "~a* %R~b* %W~c* ~d*" "channels" "&ch*" "selectors" []]
        ACL LIST         => ["user default on nopass ~* &* +@all" "user u on #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 ~a* %R~b* %W~c* ~d* resetchannels &ch* -@all +set|x"]
        ACL SETUSER u <pw => +OK
        ACL SETUSER u <pw => -ERR Error in ACL SETUSER modifier '<pw': The password you are trying to remove from the user does not exist
        ACL SETUSER u reset "(+get" "~x)" "( %W~k  +set &c )" "" => +OK
        ACL LIST         => ["user default on nopass ~* &* +@all" "user u off sanitize-payload resetchannels -@all (~x resetchannels -@all +get) (%W~k resetchannels &c -@all +set)"]
        ACL GETUSER nosuch => nil
        ACL USERS        => ["default" "u"]
        ACL SETUSER "" on => +OK
        ACL USERS        => ["" "default" "u"]
        ACL DELUSER "" u nosuch DEFAULT => :2
        ACL DELUSER u default => -ERR The 'default' user cannot be removed
        ACL SETUSER "a b" => -ERR Usernames can't contain spaces or null characters
        ACL SETUSER "a\0b" => -ERR Usernames can't contain spaces or null characters
        HELLO 3
        ACL GETUSER default => %["flags" ~["on" "nopass"] "passwords" [] "commands" "+@all" "keys" "~*" "channels" "&*" "selectors" []]
        ACL GETUSER nosuch => null
        "##,
    );
}

#[test]
fn wrong_rules_are_refused_and_change_nothing() {
    let target = server();
    delete_users(&target);
    let mut conn = target.connect();
    conn.transcript(
        r##"
        ACL SETUSER u on +get => +OK
        ACL SETUSER u off +config|get|x => -ERR Error in ACL SETUSER modifier '+config|get|x': Allowing first-arg of a subcommand is not supported
        ACL SETUSER u off +config|  => -ERR Error in ACL SETUSER modifier '+config|': Syntax error
        ACL SETUSER u off +get|     => -ERR Error in ACL SETUSER modifier '+get|': Syntax error
        ACL SETUSER u off +nosuch   => -ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL
        ACL SETUSER u off -get|x    => -ERR Error in ACL SETUSER modifier '-get|x': Unknown command or category name in ACL
        ACL SETUSER u off +@nosuch  => -ERR Error in ACL SETUSER modifier '+@nosuch': Unknown command or category name in ACL
        ACL SETUSER u off nosuch    => -ERR Error in ACL SETUSER modifier 'nosuch': Syntax error
        ACL SETUSER u off %~x       => -ERR Error in ACL SETUSER modifier '%~x': Syntax error
        ACL SETUSER u off "~a b"    => -ERR Error in ACL SETUSER modifier '~a b': Syntax error
        ACL SETUSER u off "~a\0b"   => -ERR Error in ACL SETUSER modifier '~a': Syntax error
        ACL SETUSER u off ~* ~a     => -ERR Error in ACL SETUSER modifier '~a': Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns
        ACL SETUSER u off &* &a     => -ERR Error in ACL SETUSER modifier '&a': Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels
        ACL SETUSER u off #abc      => -ERR Error in ACL SETUSER modifier '#abc': The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters
        ACL SETUSER u off "(+get" "~x" => -ERR Unmatched parenthesis in acl selector starting at '(+get'.
        ACL SETUSER u off "(on)"    => -ERR Error in ACL SETUSER modifier '(on)': Syntax error
        ACL GETUSER u => ["flags" ["on"] "passwords" [] "commands" "-@all +get" "keys" "" "channels" "" "selectors" []]
        "##,
    );
}

#[test]
fn subcommands_count_their_arguments() {
    let target = server();
    delete_users(&target);
    let long = "c".repeat(200);
    let shown = format!("ERR Unknown category '{}'", &long[..128]);
    let reply = target.connect().cmd(&["ACL", "CAT", &long]);
    assert_eq!(reply, Value::error(&shown));
    target.connect().transcript(
        r#"
        ACL                 => -ERR wrong number of arguments for 'acl' command
        ACL nosuch          => -ERR unknown subcommand 'nosuch'. Try ACL HELP.
        ACL CAT nosuch      => -ERR Unknown category 'nosuch'
        ACL cat STRING x    => -ERR unknown subcommand or wrong number of arguments for 'cat'. Try ACL HELP.
        ACL GENPASS 0       => -ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096
        ACL GENPASS 4097    => -ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096
        ACL GENPASS a       => -ERR value is not an integer or out of range
        ACL GENPASS 1 2     => -ERR unknown subcommand or wrong number of arguments for 'GENPASS'. Try ACL HELP.
        ACL LOG x           => -ERR value is not an integer or out of range
        ACL LOG RESET x     => -ERR unknown subcommand or wrong number of arguments for 'LOG'. Try ACL HELP.
        ACL LOG -1          => []
        ACL LOG RESET       => +OK
        ACL WHOAMI x        => -ERR wrong number of arguments for 'acl|whoami' command
        ACL SAVE            => -ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.
        ACL LOAD            => -ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.
        CONFIG SET acl-pubsub-default foo => -ERR CONFIG SET failed (possibly related to argument 'acl-pubsub-default') - argument(s) must be one of the following: allchannels, resetchannels
        CONFIG SET aclfile x => -ERR CONFIG SET failed (possibly related to argument 'aclfile') - can't set immutable config
        "#,
    );
    let mut conn = target.connect();
    for (args, digits) in [(&["ACL", "GENPASS"][..], 64), (&["ACL", "GENPASS", "5"], 2)] {
        let (one, other) = (conn.cmd(args).text(), conn.cmd(args).text());
        assert_eq!(one.len(), digits);
        assert!(
            one.bytes()
                .all(|digit| b"0123456789abcdef".contains(&digit)),
            "{one}"
        );
        assert!(digits < 64 || one != other, "{one} twice");
    }
    let help = conn.cmd(&["ACL", "HELP"]);
    assert_eq!(help.items().len(), 29, "{help:?}");
}

#[test]
fn a_user_may_do_what_its_rules_say() {
    let target = server();
    delete_users(&target);
    let rules = ["+@all", "-keys", "-config|set", "%R~r*", "%W~w*", "&ch*"];
    let mut conn = connect_as(&target, "u", &rules);
    conn.transcript(
        r#"
        ACL WHOAMI       => "u"
        GET r            => nil
        GET w            => -NOPERM this user has no permissions to access one of the keys used as arguments
        SET w 1          => +OK
        SET r 1          => -NOPERM this user has no permissions to access one of the keys used as arguments
        SET w 1 GET      => -NOPERM this user has no permissions to access one of the keys used as arguments
        mget r1 x        => -NOPERM this user has no permissions to access one of the keys used as arguments
        KEYS *           => -NOPERM this user has no permissions to run the 'keys' command
        config SET x y   => -NOPERM this user has no permissions to run the 'config|set' command
        CONFIG GET port
        CONFIG nosuch    => -ERR unknown subcommand 'nosuch'. Try CONFIG HELP.
        GET              => -ERR wrong number of arguments for 'get' command
        SORT r BY w_*    => -ERR BY option of SORT denied due to insufficient ACL permissions.
        SORT r GET #     => -ERR GET option of SORT denied due to insufficient ACL permissions.
        SORT r BY nosort => []
        BITFIELD r GET u8 0           => [:0]
        BITFIELD r GET u8 0 SET u8 0 1 => -NOPERM this user has no permissions to access one of the keys used as arguments
        TYPE w           => +string
        EXISTS x         => -NOPERM this user has no permissions to access one of the keys used as arguments
        ZUNIONSTORE x 1 r => -NOPERM this user has no permissions to access one of the keys used as arguments
        ZUNIONSTORE x 3 r => -ERR syntax error
        PUBLISH ch1 m    => :0
        PUBLISH x m      => -NOPERM this user has no permissions to access one of the channels used as arguments
        SPUBLISH x m     => -NOPERM this user has no permissions to access one of the channels used as arguments
        SUBSCRIBE ch1 x  => -NOPERM this user has no permissions to access one of the channels used as arguments
        PSUBSCRIBE ch1*  => -NOPERM this user has no permissions to access one of the channels used as arguments
        UNSUBSCRIBE x    => ["unsubscribe" "x" :0]
        PSUBSCRIBE ch*   => ["psubscribe" "ch*" :1]
        RESET            => +RESET
        ACL WHOAMI       => "default"
        KEYS nosuch      => []
        "#,
    );
    let line = target.connect().cmd(&["CLIENT", "LIST"]).text();
    assert_eq!(
        attribute(line.lines().next().unwrap_or(""), "user"),
        Some("default")
    );
    delete_users(&target);
}

#[test]
fn selectors_allow_what_one_of_them_allows() {
    let target = server();
    delete_users(&target);
    let rules = ["+@all", "(+get ~a)", "(+get ~b)", "(+set ~b)", "%R~r*"];
    connect_as(&target, "u", &rules).transcript(
        r#"
        GET a            => nil
        GET b            => nil
        GET ra           => nil
        GET c            => -NOPERM this user has no permissions to access one of the keys used as arguments
        MGET a b         => -NOPERM this user has no permissions to access one of the keys used as arguments
        SET b 1          => +OK
        SET r 1          => -NOPERM this user has no permissions to access one of the keys used as arguments
        DEL b            => -NOPERM this user has no permissions to access one of the keys used as arguments
        "#,
    );
    delete_users(&target);
}

#[test]
fn dry_runs_tell_what_is_missing() {
    let target = server();
    delete_users(&target);
    connect_as(
        &target,
        "u",
        &[
            "+@all",
            "-keys",
            "+select|0",
            "-select",
            "+select|1",
            "%R~r*",
            "&ch*",
        ],
    );
    target.connect().transcript(
        r#"
        ACL DRYRUN nobody GET x   => -ERR User 'nobody' not found
        ACL DRYRUN u nosuch x     => -ERR Command 'nosuch' not found
        ACL DRYRUN u config nosuch => -ERR Command 'config' not found
        ACL DRYRUN u GET          => -ERR wrong number of arguments for 'get' command
        ACL DRYRUN u GET r        => +OK
        ACL DRYRUN u GET x        => "This user has no permissions to access the 'x' key"
        ACL DRYRUN u KEYS *       => "This user has no permissions to run the 'keys' command"
        ACL DRYRUN u SELECT 1     => +OK
        ACL DRYRUN u SELECT 0     => "This user has no permissions to run the 'select' command"
        ACL DRYRUN u PUBLISH x m  => "This user has no permissions to access the 'x' channel"
        ACL DRYRUN u SUBSCRIBE chx x => "This user has no permissions to access the 'x' channel"
        ACL DRYRUN u RENAME r r2  => "This user has no permissions to access the 'r' key"
        ACL DRYRUN u SORT r STORE z => "This user has no permissions to access the 'z' key"
        ACL DRYRUN u GEORADIUS r 1 2 3 m STORE x => "This user has no permissions to access the 'x' key"
        ACL DRYRUN u BLPOP r a 0  => "This user has no permissions to access the 'r' key"
        ACL DRYRUN u OBJECT ENCODING z => "This user has no permissions to access the 'z' key"
        ACL DRYRUN u ZUNIONSTORE d 2 r => +OK
        ACL DRYRUN u ZUNIONSTORE d 2 r s => "This user has no permissions to access the 'd' key"
        ACL DRYRUN u AUTH x       => +OK
        ACL DRYRUN u              => -ERR wrong number of arguments for 'acl|dryrun' command
        "#,
    );
    delete_users(&target);
}

#[test]
fn logging_in() {
    let target = server();
    delete_users(&target);
    let mut admin = target.connect();
    admin.transcript("ACL SETUSER u on >pw >pw2 +@all ~*\nACL SETUSER off >pw");
    target.connect().transcript(
        r#"
        AUTH u bad       => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH off pw      => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH nobody pw   => -WRONGPASS invalid username-password pair or user is disabled.
        ACL WHOAMI       => "default"
        AUTH u pw2       => +OK
        AUTH u bad       => -WRONGPASS invalid username-password pair or user is disabled.
        ACL WHOAMI       => "u"
        HELLO 2 AUTH default x
        ACL WHOAMI       => "default"
        HELLO 3 AUTH u bad => -WRONGPASS invalid username-password pair or user is disabled.
        HELLO 3 AUTH u pw SETNAME me
        ACL WHOAMI       => "u"
        CLIENT GETNAME   => "me"
        CLIENT KILL USER nobody => -ERR No such user 'nobody'
        CLIENT KILL USER u SKIPME yes => :0
        "#,
    );
    admin.cmd(&["ACL", "LOG", "RESET"]);
    delete_users(&target);
}

#[test]
fn the_default_user_can_be_locked() {
    let target = server();
    delete_users(&target);
    let mut admin = target.connect();
    let mut other = target.connect();
    admin.transcript(
        r#"
        ACL SETUSER u on >pw +@all
        CONFIG SET requirepass secret => +OK
        ACL LIST => ["user default on #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ~* &* +@all" ?]
        "#,
    );
    other.transcript("PING => +PONG");
    target.connect().transcript(
        r#"
        PING             => -NOAUTH Authentication required.
        GET              => -ERR wrong number of arguments for 'get' command
        NOSUCH           => -ERR unknown command 'NOSUCH', with args beginning with: ...
        AUTH bad         => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH u pw        => +OK
        PING             => +PONG
        RESET            => +RESET
        PING             => -NOAUTH Authentication required.
        AUTH secret      => +OK
        PING             => +PONG
        "#,
    );
    admin.transcript("ACL SETUSER default off => +OK\nPING => +PONG");
    target.connect().transcript(
        r#"
        PING             => -NOAUTH Authentication required.
        AUTH secret      => -WRONGPASS invalid username-password pair or user is disabled.
        AUTH u pw        => +OK
        PING             => +PONG
        "#,
    );
    admin.transcript(
        r#"
        ACL SETUSER default on nopass -@all +ping +acl +config => +OK
        GET x            => -NOPERM this user has no permissions to run the 'get' command
        "#,
    );
    target.connect().transcript(
        r#"
        PING             => +PONG
        AUTH secret      => -ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?
        GET x            => -NOPERM this user has no permissions to run the 'get' command
        QUIT             => +OK
        "#,
    );
    admin.transcript(
        r#"
        CONFIG GET requirepass => ["requirepass" "secret"]
        ACL SETUSER default reset on nopass ~* &* +@all => +OK
        CONFIG SET requirepass "" => +OK
        "#,
    );
    delete_users(&target);
}

#[test]
fn changes_reach_those_who_are_there() {
    let target = server();
    delete_users(&target);
    let mut admin = target.connect();
    let mut conn = connect_as(&target, "u", &["+@all", "~*", "&*"]);
    conn.transcript("GET k => nil");
    admin.transcript("ACL SETUSER u -get => +OK");
    conn.transcript("GET k => -NOPERM this user has no permissions to run the 'get' command");
    admin.transcript("ACL SETUSER u +get => +OK");
    conn.transcript("GET k => nil");
    admin.transcript("ACL SETUSER u off => +OK");
    conn.transcript("GET k => nil");
    admin.transcript("ACL DELUSER u => :1");
    conn.expect_closed();
    // Oneself, too.
    let mut conn = connect_as(&target, "u", &["+@all", "~*"]);
    conn.transcript("ACL DELUSER u => :1");
    conn.expect_closed();
    delete_users(&target);
}

#[test]
fn subscribers_who_must_not_listen_any_more_are_cut_off() {
    let target = server();
    delete_users(&target);
    let mut admin = target.connect();
    let mut lost = connect_as(&target, "u", &["+@all", "&a*", "&b"]);
    let mut kept = connect_as(&target, "v", &["+@all", "&a*", "&b"]);
    let mut by_selector = connect_as(&target, "w", &["+@all", "(+@all &a*)"]);
    let mut from_all = connect_as(&target, "x", &["+@all", "&*"]);
    for conn in [&mut lost, &mut kept, &mut by_selector, &mut from_all] {
        conn.transcript("SUBSCRIBE abc => [\"subscribe\" \"abc\" :1]");
    }
    admin.transcript(
        r#"
        ACL SETUSER u resetchannels &b => +OK
        ACL SETUSER v resetchannels &a* => +OK
        ACL SETUSER w clearselectors => +OK
        ACL SETUSER x resetchannels => +OK
        PUBLISH abc m => :1
        "#,
    );
    kept.transcript("PING => [\"message\" \"abc\" \"m\"]");
    for conn in [&mut lost, &mut by_selector, &mut from_all] {
        conn.expect_closed();
    }
    delete_users(&target);
}

#[test]
fn transactions_are_checked_twice() {
    let target = server();
    delete_users(&target);
    let mut admin = target.connect();
    let mut conn = connect_as(&target, "u", &["+@all", "-keys", "~a*", "&*"]);
    conn.transcript(
        r#"
        MULTI            => +OK
        SET b 1          => -NOPERM this user has no permissions to access one of the keys used as arguments
        EXEC             => -EXECABORT Transaction discarded because of previous errors.
        MULTI            => +OK
        GET a            => +QUEUED
        SET a 1          => +QUEUED
        PUBLISH c m      => +QUEUED
        "#,
    );
    admin.transcript("ACL SETUSER u -get resetchannels => +OK");
    conn.transcript(
        r#"
        EXEC => [-"NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to execute the command or subcommand" +OK -"NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to access one of the channels used as arguments"]
        MULTI            => +OK
        SET a 2          => +QUEUED
        "#,
    );
    admin.transcript("ACL SETUSER u resetkeys => +OK");
    conn.transcript(
        r#"
        EXEC => [-"NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to touch the specified keys"]
        "#,
    );
    let log = admin.cmd(&["ACL", "LOG"]);
    let contexts: Vec<String> = log.items().iter().map(told).collect();
    assert_eq!(
        contexts,
        [
            "key multi a",
            "channel multi c",
            "command multi get",
            "key multi b"
        ]
    );
    delete_users(&target);
}

/// `reason context object` of an entry of the log.
fn told(entry_of_log: &Value) -> String {
    let text = |name: &str| entry(entry_of_log, name).map(|value| value.text());
    let words = ["reason", "context", "object"].map(|name| text(name).unwrap_or_default());
    words.join(" ")
}

#[test]
fn what_was_denied_is_logged() {
    let target = server();
    delete_users(&target);
    let mut conn = connect_as(&target, "u", &["+@all", "-keys", "~a"]);
    conn.transcript(
        r#"
        CLIENT SETNAME me
        GET b            => -NOPERM ...
        get b            => -NOPERM ...
        KEYS *           => -NOPERM ...
        HELLO 3 AUTH u2 x => -WRONGPASS ...
        auth u3 x        => -WRONGPASS ...
        PUBLISH c m      => -NOPERM ...
        GET b            => -NOPERM ...
        "#,
    );
    let mut admin = target.connect();
    let log = admin.cmd(&["ACL", "LOG"]);
    let all: Vec<String> = log.items().iter().map(told).collect();
    let wanted = [
        "key toplevel b",
        "channel toplevel c",
        "auth toplevel auth",
        "auth toplevel HELLO",
        "command toplevel keys",
    ];
    assert_eq!(all, wanted);
    let first = &log.items()[0];
    let names: Vec<String> = first.items().iter().step_by(2).map(Value::text).collect();
    let seven = [
        "count",
        "reason",
        "context",
        "object",
        "username",
        "age-seconds",
        "client-info",
    ];
    assert_eq!(names, seven);
    assert_eq!(entry(first, "count"), Some(Value::Int(3)));
    assert_eq!(entry(first, "username"), Some(Value::bulk("u")));
    let age: f64 =
        entry(first, "age-seconds").map_or(-1.0, |age| age.text().parse().unwrap_or(-1.0));
    assert!((0.0..60.0).contains(&age), "{age}");
    let client = entry(first, "client-info")
        .map(|line| line.text())
        .unwrap_or_default();
    assert_eq!(attribute(&client, "name"), Some("me"), "{client}");
    assert_eq!(attribute(&client, "cmd"), Some("get"));
    assert_eq!(attribute(&client, "user"), Some("u"));
    assert!(!client.ends_with('\n'));
    assert_eq!(entry(&log.items()[2], "username"), Some(Value::bulk("u3")));
    assert_eq!(admin.cmd(&["ACL", "LOG", "2"]).items().len(), 2);
    admin.transcript(
        r#"
        CONFIG SET acllog-max-len 1
        AUTH u4 x        => -WRONGPASS ...
        "#,
    );
    assert_eq!(admin.cmd(&["ACL", "LOG"]).items().len(), 1);
    admin.transcript("CONFIG SET acllog-max-len 128\nACL LOG RESET => +OK\nACL LOG => []");
    delete_users(&target);
}

/// Ours, or whatever is tested, and a `redis-server`.
fn with_oracle() -> Option<(Target, Conn, Oracle, Conn)> {
    let target = server();
    let oracle = Oracle::start(&[])?;
    delete_users(&target);
    let ours = target.connect();
    let theirs = Conn::connect(oracle.addr());
    Some((target, ours, oracle, theirs))
}

#[test]
fn categories_hold_the_same_commands() {
    let Some((_target, mut ours, _oracle, mut theirs)) = with_oracle() else {
        return;
    };
    let names = ours.cmd(&["ACL", "CAT"]);
    assert_eq!(names, theirs.cmd(&["ACL", "CAT"]));
    let list = |conn: &mut Conn| -> BTreeSet<String> {
        let reply = conn.cmd(&["COMMAND", "LIST"]);
        reply.items().iter().map(Value::text).collect()
    };
    let both: BTreeSet<String> = list(&mut ours)
        .intersection(&list(&mut theirs))
        .cloned()
        .collect();
    assert!(both.len() > 200, "{}", both.len());
    for name in names.items() {
        let members = |conn: &mut Conn| -> Vec<String> {
            let reply = conn.cmd(&["ACL", "CAT", &name.text()]);
            let known = reply.sorted_texts().into_iter();
            known.filter(|name| both.contains(name)).collect()
        };
        assert_eq!(members(&mut ours), members(&mut theirs), "{name:?}");
    }
}

/// A random rule.
fn rule(random: &mut Random, commands: &[String], categories: &[String]) -> String {
    const WORDS: &[&str] = &[
        "on",
        "off",
        "nopass",
        "resetpass",
        "allkeys",
        "resetkeys",
        "allchannels",
        "resetchannels",
        "allcommands",
        "nocommands",
        "reset",
        "clearselectors",
        "sanitize-payload",
        "skip-sanitize-payload",
        "+@all",
        "-@all",
        "~*",
        "&*",
        ">pw",
        ">p2",
        "<pw",
        "<p2",
        "!00",
        "#11",
        "nosuch",
        "+nosuch",
        "-@nosuch",
        "+get|a",
        "+GET|A",
        "+get|b",
        "+set|x",
        "+config|",
        "%R",
        "",
    ];
    let sign = random.pick(&["+", "-"]);
    let letter = random.pick(&["a", "b", "c*"]);
    match random.below(10) {
        0 | 1 => random.pick(WORDS).to_owned(),
        2 => format!("~{letter}"),
        3 => format!(
            "%{}~{letter}",
            random.pick(&["R", "W", "RW", "r", "WR", "X", ""])
        ),
        4 => format!("&{letter}"),
        5..=7 => format!("{sign}@{}", categories[random.below(categories.len())]),
        _ => format!("{sign}{}", commands[random.below(commands.len())]),
    }
}

/// The rules of a line, in which single commands, whose order is another one in every process of redis, stand
/// in that of the alphabet. Those that redis does not know are left out.
fn comparable(text: &str, known: &BTreeSet<String>) -> Vec<String> {
    let text = text.replace('(', "( ").replace(')', " )");
    let single = |word: &str| {
        let name = word.strip_prefix(['+', '-'])?;
        (!name.starts_with('@')).then(|| name.to_owned())
    };
    let is_known = |name: &str| {
        let container = name.split('|').next().unwrap_or_default();
        let subcommands = format!("{container}|");
        known.contains(name)
            || known.contains(container) && !known.iter().any(|name| name.starts_with(&subcommands))
    };
    let words = text
        .split(' ')
        .filter(|word| single(word).is_none_or(|name| is_known(&name)));
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    for run in words.chunk_by_mut(|a, b| single(a).is_some() && single(b).is_some()) {
        run.sort();
    }
    words
}

#[test]
fn random_rules_make_the_same_users() {
    let Some((_target, mut ours, _oracle, mut theirs)) = with_oracle() else {
        return;
    };
    let texts = |value: Value| -> Vec<String> { value.sorted_texts() };
    let commands = texts(theirs.cmd(&["COMMAND", "LIST"]));
    let categories = texts(theirs.cmd(&["ACL", "CAT"]));
    let known: BTreeSet<String> = commands.iter().cloned().collect();
    let mut random = Random::new(SEED);
    let mut history: Vec<String> = Vec::new();
    for _ in 0..FUZZ_STEPS {
        let mut rules = vec!["ACL".to_owned(), "SETUSER".to_owned(), "u".to_owned()];
        if random.chance(15) {
            rules.push("reset".to_owned());
            history.clear();
        }
        for _ in 0..=random.below(5) {
            let mut rule_text = rule(&mut random, &commands, &categories);
            if random.chance(15) {
                let second = rule(&mut random, &commands, &categories);
                rule_text = format!("({rule_text} {second})");
            }
            rules.push(rule_text);
        }
        let args: Vec<&str> = rules.iter().map(String::as_str).collect();
        history.push(args.join(" "));
        assert_eq!(ours.cmd(&args), theirs.cmd(&args), "{history:#?}");
        for question in [&["ACL", "LIST"][..], &["ACL", "GETUSER", "u"]] {
            let shown = |conn: &mut Conn| -> Vec<String> {
                let reply = conn.cmd(question).encode();
                let text = String::from_utf8_lossy(&reply).into_owned();
                // Lengths of texts that hold what only one of both knows.
                let lines = text.split("\r\n").filter(|line| !line.starts_with('$'));
                lines.flat_map(|line| comparable(line, &known)).collect()
            };
            assert_eq!(shown(&mut ours), shown(&mut theirs), "{history:#?}");
        }
    }
}

#[test]
fn a_file_with_users_is_loaded_and_saved() {
    let dir = tempfile::tempdir().expect("a directory for the test");
    let path = dir.path().join("users.acl");
    let write = |text: &str| std::fs::write(&path, text).expect("the file is written");
    let name = path.display().to_string();
    write("user default on nopass ~* &* +@all\nuser a on nopass  ~* +get (+set  ~x )\n\n");
    let Some(target) = server_with(&[("aclfile", &name)]) else {
        return;
    };
    let mut admin = target.connect();
    let listed = r#"["user a on nopass ~* resetchannels -@all +get (~x resetchannels -@all +set)" "user default on nopass ~* &* +@all"]"#;
    admin.transcript(&format!("ACL LIST => {listed}"));
    let mut conn = target.connect();
    conn.transcript("AUTH a x => +OK\nGET k => nil");
    write(
        "user default on nopass ~* &* +@all\nuser a on nopass  ~* +get +nosuch zork zork\nfoo bar\n\nuser\nuser a on\nuser b (+get\nuser c on # comment\n",
    );
    let error = [
        ":2: Error in applying operation '+nosuch': Unknown command or category name in ACL. ",
        ":2: Syntax error. ",
        ":3 should start with user keyword followed by the username. ",
        ":5 should start with user keyword followed by the username. ",
    ];
    let error: String = error.iter().map(|text| format!("{name}{text}")).collect();
    let error = format!(
        "ERR {error}WARNING: Duplicate user 'a' found on line 6. {name}:7: Unmatched parenthesis in \
         selector definition.{name}:8: The password hash must be exactly 64 characters and contain \
         only lowercase hexadecimal characters. WARNING: ACL errors detected, no change to the \
         previously active ACL rules was performed"
    );
    assert_eq!(admin.cmd(&["ACL", "LOAD"]), Value::error(&error));
    admin.transcript(&format!("ACL LIST => {listed}"));
    conn.transcript("GET k => nil");
    write("user b on nopass +@all\n");
    admin.transcript("ACL LOAD => +OK\nACL USERS => [\"b\" \"default\"]");
    conn.expect_closed();
    admin.transcript("ACL SETUSER c on >pw => +OK\nACL SAVE => +OK");
    let saved = std::fs::read_to_string(&path).expect("the file was saved");
    assert_eq!(
        saved,
        "user b on nopass resetchannels +@all\nuser c on \
         #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 resetchannels -@all\n\
         user default on nopass ~* &* +@all\n"
    );
    std::fs::remove_file(&path).expect("it was there");
    let error = format!("ERR Error loading ACLs, opening file '{name}': No such file or directory");
    assert_eq!(admin.cmd(&["ACL", "LOAD"]), Value::error(&error));
}

/// Whoever came while a password was needed has not logged in when none is any more: HELLO says so, and nothing else.
#[test]
fn hello_asks_whether_one_has_logged_in() {
    let target = server();
    let mut admin = target.connect();
    admin.transcript("CONFIG SET requirepass pw => +OK");
    let mut late = target.connect();
    assert!(late.cmd(&["PING"]).text().starts_with("NOAUTH "));
    admin.transcript("ACL SETUSER default nopass => +OK");
    late.transcript("PING => +PONG");
    let refused = late.cmd(&["HELLO", "3"]).text();
    assert!(refused.starts_with("NOAUTH HELLO must be"), "{refused}");
    assert!(
        !late
            .cmd(&["HELLO", "3", "AUTH", "default", "any"])
            .is_error()
    );
    assert!(!late.cmd(&["HELLO", "2"]).is_error());
    admin.transcript("CONFIG SET requirepass \"\" => +OK");
}
