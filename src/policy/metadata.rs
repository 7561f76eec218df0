//! What services say of themselves when they register over the network (RFC 7591, section 2; OpenID Connect Dynamic
//! Client Registration 1.0, section 2), and how it is said back to them.

use serde_json::{Map, Value, json};

use crate::model::{ApplicationType, Client, ClientAuthentication, ClientSettings, GrantType};
use crate::policy::registration;
use crate::policy::scope::{OFFLINE_ACCESS, STANDARD};

/// What is registered under the name that our settings give it too.
const ALIKE: &[&str] = &[
    "application_type",
    "authorization_signed_response_alg",
    "backchannel_logout_uri",
    "client_uri",
    "contacts",
    "default_acr_values",
    "default_max_age",
    "dpop_bound_access_tokens",
    "frontchannel_logout_uri",
    "grant_types",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "id_token_signed_response_alg",
    "initiate_login_uri",
    "introspection_signed_response_alg",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "policy_uri",
    "post_logout_redirect_uris",
    "redirect_uris",
    "request_object_signing_alg",
    "request_uris",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "response_types",
    "sector_identifier_uri",
    "subject_type",
    "tls_client_auth_san_dns",
    "tls_client_auth_subject_dn",
    "tls_client_certificate_bound_access_tokens",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "tos_uri",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "userinfo_signed_response_alg",
];

/// Why what a service says of itself is no registration: words for a developer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    Redirect(String),
    Metadata(String),
}

/// Settings that only an administrator makes: all that services do not name themselves.
fn is_administrators(name: &str) -> bool {
    !ALIKE.contains(&name) && as_object(&ClientSettings::default()).contains_key(name)
}

fn as_object(settings: &ClientSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// What a service says of itself, over the settings that an administrator has made for it.
///
/// # Errors
/// A sentence, where the two do not go together as they are written.
pub(crate) fn over(before: &ClientSettings, said: &ClientSettings) -> Result<ClientSettings, String> {
    let mut settings = as_object(before);
    let said = as_object(said);
    settings.extend(said.into_iter().filter(|(name, _)| ALIKE.contains(&name.as_str()) || name == "scopes"));
    serde_json::from_value(Value::Object(settings)).map_err(|error| error.to_string())
}

/// Reads a name, where one is given, and settings.
pub(crate) fn read(document: &Map<String, Value>) -> Result<(Option<String>, ClientSettings), Unfit> {
    let unfit = |why: String| Unfit::Metadata(why);
    if let Some(name) = document.keys().find(|name| is_administrators(name)) {
        return Err(unfit(format!("{name} is not a service's own to set")));
    }
    let known = document.iter().filter(|(name, value)| ALIKE.contains(&name.as_str()) && !value.is_null());
    let mut known: Map<String, Value> = known.map(|(name, value)| (name.clone(), value.clone())).collect();
    // Who signs with the secret has this algorithm and no other; to who does not sign, none means anything.
    let method =
        known.get("token_endpoint_auth_method").and_then(Value::as_str).unwrap_or_default().to_owned();
    let says_nothing = |algorithm: &Value| match &*method {
        "private_key_jwt" => false,
        "client_secret_jwt" => algorithm == "HS256",
        _ => true,
    };
    known.retain(|name, value| name != "token_endpoint_auth_signing_alg" || !says_nothing(value));
    for stands_for_nothing in ["userinfo_signed_response_alg", "request_object_signing_alg"] {
        known.retain(|name, value| name != stands_for_nothing || *value != "none");
    }
    let settings: ClientSettings =
        serde_json::from_value(Value::Object(known)).map_err(|error| unfit(error.to_string()))?;
    let is_public = settings.authentication == ClientAuthentication::None;
    let scopes = scopes(document, &settings).map_err(unfit)?;
    let settings = ClientSettings { require_pkce: is_public, scopes, ..settings };
    judge(&settings)?;
    let name = match document.get("client_name") {
        Some(Value::String(name)) => Some(name.clone()),
        None | Some(Value::Null) => None,
        Some(_) => return Err(unfit("client_name must be a text".to_owned())),
    };
    Ok((name, settings))
}

/// What is judged here because it counts for services that nobody looked at: the rest is judged for all alike.
fn judge(settings: &ClientSettings) -> Result<(), Unfit> {
    let native = settings.application_type == ApplicationType::Native;
    if settings.redirect_uris.is_empty() && settings.sends_people_back() {
        return Err(Unfit::Redirect("redirect_uris is missing".to_owned()));
    }
    for uri in &settings.redirect_uris {
        registration::redirect(uri, native).map_err(Unfit::Redirect)?;
    }
    if settings.initiate_login_uri.as_ref().is_some_and(|uri| !uri.starts_with("https://")) {
        return Err(Unfit::Metadata("initiate_login_uri must begin with https://".to_owned()));
    }
    let is_for_people = |grant: &GrantType| {
        use GrantType::{AuthorizationCode, DeviceCode, Implicit, RefreshToken};
        matches!(grant, AuthorizationCode | RefreshToken | Implicit | DeviceCode)
    };
    if !settings.grant_types.iter().all(is_for_people) {
        return Err(Unfit::Metadata(
            "a grant type is only for services that an administrator registers".to_owned(),
        ));
    }
    Ok(())
}

/// Every standard one where none is named, and `offline_access` for who can refresh. Others are left out.
fn scopes(document: &Map<String, Value>, settings: &ClientSettings) -> Result<Option<Vec<String>>, String> {
    let standard = STANDARD.iter().map(|(name, _)| *name);
    let refreshes = settings.may_use(GrantType::RefreshToken);
    let known = standard.chain(refreshes.then_some(OFFLINE_ACCESS));
    match document.get("scope") {
        None | Some(Value::Null) => Ok(Some(known.map(str::to_owned).collect())),
        Some(Value::String(named)) => {
            let is_named = |value: &&str| named.split(' ').any(|name| name == *value);
            Ok(Some(known.filter(is_named).map(str::to_owned).collect()))
        }
        Some(_) => Err("scope must be a text".to_owned()),
    }
}

/// What is registered for a client, under the registered names.
pub(crate) fn write(client: &Client) -> Map<String, Value> {
    let mut document = match serde_json::to_value(&client.settings) {
        Ok(Value::Object(settings)) => settings,
        _ => Map::new(),
    };
    document.retain(|name, value| ALIKE.contains(&name.as_str()) && !value.is_null());
    document.insert("client_id".to_owned(), json!(client.id.as_str()));
    document.insert("client_name".to_owned(), json!(client.name));
    document.insert("client_id_issued_at".to_owned(), json!(client.created_at.seconds()));
    if let Some(scopes) = &client.settings.scopes {
        document.insert("scope".to_owned(), json!(scopes.join(" ")));
    }
    if client.settings.authentication == ClientAuthentication::ClientSecretJwt {
        document.insert("token_endpoint_auth_signing_alg".to_owned(), json!("HS256"));
    }
    document.insert("require_auth_time".to_owned(), json!(true));
    for (address, demand) in [
        ("backchannel_logout_uri", "backchannel_logout_session_required"),
        ("frontchannel_logout_uri", "frontchannel_logout_session_required"),
    ] {
        if document.contains_key(address) {
            document.insert(demand.to_owned(), json!(true));
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(document: Value) -> Result<ClientSettings, Unfit> {
        read(document.as_object().unwrap()).map(|(_, settings)| settings)
    }

    #[test]
    fn a_registration_may_say_what_the_documents_name_and_nothing_of_an_administrators() {
        let settings = read_from(json!({
            "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code", "implicit"],
            "response_types": ["code", "id_token token"], "unheard_of": 1, "client_name#ja": "x",
            "userinfo_signed_response_alg": "none", "policy_uri": null
        }))
        .unwrap();
        assert_eq!(settings.grant_types, [GrantType::AuthorizationCode, GrantType::Implicit]);
        assert!(!settings.require_pkce && !settings.scopes.unwrap().contains(&OFFLINE_ACCESS.to_owned()));
        let own = ["asks_consent", "profile", "require_pkce", "scopes", "welcome_page", "exit_uri"];
        assert!(own.into_iter().all(is_administrators));
        let every = as_object(&ClientSettings::default());
        for name in every.keys().filter(|name| is_administrators(name)) {
            let hostile = json!({ "redirect_uris": ["https://a.example/cb"], name: true });
            assert!(matches!(read_from(hostile), Err(Unfit::Metadata(_))), "row 60: {name}");
        }
        for (bad, is_redirect) in [
            (json!({}), true),
            (json!({ "redirect_uris": ["https://a.example/#x"] }), true),
            (json!({ "redirect_uris": "https://a.example/" }), false),
            (
                json!({ "redirect_uris": ["https://a.example/cb"], "initiate_login_uri": "http://localhost/" }),
                false,
            ),
            (
                json!({ "redirect_uris": ["https://a.example/cb"], "grant_types": ["client_credentials"] }),
                false,
            ),
            (json!({ "redirect_uris": ["https://a.example/cb"], "scope": ["openid"] }), false),
            (json!({ "redirect_uris": ["https://a.example/cb"], "client_name": 1 }), false),
        ] {
            let found = read(bad.as_object().unwrap()).unwrap_err();
            assert_eq!(matches!(found, Unfit::Redirect(_)), is_redirect, "{bad}: {found:?}");
        }
    }

    #[test]
    fn the_algorithm_of_assertions_is_read_where_there_are_any() {
        let read = |method: &str, algorithm: &str| {
            read_from(json!({
                "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": method,
                "token_endpoint_auth_signing_alg": algorithm, "jwks_uri": "https://a.example/jwks"
            }))
            .map(|settings| settings.assertion_algorithm)
        };
        assert_eq!(read("client_secret_jwt", "HS256"), Ok(None));
        assert_eq!(read("client_secret_basic", "RS256"), Ok(None));
        assert_eq!(read("private_key_jwt", "ES256"), Ok(Some(crate::model::Algorithm::ES256)));
        assert!(read("private_key_jwt", "HS256").is_err());
    }

    #[test]
    fn who_can_refresh_may_stay_connected() {
        let settings = read_from(json!({
            "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid offline_access cases:read"
        }));
        assert_eq!(settings.unwrap().scopes.unwrap(), ["openid", OFFLINE_ACCESS]);
    }
}
