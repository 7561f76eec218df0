//! Devices that wait for somebody to connect them (RFC 8628, section 3).

use sqlx::any::AnyRow;

use super::db::{
    Conn, Tx, asking, number, optional_parsed, optional_text, optional_time, parsed, statements, text, time,
};
use crate::base::{ClientId, Digest, Fault, SessionId, Span, Timestamp, kinds};

statements! {
    INSERT = "INSERT INTO device_codes (digest, user_code, client_id, scope, resources, state, pause, created_at,
        expires_at) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7, $8)";
    FIND = "SELECT * FROM device_codes WHERE digest = $1";
    BY_USER_CODE = "SELECT * FROM device_codes WHERE user_code = $1 AND state = 'waiting' AND expires_at > $2";
    /// Of all who answer for one device, the first is the only.
    DECIDE = "UPDATE device_codes SET state = $2, session_id = $3
        WHERE digest = $1 AND state = 'waiting' AND expires_at > $4 RETURNING digest";
    POLLED = "UPDATE device_codes SET polled_at = $2, pause = $3 WHERE digest = $1";
    TAKE = "UPDATE device_codes SET state = 'used' WHERE digest = $1 AND state = 'connected' RETURNING digest";
}

/// A device, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct WaitingDevice {
    pub(crate) digest: Digest<kinds::DeviceCode>,
    /// A MAC of what the device shows: somebody who reads the table must not be able to connect it.
    pub(crate) user_code: String,
    pub(crate) client_id: ClientId,
    /// Scope values, separated by spaces.
    pub(crate) scope: String,
    /// The addresses of the services that its tokens may be for, separated by spaces.
    pub(crate) resources: Option<String>,
    pub(crate) state: DeviceState,
    pub(crate) polled_at: Option<Timestamp>,
    /// How long the device is to wait between two questions.
    pub(crate) pause: Span,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeviceState {
    Waiting,
    /// Somebody who is logged in as this connected it.
    Connected(SessionId),
    Refused,
    /// It has its tokens.
    Used,
}

fn device(row: &AnyRow) -> Result<WaitingDevice, Fault> {
    let damaged = || Fault::new("a device is in an unknown state");
    let session = optional_parsed(row, "session_id", SessionId::parse)?;
    let state = match (text(row, "state")?.as_str(), session) {
        ("waiting", _) => DeviceState::Waiting,
        ("connected", Some(session)) => DeviceState::Connected(session),
        ("refused", _) => DeviceState::Refused,
        ("used", _) => DeviceState::Used,
        _ => return Err(damaged()),
    };
    Ok(WaitingDevice {
        digest: Digest::stored(text(row, "digest")?),
        user_code: text(row, "user_code")?,
        client_id: parsed(row, "client_id", ClientId::parse)?,
        scope: text(row, "scope")?,
        resources: optional_text(row, "resources")?,
        state,
        polled_at: optional_time(row, "polled_at")?,
        pause: Span::seconds(u32::try_from(number(row, "pause")?).map_err(|_| damaged())?),
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

pub(crate) async fn insert(tx: &mut Tx, device: &WaitingDevice) -> Result<(), Fault> {
    sqlx::query(INSERT)
        .bind(device.digest.as_str())
        .bind(device.user_code.as_str())
        .bind(device.client_id.as_str())
        .bind(device.scope.as_str())
        .bind(device.resources.as_deref())
        .bind(device.pause.as_seconds())
        .bind(device.created_at.millis())
        .bind(device.expires_at.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("note a device"))?;
    Ok(())
}

/// The device with this code of its own, in whatever state.
pub(crate) async fn find(
    conn: &mut Conn,
    digest: &Digest<kinds::DeviceCode>,
) -> Result<Option<WaitingDevice>, Fault> {
    let row = sqlx::query(FIND).bind(digest.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a device"))?.as_ref().map(device).transpose()
}

/// The device that shows this code and waits.
pub(crate) async fn by_user_code(
    conn: &mut Conn,
    user_code: &str,
    now: Timestamp,
) -> Result<Option<WaitingDevice>, Fault> {
    let row = sqlx::query(BY_USER_CODE).bind(user_code).bind(now.millis()).fetch_optional(conn).await;
    row.map_err(asking("find a device"))?.as_ref().map(device).transpose()
}

/// Connects a device in a session, or refuses it where there is none: true for exactly one caller.
pub(crate) async fn decide(
    tx: &mut Tx,
    digest: &Digest<kinds::DeviceCode>,
    session: Option<&SessionId>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(DECIDE)
        .bind(digest.as_str())
        .bind(if session.is_some() { "connected" } else { "refused" })
        .bind(session.map(SessionId::as_str))
        .bind(now.millis())
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("decide on a device"))?.is_some())
}

/// Notes that a device asked, and how long it is to wait from now on.
pub(crate) async fn polled(
    tx: &mut Tx,
    digest: &Digest<kinds::DeviceCode>,
    now: Timestamp,
    pause: Span,
) -> Result<(), Fault> {
    sqlx::query(POLLED)
        .bind(digest.as_str())
        .bind(now.millis())
        .bind(pause.as_seconds())
        .execute(&mut **tx)
        .await
        .map_err(asking("note a device's question"))?;
    Ok(())
}

/// Takes what somebody connected: true for exactly one caller.
pub(crate) async fn take(tx: &mut Tx, digest: &Digest<kinds::DeviceCode>) -> Result<bool, Fault> {
    let row = sqlx::query(TAKE).bind(digest.as_str()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("take a device"))?.is_some())
}
