//! The signing keys (P39).

use axum::http::StatusCode;
use axum::response::Response;

use super::{Console, ConsoleForm};
use crate::admin::keys;
use crate::base::paths;
use crate::keys::Start;
use crate::policy::permission::Action as Permission;
use crate::view::TimeText;
use crate::view::pages::console::{Action, Cell, ConsoleForm as FormPage, ListPage, Table};

const BACK: (&str, &str) = (paths::CONSOLE_KEYS, "Go to the keys");

pub(super) async fn list(at: Console) -> Response {
    let listed = match keys::list(&at.web.kit, &at.actor) {
        Ok(listed) => listed,
        Err(error) => return at.refuse(error, BACK),
    };
    let rows = listed.iter().map(|key| {
        vec![
            Cell::code(key.kid.as_str()),
            Cell::text(key.algorithm.name()),
            Cell::tag(key.state.shown()),
            Cell::time(Some(TimeText::date_at_clock_time(key.active_from)), ""),
            Cell::time(key.remove_after.map(TimeText::date_at_clock_time), "Not yet known"),
        ]
    });
    let columns = ["Key ID", "Algorithm", "State", "Used from", "Removed after"];
    let change = Action {
        text: "Change the signing keys".into(),
        href: paths::CONSOLE_KEYS_CHANGE.into(),
        is_main: true,
    };
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_KEYS),
        title: "Keys".to_owned(),
        lead: Some("Services check what we sign with these keys. They change automatically.".to_owned()),
        actions: if at.may(Permission::RotateKeys) { vec![change] } else { Vec::new() },
        search: None,
        table: Table::new("keys", "Signing keys", &columns, rows.collect(), "There are no keys."),
        previous: None,
        next: None,
    };
    at.show(StatusCode::OK, &shown)
}

pub(super) async fn ask(at: Console) -> Response {
    let back = paths::CONSOLE_KEYS;
    let lead = [
        "A new key is made for each algorithm and published at once.",
        "It signs after a day, when services have learnt of it. Nobody is logged out.",
        "The old keys stay available for checking until the last token that they signed has ended.",
        "If a key was stolen, use the command gatehouse key rotate --now instead.",
    ];
    let by = (paths::CONSOLE_KEYS_CHANGE.to_owned(), "Change the signing keys");
    at.ask(FormPage {
        lead: lead.map(str::to_owned).into(),
        ..FormPage::new(at.frame(back), "Change the signing keys?", by, back)
    })
}

pub(super) async fn change(ConsoleForm { at, .. }: ConsoleForm) -> Response {
    if at.must_ask_again() {
        return ask(at).await;
    }
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_KEYS_CHANGE);
    }
    match keys::rotate(&at.web.kit, &at.actor, None, Start::Announced).await {
        Ok(_) => {
            let listed = keys::list(&at.web.kit, &at.actor).unwrap_or_default();
            let ready = listed.iter().filter(|key| key.state == keys::State::Ready);
            let said = match ready.map(|key| key.active_from).min() {
                Some(from) => format!(
                    "A new signing key is ready. It signs from {}. This gives services time to fetch it.",
                    TimeText::date_at_clock_time(from).text
                ),
                None => "A new signing key is ready.".to_owned(),
            };
            at.done(paths::CONSOLE_KEYS, &said)
        }
        Err(error) => at.refuse(error, BACK),
    }
}
