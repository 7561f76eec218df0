//! Logging out at the wish of a relying party (OpenID Connect RP-Initiated Logout 1.0), and word to the others
//! ([`farewell`], [`back_channel`]).

pub(crate) mod back_channel;
pub(crate) mod farewell;

use crate::accounts::session::Current;
use crate::base::{ClientId, Fault};
use crate::clients;
use crate::jose::TokenType;
use crate::kit::Kit;
use crate::model::Client;
use crate::oidc::params::Params;
use crate::oidc::subject;
use crate::policy::redirect::{self, ValidRedirect};

/// What is to be done with a request to log out.
pub(crate) struct Logout {
    /// Whether the person has to say so: nothing proves that the request comes from a service of theirs.
    pub(crate) confirm: bool,
    pub(crate) client: Option<Client>,
    /// Where to go afterwards, with `state`; only where a valid hint vouches for it (section 3).
    pub(crate) onward: Option<Onward>,
}

/// An address to go to after logging out, with the `state` to hand back.
pub(crate) struct Onward {
    pub(crate) target: ValidRedirect,
    state: Option<String>,
}

impl Onward {
    /// The address with the state in its query; the address's own query stays.
    pub(crate) fn location(&self) -> String {
        let uri = self.target.as_str();
        let Some(state) = &self.state else { return uri.to_owned() };
        let encoded = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
        let separator = if uri.contains('?') { '&' } else { '?' };
        format!("{uri}{separator}{encoded}")
    }
}

/// Judges a request, for the session of the browser that brings it.
pub(crate) async fn judge(kit: &Kit, params: &Params, session: Option<&Current>) -> Result<Logout, Fault> {
    // An expired ID token is a good hint: by the time somebody logs out, most have expired (section 4).
    let hint = params.get("id_token_hint").and_then(|hint| kit.signing.current().verify(TokenType::Id, hint));
    // An answer to an authorization request is signed alike (JARM, section 2.1), and says nothing of anybody.
    let hint = hint.filter(|hint| hint.contains_key("sub"));
    let claim = |name: &str| hint.as_ref().and_then(|hint| hint.get(name)).and_then(|value| value.as_str());
    let audience = claim("aud").and_then(ClientId::parse);
    let named = params.get("client_id").and_then(ClientId::parse);
    // Where both are there they must agree (section 2).
    let agree = named.is_none() || audience.is_none() || named == audience;
    let client = match audience.as_ref().or(named.as_ref()) {
        Some(id) => clients::find(kit, id).await?,
        None => None,
    };
    let is_own = session.is_some_and(|current| {
        client.as_ref().is_some_and(|client| {
            claim("sub") == Some(&*subject::of(kit, client, current.user.subject.as_str()))
        }) && claim("sid").is_none_or(|sid| sid == current.session.id.as_str())
    });
    let vouched = agree && hint.is_some() && client.is_some();
    let asked = params.get("post_logout_redirect_uri");
    let onward = match (&client, asked) {
        (Some(client), Some(asked)) if vouched => redirect::after_logout(client, asked),
        _ => None,
    };
    Ok(Logout {
        confirm: session.is_some() && !(vouched && is_own),
        client,
        onward: onward.map(|target| Onward { target, state: params.get("state").map(str::to_owned) }),
    })
}
