//! What becomes of what strangers send.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::labels::{RefusalLabels, RunLabels};
use super::{Metrics, add};

/// The metrics of boxes.
pub(super) struct DropzoneMetrics {
    uploads: Family<RunLabels, Counter>,
    bytes: Counter,
    notifications: Family<RunLabels, Counter>,
    removed: Family<RefusalLabels, Counter>,
}

impl DropzoneMetrics {
    pub(super) fn new(r: &mut Registry) -> Self {
        Self {
            uploads: add(r, "deputy_dropzone_uploads", "Uploads by how they ended"),
            bytes: add(
                r,
                "deputy_dropzone_bytes",
                "Bytes of uploads that were kept",
            ),
            notifications: add(
                r,
                "deputy_dropzone_notifications",
                "Notifications of uploads",
            ),
            removed: add(
                r,
                "deputy_dropzone_removed",
                "Uploads that were removed, by why",
            ),
        }
    }
}

impl Metrics {
    /// Counts an upload, by how it ended, and the bytes that were kept of it.
    pub fn upload_ended(&self, outcome: &'static str, bytes: u64) {
        let uploads = &self.dropzone.uploads;
        uploads.get_or_create(&RunLabels { outcome }).inc();
        self.dropzone.bytes.inc_by(bytes);
    }

    /// Counts a notification of an upload.
    pub fn dropzone_notified(&self, outcome: &'static str) {
        let notifications = &self.dropzone.notifications;
        notifications.get_or_create(&RunLabels { outcome }).inc();
    }

    /// Counts an upload that was removed.
    pub fn dropzone_removed(&self, reason: &'static str) {
        let removed = &self.dropzone.removed;
        removed.get_or_create(&RefusalLabels { reason }).inc();
    }
}
