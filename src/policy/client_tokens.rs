//! Which kinds of tokens can be registered for a client.

use crate::model::{Algorithm, ClientSettings, SecurityProfile, SubjectType};
use crate::policy::{resource, sector};

const MOST_RESOURCES: usize = 50;
/// Minutes: what was taken from somebody must not be usable for long (RFC 9700, section 2.3).
const LONGEST_LIFE: u32 = 60;

/// Judges what tokens for a client are to be like: every reason against it, each a sentence that says why.
pub(super) fn judge(settings: &ClientSettings) -> Vec<&'static str> {
    let is_fapi2 = settings.profile == SecurityProfile::Fapi2;
    let has_browser_tokens = settings.response_types.iter().any(|asked| asked.has_token());
    let addresses = settings.resources.iter().chain(&settings.resource);
    let has_bad_address = addresses.into_iter().any(|address| !resource::is_address(address));
    let is_pairwise = settings.subject_type == SubjectType::Pairwise;
    [
        (
            settings.demands_bound_tokens() && has_browser_tokens,
            "Tokens that go through the browser cannot be bound: take away the response types with token in them",
        ),
        (
            settings.dpop_nonces && settings.certificate_bound_access_tokens && !settings.dpop_bound_access_tokens,
            "Nonces are for proofs, which a client whose tokens are bound to its certificate does not make",
        ),
        (
            has_bad_address || settings.resources.len() > MOST_RESOURCES,
            "Services that accept tokens are named by whole addresses without a fragment, at most 50 of them",
        ),
        (
            settings.access_token_minutes.is_some_and(|minutes| !(1..=LONGEST_LIFE).contains(&minutes)),
            "Access tokens live for 1 to 60 minutes",
        ),
        (
            is_pairwise && !settings.redirect_uris.is_empty() && sector::identifier(settings).is_none(),
            "Subjects of its own need one host for all redirect addresses, or a sector identifier address",
        ),
        (
            settings.sector_identifier_uri.as_deref().is_some_and(|uri| !uri.starts_with("https://")),
            "The sector identifier address must begin with https://",
        ),
        (
            (settings.id_token_content_encryption.is_some() && settings.id_token_key_management.is_none())
                || (settings.userinfo_content_encryption.is_some() && settings.userinfo_key_management.is_none()),
            "What is encrypted needs an algorithm for its key too",
        ),
        (
            is_fapi2 && settings.userinfo_algorithm == Some(Algorithm::RS256),
            "FAPI 2.0 does not accept UserInfo answers signed by RS256: use PS256, ES256 or EdDSA",
        ),
        (
            is_fapi2 && settings.introspection_algorithm == Some(Algorithm::RS256),
            "FAPI 2.0 does not accept introspection answers signed by RS256: use PS256, ES256 or EdDSA",
        ),
    ]
    .into_iter()
    .filter_map(|(is_wrong, why)| is_wrong.then_some(why))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContentEncryption, ResponseType};

    #[test]
    fn each_contradiction_earns_its_sentence_and_what_agrees_earns_none() {
        let said = |adjust: fn(&mut ClientSettings)| {
            let mut settings = ClientSettings {
                redirect_uris: ["https://a.example/", "https://b.example/"].map(str::to_owned).to_vec(),
                ..ClientSettings::default()
            };
            adjust(&mut settings);
            judge(&settings)
        };
        assert!(said(|_| {}).is_empty());
        assert!(said(|s| (s.dpop_bound_access_tokens, s.dpop_nonces) = (true, true)).is_empty());
        assert!(said(|s| s.resources = vec!["https://cases.example/api".to_owned()]).is_empty());
        for (adjust, says) in [
            (
                (|s| {
                    s.dpop_bound_access_tokens = true;
                    s.response_types.push(ResponseType::CodeToken);
                }) as fn(&mut ClientSettings),
                "cannot be bound",
            ),
            (|s| (s.dpop_nonces, s.certificate_bound_access_tokens) = (true, true), "Nonces"),
            (|s| s.resource = Some("cases".to_owned()), "whole addresses"),
            (|s| s.resources = vec!["https://a.example/".to_owned(); 51], "at most 50"),
            (|s| s.access_token_minutes = Some(0), "1 to 60"),
            (|s| s.access_token_minutes = Some(61), "1 to 60"),
            (|s| s.subject_type = SubjectType::Pairwise, "one host"),
            (|s| s.id_token_content_encryption = Some(ContentEncryption::A256Gcm), "algorithm for its key"),
            (|s| s.sector_identifier_uri = Some("http://a.example/".to_owned()), "https"),
            (
                |s| (s.profile, s.userinfo_algorithm) = (SecurityProfile::Fapi2, Some(Algorithm::RS256)),
                "RS256",
            ),
            (
                |s| (s.profile, s.introspection_algorithm) = (SecurityProfile::Fapi2, Some(Algorithm::RS256)),
                "introspection",
            ),
        ] {
            let [found] = said(adjust)[..] else { panic!("one sentence for {says}") };
            assert!(found.contains(says), "{found}");
        }
    }
}
