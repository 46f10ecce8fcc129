//! Leadership: one holder at a time, taken over when it dies, given back when it leaves, lost in time.

use std::sync::Arc;
use std::time::Duration;

use deputy::kube_io::lease::{Elector, Leadership, LeaseLost, LeaseSettings};
use deputy::model::clock::{ManualClock, SystemClock};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::apiserver::ApiServer;
use crate::support::namespace::Namespace;
use crate::support::wait;
use crate::support::wait::PATIENCE;

/// One replica that reaches for the lease `leader`.
struct Replica {
    leadership: Leadership,
    closing: CancellationToken,
    task: JoinSet<Result<(), LeaseLost>>,
}

impl Replica {
    fn start(client: kube::Client, namespace: &str, holder: &str) -> Self {
        let settings = LeaseSettings {
            // Longer than a busy machine keeps an API server from answering.
            duration: Duration::from_secs(9),
            renew_deadline: Duration::from_secs(7),
            retry: Duration::from_millis(200),
            ..LeaseSettings::new(namespace, "leader", holder)
        };
        let (elector, leadership) = Elector::new(client, settings, Arc::new(SystemClock));
        let closing = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(elector.run(closing.clone()));
        Self {
            leadership,
            closing,
            task,
        }
    }

    async fn leads(&self) {
        timeout(PATIENCE, self.leadership.acquired()).await.unwrap();
        assert!(self.leadership.is_held());
    }

    async fn ended(&mut self) -> Result<(), LeaseLost> {
        let ended = timeout(PATIENCE, self.task.join_next()).await.unwrap();
        ended.unwrap().unwrap()
    }
}

async fn holder(leases: &Api<Lease>) -> (String, i32) {
    let spec = leases.get("leader").await.unwrap().spec.unwrap();
    (
        spec.holder_identity.unwrap_or_default(),
        spec.lease_transitions.unwrap_or_default(),
    )
}

#[tokio::test]
async fn a_lease_is_given_back_and_taken_at_once() {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let leases = namespace.objects::<Lease>().await;
    let mut first = Replica::start(client.clone(), namespace.name(), "first");
    first.leads().await;
    let second = Replica::start(client, namespace.name(), "second");
    assert_eq!(holder(&leases).await, ("first".to_owned(), 0));
    // Longer than the lease's duration: it is renewed.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(first.leadership.is_held() && !second.leadership.is_held());
    first.closing.cancel();
    first.ended().await.unwrap();
    assert!(!first.leadership.is_held());
    second.leads().await;
    assert_eq!(holder(&leases).await, ("second".to_owned(), 1));
}

#[tokio::test]
async fn a_dead_holders_lease_is_taken_when_its_time_is_over() {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let leases = namespace.objects::<Lease>().await;
    let mut first = Replica::start(client.clone(), namespace.name(), "first");
    first.leads().await;
    first.task.abort_all();
    assert!(first.task.join_next().await.unwrap().is_err());
    let second = Replica::start(client, namespace.name(), "second");
    // Nobody told the dead one's handles anything, and yet they know in time.
    timeout(PATIENCE, first.leadership.lost()).await.unwrap();
    assert!(!first.leadership.is_held() || !second.leadership.is_held());
    second.leads().await;
    assert!(!first.leadership.is_held());
    assert_eq!(holder(&leases).await, ("second".to_owned(), 1));
}

#[tokio::test]
async fn a_lease_that_is_taken_or_deleted_is_lost_and_one_that_is_edited_is_not() {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let leases = namespace.objects::<Lease>().await;
    let mut replica = Replica::start(client.clone(), namespace.name(), "first");
    replica.leads().await;
    let note = Patch::Merge(json!({"metadata": {"annotations": {"a": "b"}}}));
    let params = PatchParams::default();
    let edited = leases.patch("leader", &params, &note).await.unwrap();
    wait::until("a renewal after the edit", async || {
        let lease = leases.get("leader").await.unwrap();
        let renewed = lease.spec.unwrap().renew_time > edited.spec.clone().unwrap().renew_time;
        renewed.then_some(())
    })
    .await;
    assert!(replica.leadership.is_held());

    let robbed = Patch::Merge(json!({"spec": {"holderIdentity": "robber"}}));
    leases.patch("leader", &params, &robbed).await.unwrap();
    let lost = replica.ended().await.unwrap_err();
    assert!(lost.to_string().contains("taken"), "{lost}");
    timeout(PATIENCE, replica.leadership.lost()).await.unwrap();
    assert!(!replica.leadership.is_held());

    leases
        .delete("leader", &DeleteParams::default())
        .await
        .unwrap();
    let mut replica = Replica::start(client, namespace.name(), "second");
    replica.leads().await;
    leases
        .delete("leader", &DeleteParams::default())
        .await
        .unwrap();
    assert!(replica.ended().await.is_err());
}

#[tokio::test]
async fn without_the_api_server_the_lease_is_lost_before_others_may_take_it() {
    let mut server = ApiServer::start().await;
    let client = server.client().await;
    let mut replica = Replica::start(client, "default", "first");
    replica.leads().await;
    server.stop().await;
    timeout(PATIENCE, replica.leadership.lost()).await.unwrap();
    assert!(!replica.leadership.is_held());
    let lost = replica.ended().await.unwrap_err();
    assert!(lost.to_string().contains("in time"), "{lost}");
}

#[tokio::test]
async fn a_clock_that_is_years_off_harms_nobody() {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let settings = LeaseSettings::new(namespace.name(), "leader", "from 1970");
    let past = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let (elector, leadership) = Elector::new(client.clone(), settings, past);
    let mut task = JoinSet::new();
    task.spawn(elector.run(CancellationToken::new()));
    timeout(PATIENCE, leadership.acquired()).await.unwrap();
    let second = Replica::start(client, namespace.name(), "second");
    // Its renewTime is 56 years old, but it was seen just now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(leadership.is_held() && !second.leadership.is_held());
}
