//! Where somebody is logged in (P14).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::elsewhere::{self, Ended, Wish};
use crate::accounts::session::Current;
use crate::base::{Fault, SessionId, paths};
use crate::view::TimeText;
use crate::view::pages::{SessionRow, SessionsPage};
use crate::web::Web;
use crate::web::extract::{LoggedIn, OwnForm, Query, Unwanted, own_token};
use crate::web::pages::login;
use crate::web::respond::{page, problem, redirect};

/// What the button for all the others says, and what the address says when they have ended.
const OTHERS: &str = "others";

pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    LoggedIn(current): LoggedIn,
    query: Result<Query, Unwanted>,
) -> Response {
    let params = query.map(|Query(params)| params).unwrap_or_default();
    show(&web, &current, params.get("ended")).await.unwrap_or_else(problem::broken)
}

async fn show(web: &Web, current: &Current, ended: Option<&str>) -> Result<Response, Fault> {
    let rows = elsewhere::live(&web.kit, current).await?.into_iter().map(|session| SessionRow {
        is_here: session.id == current.session.id,
        device: session.browser,
        began: TimeText::date_at_clock_time(session.authenticated_at),
        id: session.id.as_str().to_owned(),
    });
    let shown = SessionsPage {
        rows: rows.collect(),
        token: own_token(web, current),
        banner: banner(web, current, ended).await?,
    };
    Ok(page::page(web, StatusCode::OK, &shown, &web.front.chrome()))
}

/// What the address says was done, where it was: nobody can make the page say what is not so.
async fn banner(web: &Web, current: &Current, ended: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(named) = ended else { return Ok(None) };
    if named == OTHERS {
        let alone = elsewhere::live(&web.kit, current).await?.len() == 1;
        return Ok(alone.then(|| "You have logged out everywhere else.".to_owned()));
    }
    let Some(id) = SessionId::parse(named) else { return Ok(None) };
    let session = elsewhere::ended(&web.kit, current, &id).await?;
    Ok(session.map(|session| format!("You have logged out {}.", session.browser)))
}

pub(in crate::web) async fn post(State(web): State<Arc<Web>>, own: OwnForm) -> Response {
    let wish = match own.form.field("end") {
        OTHERS => Some(Wish::Others),
        id => SessionId::parse(id).map(Wish::One),
    };
    let Some(wish) = wish else { return redirect::see_other(paths::ACCOUNT_SESSIONS) };
    end(&web, &own, &wish).await.unwrap_or_else(problem::broken)
}

async fn end(web: &Web, own: &OwnForm, wish: &Wish) -> Result<Response, Fault> {
    let OwnForm { current, visit, headers, .. } = own;
    Ok(match elsewhere::end(&web.kit, current, wish, visit).await? {
        Ended::Done(0) => redirect::see_other(paths::ACCOUNT_SESSIONS),
        Ended::Done(_) => {
            let named = match wish {
                Wish::One(id) => id.as_str(),
                Wish::Others => OTHERS,
            };
            redirect::see_other(&format!("{}?ended={named}", paths::ACCOUNT_SESSIONS))
        }
        Ended::Stale => login::again(web, current, headers, paths::ACCOUNT_SESSIONS).await?,
    })
}
