//! Logging out (P11, P12; OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::accounts::session::Current;
use crate::base::{Fault, constant_time_eq, paths};
use crate::model::Visit;
use crate::oidc::logout::farewell;
use crate::oidc::logout::{self, Logout, Onward};
use crate::oidc::params::Params;
use crate::policy::redirect::home_page;
use crate::view::pages::{LogOutPage, LoggedOutPage};
use crate::view::{HiddenField, Link};
use crate::web::Web;
use crate::web::extract::{Form, MaybeLoggedIn, Query, Unwanted, is_from_ourselves};
use crate::web::respond::{page, problem, redirect};

/// In seconds: for services to be called before the browser goes on.
const TIME_FOR_FRAMES: u8 = 2;
/// The same, where there is a sentence to read first.
const TIME_TO_READ: u8 = 10;

/// What a request to log out may carry from page to page.
const CARRIED: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

pub(in crate::web) async fn get(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    session: MaybeLoggedIn,
    query: Result<Query, Unwanted>,
) -> Response {
    // Parameters that cannot be read are as good as none: the person is asked.
    let params = query.map(|Query(params)| params).unwrap_or_default();
    log_out(&web, &params, &session, (&visit, Confirmed::No)).await.unwrap_or_else(problem::broken)
}

/// Posted by a relying party, or by our own page with its token.
pub(in crate::web) async fn post(
    State(web): State<Arc<Web>>,
    Extension(visit): Extension<Visit>,
    session: MaybeLoggedIn,
    headers: HeaderMap,
    form: Result<Form, Unwanted>,
) -> Response {
    let params = form.map(|Form(params)| params).unwrap_or_default();
    let query = carried(&params).to_query();
    if session.current.is_none() && query.len() <= redirect::LONGEST_QUERY {
        // Browsers keep our cookies back from a form that another site posts. Asked again by GET, they send them.
        return redirect::see_other(&format!("{}?{query}", paths::LOGOUT));
    }
    let confirmed = match &session.current {
        Some(current)
            if is_from_ourselves(&web.kit.config, &headers)
                && constant_time_eq(params.field("token"), token(&web, current)) =>
        {
            Confirmed::Yes
        }
        _ => Confirmed::No,
    };
    log_out(&web, &params, &session, (&visit, confirmed)).await.unwrap_or_else(problem::broken)
}

fn carried(params: &Params) -> Params {
    let pairs = CARRIED.iter().filter_map(|name| Some(((*name).to_owned(), params.get(name)?.to_owned())));
    pairs.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Confirmed {
    Yes,
    No,
}

async fn log_out(
    web: &Web,
    params: &Params,
    session: &MaybeLoggedIn,
    (visit, confirmed): (&Visit, Confirmed),
) -> Result<Response, Fault> {
    let judged = logout::judge(&web.kit, params, session.current.as_ref()).await?;
    let mut parting = Parting::default();
    if let Some(current) = &session.current {
        if judged.confirm && confirmed == Confirmed::No {
            return ask(web, params, current, &judged).await;
        }
        let asked_by = judged.client.as_ref().map(|client| &client.id);
        let farewell = farewell::say(&web.kit, current, visit, asked_by).await?;
        let not_told = farewell::not_told(&web.kit, &farewell, &current.session.id).await?;
        parting = Parting { frames: farewell.frames, not_told };
    }
    let stops = web.kit.settings().session.logged_out_page || !parting.not_told.is_empty();
    let response = match &judged.onward {
        Some(onward) if parting.frames.is_empty() && !stops => redirect::see_other(&onward.location()),
        _ => done(web, &judged, parting)?,
    };
    let style = web.front.cookies;
    let response = redirect::with_cookie(response, style.take_back(&style.session_name()));
    let mut response = redirect::with_cookie(response, style.hide_state());
    // Pages of the ended session must not come back with the back button on a shared machine.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// The form's token, bound to the session it is to end.
fn token(web: &Web, current: &Current) -> String {
    web.kit.keyring.form_token(&["logout", current.session.id.as_str(), current.session.digest.as_str()])
}

/// P11. On its way back the form may end at the relying party.
async fn ask(web: &Web, params: &Params, current: &Current, judged: &Logout) -> Result<Response, Fault> {
    let fields = CARRIED
        .iter()
        .filter_map(|name| {
            let value = params.get(name)?.to_owned();
            Some(HiddenField { name: (*name).to_owned(), value })
        })
        .collect();
    let shown = LogOutPage {
        token: token(web, current),
        name: current.user.name.clone(),
        services: farewell::reach(&web.kit, &current.session.id).await?,
        fields,
        stay_url: web.front.start_url(judged.client.as_ref()),
    };
    let response = page::page(web, StatusCode::OK, &shown, &web.front.chrome_for(judged.client.as_ref()));
    Ok(match &judged.onward {
        Some(onward) => page::letting_forms_end_at(response, &onward.target),
        None => response,
    })
}

/// What there is to do and to say when a session has ended.
#[derive(Default)]
struct Parting {
    /// Addresses for the browser to call.
    frames: Vec<String>,
    /// The names of services that do not know.
    not_told: Vec<String>,
}

/// P12. Where the browser has services to call, it goes on from here to where the service wanted it, unless people are to
/// press a link for that. Without frames there is nothing to wait for, and no page moves by itself.
fn done(web: &Web, judged: &Logout, Parting { frames, not_told }: Parting) -> Result<Response, Fault> {
    let client = judged.client.as_ref();
    let onward = judged.onward.as_ref().map(Onward::location);
    // A service without a home page has none to go to: the council's is offered in its place.
    let at_home = web.front.chrome_for(client.filter(|client| home_page(client).is_some()));
    let home =
        Some(Link { text: format!("Go to the {} home page", at_home.service), href: at_home.home_url });
    let return_to = client.zip(onward.clone()).map(|(client, href)| {
        let text = format!("Return to {}", client.name);
        Link { text, href }
    });
    let goes_on = onward.is_some() && !frames.is_empty() && !web.kit.settings().session.logged_out_page;
    let wait = if not_told.is_empty() { TIME_FOR_FRAMES } else { TIME_TO_READ };
    let log_in_url = Some(web.front.start_url(client));
    let shown = LoggedOutPage { return_to, home, log_in_url, not_told, frames, goes_on };
    let response = page::page(web, StatusCode::OK, &shown, &web.front.chrome_for(client));
    let mut response = page::framing(response, &shown.frames);
    if let Some(address) = onward.filter(|_| goes_on) {
        let refresh = HeaderValue::try_from(format!("{wait}; url={address}"));
        let refresh = refresh.map_err(|error| Fault::caused("an address cannot stand in a header", error))?;
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    Ok(response)
}

/// P12 by its own address.
pub(in crate::web) async fn logged_out(State(web): State<Arc<Web>>) -> Response {
    let chrome = web.front.chrome();
    let (text, href) = (format!("Go to the {} home page", chrome.service), chrome.home_url.clone());
    let home = Some(Link { text, href });
    let shown = LoggedOutPage { home, log_in_url: Some(paths::HOME.to_owned()), ..LoggedOutPage::default() };
    let mut response = page::page(&web, StatusCode::OK, &shown, &chrome);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
