//! Puts the file and the environment together, and refuses what neither may say.

use std::collections::BTreeMap;

use confique::Config as _;
use confique::meta::{Expr, FieldKind, LeafKind, Meta};
use toml::{Table, Value};

use super::raw::Raw;

/// Where a setting stands, and how its value is written in the environment.
struct Leaf {
    path: String,
    shape: Shape,
}

#[derive(Clone, Copy)]
enum Shape {
    Text,
    Number,
    Switch,
    List,
}

/// The settings of a file's table with those of the environment on top.
pub(super) fn merge(
    mut table: Table,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Table, Vec<String>> {
    let mut known = BTreeMap::new();
    collect(&Raw::META, "", &mut known);
    let mut problems = unknown_keys(&table, "", &known);
    // Read by the command line itself.
    let elsewhere = ["GATEHOUSE_CONFIG"];
    for (name, value) in environment {
        if !name.starts_with("GATEHOUSE_") || elsewhere.contains(&name.as_str()) {
            continue;
        }
        match known.get(&name) {
            Some(leaf) => match shaped(leaf.shape, &value) {
                Some(value) => insert(&mut table, &leaf.path, value),
                None => problems.push(format!("{name}: {value:?} is not what {} takes", leaf.path)),
            },
            None => problems.push(unknown("environment variable", &name, known.keys().map(String::as_str))),
        }
    }
    if problems.is_empty() { Ok(table) } else { Err(problems) }
}

fn collect(meta: &Meta, above: &str, known: &mut BTreeMap<String, Leaf>) {
    for field in meta.fields {
        let path = if above.is_empty() { field.name.to_owned() } else { format!("{above}.{}", field.name) };
        match field.kind {
            FieldKind::Nested { meta } => collect(meta, &path, known),
            FieldKind::Leaf { env, kind } => {
                let shape = match kind {
                    LeafKind::Required { default: Some(Expr::Integer(_)) } => Shape::Number,
                    LeafKind::Required { default: Some(Expr::Bool(_)) } => Shape::Switch,
                    LeafKind::Required { default: Some(Expr::Array(_)) } => Shape::List,
                    _ => Shape::Text,
                };
                let name = env.map_or_else(|| path.to_uppercase(), str::to_owned);
                known.insert(name, Leaf { path, shape });
            }
        }
    }
}

fn shaped(shape: Shape, text: &str) -> Option<Value> {
    Some(match shape {
        Shape::Text => Value::String(text.to_owned()),
        Shape::Number => Value::Integer(text.trim().parse().ok()?),
        Shape::Switch => Value::Boolean(text.trim().parse().ok()?),
        Shape::List => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
    })
}

fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let below = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(below) = below {
                insert(below, rest, value);
            }
        }
    }
}

fn unknown_keys(table: &Table, above: &str, known: &BTreeMap<String, Leaf>) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, value) in table {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        let is_section = known.values().any(|leaf| leaf.path.starts_with(&format!("{path}.")));
        match value {
            Value::Table(below) if is_section => problems.extend(unknown_keys(below, &path, known)),
            _ if known.values().any(|leaf| leaf.path == path) => {}
            _ if is_section => {
                problems.push(format!("{path} is a section: write [{path}] above its settings"))
            }
            _ => problems.push(unknown("key", &path, known.values().map(|leaf| leaf.path.as_str()))),
        }
    }
    problems
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearest = known.min_by_key(|candidate| strsim::damerau_levenshtein(candidate, name));
    match nearest {
        Some(nearest) => format!("unknown {what} {name:?}; did you mean {nearest:?}?"),
        None => format!("unknown {what} {name:?}"),
    }
}
