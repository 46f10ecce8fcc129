//! What the conditions of all objects say, counted together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::labels::ConditionLabels;

/// How one condition of one object is counted. All objects that say the same share the text.
pub type Counted = Arc<ConditionLabels>;

#[derive(Debug)]
pub(super) struct ConditionCounts {
    counts: Mutex<HashMap<Counted, i64>>,
    series: Family<ConditionLabels, Gauge>,
}

impl ConditionCounts {
    pub(super) fn new(series: Family<ConditionLabels, Gauge>) -> Self {
        Self {
            counts: Mutex::default(),
            series,
        }
    }

    pub(super) fn count(&self, labels: ConditionLabels) -> Counted {
        let mut counts = self.lock();
        let known = counts.get_key_value(&labels);
        let counted = known.map_or_else(|| Arc::new(labels), |(known, _)| Arc::clone(known));
        let count = counts.entry(Arc::clone(&counted)).or_default();
        *count += 1;
        self.series.get_or_create(&counted).set(*count);
        counted
    }

    /// A series that counts nothing any more is removed: no ghosts.
    pub(super) fn discount(&self, counted: &Counted) {
        let mut counts = self.lock();
        let Some(count) = counts.get_mut(counted) else {
            return;
        };
        *count -= 1;
        if *count > 0 {
            self.series.get_or_create(counted).set(*count);
        } else {
            counts.remove(counted);
            self.series.remove(counted);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Counted, i64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;

    fn ready(status: &str, reason: &str) -> [ConditionLabels; 1] {
        [ConditionLabels {
            kind: "Widget",
            r#type: "Ready".to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
        }]
    }

    fn series(metrics: &Metrics) -> Vec<String> {
        let text = metrics.render().unwrap();
        text.lines()
            .filter_map(|line| line.strip_prefix("deputy_conditions{"))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn conditions_are_counted_over_objects_and_leave_no_ghosts() {
        let metrics = Metrics::new();
        let well = r#"kind="Widget",type="Ready",status="True",reason="AllWell"}"#;
        let refused = r#"kind="Widget",type="Ready",status="False",reason="KeyRevoked"}"#;
        let one = metrics.recount_conditions(&[], ready("True", "AllWell"));
        let other = metrics.recount_conditions(&[], ready("True", "AllWell"));
        assert!(Arc::ptr_eq(&one[0], &other[0]));
        assert_eq!(series(&metrics), [format!("{well} 2")]);
        let one = metrics.recount_conditions(&one, ready("True", "AllWell"));
        assert_eq!(series(&metrics), [format!("{well} 2")]);
        let one = metrics.recount_conditions(&one, ready("False", "KeyRevoked"));
        metrics.recount_conditions(&other, []);
        assert_eq!(series(&metrics), [format!("{refused} 1")]);
        metrics.recount_conditions(&one, []);
        assert!(series(&metrics).is_empty());
    }
}
