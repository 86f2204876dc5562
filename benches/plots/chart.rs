//! A figure: a heading, a legend, and panels of points or bars in two columns.
//!
//! ```text
//!   title                                        Points: a logarithmic axis of what costs, one line a server.
//!   subtitle                                     All panels of a figure share the axis, so that heights compare.
//!   ● Aerolite  ■ redis-server                   Bars: from zero, each with its server's name and its figure.
//!   ┌ panel ────┐  ┌ panel ────┐
//!   │           │  │           │
//!   └───────────┘  └───────────┘
//!   note
//! ```

use crate::svg::{Anchor, Svg, WIDTH, text_width};
use crate::units::{Format, short};

const MARGIN: f64 = 28.0;
const GAP: f64 = 36.0;
const COLUMNS: usize = 2;
const HEADER: f64 = 78.0;
const LEGEND: f64 = 34.0;
const FOOTER: f64 = 40.0;
const PANEL_TITLE: f64 = 26.0;
const PLOT_HEIGHT: f64 = 190.0;
const AXIS_LABELS: f64 = 44.0;
const SCALE_WIDTH: f64 = 58.0;
const BAR_HEIGHT: f64 = 20.0;
const BAR_STEP: f64 = 28.0;
const BAR_HEADING: f64 = 26.0;
const BAR_MARKER: f64 = 20.0;
const BAR_NAMES_MAX: f64 = 150.0;
const BAR_FIGURES: f64 = 62.0;

/// The part of the axis below the least value and above the greatest: room for the figures at the points.
const AXIS_ROOM: f64 = 0.17;
/// The greatest value is so many times the least on an axis, at least.
const AXIS_SPAN_MIN: f64 = 4.0;

/// A figure.
pub struct Figure {
    /// What it shows.
    pub title: String,
    /// Conditions, and whether more or less is better.
    pub subtitle: String,
    /// Where it comes from.
    pub note: String,
    /// Names of the servers, by number.
    pub servers: Vec<String>,
    /// How a value is written.
    pub format: Format,
    /// What is in it.
    pub panels: Vec<Panel>,
}

/// One part of a figure.
pub enum Panel {
    /// Lines over labelled places.
    Points {
        /// What it shows.
        title: String,
        /// What the places are.
        x_title: String,
        /// The places.
        x_labels: Vec<String>,
        /// By server, then by place; nothing where it was not measured.
        lines: Vec<Vec<Option<f64>>>,
    },
    /// Bars in headed groups.
    Bars {
        /// What it shows.
        title: String,
        /// The groups.
        groups: Vec<Group>,
    },
}

/// Bars under one heading.
pub struct Group {
    /// The heading.
    pub heading: String,
    /// Server, value, and the worst value where that was measured too.
    pub bars: Vec<(usize, f64, Option<f64>)>,
}

impl Figure {
    /// The figure as an SVG document.
    pub fn draw(&self) -> String {
        let mut svg = Svg::new();
        svg.text(MARGIN, 38.0, "title", Anchor::Start, &self.title);
        svg.text(MARGIN, 60.0, "soft", Anchor::Start, &self.subtitle);
        let mut top = HEADER;
        if self
            .panels
            .iter()
            .any(|p| matches!(p, Panel::Points { .. }))
        {
            self.draw_legend(&mut svg, top + 12.0);
            top += LEGEND;
        }
        let axis = self.axis();
        let width = (WIDTH - 2.0 * MARGIN - GAP) / COLUMNS as f64;
        for row in self.panels.chunks(COLUMNS) {
            for (column, panel) in row.iter().enumerate() {
                let left = MARGIN + column as f64 * (width + GAP);
                self.draw_panel(&mut svg, panel, (left, top, width), axis.as_ref());
            }
            top += row.iter().map(Panel::height).fold(0.0, f64::max) + 16.0;
        }
        svg.text(MARGIN, top + 14.0, "soft", Anchor::Start, &self.note);
        svg.finish(top + FOOTER, &self.title, &self.subtitle)
    }

    fn draw_legend(&self, svg: &mut Svg, y: f64) {
        let mut x = MARGIN + 6.0;
        for (server, name) in self.servers.iter().enumerate() {
            svg.line((x - 6.0, y), (x + 18.0, y), &format!("line l{server}"));
            svg.marker(server, x + 6.0, y);
            svg.text(x + 26.0, y + 4.5, "", Anchor::Start, name);
            x += 26.0 + text_width(name) + 28.0;
        }
    }

    fn draw_panel(
        &self,
        svg: &mut Svg,
        panel: &Panel,
        (left, top, width): (f64, f64, f64),
        axis: Option<&Axis>,
    ) {
        match (panel, axis) {
            (
                Panel::Points {
                    title,
                    x_title,
                    x_labels,
                    lines,
                },
                Some(axis),
            ) => {
                svg.text(left, top + 12.0, "panel", Anchor::Start, title);
                let area = Area {
                    left: left + SCALE_WIDTH,
                    top: top + PANEL_TITLE,
                    width: width - SCALE_WIDTH,
                };
                area.draw_axes(svg, axis, self.format, x_title, x_labels);
                area.draw_lines(svg, axis, self.format, lines);
            }
            (Panel::Bars { title, groups }, _) => {
                svg.text(left, top + 12.0, "panel", Anchor::Start, title);
                self.draw_bars(svg, groups, (left, top + PANEL_TITLE, width));
            }
            (Panel::Points { .. }, None) => {}
        }
    }

    fn draw_bars(&self, svg: &mut Svg, groups: &[Group], (left, top, width): (f64, f64, f64)) {
        let bars = groups.iter().flat_map(|g| &g.bars);
        let greatest = bars
            .map(|(_, value, worst)| worst.unwrap_or(*value).max(*value))
            .fold(0.0, f64::max);
        if greatest <= 0.0 {
            return;
        }
        let longest = self.servers.iter().map(|name| text_width(name));
        let names = BAR_MARKER + longest.fold(0.0, f64::max).min(BAR_NAMES_MAX) + 8.0;
        let scale = (width - names - BAR_FIGURES) / greatest;
        let zero = left + names;
        let mut y = top;
        for group in groups {
            svg.text(left, y + 14.0, "soft", Anchor::Start, &group.heading);
            y += BAR_HEADING;
            let first = y;
            for (server, value, worst) in &group.bars {
                let middle = y + BAR_HEIGHT / 2.0;
                let name = self.servers.get(*server).map_or("", String::as_str);
                svg.marker(*server, left + 7.0, middle);
                svg.text(left + BAR_MARKER, middle + 4.5, "", Anchor::Start, name);
                svg.bar(
                    zero,
                    y,
                    (value * scale).max(1.0),
                    BAR_HEIGHT,
                    &format!("s{server}"),
                );
                if let Some(worst) = worst {
                    draw_worst(svg, zero + value * scale, zero + worst * scale, middle);
                }
                let end = zero + worst.unwrap_or(*value).max(*value) * scale;
                svg.text(
                    end + 8.0,
                    middle + 4.5,
                    "value",
                    Anchor::Start,
                    &(self.format)(*value),
                );
                y += BAR_STEP;
            }
            svg.line(
                (zero, first - 4.0),
                (zero, y - BAR_STEP + BAR_HEIGHT + 4.0),
                "axis",
            );
        }
    }

    fn axis(&self) -> Option<Axis> {
        let lines = self.panels.iter().flat_map(|panel| match panel {
            Panel::Points { lines, .. } => lines.as_slice(),
            Panel::Bars { .. } => &[],
        });
        Axis::around(lines.flatten().flatten().copied())
    }
}

impl Panel {
    fn height(&self) -> f64 {
        PANEL_TITLE
            + match self {
                Panel::Points { .. } => PLOT_HEIGHT + AXIS_LABELS,
                Panel::Bars { groups, .. } => groups
                    .iter()
                    .map(|g| BAR_HEADING + g.bars.len() as f64 * BAR_STEP)
                    .sum::<f64>(),
            }
    }
}

fn draw_worst(svg: &mut Svg, from: f64, to: f64, middle: f64) {
    svg.line((from, middle), (to, middle), "worst");
    svg.line((to, middle - 5.0), (to, middle + 5.0), "worst");
}

/// A logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn around(values: impl Iterator<Item = f64>) -> Option<Axis> {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|v| *v > 0.0) {
            low = low.min(value);
            high = high.max(value);
        }
        let room = (high / low)
            .max(AXIS_SPAN_MIN)
            .powf(AXIS_ROOM / (1.0 - 2.0 * AXIS_ROOM));
        (high > 0.0).then(|| Axis {
            low: low / room,
            high: high * room,
        })
    }

    /// Where a value is, from 0 at the bottom to 1 at the top.
    fn place(&self, value: f64) -> f64 {
        (value / self.low).log10() / (self.high / self.low).log10()
    }

    /// The round numbers on it: 1, 2 and 5 of each power of ten, or only the powers where those are many.
    fn ticks(&self) -> Vec<f64> {
        let steps: &[f64] = if self.high / self.low < 300.0 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let (first, last) = (
            self.low.log10().floor() as i32,
            self.high.log10().ceil() as i32,
        );
        let all = (first..=last)
            .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
        all.filter(|tick| (self.low..=self.high).contains(tick))
            .collect()
    }
}

/// The rectangle that lines are drawn in.
struct Area {
    left: f64,
    top: f64,
    width: f64,
}

impl Area {
    fn x(&self, place: usize, places: usize) -> f64 {
        self.left + self.width * (place as f64 + 0.5) / places.max(1) as f64
    }

    fn y(&self, axis: &Axis, value: f64) -> f64 {
        self.top + PLOT_HEIGHT * (1.0 - axis.place(value))
    }

    fn draw_axes(
        &self,
        svg: &mut Svg,
        axis: &Axis,
        format: Format,
        x_title: &str,
        x_labels: &[String],
    ) {
        let (right, bottom) = (self.left + self.width, self.top + PLOT_HEIGHT);
        for tick in axis.ticks() {
            let y = self.y(axis, tick);
            svg.line((self.left, y), (right, y), "grid");
            svg.text(
                self.left - 8.0,
                y + 4.0,
                "soft",
                Anchor::End,
                &short(&format(tick)),
            );
        }
        svg.line((self.left, bottom), (right, bottom), "axis");
        for (i, label) in x_labels.iter().enumerate() {
            svg.text(
                self.x(i, x_labels.len()),
                bottom + 18.0,
                "",
                Anchor::Middle,
                label,
            );
        }
        svg.text(
            self.left + self.width / 2.0,
            bottom + 36.0,
            "soft",
            Anchor::Middle,
            x_title,
        );
    }

    fn draw_lines(&self, svg: &mut Svg, axis: &Axis, format: Format, lines: &[Vec<Option<f64>>]) {
        // The subject is drawn last, over the others.
        for (server, line) in lines.iter().enumerate().rev() {
            let at = |(i, value): (usize, &Option<f64>)| {
                let value = (*value)?;
                (value > 0.0).then(|| (self.x(i, line.len()), self.y(axis, value)))
            };
            let points: Vec<(f64, f64)> = line.iter().enumerate().filter_map(at).collect();
            svg.polyline(&points, &format!("line l{server}"));
            for (x, y) in points {
                svg.marker(server, x, y);
            }
        }
        self.draw_figures(svg, axis, format, lines);
    }

    /// Writes the figures of subject and reference at their points, the greater above and the smaller below;
    /// with those of every server the panel would be unreadable, and they are in the table.
    fn draw_figures(&self, svg: &mut Svg, axis: &Axis, format: Format, lines: &[Vec<Option<f64>>]) {
        for (server, line) in lines.iter().enumerate().take(2) {
            let rival = lines.get(1 - server);
            for (i, value) in line.iter().enumerate() {
                let Some(value) = value.filter(|v| *v > 0.0) else {
                    continue;
                };
                let above = rival
                    .and_then(|r| *r.get(i)?)
                    .is_none_or(|other| value > other);
                let y = self.y(axis, value) + if above { -11.0 } else { 20.0 };
                svg.text(
                    self.x(i, line.len()),
                    y,
                    &format!("value s{server}"),
                    Anchor::Middle,
                    &format(value),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units;

    fn points(lines: Vec<Vec<Option<f64>>>) -> Figure {
        let x_labels = vec!["1".to_owned(), "16".to_owned()];
        let panel = Panel::Points {
            title: "SET".to_owned(),
            x_title: "depth".to_owned(),
            x_labels,
            lines,
        };
        Figure {
            title: "T".to_owned(),
            subtitle: "S".to_owned(),
            note: "N".to_owned(),
            servers: vec!["Aerolite".to_owned(), "redis-server".to_owned()],
            format: units::time,
            panels: vec![panel],
        }
    }

    #[test]
    fn an_axis_places_what_it_spans() {
        let axis = Axis::around([100.0, 10_000.0].into_iter()).expect("there are values");
        assert!(axis.place(100.0) > 0.0 && axis.place(10_000.0) < 1.0);
        assert!((axis.place(1000.0) - 0.5).abs() < 1e-9);
        assert_eq!(axis.ticks(), [100.0, 1000.0, 10_000.0]);
        let narrow = Axis::around([100.0, 300.0].into_iter()).expect("there are values");
        assert_eq!(narrow.ticks(), [100.0, 200.0]);
        assert!(Axis::around([0.0].into_iter()).is_none());
    }

    #[test]
    fn figures_are_drawn_for_what_was_measured_only() {
        let drawn = points(vec![vec![Some(600.0), None], vec![Some(1400.0), Some(0.0)]]).draw();
        assert_eq!(drawn.matches("class=\"value").count(), 2);
        assert!(drawn.contains(">600 ns<") && drawn.contains(">1.40 µs<"));
        assert_eq!(
            drawn.matches("<circle").count(),
            2,
            "one in the legend, one in the panel"
        );
    }

    #[test]
    fn the_greater_figure_is_above_and_the_smaller_below() {
        let figure = points(vec![vec![Some(1000.0)], vec![Some(1000.1)]]);
        let drawn = figure.draw();
        let y = |class: &str| -> f64 {
            let line = drawn
                .lines()
                .find(|l| l.contains(class))
                .expect("the figure is written");
            line.split("y=\"")
                .nth(1)
                .and_then(|t| t.split('"').next())
                .and_then(|t| t.parse().ok())
                .expect("a number")
        };
        assert!(y("value s0") - y("value s1") > 25.0, "they do not overlap");
    }

    #[test]
    fn bars_are_in_proportion_and_named() {
        let group = Group {
            heading: "no TTL".to_owned(),
            bars: vec![(0, 50.0, Some(60.0)), (1, 100.0, None)],
        };
        let mut figure = points(Vec::new());
        figure.format = units::bytes;
        figure.panels = vec![Panel::Bars {
            title: "B".to_owned(),
            groups: vec![group],
        }];
        let drawn = figure.draw();
        let width = |class: &str| -> f64 {
            let end = format!("class=\"{class}\"/>");
            let line = drawn
                .lines()
                .find(|l| l.starts_with("<rect") && l.ends_with(&end))
                .expect("a bar");
            line.split("width=\"")
                .nth(1)
                .and_then(|t| t.split('"').next())
                .and_then(|t| t.parse().ok())
                .expect("one")
        };
        assert!((width("s1") / width("s0") - 2.0).abs() < 0.01);
        assert!(drawn.contains(">Aerolite<") && drawn.contains(">100 B<"));
        assert_eq!(drawn.matches("class=\"worst\"").count(), 2);
    }
}
