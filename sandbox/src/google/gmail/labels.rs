//! Labels, as a set of bits per message.

use serde_json::{Value, json};

/// Labels that every mailbox has.
const SYSTEM: &[&str] = &[
    "INBOX",
    "SENT",
    "DRAFT",
    "TRASH",
    "SPAM",
    "UNREAD",
    "STARRED",
    "IMPORTANT",
    "CHAT",
    "CATEGORY_PERSONAL",
    "CATEGORY_SOCIAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_UPDATES",
    "CATEGORY_FORUMS",
];
/// Labels that generated mailboxes have besides.
const OWN: &[&str] = &["Projects", "Reisen/2026", "重要"];
/// The first category.
const FIRST_CATEGORY: usize = 9;
/// Bits in a set.
const MOST: usize = 64;

/// The labels of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LabelSet(u64);

impl LabelSet {
    pub(crate) fn with(self, index: usize) -> Self {
        let bit = u32::try_from(index)
            .ok()
            .and_then(|index| 1_u64.checked_shl(index));
        Self(self.0 | bit.unwrap_or(0))
    }

    pub(crate) fn has(self, index: usize) -> bool {
        self.contains(Self::default().with(index))
    }

    pub(crate) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A mailbox's labels.
#[derive(Debug)]
pub(crate) struct LabelTable {
    /// Ids and names; the position is the bit.
    labels: Vec<(String, String)>,
}

pub(crate) const INBOX: usize = 0;
pub(crate) const SENT: usize = 1;
pub(crate) const TRASH: usize = 3;
pub(crate) const SPAM: usize = 4;
pub(crate) const UNREAD: usize = 5;
pub(crate) const STARRED: usize = 6;
pub(crate) const IMPORTANT: usize = 7;

/// The bit of a category, 0 to 4.
pub(crate) fn category(nth: usize) -> usize {
    FIRST_CATEGORY + nth
}

/// The bit of one of the labels that generated mailboxes have, 0 to 2.
pub(crate) fn own(nth: usize) -> usize {
    SYSTEM.len() + nth
}

impl Default for LabelTable {
    fn default() -> Self {
        let system = SYSTEM
            .iter()
            .map(|name| ((*name).to_owned(), (*name).to_owned()));
        let own = OWN
            .iter()
            .enumerate()
            .map(|(nth, name)| (format!("Label_{}", nth + 1), (*name).to_owned()));
        Self {
            labels: system.chain(own).collect(),
        }
    }
}

impl LabelTable {
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.labels.iter().position(|(known, _)| known == id)
    }

    /// A label by id, or by name in any case.
    pub(crate) fn find_by_name(&self, name: &str) -> Option<usize> {
        let hyphened = |text: &str| text.to_lowercase().replace([' ', '/'], "-");
        self.find(name).or_else(|| {
            self.labels
                .iter()
                .position(|(_, known)| hyphened(known) == hyphened(name))
        })
    }

    /// The set of these ids; the error is the one that does not exist.
    pub(crate) fn set<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Result<LabelSet, String> {
        let mut set = LabelSet::default();
        for id in ids {
            set = set.with(self.find(id).ok_or_else(|| id.to_owned())?);
        }
        Ok(set)
    }

    /// Makes a label of one's own, unless it exists or there are too many.
    pub(crate) fn make(&mut self, id: &str) -> Option<usize> {
        if let Some(found) = self.find(id) {
            return Some(found);
        }
        if self.labels.len() >= MOST {
            return None;
        }
        self.labels.push((id.to_owned(), id.to_owned()));
        Some(self.labels.len() - 1)
    }

    /// The ids of a set.
    pub(crate) fn ids(&self, set: LabelSet) -> Vec<String> {
        let present = self
            .labels
            .iter()
            .enumerate()
            .filter(|(index, _)| set.has(*index));
        present.map(|(_, (id, _))| id.clone()).collect()
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        (0..self.labels.len())
            .filter_map(|index| self.resource(index))
            .collect()
    }

    pub(crate) fn resource(&self, index: usize) -> Option<Value> {
        let (id, name) = self.labels.get(index)?;
        if index < SYSTEM.len() {
            return Some(json!({ "id": id, "name": name, "type": "system" }));
        }
        Some(
            json!({ "id": id, "name": name, "messageListVisibility": "show",
            "labelListVisibility": "labelShow", "type": "user" }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_keep_what_they_are_given() {
        let mut table = LabelTable::default();
        let set = table.set(["INBOX", "Label_2"].into_iter()).unwrap();
        assert_eq!(table.ids(set), ["INBOX", "Label_2"]);
        assert_eq!(
            set.minus(LabelSet::default().with(INBOX)),
            LabelSet::default().with(own(1))
        );
        assert_eq!(
            table.set(["INBOX", "Nope"].into_iter()),
            Err("Nope".to_owned())
        );
        assert_eq!(table.find_by_name("reisen-2026"), Some(own(1)));
        assert_eq!(table.find("CATEGORY_FORUMS"), Some(category(4)));
        for n in 0..100 {
            let made = table.make(&format!("Label_new_{n}"));
            assert_eq!(made.is_some(), n < MOST - SYSTEM.len() - OWN.len(), "{n}");
        }
    }
}
