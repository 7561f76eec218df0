//! Files that browsers may keep for ever, because their names change with their content.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::view::{Colours, assets, brand_css};
use crate::web::Web;
use crate::web::pages::trouble;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
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
