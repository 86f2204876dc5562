//! COMMAND and INFO: what the server tells of itself, compared with redis 7.0.15's as far as it does not depend on which
//! commands there are altogether.
mod common;
#[path = "introspection/data.rs"]
mod data;
#[path = "common/tools.rs"]
mod tools;

use common::{Conn, Value, server, server_with};
use tools::{counter, entry, field, field_names, info, missing_from, pairs, section_names};

/// The texts of a list, as one would write them: `[a b]`.
fn bracketed(value: &Value) -> String {
    let texts: Vec<String> = value.items().iter().map(Value::text).collect();
    format!("[{}]", texts.join(" "))
}

/// One entry of COMMAND INFO as `data::COMMANDS` writes it, without what COMMAND DOCS tells.
fn described(entry: &Value) -> String {
    let [name, arity, flags, first, last, step, categories, ..] = entry.items() else {
        panic!("an entry of COMMAND INFO is too short: {entry:?}");
    };
    format!(
        "{} {} {} {} {} {} {}",
        name.text(),
        arity.int(),
        bracketed(flags),
        first.int(),
        last.int(),
        step.int(),
        bracketed(categories)
    )
}

fn name_of(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

#[test]
fn command_info_of_every_command() {
    let target = server();
    let mut conn = target.connect();
    let mut differences = Vec::new();
    for line in data::COMMANDS {
        let reply = conn.cmd(&["COMMAND", "INFO", name_of(line)]);
        let [entry] = reply.items() else {
            panic!("COMMAND INFO {}: {reply:?}", name_of(line));
        };
        let got = match entry {
            Value::NilArray | Value::Nil => format!("{}: no such command", name_of(line)),
            entry => described(entry),
        };
        if !line.starts_with(&format!("{got} ")) {
            differences.push(format!("  expected {line}\n  received {got}"));
        }
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn command_info_shapes() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r#"
        COMMAND INFO nosuch           => [nil]
        COMMAND INFO "config|nosuch"  => [nil]
        COMMAND INFO GET              => [["get" :2 [+readonly +fast] :1 :1 :1 [+@read +@string +@fast] [] [["flags" [+RO +access] "begin_search" ["type" "index" "spec" ["index" :1]] "find_keys" ["type" "range" "spec" ["lastkey" :0 "keystep" :1 "limit" :0]]]] []]]
        COMMAND INFO nosuch ping nosuch => [nil ["ping" :-1 [+fast] :0 :0 :0 [+@fast +@connection] ["request_policy:all_shards" "response_policy:all_succeeded"] [] []] nil]
        COMMAND INFO mset             => [["mset" :-3 [+write +denyoom] :1 :-1 :2 [+@write +@string +@slow] ["request_policy:multi_shard" "response_policy:all_succeeded"] [["flags" [+OW +update] "begin_search" ["type" "index" "spec" ["index" :1]] "find_keys" ["type" "range" "spec" ["lastkey" :-1 "keystep" :2 "limit" :0]]]] []]]
        COMMAND INFO bitfield         => [["bitfield" :-2 [+write +denyoom] :1 :1 :1 [+@write +@bitmap +@slow] [] [["notes" "This command allows both access and modification of the key" "flags" [+RW +access +update +variable_flags] "begin_search" ["type" "index" "spec" ["index" :1]] "find_keys" ["type" "range" "spec" ["lastkey" :0 "keystep" :1 "limit" :0]]]] []]]
        COMMAND INFO pfcount          => [["pfcount" :-2 [+readonly] :1 :-1 :1 [+@read +@hyperloglog +@slow] [] [["notes" "RW because it may change the internal representation of the key, and propagate to replicas" "flags" [+RW +access] "begin_search" ["type" "index" "spec" ["index" :1]] "find_keys" ["type" "range" "spec" ["lastkey" :-1 "keystep" :1 "limit" :0]]]] []]]
        COMMAND INFO "config|get"     => [["config|get" :-3 [+admin +noscript +loading +stale] :0 :0 :0 [+@admin +@slow +@dangerous] [] [] []]]
        HELLO 3
        COMMAND INFO nosuch           => [null]
        COMMAND INFO get              => [["get" :2 ~[+readonly +fast] :1 :1 :1 ~[+@read +@string +@fast] ~[] ~[%["flags" ~[+RO +access] "begin_search" %["type" "index" "spec" %["index" :1]] "find_keys" %["type" "range" "spec" %["lastkey" :0 "keystep" :1 "limit" :0]]]] ~[]]]
        "#,
    );
    conn.cmd(&["HELLO", "2"]);
    // A container carries the entries of its subcommands.
    let reply = conn.cmd(&["COMMAND", "INFO", "config"]);
    let container = reply.items()[0].items();
    let mut names: Vec<String> = container[9]
        .items()
        .iter()
        .map(|sub| sub.items()[0].text())
        .collect();
    names.sort();
    let wanted = [
        "config|get",
        "config|help",
        "config|resetstat",
        "config|rewrite",
        "config|set",
    ];
    assert_eq!(names, wanted);
}

#[test]
fn command_without_a_name_tells_all() {
    let target = server();
    let mut conn = target.connect();
    let count = conn.cmd(&["COMMAND", "COUNT"]).int();
    for args in [&["COMMAND"][..], &["COMMAND", "INFO"]] {
        let all = conn.cmd(args);
        assert_eq!(all.items().len() as i64, count, "{args:?}");
        let mut names: Vec<String> = all
            .items()
            .iter()
            .map(|entry| entry.items()[0].text())
            .collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len() as i64, count, "{args:?}: names are unique");
        let known = |name: &str| names.iter().any(|found| found == name);
        let missing: Vec<&str> = data::COMMANDS
            .iter()
            .map(|line| name_of(line))
            .filter(|name| !name.contains('|') && !known(name))
            .collect();
        assert!(missing.is_empty(), "{args:?}: {missing:?}");
    }
    assert_eq!(
        pairs(&conn.cmd(&["COMMAND", "DOCS"])).len() as i64,
        count,
        "COMMAND DOCS"
    );
    conn.transcript(
        r#"
        COMMAND COUNT x  => -ERR wrong number of arguments for 'command|count' command
        COMMAND HELP x   => -ERR wrong number of arguments for 'command|help' command
        "#,
    );
}

#[test]
fn command_list() {
    let target = server();
    let mut conn = target.connect();
    let all = conn.cmd(&["COMMAND", "LIST"]).sorted_texts();
    let missing: Vec<&&str> = data::COMMANDS
        .iter()
        .filter(|line| !all.iter().any(|found| found == name_of(line)))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    conn.transcript(
        r#"
        COMMAND LIST FILTERBY PATTERN gete*      => ["getex"]
        command list filterby pattern GETE*      => ["getex"]
        COMMAND LIST FILTERBY PATTERN config|ge* => ["config|get"]
        COMMAND LIST FILTERBY PATTERN get??l     => ["getdel"]
        COMMAND LIST FILTERBY PATTERN nothing*   => []
        COMMAND LIST FILTERBY MODULE foo         => []
        COMMAND LIST FILTERBY ACLCAT foo         => []
        COMMAND LIST FILTERBY ACLCAT @string     => []
        COMMAND LIST FILTERBY FOO bar            => -ERR syntax error
        COMMAND LIST FILTERBY                    => -ERR syntax error
        COMMAND LIST FILTERBY PATTERN            => -ERR syntax error
        COMMAND LIST FILTERBY PATTERN a b        => -ERR syntax error
        COMMAND LIST FOO                         => -ERR syntax error
        "#,
    );
    let strings = conn
        .cmd(&["COMMAND", "LIST", "FILTERBY", "ACLCAT", "string"])
        .sorted_texts();
    let mut wanted: Vec<&str> = data::COMMANDS
        .iter()
        .filter(|line| line.contains("@string"))
        .map(|line| name_of(line))
        .collect();
    wanted.sort_unstable();
    assert_eq!(strings, wanted);
}

/// The arguments of COMMAND DOCS as `data::ARGUMENTS` writes them.
fn arguments(value: &Value) -> String {
    let one = |argument: &Value| {
        let text = |key: &str| entry(argument, key).map(|value| value.text());
        let mut out = format!(
            "{}:{}",
            text("name").unwrap_or_default(),
            text("type").unwrap_or_default()
        );
        if let Some(token) = text("token") {
            out += &format!("={token}");
        }
        for flag in entry(argument, "flags")
            .iter()
            .flat_map(|flags| flags.items())
        {
            out += &format!("!{}", flag.text());
        }
        if let Some(inner) = entry(argument, "arguments") {
            out += &format!("({})", arguments(&inner));
        }
        out
    };
    let all: Vec<String> = value.items().iter().map(one).collect();
    all.join(" ")
}

#[test]
fn command_docs() {
    let target = server();
    let mut conn = target.connect();
    for protocol in ["2", "3"] {
        conn.cmd(&["HELLO", protocol]);
        for line in data::COMMANDS {
            let name = name_of(line);
            let reply = conn.cmd(&["COMMAND", "DOCS", name]);
            let found = pairs(&reply);
            let [(found_name, docs)] = found.as_slice() else {
                panic!("COMMAND DOCS {name}: {reply:?}");
            };
            assert_eq!(found_name.text(), name);
            let text = |key: &str| entry(docs, key).map(|value| value.text());
            let tail = format!(
                "] {} {}",
                text("since").unwrap_or_default(),
                text("group").unwrap_or_default()
            );
            assert!(line.ends_with(&tail), "{line}: {docs:?}");
            assert!(
                text("summary").is_some_and(|text| text.len() > 8),
                "{docs:?}"
            );
        }
        for (name, wanted) in data::ARGUMENTS {
            let reply = conn.cmd(&["COMMAND", "DOCS", name]);
            let docs = entry(&reply, name).unwrap_or_else(|| panic!("{name}: {reply:?}"));
            let found = entry(&docs, "arguments").unwrap_or(Value::Array(Vec::new()));
            assert_eq!(arguments(&found), *wanted, "{name}");
        }
    }
    conn.transcript("HELLO 2\nCOMMAND DOCS nosuch => []\nHELLO 3\nCOMMAND DOCS nosuch => %[]");
    let two = conn.cmd(&["COMMAND", "DOCS", "nosuch", "get", "SET"]);
    let names: Vec<String> = pairs(&two).iter().map(|(name, _)| name.text()).collect();
    assert_eq!(names, ["get", "set"]);
}

#[test]
fn command_getkeys() {
    let target = server();
    target.connect().transcript(
        r#"
        COMMAND GETKEYS get a                => ["a"]
        COMMAND GETKEYS GET a                => ["a"]
        COMMAND GETKEYS mset a 1 b 2         => ["a" "b"]
        COMMAND GETKEYS del a b a            => ["a" "b" "a"]
        COMMAND GETKEYS set k v EX 10        => ["k"]
        COMMAND GETKEYS copy a b             => ["a" "b"]
        COMMAND GETKEYS lcs a b              => ["a" "b"]
        COMMAND GETKEYS object encoding k    => ["k"]
        COMMAND GETKEYS bitop not a b        => ["a" "b"]
        COMMAND GETKEYS pfmerge a b c        => ["a" "b" "c"]
        COMMAND GETKEYS zunionstore d 2 a b => ["d" "a" "b"]
        COMMAND GETKEYS zunionstore d 3 a b => -ERR Invalid arguments specified for command
        COMMAND GETKEYS zunionstore d 0 a b => -ERR Invalid arguments specified for command
        COMMAND GETKEYS zunionstore d -1 a b => -ERR Invalid arguments specified for command
        COMMAND GETKEYS zunionstore d x a b => -ERR Invalid arguments specified for command
        COMMAND GETKEYS zunion 2 a b WITHSCORES => ["a" "b"]
        COMMAND GETKEYS zdiff 1 a => ["a"]
        COMMAND GETKEYS zintercard 2 a b => ["a" "b"]
        COMMAND GETKEYS sintercard 3 a b => -ERR Invalid arguments specified for command
        COMMAND GETKEYS lmpop 2 a b LEFT => ["a" "b"]
        COMMAND GETKEYS lmpop 3 a b LEFT => ["a" "b" "LEFT"]
        COMMAND GETKEYS lmpop 4 a b LEFT => -ERR Invalid arguments specified for command
        COMMAND GETKEYS blmpop 0 2 a b LEFT => ["a" "b"]
        COMMAND GETKEYS blmpop 0 9 a b LEFT => -ERR Invalid arguments specified for command
        COMMAND GETKEYS bzmpop 0 2 a b MIN => ["a" "b"]
        COMMAND GETKEYS blpop a b 0 => ["a" "b"]
        COMMAND GETKEYS blpop 0 => -ERR Invalid number of arguments specified for command
        COMMAND GETKEYS brpoplpush a b 0 => ["a" "b"]
        COMMAND GETKEYS sort a store b => ["a" "b"]
        COMMAND GETKEYS sort a STORE b STORE c => ["a" "c"]
        COMMAND GETKEYS sort a by w* get # get x* store b => ["a" "b"]
        COMMAND GETKEYS sort a limit 1 => ["a"]
        COMMAND GETKEYS sort a get store x => ["a"]
        COMMAND GETKEYS georadius k 1 1 1 m => ["k"]
        COMMAND GETKEYS georadius k 1 1 1 m store a => ["k" "a"]
        COMMAND GETKEYS georadius k 1 1 1 m storedist a => ["k" "a"]
        COMMAND GETKEYS georadius k 1 1 1 m store a storedist b => ["k" "a" "b"]
        COMMAND GETKEYS pfmerge a            => -ERR Invalid arguments specified for command
        COMMAND GETKEYS georadius k 1 1 1 m => ["k"]
        COMMAND GETKEYS georadius k 1 1 1 m storedist b store a => ["k" "a" "b"]
        COMMAND GETKEYS georadius k 1 1 1 store x => ["k"]
        COMMAND GETKEYS georadius k 1 1 1 m store storedist b => ["k" "storedist" "b"]
        COMMAND GETKEYS georadiusbymember k m 1 m store a => ["k" "a"]
        COMMAND GETKEYS georadiusbymember_ro k m 1 m => ["k"]
        COMMAND GETKEYS geosearchstore a b c d e f g h => ["a" "b"]
        COMMAND GETKEYS memory usage k       => ["k"]
        COMMAND GETKEYS get a b              => -ERR Invalid number of arguments specified for command
        COMMAND GETKEYS mset a               => -ERR Invalid number of arguments specified for command
        COMMAND GETKEYS ping a               => -ERR The command has no key arguments
        COMMAND GETKEYS config get a         => -ERR The command has no key arguments
        COMMAND GETKEYS nosuch a             => -ERR Invalid command specified
        COMMAND GETKEYS object foo k         => -ERR Invalid command specified
        # Redis 7.0 wants the command in question to have an argument
        COMMAND GETKEYS ping                 => -ERR wrong number of arguments for 'command|getkeys' command
        COMMAND GETKEYS                      => -ERR wrong number of arguments for 'command|getkeys' command
        COMMAND GETKEYSANDFLAGS get a        => [["a" [+RO +access]]]
        COMMAND GETKEYSANDFLAGS set a b      => [["a" [+OW +update]]]
        COMMAND GETKEYSANDFLAGS set a b GET  => [["a" [+RW +access +update]]]
        COMMAND GETKEYSANDFLAGS copy a b     => [["a" [+RO +access]] ["b" [+OW +update]]]
        COMMAND GETKEYSANDFLAGS rename a b   => [["a" [+RW +access +delete]] ["b" [+OW +update]]]
        COMMAND GETKEYSANDFLAGS mset a 1 b 2 => [["a" [+OW +update]] ["b" [+OW +update]]]
        COMMAND GETKEYSANDFLAGS del a b      => [["a" [+RM +delete]] ["b" [+RM +delete]]]
        COMMAND GETKEYSANDFLAGS getex a      => [["a" [+RW +access +update]]]
        COMMAND GETKEYSANDFLAGS bitop or a b c => [["a" [+OW +update]] ["b" [+RO +access]] ["c" [+RO +access]]]
        COMMAND GETKEYSANDFLAGS bitfield a   => [["a" [+RO +access]]]
        COMMAND GETKEYSANDFLAGS bitfield a get u8 0 => [["a" [+RO +access]]]
        COMMAND GETKEYSANDFLAGS bitfield a set u8 0 1 => [["a" [+RW +access +update]]]
        COMMAND GETKEYSANDFLAGS bitfield a overflow sat incrby u8 0 1 => [["a" [+RW +access +update]]]
        COMMAND GETKEYSANDFLAGS pfcount a b  => [["a" [+RW +access]] ["b" [+RW +access]]]
        COMMAND GETKEYSANDFLAGS pfmerge a b  => [["a" [+RW +access +insert]] ["b" [+RO +access]]]
        COMMAND GETKEYSANDFLAGS georadius k 1 1 1 m store a storedist b => [["k" [+RO +access]] ["a" [+OW +update]] ["b" [+OW +update]]]
        COMMAND GETKEYSANDFLAGS geosearchstore a b c d e f g h => [["a" [+OW +update]] ["b" [+RO +access]]]
        COMMAND GETKEYSANDFLAGS ping a       => -ERR The command has no key arguments
        COMMAND GETKEYSANDFLAGS nosuch a     => -ERR Invalid command specified
        COMMAND GETKEYSANDFLAGS ping         => -ERR wrong number of arguments for 'command|getkeysandflags' command
        HELLO 3
        COMMAND GETKEYSANDFLAGS get a        => [["a" ~[+RO +access]]]
        "#,
    );
}

#[test]
fn command_help() {
    let target = server();
    let expected = [
        "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "(no subcommand)",
        "    Return details about all Redis commands.",
        "COUNT",
        "    Return the total number of commands in this Redis server.",
        "LIST",
        "    Return a list of all commands in this Redis server.",
        "INFO [<command-name> ...]",
        "    Return details about multiple Redis commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "DOCS [<command-name> ...]",
        "    Return documentation details about multiple Redis commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "GETKEYS <full-command>",
        "    Return the keys from a full Redis command.",
        "GETKEYSANDFLAGS <full-command>",
        "    Return the keys and the access flags from a full Redis command.",
        "HELP",
        "    Prints this help.",
    ]
    .map(Value::simple);
    assert_eq!(
        target.connect().cmd(&["COMMAND", "HELP"]),
        Value::Array(expected.to_vec())
    );
}

#[test]
fn info_sections() {
    let target = server();
    let mut conn = target.connect();
    for (asked, wanted) in [
        (&[][..], data::DEFAULT_SECTIONS),
        (&["default"], data::DEFAULT_SECTIONS),
        (&["all"], data::ALL_SECTIONS),
        (&["everything"], data::ALL_SECTIONS),
        (&["ALL", "server", "nosuch"], data::ALL_SECTIONS),
        (
            &["default", "commandstats", "latencystats"],
            data::ALL_SECTIONS,
        ),
        (&["server"], &["Server"]),
        (&["SERVER"], &["Server"]),
        (&["clients", "server", "nosuch"], &["Server", "Clients"]),
        (&["keyspace", "cpu", "keyspace"], &["CPU", "Keyspace"]),
        (&["commandstats"], &["Commandstats"]),
        (&["modules"], &["Modules"]),
        (&["nosuch"], &[]),
        (&[""], &[]),
    ] {
        let text = info(&mut conn, asked);
        assert_eq!(section_names(&text), wanted, "INFO {asked:?}");
    }
    conn.transcript(
        r##"
        INFO nosuch  => ""
        INFO modules => "# Modules\r\n"
        HELLO 3
        INFO modules => ="txt:# Modules\r\n"
        INFO nosuch  => ="txt:"
        "##,
    );
}

#[test]
fn info_is_laid_out_as_tools_expect() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript("SET k v => +OK");
    for section in ["server", "everything"] {
        let text = info(&mut conn, &[section]);
        assert!(text.starts_with("# Server\r\n"), "{text}");
        assert!(text.ends_with("\r\n"), "{text}");
        assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "every line ends in CR LF"
        );
        let bad = text
            .lines()
            .find(|line| !line.is_empty() && !line.starts_with("# ") && !line.contains(':'));
        assert_eq!(bad, None);
        for (before, after) in text.lines().zip(text.lines().skip(1)) {
            assert_eq!(
                before.is_empty(),
                after.starts_with("# "),
                "an empty line stands before each section and nowhere else: {before:?} {after:?}"
            );
        }
    }
}

#[test]
fn info_has_the_fields_of_redis_in_its_order() {
    let target = server();
    let mut conn = target.connect();
    for (section, wanted) in data::FIELDS {
        let text = info(&mut conn, &[section]);
        let found = field_names(&text);
        assert_eq!(missing_from(wanted, &found), None, "{section}:\n{text}");
    }
}

#[test]
fn info_server_and_clients_tell_the_truth() {
    let Some(target) = server_with(&[("maxclients", "77")]) else {
        return;
    };
    let mut conn = target.connect();
    let text = info(&mut conn, &["server", "clients"]);
    let port = target.addr().port().to_string();
    assert_eq!(field(&text, "tcp_port"), Some(port.as_str()));
    assert_eq!(field(&text, "redis_mode"), Some("standalone"));
    assert_eq!(field(&text, "maxclients"), Some("77"));
    assert_eq!(field(&text, "arch_bits"), Some("64"));
    let id = field(&text, "run_id").unwrap_or_default();
    assert!(
        id.len() == 40 && id.bytes().all(|c| c.is_ascii_hexdigit()),
        "{id}"
    );
    let pid = target.pid().unwrap_or_else(std::process::id).to_string();
    assert_eq!(field(&text, "process_id"), Some(pid.as_str()));
    assert_eq!(counter(&mut conn, "clients", "connected_clients"), 1);
    let mut more: Vec<Conn> = (0..3).map(|_| target.connect()).collect();
    more.iter_mut()
        .for_each(|conn| conn.transcript("PING => +PONG"));
    assert_eq!(counter(&mut conn, "clients", "connected_clients"), 4);
    drop(more);
    let few = tools::wait_until(std::time::Duration::from_secs(2), || {
        counter(&mut conn, "clients", "connected_clients") == 1
    });
    assert!(few, "clients that left are still counted");
}

#[test]
fn info_keyspace() {
    let target = server();
    let mut conn = target.connect();
    conn.transcript(
        r##"
        INFO keyspace => "# Keyspace\r\n"
        MSET a 1 b 2  => +OK
        SET c 3 EX 100 => +OK
        SELECT 3      => +OK
        SET d 4       => +OK
        "##,
    );
    let text = info(&mut conn, &["keyspace"]);
    assert_eq!(field_names(&text), ["db0", "db3"]);
    let db = |name: &str| field(&text, name).unwrap_or_default();
    assert!(db("db0").starts_with("keys=3,expires=1,avg_ttl="), "{text}");
    assert!(
        db("db3").starts_with("keys=1,expires=0,avg_ttl=0"),
        "{text}"
    );
}

#[test]
fn info_counts() {
    let Some(target) = server_with(&[]) else {
        return;
    };
    let mut conn = target.connect();
    let mut observer = target.connect();
    observer.transcript("CONFIG RESETSTAT => +OK");
    conn.transcript(
        r#"
        SET k v      => +OK
        SET k v EX   => -ERR syntax error
        GET k        => "v"
        GET k        => "v"
        GET missing  => nil
        GET          => -ERR wrong number of arguments for 'get' command
        nosuch       => -ERR unknown command...
        AUTH a b     => -WRONGPASS...
        SET e v PX 1 => +OK
        "#,
    );
    let expired = tools::wait_until(std::time::Duration::from_secs(2), || {
        counter(&mut observer, "stats", "expired_keys") == 1
    });
    assert!(expired, "expired_keys did not become 1");
    let mut count = |name| counter(&mut observer, "stats", name);
    assert_eq!(count("keyspace_hits"), 2);
    assert_eq!(count("keyspace_misses"), 1);
    assert_eq!(count("total_error_replies"), 4);
    assert!(count("total_commands_processed") >= 7);
    assert!(count("total_net_input_bytes") > 100);
    assert!(count("total_net_output_bytes") > 50);
    assert_eq!(count("total_connections_received"), 0);
    target.connect().transcript("PING => +PONG");
    assert_eq!(count("total_connections_received"), 1);
    let errors = info(&mut observer, &["errorstats"]);
    assert_eq!(field(&errors, "errorstat_ERR"), Some("count=3"));
    assert_eq!(field(&errors, "errorstat_WRONGPASS"), Some("count=1"));
    let calls = info(&mut observer, &["commandstats"]);
    let get = field(&calls, "cmdstat_get").unwrap_or_default();
    assert!(get.starts_with("calls=3,usec="), "{get}");
    assert!(get.contains(",usec_per_call="), "{get}");
    assert!(get.ends_with(",rejected_calls=1,failed_calls=0"), "{get}");
    let set = field(&calls, "cmdstat_set").unwrap_or_default();
    assert!(set.starts_with("calls=3,usec="), "{set}");
    assert!(set.ends_with(",rejected_calls=0,failed_calls=1"), "{set}");
    assert!(
        field(&calls, "cmdstat_config|resetstat").is_some(),
        "{calls}"
    );
    let latency = info(&mut observer, &["latencystats"]);
    let get = field(&latency, "latency_percentiles_usec_get").unwrap_or_default();
    assert!(
        get.starts_with("p50=") && get.contains(",p99=") && get.contains(",p99.9="),
        "{latency}"
    );
}
