//! Whatever a person, a council or a service is called, it stays text: it adds no element and no attribute.

use minijinja::value::{Serde, Value};
use serde_json::Value as Json;

use super::engine;
use super::html::Document;
use crate::view::letters::EVERY_LETTER;
use crate::view::pages::EVERY_PAGE;
use crate::view::{Chrome, Link};

const CORPUS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "</title><svg onload=alert(1)>",
    "</textarea><iframe srcdoc=x>",
    "<!--",
    "--><b>",
    "<![CDATA[<b>]]>",
    "&lt;script&gt;",
    "&#60;b&#62;",
    "{{ 7 * 7 }}{% raw %}",
    "`${alert(1)}`",
    "\u{2028}<b>\u{0}",
    "<b\u{3000}x>",
    "<a href=\"https://evil.example\">log in</a>",
];

/// Text that has nothing to escape, for comparison.
const HARMLESS: &str = "x";

/// Where each string of a sample is, but for the name of a page's variant, which no visitor chooses.
fn strings(sample: &Json, at: &str, found: &mut Vec<String>) {
    match sample {
        Json::String(_) => found.push(at.to_owned()),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                strings(item, &format!("{at}/{index}"), found);
            }
        }
        Json::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != "reason") {
                strings(value, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// Checks each string of a sample with each payload: `render` must give the same shape as with harmless text.
fn check(sample: &Value, what: &str, render: impl Fn(&Json) -> String) {
    let sample = serde_json::to_value(sample).unwrap();
    let mut places = Vec::new();
    strings(&sample, "", &mut places);
    for place in places {
        let with = |text: &str| {
            let mut changed = sample.clone();
            *changed.pointer_mut(&place).unwrap() = Json::String(text.to_owned());
            Document::read(&render(&changed)).shape()
        };
        let expected = with(HARMLESS);
        for payload in CORPUS {
            assert_eq!(with(payload), expected, "{what}{place}: {payload}");
        }
    }
}

#[test]
fn no_string_of_a_page_becomes_markup() {
    let (engine, chrome) = (engine(), Chrome::sample());
    for (file, samples) in EVERY_PAGE {
        for sample in samples() {
            check(&sample, file, |json| engine.try_page(file, Value::from(Serde(json)), &chrome).unwrap());
        }
    }
}

#[test]
fn no_string_of_a_letter_becomes_markup() {
    let engine = engine();
    for (folder, samples) in EVERY_LETTER {
        for sample in samples() {
            check(&sample, folder, |json| engine.try_letter(folder, &Value::from(Serde(json))).unwrap().html);
        }
    }
}

#[test]
fn no_string_of_the_frame_becomes_markup() {
    let engine = engine();
    for (file, samples) in EVERY_PAGE {
        for sample in samples() {
            let with = |text: &str| {
                let html = engine.try_page(file, sample.clone(), &hostile(text)).unwrap();
                Document::read(&html).shape()
            };
            let expected = with(HARMLESS);
            for payload in CORPUS {
                assert_eq!(with(payload), expected, "{file}: {payload}");
            }
        }
    }
}

/// A frame in which every string is `text`.
fn hostile(text: &str) -> Chrome {
    let text = text.to_owned();
    Chrome {
        service: text.clone(),
        council: text.clone(),
        home_url: text.clone(),
        logo_url: Some(text.clone()),
        brand_css: Some(text.clone()),
        phone: text.clone(),
        opening_hours: text.clone(),
        host: text.clone(),
        support_url: text.clone(),
        safeguarding_notice: Some(text.clone()),
        safeguarding_url: text.clone(),
        footer_links: vec![Link { text: text.clone(), href: text.clone() }],
        exit_url: Some(text.clone()),
        client_logo: Some(text.clone()),
        client_policy: Some(text.clone()),
        client_tos: Some(text),
        ..Chrome::sample()
    }
}
