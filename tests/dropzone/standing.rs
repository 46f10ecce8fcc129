//! A box that cannot take files says why, to its owner in a condition, and to senders that it is not their fault.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kube::api::DeleteParams;
use reqwest::StatusCode;
use serde_json::json;

use super::hall::{ACCOUNT, Form, Hall, USERNAME, account, message, start};
use crate::company::place::Place;
use crate::company::secret;
use crate::support::stage::{CONNECTION, Stage, condition};
use crate::support::{guard, random, wait};

async fn is_unavailable(hall: &Hall) {
    let page = hall.get(&format!("dropzone/{USERNAME}")).await;
    let told = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    for answer in [page, told] {
        assert_eq!(
            answer.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{}",
            answer.text
        );
        assert!(answer.text.contains("not your fault"), "{}", answer.text);
        assert_eq!(answer.headers["retry-after"], "60");
    }
}

fn open_to_all(folder: &Path) {
    let rights = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder, rights).expect("sets the rights");
}

#[tokio::test]
async fn an_open_box_says_where_it_is() {
    let stage = Stage::new(&json!({})).await;
    stage
        .apply(account(ACCOUNT, USERNAME, &json!({}), &stage.data))
        .await;
    let hall = Hall::on(stage, |launch| {
        launch.arg("--edge-url").arg("https://in.acme.example/")
    })
    .await;
    let object = hall.until("DropzoneReady", "True", "Open").await;
    let url = format!("https://in.acme.example/dropzone/{USERNAME}");
    assert_eq!(object["status"]["dropzone"]["url"], url);
    assert!(message(&object, "DropzoneReady").contains(&url));
    assert!(
        condition(&object, "DropzoneNotified").is_null(),
        "there is no webhook"
    );
    let off = json!({"spec": {"provider": {"deputy": {"dropzone": {"enabled": false}}}}});
    hall.stage.patch(CONNECTION, ACCOUNT, off).await;
    let object = hall
        .stage
        .until(CONNECTION, ACCOUNT, "the box to be gone", |object| {
            condition(object, "DropzoneReady").is_null()
        })
        .await;
    assert!(object["status"].get("dropzone").is_none());
    let gone = hall.get(&format!("dropzone/{USERNAME}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn rows_alone_are_no_place_for_files() {
    let stage = Stage::new(&json!({})).await;
    let place = Place::postgres().await;
    let Place::Postgres(url) = &place else {
        panic!("is a database");
    };
    stage.apply(secret("warehouse", "url", url.as_str())).await;
    let mut object = account(ACCOUNT, USERNAME, &json!({}), &stage.data);
    object["spec"]["destination"] =
        json!({"postgres": {"credentialsSecretRef": {"name": "warehouse"}}});
    stage.apply(object).await;
    let hall = Hall::on(stage, |launch| launch).await;
    let object = hall
        .until("DropzoneReady", "False", "UnsupportedByDestination")
        .await;
    assert!(message(&object, "DropzoneReady").contains("objectStore"));
    hall.until("Ready", "False", "UnsupportedByDestination")
        .await;
    is_unavailable(&hall).await;
    hall.stage
        .patch(CONNECTION, ACCOUNT, json!({"spec": {"destination": null}}))
        .await;
    hall.until("DropzoneReady", "False", "NoDestination").await;
    is_unavailable(&hall).await;
}

#[tokio::test]
async fn a_folder_that_may_not_be_written_is_said() {
    let stage = Stage::new(&json!({})).await;
    open_to_all(&stage.data);
    stage
        .apply(account(ACCOUNT, USERNAME, &json!({}), &stage.data))
        .await;
    let data = stage.data.clone();
    let namespace = stage.namespace.clone();
    let folder = guard::new_folder("addresses");
    open_to_all(&folder);
    let file = folder.join(random::name("edge"));
    let operator = stage
        .launch()
        .arg("--namespace")
        .arg(&namespace)
        .arg("--dropzone")
        .arg("--edge-listen")
        .arg("127.0.0.1:0")
        .arg("--edge-address-file")
        .arg(&file)
        .by_nobody_if_root()
        .start();
    let address = wait::until("boxes to be served", async || {
        std::fs::read_to_string(&file)
            .ok()
            .filter(|address| !address.is_empty())
    })
    .await;
    let url = format!("http://{address}/").parse().expect("is a URL");
    let hall = Hall::with(stage, operator, url).await;
    hall.until("DropzoneReady", "True", "Open").await;
    let whole = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    assert_eq!(whole.status, StatusCode::CREATED, "{}", whole.text);
    let close = |rights: &str| {
        let mut chmod = std::process::Command::new("chmod");
        let status = chmod.args(["-R", rights]).arg(&data).status();
        assert!(status.expect("runs chmod").success());
    };
    close("a-w");
    let told = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    assert_eq!(
        told.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        told.text
    );
    hall.until("DropzoneReady", "False", "DestinationReadOnly")
        .await;
    close("a+w");
    hall.stage.ask_and_wait(CONNECTION, ACCOUNT).await;
    hall.until("DropzoneReady", "True", "Open").await;
    let again = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
}

#[tokio::test]
async fn of_two_with_one_name_the_older_keeps_it() {
    let hall = Hall::open(json!({"label": "The first"})).await;
    hall.until("DropzoneReady", "True", "Open").await;
    let twin = account(
        "twin",
        "IN@acme.example",
        &json!({"label": "The second"}),
        &hall.stage.data,
    );
    // Of two of one second the name decides, and the younger's comes later.
    hall.stage.apply(twin).await;
    let object = hall
        .stage
        .until_condition(
            CONNECTION,
            "twin",
            ("DropzoneReady", "False", "UsernameTaken"),
        )
        .await;
    let said = message(&object, "DropzoneReady");
    let holder = format!("{}/{ACCOUNT}", hall.stage.namespace);
    assert!(
        said.contains(&holder) && said.contains("Choose another"),
        "{said}"
    );
    assert!(
        object["status"]["dropzone"].get("url").is_none(),
        "{object}"
    );
    let page = hall.get(&format!("dropzone/{USERNAME}")).await;
    assert!(page.text.contains("The first"), "{}", page.text);
    let accounts = hall.stage.objects(CONNECTION);
    accounts
        .delete(ACCOUNT, &DeleteParams::default())
        .await
        .expect("is deleted");
    wait::until("the younger to be served", async || {
        let page = hall.get(&format!("dropzone/{USERNAME}")).await;
        page.text.contains("The second").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_box_that_nobody_serves_says_so() {
    let stage = Stage::new(&json!({})).await;
    stage
        .apply(account(ACCOUNT, USERNAME, &json!({}), &stage.data))
        .await;
    let _operator = stage.operator();
    let object = stage
        .until_condition(CONNECTION, ACCOUNT, ("DropzoneReady", "False", "NotServed"))
        .await;
    assert!(message(&object, "DropzoneReady").contains("dropzone.enabled=true"));
}

#[tokio::test]
async fn what_a_spec_may_not_say_is_refused_by_the_api_server() {
    let stage = Stage::new(&json!({})).await;
    for (dropzone, says) in [
        (json!({"maxFileSize": "33Gi"}), "at most 32Gi"),
        (json!({"maxFileSize": "lots"}), "maxFileSize"),
        (json!({"expiry": "23h"}), "from 24h to 8760h"),
        (json!({"expiry": "9000h"}), "from 24h to 8760h"),
        (json!({"allowedTypes": []}), "allowedTypes"),
        (json!({"allowedTypes": ["../x"]}), "allowedTypes"),
        (
            json!({"webhook": {"url": "ftp://x.example"}}),
            "webhook.url",
        ),
        (json!({"closesAt": "tomorrow"}), "closesAt"),
    ] {
        let object = account(ACCOUNT, USERNAME, &dropzone, &stage.data);
        let object = serde_json::from_value(object).expect("is an object");
        let accounts = stage.objects(CONNECTION);
        let made = accounts
            .create(&kube::api::PostParams::default(), &object)
            .await;
        let refusal = made.expect_err("is refused").to_string();
        assert!(refusal.contains(says), "{refusal}");
    }
}

#[tokio::test]
async fn every_replica_takes_files() {
    let hall = Hall::open(json!({})).await;
    let launch = hall
        .stage
        .launch()
        .arg("--namespace")
        .arg(&hall.stage.namespace);
    let (_operator, url) = start(launch).await;
    let form = Form::of_ned().file("a.txt", b"x");
    let kind = format!("multipart/form-data; boundary={}", super::hall::BOUNDARY);
    wait::until("the other replica to take a file", async || {
        let at = url.join(&format!("dropzone/{USERNAME}")).expect("is a URL");
        let request = hall.request(reqwest::Method::POST, at);
        let request = request.header("content-type", &kind).body(form.body());
        let answer = super::hall::answer(request).await;
        (answer.status == StatusCode::CREATED).then_some(())
    })
    .await;
}
