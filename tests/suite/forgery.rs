//! Forms that another site sends in the name of whoever visits it (SECURITY, rows 32 and 33).

use http::{Method, StatusCode};

use super::console::OLIVIA;
use super::support::{Ask, Browser, Page, Portal, Provider};
use crate::admin::administrators;
use crate::base::Span;
use crate::model::Role;

const EVIL: [&[(&str, &str)]; 3] = [
    &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
    &[("origin", "https://evil.example")],
    &[("origin", "null"), ("sec-fetch-site", "same-site")],
];

/// Every form that somebody can come upon, with the browser that it was served to.
async fn every_form(portal: &Portal) -> Vec<(Browser, Page)> {
    let provider = &portal.provider;
    let mut forms = Vec::new();
    let ask = Ask::of("portal");
    let mut visitor = provider.browser();
    let page = provider.login_page(&mut visitor, &ask).await;
    forms.push((visitor, page));
    let mut visitor = provider.browser();
    let page = provider.code_page(&mut visitor, &ask, "alex@school.example").await;
    forms.push((visitor, page));
    let mut visitor = provider.browser();
    let begun = visitor.open("/reset").await;
    let page = visitor.follow(begun).await.expect(StatusCode::OK);
    forms.push((visitor, page));
    let mut visitor = provider.browser();
    let page = provider.reset_code_page(&mut visitor, "alex@school.example").await;
    forms.push((visitor, page));
    // The next code is not sent at once.
    provider.advance(Span::minutes(1));
    let mut visitor = provider.browser();
    let page = provider.new_password_page(&mut visitor, "alex@school.example").await;
    forms.push((visitor, page));
    let mut alex = portal.alex.clone();
    for path in ["/account/password", "/account/sessions", "/device"] {
        let page = alex.open(path).await.expect(StatusCode::OK);
        forms.push((alex.clone(), page));
    }
    let link = administrators::set_up_link(provider.kit()).await.unwrap().unwrap();
    let mut visitor = provider.browser();
    let opened = visitor.open(&format!("/setup/{}", link.reveal())).await;
    let page = visitor.follow(opened).await.expect(StatusCode::OK);
    forms.push((visitor, page));
    forms
}

/// The same of the console, and what it mails.
async fn every_form_of_the_console(provider: &Provider) -> Vec<(Browser, Page)> {
    let mut forms = Vec::new();
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let nina = [("name", "Nina New"), ("email", "nina@school.example")];
    olivia.fill("/admin/people/invite", &nina).await.expect(StatusCode::SEE_OTHER);
    let mut visitor = provider.browser();
    let opened = visitor.open(&provider.link_to("nina@school.example").await).await;
    let page = visitor.follow(opened).await.expect(StatusCode::OK);
    forms.push((visitor, page));
    for path in [
        "/admin/services/new",
        "/admin/services/portal/edit",
        "/admin/services/portal/secret",
        "/admin/services/portal/status",
        "/admin/services/portal/remove",
        "/admin/people/invite",
        "/admin/reviews/new",
        "/admin/keys/change",
    ] {
        let page = olivia.open(path).await.expect(StatusCode::OK);
        forms.push((olivia.clone(), page));
    }
    forms
}

/// What may not change by a form that is refused.
async fn all_there_is(provider: &Provider) -> [i64; 6] {
    [
        provider.number("SELECT COUNT(*) FROM users").await,
        provider.number("SELECT COUNT(*) FROM clients").await,
        provider.number("SELECT COUNT(*) FROM client_secrets").await,
        provider.number("SELECT COUNT(*) FROM signing_keys").await,
        provider.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await,
        provider.number("SELECT COUNT(*) FROM outbox").await,
    ]
}

async fn assert_refused(provider: &Provider, forms: Vec<(Browser, Page)>) {
    let before = all_there_is(provider).await;
    for (mut browser, page) in forms {
        let hidden = page.all_hidden();
        let fields: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert!(fields.iter().any(|(name, _)| *name == "token"), "{}", page.url);
        for headers in EVIL {
            let sent = browser.send(Method::POST, &page.url, Some(&fields), headers).await;
            assert_eq!(sent.status, StatusCode::FORBIDDEN, "{} with {headers:?}", page.url);
        }
        // Old browsers say nothing of where a form comes from: then the token has to be right.
        let mut forged = fields.clone();
        forged.retain(|(name, _)| *name != "token");
        for token in [None, Some("guessed")] {
            forged.extend(token.map(|token| ("token", token)));
            let sent = browser.send(Method::POST, &page.url, Some(&forged), &[]).await;
            assert_eq!(sent.status, StatusCode::FORBIDDEN, "{} with {token:?}", page.url);
        }
    }
    assert_eq!(all_there_is(provider).await, before);
}

#[tokio::test]
async fn rows_32_and_33_a_form_that_another_site_sends_is_refused_wherever_it_is_sent() {
    let portal = Portal::open().await;
    assert_refused(&portal.provider, every_form(&portal).await).await;
    assert_refused(&portal.provider, every_form_of_the_console(&portal.provider).await).await;
}

#[tokio::test]
async fn row_33_a_list_of_people_that_another_site_sends_is_not_even_looked_at() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let form = olivia.open("/admin/people/import").await.expect(StatusCode::OK);
    let good = form.hidden("token").unwrap();
    for (token, headers) in [(good.as_str(), EVIL[0]), (good.as_str(), EVIL[1]), ("guessed", &[][..])] {
        let sent =
            olivia.send_file(&form.url, token, "name,email\nNina,nina@school.example\n", headers).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{token} {headers:?}");
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM uploads").await, 0);
}
