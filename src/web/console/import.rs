//! Importing a list of people (P36): looked at first, and nothing sent until somebody says yes.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::choice::Choice;
use super::people::{BACK, service_fields};
use super::{Console, ConsoleForm, ConsoleUpload, field_errors};
use crate::admin::import::{LARGEST, Outcome, Preview};
use crate::admin::{Flaw, Refusal, upload};
use crate::base::{Error, paths};
use crate::view::FieldError;
use crate::view::pages::console::{Action, Cell, ConsoleForm as FormPage, Field, Frame, Table};

/// The file and what stands around it in the request.
pub(super) const LARGEST_BODY: usize = LARGEST + 64 * 1024;
/// The field of the file.
const FILE: &str = "file";
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
    at.ask_to_look(form(&at, Vec::new()))
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
            Field::new("file", FILE, "CSV file with name, email, organisation")
                .value(".csv,text/csv")
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
    at.ask_to_look(form(at, vec![FieldError::new(FILE, say)]))
}

pub(super) async fn post(ConsoleUpload { at, file, is_whole, .. }: ConsoleUpload) -> Response {
    if !is_whole {
        return refuse(&at, "The file is too large, or did not arrive whole");
    }
    let Some(file) = file else { return refuse(&at, "Select a file") };
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_IMPORT);
    }
    match upload::look(&at.web.kit, &at.actor, &file).await {
        Ok((id, preview)) if preview.problems.is_empty() => {
            looked_at(&at, (&id, &preview), &Choice::default(), Vec::new()).await
        }
        Ok((_, preview)) => problems(&at, &preview),
        Err(Error::Refused(Refusal::Unfit(flaws))) => {
            // Whatever is wrong, it is wrong with the file.
            let flaws: Vec<Flaw> = flaws.into_iter().map(|flaw| Flaw::of(FILE, flaw.say)).collect();
            at.ask_to_look(form(&at, field_errors(&flaws)))
        }
        Err(error) => at.refuse(error, BACK),
    }
}

/// What would become of each row, and what is wrong with the services that were chosen.
async fn looked_at(
    at: &Console,
    (id, preview): (&str, &Preview),
    services: &Choice,
    errors: Vec<FieldError>,
) -> Response {
    let mut fields = vec![Field::new("hidden", "list", "").value(id)];
    match service_fields(at, services).await {
        Ok(of_services) => fields.extend(of_services),
        Err(error) => return at.refuse(error, BACK),
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
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_PEOPLE) };
    at.ask(FormPage {
        lead,
        table: Some(Table::new(
            "rows",
            "Rows of the file",
            &columns,
            rows.collect(),
            "The file has no rows.",
        )),
        fields,
        ..FormPage::new(frame, "Check the list", by, paths::CONSOLE_PEOPLE)
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
    at.ask_to_look(FormPage { lead, table: Some(table), ..form(at, vec![FieldError::new(FILE, say)]) })
}

pub(super) async fn send(ConsoleForm { at, form }: ConsoleForm) -> Response {
    let list = form.field("list");
    let mut services = Choice::read(&form);
    if at.must_ask_again() {
        return look_again(&at, list, &services, Vec::new()).await;
    }
    if !at.is_fresh() {
        return at.log_in_again(paths::CONSOLE_IMPORT);
    }
    let chosen = match services.chosen(&at).await {
        Ok(chosen) => chosen,
        Err(wrong) => return look_again(&at, list, &services, vec![wrong]).await,
    };
    match upload::carry_out(&at.web.kit, &at.actor, list, &chosen).await {
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
        // The list itself has been looked at, and is kept for another try.
        Err(Error::Refused(Refusal::Unfit(flaws))) if flaws.iter().all(|flaw| flaw.field == "services") => {
            look_again(&at, list, &services, field_errors(&flaws)).await
        }
        Err(error) => at.refuse(error, BACK),
    }
}

/// Shows a list that was looked at once more, with what is wrong with the services that were chosen for it.
async fn look_again(at: &Console, id: &str, services: &Choice, errors: Vec<FieldError>) -> Response {
    match upload::look_again(&at.web.kit, &at.actor, id).await {
        Ok(preview) if preview.problems.is_empty() => looked_at(at, (id, &preview), services, errors).await,
        Ok(preview) => problems(at, &preview),
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
