//! How `gatehouse client` shows services.

use serde_json::{Value, json};

use super::{Failure, client_brand, client_requests, client_tokens, show};
use crate::admin::people::ROWS;
use crate::admin::services::{self, Query};
use crate::base::{Secret, kinds};
use crate::kit::Kit;
use crate::model::{Actor, ApplicationType, Client};

pub(super) async fn list(kit: &Kit, words: &str, as_json: bool) -> Result<(), Failure> {
    let mut found: Vec<Client> = Vec::new();
    let mut query = Query { words: words.to_owned(), ..Query::default() };
    loop {
        let page = services::list(kit, &Actor::Operator, &query, ROWS).await?;
        found.extend(page.rows.into_iter().map(|listed| listed.client));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    if as_json {
        show::json(&found.iter().map(document).collect());
        return Ok(());
    }
    let rows = found.iter().map(|client| {
        vec![
            client.name.clone(),
            client.id.to_string(),
            status(client).to_owned(),
            client.settings.authentication.name().to_owned(),
            client.settings.redirect_uris.join("\n"),
        ]
    });
    show::table(&["Name", "Client ID", "Status", "Authentication", "Redirect addresses"], rows.collect());
    Ok(())
}

fn status(client: &Client) -> &'static str {
    if client.is_active() { "Active" } else { "Switched off" }
}

fn document(client: &Client) -> Value {
    let mut document = json!(client.settings);
    if let Value::Object(members) = &mut document {
        members.insert("client_id".to_owned(), json!(client.id.as_str()));
        members.insert("client_name".to_owned(), json!(client.name));
        members.insert("active".to_owned(), json!(client.is_active()));
        members.insert("created_at".to_owned(), json!(show::time(client.created_at)));
        members.insert("updated_at".to_owned(), json!(show::time(client.updated_at)));
        members.retain(|_, value| !value.is_null());
    }
    document
}

/// Where its keys are, or which they are by their names.
fn keys(client: &Client) -> String {
    let registered = client.settings.jwks.as_ref().and_then(|set| set.get("keys")?.as_array());
    let names = registered.into_iter().flatten().map(|key| {
        let member = |name: &str| key.get(name).and_then(Value::as_str);
        member("kid").or(member("kty")).unwrap_or_default().to_owned()
    });
    client.settings.jwks_uri.clone().unwrap_or_else(|| names.collect::<Vec<_>>().join(" "))
}

/// Prints one service, with the secret that is shown this once.
pub(super) fn one(kit: &Kit, client: &Client, secret: Option<&Secret<kinds::Client>>, as_json: bool) {
    if as_json {
        let mut shown = document(client);
        if let (Some(secret), Value::Object(members)) = (secret, &mut shown) {
            members.insert("client_secret".to_owned(), json!(secret.reveal()));
        }
        return show::json(&shown);
    }
    let settings = &client.settings;
    let certificate = settings.tls_subject.clone().or(settings.tls_host.clone());
    let mut pairs = vec![
        ("Name", client.name.clone()),
        ("Issuer", kit.config.issuer()),
        ("Client ID", client.id.to_string()),
        ("Client secret", secret.map(|secret| secret.reveal().to_owned()).unwrap_or_default()),
        ("Status", status(client).to_owned()),
        ("Authentication", settings.authentication.name().to_owned()),
        ("Keys", keys(client)),
        ("Certificate", certificate.unwrap_or_default()),
        ("Profile", settings.profile.name().to_owned()),
        (
            "Kind",
            if settings.application_type == ApplicationType::Native { "native app" } else { "" }.to_owned(),
        ),
        ("PKCE", if settings.require_pkce { "" } else { "not demanded" }.to_owned()),
        ("Requests", client_requests::summary(settings)),
        ("Scopes", settings.scopes.as_ref().map(|scopes| scopes.join(" ")).unwrap_or_default()),
        ("Consent", consent(client)),
        ("Access tokens", client_tokens::summary(settings)),
        ("Redirect addresses", settings.redirect_uris.join(" ")),
        ("After logging out", settings.post_logout_redirect_uris.join(" ")),
        ("ID tokens signed", settings.id_token_algorithm.name().to_owned()),
    ];
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    pairs.extend([
        ("Home page", optional(&settings.home_page)),
        ("Back-channel logout", optional(&settings.backchannel_logout_uri)),
        ("Front-channel logout", optional(&settings.frontchannel_logout_uri)),
        ("Login start", optional(&settings.initiate_login_uri)),
        ("Privacy notice", optional(&settings.policy_uri)),
        ("Terms", optional(&settings.tos_uri)),
        ("Sector document", optional(&settings.sector_identifier_uri)),
    ]);
    pairs.extend(client_brand::lines(settings));
    show::facts(&pairs);
    if secret.is_some() {
        show::line("\nCopy the client secret now. It will not be shown again.");
    }
}

fn consent(client: &Client) -> String {
    let settings = &client.settings;
    match (settings.asks_consent, &settings.organisation) {
        (true, Some(organisation)) => format!("people are asked; it is run by {organisation}"),
        (true, None) => "people are asked".to_owned(),
        (false, organisation) => organisation
            .as_ref()
            .map(|organisation| format!("not asked; run by {organisation}"))
            .unwrap_or_default(),
    }
}
