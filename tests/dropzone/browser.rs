//! The page in a real browser with scripts switched off, and a gibibyte through it in flat memory.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::hall::{Hall, account};
use crate::support::settings::{browser, python, repository, setting};
use crate::support::{guard, wait};

#[tokio::test]
async fn a_person_sends_a_gibibyte() {
    let hall = Hall::open(json!({
        "maxFileSize": "1025Mi", "label": "Invoices for Acme", "expiry": "720h", "closesAt": "2099-01-01T00:00:00Z",
    }))
    .await;
    let closed = json!({"closesAt": "2026-01-02T03:04:00Z"});
    let closed = account("closed", "closed@acme.example", &closed, &hall.stage.data);
    hall.stage.apply(closed).await;
    let at = hall
        .url
        .join("dropzone/closed@acme.example")
        .expect("is a URL");
    wait::until("the other box to be known", async || {
        let page = hall.get(at.path()).await;
        (page.status == reqwest::StatusCode::GONE).then_some(())
    })
    .await;
    let shots =
        setting("DEPUTY_TEST_SHOTS").map_or_else(|| guard::new_folder("shots"), PathBuf::from);
    let mut person = Command::new(python());
    person
        .arg("-B")
        .arg(repository().join("tests/dropzone/browser.py"))
        .arg(browser())
        .arg(shots)
        .arg(hall.operator.id().to_string())
        .arg(hall.at().as_str())
        .arg(at.as_str());
    let ended = tokio::task::spawn_blocking(move || person.output()).await;
    let ended = ended.expect("waits for Python").expect("runs Python");
    let said = String::from_utf8_lossy(&ended.stdout);
    let complained = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}\n{complained}");
    eprintln!("{said}");
}
