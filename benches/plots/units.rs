//! Numbers as people read them: three digits, and the unit that keeps them short.
//!
//! Every quantity has one unit inside the program (nanoseconds, bytes, requests per second); the larger units
//! appear here, and nowhere else.

/// How a quantity is written.
pub type Format = fn(f64) -> String;

/// A duration given in nanoseconds: `613 ns`, `3.86 µs`, `26.6 ms`.
pub fn time(ns: f64) -> String {
    scaled(ns, &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")])
}

/// A rate given in units per second: `118 k/s`, `1.63 M/s`.
pub fn rate(per_second: f64) -> String {
    scaled(per_second, &[(1.0, "/s"), (1e3, "k/s"), (1e6, "M/s")])
}

/// A size given in bytes: `84.6 B`, `8866 B`, `1.68 MB` (a million bytes).
pub fn bytes(bytes: f64) -> String {
    // Sizes of some thousand bytes are compared with each other here, so they keep their digits: no kilobytes.
    scaled(bytes, &[(1.0, "B"), (1e6, "MB")])
}

/// A plain count: `3394`, `10.6`, `0`.
pub fn count(n: f64) -> String {
    digits(n)
}

/// `1234567` as `1,234,567`.
pub fn thousands(n: u64) -> String {
    let plain = n.to_string();
    let mut out = String::new();
    for (i, c) in plain.chars().enumerate() {
        if i > 0 && (plain.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Takes the zeros after the point away, for axes: `1.00 µs` becomes `1 µs`.
pub fn short(text: &str) -> String {
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text.to_owned(),
    }
}

/// `value` in the largest of `units` (size and name, ascending) that leaves at least one before the point.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = units.iter().rev().find(|(size, _)| value >= *size);
    let (size, name) = fits.or(units.first()).expect("a scale has units");
    format!("{} {name}", digits(value / size))
}

/// Three significant digits, never cutting any before the point.
fn digits(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_owned(),
        a if a >= 99.95 => format!("{x:.0}"),
        a if a >= 9.995 => format!("{x:.1}"),
        _ => format!("{x:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well() {
        assert_eq!(time(613.2), "613 ns");
        assert_eq!(time(3862.6), "3.86 µs");
        assert_eq!(time(26_608_619.0), "26.6 ms");
        assert_eq!(rate(118_081.0), "118 k/s");
        assert_eq!(bytes(84.56), "84.6 B");
        assert_eq!(bytes(8865.8), "8866 B");
        assert_eq!(bytes(1_679_888.0), "1.68 MB");
        assert_eq!(count(0.0), "0");
        assert_eq!(thousands(2_000_000), "2,000,000");
        assert_eq!(thousands(300), "300");
    }

    #[test]
    fn axes_drop_empty_decimals_only() {
        assert_eq!(short("1.00 µs"), "1 µs");
        assert_eq!(short("2.50 ms"), "2.5 ms");
        assert_eq!(short("100 ns"), "100 ns");
    }
}
