//! Reads columns into our types, and says which one was damaged where that fails.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::base::{Fault, Timestamp};

pub(in crate::store) fn text(row: &AnyRow, column: &str) -> Result<String, Fault> {
    row.try_get(column).map_err(|error| Fault::caused(format!("column {column} cannot be read"), error))
}

pub(in crate::store) fn optional_text(row: &AnyRow, column: &str) -> Result<Option<String>, Fault> {
    row.try_get(column).map_err(|error| Fault::caused(format!("column {column} cannot be read"), error))
}

pub(in crate::store) fn number(row: &AnyRow, column: &str) -> Result<i64, Fault> {
    row.try_get(column).map_err(|error| Fault::caused(format!("column {column} cannot be read"), error))
}

pub(in crate::store) fn time(row: &AnyRow, column: &str) -> Result<Timestamp, Fault> {
    number(row, column).map(Timestamp::from_millis)
}

pub(in crate::store) fn optional_time(row: &AnyRow, column: &str) -> Result<Option<Timestamp>, Fault> {
    let millis: Option<i64> = row
        .try_get(column)
        .map_err(|error| Fault::caused(format!("column {column} cannot be read"), error))?;
    Ok(millis.map(Timestamp::from_millis))
}

/// A stored value that a parser of ours reads back: an identifier, a name of a state, a document.
pub(in crate::store) fn parsed<T>(
    row: &AnyRow,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Fault> {
    parse(&text(row, column)?).ok_or_else(|| Fault::new(format!("column {column} holds an unknown value")))
}

pub(in crate::store) fn optional_parsed<T>(
    row: &AnyRow,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    match optional_text(row, column)? {
        None => Ok(None),
        Some(value) => parse(&value)
            .map(Some)
            .ok_or_else(|| Fault::new(format!("column {column} holds an unknown value"))),
    }
}

/// A stored JSON document.
pub(in crate::store) fn json<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T, Fault> {
    serde_json::from_str(&text(row, column)?)
        .map_err(|error| Fault::caused(format!("column {column} holds a damaged document"), error))
}

/// A document as it is stored.
pub(in crate::store) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::caused("a document cannot be written", error))
}
