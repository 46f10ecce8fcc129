//! Events' JSON, as far as it is read. Of a calendar's window nothing can be selected: body and attendees always come,
//! and what a level excludes is dropped before anything else sees it.
//!
//! Source: learn.microsoft.com/graph/api/resources/event, …/patternedrecurrence and …/event-delta, read 2026-11-22.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::privacy::{CalendarLevel, Privacy};
use crate::providers::reading::items::Item;

/// What is asked of a single event, where something can be selected.
const TIMES: &str = "id,type,seriesMasterId,start,end,originalStart,originalStartTimeZone,isAllDay,isCancelled,showAs,\
     sensitivity,recurrence";
const PARTICIPANTS: &str = "organizer,attendees";
const METADATA: &str = "iCalUId,createdDateTime,lastModifiedDateTime,organizer,attendees";
const CONTENT: &str = "subject,body,location";

/// Returns what is asked of a single event. What a level excludes does not leave the vendor, but for the participants
/// where some are to be kept out.
pub(super) fn event_fields(privacy: &Privacy) -> String {
    let mut fields = vec![TIMES];
    if privacy.calendar >= CalendarLevel::Metadata {
        fields.push(METADATA);
    } else if !privacy.exclude_domains.is_empty() {
        fields.push(PARTICIPANTS);
    }
    if privacy.calendar >= CalendarLevel::Full {
        fields.push(CONTENT);
    }
    fields.join(",")
}

/// A page of the window.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// May be empty with more to follow.
    pub(super) value: Vec<Item>,
    /// More follows.
    #[serde(rename = "@odata.nextLink")]
    pub(super) next_link: Option<String>,
    /// Where the next round begins.
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta_link: Option<String>,
}

/// What every item has.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub(super) id: String,
    /// The event has left the window: deleted, or moved to another time, or never in it and changed.
    #[serde(rename = "@removed")]
    pub(super) removed: Option<IgnoredAny>,
}

/// An event. Of an occurrence only id, type, series, start and end are there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireEvent {
    pub(super) id: String,
    /// `singleInstance`, `occurrence`, `exception` or `seriesMaster`.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) series_master_id: Option<String>,
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
    pub(super) original_start: Option<String>,
    pub(super) original_start_time_zone: Option<String>,
    pub(super) is_all_day: Option<bool>,
    pub(super) is_cancelled: Option<bool>,
    /// `free`, `tentative`, `busy`, `oof`, `workingElsewhere` or `unknown`.
    pub(super) show_as: Option<String>,
    /// `normal`, `personal`, `private` or `confidential`.
    pub(super) sensitivity: Option<String>,
    pub(super) recurrence: Option<Recurrence>,
    #[serde(rename = "iCalUId")]
    pub(super) ical_uid: Option<String>,
    pub(super) created_date_time: Option<Timestamp>,
    pub(super) last_modified_date_time: Option<Timestamp>,
    pub(super) organizer: Option<Person>,
    pub(super) attendees: Vec<Attendee>,
    pub(super) subject: Option<String>,
    pub(super) body: Option<Body>,
    pub(super) location: Option<Location>,
}

impl WireEvent {
    /// Returns whether it is an occurrence that looks like its series.
    pub(super) fn is_occurrence(&self) -> bool {
        self.kind.as_deref() == Some("occurrence")
    }

    /// Returns whether it is a series.
    pub(super) fn is_series(&self) -> bool {
        self.kind.as_deref() == Some("seriesMaster")
    }

    /// Fills in what an occurrence has from its series.
    #[must_use]
    pub(super) fn of_series(self, series: &Self) -> Self {
        Self {
            id: self.id,
            kind: self.kind,
            series_master_id: self.series_master_id,
            start: self.start,
            end: self.end,
            original_start: self.original_start,
            recurrence: None,
            ..series.clone()
        }
    }
}

/// A time of the clock and the zone that it is told in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moment {
    /// Without an offset: `2026-02-01T09:00:00.0000000`.
    pub(super) date_time: String,
    /// The zone that was asked for, which is UTC.
    pub(super) time_zone: Option<String>,
}

/// Somebody.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    pub(super) email_address: Option<EmailAddress>,
}

/// An address.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct EmailAddress {
    pub(super) address: Option<String>,
}

/// Somebody who is invited.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attendee {
    pub(super) email_address: Option<EmailAddress>,
    /// `required`, `optional` or `resource`.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) status: Option<Response>,
}

/// What somebody answered.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Response {
    /// `none`, `organizer`, `tentativelyAccepted`, `accepted`, `declined` or `notResponded`.
    pub(super) response: Option<String>,
}

/// A text.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Body {
    pub(super) content: Option<String>,
}

/// A place.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub(super) display_name: Option<String>,
}

/// How a series repeats, and until when.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Recurrence {
    pub(super) pattern: Pattern,
    pub(super) range: Range,
}

/// How a series repeats.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Pattern {
    /// `daily`, `weekly`, `absoluteMonthly`, `relativeMonthly`, `absoluteYearly` or `relativeYearly`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) interval: u32,
    pub(super) month: u32,
    pub(super) day_of_month: u32,
    pub(super) days_of_week: Vec<String>,
    pub(super) first_day_of_week: Option<String>,
    /// `first` to `fourth`, or `last`.
    pub(super) index: Option<String>,
}

/// Until when a series repeats.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Range {
    /// `endDate`, `noEnd` or `numbered`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) end_date: Option<String>,
    pub(super) number_of_occurrences: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_not_asked_for_below_its_level() {
        let fields = |calendar, domains: &[&str]| {
            event_fields(&Privacy {
                calendar,
                exclude_domains: domains.iter().map(|&one| one.to_owned()).collect(),
                ..Privacy::default()
            })
        };
        let free_busy = fields(CalendarLevel::FreeBusy, &[]);
        for field in ["organizer", "attendees", "subject", "iCalUId"] {
            assert!(!free_busy.contains(field), "{field}");
        }
        let metadata = fields(CalendarLevel::Metadata, &[]);
        for field in ["subject", "body", "location"] {
            assert!(!metadata.contains(field), "{field}");
            assert!(fields(CalendarLevel::Full, &[]).contains(field), "{field}");
        }
        let excluding = fields(CalendarLevel::FreeBusy, &["lawyers.example"]);
        assert_eq!(excluding, format!("{free_busy},organizer,attendees"));
    }
}
