//! `gatehouse client`.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::client_brand::BrandSettings;
use super::client_given::{self as given, Choice};
use super::client_requests::RequestSettings;
use super::client_tokens::TokenSettings;
use super::why::Why;
use super::{Failure, ask, client_check, client_invitation, client_show, key, open, show};
use crate::admin::clients::{self, Registered};
use crate::admin::registration;
use crate::base::{ClientId, Span, strict_json};
use crate::config::Config;
use crate::kit::Kit;
use crate::model::{
    Actor, Algorithm, ApplicationType, ClientAuthentication, ClientSettings, SecurityProfile,
};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Register a service. Its secret is shown once.
    Add {
        /// The name people see on the login pages and in emails.
        #[arg(long)]
        name: String,
        /// The client identifier; made for you if not given.
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        settings: Box<Settings>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        why: Why,
    },
    /// List the services.
    List {
        /// Only services with these words in their name or identifier.
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a service.
    Show {
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check a service: whether its keys can be fetched and its addresses reached, and what needs fixing.
    Check {
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change only the given settings. An empty text takes an optional setting back: --home-page "".
    Update {
        id: String,
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        settings: Box<Settings>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Switch a service off: nobody can log in to it, and what was granted to it ends.
    Disable {
        id: String,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Switch a service on again.
    Enable {
        id: String,
        #[command(flatten)]
        why: Why,
    },
    /// Remove a service with everything that was granted to it.
    Remove {
        id: String,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Make a token with which services can register themselves, where `registration.open_to` is "invited".
    Invite {
        /// Hours for which it works.
        #[arg(long, default_value_t = 24)]
        hours: u32,
        #[command(flatten)]
        why: Why,
    },
    /// List the tokens that still work, or withdraw one.
    Invitation {
        #[command(subcommand)]
        action: client_invitation::Action,
    },
    /// Make a new secret. It is shown once.
    RotateSecret {
        id: String,
        /// Hours for which the old secret still works.
        #[arg(long, default_value_t = 24)]
        overlap_hours: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Auth {
    /// A secret in the Authorization header.
    Basic,
    /// A secret in the form.
    Post,
    /// A signature with the secret.
    ClientSecretJwt,
    /// A signature with a key of its own.
    PrivateKeyJwt,
    /// A certificate with a name that an authority vouches for.
    Tls,
    /// A certificate that is registered.
    SelfSignedTls,
    /// Nothing.
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum Profile {
    /// OpenID Connect.
    Oidc,
    /// FAPI 2.0: stricter.
    Fapi2,
}

#[derive(Clone, Copy, ValueEnum)]
enum Welcome {
    Show,
    Skip,
    Default,
}

/// What can be set for a service. A list that is given takes the place of the list there was.
#[derive(Args)]
pub(super) struct Settings {
    /// Where people are sent back to, exactly; may be given several times.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Where people may be sent after logging out; may be given several times.
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// How the service proves who it is; none for apps that cannot keep a secret.
    #[arg(long)]
    auth: Option<Auth>,
    /// A file with its public keys, as a JWK set.
    #[arg(long, value_name = "FILE", value_parser = key_set, conflicts_with = "jwks_uri")]
    jwks: Option<Value>,
    /// The address where it publishes its keys.
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// The only algorithm that it signs with, to prove who it is.
    #[arg(long, value_name = "ALGORITHM", value_parser = given::algorithm)]
    auth_algorithm: Option<Choice<Algorithm>>,
    /// The subject of its certificate, as text: CN=portal.example,O=Example,C=GB
    #[arg(long, value_name = "NAME", conflicts_with = "tls_host")]
    tls_subject: Option<String>,
    /// The host that its certificate is for.
    #[arg(long, value_name = "HOST")]
    tls_host: Option<String>,
    /// Which rules it agrees to.
    #[arg(long)]
    profile: Option<Profile>,
    /// An app on people's own devices: its loopback address may have any port. --native=false takes it back.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    native: Option<bool>,
    /// The algorithm that its ID tokens are signed with.
    #[arg(long, value_parser = key::algorithm)]
    algorithm: Option<Algorithm>,
    /// Whether its requests must use PKCE, as they must unless you say otherwise.
    #[arg(long, value_name = "BOOL")]
    pkce: Option<bool>,
    /// Accept requests without PKCE, for a library that cannot do it: the same as --pkce false.
    #[arg(long, conflicts_with = "pkce")]
    without_pkce: bool,
    /// A scope value it may ask for; may be given several times. Every standard one, where none is given; those of its
    /// own have a colon in them, like cases:read.
    #[arg(long, value_name = "VALUE")]
    scope: Vec<String>,
    /// Its home page.
    #[arg(long, value_name = "URL")]
    home_page: Option<String>,
    /// Where a login can be started from our side.
    #[arg(long, value_name = "URL")]
    initiate_login_uri: Option<String>,
    /// Its privacy notice, linked on the login page.
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// Its terms, linked on the login page.
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
    #[command(flatten)]
    brand: BrandSettings,
    #[command(flatten)]
    requests: RequestSettings,
    #[command(flatten)]
    tokens: TokenSettings,
    /// Whether people are asked before it is told anything about them: for services that are not your own.
    #[arg(long, value_name = "BOOL")]
    asks_consent: Option<bool>,
    /// Who runs it, for the page that asks.
    #[arg(long, value_name = "NAME")]
    run_by: Option<String>,
    /// Whether people are greeted before they go back to it.
    #[arg(long)]
    welcome: Option<Welcome>,
    /// Seconds after which its people have to log in again, where its requests do not say.
    #[arg(long, value_name = "SECONDS", value_parser = given::seconds)]
    default_max_age: Option<Choice<u32>>,
}

impl Settings {
    fn apply(self, settings: &mut ClientSettings) {
        self.brand.apply(settings);
        self.requests.apply(settings);
        self.tokens.apply(settings);
        settings.asks_consent = self.asks_consent.unwrap_or(settings.asks_consent);
        given::write(&mut settings.organisation, self.run_by);
        given::replace(&mut settings.redirect_uris, self.redirect_uri);
        given::replace(&mut settings.post_logout_redirect_uris, self.post_logout_redirect_uri);
        if !self.scope.is_empty() {
            // None of its own: every standard one.
            settings.scopes = Some(self.scope).filter(|scopes| scopes.iter().any(|scope| !scope.is_empty()));
        }
        let before = settings.authentication;
        if let Some(auth) = self.auth {
            settings.authentication = match auth {
                Auth::Basic => ClientAuthentication::ClientSecretBasic,
                Auth::Post => ClientAuthentication::ClientSecretPost,
                Auth::ClientSecretJwt => ClientAuthentication::ClientSecretJwt,
                Auth::PrivateKeyJwt => ClientAuthentication::PrivateKeyJwt,
                Auth::Tls => ClientAuthentication::TlsClientAuth,
                Auth::SelfSignedTls => ClientAuthentication::SelfSignedTlsClientAuth,
                Auth::None => ClientAuthentication::None,
            };
        }
        if let Some(profile) = self.profile {
            settings.profile = match profile {
                Profile::Oidc => SecurityProfile::Oidc,
                Profile::Fapi2 => SecurityProfile::Fapi2,
            };
        }
        // Either takes the place of the other.
        if self.jwks.is_some() || self.jwks_uri.is_some() {
            settings.jwks = self.jwks;
            settings.jwks_uri = self.jwks_uri.filter(|uri| !uri.trim().is_empty());
        }
        // What was chosen for one way of proving means nothing for another.
        let is_another_way = settings.authentication != before;
        let names = [&self.tls_subject, &self.tls_host];
        if is_another_way || names.iter().any(|name| name.is_some()) {
            let named = |name: Option<String>| name.filter(|name| !name.trim().is_empty());
            (settings.tls_subject, settings.tls_host) = (named(self.tls_subject), named(self.tls_host));
        }
        settings.assertion_algorithm.take_if(|_| is_another_way);
        given::choose(&mut settings.assertion_algorithm, self.auth_algorithm);
        if let Some(welcome) = self.welcome {
            settings.welcome_page = match welcome {
                Welcome::Show => Some(true),
                Welcome::Skip => Some(false),
                Welcome::Default => None,
            };
        }
        if let Some(native) = self.native {
            settings.application_type = if native { ApplicationType::Native } else { ApplicationType::Web };
        }
        settings.require_pkce = self.pkce.unwrap_or(settings.require_pkce) && !self.without_pkce;
        settings.id_token_algorithm = self.algorithm.unwrap_or(settings.id_token_algorithm);
        given::write(&mut settings.home_page, self.home_page);
        given::write(&mut settings.initiate_login_uri, self.initiate_login_uri);
        given::write(&mut settings.policy_uri, self.policy_uri);
        given::write(&mut settings.tos_uri, self.tos_uri);
        given::choose(&mut settings.default_max_age, self.default_max_age);
    }
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::Add { name, id, settings, json, why } => {
            let id = id.map(|id| client_id(&id)).transpose()?;
            let mut wanted = ClientSettings::default();
            settings.apply(&mut wanted);
            let Registered { client, secret } = clients::add(&kit, &why.actor(), id, name, wanted).await?;
            client_show::one(&kit, &client, secret.as_ref(), json);
        }
        Action::List { search, json } => {
            client_show::list(&kit, search.as_deref().unwrap_or_default(), json).await?;
        }
        Action::Show { id, json } => {
            client_show::one(&kit, &clients::find(&kit, &Actor::Operator, &id).await?, None, json);
        }
        Action::Check { id, json } => {
            client_check::run(&kit, &clients::find(&kit, &Actor::Operator, &id).await?, json).await?;
        }
        Action::Update { id, name, settings, json, why } => {
            update(&kit, &why.actor(), &id, (name, *settings), json).await?;
        }
        Action::Disable { id, yes, why } => {
            let client = clients::find(&kit, &Actor::Operator, &id).await?;
            ask::confirm(&format!("Switch {} ({}) off for everybody?", client.name, client.id), yes)?;
            set_active(&kit, &why.actor(), &id, false).await?;
        }
        Action::Enable { id, why } => set_active(&kit, &why.actor(), &id, true).await?,
        Action::Remove { id, yes, why } => {
            let client = clients::find(&kit, &Actor::Operator, &id).await?;
            ask::confirm(&format!("Remove {} ({}) permanently?", client.name, client.id), yes)?;
            clients::remove(&kit, &why.actor(), &client).await?;
            show::line(format_args!("{} ({}) has been removed.", client.name, client.id));
        }
        Action::Invite { hours, why } => {
            let token = registration::invite(&kit, &why.actor(), Span::hours(hours)).await?;
            show::line(token.reveal());
        }
        Action::Invitation { action } => client_invitation::run(&kit, action).await?,
        Action::RotateSecret { id, overlap_hours, json, why } => {
            let client = clients::find(&kit, &Actor::Operator, &id).await?;
            let secret = clients::rotate_secret(
                &kit,
                &why.actor(),
                &client,
                clients::Rotation::after(Span::hours(overlap_hours)),
            )
            .await?;
            client_show::one(&kit, &client, Some(&secret), json);
        }
    }
    Ok(())
}

async fn update(
    kit: &Kit,
    actor: &Actor,
    id: &str,
    (name, settings): (Option<String>, Settings),
    json: bool,
) -> Result<(), Failure> {
    let mut client = clients::find(kit, actor, id).await?;
    let before = client.settings.authentication;
    client.name = name.unwrap_or(client.name);
    settings.apply(&mut client.settings);
    let client = clients::update(kit, actor, client).await?;
    client_show::one(kit, &client, None, json);
    if !json && lacks_secret(before, client.settings.authentication) {
        show::line(format_args!("\nNow give it a secret: gatehouse client rotate-secret {}", client.id));
    }
    Ok(())
}

async fn set_active(kit: &Kit, actor: &Actor, id: &str, active: bool) -> Result<(), Failure> {
    let client = clients::find(kit, actor, id).await?;
    let done = match (active, clients::set_active(kit, actor, &client, active).await?) {
        (true, true) => "is on again. What was granted before stays ended.",
        (false, true) => "is off: nobody can log in to it, and what was granted to it has ended.",
        (true, false) => "was on already.",
        (false, false) => "was off already.",
    };
    show::line(format_args!("{} ({}) {done}", client.name, client.id));
    Ok(())
}

/// Whether a change of the way to prove itself leaves a client without a secret that it can use: signatures cannot be
/// checked with the digest that is kept of other secrets.
fn lacks_secret(before: ClientAuthentication, now: ClientAuthentication) -> bool {
    let by_signature = now == ClientAuthentication::ClientSecretJwt && now != before;
    now.has_secret() && (by_signature || !before.has_secret())
}

/// Reads a JWK set from a file.
fn key_set(file: &str) -> Result<Value, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("it cannot be read: {error}"))?;
    strict_json(&text).ok_or_else(|| "it is not a JSON document, or names a member twice".to_owned())
}

fn client_id(text: &str) -> Result<ClientId, Failure> {
    ClientId::parse(text).ok_or_else(|| {
        Failure(
            "the client identifier may have up to 128 letters, digits and the characters - . _ ~".to_owned(),
        )
    })
}
