//! The settings that shape what people meet: administrators can change them while the provider runs.
//!
//! What they set counts before the configuration, and is judged by the same checks. What is needed to start, and what
//! names a file of the server, stays with the configuration alone.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use confique::Config;
use serde_json::Value;
use toml::Table;

use super::brand::{self, Brand};
use super::layers::{self, Leaf, Shape};
use super::login::{self, Login};
use super::problems::{Misfit, Problems};
use super::retention::{self, Retention};
use super::session::{self, Session};
use super::tokens::Tokens;

/// The sections of these settings.
pub(crate) const SECTIONS: [&str; 4] = ["brand", "login", "session", "retention"];

const LOGO: &str = "brand.logo";

/// What administrators have set, by names such as `brand.phone`.
pub(crate) type Overrides = BTreeMap<String, Value>;

#[derive(Config)]
pub(super) struct Written {
    #[config(nested)]
    pub(super) brand: brand::Written,
    #[config(nested)]
    pub(super) login: login::Written,
    #[config(nested)]
    pub(super) session: session::Written,
    #[config(nested)]
    pub(super) retention: retention::Written,
}

/// What shapes the pages, and how long things last.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) brand: Brand,
    pub(crate) login: Login,
    pub(crate) session: Session,
    pub(crate) retention: Retention,
}

impl Written {
    pub(super) fn check(self, (issuer, tokens): (&str, &Tokens), problems: &mut Problems) -> Settings {
        let settings = Settings {
            brand: self.brand.check(issuer, problems),
            login: self.login.check(problems),
            session: self.session.check(problems),
            retention: self.retention.check(problems),
        };
        if settings.retention.dormant.is_some_and(|dormant| dormant <= tokens.refresh) {
            let why = "must be more than tokens.refresh_days: who uses a service all the time need not log in before";
            problems.say("retention.dormant_days", why);
        }
        settings
    }
}

/// What a table says of these settings.
pub(super) fn of(table: &Table) -> Table {
    let own = table.iter().filter(|(section, _)| SECTIONS.contains(&section.as_str()));
    own.map(|(section, settings)| (section.clone(), settings.clone())).collect()
}

/// A setting that administrators can change.
pub(crate) struct Setting(Leaf);

static EVERY: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    let is_own = |leaf: &Leaf| {
        let section = leaf.path.split('.').next().unwrap_or_default();
        SECTIONS.contains(&section) && leaf.path != LOGO
    };
    layers::leaves().into_iter().filter(is_own).map(Setting).collect()
});

impl Setting {
    /// All of them, in the order of the reference.
    pub(crate) fn every() -> &'static [Self] {
        &EVERY
    }

    /// # Errors
    /// The words that follow the name of one that there is not, or that administrators cannot change.
    pub(crate) fn find(name: &str) -> Result<&'static Self, String> {
        if let Some(known) = EVERY.iter().find(|setting| setting.0.path == name) {
            return Ok(known);
        }
        if layers::leaves().iter().any(|leaf| leaf.path == name) {
            return Err("can only be set in the configuration file or the environment".to_owned());
        }
        let known = EVERY.iter().map(|setting| setting.0.path.as_str());
        Err(format!("is no setting; did you mean {:?}?", layers::nearest(name, known)))
    }

    /// Such as `brand.phone`.
    pub(crate) fn name(&'static self) -> &'static str {
        &self.0.path
    }

    /// Such as `brand`.
    pub(crate) fn section(&'static self) -> &'static str {
        self.name().split_once('.').map_or("", |(section, _)| section)
    }

    /// Such as `phone`.
    pub(crate) fn key(&'static self) -> &'static str {
        self.name().split_once('.').map_or("", |(_, key)| key)
    }

    pub(crate) const fn shape(&self) -> Shape {
        self.0.shape
    }

    /// Whether it can be left out, and has nothing in its place then.
    pub(crate) fn is_optional(&self) -> bool {
        self.0.default.is_none()
    }

    /// What it is about, as the reference has it.
    pub(crate) fn about(&self) -> String {
        self.0.comment.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    }

    /// The value that a text stands for, as in an environment variable.
    pub(crate) fn read(&self, text: &str) -> Value {
        in_json(&self.0.shape.read(text))
    }
}

fn in_json(value: &toml::Value) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

impl super::Config {
    /// What a setting is by the configuration; nothing where there it is not set and has no default.
    pub(crate) fn configured(&self, setting: &Setting) -> Value {
        let given = layers::find(&self.given, &setting.0.path).map(in_json);
        let default = || setting.0.default.and_then(|default| serde_json::to_value(default).ok());
        given.or_else(default).unwrap_or_default()
    }

    /// The settings with those on top that administrators have set.
    ///
    /// # Errors
    /// What is wrong with these, by every check that the configuration has to pass.
    pub(crate) fn overridden(&self, by: &Overrides) -> Result<Settings, Vec<Misfit>> {
        let mut problems = Problems::default();
        let mut table = self.given.clone();
        // The logo is read once.
        if let Some(brand) = table.get_mut("brand").and_then(toml::Value::as_table_mut) {
            brand.remove("logo");
        }
        for (name, value) in by {
            match (Setting::find(name), toml::Value::try_from(value)) {
                (Err(why), _) => problems.say(name, why),
                (Ok(setting), Ok(value)) if setting.0.shape.fits(&value) => {
                    layers::insert(&mut table, name, value);
                }
                (Ok(setting), _) => problems.say(name, setting.0.shape.expected()),
            }
        }
        if problems.told().is_none() {
            match super::written::<Written>(table) {
                Ok(written) => {
                    let mut settings = written.check((&self.issuer(), &self.tokens), &mut problems);
                    settings.brand.logo.clone_from(&self.settings.brand.logo);
                    if problems.told().is_none() {
                        return Ok(settings);
                    }
                }
                // What can go wrong is within a list, and there is one.
                Err(why) => problems.say("brand.footer_links", format_args!("cannot be read: {why}")),
            }
        }
        Err(problems.misfits())
    }

    /// Sets one as the configuration file would.
    ///
    /// # Errors
    /// Where it cannot be that.
    #[cfg(any(test, feature = "demo"))]
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), super::ConfigError> {
        let by = Overrides::from([(name.to_owned(), value.into())]);
        let told = |misfits: Vec<Misfit>| misfits.iter().map(ToString::to_string).collect::<Vec<_>>();
        self.settings =
            self.overridden(&by).map_err(|misfits| super::ConfigError(told(misfits).join("\n")))?;
        layers::insert(&mut self.given, name, value.into());
        Ok(())
    }
}
