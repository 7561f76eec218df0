//! The rules for every page: one heading, an honest title, labelled fields, errors said twice in the same words.

use std::collections::BTreeSet;

use super::html::Document;
use super::{Rendered, every_page};
use crate::view::{assets, bare_problem};

/// The autocomplete value that each field must have.
const AUTOCOMPLETE: &[(&str, &str)] = &[
    ("email", "username"),
    ("password", "current-password"),
    ("code", "one-time-code"),
    ("new_password", "new-password"),
    ("confirm_password", "new-password"),
    ("username", "username"),
    ("user_code", "off"),
    ("name", "name"),
];

fn errors(page: &Rendered) -> Vec<(String, String)> {
    let text = |error: &serde_json::Value, key: &str| error[key].as_str().unwrap().to_owned();
    page.sample["errors"]
        .as_array()
        .map(|errors| errors.iter().map(|error| (text(error, "field"), text(error, "text"))).collect())
        .unwrap_or_default()
}

#[test]
fn every_page_has_one_main_heading_and_a_title_that_begins_with_it() {
    for page in every_page() {
        let document = Document::read(&page.html);
        assert_eq!(document.named("h1").count(), 1, "{}", page.file);
        let heading = document.text_of(|e| e.name == "h1").unwrap();
        let title = document.text_of(|e| e.name == "title").unwrap();
        // The heading of the welcome page holds a name, and titles go into the browser's history.
        let heading = if page.file.ends_with("welcome.html") {
            "You have been successfully logged in".to_owned()
        } else {
            heading
        };
        let error = if errors(&page).is_empty() { "" } else { "Error: " };
        let expected = format!("{error}{heading} – Children's Services Portal – Example County Council");
        assert_eq!(title, expected, "{}", page.file);
    }
}

#[test]
fn the_summary_and_the_field_say_the_same_words() {
    for page in every_page() {
        let document = Document::read(&page.html);
        let errors = errors(&page);
        let summary = document.text_of(|e| e.get("class") == Some("summary"));
        assert_eq!(summary.is_some(), !errors.is_empty(), "{}", page.file);
        for (field, text) in errors {
            let link = document.text_of(|e| e.name == "a" && e.get("href") == Some(&format!("#{field}")));
            assert_eq!(link.as_deref(), Some(text.as_str()), "{}", page.file);
            let message = document.text_of(|e| e.get("id") == Some(&format!("{field}-error")));
            assert_eq!(message, Some(format!("Error: {text}")), "{}", page.file);
            let input = document.by_id(&field).unwrap();
            // A group of boxes has no role that could be invalid.
            let is_group = input.name == "fieldset" && input.get("role").is_none();
            assert_eq!(input.get("aria-invalid").is_some(), !is_group, "{}", page.file);
            assert!(input.get("aria-describedby").unwrap().contains(&format!("{field}-error")));
        }
    }
}

#[test]
fn a_success_is_announced_and_never_beside_an_error() {
    for page in every_page() {
        let document = Document::read(&page.html);
        let shown = document.text_of(|e| e.get("class") == Some("success"));
        let expected = page.sample["banner"].as_str().map(|banner| format!("Success {banner}"));
        assert_eq!(shown, expected, "{}", page.file);
        assert!(shown.is_none() || errors(&page).is_empty());
        let focused: Vec<_> = document.elements().filter(|e| e.get("autofocus").is_some()).collect();
        assert!(focused.iter().all(|e| e.name == "div") && focused.len() <= 1, "{}", page.file);
    }
}

#[test]
fn every_field_has_a_label_and_lets_the_browser_help() {
    for page in every_page() {
        let document = Document::read(&page.html);
        for input in document.named("input").filter(|e| e.get("type") != Some("hidden")) {
            let name = input.get("name").unwrap();
            if matches!(input.get("type"), Some("radio" | "checkbox" | "file")) {
                let id = input.get("id").unwrap();
                assert!(document.named("label").any(|label| label.get("for") == Some(id)), "{}", page.file);
                continue;
            }
            // On the console it is somebody else's details that are filled in.
            let own = AUTOCOMPLETE.iter().find(|(field, _)| *field == name);
            let expected = if page.file.starts_with("console/") { "off" } else { own.unwrap().1 };
            assert_eq!(input.get("autocomplete"), Some(expected), "{}: {name}", page.file);
            if input.get("aria-hidden").is_none() {
                assert_eq!(input.get("id"), Some(name));
                assert!(document.named("label").any(|label| label.get("for") == Some(name)), "{}", page.file);
            }
            if input.get("type") == Some("password") {
                assert_eq!(input.get("value"), Some(""), "a password is never shown again");
            }
            for described in input.get("aria-describedby").unwrap_or_default().split_whitespace() {
                assert!(document.by_id(described).is_some(), "{}: {described}", page.file);
            }
        }
    }
}

#[test]
fn nothing_is_inline_and_nothing_hinders() {
    let banned =
        ["style", "required", "pattern", "minlength", "maxlength", "placeholder", "disabled", "nonce"];
    for page in every_page() {
        let document = Document::read(&page.html);
        assert_eq!(document.named("style").count(), 0, "{}", page.file);
        assert!(document.named("script").all(|e| e.get("src").is_some()), "{}", page.file);
        for (key, _) in document.elements().flat_map(|e| &e.attributes) {
            assert!(!key.starts_with("on") && !banned.contains(&key.as_str()), "{}: {key}", page.file);
        }
        let ids: Vec<_> = document.elements().filter_map(|e| e.get("id")).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{}: an id stands twice", page.file);
    }
}

#[test]
fn only_links_that_are_followed_leave_our_own_origin() {
    for page in every_page() {
        let document = Document::read(&page.html);
        for name in ["link", "script", "img"] {
            for element in document.named(name) {
                let address = element.get("src").or(element.get("href")).unwrap();
                assert!(address.starts_with('/') && !address.starts_with("//"), "{}: {address}", page.file);
            }
        }
    }
}

#[test]
fn every_form_of_ours_carries_the_token_and_says_which_journey_it_belongs_to() {
    // Whoever is logged in at one browser only has nothing to send.
    let alone = |sample: &serde_json::Value| sample["rows"].as_array().is_some_and(|rows| rows.len() == 1);
    let with_token = |sample: &serde_json::Value| sample["token"].is_string() && !alone(sample);
    for page in every_page().iter().filter(|page| with_token(&page.sample)) {
        let document = Document::read(&page.html);
        let forms = document.named("form").filter(|form| form.get("method") == Some("post")).count();
        let tokens = document.named("input").filter(|e| e.get("name") == Some("token")).count();
        let has_some = forms > 0 || page.file.starts_with("console/");
        assert_eq!((has_some, tokens), (true, forms), "{}", page.file);
        if let Some(flow) = page.sample["flow"].as_str() {
            let end = format!("?flow={flow}");
            assert!(
                document.named("form").all(|e| e.get("action").unwrap().ends_with(&end)),
                "{}",
                page.file
            );
        }
    }
}

#[test]
fn the_footer_begins_the_same_everywhere() {
    for page in every_page() {
        let text = Document::read(&page.html).text_of(|e| e.name == "footer").unwrap();
        let first = "Worried about a child or young person? Contact us Help with logging in Accessibility Cookies \
                     Privacy";
        assert!(text.starts_with(first), "{}: {text}", page.file);
        assert!(text.ends_with("Example County Council"), "{}: {text}", page.file);
    }
}

/// PAGES, 2.1.
#[test]
fn the_account_pages_have_a_menu_between_the_header_and_what_they_are_about() {
    let menus = [
        ("account", Some("Your account")),
        ("sessions", Some("Sessions")),
        ("history", Some("Login history")),
        ("shared", Some("Services")),
        ("change_password", None),
        ("stop_sharing", None),
        ("review", None),
        ("review_over", None),
    ];
    for page in every_page() {
        let name = page.file.trim_start_matches("pages/").trim_end_matches(".html");
        let document = Document::read(&page.html);
        let menu = document.text_of(|e| e.name == "nav" && e.get("aria-label") == Some("Menu"));
        let Some((_, here)) = menus.iter().find(|(file, _)| *file == name) else {
            assert!(menu.is_none(), "{}", page.file);
            continue;
        };
        assert_eq!(menu.as_deref(), Some("Your account Sessions Login history Services"), "{}", page.file);
        let shape = document.shape().join("");
        assert!(shape.contains("</header><nav class aria-label>"), "{}: {shape}", page.file);
        assert!(shape.contains("</nav><main id tabindex>"), "{}: {shape}", page.file);
        assert_eq!(document.text_of(|e| e.get("aria-current") == Some("page")).as_deref(), *here);
    }
}

#[test]
fn a_device_code_is_typed_in_capitals_and_nothing_else_is() {
    for page in every_page().iter().filter(|page| page.file.starts_with("pages/")) {
        let document = Document::read(&page.html);
        for input in document.named("input").filter(|input| input.get("autocapitalize").is_some()) {
            let expected = if input.get("name") == Some("user_code") { "characters" } else { "none" };
            assert_eq!(input.get("autocapitalize"), Some(expected), "{}", page.file);
        }
    }
}

#[test]
fn no_line_of_a_heading_begins_with_a_dash() {
    let dashed = ["login", "login_code", "reset_email", "reset_code", "reset_password"];
    for page in every_page() {
        let name = page.file.trim_start_matches("pages/").trim_end_matches(".html");
        if dashed.contains(&name) {
            let heading = page.html.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
            assert!(heading.contains("\u{a0}– step") || heading.contains("\u{a0}- step"), "{heading}");
        }
    }
}

#[test]
fn the_button_that_ends_a_review_says_whom_it_deactivates() {
    for page in every_page().iter().filter(|page| page.file == "pages/review.html") {
        if page.sample["people"].as_array().is_some_and(|people| !people.is_empty()) {
            continue;
        }
        let ending = page.sample["ending"].as_i64().unwrap();
        let button = Document::read(&page.html)
            .text_of(|e| e.name == "button" && e.get("class").unwrap().starts_with("button"));
        let expected = if ending == 0 { "Finish" } else { "Deactivate 1 person" };
        assert_eq!(button.as_deref(), Some(expected));
    }
}

#[test]
fn every_tag_is_closed_in_its_turn() {
    let void = ["meta", "link", "input", "img", "br"];
    for page in every_page() {
        let mut open = Vec::new();
        for tag in Document::read(&page.html).shape() {
            match tag.strip_prefix("</") {
                Some(name) => assert_eq!(open.pop().as_deref(), name.strip_suffix('>'), "{}", page.file),
                None => {
                    let name = tag[1..].split(' ').next().unwrap().to_owned();
                    if !void.contains(&name.as_str()) {
                        open.push(name);
                    }
                }
            }
        }
        assert!(open.is_empty(), "{}: {open:?}", page.file);
    }
}

#[test]
fn a_whole_page_weighs_less_than_twenty_kilobytes() {
    let (style, script) = (assets().stylesheet.bytes.len(), assets().script.bytes.len());
    assert!(style < 10_000, "the stylesheet has {style} bytes");
    assert!(script < 3_000, "the script has {script} bytes");
    for page in every_page() {
        let weight = page.html.len() + style + script;
        let console = if page.file.starts_with("console/") { assets().console.bytes.len() } else { 0 };
        let most = if console > 0 { 32_000 } else { 20_000 };
        assert!(weight + console <= most, "{} weighs {weight} bytes", page.file);
    }
}

#[test]
fn assets_are_found_by_the_name_that_pages_use() {
    for asset in assets().all() {
        assert!(assets().find(&asset.file).is_some_and(|found| found.bytes == asset.bytes));
        assert_eq!(asset.url(), format!("/static/{}", asset.file));
    }
    assert!(assets().find("gatehouse.0000000000000000.css").is_none());
}

#[test]
fn scripts_put_text_into_pages_and_never_markup() {
    for script in [&assets().script, &assets().form_post] {
        let text = std::str::from_utf8(&script.bytes).unwrap();
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("] {
            assert!(!text.contains(sink), "{}: {sink}", script.file);
        }
    }
}

#[test]
fn the_bare_page_shows_a_reference_and_nothing_else_that_it_is_given() {
    let html = bare_problem("7KQ2-M9XD<script>");
    assert!(html.contains("<strong>7KQ2-M9XDscript</strong>"));
    assert!(!html.contains("REFERENCE"));
}
