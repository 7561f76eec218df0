//! What is known of somebody, their password, and what happened (P13, P13b, P15).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::accounts::change_password::{self, Step, Wish};
use crate::accounts::history;
use crate::accounts::session::Current;
use crate::admin::{administrators, sponsor};
use crate::base::{Fault, paths};
use crate::model::EventKind;
use crate::policy::lifetime;
use crate::view::pages::{AccountPage, ChangePasswordPage, HistoryPage, HistoryRow, ReviewLink};
use crate::view::{FieldError, TimeText, messages, when};
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::extract::{LoggedIn, OwnForm, OwnPage, own_token};
use crate::web::pages::{login, reset, trouble};
use crate::web::respond::{page, problem};
use crate::web::said;

pub(in crate::web) async fn get(State(web): State<Arc<Web>>, OwnPage { current, said }: OwnPage) -> Response {
    show(&web, current, said).await.unwrap_or_else(problem::broken)
}

async fn show(web: &Web, current: Current, said: Option<String>) -> Result<Response, Fault> {
    let administrator = administrators::find(&web.kit, &current.user.id).await?;
    let reviews = sponsor::open_reviews(&web.kit, &current.user.id).await?;
    let reviews = reviews.into_iter().map(|review| ReviewLink {
        url: super::review::address(&review.id),
        due: when::clock_time_and_date(review.due_at),
        organisation: review.organisation,
    });
    let shown = AccountPage {
        banner: said.clone(),
        password_changed: current.user.password_changed_at.map(TimeText::date_at_clock_time),
        email: current.user.email.shown().to_owned(),
        name: current.user.name,
        organisation: current.user.organisation,
        is_administrator: administrator.is_some(),
        reviews: reviews.collect(),
    };
    Ok(said::once(web, said.as_ref(), page::page(web, StatusCode::OK, &shown, &web.front.chrome())))
}

pub(in crate::web) async fn get_password(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    LoggedIn(current): LoggedIn,
) -> Response {
    if !lifetime::session_is_fresh(&current.session, web.kit.now()) {
        let again = login::again(&web, &current, &headers, paths::ACCOUNT_PASSWORD).await;
        return again.unwrap_or_else(problem::broken);
    }
    show_password(&web, &current, StatusCode::OK, Vec::new())
}

fn show_password(web: &Web, current: &Current, status: StatusCode, errors: Vec<FieldError>) -> Response {
    let shown = ChangePasswordPage {
        token: own_token(web, current),
        errors,
        banner: None,
        email: current.user.email.shown().to_owned(),
        min_length: web.kit.settings().login.password_min_length,
    };
    page::page(web, status, &shown, &web.front.chrome())
}

pub(in crate::web) async fn post_password(State(web): State<Arc<Web>>, own: OwnForm) -> Response {
    change(&web, &own).await.unwrap_or_else(problem::broken)
}

async fn change(web: &Web, own: &OwnForm) -> Result<Response, Fault> {
    let OwnForm { current, form, visit, headers } = own;
    let device = Cookies::read(headers).device(web.front.cookies);
    let wish = Wish {
        present: form.field("password"),
        new: (form.field("new_password"), form.field("confirm_password")),
        device: device.as_ref(),
        visit,
    };
    let refused = |errors| show_password(web, current, StatusCode::UNPROCESSABLE_ENTITY, errors);
    Ok(match change_password::change(&web.kit, current, wish).await? {
        Step::Done => said::and_say(web, &current.session.id, paths::ACCOUNT, messages::OWN_PASSWORD_CHANGED),
        Step::Wrong => refused(vec![FieldError::new("password", messages::PRESENT_PASSWORD_WRONG)]),
        Step::Unfit { present_is_empty, new } => {
            let present = FieldError::new("password", messages::ENTER_PRESENT_PASSWORD);
            let min_length = web.kit.settings().login.password_min_length;
            let new = new.map(|refusal| reset::password_errors(refusal, min_length));
            let present = present_is_empty.then_some(present).into_iter();
            refused(present.chain(new.into_iter().flatten()).collect())
        }
        Step::TooMany { until } => trouble::too_many_passwords_at(web, paths::RESET.to_owned(), until),
        Step::Busy => trouble::busy_at(web, paths::ACCOUNT_PASSWORD.to_owned(), &web.front.chrome()),
        Step::Stale => login::again(web, current, headers, paths::ACCOUNT_PASSWORD).await?,
    })
}

pub(in crate::web) async fn history(State(web): State<Arc<Web>>, LoggedIn(current): LoggedIn) -> Response {
    let happened = match history::of(&web.kit, &current.user.id).await {
        Ok(happened) => happened,
        Err(fault) => return problem::broken(fault),
    };
    let rows = happened.into_iter().filter_map(|happened| {
        Some(HistoryRow {
            what: in_words(happened.kind)?,
            time: TimeText::when(happened.at, web.kit.now()),
            device: happened.browser,
        })
    });
    let shown = HistoryPage { rows: rows.collect() };
    page::page(&web, StatusCode::OK, &shown, &web.front.chrome())
}

/// What an event is called on its owner's page; `None` for what says nothing to them.
const fn in_words(kind: EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::LoggedIn => "Logged in",
        EventKind::LoggedOut | EventKind::SessionsEnded => "Logged out",
        EventKind::PasswordWrong => "Wrong password",
        EventKind::PasswordPaused => "Login paused after wrong passwords",
        EventKind::CodeWrong => "Wrong code",
        EventKind::CodesUsedUp => "Too many wrong codes",
        EventKind::CodeSent => "Code sent",
        EventKind::ResetAsked => "Password reset requested",
        EventKind::ResetDone | EventKind::PasswordChanged | EventKind::PasswordSet => "Password changed",
        EventKind::InvitationUsed => "Account set up",
        EventKind::UserChanged => "Details changed by the support team",
        EventKind::ConsentGiven => "Shared details with a service",
        EventKind::ConsentWithdrawn => "Stopped sharing with a service",
        EventKind::DeviceConnected => "Connected a device",
        _ => return None,
    })
}
