//! The settings that count on this node: the configuration with what administrators have set on top.
//!
//! They are read without waiting and replaced whole: at once in the process that changes them, and by every other node
//! within [`READ_EVERY`]. What cannot be used, because a newer version wrote it or the configuration has changed, stops
//! nothing: what is configured counts then.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::Kit;
use crate::base::{Fault, Timestamp};
use crate::config::{Config, Misfit, Overrides, Settings};
use crate::store::settings;
use crate::view::Colours;

pub(crate) const READ_EVERY: Duration = Duration::from_secs(2);

/// The settings as this node knows them.
pub(crate) struct SettingsInForce {
    current: RwLock<Arc<Settings>>,
    /// Which were read last. Whoever reads holds it, so that nothing older replaces what is newer.
    version: tokio::sync::Mutex<Timestamp>,
}

impl SettingsInForce {
    /// As they are configured, until what administrators have set is read.
    pub(crate) fn new(config: &Config) -> Self {
        let current = RwLock::new(Arc::new(config.settings.clone()));
        Self { current, version: tokio::sync::Mutex::new(Timestamp::from_millis(0)) }
    }

    pub(crate) fn current(&self) -> Arc<Settings> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, settings: Settings) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

impl Kit {
    /// The settings that count at this moment.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.settings_in_force.current()
    }

    /// The name that stands where somebody did not come from a service.
    pub(crate) fn service_name(&self) -> String {
        self.settings().brand.service.clone()
    }

    /// Reads what administrators have set, and makes this node use it.
    pub(crate) async fn reload_settings(&self) -> Result<(), Fault> {
        let mut version = self.settings_in_force.version.lock().await;
        let written = settings::read(&mut *self.store.read().await?).await?;
        if written.updated_at == *version {
            return Ok(());
        }
        let settled = Settled::of(&self.config, &written.document);
        for misfit in &settled.misfits {
            tracing::warn!(
                setting = misfit.setting,
                why = misfit.why,
                "a setting in the database cannot be used; what is configured counts"
            );
        }
        self.settings_in_force.replace(settled.settings);
        *version = written.updated_at;
        Ok(())
    }
}

/// What comes of the configuration and what administrators have set.
pub(crate) struct Settled {
    pub(crate) settings: Settings,
    /// Everything that was set.
    pub(crate) stored: Overrides,
    /// What of that counts.
    pub(crate) usable: Overrides,
    /// Why the rest does not.
    pub(crate) misfits: Vec<Misfit>,
}

impl Settled {
    pub(crate) fn of(config: &Config, document: &str) -> Self {
        let mut misfits = Vec::new();
        let stored = serde_json::from_str(document).unwrap_or_else(|_| {
            misfits.push(Misfit { setting: "everything".to_owned(), why: "is damaged".to_owned() });
            Overrides::new()
        });
        let mut usable = stored.clone();
        let mut settings = config.settings.clone();
        while !usable.is_empty() {
            match judge(config, &usable) {
                Ok(judged) => {
                    settings = judged;
                    break;
                }
                Err(found) => {
                    leave_out(&mut usable, &found);
                    misfits.extend(found);
                }
            }
        }
        Self { settings, stored, usable, misfits }
    }
}

/// Takes out what is at fault. Where that is none of them, because two settings do not go together, the whole section goes.
fn leave_out(usable: &mut Overrides, misfits: &[Misfit]) {
    let before = usable.len();
    usable.retain(|name, _| misfits.iter().all(|misfit| misfit.setting != *name));
    if usable.len() == before {
        let section = |name: &str| name.split('.').next().map(str::to_owned);
        usable.retain(|name, _| misfits.iter().all(|misfit| section(&misfit.setting) != section(name)));
    }
    if usable.len() == before {
        usable.clear();
    }
}

/// The settings with some on top of the configuration.
///
/// # Errors
/// What is wrong with these: by the checks of the configuration, and where people could not read colours.
pub(crate) fn judge(config: &Config, overrides: &Overrides) -> Result<Settings, Vec<Misfit>> {
    let settings = config.overridden(overrides)?;
    let misfit = |name: String, say| vec![Misfit { setting: name, why: format!("cannot be read: {say}") }];
    let colours =
        Colours::parse(settings.brand.colours()).map_err(|say| misfit("brand.brand".to_owned(), say))?;
    let Some((which, say)) = colours.flaw() else { return Ok(settings) };
    // Of words and what they stand on, the one that was set.
    let words = format!("brand.{which}");
    let ground = words.replace("on_", "");
    Err(misfit(if overrides.contains_key(&words) { words } else { ground }, say))
}
