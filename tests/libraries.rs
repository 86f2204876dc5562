//! The client libraries that people use, from their registries, unmodified: what they do every day, in RESP2 and RESP3.
//!
//! ```text
//!   tests/libraries/prepare            fetches them into target/libraries (python3, npm and cargo are needed)
//!   tests/libraries/python/scenarios.py     redis-py, with its own parser and with hiredis
//!   tests/libraries/node/scenarios.mjs      ioredis, node-redis
//!   tests/libraries/rust                    the redis crate
//! ```
//!
//! Each of these programs runs the same kind of scenarios (a pipeline, a transaction that is tried again because of WATCH,
//! publish/subscribe, a blocking pop, the scan iterators, client-side caching, ACL, 1,000 connections at once), prints the
//! name of each when it has passed, and fails otherwise. Where the libraries have not been fetched these tests print one
//! line and pass; with `CI` set that is a failure. `AEROLITE_LIBRARIES` names another folder than target/libraries.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::server;
use tools::run_program;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// No program takes longer.
const RUN_LIMIT: Duration = Duration::from_secs(240);

/// Where the libraries are, if they have been fetched.
fn libraries() -> Option<PathBuf> {
    let folder = match env::var_os("AEROLITE_LIBRARIES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/libraries"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        env::var_os("CI").is_none(),
        "no client libraries in {}: run tests/libraries/prepare",
        folder.display()
    );
    eprintln!("skipped: run tests/libraries/prepare first");
    None
}

/// Where the scenarios are.
fn scenarios(file: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libraries");
    tests.join(file)
}

/// Runs a program of scenarios against the server under test, which has to pass `count` of them. The host and
/// the port are put where `args` has `HOST` and `PORT`.
#[track_caller]
fn pass(program: &mut Command, args: &[&str], count: usize) {
    let target = server();
    let (host, port) = (
        target.addr().ip().to_string(),
        target.addr().port().to_string(),
    );
    for arg in args {
        program.arg(match *arg {
            "HOST" => &host,
            "PORT" => &port,
            arg => arg,
        });
    }
    let finished = run_program(program, b"", RUN_LIMIT);
    let passed = finished.stdout.lines().count();
    assert!(
        finished.code() == Some(0) && passed == count,
        "{passed} of {count} scenarios passed: {finished:?}"
    );
}

fn redis_py(protocol: &str, parser: &str) {
    let Some(libraries) = libraries() else { return };
    let mut python = Command::new(libraries.join("python/bin/python"));
    python.arg(scenarios("python/scenarios.py"));
    pass(&mut python, &["HOST", "PORT", protocol, parser], 10);
}

fn node(library: &str, protocol: &str) {
    let Some(libraries) = libraries() else { return };
    let mut node = Command::new("node");
    node.arg(scenarios("node/scenarios.mjs"))
        .env("NODE_MODULES_IN", libraries.join("node"));
    pass(&mut node, &[library, "HOST", "PORT", protocol], 8);
}

fn redis_crate(protocol: &str) {
    let Some(libraries) = libraries() else { return };
    let mut program = Command::new(libraries.join("rust/debug/redis-crate-scenarios"));
    pass(&mut program, &["HOST", "PORT", protocol], 8);
}

#[test]
fn redis_py_in_resp2() {
    redis_py("2", "python");
}

#[test]
fn redis_py_in_resp3() {
    redis_py("3", "python");
}

#[test]
fn redis_py_with_hiredis_in_resp2() {
    redis_py("2", "hiredis");
}

#[test]
fn redis_py_with_hiredis_in_resp3() {
    redis_py("3", "hiredis");
}

#[test]
fn ioredis_in_resp2() {
    node("ioredis", "2");
}

#[test]
fn ioredis_in_resp3() {
    node("ioredis", "3");
}

#[test]
fn node_redis_in_resp2() {
    node("redis", "2");
}

#[test]
fn node_redis_in_resp3() {
    node("redis", "3");
}

#[test]
fn the_redis_crate_in_resp2() {
    redis_crate("2");
}

#[test]
fn the_redis_crate_in_resp3() {
    redis_crate("3");
}
