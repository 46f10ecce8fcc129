//! The generic runner, against a real API server and a kind of the tests' own.

mod bench;
mod widget;

use std::sync::Arc;
use std::time::Duration;

use deputy::kube_io::FINALIZER;
use deputy::kube_io::lease::{Elector, LeaseSettings};
use deputy::kube_io::runner::RunnerError;
use deputy::model::clock::SystemClock;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::apiserver::ApiServer;
use crate::support::{random, wait};
use bench::Bench;

fn pair(type_: &str, reason: &str) -> (String, String) {
    (type_.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn a_status_is_written_once_and_then_nothing() {
    let bench = Bench::start().await;
    bench.create("a", json!({"size": 3})).await;
    let object = bench.until_condition("a", "Ready", "Fits").await;
    assert_eq!(object["status"]["observedGeneration"], 1);
    assert_eq!(object["status"]["conditions"][0]["observedGeneration"], 1);
    for pass in 2..10 {
        bench.trigger("a");
        bench.until_passes("a", pass).await;
    }
    assert_eq!(
        bench.version("a").await,
        object["metadata"]["resourceVersion"]
    );
    assert_eq!(bench.status_writes("a"), 1);
    assert_eq!(bench.events("a").await, [pair("Normal", "Fits")]);
    let metrics = bench.metrics.render().unwrap();
    for line in [
        r#"deputy_status_writes_total{kind="Widget"} 1"#,
        r#"deputy_conditions{kind="Widget",type="Ready",status="True",reason="Fits"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn events_tell_turns_and_metrics_forget_what_is_gone() {
    let bench = Bench::start().await;
    bench.create("a", json!({"size": 3})).await;
    bench.until_condition("a", "Ready", "Fits").await;
    for (size, reason) in [(30, "TooLarge"), (31, "TooLarge"), (4, "Fits")] {
        bench.patch("a", json!({"spec": {"size": size}})).await;
        wait::until("the size to be seen", async || {
            let object = bench.raw().get("a").await.unwrap();
            (object.data["status"]["size"] == size).then_some(())
        })
        .await;
        bench.until_condition("a", "Ready", reason).await;
    }
    let told = wait::until("the last event", async || {
        let events = bench.events("a").await;
        (events.len() >= 2).then_some(events)
    })
    .await;
    // The second "Fits" within minutes is folded into the first.
    assert_eq!(told, [pair("Normal", "Fits"), pair("Warning", "TooLarge")]);
    let gone = DeleteParams::default();
    bench.widgets.delete("a", &gone).await.unwrap();
    wait::until("the count to go", async || {
        let metrics = bench.metrics.render().unwrap();
        (!metrics.contains("deputy_conditions{")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn only_what_a_pass_depends_on_causes_one() {
    let bench = Bench::start().await;
    bench.create("a", json!({"size": 3})).await;
    bench.until_condition("a", "Ready", "Fits").await;
    for metadata in [
        json!({"labels": {"a": "b"}}),
        json!({"annotations": {"other.example/a": "b"}}),
    ] {
        bench.patch("a", json!({"metadata": metadata})).await;
    }
    let status = Patch::Merge(json!({"status": {"other": true}}));
    bench
        .raw()
        .patch_status("a", &PatchParams::default(), &status)
        .await
        .unwrap();
    let asked = [
        json!({"metadata": {"annotations": {"deputy.dev/reconcile-requested-at": "1"}}}),
        json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "1"}}}),
        json!({"spec": {"size": 4}}),
    ];
    for (before, patch) in asked.into_iter().enumerate() {
        // Changes come in order: had one of the earlier ones caused a pass, there would be more by now.
        assert_eq!(bench.reconciler.passes("a"), before + 1);
        bench.patch("a", patch).await;
        bench.until_passes("a", before + 2).await;
    }
    bench.trigger("a");
    bench.until_passes("a", 5).await;
    assert_eq!(bench.reconciler.passes("a"), 5);
    let object = bench.raw().get("a").await.unwrap();
    assert_eq!(
        object.data["status"]["other"], true,
        "another's field stays"
    );
}

#[tokio::test]
async fn a_failing_object_comes_back_by_itself_and_writes_nothing_new() {
    let bench = Bench::start().await;
    bench.create("a", json!({"size": 30, "refuse": true})).await;
    bench.create("b", json!({"size": 3})).await;
    bench.until_passes("a", 6).await;
    assert_eq!(bench.status_writes("a"), 1);
    assert_eq!(bench.reconciler.passes("b"), 1);
    bench
        .patch("a", json!({"spec": {"size": 3, "refuse": false}}))
        .await;
    bench.until_condition("a", "Ready", "Fits").await;
    let metrics = bench.metrics.render().unwrap();
    assert!(metrics.contains(r#"outcome="Failed""#), "{metrics}");
}

#[tokio::test]
async fn an_undecodable_object_stops_only_itself() {
    let bench = Bench::start().await;
    bench.create("a", json!({"size": 3})).await;
    bench.until_condition("a", "Ready", "Fits").await;
    bench.patch("a", json!({"spec": {"size": "large"}})).await;
    let object = bench.until_condition("a", "Stalled", "Undecodable").await;
    let status = &object["status"];
    assert_eq!(status["observedGeneration"], 2);
    assert_eq!(status["size"], 3, "the rest of the status stays");
    let ready = &status["conditions"][0];
    assert_eq!(
        (&ready["type"], &ready["status"]),
        (&json!("Ready"), &json!("False"))
    );
    let message = ready["message"].as_str().unwrap();
    assert!(message.contains("large"), "{message}");

    bench.create("b", json!({"size": 3})).await;
    bench.until_condition("b", "Ready", "Fits").await;
    bench.trigger("a");
    wait::until("the undecodable one to be passed again", async || {
        let metrics = bench.metrics.render().unwrap();
        let line = r#"deputy_reconciles_total{kind="Widget",outcome="Undecodable"} 2"#;
        metrics.contains(line).then_some(())
    })
    .await;
    assert_eq!(
        bench.version("a").await,
        object["metadata"]["resourceVersion"]
    );
    let told = bench.events("a").await;
    assert_eq!(
        told,
        [pair("Normal", "Fits"), pair("Warning", "Undecodable")]
    );

    bench.patch("a", json!({"spec": {"size": 4}})).await;
    let object = bench.until_condition("a", "Ready", "Fits").await;
    assert_eq!(object["status"]["conditions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_deleted_object_that_cannot_be_decoded_is_let_go_after_a_wait() {
    let bench = Bench::start().await;
    let metadata = json!({"finalizers": [FINALIZER, "other.example/f"]});
    bench
        .create_with("a", metadata, json!({"size": "large"}))
        .await;
    bench.until_condition("a", "Stalled", "Undecodable").await;
    let deleting = DeleteParams::default();
    bench.raw().delete("a", &deleting).await.unwrap();
    wait::until("our finalizer to go", async || {
        let object = bench.raw().get("a").await.unwrap();
        (object.finalizers() == ["other.example/f"]).then_some(())
    })
    .await;
    wait::until("the event", async || {
        let told = bench.events("a").await;
        told.contains(&pair("Warning", "Orphaned")).then_some(())
    })
    .await;
    let metrics = bench.metrics.render().unwrap();
    assert!(
        metrics.contains(r#"deputy_orphaned_total{kind="Widget"} 1"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn the_finalizer_is_there_before_what_it_protects_and_goes_after() {
    let bench = Bench::start().await;
    let metadata = json!({"finalizers": ["other.example/f"]});
    let spec = json!({"size": 3, "protect": true});
    bench.create_with("a", metadata, spec).await;
    bench.until_condition("a", "Ready", "Fits").await;
    assert_eq!(bench.reconciler.protection("a"), [true]);
    let object = bench.raw().get("a").await.unwrap();
    assert_eq!(object.finalizers(), ["other.example/f", FINALIZER]);

    let deleting = DeleteParams::default();
    bench.raw().delete("a", &deleting).await.unwrap();
    let object = wait::until("our finalizer to go", async || {
        let object = bench.raw().get("a").await.unwrap();
        (object.finalizers() == ["other.example/f"]).then_some(object)
    })
    .await;
    assert_eq!(bench.reconciler.cleanups(), 2);
    assert_eq!(object.data["status"]["size"], 0, "the wait was told");
    assert_eq!(bench.reconciler.passes("a"), 1);
}

#[tokio::test]
async fn a_finalizer_that_is_no_longer_needed_goes() {
    let bench = Bench::start().await;
    let spec = json!({"size": 3, "protect": true});
    bench.create("a", spec).await;
    bench.until_condition("a", "Ready", "Fits").await;
    bench.patch("a", json!({"spec": {"protect": false}})).await;
    wait::until("the finalizer to go", async || {
        let object = bench.raw().get("a").await.unwrap();
        object.finalizers().is_empty().then_some(())
    })
    .await;
    assert_eq!(bench.reconciler.cleanups(), 0);
}

#[tokio::test]
async fn what_is_meant_for_one_object_never_reaches_its_namesake() {
    let bench = Bench::start().await;
    bench.create("a", json!({"size": 30, "gated": true})).await;
    bench.until_passes("a", 1).await;
    let gone = DeleteParams::default();
    bench.raw().delete("a", &gone).await.unwrap();
    let namesake = bench.create("a", json!({"size": 3, "gated": true})).await;
    bench.reconciler.gate.add_permits(1);
    bench.until_passes("a", 2).await;
    let object = bench.raw().get("a").await.unwrap();
    assert_eq!(
        object.resource_version().as_deref(),
        namesake["metadata"]["resourceVersion"].as_str(),
        "{object:#?}"
    );
    bench.reconciler.gate.add_permits(1);
    let object = bench.until_condition("a", "Ready", "Fits").await;
    assert_eq!(object["status"]["size"], 3);
}

#[tokio::test]
async fn what_others_change_during_a_pass_does_not_stand_in_the_way_of_its_status() {
    let bench = Bench::start().await;
    bench.create("a", json!({"size": 3, "gated": true})).await;
    bench.until_passes("a", 1).await;
    let note = json!({"metadata": {"labels": {"a": "b"}}});
    bench.patch("a", note).await;
    bench.reconciler.gate.add_permits(1);
    bench.until_condition("a", "Ready", "Fits").await;
    assert_eq!(bench.reconciler.passes("a"), 1);
}

#[tokio::test]
async fn nothing_is_done_before_leadership_and_nothing_after() {
    let server = ApiServer::shared().await;
    let settings = LeaseSettings {
        duration: Duration::from_secs(3),
        renew_deadline: Duration::from_secs(2),
        retry: Duration::from_millis(200),
        ..LeaseSettings::new("default", random::name("leader"), "bench")
    };
    let (client, name) = (server.client().await, settings.name.clone());
    let (elector, leadership) = Elector::new(client.clone(), settings, Arc::new(SystemClock));
    let mut bench = Bench::start_as(leadership).await;
    bench.create("a", json!({"size": 3, "gated": true})).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(bench.reconciler.passes("a"), 0);

    let mut election = JoinSet::new();
    election.spawn(elector.run(CancellationToken::new()));
    bench.until_passes("a", 1).await;
    let robbed = Patch::Merge(json!({"spec": {"holderIdentity": "robber"}}));
    let leases: Api<Lease> = Api::namespaced(client, "default");
    let params = PatchParams::default();
    leases.patch(&name, &params, &robbed).await.unwrap();
    let ended = bench.ended().await.unwrap();
    assert_eq!(ended, Err(RunnerError::LeadershipLost));
    bench.reconciler.gate.add_permits(1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(bench.status_writes("a"), 0);
}

#[tokio::test]
async fn a_pass_under_way_is_finished_when_asked_to_stop() {
    let mut bench = Bench::start().await;
    bench.create("a", json!({"size": 3, "gated": true})).await;
    bench.until_passes("a", 1).await;
    bench.stop.cancel();
    bench.create("b", json!({"size": 3})).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(bench.is_running());
    bench.reconciler.gate.add_permits(1);
    assert_eq!(bench.ended().await.unwrap(), Ok(()));
    bench.until_condition("a", "Ready", "Fits").await;
    assert_eq!(bench.reconciler.passes("b"), 0);
}

#[tokio::test]
async fn a_panic_in_a_pass_ends_the_runner() {
    let mut bench = Bench::start().await;
    bench.create("a", json!({"explode": true})).await;
    let ended: Result<Result<(), RunnerError>, _> = bench.ended().await;
    assert!(ended.unwrap_err().is_panic());
}
