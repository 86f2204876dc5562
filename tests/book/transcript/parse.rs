//! The steps of a page: what is typed into the shell or into `redis-cli`, and what the page shows after it.
//!
//! ```text
//!   $ echo a \                        a command of the shell; `> ` goes on with it
//!   > b
//!   a b                               what it prints
//!   $ redis-cli -3                    a session: its commands follow with the prompt of redis-cli
//!   127.0.0.1:6379> GET k
//!   (nil)
//! ```
//!
//! In a fence ` ```redis ` the line `$ redis-cli` is understood. README.md, which speaks of what happens in another terminal
//! meanwhile, has that as a comment on a line of its own, `<!-- $ sleep 3 -->`, which prints nothing.

use crate::markdown::Fence;

/// The fences that are run.
const KINDS: &[&str] = &["console", "redis"];
/// What every prompt of redis-cli begins with.
const PROMPT: &str = "127.0.0.1:6379";

/// One command and what has to follow it.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub number: usize,
    pub prompt: String,
    pub command: String,
    pub expected: Vec<String>,
}

/// What is run at once.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Shell(Line),
    /// `redis-cli`, with its arguments, and what is typed into it.
    Session(String, Vec<Line>),
}

/// The commands in comments, each as a fence of its own, for [`steps`]: together with the page's other fences, by line.
pub fn with_comments(text: &str, fences: Vec<Fence>) -> Vec<Fence> {
    let comments = (1..).zip(text.lines()).filter_map(|(line, text)| {
        let command = text.strip_prefix("<!-- $ ")?.strip_suffix(" -->")?;
        Some(Fence {
            line,
            info: KINDS[0].to_owned(),
            body: vec![(line, format!("$ {command}"))],
        })
    });
    let mut all: Vec<Fence> = fences.into_iter().chain(comments).collect();
    all.sort_by_key(|fence| fence.line);
    all
}

/// The steps of a page's fences, in their order; Err says where something is wrong and what.
pub fn steps(fences: &[Fence]) -> Result<Vec<Step>, (usize, String)> {
    let mut steps = Vec::new();
    for fence in fences {
        let kind = fence.info.split([',', ' ']).next().unwrap_or_default();
        if KINDS.contains(&kind) {
            let found = fence_steps(fence, kind == "redis")?;
            if found.is_empty() {
                let what =
                    "a transcript without a command; for what is not run there are `sh` and `text`";
                return Err((fence.line, what.to_owned()));
            }
            steps.extend(found);
        }
    }
    Ok(steps)
}

fn fence_steps(fence: &Fence, in_session: bool) -> Result<Vec<Step>, (usize, String)> {
    let indent = fence
        .body
        .first()
        .map_or(0, |(_, line)| line.len() - line.trim_start().len());
    let mut steps: Vec<Step> = Vec::new();
    if in_session {
        steps.push(Step::Session("redis-cli".to_owned(), Vec::new()));
    }
    for (number, line) in &fence.body {
        let line = line.get(indent..).unwrap_or_else(|| line.trim_start());
        if let Some(command) = line.strip_prefix("$ ") {
            if in_session {
                return Err((
                    *number,
                    "a shell's command in a `redis` fence; use `console`".to_owned(),
                ));
            }
            steps.push(Step::Shell(new_line(*number, "$ ", command)));
        } else if let Some((prompt, command)) = redis_prompt(line) {
            add_to_session(&mut steps, new_line(*number, prompt, command))
                .map_err(|what| (*number, what))?;
        } else {
            add_output(&mut steps, line).map_err(|what| (*number, what))?;
        }
    }
    for step in &steps {
        if let Step::Session(_, lines) = step {
            check_prompts(lines)?;
        }
    }
    steps.retain(|step| !matches!(step, Step::Session(_, lines) if lines.is_empty()));
    Ok(steps)
}

fn new_line(number: usize, prompt: &str, command: &str) -> Line {
    Line {
        number,
        prompt: prompt.to_owned(),
        command: command.to_owned(),
        expected: Vec::new(),
    }
}

/// Splits `127.0.0.1:6379(TX)> GET k`.
fn redis_prompt(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix(PROMPT)?;
    let end = rest.find("> ")?;
    let state = &rest[..end];
    let known = state
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "[]()".contains(c));
    known.then(|| (&line[..PROMPT.len() + end + 2], &rest[end + 2..]))
}

/// A session begins where a command `redis-cli` is followed by a prompt.
fn add_to_session(steps: &mut Vec<Step>, line: Line) -> Result<(), String> {
    match steps.pop() {
        Some(Step::Session(opened, mut lines)) => {
            lines.push(line);
            steps.push(Step::Session(opened, lines));
        }
        Some(Step::Shell(opened))
            if opened.command.starts_with("redis-cli") && opened.expected.is_empty() =>
        {
            steps.push(Step::Session(opened.command, vec![line]));
        }
        _ => return Err(
            "a prompt of redis-cli without `$ redis-cli` before it; or let the fence be `redis`"
                .to_owned(),
        ),
    }
    Ok(())
}

fn add_output(steps: &mut [Step], text: &str) -> Result<(), String> {
    match steps.last_mut() {
        Some(Step::Shell(line)) => match text.strip_prefix("> ") {
            Some(more) if line.expected.is_empty() => {
                line.command.push('\n');
                line.command.push_str(more);
            }
            _ => line.expected.push(text.to_owned()),
        },
        Some(Step::Session(_, lines)) if !lines.is_empty() => {
            let last = lines.len() - 1;
            lines[last].expected.push(text.to_owned());
        }
        _ => return Err("output before the first command".to_owned()),
    }
    Ok(())
}

/// The prompt tells whether a transaction is open and which database is selected: it has to be the one that redis-cli shows.
fn check_prompts(lines: &[Line]) -> Result<(), (usize, String)> {
    let (mut database, mut transaction) = (String::new(), "");
    for line in lines {
        let prompt = format!("{PROMPT}{database}{transaction}> ");
        if line.prompt != prompt {
            return Err((
                line.number,
                format!("here redis-cli shows the prompt `{prompt}`"),
            ));
        }
        let mut words = line
            .command
            .split_ascii_whitespace()
            .map(str::to_ascii_uppercase);
        match words.next().as_deref() {
            Some("MULTI") => transaction = "(TX)",
            Some("EXEC" | "DISCARD") => transaction = "",
            Some("SELECT") if transaction.is_empty() => {
                let chosen = words.next().filter(|number| number != "0");
                database = chosen.map_or(String::new(), |number| format!("[{number}]"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::fences;

    fn parsed(text: &str) -> Result<Vec<Step>, (usize, String)> {
        steps(&fences(text).expect("every fence ends"))
    }

    #[test]
    fn a_fence_is_commands_and_what_they_print() {
        let text = "```console\n$ echo a \\\n> b\na b\n$ redis-cli -3\n127.0.0.1:6379> MULTI\nOK\n127.0.0.1:6379(TX)> EXEC\n1) x\n```\n";
        let steps = parsed(text).expect("it is well formed");
        let Step::Shell(line) = &steps[0] else {
            panic!("{steps:?}")
        };
        assert_eq!((line.command.as_str(), line.number), ("echo a \\\nb", 2));
        assert_eq!(line.expected, ["a b"]);
        let Step::Session(opened, lines) = &steps[1] else {
            panic!("{steps:?}")
        };
        assert_eq!((opened.as_str(), lines.len()), ("redis-cli -3", 2));
        assert_eq!((lines[1].command.as_str(), lines[1].number), ("EXEC", 8));
        assert_eq!(lines[1].expected, ["1) x"]);
    }

    #[test]
    fn a_comment_is_a_command_in_its_place() {
        let text = "```console\n$ a\n```\n<!-- $ b & -->\n```console\n$ c\n```\n";
        let steps = steps(&with_comments(
            text,
            fences(text).expect("every fence ends"),
        ));
        let steps = steps.expect("it is well formed");
        let commands: Vec<&str> = steps
            .iter()
            .map(|step| match step {
                Step::Shell(line) => line.command.as_str(),
                Step::Session(..) => "a session",
            })
            .collect();
        assert_eq!(commands, ["a", "b &", "c"]);
    }

    #[test]
    fn what_cannot_be_run_is_said() {
        for (text, line) in [
            ("```console\nwhat\n```\n", 2),
            ("```console\n```\n", 1),
            ("```redis\n$ ls\n```\n", 2),
            ("```console\n127.0.0.1:6379> GET k\n```\n", 2),
            ("```redis\n127.0.0.1:6379(TX)> GET k\n```\n", 2),
            (
                "```redis\n127.0.0.1:6379> SELECT 2\nOK\n127.0.0.1:6379> PING\n```\n",
                4,
            ),
        ] {
            let found = parsed(text).map_err(|(line, _)| line);
            assert_eq!(found, Err(line), "{text}");
        }
        assert_eq!(parsed("```sh\n$ ls\n```\n"), Ok(Vec::new()));
    }
}
