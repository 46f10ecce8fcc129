//! TLS as every connection has it: aws-lc-rs, and the machine's own list of authorities.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::{ClientConfig, RootCertStore};

use super::error::{Error, Kind};

/// Makes the configuration. Where the machine has no authorities, none is trusted: every TLS connection then fails,
/// which is right, while loopback without TLS goes on working.
pub(super) fn config() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(Kind::Refused, "", error.to_string()))
    };
    let config = match builder()?.with_native_roots() {
        Ok(with_roots) => with_roots.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "This machine has no list of certificate authorities: no TLS connection will succeed.");
            builder()?
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth()
        }
    };
    Ok(config)
}
