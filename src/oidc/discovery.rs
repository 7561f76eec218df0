//! The two discovery documents (OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2). One is the
//! other under another name: what we say of ourselves is the same for both.

use serde_json::{Value, json};

use crate::base::paths;
use crate::config::{Config, OpenTo};
use crate::jose::DecryptionKey;
use crate::model::{
    Algorithm, ClientAuthentication, ContentEncryption, GrantType, KeyManagement, ResponseType,
};
use crate::oidc::claims::{self, ACR};
use crate::oidc::request;
use crate::oidc::response::ResponseMode;
use crate::policy::{dpop, scope};

/// What this provider is and can do. Nothing but registered members, and nothing that it cannot.
pub(crate) fn document(config: &Config) -> Value {
    let parts = [
        places(config),
        places_for_certificates(config),
        registration(config),
        authentication(config),
        requests(config),
        tokens(config),
    ];
    parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten().collect()
}

/// Where everything is, and what the places are for.
fn places(config: &Config) -> Value {
    let at = |path: &str| format!("{}{path}", config.issuer());
    json!({
        "issuer": config.issuer(),
        "authorization_endpoint": at(paths::AUTHORIZE),
        "pushed_authorization_request_endpoint": at(paths::PAR),
        "require_pushed_authorization_requests": false,
        "token_endpoint": at(paths::TOKEN),
        "userinfo_endpoint": at(paths::USERINFO),
        "jwks_uri": at(paths::JWKS),
        "device_authorization_endpoint": at(paths::DEVICE_AUTHORIZATION),
        "introspection_endpoint": at(paths::INTROSPECT),
        "revocation_endpoint": at(paths::REVOKE),
        "end_session_endpoint": at(paths::LOGOUT),
        "check_session_iframe": at(paths::CHECK_SESSION),
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "service_documentation": at(paths::HELP),
        "op_policy_uri": at(paths::PRIVACY),
    })
}

/// The same endpoints where services are asked for certificates, if that is elsewhere (RFC 8705, section 5).
fn places_for_certificates(config: &Config) -> Value {
    let Some(origin) = &config.listen.certificate_origin else { return json!({}) };
    let at = |path: &str| format!("{}{path}", origin.origin().ascii_serialization());
    json!({
        "mtls_endpoint_aliases": {
            "pushed_authorization_request_endpoint": at(paths::PAR),
            "token_endpoint": at(paths::TOKEN),
            "userinfo_endpoint": at(paths::USERINFO),
            "device_authorization_endpoint": at(paths::DEVICE_AUTHORIZATION),
            "introspection_endpoint": at(paths::INTROSPECT),
            "revocation_endpoint": at(paths::REVOKE),
        }
    })
}

/// Where services can register themselves, if they can.
fn registration(config: &Config) -> Value {
    match config.registration.open_to {
        OpenTo::Nobody => json!({}),
        OpenTo::Invited | OpenTo::Anybody => {
            json!({ "registration_endpoint": format!("{}{}", config.issuer(), paths::REGISTER) })
        }
    }
}

/// How clients prove who they are.
fn authentication(config: &Config) -> Value {
    let methods = authentication_methods(config);
    let can_prove: Vec<&str> = methods.iter().copied().filter(|method| *method != "none").collect();
    json!({
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
        "introspection_endpoint_auth_methods_supported": can_prove,
        "introspection_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertion_algorithms(),
    })
}

/// What can be asked, and in which ways it is answered.
fn requests(config: &Config) -> Value {
    let own = config.tokens.advertised_scopes.iter().map(String::as_str);
    let standard = scope::STANDARD.into_iter().map(|(name, _)| name);
    let scopes: Vec<&str> = standard.chain([scope::OFFLINE_ACCESS]).chain(own).collect();
    json!({
        "scopes_supported": scopes,
        "response_types_supported": ResponseType::ALL.map(ResponseType::name),
        "response_modes_supported": ResponseMode::NAMES,
        "acr_values_supported": [ACR],
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "claims_supported": claims::supported(),
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "request_object_signing_alg_values_supported": request::algorithms(),
        "request_object_encryption_alg_values_supported": DecryptionKey::ALGORITHMS.map(KeyManagement::name),
        "request_object_encryption_enc_values_supported": ContentEncryption::ALL.map(ContentEncryption::name),
        "authorization_signing_alg_values_supported": request::algorithms(),
        "ui_locales_supported": ["en-GB"],
        "claims_locales_supported": ["en-GB"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// What tokens there are, and what they can be bound to.
fn tokens(config: &Config) -> Value {
    json!({
        "grant_types_supported": grant_types(),
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": request::algorithms(),
        "userinfo_signing_alg_values_supported": userinfo_algorithms(),
        "id_token_encryption_alg_values_supported": KeyManagement::ALL.map(KeyManagement::name),
        "id_token_encryption_enc_values_supported": ContentEncryption::ALL.map(ContentEncryption::name),
        "userinfo_encryption_alg_values_supported": KeyManagement::ALL.map(KeyManagement::name),
        "userinfo_encryption_enc_values_supported": ContentEncryption::ALL.map(ContentEncryption::name),
        "introspection_signing_alg_values_supported": request::algorithms(),
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS.map(Algorithm::name),
        "tls_client_certificate_bound_access_tokens": config.listen.sees_client_certificates(),
    })
}

/// Those of the token endpoint, and what registrations call the answer that needs none.
fn grant_types() -> Vec<&'static str> {
    GrantType::ALL.into_iter().map(GrantType::name).collect()
}

/// Plain JSON as well.
fn userinfo_algorithms() -> Vec<&'static str> {
    ["none"].into_iter().chain(request::algorithms()).collect()
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
