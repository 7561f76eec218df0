//! Requests that a client signed (RFC 9101, section 6.2).

use super::assertion::Disproof;
use super::keys;
use crate::jose::Presented;
use crate::kit::Kit;
use crate::model::{Algorithm, Client};
use crate::policy::assertion;

/// Checks that a request is signed by one of the client's keys, by an algorithm that it may use.
pub(crate) async fn check_signature(
    kit: &Kit,
    client: &Client,
    token: &Presented<'_>,
) -> Result<(), Disproof> {
    let registered = client.settings.request_algorithm;
    let agreed: &[Algorithm] = match &registered {
        Some(only) => std::slice::from_ref(only),
        None => assertion::algorithms(client.settings.profile),
    };
    keys::check(kit, client, |keys| keys.verify(token, agreed)).await
}
