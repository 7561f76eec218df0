//! Lines of syslog (RFC 5424), by UDP (RFC 5426) or by TCP with their lengths before them (RFC 6587, section 3.4.1).
//!
//! Where they go is the operator's own setting, and may be within the network.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};

use crate::config::Syslog;

/// Security messages that tell of something (RFC 5424, section 6.2.1: facility 10, severity 6).
const PRIORITY: u8 = 10 * 8 + 6;
const PATIENCE: Duration = Duration::from_secs(5);

/// One message: `at` in milliseconds since 1970, `kind` as its identifier.
pub(crate) fn line(at: i64, host: &str, kind: &str, text: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    format!("<{PRIORITY}>1 {at} {host} gatehouse - {kind} - {text}")
}

/// Sends messages in their order.
pub(crate) async fn send(target: &Syslog, lines: &[String]) -> Result<()> {
    let sending = async {
        let address = (target.host.as_str(), target.port);
        if target.by_tcp {
            let mut stream = TcpStream::connect(address).await?;
            for line in lines {
                stream.write_all(format!("{} {line}", line.len()).as_bytes()).await?;
            }
            return stream.shutdown().await;
        }
        let mut found = tokio::net::lookup_host(address).await?;
        let there = found.next().ok_or_else(|| Error::new(ErrorKind::NotFound, "the host is not known"))?;
        let own = if there.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(own).await?;
        for line in lines {
            socket.send_to(line.as_bytes(), there).await?;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, sending).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}
