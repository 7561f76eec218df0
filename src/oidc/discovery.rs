//! The two discovery documents (OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2). One is the
//! other under another name: what we say of ourselves is the same for both.

use serde_json::{Value, json};

use crate::base::paths;
use crate::config::Config;
use crate::model::{Algorithm, ClientAuthentication, GrantType, ResponseType};
use crate::oidc::claims::{self, ACR};
use crate::oidc::request;
use crate::oidc::response::ResponseMode;
use crate::policy::scope;

/// What this provider is and can do. Nothing but registered members, and nothing that it cannot.
pub(crate) fn document(config: &Config) -> Value {
    let at = |path: &str| format!("{}{path}", config.issuer());
    let methods = authentication_methods(config);
    let scopes: Vec<&str> =
        scope::STANDARD.into_iter().map(|(name, _)| name).chain([scope::OFFLINE_ACCESS]).collect();
    let can_prove: Vec<&str> = methods.iter().copied().filter(|method| *method != "none").collect();
    json!({
        "issuer": config.issuer(),
        "authorization_endpoint": at(paths::AUTHORIZE),
        "pushed_authorization_request_endpoint": at(paths::PAR),
        "require_pushed_authorization_requests": false,
        "token_endpoint": at(paths::TOKEN),
        "userinfo_endpoint": at(paths::USERINFO),
        "jwks_uri": at(paths::JWKS),
        "end_session_endpoint": at(paths::LOGOUT),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "service_documentation": at(paths::HELP),
        "op_policy_uri": at(paths::PRIVACY),
        "scopes_supported": scopes,
        "response_types_supported": ResponseType::ALL.map(ResponseType::name),
        "response_modes_supported": ResponseMode::NAMES,
        "grant_types_supported": grant_types(),
        "acr_values_supported": [ACR],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": request::algorithms(),
        "userinfo_signing_alg_values_supported": ["none"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
        "introspection_endpoint": at(paths::INTROSPECT),
        "introspection_endpoint_auth_methods_supported": can_prove,
        "introspection_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
        "revocation_endpoint": at(paths::REVOKE),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "claims_supported": claims::supported(),
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "request_object_signing_alg_values_supported": request::algorithms(),
        "authorization_signing_alg_values_supported": request::algorithms(),
        "ui_locales_supported": ["en-GB"],
        "claims_locales_supported": ["en-GB"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// Those of the token endpoint, and what registrations call the answer that needs none.
fn grant_types() -> Vec<&'static str> {
    GrantType::ALL.into_iter().map(GrantType::name).chain(["implicit"]).collect()
}

/// What clients may sign assertions with: their own keys, and HS256 for `client_secret_jwt`.
fn assertion_algorithms() -> Vec<&'static str> {
    Algorithm::ALL.into_iter().map(Algorithm::name).chain(["HS256"]).collect()
}

/// How clients can prove who they are; by certificates only where they are asked for.
fn authentication_methods(config: &Config) -> Vec<&'static str> {
    let is_offered = |method: &ClientAuthentication| match method {
        ClientAuthentication::TlsClientAuth => config.listen.client_authorities_file.is_some(),
        ClientAuthentication::SelfSignedTlsClientAuth => config.listen.sees_client_certificates(),
        _ => true,
    };
    ClientAuthentication::ALL.into_iter().filter(is_offered).map(ClientAuthentication::name).collect()
}
