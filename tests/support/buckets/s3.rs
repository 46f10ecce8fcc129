//! An S3 server: signatures, policies and conditions are looked at as Amazon does; what it keeps is a folder.

use std::process::Command;

use deputy::model::clock::{Clock as _, SystemClock};
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use tokio::sync::OnceCell;
use url::Url;

use super::Bucket;
use super::certificate::Certificate;
use super::signature::Signer;
use crate::support::process::Process;
use crate::support::{guard, ports, random, settings, wait};

const START_ATTEMPTS: usize = 3;

static SHARED: OnceCell<S3> = OnceCell::const_new();

/// A running server.
#[derive(Debug)]
pub(crate) struct S3 {
    url: Url,
    owner: Signer,
    http: Client,
    /// Who signed its certificate, as PEM.
    authority: Option<String>,
    process: Process,
}

impl S3 {
    /// The one that all tests share, started by the first that asks.
    pub(crate) async fn shared() -> &'static Self {
        SHARED.get_or_init(async || Self::start(false).await).await
    }

    /// Starts one that speaks TLS, with a certificate of an authority that nobody knows.
    pub(crate) async fn secured() -> Self {
        Self::start(true).await
    }

    async fn start(is_secured: bool) -> Self {
        for _ in 0..START_ATTEMPTS {
            let mut server = Self::launch(ports::free(), is_secured);
            if server.ready().await {
                return server;
            }
        }
        panic!("the S3 server did not start in {START_ATTEMPTS} attempts");
    }

    fn launch(port: u16, is_secured: bool) -> Self {
        let owner = Signer {
            key_id: "OWNER".into(),
            secret: format!("CANARY-{}", random::name("s3")),
        };
        let folder = guard::new_folder("s3");
        let [objects, details, users] = ["objects", "details", "users"].map(|name| {
            let folder = folder.join(name);
            std::fs::create_dir(&folder).expect("makes a folder");
            folder
        });
        let certificate = is_secured.then(|| Certificate::make(&folder));
        let mut command = Command::new(settings::built("versitygw"));
        if let Some(certificate) = &certificate {
            command.arg("--cert").arg(&certificate.file);
            command.arg("--key").arg(&certificate.key);
        }
        command
            .env_clear()
            .env("ROOT_ACCESS_KEY", &owner.key_id)
            .env("ROOT_SECRET_KEY", &owner.secret)
            .args(["--port", &format!("127.0.0.1:{port}")])
            .args(["--health", "/health", "--iam-cache-disable", "--iam-dir"])
            .arg(users)
            // Beside the objects, since not every file system of temporary files has attributes.
            .args(["posix", "--sidecar"])
            .args([details, objects]);
        Self {
            url: url(port, is_secured),
            owner,
            http: client(certificate.as_ref()),
            authority: certificate.map(|certificate| certificate.authority),
            process: Process::start("s3", &mut command),
        }
    }

    async fn ready(&mut self) -> bool {
        wait::until("the S3 server to be ready", async || {
            if !self.process.is_running() {
                eprintln!("{}", self.process.last_lines());
                return Some(false);
            }
            let health = self.url.join("health").expect("is a URL");
            let answer = self.http.get(health).send().await.ok()?;
            (answer.status() == StatusCode::OK).then_some(true)
        })
        .await
    }

    /// The authority that signed its certificate, as PEM.
    pub(crate) fn authority(&self) -> &str {
        self.authority.as_deref().expect("has a certificate")
    }

    /// Makes a bucket, and returns a place in it with the keys of its owner.
    pub(crate) async fn bucket(&self) -> Bucket {
        let bucket = self.no_bucket();
        self.make(&bucket).await;
        bucket
    }

    /// A place in a bucket that does not exist.
    pub(crate) fn no_bucket(&self) -> Bucket {
        let url = format!("s3://{}/kept/by/deputy", random::name("bucket"));
        let entries = [
            ("aws_access_key_id", self.owner.key_id.as_str()),
            ("aws_secret_access_key", &self.owner.secret),
            ("aws_endpoint", self.url.as_str().trim_end_matches('/')),
            ("aws_allow_http", "true"),
            ("aws_region", "us-east-1"),
        ];
        Bucket::new(url, &entries)
    }

    /// Makes the bucket itself.
    pub(crate) async fn make(&self, bucket: &Bucket) {
        self.ask(Method::PUT, &name_of(bucket), "").await;
    }

    /// The same place with the keys of a new user, who may do nothing yet.
    pub(crate) async fn user(&self, bucket: &Bucket) -> Bucket {
        let (user, secret) = (
            random::name("user"),
            format!("CANARY-{}", random::name("s3")),
        );
        let account = format!(
            "<Account><Access>{user}</Access><Secret>{secret}</Secret><Role>user</Role></Account>"
        );
        self.ask(Method::PATCH, "create-user", &account).await;
        let bucket = bucket.clone().with("aws_access_key_id", &user);
        bucket.with("aws_secret_access_key", &secret)
    }

    /// Lets a user do this in their bucket, and nothing else.
    pub(crate) async fn allow(&self, bucket: &Bucket, actions: &[&str]) {
        let name = name_of(bucket);
        let user = bucket
            .entries
            .iter()
            .find(|(name, _)| name == "aws_access_key_id");
        let user = &user.expect("somebody signs").1;
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": actions.iter().map(|action| {
                // Only listing is a right on the bucket, and all others are rights on what is in it.
                let below = if *action == "s3:ListBucket" { "" } else { "/kept/by/deputy/*" };
                json!({
                    "Effect": "Allow", "Principal": {"AWS": [user]}, "Action": [action],
                    "Resource": [format!("arn:aws:s3:::{name}{below}")],
                })
            }).collect::<Vec<_>>(),
        });
        self.ask(Method::PUT, &format!("{name}?policy="), &policy.to_string())
            .await;
    }

    /// The names of the objects of which parts are there and nothing else, as the server lists them.
    pub(crate) async fn unfinished(&self, bucket: &Bucket) -> Vec<String> {
        let path = format!("{}?uploads=", name_of(bucket));
        let listed = self.ask(Method::GET, &path, "").await;
        assert!(listed.contains("<ListMultipartUploadsResult"), "{listed}");
        let keys = listed.split("<Key>").skip(1);
        keys.map(|rest| rest.split("</Key>").next().unwrap_or_default().to_owned())
            .collect()
    }

    async fn ask(&self, method: Method, path: &str, body: &str) -> String {
        let url = self.url.join(path).expect("is a URL");
        let now = SystemClock.now();
        let request = self.owner.request(&self.http, method, url, body, now);
        let answer = request.send().await.expect("is answered");
        let status = answer.status();
        #[expect(clippy::disallowed_methods, reason = "the server is the tests' own")]
        let text = answer.text().await.expect("has a body");
        assert!(status.is_success(), "{path}: {status}: {text}");
        text
    }
}

fn url(port: u16, is_secured: bool) -> Url {
    let scheme = if is_secured { "https" } else { "http" };
    Url::parse(&format!("{scheme}://127.0.0.1:{port}/")).expect("is a URL")
}

fn client(certificate: Option<&Certificate>) -> Client {
    let client = Client::builder().no_proxy();
    let client = match certificate {
        None => client,
        Some(certificate) => {
            let authority = certificate.authority.as_bytes();
            let authority = reqwest::Certificate::from_pem(authority).expect("is a certificate");
            client.tls_certs_merge([authority])
        }
    };
    client.build().expect("makes a client")
}

/// The name of a bucket.
fn name_of(bucket: &Bucket) -> String {
    let url = Url::parse(&bucket.url).expect("is a URL");
    url.host_str().expect("has a bucket").to_owned()
}
