//! The first owner's account, by the link that is printed at the first start.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::admin::Refusal;
use crate::admin::administrators::{self, FirstOwner, NotSetUp};
use crate::base::{Error, Secret, Span, kinds, paths};
use crate::model::{Email, Visit};
use crate::oidc::params::Params;
use crate::view::pages::{SetUpOverPage, SetUpPage};
use crate::view::{FieldError, messages};
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::extract::{Form, Unwanted, is_ours};
use crate::web::pages::{email_error, invitation, reset, trouble};
use crate::web::respond::{page, problem, redirect};

pub(super) const COOKIE_LIFE: Span = Span::hours(1);

pub(in crate::web) async fn link(State(web): State<Arc<Web>>, Path(token): Path<String>) -> Response {
    let Some(secret) = Secret::<kinds::SetUp>::presented(&token) else {
        return over(&web);
    };
    let style = web.front.cookies;
    let cookie = style.give(&style.set_up_name(), &secret, Some(COOKIE_LIFE));
    redirect::with_cookie(redirect::see_other(paths::SET_UP), cookie)
}

/// The page for a link that is not good any more.
fn over(web: &Web) -> Response {
    page::page(web, StatusCode::BAD_REQUEST, &SetUpOverPage, &web.front.chrome())
}

/// The link, while it is good.
async fn good(web: &Web, headers: &HeaderMap) -> Result<Secret<kinds::SetUp>, Response> {
    let secret = Cookies::read(headers).secret(&web.front.cookies.set_up_name()).ok_or_else(|| over(web))?;
    match administrators::link_is_good(&web.kit, &secret).await {
        Ok(true) => Ok(secret),
        Ok(false) => Err(over(web)),
        Err(fault) => Err(problem::broken(fault)),
    }
}

pub(in crate::web) async fn get(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    match good(&web, &headers).await {
        Ok(secret) => show(&web, &secret, &Params::default(), Vec::new()),
        Err(response) => response,
    }
}

fn show(web: &Web, secret: &Secret<kinds::SetUp>, typed: &Params, errors: Vec<FieldError>) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shown = SetUpPage {
        token: form_token(web, secret),
        errors,
        banner: None,
        name: typed.field("name").to_owned(),
        email: typed.field("email").to_owned(),
        min_length: web.kit.settings().login.password_min_length,
    };
    page::page(web, status, &shown, &web.front.chrome())
}

fn form_token(web: &Web, secret: &Secret<kinds::SetUp>) -> String {
    web.kit.keyring.form_token(&["setup", web.kit.keyring.digest(secret).as_str()])
}

pub(in crate::web) async fn post(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    form: Result<Form, Unwanted>,
) -> Response {
    let secret = match good(&web, &headers).await {
        Ok(secret) => secret,
        Err(response) => return response,
    };
    let form = match form {
        Ok(Form(form)) => form,
        Err(unwanted) => return trouble::bad_form(&web, &unwanted),
    };
    if !is_ours(&web, &headers, (&form, &form_token(&web, &secret))) {
        return trouble::forbidden(&web);
    }
    make(&web, &secret, &form, (&headers, &visit)).await
}

async fn make(
    web: &Web,
    secret: &Secret<kinds::SetUp>,
    form: &Params,
    (headers, visit): (&HeaderMap, &Visit),
) -> Response {
    let mut errors = Vec::new();
    let name = form.field("name").trim().to_owned();
    if name.is_empty() {
        errors.push(FieldError::new("name", messages::ENTER_NAME));
    }
    let email = match Email::parse(form.field("email")) {
        Ok(email) if errors.is_empty() => email,
        Ok(_) => return show(web, secret, form, errors),
        Err(error) => {
            errors.push(FieldError::new("email", email_error(error)));
            return show(web, secret, form, errors);
        }
    };
    let password = (form.field("new_password"), form.field("confirm_password"));
    let first = FirstOwner { name, email, password };
    let refusal = match administrators::set_up(&web.kit, secret, first, visit).await {
        Ok(user) => {
            let ready = invitation::ready(web, user.email.shown(), headers).await;
            return ready.unwrap_or_else(problem::broken);
        }
        Err(Error::Refused(refusal)) => refusal,
        Err(Error::Fault(fault)) => return problem::broken(fault),
    };
    let errors = match refusal {
        NotSetUp::Link => return over(web),
        NotSetUp::Password(refusal) => {
            reset::password_errors(refusal, web.kit.settings().login.password_min_length)
        }
        NotSetUp::Other(Refusal::Busy) => {
            return trouble::busy_at(web, paths::SET_UP.to_owned(), &web.front.chrome());
        }
        NotSetUp::Other(Refusal::Conflict(say)) => vec![FieldError::new("email", say)],
        NotSetUp::Other(other) => vec![FieldError::new("name", other.to_string())],
    };
    show(web, secret, form, errors)
}
