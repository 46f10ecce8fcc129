//! From a URL and a Secret to a store.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Certificate, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use super::errors::Place;
use super::folder::Folder;
use super::settings::{self, AUTHORITY, Settings};
use super::{Limits, ParquetFolder};
use crate::destinations::redact::Redactor;
use crate::destinations::spec::ObjectStoreSpec;
use crate::destinations::{Error, Kind};
use crate::model::secret::Credentials;

/// How long a request is tried again before it counts as failed; the caller backs off for longer.
const RETRY_FOR: Duration = Duration::from_secs(30);

/// How often a request is tried again.
const RETRIES: usize = 4;

/// Opens the store that `spec` names.
pub(super) fn connect(
    spec: &ObjectStoreSpec,
    credentials: Option<&Credentials>,
) -> Result<ParquetFolder, Error> {
    let place = Place {
        url: spec.url.clone(),
        redactor: Redactor::new(credentials),
    };
    let url = parse(spec)?;
    if url.scheme() == "file" {
        return local(&url, place);
    }
    let store = bucket(&url, &place, credentials)?;
    let prefix = Path::from_url_path(url.path()).map_err(|_| invalid(&spec.url))?;
    Ok(ParquetFolder {
        store,
        prefix,
        folder: None,
        place,
        limits: Limits::default(),
    })
}

/// Reads the URL. What it may not carry is refused without being repeated: it could be a password.
fn parse(spec: &ObjectStoreSpec) -> Result<Url, Error> {
    let url = Url::parse(&spec.url).map_err(|_| invalid(""))?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.port().is_none();
    let host = url.host_str().is_some_and(|host| !host.is_empty());
    let whole = match url.scheme() {
        "file" => !host,
        "s3" | "gs" | "az" => host,
        _ => false,
    };
    if bare && whole {
        Ok(url)
    } else {
        Err(invalid(""))
    }
}

fn invalid(url: &str) -> Error {
    Error::new(
        Kind::DestinationInvalid,
        "open",
        format!("The destination's URL {url} names no folder and no bucket.").replace("  ", " "),
        "Write file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix; credentials go into the Secret.",
    )
}

fn local(url: &Url, place: Place) -> Result<ParquetFolder, Error> {
    let root = url.to_file_path().map_err(|()| invalid(&place.url))?;
    let store = LocalFileSystem::new_with_prefix(&root);
    let store = store.map_err(|error| place.store("open", &error))?;
    let folder = Folder::new(root.canonicalize().unwrap_or(root));
    if !folder.exists() {
        return Err(place.missing("open"));
    }
    Ok(ParquetFolder {
        store: Arc::new(store.with_fsync(true).with_automatic_cleanup(true)),
        prefix: Path::default(),
        folder: Some(folder),
        place,
        limits: Limits::default(),
    })
}

/// Makes the client of one kind of store, out of a Secret or, without one, out of the pod's identity.
macro_rules! client {
    ($builder:ty, $settings:expr, $url:expr, $place:expr, $credentials:expr) => {{
        let settings: &Settings = &$settings;
        let mut builder = match $credentials {
            None => <$builder>::from_env(),
            Some(credentials) => {
                let settings = settings.read($place, credentials)?;
                let options = client_options($place, &settings)?;
                let mut builder = <$builder>::new().with_client_options(options);
                let told = settings.into_iter().filter(|(name, _)| name != AUTHORITY);
                for (name, value) in told {
                    let key = name.parse().map_err(|error| $place.store("open", &error))?;
                    builder = builder.with_config(key, value);
                }
                builder
            }
        };
        builder = builder.with_url($url.to_string()).with_retry(retry());
        builder
            .build()
            .map(|store| Arc::new(store) as Arc<dyn ObjectStore>)
    }};
}

fn bucket(
    url: &Url,
    place: &Place,
    credentials: Option<&Credentials>,
) -> Result<Arc<dyn ObjectStore>, Error> {
    let client = match url.scheme() {
        "s3" => client!(AmazonS3Builder, settings::S3, url, place, credentials),
        "gs" => client!(
            GoogleCloudStorageBuilder,
            settings::GCS,
            url,
            place,
            credentials
        ),
        _ => client!(
            MicrosoftAzureBuilder,
            settings::AZURE,
            url,
            place,
            credentials
        ),
    };
    // The cause is left out: it may quote what it could not read.
    client.map_err(|_| {
        Error::new(
            Kind::DestinationInvalid,
            "open",
            format!("The settings for {} do not fit together.", place.url),
            "Compare the entries of the Secret with what the store's documentation names; without a Secret, give the pod an identity.",
        )
    })
}

/// Believes the Secret's authority, besides those that everybody believes.
fn client_options(place: &Place, settings: &[(String, String)]) -> Result<ClientOptions, Error> {
    let Some((_, pem)) = settings.iter().find(|(name, _)| name == AUTHORITY) else {
        return Ok(ClientOptions::new());
    };
    let unreadable = || {
        Error::new(
            Kind::DestinationInvalid,
            "open",
            format!(
                "The Secret for {} has the entry `{AUTHORITY}`, which is no certificate.",
                place.url
            ),
            "Put the authority's certificate there, as PEM; or leave the entry out.",
        )
    };
    let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| unreadable())?;
    if certificates.is_empty() {
        return Err(unreadable());
    }
    let trust = |options: ClientOptions, it| options.with_root_certificate(it);
    Ok(certificates.into_iter().fold(ClientOptions::new(), trust))
}

fn retry() -> RetryConfig {
    RetryConfig {
        max_retries: RETRIES,
        retry_timeout: RETRY_FOR,
        ..RetryConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn open(url: &str, entries: Option<&[(&str, &str)]>) -> Result<ParquetFolder, Error> {
        let spec = ObjectStoreSpec {
            url: url.into(),
            credentials_secret_ref: None,
        };
        let entry = |&(name, value): &(&str, &str)| (name.to_owned(), value.as_bytes().to_vec());
        let credentials = entries.map(|all| Credentials::new(all.iter().map(entry)));
        connect(&spec, credentials.as_ref())
    }

    #[rstest]
    #[case("s3://key:canary@bucket/x")]
    #[case("s3://bucket?x=canary")]
    #[case("https://canary")]
    #[case("file://canary/data")]
    #[case("s3:///canary")]
    #[case("canary")]
    fn a_url_that_is_no_place_is_refused_and_not_repeated(#[case] url: &str) {
        let error = open(url, None).err().unwrap();
        assert_eq!(error.kind, Kind::DestinationInvalid);
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn a_bucket_opens_with_its_settings() {
        let settings = [
            ("aws_access_key_id", "AKIA"),
            ("aws_secret_access_key", "canary"),
            ("aws_endpoint", "http://127.0.0.1:9"),
            ("aws_allow_http", "true"),
        ];
        let folder = open("s3://bucket/some/prefix", Some(&settings)).unwrap();
        assert_eq!(folder.prefix.as_ref(), "some/prefix");
        let key = [
            ("azure_storage_account_name", "me"),
            ("azure_storage_account_key", "a2V5"),
        ];
        assert!(open("az://container", Some(&key)).is_ok());
    }

    #[test]
    fn a_setting_that_cannot_be_read_is_refused_without_its_value() {
        let error = open(
            "gs://bucket",
            Some(&[("google_service_account_key", "canary")]),
        );
        let error = error.err().unwrap();
        assert_eq!(error.kind, Kind::DestinationInvalid);
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let settings = [
            ("aws_access_key_id", "AKIA"),
            ("aws_secret_access_key", "canary"),
            ("ca.crt", "canary"),
        ];
        let error = open("s3://bucket", Some(&settings)).err().unwrap();
        assert_eq!(error.kind, Kind::DestinationInvalid);
        assert!(error.meaning.contains("`ca.crt`"), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn a_folder_must_exist() {
        let home = tempfile::tempdir().unwrap();
        let url = format!("file://{}", home.path().join("missing").display());
        let error = open(&url, None).err().unwrap();
        assert_eq!(error.kind, Kind::DestinationNotFound);
        assert!(open(&format!("file://{}", home.path().display()), None).is_ok());
    }
}
