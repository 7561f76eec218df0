//! Sending a browser elsewhere: always by 303, so that nothing it posted is posted again.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::base::{Fault, FlowId};
use crate::oidc::response::{AuthorizationResponse, Carrier};
use crate::view::HiddenField;
use crate::view::pages::FormPostPage;
use crate::web::Web;
use crate::web::respond::{page, problem};

/// A POST whose parameters are longer than this in an address stays a POST.
pub(in crate::web) const LONGEST_QUERY: usize = 6 * 1024;

/// To an address that was checked, or is our own.
pub(in crate::web) fn see_other(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response(),
        Err(error) => problem::broken(Fault::caused("an address cannot stand in a header", error)),
    }
}

/// To a page of a journey.
pub(in crate::web) fn to_flow(path: &str, flow: &FlowId) -> Response {
    see_other(&in_flow(path, flow))
}

/// The address of a page of a journey.
pub(in crate::web) fn in_flow(path: &str, flow: &FlowId) -> String {
    format!("{path}?flow={flow}")
}

/// Back to the relying party with its answer.
pub(in crate::web) fn answer(web: &Web, response: &AuthorizationResponse) -> Response {
    if response.carrier != Carrier::FormPost {
        return see_other(&response.location());
    }
    let fields = response
        .params
        .iter()
        .map(|(name, value)| HiddenField { name: (*name).to_owned(), value: value.clone() })
        .collect();
    let form = FormPostPage { action: response.redirect.as_str().to_owned(), fields };
    let shown = page::page(web, StatusCode::OK, &form, &web.front.chrome());
    page::letting_forms_end_at(shown, &response.redirect)
}

/// Adds a cookie to an answer.
pub(in crate::web) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
