//! How a service asks and is answered: options of `gatehouse client add` and `update`.

use clap::{Args, ValueEnum};

use super::key;
use crate::model::{Algorithm, ClientSettings, ResponseType};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Demand {
    Required,
    Optional,
}

/// How a service asks and is answered.
#[derive(Args)]
pub(super) struct RequestSettings {
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
    #[arg(long, value_name = "ALGORITHM", value_parser = key::algorithm)]
    request_algorithm: Option<Algorithm>,
    /// An address where it keeps signed requests for us to fetch; may be given several times.
    #[arg(long, value_name = "URL")]
    request_uri: Vec<String>,
    /// The algorithm that answers to it are signed with, where it wants them signed; else that of its ID tokens.
    #[arg(long, value_name = "ALGORITHM", value_parser = key::algorithm)]
    response_algorithm: Option<Algorithm>,
}

impl RequestSettings {
    pub(super) fn apply(self, settings: &mut ClientSettings) {
        if !self.response_type.is_empty() {
            settings.response_types = self.response_type;
        }
        if !self.request_uri.is_empty() {
            settings.request_uris = self.request_uri;
        }
        for (demand, setting) in [
            (self.pushed_requests, &mut settings.require_pushed_requests),
            (self.signed_requests, &mut settings.require_signed_requests),
        ] {
            *setting = demand.map_or(*setting, |demand| demand == Demand::Required);
        }
        settings.request_algorithm = self.request_algorithm.or(settings.request_algorithm);
        settings.response_algorithm = self.response_algorithm.or(settings.response_algorithm);
    }
}

/// In what a service differs from one that asks for codes in requests of the plain kind.
pub(super) fn summary(settings: &ClientSettings) -> String {
    let types = settings.response_types.iter().filter(|asked| **asked != ResponseType::Code);
    let types = types.map(|asked| format!("may ask for {}", asked.name()));
    let demands = [
        (settings.demands_pushed_requests(), "must be pushed"),
        (settings.require_signed_requests, "must be signed"),
    ];
    let demands = demands.into_iter().filter(|(is_made, _)| *is_made).map(|(_, demand)| demand.to_owned());
    types.chain(demands).collect::<Vec<_>>().join(", ")
}

fn response_type(text: &str) -> Result<ResponseType, String> {
    let known = ResponseType::ALL.map(ResponseType::name).join(", ");
    ResponseType::parse(text).ok_or_else(|| format!("there are {known}"))
}
