//! Importing a list of people (P36): looked at first, and nothing sent until somebody says yes.

use std::sync::Arc;

use axum::extract::{FromRequest as _, FromRequestParts as _, Multipart, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::people::{BACK, service_field};
use super::{Console, ConsoleForm, field_errors};
use crate::admin::import::{LARGEST, Outcome, Preview};
use crate::admin::{Flaw, Refusal, upload};
use crate::base::{ClientId, Error, constant_time_eq, paths};
use crate::view::FieldError;
use crate::view::pages::console::{Action, Cell, ConsoleForm as FormPage, Field, ListPage, Table};
use crate::web::Web;
use crate::web::extract::is_from_ourselves;
use crate::web::pages::trouble;

/// The file and what stands around it in the request.
pub(super) const LARGEST_BODY: usize = LARGEST + 64 * 1024;
/// Rows of the preview that are shown.
const SHOWN: usize = 500;

const EXAMPLE: &str = "name,email,organisation\nAlex Example,alex@school.example,Example Primary School\n";

pub(super) async fn example(_: Console) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"people.csv\""),
    ];
    (headers, EXAMPLE).into_response()
}

pub(super) async fn get(at: Console) -> Response {
    show(&at, Vec::new())
}

fn show(at: &Console, errors: Vec<FieldError>) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut frame = at.frame(paths::CONSOLE_PEOPLE);
    frame.errors = errors;
    let shown = FormPage {
        frame,
        title: "Import a list of people".to_owned(),
        lead: vec![
            "The next page shows what will happen with each row. Nothing is sent before you say yes."
                .to_owned(),
            "You can import the same file again: people who have an account are left alone.".to_owned(),
        ],
        table: None,
        action: paths::CONSOLE_IMPORT.to_owned(),
        fields: vec![
            Field::new("file", "file", "CSV file with name, email, organisation")
                .hint("Up to 5,000 rows. The first row holds the headings"),
        ],
        button: "Look at the list".to_owned(),
        cancel: paths::CONSOLE_PEOPLE.to_owned(),
        links: vec![Action {
            text: "Download an example".into(),
            href: paths::CONSOLE_IMPORT_EXAMPLE.into(),
            is_main: false,
        }],
        is_upload: true,
        is_warning: false,
        log_in_url: None,
    };
    at.show(status, &shown)
}

/// Takes the file. Its form is of another kind than the others, and is checked like them.
pub(super) async fn post(State(web): State<Arc<Web>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if !is_from_ourselves(&web.kit.config, &parts.headers) {
        return trouble::forbidden(&web);
    }
    let at = match Console::from_request_parts(&mut parts, &web).await {
        Ok(at) => at,
        Err(response) => return response,
    };
    let Ok(parts) = Multipart::from_request(Request::from_parts(parts, body), &web).await else {
        return show(&at, vec![FieldError::new("file", "Select a file")]);
    };
    let Some((token, file)) = read(parts).await else {
        return show(&at, vec![FieldError::new("file", "The file is too large, or did not arrive whole")]);
    };
    if !constant_time_eq(token, at.token()) {
        return trouble::forbidden(&web);
    }
    if file.is_empty() {
        return show(&at, vec![FieldError::new("file", "Select a file")]);
    }
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_IMPORT);
    }
    match upload::look(&at.web.kit, &at.actor, &file).await {
        Ok((id, preview)) => looked_at(&at, &id, &preview).await,
        Err(Error::Refused(Refusal::Unfit(flaws))) => {
            // Whatever is wrong, it is wrong with the file.
            let flaws: Vec<Flaw> = flaws.into_iter().map(|flaw| Flaw::of("file", flaw.say)).collect();
            show(&at, field_errors(&flaws, "file"))
        }
        Err(error) => at.refuse(error, BACK),
    }
}

async fn read(mut parts: Multipart) -> Option<(String, Vec<u8>)> {
    let (mut token, mut file) = (String::new(), Vec::new());
    while let Some(part) = parts.next_field().await.ok()? {
        match part.name() {
            Some("token") => token = part.text().await.ok()?,
            Some("file") => file = part.bytes().await.ok()?.to_vec(),
            _ => {}
        }
    }
    Some((token, file))
}

/// What would become of each row.
async fn looked_at(at: &Console, id: &str, preview: &Preview) -> Response {
    if !preview.problems.is_empty() {
        return problems(at, preview);
    }
    let sends = preview.count(Outcome::Invite);
    let (adds, there) = (preview.count(Outcome::Add), preview.count(Outcome::AlreadyThere));
    let rows = preview.rows.iter().take(SHOWN).map(|row| {
        vec![
            Cell::text(row.number.to_string()),
            Cell::text(row.name.clone()),
            Cell::text(row.email.clone()),
            Cell::text(row.organisation.clone().unwrap_or_else(|| "None".to_owned())),
            Cell::text(row.outcome.shown()),
        ]
    });
    let mut lead = vec![format!(
        "{sends} people will be sent an invitation, {adds} will be added with the password that they have, and \
         {there} have an account already."
    )];
    if preview.rows.len() > SHOWN {
        lead.push(format!("The first {SHOWN} of {} rows are shown.", preview.rows.len()));
    }
    let button = if sends > 0 { format!("Send {sends} invitations") } else { format!("Add {adds} people") };
    let columns = ["Row", "Name", "Email", "Organisation", "What will happen"];
    let shown = FormPage {
        frame: at.frame(paths::CONSOLE_PEOPLE),
        title: "Check the list".to_owned(),
        lead,
        table: Some(Table::new(
            "rows",
            "Rows of the file",
            &columns,
            rows.collect(),
            "The file has no rows.",
        )),
        action: paths::CONSOLE_IMPORT_SEND.to_owned(),
        fields: vec![Field::new("hidden", "list", "").value(id), service_field(at, "").await],
        button,
        cancel: paths::CONSOLE_PEOPLE.to_owned(),
        links: Vec::new(),
        is_upload: false,
        is_warning: false,
        log_in_url: None,
    };
    at.show(StatusCode::OK, &shown)
}

/// Every problem by its row: nobody is added while there is one.
fn problems(at: &Console, preview: &Preview) -> Response {
    let rows = preview.problems.iter().take(SHOWN).map(|problem| {
        let row = preview.rows.iter().find(|row| row.number == problem.row);
        vec![
            Cell::text(format!("Row {}", problem.row)),
            Cell::text(row.map_or_else(String::new, |row| row.name.clone())),
            Cell::text(row.map_or_else(String::new, |row| row.email.clone())),
            Cell::text(problem.say.clone()),
        ]
    });
    let count = preview.problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    let again =
        Action { text: "Select another file".into(), href: paths::CONSOLE_IMPORT.into(), is_main: true };
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_PEOPLE),
        title: "Problems with the list".to_owned(),
        lead: Some(format!(
            "The list has {count} {noun}. Nobody has been added. Correct these rows in your file and import it again."
        )),
        actions: vec![again],
        search: None,
        table: Table::new(
            "problems",
            "Problems by row",
            &["Row", "Name", "Email", "Problem"],
            rows.collect(),
            "",
        ),
        previous: None,
        next: None,
    };
    at.show(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

pub(super) async fn send(ConsoleForm { at, form }: ConsoleForm) -> Response {
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_IMPORT);
    }
    let service = ClientId::parse(form.field("service"));
    match upload::carry_out(&at.web.kit, &at.actor, form.field("list"), service.as_ref()).await {
        Ok(report) => {
            let banner = format!(
                "{} people were invited, {} were added with their password, {} had an account already.",
                report.without_password, report.with_password, report.already_there
            );
            super::people::show(&at, &crate::oidc::params::Params::default(), Some(banner)).await
        }
        Err(error) => at.refuse(error, BACK),
    }
}
