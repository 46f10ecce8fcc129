//! What users change: how much may be kept, and when all of it is to be read again.

use serde_json::{Value, json};

use crate::company::compare;
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, PETER, SMALL, write};

/// A file of objects at another level of privacy.
fn at_level(company: &Company, place: &Place, mail: &str) -> std::path::PathBuf {
    let mut spec = company.spec(place);
    spec["privacy"]["mail"]["level"] = json!(mail);
    write(&company.objects(place, &spec))
}

#[tokio::test]
async fn lowering_privacy_takes_what_is_no_longer_allowed_out_of_every_stored_row() {
    forgets(System::Google).await;
}

#[tokio::test]
async fn lowering_privacy_does_so_for_microsoft_365() {
    forgets(System::Microsoft365).await;
}

async fn forgets(system: System) {
    let company = Company::of(system, SMALL).await;
    for place in [Place::files(), Place::postgres().await] {
        company.synced(&company.file(&place)).await;
        company.edit(30, 70).await;
        company.synced(&company.file(&place)).await;
        assert!(
            place.stored("mail", "subject").await > 100,
            "subjects were stored"
        );
        company
            .synced(&at_level(&company, &place, "Metadata"))
            .await;
        assert_eq!(place.stored("mail", "subject").await, 0, "{place:?}");
        let mut wanted = company.truth("mail").await;
        for row in wanted.values_mut() {
            row["subject"] = Value::Null;
        }
        assert_eq!(
            compare::differences(&wanted, &place.rows("mail").await),
            [""; 0]
        );
        // What is allowed again comes back.
        company.synced(&company.file(&place)).await;
        compare::equal(&company, &place).await;
    }
}

#[tokio::test]
async fn a_full_resync_begins_a_new_generation_and_is_done_once() {
    begins_anew(System::Google).await;
}

#[tokio::test]
async fn a_full_resync_of_microsoft_365_is_done_once() {
    begins_anew(System::Microsoft365).await;
}

#[tokio::test]
async fn a_full_resync_of_sendsafely_is_done_once() {
    begins_anew(System::SendSafely).await;
}

async fn begins_anew(system: System) {
    let company = Company::of(system, SMALL).await;
    for place in [Place::files(), Place::postgres().await] {
        let file = company.file(&place);
        company.synced(&file).await;
        company.edit(30, 80).await;
        company.synced_anew(&file, "once").await;
        compare::equal(&company, &place).await;
        let again = company.synced_anew(&file, "once").await;
        let unchanged = again.matches("unchanged").count();
        assert_eq!(
            unchanged,
            system.datasets().len(),
            "the same wish is not granted twice: {again}"
        );
        compare::equal(&company, &place).await;
    }
}

#[tokio::test]
async fn bodies_are_what_was_sent() {
    let company = Company::start(SMALL).await;
    let plain = "Grüße aus Köln — 你好, 🕷.\r\nSecond line.\r\n";
    let html = "<p>Gr&uuml;&szlig;e &amp; <b>more</b></p>\r\n";
    let mail = |kind: &str, encoding: &str, body: &str| {
        format!(
            "From: May <may@parker.example>\r\nTo: {PETER}\r\nSubject: s\r\n\
             Date: Sun, 22 Nov 2026 17:00:00 +0000\r\nMIME-Version: 1.0\r\n\
             Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}"
        )
    };
    let parts = format!(
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{plain}\r\n\
         --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
    );
    let long = "All work and no play makes Jack a dull boy.\r\n".repeat(20_000);
    let utf8 = "text/plain; charset=utf-8";
    let sent = [
        (mail(utf8, "8bit", plain), Some(plain), None),
        (
            mail(utf8, "quoted-printable", "Gr=C3=BC=C3=9Fe=20=3D\r\n"),
            Some("Grüße =\r\n"),
            None,
        ),
        (
            mail(utf8, "base64", "R3LDvMOfZQ==\r\n"),
            Some("Grüße"),
            None,
        ),
        (
            mail("text/html; charset=utf-8", "7bit", html),
            None,
            Some(html),
        ),
        (
            mail("multipart/alternative; boundary=b", "8bit", &parts),
            Some(plain),
            Some(html),
        ),
        (mail(utf8, "7bit", &long), Some(long.as_str()), None),
    ];
    let mut ids = Vec::new();
    for (rfc822, ..) in &sent {
        ids.push(
            company
                .sandbox
                .google()
                .deliver(PETER, rfc822, &["INBOX"])
                .await,
        );
    }
    for place in [Place::files(), Place::postgres().await] {
        company.synced(&at_level(&company, &place, "Full")).await;
        let (texts, htmls) = (
            place.texts("mail", "body_text").await,
            place.texts("mail", "body_html").await,
        );
        for (id, (_, text, html)) in ids.iter().zip(&sent) {
            let (text, html) = (json!(text), json!(html));
            assert_eq!(trimmed(&texts[id]), trimmed(&text), "{place:?}");
            assert_eq!(trimmed(&htmls[id]), trimmed(&html), "{place:?}");
        }
    }
}

/// The last line's end belongs to the boundary that follows, if one does.
fn trimmed(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim_end)
}
