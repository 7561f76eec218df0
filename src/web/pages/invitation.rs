//! Setting up an account by an invitation (P17).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::accounts::flow::{self, NewFlow};
use crate::accounts::invitation::{self, Found, Invited, Step};
use crate::base::{Fault, Secret, Span, kinds, paths};
use crate::model::Visit;
use crate::oidc::params::Params;
use crate::view::pages::{InvitationOverPage, InvitationPage};
use crate::view::{Chrome, FieldError, messages};
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::extract::{Form, Unwanted, is_ours};
use crate::web::pages::{login, reset, trouble};
use crate::web::respond::{page, problem, redirect};

/// How long somebody may take from the link to the password.
pub(super) const COOKIE_LIFE: Span = Span::hours(1);

/// The link in the letter. It uses nothing up, and keeps the secret out of the address bar and the browser's history.
pub(in crate::web) async fn link(State(web): State<Arc<Web>>, Path(token): Path<String>) -> Response {
    let Some(secret) = Secret::<kinds::Invitation>::presented(&token) else { return over(&web, false) };
    let style = web.front.cookies;
    let cookie = style.give(&style.invitation_name(), &secret, Some(COOKIE_LIFE));
    redirect::with_cookie(redirect::see_other(paths::INVITATION), cookie)
}

fn over(web: &Web, is_used: bool) -> Response {
    let status = if is_used { StatusCode::OK } else { StatusCode::GONE };
    page::page(web, status, &InvitationOverPage { is_used }, &web.front.chrome())
}

fn forgotten(web: &Web, headers: &HeaderMap) -> Response {
    trouble::expired(web, None, Cookies::read(headers).is_empty())
}

fn secret(web: &Web, headers: &HeaderMap) -> Option<Secret<kinds::Invitation>> {
    Cookies::read(headers).secret(&web.front.cookies.invitation_name())
}

pub(in crate::web) async fn get(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    // The link in the letter still works: only this browser has forgotten it, or keeps no cookies at all.
    let Some(secret) = secret(&web, &headers) else { return forgotten(&web, &headers) };
    match invitation::find(&web.kit, &secret).await {
        Ok(Found::Open(invited)) => show(&web, (&secret, &invited), StatusCode::OK, Vec::new()),
        Ok(Found::Used) => over(&web, true),
        Ok(Found::Over) => over(&web, false),
        Err(fault) => problem::broken(fault),
    }
}

fn show(
    web: &Web,
    (secret, invited): (&Secret<kinds::Invitation>, &Invited),
    status: StatusCode,
    errors: Vec<FieldError>,
) -> Response {
    let shown = InvitationPage {
        token: form_token(web, secret),
        errors,
        banner: None,
        name: invited.user.name.clone(),
        email: invited.user.email.shown().to_owned(),
        service: invited.service(&web.kit),
        services: invitation::named_beside(&invited.clients),
        min_length: web.kit.settings().login.password_min_length,
    };
    page::page(web, status, &shown, &chrome(web, invited))
}

fn chrome(web: &Web, invited: &Invited) -> Chrome {
    web.front.chrome_for(invited.client())
}

fn form_token(web: &Web, secret: &Secret<kinds::Invitation>) -> String {
    web.kit.keyring.form_token(&["invitation", web.kit.keyring.digest(secret).as_str()])
}

pub(in crate::web) async fn post(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    form: Result<Form, Unwanted>,
) -> Response {
    let Some(secret) = secret(&web, &headers) else { return forgotten(&web, &headers) };
    let form = match form {
        Ok(Form(form)) => form,
        Err(unwanted) => return trouble::bad_form(&web, &unwanted),
    };
    if !is_ours(&web, &headers, (&form, &form_token(&web, &secret))) {
        return trouble::forbidden(&web);
    }
    accept(&web, &secret, &form, (&headers, &visit)).await.unwrap_or_else(problem::broken)
}

async fn accept(
    web: &Web,
    secret: &Secret<kinds::Invitation>,
    form: &Params,
    (headers, visit): (&HeaderMap, &Visit),
) -> Result<Response, Fault> {
    let invited = match invitation::find(&web.kit, secret).await? {
        Found::Open(invited) => invited,
        Found::Used => return Ok(over(web, true)),
        Found::Over => return Ok(over(web, false)),
    };
    let typed = (form.field("new_password"), form.field("confirm_password"));
    Ok(match invitation::accept(&web.kit, &invited, typed, visit).await? {
        Step::Done => ready(web, invited.user.email.shown(), headers).await?,
        Step::Refused(refusal) => {
            let errors = reset::password_errors(refusal, web.kit.settings().login.password_min_length);
            show(web, (secret, &invited), StatusCode::UNPROCESSABLE_ENTITY, errors)
        }
        Step::Busy => trouble::busy_at(web, paths::INVITATION.to_owned(), &chrome(web, &invited)),
        Step::Closed => over(web, true),
    })
}

/// On to the log-in, with the good news.
pub(super) async fn ready(web: &Web, email: &str, headers: &HeaderMap) -> Result<Response, Fault> {
    let banner = Some(messages::ACCOUNT_READY.to_owned());
    let new = NewFlow { email: Some(email.to_owned()), banner, ..NewFlow::default() };
    let begun = flow::begin(&web.kit, new).await?;
    let style = web.front.cookies;
    let mut response = login::begun(web, &begun, &Cookies::read(headers), paths::LOGIN);
    for name in [style.invitation_name(), style.set_up_name()] {
        response = redirect::with_cookie(response, style.take_back(&name));
    }
    Ok(response)
}
