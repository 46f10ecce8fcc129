//! What the runner remembers of each object between passes: in memory only, gone with the object.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kube::runtime::reflector::Store;
use kube::{Resource, ResourceExt};

use crate::api::FLUX_REQUESTED_AT;
use crate::kube_io::guarded::Guarded;
use crate::kube_io::key::ObjectKey;
use crate::kube_io::{ANNOTATION_PREFIX, FINALIZER};
use crate::telemetry::metrics::Counted;

pub(super) struct Ledger<K: Resource<DynamicType = ()> + Clone + 'static> {
    cache: Store<Guarded<K>>,
    entries: Mutex<HashMap<ObjectKey, Entry<K>>>,
}

struct Entry<K> {
    uid: Option<String>,
    /// The digest of what was last worth a pass.
    digest: Option<u64>,
    /// Passes in a row that asked for back-off.
    failures: u32,
    /// What we wrote, as long as the cache may not have it yet.
    written: Option<Arc<K>>,
    counted: Vec<Counted>,
}

impl<K> Default for Entry<K> {
    fn default() -> Self {
        Self {
            uid: None,
            digest: None,
            failures: 0,
            written: None,
            counted: Vec::new(),
        }
    }
}

impl<K: Resource<DynamicType = ()> + Clone> Ledger<K> {
    pub(super) fn new(cache: Store<Guarded<K>>) -> Self {
        Self {
            cache,
            entries: Mutex::default(),
        }
    }

    /// Tells whether an object differs from what was last seen in anything but its status.
    pub(super) fn is_news(&self, key: &ObjectKey, object: &Guarded<K>) -> bool {
        let digest = digest(object, matches!(object, Guarded::Decoded(_)));
        let mut entries = self.lock();
        let entry = entry(&mut entries, key, object);
        if entry
            .written
            .as_ref()
            .is_some_and(|written| !is_older(object, &**written))
        {
            entry.written = None;
        }
        entry.digest.replace(digest) != Some(digest)
    }

    /// Returns the newest that is known of an object: the cache may lag behind our own writes.
    pub(super) fn newest(&self, key: &ObjectKey, cached: &Arc<K>) -> Arc<K> {
        let mut entries = self.lock();
        let entry = entry(&mut entries, key, &**cached);
        match &entry.written {
            Some(written) if is_older(&**cached, &**written) => Arc::clone(written),
            _ => Arc::clone(cached),
        }
    }

    /// Remembers what we wrote, which is no news when it comes back.
    pub(super) fn wrote(&self, key: &ObjectKey, object: &Arc<K>) {
        let mut entries = self.lock();
        let entry = entry(&mut entries, key, &**object);
        entry.digest = Some(digest(&**object, true));
        // The watch may have been faster than the reply. Looked up under the lock, so that what comes later is seen.
        let cached = self.cache.get(&key.to_ref());
        let is_behind = cached.is_none_or(|cached| is_older(&*cached, &**object));
        entry.written = is_behind.then(|| Arc::clone(object));
    }

    /// Counts a failure; returns how many there were in a row.
    pub(super) fn failed(&self, key: &ObjectKey) -> u32 {
        let mut entries = self.lock();
        let entry = entries.entry(key.clone()).or_default();
        entry.failures = entry.failures.saturating_add(1);
        entry.failures
    }

    pub(super) fn succeeded(&self, key: &ObjectKey) {
        if let Some(entry) = self.lock().get_mut(key) {
            entry.failures = 0;
        }
    }

    /// Lets the object's conditions be counted anew, given how they were counted before.
    pub(super) fn recount(
        &self,
        key: &ObjectKey,
        recount: impl FnOnce(&[Counted]) -> Vec<Counted>,
    ) {
        let mut entries = self.lock();
        let entry = entries.entry(key.clone()).or_default();
        entry.counted = recount(&entry.counted);
    }

    /// Forgets an object that is gone; returns how its conditions were counted.
    pub(super) fn forget(&self, key: &ObjectKey) -> Vec<Counted> {
        self.lock()
            .remove(key)
            .map_or_else(Vec::new, |entry| entry.counted)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectKey, Entry<K>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the entry of this very object: one of the same name that came later starts anew.
fn entry<'a, K>(
    entries: &'a mut HashMap<ObjectKey, Entry<K>>,
    key: &ObjectKey,
    object: &impl Resource,
) -> &'a mut Entry<K> {
    let entry = entries.entry(key.clone()).or_default();
    let uid = &object.meta().uid;
    if entry.uid != *uid {
        *entry = Entry {
            uid: uid.clone(),
            counted: std::mem::take(&mut entry.counted),
            ..Entry::default()
        };
    }
    entry
}

/// Resource versions of one kind are numbers that grow (promised since Kubernetes 1.35, true long before).
fn is_older(one: &impl Resource, other: &impl Resource) -> bool {
    match (version(one), version(other)) {
        (Some(one), Some(other)) => one < other,
        _ => false,
    }
}

fn version(object: &impl Resource) -> Option<u128> {
    object.meta().resource_version.as_ref()?.parse().ok()
}

/// Sums up what a pass depends on: the spec by its generation, deletion, the finalizers of others and the annotations that
/// ask for a pass. Our own finalizer is set and removed by passes, and must not cause one.
fn digest(object: &impl Resource, decoded: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    let meta = object.meta();
    let asked: Vec<_> = object
        .annotations()
        .iter()
        .filter(|(name, _)| name.starts_with(ANNOTATION_PREFIX) || *name == FLUX_REQUESTED_AT)
        .collect();
    let finalizers = object.finalizers().iter();
    let others: Vec<_> = finalizers.filter(|name| *name != FINALIZER).collect();
    let deleted = meta.deletion_timestamp.is_some();
    (decoded, &meta.uid, meta.generation, deleted).hash(&mut hasher);
    (others, asked).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::core::DeserializeGuard;
    use kube::runtime::{reflector, watcher};
    use serde_json::{Value, json};

    fn object(meta: &Value) -> Arc<ConfigMap> {
        let mut base = json!({"name": "a", "namespace": "b", "uid": "1", "generation": 1});
        for (name, value) in meta.as_object().unwrap() {
            base[name] = value.clone();
        }
        Arc::new(serde_json::from_value(json!({"metadata": base})).unwrap())
    }

    fn guarded(object: &Arc<ConfigMap>) -> Guarded<ConfigMap> {
        Guarded::new(DeserializeGuard(Ok(ConfigMap::clone(object))))
    }

    fn ledger() -> Ledger<ConfigMap> {
        Ledger::new(reflector::store().0)
    }

    fn key() -> ObjectKey {
        ObjectKey::new("b", "a")
    }

    #[test]
    fn only_what_a_pass_depends_on_is_news() {
        let cases = [
            (json!({"resourceVersion": "9"}), false),
            (json!({"labels": {"a": "b"}}), false),
            (json!({"annotations": {"other.example/a": "b"}}), false),
            (json!({"finalizers": [FINALIZER]}), false),
            (json!({"generation": 2}), true),
            (json!({"uid": "2"}), true),
            (json!({"finalizers": ["other.example/f"]}), true),
            (json!({"deletionTimestamp": "2026-01-01T00:00:00Z"}), true),
            (
                json!({"annotations": {"deputy.dev/reconcile-requested-at": "now"}}),
                true,
            ),
            (
                json!({"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}),
                true,
            ),
        ];
        for (meta, expected) in cases {
            let ledger = ledger();
            assert!(ledger.is_news(&key(), &guarded(&object(&json!({})))));
            assert!(!ledger.is_news(&key(), &guarded(&object(&json!({})))));
            let changed = guarded(&object(&meta));
            assert_eq!(ledger.is_news(&key(), &changed), expected, "{meta}");
        }
    }

    #[test]
    fn our_own_write_is_newer_than_the_cache_until_it_comes_back() {
        let ledger = ledger();
        let (old, ours) = (
            object(&json!({"resourceVersion": "99"})),
            object(&json!({"resourceVersion": "100", "finalizers": ["f"]})),
        );
        let newer = object(&json!({"resourceVersion": "101", "finalizers": ["f"]}));
        ledger.is_news(&key(), &guarded(&old));
        ledger.wrote(&key(), &ours);
        assert!(Arc::ptr_eq(&ledger.newest(&key(), &old), &ours));
        assert!(!ledger.is_news(&key(), &guarded(&ours)));
        assert!(Arc::ptr_eq(&ledger.newest(&key(), &newer), &newer));
        assert!(Arc::ptr_eq(&ledger.newest(&key(), &old), &old));
    }

    #[test]
    fn what_the_cache_has_already_is_not_kept_twice() {
        let (cache, mut writer) = reflector::store();
        let ledger = Ledger::new(cache);
        let (old, ours) = (
            object(&json!({"resourceVersion": "99"})),
            object(&json!({"resourceVersion": "100"})),
        );
        writer.apply_watcher_event(&watcher::Event::Apply(guarded(&ours)));
        ledger.wrote(&key(), &ours);
        assert!(Arc::ptr_eq(&ledger.newest(&key(), &old), &old));
    }

    #[test]
    fn another_object_of_the_same_name_starts_anew() {
        let ledger = ledger();
        let first = object(&json!({"resourceVersion": "5"}));
        ledger.is_news(&key(), &guarded(&first));
        ledger.wrote(&key(), &object(&json!({"resourceVersion": "7"})));
        assert_eq!(ledger.failed(&key()), 1);
        assert_eq!(ledger.failed(&key()), 2);
        let second = object(&json!({"uid": "2", "resourceVersion": "6"}));
        assert!(Arc::ptr_eq(&ledger.newest(&key(), &second), &second));
        assert_eq!(ledger.failed(&key()), 1);
        ledger.succeeded(&key());
        assert_eq!(ledger.failed(&key()), 1);
    }
}
