//! What every destination does to a batch before it writes it.

use std::collections::HashSet;

use crate::model::row::Change;

/// Keeps the last change of every key: a commit knows one row per key.
pub(super) fn last_of_each_key(mut changes: Vec<Change>) -> Vec<Change> {
    let mut seen = HashSet::with_capacity(changes.len());
    let mut keep: Vec<bool> = changes
        .iter()
        .rev()
        .map(|change| seen.insert(change.key()))
        .collect();
    drop(seen);
    changes.retain(|_| keep.pop().unwrap_or(true));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::RecordKey;

    #[test]
    fn the_last_change_of_a_key_wins_and_the_order_stays() {
        let delete = |id: &str| Change::Delete(RecordKey::plain(id));
        let upsert = |id: &str| {
            let record = crate::model::record::Record::File(Box::default());
            Change::Upsert(RecordKey::plain(id), record)
        };
        let changes = vec![
            upsert("a"),
            upsert("b"),
            delete("a"),
            upsert("c"),
            upsert("b"),
        ];
        let kept = last_of_each_key(changes);
        assert_eq!(kept, vec![delete("a"), upsert("c"), upsert("b")]);
    }
}
