//! Settings that are changed while the provider runs, through each door.

use axum::Router;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::browser::{Browser, Page};
use super::console::OLIVIA;
use super::support::{Ask, Provider};
use crate::admin::declared::{self, Declared};
use crate::admin::settings::{self, Wishes};
use crate::base::{Error, Span};
use crate::jobs::purge;
use crate::model::{Actor, Role};
use crate::policy::permission::scopes;

const COUNCIL: &str = "Northshire County Council";

fn wish(name: &str, value: impl Into<Value>) -> Wishes {
    Wishes::from([(name.to_owned(), Some(value.into()))])
}

impl Provider {
    async fn set(&self, name: &str, value: impl Into<Value>) {
        settings::change(self.kit(), &Actor::Operator, &wish(name, value), None).await.unwrap();
    }

    /// Why a setting cannot be that.
    async fn refusal(&self, name: &str, value: impl Into<Value>) -> String {
        let changed = settings::change(self.kit(), &Actor::Operator, &wish(name, value), None).await;
        let Err(Error::Refused(refusal)) = changed else { panic!("{name}") };
        refusal.to_string()
    }

    /// What the database holds, whoever wrote it.
    async fn write_settings(&self, document: &'static str) {
        let mut tx = self.kit().store.begin().await.unwrap();
        let write =
            sqlx::query("UPDATE settings SET document = $1, updated_at = updated_at + 1").bind(document);
        write.execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn plan_settings(&self, file: &str, prune: bool) -> Vec<String> {
        let file: Declared = toml::from_str(file).unwrap();
        let changes = declared::plan(self.kit(), &Actor::Operator, &file, prune).await.unwrap();
        changes.iter().map(ToString::to_string).collect()
    }

    async fn apply_settings(&self, file: &str, prune: bool) {
        let file: Declared = toml::from_str(file).unwrap();
        for change in declared::plan(self.kit(), &Actor::Operator, &file, prune).await.unwrap() {
            declared::apply(self.kit(), &Actor::Operator, change).await.unwrap();
        }
    }

    async fn exported(&self) -> String {
        let declared = declared::export(self.kit(), &Actor::Operator).await.unwrap();
        toml::to_string_pretty(&declared).unwrap()
    }
}

/// The login page of no service in particular.
async fn login(browser: &mut Browser) -> Page {
    let begun = browser.open("/login").await;
    browser.follow(begun).await.expect(StatusCode::OK)
}

#[tokio::test]
async fn what_an_owner_changes_in_the_console_is_on_pages_and_in_letters_at_once() {
    let provider = Provider::start().await;
    let other = provider.second_app().await;
    let mut there = Browser::at(other.router(Router::new()));
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let all = olivia.open("/admin/settings").await.expect(StatusCode::OK);
    assert!(
        all.text().contains("Example County Council") && all.text().contains("0 of 27"),
        "{}",
        all.text()
    );
    let form = olivia.open("/admin/settings/brand/edit").await.expect(StatusCode::OK);
    assert!(form.body.contains("value=\"Example County Council\""), "{}", form.body);
    let fields = [
        ("council", COUNCIL),
        ("phone", "0300 123 4567"),
        ("brand", "#5b2a86"),
        ("footer_links", "About us https://www.example.gov.uk/about"),
    ];
    let saved = olivia.submit(&form, &fields).await.expect(StatusCode::SEE_OTHER);
    let all = olivia.walk(saved).await.expect(StatusCode::OK);
    assert!(all.text().contains("Changes saved.") && all.text().contains("4 of 27"), "{}", all.text());

    let here = login(&mut provider.browser()).await;
    assert!(here.body.contains(COUNCIL) && here.body.contains("About us"), "{}", here.body);
    let style = "/brand/colours-5b2a86-ffffff-0b6043-ffffff.css";
    assert!(here.body.contains(style), "{}", here.body);
    let preview = olivia.open("/admin/settings/preview").await.expect(StatusCode::OK);
    assert!(preview.body.contains(style));
    provider.add_client("portal", |_| {}).await;
    provider.code_page(&mut provider.browser(), &Ask::of("portal"), "alex@school.example").await;
    let (_, letter) = provider.mail_to("alex@school.example").await.remove(0);
    assert!(letter.contains(COUNCIL) && letter.contains("0300 123 4567"), "{letter}");

    // The other node serves the new colours before it has heard of them, and the rest when it has.
    there.open(style).await.expect(StatusCode::OK);
    assert!(!login(&mut there).await.body.contains(COUNCIL));
    other.kit.reload_settings().await.unwrap();
    assert!(login(&mut there).await.body.contains(COUNCIL));

    let recorded = provider.number("SELECT COUNT(*) FROM events WHERE kind = 'settings.changed'").await;
    assert_eq!(recorded, 1);
    let named = "SELECT COUNT(*) FROM events WHERE kind = 'settings.changed' AND detail LIKE '%brand.phone%'
        AND detail LIKE '%0300 000 0000%' AND detail LIKE '%0300 123 4567%'";
    assert_eq!(provider.number(named).await, 1);
}

#[tokio::test]
async fn a_form_of_settings_says_what_is_wrong_at_each_field_and_loses_nothing() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let form = olivia.open("/admin/settings/brand/edit").await.expect(StatusCode::OK);
    let bad = [
        ("council", ""),
        ("safeguarding_url", "javascript:alert(1)"),
        ("action", "green"),
        ("footer_links", "No address"),
    ];
    let refused = olivia.submit(&form, &bad).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    for says in [
        "href=\"#council\">Name of the council must be 1 to 64 characters on one line",
        "href=\"#safeguarding_url\">Safeguarding page must be a web address that begins with https://",
        "href=\"#action\">Colour of buttons must be a colour such as",
        "href=\"#footer_links\">Links at the foot of every page has",
    ] {
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
    assert!(refused.body.contains("value=\"green\""));
    let dim = olivia.submit(&form, &[("action", "#ffee00")]).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(dim.body.contains("href=\"#action\">Colour of buttons cannot be read: White text"));

    let form = olivia.open("/admin/settings/retention/edit").await.expect(StatusCode::OK);
    let wrong = [("event_days", "7"), ("letter_days", "a while")];
    let refused = olivia.submit(&form, &wrong).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("href=\"#letter_days\">Emails must be a whole number<"),
        "{}",
        refused.body
    );
    let refused = olivia.submit(&form, &[("event_days", "7")]).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("href=\"#event_days\">Audit log must be 30 to 4000<"), "{}", refused.body);
    olivia.open("/admin/settings/limits/edit").await.expect(StatusCode::NOT_FOUND);
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'settings.changed'").await, 0);

    // What somebody else has saved meanwhile is not written over.
    provider.set("retention.letter_days", 40).await;
    olivia.submit(&form, &[("event_days", "90")]).await.expect(StatusCode::CONFLICT);
    let form = olivia.open("/admin/settings/retention/edit").await.expect(StatusCode::OK);
    assert!(form.body.contains("Emails: 30"), "{}", form.body);
    let back = [("letter_days", "40"), ("reset-letter_days", "yes")];
    olivia.submit(&form, &back).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.kit().settings().retention.letters, Span::days(30));

    provider.advance(Span::minutes(16));
    let stale = olivia.submit(&form, &[("event_days", "90")]).await.expect(StatusCode::OK);
    assert!(stale.body.contains("log in again") && stale.body.contains("value=\"90\""), "{}", stale.body);
}

#[tokio::test]
async fn every_rule_of_the_configuration_file_holds_for_what_is_set_here() {
    let provider = Provider::start().await;
    for (name, value, says) in [
        ("brand.colour", json!("x"), "brand.colour is no setting; did you mean \"brand."),
        ("brand.logo", json!("/etc/passwd"), "brand.logo can only be set in the configuration file"),
        ("database.url", json!("sqlite:x"), "database.url can only be set in the configuration file"),
        ("brand.phone", json!(1), "brand.phone must be text"),
        ("brand.phone", Value::Null, "brand.phone must be text"),
        ("brand.footer_links", json!([{"text": "x"}]), "brand.footer_links cannot be read"),
        ("session.hours", json!(0), "session.hours is 0; it must be 1 to 720"),
        ("session.hours", json!(1.5), "session.hours must be a whole number"),
        (
            "login.flow_minutes",
            json!(10),
            "login.flow_minutes is 10; it must be no less than login.code_minutes",
        ),
        ("retention.dormant_days", json!(30), "retention.dormant_days must be more than tokens.refresh_days"),
        ("brand.brand", json!("#fefefe"), "brand.brand cannot be read: White text on #fefefe"),
    ] {
        let refusal = provider.refusal(name, value).await;
        assert!(refusal.contains(says), "{name}: {refusal}");
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM settings WHERE updated_at = 0").await, 1);
}

#[tokio::test]
async fn a_file_says_what_settings_are_and_applying_it_twice_changes_nothing() {
    const FILE: &str = "[brand]\ncouncil = 'Northshire County Council'\n\
        footer_links = [{ text = 'About us', href = 'https://www.example.gov.uk/about' }]\n\
        [retention]\nevent_days = 90\n[session]\nidle_minutes = 60\n";
    let provider = Provider::start().await;
    provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let change = [
        "~ settings",
        "    brand.council: \"Example County Council\" -> \"Northshire County Council\"",
        "    brand.footer_links: [] -> [{\"href\":\"https://www.example.gov.uk/about\",\"text\":\"About us\"}]",
        "    retention.event_days: 400 -> 90",
    ]
    .join("\n");
    assert_eq!(provider.plan_settings(FILE, false).await, [change]);
    provider.apply_settings(FILE, false).await;
    assert!(provider.plan_settings(FILE, false).await.is_empty());
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'settings.changed'").await, 1);

    let exported = provider.exported().await;
    assert!(provider.plan_settings(&exported, true).await.is_empty(), "{exported}");
    let other = Provider::start().await;
    other.administrator(OLIVIA, Role::Owner, &[]).await;
    other.set("login.code_minutes", 20).await;
    other.apply_settings(&exported, true).await;
    assert_eq!(other.exported().await, exported);

    // A section that is not there is left alone, and so is what one does not name, unless it is pruned.
    assert!(provider.plan_settings("[brand]\n[login]", false).await.is_empty());
    let file = "[services]\n[retention]\n[administrators.'olivia@council.example']\nrole = 'owner'";
    let pruned = provider.plan_settings(file, true).await;
    assert_eq!(pruned, ["~ settings\n    retention.event_days: 90 -> 400"]);
    for (file, says) in [
        ("[brand]\ncolour = 'red'", "brand.colour is no setting; did you mean"),
        ("[retention]\nevent_days = 'long'", "retention.event_days must be a whole number"),
    ] {
        let file: Declared = toml::from_str(file).unwrap();
        let planned = declared::plan(provider.kit(), &Actor::Operator, &file, false).await;
        let Err(Error::Refused(refusal)) = planned else { panic!("{says}") };
        assert!(refusal.to_string().contains(says), "{refusal}");
    }
}

#[tokio::test]
async fn programs_change_settings_they_have_seen_and_only_with_the_scope() {
    let provider = Provider::start().await;
    let reader = provider.tool(&[scopes::SETTINGS_READ]).await;
    let listed = reader.get("/settings").await.expect(StatusCode::OK);
    let tag = listed.header("etag").to_owned();
    assert_eq!(listed.json()["settings"].as_array().unwrap().len(), 27);
    let body = json!({ "session.idle_minutes": 20, "brand.phone": "0300 123 4567" });
    let headers = [("if-match", tag.as_str())];
    let patch = |body: &Value| (Method::PATCH, "/settings", Some(body.clone()));
    let (method, path, sent) = patch(&body);
    reader.call(method, path, sent, &headers).await.expect(StatusCode::FORBIDDEN);

    let tool = provider.tool(&[scopes::SETTINGS]).await;
    let (method, path, sent) = patch(&body);
    tool.call(method, path, sent, &[]).await.expect(StatusCode::PRECONDITION_REQUIRED);
    let (method, path, sent) = patch(&json!({ "session.idle_minutes": 2, "brand.phone": "0300 123 4567" }));
    let refused = tool.call(method, path, sent, &headers).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["errors"][0]["field"], "session.idle_minutes");
    let (method, path, sent) = patch(&body);
    let changed = tool.call(method, path, sent, &headers).await.expect(StatusCode::OK);
    let expected = json!({
        "name": "session.idle_minutes", "value": 20, "configured": 60, "is_changed": true
    });
    assert!(changed.json()["settings"].as_array().unwrap().contains(&expected), "{}", changed.body);
    assert_eq!(provider.kit().settings().session.idle, Span::minutes(20));
    let (method, path, sent) = patch(&body);
    tool.call(method, path, sent, &headers).await.expect(StatusCode::PRECONDITION_FAILED);
    // What would be refused in any case is not refused for its age.
    let (method, path, sent) = patch(&json!({ "brand.footer_links": {} }));
    tool.call(method, path, sent, &headers).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let headers = [("if-match", changed.header("etag"))];
    let (method, path, sent) = patch(&json!({ "session.idle_minutes": null }));
    tool.call(method, path, sent, &headers).await.expect(StatusCode::OK);
    assert_eq!(provider.kit().settings().session.idle, Span::minutes(60));
}

#[tokio::test]
async fn only_owners_change_settings_and_auditors_see_them() {
    let provider = Provider::start().await;
    let mut auditor = provider.administrator("ada@council.example", Role::Auditor, &[]).await;
    let all = auditor.open("/admin/settings").await.expect(StatusCode::OK);
    assert!(!all.body.contains("/admin/settings/brand/edit"));
    auditor.open("/admin/settings/brand/edit").await.expect(StatusCode::FORBIDDEN);
    let mut support = provider.administrator("sue@council.example", Role::Support, &[]).await;
    support.open("/admin/settings").await.expect(StatusCode::FORBIDDEN);
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let form = olivia.open("/admin/settings/login/edit").await.expect(StatusCode::OK);
    let fields = [("version", "0"), ("code_minutes", "20")];
    olivia.post("/admin/settings/login/edit", &fields).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(provider.kit().settings().login.code, Span::minutes(15));
    olivia.submit(&form, &[("code_minutes", "20")]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.kit().settings().login.code, Span::minutes(20));
}

#[tokio::test]
async fn the_purge_keeps_things_for_as_long_as_was_set() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    provider.set("retention.letter_days", 3).await;
    provider.code_page(&mut provider.browser(), &Ask::of("portal"), "alex@school.example").await;
    provider.deliver().await;
    for (days, left) in [(2, 1), (2, 0)] {
        provider.advance(Span::days(days));
        purge::round(provider.kit()).await.unwrap();
        assert_eq!(provider.number("SELECT COUNT(*) FROM outbox").await, left);
    }
}

#[tokio::test]
async fn what_is_stored_and_cannot_be_used_stops_nothing_and_is_kept() {
    let provider = Provider::start().await;
    for damaged in ["not JSON", "[]", "{}"] {
        provider.write_settings(damaged).await;
        provider.kit().reload_settings().await.unwrap();
        assert_eq!(provider.kit().settings().brand.council, "Example County Council", "{damaged}");
    }
    provider
        .write_settings(
            "{\"brand.council\":\"Northshire County Council\",\"brand.brand\":\"#fefefe\",\
             \"login.passkeys\":true,\"session.hours\":0,\"login.code_minutes\":25}",
        )
        .await;
    let other = provider.second_app().await;
    let settings = other.kit.settings();
    assert_eq!((settings.brand.council.as_str(), settings.brand.brand.as_str()), (COUNCIL, "#1d3557"));
    assert_eq!((settings.session.absolute, settings.login.code), (Span::hours(12), Span::minutes(25)));
    let seen = settings::list(&other.kit, &Actor::Operator).await.unwrap();
    let told: Vec<String> = seen.misfits.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|say| say.starts_with("session.hours is 0")), "{told:?}");
    assert!(told.iter().any(|say| say.starts_with("login.passkeys is no setting")), "{told:?}");
    // A change here leaves alone what a newer version wrote.
    settings::change(&other.kit, &Actor::Operator, &wish("session.hours", 8), None).await.unwrap();
    let kept = "SELECT COUNT(*) FROM settings WHERE document LIKE '%\"login.passkeys\":true%'";
    assert_eq!(provider.number(kept).await, 1);
    let back = Wishes::from([("login.passkeys".to_owned(), None)]);
    settings::change(&other.kit, &Actor::Operator, &back, None).await.unwrap();
    assert_eq!(provider.number(kept).await, 0);
}
