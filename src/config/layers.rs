//! Puts the environment on top of the file, and refuses what neither may say.

use std::collections::BTreeSet;

use confique::Config as _;
use confique::meta::{Expr, FieldKind, LeafKind, Meta};
use toml::{Table, Value};

use super::problems::Problems;
use super::written::Written;

/// Variables that are read before there is a configuration.
const READ_ELSEWHERE: [&str; 2] = ["GATEHOUSE_CONFIG", "GATEHOUSE_LOG"];

/// One setting: where it stands, its environment variable, and what may be written for it.
pub(super) struct Leaf {
    pub(super) path: String,
    pub(super) variable: &'static str,
    pub(super) shape: Shape,
    /// What it is where nobody sets it.
    pub(super) default: Option<Expr>,
    /// The comment of the reference, line by line.
    pub(super) comment: &'static [&'static str],
    is_required: bool,
}

/// What may be written for a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Number,
    Switch,
    List,
}

/// The settings of the file with those of the environment on top. Where a problem is said, they are not to be used.
pub(super) fn merge(
    mut table: Table,
    environment: impl Iterator<Item = (String, String)>,
    problems: &mut Problems,
) -> Table {
    let leaves = leaves();
    refuse_unknown_keys(&table, "", &leaves, problems);
    for (name, text) in environment.filter(|(name, _)| name.starts_with("GATEHOUSE_")) {
        match leaves.iter().find(|leaf| leaf.variable == name) {
            Some(leaf) => {
                problems.came_from(&leaf.path, &name);
                insert(&mut table, &leaf.path, leaf.shape.read(&text));
            }
            None if READ_ELSEWHERE.contains(&name.as_str()) => {}
            None => {
                let known = leaves.iter().map(|leaf| leaf.variable);
                let unknown = unknown("environment variable", &name, known);
                problems.say_of_environment(format!("{unknown} Unset it if it is not meant for Gatehouse"));
            }
        }
    }
    for leaf in &leaves {
        match find(&table, &leaf.path) {
            Some(value) if !leaf.shape.fits(value) => problems.say(&leaf.path, leaf.shape.expected()),
            None if leaf.is_required => {
                problems.miss(&leaf.path, leaf.variable);
            }
            _ => {}
        }
    }
    table
}

/// Every setting, in the order of the reference.
pub(super) fn leaves() -> Vec<Leaf> {
    let mut leaves = Vec::new();
    collect(&Written::META, "", &mut leaves);
    leaves
}

fn collect(meta: &'static Meta, above: &str, leaves: &mut Vec<Leaf>) {
    for field in meta.fields {
        let path = joined(above, field.name);
        match field.kind {
            FieldKind::Nested { meta } => collect(meta, &path, leaves),
            FieldKind::Leaf { env, kind } => leaves.push(Leaf {
                path,
                variable: env.unwrap_or_default(),
                shape: Shape::of(kind),
                default: match kind {
                    LeafKind::Required { default } => default,
                    LeafKind::Optional => None,
                },
                comment: field.doc,
                is_required: matches!(kind, LeafKind::Required { default: None }),
            }),
        }
    }
}

fn joined(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

impl Shape {
    /// The default shows what a setting is; one without a default is text.
    fn of(kind: LeafKind) -> Self {
        match kind {
            LeafKind::Required { default: Some(Expr::Integer(_)) } => Self::Number,
            LeafKind::Required { default: Some(Expr::Bool(_)) } => Self::Switch,
            LeafKind::Required { default: Some(Expr::Array(_)) } => Self::List,
            _ => Self::Text,
        }
    }

    /// The value that a variable's text stands for; the text itself where it stands for none.
    pub(super) fn read(self, text: &str) -> Value {
        let trimmed = text.trim();
        let read = match self {
            Self::Text => None,
            Self::Number => trimmed.parse().ok().map(Value::Integer),
            Self::Switch => trimmed.parse().ok().map(Value::Boolean),
            Self::List if trimmed.starts_with('[') => trimmed.parse().ok(),
            Self::List => {
                let items = trimmed.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Value::Array(items.map(Value::from).collect()))
            }
        };
        read.unwrap_or_else(|| Value::from(text))
    }

    pub(super) fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_str(),
            Self::Number => value.as_integer().is_some_and(|number| u32::try_from(number).is_ok()),
            Self::Switch => value.is_bool(),
            Self::List => value.is_array(),
        }
    }

    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Text => "must be text, in quotes",
            Self::Number => "must be a whole number, without quotes",
            Self::Switch => "must be true or false, without quotes",
            Self::List => "must be a list, in square brackets",
        }
    }
}

pub(super) fn find<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((section, rest)) => find(table.get(section)?.as_table()?, rest),
    }
}

pub(super) fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let below = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            // Anything but a table has been refused as a section that is written as a setting.
            if let Value::Table(below) = below {
                insert(below, rest, value);
            }
        }
    }
}

fn refuse_unknown_keys(table: &Table, above: &str, leaves: &[Leaf], problems: &mut Problems) {
    let sections: BTreeSet<&str> =
        leaves.iter().filter_map(|leaf| leaf.path.rsplit_once('.')).map(|(section, _)| section).collect();
    for (name, value) in table {
        let path = joined(above, name);
        if sections.contains(path.as_str()) {
            match value {
                Value::Table(below) => refuse_unknown_keys(below, &path, leaves, problems),
                _ => problems.say(&path, format_args!("is a section: write [{path}] above its settings")),
            }
        } else if leaves.iter().all(|leaf| leaf.path != path) {
            let known = leaves.iter().map(|leaf| leaf.path.as_str()).chain(sections.iter().copied());
            problems.say_of_file(unknown("key", &path, known));
        }
    }
}

/// Says so, and names the nearest that is known.
fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    format!("unknown {what} {name:?}; did you mean {:?}?", nearest(name, known))
}

/// The nearest name that is known: first of all one of the same name in another section.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    let last = |path: &str| path.rsplit('.').next().map(str::to_owned);
    let distance =
        |candidate: &&str| (last(candidate) != last(name), strsim::damerau_levenshtein(candidate, name));
    known.min_by_key(distance).unwrap_or_default()
}
