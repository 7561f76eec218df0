//! A provider at which somebody is logged in already.

use http::{Method, StatusCode};

use super::support::{Ask, Browser, Page, Provider};
use crate::model::ClientSettings;

/// A provider with the client `portal`, and Alex logged in at it.
pub(crate) struct Portal {
    pub(crate) provider: Provider,
    pub(crate) alex: Browser,
    /// The secret of `portal`; empty for a public client.
    pub(crate) secret: String,
    /// What `portal` asks by default.
    pub(crate) ask: Ask,
}

impl Portal {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(adjust: impl FnOnce(&mut ClientSettings)) -> Self {
        Self::open_at(Provider::start().await, adjust).await
    }

    pub(crate) async fn open_at(provider: Provider, adjust: impl FnOnce(&mut ClientSettings)) -> Self {
        let secret = provider.add_client("portal", adjust).await.unwrap_or_default();
        let ask = Ask::of("portal");
        let mut alex = provider.browser();
        provider.log_in(&mut alex, &ask, "alex@school.example").await.expect(StatusCode::OK);
        Self { provider, alex, secret, ask }
    }

    /// What Alex's browser, which is logged in, is told.
    pub(crate) async fn answer(&self, ask: &Ask) -> Page {
        self.alex.clone().open(&ask.url()).await
    }

    /// The code that Alex's browser is sent back with at once.
    pub(crate) async fn code(&self, ask: &Ask) -> String {
        let back = self.answer(ask).await.expect(StatusCode::SEE_OTHER);
        back.location_param("code").unwrap_or_else(|| panic!("no code in {}", back.location()))
    }

    /// Redeems a code with the right secret and verifier.
    pub(crate) async fn redeem(&self, code: &str) -> Page {
        self.provider.redeem(code, &self.ask, "portal", &self.secret).await
    }

    /// The tokens that a request leads to.
    pub(crate) async fn tokens(&self, ask: &Ask) -> serde_json::Value {
        self.redeem(&self.code(ask).await).await.expect(StatusCode::OK).json()
    }

    /// What UserInfo says to an access token.
    pub(crate) async fn userinfo(&self, token: &str) -> Page {
        let bearer = format!("Bearer {token}");
        let mut program = self.provider.browser();
        program.send(Method::GET, "/userinfo", None, &[("authorization", &bearer)]).await
    }
}

/// The names of an object's members, in order.
pub(crate) fn names_of(object: &serde_json::Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// The claims of a token as they stand, unverified.
pub(crate) fn claims_of(token: &str) -> serde_json::Value {
    segment(token, 1)
}

/// The header of a token.
pub(crate) fn header_of(token: &str) -> serde_json::Value {
    segment(token, 0)
}

fn segment(token: &str, index: usize) -> serde_json::Value {
    let segment = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&crate::base::base64url_decode(segment).unwrap()).unwrap()
}
