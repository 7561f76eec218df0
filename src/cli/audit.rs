//! `gatehouse audit`.

use std::io::{BufRead as _, BufReader, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Failure, open, show};
use crate::admin::events::{self, Filter, Listed, Step, Walk};
use crate::admin::users;
use crate::audit::chain;
use crate::audit::check::{Checker, body};
use crate::base::{ClientId, Fault, Timestamp, strict_json};
use crate::config::Config;
use crate::jobs::keep_trail;
use crate::jose::PublicKeys;
use crate::kit::Kit;
use crate::model::{Actor, EventKind};
use crate::view::{spreadsheet, when};

#[derive(Subcommand)]
pub(super) enum Action {
    /// List events, the newest first.
    List(Options),
    /// Write events to a file or to standard output.
    Export(Export),
    /// Look whether the trail is whole: that of the database, or that of an export. This names the first row that was
    /// changed, removed, moved or cut off.
    Verify(Verify),
    /// Print the public key that an export is checked with.
    Key,
}

#[derive(Args)]
pub(super) struct Options {
    /// From this day on, such as 2026-11-22, or this moment, in RFC 3339.
    #[arg(long, value_parser = moment)]
    since: Option<Timestamp>,
    /// Before this day or moment.
    #[arg(long, value_parser = moment)]
    until: Option<Timestamp>,
    /// Of this kind, such as login.done.
    #[arg(long, value_parser = kind)]
    kind: Option<EventKind>,
    /// What happened to the person with this email.
    #[arg(long, value_name = "EMAIL")]
    person: Option<String>,
    /// What concerns the service with this identifier.
    #[arg(long, value_name = "ID", value_parser = super::user_import::client_id)]
    service: Option<ClientId>,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Export {
    /// jsonl holds the whole chain, for `gatehouse audit verify`; csv is for spreadsheets.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// Where to write; standard output without it.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
}

#[derive(Args)]
pub(super) struct Verify {
    /// An export in JSON lines; the database without it.
    #[arg(requires = "key")]
    file: Option<PathBuf>,
    /// The public key that `gatehouse audit key` printed. Neither database nor configuration is needed then.
    #[arg(long, value_name = "FILE", requires = "file")]
    key: Option<PathBuf>,
}

/// Looks at an export, without anything else: the one action that needs no configuration.
pub(super) fn offline(action: &Action) -> Option<Result<(), Failure>> {
    match action {
        Action::Verify(Verify { file: Some(file), key: Some(key) }) => Some(verify_file(file, key)),
        _ => None,
    }
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::List(options) => list(&kit, options).await,
        Action::Export(options) => export(&kit, &options).await,
        Action::Verify(_) => match settled(&kit).await.and(events::inspect(&kit).await)? {
            Ok(rows) => {
                show::line(format_args!("The trail is whole: {rows} rows."));
                Ok(())
            }
            Err(broken) => Err(Failure(format!("row {}: {}", broken.seq, broken.why))),
        },
        Action::Key => {
            show::json(&events::public_key(&kit).await?);
            Ok(())
        }
    }
}

/// Chains and signs what has been recorded so far, so that all of it is looked at.
async fn settled(kit: &Kit) -> Result<(), Fault> {
    keep_trail::round(kit).await?;
    chain::sign(kit).await
}

fn moment(text: &str) -> Result<Timestamp, String> {
    when::parse(text)
        .ok_or_else(|| "that is neither a day like 2026-11-22 nor a moment in RFC 3339".to_owned())
}

fn kind(text: &str) -> Result<EventKind, String> {
    EventKind::parse(text).ok_or_else(|| {
        let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("there are {}", known.join(", "))
    })
}

async fn list(kit: &Kit, options: Options) -> Result<(), Failure> {
    let user = match &options.person {
        Some(email) => Some(users::find(kit, &Actor::Operator, email).await?.id),
        None => None,
    };
    let filter = Filter {
        since: options.since,
        until: options.until,
        kind: options.kind,
        user,
        client: options.service,
    };
    let page = events::list(kit, &Actor::Operator, &filter, None, options.limit).await?;
    if options.json {
        show::json(&page.rows.iter().map(document).collect());
        return Ok(());
    }
    let rows = page.rows.iter().map(|listed| columns(listed).to_vec()).collect();
    show::table(&COLUMNS, rows);
    Ok(())
}

const COLUMNS: [&str; 7] = ["Time", "Event", "Person", "By", "Service", "From", "Detail"];

fn columns(listed: &Listed) -> [String; 7] {
    let Listed { event, person, actor } = listed;
    let id = || event.user_id.as_ref().map(|id| id.as_str().to_owned());
    [
        show::time(event.at),
        event.kind.name().to_owned(),
        person.clone().or_else(id).unwrap_or_default(),
        actor.clone().unwrap_or_default(),
        event.client_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        event.address.clone().unwrap_or_default(),
        event.detail.as_ref().map(Value::to_string).unwrap_or_default(),
    ]
}

fn document(listed: &Listed) -> Value {
    let Listed { event, person, actor } = listed;
    json!({
        "id": event.id.as_str(), "at": show::time(event.at), "kind": event.kind.name(),
        "user_id": event.user_id.as_ref().map(|id| id.as_str()), "person": person,
        "actor": event.actor, "actor_name": actor,
        "client_id": event.client_id.as_ref().map(|id| id.as_str()),
        "session_id": event.session_id.as_ref().map(|id| id.as_str()),
        "address": event.address, "reference": event.reference, "detail": event.detail,
    })
}

async fn export(kit: &Kit, options: &Export) -> Result<(), Failure> {
    settled(kit).await?;
    let mut out: Box<dyn Write> = match &options.output {
        Some(file) => Box::new(std::io::BufWriter::new(std::fs::File::create(file)?)),
        None => Box::new(std::io::BufWriter::new(std::io::stdout().lock())),
    };
    match options.format {
        Format::Jsonl => export_chain(kit, &mut *out).await?,
        Format::Csv => export_table(kit, &mut *out).await?,
    }
    out.flush()?;
    events::exported(kit, &Actor::Operator, &Filter::default()).await?;
    Ok(())
}

async fn export_chain(kit: &Kit, out: &mut dyn Write) -> Result<(), Failure> {
    let mut walk = Walk::default();
    loop {
        let steps = walk.next(kit).await?;
        if steps.is_empty() {
            return Ok(());
        }
        for step in steps {
            let line = match step {
                Step::Row { seq, hash, event } => {
                    json!({ "seq": seq, "hash": hash, "event": event.map(|event| body(&event)) })
                }
                Step::Head(signed) => json!({ "head": signed }),
            };
            writeln!(out, "{line}")?;
        }
    }
}

async fn export_table(kit: &Kit, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{}", spreadsheet::line(COLUMNS))?;
    let mut after = None;
    loop {
        let page = events::list(kit, &Actor::Operator, &Filter::default(), after.as_deref(), 500).await?;
        for listed in &page.rows {
            writeln!(out, "{}", spreadsheet::line(columns(listed)))?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn verify_file(file: &Path, key: &Path) -> Result<(), Failure> {
    let unreadable =
        |path: &Path, error: std::io::Error| Failure(format!("{} cannot be read: {error}", path.display()));
    let text = std::fs::read_to_string(key).map_err(|error| unreadable(key, error))?;
    let jwk = strict_json(&text).ok_or_else(|| Failure(format!("{} does not hold a key", key.display())))?;
    let keys = PublicKeys::import(&json!({ "keys": [jwk] })).map_err(Failure)?;
    let lines = BufReader::new(std::fs::File::open(file).map_err(|error| unreadable(file, error))?).lines();
    let mut checker = Checker::new(&keys);
    for (number, line) in (1..).zip(lines) {
        let line = line.map_err(|error| unreadable(file, error))?;
        check_line(&mut checker, &line).map_err(|why| Failure(format!("line {number}: {why}")))?;
    }
    checker.end().map_err(|broken| Failure(format!("row {}: {}", broken.seq, broken.why)))?;
    show::line(format_args!("The trail is whole: {} rows, {} signed heads.", checker.rows, checker.heads));
    Ok(())
}

/// A line of an export in JSON lines.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Head { head: String },
    Row { seq: i64, hash: String, event: Option<Value> },
}

fn check_line(checker: &mut Checker<'_>, line: &str) -> Result<(), String> {
    let line = strict_json(line).and_then(|line| serde_json::from_value(line).ok());
    let checked = match line.ok_or("this is not a line of an export")? {
        Line::Head { head } => checker.head(&head),
        Line::Row { seq, hash, event } => checker.row(seq, &hash, event.as_ref()),
    };
    checked.map_err(|broken| format!("row {}: {}", broken.seq, broken.why))
}
