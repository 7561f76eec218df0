//! The first step: what is said about each entry, and how much work an entry can cause.

use http::StatusCode;

use super::support::{Ask, PASSWORD, Provider};

const ALEX: &str = "alex@school.example";
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const NOT_CORRECT: &str = "The email or password is not correct. Check both and try again";
const FORMAT: &str = "Enter an email address in the correct format, like name@example.com";

async fn ready() -> (Provider, Ask) {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    (provider, Ask::of("portal"))
}

#[tokio::test]
async fn every_wrong_entry_is_explained_beside_its_field() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &ask).await;
    let long = format!("{}@school.example", "a".repeat(250));
    let cases: [(&str, &str, &[&str]); 6] = [
        ("", "", &["Enter your email", "Enter your password"]),
        ("", PASSWORD, &["Enter your email"]),
        ("alex", PASSWORD, &[FORMAT]),
        (&long, PASSWORD, &["Email must be 254 characters or fewer"]),
        (ALEX, "", &["Enter your password"]),
        (ALEX, "not the password", &[NOT_CORRECT]),
    ];
    for (email, password, messages) in cases {
        let answer = alex.submit(&login, &[("email", email), ("password", password)]).await.expect(WRONG);
        assert!(answer.body.contains("<title>Error: "), "{}", answer.body);
        for message in messages {
            assert!(answer.text().contains(message), "{email}: {}", answer.text());
        }
        assert!(password.is_empty() || !answer.body.contains(password), "the password is not sent back");
    }
    assert_eq!(provider.mail_to(ALEX).await.len(), 0);
}

#[tokio::test]
async fn row_24_and_25_a_twin_of_an_address_is_not_that_address() {
    let (provider, ask) = ready().await;
    let mut browser = provider.browser();
    let login = provider.login_page(&mut browser, &ask).await;
    for twin in [
        "a\u{130}ex@school.example",
        "al\u{435}x@school.example",
        "\u{ff41}lex@school.example",
        "\"alex\"@school.example",
        "alex@school.example@evil.example",
        "alex%school.example@evil.example",
        "alex@[127.0.0.1]",
        "alex+tag@school.example",
    ] {
        let answer = browser.submit(&login, &[("email", twin), ("password", PASSWORD)]).await.expect(WRONG);
        let text = answer.text();
        assert!(text.contains(FORMAT) || text.contains(NOT_CORRECT), "{twin}: {text}");
    }
    let fields = [("email", "  ALEX@School.Example "), ("password", PASSWORD)];
    browser.submit(&login, &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.mail_to(ALEX).await.len(), 1);
}

#[tokio::test]
async fn row_26_a_password_that_nobody_can_have_is_refused_before_it_is_hashed() {
    let (provider, ask) = ready().await;
    let mut alex = provider.browser();
    let login = provider.login_page(&mut alex, &ask).await;
    let post = async |length| {
        let mut alex = alex.clone();
        alex.submit(&login, &[("email", ALEX), ("password", &"x".repeat(length))]).await
    };
    let hashed = "SELECT COUNT(*) FROM events WHERE kind = 'login.password_wrong'";
    let refused = post(1_025).await.expect(WRONG);
    assert!(refused.text().contains(NOT_CORRECT));
    assert_eq!(provider.number(hashed).await, 0);
    post(1_024).await.expect(WRONG);
    assert_eq!(provider.number(hashed).await, 1);
    post(20 * 1_024).await.expect(StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn row_27_when_every_place_is_taken_people_are_told_when_to_come_back() {
    let provider = Provider::start_with(|config| {
        config.limits.hash_concurrency = 1;
        config.limits.hash_queue = 0;
    })
    .await;
    let mut alex = provider.browser();
    let begun = alex.open("/login").await;
    let login = alex.follow(begun).await.expect(StatusCode::OK);
    // A stored hash says what it costs: this one takes the only place for a good while.
    let dear = "$argon2id$v=19$m=19456,t=60,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA";
    let kit = std::sync::Arc::clone(&provider.app.kit);
    let long = tokio::spawn(async move { kit.hasher.verify("x", Some(dear)).await });
    tokio::task::yield_now().await;
    let fields = [("email", ALEX), ("password", PASSWORD)];
    let busy = alex.submit(&login, &fields).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(busy.header("retry-after"), "5");
    assert!(busy.text().contains("A lot of people are logging in"));
    assert_eq!(provider.number("SELECT COUNT(*) FROM throttles WHERE count > 0").await, 0);
    let _ = long.await.unwrap();
    alex.submit(&login, &fields).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_log_in_without_a_service_ends_at_the_list_of_services() {
    let provider = Provider::start().await;
    let mut alex = provider.browser();
    let begun = alex.open("/login").await;
    let login = alex.follow(begun).await.expect(StatusCode::OK);
    let sent = alex.submit(&login, &[("email", ALEX), ("password", PASSWORD)]).await;
    let page = alex.follow(sent).await.expect(StatusCode::OK);
    let code = provider.last_code_to(ALEX).await;
    let done = alex.submit(&page, &[("code", &code)]).await;
    let welcome = alex.follow(done).await.expect(StatusCode::OK);
    assert!(welcome.text().contains("Welcome, Alex Example."));
    assert!(welcome.text().contains("Check where you are logged in"), "on the first log-in too");
    let home = alex.open(&format!("/flow/{}/continue", welcome.flow())).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(home.location(), "/");
}

#[tokio::test]
async fn whoever_asked_for_a_page_of_their_account_gets_it_after_logging_in() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    for path in [
        "/account",
        "/account/sessions",
        "/account/history",
        "/account/services",
        "/account/services?stop=portal",
        "/account/password",
    ] {
        let mut alex = provider.browser();
        let asked = alex.open(path).await.expect(StatusCode::SEE_OTHER);
        let page = provider.log_in_from(&mut alex, asked, ALEX).await;
        assert_eq!(page.url, path, "{}", page.text());
    }
    // A form is not sent again: its page is shown.
    let mut alex = provider.browser();
    let sent = alex.post("/account/sessions", &[("end", "others")]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(provider.log_in_from(&mut alex, sent, ALEX).await.url, "/account/sessions");
    let home = alex.open("/").await.expect(StatusCode::OK);
    assert_eq!(home.link("href=\"/account\"").as_deref(), Some("/account"), "{}", home.body);
}
