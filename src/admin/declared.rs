//! Services and administrators as a file that can live in version control: what would change, changing it, and writing
//! the file that says how things are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Refusal, administrators, clients, console, services, users};
use crate::base::{ClientId, Error, Secret, kinds};
use crate::kit::Kit;
use crate::model::{Actor, Client, ClientSettings, Role, User};

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    /// By client identifier.
    #[serde(default)]
    pub(crate) services: BTreeMap<String, DeclaredService>,
    /// By email.
    #[serde(default)]
    pub(crate) administrators: BTreeMap<String, DeclaredAdministrator>,
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

const fn yes() -> bool {
    true
}

/// One thing that would change.
pub(crate) enum Change {
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

/// What would have to change for things to be as a file says. What the file does not name is left alone, unless it is to
/// be pruned.
///
/// # Errors
/// Where the file names what cannot be, with every such thing.
pub(crate) async fn plan(
    kit: &Kit,
    actor: &Actor,
    declared: &Declared,
    prune: bool,
) -> Result<Vec<Change>, Error<Refusal>> {
    let mut changes = plan_services(kit, actor, declared, prune).await?;
    changes.extend(plan_administrators(kit, actor, declared, prune).await?);
    Ok(changes)
}

async fn plan_services(
    kit: &Kit,
    actor: &Actor,
    declared: &Declared,
    prune: bool,
) -> Result<Vec<Change>, Error<Refusal>> {
    let known = every_service(kit, actor).await?;
    let mut changes = Vec::new();
    for (name, wanted) in &declared.services {
        let id = ClientId::parse(name).filter(|id| id.as_str() != console::CLIENT);
        let id = id.ok_or_else(|| unfit(format!("{name:?} cannot be the identifier of a service")))?;
        let settings = read_settings(name, &wanted.settings)?;
        match known.iter().find(|client| client.id == id) {
            None => {
                let now = kit.now();
                let client = Client {
                    id,
                    name: wanted.name.clone(),
                    settings,
                    created_at: now,
                    updated_at: now,
                    disabled_at: (!wanted.active).then_some(now),
                };
                clients::judge(&client).map_err(|error| within(name, error))?;
                changes.push(Change::AddService(Box::new(client)));
            }
            Some(client) => {
                let to = Client { name: wanted.name.clone(), settings, ..client.clone() };
                clients::judge(&to).map_err(|error| within(name, error))?;
                let differences = differences(client, &to);
                if !differences.is_empty() {
                    changes.push(Change::UpdateService { to: Box::new(to), differences });
                }
                if client.is_active() != wanted.active {
                    changes
                        .push(Change::SwitchService { client: Box::new(client.clone()), on: wanted.active });
                }
            }
        }
    }
    let gone =
        known.into_iter().filter(|client| prune && !declared.services.contains_key(client.id.as_str()));
    changes.extend(gone.map(|client| Change::RemoveService(Box::new(client))));
    Ok(changes)
}

async fn plan_administrators(
    kit: &Kit,
    actor: &Actor,
    declared: &Declared,
    prune: bool,
) -> Result<Vec<Change>, Error<Refusal>> {
    let mut changes = Vec::new();
    let mut named = BTreeSet::new();
    for (email, wanted) in &declared.administrators {
        let user = users::find(kit, actor, email).await?;
        let mut services = Vec::new();
        for name in &wanted.services {
            let id = ClientId::parse(name).ok_or_else(|| unfit(format!("{name:?} is not a service")))?;
            if !declared.services.contains_key(name) {
                clients::find(kit, actor, name).await?;
            }
            services.push(id);
        }
        services.sort();
        named.insert(user.id.as_str().to_owned());
        let has = administrators::find(kit, &user.id).await?;
        if has.is_none_or(|has| has.role != wanted.role || has.services != services) {
            changes.push(Change::GiveRole { user: Box::new(user), role: wanted.role, services });
        }
    }
    if prune {
        let listed = administrators::list(kit, actor).await?;
        let gone = listed.into_iter().filter(|(user, _)| !named.contains(user.id.as_str()));
        changes.extend(gone.map(|(user, _)| Change::TakeRole(Box::new(user))));
    }
    Ok(changes)
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

fn unfit(say: String) -> Error<Refusal> {
    Error::Refused(Refusal::unfit("", say))
}

fn within(name: &str, error: Error<Refusal>) -> Error<Refusal> {
    match error {
        Error::Refused(refusal) => unfit(format!("services.{name}: {refusal}")),
        Error::Fault(fault) => Error::Fault(fault),
    }
}

fn read_settings(name: &str, members: &BTreeMap<String, Value>) -> Result<ClientSettings, Error<Refusal>> {
    let document = Value::Object(members.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
    serde_json::from_value(document).map_err(|error| unfit(format!("services.{name}.settings: {error}")))
}

/// The members of a registration.
fn members(settings: &ClientSettings) -> BTreeMap<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

fn differences(before: &Client, after: &Client) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    if before.name != after.name {
        found.push(("name".to_owned(), before.name.clone(), after.name.clone()));
    }
    let (was, is) = (members(&before.settings), members(&after.settings));
    for (name, value) in is {
        let before = was.get(&name).cloned().unwrap_or_default();
        if before != value {
            found.push((name, before.to_string(), value.to_string()));
        }
    }
    found
}

/// Does what a plan says, one thing after the other; the secret of a service that was added, where it has one.
pub(crate) async fn apply(
    kit: &Kit,
    actor: &Actor,
    change: Change,
) -> Result<Option<Secret<kinds::Client>>, Error<Refusal>> {
    match change {
        Change::AddService(client) => {
            services::refuse_namesake(kit, &client.name, "").await?;
            let Client { id, name, settings, disabled_at, .. } = *client;
            let added = clients::add(kit, actor, Some(id), name, settings).await?;
            if disabled_at.is_some() {
                clients::set_active(kit, actor, &added.client, false).await?;
            }
            return Ok(added.secret);
        }
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
    let mut declared = Declared::default();
    for client in every_service(kit, actor).await? {
        let mut settings = members(&client.settings);
        settings.retain(|name, value| defaults.get(name) != Some(value));
        let service = DeclaredService { name: client.name.clone(), active: client.is_active(), settings };
        declared.services.insert(client.id.to_string(), service);
    }
    for (user, role) in administrators::list(kit, actor).await? {
        let own = administrators::find(kit, &user.id).await?.map(|own| own.services).unwrap_or_default();
        let services = own.iter().map(ToString::to_string).collect();
        let administrator = DeclaredAdministrator { role, services };
        declared.administrators.insert(user.email.shown().to_owned(), administrator);
    }
    Ok(declared)
}
