//! Invitations (P17), the first owner, and the pages about one's own account.

use http::StatusCode;

use super::console::OLIVIA;
use super::support::{Ask, Browser, PASSWORD, Page, Provider};
use crate::admin::{administrators, users};
use crate::base::Span;
use crate::model::{Actor, Role};

const NEW: &str = "eleven brass kettles";

impl Provider {
    pub(super) async fn link_to(&self, email: &str) -> String {
        let letters = self.mail_to(email).await;
        let text = &letters.iter().find(|(subject, _)| subject.contains("has invited you")).unwrap().1;
        let line = text.lines().find(|line| line.starts_with("https://")).unwrap();
        line.replace(super::support::ISSUER, "")
    }
}

async fn invite(olivia: &mut Browser, email: &str) -> Page {
    let fields =
        [("name", "Nina New"), ("email", email), ("organisation", "School"), ("service-portal", "yes")];
    olivia.fill("/admin/people/invite", &fields).await
}

#[tokio::test]
async fn a_scanner_opens_the_link_and_the_person_sets_up_the_account_all_the_same() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let sent = invite(&mut olivia, "nina@school.example").await;
    let sent = olivia.walk(sent).await;
    assert!(
        sent.body
            .contains("Invitation sent to nina@school.example. It works until midday on 29 November 2026."),
        "{}",
        sent.body
    );
    let letters = provider.mail_to("nina@school.example").await;
    assert_eq!(
        letters[0].0,
        "Example County Council has invited you to the Children&#39;s Services Portal".replace("&#39;", "'")
    );
    assert!(
        letters[0].1.contains("Olivia Owner of Example Primary School has invited you to use the"),
        "{}",
        letters[0].1
    );
    let again = invite(&mut olivia, "nina@school.example").await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let link = again.body.split("nina@school.example already has an account").nth(1).unwrap();
    assert!(link.contains("<a href=\"/admin/people/usr_"), "it leads to whose it is: {}", again.body);

    let link = provider.link_to("nina@school.example").await;
    for _ in 0..3 {
        let mut scanner = provider.browser();
        let opened = scanner.open(&link).await;
        scanner.follow(opened).await.expect(StatusCode::OK);
    }
    let mut nina = provider.browser();
    let opened = nina.open(&link).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(opened.location(), "/invite");
    let form = nina.follow(opened).await.expect(StatusCode::OK);
    assert!(form.body.contains("has invited you to use") && form.body.contains("nina@school.example"));
    let short = nina.submit(&form, &[("new_password", "short"), ("confirm_password", "short")]).await;
    short.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let done = nina.submit(&form, &[("new_password", NEW), ("confirm_password", NEW)]).await;
    let login = nina.follow(done).await.expect(StatusCode::OK);
    assert!(login.body.contains("Your account is ready. Log in to continue."), "{}", login.body);
    let code_page = nina.submit(&login, &[("email", "nina@school.example"), ("password", NEW)]).await;
    nina.follow(code_page).await.expect(StatusCode::OK);

    let mut late = provider.browser();
    let opened = late.open(&link).await;
    assert!(late.follow(opened).await.body.contains("This invitation has already been used"));
}

#[tokio::test]
async fn who_is_invited_to_several_services_reads_of_each_and_is_led_to_each() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    for id in ["reading", "library"] {
        provider.add_client(id, |settings| settings.home_page = Some(format!("https://{id}.example/"))).await;
    }
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let form = olivia.open("/admin/people/invite").await.expect(StatusCode::OK);
    let fields = [
        ("name", "Nina New"),
        ("email", "nina@school.example"),
        ("service-reading", "yes"),
        ("service-library", "yes"),
    ];
    olivia.submit(&form, &fields).await.expect(StatusCode::SEE_OTHER);
    let (subject, text) = &provider.mail_to("nina@school.example").await[0];
    assert_eq!(subject, "Example County Council has invited you to 2 services");
    let named =
        "has invited you to use these services:\n\nService library\nService reading\n\nOpen this page";
    assert!(text.contains(named), "{text}");

    // Sent again, it is to the same services.
    let page = format!("/admin/people/{}", provider.person("nina@school.example").await.id);
    olivia.fill(&format!("{page}/invite"), &[]).await.expect(StatusCode::SEE_OTHER);
    let mut nina = provider.browser();
    let opened = nina.open(&provider.link_to("nina@school.example").await).await;
    let form = nina.follow(opened).await.expect(StatusCode::OK);
    for name in ["Service library", "Service reading"] {
        assert!(form.body.contains(&format!("<li><bdi>{name}</bdi></li>")), "{}", form.body);
    }
    let done = nina.submit(&form, &[("new_password", NEW), ("confirm_password", NEW)]).await;
    let login = nina.follow(done).await.expect(StatusCode::OK);
    let code_page = nina.submit(&login, &[("email", "nina@school.example"), ("password", NEW)]).await;
    let code_page = nina.follow(code_page).await.expect(StatusCode::OK);
    let code = provider.last_code_to("nina@school.example").await;
    let welcome = nina.submit(&code_page, &[("code", &code)]).await;
    let welcome = nina.walk(welcome).await.expect(StatusCode::OK);
    for id in ["library", "reading"] {
        let link = format!("<a href=\"https://{id}.example/\"><bdi>Service {id}</bdi></a>");
        assert!(welcome.body.contains(&link), "{}", welcome.body);
    }
    assert!(!welcome.body.contains("https://portal.example/"), "{}", welcome.body);

    let people: Vec<String> = (0..21).map(|number| format!("svc-{number}")).collect();
    for id in &people {
        provider.add_client(id, |_| {}).await;
    }
    let typed = people.join("\r\n");
    let fields = [("name", "Omar"), ("email", "omar@school.example"), ("other-services", typed.as_str())];
    let form = olivia.open("/admin/people/invite").await.expect(StatusCode::OK);
    let refused = olivia.submit(&form, &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Choose at most 20 services"), "{}", refused.body);
}

#[tokio::test]
async fn row_14_sixty_four_try_at_once_and_one_sets_the_password() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let fields = [("name", "Nina New"), ("email", "nina@school.example")];
    olivia.fill("/admin/people/invite", &fields).await.expect(StatusCode::SEE_OTHER);
    let link = provider.link_to("nina@school.example").await;
    let mut first = provider.browser();
    let opened = first.open(&link).await;
    let form = first.follow(opened).await.expect(StatusCode::OK);
    let tries = (0..64).map(|_| {
        let (mut browser, form) = (first.clone(), form.clone());
        tokio::spawn(async move {
            browser.submit(&form, &[("new_password", NEW), ("confirm_password", NEW)]).await.status
        })
    });
    let mut won = 0;
    for tried in tries.collect::<Vec<_>>() {
        won += usize::from(tried.await.unwrap() == StatusCode::SEE_OTHER);
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn an_invitation_ends_when_it_is_withdrawn_replaced_or_old() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let fields = [("name", "Nina New"), ("email", "nina@school.example")];
    olivia.fill("/admin/people/invite", &fields).await.expect(StatusCode::SEE_OTHER);
    let first = provider.link_to("nina@school.example").await;
    let found = olivia.open("/admin/people?q=nina").await;
    let id = found.body.split("/admin/people/usr_").nth(1).unwrap().split('"').next().unwrap();
    let page = format!("/admin/people/usr_{id}");
    assert!(found.body.contains("Invited"));
    // A browser that has forgotten the link is not told that the invitation is over.
    let forgotten = provider.browser().open("/invite").await.expect(StatusCode::BAD_REQUEST);
    assert!(forgotten.body.contains("This page has expired"), "{}", forgotten.body);
    let over = async |link: &str| {
        let mut browser = provider.browser();
        let opened = browser.open(link).await;
        browser.follow(opened).await.body.contains("This invitation has expired")
    };
    olivia.fill(&format!("{page}/invite"), &[]).await.expect(StatusCode::SEE_OTHER);
    let second = provider.link_to("nina@school.example").await;
    assert!(first != second && over(&first).await && !over(&second).await);
    olivia.fill(&format!("{page}/withdraw"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(over(&second).await);
    olivia.fill(&format!("{page}/invite"), &[]).await.expect(StatusCode::SEE_OTHER);
    let third = provider.link_to("nina@school.example").await;
    assert!(!over(&third).await);
    provider.advance(Span::days(7));
    assert!(over(&third).await);
    assert!(over("/invite/gh_in_guessed").await);
}

#[tokio::test]
async fn a_link_changes_nothing_for_somebody_who_got_a_password_another_way() {
    let provider = Provider::start().await;
    let kit = provider.kit();
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    invite(&mut olivia, "nina@school.example").await.expect(StatusCode::SEE_OTHER);
    let link = provider.link_to("nina@school.example").await;
    let mut holder = provider.browser();
    let opened = holder.open(&link).await;
    let form = holder.follow(opened).await.expect(StatusCode::OK);
    let nina = users::find(kit, &Actor::Operator, "nina@school.example").await.unwrap();
    users::set_password(kit, &Actor::Operator, &nina, PASSWORD).await.unwrap();

    let tried = holder.submit(&form, &[("new_password", NEW), ("confirm_password", NEW)]).await;
    assert!(tried.body.contains("This invitation has already been used"), "{}", tried.body);
    let opened = holder.open(&link).await;
    assert!(holder.follow(opened).await.body.contains("This invitation has already been used"));
    let found = users::find(kit, &Actor::Operator, "nina@school.example").await.unwrap();
    assert!(found.password != nina.password);
    assert_eq!(provider.number("SELECT COUNT(*) FROM invitations WHERE used_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn row_99_the_link_ends_once_an_owner_was_made_another_way() {
    let provider = Provider::start().await;
    let link = administrators::set_up_link(provider.kit()).await.unwrap().unwrap();
    let mut stranger = provider.browser();
    let opened = stranger.open(&format!("/setup/{}", link.reveal())).await;
    let form = stranger.follow(opened).await.expect(StatusCode::OK);
    provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let fields = [
        ("name", "Mallory"),
        ("email", "mallory@elsewhere.example"),
        ("new_password", NEW),
        ("confirm_password", NEW),
    ];
    stranger.submit(&form, &fields).await.expect(StatusCode::BAD_REQUEST);
    let opened = stranger.open(&format!("/setup/{}", link.reveal())).await;
    stranger.follow(opened).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(provider.number("SELECT COUNT(*) FROM administrators").await, 1);
}

#[tokio::test]
async fn row_99_the_first_owner_comes_by_a_link_that_works_once_within_the_hour() {
    let provider = Provider::start().await;
    let kit = provider.kit();
    let early = administrators::set_up_link(kit).await.unwrap().unwrap();
    let link = administrators::set_up_link(kit).await.unwrap().unwrap();
    let path = |link: &crate::base::Secret<crate::base::kinds::SetUp>| format!("/setup/{}", link.reveal());
    let mut stranger = provider.browser();
    let opened = stranger.open(&path(&early)).await;
    let over = stranger.follow(opened).await.expect(StatusCode::BAD_REQUEST);
    assert!(over.text().contains("This link does not work any more"), "{}", over.text());
    assert!(over.text().contains("gatehouse administrator link"), "{}", over.text());

    let mut olivia = provider.browser();
    let opened = olivia.open(&path(&link)).await;
    let form = olivia.follow(opened).await.expect(StatusCode::OK);
    let fields = [
        ("name", "Olivia Owner"),
        ("email", OLIVIA),
        ("new_password", PASSWORD),
        ("confirm_password", PASSWORD),
    ];
    let mut wrong = fields;
    wrong[1] = ("email", "olivia");
    olivia.submit(&form, &wrong).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    provider.advance(Span::minutes(59));
    let mut second = olivia.clone();
    let done = olivia.submit(&form, &fields).await.expect(StatusCode::SEE_OTHER);
    assert!(olivia.follow(done).await.body.contains("Your account is ready."));
    let used = second.submit(&form, &fields).await.expect(StatusCode::BAD_REQUEST);
    assert!(used.text().contains("It has been used"), "{}", used.text());
    assert!(administrators::set_up_link(kit).await.unwrap().is_none());
    let dashboard = provider.log_in_to_console(&mut olivia, OLIVIA, "/admin").await.expect(StatusCode::OK);
    assert!(dashboard.body.contains("Olivia Owner, Owner"));
}

#[tokio::test]
async fn row_99_the_link_is_worth_nothing_after_an_hour() {
    let provider = Provider::start().await;
    let link = administrators::set_up_link(provider.kit()).await.unwrap().unwrap();
    let mut olivia = provider.browser();
    let opened = olivia.open(&format!("/setup/{}", link.reveal())).await;
    let form = olivia.follow(opened).await.expect(StatusCode::OK);
    provider.advance(Span::minutes(60));
    let fields = [
        ("name", "Olivia Owner"),
        ("email", OLIVIA),
        ("new_password", PASSWORD),
        ("confirm_password", PASSWORD),
    ];
    olivia.submit(&form, &fields).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(provider.number("SELECT COUNT(*) FROM administrators").await, 0);
}

#[tokio::test]
async fn row_29_changing_ones_password_takes_the_present_one_and_ends_every_other_session() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let ask = Ask::of("portal");
    let (mut here, mut there) = (provider.browser(), provider.browser());
    provider.log_in(&mut there, &ask, "alex@school.example").await.expect(StatusCode::OK);
    provider.log_in(&mut here, &ask, "alex@school.example").await.expect(StatusCode::OK);
    let account = here.open("/account").await.expect(StatusCode::OK);
    assert!(account.body.contains("Example Primary School") && !account.body.contains("has been changed"));
    let form = here.open("/account/password").await.expect(StatusCode::OK);
    let fill = |present| [("password", present), ("new_password", NEW), ("confirm_password", NEW)];
    for (present, says) in
        [("", "Enter your current password"), ("wrong", "Your current password is not correct")]
    {
        let refused = here.submit(&form, &fill(present)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(says), "{}", refused.body);
    }
    let done = here.submit(&form, &fill(PASSWORD)).await.expect(StatusCode::SEE_OTHER);
    assert!(here.follow(done).await.body.contains("Your password has been changed."));
    there.open("/account").await.expect(StatusCode::SEE_OTHER);
    let letters = provider.mail_to("alex@school.example").await;
    assert!(letters[0].0.contains("your password was changed"), "{}", letters[0].0);
    let history = here.open("/account/history").await.expect(StatusCode::OK);
    for what in ["Logged in", "Wrong password", "Password changed", "Code sent"] {
        assert!(history.body.contains(what), "{what}");
    }

    provider.advance(Span::minutes(16));
    let again = here.open("/account/password").await.expect(StatusCode::SEE_OTHER);
    assert!(again.location().starts_with("/login?flow="), "{}", again.location());
    here.submit(&form, &fill(NEW)).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_was_invited_by_mistake_cannot_come_in_by_a_reset() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    let nina = "nina@school.example";
    invite(&mut olivia, nina).await.expect(StatusCode::SEE_OTHER);
    let user = users::find(provider.kit(), &Actor::Operator, nina).await.unwrap();
    let page = format!("/admin/people/{}", user.id);
    let choose = [("new_password", NEW), ("confirm_password", NEW)];

    // While the invitation is good, a reset does what it does; it ends half-way with the invitation.
    let mut stranger = provider.browser();
    let third = provider.new_password_page(&mut stranger, nina).await;
    olivia.fill(&format!("{page}/withdraw"), &[]).await.expect(StatusCode::SEE_OTHER);
    let late = stranger.submit(&third, &choose).await.expect(StatusCode::SEE_OTHER);
    assert!(late.location().starts_with("/login"), "{}", late.location());
    let user = users::find(provider.kit(), &Actor::Operator, nina).await.unwrap();
    assert!(user.password.is_none());

    // Then the pages are those that a stranger's address has, and nothing is mailed.
    let before = provider.mail_to(nina).await.len();
    let asked = provider.reset_code_page(&mut provider.browser(), nina).await;
    let nobody = provider.reset_code_page(&mut provider.browser(), "nobody@school.example").await;
    assert_eq!(asked.text().replace(nina, ""), nobody.text().replace("nobody@school.example", ""));
    assert_eq!(provider.mail_to(nina).await.len(), before);

    provider.advance(Span::days(1));
    olivia = provider.administrator(OLIVIA, Role::Support, &[]).await;
    olivia.fill(&format!("{page}/invite"), &[]).await.expect(StatusCode::SEE_OTHER);
    let mut invited = provider.browser();
    let third = provider.new_password_page(&mut invited, nina).await;
    invited.submit(&third, &choose).await.expect(StatusCode::SEE_OTHER);
    // It was used, and cannot be taken back any more.
    assert_eq!(provider.number("SELECT COUNT(*) FROM invitations WHERE used_at IS NOT NULL").await, 1);
}
