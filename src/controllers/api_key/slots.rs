//! How a Secret holds keys: one in use, and beside it the next one until it is known to be good. Pure.
//!
//! ```text
//! <entry>           the key in use              deputy.dev/key-id, deputy.dev/key-sequence
//! next-<entry>      a key that is to be tried   deputy.dev/next-key-id, deputy.dev/next-key-sequence
//! draft-<entry>     its material, before the vendor has heard of it
//! previous-<entry>  a key that was in use, until the vendor says that it is dead (adopted keys only)
//! ```
//!
//! Whoever reads the Secret by the names of the first line never sees a key that is not good yet.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use crate::kube_io::vault::{Change, Stored};
use crate::model::secret::Credentials;

pub(super) const NEXT: &str = "next-";
pub(super) const DRAFT: &str = "draft-";
pub(super) const PREVIOUS: &str = "previous-";

/// Whose keys the Secret holds: the UID of an `ApiKey`.
const HOLDER: &str = "deputy.dev/api-key-uid";
const ID: &str = "deputy.dev/key-id";
const SEQUENCE: &str = "deputy.dev/key-sequence";
const NEXT_ID: &str = "deputy.dev/next-key-id";
const NEXT_SEQUENCE: &str = "deputy.dev/next-key-sequence";

/// Returns the entries that are in use, without those that wait for their turn.
pub fn in_use(entries: &Credentials) -> Credentials {
    let waits = |name: &str| {
        [NEXT, DRAFT, PREVIOUS]
            .iter()
            .any(|slot| name.starts_with(slot))
    };
    entries.filtered(|name| !waits(name))
}

/// A Secret, read as slots.
#[derive(Clone, Copy)]
pub(super) struct Slots<'a> {
    /// As it was read; none where there is none.
    pub(super) stored: Option<&'a Stored>,
    /// The names of the entries of one key.
    pub(super) names: &'a [&'a str],
}

impl Slots<'_> {
    fn entries(&self) -> Credentials {
        let stored = self.stored.map(|stored| stored.entries.clone());
        stored.unwrap_or_default()
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        let stored = self.stored?;
        stored.annotations.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.annotation(name)?.parse().ok()
    }

    /// Returns the key in use, if it is whole.
    pub(super) fn current(&self) -> Option<Credentials> {
        self.entries().whole(self.names)
    }

    /// Returns the key that is to be tried, if it is whole.
    pub(super) fn next(&self) -> Option<Credentials> {
        self.entries().stripped(NEXT).whole(self.names)
    }

    /// Returns the key that was in use, if it is whole.
    pub(super) fn previous(&self) -> Option<Credentials> {
        self.entries().stripped(PREVIOUS).whole(self.names)
    }

    /// Returns the material of a key that the vendor may not have heard of yet.
    pub(super) fn draft(&self) -> Option<Credentials> {
        Some(self.entries().stripped(DRAFT)).filter(|draft| !draft.is_empty())
    }

    /// Returns the id of the key in use.
    pub(super) fn id(&self) -> Option<&str> {
        self.annotation(ID)
    }

    /// Returns which of the object's keys is in use.
    pub(super) fn sequence(&self) -> Option<u32> {
        self.number(SEQUENCE)
    }

    /// Returns the id of the key that is to be tried.
    pub(super) fn next_id(&self) -> Option<&str> {
        self.annotation(NEXT_ID)
    }

    /// Returns which of the object's keys is to be tried.
    pub(super) fn next_sequence(&self) -> Option<u32> {
        self.number(NEXT_SEQUENCE)
    }

    /// Returns whether the Secret holds the keys of this object.
    pub(super) fn is_held_by(&self, uid: &str) -> bool {
        let owners = self.stored.map(|stored| stored.owners.as_slice());
        let owns = owners
            .unwrap_or_default()
            .iter()
            .any(|owner| owner.uid == uid);
        owns || self.annotation(HOLDER) == Some(uid)
    }

    fn waiting(&self) -> BTreeSet<String> {
        let stored = self.stored.map(|stored| &stored.entries);
        let names = stored.into_iter().flat_map(Credentials::names);
        let waits = |name: &&str| name.starts_with(NEXT) || name.starts_with(DRAFT);
        names.filter(waits).map(str::to_owned).collect()
    }

    /// Returns the change that puts a key's material beside the key in use.
    pub(super) fn with_draft(&self, holder: &Holder, sequence: u32, draft: &Credentials) -> Change {
        self.beside(holder, sequence, draft.prefixed(DRAFT), None)
    }

    /// Returns the change that puts a key beside the key in use.
    pub(super) fn with_next(
        &self,
        holder: &Holder,
        sequence: u32,
        id: &str,
        entries: &Credentials,
    ) -> Change {
        self.beside(
            holder,
            sequence,
            entries.prefixed(NEXT),
            Some(id.to_owned()),
        )
    }

    fn beside(
        &self,
        holder: &Holder,
        sequence: u32,
        set: Credentials,
        id: Option<String>,
    ) -> Change {
        let mut remove = self.waiting();
        remove.retain(|name| set.get(name).is_none());
        let annotations = BTreeMap::from([
            (HOLDER.to_owned(), Some(holder.uid.clone())),
            (NEXT_SEQUENCE.to_owned(), Some(sequence.to_string())),
            (NEXT_ID.to_owned(), id),
        ]);
        Change {
            set,
            remove,
            annotations,
            owners: holder.owners(self.stored),
        }
    }

    /// Returns the change that takes the next key into use. The one that was in use is kept where `keep_previous`.
    pub(super) fn promoted(
        &self,
        holder: &Holder,
        (sequence, id): (u32, &str),
        keep_previous: bool,
    ) -> Change {
        let mut set = self.next().unwrap_or_default();
        if let Some(current) = self.current().filter(|_| keep_previous) {
            set = set.with(current.prefixed(PREVIOUS));
        }
        let annotations = BTreeMap::from([
            (HOLDER.to_owned(), Some(holder.uid.clone())),
            (SEQUENCE.to_owned(), Some(sequence.to_string())),
            (ID.to_owned(), Some(id.to_owned())),
            (NEXT_SEQUENCE.to_owned(), None),
            (NEXT_ID.to_owned(), None),
        ]);
        Change {
            set,
            remove: self.waiting(),
            annotations,
            owners: holder.owners(self.stored),
        }
    }

    /// Returns the change that takes away all that its holder has put beside the key in use; none where that is nothing.
    pub(super) fn tidied(&self, uid: &str) -> Option<Change> {
        if self.annotation(HOLDER) != Some(uid) {
            return None;
        }
        let notes = [HOLDER, ID, SEQUENCE, NEXT_ID, NEXT_SEQUENCE];
        Some(Change {
            remove: self.waiting(),
            annotations: notes.map(|name| (name.to_owned(), None)).into(),
            ..Change::default()
        })
    }

    /// Returns the change that takes away a key that was in use.
    pub(super) fn without_previous(&self) -> Change {
        let stored = self.stored.map(|stored| &stored.entries);
        let names = stored.into_iter().flat_map(Credentials::names);
        let previous = names.filter(|name| name.starts_with(PREVIOUS));
        Change {
            remove: previous.map(str::to_owned).collect(),
            ..Change::default()
        }
    }
}

/// The object whose keys a Secret holds.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    /// Its UID.
    pub(super) uid: String,
    /// The reference by which the Secret goes with the object; none where the Secret is to outlive it.
    pub(super) owner: Option<OwnerReference>,
}

impl Holder {
    /// Returns whose the Secret is to be; none where nothing changes.
    pub(super) fn owners(&self, stored: Option<&Stored>) -> Option<Vec<OwnerReference>> {
        let before = stored
            .map(|stored| stored.owners.as_slice())
            .unwrap_or_default();
        let others = before.iter().filter(|owner| owner.uid != self.uid);
        let after: Vec<_> = others.chain(&self.owner).cloned().collect();
        (after != before).then_some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["api-key", "api-secret"];

    fn entries(value: &str) -> Credentials {
        let entry = |name: &&str| ((*name).to_owned(), value.as_bytes().to_vec());
        Credentials::new(NAMES.iter().map(entry))
    }

    fn holder(owner: bool) -> Holder {
        Holder {
            uid: "uid".into(),
            owner: owner.then(|| OwnerReference {
                uid: "uid".into(),
                name: "okta".into(),
                ..OwnerReference::default()
            }),
        }
    }

    fn slots(stored: &Stored) -> Slots<'_> {
        Slots {
            stored: Some(stored),
            names: NAMES,
        }
    }

    #[test]
    fn a_key_goes_from_draft_to_next_to_use_and_nothing_waits_after_it() {
        let nothing = Slots {
            stored: None,
            names: NAMES,
        };
        let draft = Credentials::new([("private".to_owned(), b"d".to_vec())]);
        let stored = Stored::changed(None, &nothing.with_draft(&holder(true), 1, &draft), 1);
        assert!(slots(&stored).draft().is_some() && slots(&stored).current().is_none());
        assert_eq!(
            (slots(&stored).next_sequence(), slots(&stored).next_id()),
            (Some(1), None)
        );
        let change = slots(&stored).with_next(&holder(true), 1, "id-1", &entries("one"));
        let stored = Stored::changed(Some(&stored), &change, 2);
        assert!(slots(&stored).draft().is_none() && slots(&stored).current().is_none());
        assert_eq!(slots(&stored).next_id(), Some("id-1"));
        let change = slots(&stored).promoted(&holder(true), (1, "id-1"), false);
        let stored = Stored::changed(Some(&stored), &change, 3);
        let slots = slots(&stored);
        assert_eq!(
            slots.current().unwrap().fingerprint(),
            entries("one").fingerprint()
        );
        assert!(slots.next().is_none() && slots.previous().is_none());
        assert_eq!(
            (slots.id(), slots.sequence(), slots.next_id()),
            (Some("id-1"), Some(1), None)
        );
        assert!(slots.is_held_by("uid") && !slots.is_held_by("another"));
    }

    #[test]
    fn what_others_have_put_there_stays() {
        let theirs = Credentials::new([("theirs".to_owned(), b"x".to_vec())]);
        let owner = OwnerReference {
            uid: "theirs".into(),
            ..OwnerReference::default()
        };
        let stored = Stored {
            version: Some("1".into()),
            entries: theirs.with(entries("old")),
            annotations: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
            owners: vec![owner.clone()],
        };
        let change = slots(&stored).with_next(&holder(true), 1, "id", &entries("new"));
        let stored = Stored::changed(Some(&stored), &change, 2);
        let change = slots(&stored).promoted(&holder(true), (1, "id"), true);
        let stored = Stored::changed(Some(&stored), &change, 3);
        assert!(stored.entries.get("theirs").is_some());
        assert_eq!(stored.annotations["a"], "b");
        assert_eq!(stored.owners, [owner, holder(true).owner.unwrap()]);
        let previous = slots(&stored).previous().unwrap();
        assert_eq!(previous.fingerprint(), entries("old").fingerprint());
        let stored = Stored::changed(Some(&stored), &slots(&stored).without_previous(), 4);
        assert!(slots(&stored).previous().is_none() && slots(&stored).current().is_some());
    }

    #[test]
    fn a_reader_sees_only_what_is_in_use() {
        let waiting = [NEXT, DRAFT, PREVIOUS].map(|slot| entries("x").prefixed(slot));
        let [next, draft, previous] = waiting;
        let all = entries("y").with(next).with(draft).with(previous);
        assert_eq!(in_use(&all).names().collect::<Vec<_>>(), NAMES);
    }

    #[test]
    fn a_secret_that_is_to_outlive_the_object_is_let_go_of() {
        let stored = Stored {
            version: None,
            entries: Credentials::default(),
            annotations: BTreeMap::new(),
            owners: holder(true).owner.into_iter().collect(),
        };
        assert_eq!(holder(true).owners(Some(&stored)), None);
        assert_eq!(holder(false).owners(Some(&stored)), Some(Vec::new()));
    }
}
