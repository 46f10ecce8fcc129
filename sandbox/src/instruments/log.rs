//! The request log: every vendor call, who it was for and how it ended. Never a token.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::Serialize;

/// The oldest entries are dropped beyond this, so that a long run does not fill the memory.
const KEPT: usize = 500_000;

/// What the vendor's side knows about a call beyond its request line.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Witness {
    pub(crate) vendor: &'static str,
    pub(crate) api: &'static str,
    pub(crate) client_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) names: Vec<String>,
}

/// One call.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) witness: Witness,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) status: u16,
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) batch: Option<u64>,
}

/// How many calls there were, by vendor and API.
pub(crate) type Counts = BTreeMap<&'static str, BTreeMap<&'static str, u64>>;

/// The log and the counters.
#[derive(Debug)]
pub(crate) struct Log {
    enabled: AtomicBool,
    next: AtomicU64,
    throttled: AtomicU64,
    entries: Mutex<VecDeque<Entry>>,
    counts: Mutex<Counts>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            enabled: AtomicBool::new(true),
            next: AtomicU64::new(1),
            throttled: AtomicU64::new(0),
            entries: Mutex::default(),
            counts: Mutex::default(),
        }
    }
}

impl Log {
    pub(crate) fn enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    pub(crate) fn enable(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// The number that a call's entry will have.
    pub(crate) fn reserve(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn count(&self, vendor: &'static str, api: &'static str, throttled: bool) {
        let mut counts = self.counts.lock();
        *counts.entry(vendor).or_default().entry(api).or_default() += 1;
        self.throttled
            .fetch_add(u64::from(throttled), Ordering::Relaxed);
    }

    pub(crate) fn push(&self, entry: Entry) {
        let mut entries = self.entries.lock();
        if entries.len() >= KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// The entries from number `since` on, and the number to ask for next.
    pub(crate) fn since(&self, since: u64) -> (Vec<Entry>, u64) {
        let entries = self.entries.lock();
        let mut found: Vec<Entry> = entries
            .iter()
            .filter(|entry| entry.seq >= since)
            .cloned()
            .collect();
        found.sort_by_key(|entry| entry.seq);
        (found, self.next.load(Ordering::Relaxed))
    }

    pub(crate) fn clear(&self) {
        self.entries.lock().clear();
    }

    pub(crate) fn counts(&self) -> (Counts, u64) {
        (
            self.counts.lock().clone(),
            self.throttled.load(Ordering::Relaxed),
        )
    }
}
