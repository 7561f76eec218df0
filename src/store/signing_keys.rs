//! Signing keys: public halves in clear, private halves sealed.

use super::db::{Conn, Tx, asking, is_conflict, optional_time, parsed, statements, text, time};
use crate::base::{Fault, Kid, Timestamp};
use crate::model::{Algorithm, KeyRecord};

statements! {
    INSERT = "INSERT INTO signing_keys (kid, algorithm, public_jwk, sealed_private, created_at, active_from,
        remove_after) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ALL = "SELECT * FROM signing_keys ORDER BY algorithm, active_from, kid";
    RETIRE = "UPDATE signing_keys SET remove_after = $2
        WHERE algorithm = $1 AND kid <> $3 AND remove_after IS NULL";
    REMOVE = "DELETE FROM signing_keys WHERE remove_after IS NOT NULL AND remove_after < $1";
}

/// Adds a key; `false` where it is there already.
pub(crate) async fn insert(tx: &mut Tx, key: &KeyRecord) -> Result<bool, Fault> {
    let inserted = sqlx::query(INSERT)
        .bind(key.kid.as_str())
        .bind(key.algorithm.name())
        .bind(key.public_jwk.as_str())
        .bind(key.sealed_private.as_str())
        .bind(key.created_at.millis())
        .bind(key.active_from.millis())
        .bind(key.remove_after.map(Timestamp::millis))
        .execute(&mut **tx)
        .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(error) if is_conflict(&error) => Ok(false),
        Err(error) => Err(asking("keep a signing key")(error)),
    }
}

/// Every key, by algorithm, the earliest active first.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<KeyRecord>, Fault> {
    let rows = sqlx::query(ALL).fetch_all(conn).await.map_err(asking("read the signing keys"))?;
    rows.iter()
        .map(|row| {
            Ok(KeyRecord {
                kid: parsed(row, "kid", Kid::parse)?,
                algorithm: parsed(row, "algorithm", Algorithm::parse)?,
                public_jwk: text(row, "public_jwk")?,
                sealed_private: text(row, "sealed_private")?,
                created_at: time(row, "created_at")?,
                active_from: time(row, "active_from")?,
                remove_after: optional_time(row, "remove_after")?,
            })
        })
        .collect()
}

/// Sets the day on which every key of an algorithm but `successor` is removed, where none is set.
pub(crate) async fn retire_others(
    tx: &mut Tx,
    algorithm: Algorithm,
    successor: &Kid,
    remove_after: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(RETIRE)
        .bind(algorithm.name())
        .bind(remove_after.millis())
        .bind(successor.as_str())
        .execute(&mut **tx)
        .await
        .map_err(asking("retire signing keys"))?;
    Ok(())
}

/// Destroys the keys whose day has come; how many.
pub(crate) async fn remove_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, Fault> {
    let done = sqlx::query(REMOVE).bind(now.millis()).execute(&mut **tx).await;
    Ok(done.map_err(asking("remove old signing keys"))?.rows_affected())
}
