//! `gatehouse user list`.

use clap::Args;

use super::user_show::document;
use super::{Failure, show};
use crate::admin::people::{self, LastLogin, Listed, Query};
use crate::base::Span;
use crate::kit::Kit;
use crate::model::Actor;
use crate::store::people::Order;

/// People who are read at once.
const PAGE: i64 = 500;

#[derive(Args)]
pub(super) struct Options {
    /// Only people with these words in their name, email or organisation.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// Only people who have logged in, but not in so many days; the longest ago first.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(..=10_000))]
    not_since: Option<u32>,
    /// Only people who have never logged in.
    #[arg(long, conflicts_with = "not_since")]
    never: bool,
    /// At most this many people.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(kit: &Kit, options: Options) -> Result<(), Failure> {
    let last_login = match options.not_since {
        Some(days) => LastLogin::Before(kit.now() - Span::days(days)),
        None if options.never => LastLogin::Never,
        None => LastLogin::Whenever,
    };
    let words = options.search.unwrap_or_default();
    let wanted = Query { words, order: Order::Email, last_login, after: None };
    let found = read(kit, wanted, options.limit.unwrap_or(usize::MAX)).await?;
    if options.json {
        show::json(&found.iter().map(|listed| document(&listed.user, listed.status)).collect());
        return Ok(());
    }
    let rows = found.iter().map(|Listed { user, status, .. }| {
        vec![
            user.name.clone(),
            user.email.to_string(),
            user.organisation.clone().unwrap_or_default(),
            show::optional_time(user.last_login_at),
            status.shown().to_owned(),
        ]
    });
    show::table(&["Name", "Email", "Organisation", "Last login", "Status"], rows.collect());
    Ok(())
}

async fn read(kit: &Kit, mut wanted: Query, limit: usize) -> Result<Vec<Listed>, Failure> {
    let mut found = Vec::new();
    while found.len() < limit {
        let page = people::list(kit, &Actor::Operator, &wanted, PAGE).await?;
        found.extend(page.rows);
        wanted.after = page.next;
        if wanted.after.is_none() {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}
