//! People.

use std::collections::{HashMap, HashSet};

use sqlx::any::AnyRow;

use super::db::{
    Conn, Tx, among_a_hundred, asking, hundreds, json, optional_text, optional_time, parsed, statements,
    text, time, to_json,
};
use super::people;
use crate::base::{Fault, Subject, Timestamp, UserId};
use crate::model::{Email, User};

statements! {
    INSERT = "INSERT INTO users (id, subject, email, email_canonical, name, organisation, profile, password,
        password_changed_at, last_login_at, created_at, updated_at, disabled_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
    BY_ID = "SELECT * FROM users WHERE id = $1";
    BY_EMAIL = "SELECT * FROM users WHERE email_canonical = $1";
    BY_IDS = among_a_hundred!("SELECT * FROM users WHERE id");
    KNOWN_EMAILS = among_a_hundred!("SELECT email_canonical AS known FROM users WHERE email_canonical");
    KNOWN_SUBJECTS = among_a_hundred!("SELECT subject AS known FROM users WHERE subject");
    SET_PASSWORD = "UPDATE users SET password = $2, password_changed_at = $3, updated_at = $3,
        new_password_asked_at = NULL WHERE id = $1";
    CHANGE_PASSWORD = "UPDATE users SET password = $3, password_changed_at = $4, updated_at = $4,
        new_password_asked_at = NULL WHERE id = $1 AND password = $2 AND disabled_at IS NULL RETURNING id";
    FIRST_PASSWORD = "UPDATE users SET password = $2, password_changed_at = $3, updated_at = $3
        WHERE id = $1 AND password IS NULL AND disabled_at IS NULL RETURNING id";
    REHASH = "UPDATE users SET password = $2 WHERE id = $1 AND password = $3";
    LOGGED_IN = "UPDATE users SET last_login_at = $2 WHERE id = $1";
    DISABLE = "UPDATE users SET disabled_at = $2, updated_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    ENABLE = "UPDATE users SET disabled_at = NULL, updated_at = $2 WHERE id = $1 AND disabled_at IS NOT NULL";
}

/// A person, from a row that has every column of the table.
pub(super) fn user(row: &AnyRow) -> Result<User, Fault> {
    Ok(User {
        id: parsed(row, "id", UserId::parse)?,
        subject: parsed(row, "subject", Subject::parse)?,
        email: Email::stored(text(row, "email")?, text(row, "email_canonical")?),
        name: text(row, "name")?,
        organisation: optional_text(row, "organisation")?,
        profile: json(row, "profile")?,
        password: optional_text(row, "password")?,
        password_changed_at: optional_time(row, "password_changed_at")?,
        last_login_at: optional_time(row, "last_login_at")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        disabled_at: optional_time(row, "disabled_at")?,
        new_password_asked_at: optional_time(row, "new_password_asked_at")?,
    })
}

/// Adds a person; `false` where somebody has that email or that subject already.
pub(crate) async fn insert(tx: &mut Tx, user: &User) -> Result<bool, Fault> {
    let inserted = sqlx::query(INSERT)
        .bind(user.id.as_str())
        .bind(user.subject.as_str())
        .bind(user.email.shown())
        .bind(user.email.canonical())
        .bind(user.name.as_str())
        .bind(user.organisation.as_deref())
        .bind(to_json(&user.profile)?)
        .bind(user.password.as_deref())
        .bind(user.password_changed_at.map(Timestamp::millis))
        .bind(user.last_login_at.map(Timestamp::millis))
        .bind(user.created_at.millis())
        .bind(user.updated_at.millis())
        .bind(user.disabled_at.map(Timestamp::millis))
        .execute(&mut **tx)
        .await;
    if inserted.map_err(asking("add a person"))?.rows_affected() == 0 {
        return Ok(false);
    }
    people::index(tx, user).await?;
    Ok(true)
}

pub(crate) async fn by_id(conn: &mut Conn, id: &UserId) -> Result<Option<User>, Fault> {
    let row = sqlx::query(BY_ID).bind(id.as_str()).fetch_optional(conn).await;
    row.map_err(asking("find a person"))?.as_ref().map(user).transpose()
}

/// Those of some people who are still there.
pub(crate) async fn by_ids(conn: &mut Conn, ids: &[&UserId]) -> Result<HashMap<UserId, User>, Fault> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let rows = hundreds(conn, BY_IDS, &ids).await.map_err(asking("find people"))?;
    let keyed = |row| user(row).map(|user| (user.id.clone(), user));
    rows.iter().map(keyed).collect()
}

pub(crate) async fn by_email(conn: &mut Conn, email: &Email) -> Result<Option<User>, Fault> {
    let row = sqlx::query(BY_EMAIL).bind(email.canonical()).fetch_optional(conn).await;
    row.map_err(asking("find a person"))?.as_ref().map(user).transpose()
}

/// Those of some addresses, in their canonical form, that people have.
pub(crate) async fn known_emails(conn: &mut Conn, emails: &[&str]) -> Result<HashSet<String>, Fault> {
    known(conn, KNOWN_EMAILS, emails).await
}

/// Those of some subjects that people have.
pub(crate) async fn known_subjects(conn: &mut Conn, subjects: &[&str]) -> Result<HashSet<String>, Fault> {
    known(conn, KNOWN_SUBJECTS, subjects).await
}

async fn known(conn: &mut Conn, statement: &'static str, values: &[&str]) -> Result<HashSet<String>, Fault> {
    let rows = hundreds(conn, statement, values).await.map_err(asking("look people up"))?;
    rows.iter().map(|row| text(row, "known")).collect()
}

pub(crate) async fn set_password(tx: &mut Tx, id: &UserId, hash: &str, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(SET_PASSWORD)
        .bind(id.as_str())
        .bind(hash)
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("set a password"))?;
    Ok(())
}

/// Replaces the hash of a password by that of another; `false` where the password has changed meanwhile, or its owner may
/// not log in.
pub(crate) async fn change_password(
    tx: &mut Tx,
    id: &UserId,
    (old, new): (&str, &str),
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(CHANGE_PASSWORD)
        .bind(id.as_str())
        .bind(old)
        .bind(new)
        .bind(now.millis())
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("change a password"))?.is_some())
}

/// Sets the password of somebody who has none; `false` where they have one, or may not log in.
pub(crate) async fn set_first_password(
    tx: &mut Tx,
    id: &UserId,
    hash: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row = sqlx::query(FIRST_PASSWORD)
        .bind(id.as_str())
        .bind(hash)
        .bind(now.millis())
        .fetch_optional(&mut **tx)
        .await;
    Ok(row.map_err(asking("set a first password"))?.is_some())
}

/// Replaces a hash by a stronger one of the same password, unless the password has changed meanwhile.
pub(crate) async fn rehash(tx: &mut Tx, id: &UserId, old: &str, new: &str) -> Result<(), Fault> {
    sqlx::query(REHASH)
        .bind(id.as_str())
        .bind(new)
        .bind(old)
        .execute(&mut **tx)
        .await
        .map_err(asking("renew a password hash"))?;
    Ok(())
}

pub(crate) async fn logged_in(tx: &mut Tx, id: &UserId, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(LOGGED_IN)
        .bind(id.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("note a log-in"))?;
    Ok(())
}

/// Takes away or gives back the right to log in; `false` where that was so already.
pub(crate) async fn set_active(
    tx: &mut Tx,
    id: &UserId,
    active: bool,
    now: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(if active { ENABLE } else { DISABLE })
        .bind(id.as_str())
        .bind(now.millis())
        .execute(&mut **tx)
        .await
        .map_err(asking("change a person's status"))?;
    Ok(done.rows_affected() == 1)
}
