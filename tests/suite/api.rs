//! The administration interface for programs.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Page, Provider, basic};
use crate::admin::clients;
use crate::base::{ClientId, Span};
use crate::model::{Actor, ClientSettings, GrantType};
use crate::policy::permission::scopes;

/// A program with a token.
pub(super) struct Tool<'a> {
    provider: &'a Provider,
    client: String,
    token: String,
}

impl Provider {
    pub(super) async fn tool(&self, scopes: &[&str]) -> Tool<'_> {
        let id = format!("tool-{}", self.number("SELECT COUNT(*) FROM clients").await);
        let settings = ClientSettings {
            grant_types: vec![GrantType::ClientCredentials],
            scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            ..ClientSettings::default()
        };
        let added = clients::add(self.kit(), &Actor::Operator, ClientId::parse(&id), id.clone(), settings);
        let secret = added.await.unwrap().secret.unwrap();
        let header = basic(&id, secret.reveal());
        let fields = [("grant_type", "client_credentials")];
        let told = self.browser().call("/token", &fields, &[("authorization", &header)]).await;
        let token = told.expect(StatusCode::OK).json()["access_token"].as_str().unwrap().to_owned();
        Tool { provider: self, client: id, token }
    }
}

impl Tool<'_> {
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        more: &[(&str, &str)],
    ) -> Page {
        let authorization = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend_from_slice(more);
        let url = format!("/admin/api/v1{path}");
        self.provider.browser().send_json(method, &url, body, &headers).await
    }

    pub(super) async fn get(&self, path: &str) -> Page {
        self.call(Method::GET, path, None, &[]).await
    }

    async fn post(&self, path: &str, body: Value) -> Page {
        self.call(Method::POST, path, Some(body), &[]).await
    }
}

#[tokio::test]
async fn row_41_who_looks_after_services_gets_no_power_over_those_that_administer() {
    let provider = Provider::start().await;
    let tool = provider.tool(&["admin:services", "admin:services.read"]).await;
    drop(provider.tool(&["admin:people"]).await);
    let path = "/services/tool-2";
    let seen = tool.get(path).await.expect(StatusCode::OK);
    let refused = tool.post(&format!("{path}/secret"), json!({})).await;
    refused.expect(StatusCode::FORBIDDEN);
    let mut details = seen.json();
    let keep = ["name", "settings"];
    details.as_object_mut().unwrap().retain(|name, _| keep.contains(&name.as_str()));
    let tag = [("if-match", seen.header("etag"))];
    // With the powers as they are, and without them.
    tool.call(Method::PUT, path, Some(details.clone()), &tag).await.expect(StatusCode::FORBIDDEN);
    details["settings"]["scopes"] = json!(["cases:read"]);
    tool.call(Method::PUT, path, Some(details), &tag).await.expect(StatusCode::FORBIDDEN);
    tool.post(&format!("{path}/switch-off"), json!({})).await.expect(StatusCode::OK);
    tool.post(&format!("{path}/switch-on"), json!({})).await.expect(StatusCode::FORBIDDEN);
}

fn person(email: &str) -> Value {
    json!({ "name": "Nina New", "email": email, "organisation": "School" })
}

#[tokio::test]
async fn without_a_good_token_nothing_is_said_and_with_too_narrow_a_one_what_is_missing() {
    let provider = Provider::start().await;
    let bare = provider.browser().open("/admin/api/v1/people").await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(bare.header("www-authenticate"), "Bearer realm=\"gatehouse\"");
    assert_eq!(bare.header("content-type"), "application/problem+json");
    let guessed = Tool { provider: &provider, client: String::new(), token: "gh_at_guess".to_owned() };
    let refused = guessed.get("/people").await.expect(StatusCode::UNAUTHORIZED);
    assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
    let reader = provider.tool(&[scopes::SERVICES_READ]).await;
    let refused = reader.get("/people").await.expect(StatusCode::FORBIDDEN);
    let challenge = refused.header("www-authenticate");
    assert!(
        challenge.contains("insufficient_scope") && challenge.contains(scopes::PEOPLE_READ),
        "{challenge}"
    );
    reader.get("/services").await.expect(StatusCode::OK);
    provider.advance(Span::hours(2));
    reader.get("/services").await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn row_41_a_token_that_a_person_granted_opens_nothing_here() {
    let portal = super::portal::Portal::open_with(|settings| {
        let own = ["openid", scopes::PEOPLE].map(str::to_owned);
        settings.scopes = Some(own.into());
    })
    .await;
    let ask = portal.ask.clone().with("scope", &format!("openid {}", scopes::PEOPLE));
    let tokens = portal.tokens(&ask).await;
    assert_eq!(tokens["scope"], format!("openid {}", scopes::PEOPLE));
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let tool = Tool { provider: &portal.provider, client: String::new(), token };
    let refused = tool.get("/people").await.expect(StatusCode::UNAUTHORIZED);
    assert!(refused.json()["detail"].as_str().unwrap().contains("acts for a person"));
}

#[tokio::test]
async fn people_are_added_changed_and_erased_and_nobody_writes_over_what_another_has_saved() {
    let provider = Provider::start().await;
    let tool = provider.tool(&[scopes::PEOPLE]).await;
    let added = tool.post("/people", person("nina@school.example")).await.expect(StatusCode::CREATED);
    assert_eq!(added.json()["status"], "invited");
    assert!(provider.mail_to("nina@school.example").await[0].0.contains("has invited you"));
    tool.post("/people", person("nina@school.example")).await.expect(StatusCode::CONFLICT);
    let path = format!("/people/{}", added.json()["id"].as_str().unwrap());
    let seen = tool.get(&path).await.expect(StatusCode::OK);
    let tag = seen.header("etag").to_owned();
    let wanted = json!({ "name": "Nina Newer", "email": "nina@school.example", "organisation": null });
    let put = |tag: &str| {
        let headers = [("if-match".to_owned(), tag.to_owned())];
        let (tool, path, wanted) = (&tool, path.clone(), wanted.clone());
        async move {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            tool.call(Method::PUT, &path, Some(wanted), &headers).await
        }
    };
    tool.call(Method::PUT, &path, Some(wanted.clone()), &[]).await.expect(StatusCode::PRECONDITION_REQUIRED);
    let changed = put(&tag).await.expect(StatusCode::OK);
    assert_eq!(
        (&changed.json()["name"], &changed.json()["organisation"]),
        (&json!("Nina Newer"), &Value::Null)
    );
    put(&tag).await.expect(StatusCode::PRECONDITION_FAILED);
    put("W/\"x\"").await.expect(StatusCode::BAD_REQUEST);
    let unfit = json!({ "name": "Nina", "email": "nina", "organisation": null });
    let headers = [("if-match", tag.as_str())];
    tool.call(Method::PUT, &path, Some(unfit), &headers).await.expect(StatusCode::UNPROCESSABLE_ENTITY);

    let off = tool.call(Method::POST, &format!("{path}/deactivate"), None, &[]).await.expect(StatusCode::OK);
    assert_eq!(off.json()["status"], "deactivated");
    tool.call(Method::POST, &format!("{path}/promote"), None, &[]).await.expect(StatusCode::NOT_FOUND);
    let held = tool.get(&format!("{path}/data")).await.expect(StatusCode::OK);
    assert_eq!(held.json()["person"]["email"], "nina@school.example");
    tool.call(Method::DELETE, &path, None, &[]).await.expect(StatusCode::NO_CONTENT);
    tool.get(&path).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(
        provider.number("SELECT COUNT(*) FROM events WHERE actor = 'tool-1' AND kind = 'user.erased'").await,
        1
    );
}

#[tokio::test]
async fn the_same_request_under_the_same_key_is_carried_out_once_and_answered_alike() {
    let provider = Provider::start().await;
    let tool = provider.tool(&[scopes::PEOPLE, scopes::SERVICES]).await;
    let key = [("idempotency-key", "3f1c")];
    let service = json!({ "name": "Admissions", "settings": { "redirect_uris": ["https://a.example/cb"] } });
    let first =
        tool.call(Method::POST, "/services", Some(service.clone()), &key).await.expect(StatusCode::CREATED);
    assert!(first.json()["client_secret"].is_string());
    let again =
        tool.call(Method::POST, "/services", Some(service.clone()), &key).await.expect(StatusCode::CREATED);
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert!(!first.header("etag").is_empty());
    assert_eq!(again.header("etag"), first.header("etag"));
    let other = json!({ "name": "Other", "settings": { "redirect_uris": ["https://a.example/cb"] } });
    tool.call(Method::POST, "/services", Some(other), &key).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    // What was refused can be mended and sent again under the same key.
    let key = [("idempotency-key", "4a")];
    let mut wrong = person("nina");
    tool.call(Method::POST, "/people", Some(wrong.clone()), &key)
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    wrong["email"] = json!("nina@school.example");
    tool.call(Method::POST, "/people", Some(wrong), &key).await.expect(StatusCode::CREATED);
    // Sixty-four at once: one person, and never two answers.
    let calls = (0..64).map(|_| {
        let (router, token) = (provider.router.clone(), tool.token.clone());
        tokio::spawn(async move {
            let authorization = format!("Bearer {token}");
            let headers = [("authorization", authorization.as_str()), ("idempotency-key", "64")];
            let mut browser = super::support::Browser::at(router);
            browser
                .send_json(Method::POST, "/admin/api/v1/people", Some(person("x@school.example")), &headers)
                .await
        })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        let page = call.await.unwrap();
        assert!(page.status == StatusCode::CREATED || page.status == StatusCode::CONFLICT, "{}", page.status);
        made +=
            usize::from(page.status == StatusCode::CREATED && page.header("idempotency-replayed").is_empty());
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_request_that_was_cut_off_gives_its_key_back_after_a_minute() {
    let provider = Provider::start().await;
    let tool = provider.tool(&[scopes::PEOPLE]).await;
    let key = [("idempotency-key", "5b")];
    let nina = || Some(person("nina@school.example"));
    tool.call(Method::POST, "/people", nina(), &key).await.expect(StatusCode::CREATED);
    let mut tx = provider.kit().store.begin().await.unwrap();
    sqlx::query("UPDATE idempotency_keys SET sealed = NULL").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    provider.advance(Span::seconds(59));
    let early = tool.call(Method::POST, "/people", nina(), &key).await.expect(StatusCode::CONFLICT);
    assert!(early.body.contains("not finished"), "{}", early.body);
    provider.advance(Span::seconds(1));
    let other = Some(person("omar@school.example"));
    tool.call(Method::POST, "/people", other, &key).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let late = tool.call(Method::POST, "/people", nina(), &key).await.expect(StatusCode::CONFLICT);
    assert!(late.body.contains("already has an account"), "{}", late.body);
}

#[tokio::test]
async fn bad_bodies_and_parameters_are_refused_with_what_to_do() {
    let provider = Provider::start().await;
    let tool = provider.tool(&scopes::EVERY).await;
    for (body, status, says) in [
        (json!(["A", "a@b.example"]), StatusCode::BAD_REQUEST, "must be an object"),
        (json!({ "name": "A" }), StatusCode::BAD_REQUEST, "email"),
        (
            json!({ "name": "A", "email": "a@b.example", "role": "owner" }),
            StatusCode::BAD_REQUEST,
            "unknown field",
        ),
        (json!({ "name": "A", "email": "a" }), StatusCode::UNPROCESSABLE_ENTITY, "correct format"),
        (json!({ "name": "<b>", "email": "a@b.example" }), StatusCode::UNPROCESSABLE_ENTITY, "Name must be"),
        (
            json!({ "name": "A", "email": "a@b.example", "services": ["none"] }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is no service with the ID none",
        ),
    ] {
        let refused = tool.post("/people", body.clone()).await.expect(status);
        assert!(refused.json()["detail"].as_str().unwrap().contains(says), "{body}: {}", refused.body);
    }
    for query in ["limit=0", "limit=x", "limit=201", "limit=5&limit=6", "colour=green", "limit", "after="] {
        tool.get(&format!("/people?{query}")).await.expect(StatusCode::BAD_REQUEST);
    }
    tool.get("/people?after=forged").await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    tool.call(Method::PATCH, "/people", None, &[]).await.expect(StatusCode::METHOD_NOT_ALLOWED);
    let text = tool.call(Method::POST, "/people", None, &[("content-type", "text/plain")]).await;
    assert_eq!(text.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn keys_sessions_and_figures_can_be_had_and_changed() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &super::support::Ask::of("portal"), "alex@school.example").await;
    let tool = provider.tool(&scopes::EVERY).await;
    let listed = tool.get("/sessions").await.expect(StatusCode::OK).json();
    assert_eq!(listed["items"][0]["services"], json!(["portal"]));
    let session = format!("/sessions/{}", listed["items"][0]["id"].as_str().unwrap());
    tool.call(Method::DELETE, &session, None, &[]).await.expect(StatusCode::NO_CONTENT);
    tool.call(Method::DELETE, &session, None, &[]).await.expect(StatusCode::NOT_FOUND);
    alex.open("/account").await.expect(StatusCode::SEE_OTHER);
    let events = tool.get("/events?kind=login.done&limit=1").await.expect(StatusCode::OK).json();
    assert_eq!(events["items"][0]["address"], "0.0.0.0");
    tool.get("/events?since=yesterday").await.expect(StatusCode::BAD_REQUEST);
    let before = tool.get("/keys").await.expect(StatusCode::OK).json().as_array().unwrap().len();
    let after = tool.call(Method::POST, "/keys/rotate", None, &[]).await.expect(StatusCode::OK).json();
    assert!(after.as_array().unwrap().len() > before);
    crate::admin::status::count(provider.kit()).await.unwrap();
    let status = tool.get("/status").await.expect(StatusCode::OK).json();
    assert_eq!((&status["people"], &status["services"]), (&json!(1), &json!(2)));
}

/// The description is checked in, so that a change of the interface is seen in review.
#[tokio::test]
async fn the_description_is_the_one_that_is_checked_in_and_names_every_scope() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/openapi.json");
    let described = crate::web::api_description();
    if std::env::var_os("GATEHOUSE_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&file, format!("{described}\n")).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        described.trim(),
        kept.trim(),
        "run with GATEHOUSE_WRITE_SNAPSHOTS=1 and look at the difference"
    );
    let provider = Provider::start().await;
    let served = provider.browser().open("/admin/api/v1/openapi.json").await.expect(StatusCode::OK);
    assert_eq!(served.body, described);
    for scope in scopes::EVERY {
        assert!(described.contains(scope), "{scope}");
    }
}

#[tokio::test]
async fn a_power_that_is_taken_from_a_program_ends_at_once() {
    let provider = Provider::start().await;
    let kit = provider.kit();
    let tool = provider.tool(&[scopes::PEOPLE_READ, scopes::SESSIONS]).await;
    tool.get("/people").await.expect(StatusCode::OK);
    let alex = tool.get("/people?q=alex").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    // Whoever may only read people is not told all that is held on them.
    tool.get(&format!("/people/{alex}/data")).await.expect(StatusCode::FORBIDDEN);
    let mut client = clients::find(kit, &Actor::Operator, &tool.client).await.unwrap();
    client.settings.scopes = Some(vec![scopes::PEOPLE_READ.to_owned()]);
    clients::update(kit, &Actor::Operator, client.clone()).await.unwrap();
    tool.get("/sessions").await.expect(StatusCode::FORBIDDEN);
    tool.get("/people").await.expect(StatusCode::OK);
    // What was switched off does not come back with the client.
    let client = clients::find(kit, &Actor::Operator, &tool.client).await.unwrap();
    for active in [false, true] {
        assert!(clients::set_active(kit, &Actor::Operator, &client, active).await.unwrap());
    }
    tool.get("/people").await.expect(StatusCode::UNAUTHORIZED);
}
