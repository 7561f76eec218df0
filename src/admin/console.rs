//! The console as a relying party: it is registered like any other, people log in to it by the front door, and what its
//! cookie holds is an access token.

use serde_json::Value;

use super::{Refusal, administrators};
use crate::base::{ClientId, Error, Fault, Secret, SessionId, Timestamp, constant_time_eq, kinds, paths};
use crate::clients::{self, Presented};
use crate::jose::TokenType;
use crate::kit::Kit;
use crate::model::{Administrator, Client, ClientAuthentication, ClientSettings, User, Visit};
use crate::oidc::params::Params;
use crate::oidc::sender::{Proof, Shown};
use crate::oidc::token::{self, TokenRequest};
use crate::store::{administrators as rows, clients as client_rows};

/// The console's own identifier as a client.
pub(crate) const CLIENT: &str = "gatehouse-console";

/// Minutes for which its token is good, and so the longest between two log-ins.
const TOKEN_MINUTES: u32 = 60;

fn client_id() -> Result<ClientId, Fault> {
    ClientId::parse(CLIENT).ok_or_else(|| Fault::new("the console has no identifier"))
}

/// Registers the console where it is not, and keeps its addresses right where the issuer has changed.
pub(crate) async fn ensure(kit: &Kit) -> Result<(), Fault> {
    let id = client_id()?;
    let settings = ClientSettings {
        authentication: ClientAuthentication::None,
        redirect_uris: vec![redirect_uri(kit)],
        scopes: Some(vec!["openid".to_owned()]),
        welcome_page: Some(false),
        access_token_minutes: Some(TOKEN_MINUTES),
        ..ClientSettings::default()
    };
    let now = kit.now();
    let name = format!("{} administration", kit.settings().brand.council);
    let mut tx = kit.store.begin().await?;
    let known = client_rows::by_id(&mut tx, &id).await?;
    match known {
        Some(known) if known.settings == settings && known.name == name => return Ok(()),
        Some(known) => {
            let read_at = known.updated_at;
            client_rows::update(&mut tx, &Client { name, settings, updated_at: now, ..known }, read_at)
                .await?;
        }
        None => {
            let client = Client { id, name, settings, created_at: now, updated_at: now, disabled_at: None };
            client_rows::insert(&mut tx, &client).await?;
        }
    }
    tx.commit().await
}

/// Where people come back to from logging in.
pub(crate) fn redirect_uri(kit: &Kit) -> String {
    format!("{}{}", kit.config.issuer(), paths::CONSOLE_CALLBACK)
}

/// Exchanges a code for a token, as any public client does, and checks the ID token that comes with it (OpenID Connect
/// Core 1.0, section 3.1.3.7). `None` where the provider would not have it.
pub(crate) async fn redeem(
    kit: &Kit,
    code: &str,
    (verifier, nonce): (&str, &str),
    visit: &Visit,
) -> Result<Option<Secret<kinds::Access>>, Fault> {
    let presented =
        Presented { client_id: CLIENT.to_owned(), method: ClientAuthentication::None, secret: None };
    let Ok(client) = clients::authenticate(kit, &presented).await? else { return Ok(None) };
    let redirect = redirect_uri(kit);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect),
        ("code_verifier", verifier),
    ];
    let params: Params = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let shown = Shown {
        proof: Proof::Absent,
        certificate: None,
        method: "POST".to_owned(),
        address: format!("{}{}", kit.config.issuer(), paths::TOKEN),
    };
    let request = TokenRequest { client: &client, params: &params, shown: &shown, visit };
    let tokens = match token::exchange(kit, &request).await {
        Ok(tokens) => tokens,
        Err(Error::Refused(_)) => return Ok(None),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    let claims = tokens.id_token().and_then(|text| kit.signing.current().verify(TokenType::Id, text));
    let claim = |name: &str| claims.as_ref().and_then(|claims| claims.get(name)).and_then(Value::as_str);
    let is_for_us = claim("aud") == Some(CLIENT) && claim("iss") == Some(&kit.config.issuer());
    if !is_for_us || !constant_time_eq(claim("nonce").unwrap_or_default(), nonce) {
        return Ok(None);
    }
    Ok(Secret::presented(tokens.access_token()))
}

/// Somebody at the console.
pub(crate) struct AtConsole {
    pub(crate) user: User,
    pub(crate) session_id: SessionId,
    /// When they last proved who they are.
    pub(crate) authenticated_at: Timestamp,
    /// `None` for somebody who is no administrator.
    pub(crate) administrator: Option<Administrator>,
}

/// Who holds a token of the console, while everything behind it is good.
pub(crate) async fn open(kit: &Kit, token: &Secret<kinds::Access>) -> Result<Option<AtConsole>, Fault> {
    let digest = kit.keyring.digest(token);
    let held = rows::at_console(&mut *kit.store.read().await?, &digest, &client_id()?, kit.now()).await?;
    let Some(held) = held else { return Ok(None) };
    let administrator = administrators::find(kit, &held.user.id).await?;
    Ok(Some(AtConsole {
        user: held.user,
        session_id: held.session_id,
        authenticated_at: held.authenticated_at,
        administrator,
    }))
}

/// Refuses to change the console itself by the ways in which services are changed.
pub(super) fn refuse_console(id: &ClientId) -> Result<(), Error<Refusal>> {
    if id.as_str() == CLIENT {
        let say = "the console is part of the provider and cannot be changed";
        return Err(Error::Refused(Refusal::Conflict(say.to_owned())));
    }
    Ok(())
}
