//! SVG written by hand: text, lines, bars and markers, in colours for light and dark pages.
//!
//! A picture carries its own background, because a page shows it as an image and may disagree with the system about
//! what is dark. Colours come only from the style sheet; a server has a colour *and* a marker's shape, so that
//! nobody needs to tell colours apart.

use std::fmt::Write as _;

/// Width of every picture, in pixels.
pub const WIDTH: f64 = 880.0;

/// Light first, then what dark pages change. `s0` is the subject and `s1` the reference.
const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;font-size:13px;fill:#1f2328}\
.paper{fill:#fff;stroke:#d8dee4}.title{font-size:19px;font-weight:600}.panel{font-size:14px;font-weight:600}\
.soft{fill:#59636e;font-size:12px}.value{font-size:11.5px;font-weight:600;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
.grid{stroke:#e6eaef}.axis{stroke:#afb8c1}.line{fill:none;stroke-width:2.5;stroke-linejoin:round}\
.halo{stroke:#fff;stroke-width:1.5}.worst{stroke:#1f2328;stroke-width:1.5}\
.s0{fill:#0a69c7}.s1{fill:#c9401a}.s2{fill:#7b4fc4}.s3{fill:#2c7a3d}.s4{fill:#8a6400}.s5{fill:#5f6772}\
.l0{stroke:#0a69c7}.l1{stroke:#c9401a}.l2{stroke:#7b4fc4}.l3{stroke:#2c7a3d}.l4{stroke:#8a6400}.l5{stroke:#5f6772}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}.paper{fill:#0d1117;stroke:#30363d}.soft{fill:#9aa4af}\
.grid{stroke:#22282f}.axis{stroke:#57606a}.halo,.value{stroke:#0d1117}.worst{stroke:#e6edf3}\
.s0{fill:#58a6ff}.s1{fill:#ff8660}.s2{fill:#bc9cff}.s3{fill:#56d364}.s4{fill:#e3b341}.s5{fill:#aab2bd}\
.l0{stroke:#58a6ff}.l1{stroke:#ff8660}.l2{stroke:#bc9cff}.l3{stroke:#56d364}.l4{stroke:#e3b341}.l5{stroke:#aab2bd}}";

/// Which side of its point a text is on.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    /// To the right of it.
    Start,
    /// Around it.
    Middle,
    /// To the left of it.
    End,
}

/// A picture in the making.
pub struct Svg {
    body: String,
}

impl Svg {
    /// An empty picture.
    pub fn new() -> Svg {
        Svg {
            body: String::new(),
        }
    }

    /// One line of text with its base line at `y`.
    pub fn text(&mut self, x: f64, y: f64, class: &str, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.put(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" class="{class}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.put(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="{class}"/>"#
        ));
    }

    /// A line through `points`.
    pub fn polyline(&mut self, points: &[(f64, f64)], class: &str) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        self.put(format_args!(
            r#"<polyline points="{}" class="{class}"/>"#,
            points.join(" ")
        ));
    }

    /// A bar from the left.
    pub fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, class: &str) {
        self.put(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="2" class="{class}"/>"#
        ));
    }

    /// The marker of server number `server`, around a point.
    pub fn marker(&mut self, server: usize, x: f64, y: f64) {
        let class = format!("s{server} halo");
        let corners: &[(f64, f64)] = match server {
            0 => {
                return self.put(format_args!(
                    r#"<circle cx="{x:.1}" cy="{y:.1}" r="5.5" class="{class}"/>"#
                ));
            }
            1 => &[(-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)],
            2 => &[(0.0, -6.5), (6.0, 4.5), (-6.0, 4.5)],
            3 => &[(0.0, -6.5), (6.5, 0.0), (0.0, 6.5), (-6.5, 0.0)],
            4 => &[(0.0, 6.5), (6.0, -4.5), (-6.0, -4.5)],
            _ => &[(-6.0, -2.5), (6.0, -2.5), (6.0, 2.5), (-6.0, 2.5)],
        };
        let points: Vec<String> = corners
            .iter()
            .map(|(dx, dy)| format!("{:.1},{:.1}", x + dx, y + dy))
            .collect();
        self.put(format_args!(
            r#"<polygon points="{}" class="{class}"/>"#,
            points.join(" ")
        ));
    }

    /// The whole document. `title` and `description` are for those who cannot see it.
    pub fn finish(self, height: f64, title: &str, description: &str) -> String {
        let (title, description) = (escaped(title), escaped(description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\">\n<title>{title}</title>\n<desc>{description}</desc>\n\
             <style>{STYLE}</style>\n\
             <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{:.0}\" rx=\"8\" class=\"paper\"/>\n{}</svg>\n",
            WIDTH - 1.0,
            height - 1.0,
            self.body
        )
    }

    fn put(&mut self, element: std::fmt::Arguments) {
        writeln!(self.body, "{element}").expect("writing to a String cannot fail");
    }
}

/// About how wide a text of 13 pixels is: pictures are laid out without the reader's font.
pub fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 7.0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_cannot_become_markup() {
        let mut svg = Svg::new();
        svg.text(0.0, 0.0, "soft", Anchor::Start, "<script>&\"");
        let document = svg.finish(10.0, "a<b", "c&d");
        assert!(document.contains(">&lt;script&gt;&amp;&quot;</text>"));
        assert!(document.contains("<title>a&lt;b</title>"));
        assert!(!document.contains("<script"));
    }

    #[test]
    fn every_server_has_its_own_colour_and_shape() {
        let drawn: Vec<String> = (0..6)
            .map(|server| {
                let mut svg = Svg::new();
                svg.marker(server, 0.0, 0.0);
                svg.body.replace(&format!("s{server} "), "")
            })
            .collect();
        for (i, a) in drawn.iter().enumerate() {
            assert!(
                drawn[i + 1..].iter().all(|b| a != b),
                "the shape of {i} is used twice"
            );
            // once for light pages, once for dark ones
            assert_eq!(STYLE.matches(&format!(".s{i}{{fill:")).count(), 2);
            assert_eq!(STYLE.matches(&format!(".l{i}{{stroke:")).count(), 2);
        }
    }
}
