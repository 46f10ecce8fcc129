//! The metrics, with label sets as types: what can be a label is bounded, and no label names an object or a person.

mod conditions;
mod dropzone;
mod labels;

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};

use conditions::ConditionCounts;
pub use conditions::Counted;
use dropzone::DropzoneMetrics;
pub use labels::{ConditionLabels, Outcome};
use labels::{
    KindLabels, ReconcileLabels, RecordLabels, RefusalLabels, RequestLabels, RunLabels, ScimLabels,
};

/// All metrics of the process.
pub struct Metrics {
    registry: Registry,
    reconciles: Family<ReconcileLabels, Counter>,
    reconcile_seconds: Family<KindLabels, Histogram, fn() -> Histogram>,
    status_writes: Family<KindLabels, Counter>,
    orphaned: Family<KindLabels, Counter>,
    conditions: ConditionCounts,
    provider_requests: Family<RequestLabels, Counter>,
    sync_records: Family<RecordLabels, Counter>,
    sync_runs: Family<RunLabels, Counter>,
    sync_lag: Histogram,
    scim_requests: Family<ScimLabels, Counter>,
    requests_refused: Family<RefusalLabels, Counter>,
    dropzone: DropzoneMetrics,
    watch_stalled: Family<KindLabels, Gauge>,
    leader: Gauge,
    resident_memory: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Registers all metrics, at zero.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let r = &mut registry;
        let seconds: fn() -> Histogram = pass_seconds;
        let passes = Family::new_with_constructor(seconds);
        let lag = Histogram::new(exponential_buckets(1.0, 4.0, 10));
        Self {
            reconciles: add(r, "deputy_reconciles", "Passes over objects"),
            reconcile_seconds: put(
                r,
                "deputy_reconcile_seconds",
                "How long a pass took",
                passes,
            ),
            status_writes: add(r, "deputy_status_writes", "Statuses written"),
            orphaned: add(
                r,
                "deputy_orphaned",
                "Objects let go with something left behind",
            ),
            conditions: ConditionCounts::new(add(
                r,
                "deputy_conditions",
                "Objects by what their conditions say",
            )),
            provider_requests: add(r, "deputy_provider_requests", "Requests to vendors"),
            sync_records: add(r, "deputy_sync_records", "Records stored"),
            sync_runs: add(r, "deputy_sync_runs", "Sync runs"),
            sync_lag: put(
                r,
                "deputy_sync_lag_seconds",
                "From a run's due time to its end",
                lag,
            ),
            scim_requests: add(r, "deputy_scim_requests", "Requests of SCIM clients"),
            requests_refused: add(
                r,
                "deputy_requests_refused",
                "Requests of clients whose key was not good, by why",
            ),
            dropzone: DropzoneMetrics::new(r),
            watch_stalled: add(
                r,
                "deputy_watch_stalled",
                "Whether a watch gets nothing through",
            ),
            leader: add(r, "deputy_leader", "Whether this replica leads"),
            resident_memory: add(r, "process_resident_memory_bytes", "Resident memory"),
            registry,
        }
    }

    /// Counts a pass over an object of a kind.
    pub fn reconciled(&self, kind: &'static str, outcome: Outcome, took: Duration) {
        self.reconciles
            .get_or_create(&ReconcileLabels { kind, outcome })
            .inc();
        self.reconcile_seconds
            .get_or_create(&KindLabels { kind })
            .observe(took.as_secs_f64());
    }

    /// Counts a status that was written.
    pub fn status_written(&self, kind: &'static str) {
        self.status_writes.get_or_create(&KindLabels { kind }).inc();
    }

    /// Counts an object that was let go although something of it is left outside of the cluster.
    pub fn orphaned(&self, kind: &'static str) {
        self.orphaned.get_or_create(&KindLabels { kind }).inc();
    }

    /// Counts an object's conditions as they are, in place of how they were counted before.
    ///
    /// Returns what is to be handed back then, also when the object goes.
    pub fn recount_conditions(
        &self,
        before: &[Counted],
        after: impl IntoIterator<Item = ConditionLabels>,
    ) -> Vec<Counted> {
        let counted = after.into_iter().map(|it| self.conditions.count(it));
        let counted = counted.collect();
        for labels in before {
            self.conditions.discount(labels);
        }
        counted
    }

    /// Counts a request to a vendor's host, by the HTTP status or, without one, by what happened instead. A vendor that asks
    /// to slow down shows as 429, or as its own 403. The hosts are pinned, so there are few of them.
    pub fn provider_requested(&self, host: &str, status: Result<u16, &'static str>) {
        let status = status.map_or_else(str::to_owned, |code| code.to_string());
        let host = host.to_owned();
        self.provider_requests
            .get_or_create(&RequestLabels { host, status })
            .inc();
    }

    /// Counts records that were stored.
    pub fn records_stored(&self, provider: &'static str, dataset: &'static str, records: u64) {
        self.sync_records
            .get_or_create(&RecordLabels { provider, dataset })
            .inc_by(records);
    }

    /// Counts a sync run; `lag` is the time from when it was due to when it had ended.
    pub fn run_finished(&self, outcome: &'static str, lag: Duration) {
        self.sync_runs.get_or_create(&RunLabels { outcome }).inc();
        self.sync_lag.observe(lag.as_secs_f64());
    }

    /// Counts a request of a SCIM client, by how it was answered.
    pub fn scim_answered(&self, operation: &'static str, status: u16) {
        let labels = ScimLabels { operation, status };
        self.scim_requests.get_or_create(&labels).inc();
    }

    /// Counts a request that was not let in. The client is not told why; this is.
    pub fn request_refused(&self, reason: &'static str) {
        self.requests_refused
            .get_or_create(&RefusalLabels { reason })
            .inc();
    }

    /// Says whether the watch of a kind is stalled.
    pub fn set_watch_stalled(&self, kind: &'static str, stalled: bool) {
        self.watch_stalled
            .get_or_create(&KindLabels { kind })
            .set(stalled.into());
    }

    /// Says whether this replica leads.
    pub fn set_leader(&self, leads: bool) {
        self.leader.set(leads.into());
    }

    /// Writes all metrics down in the `OpenMetrics` text format.
    pub fn render(&self) -> Result<String, std::fmt::Error> {
        if let Some(bytes) = resident_memory() {
            self.resident_memory.set(bytes);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn add<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    put(registry, name, help, M::default())
}

fn put<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

fn pass_seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.005, 4.0, 8))
}

/// Source: `proc_pid_status(5)`, `VmRSS`, in kB. None where there is no such file.
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_as_documented() {
        let metrics = Metrics::new();
        metrics.reconciled("Widget", Outcome::Done, Duration::from_millis(20));
        metrics.status_written("Widget");
        metrics.orphaned("Widget");
        metrics.provider_requested("api.vendor.example", Ok(200));
        metrics.provider_requested("api.vendor.example", Err("timeout"));
        metrics.records_stored("vendor", "mail", 7);
        metrics.run_finished("Succeeded", Duration::from_secs(3));
        metrics.scim_answered("list", 200);
        metrics.request_refused("WrongSecret");
        metrics.upload_ended("Kept", 9);
        metrics.dropzone_notified("Notified");
        metrics.dropzone_removed("Expired");
        metrics.set_watch_stalled("Secret", true);
        metrics.set_leader(true);
        let lines = [
            r#"deputy_reconciles_total{kind="Widget",outcome="Done"} 1"#,
            r#"deputy_reconcile_seconds_count{kind="Widget"} 1"#,
            r#"deputy_status_writes_total{kind="Widget"} 1"#,
            r#"deputy_orphaned_total{kind="Widget"} 1"#,
            r#"deputy_provider_requests_total{host="api.vendor.example",status="200"} 1"#,
            r#"deputy_provider_requests_total{host="api.vendor.example",status="timeout"} 1"#,
            r#"deputy_sync_records_total{provider="vendor",dataset="mail"} 7"#,
            r#"deputy_sync_runs_total{outcome="Succeeded"} 1"#,
            r"deputy_sync_lag_seconds_sum 3.0",
            r#"deputy_scim_requests_total{operation="list",status="200"} 1"#,
            r#"deputy_requests_refused_total{reason="WrongSecret"} 1"#,
            r#"deputy_dropzone_uploads_total{outcome="Kept"} 1"#,
            r"deputy_dropzone_bytes_total 9",
            r#"deputy_dropzone_notifications_total{outcome="Notified"} 1"#,
            r#"deputy_dropzone_removed_total{reason="Expired"} 1"#,
            r#"deputy_watch_stalled{kind="Secret"} 1"#,
            r"deputy_leader 1",
        ];
        let text = metrics.render().unwrap();
        for line in lines {
            assert!(
                text.lines().any(|there| there == line),
                "{line} is not in\n{text}"
            );
        }
    }

    #[test]
    fn memory_is_measured_where_the_system_tells() {
        let Some(bytes) = resident_memory() else {
            assert!(!std::path::Path::new("/proc/self/status").exists());
            return;
        };
        assert!(bytes > 1024 * 1024, "{bytes}");
    }
}
