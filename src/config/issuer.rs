//! `issuer`: who this provider is.

use url::Url;

/// The issuer identifier: an origin, so that every path is ours (OpenID Connect Discovery 1.0, section 3, allows
/// a path too; a deployment of one provider a host needs none).
///
/// # Errors
/// The words that follow its name.
pub(super) fn check(text: &str) -> Result<Url, String> {
    let Ok(url) = Url::parse(text) else {
        return Err(format!("is {text:?}, no web address; write it like https://login.example.gov.uk"));
    };
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if is_local => {}
        _ => return Err(format!("is {text:?}; it must begin with https://, unless it is on this machine")),
    }
    let origin = url.origin().ascii_serialization();
    if text != origin {
        return Err(format!("is {text:?}; write it as {origin}, with nothing after the host"));
    }
    Ok(url)
}
