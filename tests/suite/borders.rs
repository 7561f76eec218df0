//! How far each role comes in the console: to every page and form that there is, and no further.

use http::StatusCode;

use super::support::{Browser, Provider};
use crate::model::Role;
use crate::policy::permission::{Action, Reach};
use crate::web::CONSOLE_BORDERS as BORDERS;

/// A page or form, what is sent to it, and who may: owner, service administrator of `portal`, support, auditor.
struct Border {
    path: String,
    fields: &'static [(&'static str, &'static str)],
    may: [bool; 4],
}

fn border(path: impl Into<String>, may: [bool; 4]) -> Border {
    Border { path: path.into(), fields: &[], may }
}

const ROLES: [Role; 4] = [Role::Owner, Role::Services, Role::Support, Role::Auditor];

impl Provider {
    /// An administrator of each role.
    async fn one_of_each_role(&self) -> Vec<Browser> {
        let mut browsers = Vec::new();
        for role in ROLES {
            let services: &[&str] = if role == Role::Services { &["portal"] } else { &[] };
            let email = format!("{}@council.example", role.name());
            browsers.push(self.administrator(&email, role, services).await);
        }
        browsers
    }
}

#[tokio::test]
async fn row_41_every_page_stops_at_the_border_of_a_role() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    provider.add_client("library", |_| {}).await;
    let alex = provider.person("alex@school.example").await.id;
    let pages = [
        border("/admin", [true, true, true, true]),
        border("/admin/services", [true, true, true, true]),
        border("/admin/services/portal", [true, true, true, true]),
        border("/admin/services/library", [true, false, true, true]),
        border("/admin/people", [true, false, true, true]),
        border(format!("/admin/people/{alex}"), [true, false, true, true]),
        border("/admin/reviews", [true, false, true, true]),
        border("/admin/sessions", [true, false, true, true]),
        border("/admin/registration-tokens", [true, false, false, false]),
        border("/admin/services/portal/check", [true, true, false, false]),
        border("/admin/services/library/check", [true, false, false, false]),
        border("/admin/audit", [true, true, true, true]),
        border("/admin/audit?service=library", [true, false, true, true]),
        border("/admin/audit/events.csv", [true, true, true, true]),
        border("/admin/keys", [true, false, false, true]),
        border("/admin/email", [true, false, true, true]),
        border("/admin/administrators", [true, false, false, true]),
        border("/admin/settings", [true, false, false, true]),
    ];
    for (nth, mut browser) in provider.one_of_each_role().await.into_iter().enumerate() {
        for Border { path, may, .. } in &pages {
            let shown = browser.open(path).await;
            let expected = if may[nth] { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(shown.status, expected, "{:?} at {path}", ROLES[nth]);
        }
    }
}

/// Every route of the console: its pattern, and whether it can be posted to. Read from the place that makes them.
fn every_route() -> Vec<(String, bool, bool)> {
    let routes = include_str!("../../src/web/console/mod.rs");
    let routes = routes.split("Router::new()").nth(1).unwrap().split("impl Console").next().unwrap();
    let paths = include_str!("../../src/base/paths.rs");
    let lines: String = routes.split_whitespace().collect();
    let found = lines.split(".route(").skip(1).map(|line| {
        let name = line.split("paths::").nth(1).unwrap().split(',').next().unwrap();
        let declared = paths.split(&format!("const {name}: &str = \"")).nth(1).unwrap();
        let pattern = declared.split('"').next().unwrap().to_owned();
        (pattern, line.contains("get("), line.contains("post("))
    });
    found.filter(|(pattern, ..)| !pattern.ends_with("/login") && !pattern.ends_with("/callback")).collect()
}

#[tokio::test]
async fn row_41_every_route_is_in_the_table_and_stops_whom_the_table_stops() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let alex = provider.person("alex@school.example").await.id;
    let routes = every_route();
    assert!(routes.len() > 25, "{routes:?}");
    assert_eq!(routes.len(), BORDERS.len(), "a row that is no route's");
    for (nth, mut browser) in provider.one_of_each_role().await.into_iter().enumerate() {
        for (pattern, is_seen, is_posted) in &routes {
            let row = BORDERS.iter().find(|(path, ..)| path == pattern);
            let (_, to_see, to_post) = row.unwrap_or_else(|| panic!("{pattern} is not in the table"));
            assert_eq!((to_see.is_some(), to_post.is_some()), (*is_seen, *is_posted), "{pattern}");
            let id = if pattern.contains("/services/") { "portal" } else { alex.as_str() };
            let path = pattern.replace("{id}", id).replace("{deed}", "unlock");
            let may = |action: &Action| action.reach(ROLES[nth]) != Reach::No;
            if let Some(action) = to_see {
                let shown = browser.open(&path).await;
                let refused = shown.status == StatusCode::FORBIDDEN;
                assert_eq!(refused, !may(action), "{:?} at {path}: {}", ROLES[nth], shown.status);
            }
            if let Some(action) = to_post.as_ref().filter(|action| !may(action)) {
                // Without a token: the border stands before everything else.
                let posted = browser.post(&path, &[]).await;
                assert_eq!(posted.status, StatusCode::FORBIDDEN, "{:?} {action:?} at {path}", ROLES[nth]);
                assert!(posted.body.contains("You cannot do this"), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn row_41_every_form_stops_at_the_border_of_a_role() {
    const SERVICE: &[(&str, &str)] = &[("name", "Some name"), ("redirect_uris", "https://a.example/cb")];
    const REVIEW: &[(&str, &str)] = &[("organisation", "Example Primary School"), ("sponsor", "")];
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    provider.add_client("library", |_| {}).await;
    let alex = provider.person("alex@school.example").await.id;
    provider.add_person("bea@school.example", "Bea Example").await;
    let person = |rest: &str| format!("/admin/people/{alex}/{rest}");
    let forms = [
        Border { fields: SERVICE, ..border("/admin/services/portal/edit", [true, true, false, false]) },
        Border { fields: SERVICE, ..border("/admin/services/library/edit", [true, false, false, false]) },
        border("/admin/services/portal/secret", [true, true, false, false]),
        border("/admin/services/library/check", [true, false, false, false]),
        border("/admin/services/library/status", [true, false, false, false]),
        border("/admin/services/library/remove", [true, false, false, false]),
        border(person("unlock"), [true, false, true, false]),
        border(person("new-password"), [true, false, true, false]),
        border(person("export"), [true, false, true, false]),
        Border { fields: &[("role", "auditor")], ..border(person("role"), [true, false, false, false]) },
        Border { fields: REVIEW, ..border("/admin/reviews/new", [true, false, true, false]) },
        border("/admin/keys/change", [true, false, false, false]),
        border("/admin/settings/login/edit", [true, false, false, false]),
        border(person("erase"), [true, false, false, false]),
    ];
    // From the one who may least to the one who may everything, who spoils it for the others.
    for (nth, mut browser) in provider.one_of_each_role().await.into_iter().enumerate().rev() {
        // An auditor is shown no form at all.
        let mut token = String::new();
        for form in ["/admin/services/portal/status", "/admin/people/invite"] {
            token = browser.open(form).await.hidden("token").unwrap_or(token);
        }
        for Border { path, fields, may } in &forms {
            // Services must not have one name.
            let name = format!("{} {path}", ROLES[nth].name());
            let named = |(field, value): &(&'static str, &'static str)| {
                let value = match *field {
                    "name" => name.replace('/', " "),
                    // Nobody is asked the same thing twice at once.
                    "sponsor" => format!("{}@council.example", ROLES[nth].name()),
                    _ => (*value).to_owned(),
                };
                (*field, value)
            };
            let fields: Vec<(&str, String)> = fields.iter().map(named).collect();
            let mut all: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            all.push(("token", &token));
            let done = browser.post(path, &all).await;
            // A secret is made only for who has asked: those who have not are told, and not sent away.
            let reached = [StatusCode::OK, StatusCode::SEE_OTHER, StatusCode::CONFLICT];
            let went = reached.contains(&done.status);
            let refused = done.status == StatusCode::FORBIDDEN;
            assert_eq!((went, refused), (may[nth], !may[nth]), "{:?} at {path}: {}", ROLES[nth], done.status);
        }
    }
}
