//! The figures, each beside its goal, as a table and as JSON.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::{project, screen::Screen};

/// What was measured, and on what.
#[derive(Debug, Default)]
pub(super) struct Report {
    screen: Screen,
    conditions: Vec<(&'static str, String)>,
    sections: Vec<Section>,
}

/// What was measured at one time.
#[derive(Debug)]
struct Section {
    title: String,
    figures: Vec<Figure>,
}

/// Something that was measured.
#[derive(Debug)]
pub(super) struct Figure {
    what: String,
    measured: f64,
    unit: Unit,
    goal: Option<Goal>,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Things a second.
    PerSecond,
    /// Hundredths.
    Percent,
    /// 1,048,576 bytes.
    Megabytes,
}

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Report {
    /// A report without figures yet, about the machine as it is now.
    pub(super) fn of_this_machine(objects: usize) -> Self {
        let conditions = vec![
            ("objects", grouped(objects)),
            ("date", said("date", &["-u", "+%F %R UTC"])),
            ("commit", said("git", &["describe", "--always", "--dirty"])),
            ("kernel", said("uname", &["-sr"])),
            ("processors", processors()),
            ("memory", first_line("/proc/meminfo").replace("MemTotal:", "").trim().to_owned()),
            ("load average at the beginning", first_line("/proc/loadavg")),
        ];
        Self { screen: Screen, conditions, sections: Vec::new() }
    }

    /// Adds what else it is measured on.
    pub(super) fn note(&mut self, what: &'static str, which: String) {
        self.conditions.push((what, which));
    }

    /// Begins a section: what is added from now on belongs to it.
    pub(super) fn begin(&mut self, title: String) {
        self.sections.push(Section { title, figures: Vec::new() });
    }

    /// Adds a figure to the section that was begun last, and shows it: the rest takes a while.
    pub(super) fn add(&mut self, figure: Figure) {
        let [what, measured, goal, verdict] = figure.row();
        self.screen.say(format!("    {what}: {measured} {goal} {verdict}").trim_end());
        self.sections.last_mut().expect("a section must be begun before its figures").figures.push(figure);
    }

    /// Adds the figures of another report.
    pub(super) fn extend(&mut self, other: Self) {
        self.sections.extend(other.sections);
    }

    /// The conditions and a table, in Markdown.
    pub(super) fn table(&self) -> String {
        let conditions = self.conditions.iter().map(|(name, value)| format!("- {name}: {value}\n"));
        let rows: Vec<_> = self.sections.iter().flat_map(Section::rows).collect();
        let width = |column: usize, least: usize| {
            rows.iter().map(|row| row[column].chars().count()).fold(least, Ord::max)
        };
        let (what, measured, goal) = (width(0, 4), width(1, 8), width(2, 4));
        let line =
            |[a, b, c, d]: &[String; 4]| format!("| {a:what$} | {b:>measured$} | {c:>goal$} | {d:6} |\n");
        let head = line(&["what", "measured", "goal", ""].map(str::to_owned));
        let rule = format!("|-{:-<what$}-|-{:-<measured$}:|-{:-<goal$}:|-{:-<6}-|\n", "", "", "", "");
        let rows: String = rows.iter().map(line).collect();
        format!("{}\n{head}{rule}{rows}", conditions.collect::<String>())
    }

    /// Everything, for programs.
    pub(super) fn json(&self) -> String {
        let conditions: serde_json::Map<String, Value> =
            self.conditions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let figures: Vec<_> = self.sections.iter().flat_map(Section::json).collect();
        format!("{:#}\n", json!({ "conditions": conditions, "figures": figures }))
    }
}

impl Section {
    fn rows(&self) -> impl Iterator<Item = [String; 4]> {
        let title = [format!("**{}**", self.title), String::new(), String::new(), String::new()];
        std::iter::once(title).chain(self.figures.iter().map(Figure::row))
    }

    fn json(&self) -> impl Iterator<Item = Value> {
        self.figures.iter().map(|figure| {
            let mut json = figure.json();
            json["of"] = json!(self.title);
            json
        })
    }
}

impl Figure {
    /// A figure without a goal.
    pub(super) fn new(what: impl Into<String>, measured: f64, unit: Unit) -> Self {
        Self { what: what.into(), measured, unit, goal: None }
    }

    /// It should be no more than this.
    pub(super) fn at_most(self, most: f64) -> Self {
        Self { goal: Some(Goal::AtMost(most)), ..self }
    }

    /// It should be no less than this.
    pub(super) fn at_least(self, least: f64) -> Self {
        Self { goal: Some(Goal::AtLeast(least)), ..self }
    }

    fn is_met(&self) -> Option<bool> {
        self.goal.map(|goal| match goal {
            Goal::AtMost(most) => self.measured <= most,
            Goal::AtLeast(least) => self.measured >= least,
        })
    }

    fn row(&self) -> [String; 4] {
        let goal = self.goal.map(|goal| match goal {
            Goal::AtMost(most) => format!("≤ {}", self.unit.show(most)),
            Goal::AtLeast(least) => format!("≥ {}", self.unit.show(least)),
        });
        let verdict = self.is_met().map(|met| if met { "met" } else { "missed" });
        let measured = self.unit.show(self.measured);
        [self.what.clone(), measured, goal.unwrap_or_default(), verdict.unwrap_or_default().to_owned()]
    }

    fn json(&self) -> Value {
        let (at_most, at_least) = match self.goal {
            Some(Goal::AtMost(most)) => (Some(most), None),
            Some(Goal::AtLeast(least)) => (None, Some(least)),
            None => (None, None),
        };
        json!({
            "what": self.what,
            "measured": self.measured,
            "unit": self.unit.name(),
            "atMost": at_most,
            "atLeast": at_least,
            "met": self.is_met(),
        })
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Count => "",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::PerSecond => "/s",
            Self::Percent => "%",
            Self::Megabytes => "MB",
        }
    }

    /// As many digits as mean something.
    fn show(self, value: f64) -> String {
        match self {
            Self::Count if value.fract() == 0.0 => format!("{value:.0}"),
            Self::Count => format!("{value:.3}"),
            Self::Seconds => format!("{value:.2} s"),
            Self::Milliseconds | Self::Megabytes => format!("{value:.0} {}", self.name()),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Percent => format!("{value:.0} %"),
        }
    }
}

/// The value in the middle, and the greatest; `None` where there is none.
pub(super) fn middle_and_most(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    Some((*values.get(values.len() / 2)?, *values.last()?))
}

/// A number as people read it.
pub(super) fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

/// What a program says in a line; nothing where it is not there.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(project::root()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn first_line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

fn processors() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = || text.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = models().next().map(|(_, model)| model).unwrap_or_default();
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{count} × {model}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(figure: Figure, expected: [&str; 4]) {
        assert_eq!(figure.row(), expected);
    }

    fn report() -> Report {
        let mut report = Report { conditions: vec![("objects", "10".to_owned())], ..Report::default() };
        report.begin("a sync".to_owned());
        report
    }

    #[test]
    fn a_figure_stands_beside_its_goal() {
        check(Figure::new("writes", 2.0, Unit::Count).at_most(2.0), ["writes", "2", "≤ 2", "met"]);
        check(Figure::new("writes", 2.5, Unit::Count).at_most(2.0), ["writes", "2.500", "≤ 2", "missed"]);
        check(Figure::new("share", 81.4, Unit::Percent).at_least(80.0), ["share", "81 %", "≥ 80 %", "met"]);
        check(
            Figure::new("share", 79.9, Unit::Percent).at_least(80.0),
            ["share", "80 %", "≥ 80 %", "missed"],
        );
        check(Figure::new("speed", 341.2, Unit::PerSecond), ["speed", "341/s", "", ""]);
        check(Figure::new("took", 0.123, Unit::Seconds).at_most(0.5), ["took", "0.12 s", "≤ 0.50 s", "met"]);
    }

    #[test]
    fn the_table_is_as_wide_as_its_widest_row() {
        let mut report = report();
        report.add(Figure::new("a longer name", 2.0, Unit::Count).at_most(10.0));
        report.add(Figure::new("b", 12.0, Unit::Megabytes));
        let expected = "\
- objects: 10

| what          | measured | goal |        |
|---------------|---------:|-----:|--------|
| **a sync**    |          |      |        |
| a longer name |        2 | ≤ 10 | met    |
| b             |    12 MB |      |        |
";
        assert_eq!(report.table(), expected);
    }

    #[test]
    fn the_json_says_what_the_table_says() {
        let mut report = report();
        report.add(Figure::new("took", 1.5, Unit::Seconds).at_most(1.0));
        let json: Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["conditions"]["objects"], "10");
        let expected = json!({
            "of": "a sync", "what": "took", "measured": 1.5, "unit": "s", "atMost": 1.0, "atLeast": null, "met": false,
        });
        assert_eq!(json["figures"], json!([expected]));
    }

    #[test]
    fn the_middle_and_the_most_are_found_in_any_order() {
        assert_eq!(middle_and_most(vec![3.0, 1.0, 2.0]), Some((2.0, 3.0)));
        assert_eq!(middle_and_most(Vec::new()), None);
    }

    #[test]
    fn thousands_are_grouped() {
        let shown = [0, 999, 1_000, 10_050, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "10,050", "1,234,567"]);
    }
}
