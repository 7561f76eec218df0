//! `gatehouse audit`.

use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::why::Why;
use super::{Failure, audit_verify, open, show};
use crate::admin::events::{self, Filter, Listed, Step, Walk};
use crate::admin::users;
use crate::audit::check::body;
use crate::base::{ClientId, Timestamp};
use crate::config::Config;
use crate::kit::Kit;
use crate::model::{Actor, EventKind};
use crate::view::{spreadsheet, when};

#[derive(Subcommand)]
pub(super) enum Action {
    /// List events, the newest first.
    List(Options),
    /// Write events to a file or to standard output.
    Export(Export),
    /// Check that nothing was changed or removed: in the database, or in an export. This names the first row that was
    /// changed, removed, moved or cut off.
    Verify(audit_verify::Options),
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
    /// Show at most this many events.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Print JSON, with every detail in full.
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
    #[command(flatten)]
    why: Why,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
}

/// Checks an export, without anything else: the one action that needs no configuration.
pub(super) fn offline(action: &Action) -> Option<Result<(), Failure>> {
    match action {
        Action::Verify(options) => audit_verify::offline(options),
        _ => None,
    }
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::List(options) => list(&kit, options).await,
        Action::Export(options) => export(&kit, options).await,
        Action::Verify(options) => audit_verify::run(&kit, &options).await,
        Action::Key => {
            show::json(&events::public_key(&kit).await?);
            Ok(())
        }
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    when::parse(text)
        .ok_or_else(|| "that is neither a day like 2026-11-22 nor a moment in RFC 3339".to_owned())
}

fn kind(text: &str) -> Result<EventKind, String> {
    EventKind::parse(text).ok_or_else(|| {
        let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("choose one of {}", known.join(", "))
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
        ..Filter::default()
    };
    let page = events::list(kit, &Actor::Operator, &filter, None, options.limit).await?;
    if options.json {
        show::json(&page.rows.iter().map(document).collect());
        return Ok(());
    }
    let rows = page.rows.iter().map(|listed| shortened(columns(listed)).to_vec()).collect();
    show::table(&COLUMNS, rows);
    Ok(())
}

/// At a terminal a table breaks what is long; anywhere else one long detail would make every line as long.
fn shortened(mut columns: [String; 8]) -> [String; 8] {
    let [.., detail, _] = &mut columns;
    if !std::io::stdout().is_terminal() && detail.chars().count() > LONGEST_DETAIL {
        *detail = detail.chars().take(LONGEST_DETAIL).chain(['…']).collect();
    }
    columns
}

const LONGEST_DETAIL: usize = 60;

const COLUMNS: [&str; 8] = ["Time", "Event", "Person", "By", "Service", "From", "Detail", "Reason"];

fn columns(listed: &Listed) -> [String; 8] {
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
        event.reason.clone().unwrap_or_default(),
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
        "address": event.address, "reference": event.reference, "detail": event.detail, "reason": event.reason,
    })
}

async fn export(kit: &Kit, options: Export) -> Result<(), Failure> {
    // What was tampered with can be taken away all the same: it is evidence.
    let settled = events::settle(kit).await;
    let signed = settled.as_ref().copied().unwrap_or(i64::MAX);
    let mut out: Box<dyn Write> = match &options.output {
        Some(file) => Box::new(std::io::BufWriter::new(std::fs::File::create(file)?)),
        None => Box::new(std::io::BufWriter::new(std::io::stdout().lock())),
    };
    match options.format {
        Format::Jsonl => export_chain(kit, &mut *out, signed).await?,
        Format::Csv => export_table(kit, &mut *out).await?,
    }
    out.flush()?;
    events::exported(kit, &options.why.actor(), &Filter::default()).await?;
    settled.map(drop).map_err(Failure::from)
}

/// Up to the last row that is signed: whoever reads it can tell that none is missing.
async fn export_chain(kit: &Kit, out: &mut dyn Write, signed: i64) -> Result<(), Failure> {
    let bar = audit_verify::bar(events::height(kit).await?);
    let mut walk = Walk::until(signed);
    loop {
        let steps = walk.next(kit).await?;
        if steps.is_empty() {
            bar.finish_and_clear();
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
        bar.set_position(walk.after.unsigned_abs());
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
