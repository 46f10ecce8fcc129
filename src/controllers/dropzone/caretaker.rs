//! Looks after what was sent: removes what has expired and what was never completed, and tells webhooks that were not told.
//!
//! It decides by what lies in the destination alone, so that nothing has to be remembered, and a crash delays it and no more.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Depots, DropBox, MOST_MANIFEST_BYTES, Notifier};
use crate::api::ServiceAccountConnection;
use crate::controllers::cluster::Cluster;
use crate::controllers::home::account;
use crate::destinations::quarantine::Quarantine;
use crate::destinations::{Error, Kind};
use crate::kube_io::key::ObjectKey;
use crate::kube_io::lease::Leadership;
use crate::model::clock::Clock;
use crate::model::upload::{Manifest, UploadId};
use crate::telemetry::metrics::Metrics;

/// How often it looks.
const ROUND: SignedDuration = SignedDuration::from_mins(10);
/// What is not complete so long after it began never will be: no upload may take half as long.
const ABANDONED: SignedDuration = SignedDuration::from_hours(24);
/// The replica that took an upload tells the webhook first.
const FIRST_TRY: SignedDuration = SignedDuration::from_mins(5);
/// For how long a webhook is told again.
const LAST_TRY: SignedDuration = SignedDuration::from_hours(24);

/// Looks after all boxes of the cluster.
pub struct Caretaker {
    /// The caches.
    pub cluster: Cluster,
    /// Where files are.
    pub depots: Depots,
    /// Who tells webhooks.
    pub notifier: Notifier,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where removals are counted.
    pub metrics: Arc<Metrics>,
    /// Whether this process may act.
    pub leadership: Leadership,
}

/// What becomes of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It stays.
    Stays,
    /// It stays, and the webhook may not have been told.
    MayBeUntold,
    /// It goes, because its time is over.
    Expired,
    /// It goes, because it never was complete.
    Abandoned,
}

impl Caretaker {
    /// Makes its rounds until `stop`.
    ///
    /// # Errors
    /// None: what fails is logged and tried again in the next round.
    pub async fn run(self, stop: CancellationToken) -> Result<(), std::convert::Infallible> {
        let lead = async {
            self.cluster.complete().await;
            self.leadership.acquired().await;
        };
        if stop.run_until_cancelled(lead).await.is_none() {
            return Ok(());
        }
        loop {
            // A round may be broken off anywhere.
            let round = async {
                self.round().await;
                tokio::time::sleep(self.clock.timer(ROUND)).await;
            };
            if stop.run_until_cancelled(round).await.is_none() {
                return Ok(());
            }
        }
    }

    async fn round(&self) {
        let mut accounts = self.cluster.connections.all();
        accounts.retain(|object| {
            let account = account(object);
            account.is_some_and(|account| account.dropzone.is_some())
                && object.spec.suspend != Some(true)
        });
        let keys: Vec<_> = accounts.iter().map(|it| ObjectKey::of(&**it)).collect();
        self.notifier.notices.keep(&keys);
        for account in accounts {
            // A destination that cannot be opened is in the connection's conditions.
            if let Ok(quarantine) = self.depots.open(&account).await
                && let Err(error) = self.look_into(account, &*quarantine).await
            {
                tracing::warn!(%error, "a Dropzone could not be looked after");
            }
        }
    }

    async fn look_into(
        &self,
        object: Arc<ServiceAccountConnection>,
        quarantine: &dyn Quarantine,
    ) -> Result<(), Error> {
        let drop_box = DropBox::of(object);
        for upload in quarantine.uploads().await? {
            if !self.leadership.is_held() {
                return Ok(());
            }
            match self.look_at(&upload, drop_box.as_ref(), quarantine).await {
                Err(error) if error.kind.concerns_all() => return Err(error),
                Err(error) => tracing::warn!(%error, "an upload could not be looked after"),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    async fn look_at(
        &self,
        upload: &UploadId,
        drop_box: Option<&DropBox>,
        quarantine: &dyn Quarantine,
    ) -> Result<(), Error> {
        let manifest = read(quarantine, upload).await?;
        match (fate(upload, manifest.as_ref(), self.clock.now()), manifest) {
            (Fate::Expired, _) => self.remove(quarantine, upload, "Expired").await,
            (Fate::Abandoned, _) => self.remove(quarantine, upload, "Abandoned").await,
            (Fate::MayBeUntold, Some(manifest)) => {
                let asked = drop_box.filter(|drop_box| drop_box.spec.webhook.is_some());
                let Some(drop_box) = asked else {
                    return Ok(());
                };
                if !quarantine.is_notified(upload).await? {
                    self.notifier.tell(drop_box, quarantine, &manifest).await;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn remove(
        &self,
        quarantine: &dyn Quarantine,
        upload: &UploadId,
        why: &'static str,
    ) -> Result<(), Error> {
        quarantine.remove(upload).await?;
        self.metrics.dropzone_removed(why);
        tracing::info!(upload.id = %upload, upload.removed_because = why, "an upload was removed");
        Ok(())
    }
}

/// Reads a manifest. One that is not ours keeps its upload from being touched at all.
async fn read(quarantine: &dyn Quarantine, upload: &UploadId) -> Result<Option<Manifest>, Error> {
    let bytes = quarantine.manifest(upload, MOST_MANIFEST_BYTES).await?;
    let Some(bytes) = bytes else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Error::new(
            Kind::DestinationCorrupt,
            "quarantine.manifest",
            format!(
                "The manifest of the upload {upload} cannot be read, at line {} column {}.",
                error.line(),
                error.column()
            ),
            "Put it back from a copy, or take the upload's folder away.",
        )
    })
}

fn fate(upload: &UploadId, manifest: Option<&Manifest>, now: Timestamp) -> Fate {
    let age = now.duration_since(upload.began());
    let Some(manifest) = manifest else {
        return if age >= ABANDONED {
            Fate::Abandoned
        } else {
            Fate::Stays
        };
    };
    let since_received = now.duration_since(manifest.received_at);
    if manifest.expires_at.is_some_and(|end| end <= now) {
        Fate::Expired
    } else if since_received >= FIRST_TRY && since_received < LAST_TRY {
        Fate::MayBeUntold
    } else {
        Fate::Stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_goes_when_its_time_is_over_or_it_was_never_complete() {
        let began: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let upload = UploadId::new(began);
        let manifest = |expires_at| Manifest {
            upload: upload.clone(),
            account: "bot@acme.example".to_owned(),
            label: None,
            received_at: began,
            expires_at,
            sender: crate::model::upload::Sender::default(),
            subject: None,
            message: None,
            files: Vec::new(),
        };
        let after =
            |hours: i64, minutes: i64| began + SignedDuration::from_mins(hours * 60 + minutes);
        for (manifest, now, expected) in [
            (None, after(23, 59), Fate::Stays),
            (None, after(24, 0), Fate::Abandoned),
            (Some(manifest(None)), after(0, 1), Fate::Stays),
            (Some(manifest(None)), after(0, 5), Fate::MayBeUntold),
            (Some(manifest(None)), after(24, 0), Fate::Stays),
            (Some(manifest(None)), after(24 * 400, 0), Fate::Stays),
            (
                Some(manifest(Some(after(48, 0)))),
                after(47, 59),
                Fate::Stays,
            ),
            (
                Some(manifest(Some(after(48, 0)))),
                after(48, 0),
                Fate::Expired,
            ),
        ] {
            assert_eq!(fate(&upload, manifest.as_ref(), now), expected, "{now}");
        }
    }
}
