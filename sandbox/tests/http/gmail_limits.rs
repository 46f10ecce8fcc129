//! What keeps Gmail closed, and its limits.

use serde_json::{Value, json};

use crate::support::{PETER, World};

const ME: &str = "gmail/v1/users/me";

#[tokio::test]
async fn states_that_keep_gmail_closed() {
    let world = World::new().await;
    let token = world
        .token("no.mailbox@acme.example", &["gmail.readonly"])
        .await;
    assert_eq!(
        world.get(&token, &format!("{ME}/profile")).await.refusal(),
        (400, "failedPrecondition".to_owned())
    );
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let other = world
        .get(&token, "gmail/v1/users/mary.jane@acme-labs.example/profile")
        .await;
    assert_eq!(other.refusal(), (403, "forbidden".to_owned()));
    assert!(
        other
            .text
            .contains(&format!("Delegation denied for {PETER}"))
    );
    world
        .read(&token, "gmail/v1/users/spidey@acme.example/profile")
        .await;
    world
        .console(
            "PATCH",
            "google/projects/107400000000",
            json!({ "apis": ["calendar"] }),
        )
        .await;
    let off = world.get(&token, &format!("{ME}/profile")).await;
    assert_eq!(off.refusal(), (403, "accessNotConfigured".to_owned()));
    assert_eq!(
        off.json()["error"]["details"][0]["reason"],
        "SERVICE_DISABLED"
    );
    world
        .console(
            "PATCH",
            "google/projects/107400000000",
            json!({ "apis": ["gmail"] }),
        )
        .await;
    world
        .console(
            "PATCH",
            &format!("google/users/{PETER}"),
            json!({ "suspended": true }),
        )
        .await;
    assert_eq!(
        world.get(&token, &format!("{ME}/profile")).await.refusal(),
        (401, "authError".to_owned())
    );
    assert_eq!(
        world
            .get("nonsense", &format!("{ME}/profile"))
            .await
            .refusal(),
        (401, "authError".to_owned())
    );
    let none = world
        .send(
            world
                .client
                .get(world.url(&format!("/google/{ME}/profile"))),
        )
        .await;
    assert_eq!(none.refusal(), (401, "required".to_owned()));
}

#[tokio::test]
async fn quotas_are_enforced_and_concurrency_is_capped() {
    let world = World::limited("2026").await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let (all, _) = world
        .pages(&token, &format!("{ME}/messages?maxResults=500"), "messages")
        .await;
    let path = format!(
        "{ME}/messages/{}?format=minimal",
        all[0]["id"].as_str().unwrap()
    );
    let mut allowed = 0;
    let refused = loop {
        let reply = world.get(&token, &path).await;
        if reply.status != 200 {
            break reply;
        }
        allowed += 1;
        assert!(allowed < 400);
    };
    assert_eq!(allowed, (6000 - 5) / 20);
    assert_eq!(refused.refusal(), (403, "rateLimitExceeded".to_owned()));
    assert!(refused.text.contains("Queries per minute per user"));
    world.fault(json!({ "do": { "delayMs": 300 } })).await;
    let mary = world
        .token("mary.jane@acme-labs.example", &["gmail.readonly"])
        .await;
    let calls = (0..30).map(|_| world.get(&mary, "gmail/v1/users/me/profile"));
    let mut replies = Vec::new();
    for call in calls.map(Box::pin).collect::<Vec<_>>() {
        replies.push(call);
    }
    let statuses = join_all(replies).await;
    let capped = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(capped, 20, "{statuses:?}");
    let stats = world.console("GET", "stats", Value::Null).await;
    assert_eq!(stats["throttled"], json!(21));
}

/// Polls all futures until each is done.
async fn join_all<F: Future<Output = crate::support::Reply> + Unpin>(
    mut calls: Vec<F>,
) -> Vec<u16> {
    let mut statuses = vec![0; calls.len()];
    std::future::poll_fn(move |context| {
        let mut waiting = false;
        for (call, status) in calls
            .iter_mut()
            .zip(&mut statuses)
            .filter(|(_, status)| **status == 0)
        {
            match std::pin::Pin::new(call).poll(context) {
                std::task::Poll::Ready(reply) => *status = reply.status,
                std::task::Poll::Pending => waiting = true,
            }
        }
        if waiting {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(std::mem::take(&mut statuses))
        }
    })
    .await
}
