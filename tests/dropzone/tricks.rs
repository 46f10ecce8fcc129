//! Names and forms made to lead somewhere, to be mistaken, or to cost memory.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use super::hall::{BOUNDARY, Form, Hall, answer};

#[tokio::test]
async fn no_name_leaves_the_quarantine() {
    let hall = Hall::open(json!({})).await;
    let long = format!("{}.txt", "x".repeat(3000));
    for (sent, kept) in [
        ("../../../etc/passwd.txt", "passwd.txt"),
        ("/etc/shadow.txt", "shadow.txt"),
        ("..\\..\\boot.txt", "boot.txt"),
        ("%2e%2e%2f%2e%2e%2fx.txt", "%2e%2e%2f%2e%2e%2fx.txt"),
        ("nul\0byte.txt", "nulbyte.txt"),
        ("manifest.json\u{0}.txt", "manifest.json.txt"),
        ("~/.ssh/authorized_keys.txt", "authorized_keys.txt"),
        ("invoice\u{202e}fdp.txt", "invoicefdp.txt"),
        (long.as_str(), ""),
    ] {
        let sent = hall.send(&Form::of_ned().file(sent, b"x")).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
        let reply = sent.json();
        let name = reply["files"][0]["name"].as_str().expect("has a name");
        if kept.is_empty() {
            assert!(
                name.ends_with("….txt") && name.chars().count() <= 150,
                "{name}"
            );
        } else {
            assert_eq!(name, kept);
        }
    }
    for stored in hall.stored() {
        let name = stored.rsplit('/').next().expect("has a name");
        assert!(stored.starts_with("_quarantine/"), "{stored}");
        assert!(["1", "manifest.json"].contains(&name), "{stored}");
    }
    let above = hall.stage.data.parent().expect("has a parent");
    assert!(!above.join("etc").exists());
}

#[tokio::test]
async fn a_form_that_is_none_is_refused_and_kept_nowhere() {
    let hall = Hall::open(json!({})).await;
    let post = async |kind: &str, body: Vec<u8>| {
        let request = hall.request(Method::POST, hall.at());
        answer(request.header(header::CONTENT_TYPE, kind).body(body)).await
    };
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let whole = Form::of_ned().file("a.txt", b"x").body();
    let beginning = whole[..whole.len() / 2].to_vec();
    let no_name = Form::default()
        .part("filename=\"a.txt\"", None, b"x")
        .body();
    let endless = format!("--{BOUNDARY}\r\nA: {}", "x".repeat(1_000_000)).into_bytes();
    let folded = format!("--{BOUNDARY}\r\n{}", "A: b\r\n".repeat(100_000)).into_bytes();
    for (kind, body) in [
        ("multipart/form-data", whole.clone()),
        ("multipart/form-data; boundary=", whole.clone()),
        ("multipart/form-data; boundary=other", whole.clone()),
        (kind.as_str(), Vec::new()),
        (&kind, beginning),
        (&kind, no_name),
        (&kind, endless),
        (&kind, folded),
        (&kind, vec![b'x'; 5_000_000]),
    ] {
        let told = post(kind, body).await;
        assert_eq!(
            told.status,
            StatusCode::BAD_REQUEST,
            "{kind}: {}",
            told.text
        );
        assert!(told.text.contains("Nothing was kept"), "{}", told.text);
    }
    hall.is_empty().await;
}

#[tokio::test]
async fn ten_thousand_parts_are_refused_at_the_first_too_many() {
    let hall = Hall::open(json!({})).await;
    let empty = "name=\"files\"; filename=\"\"";
    let many = (0..10_000).fold(Form::of_ned(), |form, _| form.part(empty, None, b""));
    let told = hall.send(&many).await;
    assert_eq!(told.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", told.text);
    let long = Form::of_ned().text("message", &"x".repeat(5_000_000));
    let told = hall.send(&long).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST, "{}", told.text);
    hall.is_empty().await;
}
