//! A certificate for a server on this machine, of an authority that nobody knows.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A certificate in files.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    /// The authority's own certificate, as PEM.
    pub(super) authority: String,
    pub(super) file: PathBuf,
    pub(super) key: PathBuf,
}

impl Certificate {
    /// Makes one, for `127.0.0.1`.
    pub(super) fn make(folder: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("is valid");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = KeyPair::generate().expect("makes a key");
        let authority = CertifiedIssuer::self_signed(params, own).expect("signs");
        let key = KeyPair::generate().expect("makes a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("is valid");
        let certificate = params.signed_by(&key, &authority).expect("signs");
        let write = |name: &str, pem: String| {
            let file = folder.join(name);
            std::fs::write(&file, pem).expect("writes a file");
            file
        };
        Self {
            authority: authority.pem(),
            file: write("server.crt", certificate.pem()),
            key: write("server.key", key.serialize_pem()),
        }
    }
}
