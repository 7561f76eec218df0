//! What a service declares, held against what can be seen of it from here.
//!
//! Everything is asked for by the one way out that the provider itself uses, so that what is found is what the
//! provider would find.

use http::StatusCode;
use serde::Serialize;
use url::Url;

use super::{Refusal, check, clients};
use crate::base::{Error, strict_json};
use crate::clients::{keys, request_object};
use crate::fetch::FetchError;
use crate::jose::{Presented, PublicKeys};
use crate::kit::Kit;
use crate::model::{Actor, Algorithm, Client, ClientAuthentication};
use crate::policy::permission::Action;
use crate::policy::{assertion, registration, sector};

/// No logout token: a service must answer it with 400 (OpenID Connect Back-Channel Logout 1.0, section 2.8).
const NO_TOKEN: &str = "this-is-a-check.and-not-a-token.of-anybody";
const SIGNED_REQUEST: &str = "application/oauth-authz-req+jwt, application/jwt";

/// How one look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Good,
    /// To be known, and perhaps as it should be.
    Note,
    /// To be mended.
    Bad,
}

/// What came of one look.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) expected: String,
    /// What was found instead, as words that follow "it"; none where it was what was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
}

/// One thing to look at, and what it should be.
struct Look {
    what: &'static str,
    address: Option<String>,
    expected: String,
}

impl Look {
    fn at(what: &'static str, address: Option<&str>, expected: impl Into<String>) -> Self {
        Self { what, address: address.map(str::to_owned), expected: expected.into() }
    }

    fn good(self) -> Finding {
        let Self { what, address, expected } = self;
        Finding { what, address, verdict: Verdict::Good, expected, found: None, remedy: None }
    }

    fn other(self, verdict: Verdict, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        let (found, remedy) = (Some(found.into()), Some(remedy.into()));
        Finding { verdict, found, remedy, ..self.good() }
    }

    fn bad(self, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        self.other(Verdict::Bad, found, remedy)
    }

    fn unreached(self, error: &FetchError) -> Finding {
        self.bad(error.to_string(), remedy(error))
    }
}

/// Looks at a service on behalf of whoever may change it: the service and others are asked things in our name.
pub(crate) async fn look_at(kit: &Kit, actor: &Actor, id: &str) -> Result<Vec<Finding>, Error<Refusal>> {
    let client = clients::find(kit, actor, id).await?;
    check(actor, Action::ChangeService, Some(&client.id))?;
    Ok(look(kit, &client).await)
}

/// Looks at everything that a client declares, in the order of what is needed first.
pub(crate) async fn look(kit: &Kit, client: &Client) -> Vec<Finding> {
    let settings = &client.settings;
    let mut findings = rules(client);
    findings.extend(addresses(client));
    findings.extend(certificates(kit, client));
    findings.extend(public_keys(kit, client).await);
    for uri in &settings.request_uris {
        findings.push(signed_request(kit, client, uri).await);
    }
    if let Some(uri) = &settings.sector_identifier_uri {
        findings.push(sector_document(kit, client, uri).await);
    }
    if let Some(uri) = &settings.backchannel_logout_uri {
        findings.push(back_channel(kit, uri).await);
    }
    for (what, page) in [
        ("front-channel logout", &settings.frontchannel_logout_uri),
        ("home page", &settings.home_page),
        ("login start", &settings.initiate_login_uri),
        ("privacy notice", &settings.policy_uri),
        ("terms", &settings.tos_uri),
        ("logo", &settings.logo_uri),
        ("safeguarding page", &settings.safeguarding_uri),
        ("exit page", &settings.exit_uri),
    ] {
        if let Some(uri) = page {
            findings.push(page_of_people(kit, what, uri).await);
        }
    }
    findings
}

/// The rules may have become stricter since the client was registered.
fn rules(client: &Client) -> Vec<Finding> {
    let look = || Look::at("registration", None, "the settings are consistent and the service is on");
    let mend = || format!("change it with gatehouse client update {}", client.id);
    let mut findings: Vec<Finding> = registration::judge(&client.name, &client.settings)
        .into_iter()
        .map(|(_, problem)| look().bad(format!("would be refused today: {problem}"), mend()))
        .collect();
    if !client.is_active() {
        let remedy = format!("let people in again with gatehouse client enable {}", client.id);
        findings.push(look().other(Verdict::Note, "is switched off", remedy));
    }
    if findings.is_empty() {
        findings.push(look().good());
    }
    findings
}

/// Where browsers are sent. Whether an address is good at all was said with the rules.
fn addresses(client: &Client) -> Vec<Finding> {
    let settings = &client.settings;
    let back = settings.redirect_uris.iter().map(|uri| ("redirect address", uri));
    let after = settings.post_logout_redirect_uris.iter().map(|uri| ("after logging out", uri));
    let judged = back.chain(after).map(|(what, uri)| {
        let look = Look::at(what, Some(uri), "https, written in its standard form");
        match Url::parse(uri) {
            Ok(url) if url.as_str() != uri => {
                let remedy = format!("register it as {url}, and have the service send that");
                look.bad("is not written in its standard form", remedy)
            }
            Ok(url) if url.scheme() == "https" => look.good(),
            Ok(url) if url.scheme() == "http" => {
                let remedy =
                    "leave it out where real people log in, unless this is an app on their own devices";
                look.other(Verdict::Note, "leads to each visitor's own machine", remedy)
            }
            Ok(_) => {
                look.other(Verdict::Note, "leads to an app on the visitor's device", "none, for such an app")
            }
            Err(error) => look.bad(format!("is no address: {error}"), "register another"),
        }
    });
    judged.collect()
}

/// A client that shows a certificate must be asked for it.
fn certificates(kit: &Kit, client: &Client) -> Option<Finding> {
    let method = client.settings.authentication;
    if !method.is_by_certificate() {
        return None;
    }
    let listen = &kit.config.listen;
    let look = Look::at("certificate", None, "one that this provider asks for and can judge");
    let is_named = method == ClientAuthentication::TlsClientAuth;
    Some(if !listen.sees_client_certificates() {
        let remedy =
            "set listen.ask_client_certificates or, behind a proxy, listen.client_certificate_header";
        look.bad("is never asked for", remedy)
    } else if is_named && listen.client_authorities_file.is_none() {
        look.bad("has nobody who could vouch for its name", "set listen.client_authorities_file")
    } else {
        look.good()
    })
}

/// The keys that the client signs with, registered or published.
async fn public_keys(kit: &Kit, client: &Client) -> Option<Finding> {
    let settings = &client.settings;
    let address = settings.jwks_uri.as_deref();
    let needed = needed(client);
    let names = |algorithms: &[Algorithm]| {
        algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(" or ")
    };
    let shows = settings.authentication == ClientAuthentication::SelfSignedTlsClientAuth;
    let wanted = needed.iter().map(|choice| format!("one for {}", names(choice)));
    let wanted: Vec<String> = wanted.chain(shows.then(|| "the service's certificate".to_owned())).collect();
    let expected = match wanted.is_empty() {
        true => "a set of public keys".to_owned(),
        false => format!("a set of public keys with {}", wanted.join(" and ")),
    };
    let look = Look::at("keys", address, expected);
    let keys = match (&settings.jwks, address) {
        (Some(set), _) => PublicKeys::import(set).map_err(|why| format!("cannot be used: {why}")),
        (None, Some(uri)) => match kit.fetcher.get(uri, keys::ACCEPTED).await {
            Ok(body) => keys::read(&body),
            Err(error) => return Some(look.unreached(&error)),
        },
        (None, None) => return None,
    };
    let held = match keys {
        Ok(keys) => keys,
        Err(why) => return Some(look.bad(why, "have the service publish its public keys as a JWK set")),
    };
    if shows && held.certificates().is_empty() {
        return Some(look.bad("has no certificate", "add the service's certificate as x5c of a key"));
    }
    let missing = needed.iter().find(|choice| !choice.iter().any(|algorithm| held.serves(*algorithm)));
    Some(match missing {
        Some(choice) => look.bad(
            format!("has no key for {}", names(choice)),
            "add one, or register the algorithm that the service signs with",
        ),
        None => look.good(),
    })
}

/// For each thing that the client signs, the algorithms of which one must do.
fn needed(client: &Client) -> Vec<Vec<Algorithm>> {
    let settings = &client.settings;
    let choice = |registered: Option<Algorithm>| match registered {
        Some(only) => vec![only],
        None => assertion::algorithms(settings.profile).to_vec(),
    };
    let signs = settings.authentication == ClientAuthentication::PrivateKeyJwt;
    let asks = settings.require_signed_requests || !settings.request_uris.is_empty();
    let assertions = signs.then(|| choice(settings.assertion_algorithm));
    let mut needed: Vec<_> =
        assertions.into_iter().chain(asks.then(|| choice(settings.request_algorithm))).collect();
    needed.dedup();
    needed
}

async fn signed_request(kit: &Kit, client: &Client, uri: &str) -> Finding {
    let look = Look::at("signed request", Some(uri), "a request object with the service's signature");
    let body = match kit.fetcher.get(uri, SIGNED_REQUEST).await {
        Ok(body) => body,
        Err(error) => return look.unreached(&error),
    };
    let text = String::from_utf8_lossy(&body);
    let Some(token) = Presented::read(text.trim()) else {
        return look.bad(
            "leads to something that is no signed token",
            "put the request object there, and nothing else",
        );
    };
    match request_object::check_signature(kit, client, &token).await {
        Ok(()) => look.good(),
        Err(disproof) => look.bad(
            format!("leads to one that is not believed: {}", disproof.0),
            "sign it with a key of the service",
        ),
    }
}

/// The document that vouches for everybody who shares its subjects.
async fn sector_document(kit: &Kit, client: &Client, uri: &str) -> Finding {
    let look = Look::at("sector document", Some(uri), "a list with every redirect address of the service");
    let body = match kit.fetcher.get(uri, "application/json").await {
        Ok(body) => body,
        Err(error) => return look.unreached(&error),
    };
    let document = std::str::from_utf8(&body).ok().and_then(strict_json);
    match document {
        None => look.bad("is not a JSON document", "put a list of addresses there, as JSON"),
        Some(document) if sector::lists(&document, &client.settings) => look.good(),
        Some(_) => look.bad("lacks a redirect address of the service", "add every redirect address to it"),
    }
}

/// A service is told of logouts by a token. One that is no token must reach it, and be refused.
async fn back_channel(kit: &Kit, uri: &str) -> Finding {
    let look = Look::at("back-channel logout", Some(uri), "status 400 for what is no logout token");
    match kit.fetcher.post_form(uri, &[("logout_token", NO_TOKEN)]).await {
        Err(FetchError::Status(StatusCode::BAD_REQUEST)) => look.good(),
        Ok(_) => look.other(
            Verdict::Note,
            "answered with success, as if anybody could log its people out",
            "have the service check who signed the token, or know that it looks at it later",
        ),
        Err(FetchError::Status(status)) => look.bad(
            FetchError::Status(status).to_string(),
            "have the service take a posted form there, without a login, a redirect or a form token",
        ),
        Err(error) => look.unreached(&error),
    }
}

/// A page that people are led to. Their browsers may reach what this machine does not, and it may be any length.
async fn page_of_people(kit: &Kit, what: &'static str, uri: &str) -> Finding {
    let look = Look::at(what, Some(uri), "a page that opens");
    match kit.fetcher.get(uri, "text/html").await {
        Ok(_) | Err(FetchError::Body) => look.good(),
        Err(FetchError::Status(status)) if status.is_redirection() => look.good(),
        Err(FetchError::Status(status)) if is_gone(status) => {
            look.bad(FetchError::Status(status).to_string(), "put a page there, or register another address")
        }
        Err(FetchError::Certificate(error)) => look.unreached(&FetchError::Certificate(error)),
        Err(error) => {
            look.other(Verdict::Note, error.to_string(), "open it in a browser: it may be reached from there")
        }
    }
}

fn is_gone(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) || status.is_server_error()
}

/// What to do where nothing was read.
const fn remedy(error: &FetchError) -> &'static str {
    match error {
        FetchError::NotAnAddress | FetchError::NotEncrypted | FetchError::Port(_) => {
            "register an https address on port 443"
        }
        FetchError::NotPublic(_) => {
            "name its network with outgoing.allow_networks, or register a public address"
        }
        FetchError::Unknown(_) => "check the name, and whether this machine can look names up",
        FetchError::Connection(_) => "start the service, or let this machine through to it",
        FetchError::Encryption(_) => "run gatehouse doctor on this machine",
        FetchError::Certificate(_) => {
            "give the service a certificate that is known here, or name your authority with outgoing.ca_file"
        }
        FetchError::Conversation(_) | FetchError::Body => "look into the service's own log",
        FetchError::Status(_) => "put it there without a login or a redirect, or register another address",
        FetchError::Slow => "make the service quicker, or let this machine through to it",
    }
}
