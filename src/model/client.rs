//! A relying party, as it was registered.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{ClientId, Digest, Timestamp, kinds};
use crate::model::{Algorithm, ContentEncryption, Encryption, GrantType, KeyManagement, ResponseType};

/// A relying party (OpenID Connect Core 1.0, section 1.2).
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    /// The service's name, which people see on the pages and in the emails.
    pub(crate) name: String,
    pub(crate) settings: ClientSettings,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) disabled_at: Option<Timestamp>,
}

impl Client {
    pub(crate) fn is_active(&self) -> bool {
        self.disabled_at.is_none()
    }

    /// Whether the client can keep a secret (RFC 6749, section 2.1).
    pub(crate) fn is_confidential(&self) -> bool {
        self.settings.authentication != ClientAuthentication::None
    }
}

/// What was registered for a client, under the names of OpenID Connect Dynamic Client Registration 1.0,
/// section 2, where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClientSettings {
    pub(crate) application_type: ApplicationType,
    #[serde(rename = "token_endpoint_auth_method")]
    pub(crate) authentication: ClientAuthentication,
    /// The algorithm of its assertions; `None` for every one that its profile allows.
    #[serde(rename = "token_endpoint_auth_signing_alg")]
    pub(crate) assertion_algorithm: Option<Algorithm>,
    /// Its public keys, as a JWK set (RFC 7517, section 5); or else the address where it publishes them.
    pub(crate) jwks: Option<Value>,
    pub(crate) jwks_uri: Option<String>,
    /// The subject of its certificate as text (RFC 4514), or else the host that it is for (RFC 8705, section 2.1.2).
    #[serde(rename = "tls_client_auth_subject_dn")]
    pub(crate) tls_subject: Option<String>,
    #[serde(rename = "tls_client_auth_san_dns")]
    pub(crate) tls_host: Option<String>,
    /// Which rules it agreed to.
    pub(crate) profile: SecurityProfile,
    /// Compared byte for byte; only a native client's loopback address may vary in its port.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    /// Where it wants to hear that a session has ended (OpenID Connect Back-Channel Logout 1.0, section 2.2).
    pub(crate) backchannel_logout_uri: Option<String>,
    /// What a browser calls when a session has ended (OpenID Connect Front-Channel Logout 1.0, section 2).
    pub(crate) frontchannel_logout_uri: Option<String>,
    /// The scope values it may ask for, its own among them; `None` for every standard one.
    pub(crate) scopes: Option<Vec<String>>,
    #[serde(rename = "id_token_signed_response_alg")]
    pub(crate) id_token_algorithm: Algorithm,
    /// Whether requests without a code challenge are refused. Always so for public clients.
    pub(crate) require_pkce: bool,
    /// What it may exchange for tokens.
    pub(crate) grant_types: Vec<GrantType>,
    /// Whether it may ask about access tokens that others were given: for services that accept them.
    pub(crate) introspects: bool,
    /// What it may ask the authorization endpoint for.
    pub(crate) response_types: Vec<ResponseType>,
    /// Whether it must push its requests (RFC 9126, section 6). Always so with FAPI 2.0.
    #[serde(rename = "require_pushed_authorization_requests")]
    pub(crate) require_pushed_requests: bool,
    /// Whether it must sign its requests (RFC 9101, section 10.5).
    #[serde(rename = "require_signed_request_object")]
    pub(crate) require_signed_requests: bool,
    /// The algorithm of its signed requests; `None` for every one that its profile allows.
    #[serde(rename = "request_object_signing_alg")]
    pub(crate) request_algorithm: Option<Algorithm>,
    /// Whether its access tokens must be bound to a key that it signs proofs with (RFC 9449, section 5.2).
    pub(crate) dpop_bound_access_tokens: bool,
    /// Whether each proof must hold a nonce of ours (RFC 9449, section 8).
    pub(crate) dpop_nonces: bool,
    /// Whether its access tokens must be bound to the certificate that it shows (RFC 8705, section 3.4).
    #[serde(rename = "tls_client_certificate_bound_access_tokens")]
    pub(crate) certificate_bound_access_tokens: bool,
    pub(crate) access_token_format: AccessTokenFormat,
    /// Minutes that its access tokens work; `None` for the provider's setting.
    pub(crate) access_token_minutes: Option<u32>,
    /// Its own address as a service that accepts access tokens (RFC 8707).
    pub(crate) resource: Option<String>,
    /// The addresses of the services that it may have access tokens for.
    pub(crate) resources: Vec<String>,
    pub(crate) subject_type: SubjectType,
    /// Where the redirect addresses are listed of all services that know a person by the same subject (OpenID Connect
    /// Core 1.0, section 8.1).
    pub(crate) sector_identifier_uri: Option<String>,
    /// The algorithm of signed UserInfo answers; `None` where they are plain JSON.
    #[serde(rename = "userinfo_signed_response_alg")]
    pub(crate) userinfo_algorithm: Option<Algorithm>,
    /// The algorithm of signed introspection answers (RFC 9701, section 6); `None` for that of its ID tokens.
    #[serde(rename = "introspection_signed_response_alg")]
    pub(crate) introspection_algorithm: Option<Algorithm>,
    /// How its ID tokens are encrypted; `None` where they are only signed.
    #[serde(rename = "id_token_encrypted_response_alg")]
    pub(crate) id_token_key_management: Option<KeyManagement>,
    #[serde(rename = "id_token_encrypted_response_enc")]
    pub(crate) id_token_content_encryption: Option<ContentEncryption>,
    /// How UserInfo answers are encrypted; `None` where they are not.
    #[serde(rename = "userinfo_encrypted_response_alg")]
    pub(crate) userinfo_key_management: Option<KeyManagement>,
    #[serde(rename = "userinfo_encrypted_response_enc")]
    pub(crate) userinfo_content_encryption: Option<ContentEncryption>,
    /// Addresses at which it keeps signed requests. Compared byte for byte.
    pub(crate) request_uris: Vec<String>,
    /// The algorithm of signed answers (JARM, section 3); `None` for that of its ID tokens.
    #[serde(rename = "authorization_signed_response_alg")]
    pub(crate) response_algorithm: Option<Algorithm>,
    /// Seconds; used where a request has no `max_age`.
    pub(crate) default_max_age: Option<u32>,
    /// What it would have `acr` say where a request has no `acr_values`. There is one way of logging in, which every ID
    /// token names.
    pub(crate) default_acr_values: Vec<String>,
    /// The service's home page.
    #[serde(rename = "client_uri")]
    pub(crate) home_page: Option<String>,
    /// Where a log-in can be started from our side (OpenID Connect Core 1.0, section 4).
    pub(crate) initiate_login_uri: Option<String>,
    pub(crate) policy_uri: Option<String>,
    pub(crate) tos_uri: Option<String>,
    /// Shown on the log-in page. The browser fetches it from there.
    pub(crate) logo_uri: Option<String>,
    /// The same as a `data:` address, kept here and fetched from here: it takes the place of the other.
    pub(crate) logo: Option<String>,
    /// The colours of the band at the head of its log-in pages and of their buttons; `None` for the council's.
    pub(crate) brand_colours: Option<(String, String)>,
    /// Links at the foot of its log-in pages, each the words, a space and the address; the council's where there are none.
    pub(crate) footer_links: Vec<String>,
    /// What its log-in pages say before the words that link to that page; `None` for the council's words.
    pub(crate) safeguarding_notice: Option<String>,
    /// Its own page for anybody worried about a child or young person; `None` for the council's.
    pub(crate) safeguarding_uri: Option<String>,
    /// A harmless page elsewhere, for a button on its log-in pages by which people leave at once; `None` for no button.
    pub(crate) exit_uri: Option<String>,
    /// Who answers for it, mostly addresses of email.
    pub(crate) contacts: Vec<String>,
    /// Whether people are asked before it is told anything about them: for services that are not the council's own.
    pub(crate) asks_consent: bool,
    /// Who runs it, for the page that asks.
    pub(crate) organisation: Option<String>,
    /// Whether people are greeted before they go back; `None` for the provider's setting.
    pub(crate) welcome_page: Option<bool>,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            application_type: ApplicationType::Web,
            authentication: ClientAuthentication::ClientSecretBasic,
            assertion_algorithm: None,
            jwks: None,
            jwks_uri: None,
            tls_subject: None,
            tls_host: None,
            profile: SecurityProfile::Oidc,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            frontchannel_logout_uri: None,
            scopes: None,
            id_token_algorithm: Algorithm::RS256,
            require_pkce: true,
            grant_types: vec![GrantType::AuthorizationCode],
            introspects: false,
            response_types: vec![ResponseType::Code],
            require_pushed_requests: false,
            require_signed_requests: false,
            request_algorithm: None,
            dpop_bound_access_tokens: false,
            dpop_nonces: false,
            certificate_bound_access_tokens: false,
            access_token_format: AccessTokenFormat::Opaque,
            access_token_minutes: None,
            resource: None,
            resources: Vec::new(),
            subject_type: SubjectType::Public,
            sector_identifier_uri: None,
            userinfo_algorithm: None,
            introspection_algorithm: None,
            id_token_key_management: None,
            id_token_content_encryption: None,
            userinfo_key_management: None,
            userinfo_content_encryption: None,
            request_uris: Vec::new(),
            response_algorithm: None,
            default_max_age: None,
            default_acr_values: Vec::new(),
            home_page: None,
            initiate_login_uri: None,
            policy_uri: None,
            tos_uri: None,
            logo_uri: None,
            logo: None,
            brand_colours: None,
            footer_links: Vec::new(),
            safeguarding_notice: None,
            safeguarding_uri: None,
            exit_uri: None,
            contacts: Vec::new(),
            asks_consent: false,
            organisation: None,
            welcome_page: None,
        }
    }
}

impl ClientSettings {
    pub(crate) fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether people come to us from it and go back to it.
    pub(crate) fn sends_people_back(&self) -> bool {
        self.may_use(GrantType::AuthorizationCode) || self.may_use(GrantType::Implicit)
    }

    /// Whether requests that come by a browser alone are refused (FAPI 2.0 Security Profile, section 5.3.2.2).
    pub(crate) fn demands_pushed_requests(&self) -> bool {
        self.require_pushed_requests || self.profile == SecurityProfile::Fapi2
    }

    /// Whether nothing counts that stands beside a signed request (RFC 9101, section 6.3).
    pub(crate) fn counts_only_what_is_signed(&self) -> bool {
        self.require_signed_requests || self.profile == SecurityProfile::Fapi2
    }

    /// Whether an access token that anybody could use is not issued to it (FAPI 2.0 Security Profile, section 5.3.2.1).
    pub(crate) fn demands_bound_tokens(&self) -> bool {
        self.dpop_bound_access_tokens
            || self.certificate_bound_access_tokens
            || self.profile == SecurityProfile::Fapi2
    }

    /// How its ID tokens are encrypted, if they are.
    pub(crate) fn id_token_encryption(&self) -> Option<Encryption> {
        Some((self.id_token_key_management?, self.id_token_content_encryption.unwrap_or_default()))
    }

    /// How UserInfo answers are encrypted, if they are.
    pub(crate) fn userinfo_encryption(&self) -> Option<Encryption> {
        Some((self.userinfo_key_management?, self.userinfo_content_encryption.unwrap_or_default()))
    }

    pub(crate) fn response_algorithm(&self) -> Algorithm {
        self.response_algorithm.unwrap_or(self.id_token_algorithm)
    }

    pub(crate) fn introspection_algorithm(&self) -> Algorithm {
        self.introspection_algorithm.unwrap_or(self.id_token_algorithm)
    }

    /// The algorithms that something for this client is signed with.
    pub(crate) fn signing_algorithms(&self) -> [Algorithm; 4] {
        let userinfo = self.userinfo_algorithm.unwrap_or(self.id_token_algorithm);
        [self.id_token_algorithm, self.response_algorithm(), userinfo, self.introspection_algorithm()]
    }
}

/// OpenID Connect Dynamic Client Registration 1.0, section 2, `application_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ApplicationType {
    Web,
    Native,
}

/// What access tokens of a client look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AccessTokenFormat {
    /// Random text that only we know the meaning of.
    Opaque,
    /// Signed claims that a service can read by itself (RFC 9068).
    Jwt,
}

/// Whether services can tell that they serve the same person (OpenID Connect Core 1.0, section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SubjectType {
    Public,
    Pairwise,
}

/// Where the rules for clients differ from one specification to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SecurityProfile {
    /// OpenID Connect Core 1.0.
    Oidc,
    /// FAPI 2.0 Security Profile: fewer choices, all of them good.
    Fapi2,
}

impl SecurityProfile {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Oidc => "oidc",
            Self::Fapi2 => "fapi2",
        }
    }
}

/// How a client proves who it is at the token endpoint (OpenID Connect Core 1.0, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientAuthentication {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    /// Signs with its secret.
    ClientSecretJwt,
    /// Signs with a key of its own.
    PrivateKeyJwt,
    /// Shows a certificate with a name that an authority vouches for.
    TlsClientAuth,
    /// Shows a certificate that it registered.
    SelfSignedTlsClientAuth,
}

impl ClientAuthentication {
    pub(crate) const ALL: [Self; 7] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::None,
    ];

    /// The registered name of the method.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
        }
    }

    /// Whether the client is given a secret.
    pub(crate) const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }

    /// Whether it is a certificate that the client shows (RFC 8705, section 2).
    pub(crate) const fn is_by_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }

    /// Whether what it sends is an assertion (RFC 7521, section 4.2).
    pub(crate) const fn is_by_assertion(self) -> bool {
        matches!(self, Self::ClientSecretJwt | Self::PrivateKeyJwt)
    }
}

/// One of a client's secrets; two are valid at once while one replaces the other.
#[derive(Clone, Debug)]
pub(crate) struct ClientSecret {
    pub(crate) digest: Digest<kinds::Client>,
    pub(crate) client_id: ClientId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}
