//! The pages that every site must have.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::base::Span;
use crate::view::Page;
use crate::view::pages::{AccessibilityPage, ContactPage, CookieFacts, CookiesPage, HelpPage, PrivacyPage};
use crate::web::Web;
use crate::web::respond::page;

fn show<P: Page>(web: &Web, shown: &P) -> Response {
    page::page(web, StatusCode::OK, shown, &web.front.chrome())
}

pub(in crate::web) async fn help(State(web): State<Arc<Web>>) -> Response {
    let settings = web.kit.settings();
    let login = &settings.login;
    let code_minutes = u32::try_from(login.code.as_seconds() / 60).unwrap_or_default();
    show(&web, &HelpPage { code_minutes, min_length: login.password_min_length })
}

pub(in crate::web) async fn accessibility(State(web): State<Arc<Web>>) -> Response {
    show(&web, &AccessibilityPage)
}

pub(in crate::web) async fn contact(State(web): State<Arc<Web>>) -> Response {
    show(&web, &ContactPage)
}

pub(in crate::web) async fn cookies(State(web): State<Arc<Web>>) -> Response {
    let settings = web.kit.settings();
    let style = web.front.cookies;
    let facts = |name: String, lasts: String| CookieFacts { name, lasts };
    let shown = CookiesPage {
        flow: facts(format!("{}…", style.flow_stem()), lasts(settings.login.flow)),
        session: facts(
            style.session_name(),
            format!("{}, or until you close your browser", lasts(settings.session.absolute)),
        ),
        state: facts(style.state_name(), "Until you log out or close your browser".to_owned()),
        device: facts(style.device_name(), lasts(settings.session.device)),
        said: facts(style.said_name(), "1 minute".to_owned()),
        invitation: facts(style.invitation_name(), lasts(super::invitation::COOKIE_LIFE)),
        console: facts(style.console_name(), "Until you close your browser".to_owned()),
        console_start: facts(style.console_start_name(), "60 minutes".to_owned()),
        set_up: facts(style.set_up_name(), lasts(super::set_up::COOKIE_LIFE)),
    };
    show(&web, &shown)
}

pub(in crate::web) async fn privacy(State(web): State<Arc<Web>>) -> Response {
    let days = web.kit.settings().retention.events.as_seconds() / 86_400;
    show(&web, &PrivacyPage { history_days: u32::try_from(days).unwrap_or_default() })
}

/// A span as people say it.
pub(super) fn lasts(span: Span) -> String {
    let minutes = span.as_seconds() / 60;
    match (minutes / 1440, minutes / 60) {
        (days, _) if days >= 2 => format!("{days} days"),
        (_, hours) if hours >= 2 => format!("{hours} hours"),
        _ => format!("{minutes} minutes"),
    }
}
