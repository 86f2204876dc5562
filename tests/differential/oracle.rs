//! The oracle: a `redis-server` from PATH on a free port, alive as long as the value is.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use crate::common::{Conn, ports};

/// How long it may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Somebody else may take the free port before we do.
const START_ATTEMPTS: usize = 5;

/// The process, where it listens, and the directory it runs in.
pub struct Oracle {
    child: Child,
    addr: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Oracle {
    /// Starts one with the given directives; None, after saying so in one line, where there is no `redis-server`.
    ///
    /// # Panics
    /// When it does not start, and when it is absent although the environment variable `CI` promises it.
    pub fn start(directives: &[(&str, &str)]) -> Option<Oracle> {
        for _ in 0..START_ATTEMPTS {
            match Oracle::attempt(directives) {
                Ok(oracle) => return Some(oracle),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    assert!(
                        env::var_os("CI").is_none(),
                        "CI has no redis-server: {error}"
                    );
                    eprintln!("skipped: no redis-server to compare with ({error})");
                    return None;
                }
                Err(error) => eprintln!("redis-server did not start: {error}"),
            }
        }
        panic!("redis-server did not start, {START_ATTEMPTS} times");
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    fn attempt(directives: &[(&str, &str)]) -> io::Result<Oracle> {
        let dir = tempfile::tempdir()?;
        let addr = ports::free_address()?;
        let mut command = Command::new("redis-server");
        command.current_dir(dir.path());
        command.args(["--port", &addr.port().to_string(), "--save", ""]);
        command.args(["--enable-debug-command", "yes"]);
        // It looks at the timeouts of blocked clients this often; SORT ALPHA follows the locale.
        command.args(["--hz", "500"]).env("LC_ALL", "C");
        for (name, value) in directives {
            command.arg(format!("--{name}")).arg(value);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn()?;
        let mut oracle = Oracle {
            child,
            addr,
            _dir: dir,
        };
        oracle.wait_until_it_answers()?;
        Ok(oracle)
    }

    fn wait_until_it_answers(&mut self) -> io::Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("it ended with {status}")));
            }
            if Conn::try_connect(self.addr)
                .and_then(|mut conn| conn.try_cmd(&[b"PING"]))
                .is_ok()
            {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err(io::Error::other("it does not answer"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
