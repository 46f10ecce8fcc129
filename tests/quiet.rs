//! Where nothing changes, nothing is written, and the vendor is asked once a stream and interval. An hour passes in a minute.

use std::collections::BTreeMap;

use deputy::model::clock::{Clock as _, FastClock};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::DropGuard;

use crate::support::apiserver::ApiServer;
use crate::support::audit;
use crate::support::hurried::{Running, keep_in_step};
use crate::support::sandbox_log::Call;
use crate::support::stage::{ADMIN, CONNECTION, Stage, USER, company, employee, person};
use crate::support::{portal, tenant, wait};

/// An interval of a minute takes a second.
const SPEED: i32 = 60;
const INTERVALS: usize = 10;
const PETER: &str = "peter.parker@acme.example";
const MARY: &str = "mary.jane@acme.example";
const PEOPLE: [(&str, &str); 2] = [("peter", PETER), ("mary", MARY)];

/// A company whose people are synced, and a clock that has been running since.
async fn synced() -> (Stage, FastClock, DropGuard, Running) {
    let mut peter = employee(PETER, 30);
    let team = json!({"id": "team@group.calendar.acme.example", "summary": "Team", "generate": {"events": 4}});
    peter["calendars"].as_array_mut().unwrap().push(team);
    let stage = Stage::new(&company(&[peter, employee(MARY, 20)])).await;
    stage.store_new_key("key").await;
    let connection = stage.connection("acme");
    all_synced(stage, connection).await
}

/// The same in Microsoft 365.
async fn synced_in_a_tenant() -> (Stage, FastClock, DropGuard, Running) {
    let people = [tenant::employee(PETER, 30), tenant::employee(MARY, 20)];
    let stage = Stage::new(&tenant::company(&people)).await;
    tenant::store_new_secret(&stage, "key", tenant::CLIENT).await;
    let connection = tenant::connection(&stage, "acme");
    all_synced(stage, connection).await
}

/// The same at SendSafely, where Peter's packages are more than a page.
async fn at_a_portal() -> Stage {
    let people = [portal::employee(PETER, 130), portal::employee(MARY, 20)];
    let stage = Stage::new(&portal::company(&people)).await;
    portal::store_new_key(&stage, "key").await;
    stage
}

async fn all_synced(stage: Stage, mut connection: Value) -> (Stage, FastClock, DropGuard, Running) {
    connection["spec"]["sync"] = json!({"interval": "1m"});
    connection["spec"]["validation"] = json!({"interval": "12h"});
    all_synced_on(FastClock::new(SPEED), stage, connection).await
}

async fn all_synced_on(
    clock: FastClock,
    stage: Stage,
    connection: Value,
) -> (Stage, FastClock, DropGuard, Running) {
    let in_step = keep_in_step(&stage, clock);
    stage.apply(connection).await;
    for (name, email) in PEOPLE {
        stage.apply(person(name, email)).await;
    }
    let running = Running::start(&stage, clock);
    for (name, _) in PEOPLE {
        stage
            .until_condition(USER, name, ("Ready", "True", "Synced"))
            .await;
    }
    stage
        .until(CONNECTION, "acme", "to count both as synced", |object| {
            object["status"]["users"]["syncing"] == 2
        })
        .await;
    (stage, clock, in_step, running)
}

async fn writes(stage: &Stage) -> Vec<audit::Write> {
    audit::writes(ApiServer::shared().await, &stage.namespace)
}

/// The one call of an interval with which each run begins.
fn is_look(call: &Call) -> bool {
    let is_mail = call.path.ends_with("/messages") && call.api == "mail";
    call.path.ends_with("/history") || is_mail || call.path.ends_with("/organization/search/")
}

/// Waits until each person's mail, or list of packages, has been looked at so often, and returns all calls since `since`.
async fn looked_at(stage: &Stage, times: usize, since: u64) -> Vec<Call> {
    wait::until("the intervals to pass", async || {
        let mut calls = stage.sandbox.calls().await;
        calls.retain(|call| call.seq > since);
        let enough = PEOPLE.iter().all(|(_, email)| {
            let looks = calls.iter().filter(|call| is_look(call));
            looks
                .filter(|call| call.subject.as_deref() == Some(email))
                .count()
                >= times
        });
        enough.then_some(calls)
    })
    .await
}

async fn last_call(stage: &Stage) -> u64 {
    stage
        .sandbox
        .calls()
        .await
        .iter()
        .map(|call| call.seq)
        .max()
        .unwrap_or(0)
}

/// What a person was asked for from their first look at the mail up to before their eleventh.
fn in_ten_intervals(calls: &[Call], email: &str) -> BTreeMap<String, usize> {
    let theirs: Vec<_> = calls
        .iter()
        .filter(|call| call.subject.as_deref() == Some(email))
        .collect();
    let looks = theirs.iter().enumerate().filter(|(_, call)| is_look(call));
    let places: Vec<_> = looks.map(|(place, _)| place).collect();
    let mut counts = BTreeMap::new();
    for call in &theirs[places[0]..places[INTERVALS]] {
        let what = format!("{} {}", call.api, addressed(call));
        *counts.entry(what).or_insert(0) += 1;
    }
    counts
}

/// The path, with the address of the person whom it is about in place of their id.
fn addressed(call: &Call) -> String {
    let mut path = call.path.replace("%40", "@").replace("%2E", ".");
    if let (Some((_, rest)), Some(email)) = (path.split_once("/users/"), &call.subject) {
        let id = rest.split('/').next().unwrap_or_default().to_owned();
        if call.vendor == "microsoft365" {
            path = path.replace(&id, email);
        }
    }
    path
}

/// What is asked for seldom and not once an interval: a token lives for an hour, the calendars' list and the person's entry
/// in the directory are looked at once an hour.
fn is_hourly(call: &str) -> bool {
    ["token ", "users "].iter().any(|api| call.starts_with(api)) || call.ends_with("/calendarList")
}

/// The primary calendar's id is its owner's address.
fn expected(calendars: &[&str]) -> BTreeMap<String, usize> {
    let fixed = [
        "gmail /google/gmail/v1/users/me/history",
        "drive /google/drive/v3/changes",
    ];
    let calendars = calendars
        .iter()
        .map(|id| format!("calendar /google/calendar/v3/calendars/{id}/events"));
    let all = fixed.iter().map(ToString::to_string).chain(calendars);
    all.map(|call| (call, INTERVALS)).collect()
}

#[tokio::test]
async fn nothing_is_written_and_each_stream_is_asked_once_an_interval() {
    let (stage, _clock, _in_step, running) = synced().await;
    let (written, since) = (writes(&stage).await.len(), last_call(&stage).await);
    let calls = looked_at(&stage, INTERVALS + 1, since).await;

    let wrote = writes(&stage).await.split_off(written);
    assert!(wrote.is_empty(), "{wrote:#?}");
    for (email, calendars) in [
        (PETER, &[PETER, "team@group.calendar.acme.example"][..]),
        (MARY, &[MARY]),
    ] {
        let (hourly, asked): (BTreeMap<_, _>, BTreeMap<_, _>) = in_ten_intervals(&calls, email)
            .into_iter()
            .partition(|(call, _)| is_hourly(call));
        pretty_assertions::assert_eq!(asked, expected(calendars), "{email}");
        assert!(hourly.values().all(|count| *count <= 3), "{hourly:?}"); // a token each for mail, calendar and files
    }
    running.end().await;
    let wrote = writes(&stage).await.split_off(written);
    assert!(wrote.is_empty(), "at its end: {wrote:#?}");
}

/// The least that Microsoft 365 can be asked: mail, whether anything was changed since (its folders have a link each, and
/// are followed only then, or once an hour); of calendar and files the one link that each has.
fn expected_in_a_tenant(email: &str) -> BTreeMap<String, usize> {
    let calls = [
        ("mail", "messages"),
        ("calendar", "calendarView/delta"),
        ("drive", "drive/root/delta"),
    ];
    let call = |(api, rest)| format!("{api} /microsoft365/graph/v1.0/users/{email}/{rest}");
    let calls = calls.into_iter().map(call);
    calls.map(|call| (call, INTERVALS)).collect()
}

#[tokio::test]
async fn nothing_is_written_and_microsoft_365_is_asked_three_times_an_interval() {
    let (stage, _clock, _in_step, running) = synced_in_a_tenant().await;
    let (written, since) = (writes(&stage).await.len(), last_call(&stage).await);
    let calls = looked_at(&stage, INTERVALS + 1, since).await;

    let wrote = writes(&stage).await.split_off(written);
    assert!(wrote.is_empty(), "{wrote:#?}");
    for (_, email) in PEOPLE {
        let (hourly, asked): (BTreeMap<_, _>, BTreeMap<_, _>) = in_ten_intervals(&calls, email)
            .into_iter()
            .partition(|(call, _)| is_hourly(call));
        pretty_assertions::assert_eq!(asked, expected_in_a_tenant(email));
        assert!(hourly.values().all(|count| *count <= 1), "{hourly:?}");
    }
    assert!(calls.iter().all(|call| call.status == 200), "{calls:#?}");
    running.end().await;
    let wrote = writes(&stage).await.split_off(written);
    assert!(wrote.is_empty(), "at its end: {wrote:#?}");
}

/// SendSafely has lists and no cursors: of each the newest part.
fn expected_at_a_portal() -> BTreeMap<String, usize> {
    let calls = [
        "packages /sendsafely/api/v2.0/package/organization/search/",
        "audit /sendsafely/api/v2.0/enterprise/audit-logs/",
    ];
    calls
        .map(|call| (call.to_owned(), INTERVALS))
        .into_iter()
        .collect()
}

#[tokio::test]
async fn nothing_is_written_and_sendsafely_is_asked_twice_an_interval() {
    let stage = at_a_portal().await;
    let connection = portal::connection(&stage, "acme");
    let (stage, _clock, _in_step, running) = all_synced(stage, connection).await;
    let (written, since) = (writes(&stage).await.len(), last_call(&stage).await);
    let calls = looked_at(&stage, INTERVALS + 1, since).await;

    let wrote = writes(&stage).await.split_off(written);
    assert!(wrote.is_empty(), "{wrote:#?}");
    for (_, email) in PEOPLE {
        let asked = in_ten_intervals(&calls, email);
        pretty_assertions::assert_eq!(asked, expected_at_a_portal(), "{email}");
    }
    assert!(calls.iter().all(|call| call.reason.is_none()), "{calls:#?}");
    running.end().await;
    let wrote = writes(&stage).await.split_off(written);
    assert!(wrote.is_empty(), "at its end: {wrote:#?}");
}

/// Two days and a half pass in a minute.
#[tokio::test]
async fn a_list_without_cursors_is_read_as_a_whole_once_in_25_hours() {
    let stage = at_a_portal().await;
    // At this speed it is in step to within a quarter of an hour and a busy machine.
    let portal = stage.sandbox.sendsafely();
    let patient = json!({"timestampWindowSeconds": 24 * 3_600});
    portal.change_features(patient).await;
    let mut connection = portal::connection(&stage, "acme");
    connection["spec"]["sync"] = json!({"interval": "1h"});
    connection["spec"]["validation"] = json!({"interval": "1000h"});
    let began = all_synced_on(FastClock::new(3_600), stage, connection).await;
    let (stage, clock, _in_step, running) = began;
    let (written, since) = (writes(&stage).await.len(), clock.now());
    stage.sandbox.forget_calls().await;
    let until = since + SignedDuration::from_hours(60);
    wait::until("two days and a half to pass", async || {
        (clock.now() >= until).then_some(())
    })
    .await;
    let calls = stage.sandbox.calls().await;
    running.end().await;

    let wrote = writes(&stage).await.split_off(written);
    assert!(wrote.is_empty(), "{wrote:#?}");
    let peters = calls
        .iter()
        .filter(|call| call.api == "packages" && call.subject.as_deref() == Some(PETER));
    // The newest part is one page; only who reads all of it comes to a second one.
    let is_second_page = |call: &&Call| !call.query.to_string().contains("rowIndex=0&");
    let (whole, looks): (Vec<_>, Vec<_>) = peters.partition(is_second_page);
    assert!((1..=3).contains(&whole.len()), "{whole:#?}");
    assert!(looks.len() >= 30, "{} looks", looks.len());
}

#[tokio::test]
async fn a_restart_changes_nothing_and_makes_no_burst() {
    let (stage, clock, _in_step, running) = synced().await;
    looked_at(&stage, 3, 0).await;
    running.end().await;
    let (written, since) = (writes(&stage).await.len(), last_call(&stage).await);

    let began = clock.now();
    let running = Running::start(&stage, clock);
    let calls = looked_at(&stage, 3, since).await;
    let took = minutes_since(began, clock);
    running.end().await;

    let wrote = writes(&stage).await.split_off(written);
    assert!(wrote.is_empty(), "{wrote:#?}");
    for (_, email) in PEOPLE {
        let looks = calls
            .iter()
            .filter(|call| is_look(call) && call.subject.as_deref() == Some(email));
        let looks = i64::try_from(looks.count()).unwrap();
        assert!(
            looks <= took + 1,
            "{looks} runs for {email} in {took} minutes"
        );
    }
    // The process knows nobody yet: one look at each, and tokens for what it asks.
    let of = |api: &str| calls.iter().filter(|call| call.api == api).count();
    assert!(
        of("directory") <= PEOPLE.len(),
        "{} look-ups",
        of("directory")
    );
    assert!(
        of("token") <= 1 + 3 * PEOPLE.len(),
        "{} tokens",
        of("token")
    );
    let admins = calls
        .iter()
        .filter(|call| call.subject.as_deref() == Some(ADMIN));
    assert!(
        admins.count() <= PEOPLE.len() + 1,
        "the connection was not verified again"
    );
}

fn minutes_since(began: Timestamp, clock: FastClock) -> i64 {
    clock.now().duration_since(began).as_mins()
}
