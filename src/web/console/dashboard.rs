//! How things stand (P30).

use axum::http::StatusCode;
use axum::response::Response;

use super::Console;
use crate::admin::status::{self, Status};
use crate::admin::{administrators, keys};
use crate::base::{Timestamp, paths};
use crate::view::pages::console::{Bar, Cell, DashboardPage, Fact, Table};
use crate::view::{TimeText, when};

/// The height of the tallest bar, in units of the chart.
const TALLEST: i64 = 190;
/// From one day to the next.
const STEP: i64 = 50;

pub(super) async fn get(at: Console) -> Response {
    let read = match status::read(&at.web.kit, &at.actor).await {
        Ok(read) => read,
        Err(error) => return at.refuse(error, (paths::ACCOUNT, "Go to your account")),
    };
    let mut attention = status::attention(&read, at.web.kit.now());
    if let Ok(owners) = administrators::list(&at.web.kit, &at.actor).await
        && owners.len() == 1
    {
        attention.push(
            "There is only one administrator. Make another owner, so that nobody is locked out.".into(),
        );
    }
    let shown = DashboardPage {
        frame: at.frame(paths::CONSOLE),
        title: "Dashboard".to_owned(),
        attention,
        facts: facts(&at, &read),
        bars: bars(&read),
        days: days(&read),
        chart_text: chart_text(&read),
        table: table(&read),
    };
    at.show(StatusCode::OK, &shown)
}

fn facts(at: &Console, read: &Status) -> Vec<Fact> {
    let people = &read.people;
    let active = people.people - people.disabled - people.invited;
    let mut facts = vec![
        Fact::new(
            "People",
            Cell::text(format!(
                "{active} active, {} invited, {} deactivated, {} locked",
                people.invited, people.disabled, read.locked
            )),
        ),
        Fact::new("Logged in now", Cell::text(read.sessions.to_string())),
        Fact::new("Services", Cell::text(read.services.to_string())),
        Fact::new("Email", Cell::text(mail(read))),
    ];
    if let Ok(listed) = keys::list(&at.web.kit, &at.actor) {
        let next = keys::next_change(&at.web.kit, &listed).map(TimeText::date_at_clock_time);
        facts.push(Fact::new("Signing key changes", Cell::time(next, "Not planned")));
    }
    facts.push(Fact::new("Version", Cell::text(env!("CARGO_PKG_VERSION"))));
    let counted = Some(TimeText::date_at_clock_time(Timestamp::from_millis(read.counted_at)));
    let counted = counted.filter(|_| read.counted_at > 0);
    facts.push(Fact::new("Figures from", Cell::time(counted, "Not yet; check again in a minute")));
    facts
}

fn mail(read: &Status) -> String {
    let figures = format!("{} waiting, {} failed today", read.mail_waiting, read.mail_failed_today);
    if status::mail_works(read) { format!("Working, {figures}") } else { figures }
}

/// The first day of the chart, that in its middle and the last.
fn days(read: &Status) -> Vec<String> {
    let days = &read.days;
    let shown = [days.first(), days.get(days.len() / 2), days.last()];
    shown.into_iter().flatten().map(|day| when::day_of_month(Timestamp::from_millis(day.begins_at))).collect()
}

fn bars(read: &Status) -> Vec<Bar> {
    let highest = read.days.iter().map(|day| day.logged_in.max(day.failed)).max().unwrap_or(0).max(1);
    let tall = |count: i64| count * TALLEST / highest;
    (0..)
        .zip(&read.days)
        .map(|(number, day)| Bar {
            x: number * STEP + 4,
            done: tall(day.logged_in),
            failed: tall(day.failed),
        })
        .collect()
}

fn chart_text(read: &Status) -> String {
    match read.days.iter().max_by_key(|day| day.logged_in) {
        Some(day) if day.logged_in > 0 => {
            let name = when::day(Timestamp::from_millis(day.begins_at));
            let logins = if day.logged_in == 1 { "login" } else { "logins" };
            format!("The highest day was {name} with {} {logins}.", day.logged_in)
        }
        _ => "Nobody has logged in yet.".to_owned(),
    }
}

fn table(read: &Status) -> Table {
    let rows = read.days.iter().rev().map(|day| {
        vec![
            Cell::text(when::day(Timestamp::from_millis(day.begins_at))),
            Cell::text(day.logged_in.to_string()),
            Cell::text(day.failed.to_string()),
        ]
    });
    let columns = ["Day", "Logged in", "Wrong password or code"];
    Table::new(
        "logins",
        "Logins, the newest day first",
        &columns,
        rows.collect(),
        "Nothing has been counted yet.",
    )
}
