//! MEMORY DOCTOR: what is wrong with the server's memory, if anything is.
//!
//! The conditions, the first line and the heads of the items are those of Redis, since tools look for them.
//! The explanations are our own.

use super::{Overview, ratio};

/// Below this nothing can be said.
const LITTLE_BYTES: u64 = 5 * 1024 * 1024;

/// What is held beyond what is used is of no importance up to this.
const EXCESS_BYTES: u64 = 10 * 1024 * 1024;

/// The bytes for a client that are too many, on the average.
const CLIENT_BYTES: u64 = 200 * 1024;

const EMPTY: &str = "Hi Sam, this instance is empty or is using very little memory, my issues \
     detector can't be used in these conditions. Please, leave for your mission on Earth and fill \
     it with some data. The new Sam and I will be back to our programming as soon as I finished \
     rebooting.\n";

const HEALTHY: &str = "Hi Sam, I can't find any memory issue in your instance. I can only account \
     for what occurs on this base.\n";

const ISSUES: &str = "Sam, I detected a few issues in this Redis instance memory implants:\n\n";

const END: &str = "I'm here to keep you safe, Sam. I want to help you.\n";

/// The report about this memory of a server with so many clients.
pub fn report(overview: &Overview, clients: u64) -> String {
    if overview.usage.allocated < LITTLE_BYTES {
        return EMPTY.to_owned();
    }
    let issues = issues(overview, clients);
    if issues.is_empty() {
        return HEALTHY.to_owned();
    }
    let items: String = issues.iter().map(|item| format!(" * {item}\n\n")).collect();
    [ISSUES, &items, END].concat()
}

fn issues(overview: &Overview, clients: u64) -> Vec<&'static str> {
    let [fragmentation, allocator, process, all] = overview.overheads();
    let is_high = |(whole, part): (u64, u64), times: f64| {
        ratio(whole, part) > times && whole.saturating_sub(part) > EXCESS_BYTES
    };
    let per_client = overview.clients.checked_div(clients).unwrap_or(0);
    let conditions = [
        (
            ratio(overview.peak, overview.usage.allocated) > 1.5,
            "Peak memory: At its peak the server used more than one and a half times the memory \
             that it uses now. The allocator keeps some of that for what comes, so the process may \
             look larger than its data. 'MEMORY PURGE' gives back what is free.",
        ),
        (
            is_high(all, 1.4),
            "High total RSS: The process holds more than 1.4 times the memory that was asked for. \
             The items below say where, if it is known; if there is none, the data was larger a \
             moment ago.",
        ),
        (
            is_high(fragmentation, 1.1),
            "High allocator fragmentation: Pages hold free space between what is in use, more than \
             a tenth. Values of many lengths that come and go do that. It falls when the data is \
             loaded anew.",
        ),
        (
            is_high(allocator, 1.1),
            "High allocator RSS overhead: The allocator keeps pages that hold nothing, more than a \
             tenth. It gives them back after some seconds, or at 'MEMORY PURGE'.",
        ),
        (
            is_high(process, 1.1),
            "High process RSS overhead: The process holds memory that is not the allocator's, more \
             than a tenth: the program itself, its stack, or a library's.",
        ),
        (
            per_client > CLIENT_BYTES,
            "Big client buffers: Clients have more than 200 KB each on the average. Somebody reads \
             slowly, or sends large requests: 'CLIENT LIST' tells who (qbuf, omem), and \
             'client-output-buffer-limit' cuts off who does not read.",
        ),
    ];
    let issues = conditions.into_iter().filter(|(is_so, _)| *is_so);
    issues.map(|(_, text)| text).collect()
}
