//! What a connection's pass sees of its account's box. Asks nobody.

use std::sync::Arc;

use super::ConnectionReconciler;
use super::resolve::Closed;
use crate::api::ServiceAccountConnection;
use crate::controllers::dropzone::{Sight, webhook_allowed};
use crate::controllers::fact::Fact;
use crate::controllers::home::{account, home_of};
use crate::controllers::links::Link;
use crate::kube_io::key::ObjectKey;
use crate::providers::deputy::dropzone::WebhookSpec;

impl ConnectionReconciler {
    /// Returns what is seen of the box; none where the connection has none.
    pub(super) fn sight(
        &self,
        object: &ServiceAccountConnection,
        key: &ObjectKey,
        opened: &Result<Arc<Link>, Closed>,
    ) -> Option<Sight> {
        let account = account(object)?;
        let spec = account.open_dropzone()?;
        let neighbours = home_of(object, &self.cluster).neighbours;
        let keeps_files = object.spec.destination.as_ref().map(|_| {
            // What cannot be opened is said by another condition.
            let link = opened.as_ref().ok();
            let destination = link.and_then(|link| link.destination.as_ref());
            destination.is_none_or(|it| it.quarantine(&key.namespace, &key.name).is_some())
        });
        Some(Sight {
            account: account.clone(),
            spec: spec.clone(),
            service: self.dropzone.clone(),
            holder: neighbours.namesakes(&account.username).into_iter().next(),
            keeps_files,
            notified: spec
                .webhook
                .as_ref()
                .map(|webhook| self.notified(webhook, key)),
        })
    }

    fn notified(&self, webhook: &WebhookSpec, key: &ObjectKey) -> Fact {
        if let Err(fact) = webhook_allowed(&self.clients.http, webhook) {
            return fact;
        }
        if let Some(secret) = &webhook.secret_ref {
            let secret = ObjectKey::new(&key.namespace, &secret.name);
            if self.cluster.secret_version(&secret).is_none() {
                let message = format!(
                    "There is no Secret {secret} to sign notifications with. Create it, with the entry `secret`; it is noticed at once."
                );
                return Fact::bad("SecretNotFound", message);
            }
        }
        let untried = || {
            let message = "No notification has been sent since the operator was started.";
            Fact::unknown("NotTriedYet", message)
        };
        self.notices.last(key).unwrap_or_else(untried)
    }
}
