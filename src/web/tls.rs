//! TLS where it ends here and not at a proxy: handshakes, and a certificate that is renewed while we serve.

use std::pin::Pin;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::certificate::{Certificate, Files, Own, Terms};
use crate::config::Tls;

/// From the connection to the end of the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The certificate in use, and the files that it comes from.
pub(crate) struct Encryption {
    tls: Tls,
    terms: RwLock<Terms>,
    /// What the files were at the start.
    first: [u8; 32],
}

impl Encryption {
    /// # Errors
    /// One sentence that names the file that cannot be used.
    pub(crate) fn new(tls: Tls) -> Result<Self, String> {
        let files = Files::read(&tls)?;
        let terms = RwLock::new(Own::from_files(&files, &tls)?.terms(&tls)?);
        Ok(Self { tls, terms, first: files.digest() })
    }

    /// The encrypted connection, and the certificate of the other end where it showed one; `None` where nothing was
    /// agreed, or not in time.
    pub(super) async fn shake_hands(
        &self,
        stream: TcpStream,
    ) -> Option<(SslStream<TcpStream>, Option<Certificate>)> {
        let connection = self.terms.read().unwrap_or_else(PoisonError::into_inner).connection().ok()?;
        let mut stream = SslStream::new(connection, stream).ok()?;
        let shaken = tokio::time::timeout(HANDSHAKE, Pin::new(&mut stream).accept()).await;
        shaken.ok()?.inspect_err(|error| tracing::debug!(%error, "a handshake failed")).ok()?;
        let certificate = Certificate::of_peer(stream.ssl());
        Some((stream, certificate))
    }

    /// Looks at the files for ever, and serves with a new certificate as soon as there is one that can be used.
    /// Connections that are open keep the one they began with.
    pub(super) async fn follow_files(&self) {
        let mut judged = Ok(self.first);
        let mut before = judged.clone();
        loop {
            tokio::time::sleep(LOOK).await;
            let tls = self.tls.clone();
            let Ok(files) = tokio::task::spawn_blocking(move || Files::read(&tls)).await else { continue };
            let seen = files.as_ref().map(Files::digest).map_err(Clone::clone);
            // One of the two is written first: they are judged when they have been the same for one look.
            if seen == before && seen != judged {
                judged.clone_from(&seen);
                self.change(files.and_then(|files| Own::from_files(&files, &self.tls)?.terms(&self.tls)));
            }
            before = seen;
        }
    }

    fn change(&self, terms: Result<Terms, String>) {
        match terms {
            Ok(terms) => {
                *self.terms.write().unwrap_or_else(PoisonError::into_inner) = terms;
                tracing::info!(file = %self.tls.certificate_file.display(), "serving with a new certificate");
            }
            Err(why) => tracing::error!(why, "the new certificate cannot be used; the one before is kept"),
        }
    }
}
