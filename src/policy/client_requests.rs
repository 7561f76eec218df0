//! Which ways of asking and answering can be registered for a client.

use crate::model::{Algorithm, ClientSettings, ResponseType, SecurityProfile};
use crate::policy::redirect::origin;

const MOST_REQUEST_ADDRESSES: usize = 20;

/// Judges how a client is to ask and be answered: every reason against it, each a sentence that says why.
pub(crate) fn judge(settings: &ClientSettings) -> Vec<&'static str> {
    let is_fapi2 = settings.profile == SecurityProfile::Fapi2;
    let has_keys = settings.jwks.is_some() || settings.jwks_uri.is_some();
    let is_rs256 = |algorithm: Option<Algorithm>| algorithm == Some(Algorithm::RS256);
    [
        (settings.response_types.is_empty(), "Give at least one response type"),
        (
            is_fapi2 && settings.response_types != [ResponseType::Code],
            "FAPI 2.0 has no response type but code",
        ),
        (
            settings.require_signed_requests && !has_keys,
            "A client that must sign its requests needs public keys, or the address where they are published",
        ),
        (
            is_fapi2 && (is_rs256(settings.request_algorithm) || is_rs256(settings.response_algorithm)),
            "FAPI 2.0 does not accept requests and answers signed by RS256: use PS256, ES256 or EdDSA",
        ),
        (
            is_fapi2 && !settings.request_uris.is_empty(),
            "FAPI 2.0 has requests pushed: it does not fetch them",
        ),
        (
            has_stray_frame(settings),
            "The front-channel logout address must have the scheme, host and port of a redirect address",
        ),
        (settings.request_uris.len() > MOST_REQUEST_ADDRESSES, "Enter at most 20 addresses of requests"),
    ]
    .into_iter()
    .filter_map(|(is_wrong, why)| is_wrong.then_some(why))
    .collect()
}

/// OpenID Connect Front-Channel Logout 1.0, section 2: a browser calls nobody who has not been there before.
fn has_stray_frame(settings: &ClientSettings) -> bool {
    let known = |uri: &str| settings.redirect_uris.iter().any(|redirect| origin(redirect) == origin(uri));
    settings.frontchannel_logout_uri.as_deref().is_some_and(|uri| !known(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contradiction_earns_its_sentence_and_what_agrees_earns_none() {
        let said = |adjust: fn(&mut ClientSettings)| {
            let mut settings = ClientSettings::default();
            adjust(&mut settings);
            judge(&settings)
        };
        assert!(said(|_| {}).is_empty());
        assert!(said(|s| s.response_types = ResponseType::ALL.to_vec()).is_empty());
        assert!(said(|s| s.response_algorithm = Some(Algorithm::RS256)).is_empty());
        for (adjust, says) in [
            ((|s| s.response_types.clear()) as fn(&mut ClientSettings), "at least one"),
            (
                |s| (s.profile, s.response_types) = (SecurityProfile::Fapi2, vec![ResponseType::CodeIdToken]),
                "but code",
            ),
            (|s| s.require_signed_requests = true, "public keys"),
            (
                |s| (s.profile, s.request_algorithm) = (SecurityProfile::Fapi2, Some(Algorithm::RS256)),
                "RS256",
            ),
            (
                |s| (s.profile, s.response_algorithm) = (SecurityProfile::Fapi2, Some(Algorithm::RS256)),
                "RS256",
            ),
            (|s| (s.profile, s.request_uris) = (SecurityProfile::Fapi2, vec![String::new()]), "pushed"),
            (|s| s.request_uris = vec![String::new(); 21], "at most 20"),
            (
                |s| s.frontchannel_logout_uri = Some("https://a.example/out".to_owned()),
                "scheme, host and port",
            ),
        ] {
            let [found] = said(adjust)[..] else { panic!("one sentence for {says}") };
            assert!(found.contains(says), "{found}");
        }
    }
}
