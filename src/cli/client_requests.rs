//! How a service asks and is answered: options of `gatehouse client add` and `update`.

use clap::{Args, ValueEnum};

use super::client_given::{self as given, Choice};
use crate::model::{Algorithm, ClientSettings, GrantType, ResponseType};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Demand {
    Required,
    Optional,
}

/// How a service asks and is answered.
#[derive(Args)]
pub(super) struct RequestSettings {
    /// What it may exchange for tokens: authorization_code, refresh_token, client_credentials, device_code or token-exchange; may be
    /// given several times.
    #[arg(long, value_name = "TYPE", value_parser = grant_type)]
    grant: Vec<GrantType>,
    /// Whether it accepts access tokens that others were given, and may ask what they are worth.
    #[arg(long, value_name = "BOOL")]
    accepts_tokens: Option<bool>,
    /// What it may ask for: code, id_token or "code id_token"; may be given several times.
    #[arg(long, value_name = "TYPE", value_parser = response_type)]
    response_type: Vec<ResponseType>,
    /// Whether it must push its requests before it sends anybody here.
    #[arg(long, value_name = "DEMAND")]
    pushed_requests: Option<Demand>,
    /// Whether it must sign its requests.
    #[arg(long, value_name = "DEMAND")]
    signed_requests: Option<Demand>,
    /// The only algorithm that it signs its requests with.
    #[arg(long, value_name = "ALGORITHM", value_parser = given::algorithm)]
    request_algorithm: Option<Choice<Algorithm>>,
    /// An address where it keeps signed requests for us to fetch; may be given several times.
    #[arg(long, value_name = "URL")]
    request_uri: Vec<String>,
    /// Where it wants to hear that somebody has logged out.
    #[arg(long, value_name = "URL")]
    backchannel_logout: Option<String>,
    /// What the browser of somebody who has logged out is to call, in a hidden frame.
    #[arg(long, value_name = "URL")]
    frontchannel_logout: Option<String>,
    /// The algorithm that answers to it are signed with, where it wants them signed; else that of its ID tokens.
    #[arg(long, value_name = "ALGORITHM", value_parser = given::algorithm)]
    response_algorithm: Option<Choice<Algorithm>>,
}

impl RequestSettings {
    pub(super) fn apply(self, settings: &mut ClientSettings) {
        if !self.grant.is_empty() {
            settings.grant_types = self.grant;
        }
        settings.introspects = self.accepts_tokens.unwrap_or(settings.introspects);
        if !self.response_type.is_empty() {
            settings.response_types = self.response_type;
        }
        given::replace(&mut settings.request_uris, self.request_uri);
        for (demand, setting) in [
            (self.pushed_requests, &mut settings.require_pushed_requests),
            (self.signed_requests, &mut settings.require_signed_requests),
        ] {
            *setting = demand.map_or(*setting, |demand| demand == Demand::Required);
        }
        given::choose(&mut settings.request_algorithm, self.request_algorithm);
        given::write(&mut settings.backchannel_logout_uri, self.backchannel_logout);
        given::write(&mut settings.frontchannel_logout_uri, self.frontchannel_logout);
        given::choose(&mut settings.response_algorithm, self.response_algorithm);
    }
}

/// In what a service differs from one that asks for codes in requests of the plain kind.
pub(super) fn summary(settings: &ClientSettings) -> String {
    let grants = settings.grant_types.iter().filter(|grant| **grant != GrantType::AuthorizationCode);
    let grants = grants.map(|grant| format!("may use {}", grant.name()));
    let accepts = settings.introspects.then(|| "accepts tokens".to_owned());
    let hears = (settings.backchannel_logout_uri.is_some() || settings.frontchannel_logout_uri.is_some())
        .then(|| "hears of logouts".to_owned());
    let types = settings.response_types.iter().filter(|asked| **asked != ResponseType::Code);
    let types = types.map(|asked| format!("may ask for {}", asked.name()));
    let demands = [
        (settings.demands_pushed_requests(), "must be pushed"),
        (settings.require_signed_requests, "must be signed"),
    ];
    let demands = demands.into_iter().filter(|(is_made, _)| *is_made).map(|(_, demand)| demand.to_owned());
    grants.chain(accepts).chain(hears).chain(types).chain(demands).collect::<Vec<_>>().join(", ")
}

fn grant_type(text: &str) -> Result<GrantType, String> {
    let known = GrantType::ALL.map(GrantType::name).join(", ");
    let in_full = format!("urn:ietf:params:oauth:grant-type:{text}");
    GrantType::parse(text).or(GrantType::parse(&in_full)).ok_or_else(|| format!("choose one of {known}"))
}

fn response_type(text: &str) -> Result<ResponseType, String> {
    let known = ResponseType::ALL.map(ResponseType::name).join(", ");
    ResponseType::parse(text).ok_or_else(|| format!("choose one of {known}"))
}
