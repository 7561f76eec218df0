//! What a database holds, in a few numbers: for whoever makes a copy of it or puts one in its place.

use super::db::{Conn, asking, number, optional_time, statements};
use crate::base::{Fault, Timestamp};

statements! {
    PEOPLE = "SELECT COUNT(*) AS number FROM users";
    /// The console is one that nobody registered.
    SERVICES = "SELECT COUNT(*) AS number FROM clients WHERE id <> 'gatehouse-console'";
    EVENTS = "SELECT COUNT(*) AS number, MAX(at) AS newest FROM events";
}

/// How much there is of what matters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holdings {
    pub(crate) people: i64,
    pub(crate) services: i64,
    /// In the audit trail.
    pub(crate) events: i64,
    /// When the last of them happened.
    pub(crate) newest: Option<Timestamp>,
}

pub(crate) async fn count(conn: &mut Conn) -> Result<Holdings, Fault> {
    let mut of = async |statement| {
        let row = sqlx::query(statement).fetch_one(&mut *conn).await;
        row.map_err(asking("count what it holds"))
    };
    let people = number(&of(PEOPLE).await?, "number")?;
    let services = number(&of(SERVICES).await?, "number")?;
    let events = of(EVENTS).await?;
    Ok(Holdings {
        people,
        services,
        events: number(&events, "number")?,
        newest: optional_time(&events, "newest")?,
    })
}
