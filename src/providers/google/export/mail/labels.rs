//! Labels that keep a message out. They are configured by name and messages carry ids.

use std::collections::{HashMap, HashSet};

use super::wire::{LABELS, Label, Labels};
use crate::providers::Error;
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::{Ask, Source};

/// The labels that keep a message out, by name, and what is known of the mailbox's labels.
pub(super) struct ExcludedLabels {
    /// Lower-case.
    names: Vec<String>,
    /// Whether the label of an id keeps a message out. As many as the mailbox has labels, at most 10,000.
    by_id: HashMap<String, bool>,
}

impl ExcludedLabels {
    /// Makes a list of which nothing is resolved yet.
    pub(super) fn new(names: &[String]) -> Self {
        Self {
            names: names.iter().map(|name| name.to_lowercase()).collect(),
            by_id: HashMap::new(),
        }
    }

    /// Reads the mailbox's labels if one of `ids` is not known: a mailbox without exclusions, or without anything
    /// new, costs no request. An id that the vendor does not list either is not asked for again.
    pub(super) async fn resolve<A: Ask>(
        &mut self,
        source: Source<'_, A>,
        ids: impl Iterator<Item = &String>,
    ) -> Result<(), Error> {
        let unknown: HashSet<&String> = ids.filter(|id| !self.by_id.contains_key(*id)).collect();
        if self.names.is_empty() || unknown.is_empty() {
            return Ok(());
        }
        let query = [("fields", "labels(id,name)")];
        let reply: Labels = source.get(Method::LabelsList, LABELS, &query).await?;
        for id in unknown {
            self.by_id.insert(id.clone(), false);
        }
        for label in reply.labels {
            let excluded = self.names_keep_out(&label);
            self.by_id.insert(label.id, excluded);
        }
        Ok(())
    }

    /// Returns whether one of these labels keeps a message out.
    pub(super) fn keep_out(&self, ids: &[String]) -> bool {
        !self.names.is_empty()
            && ids.iter().any(|id| {
                let by_name = self.by_id.get(id).copied().unwrap_or_default();
                by_name || self.names.contains(&id.to_lowercase())
            })
    }

    /// A label beneath an excluded one is excluded with it, as a subdomain is with its domain.
    fn names_keep_out(&self, label: &Label) -> bool {
        let name = label.name.to_lowercase();
        self.names.iter().any(|excluded| {
            name.strip_prefix(excluded.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Personal", true)]
    #[case("PERSONAL", true)]
    #[case("Personal/Taxes", true)]
    #[case("Personalities", false)]
    #[case("My/Personal", false)]
    fn a_label_goes_with_the_one_above_it(#[case] name: &str, #[case] out: bool) {
        let excluded = ExcludedLabels::new(&["Personal".into()]);
        let label = Label {
            id: "Label_1".into(),
            name: name.into(),
        };
        assert_eq!(excluded.names_keep_out(&label), out);
    }

    #[test]
    fn a_system_label_is_known_by_its_id() {
        let excluded = ExcludedLabels::new(&["spam".into()]);
        assert!(excluded.keep_out(&["UNREAD".into(), "SPAM".into()]));
        assert!(!excluded.keep_out(&["UNREAD".into()]));
        assert!(!ExcludedLabels::new(&[]).keep_out(&["SPAM".into()]));
    }
}
