//! What was sent is for the account's own keys, and for nobody else.

use kube::api::DeleteParams;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::hall::{Answer, Form, Hall, USERNAME, account, answer};
use crate::support::stage::{CONNECTION, KEY, Stage};

/// Has a key issued for an account, and returns the Secret's entries.
async fn key(stage: &Stage, name: &str, connection: &str, purpose: &str) -> Value {
    let object = json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": KEY, "metadata": {"name": name},
        "spec": {"connectionRef": {"name": connection}, "purpose": purpose, "secretName": name},
    });
    stage.apply(object).await;
    stage
        .until(KEY, name, "to be good", |object| {
            crate::support::stage::condition(object, "Ready")["status"] == "True"
        })
        .await;
    let secrets: kube::Api<k8s_openapi::api::core::v1::Secret> =
        kube::Api::namespaced(stage.client.clone(), &stage.namespace);
    let data = secrets.get(name).await.expect("is there").data;
    let entries = data.expect("has entries").into_iter();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("is text");
    entries
        .map(|(name, value)| (name, json!(text(value.0))))
        .collect()
}

async fn ask(hall: &Hall, key: Option<&Value>, path: &str) -> Answer {
    let url = hall.url.join(path).expect("is a URL");
    let mut request = hall.request(Method::GET, url);
    if let Some(key) = key {
        request = request.bearer_auth(key["token"].as_str().expect("has a token"));
    }
    answer(request.header(header::ACCEPT, "application/json")).await
}

#[tokio::test]
async fn a_key_of_the_account_opens_its_inbox_and_no_other_does() {
    let hall = Hall::open(json!({})).await;
    let other = account("other", "other@acme.example", &json!({}), &hall.stage.data);
    hall.stage.apply(other).await;
    hall.until("DropzoneReady", "True", "Open").await;
    let own = key(&hall.stage, "own", super::hall::ACCOUNT, "API").await;
    let scim = key(&hall.stage, "scim", super::hall::ACCOUNT, "SCIM").await;
    let others = key(&hall.stage, "others", "other", "API").await;
    let content = b"\x89PNG\r\n\x1a\nand more";
    let sent = hall
        .send(&Form::of_ned().file("ü \"1\".png", content))
        .await;
    let upload = sent.json()["upload"]
        .as_str()
        .expect("is a name")
        .to_owned();
    let inbox = format!("dropzone/{USERNAME}/inbox");
    let file = format!("{inbox}/{upload}/1");

    for path in [inbox.as_str(), &file] {
        let stranger = ask(&hall, None, path).await;
        assert_eq!(
            stranger.status,
            StatusCode::UNAUTHORIZED,
            "{}",
            stranger.text
        );
        assert!(stranger.headers.contains_key(header::WWW_AUTHENTICATE));
        for (key, reason) in [(&scim, "WrongPurpose"), (&others, "AnotherAccount")] {
            let refused = ask(&hall, Some(key), path).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
            assert_eq!(refused.json()["error"]["reason"], reason);
        }
    }
    let nobodys = ask(&hall, Some(&own), "dropzone/nobody@acme.example/inbox").await;
    assert_eq!(nobodys.status, StatusCode::FORBIDDEN);

    let list = ask(&hall, Some(&own), &inbox).await.json();
    assert_eq!(list["uploads"], json!([hall.manifest(&upload)]));
    assert!(list["before"].is_null());
    let url = hall.url.join(&file).expect("is a URL");
    let basic = hall.request(Method::GET, url);
    let basic = basic.basic_auth(own["api-key"].as_str().unwrap(), own["api-secret"].as_str());
    let reply = basic.send().await.expect("is answered");
    let header = |name: &str| reply.headers()[name].to_str().expect("is text").to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-length"), content.len().to_string());
    assert_eq!(
        header("content-disposition"),
        "attachment; filename*=UTF-8''%C3%BC%201%2Epng"
    );
    assert!(header("content-security-policy").contains("sandbox"));
    #[expect(clippy::disallowed_methods, reason = "it is small")]
    let bytes = reply.bytes().await.expect("has a body");
    assert_eq!(bytes.as_ref(), content);

    for path in [
        format!("{inbox}/{upload}/2"),
        format!("{inbox}/{upload}/manifest.json"),
        format!("{inbox}/20261128T093012Z-4f0c9a17be21d386/1"),
        format!("{inbox}/%2e%2e/1"),
        format!("{inbox}/{upload}%2f..%2f{upload}/1"),
    ] {
        let none = ask(&hall, Some(&own), &path).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "{path}: {}", none.text);
    }
    let keys = hall.stage.objects(KEY);
    keys.delete("own", &DeleteParams::default())
        .await
        .expect("is deleted");
    crate::support::wait::until("the key to be dead", async || {
        let status = ask(&hall, Some(&own), &inbox).await.status;
        (status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_long_list_comes_in_pages_the_newest_first() {
    let hall = Hall::open(json!({})).await;
    hall.until("DropzoneReady", "True", "Open").await;
    let own = key(&hall.stage, "own", super::hall::ACCOUNT, "API").await;
    for number in 0..5 {
        let form = Form::of_ned().file(&format!("{number}.txt"), b"x");
        assert_eq!(hall.send(&form).await.status, StatusCode::CREATED);
    }
    // What is not complete is not shown.
    let begun = hall.quarantine().join("20261128T093012Z-4f0c9a17be21d386");
    std::fs::create_dir(&begun).expect("makes a folder");
    std::fs::write(begun.join("1"), "half").expect("writes a file");
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let path = format!("dropzone/{USERNAME}/inbox?limit=2{before}");
        let page = ask(&hall, Some(&own), &path).await.json();
        let uploads = page["uploads"].as_array().expect("is a list").clone();
        assert!(uploads.len() <= 2);
        seen.extend(
            uploads
                .iter()
                .map(|it| it["upload"].as_str().unwrap().to_owned()),
        );
        match page["before"].as_str() {
            Some(last) => before = format!("&before={last}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a >= b), "{seen:?}");
    // The box may be closed: what it has taken is the account's.
    let closed = json!({"spec": {"provider": {"deputy": {"dropzone": {"enabled": false}}}}});
    hall.stage
        .patch(CONNECTION, super::hall::ACCOUNT, closed)
        .await;
    let still = ask(&hall, Some(&own), &format!("dropzone/{USERNAME}/inbox")).await;
    assert_eq!(still.json()["uploads"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn a_key_is_in_its_secret_and_nowhere_else() {
    let stage = Stage::new(&json!({})).await;
    stage
        .apply(account(
            super::hall::ACCOUNT,
            USERNAME,
            &json!({}),
            &stage.data,
        ))
        .await;
    let hall = Hall::on(stage, |launch| launch.arg("--log").arg("trace")).await;
    hall.until("DropzoneReady", "True", "Open").await;
    let own = key(&hall.stage, "own", super::hall::ACCOUNT, "API").await;
    let secret = own["api-secret"].as_str().expect("has a secret");
    let inbox = format!("dropzone/{USERNAME}/inbox");
    for _ in 0..2 {
        let list = ask(&hall, Some(&own), &inbox).await;
        assert_eq!(list.status, StatusCode::OK);
        assert!(!list.text.contains(secret));
        let wrong = json!({"token": format!("{}x", own["token"].as_str().unwrap())});
        let refused = ask(&hall, Some(&wrong), &inbox).await;
        assert!(!refused.text.contains(secret), "{}", refused.text);
        hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    }
    let log = hall.operator.log();
    assert!(
        log.contains(r#""level":"TRACE""#),
        "the log is as chatty as can be"
    );
    assert!(!log.contains(secret));
    let (client, namespace) = (hall.stage.client.clone(), hall.stage.namespace.as_str());
    let secrets: kube::Api<k8s_openapi::api::core::v1::Secret> =
        kube::Api::namespaced(client.clone(), namespace);
    let all = secrets.list(&kube::api::ListParams::default()).await;
    let holders: Vec<_> = all
        .expect("lists")
        .items
        .into_iter()
        .filter(|object| {
            let mut values = object.data.iter().flatten();
            values.any(|(_, value)| String::from_utf8_lossy(&value.0).contains(secret))
        })
        .filter_map(|object| object.metadata.name)
        .collect();
    assert_eq!(holders, ["own"]);
    for kind in [CONNECTION, KEY] {
        let objects = hall.stage.objects(kind);
        let list = objects.list(&kube::api::ListParams::default()).await;
        let text = serde_json::to_string(&list.expect("lists")).expect("is JSON");
        assert!(!text.contains(secret), "{kind}");
    }
    for file in hall.stored() {
        let content = std::fs::read(hall.stage.data.join(&file)).expect("reads");
        assert!(
            !String::from_utf8_lossy(&content).contains(secret),
            "{file}"
        );
    }
}
