//! Signing keys as relying parties meet them, and tokens that others made up (OpenID Connect Core 1.0, section
//! 10; RFC 8725).

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{StatusCode, header};
use josekit::jwk::Jwk;
use josekit::jws::{ES256, EdDSA, JwsVerifier, PS256, RS256};
use serde_json::{Value, json};
use sha2::Sha256;

use super::support::{Ask, Browser, ISSUER, Portal, Provider, REDIRECT, basic, claims_of, header_of};
use crate::admin::keys::published;
use crate::app::{Surroundings, open_kit};
use crate::base::{Kid, Span, base64url, base64url_decode};
use crate::hash::Cost;
use crate::jose::TokenType;
use crate::keys::{self, Start};
use crate::model::{Actor, Algorithm};

async fn jwks(provider: &Provider) -> Vec<Value> {
    let page = provider.browser().open("/jwks").await.expect(StatusCode::OK);
    page.json()["keys"].as_array().unwrap().clone()
}

async fn kids(provider: &Provider, algorithm: Algorithm) -> Vec<String> {
    let of = |key: &Value| key["alg"] == algorithm.name();
    jwks(provider).await.iter().filter(|key| of(key)).map(|key| key["kid"].as_str().unwrap().into()).collect()
}

/// The claims of a token, where the published key that it names verifies it, as a relying party would.
pub(super) async fn verified(provider: &Provider, token: &str) -> Option<Value> {
    let kid = header_of(token)["kid"].clone();
    let key = jwks(provider).await.into_iter().find(|key| key["kid"] == kid)?;
    let algorithm = key["alg"].as_str().unwrap().to_owned();
    let jwk = Jwk::from_bytes(key.to_string()).unwrap();
    let verifier: Box<dyn JwsVerifier> = match algorithm.as_str() {
        "RS256" => Box::new(RS256.verifier_from_jwk(&jwk).unwrap()),
        "PS256" => Box::new(PS256.verifier_from_jwk(&jwk).unwrap()),
        "ES256" => Box::new(ES256.verifier_from_jwk(&jwk).unwrap()),
        _ => Box::new(EdDSA.verifier_from_jwk(&jwk).unwrap()),
    };
    let (message, signature) = token.rsplit_once('.')?;
    verifier.verify(message.as_bytes(), &base64url_decode(signature)?).ok()?;
    Some(claims_of(token))
}

#[tokio::test]
async fn every_published_key_has_a_name_a_use_and_nothing_private() {
    let provider = Provider::start().await;
    for algorithm in Algorithm::ALL {
        keys::ensure_for(provider.kit(), algorithm).await.unwrap();
    }
    let keys = jwks(&provider).await;
    let serve = |end: &str| keys.iter().filter(|key| key["use"] == end).count();
    assert_eq!((keys.len(), serve("sig"), serve("enc")), (5, 4, 1), "one is for what clients encrypt for us");
    let mut names: Vec<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), keys.len());
    for key in &keys {
        let mut members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        members.retain(|name| !["kid", "use", "alg", "kty"].contains(name));
        let public: &[&str] = match key["kty"].as_str().unwrap() {
            "RSA" => &["e", "n"],
            "EC" => &["crv", "x", "y"],
            _ => &["crv", "x"],
        };
        assert_eq!(members, public, "{key}");
        for name in public {
            assert!(!key[name].as_str().unwrap().contains(['=', '+', '/']), "{key}");
        }
    }
}

#[tokio::test]
async fn the_keys_are_kept_for_an_hour_and_not_sent_again() {
    let provider = Provider::start().await;
    let page = provider.browser().open("/jwks").await.expect(StatusCode::OK);
    assert_eq!(page.header(header::CACHE_CONTROL), "public, max-age=3600");
    let etag = page.header(header::ETAG).to_owned();
    let mut knowing = provider.browser();
    knowing.extra.push(("if-none-match", etag.clone()));
    let unchanged = knowing.open("/jwks").await.expect(StatusCode::NOT_MODIFIED);
    assert_eq!(unchanged.body, "");
    assert_eq!(unchanged.header(header::ETAG), etag);
    keys::rotate(provider.kit(), &Actor::Operator, Algorithm::ES256, Start::Announced).await.unwrap();
    knowing.open("/jwks").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn row_72_a_new_key_is_announced_before_it_signs_and_the_old_one_stays_until_nothing_of_it_lives() {
    let portal = Portal::open_with(|settings| settings.id_token_algorithm = Algorithm::ES256).await;
    let provider = &portal.provider;
    let kit = provider.kit();
    let signed_by = async || {
        let mut alex = provider.browser();
        let code = provider.code_for(&mut alex, &portal.ask, "alex@school.example").await;
        let tokens = portal.redeem(&code).await.expect(StatusCode::OK).json();
        let token = tokens["id_token"].as_str().unwrap().to_owned();
        assert!(verified(provider, &token).await.is_some());
        header_of(&token)["kid"].as_str().unwrap().to_owned()
    };
    let old = kids(provider, Algorithm::ES256).await.remove(0);
    provider.advance(kit.config.keys.rotate_after);
    keys::tend(kit).await.unwrap();
    let both = kids(provider, Algorithm::ES256).await;
    assert_eq!(both.len(), 2);
    let new = both.iter().find(|kid| **kid != old).unwrap().clone();
    provider.advance(Span::seconds(24 * 3600 - 1));
    assert_eq!(signed_by().await, old);
    provider.advance(Span::seconds(1));
    assert_eq!(signed_by().await, new);
    let longest = kit.config.tokens.id.max(kit.config.tokens.access);
    provider.advance(longest);
    provider.advance(Span::seconds(24 * 3600 - 1));
    keys::tend(kit).await.unwrap();
    assert_eq!(kids(provider, Algorithm::ES256).await.len(), 2);
    provider.advance(Span::seconds(2));
    keys::tend(kit).await.unwrap();
    assert_eq!(kids(provider, Algorithm::ES256).await, [new]);
}

#[tokio::test]
async fn a_key_that_was_replaced_before_it_was_used_never_signs() {
    let provider = Provider::start().await;
    let kit = provider.kit();
    let announced = keys::rotate(kit, &Actor::Operator, Algorithm::ES256, Start::Announced).await.unwrap();
    let urgent = keys::rotate(kit, &Actor::Operator, Algorithm::ES256, Start::Now).await.unwrap();
    assert_ne!(announced, urgent);
    for _ in 0..3 {
        let signer = kit.signing.current().signer(Algorithm::ES256, kit.now()).unwrap().kid.clone();
        assert_eq!(signer, urgent);
        provider.advance(kit.config.keys.announce);
    }
}

#[tokio::test]
async fn nor_does_it_while_the_next_one_is_announced() {
    let provider = Provider::start().await;
    let kit = provider.kit();
    let announced = keys::rotate(kit, &Actor::Operator, Algorithm::ES256, Start::Announced).await.unwrap();
    let urgent = keys::rotate(kit, &Actor::Operator, Algorithm::ES256, Start::Now).await.unwrap();
    provider.advance(Span::hours(1));
    let next = keys::rotate(kit, &Actor::Operator, Algorithm::ES256, Start::Announced).await.unwrap();
    let state = |wanted: &Kid| {
        let listed = published(kit).into_iter().find(|key| key.kid == *wanted);
        listed.map(|key| key.state.shown())
    };
    assert_eq!(state(&announced), Some("Replaced before use"));
    assert_eq!((state(&urgent), state(&next)), (Some("Signing"), Some("Ready")));
    let signer = || kit.signing.current().signer(Algorithm::ES256, kit.now()).unwrap().kid.clone();
    provider.advance(Span::hours(23));
    provider.advance(Span::seconds(1));
    assert_eq!(signer(), urgent, "although the time of the first has come");
    provider.advance(Span::hours(1));
    assert_eq!(signer(), next);
}

#[tokio::test]
async fn nodes_share_their_keys() {
    let provider = Provider::start().await;
    let there = super::support::Browser::at(provider.second_node().await);
    let here = provider.browser().open("/jwks").await;
    assert_eq!(there.clone().open("/jwks").await.body, here.body);
}

#[tokio::test]
async fn another_master_key_is_refused_with_what_to_do() {
    let provider = Provider::start().await;
    let mut config = provider.kit().config.clone();
    config.keys.master_key_file = provider.database.path().join("other").join("master.key");
    let random = std::sync::Arc::new(crate::base::SeededRandom::new(3));
    let surroundings = || Surroundings {
        clock: provider.clock.clone(),
        random: random.clone(),
        cost: Cost { memory: 64, passes: 1, lanes: 1 },
    };
    let lost = open_kit(config.clone(), surroundings()).await.err().expect("no key is there");
    assert!(lost.to_string().contains("is not there"), "{lost}");
    assert!(!config.keys.master_key_file.exists(), "and none is made");
    crate::keyfile::read_or_make(&config.keys.master_key_file, &*random).unwrap();
    let fault = open_kit(config, surroundings()).await.err().expect("the key is another");
    assert!(fault.to_string().contains("put back the right key file"), "{fault}");
    assert!(fault.to_string().contains("keys.master_key_file"), "{fault}");
}

/// Signs with HMAC-SHA-256, as who mistakes a public key for a secret would verify.
fn hs256(header: &Value, claims: &str, key: &[u8]) -> String {
    let message = format!("{}.{claims}", base64url(header.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", base64url(mac.finalize().into_bytes()))
}

/// Made-up tokens with the claims of a good one.
async fn forgeries(provider: &Provider, good: &str) -> Vec<String> {
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (header_of(good), parts[1], parts[2]);
    let kid = header["kid"].as_str().unwrap().to_owned();
    let key = jwks(provider).await.into_iter().find(|key| key["kid"] == kid).unwrap();
    let mut forged = Vec::new();
    // Row 64.
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = base64url(json!({ "alg": none, "kid": kid }).to_string());
        forged.push(format!("{header}.{claims}."));
        forged.push(format!("{header}.{claims}.{signature}"));
    }
    forged.push(format!("{}.{claims}.", parts[0]));
    forged.push(format!("{}.{claims}", parts[0]));
    // Row 65.
    let jwk = Jwk::from_bytes(key.to_string()).unwrap();
    let pair = josekit::jwk::alg::rsa::RsaKeyPair::from_jwk(&jwk);
    let mut secrets =
        vec![key.to_string().into_bytes(), base64url_decode(key["n"].as_str().unwrap()).unwrap(), Vec::new()];
    if let Ok(pair) = pair {
        secrets.extend([pair.to_pem_public_key(), pair.to_der_public_key()]);
    }
    secrets.retain(|secret| !secret.is_empty());
    let confused = json!({ "alg": "HS256", "kid": kid, "typ": "JWT" });
    forged.extend(secrets.iter().map(|secret| hs256(&confused, claims, secret)));
    // Row 66.
    let long = "k".repeat(20_000);
    for odd in ["../../etc/passwd", "' OR 1=1 --", "a\r\nb", "", "/dev/null", "http://evil.example", &long] {
        let header = base64url(json!({ "alg": "RS256", "kid": odd }).to_string());
        forged.push(format!("{header}.{claims}.{signature}"));
    }
    // Row 67.
    let own = josekit::jwk::Jwk::generate_rsa_key(2048).unwrap();
    let signer = RS256.signer_from_jwk(&own).unwrap();
    let public: Value = serde_json::from_str(&own.to_public_key().unwrap().to_string()).unwrap();
    for (name, value) in [
        ("jwk", public),
        ("jku", json!("http://127.0.0.1:1/jwks")),
        ("x5u", json!("http://127.0.0.1:1/x5u")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
    ] {
        let header = base64url(json!({ "alg": "RS256", "kid": kid, name: value }).to_string());
        let message = format!("{header}.{claims}");
        let signature = josekit::jws::JwsSigner::sign(&signer, message.as_bytes()).unwrap();
        forged.push(format!("{message}.{}", base64url(signature)));
    }
    // Another person's name under the same signature.
    let other = base64url(claims_of(good).to_string().replace("portal", "portam"));
    forged.push(format!("{}.{other}.{signature}", parts[0]));
    forged
}

#[tokio::test]
async fn rows_64_to_67_a_token_that_we_did_not_sign_is_no_hint() {
    let portal = Portal::open().await;
    let tokens = portal.tokens(&portal.ask).await;
    let good = tokens["id_token"].as_str().unwrap();
    let silently = portal.ask.clone().with("prompt", "none");
    let hinted = portal.answer(&silently.clone().with("id_token_hint", good)).await;
    assert!(hinted.location_param("code").is_some(), "{}", hinted.location());
    for forged in forgeries(&portal.provider, good).await {
        assert!(
            portal.provider.kit().signing.current().verify(TokenType::Id, &forged).is_none(),
            "{forged:.200}"
        );
        if forged.len() > 7_000 {
            continue;
        }
        let back = portal.answer(&silently.clone().with("id_token_hint", &forged)).await;
        assert_eq!(back.location_param("error").as_deref(), Some("invalid_request"), "{forged:.200}");
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("id_token_hint", &forged)
            .append_pair("post_logout_redirect_uri", "https://portal.example/")
            .finish();
        let asked = portal.alex.clone().open(&format!("/logout?{query}")).await;
        assert!(asked.expect(StatusCode::OK).text().contains("Log out"), "{forged:.200}");
    }
    portal.code(&portal.ask).await;
}

#[tokio::test]
async fn row_59_a_token_of_one_kind_opens_nothing_else() {
    let portal = Portal::open().await;
    let tokens = portal.tokens(&portal.ask).await;
    let (access, id) = (tokens["access_token"].as_str().unwrap(), tokens["id_token"].as_str().unwrap());
    let code = portal.code(&portal.ask).await;
    portal.userinfo(access).await.expect(StatusCode::OK);
    for wrong in [id, &code, &portal.secret, "gh_at_", ISSUER] {
        portal.userinfo(wrong).await.expect(StatusCode::UNAUTHORIZED);
    }
    for wrong in [id, access, &portal.secret] {
        portal.redeem(wrong).await.expect(StatusCode::BAD_REQUEST);
    }
    for wrong in [access, &code] {
        let back = portal.answer(&portal.ask.clone().with("id_token_hint", wrong)).await;
        assert_eq!(back.location_param("error").as_deref(), Some("invalid_request"));
    }
    portal.redeem(&code).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_key_that_another_node_made_for_a_new_service_signs_at_once() {
    let provider = Provider::start().await;
    let other = provider.second_node().await;
    let secret = provider.add_client("portal", |s| s.id_token_algorithm = Algorithm::EdDSA).await.unwrap();
    let mut alex = Browser::at(other.clone());
    let ask = Ask::of("portal");
    let code = provider.code_for(&mut alex, &ask, "alex@school.example").await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &ask.verifier),
    ];
    let header = basic("portal", &secret);
    let told = Browser::at(other).call("/token", &fields, &[("authorization", &header)]).await;
    let token = told.expect(StatusCode::OK).json()["id_token"].as_str().unwrap().to_owned();
    assert_eq!(header_of(&token)["alg"], "EdDSA");
    verified(&provider, &token).await.unwrap();
}
