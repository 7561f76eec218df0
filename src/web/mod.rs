//! The front door: every route, the layers in order, and what a decision looks like on the wire.
//!
//! Only here are there status codes, headers and cookies. A handler reads its request, asks one use case, and
//! turns the decision into an answer.
//!
//! **To add a route:** its path in `base::paths`, a handler under `endpoints/` (for programs) or `pages/` (for
//! people), a line in [`router`]: among what is `called` where scripts of other sites may call it.

mod api;
mod assets;
mod console;
mod cookies;
mod endpoints;
mod extract;
mod front;
mod layers;
mod pages;
mod places;
mod respond;
mod said;
mod serve;
mod tls;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::base::paths;
use crate::kit::Kit;
use crate::view::Engine;

#[cfg(test)]
pub(crate) use api::description as api_description;
#[cfg(test)]
pub(crate) use console::BORDERS as CONSOLE_BORDERS;
pub(crate) use front::Front;
pub(crate) use serve::{Door, serve};
#[cfg(test)]
pub(crate) use serve::{PeerAddress, PeerCertificate};
pub(crate) use tls::Encryption;

/// No form of ours is longer.
const LONGEST_BODY: usize = 16 * 1024;

/// What every handler can reach.
pub(crate) struct Web {
    pub(crate) kit: Arc<Kit>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) front: Front,
}

/// Every route of the provider.
pub(crate) fn router(web: Arc<Web>, extra: Router) -> Router {
    let called = Router::new()
        .route(paths::OPENID_CONFIGURATION, get(endpoints::discovery::get))
        .route(paths::OAUTH_METADATA, get(endpoints::discovery::get))
        .route(paths::JWKS, get(endpoints::jwks::get))
        .route(paths::PAR, post(endpoints::par::post))
        .route(paths::TOKEN, post(endpoints::token::post))
        .route(paths::INTROSPECT, post(endpoints::introspect::post))
        .route(paths::REVOKE, post(endpoints::revoke::post))
        .route(paths::DEVICE_AUTHORIZATION, post(endpoints::device_authorization::post))
        .route(paths::REGISTER, post(endpoints::register::post))
        .route(paths::USERINFO, get(endpoints::userinfo::get).post(endpoints::userinfo::post))
        // Before the layer, which answers what a browser asks first by OPTIONS.
        .method_not_allowed_fallback(pages::trouble::method_not_allowed)
        .layer(layers::any_origin());
    let endpoints = Router::new()
        .route(paths::AUTHORIZE, get(endpoints::authorize::get).post(endpoints::authorize::post))
        .route(paths::LOGOUT, get(pages::logout::get).post(pages::logout::post))
        .route(paths::CHECK_SESSION, get(endpoints::check_session::get))
        .route(
            paths::REGISTERED,
            get(endpoints::register::get).put(endpoints::register::put).delete(endpoints::register::delete),
        )
        .route(paths::HEALTHZ, get(endpoints::health::healthz))
        .route(paths::READYZ, get(endpoints::health::readyz));
    called
        .merge(endpoints)
        .merge(pages_for_people())
        .merge(console::routes())
        .merge(api::routes())
        .fallback(pages::trouble::not_found)
        .method_not_allowed_fallback(pages::trouble::method_not_allowed)
        .with_state(Arc::clone(&web))
        .merge(extra)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(CatchPanicLayer::custom(layers::panicked))
        // The outermost layer sees everything: it names the visit, writes the one line of the log, turns a
        // breakage into a page and puts the headers on.
        .layer(axum::middleware::from_fn_with_state(web, layers::front_door))
}

/// The pages of those who log in.
fn pages_for_people() -> Router<Arc<Web>> {
    Router::new()
        .route(paths::HOME, get(pages::home::get))
        .route(paths::LOGIN, get(pages::login::get).post(pages::login::post))
        .route(paths::LOGIN_CODE, get(pages::login_code::get).post(pages::login_code::post))
        .route(paths::LOGIN_NEW_CODE, get(pages::login_code::no_new_code).post(pages::login_code::new_code))
        .route(paths::WELCOME, get(pages::welcome::get))
        .route(paths::FLOW_CONTINUE, get(pages::welcome::go_on))
        .route(paths::DEVICE, get(pages::device::get).post(pages::device::post))
        .route(paths::CONSENT, get(pages::consent::get).post(pages::consent::post))
        .route(paths::FLOW_CANCEL, get(pages::login::cancel))
        .route(paths::RESET, get(pages::reset::get).post(pages::reset::post))
        .route(paths::RESET_CODE, get(pages::reset::get_code).post(pages::reset::post_code))
        .route(paths::RESET_NEW_CODE, get(pages::reset::no_new_code).post(pages::reset::new_code))
        .route(paths::RESET_PASSWORD, get(pages::reset::get_password).post(pages::reset::post_password))
        .route(paths::RESET_CANCEL, get(pages::reset::cancel))
        .route(paths::LOGGED_OUT, get(pages::logout::logged_out))
        .route(paths::INVITATION_LINK, get(pages::invitation::link))
        .route(paths::INVITATION, get(pages::invitation::get).post(pages::invitation::post))
        .route(paths::SET_UP_LINK, get(pages::set_up::link))
        .route(paths::SET_UP, get(pages::set_up::get).post(pages::set_up::post))
        .route(paths::ACCOUNT, get(pages::account::get))
        .route(paths::ACCOUNT_PASSWORD, get(pages::account::get_password).post(pages::account::post_password))
        .route(paths::ACCOUNT_HISTORY, get(pages::account::history))
        .route(paths::ACCOUNT_SERVICES, get(pages::shared::get).post(pages::shared::post))
        .route(paths::ACCOUNT_SESSIONS, get(pages::sessions::get).post(pages::sessions::post))
        .route(paths::ACCOUNT_REVIEW, get(pages::review::get).post(pages::review::post))
        .route(paths::ACCOUNT_REVIEW_FINISH, post(pages::review::finish))
        .route(paths::HELP, get(pages::help::help))
        .route(paths::ACCESSIBILITY, get(pages::help::accessibility))
        .route(paths::COOKIES, get(pages::help::cookies))
        .route(paths::PRIVACY, get(pages::help::privacy))
        .route(paths::CONTACT, get(pages::help::contact))
        .route(paths::STATIC, get(assets::asset))
        .route(paths::BRAND, get(assets::brand))
        .route(paths::BRAND_LOGO, get(assets::logo))
}
