//! How the SCIM endpoint is served beside the operator.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use crate::server::edge::{Edge, EdgeSettings};
use crate::server::scim::{Parts, Scim};
use crate::server::tls::TlsFiles;
use crate::supervisor::Supervisor;

/// Where and how.
#[derive(Debug, clap::Args)]
pub(super) struct ScimArgs {
    /// Serve SCIM 2.0 at /scim/v2 on this address; port 0 takes a free one. Default: not at all.
    #[arg(long, env = "DEPUTY_SCIM_LISTEN", value_name = "ADDRESS")]
    scim_listen: Option<SocketAddr>,

    /// What the URLs of SCIM clients begin with, such as <https://scim.acme.example>. Default: what each client calls the server.
    #[arg(long, env = "DEPUTY_SCIM_URL", value_name = "URL")]
    scim_url: Option<Url>,

    /// Serve SCIM without TLS although others than this machine can hear it, where something before it does the TLS.
    #[arg(long)]
    scim_plain_http: bool,

    /// Write the address that SCIM was bound to to this file.
    #[arg(long, value_name = "FILE")]
    scim_address_file: Option<PathBuf>,

    /// The TLS certificate of the SCIM endpoint with its chain, in PEM form. It is read again when it changes.
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The key of the TLS certificate, in PEM form.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
}

impl ScimArgs {
    /// Serves it under the supervisor, where it is asked for.
    pub(super) async fn serve(
        &self,
        parts: Parts,
        supervisor: &mut Supervisor,
    ) -> anyhow::Result<()> {
        let Some(listen) = self.scim_listen else {
            return Ok(());
        };
        let files = self.tls_cert.clone().zip(self.tls_key.clone());
        let settings = EdgeSettings {
            listen,
            tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
            is_plain_meant: self.scim_plain_http,
            url: self.scim_url.clone(),
        };
        let edge = Edge::bind(settings, Scim::new(parts)).await?;
        if let Some(file) = &self.scim_address_file {
            std::fs::write(file, edge.address().to_string())?;
        }
        supervisor.service("scim", edge.run(supervisor.closing()));
        Ok(())
    }
}
