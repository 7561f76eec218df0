//! The console, as administrators meet it: through the front door, and no further than their role goes.

use http::StatusCode;

use super::support::{Browser, PASSWORD, Page, Provider};
use crate::admin::{administrators, clients, status, users};
use crate::base::{ClientId, Span};
use crate::jose::SigningKey;
use crate::model::{Actor, Algorithm, Role, User};

pub(super) const OLIVIA: &str = "olivia@council.example";

impl Provider {
    /// Somebody with a role, logged in to the console.
    pub(super) async fn administrator(&self, email: &str, role: Role, services: &[&str]) -> Browser {
        let user = match users::find(self.kit(), &Actor::Operator, email).await {
            Ok(user) => user,
            Err(_) => self.add_person(email, "Olivia Owner").await,
        };
        let services: Vec<ClientId> = services.iter().map(|id| ClientId::parse(id).unwrap()).collect();
        administrators::give(self.kit(), &Actor::Operator, &user, (role, &services)).await.unwrap();
        let mut browser = self.browser();
        self.log_in_to_console(&mut browser, email, "/admin").await;
        browser
    }

    /// Walks from a page of the console through the log-in and back.
    pub(super) async fn log_in_to_console(&self, browser: &mut Browser, email: &str, page: &str) -> Page {
        let begun = browser.open(page).await.expect(StatusCode::SEE_OTHER);
        let login = browser.walk(begun).await.expect(StatusCode::OK);
        let step_two = browser.submit(&login, &[("email", email), ("password", PASSWORD)]).await;
        let code_page = browser.walk(step_two).await.expect(StatusCode::OK);
        let code = self.last_code_to(email).await;
        let done = browser.submit(&code_page, &[("code", &code)]).await;
        browser.walk(done).await
    }

    pub(super) async fn person(&self, email: &str) -> User {
        users::find(self.kit(), &Actor::Operator, email).await.unwrap()
    }
}

impl Browser {
    /// Goes where an answer leads, by addresses of ours in full as well.
    pub(super) async fn walk(&mut self, page: Page) -> Page {
        let mut page = page;
        while page.status == StatusCode::SEE_OTHER {
            let next = page.location().replace(super::support::ISSUER, "");
            page = self.open(&next).await;
        }
        page
    }

    /// Opens a page and posts its form.
    pub(super) async fn fill(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.open(url).await.expect(StatusCode::OK);
        self.submit(&form, fields).await
    }
}

#[tokio::test]
async fn an_owner_comes_in_by_the_front_door_and_finds_every_page() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    status::count(provider.kit()).await.unwrap();
    let dashboard = olivia.open("/admin").await.expect(StatusCode::OK);
    assert!(dashboard.body.contains("Olivia Owner, Owner"));
    assert!(
        dashboard.body.contains("The highest day was Sunday 22 November with 1 login."),
        "{}",
        dashboard.body
    );
    let alex = provider.person("alex@school.example").await;
    for (page, says) in [
        ("/admin/services".to_owned(), "Children&#39;s Services Portal"),
        ("/admin/services/portal".to_owned(), "https://portal.example/callback"),
        ("/admin/services/portal/edit".to_owned(), "Save changes"),
        ("/admin/services/new".to_owned(), "Add service"),
        ("/admin/people".to_owned(), "alex@school.example"),
        ("/admin/people/invite".to_owned(), "Send invitation"),
        (format!("/admin/people/{}", alex.id), "Example Primary School"),
        (format!("/admin/people/{}/edit", alex.id), "Save changes"),
        (format!("/admin/people/{}/role", alex.id), "Service administrator"),
        ("/admin/sessions".to_owned(), "Olivia Owner"),
        ("/admin/keys".to_owned(), "Signing"),
        ("/admin/email".to_owned(), "Every email has been sent."),
        ("/admin/administrators".to_owned(), OLIVIA),
    ] {
        let shown = olivia.open(&page).await.expect(StatusCode::OK);
        assert!(shown.body.contains(says), "{page}: {}", shown.body);
        assert_eq!(shown.header("cache-control"), "no-store", "{page}");
    }
}

#[tokio::test]
async fn row_41_nobody_without_a_role_sees_anything_and_a_role_that_is_taken_away_counts_at_once() {
    let provider = Provider::start().await;
    let mut stranger = provider.browser();
    let away = stranger.open("/admin/people").await.expect(StatusCode::SEE_OTHER);
    assert!(away.location().starts_with("/admin/login?"), "{}", away.location());
    let mut alex = provider.browser();
    let refused = provider.log_in_to_console(&mut alex, "alex@school.example", "/admin").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("You do not have access"));

    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    provider.administrator("second@council.example", Role::Owner, &[]).await;
    olivia.open("/admin/people").await.expect(StatusCode::OK);
    let user = provider.person(OLIVIA).await;
    assert!(administrators::take(provider.kit(), &Actor::Operator, &user).await.unwrap());
    olivia.open("/admin/people").await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn row_41_support_has_no_power_over_those_who_could_make_it_an_owner() {
    let provider = Provider::start().await;
    provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let mut sam = provider.administrator("sam@council.example", Role::Support, &[]).await;
    let olivia = provider.person(OLIVIA).await;
    let page = format!("/admin/people/{}", olivia.id);
    for deed in ["new-password", "log-out", "deactivate", "unlock"] {
        sam.fill(&format!("{page}/{deed}"), &[]).await.expect(StatusCode::FORBIDDEN);
    }
    let edit = sam.open(&format!("{page}/edit")).await.expect(StatusCode::OK);
    let version = edit.hidden("version").unwrap();
    let fields =
        [("version", version.as_str()), ("name", "O"), ("email", "sam+o@council.example"), ("sure", "yes")];
    sam.submit(&edit, &fields).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(provider.person(OLIVIA).await.name, "Olivia Owner");
}

#[tokio::test]
async fn row_29_a_change_needs_a_log_in_of_the_last_quarter_of_an_hour_and_nothing_typed_is_lost() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    provider.advance(Span::minutes(16));
    let form = olivia.open("/admin/services/new").await.expect(StatusCode::OK);
    let fields = [
        ("name", "School Admissions"),
        ("kind", "server"),
        ("redirect_uris", "https://admissions.example/cb"),
        ("asks_consent", "no"),
    ];
    let stale = olivia.submit(&form, &fields).await.expect(StatusCode::OK);
    assert!(stale.body.contains("For security, log in again to continue."));
    assert!(stale.body.contains("School Admissions") && stale.body.contains("https://admissions.example/cb"));
    assert!(clients::list(provider.kit(), &Actor::Operator, "", 10).await.unwrap().len() <= 1);
    // In another tab, with the same cookies; the form that is still open is good again.
    provider.log_in_to_console(&mut olivia, OLIVIA, "/admin/login?fresh=yes").await.expect(StatusCode::OK);
    let added = olivia.submit(&stale, &fields).await.expect(StatusCode::OK);
    assert!(added.body.contains("Copy the client secret now."), "{}", added.body);

    provider.advance(Span::minutes(16));
    let user = provider.person("alex@school.example").await;
    let deed = format!("/admin/people/{}/deactivate", user.id);
    let away = olivia.fill(&deed, &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(away.location().starts_with("/admin/login?fresh=yes"), "{}", away.location());
    assert!(provider.person("alex@school.example").await.is_active());
    provider.advance(Span::minutes(61));
    olivia.open("/admin").await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn row_32_a_form_of_another_session_or_site_does_nothing() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let mut second = provider.administrator("second@council.example", Role::Owner, &[]).await;
    let user = provider.person("alex@school.example").await;
    let deed = format!("/admin/people/{}/deactivate", user.id);
    let foreign = second.open(&deed).await.expect(StatusCode::OK).hidden("token").unwrap();
    olivia.post(&deed, &[("token", &foreign)]).await.expect(StatusCode::FORBIDDEN);
    olivia.post(&deed, &[]).await.expect(StatusCode::FORBIDDEN);
    let own = olivia.open(&deed).await.expect(StatusCode::OK).hidden("token").unwrap();
    let cross = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let sent = olivia.send(http::Method::POST, &deed, Some(&[("token", &own)]), &cross).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    assert!(provider.person("alex@school.example").await.is_active());
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_service_is_said_at_once_and_each_at_its_field() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let wrong = olivia
        .fill("/admin/services/new", &[("name", ""), ("redirect_uris", "http://a.example/cb")])
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    let says = ["Enter a name", "Select the type of service", "Redirect address must start with https://"];
    let summary = wrong.body.split("<form").next().unwrap();
    let places: Vec<Option<usize>> = says.iter().map(|says| summary.find(says)).collect();
    assert!(places.is_sorted() && !places.contains(&None), "{places:?}: {summary}");
    for field in ["name", "kind", "redirect_uris"] {
        assert!(wrong.body.contains(&format!("id=\"{field}-error\"")), "{field}");
    }
    let far = [
        ("name", "Far away"),
        ("kind", "server"),
        ("redirect_uris", super::support::REDIRECT),
        ("backchannel_logout_uri", "ftp://a.example/out"),
        ("client_uri", "nowhere"),
    ];
    let wrong = olivia.fill("/admin/services/new", &far).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("id=\"backchannel_logout_uri-error\""), "{}", wrong.body);
    assert!(
        wrong.body.contains("id=\"client_uri-error\"") && !wrong.body.contains("id=\"redirect_uris-error\"")
    );
}

#[tokio::test]
async fn a_service_that_is_added_here_can_be_logged_in_to_and_its_secret_is_shown_once() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let fields = [
        ("name", "School Admissions"),
        ("kind", "server"),
        ("redirect_uris", super::support::REDIRECT),
        ("asks_consent", "no"),
        ("welcome_page", "default"),
    ];
    let form = olivia.open("/admin/services/new").await.expect(StatusCode::OK);
    let added = olivia.submit(&form, &fields).await.expect(StatusCode::OK);
    // The page is loaded again, or the button pressed twice: one service, and its secret is not shown again.
    let again = olivia.submit(&form, &fields).await.expect(StatusCode::CONFLICT);
    assert!(again.text().contains("We cannot show the secret again."), "{}", again.text());
    assert_eq!(provider.number("SELECT COUNT(*) FROM clients WHERE name = 'School Admissions'").await, 1);
    let between = |after: &str, before: &str| {
        added.body.split(after).nth(1).unwrap().split(before).next().unwrap().to_owned()
    };
    let secret = between("data-copy=\"Copy client secret\">", "<");
    let id = between("<dt>Client ID</dt><dd><code>", "<");
    let twice = olivia.fill("/admin/services/new", &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.body.contains("Another service already uses that name"));

    let ask = super::support::Ask::of(&id);
    let mut alex = provider.browser();
    let code = provider.code_for(&mut alex, &ask, "alex@school.example").await;
    provider.redeem(&code, &ask, &id, &secret).await.expect(StatusCode::OK);
    let page = format!("/admin/services/{id}");
    assert!(!olivia.open(&page).await.expect(StatusCode::OK).body.contains(&secret));

    // Somebody else saves first: nothing is written over.
    let edit = olivia.open(&format!("{page}/edit")).await.expect(StatusCode::OK);
    let version = edit.hidden("version").unwrap();
    let mut changed = fields.to_vec();
    changed.push(("version", &version));
    let saved = olivia.submit(&edit, &changed).await.expect(StatusCode::SEE_OTHER);
    // What was done is said once, and stands in no address.
    assert_eq!(saved.location(), page);
    assert!(olivia.open(&page).await.text().contains("Changes saved."));
    assert!(!olivia.open(&page).await.text().contains("Changes saved."));
    olivia.submit(&edit, &changed).await.expect(StatusCode::CONFLICT);

    // Two who switch it off do not switch it on.
    let form = olivia.open(&format!("{page}/status")).await.expect(StatusCode::OK);
    for _ in 0..2 {
        olivia.submit(&form, &[]).await.expect(StatusCode::SEE_OTHER);
    }
    alex.open(&ask.url()).await.expect(StatusCode::BAD_REQUEST);
    olivia.fill(&format!("{page}/remove"), &[]).await.expect(StatusCode::SEE_OTHER);
    olivia.open(&page).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_service_that_signs_is_registered_with_its_keys_and_gets_no_secret() {
    use super::client_assertion::{TOKEN_ENDPOINT, assert_believed, claims, key_set, own_key, present};
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let (first, second) = (own_key(Algorithm::ES256), own_key(Algorithm::ES256));
    let (keys, others) = (key_set(&[&first]).to_string(), key_set(&[&second]).to_string());
    let with = |jwks_uri, jwks| {
        [
            ("name", "School Admissions"),
            ("kind", "key"),
            ("redirect_uris", super::support::REDIRECT),
            ("jwks_uri", jwks_uri),
            ("jwks", jwks),
        ]
    };
    for (jwks_uri, jwks, says) in [
        ("", "", "Enter the address of its keys, or the keys themselves"),
        ("", "keys", "Enter the public keys as a JSON document"),
        ("", "{\"keys\":[]}", "href=\"#jwks\""),
        ("https://a.example/jwks", &keys, "not both"),
        ("http://a.example/jwks", "", "href=\"#jwks_uri\""),
    ] {
        let refused = olivia.fill("/admin/services/new", &with(jwks_uri, jwks)).await;
        let refused = refused.expect(StatusCode::UNPROCESSABLE_ENTITY);
        let told = refused.body.split("There is a problem").nth(1).unwrap().split("</ul>").next().unwrap();
        assert!(told.contains(says), "{says}: {told}");
    }
    let added = olivia.fill("/admin/services/new", &with("", &keys)).await.expect(StatusCode::OK);
    assert!(!added.body.contains("gh_cs_"));
    let id = added.body.split("<dt>Client ID</dt><dd><code>").nth(1).unwrap().split('<').next().unwrap();
    let signed = |key: &SigningKey| key.sign("JWT", &claims(&provider, id, TOKEN_ENDPOINT)).unwrap();
    assert_believed(&present(&provider, &signed(&first)).await, "the first key");

    let edit = olivia.open(&format!("/admin/services/{id}/edit")).await.expect(StatusCode::OK);
    let version = edit.hidden("version").unwrap();
    let mut changed = with("", &others).to_vec();
    changed.push(("version", &version));
    olivia.submit(&edit, &changed).await.expect(StatusCode::SEE_OTHER);
    provider.advance(Span::seconds(2));
    assert_believed(&present(&provider, &signed(&second)).await, "the second key");
    let refused = present(&provider, &signed(&first)).await;
    refused.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_services_login_pages_have_its_own_links_and_a_way_to_leave_at_once() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let login =
        async || provider.login_page(&mut provider.browser(), &super::support::Ask::of("portal")).await.body;
    assert!(!login().await.contains("Exit this page"));
    let edit = olivia.open("/admin/services/portal/edit").await.expect(StatusCode::OK);
    let version = edit.hidden("version").unwrap();
    let with = |links, worries, exit| {
        [
            ("safeguarding_notice", "If a pupil may be in danger,"),
            ("name", "Portal"),
            ("redirect_uris", super::support::REDIRECT),
            ("version", version.as_str()),
            ("footer_links", links),
            ("safeguarding_uri", worries),
            ("exit_uri", exit),
        ]
    };
    let six = ["About us https://portal.example/about"; 6].join("\n");
    for (links, worries, exit, says) in [
        (
            "About us",
            "",
            "",
            "Enter the words of a link, a space, and an address that starts with https://: About us",
        ),
        ("https://portal.example/about", "", "", "Enter the words of a link"),
        ("Us javascript:alert(1)", "", "", "Enter the words of a link"),
        (&*six, "", "", "Enter at most 5 links"),
        (
            "",
            "http://portal.example/",
            "",
            "Safeguarding page must be a web address that starts with https://",
        ),
        ("", "", "javascript:alert(1)", "Exit page address must be a web address"),
    ] {
        let refused = olivia.submit(&edit, &with(links, worries, exit)).await;
        let refused = refused.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(says), "{links} {worries} {exit}: {}", refused.body);
    }
    let links = "About <us> https://portal.example/about\r\n\r\nFees  https://portal.example/fees?a=1&b=2";
    let wanted = with(links, "https://portal.example/worried", "https://weather.example/");
    olivia.submit(&edit, &wanted).await.expect(StatusCode::SEE_OTHER);
    let login = login().await;
    for part in [
        "<a href=\"https://portal.example/about\">About &lt;us&gt;</a>",
        "<a href=\"https://portal.example/fees?a=1&amp;b=2\">Fees</a>",
        "<a href=\"https://portal.example/worried\">Worried about a child",
        "<p>If a pupil may be in danger, <a href=\"https://portal.example/worried\">please contact us</a>.</p>",
        "href=\"https://weather.example/\" rel=\"nofollow noreferrer\">Exit this page</a>",
    ] {
        assert!(login.contains(part), "{part} in {login}");
    }
    assert!(!provider.browser().open("/help").await.body.contains("weather.example"));
}

#[tokio::test]
async fn a_service_has_colours_that_people_can_read_and_its_login_page_can_be_seen_before() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let edit = olivia.open("/admin/services/portal/edit").await.expect(StatusCode::OK);
    let version = edit.hidden("version").unwrap();
    let with = |band, button| {
        [
            ("name", "Portal"),
            ("redirect_uris", super::support::REDIRECT),
            ("version", version.as_str()),
            ("band", band),
            ("button", button),
        ]
    };
    for (band, button, says) in [
        ("#777777", "", "Enter a colour for buttons as well"),
        ("red", "#0b6359", "red is not a colour"),
        ("#ffee00", "#0b6359", "has a contrast of"),
    ] {
        let refused =
            olivia.submit(&edit, &with(band, button)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(says), "{}", refused.body);
    }
    olivia.submit(&edit, &with("#5b2a86", "#7a1f5c")).await.expect(StatusCode::SEE_OTHER);
    let preview = olivia.open("/admin/services/portal/preview").await.expect(StatusCode::OK);
    let style = "/brand/colours-5b2a86-ffffff-7a1f5c-ffffff.css";
    assert!(preview.text().contains("Secure login – step 1") && preview.body.contains(style));
    let login = provider.login_page(&mut provider.browser(), &super::support::Ask::of("portal")).await;
    assert!(login.body.contains(style));
    let css = provider.browser().open(style).await.expect(StatusCode::OK);
    assert!(css.body.contains("--brand:#5b2a86") && css.body.contains("--on-brand:#ffffff"), "{}", css.body);
    provider
        .browser()
        .open("/brand/colours-ffee00-17232b-ffffff-17232b.css")
        .await
        .expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_secret_is_made_once_however_often_its_form_is_sent() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let secrets = "SELECT COUNT(*) FROM client_secrets";
    let before = provider.number(secrets).await;
    let form = olivia.open("/admin/services/portal/secret").await.expect(StatusCode::OK);
    let made = olivia.submit(&form, &[]).await.expect(StatusCode::OK);
    assert!(made.body.contains("data-copy=\"Copy client secret\""));
    let again = olivia.submit(&form, &[]).await.expect(StatusCode::CONFLICT);
    assert!(again.text().contains("We cannot show the secret again."), "{}", again.text());
    assert!(again.body.contains("href=\"/admin/services/portal/secret\">Make a new secret"));
    assert_eq!(provider.number(secrets).await, before + 1);
    olivia.fill("/admin/services/portal/secret", &[]).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn nobody_else_can_put_words_on_a_page_of_the_console() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let mut second = provider.administrator("second@council.example", Role::Owner, &[]).await;
    let done = olivia.fill("/admin/services/portal/status", &[]).await.expect(StatusCode::SEE_OTHER);
    let said = done.header("set-cookie").split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
    second.cookies.insert("__Host-said".to_owned(), said);
    assert!(!second.open("/admin/services/portal").await.text().contains("Switched off."));
    assert!(olivia.open("/admin/services/portal").await.text().contains("Switched off."));
}
