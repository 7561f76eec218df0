//! Settings, services and administrators as a file that can live in version control: what would change, changing it, and writing
//! the file that says how things are.

mod planning;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::planning::plan;
use super::clients::members;
use super::settings::{self, Difference, Wishes};
use super::{Refusal, administrators, clients, console};
use crate::base::{ClientId, Error, Secret, kinds};
use crate::kit::Kit;
use crate::model::{Actor, Client, ClientSettings, Role, User};

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    /// By client identifier; `None` where the file has no such section.
    pub(crate) services: Option<BTreeMap<String, DeclaredService>>,
    /// By email.
    #[serde(default)]
    pub(crate) administrators: BTreeMap<String, DeclaredAdministrator>,
    /// The sections of the configuration file that administrators can change, each with what is set in its place; `None`
    /// where the file has no such section.
    pub(crate) brand: Option<BTreeMap<String, Value>>,
    pub(crate) login: Option<BTreeMap<String, Value>>,
    pub(crate) session: Option<BTreeMap<String, Value>>,
    pub(crate) retention: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclaredService {
    pub(crate) name: String,
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub(crate) active: bool,
    /// The members of the registration that differ from their defaults.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclaredAdministrator {
    pub(crate) role: Role,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) services: Vec<String>,
}

impl Declared {
    /// The sections of settings that the file has.
    fn settings(&self) -> impl Iterator<Item = (&'static str, &BTreeMap<String, Value>)> {
        let Self { brand, login, session, retention, .. } = self;
        let sections = [("brand", brand), ("login", login), ("session", session), ("retention", retention)];
        sections.into_iter().filter_map(|(name, section)| Some((name, section.as_ref()?)))
    }

    fn services(&self) -> impl Iterator<Item = (&String, &DeclaredService)> {
        self.services.iter().flatten()
    }

    fn names(&self, service: &str) -> bool {
        self.services.as_ref().is_some_and(|services| services.contains_key(service))
    }
}

const fn yes() -> bool {
    true
}

/// One thing that would change.
pub(crate) enum Change {
    UpdateSettings {
        wishes: Wishes,
        differences: Vec<Difference>,
    },
    AddService(Box<Client>),
    /// With the names of what differs, and what it was and would be.
    UpdateService {
        to: Box<Client>,
        differences: Vec<(String, String, String)>,
    },
    SwitchService {
        client: Box<Client>,
        on: bool,
    },
    RemoveService(Box<Client>),
    GiveRole {
        user: Box<User>,
        role: Role,
        services: Vec<ClientId>,
    },
    TakeRole(Box<User>),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpdateSettings { differences, .. } => {
                f.write_str("~ settings")?;
                differences.iter().try_for_each(|Difference { setting, before, after }| {
                    write!(f, "\n    {}: {before} -> {after}", setting.name())
                })
            }
            Self::AddService(client) => write!(f, "+ service {}: {}", client.id, client.name),
            Self::UpdateService { to, differences } => {
                write!(f, "~ service {}", to.id)?;
                differences
                    .iter()
                    .try_for_each(|(name, before, after)| write!(f, "\n    {name}: {before} -> {after}"))
            }
            Self::SwitchService { client, on } => {
                write!(f, "~ service {}: switched {}", client.id, if *on { "on" } else { "off" })
            }
            Self::RemoveService(client) => write!(f, "- service {}: {}", client.id, client.name),
            Self::GiveRole { user, role, services } => {
                write!(f, "~ administrator {}: {}", user.email, role.name())?;
                services.iter().try_for_each(|service| write!(f, " {service}"))
            }
            Self::TakeRole(user) => write!(f, "- administrator {}", user.email),
        }
    }
}

async fn every_service(kit: &Kit, actor: &Actor) -> Result<Vec<Client>, Error<Refusal>> {
    let mut known: Vec<Client> = Vec::new();
    loop {
        let after = known.last().map_or(String::new(), |client| client.id.to_string());
        let page = clients::list(kit, actor, &after, 500).await?;
        if page.is_empty() {
            break;
        }
        known.extend(page);
    }
    known.retain(|client| client.id.as_str() != console::CLIENT);
    Ok(known)
}

/// Does what a plan says, one thing after the other; the secret of a service that was added, where it has one.
pub(crate) async fn apply(
    kit: &Kit,
    actor: &Actor,
    change: Change,
) -> Result<Option<Secret<kinds::Client>>, Error<Refusal>> {
    match change {
        Change::UpdateSettings { wishes, .. } => drop(settings::change(kit, actor, &wishes, None).await?),
        Change::AddService(client) => return Ok(clients::add_whole(kit, actor, *client).await?.secret),
        Change::UpdateService { to, .. } => drop(clients::update(kit, actor, *to).await?),
        Change::SwitchService { client, on } => drop(clients::set_active(kit, actor, &client, on).await?),
        Change::RemoveService(client) => clients::remove(kit, actor, &client).await?,
        Change::GiveRole { user, role, services } => {
            administrators::give(kit, actor, &user, (role, &services)).await?;
        }
        Change::TakeRole(user) => drop(administrators::take(kit, actor, &user).await?),
    }
    Ok(None)
}

/// The file that says how things are, without anything secret.
pub(crate) async fn export(kit: &Kit, actor: &Actor) -> Result<Declared, Error<Refusal>> {
    let defaults = members(&ClientSettings::default());
    let mut services = BTreeMap::new();
    let mut declared = exported_settings(kit, actor).await?;
    for client in every_service(kit, actor).await? {
        let mut settings = members(&client.settings);
        settings.retain(|name, value| defaults.get(name) != Some(value));
        let service = DeclaredService { name: client.name.clone(), active: client.is_active(), settings };
        services.insert(client.id.to_string(), service);
    }
    declared.services = Some(services);
    for (user, role) in administrators::list(kit, actor).await? {
        let own = administrators::find(kit, &user.id).await?.map(|own| own.services).unwrap_or_default();
        if role == Role::Services && own.is_empty() {
            // Their last service was removed: they can do nothing, and nobody can be made one like that.
            continue;
        }
        let services = own.iter().map(ToString::to_string).collect();
        let administrator = DeclaredAdministrator { role, services };
        declared.administrators.insert(user.email.shown().to_owned(), administrator);
    }
    Ok(declared)
}

/// A file with what administrators have set in the place of the configuration.
async fn exported_settings(kit: &Kit, actor: &Actor) -> Result<Declared, Error<Refusal>> {
    let listed = settings::list(kit, actor).await?.settings;
    let section = |name: &str| {
        let own = listed.iter().filter(|listed| listed.is_changed && listed.setting.section() == name);
        Some(own.map(|listed| (listed.setting.key().to_owned(), listed.value.clone())).collect())
    };
    Ok(Declared {
        brand: section("brand"),
        login: section("login"),
        session: section("session"),
        retention: section("retention"),
        ..Declared::default()
    })
}
