//! Which grants can be registered for a client.

use crate::model::{ClientAuthentication, ClientSettings, GrantType};
use crate::policy::scope;

/// Judges what a client is to exchange for tokens: every reason against it, each a sentence that says why.
pub(super) fn judge(settings: &ClientSettings) -> Vec<&'static str> {
    let may_use = |grant| settings.may_use(grant);
    let is_public = settings.authentication == ClientAuthentication::None;
    let sends_back = settings.sends_people_back();
    let has_code = settings.response_types.iter().any(|asked| asked.has_code());
    let wants_offline = settings.scopes.iter().flatten().any(|value| value == scope::OFFLINE_ACCESS);
    [
        (settings.grant_types.is_empty(), "Give at least one grant type"),
        (
            !sends_back && !settings.redirect_uris.is_empty(),
            "A service that people are sent back to needs the grant authorization_code",
        ),
        (
            sends_back && has_code && !may_use(GrantType::AuthorizationCode),
            "A response type with code in it needs the grant authorization_code",
        ),
        (
            may_use(GrantType::RefreshToken)
                && !may_use(GrantType::AuthorizationCode)
                && !may_use(GrantType::DeviceCode),
            "Refresh tokens come with other grants: give authorization_code or device_code too",
        ),
        (
            may_use(GrantType::ClientCredentials) && is_public,
            "A client without a secret or key cannot use client_credentials: anybody could say that it is this client",
        ),
        (
            may_use(GrantType::TokenExchange) && is_public,
            "A client without a secret or key cannot exchange tokens: anybody could say that it is this client",
        ),
        (
            may_use(GrantType::TokenExchange) && settings.resources.is_empty(),
            "Tokens are exchanged for tokens for other services: name the services that it may call",
        ),
        (
            wants_offline && !may_use(GrantType::RefreshToken),
            "The scope offline_access is of use only with the grant refresh_token",
        ),
        (
            settings.introspects && is_public,
            "A client without a secret or key must not ask about tokens that others were given",
        ),
    ]
    .into_iter()
    .filter_map(|(is_wrong, why)| is_wrong.then_some(why))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ResponseType;

    #[test]
    fn each_contradiction_earns_its_sentence_and_what_agrees_earns_none() {
        let said = |adjust: fn(&mut ClientSettings)| {
            let mut settings = ClientSettings::default();
            adjust(&mut settings);
            judge(&settings).len()
        };
        assert_eq!(said(|_| {}), 0);
        let everything = |s: &mut ClientSettings| {
            s.grant_types = GrantType::ALL.to_vec();
            s.resources = vec!["https://cases.example/".to_owned()];
        };
        assert_eq!(said(everything), 0);
        assert_eq!(said(|s| s.grant_types = GrantType::ALL.to_vec()), 1);
        assert_eq!(said(|s| s.grant_types = vec![GrantType::ClientCredentials]), 0);
        assert_eq!(said(|s| s.grant_types = vec![]), 1);
        assert_eq!(said(|s| s.grant_types = vec![GrantType::Implicit]), 1);
        let by_browser_alone = |s: &mut ClientSettings| {
            s.grant_types = vec![GrantType::Implicit];
            s.response_types = vec![ResponseType::IdToken];
            s.redirect_uris.push("https://portal.example/callback".to_owned());
        };
        assert_eq!(said(by_browser_alone), 0);
        assert_eq!(said(|s| s.grant_types = vec![GrantType::RefreshToken]), 1);
        assert_eq!(said(|s| s.scopes = Some(vec!["offline_access".to_owned()])), 1);
        for adjust in [
            |s: &mut ClientSettings| s.grant_types = GrantType::ALL.to_vec(),
            |s: &mut ClientSettings| s.introspects = true,
            |s: &mut ClientSettings| {
                s.grant_types = vec![GrantType::ClientCredentials];
                s.redirect_uris.push("https://portal.example/callback".to_owned());
            },
        ] {
            let mut settings =
                ClientSettings { authentication: ClientAuthentication::None, ..ClientSettings::default() };
            adjust(&mut settings);
            assert!(!judge(&settings).is_empty());
        }
    }
}
