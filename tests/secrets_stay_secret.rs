//! The canary test: no secret is in anything that Deputy says, at the chattiest level and whatever goes wrong.

use std::time::Duration;

use deputy::api::{ServiceAccountConnection, SyncedUser};
use kube::api::{DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::discovery::pinned_kind;
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{ACCOUNT, Company, PATIENCE, PETER, SMALL, object, said, secret, write};
use crate::support::namespace::Namespace;
use crate::support::operator::Operator;
use crate::support::tenant::CLIENT;
use crate::support::{guard, kinds, manifests, random, wait};

/// Lines of a key shorter than this could be anything.
const SHORTEST: usize = 40;
/// What every access token and client secret of the sandbox has in it.
const CANARY: &str = "sandbox-canary-";
/// What Google's access tokens begin with.
const TOKEN: &str = "ya29.sandbox-canary-";

/// What must not be said, each with a name for the message of a failed test.
#[derive(Debug, Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, text: &str) {
        assert!(
            text.len() >= 12,
            "{what} is too short to be told from chance"
        );
        self.0.push((what, text.to_owned()));
    }

    /// Adds what a key file holds: each line of the private key, and the file as a Secret has it.
    fn add_key(&mut self, key: &Value) {
        let pem = key["private_key"].as_str().expect("a key file has a key");
        self.add_pem(pem);
        let encoded = base64(&key.to_string());
        self.add("a key file in base64", &encoded[..60]);
    }

    /// Adds a client secret, as it is and as a Secret has it.
    fn add_client_secret(&mut self, secret: &Value) {
        let value = secret["value"].as_str().expect("a secret has a value");
        self.add("a client secret", value);
        self.add("a client secret in base64", &base64(value));
    }

    fn add_pem(&mut self, pem: &str) {
        let lines: Vec<&str> = pem.lines().filter(|line| line.len() >= SHORTEST).collect();
        assert!(lines.len() > 10, "a key has lines");
        for line in lines {
            self.add("a line of a private key", line);
        }
    }

    /// Which of them are in a text.
    fn found_in(&self, text: &str) -> Vec<&'static str> {
        let known = self
            .0
            .iter()
            .filter(|(_, secret)| text.contains(secret.as_str()));
        let mut found: Vec<&str> = known.map(|(what, _)| *what).collect();
        found.extend(text.contains(CANARY).then_some("an access token"));
        found.extend(has_assertion(text).then_some("an assertion"));
        found.extend(
            text.contains("PRIVATE KEY")
                .then_some("a private key's frame"),
        );
        found.dedup();
        found
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Whether there is a JWT: two parts that are JSON in base64url, joined by a dot.
fn has_assertion(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices("eyJ").any(|(at, _)| {
        let rest = text[at..].trim_start_matches(is_part);
        rest.strip_prefix('.')
            .is_some_and(|rest| rest.starts_with("eyJ"))
    })
}

/// A company with a connection that works and some that cannot.
struct Stage {
    company: Company,
    namespace: Namespace,
    place: Place,
    secrets: Secrets,
    objects: Vec<Value>,
    /// The connections, and whether they work.
    connections: &'static [(&'static str, bool)],
    /// Reasons that must be shown, so that it is known that what can leak was used.
    reasons: [&'static str; 2],
}

impl Stage {
    async fn set() -> Self {
        Self::of(System::Google).await
    }

    async fn of(system: System) -> Self {
        let company = Company::of(system, SMALL).await;
        let place = Place::postgres().await;
        let mut secrets = Secrets::default();
        match system {
            System::Google => secrets.add_key(&company.key),
            System::Microsoft365 => secrets.add_client_secret(&company.key),
        }
        let Place::Postgres(url) = &place else {
            panic!("is a database");
        };
        let password = url.password().expect("has a password");
        assert!(password.starts_with("CANARY-"));
        secrets.add("a database's password", password);
        secrets.add("a wrong password", "CANARY-wrong-password");
        let mut objects = company.objects(&place, &company.spec(&place));
        objects.extend(match system {
            System::Google => broken(&company, &place, &mut secrets).await,
            System::Microsoft365 => of_a_tenant(&company, &place, &mut secrets).await,
        });
        kinds::install().await;
        let (connections, reasons): (&[_], _) = match system {
            System::Google => (&CONNECTIONS, ["KeyRevoked", "KeyMalformed"]),
            System::Microsoft365 => (&OF_A_TENANT, ["SecretExpired", "KeyMalformed"]),
        };
        Self {
            company,
            namespace: Namespace::create().await,
            place,
            secrets,
            objects,
            connections,
            reasons,
        }
    }

    fn is_silent(&self, what: &str, text: &str) {
        let found = self.secrets.found_in(text);
        assert_eq!(found, [""; 0], "{what}");
    }
}

/// Google's connections.
const CONNECTIONS: [(&str, bool); 5] = [
    ("acme", true),
    ("deleted", false),
    ("cut", false),
    ("garbled", false),
    ("refused", false),
];

/// Those to Microsoft 365.
const OF_A_TENANT: [(&str, bool); 6] = [
    ("acme", true),
    ("signed", true),
    ("expired", false),
    ("unknown", false),
    ("garbled", false),
    ("refused", false),
];

/// The database under a wrong password.
fn refused(place: &Place) -> Value {
    let Place::Postgres(url) = place else {
        panic!("is a database");
    };
    let mut refused = url.clone();
    refused
        .set_password(Some("CANARY-wrong-password"))
        .expect("takes a password");
    refused.set_query(Some("sslmode=disable"));
    secret("refused", "url", refused.as_str())
}

fn connection(company: &Company, place: &Place, name: &str, key: &str, database: &str) -> Value {
    let mut spec = company.spec(place);
    spec["credentialsSecretRef"]["name"] = json!(key);
    spec["destination"]["postgres"]["credentialsSecretRef"]["name"] = json!(database);
    object("ServiceAccountConnection", name, spec)
}

/// A certificate that works, an expired secret, a certificate that nobody knows, a damaged key, a refused password.
async fn of_a_tenant(company: &Company, place: &Place, secrets: &mut Secrets) -> Vec<Value> {
    let microsoft365 = company.sandbox.microsoft365();
    let expired = company.system.make_key(&company.sandbox).await;
    secrets.add_client_secret(&expired);
    microsoft365.expire_secret(CLIENT, &expired).await;
    let mut certificate = |name: &str, damage: bool| {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("makes a key");
        let names = vec!["deputy".to_owned()];
        let parameters = rcgen::CertificateParams::new(names).expect("takes the name");
        let signed = parameters.self_signed(&key).expect("signs").pem();
        let mut pem = key.serialize_pem();
        secrets.add_pem(&pem);
        if damage {
            let line = pem.lines().nth(3).expect("has lines").to_owned();
            pem = pem.replace(&line, &line.replacen(char::is_alphanumeric, "*", 3));
        }
        let entries = json!({"tls.crt": signed, "tls.key": pem});
        let mut object = secret(name, "", "");
        object["stringData"] = entries;
        (signed, object)
    };
    let (known, signed) = certificate("signed", false);
    let (_, unknown) = certificate("unknown", false);
    let (_, garbled) = certificate("garbled", true);
    microsoft365.add_certificate(CLIENT, &known).await;
    let mut objects = vec![signed, unknown, garbled, refused(place)];
    objects.push(company.system.secret("expired", &expired));
    for name in ["signed", "expired", "unknown", "garbled"] {
        objects.push(connection(company, place, name, name, "database"));
    }
    objects.push(connection(company, place, "refused", "key", "refused"));
    objects
}

/// Connections that fail: a deleted key, a key file cut in its middle, one with a broken key, a refused password.
async fn broken(company: &Company, place: &Place, secrets: &mut Secrets) -> Vec<Value> {
    let google = company.sandbox.google();
    let deleted = google.make_key(ACCOUNT).await;
    secrets.add_key(&deleted);
    google
        .delete_key(deleted["private_key_id"].as_str().expect("has an id"))
        .await;
    let whole = company.key.to_string();
    let end = whole.find("PRIVATE KEY").expect("has a key") + 400;
    let mut garbled = company.key.clone();
    let pem = garbled["private_key"]
        .as_str()
        .expect("has a key")
        .replacen('A', "*", 3);
    garbled["private_key"] = json!(pem);
    let connection =
        |name: &str, key: &str, database: &str| connection(company, place, name, key, database);
    vec![
        secret("deleted", "key.json", &deleted.to_string()),
        secret("cut", "key.json", &whole[..end]),
        secret("garbled", "key.json", &garbled.to_string()),
        refused(place),
        connection("deleted", "deleted", "database"),
        connection("cut", "cut", "database"),
        connection("garbled", "garbled", "database"),
        connection("refused", "key", "refused"),
    ]
}

/// Everything that the API server shows of Deputy's: its objects with their status, and the events.
async fn shown(client: &Client, namespace: &str) -> String {
    let mut shown = String::new();
    for (group, version, kind) in [
        ("deputy.dev", "v1alpha1", "ServiceAccountConnection"),
        ("deputy.dev", "v1alpha1", "SyncedUser"),
        ("deputy.dev", "v1alpha1", "ApiKey"),
        ("events.k8s.io", "v1", "Event"),
    ] {
        let kind = GroupVersionKind::gvk(group, version, kind);
        let (resource, _) = pinned_kind(client, &kind).await.expect("is served");
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
        let list = api.list(&ListParams::default()).await.expect("lists");
        shown += &serde_json::to_string(&list).expect("serialises");
    }
    shown
}

/// Waits until every connection is judged and the person is synced.
async fn all_judged(stage: &Stage) {
    let namespace = &stage.namespace;
    let connections: Api<ServiceAccountConnection> = namespace.objects().await;
    for (name, works) in stage.connections {
        let ready = if *works { "True" } else { "False" };
        let judged = |found: Option<&ServiceAccountConnection>| is_ready(found, ready);
        wait::until_object(&connections, name, ready, PATIENCE, judged).await;
    }
    let people: Api<SyncedUser> = namespace.objects().await;
    let synced = |found: Option<&SyncedUser>| is_ready(found, "True");
    wait::until_object(&people, "peter", "to be synced", PATIENCE, synced).await;
}

fn is_ready<K: serde::Serialize>(object: Option<&K>, status: &str) -> bool {
    let object = serde_json::to_value(object).expect("serialises");
    let conditions = object["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it| it["type"] == "Ready" && it["status"] == status)
}

fn start(stage: &Stage, address: &std::path::Path) -> Operator {
    stage
        .company
        .deputy(&[
            "controller",
            "--no-leader-election",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "trace",
        ])
        .arg("--namespace")
        .arg(stage.namespace.name())
        .arg("--address-file")
        .arg(address)
        .cluster(stage.namespace.server().administrator())
        .start()
}

async fn metrics(address: &str) -> String {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("makes a client");
    let reply = client
        .get(format!("http://{address}/metrics"))
        .send()
        .await
        .expect("answers");
    #[expect(clippy::disallowed_methods, reason = "Deputy bounds its own metrics")]
    reply.text().await.expect("sends its metrics")
}

#[tokio::test]
async fn the_operator_tells_no_secret() {
    the_operator_is_silent(Stage::set().await).await;
}

#[tokio::test]
async fn the_operator_tells_no_secret_of_microsoft_365() {
    the_operator_is_silent(Stage::of(System::Microsoft365).await).await;
}

async fn the_operator_is_silent(stage: Stage) {
    let address = guard::folder().join(random::name("address"));
    let mut operator = start(&stage, &address);
    let objects: Vec<DynamicObject> = stage
        .objects
        .iter()
        .map(|object| serde_json::from_value(object.clone()).expect("is an object"))
        .collect();
    let client = stage.namespace.client().await;
    let name = stage.namespace.name();
    manifests::apply(&client, name, &objects)
        .await
        .expect("applies");
    all_judged(&stage).await;
    strike(&stage, &client).await;
    let shown = shown(&client, name).await;
    assert!(
        stage.reasons.iter().all(|reason| shown.contains(reason)),
        "{shown}"
    );
    let address = std::fs::read_to_string(&address).expect("has an address");
    let metrics = metrics(&address).await;
    operator.terminate(Duration::from_secs(30)).await;
    let log = operator.log();
    assert!(
        log.contains(r#""level":"TRACE""#),
        "the log is as chatty as can be"
    );
    for (what, text) in [
        ("log", log),
        ("objects and events", shown),
        ("metrics", metrics),
    ] {
        assert!(
            text.len() > 1_000,
            "{what} has something to look through: {text}"
        );
        stage.is_silent(what, &text);
    }
}

/// Replies that no client expects, some of which repeat what they were sent, while the person is synced once more.
async fn strike(stage: &Stage, client: &Client) {
    let people: Api<SyncedUser> = Api::namespaced(client.clone(), stage.namespace.name());
    let bodies = [
        json!({"reply": {"status": 401, "body": {"error": {"message": format!("bad {TOKEN}echo")}}}}),
        json!({"reply": {"status": 400, "body": format!("no such token: {TOKEN}echo")}}),
        json!({"malformed": true}),
    ];
    for (round, what) in bodies.into_iter().enumerate() {
        let path = match stage.company.system {
            System::Google => "/google/gmail/",
            System::Microsoft365 => "/microsoft365/graph/",
        };
        let data = json!({"pathPrefix": path, "subject": PETER});
        stage
            .company
            .sandbox
            .faults(&[json!({"match": data, "do": what})])
            .await;
        let value = format!("strike-{round}");
        let patch =
            json!({"metadata": {"annotations": {"deputy.dev/reconcile-requested-at": value}}});
        let patch = kube::api::Patch::Merge(patch);
        people
            .patch("peter", &kube::api::PatchParams::default(), &patch)
            .await
            .expect("annotates");
        let answered = |found: Option<&SyncedUser>| {
            let found = serde_json::to_value(found).expect("serialises");
            found["status"]["lastHandledReconcileAt"] == value.as_str()
        };
        wait::until_object(&people, "peter", "to answer", PATIENCE, answered).await;
    }
    stage.company.sandbox.faults(&[]).await;
}

#[tokio::test]
async fn the_command_line_tells_no_secret() {
    the_command_line_is_silent(Stage::set().await).await;
}

#[tokio::test]
async fn the_command_line_tells_no_secret_of_microsoft_365() {
    the_command_line_is_silent(Stage::of(System::Microsoft365).await).await;
}

async fn the_command_line_is_silent(stage: Stage) {
    for &(name, works) in stage.connections {
        let is_wanted = |object: &&Value| {
            object["kind"] != "ServiceAccountConnection" || object["metadata"]["name"] == name
        };
        let mut objects: Vec<Value> = stage.objects.iter().filter(is_wanted).cloned().collect();
        for object in objects
            .iter_mut()
            .filter(|object| object["kind"] == "SyncedUser")
        {
            object["spec"]["connectionRef"]["name"] = json!(name);
        }
        let file = write(&objects);
        for command in ["check", "sync"] {
            let launch = stage
                .company
                .deputy(&[command, "--log", "trace", "-f"])
                .arg(&file);
            let output = launch.output(PATIENCE).await;
            let text = said(&output);
            assert_eq!(output.status.success(), works, "{command} {name}: {text}");
            stage.is_silent(&format!("{command} {name}"), &text);
        }
    }
    assert!(
        stage.place.remains().await > 200,
        "the healthy one was synced"
    );
}

#[tokio::test]
async fn the_search_finds_what_is_planted() {
    let stage = Stage::set().await;
    let key = stage.company.key["private_key"]
        .as_str()
        .expect("has a key");
    let line = key.lines().nth(5).expect("has lines");
    let Place::Postgres(url) = &stage.place else {
        panic!("is a database");
    };
    let assertion = format!(
        "{}.{}.c2ln",
        base64(r#"{"alg":"RS256"}"#).trim_end_matches('='),
        base64(r#"{"iss":"x"}"#)
    );
    for (planted, what) in [
        (
            format!(r#"{{"message":"{line}"}}"#),
            "a line of a private key",
        ),
        (
            base64(&stage.company.key.to_string()),
            "a key file in base64",
        ),
        (format!("Authorization: Bearer {TOKEN}1"), "an access token"),
        (format!("assertion={assertion}&"), "an assertion"),
        (url.to_string(), "a database's password"),
        (
            "-----BEGIN PRIVATE KEY-----".to_owned(),
            "a private key's frame",
        ),
    ] {
        assert_eq!(
            stage.secrets.found_in(&format!("before {planted} after")),
            [what]
        );
    }
    assert_eq!(
        stage.secrets.found_in("eyJ is no assertion. eyJ neither."),
        [""; 0]
    );
}
