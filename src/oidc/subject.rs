//! Under which name a service knows a person (OpenID Connect Core 1.0, section 8).

use crate::kit::Kit;
use crate::model::{Client, SubjectType};
use crate::policy::sector;

/// A person's subject as a client knows it: the same for all, or one that no other sector's services know.
pub(crate) fn of(kit: &Kit, client: &Client, subject: &str) -> String {
    match client.settings.subject_type {
        SubjectType::Public => subject.to_owned(),
        SubjectType::Pairwise => {
            let sector = sector::identifier(&client.settings).unwrap_or_else(|| client.id.to_string());
            kit.keyring.pairwise_subject(&sector, subject)
        }
    }
}
