//! What befalls uploads.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::add;
use super::labels::{RefusalLabels, RunLabels};

/// Counts of uploads.
pub(super) struct UploadCounts {
    ended: Family<RunLabels, Counter>,
    bytes: Counter,
    notifications: Family<RunLabels, Counter>,
    removed: Family<RefusalLabels, Counter>,
}

impl UploadCounts {
    /// Registers them, at zero.
    pub(super) fn new(r: &mut Registry) -> Self {
        let notifications = "deputy_dropzone_notifications";
        let removed = "deputy_dropzone_removed";
        Self {
            ended: add(r, "deputy_dropzone_uploads", "Uploads by how they ended"),
            bytes: add(
                r,
                "deputy_dropzone_bytes",
                "Bytes of uploads that were kept",
            ),
            notifications: add(r, notifications, "Notifications of uploads"),
            removed: add(r, removed, "Uploads that were removed, by why"),
        }
    }

    pub(super) fn ended(&self, outcome: &'static str, bytes: u64) {
        self.ended.get_or_create(&RunLabels { outcome }).inc();
        self.bytes.inc_by(bytes);
    }

    pub(super) fn notified(&self, outcome: &'static str) {
        let labels = RunLabels { outcome };
        self.notifications.get_or_create(&labels).inc();
    }

    pub(super) fn removed(&self, reason: &'static str) {
        let labels = RefusalLabels { reason };
        self.removed.get_or_create(&labels).inc();
    }
}
