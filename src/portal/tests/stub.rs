//! A provider in miniature that does as it is told, wrong things included.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::{AccessToken, AccessTokenHash, JsonWebKeyId, PrivateSigningKey as _};
use serde_json::{Value, json};

use crate::base::{Clock as _, SystemClock, base64url};

const ACCESS_TOKEN: &str = "an-access-token";

/// What the stub says when it is asked.
pub(super) struct Plan {
    issuer: String,
    /// The claims of the ID token.
    pub(super) claims: Value,
    /// The claims of UserInfo.
    pub(super) user_info: Value,
    /// Chooses the signing key.
    pub(super) seed: u8,
    pub(super) has_logout: bool,
    /// The form of the last code exchange.
    pub(super) exchange: String,
}

/// A running stub; it ends with the test.
#[derive(Clone)]
pub(super) struct Stub(Arc<Mutex<Plan>>);

impl Stub {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let now = SystemClock::default().now().seconds();
        let claims = json!({
            "iss": issuer, "aud": "portal", "sub": "sub-1", "iat": now, "exp": now + 300,
            "auth_time": 1_795_362_120, "acr": "code", "amr": ["pwd", "otp"], "sid": "ses-1",
        });
        let user_info = json!({
            "sub": "sub-1", "name": "Alex Example", "email": "alex@school.example", "organisation": "A <School>",
        });
        let plan = Plan { issuer, claims, user_info, seed: 1, has_logout: true, exchange: String::new() };
        let stub = Self(Arc::new(Mutex::new(plan)));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/userinfo", get(user_info_endpoint))
            .with_state(stub.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        stub
    }

    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap()
    }

    pub(super) fn issuer(&self) -> String {
        self.plan().issuer.clone()
    }
}

impl Plan {
    /// An Ed25519 key in PKCS #8 (RFC 8410, section 7), from one repeated byte.
    fn key(&self) -> CoreEdDsaPrivateSigningKey {
        let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let der = STANDARD.encode([prefix.as_slice(), &[self.seed; 32]].concat());
        let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
        let kid = JsonWebKeyId::new(format!("key-{}", self.seed));
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(&format!("{begin}\n{der}\n{end}\n"), Some(kid)).unwrap()
    }

    fn id_token(&self) -> String {
        let mut claims = self.claims.clone();
        if claims.get("at_hash").is_none() {
            let token = AccessToken::new(ACCESS_TOKEN.to_owned());
            let verification = self.key().as_verification_key();
            let hash = AccessTokenHash::from_token(&token, &CoreJwsSigningAlgorithm::EdDsa, &verification);
            claims["at_hash"] = json!(hash.unwrap().as_str());
        }
        self.sign("JWT", &claims)
    }

    /// A token of this kind, signed.
    pub(super) fn sign(&self, typ: &str, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "kid": format!("key-{}", self.seed), "typ": typ });
        let message = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature = self.key().sign(&CoreJwsSigningAlgorithm::EdDsa, message.as_bytes()).unwrap();
        format!("{message}.{}", base64url(signature))
    }
}

fn json_response(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn metadata(State(stub): State<Stub>) -> Response {
    let (issuer, has_logout) = (stub.issuer(), stub.plan().has_logout);
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "authorization_response_iss_parameter_supported": true,
    });
    if has_logout {
        metadata["end_session_endpoint"] = json!(format!("{issuer}/logout"));
    }
    json_response(&metadata)
}

async fn jwks(State(stub): State<Stub>) -> Response {
    let key = serde_json::to_value(stub.plan().key().as_verification_key()).unwrap();
    json_response(&json!({ "keys": [key] }))
}

async fn token(State(stub): State<Stub>, form: String) -> Response {
    let mut plan = stub.plan();
    plan.exchange = form;
    json_response(&json!({
        "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 300, "id_token": plan.id_token(),
    }))
}

async fn user_info_endpoint(State(stub): State<Stub>) -> Response {
    json_response(&stub.plan().user_info)
}
