//! Draws the plots and writes the tables of a comparison of servers, from what was measured.
//!
//! ```text
//! cargo run --example plots                                   # benches/data -> docs/img, benches/compare.md
//! cargo run --example plots -- RUN.json FOLDER [PAGE.md]      # one run, or a folder of runs -> plots, tables
//! ```
//!
//! No number on the page is typed by a person, and a test compares page and plots with the data beside them.
//!
//! ```text
//!   runs (JSON) ── measured ─┬─ figures ── chart ── svg ──> docs/img/*.svg
//!                            ├─ goals ──── page ──────────> benches/compare.md, between its markers
//!                            └─ collections, sessions ─┘
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[path = "../end_to_end/collections/cases.rs"]
mod cases;
mod chart;
mod collections;
mod figures;
mod goals;
mod measured;
#[path = "../end_to_end/metrics.rs"]
mod metrics;
mod page;
#[path = "../end_to_end/sessions/cases.rs"]
mod session_cases;
mod sessions;
mod svg;
mod units;

use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use measured::Measured;

const DATA: &str = "benches/data";
const IMAGES: &str = "docs/img";
const PAGE: &str = "benches/compare.md";
const USAGE: &str = "usage: plots [RUN.json|FOLDER_OF_RUNS FOLDER_FOR_PLOTS [PAGE.md]]";

fn main() -> ExitCode {
    let args: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let result = match &args[..] {
        [] => run(Path::new(DATA), Path::new(IMAGES), Some(Path::new(PAGE))),
        [data, images] => run(data, images, None),
        [data, images, page] => run(data, images, Some(page)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(data: &Path, images: &Path, page: Option<&Path>) -> Result<(), String> {
    let data = Measured::read(data)?;
    let plots = figures::all(&data);
    fs::create_dir_all(images).map_err(|e| format!("{}: {e}", images.display()))?;
    for plot in &plots {
        write(&images.join(plot.file), &plot.figure.draw())?;
    }
    if let Some(path) = page {
        let old = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let new = page::rewrite(&old, &data, &plots, &way(path, images));
        write(path, &new.map_err(|e| format!("{}: {e}", path.display()))?)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// The way from a page to a folder, both given from the same place.
fn way(page: &Path, folder: &Path) -> String {
    let below = page
        .components()
        .filter(|c| matches!(c, Component::Normal(_)))
        .count()
        .saturating_sub(1);
    let up = if folder.is_absolute() {
        String::new()
    } else {
        "../".repeat(below)
    };
    format!("{up}{}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_and_the_plots_are_what_the_data_gives() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |path: PathBuf| {
            fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let data = Measured::read(&root.join(DATA)).expect("the runs can be read");
        let plots = figures::all(&data);
        let again = "run `cargo run --example plots` again";
        for plot in &plots {
            let drawn = plot.figure.draw();
            assert!(
                read(root.join(IMAGES).join(plot.file)) == drawn,
                "{} is out of date: {again}",
                plot.file
            );
        }
        let page = read(root.join(PAGE));
        let new = page::rewrite(
            &page,
            &data,
            &plots,
            &way(Path::new(PAGE), Path::new(IMAGES)),
        );
        assert!(
            new.expect("the page has its markers") == page,
            "{PAGE} is out of date: {again}"
        );
    }

    #[test]
    fn the_way_to_the_images_starts_at_the_page() {
        assert_eq!(
            way(Path::new("benches/compare.md"), Path::new("docs/img")),
            "../docs/img"
        );
        assert_eq!(way(Path::new("page.md"), Path::new("img")), "img");
        assert_eq!(
            way(Path::new("a/page.md"), Path::new("/tmp/img")),
            "/tmp/img"
        );
    }
}
