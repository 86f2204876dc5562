//! CONFIG: reads and changes the settings. What a setting is stands in `engine/settings.rs`.

use super::entry::{ADMIN, Command, LOADING, NO_SCRIPT, STALE};
use super::{Call, Done, Error, Waiting, acl, help};
use crate::engine::Mail;
use crate::engine::settings::{self, SETTINGS, Setting};
use crate::glob;

/// The command CONFIG.
pub const COMMANDS: &[Command] = &[Command::container("CONFIG", SUBCOMMANDS).doc(
    "2.0.0",
    "Depends on subcommand",
    "Reads and changes the settings of the server",
)];

/// The subcommands of CONFIG.
const SUBCOMMANDS: &[Command] = &[
    Command::new("GET", -3, config_get)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.0.0",
            "O(N) where N is the number of settings",
            "Reads the settings whose names match glob patterns",
        )
        .syntax("(parameter=parameter) ..."),
    Command::new("HELP", 2, config_help)
        .flags(&[LOADING, STALE])
        .doc(
            "5.0.0",
            "O(1)",
            "Lists the subcommands with a line or two about each",
        ),
    Command::new("RESETSTAT", 2, config_resetstat)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.0.0",
            "O(1)",
            "Sets the statistics that INFO shows back to zero",
        ),
    Command::new("REWRITE", 2, config_rewrite)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .doc(
            "2.8.0",
            "O(1)",
            "Writes the settings in force into the configuration file",
        ),
    Command::new("SET", -4, config_set)
        .flags(&[ADMIN, NO_SCRIPT, LOADING, STALE])
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
        .doc(
            "2.0.0",
            "O(N) where N is the number of settings given",
            "Changes settings while the server runs",
        )
        .syntax("(parameter_value=parameter value) ..."),
];

/// Every setting that one of the patterns matches, once, by name. A name without wildcards comes
/// back as it was written.
fn config_get(call: &mut Call) -> Done {
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let config = &call.engine.config;
    for pattern in call.args.iter().skip(2) {
        if !pattern
            .iter()
            .any(|byte| matches!(byte, b'*' | b'?' | b'['))
        {
            let setting = settings::find(pattern);
            found.extend(setting.map(|setting| (pattern.to_vec(), setting.get(config))));
            continue;
        }
        let matching = SETTINGS
            .iter()
            .filter(|s| glob::matches_nocase(pattern, s.name.as_bytes()));
        found.extend(matching.map(|setting| (setting.name.into(), setting.get(config))));
    }
    let mut names: Vec<Vec<u8>> = Vec::new();
    found.retain(|(name, _)| {
        let is_new = !names.iter().any(|seen| seen.eq_ignore_ascii_case(name));
        names.push(name.clone());
        is_new
    });
    call.reply.map(found.len());
    for (name, value) in found {
        call.reply.bulk(&name);
        call.reply.bulk(&value);
    }
    Ok(())
}

/// Whether an address can be had is known only when the command is over, and then its place among the
/// replies of EXEC is taken.
const AFTER_EXEC: &str = "can't be changed inside a transaction";

/// Sets all of the given settings, or none of them.
fn config_set(call: &mut Call) -> Done {
    if call.args.len() % 2 == 1 {
        return Err(Error::SYNTAX);
    }
    let chosen = settings_to_set(call)?;
    let before = call.engine.config.clone();
    for (i, setting) in chosen.iter().enumerate() {
        let value = call.args.arg(3 + 2 * i);
        let set = setting.set(&mut call.engine.config, value);
        let allowed = |()| (call.engine.host.allows)(setting.name, &call.engine.config);
        if let Err(reason) = set.and_then(allowed) {
            call.engine.config = before;
            set_back(call, &chosen[..=i]);
            return Err(failed(call.args.arg(2 + 2 * i), &reason));
        }
    }
    call.engine.heed_settings();
    if before.requirepass != call.engine.config.requirepass {
        call.engine.set_default_password();
    }
    let names = chosen.iter().map(|setting| setting.name);
    let is_other = |setting: &&&Setting| setting.get(&before) != setting.get(&call.engine.config);
    let mut addresses = chosen
        .iter()
        .filter(|setting| matches!(setting.name, "bind" | "port"));
    let address = addresses.find(is_other).map(|setting| setting.name);
    if let Some(setting) = address
        && matches!(call.waiting, Waiting::Never)
    {
        call.engine.config = before;
        return Err(failed(setting.as_bytes(), AFTER_EXEC));
    }
    let mail = match address {
        Some(setting) => Some(Mail::Listen {
            client: call.id,
            setting,
            replies: call.session().reply_mode.replies(),
            before: Box::new(before),
        }),
        None => {
            call.reply.ok();
            None
        }
    };
    // Whether the addresses can be had decides about the other settings too.
    call.engine
        .mail
        .extend(mail.into_iter().chain(names.map(Mail::SettingChanged)));
    Ok(())
}

/// Gives the classes of events their value again as Redis does, which reads it from its text: they lose an `n` beside an
/// `A` by that.
fn set_back(call: &mut Call, settings: &[&'static Setting]) {
    let of_events = |setting: &&&Setting| setting.name == "notify-keyspace-events";
    if let Some(setting) = settings.iter().find(of_events) {
        let text = setting.get(&call.engine.config);
        // What is not understood stays as it was.
        let _ = setting.set(&mut call.engine.config, &text);
        call.engine.heed_settings();
    }
}

/// The settings that a CONFIG SET names, each known, changeable and named once.
fn settings_to_set(call: &Call) -> Result<Vec<&'static Setting>, Error> {
    let names = call.args.iter().skip(2).step_by(2);
    let mut chosen: Vec<&'static Setting> = Vec::new();
    for name in names {
        let setting = settings::find(name).ok_or_else(|| unknown(name))?;
        if !setting.is_mutable {
            // Redis could be told to let people change it.
            let kind = if setting.name == settings::DIR {
                "protected"
            } else {
                "immutable"
            };
            return Err(failed(name, &format!("can't set {kind} config")));
        }
        if chosen.iter().any(|other| other.name == setting.name) {
            return Err(failed(name, "duplicate parameter"));
        }
        chosen.push(setting);
    }
    Ok(chosen)
}

fn unknown(name: &[u8]) -> Error {
    let text = b"ERR Unknown option or number of arguments for CONFIG SET - '";
    Error::text([text, name, b"'"].concat())
}

/// The error of a setting that cannot have the value that it was to have.
pub fn failed(name: &[u8], reason: &str) -> Error {
    let text = b"ERR CONFIG SET failed (possibly related to argument '";
    Error::text([text, name, b"') - ", reason.as_bytes()].concat())
}

fn config_resetstat(call: &mut Call) -> Done {
    call.engine.stats.reset();
    call.reply.ok();
    Ok(())
}

fn config_rewrite(call: &mut Call) -> Done {
    let host = &call.engine.host;
    if host.config_file.is_empty() {
        return Err(Error::new(
            "ERR The server is running without a config file",
        ));
    }
    // Those in a file of their own are not the config file's.
    let users = if call.engine.config.aclfile.is_empty() {
        acl::file::lines(call.engine)
    } else {
        Vec::new()
    };
    (host.rewrite_config)(&call.engine.config, &users, &host.config_file)
        .map_err(|error| Error::text(format!("ERR Rewriting config file: {error}")))?;
    call.reply.ok();
    Ok(())
}

fn config_help(call: &mut Call) -> Done {
    help::help(call, help::CONFIG)
}
