//! What only the client can read (OpenID Connect Core 1.0, section 10.2), for those that registered a key for it.

use crate::base::Fault;
use crate::jose::{self, Content};
use crate::model::{Client, Encryption};

/// The same encrypted, where the client wants that.
pub(super) fn for_client(
    client: &Client,
    wanted: Option<Encryption>,
    content: Content<'_>,
) -> Result<Option<String>, Fault> {
    let Some((key, encryption)) = wanted else { return Ok(None) };
    let set = client.settings.jwks.as_ref();
    let set = set.ok_or_else(|| Fault::new(format!("client {} has no keys to encrypt with", client.id)))?;
    jose::encrypt(set, (key, encryption), content).map(Some)
}
