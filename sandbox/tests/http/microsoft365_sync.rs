//! Microsoft 365: change tracking over several rounds, and what breaks it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::microsoft365::{APP, refusal};
use crate::support::{PETER, World};

const WINDOW: &str = "startDateTime=2026-10-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z";

/// What a round tells, and the link of the next one.
async fn round(world: &World, token: &str, start: &str) -> (Vec<Value>, String) {
    let (mut items, mut next) = (Vec::new(), start.to_owned());
    for _ in 0..500 {
        let reply = world.graph(token, &next).await;
        assert_eq!(reply.status, 200, "{next}: {}", reply.text);
        let page = reply.json();
        items.extend(page["value"].as_array().unwrap().clone());
        let link = |name: &str| page[name].as_str().map(str::to_owned);
        if let Some(link) = link("@odata.deltaLink") {
            return (items, link);
        }
        next = link("@odata.nextLink").unwrap();
        assert!(next.starts_with(world.sandbox.url()), "{next}");
    }
    panic!("paging does not end: {start}");
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

fn is_gone(item: &Value) -> bool {
    item["@removed"].is_object() || item["deleted"].is_object()
}

#[tokio::test]
async fn mail_is_followed_through_all_folders() {
    let world = World::new().await;
    let token = world.graph_token(APP).await;
    let (mut tree, mut links) = (format!("/users/{PETER}/mailFolders/delta"), BTreeMap::new());
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for seed in 0..4 {
        let (folders, link) = round(&world, &token, &tree).await;
        tree = link;
        for folder in folders {
            let start = format!(
                "/users/{PETER}/mailFolders/{}/messages/delta?$select=isRead,parentFolderId",
                id(&folder)
            );
            links.entry(id(&folder)).or_insert(start);
        }
        let (mut there, mut gone) = (Vec::new(), Vec::new());
        for (folder, link) in &mut links {
            let (items, next) = round(&world, &token, link).await;
            *link = next;
            for item in items {
                if is_gone(&item) {
                    gone.push((id(&item), folder.clone()));
                } else {
                    there.push(item);
                }
            }
        }
        for (message, folder) in gone {
            if known
                .get(&message)
                .is_some_and(|item| item["parentFolderId"] == json!(folder))
            {
                known.remove(&message);
            }
        }
        known.extend(there.into_iter().map(|item| (id(&item), item)));
        let state = world
            .console(
                "GET",
                &format!("microsoft365/users/{PETER}/state"),
                Value::Null,
            )
            .await;
        let truth = state["messages"].as_array().unwrap();
        assert_eq!(known.len(), truth.len(), "{seed}");
        for message in truth {
            let mine = &known[&id(message)];
            for name in ["isRead", "parentFolderId", "@odata.etag"] {
                assert_eq!(mine[name], message[name], "{seed}: {name}");
            }
        }
        let edits = json!({ "count": 50, "seed": seed, "streams": ["mail"] });
        world
            .console("POST", &format!("microsoft365/users/{PETER}/edits"), edits)
            .await;
    }
}

#[tokio::test]
async fn a_calendar_window_is_followed() {
    let world = World::new().await;
    let token = world.graph_token(APP).await;
    let mut link = format!("/users/{PETER}/calendarView/delta?{WINDOW}");
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for seed in 0..5 {
        let (items, next) = round(&world, &token, &link).await;
        link = next;
        for item in items.iter().filter(|item| item["type"] != "seriesMaster") {
            if is_gone(item) {
                known.remove(&id(item));
            } else {
                known.insert(id(item), item["start"].clone());
            }
        }
        let path = format!("microsoft365/users/{PETER}/state?{WINDOW}");
        let state = world.console("GET", &path, Value::Null).await;
        let truth = state["events"].as_array().unwrap().iter();
        let truth: BTreeMap<String, Value> = truth
            .map(|event| (id(event), event["start"].clone()))
            .collect();
        assert_eq!(known, truth, "{seed}");
        let edits = json!({ "count": 30, "seed": seed, "streams": ["calendar"] });
        world
            .console("POST", &format!("microsoft365/users/{PETER}/edits"), edits)
            .await;
    }
}

#[tokio::test]
async fn a_drive_is_followed() {
    let world = World::new().await;
    let token = world.graph_token(APP).await;
    let mut link =
        format!("/users/{PETER}/drive/root/delta?$top=7&$select=name,parentReference,deleted");
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for seed in 0..4 {
        let (items, next) = round(&world, &token, &link).await;
        link = next;
        for item in items {
            if is_gone(&item) {
                known.remove(&id(&item));
            } else {
                known.insert(id(&item), item["name"].clone());
            }
        }
        let state = world
            .console(
                "GET",
                &format!("microsoft365/users/{PETER}/state"),
                Value::Null,
            )
            .await;
        let truth = state["files"].as_array().unwrap().iter();
        let truth: BTreeMap<String, Value> =
            truth.map(|file| (id(file), file["name"].clone())).collect();
        assert_eq!(known, truth, "{seed}");
        let edits = json!({ "count": 30, "seed": seed, "streams": ["drive"] });
        world
            .console("POST", &format!("microsoft365/users/{PETER}/edits"), edits)
            .await;
    }
    world
        .console(
            "POST",
            &format!("microsoft365/users/{PETER}/expire"),
            json!({ "what": "drive" }),
        )
        .await;
    let reply = world.graph(&token, &link).await;
    assert_eq!(
        refusal(&reply),
        (410, "resyncChangesApplyDifferences".to_owned())
    );
    let location = reply.headers["location"].to_str().unwrap();
    let (items, _) = round(&world, &token, location).await;
    let state = world
        .console(
            "GET",
            &format!("microsoft365/users/{PETER}/state"),
            Value::Null,
        )
        .await;
    assert_eq!(items.len(), state["files"].as_array().unwrap().len());
}

#[tokio::test]
async fn links_end_with_their_generation() {
    let world = World::new().await;
    let token = world.graph_token(APP).await;
    let start = format!("/users/{PETER}/mailFolders/inbox/messages/delta");
    let (_, first) = round(&world, &token, &start).await;
    let mut link = first.clone();
    for _ in 0..3 {
        link = round(&world, &token, &link).await.1;
    }
    let reply = world.graph(&token, &first).await;
    assert_eq!(refusal(&reply), (410, "SyncStateNotFound".to_owned()));
    let message = reply.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(message.contains("[highest="), "{message}");
    for broken in ["latest", "%21"] {
        let reply = world
            .graph(&token, &format!("{start}?$deltatoken={broken}"))
            .await;
        assert_eq!(refusal(&reply), (400, "SyncStateInvalid".to_owned()));
    }
    let other = link.replace("inbox", "archive");
    assert_eq!(
        refusal(&world.graph(&token, &other).await).1,
        "SyncStateInvalid"
    );
}

#[tokio::test]
async fn a_mailbox_bears_four_calls_at_once() {
    let text = std::fs::read_to_string("scenarios/test.yaml").unwrap();
    let (google, microsoft) = text.split_once("microsoft365:").unwrap();
    let world = World::with(&format!(
        "{google}microsoft365:{}",
        microsoft.replace("quota: off", "quota: vendor")
    ))
    .await;
    let token = world.graph_token(APP).await;
    world.fault(json!({ "do": { "delayMs": 200 } })).await;
    let calls = (0..6).map(|_| {
        let url = world.url(&format!("/microsoft365/graph/v1.0/users/{PETER}/messages"));
        let request = world.client.get(url).bearer_auth(&token);
        async move { request.send().await.unwrap() }
    });
    let mut tasks = tokio::task::JoinSet::new();
    for call in calls {
        tasks.spawn(call);
    }
    let mut throttled = 0;
    while let Some(reply) = tasks.join_next().await {
        let reply = reply.unwrap();
        if reply.status() == 429 {
            assert!(reply.headers().contains_key("retry-after"));
            throttled += 1;
        }
    }
    assert_eq!(throttled, 2);
}
