//! The figures, with the first bar and the goal beside each.

use std::fmt;

/// A figure, and what it is held against.
pub struct Figure {
    name: String,
    value: f64,
    /// What it would be on the machine on which the bars were set.
    elsewhere: Option<f64>,
    bar: Option<f64>,
    goal: Option<f64>,
    more_is_better: bool,
    decides: bool,
}

impl Figure {
    /// One that is the better the smaller it is.
    pub fn least(name: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.into(),
            value,
            elsewhere: None,
            bar: None,
            goal: None,
            more_is_better: false,
            decides: false,
        }
    }

    /// One that is the better the greater it is.
    pub fn most(name: impl Into<String>, value: f64) -> Self {
        Self { more_is_better: true, ..Self::least(name, value) }
    }

    /// Has it judged by what it would be on the machine on which the bars were set.
    pub fn elsewhere(self, value: f64) -> Self {
        Self { elsewhere: Some(value), ..self }
    }

    pub fn bar(self, bar: f64) -> Self {
        Self { bar: Some(bar), ..self }
    }

    pub fn goal(self, goal: f64) -> Self {
        Self { goal: Some(goal), ..self }
    }

    /// Fails the run where the bar is missed.
    pub fn decides(self) -> Self {
        Self { decides: true, ..self }
    }

    fn meets(&self, mark: f64) -> bool {
        let value = self.elsewhere.unwrap_or(self.value);
        if self.more_is_better { value >= mark } else { value <= mark }
    }

    fn verdict(&self) -> &'static str {
        match (self.bar, self.goal) {
            (_, Some(goal)) if self.meets(goal) => "GOAL",
            (Some(bar), _) if self.meets(bar) => "PASS",
            (Some(_), _) if self.more_is_better => "BELOW",
            (Some(_), _) => "ABOVE",
            _ => "",
        }
    }
}

/// Every figure of a run.
#[derive(Default)]
pub struct Table(Vec<Figure>);

impl Table {
    pub fn add(&mut self, figure: Figure) {
        self.0.push(figure);
    }

    /// Whether a figure that decides has missed its bar.
    pub fn is_broken(&self) -> bool {
        self.0.iter().any(|figure| figure.decides && figure.bar.is_some_and(|bar| !figure.meets(bar)))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
        writeln!(
            f,
            "{:width$} {:>10} {:>10} {:>10} {:>10}",
            "", "measured", "elsewhere", "first bar", "goal"
        )?;
        for figure in &self.0 {
            let mark = |mark: Option<f64>| mark.map_or_else(String::new, shown);
            let (value, elsewhere) = (shown(figure.value), mark(figure.elsewhere));
            let (bar, goal, verdict) = (mark(figure.bar), mark(figure.goal), figure.verdict());
            writeln!(
                f,
                "{:width$} {value:>10} {elsewhere:>10} {bar:>10} {goal:>10}  {verdict}",
                figure.name
            )?;
        }
        Ok(())
    }
}

/// Three figures that mean something.
fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middling if middling >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().expect("a value")
}
