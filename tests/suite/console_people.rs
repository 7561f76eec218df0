//! Looking after people on the console.

use http::StatusCode;

use super::console::OLIVIA;
use super::support::{PASSWORD, Provider};
use crate::admin::{people, status};
use crate::model::{Actor, Role};

#[tokio::test]
async fn an_account_that_only_a_reset_opens_is_shown_as_locked_and_can_be_unlocked() {
    let provider = Provider::start().await;
    provider.add_person("sam@school.example", "Sam Sample").await;
    let mut sam = provider.browser();
    let begun = sam.open("/login").await;
    let login = sam.follow(begun).await;
    let wrong = [("email", "sam@school.example"), ("password", "not the password")];
    sam.submit(&login, &wrong).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let mut tx = provider.kit().store.begin().await.unwrap();
    sqlx::query("UPDATE throttles SET consecutive = 100").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    sam.submit(&login, &wrong).await.expect(StatusCode::TOO_MANY_REQUESTS);
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let found = olivia.open("/admin/people?q=sam").await;
    let id = found.body.split("/admin/people/usr_").nth(1).unwrap().split('"').next().unwrap();
    let url = format!("/admin/people/usr_{id}");
    status::count(provider.kit()).await.unwrap();
    let dashboard = olivia.open("/admin").await.text();
    assert!(dashboard.contains("0 deactivated, 1 locked"), "{dashboard}");
    let page = olivia.open(&url).await.expect(StatusCode::OK);
    assert!(page.text().contains("they reset the password, or you unlock the account"), "{}", page.text());
    olivia.fill(&format!("{url}/unlock"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(!olivia.open(&url).await.text().contains("Locked"));
    let right = [("email", "sam@school.example"), ("password", PASSWORD)];
    sam.submit(&login, &right).await.expect(StatusCode::SEE_OTHER);
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
    // A search for two words goes on where it stood, whichever of them it goes by.
    let mut query = people::Query { words: "zo person0".to_owned(), ..people::Query::default() };
    let mut found = Vec::new();
    loop {
        let page = people::list(provider.kit(), &Actor::Operator, &query, 30).await.unwrap();
        found.extend(page.rows.into_iter().map(|listed| listed.user.id));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 100);
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
    olivia.fill(&format!("/admin/people/{}/new-password", user.id), &[]).await.expect(StatusCode::SEE_OTHER);
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

#[tokio::test]
async fn those_who_have_not_been_here_for_long_are_listed() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut alex = provider.browser();
    provider.code_for(&mut alex, &super::support::Ask::of("portal"), "alex@school.example").await;
    provider.advance(crate::base::Span::days(91));
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    provider.add_person("nina@school.example", "Nina Newcomer").await;
    for (when, finds) in [("90", 1), ("365", 0), ("", 3), ("never", 1)] {
        let shown = olivia.open(&format!("/admin/people?last-login={when}")).await.expect(StatusCode::OK);
        assert_eq!(shown.body.matches("/admin/people/usr_").count(), finds, "{when}");
        assert!(when != "never" || shown.body.contains("Nina Newcomer"), "{}", shown.body);
    }
}
