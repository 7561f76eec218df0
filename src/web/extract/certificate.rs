//! The certificate that a client showed to the proxy in front of us.

use axum::extract::Request;

use crate::certificate::Certificate;
use crate::config::Config;
use crate::web::serve::PeerAddress;

/// The certificate in the configured header, if one of our own proxies sent it, and once: anybody can write a header.
pub(super) fn shown(config: &Config, request: &Request) -> Option<Certificate> {
    let header = config.listen.client_certificate_header.as_ref()?;
    let peer = request.extensions().get::<PeerAddress>()?.0.ip().to_canonical();
    if !config.listen.is_proxy(peer) {
        return None;
    }
    let mut lines = request.headers().get_all(header).iter();
    let line = lines.next()?;
    if lines.next().is_some() { None } else { Certificate::from_header(line.to_str().ok()?) }
}
