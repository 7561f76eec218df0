//! The pages of the portal.

use axum::response::Response;
use http::StatusCode;

use super::Settings;
use super::account::{self, Account};
use super::html::{Html, Page, Policy};
use super::problem::Problem;

/// The first page, with the notice that every visitor should see.
pub(super) fn home(settings: &Settings, account: Option<&Account>, logged_out: bool) -> Response {
    let banner = if logged_out {
        "<div class=\"done\" role=\"alert\"><h2>Success</h2><p>You have logged out.</p></div>\n"
    } else {
        ""
    };
    let greeting = match account {
        Some(account) => logged_in_as(account),
        None => Html::new("<p>Log in to see what we hold about you.</p>\n"),
    };
    let main = Html::new(banner)
        .raw("<h1>Welcome to the ")
        .text(&settings.name)
        .raw("</h1>\n<aside aria-label=\"Worried about a child\"><p>If you are worried about the safety or ")
        .raw(
            "wellbeing of a child or young person, <a href=\"/contact\">please contact us</a>.</p></aside>\n",
        )
        .add(greeting)
        .raw("<p><a class=\"button\" href=\"/account\">My Account</a></p>\n")
        .add(other_service(settings));
    page(settings, "", main, Policy::default()).respond(StatusCode::OK)
}

/// Who is logged in and every verified claim.
pub(super) fn my_account(settings: &Settings, account: &Account) -> Response {
    let main = Html::new("<h1>My Account</h1>\n")
        .add(logged_in_as(account))
        .add(account::table(&account.claims))
        .raw("<form method=\"post\" action=\"/logout\"><button>Log out</button></form>\n")
        .add(other_service(settings));
    let form_ends_at = account.end_session.as_ref().map(|url| url.url().origin().ascii_serialization());
    let policy = Policy { form_ends_at, ..Policy::default() };
    page(settings, "My Account", main, policy).respond(StatusCode::OK)
}

/// Whom to tell about a child.
pub(super) fn contact(settings: &Settings) -> Response {
    let main = Html::new("<h1>Contact us</h1>\n")
        .raw("<p>If a child or young person is in immediate danger, call 999.</p>\n")
        .raw("<p>This is a sample service. A council shows here how to reach its children’s services team ")
        .raw("by day and by night.</p>\n<p><a href=\"/\">Return to Home</a></p>\n");
    page(settings, "Contact us", main, Policy::default()).respond(StatusCode::OK)
}

/// Why logging in did not happen, and the way on.
pub(super) fn problem(settings: &Settings, problem: &Problem) -> Response {
    let main = Html::new("<h1>")
        .raw(problem.title())
        .raw("</h1>\n")
        .add(problem.explanation())
        .raw("<p><a class=\"button\" href=\"/login\">Try again</a></p>\n")
        .raw("<p><a href=\"/\">Return to Home</a></p>\n");
    page(settings, problem.title(), main, Policy::default()).respond(problem.status())
}

/// An address that leads nowhere.
pub(super) fn not_found(settings: &Settings) -> Response {
    let main = Html::new("<h1>Page not found</h1>\n<p>Check the address.</p>\n")
        .raw("<p><a href=\"/\">Return to Home</a></p>\n");
    page(settings, "Page not found", main, Policy::default()).respond(StatusCode::NOT_FOUND)
}

fn page<'a>(settings: &'a Settings, title: &'a str, main: Html, policy: Policy) -> Page<'a> {
    let footer =
        Html::new("<p><a href=\"/contact\">Worried about a child or young person? Contact us</a></p>\n")
            .raw("<p class=\"quiet\">A sample service. Do not enter real information.</p>\n");
    Page { site: &settings.name, home: "/", stylesheet: super::STYLESHEET, title, main, footer, policy }
}

fn logged_in_as(account: &Account) -> Html {
    Html::new("<p>You are logged in as <strong dir=\"auto\">").text(account.name()).raw("</strong>.</p>\n")
}

/// The way to the other service that the same log-in opens.
fn other_service(settings: &Settings) -> Html {
    let Some((name, url)) = &settings.other else { return Html::default() };
    Html::new("<h2>Other services</h2>\n<p>The same login works for the <a href=\"")
        .text(url.as_str())
        .raw("\">")
        .text(name)
        .raw("</a>.</p>\n")
}
