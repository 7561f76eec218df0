//! Files that browsers may keep for ever, because their names change with their content.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::base::{ClientId, Fault};
use crate::policy::logo::Logo;
use crate::view::{Colours, assets, brand_css};
use crate::web::Web;
use crate::web::extract::{Query, Unwanted};
use crate::web::pages::trouble;
use crate::web::respond::problem;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Under an address that does not say which version it is of.
const FOR_A_WHILE: &str = "public, max-age=300";
/// A logo may be an SVG, which is a document of its own when somebody opens it: it gets to do nothing.
const LOGO_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

pub(super) async fn asset(State(web): State<Arc<Web>>, Path(file): Path<String>) -> Response {
    match assets().find(&file) {
        Some(asset) => {
            let headers = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, FOR_EVER)];
            (headers, asset.bytes.clone().into_owned()).into_response()
        }
        None => trouble::nowhere(&web),
    }
}

pub(super) async fn brand(State(web): State<Arc<Web>>, Path(file): Path<String>) -> Response {
    if let Some(colours) = Colours::of_file(&file) {
        let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, FOR_EVER)];
        return (headers, brand_css(&colours)).into_response();
    }
    match web.front.logo.as_ref().filter(|logo| logo.file == file) {
        Some(known) => {
            let headers = [
                (header::CONTENT_TYPE, known.content_type),
                (header::CACHE_CONTROL, FOR_EVER),
                (header::CONTENT_SECURITY_POLICY, LOGO_POLICY),
            ];
            (headers, known.bytes.clone().into_owned()).into_response()
        }
        None => trouble::nowhere(&web),
    }
}

/// The logo of a service.
pub(super) async fn logo(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Result<Query, Unwanted>,
) -> Response {
    let (logo, version) = match stored(&web, &id).await {
        Ok(Some(stored)) => stored,
        Ok(None) => return trouble::nowhere(&web),
        Err(fault) => return problem::broken(fault),
    };
    let named = query.map(|Query(params)| params.field("v").to_owned()).unwrap_or_default();
    let etag = format!("\"{version}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag));
    let headers = [
        (header::CONTENT_TYPE, logo.kind.content_type()),
        (header::CACHE_CONTROL, if named == version { FOR_EVER } else { FOR_A_WHILE }),
        (header::CONTENT_SECURITY_POLICY, LOGO_POLICY),
        (header::ETAG, etag.as_str()),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, logo.bytes).into_response(),
    }
}

/// The logo that is kept for a service, and its version.
async fn stored(web: &Web, id: &str) -> Result<Option<(Logo, String)>, Fault> {
    let Some(id) = ClientId::parse(id) else { return Ok(None) };
    let Some(known) = web.kit.client(&id).await? else { return Ok(None) };
    let logo = known.client.settings.logo.as_ref().and_then(|written| Logo::read(written).ok());
    Ok(logo.map(|logo| (logo, known.client.updated_at.millis().to_string())))
}
