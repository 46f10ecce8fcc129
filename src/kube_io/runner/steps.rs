//! The steps of one pass.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::core::object::HasStatus;
use kube::runtime::controller::Action;
use kube::runtime::reflector::Store;
use kube::{Api, Resource};
use tokio::time::Instant;
use tracing::Instrument;

use super::ledger::Ledger;
use super::{Runtime, Settings, undecodable};
use crate::kube_io::finalizer;
use crate::kube_io::guarded::{Guarded, trim};
use crate::kube_io::key::ObjectKey;
use crate::kube_io::reconciler::{Cleanup, Next, ObjectStatus, Reconciler, StatusOf};
use crate::kube_io::status::{self, WriteError};
use crate::telemetry::metrics::{ConditionLabels, Outcome};

pub(super) struct Steps<R: Reconciler> {
    pub(super) ledger: Ledger<R::Kind>,
    pub(super) runtime: Runtime,
    pub(super) settings: Settings,
    reconciler: Arc<R>,
}

impl<R: Reconciler> Steps<R> {
    pub(super) fn new(
        reconciler: Arc<R>,
        cache: Store<Guarded<R::Kind>>,
        runtime: Runtime,
        settings: Settings,
    ) -> Self {
        Self {
            ledger: Ledger::new(cache),
            runtime,
            settings,
            reconciler,
        }
    }

    /// Makes one pass over an object, and says when the next is due.
    pub(super) async fn step(&self, object: &Guarded<R::Kind>) -> Action {
        let key = ObjectKey::of(object);
        let span = tracing::info_span!(
            "pass",
            object.kind = kind::<R>(),
            object.namespace = key.namespace,
            object.name = key.name,
        );
        let started = Instant::now();
        let (outcome, next) = self.visit(&key, object).instrument(span).await;
        let metrics = &self.runtime.metrics;
        metrics.reconciled(kind::<R>(), outcome, started.elapsed());
        self.schedule(&key, next)
    }

    /// Forgets an object that is gone.
    pub(super) fn forget(&self, key: &ObjectKey) {
        let counted = self.ledger.forget(key);
        self.runtime.metrics.recount_conditions(&counted, []);
    }

    async fn visit(&self, key: &ObjectKey, object: &Guarded<R::Kind>) -> (Outcome, Next) {
        if !self.runtime.leadership.is_held() {
            return (Outcome::NotLeading, Next::OnChange);
        }
        let visited = match object {
            Guarded::Undecodable { metadata, error } => {
                undecodable::report(self, metadata, error).await
            }
            Guarded::Decoded(cached) => {
                let object = self.ledger.newest(key, cached);
                if object.meta().deletion_timestamp.is_some() {
                    self.clean(key, object).await
                } else {
                    self.reconcile(key, object).await
                }
            }
        };
        visited.unwrap_or_else(|error| unwritten(&error))
    }

    async fn reconcile(
        &self,
        key: &ObjectKey,
        object: Arc<R::Kind>,
    ) -> Result<(Outcome, Next), WriteError> {
        let object = self.with_finalizer_as_needed(key, object).await?;
        let pass = self.reconciler.reconcile(Arc::clone(&object)).await;
        self.publish(key, &object, &pass.status).await?;
        let outcome = match pass.next {
            Next::Backoff => Outcome::Failed,
            _ => Outcome::Done,
        };
        Ok((outcome, pass.next))
    }

    async fn clean(
        &self,
        key: &ObjectKey,
        object: Arc<R::Kind>,
    ) -> Result<(Outcome, Next), WriteError> {
        if !finalizer::is_on(&*object) {
            return Ok((Outcome::Cleaned, Next::OnChange));
        }
        match self.reconciler.cleanup(Arc::clone(&object)).await {
            Cleanup::Done => {
                finalizer::remove(&self.api(key), &*object).await?;
                Ok((Outcome::Cleaned, Next::OnChange))
            }
            Cleanup::Wait { status, next } => {
                self.publish(key, &object, &status).await?;
                Ok((Outcome::Cleaning, next))
            }
        }
    }

    async fn with_finalizer_as_needed(
        &self,
        key: &ObjectKey,
        object: Arc<R::Kind>,
    ) -> Result<Arc<R::Kind>, WriteError> {
        let api = self.api(key);
        match (
            self.reconciler.needs_finalizer(&object),
            finalizer::is_on(&*object),
        ) {
            (true, false) => {
                let written = finalizer::add(&api, &object).await?;
                Ok(self.wrote(key, written))
            }
            (false, true) => {
                finalizer::remove(&api, &*object).await?;
                Ok(object)
            }
            _ => Ok(object),
        }
    }

    /// Writes the status if it differs, and then tells and counts what is in it.
    async fn publish(
        &self,
        key: &ObjectKey,
        object: &Arc<R::Kind>,
        status: &StatusOf<R::Kind>,
    ) -> Result<(), WriteError> {
        self.count(key, status.conditions());
        if !self.runtime.leadership.is_held() {
            return Err(WriteError::Conflict);
        }
        if let Some(written) = status::write(&self.api(key), object, status).await? {
            self.wrote(key, written);
            self.runtime.metrics.status_written(kind::<R>());
            let before = object.status().map_or(&[][..], ObjectStatus::conditions);
            let reference = object.object_ref(&());
            let events = &self.runtime.events;
            events
                .publish_turns(&reference, before, status.conditions())
                .await;
        }
        Ok(())
    }

    pub(super) fn count(&self, key: &ObjectKey, conditions: &[Condition]) {
        let labels = conditions.iter().map(labels::<R>);
        let metrics = &self.runtime.metrics;
        self.ledger
            .recount(key, |before| metrics.recount_conditions(before, labels));
    }

    fn wrote(&self, key: &ObjectKey, mut written: R::Kind) -> Arc<R::Kind> {
        trim(written.meta_mut());
        let written = Arc::new(written);
        self.ledger.wrote(key, &written);
        written
    }

    fn api(&self, key: &ObjectKey) -> Api<R::Kind> {
        Api::namespaced(self.runtime.client.clone(), &key.namespace)
    }

    fn schedule(&self, key: &ObjectKey, next: Next) -> Action {
        if next == Next::Backoff {
            let failures = self.ledger.failed(key);
            return Action::requeue(self.settings.backoff.wait(failures, key));
        }
        self.ledger.succeeded(key);
        match next {
            Next::After(wait) => Action::requeue(wait),
            Next::At(instant) => {
                let wait = instant.duration_since(self.runtime.clock.now());
                Action::requeue(self.runtime.clock.timer(wait))
            }
            Next::OnChange | Next::Backoff => Action::await_change(),
        }
    }
}

pub(super) fn kind<R: Reconciler>() -> &'static str {
    crate::kube_io::key::kind_of::<R::Kind>()
}

fn labels<R: Reconciler>(condition: &Condition) -> ConditionLabels {
    ConditionLabels {
        kind: kind::<R>(),
        r#type: condition.type_.clone(),
        status: condition.status.clone(),
        reason: condition.reason.clone(),
    }
}

fn unwritten(error: &WriteError) -> (Outcome, Next) {
    match error {
        WriteError::Gone => (Outcome::Unwritten, Next::OnChange),
        WriteError::Conflict => {
            tracing::debug!("the object changed during the pass");
            (Outcome::Unwritten, Next::Backoff)
        }
        WriteError::Refused(_) => {
            tracing::warn!(%error, "what came out of a pass could not be written");
            (Outcome::Unwritten, Next::Backoff)
        }
    }
}
