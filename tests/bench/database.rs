//! The database of a house: how large it is, what works for it, and its end.

use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

use crate::house::House;

const SIZE: &str =
    "SELECT CAST(COALESCE(SUM(pg_total_relation_size(oid)), 0) AS BIGINT) AS bytes FROM pg_class
    WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)";
const PROCESSES: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid()";

/// A connection where the database is PostgreSQL.
async fn postgres(house: &House) -> Option<PgConnection> {
    let url = house.setting("GATEHOUSE_DATABASE_URL");
    match url.starts_with("sqlite:") {
        true => None,
        false => Some(PgConnection::connect(url).await.expect("a server")),
    }
}

/// In MiB, with its indexes and its log.
pub async fn size(house: &House) -> f64 {
    let bytes = match postgres(house).await {
        Some(mut conn) => conn.fetch_one(SIZE).await.expect("a size").get::<i64, _>("bytes") as f64,
        None => {
            let files = ["gatehouse.db", "gatehouse.db-wal"].map(|name| std::fs::metadata(house.path(name)));
            files.into_iter().flatten().map(|file| file.len() as f64).sum()
        }
    };
    bytes / 1024.0 / 1024.0
}

/// The processes on this machine that answer for a PostgreSQL server; none where the provider answers itself.
pub async fn processes(house: &House) -> Vec<u32> {
    let Some(mut conn) = postgres(house).await else { return Vec::new() };
    let rows = conn.fetch_all(PROCESSES).await.expect("the processes");
    let pids = rows.iter().filter_map(|row| u32::try_from(row.get::<i32, _>("pid")).ok());
    // A server on another machine has numbers of its own, which here may be anybody's.
    pids.filter(|pid| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name.starts_with("postgres"))
    })
    .collect()
}

/// Gives the room back that a schema took up on somebody's server. A file goes with its house.
pub async fn remove(house: &House) {
    let Some(mut conn) = postgres(house).await else { return };
    let row = conn.fetch_one("SELECT current_schema() AS name").await.expect("a schema");
    let drop = format!("DROP SCHEMA {} CASCADE", row.get::<String, _>("name"));
    conn.execute(sqlx::AssertSqlSafe(drop)).await.expect("an end");
}
