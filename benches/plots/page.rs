//! The page that shows the results: what is between its markers is written here, the rest by people.
//!
//! ```text
//!   <!-- table: begin, written by the command above -->
//!   ... replaced each time ...
//!   <!-- table: end -->
//! ```
//!
//! One section is shared: a goal that is missed has a line there, and the reason behind its colon is a person's. It
//! is kept as long as the goal is missed; a goal newly missed gets [`UNEXPLAINED`].

use std::fmt::Write as _;

use crate::collections;
use crate::figures::Plot;
use crate::goals::{self, Finding, Goal, Mark, Verdict};
use crate::measured::{Measured, Run, SUBJECT, display_name};
use crate::sessions;
use crate::units;

/// Stands where a person has to write a reason.
pub const UNEXPLAINED: &str = "TODO-LEAD";

/// Goals about memory and pauses speak of runs with at least so many keys.
const FULL_RUN_KEYS: u64 = 1_000_000;

/// Writes every section of `page` anew. `images` is the way from the page to the plots.
///
/// # Errors
///
/// A sentence that names the marker that is missing.
pub fn rewrite(
    page: &str,
    data: &Measured,
    plots: &[Plot],
    images: &str,
) -> Result<String, String> {
    let page = replace(page, "machine", &machine(data))?;
    let page = replace(&page, "table", &table(data, &goals::all(), data.limit()))?;
    let page = replace(&page, "collections", &collections_table(data))?;
    let page = replace(&page, "sessions", &sessions_table(data))?;
    let reasons = reasons(data, section(&page, "reasons")?.1);
    let page = replace(&page, "reasons", &reasons)?;
    replace(&page, "plots", &pictures(plots, images))
}

fn replace(page: &str, name: &str, text: &str) -> Result<String, String> {
    let (before, _, after) = section(page, name)?;
    Ok(format!("{before}\n{}\n{after}", text.trim_end()))
}

/// The page up to the end of the section's first marker, the section, and the page from its last marker on.
fn section<'a>(page: &'a str, name: &str) -> Result<(&'a str, &'a str, &'a str), String> {
    let missing = |what| format!("the page has no `<!-- {name}: {what}`");
    let begin = page
        .find(&format!("<!-- {name}: begin"))
        .ok_or_else(|| missing("begin"))?;
    let start = begin
        + page[begin..]
            .find("-->")
            .ok_or_else(|| missing("begin ... -->"))?
        + "-->".len();
    let end = page[start..]
        .find(&format!("<!-- {name}: end -->"))
        .ok_or_else(|| missing("end -->"))?;
    Ok((
        &page[..start],
        &page[start..start + end],
        &page[start + end..],
    ))
}

fn machine(data: &Measured) -> String {
    let mut out = String::from(
        "| run | machine | rounds | keys | measures |\n| --- | --- | --- | --- | --- |\n",
    );
    for Run {
        date,
        cpu,
        cpus,
        kernel,
        only,
        keyspace,
        keys,
        rounds,
        ..
    } in &data.runs
    {
        let date = date.replace('T', " ");
        let measures = if only.is_empty() {
            "all".to_owned()
        } else {
            only.replace(',', ", ")
        };
        let mut counts = format!("{} for requests", units::thousands(*keyspace));
        if *keys > 0 {
            write!(
                counts,
                ", {} for memory and pauses",
                units::thousands(*keys)
            )
            .expect("writing to a String cannot fail");
        }
        let row = format!(
            "| {date} | {cpu}, {cpus} processors, Linux {kernel} | {rounds} | {counts} | {measures} |\n"
        );
        out.push_str(&row);
    }
    let is_short = |run: &Run| run.keys > 0 && run.keys < FULL_RUN_KEYS;
    if data.runs.iter().any(is_short) {
        out.push_str("\nRuns with fewer than a million keys for memory and pauses were short ones: the goals are about more.\n");
    }
    out.push_str("\nThe servers, as they were started:\n\n```sh\n");
    let mut specs: Vec<String> = data
        .runs
        .iter()
        .flat_map(|run| run.specs.iter().map(|spec| command(spec)))
        .collect();
    specs.sort();
    specs.dedup();
    out.push_str(&specs.join("\n"));
    out.push_str("\n```\n");
    out
}

/// The command of a `NAME=COMMAND`, without the folder that its program was in.
fn command(spec: &str) -> String {
    let command = spec.split_once('=').map_or(spec, |(_, command)| command);
    let (program, arguments) = command.split_once(' ').unwrap_or((command, ""));
    let program = program.rsplit('/').next().unwrap_or(program);
    format!("{program} {arguments}").replace("{port}", "PORT")
}

/// The limit of constant replies takes no part in this one.
fn collections_table(data: &Measured) -> String {
    if collections::are_measured(data) {
        table(data, &collections::goals(), None)
    } else {
        "\nThere is no run with collections in the data.".to_owned()
    }
}

/// The same.
fn sessions_table(data: &Measured) -> String {
    if sessions::are_measured(data) {
        table(data, &sessions::goals(), None)
    } else {
        "\nThere is no run with sessions in the data.".to_owned()
    }
}

/// The limit has a column where it took part.
fn table(data: &Measured, goals: &[Goal], limit: Option<&str>) -> String {
    let limit = limit.map(display_name);
    let cell = |text: &str| format!(" {text} |");
    let mut out = format!(
        "| | {} | {} |{} × better (rounds) | reach | aim | holds |\n| --- | ---: | ---: |{} ---: | ---: | ---: | --- |\n",
        display_name(&data.reference),
        display_name(SUBJECT),
        limit.map(cell).unwrap_or_default(),
        limit.map(|_| cell("---:")).unwrap_or_default(),
    );
    let columns = if limit.is_some() { 7 } else { 6 };
    for goal in goals {
        writeln!(out, "| **{}** |{}", goal.title, " |".repeat(columns))
            .expect("writing to a String cannot fail");
        for (name, query) in &goal.measures {
            let finding = goals::find(data, goal, query);
            out.push_str(&row(goal, name, &finding, limit.is_some()));
        }
    }
    out
}

fn row(goal: &Goal, name: &str, finding: &Finding, has_limit: bool) -> String {
    let value = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), goal.format);
    let ratio = finding.ratio.map_or_else(
        || "–".to_owned(),
        |r| {
            if r.low == r.high {
                times(r.median)
            } else {
                format!("{} ({:.2}–{:.2})", times(r.median), r.low, r.high)
            }
        },
    );
    let verdict = match finding.verdict {
        Verdict::Aim if goal.aim == Mark::None => "yes",
        Verdict::Aim => "aim",
        Verdict::Reach => "reach",
        Verdict::Missed => "**no**",
        Verdict::Unmeasured => "not measured",
    };
    let mut cells = vec![value(finding.reference), value(finding.subject)];
    cells.extend(has_limit.then(|| value(finding.limit)));
    cells.extend([ratio, mark(goal, goal.reach), mark(goal, goal.aim)]);
    format!("| {name} | {} | {verdict} |\n", cells.join(" | "))
}

/// Two digits behind the point whatever its size, so that a column compares.
fn times(ratio: f64) -> String {
    format!("{ratio:.2}")
}

fn mark(goal: &Goal, mark: Mark) -> String {
    match mark {
        Mark::Times(times) => format!("{times} ×"),
        Mark::AtMost(most) => units::short(&(goal.format)(most)),
        Mark::AsTheLimit => "constant replies'".to_owned(),
        Mark::None => String::new(),
    }
}

fn reasons(data: &Measured, old: &str) -> String {
    let mut out = String::new();
    let mut goals = goals::all();
    if collections::are_measured(data) {
        goals.extend(collections::goals());
    }
    if sessions::are_measured(data) {
        goals.extend(sessions::goals());
    }
    for goal in goals {
        let missed = missed(data, &goal);
        if missed.is_empty() {
            continue;
        }
        let reason = reason(old, goal.title).unwrap_or(UNEXPLAINED);
        writeln!(
            out,
            "- **{}** ({}): {reason}",
            goal.title,
            missed.join("; ")
        )
        .expect("writing to a String cannot fail");
    }
    if out.is_empty() {
        "\nEvery goal that was measured holds.".to_owned()
    } else {
        format!("\n{out}")
    }
}

/// What of a goal does not hold, in words.
fn missed(data: &Measured, goal: &Goal) -> Vec<String> {
    let names = |wanted: Verdict| {
        let found = goal
            .measures
            .iter()
            .filter(|(_, query)| goals::find(data, goal, query).verdict == wanted);
        found.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    let words = [
        (Verdict::Missed, "reach not met"),
        (Verdict::Reach, "aim not met"),
        (Verdict::Unmeasured, "not measured"),
    ];
    let all = words.map(|(verdict, words)| (names(verdict), words));
    all.into_iter()
        .filter(|(names, _)| !names.is_empty())
        .map(|(names, words)| format!("{words}: {names}"))
        .collect()
}

/// What a person wrote about the goal: everything behind its line's `): `, up to the next goal's line.
fn reason<'a>(old: &'a str, title: &str) -> Option<&'a str> {
    let key = format!("- **{title}** (");
    let line = &old[old.find(&key)? + key.len()..];
    let line = &line[line.find("): ")? + "): ".len()..];
    let reason = line.split("\n- **").next().unwrap_or(line).trim_end();
    (!reason.is_empty()).then_some(reason)
}

fn pictures(plots: &[Plot], images: &str) -> String {
    let mut out = String::new();
    for plot in plots {
        write!(out, "\n![{}]({images}/{})\n", plot.figure.title, plot.file)
            .expect("writing to a String cannot fail");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures;
    use crate::measured::tests::{document, measured};

    const PAGE: &str = "# Title\n<!-- machine: begin, x -->\n<!-- machine: end -->\nby hand\n\
        <!-- table: begin -->\nold 99\n<!-- table: end -->\n<!-- reasons: begin -->\n<!-- reasons: end -->\n\
        <!-- collections: begin -->\n<!-- collections: end -->\n\
        <!-- sessions: begin -->\n<!-- sessions: end -->\n\
        <!-- plots: begin -->\n<!-- plots: end -->\nthe end\n";

    fn ping(aero: f64) -> Measured {
        let sample = |server, ns| ("cpu", "PING       P16  c50", server, 0, "cpu_ns", ns);
        measured(&[document(
            100_000,
            &[sample("redis", 600.0), sample("aero", aero)],
        )])
    }

    fn rewritten(page: &str, data: &Measured) -> String {
        rewrite(page, data, &figures::all(data), "../img").expect("the page has the markers")
    }

    #[test]
    fn numbers_are_put_between_the_markers_and_nothing_else_changes() {
        let page = rewritten(PAGE, &ping(300.0));
        assert!(
            page.contains("| PING | 600 ns | 300 ns | 2.00 | 1.4 × | 1.6 × | aim |"),
            "{page}"
        );
        assert!(page.contains("were short ones"));
        assert!(!page.contains("old 99"));
        assert!(
            page.starts_with("# Title\n")
                && page.contains("\nby hand\n")
                && page.ends_with("\nthe end\n")
        );
        assert_eq!(
            rewritten(&page, &ping(300.0)),
            page,
            "a second time changes nothing"
        );
    }

    #[test]
    fn the_limit_has_a_column_where_it_took_part() {
        let sample = |server, ns| ("cpu", "PING       P16  c50", server, 0, "cpu_ns", ns);
        let servers = [("redis", 600.0), ("aero", 300.0), ("ceiling", 250.0)];
        let samples = servers.map(|(server, ns)| sample(server, ns));
        let page = rewritten(PAGE, &measured(&[document(0, &samples)]));
        for row in [
            "| | redis-server | Aerolite | constant replies | × better (rounds) |",
            "| PING | 600 ns | 300 ns | 250 ns | 2.00 | 1.4 × | 1.6 × | aim |",
            "| **CPU per PING, `-P 16`** | | | | | | | |\n",
        ] {
            assert!(page.contains(row), "{page}");
        }
        assert!(!rewritten(&page, &ping(300.0)).contains("constant replies |"));
    }

    #[test]
    fn a_reason_lives_as_long_as_its_goal_is_missed() {
        let line = "- **CPU per PING, `-P 16`** (reach not met: PING): ";
        let page = rewritten(PAGE, &ping(590.0));
        assert!(page.contains(&format!("{line}{UNEXPLAINED}\n")), "{page}");
        let page = page.replace(
            &format!("{line}{UNEXPLAINED}"),
            &format!("{line}The kernel (see x): it is slow,\n  that is why."),
        );
        let page = rewritten(&page, &ping(580.0));
        assert!(
            page.contains(&format!(
                "{line}The kernel (see x): it is slow,\n  that is why.\n- **"
            )),
            "{page}"
        );
        let page = rewritten(&page, &ping(400.0));
        assert!(page.contains("(aim not met: PING): The kernel"), "{page}");
        assert!(!rewritten(&page, &ping(300.0)).contains("The kernel"));
    }

    #[test]
    fn collections_have_a_table_of_their_own_once_they_are_measured() {
        let none = "There is no run with collections in the data.";
        let page = rewritten(PAGE, &ping(300.0));
        assert!(page.contains(none), "{page}");
        assert!(!page.contains("of a list"), "{page}");
        let sample = |server, ns| ("collections P16", "LPUSH", server, 0, "cpu_ns", ns);
        let servers = [("redis", 900.0), ("aero", 1000.0)];
        let run = document(1, &servers.map(|(server, ns)| sample(server, ns)));
        let page = rewritten(&page, &measured(&[run]));
        assert!(!page.contains(none), "{page}");
        for line in [
            "| | redis-server | Aerolite | × better (rounds) | reach | aim | holds |\n",
            "| LPUSH | 900 ns | 1.00 µs | 0.90 | 1 × |  | **no** |\n",
            "redis-benchmark, `-P 16`** (reach not met: LPUSH; not measured: RPUSH, LPOP, ",
        ] {
            assert!(page.contains(line), "{line}{page}");
        }
    }

    #[test]
    fn sessions_have_a_table_of_their_own_once_they_are_measured() {
        let none = "There is no run with sessions in the data.";
        let page = rewritten(PAGE, &ping(300.0));
        assert!(page.contains(none), "{page}");
        assert!(!page.contains("10,000 subscribers"), "{page}");
        let case = "32 bytes, one at a time";
        let sample = |server, ns| ("publish", case, server, 0, "cpu_ns", ns);
        let servers = [("redis", 5000.0), ("aero", 4000.0)];
        let run = document(1, &servers.map(|(server, ns)| sample(server, ns)));
        let page = rewritten(&page, &measured(&[run]));
        assert!(!page.contains(none), "{page}");
        let row = "| 32 bytes, one at a time | 5.00 µs | 4.00 µs | 1.25 | 1 × |  | yes |\n";
        assert!(page.contains(row), "{page}");
        let reason = "10,000 subscribers** (not measured: 1024 bytes, one at a time, ";
        assert!(page.contains(reason), "{page}");
    }

    #[test]
    fn a_missing_marker_is_named() {
        let page = PAGE.replace("<!-- table: end -->", "");
        let error = rewrite(&page, &ping(1.0), &[], "x").expect_err("a marker is missing");
        assert!(error.contains("<!-- table: end"), "{error}");
    }

    #[test]
    fn commands_are_shown_without_folders() {
        assert_eq!(
            command("aero=/x/y/aerolite --port {port}"),
            "aerolite --port PORT"
        );
    }
}
