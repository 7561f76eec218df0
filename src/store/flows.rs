//! Journeys through the log-in pages.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, optional_parsed, optional_text, optional_time, statements, text, time};
use crate::base::{ClientId, Digest, Fault, FlowId, SessionId, Timestamp, UserId, kinds};
use crate::model::{Flow, FlowStage, User};

statements! {
    INSERT = "INSERT INTO flows (id, binding, client_id, request, stage, again_at, email, created_at, expires_at,
        session_id, banner) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    BY_ID = "SELECT * FROM flows WHERE id = $1";
    PASSWORD_RIGHT = "UPDATE flows SET stage = 'code', user_id = $2, email = $3, binding = $4, banner = NULL
        WHERE id = $1 AND stage IN ('password', 'code')";
    CODE_RIGHT = "UPDATE flows SET stage = 'welcome', session_id = $2, banner = NULL
        WHERE id = $1 AND stage = 'code' AND user_id = $3 RETURNING id";
    FINISH = "UPDATE flows SET stage = 'done' WHERE id = $1 AND stage = 'welcome' RETURNING id";
    CANCEL = "UPDATE flows SET stage = 'cancelled'
        WHERE id = $1 AND stage IN ('password', 'code') RETURNING id";
    BACK_TO_PASSWORD = "UPDATE flows SET stage = 'password', user_id = NULL, email = $2, banner = $3
        WHERE id = $1 AND stage IN ('password', 'code')";
    START_AGAIN = "UPDATE flows SET stage = 'password', session_id = NULL, again_at = $2
        WHERE id = $1 AND stage = 'welcome'";
    REBIND = "UPDATE flows SET binding = $2 WHERE id = $1";
    SET_EMAIL = "UPDATE flows SET email = $2 WHERE id = $1";
    SET_BANNER = "UPDATE flows SET banner = $2 WHERE id = $1";
    /// As it was typed, in whatever capitals.
    REMOVE_TYPED = "DELETE FROM flows WHERE email IS NOT NULL AND LOWER(email) = $1";
    REMOVE_SENT = "DELETE FROM flows WHERE id IN (SELECT flow_id FROM challenges WHERE email = $1)";
    REMOVE_OWN = "DELETE FROM flows WHERE id IN (SELECT flow_id FROM challenges WHERE user_id = $1)";
    CLEAR_BANNER = "UPDATE flows SET banner = NULL WHERE id = $1 AND banner IS NOT NULL";
}

fn stage(row: &AnyRow) -> Result<FlowStage, Fault> {
    let damaged = || Fault::new("a flow is in an unknown stage");
    Ok(match text(row, "stage")?.as_str() {
        "password" => FlowStage::Password,
        "code" => {
            FlowStage::Code { user_id: optional_parsed(row, "user_id", UserId::parse)?.ok_or_else(damaged)? }
        }
        "welcome" => FlowStage::Welcome {
            session_id: optional_parsed(row, "session_id", SessionId::parse)?.ok_or_else(damaged)?,
        },
        "done" => FlowStage::Done,
        "cancelled" => FlowStage::Cancelled,
        _ => return Err(damaged()),
    })
}

fn flow(row: &AnyRow) -> Result<Flow, Fault> {
    Ok(Flow {
        id: super::db::parsed(row, "id", FlowId::parse)?,
        binding: Digest::stored(text(row, "binding")?),
        client_id: optional_parsed(row, "client_id", ClientId::parse)?,
        request: optional_text(row, "request")?,
        stage: stage(row)?,
        again: optional_time(row, "again_at")?.is_some(),
        email: optional_text(row, "email")?,
        banner: optional_text(row, "banner")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

/// Writes a journey down that is at its first step, or whose person has only to agree to something.
pub(crate) async fn insert(tx: &mut Tx, flow: &Flow) -> Result<(), Fault> {
    let session = match &flow.stage {
        FlowStage::Welcome { session_id } => Some(session_id),
        _ => None,
    };
    sqlx::query(INSERT)
        .bind(flow.id.as_str())
        .bind(flow.binding.as_str())
        .bind(flow.client_id.as_ref().map(ClientId::as_str))
        .bind(flow.request.as_deref())
        .bind(if session.is_some() { "welcome" } else { "password" })
        .bind(flow.again.then_some(flow.created_at.millis()))
        .bind(flow.email.as_deref())
        .bind(flow.created_at.millis())
        .bind(flow.expires_at.millis())
        .bind(session.map(SessionId::as_str))
        .bind(flow.banner.as_deref())
        .execute(&mut **tx)
        .await
        .map_err(asking("begin a flow"))?;
    Ok(())
}

pub(crate) async fn by_id(conn: &mut Conn, id: &FlowId) -> Result<Option<Flow>, Fault> {
    let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a flow"))?.as_ref().map(flow).transpose()
}

/// The password was right: from here the flow belongs to one person, under a new binding.
pub(crate) async fn password_right(
    tx: &mut Tx,
    id: &FlowId,
    user: &UserId,
    email: &str,
    binding: &Digest<kinds::Flow>,
) -> Result<bool, Fault> {
    let done = sqlx::query(PASSWORD_RIGHT)
        .bind(id.as_str())
        .bind(user.as_str())
        .bind(email)
        .bind(binding.as_str())
        .execute(&mut **tx)
        .await
        .map_err(asking("move a flow on"))?;
    Ok(done.rows_affected() == 1)
}

/// The code of this person was right: true for exactly one caller, while the flow is theirs.
pub(crate) async fn code_right(
    tx: &mut Tx,
    id: &FlowId,
    user: &UserId,
    session: &SessionId,
) -> Result<bool, Fault> {
    let query = sqlx::query(CODE_RIGHT).bind(id.as_str()).bind(session.as_str()).bind(user.as_str());
    let row = query.fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("move a flow on"))?.is_some())
}

/// Ends a flow whose person goes back to the relying party: true for exactly one caller.
pub(crate) async fn finish(tx: &mut Tx, id: &FlowId) -> Result<bool, Fault> {
    let row = sqlx::query(FINISH).bind(id.as_str()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("finish a flow"))?.is_some())
}

/// Ends a flow that was not finished: true for exactly one caller.
pub(crate) async fn cancel(tx: &mut Tx, id: &FlowId) -> Result<bool, Fault> {
    let row = sqlx::query(CANCEL).bind(id.as_str()).fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("cancel a flow"))?.is_some())
}

/// Sends a flow back to its first step, with the email filled in and a message to show once.
pub(crate) async fn back_to_password(
    tx: &mut Tx,
    id: &FlowId,
    email: &str,
    banner: Option<&str>,
) -> Result<(), Fault> {
    sqlx::query(BACK_TO_PASSWORD)
        .bind(id.as_str())
        .bind(email)
        .bind(banner)
        .execute(&mut **tx)
        .await
        .map_err(asking("move a flow back"))?;
    Ok(())
}

/// Sends a flow whose person is logged in back to its first step.
pub(crate) async fn start_again(tx: &mut Tx, id: &FlowId, now: Timestamp) -> Result<(), Fault> {
    let done = sqlx::query(START_AGAIN).bind(id.as_str()).bind(now.millis()).execute(&mut **tx).await;
    done.map_err(asking("move a flow back"))?;
    Ok(())
}

/// Binds a flow by a new cookie: whoever knew the old one is out.
pub(crate) async fn rebind(tx: &mut Tx, id: &FlowId, binding: &Digest<kinds::Flow>) -> Result<(), Fault> {
    let done = sqlx::query(REBIND).bind(id.as_str()).bind(binding.as_str()).execute(&mut **tx).await;
    done.map_err(asking("bind a flow anew"))?;
    Ok(())
}

/// Remembers the email that was typed, so that the next form can have it filled in.
pub(crate) async fn set_email(tx: &mut Tx, id: &FlowId, email: &str) -> Result<(), Fault> {
    sqlx::query(SET_EMAIL)
        .bind(id.as_str())
        .bind(email)
        .execute(&mut **tx)
        .await
        .map_err(asking("note an email"))?;
    Ok(())
}

/// Keeps a message that the next page is to show.
pub(crate) async fn set_banner(tx: &mut Tx, id: &FlowId, banner: &str) -> Result<(), Fault> {
    let done = sqlx::query(SET_BANNER).bind(id.as_str()).bind(banner).execute(&mut **tx).await;
    done.map_err(asking("keep a message"))?;
    Ok(())
}

/// Takes the message away once it has been shown.
pub(crate) async fn clear_banner(tx: &mut Tx, id: &FlowId) -> Result<(), Fault> {
    sqlx::query(CLEAR_BANNER)
        .bind(id.as_str())
        .execute(&mut **tx)
        .await
        .map_err(asking("clear a message"))?;
    Ok(())
}

/// Removes every journey that knows somebody or their email, with its codes.
pub(crate) async fn remove_of(tx: &mut Tx, user: &User) -> Result<(), Fault> {
    let email = user.email.canonical();
    for (statement, of) in [(REMOVE_TYPED, email), (REMOVE_SENT, email), (REMOVE_OWN, user.id.as_str())] {
        let done = sqlx::query(statement).bind(of).execute(&mut **tx).await;
        done.map_err(asking("remove journeys"))?;
    }
    Ok(())
}
