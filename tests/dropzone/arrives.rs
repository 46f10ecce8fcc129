//! What is sent lies in the quarantine as it was sent, and is written down.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use super::hall::{Form, Hall, USERNAME, answer, sha256};

#[tokio::test]
async fn the_form_is_a_page_that_needs_no_script() {
    let hall = Hall::open(json!({"label": "Invoices & more", "expiry": "720h"})).await;
    let page = hall.get(&format!("dropzone/{USERNAME}")).await;
    assert_eq!(page.status, StatusCode::OK);
    for says in [
        "<html lang=\"en\">",
        "Invoices &amp; more",
        "enctype=\"multipart/form-data\"",
        "<label for=\"files\">",
        "accept=\".txt,.pdf,.png\"",
        "They are kept for 30 days.",
        "100 MiB together",
    ] {
        assert!(page.text.contains(says), "{says} is not in {}", page.text);
    }
    assert!(!page.text.contains("<script"));
    let header = |name: &str| page.headers[name].to_str().expect("is text").to_owned();
    let policy = header("content-security-policy");
    for says in [
        "default-src 'none'",
        "style-src 'sha256-",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(says), "{policy}");
    }
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    let head = answer(hall.request(Method::HEAD, hall.at())).await;
    assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
    let shouted = hall
        .get(&format!("dropzone/{}", USERNAME.to_uppercase()))
        .await;
    assert_eq!(
        shouted.status,
        StatusCode::OK,
        "a name is one in any spelling"
    );
}

#[tokio::test]
async fn an_upload_is_kept_as_it_was_sent() {
    let mut hall = Hall::open(json!({"expiry": "48h", "label": "Invoices"})).await;
    let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![7; 300_000]].concat();
    let form = Form::of_ned()
        .text("subject", "Two files")
        .text("message", "First line\r\nsecond <b>line</b>")
        .file(
            "../../Ünvoice \"1\".txt",
            b"line one\r\n--not the boundary\r\n",
        )
        .part("name=\"files\"; filename=\"\"", None, b"")
        .file("a.PNG", &picture);
    let reply = hall.send(&form).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    let reply = reply.json();
    let upload = reply["upload"].as_str().expect("is a name").to_owned();
    let manifest = hall.manifest(&upload);
    assert_eq!(manifest["account"], USERNAME);
    assert_eq!(manifest["label"], "Invoices");
    assert_eq!(
        manifest["sender"],
        json!({"name": "Ned Leeds", "email": "ned@leeds.example"})
    );
    assert_eq!(manifest["subject"], "Two files");
    assert_eq!(manifest["message"], "First line\nsecond <b>line</b>");
    let text = b"line one\r\n--not the boundary\r\n";
    assert_eq!(
        manifest["files"],
        json!([
            {"number": 1, "name": "Ünvoice 1.txt", "type": "text/plain", "bytes": text.len(), "sha256": sha256(text)},
            {"number": 2, "name": "a.PNG", "type": "image/png", "bytes": picture.len(), "sha256": sha256(&picture)},
        ])
    );
    assert_eq!(manifest["files"], reply["files"]);
    let time = |field: &str| -> jiff::Timestamp {
        manifest[field]
            .as_str()
            .expect("is a time")
            .parse()
            .expect("is a time")
    };
    let kept = time("expiresAt").duration_since(time("receivedAt"));
    assert_eq!(kept, jiff::SignedDuration::from_hours(48));
    let folder = hall.quarantine().join(&upload);
    assert_eq!(std::fs::read(folder.join("1")).expect("is there"), text);
    assert_eq!(std::fs::read(folder.join("2")).expect("is there"), picture);
    assert_eq!(hall.stored().len(), 3, "{:?}", hall.stored());
    assert!(
        hall.metric("deputy_dropzone_uploads_total{outcome=\"Received\"} 1")
            .await
    );
    let bytes = text.len() + picture.len();
    assert!(
        hall.metric(&format!("deputy_dropzone_bytes_total {bytes}"))
            .await
    );
    let log = hall.operator.log();
    for word in ["Ned", "leeds", "Two files", "nvoice"] {
        assert!(!log.contains(word), "the log has {word}");
    }
}

#[tokio::test]
async fn a_person_is_shown_what_has_arrived() {
    let hall = Hall::open(json!({})).await;
    let form = Form::of_ned().file("<i>a</i>.txt", b"hello");
    let page = hall.post(&form).await;
    assert_eq!(page.status, StatusCode::CREATED);
    let kind = &page.headers[header::CONTENT_TYPE];
    assert_eq!(kind, "text/html; charset=utf-8");
    assert!(page.text.contains("Your file has arrived"), "{}", page.text);
    assert!(page.text.contains(&sha256(b"hello")), "{}", page.text);
    assert!(!page.text.contains("<i>"), "{}", page.text);
}
