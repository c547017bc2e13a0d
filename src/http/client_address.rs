//! Where a request comes from, for counting tries.

use std::net::IpAddr;

use poem::Request;

use crate::config::{ClientAddress, Config};

/// A word for whoever controls the address: IPv6 customers get a /64 at least, so that is one.
pub(super) fn of(request: &Request, config: &Config) -> String {
    let address = match config.client_address {
        // Set by the proxy in front of us, which no client can reach around.
        ClientAddress::FlyHeader => {
            request.header("fly-client-ip").and_then(|text| text.parse::<IpAddr>().ok())
        }
        ClientAddress::Peer => request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip),
    };
    match address.as_ref().map(IpAddr::to_canonical) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}
