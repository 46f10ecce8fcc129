//! The simulated vendors: a `deputy-sandbox` of the test's own, its console and its instruments (`sandbox/README.md`).

use std::path::PathBuf;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::google::Google;
use super::microsoft365::Microsoft365;
use super::process::Process;
use super::sendsafely::SendSafely;
use super::{guard, random, settings, wait};

static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Sandbox {
    process: Process,
    client: reqwest::Client,
    url: Url,
}

impl Sandbox {
    /// Starts one with a scenario, whose paths are absolute or relative to the sandbox's own scenarios.
    pub(crate) async fn start(scenario: &Value) -> Self {
        let file = guard::folder().join(random::name("scenario"));
        std::fs::write(&file, scenario.to_string()).expect("writes the scenario"); // JSON is YAML
        Self::start_file(file).await
    }

    /// Starts one with a scenario file.
    pub(crate) async fn start_file(scenario: PathBuf) -> Self {
        let program = PROGRAM.get_or_init(async || build()).await;
        let url_file = guard::folder().join(random::name("sandbox-url"));
        let mut command = Command::new(program);
        command
            .arg("--scenario")
            .arg(scenario)
            .args(["--listen", "127.0.0.1:0"]);
        let mut process = Process::start("sandbox", command.arg("--url-file").arg(&url_file));
        let url = wait::until("the sandbox to listen", async || {
            assert!(
                process.is_running(),
                "the sandbox has ended:\n{}",
                process.last_lines()
            );
            std::fs::read_to_string(&url_file).ok()
        })
        .await;
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("makes a client");
        let url = Url::parse(url.trim()).expect("the sandbox says its URL");
        Self {
            process,
            client,
            url,
        }
    }

    /// Its address, without a path.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Freezes the vendors (SIGSTOP): connections open, and nothing answers, until [`Self::thaw`].
    pub(crate) fn freeze(&mut self) {
        self.process.signal("STOP");
    }

    /// Lets them go on (SIGCONT).
    pub(crate) fn thaw(&mut self) {
        self.process.signal("CONT");
    }

    /// One request to the console or the instruments, under `/_sandbox/`.
    ///
    /// # Panics
    ///
    /// With the reply, when it is not a success.
    pub(crate) async fn ask(&self, method: Method, path: &[&str], body: Option<Value>) -> Value {
        let (status, reply) = self.try_ask(method, path, body).await;
        assert!((200..300).contains(&status), "{path:?}: {status} {reply}");
        reply
    }

    /// The same, for tests that expect a refusal: the status and the reply.
    pub(crate) async fn try_ask(
        &self,
        method: Method,
        path: &[&str],
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self.client.request(method, self.place(path));
        if let Some(body) = body {
            request = request.json(&body);
        }
        answered(request).await
    }

    /// Asks the console something with a query.
    ///
    /// # Panics
    ///
    /// With the reply, when it is not a success.
    pub(crate) async fn look(&self, path: &[&str], query: &[(&str, &str)]) -> Value {
        let mut url = self.place(path);
        url.query_pairs_mut().extend_pairs(query);
        let (status, reply) = answered(self.client.get(url)).await;
        assert_eq!(status, 200, "{path:?}: {reply}");
        reply
    }

    /// An address may hold any character, so each part of the path is escaped.
    fn place(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .expect("is an HTTP URL")
            .push("_sandbox")
            .extend(path);
        url
    }

    /// Replaces the faults; none ends them.
    pub(crate) async fn faults(&self, faults: &[Value]) {
        self.ask(Method::PUT, &["faults"], Some(json!({"faults": faults})))
            .await;
    }

    /// Sets the vendors' clock off by so many seconds.
    pub(crate) async fn clock_offset(&self, seconds: i64) {
        self.ask(
            Method::PUT,
            &["clock"],
            Some(json!({"offsetSeconds": seconds})),
        )
        .await;
    }

    /// The number of calls by API, and of those that were throttled.
    pub(crate) async fn stats(&self) -> Value {
        self.ask(Method::GET, &["stats"], None).await
    }

    /// Google's admin console.
    pub(crate) fn google(&self) -> Google<'_> {
        Google::of(self)
    }

    /// Microsoft 365's admin console.
    pub(crate) fn microsoft365(&self) -> Microsoft365<'_> {
        Microsoft365::of(self)
    }

    /// `SendSafely`'s side of the console.
    pub(crate) fn sendsafely(&self) -> SendSafely<'_> {
        SendSafely::of(self)
    }
}

async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("the sandbox answers");
    let status = response.status().as_u16();
    #[expect(
        clippy::disallowed_methods,
        reason = "the sandbox bounds its own replies"
    )]
    let text = response
        .text()
        .await
        .expect("the sandbox sends its whole reply");
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

/// Builds the sandbox as Cargo built the tests, so that it is never an old one. It takes a blink when fresh.
fn build() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_deputy")).with_file_name("deputy-sandbox");
    let profile = program
        .parent()
        .and_then(|folder| folder.file_name())
        .expect("is in a profile's folder");
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(settings::repository()).args([
        "build",
        "--quiet",
        "--workspace",
        "--bin",
        "deputy-sandbox",
    ]);
    if profile != "debug" {
        command.arg("--profile").arg(profile);
    }
    let built = command.status().expect("runs cargo");
    assert!(
        built.success() && program.is_file(),
        "cargo builds {}",
        program.display()
    );
    program
}
