//! Whether the process lives, and whether it can serve.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::store::facts;
use crate::web::Web;

/// The process answers.
pub(in crate::web) async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers and is sound, and there are keys to sign with.
pub(in crate::web) async fn readyz(State(web): State<Arc<Web>>) -> Response {
    let database = async { facts::find(&mut *web.kit.store.read().await?, "master_key").await };
    let damage = web.kit.damage.borrow().clone();
    let ready = match database.await {
        _ if damage.is_some() => Err(damage.map(|damage| damage.to_string()).unwrap_or_default()),
        Ok(_) if web.kit.signing.current().keys().is_empty() => Err("there are no signing keys".to_owned()),
        Ok(_) => Ok(()),
        Err(fault) => Err(fault.to_string()),
    };
    match ready {
        Ok(()) => "ready\n".into_response(),
        Err(why) => {
            tracing::warn!(why, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
        }
    }
}
