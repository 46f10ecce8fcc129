//! What a person did, by the company's log: each entry once, as it was written. What others did with their packages is in the
//! lists of those.
//!
//! The vendor keeps entries for 90 days. A stream that was not read for longer says so in a row of its own, of the kind `GAP`.
//!
//! Source: sendsafely.zendesk.com article 16680201903885 and SendSafely/Code-Examples, "Get Audit Log Using Powershell" (the
//! filters, the form of times, rows and pages in the body), read 2026-11-27.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::entry::{Entry, time};
use super::kind::{Asking, Head, Kind, PAGE_ROWS, Row, Window};
use super::wire::List;
use crate::model::dataset::Dataset;
use crate::model::record::{Activity, Record};
use crate::providers::reading::items::{self, Item, Misread};
use crate::providers::sendsafely::api::Method;

/// The kind of the row that tells of what could not be read.
const GAP: &str = "GAP";

/// The log of one person.
pub(super) struct Activities;

/// The form in which the vendor's own script sends times.
fn moment(at: Timestamp) -> String {
    let utc = at.to_zoned(TimeZone::UTC);
    utc.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn is_same(who: Option<&str>, subject: &str) -> bool {
    who.is_some_and(|who| who.trim().eq_ignore_ascii_case(subject))
}

impl Kind for Activities {
    const DATASET: Dataset = Dataset::Activity;
    const METHOD: Method = Method::AuditLogs;
    // An entry that is written later than this after what it tells of would be missed.
    const LOOK_BACK: SignedDuration = SignedDuration::from_hours(1);
    const SLACK: SignedDuration = SignedDuration::ZERO;
    // Entries do not change, and older ones than the vendor keeps are to stay.
    const COMPARED_AFTER: Option<SignedDuration> = None;
    const KEPT: Option<SignedDuration> = Some(SignedDuration::from_hours(90 * 24));

    fn asking(subject: &str, window: Window, row: u64) -> Asking {
        let body = json!({
            "authenticatedUser": subject, "pageSize": PAGE_ROWS, "rowIndex": row,
            "minTimestamp": window.from.map(moment), "maxTimestamp": window.until.map(moment),
        });
        Asking::new(row, body)
    }

    fn query(_: &Asking) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn rows(list: &List) -> Option<Vec<Item>> {
        list.only()
    }

    fn head(item: &Item) -> Result<Head, Misread> {
        let entry: Entry = items::read(item)?;
        Ok(Head {
            id: entry
                .event_id
                .filter(|id| !id.is_empty())
                .ok_or(Misread("an entry has no id"))?,
            at: entry.timestamp.as_deref().and_then(time),
        })
    }

    fn read(item: &Item, subject: &str) -> Result<Row, Misread> {
        let entry: Entry = items::read(item)?;
        if !is_same(entry.authenticated_user.as_deref(), subject) {
            return Ok(Row::NotTheirs);
        }
        let details = entry.details();
        let text = |name: &str| details.get(name)?.as_str().map(str::to_owned);
        let activity = Activity {
            package_id: text("packageId"),
            package_owner: text("packageOwner"),
            occurred_at: entry.timestamp.as_deref().and_then(time),
            kind: entry.event_type,
            action: entry.action,
            actor: entry.authenticated_user,
            impersonated: entry.impersonated_user,
            ip_address: entry.ip_address,
            vendor: Some(details.into()),
        };
        Ok(Row::Theirs(Box::new(Record::Activity(Box::new(activity)))))
    }

    fn gap(subject: &str, from: Timestamp, until: Timestamp) -> Option<(String, Record)> {
        let activity = Activity {
            kind: Some(GAP.to_owned()),
            action: Some("NOT_READ".to_owned()),
            occurred_at: Some(from),
            actor: Some(subject.to_owned()),
            vendor: Some(json!({"until": until})),
            ..Activity::default()
        };
        let id = format!("gap-{}", from.as_second());
        Some((id, Record::Activity(Box::new(activity))))
    }
}
