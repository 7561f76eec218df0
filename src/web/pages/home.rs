//! The list of the council's services.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::clients;
use crate::view::Link;
use crate::view::pages::ServicesPage;
use crate::web::Web;
use crate::web::respond::{page, problem};

pub(in crate::web) async fn get(State(web): State<Arc<Web>>) -> Response {
    let listed = match clients::with_home_page(&web.kit).await {
        Ok(listed) => listed,
        Err(fault) => return problem::broken(fault),
    };
    let services = listed
        .into_iter()
        .filter_map(|client| Some(Link { href: client.settings.home_page?, text: client.name }))
        .collect();
    page::page(&web, StatusCode::OK, &ServicesPage { services }, &web.front.chrome())
}
