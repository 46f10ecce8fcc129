//! A company's lists, which a test edits while they are read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use wiremock::{Request, Respond, ResponseTemplate};

pub(super) const PETER: &str = "peter@acme.example";
/// When the newest package was changed.
pub(super) const NOON: &str = "2026-11-27T12:00:00Z";

type Edit = Box<dyn FnOnce(&mut State) + Send>;

#[derive(Default)]
pub(super) struct State {
    /// The newest first.
    pub(super) packages: Vec<Value>,
    /// The newest first.
    pub(super) log: Vec<Value>,
    /// The most rows that a list shows.
    pub(super) most: Option<usize>,
    /// Rows that are counted and not shown: those from here to there.
    pub(super) hides: Option<(usize, usize)>,
    /// Replies in place of the right ones.
    pub(super) instead: VecDeque<Value>,
    /// What happens after each reply.
    pub(super) then: VecDeque<Edit>,
    /// How often it was asked.
    pub(super) asked: usize,
}

#[derive(Clone, Default)]
pub(super) struct Vendor(pub(super) Arc<Mutex<State>>);

pub(super) fn at(hours: i64) -> Timestamp {
    let noon: Timestamp = NOON.parse().unwrap();
    noon + SignedDuration::from_hours(hours)
}

pub(super) fn stamp(at: Timestamp) -> String {
    let utc = at.to_zoned(TimeZone::UTC);
    utc.strftime("%b %-d, %Y %-I:%M:%S %p").to_string()
}

pub(super) fn package(id: &str, hours: i64) -> Value {
    json!({
        "packageId": id, "packageUserName": PETER, "packageState": 4, "packageUpdateTimestamp": stamp(at(hours)),
        "filenames": ["a.pdf"], "recipients": ["may@parker.example"], "packageCode": "codecanary",
    })
}

pub(super) fn entry(id: &str, who: &str, minutes: i64) -> Value {
    let when = at(0) + SignedDuration::from_mins(minutes);
    json!({
        "eventId": id, "timestamp": when, "eventType": "USER_EVENT", "action": "LOGIN", "ipAddress": "203.0.113.7",
        "authenticatedUser": who, "impersonatedUser": null, "LogDetails": {"packageOwner": who},
    })
}

impl Vendor {
    /// A company with as many packages of Peter's, an hour apart.
    pub(super) fn of(packages: i64) -> Self {
        let vendor = Self::default();
        vendor.edit(|state| {
            state.packages = (0..packages)
                .map(|n| package(&format!("p{n:03}"), -n))
                .collect();
        });
        vendor
    }

    /// A company with so many packages of Peter's, four an hour.
    pub(super) fn crowded(packages: i64) -> Self {
        let vendor = Self::default();
        vendor.edit(|state| {
            state.packages = (0..packages)
                .map(|n| package(&format!("p{n:03}"), -n / 4))
                .collect();
        });
        vendor
    }

    pub(super) fn edit(&self, edit: impl FnOnce(&mut State)) {
        edit(&mut self.0.lock().unwrap());
    }

    /// Edits once a reply has been given.
    pub(super) fn then(&self, edit: impl FnOnce(&mut State) + Send + 'static) {
        self.0.lock().unwrap().then.push_back(Box::new(edit));
    }

    /// Returns and forgets how often it was asked.
    pub(super) fn asked(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    pub(super) fn ids(&self) -> Vec<String> {
        let state = self.0.lock().unwrap();
        let id = |one: &Value| one["packageId"].as_str().unwrap().to_owned();
        let mut ids: Vec<String> = state.packages.iter().map(id).collect();
        ids.sort();
        ids
    }
}

impl State {
    fn packages(&self, request: &Request, body: &Value) -> Value {
        let query = |name: &str| {
            let mut pairs = request.url.query_pairs();
            let (_, value) = pairs.find(|(key, _)| key == name).unwrap();
            value.parse::<usize>().unwrap()
        };
        let fits = |one: &&Value| {
            // The vendor's filter finds parts, too.
            let owner = one["packageUserName"].as_str().unwrap();
            owner.contains(body["sender"].as_str().unwrap()) && in_days(one, body)
        };
        let rows: Vec<&Value> = self.packages.iter().filter(fits).collect();
        self.page("packages", &rows, (query("rowIndex"), query("pageSize")))
    }

    fn log(&self, body: &Value) -> Value {
        let number = |name: &str| usize::try_from(body[name].as_u64().unwrap()).unwrap();
        let from = body["minTimestamp"]
            .as_str()
            .unwrap_or_default()
            .replace(' ', "T");
        let who = body["authenticatedUser"].as_str().unwrap();
        let fits = |one: &&Value| {
            one["authenticatedUser"].as_str().unwrap().contains(who)
                && one["timestamp"].as_str().unwrap() >= from.as_str()
        };
        let rows: Vec<&Value> = self.log.iter().filter(fits).collect();
        self.page("auditLogs", &rows, (number("rowIndex"), number("pageSize")))
    }

    fn page(&self, name: &str, rows: &[&Value], (first, size): (usize, usize)) -> Value {
        let most = self.most.unwrap_or(usize::MAX).min(rows.len());
        let page: Vec<&Value> = rows
            .iter()
            .take(most)
            .skip(first)
            .take(size)
            .copied()
            .collect();
        let next = first + page.len();
        let is_hidden = self.hides == Some((first, next));
        let page = if is_hidden { Vec::new() } else { page };
        let mut body = json!({
            "response": "SUCCESS", name: page,
            "pagination": {"rowsCapped": (most < rows.len()).to_string()},
        });
        if next < most {
            body["pagination"]["nextRowIndex"] = json!(next.to_string());
        }
        body
    }
}

fn in_days(one: &Value, body: &Value) -> bool {
    let day = |text: &str| jiff::civil::Date::strptime("%m/%d/%Y", text).unwrap();
    let changed = one["packageUpdateTimestamp"].as_str().unwrap();
    let changed = jiff::civil::DateTime::strptime("%b %d, %Y %I:%M:%S %p", changed);
    let changed = changed.unwrap().date();
    body["fromDate"]
        .as_str()
        .is_none_or(|from| changed >= day(from))
        && body["toDate"]
            .as_str()
            .is_none_or(|until| changed <= day(until))
}

impl Respond for Vendor {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        let body: Value = request.body_json().unwrap();
        let right = if request.url.path().contains("audit-logs") {
            state.log(&body)
        } else {
            state.packages(request, &body)
        };
        let reply = state.instead.pop_front().unwrap_or(right);
        state.asked += 1;
        if let Some(edit) = state.then.pop_front() {
            edit(&mut state);
        }
        ResponseTemplate::new(200).set_body_json(reply)
    }
}
