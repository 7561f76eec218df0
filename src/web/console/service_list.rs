//! The list of services (P31).

use axum::http::StatusCode;
use axum::response::Response;

use super::services::{kind, status};
use super::{Console, address, cursor, neighbours, path};
use crate::admin::people::ROWS;
use crate::admin::services::{self, Listed, Query as Wanted};
use crate::base::paths;
use crate::policy::permission::Action as Permission;
use crate::store::services::Order;
use crate::view::TimeText;
use crate::view::pages::console::{Action, Cell, Column, Field, ListPage, SearchForm, Table};
use crate::web::extract::{Query, Unwanted};

pub(super) async fn list(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    let words = params.field("q");
    let order = match params.field("sort") {
        "id" => Order::Id,
        "last-used" => Order::LastUse,
        "status" => Order::Status,
        _ => Order::Name,
    };
    let query = Wanted { words: words.to_owned(), order, after: cursor(&params).map(str::to_owned) };
    let page = match services::list(&at.web.kit, &at.actor, &query, ROWS).await {
        Ok(page) => page,
        Err(error) => return at.refuse(error, (paths::CONSOLE, "Go to the dashboard")),
    };
    let (previous, next) = neighbours(paths::CONSOLE_SERVICES, &params, page.next.as_deref());
    let action = |text: &str, href: &str, is_main| Action { text: text.into(), href: href.into(), is_main };
    let mut actions = Vec::new();
    if at.may(Permission::AddService) {
        actions.push(action("Add a service", paths::CONSOLE_SERVICE_NEW, true));
    }
    if at.may(Permission::InviteRegistration) {
        actions.push(action("Registration tokens", paths::CONSOLE_TOKENS, false));
    }
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_SERVICES),
        title: "Services".to_owned(),
        lead: Some("The services that people log in to here.".to_owned()),
        actions,
        search: Some(SearchForm {
            action: paths::CONSOLE_SERVICES,
            fields: vec![Field::new("text", "q", "Name or client ID").value(words)],
            button: "Search",
        }),
        table: table(&page.rows, &query),
        previous,
        next,
    };
    at.show(StatusCode::OK, &shown)
}

/// What is searched for is found in an order of its own.
fn table(rows: &[Listed], query: &Wanted) -> Table {
    let order = query.words.trim().is_empty().then_some(query.order);
    let column = |text, name: &str, of| {
        let direction = if of == Order::Status { "descending" } else { "ascending" };
        Column {
            text,
            sort_url: order.map(|_| address(paths::CONSOLE_SERVICES, &[("sort", name)])),
            sorted: (order == Some(of)).then_some(direction),
        }
    };
    let caption = match order {
        None => "Services that were found",
        Some(Order::Name) => "Services by name",
        Some(Order::Id) => "Services by client ID",
        Some(Order::LastUse) => "Services, those that have not been used for longest first",
        Some(Order::Status) => "Services, those that are switched off first",
    };
    Table {
        id: "services",
        caption: caption.to_owned(),
        columns: vec![
            column("Name", "name", Order::Name),
            column("Client ID", "id", Order::Id),
            Column::plain("Type"),
            column("Last used", "last-used", Order::LastUse),
            column("Status", "status", Order::Status),
        ],
        rows: rows.iter().map(row).collect(),
        empty: "No services found.",
    }
}

fn row(listed: &Listed) -> Vec<Cell> {
    let client = &listed.client;
    vec![
        Cell::link(client.name.clone(), path(paths::CONSOLE_SERVICE, client.id.as_str())),
        Cell::code(client.id.as_str()),
        Cell::text(kind(client)),
        Cell::time(listed.last_used_at.map(TimeText::date_at_clock_time), "Not in 90 days"),
        Cell::tag(status(client)),
    ]
}
