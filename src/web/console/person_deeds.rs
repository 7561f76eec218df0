//! What can be done with one press to a person: asked about once, then done (P34b).

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::people::{BACK, sent};
use super::person::detail;
use super::{Console, ConsoleForm, path, reason};
use crate::admin::people::{self, Detail};
use crate::admin::{Refusal, invitations, personal_data, users};
use crate::base::{Error, paths};
use crate::view::pages::console::ConsoleForm as FormPage;
use crate::web::pages::trouble;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Unlock,
    Invite,
    Withdraw,
    NewPassword,
    LogOut,
    Deactivate,
    Activate,
    Export,
    Erase,
}

impl Deed {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "unlock" => Self::Unlock,
            "invite" => Self::Invite,
            "withdraw" => Self::Withdraw,
            "new-password" => Self::NewPassword,
            "log-out" => Self::LogOut,
            "deactivate" => Self::Deactivate,
            "activate" => Self::Activate,
            "data" => Self::Export,
            "erase" => Self::Erase,
            _ => return None,
        })
    }

    /// The question, what follows from it, and the button.
    fn question(self, name: &str) -> (String, &'static str, String) {
        match self {
            Self::Unlock => (
                format!("Unlock {name}?"),
                "They can log in again at once. Check that the request really came from this person.",
                "Unlock".to_owned(),
            ),
            Self::Invite => (
                format!("Send {name} an invitation?"),
                "They will get an email with a new link. Any link that was sent before will stop working.",
                "Send the invitation".to_owned(),
            ),
            Self::Withdraw => (
                format!("Withdraw the invitation of {name}?"),
                "The link that they were sent will stop working.",
                "Withdraw the invitation".to_owned(),
            ),
            Self::NewPassword => (
                format!("Ask {name} for a new password?"),
                "They are logged out, and choose a new password the next time that they log in.",
                "Ask for a new password".to_owned(),
            ),
            Self::LogOut => (
                format!("Log {name} out everywhere?"),
                "Every browser is logged out, and the services that want to hear of it are told.",
                "Log out everywhere".to_owned(),
            ),
            Self::Deactivate => (
                format!("Deactivate {name}?"),
                "They cannot log in any more and are logged out everywhere. You can activate them again.",
                format!("Deactivate {name}"),
            ),
            Self::Activate => {
                (format!("Activate {name}?"), "They can log in again.", format!("Activate {name}"))
            }
            Self::Export => (
                format!("Export the personal data of {name}?"),
                "You get a file with their details, sessions, consents and history. Give it to nobody else.",
                "Download the file".to_owned(),
            ),
            Self::Erase => (
                format!("Erase {name}?"),
                "All their details are deleted permanently. The audit log keeps a record of what happened, without their details.",
                format!("Erase {name} permanently"),
            ),
        }
    }

    const fn is_warning(self) -> bool {
        matches!(self, Self::Deactivate | Self::Erase)
    }
}

pub(super) async fn ask(at: Console, Path((id, deed)): Path<(String, String)>) -> Response {
    let Some(known) = Deed::parse(&deed) else { return trouble::nowhere(&at.web) };
    let detail = match detail(&at, &id).await {
        Ok(detail) => detail,
        Err(error) => return at.refuse(error, BACK),
    };
    let (title, lead, button) = known.question(&detail.user.name);
    let action = match known {
        Deed::Export => path(paths::CONSOLE_PERSON_EXPORT, &id),
        _ => path(paths::CONSOLE_PERSON_DEED, &id).replace("{deed}", &deed),
    };
    let cancel = path(paths::CONSOLE_PERSON, &id);
    let fields = match known {
        Deed::Erase => vec![reason::field("Kept in the audit log, so do not name them")],
        _ => Vec::new(),
    };
    at.ask(FormPage {
        lead: vec![lead.to_owned()],
        fields,
        is_warning: known.is_warning(),
        ..FormPage::new(at.frame(paths::CONSOLE_PEOPLE), title, (action, button), cancel)
    })
}

pub(super) async fn perform(
    Path((id, deed)): Path<(String, String)>,
    ConsoleForm { mut at, .. }: ConsoleForm,
) -> Response {
    let Some(known) = Deed::parse(&deed).filter(|deed| *deed != Deed::Export) else {
        return trouble::nowhere(&at.web);
    };
    if at.must_ask_again() {
        return ask(at, Path((id, deed))).await;
    }
    if !at.is_fresh() {
        return at.log_in_again(&path(paths::CONSOLE_PERSON_DEED, &id).replace("{deed}", &deed));
    }
    let done = async { carry_out(&at, known, &detail(&at, &id).await?).await };
    match done.await {
        Ok(said) if known == Deed::Erase => at.done(paths::CONSOLE_PEOPLE, &said),
        Ok(said) => at.done(&path(paths::CONSOLE_PERSON, &id), &said),
        Err(Error::Refused(Refusal::Unfit(flaws))) if at.was_refused_for_reason(&flaws) => {
            ask(at, Path((id, deed))).await
        }
        Err(error) => at.refuse(error, BACK),
    }
}

/// Does it, and says so.
async fn carry_out(at: &Console, deed: Deed, detail: &Detail) -> Result<String, Error<Refusal>> {
    let (kit, actor, user) = (&at.web.kit, &at.actor, &detail.user);
    let name = &user.name;
    Ok(match deed {
        Deed::Unlock => {
            people::unlock(kit, actor, user).await?;
            format!("{name} can log in again.")
        }
        Deed::Invite => sent(user.email.shown(), invitations::invite_again(kit, actor, detail).await?),
        Deed::Withdraw => match invitations::withdraw(kit, actor, user).await? {
            true => "The invitation no longer works.".to_owned(),
            false => "There was no invitation that still worked.".to_owned(),
        },
        Deed::NewPassword => {
            people::ask_new_password(kit, actor, user).await?;
            format!("{name} will choose a new password at the next login.")
        }
        Deed::LogOut => {
            people::log_out(kit, actor, user).await?;
            format!("{name} is logged out everywhere.")
        }
        Deed::Deactivate => {
            users::set_active(kit, actor, user, false).await?;
            format!("{name} cannot log in any more.")
        }
        Deed::Activate => {
            users::set_active(kit, actor, user, true).await?;
            format!("{name} can log in again.")
        }
        Deed::Erase => {
            personal_data::erase(kit, actor, user).await?;
            "All their details have been deleted.".to_owned()
        }
        // Is a file of its own.
        Deed::Export => String::new(),
    })
}

pub(super) async fn export(Path(id): Path<String>, ConsoleForm { at, .. }: ConsoleForm) -> Response {
    if at.must_ask_again() {
        return ask(at, Path((id, "data".to_owned()))).await;
    }
    if !at.is_fresh() {
        return at.log_in_again(&path(paths::CONSOLE_PERSON_DEED, &id).replace("{deed}", "data"));
    }
    let made = async { personal_data::export(&at.web.kit, &at.actor, &detail(&at, &id).await?).await };
    let document = match made.await {
        Ok(document) => document,
        Err(error) => return at.refuse(error, BACK),
    };
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"person.json\"")),
    ];
    (StatusCode::OK, headers, text).into_response()
}
