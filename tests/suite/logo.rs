//! The logo that is kept for a service: through every door in, and to the login page.

use http::{Method, StatusCode};
use serde_json::json;

use super::console::OLIVIA;
use super::support::{Ask, Browser, Page, Provider};
use crate::admin::{clients, declared};
use crate::model::{Actor, Client, Role};
use crate::policy::logo::Logo;
use crate::policy::permission::scopes;

const SVG: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><path d=\"M0 0h9v9z\"/></svg>";
const EDIT: &str = "/admin/services/portal/edit";
const FIELDS: [(&str, &str); 4] = [
    ("name", "Children's Services Portal"),
    ("redirect_uris", super::support::REDIRECT),
    ("asks_consent", "no"),
    ("welcome_page", "default"),
];

async fn portal(provider: &Provider) -> Client {
    clients::find(provider.kit(), &Actor::Operator, "portal").await.unwrap()
}

fn shown_logo(page: &Page) -> Option<&str> {
    page.body.split("<img class=\"client\" src=\"").nth(1)?.split('"').next()
}

async fn login_page(provider: &Provider) -> Page {
    let mut browser = provider.browser();
    let begun = browser.open(&Ask::of("portal").url()).await;
    browser.follow(begun).await.expect(StatusCode::OK)
}

async fn choose(olivia: &mut Browser, file: &str) -> Page {
    let form = olivia.open(EDIT).await.expect(StatusCode::OK);
    olivia.submit_with_file(&form, &FIELDS, ("logo", file)).await
}

#[tokio::test]
async fn a_logo_is_uploaded_shown_on_the_login_page_and_removed() {
    let provider = Provider::start().await;
    let elsewhere = "https://portal.example/logo.svg";
    provider.add_client("portal", |settings| settings.logo_uri = Some(elsewhere.to_owned())).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    assert_eq!(shown_logo(&login_page(&provider).await), Some(elsewhere));
    assert!(!olivia.open(EDIT).await.body.contains("Remove the logo"));
    choose(&mut olivia, SVG).await.expect(StatusCode::SEE_OTHER);

    // What was uploaded takes the place of the address.
    let login = login_page(&provider).await;
    let address = shown_logo(&login).unwrap();
    assert!(address.starts_with("/brand/portal/logo?v="), "{address}");
    let preview = olivia.open("/admin/services/portal/preview").await.expect(StatusCode::OK);
    assert_eq!(shown_logo(&preview), Some(address));
    let logo = provider.browser().open(address).await.expect(StatusCode::OK);
    assert_eq!(logo.body, SVG);
    assert_eq!(logo.header("content-type"), "image/svg+xml");
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert_eq!(logo.header("cache-control"), "public, max-age=31536000, immutable");
    let policy = logo.header("content-security-policy");
    for part in ["default-src 'none'", "style-src 'unsafe-inline'", "sandbox"] {
        assert!(policy.contains(part), "{policy}");
    }
    let unversioned = provider.browser().open("/brand/portal/logo").await.expect(StatusCode::OK);
    assert_eq!(unversioned.header("cache-control"), "public, max-age=300");
    let known = [("if-none-match", logo.header("etag"))];
    let known = provider.browser().send(Method::GET, address, None, &known).await;
    known.expect(StatusCode::NOT_MODIFIED);

    // It stays when something else is changed, and its address changes with it.
    provider.advance(crate::base::Span::seconds(1));
    olivia.fill(EDIT, &FIELDS).await.expect(StatusCode::SEE_OTHER);
    let page = olivia.open("/admin/services/portal").await;
    assert!(page.body.contains(&format!("SVG, {} bytes", SVG.len())), "{}", page.body);
    assert!(shown_logo(&login_page(&provider).await).is_some_and(|now| now != address));

    let mut fields = FIELDS.to_vec();
    fields.push(("remove_logo", "yes"));
    olivia.fill(EDIT, &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(shown_logo(&login_page(&provider).await), Some(elsewhere));
    provider.browser().open("/brand/portal/logo").await.expect(StatusCode::NOT_FOUND);
    let noted = "SELECT COUNT(*) FROM events WHERE kind = 'client.updated' AND detail LIKE '%\"logo\"%'";
    assert_eq!(provider.number(noted).await, 2);
}

#[tokio::test]
async fn what_is_no_small_image_is_refused_and_nothing_that_was_typed_is_lost() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let large = SVG.replace("<path", &format!("<!--{}--><path", "x".repeat(8_000)));
    let huge = "x".repeat(900_000);
    for (file, says) in [
        ("<html><script>alert(1)</script></html>", "The logo must be an SVG, PNG or WebP image"),
        (&large, "The logo must be at most 8 kB"),
        (&huge, "The logo must be at most 8 kB"),
    ] {
        let refused = choose(&mut olivia, file).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(&format!("<a href=\"#logo\">{says}</a>")), "{}", refused.body);
        assert!(refused.body.contains("value=\"Children&#39;s Services Portal\""), "{}", refused.body);
    }
    // Where something else is wrong, whoever chose a file hears that it has to be chosen again.
    let form = olivia.open(EDIT).await;
    let refused = olivia.submit_with_file(&form, &[("name", "")], ("logo", SVG)).await;
    assert!(refused.body.contains("Enter a name") && refused.body.contains("Select the logo again"));
    let mut stranger = form.clone();
    stranger.body = stranger.body.replace("name=\"token\" value=\"", "name=\"token\" value=\"x");
    olivia.submit_with_file(&stranger, &FIELDS, ("logo", SVG)).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(portal(&provider).await.settings.logo, None);
}

#[tokio::test]
async fn what_is_exported_with_a_logo_can_be_applied_and_a_plan_does_not_spell_it_out() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let logo = Logo::of(SVG.into()).unwrap().written();
    let mut client = portal(&provider).await;
    client.settings.logo = Some(logo.clone());
    clients::update(provider.kit(), &Actor::Operator, client).await.unwrap();
    let text = toml::to_string(&declared::export(provider.kit(), &Actor::Operator).await.unwrap()).unwrap();
    assert!(text.contains(&logo), "{text}");
    let file = toml::from_str(&text).unwrap();
    let plan = declared::plan(provider.kit(), &Actor::Operator, &file, true).await.unwrap();
    assert!(plan.is_empty());

    let mut client = portal(&provider).await;
    client.settings.logo = None;
    clients::update(provider.kit(), &Actor::Operator, client).await.unwrap();
    let plan = declared::plan(provider.kit(), &Actor::Operator, &file, true).await.unwrap();
    let said = plan[0].to_string();
    assert_eq!(said, format!("~ service portal\n    logo: null -> SVG, {} bytes", SVG.len()));
    for change in plan {
        declared::apply(provider.kit(), &Actor::Operator, change).await.unwrap();
    }
    assert_eq!(portal(&provider).await.settings.logo, Some(logo));
}

#[tokio::test]
async fn programs_give_a_service_a_logo_with_its_registration_and_no_service_gives_itself_one() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let tool = provider.tool(&[scopes::SERVICES]).await;
    let seen = tool.get("/services/portal").await.expect(StatusCode::OK);
    let tag = [("if-match", seen.header("etag"))];
    let put = async |logo: serde_json::Value| {
        let mut details = json!({ "name": seen.json()["name"], "settings": seen.json()["settings"] });
        details["settings"]["logo"] = logo;
        tool.call(Method::PUT, "/services/portal", Some(details), &tag).await
    };
    let told = put(json!("data:image/png;base64,R0lGODlh")).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("The logo must be an SVG, PNG or WebP image"), "{}", told.body);
    // As large as one may be.
    let svg = SVG.replace("<path", &format!("<!--{}--><path", "x".repeat(8_000 - SVG.len() - 7)));
    let logo = Logo::of(svg.into()).unwrap().written();
    put(json!(logo)).await.expect(StatusCode::OK);
    assert_eq!(portal(&provider).await.settings.logo, Some(logo.clone()));
    put(json!(null)).await.expect(StatusCode::PRECONDITION_FAILED);

    let said = json!({ "redirect_uris": ["https://a.example/cb"], "logo": logo });
    let refused = crate::policy::metadata::read(said.as_object().unwrap()).unwrap_err();
    assert!(format!("{refused:?}").contains("logo is not a service's own to set"), "{refused:?}");
}
