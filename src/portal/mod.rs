//! The sample relying party of the `demo` command, and the mailbox page beside it.
//!
//! An ordinary OpenID Connect client, written with the openidconnect crate: it knows its provider by the
//! issuer's address alone and could be pointed at any other. Two of them, under two names, show single sign-on.

mod account;
mod fetch;
mod html;
pub(crate) mod mailbox;
mod pages;
mod problem;
mod provider;
#[cfg(test)]
mod tests;
mod visits;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use openidconnect::{LogoutRequest, PostLogoutRedirectUrl};
use serde::Deserialize;
use url::Url;

use crate::base::ClientId;
use problem::Problem;
use provider::{Answer, Provider};
use visits::{Attempt, Visits};

/// The path of the stylesheet.
const STYLESHEET: &str = "/portal.css";

/// Where the provider tells of log-outs (OpenID Connect Back-Channel Logout 1.0, section 2.5).
pub(crate) const LOGGED_OUT_ELSEWHERE: &str = "/logged-out-elsewhere";

/// What makes one sample service differ from another.
pub(crate) struct Settings {
    /// What people call it, for example "Children's Services Portal".
    pub(crate) name: String,
    /// Where browsers reach it: scheme, host and port.
    pub(crate) base_url: Url,
    /// The provider's issuer identifier, byte for byte as its metadata has it.
    pub(crate) issuer: String,
    /// Also the name of its cookie: ports do not keep the cookies of two services on one host apart.
    pub(crate) client_id: ClientId,
    pub(crate) client_secret: String,
    /// The name and address of another service that the same log-in opens.
    pub(crate) other: Option<(String, Url)>,
}

impl Settings {
    /// The full address of one of our paths: `/callback` is the redirect URI to register, `/` the post-logout one.
    fn address(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(path);
        url
    }
}

/// One sample service at work.
struct Portal {
    settings: Settings,
    provider: Provider,
    visits: Visits,
}

type Shared = State<Arc<Portal>>;

/// The routes of one sample service.
pub(crate) fn router(settings: Settings) -> Router {
    let provider = Provider::new(&settings);
    let portal = Arc::new(Portal { settings, provider, visits: Visits::default() });
    Router::new()
        .route("/", get(home))
        .route("/account", get(my_account))
        .route("/login", get(log_in))
        .route("/callback", get(callback))
        .route("/logout", post(log_out))
        .route(LOGGED_OUT_ELSEWHERE, post(logged_out_elsewhere))
        .route("/contact", get(async |State(portal): Shared| pages::contact(&portal.settings)))
        .route(STYLESHEET, get(html::stylesheet))
        .fallback(async |State(portal): Shared| pages::not_found(&portal.settings))
        .with_state(portal)
}

/// Serves one sample service until `shutdown` is ready and what was under way has ended.
pub(crate) async fn serve(
    listener: tokio::net::TcpListener,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(settings)).with_graceful_shutdown(shutdown).await
}

/// What the provider adds when it sends a browser home from logging out.
#[derive(Deserialize)]
struct Return {
    state: Option<String>,
}

async fn home(
    State(portal): Shared,
    headers: HeaderMap,
    back: Result<Query<Return>, QueryRejection>,
) -> Response {
    let cookie = portal.cookie(&headers);
    let state = back.ok().and_then(|Query(back)| back.state);
    let logged_out = state.is_some_and(|state| portal.visits.farewell(cookie, &state));
    pages::home(&portal.settings, portal.visits.account(cookie).as_deref(), logged_out)
}

async fn my_account(State(portal): Shared, headers: HeaderMap) -> Response {
    match portal.visits.account(portal.cookie(&headers)) {
        Some(account) => pages::my_account(&portal.settings, &account),
        None => see_other("/login").into_response(),
    }
}

async fn log_in(State(portal): Shared, headers: HeaderMap) -> Response {
    let attempt = Attempt::new();
    match portal.provider.authorization(&attempt).await {
        Ok(url) => portal.remember(&portal.visits.begin(portal.cookie(&headers), attempt), url.as_str()),
        Err(problem) => portal.explain(&problem),
    }
}

async fn callback(
    State(portal): Shared,
    headers: HeaderMap,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Response {
    // A parameter given twice is refused here (RFC 6749, section 3.1).
    let Ok(Query(answer)) = answer else { return portal.explain(&Problem::Stale) };
    let cookie = portal.cookie(&headers);
    let Some(attempt) = portal.visits.take_attempt(cookie, &answer.state) else {
        return portal.explain(&Problem::Stale);
    };
    match portal.provider.redeem(answer, attempt).await {
        Ok(account) => portal.remember(&portal.visits.log_in(cookie, account), "/account"),
        Err(problem) => portal.explain(&problem),
    }
}

/// Ends the log-in here, then at the provider (OpenID Connect RP-Initiated Logout 1.0, section 2).
async fn log_out(State(portal): Shared, headers: HeaderMap) -> Response {
    // Another service on the same host is "same-site", so the cookie alone does not prove whose form it was.
    let foreign = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    if foreign {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some((account, cookie, state)) = portal.visits.log_out(portal.cookie(&headers)) else {
        return see_other("/").into_response();
    };
    let mut home = portal.settings.address("/");
    let next = match &account.end_session {
        Some(end_session) => LogoutRequest::from(end_session.clone())
            .set_id_token_hint(&account.id_token)
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::from_url(home))
            .set_state(state)
            .http_get_url(),
        None => {
            home.query_pairs_mut().append_pair("state", state.secret());
            home
        }
    };
    portal.remember(&cookie, next.as_str())
}

/// Forgets whoever was logged in by a session that has ended at the provider.
async fn logged_out_elsewhere(State(portal): Shared, form: String) -> StatusCode {
    let mut fields = url::form_urlencoded::parse(form.as_bytes());
    let token = fields.find(|(name, _)| name == "logout_token").map(|(_, value)| value.into_owned());
    match portal.provider.ended_session(&token.unwrap_or_default()).await {
        Ok(session) => {
            portal.visits.end(&session);
            StatusCode::OK
        }
        Err(problem) => {
            if let Problem::Unreachable(fault) | Problem::Untrusted(fault) = problem {
                tracing::warn!(service = portal.settings.name, %fault, "a logout token was refused");
            }
            StatusCode::BAD_REQUEST
        }
    }
}

impl Portal {
    /// The value of our cookie.
    fn cookie<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        cookies
            .flat_map(|header| header.split("; "))
            .filter_map(|cookie| cookie.split_once('='))
            .find_map(|(name, value)| (name == self.settings.client_id.as_str()).then_some(value))
    }

    /// Sends a browser on with our cookie. Not `Secure`: the sample is served over plain HTTP.
    fn remember(&self, cookie: &str, location: &str) -> Response {
        let cookie = format!("{}={cookie}; Path=/; HttpOnly; SameSite=Lax", self.settings.client_id);
        ([(SET_COOKIE, cookie)], see_other(location)).into_response()
    }

    /// Shows a problem, and notes what visitors need not know.
    fn explain(&self, problem: &Problem) -> Response {
        if let Problem::Unreachable(fault) | Problem::Untrusted(fault) = problem {
            tracing::warn!(service = self.settings.name, %fault, "nobody was logged in");
        }
        pages::problem(&self.settings, problem)
    }
}

fn see_other(location: &str) -> impl axum::response::IntoResponse {
    (StatusCode::SEE_OTHER, [(LOCATION, location.to_owned()), (CACHE_CONTROL, "no-store".to_owned())])
}
