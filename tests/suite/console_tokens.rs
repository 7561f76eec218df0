//! Tokens with which services register themselves, and the check of a service, on the console.

use http::StatusCode;
use serde_json::json;

use super::console::OLIVIA;
use super::support::Provider;
use crate::base::Span;
use crate::config::OpenTo;
use crate::model::Role;

const NEW: &str = "/admin/registration-tokens/new";
const LIST: &str = "/admin/registration-tokens";

impl Provider {
    /// What comes of registering a service with a token.
    async fn registered_with(&self, token: &str) -> StatusCode {
        let document = json!({ "client_name": "Admissions", "redirect_uris": ["https://a.example/cb"] });
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        self.browser().send_json(http::Method::POST, "/register", Some(document), &headers).await.status
    }
}

#[tokio::test]
async fn a_registration_token_is_shown_once_listed_and_withdrawn() {
    let provider = Provider::start_with(|config| config.registration.open_to = OpenTo::Invited).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let services = olivia.open("/admin/services").await.expect(StatusCode::OK);
    assert!(services.body.contains(&format!("href=\"{LIST}\">Registration tokens</a>")));
    assert!(olivia.open(LIST).await.body.contains("There are no tokens that work."));
    let form = olivia.open(NEW).await.expect(StatusCode::OK);
    let refused = olivia.submit(&form, &[("hours", "1000")]).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Select how long it works"), "{}", refused.body);
    let made = olivia.submit(&form, &[("hours", "168")]).await.expect(StatusCode::OK);
    assert!(made.body.contains("Copy the registration token now."), "{}", made.body);
    let token = made.body.split("data-copy=\"Copy registration token\">").nth(1).unwrap();
    let token = token.split('<').next().unwrap();
    let again = olivia.submit(&form, &[("hours", "168")]).await.expect(StatusCode::CONFLICT);
    assert!(again.body.contains("We cannot show the token again."), "{}", again.body);
    assert_eq!(provider.registered_with(token).await, StatusCode::CREATED);

    let list = olivia.open(LIST).await.expect(StatusCode::OK);
    assert!(!list.body.contains(token) && list.body.matches("name=\"withdraw\"").count() == 1);
    let digest = list.body.split("name=\"withdraw\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let done = olivia.submit(&list, &[("withdraw", digest)]).await.expect(StatusCode::SEE_OTHER);
    assert!(olivia.follow(done).await.body.contains("The token no longer works."));
    assert_eq!(provider.registered_with(token).await, StatusCode::UNAUTHORIZED);
    let done = olivia.submit(&list, &[("withdraw", digest)]).await.expect(StatusCode::SEE_OTHER);
    assert!(olivia.follow(done).await.body.contains("The token did not work any more."));
    for (kind, times) in [("client.invited", 1), ("client.invitation_withdrawn", 1)] {
        let audit = olivia.open(&format!("/admin/audit?event={kind}")).await.expect(StatusCode::OK);
        assert_eq!(audit.body.matches("<tr>").count(), times + 1, "{kind}: {}", audit.body);
    }
    provider.advance(Span::minutes(16));
    let stale = olivia.submit(&form, &[("hours", "24")]).await.expect(StatusCode::SEE_OTHER);
    assert!(stale.location().starts_with("/admin/login?fresh=yes"), "{}", stale.location());
}

#[tokio::test]
async fn a_form_that_is_sent_many_times_at_once_makes_one_token() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let form = olivia.open(NEW).await.expect(StatusCode::OK);
    let tries = (0..32).map(|_| {
        let (mut olivia, form) = (olivia.clone(), form.clone());
        tokio::spawn(async move { olivia.submit(&form, &[("hours", "24")]).await.status })
    });
    let mut made = 0;
    for tried in tries.collect::<Vec<_>>() {
        made += usize::from(tried.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(made, 1);
    assert_eq!(provider.number("SELECT COUNT(*) FROM registration_tokens").await, 1);
    let another = olivia.open(NEW).await.expect(StatusCode::OK);
    olivia.submit(&another, &[("hours", "24")]).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_service_is_checked_from_its_page_and_every_finding_is_shown() {
    let provider = Provider::start().await;
    provider
        .add_client("portal", |settings| settings.home_page = Some("https://127.0.0.1/".to_owned()))
        .await;
    let mut sam = provider.administrator("sam@council.example", Role::Services, &["portal"]).await;
    let page = sam.open("/admin/services/portal").await.expect(StatusCode::OK);
    assert!(page.body.contains("href=\"/admin/services/portal/check\">Check this service</a>"));
    let before = provider.number("SELECT COUNT(*) FROM events WHERE kind LIKE 'client.%'").await;
    let found = sam.fill("/admin/services/portal/check", &[]).await.expect(StatusCode::OK);
    assert!(found.body.contains("need") && found.body.contains("attention"), "{}", found.body);
    assert!(
        found.body.contains("home page<br>") || found.body.contains("https://127.0.0.1/"),
        "{}",
        found.body
    );
    // Looking changes nothing.
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind LIKE 'client.%'").await, before);
}
