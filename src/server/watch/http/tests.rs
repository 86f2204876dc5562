//! Heads of requests, good and bad, whole and in pieces.

use super::*;

/// A GET with these headers beside a good Host.
fn get(target: &str, headers: &str) -> Received {
    read(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").as_bytes())
}

fn route(received: &Received) -> Result<Route, Status> {
    match received {
        Received::Request(request, _) => request.route.map_err(|refusal| refusal.0),
        Received::Wrong(refusal) => Err(refusal.0),
        Received::More => panic!("it is complete"),
    }
}

fn stays(received: &Received) -> bool {
    matches!(received, Received::Request(request, _) if request.stays)
}

#[test]
fn every_path_is_what_it_says() {
    let control = "X-Aerolite-Watch: 1\r\n";
    for (target, wanted) in [
        ("/", Ok(Route::Page)),
        ("/?theme=dark", Ok(Route::Page)),
        ("/events", Ok(Route::Events)),
        ("/state", Ok(Route::State)),
        ("/control/pause", Ok(Route::Control(LoopOrder::Pause))),
        ("/control/resume", Ok(Route::Control(LoopOrder::Resume))),
        ("/control/step", Ok(Route::Control(LoopOrder::Step(1)))),
        (
            "/control/step?n=25",
            Ok(Route::Control(LoopOrder::Step(25))),
        ),
        ("/control/step?n=0", Err(Status::BadRequest)),
        ("/control/step?n=-1", Err(Status::BadRequest)),
        ("/control/step?n=", Err(Status::BadRequest)),
        ("/control/step?m=1", Err(Status::BadRequest)),
        ("/control/slow?ms=0", Ok(Route::Control(LoopOrder::Slow(0)))),
        (
            "/control/slow?ms=250",
            Ok(Route::Control(LoopOrder::Slow(250))),
        ),
        ("/control/slow", Err(Status::BadRequest)),
        ("/control/slow?ms=1e3", Err(Status::BadRequest)),
        (
            "/control/slow?ms=99999999999999999999",
            Err(Status::BadRequest),
        ),
        ("/control/", Err(Status::NotFound)),
        ("/index.html", Err(Status::NotFound)),
        ("//", Err(Status::NotFound)),
        ("*", Err(Status::BadRequest)),
        ("http://localhost/", Err(Status::BadRequest)),
    ] {
        assert_eq!(route(&get(target, control)), wanted, "{target}");
    }
}

#[test]
fn control_needs_its_header() {
    for headers in ["", "X-Aerolite-Watch: 0\r\n", "X-Aerolite-Watch:\r\n"] {
        assert_eq!(
            route(&get("/control/pause", headers)),
            Err(Status::Forbidden)
        );
    }
    let lower = get("/control/pause", "x-aerolite-watch: 1\r\n");
    assert_eq!(route(&lower), Ok(Route::Control(LoopOrder::Pause)));
}

#[test]
fn only_the_loopbacks_own_names_are_hosts() {
    let with = |host: &str| {
        let bytes = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        route(&read(bytes.as_bytes()))
    };
    for host in [
        "127.0.0.1",
        "127.0.0.1:8080",
        "localhost",
        "LocalHost:1",
        "[::1]",
        "[::1]:65535",
    ] {
        assert_eq!(with(host), Ok(Route::Page), "{host}");
    }
    for host in [
        "example.org",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "127.0.0.1:8080.example.org",
        "example.org:8080",
        "127.0.0.10",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "localhost:80:80",
        "user@localhost",
        "[::1",
        "::1",
        "",
    ] {
        assert_eq!(with(host), Err(Status::Forbidden), "{host}");
    }
    for headers in ["", "Host: localhost\r\nHost: localhost\r\n"] {
        let bytes = format!("GET / HTTP/1.1\r\n{headers}\r\n");
        assert_eq!(route(&read(bytes.as_bytes())), Err(Status::BadRequest));
    }
}

#[test]
fn an_origin_has_to_be_the_host() {
    for (origin, wanted) in [
        ("http://localhost", Ok(Route::State)),
        ("http://LOCALHOST", Ok(Route::State)),
        ("http://localhost:3000", Err(Status::Forbidden)),
        ("https://localhost", Err(Status::Forbidden)),
        ("http://example.org", Err(Status::Forbidden)),
        ("null", Err(Status::Forbidden)),
        ("", Err(Status::Forbidden)),
    ] {
        let received = get("/state", &format!("Origin: {origin}\r\n"));
        assert_eq!(route(&received), wanted, "{origin}");
    }
}

#[test]
fn other_methods_are_refused_and_their_bodies_end_the_connection() {
    let ask = |method: &str, target: &str, headers: &str| {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        read(head.as_bytes())
    };
    for method in ["HEAD", "POST", "OPTIONS", "DELETE", "get", "BREW"] {
        let received = ask(method, "/", "");
        assert_eq!(route(&received), Err(Status::MethodNotAllowed), "{method}");
        assert!(stays(&received), "{method}");
    }
    let posted = ask("POST", "/", "Content-Length: 5\r\n");
    assert_eq!(route(&posted), Err(Status::MethodNotAllowed));
    assert!(!stays(&posted));
    assert_eq!(route(&ask("POST", "/x", "")), Err(Status::NotFound));
}

#[test]
fn a_get_has_no_body() {
    for headers in [
        "Content-Length: 1\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 0\r\nContent-Length: 7\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let received = get("/", headers);
        assert_eq!(route(&received), Err(Status::ContentTooLarge), "{headers}");
    }
    for headers in ["Content-Length: -1\r\n", "Content-Length:\r\n"] {
        assert_eq!(route(&get("/", headers)), Err(Status::BadRequest));
    }
    let empty = get("/", "Content-Length: 000\r\n");
    assert_eq!((route(&empty), stays(&empty)), (Ok(Route::Page), true));
}

#[test]
fn who_wants_to_leave_leaves() {
    assert!(stays(&get("/", "")));
    assert!(stays(&get("/", "Connection: keep-alive\r\n")));
    assert!(!stays(&get("/", "Connection: Close\r\n")));
    assert!(!stays(&get("/", "Connection: te, close\r\n")));
    let old = read(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!((route(&old), stays(&old)), (Ok(Route::Page), false));
}

#[test]
fn what_is_no_request_is_known_for_it() {
    for bytes in [
        &b"\0\x01\x02\xff\xfe"[..],
        b"*1\r\n$4\r\nPING\r\n",
        b"PING\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo st: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
    ] {
        let received = read(bytes);
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(route(&received), Err(Status::BadRequest), "{text:?}");
    }
}

#[test]
fn a_head_is_read_however_it_was_cut_and_no_further() {
    let head = b"GET /state HTTP/1.1\r\nHost: localhost\r\nX-Any: thing\r\n\r\n";
    let both = [&head[..], b"GET / HTTP/1.1\r\n"].concat();
    for end in 0..head.len() {
        assert_eq!(read(&both[..end]), Received::More, "{end}");
    }
    for end in head.len()..both.len() {
        let received = read(&both[..end]);
        assert!(matches!(received, Received::Request(_, len) if len == head.len()));
    }
}

#[test]
fn heads_are_bounded() {
    let long = |bytes: usize| {
        let head = format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}",
            "x".repeat(bytes)
        );
        read(head.as_bytes())
    };
    assert_eq!(long(1000), Received::More);
    assert_eq!(route(&long(MAX_HEAD_BYTES)), Err(Status::HeadTooLarge));
    let line = [b"GET /".to_vec(), vec![b'x'; MAX_HEAD_BYTES]].concat();
    assert_eq!(route(&read(&line)), Err(Status::HeadTooLarge));
    let many = get("/", &"X: y\r\n".repeat(MAX_HEADERS));
    assert_eq!(route(&many), Err(Status::HeadTooLarge));
    let enough = get("/", &"X: y\r\n".repeat(MAX_HEADERS - 1));
    assert_eq!(route(&enough), Ok(Route::Page));
}

#[test]
fn responses_say_how_long_they_are_and_how_they_may_be_used() {
    let mut out = Vec::new();
    respond(&mut out, Status::Ok, Content::Json, b"{}", true);
    let text = String::from_utf8(out).expect("it is text");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(text.ends_with("Content-Length: 2\r\n\r\n{}"));
    for part in [
        "Cache-Control: no-store\r\n",
        "default-src 'none'; style-src 'unsafe-inline'; script-src",
        "nosniff",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let mut out = Vec::new();
    let refusal = Refusal(Status::MethodNotAllowed, "Only GET.");
    refuse(&mut out, refusal, false);
    let text = String::from_utf8(out).expect("it is text");
    assert!(text.contains("Allow: GET\r\nConnection: close\r\n\r\nOnly GET.\n"));
    let mut out = Vec::new();
    respond(&mut out, Status::NoContent, Content::Text, b"", true);
    let text = String::from_utf8(out).expect("it is text");
    assert!(text.starts_with("HTTP/1.1 204 No Content\r\n") && text.ends_with("\r\n\r\n"));
    assert!(!text.contains("Content-Length") && !text.contains("\r\nContent-Type"));
}
