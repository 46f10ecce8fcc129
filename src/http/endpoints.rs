//! Where a credential may be sent: the vendor's own hosts, and those that whoever runs the operator has named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use ::http::Uri;
use url::{Host, Url};

use super::error::{Error, Kind};

/// A place named by `--allow-endpoint`: `host` or `host:port`. Without a port, any port of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    host: String,
    port: Option<u16>,
}

/// Why a text names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an allowed endpoint is host or host:port, such as sandbox.example or 127.0.0.1:8080")]
pub struct AllowedError;

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        if text.is_empty() || text.contains(['/', '@', '?', '#', ' ', '*', '\\']) {
            return Err(AllowedError);
        }
        // A port that is the scheme's default would vanish in parsing; no endpoint has ftp as its scheme.
        let url = Url::parse(&format!("ftp://{text}/")).map_err(|_| AllowedError)?;
        let port = match url.port() {
            None if text.ends_with(":21") => Some(21),
            port => port,
        };
        let host = host_name(&url).ok_or(AllowedError)?;
        Ok(Self { host, port })
    }
}

impl Allowed {
    fn admits(&self, host: &str, port: u16) -> bool {
        self.is_host(host) && self.port.is_none_or(|only| only == port)
    }

    pub(super) fn is_host(&self, host: &str) -> bool {
        self.host.eq_ignore_ascii_case(host)
    }
}

/// Returns the host in the form in which it is compared: lower-case, without brackets.
fn host_name(url: &Url) -> Option<String> {
    match url.host()? {
        Host::Domain(name) => Some(name.trim_end_matches('.').to_ascii_lowercase()),
        Host::Ipv4(ip) => Some(ip.to_string()),
        Host::Ipv6(ip) => Some(ip.to_string()),
    }
    .filter(|name| !name.is_empty())
}

/// The places that one connection's requests may go to.
#[derive(Debug, Clone)]
pub struct Endpoints {
    vendor: &'static [&'static str],
    allowed: Arc<[Allowed]>,
}

impl Endpoints {
    pub(super) fn new(vendor: &'static [&'static str], allowed: Arc<[Allowed]>) -> Self {
        Self { vendor, allowed }
    }

    /// Finds out whether a credential may be sent to `url`.
    ///
    /// # Errors
    /// [`Kind::Refused`], with what is wrong and how to allow it: no TLS (loopback alone may do without, once
    /// allowed), a user name in the URL, or a host that is neither the vendor's nor allowed.
    pub fn check(&self, url: &Url) -> Result<(), Error> {
        let host = host_name(url).unwrap_or_default();
        self.judge(&Place {
            scheme: url.scheme(),
            has_user: !url.username().is_empty() || url.password().is_some(),
            host: &host,
            port: url.port_or_known_default(),
        })
    }

    /// The same for a request that is about to be sent.
    pub(super) fn check_uri(&self, uri: &Uri) -> Result<(), Error> {
        let scheme = uri.scheme_str().unwrap_or_default();
        let host = uri.host().unwrap_or_default();
        let host = host
            .strip_prefix('[')
            .map_or(host, |host| host.trim_end_matches(']'));
        self.judge(&Place {
            scheme,
            has_user: uri.authority().is_some_and(|it| it.as_str().contains('@')),
            host: host.trim_end_matches('.'),
            port: uri.port_u16().or_else(|| default_port(scheme)),
        })
    }

    fn judge(&self, place: &Place<'_>) -> Result<(), Error> {
        let refuse = |detail: &str| Err(Error::new(Kind::Refused, place.host, detail));
        if place.host.is_empty() {
            return refuse("the URL has no host");
        }
        if place.has_user {
            return refuse("the URL has a user name or password");
        }
        let Some(port) = place.port else {
            return refuse("the URL is neither https nor http");
        };
        let is_allowed = self.allowed.iter().any(|one| one.admits(place.host, port));
        let is_vendors =
            port == 443 && self.vendor.iter().any(|it| is_vendors_host(it, place.host));
        match place.scheme {
            _ if !is_allowed && !is_vendors => {
                refuse("not the vendor's host, and not named by --allow-endpoint")
            }
            "https" => Ok(()),
            "http" if is_allowed && is_loopback(place.host) => Ok(()),
            "http" => refuse("only https; http is for an allowed loopback address"),
            _ => refuse("the URL is neither https nor http"),
        }
    }
}

/// Returns whether a host is the vendor's: that very name, or for `*.domain` one name below the domain.
fn is_vendors_host(vendor: &str, host: &str) -> bool {
    let Some(domain) = vendor.strip_prefix("*.") else {
        return vendor.eq_ignore_ascii_case(host);
    };
    host.split_once('.')
        .is_some_and(|(name, rest)| !name.is_empty() && rest.eq_ignore_ascii_case(domain))
}

/// Where a request would go.
struct Place<'a> {
    scheme: &'a str,
    has_user: bool,
    /// Without brackets and without a dot at the end.
    host: &'a str,
    port: Option<u16>,
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Returns whether an address is one of the public internet. A vendor's name that resolves to any other is a hole
/// through which a token would reach the cluster's inside.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = (a, b, c) == (192, 0, 0) || (a == 198 && (b == 18 || b == 19));
    !special && !shared && !protocol && a != 0 && a < 240
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inside) = embedded_v4(ip) {
        return is_public_v4(inside);
    }
    // 2000::/3 is all of the global unicast space that is assigned; ULA, link-local and loopback are outside.
    let [first, second, ..] = ip.segments();
    let documentation = first == 0x2001 && second == 0x0db8;
    (0x2000..0x4000).contains(&first) && !documentation
}

/// Returns the IPv4 address behind a mapped, NAT64 or 6to4 address.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(from(high, low)),
        _ => ip.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(allowed: &[&str]) -> Endpoints {
        let allowed: Vec<Allowed> = allowed.iter().map(|text| text.parse().unwrap()).collect();
        Endpoints::new(&["api.vendor.example"], allowed.into())
    }

    #[test]
    fn only_the_vendor_and_what_is_allowed() {
        let endpoints = endpoints(&["127.0.0.1:8080", "sandbox.example", "[::1]:9"]);
        for (url, goes) in [
            ("https://api.vendor.example/v1", true),
            ("https://API.vendor.example/v1", true),
            ("https://api.vendor.example:443/v1", true),
            ("https://api.vendor.example:8443/v1", false),
            ("http://api.vendor.example/v1", false),
            ("https://api.vendor.example.evil.example/", false),
            ("https://evil.example/api.vendor.example", false),
            ("https://api.vendor.example@evil.example/", false),
            ("https://user@api.vendor.example/", false),
            ("http://127.0.0.1:8080/", true),
            ("http://127.0.0.1:8081/", false),
            ("http://127.0.0.1/", false),
            ("http://[::1]:9/", true),
            ("https://sandbox.example:444/", true),
            ("http://sandbox.example/", false),
            ("ftp://sandbox.example/", false),
            ("file:///etc/passwd", false),
        ] {
            let sent = url
                .parse()
                .map(|uri: Uri| endpoints.check_uri(&uri).is_ok());
            assert_eq!(sent.unwrap_or(false), goes, "{url}");
            let url = Url::parse(url).unwrap();
            assert_eq!(endpoints.check(&url).is_ok(), goes, "{url}");
        }
    }

    #[test]
    fn a_domain_admits_one_name_below_it_and_nothing_else() {
        let endpoints = Endpoints::new(&["*.vendor.example"], Arc::from([]));
        for (url, may) in [
            ("https://acme.vendor.example/x", true),
            ("https://ACME.Vendor.example/x", true),
            ("https://vendor.example/x", false),
            ("https://a.b.vendor.example/x", false),
            ("https://.vendor.example/x", false),
            ("https://acme.vendor.example.evil.example/x", false),
            ("https://evilvendor.example/x", false),
            ("http://acme.vendor.example/x", false),
            ("https://acme.vendor.example:444/x", false),
        ] {
            let verdict = Url::parse(url).map(|url| endpoints.check(&url).is_ok());
            assert_eq!(verdict.unwrap_or(false), may, "{url}");
        }
    }

    #[test]
    fn a_place_is_a_host_with_or_without_a_port() {
        for text in ["", "http://a", "a/b", "a:99999", "*.example", "u@a", "a b"] {
            assert_eq!(text.parse::<Allowed>(), Err(AllowedError), "{text}");
        }
        for (text, port) in [("A.example", None), ("a:80", Some(80)), ("a:21", Some(21))] {
            assert_eq!(text.parse::<Allowed>().unwrap().port, port, "{text}");
        }
    }

    #[test]
    fn addresses_of_the_inside_are_not_public() {
        for ip in [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "142.250.80.10",
            "2607:f8b0:4004:c07::5f",
            "64:ff9b::8efa:500a",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
