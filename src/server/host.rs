//! What the process asks of the operating system: limits, memory, processor time, randomness, the file
//! with the users.
//!
//! What only Linux tells is read from `/proc`; elsewhere the same figures are 0.

use crate::engine::stats::{Host, Usage};
use crate::engine::{Clock, Config, Random};
use std::hash::{BuildHasher, Hasher};

/// Descriptors that are not clients: listeners, the poll, logs, the standard streams. The live page has its
/// own, beside these.
const OTHER_DESCRIPTORS: u64 = 32;

/// Bytes of a memory page, where `/proc` counts in pages.
#[cfg(target_os = "linux")]
const PAGE_BYTES: u64 = 4096;

/// Ticks of processor time in a second, as Linux has them for programs.
#[cfg(target_os = "linux")]
const TICKS_PER_SECOND: f64 = 100.0;

/// The most that the file with the users can hold: all the users that there can be, at a kilobyte each.
const MAX_USERS_BYTES: u64 = 64 * 1024 * 1024;

/// The environment variable that makes a run repeatable to the instruction, for measuring. Whoever
/// knows the seed can aim keys at one shard.
const SEED_VARIABLE: &str = "AEROLITE_SEED";

/// The seed for the engine: the one in `AEROLITE_SEED`, or else one that nobody can guess.
#[must_use]
pub fn seed() -> u64 {
    let given = std::env::var(SEED_VARIABLE)
        .ok()
        .and_then(|text| text.parse().ok());
    given
        .inspect(|_| log::warn!("{SEED_VARIABLE} is set: hashes can be predicted"))
        .unwrap_or_else(random_seed)
}

/// The standard library's own seed for its hash maps.
fn random_seed() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

/// The system's clock.
#[must_use]
pub fn now() -> Clock {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        // As the standard library reads it, without its arithmetic: it is read in every turn.
        let now = clock_gettime(ClockId::Realtime);
        let (seconds, nanoseconds) = (now.tv_sec.max(0) as u64, now.tv_nsec as u64);
        Clock::at_us(
            seconds
                .saturating_mul(1_000_000)
                .saturating_add(nanoseconds / 1000),
        )
    }
    #[cfg(not(unix))]
    {
        use std::time::{SystemTime, UNIX_EPOCH};
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Clock::at_us(u64::try_from(unix.as_micros()).unwrap_or(u64::MAX))
    }
}

/// What INFO says about this process.
#[must_use]
pub fn describe(now: Clock) -> Host {
    let mut random = Random::new(random_seed());
    let run_id = (0..5)
        .map(|_| format!("{:08x}", random.next_u64() as u32))
        .collect();
    let executable = std::env::current_exe().map(|path| path.display().to_string());
    Host {
        pid: std::process::id(),
        run_id,
        executable: executable.unwrap_or_default(),
        started_s: now.unix_s(),
        os: os(),
        allocator: "jemalloc",
        polling: if cfg!(target_os = "linux") {
            "epoll"
        } else {
            "kqueue"
        },
        usage,
        allocated: allocated_by_this_thread(),
        purge,
        malloc_stats,
        stopwatch_ns: stopwatch(),
        allows,
        rewrite_config: super::config_file::rewrite,
        read_users,
        write_users: super::config_file::replace,
        fill_with_secrets: |bytes| getrandom::fill(bytes).map_err(std::io::Error::other),
        ..Host::default()
    }
}

/// The file with the users; one that is larger than [`MAX_USERS_BYTES`] is not one.
fn read_users(path: &str) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_USERS_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_USERS_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// The operating system, its release and the machine's architecture.
fn os() -> String {
    #[cfg(unix)]
    {
        let name = rustix::system::uname();
        let words = [name.sysname(), name.release(), name.machine()];
        words.map(|word| word.to_string_lossy()).join(" ")
    }
    #[cfg(not(unix))]
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// A stopwatch that runs from now on, in nanoseconds, by a clock that never goes back.
fn stopwatch() -> Box<dyn Fn() -> u64> {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        // The same clock as the standard library's, without its arithmetic on two moments: it is
        // read for every command.
        Box::new(|| {
            let now = clock_gettime(ClockId::Monotonic);
            (now.tv_sec as u64)
                .wrapping_mul(1_000_000_000)
                .wrapping_add(now.tv_nsec as u64)
        })
    }
    #[cfg(not(unix))]
    {
        let start = std::time::Instant::now();
        Box::new(move || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

/// Whether the system allows a setting to be as it is. `maxclients` needs as many descriptors,
/// and the limit of open files is raised to them here.
///
/// `maxmemory` needs somebody who counts. In a program that embeds Aerolite and has another allocator
/// nobody does, and a limit that nobody minds had better not be accepted.
pub fn allows(name: &str, config: &Config) -> Result<(), String> {
    match name {
        "maxclients" => allows_clients(config),
        "maxmemory" if config.maxmemory > 0 && !is_measured() => Err(
            "The program's allocator is not jemalloc, which alone can tell how much memory is in use"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

/// Whether jemalloc is who allocates: then it notices.
fn is_measured() -> bool {
    let allocated = allocated_by_this_thread();
    let before = allocated();
    let something = std::hint::black_box(Box::new([0u8; 1024]));
    let is_measured = allocated() != before;
    drop(something);
    is_measured
}

fn allows_clients(config: &Config) -> Result<(), String> {
    match reachable_clients(config.maxclients, config) {
        clients if clients >= config.maxclients => Ok(()),
        clients => Err(format!(
            "The operating system is not able to handle the specified number of clients, \
             try with {clients}"
        )),
    }
}

/// Raises the limit of open files to what `maxclients` asks for; where that is not allowed,
/// lowers `maxclients` to what there is and says so.
pub fn raise_descriptor_limit(config: &mut Config) {
    let clients = reachable_clients(config.maxclients, config);
    if clients < config.maxclients {
        let wanted = u64::from(config.maxclients) + other_descriptors(config);
        log::warn!(
            "maxclients {} needs {wanted} open files, which are not allowed: it is {clients} now. \
             Raise the limit with 'ulimit -n {wanted}'",
            config.maxclients
        );
        config.maxclients = clients;
    }
}

fn other_descriptors(config: &Config) -> u64 {
    match config.watch {
        0 => OTHER_DESCRIPTORS,
        _ => OTHER_DESCRIPTORS + super::watch::DESCRIPTORS,
    }
}

/// Raises the limit of open files as far as so many clients need it, and gives the number of
/// clients that it is enough for, at the most those that were asked for.
fn reachable_clients(wanted_clients: u32, config: &Config) -> u32 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let others = other_descriptors(config);
        let wanted = u64::from(wanted_clients) + others;
        let Some(current) = limit.current.filter(|&current| current < wanted) else {
            return wanted_clients;
        };
        let reachable = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
        let raised = Rlimit {
            current: Some(reachable),
            maximum: limit.maximum,
        };
        let allowed = if setrlimit(Resource::Nofile, raised).is_ok() {
            reachable
        } else {
            current
        };
        let clients = allowed.saturating_sub(others).max(1);
        u32::try_from(clients)
            .unwrap_or(u32::MAX)
            .min(wanted_clients)
    }
    #[cfg(not(unix))]
    {
        let _ = config;
        wanted_clients
    }
}

/// The `log` level for a `loglevel` setting.
#[must_use]
pub fn level_filter(loglevel: usize) -> log::LevelFilter {
    match loglevel {
        0 => log::LevelFilter::Trace,
        1 => log::LevelFilter::Debug,
        2 => log::LevelFilter::Info,
        _ => log::LevelFilter::Warn,
    }
}

/// Memory and processor time by now.
fn usage() -> Usage {
    let mut usage = allocator_usage();
    #[cfg(target_os = "linux")]
    read_proc(&mut usage);
    if usage.rss == 0 {
        usage.rss = usage.resident;
    }
    if usage.allocated == 0 {
        // A program that embeds Aerolite has another allocator. What is resident is the nearest thing.
        usage.allocated = usage.rss;
    }
    usage
}

/// Bytes allocated by this thread, less those it has freed. Everything of a server is made and freed in its
/// one thread, so that is exactly what is in use; and it is two loads, where jemalloc's statistics
/// have to be gathered from all its arenas first. (These count what lies ready in the thread's cache as
/// allocated, too.)
fn allocated_by_this_thread() -> Box<dyn Fn() -> u64> {
    use tikv_jemalloc_ctl::thread;
    match (thread::allocatedp::read(), thread::deallocatedp::read()) {
        (Ok(allocated), Ok(freed)) => {
            // The settings of an embedded server may come from another thread, and are freed here.
            Box::new(move || allocated.get().saturating_sub(freed.get()))
        }
        _ => Box::new(|| 0),
    }
}

/// The allocator's own figures. They are 0 in a program that embeds Aerolite and has another one.
fn allocator_usage() -> Usage {
    use tikv_jemalloc_ctl::{epoch, stats};
    // But for the first, the figures are a snapshot, taken anew when the epoch is advanced.
    let _ = epoch::advance();
    let bytes = |figure: Result<usize, _>| figure.map_or(0, |bytes| bytes as u64);
    Usage {
        allocated: allocated_by_this_thread()(),
        active: bytes(stats::active::read()),
        resident: bytes(stats::resident::read()),
        ..Usage::default()
    }
}

/// Has the allocator give the pages back that hold nothing. They are given back some time after they have become
/// free (*decay*); an arena that is told for a moment that this time is 0 does it at once.
fn purge() {
    use tikv_jemalloc_ctl::{Access, AsName, arenas};
    let Ok(arenas) = arenas::narenas::read() else {
        return;
    };
    // Pages become dirty when they are free, and muzzy when the kernel may take them.
    for name in ["arena.0.dirty_decay_ms\0", "arena.0.muzzy_decay_ms\0"] {
        let Ok(mut decay_ms) = name.name().mib::<[usize; 3]>() else {
            return;
        };
        for arena in 0..arenas as usize {
            decay_ms[1] = arena;
            // An arena that was never used has no such time.
            let before: Result<isize, _> = decay_ms.update(0);
            if let Ok(before) = before {
                let _ = decay_ms.write(before);
            }
        }
    }
}

/// What the allocator reports about itself.
fn malloc_stats() -> Vec<u8> {
    let mut report = Vec::new();
    // Writing to a vector does not fail.
    let _ = tikv_jemalloc_ctl::stats_print::stats_print(&mut report, Default::default());
    report
}

#[cfg(target_os = "linux")]
fn read_proc(usage: &mut Usage) {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field =
        |text: &str, nth: usize| -> Option<u64> { text.split_whitespace().nth(nth)?.parse().ok() };
    usage.rss = field(&read("/proc/self/statm"), 1).unwrap_or(0) * PAGE_BYTES;
    usage.total_memory = field(&read("/proc/meminfo"), 1).unwrap_or(0) * 1024;
    let stat = read("/proc/self/stat");
    // The name of the program, in parentheses, may hold spaces.
    let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    usage.cpu_user = field(behind_name, 11).unwrap_or(0) as f64 / TICKS_PER_SECOND;
    usage.cpu_system = field(behind_name, 12).unwrap_or(0) as f64 / TICKS_PER_SECOND;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stopwatch_goes_on() {
        let stopwatch = stopwatch();
        let before = stopwatch();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(stopwatch() >= before + 1_000_000);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_kernel_tells_memory() {
        let usage = usage();
        assert!(
            usage.rss > 100_000 && usage.rss < usage.total_memory,
            "{usage:?}"
        );
        let meminfo = std::fs::read_to_string("/proc/meminfo").expect("the kernel's figures");
        let total = meminfo.lines().next().expect("MemTotal is the first line");
        let kilobytes = total.split_whitespace().nth(1).expect("a number");
        let kilobytes: u64 = kilobytes.parse().expect("a number");
        assert_eq!(usage.total_memory, kilobytes * 1024, "{total}");
    }

    #[test]
    fn run_ids_are_forty_digits() {
        let host = describe(Clock::at_us(0));
        assert_eq!(host.run_id.len(), 40);
        assert_ne!(host.run_id, describe(Clock::at_us(0)).run_id);
    }
}
