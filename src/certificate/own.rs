//! Our own certificate with its key, and what we agree to when somebody connects by TLS (RFC 9325; RFC 8446).

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    AlpnError, NameType, Ssl, SslAcceptor, SslContext, SslMethod, SslOptions, SslSessionCacheMode,
    SslVerifyMode, select_next_proto,
};
use openssl::x509::X509;
use zeroize::Zeroizing;

use super::Certificate;
use crate::base::{Timestamp, sha256};
use crate::config::Tls;

/// For TLS 1.2: a key of its own for every connection, and encryption that is its own proof (RFC 9325, section 4.2).
const TLS_1_2_SUITES: &str = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
                              ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
/// What is spoken inside, as ALPN has it (RFC 7301).
const HTTP_1_1: &[u8] = b"\x08http/1.1";

/// The two files as they were read.
pub(crate) struct Files {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Files {
    /// # Errors
    /// One sentence: a file cannot be read, or everybody can read the key.
    pub(crate) fn read(tls: &Tls) -> Result<Self, String> {
        let certificate = fs::read(&tls.certificate_file)
            .map_err(|error| unusable("certificate_file", &tls.certificate_file, error))?;
        let unreadable = |error| unusable("key_file", &tls.key_file, error);
        let mode = fs::metadata(&tls.key_file).map_err(unreadable)?.mode();
        if mode & 0o007 != 0 {
            let shown = tls.key_file.display();
            return Err(format!(
                "listen.key_file {shown} can be read by everybody on this machine: run chmod 640 {shown}"
            ));
        }
        let key = Zeroizing::new(fs::read(&tls.key_file).map_err(unreadable)?);
        Ok(Self { certificate, key })
    }

    /// By which a change is known.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256([sha256(&self.certificate), sha256(&*self.key)].concat())
    }
}

fn unusable(setting: &str, file: &Path, why: impl std::fmt::Display) -> String {
    format!("listen.{setting} {} cannot be used: {why}", file.display())
}

/// Our certificate, those between it and its authority, and its key.
pub(crate) struct Own {
    certificate: X509,
    between: Vec<X509>,
    key: PKey<Private>,
}

impl Own {
    /// # Errors
    /// One sentence: a file holds something else, or the key is another certificate's.
    pub(crate) fn from_files(files: &Files, tls: &Tls) -> Result<Self, String> {
        let mut chain = X509::stack_from_pem(&files.certificate).unwrap_or_default().into_iter();
        let Some(certificate) = chain.next() else {
            return Err(unusable("certificate_file", &tls.certificate_file, "it has no certificate in PEM"));
        };
        // Without an answer to the question for a password, nobody is asked on the terminal.
        let key = PKey::private_key_from_pem_callback(&files.key, |_| Ok(0)).map_err(|_| {
            unusable("key_file", &tls.key_file, "it has no private key in PEM, or one under a password")
        })?;
        if !certificate.public_key().is_ok_and(|public| public.public_eq(&key)) {
            return Err(format!(
                "listen.key_file {} is not the key of the first certificate in listen.certificate_file {}",
                tls.key_file.display(),
                tls.certificate_file.display()
            ));
        }
        Ok(Self { certificate, between: chain.collect(), key })
    }

    /// When it stops being valid.
    pub(crate) fn expires_at(&self) -> Timestamp {
        let since = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(self.certificate.not_after()));
        let seconds = since.map_or(0, |span| i64::from(span.days) * 86_400 + i64::from(span.secs));
        Timestamp::from_millis(seconds * 1000)
    }

    /// Whether it is for a host of this name, itself or by a star in the place of its first label.
    pub(crate) fn names_host(&self, host: &str) -> bool {
        let certificate = Certificate(self.certificate.clone());
        let by_star =
            host.split_once('.').is_some_and(|(_, domain)| certificate.names_host(&format!("*.{domain}")));
        certificate.names_host(host) || by_star
    }

    /// What to agree to with whoever connects.
    ///
    /// # Errors
    /// One sentence: OpenSSL will not work with this certificate, because it is too weak for example.
    pub(crate) fn terms(&self, tls: &Tls) -> Result<Terms, String> {
        self.agree(tls).map_err(|error| unusable("certificate_file", &tls.certificate_file, error))
    }

    fn agree(&self, tls: &Tls) -> Result<Terms, ErrorStack> {
        // TLS 1.2 and 1.3 only, without compression.
        let mut terms = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        terms.set_cipher_list(TLS_1_2_SUITES)?;
        terms.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::NO_TICKET);
        // Every connection proves everything anew: nothing is kept with which an old one could be read or taken up.
        terms.set_session_cache_mode(SslSessionCacheMode::OFF);
        terms.set_num_tickets(0)?;
        terms.set_alpn_select_callback(|_, offered| {
            select_next_proto(HTTP_1_1, offered).ok_or(AlpnError::NOACK)
        });
        // That the client has the certificate's key is proved by the handshake. Whose certificate is believed is decided
        // where clients are known (RFC 8705, section 2), so that every one is good here, and none as well.
        terms.set_verify_depth(0);
        match (tls.ask_client_certificates, tls.ask_only_at.clone()) {
            (true, None) => terms.set_verify_callback(SslVerifyMode::PEER, |_, _| true),
            (true, Some(host)) => terms.set_servername_callback(move |connection, _| {
                let named = connection.servername(NameType::HOST_NAME);
                if named.is_some_and(|named| named.eq_ignore_ascii_case(&host)) {
                    connection.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
                }
                Ok(())
            }),
            (false, _) => {}
        }
        terms.set_certificate(&self.certificate)?;
        for certificate in &self.between {
            terms.add_extra_chain_cert(certificate.clone())?;
        }
        terms.set_private_key(&self.key)?;
        Ok(Terms(terms.build().into_context()))
    }
}

/// What is agreed to with whoever connects.
#[derive(Clone)]
pub(crate) struct Terms(SslContext);

impl Terms {
    /// Our side of one connection.
    ///
    /// # Errors
    /// There is no memory left.
    pub(crate) fn connection(&self) -> Result<Ssl, ErrorStack> {
        Ssl::new(&self.0)
    }
}
