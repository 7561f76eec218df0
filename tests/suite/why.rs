//! Why an administrator did something, from each door to the audit trail.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::console::OLIVIA;
use super::support::{Browser, Page, Provider, REDIRECT};
use crate::admin::{events, people, personal_data};
use crate::base::Span;
use crate::model::{Actor, Reason, Role};
use crate::policy::permission::scopes;
use crate::web::CONSOLE_BORDERS;

const ALEX: &str = "alex@school.example";
const LEFT: &str = "Left the school, says Mrs O'Brien";

/// A form of the console: its pattern and address, what is filled in, where it is sent, and what it records.
struct Form {
    pattern: &'static str,
    url: String,
    fields: Vec<(&'static str, &'static str)>,
    sent_to: Option<String>,
    kind: &'static str,
}

/// Every form of the console, in an order in which each finds what it needs.
fn forms(alex: &str) -> Vec<Form> {
    let form = |pattern: &'static str, id: &str, fields: &[(&'static str, &'static str)], kind| Form {
        pattern,
        url: pattern.replace("{id}", id),
        fields: fields.to_vec(),
        sent_to: None,
        kind,
    };
    let deed = |deed, kind| {
        let form = form("/admin/people/{id}/{deed}", alex, &[], kind);
        Form { url: form.url.replace("{deed}", deed), ..form }
    };
    let portal = [("name", "Portal"), ("redirect_uris", REDIRECT), ("asks_consent", "no")];
    let details = [("name", "Alex Newname"), ("email", ALEX), ("organisation", "Example Primary School")];
    let new = [("name", "Rota"), ("kind", "server"), ("redirect_uris", REDIRECT), ("asks_consent", "no")];
    let data = Form {
        pattern: "/admin/people/{id}/export",
        sent_to: Some(format!("/admin/people/{alex}/export")),
        ..deed("data", "user.exported")
    };
    vec![
        form("/admin/services/new", "", &new, "client.added"),
        form("/admin/services/{id}/edit", "portal", &portal, "client.updated"),
        form("/admin/services/{id}/secret", "portal", &[], "client.secret_rotated"),
        form("/admin/services/{id}/status", "portal", &[], "client.disabled"),
        form("/admin/services/{id}/status", "portal", &[], "client.enabled"),
        form("/admin/services/{id}/remove", "portal", &[], "client.removed"),
        form(
            "/admin/people/invite",
            "",
            &[("name", "Nina"), ("email", "nina@school.example")],
            "user.invited",
        ),
        form("/admin/people/{id}/edit", alex, &details, "user.changed"),
        form("/admin/people/{id}/role", alex, &[("role", "auditor")], "administrator.role_given"),
        form("/admin/people/{id}/role", alex, &[("role", "none")], "administrator.role_taken"),
        deed("unlock", "user.unlocked"),
        deed("new-password", "user.new_password_asked"),
        deed("log-out", "user.sessions_ended"),
        data,
        deed("deactivate", "user.disabled"),
        deed("activate", "user.enabled"),
        form(
            "/admin/reviews/new",
            "",
            &[("organisation", "Example Primary School"), ("sponsor", "sam@school.example")],
            "review.begun",
        ),
        form("/admin/keys/change", "", &[], "key.rotated"),
        form("/admin/registration-tokens/new", "", &[("hours", "24")], "client.invited"),
        form("/admin/settings/{id}/edit", "brand", &[("phone", "0300 123 4567")], "settings.changed"),
        deed("erase", "user.erased"),
    ]
}

impl Provider {
    async fn recorded(&self, kind: &str) -> Vec<events::Listed> {
        let kind = crate::model::EventKind::parse(kind);
        let filter = events::Filter { kind, ..events::Filter::default() };
        events::list(self.kit(), &Actor::Operator, &filter, None, 50).await.unwrap().rows
    }

    /// The reasons of a kind of events, without those that have none.
    async fn reasons(&self, kind: &str) -> Vec<String> {
        self.recorded(kind).await.into_iter().filter_map(|listed| listed.event.reason).collect()
    }

    /// What administrators at the console have done so far.
    async fn deeds(&self) -> i64 {
        self.number("SELECT COUNT(*) FROM events WHERE actor LIKE 'usr_%'").await
    }

    async fn begun() -> (Self, Browser, String) {
        let provider = Self::start().await;
        provider.add_client("portal", |_| {}).await;
        provider.add_person("sam@school.example", "Sam Sample").await;
        let olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
        let alex = provider.person(ALEX).await.id.as_str().to_owned();
        (provider, olivia, alex)
    }
}

/// Fills in a form with a reason and sends it.
async fn send(olivia: &mut Browser, form: &Form, reason: &str) -> Page {
    let page = olivia.open(&form.url).await.expect(StatusCode::OK);
    let button = page.body.rfind("<button").unwrap();
    let field = page.body.find("<label for=\"reason\">Reason (optional)</label>");
    assert!(field.is_some_and(|field| field < button), "{}: {}", form.url, page.body);
    let mut fields = form.fields.clone();
    fields.push(("reason", reason));
    let seen = ["version", "form"].map(|name| (name, page.hidden(name).unwrap_or_default()));
    fields.extend(seen.iter().map(|(name, value)| (*name, value.as_str())));
    olivia.submit_to(&page, form.sent_to.as_deref().unwrap_or(&form.url), &fields).await
}

#[track_caller]
fn assert_asked_again(page: &Page, says: &str, typed: &str) {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}: {}", page.url, page.body);
    assert!(page.body.contains("href=\"#reason\"") && page.text().contains(says), "{}", page.body);
    assert!(page.body.contains(&format!("value=\"{typed}\"")), "{}: {}", page.url, page.body);
}

#[tokio::test]
async fn every_form_of_the_console_takes_a_reason_and_does_nothing_for_one_that_cannot_be_kept() {
    let (provider, mut olivia, alex) = Provider::begun().await;
    let long = "x".repeat(201);
    for (number, form) in forms(&alex).iter().enumerate() {
        let before = provider.deeds().await;
        let refused = send(&mut olivia, form, &long).await;
        assert_asked_again(&refused, "Reason must be 200 characters or fewer", &long);
        assert_eq!(provider.deeds().await, before, "{}", form.url);
        let reason = format!("Ticket {number} & more");
        let done = send(&mut olivia, form, &format!("  {reason} ")).await;
        assert!(done.status == StatusCode::SEE_OTHER || done.status == StatusCode::OK, "{}", done.body);
        assert!(provider.reasons(form.kind).await.contains(&reason), "{}", form.kind);
    }
    let log = olivia.open("/admin/audit?event=key.rotated").await.expect(StatusCode::OK);
    assert!(log.text().contains("Reason: Ticket"), "{}", log.text());
}

#[tokio::test]
async fn every_form_that_can_be_posted_is_tried_with_a_reason() {
    // A row that has one button, a file and a service that are only looked at; the others have tests of their own.
    let others = [
        "/admin/sessions",
        "/admin/registration-tokens",
        "/admin/services/{id}/check",
        "/admin/people/import",
        "/admin/people/import/send",
        "/admin/reviews/{id}/withdraw",
    ];
    let forms = forms("");
    for (path, _, to_post) in CONSOLE_BORDERS {
        let is_tried = others.contains(path) || forms.iter().any(|form| form.pattern == *path);
        assert!(to_post.is_none() || is_tried, "{path} is not tried");
    }
}

#[tokio::test]
async fn a_review_is_withdrawn_and_a_list_imported_for_a_reason() {
    let (provider, mut olivia, _) = Provider::begun().await;
    let review = [("organisation", "Example Primary School"), ("sponsor", "sam@school.example")];
    let begun = olivia.fill("/admin/reviews/new", &review).await.expect(StatusCode::SEE_OTHER);
    let withdraw = format!("{}/withdraw", begun.location());
    let refused = olivia.fill(&withdraw, &[("reason", "two\nlines")]).await;
    assert_asked_again(&refused, "Reason must be one line", "two\nlines");
    olivia.fill(&withdraw, &[("reason", "Asked twice")]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.reasons("review.withdrawn").await, ["Asked twice"]);

    provider.add_client("library", |_| {}).await;
    let form = olivia.open("/admin/people/import").await.expect(StatusCode::OK);
    assert!(!form.body.contains("id=\"reason\""), "a file is only looked at");
    let token = form.hidden("token").unwrap();
    let own = [("origin", super::support::ISSUER), ("sec-fetch-site", "same-origin")];
    let list = "name,email\nNina New,nina@school.example\n";
    let looked_at = olivia.send_file("/admin/people/import", &token, list, &own).await.expect(StatusCode::OK);
    let send = "/admin/people/import/send";
    let long = "x".repeat(201);
    let fields = [("service-library", "yes"), ("reason", &*long)];
    let refused = olivia.submit_to(&looked_at, send, &fields).await;
    assert_asked_again(&refused, "Reason must be 200 characters or fewer", &long);
    assert!(refused.body.contains("name=\"service-library\" value=\"yes\" checked"), "{}", refused.body);
    let fields = [("service-library", "yes"), ("reason", "New school")];
    olivia.submit_to(&refused, send, &fields).await.expect(StatusCode::SEE_OTHER);
    for kind in ["user.added", "user.invited"] {
        assert_eq!(provider.reasons(kind).await, ["New school"], "{kind}");
    }
}

#[tokio::test]
async fn a_reason_is_not_lost_where_somebody_has_to_confirm_or_to_log_in_again() {
    let (provider, mut olivia, alex) = Provider::begun().await;
    let url = format!("/admin/people/{alex}/edit");
    let edit = olivia.open(&url).await.expect(StatusCode::OK);
    let fields =
        [("name", "Alex Example"), ("email", "alex@new.example"), ("reason", "Rang from the school")];
    let sure = olivia.submit(&edit, &fields).await.expect(StatusCode::OK);
    assert!(sure.body.contains("value=\"Rang from the school\""), "{}", sure.body);
    olivia.submit_to(&sure, &url, &fields[2..]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.reasons("user.changed").await, ["Rang from the school"]);

    provider.advance(Span::minutes(16));
    let url = format!("/admin/people/{alex}/deactivate");
    let stale = olivia.fill(&url, &[("reason", LEFT)]).await.expect(StatusCode::OK);
    assert!(stale.body.contains("For security, log in again to continue."), "{}", stale.body);
    assert!(stale.body.contains("value=\"Left the school, says Mrs O&#39;Brien\""), "{}", stale.body);
    assert!(provider.person("alex@new.example").await.is_active());
    provider.log_in_to_console(&mut olivia, OLIVIA, "/admin/login?fresh=yes").await.expect(StatusCode::OK);
    olivia.submit(&stale, &[("reason", LEFT)]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.reasons("user.disabled").await, [LEFT]);
}

#[tokio::test]
async fn a_reason_is_sealed_for_whom_it_is_about_and_gone_with_them() {
    let (provider, mut olivia, alex) = Provider::begun().await;
    let page = format!("/admin/people/{alex}");
    olivia.fill(&format!("{page}/deactivate"), &[("reason", LEFT)]).await.expect(StatusCode::SEE_OTHER);
    let clear = "SELECT COUNT(*) FROM events WHERE detail LIKE '%O''Brien%'";
    assert_eq!(provider.number(clear).await, 0);
    let shown = olivia.open(&page).await.expect(StatusCode::OK);
    assert!(shown.text().contains(&format!("Reason: {LEFT}")), "{}", shown.text());
    let ask = olivia.open(&format!("{page}/data")).await.expect(StatusCode::OK);
    let held = olivia.submit_to(&ask, &format!("{page}/export"), &[]).await.expect(StatusCode::OK).json();
    let events = held["events"].as_array().unwrap();
    let own = events.iter().find(|event| event["kind"] == "user.disabled").unwrap();
    assert_eq!((&own["reason"], &own["detail"]), (&json!(LEFT), &Value::Null));

    for naming in ["Alex Example asked us to", "example, ALEX: asked", "mail of Alex@School.example, 3 May"] {
        let refused = olivia.fill(&format!("{page}/erase"), &[("reason", naming)]).await;
        assert_asked_again(&refused, "leave out their name and email", naming);
    }
    let asked = "Request 4711 of 3 May, for example";
    olivia.fill(&format!("{page}/erase"), &[("reason", asked)]).await.expect(StatusCode::SEE_OTHER);
    provider.settle_trail().await;
    provider.checked().await.unwrap();
    assert_eq!(provider.recorded("user.disabled").await.len(), 1);
    assert!(provider.reasons("user.disabled").await.is_empty());
    assert_eq!(provider.reasons("user.erased").await, [asked], "why has to outlive them");
    let clear = "SELECT COUNT(*) FROM events WHERE detail LIKE '%4711%'";
    assert_eq!(provider.number(clear).await, 0);

    // What was done to nobody is its author's, and goes with them.
    olivia.fill("/admin/keys/change", &[("reason", "Olivia is leaving")]).await.expect(StatusCode::SEE_OTHER);
    assert!(provider.reasons("key.rotated").await.contains(&"Olivia is leaving".to_owned()));
    provider.administrator("second@council.example", Role::Owner, &[]).await;
    let author = provider.person(OLIVIA).await;
    personal_data::erase(provider.kit(), &Actor::Operator, &author).await.unwrap();
    for kind in ["key.rotated", "user.erased"] {
        assert!(provider.reasons(kind).await.is_empty(), "{kind}");
    }
    provider.settle_trail().await;
    provider.checked().await.unwrap();
}

#[tokio::test]
async fn nobody_reads_on_their_own_pages_why_something_was_done_to_them() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    provider.add_client("portal", |_| {}).await;
    provider.code_for(&mut alex, &super::support::Ask::of("portal"), ALEX).await;
    let user = provider.person(ALEX).await;
    let actor = Actor::Operator.because(Reason::parse(LEFT).ok());
    let details = people::Details { email: user.email.clone(), name: "Alex".to_owned(), organisation: None };
    people::change(provider.kit(), &actor, &user, details).await.unwrap();
    assert_eq!(provider.reasons("user.changed").await, [LEFT]);
    let history = alex.open("/account/history").await.expect(StatusCode::OK);
    assert!(history.text().contains("Details changed by the support team"), "{}", history.text());
    assert!(!history.text().contains("Brien") && !history.body.contains("sealed"), "{}", history.body);
}

#[tokio::test]
async fn no_reason_is_a_formula_in_a_spreadsheet_or_markup_on_a_page() {
    let (_provider, mut olivia, alex) = Provider::begun().await;
    let page = format!("/admin/people/{alex}");
    for (deed, reason) in [("deactivate", "=HYPERLINK(\"https://x.example\")"), ("activate", "<b>x</b>")] {
        olivia.fill(&format!("{page}/{deed}"), &[("reason", reason)]).await.expect(StatusCode::SEE_OTHER);
    }
    let file = olivia.open("/admin/audit/events.csv").await.expect(StatusCode::OK).body;
    assert!(file.starts_with("Time,Event,Person,By,Service,From,Reference,Detail,Reason\r\n"), "{file}");
    assert!(file.contains(",\"'=HYPERLINK(\"\"https://x.example\"\")\"\r\n"), "{file}");
    let log = olivia.open("/admin/audit").await.expect(StatusCode::OK).body;
    assert!(log.contains("Reason: <bdi>&lt;b&gt;x") && !log.contains("<b>x"), "{log}");
}

#[tokio::test]
async fn a_program_says_why_in_a_header_of_every_request_that_changes_something() {
    let provider = Provider::start().await;
    let tool = provider.tool(&scopes::EVERY).await;
    let alex = provider.person(ALEX).await.id;
    let person = format!("/people/{alex}");
    let seen = tool.get(&person).await.expect(StatusCode::OK);
    let details = json!({ "name": "Alex Newname", "email": ALEX });
    let tag = seen.header("etag").to_owned();
    let calls: [(Method, String, Option<Value>, &str, &str); 5] = [
        (Method::PUT, person.clone(), Some(details), "user.changed", "Rang us"),
        (Method::POST, format!("{person}/deactivate"), None, "user.disabled", "Zo%C3%AB left: 100%25"),
        (Method::POST, "/services/portal/switch-off".to_owned(), None, "client.disabled", "sealed:x"),
        (Method::GET, format!("{person}/data"), None, "user.exported", "Request 4711"),
        (Method::DELETE, person.clone(), None, "user.erased", "Request 4712"),
    ];
    provider.add_client("portal", |_| {}).await;
    for (method, path, body, kind, reason) in calls {
        for odd in ["", " ", "100%", "%zz", "%ff", "%C3", "a%0Ab", "%E2%80%A8", &"x".repeat(201), "Zo\u{eb}"]
        {
            let headers = [("gatehouse-reason", odd), ("if-match", tag.as_str())];
            let refused = tool.call(method.clone(), &path, body.clone(), &headers).await;
            let refused = refused.expect(StatusCode::BAD_REQUEST);
            assert_eq!(refused.header("content-type"), "application/problem+json");
            let detail = refused.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with("Gatehouse-Reason: "), "{detail}");
        }
        let headers = [("gatehouse-reason", reason), ("if-match", tag.as_str())];
        let done = tool.call(method, &path, body, &headers).await;
        assert!(done.status.is_success(), "{path}: {}", done.body);
        let told = reason.replace("%C3%AB", "ë").replace("%25", "%");
        let listed = tool.get(&format!("/events?kind={kind}")).await.expect(StatusCode::OK).json();
        assert_eq!(listed["items"][0]["reason"], told.as_str(), "{listed}");
    }
    let twice = [("gatehouse-reason", "one"), ("gatehouse-reason", "two")];
    tool.call(Method::POST, "/keys/rotate", None, &twice).await.expect(StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn another_reason_makes_another_request_of_one_idempotency_key() {
    let provider = Provider::start().await;
    let tool = provider.tool(&scopes::EVERY).await;
    let alex = provider.person(ALEX).await.id;
    let path = format!("/people/{alex}/deactivate");
    let with = |reason| [("idempotency-key", "4711"), ("gatehouse-reason", reason)];
    tool.call(Method::POST, &path, None, &with("Left")).await.expect(StatusCode::OK);
    let again = tool.call(Method::POST, &path, None, &with("Left")).await.expect(StatusCode::OK);
    assert_eq!(again.header("idempotency-replayed"), "true");
    tool.call(Method::POST, &path, None, &with("Right")).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    tool.call(Method::POST, &path, None, &with("Left")[..1]).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn the_description_names_the_header_where_something_is_recorded() {
    let described: Value = serde_json::from_str(&crate::web::api_description()).unwrap();
    let reason = &described["components"]["parameters"]["Reason"];
    assert_eq!((&reason["name"], &reason["in"]), (&json!("Gatehouse-Reason"), &json!("header")));
    let own = json!({ "$ref": "#/components/parameters/Reason" });
    let mut named = 0;
    for (path, operations) in described["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let names = operation["parameters"].as_array().is_some_and(|all| all.contains(&own));
            assert_eq!(names, method != "get" || path.ends_with("/data"), "{method} {path}");
            named += usize::from(names);
        }
    }
    assert!(named > 10, "{named}");
}

#[tokio::test]
async fn a_part_of_a_name_does_not_keep_anybody_from_being_erased() {
    let provider = Provider::start().await;
    let user = provider.person(ALEX).await;
    let actor = Actor::Operator.because(Reason::parse("For example, Alexandra").ok());
    personal_data::erase(provider.kit(), &actor, &user).await.unwrap();
    assert_eq!(provider.reasons("user.erased").await, ["For example, Alexandra"]);
}
