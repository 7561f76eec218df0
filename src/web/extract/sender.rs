//! What a request brings along to show who sends it.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Extensions, HeaderMap, Method, Uri, header};

use super::certificate;
use crate::oidc::sender::{Proof, Shown};
use crate::web::Web;

const PROOF: &str = "dpop";

pub(in crate::web) fn shown(web: &Web, request: &Request) -> Shown {
    gathered(web, (request.headers(), request.method(), request.uri()), request.extensions())
}

/// The same, of a request whose body is read by others.
pub(in crate::web) fn shown_in(web: &Web, parts: &Parts) -> Shown {
    gathered(web, (&parts.headers, &parts.method, &parts.uri), &parts.extensions)
}

fn gathered(
    web: &Web,
    (headers, method, uri): (&HeaderMap, &Method, &Uri),
    extensions: &Extensions,
) -> Shown {
    let mut lines = headers.get_all(PROOF).iter();
    let proof = match (lines.next(), lines.next()) {
        (None, _) => Proof::Absent,
        // What is no text is no proof, and is refused as such.
        (Some(line), None) => Proof::One(line.to_str().unwrap_or_default().to_owned()),
        (Some(_), Some(_)) => Proof::Several,
    };
    let certificate = certificate::shown(&web.kit.config, headers, extensions);
    Shown {
        proof,
        certificate: certificate.and_then(|shown| shown.thumbprint()),
        method: method.as_str().to_owned(),
        address: address(web, headers, uri),
    }
}

/// The address that a request was sent to, without its query.
pub(super) fn address(web: &Web, headers: &HeaderMap, uri: &Uri) -> String {
    let line = headers.get(header::HOST).and_then(|line| line.to_str().ok());
    let host = line.or_else(|| uri.authority().map(Authority::as_str));
    format!("{}{}", web.kit.config.origin_at(host), uri.path())
}
