//! Which addresses are on the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The platform of one large cloud answers here, inside every machine of its customers, though the address is a
/// public one.
const CLOUD_PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// Whether an address is one of the public internet's, and not of this machine, this network, or a special purpose
/// (the special-purpose registries of IANA, RFC 6890).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 10 | 127 => true,
        // RFC 6598: shared between a carrier and its customers.
        100 => b & 0b1100_0000 == 64,
        169 => b == 254,
        172 => b & 0b1111_0000 == 16,
        192 => matches!((b, c), (168, _) | (0, 0 | 2) | (88, 99)),
        // RFC 2544: benchmarks. RFC 5737: documentation.
        198 => b & 0b1111_1110 == 18 || (b, c) == (51, 100),
        203 => (b, c) == (0, 113),
        // Multicast, reserved, broadcast.
        224.. => true,
        _ => false,
    };
    !special && address != CLOUD_PLATFORM
}

/// Only `2000::/3` is given out. What lies outside is this machine, a link, a site, a multicast group, or an IPv4
/// address in disguise (mapped, compatible, NAT64); inside there are tunnels to IPv4 and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = match a {
        // RFC 2928: protocols, Teredo among them. RFC 3849: documentation.
        0x2001 => b < 0x0200 || b == 0x0db8,
        // RFC 3056: 6to4.
        0x2002 => true,
        // RFC 9637: documentation.
        0x3fff => b < 0x1000,
        _ => false,
    };
    a & 0xe000 == 0x2000 && !special
}
