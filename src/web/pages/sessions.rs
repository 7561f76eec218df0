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
use crate::web::extract::{OwnForm, OwnPage, own_token};
use crate::web::pages::login;
use crate::web::respond::{page, problem, redirect};
use crate::web::said;

/// What the button for all the others sends.
const OTHERS: &str = "others";

pub(in crate::web) async fn get(State(web): State<Arc<Web>>, OwnPage { current, said }: OwnPage) -> Response {
    show(&web, &current, said).await.unwrap_or_else(problem::broken)
}

async fn show(web: &Web, current: &Current, said: Option<String>) -> Result<Response, Fault> {
    let rows = elsewhere::live(&web.kit, current).await?.into_iter().map(|session| SessionRow {
        is_here: session.id == current.session.id,
        device: session.browser,
        began: TimeText::when(session.authenticated_at, web.kit.now()),
        id: session.id.as_str().to_owned(),
    });
    let shown = SessionsPage { rows: rows.collect(), token: own_token(web, current), banner: said.clone() };
    Ok(said::once(web, said.as_ref(), page::page(web, StatusCode::OK, &shown, &web.front.chrome())))
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
        Ended::Done(browsers) => {
            let said = match (wish, browsers.first()) {
                (Wish::Others, _) => "You have logged out everywhere else.".to_owned(),
                (Wish::One(_), Some(browser)) => format!("You have logged out {browser}."),
                (Wish::One(_), None) => return Ok(redirect::see_other(paths::ACCOUNT_SESSIONS)),
            };
            said::and_say(web, &current.session.id, paths::ACCOUNT_SESSIONS, &said)
        }
        Ended::Stale => login::again(web, current, headers, paths::ACCOUNT_SESSIONS).await?,
    })
}
