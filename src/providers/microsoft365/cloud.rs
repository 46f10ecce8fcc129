//! The vendor's clouds: where each has its token endpoint and its Graph.
//!
//! Source: learn.microsoft.com/graph/deployments and learn.microsoft.com/entra/identity-platform/authentication-national-cloud,
//! read 2026-11-22. GCC is part of the global cloud.

use url::Url;

use super::spec::{Cloud, Microsoft365Spec};

/// The version of Graph that is asked.
const VERSION: &str = "v1.0";

impl Cloud {
    /// Returns the hosts that credentials may be sent to: those of this cloud and no other's.
    pub(super) const fn hosts(self) -> &'static [&'static str] {
        match self {
            Self::Global => &["login.microsoftonline.com", "graph.microsoft.com"],
            Self::UsGovernment => &["login.microsoftonline.us", "graph.microsoft.us"],
            Self::UsGovernmentDod => &["login.microsoftonline.us", "dod-graph.microsoft.us"],
            Self::China => &["login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"],
        }
    }

    const fn login(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGovernment | Self::UsGovernmentDod => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }

    const fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGovernment => "https://graph.microsoft.us",
            Self::UsGovernmentDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// Returns what a token is asked for: all that is consented to, of this cloud's Graph.
    pub(super) fn scope(self) -> String {
        format!("{}/.default", self.graph())
    }

    /// Returns the audience that a federated token has to have.
    ///
    /// Source: learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations, read 2026-11-22.
    pub(super) const fn exchange_audience(self) -> &'static str {
        match self {
            Self::Global => "api://AzureADTokenExchange",
            Self::UsGovernment | Self::UsGovernmentDod => "api://AzureADTokenExchangeUSGov",
            Self::China => "api://AzureADTokenExchangeChina",
        }
    }

    /// Returns the page of the admin center.
    pub(super) const fn portal(self) -> &'static str {
        match self {
            Self::Global => "https://entra.microsoft.com",
            Self::UsGovernment | Self::UsGovernmentDod => "https://entra.microsoft.us",
            Self::China => "https://entra.microsoftonline.cn",
        }
    }
}

/// Where one connection's requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    /// The token endpoint.
    pub(super) token: Url,
    /// What every path of Graph hangs below, without a trailing slash.
    pub(super) graph: String,
    /// The page on which an administrator consents, everything filled in.
    pub(super) consent: String,
}

impl Places {
    /// Returns the places of a connection.
    ///
    /// # Errors
    /// The tenant makes no URL.
    pub(super) fn of(spec: &Microsoft365Spec) -> Result<Self, url::ParseError> {
        let cloud = spec.cloud.unwrap_or_default();
        let elsewhere = spec.endpoint.as_ref();
        let elsewhere = elsewhere.map(|url| url.as_str().trim_end_matches('/'));
        let at = |own: &str, path: &str| match elsewhere {
            Some(endpoint) => format!("{endpoint}/{path}"),
            None => own.to_owned(),
        };
        let (login, graph) = (at(cloud.login(), "login"), at(cloud.graph(), "graph"));
        let tenant = &spec.tenant;
        Ok(Self {
            token: Url::parse(&format!("{login}/{tenant}/oauth2/v2.0/token"))?,
            graph: format!("{graph}/{VERSION}"),
            consent: format!(
                "{}/{tenant}/adminconsent?client_id={}",
                cloud.login(),
                spec.client_id
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::super::testing::spec;
    use super::*;

    #[test]
    fn every_cloud_asks_its_own_hosts_and_no_others() {
        for cloud in Cloud::iter() {
            let spec = Microsoft365Spec {
                cloud: Some(cloud),
                ..spec()
            };
            let places = Places::of(&spec).unwrap();
            let graph: Url = places.graph.parse().unwrap();
            for url in [&places.token, &graph] {
                assert!(cloud.hosts().contains(&url.host_str().unwrap()), "{url}");
                assert_eq!(url.scheme(), "https");
            }
            assert!(cloud.scope().starts_with("https://"));
            assert!(places.graph.starts_with(cloud.graph()));
            assert!(places.consent.starts_with(cloud.login()));
        }
    }

    #[test]
    fn a_sandbox_has_both_under_its_endpoint() {
        let spec = Microsoft365Spec {
            endpoint: Some("http://127.0.0.1:8/microsoft365/".parse().unwrap()),
            ..spec()
        };
        let places = Places::of(&spec).unwrap();
        assert_eq!(
            places.token.as_str(),
            "http://127.0.0.1:8/microsoft365/login/acme.example/oauth2/v2.0/token"
        );
        assert_eq!(places.graph, "http://127.0.0.1:8/microsoft365/graph/v1.0");
    }
}
