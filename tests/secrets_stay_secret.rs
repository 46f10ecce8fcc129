//! The canary test: no secret is in anything that Deputy says, at the chattiest level and whatever goes wrong.

mod google;
mod microsoft365;
mod search;
mod sendsafely;
mod stage;

use deputy::api::SyncedUser;
use kube::api::DynamicObject;
use kube::{Api, Client};
use serde_json::{Value, json};

use self::stage::Stage;
use crate::company::system::System;
use crate::company::{PETER, said, write};
use crate::support::operator::Operator;
use crate::support::{guard, manifests, random, shown, wait};

/// What every access token and client secret of the sandbox has in it.
const CANARY: &str = "sandbox-canary-";
/// What Google's access tokens begin with.
const TOKEN: &str = "ya29.sandbox-canary-";

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

#[tokio::test]
async fn the_operator_tells_no_secret() {
    the_operator_is_silent(Stage::of(System::Google).await).await;
}

#[tokio::test]
async fn the_operator_tells_no_secret_of_microsoft_365() {
    the_operator_is_silent(Stage::of(System::Microsoft365).await).await;
}

#[tokio::test]
async fn the_operator_tells_no_secret_of_sendsafely() {
    the_operator_is_silent(Stage::of(System::SendSafely).await).await;
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
    stage.all_judged().await;
    strike(&stage, &client).await;
    let shown = shown::objects_and_events(&client, name).await;
    assert!(
        stage
            .wrecks
            .reasons
            .iter()
            .all(|reason| shown.contains(reason)),
        "{shown}"
    );
    let address = std::fs::read_to_string(&address).expect("has an address");
    let url = format!("http://{address}").parse().expect("is an address");
    let metrics = shown::metrics(&url).await;
    operator.terminate().await;
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
        let data = json!({"pathPrefix": stage.wrecks.data, "subject": PETER});
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
        wait::until_object(&people, "peter", "to answer", answered).await;
    }
    stage.company.sandbox.faults(&[]).await;
}

#[tokio::test]
async fn the_command_line_tells_no_secret() {
    the_command_line_is_silent(Stage::of(System::Google).await).await;
}

#[tokio::test]
async fn the_command_line_tells_no_secret_of_microsoft_365() {
    the_command_line_is_silent(Stage::of(System::Microsoft365).await).await;
}

#[tokio::test]
async fn the_command_line_tells_no_secret_of_sendsafely() {
    the_command_line_is_silent(Stage::of(System::SendSafely).await).await;
}

async fn the_command_line_is_silent(stage: Stage) {
    for &(name, works) in stage.wrecks.connections {
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
            let output = launch.output().await;
            let text = said(&output);
            assert_eq!(output.status.success(), works, "{command} {name}: {text}");
            stage.is_silent(&format!("{command} {name}"), &text);
        }
        let remedy = stage.company.deputy(&["remedy", "--log", "trace", "-f"]);
        let told = remedy.arg(&file).output().await;
        stage.is_silent(&format!("remedy {name}"), &said(&told));
    }
    assert!(
        stage.place.remains(stage.company.system).await > 200,
        "the healthy one was synced"
    );
}
