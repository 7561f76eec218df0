//! What exists and the states it can be in. Data only: what is allowed is decided in `policy`, what is kept in
//! `store`.

mod actor;
mod client;
mod confirmation;
mod email;
mod encryption;
mod event;
mod flow;
mod grant_type;
mod invitation;
mod key;
mod letter;
mod profile;
mod reason;
mod response_type;
mod review;
mod session;
mod throttle;
mod user;

pub(crate) use actor::{Actor, Administrator, Role};
pub(crate) use client::{
    AccessTokenFormat, ApplicationType, Client, ClientAuthentication, ClientSecret, ClientSettings,
    SecurityProfile, SubjectType,
};
pub(crate) use confirmation::Confirmation;
pub(crate) use email::{Email, EmailError};
pub(crate) use encryption::{ContentEncryption, Encryption, KeyManagement};
pub(crate) use event::{Event, EventKind, Visit};
pub(crate) use flow::{Challenge, ChallengeState, EmailedCode, Flow, FlowStage, Purpose};
pub(crate) use grant_type::GrantType;
pub(crate) use invitation::Invitation;
pub(crate) use key::{Algorithm, KeyRecord};
pub(crate) use letter::{LetterState, QueuedLetter};
#[cfg(any(test, feature = "demo"))]
pub(crate) use profile::Address;
pub(crate) use profile::Profile;
pub(crate) use reason::{Reason, ReasonError};
pub(crate) use response_type::ResponseType;
pub(crate) use review::{Review, ReviewAnswer, ReviewOutlook, ReviewSponsor, ReviewState, ReviewTally};
pub(crate) use session::{Device, Session};
pub(crate) use throttle::Tally;
pub(crate) use user::User;
