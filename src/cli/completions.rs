//! `gatehouse completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Arguments, Failure, show};

#[derive(Args)]
pub(super) struct Options {
    /// The shell to write the script for.
    shell: Shell,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut command = Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "gatehouse", &mut script);
    show::line(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
