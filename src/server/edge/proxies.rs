//! For whom a proxy asks, as far as it is believed.
//!
//! `X-Forwarded-For` is read and `Forwarded` (RFC 7239) is not: the proxies and load balancers at hand write the former and pass the
//! latter on as the client has sent it, so that believing it would be believing the client.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Each proxy puts the address that it was asked from at the end of the list.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The addresses of proxies that say for whom they ask. None of them by default: nobody is believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Believes whoever asks from these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Reads a network such as `10.0.0.0/8` or `2001:db8::/32`, or one address.
    ///
    /// # Errors
    /// What is neither, and a network of all addresses: with it every client could say that it is another.
    pub fn network(text: &str) -> Result<IpNet, String> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = address.or_else(|_| text.parse::<IpNet>());
        let network =
            network.map_err(|_| "is neither an address nor a network such as 10.0.0.0/8")?;
        if network.prefix_len() == 0 {
            return Err("is everybody, and any client could say that it is another".to_owned());
        }
        Ok(network)
    }

    /// Returns where a request comes from: the last address in the list that is not a proxy's own, if it is a proxy that asks. What
    /// stands before it, or before anything that is no address, may be anybody's invention.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        for hop in hops(headers) {
            match address(hop) {
                Some(before) if self.trusts(client) => client = before,
                _ => break,
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Returns the list, the last first. Several headers are one list (RFC 9110, 5.3).
fn hops(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(FORWARDED_FOR).into_iter().rev();
    let hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    // What is no text is no address either.
    hops.map(|hop| str::from_utf8(hop).unwrap_or_default().trim())
}

/// Reads an address, as some write it with a port or in brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse::<IpAddr>();
    let with_port = || hop.parse::<SocketAddr>().map(|socket| socket.ip());
    address
        .or_else(|_| with_port())
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who a request is from that comes over 10.0.0.0/8, 192.0.2.7 and `2001:db8:1::/48` with these headers.
    fn client(peer: &str, headers: &[&str]) -> String {
        let networks = ["10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48"];
        let networks = networks.map(|text| Proxies::network(text).unwrap());
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let proxies = Proxies::new(networks.to_vec());
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn only_a_proxy_is_believed() {
        let spoofed = &["198.51.100.1"];
        assert_eq!(client("203.0.113.9", spoofed), "203.0.113.9");
        assert_eq!(client("10.1.2.3", spoofed), "198.51.100.1");
        assert_eq!(client("10.1.2.3", &[]), "10.1.2.3");
        let nobody = Proxies::default();
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, "198.51.100.1".parse().unwrap());
        let peer: IpAddr = "10.1.2.3".parse().unwrap();
        assert_eq!(nobody.client(peer, &headers), peer);
    }

    #[test]
    fn of_a_chain_the_last_that_is_no_proxy_counts() {
        let chain = "198.51.100.66, 203.0.113.9, 192.0.2.7,10.9.9.9";
        assert_eq!(client("10.1.2.3", &[chain]), "203.0.113.9");
        let lines = ["198.51.100.66, 203.0.113.9", "192.0.2.7"];
        assert_eq!(client("10.1.2.3", &lines), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["10.5.5.5, 192.0.2.7"]), "10.5.5.5");
    }

    #[test]
    fn version_six_and_ports_are_read() {
        let v6 = "2001:db8:1::5";
        assert_eq!(client(v6, &["2001:db8:2::9"]), "2001:db8:2::9");
        assert_eq!(client(v6, &["[2001:db8:2::9]:4711"]), "2001:db8:2::9");
        assert_eq!(client(v6, &["[2001:db8:2::9]"]), "2001:db8:2::9");
        assert_eq!(
            client("::ffff:10.1.2.3", &["203.0.113.9:80"]),
            "203.0.113.9"
        );
        assert_eq!(client("10.1.2.3", &["::ffff:203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &["192.0.2.1"]), "203.0.113.9");
    }

    #[test]
    fn nothing_before_what_is_no_address_is_believed() {
        for spoilt in [
            "",
            "unknown",
            "1.2.3",
            "[::1",
            "fe80::1%eth0",
            "a, b",
            "\u{fc}",
        ] {
            assert_eq!(client("10.1.2.3", &[spoilt]), "10.1.2.3", "{spoilt}");
            let before = format!("198.51.100.1, {spoilt}, 192.0.2.7");
            assert_eq!(client("10.1.2.3", &[&before]), "192.0.2.7", "{spoilt}");
        }
    }

    #[test]
    fn a_network_of_everybody_is_refused() {
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy.example", ""] {
            assert!(Proxies::network(text).is_err(), "{text}");
        }
        let one = Proxies::network("::1").unwrap();
        assert_eq!(one.to_string(), "::1/128");
    }
}
