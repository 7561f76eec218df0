//! `gatehouse status`.

use clap::Args;
use serde_json::json;

use super::{Failure, open, show};
use crate::admin::keys;
use crate::admin::status::{self, Status};
use crate::base::Timestamp;
use crate::config::Config;
use crate::kit::Kit;
use crate::model::Actor;

#[derive(Args)]
pub(super) struct Options {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(config: Config, options: Options) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    let mut read = status::read(&kit, &Actor::Operator).await?;
    if read.counted_at == 0 {
        // No provider has run here yet.
        status::count(&kit).await?;
        read = status::read(&kit, &Actor::Operator).await?;
    }
    let attention = status::attention(&read, kit.now());
    if options.json {
        show::json(&document(&kit, &read, &attention)?);
        return Ok(());
    }
    for sentence in &attention {
        show::line(format_args!("! {sentence}"));
    }
    let people = &read.people;
    let today = read.days.last();
    show::facts(&[
        (
            "People",
            format!(
                "{} active, {} invited, {} deactivated, {} locked",
                people.people - people.disabled - people.invited,
                people.invited,
                people.disabled,
                read.locked
            ),
        ),
        ("Logged in now", read.sessions.to_string()),
        (
            "Today",
            today
                .map(|day| format!("{} logged in, {} failed attempts", day.logged_in, day.failed))
                .unwrap_or_default(),
        ),
        ("Services", read.services.to_string()),
        ("Email", format!("{} waiting, {} failed today", read.mail_waiting, read.mail_failed_today)),
        ("Reviews overdue", read.reviews_overdue.to_string()),
        ("Signing key changes", show::optional_time(next_key(&kit)?)),
        ("Version", env!("CARGO_PKG_VERSION").to_owned()),
        ("Counted", show::time(Timestamp::from_millis(read.counted_at))),
    ]);
    Ok(())
}

fn next_key(kit: &Kit) -> Result<Option<Timestamp>, Failure> {
    Ok(keys::next_change(kit, &keys::list(kit, &Actor::Operator)?))
}

fn document(kit: &Kit, read: &Status, attention: &[String]) -> Result<serde_json::Value, Failure> {
    let people = &read.people;
    let days = read.days.iter().map(|day| {
        let begins_at = show::time(Timestamp::from_millis(day.begins_at));
        json!({ "begins_at": begins_at, "logged_in": day.logged_in, "failed": day.failed })
    });
    Ok(json!({
        "counted_at": show::time(Timestamp::from_millis(read.counted_at)),
        "people": {
            "active": people.people - people.disabled - people.invited, "invited": people.invited,
            "deactivated": people.disabled, "locked": read.locked,
        },
        "sessions": read.sessions, "services": read.services, "mail_waiting": read.mail_waiting,
        "mail_failed_today": read.mail_failed_today, "reviews_overdue": read.reviews_overdue,
        "signing_key_changes_at": next_key(kit)?.map(show::time), "version": env!("CARGO_PKG_VERSION"),
        "days": days.collect::<Vec<_>>(), "attention": attention,
    }))
}
