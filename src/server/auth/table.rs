//! A table that cannot grow beyond its bound, whoever fills it.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::Timestamp;

/// Entries by key, each with when it was last looked at.
pub(super) struct Table<K, V> {
    most: usize,
    entries: HashMap<K, (Timestamp, V)>,
}

impl<K: Hash + Eq + Clone, V: Default> Table<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            entries: HashMap::new(),
        }
    }

    /// Returns an entry, which is a new one where there was none. Where the table is full, the one that was not looked at for
    /// the longest time goes.
    pub(super) fn entry(&mut self, key: K, now: Timestamp) -> &mut V {
        if self.entries.len() >= self.most && !self.entries.contains_key(&key) {
            let oldest = self.entries.iter().min_by_key(|(_, (seen, _))| *seen);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&oldest);
            }
        }
        let (seen, value) = self
            .entries
            .entry(key)
            .or_insert_with(|| (now, V::default()));
        *seen = now;
        value
    }

    /// Returns an entry that is there.
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_forgets_whom_it_has_not_seen_for_the_longest_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut table: Table<u32, u32> = Table::new(2);
        *table.entry(1, at(1)) = 10;
        *table.entry(2, at(2)) = 20;
        table.entry(1, at(3));
        table.entry(3, at(4));
        assert_eq!(table.get(&1), Some(&10));
        assert_eq!(table.get(&2), None);
        assert_eq!(table.get(&3), Some(&0));
    }
}
