//! The live page in a real browser: headless Chromium, driven through `chromedriver`.
//!
//! Without them these tests print one line and pass; with `CI` set their absence is a failure.
//!
//! The pictures of the page in `docs/img` are taken by the last test, which runs only when it is asked for:
//!
//! ```sh
//! cargo test --release --test watch_page -- --ignored
//! ```
//!
//! They come out as they are in the repository where Debian's `fonts-inter` (the page's first choice of a font) and
//! `pngquant` (a third of the bytes) are installed.
#![cfg(unix)]
mod common;
#[path = "common/program.rs"]
mod program;
#[path = "common/tools.rs"]
mod tools;
#[path = "common/webdriver.rs"]
mod webdriver;

use common::timing::in_time;
use common::{Conn, Value};
use program::{Running, free_address, is_ours, temporary_directory};
use tools::client_id;
use webdriver::{Browser, Scheme};

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// So long nothing must happen, where nothing is to happen.
const QUIET: Duration = Duration::from_millis(400);

/// A server that is watched, and a browser with its page.
struct Watched {
    // In this order they end: first who looks, then who is looked at.
    browser: Browser,
    running: Running,
    page: SocketAddr,
}

impl Watched {
    /// Starts both and waits for the first frame; None where there is no browser.
    #[track_caller]
    fn start(args: &[&str]) -> Option<Watched> {
        if !is_ours() {
            return None;
        }
        let browser = Browser::start()?;
        let page = free_address();
        let running = serve(page, args);
        browser.open(&format!("http://{page}/"));
        browser.wait_for("document.querySelector('#mode').dataset.mode !== 'waiting'");
        Some(Watched {
            browser,
            running,
            page,
        })
    }

    #[track_caller]
    fn wait_for_mode(&self, mode: &str) {
        self.browser.wait_for(&format!(
            "document.querySelector('#mode').dataset.mode === '{mode}'"
        ));
    }

    /// The turn that the page shows, exact while the loop is held.
    #[track_caller]
    fn turn(&self) -> u64 {
        let turn = self
            .browser
            .run("return Number(document.querySelector('#turn').dataset.turn)");
        turn.as_u64()
            .unwrap_or_else(|| panic!("no number of a turn: {turn}"))
    }

    /// Asserts that the page gets to this turn, and stays there.
    #[track_caller]
    fn rests_at_turn(&self, turn: u64) {
        self.browser.wait_for(&format!(
            "Number(document.querySelector('#turn').dataset.turn) >= {turn}"
        ));
        thread::sleep(QUIET);
        assert_eq!(self.turn(), turn, "the loop is held");
    }

    /// Asserts that nothing has come to the console so far.
    #[track_caller]
    fn is_silent(&self) {
        assert_eq!(self.browser.console(), Vec::<String>::new());
    }
}

#[track_caller]
fn serve(page: SocketAddr, args: &[&str]) -> Running {
    let port = page.port().to_string();
    Running::start(&[&["--watch", &port], args].concat())
}

const CONTROLS: &[&str] = &["--enable-debug-command", "local"];

#[test]
fn a_client_comes_works_and_goes() {
    let Some(watched) = Watched::start(&[]) else {
        return;
    };
    let browser = &watched.browser;
    let mut conn = watched.running.connect();
    let id = client_id(&mut conn);
    conn.transcript("CLIENT SETNAME seen => +OK");
    let row = format!("document.querySelector('#clients tr[data-id=\"{id}\"]')");
    browser.wait_for(&format!("{row}.textContent.includes('seen')"));
    browser.wait_for(&format!("!{row}.classList.contains('own')"));

    let own = "[...document.querySelectorAll('#clients tr.own')]";
    browser.wait_for(&format!(
        "{own}.some(row => row.textContent.includes('viewer'))"
    ));

    for number in 0..50 {
        conn.cmd(&["SET", &format!("k{number}"), "v"]);
    }
    // CLIENT ID, CLIENT SETNAME and fifty SET.
    browser.wait_for(&format!("{row}.cells[4].textContent === '52'"));
    browser.wait_for(&format!("{row}.cells[3].textContent === 'set'"));
    browser.wait_for("document.querySelector('#keys').textContent === '50'");
    browser.wait_for("document.querySelector('#ring path[data-phase=files]').getAttribute('fill').includes('files')");
    browser.wait_for(
        "document.querySelector('[data-stat=commands_per_turn][data-quantile=max]').textContent === '1'",
    );

    drop(conn);
    browser.wait_for(&format!("!{row}"));
    watched.is_silent();
}

#[test]
fn a_client_is_shown_as_what_it_is() {
    let Some(watched) = Watched::start(&[]) else {
        return;
    };
    for (requests, role) in [
        ("SUBSCRIBE news\r\n", "subscriber"),
        ("MONITOR\r\n", "monitor"),
        ("MULTI\r\n", "in MULTI"),
        ("BLPOP nobody 0\r\n", "waits"),
        ("HELLO 3\r\nCLIENT TRACKING ON\r\n", "tracks keys"),
    ] {
        let mut conn = watched.running.connect();
        let id = client_id(&mut conn);
        conn.send_raw(requests.as_bytes());
        watched.browser.wait_for(&format!(
            "document.querySelector('#clients tr[data-id=\"{id}\"] em')?.textContent === '{role}'"
        ));
    }
    watched.is_silent();
}

#[test]
fn the_name_of_a_client_is_text() {
    let Some(watched) = Watched::start(&[]) else {
        return;
    };
    let name = "<img/src=x/onerror=console.error('run')>";
    let mut conn = watched.running.connect();
    assert_eq!(conn.cmd(&["CLIENT", "SETNAME", name]), Value::simple("OK"));
    let rows = "[...document.querySelectorAll('#clients tbody tr')]";
    let name = serde_json::json!(name);
    let shown = format!("{rows}.some(row => row.textContent.includes({name}))");
    watched.browser.wait_for(&shown);
    watched.browser.wait_for("!document.querySelector('img')");
    watched.is_silent();
}

/// A driver that runs these words of the shell, and then what a driver does.
fn driver_behind(words: &str, dir: &Path) -> Command {
    let mut driver = Command::new("sh");
    let script = format!("{words}\nexec chromedriver \"$@\"");
    driver.args(["-c", &script]).arg(dir.join("tried"));
    driver
}

#[test]
fn a_driver_that_fails_once_is_started_again() {
    let dir = temporary_directory();
    let words = r#"[ -e "$0" ] || { : >"$0"; echo cannot bind >&2; exit 1; }"#;
    let Some(browser) = Browser::start_by(&|| driver_behind(words, dir.path())) else {
        return;
    };
    assert!(dir.path().join("tried").exists(), "it did not fail");
    assert_eq!(browser.run("return 1 + 1"), 2);
}

#[test]
fn a_driver_that_always_fails_is_quoted() {
    let dir = temporary_directory();
    let words = r#"echo tried >>"$0"; echo cannot bind >&2; exit 1"#;
    let start = || Browser::start_by(&|| driver_behind(words, dir.path())).is_some();
    let message = match std::panic::catch_unwind(start) {
        Ok(false) => return,
        Ok(true) => panic!("there is a browser"),
        Err(message) => message,
    };
    let message = message.downcast_ref::<String>();
    let message = message.map_or("", String::as_str);
    assert!(message.contains("cannot bind"), "{message:?}");
    let tried = std::fs::read_to_string(dir.path().join("tried")).unwrap_or_default();
    assert_eq!(tried.lines().count(), webdriver::ATTEMPTS, "{message}");
}

/// The time of day, as the server tells it.
fn now_ms(conn: &mut common::Conn) -> u64 {
    let time = conn.cmd(&["TIME"]);
    let parts: Vec<u64> = time
        .items()
        .iter()
        .filter_map(|part| part.text().parse().ok())
        .collect();
    match parts[..] {
        [seconds, micros] => seconds * 1000 + micros / 1000,
        _ => panic!("TIME: {time:?}"),
    }
}

#[test]
fn a_key_with_a_ttl_falls_inward_and_fires() {
    let Some(watched) = Watched::start(&[]) else {
        return;
    };
    let browser = &watched.browser;
    let mut conn = watched.running.connect();
    // The page itself notes what it shows: from here that would be asked too seldom, on a busy machine.
    browser.run(
        "window.seen = { levels: new Set(), timers: new Set(), ttl: new Set() };
         const text = id => document.querySelector(id).textContent;
         setInterval(() => {
             const dots = document.querySelectorAll('#wheel [data-level][data-slot]');
             if (dots.length > 1) window.seen.levels.add('several');
             for (const dot of dots) window.seen.levels.add(dot.dataset.level);
             window.seen.timers.add(text('#wheel-timers'));
             window.seen.ttl.add(text('#keys-ttl'));
         }, 20)",
    );
    // It falls when a slot of the third ring begins, which is every 4096 ms. One that was due just behind that
    // moment would be further in for less than a frame.
    let fires_ms = (now_ms(&mut conn) + 1500).next_multiple_of(4096) + 2000;
    let reply = conn.cmd(&["SET", "k", "v", "PXAT", &fires_ms.to_string()]);
    assert!(!reply.is_error(), "{reply:?}");
    browser.wait_for("document.querySelector('#fired').textContent === '1'");
    let seen = |what: &str| browser.run(&format!("return [...window.seen.{what}]"));
    let levels = seen("levels");
    let fell = levels.as_array().is_some_and(|levels| levels.len() >= 2);
    assert!(fell, "it did not fall: only seen on {levels}");
    for (what, shown) in [("levels", "several"), ("timers", "1"), ("ttl", "1")] {
        let all = seen(what);
        let is_there = all
            .as_array()
            .is_some_and(|all| all.contains(&shown.into()));
        assert_eq!(is_there, shown == "1", "{what}: {all}");
    }
    browser.wait_for("!document.querySelector('#wheel [data-level][data-slot]')");
    browser.wait_for("document.querySelector('#keys').textContent === '0'");
    browser.wait_for("document.querySelector('#expired').textContent === '1'");
    browser.wait_for("document.querySelector('#moved').textContent !== '0'");
    watched.is_silent();
}

#[test]
fn paused_stepped_and_resumed() {
    let Some(watched) = Watched::start(CONTROLS) else {
        return;
    };
    let browser = &watched.browser;
    let mut conn = watched.running.connect();
    conn.transcript("PING => +PONG");

    browser.click("#pause");
    watched.wait_for_mode("paused");
    assert_eq!(browser.text("#mode"), "paused");
    let turn = watched.turn();
    conn.send(&["PING"]);
    conn.expect_silence(QUIET);
    assert_eq!(watched.turn(), turn, "the loop is held");
    browser.wait_for("document.querySelector('#phases li.next')");

    browser.fill("#step-n", "3");
    browser.click("#step");
    watched.rests_at_turn(turn + 3);
    assert_eq!(conn.read_value(), Value::simple("PONG"));
    assert_eq!(browser.text("#mode"), "paused");

    conn.send(&["PING"]);
    conn.expect_silence(QUIET);
    browser.click("#resume");
    watched.wait_for_mode("free");
    assert_eq!(conn.read_value(), Value::simple("PONG"));
    watched.is_silent();
}

#[test]
fn the_keyboard_pauses_steps_and_resumes() {
    let Some(watched) = Watched::start(CONTROLS) else {
        return;
    };
    let browser = &watched.browser;
    browser.resize(1280, 500);
    browser.press(' ');
    watched.wait_for_mode("paused");
    thread::sleep(QUIET);
    assert_eq!(
        browser.run("return scrollY"),
        0,
        "space is ours, not the scroll bar's"
    );
    let turn = watched.turn();
    browser.press('s');
    watched.rests_at_turn(turn + 1);
    // Space on the button that has the focus is one order, not two.
    browser.run("document.querySelector('#pause').focus()");
    browser.press(' ');
    watched.wait_for_mode("free");
    thread::sleep(QUIET);
    watched.wait_for_mode("free");
    watched.is_silent();
}

#[test]
fn timers_are_late_while_the_loop_is_held_and_the_page_says_so() {
    let Some(watched) = Watched::start(CONTROLS) else {
        return;
    };
    let browser = &watched.browser;
    let mut conn = watched.running.connect();
    // Long enough to be held before it is due.
    in_time(Duration::from_secs(3), |life| {
        browser.click("#resume");
        watched.wait_for_mode("free");
        conn.cmd(&["SET", "k", "v", "PX", &life.ms()]);
        browser.click("#pause");
        watched.wait_for_mode("paused");
    });
    browser.wait_for("document.querySelector('#overdue').classList.contains('late')");
    browser.wait_for("document.querySelector('#late-now').textContent.includes('held')");
    browser.wait_for("document.querySelector('#keys').textContent === '1'");
    browser.click("#resume");
    browser.wait_for("document.querySelector('#keys').textContent === '0'");
    browser.wait_for("!document.querySelector('#overdue').classList.contains('late')");
    watched.is_silent();
}

#[test]
fn slow_motion_goes_from_phase_to_phase() {
    let Some(watched) = Watched::start(CONTROLS) else {
        return;
    };
    let browser = &watched.browser;
    // The loop only turns for somebody.
    let work = Work::start(&watched.running, &["worker"], Duration::ZERO);
    browser.run(
        "const slider = document.querySelector('#slow');
         slider.value = 250;
         slider.dispatchEvent(new Event('input'));
         window.seen = new Set();
         setInterval(() => {
             const next = document.querySelector('#phases li.next');
             if (next) window.seen.add(next.dataset.phase);
         }, 20)",
    );
    watched.wait_for_mode("slow");
    browser.wait_for("window.seen.size === 5");
    browser.wait_for("document.querySelector('#slow-value').textContent === '250 ms'");
    browser.click("#resume");
    watched.wait_for_mode("free");
    browser.wait_for("!document.querySelector('#phases li.next')");
    drop(work);
    watched.is_silent();
}

#[test]
fn without_permission_the_controls_say_how_to_get_it() {
    let Some(watched) = Watched::start(&["--enable-debug-command", "no"]) else {
        return;
    };
    let browser = &watched.browser;
    browser.wait_for("!document.querySelector('#locked').hidden");
    assert!(
        browser
            .text("#locked")
            .contains("--enable-debug-command local")
    );
    for control in ["#pause", "#step", "#resume", "#slow"] {
        browser.wait_for(&format!(
            "document.querySelector('{control}').matches(':disabled')"
        ));
    }
    browser.press(' ');
    thread::sleep(QUIET);
    watched.wait_for_mode("free");
    watched.is_silent();
}

#[test]
fn a_lost_server_is_missed_and_found_again() {
    let Some(watched) = Watched::start(&[]) else {
        return;
    };
    let Watched {
        browser,
        running,
        page,
    } = watched;
    let mut conn = running.connect();
    conn.transcript("SET k v => +OK");
    browser.wait_for("document.querySelector('#keys').textContent === '1'");
    drop(conn);
    drop(running);
    browser.wait_for("!document.querySelector('#lost').hidden");
    browser.wait_for("document.querySelector('#mode').dataset.mode === 'waiting'");

    let _again = serve(page, &[]);
    browser.wait_for("document.querySelector('#lost').hidden");
    browser.wait_for("document.querySelector('#mode').dataset.mode === 'free'");
    browser.wait_for("document.querySelector('#keys').textContent === '0'");
    // The browser itself tells of a connection that was refused. The page has nothing to add.
    for line in browser.console() {
        assert!(line.starts_with("network "), "{line}");
    }
}

#[test]
fn the_layout_holds_wide_and_narrow_dark_and_light() {
    let Some(watched) = Watched::start(&[]) else {
        return;
    };
    let browser = &watched.browser;
    let mut conn = watched.running.connect();
    let name = "a-name-that-is-longer-than-any-table-would-like-it-to-be".repeat(4);
    conn.cmd(&["CLIENT", "SETNAME", &name]);
    conn.transcript("SET k v EX 100 => +OK");
    // A browser may keep more connections of its own.
    browser.wait_for("document.querySelectorAll('#clients tbody tr:not(.own)').length === 1");
    browser.wait_for("document.querySelector('#wheel [data-slot]')");
    let mut papers = BTreeSet::new();
    for width in [1280, 1001, 1000, 641, 640, 400] {
        for (scheme, reduced_motion) in [(Scheme::Dark, false), (Scheme::Light, true)] {
            browser.resize(width, 900);
            browser.prefer(scheme, reduced_motion);
            browser.wait_for(&format!("innerWidth === {width}"));
            browser.wait_for("document.documentElement.scrollWidth <= innerWidth");
            browser.wait_for(
                "[...document.querySelectorAll('section, header, table, button, h2, .lanes')]
                    .every(node => { const box = node.getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth; })",
            );
            let paper = browser.run("return getComputedStyle(document.body).backgroundColor");
            papers.insert(format!("{scheme:?} {paper}"));
        }
    }
    assert_eq!(
        papers.len(),
        2,
        "dark is dark and light is light: {papers:?}"
    );
    let papers: BTreeSet<_> = papers
        .iter()
        .filter_map(|paper| paper.split_once(' ').map(|(_, color)| color))
        .collect();
    assert_eq!(papers.len(), 2, "and they differ: {papers:?}");
    watched.is_silent();
}

/// Clients with names that do this and that until this value ends.
struct Work {
    stop: std::sync::Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Work {
    /// One thread a name; `rest` is how long it rests after each batch.
    fn start(running: &Running, names: &[&str], rest: Duration) -> Work {
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let threads = names
            .iter()
            .enumerate()
            .map(|(number, name)| {
                let (addr, stop, name) = (running.addr, stop.clone(), (*name).to_owned());
                thread::spawn(move || work(addr, &name, number as u64, rest, &stop))
            })
            .collect();
        Work { stop, threads }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work(addr: SocketAddr, name: &str, number: u64, rest: Duration, stop: &AtomicBool) {
    const BATCH: u64 = 8;
    let mut conn = Conn::connect(addr);
    conn.cmd(&["CLIENT", "SETNAME", name]);
    let mut round = number * 1000;
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        let batch = 1 + (round * (number + 3)) % BATCH;
        for item in 0..batch {
            let key = format!("{name}:{}", (round * 7 + item) % 500);
            match (round + item) % 4 {
                0 => conn.send(&["SET", &key, "value"]),
                1 => conn.send(&["INCR", "visits"]),
                _ => conn.send(&["GET", &key]),
            }
        }
        // A server that ends while somebody works is no failure of who works.
        if (0..batch).any(|_| conn.try_read_value().is_err()) {
            return;
        }
        let swing = 1 + (round / 400 + number) % 4;
        thread::sleep(rest * swing as u32);
    }
}

/// Takes the pictures of the page for the documentation. It takes more than a minute: the plots show one.
#[test]
#[ignore = "writes docs/img"]
fn pictures_of_the_page() {
    let Some(watched) = Watched::start(CONTROLS) else {
        return;
    };
    let browser = &watched.browser;
    browser.prefer(Scheme::Dark, false);
    let mut conn = watched.running.connect();
    conn.cmd(&["CLIENT", "SETNAME", "cron"]);
    for number in 0..4000_u64 {
        conn.cmd(&["SET", &format!("page:{number}"), "v"]);
    }
    let mut waiting: Vec<Conn> = ["search", "cart", "api-7"]
        .map(|name| {
            let mut conn = watched.running.connect();
            conn.cmd(&["CLIENT", "SETNAME", name]);
            conn.cmd(&["GET", "page:1"]);
            conn
        })
        .into();
    let work = Work::start(
        &watched.running,
        &["web-1", "web-2", "worker:billing", "mailer"],
        Duration::from_millis(2),
    );
    // Deadlines from seconds to years, each ring with some; and more as time goes on.
    for number in 1..160_u64 {
        let ttl_ms = 1500.0 * 1.11_f64.powi(number as i32);
        let key = format!("session:{number}");
        conn.cmd(&["SET", &key, "v", "PX", &format!("{ttl_ms:.0}")]);
    }
    for round in 0..62_u64 {
        for number in 0..3 {
            let ttl_ms = 900 + (round * 7919 + number * 104_729) % 60_000;
            let key = format!("cache:{round}:{number}");
            conn.cmd(&["SET", &key, "v", "PX", &ttl_ms.to_string()]);
        }
        thread::sleep(Duration::from_secs(1));
    }
    take(browser, "watch.png");

    browser.click("#pause");
    watched.wait_for_mode("paused");
    browser.run("document.querySelector('#step-n').value = 1");
    browser.click("#step");
    // Some who wait in the queue, and a wheel that is visibly late.
    for conn in &mut waiting {
        conn.send(&["GET", "page:1"]);
    }
    browser.wait_for("document.querySelector('#overdue').classList.contains('late')");
    thread::sleep(Duration::from_secs(3));
    browser.prefer(Scheme::Light, false);
    thread::sleep(QUIET);
    take(browser, "watch-slow.png");
    browser.click("#resume");
    drop(work);
    watched.is_silent();
}

/// A picture of the whole page, 1280 pixels wide.
#[track_caller]
fn take(browser: &Browser, name: &str) {
    browser.resize(1280, 900);
    let height = browser.run("return document.documentElement.scrollHeight");
    let height = height
        .as_u64()
        .and_then(|height| u32::try_from(height).ok());
    browser.resize(1280, height.expect("a page has a height"));
    thread::sleep(QUIET);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/img")
        .join(name);
    browser.screenshot(&path);
    let smaller = Command::new("pngquant")
        .args(["--force", "--ext", ".png", "--quality", "80-100"])
        .arg(&path)
        .status();
    if !smaller.is_ok_and(|status| status.success()) {
        eprintln!("note: {name} is as large as it came, since there is no pngquant here");
    }
}
