//! Asking whoever sits at the terminal before something is done that is hard to undo.

use std::io::{BufRead, IsTerminal as _, Write as _};

use super::Failure;

/// Whether there is somebody to ask.
pub(super) fn is_somebody_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question; anything but yes is no.
pub(super) fn agreed(question: &str) -> Result<bool, Failure> {
    eprint!("{question} [y/N] ");
    std::io::stderr().flush()?;
    is_yes(&mut std::io::stdin().lock())
}

fn is_yes(from: &mut impl BufRead) -> Result<bool, Failure> {
    let mut answer = String::new();
    from.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Goes on where somebody at the terminal agrees, or said `--yes` beforehand. A script is not asked: it means what it says.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes || !is_somebody_there() || agreed(question)? {
        return Ok(());
    }
    Err(Failure("nothing has been changed".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (typed, yes) in [("y\n", true), (" YES \n", true), ("n\n", false), ("\n", false), ("", false)] {
            assert_eq!(is_yes(&mut typed.as_bytes()).unwrap(), yes, "{typed:?}");
        }
    }
}
