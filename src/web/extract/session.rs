//! Who is logged in, if anybody.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;

use crate::accounts::flow::NewFlow;
use crate::accounts::session::{self, Current};
use crate::base::{constant_time_eq, paths};
use crate::config::Config;
use crate::model::Visit;
use crate::oidc::params::Params;
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::extract::{Form, read_whole};
use crate::web::pages::{login, trouble};
use crate::web::respond::problem;
use crate::web::said;

/// The live session of the browser, where it has one.
pub(in crate::web) struct MaybeLoggedIn {
    pub(in crate::web) current: Option<Current>,
}

impl FromRequestParts<Arc<Web>> for MaybeLoggedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Response> {
        let current = match &Cookies::read(&parts.headers).session(web.front.cookies) {
            Some(secret) => session::current(&web.kit, secret).await.map_err(problem::broken)?,
            None => None,
        };
        Ok(Self { current })
    }
}

/// The live session of a browser that has one. Others are sent to log in, and come back to the page afterwards.
pub(in crate::web) struct LoggedIn(pub(in crate::web) Current);

impl FromRequestParts<Arc<Web>> for LoggedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Response> {
        let found = MaybeLoggedIn::from_request_parts(parts, web).await?;
        match found.current {
            Some(current) => Ok(Self(current)),
            None => Err(to_log_in(web, parts).await),
        }
    }
}

/// The page that was asked for, as a page of ours to come back to; a form is not sent again, so its own page stands for
/// it.
fn asked_for(parts: &Parts) -> &str {
    let path = parts.uri.path();
    if parts.method == Method::POST {
        return path.strip_suffix("/finish").unwrap_or(path);
    }
    parts.uri.path_and_query().map_or(path, |asked| asked.as_str())
}

async fn to_log_in(web: &Web, parts: &Parts) -> Response {
    // Only a path of ours: what begins with two slashes is another host to a browser.
    let back = Some(asked_for(parts)).filter(|path| !path.starts_with("//")).unwrap_or(paths::ACCOUNT);
    let new = NewFlow { returns_to: Some(back.to_owned()), ..NewFlow::default() };
    login::begin(web, new, parts, paths::LOGIN).await
}

/// A page of somebody's own, with what it has to say of what they just did.
pub(in crate::web) struct OwnPage {
    pub(in crate::web) current: Current,
    pub(in crate::web) said: Option<String>,
}

impl FromRequestParts<Arc<Web>> for OwnPage {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Response> {
        let LoggedIn(current) = LoggedIn::from_request_parts(parts, web).await?;
        let said = said::heard(web, &current.session.id, &parts.headers);
        Ok(Self { current, said })
    }
}

/// A form that somebody posts from a page of ours that was served to the same session.
pub(in crate::web) struct OwnForm {
    pub(in crate::web) current: Current,
    pub(in crate::web) form: Params,
    pub(in crate::web) visit: Visit,
    pub(in crate::web) headers: HeaderMap,
}

impl FromRequest<Arc<Web>> for OwnForm {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let (mut parts, form) = read_whole(request, web).await;
        let LoggedIn(current) = LoggedIn::from_request_parts(&mut parts, web).await?;
        let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
        let headers = parts.headers;
        let Form(form) = form.map_err(|unwanted| trouble::bad_form(web, &unwanted))?;
        if !is_ours(web, &headers, (&form, &own_token(web, &current))) {
            return Err(trouble::forbidden(web));
        }
        Ok(Self { current, form, visit, headers })
    }
}

/// The token of the forms on somebody's own pages, bound to the session at this browser.
pub(in crate::web) fn own_token(web: &Web, current: &Current) -> String {
    web.kit.keyring.form_token(&["own", current.session.id.as_str(), current.session.digest.as_str()])
}

/// Whether a posted form comes from a page of ours, as far as the browser tells: it says so in `Origin` and
/// `Sec-Fetch-Site`, which no page can forge. Old browsers say nothing, and are held by the form's token.
pub(in crate::web) fn is_from_ourselves(config: &Config, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let site = text(axum::http::HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN);
    let good_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    // A page under `Referrer-Policy: no-referrer` has its forms posted with the origin `null`.
    let good_origin = origin.is_none_or(|origin| origin == config.issuer() || origin == "null");
    good_site && good_origin
}

/// Whether a form comes from a page of ours that was served to the same browser: it carries the token of that page.
pub(in crate::web) fn is_ours(web: &Web, headers: &HeaderMap, (form, token): (&Params, &str)) -> bool {
    is_from_ourselves(&web.kit.config, headers) && constant_time_eq(form.field("token"), token)
}
