//! Claims about people, and the `claims` request parameter (OpenID Connect Core 1.0, sections 5.1 and 5.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::base::strict_json;
use crate::model::User;
use crate::policy::scope;

/// What a password and an emailed code amount to, in words of our own: no standard value is true of them.
pub(crate) const ACR: &str = "urn:gatehouse:acr:password-and-emailed-code";
/// RFC 8176: a password, and a second channel. Never `mfa`, which an emailed code is not.
pub(crate) const AMR: [&str; 2] = ["pwd", "mca"];

const LONGEST_PARAMETER: usize = 8 * 1024;

/// The single claims that a request names, for each place that can carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimsRequest {
    pub(crate) userinfo: Vec<String>,
    pub(crate) id_token: Vec<String>,
    /// The person that the answer must be about.
    pub(crate) subject: Option<String>,
    /// Whether an authentication context was demanded that we cannot give.
    pub(crate) unmet_acr: bool,
}

impl ClaimsRequest {
    /// Reads the parameter; `None` where it is not the JSON object that the document describes. Claims we do
    /// not know are left out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST_PARAMETER {
            return None;
        }
        let Value::Object(members) = strict_json(text)? else { return None };
        let userinfo = names(members.get("userinfo"))?;
        let id_token = names(members.get("id_token"))?;
        let rule = |name: &str| members.get("id_token").and_then(|place| place.get(name));
        let subject = rule("sub").and_then(|sub| sub.get("value")).and_then(Value::as_str).map(str::to_owned);
        let unmet_acr = rule("acr").is_some_and(|acr| is_essential(acr) && !allows(acr, ACR));
        Some(Self { userinfo, id_token, subject, unmet_acr })
    }
}

fn names(place: Option<&Value>) -> Option<Vec<String>> {
    match place {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Object(claims)) => {
            let well_formed = claims.values().all(|rule| rule.is_null() || rule.is_object());
            let known = claims.keys().filter(|name| is_personal(name)).cloned().collect();
            well_formed.then_some(known)
        }
        Some(_) => None,
    }
}

fn is_essential(rule: &Value) -> bool {
    rule.get("essential").and_then(Value::as_bool) == Some(true)
}

/// Whether a rule's `value` or `values`, where it has either, include this one.
fn allows(rule: &Value, offered: &str) -> bool {
    let single = rule.get("value").map(|value| value == offered);
    let several = rule
        .get("values")
        .and_then(Value::as_array)
        .map(|values| values.iter().any(|value| value == offered));
    match (single, several) {
        (None, None) => true,
        (single, several) => single == Some(true) || several == Some(true),
    }
}

fn is_personal(name: &str) -> bool {
    scope::STANDARD.iter().any(|(_, claims)| claims.contains(&name))
}

/// The claims that discovery advertises.
pub(crate) fn supported() -> Vec<&'static str> {
    let protocol =
        ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash", "sid"];
    let personal = scope::STANDARD.iter().flat_map(|(_, claims)| claims.iter().copied());
    protocol.into_iter().chain(personal).collect()
}

/// What is known of a person under the names that were asked for. A claim without a value is left out: never
/// null, never empty (OpenID Connect Core 1.0, section 5.3.2).
pub(crate) fn about<'a>(user: &User, asked: impl Iterator<Item = &'a str>) -> Map<String, Value> {
    let mut known = match serde_json::to_value(&user.profile) {
        Ok(Value::Object(profile)) => profile,
        _ => Map::new(),
    };
    known.insert("name".to_owned(), json!(user.name));
    known.insert("email".to_owned(), json!(user.email.shown()));
    // Nobody gets this far without a code from that mailbox.
    known.insert("email_verified".to_owned(), json!(true));
    known.insert("updated_at".to_owned(), json!(user.updated_at.seconds()));
    let mut claims = Map::new();
    for name in asked {
        if let Some((name, value)) = known.remove_entry(name) {
            let empty =
                value.as_str().is_some_and(str::is_empty) || value.as_object().is_some_and(Map::is_empty);
            if !empty {
                claims.insert(name, value);
            }
        }
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_is_read_as_the_document_describes_it() {
        let parsed = ClaimsRequest::parse(
            r#"{"userinfo":{"name":{"essential":true},"unknown":null},
                "id_token":{"email":null,"sub":{"value":"s1"},"acr":{"essential":true,"values":["x"]}}}"#,
        );
        let parsed = parsed.unwrap();
        assert_eq!(parsed.userinfo, ["name"]);
        assert_eq!(parsed.id_token, ["email"]);
        assert_eq!(parsed.subject.as_deref(), Some("s1"));
        assert!(parsed.unmet_acr);
        let ours = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{ACR}"}}}}}}"#);
        assert!(!ClaimsRequest::parse(&ours).unwrap().unmet_acr);
        for bad in
            ["", "[]", "{", "null", r#"{"userinfo":[]}"#, r#"{"id_token":{"name":1}}"#, r#"{"a":1,"a":2}"#]
        {
            assert!(ClaimsRequest::parse(bad).is_none(), "{bad}");
        }
        assert!(ClaimsRequest::parse(&format!("{{\"x\":\"{}\"}}", "y".repeat(9000))).is_none());
    }
}
