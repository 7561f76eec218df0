//! A journey that belongs to the browser that asks.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::accounts::flow::{self, Found, Journey};
use crate::base::FlowId;
use crate::model::Visit;
use crate::oidc::params::Params;
use crate::view::Chrome;
use crate::web::Web;
use crate::web::cookies::Cookies;
use crate::web::extract::{Form, is_from_ourselves, read_whole};
use crate::web::pages::trouble;
use crate::web::respond::problem;

/// A request within a journey.
pub(in crate::web) struct AtFlow {
    pub(in crate::web) web: Arc<Web>,
    pub(in crate::web) journey: Journey,
    pub(in crate::web) visit: Visit,
    pub(in crate::web) cookies: Cookies,
}

impl AtFlow {
    pub(in crate::web) fn chrome(&self) -> Chrome {
        self.web.front.chrome_for(self.journey.client.as_ref())
    }

    pub(in crate::web) fn token(&self) -> String {
        flow::form_token(&self.web.kit, &self.journey.flow)
    }

    pub(in crate::web) fn id(&self) -> &FlowId {
        &self.journey.flow.id
    }
}

impl FromRequestParts<Arc<Web>> for AtFlow {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Response> {
        // Prefetchers and mail scanners get nothing and change nothing.
        if is_only_looking(parts) {
            return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
        }
        let cookies = Cookies::read(&parts.headers);
        let named = RawPathParams::from_request_parts(parts, web).await.ok().and_then(|params| {
            params.iter().find(|(name, _)| *name == "flow").and_then(|(_, value)| FlowId::parse(value))
        });
        let id = named.or_else(|| {
            let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes()).ok()?;
            FlowId::parse(query.get("flow")?)
        });
        let expired = || trouble::expired(web, None, cookies.is_empty());
        let Some(id) = id else { return Err(expired()) };
        let Some(binding) = cookies.flow(web.front.cookies, &id) else { return Err(expired()) };
        let journey = match flow::open(&web.kit, &id, &binding).await.map_err(problem::broken)? {
            Found::Live(journey) => *journey,
            Found::Expired(client) => return Err(trouble::expired(web, client.as_deref(), false)),
            Found::Nothing => return Err(expired()),
        };
        let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_default();
        Ok(Self { web: Arc::clone(web), journey, visit, cookies })
    }
}

/// A form posted within a journey, from a page that we served to the same browser.
pub(in crate::web) struct FlowForm {
    pub(in crate::web) at: AtFlow,
    pub(in crate::web) form: Params,
}

impl FromRequest<Arc<Web>> for FlowForm {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        if !is_from_ourselves(&web.kit.config, request.headers()) {
            return Err(trouble::forbidden(web));
        }
        let (mut parts, form) = read_whole(request, web).await;
        let at = AtFlow::from_request_parts(&mut parts, web).await?;
        let Form(form) = form.map_err(|unwanted| trouble::bad_form(web, &unwanted))?;
        let token = flow::form_token(&web.kit, &at.journey.flow);
        if !crate::base::constant_time_eq(form.field("token"), token) {
            return Err(trouble::forbidden(web));
        }
        Ok(Self { at, form })
    }
}

/// Whether a request only looks ahead: a browser's prefetch, or a scanner's `HEAD`.
pub(in crate::web) fn is_only_looking(parts: &Parts) -> bool {
    let hint = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    parts.method == Method::HEAD || hint("sec-purpose").contains("prefetch") || hint("purpose") == "prefetch"
}
