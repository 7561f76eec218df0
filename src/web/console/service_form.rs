//! Adding a service and changing one (P32).

use axum::extract::Path;
use axum::response::Response;
use serde_json::Value;

use super::services::{BACK, refuse, show_secret, shown_before};
use super::{Console, ConsoleUpload, field_errors, path, service_logo};
use crate::admin::{Flaw, Refusal, clients};
use crate::base::{ClientId, Error, Timestamp, paths, strict_json};
use crate::model::{Client, ClientAuthentication, ClientSettings};
use crate::oidc::params::Params;
use crate::view::pages::console::{ConsoleForm as FormPage, Field, Frame};
use crate::view::{Colours, FieldError};
use crate::web::respond::problem;

const CONFIDENTIAL: &str = "server";
const SIGNING: &str = "key";
const PUBLIC: &str = "app";

/// Which form: for a new service or for one that there is.
enum Form<'a> {
    New,
    Edit(&'a Client),
}

impl Form<'_> {
    /// What the service has so far.
    fn settings(&self) -> ClientSettings {
        match self {
            Self::New => ClientSettings::default(),
            Self::Edit(client) => client.settings.clone(),
        }
    }

    /// Whether the service may be one that signs with a key of its own.
    fn may_sign(&self) -> bool {
        match self {
            Self::New => true,
            Self::Edit(client) => client.settings.authentication == ClientAuthentication::PrivateKeyJwt,
        }
    }
}

/// A form as it is filled in.
fn shown(at: &Console, form: &Form<'_>, typed: &Params, errors: Vec<FieldError>) -> Response {
    let (title, by, cancel) = match form {
        Form::New => (
            "Add a service".to_owned(),
            (paths::CONSOLE_SERVICE_NEW.to_owned(), "Add service"),
            paths::CONSOLE_SERVICES.to_owned(),
        ),
        Form::Edit(client) => (
            format!("Change {}", client.name),
            (path(paths::CONSOLE_SERVICE_EDIT, client.id.as_str()), "Save changes"),
            path(paths::CONSOLE_SERVICE, client.id.as_str()),
        ),
    };
    let frame = Frame { errors, ..at.frame(paths::CONSOLE_SERVICES) };
    let log_in_url = (!at.is_fresh()).then(|| at.fresh_url(paths::CONSOLE));
    let fields = fields(form, typed);
    at.ask(FormPage { fields, log_in_url, is_upload: true, ..FormPage::new(frame, title, by, cancel) })
}

fn fields(form: &Form<'_>, typed: &Params) -> Vec<Field> {
    let value = |name| typed.field(name).to_owned();
    let mut fields = vec![
        Field::new("text", "name", "Name")
            .hint("People see this on the login and sharing pages")
            .value(value("name")),
    ];
    match form {
        Form::New => {
            fields.push(Field::new("hidden", "id", "").value(value("id")));
            fields.push(Field::new("radios", "kind", "Type").value(value("kind")).one_of([
                (CONFIDENTIAL, "Web application with a server (has a client secret)"),
                (SIGNING, "Web application with a server that signs with a key of its own (private_key_jwt)"),
                (PUBLIC, "Browser or mobile app (no client secret)"),
            ]));
        }
        Form::Edit(_) => fields.push(Field::new("hidden", "version", "").value(value("version"))),
    }
    if form.may_sign() {
        fields.push(Field::heading("Keys"));
        fields.extend(key_fields(typed));
    }
    fields.push(Field::heading("Addresses"));
    fields.extend(address_fields(typed));
    fields.push(Field::heading("Sharing"));
    fields.extend([
        Field::new("radios", "asks_consent", "Ask people to share")
            .hint("For services that are not the council's own")
            .value(value("asks_consent"))
            .one_of([("no", "No, it is the council's own"), ("yes", "Yes, ask them the first time")]),
        Field::new("text", "organisation", "Run by")
            .hint("Shown when people are asked to share")
            .value(value("organisation")),
    ]);
    fields.push(Field::heading("How its login pages look"));
    fields.extend(brand_fields(typed));
    fields.extend(service_logo::fields(&form.settings(), typed));
    fields.push(Field::new("radios", "welcome_page", "Welcome page").value(value("welcome_page")).one_of([
        ("default", "Same as other services"),
        ("show", "Show it"),
        ("skip", "Skip it"),
    ]));
    fields
}

fn address_fields(typed: &Params) -> [Field; 4] {
    let value = |name| typed.field(name).to_owned();
    [
        Field::new("area", "redirect_uris", "Redirect addresses")
            .hint("One on each line. The exact address, for example https://portal.example/callback")
            .value(value("redirect_uris")),
        Field::new("area", "post_logout_redirect_uris", "Addresses after logging out")
            .hint("One on each line. Where people may be sent when they have logged out of the service")
            .value(value("post_logout_redirect_uris")),
        Field::new("text", "backchannel_logout_uri", "Logout notification address")
            .hint("Where we tell the service that somebody has logged out elsewhere, if it wants to know")
            .value(value("backchannel_logout_uri")),
        Field::new("text", "client_uri", "Home page")
            .hint("Services with a home page are listed on our front page")
            .value(value("client_uri")),
    ]
}

/// What makes its login pages its own.
fn brand_fields(typed: &Params) -> [Field; 6] {
    let field = |kind, name, label| Field::new(kind, name, label).value(typed.field(name));
    [
        field("text", "band", "Colour of the heading")
            .hint("For example #173f4e. Leave both colours empty for the council's own"),
        field("text", "button", "Colour of buttons")
            .hint("For example #0b6359. Colours that are hard to read are refused"),
        field("area", "footer_links", "Links at the foot of its login pages").hint(
            "One on each line, at most 5: the words, a space and the address, \
             for example About us https://portal.example/about. Leave it empty for the council's own",
        ),
        field("text", "safeguarding_notice", "Safeguarding message").hint(
            "For anybody worried about a child. Shown before the link “please contact us”, for example “If you are worried about a pupil,”. \
             Leave it empty for the council's own",
        ),
        field("text", "safeguarding_uri", "Safeguarding page")
            .hint("Where its login pages send anybody who is worried. Leave it empty for the council's own"),
        field("text", "exit_uri", "Exit page address").hint(
            "A harmless page, for example a weather forecast, for a button “Exit this page” by which people \
             leave at once. Leave it empty for no button",
        ),
    ]
}

fn key_fields(typed: &Params) -> [Field; 2] {
    [
        Field::new("text", "jwks_uri", "Address of its keys")
            .hint(
                "For a server that signs: where its public keys are, for example https://portal.example/jwks",
            )
            .value(typed.field("jwks_uri")),
        Field::new("area", "jwks", "Or its public keys")
            .hint("For a server that signs and has no such address: the document that begins with {\"keys\":")
            .value(typed.field("jwks")),
    ]
}

/// A service as the form shows it.
fn written(client: &Client) -> Params {
    let settings = &client.settings;
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let welcome = match settings.welcome_page {
        None => "default",
        Some(true) => "show",
        Some(false) => "skip",
    };
    let pairs = [
        ("name", client.name.clone()),
        ("version", client.updated_at.millis().to_string()),
        ("jwks_uri", optional(&settings.jwks_uri)),
        ("jwks", settings.jwks.as_ref().map(Value::to_string).unwrap_or_default()),
        ("redirect_uris", settings.redirect_uris.join("\n")),
        ("post_logout_redirect_uris", settings.post_logout_redirect_uris.join("\n")),
        ("backchannel_logout_uri", optional(&settings.backchannel_logout_uri)),
        ("client_uri", optional(&settings.home_page)),
        ("asks_consent", if settings.asks_consent { "yes" } else { "no" }.to_owned()),
        ("organisation", optional(&settings.organisation)),
        ("welcome_page", welcome.to_owned()),
        ("band", settings.brand_colours.as_ref().map(|(band, _)| band.clone()).unwrap_or_default()),
        ("button", settings.brand_colours.as_ref().map(|(_, button)| button.clone()).unwrap_or_default()),
        ("footer_links", settings.footer_links.join("\n")),
        ("safeguarding_notice", optional(&settings.safeguarding_notice)),
        ("safeguarding_uri", optional(&settings.safeguarding_uri)),
        ("exit_uri", optional(&settings.exit_uri)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The settings that the form holds, over those there were.
fn read(form: &Params, before: ClientSettings) -> ClientSettings {
    let lines = |name| {
        let lines = form.field(name).lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    let optional = |name| Some(form.field(name).trim().to_owned()).filter(|text| !text.is_empty());
    let signs = before.authentication == ClientAuthentication::PrivateKeyJwt;
    let (jwks_uri, jwks) = match signs {
        true => (optional("jwks_uri"), optional("jwks").and_then(|text| strict_json(&text))),
        false => (before.jwks_uri.clone(), before.jwks.clone()),
    };
    ClientSettings {
        jwks_uri,
        jwks,
        redirect_uris: lines("redirect_uris"),
        post_logout_redirect_uris: lines("post_logout_redirect_uris"),
        backchannel_logout_uri: optional("backchannel_logout_uri"),
        home_page: optional("client_uri"),
        asks_consent: form.field("asks_consent") == "yes",
        organisation: optional("organisation"),
        brand_colours: match (optional("band"), optional("button")) {
            (None, None) => None,
            (band, button) => Some((band.unwrap_or_default(), button.unwrap_or_default())),
        },
        footer_links: lines("footer_links"),
        safeguarding_notice: optional("safeguarding_notice"),
        safeguarding_uri: optional("safeguarding_uri"),
        exit_uri: optional("exit_uri"),
        welcome_page: match form.field("welcome_page") {
            "show" => Some(true),
            "skip" => Some(false),
            _ => None,
        },
        ..before
    }
}

/// What is wrong with the form: in the words of its fields where it has some, or else in those for every door.
fn flaws(form: &Params, settings: &ClientSettings, is_new: bool) -> Vec<Flaw> {
    let mut flaws = own_flaws(form, settings, is_new);
    let rules = clients::flaws(form.field("name").trim(), settings);
    // What the form has said better, of its keys and colours, is not said twice.
    let said = |flaw: &Flaw| match flaw.field {
        "" | "jwks" | "jwks_uri" => flaws.iter().any(|own| own.field.starts_with("jwks")),
        field => field == "brand_colours",
    };
    let more: Vec<Flaw> = rules.into_iter().filter(|flaw| !said(flaw)).collect();
    flaws.extend(more);
    flaws
}

fn own_flaws(form: &Params, settings: &ClientSettings, is_new: bool) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if is_new && !matches!(form.field("kind"), CONFIDENTIAL | SIGNING | PUBLIC) {
        flaws.push(Flaw::of("kind", "Select the type of service"));
    }
    if settings.authentication == ClientAuthentication::PrivateKeyJwt {
        if settings.jwks.is_none() && !form.field("jwks").trim().is_empty() {
            flaws.push(Flaw::of(
                "jwks",
                "Enter the public keys as a JSON document that begins with {\"keys\":",
            ));
        } else if settings.jwks_uri.is_some() && settings.jwks.is_some() {
            flaws.push(Flaw::of("jwks", "Enter the address of its keys or the keys themselves, not both"));
        } else if settings.jwks_uri.as_ref().is_some_and(|address| !address.starts_with("https://")) {
            flaws.push(Flaw::of("jwks_uri", "Address of its keys must start with https://"));
        } else if settings.jwks_uri.is_none() && settings.jwks.is_none() {
            flaws.push(Flaw::of("jwks_uri", "Enter the address of its keys, or the keys themselves"));
        }
    }
    if let Some((band, button)) = &settings.brand_colours {
        match (band.is_empty(), button.is_empty()) {
            (true, _) => {
                flaws.push(Flaw::of("band", "Enter a colour for the heading as well, or none for buttons"))
            }
            (_, true) => {
                flaws.push(Flaw::of("button", "Enter a colour for buttons as well, or none for the heading"))
            }
            _ => flaws.extend(Colours::of_service((band, button)).err().map(|say| Flaw::of("band", say))),
        }
    }
    for address in &settings.redirect_uris {
        if address.contains(['#', '*']) {
            flaws.push(Flaw::of("redirect_uris", "Redirect address must not contain # or *"));
        } else if !address.starts_with("https://") && !address.starts_with("http://localhost") {
            flaws.push(Flaw::of("redirect_uris", "Redirect address must start with https://"));
        }
    }
    flaws
}

pub(super) async fn get_new(at: Console) -> Response {
    // The identifier is given out with the form: one that is sent twice adds one service.
    let id = match clients::generate_id(&at.web.kit) {
        Ok(id) => id,
        Err(fault) => return problem::broken(fault),
    };
    let defaults = [("id", id.as_str()), ("asks_consent", "no"), ("welcome_page", "default")];
    let typed = defaults.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    shown(&at, &Form::New, &typed, Vec::new())
}

/// What a form asks for, or all that is wrong with it.
fn read_whole(
    sent: &ConsoleUpload,
    before: ClientSettings,
    is_new: bool,
) -> Result<ClientSettings, Vec<FieldError>> {
    let file = (sent.file.as_deref(), sent.is_whole);
    let logo = service_logo::wanted(&sent.form, file, before.logo.clone());
    let settings = read(&sent.form, before);
    let mut errors = field_errors(&flaws(&sent.form, &settings, is_new));
    match logo {
        Ok(logo) if errors.is_empty() && sent.at.reason_is_fit() => {
            return Ok(ClientSettings { logo, ..settings });
        }
        Ok(_) => errors.extend(lost(sent)),
        Err(wrong) => errors.push(wrong),
    }
    Err(errors)
}

/// What a form that is shown once more has lost of what was sent: browsers do not keep files.
fn lost(sent: &ConsoleUpload) -> Option<FieldError> {
    sent.file.as_ref().map(|_| service_logo::again())
}

/// What is wrong with a form that was sent, after all.
fn refused(sent: &ConsoleUpload, flaws: &[Flaw]) -> Vec<FieldError> {
    field_errors(flaws).into_iter().chain(lost(sent)).collect()
}

/// The form once more for whoever has to log in again before it counts.
fn stale(sent: &ConsoleUpload, form: &Form<'_>) -> Response {
    shown(&sent.at, form, &sent.form, lost(sent).into_iter().collect())
}

pub(super) async fn post_new(sent: ConsoleUpload) -> Response {
    let (at, form) = (&sent.at, &sent.form);
    if !at.is_fresh() {
        return stale(&sent, &Form::New);
    }
    let authentication = match form.field("kind") {
        PUBLIC => ClientAuthentication::None,
        SIGNING => ClientAuthentication::PrivateKeyJwt,
        _ => ClientAuthentication::ClientSecretBasic,
    };
    let id = form.field("id");
    if let Ok(known) = clients::find(&at.web.kit, &at.actor, id).await {
        return shown_before(at, &known);
    }
    let before = ClientSettings { authentication, require_pkce: true, ..ClientSettings::default() };
    let settings = match read_whole(&sent, before, true) {
        Ok(settings) => settings,
        Err(errors) => return shown(at, &Form::New, form, errors),
    };
    let name = form.field("name").trim().to_owned();
    match clients::add(&at.web.kit, &at.actor, ClientId::parse(id), name, settings).await {
        Ok(added) => show_secret(at, &added.client, added.secret.as_ref(), "Service added."),
        Err(Error::Refused(Refusal::Unfit(flaws))) => shown(at, &Form::New, form, refused(&sent, &flaws)),
        Err(error) => match clients::find(&at.web.kit, &at.actor, id).await {
            Ok(known) => shown_before(at, &known),
            Err(_) => at.refuse(error, BACK),
        },
    }
}

pub(super) async fn get_edit(at: Console, Path(id): Path<String>) -> Response {
    match clients::find(&at.web.kit, &at.actor, &id).await {
        Ok(client) => shown(&at, &Form::Edit(&client), &written(&client), Vec::new()),
        Err(error) => refuse(&at, &id, error),
    }
}

pub(super) async fn post_edit(Path(id): Path<String>, sent: ConsoleUpload) -> Response {
    let (at, form) = (&sent.at, &sent.form);
    let client = match clients::find(&at.web.kit, &at.actor, &id).await {
        Ok(client) => client,
        Err(error) => return refuse(at, &id, error),
    };
    if !at.is_fresh() {
        return stale(&sent, &Form::Edit(&client));
    }
    let settings = match read_whole(&sent, client.settings.clone(), false) {
        Ok(settings) => settings,
        Err(errors) => return shown(at, &Form::Edit(&client), form, errors),
    };
    let name = form.field("name").trim().to_owned();
    // What somebody else has saved since this form was served is not written over.
    let read_at = form.field("version").parse().map_or(client.updated_at, Timestamp::from_millis);
    let changed = Client { name, settings, updated_at: read_at, ..client.clone() };
    match clients::update(&at.web.kit, &at.actor, changed).await {
        Ok(saved) => at.done(&path(paths::CONSOLE_SERVICE, saved.id.as_str()), "Changes saved."),
        Err(Error::Refused(Refusal::Unfit(flaws))) => {
            shown(at, &Form::Edit(&client), form, refused(&sent, &flaws))
        }
        Err(error) => refuse(at, &id, error),
    }
}
