//! The mailbox page of the `demo` command: every letter sent, newest first, and facts for scripts.
//!
//! It shows secrets (codes) to whoever asks: it belongs on a demonstration's loopback address and nowhere else.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use serde::{Serialize, Serializer};

use super::html::{Html, Page, Policy, stylesheet};
use crate::base::Timestamp;

const PAGE: &str = "/dev/mailbox";
const LIST: &str = "/dev/mailbox.json";
const STYLESHEET: &str = "/dev/mailbox.css";
const FACTS: &str = "/dev/demo.json";

/// A letter as it was sent.
#[derive(Serialize)]
pub(crate) struct MailboxEntry {
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    /// The plain text alternative.
    pub(crate) text: String,
    /// The HTML alternative.
    pub(crate) html: String,
    /// When it was sent, in milliseconds since the Unix epoch; RFC 3339 in JSON.
    #[serde(rename = "at", serialize_with = "rfc3339")]
    pub(crate) at_millis: i64,
}

/// The routes, fed by `entries`, newest first; `facts` is what `/dev/demo.json` says.
pub(crate) fn router(
    entries: impl Fn() -> Vec<MailboxEntry> + Send + Sync + 'static,
    facts: serde_json::Value,
) -> Router {
    let shown = Arc::new(entries);
    let listed = shown.clone();
    Router::new()
        .route(PAGE, get(async move || page(&shown())))
        .route(LIST, get(async move || json(&listed())))
        .route(FACTS, get(async move || json(&facts)))
        .route(STYLESHEET, get(stylesheet))
}

fn page(entries: &[MailboxEntry]) -> Response {
    let count = match entries {
        [] => Html::new("<p>No email has been sent yet.</p>\n"),
        [_] => Html::new("<p>1 email.</p>\n"),
        more => Html::new("<p>").text(&more.len().to_string()).raw(" emails, newest first.</p>\n"),
    };
    let top = Html::new("<h1>Mailbox</h1>\n")
        .raw("<p>Every email of this demonstration ends here instead of being delivered.</p>\n")
        .add(count)
        .raw("<p><a class=\"button plain\" href=\"/dev/mailbox\">Check for new email</a></p>\n");
    let main = entries.iter().zip((1..=entries.len()).rev()).map(letter).fold(top, Html::add);
    let footer = Html::new("<p class=\"quiet\">A demonstration. Do not enter real information.</p>\n");
    let policy = Policy { inline_styles: true, ..Policy::default() };
    Page { site: "Mailbox", home: PAGE, stylesheet: STYLESHEET, title: "", main, footer, policy }
        .respond(StatusCode::OK)
}

/// One letter; the oldest has number 1, so that numbers stay when more arrive.
fn letter((entry, number): (&MailboxEntry, usize)) -> Html {
    let number = number.to_string();
    // Sandboxed without exceptions: no script, no form, no way out of the frame.
    Html::new("<article aria-labelledby=\"letter-")
        .text(&number)
        .raw("\">\n<h2 id=\"letter-")
        .text(&number)
        .raw("\">")
        .text(&entry.subject)
        .raw("</h2>\n<dl>\n<dt>To</dt><dd>")
        .text(&entry.to)
        .raw("</dd>\n<dt>From</dt><dd>")
        .text(&entry.from)
        .raw("</dd>\n<dt>Sent</dt><dd>")
        .moment(Timestamp::from_millis(entry.at_millis))
        .raw("</dd>\n</dl>\n<h3>As text</h3>\n<pre>\n")
        .text(&entry.text)
        .raw("</pre>\n<h3>As HTML</h3>\n<iframe sandbox loading=\"lazy\" title=\"Email ")
        .text(&number)
        .raw(" as HTML: ")
        .text(&entry.subject)
        .raw("\" srcdoc=\"")
        .text(&entry.html)
        .raw("\"></iframe>\n</article>\n")
}

fn json(value: &impl Serialize) -> Response {
    let Ok(body) = serde_json::to_vec(value) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}

fn rfc3339<S: Serializer>(millis: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let at = jiff::Timestamp::from_millisecond(*millis).map_err(serde::ser::Error::custom)?;
    serializer.collect_str(&at)
}
