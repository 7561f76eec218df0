//! Tokens that are bound to their owner (RFC 9449; RFC 8705, section 3; FAPI 2.0 Security Profile, section 5.3.2).

use std::sync::atomic::{AtomicU32, Ordering};

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::client_assertion::own_key;
use super::par::{assert_refused, brought};
use super::portal::{Portal, claims_of};
use super::support::{Ask, Browser, ISSUER, Page, Provider, REDIRECT, basic};
use crate::base::{Span, base64url, sha256};
use crate::jose::{SigningKey, thumbprint};
use crate::model::{Algorithm, ClientAuthentication, ClientSettings, GrantType};

/// The public half of a key as a proof shows it.
fn shown(key: &SigningKey) -> Value {
    let members = key.public_jwk.as_object().unwrap();
    let shown = members.iter().filter(|(name, _)| !["kid", "use", "alg"].contains(&name.as_str()));
    Value::Object(shown.map(|(name, value)| (name.clone(), value.clone())).collect())
}

pub(crate) fn thumbprint_of(key: &SigningKey) -> String {
    thumbprint(key.public_jwk.as_object().unwrap()).unwrap()
}

/// A proof for a request, never twice the same; `adjust` is laid over header and claims.
pub(crate) struct Draft<'a> {
    pub(crate) key: &'a SigningKey,
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl<'a> Draft<'a> {
    pub(crate) fn of(provider: &Provider, key: &'a SigningKey, method: &str, path: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let now = crate::base::Clock::now(&*provider.clock).seconds();
        let jti = format!("proof {}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self {
            key,
            header: json!({ "typ": "dpop+jwt", "alg": key.algorithm.name(), "jwk": shown(key) }),
            claims: json!({ "jti": jti, "htm": method, "htu": format!("{ISSUER}{path}"), "iat": now }),
        }
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        self.with("ath", json!(base64url(sha256(token))))
    }

    fn with(mut self, claim: &str, value: Value) -> Self {
        set(self.claims.as_object_mut().unwrap(), claim, value);
        self
    }

    fn with_header(mut self, member: &str, value: Value) -> Self {
        set(self.header.as_object_mut().unwrap(), member, value);
        self
    }

    pub(crate) fn sign(&self) -> String {
        self.key.sign_under(&self.header, &self.claims).unwrap()
    }
}

fn set(members: &mut Map<String, Value>, name: &str, value: Value) {
    members.insert(name.to_owned(), value);
    members.retain(|_, value| !value.is_null());
}

/// A portal and the key that it proves to have.
struct Bound {
    portal: Portal,
    key: SigningKey,
}

impl Bound {
    async fn open_with(adjust: impl FnOnce(&mut ClientSettings)) -> Self {
        Self { portal: Portal::open_with(adjust).await, key: own_key(Algorithm::ES256) }
    }

    fn proof(&self, method: &str, path: &str) -> Draft<'_> {
        Draft::of(&self.portal.provider, &self.key, method, path)
    }

    async fn token(&self, fields: &[(&str, &str)], proofs: &[&str]) -> Page {
        let basic = basic("portal", &self.portal.secret);
        let mut headers = vec![("authorization", basic.as_str())];
        headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        self.portal.provider.browser().call("/token", fields, &headers).await
    }

    async fn redeem(&self, code: &str, proofs: &[&str]) -> Page {
        let verifier = &self.portal.ask.verifier;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ];
        self.token(&fields, proofs).await
    }

    async fn access_token(&self) -> String {
        let code = self.portal.code(&self.portal.ask).await;
        let page = self.redeem(&code, &[&self.proof("POST", "/token").sign()]).await;
        page.expect(StatusCode::OK).json()["access_token"].as_str().unwrap().to_owned()
    }

    async fn userinfo(&self, scheme: &str, token: &str, proofs: &[&str]) -> Page {
        let authorization = format!("{scheme} {token}");
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        self.portal.provider.browser().send(Method::GET, "/userinfo", None, &headers).await
    }
}

fn must_prove(settings: &mut ClientSettings) {
    settings.dpop_bound_access_tokens = true;
}

#[tokio::test]
async fn a_token_is_bound_to_the_key_that_was_proven_and_opens_with_it_alone() {
    let bound = Bound::open_with(|_| {}).await;
    let code = bound.portal.code(&bound.portal.ask).await;
    let tokens = bound.redeem(&code, &[&bound.proof("POST", "/token").sign()]).await;
    let tokens = tokens.expect(StatusCode::OK).json();
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().unwrap();
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let proof = bound.proof("GET", "/userinfo").with_token(token).sign();
        let page = bound.userinfo(scheme, token, &[&proof]).await.expect(StatusCode::OK);
        assert_eq!(page.json()["email"], "alex@school.example");
    }
    let other = own_key(Algorithm::ES256);
    let by_other = Draft::of(&bound.portal.provider, &other, "GET", "/userinfo").with_token(token).sign();
    let own = || bound.proof("GET", "/userinfo").with_token(token).sign();
    for (scheme, proofs, what) in [
        ("DPoP", vec![by_other], "another key"),
        ("DPoP", vec![], "no proof"),
        ("DPoP", vec![own(), own()], "two proofs"),
        ("Bearer", vec![], "as if it were not bound"),
        ("Bearer", vec![own()], "with a proof, but as if it were not bound"),
        ("DPoP", vec![bound.proof("GET", "/userinfo").sign()], "a proof without the token"),
        ("DPoP", vec![bound.proof("POST", "/token").with_token(token).sign()], "a proof for elsewhere"),
    ] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let page = bound.userinfo(scheme, token, &proofs).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{what}: {}", page.body);
        assert!(page.header("www-authenticate").starts_with(scheme), "{what}");
    }
    let said = bound.token_state(token).await;
    assert_eq!(said["cnf"], json!({ "jkt": thumbprint_of(&bound.key) }));
    assert_eq!(said["token_type"], "DPoP");
}

impl Bound {
    async fn token_state(&self, token: &str) -> Value {
        let header = basic("portal", &self.portal.secret);
        let headers = [("authorization", header.as_str())];
        self.portal.provider.browser().call("/introspect", &[("token", token)], &headers).await.json()
    }
}

#[tokio::test]
async fn a_proof_that_is_not_what_it_should_be_is_refused_everywhere() {
    let bound = Bound::open_with(|_| {}).await;
    let token = bound.access_token().await;
    let (rsa, other) = (own_key(Algorithm::RS256), own_key(Algorithm::ES256));
    let at = |key| Draft::of(&bound.portal.provider, key, "GET", "/userinfo").with_token(&token);
    let good = || at(&bound.key);
    let mut private = shown(&bound.key);
    private["d"] = json!("c2VjcmV0");
    let unsigned = |alg: &str| {
        let header = good().with_header("alg", json!(alg)).header;
        format!("{}.{}.", base64url(header.to_string()), base64url(good().claims.to_string()))
    };
    for (proof, what) in [
        (String::new(), "nothing"),
        ("a.b.c".to_owned(), "no token"),
        (good().with_header("typ", json!("JWT")).sign(), "another typ"),
        (good().with_header("typ", Value::Null).sign(), "no typ"),
        (good().with_header("jwk", Value::Null).sign(), "no key"),
        (good().with_header("jwk", shown(&other)).sign(), "a key that did not sign"),
        (good().with_header("jwk", private).sign(), "a private key"),
        (good().with_header("alg", json!("RS256")).sign(), "an algorithm that is not the key's"),
        (at(&rsa).sign(), "RS256"),
        (unsigned("none"), "row 64: none"),
        (unsigned("nOnE"), "row 64: nOnE"),
        (unsigned(""), "row 64: an empty algorithm"),
        (unsigned("ES256"), "row 64: an empty signature"),
        (good().with("jti", Value::Null).sign(), "no jti"),
        (good().with("htm", json!("POST")).sign(), "another method"),
        (good().with("htu", json!("https://evil.example/userinfo")).sign(), "another address"),
        (good().with("ath", json!(base64url(sha256("x")))).sign(), "another token"),
        (good().with("iat", json!(0)).sign(), "very old"),
        (good().with("nonce", json!("invented")).sign(), "a nonce that is not ours"),
    ] {
        let page = bound.userinfo("DPoP", &token, &[&proof]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{what}: {}", page.body);
    }
    let odd = good().with("htu", json!("https://LOGIN.example.gov.uk:443/userinfo?a#b")).sign();
    bound.userinfo("DPoP", &token, &[&odd]).await.expect(StatusCode::OK);
    let once = good().sign();
    bound.userinfo("DPoP", &token, &[&once]).await.expect(StatusCode::OK);
    bound.userinfo("DPoP", &token, &[&once]).await.expect(StatusCode::UNAUTHORIZED);
}

/// RFC 9449, section 5.2; FAPI 2.0 Security Profile, section 5.3.2.1.
#[tokio::test]
async fn a_client_that_must_prove_a_key_has_no_tokens_without_one() {
    let bound = Bound::open_with(must_prove).await;
    let code = bound.portal.code(&bound.portal.ask).await;
    assert_refused(&bound.redeem(&code, &[]).await, "invalid_request", "no proof");
    let proof = bound.proof("POST", "/token").sign();
    let again = bound.proof("POST", "/token").sign();
    assert_refused(&bound.redeem(&code, &[&proof, &again]).await, "invalid_dpop_proof", "two proofs");
    bound.redeem(&code, &[&proof]).await.expect(StatusCode::OK);
}

/// RFC 9449, section 10.
#[tokio::test]
async fn a_code_that_was_asked_for_with_a_key_is_redeemed_with_that_key() {
    let bound = Bound::open_with(|_| {}).await;
    let other = own_key(Algorithm::PS256);
    let asked = bound.portal.ask.clone().with("dpop_jkt", &thumbprint_of(&bound.key));
    let by_other = Draft::of(&bound.portal.provider, &other, "POST", "/token").sign();
    for proofs in [vec![], vec![by_other]] {
        let code = bound.portal.code(&asked).await;
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        assert_refused(&bound.redeem(&code, &proofs).await, "invalid_grant", "not its key");
    }
    let code = bound.portal.code(&asked).await;
    bound.redeem(&code, &[&bound.proof("POST", "/token").sign()]).await.expect(StatusCode::OK);
    let malformed = bound.portal.answer(&bound.portal.ask.clone().with("dpop_jkt", "short")).await;
    assert_eq!(malformed.location_param("error").as_deref(), Some("invalid_request"));
}

/// RFC 9449, section 10.1.
#[tokio::test]
async fn a_proof_at_the_push_binds_the_code_too() {
    let bound = Bound::open_with(must_prove).await;
    let other = own_key(Algorithm::EdDSA);
    let push = async |ask: &Ask, proof: &str| {
        let fields: Vec<(&str, &str)> = ask.params.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let basic = basic("portal", &bound.portal.secret);
        let headers = [("authorization", basic.as_str()), ("dpop", proof)];
        bound.portal.provider.browser().call("/par", &fields, &headers).await
    };
    let ask = &bound.portal.ask;
    let mismatched = ask.clone().with("dpop_jkt", &thumbprint_of(&other));
    let page = push(&mismatched, &bound.proof("POST", "/par").sign()).await;
    assert_refused(&page, "invalid_dpop_proof", "two keys");
    let pushed = push(ask, &bound.proof("POST", "/par").sign()).await;
    let code = bound.portal.code(&brought("portal", &pushed)).await;
    let by_other = Draft::of(&bound.portal.provider, &other, "POST", "/token").sign();
    assert_refused(&bound.redeem(&code, &[&by_other]).await, "invalid_grant", "not the key of the push");
    let pushed = push(ask, &bound.proof("POST", "/par").sign()).await;
    let code = bound.portal.code(&brought("portal", &pushed)).await;
    bound.redeem(&code, &[&bound.proof("POST", "/token").sign()]).await.expect(StatusCode::OK);
}

/// RFC 9449, section 8.
#[tokio::test]
async fn a_client_that_is_to_use_nonces_is_handed_them() {
    let bound = Bound::open_with(|settings| {
        must_prove(settings);
        settings.dpop_nonces = true;
    })
    .await;
    let code = bound.portal.code(&bound.portal.ask).await;
    let without = bound.redeem(&code, &[&bound.proof("POST", "/token").sign()]).await;
    assert_refused(&without, "use_dpop_nonce", "no nonce");
    let nonce = json!(without.header("dpop-nonce"));
    bound.portal.provider.advance(Span::minutes(1));
    let with = bound.proof("POST", "/token").with("nonce", nonce.clone()).sign();
    let code = bound.portal.code(&bound.portal.ask).await;
    let page = bound.redeem(&code, &[&with]).await.expect(StatusCode::OK);
    assert!(!page.header("dpop-nonce").is_empty(), "the next one comes along");
    let token = page.json()["access_token"].as_str().unwrap().to_owned();
    let without = bound.proof("GET", "/userinfo").with_token(&token).sign();
    let page = bound.userinfo("DPoP", &token, &[&without]).await.expect(StatusCode::UNAUTHORIZED);
    assert!(page.header("www-authenticate").contains("error=\"use_dpop_nonce\""));
    let again = bound.proof("GET", "/userinfo").with_token(&token).with("nonce", nonce.clone());
    bound.userinfo("DPoP", &token, &[&again.sign()]).await.expect(StatusCode::OK);
    bound.portal.provider.advance(Span::minutes(9));
    let late = bound.proof("GET", "/userinfo").with_token(&token).with("nonce", nonce).sign();
    let page = bound.userinfo("DPoP", &token, &[&late]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "a nonce wears out");
}

/// RFC 9449, section 5.
#[tokio::test]
async fn the_refresh_tokens_of_a_public_client_go_with_its_key() {
    let bound = Bound::open_with(|settings| {
        settings.authentication = ClientAuthentication::None;
        settings.grant_types.push(GrantType::RefreshToken);
    })
    .await;
    let other = own_key(Algorithm::ES256);
    let call = async |fields: &[(&str, &str)], key: Option<&SigningKey>| {
        let proof = key.map(|key| Draft::of(&bound.portal.provider, key, "POST", "/token").sign());
        let headers: Vec<(&str, &str)> = proof.iter().map(|proof| ("dpop", proof.as_str())).collect();
        let fields = [&[("client_id", "portal")], fields].concat();
        bound.portal.provider.browser().call("/token", &fields, &headers).await
    };
    let code = bound.portal.code(&bound.portal.ask).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &bound.portal.ask.verifier),
    ];
    let tokens = call(&fields, Some(&bound.key)).await.expect(StatusCode::OK).json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_refused(&call(&fields, None).await, "invalid_grant", "no proof");
    assert_refused(&call(&fields, Some(&other)).await, "invalid_grant", "another key");
    let next = call(&fields, Some(&bound.key)).await.expect(StatusCode::OK).json();
    assert_eq!(next["token_type"], "DPoP");
}

/// RFC 8705, section 3.
#[tokio::test]
async fn a_token_is_bound_to_the_certificate_that_was_shown() {
    use super::certificate::Sample;
    use super::client_certificate::{PROXY, at_proxy, behind_proxy, registers};
    let provider = Provider::start_with(behind_proxy).await;
    let (own, other) =
        (Sample::new("Example", "portal.example", None), Sample::new("Example", "portal.example", None));
    provider
        .add_client("portal", |settings| {
            registers(&own)(settings);
            settings.grant_types.push(GrantType::ClientCredentials);
            settings.profile = crate::model::SecurityProfile::Oidc;
            settings.certificate_bound_access_tokens = true;
        })
        .await;
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut provider.browser(), &ask, "alex@school.example").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &ask.verifier),
        ("client_id", "portal"),
    ];
    let proxy: Browser = at_proxy(provider.router.clone(), PROXY);
    let (own, other) = (format!(":{}:", own.base64()), format!(":{}:", other.base64()));
    let page = proxy.call("/token", &fields, &[("client-cert", &own)]).await.expect(StatusCode::OK);
    assert_eq!(page.json()["token_type"], "Bearer");
    let token = format!("Bearer {}", page.json()["access_token"].as_str().unwrap());
    for (certificate, status) in [
        (Some(&own), StatusCode::OK),
        (Some(&other), StatusCode::UNAUTHORIZED),
        (None, StatusCode::UNAUTHORIZED),
    ] {
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(certificate.map(|certificate| ("client-cert", certificate.as_str())));
        let page = proxy.clone().send(Method::GET, "/userinfo", None, &headers).await;
        assert_eq!(page.status, status);
    }
    let found = provider.browser().open(crate::base::paths::OPENID_CONFIGURATION).await.json();
    assert_eq!(found["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(claims_of(page.json()["id_token"].as_str().unwrap())["aud"], "portal");
}

/// RFC 8705, section 4.
#[tokio::test]
async fn the_refresh_tokens_of_a_public_client_go_with_its_certificate() {
    use super::certificate::Sample;
    use super::client_certificate::{PROXY, at_proxy, behind_proxy};
    let provider = Provider::start_with(behind_proxy).await;
    provider
        .add_client("portal", |settings| {
            settings.authentication = ClientAuthentication::None;
            settings.grant_types.push(GrantType::RefreshToken);
            settings.certificate_bound_access_tokens = true;
        })
        .await;
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut provider.browser(), &ask, "alex@school.example").await;
    let [own, other] = ["one", "other"].map(|name| Sample::new("Example", name, None).base64());
    let proxy: Browser = at_proxy(provider.router.clone(), PROXY);
    let call = async |fields: &[(&str, &str)], certificate: &str| {
        let fields = [&[("client_id", "portal")], fields].concat();
        proxy.call("/token", &fields, &[("client-cert", &format!(":{certificate}:"))]).await
    };
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &ask.verifier),
    ];
    let tokens = call(&fields, &own).await.expect(StatusCode::OK).json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_refused(&call(&fields, &other).await, "invalid_grant", "another certificate");
    call(&fields, &own).await.expect(StatusCode::OK);
}
