//! Calendar.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{PETER, Reply, World};

const PRIMARY: &str = "calendar/v3/calendars/primary/events";
const TEAM: &str = "calendar/v3/calendars/team@group.calendar.acme.example/events";
const SCOPE: &str = "calendar.readonly";

type Events = BTreeMap<String, Value>;

async fn state(world: &World, calendar: &str) -> Events {
    let state = world
        .console("GET", &format!("google/users/{PETER}/state"), Value::Null)
        .await;
    let events = state["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["calendarId"] == calendar);
    let mut events: Events = events
        .map(|event| (event["id"].as_str().unwrap().to_owned(), event.clone()))
        .collect();
    for event in events.values_mut() {
        event.as_object_mut().unwrap().remove("calendarId");
    }
    events
}

/// Applies a list to what is known; a tombstone of a live series' instance stays, others go.
fn apply(known: &mut Events, items: Vec<Value>) {
    for item in items {
        let id = item["id"].as_str().unwrap().to_owned();
        if item["status"] == "cancelled" && item.get("recurringEventId").is_none() {
            known.remove(&id);
            known.retain(|_, event| event["recurringEventId"] != json!(id));
        } else {
            known.insert(id, item);
        }
    }
    let series: Vec<String> = known.keys().cloned().collect();
    known.retain(|_, event| {
        event["recurringEventId"]
            .as_str()
            .is_none_or(|id| series.iter().any(|known| known == id))
    });
}

fn token(last: &Value) -> String {
    last["nextSyncToken"].as_str().unwrap().to_owned()
}

async fn refused(world: &World, bearer: &str, path: &str) -> Reply {
    let reply = world.get(bearer, path).await;
    assert!(reply.status >= 400, "{path}: {}", reply.text);
    reply
}

#[tokio::test]
async fn a_full_list_and_what_changes_after_it() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    for (calendar, path) in [(PETER, PRIMARY), ("team@group.calendar.acme.example", TEAM)] {
        let mut known = Events::new();
        let (items, last) = world
            .pages(&bearer, &format!("{path}?maxResults=3"), "items")
            .await;
        assert!(!items.is_empty());
        apply(&mut known, items);
        assert_eq!(known, state(&world, calendar).await);
        let mut sync = token(&last);
        for seed in 0..6 {
            let edits = json!({ "count": 40, "seed": seed, "streams": ["calendar"] });
            world
                .console("POST", &format!("google/users/{PETER}/edits"), edits)
                .await;
            let path = format!("{path}?maxResults=4&syncToken={sync}");
            let (items, last) = world.pages(&bearer, &path, "items").await;
            apply(&mut known, items);
            assert_eq!(known, state(&world, calendar).await, "{calendar} {seed}");
            sync = token(&last);
        }
        let quiet = world
            .read(&bearer, &format!("{path}?syncToken={sync}"))
            .await;
        assert_eq!(
            (&quiet["items"], &quiet["nextSyncToken"]),
            (&json!([]), &json!(sync))
        );
    }
}

#[tokio::test]
async fn only_the_last_page_has_a_sync_token_and_pages_may_be_empty() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    let (mut next, mut sizes) = (String::new(), Vec::new());
    loop {
        let body = world
            .read(&bearer, &format!("{PRIMARY}?maxResults=2{next}"))
            .await;
        sizes.push(body["items"].as_array().unwrap().len());
        assert_ne!(
            body.get("nextPageToken").is_some(),
            body.get("nextSyncToken").is_some()
        );
        let Some(token) = body["nextPageToken"].as_str() else {
            break;
        };
        next = format!("&pageToken={token}");
    }
    assert!(
        sizes.contains(&0) && sizes.contains(&1) && sizes.contains(&2),
        "{sizes:?}"
    );
}

#[tokio::test]
async fn deleted_events_leave_their_id_and_instances_their_series() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    let base = format!("google/users/{PETER}/events");
    let at = |hour: u8| json!({ "dateTime": format!("2026-06-01T{hour:02}:00:00+02:00"), "timeZone": "Europe/Berlin" });
    let single = json!({ "summary": "once", "start": at(9), "end": at(10) });
    let single = world.console("POST", &base, single).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let series = json!({ "summary": "daily", "start": at(11), "end": at(12), "recurrence": ["RRULE:FREQ=DAILY;COUNT=5"] });
    let series = world.console("POST", &base, series).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, last) = world.pages(&bearer, PRIMARY, "items").await;
    let sync = token(&last);
    world
        .console("DELETE", &format!("{base}/primary/{single}"), Value::Null)
        .await;
    let second = format!("{series}_20260602T090000Z");
    let third = format!("{series}_20260603T090000Z");
    world
        .console(
            "PATCH",
            &format!("{base}/primary/{second}"),
            json!({ "status": "cancelled" }),
        )
        .await;
    world
        .console(
            "PATCH",
            &format!("{base}/primary/{third}"),
            json!({ "summary": "moved" }),
        )
        .await;
    let (items, _) = world
        .pages(&bearer, &format!("{PRIMARY}?syncToken={sync}"), "items")
        .await;
    assert_eq!(items.len(), 3);
    let keys: Vec<&String> = items[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["kind", "etag", "id", "status"]);
    assert_eq!(
        items[1]["originalStartTime"]["dateTime"],
        "2026-06-02T11:00:00+02:00"
    );
    assert_eq!(
        (&items[1]["status"], &items[1]["recurringEventId"]),
        (&json!("cancelled"), &json!(series))
    );
    assert_eq!(
        (&items[2]["summary"], &items[2]["recurringEventId"]),
        (&json!("moved"), &json!(series))
    );
    let window = "timeMin=2026-06-01T00:00:00Z&timeMax=2026-06-10T00:00:00Z&singleEvents=true&orderBy=startTime";
    let (instances, last) = world
        .pages(&bearer, &format!("{PRIMARY}?{window}"), "items")
        .await;
    let own = instances
        .iter()
        .filter(|item| item["recurringEventId"] == json!(series))
        .count();
    assert_eq!(own, 4);
    assert!(last.get("nextSyncToken").is_none());
    assert!(
        !instances
            .iter()
            .any(|item| item.get("recurrence").is_some())
    );
    let path = format!("{PRIMARY}/{series}/instances");
    let (own, _) = world
        .pages(&bearer, &format!("{path}?maxResults=2"), "items")
        .await;
    assert_eq!(
        own.iter().map(|item| &item["summary"]).collect::<Vec<_>>(),
        ["daily", "moved", "daily", "daily"]
    );
    let (all, _) = world
        .pages(&bearer, &format!("{path}?showDeleted=true"), "items")
        .await;
    assert_eq!((all.len(), &all[1]["status"]), (5, &json!("cancelled")));
    assert_eq!(
        refused(&world, &bearer, &format!("{PRIMARY}/{single}/instances"))
            .await
            .status,
        404
    );
    let plain = world.pages(&bearer, PRIMARY, "items").await.0;
    assert!(
        plain.iter().any(|item| item["id"] == json!(second)),
        "cancelled instances of live series are listed"
    );
    assert!(!plain.iter().any(|item| item["id"] == json!(single)));
    let deleted = world
        .pages(&bearer, &format!("{PRIMARY}?showDeleted=true"), "items")
        .await
        .0;
    assert!(deleted.iter().any(|item| item["id"] == json!(single)));
    let again = world
        .try_console("DELETE", &format!("{base}/primary/{single}"), Value::Null)
        .await;
    assert_eq!(again.status, 404);
    let one = world
        .read(&bearer, &format!("{PRIMARY}/{series}_20260604T090000Z"))
        .await;
    assert_eq!(one["start"]["dateTime"], "2026-06-04T11:00:00+02:00");
    world
        .console("DELETE", &format!("{base}/primary/{series}"), Value::Null)
        .await;
    assert!(!state(&world, PETER).await.contains_key(&second));
}

#[tokio::test]
async fn parameters_that_do_not_go_together() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    let (_, last) = world.pages(&bearer, PRIMARY, "items").await;
    let sync = token(&last);
    for parameter in [
        "iCalUID=x",
        "orderBy=updated",
        "privateExtendedProperty=a%3Db",
        "q=x",
        "sharedExtendedProperty=a%3Db",
        "timeMin=2026-01-01T00:00:00Z",
        "timeMax=2026-01-01T00:00:00Z",
        "updatedMin=2026-01-01T00:00:00Z",
        "showDeleted=false",
        "singleEvents=true",
    ] {
        assert_eq!(
            refused(
                &world,
                &bearer,
                &format!("{PRIMARY}?syncToken={sync}&{parameter}")
            )
            .await
            .status,
            400,
            "{parameter}"
        );
    }
    for (query, status, reason) in [
        ("syncToken=nonsense", 400, "invalid"),
        ("pageToken=nonsense", 400, "invalid"),
        ("orderBy=startTime", 400, "invalid"),
        ("timeMin=yesterday", 400, "badRequest"),
        (
            "timeMin=2026-02-01T00:00:00Z&timeMax=2026-01-01T00:00:00Z",
            400,
            "timeRangeEmpty",
        ),
        (
            "updatedMin=2020-01-01T00:00:00Z",
            410,
            "updatedMinTooLongAgo",
        ),
        ("fields=items(idd)", 400, "invalidParameter"),
    ] {
        let reply = refused(&world, &bearer, &format!("{PRIMARY}?{query}")).await;
        assert_eq!(reply.refusal(), (status, reason.to_owned()), "{query}");
    }
    let other = refused(&world, &bearer, &format!("{TEAM}?syncToken={sync}")).await;
    assert_eq!(other.status, 400, "a token of another calendar");
}

#[tokio::test]
async fn expired_tokens_are_gone() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    let path = "calendar/v3/users/me/calendarList";
    let (_, last) = world.pages(&bearer, PRIMARY, "items").await;
    let (_, calendars) = world.pages(&bearer, path, "items").await;
    world
        .console(
            "POST",
            &format!("google/users/{PETER}/expire"),
            json!({ "what": "calendar" }),
        )
        .await;
    let gone = refused(
        &world,
        &bearer,
        &format!("{PRIMARY}?syncToken={}", token(&last)),
    )
    .await;
    assert_eq!(gone.refusal(), (410, "fullSyncRequired".to_owned()));
    assert_eq!(gone.json()["error"]["errors"][0]["location"], "syncToken");
    assert_eq!(
        refused(
            &world,
            &bearer,
            &format!("{path}?syncToken={}", token(&calendars))
        )
        .await
        .status,
        410
    );
    let (_, last) = world.pages(&bearer, PRIMARY, "items").await;
    world
        .read(&bearer, &format!("{PRIMARY}?syncToken={}", token(&last)))
        .await;
}

#[tokio::test]
async fn free_busy_access_shows_times_only() {
    let world = World::new().await;
    let bearer = world.token(PETER, &["calendar.events.freebusy"]).await;
    let (items, last) = world.pages(&bearer, PRIMARY, "items").await;
    assert_eq!(last["accessRole"], "freeBusyReader");
    for item in &items {
        for hidden in [
            "summary",
            "description",
            "location",
            "attendees",
            "creator",
            "organizer",
        ] {
            assert!(item.get(hidden).is_none(), "{item}");
        }
        assert!(item.get("start").is_some() || item["status"] == "cancelled");
    }
    assert_eq!(
        refused(&world, &bearer, "calendar/v3/users/me/calendarList")
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn calendars_and_closed_ones() {
    let world = World::new().await;
    let bearer = world.token(PETER, &["calendar"]).await;
    let (entries, last) = world
        .pages(
            &bearer,
            "calendar/v3/users/me/calendarList?maxResults=1",
            "items",
        )
        .await;
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (&entries[0]["id"], &entries[0]["primary"]),
        (&json!(PETER), &json!(true))
    );
    let path = format!(
        "calendar/v3/users/me/calendarList?syncToken={}",
        token(&last)
    );
    assert_eq!(world.read(&bearer, &path).await["items"], json!([]));
    assert_eq!(
        refused(&world, &bearer, &format!("{path}&minAccessRole=owner"))
            .await
            .status,
        400
    );
    assert_eq!(
        world.read(&bearer, "calendar/v3/calendars/primary").await["id"],
        PETER
    );
    assert_eq!(
        world
            .read(&bearer, "calendar/v3/users/me/settings/timezone")
            .await["value"],
        "Europe/Berlin"
    );
    let foreign = "calendar/v3/calendars/mary.jane@acme-labs.example/events";
    assert_eq!(
        refused(&world, &bearer, foreign).await.refusal(),
        (404, "notFound".to_owned())
    );
    let off = world.token("no.calendar@acme.example", &["calendar"]).await;
    assert_eq!(
        refused(&world, &off, PRIMARY).await.refusal(),
        (403, "notACalendarUser".to_owned())
    );
}

#[tokio::test]
async fn six_hundred_a_minute() {
    let world = World::limited("legacy").await;
    let bearer = world.token(PETER, &["calendar"]).await;
    for call in 0..600 {
        assert_eq!(
            world
                .get(&bearer, "calendar/v3/calendars/primary")
                .await
                .status,
            200,
            "{call}"
        );
    }
    let over = world.get(&bearer, "calendar/v3/calendars/primary").await;
    assert_eq!(over.refusal(), (403, "userRateLimitExceeded".to_owned()));
}
