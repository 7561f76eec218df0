//! Turns a page or a letter into text.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, context, escape_formatter};

use crate::base::Fault;
use crate::view::letters::EVERY_LETTER;
use crate::view::pages::EVERY_PAGE;
use crate::view::templates::EMBEDDED;
use crate::view::{Chrome, Letter, Page};

/// All templates, each parsed when it is first used: parsed, all of them hold one and a half MiB.
pub(crate) struct Engine {
    environment: Environment<'static>,
}

/// A letter, ready to be put into an envelope.
#[derive(Debug)]
pub(crate) struct RenderedLetter {
    /// One line, without the code: subjects are kept in the logs of mail gateways.
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Engine {
    /// Takes every template, each one replaced by the file of the same name under `overrides` if there is one.
    ///
    /// With overrides, every template is parsed and every page and letter rendered with its samples, so that a broken
    /// one is found now and not by a partner.
    ///
    /// # Errors
    /// One sentence for the operator: which file, which line, and what to do.
    pub(crate) fn new(overrides: Option<&Path>) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(write);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| error.to_string())?);
        let replaced = overrides.map(replacements).transpose()?.unwrap_or_default();
        environment.set_loader(move |name| {
            let embedded =
                || EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
            Ok(replaced.get(name).cloned().or_else(embedded))
        });
        let engine = Self { environment };
        if let Some(directory) = overrides {
            refuse_strays(directory)?;
            engine.try_everything().map_err(|error| sentence(&error, overrides))?;
        }
        Ok(engine)
    }

    /// The HTML of a page.
    pub(crate) fn page<P: Page>(&self, page: &P, chrome: &Chrome) -> Result<String, Fault> {
        self.try_page(P::FILE, Value::from(Serde(page)), chrome).map_err(|error| fault(P::FILE, error))
    }

    /// The subject and both bodies of a letter.
    pub(crate) fn letter<L: Letter>(&self, letter: &L) -> Result<RenderedLetter, Fault> {
        self.try_letter(L::FOLDER, &Value::from(Serde(letter))).map_err(|error| fault(L::FOLDER, error))
    }

    pub(super) fn try_page(
        &self,
        file: &str,
        page: Value,
        chrome: &Chrome,
    ) -> Result<String, minijinja::Error> {
        self.render(file, context! { page, chrome => Serde(chrome) })
    }

    pub(super) fn try_letter(
        &self,
        folder: &str,
        letter: &Value,
    ) -> Result<RenderedLetter, minijinja::Error> {
        let part = |file: &str, subject: &str| {
            self.render(&format!("letters/{folder}/{file}"), context! { letter => letter.clone(), subject })
        };
        let subject = part("subject.txt", "")?;
        let text = part("body.txt", &subject)?;
        let html = part("body.html", &subject)?;
        Ok(RenderedLetter { subject, text, html })
    }

    fn render(&self, name: &str, context: Value) -> Result<String, minijinja::Error> {
        self.environment.get_template(name)?.render(context)
    }

    fn try_everything(&self) -> Result<(), minijinja::Error> {
        for (name, _) in EMBEDDED {
            self.environment.get_template(name)?;
        }
        for (file, samples) in EVERY_PAGE {
            for sample in samples() {
                self.try_page(file, sample, &Chrome::sample())?;
            }
        }
        for (folder, samples) in EVERY_LETTER {
            for sample in samples() {
                self.try_letter(folder, &sample)?;
            }
        }
        Ok(())
    }
}

/// The files that stand for templates, by the names of those.
fn replacements(directory: &Path) -> Result<HashMap<&'static str, String>, String> {
    let mut found = HashMap::new();
    for (name, _) in EMBEDDED {
        if let Some(source) = read(&directory.join(name))? {
            found.insert(*name, source);
        }
    }
    Ok(found)
}

/// Writes a value into a template's output. In HTML every character that could end a text or an attribute is
/// escaped; slashes, which the library escapes too, are left alone, so that addresses can be read in the source.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let Some(text) = value.as_str() else { return escape_formatter(out, state, value) };
    if value.is_safe() || !matches!(state.auto_escape(), AutoEscape::Html) {
        out.write_str(text)?;
        return Ok(());
    }
    for character in text.chars() {
        match character {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}

fn fault(name: &str, error: minijinja::Error) -> Fault {
    Fault::caused(format!("the template {name} could not be rendered"), error)
}

/// What a file holds; `None` where there is none.
fn read(file: &Path) -> Result<Option<String>, String> {
    match std::fs::read_to_string(file) {
        Ok(source) => Ok(Some(source)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot_read(file, &error)),
    }
}

/// Refuses a file that takes the place of nothing: it would otherwise be ignored in silence.
fn refuse_strays(directory: &Path) -> Result<(), String> {
    for file in files_below(directory)? {
        let name = file.strip_prefix(directory).unwrap_or(&file);
        if !EMBEDDED.iter().any(|(known, _)| Path::new(known) == name) {
            return Err(format!(
                "The file {} replaces no template. Give it the name of the template it is meant to replace, for \
                 example pages/login.html, or remove it.",
                file.display(),
            ));
        }
    }
    Ok(())
}

/// The files in a directory and below it, without hidden ones.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(directory).map_err(|error| cannot_read(directory, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| cannot_read(directory, &error))?.path();
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            continue;
        }
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> String {
    format!(
        "The templates at {} cannot be read ({error}). Check that path and who may read it.",
        path.display()
    )
}

/// What is wrong with a template and what to do about it.
fn sentence(error: &minijinja::Error, overrides: Option<&Path>) -> String {
    let name = error.name().unwrap_or("of unknown name");
    let line = error.line().map(|line| format!(" on line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let remedy = overrides.map(|directory| {
        format!(" Correct it, or remove it from {} to have the built-in one.", directory.display())
    });
    format!(
        "The template {name} does not work{line} ({}{detail}).{}",
        error.kind(),
        remedy.unwrap_or_default()
    )
}
