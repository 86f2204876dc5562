//! Counters, kept by whoever does the thing that is counted and shown by INFO.

use super::config::Config;
use super::histogram::Histogram;
use super::turns::LoopStats;
use std::collections::BTreeMap;
use std::io;

/// How often keys were found, missed, changed and removed by their deadline.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyStats {
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// Keys removed because they were due, by whichever way.
    pub expired: u64,
    /// Changes to the data.
    pub dirty: u64,
}

/// One command's counters.
#[derive(Debug, Clone, Default)]
pub struct CommandStats {
    /// Times it was run.
    pub calls: u64,
    /// Nanoseconds that took.
    pub ns: u64,
    /// Times it was refused before it ran (arity, AUTH).
    pub rejected: u64,
    /// Times it ran and answered with an error.
    pub failed: u64,
    /// How long single runs took.
    pub latency_ns: Histogram,
}

impl CommandStats {
    #[inline(always)]
    fn ran(&mut self, ns: u64, failed: bool) {
        self.calls += 1;
        self.ns += ns;
        self.failed += u64::from(failed);
        self.latency_ns.record(ns);
    }
}

/// The most error codes counted one by one; a new one beyond that is only in the total.
const MAX_ERROR_CODES: usize = 128;

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Stats {
    /// Keys.
    pub keys: KeyStats,
    /// Connections accepted, those refused afterwards included.
    pub connections: u64,
    /// Connections refused for `maxclients`.
    pub rejected_connections: u64,
    /// Commands run.
    pub commands: u64,
    /// Bytes received.
    pub net_input: u64,
    /// Bytes sent.
    pub net_output: u64,
    /// Calls of `read` on clients' sockets.
    pub reads: u64,
    /// Calls of `write` on clients' sockets.
    pub writes: u64,
    /// Error replies.
    pub errors: u64,
    /// Clients cut off because their output grew past its limit.
    pub output_limit_disconnections: u64,
    /// Clients cut off because their query buffer grew past its limit.
    pub query_limit_disconnections: u64,
    /// Clients closed because all together took too much memory.
    pub evicted_clients: u64,
    /// The largest query buffer and the largest output seen lately, in bytes.
    pub recent_max_input: u64,
    /// See [`Stats::recent_max_input`].
    pub recent_max_output: u64,
    /// How late active expiry was, in milliseconds.
    pub expiry_lateness_ms: Histogram,
    /// Keys removed because memory was short.
    pub evicted_keys: u64,
    /// For how long memory was over its limit, in nanoseconds.
    pub over_limit: OverLimit,
    /// How often active expiry only moved a key's timer nearer.
    pub timers_moved: u64,
    /// What the event loop did.
    pub event_loop: LoopStats,
    /// The most bytes that were ever allocated when somebody looked.
    pub peak_allocated: u64,
    /// Rates over the last moments.
    pub rates: Rates,
    /// By the command's number in its table; as long as the largest that was counted.
    pub by_command: Vec<CommandStats>,
    /// Error replies by code.
    pub by_error: BTreeMap<String, u64>,
    /// While `latency-tracking` is off: how long commands took until then, by number. They are timed all the same,
    /// since not to would have to be asked for each; what was counted meanwhile is thrown away.
    untold: Option<Vec<Histogram>>,
}

impl Stats {
    /// All at zero.
    #[must_use]
    pub fn new() -> Stats {
        Stats::default()
    }

    /// Counts a run of the command with this number.
    #[inline(always)]
    pub fn ran(&mut self, number: usize, ns: u64, failed: bool) {
        self.commands += 1;
        match self.by_command.get_mut(number) {
            Some(stats) => stats.ran(ns, failed),
            None => self.ran_first(number, ns, failed),
        }
    }

    #[cold]
    fn ran_first(&mut self, number: usize, ns: u64, failed: bool) {
        self.command(number).ran(ns, failed);
    }

    /// The counters of the command with this number.
    pub fn command(&mut self, number: usize) -> &mut CommandStats {
        if self.by_command.len() <= number {
            self.by_command
                .resize_with(number + 1, CommandStats::default);
        }
        &mut self.by_command[number]
    }

    /// How long the runs of the command with this number took, as far as that is told.
    #[must_use]
    pub fn latency_of(&self, number: usize) -> Option<&Histogram> {
        match &self.untold {
            Some(before) => before.get(number),
            None => self.by_command.get(number).map(|stats| &stats.latency_ns),
        }
    }

    /// From now on it is told how long commands take, or no more.
    pub fn track_latency(&mut self, on: bool) {
        match (on, &mut self.untold) {
            (false, None) => {
                let histograms = self.by_command.iter().map(|stats| stats.latency_ns.clone());
                self.untold = Some(histograms.collect());
            }
            (true, Some(before)) => {
                before.resize_with(self.by_command.len(), Histogram::new);
                for (stats, latency) in self.by_command.iter_mut().zip(before.drain(..)) {
                    stats.latency_ns = latency;
                }
                self.untold = None;
            }
            _ => {}
        }
    }

    /// The counters that rates are taken of, at a moment in unix microseconds.
    #[must_use]
    pub fn sample(&self, at_us: u64) -> Sample {
        Sample {
            at_us,
            commands: self.commands,
            input: self.net_input,
            output: self.net_output,
            turns: self.event_loop.turns,
            busy_us: self.event_loop.busy_ns / 1000,
        }
    }

    /// Counts an error reply by its code.
    pub fn error(&mut self, code: &str) {
        self.errors += 1;
        if let Some(count) = self.by_error.get_mut(code) {
            *count += 1;
        } else if self.by_error.len() < MAX_ERROR_CODES {
            self.by_error.insert(code.to_owned(), 1);
        }
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        *self = Stats {
            keys: KeyStats {
                dirty: self.keys.dirty,
                ..KeyStats::default()
            },
            peak_allocated: self.peak_allocated,
            untold: self.untold.as_ref().map(|_| Vec::new()),
            ..Stats::new()
        };
    }
}

/// For how long memory has been over its limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct OverLimit {
    /// The sum of the times that are over.
    past_ns: u64,
    /// When it began, by the stopwatch, if it is over the limit now.
    since_ns: Option<u64>,
}

impl OverLimit {
    /// Memory is over its limit at this moment of the stopwatch, or is not.
    pub fn note(&mut self, is_over: bool, at_ns: u64) {
        match (is_over, self.since_ns) {
            (true, None) => self.since_ns = Some(at_ns),
            (false, Some(_)) => {
                self.past_ns += self.now_ns(at_ns);
                self.since_ns = None;
            }
            _ => {}
        }
    }

    /// For how long it has been over the limit by now.
    #[must_use]
    pub fn now_ns(&self, at_ns: u64) -> u64 {
        self.since_ns
            .map_or(0, |since_ns| at_ns.saturating_sub(since_ns))
    }

    /// For how long in all.
    #[must_use]
    pub fn total_ns(&self, at_ns: u64) -> u64 {
        self.past_ns + self.now_ns(at_ns)
    }
}

/// How many samples the rates are taken over.
const SAMPLES: usize = 16;

/// The least time between two samples, in microseconds.
const SAMPLE_US: u64 = 100_000;

/// Samples of counters, taken when something happens (there is no clock that ticks), so that
/// INFO can tell rates per second.
#[derive(Debug, Default)]
pub struct Rates {
    samples: [Sample; SAMPLES],
    next: usize,
    /// When the last one was taken, in unix microseconds.
    last_us: u64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    /// When, in unix microseconds.
    pub at_us: u64,
    /// Commands run until then.
    pub commands: u64,
    /// Bytes received until then.
    pub input: u64,
    /// Bytes sent until then.
    pub output: u64,
    /// Turns of the event loop until then, and the microseconds that they took.
    pub turns: u64,
    /// See [`Sample::turns`].
    pub busy_us: u64,
}

impl Rates {
    /// Whether the last sample is old enough for another.
    #[inline]
    #[must_use]
    pub fn is_due(&self, at_us: u64) -> bool {
        // A clock that was set back makes the last sample one of the future, and that is very old: begin anew.
        at_us.wrapping_sub(self.last_us) >= SAMPLE_US
    }

    /// Keeps a sample.
    pub fn keep(&mut self, sample: Sample) {
        self.last_us = sample.at_us;
        self.samples[self.next] = sample;
        self.next = (self.next + 1) % SAMPLES;
    }

    /// Commands, bytes received and bytes sent per second, from the oldest sample that is not
    /// older than some two seconds until `now`.
    #[must_use]
    pub fn per_second(&self, now: Sample) -> (f64, f64, f64) {
        let Some(oldest) = self.oldest(now) else {
            return (0.0, 0.0, 0.0);
        };
        let seconds = (now.at_us - oldest.at_us) as f64 / 1e6;
        let rate = |new: u64, old: u64| new.saturating_sub(old) as f64 / seconds;
        (
            rate(now.commands, oldest.commands),
            rate(now.input, oldest.input),
            rate(now.output, oldest.output),
        )
    }

    /// Turns of the event loop per second over the same time, and the microseconds that one took
    /// on the average.
    #[must_use]
    pub fn turns(&self, now: Sample) -> (f64, f64) {
        let Some(oldest) = self.oldest(now) else {
            return (0.0, 0.0);
        };
        let turns = now.turns.saturating_sub(oldest.turns) as f64;
        let busy_us = now.busy_us.saturating_sub(oldest.busy_us) as f64;
        let seconds = (now.at_us - oldest.at_us) as f64 / 1e6;
        (turns / seconds, busy_us / turns.max(1.0))
    }

    fn oldest(&self, now: Sample) -> Option<&Sample> {
        let horizon_us = now.at_us.saturating_sub(SAMPLE_US * (SAMPLES as u64 + 4));
        // A place that was never filled is at 0.
        let horizon_us = horizon_us.max(1);
        self.samples
            .iter()
            .filter(|sample| sample.at_us >= horizon_us && sample.at_us < now.at_us)
            .min_by_key(|sample| sample.at_us)
    }
}

/// What INFO says about the process, told by the server.
pub struct Host {
    /// The process's id.
    pub pid: u32,
    /// Forty hexadecimal digits that name this run.
    pub run_id: String,
    /// The path of the executable.
    pub executable: String,
    /// The path of the config file, or empty.
    pub config_file: String,
    /// When it started, in unix seconds.
    pub started_s: u64,
    /// The operating system, its release and the machine's architecture.
    pub os: String,
    /// The memory allocator, with its version.
    pub allocator: &'static str,
    /// Bytes that were allocated when the server began to serve.
    pub allocated_at_start: u64,
    /// What does the polling (`epoll`, `kqueue`).
    pub polling: &'static str,
    /// The TCP port that it listens on.
    pub port: u16,
    /// Reads the figures that change by themselves.
    pub usage: fn() -> Usage,
    /// Reads how many bytes are allocated, exactly and fast enough to be asked before each command. Where
    /// nobody can tell, it is 0 for ever, and [`Host::allows`] no `maxmemory`.
    pub allocated: Box<dyn Fn() -> u64>,
    /// Has the allocator give pages that hold nothing back to the system.
    pub purge: fn(),
    /// The allocator's report about itself, for people.
    pub malloc_stats: fn() -> Vec<u8>,
    /// Asks the system whether the setting of this name can be had; the reason if not.
    pub allows: fn(&str, &Config) -> Result<(), String>,
    /// Writes the settings, and the lines that declare the users, into the config file.
    pub rewrite_config: fn(&Config, &[Vec<u8>], &str) -> io::Result<()>,
    /// Reads the file with the users.
    pub read_users: fn(&str) -> io::Result<Vec<u8>>,
    /// Puts the file with the users in the place of the old one.
    pub write_users: fn(&str, &[u8]) -> io::Result<()>,
    /// Fills the bytes with what nobody can guess.
    pub fill_with_secrets: fn(&mut [u8]) -> io::Result<()>,
    /// Reads a clock that never goes back, in nanoseconds from anywhere; it times commands.
    pub stopwatch_ns: Box<dyn Fn() -> u64>,
}

/// Memory and processor time, as the allocator and the kernel tell them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Bytes allocated.
    pub allocated: u64,
    /// Bytes in pages that hold something allocated.
    pub active: u64,
    /// Bytes that the allocator keeps resident.
    pub resident: u64,
    /// Bytes resident in all.
    pub rss: u64,
    /// Bytes of memory in the machine.
    pub total_memory: u64,
    /// Seconds of processor time in the kernel.
    pub cpu_system: f64,
    /// Seconds of processor time in the process itself.
    pub cpu_user: f64,
}

impl Default for Host {
    fn default() -> Host {
        Host {
            pid: 0,
            run_id: String::new(),
            executable: String::new(),
            config_file: String::new(),
            started_s: 0,
            os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            allocator: "libc",
            allocated_at_start: 0,
            polling: "none",
            port: 0,
            usage: Usage::default,
            allocated: Box::new(|| 0),
            purge: || {},
            malloc_stats: || b"Stats not supported for the current allocator".to_vec(),
            allows: |_, _| Ok(()),
            rewrite_config: |_, _, _| Ok(()),
            read_users: |_| Err(io::ErrorKind::Unsupported.into()),
            write_users: |_, _| Err(io::ErrorKind::Unsupported.into()),
            fill_with_secrets: |_| Err(io::ErrorKind::Unsupported.into()),
            stopwatch_ns: Box::new(|| 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(rates: &mut Rates, sample: Sample) {
        if rates.is_due(sample.at_us) {
            rates.keep(sample);
        }
    }

    #[test]
    fn rates_forget_what_is_long_ago() {
        let mut rates = Rates::default();
        let at = |at_us, commands| Sample {
            at_us,
            commands,
            turns: commands / 2,
            busy_us: commands,
            ..Sample::default()
        };
        offer(&mut rates, at(1_000_000, 0));
        offer(&mut rates, at(1_050_000, 400));
        let (rate, _, _) = rates.per_second(at(2_000_000, 1000));
        assert_eq!(rate, 1000.0);
        assert_eq!(rates.turns(at(2_000_000, 1000)), (500.0, 2.0));
        let (rate, _, _) = rates.per_second(at(60_000_000, 1000));
        assert_eq!(rate, 0.0);
    }

    #[test]
    fn while_latency_is_not_tracked_it_stays_as_it_was() {
        let mut stats = Stats::new();
        let count = |stats: &Stats| stats.latency_of(3).map_or(0, Histogram::count);
        stats.command(3).latency_ns.record(5);
        stats.track_latency(false);
        stats.command(3).latency_ns.record(5);
        stats.command(4).latency_ns.record(5);
        assert_eq!((count(&stats), stats.latency_of(4).is_some()), (1, false));
        stats.track_latency(true);
        assert_eq!(count(&stats), 1);
        stats.command(3).latency_ns.record(5);
        assert_eq!(count(&stats), 2);
        assert_eq!(stats.latency_of(4).map(Histogram::count), Some(0));
        stats.track_latency(false);
        stats.reset();
        stats.command(3).latency_ns.record(5);
        assert_eq!(count(&stats), 0, "it is off after CONFIG RESETSTAT, too");
    }

    #[test]
    fn rates_go_on_when_the_clock_is_set_back() {
        let mut rates = Rates::default();
        let at = |at_us, commands| Sample {
            at_us,
            commands,
            ..Sample::default()
        };
        offer(&mut rates, at(50_000_000, 100));
        offer(&mut rates, at(1_000_000, 200));
        let (rate, _, _) = rates.per_second(at(2_000_000, 700));
        assert_eq!(rate, 500.0);
    }
}
