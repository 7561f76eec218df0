//! The openidconnect crate as a relying party, handed the in-process router instead of a network.

use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt as _;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _,
};
use tower::ServiceExt as _;

use super::support::{Ask, ISSUER, Provider, REDIRECT};
use crate::base::{Clock as _, SystemClock};
use crate::model::{Algorithm, ClientAuthentication};

struct InProcess(Router);

impl<'c> AsyncHttpClient<'c> for InProcess {
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let response =
                self.0.clone().oneshot(http::Request::from_parts(parts, Body::from(body))).await.unwrap();
            let (parts, body) = response.into_parts();
            Ok(http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes().to_vec()))
        })
    }
}

async fn walk(algorithm: Algorithm, authentication: ClientAuthentication) {
    let provider = Provider::start().await;
    // The crate judges times by the real clock.
    provider.advance(SystemClock::default().now().since(super::support::NOON));
    let secret = provider
        .add_client("portal", |settings| {
            settings.id_token_algorithm = algorithm;
            settings.authentication = authentication;
        })
        .await;
    let http = InProcess(provider.router.clone());
    let issuer = IssuerUrl::new(ISSUER.to_owned()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new("portal".to_owned()),
        secret.map(ClientSecret::new),
    )
    .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let params = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let ask = Ask { params, verifier: String::new() };
    let mut alex = provider.browser();
    let welcome = provider.log_in(&mut alex, &ask, "alex@school.example").await;
    let flow = welcome.url.split("flow=").nth(1).unwrap().to_owned();
    let back = alex.open(&format!("/flow/{flow}/continue")).await;
    assert_eq!(back.location_param("state").as_deref(), Some(state.secret().as_str()));
    let code = AuthorizationCode::new(back.location_param("code").unwrap());
    let tokens =
        client.exchange_code(code).unwrap().set_pkce_verifier(verifier).request_async(&http).await.unwrap();
    let signed = match algorithm {
        Algorithm::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        Algorithm::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        Algorithm::PS256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        Algorithm::EdDSA => CoreJwsSigningAlgorithm::EdDsa,
    };
    let checks = client.id_token_verifier().set_allowed_algs([signed]);
    let id_token = tokens.id_token().unwrap();
    let claims = id_token.claims(&checks, &nonce).unwrap();
    let hash = openidconnect::AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg().unwrap(),
        id_token.signing_key(&checks).unwrap(),
    );
    assert_eq!(claims.access_token_hash(), Some(&hash.unwrap()));
    let subject = claims.subject().clone();
    let request = client.user_info(tokens.access_token().to_owned(), Some(subject)).unwrap();
    let told: CoreUserInfoClaims = request.request_async(&http).await.unwrap();
    assert_eq!(told.name().unwrap().get(None).unwrap().as_str(), "Alex Example");
}

#[tokio::test]
async fn a_confidential_client_logs_somebody_in() {
    walk(Algorithm::RS256, ClientAuthentication::ClientSecretBasic).await;
}

#[tokio::test]
async fn a_public_client_logs_somebody_in() {
    walk(Algorithm::RS256, ClientAuthentication::None).await;
}

#[tokio::test]
async fn es256_ps256_and_eddsa_are_verified_as_well() {
    for algorithm in [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA] {
        walk(algorithm, ClientAuthentication::ClientSecretBasic).await;
    }
}
