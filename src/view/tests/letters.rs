//! The rules for every letter: the same words twice, no link, no picture, no code where logs keep it.

use super::engine;
use super::html::{Document, single_spaced};
use crate::view::letters::{EVERY_LETTER, LoginCode};
use crate::view::{AnyLetter, Letter as _, RenderedLetter};

fn every_letter() -> Vec<(&'static str, RenderedLetter)> {
    let engine = engine();
    let mut letters = Vec::new();
    for (folder, samples) in EVERY_LETTER {
        for sample in samples() {
            letters.push((*folder, engine.try_letter(folder, &sample).unwrap()));
        }
    }
    letters
}

#[test]
fn both_bodies_say_the_same_words() {
    for (folder, letter) in every_letter() {
        let html = Document::read(&letter.html).text_of(|e| e.name == "body").unwrap();
        assert_eq!(html, single_spaced(&letter.text), "{folder}");
    }
}

#[test]
fn two_blank_lines_stand_before_every_heading_of_the_plain_text() {
    for (folder, letter) in every_letter() {
        let headings = letter.html.split("<h2 ").skip(1);
        for heading in headings.map(|rest| rest.split('>').nth(1).unwrap().split('<').next().unwrap()) {
            let before = format!("\n\n\n{heading}\n\n");
            assert!(letter.text.contains(&before), "{folder}: {heading}\n{}", letter.text);
        }
    }
}

#[test]
fn no_letter_has_a_link_a_picture_or_anything_remote() {
    for (folder, letter) in every_letter() {
        let links = ["<a", "http", "://"];
        let is_invitation = folder == "invitation";
        for banned in links.into_iter().chain(["<img", "<link", "<style", "<script", "<table", "url("]) {
            if is_invitation && links.contains(&banned) {
                continue;
            }
            assert!(!letter.html.contains(banned), "{folder}: {banned}");
            assert!(!letter.text.contains(banned), "{folder}: {banned}");
        }
        assert!(letter.html.len() <= 3_000, "{folder} has {} bytes", letter.html.len());
    }
}

#[test]
fn a_subject_is_one_line_without_a_code_and_is_the_title_too() {
    for (folder, letter) in every_letter() {
        let starts = match folder {
            "invitation" => "Example County Council has invited you to ",
            _ => "Children's Services Portal: ",
        };
        assert!(letter.subject.starts_with(starts), "{folder}");
        assert!(!letter.subject.contains('\n') && !letter.subject.contains("1234"), "{folder}");
        let title = Document::read(&letter.html).text_of(|e| e.name == "title");
        assert_eq!(title.as_deref(), Some(letter.subject.as_str()), "{folder}");
    }
}

#[test]
fn a_code_stands_alone_on_its_line_and_only_once() {
    for (folder, letter) in every_letter().into_iter().filter(|(folder, _)| folder.ends_with("_code")) {
        assert_eq!(letter.text.lines().filter(|line| *line == "    1234 5678").count(), 1, "{folder}");
        assert_eq!(letter.text.matches("1234").count(), 1, "{folder}");
        assert!(letter.html.contains(">1234 5678</p>"), "{folder}");
        assert!(letter.subject.ends_with(", sent 3:42pm"), "{folder}");
    }
}

#[test]
fn the_invitation_alone_has_a_link_on_a_line_of_its_own_that_shows_where_it_leads() {
    for (_, letter) in every_letter().into_iter().filter(|(folder, _)| *folder == "invitation") {
        let lines: Vec<&str> = letter.text.lines().filter(|line| line.contains("://")).collect();
        let [link] = lines[..] else { panic!("{lines:?}") };
        assert!(link.starts_with("https://login.example.gov.uk/invite/"));
        assert_eq!(letter.html.matches("<a ").count(), 1);
        assert!(letter.html.contains(&format!("<a href=\"{link}\">{link}</a>")), "{}", letter.html);
    }
}

#[test]
fn a_plain_text_body_is_not_escaped() {
    let mut letter = LoginCode::samples().remove(0);
    letter.sender.council = "Bath & North East Somerset".into();
    let rendered = engine().letter(&letter).unwrap();
    assert!(rendered.text.contains("Bath & North East Somerset"));
    assert!(rendered.html.contains("Bath &amp; North East Somerset"));
}

#[test]
fn a_letter_survives_storage() {
    let letter = AnyLetter::from(LoginCode::samples().remove(0));
    let stored = serde_json::to_string(&letter).unwrap();
    let restored: AnyLetter = serde_json::from_str(&stored).unwrap();
    assert_eq!(restored.kind(), "login_code");
    assert_eq!(restored.render(&engine()).unwrap().text, letter.render(&engine()).unwrap().text);
}
