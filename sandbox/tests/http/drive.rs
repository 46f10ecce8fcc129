//! Drive.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{PETER, World};

const SCOPE: &str = "drive.metadata.readonly";
const FILES: &str = "drive/v3/files";

type Files = BTreeMap<String, Value>;

async fn state(world: &World) -> Files {
    let state = world
        .console("GET", &format!("google/users/{PETER}/state"), Value::Null)
        .await;
    let files = state["files"].as_array().unwrap().iter();
    files
        .map(|file| (file["id"].as_str().unwrap().to_owned(), file.clone()))
        .collect()
}

#[tokio::test]
async fn files_then_changes_give_the_whole_truth() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    let start = world.read(&bearer, "drive/v3/changes/startPageToken").await;
    let mut token = start["startPageToken"].as_str().unwrap().to_owned();
    let (files, _) = world
        .pages(&bearer, &format!("{FILES}?pageSize=7&fields=*"), "files")
        .await;
    let mut known: Files = files
        .into_iter()
        .map(|file| (file["id"].as_str().unwrap().to_owned(), file))
        .collect();
    assert_eq!(known, state(&world).await);
    assert_eq!(known.len(), 30);
    for seed in 0..4 {
        let edits = json!({ "count": 30, "seed": seed, "streams": ["drive"] });
        world
            .console("POST", &format!("google/users/{PETER}/edits"), edits)
            .await;
        loop {
            let page = world
                .read(
                    &bearer,
                    &format!("drive/v3/changes?pageToken={token}&pageSize=4&fields=*"),
                )
                .await;
            for change in page["changes"].as_array().unwrap() {
                let id = change["fileId"].as_str().unwrap().to_owned();
                if change["removed"] == json!(true) {
                    known.remove(&id);
                } else {
                    known.insert(id, change["file"].clone());
                }
            }
            assert_ne!(
                page.get("nextPageToken").is_some(),
                page.get("newStartPageToken").is_some()
            );
            let ended = page.get("newStartPageToken").is_some();
            let next = page
                .get("newStartPageToken")
                .or_else(|| page.get("nextPageToken"));
            token = next.unwrap().as_str().unwrap().to_owned();
            if ended {
                break;
            }
        }
        assert_eq!(known, state(&world).await, "{seed}");
    }
    let quiet = world
        .read(&bearer, &format!("drive/v3/changes?pageToken={token}"))
        .await;
    assert_eq!(
        (&quiet["changes"], &quiet["newStartPageToken"]),
        (&json!([]), &json!(token))
    );
}

#[tokio::test]
async fn little_is_shown_without_a_mask() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    let body = world.read(&bearer, &format!("{FILES}?pageSize=1")).await;
    let keys: Vec<&String> = body["files"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["kind", "id", "name", "mimeType"]);
    let id = body["files"][0]["id"].as_str().unwrap();
    assert_eq!(
        world
            .read(&bearer, &format!("{FILES}/{id}?fields=id,trashed"))
            .await
            .as_object()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        world.get(&bearer, "drive/v3/about").await.refusal(),
        (400, "required".to_owned())
    );
    let about = world
        .read(&bearer, "drive/v3/about?fields=user/emailAddress")
        .await;
    assert_eq!(about, json!({ "user": { "emailAddress": PETER } }));
    assert_eq!(
        world.read(&bearer, &format!("{FILES}/root")).await["name"],
        "My Drive"
    );
}

#[tokio::test]
async fn trashed_is_a_property_and_removal_a_change() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    let base = format!("google/users/{PETER}/files");
    let made = world
        .console(
            "POST",
            &base,
            json!({ "name": "a.txt", "mimeType": "text/plain" }),
        )
        .await;
    let id = made["id"].as_str().unwrap();
    let start = world.read(&bearer, "drive/v3/changes/startPageToken").await["startPageToken"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .console("PATCH", &format!("{base}/{id}"), json!({ "trashed": true }))
        .await;
    let changes =
        format!("drive/v3/changes?pageToken={start}&fields=changes(removed,file/trashed)");
    assert_eq!(
        world.read(&bearer, &changes).await["changes"],
        json!([{ "removed": false, "file": { "trashed": true } }])
    );
    let (kept, _) = world
        .pages(
            &bearer,
            &format!("{FILES}?q=trashed%20%3D%20false&pageSize=5"),
            "files",
        )
        .await;
    assert!(!kept.iter().any(|file| file["id"] == json!(id)));
    world
        .console("DELETE", &format!("{base}/{id}"), Value::Null)
        .await;
    assert_eq!(
        world.read(&bearer, &changes).await["changes"],
        json!([{ "removed": true }])
    );
    let none = world
        .read(&bearer, &format!("{changes}&includeRemoved=false"))
        .await;
    assert_eq!(none["changes"], json!([]));
    assert_eq!(
        world.get(&bearer, &format!("{FILES}/{id}")).await.refusal(),
        (404, "notFound".to_owned())
    );
}

#[tokio::test]
async fn what_is_refused() {
    let world = World::new().await;
    let bearer = world.token(PETER, &[SCOPE]).await;
    for path in [
        "drive/v3/files?pageSize=1001",
        "drive/v3/files?q=name%20contains%20%27x%27",
        "drive/v3/files?pageToken=x",
        "drive/v3/files?orderBy=name",
        "drive/v3/files?corpora=drive",
        "drive/v3/files?includeItemsFromAllDrives=true",
        "drive/v3/files?fields=files(nope)",
        "drive/v3/changes",
        "drive/v3/changes?pageToken=1",
        "drive/v3/changes?pageToken=99999999",
        "drive/v3/changes?pageToken=x",
    ] {
        assert_eq!(world.get(&bearer, path).await.status, 400, "{path}");
    }
    assert_eq!(
        world.get(&bearer, "drive/v3/drives").await.refusal(),
        (403, "insufficientPermissions".to_owned())
    );
    let off = world.token("no.drive@acme.example", &[SCOPE]).await;
    assert_eq!(
        world
            .get(&off, "drive/v3/about?fields=user")
            .await
            .refusal(),
        (403, "forbidden".to_owned())
    );
}
