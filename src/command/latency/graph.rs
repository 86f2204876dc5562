//! LATENCY GRAPH: the events of one kind as a picture in letters, one column for each second.
//!
//! ```text
//!      #          four rows of three levels each: `_`, `o`, `#`
//!   _  |          and bars below the top of a column
//!   o_ |
//!  _||_|
//!
//!  55432          how long ago that was, read downward: 15 s, 15 s, 4 s, ...
//!  ssss
//! ```

use crate::engine::latency::{Sample, Series};

/// Columns side by side; older events stand in a picture above.
const COLUMNS: usize = 80;

/// Rows of a picture.
const ROWS: u64 = 4;

/// The levels that a letter can show, the lowest first.
const LEVELS: [char; 3] = ['_', 'o', '#'];

/// What a column has below its top.
const BELOW: char = '|';

/// The picture at a moment in unix seconds.
pub fn draw(series: &Series, now_s: u64) -> String {
    let samples: Vec<Sample> = series.samples().collect();
    let low = samples.iter().map(|s| s.ms).min().unwrap_or(0);
    let high = samples.iter().map(|s| s.ms).max().unwrap_or(0);
    let mut text = format!(
        "{} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
        series.event,
        series.max_ms,
        "-".repeat(COLUMNS)
    );
    for (nth, part) in samples.chunks(COLUMNS).enumerate() {
        if nth > 0 {
            text.push('\n');
        }
        draw_columns(&mut text, part, (low, high));
        label_columns(&mut text, part, now_s);
    }
    text
}

fn draw_columns(text: &mut String, samples: &[Sample], (low, high): (u64, u64)) {
    let levels = LEVELS.len() as u64;
    let steps = u128::from(ROWS * levels);
    let range = u128::from((high - low).max(1));
    let step = |sample: &Sample| {
        let step = u128::from(sample.ms - low) * steps / range;
        step.min(steps - 1) as u64
    };
    for row in (0..ROWS).rev() {
        text.extend(
            samples
                .iter()
                .map(|sample| match step(sample).checked_sub(row * levels) {
                    None => ' ',
                    Some(level) if level < levels => LEVELS[level as usize],
                    Some(_) => BELOW,
                }),
        );
        text.push('\n');
    }
}

/// Below an empty line how long ago each was, read downward.
fn label_columns(text: &mut String, samples: &[Sample], now_s: u64) {
    let label = |sample: &Sample| age(now_s.saturating_sub(sample.unix_s));
    let labels: Vec<String> = samples.iter().map(label).collect();
    let height = labels.iter().map(String::len).max().unwrap_or(0);
    text.extend(labels.iter().map(|_| ' '));
    text.push('\n');
    for row in 0..height {
        let letter = |label: &String| label.as_bytes().get(row).map_or(' ', |&b| char::from(b));
        text.extend(labels.iter().map(letter));
        text.push('\n');
    }
}

/// A time in the largest unit of which it has one.
fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
