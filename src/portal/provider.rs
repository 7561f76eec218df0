//! The provider as this relying party knows it: discovery, the authorization request, the code exchange.
//!
//! OpenID Connect Core 1.0, section 3.1, with PKCE (RFC 7636) and the issuer in the answer (RFC 9207).

use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AdditionalProviderMetadata, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, EmptyExtraTokenFields, EndSessionUrl,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields, IdTokenVerifier, IssuerUrl,
    LogoutProviderMetadata, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, ProviderMetadata,
    RedirectUrl, Scope, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
    SubjectIdentifier, TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

use super::Settings;
use super::account::{self, Account};
use super::fetch::Fetch;
use super::problem::Problem;
use super::visits::Attempt;
use crate::base::Fault;

/// Every claim that the standard does not name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct OtherClaims {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

/// What RFC 9207, section 3 adds to the provider's metadata.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct IssuerInAnswer {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for IssuerInAnswer {}

/// `ProviderMetadataWithLogout` with RFC 9207 beside it.
type Metadata = ProviderMetadata<
    LogoutProviderMetadata<IssuerInAnswer>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(super) type IdToken = openidconnect::IdToken<
    OtherClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Tokens = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// The crate's client as discovery leaves it: an authorization endpoint for certain, a token and a UserInfo
/// endpoint perhaps.
type RelyingParty = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The parameters of an answer of the authorization endpoint (RFC 6749, sections 4.1.2 and 4.1.2.1).
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) state: String,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

/// What discovery found out.
struct Known {
    client: RelyingParty,
    end_session: Option<EndSessionUrl>,
    names_itself: bool,
}

impl Known {
    /// For logout tokens, whose type is another than an ID token's: what they are, the event in them says.
    fn logout_verifier(&self) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        self.client.id_token_verifier().allow_all_jose_types()
    }
}

/// The provider, looked up when it is first needed and again when it signs with a key that is not known.
pub(super) struct Provider {
    issuer: String,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect: RedirectUrl,
    fetch: Fetch,
    known: Mutex<Option<Arc<Known>>>,
}

impl Provider {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            client_id: ClientId::new(settings.client_id.to_string()),
            client_secret: ClientSecret::new(settings.client_secret.clone()),
            redirect: RedirectUrl::from_url(settings.address("/callback")),
            fetch: Fetch::new(),
            known: Mutex::new(None),
        }
    }

    /// Where to send a browser to log in.
    pub(super) async fn authorization(&self, attempt: &Attempt) -> Result<Url, Problem> {
        let known = self.known().await?;
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (url, _, _) = known
            .client
            .authorize_url(flow, || state, || nonce)
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&attempt.verifier))
            .url();
        Ok(url)
    }

    /// Turns an answer to `attempt` into a person.
    pub(super) async fn redeem(&self, answer: Answer, attempt: Attempt) -> Result<Account, Problem> {
        let known = self.known().await?;
        let code = self.code(answer, known.names_itself)?;
        let Attempt { nonce, verifier, .. } = attempt;
        let tokens = known
            .client
            .exchange_code(code)
            .map_err(|error| untrusted("find the token endpoint", error))?
            .set_pkce_verifier(verifier)
            .request_async(&self.fetch)
            .await
            .map_err(|error| untrusted("exchange the code", error))?;
        let (known, claims) = self.verify(known, &tokens, &nonce).await?;
        let user_info = self.user_info(&known, &tokens, claims.subject().clone()).await?;
        let id_token = tokens.id_token().cloned().ok_or_else(no_id_token)?;
        let claims = account::gather(entries(&claims)?, user_info);
        Ok(Account { id_token, end_session: known.end_session.clone(), claims })
    }

    /// The code in an answer, once the answer is known to come from our provider.
    fn code(&self, answer: Answer, names_itself: bool) -> Result<AuthorizationCode, Problem> {
        // RFC 9207, section 2.4: an issuer that differs is refused, errors included, and so is a missing one
        // where the provider says that it sends it.
        let ours = answer.iss.as_ref().map_or(!names_itself, |iss| *iss == self.issuer);
        if !ours {
            return Err(Problem::Untrusted(Fault::new("the answer came from another issuer")));
        }
        match (answer.error, answer.code) {
            (Some(code), _) if code == "access_denied" => Err(Problem::Cancelled),
            (Some(code), _) => Err(Problem::Declined { code, description: answer.error_description }),
            (None, Some(code)) => Ok(AuthorizationCode::new(code)),
            (None, None) => Err(Problem::Stale),
        }
    }

    /// The claims of the ID token, verified; looks the provider's keys up anew where it signed with another.
    async fn verify(
        &self,
        known: Arc<Known>,
        tokens: &Tokens,
        nonce: &Nonce,
    ) -> Result<(Arc<Known>, IdTokenClaims<OtherClaims, CoreGenderClaim>), Problem> {
        use ClaimsVerificationError::SignatureVerification;
        let id_token = tokens.id_token().ok_or_else(no_id_token)?;
        let (known, claims) = match id_token.claims(&known.client.id_token_verifier(), nonce) {
            Err(SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let known = self.discover().await?;
                let claims = id_token.claims(&known.client.id_token_verifier(), nonce).cloned();
                (known, claims)
            }
            claims => (known.clone(), claims.cloned()),
        };
        let claims = claims.map_err(|error| untrusted("verify the ID token", error))?;
        check_access_token(&known, tokens, id_token, &claims)?;
        Ok((known, claims))
    }

    /// The session that a logout token says has ended, once it is known to be our provider's (OpenID Connect
    /// Back-Channel Logout 1.0, section 2.6).
    pub(super) async fn ended_session(&self, token: &str) -> Result<String, Problem> {
        const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
        let token: IdToken = token.parse().map_err(|error| untrusted("read the logout token", error))?;
        let without_nonce = |nonce: Option<&Nonce>| match nonce {
            None => Ok(()),
            Some(_) => Err("an ID token was sent in its place".to_owned()),
        };
        let known = self.known().await?;
        let claims = match token.claims(&known.logout_verifier(), without_nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let known = self.discover().await?;
                token.claims(&known.logout_verifier(), without_nonce).cloned()
            }
            claims => claims.cloned(),
        };
        let claims = claims.map_err(|error| untrusted("verify the logout token", error))?;
        let others = &claims.additional_claims().claims;
        let is_logout =
            others.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object);
        match others.get("sid").and_then(Value::as_str).filter(|_| is_logout) {
            Some(session) => Ok(session.to_owned()),
            None => Err(Problem::Untrusted(Fault::new("the logout token names no session that has ended"))),
        }
    }

    /// What UserInfo says about `subject`, and nobody else (OpenID Connect Core 1.0, section 5.3.2).
    async fn user_info(
        &self,
        known: &Known,
        tokens: &Tokens,
        subject: SubjectIdentifier,
    ) -> Result<Map<String, Value>, Problem> {
        // A provider need not have one.
        let Ok(request) = known.client.user_info(tokens.access_token().clone(), Some(subject)) else {
            return Ok(Map::new());
        };
        let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> =
            request.request_async(&self.fetch).await.map_err(|error| untrusted("read UserInfo", error))?;
        entries(&claims)
    }

    async fn known(&self) -> Result<Arc<Known>, Problem> {
        let known = self.known.lock().await.clone();
        match known {
            Some(known) => Ok(known),
            None => self.discover().await,
        }
    }

    /// Reads the provider's metadata and keys, and remembers them (OpenID Connect Discovery 1.0, section 4).
    async fn discover(&self) -> Result<Arc<Known>, Problem> {
        let issuer = IssuerUrl::new(self.issuer.clone())
            .map_err(|error| Problem::Unreachable(Fault::caused("read the issuer", error)))?;
        let metadata = Metadata::discover_async(issuer, &self.fetch)
            .await
            .map_err(|error| Problem::Unreachable(Fault::caused("discover the provider", error)))?;
        let extra = metadata.additional_metadata();
        let end_session = extra.end_session_endpoint.clone();
        let names_itself = extra.additional_metadata.authorization_response_iss_parameter_supported;
        let secret = Some(self.client_secret.clone());
        let client = RelyingParty::from_provider_metadata(metadata, self.client_id.clone(), secret)
            .set_redirect_uri(self.redirect.clone());
        let known = Arc::new(Known { client, end_session, names_itself });
        *self.known.lock().await = Some(known.clone());
        Ok(known)
    }
}

/// Refuses an access token that the ID token was not issued with (OpenID Connect Core 1.0, section 3.1.3.8).
fn check_access_token(
    known: &Known,
    tokens: &Tokens,
    id_token: &IdToken,
    claims: &IdTokenClaims<OtherClaims, CoreGenderClaim>,
) -> Result<(), Problem> {
    let Some(expected) = claims.access_token_hash() else { return Ok(()) };
    let doing = "verify the access token";
    let verifier = known.client.id_token_verifier();
    let algorithm = id_token.signing_alg().map_err(|error| untrusted(doing, error))?;
    let key = id_token.signing_key(&verifier).map_err(|error| untrusted(doing, error))?;
    let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
        .map_err(|error| untrusted(doing, error))?;
    if actual == *expected {
        Ok(())
    } else {
        Err(Problem::Untrusted(Fault::new("the ID token was issued with another access token")))
    }
}

/// Verified claims by name.
fn entries(claims: &impl Serialize) -> Result<Map<String, Value>, Problem> {
    match serde_json::to_value(claims).map_err(|error| untrusted("list the claims", error))? {
        Value::Object(entries) => Ok(entries),
        _ => Err(Problem::Untrusted(Fault::new("the claims are not an object"))),
    }
}

fn no_id_token() -> Problem {
    Problem::Untrusted(Fault::new("the provider sent no ID token"))
}

fn untrusted(doing: &str, error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    Problem::Untrusted(Fault::caused(doing, error))
}
