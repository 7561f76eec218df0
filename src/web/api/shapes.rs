//! What goes over the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::admin::client_check::{Finding, Verdict};
use crate::admin::people::{Detail, Listed, Status};
use crate::admin::{reviews, services};
use crate::base::Timestamp;
use crate::model::{Client, ReviewAnswer, ReviewState, Role, User};
use crate::view::when;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Page<T: ToSchema> {
    pub(super) items: Vec<T>,
    /// What to send as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// Which page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes parameters that are read one by one")]
pub(super) struct PageParams {
    /// The `next` of the page before.
    #[param(min_length = 1)]
    after: Option<String>,
    /// The most items in the answer.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// A person who can log in, or was invited to.
#[derive(Serialize, ToSchema)]
pub(super) struct Person {
    pub(super) id: String,
    /// What services know them by, where that is the same for all.
    pub(super) sub: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) organisation: Option<String>,
    pub(super) status: PersonStatus,
    /// Until when wrong passwords keep them out, where they do.
    pub(super) locked_until: Option<String>,
    pub(super) role: Option<PersonRole>,
    pub(super) last_login_at: Option<String>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PersonStatus {
    Active,
    Invited,
    InvitationOver,
    Locked,
    Deactivated,
}

/// What an administrator is there for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PersonRole {
    Owner,
    Services,
    Support,
    Auditor,
}

fn time(at: Timestamp) -> String {
    when::iso(at)
}

impl Person {
    fn of(user: &User, status: Status, role: Option<Role>) -> Self {
        let locked_until = match status {
            Status::Locked { until } => until.map(time),
            _ => None,
        };
        Self {
            id: user.id.as_str().to_owned(),
            sub: user.subject.to_string(),
            email: user.email.shown().to_owned(),
            name: user.name.clone(),
            organisation: user.organisation.clone(),
            status: match status {
                Status::Active => PersonStatus::Active,
                Status::Invited => PersonStatus::Invited,
                Status::InvitationOver => PersonStatus::InvitationOver,
                Status::Locked { .. } => PersonStatus::Locked,
                Status::Deactivated => PersonStatus::Deactivated,
            },
            locked_until,
            role: role.map(|role| match role {
                Role::Owner => PersonRole::Owner,
                Role::Services => PersonRole::Services,
                Role::Support => PersonRole::Support,
                Role::Auditor => PersonRole::Auditor,
            }),
            last_login_at: user.last_login_at.map(time),
            created_at: time(user.created_at),
            updated_at: time(user.updated_at),
        }
    }

    pub(super) fn listed(listed: &Listed) -> Self {
        Self::of(&listed.user, listed.status, listed.role)
    }

    pub(super) fn detailed(detail: &Detail) -> Self {
        Self::of(&detail.user, detail.status, detail.role)
    }
}

/// Somebody to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPerson {
    #[schema(min_length = 1, max_length = 64)]
    pub(super) name: String,
    #[schema(format = Email, max_length = 254)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) organisation: Option<String>,
    /// The client identifiers of the services that the invitation names. One leads it with its name and look; of several,
    /// and of none, it is the council's.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(super) services: Vec<String>,
}

/// Somebody's details, all of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonDetails {
    #[schema(min_length = 1, max_length = 64)]
    pub(super) name: String,
    #[schema(format = Email, max_length = 254)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) organisation: Option<String>,
}

/// What can be done to a person in one go.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PersonAction {
    Unlock,
    AskNewPassword,
    LogOut,
    Deactivate,
    Activate,
    Invite,
    WithdrawInvitation,
}

/// A service that people log in to.
#[derive(Serialize, ToSchema)]
pub(super) struct Service {
    pub(super) client_id: String,
    pub(super) name: String,
    pub(super) is_active: bool,
    /// The registration, under the names of OpenID Connect Dynamic Client Registration 1.0 where it has one.
    #[schema(schema_with = super::document::settings)]
    pub(super) settings: Value,
    pub(super) last_used_at: Option<String>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    /// Only in the answer that made it: it is not kept in clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
}

impl Service {
    pub(super) fn of(client: &Client, last_used_at: Option<Timestamp>) -> Self {
        Self {
            client_id: client.id.to_string(),
            name: client.name.clone(),
            is_active: client.is_active(),
            settings: serde_json::to_value(&client.settings).unwrap_or_default(),
            last_used_at: last_used_at.map(time),
            created_at: time(client.created_at),
            updated_at: time(client.updated_at),
            client_secret: None,
        }
    }

    pub(super) fn listed(listed: &services::Listed) -> Self {
        Self::of(&listed.client, listed.last_used_at)
    }
}

/// A service to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewService {
    /// Chosen for you where it is not given.
    #[serde(default)]
    pub(super) client_id: Option<String>,
    #[schema(min_length = 1, max_length = 64)]
    pub(super) name: String,
    /// What is not named has its default.
    #[schema(schema_with = super::document::settings)]
    pub(super) settings: Value,
}

/// A service's registration, all of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceDetails {
    #[schema(min_length = 1, max_length = 64)]
    pub(super) name: String,
    /// What is not named gets its default.
    #[schema(schema_with = super::document::settings)]
    pub(super) settings: Value,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ServiceAction {
    SwitchOff,
    SwitchOn,
}

/// A new client secret, shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct NewSecret {
    pub(super) client_secret: String,
    /// Until when those before it work.
    pub(super) earlier_until: String,
}

/// What came of looking at one thing that a service declares.
#[derive(Serialize, ToSchema)]
pub(super) struct FindingDocument {
    what: &'static str,
    address: Option<String>,
    /// `good`, `note` (perhaps as it should be) or `bad` (to be mended).
    verdict: &'static str,
    expected: String,
    /// What was found instead, as words that follow "it".
    found: Option<String>,
    /// What to do about it.
    remedy: Option<String>,
}

impl FindingDocument {
    pub(super) fn of(finding: Finding) -> Self {
        let Finding { what, address, verdict, expected, found, remedy } = finding;
        let verdict = match verdict {
            Verdict::Good => "good",
            Verdict::Note => "note",
            Verdict::Bad => "bad",
        };
        Self { what, address, verdict, expected, found, remedy }
    }
}

/// An access review: somebody who knows an organisation's people says who of them still needs to log in.
#[derive(Serialize, ToSchema)]
pub(super) struct ReviewDocument {
    pub(super) id: String,
    pub(super) organisation: String,
    /// The identifier of the person who is asked, unless they have been erased.
    pub(super) sponsor: Option<String>,
    pub(super) status: ReviewStatus,
    /// How many are on the list.
    pub(super) people: i64,
    pub(super) confirmed: i64,
    pub(super) struck: i64,
    pub(super) created_at: String,
    pub(super) due_at: String,
    pub(super) ended_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReviewStatus {
    Open,
    Finished,
    Withdrawn,
}

impl ReviewDocument {
    pub(super) fn of(listed: &reviews::Listed) -> Self {
        let (review, tally) = (&listed.review, &listed.tally);
        Self {
            id: review.id.to_string(),
            organisation: review.organisation.clone(),
            sponsor: review.sponsor_id.as_ref().map(|id| id.as_str().to_owned()),
            status: match review.state {
                ReviewState::Open => ReviewStatus::Open,
                ReviewState::Finished => ReviewStatus::Finished,
                ReviewState::Withdrawn => ReviewStatus::Withdrawn,
            },
            people: tally.people,
            confirmed: tally.confirmed,
            struck: tally.struck,
            created_at: time(review.created_at),
            due_at: time(review.due_at),
            ended_at: review.ended_at.map(time),
        }
    }
}

/// An access review to be begun.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReview {
    /// As it stands with its people.
    #[schema(min_length = 1)]
    pub(super) organisation: String,
    /// The email of whoever is asked. They must be able to log in.
    #[schema(format = Email, max_length = 254)]
    pub(super) sponsor: String,
    /// How long they have; 14 where it is not given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 90)]
    pub(super) days: Option<u32>,
}

/// Somebody on the list of an access review.
#[derive(Serialize, ToSchema)]
pub(super) struct ReviewEntry {
    /// The identifier of a person.
    pub(super) person: String,
    pub(super) name: String,
    pub(super) email: String,
    /// `confirmed` or `struck`; absent while nothing was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<&'static str>,
}

impl ReviewEntry {
    pub(super) fn of(user: &User, answer: Option<ReviewAnswer>) -> Self {
        Self {
            person: user.id.as_str().to_owned(),
            name: user.name.clone(),
            email: user.email.shown().to_owned(),
            answer: answer.map(ReviewAnswer::name),
        }
    }
}

/// Somebody logged in, in one browser.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionDocument {
    pub(super) id: String,
    pub(super) person: String,
    /// Client identifiers.
    pub(super) services: Vec<String>,
    pub(super) browser: String,
    pub(super) logged_in_at: String,
    pub(super) last_used_at: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct KeyDocument {
    pub(super) kid: String,
    pub(super) algorithm: String,
    /// `Signing`, `Ready`, `Checking only` or `Replaced before use`.
    pub(super) state: String,
    pub(super) active_from: String,
    pub(super) removed_after: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct StatusDocument {
    pub(super) counted_at: Option<String>,
    pub(super) people: i64,
    pub(super) people_invited: i64,
    pub(super) people_deactivated: i64,
    pub(super) people_locked: i64,
    pub(super) sessions: i64,
    pub(super) services: i64,
    pub(super) mail_waiting: i64,
    pub(super) mail_failed_today: i64,
    pub(super) reviews_overdue: i64,
    /// What needs somebody's attention, in sentences.
    pub(super) attention: Vec<String>,
    pub(super) version: String,
}

/// An email that is not sent. For privacy, it does not say whom it is for.
#[derive(Serialize, ToSchema)]
pub(super) struct LetterDocument {
    pub(super) kind: String,
    /// `queued`, `failed` or `expired`.
    pub(super) state: String,
    pub(super) attempts: i64,
    pub(super) last_error: Option<String>,
    pub(super) created_at: String,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub(super) struct EventDocument {
    pub(super) id: String,
    pub(super) at: String,
    pub(super) kind: String,
    pub(super) person: Option<String>,
    pub(super) service: Option<String>,
    /// Who did it, where that is not the person.
    pub(super) actor: Option<String>,
    /// Why, in the words of whoever did it.
    pub(super) reason: Option<String>,
    pub(super) address: Option<String>,
    /// The reference of the request, which its page and the log show.
    pub(super) reference: Option<String>,
    #[schema(schema_with = super::document::anything)]
    pub(super) detail: Option<Value>,
}
