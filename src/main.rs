//! The program `aerolite`: arguments, log, signals, then the loop until it is told to end.
#![forbid(unsafe_code)]

use aerolite::engine::Config;
use aerolite::engine::settings::DIR;
use aerolite::server::config_file::{self, Arguments};
use aerolite::server::pid_file::PidFile;
use aerolite::server::{Server, host};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const HELP: &str = "\
Aerolite, a Redis-compatible server on one event loop

Usage: aerolite [/path/to/redis.conf | -] [--directive value ...]

  aerolite                              listens on 127.0.0.1:6379 and [::1]:6379
  aerolite --port 7000 --timeout 60     any directive of the config file
  aerolite --watch 8080                 shows its event loop on http://127.0.0.1:8080/
  aerolite --trace loop.json            writes what it does, for ui.perfetto.dev
  aerolite ./my.conf --loglevel debug   a file, and directives that go before it
  aerolite -                            the config file from the standard input
  aerolite --help | --version

Talk to it with redis-cli. RUST_LOG=debug,... overrides loglevel.
";

fn main() -> ExitCode {
    // Passwords need not be text.
    let arguments: Vec<Vec<u8>> = std::env::args_os()
        .skip(1)
        .map(OsString::into_encoded_bytes)
        .collect();
    match config_file::parse_arguments(&arguments) {
        Ok(Arguments::Help) => print(HELP),
        Ok(Arguments::Version) => print(&format!(
            "aerolite {} (redis 7.0.15)\n",
            env!("CARGO_PKG_VERSION")
        )),
        Ok(Arguments::Serve(config, file)) => match serve(*config, file) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("aerolite: {error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("\n{error}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> ExitCode {
    // Whoever has closed our standard output does not want it.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn serve(mut config: Config, file: Option<PathBuf>) -> io::Result<()> {
    // It is written again by CONFIG REWRITE, from wherever the process is then.
    let file = file.map(std::path::absolute).transpose()?;
    go_to_dir(&mut config)?;
    start_log(&config)?;
    let (mut event_loop, mut server) = Server::new(config)?;
    server.engine.host.config_file = file
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    #[cfg(unix)]
    server.handle_signals(&mut event_loop)?;
    // Not before it listens: the file of a server that has the port is left alone.
    let pid_file = PidFile::write(&server.engine.config.pidfile);
    let places = server.listening().collect::<Vec<_>>().join(", ");
    log::info!(
        "aerolite {} (pid {}) is ready on {places}",
        env!("CARGO_PKG_VERSION"),
        std::process::id()
    );
    if let Some(addr) = server.watch_addr() {
        log::info!("watch it on http://{addr}/");
    }
    let run = event_loop.run(&mut server);
    server.end_trace(&mut event_loop);
    run?;
    drop(pid_file);
    log::info!("bye");
    // The kernel takes all memory back at once; freeing millions of keys one by one takes seconds.
    std::mem::forget(server);
    Ok(())
}

/// Goes to where `dir` says, and has the setting say where that is.
fn go_to_dir(config: &mut Config) -> io::Result<()> {
    if let Some(dir) = config.inert.get(DIR) {
        let dir = String::from_utf8_lossy(dir).into_owned();
        let named = |error: io::Error| io::Error::new(error.kind(), format!("dir {dir}: {error}"));
        std::env::set_current_dir(&dir).map_err(named)?;
    }
    let here = std::env::current_dir()?;
    let here = here.into_os_string().into_encoded_bytes();
    config.inert.insert(DIR, here);
    Ok(())
}

/// Logs to where `logfile` says, from `loglevel` on: a time, a level in colour, a sentence.
fn start_log(config: &Config) -> io::Result<()> {
    let mut builder = env_logger::Builder::new();
    let is_filtered = std::env::var_os(env_logger::DEFAULT_FILTER_ENV).is_some();
    builder
        .filter_level(log::LevelFilter::Trace)
        .parse_default_env();
    builder.format_timestamp_millis().format_target(false);
    if !config.logfile.is_empty() {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&config.logfile);
        let named = |error: io::Error| {
            io::Error::new(
                error.kind(),
                format!("cannot open the log file {}: {error}", config.logfile),
            )
        };
        builder.target(env_logger::Target::Pipe(Box::new(file.map_err(named)?)));
    }
    builder.init();
    // Without RUST_LOG the level is the setting's, which CONFIG SET changes at run time.
    if !is_filtered {
        log::set_max_level(host::level_filter(config.loglevel));
    }
    Ok(())
}
