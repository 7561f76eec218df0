//! What is wrong with the settings, gathered so that everything can be mended at once.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

/// Why a setting cannot be what it is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) setting: String,
    /// The words that follow its name.
    pub(crate) why: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.why)
    }
}

/// The problems so far, one sentence each, and where each setting was read, so that a sentence can say so.
#[derive(Default)]
pub(super) struct Problems {
    file: Option<String>,
    /// The environment variable that gave a setting, by the setting.
    variables: BTreeMap<String, String>,
    said: Vec<String>,
    misfits: Vec<Misfit>,
}

impl Problems {
    /// With the name of the configuration file, if there is one.
    pub(super) fn of(file: Option<String>) -> Self {
        Self { file, ..Self::default() }
    }

    /// Notes that a setting was given by an environment variable.
    pub(super) fn came_from(&mut self, setting: &str, variable: &str) {
        self.variables.insert(setting.to_owned(), variable.to_owned());
    }

    /// What is wrong with one setting, as the words that follow its name.
    pub(super) fn say(&mut self, setting: &str, why: impl Display) {
        let why = why.to_string();
        let sentence = format!("{setting} {why}");
        self.misfits.push(Misfit { setting: setting.to_owned(), why });
        match self.variables.get(setting).or(self.file.as_ref()) {
            Some(place) => self.said.push(format!("{place}: {sentence}")),
            None => self.said.push(sentence),
        }
    }

    /// A setting that has to be given and was not, with the environment variable that could give it.
    pub(super) fn miss(&mut self, setting: &str, variable: &str) {
        self.said.push(match &self.file {
            Some(file) => format!("{file}: {setting} is missing; give it there or as {variable}"),
            None => format!("{setting} is missing; give it in a file that --config names, or as {variable}"),
        });
    }

    /// A sentence about the configuration file as a whole.
    pub(super) fn say_of_file(&mut self, sentence: impl Display) {
        match &self.file {
            Some(file) => self.said.push(format!("{file}: {sentence}")),
            None => self.said.push(sentence.to_string()),
        }
    }

    /// A sentence about the environment.
    pub(super) fn say_of_environment(&mut self, sentence: String) {
        self.said.push(sentence);
    }

    /// The number, having said so where it is out of bounds.
    pub(super) fn within<T: PartialOrd + Display>(
        &mut self,
        setting: &str,
        value: T,
        least: T,
        most: T,
    ) -> T {
        if value < least || value > most {
            self.say(setting, format_args!("is {value}; it must be {least} to {most}"));
        }
        value
    }

    /// The value of a check; or nothing, having said why.
    pub(super) fn take<T>(&mut self, setting: &str, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|why| self.say(setting, why)).ok()
    }

    /// What is wrong, by setting.
    pub(super) fn misfits(self) -> Vec<Misfit> {
        self.misfits
    }

    /// Every sentence, one a line; or nothing where there is none.
    pub(super) fn told(&self) -> Option<String> {
        (!self.said.is_empty()).then(|| self.said.join("\n"))
    }
}
