//! What is asked of a calendar.
//!
//! The vendor bakes the parameters into its sync tokens and wants the same ones again, so they are made in one place.

use jiff::Timestamp;

use super::wire::CALENDARS;
use crate::model::privacy::{CalendarLevel, Privacy};
use crate::providers::google::export::ask::segment;

/// What free and busy times are made of.
const TIMES: &str =
    "id,status,start,end,transparency,visibility,recurrence,recurringEventId,originalStartTime";
/// Who takes part, for an exclusion to be judged by.
const PARTICIPANTS: &str = "organizer/email,attendees/email";
/// What metadata adds.
const METADATA: &str = "iCalUID,created,updated,eventType,organizer/email,\
                        attendees(email,responseStatus,optional,resource)";
/// What the full level adds.
const CONTENT: &str = "summary,description,location";

/// How to ask for the events of calendars: the same from a listing's first page to the last sync.
pub(super) struct Query {
    fields: String,
    item_fields: String,
    page_events: &'static str,
    /// Only for a listing. The vendor remembers it in the sync token and refuses it beside one.
    time_min: Option<String>,
}

/// Which page of a calendar is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    /// A page of a listing.
    Listing(Option<&'a str>),
    /// A page of the changes since a sync token.
    Changes(&'a str, Option<&'a str>),
}

impl Query {
    /// Makes the query that privacy allows. Nothing beyond the level leaves the vendor, but for the participants where
    /// some are to be kept out.
    pub(super) fn new(privacy: &Privacy, start: Option<Timestamp>) -> Self {
        let item_fields = item_fields(privacy);
        Self {
            fields: format!("items({item_fields}),nextPageToken,nextSyncToken"),
            item_fields,
            page_events: page_events(privacy.calendar),
            time_min: start.map(|start| start.to_string()),
        }
    }

    /// Returns the parameters for a page.
    pub(super) fn page<'a>(&'a self, which: Which<'a>) -> Vec<(&'a str, &'a str)> {
        let mut query = vec![
            ("maxResults", self.page_events),
            ("singleEvents", "false"),
            ("fields", self.fields.as_str()),
        ];
        let page_token = match which {
            Which::Listing(token) => {
                query.extend(self.time_min.as_deref().map(|time| ("timeMin", time)));
                token
            }
            Which::Changes(sync_token, token) => {
                query.push(("syncToken", sync_token));
                token
            }
        };
        query.extend(page_token.map(|token| ("pageToken", token)));
        query
    }

    /// Returns the parameters for one event.
    pub(super) fn one(&self) -> [(&str, &str); 1] {
        [("fields", &self.item_fields)]
    }
}

fn item_fields(privacy: &Privacy) -> String {
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

/// Returns how many events a page has at most, so that a page of long ones still fits into memory. The vendor allows 2,500.
fn page_events(level: CalendarLevel) -> &'static str {
    match level {
        CalendarLevel::None | CalendarLevel::FreeBusy => "2500",
        CalendarLevel::Metadata => "1000",
        CalendarLevel::Full => "500",
    }
}

/// Returns the path of a calendar's events.
pub(super) fn events_path(calendar: &str) -> String {
    format!("{CALENDARS}/{}/events", segment(calendar))
}

/// Returns the path of one event.
pub(super) fn event_path(calendar: &str, id: &str) -> String {
    format!("{CALENDARS}/{}/events/{}", segment(calendar), segment(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn privacy(level: CalendarLevel, domains: &[&str]) -> Privacy {
        Privacy {
            calendar: level,
            exclude_domains: domains.iter().map(|&it| it.to_owned()).collect(),
            ..Privacy::default()
        }
    }

    fn fields(level: CalendarLevel, domains: &[&str]) -> String {
        item_fields(&privacy(level, domains))
    }

    #[test]
    fn a_field_is_not_asked_for_below_its_level() {
        let free_busy = fields(CalendarLevel::FreeBusy, &[]);
        for field in ["organizer", "attendees", "created", "summary", "eventType"] {
            assert!(!free_busy.contains(field), "{field}");
        }
        let metadata = fields(CalendarLevel::Metadata, &[]);
        for field in ["summary", "description", "location"] {
            assert!(!metadata.contains(field), "{field}");
            assert!(fields(CalendarLevel::Full, &[]).contains(field), "{field}");
        }
        let excluding = fields(CalendarLevel::FreeBusy, &["lawyers.example"]);
        assert_eq!(
            excluding,
            format!("{free_busy},organizer/email,attendees/email")
        );
    }

    #[test]
    fn listing_and_changes_differ_in_nothing_but_what_the_vendor_forbids() {
        let start = "2026-01-01T00:00:00Z".parse().ok();
        let query = Query::new(&privacy(CalendarLevel::Metadata, &[]), start);
        let listing = query.page(Which::Listing(None));
        let changes = query.page(Which::Changes("s", Some("p")));
        let (same, listing) = listing.split_at(3);
        assert_eq!(listing, [("timeMin", "2026-01-01T00:00:00Z")]);
        let (again, changes) = changes.split_at(3);
        assert_eq!(same, again);
        assert_eq!(changes, [("syncToken", "s"), ("pageToken", "p")]);
    }

    #[test]
    fn an_id_with_a_hash_is_still_one_segment() {
        let path = event_path("en#holiday@group.example", "a_20260101T100000Z");
        assert_eq!(
            path,
            "calendar/v3/calendars/en%23holiday%40group%2Eexample/events/a_20260101T100000Z"
        );
    }
}
