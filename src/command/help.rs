//! What the HELP of each container says.
//!
//! The reply is a list of status lines: a headline with the container's name, then each subcommand
//! and below it, indented, what it does; HELP itself comes last. The lines are those of
//! `redis-server`, since people compare them; only what Aerolite has is listed.

use super::{Call, Done, Error, MAX_ECHO_BYTES, echoed};
use crate::resp::Reply;

/// How the description of HELP itself reads, at the end of every list.
const LAST: [&str; 2] = ["HELP", "    Prints this help."];

/// Replies with the help of a container, whose subcommands `lines` describe; the first and the last
/// lines, which all lists have, are added here. The container's name is the request's first word.
pub fn help(call: &mut Call, lines: &[&str]) -> Done {
    write(call.args.arg(0), lines, &mut call.reply);
    Ok(())
}

/// The error of a subcommand that counts its own arguments: it points to the HELP of its container.
pub fn wrong_use(call: &Call, container: &str) -> Error {
    let word = echoed(call.args.arg(1), MAX_ECHO_BYTES);
    let text = b"ERR unknown subcommand or wrong number of arguments for '";
    let hint = format!("'. Try {container} HELP.");
    Error::text([text, word, hint.as_bytes()].concat())
}

fn write(container: &[u8], lines: &[&str], reply: &mut Reply) {
    let container = String::from_utf8_lossy(container).to_ascii_uppercase();
    reply.array(1 + lines.len() + LAST.len());
    reply.simple(&format!(
        "{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    ));
    for line in lines.iter().chain(&LAST) {
        reply.simple(line);
    }
}

/// The subcommands of ACL.
pub const ACL: &[&str] = &[
    "CAT [<category>]",
    "    List all commands that belong to <category>, or all command categories",
    "    when no category is specified.",
    "DELUSER <username> [<username> ...]",
    "    Delete a list of users.",
    "DRYRUN <username> <command> [<arg> ...]",
    "    Returns whether the user can execute the given command without executing the command.",
    "GETUSER <username>",
    "    Get the user's details.",
    "GENPASS [<bits>]",
    "    Generate a secure 256-bit user password. The optional `bits` argument can",
    "    be used to specify a different size.",
    "LIST",
    "    Show users details in config file format.",
    "LOAD",
    "    Reload users from the ACL file.",
    "LOG [<count> | RESET]",
    "    Show the ACL log entries.",
    "SAVE",
    "    Save the current config to the ACL file.",
    "SETUSER <username> <attribute> [<attribute> ...]",
    "    Create or modify a user with the specified attributes.",
    "USERS",
    "    List all the registered usernames.",
    "WHOAMI",
    "    Return the current connection username.",
];

/// The subcommands of CLIENT.
pub const CLIENT: &[&str] = &[
    "CACHING (YES|NO)",
    "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
    "GETREDIR",
    "    Return the client ID we are redirecting to when tracking is enabled.",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
    "         [OPTIN] [OPTOUT] [NOLOOP]",
    "    Control server assisted client side caching.",
    "TRACKINGINFO",
    "    Report tracking status for the current connection.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
    "NO-TOUCH (ON|OFF)",
    "    Leave the access times of keys alone while this mode is on.",
    "SETINFO <option> <value>",
    "    Record what the client library says about itself. Options are:",
    "    * LIB-NAME <name>",
    "      The name of the library.",
    "    * LIB-VER <version>",
    "      The version of the library.",
];

/// The subcommands of COMMAND.
pub const COMMAND: &[&str] = &[
    "(no subcommand)",
    "    Return details about all Redis commands.",
    "COUNT",
    "    Return the total number of commands in this Redis server.",
    "LIST",
    "    Return a list of all commands in this Redis server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full Redis command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full Redis command.",
];

/// The subcommands of CONFIG.
pub const CONFIG: &[&str] = &[
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
];

/// The subcommands of DEBUG.
pub const DEBUG: &[&str] = &[
    "ERROR <string>",
    "    Return a Redis protocol error with <string> as message. Useful for clients",
    "    unit tests to simulate Redis errors.",
    "LOOP <PAUSE|STEP [turns]|SLOW milliseconds|RESUME|RESET>",
    "    Pause the event loop, let it make single turns, put time between its phases,",
    "    let it run free again; reset its statistics (INFO loop).",
    "OBJECT <key>",
    "    Show low level info about `key` and associated value.",
    "PROTOCOL <type>",
    "    Reply with a test value of the specified type. <type> can be: string,",
    "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
    "    true, false.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Setting it to 0 disables expiring keys in background when they are not",
    "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
    "    default.",
    "SLEEP <seconds>",
    "    Stop the server for <seconds>. Decimals allowed.",
    "TRACE <START file|STOP>",
    "    Write what the event loop and its clients do to a file for ui.perfetto.dev.",
];

/// The subcommands of LATENCY.
pub const LATENCY: &[&str] = &[
    "DOCTOR",
    "    Return a human readable latency analysis report.",
    "GRAPH <event>",
    "    Return an ASCII latency graph for the <event> class.",
    "HISTORY <event>",
    "    Return time-latency samples for the <event> class.",
    "LATEST",
    "    Return the latest latency samples for all events.",
    "RESET [<event> ...]",
    "    Reset latency data of one or more <event> classes.",
    "    (default: reset all data for all event classes)",
    "HISTOGRAM [COMMAND ...]",
    "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
    "    If no commands are specified then all histograms are replied.",
];

/// The subcommands of MEMORY.
pub const MEMORY: &[&str] = &[
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return internal statistics report from the memory allocator.",
    "PURGE",
    "    Attempt to purge dirty pages for reclamation by the allocator.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
];

/// The subcommands of MODULE.
pub const MODULE: &[&str] = &[
    "LIST",
    "    Return a list of loaded modules.",
    "LOAD <path> [<arg> ...]",
    "    Load a module library from <path>, passing to it any optional arguments.",
    "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
    "    Load a module library from <path>, while passing it module configurations and optional arguments.",
    "UNLOAD <name>",
    "    Unload a module.",
];

/// The subcommands of PUBSUB.
pub const PUBSUB: &[&str] = &[
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
    "SHARDCHANNELS [<pattern>]",
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    Return the number of subscribers for the specified shard level channel(s)",
];

/// The subcommands of OBJECT.
pub const OBJECT: &[&str] = &[
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
];

/// The subcommands of SLOWLOG.
pub const SLOWLOG: &[&str] = &[
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
];

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;
    use crate::resp::{Output, Protocol};

    #[test]
    fn the_reply_has_a_headline_and_help_itself() {
        let mut output = Output::new();
        let mut reply = Reply::new(&mut output, Protocol::Resp2);
        write(b"config", &["GET <pattern>", "    Reads."], &mut reply);
        let mut bytes = Vec::new();
        output
            .write_to(&mut bytes, usize::MAX)
            .expect("a Vec takes all");
        let text = String::from_utf8(bytes).expect("ASCII");
        assert_eq!(
            text,
            "*5\r\n+CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n\
             +GET <pattern>\r\n+    Reads.\r\n+HELP\r\n+    Prints this help.\r\n"
        );
    }

    #[test]
    fn the_lines_are_of_subcommands_there_are_and_of_all() {
        for (container, lines) in [
            ("CLIENT", CLIENT),
            ("COMMAND", COMMAND),
            ("CONFIG", CONFIG),
            ("LATENCY", LATENCY),
            ("MEMORY", MEMORY),
            ("MODULE", MODULE),
            ("SLOWLOG", SLOWLOG),
            ("OBJECT", OBJECT),
            ("PUBSUB", PUBSUB),
        ] {
            let command = table::find(container.as_bytes())
                .expect("a container")
                .command;
            let heads = lines.iter().filter(|line| !line.starts_with([' ', '(']));
            let mut listed: Vec<&str> = heads.filter_map(|line| line.split(' ').next()).collect();
            listed.push("HELP");
            listed.sort_unstable();
            listed.dedup();
            let mut there: Vec<&str> = command.subcommands.iter().map(|entry| entry.name).collect();
            there.sort_unstable();
            assert_eq!(listed, there, "{container}");
        }
    }
}
