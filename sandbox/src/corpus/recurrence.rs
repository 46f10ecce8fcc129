//! The instances of a recurring event: the usual part of RFC 5545, and an honest refusal of the rest.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::rule::{Rule, Unsupported};
use crate::scenario::Resource;

/// Series without an end have at most so many instances.
const MOST_INSTANCES: usize = 730;

/// When something starts.
#[derive(Debug, Clone)]
pub(crate) enum Moment {
    /// All day.
    Day(Date),
    At(DateTime, TimeZone),
}

impl Moment {
    /// Reads `{"date"}` or `{"dateTime", "timeZone"?}`.
    pub(crate) fn parse(value: &Value) -> Option<Self> {
        if let Some(date) = value.get("date").and_then(Value::as_str) {
            return Some(Self::Day(date.parse().ok()?));
        }
        let text = value.get("dateTime").and_then(Value::as_str)?;
        let named = value
            .get("timeZone")
            .and_then(Value::as_str)
            .and_then(|name| TimeZone::get(name).ok());
        match (text.parse::<Timestamp>(), named) {
            (Ok(at), zone) => {
                let zone = zone.unwrap_or(TimeZone::UTC);
                Some(Self::At(at.to_zoned(zone.clone()).datetime(), zone))
            }
            (Err(_), zone) => Some(Self::At(text.parse().ok()?, zone.unwrap_or(TimeZone::UTC))),
        }
    }

    pub(crate) fn civil(&self) -> DateTime {
        match self {
            Self::Day(date) => date.to_datetime(jiff::civil::Time::midnight()),
            Self::At(at, _) => *at,
        }
    }

    fn at(&self, civil: DateTime) -> Self {
        match self {
            Self::Day(_) => Self::Day(civil.date()),
            Self::At(_, zone) => Self::At(civil, zone.clone()),
        }
    }

    /// Milliseconds since 1970; days begin in UTC.
    pub(crate) fn ms(&self) -> i64 {
        let zone = match self {
            Self::Day(_) => TimeZone::UTC,
            Self::At(_, zone) => zone.clone(),
        };
        self.civil()
            .to_zoned(zone)
            .map_or(0, |zoned| zoned.timestamp().as_millisecond())
    }

    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Day(date) => json!({ "date": date.to_string() }),
            Self::At(at, zone) => {
                let name = zone.iana_name().unwrap_or("UTC");
                let text = at.to_zoned(zone.clone()).map_or_else(
                    |_| at.to_string(),
                    |zoned| zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
                );
                json!({ "dateTime": text, "timeZone": name })
            }
        }
    }

    /// What the ids of instances end in.
    fn suffix(&self) -> String {
        match self {
            Self::Day(date) => date.strftime("%Y%m%d").to_string(),
            Self::At(..) => {
                let at = Timestamp::from_millisecond(self.ms()).unwrap_or_default();
                at.strftime("%Y%m%dT%H%M%SZ").to_string()
            }
        }
    }
}

/// One instance.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    start: Moment,
    length: SignedDuration,
}

impl Instance {
    /// The instance as the API shows it.
    pub(crate) fn resource(&self, master: &Resource) -> Resource {
        let mut resource = master.clone();
        let series = resource.shift_remove("id").unwrap_or_default();
        resource.shift_remove("recurrence");
        resource.insert("id".to_owned(), json!(self.id));
        resource.insert("recurringEventId".to_owned(), series);
        resource.insert("originalStartTime".to_owned(), self.start.value());
        resource.insert("start".to_owned(), self.start.value());
        let end = self
            .start
            .civil()
            .checked_add(self.length)
            .map(|end| self.start.at(end));
        let end = end.unwrap_or_else(|_| self.start.clone());
        resource.insert("end".to_owned(), end.value());
        resource
    }
}

/// When an event begins and ends, in milliseconds since 1970.
pub(crate) fn bounds(event: &Resource) -> Option<(i64, i64)> {
    let start = event.get("start").and_then(Moment::parse)?;
    let end = event
        .get("end")
        .and_then(Moment::parse)
        .map_or(start.ms(), |end| end.ms());
    Some((start.ms(), end))
}

/// The lines of `recurrence`.
fn lines(master: &Resource) -> impl Iterator<Item = &str> {
    let lines = master.get("recurrence").and_then(Value::as_array);
    lines.into_iter().flatten().filter_map(Value::as_str)
}

pub(crate) fn is_recurring(event: &Resource) -> bool {
    lines(event).next().is_some()
}

/// The instances that overlap a span of time (milliseconds since 1970), those that are excluded left out.
pub(crate) fn expand(
    master: &Resource,
    from: i64,
    until: i64,
) -> Result<Vec<Instance>, Unsupported> {
    let start = master.get("start").and_then(Moment::parse);
    let start = start.ok_or_else(|| Unsupported("an event without a start".to_owned()))?;
    let end = master
        .get("end")
        .and_then(Moment::parse)
        .map_or_else(|| start.civil(), |end| end.civil());
    let length = end.duration_since(start.civil());
    let (mut starts, mut excluded) = (Vec::new(), Vec::new());
    for line in lines(master) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name.split(';').next() {
            Some("RRULE") => starts.extend(Rule::parse(value)?.starts(&start, MOST_INSTANCES)?),
            Some("RDATE") => starts.extend(dates(name, value, &start)),
            Some("EXDATE") => excluded.extend(dates(name, value, &start)),
            _ => return Err(Unsupported(name.to_owned())),
        }
    }
    if !starts.contains(&start.civil()) && lines(master).all(|line| !line.starts_with("RRULE")) {
        starts.push(start.civil());
    }
    starts.retain(|at| !excluded.contains(at));
    starts.sort_unstable();
    starts.dedup();
    let series = master.get("id").and_then(Value::as_str).unwrap_or_default();
    let instances = starts.into_iter().map(|at| {
        let start = start.at(at);
        Instance {
            id: format!("{series}_{}", start.suffix()),
            start,
            length,
        }
    });
    Ok(instances
        .filter(|instance| instance.overlaps(from, until))
        .collect())
}

impl Instance {
    fn overlaps(&self, from: i64, until: i64) -> bool {
        let start = self.start.ms();
        let length = i64::try_from(self.length.as_millis()).unwrap_or(0);
        start < until && start.saturating_add(length) > from
    }
}

/// The dates of an `EXDATE` or `RDATE` line, in the series' own time zone.
fn dates(name: &str, value: &str, start: &Moment) -> Vec<DateTime> {
    let named = name.split(';').find_map(|part| part.strip_prefix("TZID="));
    let zone = named.and_then(|name| TimeZone::get(name).ok());
    value
        .split(',')
        .filter_map(|text| local(text, zone.as_ref(), start))
        .collect()
}

/// A date or time of RFC 5545 in the series' own time zone.
pub(crate) fn local(text: &str, zone: Option<&TimeZone>, start: &Moment) -> Option<DateTime> {
    let (digits, utc) = text
        .strip_suffix('Z')
        .map_or((text, false), |digits| (digits, true));
    let civil = match digits.split_once('T') {
        Some(_) => DateTime::strptime("%Y%m%dT%H%M%S", digits).ok()?,
        None => Date::strptime("%Y%m%d", digits)
            .ok()?
            .to_datetime(jiff::civil::Time::midnight()),
    };
    let Moment::At(at, own) = start else {
        return Some(civil.date().to_datetime(jiff::civil::Time::midnight()));
    };
    if !digits.contains('T') {
        return Some(civil.date().to_datetime(at.time()));
    }
    let given = if utc { Some(&TimeZone::UTC) } else { zone };
    match given {
        Some(zone) => {
            let instant = civil.to_zoned(zone.clone()).ok()?.timestamp();
            Some(instant.to_zoned(own.clone()).datetime())
        }
        None => Some(civil),
    }
}

/// The n-th weekday of the month that begins at `first`; negative counts from the end.
pub(crate) fn nth_weekday(first: Date, weekday: Weekday, nth: i8) -> Option<Date> {
    first.nth_weekday_of_month(nth, weekday).ok()
}

/// Days, as a span.
pub(crate) fn days(count: i64) -> Span {
    count.days()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(start: &Value, recurrence: &[&str]) -> Vec<String> {
        let master =
            json!({ "id": "series", "start": start, "end": start, "recurrence": recurrence });
        let master = master.as_object().unwrap();
        let instances = expand(master, i64::MIN, i64::MAX).unwrap();
        instances
            .iter()
            .map(|instance| instance.start.suffix())
            .collect()
    }

    fn berlin(at: &str) -> Value {
        json!({ "dateTime": at, "timeZone": "Europe/Berlin" })
    }

    #[test]
    fn wall_time_stays_across_the_end_of_summer_time() {
        let found = starts(
            &berlin("2026-10-19T09:00:00+02:00"),
            &["RRULE:FREQ=WEEKLY;COUNT=3"],
        );
        assert_eq!(
            found,
            ["20261019T070000Z", "20261026T080000Z", "20261102T080000Z"]
        );
    }

    #[test]
    fn exceptions_and_extra_dates() {
        let found = starts(
            &berlin("2026-06-01T09:00:00+02:00"),
            &[
                "RRULE:FREQ=DAILY;UNTIL=20260604T070000Z",
                "EXDATE;TZID=Europe/Berlin:20260602T090000",
                "RDATE:20260610T070000Z",
            ],
        );
        assert_eq!(
            found,
            [
                "20260601T070000Z",
                "20260603T070000Z",
                "20260604T070000Z",
                "20260610T070000Z"
            ]
        );
        assert_eq!(
            starts(
                &json!({"date": "2026-02-27"}),
                &["RRULE:FREQ=DAILY;COUNT=3"]
            ),
            ["20260227", "20260228", "20260301"]
        );
    }

    #[test]
    fn an_instance_knows_its_series_and_its_length() {
        let master = json!({ "id": "series", "summary": "s", "start": berlin("2026-06-01T09:00:00+02:00"),
            "end": berlin("2026-06-01T10:30:00+02:00"), "recurrence": ["RRULE:FREQ=MONTHLY;COUNT=2"] });
        let instances = expand(master.as_object().unwrap(), i64::MIN, i64::MAX).unwrap();
        let second = instances[1].resource(master.as_object().unwrap());
        assert_eq!(second["id"], "series_20260701T070000Z");
        assert_eq!(second["recurringEventId"], "series");
        assert_eq!(second["end"]["dateTime"], "2026-07-01T10:30:00+02:00");
        assert!(!second.contains_key("recurrence"));
    }
}
