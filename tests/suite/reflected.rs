//! What comes in an address does not come back as a page.

use http::StatusCode;

use super::support::{Ask, Page, Provider};

const ALEX: &str = "alex@school.example";

const CORPUS: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'-alert(1)-'",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }}<b>",
    "&lt;script&gt;alert(1)",
    "\u{2028}<plaintext>",
];

/// Row 90: no markup of a stranger's, and a policy under which it would not run.
#[track_caller]
fn assert_harmless(page: &Page, hostile: &str, about: &str) {
    if page.status.is_redirection() {
        return;
    }
    let raw = hostile.contains('<') && page.body.contains(hostile);
    assert!(
        !raw && !page.body.contains("<img src=x") && !page.body.contains("<svg onload"),
        "{about}: {}",
        page.body
    );
    assert!(!page.body.contains("href=\"javascript:"), "{about}");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{about}: {policy}");
}

#[tokio::test]
async fn row_90_nothing_in_an_address_becomes_part_of_a_page() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let names = [
        "error",
        "error_description",
        "login_hint",
        "ui_locales",
        "state",
        "nonce",
        "scope",
        "prompt",
        "acr_values",
        "redirect_uri",
        "client_id",
        "response_mode",
        "id_token_hint",
        "request",
        "claims",
    ];
    let mut shown = 0;
    for hostile in CORPUS {
        for name in names {
            let mut browser = provider.browser();
            let answer = browser.open(&Ask::of("portal").with(name, hostile).url()).await;
            let page = browser.follow(answer).await;
            assert_harmless(&page, hostile, &format!("{name} {hostile}"));
            shown += usize::from(!page.status.is_redirection());
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(
                ["flow", "state", "user_code", "post_logout_redirect_uri", "client_id"]
                    .map(|name| (name, hostile)),
            )
            .finish();
        for path in ["/login", "/logout", "/device", "/reset", "/consent", "/help", "/nowhere"] {
            let page = provider.browser().open(&format!("{path}?{query}")).await;
            assert_harmless(&page, hostile, &format!("{path} {hostile}"));
        }
    }
    assert!(shown > 60, "{shown} pages were looked at");
}

#[tokio::test]
async fn row_90_a_state_comes_back_by_a_form_as_text() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut alex = provider.browser();
    provider.log_in(&mut alex, &Ask::of("portal"), ALEX).await;
    for hostile in CORPUS {
        let ask = Ask::of("portal").with("response_mode", "form_post").with("state", hostile);
        let page = alex.open(&ask.url()).await.expect(StatusCode::OK);
        let raw = hostile.contains(['<', '"']) && page.body.contains(hostile);
        assert!(!raw && page.body.contains("name=\"state\""), "{hostile}: {}", page.body);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe-inline"), "{policy}");
    }
}
