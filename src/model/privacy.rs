//! How much of a record may be asked for and kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a message is synced. Attachments never are. Each level holds all of the one before.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum MailLevel {
    /// No mail at all: the mailbox is not read.
    None,
    /// Who wrote to whom and when, labels and size; no subject.
    #[default]
    Metadata,
    /// The subject too.
    Subject,
    /// The text and HTML bodies too.
    Full,
}

/// How much of an event is synced. Each level holds all of the one before.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum CalendarLevel {
    /// No events at all: the calendars are not read.
    None,
    /// When, and whether it blocks the time.
    FreeBusy,
    /// Organizer, attendees and recurrence too; no title, text or place.
    #[default]
    Metadata,
    /// Title, description and location too.
    Full,
}

/// The privacy that is in force for one person: the connection's, tightened by theirs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Privacy {
    /// How much of a message.
    pub mail: MailLevel,
    /// How much of an event.
    pub calendar: CalendarLevel,
    /// A message or event with a participant in one of these domains is not stored; lower-case.
    pub exclude_domains: Vec<String>,
    /// A message with one of these labels (by name) is not stored.
    pub exclude_labels: Vec<String>,
}

impl Privacy {
    /// Returns the tighter of the two in every respect. It never loosens either.
    #[must_use]
    pub fn tightened_by(&self, other: &Self) -> Self {
        Self {
            mail: self.mail.min(other.mail),
            calendar: self.calendar.min(other.calendar),
            exclude_domains: union(&self.exclude_domains, &other.exclude_domains),
            exclude_labels: union(&self.exclude_labels, &other.exclude_labels),
        }
    }

    /// Returns whether a participant's address keeps a record out.
    pub fn excludes_address(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let domain = domain.trim_end_matches(['>', ' ']);
        self.exclude_domains.iter().any(|excluded| {
            domain.eq_ignore_ascii_case(excluded)
                || domain
                    .len()
                    .checked_sub(excluded.len() + 1)
                    .and_then(|cut| domain.split_at_checked(cut))
                    .is_some_and(|(_, tail)| {
                        tail.strip_prefix('.')
                            .is_some_and(|tail| tail.eq_ignore_ascii_case(excluded))
                    })
        })
    }
}

fn union(a: &[String], b: &[String]) -> Vec<String> {
    let mut all: Vec<String> = a.iter().chain(b).cloned().collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tightening_never_loosens() {
        let connection = Privacy {
            mail: MailLevel::Subject,
            ..Privacy::default()
        };
        let person = Privacy {
            mail: MailLevel::Full,
            calendar: CalendarLevel::FreeBusy,
            ..Privacy::default()
        };
        let both = connection.tightened_by(&person);
        assert_eq!(
            (both.mail, both.calendar),
            (MailLevel::Subject, CalendarLevel::FreeBusy)
        );
    }

    #[test]
    fn an_excluded_domain_takes_its_subdomains_along() {
        let privacy = Privacy {
            exclude_domains: vec!["lawyers.example".into()],
            ..Privacy::default()
        };
        for (address, out) in [
            ("sue@lawyers.example", true),
            ("sue@LAWYERS.example", true),
            ("sue@eu.lawyers.example", true),
            ("sue@notlawyers.example", false),
            ("lawyers.example@acme.example", false),
            ("nobody", false),
        ] {
            assert_eq!(privacy.excludes_address(address), out, "{address}");
        }
    }
}
