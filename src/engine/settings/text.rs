//! How the values of settings are written: each with a reader, and a writer where that says more than
//! `to_string`. The errors are what CONFIG SET answers, in Redis's words where it has any.

use super::Unit;
use crate::engine::config::{BUFFER_CLASSES, BufferLimit, Config};
use crate::number::{parse_f64, parse_i64};

/// The longest time over a soft limit, in seconds: a century.
const MAX_SOFT_S: u64 = 100 * 366 * 24 * 3600;

/// The most percentiles that INFO tells of one command.
const MAX_PERCENTILES: usize = 128;

const PERCENTILES: &str = "latency-tracking-info-percentiles";

pub(super) fn parse_yes_no(text: &[u8]) -> Result<bool, String> {
    match text {
        _ if text.eq_ignore_ascii_case(b"yes") => Ok(true),
        _ if text.eq_ignore_ascii_case(b"no") => Ok(false),
        _ => Err("argument must be 'yes' or 'no'".to_owned()),
    }
}

pub(super) fn yes_no(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

pub(super) fn must_be_one_of(words: &[&str]) -> String {
    format!(
        "argument(s) must be one of the following: {}",
        words.join(", ")
    )
}

pub(super) fn parse_number(text: &[u8], min: i64, max: i64, unit: Unit) -> Result<i64, String> {
    let number = match unit {
        Unit::Plain => parse_i64(text).ok_or("argument couldn't be parsed into an integer")?,
        Unit::Memory => parse_memory(text).ok_or("argument must be a memory value")?,
        Unit::MemoryOrPercent => parse_memory_or_percent(text)?,
        Unit::Octal => std::str::from_utf8(text)
            .ok()
            .and_then(|text| i64::from_str_radix(text, 8).ok())
            .ok_or("argument couldn't be parsed as an octal number")?,
    };
    if (min..=max).contains(&number) {
        return Ok(number);
    }
    Err(match unit {
        Unit::Octal => format!("argument must be between {min:o} and {max:o} inclusive"),
        _ => format!("argument must be between {min} and {max} inclusive"),
    })
}

/// A number of bytes, with a unit if there is one: `1k` is 1000, `1kb` is 1024.
pub(super) fn parse_memory(text: &[u8]) -> Option<i64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = text.split_at(digits);
    let factor: i64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    std::str::from_utf8(number)
        .ok()?
        .parse::<i64>()
        .ok()?
        .checked_mul(factor)
}

/// A number of bytes, or a percentage, which is negative.
fn parse_memory_or_percent(text: &[u8]) -> Result<i64, String> {
    let wrong = "argument must be a memory or percent value";
    let Some(digits) = text.strip_suffix(b"%") else {
        return Ok(parse_memory(text).ok_or(wrong)?);
    };
    let percent = parse_i64(digits).filter(|&percent| percent >= 0);
    match percent.ok_or(wrong)? {
        percent @ ..=100 => Ok(-percent),
        _ => Err("percentage argument must be less or equal to 100".to_owned()),
    }
}

pub(super) fn set_bind(config: &mut Config, words: &[Vec<u8>]) -> Result<(), String> {
    config.bind = words
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    Ok(())
}

/// A percentile with as many digits as it has, up to six: `99.9`.
#[must_use]
pub fn percentile_text(percentile: f64) -> String {
    let digits = format!("{percentile:.6}");
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

pub(super) fn percentiles_text(config: &Config) -> String {
    let percentiles = config.latency_percentiles.iter();
    let texts: Vec<String> = percentiles.map(|&p| percentile_text(p)).collect();
    texts.join(" ")
}

pub(super) fn set_percentiles(config: &mut Config, words: &[Vec<u8>]) -> Result<(), String> {
    let words = match words {
        [word] if word.is_empty() => &[],
        _ if words.len() > MAX_PERCENTILES => return Err(format!("Too many {PERCENTILES}")),
        _ => words,
    };
    let percentile = |word: &Vec<u8>| match parse_f64(word) {
        None => Err(format!("Invalid {PERCENTILES} parameters")),
        Some(percentile @ 0.0..=100.0) => Ok(percentile),
        Some(_) => Err(format!(
            "{PERCENTILES} parameters should sit between [0.0,100.0]"
        )),
    };
    config.latency_percentiles = words.iter().map(percentile).collect::<Result<_, _>>()?;
    Ok(())
}

pub(super) fn buffer_limits_text(config: &Config) -> String {
    let texts: Vec<String> = BUFFER_CLASSES
        .iter()
        .zip(config.client_output_buffer_limit)
        .map(|(class, limit)| {
            format!(
                "{class} {} {} {}",
                limit.hard_bytes, limit.soft_bytes, limit.soft_s
            )
        })
        .collect();
    texts.join(" ")
}

pub(super) fn set_buffer_limits(config: &mut Config, words: &[Vec<u8>]) -> Result<(), String> {
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".to_owned());
    }
    for group in words.chunks_exact(4) {
        let class = buffer_class(&group[0])
            .ok_or("Invalid client class specified in buffer limit configuration.")?;
        let numbers = (
            parse_memory(&group[1]).and_then(|n| u64::try_from(n).ok()),
            parse_memory(&group[2]).and_then(|n| u64::try_from(n).ok()),
            parse_i64(&group[3]).and_then(|n| u64::try_from(n).ok()),
        );
        let (Some(hard_bytes), Some(soft_bytes), Some(soft_s @ ..=MAX_SOFT_S)) = numbers else {
            return Err(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration."
                    .to_owned(),
            );
        };
        config.client_output_buffer_limit[class] = BufferLimit {
            hard_bytes,
            soft_bytes,
            soft_s,
        };
    }
    Ok(())
}

fn buffer_class(name: &[u8]) -> Option<usize> {
    let name = if name.eq_ignore_ascii_case(b"replica") {
        b"slave"
    } else {
        name
    };
    BUFFER_CLASSES
        .iter()
        .position(|class| class.as_bytes().eq_ignore_ascii_case(name))
}
