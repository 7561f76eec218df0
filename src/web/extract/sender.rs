//! What a request brings along to show who sends it.

use axum::extract::Request;

use super::certificate;
use crate::oidc::sender::{Proof, Shown};
use crate::web::Web;

const PROOF: &str = "dpop";

pub(in crate::web) fn shown(web: &Web, request: &Request) -> Shown {
    let mut lines = request.headers().get_all(PROOF).iter();
    let proof = match (lines.next(), lines.next()) {
        (None, _) => Proof::Absent,
        // What is no text is no proof, and is refused as such.
        (Some(line), None) => Proof::One(line.to_str().unwrap_or_default().to_owned()),
        (Some(_), Some(_)) => Proof::Several,
    };
    Shown {
        proof,
        certificate: certificate::shown(&web.kit.config, request).and_then(|shown| shown.thumbprint()),
        method: request.method().as_str().to_owned(),
        address: format!("{}{}", web.kit.config.issuer(), request.uri().path()),
    }
}
