//! The ways in which logging in does not happen.

use http::StatusCode;

use super::html::Html;
use crate::base::Fault;

/// Why nobody was logged in.
#[derive(Debug)]
pub(super) enum Problem {
    /// The person pressed Cancel at the provider.
    Cancelled,
    /// The answer belongs to no log-in that this browser has under way.
    Stale,
    /// The provider answered with another error (RFC 6749, section 4.1.2.1).
    Declined { code: String, description: Option<String> },
    /// The provider does not answer, or not with what was asked for.
    Unreachable(Fault),
    /// What the provider said did not pass our checks.
    Untrusted(Fault),
}

impl Problem {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Cancelled => StatusCode::OK,
            Self::Stale => StatusCode::BAD_REQUEST,
            Self::Declined { .. } | Self::Untrusted(_) => StatusCode::BAD_GATEWAY,
            Self::Unreachable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::Cancelled => "You cancelled logging in",
            Self::Stale => "Start logging in again",
            Self::Declined { .. } => "The login service could not log you in",
            Self::Unreachable(_) => "We cannot reach the login service",
            Self::Untrusted(_) => "We could not confirm who you are",
        }
    }

    /// What happened and what to do, in paragraphs.
    pub(super) fn explanation(&self) -> Html {
        match self {
            Self::Cancelled => Html::new("<p>You are not logged in. Nothing has changed.</p>\n"),
            Self::Stale => Html::new("<p>This page does not belong to a login that you started in this ")
                .raw("browser, or it was used before. This can happen when you go back, open an old address ")
                .raw("or block cookies.</p>\n"),
            Self::Declined { code, description } => {
                let html = Html::new("<p>It gave this reason: <code>").text(code).raw("</code></p>\n");
                match description {
                    Some(description) => html.raw("<p>“").text(description).raw("”</p>\n"),
                    None => html,
                }
            }
            Self::Unreachable(_) => {
                Html::new("<p>It may be busy or starting. Wait a minute, then try again.</p>\n")
            }
            Self::Untrusted(_) => Html::new(
                "<p>The answer of the login service did not pass our checks, so we ",
            )
            .raw("did not log you in. If this happens again, tell the people who run this service.</p>\n"),
        }
    }
}
