//! Every refusal says what is wrong and what to do, to people and to programs, and nothing is kept.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use super::hall::{Form, Hall, USERNAME, answer};
use crate::support::stage::CONNECTION;

async fn refused(hall: &Hall, form: &Form, status: StatusCode, reason: &str, says: &str) {
    let told = hall.send(form).await;
    assert_eq!(told.status, status, "{}", told.text);
    let error = &told.json()["error"];
    assert_eq!(error["reason"], reason, "{error}");
    assert_eq!(error["status"], status.as_u16());
    assert!(error.to_string().contains(says), "{says} is not in {error}");
    let page = hall.post(form).await;
    assert_eq!(page.status, status);
    assert!(page.text.contains("role=\"alert\""), "{}", page.text);
    hall.is_empty().await;
}

#[tokio::test]
async fn a_form_that_is_not_filled_in_is_shown_again_with_what_was_there() {
    let hall = Hall::open(json!({})).await;
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    for (form, says) in [
        (Form::of_ned(), "Choose a file."),
        (
            Form::of_ned().part("name=\"files\"; filename=\"\"", None, b""),
            "Choose a file.",
        ),
        (
            Form::default()
                .text("email", "n@x.example")
                .file("a.txt", b"x"),
            "Enter your name.",
        ),
        (
            Form::default().text("name", "N").file("a.txt", b"x"),
            "Enter your e-mail address.",
        ),
        (
            Form::default()
                .text("name", "N")
                .text("email", "nobody")
                .file("a.txt", b"x"),
            "name@company.example",
        ),
        (
            Form::of_ned()
                .text("subject", &"x".repeat(201))
                .file("a.txt", b"x"),
            "200 characters",
        ),
        (
            Form::of_ned()
                .text("email", "other@x.example")
                .file("a.txt", b"x"),
            "once",
        ),
    ] {
        refused(&hall, &form, unprocessable, "Incomplete", says).await;
    }
    let form = Form::of_ned().text("role", "admin").file("a.txt", b"x");
    refused(
        &hall,
        &form,
        unprocessable,
        "UnknownField",
        "another one was sent",
    )
    .await;
    let page = hall
        .post(&Form::of_ned().text("message", "<keep> me"))
        .await;
    assert!(page.text.contains("value=\"Ned Leeds\""), "{}", page.text);
    assert!(
        page.text.contains("&lt;keep&gt; me</textarea>"),
        "{}",
        page.text
    );
    assert!(page.text.contains("href=\"#files\""), "{}", page.text);
}

#[tokio::test]
async fn a_wrong_type_is_refused_whatever_it_is_called() {
    let hall = Hall::open(json!({})).await;
    let wrong = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    for (name, content, says) in [
        ("a.exe", b"MZ\x90\0\x03".as_slice(), "not taken here"),
        ("a.pdf.exe", b"%PDF-1.4", "not taken here"),
        ("a", b"hello", "not taken here"),
        ("a.pdf", b"MZ\x90\0\x03", "content is of another type"),
        (
            "a.txt",
            b"\x7fELF\x02\x01\x01\0",
            "content is of another type",
        ),
        ("a.png", b"GIF89a", "content is of another type"),
        ("a.pdf", b"", "content is of another type"),
    ] {
        // What came before it goes too.
        let form = Form::of_ned().file("good.txt", b"good").file(name, content);
        refused(&hall, &form, wrong, "WrongType", says).await;
    }
    let kind = hall.form(&Form::of_ned().file("a.txt", b"x"));
    let kind = kind.header(header::ACCEPT, "application/json");
    let no_form = hall
        .request(Method::POST, hall.at())
        .header(header::CONTENT_TYPE, "application/json")
        .body("{}");
    assert_eq!(answer(kind).await.status, StatusCode::CREATED);
    assert_eq!(answer(no_form).await.status, wrong);
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_its_length_and_by_what_comes() {
    let hall = Hall::open(json!({"maxFileSize": "1Mi"})).await;
    let large = StatusCode::PAYLOAD_TOO_LARGE;
    let mebibyte = vec![b'x'; 1 << 20];
    let over = [mebibyte.as_slice(), b"x"].concat();
    refused(
        &hall,
        &Form::of_ned().file("a.txt", &over),
        large,
        "TooLarge",
        "1 MiB",
    )
    .await;
    let more_than_half = vec![b'x'; 600 * 1024];
    let both = Form::of_ned()
        .file("a.txt", &more_than_half)
        .file("b.txt", &more_than_half);
    refused(&hall, &both, large, "TooLarge", "1 MiB").await;
    let files = |count: usize| {
        (0..count).fold(Form::of_ned(), |form, n| {
            form.file(&format!("{n}.txt"), b"x")
        })
    };
    refused(&hall, &files(11), large, "TooManyFiles", "10 files").await;
    let exact = hall.send(&Form::of_ned().file("a.txt", &mebibyte)).await;
    assert_eq!(exact.status, StatusCode::CREATED, "{}", exact.text);
    assert_eq!(hall.send(&files(10)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn unknown_disabled_and_foreign_names_are_all_the_same() {
    let hall = Hall::open(json!({})).await;
    let off = json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": CONNECTION, "metadata": {"name": "off"},
        "spec": {"provider": {"deputy": {"username": "off@acme.example", "dropzone": {"enabled": false}}}},
    });
    hall.stage.apply(off).await;
    hall.stage.apply(hall.stage.connection("google")).await;
    let unknown = hall.get("dropzone/nobody@acme.example").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for path in [
        "dropzone",
        "dropzone/",
        "dropzone/off@acme.example",
        "dropzone/it-admin@acme.example",
        "dropzone/inbox",
        "dropzone/x",
        &format!("dropzone/{USERNAME}/other"),
    ] {
        let page = hall.get(path).await;
        assert_eq!(
            (page.status, &page.text),
            (StatusCode::NOT_FOUND, &unknown.text),
            "{path}"
        );
    }
    let put = answer(hall.request(Method::PUT, hall.at())).await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(put.headers[header::ALLOW], "GET, HEAD, POST");
}

#[tokio::test]
async fn a_box_closes_when_it_was_to() {
    let hall = Hall::open(json!({"closesAt": "2026-01-02T03:04:00Z"})).await;
    let page = hall.get(&format!("dropzone/{USERNAME}")).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(
        page.text.contains("2 January 2026, 03:04 UTC"),
        "{}",
        page.text
    );
    let form = Form::of_ned().file("a.txt", b"x");
    refused(&hall, &form, StatusCode::GONE, "Closed", "has closed").await;
    let object = hall.until("DropzoneReady", "False", "Closed").await;
    hall.until("Ready", "True", "Verified").await;
    assert_eq!(
        object["status"]["dropzone"]["url"],
        format!("/dropzone/{USERNAME}")
    );
}
