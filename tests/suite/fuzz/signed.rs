//! What clients sign: their claims are altered, and then signed with the right key all the same.

use serde_json::{Value, json};

use super::{assert_plain, fuzz};
use crate::base::{ClientId, Clock as _, Error};
use crate::clients;
use crate::clients::assertion::{Asserted, Disproof, authenticate};
use crate::jose::SigningKey;
use crate::model::{Algorithm, ClientAuthentication, SecurityProfile};
use crate::oidc::error::AuthorizeError;
use crate::oidc::params::Params;
use crate::oidc::request;
use crate::oidc::sender::{self, Proof, Shown};
use crate::suite::bound_tokens::{Draft, thumbprint_of};
use crate::suite::client_assertion::{TOKEN_ENDPOINT, key_set, own_key};
use crate::suite::support::{Ask, ISSUER, Provider, REDIRECT};

/// A provider, and the key of its two clients: `portal`, and `strict`, which keeps to FAPI 2.0.
async fn provider() -> (Provider, SigningKey) {
    let (provider, key) = (Provider::start().await, own_key(Algorithm::ES256));
    for (id, profile) in [("portal", SecurityProfile::Oidc), ("strict", SecurityProfile::Fapi2)] {
        provider
            .add_client(id, |settings| {
                settings.authentication = ClientAuthentication::PrivateKeyJwt;
                settings.jwks = Some(key_set(&[&key]));
                (settings.profile, settings.id_token_algorithm) = (profile, Algorithm::ES256);
            })
            .await;
    }
    (provider, key)
}

fn seconds(provider: &Provider) -> i64 {
    provider.clock.now().seconds()
}

#[tokio::test]
async fn a_request_object_leads_to_registered_addresses_only_and_says_what_was_signed() {
    let world = async || {
        let (provider, key) = provider().await;
        let now = seconds(&provider);
        let mut claims = json!({
            "iss": "portal", "aud": ISSUER, "nbf": now, "exp": now + 60, "max_age": 5, "prompt": "login consent",
            "claims": { "id_token": { "email": null } }, "response_mode": "fragment.jwt",
        });
        for (name, value) in Ask::of("portal").params {
            claims[name] = json!(value);
        }
        ((provider, key), vec![claims.to_string().into_bytes()])
    };
    fuzz(world, async |(provider, key), input| {
        let Ok(claims) = serde_json::from_slice::<Value>(input) else { return "no JSON".to_owned() };
        let object = key.sign("oauth-authz-req+jwt", &claims).unwrap();
        let beside = [("client_id", "portal"), ("request", &object), ("redirect_uri", REDIRECT)];
        let params: Params =
            beside.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        match request::validate(provider.kit(), &params).await {
            Ok((valid, _)) => {
                let reply = &valid.reply;
                assert_eq!(reply.redirect.as_str(), REDIRECT);
                assert!(claims["iss"].is_null() || claims["iss"] == "portal", "{claims}");
                let state = reply.state.as_deref().unwrap_or_default();
                assert_eq!(state, claims["state"].as_str().unwrap_or(state));
                let frozen = valid.freeze().unwrap();
                let again = request::ValidRequest::thaw(&reply.client, &frozen).unwrap();
                assert_eq!(again.freeze().unwrap(), frozen);
                format!("{:?} {:?}", valid.asked.response_type, reply.mode)
            }
            Err(AuthorizeError::Redirect(response, error)) => {
                assert_plain(&error.say);
                assert!(response.location().starts_with(REDIRECT), "{}", response.location());
                error.say.into_owned()
            }
            Err(AuthorizeError::Page(error)) => {
                assert_plain(&error.say);
                error.say.into_owned()
            }
            Err(AuthorizeError::Fault(fault)) => panic!("{fault}"),
        }
    })
    .await;
}

#[tokio::test]
async fn an_assertion_is_believed_of_its_client_for_a_while_and_once() {
    let world = async || {
        let (provider, key) = provider().await;
        let now = seconds(&provider);
        let claims = |client: &str, audience: Value| {
            let claims = json!({
                "iss": client, "sub": client, "aud": audience, "jti": "one", "iat": now, "nbf": now, "exp": now + 60
            });
            claims.to_string().into_bytes()
        };
        let examples = vec![
            claims("portal", json!(TOKEN_ENDPOINT)),
            claims("portal", json!([ISSUER, TOKEN_ENDPOINT])),
            claims("strict", json!(ISSUER)),
        ];
        ((provider, key), examples)
    };
    fuzz(world, async |(provider, key), input| {
        let Ok(claims) = serde_json::from_slice::<Value>(input) else { return "no JSON".to_owned() };
        let assertion = key.sign("JWT", &claims).unwrap();
        let asserted = Asserted { client_id: None, assertion, endpoint: TOKEN_ENDPOINT.to_owned() };
        let client = match authenticate(provider.kit(), &asserted).await.unwrap() {
            Ok(client) => client.client().clone(),
            Err(Disproof(why)) => return why.split(": ").last().unwrap_or_default().to_owned(),
        };
        let named = ClientId::parse(claims["sub"].as_str().unwrap()).unwrap();
        assert_eq!((&client.id, &claims["iss"]), (&named, &claims["sub"]));
        let audiences = claims["aud"].as_array().cloned().unwrap_or_else(|| vec![claims["aud"].clone()]);
        assert!(
            audiences.iter().all(|audience| [ISSUER, TOKEN_ENDPOINT].map(Value::from).contains(audience))
        );
        assert!(client.id.as_str() == "portal" || claims["aud"] == ISSUER, "{claims}");
        assert!(!audiences.is_empty(), "{claims}");
        let now = seconds(provider);
        let date = |name: &str| claims[name].as_f64();
        assert!(
            date("exp").is_some_and(|exp| exp > (now - 60) as f64 && exp < (now + 600) as f64),
            "{claims}"
        );
        assert!(["iat", "nbf"].iter().all(|name| date(name).is_none_or(|begins| begins < (now + 60) as f64)));
        assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()));
        assert!(authenticate(provider.kit(), &asserted).await.unwrap().is_err(), "a second time");
        let other = own_key(Algorithm::ES256).sign("JWT", &claims).unwrap();
        let forged = Asserted { assertion: other, ..asserted };
        assert!(authenticate(provider.kit(), &forged).await.unwrap().is_err(), "another key");
        format!("believed of {named}")
    })
    .await;
}

#[tokio::test]
async fn a_proof_counts_for_the_request_and_the_moment_that_it_names() {
    let world = async || {
        let provider = Provider::start().await;
        provider.add_client("portal", |_| {}).await;
        let now = seconds(&provider);
        let claims = json!({
            "jti": "1", "htm": "POST", "htu": TOKEN_ENDPOINT, "iat": now, "nbf": now, "exp": now + 30, "ath": "x"
        });
        ((provider, own_key(Algorithm::ES256)), vec![claims.to_string().into_bytes()])
    };
    fuzz(world, async |(provider, key), input| {
        let Ok(claims) = serde_json::from_slice::<Value>(input) else { return "no JSON".to_owned() };
        let draft = Draft { key, header: Draft::of(provider, key, "POST", "/token").header, claims };
        let shown = Shown {
            proof: Proof::One(draft.sign()),
            certificate: None,
            method: "POST".to_owned(),
            address: TOKEN_ENDPOINT.to_owned(),
        };
        let client = clients::find(provider.kit(), &ClientId::parse("portal").unwrap()).await.unwrap();
        match sender::key(provider.kit(), &client.unwrap(), &shown).await {
            Ok(proven) => {
                assert_eq!(proven.as_deref(), Some(thumbprint_of(key).as_str()));
                assert_eq!(draft.claims["htm"], "POST");
                let age = seconds(provider) as f64 - draft.claims["iat"].as_f64().unwrap();
                assert!((-31.0..=61.0).contains(&age), "{}", draft.claims);
                "believed".to_owned()
            }
            Err(Error::Refused(error)) => {
                assert_plain(&error.say);
                error.say.into_owned()
            }
            Err(Error::Fault(fault)) => panic!("{fault}"),
        }
    })
    .await;
}
