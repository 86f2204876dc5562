//! As much of HTTP as the page needs: requests without a body, in; complete responses, out.
//!
//! ```text
//!   bytes ──▶ read ──▶ More        the head is not complete yet
//!                  ├─▶ Wrong       it never will be: 400, 413, 431
//!                  └─▶ Request ──▶ may_ask (Host, Origin) ──▶ route ──▶ Route, or 403, 404, 405
//! ```
//!
//! Nothing here touches a socket.
//!
//! # Who may ask
//!
//! The listener is on the loopback, but so is every browser of this machine, with whatever pages it has open.
//! A foreign page can make its own name resolve to 127.0.0.1 (DNS rebinding) and would then read what
//! it likes, were it not for the `Host` that its browser sends: it has to be one of the loopback's own names. A
//! request with an `Origin` has to come from the page itself. And what changes something needs a header
//! that no page may send to a stranger without asking first ([`CONTROL_HEADER`]); such a question is answered
//! with 405.

use crate::engine::LoopOrder;
use httparse::{EMPTY_HEADER, Error, Header, Status as Parsed};

/// The most bytes of a request's head.
pub const MAX_HEAD_BYTES: usize = 8 * 1024;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// The header that requests to `/control/` need, with the value `1`.
pub const CONTROL_HEADER: &str = "X-Aerolite-Watch";

/// What the page may do: nothing but what is in it, and asking us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
     script-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'none'";

/// How a request was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 200.
    Ok,
    /// 204.
    NoContent,
    /// 400.
    BadRequest,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 413.
    ContentTooLarge,
    /// 431.
    HeadTooLarge,
    /// 503.
    Unavailable,
}

impl Status {
    /// Its number and its words.
    #[must_use]
    pub const fn line(self) -> &'static str {
        match self {
            Status::Ok => "200 OK",
            Status::NoContent => "204 No Content",
            Status::BadRequest => "400 Bad Request",
            Status::Forbidden => "403 Forbidden",
            Status::NotFound => "404 Not Found",
            Status::MethodNotAllowed => "405 Method Not Allowed",
            Status::ContentTooLarge => "413 Content Too Large",
            Status::HeadTooLarge => "431 Request Header Fields Too Large",
            Status::Unavailable => "503 Service Unavailable",
        }
    }
}

/// Why a request is refused, for the person who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal(pub Status, pub &'static str);

/// What is said of the page's own files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The page.
    Html,
    /// A sentence.
    Text,
    /// A frame.
    Json,
}

impl Content {
    const fn name(self) -> &'static str {
        match self {
            Content::Html => "text/html; charset=utf-8",
            Content::Text => "text/plain; charset=utf-8",
            Content::Json => "application/json",
        }
    }
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The page.
    Page,
    /// Frames, one after the other.
    Events,
    /// One frame.
    State,
    /// Changing how the loop goes.
    Control(LoopOrder),
}

/// What a request wants, and how it is to be answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// What it asks for, or why it does not get it.
    pub route: Result<Route, Refusal>,
    /// Whether another request may follow on the same connection.
    pub stays: bool,
}

/// What the bytes received so far are.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// The beginning of a request.
    More,
    /// A request, in so many bytes.
    Request(Request, usize),
    /// No request. What follows cannot be told from it, so the connection is at its end.
    Wrong(Refusal),
}

/// Reads a request from the beginning of what was received.
///
/// It starts at the first byte each time more have come. A head is short, so that costs microseconds,
/// and bytes that are no request are known for it at once.
#[must_use]
pub fn read(bytes: &[u8]) -> Received {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let too_large = Received::Wrong(Refusal(
        Status::HeadTooLarge,
        "The head of the request is too large.",
    ));
    match request.parse(bytes) {
        Ok(Parsed::Partial) if bytes.len() >= MAX_HEAD_BYTES => too_large,
        Ok(Parsed::Partial) => Received::More,
        Ok(Parsed::Complete(len)) if len > MAX_HEAD_BYTES => too_large,
        Ok(Parsed::Complete(len)) => match understand(&request) {
            Ok(request) => Received::Request(request, len),
            Err(refusal) => Received::Wrong(refusal),
        },
        Err(Error::TooManyHeaders) => too_large,
        Err(_) => Received::Wrong(Refusal(Status::BadRequest, "This is no HTTP request.")),
    }
}

/// Finds out what a complete head asks for.
///
/// # Errors
/// Something after which the connection cannot be used any more.
fn understand(request: &httparse::Request<'_, '_>) -> Result<Request, Refusal> {
    let headers = &*request.headers;
    let method = request.method.unwrap_or_default();
    may_ask(headers)?;
    let has_body = has_body(headers)?;
    let route = find(request.path.unwrap_or_default())
        .and_then(|route| match method {
            "GET" => Ok(route),
            _ => Err(Refusal(
                Status::MethodNotAllowed,
                "Only GET is served here.",
            )),
        })
        .and_then(|route| comes_from_the_page(route, headers));
    if has_body && route.is_ok() {
        return Err(Refusal(
            Status::ContentTooLarge,
            "A request with a body is not served here.",
        ));
    }
    Ok(Request {
        route,
        // A body is not read, and must not be taken for the next request.
        stays: request.version == Some(1) && !wants_to_leave(headers) && !has_body,
    })
}

/// Whether this request may ask anything at all: see the module's text.
fn may_ask(headers: &[Header<'_>]) -> Result<(), Refusal> {
    let mut hosts = all(headers, "Host");
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        let text = "A request has exactly one Host.";
        return Err(Refusal(Status::BadRequest, text));
    };
    if !is_loopback(host) {
        let text = "Only http://127.0.0.1, http://localhost and http://[::1] are served here.";
        return Err(Refusal(Status::Forbidden, text));
    }
    let is_own = |origin: &[u8]| {
        origin
            .strip_prefix(b"http://")
            .is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    };
    if !all(headers, "Origin").all(is_own) {
        let text = "A page of another origin is not served here.";
        return Err(Refusal(Status::Forbidden, text));
    }
    Ok(())
}

/// Whether a `Host` is one of the loopback's own names, with whatever port (it may be forwarded).
fn is_loopback(host: &[u8]) -> bool {
    let names: [&[u8]; 3] = [b"127.0.0.1", b"localhost", b"[::1]"];
    names.iter().any(|name| {
        let (given, port) = host.split_at(name.len().min(host.len()));
        given.eq_ignore_ascii_case(name) && is_port(port)
    })
}

/// Nothing, or a colon and the number of a port.
fn is_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => {
            digits.iter().all(u8::is_ascii_digit) && number(digits).is_some_and(|n| n <= 65535)
        }
        Some(_) => false,
    }
}

/// Whether a body follows the head.
fn has_body(headers: &[Header<'_>]) -> Result<bool, Refusal> {
    let mut has_body = all(headers, "Transfer-Encoding").next().is_some();
    for length in all(headers, "Content-Length") {
        let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
        if !is_number {
            let text = "Content-Length is no number.";
            return Err(Refusal(Status::BadRequest, text));
        }
        has_body |= length.iter().any(|&digit| digit != b'0');
    }
    Ok(has_body)
}

/// Whether the peer closes its connection after this request.
fn wants_to_leave(headers: &[Header<'_>]) -> bool {
    all(headers, "Connection")
        .flat_map(|value| value.split(|&byte| byte == b','))
        .any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// What there is under a path.
fn find(target: &str) -> Result<Route, Refusal> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match path {
        "/" => Ok(Route::Page),
        "/events" => Ok(Route::Events),
        "/state" => Ok(Route::State),
        "/control/pause" => Ok(Route::Control(LoopOrder::Pause)),
        "/control/resume" => Ok(Route::Control(LoopOrder::Resume)),
        "/control/step" => match argument(query, "n") {
            Some(turns @ 1..) => Ok(Route::Control(LoopOrder::Step(turns))),
            None if query.is_empty() => Ok(Route::Control(LoopOrder::Step(1))),
            _ => Err(Refusal(
                Status::BadRequest,
                "step takes the number of turns: /control/step?n=1",
            )),
        },
        "/control/slow" => match argument(query, "ms") {
            Some(ms) => Ok(Route::Control(LoopOrder::Slow(ms))),
            None => Err(Refusal(
                Status::BadRequest,
                "slow takes milliseconds: /control/slow?ms=250",
            )),
        },
        _ if path.starts_with('/') => Err(Refusal(Status::NotFound, "There is nothing here.")),
        _ => Err(Refusal(Status::BadRequest, "The target is no path.")),
    }
}

/// The number in a query that is nothing but `name=number`.
fn argument(query: &str, name: &str) -> Option<u64> {
    number(query.strip_prefix(name)?.strip_prefix('=')?.as_bytes())
}

fn number(digits: &[u8]) -> Option<u64> {
    let number = crate::number::parse_i64(digits)?;
    u64::try_from(number).ok()
}

/// Lets a route that changes something pass only with the header that no foreign page can send.
fn comes_from_the_page(route: Route, headers: &[Header<'_>]) -> Result<Route, Refusal> {
    let is_control = matches!(route, Route::Control(_));
    if is_control && !all(headers, CONTROL_HEADER).any(|value| value == b"1") {
        let text = "Control needs the header X-Aerolite-Watch: 1.";
        return Err(Refusal(Status::Forbidden, text));
    }
    Ok(route)
}

/// The values of all headers of this name.
fn all<'a>(headers: &'a [Header<'_>], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

/// Writes a complete response.
pub fn respond(out: &mut Vec<u8>, status: Status, content: Content, body: &[u8], stays: bool) {
    begin(out, status);
    if status != Status::NoContent {
        let mut length = itoa::Buffer::new();
        header(out, "Content-Type", content.name());
        header(out, "Content-Length", length.format(body.len()));
    }
    if status == Status::MethodNotAllowed {
        header(out, "Allow", "GET");
    }
    if !stays {
        header(out, "Connection", "close");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}

/// Writes a refusal, with its reason as a line of text.
pub fn refuse(out: &mut Vec<u8>, refusal: Refusal, stays: bool) {
    let body = [refusal.1, "\n"].concat();
    respond(out, refusal.0, Content::Text, body.as_bytes(), stays);
}

/// Writes the beginning of a stream of events, which ends when the connection does.
pub fn begin_stream(out: &mut Vec<u8>) {
    begin(out, Status::Ok);
    header(out, "Content-Type", "text/event-stream");
    header(out, "Connection", "close");
    // How long a browser waits before it connects again, in milliseconds.
    out.extend_from_slice(b"\r\nretry: 1000\n\n");
}

/// The status, and what holds for every response.
fn begin(out: &mut Vec<u8>, status: Status) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.line().as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in [
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ] {
        header(out, name, value);
    }
}

fn header(out: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests;
