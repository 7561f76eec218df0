//! `[outgoing]`: the requests that we make, such as for the keys of a service.

use std::net::IpAddr;
use std::path::PathBuf;

use confique::Config;
use ipnet::IpNet;

use super::problems::Problems;

#[derive(Config)]
pub(super) struct Written {
    /// Networks of your own that services may be reached in, such as ["10.20.0.0/16"]; by http:// too. Everything
    /// else that is not on the public internet is refused, so that no address that a service registers leads into
    /// your network. In the environment: separated by commas.
    #[config(env = "GATEHOUSE_OUTGOING_ALLOW_NETWORKS", default = [])]
    allow_networks: Vec<String>,

    /// A file with the certificate (PEM) of your own authority, where those services' come from one.
    #[config(env = "GATEHOUSE_OUTGOING_CA_FILE")]
    ca_file: Option<PathBuf>,
}

/// The requests that we make.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// May be reached though they are not public, and by http.
    pub(crate) allow_networks: Vec<IpNet>,
    /// Trusted beside the authorities of the system.
    pub(crate) ca_file: Option<PathBuf>,
}

impl Outgoing {
    /// Lets services on this machine be reached.
    #[cfg(feature = "demo")]
    pub(crate) fn allow_this_machine(&mut self) {
        self.allow_networks.extend("127.0.0.0/8".parse::<IpNet>());
    }
}

impl Written {
    pub(super) fn check(self, problems: &mut Problems) -> Outgoing {
        let mut allow_networks = Vec::new();
        for text in &self.allow_networks {
            allow_networks.extend(problems.take("outgoing.allow_networks", network(text)));
        }
        Outgoing { allow_networks, ca_file: self.ca_file }
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
        Ok(everything) if everything.prefix_len() == 0 => {
            Err(format!("has {text:?}, which is everything; name the networks of your services only"))
        }
        Ok(network) => Ok(network),
        Err(_) => Err(format!("has {text:?}; each must be a network such as 10.20.0.0/16, or an address")),
    }
}
