//! Emailed codes: what we keep of them and how often they were tried and sent.

use sqlx::any::AnyRow;

use super::db::{Conn, Tx, asking, json, number, optional_parsed, parsed, statements, text, time, to_json};
use crate::base::{Fault, FlowId, Timestamp, UserId};
use crate::model::{Challenge, ChallengeState, EmailedCode, Purpose};

statements! {
    FIND = "SELECT * FROM challenges WHERE flow_id = $1 AND purpose = $2";
    PUT = "INSERT INTO challenges (flow_id, purpose, user_id, email, state, tries, sends, last_sent_at, codes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (flow_id, purpose) DO UPDATE SET user_id = excluded.user_id, email = excluded.email,
        state = excluded.state, tries = excluded.tries, sends = excluded.sends,
        last_sent_at = excluded.last_sent_at, codes = excluded.codes";
    RESERVE_TRY = "UPDATE challenges SET tries = tries + 1
        WHERE flow_id = $1 AND purpose = $2 AND state = 'open' AND tries < $3 RETURNING *";
    RESEND = "UPDATE challenges SET sends = sends + 1, last_sent_at = $3, codes = $4
        WHERE flow_id = $1 AND purpose = $2 AND state = 'open' AND sends = $5 RETURNING flow_id";
    /// Only for the person whose code was right: another's challenge may have taken its place meanwhile.
    PASS = "UPDATE challenges SET state = 'passed', codes = '[]'
        WHERE flow_id = $1 AND purpose = $2 AND user_id = $3 AND state = 'open' RETURNING flow_id";
    SPEND = "UPDATE challenges SET state = 'dead'
        WHERE flow_id = $1 AND purpose = $2 AND state = 'passed' RETURNING user_id";
    KILL = "UPDATE challenges SET state = 'dead', codes = '[]' WHERE flow_id = $1 AND purpose = $2";
    KILL_OF_USER = "UPDATE challenges SET state = 'dead', codes = '[]' WHERE user_id = $1 AND state <> 'dead'";
    KILL_ALL = "UPDATE challenges SET state = 'dead', codes = '[]' WHERE flow_id = $1";
}

const fn state_name(state: ChallengeState) -> &'static str {
    match state {
        ChallengeState::Open => "open",
        ChallengeState::Passed => "passed",
        ChallengeState::Dead => "dead",
    }
}

fn state(name: &str) -> Option<ChallengeState> {
    [ChallengeState::Open, ChallengeState::Passed, ChallengeState::Dead]
        .into_iter()
        .find(|state| state_name(*state) == name)
}

fn purpose(name: &str) -> Option<Purpose> {
    [Purpose::LogIn, Purpose::Reset].into_iter().find(|purpose| purpose.name() == name)
}

fn challenge(row: &AnyRow) -> Result<Challenge, Fault> {
    Ok(Challenge {
        flow_id: parsed(row, "flow_id", FlowId::parse)?,
        purpose: parsed(row, "purpose", purpose)?,
        user_id: optional_parsed(row, "user_id", UserId::parse)?,
        email: text(row, "email")?,
        state: parsed(row, "state", state)?,
        tries: number(row, "tries")?,
        sends: number(row, "sends")?,
        last_sent_at: time(row, "last_sent_at")?,
        codes: json(row, "codes")?,
    })
}

pub(crate) async fn find(
    conn: &mut Conn,
    flow: &FlowId,
    purpose: Purpose,
) -> Result<Option<Challenge>, Fault> {
    let row = sqlx::query(FIND).bind(flow.as_str()).bind(purpose.name()).fetch_optional(conn).await;
    row.map_err(asking("find a challenge"))?.as_ref().map(challenge).transpose()
}

/// Writes a challenge as it stands, in place of any earlier one of the same flow and purpose.
pub(crate) async fn put(tx: &mut Tx, challenge: &Challenge) -> Result<(), Fault> {
    sqlx::query(PUT)
        .bind(challenge.flow_id.as_str())
        .bind(challenge.purpose.name())
        .bind(challenge.user_id.as_ref().map(UserId::as_str))
        .bind(challenge.email.as_str())
        .bind(state_name(challenge.state))
        .bind(challenge.tries)
        .bind(challenge.sends)
        .bind(challenge.last_sent_at.millis())
        .bind(to_json(&challenge.codes)?)
        .execute(&mut **tx)
        .await
        .map_err(asking("open a challenge"))?;
    Ok(())
}

/// Counts one try before it is checked; `None` where the challenge is closed or `limit` tries were made.
pub(crate) async fn reserve_try(
    tx: &mut Tx,
    flow: &FlowId,
    purpose: Purpose,
    limit: i64,
) -> Result<Option<Challenge>, Fault> {
    let row = sqlx::query(RESERVE_TRY)
        .bind(flow.as_str())
        .bind(purpose.name())
        .bind(limit)
        .fetch_optional(&mut **tx)
        .await;
    row.map_err(asking("count a try"))?.as_ref().map(challenge).transpose()
}

/// Adds a code that is about to be sent. True for one caller only of those who saw the same number of sends.
pub(crate) async fn resend(
    tx: &mut Tx,
    seen: &Challenge,
    codes: &[EmailedCode],
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(RESEND)
        .bind(seen.flow_id.as_str())
        .bind(seen.purpose.name())
        .bind(now.millis())
        .bind(to_json(&codes)?)
        .bind(seen.sends)
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("add a code"))?.is_some())
}

/// The right code of a person was entered: true for exactly one caller, and every code is gone. False too where the
/// flow has gone over to another person since.
pub(crate) async fn pass(tx: &mut Tx, flow: &FlowId, purpose: Purpose, user: &UserId) -> Result<bool, Fault> {
    let query = sqlx::query(PASS).bind(flow.as_str()).bind(purpose.name()).bind(user.as_str());
    let row = query.fetch_optional(&mut **tx).await;
    Ok(row.map_err(asking("pass a challenge"))?.is_some())
}

/// Uses up a passed challenge: the person it stood for, to exactly one caller.
pub(crate) async fn spend(tx: &mut Tx, flow: &FlowId, purpose: Purpose) -> Result<Option<UserId>, Fault> {
    let row = sqlx::query(SPEND).bind(flow.as_str()).bind(purpose.name()).fetch_optional(&mut **tx).await;
    match row.map_err(asking("spend a challenge"))? {
        Some(row) => optional_parsed(&row, "user_id", UserId::parse),
        None => Ok(None),
    }
}

pub(crate) async fn kill(tx: &mut Tx, flow: &FlowId, purpose: Purpose) -> Result<(), Fault> {
    let done = sqlx::query(KILL).bind(flow.as_str()).bind(purpose.name()).execute(&mut **tx).await;
    done.map_err(asking("close a challenge"))?;
    Ok(())
}

/// Kills every code that a person has been sent, in whichever journey.
pub(crate) async fn kill_of_user(tx: &mut Tx, user: &UserId) -> Result<(), Fault> {
    let done = sqlx::query(KILL_OF_USER).bind(user.as_str()).execute(&mut **tx).await;
    done.map_err(asking("close challenges"))?;
    Ok(())
}

/// Kills every code of a flow.
pub(crate) async fn kill_all(tx: &mut Tx, flow: &FlowId) -> Result<(), Fault> {
    let done = sqlx::query(KILL_ALL).bind(flow.as_str()).execute(&mut **tx).await;
    done.map_err(asking("close challenges"))?;
    Ok(())
}
