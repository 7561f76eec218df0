//! An access review, as its sponsor does it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::session::Current;
use crate::admin::sponsor::{self, Answer, Finished, Task};
use crate::base::{Fault, ReviewId, UserId, paths};
use crate::model::{ReviewAnswer, ReviewState, User};
use crate::oidc::params::Params;
use crate::view::pages::{AnswerRow, ReviewOverPage, ReviewPage, ReviewRow};
use crate::view::{TimeText, when};
use crate::web::Web;
use crate::web::extract::{OwnForm, OwnPage, Query, Unwanted, own_token};
use crate::web::pages::{login, trouble};
use crate::web::respond::{page, problem, redirect};
use crate::web::said;

pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    OwnPage { current, said }: OwnPage,
    Path(id): Path<String>,
    query: Result<Query, Unwanted>,
) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    match task(&web, &current, &id, params.get("after")).await {
        Ok(Some(task)) => show(&web, &current, &task, (&params, said)),
        Ok(None) => trouble::nowhere(&web),
        Err(fault) => problem::broken(fault),
    }
}

/// The review with an identifier, where it is this person's to do.
async fn task(web: &Web, current: &Current, id: &str, after: Option<&str>) -> Result<Option<Task>, Fault> {
    match ReviewId::parse(id) {
        Some(id) => sponsor::task(&web.kit, &current.user.id, &id, after).await,
        None => Ok(None),
    }
}

fn show(web: &Web, current: &Current, task: &Task, (params, said): (&Params, Option<String>)) -> Response {
    let (review, tally) = (&task.review, &task.tally);
    let organisation = review.organisation.clone();
    if review.state != ReviewState::Open {
        let is_finished = review.state == ReviewState::Finished;
        let over = ReviewOverPage { organisation, is_finished, any_struck: tally.struck > 0 };
        return page::page(web, StatusCode::OK, &over, &web.front.chrome());
    }
    let action = address(&review.id);
    let shown = ReviewPage {
        token: own_token(web, current),
        banner: said.clone(),
        organisation,
        due: when::clock_time_and_date(review.due_at),
        people: task.people.iter().map(row).collect(),
        answers: task.answers.rows.iter().map(answer_row).collect(),
        first_url: params.has("after").then(|| action.clone()),
        next_url: task.answers.next.as_ref().map(|next| format!("{action}?after={next}")),
        left: task.outlook.unanswered,
        ending: task.outlook.ending,
        action,
    };
    said::once(web, said.as_ref(), page::page(web, StatusCode::OK, &shown, &web.front.chrome()))
}

fn answer_row(answer: &Answer) -> AnswerRow {
    AnswerRow {
        id: answer.user.id.as_str().to_owned(),
        name: answer.user.name.clone(),
        email: answer.user.email.shown().to_owned(),
        is_struck: answer.said == ReviewAnswer::Struck,
    }
}

fn row(user: &User) -> ReviewRow {
    ReviewRow {
        id: user.id.as_str().to_owned(),
        name: user.name.clone(),
        email: user.email.shown().to_owned(),
        last_login: user.last_login_at.map(TimeText::date_at_clock_time),
    }
}

pub(super) fn address(id: &ReviewId) -> String {
    paths::ACCOUNT_REVIEW.replace("{id}", id.as_str())
}

pub(in crate::web) async fn post(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    own: OwnForm,
) -> Response {
    let answered = async {
        let Some(task) = task(&web, &own.current, &id, None).await? else {
            return Ok(trouble::nowhere(&web));
        };
        let sponsor = (&own.current, &own.visit);
        sponsor::answer(&web.kit, sponsor, &task.review, &answers(&own.form)).await?;
        let page = address(&task.review.id);
        Ok(said::and_say(&web, &own.current.session.id, &page, "Your answers are saved."))
    };
    answered.await.unwrap_or_else(problem::broken)
}

/// What the form says of each person; whoever has no choice made is left for later.
fn answers(form: &Params) -> Vec<(UserId, ReviewAnswer)> {
    let said = form.names().filter_map(|name| Some((UserId::parse(name)?, form.field(name))));
    said.filter_map(|(user, word)| Some((user, ReviewAnswer::parse(word)?))).collect()
}

pub(in crate::web) async fn finish(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    own: OwnForm,
) -> Response {
    let finished = async {
        let Some(task) = task(&web, &own.current, &id, None).await? else {
            return Ok(trouble::nowhere(&web));
        };
        let address = address(&task.review.id);
        Ok(match sponsor::finish(&web.kit, (&own.current, &own.visit), &task.review).await? {
            Finished::Done | Finished::Not => redirect::see_other(&address),
            Finished::Stale => login::again(&web, &own.current, &own.headers, &address).await?,
        })
    };
    finished.await.unwrap_or_else(problem::broken)
}
