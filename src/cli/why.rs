//! Why something is done: an option of every command that changes something.

use clap::Args;

use crate::model::{Actor, Reason};

#[derive(Args)]
pub(super) struct Why {
    /// Why, for the audit trail.
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Option<Reason>,
}

impl Why {
    /// Whoever runs the command, with the reason that they give.
    pub(super) fn actor(self) -> Actor {
        Actor::Operator.because(self.reason)
    }
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::super::Arguments;

    /// What records nothing that an administrator has done.
    const WITHOUT: &[&str] = &[
        "serve",
        "demo",
        "migrate",
        "status",
        "plan",
        "export",
        "doctor",
        "config",
        "completions",
        "backup",
        "administrator link",
        "audit key",
        "audit list",
        "audit verify",
        "client check",
        "client invitation list",
        "client list",
        "client show",
        "administrator list",
        "key list",
        "mail list",
        "review list",
        "review show",
        "session list",
        "settings list",
        "user list",
        "user show",
    ];

    fn check(command: &Command, path: &str) {
        if command.has_subcommands() {
            for below in command.get_subcommands() {
                check(below, format!("{path} {}", below.get_name()).trim_start());
            }
            return;
        }
        let takes = command.get_arguments().any(|argument| argument.get_long() == Some("reason"));
        assert_eq!(takes, !WITHOUT.contains(&path), "{path}");
    }

    #[test]
    fn every_command_that_changes_something_takes_a_reason() {
        check(&Arguments::command(), "");
    }
}
