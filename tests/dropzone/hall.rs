//! An account with a box, a folder that its files go to, and the operator that serves it.

use std::path::{Path, PathBuf};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::support::operator::{Launch, Operator};
use crate::support::stage::{CONNECTION, Stage, condition};
use crate::support::{guard, random, wait};

/// The account.
pub(super) const ACCOUNT: &str = "inbox";
/// Its name.
pub(super) const USERNAME: &str = "in@acme.example";
/// What stands between the parts of a form.
pub(super) const BOUNDARY: &str = "----deputy-tests";

/// An account with a box, and the operator.
pub(super) struct Hall {
    pub(super) stage: Stage,
    pub(super) operator: Operator,
    pub(super) url: Url,
    http: reqwest::Client,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: header::HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("is no JSON: {}", self.text))
    }
}

/// A form as a browser or a tool sends it.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(Vec<u8>);

impl Form {
    /// One with all that must be filled in but the files.
    pub(super) fn of_ned() -> Self {
        Self::default()
            .text("name", "Ned Leeds")
            .text("email", "ned@leeds.example")
    }

    pub(super) fn text(self, name: &str, text: &str) -> Self {
        self.part(&format!("name=\"{name}\""), None, text.as_bytes())
    }

    pub(super) fn file(self, name: &str, content: &[u8]) -> Self {
        // As browsers write it.
        let name = name.replace('"', "%22");
        let disposition = format!("name=\"files\"; filename=\"{name}\"");
        self.part(&disposition, Some("application/octet-stream"), content)
    }

    pub(super) fn part(mut self, disposition: &str, kind: Option<&str>, content: &[u8]) -> Self {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n");
        self.0.extend_from_slice(head.as_bytes());
        if let Some(kind) = kind {
            let line = format!("Content-Type: {kind}\r\n");
            self.0.extend_from_slice(line.as_bytes());
        }
        self.0.extend_from_slice(b"\r\n");
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// What is sent.
    pub(super) fn body(&self) -> Vec<u8> {
        [&self.0, format!("--{BOUNDARY}--\r\n").as_bytes()].concat()
    }
}

/// The account's object, with this said of its box.
pub(super) fn account(name: &str, username: &str, dropzone: &Value, folder: &Path) -> Value {
    let mut all = json!({"enabled": true, "allowedTypes": ["txt", "pdf", "png"]});
    for (field, value) in dropzone.as_object().expect("is an object") {
        all[field] = value.clone();
    }
    json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": CONNECTION, "metadata": {"name": name},
        "spec": {
            "provider": {"deputy": {"username": username, "displayName": "Acme's inbox", "dropzone": all}},
            "destination": {"objectStore": {"url": format!("file://{}", folder.display())}},
        },
    })
}

/// Starts an operator that serves boxes, and returns what their URLs begin with.
pub(super) async fn start(launch: Launch) -> (Operator, Url) {
    let file: PathBuf = guard::folder().join(random::name("edge"));
    let mut operator = launch
        .with_address_file()
        .arg("--dropzone")
        .arg("--edge-listen")
        .arg("127.0.0.1:0")
        .arg("--edge-address-file")
        .arg(&file)
        .start();
    let address = wait::until("boxes to be served", async || {
        assert!(operator.is_running(), "{}", operator.log());
        std::fs::read_to_string(&file)
            .ok()
            .filter(|address| !address.is_empty())
    })
    .await;
    let url = Url::parse(&format!("http://{address}/")).expect("is a URL");
    (operator, url)
}

impl Hall {
    /// Opens one, in a namespace of its own.
    pub(super) async fn open(dropzone: Value) -> Self {
        let stage = Stage::new(&json!({})).await;
        let object = account(ACCOUNT, USERNAME, &dropzone, &stage.data);
        stage.apply(object).await;
        Self::on(stage, |launch| launch).await
    }

    /// Opens one on what is there.
    pub(super) async fn on(stage: Stage, change: impl FnOnce(Launch) -> Launch) -> Self {
        let launch = stage.launch().arg("--namespace").arg(&stage.namespace);
        let (operator, url) = start(change(launch)).await;
        Self::with(stage, operator, url).await
    }

    /// Opens one with an operator that runs.
    pub(super) async fn with(stage: Stage, operator: Operator, url: Url) -> Self {
        let http = reqwest::Client::builder().no_proxy().build();
        let hall = Self {
            stage,
            operator,
            url,
            http: http.expect("makes a client"),
        };
        wait::until("the operator to know the cluster", async || {
            let answer = hall.get("dropzone/nobody@acme.example").await;
            (answer.status == StatusCode::NOT_FOUND).then_some(())
        })
        .await;
        hall
    }

    /// Waits until the account says this, and returns its object.
    pub(super) async fn until(&self, type_: &str, status: &str, reason: &str) -> Value {
        self.stage
            .until_condition(CONNECTION, ACCOUNT, (type_, status, reason))
            .await
    }

    /// Where the box is.
    pub(super) fn at(&self) -> Url {
        self.url
            .join(&format!("dropzone/{USERNAME}"))
            .expect("is a URL")
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        let url = self.url.join(path).expect("is a URL");
        answer(self.http.get(url)).await
    }

    pub(super) fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a form, as a browser does.
    pub(super) async fn post(&self, form: &Form) -> Answer {
        answer(self.form(form)).await
    }

    /// Sends a form, as a program does.
    pub(super) async fn send(&self, form: &Form) -> Answer {
        answer(self.form(form).header(header::ACCEPT, "application/json")).await
    }

    pub(super) fn form(&self, form: &Form) -> reqwest::RequestBuilder {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = self.request(Method::POST, self.at());
        request.header(header::CONTENT_TYPE, kind).body(form.body())
    }

    /// Where what was sent lies.
    pub(super) fn quarantine(&self) -> PathBuf {
        let below = format!("_quarantine/{}/{ACCOUNT}", self.stage.namespace);
        self.stage.data.join(below)
    }

    /// Every file of the folder, by its path from the folder that the destination is.
    pub(super) fn stored(&self) -> Vec<String> {
        let mut stored = Vec::new();
        collect(&self.stage.data, &self.stage.data, &mut stored);
        stored.sort();
        stored
    }

    /// Waits until nothing is stored at all.
    pub(super) async fn is_empty(&self) {
        let mut stored = Vec::new();
        wait::until("the folder to be empty", async || {
            stored = self.stored();
            stored.is_empty().then_some(())
        })
        .await;
    }

    /// The manifest of an upload.
    pub(super) fn manifest(&self, upload: &str) -> Value {
        let path = self.quarantine().join(upload).join("manifest.json");
        let text = std::fs::read_to_string(path).expect("there is a manifest");
        serde_json::from_str(&text).expect("is JSON")
    }

    /// A number among the operator's metrics.
    pub(super) async fn metric(&mut self, line: &str) -> bool {
        let url = self.operator.url().await;
        let url = url.join("metrics").expect("is a URL");
        let text = answer(self.http.get(url)).await.text;
        text.lines().any(|there| there == line)
    }
}

fn collect(root: &Path, folder: &Path, stored: &mut Vec<String>) {
    // The operator may be removing it.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, stored);
        } else {
            let inside = path.strip_prefix(root).expect("is inside");
            // What the connection's own check writes goes at once.
            if !inside.starts_with("_deputy") {
                stored.push(inside.display().to_string());
            }
        }
    }
}

/// Sends a request and reads the answer.
pub(super) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let reply = request.send().await.expect("is answered");
    let (status, headers) = (reply.status(), reply.headers().clone());
    #[expect(clippy::disallowed_methods, reason = "Deputy bounds what it says")]
    let text = reply.text().await.expect("has a body");
    Answer {
        status,
        headers,
        text,
    }
}

/// The SHA-256 of some bytes, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("writes to a text");
    }
    text
}

/// A condition's message.
pub(super) fn message(object: &Value, type_: &str) -> String {
    let condition = condition(object, type_);
    condition["message"].as_str().unwrap_or_default().to_owned()
}
