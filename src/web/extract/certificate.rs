//! The certificate that a client showed when it connected.

use axum::http::{Extensions, HeaderMap};

use crate::certificate::Certificate;
use crate::config::Config;
use crate::web::serve::{PeerAddress, PeerCertificate};

/// The certificate that was shown to us; or, where one of our own proxies connects, whose own certificate is no
/// client's, the one in the configured header, if it is there once. Anybody else can write a header.
pub(super) fn shown(config: &Config, headers: &HeaderMap, extensions: &Extensions) -> Option<Certificate> {
    let peer = extensions.get::<PeerAddress>()?.0.ip().to_canonical();
    if !config.listen.is_proxy(peer) {
        return extensions.get::<PeerCertificate>().map(|shown| shown.0.clone());
    }
    let header = config.listen.client_certificate_header.as_ref()?;
    let mut lines = headers.get_all(header).iter();
    let line = lines.next()?;
    if lines.next().is_some() { None } else { Certificate::from_header(line.to_str().ok()?) }
}
