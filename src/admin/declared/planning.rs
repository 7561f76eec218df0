//! What would have to change, and whether all of it can be done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Change, Declared, DeclaredAdministrator, DeclaredService, every_service};
use crate::admin::clients::{self, members};
use crate::admin::settings::{self, Wishes};
use crate::admin::{Flaw, Refusal, administrators, console, users};
use crate::base::{ClientId, Error, UserId};
use crate::kit::Kit;
use crate::model::{Actor, Client, ClientSettings, Role, User};
use crate::policy::logo::Logo;

/// A plan while it is made: what would change, and what cannot be.
struct Plan<'a> {
    kit: &'a Kit,
    actor: &'a Actor,
    declared: &'a Declared,
    prune: bool,
    known: Vec<Client>,
    flaws: Vec<Flaw>,
}

/// What would have to change for things to be as a file says, in the order in which it can be done. What the file does not
/// name is left alone, unless it is to be pruned.
///
/// # Errors
/// Where the file names what cannot be, with every such thing: what is planned can be done.
pub(crate) async fn plan(
    kit: &Kit,
    actor: &Actor,
    declared: &Declared,
    prune: bool,
) -> Result<Vec<Change>, Error<Refusal>> {
    let known = every_service(kit, actor).await?;
    let mut plan = Plan { kit, actor, declared, prune, known, flaws: Vec::new() };
    if prune && declared.services.is_none() {
        plan.flaw("The file has no [services], and --prune would remove every service");
    }
    let mut changes = plan.settings().await?;
    changes.extend(plan.services().await?);
    plan.check_names();
    changes.extend(plan.administrators().await?);
    // Administrators look after them until here: one who is given another service first is never without any.
    let gone = plan.known.iter().filter(|client| prune && !declared.names(client.id.as_str()));
    changes.extend(gone.map(|client| Change::RemoveService(Box::new(client.clone()))));
    if plan.flaws.is_empty() { Ok(changes) } else { Err(Error::Refused(Refusal::Unfit(plan.flaws))) }
}

impl Plan<'_> {
    fn flaw(&mut self, say: impl Into<String>) {
        self.flaws.push(Flaw::of("", say));
    }

    /// Notes a refusal instead of ending with it.
    fn noted<T>(
        &mut self,
        place: &str,
        result: Result<T, Error<Refusal>>,
    ) -> Result<Option<T>, Error<Refusal>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Error::Refused(refusal)) => {
                for line in refusal.to_string().lines() {
                    self.flaw(format!("{place}: {line}"));
                }
                Ok(None)
            }
            Err(Error::Fault(fault)) => Err(Error::Fault(fault)),
        }
    }

    /// What a section does not name is left alone too, or goes back to what is configured where it is to be pruned.
    async fn settings(&mut self) -> Result<Vec<Change>, Error<Refusal>> {
        let listed = settings::list(self.kit, self.actor).await?.settings;
        let mut wishes = Wishes::new();
        for (section, wanted) in self.declared.settings() {
            let of_section = listed.iter().filter(|listed| listed.setting.section() == section);
            let gone = of_section.filter(|listed| self.prune && listed.is_changed);
            wishes.extend(gone.map(|listed| (listed.setting.name().to_owned(), None)));
            wishes
                .extend(wanted.iter().map(|(key, value)| (format!("{section}.{key}"), Some(value.clone()))));
        }
        match settings::weigh(self.kit, self.actor, &wishes).await {
            Ok(differences) if differences.is_empty() => Ok(Vec::new()),
            Ok(differences) => Ok(vec![Change::UpdateSettings { wishes, differences }]),
            Err(Error::Refused(refusal)) => {
                refusal.to_string().lines().for_each(|line| self.flaw(line));
                Ok(Vec::new())
            }
            Err(fault) => Err(fault),
        }
    }

    async fn services(&mut self) -> Result<Vec<Change>, Error<Refusal>> {
        let mut changes = Vec::new();
        for (name, wanted) in self.declared.services() {
            let Some(id) = ClientId::parse(name).filter(|id| id.as_str() != console::CLIENT) else {
                self.flaw(format!("services: {name:?} cannot be the identifier of a service"));
                continue;
            };
            let settings = match read_settings(&wanted.settings) {
                Ok(settings) => settings,
                Err(why) => {
                    self.flaw(format!("services.{name}.settings: {why}"));
                    continue;
                }
            };
            changes.extend(self.service(id, wanted, settings).await?);
        }
        Ok(changes)
    }

    async fn service(
        &mut self,
        id: ClientId,
        wanted: &DeclaredService,
        settings: ClientSettings,
    ) -> Result<Vec<Change>, Error<Refusal>> {
        let place = format!("services.{id}");
        let before = self.known.iter().find(|client| client.id == id).cloned();
        let now = self.kit.now();
        let to = match before.clone() {
            Some(client) => Client { name: wanted.name.clone(), settings, ..client },
            None => Client {
                id,
                name: wanted.name.clone(),
                settings,
                created_at: now,
                updated_at: now,
                disabled_at: (!wanted.active).then_some(now),
            },
        };
        let judged = clients::judge_as(self.actor, &to, before.as_ref().map(|before| &before.settings));
        let differences = before.as_ref().map(|before| differences(before, &to));
        let differs = differences.as_ref().is_none_or(|differences| !differences.is_empty());
        if self.noted(&place, judged)?.is_none() {
            return Ok(Vec::new());
        }
        if differs {
            let checked = clients::check_sector(self.kit, &to.settings).await;
            self.noted(&place, checked)?;
        }
        let mut changes = Vec::new();
        match (before, differences) {
            (Some(before), Some(differences)) => {
                if differs {
                    changes.push(Change::UpdateService { to: Box::new(to), differences });
                }
                if before.is_active() != wanted.active {
                    changes.push(Change::SwitchService { client: Box::new(before), on: wanted.active });
                }
            }
            _ => changes.push(Change::AddService(Box::new(to))),
        }
        Ok(changes)
    }

    /// Two services with one name could not be told apart, not even while a file is applied. Those that have one already
    /// are left alone.
    fn check_names(&mut self) {
        let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for client in &self.known {
            ids.entry(&client.name).or_default().push(client.id.as_str());
        }
        for (id, service) in self.declared.services() {
            ids.entry(&service.name).or_default().push(id);
        }
        let mut found = Vec::new();
        for (id, service) in self.declared.services() {
            let is_new =
                !self.known.iter().any(|known| known.id.as_str() == id && known.name == service.name);
            let others = ids.get(service.name.as_str()).into_iter().flatten();
            if let (true, Some(other)) = (is_new, others.copied().find(|other| other != id)) {
                found.push(format!("services.{id}: {other} has the name {:?} as well", service.name));
            }
        }
        found.into_iter().for_each(|say| self.flaw(say));
    }

    /// Owners are made before others cease to be it, so that there is always one.
    async fn administrators(&mut self) -> Result<Vec<Change>, Error<Refusal>> {
        let listed = administrators::list(self.kit, self.actor).await?;
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        let mut named = BTreeSet::new();
        let mut owners = BTreeSet::new();
        for (email, wanted) in &self.declared.administrators {
            let place = format!("administrators.{email:?}");
            let found = users::find(self.kit, self.actor, email).await;
            let user = self.noted(&place, found)?;
            let services = self.services_of(&place, wanted);
            let Some(user) = user else { continue };
            named.insert(user.id.as_str().to_owned());
            if wanted.role == Role::Owner && user.is_active() {
                owners.insert(user.id.as_str().to_owned());
            }
            let has = administrators::find(self.kit, &user.id).await?;
            if has.is_none_or(|has| has.role != wanted.role || has.services != services) {
                let order = if wanted.role == Role::Owner { &mut first } else { &mut rest };
                order.push(Change::GiveRole { user: Box::new(user), role: wanted.role, services });
            }
        }
        let others = listed.iter().filter(|(user, _)| !named.contains(user.id.as_str()));
        if self.prune {
            rest.extend(others.map(|(user, _)| Change::TakeRole(Box::new(user.clone()))));
        } else {
            owners.extend(others.filter(|(user, role)| owns(user, *role)).map(|(user, _)| id_of(&user.id)));
        }
        let has_owner = listed.iter().any(|(user, role)| owns(user, *role));
        if owners.is_empty() && (self.prune || has_owner) {
            self.flaw("administrators: this leaves no owner: name one whose account is active");
        }
        first.append(&mut rest);
        Ok(first)
    }

    fn services_of(&mut self, place: &str, wanted: &DeclaredAdministrator) -> Vec<ClientId> {
        if wanted.role == Role::Services && wanted.services.is_empty() {
            self.flaw(format!("{place}: name at least one service"));
        }
        if wanted.role != Role::Services && !wanted.services.is_empty() {
            self.flaw(format!("{place}: services are only for the role \"services\""));
        }
        let mut services = Vec::new();
        for name in &wanted.services {
            let stays = !self.prune && self.known.iter().any(|known| known.id.as_str() == name);
            match ClientId::parse(name).filter(|_| stays || self.declared.names(name)) {
                Some(id) => services.push(id),
                None => self.flaw(format!("{place}: there is no service {name:?}")),
            }
        }
        services.sort();
        services.dedup();
        services
    }
}

fn owns(user: &User, role: Role) -> bool {
    role == Role::Owner && user.is_active()
}

fn id_of(id: &UserId) -> String {
    id.as_str().to_owned()
}

fn read_settings(members: &BTreeMap<String, Value>) -> Result<ClientSettings, String> {
    let document = Value::Object(members.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
    serde_json::from_value(document).map_err(|error| error.to_string())
}

/// A setting in a line: of an image, what it is.
fn shown(name: &str, value: &Value) -> String {
    let logo = value.as_str().filter(|_| name == "logo").and_then(|written| Logo::read(written).ok());
    logo.map_or_else(|| value.to_string(), |logo| logo.shown())
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
            let (before, after) = (shown(&name, &before), shown(&name, &value));
            found.push((name, before, after));
        }
    }
    found
}
