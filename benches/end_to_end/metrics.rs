//! The names of the metrics that several benches have, for the benches and for the generator of the page.

/// Processor time of the server per request, or whatever the case counts, in nanoseconds.
pub const CPU_NS: &str = "cpu_ns";

/// The wait that one PING in a hundred exceeds, in microseconds.
pub const PING_P99: &str = "ping_p99_us";

/// The wait that one PING in a thousand exceeds, in microseconds.
pub const PING_P999: &str = "ping_p999_us";

/// The longest wait, in microseconds.
pub const PING_MAX: &str = "ping_max_us";
