//! `ApiKey`s are accepted and kept, and told plainly that this version does not issue keys.

use std::sync::Arc;

use async_trait::async_trait;
use kube::Resource;

use super::fact::Fact;
use super::kstatus;
use crate::api::{ApiKey, ApiKeyStatus as Status, requested_at};
use crate::kube_io::conditions::Conditions;
use crate::kube_io::reconciler::{Cleanup, Next, Pass, Reconciler};
use crate::model::clock::Clock;

/// Answers `ApiKey`s.
pub struct ApiKeyReconciler {
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Reconciler for ApiKeyReconciler {
    type Kind = ApiKey;

    fn needs_finalizer(&self, _: &ApiKey) -> bool {
        false
    }

    async fn reconcile(&self, object: Arc<ApiKey>) -> Pass<Status> {
        let mut status = object.status.clone().unwrap_or_default();
        let generation = object.meta().generation;
        let mut conditions = Conditions::new(&status.conditions, generation, self.clock.now());
        kstatus::conclude(&mut conditions, &not_issued());
        status.conditions = conditions.into_vec();
        status.observed_generation = generation.unwrap_or(-1);
        status.last_handled_reconcile_at = requested_at(object.meta());
        Pass {
            status,
            next: Next::OnChange,
        }
    }

    async fn cleanup(&self, _: Arc<ApiKey>) -> Cleanup<Status> {
        Cleanup::Done
    }
}

fn not_issued() -> Fact {
    Fact::bad(
        "NotSupportedYet",
        "This version of Deputy does not issue, rotate or revoke keys: nothing was made and no Secret was written. Make the \
         key in the vendor's console until a version does.",
    )
}
