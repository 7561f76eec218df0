//! What the provider said about a person, ready to be shown.

use openidconnect::EndSessionUrl;
use serde_json::{Map, Value};

use super::html::Html;
use super::provider::IdToken;
use crate::base::Timestamp;

/// The claims that stand first, in this order; the others follow by name.
const FIRST: [&str; 9] = ["name", "email", "sub", "iss", "aud", "auth_time", "acr", "amr", "sid"];

/// The claims that hold seconds since the Unix epoch (RFC 7519, section 2: `NumericDate`).
const TIMES: [&str; 5] = ["auth_time", "exp", "iat", "nbf", "updated_at"];

/// A person who logged in.
pub(super) struct Account {
    /// Kept for the end, as the hint of whom to log out.
    pub(super) id_token: IdToken,
    /// Where the provider logs people out, if it does.
    pub(super) end_session: Option<EndSessionUrl>,
    pub(super) claims: Vec<Claim>,
}

impl Account {
    /// What to call the person: their name, else their email address, else what the provider calls them.
    pub(super) fn name(&self) -> &str {
        let text = |wanted| self.text(wanted);
        text("name").or_else(|| text("email")).or_else(|| text("sub")).unwrap_or_default()
    }

    /// The session at the provider that they logged in by.
    pub(super) fn session(&self) -> Option<&str> {
        self.text("sid")
    }

    fn text(&self, wanted: &str) -> Option<&str> {
        self.claims.iter().find(|claim| claim.name == wanted)?.value.as_str()
    }
}

/// One thing that the provider said.
#[derive(Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) source: Source,
}

/// Where a claim was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    IdToken,
    UserInfo,
    Both,
}

impl Source {
    fn words(self) -> &'static str {
        match self {
            Self::IdToken => "ID token",
            Self::UserInfo => "UserInfo",
            Self::Both => "ID token and UserInfo",
        }
    }
}

/// Every claim of both sources, once where they agree.
pub(super) fn gather(id_token: Map<String, Value>, mut user_info: Map<String, Value>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for (name, value) in id_token {
        let agreed = user_info.get(&name) == Some(&value);
        if agreed {
            user_info.remove(&name);
        }
        claims.push(Claim { name, value, source: if agreed { Source::Both } else { Source::IdToken } });
    }
    claims.extend(user_info.into_iter().map(|(name, value)| Claim { name, value, source: Source::UserInfo }));
    claims.retain(|claim| !claim.value.is_null());
    let place = |claim: &Claim| FIRST.iter().position(|first| *first == claim.name).unwrap_or(FIRST.len());
    claims.sort_by(|a, b| (place(a), &a.name).cmp(&(place(b), &b.name)));
    claims
}

/// The claims as a table.
pub(super) fn table(claims: &[Claim]) -> Html {
    let head = Html::new("<table>\n<caption>What the login service told us about you</caption>\n")
        .raw("<thead><tr><th scope=\"col\">Claim</th><th scope=\"col\">Value</th>")
        .raw("<th scope=\"col\">Source</th></tr></thead>\n<tbody>\n");
    claims.iter().map(row).fold(head, Html::add).raw("</tbody>\n</table>\n")
}

fn row(claim: &Claim) -> Html {
    Html::new("<tr><th scope=\"row\"><code>")
        .text(&claim.name)
        .raw("</code></th><td dir=\"auto\">")
        .add(value(claim))
        .raw("</td><td>")
        .raw(claim.source.words())
        .raw("</td></tr>\n")
}

/// A value in words: moments as dates, lists with commas, anything deeper as JSON.
fn value(claim: &Claim) -> Html {
    let html = Html::default();
    match &claim.value {
        Value::Number(number) if TIMES.contains(&claim.name.as_str()) => match number.as_i64() {
            Some(seconds) => html.moment(Timestamp::from_millis(seconds.saturating_mul(1000))),
            None => html.text(&number.to_string()),
        },
        Value::String(text) => html.text(text),
        Value::Array(items) => html.text(&items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => html.text(&other.to_string()),
    }
}

/// A text without its quotation marks, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
