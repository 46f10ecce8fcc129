//! The whole operator, killed and started again, and a person who is deleted.

use std::time::Duration;

use deputy::api::SyncedUser;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::{Random, while_edited};
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, SMALL, compare};
use crate::support::namespace::Namespace;
use crate::support::operator::Operator;
use crate::support::{kinds, manifests, wait};

const KILLS: u64 = 10;
/// A start, a check and a sync take about so long.
const LIFE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn an_operator_killed_again_and_again_loses_nothing_and_deletion_erases() {
    survives(System::Google).await;
}

#[tokio::test]
async fn an_operator_of_microsoft_365_loses_nothing_and_deletion_erases() {
    survives(System::Microsoft365).await;
}

#[tokio::test]
async fn an_operator_of_sendsafely_loses_nothing_and_deletion_erases() {
    survives(System::SendSafely).await;
}

async fn survives(system: System) {
    let company = Company::of(system, SMALL).await;
    let namespace = Namespace::create().await;
    kinds::install().await;
    for place in [Place::files(), Place::postgres().await] {
        apply(&company, &namespace, &place).await;
        let people: Api<SyncedUser> = namespace.objects().await;
        while_edited(
            &company,
            90 << 32,
            kill_again_and_again(&company, &namespace, &people),
        )
        .await;
        let _operator = start(&company, &namespace);
        synced(&people, "the last time").await;
        compare::equal(&company, &place).await;
        erased(&people, (system, &place)).await;
    }
}

async fn apply(company: &Company, namespace: &Namespace, place: &Place) {
    let mut objects = company.objects(place, &company.spec(place));
    for object in &mut objects {
        if object["kind"] == "SyncedUser" {
            object["spec"]["deletionPolicy"] = json!("Delete");
        }
    }
    let objects: Vec<DynamicObject> = objects
        .into_iter()
        .map(|object| serde_json::from_value(object).expect("is an object"))
        .collect();
    let client = namespace.client().await;
    manifests::apply(&client, namespace.name(), &objects)
        .await
        .expect("applies");
}

/// Nothing else runs beside it, so it need not wait for the lease of the one that was killed.
fn start(company: &Company, namespace: &Namespace) -> Operator {
    company
        .deputy(&[
            "controller",
            "--no-leader-election",
            "--listen",
            "127.0.0.1:0",
        ])
        .arg("--namespace")
        .arg(namespace.name())
        .cluster(namespace.server().administrator())
        .start()
}

async fn kill_again_and_again(company: &Company, namespace: &Namespace, people: &Api<SyncedUser>) {
    let mut random = Random(90);
    for kill in 0..KILLS {
        request(people, &format!("kill-{kill}")).await;
        let mut operator = start(company, namespace);
        tokio::time::sleep(random.moment(LIFE)).await;
        assert!(operator.is_running(), "{}", operator.log());
        operator.kill();
    }
}

async fn request(people: &Api<SyncedUser>, value: &str) {
    let annotations: Value = json!({
        "deputy.dev/reconcile-requested-at": value, "deputy.dev/resync-requested-at": value,
    });
    let patch = json!({"metadata": {"annotations": annotations}});
    let parameters = PatchParams::default();
    people
        .patch("peter", &parameters, &Patch::Merge(patch))
        .await
        .expect("annotates");
}

/// Asks for a sync and waits for its end.
async fn synced(people: &Api<SyncedUser>, value: &str) {
    request(people, value).await;
    let is_done = |person: Option<&SyncedUser>| {
        let status = person.and_then(|person| person.status.as_ref());
        let status = status.map(|status| serde_json::to_value(status).expect("serialises"));
        status.is_some_and(|status| {
            let all = status["conditions"].as_array();
            let ready = |it: &&Value| it["type"] == "Ready" && it["status"] == "True";
            status["lastHandledReconcileAt"] == value
                && all.into_iter().flatten().find(ready).is_some()
        })
    };
    wait::until_object(people, "peter", "to be synced", is_done).await;
}

async fn erased(people: &Api<SyncedUser>, (system, place): (System, &Place)) {
    assert!(
        place.remains(system).await > 200,
        "there is something to erase"
    );
    people
        .delete("peter", &kube::api::DeleteParams::default())
        .await
        .expect("deletes");
    wait::until("the object to be gone", async || {
        let found = people.get_opt("peter").await.expect("asks");
        found
            .is_none_or(|found| found.name_any() != "peter")
            .then_some(())
    })
    .await;
    assert_eq!(place.remains(system).await, 0);
}
