//! Access reviews: the list, asking for one, and what its sponsor has said.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Answer, Console, ConsoleForm, cursor, field_errors, neighbours, path};
use crate::admin::people::ROWS;
use crate::admin::reviews::{self, Listed, NewReview};
use crate::admin::{Flaw, Refusal};
use crate::base::{Error, paths};
use crate::model::{ReviewAnswer, ReviewState, User};
use crate::oidc::params::Params;
use crate::policy::permission::Action as Permission;
use crate::view::pages::console::{Action, Cell, ConsoleForm as FormPage, Field, Frame, ListPage, Table};
use crate::view::{FieldError, TimeText, when};
use crate::web::extract::{Query, Unwanted};
use crate::web::respond::problem;

const BACK: (&str, &str) = (paths::CONSOLE_REVIEWS, "Go to the reviews");

pub(super) async fn list(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    let page = match reviews::list(&at.web.kit, &at.actor, cursor(&params), ROWS).await {
        Ok(page) => page,
        Err(error) => return at.refuse(error, BACK),
    };
    let rows = page.rows.iter().map(|listed| row(&at, listed)).collect();
    let columns = ["Organisation", "Sponsor", "Due", "Answers", "Status"];
    let (previous, next) = neighbours(paths::CONSOLE_REVIEWS, &params, page.next.as_deref());
    let mut actions = Vec::new();
    if at.may(Permission::ReviewAccess) {
        actions.push(Action {
            text: "Begin a review".into(),
            href: paths::CONSOLE_REVIEW_NEW.into(),
            is_main: true,
        });
    }
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_REVIEWS),
        title: "Access reviews".to_owned(),
        lead: Some(
            "A sponsor, who knows the people of an organisation, says who of them still needs to log in."
                .to_owned(),
        ),
        actions,
        search: None,
        table: Table::new("reviews", "Reviews, the newest first", &columns, rows, "There are none yet."),
        previous,
        next,
    };
    at.show(StatusCode::OK, &shown)
}

fn row(at: &Console, listed: &Listed) -> Vec<Cell> {
    let (review, tally) = (&listed.review, &listed.tally);
    vec![
        Cell::link(review.organisation.clone(), path(paths::CONSOLE_REVIEW, review.id.as_str())),
        Cell::text(listed.sponsor_name()),
        Cell::time(Some(TimeText::date_at_clock_time(review.due_at)), ""),
        Cell::text(format!("{} of {}", tally.confirmed + tally.struck, tally.people)),
        Cell::tag(listed.shown(&at.web.kit)),
    ]
}

pub(super) async fn get_new(at: Console, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    show_new(&at, &params, Vec::new())
}

fn show_new(at: &Console, typed: &Params, errors: Vec<FieldError>) -> Response {
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_REVIEWS) };
    let days = typed.get("days").map_or_else(|| reviews::USUAL_DAYS.to_string(), str::to_owned);
    let by = (paths::CONSOLE_REVIEW_NEW.to_owned(), "Ask the sponsor");
    at.ask(FormPage {
        lead: vec![
            "The sponsor gets an email, and looks through everybody of the organisation who can log in. Anyone they mark as no longer needing access is deactivated when they finish.".to_owned(),
            "Administrators and the sponsor are not on the list.".to_owned(),
        ],
        fields: vec![
            Field::new("text", "organisation", "Organisation")
                .hint("Exactly as it appears on a person's page")
                .value(typed.field("organisation")),
            Field::new("email", "sponsor", "Email of the sponsor")
                .hint("Somebody who can log in and knows these people, such as their head teacher")
                .value(typed.field("sponsor")),
            Field::new("select", "days", "Time to answer").value(days).one_of([
                ("7", "A week"),
                ("14", "Two weeks"),
                ("28", "Four weeks"),
            ]),
        ],
        log_in_url: (!at.is_fresh()).then(|| at.fresh_url(paths::CONSOLE)),
        ..FormPage::new(frame, "Begin an access review", by, paths::CONSOLE_REVIEWS)
    })
}

pub(super) async fn post_new(ConsoleForm { at, form }: ConsoleForm) -> Response {
    if !at.is_fresh() || !at.reason_is_fit() {
        return show_new(&at, &form, Vec::new());
    }
    let new = NewReview {
        organisation: form.field("organisation"),
        sponsor: form.field("sponsor").trim(),
        days: form.field("days").parse().unwrap_or(reviews::USUAL_DAYS),
    };
    match reviews::begin(&at.web.kit, &at.actor, new).await {
        Ok(listed) => {
            at.done(&path(paths::CONSOLE_REVIEW, listed.review.id.as_str()), "The sponsor has been asked.")
        }
        Err(Error::Refused(Refusal::Unfit(flaws))) => show_new(&at, &form, field_errors(&flaws)),
        Err(Error::Refused(Refusal::Conflict(say))) => {
            show_new(&at, &form, field_errors(&[Flaw::of("sponsor", say)]))
        }
        Err(error) => at.refuse(error, BACK),
    }
}

pub(super) async fn one(at: Console, Path(id): Path<String>, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    match reviews::find(&at.web.kit, &at.actor, &id).await {
        Ok(listed) => show(&at, &listed, &params).await.unwrap_or_else(problem::broken),
        Err(error) => at.refuse(error, BACK),
    }
}

async fn show(at: &Console, listed: &Listed, params: &Params) -> Answer {
    let review = &listed.review;
    let own = path(paths::CONSOLE_REVIEW, review.id.as_str());
    let page = reviews::entries(&at.web.kit, &at.actor, review, cursor(params), ROWS).await;
    let page = match page {
        Ok(page) => page,
        Err(error) => return Ok(at.refuse(error, (&own, "Go to the review"))),
    };
    let rows = page.rows.iter().map(|(user, answer)| entry(user, *answer)).collect();
    let columns = ["Name", "Email", "Last login", "Answer", "Status"];
    let (previous, next) = neighbours(&own, params, page.next.as_deref());
    let mut actions = Vec::new();
    if review.state == ReviewState::Open && at.may(Permission::ReviewAccess) {
        actions.push(Action {
            text: "Withdraw the review".into(),
            href: path(paths::CONSOLE_REVIEW_WITHDRAW, review.id.as_str()),
            is_main: false,
        });
    }
    let shown = ListPage {
        frame: at.frame(paths::CONSOLE_REVIEWS),
        title: format!("Access review of {}", review.organisation),
        lead: Some(lead(at, listed)),
        actions,
        search: None,
        table: Table::new("people", "People of the review", &columns, rows, "Nobody is left on it."),
        previous,
        next,
    };
    Ok(at.show(StatusCode::OK, &shown))
}

fn lead(at: &Console, listed: &Listed) -> String {
    let (review, tally) = (&listed.review, &listed.tally);
    let said = format!(
        "{}. {} is asked to answer by {}. {} of {} confirmed, {} no longer needed.",
        listed.shown(&at.web.kit),
        listed.sponsor_name(),
        when::clock_time_and_date(review.due_at),
        tally.confirmed,
        tally.people,
        tally.struck,
    );
    match (review.state, tally.struck) {
        (ReviewState::Open, 1..) => {
            format!("{said} Anyone who is no longer needed is deactivated when the sponsor finishes.")
        }
        _ => said,
    }
}

fn entry(user: &User, answer: Option<ReviewAnswer>) -> Vec<Cell> {
    let said = match answer {
        None => "None yet",
        Some(ReviewAnswer::Confirmed) => "Confirmed",
        Some(ReviewAnswer::Struck) => "No longer needed",
    };
    vec![
        Cell::link(user.name.clone(), path(paths::CONSOLE_PERSON, user.id.as_str())),
        Cell::text(user.email.shown()),
        Cell::time(user.last_login_at.map(TimeText::date_at_clock_time), "Never"),
        Cell::text(said),
        Cell::tag(if user.is_active() { "Active" } else { "Deactivated" }),
    ]
}

pub(super) async fn ask_withdraw(at: Console, Path(id): Path<String>) -> Response {
    let listed = match reviews::find(&at.web.kit, &at.actor, &id).await {
        Ok(listed) => listed,
        Err(error) => return at.refuse(error, BACK),
    };
    let title = format!("Withdraw the review of {}?", listed.review.organisation);
    let by = (path(paths::CONSOLE_REVIEW_WITHDRAW, &id), "Withdraw the review");
    let cancel = path(paths::CONSOLE_REVIEW, &id);
    at.ask(FormPage {
        lead: vec![
            "The sponsor can answer no more, and nobody else is deactivated for what was said.".to_owned(),
        ],
        is_warning: true,
        ..FormPage::new(at.frame(paths::CONSOLE_REVIEWS), title, by, cancel)
    })
}

pub(super) async fn withdraw(Path(id): Path<String>, ConsoleForm { at, .. }: ConsoleForm) -> Response {
    if at.must_ask_again() {
        return ask_withdraw(at, Path(id)).await;
    }
    if !at.is_fresh() {
        return at.log_in_again(&path(paths::CONSOLE_REVIEW_WITHDRAW, &id));
    }
    let (kit, actor) = (&at.web.kit, &at.actor);
    let done = async { reviews::withdraw(kit, actor, &reviews::find(kit, actor, &id).await?.review).await };
    match done.await {
        Ok(_) => at.done(&path(paths::CONSOLE_REVIEW, &id), "The review is withdrawn."),
        Err(error) => at.refuse(error, BACK),
    }
}
