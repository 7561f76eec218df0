//! Clients that prove who they are by the key of a certificate that they show when they connect (RFC 8705, section 2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::assertion::Disproof;
use super::{AuthenticatedClient, keys};
use crate::base::{ClientId, Fault};
use crate::certificate::Certificate;
use crate::jose::Unverified;
use crate::kit::Kit;
use crate::model::{Client, ClientAuthentication};

/// Believes a client or not; `None` where it is not registered for certificates.
pub(crate) async fn authenticate(
    kit: &Kit,
    client_id: &str,
    certificate: &Certificate,
) -> Result<Option<Result<AuthenticatedClient, Disproof>>, Fault> {
    let Some(id) = ClientId::parse(client_id) else { return Ok(None) };
    let Some(client) = super::find(kit, &id).await? else { return Ok(None) };
    let checked = match client.settings.authentication {
        ClientAuthentication::TlsClientAuth => check_name(kit, &client, certificate),
        ClientAuthentication::SelfSignedTlsClientAuth => check_registered(kit, &client, certificate).await,
        _ => return Ok(None),
    };
    Ok(Some(match checked {
        Ok(()) => Ok(AuthenticatedClient(client)),
        Err(Disproof(why)) => Err(Disproof(format!("client {id}: {why}"))),
    }))
}

/// RFC 8705, section 2.1: a name that an authority vouches for.
fn check_name(kit: &Kit, client: &Client, certificate: &Certificate) -> Result<(), Disproof> {
    if !kit.client_authorities.vouch_for(certificate, kit.now()) {
        return Err(Disproof::new(
            "no authority of listen.client_authorities_file vouches for the certificate",
        ));
    }
    let subject = certificate.subject();
    let is_named = match (&client.settings.tls_subject, &client.settings.tls_host) {
        (Some(registered), None) => subject.as_ref() == Some(registered),
        (None, Some(registered)) => certificate.names_host(registered),
        _ => false,
    };
    if is_named {
        return Ok(());
    }
    let subject = subject.unwrap_or_default();
    Err(Disproof(format!("the certificate of {subject:?} does not bear the name that was registered")))
}

/// RFC 8705, section 2.2: the very certificate that was registered, whoever signed it.
async fn check_registered(kit: &Kit, client: &Client, certificate: &Certificate) -> Result<(), Disproof> {
    let shown = certificate
        .der()
        .map(|der| STANDARD.encode(der))
        .ok_or(Disproof::new("the certificate is damaged"))?;
    keys::check(
        kit,
        client,
        |keys| if keys.has_certificate(&shown) { Ok(()) } else { Err(Unverified::NoKey) },
    )
    .await
}
