//! `[log]`: what is told to the operator.

use confique::Config;

use super::problems::Problems;

#[derive(Config)]
pub(super) struct Written {
    /// How much is told: "error", "warn", "info", "debug" or "trace".
    #[config(env = "GATEHOUSE_LOG_LEVEL", default = "info")]
    level: String,

    /// "json", one object a line, for programs; or "text", for people.
    #[config(env = "GATEHOUSE_LOG_FORMAT", default = "json")]
    format: String,
}

/// What is told to the operator.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// The name of a level.
    pub(crate) level: String,
    pub(crate) json: bool,
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Log {
        if !["error", "warn", "info", "debug", "trace"].contains(&self.level.as_str()) {
            let why = format_args!("is {:?}; it must be error, warn, info, debug or trace", self.level);
            problems.say("log.level", why);
        }
        if !["json", "text"].contains(&self.format.as_str()) {
            problems.say("log.format", format_args!("is {:?}; it must be json or text", self.format));
        }
        Log { level: self.level, json: self.format == "json" }
    }
}
