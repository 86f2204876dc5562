use super::*;
use crate::command::testing::{engine, run};

fn with_file(engine: &mut Engine, read: fn(&str) -> std::io::Result<Vec<u8>>) {
    engine.config.aclfile = "users".to_owned();
    engine.host.read_users = read;
}

#[test]
fn a_file_replaces_all_users_or_none() {
    let (mut engine, id) = engine();
    run(&mut engine, id, &["ACL", "SETUSER", "old", "on"]);
    with_file(&mut engine, |_| {
        Ok(b"user default off +get\n\nuser  on\nuser new on +nosuch zork on zork\nfoo\nuser new\nuser x (+get\n".to_vec())
    });
    let error = run(&mut engine, id, &["ACL", "LOAD"]);
    assert_eq!(
        error,
        "-ERR users:4: Error in applying operation '+nosuch': Unknown command or category name in \
         ACL. users:4: Syntax error. users:5 should start with user keyword followed by the \
         username. WARNING: Duplicate user 'new' found on line 6. users:7: Unmatched parenthesis in \
         selector definition.WARNING: ACL errors detected, no change to the previously active ACL \
         rules was performed\r\n"
    );
    assert!(engine.acl.find(b"old").is_some() && engine.acl.find(b"new").is_none());
    with_file(&mut engine, |_| {
        Ok(b"user new on nopass  ~* +get \r\n".to_vec())
    });
    assert_eq!(run(&mut engine, id, &["ACL", "LOAD"]), "+OK\r\n");
    let lines: [&[u8]; 2] = [
        b"user default on nopass ~* &* +@all",
        b"user new on nopass ~* resetchannels -@all +get",
    ];
    assert_eq!(self::lines(&engine), lines);
    assert_eq!(text(&engine), [lines[0], b"\n", lines[1], b"\n"].concat());
}

#[test]
fn of_too_many_users_none_is_taken() {
    let (mut engine, id) = engine();
    with_file(&mut engine, |_| {
        let users = (0..acl::MAX_USERS).map(|i| format!("user u{i}\n"));
        Ok((users.collect::<String>() + "user default off\n").into_bytes())
    });
    let error = run(&mut engine, id, &["ACL", "LOAD"]);
    assert!(error.starts_with("-ERR users: there are too many users. WARNING"));
    assert_eq!(engine.acl.in_order().len(), 1);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let (mut engine, id) = engine();
    assert!(run(&mut engine, id, &["ACL", "LOAD"]).contains("not configured to use an ACL file"));
    with_file(&mut engine, |_| Err(std::io::Error::from_raw_os_error(2)));
    let error = run(&mut engine, id, &["ACL", "LOAD"]);
    assert!(
        error.starts_with("-ERR Error loading ACLs, opening file 'users': No such file"),
        "{error}"
    );
    assert!(!error.contains("os error"), "{error}");
    let error = load_at_start(&mut engine).expect_err("there is no file");
    assert!(error.contains("Aborting startup"), "{error}");
}

#[test]
fn declared_users_are_made_at_the_start() {
    let (mut engine, _) = engine();
    let words = |line: &str| -> Vec<Vec<u8>> { line.split(' ').map(|word| word.into()).collect() };
    let config = &mut engine.config;
    assert_eq!(declare(config, &words("a on (+get ~x)")), Ok(()));
    assert_eq!(
        declare(config, &words("default on nopass -@all +ping")),
        Ok(())
    );
    for (line, reason) in [
        ("a off", "'a': Duplicate user found"),
        ("b nosuch", "'b': Syntax error"),
        ("b +nosuch", "'b': Unknown command"),
        ("b (+get", "'b': Unmatched parenthesis"),
    ] {
        let error = declare(config, &words(line)).expect_err(line);
        assert!(error.contains(reason), "{error}");
    }
    assert!(declare(config, &[]).is_err());
    load_at_start(&mut engine).expect("they are fine");
    let lines: [&[u8]; 2] = [
        b"user a on resetchannels -@all (~x resetchannels -@all +get)",
        b"user default on nopass sanitize-payload resetchannels -@all +ping",
    ];
    assert_eq!(self::lines(&engine), lines);
    assert!(engine.config.users.is_empty());
    engine.config.aclfile = "users".to_owned();
    declare(&mut engine.config, &words("c on")).expect("it is fine");
    let error = load_at_start(&mut engine).expect_err("two places");
    assert!(error.contains("but not both"), "{error}");
}
