//! Access reviews: asked for by administrators, done by sponsors; and accounts that nobody uses.

use http::{Method, StatusCode};
use serde_json::json;

use super::console::OLIVIA;
use super::support::{Ask, Browser, PASSWORD, Page, Provider};
use crate::admin::{people, personal_data, retention, reviews, users};
use crate::base::Span;
use crate::model::{Actor, Email, Profile, Role};
use crate::policy::permission::scopes;

/// The sponsor: works for the same school as those on the list.
const SPONSOR: &str = "alex@school.example";
const SCHOOL: &str = "Example Primary School";

/// A provider with people of the sponsor's school, and one of another.
async fn school(others: &[&str]) -> Provider {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    for name in others {
        provider.add_of(name, &format!("{name}@school.example"), SCHOOL).await;
    }
    provider.add_of("elsewhere", "elsewhere@clinic.example", "Example Clinic").await;
    provider
}

impl Provider {
    async fn add_of(&self, name: &str, email: &str, organisation: &str) {
        let new = users::NewUser {
            email: Email::parse(email).unwrap(),
            name: name.to_owned(),
            organisation: Some(organisation.to_owned()),
            profile: Profile::default(),
            password: Some(PASSWORD.to_owned()),
        };
        users::add(self.kit(), &Actor::Operator, new).await.unwrap();
    }

    async fn is_active(&self, email: &str) -> bool {
        users::find(self.kit(), &Actor::Operator, email).await.unwrap().is_active()
    }

    /// Somebody who is logged in and has the page of their account before them.
    async fn at_account(&self, email: &str) -> (Browser, Page) {
        let mut browser = self.browser();
        self.log_in(&mut browser, &Ask::of("portal"), email).await.expect(StatusCode::OK);
        let account = browser.open("/account").await.expect(StatusCode::OK);
        (browser, account)
    }
}

async fn begin(olivia: &mut Browser, organisation: &str, sponsor: &str) -> Page {
    let fields = [("organisation", organisation), ("sponsor", sponsor), ("days", "14")];
    let begun = olivia.fill("/admin/reviews/new", &fields).await;
    olivia.follow(begun).await
}

/// The address of the one review that an account page names.
fn review_of(account: &Page) -> String {
    let rest = account.body.split("/account/reviews/").nth(1).expect("a review");
    format!("/account/reviews/{}", rest.split('"').next().unwrap())
}

/// The people whom a page asks about, by the names of their fields.
fn asked_about(page: &Page) -> Vec<String> {
    let fields = page.body.split("name=\"usr_").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut fields: Vec<String> = fields.map(|id| format!("usr_{id}")).collect();
    fields.dedup();
    fields
}

#[tokio::test]
async fn a_sponsor_says_who_still_needs_to_log_in_and_who_is_struck_cannot() {
    let provider = school(&["bea", "carl", "dora"]).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let begun = begin(&mut olivia, SCHOOL, SPONSOR).await.expect(StatusCode::OK);
    assert!(begun.body.contains("0 of 3 confirmed, 0 no longer needed"), "{}", begun.body);
    let letters = provider.mail_to(SPONSOR).await;
    assert!(letters[0].0.contains("please check who still needs to log in"), "{}", letters[0].0);

    let (mut alex, account) = provider.at_account(SPONSOR).await;
    let url = review_of(&account);
    let form = alex.open(&url).await.expect(StatusCode::OK);
    let people = asked_about(&form);
    assert_eq!(people.len(), 3, "neither the sponsor nor those of other organisations");
    // One now, the others later.
    let saved = alex.submit(&form, &[(&people[0], "confirmed")]).await.expect(StatusCode::SEE_OTHER);
    let form = alex.follow(saved).await.expect(StatusCode::OK);
    assert!(form.body.contains("Your answers are saved.") && asked_about(&form) == people[1..]);
    assert!(provider.is_active("carl@school.example").await);
    let saved = alex.submit(&form, &[(&people[1], "struck"), (&people[2], "struck")]).await;
    let check = alex.follow(saved).await.expect(StatusCode::OK);
    assert!(
        check.text().contains("2 people will no longer be able to log in")
            && provider.is_active("carl@school.example").await
    );
    // Second thoughts about one.
    let kept = alex.submit(&check, &[(&people[2], "confirmed")]).await.expect(StatusCode::SEE_OTHER);
    let check = alex.follow(kept).await.expect(StatusCode::OK);
    assert!(check.body.contains("1 person will no longer be able to log in"), "{}", check.body);

    let (mut carl, _) = provider.at_account("carl@school.example").await;
    let done = alex.submit_to(&check, &format!("{url}/finish"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(alex.follow(done).await.body.contains("Thank you"));
    assert!(!provider.is_active("carl@school.example").await);
    assert!(
        provider.is_active("bea@school.example").await && provider.is_active("dora@school.example").await
    );
    carl.open("/account").await.expect(StatusCode::SEE_OTHER);
    assert!(!alex.open("/account").await.body.contains("/account/reviews/"));
    // What is over stays as it is.
    let late = alex.submit(&form, &[(&people[0], "struck")]).await.expect(StatusCode::SEE_OTHER);
    alex.follow(late).await.expect(StatusCode::OK);
    alex.submit_to(&check, &format!("{url}/finish"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(provider.is_active("bea@school.example").await);

    let list = olivia.open("/admin/reviews").await.expect(StatusCode::OK);
    assert!(list.body.contains("Finished") && list.body.contains("3 of 3"), "{}", list.body);
    macro_rules! by_sponsor {
        ($kind:literal) => {
            concat!(
                "SELECT COUNT(*) FROM events e JOIN users u ON u.id = e.actor
                WHERE u.email = 'alex@school.example' AND e.kind = '",
                $kind,
                "'"
            )
        };
    }
    for (statement, count) in [
        (by_sponsor!("review.confirmed"), 2),
        (by_sponsor!("review.struck"), 2),
        (by_sponsor!("user.disabled"), 1),
        (by_sponsor!("review.finished"), 1),
    ] {
        assert_eq!(provider.number(statement).await, count, "{statement}");
    }
}

#[tokio::test]
async fn a_review_needs_people_and_a_sponsor_who_can_log_in() {
    let provider = school(&["bea"]).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    for (organisation, sponsor, says) in [
        ("Nowhere School", SPONSOR, "Nobody else of that organisation"),
        (SCHOOL, "nobody@school.example", "Nobody who can log in has that email"),
    ] {
        let refused = begin(&mut olivia, organisation, sponsor).await;
        let refused = refused.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.to_lowercase().contains(&says.to_lowercase()), "{}", refused.body);
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM reviews").await, 0);
}

#[tokio::test]
async fn row_41_a_review_is_for_its_sponsor_alone_and_for_those_on_its_list() {
    let provider = school(&["bea"]).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    // An administrator of the same school is not on the list.
    provider.add_of("owen", "owen@school.example", SCHOOL).await;
    provider.administrator("owen@school.example", Role::Owner, &[]).await;
    begin(&mut olivia, SCHOOL, SPONSOR).await.expect(StatusCode::OK);
    let (mut alex, account) = provider.at_account(SPONSOR).await;
    let url = review_of(&account);
    let form = alex.open(&url).await.expect(StatusCode::OK);
    assert_eq!(asked_about(&form).len(), 1);

    let (mut bea, account) = provider.at_account("bea@school.example").await;
    assert!(!account.body.contains("/account/reviews/"));
    bea.open(&url).await.expect(StatusCode::NOT_FOUND);
    bea.submit_to(&form, &url, &[]).await.expect(StatusCode::FORBIDDEN);
    let mut stranger = provider.browser();
    stranger.open(&url).await.expect(StatusCode::SEE_OTHER);

    // Somebody who is not on the list cannot be struck by naming them.
    let elsewhere = users::find(provider.kit(), &Actor::Operator, "elsewhere@clinic.example").await.unwrap();
    let owen = users::find(provider.kit(), &Actor::Operator, "owen@school.example").await.unwrap();
    let bea = asked_about(&form)[0].clone();
    let named =
        [(bea.as_str(), "confirmed"), (elsewhere.id.as_str(), "struck"), (owen.id.as_str(), "struck")];
    let saved = alex.submit(&form, &named).await.expect(StatusCode::SEE_OTHER);
    let check = alex.follow(saved).await.expect(StatusCode::OK);
    // Finishing takes a log-in of the last minutes.
    provider.advance(Span::minutes(16));
    let again = alex.submit_to(&check, &format!("{url}/finish"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(again.location().starts_with("/login?flow="), "{}", again.location());
    assert_eq!(provider.number("SELECT COUNT(*) FROM reviews WHERE state = 'open'").await, 1);
    let (mut alex, _) = provider.at_account(SPONSOR).await;
    let check = alex.open(&url).await.expect(StatusCode::OK);
    alex.submit_to(&check, &format!("{url}/finish"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.number("SELECT COUNT(*) FROM reviews WHERE state = 'finished'").await, 1);
    for email in ["elsewhere@clinic.example", "owen@school.example", "bea@school.example"] {
        assert!(provider.is_active(email).await, "{email}");
    }
}

#[tokio::test]
async fn a_review_that_is_withdrawn_deactivates_nobody_and_an_old_one_is_told_of() {
    let provider = school(&["bea", "carl"]).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    begin(&mut olivia, SCHOOL, SPONSOR).await.expect(StatusCode::OK);
    let (mut alex, account) = provider.at_account(SPONSOR).await;
    let url = review_of(&account);
    let form = alex.open(&url).await.expect(StatusCode::OK);
    let all: Vec<String> = asked_about(&form);
    let struck: Vec<(&str, &str)> = all.iter().map(|id| (id.as_str(), "struck")).collect();
    let saved = alex.submit(&form, &struck).await;
    let check = alex.follow(saved).await.expect(StatusCode::OK);
    let admin = url.replace("/account", "/admin");
    olivia.fill(&format!("{admin}/withdraw"), &[]).await.expect(StatusCode::SEE_OTHER);
    let told = alex.submit_to(&check, &format!("{url}/finish"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(alex.follow(told).await.body.contains("This check is no longer needed."));
    assert!(provider.is_active("bea@school.example").await);

    begin(&mut olivia, SCHOOL, SPONSOR).await.expect(StatusCode::OK);
    let count =
        async || provider.mail_to(SPONSOR).await.iter().filter(|(s, _)| s.contains("reminder")).count();
    reviews::remind(provider.kit()).await.unwrap();
    assert_eq!(count().await, 0);
    provider.advance(Span::days(11));
    provider.advance(Span::minutes(1));
    for _ in 0..2 {
        reviews::remind(provider.kit()).await.unwrap();
    }
    assert_eq!(count().await, 1, "once");
    provider.advance(Span::days(4));
    crate::admin::status::count(provider.kit()).await.unwrap();
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let dashboard = olivia.open("/admin").await.expect(StatusCode::OK);
    assert!(dashboard.body.contains("Access reviews that are overdue: 1."), "{}", dashboard.body);
    assert!(olivia.open("/admin/reviews").await.body.contains("Overdue"));
}

#[tokio::test]
async fn programs_ask_for_reviews_and_read_what_was_said() {
    let provider = school(&["bea", "carl"]).await;
    let tool = provider.tool(&[scopes::PEOPLE]).await;
    let wish = json!({ "organisation": SCHOOL, "sponsor": SPONSOR, "days": 7 });
    let begun = tool.call(Method::POST, "/reviews", Some(wish), &[]).await.expect(StatusCode::CREATED).json();
    assert_eq!((&begun["people"], &begun["status"]), (&json!(2), &json!("open")));
    let path = format!("/reviews/{}", begun["id"].as_str().unwrap());
    assert_eq!(tool.get(&path).await.expect(StatusCode::OK).json(), begun);
    let people = tool.get(&format!("{path}/people?limit=1")).await.expect(StatusCode::OK).json();
    assert_eq!(people["items"][0]["name"], "bea");
    let next = people["next"].as_str().unwrap();
    let rest = tool.get(&format!("{path}/people?limit=1&after={next}")).await.expect(StatusCode::OK).json();
    assert_eq!((&rest["items"][0]["name"], &rest["next"]), (&json!("carl"), &json!(null)));
    for wrong in [
        json!({ "organisation": SCHOOL, "sponsor": SPONSOR, "days": 0 }),
        json!({ "organisation": "", "sponsor": SPONSOR }),
        json!({ "organisation": SCHOOL, "sponsor": "nobody" }),
    ] {
        let refused = tool.call(Method::POST, "/reviews", Some(wrong), &[]).await;
        assert!(!refused.expect(StatusCode::UNPROCESSABLE_ENTITY).json()["errors"].is_null());
    }
    let again = json!({ "organisation": SCHOOL, "sponsor": SPONSOR });
    let twice = tool.call(Method::POST, "/reviews", Some(again), &[]).await.expect(StatusCode::CONFLICT);
    assert!(
        twice.body.contains("A review of that organisation by Alex Example is open already"),
        "{}",
        twice.body
    );
    tool.call(Method::DELETE, &path, None, &[]).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(tool.get("/reviews").await.json()["items"][0]["status"], "withdrawn");
    tool.get("/reviews/rev_0").await.expect(StatusCode::NOT_FOUND);
}

/// A review of which everything was said: the sponsor's browser, the page before the end, and the review's address.
async fn all_struck(provider: &Provider) -> (Browser, Page, String) {
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    begin(&mut olivia, SCHOOL, SPONSOR).await.expect(StatusCode::OK);
    let (mut alex, account) = provider.at_account(SPONSOR).await;
    let url = review_of(&account);
    let form = alex.open(&url).await.expect(StatusCode::OK);
    let people = asked_about(&form);
    let struck: Vec<(&str, &str)> = people.iter().map(|id| (id.as_str(), "struck")).collect();
    let saved = alex.submit(&form, &struck).await.expect(StatusCode::SEE_OTHER);
    let check = alex.follow(saved).await.expect(StatusCode::OK);
    (alex, check, url)
}

#[tokio::test]
async fn who_left_the_organisation_or_became_an_administrator_is_not_the_sponsors_to_end() {
    let provider = school(&["bea", "carl", "dora"]).await;
    let (mut alex, _, url) = all_struck(&provider).await;
    provider.administrator("bea@school.example", Role::Auditor, &[]).await;
    let carl = users::find(provider.kit(), &Actor::Operator, "carl@school.example").await.unwrap();
    let details = people::Details {
        email: carl.email.clone(),
        name: carl.name.clone(),
        organisation: Some("Example Clinic".to_owned()),
    };
    people::change(provider.kit(), &Actor::Operator, &carl, details).await.unwrap();
    let check = alex.open(&url).await.expect(StatusCode::OK);
    assert!(check.body.contains("1 person will no longer be able to log in"), "{}", check.body);
    alex.submit_to(&check, &format!("{url}/finish"), &[]).await.expect(StatusCode::SEE_OTHER);
    for (email, is_active) in
        [("bea@school.example", true), ("carl@school.example", true), ("dora@school.example", false)]
    {
        assert_eq!(provider.is_active(email).await, is_active, "{email}");
    }
}

#[tokio::test]
async fn sixteen_ways_to_finish_at_once_end_everybody_once() {
    let provider = school(&["bea", "carl", "dora"]).await;
    let (alex, check, url) = all_struck(&provider).await;
    let tries = (0..16).map(|nth| {
        let (mut alex, check, url) = (alex.clone(), check.clone(), url.clone());
        tokio::spawn(async move {
            // Some change their mind about one in the middle of it.
            let people = asked_about(&check);
            match nth % 4 {
                0 => alex.submit_to(&check, &url, &[(&people[0], "confirmed")]).await.status,
                _ => alex.submit_to(&check, &format!("{url}/finish"), &[]).await.status,
            }
        })
    });
    for tried in tries.collect::<Vec<_>>() {
        assert_eq!(tried.await.unwrap(), StatusCode::SEE_OTHER);
    }
    let mut alex = alex;
    let check = alex.open(&url).await.expect(StatusCode::OK);
    if check.body.contains("Finish</button>") {
        alex.submit_to(&check, &format!("{url}/finish"), &[]).await.expect(StatusCode::SEE_OTHER);
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM events WHERE kind = 'review.finished'").await, 1);
    // Nobody was ended twice, and nobody whose last answer was that they stay.
    let ended = provider.number("SELECT COUNT(*) FROM events WHERE kind = 'user.disabled'").await;
    let disabled = provider.number("SELECT COUNT(*) FROM users WHERE disabled_at IS NOT NULL").await;
    assert_eq!(ended, disabled);
    assert!(disabled >= 2);
}

#[tokio::test]
async fn a_review_outlives_its_sponsor_and_a_short_one_has_no_second_letter() {
    let provider = school(&["bea"]).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let fields = [("organisation", SCHOOL), ("sponsor", SPONSOR), ("days", "1")];
    let begun = olivia.fill("/admin/reviews/new", &fields).await.expect(StatusCode::SEE_OTHER);
    let page = begun.location().to_owned();
    reviews::remind(provider.kit()).await.unwrap();
    assert_eq!(provider.mail_to(SPONSOR).await.len(), 1);
    let alex = users::find(provider.kit(), &Actor::Operator, SPONSOR).await.unwrap();
    personal_data::erase(provider.kit(), &Actor::Operator, &alex).await.unwrap();
    let shown = olivia.open(&page).await.expect(StatusCode::OK);
    assert!(shown.body.contains("Somebody who was erased is asked"), "{}", shown.body);
}

#[tokio::test]
async fn who_is_not_seen_for_long_is_deactivated_and_erased_later() {
    let provider = Provider::start_with(|config| {
        config.settings.retention.dormant = Some(Span::days(100));
        config.settings.retention.deactivated = Some(Span::days(30));
    })
    .await;
    provider.add_client("portal", |_| {}).await;
    provider.administrator(OLIVIA, Role::Auditor, &[]).await;
    provider.add_of("bea", "bea@school.example", SCHOOL).await;
    provider.log_in(&mut provider.browser(), &Ask::of("portal"), "bea@school.example").await;
    provider.advance(Span::days(60));
    // Alex has never been here; Bea came once; Carl is new.
    provider.add_of("carl", "carl@school.example", SCHOOL).await;
    retention::round(provider.kit()).await.unwrap();
    assert!(provider.is_active("bea@school.example").await && provider.is_active(SPONSOR).await);
    provider.advance(Span::days(40));
    provider.advance(Span::seconds(1));
    retention::round(provider.kit()).await.unwrap();
    for (email, is_active) in
        [(SPONSOR, false), ("bea@school.example", false), ("carl@school.example", true), (OLIVIA, true)]
    {
        assert_eq!(provider.is_active(email).await, is_active, "{email}");
    }
    // Who is wanted after all is activated in time.
    let bea = users::find(provider.kit(), &Actor::Operator, "bea@school.example").await.unwrap();
    provider.advance(Span::days(20));
    users::set_active(provider.kit(), &Actor::Operator, &bea, true).await.unwrap();
    retention::round(provider.kit()).await.unwrap();
    assert!(provider.is_active("bea@school.example").await, "given as long again");
    provider.log_in(&mut provider.browser(), &Ask::of("portal"), "bea@school.example").await;
    provider.advance(Span::days(11));
    retention::round(provider.kit()).await.unwrap();
    assert!(provider.is_active("bea@school.example").await);
    assert!(users::find(provider.kit(), &Actor::Operator, SPONSOR).await.is_err(), "erased");
    let by_retention = "SELECT COUNT(*) FROM events WHERE actor = 'retention' AND kind = 'user.erased'";
    assert_eq!(provider.number(by_retention).await, 1);
}

#[tokio::test]
async fn the_letter_to_a_sponsor_leads_to_the_check() {
    let provider = school(&["bea", "carl"]).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    begin(&mut olivia, SCHOOL, SPONSOR).await.expect(StatusCode::OK);
    let (_, letter) = provider.mail_to(SPONSOR).await.remove(0);
    assert!(letter.contains(&format!("check which people at {SCHOOL} still need to log in")), "{letter}");
    let address = letter.split("1. Type ").nth(1).unwrap().split(' ').next().unwrap();
    let path = address.strip_prefix("login.example.gov.uk").unwrap_or_else(|| panic!("{address}"));

    let mut alex = provider.browser();
    let typed = alex.open(path).await.expect(StatusCode::SEE_OTHER);
    let account = provider.log_in_from(&mut alex, typed, SPONSOR).await;
    let choice = letter.split("2. Choose \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(account.text().contains(choice), "{}", account.text());
    let url = review_of(&account);
    let form = alex.open(&url).await.expect(StatusCode::OK);
    assert!(form.text().contains("You have 2 left to check."), "{}", form.text());
    // Whoever is logged out meanwhile comes back to the check itself.
    let mut later = provider.browser();
    let asked = later.open(&url).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.log_in_from(&mut later, asked, SPONSOR).await.url, url);

    let people = asked_about(&form);
    let saved = alex.submit(&form, &[(&people[0], "struck"), (&people[1], "struck")]).await;
    let check = alex.follow(saved).await.expect(StatusCode::OK);
    assert!(check.body.contains(">Deactivate 2 people</button>"), "{}", check.body);
    let kept = [(people[0].as_str(), "confirmed"), (people[1].as_str(), "confirmed")];
    for answer in kept {
        alex.submit(&check, &[answer]).await.expect(StatusCode::SEE_OTHER);
    }
    let check = alex.open(&url).await.expect(StatusCode::OK);
    assert!(check.body.contains(">Finish</button>"), "{}", check.body);
    let mut sent_out = provider.browser();
    let finish = sent_out.post(&format!("{url}/finish"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.log_in_from(&mut sent_out, finish, SPONSOR).await.url, url);
}
