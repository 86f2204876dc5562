//! Which words of a request are secrets: passwords, and what makes users.
//!
//! MONITOR and the slow log show [`REDACTED`] in their place. (Redis redacts a word when it has come to it, and
//! shows the passwords of a request that fails before that; they are hidden here in any case.)

use super::is_word;
use super::table::Listed;
use crate::resp::Request;

/// What stands for a secret.
pub const REDACTED: &[u8] = b"(redacted)";

/// The settings whose values are secrets.
const SECRET_SETTINGS: &[&str] = &[
    "masterauth",
    "masteruser",
    "requirepass",
    "tls-client-key-file-pass",
    "tls-key-file-pass",
];

/// The positions of the words that are not to be shown, in ascending order, in a request of this command. Its
/// first word may be another name.
pub fn secrets(command: &Listed, args: &Request<'_>) -> Vec<usize> {
    let own_name = command.own_name();
    let is = |i: usize, word| args.get(i).is_some_and(|arg| is_word(arg, word));
    if own_name == "AUTH" {
        (1..args.len()).collect()
    } else if own_name == "HELLO" {
        secrets_of_hello(args)
    } else if own_name == "ACL" && is(1, "SETUSER") {
        (2..args.len()).collect()
    } else if own_name == "CONFIG" && is(1, "SET") {
        let values = (3..args.len()).step_by(2);
        values
            .filter(|&i| SECRET_SETTINGS.iter().any(|name| is(i - 1, name)))
            .collect()
    } else {
        Vec::new()
    }
}

fn secrets_of_hello(args: &Request<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    // Where the version is missing the request fails, and shows its password all the same.
    let mut i = 1;
    while let Some(option) = args.get(i) {
        if is_word(option, "AUTH") {
            found.extend((i + 1..args.len()).take(2));
            i += 3;
        } else if is_word(option, "SETNAME") {
            i += 2;
        } else {
            i += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    fn of(words: &str) -> Vec<usize> {
        let mut owned = OwnedRequest::from_args(words.split(' '));
        let request = owned.request();
        let command = crate::command::find(&request).expect("it is in the table");
        secrets(command, &request)
    }

    #[test]
    fn passwords_are_secrets() {
        for (words, expected) in [
            ("GET AUTH x", &[][..]),
            ("auth x", &[1]),
            ("AUTH u x", &[1, 2]),
            ("HELLO 3", &[]),
            ("HELLO 3 auth u p SETNAME n", &[3, 4]),
            ("HELLO 3 SETNAME AUTH AUTH u p", &[5, 6]),
            ("HELLO 3 AUTH u", &[3]),
            ("HELLO AUTH u p", &[2, 3]),
            ("HELLO 3 NONAME x AUTH u p", &[5, 6]),
            ("acl SETUSER bob on >x", &[2, 3, 4]),
            ("ACL LIST bob", &[]),
            ("CONFIG SET port 1 REQUIREPASS x", &[5]),
            ("CONFIG SET requirepass", &[]),
            ("CONFIG GET requirepass x", &[]),
        ] {
            assert_eq!(of(words), expected, "{words}");
        }
    }
}
