//! A real browser, driven: the few calls of the WebDriver protocol that the tests of the live page need.
//!
//! ```text
//!   test --HTTP, JSON--> chromedriver (a port of its own) --> headless chromium (a profile of its own)
//! ```
//!
//! Both are Debian's (packages `chromium` and `chromium-driver`). What a test looks at, it looks at by a piece of
//! JavaScript, asked again until it holds or [`SOON`] is over.
//!
//! A browser that does not start says nothing about what is tested: it is started again, [`ATTEMPTS`] times at most.
//! What the driver printed each time is in the failure's message.
// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use crate::program::{SOON, free_address, temporary_directory};
use crate::tools::{have_program, wait_until};

use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// So often a browser is started until one comes.
pub const ATTEMPTS: usize = 3;
/// How long the driver may take until it listens.
const DRIVER_LIMIT: Duration = Duration::from_secs(30);
/// The longest that one call may take.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// Starting a browser is the slowest call of all. The driver gives up after a minute, and then says why.
const SESSION_LIMIT: Duration = Duration::from_secs(90);
/// So much of what a driver printed is told.
const SAID_LIMIT: usize = 4096;
/// No answer is longer; screenshots are the longest.
const ANSWER_LIMIT: u64 = 64 * 1024 * 1024;
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
];

/// Whether somebody prefers dark or light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// A browser with one window; it and its driver end with this value.
pub struct Browser {
    driver: Child,
    addr: SocketAddr,
    session: String,
    profile: PathBuf,
    /// What the driver printed.
    log: PathBuf,
    _dir: tempfile::TempDir,
}

impl Browser {
    /// Starts one. None, after one line, when there is no browser here; with `CI` set that is a failure.
    #[track_caller]
    pub fn start() -> Option<Browser> {
        Browser::start_by(&|| Command::new("chromedriver"))
    }

    /// Likewise with this command as the driver.
    #[track_caller]
    pub fn start_by(driver: &dyn Fn() -> Command) -> Option<Browser> {
        if !have_program("chromedriver") || !have_program("chromium") {
            return None;
        }
        let mut failures = String::new();
        for number in 1..=ATTEMPTS {
            match Browser::attempt(driver()) {
                Ok(browser) => return Some(browser),
                Err(why) => failures += &format!("attempt {number}: {why}\n"),
            }
            eprint!("note: no browser yet, {failures}");
        }
        panic!("no browser:\n{failures}");
    }

    /// One attempt; on failure what happened and what the driver printed.
    fn attempt(mut command: Command) -> Result<Browser, String> {
        let dir = temporary_directory();
        let log = dir.path().join("driver.log");
        // The driver would take port 0 of one kind of address, and then give up when that one is not free of the other.
        let addr = free_address();
        let files = File::create(&log).and_then(|out| Ok((out.try_clone()?, out)));
        let (out, err) = files.map_err(|error| format!("{}: {error}", log.display()))?;
        let driver = command
            .arg(format!("--port={}", addr.port()))
            .arg("--log-level=INFO")
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        let mut browser = Browser {
            driver,
            addr,
            session: String::new(),
            profile: dir.path().join("profile"),
            log,
            _dir: dir,
        };
        let opened = browser
            .wait_for_driver()
            .and_then(|()| browser.open_session());
        match opened {
            Ok(()) => Ok(browser),
            Err(why) => Err(format!("{why}; the driver said:\n{}", browser.said())),
        }
    }

    /// Until the driver says that it listens. Its port answering would not do: it might be somebody else who answers.
    fn wait_for_driver(&mut self) -> Result<(), String> {
        let mut ended = None;
        let listening = wait_until(DRIVER_LIMIT, || {
            ended = self.driver.try_wait().ok().flatten();
            ended.is_some() || self.said().contains("started successfully")
        });
        match ended {
            Some(status) => Err(format!("chromedriver ended, {status}")),
            None if listening => Ok(()),
            None => Err("chromedriver does not say that it listens".to_owned()),
        }
    }

    fn open_session(&mut self) -> Result<(), String> {
        let profile = format!("--user-data-dir={}", self.profile.display());
        let flags: Vec<&str> = FLAGS.iter().copied().chain([profile.as_str()]).collect();
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": flags},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = self
            .try_call(SESSION_LIMIT, "POST", "/session", &wanted)
            .map_err(|error| format!("no session: {error}"))?;
        let id = session["sessionId"].as_str();
        self.session = id
            .ok_or_else(|| format!("no session: {session}"))?
            .to_owned();
        Ok(())
    }

    /// The end of what the driver printed so far.
    fn said(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        let end = &bytes[bytes.len().saturating_sub(SAID_LIMIT)..];
        String::from_utf8_lossy(end).into_owned()
    }

    /// Loads a page and waits until it is there.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.ask("url", &json!({ "url": url }));
    }

    /// Runs the body of a function in the page; what it returns, as JSON.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", &json!({"script": script, "args": []}))
    }

    /// The text of the first element that a CSS selector finds, as it is in the document.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let found = self.run(&format!(
            "return document.querySelector({}).textContent",
            json!(selector)
        ));
        found
            .as_str()
            .unwrap_or_else(|| panic!("{selector}: {found}"))
            .to_owned()
    }

    /// Waits until a JavaScript expression is true.
    #[track_caller]
    pub fn wait_for(&self, expression: &str) {
        self.wait_for_within(SOON, expression);
    }

    /// Likewise with a limit of the caller's own.
    #[track_caller]
    pub fn wait_for_within(&self, limit: Duration, expression: &str) {
        // What is looked at may not be there yet: that is an answer like "no".
        let script =
            format!("try {{ return !!({expression}) }} catch (error) {{ return String(error) }}");
        let mut answer = Value::Null;
        let holds = wait_until(limit, || {
            answer = self.run(&script);
            answer == Value::Bool(true)
        });
        if !holds {
            let page = self.run("return document.body.innerText");
            panic!(
                "after {limit:?} this does not hold: {expression}\nit is {answer}, console: {:?}\npage: {}",
                self.console(),
                page.as_str().unwrap_or("none")
            );
        }
    }

    /// A click with the mouse in the middle of the element.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.ask(&format!("element/{element}/click"), &json!({}));
    }

    /// Empties a field and types into it.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.ask(&format!("element/{element}/clear"), &json!({}));
        self.ask(
            &format!("element/{element}/value"),
            &json!({ "text": text }),
        );
    }

    /// Presses one key, wherever the focus is.
    #[track_caller]
    pub fn press(&self, key: char) {
        let (down, up) = ("keyDown", "keyUp");
        self.ask(
            "actions",
            &json!({"actions": [{"type": "key", "id": "keyboard", "actions": [
                {"type": down, "value": key}, {"type": up, "value": key},
            ]}]}),
        );
    }

    /// Makes the window so large, in CSS pixels.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        );
    }

    /// What the reader prefers: dark or light, and less motion or not.
    #[track_caller]
    pub fn prefer(&self, scheme: Scheme, reduced_motion: bool) {
        let scheme = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let motion = if reduced_motion {
            "reduce"
        } else {
            "no-preference"
        };
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({"features": [
                {"name": "prefers-color-scheme", "value": scheme},
                {"name": "prefers-reduced-motion", "value": motion},
            ]}),
        );
    }

    /// What has come to the console since it was last asked for: `source level: message`.
    #[track_caller]
    pub fn console(&self) -> Vec<String> {
        let entries = self.ask("se/log", &json!({"type": "browser"}));
        let field = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("?").to_owned();
        entries
            .as_array()
            .expect("the log is a list")
            .iter()
            .map(|entry| {
                let (source, level) = (field(entry, "source"), field(entry, "level"));
                format!("{source} {level}: {}", field(entry, "message"))
            })
            .collect()
    }

    /// Writes a picture of the window, a PNG.
    #[track_caller]
    pub fn screenshot(&self, path: &Path) {
        let answer = self.call("GET", &self.path("screenshot"), &Value::Null);
        let picture = answer.as_str().and_then(from_base64);
        let picture = picture.expect("a screenshot is base64");
        std::fs::write(path, picture).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let found = self.ask(
            "element",
            &json!({"using": "css selector", "value": selector}),
        );
        let id = found.as_object().and_then(|object| object.values().next());
        let id = id.and_then(Value::as_str);
        id.expect("an element has an id").to_owned()
    }

    #[track_caller]
    fn devtools(&self, command: &str, params: &Value) {
        self.ask(
            "goog/cdp/execute",
            &json!({"cmd": command, "params": params}),
        );
    }

    #[track_caller]
    fn ask(&self, what: &str, body: &Value) -> Value {
        self.call("POST", &self.path(what), body)
    }

    fn path(&self, what: &str) -> String {
        format!("/session/{}/{what}", self.session)
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        match self.try_call(CALL_LIMIT, method, path, body) {
            Ok(value) if value["error"].is_string() => {
                panic!(
                    "{method} {path} {body}: {}; the driver said:\n{}",
                    value["message"],
                    self.said()
                )
            }
            Ok(value) => value,
            Err(error) => panic!(
                "{method} {path}: {error}; the driver said:\n{}",
                self.said()
            ),
        }
    }

    fn try_call(
        &self,
        limit: Duration,
        method: &str,
        path: &str,
        body: &Value,
    ) -> io::Result<Value> {
        let mut stream = TcpStream::connect_timeout(&self.addr, limit)?;
        stream.set_read_timeout(Some(limit))?;
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.addr,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let answer = read_body(&mut BufReader::new(stream))?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        Ok(answer["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser when the session ends; whatever is left is ended by its own number.
        if !self.session.is_empty() {
            let path = format!("/session/{}", self.session);
            let _ = self.try_call(CALL_LIMIT, "DELETE", &path, &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        if wait_until(SOON, || processes_of(&self.profile).is_empty()) {
            return;
        }
        for pid in processes_of(&self.profile) {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
        }
    }
}

/// The processes that were given this profile: a browser may be there although its driver never told of one.
fn processes_of(profile: &Path) -> Vec<String> {
    let profile = profile.display().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|process| {
            let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(&profile)
        })
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The body of an HTTP answer whose length is told.
fn read_body(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.by_ref().take(ANSWER_LIMIT).read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    if length > ANSWER_LIMIT {
        return Err(io::Error::other(format!("an answer of {length} bytes")));
    }
    let mut body = Vec::new();
    stream.take(length).read_to_end(&mut body)?;
    Ok(body)
}

/// The bytes that base64 (with `+` and `/`) stands for; None when it is none.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}
