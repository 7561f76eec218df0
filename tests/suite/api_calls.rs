//! Calls of the administration interface: sent twice, wrongly, and to what is new.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::api::Tool;
use super::support::{Browser, Page, Provider};
use crate::base::Span;
use crate::model::Role;
use crate::policy::permission::scopes;

impl Tool<'_> {
    async fn post_once(&self, path: &str, body: Option<Value>, key: &str) -> Page {
        self.call(Method::POST, path, body, &[("idempotency-key", key)]).await
    }
}

/// Every path of the description that something can be posted to, with what it says of that.
fn posts() -> Vec<(String, Value)> {
    let described: Value = serde_json::from_str(&crate::web::api_description()).unwrap();
    let paths = described["paths"].as_object().unwrap().iter();
    let posted = paths.filter_map(|(path, operations)| Some((path.clone(), operations.get("post")?.clone())));
    posted.map(|(path, operation)| (path.replace("/admin/api/v1", ""), operation)).collect()
}

#[tokio::test]
async fn whatever_is_posted_twice_under_the_same_key_is_done_once() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    provider.add_person("sam@school.example", "Sam Sponsor").await;
    let tool = provider.tool(&scopes::EVERY).await;
    let person = json!({ "name": "Nina New", "email": "nina@school.example" });
    let nina = tool.post_once("/people", Some(person.clone()), "nina").await.expect(StatusCode::CREATED);
    let nina = format!("/people/{}", nina.json()["id"].as_str().unwrap());
    let act = "/people/{id}/{action}";
    let switch = "/services/{id}/{action}";
    let settings = json!({ "redirect_uris": ["https://a.example/cb"] });
    let review = json!({ "organisation": "Example Primary School", "sponsor": "sam@school.example" });
    let calls = [
        ("/people", "/people".to_owned(), Some(json!({ "name": "Omar", "email": "omar@school.example" }))),
        (act, format!("{nina}/invite"), None),
        (act, format!("{nina}/withdraw-invitation"), None),
        (act, format!("{nina}/unlock"), None),
        (act, format!("{nina}/ask-new-password"), None),
        (act, format!("{nina}/log-out"), None),
        (act, format!("{nina}/deactivate"), None),
        (act, format!("{nina}/activate"), None),
        ("/services", "/services".to_owned(), Some(json!({ "name": "Admissions", "settings": settings }))),
        (switch, "/services/portal/switch-off".to_owned(), None),
        (switch, "/services/portal/switch-on".to_owned(), None),
        ("/services/{id}/secret", "/services/portal/secret".to_owned(), None),
        ("/services/{id}/check", "/services/portal/check".to_owned(), None),
        ("/registration-tokens", "/registration-tokens".to_owned(), Some(json!({ "hours": 2 }))),
        ("/reviews", "/reviews".to_owned(), Some(review)),
        ("/keys/rotate", "/keys/rotate".to_owned(), None),
    ];
    for (number, (_, path, body)) in calls.iter().enumerate() {
        let key = format!("call-{number}");
        let first = tool.post_once(path, body.clone(), &key).await;
        assert!(first.status.is_success(), "{path}: {} {}", first.status, first.body);
        let again = tool.post_once(path, body.clone(), &key).await;
        assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
        assert_eq!((again.status, again.json()), (first.status, first.json()), "{path}");
        let elsewhere = tool.post_once("/people", Some(person.clone()), &key).await;
        elsewhere.expect(StatusCode::UNPROCESSABLE_ENTITY);
    }
    // What the key stands for really was done once.
    assert_eq!(provider.mail_to("nina@school.example").await.len(), 2);
    let keys = tool.get("/keys").await.expect(StatusCode::OK).json();
    let rotated = tool.post_once("/keys/rotate", None, "call-15").await.json();
    assert_eq!(keys, rotated);
    let tried: BTreeSet<&str> = calls.iter().map(|(pattern, ..)| *pattern).collect();
    for (path, operation) in posts() {
        assert!(tried.contains(path.as_str()), "{path} is not tried");
        let parameters = operation["parameters"].as_array().unwrap();
        assert!(parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key"), "{path}");
    }
}

#[track_caller]
fn assert_problem(page: &Page, status: StatusCode) {
    assert_eq!(page.status, status, "{}: {}", page.url, page.body);
    assert_eq!(page.header("content-type"), "application/problem+json", "{}", page.url);
    assert_eq!(page.json()["status"], status.as_u16(), "{}", page.url);
    assert!(!page.json()["detail"].as_str().unwrap().is_empty(), "{}", page.url);
}

#[tokio::test]
async fn every_error_of_the_interface_has_the_one_form_wherever_it_comes_from() {
    let directory = tempfile::tempdir().unwrap();
    let sign = directory.path().join("closed");
    let provider = Provider::start_with(|config| config.listen.closed_file = Some(sign.clone())).await;
    let tool = provider.tool(&[scopes::PEOPLE]).await;
    assert_problem(&provider.browser().open("/admin/api/v1/nosuch").await, StatusCode::NOT_FOUND);
    assert_problem(&provider.browser().open("/admin/api/v1").await, StatusCode::NOT_FOUND);
    assert_problem(&tool.get("/people/%ff").await, StatusCode::BAD_REQUEST);
    let other = tool.call(Method::PATCH, "/people", None, &[]).await;
    assert_problem(&other, StatusCode::METHOD_NOT_ALLOWED);
    assert!(other.header("allow").contains("POST"), "{}", other.header("allow"));
    let long = format!("/people?q={}", "x".repeat(9_000));
    assert_problem(&tool.get(&long).await, StatusCode::URI_TOO_LONG);
    let breaks = axum::routing::get(|| async { panic!("the secret reason") as () });
    let router = provider.app.router(axum::Router::new().route("/admin/api/v1/breaks", breaks));
    let broken = Browser::at(router).open("/admin/api/v1/breaks").await;
    assert_problem(&broken, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(broken.body.contains("reference"), "{}", broken.body);
    std::fs::write(&sign, "").unwrap();
    let closed = tool.get("/people").await;
    assert_problem(&closed, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(closed.header("retry-after"), "600");
}

#[tokio::test]
async fn programs_that_want_json_get_no_page_where_there_is_nothing() {
    let provider = Provider::start().await;
    let mut browser = provider.browser();
    let json = [("accept", "application/json")];
    let nowhere = browser.send(Method::GET, "/nowhere", None, &json).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(nowhere.json()["error"], "not_found");
    let other = browser.send(Method::DELETE, "/login", None, &json).await;
    assert_eq!(other.expect(StatusCode::METHOD_NOT_ALLOWED).json()["error"], "method_not_allowed");
    let page = browser.open("/nowhere").await.expect(StatusCode::NOT_FOUND);
    assert!(page.body.contains("<h1"), "{}", page.body);
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let provider = Provider::start().await;
    let tool = provider.tool(&[scopes::PEOPLE, scopes::SERVICES]).await;
    let fields = |page: &Page| -> Vec<String> {
        let errors = page.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let person = json!({ "name": " ", "email": "nina", "services": ["none"] });
    let told = tool.call(Method::POST, "/people", Some(person), &[]).await.expect(refused);
    assert_eq!(fields(&told), ["name", "email", "services"]);
    let service = json!({ "client_id": "a b", "name": "", "settings": { "redirect_uris": ["x"] } });
    let told = tool.call(Method::POST, "/services", Some(service), &[]).await.expect(refused);
    assert_eq!(fields(&told), ["client_id", "name", "redirect_uris"]);
    let service = json!({ "name": "", "settings": { "colour": "red" } });
    let told = tool.call(Method::POST, "/services", Some(service), &[]).await.expect(refused);
    assert_eq!(fields(&told), ["settings", "name"]);
    let review = json!({ "organisation": "", "sponsor": "" });
    let told = tool.call(Method::POST, "/reviews", Some(review), &[]).await.expect(refused);
    assert_eq!(fields(&told), ["organisation", "sponsor"]);
}

#[tokio::test]
async fn lists_of_people_say_who_administers_and_who_has_not_logged_in() {
    let provider = Provider::start().await;
    provider.administrator(super::console::OLIVIA, Role::Owner, &[]).await;
    let role = |list: &Value, email: &str| {
        let items = list["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["email"] == email).map(|item| item["role"].clone())
    };
    for query in ["", "?q=council", "?not_since=30"] {
        provider.advance(if query == "?not_since=30" { Span::days(31) } else { Span::days(0) });
        let tool = provider.tool(&[scopes::PEOPLE_READ]).await;
        let list = tool.get(&format!("/people{query}")).await.expect(StatusCode::OK).json();
        assert_eq!(role(&list, super::console::OLIVIA), Some(json!("owner")), "{query}: {list}");
    }
    let tool_of_now = provider.tool(&[scopes::PEOPLE_READ]).await;
    let list = tool_of_now.get("/people?not_since=32").await.expect(StatusCode::OK).json();
    assert_eq!(list["items"], json!([]));
    let never = tool_of_now.get("/people?never=true").await.expect(StatusCode::OK).json();
    assert_eq!(role(&never, "alex@school.example"), Some(Value::Null));
    assert_eq!(role(&never, super::console::OLIVIA), None);
    for query in ["not_since=0", "not_since=x", "never=perhaps", "never=true&not_since=3"] {
        tool_of_now.get(&format!("/people?{query}")).await.expect(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn services_are_looked_at_and_invited_and_unsent_mail_is_listed() {
    let provider = Provider::start_with(|config| {
        config.registration.open_to = crate::config::OpenTo::Invited;
    })
    .await;
    let tool = provider.tool(&[scopes::SERVICES, scopes::STATUS, scopes::PEOPLE]).await;
    let found = tool.call(Method::POST, "/services/tool-1/check", None, &[]).await;
    let found = found.expect(StatusCode::OK).json();
    assert_eq!((&found[0]["what"], &found[0]["verdict"]), (&json!("registration"), &json!("good")));
    tool.call(Method::POST, "/services/none/check", None, &[]).await.expect(StatusCode::NOT_FOUND);
    let reader = provider.tool(&[scopes::SERVICES_READ]).await;
    reader.call(Method::POST, "/services/tool-1/check", None, &[]).await.expect(StatusCode::FORBIDDEN);
    reader
        .call(Method::POST, "/registration-tokens", Some(json!({})), &[])
        .await
        .expect(StatusCode::FORBIDDEN);

    let made = tool.call(Method::POST, "/registration-tokens", Some(json!({})), &[]).await;
    let token = made.expect(StatusCode::CREATED).json()["token"].as_str().unwrap().to_owned();
    let authorization = format!("Bearer {token}");
    let document = json!({ "redirect_uris": ["https://new.example/cb"] });
    let mut new = provider.browser();
    let registered =
        new.send_json(Method::POST, "/register", Some(document), &[("authorization", &authorization)]).await;
    registered.expect(StatusCode::CREATED);
    let listed = tool.get("/registration-tokens").await.expect(StatusCode::OK).json();
    assert!(
        listed["items"].as_array().unwrap().len() == 1 && !listed.to_string().contains(&token),
        "{listed}"
    );
    let its = format!("/registration-tokens/{}", listed["items"][0]["id"].as_str().unwrap());
    reader.call(Method::DELETE, &its, None, &[]).await.expect(StatusCode::FORBIDDEN);
    tool.call(Method::DELETE, &its, None, &[]).await.expect(StatusCode::NO_CONTENT);
    tool.call(Method::DELETE, &its, None, &[]).await.expect(StatusCode::NOT_FOUND);
    let document = json!({ "redirect_uris": ["https://other.example/cb"] });
    let refused =
        new.send_json(Method::POST, "/register", Some(document), &[("authorization", &authorization)]).await;
    refused.expect(StatusCode::UNAUTHORIZED);
    for hours in [0, 8_761] {
        let refused =
            tool.call(Method::POST, "/registration-tokens", Some(json!({ "hours": hours })), &[]).await;
        refused.expect(StatusCode::UNPROCESSABLE_ENTITY);
    }

    let nina = json!({ "name": "Nina New", "email": "nina@school.example" });
    tool.call(Method::POST, "/people", Some(nina), &[]).await.expect(StatusCode::CREATED);
    let mail = tool.get("/mail").await.expect(StatusCode::OK);
    assert_eq!((&mail.json()[0]["kind"], &mail.json()[0]["state"]), (&json!("invitation"), &json!("queued")));
    assert!(!mail.body.contains("nina"), "{}", mail.body);
}
