//! What the Secret's URL says, as far as it is not the driver's to read.

use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// How far the connection and the server's certificate are to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS where the server has it.
    Prefer,
    /// TLS; the certificate only against `ca.crt`, and only where there is one.
    Require,
    /// TLS with a certificate of a trusted authority, whatever name is on it.
    VerifyCa,
    /// TLS with a certificate of a trusted authority for this host.
    VerifyFull,
}

/// Why a URL cannot be used. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadUrl {
    /// It is not a URL of this kind, or has an option that is not known.
    Malformed,
    /// The `sslmode` is not known.
    TlsMode,
    /// A host or a database name is missing.
    Incomplete,
}

impl TlsMode {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "disable" => Some(Self::Disable),
            "allow" | "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-ca" => Some(Self::VerifyCa),
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// Reads a URL. Without `sslmode`, TLS is required, except on this very machine.
pub(super) fn parse(url: &str) -> Result<(Config, TlsMode), BadUrl> {
    let url = url.trim();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(BadUrl::Malformed);
    }
    let (rest, modes) = take_option(url, "sslmode");
    let config = Config::from_str(&rest).map_err(|_| BadUrl::Malformed)?;
    let named = config.get_dbname().is_some_and(|name| !name.is_empty());
    if config.get_hosts().is_empty() || !named {
        return Err(BadUrl::Incomplete);
    }
    let mode = match modes.last() {
        Some(name) => TlsMode::parse(name).ok_or(BadUrl::TlsMode)?,
        None if config.get_hosts().iter().all(is_local) => TlsMode::Prefer,
        None => TlsMode::Require,
    };
    Ok((config, mode))
}

/// Takes an option out of a URL: the driver knows fewer values of it than there are.
fn take_option(url: &str, name: &str) -> (String, Vec<String>) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), Vec::new());
    };
    let is_it = |pair: &&str| pair.split_once('=').is_some_and(|(key, _)| key == name);
    let (taken, left): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_it);
    let values = taken.iter().filter_map(|pair| pair.split_once('='));
    let values = values.map(|(_, value)| value.to_owned()).collect();
    let rest = if left.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", left.join("&"))
    };
    (rest, values)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        Host::Unix(_) => true,
    }
}

/// Names the place, without who signs in.
pub(super) fn describe(config: &Config, schema: &str) -> String {
    let host = config
        .get_hosts()
        .first()
        .map_or_else(String::new, |host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
    let port = config.get_ports().first().copied().unwrap_or(5_432);
    let database = config.get_dbname().unwrap_or_default();
    format!("postgresql://{host}:{port}/{database}, schema {schema},")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("postgresql://u:p@db/x?sslmode=disable", TlsMode::Disable)]
    #[case("postgresql://u:p@db/x?sslmode=require", TlsMode::Require)]
    #[case(
        "postgres://u:p@db:1/x?application_name=y&sslmode=verify-full",
        TlsMode::VerifyFull
    )]
    #[case(
        "postgres://u@db/x?sslmode=verify-ca&connect_timeout=3",
        TlsMode::VerifyCa
    )]
    #[case("postgres://u@db/x", TlsMode::Require)]
    #[case("postgres://u@localhost/x", TlsMode::Prefer)]
    #[case("postgres://u@127.0.0.1:5433/x", TlsMode::Prefer)]
    #[case("postgres://u@localhost,db/x", TlsMode::Require)]
    #[case("postgres:///x?host=/run/postgresql", TlsMode::Prefer)]
    fn how_far_to_trust(#[case] url: &str, #[case] mode: TlsMode) {
        assert_eq!(parse(url).unwrap().1, mode);
    }

    #[rstest]
    #[case("host=db dbname=x", BadUrl::Malformed)]
    #[case("https://db/x", BadUrl::Malformed)]
    #[case("postgres://db/x?unknown=1", BadUrl::Malformed)]
    #[case("postgres://db/x?sslmode=none", BadUrl::TlsMode)]
    #[case("postgres://u@db", BadUrl::Incomplete)]
    #[case("postgres:///x", BadUrl::Incomplete)]
    fn what_is_no_url_is_refused(#[case] url: &str, #[case] why: BadUrl) {
        assert_eq!(parse(url).err(), Some(why));
    }

    #[test]
    fn a_place_is_named_without_who_signs_in() {
        let (config, _) = parse("postgresql://user:canary@db:6432/sales").unwrap();
        let place = describe(&config, "deputy");
        assert_eq!(place, "postgresql://db:6432/sales, schema deputy,");
    }
}
