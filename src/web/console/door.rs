//! The way into the console: by the front door, as into any relying party (OpenID Connect Core 1.0, section 3.1).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;

use super::border;
use super::reason::Typed;
use crate::admin::Refusal;
use crate::admin::console::{self, AtConsole};
use crate::base::{
    Error, Fault, Secret, SessionId, Span, Timestamp, base64url, base64url_decode, constant_time_eq, kinds,
    paths, sha256,
};
use crate::model::{Actor, Role, User, Visit};
use crate::oidc::params::Params;
use crate::view::pages::console::{ConsoleRefusedPage, Frame};
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::extract::{Form, Query, Unwanted, is_from_ourselves, read_whole};
use crate::web::pages::trouble;
use crate::web::respond::{page, problem, redirect};
use crate::web::said;

/// Beyond this somebody has to log in again to see anything.
const LONGEST: Span = Span::minutes(60);
/// Beyond this, to change anything.
const FRESH: Span = Span::minutes(15);
/// How long somebody may take to log in.
const START_LIFE: Span = Span::hours(1);

/// An administrator at the console.
pub(super) struct Console {
    pub(super) web: Arc<Web>,
    pub(super) actor: Actor,
    pub(super) user: User,
    pub(super) role: Role,
    pub(super) session_id: SessionId,
    authenticated_at: Timestamp,
    /// The reason as it was typed.
    pub(super) typed: Typed,
    /// What the page has to say of what was just done.
    pub(super) said: Option<String>,
}

impl Console {
    /// The token of the console's forms, bound to the session: logging in again leaves it good.
    pub(super) fn token(&self) -> String {
        self.web.kit.keyring.form_token(&["console", self.session_id.as_str()])
    }

    /// Whether the last log-in is not too long ago for a change.
    pub(super) fn is_fresh(&self) -> bool {
        self.web.kit.now() < self.authenticated_at + FRESH
    }

    /// Has somebody log in again and come back to a page.
    pub(super) fn log_in_again(&self, back: &str) -> Response {
        redirect::see_other(&self.fresh_url(back))
    }

    /// Where to log in again.
    pub(super) fn fresh_url(&self, back: &str) -> String {
        super::address(paths::CONSOLE_LOGIN, &[("fresh", "yes"), ("return", back)])
    }
}

impl FromRequestParts<Arc<Web>> for Console {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Response> {
        let cookies = Cookies::read(&parts.headers);
        let token = cookies.secret::<kinds::Access>(&web.front.cookies.console_name());
        let opened = match &token {
            Some(token) => console::open(&web.kit, token).await.map_err(problem::broken)?,
            None => None,
        };
        let recent = opened.filter(|at| web.kit.now() < at.authenticated_at + LONGEST);
        let Some(at) = recent else {
            let here = parts.uri.path_and_query().map_or(paths::CONSOLE, |here| here.as_str());
            let back = if parts.method == Method::GET { here } else { paths::CONSOLE };
            return Err(redirect::see_other(&super::address(paths::CONSOLE_LOGIN, &[("return", back)])));
        };
        let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
        let AtConsole { user, session_id, authenticated_at, administrator } = at;
        let Some(administrator) = administrator else { return Err(no_administrator(web, &user)) };
        let role = administrator.role;
        let actor = Actor::Administrator { administrator, visit };
        let said = match parts.method {
            Method::GET => said::heard(web, &session_id, &parts.headers),
            _ => None,
        };
        let typed = Typed::default();
        let web = Arc::clone(web);
        let console = Self { web, actor, user, role, session_id, authenticated_at, typed, said };
        let page = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        if !border::may_pass(&console.actor, &parts.method, page) {
            let back = (paths::CONSOLE, "Go to the dashboard");
            return Err(console.refuse(Error::Refused(Refusal::Forbidden), back));
        }
        Ok(console)
    }
}

/// For people who have an account and no role.
fn no_administrator(web: &Web, user: &User) -> Response {
    let frame = Frame {
        menu: Vec::new(),
        who: user.name.clone(),
        token: String::new(),
        errors: Vec::new(),
        banner: None,
    };
    let shown = ConsoleRefusedPage {
        frame,
        title: "You do not have access".to_owned(),
        say: "These pages are for administrators. Ask an owner if you should be one.".to_owned(),
        back: paths::ACCOUNT.to_owned(),
        back_text: "Go to your account".to_owned(),
    };
    page::page(web, StatusCode::FORBIDDEN, &shown, &super::chrome(web))
}

/// A form of the console, posted from a page that was served to the same session.
pub(super) struct ConsoleForm {
    pub(super) at: Console,
    pub(super) form: Params,
}

impl FromRequest<Arc<Web>> for ConsoleForm {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        if !is_from_ourselves(&web.kit.config, request.headers()) {
            return Err(trouble::forbidden(web));
        }
        let (mut parts, form) = read_whole(request, web).await;
        let at = Console::from_request_parts(&mut parts, web).await?;
        let Form(form) = form.map_err(|unwanted| trouble::bad_form(web, &unwanted))?;
        if !constant_time_eq(form.field("token"), at.token()) {
            return Err(trouble::forbidden(web));
        }
        Ok(Self { at: at.because(form.field("reason")), form })
    }
}

/// What a log-in that has begun is recognised by when it comes back: all of it follows from the browser's cookie.
struct Started<'a> {
    web: &'a Web,
    start: &'a Secret<kinds::ConsoleStart>,
}

impl Started<'_> {
    fn made(&self, what: &str, of: &str) -> String {
        self.web.kit.keyring.form_token(&["console", what, self.start.reveal(), of])
    }

    fn verifier(&self) -> String {
        self.made("verifier", "")
    }

    fn nonce(&self) -> String {
        self.made("nonce", "")
    }

    /// The `state`, which holds the page to come back to.
    fn state(&self, back: &str) -> String {
        let back = base64url(back);
        format!("{}.{back}", self.made("state", &back))
    }

    /// The page to come back to, where the state is ours.
    fn back(&self, state: &str) -> Option<String> {
        let (mac, back) = state.split_once('.')?;
        if !constant_time_eq(mac, self.made("state", back)) {
            return None;
        }
        String::from_utf8(base64url_decode(back)?).ok()
    }
}

/// Sends somebody to log in, and has them come back to a page of the console.
pub(super) async fn log_in(State(web): State<Arc<Web>>, query: Result<Query, Unwanted>) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    let back = params.get("return").filter(|back| is_of_console(back)).unwrap_or(paths::CONSOLE);
    let start = Secret::generate(&*web.kit.random);
    let started = Started { web: &web, start: &start };
    let challenge = base64url(sha256(started.verifier()));
    let longest = LONGEST.as_seconds().to_string();
    let again = if params.has("fresh") { ("prompt", "login") } else { ("max_age", longest.as_str()) };
    let request = super::address(
        paths::AUTHORIZE,
        &[
            ("client_id", console::CLIENT),
            ("response_type", "code"),
            ("scope", "openid"),
            ("redirect_uri", &console::redirect_uri(&web.kit)),
            ("state", &started.state(back)),
            ("nonce", &started.nonce()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            again,
        ],
    );
    let style = web.front.cookies;
    let cookie = style.give(&style.console_start_name(), &start, Some(START_LIFE));
    redirect::with_cookie(redirect::see_other(&request), cookie)
}

/// A page of the console, and nothing that a browser could take for another site.
fn is_of_console(back: &str) -> bool {
    let within = back == paths::CONSOLE || back.starts_with("/admin/") || back.starts_with("/admin?");
    let plain = back.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    within && plain && !back.contains("//")
}

/// Where the provider sends people back to.
pub(super) async fn callback(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    query: Result<Query, Unwanted>,
) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    came_back(&web, &params, (&headers, &visit)).await.unwrap_or_else(problem::broken)
}

async fn came_back(
    web: &Web,
    params: &Params,
    (headers, visit): (&HeaderMap, &Visit),
) -> Result<Response, Fault> {
    let style = web.front.cookies;
    let start = Cookies::read(headers).secret(&style.console_start_name());
    // Another tab may have logged in meanwhile, or the browser was closed: the page itself knows.
    let Some(start) = start else { return Ok(redirect::see_other(paths::CONSOLE)) };
    let started = Started { web, start: &start };
    let back = params.get("state").and_then(|state| started.back(state));
    let (Some(back), Some(code)) = (back, params.get("code")) else {
        return Ok(redirect::see_other(paths::HOME));
    };
    let proof = (started.verifier(), started.nonce());
    let Some(token) = console::redeem(&web.kit, code, (&proof.0, &proof.1), visit).await? else {
        return Ok(redirect::see_other(paths::CONSOLE));
    };
    let response = redirect::see_other(&back);
    let response = redirect::with_cookie(response, style.give(&style.console_name(), &token, None));
    Ok(redirect::with_cookie(response, style.take_back(&style.console_start_name())))
}

#[cfg(test)]
mod tests {
    use super::is_of_console;

    #[test]
    fn row_44_nobody_is_sent_out_of_the_console_after_logging_in() {
        for good in ["/admin", "/admin/services?q=a%20b", "/admin?x=1"] {
            assert!(is_of_console(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "//evil.example",
            "/admin//evil.example",
            "/administer",
            "https://evil.example/admin",
            "/admin/\\evil",
            "/admin/\r\nx",
            "/account",
        ] {
            assert!(!is_of_console(bad), "{bad}");
        }
    }
}
