//! Connections: accepted, limited in time, drained at the end.
//!
//! An idle socket, dripping headers or a stalled body must not hold a place for ever, so connections are
//! served with hyper's own builder and its timers rather than by axum's loop, which has none.

use std::io;
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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_openssl::SslStream;
use tower::ServiceExt as _;

use crate::certificate::Certificate;
use crate::web::tls::Encryption;

/// From the first byte to the last of a request's headers; also how long an idle connection is kept.
const HEADERS: Duration = Duration::from_secs(10);
const LARGEST_HEADERS: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
const MOST_CONNECTIONS: usize = 4_096;
/// How long running requests may take once the end has been announced.
const DRAIN: Duration = Duration::from_secs(20);

/// Where connections come in.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    /// `None` where a proxy in front speaks TLS, or nobody has to.
    pub(crate) encryption: Option<Arc<Encryption>>,
}

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerAddress(pub(crate) SocketAddr);

/// What who is there showed us, where TLS ends here.
#[derive(Clone)]
pub(crate) struct PeerCertificate(pub(crate) Certificate);

/// A connection that has a place among those that are open.
struct Connection<S> {
    stream: S,
    peer: PeerAddress,
    certificate: Option<PeerCertificate>,
    place: OwnedSemaphorePermit,
}

/// Serves until `shutdown` comes, then lets the requests that are running finish.
pub(crate) async fn serve(door: Door, router: Router, shutdown: impl Future<Output = ()>) {
    let Door { listener, encryption } = door;
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let connections = GracefulShutdown::new();
    let mut handshakes = JoinSet::new();
    let mut following = JoinSet::new();
    if let Some(encryption) = encryption.clone() {
        following.spawn(async move { encryption.follow_files().await });
    }
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Some(connection) = admit(accepted, &places).await else { continue };
                match encryption.clone() {
                    Some(encryption) => drop(handshakes.spawn(encrypt(encryption, connection))),
                    None => answer(connection, router.clone(), &connections),
                }
            }
            Some(shaken) = handshakes.join_next() => {
                if let Ok(Some(connection)) = shaken {
                    answer(connection, router.clone(), &connections);
                }
            }
            () = &mut shutdown => break,
        }
    }
    drop((listener, handshakes, following));
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running at the end");
    }
}

/// Above the limit a connection is closed at once: its sender knows, and the others are served.
async fn admit(
    accepted: io::Result<(TcpStream, SocketAddr)>,
    places: &Arc<Semaphore>,
) -> Option<Connection<TcpStream>> {
    match accepted {
        Ok((stream, peer)) => {
            let place = Arc::clone(places).try_acquire_owned().ok()?;
            // Answers are small and whole: waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            Some(Connection { stream, peer: PeerAddress(peer), certificate: None, place })
        }
        Err(error) => {
            // Out of file descriptors, most likely: wait for some to be given back.
            tracing::error!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn encrypt(
    encryption: Arc<Encryption>,
    connection: Connection<TcpStream>,
) -> Option<Connection<SslStream<TcpStream>>> {
    let Connection { stream, peer, place, .. } = connection;
    let (stream, certificate) = encryption.shake_hands(stream).await?;
    Some(Connection { stream, peer, certificate: certificate.map(PeerCertificate), place })
}

fn answer<S>(connection: Connection<S>, router: Router, connections: &GracefulShutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Connection { stream, peer, certificate, place } = connection;
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        if let Some(certificate) = &certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        router.clone().oneshot(request)
    });
    let conversation = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(LARGEST_HEADERS)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let watched = connections.watch(conversation);
    tokio::spawn(async move {
        // What goes wrong on the wire is the other side's business; our own breakages are answers.
        let _ = watched.await;
        drop(place);
    });
}
