//! What to do with a stream, from its last commit and what is wanted now. Pure.

use crate::model::cursor::{Commit, Lineage};

/// What a run begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// There is nothing yet: list everything.
    Begin,
    /// Go on where the last commit stands.
    Resume,
    /// List everything again in a new generation; what is stored stays visible until then.
    BeginAnew(Cause),
    /// What is stored is more than is now allowed: erase it at once, then begin.
    Purge,
    /// What is stored is somebody else's: touch nothing.
    Refuse(Mismatch),
}

/// Why a new generation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
pub enum Cause {
    /// What is asked for has changed.
    QueryChanged,
    /// The user asked for it.
    ResyncRequested,
    /// The vendor no longer accepts the cursor.
    CursorExpired,
}

/// What of the lineage differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// `provider`, `tenant` or `user`.
    pub what: &'static str,
    /// What is stored.
    pub stored: String,
    /// What is wanted.
    pub wanted: String,
}

/// Decides how a run begins. `resync` is the value of the resync annotation, if there is one.
pub fn plan(last: Option<&Commit>, wanted: &Lineage, resync: Option<&str>) -> Plan {
    let Some(last) = last else {
        return Plan::Begin;
    };
    let stored = &last.checkpoint.lineage;
    if let Some(mismatch) = mismatch(stored, wanted) {
        return Plan::Refuse(mismatch);
    }
    if wanted.query.is_tighter_than(&stored.query) {
        return Plan::Purge;
    }
    if wanted.query != stored.query {
        return Plan::BeginAnew(Cause::QueryChanged);
    }
    if resync.is_some() && resync != last.checkpoint.resync.as_deref() {
        return Plan::BeginAnew(Cause::ResyncRequested);
    }
    Plan::Resume
}

fn mismatch(stored: &Lineage, wanted: &Lineage) -> Option<Mismatch> {
    [
        (
            "provider",
            stored.provider.as_str(),
            wanted.provider.as_str(),
        ),
        ("tenant", stored.tenant.as_str(), wanted.tenant.as_str()),
        ("user", stored.user.as_str(), wanted.user.as_str()),
    ]
    .into_iter()
    // What one side does not know, as a tenant without access to its directory, is no contradiction.
    .find(|(_, stored, wanted)| stored != wanted && !stored.is_empty() && !wanted.is_empty())
    .map(|(what, stored, wanted)| Mismatch {
        what,
        stored: stored.into(),
        wanted: wanted.into(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::account::UserId;
    use crate::model::cursor::{Checkpoint, Cursor, Phase, Query};
    use crate::model::dataset::Dataset;
    use crate::model::privacy::{MailLevel, Privacy};

    fn lineage(level: MailLevel) -> Lineage {
        let privacy = Privacy {
            mail: level,
            ..Privacy::default()
        };
        Lineage {
            provider: "vendor".into(),
            tenant: "acme.example".into(),
            user: UserId::new("1"),
            query: Query::of(Dataset::Mail, &privacy, None),
        }
    }

    fn commit(lineage: Lineage, resync: Option<&str>) -> Commit {
        Commit {
            sequence: 7,
            checkpoint: Checkpoint {
                lineage,
                generation: 2,
                phase: Phase::Following,
                cursor: Cursor(serde_json::json!(1)),
                failed: vec![],
                resync: resync.map(Into::into),
            },
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn every_case_has_its_plan() {
        let subject = || lineage(MailLevel::Subject);
        let other_tenant = Lineage {
            tenant: "other.example".into(),
            ..subject()
        };
        let mismatch = Mismatch {
            what: "tenant",
            stored: "other.example".into(),
            wanted: "acme.example".into(),
        };
        for (last, resync, expected) in [
            (None, None, Plan::Begin),
            (Some(commit(subject(), None)), None, Plan::Resume),
            (
                Some(commit(subject(), None)),
                Some("a"),
                Plan::BeginAnew(Cause::ResyncRequested),
            ),
            (Some(commit(subject(), Some("a"))), Some("a"), Plan::Resume),
            (Some(commit(subject(), Some("a"))), None, Plan::Resume),
            (
                Some(commit(lineage(MailLevel::Full), None)),
                None,
                Plan::Purge,
            ),
            (
                Some(commit(lineage(MailLevel::Metadata), None)),
                None,
                Plan::BeginAnew(Cause::QueryChanged),
            ),
            (
                Some(commit(other_tenant, None)),
                None,
                Plan::Refuse(mismatch),
            ),
        ] {
            assert_eq!(
                plan(last.as_ref(), &subject(), resync),
                expected,
                "{last:?}"
            );
        }
    }
}
