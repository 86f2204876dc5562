use super::*;
use crate::command::acl::describe;

/// The line about a user to whom these rules are applied, or what is wrong with one of them.
fn described(rules: &str) -> Result<String, Wrong> {
    let names = Names::new();
    let reader = Rules {
        names: &names,
        all_channels: false,
    };
    let mut user = User::new(b"u", false);
    let words = rules.split(' ').map(str::as_bytes);
    for rule in merge(words).expect("all parentheses are closed") {
        reader.apply(&mut user, &rule)?;
    }
    Ok(String::from_utf8_lossy(&describe::line(&names, &user)).into_owned())
}

/// The texts are those of `redis-server` 7.0.15.
#[test]
fn users_are_described_by_rules() {
    let cases = [
        ("", "user u off resetchannels -@all"),
        ("reset", "user u off sanitize-payload resetchannels -@all"),
        (
            "on nopass allkeys allchannels allcommands",
            "user u on nopass ~* &* +@all",
        ),
        (
            "~a %R~b %W~b %W~c &d",
            "user u off ~a ~b %W~c resetchannels &d -@all",
        ),
        ("%R", "user u off %R~ resetchannels -@all"),
        ("+get +set|x", "user u off resetchannels -@all +get +set|x"),
        ("+get|k1 +GET|K1", "user u off resetchannels -@all +get|k1"),
        ("+get +get|k1", "user u off resetchannels -@all +get"),
        (
            "+config -config|set",
            "user u off resetchannels -@all +config -config|set",
        ),
        (
            "+@all -@scripting",
            "user u off resetchannels +@all -@scripting",
        ),
        (
            "+@stream -xadd",
            "user u off resetchannels -@all +@stream -xadd",
        ),
        (
            "+DEBUG|OBJECT +@STRING -Get",
            "user u off resetchannels -@all +@string -get +debug|OBJECT",
        ),
        (
            "(+get ~x ) () ( )",
            "user u off resetchannels -@all (~x resetchannels -@all +get) (resetchannels -@all) (resetchannels -@all)",
        ),
        (
            "(+get (+set ~x)",
            "user u off resetchannels -@all (~x resetchannels -@all +set)",
        ),
        (
            "skip-sanitize-payload",
            "user u off skip-sanitize-payload resetchannels -@all",
        ),
        (
            "-ACL|whoami +@all -acl",
            "user u off resetchannels +@all -acl",
        ),
    ];
    for (rules, line) in cases {
        assert_eq!(described(rules).as_deref(), Ok(line), "{rules}");
    }
    let line = described(">pw").expect("a password");
    assert!(line.starts_with("user u off #30c952fab122c3f9"), "{line}");
}

#[test]
fn wrong_rules_are_told_apart() {
    let cases = [
        ("+config|get|x", Wrong::FirstArg),
        ("+config|", Wrong::Syntax),
        ("+get|", Wrong::Syntax),
        ("+config|nosuch", Wrong::Unknown),
        ("+nosuch|x", Wrong::Unknown),
        ("-get|x", Wrong::Unknown),
        ("+@nosuch", Wrong::Unknown),
        ("nosuch", Wrong::Syntax),
        ("%~x", Wrong::Syntax),
        ("%RR~x", Wrong::Syntax),
        ("%X~x", Wrong::Syntax),
        ("~a\tb", Wrong::Syntax),
        ("&a\0", Wrong::Syntax),
        ("~* ~a", Wrong::AfterAllKeys),
        ("&* &a", Wrong::AfterAllChannels),
        ("#abc", Wrong::Digest),
        ("!abc", Wrong::Digest),
        ("<nosuch", Wrong::Password),
        ("(on)", Wrong::Syntax),
    ];
    for (rules, wrong) in cases {
        assert_eq!(described(rules), Err(wrong), "{rules}");
    }
    let capitals = format!("#{}", "A".repeat(64));
    assert_eq!(described(&capitals), Err(Wrong::Digest));
}

#[test]
fn a_parenthesis_must_be_closed() {
    let words = [&b"on"[..], b"(+get", b"~x"];
    assert_eq!(merge(words.into_iter()), Err(&b"(+get"[..]));
    let words = [&b"on"[..], b"(+get", b"~x)", b"off"];
    let merged = merge(words.into_iter()).expect("it is closed");
    assert_eq!(merged, [&b"on"[..], b"(+get ~x)", b"off"]);
}

#[test]
fn a_description_is_read_back_as_it_was() {
    for rules in [
        "on >a >b ~x %R~y &z +@read -@string +config|get (+@all -@dangerous ~k)",
        "+@all -@admin -@string -sort +get|a +getrange|b -eval -xgroup|create",
        "-@all +@write +@connection -client|kill +cluster|info",
        "+@all -@all +@fast -@keyspace +@admin -acl +acl|cat",
    ] {
        let line = described(rules).expect("good rules");
        let (_, described_rules) = line.split_once("user u ").expect("it is a line");
        assert_eq!(described(described_rules), Ok(line.clone()));
    }
}
