//! Which keys a client must register for the way it proves who it is, and what FAPI 2.0 leaves it to choose from.

use crate::model::{Algorithm, ClientAuthentication, ClientSettings, SecurityProfile};

/// Judges the keys and the profile of a registration: every reason against it, each a sentence that says why.
pub(crate) fn judge(settings: &ClientSettings) -> Vec<&'static str> {
    let (has_set, has_address) = (settings.jwks.is_some(), settings.jwks_uri.is_some());
    let method = settings.authentication;
    let is_fapi2 = settings.profile == SecurityProfile::Fapi2;
    let names = usize::from(settings.tls_subject.is_some()) + usize::from(settings.tls_host.is_some());
    let is_rs256 = |algorithm: Option<Algorithm>| algorithm == Some(Algorithm::RS256);
    [
        (
            has_set && has_address,
            "Give the keys or the address where they are published, not both: they could differ",
        ),
        (
            method == ClientAuthentication::PrivateKeyJwt && !has_set && !has_address,
            "With private_key_jwt, give the client's public keys or the address where they are published",
        ),
        (
            method == ClientAuthentication::SelfSignedTlsClientAuth && !has_set && !has_address,
            "With self_signed_tls_client_auth, give the client's certificate: as x5c of a key among its public keys",
        ),
        (
            method == ClientAuthentication::TlsClientAuth && names != 1,
            "With tls_client_auth, give either the subject of the client's certificate or the host that it is for",
        ),
        (
            method != ClientAuthentication::TlsClientAuth && names > 0,
            "Only a client that shows a certificate of an authority, by tls_client_auth, has a name in it",
        ),
        (
            method != ClientAuthentication::PrivateKeyJwt && settings.assertion_algorithm.is_some(),
            "Only a client that signs with its own key, by private_key_jwt, can choose the algorithm",
        ),
        (
            is_fapi2 && method != ClientAuthentication::PrivateKeyJwt && !method.is_by_certificate(),
            "FAPI 2.0 has no secrets that both sides know: use private_key_jwt or a certificate",
        ),
        (
            is_fapi2 && is_rs256(settings.assertion_algorithm),
            "FAPI 2.0 does not accept signatures by RS256: use PS256, ES256 or EdDSA",
        ),
        (
            is_fapi2 && is_rs256(Some(settings.id_token_algorithm)),
            "FAPI 2.0 does not let ID tokens be signed by RS256: use PS256, ES256 or EdDSA",
        ),
        (is_fapi2 && !settings.require_pkce, "FAPI 2.0 demands a code challenge (PKCE)"),
    ]
    .into_iter()
    .filter_map(|(is_wrong, why)| is_wrong.then_some(why))
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_contradiction_earns_its_sentence_and_what_agrees_earns_none() {
        let by_key = ClientSettings {
            authentication: ClientAuthentication::PrivateKeyJwt,
            jwks: Some(json!({})),
            ..ClientSettings::default()
        };
        let fapi2 = ClientSettings {
            profile: SecurityProfile::Fapi2,
            id_token_algorithm: Algorithm::PS256,
            ..by_key.clone()
        };
        let said = |settings: &ClientSettings, adjust: fn(&mut ClientSettings)| {
            let mut settings = settings.clone();
            adjust(&mut settings);
            judge(&settings)
        };
        for good in [&ClientSettings::default(), &by_key, &fapi2] {
            assert!(judge(good).is_empty(), "{good:?}");
        }
        assert!(
            said(&fapi2, |s| s.authentication = ClientAuthentication::SelfSignedTlsClientAuth).is_empty()
        );
        assert!(said(&by_key, |s| s.assertion_algorithm = Some(Algorithm::RS256)).is_empty());
        for (settings, adjust, says) in [
            (&by_key, (|s| s.jwks_uri = Some(String::new())) as fn(&mut ClientSettings), "not both"),
            (&by_key, |s| s.jwks = None, "public keys"),
            (&fapi2, |s| s.authentication = ClientAuthentication::TlsClientAuth, "either the subject"),
            (&by_key, |s| s.tls_host = Some(String::new()), "has a name"),
            (
                &by_key,
                |s| {
                    (s.authentication, s.assertion_algorithm) =
                        (ClientAuthentication::ClientSecretJwt, Some(Algorithm::ES256))
                },
                "own key",
            ),
            (&fapi2, |s| s.authentication = ClientAuthentication::ClientSecretJwt, "no secrets"),
            (&fapi2, |s| s.authentication = ClientAuthentication::None, "no secrets"),
            (&fapi2, |s| s.assertion_algorithm = Some(Algorithm::RS256), "signatures by RS256"),
            (&fapi2, |s| s.id_token_algorithm = Algorithm::RS256, "ID tokens"),
            (&fapi2, |s| s.require_pkce = false, "PKCE"),
        ] {
            let [found] = said(settings, adjust)[..] else { panic!("one sentence for {says}") };
            assert!(found.contains(says), "{found}");
        }
    }
}
