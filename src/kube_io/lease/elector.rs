//! Reaches for the lease, renews it, and gives it back.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};
use kube::{Client, ResourceExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Held, Leadership, LeaseLost, LeaseSettings, Term};
use crate::kube_io::FIELD_MANAGER;
use crate::model::clock::Clock;

/// Reaches for the lease, and keeps it.
pub struct Elector {
    api: Api<Lease>,
    settings: LeaseSettings,
    clock: Arc<dyn Clock>,
    term: watch::Sender<Term>,
}

/// A renewal as it was last seen, and when: only what is seen to stand still may be taken.
struct Sighting {
    holder: String,
    version: Option<String>,
    at: Instant,
}

impl Elector {
    /// Prepares to reach for a lease; [`Elector::run`] does it.
    pub fn new(
        client: Client,
        settings: LeaseSettings,
        clock: Arc<dyn Clock>,
    ) -> (Self, Leadership) {
        let (term, leadership) = watch::channel(Term::NotYet);
        let elector = Self {
            api: Api::namespaced(client, &settings.namespace),
            settings,
            clock,
            term,
        };
        (elector, Leadership(Held::As(leadership)))
    }

    /// Waits for the lease, keeps it until `closing`, and then gives it back.
    pub async fn run(self, closing: CancellationToken) -> Result<(), LeaseLost> {
        let mut lease = tokio::select! {
            biased;
            () = closing.cancelled() => return Ok(()),
            lease = self.acquire() => lease,
        };
        tracing::info!(lease.name = self.settings.name, "this replica leads");
        tokio::select! {
            biased;
            () = closing.cancelled() => {}
            why = self.keep(&mut lease) => {
                self.term.send_replace(Term::Over);
                return Err(self.lost(why));
            }
        }
        self.term.send_replace(Term::Over);
        self.release(lease).await;
        Ok(())
    }

    async fn acquire(&self) -> Lease {
        let mut seen: Option<Sighting> = None;
        loop {
            let started = Instant::now();
            match timeout_at(started + self.settings.retry, self.reach(&mut seen)).await {
                Ok(Ok(Some(lease))) => {
                    self.extend(started);
                    return lease;
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the lease could not be reached for"),
                Err(_) => tracing::warn!("the API server was too slow to say who holds the lease"),
            }
            sleep(self.settings.retry).await;
        }
    }

    /// Takes the lease if it is free. Another's is free once it was seen unrenewed for the lease's duration.
    async fn reach(&self, seen: &mut Option<Sighting>) -> kube::Result<Option<Lease>> {
        let Some(lease) = self.api.get_opt(&self.settings.name).await? else {
            return unless_raced(self.create().await);
        };
        if !self.is_free(&lease, seen) {
            return Ok(None);
        }
        let wanted = self.taken(lease);
        unless_raced(self.replace(&wanted).await)
    }

    fn is_free(&self, lease: &Lease, seen: &mut Option<Sighting>) -> bool {
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        if holder.is_empty() || holder == self.settings.holder {
            return true;
        }
        let granted = spec.lease_duration_seconds.map(u64::try_from);
        let granted = granted.and_then(Result::ok).map(Duration::from_secs);
        let granted = granted.unwrap_or(self.settings.duration);
        let version = lease.resource_version();
        if let Some(sighting) = seen.as_ref().filter(|it| it.version == version) {
            return sighting.at.elapsed() > granted;
        }
        if seen.as_ref().is_none_or(|before| before.holder != holder) {
            tracing::info!(lease.holder = holder, "another replica leads");
        }
        let at = Instant::now();
        *seen = Some(Sighting {
            holder,
            version,
            at,
        });
        false
    }

    /// Renews until that has failed for too long; returns why.
    async fn keep(&self, lease: &mut Lease) -> &'static str {
        loop {
            let Term::Until(end) = *self.term.borrow() else {
                return "it was given up";
            };
            tokio::select! {
                biased;
                () = sleep_until(end) => return "it could not be renewed in time",
                () = sleep(self.settings.retry) => {}
            }
            let started = Instant::now();
            let patience = end.min(started + self.settings.renew_deadline / 3);
            match timeout_at(patience, self.renew(lease)).await {
                Ok(Ok(true)) => self.extend(started),
                Ok(Ok(false)) => return "it was taken or deleted",
                Ok(Err(error)) => tracing::warn!(%error, "the lease could not be renewed"),
                Err(_) => tracing::warn!("the API server was too slow to renew the lease"),
            }
        }
    }

    /// Renews once; false if it is ours no longer.
    async fn renew(&self, lease: &mut Lease) -> kube::Result<bool> {
        loop {
            if let Some(renewed) = unless_raced(self.replace(&self.renewed(lease)).await)? {
                *lease = renewed;
                return Ok(true);
            }
            // It changed under us. That is no loss as long as it still names us, as after an annotation by hand
            // or a renewal whose answer never came.
            match self.api.get_opt(&self.settings.name).await? {
                Some(current) if self.holds(&current) => *lease = current,
                _ => return Ok(false),
            }
        }
    }

    /// Gives the lease back, so that the next replica need not wait. Not worth more than one try.
    async fn release(&self, lease: Lease) {
        let mut lease = self.renewed(&lease);
        if let Some(spec) = &mut lease.spec {
            spec.holder_identity = Some(String::new());
            spec.lease_duration_seconds = Some(1);
        }
        let end = Instant::now() + self.settings.retry;
        match timeout_at(end, self.replace(&lease)).await {
            Ok(Ok(_)) => tracing::info!(lease.name = self.settings.name, "the lease is given back"),
            Ok(Err(error)) => tracing::warn!(%error, "the lease could not be given back"),
            Err(_) => tracing::warn!("the API server was too slow to take the lease back"),
        }
    }

    fn extend(&self, started: Instant) {
        let end = started + self.settings.renew_deadline;
        self.term.send_replace(Term::Until(end));
    }

    fn holds(&self, lease: &Lease) -> bool {
        let spec = lease.spec.as_ref();
        spec.and_then(|spec| spec.holder_identity.as_deref()) == Some(self.settings.holder.as_str())
    }

    fn renewed(&self, lease: &Lease) -> Lease {
        let mut lease = lease.clone();
        let spec = lease.spec.get_or_insert_default();
        spec.renew_time = Some(MicroTime(self.clock.now()));
        lease
    }

    fn taken(&self, lease: Lease) -> Lease {
        let before = lease.spec.unwrap_or_default();
        let spec = self.first_hold(before.lease_transitions.unwrap_or_default() + 1);
        Lease {
            metadata: lease.metadata,
            spec: Some(spec),
        }
    }

    fn first_hold(&self, transitions: i32) -> LeaseSpec {
        let now = MicroTime(self.clock.now());
        LeaseSpec {
            holder_identity: Some(self.settings.holder.clone()),
            lease_duration_seconds: i32::try_from(self.settings.duration.as_secs()).ok(),
            acquire_time: Some(now.clone()),
            renew_time: Some(now),
            lease_transitions: Some(transitions),
            ..LeaseSpec::default()
        }
    }

    async fn create(&self) -> kube::Result<Lease> {
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.settings.name.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(self.first_hold(0)),
        };
        self.api.create(&written_by_us(), &lease).await
    }

    async fn replace(&self, lease: &Lease) -> kube::Result<Lease> {
        self.api
            .replace(&self.settings.name, &written_by_us(), lease)
            .await
    }

    fn lost(&self, why: &'static str) -> LeaseLost {
        LeaseLost {
            namespace: self.settings.namespace.clone(),
            name: self.settings.name.clone(),
            why,
        }
    }
}

fn written_by_us() -> PostParams {
    PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}

/// Turns "somebody else was faster" into `None`.
fn unless_raced(written: kube::Result<Lease>) -> kube::Result<Option<Lease>> {
    match written {
        Ok(lease) => Ok(Some(lease)),
        Err(kube::Error::Api(status))
            if status.is_conflict() || status.is_not_found() || status.is_already_exists() =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
