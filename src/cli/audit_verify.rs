//! `gatehouse audit verify`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Failure, show};
use crate::admin::events::{self, Look, Whole};
use crate::audit::check::{Broken, Checker, Head, REMOVED};
use crate::base::strict_json;
use crate::jose::PublicKeys;
use crate::kit::Kit;

#[derive(Args)]
pub(super) struct Options {
    /// An export in JSON lines; the database without it.
    #[arg(requires = "key")]
    file: Option<PathBuf>,
    /// The public key that `gatehouse audit key` printed. Neither database nor configuration is needed then.
    #[arg(long, value_name = "FILE", requires = "file")]
    key: Option<PathBuf>,
    /// An earlier export, or a log in JSON, that was kept on another machine. Everything that was signed then must still
    /// be there: an end that was cut off together with its signed heads is found by nothing else.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

/// Checks an export, where that is what is wanted.
pub(super) fn offline(options: &Options) -> Option<Result<(), Failure>> {
    match options {
        Options { file: Some(file), key: Some(key), against } => {
            Some(verify_file(file, key, against.as_deref()))
        }
        _ => None,
    }
}

/// Checks the database.
pub(super) async fn run(kit: &Kit, options: &Options) -> Result<(), Failure> {
    let known = match &options.against {
        Some(file) => Some(earlier(file, &events::public_keys(kit).await?)?),
        None => None,
    };
    let bar = bar(events::height(kit).await?);
    let at = |seq: i64| bar.set_position(seq.unsigned_abs());
    let checked = events::inspect(kit, Look { settle: true, known, at: Some(&at) }).await;
    bar.finish_and_clear();
    match checked? {
        Ok(whole) => say(&whole),
        Err(broken) => return Err(Failure(format!("row {}: {}", broken.seq, broken.why))),
    }
    Ok(())
}

/// Drawn on standard error, and only where that is a terminal.
pub(super) fn bar(rows: i64) -> ProgressBar {
    let bar = ProgressBar::new(rows.unsigned_abs());
    match ProgressStyle::with_template("{bar:40} row {pos} of {len}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn say(whole: &Whole) {
    let rows = if whole.rows == 1 { "1 row".to_owned() } else { format!("{} rows", whole.rows) };
    match whole.signed {
        Some((seq, at)) => show::line(format_args!(
            "The trail is whole: {rows}. The last signed head vouches for row {seq} and is from {}.",
            show::time(at)
        )),
        None => show::line(format_args!("The trail is whole: {rows}. Nothing is signed yet.")),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure(format!("{} cannot be read: {error}", path.display()))
}

/// The lines of a file with their numbers.
fn lines(file: &Path) -> Result<impl Iterator<Item = Result<(usize, String), Failure>> + use<'_>, Failure> {
    let lines = BufReader::new(File::open(file).map_err(|error| unreadable(file, &error))?).lines();
    Ok((1..).zip(lines).map(move |(number, line)| match line {
        Ok(line) => Ok((number, line)),
        Err(error) => Err(unreadable(file, &error)),
    }))
}

fn verify_file(file: &Path, key: &Path, against: Option<&Path>) -> Result<(), Failure> {
    let text = std::fs::read_to_string(key).map_err(|error| unreadable(key, &error))?;
    let jwk = strict_json(&text).ok_or_else(|| Failure(format!("{} does not hold a key", key.display())))?;
    let keys = PublicKeys::import(&json!({ "keys": [jwk] })).map_err(Failure)?;
    let mut checker = Checker::new(&keys);
    if let Some(earlier_file) = against {
        checker.must_agree(earlier(earlier_file, &keys)?);
    }
    let mut rest = lines(file)?;
    while let Some(line) = rest.next() {
        let (number, line) = line?;
        let line = read(number, &line)?;
        check(&mut checker, &line).map_err(|mut broken| {
            if broken.why == REMOVED && stands_in(&mut rest, broken.seq) {
                "it is not in its place: the order of the rows was changed".clone_into(&mut broken.why);
            }
            Failure(format!("line {number}: row {}: {}", broken.seq, broken.why))
        })?;
    }
    if checker.rows == 0 && checker.heads == 0 {
        return Err(Failure(format!("{} is empty: there is nothing to check", file.display())));
    }
    checker.end_signed().map_err(|broken| Failure(format!("row {}: {}", broken.seq, broken.why)))?;
    say(&Whole { rows: checker.rows, signed: checker.signed });
    Ok(())
}

/// A line of an export in JSON lines.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Head { head: String },
    Row { seq: i64, hash: String, event: Option<Value> },
}

fn read(number: usize, line: &str) -> Result<Line, Failure> {
    let read = strict_json(line).and_then(|line| serde_json::from_value(line).ok());
    read.ok_or_else(|| Failure(format!("line {number} is not part of an audit export")))
}

fn check(checker: &mut Checker<'_>, line: &Line) -> Result<(), Broken> {
    match line {
        Line::Head { head } => checker.head(head),
        Line::Row { seq, hash, event } => checker.row(*seq, hash, event.as_ref()),
    }
}

/// Whether a row comes later.
fn stands_in(rest: &mut dyn Iterator<Item = Result<(usize, String), Failure>>, wanted: i64) -> bool {
    rest.map_while(Result::ok)
        .any(|(number, line)| matches!(read(number, &line), Ok(Line::Row { seq, .. }) if seq == wanted))
}

/// The last head that an earlier export or a log holds.
fn earlier(file: &Path, keys: &PublicKeys) -> Result<Head, Failure> {
    let mut last: Option<Head> = None;
    for line in lines(file)? {
        let (number, line) = line?;
        // A log has other lines as well, and an export its rows.
        let Some(line) = strict_json(&line) else { continue };
        let Some(signed) = line.get("head").and_then(Value::as_str) else { continue };
        let head = Head::verified(signed, keys).ok_or_else(|| {
            Failure(format!("{}, line {number}: its head is not signed with this key", file.display()))
        })?;
        if last.as_ref().is_none_or(|last| last.seq <= head.seq) {
            last = Some(head);
        }
    }
    last.ok_or_else(|| Failure(format!("{} holds no signed head to compare with", file.display())))
}
