//! Who may come to which page: one table, and no page that is not in it can be reached.
//!
//! It says who may come at all. What somebody may do to one service or person there is decided by the use case.

use axum::http::Method;

use crate::base::paths;
use crate::model::Actor;
use crate::policy::permission::Action::{self, *};
use crate::policy::permission::{Reach, reaches};

/// A page, what one must be allowed in order to see it, and what in order to post to it.
pub(crate) type Border = (&'static str, Option<Action>, Option<Action>);

const fn page(path: &'static str, to_see: Action) -> Border {
    (path, Some(to_see), None)
}

/// A form, and the question before a deed, are for those who may send them.
const fn form(path: &'static str, to_post: Action) -> Border {
    (path, Some(to_post), Some(to_post))
}

pub(crate) const BORDERS: &[Border] = &[
    page(paths::CONSOLE, SeeStatus),
    page(paths::CONSOLE_SERVICES, SeeServices),
    form(paths::CONSOLE_SERVICE_NEW, AddService),
    page(paths::CONSOLE_SERVICE, SeeServices),
    form(paths::CONSOLE_SERVICE_EDIT, ChangeService),
    form(paths::CONSOLE_SERVICE_SECRET, ChangeService),
    form(paths::CONSOLE_SERVICE_STATUS, ChangeService),
    form(paths::CONSOLE_SERVICE_REMOVE, RemoveService),
    form(paths::CONSOLE_SERVICE_CHECK, ChangeService),
    page(paths::CONSOLE_SERVICE_PREVIEW, SeeServices),
    form(paths::CONSOLE_TOKENS, InviteRegistration),
    form(paths::CONSOLE_TOKEN_NEW, InviteRegistration),
    page(paths::CONSOLE_PEOPLE, SeePeople),
    form(paths::CONSOLE_INVITE, InvitePeople),
    page(paths::CONSOLE_IMPORT_EXAMPLE, InvitePeople),
    form(paths::CONSOLE_IMPORT, InvitePeople),
    (paths::CONSOLE_IMPORT_SEND, None, Some(InvitePeople)),
    page(paths::CONSOLE_PERSON, SeePeople),
    form(paths::CONSOLE_PERSON_EDIT, ChangePeople),
    form(paths::CONSOLE_PERSON_ROLE, ChangeAdministrators),
    (paths::CONSOLE_PERSON_EXPORT, None, Some(ExportPerson)),
    form(paths::CONSOLE_PERSON_DEED, ChangePeople),
    page(paths::CONSOLE_REVIEWS, SeePeople),
    form(paths::CONSOLE_REVIEW_NEW, ReviewAccess),
    page(paths::CONSOLE_REVIEW, SeePeople),
    form(paths::CONSOLE_REVIEW_WITHDRAW, ReviewAccess),
    (paths::CONSOLE_SESSIONS, Some(SeeSessions), Some(EndSessions)),
    page(paths::CONSOLE_AUDIT, SeeEvents),
    page(paths::CONSOLE_AUDIT_FILE, SeeEvents),
    page(paths::CONSOLE_KEYS, SeeKeys),
    form(paths::CONSOLE_KEYS_CHANGE, RotateKeys),
    page(paths::CONSOLE_SETTINGS, SeeSettings),
    form(paths::CONSOLE_SETTINGS_EDIT, ChangeSettings),
    page(paths::CONSOLE_SETTINGS_PREVIEW, SeeSettings),
    page(paths::CONSOLE_MAIL, SeeMail),
    page(paths::CONSOLE_ADMINISTRATORS, SeeAdministrators),
];

/// Whether somebody may come to a page, named by its pattern, in this way.
pub(super) fn may_pass(actor: &Actor, method: &Method, page: Option<&str>) -> bool {
    let border = BORDERS.iter().find(|(path, ..)| Some(*path) == page);
    let wanted = border.and_then(|(_, to_see, to_post)| match *method {
        Method::GET | Method::HEAD => *to_see,
        _ => *to_post,
    });
    wanted.is_some_and(|action| reaches(actor, action) != Reach::No)
}
