//! The crate's examples as programs, for tests that run them.
//!
//! ```text
//!   target/debug/deps/labs-0d1f…           the test itself
//!   target/debug/examples/lab_one_accept   what it runs
//!   target/debug/examples/lab_one_accept.d   the sources that it was made of
//! ```
//!
//! Plain `cargo test` has built them all before any test runs. `cargo test --test labs` has not, and what is there
//! may be of yesterday: so an example that is missing, or older than one of its sources, has cargo build them all,
//! once in a test's process.
// Each test file compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The program of this example, as the sources are now.
///
/// # Panics
/// There is no such example, or it cannot be built.
#[track_caller]
pub fn example(name: &str) -> PathBuf {
    let program = directory().join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if !is_fresh(&program) {
        static BUILT: OnceLock<()> = OnceLock::new();
        BUILT.get_or_init(build_all);
    }
    assert!(
        program.is_file(),
        "there is no example {name}: {} is not there after `cargo build --examples`",
        program.display()
    );
    program
}

/// Where cargo puts the examples of the profile that this test is of.
fn directory() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own program");
    let profile = test.parent().and_then(Path::parent);
    profile
        .expect("a test is in target/<profile>/deps")
        .join("examples")
}

/// Whether it is there and none of its sources has changed since. Cargo has noted them in a file of the form
/// `program: source source`, in which a space in a name is `\ `.
fn is_fresh(program: &Path) -> bool {
    let Some(built) = changed(program) else {
        return false;
    };
    let Ok(noted) = fs::read_to_string(program.with_extension("d")) else {
        return false;
    };
    let noted = noted.replace("\\ ", "\0");
    let mut sources = noted.split_whitespace().skip(1);
    sources.all(|source| {
        let source = source.replace('\0', " ");
        changed(Path::new(&source)).is_some_and(|changed| changed <= built)
    })
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|there| there.modified()).ok()
}

/// Builds all examples in the profile and the directory in which this test was built.
fn build_all() {
    let examples = directory();
    let profile_dir = examples.parent().expect("it is in target/<profile>");
    let target = profile_dir.parent().expect("it is in target");
    let profile = match profile_dir.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--examples", "--profile"])
        .arg(profile)
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    let built = built.expect("cargo can be run");
    assert!(built.success(), "cargo build --examples: {built}");
}
