//! Templates: every file has its place, a council may replace any, and a broken one is found at start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::engine;
use crate::view::letters::EVERY_LETTER;
use crate::view::pages::{ContactPage, EVERY_PAGE, NotFoundPage};
use crate::view::{Chrome, Engine};

/// What pages and letters are built from.
const SHARED: &[&str] = &[
    "shared/words.html",
    "shared/parts.html",
    "shared/layout.html",
    "shared/form.html",
    "shared/password.html",
    "console/frame.html",
    "console/parts.html",
    "letters/frame.html",
    "letters/frame.txt",
];
const ASSETS: &[&str] = &[
    "assets/gatehouse.css",
    "assets/console.css",
    "assets/gatehouse.js",
    "assets/check-session.html",
    "assets/check-session.js",
    "assets/form-post.js",
    "assets/icon.svg",
    "assets/bare.html",
];

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn every_file_under_templates_is_claimed_exactly_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut claims = BTreeMap::<String, usize>::new();
    let pages = EVERY_PAGE.iter().map(|(file, _)| (*file).to_owned());
    let letters = EVERY_LETTER.iter().flat_map(|(folder, _)| {
        ["subject.txt", "body.txt", "body.html"].map(|file| format!("letters/{folder}/{file}"))
    });
    let others = SHARED.iter().chain(ASSETS).map(|name| (*name).to_owned());
    for claim in pages.chain(letters).chain(others) {
        *claims.entry(claim).or_default() += 1;
    }
    let files = files_below(&root);
    for file in &files {
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        assert_eq!(claims.get(&name), Some(&1), "{name}");
    }
    assert_eq!(files.len(), claims.len(), "a claimed file is missing");
}

/// A directory of overrides with one file in it.
fn overrides(name: &str, source: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, source).unwrap();
    directory
}

fn refusal(name: &str, source: &str) -> String {
    let directory = overrides(name, source);
    let error = Engine::new(Some(directory.path())).err().expect("it is refused");
    error.replace(&directory.path().display().to_string(), "DIR")
}

#[test]
fn a_file_in_the_directory_of_overrides_takes_the_templates_place() {
    let directory = overrides("pages/not_found.html", "{{ chrome.council }} has no such page");
    let engine = Engine::new(Some(directory.path())).unwrap();
    let chrome = Chrome::sample();
    assert_eq!(engine.page(&NotFoundPage, &chrome).unwrap(), "Example County Council has no such page");
    let built_in = super::engine().page(&ContactPage, &chrome).unwrap();
    assert_eq!(engine.page(&ContactPage, &chrome).unwrap(), built_in);
}

#[test]
fn a_template_that_cannot_be_parsed_is_found_at_start() {
    let error = refusal("pages/busy.html", "one\n{% if %}");
    assert!(
        error.starts_with("The template pages/busy.html does not work on line 2 (syntax error: "),
        "{error}"
    );
    assert!(error.ends_with(" Correct it, or remove it from DIR to have the built-in one."), "{error}");
}

#[test]
fn a_template_that_names_what_it_is_not_given_is_found_at_start() {
    let error = refusal("pages/busy.html", "one\ntwo {{ page.retry_addres }}");
    assert!(
        error.starts_with("The template pages/busy.html does not work on line 2 (undefined value"),
        "{error}"
    );
    let error = refusal("letters/new_device/body.txt", "{{ letter.place }}");
    assert!(error.starts_with("The template letters/new_device/body.txt does not work on line 1"), "{error}");
}

#[test]
fn a_file_that_replaces_nothing_is_refused() {
    let error = refusal("pages/logn.html", "");
    assert_eq!(
        error,
        "The file DIR/pages/logn.html replaces no template. Give it the name of the template it is meant to \
         replace, for example pages/login.html, or remove it.",
    );
}

#[test]
fn hidden_files_are_passed_over_and_a_missing_directory_is_not() {
    assert!(Engine::new(Some(overrides(".cache/x", "").path())).is_ok());
    let error = Engine::new(Some(Path::new("/nowhere/at/all"))).err().unwrap();
    assert!(error.starts_with("The templates at /nowhere/at/all cannot be read ("), "{error}");
}

#[test]
fn a_fault_names_the_template() {
    let error = engine().try_page("pages/busy.html", ().into(), &Chrome::sample()).unwrap_err();
    assert_eq!((error.name(), error.kind()), (Some("pages/busy.html"), minijinja::ErrorKind::UndefinedError));
}
