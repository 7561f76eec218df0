//! Mail by SMTP (RFC 5321), encrypted unless the relay is on this machine.
//!
//! The commands and the encryption are lettre's; the conversation is our own. Its ready-made transport knows no
//! deadline once connected, tells a refused log-in from a refused recipient by nothing, and would hand out
//! again a connection that was given up half way, on which the next letter would read the answers to the last.
//! Here a connection belongs to the conversation that uses it, and is kept for the next only when that ended
//! well.

use std::error::Error as _;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};
use lettre::transport::smtp::{self, extension::Extension};
use tokio::time::timeout;

use crate::mail::compose::Letter;
use crate::mail::settings::{Encryption, SmtpSettings};
use crate::mail::{SendError, Unusable};

/// How many connections wait for the next letter.
const MOST_IDLE: usize = 4;

/// How long a waiting connection may take to show that it is alive, and a relay to answer our goodbye.
const COURTESY: Duration = Duration::from_secs(2);

/// A mail relay, with the connections to it that are free.
pub(crate) struct Relay {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    hello_name: ClientId,
    /// For one letter, from the first byte to the last answer.
    deadline: Duration,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

/// How far a conversation had come.
#[derive(Clone, Copy)]
enum Stage {
    Sender,
    Recipient,
    Content,
    Acceptance,
}

impl Relay {
    pub(super) fn new(settings: SmtpSettings) -> Result<Self, Unusable> {
        let encryption = settings.encryption()?;
        Ok(Self {
            encryption,
            credentials: settings.credentials()?,
            hello_name: settings.hello_name()?,
            deadline: settings.timeout,
            host: settings.host,
            port: settings.port,
            idle: Mutex::default(),
        })
    }

    pub(super) async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        timeout(self.deadline, self.deliver(letter))
            .await
            .unwrap_or_else(|_| Err(SendError::Later(self.silence())))
    }

    /// Connects, greets and logs in, or finds that a connection still answers.
    pub(super) async fn check(&self) -> Result<(), Unusable> {
        let connection =
            timeout(self.deadline, self.connection()).await.map_err(|_| Unusable(self.silence()))??;
        self.keep(connection);
        Ok(())
    }

    async fn deliver(&self, letter: &Letter) -> Result<(), SendError> {
        let mut connection = self.connection().await.map_err(|Unusable(why)| SendError::Later(why))?;
        let outcome = self.converse(&mut connection, letter).await;
        if outcome.is_ok() {
            self.keep(connection);
        } else {
            // In the background: the outcome is known, and must not be lost to a slow goodbye.
            tokio::spawn(part(connection));
        }
        outcome
    }

    /// The mail transaction of RFC 5321, section 3.3.
    async fn converse(&self, connection: &mut AsyncSmtpConnection, letter: &Letter) -> Result<(), SendError> {
        let (done, go_on) = (Severity::PositiveCompletion, Severity::PositiveIntermediate);
        let sender = connection.command(Mail::new(Some(letter.from.clone()), Vec::new())).await;
        self.judge(Stage::Sender, done, sender)?;
        let recipient = connection.command(Rcpt::new(letter.to.clone(), Vec::new())).await;
        self.judge(Stage::Recipient, done, recipient)?;
        let content = connection.command(Data).await;
        self.judge(Stage::Content, go_on, content)?;
        let acceptance = connection.message(&letter.bytes).await;
        self.judge(Stage::Acceptance, done, acceptance)
    }

    /// What an answer means for the letter.
    ///
    /// Only the class of answer that belongs to the stage counts as consent. An attacker who slips an answer
    /// into the clear-text part of a STARTTLS connection shifts all later ones by one place; the `DATA` that is
    /// then answered with 250 instead of 354 ends the attempt.
    fn judge(
        &self,
        stage: Stage,
        wanted: Severity,
        answer: Result<Response, smtp::Error>,
    ) -> Result<(), SendError> {
        let error = match answer {
            Ok(response) if response.code().severity == wanted => return Ok(()),
            Ok(_) => return Err(SendError::Later(self.sentence(stage, "its answers are out of step"))),
            Err(error) => error,
        };
        let why = self.sentence(stage, &symptom(&error));
        // A refused sender is a matter of settings, and other letters will meet it too: it can be mended.
        if error.is_permanent() && !matches!(stage, Stage::Sender) {
            Err(SendError::Never(why))
        } else {
            Err(SendError::Later(why))
        }
    }

    /// A connection that is ready for a letter: a waiting one that still answers, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Unusable> {
        while let Some(mut waiting) = self.take() {
            if timeout(COURTESY, waiting.test_connected()).await.unwrap_or(false) {
                return Ok(waiting);
            }
        }
        self.open().await
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Unusable> {
        let immediate = match &self.encryption {
            Encryption::Immediate(parameters) => Some(parameters.clone()),
            Encryption::Upgraded(_) | Encryption::Absent => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, None, &self.hello_name, immediate, None)
                .await
                .map_err(|error| self.unreachable(&error))?;
        if let Encryption::Upgraded(parameters) = &self.encryption {
            self.upgrade(&mut connection, parameters).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection
                .auth(DEFAULT_MECHANISMS, credentials)
                .await
                .map_err(|error| self.not_let_in(&error))?;
        }
        Ok(connection)
    }

    async fn upgrade(
        &self,
        connection: &mut AsyncSmtpConnection,
        parameters: &TlsParameters,
    ) -> Result<(), Unusable> {
        if !connection.server_info().supports_feature(Extension::StartTls) {
            let server = self.name();
            return Err(Unusable(format!(
                "{server} does not offer STARTTLS, so nothing was sent. Set the security to tls, with the port \
                 for it (usually 465), or mend the server."
            )));
        }
        connection
            .starttls(parameters.clone(), &self.hello_name)
            .await
            .map_err(|error| self.unreachable(&error))
    }

    fn take(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
    }

    fn name(&self) -> String {
        format!("The mail server {}:{}", self.host, self.port)
    }

    fn sentence(&self, stage: Stage, symptom: &str) -> String {
        let refused = match stage {
            Stage::Sender => "did not accept the sender",
            Stage::Recipient => "did not accept the recipient",
            Stage::Content => "did not want the letter",
            Stage::Acceptance => "did not confirm the letter",
        };
        format!("{} {refused}: {symptom}.", self.name())
    }

    fn silence(&self) -> String {
        format!(
            "{} did not finish within {} seconds. Check the host, the port and the security, and that no \
             firewall stands between.",
            self.name(),
            self.deadline.as_secs_f32()
        )
    }

    /// Why there is no encrypted connection, or none at all.
    fn unreachable(&self, error: &smtp::Error) -> Unusable {
        let server = self.name();
        Unusable(match distrust(error) {
            Some(reason) => format!(
                "{server} could not prove who it is, so nothing was sent ({reason}). Check that the host is the \
                 name in its certificate, and name the authority that signed it as the CA file."
            ),
            None => format!(
                "{server} cannot be used: {}. Check the host, the port and the security.",
                symptom(error)
            ),
        })
    }

    fn not_let_in(&self, error: &smtp::Error) -> Unusable {
        let symptom =
            if error.is_client() { "it offers neither PLAIN nor LOGIN".to_owned() } else { symptom(error) };
        Unusable(format!(
            "{} did not let us log in: {symptom}. Check the user name and password.",
            self.name()
        ))
    }
}

/// Says goodbye, as RFC 5321, section 4.1.1.10, asks, but waits for no answer that does not come.
async fn part(mut connection: AsyncSmtpConnection) {
    // Whether the relay heard it changes nothing.
    let _ = timeout(COURTESY, connection.quit()).await;
}

/// What went wrong, in our own words and numbers: what a server says may quote the letter or the password.
fn symptom(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        let detail = error.source().map(ToString::to_string).and_then(enhanced_status);
        return detail.map_or_else(|| format!("it answered {code}"), |d| format!("it answered {code} {d}"));
    }
    if let Some(cause) = io_cause(error) {
        return cause.kind().to_string();
    }
    if error.is_response() { "it hung up, or its answer was not SMTP" } else { "encryption failed" }
        .to_owned()
}

/// The status code with dots at the start of an answer (RFC 3463, section 2).
fn enhanced_status(answer: String) -> Option<String> {
    let word = answer.split_ascii_whitespace().next()?;
    let numbers: Vec<&str> = word.split('.').collect();
    let numeric = |n: &&str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    (numbers.len() == 3 && numbers.iter().all(numeric)).then(|| word.to_owned())
}

fn io_cause(error: &smtp::Error) -> Option<&io::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// Why the server's certificate was refused, if that is what happened: OpenSSL ends its account with the reason
/// in brackets then, and only then.
fn distrust(error: &smtp::Error) -> Option<String> {
    causes(error).find_map(|cause| {
        let text = cause.to_string();
        let (account, reason) = text.rsplit_once('(')?;
        account.contains("certificate verify failed").then(|| reason.trim_end_matches(')').to_owned())
    })
}

fn causes(error: &smtp::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
