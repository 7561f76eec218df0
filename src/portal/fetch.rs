//! The portal's HTTP client, in the shape that the openidconnect crate asks for.

use std::pin::Pin;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// The most that is read of an answer, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// How long a request may take, from the connection to the last byte.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Sends requests over plain HTTP, as a sample on one machine does. Follows no redirects.
pub(super) struct Fetch(Client<HttpConnector, Full<bytes::Bytes>>);

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("no answer within {} seconds", TIME_LIMIT.as_secs())]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error("the request was not answered")]
    Request(#[from] hyper_util::client::legacy::Error),
    #[error("the body could not be read")]
    Body(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl Fetch {
    pub(super) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let (parts, body) = self.0.request(request.map(|body| Full::new(body.into()))).await?.into_parts();
        let body = Limited::new(body, BODY_LIMIT).collect().await?.to_bytes();
        Ok(HttpResponse::from_parts(parts, body.into()))
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move { tokio::time::timeout(TIME_LIMIT, self.send(request)).await? })
    }
}
