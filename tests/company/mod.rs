//! A company in the sandbox with one person to sync, what is true of them there, and the rows that a destination has.
//!
//! ```text
//! system ── truth ──┐                 one for each vendor
//!    │              ├── compare       row for row
//! place ────────────┘                 read by DuckDB and SQL, not by Deputy
//! dialect                             how a vendor says what every vendor says
//! ```

pub(crate) mod compare;
pub(crate) mod dialect;
pub(crate) mod google;
pub(crate) mod microsoft365;
pub(crate) mod place;
pub(crate) mod sendsafely;
pub(crate) mod system;
pub(crate) mod truth;

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::operator::Launch;
use crate::support::sandbox::Sandbox;
use crate::support::{guard, random};
use place::Place;
use system::System;

/// The person who is synced.
pub(crate) const PETER: &str = "peter.parker@acme.example";
/// Their immutable id.
pub(crate) const PETER_ID: &str = "118300000000000000001";
/// The privileged account.
pub(crate) const ACCOUNT: &str = "deputy@acme.iam.gserviceaccount.com";
/// Its client id.
pub(crate) const CLIENT_ID: &str = "107400000000000000001";

/// What is delegated.
pub(crate) const SCOPES: [&str; 4] = [
    "https://www.googleapis.com/auth/gmail.readonly",
    "https://www.googleapis.com/auth/calendar.readonly",
    "https://www.googleapis.com/auth/drive.metadata.readonly",
    "https://www.googleapis.com/auth/admin.directory.user.readonly",
];

/// How much the person has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Messages.
    pub(crate) messages: u32,
    /// Files.
    pub(crate) files: u32,
}

/// Enough for more than one page of everything, and soon read.
pub(crate) const SMALL: Size = Size {
    messages: 130,
    files: 60,
};

/// The company.
#[derive(Debug)]
pub(crate) struct Company {
    /// What it uses.
    pub(crate) system: System,
    /// The vendor.
    pub(crate) sandbox: Sandbox,
    /// The credential as the console gave it: of Google the key file of the privileged account.
    pub(crate) key: Value,
}

impl Company {
    /// Starts Google and makes a key.
    pub(crate) async fn start(size: Size) -> Self {
        Self::of(System::Google, size).await
    }

    /// Starts the vendor and makes a credential.
    pub(crate) async fn of(system: System, size: Size) -> Self {
        Self::with(system, &system.scenario(size)).await
    }

    /// The same with another company.
    pub(crate) async fn with(system: System, scenario: &Value) -> Self {
        let sandbox = Sandbox::start(scenario).await;
        let key = system.make_key(&sandbox).await;
        Self {
            system,
            sandbox,
            key,
        }
    }

    async fn of_peter(&self, method: Method, path: &[&str], body: Option<Value>) {
        let all = [&[self.system.name(), "users", PETER], path].concat();
        self.sandbox.ask(method, &all, body).await;
    }

    /// Makes that many random edits to all that the person has.
    pub(crate) async fn edit(&self, count: u32, seed: u64) {
        if self.system == System::SendSafely {
            return sendsafely::edit(&self.sandbox, PETER, count, seed).await;
        }
        let body = json!({"count": count, "seed": seed, "streams": self.system.datasets()});
        self.of_peter(Method::POST, &["edits"], Some(body)).await;
    }

    /// Makes a cursor given out so far too old: one of [`System::cursors`].
    pub(crate) async fn expire(&self, what: &str) {
        let body = json!({"what": what});
        self.of_peter(Method::POST, &["expire"], Some(body)).await;
    }

    /// Deletes a message for ever.
    pub(crate) async fn delete_message(&self, id: &str) {
        self.of_peter(Method::DELETE, &["messages", id], None).await;
    }

    /// The rows of the person that there must be.
    pub(crate) async fn truth(&self, dataset: &str) -> place::Rows {
        let state = self.system.state(&self.sandbox, PETER).await;
        self.system.rows(&state, dataset)
    }

    /// The spec of a connection that reads all there is, bodies apart.
    pub(crate) fn spec(&self, place: &Place) -> Value {
        json!({
            "provider": self.system.provider(&self.sandbox),
            "credentialsSecretRef": {"name": "key"},
            "allowedUsers": ["*@acme.example"],
            "privacy": {"mail": {"level": "Subject"}, "calendar": {"level": "Full"}},
            "sync": {"interval": "1m"},
            "destination": place.spec(),
        })
    }

    /// What a user applies: the Secrets, the connection and the person.
    pub(crate) fn objects(&self, place: &Place, spec: &Value) -> Vec<Value> {
        let mut objects = vec![self.system.secret("key", &self.key)];
        objects.extend(place.secret());
        objects.push(object("ServiceAccountConnection", "acme", spec.clone()));
        objects.push(object("SyncedUser", "peter", peter()));
        objects
    }

    /// Writes the usual objects to a file.
    pub(crate) fn file(&self, place: &Place) -> PathBuf {
        write(&self.objects(place, &self.spec(place)))
    }

    /// A run of `deputy` that may talk to the vendor.
    pub(crate) fn deputy(&self, arguments: &[&str]) -> Launch {
        let url = self.sandbox.url();
        let host = url.host_str().expect("has a host");
        let port = url.port().expect("has a port");
        Launch::new(arguments).env("DEPUTY_ALLOW_ENDPOINT", format!("{host}:{port}"))
    }

    /// A run of `deputy sync` with a file of objects.
    pub(crate) fn sync(&self, file: &Path) -> Launch {
        self.deputy(&["sync", "--log", "deputy=warn", "-f"])
            .arg(file)
    }

    /// Syncs to the end and insists that it works. Returns what was printed.
    pub(crate) async fn synced(&self, file: &Path) -> String {
        succeeded(self.sync(file)).await
    }

    /// The same in a new generation; `value` is new each time.
    pub(crate) async fn synced_anew(&self, file: &Path, value: &str) -> String {
        succeeded(self.sync(file).arg("--resync").arg(value)).await
    }
}

async fn succeeded(launch: Launch) -> String {
    let output = launch.output().await;
    let said = said(&output);
    assert!(output.status.success(), "{}: {said}", output.status);
    said
}

/// Both outputs of a program.
pub(crate) fn said(output: &std::process::Output) -> String {
    let [out, errors] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{out}{errors}")
}

/// A Secret with one entry.
pub(crate) fn secret(name: &str, entry: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {entry: value}})
}

/// One of Deputy's objects.
pub(crate) fn object(kind: &str, name: &str, spec: Value) -> Value {
    let mut object =
        json!({"apiVersion": "deputy.dev/v1alpha1", "kind": kind, "metadata": {"name": name}});
    object["spec"] = spec;
    object
}

/// The spec of the person.
pub(crate) fn peter() -> Value {
    json!({"connectionRef": {"name": "acme"}, "email": PETER, "enabled": true})
}

/// Writes objects as one file.
pub(crate) fn write(objects: &[Value]) -> PathBuf {
    let texts: Vec<String> = objects.iter().map(Value::to_string).collect();
    let file = guard::folder().join(random::name("objects"));
    std::fs::write(&file, texts.join("\n---\n")).expect("writes the objects"); // JSON is YAML
    file
}

/// A company with an administrator, the person who is synced, and a stranger of another tenant.
pub(crate) fn scenario(size: Size) -> Value {
    let calendar = |id: &str, events: u32| json!({"id": id, "generate": {"events": events}});
    json!({"seed": 5, "google": {
        "customer": {"id": "C01acme00", "domains": ["acme.example"]},
        "otherCustomers": [{"id": "C02other0", "domains": ["other.example"]}],
        "quota": "off",
        "projects": [{"number": "107400000000", "apis": ["gmail", "calendar", "drive", "admin", "licensing"]}],
        "serviceAccounts": [{
            "email": ACCOUNT, "clientId": CLIENT_ID, "project": "107400000000", "delegatedScopes": SCOPES,
        }],
        "users": [
            {"email": "it-admin@acme.example", "admin": true},
            {
                "email": PETER, "id": PETER_ID,
                "mail": {"generate": {"messages": size.messages}},
                "calendars": [calendar("primary", 40), calendar("team@group.calendar.acme.example", 15)],
                "files": {"generate": {"files": size.files}},
            },
            {"email": "stranger@other.example", "mail": {"generate": {"messages": 3}}},
        ],
    }})
}
