//! Connections: accepted, limited in time, drained at the end.
//!
//! An idle socket, dripping headers or a stalled body must not hold a place for ever, so connections are
//! served with hyper's own builder and its timers rather than by axum's loop, which has none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;

/// From the first byte to the last of a request's headers; also how long an idle connection is kept.
const HEADERS: Duration = Duration::from_secs(10);
const LARGEST_HEADERS: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
const MOST_CONNECTIONS: usize = 4_096;
/// How long running requests may take once the end has been announced.
const DRAIN: Duration = Duration::from_secs(20);

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) SocketAddr);

/// Serves until `shutdown` comes, then lets the requests that are running finish.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let connections = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Above the limit a connection is closed at once: its sender knows, and the others are served.
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    connect(stream, peer, router.clone(), (&connections, place));
                }
            }
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to be given back.
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running at the end");
    }
}

fn connect(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    (connections, place): (&GracefulShutdown, OwnedSemaphorePermit),
) {
    // Answers are small and whole: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(PeerAddress(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(LARGEST_HEADERS)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let watched = connections.watch(connection);
    tokio::spawn(async move {
        // What goes wrong on the wire is the other side's business; our own breakages are answers.
        let _ = watched.await;
        drop(place);
    });
}
