//! Connections: accepted, limited in time, drained at the end.
//!
//! An idle socket, dripping headers or a stalled body must not hold a place for ever, so connections are
//! served with hyper's own builder and its timers rather than by axum's loop, which has none.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutWriter;
use tokio_openssl::SslStream;
use tower::ServiceExt as _;

use crate::base::Fault;
use crate::certificate::Certificate;
use crate::config::Proxies;
use crate::web::places::{Place, Places};
use crate::web::respond::problem;
use crate::web::tls::Encryption;

/// From the first byte to the last of a request's headers; also how long an idle connection is kept.
const HEADERS: Duration = Duration::from_secs(10);
const LARGEST_HEADERS: usize = 16 * 1024;
const MOST_HEADERS: usize = 64;
/// How long somebody may take to read on.
const READING: Duration = Duration::from_secs(30);
/// How long running requests may take once the end has been announced.
const DRAIN: Duration = Duration::from_secs(20);

/// Where connections come in.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    /// `None` where a proxy in front speaks TLS, or nobody has to.
    pub(crate) encryption: Option<Arc<Encryption>>,
    /// The proxies in front of us, through which everybody comes.
    pub(crate) proxies: Proxies,
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
    place: Place,
}

/// Serves until `shutdown` comes, then lets the requests that are running finish.
pub(crate) async fn serve(door: Door, router: Router, shutdown: impl Future<Output = ()>) {
    let Door { listener, encryption, proxies } = door;
    let places = Places::new(proxies);
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
    places: &Places,
) -> Option<Connection<TcpStream>> {
    match accepted {
        Ok((stream, peer)) => {
            let place = places.take(peer.ip())?;
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
        carry_out(router.clone(), request)
    });
    // Who asks and never reads would keep the place for ever.
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(READING));
    let conversation = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(LARGEST_HEADERS)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let watched = connections.watch(conversation);
    tokio::spawn(async move {
        // What goes wrong on the wire is the other side's business; our own breakages are answers.
        let _ = watched.await;
        drop(place);
    });
}

/// Answers a request. One that may change something is carried out to its end, even where whoever sent it has gone away:
/// nothing is to be left half-done, and who asks again must find what came of the first time.
async fn carry_out(router: Router, request: Request) -> Result<Response, Infallible> {
    if request.method().is_safe() {
        return router.oneshot(request).await;
    }
    let whole = tokio::spawn(router.oneshot(request));
    Ok(match whole.await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(error) => problem::broken(Fault::caused("a request was not carried out", error)),
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio::sync::Notify;

    use super::*;

    /// A connection to a server that has a long answer, the places of that server, and what would end it.
    fn connect() -> (DuplexStream, Places, GracefulShutdown) {
        connect_to(Router::new().route("/", get(async || "a long answer ".repeat(10_000))))
    }

    fn connect_to(router: Router) -> (DuplexStream, Places, GracefulShutdown) {
        let places = Places::new(Proxies::default());
        let peer = SocketAddr::from(([203, 0, 113, 1], 50_000));
        let place = places.take(peer.ip()).unwrap();
        let (near, stream) = tokio::io::duplex(1_024);
        let connection = Connection { stream, peer: PeerAddress(peer), certificate: None, place };
        let end = GracefulShutdown::new();
        answer(connection, router, &end);
        (near, places, end)
    }

    #[tokio::test(start_paused = true)]
    async fn row_81_who_asks_and_never_reads_loses_the_place() {
        let (mut near, places, _end) = connect();
        near.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        tokio::time::sleep(READING - Duration::from_secs(1)).await;
        assert!(!places.is_empty(), "who reads slowly has time");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(places.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn row_81_headers_that_come_in_drops_and_none_at_all_lose_the_place() {
        let (mut silent, silent_places, _end) = connect();
        let (mut dripping, dripping_places, _other) = connect();
        for second in 0..HEADERS.as_secs() + 1 {
            assert!(
                second > 8 || !silent_places.is_empty() && !dripping_places.is_empty(),
                "a moment is given"
            );
            // Once the place is lost, nobody takes the drops.
            let _ = dripping.write_all(b"G").await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert!(silent_places.is_empty() && dripping_places.is_empty());
        assert_eq!(silent.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_was_sent_whole_is_carried_out_though_its_sender_has_gone_away() {
        let (begun, go_on, done) =
            (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (begun, go_on, done) = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&done));
            async move || {
                begun.notify_one();
                go_on.notified().await;
                done.notify_one();
            }
        };
        let (mut near, places, _end) = connect_to(Router::new().route("/", post(handler)));
        let request = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
        near.write_all(request.as_bytes()).await.unwrap();
        begun.notified().await;
        drop(near);
        while !places.is_empty() {
            tokio::task::yield_now().await;
        }
        go_on.notify_one();
        tokio::time::timeout(Duration::from_secs(10), done.notified()).await.expect("an end");
    }
}
