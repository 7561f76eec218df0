//! How `gatehouse user` shows a person.

use serde_json::{Value, json};

use super::{Failure, show};
use crate::admin::people::{self, Status};
use crate::admin::users;
use crate::kit::Kit;
use crate::model::{Actor, Role, User};

pub(super) async fn run(kit: &Kit, email: &str, as_json: bool) -> Result<(), Failure> {
    let user = users::find(kit, &Actor::Operator, email).await?;
    one(kit, &user, as_json).await
}

/// Prints one person as they are now.
pub(super) async fn one(kit: &Kit, user: &User, as_json: bool) -> Result<(), Failure> {
    let detail = people::detail(kit, &Actor::Operator, &user.id).await?;
    let user = &detail.user;
    if as_json {
        show::json(&document(user, detail.status));
        return Ok(());
    }
    let invitation = detail.invitation.filter(|_| detail.status == Status::Invited);
    let locked_until = match detail.status {
        Status::Locked { until } => until,
        _ => None,
    };
    show::facts(&[
        ("Name", user.name.clone()),
        ("Email", user.email.to_string()),
        ("Organisation", user.organisation.clone().unwrap_or_default()),
        ("Status", detail.status.shown().to_owned()),
        ("Locked until", show::optional_time(locked_until)),
        ("Invitation until", show::optional_time(invitation.map(|invitation| invitation.expires_at))),
        ("Role", detail.role.map(Role::shown).unwrap_or_default().to_owned()),
        ("Sessions", detail.sessions.len().to_string()),
        ("Subject (sub)", user.subject.to_string()),
        ("Last login", show::optional_time(user.last_login_at)),
        ("Password changed", show::optional_time(user.password_changed_at)),
    ]);
    Ok(())
}

pub(super) fn document(user: &User, status: Status) -> Value {
    json!({
        "id": user.id.as_str(), "sub": user.subject.as_str(), "email": user.email.shown(), "name": user.name,
        "organisation": user.organisation, "status": status.shown(), "profile": user.profile,
        "last_login_at": user.last_login_at.map(show::time), "created_at": show::time(user.created_at),
        "password_changed_at": user.password_changed_at.map(show::time),
    })
}
