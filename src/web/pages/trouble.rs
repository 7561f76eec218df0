//! When something is in the way (P07, P08, P19, P21).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;

use crate::base::{FlowId, Timestamp, paths};
use crate::model::Client;
use crate::view::pages::{BusyPage, ExpiredPage, NotFoundPage, TooManyPage};
use crate::view::{Chrome, TimeText};
use crate::web::Web;
use crate::web::extract::{AtFlow, Unwanted};
use crate::web::respond::problem::Asker;
use crate::web::respond::redirect::in_flow;
use crate::web::respond::{page, problem};

/// P19.
pub(in crate::web) async fn not_found(State(web): State<Arc<Web>>, request: Request) -> Response {
    let say = match Asker::of(&request) {
        Asker::Person => return nowhere(&web),
        Asker::Program => "there is nothing at this address",
        Asker::Tool => "there is nothing at this address; /admin/api/v1/openapi.json says what there is",
    };
    problem::told(Asker::of(&request), StatusCode::NOT_FOUND, "not_found", say)
}

/// The same, for a handler that finds there is nothing.
pub(in crate::web) fn nowhere(web: &Web) -> Response {
    page::page(web, StatusCode::NOT_FOUND, &NotFoundPage, &web.front.chrome())
}

/// Whoever asked named another host than ours. A person is told to check the address.
pub(in crate::web) fn misdirected(web: &Web, asker: Asker) -> Response {
    let status = StatusCode::MISDIRECTED_REQUEST;
    if asker != Asker::Person {
        let say = format!("this provider is {}; the Host header names another", web.kit.config.issuer());
        return problem::told(asker, status, "misdirected_request", &say);
    }
    page::page(web, status, &NotFoundPage, &web.front.chrome())
}

/// A page that exists, asked for in a way that it does not have.
pub(in crate::web) async fn method_not_allowed(State(web): State<Arc<Web>>, request: Request) -> Response {
    let asker = Asker::of(&request);
    if asker != Asker::Person {
        let say = format!("{} is not allowed here; the Allow header says what is", request.method());
        return problem::told(asker, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &say);
    }
    page::page(&web, StatusCode::METHOD_NOT_ALLOWED, &NotFoundPage, &web.front.chrome())
}

/// P08: the journey is too old, over, or another browser's.
pub(in crate::web) fn expired(web: &Web, client: Option<&Client>, no_cookies: bool) -> Response {
    with_status(web, StatusCode::BAD_REQUEST, client, no_cookies)
}

/// P08 for a form that another site posted, or that lacks its token.
pub(in crate::web) fn forbidden(web: &Web) -> Response {
    with_status(web, StatusCode::FORBIDDEN, None, false)
}

/// P08 for a form that cannot be read at all.
pub(in crate::web) fn bad_form(web: &Web, unwanted: &Unwanted) -> Response {
    with_status(web, unwanted.status(), None, false)
}

fn with_status(web: &Web, status: StatusCode, client: Option<&Client>, no_cookies: bool) -> Response {
    let lasts = super::help::lasts(web.kit.settings().login.flow);
    let shown = ExpiredPage { start_url: web.front.start_url(client), no_cookies, lasts };
    page::page(web, status, &shown, &web.front.chrome_for(client))
}

/// P08 within a journey that has gone on without this page.
pub(in crate::web) fn over(at: &AtFlow) -> Response {
    expired(&at.web, at.journey.client.as_ref(), false)
}

/// P07: too many passwords.
pub(in crate::web) fn too_many_passwords(at: &AtFlow, until: Option<Timestamp>) -> Response {
    let reset_url = in_flow(paths::RESET, at.id());
    let shown = TooManyPage::Passwords { until: until.map(|until| time(at, until)), reset_url };
    too_many(at, &shown, until)
}

/// The same outside of journeys.
pub(in crate::web) fn too_many_passwords_at(
    web: &Web,
    reset_url: String,
    until: Option<Timestamp>,
) -> Response {
    let until_text = until.map(|until| TimeText::when(until, web.kit.now()));
    let shown = TooManyPage::Passwords { until: until_text, reset_url };
    let response = page::page(web, StatusCode::TOO_MANY_REQUESTS, &shown, &web.front.chrome());
    retry_after(response, until.map_or(0, |until| until.since(web.kit.now()).as_seconds() + 1))
}

/// P07b: too many wrong codes. The journey may begin again at once, with a new code; from its first step, or
/// from the first step of the reset.
pub(in crate::web) fn too_many_codes(at: &AtFlow, start: &str) -> Response {
    too_many(at, &TooManyPage::Codes { start_url: in_flow(start, at.id()) }, None)
}

/// P07c: too many new codes. Those that were sent may still be entered.
pub(in crate::web) fn too_many_new_codes(at: &AtFlow, code_page: &str, until: Timestamp) -> Response {
    let shown = TooManyPage::NewCodes { until: time(at, until), code_url: in_flow(code_page, at.id()) };
    too_many(at, &shown, Some(until))
}

fn time(at: &AtFlow, until: Timestamp) -> TimeText {
    TimeText::when(until, at.web.kit.now())
}

/// Too many wrong codes of devices.
pub(in crate::web) fn too_many_device_codes(web: &Web, until: Option<Timestamp>) -> Response {
    let shown = TooManyPage::DeviceCodes { until: until.map(|until| TimeText::when(until, web.kit.now())) };
    let response = page::page(web, StatusCode::TOO_MANY_REQUESTS, &shown, &web.front.chrome());
    let seconds = until.map_or(0, |until| until.since(web.kit.now()).as_seconds() + 1);
    retry_after(response, seconds)
}

fn too_many(at: &AtFlow, shown: &TooManyPage, until: Option<Timestamp>) -> Response {
    let response = page::page(&at.web, StatusCode::TOO_MANY_REQUESTS, shown, &at.chrome());
    let seconds = until.map_or(0, |until| until.since(at.web.kit.now()).as_seconds() + 1);
    retry_after(response, seconds)
}

/// The page for the moment when more people log in than the machine can hash for.
pub(in crate::web) fn busy(at: &AtFlow, path: &str, flow: &FlowId) -> Response {
    busy_at(&at.web, in_flow(path, flow), &at.chrome())
}

/// The same outside of journeys.
pub(in crate::web) fn busy_at(web: &Web, retry_url: String, chrome: &Chrome) -> Response {
    let response = page::page(
        web,
        StatusCode::SERVICE_UNAVAILABLE,
        &BusyPage { retry_url, wait: "a few seconds" },
        chrome,
    );
    retry_after(response, 5)
}

/// The same for a network from which too many journeys were begun at once.
pub(in crate::web) fn too_many_begun(web: &Web, uri: &Uri) -> Response {
    let target = uri.path_and_query().map_or(paths::HOME, PathAndQuery::as_str);
    let shown = BusyPage { retry_url: target.to_owned(), wait: "a minute" };
    retry_after(page::page(web, StatusCode::TOO_MANY_REQUESTS, &shown, &web.front.chrome()), 60)
}

fn retry_after(mut response: Response, seconds: i64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
