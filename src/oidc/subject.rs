//! Under which name a service knows a person (OpenID Connect Core 1.0, section 8).

use crate::kit::Kit;
use crate::model::{Client, SubjectType, User};
use crate::policy::sector;

/// The subject of a person for a client: the same for all, or one that no other sector's services know.
pub(crate) fn of(kit: &Kit, client: &Client, user: &User) -> String {
    match client.settings.subject_type {
        SubjectType::Public => user.subject.as_str().to_owned(),
        SubjectType::Pairwise => {
            let sector = sector::identifier(&client.settings).unwrap_or_else(|| client.id.to_string());
            kit.keyring.pairwise_subject(&sector, user.subject.as_str())
        }
    }
}
