//! Objects that the API server lets in and the operator cannot read.

use serde_json::{Value, json};

use super::World;
use crate::company::PETER;
use crate::company::place::Place;
use crate::support::operator::Operator;
use crate::support::stage::{CONNECTION, USER, employee, person};
use crate::support::wait;

const MAY: &str = "may.parker@acme.example";
const NED: &str = "ned.leeds@acme.example";

/// The schema's pattern for an address is laxer than what an address is.
const PERSON: &str = "peter;parker@acme.example";
const ADMIN: &str = "it,admin@acme.example";

const UNDECODABLE: (&str, &str, &str) = ("Ready", "False", "Undecodable");

#[tokio::test]
async fn an_object_that_cannot_be_read_says_so_and_stops_only_itself() {
    let people = [employee(MAY, 20), employee(NED, 20)];
    let world = World::with(&people, Place::files()).await;
    let stage = &world.stage;
    stage.apply(world.connection()).await;
    stage.apply(person("may", MAY)).await;
    stage.apply(person("peter", PERSON)).await;
    let mut odd = world.connection();
    odd["metadata"]["name"] = json!("odd");
    odd["spec"]["provider"]["google"]["adminEmail"] = json!(ADMIN);
    stage.apply(odd.clone()).await;
    let mut ned = person("ned", NED);
    ned["spec"]["connectionRef"]["name"] = json!("odd");
    stage.apply(ned).await;
    let launch = stage.launch().with_address_file();
    let launch = launch.arg("--namespace").arg(&stage.namespace);
    let mut operator = launch.start();

    let words = [PERSON, "Correct it"];
    world.says(USER, "peter", UNDECODABLE, &words).await;
    let words = [ADMIN, "Correct it"];
    world.says(CONNECTION, "odd", UNDECODABLE, &words).await;
    let waits = ("ConnectionReady", "False", "ConnectionUndecodable");
    world
        .says(USER, "ned", waits, &["/odd", "correct it there"])
        .await;
    world.nothing_is_lost_of(&[("may", MAY)]).await;
    told(&world, &mut operator).await;

    let spec = json!({"spec": {"email": PETER}});
    stage.patch(USER, "peter", spec).await;
    odd["spec"]["provider"]["google"]["adminEmail"] = json!("it-admin@acme.example");
    stage.apply(odd).await;
    let all = [("may", MAY), ("peter", PETER), ("ned", NED)];
    world.nothing_is_lost_of(&all).await;
}

#[tokio::test]
async fn an_object_that_becomes_unreadable_keeps_what_it_had_and_goes_on_when_mended() {
    let world = World::new(Place::files()).await;
    let mut operator = world.synced().await;
    let before = world.stage.get(USER, "peter").await;
    let broken = json!({"spec": {"provider": {"google": {"adminEmail": ADMIN}}}});
    world.stage.patch(CONNECTION, "acme", broken).await;
    let words = [ADMIN, "Correct it"];
    let connection = world.says(CONNECTION, "acme", UNDECODABLE, &words).await;
    assert!(
        connection["status"]["lastVerifiedTime"].is_string(),
        "the rest of the status stays"
    );
    let waits = ("ConnectionReady", "False", "ConnectionUndecodable");
    let person = world.until(USER, "peter", waits).await;
    assert_eq!(person["status"]["streams"], before["status"]["streams"]);
    let google = world.stage.sandbox.google();
    google
        .edit(PETER, 30, 7, &["mail", "calendar", "drive"])
        .await;

    let mended = json!({"spec": {"provider": {"google": {"adminEmail": "it-admin@acme.example"}}}});
    world.stage.patch(CONNECTION, "acme", mended).await;
    world.until(USER, "peter", super::SYNCED).await;
    world.stage.ask_and_wait(USER, "peter").await;
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}

/// An event and a metric say it too.
async fn told(world: &World, operator: &mut Operator) {
    for (kind, name, part) in [(USER, "peter", PERSON), (CONNECTION, "odd", ADMIN)] {
        let note = wait::until("the event", async || event(world, name).await).await;
        assert!(note.contains(part), "{kind} {name}: {note}");
    }
    let metrics = operator.url().await.join("metrics");
    let metrics = text(metrics.expect("is a URL")).await;
    for kind in [USER, CONNECTION] {
        let line = format!(
            r#"deputy_conditions{{kind="{kind}",type="Stalled",status="True",reason="Undecodable"}} 1"#
        );
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}

async fn event(world: &World, name: &str) -> Option<String> {
    use k8s_openapi::api::events::v1::Event;
    let events = kube::Api::<Event>::namespaced(world.stage.client.clone(), &world.stage.namespace);
    let events = events.list(&kube::api::ListParams::default()).await;
    events.expect("lists").items.into_iter().find_map(|event| {
        let event: Value = serde_json::to_value(event).expect("is JSON");
        let is_it = event["regarding"]["name"] == name && event["reason"] == "Undecodable";
        assert!(!is_it || event["type"] == "Warning", "{event}");
        is_it.then(|| event["note"].as_str().expect("has a note").to_owned())
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the operator's own page is bounded"
)]
async fn text(url: url::Url) -> String {
    let client = reqwest::Client::builder().no_proxy().build();
    let page = client.expect("makes a client").get(url).send().await;
    page.expect("answers").text().await.expect("is text")
}
