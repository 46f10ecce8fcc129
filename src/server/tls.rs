//! TLS of the endpoints for clients outside of the cluster: a certificate and its key from files, read again when they change.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::time::Instant;

/// How often the files are looked at, at most: a mounted Secret takes a minute to change anyway.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Where a certificate is.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain, in PEM form.
    pub certificate: PathBuf,
    /// Its key, in PEM form.
    pub key: PathBuf,
}

/// A certificate that is read again when its files change.
pub(super) struct Tls {
    files: TlsFiles,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    changed: Option<SystemTime>,
    looked: Instant,
}

impl Tls {
    /// Reads the files for the first time.
    pub(super) fn read(files: TlsFiles) -> io::Result<Self> {
        let current = Current {
            config: load(&files)?,
            changed: changed(&files),
            looked: Instant::now(),
        };
        Ok(Self {
            files,
            current: Mutex::new(current),
        })
    }

    /// Returns what to use for the next client. New files that cannot be used leave the old ones in use.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked.elapsed() >= LOOK_AGAIN {
            current.looked = Instant::now();
            self.renew(&mut current);
        }
        Arc::clone(&current.config)
    }

    fn renew(&self, current: &mut Current) {
        let changed = changed(&self.files);
        if changed == current.changed {
            return;
        }
        match load(&self.files) {
            Ok(config) => {
                current.config = config;
                current.changed = changed;
                tracing::info!("the TLS certificate was read again");
            }
            Err(error) => {
                tracing::warn!(%error, "the new TLS certificate cannot be used: the old one stays in use");
            }
        }
    }
}

fn changed(files: &TlsFiles) -> Option<SystemTime> {
    let of = |path| {
        fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    of(&files.certificate).max(of(&files.key))
}

fn load(files: &TlsFiles) -> io::Result<Arc<ServerConfig>> {
    let wrong = |path: &PathBuf, what: &str| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {what}", path.display()),
        )
    };
    let read = |path: &PathBuf| {
        fs::read(path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(&read(&files.certificate)?).collect();
    let chain = chain.map_err(|_| wrong(&files.certificate, "is no certificate in PEM form"))?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?);
    let key = key.map_err(|_| wrong(&files.key, "is no private key in PEM form"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(&files.certificate, &error.to_string()))?;
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &std::path::Path) -> TlsFiles {
        TlsFiles {
            certificate: folder.join("tls.crt"),
            key: folder.join("tls.key"),
        }
    }

    fn write(files: &TlsFiles) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(&files.certificate, made.cert.pem()).unwrap();
        fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn new_files_are_used_and_bad_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        write(&files);
        let tls = Tls::read(files.clone()).unwrap();
        let first = tls.config();
        let touch = |second: u64| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            fs::File::open(&files.key)
                .unwrap()
                .set_modified(time)
                .unwrap();
            fs::File::open(&files.certificate)
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        write(&files);
        touch(4_000_000_000);
        assert!(
            Arc::ptr_eq(&first, &tls.config()),
            "it does not look for each client"
        );
        tokio::time::advance(LOOK_AGAIN).await;
        let second = tls.config();
        assert!(!Arc::ptr_eq(&first, &second));
        fs::write(&files.certificate, "spoilt").unwrap();
        touch(4_100_000_000);
        tokio::time::advance(LOOK_AGAIN).await;
        assert!(Arc::ptr_eq(&second, &tls.config()));
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Tls::read(files(folder.path())).err().unwrap();
        assert!(error.to_string().contains("tls.crt"), "{error}");
    }
}
