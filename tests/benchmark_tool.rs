//! The tool that people measure with: `redis-benchmark` as Debian packages it. It is not measured with here.
//!
//! Without the program these tests print one line and pass; with `CI` set its absence is a failure.
mod common;
#[path = "common/tools.rs"]
mod tools;

use common::{Target, Value, server, server_with};
use tools::{Finished, have_program, run_program, tool};

use std::time::Duration;

/// No run takes longer.
const RUN_LIMIT: Duration = Duration::from_secs(240);

/// Runs `redis-benchmark` to its end; it has to succeed.
#[track_caller]
fn benchmark(target: &Target, args: &[&str]) -> Finished {
    let finished = run_program(tool("redis-benchmark", target).args(args), b"", RUN_LIMIT);
    assert_eq!(
        finished.code(),
        Some(0),
        "redis-benchmark {args:?}: {finished:?}"
    );
    let said = format!("{}{}", finished.stdout, finished.stderr);
    for complaint in ["ERR", "WARNING: Could not", "Error", "NOAUTH"] {
        assert!(
            !said.contains(complaint),
            "redis-benchmark {args:?}: {said}"
        );
    }
    finished
}

/// Asserts that `-q` printed a rate for each test, in order and for no other.
#[track_caller]
fn assert_rates(finished: &Finished, names: &[&str]) {
    let lines: Vec<(&str, &str)> = finished
        .stdout
        .split(['\r', '\n'])
        .filter(|line| line.contains(" requests per second"))
        .filter_map(|line| line.split_once(": "))
        .collect();
    let found: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, names, "{finished:?}");
    for (name, rest) in lines {
        let rate = rest.split(' ').next().and_then(|text| text.parse().ok());
        assert!(rate.is_some_and(|rate: f64| rate > 1.0), "{name}: {rest}");
    }
}

fn target_for_benchmark() -> Option<Target> {
    have_program("redis-benchmark").then(server)
}

#[test]
fn benchmark_of_the_commands_there_are() {
    let Some(target) = target_for_benchmark() else {
        return;
    };
    let tests = "ping_inline,ping_mbulk,set,get,incr,mset";
    let finished = benchmark(&target, &["-t", tests, "-n", "5000", "-q"]);
    let names = [
        "PING_INLINE",
        "PING_MBULK",
        "SET",
        "GET",
        "INCR",
        "MSET (10 keys)",
    ];
    assert_rates(&finished, &names);
    let mut conn = target.connect();
    conn.transcript(r#"GET counter:__rand_int__ => "5000""#);
    conn.transcript("STRLEN key:__rand_int__ => :3");
    let finished = benchmark(
        &target,
        &["-t", tests, "-n", "16000", "-P", "16", "-q", "-3"],
    );
    assert_rates(&finished, &names);
    conn.transcript(r#"GET counter:__rand_int__ => "21000""#);
}

#[test]
fn benchmark_of_everything() {
    let Some(target) = target_for_benchmark() else {
        return;
    };
    let names = [
        "PING_INLINE",
        "PING_MBULK",
        "SET",
        "GET",
        "INCR",
        "LPUSH",
        "RPUSH",
        "LPOP",
        "RPOP",
        "SADD",
        "HSET",
        "SPOP",
        "ZADD",
        "ZPOPMIN",
        "LPUSH (needed to benchmark LRANGE)",
        "LRANGE_100 (first 100 elements)",
        "LRANGE_300 (first 300 elements)",
        "LRANGE_500 (first 500 elements)",
        "LRANGE_600 (first 600 elements)",
        "MSET (10 keys)",
    ];
    assert_rates(&benchmark(&target, &["-n", "2000", "-q"]), &names);
    let mut conn = target.connect();
    // Pushed twice and popped twice; then again what LRANGE reads.
    conn.transcript("LLEN mylist => :2000\nTYPE myhash => +hash");
    let finished = benchmark(&target, &["-n", "2000", "-r", "1000", "-P", "16", "-q"]);
    assert_rates(&finished, &names);
    conn.transcript("HLEN myhash => :500..1001");
}

#[test]
fn benchmark_prints_csv_and_a_report() {
    let Some(target) = target_for_benchmark() else {
        return;
    };
    let finished = benchmark(&target, &["-t", "set,get", "-n", "2000", "--csv"]);
    let mut lines = finished.stdout.lines();
    let head = "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\",\"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"";
    assert_eq!(lines.next(), Some(head), "{finished:?}");
    for name in ["\"SET\",", "\"GET\","] {
        let line = lines.next().unwrap_or_default();
        assert!(line.starts_with(name), "{finished:?}");
        assert_eq!(line.split(',').count(), 8, "{finished:?}");
    }
    // The report tells what the server answered to CONFIG GET.
    let finished = benchmark(&target, &["-t", "get", "-n", "500"]);
    for line in [
        "500 requests completed in",
        "host configuration \"save\": ",
        "host configuration \"appendonly\": no",
    ] {
        assert!(finished.stdout.contains(line), "{line}: {finished:?}");
    }
}

#[test]
fn benchmark_with_random_keys_and_big_values() {
    let Some(target) = target_for_benchmark() else {
        return;
    };
    let finished = benchmark(
        &target,
        &["-t", "set", "-r", "1000", "-n", "20000", "-P", "8", "-q"],
    );
    assert_rates(&finished, &["SET"]);
    let mut conn = target.connect();
    conn.transcript("DBSIZE => :990..1000");
    let finished = benchmark(
        &target,
        &[
            "-t", "set,get", "-d", "50000", "-n", "500", "-c", "10", "-q",
        ],
    );
    assert_rates(&finished, &["SET", "GET"]);
    conn.transcript("STRLEN key:__rand_int__ => :50000");
}

#[test]
fn benchmark_in_other_ways() {
    let Some(target) = target_for_benchmark() else {
        return;
    };
    let custom = ["SETEX", "k:__rand_int__", "100", "v"];
    let args = [&["-n", "500", "-c", "5", "-r", "10", "-q"][..], &custom].concat();
    let finished = benchmark(&target, &args);
    assert_rates(&finished, &[&custom.join(" ")]);
    let mut conn = target.connect();
    conn.transcript("DBSIZE => :5..10");
    conn.transcript("TTL k:000000000003 => :1..100");
    // A connection for each request.
    let args = ["-t", "set", "-n", "300", "-k", "0", "-c", "5", "-q"];
    assert_rates(&benchmark(&target, &args), &["SET"]);
    let args = ["-t", "get", "-n", "1000", "--threads", "2", "-q"];
    assert_rates(&benchmark(&target, &args), &["GET"]);
    let args = ["--dbnum", "4", "-t", "set", "-n", "100", "-q"];
    assert_rates(&benchmark(&target, &args), &["SET"]);
    conn.transcript("SELECT 4 => +OK\nDBSIZE => :1");
    assert_eq!(conn.cmd(&["FLUSHALL"]), Value::simple("OK"));
}

#[test]
fn benchmark_with_a_password() {
    if !have_program("redis-benchmark") {
        return;
    }
    let Some(target) = server_with(&[("requirepass", "secret")]) else {
        return;
    };
    let args = ["-a", "secret", "-t", "set", "-n", "500", "-q"];
    assert_rates(&benchmark(&target, &args), &["SET"]);
}

#[cfg(unix)]
#[test]
fn benchmark_through_a_unix_socket() {
    if !have_program("redis-benchmark") {
        return;
    }
    let dir = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => panic!("a directory for the socket: {error}"),
    };
    let path = dir.path().join("s").display().to_string();
    let Some(target) = server_with(&[("unixsocket", &path)]) else {
        return;
    };
    let args = ["-s", &path, "-t", "set,get", "-n", "1000", "-q"];
    assert_rates(&benchmark(&target, &args), &["SET", "GET"]);
}
