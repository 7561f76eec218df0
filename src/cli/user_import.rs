//! `gatehouse user import`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::why::Why;
use super::{Failure, ask, show};
use crate::admin::import::{self, Outcome, Preview, Problem, Report, Row};
use crate::admin::invitations;
use crate::base::ClientId;
use crate::kit::Kit;
use crate::model::Actor;

/// How many rows are shown to people; programs get them all.
const SHOWN: usize = 20;

/// The file is CSV in UTF-8 with a row of headings: `name` and `email`, and as you like `organisation`, `subject` (what
/// services know somebody by already), `password_hash` (as Django, ASP.NET Identity, Keycloak or crypt export it) and
/// standard claims such as `given_name` and `phone_number`. Whoever has an account already is left alone, so that the same
/// file can be imported again.
#[derive(Args)]
pub(super) struct Options {
    /// The CSV file, or - for standard input.
    file: PathBuf,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// The identifier of a service that people without a password are invited to; may be given several times. One leads the
    /// invitation with its name and look; of several, and without any, it is the council's.
    #[arg(long = "service", value_name = "ID", value_parser = client_id)]
    services: Vec<ClientId>,
    /// Do not ask before anybody is added.
    #[arg(long)]
    yes: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    why: Why,
}

pub(super) async fn run(kit: &Kit, options: Options) -> Result<(), Failure> {
    let bytes = read(&options.file)?;
    // Whoever only looks is told of a service that is not there, too.
    invitations::host(kit, &Actor::Operator, &options.services).await?;
    let preview = import::preview(kit, &Actor::Operator, &bytes).await?;
    let shown = document(&preview);
    if !options.json {
        show_preview(&preview);
    }
    if !preview.problems.is_empty() || options.dry_run {
        if options.json {
            show::json(&shown);
        }
        return unless_problems(&preview.problems);
    }
    if preview.to_add() > 0 && !options.yes && !agreed(&options.file, preview.to_add())? {
        return Err(Failure("nobody has been added".to_owned()));
    }
    let bar = bar(preview.to_add());
    let actor = options.why.actor();
    let done = import::carry_out(kit, &actor, (preview, options.services.as_slice()), |done| {
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    });
    let report = done.await;
    bar.finish_and_clear();
    let report = report?;
    if options.json {
        show::json(&with_report(shown, report));
    } else {
        show_report(report);
    }
    Ok(())
}

/// An identifier of a client.
pub(super) fn client_id(text: &str) -> Result<ClientId, String> {
    ClientId::parse(text).ok_or_else(|| "that is not an identifier of a service".to_owned())
}

/// The file, but no more of it than can be imported.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let limit = u64::try_from(import::LARGEST).unwrap_or(u64::MAX) + 1;
    let mut bytes = Vec::new();
    let read = if is_standard_input(file) {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure(format!("{} cannot be read: {error}", file.display()))),
    }
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

/// Asks whoever sits at the terminal. Where nobody does, they must have said so beforehand.
fn agreed(file: &Path, people: usize) -> Result<bool, Failure> {
    if is_standard_input(file) || !ask::is_somebody_there() {
        return Err(Failure(
            "nobody can be asked here, and nobody has been added: say --yes to add them, or --dry-run to look only"
                .to_owned(),
        ));
    }
    ask::agreed(&format!("Add {}?", counted(people)))
}

/// Drawn on standard error, and only where that is a terminal.
fn bar(people: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(people).unwrap_or(u64::MAX));
    match ProgressStyle::with_template("{bar:40} {pos} of {len} added, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn unless_problems(problems: &[Problem]) -> Result<(), Failure> {
    if problems.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let count =
        if problems.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", problems.len()) };
    lines.push(format!("{count}: nobody has been added"));
    Err(Failure(lines.join("\n")))
}

fn show_preview(preview: &Preview) {
    let row = |row: &Row| {
        let organisation = row.organisation.clone().unwrap_or_default();
        vec![
            row.number.to_string(),
            row.name.clone(),
            row.email.clone(),
            organisation,
            row.outcome.shown().to_owned(),
        ]
    };
    let rows = preview.rows.iter().take(SHOWN).map(row).collect();
    show::table(&["Row", "Name", "Email", "Organisation", "What will be done"], rows);
    if let Some(more @ 1..) = preview.rows.len().checked_sub(SHOWN) {
        show::line(format_args!("and {more} more rows; --json shows every one"));
    }
    show::line("");
    for (outcome, count) in counts(preview) {
        show::line(format_args!("{count:>5}  {}", outcome.shown()));
    }
}

fn counts(preview: &Preview) -> impl Iterator<Item = (Outcome, usize)> {
    let counted = Outcome::ALL.into_iter().map(|outcome| (outcome, preview.count(outcome)));
    counted.filter(|(_, count)| *count > 0)
}

fn show_report(report: Report) {
    let added = report.with_password + report.without_password;
    show::line(format_args!(
        "\n{} added, {} of them by invitation; {} had an account already.",
        counted(added),
        show::count(report.without_password),
        show::count(report.already_there)
    ));
}

fn counted(people: usize) -> String {
    if people == 1 { "1 person".to_owned() } else { format!("{} people", show::count(people)) }
}

fn document(preview: &Preview) -> Value {
    let rows = preview.rows.iter().map(|row| {
        json!({
            "row": row.number, "name": row.name, "email": row.email, "organisation": row.organisation,
            "outcome": row.outcome.name(),
        })
    });
    let problems =
        preview.problems.iter().map(|problem| json!({ "row": problem.row, "problem": problem.say }));
    let counts: serde_json::Map<String, Value> =
        counts(preview).map(|(outcome, count)| (outcome.name().to_owned(), json!(count))).collect();
    json!({
        "rows": rows.collect::<Vec<_>>(), "problems": problems.collect::<Vec<_>>(), "counts": counts,
        "report": null,
    })
}

fn with_report(mut document: Value, report: Report) -> Value {
    if let Some(place) = document.get_mut("report") {
        *place = json!({
            "with_password": report.with_password, "without_password": report.without_password,
            "already_there": report.already_there,
        });
    }
    document
}
