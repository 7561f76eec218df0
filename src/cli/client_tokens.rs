//! What the tokens of a service are like: options of `gatehouse client add` and `update`.

use clap::{Args, ValueEnum};

use super::client_given::{self as given, Choice};
use crate::model::{AccessTokenFormat, Algorithm, ClientSettings, KeyManagement, SubjectType};

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Random text; services ask us what it is worth.
    Opaque,
    /// Signed, for services that read it themselves.
    Jwt,
}

#[derive(Clone, Copy, ValueEnum)]
enum Subject {
    /// The same as for every other service.
    Public,
    /// One that services of other councils or firms cannot compare.
    Pairwise,
}

/// What the tokens of a service are like.
#[derive(Args)]
pub(super) struct TokenSettings {
    /// Whether its access tokens must be bound to a key of its own (DPoP).
    #[arg(long, value_name = "BOOL")]
    dpop: Option<bool>,
    /// Whether each of its DPoP proofs must hold a nonce of ours.
    #[arg(long, value_name = "BOOL")]
    dpop_nonces: Option<bool>,
    /// Whether its access tokens must be bound to its certificate.
    #[arg(long, value_name = "BOOL")]
    certificate_bound: Option<bool>,
    /// What its access tokens look like.
    #[arg(long, value_name = "FORMAT")]
    access_tokens: Option<Format>,
    /// Its own address as a service that accepts access tokens.
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    /// The address of a service that it may have access tokens for; may be given several times.
    #[arg(long, value_name = "URI")]
    may_call: Vec<String>,
    /// Which subject it knows a person by.
    #[arg(long, value_name = "TYPE")]
    subject: Option<Subject>,
    /// Where the redirect addresses are listed of all services that share its subjects.
    #[arg(long, value_name = "URL")]
    sector_uri: Option<String>,
    /// How its ID tokens are encrypted for it, with a key of --jwks: RSA-OAEP-256, ECDH-ES or ECDH-ES+A256KW.
    #[arg(long, value_name = "ALGORITHM", value_parser = key_management)]
    encrypt_id_tokens: Option<Choice<KeyManagement>>,
    /// How what UserInfo says to it is encrypted for it.
    #[arg(long, value_name = "ALGORITHM", value_parser = key_management)]
    encrypt_userinfo: Option<Choice<KeyManagement>>,
    /// The algorithm that what UserInfo says to it is signed with, where it wants that signed.
    #[arg(long, value_name = "ALGORITHM", value_parser = given::algorithm)]
    userinfo_algorithm: Option<Choice<Algorithm>>,
}

impl TokenSettings {
    pub(super) fn apply(self, settings: &mut ClientSettings) {
        for (given, setting) in [
            (self.dpop, &mut settings.dpop_bound_access_tokens),
            (self.dpop_nonces, &mut settings.dpop_nonces),
            (self.certificate_bound, &mut settings.certificate_bound_access_tokens),
        ] {
            *setting = given.unwrap_or(*setting);
        }
        if let Some(format) = self.access_tokens {
            settings.access_token_format = match format {
                Format::Opaque => AccessTokenFormat::Opaque,
                Format::Jwt => AccessTokenFormat::Jwt,
            };
        }
        if let Some(subject) = self.subject {
            settings.subject_type = match subject {
                Subject::Public => SubjectType::Public,
                Subject::Pairwise => SubjectType::Pairwise,
            };
        }
        given::replace(&mut settings.resources, self.may_call);
        given::choose(&mut settings.id_token_key_management, self.encrypt_id_tokens);
        given::choose(&mut settings.userinfo_key_management, self.encrypt_userinfo);
        given::write(&mut settings.resource, self.resource);
        given::write(&mut settings.sector_identifier_uri, self.sector_uri);
        given::choose(&mut settings.userinfo_algorithm, self.userinfo_algorithm);
    }
}

fn key_management(text: &str) -> Result<Choice<KeyManagement>, String> {
    given::choice(text, |text| {
        let known = KeyManagement::ALL.map(KeyManagement::name).join(", ");
        KeyManagement::parse(text).ok_or_else(|| format!("choose one of {known}"))
    })
}

/// In what its tokens differ from random text that whoever has it can use.
pub(super) fn summary(settings: &ClientSettings) -> String {
    let kinds = [
        (settings.dpop_bound_access_tokens, "bound to a key"),
        (settings.certificate_bound_access_tokens, "bound to its certificate"),
        (settings.access_token_format == AccessTokenFormat::Jwt, "readable by services"),
        (settings.subject_type == SubjectType::Pairwise, "with subjects of its own"),
    ];
    let kinds = kinds.into_iter().filter(|(is_so, _)| *is_so).map(|(_, kind)| kind.to_owned());
    let calls = settings.resources.iter().map(|address| format!("for {address}"));
    kinds.chain(calls).collect::<Vec<_>>().join(", ")
}
