//! What holds for every page and letter, checked on each of their samples.

mod brand;
mod engine;
mod html;
mod injection;
mod letters;
mod pages;
mod when;
mod words;

use crate::view::pages::EVERY_PAGE;
use crate::view::{Chrome, Engine};

fn engine() -> Engine {
    Engine::new(None).expect("the templates that are compiled in work")
}

/// A frame with nothing in it that can be left out.
fn plain_chrome() -> Chrome {
    Chrome {
        logo_url: None,
        brand_css: None,
        footer_links: Vec::new(),
        client_logo: None,
        client_policy: None,
        client_tos: None,
        exit_url: None,
        safeguarding_url: "https://www.example.gov.uk/worried".into(),
        ..Chrome::sample()
    }
}

/// A page as a browser gets it, and what it was made from.
struct Rendered {
    file: &'static str,
    sample: serde_json::Value,
    html: String,
}

/// Every page with every sample, in a full frame and in a plain one.
fn every_page() -> Vec<Rendered> {
    let engine = engine();
    let mut rendered = Vec::new();
    for chrome in [Chrome::sample(), plain_chrome()] {
        for (file, samples) in EVERY_PAGE {
            for sample in samples() {
                let json = serde_json::to_value(&sample).expect("samples are plain data");
                let html = engine.try_page(file, sample, &chrome).unwrap_or_else(|e| panic!("{file}: {e}"));
                rendered.push(Rendered { file, sample: json, html });
            }
        }
    }
    rendered
}
