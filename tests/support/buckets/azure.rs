//! Azurite, Microsoft's own emulator of Azure's Blob Storage.

use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use deputy::model::clock::{Clock as _, SystemClock};
use reqwest::Client;
use tokio::sync::OnceCell;
use url::Url;

use super::Bucket;
use super::signature::mac;
use crate::support::process::Process;
use crate::support::{guard, random, settings, wait};

const ACCOUNT: &str = "deputy";

static SHARED: OnceCell<Azurite> = OnceCell::const_new();

/// A running emulator.
#[derive(Debug)]
pub(crate) struct Azurite {
    url: Url,
    key: String,
    process: Process,
}

impl Azurite {
    /// The one that all tests share, started by the first that asks.
    pub(crate) async fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start).await
    }

    async fn start() -> Self {
        let key = format!("CANARY-{}", random::name("azure"));
        let mut command = Command::new(settings::built("azurite-blob"));
        command
            .env(
                "AZURITE_ACCOUNTS",
                format!("{ACCOUNT}:{}", BASE64_STANDARD.encode(&key)),
            )
            .args([
                "--blobHost",
                "127.0.0.1",
                "--blobPort",
                "0",
                "--disableTelemetry",
                "--location",
            ])
            .arg(guard::new_folder("azure"));
        let mut process = Process::start("azure", &mut command);
        let url = wait::until("Azurite to be ready", async || {
            assert!(process.is_running(), "{}", process.last_lines());
            let log = process.log();
            let (_, address) = log.split_once("successfully listens on ")?;
            Url::parse(address.split_once(char::is_whitespace)?.0).ok()
        });
        Self {
            url: url.await,
            key,
            process,
        }
    }

    /// Makes a container, and returns a place in it with the account's key.
    pub(crate) async fn container(&self) -> Bucket {
        let bucket = self.no_container();
        let url = Url::parse(&bucket.url).expect("is a URL");
        self.make(url.host_str().expect("has a container")).await;
        bucket
    }

    /// A place in a container that does not exist.
    pub(crate) fn no_container(&self) -> Bucket {
        let url = format!("az://{}/kept/by/deputy", random::name("container"));
        let endpoint = self.url.join(ACCOUNT).expect("is a URL");
        let entries = [
            ("azure_storage_account_name", ACCOUNT),
            (
                "azure_storage_account_key",
                &BASE64_STANDARD.encode(&self.key),
            ),
            ("azure_storage_endpoint", endpoint.as_str()),
            ("azure_allow_http", "true"),
        ];
        Bucket::new(url, &entries)
    }

    /// Source: <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>, read 2026-11-28.
    async fn make(&self, container: &str) {
        const VERSION: &str = "2023-11-03";
        let now = SystemClock
            .now()
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        let headers = format!("x-ms-date:{now}\nx-ms-version:{VERSION}");
        // The account comes twice: Azurite has it in the path, and not in the host.
        let resource = format!("/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container");
        let text = format!("PUT\n\n\n\n\n\n\n\n\n\n\n\n{headers}\n{resource}");
        let signature = BASE64_STANDARD.encode(mac(self.key.as_bytes(), &text));
        let path = format!("{ACCOUNT}/{container}?restype=container");
        let client = Client::builder()
            .no_proxy()
            .build()
            .expect("makes a client");
        let answer = client
            .put(self.url.join(&path).expect("is a URL"))
            .header("x-ms-date", now)
            .header("x-ms-version", VERSION)
            .header("authorization", format!("SharedKey {ACCOUNT}:{signature}"))
            .header("content-length", "0")
            .send();
        let status = answer.await.expect("is answered").status();
        assert!(
            status.is_success(),
            "{status}: {}",
            self.process.last_lines()
        );
    }
}
