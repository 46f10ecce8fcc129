//! Gmail.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

use crate::support::{PETER, World};

const ME: &str = "gmail/v1/users/me";

fn ids(items: &[Value]) -> BTreeSet<String> {
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn state(world: &World) -> Vec<Value> {
    let state = world
        .console("GET", &format!("google/users/{PETER}/state"), Value::Null)
        .await;
    state["messages"].as_array().unwrap().clone()
}

#[tokio::test]
async fn listing_gives_every_message_once() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let truth = state(&world).await;
    assert_eq!(truth.len(), 60);
    let (all, last) = world
        .pages(
            &token,
            &format!("{ME}/messages?includeSpamTrash=true&maxResults=7"),
            "messages",
        )
        .await;
    assert_eq!((all.len(), ids(&all)), (60, ids(&truth)));
    assert!(last["resultSizeEstimate"].is_u64());
    let (clean, _) = world
        .pages(&token, &format!("{ME}/messages"), "messages")
        .await;
    let hidden = |message: &&Value| {
        let labels = message["labelIds"].as_array().cloned().unwrap_or_default();
        labels.contains(&json!("SPAM")) || labels.contains(&json!("TRASH"))
    };
    assert_eq!(clean.len(), 60 - truth.iter().filter(hidden).count());
    let (inbox, _) = world
        .pages(
            &token,
            &format!("{ME}/messages?labelIds=INBOX&labelIds=UNREAD"),
            "messages",
        )
        .await;
    let both = |message: &&Value| {
        let labels = message["labelIds"].as_array().cloned().unwrap_or_default();
        labels.contains(&json!("INBOX")) && labels.contains(&json!("UNREAD"))
    };
    assert_eq!(inbox.len(), truth.iter().filter(both).count());
    assert!(!inbox.is_empty());
    for wrong in [
        "labelIds=NOPE",
        "q=from:x",
        "pageToken=1",
        "maxResults=0",
        "fields=messages(nope)",
    ] {
        assert_eq!(
            world
                .get(&token, &format!("{ME}/messages?{wrong}"))
                .await
                .status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn every_format_shows_the_same_message() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    for truth in state(&world).await.iter().take(20) {
        let path = format!("{ME}/messages/{}", truth["id"].as_str().unwrap());
        let metadata = world.read(&token, &format!("{path}?format=metadata")).await;
        assert_eq!(&metadata, truth);
        let full = world.read(&token, &format!("{path}?format=full")).await;
        assert_eq!(full["payload"]["headers"], metadata["payload"]["headers"]);
        assert_eq!(full["payload"]["mimeType"], metadata["payload"]["mimeType"]);
        let raw = world.read(&token, &format!("{path}?format=raw")).await;
        let bytes = URL_SAFE.decode(raw["raw"].as_str().unwrap()).unwrap();
        assert_eq!(raw["sizeEstimate"], json!(bytes.len()));
        assert!(raw.get("payload").is_none());
        let minimal = world.read(&token, &format!("{path}?format=minimal")).await;
        assert!(minimal.get("payload").is_none() && minimal.get("raw").is_none());
        assert_eq!(minimal["internalDate"], truth["internalDate"]);
    }
}

#[tokio::test]
async fn headers_and_fields_narrow_the_reply() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let id = state(&world).await[0]["id"].as_str().unwrap().to_owned();
    let path =
        format!("{ME}/messages/{id}?format=metadata&metadataHeaders=from&metadataHeaders=Date");
    let found = world
        .read(&token, &format!("{path}&fields=id,payload/headers"))
        .await;
    let names: Vec<&str> = found["payload"]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Date", "From"]);
    let keys: Vec<&String> = found.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "payload"]);
    assert_eq!(found["payload"].as_object().unwrap().len(), 1);
    let narrow = world
        .read(&token, &format!("{path}&fields=payload(headers(name))"))
        .await;
    assert_eq!(
        narrow,
        json!({ "payload": { "headers": [{ "name": "Date" }, { "name": "From" }] } })
    );
    let full = world
        .read(
            &token,
            &format!("{ME}/messages/{id}?fields=payload/mimeType,raw"),
        )
        .await;
    assert_eq!(full["payload"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn delivered_mail_keeps_its_bytes_and_its_attachment() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let raw = "From: a@x.example\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n\
               Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n";
    let path = format!("google/users/{PETER}/messages");
    let id = world
        .console(
            "POST",
            &path,
            json!({ "rfc822": raw, "labels": ["INBOX", "Label_9"] }),
        )
        .await["id"]
        .clone();
    let id = id.as_str().unwrap();
    let got = world
        .read(&token, &format!("{ME}/messages/{id}?format=raw"))
        .await;
    assert_eq!(
        URL_SAFE.decode(got["raw"].as_str().unwrap()).unwrap(),
        raw.as_bytes()
    );
    assert_eq!(got["labelIds"], json!(["INBOX", "Label_9"]));
    let full = world.read(&token, &format!("{ME}/messages/{id}")).await;
    assert_eq!(
        full["payload"]["headers"][1],
        json!({ "name": "Subject", "value": "grün" })
    );
    let attachment = full["payload"]["parts"][1]["body"]["attachmentId"]
        .as_str()
        .unwrap();
    let content = world
        .read(
            &token,
            &format!("{ME}/messages/{id}/attachments/{attachment}"),
        )
        .await;
    assert_eq!(content, json!({ "size": 3, "data": "AAEC" }));
    assert_eq!(
        world
            .get(&token, &format!("{ME}/messages/{id}/attachments/AAAA"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn history_tells_what_happened() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.metadata"]).await;
    let start = world.read(&token, &format!("{ME}/profile")).await["historyId"]
        .as_str()
        .unwrap()
        .to_owned();
    let quiet = world
        .read(&token, &format!("{ME}/history?startHistoryId={start}"))
        .await;
    assert_eq!(quiet, json!({ "historyId": start }));
    let base = format!("google/users/{PETER}/messages");
    let id = world
        .console("POST", &base, json!({ "rfc822": "Subject: x\r\n\r\n" }))
        .await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let change = json!({ "addLabels": ["STARRED"], "removeLabels": ["UNREAD"] });
    world
        .console("PATCH", &format!("{base}/{id}"), change)
        .await;
    world
        .console("DELETE", &format!("{base}/{id}"), Value::Null)
        .await;
    let (records, last) = world
        .pages(
            &token,
            &format!("{ME}/history?startHistoryId={start}&maxResults=1"),
            "history",
        )
        .await;
    let kinds: Vec<&str> = records
        .iter()
        .map(|record| {
            let keys = [
                "messagesAdded",
                "labelsAdded",
                "labelsRemoved",
                "messagesDeleted",
            ];
            *keys.iter().find(|key| record.get(**key).is_some()).unwrap()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "messagesAdded",
            "labelsAdded",
            "labelsRemoved",
            "messagesDeleted"
        ]
    );
    assert_eq!(records[1]["labelsAdded"][0]["labelIds"], json!(["STARRED"]));
    assert_ne!(last["historyId"], json!(start));
    let filtered = format!(
        "{ME}/history?startHistoryId={start}&historyTypes=messageDeleted&historyTypes=labelAdded"
    );
    assert_eq!(world.pages(&token, &filtered, "history").await.0.len(), 2);
    let labelled = format!("{ME}/history?startHistoryId={start}&labelId=UNREAD");
    assert_eq!(world.pages(&token, &labelled, "history").await.0.len(), 2);
    world
        .console(
            "POST",
            &format!("google/users/{PETER}/expire"),
            json!({ "what": "history" }),
        )
        .await;
    let old = world
        .get(&token, &format!("{ME}/history?startHistoryId={start}"))
        .await;
    assert_eq!(old.refusal(), (404, "notFound".to_owned()));
    assert_eq!(
        world
            .get(&token, &format!("{ME}/history?startHistoryId=x"))
            .await
            .status,
        400
    );
    assert_eq!(
        world.get(&token, &format!("{ME}/history")).await.status,
        400
    );
}

#[tokio::test]
async fn edits_are_found_by_history() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let start = world.read(&token, &format!("{ME}/profile")).await["historyId"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut known = ids(&state(&world).await);
    let edits = json!({ "count": 200, "seed": 3, "streams": ["mail"] });
    world
        .console("POST", &format!("google/users/{PETER}/edits"), edits)
        .await;
    let (records, _) = world
        .pages(
            &token,
            &format!("{ME}/history?startHistoryId={start}&maxResults=9"),
            "history",
        )
        .await;
    for record in &records {
        for item in record["messagesAdded"].as_array().into_iter().flatten() {
            known.insert(item["message"]["id"].as_str().unwrap().to_owned());
        }
        for item in record["messagesDeleted"].as_array().into_iter().flatten() {
            known.remove(item["message"]["id"].as_str().unwrap());
        }
    }
    assert_eq!(known, ids(&state(&world).await));
    assert!(records.len() > 150, "{}", records.len());
}

#[tokio::test]
async fn metadata_scope_restricts() {
    let world = World::new().await;
    for scopes in [
        &["gmail.metadata"][..],
        &["gmail.metadata", "gmail.readonly"],
    ] {
        let token = world.token(PETER, scopes).await;
        let (all, _) = world
            .pages(&token, &format!("{ME}/messages"), "messages")
            .await;
        let path = format!("{ME}/messages/{}", all[0]["id"].as_str().unwrap());
        world.read(&token, &format!("{path}?format=metadata")).await;
        for wrong in [
            format!("{path}?format=full"),
            format!("{path}?format=raw"),
            path,
            format!("{ME}/messages?q=in:inbox"),
        ] {
            assert_eq!(
                world.get(&token, &wrong).await.refusal(),
                (403, "forbidden".to_owned()),
                "{wrong}"
            );
        }
    }
    let token = world.token(PETER, &["gmail.metadata"]).await;
    let reply = world.get(&token, &format!("{ME}/settings/sendAs")).await;
    assert_eq!(reply.refusal(), (403, "insufficientPermissions".to_owned()));
    assert_eq!(
        reply.json()["error"]["details"][0]["reason"],
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    );
    assert!(
        reply.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("insufficient_scope")
    );
}

#[tokio::test]
async fn sending_can_be_probed_without_sending() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.send"]).await;
    let url = world.url(&format!("/google/{ME}/messages/send"));
    let probe = world
        .send(world.client.post(&url).bearer_auth(&token).json(&json!({})))
        .await;
    assert_eq!(probe.refusal(), (400, "invalidArgument".to_owned()));
    assert!(probe.text.contains("'raw' RFC822 payload message string"));
    assert_eq!(
        world.get(&token, &format!("{ME}/profile")).await.status,
        403
    );
    let raw = URL_SAFE.encode("To: b@x.example\r\nSubject: hello\r\n\r\n");
    let sent = world
        .send(
            world
                .client
                .post(&url)
                .bearer_auth(&token)
                .json(&json!({ "raw": raw })),
        )
        .await;
    assert_eq!(sent.json()["labelIds"], json!(["SENT"]));
}

#[tokio::test]
async fn labels_profile_and_addresses() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let profile = world.read(&token, &format!("{ME}/profile")).await;
    assert_eq!(
        (&profile["emailAddress"], &profile["messagesTotal"]),
        (&json!(PETER), &json!(60))
    );
    let labels = world.read(&token, &format!("{ME}/labels")).await;
    assert!(labels["labels"].as_array().unwrap().len() > 10);
    let inbox = world.read(&token, &format!("{ME}/labels/INBOX")).await;
    let (listed, _) = world
        .pages(&token, &format!("{ME}/messages?labelIds=INBOX"), "messages")
        .await;
    assert_eq!(inbox["messagesTotal"], json!(listed.len()));
    let addresses = world.read(&token, &format!("{ME}/settings/sendAs")).await;
    assert_eq!(addresses["sendAs"][1]["verificationStatus"], "accepted");
    assert_eq!(
        world.get(&token, &format!("{ME}/labels/NOPE")).await.status,
        404
    );
}
