//! The console, as administrators meet it: through the front door, and no further than their role goes.

use http::StatusCode;

use super::support::{Browser, PASSWORD, Page, Provider};
use crate::admin::{administrators, clients, people, status, users};
use crate::base::{ClientId, Span};
use crate::model::{Actor, Role, User};

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

    async fn person(&self, email: &str) -> User {
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
        dashboard.body.contains("The highest day was Sunday 22 November with 1 logins"),
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
async fn row_41_every_page_and_form_stops_at_the_border_of_a_role() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    provider.add_client("library", |_| {}).await;
    let alex = provider.person("alex@school.example").await.id;
    let person = |rest: &str| format!("/admin/people/{alex}{rest}");
    // What each page needs: owner, service administrator of `portal`, support, auditor.
    let matrix: Vec<(String, [bool; 4])> = vec![
        ("/admin".into(), [true, true, true, true]),
        ("/admin/services".into(), [true, true, true, true]),
        ("/admin/services/portal".into(), [true, true, true, true]),
        ("/admin/services/library".into(), [true, false, true, true]),
        ("/admin/people".into(), [true, false, true, true]),
        (person(""), [true, false, true, true]),
        ("/admin/sessions".into(), [true, false, true, true]),
        ("/admin/keys".into(), [true, false, false, true]),
        ("/admin/email".into(), [true, false, true, true]),
        ("/admin/administrators".into(), [true, false, false, true]),
    ];
    let changes: Vec<(String, Vec<(&str, &str)>, [bool; 4])> = vec![
        (
            "/admin/services/portal/edit".into(),
            vec![("name", "Portal"), ("redirect_uris", "https://a.example/cb")],
            [true, true, false, false],
        ),
        (
            "/admin/services/library/edit".into(),
            vec![("name", "Library"), ("redirect_uris", "https://a.example/cb")],
            [true, false, false, false],
        ),
        ("/admin/services/portal/secret".into(), vec![], [true, true, false, false]),
        ("/admin/services/library/status".into(), vec![], [true, false, false, false]),
        (person("/unlock"), vec![], [true, false, true, false]),
        (person("/new-password"), vec![], [true, false, true, false]),
        (person("/role"), vec![("role", "auditor")], [true, false, false, false]),
        ("/admin/keys/change".into(), vec![], [true, false, false, false]),
    ];
    for (nth, role) in [Role::Owner, Role::Services, Role::Support, Role::Auditor].into_iter().enumerate() {
        let services: &[&str] = if role == Role::Services { &["portal"] } else { &[] };
        let mut browser =
            provider.administrator(&format!("{}@council.example", role.name()), role, services).await;
        for (page, allowed) in &matrix {
            let shown = browser.open(page).await;
            let expected = if allowed[nth] { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(shown.status, expected, "{role:?} at {page}");
        }
        // A page that nobody linked to is posted to all the same.
        let token = browser
            .open("/admin/services/portal/status")
            .await
            .expect(StatusCode::OK)
            .hidden("token")
            .unwrap();
        for (page, fields, allowed) in &changes {
            let mut all = vec![("token", token.as_str())];
            all.extend_from_slice(fields);
            let done = browser.post(page, &all).await;
            let went = done.status == StatusCode::OK || done.status == StatusCode::SEE_OTHER;
            assert_eq!(
                (went, done.status == StatusCode::FORBIDDEN),
                (allowed[nth], !allowed[nth]),
                "{role:?} at {page}: {}",
                done.status
            );
            // What the owner gave Alex would put him out of the others' reach.
            if page.ends_with("/role") && allowed[nth] {
                let user = provider.person("alex@school.example").await;
                administrators::take(provider.kit(), &Actor::Operator, &user).await.unwrap();
            }
        }
    }
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
async fn a_service_that_is_added_here_can_be_logged_in_to_and_its_secret_is_shown_once() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let wrong = olivia
        .fill("/admin/services/new", &[("name", ""), ("redirect_uris", "http://a.example/cb")])
        .await
        .expect(StatusCode::UNPROCESSABLE_ENTITY);
    for says in ["Enter a name", "Select the type of service", "Redirect address must start with https://"] {
        assert!(wrong.body.contains(says), "{says}: {}", wrong.body);
    }
    let fields = [
        ("name", "School Admissions"),
        ("kind", "server"),
        ("redirect_uris", super::support::REDIRECT),
        ("asks_consent", "no"),
        ("welcome_page", "default"),
    ];
    let added = olivia.fill("/admin/services/new", &fields).await.expect(StatusCode::OK);
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
    olivia.submit(&edit, &changed).await.expect(StatusCode::SEE_OTHER);
    olivia.submit(&edit, &changed).await.expect(StatusCode::CONFLICT);

    olivia.fill(&format!("{page}/status"), &[]).await.expect(StatusCode::OK);
    alex.open(&ask.url()).await.expect(StatusCode::BAD_REQUEST);
    olivia.fill(&format!("{page}/remove"), &[]).await.expect(StatusCode::SEE_OTHER);
    olivia.open(&page).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn people_are_found_by_any_of_their_words_a_page_at_a_time() {
    let provider = Provider::start().await;
    for number in 0..120 {
        provider.add_person(&format!("p{number:03}@school.example"), &format!("Zoë Person{number:03}")).await;
    }
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let mut seen = std::collections::BTreeSet::new();
    let mut url = "/admin/people".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = olivia.open(&url).await.expect(StatusCode::OK);
        for part in page.body.split("/admin/people/usr_").skip(1) {
            seen.insert(part.split('"').next().unwrap().to_owned());
        }
        let Some(next) = page.link("rel=\"next\"") else { break };
        pages.push(std::mem::replace(&mut url, next));
    }
    assert_eq!((pages.len(), seen.len()), (2, 122));
    let last = olivia.open(&url).await;
    assert_eq!(last.link("rel=\"prev\"").as_deref(), Some(pages[1].as_str()));
    for (words, finds) in [
        ("zoe+person007", 1),
        ("PERSON01", 10),
        ("p042%40school", 1),
        ("olivia+primary", 1),
        ("nobody", 0),
        ("---", 0),
    ] {
        let found = olivia.open(&format!("/admin/people?q={words}")).await.expect(StatusCode::OK);
        assert_eq!(found.body.matches("/admin/people/usr_").count(), finds, "{words}");
    }
    // Row 86: a cursor that somebody made up.
    for forged in ["x", "eA.eA", &"a".repeat(500)] {
        let refused = olivia.open(&format!("/admin/people?after={forged}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{forged}");
    }
}

#[tokio::test]
async fn another_email_is_asked_about_once_more_and_both_addresses_are_told() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let user = provider.person("alex@school.example").await;
    let url = format!("/admin/people/{}/edit", user.id);
    let edit = olivia.open(&url).await.expect(StatusCode::OK);
    let version = edit.hidden("version").unwrap();
    let fields = [
        ("version", version.as_str()),
        ("name", "Alex Example"),
        ("email", "alex@new.example"),
        ("organisation", ""),
    ];
    let sure = olivia.submit(&edit, &fields).await.expect(StatusCode::OK);
    assert!(sure.body.contains("Alex Example will get codes at alex@new.example."), "{}", sure.body);
    let mut all = fields.to_vec();
    all.push(("sure", "yes"));
    olivia.submit_to(&sure, &url, &all).await.expect(StatusCode::SEE_OTHER);
    for address in ["alex@school.example", "alex@new.example"] {
        let letters = provider.mail_to(address).await;
        assert!(letters[0].0.contains("your email address was changed"), "{letters:?}");
    }
    let changed = provider.person("alex@new.example").await;
    assert_eq!((changed.id, changed.organisation), (user.id, None));
    // A form that was read before is not written over it.
    olivia.submit_to(&sure, &url, &all).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn who_is_asked_for_a_new_password_chooses_one_before_anything_else() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let ask = super::support::Ask::of("portal");
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &ask, "alex@school.example").await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let user = provider.person("alex@school.example").await;
    olivia.fill(&format!("/admin/people/{}/new-password", user.id), &[]).await.expect(StatusCode::OK);
    // Logged out, and after password and code the new one comes first.
    let forced = provider.log_in(&mut alex, &ask, "alex@school.example").await.expect(StatusCode::OK);
    assert!(forced.body.contains("You need to change your password"), "{}", forced.body);
    assert!(alex.open(&format!("/flow/{}/continue", forced.flow())).await.location_param("code").is_none());
    let same = alex.submit(&forced, &[("new_password", PASSWORD), ("confirm_password", PASSWORD)]).await;
    assert_eq!(same.status, StatusCode::UNPROCESSABLE_ENTITY);
    let new = "eleven brass kettles";
    let done = alex.submit(&forced, &[("new_password", new), ("confirm_password", new)]).await;
    let login = alex.follow(done).await.expect(StatusCode::OK);
    let second = alex.submit(&login, &[("email", "alex@school.example"), ("password", new)]).await;
    let code_page = alex.follow(second).await.expect(StatusCode::OK);
    let code = provider.last_code_to("alex@school.example").await;
    let welcome = alex.submit(&code_page, &[("code", &code)]).await;
    assert!(alex.follow(welcome).await.expect(StatusCode::OK).body.contains("Welcome, "));
}

#[tokio::test]
async fn the_last_owner_stays_one_whatever_anybody_tries() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let user = provider.person(OLIVIA).await;
    let page = format!("/admin/people/{}", user.id);
    for (rest, fields) in [
        ("/role", vec![("role", "none")]),
        ("/role", vec![("role", "auditor")]),
        ("/deactivate", vec![]),
        ("/erase", vec![]),
    ] {
        let refused = olivia.fill(&format!("{page}{rest}"), &fields).await.expect(StatusCode::CONFLICT);
        assert!(refused.body.contains("This is the last owner"), "{}", refused.body);
    }
    provider.administrator("second@council.example", Role::Owner, &[]).await;
    assert!(provider.mail_to(OLIVIA).await.iter().any(|(subject, _)| subject.contains("new administrator")));
    olivia.fill(&format!("{page}/role"), &[("role", "none")]).await.expect(StatusCode::SEE_OTHER);
    olivia.open("/admin").await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn whoever_is_erased_is_gone_and_what_was_held_on_them_can_be_had_before() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &super::support::Ask::of("portal"), "alex@school.example").await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let user = provider.person("alex@school.example").await;
    let page = format!("/admin/people/{}", user.id);
    let ask = olivia.open(&format!("{page}/data")).await.expect(StatusCode::OK);
    let file = olivia.submit_to(&ask, &format!("{page}/export"), &[]).await.expect(StatusCode::OK);
    assert!(file.header("content-disposition").starts_with("attachment"));
    let held = file.json();
    assert_eq!(held["person"]["email"], "alex@school.example");
    assert_eq!(held["sessions"].as_array().unwrap().len(), 1);
    assert!(held["events"].as_array().unwrap().len() > 3);
    assert!(!file.body.contains("argon2") && !file.body.contains(user.password.as_deref().unwrap()));

    olivia.fill(&format!("{page}/erase"), &[]).await.expect(StatusCode::SEE_OTHER);
    olivia.open(&page).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(provider.number("SELECT COUNT(*) FROM users WHERE email_canonical LIKE 'alex%'").await, 0);
    assert_eq!(provider.number("SELECT COUNT(*) FROM words WHERE word = 'alex'").await, 0);
    assert!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'user.erased'").await == 1);
    let wanted = people::Query { words: "alex".into(), ..people::Query::default() };
    let found = people::list(provider.kit(), &Actor::Operator, &wanted, 10);
    assert!(found.await.unwrap().rows.is_empty());
    alex.open("/account").await.expect(StatusCode::SEE_OTHER);
}
