//! Importing a list of people (P36): looked at first, and nothing sent until somebody says yes.

use std::sync::Arc;

use axum::extract::{FromRequest as _, FromRequestParts as _, Multipart, Request, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::people::{BACK, service, service_field};
use super::{Console, ConsoleForm, field_errors};
use crate::admin::import::{LARGEST, Outcome, Preview};
use crate::admin::{Flaw, Refusal, upload};
use crate::base::{Error, constant_time_eq, paths};
use crate::view::FieldError;
use crate::view::pages::console::{Action, Cell, ConsoleForm as FormPage, Field, Frame, Table};
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
    at.ask(form(&at, Vec::new()))
}

/// The form, with what is wrong with the file that was sent.
fn form(at: &Console, errors: Vec<FieldError>) -> FormPage {
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_PEOPLE) };
    let by = (paths::CONSOLE_IMPORT.to_owned(), "Check the list");
    FormPage {
        lead: vec![
            "The next page shows what will happen with each row. Nothing is sent until you confirm."
                .to_owned(),
            "You can import the same file again: people who have an account are left alone.".to_owned(),
        ],
        fields: vec![
            Field::new("file", "file", "CSV file with name, email, organisation")
                .hint("Up to 5,000 rows. The first row must be headings"),
        ],
        links: vec![Action {
            text: "Download an example".into(),
            href: paths::CONSOLE_IMPORT_EXAMPLE.into(),
            is_main: false,
        }],
        is_upload: true,
        ..FormPage::new(frame, "Import a list of people", by, paths::CONSOLE_PEOPLE)
    }
}

/// Has somebody send another file.
fn refuse(at: &Console, say: &str) -> Response {
    at.ask(form(at, vec![FieldError::new("file", say)]))
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
        return refuse(&at, "Select a file");
    };
    let Some((token, file)) = read(parts).await else {
        return refuse(&at, "The file is too large, or did not arrive whole");
    };
    if !constant_time_eq(token, at.token()) {
        return trouble::forbidden(&web);
    }
    if file.is_empty() {
        return refuse(&at, "Select a file");
    }
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_IMPORT);
    }
    match upload::look(&at.web.kit, &at.actor, &file).await {
        Ok((id, preview)) => looked_at(&at, (&id, ""), &preview).await,
        Err(Error::Refused(Refusal::Unfit(flaws))) => {
            // Whatever is wrong, it is wrong with the file.
            let flaws: Vec<Flaw> = flaws.into_iter().map(|flaw| Flaw::of("file", flaw.say)).collect();
            at.ask(form(&at, field_errors(&flaws)))
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

/// What would become of each row, and for which service people are invited.
async fn looked_at(at: &Console, (id, service): (&str, &str), preview: &Preview) -> Response {
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
    let mut lead = vec![told(&[
        (sends, "person will be sent an invitation", "people will be sent an invitation"),
        (adds, "person will be added with a password", "people will be added with a password"),
        (there, "person already has an account", "people already have an account"),
    ])];
    if preview.rows.len() > SHOWN {
        lead.push(format!("The first {SHOWN} of {} rows are shown.", preview.rows.len()));
    }
    let button = match (sends, adds) {
        (0, adds) => format!("Add {}", count(adds, "person", "people")),
        (sends, _) => format!("Send {}", count(sends, "invitation", "invitations")),
    };
    let columns = ["Row", "Name", "Email", "Organisation", "What will happen"];
    let by = (paths::CONSOLE_IMPORT_SEND.to_owned(), button);
    at.ask(FormPage {
        lead,
        table: Some(Table::new(
            "rows",
            "Rows of the file",
            &columns,
            rows.collect(),
            "The file has no rows.",
        )),
        fields: vec![Field::new("hidden", "list", "").value(id), service_field(at, service).await],
        ..FormPage::new(at.frame(paths::CONSOLE_PEOPLE), "Check the list", by, paths::CONSOLE_PEOPLE)
    })
}

/// So many of something, in words that fit the number.
fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// How many people each of some things happens to, without those that happen to nobody.
fn told(counted: &[(usize, &str, &str)]) -> String {
    let some = counted.iter().filter(|(number, ..)| *number > 0);
    let parts: Vec<String> = some.map(|(number, one, many)| count(*number, one, many)).collect();
    format!("{}.", parts.join(", "))
}

/// Every problem by its row: nobody is added while there is one.
fn problems(at: &Console, preview: &Preview) -> Response {
    let rows = preview.problems.iter().take(SHOWN).map(|problem| {
        let row = preview.rows.iter().find(|row| row.number == problem.row);
        vec![
            // On one line, however narrow the column.
            Cell::text(format!("Row\u{a0}{}", problem.row)),
            Cell::text(row.map_or_else(String::new, |row| row.name.clone())),
            Cell::text(row.map_or_else(String::new, |row| row.email.clone())),
            Cell::text(problem.say.clone()),
        ]
    });
    let found = preview.problems.len();
    let say = format!(
        "The list has {}. Correct these rows in your file and select it again",
        count(found, "problem", "problems")
    );
    let mut lead = vec!["Nobody has been added.".to_owned()];
    if found > SHOWN {
        lead.push(format!("The first {SHOWN} problems are shown."));
    }
    let columns = ["Row", "Name", "Email", "Problem"];
    let table = Table::new("problems", "Problems by row", &columns, rows.collect(), "");
    at.ask(FormPage { lead, table: Some(table), ..form(at, vec![FieldError::new("file", say)]) })
}

pub(super) async fn send(ConsoleForm { at, form }: ConsoleForm) -> Response {
    if at.must_ask_again() {
        let id = form.field("list");
        return match upload::look_again(&at.web.kit, &at.actor, id).await {
            Ok(preview) => looked_at(&at, (id, form.field("service")), &preview).await,
            Err(error) => at.refuse(error, BACK),
        };
    }
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_IMPORT);
    }
    let service = match service(&form) {
        Ok(service) => service,
        Err(flaw) => return at.refuse(Error::Refused(Refusal::Unfit(vec![flaw])), BACK),
    };
    match upload::carry_out(&at.web.kit, &at.actor, form.field("list"), service.as_ref()).await {
        Ok(report) => {
            let said = told(&[
                (report.without_password, "person was invited", "people were invited"),
                (
                    report.with_password,
                    "person was added with a password",
                    "people were added with a password",
                ),
                (report.already_there, "person already had an account", "people already had an account"),
            ]);
            at.done(paths::CONSOLE_PEOPLE, &said)
        }
        Err(error) => at.refuse(error, BACK),
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn what_happens_to_nobody_is_not_counted() {
        let counted = |invited, there| {
            told(&[
                (invited, "person was invited", "people were invited"),
                (there, "person was there", "people were there"),
            ])
        };
        assert_eq!(counted(2, 0), "2 people were invited.");
        assert_eq!(counted(2, 1), "2 people were invited, 1 person was there.");
    }
}
