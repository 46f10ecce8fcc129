//! How clients outside of the cluster are served beside the operator.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;
use url::Url;

use crate::controllers::dropzone::Service;
use crate::controllers::operator::Started;
use crate::kube_io::events::Events;
use crate::model::clock::Clock;
use crate::server::dropzone::{self, Dropzone};
use crate::server::edge::{Edge, EdgeSettings, Proxies, Services};
use crate::server::scim::{self, Scim};
use crate::server::tls::TlsFiles;
use crate::supervisor::Supervisor;
use crate::telemetry::metrics::Metrics;

/// Where, how and what.
#[derive(Debug, clap::Args)]
pub(super) struct EdgeArgs {
    /// Serve clients outside of the cluster on this address, with what --scim and --dropzone say; port 0 takes a free one. Default:
    /// not at all.
    #[arg(long, env = "DEPUTY_EDGE_LISTEN", value_name = "ADDRESS")]
    edge_listen: Option<SocketAddr>,

    /// What the URLs of these clients begin with, such as <https://deputy.acme.example>. Default: what each client calls the server.
    #[arg(long, env = "DEPUTY_EDGE_URL", value_name = "URL")]
    edge_url: Option<Url>,

    /// Serve them without TLS although others than this machine can hear it, where something before it does the TLS.
    #[arg(long)]
    edge_plain_http: bool,

    /// Proxies before this server that are believed when they say for whom they ask: addresses and networks with commas between them.
    /// Limits and lock-outs then count against the last address in their X-Forwarded-For that is not such a proxy's. Default: nobody
    /// is believed, and all that comes over a proxy comes from its one address.
    #[arg(
        long,
        env = "DEPUTY_EDGE_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        value_delimiter = ',',
        value_parser = Proxies::network
    )]
    edge_trusted_proxies: Vec<IpNet>,

    /// Write the address that was bound for them to this file.
    #[arg(long, value_name = "FILE")]
    edge_address_file: Option<PathBuf>,

    /// The TLS certificate for them with its chain, in PEM form. It is read again when it changes.
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The key of the TLS certificate, in PEM form.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// Serve SCIM 2.0 at /scim/v2, for identity providers.
    #[arg(long, requires = "edge_listen")]
    scim: bool,

    /// Serve the Dropzones of accounts at /dropzone, for whoever has files for them.
    #[arg(long, requires = "edge_listen")]
    dropzone: bool,
}

/// What is served is made of these beside the operator's own.
pub(super) struct Tools {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: Events,
    pub(super) metrics: Arc<Metrics>,
}

impl EdgeArgs {
    /// Returns how boxes are served; none where they are not.
    pub(super) fn dropzone(&self) -> Option<Service> {
        (self.edge_listen.is_some() && self.dropzone).then(|| Service {
            url: self.edge_url.clone(),
        })
    }

    /// Serves it under the supervisor, where it is asked for.
    pub(super) async fn serve(
        &self,
        started: &Started,
        tools: &Tools,
        supervisor: &mut Supervisor,
    ) -> anyhow::Result<()> {
        let Some(listen) = self.edge_listen else {
            return Ok(());
        };
        let files = self.tls_cert.clone().zip(self.tls_key.clone());
        let settings = EdgeSettings {
            listen,
            tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
            is_plain_meant: self.edge_plain_http,
            url: self.edge_url.clone(),
            proxies: Proxies::new(self.edge_trusted_proxies.clone()),
        };
        let services = Services {
            scim: self.scim.then(|| scim(started, tools)),
            dropzone: self.dropzone.then(|| dropzone(started, tools)),
        };
        let edge = Edge::bind(settings, services).await?;
        if let Some(file) = &self.edge_address_file {
            std::fs::write(file, edge.address().to_string())?;
        }
        supervisor.service("edge", edge.run(supervisor.closing()));
        Ok(())
    }
}

fn scim(started: &Started, tools: &Tools) -> Scim {
    Scim::new(scim::Parts {
        cluster: started.cluster.clone(),
        clock: Arc::clone(&tools.clock),
        events: tools.events.clone(),
        metrics: Arc::clone(&tools.metrics),
    })
}

fn dropzone(started: &Started, tools: &Tools) -> Arc<Dropzone> {
    Dropzone::new(dropzone::Parts {
        cluster: started.cluster.clone(),
        clock: Arc::clone(&tools.clock),
        events: tools.events.clone(),
        metrics: Arc::clone(&tools.metrics),
        depots: started.depots.clone(),
        notifier: started.notifier.clone(),
        suspects: started.suspects.clone(),
    })
}
