//! The letters that are not sent.

use axum::http::StatusCode;
use axum::response::Response;

use super::Console;
use crate::admin::mail;
use crate::base::paths;
use crate::store::outbox::Standing;
use crate::view::TimeText;
use crate::view::pages::console::{Cell, ListPage, Table};

pub(super) async fn list(at: Console) -> Response {
    let letters = match mail::list(&at.web.kit, &at.actor).await {
        Ok(letters) => letters,
        Err(error) => return at.refuse(error, (paths::CONSOLE, "Go to the dashboard")),
    };
    let columns = ["Email", "Written", "State", "Tries", "What the mail server said"];
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_MAIL),
        title: "Email".to_owned(),
        lead: Some(
            "Emails that are waiting, failed or expired. For privacy, recipients are not shown.".to_owned(),
        ),
        actions: Vec::new(),
        search: None,
        table: Table::new(
            "letters",
            "Emails that are not sent, the newest first",
            &columns,
            letters.iter().map(row).collect(),
            "Every email has been sent.",
        ),
        previous: None,
        next: None,
    };
    at.show(StatusCode::OK, &shown)
}

fn row(letter: &Standing) -> Vec<Cell> {
    let what = letter.kind.replace('_', " ");
    vec![
        Cell::text(super::sentence(&what).trim_end_matches('.')),
        Cell::time(Some(TimeText::date_at_clock_time(letter.created_at)), ""),
        Cell::tag(mail::state(letter)),
        Cell::text(letter.attempts.to_string()),
        Cell::text(letter.last_error.clone().unwrap_or_else(|| "Nothing yet".to_owned())),
    ]
}
