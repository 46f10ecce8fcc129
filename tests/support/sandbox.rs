//! The simulated vendors: a `deputy-sandbox` of the test's own, its console and its instruments (`sandbox/README.md`).

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::process::Process;
use super::{guard, random, settings, wait};

const START_DEADLINE: Duration = Duration::from_secs(30);

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
        let url = wait::until("the sandbox to listen", START_DEADLINE, async || {
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
        Google { sandbox: self }
    }
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

/// What an administrator and the users do at Google, and what is true there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Google<'a> {
    sandbox: &'a Sandbox,
}

impl Google<'_> {
    async fn ask(self, method: Method, path: &[&str], body: Option<Value>) -> Value {
        let path: Vec<_> = std::iter::once("google")
            .chain(path.iter().copied())
            .collect();
        self.sandbox.ask(method, &path, body).await
    }

    /// Makes a key of a service account and returns the key file that would be downloaded.
    pub(crate) async fn make_key(self, account: &str) -> Value {
        self.ask(
            Method::POST,
            &["keys"],
            Some(json!({"serviceAccount": account})),
        )
        .await
    }

    /// Deletes a key.
    pub(crate) async fn delete_key(self, id: &str) {
        self.ask(Method::DELETE, &["keys", id], None).await;
    }

    /// Disables or deletes a service account: `{"disabled": true}`, `{"deleted": true}`.
    pub(crate) async fn change_service_account(self, email: &str, change: Value) {
        self.ask(Method::PATCH, &["service-accounts", email], Some(change))
            .await;
    }

    /// Replaces the scopes that a client id is delegated; none removes it from the list.
    pub(crate) async fn delegate(self, client_id: &str, scopes: &[&str]) {
        let body = json!({"scopes": scopes});
        self.ask(Method::PUT, &["delegation", client_id], Some(body))
            .await;
    }

    /// Delegates one scope more.
    pub(crate) async fn grant(self, client_id: &str, scope: &str) {
        let body = json!({"scope": scope});
        self.ask(
            Method::POST,
            &["delegation", client_id, "grant"],
            Some(body),
        )
        .await;
    }

    /// Takes one scope away.
    pub(crate) async fn revoke(self, client_id: &str, scope: &str) {
        let body = json!({"scope": scope});
        self.ask(
            Method::POST,
            &["delegation", client_id, "revoke"],
            Some(body),
        )
        .await;
    }

    /// Enables exactly these APIs of a project.
    pub(crate) async fn enable_apis(self, project: &str, apis: &[&str]) {
        self.ask(
            Method::PATCH,
            &["projects", project],
            Some(json!({"apis": apis})),
        )
        .await;
    }

    /// Adds a user, as a scenario describes one.
    pub(crate) async fn add_user(self, user: Value) {
        self.ask(Method::POST, &["users"], Some(user)).await;
    }

    /// Changes a user: `{"suspended": true}`, `{"licenses": []}`, `{"primaryEmail": …}` and so on.
    pub(crate) async fn change_user(self, email: &str, change: Value) {
        self.ask(Method::PATCH, &["users", email], Some(change))
            .await;
    }

    /// Deletes a user.
    pub(crate) async fn delete_user(self, email: &str) {
        self.ask(Method::DELETE, &["users", email], None).await;
    }

    /// Delivers a message and returns its id.
    pub(crate) async fn deliver(self, email: &str, rfc822: &str, labels: &[&str]) -> String {
        let body = json!({"rfc822": rfc822, "labels": labels});
        let reply = self
            .ask(Method::POST, &["users", email, "messages"], Some(body))
            .await;
        reply["id"]
            .as_str()
            .expect("a delivery has an id")
            .to_owned()
    }

    /// Adds and removes labels of a message.
    pub(crate) async fn label(self, email: &str, id: &str, add: &[&str], remove: &[&str]) {
        let body = json!({"addLabels": add, "removeLabels": remove});
        self.ask(Method::PATCH, &["users", email, "messages", id], Some(body))
            .await;
    }

    /// Deletes a message for ever.
    pub(crate) async fn delete_message(self, email: &str, id: &str) {
        self.ask(Method::DELETE, &["users", email, "messages", id], None)
            .await;
    }

    /// Makes an event as the API describes one, `calendar` included, and returns it.
    pub(crate) async fn make_event(self, email: &str, event: Value) -> Value {
        self.ask(Method::POST, &["users", email, "events"], Some(event))
            .await
    }

    /// Changes an event.
    pub(crate) async fn change_event(self, email: &str, calendar: &str, id: &str, change: Value) {
        self.ask(
            Method::PATCH,
            &["users", email, "events", calendar, id],
            Some(change),
        )
        .await;
    }

    /// Cancels an event.
    pub(crate) async fn delete_event(self, email: &str, calendar: &str, id: &str) {
        self.ask(
            Method::DELETE,
            &["users", email, "events", calendar, id],
            None,
        )
        .await;
    }

    /// Makes a file and returns it.
    pub(crate) async fn make_file(self, email: &str, file: Value) -> Value {
        self.ask(Method::POST, &["users", email, "files"], Some(file))
            .await
    }

    /// Changes a file: `{"trashed": true}`, `{"name": …}`.
    pub(crate) async fn change_file(self, email: &str, id: &str, change: Value) {
        self.ask(Method::PATCH, &["users", email, "files", id], Some(change))
            .await;
    }

    /// Deletes a file for ever.
    pub(crate) async fn delete_file(self, email: &str, id: &str) {
        self.ask(Method::DELETE, &["users", email, "files", id], None)
            .await;
    }

    /// Makes that many random edits to these streams (`mail`, `calendar`, `drive`).
    pub(crate) async fn edit(self, email: &str, count: u32, seed: u64, streams: &[&str]) {
        let body = json!({"count": count, "seed": seed, "streams": streams});
        self.ask(Method::POST, &["users", email, "edits"], Some(body))
            .await;
    }

    /// Makes the cursors given out so far too old: `history` or `calendar`.
    pub(crate) async fn expire(self, email: &str, what: &str) {
        self.ask(
            Method::POST,
            &["users", email, "expire"],
            Some(json!({"what": what})),
        )
        .await;
    }

    /// The truth about a user: `messages`, `events` and `files`.
    pub(crate) async fn state(self, email: &str) -> Value {
        self.ask(Method::GET, &["users", email, "state"], None)
            .await
    }
}
