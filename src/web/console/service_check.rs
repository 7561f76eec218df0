//! The check of a service: what it declares, held against what can be seen of it from here.

use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::services::{BACK, refuse};
use super::{Console, ConsoleForm, path};
use crate::admin::client_check::{self, Finding, Verdict};
use crate::admin::{Refusal, clients};
use crate::base::{Error, paths};
use crate::policy::permission::{self, Action as Permission};
use crate::view::pages::console::{Action, Cell, ConsoleForm as FormPage, Fact, Part, RecordPage, Table};

/// How long a service may take to be looked at: less than any answer may.
const CHECK_TIME: Duration = Duration::from_secs(15);

pub(super) async fn ask(at: Console, Path(id): Path<String>) -> Response {
    let client = match clients::find(&at.web.kit, &at.actor, &id).await {
        Ok(client) => client,
        Err(error) => return refuse(&at, &id, error),
    };
    if !permission::allows(&at.actor, Permission::ChangeService, Some(&client.id)) {
        return at.refuse(Error::Refused(Refusal::Forbidden), BACK);
    }
    let by = (path(paths::CONSOLE_SERVICE_CHECK, client.id.as_str()), "Check this service");
    let cancel = path(paths::CONSOLE_SERVICE, client.id.as_str());
    at.ask_to_look(FormPage {
        lead: vec![
            "We fetch its keys, open its pages and try the addresses that we send to, as if somebody logged in or out."
                .to_owned(),
            "Nothing is changed, and nobody is logged out. It can take 15 seconds.".to_owned(),
        ],
        ..FormPage::new(at.frame(paths::CONSOLE_SERVICES), format!("Check {}", client.name), by, cancel)
    })
}

pub(super) async fn check(Path(id): Path<String>, ConsoleForm { at, .. }: ConsoleForm) -> Response {
    let looked = async {
        let client = clients::find(&at.web.kit, &at.actor, &id).await?;
        let looked = client_check::look_at(&at.web.kit, &at.actor, &id);
        let findings = tokio::time::timeout(CHECK_TIME, looked).await.map_err(|_| {
            let say = "the service is too slow to be looked at from here; use gatehouse client check";
            Error::Refused(Refusal::Conflict(say.to_owned()))
        })??;
        Ok((client, findings))
    };
    let (client, findings) = match looked.await {
        Ok(looked) => looked,
        Err(error) => return refuse(&at, &id, error),
    };
    let action = |text: &str, pattern| Action {
        text: text.to_owned(),
        href: path(pattern, client.id.as_str()),
        is_main: false,
    };
    let columns = ["What was checked", "Result", "What it should be", "What it is"];
    let rows = findings.iter().map(row).collect();
    let shown = RecordPage {
        frame: at.frame(paths::CONSOLE_SERVICES),
        title: format!("Check of {}", client.name),
        facts: vec![Fact::new("Result", Cell::text(verdict(&findings)))],
        actions: vec![
            action("Go to the service", paths::CONSOLE_SERVICE),
            action("Check it again", paths::CONSOLE_SERVICE_CHECK),
        ],
        tables: vec![Part {
            heading: "Findings",
            table: Table::new("findings", "What was found", &columns, rows, "There was nothing to check."),
        }],
    };
    at.show(StatusCode::OK, &shown)
}

fn verdict(findings: &[Finding]) -> String {
    match findings.iter().filter(|finding| finding.verdict == Verdict::Bad).count() {
        0 => "Nothing needs attention".to_owned(),
        1 => "1 thing needs attention".to_owned(),
        many => format!("{many} things need attention"),
    }
}

fn row(finding: &Finding) -> Vec<Cell> {
    let lines = |lines: Vec<Option<String>>| Cell::Lines { lines: lines.into_iter().flatten().collect() };
    let found = match &finding.found {
        Some(found) => lines(vec![Some(format!("It {found}")), finding.remedy.clone()]),
        None => Cell::text("As it should be"),
    };
    vec![
        lines(vec![Some(finding.what.to_owned()), finding.address.clone()]),
        Cell::tag(match finding.verdict {
            Verdict::Good => "Good",
            Verdict::Note => "Note",
            Verdict::Bad => "Needs attention",
        }),
        Cell::text(finding.expected.clone()),
        found,
    ]
}
