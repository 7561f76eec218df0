//! HTML that cannot be forged: only literals of this program pass as markup, everything else is escaped.

use axum::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use jiff::tz::TimeZone;

use crate::base::Timestamp;

/// A piece of HTML, built from left to right.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Starts with a piece of markup.
    pub(super) fn new(markup: &'static str) -> Self {
        Self(markup.to_owned())
    }

    /// Adds markup; `'static`, so that nothing a visitor or a provider sent can arrive here.
    pub(super) fn raw(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text, escaped for use between tags and inside a double-quoted attribute.
    pub(super) fn text(mut self, text: &str) -> Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// Adds another piece.
    pub(super) fn add(mut self, piece: Self) -> Self {
        self.0.push_str(&piece.0);
        self
    }

    /// Adds a moment as people read it, "3:57pm on 23 November 2026", in the time of London.
    pub(super) fn moment(self, moment: Timestamp) -> Self {
        let Ok(instant) = jiff::Timestamp::from_millisecond(moment.millis()) else {
            return self.text(&moment.seconds().to_string());
        };
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        let local = instant.to_zoned(zone);
        let hour = match (local.hour(), local.minute()) {
            (0, 0) => "midnight".to_owned(),
            (12, 0) => "midday".to_owned(),
            _ => local.strftime("%-I:%M%P").to_string(),
        };
        self.raw("<time datetime=\"")
            .text(&instant.to_string())
            .raw("\">")
            .text(&hour)
            .raw(" on ")
            .text(&local.strftime("%-d %B %Y").to_string())
            .raw("</time>")
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// What stands in the frame that every page shares.
pub(super) struct Page<'a> {
    /// The name of the site: in the header and at the end of the title.
    pub(super) site: &'a str,
    /// The address that the name of the site links to.
    pub(super) home: &'static str,
    pub(super) stylesheet: &'static str,
    /// The beginning of the title; empty where the name of the site says it all.
    pub(super) title: &'a str,
    /// The content of `main`, with the one `h1`.
    pub(super) main: Html,
    pub(super) footer: Html,
    pub(super) policy: Policy,
}

impl Page<'_> {
    /// The page as an answer, in reading and tab order, with the headers that keep it to itself.
    pub(super) fn respond(self, status: StatusCode) -> Response {
        let title = match self.title {
            "" => Html::default(),
            title => Html::default().text(title).raw(" – "),
        };
        // The empty icon keeps browsers from asking for /favicon.ico.
        let html =
            Html::new("<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
                .add(title)
                .text(self.site)
                .raw("</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .raw("<meta name=\"robots\" content=\"noindex\">\n<link rel=\"icon\" href=\"data:,\">\n")
                .raw("<link rel=\"stylesheet\" href=\"")
                .text(self.stylesheet)
                .raw("\">\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to main content</a>\n")
                .raw("<header><div class=\"wide\"><a href=\"")
                .text(self.home)
                .raw("\">")
                .text(self.site)
                .raw("</a></div></header>\n<main id=\"main\" class=\"wide\" tabindex=\"-1\">\n")
                .add(self.main)
                .raw("</main>\n<footer><div class=\"wide\">\n")
                .add(self.footer)
                .raw("</div></footer>\n</body>\n</html>\n");
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (CONTENT_SECURITY_POLICY, self.policy.header()),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (status, headers, html.into_string()).into_response()
    }
}

/// What a page may do besides showing itself. No page runs a script.
#[derive(Default)]
pub(super) struct Policy {
    /// Another origin that a form of the page ends at: browsers hold every redirect that follows the form
    /// against `form-action`.
    pub(super) form_ends_at: Option<String>,
    /// Whether styles may stand in the markup: letters have no other way to carry theirs.
    pub(super) inline_styles: bool,
}

impl Policy {
    fn header(&self) -> HeaderValue {
        let styles = if self.inline_styles { " 'unsafe-inline'" } else { "" };
        let origin = self.form_ends_at.as_ref().map(|origin| format!(" {origin}")).unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'self'{styles}; img-src data:; form-action 'self'{origin}; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}

/// The stylesheet of every page here.
pub(super) async fn stylesheet() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("portal.css")).into_response()
}
