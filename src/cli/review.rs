//! `gatehouse review`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::why::Why;
use super::{Failure, open, show};
use crate::admin::people::ROWS;
use crate::admin::reviews::{self, Listed, NewReview, USUAL_DAYS};
use crate::config::Config;
use crate::kit::Kit;
use crate::model::{Actor, ReviewAnswer, User};
use crate::view::when;

#[derive(Subcommand)]
pub(super) enum Action {
    /// Ask a sponsor, by email, which people in an organisation still need access.
    Begin {
        /// The organisation's name, exactly as on its people's records.
        organisation: String,
        /// The email of whoever is asked. They must be able to log in.
        #[arg(long, value_name = "EMAIL")]
        sponsor: String,
        /// How long they have, 1 to 90.
        #[arg(long, default_value_t = USUAL_DAYS)]
        days: u32,
        #[command(flatten)]
        why: Why,
    },
    /// List reviews, the newest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one review, with everybody on it and what was said of them.
    Show {
        /// Its identifier.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Call a review off: from then on nobody is deactivated for what was said in it.
    Withdraw {
        /// Its identifier.
        id: String,
        #[command(flatten)]
        why: Why,
    },
}

pub(super) async fn run(config: Config, action: Action) -> Result<(), Failure> {
    let kit = open::ready_kit(config).await?;
    match action {
        Action::Begin { organisation, sponsor, days, why } => {
            let new = NewReview { organisation: &organisation, sponsor: &sponsor, days };
            let begun = reviews::begin(&kit, &why.actor(), new).await?;
            show::line(format_args!(
                "{} is asked about {} people by {}: {}",
                sponsor,
                begun.tally.people,
                show::time(begun.review.due_at),
                begun.review.id
            ));
            Ok(())
        }
        Action::List { json } => list(&kit, json).await,
        Action::Show { id, json } => show_one(&kit, &id, json).await,
        Action::Withdraw { id, why } => {
            let found = reviews::find(&kit, &Actor::Operator, &id).await?;
            let said = match reviews::withdraw(&kit, &why.actor(), &found.review).await? {
                true => "The review is withdrawn.",
                false => "The review was over already.",
            };
            show::line(said);
            Ok(())
        }
    }
}

async fn list(kit: &Kit, as_json: bool) -> Result<(), Failure> {
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = reviews::list(kit, &Actor::Operator, after.as_deref(), ROWS).await?;
        listed.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if as_json {
        show::json(&listed.iter().map(|listed| document(kit, listed)).collect());
        return Ok(());
    }
    let rows = listed.iter().map(|listed| {
        vec![
            listed.review.id.to_string(),
            listed.review.organisation.clone(),
            listed.sponsor_name().to_owned(),
            show::time(listed.review.due_at),
            format!("{} of {}", listed.tally.confirmed + listed.tally.struck, listed.tally.people),
            listed.shown(kit).to_owned(),
        ]
    });
    show::table(&["ID", "Organisation", "Sponsor", "Due", "Answers", "Status"], rows.collect());
    Ok(())
}

fn document(kit: &Kit, listed: &Listed) -> Value {
    let (review, tally) = (&listed.review, &listed.tally);
    json!({
        "id": review.id.as_str(), "organisation": review.organisation, "sponsor": listed.sponsor.as_ref().map(|sponsor| &sponsor.email),
        "status": listed.shown(kit).to_lowercase(), "people": tally.people, "confirmed": tally.confirmed,
        "struck": tally.struck, "created_at": when::iso(review.created_at), "due_at": when::iso(review.due_at),
        "ended_at": review.ended_at.map(when::iso),
    })
}

async fn show_one(kit: &Kit, id: &str, as_json: bool) -> Result<(), Failure> {
    let found = reviews::find(kit, &Actor::Operator, id).await?;
    let mut people: Vec<(User, Option<ReviewAnswer>)> = Vec::new();
    let mut after = None;
    loop {
        let page = reviews::entries(kit, &Actor::Operator, &found.review, after.as_deref(), ROWS).await?;
        people.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let said = |answer: &Option<ReviewAnswer>| answer.map_or("none yet", ReviewAnswer::name);
    if as_json {
        let mut shown = document(kit, &found);
        let entries: Vec<Value> = people
            .iter()
            .map(|(user, answer)| {
                json!({ "email": user.email.shown(), "name": user.name, "answer": answer.map(ReviewAnswer::name) })
            })
            .collect();
        if let Some(members) = shown.as_object_mut() {
            members.insert("entries".to_owned(), Value::Array(entries));
        }
        show::json(&shown);
        return Ok(());
    }
    show::facts(&[
        ("Organisation", found.review.organisation.clone()),
        ("Sponsor", found.sponsor_name().to_owned()),
        ("Due", show::time(found.review.due_at)),
        ("Status", found.shown(kit).to_owned()),
    ]);
    show::line("");
    let rows = people
        .iter()
        .map(|(user, answer)| vec![user.name.clone(), user.email.to_string(), said(answer).to_owned()]);
    show::table(&["Name", "Email", "Answer"], rows.collect());
    Ok(())
}
