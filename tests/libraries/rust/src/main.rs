//! What people do with the `redis` crate, against the server at HOST PORT; prints one line for each
//! scenario.
//!
//! ```text
//!     redis-crate-scenarios 127.0.0.1 6379 2|3
//! ```
//!
//! tests/libraries.rs runs it on Aerolite and on redis-server. A scenario that fails panics, and the exit
//! status says so.

use redis::acl::Rule;
use redis::{Client, Commands, Connection, ErrorKind, PushKind, RedisResult, ServerErrorKind, Value};
use std::collections::HashSet;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes; what hangs is to fail.
const LIMIT: Duration = Duration::from_secs(20);
const CONNECTIONS: usize = 1000;

fn connect(client: &Client) -> Connection {
    let connection = client.get_connection().expect("a connection");
    connection.set_read_timeout(Some(LIMIT)).expect("a timeout");
    connection
}

fn until(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < LIMIT, "it never came");
        thread::sleep(Duration::from_millis(5));
    }
}

fn pipeline(client: &Client) -> RedisResult<()> {
    let mut con = connect(client);
    let mut pipe = redis::pipe();
    for i in 0..1000 {
        pipe.set(format!("p:{i}"), i).ignore().get(format!("p:{i}"));
    }
    let got: Vec<usize> = pipe.query(&mut con)?;
    assert_eq!(got, (0..1000).collect::<Vec<_>>());
    let (one, two): (i32, i32) = redis::pipe()
        .atomic()
        .set("a", 1)
        .ignore()
        .get("a")
        .incr("a", 1)
        .query(&mut con)?;
    assert_eq!((one, two), (1, 2));
    let wrong: RedisResult<i64> = con.incr("p:1:text", 1).and_then(|_: i64| {
        let _: () = con.set("p:1:text", "x")?;
        con.incr("p:1:text", 1)
    });
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Server(ServerErrorKind::ResponseError));
    Ok(())
}

fn watch_retry(client: &Client) -> RedisResult<()> {
    let (mut con, mut other) = (connect(client), connect(client));
    let _: () = con.set("counter", 0)?;
    let mut tries = 0;
    let (new,): (i64,) = redis::transaction(&mut con, &["counter"], |con, pipe| {
        tries += 1;
        let value: i64 = con.get("counter")?;
        if tries == 1 {
            let _: () = other.incr("counter", 1)?;
        }
        pipe.set("counter", value + 10).ignore().get("counter").query(con)
    })?;
    assert_eq!((new, tries), (11, 2));
    Ok(())
}

fn pubsub(client: &Client) -> RedisResult<()> {
    let (mut con, mut hears) = (connect(client), connect(client));
    let mut pubsub = hears.as_pubsub();
    pubsub.subscribe("news")?;
    pubsub.psubscribe("n*s")?;
    let receivers: i32 = con.publish("news", "hello")?;
    assert_eq!(receivers, 2);
    for pattern in [None, Some("n*s".to_owned())] {
        let message = pubsub.get_message()?;
        assert_eq!(message.get_channel_name(), "news");
        assert_eq!(message.get_payload::<String>()?, "hello");
        assert_eq!(message.get_pattern::<Option<String>>()?, pattern);
    }
    pubsub.unsubscribe("news")?;
    pubsub.punsubscribe("n*s")?;
    Ok(())
}

fn blocking(client: &Client) -> RedisResult<()> {
    let mut con = connect(client);
    let mut waiting = connect(client);
    let waiter = thread::spawn(move || waiting.blpop::<_, (String, String)>(&["q1", "q2"], 20.0));
    until(|| {
        let info: String = redis::cmd("INFO").arg("clients").query(&mut con).expect("INFO");
        info.contains("blocked_clients:1")
    });
    let _: () = con.rpush("q2", "job")?;
    let got = waiter.join().expect("the thread")?;
    assert_eq!(got, ("q2".to_owned(), "job".to_owned()));
    let none: Option<(String, String)> = con.blpop("q1", 0.05)?;
    assert_eq!(none, None);
    Ok(())
}

fn scan(client: &Client) -> RedisResult<()> {
    let mut con = connect(client);
    let pairs: Vec<(String, u32)> = (0..2000).map(|i| (format!("k:{i}"), i)).collect();
    let _: () = con.mset(&pairs)?;
    let seen: HashSet<String> = con.scan_match("k:*")?.collect::<RedisResult<_>>()?;
    assert_eq!(seen.len(), 2000);
    Ok(())
}

/// Client-side caching: what another changes is pushed to who has read it.
fn caching(client: &Client, protocol: &str) -> RedisResult<()> {
    if protocol != "3" {
        return Ok(());
    }
    let (mut con, mut other) = (connect(client), connect(client));
    let (sender, pushes) = mpsc::channel();
    con.set_push_sender(sender);
    let _: () = redis::cmd("CLIENT").arg("TRACKING").arg("ON").query(&mut con)?;
    let _: Option<String> = con.get("cached")?;
    let _: () = other.set("cached", "new")?;
    let _: String = redis::cmd("PING").query(&mut con)?;
    let push = pushes.recv_timeout(LIMIT).expect("an invalidation");
    assert_eq!(push.kind, PushKind::Invalidate);
    let key = Value::BulkString(b"cached".to_vec());
    assert_eq!(push.data, [Value::Array(vec![key])]);
    Ok(())
}

fn acl(client: &Client, url: &str) -> RedisResult<()> {
    let mut con = connect(client);
    let rules = [
        Rule::Reset,
        Rule::On,
        Rule::AddPass("secret".to_owned()),
        Rule::Pattern("app:*".to_owned()),
        Rule::AddCommand("get".to_owned()),
        Rule::AddCommand("set".to_owned()),
    ];
    let _: () = con.acl_setuser_rules("ann", &rules)?;
    let ann = Client::open(url.replace("redis://", "redis://ann:secret@"))?;
    let mut ann = connect(&ann);
    let _: () = ann.set("app:1", "x")?;
    let refused: RedisResult<Option<String>> = ann.get("other");
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Server(ServerErrorKind::NoPerm));
    let gone: i32 = con.acl_deluser(&["ann"])?;
    assert_eq!(gone, 1);
    Ok(())
}

/// A thousand connections at once, each with a transaction under way.
fn many(client: &Client) -> RedisResult<()> {
    let mut clients: Vec<Connection> = (0..CONNECTIONS).map(|_| connect(client)).collect();
    let mut transaction = redis::pipe();
    transaction.atomic().incr("many", 1);
    let packed = transaction.get_packed_pipeline();
    for con in &mut clients {
        con.send_packed_command(&packed)?;
    }
    let mut counts = HashSet::new();
    for con in &mut clients {
        // OK, QUEUED, and what EXEC says.
        con.recv_response()?;
        con.recv_response()?;
        let (count,): (usize,) = redis::from_redis_value(con.recv_response()?)?;
        counts.insert(count);
    }
    assert_eq!(counts, (1..=CONNECTIONS).collect());
    Ok(())
}

fn main() -> RedisResult<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, host, port, protocol] = &args[..] else {
        panic!("usage: redis-crate-scenarios HOST PORT 2|3");
    };
    let url = format!("redis://{host}:{port}/?protocol=resp{protocol}");
    let client = Client::open(url.as_str())?;
    type Scenario<'a> = (&'a str, Box<dyn Fn() -> RedisResult<()> + 'a>);
    let scenarios: [Scenario; 8] = [
        ("pipeline", Box::new(|| pipeline(&client))),
        ("watch_retry", Box::new(|| watch_retry(&client))),
        ("pubsub", Box::new(|| pubsub(&client))),
        ("blocking", Box::new(|| blocking(&client))),
        ("scan", Box::new(|| scan(&client))),
        ("caching", Box::new(|| caching(&client, protocol))),
        ("acl", Box::new(|| acl(&client, &url))),
        ("many", Box::new(|| many(&client))),
    ];
    for (name, scenario) in scenarios {
        let _: () = redis::cmd("FLUSHALL").query(&mut connect(&client))?;
        scenario()?;
        println!("{name}");
    }
    Ok(())
}
