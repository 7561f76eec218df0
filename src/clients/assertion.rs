//! Clients that prove who they are by an assertion: by a key of their own (`private_key_jwt`) or by the secret that
//! both sides know (`client_secret_jwt`). RFC 7523, section 2.2; OpenID Connect Core 1.0, section 9.

use super::{AuthenticatedClient, keys};
use crate::base::{ClientId, Fault, paths};
use crate::jose;
use crate::kit::Kit;
use crate::model::{Algorithm, Client, ClientAuthentication};
use crate::policy::assertion::{self, Audience, Sound};
use crate::store::{clients, sealed_secrets, used_assertions};

/// The one kind of assertion there is (RFC 7523, section 2.2).
pub(crate) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion as it came in.
#[derive(Debug)]
pub(crate) struct Asserted {
    /// What was sent beside it, if anything; it must agree.
    pub(crate) client_id: Option<String>,
    /// A compact JWS.
    pub(crate) assertion: String,
    /// The address it was sent to.
    pub(crate) endpoint: String,
}

/// Why an assertion was not believed: a sentence for the log, never for the wire.
#[derive(Debug)]
pub(crate) struct Disproof(pub(crate) String);

impl Disproof {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Believes a client or not, and its assertion once only.
pub(crate) async fn authenticate(
    kit: &Kit,
    asserted: &Asserted,
) -> Result<Result<AuthenticatedClient, Disproof>, Fault> {
    let Some(token) = jose::Presented::read(&asserted.assertion) else {
        return Ok(Err(Disproof::new("the assertion is not a signed token")));
    };
    let client = match asserting_client(kit, asserted, &token).await? {
        Ok(client) => client,
        Err(disproof) => return Ok(Err(disproof)),
    };
    let sound = match judge(kit, &client, asserted, &token) {
        Ok(sound) => sound,
        Err(why) => return Ok(Err(Disproof::new(format!("client {}: {why}", client.id)))),
    };
    if let Err(Disproof(why)) = check_signature(kit, &client, &token).await? {
        return Ok(Err(Disproof(format!("client {}: {why}", client.id))));
    }
    let used = kit.keyring.bucket(&["assertion", client.id.as_str(), sound.jti]);
    let mut tx = kit.store.begin().await?;
    let is_first = used_assertions::spend(&mut tx, &used, sound.ends_at).await?;
    tx.commit().await?;
    if !is_first {
        return Ok(Err(Disproof(format!("client {}: the assertion was used before", client.id))));
    }
    Ok(Ok(AuthenticatedClient(client)))
}

/// The client that an assertion says it is of, if that one is registered for assertions.
async fn asserting_client(
    kit: &Kit,
    asserted: &Asserted,
    token: &jose::Presented<'_>,
) -> Result<Result<Client, Disproof>, Fault> {
    let named = token.claims().get("sub").and_then(serde_json::Value::as_str);
    let Some(id) = named.and_then(ClientId::parse) else {
        return Ok(Err(Disproof::new("the assertion has no sub that names a client")));
    };
    if asserted.client_id.as_deref().is_some_and(|beside| beside != id.as_str()) {
        return Ok(Err(Disproof(format!("client {id}: client_id beside the assertion is another"))));
    }
    let client = clients::by_id(&mut *kit.store.read().await?, &id).await?;
    let why = match client {
        None => "there is no such client",
        Some(client) if !client.is_active() => "the client is disabled",
        Some(client) if client.settings.authentication.is_by_assertion() => return Ok(Ok(client)),
        Some(_) => "the client is registered for another authentication method",
    };
    Ok(Err(Disproof(format!("client {id}: {why}"))))
}

fn judge<'a>(
    kit: &Kit,
    client: &Client,
    asserted: &Asserted,
    token: &'a jose::Presented<'_>,
) -> Result<Sound<'a>, &'static str> {
    let issuer = kit.config.issuer();
    let token_endpoint = format!("{issuer}{}", paths::TOKEN);
    let audience =
        Audience { issuer: &issuer, token_endpoint: &token_endpoint, endpoint: &asserted.endpoint };
    assertion::judge(token.claims(), client.id.as_str(), client.settings.profile, &audience, kit.now())
}

async fn check_signature(
    kit: &Kit,
    client: &Client,
    token: &jose::Presented<'_>,
) -> Result<Result<(), Disproof>, Fault> {
    if client.settings.authentication == ClientAuthentication::ClientSecretJwt {
        return check_mac(kit, client, token).await;
    }
    let registered = client.settings.assertion_algorithm;
    let agreed: &[Algorithm] = match &registered {
        Some(only) => std::slice::from_ref(only),
        None => assertion::algorithms(client.settings.profile),
    };
    Ok(keys::check(kit, client, |keys| keys.verify(token, agreed)).await)
}

async fn check_mac(
    kit: &Kit,
    client: &Client,
    token: &jose::Presented<'_>,
) -> Result<Result<(), Disproof>, Fault> {
    let sealed = sealed_secrets::live(&mut *kit.store.read().await?, &client.id, kit.now()).await?;
    if sealed.is_empty() {
        return Ok(Err(Disproof::new("no secret of the client can check signatures; make it a new one")));
    }
    for sealed in sealed {
        let clear = zeroize::Zeroizing::new(kit.keyring.open(&secret_context(&client.id), &sealed)?);
        if std::str::from_utf8(&clear).is_ok_and(|secret| token.is_by_secret(secret)) {
            return Ok(Ok(()));
        }
    }
    Ok(Err(Disproof::new("it is not signed with HS256 and the client's secret")))
}

/// What the secrets of a client are sealed for.
pub(crate) fn secret_context(client: &ClientId) -> String {
    format!("client secret {client}")
}
