//! What the forms and lists of the console say, and what they never lose.

use http::StatusCode;

use super::console::OLIVIA;
use super::support::Provider;
use crate::admin::{administrators, people, status};
use crate::base::{ClientId, Span};
use crate::model::{Actor, Role};

impl Provider {
    pub(super) async fn add_services(&self, count: usize) {
        for number in 0..count {
            self.add_client(&format!("svc-{number:02}"), |_| {}).await;
        }
    }
}

#[tokio::test]
async fn what_was_typed_comes_back_as_it_was_and_the_field_is_named() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let edit = olivia.open("/admin/services/portal/edit").await.expect(StatusCode::OK);
    for heading in ["Addresses", "Sharing", "How its login pages look"] {
        assert!(edit.body.contains(&format!("<h2>{heading}</h2>")), "{heading}: {}", edit.body);
    }
    let fields =
        [("name", "Portal"), ("redirect_uris", "https://portal.example/callback"), ("client_uri", "foo")];
    let refused = olivia.submit(&edit, &fields).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    let says =
        "Home page must be a web address that starts with https://, for example https://portal.example/";
    assert!(refused.body.contains(says), "{}", refused.body);
    assert!(!refused.body.contains("Foo") && !refused.body.contains("relative URL"), "{}", refused.body);
    let new = olivia.open("/admin/services/new").await.expect(StatusCode::OK);
    let at = |part: &str| new.body.find(part).unwrap_or_else(|| panic!("{part}: {}", new.body));
    assert!(at("private_key_jwt") < at("<h2>Keys</h2>"), "{}", new.body);
    assert!(at("<h2>Keys</h2>") < at("id=\"jwks_uri\"") && at("id=\"jwks\"") < at("<h2>Addresses</h2>"));
}

#[tokio::test]
async fn a_service_that_no_page_shows_can_be_chosen_and_is_not_lost() {
    let provider = Provider::start().await;
    provider.add_services(60).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    provider.administrator("sam@council.example", Role::Services, &["svc-01", "svc-55"]).await;
    let sam = provider.person("sam@council.example").await;
    let page = format!("/admin/people/{}/role", sam.id);
    let form = olivia.open(&page).await.expect(StatusCode::OK);
    for own in ["svc-01", "svc-55"] {
        let own = format!("name=\"service-{own}\" value=\"yes\" checked");
        assert!(form.body.contains(&own), "{own}: {}", form.body);
    }
    let chosen = |typed: &'static str| {
        [
            ("role", "services"),
            ("service-svc-01", "yes"),
            ("service-svc-55", "yes"),
            ("other-services", typed),
        ]
    };
    let refused = olivia.submit(&form, &chosen("svc-99")).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("There is no service with the name or ID svc-99"), "{}", refused.body);
    assert!(refused.body.contains("name=\"service-svc-55\" value=\"yes\" checked"), "{}", refused.body);
    olivia.submit(&form, &chosen("svc-57\r\nsvc-01")).await.expect(StatusCode::SEE_OTHER);
    let standing = administrators::find(provider.kit(), &sam.id).await.unwrap().unwrap();
    let expected = ["svc-01", "svc-55", "svc-57"].map(|id| ClientId::parse(id).unwrap());
    assert_eq!(standing.services, expected);

    // Neither are they lost to those who invite people.
    let invite = olivia.open("/admin/people/invite").await.expect(StatusCode::OK);
    let boxes = invite.body.matches("name=\"service-svc-").count();
    assert!((19..=20).contains(&boxes), "{}", invite.body);
    let who =
        |typed: &'static str| [("name", "Nina"), ("email", "nina@school.example"), ("other-services", typed)];
    for unknown in ["svc-99", "not an ID"] {
        let refused = olivia.submit(&invite, &who(unknown)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
        let says = format!("There is no service with the name or ID {unknown}");
        assert!(refused.body.contains(&says), "{}", refused.body);
    }
    let half =
        olivia.submit(&invite, &who("svc-58\r\nsvc-99")).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(half.body.contains("name=\"service-svc-58\" value=\"yes\" checked"), "{}", half.body);
    assert!(half.body.contains(">svc-99</textarea>"), "{}", half.body);
    olivia.submit(&invite, &who("svc-59\r\nService svc-57")).await.expect(StatusCode::SEE_OTHER);
    let nina = provider.person("nina@school.example").await;
    let detail = people::detail(provider.kit(), &Actor::Operator, &nina.id).await.unwrap();
    let expected = ["svc-57", "svc-59"].map(|id| ClientId::parse(id).unwrap());
    assert_eq!(detail.invitation.unwrap().services, expected);
}

#[tokio::test]
async fn an_access_review_with_nothing_in_it_is_told_all_that_it_lacks() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let refused = olivia.fill("/admin/reviews/new", &[]).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    for says in ["Enter the organisation", "Enter the sponsor&#39;s email"] {
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
    }
}

#[tokio::test]
async fn what_always_fails_is_not_offered_and_what_cannot_be_undone_names_the_service() {
    let provider = Provider::start().await;
    provider.add_client("portal", |_| {}).await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let own = olivia.open("/admin/services/gatehouse-console").await.expect(StatusCode::OK);
    for deed in ["edit", "status", "remove", "secret"] {
        assert!(!own.body.contains(&format!("/admin/services/gatehouse-console/{deed}")), "{deed}");
    }
    let page = olivia.open("/admin/services/portal").await.expect(StatusCode::OK);
    let (change, preview) = (page.body.find(">Change</a>"), page.body.find("See its login page"));
    assert!(change.unwrap() < preview.unwrap(), "{}", page.body);
    for (deed, button) in [
        ("status", "Switch off Children&#39;s Services Portal</button>"),
        ("remove", "Remove Children&#39;s Services Portal permanently</button>"),
    ] {
        let ask = olivia.open(&format!("/admin/services/portal/{deed}")).await.expect(StatusCode::OK);
        assert!(ask.body.contains(button), "{deed}: {}", ask.body);
    }
    let none = olivia.open("/admin/services/nothing").await.expect(StatusCode::NOT_FOUND);
    assert!(none.body.contains("There is no service with the ID nothing."), "{}", none.body);
}

#[tokio::test]
async fn every_administrator_is_told_of_a_new_one() {
    let provider = Provider::start().await;
    provider.administrator(OLIVIA, Role::Owner, &[]).await;
    provider.administrator("ada@council.example", Role::Auditor, &[]).await;
    provider.administrator("sam@council.example", Role::Support, &[]).await;
    for (told, letters) in [(OLIVIA, 2), ("ada@council.example", 1), ("sam@council.example", 0)] {
        let mail = provider.mail_to(told).await;
        let of_new = mail.iter().filter(|(subject, _)| subject.contains("new administrator")).count();
        assert_eq!(of_new, letters, "{told}");
    }
}

#[tokio::test]
async fn the_dashboard_says_that_mail_works_and_names_days_under_its_chart() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    provider.mail_to(OLIVIA).await;
    provider.advance(Span::minutes(1));
    status::count(provider.kit()).await.unwrap();
    let page = olivia.open("/admin").await.expect(StatusCode::OK);
    assert!(page.body.contains("Working, 0 waiting, 0 failed today"), "{}", page.body);
    let days = "<span>9 November</span> <span>16 November</span> <span>22 November</span>";
    assert!(page.body.contains(days), "{}", page.body);
}

#[tokio::test]
async fn the_audit_log_names_the_date_that_is_wrong_and_says_where_its_file_ends() {
    let provider = Provider::start().await;
    let mut olivia = provider.administrator(OLIVIA, Role::Owner, &[]).await;
    let wrong = olivia.open("/admin/audit?from=soon&to=later").await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    for called in ["Date from", "Date to"] {
        let says = format!("{called} must be a date, like 2026-11-22");
        assert!(wrong.body.contains(&says), "{says}: {}", wrong.body);
    }
    assert!(wrong.body.contains(">Download these events (CSV)</a>"), "{}", wrong.body);
    provider.add_services(51).await;
    let many = olivia.open("/admin/audit").await.expect(StatusCode::OK);
    assert!(many.body.contains("Download these events (CSV, the newest 10,000 at most)"), "{}", many.body);
}
