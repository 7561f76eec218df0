//! The settings that can be changed while the provider runs, on top of its configuration.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Flaw, Refusal, check, console};
use crate::audit::Entry;
use crate::base::{Error, Fault, Timestamp};
use crate::config::{Misfit, Overrides, Setting};
use crate::kit::{Kit, Settled, judge};
use crate::model::{Actor, EventKind};
use crate::policy::permission::Action;
use crate::store::settings::{self as rows, Written};

/// What settings are to be, by name; `None` for what is configured.
pub(crate) type Wishes = BTreeMap<String, Option<Value>>;

/// One setting, as it is.
pub(crate) struct Listed {
    pub(crate) setting: &'static Setting,
    pub(crate) configured: Value,
    /// What counts.
    pub(crate) value: Value,
    /// Whether that was set by an administrator.
    pub(crate) is_changed: bool,
}

/// All of them, as they were at one moment.
pub(crate) struct Seen {
    pub(crate) settings: Vec<Listed>,
    pub(crate) version: Timestamp,
    /// What was set and cannot be used.
    pub(crate) misfits: Vec<Misfit>,
}

/// What a setting was and what it becomes.
pub(crate) struct Difference {
    pub(crate) setting: &'static Setting,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// Every setting, as the database has them now.
pub(crate) async fn list(kit: &Kit, actor: &Actor) -> Result<Seen, Error<Refusal>> {
    check(actor, Action::SeeSettings, None)?;
    let (settled, version) = read(kit).await?;
    let listed = |setting: &'static Setting| Listed {
        setting,
        configured: kit.config.configured(setting),
        value: value(kit, &settled.usable, setting),
        is_changed: settled.usable.contains_key(setting.name()),
    };
    Ok(Seen { settings: Setting::every().iter().map(listed).collect(), version, misfits: settled.misfits })
}

async fn read(kit: &Kit) -> Result<(Settled, Timestamp), Fault> {
    let Written { document, updated_at } = rows::read(&mut *kit.store.read().await?).await?;
    Ok((Settled::of(&kit.config, &document), updated_at))
}

fn value(kit: &Kit, overrides: &Overrides, setting: &'static Setting) -> Value {
    overrides.get(setting.name()).cloned().unwrap_or_else(|| kit.config.configured(setting))
}

/// What would come of wishes, without any of it being done.
pub(crate) async fn weigh(
    kit: &Kit,
    actor: &Actor,
    wishes: &Wishes,
) -> Result<Vec<Difference>, Error<Refusal>> {
    check(actor, Action::ChangeSettings, None)?;
    let (settled, _) = read(kit).await?;
    Ok(prepare(kit, &settled, wishes)?.differences)
}

/// Does what is wished, all of it or nothing; refused as a conflict where the settings have changed since the version
/// that was seen.
pub(crate) async fn change(
    kit: &Kit,
    actor: &Actor,
    wishes: &Wishes,
    seen: Option<Timestamp>,
) -> Result<Vec<Difference>, Error<Refusal>> {
    check(actor, Action::ChangeSettings, None)?;
    let (settled, version) = read(kit).await?;
    let conflict = || {
        let say = "the settings were changed by somebody else meanwhile".to_owned();
        Error::Refused(Refusal::Conflict(say))
    };
    // What cannot be used is refused as that, however old what was seen is (RFC 9110, section 13.2.1).
    let Prepared { stored, differences } = prepare(kit, &settled, wishes)?;
    if seen.is_some_and(|seen| seen != version) {
        return Err(conflict());
    }
    if stored == settled.stored {
        return Ok(differences);
    }
    let document = json!(stored).to_string();
    let written = Written { document, updated_at: kit.now().after(version) };
    let mut tx = kit.store.begin().await?;
    if !rows::write(&mut tx, &written, version).await? {
        return Err(conflict());
    }
    Entry::by(EventKind::SettingsChanged, actor).detail(detail(&differences)).record(kit, &mut tx).await?;
    tx.commit().await?;
    kit.reload_settings().await?;
    // It has the name of the council.
    console::ensure(kit).await?;
    Ok(differences)
}

/// For the trail: what was changed, from what to what.
fn detail(differences: &[Difference]) -> Value {
    let changed = differences.iter().map(|Difference { setting, before, after }| {
        (setting.name().to_owned(), json!({ "before": before, "after": after }))
    });
    json!({ "settings": changed.collect::<Map<_, _>>() })
}

/// What is to be written, and what it makes different.
struct Prepared {
    stored: Overrides,
    differences: Vec<Difference>,
}

fn prepare(kit: &Kit, settled: &Settled, wishes: &Wishes) -> Result<Prepared, Error<Refusal>> {
    let mut flaws = Vec::new();
    // What cannot be used, such as what a newer version wrote, is kept as it is unless it is wished otherwise.
    let (mut stored, mut usable) = (settled.stored.clone(), settled.usable.clone());
    let mut touched = Vec::new();
    for (name, wish) in wishes {
        let setting = match Setting::find(name) {
            Ok(setting) => setting,
            Err(_) if wish.is_none() && stored.remove(name).is_some() => continue,
            Err(why) => {
                flaws.push(Flaw::of("", format!("{name} {why}")));
                continue;
            }
        };
        let is_idle = !settled.stored.contains_key(name);
        match wish {
            Some(wish) if is_idle && *wish == kit.config.configured(setting) => {}
            None if is_idle => {}
            Some(wish) if settled.usable.get(name) == Some(wish) => {}
            Some(wish) => {
                stored.insert(name.clone(), wish.clone());
                usable.insert(name.clone(), wish.clone());
                touched.push(setting);
            }
            None => {
                stored.remove(name);
                usable.remove(name);
                touched.push(setting);
            }
        }
    }
    if let Err(misfits) = judge(&kit.config, &usable) {
        flaws.extend(misfits.iter().map(|misfit| {
            let field = Setting::find(&misfit.setting).map_or("", |setting| setting.name());
            Flaw::of(field, misfit.to_string())
        }));
    }
    if !flaws.is_empty() {
        return Err(Error::Refused(Refusal::Unfit(flaws)));
    }
    let differences = touched.into_iter().map(|setting| Difference {
        setting,
        before: value(kit, &settled.usable, setting),
        after: value(kit, &usable, setting),
    });
    Ok(Prepared { stored, differences: differences.collect() })
}
